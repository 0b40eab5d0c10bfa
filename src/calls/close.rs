//! The one way in which a call ended.

use crate::model::{CallRecord, Exit, ExitClass, Mark, Outcome, RefusalReason, TagKey};

/// The call's outcome, by the first that holds: a human answered; the menu, a message or a promise served; how the last
/// visit or refusal ended; nothing of all that.
///
/// A human's answer stands even when the end was never told: that much is certain, and `end_missing` marks the rest.
pub(super) fn outcome(record: &CallRecord) -> Outcome {
    if !record.legs.is_empty() {
        let queued = !record.visits.is_empty() || record.marks.has(Mark::VisitMissing);
        return if queued {
            Outcome::Served
        } else {
            Outcome::Direct
        };
    }
    if record.tags.iter().any(|tag| tag.key == TagKey::SelfServed) {
        return Outcome::SelfServed;
    }
    if record.messages > 0 {
        return Outcome::MessageLeft;
    }
    let last_exit = record.visits.last().and_then(|visit| visit.exit);
    if last_exit == Some(Exit::Callback) || !record.callbacks_promised.is_empty() {
        return Outcome::CallbackPromised;
    }
    if record.marks.has(Mark::EndMissing) {
        return Outcome::Unknown;
    }
    if let Some(exit) = last_exit {
        return match exit.class() {
            ExitClass::Abandoned => Outcome::Abandoned,
            ExitClass::Answered | ExitClass::Other => Outcome::Dismissed,
        };
    }
    match record.refusals.last() {
        Some(refusal) if refusal.reason == RefusalReason::Diverted => Outcome::Diverted,
        Some(_) => Outcome::Refused,
        None => Outcome::LeftBeforeQueue,
    }
}
