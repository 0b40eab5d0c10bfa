//! What the board shows of agents, of callers who come again, and of what was turned away.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::calls::tests::{live as told, settled};
use crate::model::{
    AgentEvent, AgentId, AgentState, Calendar, CallId, CallKey, CallRecord, Caller, Direction,
    Hours, Pseudonym, QueueId, QueueRules, Targets, Timeline, Timestamp,
};

use super::fixture::{after, itself, picture, source, start};
use super::{Live, NotGiven, Options, QueueState, TooLong};

fn key(name: &str) -> CallKey {
    CallId::new(name).key()
}

/// A board whose source sends at `now` by both clocks.
fn board(now: Timestamp) -> Live {
    let mut live = Live::new(Options::default());
    live.hear(&source("pbx"), (now, now), 0);
    live
}

fn tell(live: &mut Live, call: &str, record: &CallRecord) {
    live.tell(&source("pbx"), key(call), record, &itself);
}

fn tell_state(live: &mut Live, at: u64, agent: &str, state: AgentState, queues: &[&str]) {
    let told = AgentEvent::StateChanged {
        agent: AgentId::new(agent),
        state,
        reason: "".into(),
        queues: queues.iter().copied().map(QueueId::new).collect(),
    };
    live.tell_agent(&source("pbx"), after(at), &told, &itself);
}

/// What an agent of queue `q` is, and for how long it has been too long.
fn state(live: &Live, now: u64) -> (Vec<&'static str>, Vec<Duration>) {
    let shown = picture(live, "q", after(now));
    let states = AgentState::ALL.iter();
    let states = states.filter(|state| shown.agents.of(**state) > 0);
    let long = shown.too_long.into_iter();
    let long = long.map(|TooLong { span, .. }| span);
    (states.map(|state| state.as_str()).collect(), long.collect())
}

#[test]
fn work_after_a_call_ends_with_the_next_offer_whatever_becomes_of_it() {
    let mut live = board(after(300));
    tell_state(&mut live, 0, "egor", AgentState::WrapUp, &["q"]);
    assert_eq!(
        state(&live, 300),
        (vec!["wrap_up"], vec![Duration::from_secs(300)])
    );
    let missed = told(
        start(),
        "arrive 50; enter q 60; ring egor q 70; miss egor no_answer 90",
    );
    tell(&mut live, "missed", &missed);
    assert_eq!(state(&live, 300), (vec!["available"], vec![]));
    // Told again after a call that he took, it is of that call.
    let talked = told(
        start(),
        "arrive 95; enter q 96; answer egor q 100; release egor 131",
    );
    tell(&mut live, "talked", &talked);
    assert_eq!(state(&live, 300), (vec!["available"], vec![]));
    tell_state(&mut live, 131, "egor", AgentState::WrapUp, &[]);
    assert_eq!(
        state(&live, 300),
        (vec!["wrap_up"], vec![Duration::from_secs(169)])
    );
}

#[test]
fn work_after_a_call_is_too_long_beyond_the_limit_that_is_configured() {
    for (limit, long) in [(119, true), (120, false)] {
        let mut live = Live::new(Options {
            wrap_up_max: Duration::from_secs(limit),
            ..Options::default()
        });
        live.hear(&source("pbx"), (after(120), after(120)), 0);
        tell_state(&mut live, 0, "egor", AgentState::WrapUp, &["q"]);
        assert_eq!(!state(&live, 120).1.is_empty(), long, "{limit}");
    }
}

#[test]
fn an_agent_on_our_own_return_call_is_on_another_call_and_not_there_for_who_waits() {
    let mut live = board(after(1_000));
    tell_state(&mut live, 0, "o1", AgentState::Available, &["q"]);
    tell_state(&mut live, 0, "o3", AgentState::Paused, &["q"]);
    tell(
        &mut live,
        "waits",
        &told(start(), "arrive 980; enter q 980"),
    );
    assert_eq!(state(&live, 1_000).0, ["available", "paused"]);
    let mut returned = told(start(), "arrive 5; answer o1 q 8");
    returned.direction = Direction::Return;
    tell(&mut live, "returned", &returned);
    // Nor does anybody talk for too long.
    let (states, long) = state(&live, 1_000);
    assert_eq!(
        (&states[..], &long[..]),
        (&["other_call", "paused"][..], &[][..])
    );
    let shown = picture(&live, "q", after(1_000));
    assert_eq!(
        (shown.is_nobody_there, shown.state),
        (true, QueueState::NobodyThere)
    );
    // A caller at the same time is talked with.
    let talk = told(start(), "arrive 0; enter q 0; answer o1 q 990");
    tell(&mut live, "talk", &talk);
    assert_eq!(state(&live, 1_000).0, ["talking", "paused"]);
    returned.ended_at = Some(after(999));
    live.settle(&source("pbx"), key("returned"), &returned, &itself);
    live.settle(&source("pbx"), key("talk"), &talk, &itself);
    assert_eq!(state(&live, 1_000).0, ["available", "paused"]);
}

