//! The survey report over small stories, the arithmetic visible.

use super::*;
use crate::calls::tests::settled;
use crate::model::{
    AnswerCode, CallId, CallRecord, Caller, Disposition, Pseudonym, SessionEnded, SessionOpened,
    SourceId, SurveyQuestion, SurveyReason, SurveySession, SurveyText,
};
use crate::reports::Error;
use crate::reports::fixture::{Memory, hotline, query, samara};
use crate::store::Told;

/// Satisfaction 1 to 5, of which 4 and 5 are positive, then solved.
const TWO_QUESTIONS: &str = include_str!("../../deploy/surveys/two-questions.toml");

pub(crate) fn two_questions() -> SurveyText {
    SurveyText {
        survey: SurveyId::new("two-questions"),
        version: 1,
        put_at: samara("08:00:00"),
        text: TWO_QUESTIONS.into(),
    }
}

/// A session drawn at a rate, and the answers it came to; one that never had a dialog has no version.
pub(crate) fn session(
    call: &str,
    disposition: Disposition,
    rate: u32,
    answers: &[(&str, &str)],
) -> SurveySession {
    let ended_at = samara("12:00:00");
    let had_dialog = crate::kpi::is_invited(disposition);
    let question = |(question, answer): &(&str, &str)| SurveyQuestion {
        question: QuestionId::new(*question),
        answer: (!answer.is_empty()).then(|| AnswerCode::new(*answer)),
        coded: true,
        done_at: (!answer.is_empty()).then_some(ended_at),
        noinputs: 1,
        nomatches: 0,
        repeats: 2,
    };
    SurveySession {
        source: SourceId::new("pbx"),
        call: CallId::new(call),
        opened_at: had_dialog.then_some(ended_at),
        opened: SessionOpened {
            survey: SurveyId::new("two-questions"),
            version: u32::from(had_dialog),
            language: "ru".into(),
            reason: SurveyReason::Drawn,
            rate,
        },
        consents: Vec::new(),
        questions: answers.iter().map(question).collect(),
        ended: Some((
            ended_at,
            SessionEnded {
                disposition,
                no_dtmf: false,
                asked: Vec::new(),
            },
        )),
        settled: true,
        state: Vec::new(),
    }
}

/// A call of a queue that an agent talks in for a minute.
pub(crate) fn talk(queue: &str, agent: &str) -> String {
    format!(
        "arrive 0; enter {queue} 0; ring {agent} 1; answer {agent} {queue} 10; release {agent} agent 70; end caller 90"
    )
}

/// Four calls of jobs, one of help, one that is lost, one of which nothing was decided.
fn day() -> Memory {
    let nine = samara("09:00:00");
    let told = |story: &str| settled(nine, story);
    let records = vec![
        ("a", told(&talk("jobs", "ann"))),
        ("b", told(&talk("jobs", "ann"))),
        ("c", told(&talk("jobs", "bob"))),
        ("d", told(&talk("jobs", "bob"))),
        ("e", told(&talk("help", "bob"))),
        ("f", told("arrive 0; enter jobs 0; end caller 40")),
        ("g", told(&talk("help", "ann"))),
        (
            "t",
            told(
                "arrive 0; tag test 0; enter jobs 0; answer ann jobs 10; release ann caller 70; end caller 71",
            ),
        ),
    ];
    let sessions = vec![
        session(
            "a",
            Disposition::Complete,
            250_000,
            &[("satisfaction", "5"), ("solved", "yes")],
        ),
        session(
            "b",
            Disposition::Partial,
            1_000_000,
            &[("satisfaction", "2"), ("solved", "")],
        ),
        session("c", Disposition::CallerLeftFirst, 1_000_000, &[]),
        session("d", Disposition::NotEligible, 1_000_000, &[]),
        session(
            "e",
            Disposition::Complete,
            1_000_000,
            &[("satisfaction", "4"), ("solved", "no")],
        ),
        session(
            "t",
            Disposition::Complete,
            1_000_000,
            &[("satisfaction", "1")],
        ),
    ];
    Memory::of_records(records, Told::default()).with_surveys(vec![two_questions()], sessions)
}

fn report(by: SurveyGrouping) -> SurveyReport {
    let asked = SurveyAsked {
        by,
        ..SurveyAsked::default()
    };
    day().reports(hotline()).survey(&query(), &asked).unwrap()
}

fn score<'a>(report: &'a SurveyReport, group: &str, question: &str) -> &'a SurveyScoreRow {
    let mut scores = report.scores.iter();
    let found = scores.find(|row| row.group == group && row.question.as_str() == question);
    found.unwrap()
}

