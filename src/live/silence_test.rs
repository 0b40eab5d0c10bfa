//! What the board shows when switches fall silent, or have a clock of their own.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::calls::tests::{live as told, settled};
use crate::model::{
    AgentEvent, AgentId, AgentPlan, AgentPlans, AgentState, Calendar, CallId, CallKey, GONE_AFTER,
    Hours, QueueId, QueueRules, Shift, Targets, Timeline, Timestamp,
};

use super::fixture::{after, itself, picture, source, start};
use super::{Live, NotGiven, Options, QueueState};

fn key(name: &str) -> CallKey {
    CallId::new(name).key()
}

fn hear(live: &mut Live, name: &str, at: Timestamp) {
    live.hear(&source(name), (at, at), 0);
}

/// A call that waits in a queue since its first second.
fn waits(live: &mut Live, name: &str, queue: &str) {
    let story = format!("arrive 0; enter {queue} 0");
    live.tell(&source(name), key(queue), &told(start(), &story), &itself);
}

fn tell_state(live: &mut Live, name: &str, agent: &str, state: AgentState, queues: &[&str]) {
    let told = AgentEvent::StateChanged {
        agent: AgentId::new(agent),
        state,
        reason: "".into(),
        queues: queues.iter().copied().map(QueueId::new).collect(),
    };
    live.tell_agent(&source(name), start(), &told, &itself);
}

#[test]
fn a_switch_that_fell_silent_is_not_known_for_as_long_as_it_is_silent_and_after_an_hour_in_no_sum()
{
    let mut live = Live::new(Options::default());
    for name in ["far", "near"] {
        hear(&mut live, name, after(30));
    }
    waits(&mut live, "far", "q");
    waits(&mut live, "near", "r");
    tell_state(&mut live, "far", "ann", AgentState::Talking, &["q"]);
    live.tell(
        &source("far"),
        key("refused"),
        &told(start(), "arrive 20; refuse full q 21"),
        &itself,
    );
    // State, waiting, oldest wait, agents of the queue; of the whole hotline waiting, agents and refused within an hour.
    let shown = |live: &Live, now| {
        let agents = live.agents(now);
        let (q, all) = (picture(live, "q", now), live.hotline(now, &agents));
        let of_q = (
            q.state,
            q.waiting,
            q.oldest_wait.as_secs(),
            q.agents.of(AgentState::Talking),
        );
        let of_all = (
            all.waiting,
            all.agents.of(AgentState::Talking),
            all.refused[3],
            all.refused_today,
        );
        (of_q, of_all)
    };
    let at_first = ((QueueState::Unheeded, 1, 30, 1), (2, 1, 1, 1));
    assert_eq!(shown(&live, after(30)), at_first);
    assert_eq!(shown(&live, after(40)).0.0, QueueState::Unheeded);
    // Its clock stands still after 15 s.
    for silent in [41, 3_630] {
        hear(&mut live, "near", after(silent));
        let now = shown(&live, after(silent));
        assert_eq!(now.0.0, QueueState::NotKnown, "{silent}");
        assert_eq!((now.0.1, now.0.3, now.1), (1, 1, (2, 1, 1, 1)), "{silent}");
    }
    for gone in [3_631, 9_000] {
        hear(&mut live, "near", after(gone));
        let nobody = ((QueueState::NotKnown, 0, 0, 0), (1, 0, 0, 1));
        assert_eq!(shown(&live, after(gone)), nobody, "{gone}");
        assert_eq!(picture(&live, "q", after(gone)).windows[3].offered, 0);
        assert_eq!(picture(&live, "q", after(gone)).day.offered, 1);
    }
    // The other's queue is what it is, and those of which nobody has told are not made old.
    let others = ["r", "new"].map(|queue| picture(&live, queue, after(9_000)).state);
    assert_eq!(others, [QueueState::Unheeded, QueueState::Good]);
    // When all are silent nobody knows of any.
    let later = after(9_000).plus(GONE_AFTER * 2);
    let all = ["q", "r", "new"].map(|queue| picture(&live, queue, later).state);
    assert_eq!(all, [QueueState::NotKnown; 3]);
    hear(&mut live, "far", later);
    assert_eq!(picture(&live, "q", later).state, QueueState::Unheeded);
}

#[test]
fn of_a_queue_of_two_switches_red_wins_over_silence_and_silence_over_anything_else() {
    // Who lives, for how long somebody has waited there.
    let board = |living: u64, lost: u64| {
        let mut live = Live::new(Options::default());
        let now = after(100);
        hear(&mut live, "lives", now);
        hear(&mut live, "lost", after(80));
        for (name, waited, heard) in [("lives", living, 100), ("lost", lost, 80)] {
            let at = heard - waited;
            let story = match waited {
                0 => "arrive 0; enter q 0; answer ann q 1; end caller 2".to_owned(),
                _ => format!("arrive {at}; enter q {at}"),
            };
            live.tell(&source(name), key(name), &told(start(), &story), &itself);
        }
        picture(&live, "q", now).state
    };
    assert_eq!(board(77, 0), QueueState::Unheeded);
    // The silent one's caller is not known to wait still.
    assert_eq!(board(0, 77), QueueState::NotKnown);
    assert_eq!(board(5, 77), QueueState::NotKnown);
    assert_eq!(board(0, 0), QueueState::NotKnown);
}

