//! The bytes of the manager interface, cut into messages: lenient, and bounded whatever comes.
//!
//! Bytes go in as they are read, in pieces of any size; whole messages come out. Memory is bounded by the caps below: a
//! line that is too long is passed over, a message that is too large or has too many headers is dropped whole and
//! counted, and reading goes on after the next empty line. So garbage costs at most the message it stands in.

use super::message::{Message, Span};

/// The longest line taken. Asterisk's own headers end at some 2 KiB; a line of a command's output may be longer.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
/// The largest message taken: the answer to a long command. An event has about 1 KiB.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The most headers one message has. An attended transfer, the largest event, has about 90.
pub const HEADERS_MAX: usize = 2_048;

/// What was not understood so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Messages larger than a message can be.
    pub messages: u64,
    /// Lines longer than a line can be.
    pub lines_too_long: u64,
    /// Lines without a colon: the banner, or garbage.
    pub lines_without_key: u64,
}

/// Cuts bytes into messages.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The lines of the message so far, without their line breaks, one after the other.
    text: Vec<u8>,
    spans: Vec<Span>,
    /// The line so far, when its end has not come yet.
    line: Vec<u8>,
    line_bytes: usize,
    is_too_large: bool,
    /// Bytes taken so far.
    offset: u64,
    /// Where the message began.
    began_at: u64,
    dropped: Dropped,
}

