//! The board against a recount from the calls, and what it shows of a few stories.

use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::calls::tests::{live as told, records, settled};
use crate::kpi::{Curve, WaitEnd, WatchedWait};
use crate::model::{
    AgentCounts, AgentEvent, AgentPlan, AgentPlans, AgentState, CallId, CallKey, CallRecord, Exit,
    ExitClass, QueueId, Shift, SourceId, Targets, Timestamp,
};

use super::fixture::{itself, picture, start};
use super::{Live, Options, QueuePicture, WINDOWS};

fn seconds(span: u64) -> Duration {
    Duration::from_secs(span)
}

fn source() -> SourceId {
    SourceId::new("pbx")
}

fn key(number: usize) -> CallKey {
    CallId::new(format!("call {number}")).key()
}

/// A board whose source sends at `now` by both clocks.
fn board(now: Timestamp) -> Live {
    let mut live = Live::new(Options::default());
    live.hear(&source(), (now, now), 0);
    live
}

/// Offered, answered, abandoned, within target, decided.
type Counts = [u64; 5];

/// The same counts, by looking at each visit.
fn recount(
    records: &[CallRecord],
    queue: &str,
    now: Timestamp,
    within: impl Fn(Timestamp, Timestamp) -> bool,
) -> Counts {
    let mut counts = [0; 5];
    let target = Targets::default()
        .of(&QueueId::new(queue), now)
        .service_level;
    let counting = records.iter().filter(|record| !record.test);
    for visit in counting.flat_map(|record| &record.visits) {
        if visit.queue.as_str() != queue {
            continue;
        }
        let entered_at = visit.entered_at;
        counts[0] += u64::from(within(entered_at, entered_at));
        let due = entered_at.plus(target);
        let Some((exit, exited_at)) = visit.exit.zip(visit.exited_at) else {
            counts[4] += u64::from(due <= now && within(due, entered_at));
            continue;
        };
        if within(exited_at, entered_at) {
            counts[1] += u64::from(exit == Exit::Answered);
            counts[2] += u64::from(exit.class() == ExitClass::Abandoned);
            let in_time = visit.wait.is_some_and(|wait| wait <= target);
            counts[3] += u64::from(exit == Exit::Answered && in_time);
        }
        counts[4] += u64::from(within(exited_at.min(due), entered_at));
    }
    counts
}

fn counts(window: &super::WindowPicture) -> Counts {
    [
        window.offered,
        window.exits.of(Exit::Answered),
        window.level.abandoned,
        window.level.answered_within,
        window.level.decided,
    ]
}

proptest! {
    /// Whatever was known of calls before, and however late one looks: the windows and the day are those of the calls as
    /// they are known at last.
    #[test]
    fn windows_and_the_day_are_a_recount(
        first in records(start()),
        last in records(start()),
        later in 0..4_000_u64,
        settle in any::<bool>(),
    ) {
        let now = start().plus(seconds(600 + later));
        let mut live = board(now);
        for (number, record) in first.iter().take(last.len()).enumerate() {
            live.tell(&source(), key(number), record, &itself);
        }
        for (number, record) in last.iter().enumerate() {
            if settle {
                live.settle(&source(), key(number), record, &itself);
            } else {
                live.tell(&source(), key(number), record, &itself);
            }
        }
        for queue in ["q", "r", "s"] {
            let shown = picture(&live, queue, now);
            for (window, span) in shown.windows.iter().zip(WINDOWS) {
                let width = if span == 60 { 1 } else { 10 } * 1_000_000;
                let cell = now.as_micros().div_euclid(width) * width;
                let from = Timestamp::from_micros(cell).minus(seconds(span));
                let naive = recount(&last, queue, now, |at, _| from <= at && at <= now);
                prop_assert_eq!(counts(window), naive, "{} {} s", queue, span);
            }
            let naive = recount(&last, queue, now, |at, entered_at| at <= now && entered_at <= now);
            prop_assert_eq!(counts(&shown.day), naive, "{} day", queue);
        }
    }
}

#[test]
fn a_stuck_queue_is_seen_though_nobody_is_answered() {
    let now = start().plus(seconds(90));
    let mut live = board(now);
    for (number, entered) in [0, 30, 60, 80].into_iter().enumerate() {
        let story = format!("arrive {entered}; enter q {entered}");
        let record = told(start(), &story);
        live.tell(&source(), key(number), &record, &itself);
    }
    let shown = picture(&live, "q", now);
    assert_eq!((shown.waiting, shown.oldest_wait), (4, seconds(90)));
    // Three have waited longer than 20 s: 0 of 3, and not nothing at all. The last has 10 s left.
    let hour = &shown.windows[3];
    assert_eq!(counts(hour), [4, 0, 0, 0, 3]);
    assert_eq!(hour.asa, None);
    assert_eq!(hour.waits, [None; 4]);
    // In silence the source's clock goes on for 15 s, and no further.
    let later = picture(&live, "q", now.plus(seconds(60)));
    assert_eq!(later.oldest_wait, seconds(105));
    assert_eq!(later.windows[3].level.decided, 4);
}

