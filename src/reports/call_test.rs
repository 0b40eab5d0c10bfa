//! One call: its timeline, and explanations that add up to the reports.

use proptest::prelude::*;

use super::explain::is_explained;
use super::*;
use crate::calls::tests::{open, records, settled_told};
use crate::calls::{record_of_open, record_of_settled, timeline_of_open, timeline_of_settled};
use crate::model::{Exit, Mark, Marks, SourceId};
use crate::reports::fixture::{Memory, hotline, query, samara, seconds, stored};
use crate::reports::{agents, queues, repeats, transfers};
use crate::store::{Place, Readers};

const READERS: Readers = Readers {
    open: record_of_open,
    told: record_of_settled,
    open_timeline: timeline_of_open,
    told_timeline: timeline_of_settled,
};

const STORY: &str = "arrive 0; enter jobs 5; ring ann 6; answer ann jobs 17; begin ann blind queue benefits 50; \
    release ann agent 50; enter benefits 50; answer bob benefits 80.25; release bob caller 100; end caller 100";

fn ten() -> Timestamp {
    samara("10:00:00")
}

fn of_story(source: (i64, &str), story: &str) -> StoredCall {
    let place = Place {
        arrived_at: ten(),
        source: source.0,
        call: CallId::new("c"),
    };
    let mut marks = Marks::default();
    marks.add(Mark::CrowdedOut);
    let told = settled_told(ten(), story);
    StoredCall::of_told(place, SourceId::new(source.1), told, marks, READERS)
}

fn asked(explain: &[&str]) -> CallAsked {
    CallAsked {
        call: "c".into(),
        explain: explain.iter().map(|id| (*id).to_owned()).collect(),
        ..CallAsked::default()
    }
}

fn report(calls: Vec<StoredCall>, asked: &CallAsked) -> Result<CallReport, Error> {
    Memory::of_calls(calls).reports(hotline()).call(asked)
}

/// The sentences of some metrics about a story.
fn sentences(story: &str, explain: &[&str]) -> Vec<String> {
    let report = report(vec![of_story((1, "pbx"), story)], &asked(explain)).unwrap();
    let said = report.explanations.into_iter();
    said.map(|said| format!("{}: {}", said.id, said.sentence))
        .collect()
}

#[test]
fn a_timeline_has_everything_told_with_its_fields() {
    let told = "arrive 0#2; enter jobs 5!#3; tag topic pension 7#1; key 8; end caller 9";
    let report = report(vec![of_story((1, "pbx"), told)], &asked(&[])).unwrap();
    let lines = report.timeline.iter().map(|told| {
        let fields = report.fields(told).into_iter();
        let fields = fields.map(|(name, value)| format!(" {name}={value}"));
        let ahead = if told.ahead { " ahead" } else { "" };
        let (at, kind) = (report.local(told.at), told.event.kind());
        format!(
            "{at} {} {kind}{}{ahead}",
            told.sequence,
            fields.collect::<String>()
        )
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "2026-03-02T10:00:00+04:00 2 arrived direction=inbound",
            "2026-03-02T10:00:05+04:00 3 queue_entered queue=jobs ahead",
            "2026-03-02T10:00:07+04:00 1 tagged key=topic code=pension by=unknown",
            "2026-03-02T10:00:08+04:00 4 digit_pressed",
            "2026-03-02T10:00:09+04:00 5 ended by=caller",
        ]
    );
    assert_eq!(report.context.end_local, "2026-03-02T10:00:09.000001+04:00");
    let marks: Vec<_> = report.summary.marks.iter().collect();
    assert!(
        marks.contains(&Mark::CrowdedOut),
        "as it was settled: {marks:?}"
    );
    assert!(report.explanations.is_empty());
}

#[test]
fn an_open_call_has_its_timeline_too() {
    let (state, _) = open(ten(), "arrive 0; enter jobs 5");
    let call = StoredCall::of_open(&state, (1, SourceId::new("pbx")), READERS).unwrap();
    let report = report(vec![call], &asked(&["strict"])).unwrap();
    assert_eq!(report.timeline.len(), 2);
    assert!(report.summary.provisional);
    assert_eq!(
        report.explanations[0].sentence,
        "visit 1 of jobs: still waiting, and not known to have waited for T = 20 s, so not decided: \
         in neither numerator nor denominator"
    );
    // The source's time is known for as long as the target.
    let (_, record) = open(ten(), "arrive 0; enter jobs 5");
    let reports = Memory::of_calls(vec![stored("c", record)]);
    let reports = reports.reports_at(hotline(), Some(samara("10:00:25")));
    let report = reports.call(&asked(&["strict"])).unwrap();
    assert_eq!(
        report.explanations[0].sentence,
        "visit 1 of jobs: still waiting, for T = 20 s or longer, so decided: in the denominator alone"
    );
}

