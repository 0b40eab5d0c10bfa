//! The bytes of an event: what the journal and the store keep.
//!
//! ```text
//! event  := sequence ±Δ | occurred_at ±Δ | kind | [call id] | fields          version 1
//! kind   := 1 byte: 1–19 call events, 32 agent state, 33 wrap-up, 34 line; bit 7 = the source's clock was ahead
//! uint   := LEB128          ±Δ := zigzag LEB128 against the event before       word := 1 byte, its code
//! text   := uint length | UTF-8       option := 0 | 1 value       caller := 0 unknown | 1 withheld | 2 key hash[16]
//! ```
//!
//! Numbers and codes are never reused. A new field means a new version; the reader knows every version ever written.
//! Reading never panics, whatever the bytes.

use std::collections::HashSet;
use std::sync::Arc;

use super::event::{
    AgentEvent, Body, CallEvent, Caller, Event, LineEvent, Pseudonym, TransferTarget,
};
use super::ids::{AgentId, CallId, LineId, QueueId};
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{
    AgentState, CallbackResult, Direction, EndedBy, MissedReason, QueueExit, RefusalReason, TagKey,
    TaggedBy, TransferFailure, TransferMethod,
};

/// The version that `write_event` writes.
pub const EVENTS_VERSION: u8 = 1;

const AHEAD: u8 = 0x80;
const AGENT_STATE: u8 = 32;
const WRAP_UP: u8 = 33;
const LINE_STATUS: u8 = 34;

/// Why bytes are no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Short,
    /// A number does not fit.
    #[error("a number does not fit")]
    Overflow,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// A code that no version has.
    #[error("unknown code {0}")]
    Code(u8),
}

/// Appends an unsigned number.
pub fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number.
pub fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends a text.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a value that may be missing.
pub fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            put(out, value);
        }
    }
}

fn put_queue(out: &mut Vec<u8>, queue: Option<&QueueId>) {
    put_option(out, queue, |out, queue| put_text(out, queue.as_str()));
}

fn put_target(out: &mut Vec<u8>, target: &TransferTarget) {
    let (code, name) = match target {
        TransferTarget::Agent(agent) => (1, agent.as_str()),
        TransferTarget::Queue(queue) => (2, queue.as_str()),
        TransferTarget::Outside(number) => (3, &**number),
    };
    out.push(code);
    put_text(out, name);
}

/// Appends an event; `before` is the event written before it in the same bytes (0, 0 for the first).
pub fn write_event(out: &mut Vec<u8>, event: &Event, before: &mut (u64, Timestamp)) {
    put_int(out, event.sequence.wrapping_sub(before.0) as i64);
    let at = event.occurred_at;
    put_int(out, at.as_micros().wrapping_sub(before.1.as_micros()));
    *before = (event.sequence, at);
    let flags = if event.ahead { AHEAD } else { 0 };
    match &event.body {
        Body::Call { call, event } => {
            out.push(call_kind(event) | flags);
            put_text(out, call.as_str());
            put_call_fields(out, event);
        }
        Body::Agent(AgentEvent::StateChanged {
            agent,
            state,
            reason,
            queues,
        }) => {
            out.push(AGENT_STATE | flags);
            put_text(out, agent.as_str());
            out.push(state.code());
            put_text(out, reason);
            put_uint(out, queues.len() as u64);
            for queue in queues {
                put_text(out, queue.as_str());
            }
        }
        Body::Agent(AgentEvent::WrapUpEnded { agent }) => {
            out.push(WRAP_UP | flags);
            put_text(out, agent.as_str());
        }
        Body::Line(line) => {
            out.push(LINE_STATUS | flags);
            put_text(out, line.line.as_str());
            put_uint(out, line.busy.into());
            put_uint(out, line.total.into());
        }
    }
}

