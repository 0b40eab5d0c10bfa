//! Calls told in a few words, and what must come of them: stories, settling, limits, properties.

mod chance;
mod kept;
mod limits;
mod notation;
mod properties;
mod render;
mod retelling;
mod run;
mod sane;
mod settling;
mod source;
mod stories;

use proptest::prelude::*;

use crate::model::{CallRecord, EpochIndex, Fact, Mode, Settled, Timestamp};

use super::{Arrival, Calls, Options, record_of_open};
use notation::Step;

/// The record of a settled call that was told in these steps, the seconds of which count from `start`.
pub(crate) fn settled(start: Timestamp, story: &str) -> CallRecord {
    settle(start, notation::parse(story)).record
}

/// What is kept of such a call.
pub(crate) fn settled_told(start: Timestamp, story: &str) -> Vec<u8> {
    settle(start, notation::parse(story)).told
}

/// The kept state of such a call while it is open, and its record so far.
pub(crate) fn open(start: Timestamp, story: &str) -> (Vec<u8>, CallRecord) {
    let (mut calls, _) = told(start, notation::parse(story), Mode::Live);
    let mut written = calls.take_changes().written.into_iter();
    let state = written.next().expect("the call is open").state;
    let (_, record) = record_of_open(&state).expect("it was just written");
    (state, record)
}

/// What a board is told of such a call while it is not settled.
pub(crate) fn live(start: Timestamp, story: &str) -> CallRecord {
    let (calls, _) = told(start, notation::parse(story), Mode::Live);
    let (_, record) = calls
        .live_records()
        .next()
        .expect("the call is not settled");
    record.into_owned()
}

/// The records of settled calls by chance: as a switch would tell them, and anything at all.
pub(crate) fn records(start: Timestamp) -> impl Strategy<Value = Vec<CallRecord>> {
    let call = prop_oneof![chance::plausible(), chance::anything()];
    let record = call.prop_map(move |steps| settle(start, steps).record);
    proptest::collection::vec(record, 0..20)
}

fn settle(start: Timestamp, steps: Vec<Step>) -> Box<Settled> {
    let (mut calls, mut facts) = told(start, steps, Mode::Backfill);
    calls.handle_finish(EpochIndex(1), true, &mut facts);
    let settled = facts.into_iter().find_map(|fact| {
        if let Fact::Settled(settled) = fact {
            Some(settled)
        } else {
            None
        }
    });
    settled.expect("a finish settles every call")
}

fn told(start: Timestamp, steps: Vec<Step>, mode: Mode) -> (Calls, Vec<Fact>) {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    let arrival = Arrival {
        epoch: EpochIndex(1),
        mode,
        sent_at: start,
    };
    for step in steps {
        let mut event = run::event("c", &step);
        event.occurred_at = start.plus(event.occurred_at.since(Timestamp::default()).unwrap());
        calls.handle_event(arrival, event, |_| None, &mut facts);
    }
    (calls, facts)
}
