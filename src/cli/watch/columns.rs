//! Tables that fit: what is too wide for the terminal goes on in a further table below, word by word whole.

/// Between two columns.
const GAP: usize = 2;
/// A name is cut to no less than this.
const NAME_LEAST: usize = 12;

/// A column: its title, and a cell for each row. The first two of a table, mark and name, stand in each of its parts.
#[derive(Clone, Debug)]
pub(super) struct Column {
    title: &'static str,
    cells: Vec<String>,
}

impl Column {
    pub(super) fn new(title: &'static str, cells: impl IntoIterator<Item = String>) -> Self {
        Self {
            title,
            cells: cells.into_iter().collect(),
        }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| width(cell));
        cells.chain([width(self.title)]).max().unwrap_or(0)
    }
}

/// The parts of a table, each a title line and the rows: as many columns in the first as fit, and so on.
pub(super) fn parts(
    marks: Column,
    mut names: Column,
    columns: Vec<Column>,
    most: usize,
) -> Vec<Vec<String>> {
    let longest = (most / 4).max(NAME_LEAST);
    for name in &mut names.cells {
        *name = cut(name, longest);
    }
    let fixed = marks.width() + GAP + names.width();
    let mut parts: Vec<Vec<Column>> = Vec::new();
    let mut used = 0;
    for column in columns {
        let needs = GAP + column.width();
        match parts.last_mut() {
            Some(part) if used + needs <= most => part.push(column),
            _ => {
                parts.push(vec![column]);
                used = fixed;
            }
        }
        used += needs;
    }
    let parts = parts.iter();
    parts.map(|part| written(&marks, &names, part)).collect()
}

fn written(marks: &Column, names: &Column, columns: &[Column]) -> Vec<String> {
    let line = |mark: &str, name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let (mark, name) = (left(mark, marks.width()), left(name, names.width()));
        let mut line = format!("{mark}{:GAP$}{name}", "");
        for (cell, column) in cells.zip(columns) {
            line += &" ".repeat(GAP + column.width() - width(cell));
            line += cell;
        }
        line.trim_end().to_owned()
    };
    let mut titles = columns.iter().map(|column| column.title);
    let mut lines = vec![line(marks.title, names.title, &mut titles)];
    for (row, (mark, name)) in marks.cells.iter().zip(&names.cells).enumerate() {
        let mut cells = columns.iter().map(|column| column.cells[row].as_str());
        lines.push(line(mark, name, &mut cells));
    }
    lines
}

fn left(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide.saturating_sub(width(text))))
}

/// Cells of a terminal that a text takes: the letters of our languages take one each.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A text of at most so many cells; what is cut is said.
pub(super) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A sentence in lines of at most so many cells, broken between words.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, most)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(title: &'static str, cells: [&str; 2]) -> Column {
        Column::new(title, cells.map(str::to_owned))
    }

    #[test]
    fn what_does_not_fit_goes_on_below_with_the_names_and_no_word_is_broken() {
        let table = |most| {
            let names = column("queue", ["benefits and payments", "jobs"]);
            let columns = vec![
                column("waiting", ["14", "0"]),
                column("oldest", ["1:05:57", "–"]),
                column("in time", ["50.0 %", "–"]),
            ];
            parts(column("", ["■", "●"]), names, columns, most)
        };
        assert_eq!(
            table(200),
            [[
                "   queue                  waiting   oldest  in time",
                "■  benefits and payments       14  1:05:57   50.0 %",
                "●  jobs                         0        –        –",
            ]]
        );
        assert_eq!(
            table(34),
            [
                [
                    "   queue         waiting   oldest",
                    "■  benefits an…       14  1:05:57",
                    "●  jobs                0        –",
                ],
                [
                    "   queue         in time",
                    "■  benefits an…   50.0 %",
                    "●  jobs                –",
                ],
            ]
        );
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let sentence = "pbx: 3 events never came";
        assert_eq!(wrapped(sentence, 80), [sentence]);
        assert_eq!(wrapped(sentence, 12), ["pbx: 3", "events never", "came"]);
        assert_eq!(wrapped("Пособия", 4), ["Пос…"]);
    }
}
