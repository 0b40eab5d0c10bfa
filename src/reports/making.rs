//! A report in the making: it takes what makes the period up, part by part, and never holds more rows than a part has.
//!
//! Roll-ups and rows are added to the same sums, so an answer is the same whichever it comes from; but quantiles are exact
//! only where every wait is at hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::kpi::{
    CallsDigest, Counting, Edges, QUANTILE_ERROR, RollupHead, RoutesDigest, Slots, seconds_text,
};
use crate::model::{QueueId, Timestamp};
use crate::store::{
    self, Gather, Kept, Level, Part, Period, Rollup, RollupsAsked, Selection, Sums,
};

use super::context::{Context, Counted, SourceCompleteness};
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

    /// What the report says about itself.
    fn context(report: &mut Self::Report) -> &mut Context;
}

/// Which roll-ups answer a report, and how exactly.
#[derive(Clone, Debug)]
pub(super) struct ByRollups {
    /// Which sums.
    pub(super) sums: Sums,
    /// How they must have been counted.
    pub(super) counting: Counting,
    /// Thresholds of the report's own, beside those that queues are measured by.
    named: Vec<Duration>,
    /// Calls that arrived before it are gone: whatever there is of sums stands for them.
    gone: Timestamp,
}

impl ByRollups {
    /// Whether roll-ups answer a plan: by cohort, for longer than rows take no time for, and with nothing asked that
    /// only single calls know. Sums that were counted otherwise than is asked are passed over while their rows are there.
    /// Where rows are gone by `kept`, roll-ups answer short periods, too, and say what they can.
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
        let named: Vec<_> = thresholds
            .iter()
            .copied()
            .chain(plan.asked_thresholds())
            .collect();
        let counting = match sums {
            // No transfer is counted by how long anybody waited.
            Sums::Transfers => Counting::of([], &plan.floor.routes),
            Sums::Visits | Sums::Journeys | Sums::All => {
                let edges = named.iter().copied().chain(plan.configured());
                Counting::of(edges, &plan.floor.routes)
            }
        };
        Some(Self {
            sums,
            counting,
            named,
            gone: kept.calls.unwrap_or(Timestamp::MIN),
        })
    }

    /// Whether the sums of an interval stand for its calls.
    fn will_do(&self, counted: &[u8], (_, end): Period) -> bool {
        let suits = |counted: Counting| match self.sums {
            Sums::Transfers => counted.routes == self.counting.routes,
            // Which routes are planned is of no matter to them.
            Sums::Visits | Sums::Journeys | Sums::All => {
                counted.lacking(&self.counting.edges).next().is_none()
            }
        };
        end <= self.gone || Counting::read(counted).is_some_and(suits)
    }

    /// What sums of calls that are gone could not tell, a sentence each.
    fn cautions(&self, plan: &Plan, known: &[QueueId], unlike: &Unlike) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut used = plan.thresholds_within(known, (plan.start, self.gone.min(plan.end)));
        used.extend(&self.named);
        let lacking = unlike.edges.iter().filter(|edge| used.contains(edge));
        let lacking: Vec<_> = lacking.map(|edge| seconds_text(*edge)).collect();
        if !lacking.is_empty() {
            sentences.push(format!(
                "sums of calls that are kept no more were not counted on these thresholds, in seconds: {}; of those calls, \
                 who waited within 1 % of one may be on its wrong side",
                lacking.join(", ")
            ));
        }
        if unlike.routes && self.sums == Sums::Transfers {
            sentences.push(OTHER_ROUTES.to_owned());
        }
        for (from, until) in self.cut_quarters(plan) {
            sentences.push(format!(
                "calls that arrived from {} to {} are in no figure: they are kept no more, and their sums are by quarters of \
                 an hour",
                plan.zone.local_text(from),
                plan.zone.local_text(until)
            ));
        }
        for at in self.changes_without_rows(plan) {
            sentences.push(format!(
                "of calls that are kept no more, some around the change at {} are measured as before it: their sums are by \
                 quarters of an hour",
                plan.zone.local_text(at)
            ));
        }
        sentences
    }

    /// Where the period, or an interval of it, begins or ends within a quarter of an hour whose calls are gone: its sum is of
    /// all of it, so nothing stands for the part.
    fn cut_quarters(&self, plan: &Plan) -> Vec<Period> {
        let bounds = plan.buckets.starts().iter().chain([&plan.end]);
        let cut = bounds.filter_map(|bound| {
            let from = store::quarter_of(*bound);
            let until = store::quarter_after(*bound).min(plan.end).min(self.gone);
            let is_cut = from < *bound;
            let from = from.max(plan.start);
            (is_cut && from < until).then_some((from, until))
        });
        let mut cut: Vec<_> = cut.collect();
        cut.dedup();
        cut
    }

    /// When rules change within the period and calls around it, which rows would tell apart, are gone.
    fn changes_without_rows(&self, plan: &Plan) -> Vec<Timestamp> {
        let changes = plan.targets.changes();
        let within = changes.filter(|at| plan.start < *at && *at < plan.end);
        let mut within: Vec<_> = within.filter(|at| *at < self.gone).collect();
        within.sort_unstable();
        within.dedup();
        within
    }
}

