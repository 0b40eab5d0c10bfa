//! A call as it is stored: its place in the order of calls, and everything told of it.

use std::sync::Arc;

use crate::model::{CallId, CallRecord, Marks, SourceId, Timestamp};

use super::rows::Error;

/// Where a call stands in the order of calls: by arrival, then source, then call id as bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Arrival.
    pub arrived_at: Timestamp,
    /// The source, by the number of its rows.
    pub source: i64,
    /// The call.
    pub call: CallId,
}

/// How records are read out of bytes; given from outside: the store knows no stories.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// The call and its record so far, out of an open call's state; `None` = damaged.
    pub open: fn(&[u8]) -> Option<(CallId, CallRecord)>,
    /// The record out of what was told of a settled call; `None` = damaged.
    pub told: fn(&[u8]) -> Option<CallRecord>,
}

/// A call and everything known of it.
#[derive(Clone, Debug)]
pub struct StoredCall {
    /// Its place in the order of calls.
    pub place: Place,
    /// Whose call it is.
    pub source: SourceId,
    /// Open, or ended and not settled yet: may change.
    pub provisional: bool,
    held: Held,
}

#[derive(Clone, Debug)]
enum Held {
    Record(Arc<CallRecord>),
    Told {
        told: Vec<u8>,
        marks: Marks,
        reader: fn(&[u8]) -> Option<CallRecord>,
    },
}

impl StoredCall {
    /// A call whose record is at hand.
    pub fn of_record(
        place: Place,
        source: SourceId,
        provisional: bool,
        record: CallRecord,
    ) -> Self {
        Self {
            place,
            source,
            provisional,
            held: Held::Record(Arc::new(record)),
        }
    }

    /// A settled call whose record is made again when it is asked for: reading it takes longer than fetching it, and
    /// belongs off the threads that serve.
    pub(super) fn of_told(
        place: Place,
        source: SourceId,
        (told, marks): (Vec<u8>, Marks),
        reader: fn(&[u8]) -> Option<CallRecord>,
    ) -> Self {
        Self {
            place,
            source,
            provisional: false,
            held: Held::Told {
                told,
                marks,
                reader,
            },
        }
    }

    /// What was concluded about it.
    ///
    /// # Errors
    /// When what was told is damaged.
    pub fn record(&self) -> Result<Arc<CallRecord>, Error> {
        match &self.held {
            Held::Record(record) => Ok(record.clone()),
            Held::Told {
                told,
                marks,
                reader,
            } => {
                let mut record = reader(told).ok_or(Error::Corrupt { what: "call" })?;
                // Some marks are of how it came in, not of what was told.
                record.marks = *marks;
                Ok(Arc::new(record))
            }
        }
    }
}
