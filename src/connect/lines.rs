//! Lines of a file, one at a time, however long the file or a line of it is.
//!
//! A line longer than the cap is passed over whole, so that a binary without a line break costs no memory.

use std::io::{self, BufRead};

/// The longest line that is taken, in bytes: a row of any format here has a few hundred.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;

/// One line, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its place in the file, 1 for the first.
    pub(crate) number: u64,
    /// What it says; `None` when it is longer than the cap.
    pub(crate) text: Option<&'a [u8]>,
    /// Whether a line break ends it: the last line of a growing log may be half written.
    pub(crate) is_finished: bool,
}

/// Reads lines into one buffer.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// What the input says; what stood before the error on the same line is dropped.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut seen_bytes = 0_usize;
        let mut is_finished = false;
        while !is_finished {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                break;
            }
            let line_end = chunk.iter().position(|&byte| byte == b'\n');
            let used = line_end.map_or(chunk.len(), |at| at + 1);
            if seen_bytes + used <= LINE_BYTES_MAX {
                self.buffer.extend_from_slice(&chunk[..used]);
            }
            seen_bytes += used;
            is_finished = line_end.is_some();
            self.input.consume(used);
        }
        if seen_bytes == 0 {
            return Ok(None);
        }
        self.number += 1;
        let text = (seen_bytes <= LINE_BYTES_MAX).then(|| without_break(&self.buffer));
        Ok(Some(Line {
            number: self.number,
            text,
            is_finished,
        }))
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// Gives the input back.
    pub(crate) fn into_input(self) -> R {
        self.input
    }
}

fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(Option<Vec<u8>>, bool)> {
        // A buffer of three bytes makes every line cross a refill.
        let mut lines = Lines::new(io::BufReader::with_capacity(3, input));
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push((line.text.map(<[u8]>::to_vec), line.is_finished));
        }
        all
    }

    #[test]
    fn line_breaks_of_both_kinds_and_a_last_line_without_one() {
        let expected = [
            (Some(b"one".to_vec()), true),
            (Some(b"".to_vec()), true),
            (Some(b"three".to_vec()), true),
            (Some(b"four".to_vec()), false),
        ];
        assert_eq!(read(b"one\n\nthree\r\nfour"), expected);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_over_the_cap_is_passed_over_and_the_next_is_read() {
        let mut input = vec![b'x'; LINE_BYTES_MAX * 3];
        input.extend_from_slice(b"\nafter\n");
        let expected = [(None, true), (Some(b"after".to_vec()), true)];
        assert_eq!(read(&input), expected);
    }
}
