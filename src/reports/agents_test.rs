//! The agent report of a day whose calls are told in words.

use super::*;
use crate::calls::tests::settled;
use crate::model::{Mode, SourceId, Text};
use crate::reports::callers_test::called_by;
use crate::reports::fixture::{Memory, hotline, query, samara, seconds};
use crate::reports::{Bucket, Query};
use crate::store::Told;

fn state(at: Timestamp, agent: &str, state: AgentState, reason: &str) -> AgentTold {
    AgentTold {
        source: SourceId::new("pbx"),
        at,
        told: AgentEvent::StateChanged {
            agent: AgentId::new(agent),
            state,
            reason: Text::from(reason),
            queues: Vec::new(),
        },
        mode: Mode::Live,
    }
}

fn wrap_up_ended(at: Timestamp, agent: &str) -> AgentTold {
    AgentTold {
        source: SourceId::new("pbx"),
        at,
        told: AgentEvent::WrapUpEnded {
            agent: AgentId::new(agent),
        },
        mode: Mode::Live,
    }
}

/// Ann talks 20 s with 10 s of hold, works 30 s after it, and passes nothing on; Bob misses an offer, passes a call to
/// Ann, and ends one after 4 s.
fn day() -> Memory {
    let ten = samara("10:00:00");
    let calls = [
        "arrive 0; enter jobs 5; ring ann 6; answer ann jobs 10; hold ann 20; unhold ann 30; release ann caller 40; end caller 40",
        "arrive 100; enter jobs 100; ring bob 101; miss bob no_answer 116; ring bob 120; answer bob jobs 125; begin bob blind agent ann 185; done bob 185; release bob agent 185; answer ann 195; release ann caller 255; end caller 255",
        "arrive 300; enter help 300; ring bob 301; answer bob help 303; release bob agent 307; end agent 307",
        "arrive 400; tag test 400; enter jobs 400; answer ann jobs 410; release ann caller 500; end caller 500",
    ];
    let calls = calls.iter().enumerate();
    let calls = calls.map(|(number, story)| (["1", "2", "3", "4"][number], settled(ten, story)));
    let told = Told {
        agents: vec![
            state(samara("09:59:00"), "ann", AgentState::Available, ""),
            wrap_up_ended(samara("10:01:10"), "ann"),
            state(samara("10:30:00"), "ann", AgentState::Paused, "lunch"),
            state(samara("11:15:00"), "ann", AgentState::LoggedOut, ""),
        ],
        ..Told::default()
    };
    Memory::of_records(calls.collect(), told)
}

fn rows(query: &Query) -> Vec<AgentRow> {
    day().reports(hotline()).agents(query).unwrap().rows
}

fn of<'a>(rows: &'a [AgentRow], agent: &str) -> &'a AgentRow {
    rows.iter().find(|row| row.agent == agent).unwrap()
}

#[test]
fn legs_offers_and_transfers_are_each_agent_s_own() {
    let rows = rows(&query());
    let [ann, bob] = ["ann", "bob"].map(|agent| of(&rows, agent));
    assert_eq!(rows.len(), 2, "test calls are nobody's");
    assert_eq!((ann.handled, bob.handled), (2, 2));
    // 40 − 10 − 10 s of hold = 20; 255 − 195 = 60.
    assert_eq!((ann.talk_sum, ann.hold_sum), (seconds(80), seconds(10)));
    // 185 − 125 = 60; 307 − 303 = 4.
    assert_eq!(bob.talk_sum, seconds(64));
    assert_eq!((bob.transfers_out, bob.transfers_in), (1, 0));
    assert_eq!((ann.transfers_out, ann.transfers_in), (0, 1));
    // Whom Bob passed on to Ann he did not hang up on.
    assert_eq!((bob.released_first, bob.released_first_short), (1, 1));
    assert_eq!((ann.released_first, ann.released_first_short), (0, 0));
    let offers = |row: &AgentRow| {
        [OfferResult::Answered, OfferResult::NoAnswer].map(|result| row.offers.of(result))
    };
    assert_eq!((offers(ann), offers(bob)), ([1, 0], [2, 1]));
    assert_eq!(bob.answer_rate, None, "3 offers are too few");
}

