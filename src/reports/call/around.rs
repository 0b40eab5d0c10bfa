//! What the same caller did around one call, as the repeat report of the call's own local day knows it.
//!
//! Whether somebody called again is said by other calls: so these figures of a call are explained as of a report, and the
//! shortest that holds the call is that of its day. Which calls are looked at, in which order, and who is left out follows
//! from the very lines that make the report.

use std::time::Duration;

use crate::model::{CallRecord, Caller, Direction, Timestamp};
use crate::store::{Error, OfCaller, StoredCall};

use super::super::contacts::{Contacts, Known};
use super::super::context::Counted;
use super::super::plan::Plan;

/// What surrounds a call.
pub(super) struct Around {
    /// The call's local day: `2026-03-02`.
    pub(super) day: String,
    /// Windows of R1–R4, rising.
    pub(super) windows: Vec<Duration>,
    /// Calls are known up to here.
    pub(super) horizon: Timestamp,
    /// Whose call it is.
    pub(super) whose: Whose,
}

/// Whose call it is.
pub(super) enum Whose {
    /// Our own return call.
    Ours,
    /// The number was withheld.
    Withheld,
    /// No number was told, or it is kept no longer.
    Unknown,
    /// Of a number with more calls on one day than one person makes.
    Shared {
        /// The number of calls that one person makes at the most.
        most: u32,
    },
    /// Of somebody with these contacts, in order of time; the call is that of the index.
    Person {
        /// The contacts.
        known: Vec<Known>,
        /// The call's place among them.
        index: usize,
    },
}

impl Around {
    /// What surrounds a call; `plan` is its day.
    pub(super) fn of(
        plan: &Plan,
        windows: &[Duration],
        shared_over: Option<u32>,
        (call, record): (&StoredCall, &CallRecord),
        found: &OfCaller,
    ) -> Result<Self, Error> {
        let mut contacts = Contacts::new(Counted::default());
        for one in &found.calls {
            contacts.call(plan, one, &*one.record()?);
        }
        let whose = match (record.direction, record.caller) {
            (Direction::Return, _) => Whose::Ours,
            (Direction::Inbound, Caller::Withheld) => Whose::Withheld,
            (Direction::Inbound, Caller::Unknown) => Whose::Unknown,
            (Direction::Inbound, Caller::Known(caller)) => {
                let shared = contacts.settle(plan, shared_over);
                let known = contacts.callers.remove(&caller.hash).unwrap_or_default();
                let index = known.iter().position(|one| one.place == call.place);
                match (index, shared_over) {
                    (Some(index), _) => Whose::Person { known, index },
                    (None, Some(most)) if !shared.is_empty() => Whose::Shared { most },
                    // Made nobody's since it was read.
                    (None, _) => Whose::Unknown,
                }
            }
        };
        let day = plan.zone.local_text(record.arrived_at);
        Ok(Self {
            day: day.split('T').next().unwrap_or_default().to_owned(),
            windows: windows.to_vec(),
            horizon: found
                .last_arrival
                .map_or(record.arrived_at, |last| last.max(record.arrived_at)),
            whose,
        })
    }
}
