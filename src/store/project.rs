//! From a call's record to the rows that reports read.

use std::time::Duration;

use crate::model::{
    CallId, CallRecord, CallRow, Direction, Exit, Mark, OfferResult, SourceId, Timestamp,
    TransferRow, Visit, VisitRow,
};

use super::rows::Selection;
use super::stored::{CallRows, StoredCall};

/// Adds what an open call has in the period `[start, end)`.
pub(crate) fn add_open(
    selection: &mut Selection,
    source: SourceId,
    call: CallId,
    record: &CallRecord,
    (start, end): (Timestamp, Timestamp),
) {
    let within = |at: Timestamp| at >= start && at < end;
    // Below every number that the table gives.
    let number = -1 - selection.calls.len() as i64;
    let whose = source.clone();
    if within(record.arrived_at) {
        let row = call_row(record, number, source, call, true);
        selection.calls.push(row);
    }
    if record.test {
        return;
    }
    let visits = visit_rows(record, &whose, true).filter(|visit| within(visit.entered_at));
    selection.visits.extend(visits);
    if within(record.arrived_at) {
        selection.transfers.extend(transfer_rows(record, number));
    }
}

/// The rows of one call, settled or open, under a number.
pub(super) fn rows_of(record: &CallRecord, stored: &StoredCall, number: i64) -> CallRows {
    let (source, call) = (stored.source.clone(), stored.place.call.clone());
    let provisional = stored.provisional;
    let mut rows = CallRows {
        call: call_row(record, number, source, call, provisional),
        visits: Vec::new(),
        transfers: Vec::new(),
    };
    if !record.test {
        let visits = visit_rows(record, &stored.source, provisional);
        rows.visits.extend(visits);
        rows.transfers.extend(transfer_rows(record, number));
    }
    rows
}

/// The call's own row.
fn call_row(
    record: &CallRecord,
    number: i64,
    source: SourceId,
    call: CallId,
    provisional: bool,
) -> CallRow {
    let refused = record.refusals.last();
    CallRow {
        row: number,
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
        first_answer_queue: record.first_answer_queue().cloned(),
        last_answer_queue: record.last_answer_queue().cloned(),
        transfers: record.transfers.len() as u32,
        returns: returns(record),
        reroutes: record.reroutes.len() as u32,
        requeued: record.requeued,
        consult_only: record.consult_only,
        failed_transfers: record
            .failed_transfers
            .iter()
            .map(|failed| failed.cause)
            .collect(),
        transfer_wait: transfer_wait(record),
        ended_at: record.ended_at,
        first_entered_at: first_entered_at(record),
        first_answered_at: first_answered_at(record),
        last_exit: last_exit(record),
        queue_wait: queue_wait(record),
        talk: talk(record),
        hold: hold(record),
        missed_offer_time: missed_offer_time_of_call(record),
        marks: record.marks,
    }
}

/// T5 of a call: how often it went back to somebody who had it before.
pub(super) fn returns(record: &CallRecord) -> u32 {
    let transfers = record.transfers.iter();
    transfers.filter(|transfer| transfer.is_return).count() as u32
}

/// T9: what a transfer cost the caller: its wait, and the time with agents, hold included, until the next transfer or the
/// end. Agents who talk at once take the caller's time once.
pub(super) fn spent(record: &CallRecord, transfer: usize) -> Duration {
    let from = record.transfers[transfer].at;
    let next = record.transfers.get(transfer + 1).map(|next| next.at);
    let talks = record
        .legs
        .iter()
        // Who passed on may be let go a moment after the caller was queued.
        .filter(|leg| {
            leg.agent != record.transfers[transfer].from_agent || leg.connected_at >= from
        })
        .filter_map(|leg| {
            let released = leg.released_at?;
            let until = next.map_or(released, |next| next.min(released));
            Some((leg.connected_at.max(from), until))
        })
        .collect();
    record.transfers[transfer].wait + union(talks)
}

/// W4: the waits of visits that began after a human answered.
pub(super) fn transfer_wait(record: &CallRecord) -> Duration {
    let after_human = record.visits.iter().filter(|visit| visit.after_human);
    after_human.filter_map(|visit| visit.wait).sum()
}

