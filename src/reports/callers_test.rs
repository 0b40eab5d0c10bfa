//! Callers' calls told in words, for the reports on people.

use crate::calls::tests::settled;
use crate::model::{CallRecord, Caller, Pseudonym, Timestamp};

use super::fixture::samara;

/// A settled call of a caller, so many minutes after ten on 2 March 2026 in Samara.
pub(super) fn called_by(caller: u8, minutes: i64, story: &str) -> CallRecord {
    let at = Timestamp::from_micros(samara("10:00:00").as_micros() + minutes * 60_000_000);
    let mut record = settled(at, story);
    record.caller = Caller::Known(Pseudonym {
        key: 1,
        hash: [caller; 16],
    });
    record
}
