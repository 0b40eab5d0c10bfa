//! The records and timelines of stored calls, as reports read them.

use crate::model::{CallEvent, CallId, CallRecord, EpochIndex, Timestamp, ToldEvent};

use super::live;
use super::order::Fold;
use super::state;
use super::told::{Order, Told};

/// The record of one call from what was told of it, in the order of telling; `None` when nothing was. As reports show a
/// call that is not settled: one without an end stays open.
pub fn record_of_events(
    events: impl IntoIterator<Item = (Timestamp, CallEvent)>,
) -> Option<CallRecord> {
    let numbered = (1..).zip(events);
    let told: Vec<Told> = numbered
        .map(|(sequence, (at, event))| {
            let epoch = EpochIndex(0);
            Told::new(at, Order { epoch, sequence }, false, event)
        })
        .collect();
    (!told.is_empty()).then(|| live::fold(&told).story.conclude())
}

/// Reads call and record so far out of an open call's kept state; `None` = no known version wrote it, or it is damaged.
pub fn record_of_open(state: &[u8]) -> Option<(CallId, CallRecord)> {
    let call = state::read_call(state).ok()?;
    let record = call.story().conclude();
    Some((call.id, record))
}

/// Makes a settled call's record again from what was told; `None` = as above.
pub fn record_of_settled(told: &[u8]) -> Option<CallRecord> {
    state::record_of_told(told).ok()
}

/// Everything told of an open call so far, in the order in which its record takes it; `None` = as above.
pub fn timeline_of_open(state: &[u8]) -> Option<Vec<ToldEvent>> {
    let call = state::read_call(state).ok()?;
    Some(timeline(call.told, &call.fold))
}

/// Everything told of a settled call, in the order in which its record takes it; `None` = as above.
pub fn timeline_of_settled(told: &[u8]) -> Option<Vec<ToldEvent>> {
    let told = state::told_of_settled(told).ok()?;
    let fold = live::fold(&told);
    Some(timeline(told, &fold))
}

/// By the clock, unless the clock stepped; things of one instant as they were told.
fn timeline(mut told: Vec<Told>, fold: &Fold) -> Vec<ToldEvent> {
    if fold.follows_telling() {
        told.sort_by_key(|told| told.order);
    } else {
        told.sort_by_key(|told| (told.at, told.order));
    }
    let event = |told: Told| ToldEvent {
        at: told.at,
        epoch: told.order.epoch,
        sequence: told.order.sequence,
        ahead: told.ahead,
        twice: told.twice,
        event: told.event,
    };
    told.into_iter().map(event).collect()
}
