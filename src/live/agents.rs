//! Agents at this moment: what calls show of them, else what the switch told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::model::{AgentEvent, AgentId, AgentState, AgentsNow, CallKey, QueueId, Text, Timestamp};

use super::call::{Busy, Engaged, OpenCall, Over};

/// Agents of one source that are followed; no switch has more, and each takes some hundred bytes.
pub const AGENTS_MAX: usize = 10_000;
/// Queues of one agent that are followed.
const QUEUES_MAX: usize = 64;
/// Ringings of one agent that are remembered.
const RUNG_MAX: usize = 8;

/// A talk as long as this wants looking at: `kpi.md` knows no limit, supervisors name a quarter of an hour.
const TALK_MAX: Duration = Duration::from_secs(15 * 60);
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

/// A state as it was told last.
#[derive(Debug)]
struct Told {
    state: AgentState,
    reason: Text,
    /// Since when, as long as nothing else was told in between.
    since: Timestamp,
    /// When it was told last.
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Agent {
    told: Option<Told>,
    queues: Queues,
    engaged: BTreeMap<(CallKey, Busy), Engaged>,
    /// The ringing or talk that began last, of those that are over: since when, until when.
    over: Option<(Timestamp, Timestamp)>,
    /// The newest ringings: when they ended, of which call, whether missed.
    rung: Vec<(Timestamp, CallKey, bool)>,
}

/// The queues that an agent serves: those that the switch told, and those for which calls were seen since. By time, so
/// that it does not matter in which order a start reads what was told and what calls show.
#[derive(Debug, Default)]
struct Queues {
    told: Option<(Timestamp, Vec<QueueId>)>,
    /// With the last time at which a call for it began.
    seen: BTreeMap<QueueId, Timestamp>,
}

impl Queues {
    fn tell(&mut self, at: Timestamp, queues: impl Iterator<Item = QueueId>) {
        if self.told.as_ref().is_none_or(|(known, _)| *known <= at) {
            let mut queues: Vec<_> = queues.take(QUEUES_MAX).collect();
            queues.sort_unstable();
            queues.dedup();
            self.seen.retain(|_, seen| *seen > at);
            self.told = Some((at, queues));
        }
    }

    fn see(&mut self, at: Timestamp, queue: &QueueId) {
        if self.told.as_ref().is_some_and(|(told, _)| at <= *told) {
            return;
        }
        if let Some(seen) = self.seen.get_mut(queue) {
            *seen = at.max(*seen);
        } else if self.seen.len() < QUEUES_MAX {
            self.seen.insert(queue.clone(), at);
        }
    }

