//! What of a board stands on a terminal of this size: the head always, of the body as much as there is room for, and a line
//! that names the keys.

use super::columns::{cut, wrapped};

/// A terminal's columns and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) lines: usize,
}

/// A board in lines, for a terminal of some width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Board {
    /// Who waits, and whether it may be believed: never scrolled away.
    pub(super) head: Vec<String>,
    /// The rest, what is looked at first first.
    pub(super) body: Vec<String>,
}

impl Board {
    /// A sentence in place of a board.
    pub(super) fn saying(text: &str, columns: usize) -> Self {
        let lines = text.lines().flat_map(|line| wrapped(line, columns));
        Self {
            head: lines.collect(),
            body: Vec::new(),
        }
    }

    /// All of it, for a script or a pager.
    pub(super) fn whole(&self) -> String {
        let lines = self.head.iter().chain(&self.body);
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// Where in the body one looks, in lines from its first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scroll(usize);

/// A way to move in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    LineUp,
    LineDown,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Scroll {
    /// Moves; never beyond the last page.
    pub(super) fn go(&mut self, way: Move, board: &Board, size: Size) {
        let room = room(board, size);
        let page = room.saturating_sub(1).max(1);
        self.0 = match way {
            Move::LineUp => self.0.saturating_sub(1),
            Move::LineDown => self.0 + 1,
            Move::PageUp => self.0.saturating_sub(page),
            Move::PageDown => self.0 + page,
            Move::First => 0,
            Move::Last => board.body.len(),
        };
        self.keep_within(board, size);
    }

    /// A board that is shorter, or a larger terminal, has fewer lines out of sight.
    pub(super) fn keep_within(&mut self, board: &Board, size: Size) {
        let most = board.body.len().saturating_sub(room(board, size));
        self.0 = self.0.min(most);
    }
}

/// Lines for the head: however much it has to say, half of the terminal is the body's.
fn head_lines(board: &Board, size: Size) -> usize {
    board.head.len().min((size.lines / 2).max(1))
}

/// Lines for the body: what the head and the last line leave.
fn room(board: &Board, size: Size) -> usize {
    size.lines.saturating_sub(head_lines(board, size) + 1)
}

/// The lines to show, as many as the terminal has at the most, none of them wider than it.
pub(super) fn lines(board: &Board, scroll: Scroll, size: Size) -> Vec<String> {
    let room = room(board, size);
    let head = board.head.iter().take(head_lines(board, size));
    let seen = board.body.iter().skip(scroll.0).take(room);
    let mut lines: Vec<String> = head.chain(seen).cloned().collect();
    let rest = board.body.len();
    lines.push(match rest > room {
        true => {
            let (first, last) = (scroll.0 + 1, (scroll.0 + room).min(rest));
            format!("q ends · ↑↓ PgUp PgDn · {first}–{last} of {rest}")
        }
        false => "q ends".to_owned(),
    });
    lines.truncate(size.lines);
    lines.iter().map(|line| cut(line, size.columns)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(head: usize, body: usize) -> Board {
        let numbered = |what: &str, count| (1..=count).map(|n| format!("{what} {n}")).collect();
        Board {
            head: numbered("head", head),
            body: numbered("body", body),
        }
    }

    fn size(lines: usize) -> Size {
        Size { columns: 80, lines }
    }

    #[test]
    fn the_first_lines_are_seen_first_and_the_head_always() {
        let board = board(1, 6);
        let mut scroll = Scroll::default();
        let shown = |scroll| lines(&board, scroll, size(5));
        let first = ["head 1", "body 1", "body 2", "body 3"];
        assert_eq!(shown(scroll)[..4], first);
        assert_eq!(shown(scroll)[4], "q ends · ↑↓ PgUp PgDn · 1–3 of 6");
        for (way, seen) in [
            (Move::LineUp, "body 1"),
            (Move::LineDown, "body 2"),
            (Move::PageDown, "body 4"),
            (Move::PageDown, "body 4"),
            (Move::LineUp, "body 3"),
            (Move::PageUp, "body 1"),
            (Move::Last, "body 4"),
            (Move::First, "body 1"),
        ] {
            scroll.go(way, &board, size(5));
            let shown = shown(scroll);
            assert_eq!((&*shown[0], &*shown[1]), ("head 1", seen), "{way:?}");
        }
    }

    #[test]
    fn it_fits_any_terminal() {
        for (columns, count) in [(1, 1), (10, 2), (40, 20), (80, 24)] {
            let board = board(30, 30);
            let size = Size {
                columns,
                lines: count,
            };
            let shown = lines(&board, Scroll::default(), size);
            assert_eq!(shown.len(), count);
            assert!(shown.iter().all(|line| line.chars().count() <= columns));
        }
        let all = lines(&board(1, 2), Scroll::default(), size(24));
        assert_eq!(all, ["head 1", "body 1", "body 2", "q ends"]);
        let mut scroll = Scroll::default();
        scroll.go(Move::Last, &board(1, 40), size(24));
        scroll.keep_within(&board(1, 2), size(24));
        assert_eq!(scroll, Scroll::default());
    }
}
