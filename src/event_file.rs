//! The product's own file of events: JSON lines, readable by eye, by `jq` and by `dozvon import events`.
//!
//! ```text
//! {"dozvon_events":1,"source":"samara-pbx","zone":"Europe/Samara"}                                  the header, first line
//! {"sequence":"1","occurredAt":"2026-03-02T04:00:01.000250+00:00","call":{"callId":"…","arrived":{…}}}   one event a line
//! ```
//!
//! * UTF-8, a line ends with `\n` (`\r\n` is taken too), empty lines mean nothing.
//! * The header's first key is `dozvon_events`, the version of this format; `source` is the switch that spoke and
//!   `zone` the IANA zone it stands in (for people: the times in the events are instants); both may be missing. Unknown keys are errors.
//! * An event is the protobuf JSON mapping of `dozvon.v1.Event`: camelCase names (snake_case is taken too), 64-bit
//!   numbers as strings, enums by name, RFC 3339 times. Unknown fields are errors.
//!
//! Only the shape is checked here. Whether an event makes sense (ids, required fields, times) is `validate`'s
//! business, and reading and writing files is that of whoever calls.

mod path;

use std::io::{self, Write};
use std::str;

use serde::{Deserialize, Serialize};

use crate::proto::v1::Event;

/// The version of the format that is written and the only one that is read.
pub const VERSION: u32 = 1;

/// The longest line taken. A real event has some 200 bytes; without a bound a file without line ends fills the memory.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// What the first line says of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The source that the events are of.
    pub source: String,
    /// The IANA zone of the hotline.
    pub zone: String,
}

/// One line, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// The first line.
    Header(Header),
    /// An event.
    Event(Box<Event>),
    /// Nothing.
    Blank,
}

/// Why a line was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not UTF-8: a binary, or another encoding.
    #[error("column {column}: byte 0x{byte:02x} is not UTF-8 text")]
    NotText {
        /// Where, in bytes from 1.
        column: usize,
        /// The byte at fault.
        byte: u8,
    },
    /// Not JSON, or JSON that is neither an event nor a header.
    #[error("column {column}{}: {message}", of_field(field))]
    NotUnderstood {
        /// Where, in bytes from 1.
        column: usize,
        /// The path of the field at fault; empty = the line as a whole.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// A header of a version that this program does not read.
    #[error("version {found} of the events format; this program reads version {VERSION}")]
    Version {
        /// The version the file names.
        found: u32,
    },
    /// More than [`LINE_BYTES_MAX`].
    #[error("the line has {bytes} bytes, more than {LINE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The first line is none of ours.
    #[error(r#"no dozvon events file: its first line would be {{"dozvon_events":1,"source":"…","zone":"…"}}"#)]
    NoHeader,
}

/// The header as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHeader {
    dozvon_events: u32,
    // Whoever writes a file by hand need not say these.
    #[serde(default)]
    source: String,
    #[serde(default)]
    zone: String,
}

/// Writes the first line.
///
/// # Errors
/// What the writer says.
pub fn write_header(out: &mut impl Write, header: &Header) -> io::Result<()> {
    let written = WrittenHeader {
        dozvon_events: VERSION,
        source: header.source.clone(),
        zone: header.zone.clone(),
    };
    serde_json::to_writer(&mut *out, &written)?;
    out.write_all(b"\n")
}

/// Writes one event as one line.
///
/// # Errors
/// What the writer says, and `InvalidData` for a time or an enum value that JSON has no form for.
pub fn write_event(out: &mut impl Write, event: &Event) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")
}

/// Understands the first line, from which a file is known to be ours.
///
/// # Errors
/// `NoHeader` for whatever does not begin as a header, `Version` for another version, `NotUnderstood` for a broken one.
pub fn parse_header(line: &[u8]) -> Result<Header, Error> {
    // Editors on Windows put a byte order mark before the first character.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let looks_right = line.len() <= LINE_BYTES_MAX && str::from_utf8(line).is_ok_and(is_header);
    if !looks_right {
        return Err(Error::NoHeader);
    }
    match parse_line(line)? {
        Line::Header(header) => Ok(header),
        Line::Event(_) | Line::Blank => Err(Error::NoHeader),
    }
}

