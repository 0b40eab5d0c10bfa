//! The AnonymousBank layout: one row a call, seventeen columns, local times of 1999 in Asia/Jerusalem.
//!
//! Pure: a header line gives [`Columns`], a row line gives events, as a switch would have told them:
//!
//! | row | events |
//! |---|---|
//! | outcome `PHANTOM` | none |
//! | every other | `CallArrived` at vru_entry |
//! | `HANG`, q_start and q_exit 0:00:00 and q_time 0 | `CallEnded` by the caller at vru_exit |
//! | all others | `QueueEntered` at vru_exit |
//! | … `HANG` | `CallEnded` by the caller q_time later |
//! | … `AGENT` | `AgentConnected` q_time later; `AgentReleased` and `CallEnded` ser_time after that |
//!
//! Columns that the mapping does not read (priority, vru_time, ser_start, ser_exit) are not looked at either: the source's
//! clocks differ by a second or two between columns, and a value that is not used cannot spoil a call.

mod local_time;

use crate::{
    connect::row::{Broken, Outcome, Reason, Skip, Warning},
    proto::v1::{
        AgentConnected, AgentReleased, CallArrived, CallEnded, CallEvent, Caller, EndedBy, Event,
        QueueEntered, call_event::Kind, caller::Id, event::Body,
    },
};
use local_time::{LocalTime, seconds_of_day};

/// The mapping's version: part of the epoch, so that a changed mapping is another numbering.
pub const MAPPING: &str = "anonymous-bank 1";

/// The columns, in the order in which the source publishes them.
pub const COLUMN_NAMES: [&str; 17] = [
    "vru+line",
    "call_id",
    "customer_id",
    "priority",
    "type",
    "date",
    "vru_entry",
    "vru_exit",
    "vru_time",
    "q_start",
    "q_exit",
    "q_time",
    "outcome",
    "ser_start",
    "ser_exit",
    "ser_time",
    "server",
];

/// The source's word for "no agent", and ours for an agent who is not named.
const NO_SERVER: &str = "NO_SERVER";
const UNKNOWN_AGENT: &str = "unknown";

/// A VRU span that runs backwards by more than this crosses midnight; by less, two clocks differ.
const MIDNIGHT_SPAN_SECONDS: i64 = 12 * 3600;

/// Times carry no day, so no span of a call reaches a whole one.
const SPAN_SECONDS_MAX: i64 = 24 * 3600 - 1;

/// Where each column stands in this file.
#[derive(Clone, Debug)]
pub struct Columns {
    names: Vec<String>,
    places: [usize; COLUMN_NAMES.len()],
    local_time: LocalTime,
}

