//! Local members in a `queue_log`, which has no line for their blind transfers.
//!
//! A member behind `Local/…/n` (FreePBX's way) who passes the caller on moves the far half of the pair, and the next queue is
//! entered by that half: another id, as if somebody else had come, and the member's own talk ends with the whole call.
//! But the halves are made one after the other. `CONNECT` names the near one, so the far one has the next number: a
//! channel of that number and of that second which enters a queue for the same caller, while the member still talks, is
//! that half.

use std::collections::HashMap;

use crate::{
    model::Timestamp,
    proto::v1::{EndedBy, TransferMethod},
};

use super::{
    channels::ChannelKey,
    interpreter::Interpreter,
    passing::Blind,
    said::{How, Note, Passed, What},
};

/// Caller ids that many callers share name nobody: a shorter number is one of them, or a word.
const NUMBER_DIGITS_MIN: usize = 4;

/// The halves are made within the same second, or on both sides of its end.
const SECONDS_APART_MAX: u64 = 1;

/// The most talks whose far halves are waited for.
const HALVES_MAX: usize = 10_000;

/// Far halves, as far as a log shows them.
#[derive(Debug, Default)]
pub(super) struct Halves {
    /// By the number that a far half would have: of which talk.
    expected: HashMap<u64, Expected>,
    /// Those that were seen, by call.
    seen: HashMap<u64, Vec<ChannelKey>>,
}

#[derive(Debug)]
struct Expected {
    call: u64,
    agent: String,
    /// What stands before the number: the second, and the system's name where there is one.
    made: Made,
}

/// When and by whom a channel was made, as its id says.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    system: String,
    second: u64,
}

impl Made {
    /// Reads `1795464254.24` and `name-1795464254.24`.
    fn read(id: &str) -> Option<(Self, u64)> {
        let (made, number) = id.rsplit_once('.')?;
        let (system, second) = made.rsplit_once('-').unwrap_or(("", made));
        let system = system.to_owned();
        let second = second.parse().ok()?;
        Some((Self { system, second }, number.parse().ok()?))
    }

    fn is_beside(&self, other: &Self) -> bool {
        self.system == other.system && self.second.abs_diff(other.second) <= SECONDS_APART_MAX
    }
}

impl Interpreter {
    /// A queue gave a call to the member of this channel.
    pub(super) fn expect_half(&mut self, call: u64, agent: &str, member_id: &str) {
        let halves = &mut self.logged.halves;
        if let Some((made, number)) = Made::read(member_id)
            && halves.expected.len() < HALVES_MAX
        {
            let agent = agent.to_owned();
            let expected = Expected { call, agent, made };
            halves.expected.insert(number.saturating_add(1), expected);
        }
    }

    /// A channel that nobody knows enters a queue. If it is the far half of a member who talks with this caller, the member
    /// has passed the caller on: gives back its place, at which the caller stands.
    pub(super) fn half_enters(
        &mut self,
        id: &str,
        caller: &str,
        at: Timestamp,
    ) -> Option<ChannelKey> {
        let (made, number) = Made::read(id)?;
        let expected = self.logged.halves.expected.get(&number)?;
        let (call, agent) = (expected.call, expected.agent.clone());
        let live = self.calls.get(&call)?;
        let customer = live.channel;
        let is_same = caller.len() >= NUMBER_DIGITS_MIN
            && self.channels.get(customer)?.number.as_deref() == Some(caller);
        let talks = live.talks.iter().any(|talk| talk.agent == agent);
        if !is_same || !talks || !made.is_beside(&expected.made) {
            return None;
        }
        self.logged.halves.expected.remove(&number);
        // What it is really called is told by the manager interface alone.
        let (key, _) = self.channels.insert(id, &format!("Local/{id}"), at);
        let joined = format!("log {id}");
        for side in [customer, key] {
            self.channels.enter(side, joined.as_bytes());
        }
        self.logged.halves.seen.entry(call).or_default().push(key);
        let passed = Passed {
            method: TransferMethod::Blind,
            from: agent.clone(),
            to: String::new(),
            how: How::Refer,
            ok: true,
        };
        self.say(call, at, What::Note(Note::Passed(passed)));
        if let Some(live) = self.calls.get_mut(&call) {
            live.blinds.push(Blind {
                from: agent.clone(),
                at,
                to: String::new(),
                told: false,
                done: false,
            });
        }
        self.release_where(call, at, EndedBy::Agent, |talk| talk.agent == agent);
        Some(key)
    }

    /// A call is over: so are its halves.
    pub(super) fn forget_halves(&mut self, call: u64) {
        let halves = &mut self.logged.halves;
        halves.expected.retain(|_, expected| expected.call != call);
        for key in halves.seen.remove(&call).unwrap_or_default() {
            self.waits.remove(&key);
            self.channels.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_and_by_whom() {
        let (near, number) = Made::read("1795464254.24").unwrap();
        assert_eq!(number, 24);
        let (far, _) = Made::read("1795464255.25").unwrap();
        assert!(near.is_beside(&far));
        let (later, _) = Made::read("1795464256.25").unwrap();
        assert!(!near.is_beside(&later));
        let (other, number) = Made::read("pbx-2-1795464254.25").unwrap();
        assert_eq!((other.system.as_str(), number), ("pbx-2", 25));
        assert!(!near.is_beside(&other));
        assert_eq!(Made::read("NONE"), None);
    }
}
