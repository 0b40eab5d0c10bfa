//! The fields of what was told, by their names in `events.proto`; what was not said is left out.

use crate::model::{CallEvent, QueueId, TransferTarget};

use super::super::calls::caller_text;
use super::super::zone::Zone;

/// Names and values.
pub(super) fn fields(event: &CallEvent, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut fields = Fields(Vec::new());
    match event {
        CallEvent::Arrived {
            caller,
            line,
            channel,
            direction,
        } => fields
            .put("caller", caller_text(*caller))
            .put("line", line.as_ref().map_or("", |line| line.as_str()))
            .put("channel", channel.as_deref().unwrap_or_default())
            .put("direction", direction.as_str()),
        CallEvent::Tagged { key, code, by } => fields
            .put("key", key.as_str())
            .put("code", &**code)
            .put("by", by.as_str()),
        CallEvent::Refused {
            reason,
            line,
            queue,
        } => fields
            .put("reason", reason.as_str())
            .put("line", line.as_ref().map_or("", |line| line.as_str()))
            .queue(queue.as_ref()),
        CallEvent::QueueEntered {
            queue,
            position,
            priority,
        } => fields
            .queue(Some(queue))
            .number("position", i64::from(*position))
            .number("priority", i64::from(*priority)),
        CallEvent::QueueLeft { queue, exit } => {
            fields.queue(Some(queue)).put("exit", exit.as_str())
        }
        CallEvent::AgentOffered { agent, queue } | CallEvent::AgentConnected { agent, queue } => {
            fields.put("agent", agent.as_str()).queue(queue.as_ref())
        }
        CallEvent::OfferMissed {
            agent,
            queue,
            reason,
        } => fields
            .put("agent", agent.as_str())
            .queue(queue.as_ref())
            .put("reason", reason.as_str()),
        CallEvent::AgentReleased { agent, queue, by } => fields
            .put("agent", agent.as_str())
            .queue(queue.as_ref())
            .put("by", by.as_str()),
        CallEvent::HoldStarted { agent, .. } | CallEvent::HoldEnded { agent } => {
            fields.put("agent", agent.as_str())
        }
        CallEvent::TransferStarted { method, from, to } => fields
            .put("method", method.as_str())
            .put("from_agent", from.as_str())
            .target(Some(to)),
        CallEvent::TransferCompleted { from, method, to } => fields
            .put("from_agent", from.as_str())
            .put("method", method.map_or("", |method| method.as_str()))
            .target(to.as_ref()),
        CallEvent::TransferFailed { from, cause } => fields
            .put("from_agent", from.as_str())
            .put("cause", cause.as_str()),
        // The key itself may be part of a number or a code: it is kept for surveys, and shown nowhere.
        CallEvent::DigitPressed { digit: _ } => &mut fields,
        CallEvent::CallbackPromised { due, queue } => fields
            .put(
                "due",
                due.map_or_else(String::new, |due| zone.local_text(due)),
            )
            .queue(queue.as_ref()),
        CallEvent::CallbackAttempted { result, agent } => fields
            .put("result", result.as_str())
            .put("agent", agent.as_ref().map_or("", |agent| agent.as_str())),
        CallEvent::MessageLeft { recording } => fields.put("recording_id", &**recording),
        CallEvent::Ended { by, cause } => fields.put("by", by.as_str()).put("cause", &**cause),
    };
    fields.0
}

struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn put(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name, value));
        }
        self
    }

    /// Zero = not said.
    fn number(&mut self, name: &'static str, value: i64) -> &mut Self {
        if value != 0 {
            self.0.push((name, value.to_string()));
        }
        self
    }

    fn queue(&mut self, queue: Option<&QueueId>) -> &mut Self {
        self.put("queue", queue.map_or("", QueueId::as_str))
    }

    fn target(&mut self, target: Option<&TransferTarget>) -> &mut Self {
        match target {
            None => self,
            Some(TransferTarget::Agent(agent)) => self.put("to_agent", agent.as_str()),
            Some(TransferTarget::Queue(queue)) => self.put("to_queue", queue.as_str()),
            Some(TransferTarget::Outside(number)) => self.put("to_outside", &**number),
        }
    }
}
