//! The bytes of FastAGI: lines cut under caps, the header block, answers, and commands as the switch reads them.
//!
//! ```text
//! switch ─▶ agi_request: agi://…⏎  agi_uniqueid: 17954.24⏎  …  ⏎          once, an empty line ends it
//! us     ─▶ STREAM FILE "dozvon/ru/two/q1" "0123456789*#"⏎                one command at a time
//! switch ─▶ 200 result=52 endpos=4320⏎   510 …⏎   520-…⏎ … 520 …⏎   HANGUP⏎
//! ```
//!
//! Whatever comes, memory is bounded: a line that is too long, or too many headers, is an error and ends the session.

use std::time::Duration;

/// The longest line taken. A request of Asterisk ends at some 2 KiB; a usage text is shorter.
pub(super) const LINE_BYTES_MAX: usize = 4_096;
/// The most headers of one session. Asterisk sends 22, and one for each argument of `AGI()`.
pub(super) const HEADERS_MAX: usize = 128;
/// The most lines that one answer has: usage texts of Asterisk have some twenty.
pub(super) const ANSWER_LINES_MAX: usize = 64;

/// What is wrong with what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    /// A line is longer than any of FastAGI.
    #[error("a line of more than {LINE_BYTES_MAX} bytes")]
    LineTooLong,
    /// More headers than a switch has to say.
    #[error("more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    /// The first lines are no header block.
    #[error("no FastAGI: the first lines are no `agi_` headers")]
    NoHeaders,
    /// An answer goes on and on.
    #[error("an answer of more than {ANSWER_LINES_MAX} lines")]
    AnswerTooLong,
    /// A line that is neither an answer nor a hang-up.
    #[error("an answer that is none")]
    Nonsense,
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// How far lines were cut already.
    cut: usize,
}

impl Lines {
    /// Takes bytes in.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.cut > 0 {
            self.bytes.drain(..self.cut);
            self.cut = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole line without its break, as text; bytes that are none stand as replacement characters.
    ///
    /// # Errors
    /// `LineTooLong`, also of one whose end has not come.
    pub(super) fn next_line(&mut self) -> Result<Option<String>, Error> {
        let rest = &self.bytes[self.cut..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return if rest.len() > LINE_BYTES_MAX {
                Err(Error::LineTooLong)
            } else {
                Ok(None)
            };
        };
        if end > LINE_BYTES_MAX {
            return Err(Error::LineTooLong);
        }
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = String::from_utf8_lossy(line).into_owned();
        self.cut += end + 1;
        Ok(Some(line))
    }
}

/// The header block of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Takes a line in; true when it ended the block.
    ///
    /// # Errors
    /// When it is no header, or one too many.
    pub(super) fn take(&mut self, line: &str) -> Result<bool, Error> {
        if line.is_empty() && !self.0.is_empty() {
            return Ok(true);
        }
        let (key, value) = line.split_once(':').ok_or(Error::NoHeaders)?;
        let key = key.strip_prefix("agi_").ok_or(Error::NoHeaders)?;
        if self.0.len() == HEADERS_MAX {
            return Err(Error::TooManyHeaders);
        }
        self.0.push((key.to_owned(), value.trim().to_owned()));
        Ok(false)
    }

    /// A header's value by its name without `agi_`; empty when it was not sent.
    pub(super) fn get(&self, key: &str) -> &str {
        let mut known = self.0.iter();
        known
            .find(|(known, _)| known == key)
            .map_or("", |(_, value)| value)
    }
}

/// What the switch says of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done: the result, what stands in brackets, and where in the recording.
    Done {
        /// `result=`: a key's ASCII code, 0, or -1. What is no number is none.
        result: Option<i64>,
        /// `(…)`.
        remark: Option<String>,
        /// `endpos=`, in samples.
        endpos: Option<u64>,
    },
    /// 511: the channel is dead.
    Dead,
    /// Any other code: the command is not known, or wrong.
    Refused(u16),
}

/// What a line, or some, come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An answer to the oldest command that waits for one.
    Answer(Answer),
    /// The caller hung up.
    HangUp,
}

/// Puts lines of answers together.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The code of an answer of many lines, and how many came.
    many: Option<(String, usize)>,
}

