//! The queue report: volume, waits, service level and abandonment.
//!
//! A queue has a row in the intervals in which a visit to it began. What a call did before any visit (arrived, left,
//! was refused) is in the row for all queues, even where the queue itself has no row.

use std::time::Duration;

use crate::kpi::{self, Id, LevelCounts, ServiceLevel, Threshold, WaitSummary};
use crate::model::{CallRow, Exit, ExitClass, QueueId, QueueTarget, Timestamp, VisitRow};
use crate::store::Selection;

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::plan::Plan;

/// The queue report.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval, then queue; the one for all ends each interval.
    pub rows: Vec<QueueRow>,
}

/// One queue, or all, in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = all asked for.
    pub queue: String,
    /// Calls that arrived; only in the row for all of an unfiltered report.
    pub calls_arrived: Option<u64>,
    /// Calls that ended without a queue or a refusal; only there, too.
    pub left_before_queue: Option<u64>,
    /// V1.
    pub calls_offered: u64,
    /// Calls refused and with no visit; in the row for all also those that no queue refused.
    pub calls_refused: u64,
    /// V2.
    pub visits_offered: u64,
    /// Visits ended, by exit.
    pub exits: ExitCounts,
    /// Visits that wait.
    pub waiting: u64,
    /// Begun − ended − waiting; must be 0.
    pub conservation_residual: i64,
    /// The counts of the service level.
    pub counts: LevelCounts,
    /// T; `None` when it differs between the queues of the row.
    pub threshold: Option<Duration>,
    /// The service-level family.
    pub service_level: ServiceLevel,
    /// AB1.
    pub abandon_rate: Option<f64>,
    /// Waits of answered visits.
    pub wait_answered: WaitSummary,
    /// Waits of abandoned visits.
    pub wait_abandoned: WaitSummary,
    /// Waits of all ended visits.
    pub wait_all: WaitSummary,
    /// W10.
    pub wait_over: Vec<WaitOver>,
    /// Talk of the visits' legs.
    pub talk_sum: Duration,
    /// Visits that ended without a wait, because the clock stepped back.
    pub negative_spans: u64,
    /// Visits that ended without a wait, because the answer was never told.
    pub waits_unknown: u64,
}

/// How many waits were longer than a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaitOver {
    /// The threshold x.
    pub threshold: Duration,
    /// Visits with W1 > x.
    pub count: u64,
    /// Their share of the visits that ended.
    pub share: Option<f64>,
}

/// Visits ended, by exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitCounts([u64; Exit::ALL.len()]);

impl ExitCounts {
    /// How many ended so.
    pub fn of(&self, exit: Exit) -> u64 {
        self.0[Self::slot(exit)]
    }

    /// How many ended in all.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    fn add(&mut self, exit: Exit) {
        self.0[Self::slot(exit)] += 1;
    }

    /// Codes count from 1 without a hole.
    fn slot(exit: Exit) -> usize {
        usize::from(exit.code()) - 1
    }
}

pub(super) const DEFINITIONS: [Id; 17] = [
    Id::V1,
    Id::V2,
    Id::V3,
    Id::V4,
    Id::W1,
    Id::W5,
    Id::W6,
    Id::W7,
    Id::W9,
    Id::W10,
    Id::Strict,
    Id::Short,
    Id::IgnoreAbandoned,
    Id::AbandonedMet,
    Id::AnsweredOnly,
    Id::Ab1,
    Id::Ab3,
];

/// Makes the queue report; `over` are the thresholds of W10, none = the usual.
pub(super) fn report(
    plan: &Plan,
    selection: &Selection,
    sources: Vec<SourceCompleteness>,
    over: &[Duration],
) -> QueueReport {
    let over = if over.is_empty() {
        &kpi::WAIT_OVER_DEFAULT
    } else {
        over
    };
    let letters = [Threshold::ServiceLevel, Threshold::ShortAbandon];
    let values = letters.map(|letter| letter.definition(plan.common(letter, &selection.queues)));
    let definitions = DEFINITIONS
        .map(Id::definition)
        .into_iter()
        .chain(values)
        .collect();
    let level_of_all = plan.common(Threshold::ServiceLevel, &selection.queues);

    let mut rows = Vec::new();
    for ((bucket, group), tally) in tally(plan, selection) {
        let threshold = match &group {
            Group::Queue(queue) => Some(plan.target(queue).service_level),
            Group::NoQueue | Group::All => level_of_all,
        };
        if group != Group::All && tally.visits_offered == 0 {
            continue;
        }
        let bucket_start = plan.zone.local_text(plan.buckets.start_of(bucket));
        let mut row = tally.finish(bucket_start, group.name(), threshold, over);
        if group != Group::All || !plan.is_unfiltered() {
            row.calls_arrived = None;
            row.left_before_queue = None;
        }
        rows.push(row);
    }
    QueueReport {
        context: Context::of(plan, Counted::of(selection), sources, definitions),
        rows,
    }
}

