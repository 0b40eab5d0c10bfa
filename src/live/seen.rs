//! A call's part in the figures, as far as it is known: what happened in which queue at which instant.

use std::time::Duration;

use crate::kpi::{LevelCounts, decided_at, ends_lost};
use crate::model::{
    CallRecord, Direction, Exit, QueueId, Targets, Timestamp, TransferOutcome, Visit, VisitRow,
};

/// A source may tell a little ahead of the time at which it sends; further ahead is a clock that is wrong.
pub const AHEAD_MAX: Duration = Duration::from_secs(60);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A visit began.
    Offered,
    /// A visit ended.
    Ended {
        /// How.
        exit: Exit,
        /// W1.
        wait: Option<Duration>,
        /// What it adds to the service level, but whether it is decided.
        level: LevelCounts,
    },
    /// A visit that has ended was decided.
    Decided,
    /// A call was passed on: of the queue that answered it first.
    Transferred,
    /// A call was turned away.
    Refused,
    /// A visit was answered while somebody who had come before still waited.
    Overtook,
    /// A call was offered (V1): of the first queue it entered.
    CallOffered,
    /// A call was lost (AB2): of the same queue. Known when the call has settled.
    CallLost,
}

/// Something that happened, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The queue; `None` = the hotline as a whole.
    pub(super) queue: Option<QueueId>,
    /// When.
    pub(super) at: Timestamp,
    /// The instant by which it belongs to a day: of a visit its entry.
    pub(super) cohort_at: Timestamp,
    /// What.
    pub(super) what: What,
}

/// Everything that happened in a call, in a fixed order. Of a test call and of our own return call nothing counts, but
/// what holds for visits whoever called; nothing counts that is later than `known_until`.
pub(super) fn items(
    record: &CallRecord,
    targets: &Targets,
    known_until: Timestamp,
    label: &dyn Fn(&QueueId) -> QueueId,
) -> Vec<Item> {
    let mut items = Vec::new();
    if record.test {
        return items;
    }
    for visit in &record.visits {
        items_of_visit(visit, targets, label, &mut items);
    }
    // As the transfer report has them: under the queue that answered the call first, on the day of its arrival.
    let first_queue = record.first_answer_queue();
    let done = record.transfers.iter();
    for transfer in done.filter(|transfer| transfer.outcome != Some(TransferOutcome::Failed)) {
        items.push(Item {
            queue: first_queue.map(label),
            at: transfer.at,
            cohort_at: record.arrived_at,
            what: What::Transferred,
        });
    }
    if record.direction == Direction::Inbound {
        items_of_refusal(record, label, &mut items);
    }
    items_of_call(record, label, &mut items);
    items.retain(|item| item.at <= known_until && item.cohort_at <= known_until);
    items
}

/// A call that was turned away counts once, as the reports have it: when it arrived, in the queue that turned it away
/// last; not at all once it enters a queue.
fn items_of_refusal(
    record: &CallRecord,
    label: &dyn Fn(&QueueId) -> QueueId,
    items: &mut Vec<Item>,
) {
    let Some(refusal) = record.refusals.last().filter(|_| record.visits.is_empty()) else {
        return;
    };
    let of_queue = refusal.queue.as_ref().map(label).map(Some);
    for queue in [None].into_iter().chain(of_queue) {
        items.push(Item {
            queue,
            at: record.arrived_at,
            cohort_at: record.arrived_at,
            what: What::Refused,
        });
    }
}

fn items_of_visit(
    visit: &Visit,
    targets: &Targets,
    label: &dyn Fn(&QueueId) -> QueueId,
    items: &mut Vec<Item>,
) {
    let target = targets.of(&visit.queue, visit.entered_at);
    let queue = label(&visit.queue);
    let mut push = |at, what| {
        items.push(Item {
            queue: Some(queue.clone()),
            at,
            cohort_at: visit.entered_at,
            what,
        });
    };
    push(visit.entered_at, What::Offered);
    if let Some(exit) = visit.exit {
        let level = LevelCounts::of_end(&row(visit), target);
        let at = visit.exited_at.unwrap_or(visit.entered_at);
        let wait = visit.wait;
        push(at, What::Ended { exit, wait, level });
        let decided = decided_at(visit.entered_at, visit.exited_at, target.service_level);
        push(decided, What::Decided);
    }
}

/// What a call counts once, under the first queue it entered, by its arrival.
fn items_of_call(record: &CallRecord, label: &dyn Fn(&QueueId) -> QueueId, items: &mut Vec<Item>) {
    let first = record.visits.first().map(|visit| label(&visit.queue));
    let Some(queue) = first.filter(|_| record.direction == Direction::Inbound) else {
        return;
    };
    let mut push = |at, what| {
        items.push(Item {
            queue: Some(queue.clone()),
            at,
            cohort_at: record.arrived_at,
            what,
        });
    };
    push(record.arrived_at, What::CallOffered);
    if record.outcome.is_some_and(ends_lost) {
        push(record.ended_at.unwrap_or(record.arrived_at), What::CallLost);
    }
}

/// The visit as reports have it, so that it counts by the same functions.
fn row(visit: &Visit) -> VisitRow {
    VisitRow {
        queue: visit.queue.clone(),
        entered_at: visit.entered_at,
        exit: visit.exit,
        exited_at: visit.exited_at,
        wait: visit.wait,
        talk: visit.talk,
        first: false,
        provisional: true,
        missed_offer_time: Duration::ZERO,
        after_transfer: false,
        waits_at: None,
    }
}