/// What is said of transfers where sums of calls that are gone were made with other routes.
pub(super) const OTHER_ROUTES: &str = "sums of calls that are kept no more were made with other planned routes than those configured: \
    T8 and T10 of those calls leave out the routes of that time";

/// In what the sums that were used differ from what was asked for.
#[derive(Default)]
struct Unlike {
    edges: BTreeSet<Duration>,
    routes: bool,
}

/// What is asked of the store. A call is measured by what was in force when it entered its first queue, and belongs to when
/// it arrived: so for `look_back` before the rules of a queue change, rows are read. Where they are gone, sums are cut at
/// the quarter of the change instead.
pub(super) fn asked(plan: &Plan, by: Option<&ByRollups>, look_back: Duration) -> Gather {
    let start = match plan.basis {
        Basis::Cohort => plan.start,
        // What ends in the period may have begun before it.
        Basis::Event => plan.start.minus(look_back),
    };
    let gone = by.map_or(Timestamp::MIN, |by| by.gone);
    let mut starts = plan.buckets.starts().to_vec();
    if let Some(by) = by {
        let cuts = by.changes_without_rows(plan);
        starts.extend(cuts.into_iter().map(store::quarter_of));
        starts.sort_unstable();
        starts.dedup();
    }
    let rollups = by.cloned().map(|by| RollupsAsked {
        sums: by.sums,
        longest: Level::Month,
        usable: Arc::new(move |counted: &[u8], period| by.will_do(counted, period)),
    });
    let changes = plan.targets.changes();
    let within = changes.filter(|at| start < *at && *at < plan.end.plus(look_back));
    let by_rows = within.map(|at| (at.minus(look_back).max(start).max(gone), at.min(plan.end)));
    Gather {
        period: (start, plan.end),
        starts,
        by_rows: by_rows.filter(|(from, until)| from < until).collect(),
        rollups,
    }
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
    let mut unlike = Unlike::default();
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Head(head) => {
                plan.admit(&head.queues)?;
                counted.queues = head.queues;
                counted.stored = head.stored;
                counted.erased = head.erased;
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
                let counting = by.as_ref().map(|by| &by.counting);
                let taken = counting.and_then(|counting| {
                    let read = slots.of(&rollup.edges, &counting.edges)?;
                    unlike.edges.extend(&read.lacking);
                    unlike.routes |= read.routes != counting.routes;
                    counted.rollup(RollupHead::read(&rollup.head)?);
                    // A roll-up lies in one interval of the period.
                    let bucket = plan.buckets.index_of(rollup.period.0)?;
                    making.rollup(plan, bucket, &rollup, &read.slots)
                });
                taken.ok_or_else(damaged)?;
            }
        }
    }
    if let Some(listed) = listed {
        counted.digest = listed;
    }
    let cautions = by.map(|by| by.cautions(plan, &counted.queues, &unlike));
    let mut report = making.finish(plan, counted, sources);
    let context = M::context(&mut report);
    context.cautions.extend(cautions.into_iter().flatten());
    Ok(report)
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

/// How the last roll-up is read: the next is mostly read alike.
#[derive(Default)]
pub(super) struct KnownSlots(Option<(Vec<u8>, ReadBy)>);

/// How a roll-up is read.
pub(super) struct ReadBy {
    pub(super) slots: Slots,
    /// Edges on which it was not counted: there its waits are known within `QUANTILE_ERROR`.
    pub(super) lacking: Vec<Duration>,
    routes: RoutesDigest,
}

impl KnownSlots {
    /// How what was counted as these bytes say is read on these edges; `None` = it cannot be.
    pub(super) fn of(&mut self, counted: &[u8], edges: &Edges) -> Option<&ReadBy> {
        if self.0.as_ref().is_none_or(|(known, _)| known != counted) {
            let counting = Counting::read(counted)?;
            let read = ReadBy {
                slots: Slots::nearest(&counting.edges, edges),
                lacking: counting.lacking(edges).collect(),
                routes: counting.routes,
            };
            self.0 = Some((counted.to_vec(), read));
        }
        self.0.as_ref().map(|(_, read)| read)
    }
}
