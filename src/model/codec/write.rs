//! Writing an event's bytes.

use super::{AGENT_STATE, AHEAD, LINE_STATUS, WRAP_UP};
use crate::model::event::{AgentEvent, Body, CallEvent, Caller, Event, TransferTarget};
use crate::model::ids::QueueId;
use crate::model::timestamp::Timestamp;

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
        // A hold for a consultation is a kind of its own: bytes written before there was one stay what they are.
        CallEvent::HoldStarted {
            for_consultation: true,
            ..
        } => 20,
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
        CallEvent::HoldStarted { agent, .. } | CallEvent::HoldEnded { agent } => {
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
