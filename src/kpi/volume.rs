//! Volume: what reached us, what a queue was offered, what was turned away (V1–V4), and the conservation of visits.
//!
//! V2 (visits begun) needs no formula: it is the number of visit rows.

use crate::model::{CallRow, Direction, Outcome};

use super::share::share;

/// Whether a call counts as arrived: somebody called us, and it was no test. Our own return calls are no demand.
pub fn is_arrived(call: &CallRow) -> bool {
    call.direction == Direction::Inbound && !call.test
}

/// V1: whether a call was offered to a queue, that is, arrived and made at least one visit.
pub fn is_offered(call: &CallRow) -> bool {
    is_arrived(call) && call.visits > 0
}

/// Whether a call was refused and made no visit.
pub fn is_refused(call: &CallRow) -> bool {
    is_arrived(call) && call.visits == 0 && call.refused.is_some()
}

/// Whether a call ended without a queue or a refusal.
pub fn is_left_before_queue(call: &CallRow) -> bool {
    is_arrived(call) && call.outcome == Some(Outcome::LeftBeforeQueue)
}

/// V3: calls with a visit, and calls refused without one; a call is in one of the two, so never counted twice.
pub fn demand(calls_offered: u64, calls_refused: u64) -> u64 {
    calls_offered + calls_refused
}

/// V4: calls refused ÷ V3.
pub fn refused_rate(calls_offered: u64, calls_refused: u64) -> Option<f64> {
    share(calls_refused, demand(calls_offered, calls_refused))
}

/// Visits that were begun and neither ended nor wait: must be 0.
pub fn conservation_residual(offered: u64, ended: u64, waiting: u64) -> i64 {
    let (offered, accounted) = (i128::from(offered), i128::from(ended) + i128::from(waiting));
    let residual = offered - accounted;
    // Beyond the range of i64 the sign alone is the message.
    i64::try_from(residual).unwrap_or(if residual < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QueueId, RefusalReason, Timestamp, fixture};

    fn call() -> CallRow {
        fixture::call(Timestamp::default())
    }

    /// Whether it is offered, refused, left before the queue.
    fn counted(call: &CallRow) -> (bool, bool, bool) {
        (
            is_offered(call),
            is_refused(call),
            is_left_before_queue(call),
        )
    }

    #[test]
    fn a_call_is_counted_where_it_belongs() {
        let busy = Some((RefusalReason::Busy, None));
        let full = Some((RefusalReason::Full, Some(QueueId::new("first"))));
        let left = Some(Outcome::LeftBeforeQueue);
        // (visits, refused, outcome) → (offered, refused, left before queue)
        for (visits, refused, outcome, expected) in [
            (0, None, None, (false, false, false)),
            (0, None, left, (false, false, true)),
            (1, None, None, (true, false, false)),
            (0, busy, Some(Outcome::Refused), (false, true, false)),
            (1, full, Some(Outcome::Served), (true, false, false)),
        ] {
            let call = CallRow {
                visits,
                refused,
                outcome,
                ..call()
            };
            assert!(is_arrived(&call));
            assert_eq!(counted(&call), expected, "{call:?}");

            let test = CallRow {
                test: true,
                ..call.clone()
            };
            let back = CallRow {
                direction: Direction::Return,
                ..call
            };
            for call in [test, back] {
                assert!(!is_arrived(&call));
                assert_eq!(counted(&call), (false, false, false), "{call:?}");
            }
        }
    }

    #[test]
    fn refused_rate_is_of_the_demand() {
        for (offered, refused, expected) in [
            (0, 0, None),
            (10, 0, Some(0.0)),
            (0, 3, Some(1.0)),
            (15, 5, Some(5.0 / 20.0)),
        ] {
            assert_eq!(refused_rate(offered, refused), expected);
        }
    }

    #[test]
    fn a_residual_has_a_sign() {
        for (offered, ended, waiting, expected) in [
            (0, 0, 0, 0),
            (10, 7, 3, 0),
            (10, 7, 2, 1),
            (10, 9, 2, -1),
            (0, u64::MAX, u64::MAX, i64::MIN),
        ] {
            assert_eq!(conservation_residual(offered, ended, waiting), expected);
        }
    }
}
