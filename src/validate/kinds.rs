//! The fields of each kind of event.

use crate::model::{
    AgentEvent, AgentState, Body, CallEvent, CallbackResult, Direction, EndedBy, LineEvent,
    MissedReason, QueueExit, RefusalReason, TagKey, TaggedBy, TransferFailure, TransferMethod,
    TransferTarget,
};
use crate::proto::v1 as wire;
use crate::proto::v1::call_event::Kind;

use super::caps;
use super::check::{Fault, Validator, free_text, instant};
use super::rejection::Reason;

/// The model's word for a wire enum's number; both lists use the same codes.
fn word<T>(field: &'static str, number: i32, from_code: fn(u8) -> Option<T>) -> Result<T, Fault> {
    if number == 0 {
        return Err(Fault::new(Reason::FieldMissing, field, "is not said"));
    }
    let code = u8::try_from(number).ok();
    code.and_then(from_code)
        .ok_or_else(|| unknown(field, number))
}

/// The same where 0 has a meaning of its own.
fn word_or<T>(
    field: &'static str,
    number: i32,
    from_code: fn(u8) -> Option<T>,
    unsaid: T,
) -> Result<T, Fault> {
    if number == 0 {
        Ok(unsaid)
    } else {
        word(field, number, from_code)
    }
}

fn unknown(field: &'static str, number: i32) -> Fault {
    Fault::new(
        Reason::ValueUnknown,
        field,
        format!("{number} is none of the known values"),
    )
}

/// A call event of any kind.
pub(super) fn call_event(v: &mut Validator, kind: Kind) -> Result<CallEvent, Fault> {
    Ok(match kind {
        Kind::Arrived(said) => CallEvent::Arrived {
            caller: v.caller(said.caller)?,
            line: v.maybe_line("call.arrived.line", &said.line)?,
            channel: match free_text("call.arrived.channel", &said.channel)? {
                channel if channel.is_empty() => None,
                channel => Some(channel),
            },
            direction: word_or(
                "call.arrived.direction",
                said.direction,
                Direction::from_code,
                Direction::Inbound,
            )?,
        },
        Kind::Tagged(said) => CallEvent::Tagged {
            key: word("call.tagged.key", said.key, TagKey::from_code)?,
            code: free_text("call.tagged.code", &said.code)?,
            by: word_or(
                "call.tagged.by",
                said.by,
                TaggedBy::from_code,
                TaggedBy::Unknown,
            )?,
        },
        Kind::Refused(said) => CallEvent::Refused {
            reason: word("call.refused.reason", said.reason, RefusalReason::from_code)?,
            line: v.maybe_line("call.refused.line", &said.line)?,
            queue: v.maybe_queue("call.refused.queue", &said.queue)?,
        },
        Kind::QueueEntered(said) => CallEvent::QueueEntered {
            queue: v.queue("call.queue_entered.queue", &said.queue)?,
            position: said.position,
            priority: said.priority,
        },
        Kind::QueueLeft(said) => CallEvent::QueueLeft {
            queue: v.queue("call.queue_left.queue", &said.queue)?,
            exit: word("call.queue_left.exit", said.exit, QueueExit::from_code)?,
        },
        Kind::AgentOffered(said) => CallEvent::AgentOffered {
            agent: v.agent("call.agent_offered.agent", &said.agent)?,
            queue: v.maybe_queue("call.agent_offered.queue", &said.queue)?,
        },
        Kind::OfferMissed(said) => CallEvent::OfferMissed {
            agent: v.agent("call.offer_missed.agent", &said.agent)?,
            queue: v.maybe_queue("call.offer_missed.queue", &said.queue)?,
            reason: word(
                "call.offer_missed.reason",
                said.reason,
                MissedReason::from_code,
            )?,
        },
        Kind::AgentConnected(said) => CallEvent::AgentConnected {
            agent: v.agent("call.agent_connected.agent", &said.agent)?,
            queue: v.maybe_queue("call.agent_connected.queue", &said.queue)?,
        },
        Kind::AgentReleased(said) => CallEvent::AgentReleased {
            agent: v.agent("call.agent_released.agent", &said.agent)?,
            queue: v.maybe_queue("call.agent_released.queue", &said.queue)?,
            by: ended_by("call.agent_released.by", said.by)?,
        },
        Kind::HoldStarted(said) => CallEvent::HoldStarted {
            agent: v.agent("call.hold_started.agent", &said.agent)?,
            for_consultation: said.for_consultation,
        },
        Kind::HoldEnded(said) => CallEvent::HoldEnded {
            agent: v.agent("call.hold_ended.agent", &said.agent)?,
        },
        Kind::TransferStarted(said) => CallEvent::TransferStarted {
            method: word(
                "call.transfer_started.method",
                said.method,
                TransferMethod::from_code,
            )?,
            from: v.agent("call.transfer_started.from_agent", &said.from_agent)?,
            to: target(v, "call.transfer_started.to", said.to)?.ok_or_else(|| {
                Fault::new(
                    Reason::FieldMissing,
                    "call.transfer_started.to",
                    "is missing",
                )
            })?,
        },
        Kind::TransferCompleted(said) => CallEvent::TransferCompleted {
            from: v.agent("call.transfer_completed.from_agent", &said.from_agent)?,
            method: match said.method {
                0 => None,
                method => Some(word(
                    "call.transfer_completed.method",
                    method,
                    TransferMethod::from_code,
                )?),
            },
            to: target(v, "call.transfer_completed.to", said.to)?,
        },
        Kind::TransferFailed(said) => CallEvent::TransferFailed {
            from: v.agent("call.transfer_failed.from_agent", &said.from_agent)?,
            cause: word(
                "call.transfer_failed.cause",
                said.cause,
                TransferFailure::from_code,
            )?,
        },
        Kind::DigitPressed(said) => {
            let known = matches!(said.digit.as_bytes(), [b'0'..=b'9' | b'*' | b'#']);
            if !known {
                // The key itself is personal data: it is not repeated in the answer.
                let message = "is none of 0-9 * #";
                return Err(Fault::new(
                    Reason::ValueUnknown,
                    "call.digit_pressed.digit",
                    message,
                ));
            }
            // No survey is being asked: that a key was pressed is kept, which one is not.
            CallEvent::DigitPressed { digit: None }
        }
        Kind::CallbackPromised(said) => CallEvent::CallbackPromised {
            due: match said.due {
                None => None,
                Some(due) => Some(instant(&due).ok_or_else(|| {
                    let field = "call.callback_promised.due";
                    Fault::new(Reason::TimeOutOfRange, field, "is no time")
                })?),
            },
            queue: v.maybe_queue("call.callback_promised.queue", &said.queue)?,
        },
        Kind::CallbackAttempted(said) => CallEvent::CallbackAttempted {
            result: word(
                "call.callback_attempted.result",
                said.result,
                CallbackResult::from_code,
            )?,
            agent: match said.agent.as_str() {
                "" => None,
                agent => Some(v.agent("call.callback_attempted.agent", agent)?),
            },
        },
        Kind::MessageLeft(said) => {
            let recording = free_text("call.message_left.recording_id", &said.recording_id)?;
            if recording.is_empty() {
                let field = "call.message_left.recording_id";
                return Err(Fault::new(Reason::FieldMissing, field, "is missing"));
            }
            CallEvent::MessageLeft { recording }
        }
        Kind::Ended(said) => CallEvent::Ended {
            by: ended_by("call.ended.by", said.by)?,
            cause: free_text("call.ended.cause", &said.cause)?,
        },
    })
}