#[test]
fn who_still_waits_is_part_of_the_censored_quantiles() {
    let now = start().plus(seconds(100));
    let mut live = board(now);
    let done = settled(
        start(),
        "arrive 0; enter q 0; ring ann 5; answer ann q 10; end caller 50",
    );
    live.settle(&source(), key(0), &done, &itself);
    for number in 1..=3 {
        let record = told(start(), "arrive 1; enter q 1");
        live.tell(&source(), key(number), &record, &itself);
    }
    let hour = &picture(&live, "q", now).windows[3];
    // Of those who were answered half waited for 10 s. Of four callers one was answered by then: half were not.
    let wait = |end, time| WatchedWait {
        entered: Duration::ZERO,
        time: seconds(time),
        end,
    };
    let curve = Curve::of(&[
        wait(WaitEnd::Answered, 10),
        wait(WaitEnd::Censored, 99),
        wait(WaitEnd::Censored, 99),
        wait(WaitEnd::Censored, 99),
    ]);
    // Within the 1 % of a cell.
    let shown = hour.waits[0].map(|wait| wait.as_secs_f64());
    assert!(
        shown.is_some_and(|wait| (wait - 10.0).abs() <= 0.1),
        "{shown:?}"
    );
    assert_eq!((hour.censored[0], curve.quantile(50)), (None, None));
}

#[test]
fn who_gave_up_just_before_an_answer_was_not_there_for_it() {
    let now = start().plus(seconds(400));
    let mut live = board(now);
    let mut stories: Vec<String> = (1..=16)
        .map(|wait| format!("answer ann q {wait}; end caller 300"))
        .collect();
    stories.extend(["191.97", "192", "192.45"].map(|at| format!("end caller {at}")));
    stories.push("answer ann q 192.22; end caller 300".to_owned());
    for (number, story) in stories.iter().enumerate() {
        let record = settled(start(), &format!("arrive 0; enter q 0; {story}"));
        live.settle(&source(), key(number), &record, &itself);
    }
    // Of twenty 4 were left, and two when one of them was answered: 4 ÷ 20 × 1 ÷ 2. Less than 1 % apart they are.
    let shown = picture(&live, "q", now);
    let exact = Some(Duration::from_millis(192_220));
    for window in [&shown.windows[3], &shown.day] {
        assert_eq!(window.censored[1..], [exact, None, None]);
    }
}

#[test]
fn the_oldest_journey_began_in_the_first_queue() {
    let now = start().plus(seconds(100));
    let mut live = board(now);
    let record = told(
        start(),
        "arrive 0; enter q 10; left q timeout 40; enter r 41",
    );
    live.tell(&source(), key(0), &record, &itself);
    let shown = picture(&live, "r", now);
    assert_eq!(
        (shown.oldest_wait, shown.oldest_journey),
        (seconds(59), seconds(90))
    );
    assert_eq!(picture(&live, "q", now).waiting, 0);
    let hotline = live.hotline(now, &live.agents(now));
    assert_eq!(hotline.oldest_journey, seconds(90));
}

