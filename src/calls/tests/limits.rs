//! What is bounded.

use crate::calls::{Options, record_of_told};
use crate::model::Mark;
use crate::model::Mode::Live;

use super::notation::{self, at};
use super::run::{self, Clock};
use super::source::Source;

fn source() -> Source {
    Source::new(Options::default())
}

#[test]
fn ringing_beyond_the_limit_is_left_out_but_never_the_course_of_the_call() {
    let mut source = source();
    source.tell(Live, 1, "a", "arrive 0; enter q 1");
    for ring in 0..1_500 {
        let (first, at) = (3 + 2 * ring, 2 + ring);
        let step = format!(
            "ring ann q {at}#{first}; miss ann no_answer {at}.5#{}",
            first + 1
        );
        source.tell(Live, 1, "a", &step);
    }
    let facts = source.facts();
    assert_eq!(
        facts.matches("late").count(),
        3_002 - 2_000,
        "each is listed"
    );
    source.tell(
        Live,
        1,
        "a",
        "answer ann q 1600#4000; release ann caller 1700#4001; end caller 1700#4002",
    );
    source.clock("1800");
    let record = source.records().pop().expect("it settles");
    assert!(
        record.starts_with("visit q answered 1599 talk 100"),
        "{record}"
    );
    assert!(
        record.ends_with("served, ended by caller at 1700; marks truncated"),
        "{record}"
    );
}

#[test]
fn a_call_that_tells_without_end_is_cut_off_and_can_still_end() {
    let mut source = source();
    for step in 0..4_000 {
        source.tell(Live, 1, "a", &format!("enter q {step}#{step}"));
    }
    source.tell(Live, 1, "a", "end caller 4000#4000");
    source.clock("4100");
    let record = source.records().pop().expect("it settles");
    assert!(record.contains("ended by caller at 4000"), "{record}");
    assert!(record.contains("truncated"), "{record}");
}

#[test]
fn a_clock_that_stands_still_costs_no_more_than_it_is_worth() {
    let mut source = source();
    for step in 0..400 {
        source.tell(
            Live,
            1,
            "a",
            &format!("tag topic {step} 0#{step}; ring a{step} 0#{}", step + 400),
        );
    }
    source.clock("90000");
    assert!(
        source
            .records()
            .pop()
            .expect("it settles")
            .contains("tags 400")
    );
}

#[test]
fn deadlines_of_calls_long_gone_are_forgotten() {
    let mut source = source();
    for call in 0..30_000 {
        let story = format!("end caller {call}");
        source.tell(Live, 1, &call.to_string(), &story);
    }
    source.clock("40000").facts();
    assert_eq!(source.calls.live_open(), 0);
    assert!(source.calls.deadlines.len() <= 10_001);
}

#[test]
fn a_restart_keeps_the_marks_of_what_was_left_out() {
    let steps = (0..2_010).map(|n| format!("key {n}")).collect::<Vec<_>>();
    let facts = run::live(&notation::parse(&steps.join(";")), Clock::Moves);
    let settled = run::settled(&facts);
    assert!(settled.record.marks.has(Mark::Truncated));
    assert_eq!(record_of_told(&settled.told).as_ref(), Ok(&settled.record));
    assert_eq!(settled.record.ended_at, Some(at("1999")));
}
