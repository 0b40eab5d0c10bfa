//! Agents at this moment: what calls show of them, else what the switch told.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::model::{AgentEvent, AgentId, AgentState, AgentsNow, CallKey, QueueId, Text, Timestamp};

use super::call::{Engaged, OpenCall};

/// Agents of one source that are followed; no switch has more, and each takes some hundred bytes.
pub const AGENTS_MAX: usize = 10_000;
/// Queues of one agent that are followed.
const QUEUES_MAX: usize = 64;
/// Ringings of one agent that are remembered.
const RUNG_MAX: usize = 8;

/// A talk as long as this wants looking at: `kpi.md` knows no limit, supervisors name a quarter of an hour.
const TALK_MAX: Duration = Duration::from_secs(15 * 60);
/// Work after a call: a form is filled in within two minutes.
const WRAP_UP_MAX: Duration = Duration::from_secs(2 * 60);
/// A pause: longer than a meal is a forgotten one.
const PAUSE_MAX: Duration = Duration::from_secs(30 * 60);
/// Ringings missed one after the other: nobody sits at that telephone.
const MISSED_MAX: usize = 3;

/// What an agent has been doing for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooLongState {
    /// In this state.
    State(AgentState, Text),
    /// So many calls rang in a row, and none was taken.
    Missed(usize),
}

/// An agent who has been in a state for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The agent.
    pub agent: AgentId,
    /// In what.
    pub state: TooLongState,
    /// For how long.
    pub span: Duration,
}

#[derive(Debug, Default)]
struct Agent {
    told: Option<(Timestamp, AgentState, Text)>,
    queues: Vec<QueueId>,
    engaged: BTreeMap<(CallKey, bool), Engaged>,
    /// The newest ringings: when they ended, of which call, whether missed.
    rung: Vec<(Timestamp, CallKey, bool)>,
}

/// The agents of one source.
#[derive(Debug, Default)]
pub(super) struct Agents {
    agents: HashMap<AgentId, Agent>,
    /// Agents beyond the cap were left out.
    pub(super) is_full: bool,
}

impl Agents {
    fn of(&mut self, agent: &AgentId) -> Option<&mut Agent> {
        if !self.agents.contains_key(agent) {
            if self.agents.len() >= AGENTS_MAX {
                self.is_full = true;
                return None;
            }
            self.agents.insert(agent.clone(), Agent::default());
        }
        self.agents.get_mut(agent)
    }

    /// Takes in what the switch told; what is older than what is known changes nothing.
    pub(super) fn tell(
        &mut self,
        at: Timestamp,
        told: &AgentEvent,
        label: &dyn Fn(&QueueId) -> QueueId,
    ) {
        match told {
            AgentEvent::StateChanged {
                agent,
                state,
                reason,
                queues,
            } => {
                let Some(agent) = self.of(agent) else { return };
                if agent.told.as_ref().is_none_or(|(known, ..)| *known <= at) {
                    let same = agent
                        .told
                        .as_ref()
                        .filter(|(_, known, why)| known == state && why == reason);
                    let since = same.map_or(at, |(since, ..)| *since);
                    agent.told = Some((since, *state, reason.clone()));
                    if !queues.is_empty() {
                        agent.queues = queues.iter().take(QUEUES_MAX).map(label).collect();
                    }
                }
            }
            AgentEvent::WrapUpEnded { agent } => {
                let Some(agent) = self.of(agent) else { return };
                if let Some((since, AgentState::WrapUp, _)) = &agent.told
                    && *since <= at
                {
                    agent.told = Some((at, AgentState::Available, Text::default()));
                }
            }
        }
    }

    /// A call keeps its agents busy otherwise than before.
    pub(super) fn change(&mut self, key: CallKey, before: Option<&OpenCall>, after: &OpenCall) {
        if let Some(before) = before {
            if before.engaged == after.engaged && before.rung == after.rung {
                return;
            }
            for (agent, engaged) in &before.engaged {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.engaged.remove(&(key, engaged.talks));
                }
            }
        }
        for (agent, engaged) in &after.engaged {
            let Some(agent) = self.of(agent) else {
                continue;
            };
            agent.engaged.insert((key, engaged.talks), engaged.clone());
            if let Some(queue) = &engaged.queue
                && !agent.queues.contains(queue)
                && agent.queues.len() < QUEUES_MAX
            {
                agent.queues.push(queue.clone());
            }
        }
        for (agent, at, missed) in &after.rung {
            let Some(agent) = self.of(agent) else {
                continue;
            };
            let rung = (*at, key, *missed);
            if let Err(place) = agent.rung.binary_search(&rung) {
                agent.rung.insert(place, rung);
                if agent.rung.len() > RUNG_MAX {
                    agent.rung.remove(0);
                }
            }
        }
    }

    /// A call is gone.
    pub(super) fn release(&mut self, key: CallKey, call: &OpenCall) {
        for (agent, engaged) in &call.engaged {
            if let Some(agent) = self.agents.get_mut(agent) {
                agent.engaged.remove(&(key, engaged.talks));
            }
        }
    }

    /// Counts every agent once, and once for each of its queues, and names those who have been in a state for too long.
    pub(super) fn count(
        &self,
        now: Timestamp,
        counts: &mut AgentsNow,
        too_long: &mut HashMap<QueueId, Vec<TooLong>>,
    ) {
        for (id, agent) in &self.agents {
            let Some((state, reason, since)) = agent.state() else {
                continue;
            };
            counts.all.add(state);
            let span = now.since(since).unwrap_or_default();
            let long = match state {
                AgentState::Talking => span > TALK_MAX,
                AgentState::WrapUp => span > WRAP_UP_MAX,
                AgentState::Paused => span > PAUSE_MAX,
                AgentState::Available
                | AgentState::Ringing
                | AgentState::OtherCall
                | AgentState::Desk
                | AgentState::LoggedOut => false,
            };
            let mut named = Vec::new();
            if long {
                let state = TooLongState::State(state, reason);
                named.push(TooLong {
                    agent: id.clone(),
                    state,
                    span,
                });
            }
            let missed = agent.rung.iter().rev().take_while(|(.., missed)| *missed);
            let missed = missed.count();
            if missed >= MISSED_MAX && state != AgentState::LoggedOut {
                let first = agent.rung[agent.rung.len() - missed].0;
                named.push(TooLong {
                    agent: id.clone(),
                    state: TooLongState::Missed(missed),
                    span: now.since(first).unwrap_or_default(),
                });
            }
            let queues: HashSet<&QueueId> = agent.queues.iter().collect();
            for queue in queues {
                counts.queues.entry(queue.clone()).or_default().add(state);
                if !named.is_empty() {
                    let all = too_long.entry(queue.clone()).or_default();
                    all.extend(named.iter().cloned());
                }
            }
        }
    }
}

impl Agent {
    /// What the agent does, why, and since when; `None` = nothing is known.
    fn state(&self) -> Option<(AgentState, Text, Timestamp)> {
        let of_calls = |talks: bool| {
            let engaged = self
                .engaged
                .values()
                .filter(|engaged| engaged.talks == talks);
            engaged.map(|engaged| engaged.since).min()
        };
        if let Some(since) = of_calls(true) {
            return Some((AgentState::Talking, Text::default(), since));
        }
        if let Some(since) = of_calls(false) {
            return Some((AgentState::Ringing, Text::default(), since));
        }
        let (since, state, reason) = self.told.clone()?;
        Some((state, reason, since))
    }
}