/// Reads the event that `write_event` wrote after `before`.
///
/// # Errors
/// When the bytes are no event of version 1.
pub fn read_event(
    reader: &mut Reader<'_>,
    before: &mut (u64, Timestamp),
) -> Result<Event, CodecError> {
    let sequence = before.0.wrapping_add(reader.int()? as u64);
    let at = Timestamp::from_micros(before.1.as_micros().wrapping_add(reader.int()?));
    *before = (sequence, at);
    let kind = reader.byte()?;
    let body = match kind & !AHEAD {
        AGENT_STATE => {
            let agent = reader.agent()?;
            let state = reader.word(AgentState::from_code)?;
            let reason = reader.text()?;
            let count = reader.uint()?;
            let mut queues = Vec::new();
            for _ in 0..count {
                queues.push(reader.queue()?);
            }
            Body::Agent(AgentEvent::StateChanged {
                agent,
                state,
                reason,
                queues,
            })
        }
        WRAP_UP => Body::Agent(AgentEvent::WrapUpEnded {
            agent: reader.agent()?,
        }),
        LINE_STATUS => Body::Line(LineEvent {
            line: LineId::new(reader.name()?),
            busy: reader.uint32()?,
            total: reader.uint32()?,
        }),
        kind => Body::Call {
            call: CallId::new(reader.str()?),
            event: reader.call_fields(kind)?,
        },
    };
    Ok(Event {
        sequence,
        occurred_at: at,
        ahead: kind & AHEAD != 0,
        body,
    })
}

/// The code of a call event's kind.
pub fn call_kind(event: &CallEvent) -> u8 {
    match event {
        CallEvent::Arrived { .. } => 1,
        CallEvent::Tagged { .. } => 2,
        CallEvent::Refused { .. } => 3,
        CallEvent::QueueEntered { .. } => 4,
        CallEvent::QueueLeft { .. } => 5,
        CallEvent::AgentOffered { .. } => 6,
        CallEvent::OfferMissed { .. } => 7,
        CallEvent::AgentConnected { .. } => 8,
        CallEvent::AgentReleased { .. } => 9,
        CallEvent::HoldStarted { .. } => 10,
        CallEvent::HoldEnded { .. } => 11,
        CallEvent::TransferStarted { .. } => 12,
        CallEvent::TransferCompleted { .. } => 13,
        CallEvent::TransferFailed { .. } => 14,
        CallEvent::DigitPressed { .. } => 15,
        CallEvent::CallbackPromised { .. } => 16,
        CallEvent::CallbackAttempted { .. } => 17,
        CallEvent::MessageLeft { .. } => 18,
        CallEvent::Ended { .. } => 19,
    }
}

