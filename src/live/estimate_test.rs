//! Estimates: each predictor by hand, scores, and that the order of telling moves nothing.

use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::calls::tests::{open, records, settled};
use crate::model::{
    AgentEvent, AgentId, AgentState, Calendar, CallId, CallKey, CallRecord, Predictor, QueueId,
    QueueRules, SourceId, Targets, Timeline, Timestamp,
};

use super::{Estimate, Live, Load, NotGiven, Options, SCORED_LEAST};

/// 2 March 2026, 10:00 in UTC.
fn start() -> Timestamp {
    Timestamp::from_micros(1_772_445_600_000_000)
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn source() -> SourceId {
    SourceId::new("pbx")
}

fn key(number: usize) -> CallKey {
    CallId::new(format!("call {number}")).key()
}

fn board(now: Timestamp) -> Live {
    let mut live = Live::new(Options::default());
    live.hear(&source(), (now, now), 0);
    live
}

fn tell(live: &mut Live, number: usize, record: &CallRecord) {
    live.tell(&source(), key(number), record, &QueueId::clone);
}

fn estimate(live: &Live, now: Timestamp) -> Estimate {
    live.queue(&QueueId::new("q"), now, &live.agents(now))
        .estimate
}

/// A caller who enters then and is answered so much later.
fn answered(entered: u64, wait: u64) -> CallRecord {
    let at = entered + wait;
    let story = format!("arrive {entered}; enter q {entered}; answer ann q {at}");
    settled(start(), &format!("{story}; end caller {}", at + 60))
}

fn predictions(estimate: &Estimate) -> [Option<Duration>; 4] {
    estimate.predictors.map(|says| says.prediction.wait)
}

#[test]
fn each_predictor_says_what_its_name_says() {
    let now = start().plus(s(200));
    let mut live = board(now);
    tell(&mut live, 0, &answered(0, 10));
    tell(&mut live, 1, &answered(20, 60));
    let gave_up = settled(start(), "arrive 30; enter q 30; end caller 70");
    tell(&mut live, 2, &gave_up);
    for (number, entered) in [(3, 100), (4, 150)] {
        let story = format!("arrive {entered}; enter q {entered}");
        tell(&mut live, number, &open(start(), &story).1);
    }
    let scored = live.score(&source());
    assert_eq!(scored.len(), 2);
    let said = estimate(&live, now);
    assert_eq!((said.ahead, said.load, said.unscored), (2, Load::Few, 1));
    let expected = [
        // Answered last, at 80 s, was who had waited for 60 s.
        (Predictor::LastAnswered, Some(s(60))),
        // The first in the queue came at 100 s.
        (Predictor::HeadOfLine, Some(s(100))),
        // The answers took 10 s and 60 s, each with the caller there all the while; three places at 35 s.
        (Predictor::QueueLength, Some(s(105))),
        // Of five waits (10 answered, 40 given up, 50 so far, 60 answered, 100 so far): 4/5, then × 1/2 at 60 s.
        (Predictor::KaplanMeier, Some(s(60))),
    ];
    assert_eq!(predictions(&said), expected.map(|(_, wait)| wait));
    let names = said.predictors.map(|says| says.predictor);
    assert_eq!(names, expected.map(|(predictor, _)| predictor));
    assert_eq!(said.given, Err(NotGiven::TooFew));
}

#[test]
fn an_answer_scores_what_was_said_on_entry() {
    let now = start().plus(s(200));
    let mut live = board(now);
    tell(&mut live, 0, &answered(0, 10));
    tell(&mut live, 1, &answered(50, 30));
    let scored = live.score(&source());
    let (_, second) = &scored[1];
    // Who came at 50 s was told: 10 s by the last answer, nothing by an empty line, 10 s by the gap and the curve.
    let errors = second.errors_millis();
    assert_eq!(errors, [20_000, 30_000, 20_000, 20_000].map(Some));
    assert_eq!((second.load, second.given), (Load::Nobody, None));
    // The first one of all was promised nothing but an empty line.
    assert_eq!(
        scored[0].1.errors_millis(),
        [None, Some(10_000), None, None]
    );
    // Told again, as a call settles: nothing is scored twice.
    let again = answered(50, 30);
    live.settle(&source(), key(1), &again, &QueueId::clone);
    assert_eq!(live.score(&source()), []);
}

#[test]
fn the_best_of_the_load_is_given_with_a_range_and_none_below_the_least() {
    let last = SCORED_LEAST as u64;
    let now = start().plus(s(100 * (last + 1)));
    let mut live = board(now);
    // Callers who come one by one and wait for 20 s and for 40 s in turn.
    for turn in 0..last {
        assert_eq!(estimate(&live, now).given, Err(NotGiven::TooFew));
        let wait = if turn % 2 == 0 { 20 } else { 40 };
        tell(&mut live, turn as usize, &answered(100 * turn, wait));
        live.score(&source());
    }
    // One more, since the first caller was promised nothing.
    tell(&mut live, 99, &answered(100 * last, 20));
    live.score(&source());
    let said = estimate(&live, now);
    let given = said.given.unwrap();
    // The last answer is wrong by 20 s each time; the median of the curve is 20 s, wrong by 0 s and 20 s in turn.
    assert_eq!(given.predictor, Predictor::KaplanMeier);
    assert_eq!((given.low, given.wait, given.high), (s(20), s(20), s(40)));
    assert_eq!(given.scored, last);
    assert!(given.mean_error <= s(10), "{given:?}");
}

#[test]
fn a_closed_or_deserted_queue_and_a_silent_switch_say_why() {
    let now = start().plus(s(400));
    let mut live = board(now);
    let state = |state| AgentEvent::StateChanged {
        agent: AgentId::new("ann"),
        state,
        reason: "".into(),
        queues: vec![QueueId::new("q")],
    };
    for turn in 0..30 {
        tell(&mut live, turn, &answered(10 * turn as u64, 1));
    }
    live.score(&source());
    let given = estimate(&live, now).given;
    assert!(given.is_ok(), "no agent is known: {given:?}");
    for (is, nobody) in [(AgentState::Paused, true), (AgentState::Available, false)] {
        live.tell_agent(&source(), now, &state(is), &QueueId::clone);
        let given = estimate(&live, now).given;
        assert_eq!(given == Err(NotGiven::NobodyThere), nobody, "{given:?}");
    }
    for number in 100..104 {
        tell(
            &mut live,
            number,
            &open(start(), "arrive 390; enter q 390").1,
        );
    }
    let later = now.plus(s(60));
    let silent = estimate(&live, later);
    let said = (silent.given, silent.ahead, silent.load);
    assert_eq!(said, (Err(NotGiven::Silent), 4, Load::Many));
    // After an hour nobody knows whether anybody waits.
    let gone = estimate(&live, now.plus(s(3_601)));
    assert_eq!((gone.given, gone.ahead), (Err(NotGiven::Silent), 0));
    live.hear(&source(), (later, later), 0);
    assert!(estimate(&live, later).given.is_ok());

    let mut targets = Targets::default();
    let shut = Calendar::new(TimeZone::UTC, Default::default(), []);
    targets.calendars.insert("never".into(), shut);
    let rules = QueueRules {
        calendar: Some("never".into()),
        ..QueueRules::default()
    };
    let queue = QueueId::new("q");
    targets
        .queues
        .insert(queue.clone(), Timeline::always(rules));
    let mut live = Live::new(Options {
        targets,
        ..Options::default()
    });
    live.know(&queue);
    assert_eq!(estimate(&live, now).given, Err(NotGiven::Closed));
}

#[test]
fn who_is_answered_before_somebody_who_came_first_has_overtaken() {
    let now = start().plus(s(200));
    let mut live = board(now);
    tell(&mut live, 0, &answered(0, 50));
    tell(&mut live, 1, &answered(10, 20));
    tell(&mut live, 2, &answered(60, 10));
    live.score(&source());
    let shown = live.queue(&QueueId::new("q"), now, &live.agents(now));
    // The second was answered at 30 s, the first waited until 50 s; 170 s later that is in the window of 5 min.
    let counts = shown.windows.each_ref().map(|window| window.overtaking);
    assert_eq!((counts, shown.day.overtaking), ([0, 1, 1, 1], 1));
}

proptest! {
    /// In whatever order calls are told, alive or settled, a row at once or a start's: estimates and scores are the same.
    #[test]
    fn the_order_of_telling_moves_nothing(
        records in records(start()),
        settle in any::<bool>(),
        later in 0..4_000_u64,
    ) {
        let now = start().plus(s(600 + later));
        let mut forwards = board(now);
        for (number, record) in records.iter().enumerate() {
            tell(&mut forwards, number, record);
        }
        let mut backwards = board(now);
        for (number, record) in records.iter().enumerate().rev() {
            match settle && record.ended_at.is_some() {
                true => backwards.settle(&source(), key(number), record, &QueueId::clone),
                false => tell(&mut backwards, number, record),
            }
        }
        prop_assert_eq!(forwards.score(&source()), backwards.score(&source()));
        for queue in ["q", "r", "s"] {
            let of = |live: &Live| {
                let shown = live.queue(&QueueId::new(queue), now, &live.agents(now));
                (shown.estimate, shown.windows.map(|window| window.overtaking))
            };
            prop_assert_eq!(of(&forwards), of(&backwards), "{}", queue);
        }
    }
}
