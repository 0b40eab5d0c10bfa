//! Visits: customers who wait in queues, and the agents that ring for them.
//!
//! A visit is begun by `QueueCallerJoin`, whoever the waiting channel is: the customer's own, or the half of a Local pair
//! behind which the customer stands after a transfer by a Local member. A channel that no customer stands behind is an
//! agent who consults: no visit, until a transfer puts a customer there.
//!
//! Agents that ring are in `offers`, how a visit ends without an answer in `exits`.

mod exits;
mod offers;

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{AgentOffered, QueueEntered, call_event::Kind},
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::{Due, Interpreter},
    members::agent_of_interface,
    message::Message,
    said::What,
};

/// After this a caller who left a queue and still lives was sent on by the dialplan. In every run measured a hang-up
/// followed the leave within 50 ms.
const GRACE: Duration = Duration::from_secs(1);

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
        if message.get("Linkedid") == message.get("Uniqueid") {
            self.came_in(key, message, at);
        }
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
}

/// Causes that say why a telephone did not answer: busy, rejected.
fn says_why(cause: i64) -> bool {
    matches!(cause, 17 | 21)
}
