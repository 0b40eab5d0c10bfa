//! A report in the making: it takes what makes the period up, part by part, and never holds more rows than a part has.
//!
//! Roll-ups and rows are added to the same sums, so an answer is the same whichever it comes from; but quantiles are exact
//! only where every wait is at hand.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::kpi::{CallsDigest, Edges, QUANTILE_ERROR, RollupHead, Slots, WAIT_EDGES, read_edges};
use crate::store::{self, Gather, Kept, Level, Part, Rollup, RollupsAsked, Selection, Sums};

use super::context::{Counted, SourceCompleteness};
use super::error::Error;
use super::group::Group;
use super::plan::Plan;
use super::stays::Basis;

/// A period up to so long is answered from its rows, with exact quantiles: there are few of them.
const ROWS_UP_TO: Duration = Duration::from_secs(49 * 60 * 60);

/// What a damaged roll-up is called.
const ROLLUP: &str = "roll-up";

/// What a report is made of, and its figures.
pub(super) trait Making: Send + 'static {
    /// The report.
    type Report: Send + 'static;

    /// Says whose row the next rows stand in, where rows are not of queues.
    fn stand_in(&mut self, _group: Option<Group>) {}

    /// Takes rows.
    fn rows(&mut self, plan: &Plan, rows: &Selection);

    /// Takes the sums of an interval that lies in one bucket; `None` = they are damaged.
    fn rollup(&mut self, plan: &Plan, bucket: usize, rollup: &Rollup, slots: &Slots) -> Option<()>;

    /// Works the figures out.
    fn finish(
        self,
        plan: &Plan,
        counted: Counted,
        sources: Vec<SourceCompleteness>,
    ) -> Self::Report;
}

/// Which roll-ups answer a report, and how exactly.
#[derive(Clone, Debug)]
pub(super) struct ByRollups {
    /// Which sums.
    pub(super) sums: Sums,
    /// The edges that its waits must have been counted on.
    pub(super) edges: Edges,
}

impl ByRollups {
    /// Whether roll-ups answer a plan: by cohort, for longer than rows take no time for, and with nothing asked that
    /// only single calls know. Thresholds need only be edges that the stored sums have; sums that have not are passed over.
    /// Where rows are gone by `kept`, roll-ups answer short periods, too.
    pub(super) fn of(plan: &Plan, sums: Sums, thresholds: &[Duration], kept: Kept) -> Option<Self> {
        let length = plan.end.since(plan.start).unwrap_or_default();
        let rows_are_there = kept.calls.is_none_or(|from| from <= plan.start);
        let is_short = length <= ROWS_UP_TO && rows_are_there;
        if plan.basis != Basis::Cohort || plan.exact || is_short {
            return None;
        }
        let needs_calls = plan.choice.is_set() || !plan.compat.is_empty();
        if needs_calls || !plan.is_short_answered_usual() {
            return None;
        }
        // Which transfers go along planned routes, only single calls know.
        if sums == Sums::Transfers && !plan.floor.routes.is_empty() {
            return None;
        }
        let asked = thresholds.iter().copied().chain(plan.asked_thresholds());
        let edges = edges(asked.chain(plan.configured()));
        Some(Self { sums, edges })
    }
}

/// The fixed edges and these.
pub(super) fn edges(thresholds: impl Iterator<Item = Duration>) -> Edges {
    let mut edges: Vec<_> = WAIT_EDGES.into_iter().chain(thresholds).collect();
    edges.sort_unstable();
    edges.dedup();
    edges.into()
}

