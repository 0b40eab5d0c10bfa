//! After a gap: what is still there, what is not, and what nobody can know.
//!
//! The manager interface has no backlog. What is listed when it speaks again (`CoreShowChannels`, `QueueStatus`) shows
//! which channels live and in which bridges; a call whose channel is gone ended in the gap, and how is not invented.

use std::collections::HashSet;
use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{AgentConnected, EndedBy, QueueEntered, QueueExit, QueueLeft, call_event::Kind},
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    message::Message,
    said::{Note, What},
};

/// A list takes milliseconds; of one that takes longer than any session waits for it the end was lost.
const LIST_MAX: Duration = Duration::from_secs(600);

/// A visit that was answered in a gap: the queue tells its waiting and talking when it is over, in whole seconds.
#[derive(Debug)]
pub(super) struct Unheard {
    queue: String,
    agent: Option<String>,
    entered_at: Timestamp,
    answered_at: Timestamp,
}

impl Interpreter {
    /// Nothing was heard between two moments.
    pub fn handle_gap(&mut self, from: Timestamp, to: Timestamp) {
        self.handle_time(from);
        let calls: Vec<u64> = self.calls.keys().copied().collect();
        for call in calls {
            self.say(call, from, What::Note(Note::Uncertain));
        }
        for wait in self.waits.values_mut() {
            wait.confirmed = false;
        }
        self.fill_gap(from, to);
        self.alive = Some(HashSet::new());
        self.listing_since = Some(to);
        self.later(to, LIST_MAX, Due::Listed(to));
        self.states.begin_list();
        self.handle_time(to);
    }

    /// A channel that lives.
    pub(super) fn listed_channel(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(id) = message.text("Uniqueid") else {
            return;
        };
        let was_known = self.channels.find(&id).is_some();
        let is_outgoing = message
            .get("ApplicationData")
            .is_some_and(|data| data == b"(Outgoing Line)");
        let Some(key) = self.listed(message, at, is_outgoing) else {
            return;
        };
        if let Some(alive) = &mut self.alive {
            alive.insert(key);
        }
        self.complete_arrival(key, message);
        match message.get("BridgeId") {
            Some(bridge) if !bridge.is_empty() => self.channels.enter(key, bridge),
            _ => self.channels.leave(key, None),
        }
        let is_waiting = message.get("Application") == Some(b"Queue")
            && message.get("BridgeId").is_none_or(<[u8]>::is_empty);
        if was_known || message.get("Application") != Some(b"Queue") || is_waiting {
            return;
        }
        // It came, waited and was answered while nobody listened.
        let data = message.text("ApplicationData").unwrap_or_default();
        let queue = data.split(',').next().unwrap_or_default();
        let since = message.text("Duration").and_then(|text| seconds_of(&text));
        let entered_at = since.map_or(at, |since| at.minus(Duration::from_secs(since)));
        if let Some(call) = self
            .call_behind(key)
            .and_then(|call| self.calls.get_mut(&call))
            && !queue.is_empty()
        {
            call.unheard = Some(Unheard {
                queue: queue.to_owned(),
                agent: None,
                entered_at,
                answered_at: at,
            });
        }
    }

    /// A call that a log began is alive: the list knows what no line tells, the number dialled and the caller's name.
    fn complete_arrival(&mut self, key: ChannelKey, message: &Message<'_>) {
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let Role::Customer(call) = channel.role else {
            return;
        };
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        // Elsewhere, and after a transfer, the extension is another one than that by which the call came.
        let is_first = message.get("Application") == Some(b"Queue") && live.blinds.is_empty();
        self.trunks.insert(channel.device.clone());
        for said in self.said.iter_mut().filter(|said| said.call == live.id) {
            match &mut said.what {
                What::Event(Kind::Arrived(arrived)) if arrived.channel.is_empty() => {
                    arrived.channel.clone_from(&channel.name);
                    if is_first && arrived.line.is_empty() {
                        arrived.line.clone_from(&channel.exten);
                    }
                }
                What::Note(Note::Caller { name, .. }) if name.is_none() => {
                    *name = message.name("CallerIDName");
                }
                What::Event(_) | What::Note(_) => {}
            }
        }
    }

    /// The list did not come to its end: nobody can be missed in it.
    pub(super) fn give_up_list(&mut self, since: Timestamp) {
        if self.listing_since == Some(since) {
            self.listing_since = None;
            self.alive = None;
        }
    }

    /// Whether an agent who connects answered in a gap: then it is said when the queue has told its figures.
    pub(super) fn is_unheard(&mut self, call: u64, agent: &str, at: Timestamp) -> bool {
        let unheard = self
            .calls
            .get_mut(&call)
            .and_then(|live| live.unheard.as_mut());
        let Some(unheard) = unheard.filter(|unheard| unheard.agent.is_none()) else {
            return false;
        };
        unheard.agent = Some(agent.to_owned());
        unheard.answered_at = at;
        true
    }