#[test]
fn every_handled_call_is_in_the_funnel_once() {
    let report = report(SurveyGrouping::Queue);
    let rows: Vec<_> = report
        .funnel
        .iter()
        .map(|row| {
            let ends = &row.dispositions;
            (
                row.group.as_str(),
                row.handled,
                ends.all(),
                ends.selected(),
                ends.invited(),
                row.without_session,
                row.gave_up,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            // e, and g of which nothing was decided.
            ("help", 2, 1, 1, 1, 1, 0),
            // a, b, c, d: d was not to be asked, c was not reached; f gave up.
            ("jobs", 4, 4, 3, 2, 0, 1),
            ("ALL", 6, 5, 4, 3, 1, 1),
        ]
    );
    let [invited, complete, answered, cooperated] = survey_rates(&report.funnel[1]);
    let parts =
        [invited, complete, answered, cooperated].map(|rate| rate.map(|rate| (rate.count, rate.n)));
    assert_eq!(
        parts,
        [Some((2, 3)), Some((1, 3)), Some((2, 3)), Some((2, 2))]
    );
}

#[test]
fn a_score_says_what_was_answered_and_of_how_many() {
    let report = report(SurveyGrouping::Queue);
    let all = score(&report, "ALL", "satisfaction");
    assert_eq!(
        (all.kind, all.headline, all.counts.asked, all.answered),
        ("scale", true, 3, 3)
    );
    let said = &all.said;
    // 5 and 4 of 5, 2 and 4.
    assert_eq!(said.top_box.map(|top| (top.count, top.n)), Some((2, 3)));
    assert_eq!(said.bottom_box.map(|low| (low.count, low.n)), Some((1, 3)));
    // Four were to be asked, c among them, though no dialog ever said the version: 2 ÷ 4 and (2 + 1) ÷ 4.
    assert_eq!((all.selected, said.bounds), (4, Some((0.5, 0.75))));
    // The grades 5, 2 and 4.
    assert_eq!(
        said.mean_grade.map(|grade| (grade.n, grade.mean)),
        Some((3, 11.0 / 3.0))
    );
    // a was drawn at a quarter and stands for four: (4 + 1) ÷ (4 + 1 + 1).
    assert_eq!(
        said.weighted.map(|weighted| weighted.share),
        Some(5.0 / 6.0)
    );
    let answers = said.answers.iter().map(|one| (&*one.answer, one.count));
    assert_eq!(
        answers.collect::<Vec<_>>(),
        [("5", 1), ("4", 1), ("3", 0), ("2", 1), ("1", 0)]
    );

    let solved = score(&report, "ALL", "solved");
    assert_eq!((solved.counts.asked, solved.answered), (3, 2));
    assert_eq!(
        solved.said.resolution.map(|yes| (yes.count, yes.n)),
        Some((1, 2))
    );
    // b left at it.
    assert_eq!(
        solved.break_off.map(|left| (left.count, left.n)),
        Some((1, 3))
    );
    assert_eq!((solved.counts.noinputs, solved.counts.repeats), (3, 6));
}

#[test]
fn a_person_counts_once_by_the_chance_of_being_drawn_at_all() {
    let nine = samara("09:00:00");
    let of = |number: u8| {
        Caller::Known(Pseudonym {
            key: 1,
            hash: [number; 16],
        })
    };
    let calls = [
        // 1 called three times, was drawn twice and said 5 and 1: 1 − (1 − ¼)³ = 37 ÷ 64, half of it satisfied.
        ("a", of(1), Disposition::Complete, "5"),
        ("b", of(1), Disposition::NotSelected, ""),
        ("c", of(1), Disposition::Complete, "1"),
        // A call in the quiet period had no chance: ¼.
        ("d", of(2), Disposition::Complete, "5"),
        ("e", of(2), Disposition::QuietPeriod, ""),
        // Each call of a withheld number is a person: ¼.
        ("f", Caller::Withheld, Disposition::Complete, "2"),
    ];
    let records = calls.iter().map(|(id, caller, ..)| {
        let record = CallRecord {
            caller: *caller,
            ..settled(nine, &talk("jobs", "ann"))
        };
        (*id, record)
    });
    let sessions = calls.iter().map(|(id, _, disposition, answer)| {
        let answers = [("satisfaction", *answer)];
        let asked = usize::from(!answer.is_empty());
        session(id, *disposition, 250_000, &answers[..asked])
    });
    let report = Memory::of_records(records.collect(), Told::default())
        .with_surveys(vec![two_questions()], sessions.collect())
        .reports(hotline())
        .survey(&query(), &SurveyAsked::default())
        .unwrap();
    let said = &score(&report, "ALL", "satisfaction").said;
    let close = |value: f64, expected: f64| (value - expected).abs() < 1e-12;
    let (one, other): (f64, f64) = (64.0 / 37.0, 4.0);
    let all = one + other + other;
    let person = said.weighted_per_person.unwrap();
    assert_eq!(person.estimand.as_str(), "per_person");
    assert!(close(person.share, (one / 2.0 + other) / all), "{person:?}");
    let squares = one * one + 2.0 * other * other;
    assert!(close(person.effective_n, all * all / squares), "{person:?}");
    let call = said.weighted.unwrap();
    assert_eq!((call.estimand.as_str(), call.share), ("per_call", 0.5));
}

#[test]
fn few_of_a_single_agent_are_not_shown() {
    let report = report(SurveyGrouping::Agent);
    let own = score(&report, "ann", "satisfaction");
    assert!(own.suppressed && own.said == Said::default() && own.break_off.is_none());
    assert!(!score(&report, "ALL", "satisfaction").suppressed);
    assert!(
        report
            .funnel
            .iter()
            .all(|row| row.suppressed == (row.group != "ALL"))
    );
    let steering = report.steering.iter();
    let shown = steering.map(|row| {
        (
            row.agent.as_str(),
            row.handled,
            row.selected,
            row.invited,
            row.selected_share.is_some(),
        )
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [("ann", 3, 2, 2, false), ("bob", 3, 2, 1, false)]
    );
}

#[test]
fn an_agent_of_whom_enough_is_known_is_set_against_chance() {
    let nine = samara("09:00:00");
    let ids: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    // Ann hands over 20 of 20, Bob 5 of 20.
    let records = ids.iter().enumerate().map(|(number, id)| {
        let agent = if number < 20 { "ann" } else { "bob" };
        (id.as_str(), settled(nine, &talk("jobs", agent)))
    });
    let sessions = ids.iter().enumerate().map(|(number, id)| {
        if number < 25 {
            session(
                id,
                Disposition::Complete,
                1_000_000,
                &[("satisfaction", "5")],
            )
        } else {
            session(id, Disposition::NotHandedOver, 1_000_000, &[])
        }
    });
    let memory = Memory::of_records(records.collect(), Told::default())
        .with_surveys(vec![two_questions()], sessions.collect());
    let report = memory
        .reports(hotline())
        .survey(&query(), &SurveyAsked::default())
        .unwrap();
    let [ann, bob] = &report.steering[..] else {
        panic!("two agents")
    };
    // p = 25 ÷ 40; 3 · √(0.625 · 0.375 ÷ 20) = 0.3248 either way.
    let signals = [ann, bob].map(|row| row.invited_share.unwrap());
    assert_eq!(signals.map(|control| control.signal()), ["above", "below"]);
    assert_eq!(signals.map(|control| control.centre), [0.625, 0.625]);
    assert_eq!(bob.not_handed_over, 15);
}

#[test]
fn respondents_stand_beside_all_handled_calls() {
    let report = report(SurveyGrouping::None);
    let rows = report.coverage.iter();
    let by_queue = rows.filter(|row| row.dimension == "queue");
    let by_queue = by_queue.map(|row| {
        let mix = row.mix.unwrap();
        (
            row.value.as_str(),
            row.handled,
            row.respondents,
            mix.respondents,
            mix.handled,
        )
    });
    assert_eq!(
        by_queue.collect::<Vec<_>>(),
        [
            ("help", 2, 1, 1.0 / 3.0, 2.0 / 6.0),
            ("jobs", 4, 2, 2.0 / 3.0, 4.0 / 6.0),
        ]
    );
    // Each dimension has every handled call once.
    for dimension in ["transfers", "hung_up_first", "queue", "hour", "wait"] {
        let rows = report
            .coverage
            .iter()
            .filter(|row| row.dimension == dimension);
        assert_eq!(rows.map(|row| row.handled).sum::<u64>(), 6, "{dimension}");
    }
}

#[test]
fn an_unknown_survey_names_the_nearest() {
    let asked = SurveyAsked {
        survey: "two-question".into(),
        ..SurveyAsked::default()
    };
    let error: Error = day()
        .reports(hotline())
        .survey(&query(), &asked)
        .unwrap_err();
    assert_eq!(error.field(), Some("survey"));
    assert!(error.to_string().contains("two-questions"), "{error}");
    let asked = SurveyAsked {
        survey: "two-questions".into(),
        version: 2,
        ..SurveyAsked::default()
    };
    let none = day().reports(hotline()).survey(&query(), &asked).unwrap();
    assert!(none.scores.is_empty());
}