impl Columns {
    /// Reads the header line, in whatever order it names the columns.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_header(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "its first line is no text")?;
        let names: Vec<String> = text.split(',').map(|name| bare(name).to_owned()).collect();
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        let missing: Vec<&str> = COLUMN_NAMES
            .into_iter()
            .filter(|name| place(name).is_none())
            .collect();
        if missing.len() == COLUMN_NAMES.len() {
            return Err("its first line is another header, or none".to_owned());
        }
        if !missing.is_empty() {
            return Err(format!("its header lacks {}", missing.join(", ")));
        }
        let doubled = COLUMN_NAMES
            .into_iter()
            .find(|wanted| names.iter().filter(|name| name == wanted).count() > 1);
        if let Some(name) = doubled {
            return Err(format!("its header names {name} twice"));
        }
        let places = COLUMN_NAMES.map(|name| place(name).expect("none is missing"));
        let local_time = LocalTime::of_the_source()?;
        Ok(Self {
            names,
            places,
            local_time,
        })
    }

    /// Columns that the format does not know; they are passed over.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let is_known = |name: &&str| COLUMN_NAMES.contains(name);
        self.names
            .iter()
            .map(String::as_str)
            .filter(move |name| !is_known(name))
    }

    /// Says what a row's line comes to.
    pub fn map(&self, line: &[u8]) -> Outcome {
        self.try_map(line).unwrap_or_else(Outcome::Broken)
    }

    fn try_map(&self, line: &[u8]) -> Result<Outcome, Broken> {
        let row = self.split(line)?;
        match row.text("outcome") {
            "PHANTOM" => Ok(Outcome::Skipped(Skip::Phantom)),
            "HANG" => self.call(&row, End::Hang),
            "AGENT" => self.call(&row, End::Agent),
            "" => Err(missing("outcome")),
            other => Err(Broken::new(
                Reason::UnknownOutcome,
                "outcome",
                format!("{} is none of AGENT, HANG, PHANTOM", quoted(other)),
            )),
        }
    }

    fn call(&self, row: &Fields<'_>, end: End) -> Result<Outcome, Broken> {
        let text = |name| row.text(name);
        let mut warnings = Vec::new();
        let line = text("vru+line");
        if line.is_empty() {
            return Err(missing("vru+line"));
        }
        let number = text("call_id");
        if number.is_empty() || !is_digits(number) {
            return Err(bad_number("call_id", number));
        }
        let day = local_time::day("date", text("date"))?;
        let entry = seconds_of_day("vru_entry", text("vru_entry"))?;
        let exit = seconds_of_day("vru_exit", text("vru_exit"))?;
        let q_start = seconds_of_day("q_start", text("q_start"))?;
        let q_exit = seconds_of_day("q_exit", text("q_exit"))?;
        let q_time = seconds("q_time", text("q_time"))?;
        let ser_time = seconds("ser_time", text("ser_time"))?;

        let arrived_at = self.local_time.instant(day, entry, &mut warnings)?;
        let left_menu_at = if exit >= entry {
            self.local_time.instant(day, exit, &mut warnings)?
        } else if entry - exit > MIDNIGHT_SPAN_SECONDS {
            let tomorrow = local_time::next_day(day)?;
            self.local_time.instant(tomorrow, exit, &mut warnings)?
        } else {
            warnings.push(Warning::NegativeSpan);
            arrived_at
        };
        // Only where the zone's own clock was moved back between the two.
        let left_menu_at = if left_menu_at < arrived_at {
            warnings.push(Warning::NegativeSpan);
            arrived_at
        } else {
            left_menu_at
        };

        let mut call = Call::new(format!("{}-{line}-{number}", text("date")));
        let caller = caller(text("customer_id"), &mut warnings);
        call.say(arrived_at, arrived(caller));
        let has_left_before_queue = q_start == 0 && q_exit == 0 && q_time == 0;
        if end == End::Hang && has_left_before_queue {
            call.say(left_menu_at, ended(EndedBy::Caller));
            return Ok(Outcome::Events(call.events, warnings));
        }
        let queue = text("type");
        if queue.is_empty() {
            return Err(missing("type"));
        }
        call.say(left_menu_at, queue_entered(queue));
        let left_queue_at = left_menu_at + never_negative(q_time, &mut warnings);
        match end {
            End::Hang => call.say(left_queue_at, ended(EndedBy::Caller)),
            End::Agent => {
                let agent = match text("server") {
                    "" | NO_SERVER => UNKNOWN_AGENT,
                    name => name,
                };
                let released_at = left_queue_at + never_negative(ser_time, &mut warnings);
                call.say(left_queue_at, connected(agent, queue));
                call.say(released_at, released(agent, queue));
                call.say(released_at, ended(EndedBy::Unknown));
            }
        }
        Ok(Outcome::Events(call.events, warnings))
    }

    fn split<'a>(&'a self, line: &'a [u8]) -> Result<Fields<'a>, Broken> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b',').collect();
        if fields.len() != self.names.len() {
            let message = format!(
                "{} fields, the header has {}",
                fields.len(),
                self.names.len()
            );
            return Err(Broken::new(Reason::FieldCount, "", message));
        }
        let decoded = fields.iter().zip(&self.names).map(|(field, name)| {
            let text = std::str::from_utf8(field)
                .map_err(|_| Broken::new(Reason::NotUtf8, name, "bytes that are no UTF-8"))?;
            Ok(bare(text))
        });
        Ok(Fields {
            places: &self.places,
            values: decoded.collect::<Result<_, Broken>>()?,
        })
    }
}

