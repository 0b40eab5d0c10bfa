//! What one event is news of beside its call's visits: an agent set free.

use crate::model::{AgentId, CallEvent, CallId, Fact, Timestamp};

use super::live::LiveCall;
use super::state;
use super::told::Told;
use super::wrap_up::WrapUps;

/// What may have to be noted of a live call once the event is applied.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Who was released, and when.
    released: Option<(AgentId, Timestamp)>,
}

impl News {
    /// What an event may bring to its call.
    pub(super) fn of(told: &Told) -> Self {
        let mut news = Self::default();
        if let CallEvent::AgentReleased { agent, .. } = &told.event {
            news.released = Some((agent.clone(), told.at));
        }
        news
    }

    /// Notes it, as far as the call bears it out and counts.
    pub(super) fn note(self, call: &LiveCall, wrap_ups: &mut WrapUps) {
        let story = call.story();
        if story.record.test {
            return;
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
