//! The product's own recording: one JSON object a line, a header first, then one event each.
//!
//! Pure. A file is an append-only log: it may grow between two imports. Numbers in it mean nothing here, the importer
//! counts the rows.

use crate::{
    connect::row::{Broken, Reason},
    event_file::{self, Line},
    proto::v1::Event,
};

/// The mapping's version: part of the epoch, so that a changed mapping is another numbering.
pub const MAPPING: &str = "events 1";

/// What the first line of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// The header, which says the version.
    Header,
    /// No header: already an event.
    Event,
}

/// Says what the first line of a file is.
///
/// # Errors
/// Why this is no `events` file, in words.
pub fn first_line(line: &[u8]) -> Result<FirstLine, String> {
    match event_file::parse_line(line) {
        Ok(Line::Header(_)) => Ok(FirstLine::Header),
        Ok(Line::Event(_)) => Ok(FirstLine::Event),
        Err(event_file::Error::Version { found }) => Err(format!("it is of version {found}")),
        Ok(Line::Blank) | Err(_) => {
            Err("its first line is neither a header nor an event".to_owned())
        }
    }
}

/// Reads one event.
///
/// # Errors
/// [`Reason::BadJson`] with the place in the line.
pub fn parse(line: &[u8]) -> Result<Event, Broken> {
    let broken = |place: &str, message: &str| Broken::new(Reason::BadJson, place, message);
    match event_file::parse_line(line) {
        Ok(Line::Event(event)) => Ok(*event),
        Ok(Line::Header(_)) => Err(broken("line", "a header in mid-file")),
        Ok(Line::Blank) => Err(broken("line", "is empty")),
        Err(event_file::Error::NotUnderstood {
            column,
            field,
            message,
        }) => {
            let place = if field.is_empty() {
                format!("character {column}")
            } else {
                field
            };
            Err(broken(&place, &message))
        }
        Err(error) => Err(broken("line", &error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{call_event::Kind, event::Body};

    const LINE: &str = r#"{"sequence":"9","occurredAt":"2024-03-01T08:00:00Z","call":{"callId":"c1","queueEntered":{"queue":"help"}}}"#;

    #[test]
    fn a_line_is_the_json_mapping_of_an_event() {
        let event = parse(LINE.as_bytes()).unwrap();
        assert_eq!(event.occurred_at.unwrap().seconds, 1_709_280_000);
        let Some(Body::Call(call)) = event.body else {
            panic!("{event:?}")
        };
        assert_eq!(call.call_id, "c1");
        assert!(matches!(call.kind, Some(Kind::QueueEntered(entered)) if entered.queue == "help"));
    }

    #[test]
    fn a_broken_line_says_where() {
        let broken = parse(br#"{"call":{"callId":"c1","queueEnterd":{}}}"#).unwrap_err();
        assert_eq!(broken.reason, Reason::BadJson);
        assert!(!broken.column.is_empty(), "{broken:?}");
        assert!(broken.message.contains("queueEnterd"), "{broken:?}");
        assert_eq!(parse(b"{\"call\":").unwrap_err().reason, Reason::BadJson);
        assert_eq!(parse(b"\xff\xfe").unwrap_err().reason, Reason::BadJson);
    }

    #[test]
    fn the_first_line_tells_the_format() {
        let header = br#"{"dozvon_events":1,"source":"sim","zone":"Europe/Samara"}"#;
        assert_eq!(first_line(header), Ok(FirstLine::Header));
        assert_eq!(first_line(LINE.as_bytes()), Ok(FirstLine::Event));
        assert_eq!(
            first_line(br#"{"dozvon_events":2}"#),
            Err("it is of version 2".to_owned())
        );
        assert!(first_line(b"vru+line,call_id").is_err());
        assert!(first_line(b"[1,2]").is_err());
        assert!(first_line(b"\x7fELF").is_err());
    }
}
