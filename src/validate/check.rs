//! One stream's validator: number, time, subject; then the kind's own fields.

use std::collections::HashMap;
use std::sync::Arc;

use phonenumber::country::Id;

use crate::model::{
    AgentId, Body, CallId, Caller, Event, LineId, Mode, QueueId, SourceId, Text, Timestamp,
};
use crate::proto::v1 as wire;

use super::caps;
use super::kinds;
use super::names::Names;
use super::privacy::Privacy;
use super::rejection::{Reason, Rejection};

/// What is wrong with a field, before the event's number is added.
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) field: &'static str,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(reason: Reason, field: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            field,
            message: message.into(),
        }
    }
}

/// Checks the events of one stream.
#[derive(Debug)]
pub struct Validator {
    source: SourceId,
    mode: Mode,
    country: Option<Id>,
    privacy: Arc<Privacy>,
    names: Names,
    callers: HashMap<String, Caller>,
}

impl Validator {
    /// A validator for one stream.
    pub fn new(source: SourceId, mode: Mode, country: Option<Id>, privacy: Arc<Privacy>) -> Self {
        Self {
            source,
            mode,
            country,
            privacy,
            names: Names::default(),
            callers: HashMap::new(),
        }
    }

    /// The event, or why it is not taken.
    ///
    /// # Errors
    /// The first fault found, naming its field.
    pub fn check(
        &mut self,
        event: wire::Event,
        received_at: Timestamp,
    ) -> Result<Event, Rejection> {
        let sequence = event.sequence;
        self.check_parts(event, received_at)
            .map_err(|fault| Rejection {
                sequence,
                reason: fault.reason,
                field: fault.field,
                message: fault.message,
            })
    }

    fn check_parts(&mut self, event: wire::Event, received_at: Timestamp) -> Result<Event, Fault> {
        if event.sequence == 0 {
            return Err(Fault::new(
                Reason::SequenceMissing,
                "sequence",
                "is missing; numbers start at 1",
            ));
        }
        let (occurred_at, ahead) = self.time(event.occurred_at.as_ref(), received_at)?;
        let body = event
            .body
            .ok_or_else(|| Fault::new(Reason::KindMissing, "body", "is missing"))?;
        let body = match body {
            wire::event::Body::Call(call) => {
                let id = text("call.call_id", &call.call_id, caps::CALL_ID_BYTES)?;
                if id.is_empty() {
                    return Err(Fault::new(
                        Reason::FieldMissing,
                        "call.call_id",
                        "is missing",
                    ));
                }
                let kind = call
                    .kind
                    .ok_or_else(|| Fault::new(Reason::KindMissing, "call.kind", "is missing"))?;
                let event = kinds::call_event(self, kind)?;
                Body::Call {
                    call: CallId::new(call.call_id),
                    event,
                }
            }
            wire::event::Body::AgentStateChanged(changed) => kinds::agent_state(self, changed)?,
            wire::event::Body::WrapUpEnded(ended) => kinds::wrap_up(self, &ended)?,
            wire::event::Body::LineStatus(status) => kinds::line_status(self, &status)?,
        };
        Ok(Event {
            sequence: event.sequence,
            occurred_at,
            ahead,
            body,
        })
    }

    fn time(
        &self,
        at: Option<&pbjson_types::Timestamp>,
        received_at: Timestamp,
    ) -> Result<(Timestamp, bool), Fault> {
        let field = "occurred_at";
        let at = at.ok_or_else(|| Fault::new(Reason::TimeMissing, field, "is missing"))?;
        let out_of_range = |message: String| Fault::new(Reason::TimeOutOfRange, field, message);
        let at = instant(at).ok_or_else(|| out_of_range("is no time".into()))?;
        if at.as_micros() < caps::EARLIEST_MICROS {
            return Err(out_of_range(
                "is before 1990: the switch's clock is not set".into(),
            ));
        }
        let (limit, words) = match self.mode {
            Mode::Live => (caps::LIVE_AHEAD, "24 h"),
            Mode::Backfill => (caps::BACKFILL_AHEAD, "5 min"),
        };
        if at > received_at.plus(limit) {
            return Err(out_of_range(format!(
                "is more than {words} ahead of our clock"
            )));
        }
        let ahead = self.mode == Mode::Live && at > received_at.plus(caps::LIVE_AHEAD_UNMARKED);
        Ok((at, ahead))
    }

