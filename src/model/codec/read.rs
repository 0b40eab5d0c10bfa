//! Reading an event's bytes.

use std::collections::HashSet;
use std::sync::Arc;

use super::{AGENT_STATE, AHEAD, CodecError, LINE_STATUS, WRAP_UP};
use crate::model::event::{
    AgentEvent, Body, CallEvent, Caller, Event, LineEvent, Pseudonym, TransferTarget,
};
use crate::model::ids::{AgentId, CallId, LineId, QueueId};
use crate::model::text::Text;
use crate::model::timestamp::Timestamp;
use crate::model::words::{
    AgentState, CallbackResult, Direction, EndedBy, MissedReason, QueueExit, RefusalReason, TagKey,
    TaggedBy, TransferFailure, TransferMethod,
};

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
            10 | 20 => CallEvent::HoldStarted {
                agent: self.agent()?,
                for_consultation: kind == 20,
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