#[test]
fn agents_are_in_one_state_each_and_named_when_it_lasts_too_long() {
    let mut live = board(start());
    let state = |agent: &str, state, queues: &[&str]| AgentEvent::StateChanged {
        agent: crate::model::AgentId::new(agent),
        state,
        reason: "".into(),
        queues: queues.iter().copied().map(QueueId::new).collect(),
    };
    for (agent, is, queues) in [
        ("ann", AgentState::Available, &["q", "r"][..]),
        ("bob", AgentState::Available, &["q"]),
        ("cyd", AgentState::Paused, &["q"]),
    ] {
        live.tell_agent(&source(), start(), &state(agent, is, queues), &itself);
    }
    let talk = told(start(), "arrive 0; enter q 0; ring ann 2; answer ann q 5");
    live.tell(&source(), key(0), &talk, &itself);
    let shown = picture(&live, "q", start().plus(seconds(10)));
    let of = |shown: &QueuePicture| {
        [
            AgentState::Available,
            AgentState::Talking,
            AgentState::Paused,
        ]
        .map(|state| shown.agents.of(state))
    };
    assert_eq!(of(&shown), [1, 1, 1]);
    assert_eq!(shown.too_long, []);
    let now = live.agents(start().plus(seconds(10))).into_counts();
    let counts = |of: &AgentCounts| -> Vec<_> {
        AgentState::ALL.iter().map(|state| of.of(*state)).collect()
    };
    let both = counts(&now.all);
    assert_eq!(
        both.iter().sum::<u64>(),
        3,
        "ann is of two queues: {both:?}"
    );
    assert_eq!(both, counts(&now.queues[&QueueId::new("q")]));
    let hotline = live.hotline(start(), &live.agents(start()));
    assert_eq!(both, counts(&hotline.agents));
    assert_eq!(now.queues[&QueueId::new("r")].of(AgentState::Talking), 1);

    // 16 min later ann still talks; half an hour is not over for cyd.
    let now = start().plus(seconds(16 * 60));
    live.hear(&source(), (now, now), 0);
    let named: Vec<_> = picture(&live, "q", now)
        .too_long
        .into_iter()
        .map(|one| one.agent)
        .collect();
    assert_eq!(named, [crate::model::AgentId::new("ann")]);
    assert_eq!(of(&picture(&live, "r", now)), [0, 1, 0]);

    let done = settled(
        start(),
        "arrive 0; enter q 0; ring ann 2; answer ann q 5; end caller 70",
    );
    live.settle(&source(), key(0), &done, &itself);
    assert_eq!(of(&picture(&live, "q", now)), [2, 0, 1]);
}

#[test]
fn agents_are_planned_by_our_clock_in_the_hotline_s_zone() {
    let shift = |from: u16, to: u16, agents| Shift {
        from: from * 60,
        to: to * 60,
        agents,
    };
    let plan = |shifts: &[Shift]| AgentPlan {
        since: Timestamp::MIN,
        weekly: std::array::from_fn(|_| shifts.to_vec()),
        days: Default::default(),
    };
    let zone = TimeZone::get("Europe/Samara").unwrap();
    // 10:00 in UTC is 14:00 there.
    let of_q = plan(&[shift(8, 14, 5), shift(14, 17, 6)]);
    let of_all = plan(&[shift(8, 17, 9)]);
    let plans = [(Some(QueueId::new("q")), of_q), (None, of_all)];
    let mut live = Live::new(Options {
        plans: AgentPlans::new(zone.clone(), plans),
        zone,
        ..Options::default()
    });
    let planned = |live: &Live, ours| {
        let of = |queue| picture(live, queue, ours).agents_planned;
        let hotline = live.hotline(ours, &live.agents(ours));
        [of("q"), of("r"), hotline.agents_planned]
    };
    // Whatever the switch's clock says.
    let before = start().minus(seconds(1));
    live.hear(&source(), (before, start()), 0);
    assert_eq!(planned(&live, start()), [Some(6), None, Some(9)]);
    assert_eq!(planned(&live, before), [Some(5), None, Some(9)]);
    // Nobody is planned in the evening, which is not the same as no plan.
    let evening = start().plus(seconds(3 * 3600));
    live.hear(&source(), (evening, evening), 0);
    assert_eq!(planned(&live, evening), [Some(0), None, Some(0)]);
}

#[test]
fn a_call_passed_on_twice_is_shown_until_it_ends() {
    let now = start().plus(seconds(100));
    let mut live = board(now);
    let story = "arrive 0; enter q 0; answer ann q 5; begin ann blind queue r 20; release ann 20; enter r 21; \
        answer bob r 30; begin bob blind queue s 40; release bob 40; enter s 41";
    let record = told(start(), story);
    assert_eq!(record.transfers.len(), 2);
    live.tell(&source(), key(0), &record, &itself);
    assert_eq!(picture(&live, "s", now).second_transfer, 1);
    assert_eq!(picture(&live, "r", now).second_transfer, 0);
    // Both are of the queue that answered first, as reports have them.
    let transfers = ["q", "r", "s"].map(|queue| picture(&live, queue, now).windows[3].transfers);
    assert_eq!(transfers, [2, 0, 0]);
    let ended = settled(start(), &format!("{story}; end caller 60"));
    live.settle(&source(), key(0), &ended, &itself);
    assert_eq!(picture(&live, "s", now).second_transfer, 0);
}

#[test]
fn an_instant_far_ahead_moves_nothing() {
    let mut live = board(start());
    let record = told(start(), "arrive 7200; enter q 7200");
    live.tell(&source(), key(0), &record, &itself);
    assert_eq!(counts(&picture(&live, "q", start()).windows[3]), [0; 5]);
    let record = told(start(), "arrive 0; enter q 0");
    live.tell(&source(), key(1), &record, &itself);
    assert_eq!(
        counts(&picture(&live, "q", start()).windows[3]),
        [1, 0, 0, 0, 0]
    );
}
