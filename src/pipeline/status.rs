//! What is known of each source, for those who ask: resumption, completeness.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::clock::Clock;
use crate::model::{SILENCE_MAX, SourceId, Timestamp};
use crate::reports::{SourceCompleteness, Sources};

/// What is known of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// The greatest live event time.
    pub watermark: Option<Timestamp>,
    /// Live calls that ended before this are settled.
    pub settled_until: Option<Timestamp>,
    /// Our clock when it was last heard live.
    pub heard_at: Option<Timestamp>,
    /// Numbers that never came.
    pub gap_events: u64,
    /// Events that were rejected.
    pub rejected_events: u64,
    /// Events that came after their call was settled.
    pub late_events: u64,
    /// Of them those that are in the figures by now.
    pub recomputed_events: u64,
    /// Events of calls known under another epoch.
    pub call_exists_events: u64,
}

impl SourceStatus {
    /// Late events that are not in the figures.
    pub fn late_left(&self) -> u64 {
        self.late_events.saturating_sub(self.recomputed_events)
    }
}

/// Every source's status; cheap to clone.
#[derive(Clone, Debug)]
pub struct Status {
    clock: Clock,
    sources: Arc<Mutex<BTreeMap<SourceId, SourceStatus>>>,
}

impl Status {
    /// No source yet; silence is measured by this clock.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            sources: Arc::default(),
        }
    }

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

    /// So many late events of each of these sources are in the figures by now.
    pub fn take_recomputed(&self, events: &[(SourceId, u64)]) {
        for (source, events) in events {
            self.update(source, |status| status.recomputed_events = *events);
        }
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
        let now = self.clock.now();
        let silent = |heard_at: &Timestamp| {
            let passed = now.since(*heard_at);
            passed.is_some_and(|passed| passed >= SILENCE_MAX)
        };
        let one = |(source, status): (SourceId, SourceStatus)| SourceCompleteness {
            source,
            gap_events: status.gap_events,
            late_events: status.late_left(),
            recomputed_events: status.recomputed_events,
            rejected_events: status.rejected_events,
            settled_until: status.settled_until,
            watermark: status.watermark,
            silent_since: status.heard_at.filter(silent),
        };
        self.all().into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_live_source_is_silent_after_15_s_until_it_is_heard_again() {
        let start = Timestamp::from_micros(1_000_000_000);
        let clock = Clock::manual(start);
        let status = Status::new(clock.clone());
        let [pbx, file] = ["pbx", "file"].map(SourceId::new);
        let heard = |at| status.update(&pbx, |status| status.heard_at = Some(at));
        // A source that only brought history has not been heard, so it is not silent.
        status.update(&file, |status| status.gap_events = 1);
        let silent = || {
            let sources = status.completeness().into_iter();
            let silent = sources.filter_map(|one| Some((one.source, one.silent_since?)));
            silent.collect::<Vec<_>>()
        };

        heard(start);
        clock.advance(SILENCE_MAX - Duration::from_micros(1));
        assert_eq!(silent(), []);
        clock.advance(Duration::from_micros(1));
        assert_eq!(silent(), [(pbx.clone(), start)]);
        heard(clock.now());
        assert_eq!(silent(), []);
        // Heard later than now: our clock was set back, and says nothing of silence.
        heard(clock.now().plus(SILENCE_MAX * 2));
        assert_eq!(silent(), []);
    }
}