impl Answers {
    /// Takes a line in.
    ///
    /// # Errors
    /// When it is nothing that a switch says here.
    pub(super) fn take(&mut self, line: &str) -> Result<Option<Said>, Error> {
        if let Some((code, lines)) = &mut self.many {
            *lines += 1;
            if *lines > ANSWER_LINES_MAX {
                return Err(Error::AnswerTooLong);
            }
            let is_last = line
                .strip_prefix(code.as_str())
                .is_some_and(|rest| rest.starts_with(' '));
            if !is_last {
                return Ok(None);
            }
            let code = code.parse().map_err(|_| Error::Nonsense)?;
            self.many = None;
            return Ok(Some(Said::Answer(Answer::Refused(code))));
        }
        if line == "HANGUP" {
            return Ok(Some(Said::HangUp));
        }
        let (code, rest) = line.split_at_checked(3).ok_or(Error::Nonsense)?;
        let number: u16 = code.parse().map_err(|_| Error::Nonsense)?;
        match (number, rest.as_bytes().first()) {
            (_, Some(b'-')) => {
                self.many = Some((code.to_owned(), 1));
                Ok(None)
            }
            (200, Some(b' ')) => Ok(Some(Said::Answer(done(rest)))),
            (511, Some(b' ') | None) => Ok(Some(Said::Answer(Answer::Dead))),
            (_, Some(b' ') | None) => Ok(Some(Said::Answer(Answer::Refused(number)))),
            (_, Some(_)) => Err(Error::Nonsense),
        }
    }
}

fn done(rest: &str) -> Answer {
    let after = |key: &str| {
        let (_, value) = rest.split_once(key)?;
        let end = value.find(' ').unwrap_or(value.len());
        Some(&value[..end])
    };
    let remark = rest.split_once('(').and_then(|(_, remark)| {
        let (remark, _) = remark.rsplit_once(')')?;
        Some(remark.to_owned())
    });
    Answer::Done {
        result: after("result=").and_then(|value| value.parse().ok()),
        remark,
        endpos: after("endpos=").and_then(|value| value.parse().ok()),
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Plays a recording from a sample on; a key of these stops it.
    Stream {
        /// The recording, as the switch finds it.
        file: String,
        /// The keys.
        keys: &'static str,
        /// In samples.
        offset: u64,
    },
    /// Waits for a key.
    Wait(Duration),
    /// Records what the caller says.
    Record {
        /// Where to, without the ending.
        file: String,
        /// The key that ends it.
        term: char,
        /// For how long.
        seconds_max: Duration,
        /// Whether a beep comes first.
        beeps: bool,
    },
    /// Reads a variable of the channel.
    Get(&'static str),
    /// Sets a variable of the channel.
    Set(&'static str, String),
}

/// The keys of a telephone.
pub(super) const KEYS: &str = "0123456789*#";

impl Command {
    /// As it is sent, with the line break.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Stream { file, keys, offset } => {
                format!("STREAM FILE {} \"{keys}\" {offset}\n", quoted(file))
            }
            Self::Wait(span) => format!("WAIT FOR DIGIT {}\n", span.as_millis()),
            Self::Record {
                file,
                term,
                seconds_max,
                beeps,
            } => {
                let (file, millis) = (quoted(file), seconds_max.as_millis());
                let beep = if *beeps { " BEEP" } else { "" };
                format!("RECORD FILE {file} wav \"{term}\" {millis}{beep}\n")
            }
            Self::Get(name) => format!("GET VARIABLE {name}\n"),
            Self::Set(name, value) => format!("SET VARIABLE {name} {}\n", quoted(value)),
        }
    }
}