/// When the caller began to wait for the first human: the entry of the first queue, unless somebody had answered before.
pub(super) fn first_entered_at(record: &CallRecord) -> Option<Timestamp> {
    let first = record.visits.first()?;
    (!first.after_human).then_some(first.entered_at)
}

/// When the first human answered, where the answer was told.
pub(super) fn first_answered_at(record: &CallRecord) -> Option<Timestamp> {
    let leg = record.legs.first()?;
    let is_known = match leg.visit {
        Some(visit) => record.visits.get(visit)?.wait.is_some(),
        // Which of the call's answers was never told, the mark does not say.
        None => !record.marks.has(Mark::AnswerMissing),
    };
    is_known.then_some(leg.connected_at)
}

/// How the last visit ended.
pub(super) fn last_exit(record: &CallRecord) -> Option<Exit> {
    record.visits.last()?.exit
}

/// W2q: the waits of visits that began before any human answered.
pub(super) fn queue_wait(record: &CallRecord) -> Duration {
    let before = record.visits.iter().filter(|visit| !visit.after_human);
    before.filter_map(|visit| visit.wait).sum()
}

/// The talk of a call: the union of its legs, hold left out. Agents who talk at once take the caller's time once.
pub(super) fn talk(record: &CallRecord) -> Duration {
    let over = record.legs.iter().filter(|leg| leg.talk().is_some());
    let hold: Duration = over.clone().map(|leg| leg.hold).sum();
    let stretches = over.filter_map(|leg| Some((leg.connected_at, leg.released_at?)));
    union(stretches.collect()).saturating_sub(hold)
}

/// The time that stretches cover together.
fn union(mut stretches: Vec<(Timestamp, Timestamp)>) -> Duration {
    stretches.sort_unstable();
    let (mut covered, mut until) = (Duration::ZERO, Timestamp::MIN);
    for (start, end) in stretches {
        covered += end.since(start.max(until)).unwrap_or_default();
        until = until.max(end);
    }
    covered
}

/// The hold within all legs.
pub(super) fn hold(record: &CallRecord) -> Duration {
    record.legs.iter().map(|leg| leg.hold).sum()
}

/// W13 of a call: that of its visits.
pub(super) fn missed_offer_time_of_call(record: &CallRecord) -> Duration {
    let visits = 0..record.visits.len();
    visits.map(|visit| missed_offer_time(record, visit)).sum()
}

/// W13 of a visit: the ringing of its offers that ended otherwise than by an answer.
pub(super) fn missed_offer_time(record: &CallRecord, visit: usize) -> Duration {
    let of_visit = record
        .offers
        .iter()
        .filter(|offer| offer.visit == Some(visit));
    let missed = of_visit.filter(|offer| offer.result != Some(OfferResult::Answered));
    missed
        .filter_map(|offer| offer.ended_at?.since(offer.offered_at))
        .sum()
}

/// Whether a visit began after a transfer; one that the dialplan queued again did not.
pub(super) fn after_transfer(record: &CallRecord, visit: &Visit) -> bool {
    let mut transfers = record.transfers.iter();
    visit.after_human && transfers.any(|transfer| transfer.at <= visit.entered_at)
}

/// The rows of its visits.
fn visit_rows<'a>(
    record: &'a CallRecord,
    source: &'a SourceId,
    provisional: bool,
) -> impl Iterator<Item = VisitRow> + 'a {
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
            missed_offer_time: missed_offer_time(record, index),
            after_transfer: after_transfer(record, visit),
            waits_at: visit.exit.is_none().then(|| source.clone()),
        })
}

/// The rows of its transfers.
fn transfer_rows(record: &CallRecord, number: i64) -> impl Iterator<Item = TransferRow> + '_ {
    let transfers = record.transfers.iter().enumerate();
    transfers.map(move |(index, transfer)| TransferRow {
        call_row: number,
        call_arrived_at: record.arrived_at,
        first_answer_queue: record.first_answer_queue().cloned(),
        method: transfer.method,
        target: transfer.target,
        to: transfer.to.clone(),
        from_agent: transfer.from_agent.clone(),
        from_queue: transfer.from_queue.clone(),
        is_return: transfer.is_return,
        outcome: transfer.outcome,
        wait: transfer.wait,
        spent: spent(record, index),
    })
}

#[cfg(test)]
#[path = "project_test.rs"]
mod tests;
