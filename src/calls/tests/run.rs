//! Runs a story through the machine in every way that must come to the same.

use std::collections::HashMap;

use crate::calls::{Arrival, Calls, Options, record_of_told};
use crate::model::{Body, CallId, CallRecord, EpochIndex, Event, Fact, Mode, Settled, Timestamp};

use super::notation::Step;

pub(super) const EPOCH: EpochIndex = EpochIndex(1);
/// When everything has settled or expired.
pub(super) const MUCH_LATER: Timestamp = Timestamp::from_micros(1 << 40);

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

/// Whether the watermark moves with the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Each event is sent when it happens.
    Moves,
    /// Nothing settles before everything is told.
    StandsStill,
}

impl Clock {
    fn sent_at(self, step: &Step) -> Timestamp {
        match self {
            Self::Moves => step.at,
            Self::StandsStill => Timestamp::MIN,
        }
    }
}

/// Tells a story live and lets it settle; the facts in order.
pub(super) fn live<'a>(steps: impl IntoIterator<Item = &'a Step>, clock: Clock) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Live, clock.sent_at(step));
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
    }
    calls.handle_clock(MUCH_LATER, &mut facts);
    facts
}

/// The same, taken back from the checkpoint after each event.
fn live_restarted(steps: &[Step], clock: Clock) -> Vec<Fact> {
    let mut calls = Calls::new(Options::default());
    let mut open = HashMap::new();
    let mut facts = Vec::new();
    for step in steps {
        let arrival = arrival(Mode::Live, clock.sent_at(step));
        calls.handle_event(arrival, event("1", step), |_| None, &mut facts);
        let changes = calls.take_changes();
        let written = changes.written.into_iter();
        open.extend(written.map(|call| (call.key, call.state)));
        changes.closed.iter().for_each(|key| drop(open.remove(key)));
        let source = calls.write_source();
        let restored = Calls::restore(Options::default(), Some(&source), open.clone());
        calls = restored.expect("it was just written");
    }
    calls.handle_clock(MUCH_LATER, &mut facts);
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
pub(super) fn record(steps: &[Step], clock: Clock) -> CallRecord {
    let facts = live(steps, clock);
    let record = settled(&facts).record.clone();
    assert_eq!(live_restarted(steps, clock), facts, "with restarts");
    let told = record_of_told(&settled(&facts).told);
    assert_eq!(told.as_ref(), Ok(&record), "made again from its timeline");
    assert_eq!(settled(&backfill(steps)).record, record, "as history");
    let reversed = live(steps.iter().rev(), Clock::StandsStill);
    assert_eq!(settled(&reversed).record, record, "told backwards");
    let halves = steps.iter().skip(1).step_by(2);
    let halves = live(halves.chain(steps.iter().step_by(2)), Clock::StandsStill);
    assert_eq!(settled(&halves).record, record, "told in two halves");
    record
}
