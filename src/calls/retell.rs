//! A settled call made again: from what was told of it, and from what was told too late.
//!
//! What comes late is told to the call as if it had come in time, under the same limits. So a call made again is the one
//! that it would have been.

use crate::model::{Body, CallId, CallRecord, EpochIndex, Event, Mark, Marks, Mode};

use super::live::{LiveCall, Taken};
use super::state::{self, StateError};
use super::told::{Order, Told};

/// A settled call, made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retold {
    /// What is concluded about it.
    pub record: CallRecord,
    /// Everything told of it.
    pub told: Vec<u8>,
    /// Which of the late events are part of it, in their order; the others are more than is kept of one call.
    pub taken: Vec<bool>,
}

/// Makes a call again from what was told of it and from late events as `told_event` writes them. `marks` are those it
/// was settled with.
///
/// # Errors
/// When bytes are damaged, or of a version that is not known here.
pub fn retell(told: &[u8], late: &[&[u8]], marks: Marks) -> Result<Retold, StateError> {
    let told = state::told_of_settled(told)?;
    let mut call = LiveCall::new(CallId::new(""), Mode::Backfill, EpochIndex(0), told);
    let mut taken = Vec::with_capacity(late.len());
    for bytes in late {
        let mut is_taken = true;
        for event in state::told_of_settled(bytes)? {
            is_taken &= !matches!(call.tell(event), Taken::Full(_));
        }
        taken.push(is_taken);
    }
    let told = state::write_told(&call.told);
    let mut story = super::live::fold(&call.told).story;
    story.close_unknown();
    let mut record = story.settle();
    // Other calls crowded it out: what was told of it does not say so. It holds as long as no end is known.
    if marks.has(Mark::CrowdedOut) && record.marks.has(Mark::EndMissing) {
        record.marks.add(Mark::CrowdedOut);
    }
    if marks.has(Mark::Erased) {
        record.marks.add(Mark::Erased);
    }
    Ok(Retold {
        record,
        told,
        taken,
    })
}

/// One event of a call as `retell` takes it; nothing of an agent's or a line's.
pub fn told_event(epoch: EpochIndex, event: &Event) -> Option<Vec<u8>> {
    let Body::Call { event: told, .. } = &event.body else {
        return None;
    };
    let order = Order {
        epoch,
        sequence: event.sequence,
    };
    let told = Told::new(event.occurred_at, order, event.ahead, told.clone());
    Some(state::write_told(&[told]))
}
