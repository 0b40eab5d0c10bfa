//! What the board shows of a few stories besides the windows: how a queue is doing, calls lost, and who told of it.

use crate::calls::tests::{open, settled};
use crate::model::{CallId, CallKey, Timestamp};

use super::fixture::{after, itself, picture, source, start};
use super::{Live, Options, QueueState};

fn key(number: usize) -> CallKey {
    CallId::new(format!("call {number}")).key()
}

/// A board that was told these calls by one source, which is heard at `now`.
fn board(stories: &[&str], now: Timestamp) -> Live {
    let mut live = Live::new(Options::default());
    live.hear(&source("pbx"), (now, now), 0);
    for (number, story) in stories.iter().enumerate() {
        let record = settled(start(), story);
        live.settle(&source("pbx"), key(number), &record, &itself);
    }
    live
}

#[test]
fn a_call_is_lost_once_and_in_the_queue_it_entered_first() {
    let now = after(300);
    let mut live = board(
        &[
            // Lost in the second queue: the first one's, and once.
            "arrive 0; enter q 0; left q timeout 30; enter r 31; end caller 60",
            "arrive 1; enter q 1; left q timeout 40; end pbx 41",
            // Sent on, and answered there: a visit ended without an answer, no call was lost.
            "arrive 2; enter q 2; left q timeout 40; enter r 41; answer ann r 50; end caller 90",
            "arrive 3; enter r 3; answer ann r 9; end caller 12",
        ],
        now,
    );
    let calls = |live: &Live, queue| {
        let day = picture(live, queue, now).day;
        (day.offered, day.calls_offered, day.calls_lost)
    };
    assert_eq!(calls(&live, "q"), (3, 3, 2));
    assert_eq!(calls(&live, "r"), (3, 1, 0));
    // What is told otherwise later on is counted otherwise.
    for (story, counted) in [
        (
            "arrive 4; enter q 4; left q timeout 40; end pbx 41",
            (4, 4, 3),
        ),
        (
            "arrive 4; enter q 4; answer ann q 45; end caller 80",
            (4, 4, 2),
        ),
    ] {
        live.tell(&source("pbx"), key(4), &settled(start(), story), &itself);
        assert_eq!(calls(&live, "q"), counted);
    }
}

#[test]
fn transfers_are_of_the_queue_that_answered_first_and_of_the_day_on_which_the_call_arrived() {
    let now = after(300);
    let live = board(
        &[
            // Twice, the second time by an agent whose leg has no queue.
            "arrive 0; enter q 0; answer ann q 5; begin ann blind agent bob 20; done ann 20; release ann 20; answer bob 25; \
            begin bob blind queue r 40; done bob 40; release bob 40; enter r 40; answer cyd r 50; end caller 90",
            // An agent who was called directly is no answer of a queue.
            "arrive 0; answer ann 5; begin ann blind queue r 20; done ann 20; release ann 20; enter r 20; answer cyd r 30; \
            end caller 90",
        ],
        now,
    );
    let transfers = ["q", "r"].map(|queue| {
        let shown = picture(&live, queue, now);
        (shown.windows[3].transfers, shown.day.transfers)
    });
    assert_eq!(transfers, [(2, 2), (1, 1)]);
    // A call that arrived before midnight is of the day before.
    let midnight = after(14 * 3600);
    let mut live = Live::new(Options::default());
    let now = midnight.plus(std::time::Duration::from_secs(60));
    live.hear(&source("pbx"), (now, now), 0);
    let before = midnight.minus(std::time::Duration::from_secs(10));
    let story = "arrive 0; enter q 0; answer ann q 5; begin ann blind queue r 20; done ann 20; release ann 20; enter r 20; \
        answer cyd r 30; end caller 40";
    live.settle(&source("pbx"), key(0), &settled(before, story), &itself);
    let shown = picture(&live, "q", now);
    assert_eq!((shown.windows[3].transfers, shown.day.transfers), (1, 0));
}

#[test]
fn callers_who_give_up_one_after_the_other_turn_a_queue_red_though_none_waits_for_long() {
    let now = after(60);
    let stories: Vec<String> = [0, 9, 18]
        .map(|at| format!("arrive {at}; enter q {at}; end caller {}", at + 18))
        .to_vec();
    let stories: Vec<&str> = stories.iter().map(String::as_str).collect();
    let two = board(&stories[..2], now);
    assert_eq!(picture(&two, "q", now).state, QueueState::Good);
    let mut three = board(&stories, now);
    assert_eq!(picture(&three, "q", now).state, QueueState::NobodyAnswered);
    let (_, waits) = open(start(), "arrive 50; enter q 50");
    three.tell(&source("pbx"), key(9), &waits, &itself);
    assert_eq!(picture(&three, "q", now).state, QueueState::NobodyAnswered);
    // When five minutes have gone by without another, it is forgotten.
    let later = after(360);
    three.hear(&source("pbx"), (later, later), 0);
    three.settle(
        &source("pbx"),
        key(9),
        &settled(
            start(),
            "arrive 50; enter q 50; answer ann q 55; end caller 59",
        ),
        &itself,
    );
    assert_eq!(picture(&three, "q", later).state, QueueState::Good);
}

#[test]
fn a_queue_names_the_sources_that_told_of_it() {
    let now = after(7_200);
    let mut live = Live::new(Options::default());
    let told = [
        ("east", "q", 7_195),
        ("west", "r", 7_000),
        ("gone", "q", 60),
        ("left", "s", 90),
    ];
    for (number, (name, queue, heard)) in told.into_iter().enumerate() {
        live.hear(&source(name), (after(heard), after(heard)), 0);
        let story = format!("arrive 0; enter {queue} 0; end caller 30");
        live.settle(
            &source(name),
            key(number),
            &settled(start(), &story),
            &itself,
        );
    }
    let sources = |queue| -> Vec<String> {
        let sources = picture(&live, queue, now).sources;
        sources
            .iter()
            .map(|name| name.as_str().to_owned())
            .collect()
    };
    assert_eq!(sources("q"), ["east"]);
    assert_eq!(sources("r"), ["west"]);
    assert_eq!(sources("s"), ["left"], "there is no other");
    assert_eq!(sources("t"), [""; 0]);
}
