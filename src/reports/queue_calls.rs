//! What a queue's row says of calls: how they ended, how long their callers waited from the first queue to the first
//! human, and what was refused.
//!
//! A call belongs to the first queue that it entered, else to the one that refused it; one that met neither is in the row
//! for all alone. On the event basis it arrives, is answered and ends in the interval of each.

use std::time::Duration;

use crate::kpi::{self, JourneyCounts, OutcomeCounts, WaitSummary};
use crate::model::{CallRow, QueueId, Timestamp};

use super::group::{Group, Tallies};
use super::plan::Plan;
use super::stays::Basis;

/// What a row says of calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFigures {
    /// Calls by outcome.
    pub outcomes: OutcomeCounts,
    /// Calls that have not ended.
    pub open: u64,
    /// Calls that arrived and neither ended nor are open; must be 0.
    pub outcome_residual: i64,
    /// V3.
    pub demand: u64,
    /// V4.
    pub refused_rate: Option<f64>,
    /// Of the refused those that met a closed line.
    pub refused_closed: u64,
    /// The counts of `journey` and `access`.
    pub journeys: JourneyCounts,
    /// W2 of answered calls.
    pub journey_wait: WaitSummary,
    /// W2 of calls that ended without an answer: until their end.
    pub journey_wait_censored: WaitSummary,
    /// W2q.
    pub queue_wait_sum: Duration,
    /// W3.
    pub time_to_human: WaitSummary,
    /// W12.
    pub caller_burden: WaitSummary,
    /// The numerator of AB2.
    pub lost: u64,
    /// AB2.
    pub lost_rate: Option<f64>,
    /// Its Wilson 95 % interval.
    pub lost_rate_interval: Option<(f64, f64)>,
}

/// What a row's figures of calls are made of.
#[derive(Default)]
pub(super) struct CallTally {
    pub(super) arrived: u64,
    pub(super) offered: u64,
    pub(super) left_before_queue: u64,
    /// Of those that arrived here, whenever they ended.
    ended: u64,
    open: u64,
    outcomes: OutcomeCounts,
    refused_closed: u64,
    pub(super) journeys: JourneyCounts,
    journey_waits: Vec<Duration>,
    journey_waits_censored: Vec<Duration>,
    queue_wait_sum: Duration,
    times_to_human: Vec<Duration>,
    burdens: Vec<Duration>,
    lost: u64,
    /// Calls of which the lost ones are a part.
    lost_of: u64,
}

/// Tallies the calls that arrived: `of` finds a row's tally.
pub(super) fn tally<T: Default>(
    plan: &Plan,
    calls: &[CallRow],
    tallies: &mut Tallies<T>,
    of: fn(&mut T) -> &mut CallTally,
) {
    for call in calls.iter().filter(|call| kpi::is_arrived(call)) {
        let queue = belongs_to(call);
        if !plan.wants(queue) {
            continue;
        }
        for (bucket, step) in steps(plan, call) {
            for group in [Group::of(queue), Group::All] {
                let tally = tallies.entry((bucket, group)).or_default();
                of(tally).take(plan, call, step);
            }
        }
    }
}

/// The queue under which a call stands.
pub(super) fn belongs_to(call: &CallRow) -> Option<&QueueId> {
    if kpi::is_offered(call) {
        return call.first_queue.as_ref();
    }
    let (_, queue) = call.refused.as_ref()?;
    queue.as_ref()
}

/// One thing that a call does.
#[derive(Clone, Copy)]
enum Step {
    Arrives,
    MeetsAHuman,
    IsDecided,
    Ends,
}

/// What a call does, with the bucket of each.
fn steps(plan: &Plan, call: &CallRow) -> impl Iterator<Item = (usize, Step)> {
    let arrived_in = plan.index_of(call.arrived_at);
    let bucket = |at| match plan.basis {
        Basis::Cohort => arrived_in,
        Basis::Event => plan.index_of(at),
    };
    let answered_in = call.first_answered_at.and_then(bucket);
    let decided_in = decided_at(plan, call).and_then(bucket);
    let ended_at = call.ended_at.unwrap_or(call.arrived_at);
    let ended_in = call.outcome.and_then(|_| bucket(ended_at));
    [
        (arrived_in, Step::Arrives),
        (answered_in, Step::MeetsAHuman),
        (decided_in, Step::IsDecided),
        (ended_in, Step::Ends),
    ]
    .into_iter()
    .filter_map(|(bucket, step)| bucket.map(|bucket| (bucket, step)))
}

