//! Rows of calls that are told in words.

use super::*;
use crate::calls::tests::settled;

fn row(story: &str) -> CallRow {
    let record = settled(Timestamp::default(), story);
    call_row(&record, 0, SourceId::new("pbx"), CallId::new("1"), true)
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(seconds: u64) -> Option<Timestamp> {
    Some(Timestamp::default().plus(s(seconds)))
}

#[test]
fn a_journey_goes_from_the_first_queue_to_the_first_human() {
    // (story, first entry, first answer, waits before any human)
    for (story, entered, answered, wait) in [
        (
            "arrive 0; enter a 5; answer ann a 12; end caller 60",
            at(5),
            at(12),
            7,
        ),
        // 20 s in a, 5 s of announcement, 10 s in b.
        (
            "arrive 0; enter a 5; left a timeout 25; enter b 30; answer ann b 40; end caller 60",
            at(5),
            at(40),
            30,
        ),
        ("arrive 0; enter a 5; end caller 9", at(5), None, 4),
        (
            "arrive 0; answer ann 3; release ann 9; end caller 9",
            None,
            at(3),
            0,
        ),
        // Who had a human before the queue waits for no first one.
        (
            "arrive 0; answer ann 3; begin ann blind queue a 9; done ann 9; release ann 9; enter a 9; answer bob a 20; end caller 60",
            None,
            at(3),
            0,
        ),
        ("arrive 0; end caller 4", None, None, 0),
    ] {
        let row = row(story);
        let journey = (row.first_entered_at, row.first_answered_at, row.queue_wait);
        assert_eq!(journey, (entered, answered, s(wait)), "{story}");
    }
}

#[test]
fn an_answer_that_was_never_told_has_no_instant() {
    let row = row("arrive 0; enter a 5; ring ann 6; release ann agent 50; end caller 50");
    assert!(row.answered && row.marks.has(Mark::AnswerMissing));
    assert_eq!((row.first_entered_at, row.first_answered_at), (at(5), None));
}

#[test]
fn ringing_in_vain_hold_and_talk_are_summed() {
    // Ann rings 10 s and bob 4 s in vain; carl talks 70 s, 20 s of it on hold.
    let story = "arrive 0; enter a 0; ring ann 0; miss ann no_answer 10; ring bob 10; miss bob rejected 14; \
        ring carl 20; answer carl a 25; hold carl 30; unhold carl 50; release carl caller 95; end caller 95";
    let row = row(story);
    assert_eq!(
        (row.missed_offer_time, row.hold, row.talk),
        (s(14), s(20), s(50))
    );
    assert_eq!(row.last_exit, Some(Exit::Answered));
}

#[test]
fn what_the_dialplan_queues_again_is_after_no_transfer() {
    let story = |how: &str| format!("arrive 0; enter a 0; answer ann a 5; {how}; end caller 90");
    for (how, expected) in [
        (
            "begin ann blind queue b 30; done ann 30; release ann 30; enter b 30",
            [false, true],
        ),
        // The same queue within 5 s, with no transfer told.
        ("release ann 30; enter a 32", [false, false]),
    ] {
        let record = settled(Timestamp::default(), &story(how));
        let after: Vec<_> = visit_rows(&record, &SourceId::new("pbx"), true)
            .map(|visit| visit.after_transfer)
            .collect();
        assert_eq!(after, expected, "{how}");
        assert!(record.visits[1].after_human);
    }
}

#[test]
fn agents_who_talk_at_once_take_the_caller_s_time_once() {
    // Ann 5 to 40, Bob 30 to 65, 4 s of it on hold: 60 s less 4.
    let story = "arrive 0; enter a 0; answer ann a 5; begin ann conference agent bob 20; answer bob 30; release ann 40; \
        hold bob 50; unhold bob 54; release bob 65; end caller 65";
    assert_eq!(row(story).talk, s(56));
    // One after the other, with nobody between 40 and 45.
    let story = "arrive 0; enter a 0; answer ann a 5; release ann 40; enter b 40; answer bob b 45; release bob 65; end caller 65";
    assert_eq!(row(story).talk, s(55));
}

#[test]
fn an_agent_without_a_queue_is_no_door() {
    let doors = |story: &str| {
        let row = row(story);
        let name =
            |queue: Option<crate::model::QueueId>| queue.map(|queue| queue.as_str().to_owned());
        (name(row.first_answer_queue), name(row.last_answer_queue))
    };
    let some = |name: &str| Some(name.to_owned());
    // Through a to b, and from there to Carl himself.
    let on = "arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 20; done ann 20; release ann 20; enter b 20; \
        answer bob b 30; begin bob blind agent carl 40; done bob 40; release bob 40; answer carl 45; end caller 60";
    assert_eq!(doors(on), (some("a"), some("b")));
    // Ann herself was called, and passed the caller to b.
    let direct = "arrive 0; answer ann 5; begin ann blind queue b 20; done ann 20; release ann 20; enter b 20; \
        answer bob b 30; end caller 60";
    assert_eq!(doors(direct), (some("b"), some("b")));
    assert_eq!(doors("arrive 0; answer ann 5; end caller 9"), (None, None));
}

#[test]
fn a_transfer_costs_its_wait_and_the_talk_until_the_next_one() {
    let costs = |story: &str| {
        let record = settled(Timestamp::default(), story);
        let costs: Vec<_> = (0..record.transfers.len())
            .map(|index| spent(&record, index))
            .collect();
        costs
    };
    // Queued at 20 while ann is let go at 22: her talk is none of it. 20 to 30 waiting, 30 to 50 with bob, 10 s of it on
    // hold; then 5 s to ann, and 15 s with her.
    let to_and_fro = "arrive 0; enter a 0; answer ann a 5; enter b 20; release ann 22; answer bob b 30; hold bob 35; \
        unhold bob 45; begin bob blind queue a 50; release bob 50; enter a 50; answer ann a 55; release ann 70; end caller 70";
    assert_eq!(costs(to_and_fro), [s(30), s(20)]);
    // Joined from 30 on, ann leaves at 40; bob stays until 65: 25 s, though his own leg is 35 s long.
    let joined = "arrive 0; enter a 0; answer ann a 5; begin ann conference agent bob 20; answer bob 30; release ann 40; \
        release bob 65; end caller 65";
    assert_eq!(costs(joined), [s(25)]);
    // The caller gives up after 12 s: nobody talks.
    let given_up = "arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 20; release ann 20; enter b 20; end caller 32";
    assert_eq!(costs(given_up), [s(12)]);
}