/// An agent's new state.
pub(super) fn agent_state(v: &mut Validator, said: wire::AgentStateChanged) -> Result<Body, Fault> {
    let field = "agent_state_changed.queues";
    if said.queues.len() > caps::AGENT_QUEUES {
        let message = format!(
            "has {} queues, the limit is {}",
            said.queues.len(),
            caps::AGENT_QUEUES
        );
        return Err(Fault::new(Reason::TooLong, field, message));
    }
    Ok(Body::Agent(AgentEvent::StateChanged {
        agent: v.agent("agent_state_changed.agent", &said.agent)?,
        state: word(
            "agent_state_changed.state",
            said.state,
            AgentState::from_code,
        )?,
        reason: free_text("agent_state_changed.reason", &said.reason)?,
        queues: said
            .queues
            .iter()
            .map(|queue| v.queue(field, queue))
            .collect::<Result<_, _>>()?,
    }))
}

/// The end of an agent's work after a call.
pub(super) fn wrap_up(v: &mut Validator, said: &wire::WrapUpEnded) -> Result<Body, Fault> {
    let agent = v.agent("wrap_up_ended.agent", &said.agent)?;
    Ok(Body::Agent(AgentEvent::WrapUpEnded { agent }))
}

/// A line's channels.
pub(super) fn line_status(v: &mut Validator, said: &wire::LineStatus) -> Result<Body, Fault> {
    Ok(Body::Line(LineEvent {
        line: v.line("line_status.line", &said.line)?,
        busy: said.channels_busy,
        total: said.channels_total,
    }))
}

fn ended_by(field: &'static str, number: i32) -> Result<EndedBy, Fault> {
    word_or(field, number, EndedBy::from_code, EndedBy::Unknown)
}

fn target(
    v: &mut Validator,
    field: &'static str,
    said: Option<wire::TransferTarget>,
) -> Result<Option<TransferTarget>, Fault> {
    use wire::transfer_target::Target;
    let Some(target) = said.and_then(|said| said.target) else {
        return Ok(None);
    };
    Ok(Some(match target {
        Target::Agent(agent) => TransferTarget::Agent(v.agent(field, &agent)?),
        Target::Queue(queue) => TransferTarget::Queue(v.queue(field, &queue)?),
        Target::Outside(number) => TransferTarget::Outside(free_text(field, &number)?),
    }))
}
