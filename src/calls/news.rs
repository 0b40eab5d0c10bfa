//! What one event is news of beside its call's visits: a refusal, an agent set free.

use crate::model::{AgentId, CallEvent, CallId, Direction, Fact, RefusalReason, Timestamp};

use super::live::LiveCall;
use super::state;
use super::told::Told;
use super::wrap_up::WrapUps;

/// What may have to be said of a live call once the event is applied.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The reason told, and how many refusals were known before.
    refused: Option<(RefusalReason, usize)>,
    /// Who was released, and when.
    released: Option<(AgentId, Timestamp)>,
}

impl News {
    /// What an event about to be told may bring to a call.
    pub(super) fn of(call: &LiveCall, told: &Told) -> Self {
        Self::with(told, call.story().record.refusals.len())
    }

    /// What the first event of a call may bring.
    pub(super) fn of_first(told: &Told) -> Self {
        Self::with(told, 0)
    }

    fn with(told: &Told, refusals: usize) -> Self {
        let mut news = Self::default();
        if let CallEvent::Refused { reason, .. } = &told.event {
            news.refused = Some((*reason, refusals));
        } else if let CallEvent::AgentReleased { agent, .. } = &told.event {
            news.released = Some((agent.clone(), told.at));
        }
        news
    }

    /// Says it, as far as the call bears it out and counts.
    pub(super) fn say(self, call: &LiveCall, wrap_ups: &mut WrapUps, facts: &mut Vec<Fact>) {
        let story = call.story();
        if story.record.test {
            return;
        }
        if let Some((reason, before)) = self.refused
            && story.record.refusals.len() > before
            && story.record.direction == Direction::Inbound
        {
            facts.push(Fact::CallRefused { reason });
        }
        if let Some((agent, at)) = self.released
            && let Some(leg) = story.last_leg(&agent)
            && let Some(queue) = &story.record.legs[leg].queue
        {
            wrap_ups.note_release(agent, at, queue.clone());
        }
    }
}

/// Says that an event came too late for its call.
pub(super) fn late(call: CallId, told: &Told) -> Fact {
    Fact::Late {
        call,
        kind: told.event.kind(),
        sequence: told.order.sequence,
        occurred_at: told.at,
        told: state::write_told(std::slice::from_ref(told)),
    }
}
