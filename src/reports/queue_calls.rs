//! What a queue's row says of calls: how they ended, how long their callers waited from the first queue to the first
//! human, and what was refused.
//!
//! A call belongs to the first queue that it entered, else to the one that refused it; one that met neither is in the row
//! for all alone. On the event basis it arrives, is answered and ends in the interval of each.

use std::time::Duration;

use crate::kpi::{self, CallTally, JourneyCounts, OutcomeCounts, WaitSummary};
use crate::model::{CallRow, QueueId, Timestamp};

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

/// Tallies the calls that arrived: `at` finds the tallies of an interval and a queue, that for all among them.
pub(super) fn tally<'a>(
    plan: &Plan,
    calls: impl Iterator<Item = &'a CallRow>,
    mut at: impl FnMut(usize, Option<&QueueId>, &dyn Fn(&mut CallTally)),
) {
    for call in calls.filter(|call| kpi::is_arrived(call)) {
        let queue = belongs_to(call);
        if !plan.wants(queue) {
            continue;
        }
        for (bucket, step) in steps(plan, call) {
            at(bucket, queue, &|tally| match step {
                Step::Arrives => tally.add_arrived(call),
                Step::MeetsAHuman => tally.add_answered(call),
                Step::IsDecided => tally.add_decided(is_within(plan, call)),
                Step::Ends => tally.add_ended(call),
            });
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
    let (ended, read_at) = (journey.exit.is_some(), plan.read_at(Some(&call.source)));
    kpi::is_decided(ended, journey.entered_at, threshold, read_at)
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

impl CallFigures {
    /// The figures of some calls.
    pub(super) fn of(mut tally: CallTally, basis: Basis) -> Self {
        let (ended, lost_of) = match basis {
            Basis::Cohort => (tally.outcomes.sum(), tally.offered),
            // The outcomes are those of other calls, too.
            Basis::Event => (tally.ended, tally.offered_ended),
        };
        let refused = tally.journeys.refused;
        let lost = kpi::Part {
            count: tally.lost,
            of: lost_of,
        };
        Self {
            outcomes: tally.outcomes,
            open: tally.open,
            outcome_residual: kpi::outcome_residual(tally.arrived, ended, tally.open),
            demand: kpi::demand(tally.offered, refused),
            refused_rate: kpi::refused_rate(tally.offered, refused),
            refused_closed: tally.refused_closed,
            journeys: tally.journeys,
            journey_wait: tally.journey_waits.summary(),
            journey_wait_censored: tally.journey_waits_censored.summary(),
            queue_wait_sum: tally.queue_wait_sum,
            time_to_human: tally.times_to_human.summary(),
            caller_burden: tally.burdens.summary(),
            lost: tally.lost,
            lost_rate: kpi::lost_rate(lost.count, lost.of),
            lost_rate_interval: kpi::wilson(lost),
        }
    }
}
