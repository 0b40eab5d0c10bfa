//! The wait distribution: cumulative counts on fixed edges, answered and abandoned apart, and the curve of time-to-answer
//! that takes each wait for what is known of it.

use std::time::Duration;

use crate::kpi::{self, Curve, Id, Quantiles, Slots, WatchedWait};
use crate::model::ExitClass;
use crate::store::{Rollup, Selection};

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::making::Making;
use super::plan::Plan;
use super::{making, stays, watched};

/// The wait distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// The edges, rising.
    pub edges: Vec<Duration>,
    /// By interval, queue and exit.
    pub rows: Vec<WaitRow>,
    /// By interval and queue.
    pub curves: Vec<WaitCurve>,
}

/// W11 of one queue, or all.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitCurve {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = all asked for.
    pub queue: String,
    /// Waits that ended with an answer.
    pub answered: u64,
    /// Waits that ended otherwise, or go on.
    pub censored: u64,
    /// The curve, thinned to what can be drawn.
    pub curve: Curve,
}

/// Steps of a curve that are shown: each is a thousandth of the callers at the least.
const STEPS_MAX: usize = 1_000;

/// The waits of one queue, or all, that ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = all asked for.
    pub queue: String,
    /// How the visits ended.
    pub exit: ExitClass,
    /// For each edge, how many waits are no longer than it.
    pub up_to: Vec<u64>,
    /// All waits.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
    /// W9 of these waits.
    pub quantiles: Quantiles,
    /// W11, in the row of those answered: `None` where the curve does not go so far.
    pub time_to_answer: Option<Quantiles>,
}

/// The wait distribution in the making: from rows, since the curve needs each wait.
pub(super) struct WaitsMade {
    edges: Vec<Duration>,
    tallies: Tallies<Tally>,
}

impl WaitsMade {
    /// Nothing taken yet; `edges` come beside the fixed ones and the configured thresholds.
    pub(super) fn new(plan: &Plan, edges: &[Duration]) -> Self {
        let asked = edges.iter().copied().chain(plan.configured());
        Self {
            edges: making::edges(asked).to_vec(),
            tallies: Tallies::new(),
        }
    }
}

impl Making for WaitsMade {
    type Report = WaitReport;

    fn rows(&mut self, plan: &Plan, rows: &Selection) {
        for stay in stays::stays(plan, rows) {
            let mut at = |bucket, then: &dyn Fn(&mut Tally)| {
                for group in [Group::Queue(stay.visit.queue.clone()), Group::All] {
                    then(self.tallies.entry((bucket, group)).or_default());
                }
            };
            // A visit that waits makes the row, too: its queue is shown with what is known.
            if let Some(bucket) = stay.offered_in(plan) {
                at(bucket, &|_| ());
            }
            if let (Some(bucket), Some(exit)) = (stay.ended_in(plan), stay.visit.exit) {
                let wait = stay.visit.wait;
                at(bucket, &|tally| {
                    tally.waits[slot(exit.class())].extend(wait)
                });
            }
            for (bucket, watched) in watched::watched(plan, &stay) {
                at(bucket, &|tally| tally.watched.push(watched));
            }
        }
    }

    fn rollup(&mut self, _: &Plan, _: usize, _: &Rollup, _: &Slots) -> Option<()> {
        // None was asked for.
        None
    }

    fn finish(self, plan: &Plan, counted: Counted, sources: Vec<SourceCompleteness>) -> WaitReport {
        let (mut rows, mut curves) = (Vec::new(), Vec::new());
        for ((bucket, group), mut tally) in self.tallies {
            let curve = Curve::of(&tally.watched);
            for exit in ExitClass::ALL.iter().copied() {
                let waits = &mut tally.waits[slot(exit)];
                if exit == ExitClass::Other && waits.is_empty() {
                    continue;
                }
                waits.sort_unstable();
                let time_to_answer = Quantiles::by(|percent| curve.quantile(percent));
                rows.push(WaitRow {
                    bucket_start: plan.bucket_start(bucket),
                    queue: group.name(),
                    exit,
                    up_to: kpi::counts_up_to(waits, &self.edges),
                    count: waits.len() as u64,
                    sum: kpi::wait_sum(waits),
                    quantiles: Quantiles::of(waits),
                    time_to_answer: (exit == ExitClass::Answered).then_some(time_to_answer),
                });
            }
            let sum = |of: fn(&kpi::Step) -> u64| curve.steps.iter().map(of).sum();
            curves.push(WaitCurve {
                bucket_start: plan.bucket_start(bucket),
                queue: group.name(),
                answered: sum(|step| step.answered),
                censored: sum(|step| step.censored),
                curve: curve.thinned(STEPS_MAX),
            });
        }
        let definitions = DEFINITIONS.map(Id::definition).to_vec();
        WaitReport {
            context: Context::of(plan, counted, sources, definitions).following(plan),
            edges: self.edges,
            rows,
            curves,
        }
    }
}

