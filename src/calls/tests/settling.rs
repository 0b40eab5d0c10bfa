//! When a call is done: deadlines of the watermark, counts of history, the end of a file, and what comes after.

use crate::calls::{Calls, Options, record_of_open};
use crate::model::Mode::{Backfill, Live};

use super::render;
use super::source::Source;

const WAITED: &str = "arrive 0; enter q 1; end caller 5";
const SAID: &str = "arrived; offered q; ended q abandoned_waiting 4 short; decided q";

fn source() -> Source {
    Source::new(Options::default())
}

fn few() -> Source {
    Source::new(Options {
        settle_events: 3,
        ..Options::default()
    })
}

#[test]
fn a_live_call_settles_when_its_stragglers_can_no_longer_come() {
    let mut source = source();
    source.tell(Live, 1, "a", WAITED);
    assert_eq!(source.facts(), SAID);
    assert_eq!(source.calls.live_records().count(), 1);
    assert_eq!(source.clock("35").facts(), "", "exactly 30 s still count");
    assert_eq!(source.clock("35.000001").facts(), "settled");
    assert_eq!(source.calls.live_records().count(), 0);
}

#[test]
fn in_progress_is_what_a_caller_is_in() {
    let mut source = source();
    let many = |source: &mut Source| {
        let count = source.calls.in_progress();
        let open = source.calls.take_changes().written.into_iter();
        let open = open.map(|open| (open.key, open.state));
        let again = Calls::restore(Options::default(), None, open).unwrap();
        (count, again.in_progress())
    };
    source.tell(Live, 1, "a", "arrive 0; enter q 1");
    source.tell(Live, 1, "b", "arrive 2");
    source.tell(Backfill, 2, "old", "arrive 0");
    assert_eq!(many(&mut source), (2, 2));
    // A test is none, nor is our own return call, whenever that is told.
    source.tell(Live, 1, "b", "tag test 3");
    source.tell(Live, 1, "c", "arrive return 4");
    assert_eq!(many(&mut source), (1, 0));
    // What has ended waits for its stragglers, and nobody is in it.
    source.tell(Live, 1, "a", "end caller 5");
    assert_eq!(many(&mut source), (0, 0));
    source.tell(Live, 1, "d", "arrive 6");
    assert_eq!(many(&mut source), (1, 1));
    source.clock("90000").facts();
    assert_eq!(source.calls.in_progress(), 0);
}

#[test]
fn the_watermark_is_the_least_of_event_time_and_the_sources_clock() {
    let mut source = source();
    source.tell_late("a", WAITED).tell_late("b", "arrive 500");
    assert_eq!(
        source.facts(),
        SAID,
        "an event from the future poisons nothing"
    );
    source.tell(Live, 1, "c", "key 36");
    assert_eq!(source.facts(), "arrived; settled");
    assert_eq!(
        source.clock("20").calls.watermark(),
        Some(super::notation::at("36"))
    );
}

#[test]
fn a_straggler_within_the_time_counts_and_one_after_it_is_late() {
    let mut source = source();
    source
        .tell(Live, 1, "a", "arrive 0; enter q 1; end caller 5")
        .facts();
    source
        .clock("35")
        .tell_late("a", "ring ann 3#9; answer ann q 4#10");
    assert_eq!(source.facts(), "corrected; corrected");
    assert_eq!(
        source.clock("36").records(),
        [
            "visit q answered 3 talk 1; offer ann q answered 1; leg ann q from 4 talk 1 by caller; \
          served, ended by caller at 5; marks release_missing reordered"
        ]
    );
    assert_eq!(source.tell_late("a", "key 5#11").facts(), "late #11");
}

#[test]
fn a_call_whose_end_comes_late_settles_at_once() {
    let mut source = source();
    source.clock("100").tell_late("a", WAITED);
    assert_eq!(
        source.facts(),
        "arrived; offered q; decided q; ended q abandoned_waiting 4 short; settled"
    );
}