    /// Who calls, as a pseudonym.
    pub(super) fn caller(&mut self, caller: Option<wire::Caller>) -> Result<Caller, Fault> {
        use wire::caller::Id as Known;
        let Some(id) = caller.and_then(|caller| caller.id) else {
            return Ok(Caller::Unknown);
        };
        let (field, said, opaque) = match &id {
            Known::Withheld(true) => return Ok(Caller::Withheld),
            Known::Withheld(false) => return Ok(Caller::Unknown),
            Known::Number(number) => ("call.arrived.caller.number", number, false),
            Known::Opaque(id) => ("call.arrived.caller.opaque", id, true),
        };
        let said = text(field, said, caps::CALLER_BYTES)?;
        if said.is_empty() {
            return Ok(Caller::Unknown);
        }
        let remembered = format!("{}{said}", if opaque { 'i' } else { 't' });
        if let Some(caller) = self.callers.get(&remembered) {
            return Ok(*caller);
        }
        let pseudonym = if opaque {
            self.privacy.of_opaque(&self.source, said)
        } else {
            self.privacy.of_number(said, self.country)
        };
        if self.callers.len() >= caps::CALLERS_REMEMBERED {
            self.callers.clear();
        }
        self.callers.insert(remembered, Caller::Known(pseudonym));
        Ok(Caller::Known(pseudonym))
    }

    /// A queue that must be named.
    pub(super) fn queue(&mut self, field: &'static str, name: &str) -> Result<QueueId, Fault> {
        required(field, name)?;
        Ok(QueueId::new(self.names.share(name)))
    }

    /// A queue that may be named.
    pub(super) fn maybe_queue(
        &mut self,
        field: &'static str,
        name: &str,
    ) -> Result<Option<QueueId>, Fault> {
        if name.is_empty() {
            Ok(None)
        } else {
            self.queue(field, name).map(Some)
        }
    }

    /// An agent who must be named.
    pub(super) fn agent(&mut self, field: &'static str, name: &str) -> Result<AgentId, Fault> {
        required(field, name)?;
        Ok(AgentId::new(self.names.share(name)))
    }

    /// A line that must be named.
    pub(super) fn line(&mut self, field: &'static str, name: &str) -> Result<LineId, Fault> {
        required(field, name)?;
        Ok(LineId::new(self.names.share(name)))
    }

    /// A line that may be named.
    pub(super) fn maybe_line(
        &mut self,
        field: &'static str,
        name: &str,
    ) -> Result<Option<LineId>, Fault> {
        if name.is_empty() {
            Ok(None)
        } else {
            self.line(field, name).map(Some)
        }
    }
}

/// The instant of a wire timestamp; `None` when it is none.
pub fn instant(at: &pbjson_types::Timestamp) -> Option<Timestamp> {
    if !(0..1_000_000_000).contains(&at.nanos) {
        return None;
    }
    let micros = at
        .seconds
        .checked_mul(1_000_000)?
        .checked_add(i64::from(at.nanos) / 1_000)?;
    Some(Timestamp::from_micros(micros))
}

/// Free text within its limit.
pub(super) fn free_text(field: &'static str, said: &str) -> Result<Text, Fault> {
    text(field, said, caps::TEXT_BYTES).map(Into::into)
}

/// A name that must be there.
fn required(field: &'static str, name: &str) -> Result<(), Fault> {
    text(field, name, caps::NAME_BYTES)?;
    if name.is_empty() {
        return Err(Fault::new(Reason::FieldMissing, field, "is missing"));
    }
    Ok(())
}

/// Text within a limit and without control characters.
fn text<'a>(field: &'static str, said: &'a str, limit: usize) -> Result<&'a str, Fault> {
    if said.len() > limit {
        let message = format!("has {} bytes, the limit is {limit}", said.len());
        return Err(Fault::new(Reason::TooLong, field, message));
    }
    if has_control(said) {
        return Err(Fault::new(
            Reason::ControlCharacter,
            field,
            "holds control characters",
        ));
    }
    Ok(said)
}

/// Names are nearly always ASCII: then bytes tell.
fn has_control(said: &str) -> bool {
    if said.is_ascii() {
        said.bytes().any(|byte| byte.is_ascii_control())
    } else {
        said.chars().any(char::is_control)
    }
}