#[test]
fn a_call_that_is_not_there_or_there_twice_is_said_so() {
    let calls = || vec![of_story((1, "pbx"), STORY), of_story((2, "branch"), STORY)];
    let refused = |call: &str, source: &str| {
        let asked = CallAsked {
            call: call.into(),
            source: source.into(),
            ..CallAsked::default()
        };
        let error = report(calls(), &asked).unwrap_err();
        (error.field(), error.to_string())
    };
    assert_eq!(
        refused("d", ""),
        (Some("call_id"), "no call \"d\" is known".into())
    );
    assert_eq!(
        refused("d", "pbx").1,
        "no call \"d\" is known of source \"pbx\", nor of any other"
    );
    assert_eq!(
        refused("c", "home").1,
        "no call \"c\" is known of source \"home\"; there is one of branch, pbx"
    );
    assert_eq!(
        refused("c", ""),
        (
            Some("source"),
            "several sources have a call \"c\"; say which: branch, pbx".into()
        )
    );
    let asked = CallAsked {
        source: "branch".into(),
        ..asked(&[])
    };
    assert_eq!(
        report(calls(), &asked).unwrap().summary.source.as_str(),
        "branch"
    );
}

#[test]
fn a_metric_is_known_or_the_nearest_is_named() {
    let error = report(vec![of_story((1, "pbx"), STORY)], &asked(&["V1", "stric"])).unwrap_err();
    assert_eq!(error.field(), Some("explain"));
    assert!(error.to_string().contains("\"strict\""), "{error}");
}

#[test]
fn a_wait_steps_down_the_curve_or_is_censored() {
    for (story, adds, sentence) in [
        (
            "arrive 0; enter jobs 5; answer ann jobs 17; release ann 60; end caller 60",
            1,
            "visit 1 of jobs: answered after 12 s: at risk until 12 s, and a step of the curve there",
        ),
        (
            "arrive 0; enter jobs 5; end caller 35",
            0,
            "visit 1 of jobs: abandoned_waiting after 30 s: at risk until 30 s, then censored: it may have had to wait longer",
        ),
    ] {
        let report = report(vec![of_story((1, "pbx"), story)], &asked(&["W11"])).unwrap();
        let [said] = &report.explanations[..] else {
            panic!("one visit: {:?}", report.explanations);
        };
        assert_eq!((said.adds, said.of), (adds, Some(1)));
        assert_eq!(said.sentence, sentence);
    }
}

#[test]
fn every_metric_of_queues_transfers_agents_and_repeats_is_explained() {
    let all = [
        &queues::DEFINITIONS[..],
        &transfers::DEFINITIONS,
        &agents::DEFINITIONS,
        &repeats::DEFINITIONS,
    ]
    .concat();
    let silent: Vec<_> = all.into_iter().filter(|id| !is_explained(*id)).collect();
    assert_eq!(silent, []);
    let report = report(vec![of_story((1, "pbx"), STORY)], &asked(&["all"])).unwrap();
    let definitions = report
        .context
        .definitions
        .iter()
        .map(|definition| definition.id);
    for id in definitions.filter(|id| !["T", "s", "x"].contains(id)) {
        let mut said = report.explanations.iter();
        let said = said.find(|said| said.id == id).unwrap();
        assert!(!said.sentence.is_empty(), "{id}");
    }
}

