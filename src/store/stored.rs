//! A call as it is stored: its place in the order of calls, and everything told of it.

use std::sync::Arc;

use crate::model::{
    CallId, CallRecord, CallRow, Marks, SourceId, Timestamp, ToldEvent, TransferRow, VisitRow,
};

use super::project;
use super::rows::Error;

/// Where a call stands in the order of calls: by arrival, then source, then call id as bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Arrival.
    pub arrived_at: Timestamp,
    /// The source, by the number of its rows.
    pub source: i64,
    /// The call.
    pub call: CallId,
}

/// How records and timelines are read out of bytes; given from outside: the store knows no stories.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// The call and its record so far, out of an open call's state; `None` = damaged.
    pub open: fn(&[u8]) -> Option<(CallId, CallRecord)>,
    /// The record out of what was told of a settled call; `None` = damaged.
    pub told: fn(&[u8]) -> Option<CallRecord>,
    /// Everything told so far, out of an open call's state; `None` = damaged.
    pub open_timeline: fn(&[u8]) -> Option<Vec<ToldEvent>>,
    /// Everything told, out of what was told of a settled call; `None` = damaged.
    pub told_timeline: fn(&[u8]) -> Option<Vec<ToldEvent>>,
}

#[cfg(test)]
impl Readers {
    /// For tests that read no call's own bytes.
    pub(crate) const OF_NOTHING: Self = Self {
        open: |_| None,
        told: |_| None,
        open_timeline: |_| None,
        told_timeline: |_| None,
    };
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
    Open {
        record: Arc<CallRecord>,
        state: Vec<u8>,
        readers: Readers,
    },
    Settled {
        told: Vec<u8>,
        marks: Marks,
        readers: Readers,
    },
}

/// A call's rows, as a selection holds them.
#[derive(Clone, Debug)]
pub struct CallRows {
    /// Its own row.
    pub call: CallRow,
    /// The rows of its visits; none of a test call.
    pub visits: Vec<VisitRow>,
    /// The rows of its transfers; none of a test call.
    pub transfers: Vec<TransferRow>,
}

impl StoredCall {
    /// A call whose record is at hand, and nothing else.
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

    /// An open call of this state; `None` = it is damaged.
    pub fn of_open(state: &[u8], source: (i64, SourceId), readers: Readers) -> Option<Self> {
        let (call, record) = (readers.open)(state)?;
        let place = Place {
            arrived_at: record.arrived_at,
            source: source.0,
            call,
        };
        Some(Self {
            place,
            source: source.1,
            provisional: true,
            held: Held::Open {
                record: Arc::new(record),
                state: state.to_vec(),
                readers,
            },
        })
    }

    /// A settled call whose record is made again when it is asked for: reading it takes longer than fetching it, and
    /// belongs off the threads that serve. `marks` are those it was settled with: one of them other calls made.
    pub fn of_told(
        place: Place,
        source: SourceId,
        told: Vec<u8>,
        marks: Marks,
        readers: Readers,
    ) -> Self {
        Self {
            place,
            source,
            provisional: false,
            held: Held::Settled {
                told,
                marks,
                readers,
            },
        }
    }

    /// What was concluded about it.
    ///
    /// # Errors
    /// When what was told is damaged.
    pub fn record(&self) -> Result<Arc<CallRecord>, Error> {
        match &self.held {
            Held::Record(record) | Held::Open { record, .. } => Ok(record.clone()),
            Held::Settled {
                told,
                marks,
                readers,
            } => {
                let record = (readers.told)(told);
                let mut record = record.ok_or(Error::Corrupt { what: "call" })?;
                // Some marks are of how it came in, not of what was told.
                record.marks = *marks;
                Ok(Arc::new(record))
            }
        }
    }

    /// Everything told of it, in the order in which the record takes it; nothing where the record alone is at hand.
    ///
    /// # Errors
    /// When what was told is damaged.
    pub fn timeline(&self) -> Result<Vec<ToldEvent>, Error> {
        let timeline = match &self.held {
            Held::Record(_) => Some(Vec::new()),
            Held::Open { state, readers, .. } => (readers.open_timeline)(state),
            Held::Settled { told, readers, .. } => (readers.told_timeline)(told),
        };
        timeline.ok_or(Error::Corrupt { what: "call" })
    }

    /// The rows that a selection would hold of it, under this number.
    pub fn rows(&self, record: &CallRecord, number: i64) -> CallRows {
        project::rows_of(record, self, number)
    }
}
