//! Repeat calls and the unserved as the contract has them.

use crate::model::{Outcome, QueueId};
use crate::proto::v1;
use crate::reports::{RepeatRow, RepeatWindow, UnservedPerson, UnservedSummary};

use super::interval;

pub(super) fn repeat_row(row: RepeatRow) -> v1::RepeatReportRow {
    v1::RepeatReportRow {
        bucket_start: row.bucket_start,
        queue: row.queue,
        calls_with_caller: row.calls_with_caller,
        callers: row.callers,
        windows: row.windows.iter().map(window).collect(),
        callers_got_through: row.callers_got_through,
        got_through: row.got_through,
        got_through_interval: row.got_through_interval.map(interval),
        attempts: row.attempts.to_vec(),
        lost_people: row.lost_people,
        episodes: row.episodes,
        withheld: row.withheld,
        unknown: row.unknown,
        shared: row.shared,
        withheld_share: row.withheld_share,
    }
}

fn window(window: &RepeatWindow) -> v1::RepeatWindow {
    v1::RepeatWindow {
        window: Some(window.window.into()),
        repeats: window.repeats,
        repeat_rate: window.repeat_rate,
        redials: window.redials,
        called_again: window.called_again,
        mature: window.mature,
    }
}

pub(super) fn shared((caller, calls): ([u8; 16], u64)) -> v1::SharedNumber {
    v1::SharedNumber {
        caller: hex(caller),
        calls,
    }
}

pub(super) fn summary(summary: UnservedSummary) -> v1::UnservedSummary {
    v1::UnservedSummary {
        calls: summary.calls,
        calls_anonymous: summary.calls_anonymous,
        people: summary.people,
        people_spoken_since: summary.people_spoken_since,
        callbacks_promised: summary.callbacks_promised,
        callbacks_tried: summary.callbacks_tried,
        callbacks_reached: summary.callbacks_reached,
        callbacks_kept: summary.callbacks_kept,
    }
}

pub(super) fn person(person: UnservedPerson) -> v1::UnservedPerson {
    let queue = person.last_queue.as_ref().map_or("", QueueId::as_str);
    v1::UnservedPerson {
        caller: hex(person.caller),
        attempts: person.attempts,
        first_try: person.first_try,
        last_try: person.last_try,
        last_queue: queue.to_owned(),
        last_outcome: person.last_outcome.map_or("", Outcome::as_str).to_owned(),
        callback_due: person.callback_due.unwrap_or_default(),
        callbacks_tried: person.callbacks_tried,
    }
}

/// A pseudonym in hexadecimal digits.
fn hex(hash: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(hash))
}
