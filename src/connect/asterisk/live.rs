//! A call while it lives: its arrival, and who talks with the customer.
//!
//! A telephone talks with the customer as long as a way through bridges and Local pairs leads from one to the other.
//! `AgentConnect` names the agent of a visit; of a talk after a transfer no agent event speaks at all.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{
        AgentConnected, AgentReleased, CallArrived, Caller, Direction, EndedBy, HoldEnded,
        HoldStarted, call_event::Kind, caller,
    },
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    message::Message,
    passing::{Blind, Ring},
    resync::Unheard,
    said::{Note, What},
};

/// How long a telephone may be away from its call, in no other bridge, before its end counts as lost.
const AWAY_MAX: Duration = Duration::from_secs(2);

/// A `Uniqueid` begins with the second in which its channel was made; older than this at first sight, the beginning was
/// lost.
const SEEN_LATE: i64 = 2_000_000;

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: Arc<str>,
    pub(super) channel: ChannelKey,
    /// Open talks.
    pub(super) talks: Vec<Talk>,
    /// Talks that ended, the last ones: a transfer may be told after them.
    pub(super) past: Vec<PastTalk>,
    pub(super) blinds: Vec<Blind>,
    pub(super) rings: Vec<Ring>,
    /// Feature codes that led to nothing: the agent, and the number dialled.
    pub(super) came_to_nothing: Vec<(String, String)>,
    pub(super) in_survey: bool,
    /// A visit that was answered while nobody listened.
    pub(super) unheard: Option<Unheard>,
    pub(super) last_key: Option<(Timestamp, char)>,
}

/// An agent with the customer.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) agent: String,
    pub(super) phone: Option<ChannelKey>,
    pub(super) queue: Option<String>,
    /// A way led to the telephone.
    pub(super) reached: bool,
    /// Since when none does.
    pub(super) away_since: Option<Timestamp>,
    pub(super) on_hold: bool,
    /// Since when the switch holds the customer, for the agent dials a feature code.
    pub(super) parked_since: Option<Timestamp>,
    /// Who ended it, as `AgentComplete` says.
    pub(super) reason: Option<EndedBy>,
    /// Who left the bridge first, which is who hung up.
    pub(super) left_first: Option<EndedBy>,
}

/// A talk that ended.
#[derive(Debug)]
pub(super) struct PastTalk {
    pub(super) agent: String,
    pub(super) phone: Option<ChannelKey>,
    pub(super) at: Timestamp,
    pub(super) by: EndedBy,
}

/// The most ended talks of a call that are remembered.
const PAST_MAX: usize = 16;

impl Interpreter {
    /// A customer's call begins.
    pub(super) fn arrive(&mut self, key: ChannelKey, name: Option<String>, at: Timestamp) -> u64 {
        self.last_call += 1;
        let call = self.last_call;
        let Some(channel) = self.channels.get_mut(key) else {
            return call;
        };
        channel.role = Role::Customer(call);
        let id = Arc::clone(&channel.id);
        let made_at = made_at(&id).filter(|made| at.as_micros() - made.as_micros() > SEEN_LATE);
        let at = made_at.unwrap_or(at);
        let arrived = CallArrived {
            caller: caller_of(channel.number.as_deref()),
            line: channel.exten.clone(),
            channel: channel.name.clone(),
            direction: Direction::Inbound.into(),
        };
        let number = channel.number.clone();
        self.calls.insert(
            call,
            Call {
                id,
                channel: key,
                talks: Vec::new(),
                past: Vec::new(),
                blinds: Vec::new(),
                rings: Vec::new(),
                came_to_nothing: Vec::new(),
                in_survey: false,
                unheard: None,
                last_key: None,
            },
        );
        self.say(call, at, What::Event(Kind::Arrived(arrived)));
        self.say(call, at, What::Note(Note::Caller { number, name }));
        call
    }

    /// Whether a telephone talks with a customer right now: whatever else it does, it is no customer's. A trunk that
    /// carried somebody to the world outside still is.
    pub(super) fn talks_with_customer(&self, device: &str) -> bool {
        if self.trunks.contains(device) {
            return false;
        }
        let mut phones = self.calls.values().flat_map(|call| &call.talks);
        phones.any(|talk| {
            let phone = talk.phone.and_then(|phone| self.channels.get(phone));
            phone.is_some_and(|phone| phone.device == device)
        })
    }