impl Decoder {
    /// Takes bytes in; hands over each message that they complete, with the offset of its first byte among all bytes.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(u64, Message<'_>)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (piece, after) = rest.split_at(end + 1);
            rest = after;
            let piece = &piece[..end];
            if self.line_bytes == 0 {
                self.line_bytes = end + 1;
                self.take_line(piece, &mut each);
            } else {
                self.add_to_line(piece);
                self.line_bytes += 1;
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, &mut each);
                self.line = line;
                self.line.clear();
            }
            self.offset += self.line_bytes as u64;
            self.line_bytes = 0;
            if self.spans.is_empty() && !self.is_too_large {
                self.began_at = self.offset;
            }
        }
        self.add_to_line(rest);
    }

    /// Takes what stood after the last line break as a last line, and the message so far as whole.
    pub fn finish(&mut self, mut each: impl FnMut(u64, Message<'_>)) {
        self.feed(b"\n\n", &mut each);
    }

    /// Forgets what has begun: another connection speaks.
    pub fn reset(&mut self) {
        let dropped = self.dropped;
        *self = Self {
            dropped,
            ..Self::default()
        };
    }

    /// What was not understood so far.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Bytes taken since it began or was reset.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes held right now: bounded by the caps.
    pub fn held_bytes(&self) -> usize {
        self.text.len() + self.line.len() + self.spans.len() * size_of::<Span>()
    }

    fn add_to_line(&mut self, piece: &[u8]) {
        self.line_bytes += piece.len();
        if self.line_bytes <= LINE_BYTES_MAX {
            self.line.extend_from_slice(piece);
        }
    }

    fn take_line(&mut self, line: &[u8], each: &mut impl FnMut(u64, Message<'_>)) {
        if self.line_bytes > LINE_BYTES_MAX {
            self.dropped.lines_too_long += 1;
            return;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            self.end_message(each);
            return;
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            self.dropped.lines_without_key += 1;
            return;
        };
        let is_full = self.text.len() + line.len() > MESSAGE_BYTES_MAX;
        if self.is_too_large || is_full || self.spans.len() >= HEADERS_MAX {
            self.is_too_large = true;
            self.text.clear();
            self.spans.clear();
            return;
        }
        let key = line[..colon].trim_ascii();
        let value = line[colon + 1..].trim_ascii();
        // Neither is longer than a line, nor their place beyond the largest message.
        let mut put = |part: &[u8]| {
            let from = self.text.len() as u32;
            self.text.extend_from_slice(part);
            (from, self.text.len() as u32)
        };
        let span = Span {
            key: put(key),
            value: put(value),
        };
        self.spans.push(span);
    }

    fn end_message(&mut self, each: &mut impl FnMut(u64, Message<'_>)) {
        if self.is_too_large {
            self.is_too_large = false;
            self.dropped.messages += 1;
        } else if !self.spans.is_empty() {
            let message = Message {
                text: &self.text,
                spans: &self.spans,
            };
            each(self.began_at, message);
        }
        self.text.clear();
        self.spans.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Headers = Vec<(String, String)>;

    fn read(pieces: &[&[u8]]) -> (Vec<(u64, Headers)>, Dropped) {
        let mut decoder = Decoder::default();
        let mut all = Vec::new();
        let mut keep = |offset, message: Message<'_>| {
            let owned = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
            let headers = message.headers().map(|(k, v)| (owned(k), owned(v)));
            all.push((offset, headers.collect()));
        };
        for piece in pieces {
            decoder.feed(piece, &mut keep);
        }
        decoder.finish(&mut keep);
        (all, decoder.dropped())
    }

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let owned = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        owned.collect()
    }

    #[test]
    fn messages_are_cut_at_empty_lines_however_they_are_read() {
        let banner = "Asterisk Call Manager/11.0.0\r\n";
        let first = "Event: Hold\r\nPausedReason: \r\nChannel: Local/104@from-queue-0;1\r\n\r\n";
        let second = "response: Success\nOutput: a: b\nOutput: c\n\n";
        let all = [banner, first, second].concat();
        let expected = vec![
            (
                banner.len() as u64,
                headers(&[
                    ("Event", "Hold"),
                    ("PausedReason", ""),
                    ("Channel", "Local/104@from-queue-0;1"),
                ]),
            ),
            (
                (banner.len() + first.len()) as u64,
                headers(&[("response", "Success"), ("Output", "a: b"), ("Output", "c")]),
            ),
        ];
        for size in [1, 2, 3, 7, 1000] {
            let pieces: Vec<&[u8]> = all.as_bytes().chunks(size).collect();
            let (read, dropped) = read(&pieces);
            assert_eq!(read, expected, "in pieces of {size}");
            assert_eq!(dropped.lines_without_key, 1);
        }
    }

    #[test]
    fn a_key_is_found_in_any_case_and_an_unknown_caller_is_none() {
        let mut decoder = Decoder::default();
        let mut seen = 0;
        let text = b"Event: X\r\nCALLERIDNUM: <unknown>\r\nChanVariable: a\r\nchanvariable: b\r\nWait: 5\r\n\r\n";
        decoder.feed(text, |_, message| {
            seen += 1;
            assert_eq!(message.event(), Some(&b"X"[..]));
            assert_eq!(message.get("CallerIDNum"), Some(&b"<unknown>"[..]));
            assert_eq!(message.text("CallerIDNum"), None);
            assert_eq!(message.number("wait"), Some(5));
            let all: Vec<_> = message.get_all("ChanVariable").collect();
            assert_eq!(all, [b"a", b"b"]);
            assert_eq!(message.get("Queue"), None);
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn what_is_too_large_is_passed_over_and_the_next_message_is_read() {
        let mut line = b"Event: Big\r\nOutput: ".to_vec();
        line.resize(10 * 1024 * 1024, b'x');
        line.extend_from_slice(b"\r\nAfter: line\r\n\r\n");
        let mut many = Vec::new();
        for _ in 0..=HEADERS_MAX {
            many.extend_from_slice(b"Output: x\r\n");
        }
        many.extend_from_slice(b"\r\nEvent: Next\r\n\r\n");
        let (read, dropped) = read(&[&line, &many]);
        let read: Vec<Headers> = read.into_iter().map(|(_, headers)| headers).collect();
        assert_eq!(
            read,
            [
                headers(&[("Event", "Big"), ("After", "line")]),
                headers(&[("Event", "Next")]),
            ]
        );
        assert_eq!((dropped.lines_too_long, dropped.messages), (1, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_make_it_panic_or_grow(
            pieces in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..300),
                    proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b':'), Just(b'x'), Just(b'\r')], 0..300),
                    Just(vec![b'y'; LINE_BYTES_MAX]),
                ],
                0..25,
            )
        ) {
            let mut decoder = Decoder::default();
            for piece in &pieces {
                decoder.feed(piece, |_, message| {
                    assert!(message.headers().count() <= HEADERS_MAX);
                });
                prop_assert!(decoder.held_bytes() <= 2 * MESSAGE_BYTES_MAX);
            }
            // Whatever stood before, what follows an empty line is read.
            let mut last = Vec::new();
            decoder.feed(b"\n\nEvent: Sane\r\n\r\n", |_, message| last = message.event().unwrap_or_default().to_vec());
            prop_assert_eq!(last, b"Sane");
        }

        #[test]
        fn how_bytes_are_cut_changes_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b':'), Just(b'a'), Just(b'\r'), Just(b' ')], 0..200),
            size in 1_usize..20,
        ) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(read(&pieces), read(&[&bytes]));
        }
    }
}
