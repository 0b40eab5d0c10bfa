//! What each agent does when no caller shows it: one state an agent, over all queues.
//!
//! Ringing and talking of callers are told by their calls, to the microsecond, and win wherever states are shown. What
//! calls do not show is told here: available, paused, at the desk, working after a call, on another call, not there.
//!
//! A member's pause comes once a queue, a telephone's state before or after the call that it belongs to, and a list
//! member by member. So an agent is looked at a moment after something was heard, and only a change is told, with the
//! time of what made it. The switch says when work after a call begins and never when it ends: its length comes from
//! the configuration, or from the member's own `Wrapuptime`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{AgentState, call_event::Kind},
};

use super::{
    interpreter::{Due, Interpreter},
    message::Message,
    names,
    queue_log::LogLine,
    said::{AgentSaid, AgentWhat},
};

/// What belongs together comes within this: a pause of five queues took 2 ms.
const SETTLE: Duration = Duration::from_millis(200);

/// A telephone in use, or ringing, for longer than this without a caller is on another call: it changes within 50 ms of
/// the events of its call in every run.
const OTHER_AFTER: Duration = Duration::from_secs(1);

/// The most agents, and of each the queues and telephones, that are followed.
const AGENTS_MAX: usize = 10_000;
const QUEUES_MAX: usize = 64;
const PHONES_MAX: usize = 8;

/// The contract takes no longer reason.
const REASON_BYTES_MAX: usize = 256;

/// What a device does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    #[default]
    Idle,
    Rings,
    Busy,
}

/// A member of one queue.
#[derive(Clone, Debug, Default)]
struct Membership {
    /// Why, if paused.
    paused: Option<String>,
    /// The telephone cannot be reached.
    is_away: bool,
    used: Use,
    /// The member's own work after a call, where it has one.
    wrap_up: Option<Duration>,
}

/// Work after a call.
#[derive(Clone, Copy, Debug)]
struct WrapUp {
    from: Timestamp,
    until: Timestamp,
    told: bool,
}

/// What was told last, or is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    state: AgentState,
    reason: String,
    queues: Vec<String>,
}

#[derive(Debug, Default)]
struct Agent {
    name: String,
    /// By queue, as the PBX names it.
    queues: BTreeMap<String, Membership>,
    phones: BTreeMap<String, Use>,
    used: Use,
    /// Since when the telephones do what they do.
    used_since: Option<Timestamp>,
    /// The last time a caller let go.
    free_since: Option<Timestamp>,
    wrap_up: Option<WrapUp>,
    changed_at: Option<Timestamp>,
    told: Option<(Timestamp, Told)>,
    /// A look is due.
    is_due: bool,
}

/// Everybody's states.
#[derive(Debug, Default)]
pub(super) struct States {
    agents: Vec<Agent>,
    by_name: HashMap<String, usize>,
    /// While a list is told after a gap: who was in it.
    listed: Option<HashSet<(usize, String)>>,
}

impl States {
    /// The place of an agent; made if there is none and `makes`.
    fn place(&mut self, name: &str, makes: bool) -> Option<usize> {
        if let Some(place) = self.by_name.get(name) {
            return Some(*place);
        }
        if !makes || self.agents.len() >= AGENTS_MAX {
            return None;
        }
        let place = self.agents.len();
        self.by_name.insert(name.to_owned(), place);
        self.agents.push(Agent {
            name: name.to_owned(),
            ..Agent::default()
        });
        Some(place)
    }

    /// Nothing was heard for a while: a list follows.
    pub(super) fn begin_list(&mut self) {
        self.listed = Some(HashSet::new());
        for agent in &mut self.agents {
            agent.phones.clear();
        }
    }
}

impl Agent {
    /// Notes what the telephones do by now.
    fn note_use(&mut self, at: Timestamp) {
        let of_queues = self.queues.values().map(|member| member.used);
        let used = of_queues.chain(self.phones.values().copied()).max();
        let used = used.unwrap_or_default();
        if used != self.used || self.used_since.is_none() {
            self.used = used;
            self.used_since = Some(at);
        }
    }

