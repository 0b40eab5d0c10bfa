//! Visits: customers who wait in queues, and the agents that ring for them.
//!
//! A visit is begun by `QueueCallerJoin`, whoever the waiting channel is: the customer's own, or the half of a Local pair
//! behind which the customer stands after a transfer by a Local member. A channel that no customer stands behind is an
//! agent who consults: no visit, until a transfer puts a customer there.
//!
//! `QueueCallerAbandon` does not mean abandoned: a timeout and an emptied queue send it, too, and a key does not. So an
//! exit is decided from what surrounds it, at the latest a second later.

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{
        AgentOffered, MissedReason, OfferMissed, QueueEntered, QueueExit, QueueLeft,
        call_event::Kind,
    },
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    members::agent_of_interface,
    message::Message,
    queue_log::LoggedExit,
    said::What,
};

/// After this a caller who left a queue and still lives was sent on by the dialplan. In every run measured a hang-up
/// followed the leave within 50 ms.
const GRACE: Duration = Duration::from_secs(1);

/// Ringing that ends within this of leaving the queue ended because of that: the two are told within 5 ms.
const CUT_OFF: Duration = Duration::from_millis(100);

/// A key that leads out of a queue is told within some milliseconds of it.
const KEY_BEFORE: Duration = Duration::from_millis(1_500);

/// An emptied queue lets its callers go at their next look: the retry of a queue, 5 s by default, and a second.
const EMPTIED_BEFORE: Duration = Duration::from_secs(7);

/// The most queues whose ringing is remembered.
const QUEUES_MAX: usize = 10_000;

/// A channel in a queue.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) queue: String,
    pub(super) entered_at: Timestamp,
    /// The customer's call; `None` for an agent who consults.
    pub(super) call: Option<u64>,
    pub(super) offers: Vec<Offer>,
    context: String,
    abandoned_at: Option<Timestamp>,
    pub(super) left_at: Option<Timestamp>,
    key_at: Option<Timestamp>,
    /// Found waiting after a gap: since when is only known to the second.
    pub(super) confirmed: bool,
}

impl Wait {
    /// Whether an agent is known to ring.
    pub(super) fn offers_to(&self, agent: &str) -> bool {
        let mut offers = self.offers.iter();
        offers.any(|offer| offer.agent == agent && !offer.told)
    }
}

/// An agent that rings.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) agent: String,
    pub(super) dest: ChannelKey,
    /// The telephone behind a Local member.
    pub(super) phone: Option<ChannelKey>,
    /// The queue says that nobody answered.
    no_answer_at: Option<Timestamp>,
    /// How long it rang then.
    rang: Option<Duration>,
    gone_at: Option<Timestamp>,
    cause: Option<i64>,
    told: bool,
}

impl Offer {
    /// Nothing says that it ended.
    pub(super) fn is_open(&self) -> bool {
        !self.told && self.ended_at().is_none()
    }

    /// It was told how it ended.
    pub(super) fn close(&mut self, at: Timestamp) {
        self.gone_at = Some(at);
        self.told = true;
    }

    /// It rang out by itself, and the queue said how long.
    fn rang_out(&self) -> Option<Duration> {
        let has_cause = self.cause.is_some_and(says_why);
        self.rang.filter(|_| !has_cause)
    }