#[test]
fn agents_are_the_same_whether_calls_are_told_first_or_what_the_switch_said() {
    let talk = told(
        start(),
        "arrive 0; enter benefits 1; ring boris benefits 2; answer boris benefits 5",
    );
    let done = settled(
        start(),
        "arrive 0; enter q 1; ring ann q 2; answer ann q 5; release ann 40; end caller 41",
    );
    let calls = |live: &mut Live| {
        tell(live, "talk", &talk);
        live.settle(&source("pbx"), key("done"), &done, &itself);
    };
    let states = |live: &mut Live| {
        tell_state(live, 0, "ann", AgentState::WrapUp, &[]);
        tell_state(live, 10, "boris", AgentState::Paused, &["jobs"]);
        tell_state(live, 41, "ann", AgentState::WrapUp, &[]);
    };
    let (mut calls_first, mut states_first) = (board(after(200)), board(after(200)));
    calls(&mut calls_first);
    states(&mut calls_first);
    states(&mut states_first);
    calls(&mut states_first);
    for live in [calls_first, states_first] {
        // He was taken off benefits while he talked.
        let shown = ["benefits", "jobs"].map(|queue| {
            let shown = picture(&live, queue, after(200));
            shown.agents.of(AgentState::Talking)
        });
        assert_eq!(shown, [0, 1]);
        // No switch said that she serves the queue: a call did.
        assert_eq!(
            state(&live, 200),
            (vec!["wrap_up"], vec![Duration::from_secs(160)])
        );
    }
}

#[test]
fn a_queue_that_no_known_agent_serves_has_nobody_there() {
    let mut live = board(after(10));
    let (pbx, other) = (source("pbx"), source("other"));
    let waits = told(start(), "arrive 0; enter moveq 1");
    live.tell(&pbx, key("waits"), &waits, &itself);
    let nobody = |live: &Live| {
        let agents = live.agents(after(10));
        let counted = agents.clone().into_counts();
        let shown = live.queue(&QueueId::new("moveq"), after(10), &agents);
        let closed = shown.estimate.given == Err(NotGiven::NobodyThere);
        assert_eq!(closed, shown.is_nobody_there);
        let counts = counted.queues.get(&QueueId::new("moveq"));
        (shown.is_nobody_there, counts.is_some())
    };
    assert_eq!(nobody(&live), (false, false), "no switch tells of agents");
    let talks = told(start(), "arrive 0; enter moveq 1; answer bob moveq 2");
    live.tell(&pbx, key("talks"), &talks, &itself);
    let over = settled(
        start(),
        "arrive 0; enter moveq 1; answer bob moveq 2; end caller 3",
    );
    live.settle(&pbx, key("talks"), &over, &itself);
    assert_eq!(
        nobody(&live),
        (false, false),
        "a call shows an agent, and is over"
    );
    tell_state(&mut live, 0, "u2", AgentState::Available, &[]);
    assert_eq!(nobody(&live), (false, false), "she may serve any queue");
    tell_state(&mut live, 0, "u1", AgentState::Available, &["moveq"]);
    assert_eq!(nobody(&live), (false, true));
    tell_state(&mut live, 5, "u1", AgentState::Available, &["jobs"]);
    assert_eq!(nobody(&live), (true, true));
    // At the desk, or on another call, is not at the telephone for this queue.
    for away in [AgentState::Desk, AgentState::OtherCall, AgentState::Paused] {
        tell_state(&mut live, 6, "u1", away, &["moveq"]);
        assert_eq!(nobody(&live), (true, true), "{away:?}");
    }
    tell_state(&mut live, 7, "u1", AgentState::Available, &["jobs"]);
    // By a switch that tells of no agents, anybody may serve it.
    live.hear(&other, (after(10), after(10)), 0);
    live.tell(&other, key("elsewhere"), &waits, &itself);
    assert_eq!(nobody(&live), (false, false));
}

#[test]
fn a_queue_is_shown_as_soon_as_somebody_serves_it() {
    let mut live = board(start());
    tell_state(&mut live, 0, "ann", AgentState::Available, &["wlim"]);
    let wlim = QueueId::new("wlim");
    assert!(live.queues().contains(&wlim));
    assert_eq!(state_of(&live, "wlim"), 1);
}

fn state_of(live: &Live, queue: &str) -> u64 {
    picture(live, queue, start())
        .agents
        .of(AgentState::Available)
}

/// A call of one and the same caller.
fn of_caller(story: &str) -> CallRecord {
    CallRecord {
        caller: Caller::Known(Pseudonym {
            key: 1,
            hash: [7; 16],
        }),
        ..told(start(), story)
    }
}

