//! How long each wait was watched for an answer, as the curve of time-to-answer needs it (W11).
//!
//! On the cohort basis a wait is watched from its beginning to its end, wherever the interval ends. On the event basis an
//! interval watches what happens in it: a wait that is older enters at its age (left truncation), one that goes on beyond
//! is last seen at the interval's end.

use std::time::Duration;

use crate::kpi::{self, WaitEnd, WatchedWait};
use crate::model::{Exit, Timestamp, VisitRow};

use super::plan::Plan;
use super::stays::{Basis, Stay};

/// What is watched of a stay, by bucket.
pub(super) fn watched(plan: &Plan, stay: &Stay<'_>) -> Vec<(usize, WatchedWait)> {
    let visit = &stay.visit;
    // Nobody knows how long a wait was that no clock can have, or whose answer was never told.
    if visit.exit.is_some() && visit.wait.is_none() {
        return Vec::new();
    }
    let end = match visit.exit {
        Some(Exit::Answered) => WaitEnd::Answered,
        Some(
            Exit::AbandonedWaiting
            | Exit::AbandonedRinging
            | Exit::Timeout
            | Exit::KeyExit
            | Exit::LeftEmpty
            | Exit::Withdrawn
            | Exit::Callback
            | Exit::Error,
        )
        | None => WaitEnd::Censored,
    };
    let wait = visit.wait.unwrap_or_else(|| still_waiting(plan, visit));
    match plan.basis {
        Basis::Cohort => {
            let whole = WatchedWait {
                entered: Duration::ZERO,
                time: wait,
                end,
            };
            let bucket = stay.offered_in(plan);
            bucket.map(|bucket| (bucket, whole)).into_iter().collect()
        }
        Basis::Event => {
            let left_at = visit.exit.map(|_| visit.entered_at.plus(wait));
            by_interval(plan, visit.entered_at, wait, left_at, end)
        }
    }
}

/// How long a wait that goes on has lasted, as far as its source's time is known.
fn still_waiting(plan: &Plan, visit: &VisitRow) -> Duration {
    let read_at = plan.read_at(visit.waits_at.as_ref());
    let waited = read_at.and_then(|read_at| kpi::wait(visit.entered_at, read_at));
    waited.unwrap_or_default()
}

