//! From a call's record to the rows that reports read.

use std::time::Duration;

use crate::model::{
    CallId, CallRecord, CallRow, Direction, SourceId, Timestamp, TransferRow, VisitRow,
};

use super::rows::Selection;
use super::stored::{CallRows, StoredCall};

/// Adds what an open call has in the period `[start, end)`.
pub(super) fn add_open(
    selection: &mut Selection,
    source: SourceId,
    call: CallId,
    record: &CallRecord,
    (start, end): (Timestamp, Timestamp),
) {
    let within = |at: Timestamp| at >= start && at < end;
    if within(record.arrived_at) {
        let row = call_row(record, source, call, true);
        selection.calls.push(row);
    }
    if record.test {
        return;
    }
    let visits = visit_rows(record, true).filter(|visit| within(visit.entered_at));
    selection.visits.extend(visits);
    if within(record.arrived_at) {
        selection.transfers.extend(transfer_rows(record));
    }
}

/// The rows of one call, settled or open.
pub(super) fn rows_of(record: &CallRecord, stored: &StoredCall) -> CallRows {
    let (source, call) = (stored.source.clone(), stored.place.call.clone());
    let provisional = stored.provisional;
    let mut rows = CallRows {
        call: call_row(record, source, call, provisional),
        visits: Vec::new(),
        transfers: Vec::new(),
    };
    if !record.test {
        rows.visits.extend(visit_rows(record, provisional));
        rows.transfers.extend(transfer_rows(record));
    }
    rows
}

/// The call's own row.
fn call_row(record: &CallRecord, source: SourceId, call: CallId, provisional: bool) -> CallRow {
    let refused = record.refusals.last();
    CallRow {
        arrived_at: record.arrived_at,
        outcome: record.outcome,
        direction: record.direction,
        test: record.test,
        provisional,
        source,
        call,
        caller: record.caller,
        visits: record.visits.len() as u32,
        first_queue: record.visits.first().map(|visit| visit.queue.clone()),
        refused: refused.map(|refusal| (refusal.reason, refusal.queue.clone())),
        answered: !record.legs.is_empty(),
        first_answer_queue: record.legs.first().and_then(|leg| leg.queue.clone()),
        last_answer_queue: record.legs.last().and_then(|leg| leg.queue.clone()),
        transfers: record.transfers.len() as u32,
        reroutes: record.reroutes.len() as u32,
        requeued: record.requeued,
        consult_only: record.consult_only,
        failed_transfers: record
            .failed_transfers
            .iter()
            .map(|failed| failed.cause)
            .collect(),
        transfer_wait: transfer_wait(record),
        marks: record.marks,
    }
}

/// W4: the waits of visits that began after a human answered.
pub(super) fn transfer_wait(record: &CallRecord) -> Duration {
    let after_human = record.visits.iter().filter(|visit| visit.after_human);
    after_human.filter_map(|visit| visit.wait).sum()
}

/// The rows of its visits.
fn visit_rows(record: &CallRecord, provisional: bool) -> impl Iterator<Item = VisitRow> + '_ {
    record
        .visits
        .iter()
        .enumerate()
        .map(move |(index, visit)| VisitRow {
            queue: visit.queue.clone(),
            entered_at: visit.entered_at,
            exit: visit.exit,
            exited_at: visit.exited_at,
            wait: visit.wait,
            talk: visit.talk,
            first: index == 0 && record.direction == Direction::Inbound,
            provisional,
        })
}

/// The rows of its transfers.
fn transfer_rows(record: &CallRecord) -> impl Iterator<Item = TransferRow> + '_ {
    record.transfers.iter().map(|transfer| TransferRow {
        call_arrived_at: record.arrived_at,
        first_answer_queue: record.legs.first().and_then(|leg| leg.queue.clone()),
        method: transfer.method,
        target: transfer.target,
        to: transfer.to.clone(),
        from_queue: transfer.from_queue.clone(),
        is_return: transfer.is_return,
        outcome: transfer.outcome,
    })
}