    /// The queues that could offer a call; all of them, if none could.
    fn serves(&self) -> Vec<String> {
        let could = self.queues.iter().filter(|(_, one)| one.paused.is_none());
        let could: Vec<String> = could.map(|(queue, _)| queue.clone()).collect();
        match could.is_empty() {
            true => self.queues.keys().cloned().collect(),
            false => could,
        }
    }

    fn is_away(&self) -> bool {
        self.queues.values().all(|member| member.is_away)
    }

    /// Why, if paused in every queue.
    fn paused(&self) -> Option<&str> {
        let mut reasons = self.queues.values().map(|member| member.paused.as_deref());
        let first = reasons.next()??;
        reasons.all(|reason| reason.is_some()).then_some(first)
    }
}

impl Interpreter {
    /// A member of a queue was told of.
    pub(super) fn member_state(&mut self, event: &[u8], message: &Message<'_>, at: Timestamp) {
        let interface = message
            .text("Interface")
            .or_else(|| message.text("Location"));
        let (Some(queue), Some(interface)) = (message.text("Queue"), interface) else {
            return;
        };
        let name = self.members.agent_of(&interface).to_owned();
        let Some(place) = self.states.place(&name, true) else {
            return;
        };
        let is_gone = event == b"QueueMemberRemoved";
        if let Some(listed) = self.states.listed.as_mut().filter(|_| !is_gone) {
            listed.insert((place, queue.clone().into_owned()));
        }
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        if is_gone {
            agent.queues.remove(&*queue);
        } else if agent.queues.len() < QUEUES_MAX || agent.queues.contains_key(&*queue) {
            let member = agent.queues.entry(queue.into_owned()).or_default();
            member.hear(message);
        }
        agent.note_use(at);
        self.look_soon(place, at);
    }

    /// A line of `queue_log` about a member. A pause of all queues has a line for each beside the one of none.
    pub(super) fn member_line(&mut self, line: &LogLine, at: Timestamp) {
        let paused = match line.event.as_str() {
            "ADDMEMBER" | "UNPAUSE" => None,
            "PAUSE" => Some(line.data.first().cloned().unwrap_or_default()),
            "REMOVEMEMBER" => None,
            _ => return,
        };
        if line.queue == "NONE" {
            return;
        }
        let name = self.members.agent_of_log(&line.agent);
        let Some(place) = self.states.place(&name, true) else {
            return;
        };
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        if line.event == "REMOVEMEMBER" {
            agent.queues.remove(&line.queue);
        } else if agent.queues.len() < QUEUES_MAX || agent.queues.contains_key(&line.queue) {
            let member = agent.queues.entry(line.queue.clone()).or_default();
            member.paused = paused.map(reason);
        }
        self.look_soon(place, at);
    }

    /// A telephone says what it does; of pseudo-devices and of others than agents nothing is known.
    pub(super) fn device_state(&mut self, message: &Message<'_>, at: Timestamp) {
        let (Some(device), Some(state)) = (message.text("Device"), message.get("State")) else {
            return;
        };
        if names::is_local(&device) || !device.contains('/') {
            return;
        }
        let used = match state {
            b"INUSE" | b"BUSY" | b"ONHOLD" | b"RINGINUSE" => Use::Busy,
            b"RINGING" => Use::Rings,
            _ => Use::Idle,
        };
        let name = self.members.agent_of(&device).to_owned();
        let Some(place) = self.states.place(&name, false) else {
            return;
        };
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        if agent.phones.len() < PHONES_MAX || agent.phones.contains_key(&*device) {
            agent.phones.insert(device.into_owned(), used);
        }
        agent.note_use(at);
        self.look_soon(place, at);
    }

    /// A list is whole: a member that it does not name is none any more.
    pub(super) fn listed_members(&mut self, at: Timestamp) {
        let Some(listed) = self.states.listed.take() else {
            return;
        };
        for place in 0..self.states.agents.len() {
            let Some(agent) = self.states.agents.get_mut(place) else {
                return;
            };
            let before = agent.queues.len();
            agent
                .queues
                .retain(|queue, _| listed.contains(&(place, queue.clone())));
            if agent.queues.len() != before {
                agent.note_use(at);
                self.look_soon(place, at);
            }
        }
    }

