//! Transfers: T1–T11, as far as they are formulas. What is a transfer, a return or a reroute is concluded in `calls`.

use crate::model::{CallRow, PlannedRoutes, QueueId, TargetKind, TransferOutcome, TransferRow};

use super::share::share;

/// Slots of T4's histogram: 0, 1, 2, 3, 4, 5 and more than 5 transfers.
pub const TRANSFERS_SLOTS: usize = 7;

/// Whether a human answered the call; tests are in no figure.
pub fn is_served(call: &CallRow) -> bool {
    call.answered && !call.test
}

/// T1: whether a transfer was done; one begun and not done is T6.
pub fn is_done(transfer: &TransferRow) -> bool {
    transfer.outcome != Some(TransferOutcome::Failed)
}

/// T3: whether a served call was passed on.
pub fn is_transferred(call: &CallRow) -> bool {
    is_served(call) && call.transfers > 0
}

/// T3: served calls with at least one transfer ÷ served calls.
pub fn transferred_call_rate(calls_transferred: u64, calls_served: u64) -> Option<f64> {
    share(calls_transferred, calls_served)
}

/// T4: transfers ÷ served calls.
pub fn transfers_per_call(transfers: u64, calls_served: u64) -> Option<f64> {
    share(transfers, calls_served)
}

/// T4: the slot of the histogram in which a call with so many transfers is.
pub fn transfers_slot(transfers: u32) -> usize {
    let last = TRANSFERS_SLOTS - 1;
    usize::try_from(transfers).map_or(last, |slot| slot.min(last))
}

/// T5: whether the target had the call before; a failed transfer that falls back is no return.
pub fn is_return(transfer: &TransferRow) -> bool {
    transfer.is_return && is_done(transfer)
}

/// T8: whether the first answering queue differs from the last, and no planned routes lead from one to the other; a leg
/// without a queue is no door.
pub fn is_wrong_door(call: &CallRow, planned: &PlannedRoutes) -> bool {
    let doors = call
        .first_answer_queue
        .as_ref()
        .zip(call.last_answer_queue.as_ref());
    is_served(call)
        && doors.is_some_and(|(first, last)| first != last && !planned.leads(first, last))
}

/// T8: calls through the wrong door ÷ served calls.
pub fn wrong_door_rate(wrong_door: u64, calls_served: u64) -> Option<f64> {
    share(wrong_door, calls_served)
}

/// T10: whether a transfer goes along a planned route, and so is none too many.
pub fn is_planned(transfer: &TransferRow, planned: &PlannedRoutes) -> bool {
    let from = transfer.from_queue.as_ref();
    let to_queue = transfer.target == TargetKind::Queue;
    to_queue && from.is_some_and(|from| planned.has(from, &QueueId::new(&*transfer.to)))
}

/// T10: whether a call was transferred more often than the limit.
pub fn is_excessive(transfers: u32, limit: u32) -> bool {
    transfers > limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QueueId, Timestamp, fixture};

    fn call(first: Option<&str>, last: Option<&str>) -> CallRow {
        CallRow {
            visits: 1,
            answered: true,
            first_answer_queue: first.map(QueueId::new),
            last_answer_queue: last.map(QueueId::new),
            ..fixture::call(Timestamp::default())
        }
    }

    fn transfer(outcome: Option<TransferOutcome>, is_return: bool) -> TransferRow {
        TransferRow {
            is_return,
            outcome,
            ..fixture::transfer(None, "jobs")
        }
    }

    #[test]
    fn rates_are_of_served_calls() {
        for (part, served, expected) in [
            (0, 0, None),
            (0, 5, Some(0.0)),
            (2, 8, Some(0.25)),
            // A mean may be above 1: 3 transfers in 2 calls.
            (3, 2, Some(1.5)),
        ] {
            assert_eq!(transferred_call_rate(part, served), expected);
            assert_eq!(transfers_per_call(part, served), expected);
            assert_eq!(wrong_door_rate(part, served), expected);
        }
    }

    #[test]
    fn more_than_five_share_a_slot() {
        for (transfers, slot) in [(0, 0), (1, 1), (5, 5), (6, 6), (7, 6), (u32::MAX, 6)] {
            assert_eq!(transfers_slot(transfers), slot);
        }
    }

    #[test]
    fn a_failed_transfer_is_neither_done_nor_a_return() {
        for (outcome, told_return, done, returned) in [
            (Some(TransferOutcome::Answered), false, true, false),
            (Some(TransferOutcome::Abandoned), true, true, true),
            (Some(TransferOutcome::Returned), true, true, true),
            (Some(TransferOutcome::Failed), true, false, false),
            // The caller still waits: passed on all the same.
            (None, true, true, true),
        ] {
            let transfer = transfer(outcome, told_return);
            assert_eq!((is_done(&transfer), is_return(&transfer)), (done, returned));
        }
    }

    #[test]
    fn a_wrong_door_has_two_doors() {
        let none = PlannedRoutes::default();
        for (first, last, wrong) in [
            (Some("jobs"), Some("jobs"), false),
            (Some("jobs"), Some("benefits"), true),
            (Some("jobs"), None, false),
            (None, Some("jobs"), false),
            (None, None, false),
        ] {
            assert_eq!(
                is_wrong_door(&call(first, last), &none),
                wrong,
                "{first:?} → {last:?}"
            );
        }
        let unserved = CallRow {
            answered: false,
            ..call(Some("jobs"), Some("benefits"))
        };
        assert!(!is_wrong_door(&unserved, &none));
    }

    #[test]
    fn planned_routes_are_no_wrong_door_and_none_too_many() {
        let [first, specialists, other] = ["jobs", "specialists", "benefits"].map(QueueId::new);
        let planned = [(first.clone(), specialists.clone())].into_iter().collect();
        for (from, to, wrong) in [
            ("jobs", "specialists", false),
            // The way back is not planned.
            ("specialists", "jobs", true),
            ("jobs", "benefits", true),
        ] {
            assert_eq!(is_wrong_door(&call(Some(from), Some(to)), &planned), wrong);
        }
        let along = |from: &QueueId, to: &QueueId, target| TransferRow {
            from_queue: Some(from.clone()),
            to: to.as_str().into(),
            target,
            ..transfer(Some(TransferOutcome::Answered), false)
        };
        for (moved, expected) in [
            (along(&first, &specialists, TargetKind::Queue), true),
            (along(&first, &other, TargetKind::Queue), false),
            // An agent of that name is no queue.
            (along(&first, &specialists, TargetKind::Agent), false),
            (transfer(Some(TransferOutcome::Answered), false), false),
        ] {
            assert_eq!(is_planned(&moved, &planned), expected, "{moved:?}");
        }
    }

    #[test]
    fn excessive_is_more_than_the_limit() {
        for (transfers, limit, excessive) in
            [(2, 2, false), (3, 2, true), (1, 1, false), (2, 1, true)]
        {
            assert_eq!(is_excessive(transfers, limit), excessive);
        }
    }

    #[test]
    fn a_test_call_is_not_served() {
        let test = CallRow {
            test: true,
            ..call(None, None)
        };
        assert!(is_served(&call(None, None)));
        assert!(!is_served(&test));
    }
}