/// The parts of a wait by bucket; only the one in which it ended knows how.
fn by_interval(
    plan: &Plan,
    entered_at: Timestamp,
    wait: Duration,
    left_at: Option<Timestamp>,
    end: WaitEnd,
) -> Vec<(usize, WatchedWait)> {
    let mut parts = Vec::<(usize, WatchedWait)>::new();
    for (bucket, from, span) in plan.cut_up(entered_at, entered_at.plus(wait)) {
        // What began before the period, or while nothing was counted, is as old at its start as it is.
        let entered = from.since(entered_at).unwrap_or_default();
        let age = entered + span;
        match parts.last_mut() {
            // A repeated hour goes on in the same bucket: nobody enters twice.
            Some((last, part)) if *last == bucket && part.time == entered => part.time = age,
            _ => parts.push((
                bucket,
                WatchedWait {
                    entered,
                    time: age,
                    end: WaitEnd::Censored,
                },
            )),
        }
    }
    if let Some(bucket) = left_at.and_then(|left_at| plan.index_of(left_at)) {
        match parts.last_mut() {
            Some((last, part)) if *last == bucket && part.time == wait => part.end = end,
            // It ended at the first instant of an interval, or at once.
            _ => parts.push((
                bucket,
                WatchedWait {
                    entered: wait,
                    time: wait,
                    end,
                },
            )),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VisitRow;
    use crate::reports::fixture::{Memory, hotline, query, samara, seconds, visit, waiting};
    use crate::reports::{Bucket, Query, WaitReport};
    use crate::store::Selection;

    fn asked(visits: Vec<VisitRow>, query: &Query, known: Option<Timestamp>) -> WaitReport {
        let memory = Memory::of(Selection {
            visits,
            ..Selection::default()
        });
        memory
            .reports_at(hotline(), known)
            .waits(query, &[])
            .unwrap()
    }

    /// Of the queue's curves: the bucket's hour, how many were answered and censored, and the steps as age, risk set,
    /// answers, survival.
    type Brief = (String, [u64; 2], Vec<(u64, u64, u64, f64)>);

    fn curves(report: &WaitReport) -> Vec<Brief> {
        let of_jobs = report.curves.iter().filter(|curve| curve.queue == "jobs");
        of_jobs
            .map(|curve| {
                let steps = curve.curve.steps.iter();
                let steps = steps.map(|step| {
                    (
                        step.time.as_secs(),
                        step.at_risk,
                        step.answered,
                        step.survival,
                    )
                });
                let hour = curve
                    .bucket_start
                    .get(11..13)
                    .unwrap_or(&curve.bucket_start);
                (
                    hour.to_owned(),
                    [curve.answered, curve.censored],
                    steps.collect(),
                )
            })
            .collect()
    }

    #[test]
    fn who_does_not_stay_is_censored() {
        let ten = samara("10:00:00");
        // Answered at 10, 30 and 30 s; given up at 20 s; waiting for 40 s.
        let visits = vec![
            visit("jobs", ten, Exit::Answered, 30),
            visit("jobs", ten, Exit::Answered, 10),
            visit("jobs", ten, Exit::AbandonedWaiting, 20),
            visit("jobs", ten, Exit::Answered, 30),
            waiting("jobs", ten),
        ];
        let report = asked(visits, &query(), Some(samara("10:00:40")));
        let third = 4.0 / 5.0 * (1.0 / 3.0);
        let steps = vec![
            (10, 5, 1, 0.8),
            (20, 4, 0, 0.8),
            (30, 3, 2, third),
            (40, 1, 0, third),
        ];
        assert_eq!(curves(&report), [("00".to_owned(), [3, 2], steps)]);
        let row = &report.rows[0];
        // Of those answered the median waited 30 s and nobody longer; if all stayed, nobody knows when 90 % would be.
        let naive = row.quantiles;
        assert_eq!(
            (naive.p50, naive.p99),
            (Some(seconds(30)), Some(seconds(30)))
        );
        let curve = row.time_to_answer.unwrap();
        assert_eq!((curve.p50, curve.p90), (Some(seconds(30)), None));
        assert_eq!(report.rows[1].time_to_answer, None, "abandoned");
    }

    #[test]
    fn an_unknown_wait_is_not_watched() {
        let lost = VisitRow {
            wait: None,
            ..visit("jobs", samara("10:00:00"), Exit::Answered, 0)
        };
        let report = asked(vec![lost], &query(), None);
        assert_eq!(curves(&report), [("00".to_owned(), [0, 0], vec![])]);
    }

    #[test]
    fn on_the_event_basis_an_older_wait_enters_at_its_age() {
        let event = |from: &str, to: &str, bucket| Query {
            start: Some(samara(from)),
            end: Some(samara(to)),
            basis: Basis::Event,
            bucket,
            ..query()
        };
        // From 10:59:40: answered after 30 s at 11:00:10. From 10:59:50: gives up after 5 s. From 11:00:00: answered at
        // once. From 11:00:00: waits until 12:00:05.
        let visits = vec![
            visit("jobs", samara("10:59:40"), Exit::Answered, 30),
            visit("jobs", samara("10:59:50"), Exit::AbandonedWaiting, 5),
            visit("jobs", samara("11:00:00"), Exit::Answered, 0),
            visit("jobs", samara("11:00:00"), Exit::Answered, 3605),
        ];
        let report = asked(
            visits.clone(),
            &event("11:00:00", "12:00:00", Bucket::Total),
            None,
        );
        // At 0 s the one answered at once and the long one; the old one enters at 20 s: two at risk at 30 s.
        let eleven = vec![(0, 2, 1, 0.5), (30, 2, 1, 0.25), (3600, 1, 0, 0.25)];
        assert_eq!(curves(&report), [("11".to_owned(), [2, 1], eleven.clone())]);
        let hours = asked(visits, &event("10:00:00", "13:00:00", Bucket::Hour), None);
        let ten = vec![(5, 2, 0, 1.0), (20, 1, 0, 1.0)];
        let twelve = vec![(3605, 1, 1, 0.0)];
        assert_eq!(
            curves(&hours),
            [
                ("10".to_owned(), [0, 2], ten),
                ("11".to_owned(), [2, 1], eleven),
                ("12".to_owned(), [1, 0], twelve),
            ]
        );
    }

    #[test]
    fn an_exit_on_the_hour_belongs_to_the_hour_it_begins() {
        let visits = vec![visit("jobs", samara("10:59:50"), Exit::Answered, 10)];
        let asked_for = Query {
            basis: Basis::Event,
            bucket: Bucket::HourOfDay,
            ..query()
        };
        let report = asked(visits, &asked_for, None);
        let (ten, eleven) = (vec![(10, 1, 0, 1.0)], vec![(10, 1, 1, 0.0)]);
        assert_eq!(
            curves(&report),
            [
                ("10".to_owned(), [0, 1], ten),
                ("11".to_owned(), [1, 0], eleven)
            ]
        );
    }
}