#[test]
fn nobody_is_there_by_what_the_living_switch_says_of_its_own_agents() {
    let mut live = Live::new(Options::default());
    let now = after(10);
    hear(&mut live, "lost", start().minus(Duration::from_secs(5)));
    hear(&mut live, "lives", now);
    waits(&mut live, "lives", "q");
    live.settle(
        &source("lost"),
        key("before"),
        &settled(start(), "arrive 0; enter q 0; end caller 1"),
        &itself,
    );
    tell_state(&mut live, "lost", "bob", AgentState::Available, &["q"]);
    tell_state(&mut live, "lives", "ann", AgentState::Available, &["q"]);
    assert_eq!(picture(&live, "q", now).state, QueueState::NotKnown);
    tell_state(&mut live, "lives", "ann", AgentState::Paused, &["q"]);
    assert_eq!(picture(&live, "q", now).state, QueueState::NobodyThere);
    // The other way round he may be there, whatever he was when he was heard of last.
    tell_state(&mut live, "lives", "ann", AgentState::Available, &["q"]);
    tell_state(&mut live, "lost", "bob", AgentState::Paused, &["q"]);
    assert_eq!(picture(&live, "q", now).state, QueueState::NotKnown);
}

#[test]
fn where_no_switch_says_who_serves_a_queue_nobody_can_say_that_nobody_is_there() {
    let mut live = Live::new(Options::default());
    let now = after(60);
    hear(&mut live, "pbx", now);
    for agent in ["na", "nb"] {
        tell_state(&mut live, "pbx", agent, AgentState::Available, &[]);
    }
    let served = settled(start(), "arrive 0; enter q 0; answer na q 2; end caller 20");
    live.settle(&source("pbx"), key("t1"), &served, &itself);
    tell_state(&mut live, "pbx", "na", AgentState::Paused, &[]);
    let waiting = told(start(), "arrive 50; enter q 50");
    live.tell(&source("pbx"), key("t2"), &waiting, &itself);
    let shown = picture(&live, "q", now);
    assert_eq!(shown.agents.of(AgentState::Paused), 1);
    assert_eq!(
        (shown.is_nobody_there, shown.state),
        (false, QueueState::Good)
    );
    assert_ne!(shown.estimate.given, Err(NotGiven::NobodyThere));
    // Once it says so of anybody, it says so of all.
    tell_state(&mut live, "pbx", "nb", AgentState::Available, &["r"]);
    let shown = picture(&live, "q", now);
    assert_eq!(
        (shown.is_nobody_there, shown.state),
        (true, QueueState::NobodyThere)
    );
}

#[test]
fn a_queue_is_open_and_agents_are_planned_by_our_clock_whatever_switches_say() {
    // Open, and planned, until 10:10.
    let weekly = std::array::from_fn(|_| Hours::new(vec![(8 * 60, 10 * 60 + 10)]));
    let mut targets = Targets::default();
    let calendar = Calendar::new(TimeZone::UTC, weekly, []);
    targets.calendars.insert("office".into(), calendar);
    let rules = QueueRules {
        calendar: Some("office".into()),
        ..QueueRules::default()
    };
    for queue in ["q", "new"] {
        let rules = Timeline::always(rules.clone());
        targets.queues.insert(QueueId::new(queue), rules);
    }
    let shift = Shift {
        from: 8 * 60,
        to: 10 * 60 + 10,
        agents: 6,
    };
    let plan = || AgentPlan {
        since: Timestamp::MIN,
        weekly: std::array::from_fn(|_| vec![shift]),
        days: Default::default(),
    };
    let plans = [(Some(QueueId::new("q")), plan()), (None, plan())];
    let mut live = Live::new(Options {
        targets,
        plans: AgentPlans::new(TimeZone::UTC, plans),
        ..Options::default()
    });
    let shown = |live: &Live, now| {
        let q = picture(live, "q", now);
        let all = live.hotline(now, &live.agents(now));
        let open = [q.is_open, picture(live, "new", now).is_open];
        (open, q.agents_planned, all.agents_planned)
    };
    let by_day = ([true; 2], Some(6), Some(6));
    let closed = ([false; 2], Some(0), Some(0));
    assert_eq!(shown(&live, start()), by_day, "before anybody was heard");
    waits(&mut live, "pbx", "q");
    // Half an hour ahead, and half an hour behind.
    live.hear(&source("pbx"), (after(1_800), start()), 0);
    assert_eq!(shown(&live, start()), by_day);
    assert_eq!(shown(&live, after(599)), by_day);
    assert_eq!(shown(&live, after(600)), closed);
    let behind = after(600).minus(Duration::from_secs(1_800));
    live.hear(&source("pbx"), (behind, after(600)), 0);
    assert_eq!(shown(&live, after(600)), closed);
    // One whose clock stood at tomorrow fell silent long ago.
    hear(&mut live, "pbx", after(400));
    let tomorrow = after(24 * 3600);
    live.hear(&source("odd"), (tomorrow, start()), 0);
    assert_eq!(shown(&live, after(400)), by_day);
    assert_eq!(picture(&live, "q", after(400)).state, QueueState::Unheeded);
}

#[test]
fn a_switch_that_fell_silent_yesterday_adds_nothing_to_this_day() {
    let mut live = Live::new(Options::default());
    hear(&mut live, "pbx", after(60));
    let done = settled(start(), "arrive 0; enter q 0; answer ann q 5; end caller 9");
    live.settle(&source("pbx"), key("done"), &done, &itself);
    let refused = settled(start(), "arrive 10; refuse full q 11; end pbx 12");
    live.settle(&source("pbx"), key("refused"), &refused, &itself);
    let shown = |now| {
        let all = live.hotline(now, &live.agents(now));
        (picture(&live, "q", now).day.offered, all.refused_today)
    };
    assert_eq!(shown(after(13 * 3600)), (1, 1));
    assert_eq!(shown(after(15 * 3600)), (0, 0));
}
