//! From what a real Asterisk says to what happened: pure, messages and time in, call events out.
//!
//! A call is the channel a customer came in by: `Linkedid` changes without a word and one call joins several queues, so
//! neither names it. Everything else hangs on that channel: a queue visit belongs to the customer whom a way through
//! bridges and Local pairs leads to from the waiting channel; a talk is a telephone that such a way leads to; a transfer
//! is told by the transfer events and by what follows them. No rule trusts the order of two events, no event is needed
//! alone, and what is lost is concluded from what came after.
//!
//! Here: the clock, the channels, and which event goes where. Beside it: `live` (calls and talks), `waits` (visits and
//! offers), `passing` (transfers and consultations), `ending`, `resync` (after a gap).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::model::Timestamp;

use super::{
    agent_work::AgentWork,
    channels::{ChannelKey, Channels, Role},
    consults::Consult,
    live::Call,
    log_lines::Logged,
    members::Members,
    message::Message,
    names,
    queue_log::{Exits, LogLine},
    said::{AgentSaid, Conclusion, Said, What},
    states::States,
    user_events::Refused,
    waits::Wait,
};

/// How messages are understood.
#[derive(Debug)]
pub struct Options {
    /// Contexts that customers come in by; empty = every inbound channel that is no agent's is a customer.
    pub trunk_contexts: Vec<String>,
    /// Contexts in which the survey is asked.
    pub survey_contexts: Vec<String>,
    /// Agents' work after calls and at the desk.
    pub work: AgentWork,
    /// How visits ended, as `queue_log` knows it.
    pub exits: Exits,
    /// The lines of `queue_log` in the order of time: they fill gaps.
    pub log: Vec<LogLine>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trunk_contexts: Vec::new(),
            survey_contexts: vec!["survey".to_owned()],
            work: AgentWork::default(),
            exits: Exits::default(),
            log: Vec::new(),
        }
    }
}

/// What is looked at again later, because what decides it may come after it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// How a channel left its queue.
    Left(ChannelKey),
    /// How ringing ended for a waiting channel.
    Offers(ChannelKey),
    /// A customer's line that was to be hung up: the end may have been lost.
    Ended(ChannelKey),
    /// A telephone that left its call: its end may have been lost.
    Away(u64, ChannelKey),
    /// Two channels of which one dialled and the other answered: both are bridged by now.
    Bridged(ChannelKey, ChannelKey, Timestamp),
    /// A call of which a log says no more.
    Silent(u64, Timestamp),
    /// An agent of whom something was heard, or whose work after a call is over.
    Agent(usize),
    /// A list after the gap that ended then.
    Listed(Timestamp),
}

/// The interpreter of one PBX.
#[derive(Debug, Default)]
pub struct Interpreter {
    pub(super) options: Options,
    pub(super) members: Members,
    pub(super) states: States,
    pub(super) channels: Channels,
    pub(super) calls: BTreeMap<u64, Call>,
    pub(super) waits: HashMap<ChannelKey, Wait>,
    pub(super) consults: Vec<Consult>,
    /// How long a queue lets a member ring, as the longest ring shows that ended by itself.
    pub(super) full_rings: HashMap<String, Duration>,
    /// Telephones that customers came in by: what goes out there goes to the world outside.
    pub(super) trunks: HashSet<String>,
    pub(super) last_call: u64,
    /// While a list is told after a gap: the channels in it.
    pub(super) alive: Option<HashSet<ChannelKey>>,
    pub(super) listing_since: Option<Timestamp>,
    pub(super) logged: Logged,
    due: BTreeMap<(Timestamp, u64), Due>,
    due_count: u64,
    now: Timestamp,
    pub(super) said: Vec<Said>,
    pub(super) said_of_agents: Vec<AgentSaid>,
    pub(super) refused: Refused,
}

impl Interpreter {
    /// Knows these members, and nothing of any call.
    pub fn new(options: Options, members: Members) -> Self {
        Self {
            options,
            members,
            ..Self::default()
        }
    }