/// When a call's journey is decided; `None` when it has none, and when it is not yet.
pub(super) fn decided_at(plan: &Plan, call: &CallRow) -> Option<Timestamp> {
    let journey = kpi::journey_of(call)?;
    let queue = call.first_queue.as_ref()?;
    let threshold = plan.target(queue, journey.entered_at).service_level;
    let ended = journey.exit.is_some();
    kpi::is_decided(ended, journey.entered_at, threshold, plan.read_at)
        .then(|| kpi::decided_at(journey.entered_at, journey.exited_at, threshold))
}

/// Whether a call's first human answered within the threshold of its first queue.
pub(super) fn is_within(plan: &Plan, call: &CallRow) -> bool {
    let journey = kpi::journey_of(call).zip(call.first_queue.as_ref());
    journey.is_some_and(|(journey, queue)| {
        let target = plan.target(queue, journey.entered_at);
        kpi::is_journey_within(&journey, target.service_level)
    })
}

/// W12 of a call that met a queue or a human.
pub(super) fn burden(call: &CallRow) -> Option<Duration> {
    (kpi::is_offered(call) || call.answered).then(|| kpi::caller_burden(call))
}

impl CallTally {
    fn take(&mut self, plan: &Plan, call: &CallRow, step: Step) {
        match step {
            Step::Arrives => self.arrives(plan, call),
            Step::MeetsAHuman => {
                self.journey_waits.extend(kpi::journey_wait(call));
                self.times_to_human.extend(kpi::time_to_human(call));
            }
            Step::IsDecided => self.is_decided(plan, call),
            Step::Ends => self.ends(plan, call),
        }
    }

    fn arrives(&mut self, plan: &Plan, call: &CallRow) {
        let (offered, ended) = (kpi::is_offered(call), call.outcome.is_some());
        self.arrived += 1;
        self.offered += u64::from(offered);
        self.journeys.refused += u64::from(kpi::is_refused(call));
        self.refused_closed += u64::from(kpi::is_refused_closed(call));
        self.ended += u64::from(ended);
        self.open += u64::from(!ended);
        if plan.basis == Basis::Cohort {
            self.lost_of += u64::from(offered);
        }
    }

    fn is_decided(&mut self, plan: &Plan, call: &CallRow) {
        self.journeys.decided += 1;
        self.journeys.answered_within += u64::from(is_within(plan, call));
    }

    fn ends(&mut self, plan: &Plan, call: &CallRow) {
        if let Some(outcome) = call.outcome {
            self.outcomes.add(outcome);
        }
        self.left_before_queue += u64::from(kpi::is_left_before_queue(call));
        self.lost += u64::from(kpi::is_lost(call));
        if plan.basis == Basis::Event {
            self.lost_of += u64::from(kpi::is_offered(call));
        }
        self.journey_waits_censored
            .extend(kpi::journey_wait_censored(call));
        self.queue_wait_sum = self.queue_wait_sum.saturating_add(call.queue_wait);
        self.burdens.extend(burden(call));
    }

    pub(super) fn finish(mut self, basis: Basis) -> CallFigures {
        for waits in [
            &mut self.journey_waits,
            &mut self.journey_waits_censored,
            &mut self.times_to_human,
            &mut self.burdens,
        ] {
            waits.sort_unstable();
        }
        let ended = match basis {
            Basis::Cohort => self.outcomes.sum(),
            // The outcomes are those of other calls, too.
            Basis::Event => self.ended,
        };
        let refused = self.journeys.refused;
        let lost = kpi::Part {
            count: self.lost,
            of: self.lost_of,
        };
        CallFigures {
            outcomes: self.outcomes,
            open: self.open,
            outcome_residual: kpi::outcome_residual(self.arrived, ended, self.open),
            demand: kpi::demand(self.offered, refused),
            refused_rate: kpi::refused_rate(self.offered, refused),
            refused_closed: self.refused_closed,
            journeys: self.journeys,
            journey_wait: WaitSummary::of(&self.journey_waits),
            journey_wait_censored: WaitSummary::of(&self.journey_waits_censored),
            queue_wait_sum: self.queue_wait_sum,
            time_to_human: WaitSummary::of(&self.times_to_human),
            caller_burden: WaitSummary::of(&self.burdens),
            lost: self.lost,
            lost_rate: kpi::lost_rate(lost.count, lost.of),
            lost_rate_interval: kpi::wilson(lost),
        }
    }
}
