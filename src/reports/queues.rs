//! The queue report: volume, waits, service level and abandonment.
//!
//! A queue has a row in the intervals in which a visit to it began, on the event basis also where one was decided or
//! ended. What a call did before any visit (arrived, left, was refused) is in the row for all queues, even where the
//! queue itself has no row. Through the lens of journeys a call is one visit to the first queue that it entered, which
//! lasts until its first human or its end.

use std::time::Duration;

use crate::kpi::{
    self, CompatCounts, CompatFigure, Id, LevelCounts, Pack, ServiceLevel, Threshold, WaitSummary,
};
use crate::model::{Exit, ExitClass, Headline, QueueTarget, VisitRow};
use crate::store::Selection;

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::plan::Plan;
use super::queue_calls::{self, CallFigures, CallTally};
use super::stays::{self, Basis, Lens, Stay};

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
    /// T; `None` when it differs between the queues of the row, or changed within its interval.
    pub threshold: Option<Duration>,
    /// The formula that stands for the queue; `None` when it differs alike.
    pub headline: Option<Headline>,
    /// The service-level family.
    pub service_level: ServiceLevel,
    /// The Wilson 95 % interval of `strict`.
    pub strict_interval: Option<(f64, f64)>,
    /// AB1.
    pub abandon_rate: Option<f64>,
    /// Its Wilson 95 % interval.
    pub abandon_rate_interval: Option<(f64, f64)>,
    /// AB4; `None` through the lens of journeys, which end with the first human.
    pub abandoned_after_transfer: Option<u64>,
    /// AB6.
    pub answered_short: u64,
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
    /// W13.
    pub missed_offer_time: Duration,
    /// What is said of calls.
    pub calls: CallFigures,
    /// The figures of other products that are asked for.
    pub compat: Vec<(CompatFigure, kpi::Part)>,
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

pub(super) const DEFINITIONS: [Id; 30] = [
    Id::V1,
    Id::V2,
    Id::V3,
    Id::V4,
    Id::Outcomes,
    Id::W1,
    Id::W2,
    Id::W2q,
    Id::W3,
    Id::W5,
    Id::W6,
    Id::W7,
    Id::W9,
    Id::W10,
    Id::W12,
    Id::W13,
    Id::Strict,
    Id::Short,
    Id::IgnoreAbandoned,
    Id::AbandonedMet,
    Id::AnsweredOnly,
    Id::Amazon,
    Id::Journey,
    Id::Access,
    Id::Ab1,
    Id::Ab2,
    Id::Ab3,
    Id::Ab4,
    Id::Ab5,
    Id::Ab6,
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
    let known = &selection.queues;
    let letters = [
        Threshold::ServiceLevel,
        Threshold::ShortAbandon,
        Threshold::ShortAnswered,
    ];
    let values = letters.map(|letter| plan.letter(letter, known));
    let others = plan.compat.iter().copied().flat_map(Pack::figures);
    let others = others.map(|figure| figure.id().definition());
    let definitions = DEFINITIONS
        .map(Id::definition)
        .into_iter()
        .chain(values)
        .chain([plan.headline_definition(known)])
        .chain(others)
        .collect();

    let mut rows = Vec::new();
    for ((bucket, group), tally) in tally(plan, selection) {
        let stretch = plan.stretch_of(bucket);
        let own = match &group {
            Group::Queue(queue) => std::slice::from_ref(queue),
            Group::NoQueue | Group::All => known,
        };
        let measured = Measured {
            threshold: plan.common_target(own, stretch),
            headline: plan.common_headline(own, stretch),
        };
        if group != Group::All && !tally.is_shown() {
            continue;
        }
        let bucket_start = plan.bucket_start(bucket);
        let mut row = tally.finish(plan, bucket_start, group.name(), measured, over);
        if group != Group::All || !plan.is_unfiltered() {
            row.calls_arrived = None;
            row.left_before_queue = None;
        }
        rows.push(row);
    }
    QueueReport {
        context: Context::of(plan, Counted::of(plan, selection), sources, definitions)
            .following(plan)
            .measured(plan, known),
        rows,
    }
}

/// What all of a row is measured by.
struct Measured {
    threshold: Option<Duration>,
    headline: Option<Headline>,
}

fn tally(plan: &Plan, selection: &Selection) -> Tallies<Tally> {
    let mut tallies = Tallies::<Tally>::new();
    for stay in stays::stays(plan, selection) {
        let mut at = |bucket, then: fn(&mut Tally, &Stay<'_>, QueueTarget, &Plan)| {
            let target = plan.target(&stay.visit.queue, stay.visit.entered_at);
            for group in [Group::Queue(stay.visit.queue.clone()), Group::All] {
                let tally = tallies.entry((bucket, group)).or_default();
                then(tally, &stay, target, plan);
            }
        };
        if let Some(bucket) = stay.offered_in(plan) {
            at(bucket, Tally::offered);
        }
        if let Some(bucket) = stay.decided_in(plan) {
            at(bucket, |tally, _, _, _| tally.counts.decided += 1);
        }
        if let Some(bucket) = stay.ended_in(plan) {
            at(bucket, Tally::ended);
        }
    }
    queue_calls::tally(plan, &selection.calls, &mut tallies, |tally| {
        &mut tally.calls
    });
    tallies
}