#[test]
fn a_sentence_says_why_with_the_numbers() {
    assert_eq!(
        sentences(
            STORY,
            &["strict", "V1", "V2", "T3", "T5", "T8", "W10", "AHT"]
        ),
        [
            "V1: 2 visits, first entered or refused by jobs: counted",
            "V2: a visit of jobs began at 2026-03-02T10:00:05+04:00: counted",
            "V2: a visit of benefits began at 2026-03-02T10:00:50+04:00: counted",
            "W10: visit 1 of jobs: answered after 12 s ≤ x = 60 s: in the denominator alone",
            "W10: visit 2 of benefits: answered after 30.25 s ≤ x = 60 s: in the denominator alone",
            "W10: visit 1 of jobs: answered after 12 s ≤ x = 180 s: in the denominator alone",
            "W10: visit 2 of benefits: answered after 30.25 s ≤ x = 180 s: in the denominator alone",
            "strict: visit 1 of jobs: answered after 12 s ≤ T = 20 s: in the numerator and the denominator",
            "strict: visit 2 of benefits: answered after 30.25 s > T = 20 s: in the denominator alone",
            "AHT: leg 1 with ann of jobs: 33 s of talk and 0 s of hold, counted; the work after it is added by the agent's own time",
            "AHT: leg 2 with bob of benefits: 19.75 s of talk and 0 s of hold, counted; the work after it is added by the agent's own time",
            "T3: a human answered, 1 transfer: in the numerator and the denominator",
            "T5: transfer 1, blind to queue benefits: the target had not had the call before: not counted",
            "T8: a human answered, first from jobs, last from benefits: in the numerator and the denominator",
        ]
    );
    let short = "arrive 0; enter jobs 0; end caller 4";
    assert_eq!(
        sentences(short, &["strict", "short", "AB1", "AB3", "W5", "T3", "T5"]),
        [
            "W5: visit 1 of jobs: abandoned_waiting after 4 s: not answered, so not in the mean",
            "strict: visit 1 of jobs: abandoned_waiting after 4 s ≤ T = 20 s: in the denominator alone",
            "short: visit 1 of jobs: abandoned_waiting after 4 s ≤ s = 5 s: in neither numerator nor denominator",
            "AB1: visit 1 of jobs: abandoned_waiting after 4 s: in the numerator and the denominator",
            "AB3: visit 1 of jobs: abandoned_waiting after 4 s ≤ s = 5 s: counted",
            "T3: no human answered, 0 transfers: in neither numerator nor denominator",
            "T5: the call has nothing of the kind: it adds nothing",
        ]
    );
    let test = "arrive 0; tag test 0; enter jobs 0; end caller 4";
    assert_eq!(
        sentences(test, &["V1"]),
        ["V1: the call is tagged as a test: in no figure"]
    );
    let asked = CallAsked {
        query: Query {
            service_level: Some(seconds(10)),
            ..Query::default()
        },
        ..asked(&["strict"])
    };
    let other = report(vec![of_story((1, "pbx"), STORY)], &asked).unwrap();
    assert_eq!(other.explanations[0].of, Some(1));
    assert_eq!(other.explanations[0].adds, 0, "12 s > 10 s");
}