    fn ended_at(&self) -> Option<Timestamp> {
        match (self.no_answer_at, self.gone_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

impl Interpreter {
    pub(super) fn caller_join(&mut self, message: &Message<'_>, at: Timestamp) {
        let (Some(key), Some(queue)) = (self.channel(message, at), message.text("Queue")) else {
            return;
        };
        if let Some(wait) = self.waits.get(&key) {
            if wait.queue == *queue && wait.left_at.is_none() {
                return;
            }
            self.decide_exit(key, true);
            self.waits.remove(&key);
        }
        self.open_wait(key, &queue, message.number("Position").unwrap_or(0), at);
    }

    /// A channel waits in a queue from now on.
    pub(super) fn open_wait(&mut self, key: ChannelKey, queue: &str, position: i64, at: Timestamp) {
        let call = self.call_behind(key);
        let context = self.channels.get(key).map(|one| one.context.clone());
        self.waits.insert(
            key,
            Wait {
                queue: queue.to_owned(),
                entered_at: at,
                call,
                offers: Vec::new(),
                context: context.unwrap_or_default(),
                abandoned_at: None,
                left_at: None,
                key_at: None,
                confirmed: false,
            },
        );
        match call {
            Some(call) => self.say_entered(call, queue, position, at),
            None => self.consult_in_queue(key, queue),
        }
    }

    fn say_entered(&mut self, call: u64, queue: &str, position: i64, at: Timestamp) {
        self.blind_reached_queue(call, queue);
        self.release_unreached(call, at);
        let entered = QueueEntered {
            queue: queue.to_owned(),
            position: u32::try_from(position).unwrap_or(0),
            priority: 0,
        };
        self.say(call, at, What::Event(Kind::QueueEntered(entered)));
    }

    /// The customer behind a channel: the channel itself, or whoever a way leads to.
    pub(super) fn call_behind(&self, key: ChannelKey) -> Option<u64> {
        match self.channels.get(key)?.role {
            Role::Customer(call) => Some(call),
            Role::Local | Role::Phone => self.channels.calls_reached(key).first().copied(),
        }
    }

    /// A customer came to stand behind a channel that waits: an agent who consulted a queue has passed him on.
    pub(super) fn adopt_wait(&mut self, call: u64, key: ChannelKey, at: Timestamp) {
        let Some(wait) = self.waits.get_mut(&key) else {
            return;
        };
        if wait.call.is_some() || wait.left_at.is_some() {
            return;
        }
        wait.call = Some(call);
        let queue = wait.queue.clone();
        let ringing = wait.offers.iter().filter(|offer| !offer.told);
        let ringing: Vec<String> = ringing.map(|offer| offer.agent.clone()).collect();
        self.say_entered(call, &queue, 0, at);
        for agent in ringing {
            let queue = queue.clone();
            let offered = AgentOffered { agent, queue };
            self.say(call, at, What::Event(Kind::AgentOffered(offered)));
        }
    }

    pub(super) fn caller_abandon(&mut self, message: &Message<'_>, at: Timestamp) {
        let (Some(key), Some(queue)) = (self.channel(message, at), message.text("Queue")) else {
            return;
        };
        if !self.waits.contains_key(&key) {
            // The join was lost: the waiting time is known to the second.
            let waited = u64::try_from(message.number("HoldTime").unwrap_or(0)).unwrap_or(0);
            let entered_at = at.minus(Duration::from_secs(waited));
            self.open_wait(key, &queue, 0, entered_at);
        }
        if let Some(wait) = self.waits.get_mut(&key) {
            wait.abandoned_at.get_or_insert(at);
        }
        self.later(at, GRACE, Due::Left(key));
    }

    pub(super) fn caller_leave(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        if let Some(wait) = self.waits.get_mut(&key)
            && wait.left_at.is_none()
        {
            wait.left_at = Some(at);
            self.later(at, GRACE, Due::Left(key));
        }
    }

    pub(super) fn agent_called(&mut self, message: &Message<'_>, at: Timestamp) {
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

    pub(super) fn ring_no_answer(&mut self, message: &Message<'_>, at: Timestamp) {
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
    pub(super) fn offer_gone(&mut self, gone: ChannelKey, at: Timestamp, cause: Option<i64>) {
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
    pub(super) fn settle_offers(&mut self, key: ChannelKey) {
        let Some(wait) = self.waits.get(&key) else {
            return;
        };
        if wait.left_at.is_none() && wait.abandoned_at.is_none() {
            self.say_missed(key, None);
        }
    }

    /// Says how ringing ended that ended by itself before `before`; what leaving the queue cut off needs no word.
    fn say_missed(&mut self, key: ChannelKey, before: Option<Timestamp>) {
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

    pub(super) fn agent_connect(&mut self, message: &Message<'_>, at: Timestamp) {
        let Some(key) = self.channel(message, at) else {
            return;
        };
        let dest = self.second_channel(message, "DestUniqueid", "DestChannel", at);
        let (Some(interface), Some(queue)) = (message.get("Interface"), message.text("Queue"))
        else {
            return;
        };
        let agent = agent_of_interface(interface);
        let phone = dest.and_then(|dest| self.phone_behind(dest));
        if let Some(device) = phone.and_then(|phone| self.channels.get(phone)) {
            let device = device.device.clone();
            self.members.alias(&device, &agent);
        }
        if !self.waits.contains_key(&key) && !self.has_answered(key, &agent) {
            // How it came to wait was lost: since when is known to the second.
            let waited = u64::try_from(message.number("HoldTime").unwrap_or(0)).unwrap_or(0);
            self.open_wait(key, &queue, 0, at.minus(Duration::from_secs(waited)));
        }
        let Some(wait) = self.waits.get(&key) else {
            return;
        };
        let Some(call) = wait.call else {
            self.waits.remove(&key);
            self.consult_answered(key, &agent, at);
            return;
        };
        let (entered_at, is_offered) = (wait.entered_at, wait.offers_to(&agent));
        self.say_missed(key, Some(at));
        self.waits.remove(&key);
        if !is_offered && !self.talks_with(call, &agent) {
            // The beginning of the ringing was lost: its length is told in whole seconds, here, not in milliseconds.
            let rang = u64::try_from(message.number("RingTime").unwrap_or(0)).unwrap_or(0);
            let since = at.minus(Duration::from_secs(rang)).max(entered_at);
            let (agent, queue) = (agent.clone(), queue.clone().into_owned());
            let offered = AgentOffered { agent, queue };
            self.say(call, since, What::Event(Kind::AgentOffered(offered)));
        }
        let Some(live) = self.calls.get(&call) else {
            return;
        };
        let mut talks = live.talks.iter();
        if !talks.any(|talk| talk.agent == agent && talk.away_since.is_none()) {
            self.connect(call, agent, phone, Some(queue.into_owned()), at);
        }
        self.follow(call, at);
    }

    fn talks_with(&self, call: u64, agent: &str) -> bool {
        let live = self.calls.get(&call);
        live.is_some_and(|live| live.talks.iter().any(|talk| talk.agent == agent))
    }

    /// Whether an agent talks with the customer behind a channel already.
    fn has_answered(&self, key: ChannelKey, agent: &str) -> bool {
        let call = self.call_behind(key).and_then(|call| self.calls.get(&call));
        call.is_none_or(|call| call.talks.iter().any(|talk| talk.agent == agent))
    }

    /// A channel took the place of another one in its queue: the customer that of the agent who consulted it.
    pub(super) fn move_wait(&mut self, from: ChannelKey, to: ChannelKey, at: Timestamp) {
        if let Some(wait) = self.waits.remove(&from)
            && let Some(call) = self.call_behind(to)
        {
            self.waits.insert(to, wait);
            self.adopt_wait(call, to, at);
        }
    }

    /// An agent is bridged with a customer who waits: the visit was answered, though the queue's word was lost. Gives
    /// back the queue.
    pub(super) fn answered_unheard(
        &mut self,
        call: u64,
        agent: &str,
        at: Timestamp,
    ) -> Option<String> {
        let of_call = |(_, wait): &(&ChannelKey, &Wait)| wait.call == Some(call);
        let (key, wait) = self.waits.iter().find(of_call)?;
        let key = *key;
        // Somebody whom the queue did not ring came to the customer in another way.
        let rang = wait.offers.iter().any(|offer| offer.agent == agent);
        if !rang && !wait.offers.is_empty() && wait.left_at.is_none() {
            return None;
        }
        self.say_missed(key, Some(at));
        self.waits.remove(&key).map(|wait| wait.queue)
    }

    /// A key on a channel that waits may lead out of the queue.
    pub(super) fn key_in_queue(&mut self, key: ChannelKey, at: Timestamp) {
        if let Some(wait) = self.waits.get_mut(&key) {
            wait.key_at = Some(at);
        }
    }

    /// Decides how a channel left its queue, once that can be known.
    pub(super) fn decide_exit(&mut self, key: ChannelKey, is_final: bool) {
        let Some(wait) = self.waits.get(&key) else {
            return;
        };
        let Some(left_at) = wait.left_at.or(wait.abandoned_at).filter(|_| is_final) else {
            return;
        };
        let Some(call) = wait.call else {
            self.waits.remove(&key);
            return;
        };
        let exit = self.exit_of(key, call, left_at);
        self.leave_queue(key, call, exit, left_at);
    }

    /// Says the exit; `None` = the caller hung up, which the call's end says.
    pub(super) fn leave_queue(
        &mut self,
        key: ChannelKey,
        call: u64,
        exit: Option<QueueExit>,
        at: Timestamp,
    ) {
        // An emptied queue does not interrupt a ring; a timeout does.
        let is_uncut = exit == Some(QueueExit::LeftEmpty);
        self.say_missed(key, Some(at).filter(|_| !is_uncut));
        let Some(wait) = self.waits.remove(&key) else {
            return;
        };
        if let Some(exit) = exit {
            let left = QueueLeft {
                queue: wait.queue,
                exit: exit.into(),
            };
            self.say(call, at, What::Event(Kind::QueueLeft(left)));
        }
    }

    fn exit_of(&self, key: ChannelKey, call: u64, left_at: Timestamp) -> Option<QueueExit> {
        let wait = self.waits.get(&key)?;
        let channel = self.channels.get(key);
        let id = channel.map(|one| &*one.id);
        match id.and_then(|id| self.options.exits.near(id, &wait.queue, left_at)) {
            Some(LoggedExit::Left(exit)) => return Some(exit),
            Some(LoggedExit::Abandoned) => return None,
            None => {}
        }
        // The caller's own hang-up is requested; the dialplan's is not.
        let customer = self.calls.get(&call).map(|call| call.channel);
        let customer = customer.and_then(|key| self.channels.get(key));
        if customer.is_some_and(|one| one.hangup_requested.is_some()) {
            return None;
        }
        let within = |at: Timestamp| left_at.since(at).is_some_and(|gap| gap <= KEY_BEFORE);
        let was_sent_on = channel.is_some_and(|one| one.context != wait.context);
        if wait.abandoned_at.is_none() && (was_sent_on || wait.key_at.is_some_and(within)) {
            return Some(QueueExit::KeyExit);
        }
        if self.was_emptied(wait, left_at) {
            return Some(QueueExit::LeftEmpty);
        }
        Some(QueueExit::Timeout)
    }

    /// Whether the queue's last agent went away shortly before: a ring is not interrupted by it.
    fn was_emptied(&self, wait: &Wait, left_at: Timestamp) -> bool {
        let Some(empty_since) = self.members.empty_since(&wait.queue) else {
            return false;
        };
        let rang_until = wait.offers.iter().filter_map(Offer::ended_at).max();
        let looked_at = rang_until.map_or(empty_since, |rang| rang.max(empty_since));
        let entered_empty = empty_since <= wait.entered_at;
        let since = if entered_empty {
            wait.entered_at
        } else {
            looked_at
        };
        let limit = if entered_empty { GRACE } else { EMPTIED_BEFORE };
        left_at.since(since).is_some_and(|gap| gap <= limit)
    }

    /// The customer is gone: nobody waits any more. Ringing that had ended before is told.
    pub(super) fn end_waits(&mut self, call: u64, at: Timestamp) {
        let of_call = self
            .waits
            .iter()
            .filter(|(_, wait)| wait.call == Some(call));
        let keys: Vec<ChannelKey> = of_call.map(|(key, _)| *key).collect();
        for key in keys {
            self.say_missed(key, Some(at));
            self.waits.remove(&key);
        }
    }

    /// Whether a customer's visit ended without an exit decided: where, and when.
    pub(super) fn undecided(&self, call: u64) -> Option<ChannelKey> {
        let mut waits = self.waits.iter();
        let left = |wait: &Wait| wait.left_at.is_some() || wait.abandoned_at.is_some();
        let found = waits.find(|(_, wait)| wait.call == Some(call) && left(wait));
        found.map(|(key, _)| *key)
    }

    /// When the queue said that the caller was gone.
    pub(super) fn left_at(&self, key: ChannelKey) -> Option<Timestamp> {
        let wait = self.waits.get(&key)?;
        wait.abandoned_at.or(wait.left_at)
    }
}

/// Causes that say why a telephone did not answer: busy, rejected.
fn says_why(cause: i64) -> bool {
    matches!(cause, 17 | 21)
}
