//! The queue report: volume, waits, service level and abandonment.
//!
//! A queue has a row in the intervals in which a visit to it began or a call of it arrived, on the event basis also where
//! one was decided or ended: so what rows of queues say of calls adds up, though a call may arrive in one interval and enter
//! its queue in the next, and a queue that turns everybody away is seen. Calls that met no queue, neither entered nor turned
//! away by one, are in the row for all alone. Through the lens of journeys a call is one visit to the first queue that it
//! entered, which lasts until its first human or its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kpi::{
    self, CallTally, CompatCounts, CompatFigure, ExitCounts, Held, Id, LevelCounts, Pack,
    ServiceLevel, Slots, Threshold, VisitTally, WaitSummary,
};
use crate::model::Headline;
use crate::store::{Rollup, Selection};

use super::choice::By;
use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::making::Making;
use super::plan::Plan;
use super::queue_calls::{self, CallFigures};
use super::stays::{self, Basis, Lens};

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
    /// Beside V4: for how long all channels of a line were busy, lines added up; whoever called then is in no count. Only of
    /// all queues, unfiltered, and where channels were told.
    pub all_busy: Option<Duration>,
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

impl QueueReport {
    /// Sets beside the demand of all queues for how long nobody else could have come through.
    pub(super) fn set_all_busy(&mut self, busy: &BTreeMap<String, Duration>) {
        let all = self
            .rows
            .iter_mut()
            .filter(|row| row.calls_arrived.is_some());
        for row in all.filter(|row| row.queue == Group::All.name()) {
            row.all_busy = busy.get(&row.bucket_start).copied();
        }
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

/// The queue report in the making.
pub(super) struct Queues {
    over: Vec<Duration>,
    held: Held,
    stands_in: Option<Group>,
    tallies: Tallies<Tally>,
}

impl Queues {
    /// Nothing taken yet; `over` are the thresholds of W10, none = the usual.
    pub(super) fn new(over: Vec<Duration>, held: Held) -> Self {
        Self {
            over,
            held,
            stands_in: None,
            tallies: Tallies::new(),
        }
    }

    /// The thresholds of W10, none = the usual.
    pub(super) fn over(asked: Vec<Duration>) -> Vec<Duration> {
        if asked.is_empty() {
            kpi::WAIT_OVER_DEFAULT.to_vec()
        } else {
            asked
        }
    }

    /// The tally of a row.
    fn at(&mut self, bucket: usize, group: Group) -> &mut Tally {
        let held = &self.held;
        let new = || Tally::new(held);
        self.tallies.entry((bucket, group)).or_insert_with(new)
    }

    /// Gives configured queues which nobody called a row of the whole period: that nobody did is a figure, too.
    fn add_idle(&mut self, plan: &Plan) -> BTreeSet<Group> {
        let is_whole = plan.buckets.count() == 1 && !self.tallies.is_empty();
        if !is_whole || plan.choice.needs_records() {
            return BTreeSet::new();
        }
        let configured = plan.targets.queues.keys();
        let configured = configured.filter(|queue| plan.wants(Some(queue)));
        let groups: BTreeSet<_> = configured
            .map(|queue| Group::Queue(queue.clone()))
            .collect();
        for group in &groups {
            self.at(0, group.clone());
        }
        groups
    }

    /// The sums of each row.
    pub(super) fn tallies(self) -> Tallies<Tally> {
        self.tallies
    }
}

impl Making for Queues {
    type Report = QueueReport;

    fn stand_in(&mut self, group: Option<Group>) {
        self.stands_in = group;
    }

    fn rows(&mut self, plan: &Plan, rows: &Selection) {
        let own = self.stands_in.clone();
        for stay in stays::stays(plan, rows) {
            let queue = &stay.visit.queue;
            let target = plan.target(queue, stay.visit.entered_at);
            let mut at = |bucket, then: &dyn Fn(&mut VisitTally)| {
                let group = own.clone().unwrap_or_else(|| Group::Queue(queue.clone()));
                for group in [group, Group::All] {
                    then(&mut self.at(bucket, group).visits);
                }
            };
            if let Some(bucket) = stay.offered_in(plan) {
                at(bucket, &|tally| tally.add_offered(&stay.visit));
            }
            if let Some(bucket) = stay.decided_in(plan) {
                at(bucket, &VisitTally::add_decided);
            }
            if let Some(bucket) = stay.ended_in(plan) {
                let short = plan.short_answered;
                at(bucket, &|tally| tally.add_ended(&stay.visit, target, short));
            }
        }
        queue_calls::tally(plan, rows.calls.iter(), |bucket, queue, then| {
            let group = own.clone().unwrap_or_else(|| Group::of(queue));
            for group in [group, Group::All] {
                then(&mut self.at(bucket, group).calls);
            }
        });
    }

    fn rollup(&mut self, plan: &Plan, bucket: usize, rollup: &Rollup, slots: &Slots) -> Option<()> {
        let wanted = |queue: Option<&str>| plan.wants_name(queue);
        // Nothing that this depends on changes within it: where it does, rows are read.
        let at = rollup.period.0;
        let visits = match plan.lens {
            Lens::Visit => &rollup.visits,
            Lens::Journey => &rollup.journeys,
        };
        kpi::read_tallies(visits, slots, wanted, |queue, mut tally: VisitTally| {
            let group = Group::named(queue);
            if let Group::Queue(queue) = &group {
                tally.judge(plan.target(queue, at));
            }
            for group in [Group::All, group] {
                self.at(bucket, group).visits.merge(&tally);
            }
        })?;
        kpi::read_tallies(
            &rollup.calls,
            slots,
            wanted,
            |queue, mut tally: CallTally| {
                let group = Group::named(queue);
                if let Group::Queue(queue) = &group {
                    tally.judge(plan.target(queue, at).service_level);
                }
                for group in [Group::All, group] {
                    self.at(bucket, group).calls.merge(&tally);
                }
            },
        )
    }

    fn finish(
        mut self,
        plan: &Plan,
        counted: Counted,
        sources: Vec<SourceCompleteness>,
    ) -> QueueReport {
        let idle = self.add_idle(plan);
        let letters = [
            Threshold::ServiceLevel,
            Threshold::ShortAbandon,
            Threshold::ShortAnswered,
        ];
        let known = counted.queues.clone();
        let values = letters.map(|letter| plan.letter(letter, &known));
        let others = plan.compat.iter().copied().flat_map(Pack::figures);
        let others = others.map(|figure| figure.id().definition());
        let definitions = DEFINITIONS
            .map(Id::definition)
            .into_iter()
            .chain(values)
            .chain([plan.headline_definition(&known)])
            .chain(others)
            .collect();

        let mut rows = Vec::new();
        for ((bucket, group), tally) in self.tallies {
            let stretch = plan.stretch_of(bucket);
            let is_queues = plan.choice.by == By::Queue;
            let own = match &group {
                Group::Queue(queue) if is_queues => std::slice::from_ref(queue),
                Group::Queue(_) | Group::NoQueue | Group::All => &known,
            };
            let measured = Measured {
                threshold: plan.common_target(own, stretch),
                headline: plan.common_headline(own, stretch),
            };
            // Of no line or no team there are calls to show; those of no queue are in the row for all.
            let is_nobodys = is_queues && group == Group::NoQueue;
            let is_shown = tally.is_shown() || idle.contains(&group);
            if group != Group::All && (is_nobodys || !is_shown) {
                continue;
            }
            let bucket_start = plan.bucket_start(bucket);
            let mut row = tally.finish(plan, bucket_start, group.name(), measured, &self.over);
            if (group != Group::All && is_queues) || !plan.is_unfiltered() {
                row.calls_arrived = None;
                row.left_before_queue = None;
            }
            rows.push(row);
        }
        QueueReport {
            context: Context::of(plan, counted, sources, definitions)
                .following(plan)
                .measured(plan, &known),
            rows,
        }
    }

    fn context(report: &mut QueueReport) -> &mut Context {
        &mut report.context
    }
}

/// What all of a row is measured by.
struct Measured {
    threshold: Option<Duration>,
    headline: Option<Headline>,
}

/// What one row is made of.
pub(super) struct Tally {
    pub(super) visits: VisitTally,
    pub(super) calls: CallTally,
}

impl Tally {
    fn new(held: &Held) -> Self {
        Self {
            visits: VisitTally::new(held),
            calls: CallTally::new(held),
        }
    }

    /// Whether a row has something to show.
    fn is_shown(&self) -> bool {
        let (visits, calls) = (&self.visits, &self.calls);
        let of_visits = visits.offered + visits.exits.sum() + visits.counts.decided;
        let of_calls = calls.arrived + calls.outcomes.sum() + calls.journeys.decided;
        of_visits + of_calls + calls.times_to_human.count() > 0
    }

    fn finish(
        self,
        plan: &Plan,
        bucket_start: String,
        queue: String,
        measured: Measured,
        over: &[Duration],
    ) -> QueueRow {
        let Self { mut visits, calls } = self;
        let mut all = visits.all();
        let ended = visits.exits.sum();
        let wait_over = over.iter().map(|threshold| {
            let count = all.count_over(*threshold);
            WaitOver {
                threshold: *threshold,
                count,
                share: kpi::share_over(count, ended),
            }
        });
        let wait_over = wait_over.collect();
        let part = |count, of| kpi::wilson(kpi::Part { count, of });
        let accounted = match plan.basis {
            Basis::Cohort => ended,
            // The exits are those of other visits, too.
            Basis::Event => visits.ended,
        };
        let counts = visits.counts;
        let compat_counts = CompatCounts {
            decided: counts.decided,
            ..visits.compat
        };
        let figures = plan.compat.iter().copied().flat_map(Pack::figures);
        let compat = figures
            .map(|figure| (*figure, figure.part(&compat_counts)))
            .collect();
        QueueRow {
            bucket_start,
            queue,
            calls_arrived: Some(calls.arrived),
            all_busy: None,
            left_before_queue: Some(calls.left_before_queue),
            calls_offered: calls.offered,
            calls_refused: calls.journeys.refused,
            visits_offered: visits.offered,
            exits: visits.exits,
            waiting: visits.waiting,
            conservation_residual: kpi::conservation_residual(
                visits.offered,
                accounted,
                visits.waiting,
            ),
            counts,
            threshold: measured.threshold,
            headline: measured.headline,
            service_level: ServiceLevel::of(&counts, &calls.journeys),
            strict_interval: part(counts.answered_within, counts.decided),
            abandon_rate: kpi::abandon_rate(counts.abandoned, ended),
            abandon_rate_interval: part(counts.abandoned, ended),
            abandoned_after_transfer: (plan.lens == Lens::Visit)
                .then_some(visits.abandoned_after_transfer),
            answered_short: visits.answered_short,
            wait_answered: visits.answered.summary(),
            wait_abandoned: visits.abandoned.summary(),
            wait_all: all.summary(),
            wait_over,
            talk_sum: visits.talk_sum,
            negative_spans: visits.negative_spans,
            waits_unknown: visits.waits_unknown,
            missed_offer_time: visits.missed_offer_time,
            calls: CallFigures::of(calls, plan.basis),
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
