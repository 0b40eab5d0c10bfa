//! The transfer report over rows in memory.

use super::*;
use crate::model::fixture::transfer as passed;
use crate::model::{Timestamp, TransferOutcome, TransferRow};
use crate::reports::fixture::{Memory, call, hotline, query, samara, seconds};
use crate::reports::{Bucket, Query};

fn served(first: Option<&str>, last: Option<&str>, transfers: u32) -> CallRow {
    CallRow {
        answered: true,
        visits: 1,
        first_queue: first.map(QueueId::new),
        first_answer_queue: first.map(QueueId::new),
        last_answer_queue: last.map(QueueId::new),
        transfers,
        ..call(samara("10:00:00"))
    }
}

fn transfer(
    first: Option<&str>,
    to: &str,
    outcome: impl Into<Option<TransferOutcome>>,
) -> TransferRow {
    let outcome = outcome.into();
    TransferRow {
        call_row: 0,
        call_arrived_at: samara("10:00:00"),
        is_return: outcome == Some(TransferOutcome::Returned),
        outcome,
        wait: seconds(3),
        spent: seconds(8),
        ..passed(first, to)
    }
}

/// Served by jobs: one call that stays, one passed on to benefits, one passed to and fro three times. Answered without
/// a queue: one, passed on to an agent. Not answered: one moved from help to jobs, where the caller gave up.
fn day() -> Selection {
    let jobs = Some("jobs");
    let to_and_fro = CallRow {
        failed_transfers: vec![
            TransferFailure::Busy,
            TransferFailure::NoAnswer,
            TransferFailure::Busy,
        ],
        transfer_wait: seconds(25),
        returns: 1,
        consult_only: 1,
        requeued: 1,
        ..served(jobs, jobs, 3)
    };
    let given_up = CallRow {
        visits: 2,
        first_queue: Some(QueueId::new("help")),
        reroutes: 1,
        ..call(samara("10:00:00"))
    };
    let to_agent = TransferRow {
        method: TransferMethod::Attended,
        target: TargetKind::Agent,
        ..transfer(None, "anna", TransferOutcome::Answered)
    };
    Selection {
        calls: vec![
            served(jobs, jobs, 0),
            served(jobs, Some("benefits"), 1),
            to_and_fro,
            served(None, None, 1),
            given_up,
        ],
        transfers: vec![
            transfer(jobs, "benefits", TransferOutcome::Answered),
            transfer(jobs, "benefits", TransferOutcome::Answered),
            transfer(jobs, "jobs", TransferOutcome::Returned),
            transfer(jobs, "benefits", TransferOutcome::Abandoned),
            transfer(jobs, "benefits", TransferOutcome::Failed),
            to_agent,
        ],
        ..Selection::default()
    }
}

fn report(query: &Query) -> TransferReport {
    Memory::of(day())
        .knowing(&["benefits", "help", "jobs"])
        .reports(hotline())
        .transfers(query)
        .unwrap()
}

#[test]
fn every_figure_of_a_queue() {
    let report = report(&query());
    let expected = TransferReportRow {
        bucket_start: "2026-03-02T00:00:00+04:00".into(),
        queue: "jobs".into(),
        calls_served: 3,
        calls_transferred: 2,
        transferred_call_rate: Some(2.0 / 3.0),
        transferred_call_rate_interval: kpi::wilson(kpi::Part { count: 2, of: 3 }),
        transfers: 4,
        transfers_per_call: Some(4.0 / 3.0),
        calls_by_transfers: [1, 1, 0, 1, 0, 0, 0],
        kinds: vec![TransferKind {
            method: TransferMethod::Blind,
            target: TargetKind::Queue,
            count: 4,
        }],
        returns: 1,
        failed: 3,
        failures: vec![(TransferFailure::NoAnswer, 1), (TransferFailure::Busy, 2)],
        after_answered: 2,
        after_abandoned: 1,
        after_returned: 1,
        after_pending: 0,
        after_answered_wait: seconds(6),
        after_abandoned_wait: seconds(3),
        after_returned_wait: seconds(3),
        calls_by_returns: [2, 1, 0, 0, 0, 0, 0],
        transfer_wait_sum: seconds(25),
        wrong_door: 1,
        wrong_door_rate: Some(1.0 / 3.0),
        wrong_door_rate_interval: kpi::wilson(kpi::Part { count: 1, of: 3 }),
        excessive: 1,
        reroutes: 0,
        requeued: 1,
        consult_only: 1,
    };
    assert_eq!(report.rows[2], expected);
}

