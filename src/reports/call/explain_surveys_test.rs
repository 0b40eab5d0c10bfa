//! What explanations of surveys add up to, against the survey report over the same calls.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::calls::tests::{records, settled};
use crate::model::{CallRecord, Disposition, QuestionId, SurveyQuestion, SurveySession, Timestamp};
use crate::reports::fixture::{Memory, hotline, query, samara};
use crate::reports::survey::tests::{session, talk, two_questions};
use crate::reports::{CallAsked, Explanation, SurveyAsked, SurveyGrouping};
use crate::store::Told;

const IDS: [&str; 14] = [
    "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10", "Q11", "Q12", "Q13", "Q14",
];

fn explained(memory: &Memory, call: &str, ids: &[&str]) -> Vec<Explanation> {
    let asked = CallAsked {
        call: call.to_owned(),
        explain: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..CallAsked::default()
    };
    let report = memory.clone().reports(hotline()).call(&asked).unwrap();
    report.explanations
}

fn sentences(record: CallRecord, session: Option<SurveySession>, ids: &[&str]) -> Vec<String> {
    let memory = Memory::of_records(vec![("a", record)], Told::default())
        .with_surveys(vec![two_questions()], session.into_iter().collect());
    let said = explained(&memory, "a", ids).into_iter();
    said.map(|said| format!("{}: {}", said.id, said.sentence))
        .collect()
}

fn ten() -> Timestamp {
    samara("10:00:00")
}

#[test]
fn a_sentence_says_what_became_of_asking_and_what_the_answers_add() {
    let answers = [("satisfaction", "4"), ("solved", "no")];
    let asked = session("a", Disposition::Complete, 250_000, &answers);
    assert_eq!(
        sentences(settled(ten(), &talk("jobs", "ann")), Some(asked), &IDS),
        [
            "Q1: a human answered, the survey: complete: in the numerator and the denominator",
            "Q2: a human answered, the survey: complete: in the numerator and the denominator",
            "Q3: a human answered, the survey: complete: in the numerator and the denominator",
            "Q4: a human answered, the survey: complete: in the numerator and the denominator",
            "Q5: question satisfaction: asked, and the caller did not leave at it: in the denominator alone",
            "Q5: question solved: asked, and the caller did not leave at it: in the denominator alone",
            "Q6: question satisfaction: 1 silence, 0 wrong keys, 2 repeats: added up for the question",
            "Q6: question solved: 1 silence, 0 wrong keys, 2 repeats: added up for the question",
            "Q7: question satisfaction: answered 4, which counts as satisfied: in the numerator and the denominator",
            "Q7: question solved: answered no: in the denominator alone",
            "Q8: the call has nothing of the kind: it adds nothing",
            "Q9: question satisfaction: answered 4, which counts as satisfied: adds 4 to the sum of grades and 1 to the number",
            "Q10: question solved: answered no: in the denominator alone",
            "Q11: question satisfaction: answered 4, which counts as satisfied, in both bounds",
            "Q11: question solved: answered no, in both bounds",
            "Q12: a human answered, the survey: complete, transfers=0: in the numerator and the denominator",
            "Q12: a human answered, the survey: complete, hung_up_first=agent: in the numerator and the denominator",
            "Q12: a human answered, the survey: complete, queue=jobs: in the numerator and the denominator",
            "Q12: a human answered, the survey: complete, hour=10: in the numerator and the denominator",
            "Q12: a human answered, the survey: complete, wait=0-20s: in the numerator and the denominator",
            "Q13: a human answered, the survey: complete, transfers=0: in the numerator and the denominator",
            "Q13: a human answered, the survey: complete, hung_up_first=agent: in the numerator and the denominator",
            "Q13: a human answered, the survey: complete, queue=jobs: in the numerator and the denominator",
            "Q13: a human answered, the survey: complete, hour=10: in the numerator and the denominator",
            "Q13: a human answered, the survey: complete, wait=0-20s: in the numerator and the denominator",
            "Q14: question satisfaction: answered 4, which counts as satisfied; drawn with a probability of 0.25, it weighs 4: in the numerator and the denominator",
            "Q14: question solved: answered no; drawn with a probability of 0.25, it weighs 4: in the denominator alone",
        ]
    );
    let never = session("a", Disposition::NotHandedOver, 1_000_000, &[]);
    assert_eq!(
        sentences(
            settled(ten(), &talk("jobs", "ann")),
            Some(never),
            &["Q1", "Q4", "Q7", "Q11"]
        ),
        [
            "Q1: a human answered, the survey: not_handed_over: in the denominator alone",
            "Q4: a human answered, the survey: not_handed_over: in neither numerator nor denominator",
            "Q7: the call has nothing of the kind: it adds nothing",
            "Q11: question satisfaction: not answered, unhappy in the lower bound and happy in the upper one",
            "Q11: question solved: not answered, unhappy in the lower bound and happy in the upper one",
        ]
    );
    let lost = settled(ten(), "arrive 0; enter jobs 0; end caller 40");
    assert_eq!(
        sentences(lost, None, &["Q2"]),
        ["Q2: no human answered: in neither numerator nor denominator"]
    );
}

/// A session by chance: any disposition, and answers where there was a dialog.
fn by_chance(call: &str, draw: u16) -> Option<SurveySession> {
    let ends = Disposition::ALL;
    // One in fourteen has none.
    let disposition = *ends.get(usize::from(draw) % (ends.len() + 1))?;
    let draw = usize::from(draw) / 14;
    let rate = [1_000_000, 250_000][draw % 2];
    let answer = ["5", "3", "1", ""][draw / 2 % 4];
    let solved = ["yes", "no", ""][draw / 8 % 3];
    let answers = [("satisfaction", answer), ("solved", solved)];
    let had_dialog = crate::kpi::is_invited(disposition);
    let asked = if had_dialog { draw / 24 % 3 } else { 0 };
    Some(session(call, disposition, rate, &answers[..asked]))
}

