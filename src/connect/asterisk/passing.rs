//! Passing the customer on blindly, and telephones that ring for a customer and not by a queue.
//!
//! A transfer is accepted before anybody knows what comes of it: `Result: Success` comes also for a busy target. So it is
//! told as begun when it is clear whom it meant, and what follows tells the rest.

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{
        AgentOffered, EndedBy, MissedReason, OfferMissed, TransferCompleted, TransferFailed,
        TransferFailure, TransferMethod, TransferStarted, TransferTarget, call_event::Kind,
        transfer_target::Target,
    },
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    message::Message,
    said::{How, Note, Passed, What},
};

/// Who answered is bridged within milliseconds; an announcement to the agent may come before.
const BRIDGED_AFTER: Duration = Duration::from_secs(1);

/// The same transfer's two words are within this: a log bears seconds, of a clock that may be one behind.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// A blind transfer of which it is not yet clear whom it reached.
#[derive(Debug)]
pub(super) struct Blind {
    pub(super) from: String,
    pub(super) at: Timestamp,
    pub(super) to: String,
    /// It was told, with its target.
    pub(super) told: bool,
    /// What came of it is known.
    pub(super) done: bool,
}

/// A telephone that rings for a customer, and not by a queue.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) agent: String,
    pub(super) phone: ChannelKey,
}

impl Interpreter {
    pub(super) fn blind_transfer(&mut self, message: &Message<'_>, at: Timestamp) {
        let transferer = message.text("TransfererUniqueid");
        let transferer = transferer.and_then(|id| self.channels.find(&id));
        let transferee = message.text("TransfereeUniqueid");
        let transferee = transferee.and_then(|id| self.channels.find(&id));
        // Behind a Local member the feature code can be heard by the pair instead of the telephone.
        let phone = transferer.map(|key| self.phone_behind(key).unwrap_or(key));
        let passes = phone.and_then(|phone| self.who_passes(phone));
        let Some((call, from)) = passes.or_else(|| self.last_to_pass(transferee?)) else {
            return;
        };
        let to = message.text("Extension").unwrap_or_default().into_owned();
        let ok = message
            .get("Result")
            .is_none_or(|result| result.eq_ignore_ascii_case(b"Success"));
        let how = match message.get("IsExternal") {
            Some(b"No") => How::FeatureCode,
            _ => How::Refer,
        };
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        // Told twice, or told by a log whose line is ahead: nobody passes a caller on twice within it.
        let is_told = |blind: &Blind| {
            let apart = at.since(blind.at).or_else(|| blind.at.since(at));
            blind.from == from && apart.is_some_and(|apart| apart <= TOLD_WITHIN)
        };
        if live.blinds.iter().any(is_told) {
            return;
        }
        let passed = Passed {
            method: TransferMethod::Blind,
            from: from.clone(),
            to: to.clone(),
            how,
            ok,
        };
        if ok {
            live.blinds.push(Blind {
                from: from.clone(),
                at,
                to,
                told: false,
                done: false,
            });
            self.say(call, at, What::Note(Note::Passed(passed)));
            self.release_where(call, at, EndedBy::Agent, |talk| talk.agent == from);
            // A swap of two events: the queue was entered before.
            let entered = self.waits.values().find(|wait| wait.call == Some(call));
            let entered = entered.filter(|wait| wait.entered_at >= at);
            if let Some(queue) = entered.map(|wait| wait.queue.clone()) {
                self.blind_reached_queue(call, &queue);
            }
        } else {
            let target = self.target_of_number(&to);
            self.say(call, at, What::Note(Note::Passed(passed)));
            self.say_started(call, at, TransferMethod::Blind, &from, target);
            let failed = TransferFailed {
                from_agent: from,
                cause: TransferFailure::Refused.into(),
            };
            self.say(call, at, What::Event(Kind::TransferFailed(failed)));
        }
    }

    /// The call and agent of a telephone that passes on; the talk may have ended a moment before.
    pub(super) fn who_passes(&self, phone: ChannelKey) -> Option<(u64, String)> {
        for (key, call) in &self.calls {
            let open = call.talks.iter().map(|talk| (talk.phone, &talk.agent));
            let past = call.past.iter().map(|talk| (talk.phone, &talk.agent));
            if let Some((_, agent)) = open.chain(past).find(|(of, _)| *of == Some(phone)) {
                return Some((*key, agent.clone()));
            }
        }
        None
    }