#[test]
fn an_end_that_is_no_longer_believed_settles_nothing() {
    let mut source = source();
    source
        .tell_late("a", "enter q 1#1; end caller 50#4; end caller 5#5")
        .facts();
    source.tell_late("a", "answer ann q 20#2").facts();
    assert_eq!(source.clock("40").facts(), "", "30 s after the false end");
    assert_eq!(source.clock("80.000001").facts(), "settled");
}

#[test]
fn a_call_that_never_ends_is_closed_a_day_after_the_last_thing_told() {
    let mut source = source();
    source.tell(Live, 1, "a", "arrive 0; enter q 1").facts();
    source.tell_late("a", "key 3600#3");
    assert_eq!(source.clock("89999.999999").facts(), "decided q");
    assert_eq!(
        source
            .tell(Live, 1, "a", "ring ann 89999#4")
            .clock("176399")
            .records(),
        [
            "visit q error 89998; offer ann q error 0; unknown, ended by unknown at 89999; marks end_missing"
        ]
    );
}

#[test]
fn what_is_due_is_done_in_the_order_in_which_it_was_due() {
    let mut source = source();
    source.tell_late("a", "arrive 0; enter q 1; key 30000");
    source.tell_late("b", "arrive 0; enter r 11; key 20000");
    source.facts();
    source.clock("200000");
    assert_eq!(
        source.facts(),
        "decided q; decided r; ended r error 19989; settled; ended q error 29999; settled"
    );
}

#[test]
fn waiting_visits_are_decided_at_their_target_and_no_other_ones() {
    let mut source = source();
    source
        .tell(Live, 1, "a", "arrive 0; enter q 1; enter r 10")
        .facts();
    assert_eq!(source.clock("29.9").facts(), "");
    assert_eq!(source.clock("30").facts(), "decided r");
    assert_eq!(source.clock("90").facts(), "");
}

#[test]
fn a_poll_tells_when_something_will_happen_by_itself() {
    let mut source = source();
    assert_eq!(source.calls.poll_deadline(), None);
    source.tell(Live, 1, "a", "arrive 0; enter q 1");
    assert_eq!(
        source.calls.poll_deadline(),
        Some(super::notation::at("21"))
    );
    source.clock("21");
    assert_eq!(
        source.calls.poll_deadline(),
        Some(super::notation::at("86400"))
    );
}

#[test]
fn history_settles_by_events_told_and_says_nothing_on_the_way() {
    let mut source = few();
    source.tell(Backfill, 1, "a", WAITED);
    source.tell(Backfill, 1, "b", "arrive 900000; key 900001");
    assert_eq!(source.facts(), "");
    source.tell(Backfill, 1, "a", "ring ann 2#9");
    assert_eq!(
        source.records(),
        ["visit q abandoned_ringing 4; offer ann q caller_gone 3; \
          abandoned, ended by caller at 5; marks reordered"],
        "the third event after the end is still part of it"
    );
    assert_eq!(
        source.tell(Backfill, 1, "a", "key 3#10").facts(),
        "late #10"
    );
}

#[test]
fn history_of_one_file_does_not_settle_the_calls_of_another() {
    let mut source = few();
    source.tell(Backfill, 1, "a", WAITED);
    source.tell(Backfill, 2, "b", "arrive 0; key 1; key 2; key 3; key 4");
    assert_eq!(source.facts(), "");
    assert_eq!(
        source.clock("999999").facts(),
        "",
        "time says nothing about history"
    );
}

#[test]
fn a_whole_file_closes_what_is_open() {
    let mut source = source();
    source.tell(Backfill, 1, "b", "arrive 7; enter q 8");
    source.tell(Backfill, 1, "a", WAITED);
    source.tell(Backfill, 2, "c", "arrive 0");
    assert_eq!(
        source.finish(1, true).records(),
        [
            "visit q abandoned_waiting 4; abandoned, ended by caller at 5",
            "arrived 7; visit q error 0; unknown, ended by unknown at 8; marks end_missing",
        ]
    );
}