    /// Takes a message in. Its own stamp counts; without one (`timestampevents` is off, or it is the answer to an
    /// action) it happened when it was received, or with the message before it.
    pub fn handle(&mut self, message: &Message<'_>, received_at: Option<Timestamp>) {
        let Some(event) = message.event() else { return };
        let at = stamp(message).or(received_at).unwrap_or(self.now);
        self.handle_time(at);
        match event {
            b"Newchannel" => self.new_channel(message, at),
            b"Newstate" => self.new_state(message, at),
            b"Rename" => self.renamed(message),
            b"LocalBridge" => self.local_bridge(message, at),
            b"BridgeEnter" => self.bridge_enter(message, at),
            b"BridgeLeave" => self.bridge_leave(message, at),
            b"BridgeDestroy" => self.bridge_destroy(message, at),
            b"DialBegin" => self.dial_begin(message, at),
            b"DialEnd" => self.dial_end(message, at),
            b"QueueCallerJoin" => self.caller_join(message, at),
            b"QueueCallerLeave" => self.caller_leave(message, at),
            b"QueueCallerAbandon" => self.caller_abandon(message, at),
            b"AgentCalled" => self.agent_called(message, at),
            b"AgentConnect" => self.agent_connect(message, at),
            b"AgentRingNoAnswer" => self.ring_no_answer(message, at),
            b"AgentComplete" => self.agent_complete(message, at),
            b"Hold" => self.hold(message, at),
            b"Unhold" => self.unhold(message, at),
            b"BlindTransfer" => self.blind_transfer(message, at),
            b"AttendedTransfer" => self.attended_transfer(message, at),
            b"DTMFEnd" => self.digit(message, at),
            b"UserEvent" => self.user_event(message, at),
            b"HangupRequest" => self.hangup_request(message, at),
            b"SoftHangupRequest" => self.soft_hangup_request(message, at),
            b"Hangup" => self.hangup(message, at),
            b"QueueMember"
            | b"QueueMemberAdded"
            | b"QueueMemberRemoved"
            | b"QueueMemberStatus"
            | b"QueueMemberPause"
            | b"QueueMemberPaused" => {
                self.members.handle(event, message, at);
                self.member_state(event, message, at);
            }
            b"QueueStatusComplete" => self.listed_members(at),
            b"DeviceStateChange" => self.device_state(message, at),
            b"CoreShowChannel" => self.listed_channel(message, at),
            b"CoreShowChannelsComplete" => self.listed_channels(at),
            b"QueueEntry" => self.listed_entry(message, at),
            _ => {}
        }
    }