/// Σ adds and Σ of, by definition and what they stand under.
fn sums(all: &[Explanation]) -> BTreeMap<(&str, &str), (u64, u64)> {
    let mut sums = BTreeMap::<_, (u64, u64)>::new();
    for one in all {
        let sum = sums.entry((one.id, one.under.as_str())).or_default();
        sum.0 += one.adds;
        sum.1 += one.of.unwrap_or_default();
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn explanations_add_up_to_the_report(
        records in records(ten()),
        draws in proptest::collection::vec(any::<u16>(), 20),
    ) {
        let names: Vec<_> = (0..records.len()).map(|number| number.to_string()).collect();
        let sessions = names.iter().zip(draws).filter_map(|(name, draw)| by_chance(name, draw));
        let sessions: Vec<_> = sessions.collect();
        let calls = names.iter().map(String::as_str).zip(records);
        let memory = Memory::of_records(calls.collect(), Told::default())
            .with_surveys(vec![two_questions()], sessions);
        let all = names.iter().flat_map(|name| explained(&memory, name, &IDS));
        let all: Vec<_> = all.collect();
        let sums = sums(&all);
        let sum = |id, under: &str| sums.get(&(id, under)).copied().unwrap_or_default();
        let asked = SurveyAsked { by: SurveyGrouping::Queue, ..SurveyAsked::default() };
        let report = memory.clone().reports(hotline()).survey(&query(), &asked).unwrap();

        let funnel = report.funnel.iter().filter(|row| row.group != "ALL");
        for row in funnel {
            let counts = &row.dispositions;
            let [selected, invited, answered] = [counts.selected(), counts.invited(), counts.respondents()];
            prop_assert_eq!(sum("Q1", &row.group), (invited, selected));
            prop_assert_eq!(sum("Q2", &row.group), (counts.of(Disposition::Complete), selected));
            prop_assert_eq!(sum("Q3", &row.group), (answered, selected));
            prop_assert_eq!(sum("Q4", &row.group), (answered, invited));
        }
        let mut asked = 0;
        for row in report.scores.iter().filter(|row| row.group == "ALL") {
            let (question, said, counts) = (row.question.as_str(), &row.said, &row.counts);
            asked += counts.asked;
            let part = |score: Option<crate::kpi::Score>| score.map_or((0, 0), |score| (score.count, score.n));
            let troubles = counts.noinputs + counts.nomatches + counts.repeats;
            prop_assert_eq!(sum("Q5", question), part(row.break_off));
            prop_assert_eq!(sum("Q6", question), (troubles, counts.asked));
            prop_assert_eq!(sum("Q7", question), part(said.top_box));
            prop_assert_eq!(sum("Q14", question), part(said.top_box));
            prop_assert_eq!(sum("Q10", question), part(said.resolution));
            let positive = part(said.top_box).0;
            prop_assert_eq!(sum("Q11", question), (positive, row.selected));
            if let Some(grade) = said.mean_grade {
                let (grades, answers) = sum("Q9", question);
                prop_assert_eq!(answers, grade.n);
                prop_assert!((grades as f64 / answers as f64 - grade.mean).abs() < 1e-9);
            }
        }
        prop_assert_eq!(all.iter().filter(|one| one.id == "Q6").filter_map(|one| one.of).sum::<u64>(), asked);
        for row in &report.coverage {
            let under = format!("{}={}", row.dimension, row.value);
            prop_assert_eq!(sum("Q12", &under), (row.respondents, row.handled));
            prop_assert_eq!(sum("Q13", &under), (row.respondents, row.handled));
        }
    }
}

#[test]
fn a_promoter_is_counted_and_a_detractor_is_not() {
    let text = include_str!("../../survey/tests/everything.toml");
    let definition = crate::survey::Definition::parse(text.as_bytes()).unwrap();
    let mut asked = session("a", Disposition::Partial, 1_000_000, &[]);
    asked.opened.survey = definition.survey.clone();
    asked.opened.version = definition.version;
    let nps = definition.questions.iter();
    let mut nps = nps.filter(|question| question.kind == crate::survey::Kind::Nps);
    let code = nps
        .next_back()
        .expect("it asks for a recommendation")
        .code
        .clone();
    let put = crate::model::SurveyText {
        survey: definition.survey.clone(),
        version: definition.version,
        put_at: samara("08:00:00"),
        text: text.into(),
    };
    for (answer, adds, words) in [
        ("10", 1, "a promoter"),
        ("3", 0, "a detractor"),
        ("8", 0, "neither promoter nor detractor"),
    ] {
        asked.questions = vec![SurveyQuestion {
            question: QuestionId::new(code.as_str()),
            answer: Some(crate::model::AnswerCode::new(answer)),
            coded: true,
            done_at: Some(ten()),
            noinputs: 0,
            nomatches: 0,
            repeats: 0,
        }];
        let record = settled(ten(), &talk("jobs", "ann"));
        let memory = Memory::of_records(vec![("a", record)], Told::default())
            .with_surveys(vec![put.clone()], vec![asked.clone()]);
        let said = explained(&memory, "a", &["Q8"]);
        assert_eq!((said.len(), said[0].adds, said[0].of), (1, adds, Some(1)));
        assert!(said[0].sentence.contains(words), "{}", said[0].sentence);
    }
}
