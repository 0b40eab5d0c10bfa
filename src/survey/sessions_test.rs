//! Sessions step by step: one disposition a call, answers once, quiet periods.

use std::collections::BTreeMap;

use super::super::plan::{Invite, LinePlan};
use super::*;
use crate::model::{
    AgentId, AnswerCode, Caller, EndedBy, Leg, Marks, QuestionAsked, QuestionId, SurveyReason,
    TargetKind, Transfer, TransferMethod, TransferOutcome,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(seconds: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(seconds))
}

fn caller(number: u8) -> Pseudonym {
    Pseudonym {
        key: 1,
        hash: [number; 16],
    }
}

fn sessions() -> Sessions {
    Sessions::new(Plan {
        talk_min: Duration::from_secs(20),
        rate: WHOLE,
        quiet: 30 * DAY,
        key: [7; 32],
        default: Some(LinePlan {
            survey: Some(SurveyId::new("two")),
            language: "ru".into(),
            invite: Invite::After,
        }),
        lines: BTreeMap::new(),
    })
}

/// A served call of a minute's talk that began at `began`, ended by the caller.
fn record(began: u64) -> CallRecord {
    CallRecord {
        arrived_at: at(began),
        ended_at: Some(at(began + 60)),
        ended_by: EndedBy::Caller,
        caller: Caller::Known(caller(1)),
        line: None,
        direction: Direction::Inbound,
        test: false,
        outcome: Some(Outcome::Served),
        visits: Vec::new(),
        offers: Vec::new(),
        legs: vec![Leg {
            visit: None,
            agent: AgentId::new("a"),
            queue: None,
            connected_at: at(began),
            released_at: Some(at(began + 60)),
            released_by: EndedBy::Caller,
            hold: Duration::ZERO,
            consult: Duration::ZERO,
        }],
        transfers: Vec::new(),
        failed_transfers: Vec::new(),
        reroutes: Vec::new(),
        requeued: 0,
        consult_only: 0,
        refusals: Vec::new(),
        tags: Vec::new(),
        callbacks_promised: Vec::new(),
        callbacks_tried: Vec::new(),
        messages: 0,
        marks: Marks::default(),
    }
}

fn transfer(target: TargetKind, outcome: Option<TransferOutcome>) -> Transfer {
    Transfer {
        at: at(30),
        method: TransferMethod::Blind,
        target,
        to: "b".into(),
        from_agent: AgentId::new("a"),
        from_queue: None,
        told: true,
        is_return: false,
        outcome,
        wait: Duration::ZERO,
    }
}

fn opened() -> SessionEvent {
    SessionEvent::Opened(SessionOpened {
        survey: SurveyId::new("two"),
        version: 1,
        language: "ru".into(),
        reason: SurveyReason::Drawn,
        rate: WHOLE,
    })
}

fn answered(question: &str, answer: &str) -> SessionEvent {
    SessionEvent::Answered {
        question: QuestionId::new(question),
        answer: AnswerCode::new(answer),
        coded: true,
    }
}

fn ended(disposition: Disposition) -> SessionEvent {
    SessionEvent::Ended(SessionEnded {
        disposition,
        no_dtmf: false,
        asked: vec![QuestionAsked {
            question: QuestionId::new("a"),
            noinputs: 1,
            nomatches: 0,
            repeats: 2,
        }],
    })
}

/// Applies steps to the call `c`, a second each, and returns the facts in words.
fn told(sessions: &mut Sessions, steps: impl IntoIterator<Item = SessionEvent>) -> Vec<String> {
    let source = SourceId::new("pbx");
    let mut facts = Vec::new();
    for (second, event) in (0..).zip(steps) {
        let step = (event, vec![1]);
        let call = (&source, CallId::new("c"));
        sessions.handle_event(call, at(second), step, Some(caller(1)), &mut facts);
    }
    words(facts)
}

fn settle(sessions: &mut Sessions, call: &str, record: &CallRecord) -> Vec<String> {
    let mut facts = Vec::new();
    let source = SourceId::new("pbx");
    sessions.handle_settled(&source, &CallId::new(call), record, &mut facts);
    words(facts)
}

fn words(facts: Vec<SurveyFact>) -> Vec<String> {
    let word = |fact| match fact {
        SurveyFact::Answered {
            question, answer, ..
        } => format!("{question}={}", answer.unwrap()),
        SurveyFact::Ended { disposition, .. } => disposition.as_str().to_owned(),
    };
    facts.into_iter().map(word).collect()
}

#[test]
fn an_answer_told_twice_and_what_comes_after_the_end_count_once() {
    let mut sessions = sessions();
    let steps = [
        opened(),
        answered("a", "5"),
        answered("a", "1"),
        ended(Disposition::Partial),
        answered("b", "2"),
        ended(Disposition::Complete),
        opened(),
    ];
    assert_eq!(told(&mut sessions, steps), ["a=5", "partial"]);
    let changed = sessions.take_changed();
    assert_eq!(changed.len(), 1);
    let questions = &changed[0].questions;
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].answer, Some(AnswerCode::new("5")));
    assert_eq!((questions[0].noinputs, questions[0].repeats), (1, 2));
    assert_eq!(changed[0].opened_at, Some(at(0)));
}

