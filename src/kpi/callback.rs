//! Callbacks, and who was left unserved: what was promised to a caller, and what became of it.

use crate::model::{CallRecord, CallbackResult, Outcome, Timestamp};

/// What became of a promised callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    /// Promised, with or without a due time.
    pub promised: bool,
    /// The earliest time that was promised.
    pub due: Option<Timestamp>,
    /// Tries.
    pub tried: u32,
    /// The first try that reached the caller.
    pub reached_at: Option<Timestamp>,
}

impl Callback {
    /// What a call's record tells of it.
    pub fn of(record: &CallRecord) -> Self {
        let tries = &record.callbacks_tried;
        let reached = tries
            .iter()
            .find(|one| one.result == CallbackResult::Reached);
        Self {
            promised: !record.callbacks_promised.is_empty(),
            due: record.callbacks_promised.iter().flatten().min().copied(),
            tried: tries.len() as u32,
            reached_at: reached.map(|one| one.at),
        }
    }

    /// Reached, and not later than promised.
    pub fn is_kept(self) -> bool {
        let in_time = |at: Timestamp| self.due.is_none_or(|due| at <= due);
        self.promised && self.reached_at.is_some_and(in_time)
    }
}

/// Whether a call wanted something of us and got nothing: it reached a queue or was refused (V3), and neither a human, nor
/// the menu, nor a kept callback helped. Who is still on the line may yet be.
pub fn is_unserved(call: &CallRecord) -> bool {
    let demand = !call.visits.is_empty() || !call.refusals.is_empty();
    let helped = !call.legs.is_empty() || call.outcome == Some(Outcome::SelfServed);
    demand && call.outcome.is_some() && !helped && !Callback::of(call).is_kept()
}