    /// A call was told of: it may begin or end an agent's work after the one before.
    pub(super) fn call_shows(&mut self, kind: &Kind, at: Timestamp) {
        let (name, released_from) = match kind {
            Kind::AgentReleased(one) => (&one.agent, Some(&one.queue)),
            Kind::OfferMissed(one) => (&one.agent, None),
            Kind::AgentOffered(one) => return self.end_wrap_up_of(&one.agent, at),
            Kind::AgentConnected(one) => return self.end_wrap_up_of(&one.agent, at),
            Kind::Arrived(_)
            | Kind::Tagged(_)
            | Kind::Refused(_)
            | Kind::QueueEntered(_)
            | Kind::QueueLeft(_)
            | Kind::HoldStarted(_)
            | Kind::HoldEnded(_)
            | Kind::TransferStarted(_)
            | Kind::TransferCompleted(_)
            | Kind::TransferFailed(_)
            | Kind::DigitPressed(_)
            | Kind::CallbackPromised(_)
            | Kind::CallbackAttempted(_)
            | Kind::MessageLeft(_)
            | Kind::Ended(_) => return,
        };
        let of_queue = released_from.and_then(|queue| self.options.work.after_call(queue));
        let Some(place) = self.states.place(name, of_queue.is_some()) else {
            return;
        };
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        // No line of a log names a static member: whoever was given a queue's call is one.
        if let Some(queue) = released_from.filter(|_| agent.told.is_none())
            && agent.queues.is_empty()
        {
            agent.queues.insert(queue.clone(), Membership::default());
        }
        agent.free_since = agent.free_since.max(Some(at));
        if let Some(queue) = released_from {
            let own = agent.queues.get(queue).and_then(|member| member.wrap_up);
            if let Some(span) = own.or(of_queue) {
                let until = at.plus(span);
                agent.wrap_up = Some(WrapUp {
                    from: at,
                    until,
                    told: false,
                });
                self.later(at, span, Due::Agent(place));
            }
        }
        self.look_soon(place, at);
    }

    /// The next call ends the work after the last one.
    fn end_wrap_up_of(&mut self, name: &str, at: Timestamp) {
        if let Some(place) = self.states.by_name.get(name).copied() {
            self.end_wrap_up(place, at);
        }
    }

    fn end_wrap_up(&mut self, place: usize, at: Timestamp) {
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        let Some(wrap_up) = agent.wrap_up.take_if(|wrap_up| wrap_up.from <= at) else {
            return;
        };
        let ended_at = at.min(wrap_up.until);
        agent.changed_at = agent.changed_at.max(Some(ended_at));
        if wrap_up.told {
            let agent = agent.name.clone();
            self.say_of_agent(ended_at, agent, AgentWhat::WrapUpEnded);
            self.look_soon(place, ended_at);
        }
    }

    fn look_soon(&mut self, place: usize, at: Timestamp) {
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        agent.changed_at = agent.changed_at.max(Some(at));
        if !std::mem::replace(&mut agent.is_due, true) {
            self.later(at, SETTLE, Due::Agent(place));
        }
    }

    /// Looks what an agent does by now, and tells it if it is another thing than before.
    pub(super) fn look_at_agent(&mut self, place: usize, now: Timestamp) {
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        agent.is_due = false;
        let Some(changed_at) = agent.changed_at else {
            return;
        };
        if let Some(wrap_up) = agent.wrap_up {
            let is_idle = agent.is_away() || agent.paused().is_some();
            if is_idle || wrap_up.until <= now {
                let ended_at = if is_idle { changed_at } else { wrap_up.until };
                self.end_wrap_up(place, ended_at.max(wrap_up.from));
            }
        }
        let Some((since, told)) = self.state_of(place, now) else {
            return;
        };
        let Some(agent) = self.states.agents.get_mut(place) else {
            return;
        };
        if agent.told.as_ref().is_some_and(|(_, known)| *known == told) {
            return;
        }
        let before = agent.told.as_ref().map(|(at, _)| *at);
        let at = before.map_or(since, |before| since.max(before));
        agent.told = Some((at, told.clone()));
        if let Some(wrap_up) = &mut agent.wrap_up {
            wrap_up.told = true;
        }
        let name = agent.name.clone();
        let Told {
            state,
            reason,
            queues,
        } = told;
        let what = AgentWhat::State {
            state,
            reason,
            queues,
        };
        self.say_of_agent(at, name, what);
    }