#[test]
fn a_transfer_whose_caller_still_waits_has_come_to_nothing_yet() {
    let mut rows = day();
    rows.calls.push(CallRow {
        provisional: true,
        ..served(Some("jobs"), Some("jobs"), 1)
    });
    rows.transfers
        .push(transfer(Some("jobs"), "benefits", None));
    let report = Memory::of(rows).reports(hotline()).transfers(&query());
    let report = report.unwrap();
    let after = |row: &TransferReportRow| {
        [
            row.after_answered,
            row.after_abandoned,
            row.after_returned,
            row.after_pending,
        ]
    };
    assert_eq!(after(&report.rows[2]), [2, 1, 1, 1]);
    for row in &report.rows {
        assert_eq!(row.transfers, after(row).iter().sum::<u64>(), "{row:?}");
    }
}

#[test]
fn the_rows_sum_up_to_all() {
    let report = report(&query());
    let figures =
        |row: &TransferReportRow| [row.calls_served, row.transfers, row.reroutes, row.failed];
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| (row.queue.as_str(), figures(row)))
        .collect();
    assert_eq!(
        rows,
        [
            ("", [1, 1, 0, 0]),
            ("help", [0, 0, 1, 0]),
            ("jobs", [3, 4, 0, 3]),
            ("ALL", [4, 5, 1, 3]),
        ]
    );
    let unserved = &report.rows[1];
    assert_eq!(
        (unserved.transferred_call_rate, unserved.wrong_door_rate),
        (None, None)
    );
}

#[test]
fn paths_are_most_used_first() {
    let paths = report(&query()).paths;
    let brief: Vec<_> = paths
        .iter()
        .map(|path| {
            (
                path.from_queue.as_ref().map(QueueId::as_str),
                &*path.to,
                path.count,
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            (Some("jobs"), "benefits", 3),
            (None, "anna", 1),
            (Some("jobs"), "jobs", 1)
        ]
    );
}

#[test]
fn a_filter_is_by_the_first_queue_that_answered() {
    let asked = |queue: &str| {
        let report = report(&Query {
            queues: vec![queue.into()],
            ..query()
        });
        let rows: Vec<_> = report
            .rows
            .iter()
            .map(|row| (row.queue.clone(), row.calls_served, row.transfers))
            .collect();
        (rows, report.paths.len())
    };
    assert_eq!(
        asked("jobs"),
        (vec![("jobs".into(), 3, 4), ("ALL".into(), 3, 4)], 2)
    );
    // benefits answered two of those calls, but not first.
    assert_eq!(asked("benefits"), (vec![], 0));
}

#[test]
fn the_limit_may_be_asked_for() {
    let reports = Memory::of(day()).reports(hotline()).0;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (limit, excessive) in [(None, 1), (Some(0), 3), (Some(1), 1), (Some(3), 0)] {
        let report = runtime
            .block_on(reports.transfers(&query(), limit))
            .unwrap();
        assert_eq!(
            report.rows.last().unwrap().excessive,
            excessive,
            "more than {limit:?}"
        );
    }
}

#[test]
fn tests_are_left_out_and_calls_keep_to_their_arrival() {
    let test = CallRow {
        test: true,
        ..served(Some("jobs"), Some("jobs"), 1)
    };
    let late = |arrived_at: Timestamp| CallRow {
        arrived_at,
        ..served(Some("jobs"), Some("jobs"), 0)
    };
    let rows = Selection {
        calls: vec![test, late(samara("12:59:59")), late(samara("13:00:00"))],
        ..Selection::default()
    };
    let hourly = Query {
        bucket: Bucket::Hour,
        ..query()
    };
    let report = Memory::of(rows)
        .reports(hotline())
        .transfers(&hourly)
        .unwrap();
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            (
                &row.bucket_start[11..16],
                row.queue.as_str(),
                row.calls_served,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("12:00", "jobs", 1),
            ("12:00", "ALL", 1),
            ("13:00", "jobs", 1),
            ("13:00", "ALL", 1)
        ]
    );
    assert_eq!(report.context.calls_test, 1);
}