#[test]
fn a_call_has_one_disposition_whether_it_settles_before_or_after_its_session_ends() {
    for settles_first in [true, false] {
        let mut sessions = sessions();
        assert_eq!(told(&mut sessions, [opened()]), [""; 0]);
        if settles_first {
            assert_eq!(settle(&mut sessions, "c", &record(0)), [""; 0]);
        }
        assert_eq!(sessions.take_changed().len(), 1);
        assert_eq!(
            told(&mut sessions, [ended(Disposition::BreakOff)]),
            ["break_off"]
        );
        if !settles_first {
            assert_eq!(settle(&mut sessions, "c", &record(0)), [""; 0]);
        }
        assert_eq!(sessions.take_changed().len(), 1);
        assert_eq!(sessions.all().count(), 0, "it is over");
    }
}

#[test]
fn a_served_call_that_was_never_asked_says_why() {
    let of = |change: fn(&mut CallRecord)| {
        let mut record = record(0);
        change(&mut record);
        record
    };
    let cases = [
        (record(0), vec!["caller_left_first"]),
        (
            of(|call| call.legs[0].released_by = EndedBy::Agent),
            vec!["not_handed_over"],
        ),
        (
            of(|call| call.legs[0].released_by = EndedBy::Unknown),
            vec!["caller_left_first"],
        ),
        (
            of(|call| call.transfers = vec![transfer(TargetKind::Outside, None)]),
            vec!["lost_in_transfer"],
        ),
        (
            of(|call| {
                let lost = Some(TransferOutcome::Abandoned);
                call.transfers = vec![transfer(TargetKind::Queue, lost)];
            }),
            vec!["lost_in_transfer"],
        ),
        (
            of(|call| {
                let answered = Some(TransferOutcome::Answered);
                call.transfers = vec![transfer(TargetKind::Queue, answered)];
            }),
            vec!["caller_left_first"],
        ),
        (
            of(|call| call.legs[0].released_at = Some(at(19))),
            vec!["not_eligible"],
        ),
        (of(|call| call.test = true), vec![]),
        (of(|call| call.direction = Direction::Return), vec![]),
        (of(|call| call.outcome = Some(Outcome::Abandoned)), vec![]),
    ];
    for (record, expected) in cases {
        assert_eq!(
            settle(&mut sessions(), "x", &record),
            expected,
            "{record:?}"
        );
    }
    let mut off = Sessions::new(Plan::default());
    assert_eq!(
        settle(&mut off, "x", &record(0)),
        [""; 0],
        "nobody is asked"
    );
}

#[test]
fn who_was_invited_is_left_in_peace_for_the_quiet_period() {
    let mut sessions = sessions();
    told(&mut sessions, [opened(), ended(Disposition::Refused)]);
    let days = |days: u64| days * DAY.as_secs();
    assert_eq!(
        settle(&mut sessions, "next", &record(days(29))),
        ["quiet_period"]
    );
    let mut other = record(days(29));
    other.caller = Caller::Known(caller(2));
    assert_eq!(
        settle(&mut sessions, "other", &other),
        ["caller_left_first"]
    );
    other.caller = Caller::Withheld;
    assert_eq!(
        settle(&mut sessions, "withheld", &other),
        ["caller_left_first"]
    );
    assert_eq!(
        settle(&mut sessions, "month", &record(days(31))),
        ["caller_left_first"]
    );
}

#[test]
fn what_was_stored_goes_on_as_if_nothing_had_happened() {
    let mut before = sessions();
    told(&mut before, [opened(), answered("a", "5")]);
    let stored = before.take_changed();
    let mut after = sessions();
    after.restore(stored, [(caller(1), at(0))]);
    let steps = [answered("a", "1"), ended(Disposition::Complete)];
    assert_eq!(
        told(&mut after, steps),
        ["complete"],
        "the answer is counted already"
    );
    assert_eq!(after.invited_at(caller(1)), Some(at(0)));
}

#[test]
fn a_session_whose_call_never_settles_is_let_go() {
    let mut sessions = sessions();
    told(&mut sessions, [opened(), ended(Disposition::Complete)]);
    sessions.take_changed();
    assert_eq!(sessions.all().count(), 1);
    let later = at(3 * DAY.as_secs());
    let call = (&SourceId::new("pbx"), CallId::new("d"));
    let step = (opened(), Vec::new());
    sessions.handle_event(call, later, step, None, &mut Vec::new());
    sessions.take_changed();
    assert_eq!(sessions.all().count(), 1, "the later one alone");
}