    /// Whoever talks with the customer behind a channel that is passed on: the telephone itself is not known.
    fn last_to_pass(&self, transferee: ChannelKey) -> Option<(u64, String)> {
        let call = self.call_behind(transferee)?;
        let talk = self.calls.get(&call)?.talks.last()?;
        Some((call, talk.agent.clone()))
    }

    /// Whom a dialled number stands for, as far as anybody can know.
    pub(super) fn target_of_number(&self, to: &str) -> Target {
        if self.members.is_agent(to) {
            Target::Agent(to.to_owned())
        } else {
            Target::Outside(to.to_owned())
        }
    }

    pub(super) fn say_started(
        &mut self,
        call: u64,
        at: Timestamp,
        method: TransferMethod,
        from: &str,
        target: Target,
    ) {
        let started = TransferStarted {
            method: method.into(),
            from_agent: from.to_owned(),
            to: Some(TransferTarget {
                target: Some(target),
            }),
        };
        self.say(call, at, What::Event(Kind::TransferStarted(started)));
    }

    fn blind_reached(&mut self, call: u64, target: Target, is_done: bool) -> Option<String> {
        let live = self.calls.get_mut(&call)?;
        let blind = live.blinds.iter_mut().rfind(|blind| !blind.done)?;
        let (from, at) = (blind.from.clone(), blind.at);
        let is_news = !std::mem::replace(&mut blind.told, true);
        blind.done = is_done;
        if is_news {
            self.say_started(call, at, TransferMethod::Blind, &from, target);
        }
        Some(from)
    }

    pub(super) fn blind_reached_queue(&mut self, call: u64, queue: &str) {
        self.blind_reached(call, Target::Queue(queue.to_owned()), true);
    }

    pub(super) fn blind_reached_agent(&mut self, call: u64, agent: &str) {
        self.blind_reached(call, Target::Agent(agent.to_owned()), true);
    }

    /// The customer speaks with the world outside.
    pub(super) fn reached_outside(&mut self, call: u64, _phone: ChannelKey, at: Timestamp) {
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let Some(blind) = live.blinds.iter().rfind(|blind| !blind.done) else {
            return;
        };
        let target = Target::Outside(blind.to.clone());
        if let Some(from_agent) = self.blind_reached(call, target, true) {
            let completed = TransferCompleted {
                from_agent,
                method: TransferMethod::Blind.into(),
                to: None,
            };
            self.say(call, at, What::Event(Kind::TransferCompleted(completed)));
        }
    }

    /// The call ends: a transfer that reached nobody is told with whom it was meant for.
    pub(super) fn settle_blinds(&mut self, call: u64) {
        while let Some(blind) = self
            .calls
            .get(&call)
            .and_then(|live| live.blinds.iter().find(|blind| !blind.told))
        {
            let target = self.target_of_number(&blind.to);
            if self.blind_reached(call, target, true).is_none() {
                return;
            }
        }
    }

    /// A customer was queued while agents are told to talk with him whom no way leads to: they have let go.
    pub(super) fn release_unreached(&mut self, call: u64, at: Timestamp) {
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let away = live.talks.iter().filter_map(|talk| {
            let since = talk.away_since?;
            Some((talk.agent.clone(), since.min(at)))
        });
        let away: Vec<(String, Timestamp)> = away.collect();
        for (agent, since) in away {
            self.release_where(call, since, EndedBy::Agent, |talk| talk.agent == agent);
        }
    }

    pub(super) fn dial_begin(&mut self, message: &Message<'_>, at: Timestamp) {
        let from = self.channel(message, at);
        let dest = self.second_channel(message, "DestUniqueid", "DestChannel", at);
        let Some(dest) = dest else { return };
        if let Some(from) = from {
            if let Some(channel) = self.channels.get_mut(from) {
                channel.dialled = Some(dest);
            }
            if let Some(channel) = self.channels.get_mut(dest) {
                channel.dialled_by = Some(from);
            }
            self.dialled(from, dest, at);
        }
    }

    /// A channel dials a telephone: for a queue's offer, for a consultation, or straight for a customer.
    fn dialled(&mut self, from: ChannelKey, dest: ChannelKey, at: Timestamp) {
        let Some(phone) = self.channels.get(dest) else {
            return;
        };
        if phone.role != Role::Phone {
            return;
        }
        let device = phone.device.clone();
        let mut origin = from;
        // A Local pair dials for whoever dialled it; a few in a row for follow-me.
        for _ in 0..8 {
            if self.is_of_queue(origin, dest) {
                return;
            }
            if let Some(call) = self.call_behind(origin) {
                self.ring(call, dest, &device, at);
                return;
            }
            if self.consult_dials(origin, &device) {
                return;
            }
            let Some(channel) = self.channels.get(origin) else {
                return;
            };
            let pair = channel.pair.and_then(|pair| self.channels.get(pair));
            let dialled_by = channel.dialled_by.or(pair.and_then(|pair| pair.dialled_by));
            match dialled_by.filter(|by| *by != origin) {
                Some(by) => origin = by,
                None => return,
            }
        }
    }