/// Understands one line, with or without its line end.
///
/// # Errors
/// Says column, field and what is wrong; the other lines of the file may still be good.
pub fn parse_line(line: &[u8]) -> Result<Line, Error> {
    if line.len() > LINE_BYTES_MAX {
        return Err(Error::TooLong { bytes: line.len() });
    }
    let text = str::from_utf8(line).map_err(|error| Error::NotText {
        column: error.valid_up_to() + 1,
        byte: line.get(error.valid_up_to()).copied().unwrap_or_default(),
    })?;
    if text.trim().is_empty() {
        return Ok(Line::Blank);
    }
    if is_header(text) {
        return header_of(text).map(Line::Header);
    }
    serde_json::from_str(text)
        .map(|event| Line::Event(Box::new(event)))
        .map_err(|error| not_understood(text, &error))
}

/// Whether the first key is the one that headers begin with.
fn is_header(text: &str) -> bool {
    text.trim_start()
        .strip_prefix('{')
        .is_some_and(|inside| inside.trim_start().starts_with("\"dozvon_events\""))
}

fn header_of(text: &str) -> Result<Header, Error> {
    // The version first: a later one may have other keys, and "unknown key" would be the wrong thing to say.
    #[derive(Deserialize)]
    struct Version {
        dozvon_events: u32,
    }
    let version: Version = serde_json::from_str(text).map_err(|e| not_understood(text, &e))?;
    if version.dozvon_events != VERSION {
        return Err(Error::Version {
            found: version.dozvon_events,
        });
    }
    let header: WrittenHeader = serde_json::from_str(text).map_err(|e| not_understood(text, &e))?;
    Ok(Header {
        source: header.source,
        zone: header.zone,
    })
}

fn of_field(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", field {field}")
    }
}

