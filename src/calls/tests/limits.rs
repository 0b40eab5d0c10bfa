//! What is bounded.

use std::collections::HashMap;

use crate::calls::{Calls, Options, record_of_told};
use crate::model::Mode::{Backfill, Live};
use crate::model::{CallId, Mark};

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
    assert_eq!(source.calls.live_records().count(), 0);
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

fn at_most(open_calls_max: usize) -> Source {
    Source::new(Options {
        open_calls_max,
        ..Options::default()
    })
}

#[test]
fn beyond_the_limit_the_call_longest_without_news_is_closed() {
    let mut source = at_most(2);
    source.tell(Live, 1, "a", "enter q 1#1; answer ann q 3#2");
    source.tell(Live, 1, "b", "enter q 4#3");
    // News of the first: now the second was longest without.
    source.tell(Live, 1, "a", "hold ann 5#4").facts();
    source.tell(Live, 1, "c", "enter q 6#5");
    assert_eq!(
        source.records(),
        [
            "arrived 4; visit q error 0; unknown, ended by unknown at 4; marks arrival_missing end_missing crowded_out"
        ]
    );
    source.tell(Live, 1, "d", "enter q 7#6");
    assert_eq!(
        source.records(),
        [
            "arrived 1; visit q answered 2 talk 2; leg ann q from 3 talk 2 by unknown; served, \
          ended by unknown at 5; marks arrival_missing end_missing release_missing crowded_out"
        ]
    );
    assert_eq!(source.calls.live_records().count(), 2);
    assert_eq!(
        source.tell(Live, 1, "b", "end caller 8#7").facts(),
        "late #7"
    );
}

#[test]
fn an_ended_call_that_is_let_go_lacks_nothing() {
    let mut source = at_most(1);
    source
        .tell(Live, 1, "a", "arrive 0#1; end caller 1#2")
        .facts();
    source.tell(Live, 1, "b", "arrive 2#3");
    assert_eq!(
        source.records(),
        ["left_before_queue, ended by caller at 1"]
    );
}

#[test]
fn unfinished_history_is_bounded_and_goes_before_what_is_live() {
    let mut source = at_most(100);
    source.tell(Live, 1, "live", "enter q 1#1");
    for call in 0..1_000 {
        let story = format!("enter q {}#{}", 5_000 - call, call + 1);
        source.tell(Backfill, 2, &format!("old {call}"), &story);
    }
    // 99 beside the live one; those told first went first, whatever their time.
    let gone = source.records();
    assert_eq!(gone.len(), 1_000 - 99);
    for (call, record) in gone.iter().enumerate() {
        assert!(
            record.starts_with(&format!("arrived {}; visit q error", 5_000 - call)),
            "{record}"
        );
    }
    assert!(source.calls.is_live(CallId::new("live").key()));
    assert_eq!(source.finish(2, true).records().len(), 99);
}

#[test]
fn a_restart_lets_the_same_calls_go() {
    let tell = |source: &mut Source, step: usize| {
        // Some calls are told of again and again, the others once.
        let call = if step.is_multiple_of(3) {
            step % 7
        } else {
            step
        };
        let story = format!("enter q {step}#{step}");
        source.tell(Live, 1, &call.to_string(), &story);
    };
    let mut through = at_most(10);
    let mut stopped = at_most(10);
    let mut kept = HashMap::new();
    for step in 1..300 {
        tell(&mut through, step);
        tell(&mut stopped, step);
        assert_eq!(stopped.facts(), through.facts(), "step {step}");
        let changes = stopped.calls.take_changes();
        kept.extend(
            changes
                .written
                .into_iter()
                .map(|call| (call.key, call.state)),
        );
        changes.closed.iter().for_each(|key| drop(kept.remove(key)));
        assert!(kept.len() <= 10);
        if step.is_multiple_of(13) {
            let rest = stopped.calls.write_source();
            let options = Options {
                open_calls_max: 10,
                ..Options::default()
            };
            stopped.calls =
                Calls::restore(options, Some(&rest), kept.clone()).expect("it was just written");
        }
    }
}
