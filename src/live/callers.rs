//! Who called within the last day, so that a repeat is seen while the caller still waits.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{CallKey, CallRecord, SourceId, Timestamp};

use super::call::caller_of;

/// Callers that are remembered for a day: some 20 MB.
pub const CALLERS_MAX: usize = 200_000;
/// Within it a caller who calls again is a repeat (R1).
const REPEAT_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Callers, by the hash of the pseudonym.
#[derive(Debug, Default)]
pub(super) struct Callers(HashMap<[u8; 16], Called>);

/// When one of them called. The first call tells of a repeat when calls come out of order: one that waits since before
/// the last.
#[derive(Debug)]
struct Called {
    first_at: Timestamp,
    last_at: Timestamp,
    last: (SourceId, CallKey),
}

impl Called {
    /// Whether another call came within a day before this one.
    fn is_repeat(&self, call: (&SourceId, CallKey), at: Timestamp) -> bool {
        let within = |before| at.since(before).is_some_and(|gap| gap <= REPEAT_WITHIN);
        let last = !self.is_last(call) && within(self.last_at);
        last || (self.first_at < at && within(self.first_at))
    }

    fn is_last(&self, (source, key): (&SourceId, CallKey)) -> bool {
        self.last.1 == key && self.last.0 == *source
    }
}

impl Callers {
    /// Remembers who called; whether the same caller had called within a day before, by whichever switch.
    pub(super) fn remember(&mut self, call: (&SourceId, CallKey), record: &CallRecord) -> bool {
        let Some(caller) = caller_of(record) else {
            return false;
        };
        let at = record.arrived_at;
        if let Some(called) = self.0.get_mut(&caller) {
            let is_repeat = called.is_repeat(call, at);
            if called.is_last(call) {
                called.last_at = at;
            } else if at > called.last_at {
                called.last_at = at;
                called.last = (call.0.clone(), call.1);
            }
            // What is longer ago than a day tells nothing of the last one.
            let is_near = |first: Timestamp| {
                let age = called.last_at.since(first);
                age.is_some_and(|age| age <= REPEAT_WITHIN)
            };
            if !is_near(called.first_at) || (at < called.first_at && is_near(at)) {
                called.first_at = at;
            }
            return is_repeat;
        }
        if self.0.len() < CALLERS_MAX || self.make_room(at) {
            let last = (call.0.clone(), call.1);
            let called = Called {
                first_at: at,
                last_at: at,
                last,
            };
            self.0.insert(caller, called);
        }
        false
    }

    /// Once in a while: what is older than a day can go, and if nothing is, nobody more is remembered.
    fn make_room(&mut self, at: Timestamp) -> bool {
        let newest = self.0.values().map(|called| called.last_at).max();
        let newest = newest.unwrap_or(at).max(at);
        let recent = |last_at| {
            newest
                .since(last_at)
                .is_some_and(|age| age <= REPEAT_WITHIN)
        };
        self.0.retain(|_, called| recent(called.last_at));
        self.0.len() < CALLERS_MAX
    }

    /// Forgets a caller.
    pub(super) fn forget(&mut self, caller: &[u8; 16]) {
        self.0.remove(caller);
    }
}