/// What one row is made of.
#[derive(Default)]
struct Tally {
    visits_offered: u64,
    /// Of those that began here, whenever they ended.
    ended: u64,
    exits: ExitCounts,
    waiting: u64,
    counts: LevelCounts,
    compat: CompatCounts,
    negative_spans: u64,
    waits_unknown: u64,
    talk_sum: Duration,
    missed_offer_time: Duration,
    abandoned_after_transfer: u64,
    answered_short: u64,
    answered: Vec<Duration>,
    abandoned: Vec<Duration>,
    other: Vec<Duration>,
    calls: CallTally,
}

impl Tally {
    fn offered(&mut self, stay: &Stay<'_>, _: QueueTarget, _: &Plan) {
        self.visits_offered += 1;
        if stay.visit.exit.is_some() {
            self.ended += 1;
        } else {
            self.waiting += 1;
            self.add_spans(&stay.visit);
        }
    }

    fn add_spans(&mut self, visit: &VisitRow) {
        self.talk_sum = self.talk_sum.saturating_add(visit.talk.unwrap_or_default());
        self.missed_offer_time = self
            .missed_offer_time
            .saturating_add(visit.missed_offer_time);
    }

    fn ended(&mut self, stay: &Stay<'_>, target: QueueTarget, plan: &Plan) {
        let visit = &*stay.visit;
        let Some(exit) = visit.exit else {
            return;
        };
        self.exits.add(exit);
        self.add_spans(visit);
        if kpi::is_span_negative(visit.entered_at, visit.exited_at) {
            self.negative_spans += 1;
        } else {
            self.waits_unknown += u64::from(visit.wait.is_none());
        }
        self.counts.add(LevelCounts::of_end(visit, target));
        self.compat.add(CompatCounts::of_end(visit, target));
        let after_transfer = kpi::is_abandoned_after_transfer(visit);
        self.abandoned_after_transfer += u64::from(after_transfer);
        match exit.class() {
            ExitClass::Answered => {
                let short = kpi::is_answered_short(visit.talk, plan.short_answered);
                self.answered_short += u64::from(short);
                self.answered.extend(visit.wait);
            }
            ExitClass::Abandoned => self.abandoned.extend(visit.wait),
            ExitClass::Other => self.other.extend(visit.wait),
        }
    }

    /// Whether a queue's row has something to show.
    fn is_shown(&self) -> bool {
        self.visits_offered + self.exits.sum() + self.counts.decided > 0
    }

    fn finish(
        mut self,
        plan: &Plan,
        bucket_start: String,
        queue: String,
        measured: Measured,
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
        let part = |count, of| kpi::wilson(kpi::Part { count, of });
        let accounted = match plan.basis {
            Basis::Cohort => ended,
            // The exits are those of other visits, too.
            Basis::Event => self.ended,
        };
        let counts = CompatCounts {
            decided: self.counts.decided,
            ..self.compat
        };
        let figures = plan.compat.iter().copied().flat_map(Pack::figures);
        let compat = figures
            .map(|figure| (*figure, figure.part(&counts)))
            .collect();
        let service_level = ServiceLevel::of(&self.counts, &self.calls.journeys);
        QueueRow {
            bucket_start,
            queue,
            calls_arrived: Some(self.calls.arrived),
            left_before_queue: Some(self.calls.left_before_queue),
            calls_offered: self.calls.offered,
            calls_refused: self.calls.journeys.refused,
            visits_offered: self.visits_offered,
            exits: self.exits,
            waiting: self.waiting,
            conservation_residual: kpi::conservation_residual(
                self.visits_offered,
                accounted,
                self.waiting,
            ),
            counts: self.counts,
            threshold: measured.threshold,
            headline: measured.headline,
            service_level,
            strict_interval: part(self.counts.answered_within, self.counts.decided),
            abandon_rate: kpi::abandon_rate(self.counts.abandoned, ended),
            abandon_rate_interval: part(self.counts.abandoned, ended),
            abandoned_after_transfer: (plan.lens == Lens::Visit)
                .then_some(self.abandoned_after_transfer),
            answered_short: self.answered_short,
            wait_answered: WaitSummary::of(&self.answered),
            wait_abandoned: WaitSummary::of(&self.abandoned),
            wait_all: WaitSummary::of(&all),
            wait_over: wait_over.collect(),
            talk_sum: self.talk_sum,
            negative_spans: self.negative_spans,
            waits_unknown: self.waits_unknown,
            missed_offer_time: self.missed_offer_time,
            calls: self.calls.finish(plan.basis),
            compat,
        }
    }
}

#[cfg(test)]
#[path = "queues_test.rs"]
mod tests;

#[cfg(test)]
#[path = "journeys_test.rs"]
mod journeys_test;
