//! The bytes kept of calls: written as ever, read back as they were, and never a panic whatever they are.

use crate::calls::{Calls, Options, StateError, record_of_open, record_of_told};
use crate::model::{CallId, EpochIndex, Mode::Live, Timestamp};

use super::render;
use super::source::Source;
use crate::calls::state;

/// What version 1 wrote once and every later version must read.
const GOLDEN_V1: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/calls-v1.hex"
));

/// An open call, its source, and the timeline of the call once it is settled.
fn kept() -> [Vec<u8>; 3] {
    let mut source = Source::new(Options::default());
    let story = "arrive 0; enter q 1; ring ann q 2; answer ann q 3; begin ann blind queue r 4; \
        release ann agent 4; enter r 5!; key 30; enter r 5#4";
    source.tell(Live, 1, "a", story);
    source.tell(Live, 1, "b", "answer cyd s 6; release cyd caller 7");
    let mut open = source.calls.take_changes().written.into_iter();
    let state = open.next().expect("the first call is open").state;
    let rest = source.calls.write_source();
    source.clock("86460");
    let told = source.settled_told().remove(1);
    [state, rest, told]
}

#[test]
fn version_1_is_written_and_read_as_ever() {
    let hex =
        |bytes: &Vec<u8>| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let lines: Vec<String> = kept().iter().map(hex).collect();
    assert_eq!(lines.join("\n"), GOLDEN_V1.trim_end());
}

#[test]
fn damaged_states_are_refused_and_never_panic() {
    let [state, rest, told] = kept();
    assert!(record_of_open(&state).is_some());
    assert!(record_of_told(&told).is_ok());
    for cut in 0..state.len() {
        assert!(record_of_open(&state[..cut]).is_none(), "cut at {cut}");
    }
    for cut in 0..told.len() {
        assert!(record_of_told(&told[..cut]).is_err(), "cut at {cut}");
    }
    for cut in 0..rest.len() {
        assert!(restored(Some(&rest[..cut]), None).is_err(), "cut at {cut}");
    }
    for bytes in [&state, &rest, &told] {
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[index] ^= 1 << bit;
                // Some of it is still a state; none of it is a panic or a gigabyte.
                let _ = record_of_open(&damaged);
                let _ = record_of_told(&damaged);
                let _ = restored(Some(&damaged), None);
                let calls = restored(None, Some(&damaged));
                calls.into_iter().for_each(go_on);
            }
        }
    }
    let mut longer = told.clone();
    longer.push(0);
    assert!(record_of_told(&longer).is_err());
}

/// A damaged call that is still one goes on to its end like any other.
fn go_on(mut calls: Calls) {
    let mut facts = Vec::new();
    calls.handle_finish(EpochIndex(1), true, &mut facts);
    calls.handle_clock(Timestamp::from_micros(i64::MAX), &mut facts);
    calls.take_queues();
}

fn restored(source: Option<&[u8]>, call: Option<&[u8]>) -> Result<Calls, StateError> {
    let key = CallId::new("a").key();
    let open = call.map(|state| (key, state.to_vec()));
    Calls::restore(Options::default(), source, open)
}

#[test]
fn what_a_later_version_concludes_otherwise_is_said_when_the_call_goes_on() {
    let [bytes, ..] = kept();
    let mut call = state::read_call(&bytes).expect("it was just written");
    // As if the version that wrote it had known of one visit only, and not how that ended.
    call.said.truncate(1);
    call.said[0].ended = None;
    let mut calls = restored(None, Some(&state::write_call(&call))).expect("it was just written");
    assert_eq!(calls.take_queues()[0].waiting, 1, "as it was said");
    let mut facts = Vec::new();
    calls.handle_clock(Timestamp::from_micros(i64::MAX), &mut facts);
    assert_eq!(
        render::facts(&facts),
        "ended q answered 2 within; offered r; ended r error 25; decided r; settled"
    );
    assert_eq!(calls.take_queues()[0].waiting, 0);
}

#[test]
fn a_state_of_another_version_says_so() {
    let error = record_of_told(&[2, 0]).expect_err("version 2 is not known");
    assert_eq!(error.to_string(), "state of version 2 is not known here");
}