/// Appends the fields of a call event, without its kind.
pub fn put_call_fields(out: &mut Vec<u8>, event: &CallEvent) {
    match event {
        CallEvent::Arrived {
            caller,
            line,
            channel,
            direction,
        } => {
            match caller {
                Caller::Unknown => out.push(0),
                Caller::Withheld => out.push(1),
                Caller::Known(pseudonym) => {
                    out.push(2);
                    put_uint(out, pseudonym.key.into());
                    out.extend_from_slice(&pseudonym.hash);
                }
            }
            put_option(out, line.as_ref(), |out, line| put_text(out, line.as_str()));
            put_option(out, channel.as_deref(), put_text);
            out.push(direction.code());
        }
        CallEvent::Tagged { key, code, by } => {
            out.push(key.code());
            put_text(out, code);
            out.push(by.code());
        }
        CallEvent::Refused {
            reason,
            line,
            queue,
        } => {
            out.push(reason.code());
            put_option(out, line.as_ref(), |out, line| put_text(out, line.as_str()));
            put_queue(out, queue.as_ref());
        }
        CallEvent::QueueEntered {
            queue,
            position,
            priority,
        } => {
            put_text(out, queue.as_str());
            put_uint(out, (*position).into());
            put_int(out, (*priority).into());
        }
        CallEvent::QueueLeft { queue, exit } => {
            put_text(out, queue.as_str());
            out.push(exit.code());
        }
        CallEvent::AgentOffered { agent, queue } | CallEvent::AgentConnected { agent, queue } => {
            put_text(out, agent.as_str());
            put_queue(out, queue.as_ref());
        }
        CallEvent::OfferMissed {
            agent,
            queue,
            reason,
        } => {
            put_text(out, agent.as_str());
            put_queue(out, queue.as_ref());
            out.push(reason.code());
        }
        CallEvent::AgentReleased { agent, queue, by } => {
            put_text(out, agent.as_str());
            put_queue(out, queue.as_ref());
            out.push(by.code());
        }
        CallEvent::HoldStarted { agent } | CallEvent::HoldEnded { agent } => {
            put_text(out, agent.as_str());
        }
        CallEvent::TransferStarted { method, from, to } => {
            out.push(method.code());
            put_text(out, from.as_str());
            put_target(out, to);
        }
        CallEvent::TransferCompleted { from, method, to } => {
            put_text(out, from.as_str());
            put_option(out, *method, |out, method| out.push(method.code()));
            put_option(out, to.as_ref(), put_target);
        }
        CallEvent::TransferFailed { from, cause } => {
            put_text(out, from.as_str());
            out.push(cause.code());
        }
        CallEvent::DigitPressed { digit } => {
            put_option(out, *digit, |out, digit| out.push(digit));
        }
        CallEvent::CallbackPromised { due, queue } => {
            put_option(out, *due, |out, due| put_int(out, due.as_micros()));
            put_queue(out, queue.as_ref());
        }
        CallEvent::CallbackAttempted { result, agent } => {
            out.push(result.code());
            put_option(out, agent.as_ref(), |out, agent| {
                put_text(out, agent.as_str())
            });
        }
        CallEvent::MessageLeft { recording } => put_text(out, recording),
        CallEvent::Ended { by, cause } => {
            out.push(by.code());
            put_text(out, cause);
        }
    }
}

