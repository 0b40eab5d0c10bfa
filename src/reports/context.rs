//! What a report says about itself: the period as understood, the definitions, and what may be missing.

use std::time::Duration;

use crate::kpi::{Definition, Threshold};
use crate::model::{Position, SourceId, Timestamp};
use crate::store::Selection;

use super::plan::Plan;

/// How complete one source's part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCompleteness {
    /// The source.
    pub source: SourceId,
    /// Event numbers that never came.
    pub gap_events: u64,
    /// Events that came after their call was settled.
    pub late_events: u64,
    /// Events that were rejected.
    pub rejected_events: u64,
    /// Calls that ended before this instant are settled; `None` before any live event.
    pub settled_until: Option<Timestamp>,
    /// How far the source's own time is known; `None` before any live event.
    pub watermark: Option<Timestamp>,
    /// Since when nothing was heard of it, neither event nor heartbeat; `None` while it is heard, and of a source that
    /// was never live.
    pub silent_since: Option<Timestamp>,
}

/// What a report says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// First instant of the period.
    pub start: Timestamp,
    /// First instant after the period.
    pub end: Timestamp,
    /// The zone as understood.
    pub zone: String,
    /// First instant, local.
    pub start_local: String,
    /// End, local.
    pub end_local: String,
    /// The definitions used.
    pub definitions: Vec<Definition>,
    /// T; `None` when the queues of the report differ in it.
    pub service_level: Option<Duration>,
    /// s; `None` when the queues of the report differ in it.
    pub short_abandon: Option<Duration>,
    /// What may be missing.
    pub sources: Vec<SourceCompleteness>,
    /// Calls of the period, of whatever queue, that are open or not settled yet.
    pub calls_provisional: u64,
    /// Of them those of a silent source: nobody knows what became of them.
    pub calls_uncertain: u64,
    /// Calls of the period, of whatever queue, that were tests.
    pub calls_test: u64,
    /// Journal position up to which the figures are.
    pub stored: Position,
}

impl Context {
    /// Describes a report over the selected rows.
    pub(super) fn of(
        plan: &Plan,
        selection: &Selection,
        sources: Vec<SourceCompleteness>,
        definitions: Vec<Definition>,
    ) -> Self {
        let calls = &selection.calls;
        let provisional: Vec<_> = calls
            .iter()
            .filter(|call| call.provisional && !call.test)
            .collect();
        let silent = |source: &SourceId| {
            let mut all = sources.iter();
            all.any(|one| one.source == *source && one.silent_since.is_some())
        };
        let uncertain = provisional
            .iter()
            .filter(|call| call.source.as_ref().is_some_and(silent))
            .count();
        let test = calls.iter().filter(|call| call.test);
        Self {
            start: plan.start,
            end: plan.end,
            zone: plan.zone.name().to_owned(),
            start_local: plan.zone.local_text(plan.start),
            end_local: plan.zone.local_text(plan.end),
            definitions,
            service_level: plan.common(Threshold::ServiceLevel, &selection.queues),
            short_abandon: plan.common(Threshold::ShortAbandon, &selection.queues),
            calls_provisional: provisional.len() as u64,
            calls_uncertain: uncertain as u64,
            calls_test: test.count() as u64,
            stored: selection.stored,
            sources,
        }
    }
}