    /// Whether a channel dials because a queue offers: then the telephone is the offer's.
    fn is_of_queue(&mut self, origin: ChannelKey, phone: ChannelKey) -> bool {
        let pair = self.channels.get(origin).and_then(|one| one.pair);
        for (key, wait) in &mut self.waits {
            if *key == origin {
                return wait.left_at.is_none();
            }
            let mut offers = wait.offers.iter_mut();
            let of_pair = |dest| dest == origin || Some(dest) == pair;
            if let Some(offer) = offers.find(|offer| of_pair(offer.dest)) {
                offer.phone = Some(phone);
                return true;
            }
        }
        false
    }

    fn ring(&mut self, call: u64, phone: ChannelKey, device: &str, at: Timestamp) {
        if self.trunks.contains(device) {
            return;
        }
        let agent = self.members.agent_of(device).to_owned();
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        if live.rings.iter().any(|ring| ring.phone == phone) {
            return;
        }
        live.rings.push(Ring {
            agent: agent.clone(),
            phone,
        });
        self.blind_reached(call, Target::Agent(agent.clone()), false);
        let offered = AgentOffered {
            agent,
            queue: String::new(),
        };
        self.say(call, at, What::Event(Kind::AgentOffered(offered)));
    }

    pub(super) fn dial_end(&mut self, message: &Message<'_>, at: Timestamp) {
        let from = self.channel(message, at);
        let dest = message
            .text("DestUniqueid")
            .and_then(|id| self.channels.find(&id));
        let cause = match message.get("DialStatus") {
            Some(b"BUSY") => Some(17),
            Some(b"NOANSWER") => Some(19),
            Some(b"CONGESTION" | b"CHANUNAVAIL") => Some(21),
            _ => None,
        };
        if message.get("DialStatus") == Some(b"ANSWER")
            && let (Some(from), Some(dest)) = (from, dest)
        {
            self.later(at, BRIDGED_AFTER, Due::Bridged(from, dest, at));
        }
        if let (Some(dest), Some(cause)) = (dest, cause) {
            self.ring_gone(dest, at, Some(cause));
        }
    }

    /// A telephone that rang for a customer is gone, or was told not to answer.
    pub(super) fn ring_gone(&mut self, phone: ChannelKey, at: Timestamp, cause: Option<i64>) {
        let mut found = None;
        for (key, call) in &mut self.calls {
            if let Some(index) = call.rings.iter().position(|ring| ring.phone == phone) {
                found = Some((*key, call.rings.remove(index)));
            }
        }
        let Some((call, ring)) = found else { return };
        let customer = self.calls.get(&call).map(|live| live.channel);
        let customer = customer.and_then(|key| self.channels.get(key));
        let is_caller_gone = customer.is_some_and(|one| one.hangup_requested.is_some());
        let (reason, failure) = match cause {
            _ if is_caller_gone => (MissedReason::CallerGone, TransferFailure::CallerGone),
            Some(17) => (MissedReason::Busy, TransferFailure::Busy),
            Some(21) => (MissedReason::Rejected, TransferFailure::Refused),
            _ => (MissedReason::NoAnswer, TransferFailure::NoAnswer),
        };
        let missed = OfferMissed {
            agent: ring.agent,
            queue: String::new(),
            reason: reason.into(),
        };
        self.say(call, at, What::Event(Kind::OfferMissed(missed)));
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let blind = live.blinds.iter_mut().rfind(|blind| !blind.done);
        if let Some(blind) = blind.filter(|blind| blind.told) {
            blind.done = true;
            let failed = TransferFailed {
                from_agent: blind.from.clone(),
                cause: failure.into(),
            };
            self.say(call, at, What::Event(Kind::TransferFailed(failed)));
        }
    }

    /// The telephone behind a Local pair, or the channel itself.
    pub(super) fn phone_behind(&self, key: ChannelKey) -> Option<ChannelKey> {
        let mut at = key;
        for _ in 0..8 {
            let channel = self.channels.get(at)?;
            if channel.role != Role::Local {
                return Some(at);
            }
            let pair = self.channels.get(channel.pair?)?;
            at = pair.dialled?;
        }
        None
    }
}