    /// The queue tells how long the customer waited and talked.
    pub(super) fn tell_unheard(&mut self, call: u64, message: &Message<'_>, at: Timestamp) {
        let span = |key| {
            u64::try_from(message.number(key)?)
                .ok()
                .map(Duration::from_secs)
        };
        let (Some(waited), Some(talked)) = (span("HoldTime"), span("TalkTime")) else {
            return;
        };
        let unheard = self
            .calls
            .get_mut(&call)
            .and_then(|live| live.unheard.as_mut());
        if let Some(unheard) = unheard {
            // Both are differences of whole seconds: neither lies before the call, nor the answer after it was seen.
            unheard.answered_at = at.minus(talked).min(unheard.answered_at);
            unheard.entered_at = unheard.answered_at.minus(waited).max(unheard.entered_at);
            self.say_unheard(call);
        }
    }

    /// Says of a visit that was answered in a gap what is known.
    pub(super) fn say_unheard(&mut self, call: u64) {
        let Some(unheard) = self
            .calls
            .get_mut(&call)
            .and_then(|live| live.unheard.take())
        else {
            return;
        };
        let Some(agent) = unheard.agent else { return };
        let queue = unheard.queue;
        let entered = QueueEntered {
            queue: queue.clone(),
            position: 0,
            priority: 0,
        };
        let entered_at = unheard.entered_at.min(unheard.answered_at);
        self.say(call, entered_at, What::Event(Kind::QueueEntered(entered)));
        let connected = AgentConnected { agent, queue };
        self.say(
            call,
            unheard.answered_at,
            What::Event(Kind::AgentConnected(connected)),
        );
    }

    fn listed(
        &mut self,
        message: &Message<'_>,
        at: Timestamp,
        is_outgoing: bool,
    ) -> Option<ChannelKey> {
        if !is_outgoing {
            return self.channel(message, at);
        }
        self.second_channel(message, "Uniqueid", "Channel", at)
    }

    /// The list is complete: what it does not name is gone.
    pub(super) fn listed_channels(&mut self, at: Timestamp) {
        let Some(alive) = self.alive.take() else {
            return;
        };
        self.listing_since = None;
        let gone = self.channels.keys().filter(|key| !alive.contains(key));
        let mut gone: Vec<ChannelKey> = gone.collect();
        gone.sort_unstable();
        for key in gone {
            let Some((heard_at, role)) =
                (self.channels.get(key)).map(|one| (one.heard_at, one.role))
            else {
                continue;
            };
            match role {
                Role::Customer(call) if self.begins_after_list(call) => {}
                Role::Customer(call) => {
                    self.lose(call, heard_at);
                    self.channels.remove(key);
                }
                Role::Phone => {
                    let by = self.who_left(key);
                    self.release_phone(key, by, heard_at);
                    self.channels.remove(key);
                }
                Role::Local => {
                    self.channels.remove(key);
                }
            }
            self.waits.remove(&key);
        }
        self.forget_latest();
        let calls: Vec<u64> = self.calls.keys().copied().collect();
        for call in calls {
            self.follow(call, at);
        }
    }

    /// Who ended a talk in a gap: a customer who is in the survey was sent there when the agent hung up.
    fn who_left(&self, phone: ChannelKey) -> EndedBy {
        let call = self
            .call_of_phone(phone)
            .and_then(|call| self.calls.get(&call));
        let customer = call.and_then(|call| self.channels.get(call.channel));
        match customer.is_some_and(|one| self.is_survey(&one.context)) {
            true => EndedBy::Agent,
            false => EndedBy::Unknown,
        }
    }

    /// Ends a call of which nobody knows how it ended: neither abandoned nor answered.
    pub(super) fn lose(&mut self, call: u64, at: Timestamp) {
        self.say(call, at, What::Note(Note::LostInGap));
        let waits = self.waits.values().filter(|wait| wait.call == Some(call));
        let queues: Vec<String> = waits.map(|wait| wait.queue.clone()).collect();
        for queue in queues {
            let left = QueueLeft {
                queue,
                exit: QueueExit::Error.into(),
            };
            self.say(call, at, What::Event(Kind::QueueLeft(left)));
        }
        self.end_at(call, at, EndedBy::Unknown, None);
    }

    /// A caller who waits; since when is known to the second.
    pub(super) fn listed_entry(&mut self, message: &Message<'_>, at: Timestamp) {
        let (Some(id), Some(queue)) = (message.text("Uniqueid"), message.text("Queue")) else {
            return;
        };
        let Some(key) = self.channels.find(&id) else {
            return;
        };
        // A log's line may be ahead of the list by a second: who talks by it waits no more.
        let call = self.call_behind(key).and_then(|call| self.calls.get(&call));
        if !self.waits.contains_key(&key) && call.is_none_or(|live| live.talks.is_empty()) {
            let waited = u64::try_from(message.number("Wait").unwrap_or(0)).unwrap_or(0);
            let position = message.number("Position").unwrap_or(0);
            self.open_wait(key, &queue, position, at.minus(Duration::from_secs(waited)));
        }
        if let Some(wait) = self.waits.get_mut(&key) {
            wait.confirmed = true;
        }
    }

    /// The recording ends: says of an open call what was waiting to be said.
    pub(super) fn settle_open(&mut self, call: u64) {
        self.say_unheard(call);
        self.settle_blinds(call);
    }
}

/// Reads `00:01:30`.
fn seconds_of(text: &str) -> Option<u64> {
    let mut seconds = 0_u64;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read() {
        assert_eq!(seconds_of("00:01:30"), Some(90));
        assert_eq!(seconds_of("x"), None);
    }
}