/// What is asked of the store. A call is measured by what was in force when it entered its first queue, and belongs to when
/// it arrived: so for `look_back` before the rules of a queue change, rows are read.
pub(super) fn asked(plan: &Plan, by: Option<&ByRollups>, look_back: Duration) -> Gather {
    let start = match plan.basis {
        Basis::Cohort => plan.start,
        // What ends in the period may have begun before it.
        Basis::Event => plan.start.minus(look_back),
    };
    let rollups = by.map(|by| {
        let edges = by.edges.clone();
        RollupsAsked {
            sums: by.sums,
            longest: Level::Month,
            usable: std::sync::Arc::new(move |counted: &[u8]| {
                read_edges(counted).is_some_and(|counted| holds(&counted, &edges))
            }),
        }
    });
    let changes = plan.targets.changes();
    let within = changes.filter(|at| start < *at && *at < plan.end.plus(look_back));
    Gather {
        period: (start, plan.end),
        starts: plan.buckets.starts().to_vec(),
        by_rows: within
            .map(|at| (at.minus(look_back).max(start), at.min(plan.end)))
            .collect(),
        rollups,
    }
}

/// Whether all of these are among edges.
pub(super) fn holds(counted: &Edges, edges: &Edges) -> bool {
    let mut all = edges.iter();
    all.all(|edge| counted.binary_search(edge).is_ok())
}

/// Takes the parts one after the other, and works the figures out. To be run off the threads that serve. `listed` are the
/// calls behind the report, where its rows do not tell.
pub(super) fn make<M: Making>(
    plan: &Plan,
    by: Option<ByRollups>,
    mut making: M,
    sources: Vec<SourceCompleteness>,
    mut parts: mpsc::Receiver<Part>,
    listed: Option<CallsDigest>,
) -> Result<M::Report, Error> {
    let mut counted = Counted::default();
    // Of nothing there is no quantile to be off.
    let has_quantiles = |by: &ByRollups| by.sums != Sums::Transfers;
    let error = by.as_ref().filter(|by| has_quantiles(by));
    let error = error.map(|_| QUANTILE_ERROR);
    let mut slots = KnownSlots::default();
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Head(head) => {
                plan.admit(&head.queues)?;
                counted.queues = head.queues;
                counted.stored = head.stored;
                counted.kept = head.kept;
                counted.kept.rollups = head.kept.rollups.filter(|_| by.is_some());
            }
            Part::Rows(rows) => {
                counted.rows(plan, &rows);
                making.rows(plan, &rows);
                if !rows.calls.is_empty() || !rows.visits.is_empty() {
                    counted.from_rollups = by.is_some();
                    counted.quantile_error = error;
                }
            }
            Part::Rollup(rollup) => {
                counted.from_rollups = true;
                counted.quantile_error = error;
                let edges = by.as_ref().map(|by| &by.edges);
                let taken = edges.and_then(|edges| {
                    let slots = slots.of(&rollup.edges, edges)?;
                    counted.rollup(RollupHead::read(&rollup.head)?);
                    // A roll-up lies in one interval of the period.
                    let bucket = plan.buckets.index_of(rollup.period.0)?;
                    making.rollup(plan, bucket, &rollup, slots)
                });
                taken.ok_or_else(damaged)?;
            }
        }
    }
    if let Some(listed) = listed {
        counted.digest = listed;
    }
    Ok(making.finish(plan, counted, sources))
}

/// Sums that no version has written.
pub(super) fn damaged() -> Error {
    let source = store::Error::Corrupt { what: ROLLUP };
    Error::Store { source }
}

/// Whether that is why there is no answer.
pub(super) fn is_damaged(error: &Error) -> bool {
    matches!(error, Error::Store { source: store::Error::Corrupt { what } } if *what == ROLLUP)
}

/// The edges of the last roll-up: those of the next are mostly the same.
#[derive(Default)]
pub(super) struct KnownSlots(Option<(Vec<u8>, Slots)>);

impl KnownSlots {
    /// How what was counted on the edges of these bytes is read on these; `None` = it cannot be.
    pub(super) fn of(&mut self, counted: &[u8], edges: &Edges) -> Option<&Slots> {
        if self.0.as_ref().is_none_or(|(known, _)| known != counted) {
            let slots = Slots::of_edges(&read_edges(counted)?, edges)?;
            self.0 = Some((counted.to_vec(), slots));
        }
        self.0.as_ref().map(|(_, slots)| slots)
    }
}
