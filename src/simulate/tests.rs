//! The simulation as a whole: repeatable, in order, within the contract, and equal to its own truth.

mod recount;
mod stories;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use prost::Message as _;

use super::*;
use crate::proto::v1::call_event::Kind;
use crate::proto::v1::event::Body;
use crate::proto::v1::{AgentState, Event};

/// The hotline of the study on one day.
fn study(seed: u64) -> Options {
    let zone = TimeZone::fixed(jiff::tz::offset(4));
    Options {
        seed,
        ..Options::new(Date::constant(2026, 3, 2), zone)
    }
}

/// Four days of a region, Friday to Monday, with more queues than one line leads to.
fn region(seed: u64) -> Options {
    let zone = TimeZone::fixed(jiff::tz::offset(4));
    Options {
        seed,
        call_prefix: "region-".to_owned(),
        ..Options::sized(Date::constant(2026, 3, 6), zone, 4, 3_000, 20, None)
    }
}

fn run(options: Options) -> (Vec<Event>, Truth) {
    let mut simulator = Simulator::new(options).unwrap();
    let events: Vec<Event> = simulator.by_ref().collect();
    assert_eq!(simulator.calls_open(), 0, "a call never ended");
    (events, simulator.truth().clone())
}

fn micros(event: &Event) -> i64 {
    let at = event.occurred_at.unwrap();
    assert_eq!(at.nanos % 1_000, 0, "finer than a microsecond");
    at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000
}

#[test]
fn the_same_options_give_the_same_bytes() {
    for options in [study(42), region(42)] {
        let (first, first_truth) = run(options.clone());
        let (second, second_truth) = run(options);
        let bytes = |events: &[Event]| -> Vec<u8> {
            events
                .iter()
                .flat_map(|event| event.encode_to_vec())
                .collect()
        };
        assert!(bytes(&first) == bytes(&second));
        assert_eq!(first_truth, second_truth);
    }
    assert!(run(study(1)).0 != run(study(2)).0, "the seed says nothing");
}

#[test]
fn sequences_have_no_hole_and_times_only_rise() {
    for seed in 1..4 {
        let (events, truth) = run(region(seed));
        assert_eq!(events.len() as u64, truth.events);
        for (place, pair) in (1..).zip(events.windows(2)) {
            assert_eq!(pair[0].sequence, place);
            assert!(micros(&pair[0]) < micros(&pair[1]), "{:?}", pair);
        }
    }
}

#[test]
fn as_many_calls_come_as_were_asked_for() {
    for options in [study(1), region(1)] {
        let calls = options.calls;
        let mut simulator = Simulator::new(options).unwrap();
        simulator.by_ref().for_each(drop);
        let truth = simulator.truth();
        assert_eq!(simulator.calls_begun(), calls);
        assert_eq!(truth.calls_arrived + truth.calls_test, calls);
    }
}

#[test]
fn what_was_offered_left_in_exactly_one_way() {
    for seed in 0..20 {
        let (_, truth) = run(study(seed));
        for queue in &truth.queues {
            assert_eq!(queue.visits_offered, queue.ended_visits(), "{queue:?}");
        }
        let outcomes: u64 = truth.outcomes.values().sum();
        assert_eq!(outcomes, truth.calls_arrived);
        let served: u64 = truth.calls_by_transfers.iter().sum();
        assert_eq!(served, truth.outcome("served"));
        let refused: u64 = truth.refused.values().sum();
        assert_eq!(refused, truth.outcome("refused"));
    }
}

#[test]
fn the_truth_is_what_the_events_say() {
    for seed in 0..20 {
        let (events, truth) = run(study(seed));
        assert_eq!(recount::recount(&events, &truth), truth, "seed {seed}");
    }
    let (events, truth) = run(region(3));
    assert_eq!(recount::recount(&events, &truth), truth);
}

#[test]
fn an_agent_has_one_caller_at_a_time_and_no_phone_rings_at_whoever_is_not_there() {
    for options in [study(5), region(5)] {
        let mut states: BTreeMap<String, AgentState> = BTreeMap::new();
        let mut with: BTreeMap<String, String> = BTreeMap::new();
        for event in run(options).0 {
            let body = event.body.unwrap();
            if let Body::AgentStateChanged(changed) = &body {
                states.insert(changed.agent.clone(), changed.state());
            }
            let Body::Call(call) = body else {
                continue;
            };
            let kind = call.kind.unwrap();
            if let Kind::AgentOffered(offered) = &kind
                && !offered.queue.is_empty()
            {
                let state = states.get(&offered.agent);
                assert_eq!(state, Some(&AgentState::Available), "{offered:?}");
            }
            if let Kind::AgentConnected(connected) = &kind {
                let other = with.insert(connected.agent.clone(), call.call_id.clone());
                assert_eq!(other, None, "{}", call.call_id);
            }
            if let Kind::AgentReleased(released) = &kind {
                assert_eq!(with.remove(&released.agent), Some(call.call_id));
            }
        }
        assert_eq!(with, BTreeMap::new());
        assert!(states.values().all(|&state| state == AgentState::LoggedOut));
    }
}

#[test]
fn fewer_agents_mean_longer_waits() {
    let mean_wait = |agents: u32| {
        let (_, truth) = run(Options {
            agents,
            calls: 2_500,
            days: 10,
            ..study(1)
        });
        let sum: u64 = truth.queues.iter().map(|q| q.wait_answered_sum_us).sum();
        let answered: u64 = truth.queues.iter().map(|q| q.answered).sum();
        sum as f64 / answered as f64
    };
    let (few, some, many) = (mean_wait(5), mean_wait(6), mean_wait(12));
    assert!(few > some && some > 1.5 * many, "{few} {some} {many}");
}

#[test]
fn open_calls_are_all_that_is_remembered() {
    let zone = TimeZone::fixed(jiff::tz::offset(4));
    let day = Date::constant(2026, 3, 2);
    let mut simulator = Simulator::new(Options::sized(day, zone, 10, 10_000, 3, None)).unwrap();
    let mut most_open = 0;
    while simulator.next().is_some() {
        most_open = most_open.max(simulator.calls_open());
    }
    let channels = simulator.options.channels * simulator.options.lines;
    // One more than the channels: the call that hears the busy tone.
    assert!(most_open <= channels as usize + 1, "{most_open} {channels}");
    assert!(simulator.calls.len() <= channels as usize + 1);
}

#[test]
fn odd_sizes_come_to_an_end() {
    let zone = TimeZone::fixed(jiff::tz::offset(4));
    let day = Date::constant(2026, 3, 2);
    for (days, calls, queues, agents) in [
        (1, 1, 1, 1),
        (30, 5, 1, 1),
        (1, 500, 7, 2),
        (2, 90, 300, 40),
    ] {
        let options = Options::sized(day, zone.clone(), days, calls, queues, Some(agents));
        let (events, truth) = run(options);
        assert_eq!(recount::recount(&events, &truth), truth);
    }
}
