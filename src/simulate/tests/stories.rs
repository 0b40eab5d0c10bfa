//! Each event within the contract, and one day rich enough to show every kind of story.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::event::Body;
use crate::proto::v1::transfer_target::Target;
use crate::proto::v1::{
    AgentState, Caller, EndedBy, Event, MissedReason, QueueExit, RefusalReason, TagKey,
    TransferFailure, TransferMethod, caller,
};

use super::{Options, Truth, micros, region, run, study};

#[test]
fn every_event_is_within_the_contract() {
    for options in [study(1), region(1)] {
        let (events, truth) = run(options);
        let queues: BTreeSet<&str> = truth.queues.iter().map(|q| q.queue.as_str()).collect();
        for event in &events {
            let body = event.body.as_ref().expect("an event without a body");
            check(body, &queues);
        }
    }
}

fn check(body: &Body, queues: &BTreeSet<&str>) {
    let is_queue = |queue: &str| assert!(queues.contains(queue), "{queue}");
    let is_queue_or_none = |queue: &str| assert!(queue.is_empty() || queues.contains(queue));
    match body {
        Body::Call(call) => {
            is_id(&call.call_id);
            match call.kind.as_ref().expect("a call event without a kind") {
                Kind::Arrived(arrived) => {
                    is_id(&arrived.line);
                    is_caller(arrived.caller.as_ref());
                }
                Kind::Tagged(tagged) => assert_ne!(tagged.key(), TagKey::Unspecified),
                Kind::Refused(refused) => {
                    assert_ne!(refused.reason(), RefusalReason::Unspecified);
                    is_queue_or_none(&refused.queue);
                    assert!(refused.line.is_empty() != refused.queue.is_empty());
                }
                Kind::QueueEntered(entered) => {
                    is_queue(&entered.queue);
                    assert!(entered.position > 0);
                }
                Kind::QueueLeft(left) => {
                    is_queue(&left.queue);
                    assert_ne!(left.exit(), QueueExit::Unspecified);
                }
                Kind::AgentOffered(offered) => {
                    is_id(&offered.agent);
                    is_queue_or_none(&offered.queue);
                }
                Kind::OfferMissed(missed) => {
                    is_id(&missed.agent);
                    is_queue_or_none(&missed.queue);
                    assert_ne!(missed.reason(), MissedReason::Unspecified);
                }
                Kind::AgentConnected(connected) => {
                    is_id(&connected.agent);
                    is_queue_or_none(&connected.queue);
                }
                Kind::AgentReleased(released) => {
                    is_id(&released.agent);
                    is_queue_or_none(&released.queue);
                    assert_ne!(released.by(), EndedBy::Unspecified);
                }
                Kind::HoldStarted(hold) => is_id(&hold.agent),
                Kind::HoldEnded(hold) => is_id(&hold.agent),
                Kind::TransferStarted(started) => {
                    assert_ne!(started.method(), TransferMethod::Unspecified);
                    is_id(&started.from_agent);
                    let to = started.to.as_ref().and_then(|to| to.target.as_ref());
                    match to.expect("a transfer to nobody") {
                        Target::Agent(agent) => assert_ne!(*agent, started.from_agent),
                        Target::Queue(queue) => is_queue(queue),
                        Target::Outside(name) => is_id(name),
                    }
                }
                Kind::TransferCompleted(completed) => is_id(&completed.from_agent),
                Kind::TransferFailed(failed) => {
                    is_id(&failed.from_agent);
                    assert_ne!(failed.cause(), TransferFailure::Unspecified);
                }
                Kind::DigitPressed(pressed) => assert!("0123456789*#".contains(&pressed.digit)),
                Kind::CallbackPromised(promised) => {
                    is_queue(&promised.queue);
                    assert!(promised.due.is_some());
                }
                Kind::MessageLeft(left) => is_id(&left.recording_id),
                Kind::Ended(ended) => assert_ne!(ended.by(), EndedBy::Unspecified),
                Kind::CallbackAttempted(_) => panic!("no return calls here"),
            }
        }
        Body::AgentStateChanged(changed) => {
            is_id(&changed.agent);
            assert_ne!(changed.state(), AgentState::Unspecified);
            changed.queues.iter().for_each(|queue| is_queue(queue));
        }
        Body::WrapUpEnded(ended) => is_id(&ended.agent),
        Body::LineStatus(status) => {
            is_id(&status.line);
            assert!(status.channels_busy <= status.channels_total);
        }
    }
}