#[test]
fn a_whole_recording_told_as_live_is_done_with_its_end() {
    let mut source = source();
    source
        .tell(Live, 1, "a", WAITED)
        .tell(Live, 1, "b", "arrive 3");
    source.tell(Live, 2, "c", "arrive 4").facts();
    assert_eq!(
        source.finish(1, false).facts(),
        "",
        "the watermark settles live calls"
    );
    assert_eq!(source.finish(1, true).facts(), "settled; arrived; settled");
    assert_eq!(source.calls.live_records().count(), 1);
}

#[test]
fn a_log_that_may_grow_keeps_what_is_open() {
    let mut source = few();
    source.tell(Backfill, 1, "a", "arrive 0; enter q 1");
    source.tell(Backfill, 1, "b", WAITED);
    assert_eq!(source.finish(1, false).facts(), "settled");
    source.tell(Backfill, 1, "a", "end caller 9#6");
    assert_eq!(
        source.finish(1, false).records(),
        ["visit q abandoned_waiting 8; abandoned, ended by caller at 9"]
    );
}

#[test]
fn a_call_known_under_another_epoch_is_not_told_again_by_history() {
    let mut source = source();
    source.tell(Live, 1, "live", WAITED).facts();
    source.tell(Backfill, 2, "live", "arrive 0; end caller 5");
    assert_eq!(source.facts(), "exists #1; exists #2", "while it is live");
    source.clock("60").facts();
    source.tell(Backfill, 2, "live", "arrive 0");
    assert_eq!(source.facts(), "exists #1", "and after it is settled");

    source.tell(Backfill, 2, "past", WAITED);
    source.tell(Backfill, 3, "past", "key 3");
    assert_eq!(source.facts(), "exists #1", "history against history");
    source.finish(2, true).facts();
    source.tell(Backfill, 2, "past", "key 3#7");
    assert_eq!(
        source.facts(),
        "late #7",
        "in its own epoch it is only late"
    );
    source.tell(Live, 4, "past", "key 3#1");
    assert_eq!(
        source.facts(),
        "late #1",
        "live events of a settled call are late"
    );
}

#[test]
fn a_live_call_goes_on_under_the_next_spool() {
    let mut source = source();
    source.tell(Live, 1, "a", "arrive 0; enter q 1#900");
    source.tell(
        Live,
        2,
        "a",
        "answer ann q 5#1; release ann caller 9#2; end caller 9#3",
    );
    source.clock("60");
    assert_eq!(
        source.records(),
        [
            "visit q answered 4 talk 4; leg ann q from 5 talk 4 by caller; served, ended by caller at 9"
        ]
    );
}

#[test]
fn history_that_becomes_live_settles_all_the_same() {
    let mut source = few();
    source.tell(Backfill, 1, "a", "arrive 0; enter q 1");
    source.tell(Live, 1, "a", "end caller 5#3");
    source.tell(Backfill, 1, "b", "arrive 0#4; key 1#5; key 2#6");
    assert_eq!(source.records().len(), 1);
}

#[test]
fn waiting_is_shown_between_offered_and_ended() {
    let mut source = source();
    source.tell(
        Live,
        1,
        "a",
        "arrive 0; enter q 1; left q timeout 5; enter r 6",
    );
    source.tell(Live, 1, "b", "arrive 0; enter r 7");
    source.tell(Live, 1, "t", "arrive 0; tag test 0; enter r 2");
    source.tell(Backfill, 2, "h", "arrive 0; enter r 1");
    let now = source.calls.take_queues();
    let shown: Vec<_> = now
        .iter()
        .map(|now| (now.queue.as_str(), now.waiting))
        .collect();
    assert_eq!(shown, [("q", 0), ("r", 2)]);
    assert_eq!(now[0].oldest_entry, None);
    assert_eq!(now[1].oldest_entry, Some(super::notation::at("6")));
    assert_eq!(now[1].oldest_journey, Some(super::notation::at("1")));
    source.tell(Live, 1, "a", "end caller 8#5");
    let now = source.calls.take_queues();
    assert_eq!(now.len(), 1, "only what changed");
    assert_eq!(
        (now[0].waiting, now[0].oldest_journey),
        (1, Some(super::notation::at("7")))
    );
}

