//! Who called within the last day, so that a repeat is seen while the caller still waits.
//!
//! Whether a call is a repeat is asked when it is shown, of the calls known by then: what another switch tells late, as a spool
//! that catches up does, counts as if it had been told in time.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{CallKey, SourceId, Timestamp};

/// Callers that are remembered for a day: some 30 MB.
pub const CALLERS_MAX: usize = 200_000;
/// Calls of one caller that are remembered, the newest: each is a repeat of the one before it.
const CALLS_MAX: usize = 8;
/// Within it a caller who calls again is a repeat (R1).
const REPEAT_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Callers, by the hash of the pseudonym.
#[derive(Debug, Default)]
pub(super) struct Callers(HashMap<[u8; 16], Called>);

/// A call: two switches may number theirs alike.
type Call = (CallKey, SourceId);

/// When one of them called.
#[derive(Debug, Default)]
struct Called {
    /// In order of time; of one instant in a fixed order.
    calls: Vec<(Timestamp, Call)>,
    /// The newest of those that are remembered no more.
    dropped_at: Option<Timestamp>,
}

impl Called {
    fn take_back(&mut self, call: &Call) {
        self.calls.retain(|(_, known)| known != call);
    }

    fn add(&mut self, at: Timestamp, call: Call) {
        let one = (at, call);
        let place = self.calls.partition_point(|known| *known < one);
        self.calls.insert(place, one);
        if self.calls.len() > CALLS_MAX {
            let (at, _) = self.calls.remove(0);
            self.dropped_at = self.dropped_at.max(Some(at));
        }
    }

    fn last_at(&self) -> Option<Timestamp> {
        self.calls.last().map(|(at, _)| *at).max(self.dropped_at)
    }
}

impl Callers {
    /// Takes in who makes a call, and since when, in place of what was known of it.
    pub(super) fn change(
        &mut self,
        (source, key): (&SourceId, CallKey),
        before: Option<([u8; 16], Timestamp)>,
        after: Option<([u8; 16], Timestamp)>,
    ) {
        if before == after {
            return;
        }
        let call = (key, source.clone());
        if let Some(called) = before.and_then(|(caller, _)| self.0.get_mut(&caller)) {
            called.take_back(&call);
        }
        let Some((caller, at)) = after else {
            return;
        };
        if let Some(called) = self.0.get_mut(&caller) {
            called.take_back(&call);
            called.add(at, call);
        } else if self.0.len() < CALLERS_MAX || self.make_room(at) {
            self.0.entry(caller).or_default().add(at, call);
        }
    }

    /// Whether the caller of a call had called within a day before it, by whichever switch.
    pub(super) fn is_repeat(
        &self,
        (caller, at): ([u8; 16], Timestamp),
        (source, key): (&SourceId, CallKey),
    ) -> bool {
        let Some(called) = self.0.get(&caller) else {
            return false;
        };
        let call = (at, (key, source.clone()));
        let before = called.calls.iter().filter(|known| **known < call);
        let dropped_at = called.dropped_at.filter(|dropped_at| *dropped_at < at);
        let mut before = before.map(|(at, _)| *at).chain(dropped_at);
        before.any(|before| at.since(before).is_some_and(|gap| gap <= REPEAT_WITHIN))
    }

    /// Once in a while: what is older than a day can go, and if nothing is, nobody more is remembered.
    fn make_room(&mut self, at: Timestamp) -> bool {
        let newest = self.0.values().filter_map(Called::last_at).max();
        let newest = newest.unwrap_or(at).max(at);
        self.0.retain(|_, called| {
            let age = called.last_at().and_then(|last| newest.since(last));
            age.is_some_and(|age| age <= REPEAT_WITHIN)
        });
        self.0.len() < CALLERS_MAX
    }

    /// Forgets a caller.
    pub(super) fn forget(&mut self, caller: &[u8; 16]) {
        self.0.remove(caller);
    }
}