    /// Each once.
    fn iter(&self) -> impl Iterator<Item = &QueueId> {
        let told = self.told.as_ref();
        let told = told.map_or(&[] as &[QueueId], |(_, queues)| queues);
        let seen = self.seen.keys().filter(|queue| !told.contains(queue));
        told.iter().chain(seen)
    }
}

/// The agents of one source.
#[derive(Debug, Default)]
pub(super) struct Agents {
    agents: HashMap<AgentId, Agent>,
    /// Every queue that anybody was seen or said to serve.
    pub(super) queues: BTreeSet<QueueId>,
    /// The switch says which agents serve which queues: a queue without any is served by nobody. A switch that tells of
    /// states alone leaves that to the calls, which show it by and by.
    pub(super) is_telling: bool,
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
                self.is_telling |= !queues.is_empty();
                for queue in queues.iter().take(QUEUES_MAX).map(label) {
                    self.know(&queue);
                }
                let Some(agent) = self.of(agent) else { return };
                if !queues.is_empty() {
                    agent.queues.tell(at, queues.iter().map(label));
                }
                let known = agent.told.as_ref();
                if known.is_none_or(|known| known.at <= at) {
                    let same =
                        known.filter(|known| known.state == *state && known.reason == *reason);
                    agent.told = Some(Told {
                        state: *state,
                        reason: reason.clone(),
                        since: same.map_or(at, |same| same.since),
                        at,
                    });
                }
            }
            AgentEvent::WrapUpEnded { agent } => {
                let Some(agent) = self.of(agent) else { return };
                if let Some(told) = &agent.told
                    && told.state == AgentState::WrapUp
                    && told.at <= at
                {
                    agent.told = Some(Told {
                        state: AgentState::Available,
                        reason: Text::default(),
                        since: at,
                        at,
                    });
                }
            }
        }
    }

    /// A call keeps its agents busy otherwise than before.
    pub(super) fn change(&mut self, key: CallKey, before: Option<&OpenCall>, after: &OpenCall) {
        if let Some(before) = before {
            if before.engaged == after.engaged && before.over == after.over {
                return;
            }
            for (agent, engaged) in &before.engaged {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.engaged.remove(&(key, engaged.busy));
                }
            }
        }
        for (agent, engaged) in &after.engaged {
            if let Some(queue) = &engaged.queue {
                self.know(queue);
            }
            let Some(agent) = self.of(agent) else {
                continue;
            };
            agent.engaged.insert((key, engaged.busy), engaged.clone());
            if let Some(queue) = &engaged.queue {
                agent.queues.see(engaged.since, queue);
            }
        }
        // What was over before is known, and stays so: a correction does not take it back.
        let known = before.map_or(&[] as &[_], |before| &before.over);
        let known = known.iter().zip(&after.over);
        let known = known.take_while(|(old, new)| old == new).count();
        for (agent, over) in &after.over[known..] {
            if let Some(queue) = &over.queue {
                self.know(queue);
            }
            if let Some(agent) = self.of(agent) {
                agent.let_go(key, over);
            }
        }
    }

    fn know(&mut self, queue: &QueueId) {
        if !self.queues.contains(queue) {
            self.queues.insert(queue.clone());
        }
    }

    /// A call is gone.
    pub(super) fn release(&mut self, key: CallKey, call: &OpenCall) {
        for (agent, engaged) in &call.engaged {
            if let Some(agent) = self.agents.get_mut(agent) {
                agent.engaged.remove(&(key, engaged.busy));
            }
        }
    }

    /// Counts every agent once, and once for each of its queues, and names those who have been in a state for too long, after a
    /// call for longer than `wrap_up_max`.
    pub(super) fn count(
        &self,
        now: Timestamp,
        wrap_up_max: Duration,
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
                AgentState::WrapUp => span > wrap_up_max,
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
            for queue in agent.queues.iter() {
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
    /// A ringing or a talk is over.
    fn let_go(&mut self, key: CallKey, over: &Over) {
        if let Some(queue) = &over.queue {
            self.queues.see(over.since, queue);
        }
        self.over = self.over.max(Some((over.since, over.until)));
        let Some(missed) = over.missed else { return };
        let rung = (over.until, key, missed);
        if let Err(place) = self.rung.binary_search(&rung) {
            self.rung.insert(place, rung);
            if self.rung.len() > RUNG_MAX {
                self.rung.remove(0);
            }
        }
    }

    /// What the agent does, why, and since when; `None` = nothing is known.
    fn state(&self) -> Option<(AgentState, Text, Timestamp)> {
        for (busy, state) in [
            (Busy::Talks, AgentState::Talking),
            (Busy::OtherCall, AgentState::OtherCall),
            (Busy::Rings, AgentState::Ringing),
        ] {
            let engaged = self.engaged.values();
            let engaged = engaged.filter(|engaged| engaged.busy == busy);
            if let Some(since) = engaged.map(|engaged| engaged.since).min() {
                return Some((state, Text::default(), since));
            }
        }
        let told = self.told.as_ref()?;
        if let (AgentState::WrapUp, Some((began, ended))) = (told.state, self.over) {
            // Work after a call ends with the next offer, whatever became of that.
            if began > told.at {
                return Some((AgentState::Available, Text::default(), ended));
            }
            // It was told again, of the call after that.
            if began > told.since {
                return Some((told.state, told.reason.clone(), ended.min(told.at)));
            }
        }
        Some((told.state, told.reason.clone(), told.since))
    }
}