    /// Looks who can hear the customer now.
    pub(super) fn follow(&mut self, call: u64, at: Timestamp) {
        let Some(channel) = self.calls.get(&call).map(|call| call.channel) else {
            return;
        };
        let reached = self.channels.reach(channel);
        for key in reached.iter().copied() {
            self.adopt_wait(call, key, at);
        }
        for key in reached.iter().copied() {
            let Some(phone) = self.channels.get(key) else {
                continue;
            };
            if phone.role != Role::Phone {
                continue;
            }
            if self.trunks.contains(&phone.device) {
                self.reached_outside(call, key, at);
            } else {
                self.reached(call, key, at);
            }
        }
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let mut gone = Vec::new();
        for talk in &mut live.talks {
            let Some(phone) = talk.phone.filter(|phone| !reached.contains(phone)) else {
                continue;
            };
            if talk.reached && talk.away_since.is_none() {
                talk.away_since = Some(at);
                gone.push(phone);
            }
        }
        for phone in gone {
            self.later(at, AWAY_MAX, Due::Away(call, phone));
        }
    }

    /// A telephone can hear the customer.
    fn reached(&mut self, call: u64, phone: ChannelKey, at: Timestamp) {
        let Some(device) = self.channels.get(phone).map(|one| one.device.clone()) else {
            return;
        };
        let agent = self.members.agent_of(&device).to_owned();
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let known = live.talks.iter_mut().find(|talk| {
            let is_it = talk.phone == Some(phone);
            is_it || (talk.phone.is_none() && talk.agent == agent)
        });
        if let Some(talk) = known {
            talk.phone = Some(phone);
            talk.reached = true;
            let was_away = talk.away_since.take().is_some();
            talk.parked_since = talk.parked_since.filter(|_| !was_away);
            talk.left_first = None;
            if was_away {
                self.consult_returned(call, &agent, at);
            }
            return;
        }
        // Passing on and hanging up are told before the telephone leaves the bridge.
        let past = self.calls.get(&call).map(|live| &live.past);
        let has_let_go = past.into_iter().flatten().any(|talk| {
            let gap = at.since(talk.at);
            let is_it = talk
                .phone
                .map_or(talk.agent == agent, |known| known == phone);
            is_it && gap.is_none_or(|gap| gap <= AWAY_MAX)
        });
        let hangs_up = self
            .channels
            .get(phone)
            .is_some_and(|one| one.hangup_requested.is_some());
        if has_let_go || hangs_up {
            return;
        }
        // The queue's own word was lost: whoever is bridged with a waiting customer has answered.
        let queue = self.answered_unheard(call, &agent, at);
        self.connect(call, agent, Some(phone), queue, at);
        let talks = self.calls.get_mut(&call).map(|live| &mut live.talks);
        if let Some(talk) = talks.and_then(|talks| talks.last_mut()) {
            talk.reached = true;
        }
    }

    pub(super) fn connect(
        &mut self,
        call: u64,
        agent: String,
        phone: Option<ChannelKey>,
        queue: Option<String>,
        at: Timestamp,
    ) {
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        live.rings.retain(|ring| Some(ring.phone) != phone);
        live.talks.push(Talk {
            agent: agent.clone(),
            phone,
            queue: queue.clone(),
            reached: false,
            away_since: None,
            on_hold: false,
            parked_since: None,
            reason: None,
            left_first: None,
        });
        self.blind_reached_agent(call, &agent);
        if self.is_unheard(call, &agent, at) {
            return;
        }
        let connected = AgentConnected {
            agent,
            queue: queue.unwrap_or_default(),
        };
        self.say(call, at, What::Event(Kind::AgentConnected(connected)));
    }

    /// Ends the talk of a telephone, if there is one.
    pub(super) fn release_phone(&mut self, phone: ChannelKey, by: EndedBy, at: Timestamp) {
        if let Some(call) = self.call_of_phone(phone) {
            self.release_where(call, at, by, |talk| talk.phone == Some(phone));
        }
    }

    /// The call that a telephone talks in.
    pub(super) fn call_of_phone(&self, phone: ChannelKey) -> Option<u64> {
        let talks_in = |call: &Call| call.talks.iter().any(|talk| talk.phone == Some(phone));
        let mut calls = self.calls.iter();
        calls
            .find(|(_, call)| talks_in(call))
            .map(|(call, _)| *call)
    }

    /// The call that a telephone talks in, or talked in.
    pub(super) fn call_of_any_phone(&self, phone: ChannelKey) -> Option<u64> {
        let talked = |call: &Call| call.past.iter().any(|talk| talk.phone == Some(phone));
        let past = self.calls.iter().find(|(_, call)| talked(call));
        self.call_of_phone(phone).or(past.map(|(call, _)| *call))
    }

    pub(super) fn release_where(
        &mut self,
        call: u64,
        at: Timestamp,
        by: EndedBy,
        ends: impl Fn(&Talk) -> bool,
    ) {
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let (ended, open) = std::mem::take(&mut live.talks)
            .into_iter()
            .partition::<Vec<_>, _>(|talk| ends(talk));
        live.talks = open;
        for talk in ended {
            self.released(call, talk, at, by);
        }
    }