#[test]
fn a_visit_that_never_was_is_ended_by_correction() {
    let mut source = source();
    let numbered = "arrive 0#1; enter q 1#2; left q timeout 5#3; enter r 6#5";
    source.tell(Live, 1, "a", numbered).facts();
    source.calls.take_queues();
    // The gap fills: the call had ended before.
    source.tell_late("a", "end caller 5.5#4");
    assert_eq!(source.facts(), "ended r error ?; decided r; corrected");
    let now = source.calls.take_queues();
    assert_eq!((now[0].queue.as_str(), now[0].waiting), ("r", 0));
    assert_eq!(
        source.clock("60").records(),
        ["visit q timeout 4; dismissed, ended by caller at 5.5; marks after_end contradiction"]
    );
}

#[test]
fn a_call_that_turns_out_to_be_a_test_waits_no_longer() {
    let mut source = source();
    source.tell(Live, 1, "t", "arrive 0; enter q 1").facts();
    source.calls.take_queues();
    source.tell(Live, 1, "t", "tag test 3#3");
    // What was offered has ended, with no wait of its own; a counter never falls.
    assert_eq!(source.facts(), "corrected; ended q error ?; decided q");
    let now = source.calls.take_queues();
    assert_eq!((now[0].queue.as_str(), now[0].waiting), ("q", 0));
    assert_eq!(now[0].oldest_entry, None);
    // Whatever becomes of it says nothing more, after a restart neither.
    let open = source.calls.take_changes().written;
    let calls = open.into_iter().map(|open| (open.key, open.state));
    source.calls = Calls::restore(Options::default(), None, calls).unwrap();
    assert!(
        source
            .calls
            .take_queues()
            .iter()
            .all(|now| now.waiting == 0)
    );
    let rest = "answer ann q 9#4; release ann 12#5; enter r 13#6; end caller 60#7";
    source.tell(Live, 1, "t", rest).clock("91");
    assert_eq!(source.facts(), "settled");
}

#[test]
fn wrap_up_runs_from_the_last_release_to_its_end() {
    let mut source = source();
    source
        .tell(
            Live,
            1,
            "a",
            "answer ann q 1; release ann caller 10; end caller 10",
        )
        .facts();
    source
        .tell_late("b", "answer ann r 2; release ann caller 5; end caller 5")
        .facts();
    assert_eq!(
        source.end_wrap_up("ann", "9").facts(),
        "",
        "of a call before"
    );
    assert_eq!(source.end_wrap_up("ann", "40").facts(), "wrap_up q 30");
    assert_eq!(source.end_wrap_up("ann", "41").facts(), "");
    source
        .tell(
            Live,
            1,
            "t",
            "tag test 50; answer ann q 50; release ann caller 55",
        )
        .facts();
    assert_eq!(
        source.end_wrap_up("ann", "60").facts(),
        "",
        "after a test call"
    );
}

#[test]
fn what_comes_of_a_transfer_is_not_known_while_the_caller_may_yet_be_answered() {
    let passed_on = "arrive 0; enter q 1; answer ann q 3; begin ann blind queue r 9; release ann agent 9; enter r 9";
    for (then, expected) in [
        ("", "pending"),
        ("; ring bob r 10", "pending"),
        ("; left r timeout 19", "pending after 10"),
        ("; left r timeout 19; enter s 20", "pending after 10"),
        ("; answer bob r 12", "answered after 3"),
        ("; end caller 14", "abandoned after 5"),
        ("; left r timeout 19; end pbx 20", "abandoned after 10"),
    ] {
        let mut source = source();
        source.tell(Live, 1, "a", &format!("{passed_on}{then}"));
        let open = source.calls.take_changes().written;
        let (_, record) = record_of_open(&open[0].state).expect("it was just written");
        let (_, live) = source.calls.live_records().next().expect("it is live");
        assert_eq!(live.transfers, record.transfers, "{then}");
        let transfer = format!("blind ann@q to queue r at 9: {expected}");
        assert!(
            render::record(&record).contains(&transfer),
            "{then}: {record:?}"
        );
    }
}