/// One row, taken apart.
struct Fields<'a> {
    places: &'a [usize; COLUMN_NAMES.len()],
    values: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    fn text(&self, name: &str) -> &'a str {
        let column = COLUMN_NAMES.iter().position(|known| *known == name);
        self.values[self.places[column.expect("a column of the layout")]]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Hang,
    Agent,
}

/// The events of one call, in order.
struct Call {
    id: String,
    events: Vec<Event>,
}

impl Call {
    fn new(id: String) -> Self {
        let events = Vec::with_capacity(5);
        Self { id, events }
    }

    fn say(&mut self, at_unix_seconds: i64, kind: Kind) {
        let call = CallEvent {
            call_id: self.id.clone(),
            kind: Some(kind),
        };
        self.events.push(Event {
            sequence: 0,
            occurred_at: Some(pbjson_types::Timestamp {
                seconds: at_unix_seconds,
                nanos: 0,
            }),
            body: Some(Body::Call(call)),
        });
    }
}

fn arrived(caller: Id) -> Kind {
    let caller = Some(Caller { id: Some(caller) });
    Kind::Arrived(CallArrived {
        caller,
        ..CallArrived::default()
    })
}

fn queue_entered(queue: &str) -> Kind {
    Kind::QueueEntered(QueueEntered {
        queue: queue.to_owned(),
        ..QueueEntered::default()
    })
}

fn connected(agent: &str, queue: &str) -> Kind {
    Kind::AgentConnected(AgentConnected {
        agent: agent.to_owned(),
        queue: queue.to_owned(),
    })
}

fn released(agent: &str, queue: &str) -> Kind {
    Kind::AgentReleased(AgentReleased {
        agent: agent.to_owned(),
        queue: queue.to_owned(),
        by: EndedBy::Unknown.into(),
    })
}

fn ended(by: EndedBy) -> Kind {
    Kind::Ended(CallEnded {
        by: by.into(),
        cause: String::new(),
    })
}

/// The customer number, unless it is unknown (0) or a spreadsheet has rewritten it (`2.8E+07`).
fn caller(customer: &str, warnings: &mut Vec<Warning>) -> Id {
    if customer.is_empty() || !is_digits(customer) {
        warnings.push(Warning::CallerUnreadable);
        return Id::Withheld(true);
    }
    if customer.bytes().all(|digit| digit == b'0') {
        return Id::Withheld(true);
    }
    Id::Opaque(customer.to_owned())
}

fn never_negative(span_seconds: i64, warnings: &mut Vec<Warning>) -> i64 {
    if span_seconds < 0 {
        warnings.push(Warning::NegativeSpan);
    }
    span_seconds.max(0)
}

fn seconds(column: &str, text: &str) -> Result<i64, Broken> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !is_digits(digits) {
        return Err(bad_number(column, text));
    }
    match text.parse() {
        Ok(seconds) if seconds <= SPAN_SECONDS_MAX => Ok(seconds),
        Ok(_) | Err(_) => Err(Broken::new(
            Reason::OutOfRange,
            column,
            format!("{} seconds are a day or more", quoted(text)),
        )),
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn bad_number(column: &str, text: &str) -> Broken {
    let message = format!("{} is no whole number", quoted(text));
    Broken::new(Reason::BadNumber, column, message)
}

fn missing(column: &str) -> Broken {
    Broken::new(Reason::MissingValue, column, "nothing stands there")
}

/// A field without blanks around it, and without the quotes that a spreadsheet may have added.
fn bare(field: &str) -> &str {
    let field = field.trim();
    let inside = field
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.map_or(field, str::trim)
}

/// What stands in a field, for a person: escaped, and cut where it is long.
fn quoted(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{rest}")
}

#[cfg(test)]
mod tests;
