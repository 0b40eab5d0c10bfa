//! Agents that ring for a channel that waits: who, since when, and how it ended when nobody answered.

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{AgentOffered, MissedReason, OfferMissed, call_event::Kind},
};

use super::super::{
    channels::ChannelKey,
    interpreter::{Due, Interpreter},
    members::agent_of_interface,
    message::Message,
    said::What,
};
use super::{Offer, says_why};

/// Ringing that ends within this of leaving the queue ended because of that: the two are told within 5 ms.
const CUT_OFF: Duration = Duration::from_millis(100);

/// The most queues whose ringing is remembered.
const QUEUES_MAX: usize = 10_000;

impl Interpreter {
    pub(in crate::connect::asterisk) fn agent_called(
        &mut self,
        message: &Message<'_>,
        at: Timestamp,
    ) {
        let (Some(key), Some(queue)) = (self.channel(message, at), message.text("Queue")) else {
            return;
        };
        let dest = self.second_channel(message, "DestUniqueid", "DestChannel", at);
        let (Some(dest), Some(interface)) = (dest, message.get("Interface")) else {
            return;
        };
        self.members.learn(message);
        if !self.waits.contains_key(&key) {
            self.open_wait(key, &queue, 0, at);
        }
        let agent = agent_of_interface(interface);
        self.offer(key, agent, dest, at);
    }

    /// An agent rings for a channel that waits.
    fn offer(&mut self, key: ChannelKey, agent: String, dest: ChannelKey, at: Timestamp) {
        let phone = self.phone_behind(dest);
        let Some(wait) = self.waits.get_mut(&key) else {
            return;
        };
        if wait.offers.iter().any(|offer| offer.dest == dest) {
            return;
        }
        wait.offers.push(Offer {
            agent: agent.clone(),
            dest,
            phone,
            no_answer_at: None,
            rang: None,
            gone_at: None,
            cause: None,
            told: false,
        });
        if let Some(call) = wait.call {
            let queue = wait.queue.clone();
            let offered = AgentOffered { agent, queue };
            self.say(call, at, What::Event(Kind::AgentOffered(offered)));
        }
    }

    pub(in crate::connect::asterisk) fn ring_no_answer(
        &mut self,
        message: &Message<'_>,
        at: Timestamp,
    ) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        let dest = message
            .text("DestUniqueid")
            .and_then(|id| self.channels.find(&id));
        let agent = message.get("Interface").map(agent_of_interface);
        // Here, and only here, the time is in milliseconds.
        let rang = u64::try_from(message.number("RingTime").unwrap_or(0)).unwrap_or(0);
        let rang = Duration::from_millis(rang);
        let Some(wait) = self.waits.get_mut(&key) else {
            return;
        };
        let mut offers = wait.offers.iter_mut().rev();
        let offer = offers.find(|offer| match dest {
            Some(dest) => offer.dest == dest,
            None => Some(&offer.agent) == agent.as_ref(),
        });
        if let Some(offer) = offer {
            offer.no_answer_at.get_or_insert(at);
            offer.rang.get_or_insert(rang);
        } else if let (Some(dest), Some(agent)) = (dest, agent) {
            // Its beginning was lost.
            let since = at.minus(rang).max(wait.entered_at);
            self.offer(key, agent, dest, since);
            if let Some(offer) = self
                .waits
                .get_mut(&key)
                .and_then(|one| one.offers.last_mut())
            {
                offer.no_answer_at = Some(at);
                offer.rang = Some(rang);
            }
        }
        self.later(at, CUT_OFF * 2, Due::Offers(key));
    }

    /// A telephone that rang is gone: the cause tells busy from no answer, which the queue's own event does not.
    pub(in crate::connect::asterisk) fn offer_gone(
        &mut self,
        gone: ChannelKey,
        at: Timestamp,
        cause: Option<i64>,
    ) {
        let mut found = Vec::new();
        for (key, wait) in &mut self.waits {
            let mut offers = wait.offers.iter_mut();
            let of_it = |offer: &&mut Offer| offer.dest == gone || offer.phone == Some(gone);
            if let Some(offer) = offers.find(of_it) {
                offer.gone_at.get_or_insert(at);
                if offer.cause.is_none_or(|known| !says_why(known)) {
                    offer.cause = cause.or(offer.cause);
                }
                found.push(*key);
            }
        }
        for key in found {
            self.later(at, CUT_OFF * 2, Due::Offers(key));
        }
    }

    /// Says how ringing ended while the customer goes on waiting.
    pub(in crate::connect::asterisk) fn settle_offers(&mut self, key: ChannelKey) {
        let Some(wait) = self.waits.get(&key) else {
            return;
        };
        if wait.left_at.is_none() && wait.abandoned_at.is_none() {
            self.say_missed(key, None);
        }
    }

    /// Says how ringing ended that ended by itself before `before`; what leaving the queue cut off needs no word.
    pub(super) fn say_missed(&mut self, key: ChannelKey, before: Option<Timestamp>) {
        let Some(wait) = self.waits.get_mut(&key) else {
            return;
        };
        let (call, queue) = (wait.call, wait.queue.clone());
        // A ring as long as those that ended by themselves did so too, though the queue's time was up a moment later: it
        // looks for somebody once a second, and rings for a whole number of seconds.
        let full_ring = self.full_rings.get(&queue).copied();
        let mut longest = full_ring;
        let mut missed = Vec::new();
        for offer in wait.offers.iter_mut().filter(|offer| !offer.told) {
            let Some(ended_at) = offer.ended_at() else {
                continue;
            };
            let rang = offer.rang_out();
            let is_full =
                full_ring.is_some_and(|full| rang.is_some_and(|rang| rang + CUT_OFF >= full));
            let is_own = before.is_none_or(|before| is_full || ended_at.plus(CUT_OFF) < before);
            if before.is_none() {
                longest = longest.max(rang);
            }
            if is_own {
                offer.told = true;
                let reason = match offer.cause {
                    Some(17) => MissedReason::Busy,
                    Some(21) => MissedReason::Rejected,
                    _ => MissedReason::NoAnswer,
                };
                missed.push((ended_at, offer.agent.clone(), reason));
            }
        }
        if let Some(longest) = longest
            && full_ring != Some(longest)
            && self.full_rings.len() < QUEUES_MAX
        {
            self.full_rings.insert(queue.clone(), longest);
        }
        for (at, agent, reason) in missed {
            let queue = queue.clone();
            if let Some(call) = call {
                let missed = OfferMissed {
                    agent,
                    queue,
                    reason: reason.into(),
                };
                self.say(call, at, What::Event(Kind::OfferMissed(missed)));
            }
        }
    }
}