    /// What an agent does, calls of customers left out, and since when; `None` = it will be seen in a moment.
    fn state_of(&mut self, place: usize, now: Timestamp) -> Option<(Timestamp, Told)> {
        let agent = self.states.agents.get(place)?;
        let changed_at = agent.changed_at?;
        let told = |state: AgentState, reason: &str| Told {
            state,
            reason: reason.to_owned(),
            queues: agent.serves(),
        };
        if agent.is_away() {
            return Some((changed_at, told(AgentState::LoggedOut, "")));
        }
        if let Some(wrap_up) = agent.wrap_up {
            return Some((wrap_up.from, told(AgentState::WrapUp, "")));
        }
        let mut other = None;
        if agent.used != Use::Idle && !self.is_with_caller(&agent.name) {
            let since = agent.used_since.max(agent.free_since).unwrap_or(changed_at);
            let is_told = agent
                .told
                .as_ref()
                .is_some_and(|(_, told)| told.state == state_of_use(agent.used));
            if !is_told && now < since.plus(OTHER_AFTER) {
                let wait = since.plus(OTHER_AFTER).since(now).unwrap_or_default();
                self.later(now, wait, Due::Agent(place));
                return None;
            }
            other = Some((since, agent.used));
        }
        if let Some((since, Use::Busy)) = other {
            return Some((since, told(AgentState::OtherCall, "")));
        }
        if let Some(reason) = agent.paused() {
            let is_desk = self.options.work.is_desk(reason);
            let state = match is_desk {
                true => AgentState::Desk,
                false => AgentState::Paused,
            };
            return Some((changed_at, told(state, reason)));
        }
        if let Some((since, Use::Rings)) = other {
            return Some((since, told(AgentState::Ringing, "")));
        }
        Some((changed_at, told(AgentState::Available, "")))
    }

    /// Whether a caller's own call shows what the agent does.
    fn is_with_caller(&self, agent: &str) -> bool {
        let mut calls = self.calls.values();
        let in_call = calls.any(|call| {
            call.talks.iter().any(|talk| talk.agent == agent)
                || call.rings.iter().any(|ring| ring.agent == agent)
        });
        let mut waits = self.waits.values().filter(|wait| wait.call.is_some());
        in_call
            || waits.any(|wait| {
                let mut offers = wait.offers.iter();
                offers.any(|offer| offer.agent == agent && offer.is_open())
            })
    }

    fn say_of_agent(&mut self, at: Timestamp, agent: String, what: AgentWhat) {
        self.said_of_agents.push(AgentSaid { at, agent, what });
    }
}

fn state_of_use(used: Use) -> AgentState {
    match used {
        Use::Idle => AgentState::Available,
        Use::Rings => AgentState::Ringing,
        Use::Busy => AgentState::OtherCall,
    }
}

/// A reason as the contract takes it.
fn reason(mut words: String) -> String {
    words.truncate(words.floor_char_boundary(REASON_BYTES_MAX));
    words
}

impl Membership {
    /// Takes in what a message says; older versions leave out what has not changed.
    fn hear(&mut self, message: &Message<'_>) {
        if let Some(paused) = message.get("Paused") {
            let told = message.text("PausedReason");
            let told = told.or_else(|| message.text("Reason")).unwrap_or_default();
            self.paused = (paused == b"1").then(|| reason(told.into_owned()));
        }
        if let Some(status) = message.get("Status") {
            // 4 invalid, 5 unavailable; 2 in use, 3 busy, 7 in use and rings, 8 on hold; 6 rings.
            self.is_away = matches!(status, b"4" | b"5");
            self.used = match status {
                b"2" | b"3" | b"7" | b"8" => Use::Busy,
                b"6" => Use::Rings,
                _ => Use::Idle,
            };
        }
        // 0 = the queue's own.
        if let Some(seconds) = message.number("Wrapuptime") {
            let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
            self.wrap_up = seconds.map(Duration::from_secs);
        }
    }
}
