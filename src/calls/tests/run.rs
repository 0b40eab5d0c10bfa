//! Runs a story through the machine in every way that must come to the same.

use crate::calls::{Arrival, Calls, Options, record_of_told};
use crate::model::{Body, CallId, CallRecord, EpochIndex, Event, Fact, Mode, Settled, Timestamp};

use super::notation::Step;

pub(super) const EPOCH: EpochIndex = EpochIndex(1);
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The event of a step of the call named `call`.
pub(super) fn event(call: &str, step: &Step) -> Event {
    Event {
        sequence: step.sequence,
        occurred_at: step.at,
        ahead: step.ahead,
        body: Body::Call {
            call: CallId::new(call),
            event: step.event.clone(),
        },
    }
}

/// How events come in; `sent_at` as the events say, or so early that the watermark stands still.
pub(super) fn arrival(mode: Mode, sent_at: Timestamp) -> Arrival {
    Arrival {
        epoch: EPOCH,
        mode,
        sent_at,
    }
}

/// Tells a story live and lets it settle; the facts in order.
pub(super) fn live(steps: &[Step]) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Live, step.at);
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
    }
    expire(&mut calls, steps, &mut facts);
    facts
}

/// Lets everything settle or expire.
pub(super) fn expire(calls: &mut Calls, steps: &[Step], facts: &mut Vec<Fact>) {
    let last = steps.iter().map(|step| step.at.as_micros()).max();
    calls.handle_clock(Timestamp::from_micros(last.unwrap_or(0) + DAY), facts);
}

/// The same, taken back from the checkpoint after each event.
fn live_restarted(steps: &[Step]) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut open = std::collections::HashMap::new();
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Live, step.at);
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
        let changes = calls.take_changes();
        open.extend(
            changes
                .written
                .into_iter()
                .map(|call| (call.key, call.state)),
        );
        changes.closed.iter().for_each(|key| drop(open.remove(key)));
        let source = calls.write_source();
        let kept = open.clone();
        calls =
            Calls::restore(Options::default(), Some(&source), kept).expect("it was just written");
    }
    expire(&mut calls, steps, &mut facts);
    facts
}

/// Tells the steps while the watermark stands still, then lets the call settle.
fn in_any_order<'a>(steps: impl Iterator<Item = &'a Step>, all: &[Step]) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Live, Timestamp::MIN);
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
    }
    expire(&mut calls, all, &mut facts);
    facts
}

fn backfill(steps: &[Step]) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Backfill, step.at);
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
    }
    calls.handle_finish(EPOCH, true, &mut facts);
    facts
}

/// The calls that settled.
pub(super) fn all_settled(facts: &[Fact]) -> impl Iterator<Item = &Settled> {
    facts.iter().filter_map(|fact| {
        if let Fact::Settled(settled) = fact {
            Some(&**settled)
        } else {
            None
        }
    })
}

/// The one call that settled.
pub(super) fn settled(facts: &[Fact]) -> &Settled {
    let mut settled = all_settled(facts);
    let first = settled.next().expect("the call settles");
    assert!(settled.next().is_none(), "the call settles once");
    first
}

/// The record of a story, after having made sure that it is the same however the story comes in.
pub(super) fn record(steps: &[Step]) -> CallRecord {
    let facts = live(steps);
    let record = settled(&facts).record.clone();
    assert_eq!(live_restarted(steps), facts, "with restarts");
    let told = record_of_told(&settled(&facts).told);
    assert_eq!(told.as_ref(), Ok(&record), "made again from its timeline");
    assert_eq!(settled(&backfill(steps)).record, record, "as history");
    let reversed = in_any_order(steps.iter().rev(), steps);
    assert_eq!(settled(&reversed).record, record, "told backwards");
    let odd_first = (0..steps.len()).filter(|index| index % 2 == 1);
    let even_last = (0..steps.len()).filter(|index| index % 2 == 0);
    let zipped = odd_first.chain(even_last).map(|index| &steps[index]);
    assert_eq!(
        settled(&in_any_order(zipped, steps)).record,
        record,
        "told in two halves"
    );
    record
}