fn tally(plan: &Plan, selection: &Selection) -> Tallies<Tally> {
    let mut tallies = Tallies::<Tally>::new();
    for visit in &selection.visits {
        let Some(bucket) = plan.buckets.index_of(visit.entered_at) else {
            continue;
        };
        if plan.wants(Some(&visit.queue)) {
            let target = plan.target(&visit.queue);
            for group in [Group::Queue(visit.queue.clone()), Group::All] {
                tallies
                    .entry((bucket, group))
                    .or_default()
                    .visit(visit, target, plan.read_at);
            }
        }
    }
    for call in selection.calls.iter().filter(|call| kpi::is_arrived(call)) {
        let Some(bucket) = plan.buckets.index_of(call.arrived_at) else {
            continue;
        };
        let queue = queue_of(call);
        if plan.wants(queue) {
            for group in [Group::of(queue), Group::All] {
                tallies.entry((bucket, group)).or_default().call(call);
            }
        }
    }
    tallies
}

/// The queue under which a call's own figures stand here.
pub(super) fn queue_of(call: &CallRow) -> Option<&QueueId> {
    if kpi::is_offered(call) {
        return call.first_queue.as_ref();
    }
    call.refused.as_ref().and_then(|(_, queue)| queue.as_ref())
}

/// What one row is made of.
#[derive(Default)]
struct Tally {
    calls_arrived: u64,
    left_before_queue: u64,
    calls_offered: u64,
    calls_refused: u64,
    visits_offered: u64,
    exits: ExitCounts,
    waiting: u64,
    counts: LevelCounts,
    negative_spans: u64,
    waits_unknown: u64,
    talk_sum: Duration,
    answered: Vec<Duration>,
    abandoned: Vec<Duration>,
    other: Vec<Duration>,
}

impl Tally {
    fn call(&mut self, call: &CallRow) {
        self.calls_arrived += 1;
        self.left_before_queue += u64::from(kpi::is_left_before_queue(call));
        self.calls_offered += u64::from(kpi::is_offered(call));
        self.calls_refused += u64::from(kpi::is_refused(call));
    }

    fn visit(&mut self, visit: &VisitRow, target: QueueTarget, read_at: Option<Timestamp>) {
        self.visits_offered += 1;
        self.counts
            .add(LevelCounts::of_visit(visit, target, read_at));
        self.talk_sum = self.talk_sum.saturating_add(visit.talk.unwrap_or_default());
        let Some(exit) = visit.exit else {
            self.waiting += 1;
            return;
        };
        self.exits.add(exit);
        if kpi::is_span_negative(visit.entered_at, visit.exited_at) {
            self.negative_spans += 1;
        } else {
            self.waits_unknown += u64::from(visit.wait.is_none());
        }
        match exit.class() {
            ExitClass::Answered => self.answered.extend(visit.wait),
            ExitClass::Abandoned => self.abandoned.extend(visit.wait),
            ExitClass::Other => self.other.extend(visit.wait),
        }
    }

    fn finish(
        mut self,
        bucket_start: String,
        queue: String,
        threshold: Option<Duration>,
        over: &[Duration],
    ) -> QueueRow {
        self.answered.sort_unstable();
        self.abandoned.sort_unstable();
        let mut all = [self.answered.as_slice(), &self.abandoned, &self.other].concat();
        all.sort_unstable();
        let ended = self.exits.sum();
        let wait_over = over.iter().map(|threshold| {
            let count = kpi::count_over(&all, *threshold);
            WaitOver {
                threshold: *threshold,
                count,
                share: kpi::share_over(count, ended),
            }
        });
        QueueRow {
            bucket_start,
            queue,
            calls_arrived: Some(self.calls_arrived),
            left_before_queue: Some(self.left_before_queue),
            calls_offered: self.calls_offered,
            calls_refused: self.calls_refused,
            visits_offered: self.visits_offered,
            exits: self.exits,
            waiting: self.waiting,
            conservation_residual: kpi::conservation_residual(
                self.visits_offered,
                ended,
                self.waiting,
            ),
            counts: self.counts,
            threshold,
            service_level: ServiceLevel::of(&self.counts),
            abandon_rate: kpi::abandon_rate(self.counts.abandoned, ended),
            wait_answered: WaitSummary::of(&self.answered),
            wait_abandoned: WaitSummary::of(&self.abandoned),
            wait_all: WaitSummary::of(&all),
            wait_over: wait_over.collect(),
            talk_sum: self.talk_sum,
            negative_spans: self.negative_spans,
            waits_unknown: self.waits_unknown,
        }
    }
}

#[cfg(test)]
#[path = "queues_test.rs"]
mod tests;
