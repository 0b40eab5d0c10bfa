//! From a call's record to the rows that reports read.

use std::time::Duration;

use crate::model::{
    CallId, CallRecord, CallRow, Direction, Exit, Mark, OfferResult, SourceId, Timestamp,
    TransferRow, Visit, VisitRow,
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

/// The talk of all legs.
pub(super) fn talk(record: &CallRecord) -> Duration {
    record.legs.iter().filter_map(|leg| leg.talk()).sum()
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
            missed_offer_time: missed_offer_time(record, index),
            after_transfer: after_transfer(record, visit),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::tests::settled;

    fn row(story: &str) -> CallRow {
        let record = settled(Timestamp::default(), story);
        call_row(&record, SourceId::new("pbx"), CallId::new("1"), true)
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64) -> Option<Timestamp> {
        Some(Timestamp::default().plus(s(seconds)))
    }

    #[test]
    fn a_journey_goes_from_the_first_queue_to_the_first_human() {
        // (story, first entry, first answer, waits before any human)
        for (story, entered, answered, wait) in [
            (
                "arrive 0; enter a 5; answer ann a 12; end caller 60",
                at(5),
                at(12),
                7,
            ),
            // 20 s in a, 5 s of announcement, 10 s in b.
            (
                "arrive 0; enter a 5; left a timeout 25; enter b 30; answer ann b 40; end caller 60",
                at(5),
                at(40),
                30,
            ),
            ("arrive 0; enter a 5; end caller 9", at(5), None, 4),
            (
                "arrive 0; answer ann 3; release ann 9; end caller 9",
                None,
                at(3),
                0,
            ),
            // Who had a human before the queue waits for no first one.
            (
                "arrive 0; answer ann 3; begin ann blind queue a 9; done ann 9; release ann 9; enter a 9; answer bob a 20; end caller 60",
                None,
                at(3),
                0,
            ),
            ("arrive 0; end caller 4", None, None, 0),
        ] {
            let row = row(story);
            let journey = (row.first_entered_at, row.first_answered_at, row.queue_wait);
            assert_eq!(journey, (entered, answered, s(wait)), "{story}");
        }
    }

    #[test]
    fn an_answer_that_was_never_told_has_no_instant() {
        let row = row("arrive 0; enter a 5; ring ann 6; release ann agent 50; end caller 50");
        assert!(row.answered && row.marks.has(Mark::AnswerMissing));
        assert_eq!((row.first_entered_at, row.first_answered_at), (at(5), None));
    }

    #[test]
    fn ringing_in_vain_hold_and_talk_are_summed() {
        // Ann rings 10 s and bob 4 s in vain; carl talks 70 s, 20 s of it on hold.
        let story = "arrive 0; enter a 0; ring ann 0; miss ann no_answer 10; ring bob 10; miss bob rejected 14; \
            ring carl 20; answer carl a 25; hold carl 30; unhold carl 50; release carl caller 95; end caller 95";
        let row = row(story);
        assert_eq!(
            (row.missed_offer_time, row.hold, row.talk),
            (s(14), s(20), s(50))
        );
        assert_eq!(row.last_exit, Some(Exit::Answered));
    }

    #[test]
    fn what_the_dialplan_queues_again_is_after_no_transfer() {
        let story =
            |how: &str| format!("arrive 0; enter a 0; answer ann a 5; {how}; end caller 90");
        for (how, expected) in [
            (
                "begin ann blind queue b 30; done ann 30; release ann 30; enter b 30",
                [false, true],
            ),
            // The same queue within 5 s, with no transfer told.
            ("release ann 30; enter a 32", [false, false]),
        ] {
            let record = settled(Timestamp::default(), &story(how));
            let after: Vec<_> = visit_rows(&record, true)
                .map(|visit| visit.after_transfer)
                .collect();
            assert_eq!(after, expected, "{how}");
            assert!(record.visits[1].after_human);
        }
    }
}
