//! What is known of each source, for those who ask: resumption, completeness.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::model::{Position, SourceId, Timestamp};
use crate::reports::{SourceCompleteness, Sources};

/// What is known of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// The greatest live event time.
    pub watermark: Option<Timestamp>,
    /// Live calls that ended before this are settled.
    pub settled_until: Option<Timestamp>,
    /// Numbers that never came.
    pub gap_events: u64,
    /// Events that were rejected.
    pub rejected_events: u64,
    /// Events that came after their call was settled.
    pub late_events: u64,
    /// Events of calls known under another epoch.
    pub call_exists_events: u64,
}

/// Every source's status; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Status {
    sources: Arc<Mutex<BTreeMap<SourceId, SourceStatus>>>,
    committed: Arc<AtomicU64>,
}

impl Status {
    /// One source's status.
    pub fn of(&self, source: &SourceId) -> SourceStatus {
        self.lock().get(source).cloned().unwrap_or_default()
    }

    /// Every source's status, by name.
    pub fn all(&self) -> Vec<(SourceId, SourceStatus)> {
        self.lock()
            .iter()
            .map(|(source, status)| (source.clone(), status.clone()))
            .collect()
    }

    /// Everything up to here is in the journal.
    pub fn committed(&self) -> Position {
        Position(self.committed.load(Ordering::Relaxed))
    }

    pub(super) fn commit(&self, position: Position) {
        self.committed.fetch_max(position.0, Ordering::Relaxed);
    }

    pub(super) fn update(&self, source: &SourceId, change: impl FnOnce(&mut SourceStatus)) {
        let mut sources = self.lock();
        match sources.get_mut(source) {
            Some(status) => change(status),
            None => change(sources.entry(source.clone()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SourceId, SourceStatus>> {
        // Nothing in the lock can panic half-way: a poisoned map is whole.
        self.sources
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Sources for Status {
    fn completeness(&self) -> Vec<SourceCompleteness> {
        let one = |(source, status): (SourceId, SourceStatus)| SourceCompleteness {
            source,
            gap_events: status.gap_events,
            late_events: status.late_events,
            rejected_events: status.rejected_events,
            settled_until: status.settled_until,
            watermark: status.watermark,
        };
        self.all().into_iter().map(one).collect()
    }
}
