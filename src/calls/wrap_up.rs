//! How long agents work after a call: from their last release to the end of the wrap-up.

use std::collections::HashMap;

use crate::model::{AgentId, Fact, QueueId, Timestamp};

/// The most agents whose last release is remembered.
const AGENTS_MAX: usize = 10_000;

/// The last leg each agent was released from, until the wrap-up ends.
#[derive(Debug, Default)]
pub(super) struct WrapUps {
    released: HashMap<AgentId, (Timestamp, QueueId)>,
}

impl WrapUps {
    /// An agent was released from a leg of this queue.
    pub(super) fn note_release(&mut self, agent: AgentId, at: Timestamp, queue: QueueId) {
        let full = self.released.len() >= AGENTS_MAX;
        match self.released.get_mut(&agent) {
            Some(last) if last.0 > at => {}
            Some(last) => *last = (at, queue),
            None if full => {}
            None => {
                self.released.insert(agent, (at, queue));
            }
        }
    }

    /// An agent's wrap-up ended.
    pub(super) fn end(&mut self, agent: &AgentId, at: Timestamp, facts: &mut Vec<Fact>) {
        if let Some((released_at, _)) = self.released.get(agent)
            && let Some(span) = at.since(*released_at)
            && let Some((_, queue)) = self.released.remove(agent)
        {
            facts.push(Fact::WrapUp { queue, span });
        }
    }

    /// Every release remembered, in order, for the checkpoint.
    pub(super) fn all(&self) -> Vec<(&AgentId, &(Timestamp, QueueId))> {
        let mut all: Vec<_> = self.released.iter().collect();
        all.sort_unstable();
        all
    }

    /// What the checkpoint left.
    pub(super) fn restore(all: Vec<(AgentId, (Timestamp, QueueId))>) -> Self {
        Self {
            released: all.into_iter().collect(),
        }
    }
}