/// An argument in quotes: nothing in it ends the argument or the line.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for one in text.chars() {
        match one {
            '"' | '\\' => quoted.extend(['\\', one]),
            one if one.is_control() => {}
            one => quoted.push(one),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(line: &str) -> Result<Option<Said>, Error> {
        Answers::default().take(line)
    }

    fn done(result: i64, remark: Option<&str>, endpos: Option<u64>) -> Result<Option<Said>, Error> {
        Ok(Some(Said::Answer(Answer::Done {
            result: Some(result),
            remark: remark.map(str::to_owned),
            endpos,
        })))
    }

    #[test]
    fn answers_of_a_real_asterisk() {
        let cases = [
            ("200 result=0 endpos=16000", done(0, None, Some(16_000))),
            ("200 result=50 endpos=7520", done(50, None, Some(7_520))),
            ("200 result=-1 endpos=0", done(-1, None, Some(0))),
            (
                "200 result=1 (1795431291.36)",
                done(1, Some("1795431291.36"), None),
            ),
            ("200 result=1 (a (b) c)", done(1, Some("a (b) c"), None)),
            (
                "200 result=35 (dtmf) endpos=8000",
                done(35, Some("dtmf"), Some(8_000)),
            ),
            ("HANGUP", Ok(Some(Said::HangUp))),
            (
                "511 Command Not Permitted on a dead channel or intercept routine",
                Ok(Some(Said::Answer(Answer::Dead))),
            ),
            (
                "510 Invalid or unknown command",
                Ok(Some(Said::Answer(Answer::Refused(510)))),
            ),
            ("GET / HTTP/1.1", Err(Error::Nonsense)),
            ("", Err(Error::Nonsense)),
            ("2000", Err(Error::Nonsense)),
        ];
        for (line, expected) in cases {
            assert_eq!(answer(line), expected, "{line}");
        }
    }

    #[test]
    fn a_usage_text_is_one_answer() {
        let mut answers = Answers::default();
        let lines = [
            "520-Invalid command syntax.  Proper usage follows:",
            "Usage: WAIT FOR DIGIT <timeout>",
            "HANGUP",
        ];
        for line in lines {
            assert_eq!(answers.take(line), Ok(None), "{line}");
        }
        let whole = answers.take("520 End of proper usage.");
        assert_eq!(whole, Ok(Some(Said::Answer(Answer::Refused(520)))));
        assert_eq!(answers.take("HANGUP"), Ok(Some(Said::HangUp)));
        answers.take("520-").unwrap();
        let long = (0..ANSWER_LINES_MAX).find_map(|_| answers.take("x").err());
        assert_eq!(long, Some(Error::AnswerTooLong));
    }

    #[test]
    fn a_header_block_ends_with_an_empty_line() {
        let mut headers = Headers::default();
        for line in [
            "agi_network: yes",
            "agi_request: agi://h:4573/survey?a=b:c",
            "agi_accountcode: ",
        ] {
            assert_eq!(headers.take(line), Ok(false));
        }
        assert_eq!(headers.take(""), Ok(true));
        assert_eq!(headers.get("request"), "agi://h:4573/survey?a=b:c");
        assert_eq!((headers.get("accountcode"), headers.get("no")), ("", ""));
        for nonsense in ["", "GET / HTTP/1.1", "Host: x", "agi_x"] {
            assert_eq!(Headers::default().take(nonsense), Err(Error::NoHeaders));
        }
        let many = (0..=HEADERS_MAX).find_map(|_| headers.take("agi_arg_1: x").err());
        assert_eq!(many, Some(Error::TooManyHeaders));
    }

    #[test]
    fn a_long_line_is_refused_before_its_end() {
        let mut lines = Lines::default();
        lines.feed(&vec![b'x'; LINE_BYTES_MAX]);
        assert_eq!(lines.next_line(), Ok(None));
        lines.feed(b"x");
        assert_eq!(lines.next_line(), Err(Error::LineTooLong));
    }

    #[test]
    fn an_argument_cannot_break_out() {
        let set = Command::Set("DOZVON_SURVEY", "a\" \\b\nHANGUP".to_owned());
        assert_eq!(
            set.line(),
            "SET VARIABLE DOZVON_SURVEY \"a\\\" \\\\bHANGUP\"\n"
        );
        let stream = Command::Stream {
            file: "rig/q1".to_owned(),
            keys: KEYS,
            offset: 320,
        };
        assert_eq!(
            stream.line(),
            "STREAM FILE \"rig/q1\" \"0123456789*#\" 320\n"
        );
        let wait = Command::Wait(Duration::from_millis(50));
        assert_eq!(wait.line(), "WAIT FOR DIGIT 50\n");
    }

    proptest! {
        /// Any bytes, in pieces of any size: the same lines as at once, never a panic, never more held than a line.
        #[test]
        fn any_bytes_are_lines_or_an_error(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400),
            piece in 1_usize..60,
        ) {
            let mut whole = Lines::default();
            whole.feed(&bytes);
            let mut expected = Vec::new();
            while let Some(line) = whole.next_line().unwrap() {
                expected.push(line);
            }
            let (mut lines, mut cut) = (Lines::default(), Vec::new());
            let (mut headers, mut answers) = (Headers::default(), Answers::default());
            for piece in bytes.chunks(piece) {
                lines.feed(piece);
                while let Some(line) = lines.next_line().unwrap() {
                    let _ = (headers.take(&line), answers.take(&line));
                    cut.push(line);
                }
            }
            prop_assert_eq!(cut, expected);
        }

        /// A command is one line, whatever is in it.
        #[test]
        fn a_command_is_one_line(text in any::<String>()) {
            let line = Command::Set("X", text).line();
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        }
    }
}
