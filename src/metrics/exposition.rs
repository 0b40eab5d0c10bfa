//! What one scrape is told, in parts: a whole when the board gives it, a text only as it goes out.
//!
//! Whoever makes it rests between stretches: a thread of low priority, once it runs, keeps its core for some milliseconds
//! all the same, and an ack would wait for it.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::text::Format;

/// Bytes of text that are written at a stretch: packed, a tenth of a millisecond.
const STRETCH: usize = 128 * 1024;

/// How long others have the core in between.
const REST: Duration = Duration::from_micros(100);

/// Lets go of the core for a moment; for threads that may block.
pub(crate) fn rest() {
    thread::sleep(REST);
}

/// Every line, in order.
#[derive(Debug)]
pub struct Exposition {
    format: Format,
    /// Whole lines each, with edges as in the text format.
    parts: Vec<Arc<str>>,
}

impl Exposition {
    /// Nothing yet.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            parts: Vec::new(),
        }
    }

    /// Appends whole lines.
    pub(crate) fn push(&mut self, lines: Arc<str>) {
        self.parts.push(lines);
    }

    /// Appends whole lines, part by part.
    pub(crate) fn extend(&mut self, parts: impl Iterator<Item = Arc<str>>) {
        self.parts.extend(parts);
    }

    /// Writes it, and rests between stretches.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut stretch = String::with_capacity(2 * STRETCH);
        for part in &self.parts {
            stretch.push_str(part);
            if stretch.len() >= STRETCH {
                out.write_all(self.format.lines(&stretch).as_bytes())?;
                stretch.clear();
                rest();
            }
        }
        out.write_all(self.format.lines(&stretch).as_bytes())?;
        out.write_all(self.format.end().as_bytes())
    }
}

impl fmt::Display for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            f.write_str(&self.format.lines(part))?;
        }
        f.write_str(self.format.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_out_whole_whatever_its_length() {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut told = Exposition::new(format);
            for stretches in 0..4 {
                let mut out = Vec::new();
                told.write(&mut out).unwrap();
                let text = told.to_string();
                assert_eq!(String::from_utf8(out).unwrap(), text);
                let lines = text.lines().filter(|line| *line != "# EOF").count();
                assert_eq!(lines, stretches * 10_000);
                let line = |n| format!("x_bucket{{le=\"{n}\"}} 0\n").into();
                told.extend((0..10_000).map(line));
            }
            let point = if format == Format::Text { "" } else { ".0" };
            let last = format!("x_bucket{{le=\"9999{point}\"}} 0\n");
            assert!(
                told.to_string()
                    .trim_end_matches("# EOF\n")
                    .ends_with(&last)
            );
        }
    }
}