/// Reads bytes from the front; names read twice share their memory.
pub struct Reader<'a> {
    bytes: &'a [u8],
    names: HashSet<Arc<str>>,
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            names: HashSet::new(),
        }
    }

    /// What is left to read.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// When none is left.
    pub fn byte(&mut self) -> Result<u8, CodecError> {
        let (first, rest) = self.bytes.split_first().ok_or(CodecError::Short)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// Reads that many bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(CodecError::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Reads an unsigned number.
    ///
    /// # Errors
    /// When it is cut off or longer than 64 bits.
    pub fn uint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(CodecError::Overflow);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(CodecError::Overflow)
    }

    /// Reads an unsigned number of 32 bits.
    ///
    /// # Errors
    /// When it is cut off or longer than 32 bits.
    pub fn uint32(&mut self) -> Result<u32, CodecError> {
        u32::try_from(self.uint()?).map_err(|_| CodecError::Overflow)
    }

    /// Reads a signed number.
    ///
    /// # Errors
    /// When it is cut off or longer than 64 bits.
    pub fn int(&mut self) -> Result<i64, CodecError> {
        let value = self.uint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads a text without copying it.
    ///
    /// # Errors
    /// When it is cut off or not UTF-8.
    pub fn str(&mut self) -> Result<&'a str, CodecError> {
        let length = usize::try_from(self.uint()?).map_err(|_| CodecError::Overflow)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| CodecError::Utf8)
    }

    fn text(&mut self) -> Result<Text, CodecError> {
        Ok(self.str()?.into())
    }

    fn name(&mut self) -> Result<Arc<str>, CodecError> {
        let name = self.str()?;
        if let Some(known) = self.names.get(name) {
            return Ok(known.clone());
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        Ok(name)
    }

    fn agent(&mut self) -> Result<AgentId, CodecError> {
        self.name().map(AgentId::new)
    }

    fn queue(&mut self) -> Result<QueueId, CodecError> {
        self.name().map(QueueId::new)
    }

    /// Reads a word of a closed list by its code.
    ///
    /// # Errors
    /// When the code is none of the list's.
    pub fn word<T>(&mut self, from_code: fn(u8) -> Option<T>) -> Result<T, CodecError> {
        let code = self.byte()?;
        from_code(code).ok_or(CodecError::Code(code))
    }

    /// Reads a value that may be missing.
    ///
    /// # Errors
    /// When it is cut off or no such value.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            code => Err(CodecError::Code(code)),
        }
    }

    fn target(&mut self) -> Result<TransferTarget, CodecError> {
        match self.byte()? {
            1 => self.agent().map(TransferTarget::Agent),
            2 => self.queue().map(TransferTarget::Queue),
            3 => self.text().map(TransferTarget::Outside),
            code => Err(CodecError::Code(code)),
        }
    }

    fn caller(&mut self) -> Result<Caller, CodecError> {
        match self.byte()? {
            0 => Ok(Caller::Unknown),
            1 => Ok(Caller::Withheld),
            2 => {
                let key = self.uint32()?;
                let mut hash = [0; 16];
                hash.copy_from_slice(self.take(16)?);
                Ok(Caller::Known(Pseudonym { key, hash }))
            }
            code => Err(CodecError::Code(code)),
        }
    }

    /// Reads the fields of a call event of the given kind.
    ///
    /// # Errors
    /// When the bytes are no such event.
    pub fn call_fields(&mut self, kind: u8) -> Result<CallEvent, CodecError> {
        Ok(match kind {
            1 => CallEvent::Arrived {
                caller: self.caller()?,
                line: self.option(Self::name)?.map(LineId::new),
                channel: self.option(Self::text)?,
                direction: self.word(Direction::from_code)?,
            },
            2 => CallEvent::Tagged {
                key: self.word(TagKey::from_code)?,
                code: self.text()?,
                by: self.word(TaggedBy::from_code)?,
            },
            3 => CallEvent::Refused {
                reason: self.word(RefusalReason::from_code)?,
                line: self.option(Self::name)?.map(LineId::new),
                queue: self.option(Self::queue)?,
            },
            4 => CallEvent::QueueEntered {
                queue: self.queue()?,
                position: self.uint32()?,
                priority: i32::try_from(self.int()?).map_err(|_| CodecError::Overflow)?,
            },
            5 => CallEvent::QueueLeft {
                queue: self.queue()?,
                exit: self.word(QueueExit::from_code)?,
            },
            6 => CallEvent::AgentOffered {
                agent: self.agent()?,
                queue: self.option(Self::queue)?,
            },
            7 => CallEvent::OfferMissed {
                agent: self.agent()?,
                queue: self.option(Self::queue)?,
                reason: self.word(MissedReason::from_code)?,
            },
            8 => CallEvent::AgentConnected {
                agent: self.agent()?,
                queue: self.option(Self::queue)?,
            },
            9 => CallEvent::AgentReleased {
                agent: self.agent()?,
                queue: self.option(Self::queue)?,
                by: self.word(EndedBy::from_code)?,
            },
            10 => CallEvent::HoldStarted {
                agent: self.agent()?,
            },
            11 => CallEvent::HoldEnded {
                agent: self.agent()?,
            },
            12 => CallEvent::TransferStarted {
                method: self.word(TransferMethod::from_code)?,
                from: self.agent()?,
                to: self.target()?,
            },
            13 => CallEvent::TransferCompleted {
                from: self.agent()?,
                method: self.option(|reader| reader.word(TransferMethod::from_code))?,
                to: self.option(Self::target)?,
            },
            14 => CallEvent::TransferFailed {
                from: self.agent()?,
                cause: self.word(TransferFailure::from_code)?,
            },
            15 => CallEvent::DigitPressed {
                digit: self.option(Self::byte)?,
            },
            16 => CallEvent::CallbackPromised {
                due: self.option(Self::int)?.map(Timestamp::from_micros),
                queue: self.option(Self::queue)?,
            },
            17 => CallEvent::CallbackAttempted {
                result: self.word(CallbackResult::from_code)?,
                agent: self.option(Self::agent)?,
            },
            18 => CallEvent::MessageLeft {
                recording: self.text()?,
            },
            19 => CallEvent::Ended {
                by: self.word(EndedBy::from_code)?,
                cause: self.text()?,
            },
            code => return Err(CodecError::Code(code)),
        })
    }
}

#[cfg(test)]
mod tests;