/// What the explanations of a metric add up to, of all calls or under one queue.
fn sum(all: &[Explanation], id: &str, under: Option<&str>) -> (u64, u64, Duration) {
    let mut sum = (0, 0, Duration::ZERO);
    let all = all.iter().filter(|one| one.id == id);
    for one in all.filter(|one| under.is_none_or(|under| one.under == under)) {
        sum.0 += one.adds;
        sum.1 += one.of.unwrap_or_default();
        sum.2 += one.span.unwrap_or_default();
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn explanations_add_up_to_the_reports(records in records(ten())) {
        let names: Vec<String> = (0..records.len()).map(|number| number.to_string()).collect();
        let calls = names.iter().zip(records).map(|(name, record)| stored(name, record));
        let reports = Memory::of_calls(calls.collect()).reports(hotline());
        let mut all = Vec::new();
        for name in &names {
            let asked = CallAsked { call: name.clone(), ..asked(&["all"]) };
            all.extend(reports.call(&asked).unwrap().explanations);
        }
        let share = |id: &str, under: Option<&str>| { let (adds, of, _) = sum(&all, id, under); (adds, of) };
        let count = |id: &str, under: Option<&str>| sum(&all, id, under).0;

        for row in reports.queues(&query()).unwrap().rows {
            let under = (row.queue != "ALL").then_some(&*row.queue);
            let counts = &row.counts;
            prop_assert_eq!(count("V1", under), row.calls_offered);
            prop_assert_eq!(count("V2", under), row.visits_offered);
            prop_assert_eq!(share("V4", under), (row.calls_refused, row.calls_offered + row.calls_refused));
            prop_assert_eq!(count("V3", under), row.calls_offered + row.calls_refused);
            prop_assert_eq!(share("strict", under), (counts.answered_within, counts.decided));
            prop_assert_eq!(share("short", under), (counts.answered_within, counts.decided - counts.abandoned_short));
            prop_assert_eq!(share("answered_only", under), (counts.answered_within, counts.answered));
            prop_assert_eq!(share("ignore_abandoned", under).1, counts.answered + counts.abandoned - counts.abandoned_within);
            prop_assert_eq!(share("abandoned_met", under).0, counts.answered_within + counts.abandoned_within);
            prop_assert_eq!(share("AB1", under), (counts.abandoned, row.exits.sum()));
            prop_assert_eq!(row.exits.of(Exit::Answered), counts.answered);
            prop_assert_eq!(count("AB3", under), counts.abandoned_short);
            prop_assert_eq!(share("amazon", under).0, counts.answered_within + counts.abandoned_within + counts.callback_within);
            prop_assert_eq!(Some(count("AB4", under)), row.abandoned_after_transfer);
            prop_assert_eq!(count("AB6", under), row.answered_short);
            prop_assert_eq!(sum(&all, "W13", under).2, row.missed_offer_time);
            let calls = &row.calls;
            let journeys = &calls.journeys;
            prop_assert_eq!(share("journey", under), (journeys.answered_within, journeys.decided));
            prop_assert_eq!(share("access", under), (journeys.answered_within, journeys.decided + journeys.refused));
            prop_assert_eq!(share("AB2", under), (calls.lost, row.calls_offered));
            prop_assert_eq!(count("outcomes", under), calls.outcomes.sum());
            prop_assert_eq!(sum(&all, "W2q", under).2, calls.queue_wait_sum);
            let spans = [("W2", &calls.journey_wait), ("W3", &calls.time_to_human), ("W12", &calls.caller_burden)];
            for (id, spans) in spans {
                let (number, _, span) = sum(&all, id, under);
                prop_assert_eq!((number, span), (spans.count, spans.sum), "{}", id);
            }
            if let Some(left) = row.left_before_queue {
                prop_assert_eq!(count("AB5", under), left);
            }
            let waits = [("W5", &row.wait_answered), ("W6", &row.wait_abandoned), ("W9", &row.wait_all)];
            for (id, waits) in waits {
                let (number, _, span) = sum(&all, id, under);
                prop_assert_eq!((number, span), (waits.count, waits.sum), "{}", id);
            }
            let over: u64 = row.wait_over.iter().map(|over| over.count).sum();
            prop_assert_eq!(count("W10", under), over);
        }
        let transfers = reports.transfers(&query()).unwrap();
        for paths in [&transfers.paths, &transfers.agent_paths] {
            let (passed, _, spent) = sum(&all, "T9", None);
            prop_assert_eq!(passed, paths.iter().map(|path| path.count).sum::<u64>());
            prop_assert_eq!(spent, paths.iter().map(|path| path.spent_sum).sum::<Duration>());
        }
        for row in transfers.rows {
            let under = (row.queue != "ALL").then_some(&*row.queue);
            prop_assert_eq!(share("T3", under), (row.calls_transferred, row.calls_served));
            prop_assert_eq!(share("T4", under), (row.transfers, row.calls_served));
            prop_assert_eq!(share("T8", under), (row.wrong_door, row.calls_served));
            prop_assert_eq!(count("T1", under), row.kinds.iter().map(|kind| kind.count).sum::<u64>());
            prop_assert_eq!(count("T5", under), row.returns);
            prop_assert_eq!(count("T6", under), row.failed);
            prop_assert_eq!(count("T7", under), row.after_answered + row.after_abandoned + row.after_returned);
            prop_assert_eq!(count("T10", under), row.excessive);
            prop_assert_eq!(count("T11", under), row.reroutes);
            prop_assert_eq!(count("T2", under), row.consult_only);
            prop_assert_eq!(sum(&all, "W4", under).2, row.transfer_wait_sum);
        }
        for row in reports.agents(&query()).unwrap().rows {
            let under = Some(&*row.agent);
            let answered = row.offers.of(crate::model::OfferResult::Answered);
            prop_assert_eq!(count("agent_answer_rate", under), answered);
            let (legs, _, span) = sum(&all, "AHT", under);
            prop_assert_eq!((legs, span), (row.handled, row.talk_sum + row.hold_sum));
        }
    }
}
