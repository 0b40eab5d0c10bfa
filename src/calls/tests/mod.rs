//! Calls told in a few words, and what must come of them: stories, settling, limits, properties.

mod chance;
mod kept;
mod limits;
mod notation;
mod properties;
mod render;
mod run;
mod sane;
mod settling;
mod source;
mod stories;

use crate::model::{CallRecord, EpochIndex, Fact, Mode, Timestamp};

use super::{Arrival, Calls, Options};

/// The record of a settled call that was told in these steps, the seconds of which count from `start`.
pub(crate) fn settled(start: Timestamp, story: &str) -> CallRecord {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    let arrival = Arrival {
        epoch: EpochIndex(1),
        mode: Mode::Backfill,
        sent_at: start,
    };
    for step in notation::parse(story) {
        let mut event = run::event("c", &step);
        event.occurred_at = start.plus(event.occurred_at.since(Timestamp::default()).unwrap());
        calls.handle_event(arrival, event, |_| None, &mut facts);
    }
    calls.handle_finish(EpochIndex(1), true, &mut facts);
    let settled = facts.into_iter().find_map(|fact| {
        if let Fact::Settled(settled) = fact {
            Some(settled.record)
        } else {
            None
        }
    });
    settled.expect("a finish settles every call")
}
