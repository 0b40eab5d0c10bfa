//! The record so far of a call that is open or not settled yet, as reports add it.

use crate::model::CallRecord;

use super::state;

/// Reads the record out of an open call's kept state; `None` = no known version wrote it, or it is damaged.
pub fn record_of_open(state: &[u8]) -> Option<CallRecord> {
    let call = state::read_call(state).ok()?;
    Some(call.story().conclude())
}
