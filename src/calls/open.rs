//! The records of stored calls, as reports read them.

use crate::model::{CallId, CallRecord};

use super::state;

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