fn is_id(id: &str) {
    assert!((1..=128).contains(&id.len()), "{id}");
    assert!(!id.chars().any(char::is_control), "{id}");
}

fn is_caller(caller: Option<&Caller>) {
    match caller.and_then(|caller| caller.id.as_ref()) {
        Some(caller::Id::Withheld(withheld)) => assert!(withheld),
        Some(caller::Id::Number(number)) => {
            let national = number.trim_start_matches("+7");
            let digits = national.chars().filter(char::is_ascii_digit).count();
            assert!((10..=11).contains(&digits), "{number}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_default_seed_shows_each_kind_of_story_on_any_day() {
    for day in [Date::constant(2026, 3, 2), Date::constant(2027, 8, 15)] {
        let (events, truth) = run(Options::new(day, TimeZone::UTC));
        let seen = kinds(&events, &truth);
        let missing: Vec<&str> = STORIES
            .into_iter()
            .filter(|story| !seen.contains(*story))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// What a day must have to show a newcomer, and a test, all there is.
const STORIES: [&str; 62] = [
    "refused: busy",
    "refused: closed",
    "refused: full",
    "refused: no_agents",
    "outcome: abandoned",
    "outcome: callback_promised",
    "outcome: dismissed",
    "outcome: left_before_queue",
    "outcome: message_left",
    "outcome: served",
    "exit: Timeout",
    "exit: KeyExit",
    "exit: LeftEmpty",
    "exit: Withdrawn",
    "exit: Callback",
    "exit: Error",
    "abandoned within 5 s",
    "abandoned while ringing",
    "abandoned while waiting",
    "abandoned after a transfer",
    "missed: NoAnswer",
    "missed: Busy",
    "missed: Rejected",
    "missed: CallerGone",
    "missed: RingTimeout",
    "missed: AnsweredElsewhere",
    "answered by the next agent after a missed offer",
    "transfer: blind to agent",
    "transfer: blind to queue",
    "transfer: blind to outside",
    "transfer: attended to agent",
    "transfer failed: no_answer",
    "transfer failed: busy",
    "transfer failed: refused",
    "transfer failed: caller_gone",
    "transfer returned",
    "two transfers",
    "rerouted",
    "hold",
    "tag: Topic",
    "tag: Stage",
    "tag: Test",
    "tag: Conflict",
    "tag: MenuChoice",
    "tag: NeedsMoreTime",
    "number withheld",
    "number: +7",
    "number: 8",
    "number: 9",
    "redialled",
    "ended by Caller",
    "ended by Agent",
    "ended by Pbx",
    "ended by Unknown",
    "state: Available",
    "state: Talking",
    "state: WrapUp",
    "state: Paused",
    "state: OtherCall",
    "state: LoggedOut",
    "wrap-up ended",
    "all channels busy",
];

fn kinds(events: &[Event], truth: &Truth) -> BTreeSet<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    seen.extend(
        truth
            .refused
            .keys()
            .map(|reason| format!("refused: {reason}")),
    );
    seen.extend(
        truth
            .outcomes
            .keys()
            .map(|outcome| format!("outcome: {outcome}")),
    );
    seen.extend(
        truth
            .transfers
            .iter()
            .map(|kind| format!("transfer: {} to {}", kind.method, kind.target)),
    );
    seen.extend(
        truth
            .transfers_failed
            .keys()
            .map(|cause| format!("transfer failed: {cause}")),
    );
    let some = [
        ("transfer returned", truth.transfer_returns),
        ("two transfers", truth.calls_by_transfers[2]),
        ("rerouted", truth.reroutes),
    ];
    seen.extend(
        some.iter()
            .filter(|(_, n)| *n > 0)
            .map(|(word, _)| (*word).to_owned()),
    );
    let mut calls: BTreeMap<&str, Vec<(i64, &Kind)>> = BTreeMap::new();
    for event in events {
        match event.body.as_ref().unwrap() {
            Body::Call(call) => {
                let told = calls.entry(&call.call_id).or_default();
                told.push((micros(event), call.kind.as_ref().unwrap()));
            }
            Body::AgentStateChanged(changed) => {
                seen.insert(format!("state: {:?}", changed.state()));
            }
            Body::WrapUpEnded(_) => {
                seen.insert("wrap-up ended".to_owned());
            }
            Body::LineStatus(status) if status.channels_busy == status.channels_total => {
                seen.insert("all channels busy".to_owned());
            }
            Body::LineStatus(_) => {}
        }
    }
    let mut turned_away = BTreeSet::new();
    for told in calls.values() {
        let found = kinds_of_call(told);
        let caller = found.iter().find(|kind| kind.starts_with("caller "));
        if caller.is_some_and(|caller| turned_away.contains(caller)) {
            seen.insert("redialled".to_owned());
        }
        if found.iter().any(|kind| kind.starts_with("abandoned")) {
            turned_away.extend(caller.cloned());
        }
        seen.extend(found);
    }
    seen
}

fn kinds_of_call(told: &[(i64, &Kind)]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waits_since = None;
    let mut missed = false;
    let mut silenced = false;
    let mut talked = false;
    for &(at, kind) in told {
        let word = match kind {
            Kind::Arrived(arrived) => {
                match arrived.caller.as_ref().and_then(|caller| caller.id.clone()) {
                    Some(caller::Id::Number(number)) => {
                        let national = &number[number.len() - 10..];
                        seen.insert(format!("caller {national}"));
                        let spelling = ["+7", "8", "9"];
                        let spelling = spelling.iter().find(|s| number.starts_with(**s));
                        format!("number: {}", spelling.unwrap())
                    }
                    _ => "number withheld".to_owned(),
                }
            }
            Kind::Tagged(tagged) => format!("tag: {:?}", tagged.key()),
            Kind::QueueEntered(_) => {
                waits_since = Some(at);
                missed = false;
                silenced = false;
                continue;
            }
            Kind::QueueLeft(left) => {
                waits_since = None;
                format!("exit: {:?}", left.exit())
            }
            Kind::OfferMissed(offer) => {
                missed |= waits_since.is_some();
                silenced = offer.reason() == MissedReason::CallerGone;
                format!("missed: {:?}", offer.reason())
            }
            Kind::AgentConnected(_) => {
                talked = true;
                if waits_since.take().is_none() || !missed {
                    continue;
                }
                "answered by the next agent after a missed offer".to_owned()
            }
            Kind::HoldStarted(_) => "hold".to_owned(),
            Kind::Ended(ended) => {
                if let Some(since) = waits_since {
                    let how = if silenced { "ringing" } else { "waiting" };
                    seen.insert(format!("abandoned while {how}"));
                    if at - since <= 5_000_000 {
                        seen.insert("abandoned within 5 s".to_owned());
                    }
                    if talked {
                        seen.insert("abandoned after a transfer".to_owned());
                    }
                }
                format!("ended by {:?}", ended.by())
            }
            Kind::Refused(_)
            | Kind::AgentOffered(_)
            | Kind::AgentReleased(_)
            | Kind::HoldEnded(_)
            | Kind::TransferStarted(_)
            | Kind::TransferCompleted(_)
            | Kind::TransferFailed(_)
            | Kind::DigitPressed(_)
            | Kind::CallbackPromised(_)
            | Kind::CallbackAttempted(_)
            | Kind::MessageLeft(_) => continue,
        };
        seen.insert(word);
    }
    seen
}
