//! Outcomes: how calls ended, and the conservation of calls.

use crate::model::{CallRow, Outcome, RefusalReason};

use super::share::share;
use super::volume::{conservation_residual, is_offered, is_refused};

/// Calls by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts([u64; Outcome::ALL.len()]);

impl OutcomeCounts {
    /// How many ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[Self::slot(outcome)]
    }

    /// How many ended in all.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Counts so many more.
    pub fn add(&mut self, outcome: Outcome, count: u64) {
        self.0[Self::slot(outcome)] += count;
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, other: &Self) {
        let counts = self.0.iter_mut().zip(other.0);
        counts.for_each(|(one, other)| *one += other);
    }

    /// Codes count from 1 without a hole.
    fn slot(outcome: Outcome) -> usize {
        usize::from(outcome.code()) - 1
    }
}

/// Calls that arrived and neither ended in one of the ways nor are open: must be 0.
pub fn outcome_residual(arrived: u64, ended: u64, open: u64) -> i64 {
    conservation_residual(arrived, ended, open)
}

/// Whether a refused call met a closed line: shown apart, since more agents would not have helped.
pub fn is_refused_closed(call: &CallRow) -> bool {
    let reason = call.refused.as_ref().map(|(reason, _)| *reason);
    is_refused(call) && reason == Some(RefusalReason::Closed)
}

/// The numerator of AB2: whether a call was queued and ended with the caller gone or sent away, without a human.
pub fn is_lost(call: &CallRow) -> bool {
    is_offered(call) && call.outcome.is_some_and(ends_lost)
}

/// Whether a call that was queued is lost when it ends so.
pub fn ends_lost(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Abandoned | Outcome::Dismissed)
}

/// AB2: calls lost ÷ V1.
pub fn lost_rate(lost: u64, calls_offered: u64) -> Option<f64> {
    share(lost, calls_offered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, fixture};

    #[test]
    fn each_outcome_has_its_place() {
        let mut counts = OutcomeCounts::default();
        for (number, outcome) in (1..).zip(Outcome::ALL) {
            counts.add(*outcome, number);
        }
        let each: Vec<_> = Outcome::ALL
            .iter()
            .map(|outcome| counts.of(*outcome))
            .collect();
        assert_eq!(each, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        // 1 + 2 + … + 11 = 66; of 70 calls that arrived 3 are open, and one is lost sight of.
        assert_eq!(counts.sum(), 66);
        assert_eq!(outcome_residual(70, counts.sum(), 3), 1);
        assert_eq!(outcome_residual(69, counts.sum(), 3), 0);
    }

    #[test]
    fn lost_are_those_who_were_queued_and_met_nobody() {
        let lost: Vec<_> = Outcome::ALL
            .iter()
            .filter(|outcome| {
                let call = CallRow {
                    visits: 1,
                    outcome: Some(**outcome),
                    ..fixture::call(Timestamp::default())
                };
                let unqueued = CallRow {
                    visits: 0,
                    ..call.clone()
                };
                assert!(!is_lost(&unqueued), "{outcome:?}");
                is_lost(&call)
            })
            .map(|outcome| outcome.as_str())
            .collect();
        assert_eq!(lost, ["abandoned", "dismissed"]);
        for (lost, offered, rate) in [(0, 0, None), (0, 4, Some(0.0)), (3, 12, Some(0.25))] {
            assert_eq!(lost_rate(lost, offered), rate);
        }
    }

    #[test]
    fn a_closed_line_is_told_from_a_busy_one() {
        let refused = |reason, visits| CallRow {
            visits,
            refused: Some((reason, None)),
            ..fixture::call(Timestamp::default())
        };
        for (reason, visits, closed) in [
            (RefusalReason::Closed, 0, true),
            (RefusalReason::Busy, 0, false),
            (RefusalReason::Closed, 1, false),
        ] {
            assert_eq!(is_refused_closed(&refused(reason, visits)), closed);
        }
    }
}
