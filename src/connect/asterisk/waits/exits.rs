//! How a visit ends without an answer.
//!
//! `QueueCallerAbandon` does not mean abandoned: a timeout and an emptied queue send it, too, and a key does not. So an
//! exit is decided from what surrounds it, at the latest a second later.

use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{QueueExit, QueueLeft, call_event::Kind},
};

use super::super::{
    channels::ChannelKey, interpreter::Interpreter, queue_log::LoggedExit, said::What,
};
use super::{GRACE, Offer, Wait};

/// A key that leads out of a queue is told within some milliseconds of it.
const KEY_BEFORE: Duration = Duration::from_millis(1_500);

/// An emptied queue lets its callers go at their next look: the retry of a queue, 5 s by default, and a second.
const EMPTIED_BEFORE: Duration = Duration::from_secs(7);

impl Interpreter {
    /// Decides how a channel left its queue, once that can be known.
    pub(in crate::connect::asterisk) fn decide_exit(&mut self, key: ChannelKey, is_final: bool) {
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
    pub(in crate::connect::asterisk) fn leave_queue(
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
    pub(in crate::connect::asterisk) fn end_waits(&mut self, call: u64, at: Timestamp) {
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
    pub(in crate::connect::asterisk) fn undecided(&self, call: u64) -> Option<ChannelKey> {
        let mut waits = self.waits.iter();
        let left = |wait: &Wait| wait.left_at.is_some() || wait.abandoned_at.is_some();
        let found = waits.find(|(_, wait)| wait.call == Some(call) && left(wait));
        found.map(|(key, _)| *key)
    }

    /// When the queue said that the caller was gone.
    pub(in crate::connect::asterisk) fn left_at(&self, key: ChannelKey) -> Option<Timestamp> {
        let wait = self.waits.get(&key)?;
        wait.abandoned_at.or(wait.left_at)
    }
}