    /// Does what is due by now.
    pub fn handle_time(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > self.now {
                break;
            }
            match entry.remove() {
                Due::Left(key) => self.decide_exit(key, true),
                Due::Offers(key) => self.settle_offers(key),
                Due::Ended(key) => self.end_unheard(key, at),
                Due::Away(call, phone) => self.release_away(call, phone),
                Due::Bridged(one, other, since) => self.bridge_by_answer(one, other, since),
                Due::Silent(call, since) => self.end_silent(call, since),
                Due::Agent(place) => self.look_at_agent(place, at),
                Due::Listed(since) => self.give_up_list(since),
            }
        }
    }

    /// The earliest moment at which something will be decided by itself.
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Nothing more comes: decides what waits to be decided. Calls that are open stay open.
    pub fn finish(&mut self) {
        while let Some(at) = self.poll_deadline() {
            self.handle_time(at);
        }
        let calls: Vec<u64> = self.calls.keys().copied().collect();
        for call in calls {
            self.settle_open(call);
        }
    }

    /// Takes what was concluded since this was last asked; of one call in the order of conclusion. Nothing, while a list
    /// is being told that may complete it.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Said> {
        let end = match self.alive {
            Some(_) => 0,
            None => self.said.len(),
        };
        self.said.drain(..end)
    }

    /// Takes what was concluded of agents since this was last asked.
    pub fn drain_agents(&mut self) -> std::vec::Drain<'_, AgentSaid> {
        self.said_of_agents.drain(..)
    }

    /// Hands over both.
    pub fn drain_into(&mut self, each: &mut impl FnMut(Conclusion)) {
        self.drain().map(Conclusion::Call).for_each(&mut *each);
        let agents = self.said_of_agents.drain(..);
        agents.map(Conclusion::Agent).for_each(each);
    }

    /// The latest time known.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The ids of the calls that are open right now.
    pub fn open_ids(&self) -> HashSet<String> {
        let ids = self.calls.values().map(|call| call.id.to_string());
        ids.collect()
    }

    /// Takes the lines of `queue_log` of a time in which nobody listened; call it before `handle_gap`.
    pub fn set_log(&mut self, lines: Vec<LogLine>) {
        self.options.exits = Exits::default();
        for line in &lines {
            self.options.exits.add(line);
        }
        self.options.log = lines;
    }

    /// Says beforehand who an interface is.
    pub fn add_agent(&mut self, interface: &str) {
        self.members.add_agent(interface);
    }

    /// Calls open right now.
    pub fn open_calls(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn later(&mut self, at: Timestamp, span: Duration, due: Due) {
        self.due_count += 1;
        self.due.insert((at.plus(span), self.due_count), due);
    }

    pub(super) fn say(&mut self, call: u64, at: Timestamp, what: What) {
        let Some(call) = self.calls.get(&call).map(|call| call.id.clone()) else {
            return;
        };
        if let What::Event(kind) = &what {
            self.call_shows(kind, at);
        }
        self.said.push(Said { at, call, what });
    }

    /// Says something of a call that may be over.
    pub(super) fn say_of(&mut self, id: &str, at: Timestamp, what: What) {
        let call = id.into();
        self.said.push(Said { at, call, what });
    }

    /// The channel a message is about; taken in if it was not known, for its beginning may have been lost.
    pub(super) fn channel(&mut self, message: &Message<'_>, at: Timestamp) -> Option<ChannelKey> {
        let id = message.text("Uniqueid")?;
        if self.channels.has_ended(&id) {
            return None;
        }
        let name = message.text("Channel")?;
        let known = self.channels.find(&id);
        let key = known.unwrap_or_else(|| self.insert(&id, &name, at));
        if self.channels.get(key).is_some_and(|one| one.name != *name) {
            self.channels.rename(key, &name);
        }
        // Whatever speaks lives, whether the list that is being told names it or not.
        if let Some(alive) = &mut self.alive {
            alive.insert(key);
        }
        let channel = self.channels.get_mut(key)?;
        channel.heard_at = at;
        put(&mut channel.context, message.get("Context"));
        put(&mut channel.exten, message.get("Exten"));
        if channel.number.is_none() {
            channel.number = message.text("CallerIDNum").map(Into::into);
        }
        if known.is_none()
            && message.get("Linkedid") == message.get("Uniqueid")
            && message.event() != Some(b"Newchannel")
        {
            self.came_in(key, message, at);
        }
        Some(key)
    }

    /// The second channel of a message, such as the one that is rung.
    pub(super) fn second_channel(
        &mut self,
        message: &Message<'_>,
        id: &str,
        name: &str,
        at: Timestamp,
    ) -> Option<ChannelKey> {
        let id = message.text(id)?;
        if self.channels.has_ended(&id) {
            return None;
        }
        if let Some(key) = self.channels.find(&id) {
            return Some(key);
        }
        let name = message.text(name)?;
        Some(self.insert(&id, &name, at))
    }

    fn insert(&mut self, id: &str, name: &str, at: Timestamp) -> ChannelKey {
        let (key, quietest) = self.channels.insert(id, name, at);
        if let Some(alive) = &mut self.alive {
            alive.insert(key);
        }
        if let Some(quietest) = quietest {
            self.channel_gone(quietest, at, None);
        }
        key
    }

    fn new_channel(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        // `Ring` is a channel that somebody dialled us with; `Down` one that the switch makes to dial with.
        if message.get("ChannelState") == Some(b"4") {
            self.came_in(key, message, at);
        }
    }

    /// Somebody dialled us: a customer, or an agent's own line.
    pub(super) fn came_in(&mut self, key: ChannelKey, message: &Message<'_>, at: Timestamp) {
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        if channel.role != Role::Phone || channel.is_inbound {
            return;
        }
        let device = channel.device.clone();
        let is_customer = self.is_customer(key, message);
        // Who was not heard to come in may still show itself: by the queue it enters.
        let is_decided = is_customer || message.event() == Some(b"Newchannel");
        if let Some(channel) = self.channels.get_mut(key) {
            channel.is_inbound = is_decided;
        }
        if is_customer {
            self.trunks.insert(device);
            let name = message.name("CallerIDName");
            self.arrive(key, name, at);
        } else {
            self.second_line(key, at);
        }
    }

    /// Whether somebody who dialled us is a customer. Of a channel whose beginning was not heard the context says where it
    /// is by now, in a survey or a queue, and not where it came in.
    fn is_customer(&self, key: ChannelKey, message: &Message<'_>) -> bool {
        let Some(channel) = self.channels.get(key) else {
            return false;
        };
        let contexts = &self.options.trunk_contexts;
        if contexts.contains(&channel.context) {
            return true;
        }
        let is_agent = || {
            let extension = names::extension_of(&channel.device);
            self.members.is_agent(extension) || self.talks_with_customer(&channel.device)
        };
        if contexts.is_empty() {
            return !is_agent();
        }
        if message.event() == Some(b"Newchannel") {
            return false;
        }
        let is_in_queue = message.get("Application") == Some(b"Queue")
            || message.event() == Some(b"QueueCallerJoin");
        self.trunks.contains(&channel.device)
            || self.is_survey(&channel.context)
            || (is_in_queue && !is_agent())
    }

    fn new_state(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        if message.get("ChannelState") != Some(b"6") {
            return;
        }
        let Some(channel) = self.channels.get_mut(key) else {
            return;
        };
        if channel.up_at.is_none() {
            channel.up_at = Some(at);
            if let Role::Customer(call) = channel.role {
                self.say(call, at, What::Note(super::said::Note::Answered));
            }
        }
    }

    fn renamed(&mut self, message: &Message<'_>) {
        let key = message
            .text("Uniqueid")
            .and_then(|id| self.channels.find(&id));
        if let (Some(key), Some(name)) = (key, message.text("Newname")) {
            self.channels.rename(key, &name);
        }
    }

    fn local_bridge(&mut self, message: &Message<'_>, at: Timestamp) {
        // The names pair them; here they only become known if their own beginning was lost.
        let halves = [
            ("LocalOneUniqueid", "LocalOneChannel"),
            ("LocalTwoUniqueid", "LocalTwoChannel"),
        ];
        for (id, name) in halves {
            self.second_channel(message, id, name, at);
        }
    }

    fn bridge_enter(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(bridge) = message.get("BridgeUniqueid") else {
            return;
        };
        if let Some(key) = self.channel(message, at) {
            let before = self.channels.calls_reached(key);
            self.channels.enter(key, bridge);
            self.graph_changed(key, before, at);
        }
    }

    fn bridge_leave(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(bridge) = message.get("BridgeUniqueid") else {
            return;
        };
        if let Some(key) = self.channel(message, at) {
            // A hold ends with the bridge: a hang-up while on hold has no Unhold.
            self.end_hold(key, at);
            self.leaves_first(key);
            let before = self.channels.calls_reached(key);
            self.channels.leave(key, Some(bridge));
            self.graph_changed(key, before, at);
        }
    }

    /// One dialled, the other answered, and only one was seen in a bridge: the other's entry was lost.
    fn bridge_by_answer(&mut self, one: ChannelKey, other: ChannelKey, since: Timestamp) {
        let bridge_of = |key| self.channels.get(key).map(|one| one.bridge.clone());
        let (key, bridge) = match (bridge_of(one), bridge_of(other)) {
            (Some(Some(bridge)), Some(None)) => (other, bridge),
            (Some(None), Some(Some(bridge))) => (one, bridge),
            _ => return,
        };
        self.put_in_bridge(key, &bridge, since);
    }

    /// Puts a channel where it must be.
    pub(super) fn put_in_bridge(&mut self, key: ChannelKey, bridge: &[u8], at: Timestamp) {
        let before = self.channels.calls_reached(key);
        self.channels.enter(key, bridge);
        self.graph_changed(key, before, at);
    }

    fn bridge_destroy(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(bridge) = message.get("BridgeUniqueid") else {
            return;
        };
        for key in self.channels.inside(bridge).to_vec() {
            let before = self.channels.calls_reached(key);
            self.channels.leave(key, Some(bridge));
            self.graph_changed(key, before, at);
        }
    }

    /// A way may have opened or closed.
    pub(super) fn graph_changed(&mut self, key: ChannelKey, before: Vec<u64>, at: Timestamp) {
        let mut calls = before;
        calls.extend(self.channels.calls_reached(key));
        calls.sort_unstable();
        calls.dedup();
        for call in calls {
            self.follow(call, at);
        }
        self.follow_consults(key, at);
    }
}

/// The switch's own stamp: Unix seconds with microseconds.
pub fn stamp(message: &Message<'_>) -> Option<Timestamp> {
    let value = std::str::from_utf8(message.get("Timestamp")?).ok()?;
    instant(value)
}

/// Reads `1795424289.728595`.
pub fn instant(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = seconds.parse().ok()?;
    let digits = fraction.get(..fraction.len().min(6))?;
    let mut micros: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    for _ in digits.len()..6 {
        micros *= 10;
    }
    let whole = seconds.checked_mul(1_000_000)?;
    (seconds >= 0 && micros >= 0).then(|| Timestamp::from_micros(whole.saturating_add(micros)))
}

fn put(field: &mut String, value: Option<&[u8]>) {
    if let Some(value) = value
        && field.as_bytes() != value
    {
        *field = super::message::text(value).into_owned();
    }
}
