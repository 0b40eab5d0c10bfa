//! The terminal while the board has it: a page of its own, keys as they are pressed, and everything as it was at the end.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use tokio::sync::mpsc;

use super::keys::{Key, keys};
use super::screen::Size;

/// A page of its own, so that what stood there before comes back, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// A terminal that does not say how large it is.
const USUAL: Size = Size {
    columns: 80,
    lines: 24,
};
/// Keys pressed while a board is drawn.
const KEYS_MAX: usize = 16;

/// The terminal; dropped, it is as before.
pub(super) struct Terminal {
    /// As stdin was; `None` when it is no terminal, and no key is read.
    before: Option<Termios>,
    keys: mpsc::Receiver<Key>,
    coloured: bool,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn enter() -> io::Result<Self> {
        let (out, keys) = mpsc::channel(KEYS_MAX);
        let before = termios::tcgetattr(io::stdin()).ok();
        let terminal = Self {
            before,
            keys,
            // https://no-color.org
            coloured: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        if let Some(before) = &terminal.before {
            let mut wanted = before.clone();
            // Keys come at once and are not written. Ctrl-C stays a signal; Ctrl-Z would leave our page behind.
            wanted
                .local_modes
                .remove(LocalModes::ICANON | LocalModes::ECHO);
            wanted.special_codes[SpecialCodeIndex::VMIN] = 1;
            wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
            wanted.special_codes[SpecialCodeIndex::VSUSP] = 0;
            termios::tcsetattr(io::stdin(), OptionalActions::Now, &wanted)?;
            // It waits in a read that nothing ends but the process.
            std::thread::spawn(move || read(&out));
        }
        write(ENTER)?;
        Ok(terminal)
    }

    /// The next key; never, where there is no keyboard.
    pub(super) async fn key(&mut self) -> Key {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    /// Shows these lines, in place of what was there: written over, since a terminal that is cleared first flickers.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn show(&self, lines: &[String]) -> io::Result<()> {
        let lines = lines.iter().map(|line| {
            let colour = colour(line).filter(|_| self.coloured);
            match colour {
                Some(colour) => format!("{colour}{line}\x1b[0m\x1b[K"),
                None => format!("{line}\x1b[K"),
            }
        });
        let lines: Vec<String> = lines.collect();
        write(&format!("\x1b[H{}\x1b[J", lines.join("\r\n")))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal may be gone; there is nobody to tell.
        let _ = write(LEAVE);
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// A line begins with the mark of its queue: the colour says the same once more.
fn colour(line: &str) -> Option<&'static str> {
    match line.chars().next()? {
        '■' => Some("\x1b[97;41m"),
        '▲' => Some("\x1b[30;43m"),
        '●' => Some("\x1b[32m"),
        '?' | '○' => Some("\x1b[2m"),
        _ => None,
    }
}

/// How large the terminal on stdout is; `None` when there is none.
pub(super) fn size() -> Option<Size> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = termios::tcgetwinsize(io::stdout()).ok();
    let size = size.map(|size| Size {
        columns: size.ws_col.into(),
        lines: size.ws_row.into(),
    });
    let known = size.filter(|size| size.columns > 0 && size.lines > 0);
    Some(known.unwrap_or(USUAL))
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Reads keys until nobody wants them.
fn read(out: &mpsc::Sender<Key>) {
    let mut sent = [0; 64];
    while let Ok(count) = io::stdin().read(&mut sent) {
        let pressed = keys(&sent[..count]);
        if count == 0
            || pressed
                .into_iter()
                .any(|key| out.blocking_send(key).is_err())
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_says_what_the_mark_says() {
        assert!(colour("■  jobs").is_some_and(|colour| colour.contains("41")));
        assert_ne!(colour("▲  jobs"), colour("■  jobs"));
        assert_eq!((colour("   queue"), colour("")), (None, None));
    }
}