fn not_understood(text: &str, error: &serde_json::Error) -> Error {
    let column = error.column();
    let said = error.to_string();
    let message = match said.rfind(" at line ") {
        Some(end) => said[..end].to_owned(),
        None => said,
    };
    Error::NotUnderstood {
        column,
        field: path::path_at(text, column),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::call_event::Kind;
    use crate::proto::v1::event::Body;
    use crate::proto::v1::{
        AgentState, AgentStateChanged, CallArrived, CallEvent, Caller, Direction, caller,
    };

    fn arrived() -> Event {
        Event {
            sequence: u64::MAX,
            occurred_at: Some(pbjson_types::Timestamp {
                seconds: 1_772_424_001,
                nanos: 250_000,
            }),
            body: Some(Body::Call(CallEvent {
                call_id: "день \"1\"".to_owned(),
                kind: Some(Kind::Arrived(CallArrived {
                    caller: Some(Caller {
                        id: Some(caller::Id::Number("8 912 0000001".to_owned())),
                    }),
                    line: "+78460000000".to_owned(),
                    channel: String::new(),
                    direction: Direction::Inbound as i32,
                })),
            })),
        }
    }

    fn error_of(line: &str) -> String {
        parse_line(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn an_event_comes_back_as_it_was_written() {
        let state = Event {
            sequence: 2,
            occurred_at: None,
            body: Some(Body::AgentStateChanged(AgentStateChanged {
                agent: "s1".to_owned(),
                state: AgentState::Paused as i32,
                reason: "lunch".to_owned(),
                queues: vec!["info".to_owned(), "benefits".to_owned()],
            })),
        };
        for event in [arrived(), state, Event::default()] {
            let mut line = Vec::new();
            write_event(&mut line, &event).unwrap();
            assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
            assert_eq!(parse_line(&line), Ok(Line::Event(Box::new(event))));
        }
    }

    #[test]
    fn a_header_comes_back_and_is_known_from_its_first_key() {
        let header = Header {
            source: "samara".to_owned(),
            zone: "Europe/Samara".to_owned(),
        };
        let mut line = Vec::new();
        write_header(&mut line, &header).unwrap();
        assert!(line.starts_with(br#"{"dozvon_events":1,"source""#));
        assert_eq!(parse_header(&line), Ok(header.clone()));
        assert_eq!(parse_line(&line), Ok(Line::Header(header.clone())));
        let spaced = "\u{feff} { \"dozvon_events\" : 1, \"zone\":\"Europe/Samara\",\"source\":\"samara\"}\r\n";
        assert_eq!(parse_header(spaced.as_bytes()), Ok(header));
    }

    #[test]
    fn whatever_is_no_header_is_told_what_was_expected() {
        let event = br#"{"sequence":"1"}"#;
        let gzip = b"\x1f\x8b\x08\x00";
        for line in [&event[..], &gzip[..], b"", b"vru+line,call_id", b"[1]"] {
            assert_eq!(parse_header(line), Err(Error::NoHeader));
        }
        assert_eq!(
            parse_header(br#"{"dozvon_events":2,"source":"a","zone":"UTC","new":1}"#),
            Err(Error::Version { found: 2 })
        );
        let unknown = parse_header(br#"{"dozvon_events":1,"source":"a","zone":"UTC","new":1}"#);
        assert!(unknown.unwrap_err().to_string().contains("field new"));
    }

    #[test]
    fn empty_lines_mean_nothing() {
        for line in ["", "\n", "\r\n", "  \t"] {
            assert_eq!(parse_line(line.as_bytes()), Ok(Line::Blank));
        }
    }

    #[test]
    fn a_broken_line_is_told_column_and_field() {
        // (line, beginning of the message, part of it)
        let cases = [
            (
                r#"{"sequence":"1","call":{"callId":"a","arrived":{"line":"84"#,
                "column 58, field call.arrived.line: ",
                "EOF",
            ),
            (
                r#"{"sequence":"1","call":{"callId":"a","arived":{}}}"#,
                "column 45, field call.arived: ",
                "unknown field `arived`",
            ),
            (
                r#"{"sequence":"one"}"#,
                "column 18, field sequence: ",
                "invalid",
            ),
            (
                r#"{"occurredAt":"yesterday"}"#,
                "column 25, field occurredAt: ",
                "premature end of input",
            ),
            (
                r#"{"agentStateChanged":{"queues":["a",7]}}"#,
                "column 37, field agentStateChanged.queues[1]: ",
                "invalid type",
            ),
            (
                r#"{"call":{"refused":{"reason":"REFUSAL_REASON_TIRED"}}}"#,
                "column 51, field call.refused.reason: ",
                "REFUSAL_REASON_TIRED",
            ),
            (
                r#"{"sequence":"1"} {}"#,
                "column 18: ",
                "trailing characters",
            ),
            (r#"["a"]"#, "column 1: ", "invalid type"),
            ("vru+line,call_id", "column 1: ", "expected value"),
        ];
        for (line, beginning, part) in cases {
            let said = error_of(line);
            assert!(said.starts_with(beginning), "{line}\n{said}");
            assert!(said.contains(part), "{line}\n{said}");
            assert!(!said.contains("at line"), "{said}");
        }
    }

    #[test]
    fn a_binary_and_an_endless_line_are_refused() {
        assert_eq!(
            parse_line(b"{\"a\":\xff}"),
            Err(Error::NotText {
                column: 6,
                byte: 0xff
            })
        );
        assert_eq!(
            parse_line(&vec![b' '; LINE_BYTES_MAX + 1]),
            Err(Error::TooLong {
                bytes: LINE_BYTES_MAX + 1
            })
        );
    }

    #[test]
    fn every_cut_of_a_line_is_an_error_and_never_a_panic() {
        let mut line = Vec::new();
        write_event(&mut line, &arrived()).unwrap();
        let whole = line.len() - 1;
        for cut in 1..whole {
            assert!(parse_line(&line[..cut]).is_err(), "cut at {cut}");
        }
    }
}
