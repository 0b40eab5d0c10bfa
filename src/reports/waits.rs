//! The wait distribution: cumulative counts on fixed edges, answered and abandoned apart.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kpi::{self, Id, WAIT_EDGES};
use crate::model::ExitClass;
use crate::store::Selection;

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::plan::Plan;

/// The wait distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// The edges, rising.
    pub edges: Vec<Duration>,
    /// By interval, queue and exit.
    pub rows: Vec<WaitRow>,
}

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
}

/// Makes the wait distribution; `edges` come beside the fixed ones and the configured thresholds.
pub(super) fn report(
    plan: &Plan,
    selection: &Selection,
    sources: Vec<SourceCompleteness>,
    edges: &[Duration],
) -> WaitReport {
    let edges: BTreeSet<_> = edges
        .iter()
        .copied()
        .chain(WAIT_EDGES)
        .chain(plan.configured())
        .collect();
    let edges: Vec<_> = edges.into_iter().collect();

    let mut tallies = Tallies::<[Vec<Duration>; 3]>::new();
    for visit in &selection.visits {
        let Some(bucket) = plan.buckets.index_of(visit.entered_at) else {
            continue;
        };
        if plan.wants(Some(&visit.queue)) {
            for group in [Group::Queue(visit.queue.clone()), Group::All] {
                // A visit that waits makes the row, too: its queue is shown with what is known.
                let waits = tallies.entry((bucket, group)).or_default();
                if let Some(exit) = visit.exit {
                    waits[slot(exit.class())].extend(visit.wait);
                }
            }
        }
    }

    let mut rows = Vec::new();
    for ((bucket, group), mut waits) in tallies {
        for exit in ExitClass::ALL.iter().copied() {
            let waits = &mut waits[slot(exit)];
            if exit == ExitClass::Other && waits.is_empty() {
                continue;
            }
            waits.sort_unstable();
            rows.push(WaitRow {
                bucket_start: plan.bucket_start(bucket),
                queue: group.name(),
                exit,
                up_to: kpi::counts_up_to(waits, &edges),
                count: waits.len() as u64,
                sum: kpi::wait_sum(waits),
            });
        }
    }
    let definitions = vec![Id::W1.definition()];
    WaitReport {
        context: Context::of(plan, Counted::of(plan, selection), sources, definitions),
        edges,
        rows,
    }
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
        options.targets.queues.insert(QueueId::new("jobs"), own);
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