#[test]
fn who_calls_again_by_another_switch_is_seen_to() {
    let mut live = board(after(100));
    let (pbx, other) = (source("pbx"), source("other"));
    live.hear(&other, (after(100), after(100)), 0);
    // Two switches may number their calls alike.
    live.tell(&pbx, key("1"), &of_caller("arrive 0; enter q 1"), &itself);
    live.tell(&other, key("1"), &of_caller("arrive 5; enter r 6"), &itself);
    let waiting =
        |live: &Live| ["q", "r"].map(|queue| picture(live, queue, after(100)).repeat_waiting);
    assert_eq!(waiting(&live), [0, 1]);
    // Told last, as after a start: that another call came later does not hide the one before.
    let mut again = board(after(100));
    again.hear(&other, (after(100), after(100)), 0);
    let before = of_caller("arrive 0; key 1; end caller 2");
    let later = of_caller("arrive 50; key 51; end caller 52");
    again.settle(&other, key("later"), &later, &itself);
    again.settle(&other, key("before"), &before, &itself);
    again.tell(
        &pbx,
        key("waits"),
        &of_caller("arrive 20; enter q 21"),
        &itself,
    );
    assert_eq!(waiting(&again), [1, 0]);
}

#[test]
fn who_calls_again_is_seen_whenever_the_call_before_is_told() {
    let mut live = board(after(100));
    let waiting = |live: &Live| picture(live, "q", after(100)).repeat_waiting;
    tell(&mut live, "waits", &of_caller("arrive 50; enter q 51"));
    assert_eq!(waiting(&live), 0);
    // What came after it makes no repeat of it.
    let later = of_caller("arrive 70; key 71; end caller 72");
    live.settle(&source("pbx"), key("later"), &later, &itself);
    assert_eq!(waiting(&live), 0);
    let before = of_caller("arrive 20; key 21; end caller 22");
    live.settle(&source("late"), key("before"), &before, &itself);
    assert_eq!(waiting(&live), 1);
    // However many there were, and though one of them turns out to be a test.
    for number in 0..20 {
        let one = of_caller(&format!("arrive {}; key 41; end caller 42", 21 + number));
        live.settle(&source("late"), key(&number.to_string()), &one, &itself);
    }
    assert_eq!(waiting(&live), 1);
    let mut test = of_caller("arrive 50; enter q 51");
    test.test = true;
    tell(&mut live, "waits", &test);
    assert_eq!(waiting(&live), 0);
}

#[test]
fn a_call_is_turned_away_once_and_not_at_all_once_it_is_queued() {
    let now = after(100);
    let mut live = board(now);
    let turned_away = |live: &Live| {
        let of = |queue| picture(live, queue, now).windows[3].refused;
        let hotline = live.hotline(now, &live.agents(now));
        assert_eq!(hotline.refused[3], hotline.refused_today);
        [of("jobs"), of("benefits"), hotline.refused_today]
    };
    let twice = "arrive 0; refuse full jobs 1; refuse full benefits 2";
    tell(&mut live, "r1", &told(start(), twice));
    assert_eq!(turned_away(&live), [0, 1, 1]);
    tell(
        &mut live,
        "r2",
        &told(start(), "arrive 10; refuse full jobs 11"),
    );
    assert_eq!(turned_away(&live), [1, 1, 2]);
    let queued = "arrive 10; refuse full jobs 11; enter benefits 12";
    tell(&mut live, "r2", &told(start(), queued));
    assert_eq!(turned_away(&live), [0, 1, 1]);
    let ended = settled(start(), &format!("{twice}; end pbx 3"));
    live.settle(&source("pbx"), key("r1"), &ended, &itself);
    assert_eq!(turned_away(&live), [0, 1, 1]);
}

#[test]
fn who_comes_before_the_queue_opens_is_of_this_day() {
    let weekly = std::array::from_fn(|_| Hours::new(vec![(12 * 60, 18 * 60)]));
    let mut targets = Targets::default();
    let calendar = Calendar::new(TimeZone::UTC, weekly, []);
    targets.calendars.insert("late".into(), calendar);
    let rules = QueueRules {
        calendar: Some("late".into()),
        ..QueueRules::default()
    };
    for queue in ["q", "r"] {
        targets
            .queues
            .insert(QueueId::new(queue), Timeline::always(rules.clone()));
    }
    let mut live = Live::new(Options {
        targets,
        ..Options::default()
    });
    let day = |live: &Live, queue, now| {
        let shown = picture(live, queue, now);
        (shown.day_since, shown.day.offered, shown.day.level.decided)
    };
    let midnight = start().minus(Duration::from_secs(10 * 3600));
    let now = after(100);
    live.hear(&source("pbx"), (now, now), 0);
    tell(&mut live, "early", &told(start(), "arrive 0; enter q 1"));
    assert_eq!(day(&live, "q", now), (midnight, 1, 1));
    // At 13:00 of the other queue since its opening, of this one since midnight.
    let later = after(3 * 3600);
    live.hear(&source("pbx"), (later, later), 0);
    assert_eq!(day(&live, "q", later), (midnight, 1, 1));
    assert_eq!(day(&live, "r", later), (after(2 * 3600), 0, 0));
}