    fn released(&mut self, call: u64, talk: Talk, at: Timestamp, by: EndedBy) {
        let Talk {
            agent,
            phone,
            queue,
            ..
        } = talk;
        if let Some(live) = self.calls.get_mut(&call) {
            if live.past.len() >= PAST_MAX {
                live.past.remove(0);
            }
            live.past.push(PastTalk {
                agent: agent.clone(),
                phone,
                at,
                by,
            });
        }
        self.say_came_to_nothing(call, &agent, at);
        let released = AgentReleased {
            agent,
            queue: queue.unwrap_or_default(),
            by: by.into(),
        };
        self.say(call, at, What::Event(Kind::AgentReleased(released)));
    }

    /// A telephone left its call some time ago and was not heard of again.
    pub(super) fn release_away(&mut self, call: u64, phone: ChannelKey) {
        let is_elsewhere = self.channels.reach(phone).len() > 1;
        let requested = self
            .channels
            .get(phone)
            .and_then(|one| one.hangup_requested);
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let mut talks = live.talks.iter();
        let Some(talk) = talks.find(|talk| talk.phone == Some(phone)) else {
            return;
        };
        let Some(since) = talk.away_since.filter(|_| !is_elsewhere) else {
            return;
        };
        let by = match requested {
            Some(_) => EndedBy::Agent,
            None => talk.reason.or(talk.left_first).unwrap_or(EndedBy::Unknown),
        };
        self.release_where(call, since, by, |talk| talk.phone == Some(phone));
    }

    /// A channel leaves its bridge: the first of a talk's two is the one that hangs up, should nothing else say so.
    pub(super) fn leaves_first(&mut self, key: ChannelKey) {
        let role = self.channels.get(key).map(|one| one.role);
        let (call, by) = match role {
            Some(Role::Customer(call)) => (Some(call), EndedBy::Caller),
            Some(Role::Phone) => (self.call_of_phone(key), EndedBy::Agent),
            Some(Role::Local) | None => return,
        };
        let live = call.and_then(|call| self.calls.get_mut(&call));
        for talk in live.into_iter().flat_map(|live| &mut live.talks) {
            if by == EndedBy::Caller || talk.phone == Some(key) {
                talk.left_first.get_or_insert(by);
            }
        }
    }

    pub(super) fn hold(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        let Some(call) = self.call_of_phone(key) else {
            return;
        };
        let Some(talk) = self.talk_of_phone(call, key) else {
            return;
        };
        // Without a class nobody pressed hold: the switch parks the customer while the agent dials a feature code.
        if message.get("MusicClass").is_none() {
            talk.parked_since.get_or_insert(at);
        } else if !std::mem::replace(&mut talk.on_hold, true) {
            let agent = talk.agent.clone();
            let hold = HoldStarted {
                agent,
                for_consultation: false,
            };
            self.say(call, at, What::Event(Kind::HoldStarted(hold)));
        }
    }

    pub(super) fn unhold(&mut self, message: &Message<'_>, at: Timestamp) {
        if let Some(key) = self.channel(message, at) {
            self.end_hold(key, at);
        }
    }

    /// Ends a hold, if there is one: REFER gives an Unhold that never had a Hold.
    pub(super) fn end_hold(&mut self, phone: ChannelKey, at: Timestamp) {
        let Some(call) = self.call_of_phone(phone) else {
            return;
        };
        // A hold for a consultation goes on while the telephone changes bridges.
        if let Some(talk) = self.talk_of_phone(call, phone)
            && std::mem::take(&mut talk.on_hold)
        {
            let agent = talk.agent.clone();
            self.say(call, at, What::Event(Kind::HoldEnded(HoldEnded { agent })));
        }
    }

    pub(super) fn talk_of_phone(&mut self, call: u64, phone: ChannelKey) -> Option<&mut Talk> {
        let live = self.calls.get_mut(&call)?;
        live.talks.iter_mut().find(|talk| talk.phone == Some(phone))
    }
}

/// When a channel was made, to the second, as its id says.
fn made_at(id: &str) -> Option<Timestamp> {
    // With `systemname` set the id has a prefix.
    let id = id.rsplit_once('-').map_or(id, |(_, id)| id);
    let seconds: i64 = id.split('.').next()?.parse().ok()?;
    (seconds > 0).then(|| Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
}

fn caller_of(number: Option<&str>) -> Option<Caller> {
    let id = match number? {
        "anonymous" | "Anonymous" | "Restricted" => caller::Id::Withheld(true),
        number => caller::Id::Number(number.to_owned()),
    };
    Some(Caller { id: Some(id) })
}