const DEFINITIONS: [Id; 4] = [Id::W1, Id::W2, Id::W9, Id::W11];

/// What the rows of one interval and queue are made of.
#[derive(Default)]
struct Tally {
    waits: [Vec<Duration>; 3],
    watched: Vec<WatchedWait>,
}

fn slot(exit: ExitClass) -> usize {
    match exit {
        ExitClass::Answered => 0,
        ExitClass::Abandoned => 1,
        ExitClass::Other => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::WAIT_EDGES;
    use crate::model::{Exit, QueueId, QueueTarget};
    use crate::reports::fixture::{Memory, hotline, query, samara, seconds, visit, waiting};

    fn stored() -> Memory {
        let at = samara("10:00:00");
        Memory::of(Selection {
            visits: vec![
                visit("jobs", at, Exit::Answered, 0),
                visit("jobs", at, Exit::Answered, 7),
                visit("jobs", at, Exit::AbandonedRinging, 20),
                visit("benefits", at, Exit::Timeout, 90),
                waiting("help", at),
            ],
            ..Selection::default()
        })
    }

    /// Queue, exit, counts up to 0 s, 5 s, 10 s and 3600 s, count, sum in seconds.
    fn brief(report: &WaitReport) -> Vec<(&str, &str, [u64; 4], u64, u64)> {
        let column = |edge| {
            report
                .edges
                .iter()
                .position(|e| *e == seconds(edge))
                .unwrap()
        };
        let columns = [0, 5, 10, 3600].map(column);
        let row = |row: &WaitRow| columns.map(|column| row.up_to[column]);
        let rows = report.rows.iter();
        rows.map(|r| {
            (
                r.queue.as_str(),
                r.exit.as_str(),
                row(r),
                r.count,
                r.sum.as_secs(),
            )
        })
        .collect()
    }

    #[test]
    fn each_queue_with_a_visit_has_its_rows() {
        let report = stored().reports(hotline()).waits(&query(), &[]).unwrap();
        assert_eq!(
            brief(&report),
            [
                ("benefits", "answered", [0, 0, 0, 0], 0, 0),
                ("benefits", "abandoned", [0, 0, 0, 0], 0, 0),
                ("benefits", "other", [0, 0, 0, 1], 1, 90),
                ("help", "answered", [0, 0, 0, 0], 0, 0),
                ("help", "abandoned", [0, 0, 0, 0], 0, 0),
                ("jobs", "answered", [1, 1, 2, 2], 2, 7),
                ("jobs", "abandoned", [0, 0, 0, 1], 1, 20),
                ("ALL", "answered", [1, 1, 2, 2], 2, 7),
                ("ALL", "abandoned", [0, 0, 0, 1], 1, 20),
                ("ALL", "other", [0, 0, 0, 1], 1, 90),
            ]
        );
    }

    #[test]
    fn edges_are_fixed_configured_and_asked_for() {
        let mut options = hotline();
        let own = QueueTarget {
            service_level: seconds(33),
            short_abandon: seconds(3),
        };
        options
            .targets
            .queues
            .insert(QueueId::new("jobs"), own.into());
        let report = stored()
            .reports(options)
            .waits(&query(), &[seconds(22), seconds(20)])
            .unwrap();
        let mut expected = WAIT_EDGES.to_vec();
        expected.extend([3, 22, 33].map(seconds));
        expected.sort_unstable();
        assert_eq!(report.edges, expected);
        assert!(
            report
                .rows
                .iter()
                .all(|row| row.up_to.len() == expected.len())
        );
    }

    #[test]
    fn a_period_without_visits_has_no_rows() {
        let report = Memory::default()
            .reports(hotline())
            .waits(&query(), &[])
            .unwrap();
        assert_eq!(report.rows, []);
    }
}