#[test]
fn time_is_in_one_state_at_once() {
    let rows = rows(&query());
    let ann = of(&rows, "ann");
    let of_state = |row: &AgentRow, state| row.time_in(state).as_secs();
    // From 09:59:00 on; after the last thing told, at 11:15:00, nothing is known.
    let sum: u64 = ann.states.iter().map(Duration::as_secs).sum();
    assert_eq!(sum, 76 * 60);
    assert_eq!(of_state(ann, AgentState::Ringing), 4);
    // 30 s and 60 s; the test call's 90 s are nobody's.
    assert_eq!(of_state(ann, AgentState::Talking), 90);
    assert_eq!(of_state(ann, AgentState::WrapUp), 30);
    assert_eq!(ann.wrap_up_sum, seconds(30));
    assert_eq!(of_state(ann, AgentState::Paused), 45 * 60);
    assert_eq!(ann.pauses, [(Text::from("lunch"), seconds(45 * 60))]);
    // 31 min of 09:59 to 10:30, less 4 + 90 + 30 s.
    assert_eq!(of_state(ann, AgentState::Available), 31 * 60 - 124);
    // (80 + 10 + 30) ÷ 2.
    assert_eq!(ann.handle_time, Some(seconds(60)));
    assert_eq!(ann.occupancy, Some(120.0 / 1_856.0));
    assert_eq!(of(&rows, "bob").occupancy, None, "no state was told of him");
}

#[test]
fn offers_of_the_same_caller_hang_together() {
    const NAMES: [&str; 20] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
        "s", "t",
    ];
    let interval = |callers: u8| {
        let calls = NAMES.iter().enumerate().map(|(number, name)| {
            let story = match number % 2 {
                0 => "arrive 0; enter jobs 0; ring ann 1; answer ann jobs 5; release ann caller 9; end caller 9",
                _ => "arrive 0; enter jobs 0; ring ann 1; miss ann no_answer 16; end caller 20",
            };
            let number = u8::try_from(number).unwrap();
            (*name, called_by(number % callers, i64::from(number), story))
        });
        let told = Memory::of_records(calls.collect(), Told::default());
        let rows = told.reports(hotline()).agents(&query()).unwrap().rows;
        of(&rows, "ann").answer_rate_interval.unwrap()
    };
    let half = kpi::Part { count: 10, of: 20 };
    // Each caller once.
    assert_eq!(interval(20), kpi::wilson(half).unwrap());
    // Two callers, one always answered, one never: 2 · (5² + 5²) ÷ (20 · 0.5²) = 20, as if there were one offer.
    assert_eq!(interval(2), kpi::wilson_widened(half, 20.0).unwrap());
}

#[test]
fn a_queue_has_its_own_legs_and_an_hour_its_own_time() {
    let help = Query {
        queues: vec!["help".into()],
        ..query()
    };
    let help = rows(&help);
    let bob = of(&help, "bob");
    assert_eq!(
        (bob.handled, bob.talk_sum, bob.transfers_out),
        (1, seconds(4), 0)
    );
    assert_eq!(of(&help, "ann").handled, 0);

    let hourly = rows(&Query {
        bucket: Bucket::Hour,
        ..query()
    });
    let paused: Vec<_> = hourly
        .iter()
        .filter(|row| !row.pauses.is_empty())
        .map(|row| (&row.bucket_start[11..16], row.pauses[0].1))
        .collect();
    assert_eq!(
        paused,
        [("10:00", seconds(30 * 60)), ("11:00", seconds(15 * 60))]
    );
}

#[test]
fn what_is_known_of_an_hour_is_the_same_whatever_period_is_asked_for() {
    let alone = rows(&Query {
        start: Some(samara("10:00:00")),
        end: Some(samara("11:00:00")),
        ..query()
    });
    let hourly = rows(&Query {
        bucket: Bucket::Hour,
        ..query()
    });
    let is_ten = |row: &&AgentRow| row.bucket_start[11..].starts_with("10:00");
    let mut ten = hourly.iter().filter(is_ten);
    let ten = ten.find(|row| row.agent == "ann").unwrap();
    let alone = of(&alone, "ann");
    assert_eq!(alone.time_in(AgentState::Paused), seconds(30 * 60));
    assert_eq!(alone.states, ten.states);
}

#[test]
fn a_source_that_fell_silent_says_nothing_of_the_agents_of_others() {
    let known_until = samara("11:30:00");
    let with_one = day().reports_at(hotline(), Some(known_until));
    let with_one = with_one.agents(&query()).unwrap().rows;
    let beside = day().reports_beside_a_silent_source(hotline(), known_until, samara("08:00:00"));
    assert_eq!(beside.agents(&query()).unwrap().rows, with_one);
    let ann = of(&with_one, "ann");
    assert_eq!(ann.time_in(AgentState::LoggedOut), seconds(15 * 60));
}
