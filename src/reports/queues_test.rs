//! The queue report over rows in memory.

use super::*;
use crate::model::{
    CallRow, Direction, Exit, Outcome, QueueId, QueueTarget, RefusalReason, SourceId, VisitRow,
};
use crate::reports::fixture::{
    Asked, Memory, at, call, hotline, query, samara, seconds, visit, waiting,
};
use crate::reports::{Bucket, Query, Zone};

/// Time of day, queue, offered, answered, abandoned, waiting.
fn brief(report: &QueueReport) -> Vec<(&str, &str, [u64; 4])> {
    let counts = |row: &QueueRow| {
        [
            row.visits_offered,
            row.counts.answered,
            row.counts.abandoned,
            row.waiting,
        ]
    };
    let rows = report.rows.iter();
    rows.map(|row| (&row.bucket_start[11..16], row.queue.as_str(), counts(row)))
        .collect()
}

/// Two visits to jobs, one to benefits, one to a queue named ALL; an hour later one that waits in jobs.
fn day() -> Memory {
    Memory::of(Selection {
        visits: vec![
            visit("jobs", samara("10:59:59"), Exit::Answered, 3),
            visit("benefits", samara("10:00:00"), Exit::AbandonedWaiting, 40),
            visit("jobs", samara("10:30:00"), Exit::AbandonedRinging, 5),
            visit("ALL", samara("10:40:00"), Exit::Timeout, 300),
            waiting("jobs", samara("11:00:00")),
        ],
        ..Selection::default()
    })
}

fn hourly() -> Query {
    Query {
        bucket: Bucket::Hour,
        ..query()
    }
}

#[test]
fn rows_are_by_interval_then_queue_and_all_is_last() {
    let report = day().reports(hotline()).queues(&hourly()).unwrap();
    assert_eq!(
        brief(&report),
        [
            ("10:00", "ALL (queue)", [1, 0, 0, 0]),
            ("10:00", "benefits", [1, 0, 1, 0]),
            ("10:00", "jobs", [2, 1, 1, 0]),
            ("10:00", "ALL", [4, 1, 2, 0]),
            ("11:00", "jobs", [1, 0, 0, 1]),
            ("11:00", "ALL", [1, 0, 0, 1]),
        ]
    );
    let named_all = &report.rows[0];
    assert_eq!(
        (named_all.calls_arrived, report.rows[3].calls_arrived),
        (None, Some(0))
    );
    assert!(report.rows.iter().all(|row| row.conservation_residual == 0));
    assert_eq!(report.rows[3].exits.of(Exit::Timeout), 1);
    assert_eq!(report.rows[3].exits.of(Exit::AbandonedRinging), 1);
}

#[test]
fn a_filtered_report_sums_what_is_asked_for() {
    let asked = Query {
        queues: vec!["jobs".into(), "ALL".into(), "jobs".into()],
        ..query()
    };
    let report = day().reports(hotline()).queues(&asked).unwrap();
    assert_eq!(
        brief(&report),
        [
            ("00:00", "ALL (queue)", [1, 0, 0, 0]),
            ("00:00", "jobs", [3, 1, 1, 1]),
            ("00:00", "ALL", [4, 1, 1, 1]),
        ]
    );
    assert!(report.rows.iter().all(|row| row.calls_arrived.is_none()));
    assert!(
        report
            .rows
            .iter()
            .all(|row| row.left_before_queue.is_none())
    );
}

#[test]
fn an_unknown_queue_is_an_error() {
    let asked = Query {
        queues: vec!["job".into()],
        ..query()
    };
    let error = day().reports(hotline()).queues(&asked).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown queue \"job\"; the nearest is \"jobs\""
    );
    let error = Memory::default()
        .reports(hotline())
        .queues(&asked)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown queue \"job\"; no queue is known yet"
    );
}

#[test]
fn calls_count_at_their_arrival_and_without_tests_and_return_calls() {
    let jobs = Some(QueueId::new("jobs"));
    let ten = samara("10:00:00");
    let offered = CallRow {
        visits: 2,
        first_queue: jobs.clone(),
        ..call(ten)
    };
    let left = CallRow {
        outcome: Some(Outcome::LeftBeforeQueue),
        ..call(ten)
    };
    let closed = CallRow {
        refused: Some((RefusalReason::Closed, jobs.clone())),
        ..call(ten)
    };
    let busy = CallRow {
        refused: Some((RefusalReason::Busy, None)),
        ..call(ten)
    };
    let overflowed = CallRow {
        refused: Some((RefusalReason::Full, Some(QueueId::new("benefits")))),
        ..offered.clone()
    };
    let test = CallRow {
        test: true,
        ..offered.clone()
    };
    let back = CallRow {
        direction: Direction::Return,
        provisional: true,
        ..offered.clone()
    };
    let rows = Selection {
        calls: vec![offered, left, closed, busy, overflowed, test, back],
        visits: vec![visit("jobs", ten, Exit::Answered, 1)],
        ..Selection::default()
    };
    let reports = Memory::of(rows).reports(hotline());
    let figures = |query: &Query| {
        let report = reports.queues(query).unwrap();
        let row = |row: &QueueRow| {
            (
                row.queue.clone(),
                row.calls_arrived,
                row.left_before_queue,
                row.calls_offered,
                row.calls_refused,
            )
        };
        report.rows.iter().map(row).collect::<Vec<_>>()
    };
    let all = "ALL".to_owned();
    // In ALL: offered, left, closed, busy, overflowed arrived; closed and busy were refused.
    let jobs_row = ("jobs".to_owned(), None, None, 2, 1);
    // What was refused by a queue is its own, also where nobody entered it.
    assert_eq!(
        figures(&query()),
        [jobs_row.clone(), (all.clone(), Some(5), Some(1), 2, 2)]
    );
    let asked = Query {
        queues: vec!["jobs".into()],
        ..query()
    };
    assert_eq!(figures(&asked), [jobs_row, (all, None, None, 2, 1)]);

    let context = reports.queues(&query()).unwrap().context;
    assert_eq!((context.calls_test, context.calls_provisional), (1, 1));
}

#[test]
fn open_calls_of_a_silent_source_are_uncertain() {
    let of = |source: &str, test| CallRow {
        provisional: true,
        source: SourceId::new(source),
        test,
        ..call(samara("11:00:00"))
    };
    // Open: two of the source that is silent, one of them a test; one of another source. One is settled.
    let rows = Selection {
        calls: vec![
            of("pbx", false),
            of("pbx", true),
            of("elsewhere", false),
            call(samara("11:00:00")),
        ],
        ..Selection::default()
    };
    let silent = samara("11:30:00");
    for (reports, uncertain, since) in [
        (Memory::of(rows.clone()).reports(hotline()), 0, None),
        (
            Memory::of(rows).reports_silent_since(hotline(), silent),
            1,
            Some(silent),
        ),
    ] {
        let context = reports.queues(&query()).unwrap().context;
        assert_eq!(
            (context.calls_provisional, context.calls_uncertain),
            (2, uncertain)
        );
        assert_eq!(context.sources[0].silent_since, since);
    }
}

#[test]
fn calls_without_any_visit_make_a_row_for_all() {
    let rows = Selection {
        calls: vec![call(samara("07:00:00"))],
        ..Selection::default()
    };
    let report = Memory::of(rows)
        .reports(hotline())
        .queues(&hourly())
        .unwrap();
    assert_eq!(brief(&report), [("07:00", "ALL", [0, 0, 0, 0])]);
    let row = &report.rows[0];
    assert_eq!(
        (
            row.calls_arrived,
            row.service_level.strict,
            row.abandon_rate
        ),
        (Some(1), None, None)
    );
    assert_eq!(row.wait_all, WaitSummary::default());
}

#[test]
fn a_queue_has_a_row_where_its_call_arrived_or_was_turned_away() {
    let jobs = Some(QueueId::new("jobs"));
    let just_before = samara("10:59:59");
    let offered = CallRow {
        visits: 1,
        first_queue: jobs,
        outcome: Some(Outcome::Abandoned),
        ..call(just_before)
    };
    let shut = || CallRow {
        refused: Some((RefusalReason::Full, Some(QueueId::new("shut")))),
        outcome: Some(Outcome::Refused),
        ..call(samara("12:00:00"))
    };
    let rows = Selection {
        calls: vec![offered, shut(), shut()],
        visits: vec![visit("jobs", samara("11:00:00"), Exit::AbandonedWaiting, 5)],
        ..Selection::default()
    };
    let report = Memory::of(rows).reports(hotline()).queues(&hourly());
    let report = report.unwrap();
    let figures: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let figures = [
                row.calls_offered,
                row.visits_offered,
                row.calls_refused,
                row.calls.lost,
            ];
            (&row.bucket_start[11..13], row.queue.as_str(), figures)
        })
        .collect();
    assert_eq!(
        figures,
        [
            ("10", "jobs", [1, 0, 0, 1]),
            ("10", "ALL", [1, 0, 0, 1]),
            ("11", "jobs", [0, 1, 0, 0]),
            ("11", "ALL", [0, 1, 0, 0]),
            ("12", "shut", [0, 0, 2, 0]),
            ("12", "ALL", [0, 0, 2, 0]),
        ]
    );
    assert_eq!(report.rows[4].calls.refused_rate, Some(1.0));
}

#[test]
fn erased_callers_are_said_and_stay_counted() {
    let mut erased = crate::calls::tests::settled(
        samara("10:00:00"),
        "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60",
    );
    erased.marks.add(crate::model::Mark::Erased);
    let records = Memory::of_records(vec![("a", erased)], crate::store::Told::default());
    let asked = Query {
        lens: Lens::Journey,
        ..query()
    };
    let report = records.reports(hotline()).queues(&asked).unwrap();
    assert_eq!(report.rows.last().unwrap().calls_arrived, Some(1));
    assert_eq!(
        report.context.cautions,
        [
            "callers were erased, last on 2026-03-02T12:00:00+04:00; their calls, 1 of whatever time, are counted as \
             nobody's"
        ]
    );
}

#[test]
fn an_empty_period_has_no_rows() {
    let empty = Query {
        end: query().start,
        ..query()
    };
    let report = day().reports(hotline()).queues(&empty).unwrap();
    assert_eq!(report.rows, []);
    assert_eq!(report.context.zone, "Europe/Samara");
    assert_eq!(report.context.start_local, "2026-03-02T00:00:00+04:00");
}

#[test]
fn each_queue_has_its_own_threshold_and_all_sums_their_counts() {
    let ten = samara("10:00:00");
    let rows = Selection {
        visits: vec![
            visit("jobs", ten, Exit::Answered, 20),
            visit("jobs", ten, Exit::Answered, 21),
            visit("benefits", ten, Exit::Answered, 21),
            visit("benefits", ten, Exit::AbandonedWaiting, 8),
        ],
        ..Selection::default()
    };
    let mut options = hotline();
    let own = QueueTarget {
        service_level: seconds(30),
        short_abandon: seconds(8),
    };
    options
        .targets
        .queues
        .insert(QueueId::new("benefits"), own.into());
    let reports = Memory::of(rows).reports(options);
    let figures = |query: &Query| {
        let report = reports.queues(query).unwrap();
        let row = |row: &QueueRow| {
            (
                row.threshold.map(|t| t.as_secs()),
                row.counts.answered_within,
                row.counts.abandoned_short,
                row.service_level.strict,
            )
        };
        report.rows.iter().map(row).collect::<Vec<_>>()
    };
    // benefits: 1 of 2 within 30 s, one short; jobs: 1 of 2 within 20 s; all: 2 of 4.
    let expected = [
        (Some(30), 1, 1, Some(0.5)),
        (Some(20), 1, 0, Some(0.5)),
        (None, 2, 1, Some(0.5)),
    ];
    assert_eq!(figures(&query()), expected);
    let asked = Query {
        service_level: Some(seconds(25)),
        short_abandon: Some(seconds(5)),
        ..query()
    };
    // jobs: both within 25 s; benefits: one within, none short any more.
    let expected = [
        (Some(25), 1, 0, Some(0.5)),
        (Some(25), 2, 0, Some(1.0)),
        (Some(25), 3, 0, Some(0.75)),
    ];
    assert_eq!(figures(&asked), expected);
}

#[test]
fn a_wait_that_is_none_is_counted_by_its_cause() {
    let ten = samara("10:00:00");
    let answered_at = |time| VisitRow {
        exited_at: Some(samara(time)),
        wait: None,
        ..visit("jobs", ten, Exit::Answered, 0)
    };
    // One a microsecond before it began: the clock stepped back. Two nobody knows when: the answers were lost.
    let backwards = VisitRow {
        exited_at: Some(ten.minus(Duration::from_micros(1))),
        ..answered_at("10:00:00")
    };
    let rows = Selection {
        visits: vec![
            backwards,
            answered_at("10:00:00"),
            answered_at("10:00:30"),
            visit("jobs", ten, Exit::Answered, 10),
        ],
        ..Selection::default()
    };
    let report = Memory::of(rows)
        .reports(hotline())
        .queues(&query())
        .unwrap();
    let row = &report.rows[0];
    assert_eq!(
        (
            row.counts.answered,
            row.counts.answered_within,
            row.negative_spans,
            row.waits_unknown
        ),
        (4, 1, 1, 2)
    );
    assert_eq!(
        (row.wait_answered.count, row.wait_answered.mean),
        (1, Some(seconds(10)))
    );
}

#[test]
fn who_waits_is_decided_when_the_time_known_is_past_the_threshold() {
    // In jobs somebody waits since 11:00:00; T is 20 s. The four others have ended.
    for (watermark, decided) in [
        (None, 4),
        (Some(samara("11:00:19")), 4),
        (Some(samara("11:00:20")), 5),
    ] {
        let report = day()
            .reports_at(hotline(), watermark)
            .queues(&query())
            .unwrap();
        let all = report.rows.last().unwrap();
        assert_eq!(
            (all.waiting, all.counts.decided),
            (1, decided),
            "{watermark:?}"
        );
    }
}

#[test]
fn waits_over_a_threshold_are_shares_of_the_ended() {
    let report = day().reports(hotline()).queues(&query()).unwrap();
    let all = report.rows.last().unwrap();
    // 3, 5, 40 and 300 s ended; one waits.
    let over = |threshold, count| WaitOver {
        threshold: seconds(threshold),
        count,
        share: Some(count as f64 / 4.0),
    };
    assert_eq!(all.wait_over, [over(60, 1), over(180, 1)]);
    assert_eq!(all.wait_all.max, Some(seconds(300)));
    assert_eq!(all.abandon_rate, Some(2.0 / 4.0));
}

#[test]
fn talk_is_of_the_cohort() {
    let talked = |time, talk| VisitRow {
        talk: Some(seconds(talk)),
        ..visit("jobs", samara(time), Exit::Answered, 1)
    };
    let rows = Selection {
        visits: vec![
            talked("10:59:00", 600),
            talked("11:01:00", 30),
            waiting("jobs", samara("11:02:00")),
        ],
        ..Selection::default()
    };
    let report = Memory::of(rows)
        .reports(hotline())
        .queues(&hourly())
        .unwrap();
    let talk: Vec<_> = report
        .rows
        .iter()
        .map(|row| row.talk_sum.as_secs())
        .collect();
    assert_eq!(talk, [600, 600, 30, 30]);
}

#[test]
fn a_repeated_hour_is_two_rows() {
    let visits = [
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
        "2026-11-01T01:59:59-05:00",
    ];
    let rows = Selection {
        visits: visits
            .map(|time| visit("jobs", at(time), Exit::Answered, 1))
            .to_vec(),
        ..Selection::default()
    };
    let mut options = hotline();
    options.zone = Zone::find("America/New_York").unwrap();
    let asked = Query {
        start: Some(at("2026-11-01T00:00:00-04:00")),
        end: Some(at("2026-11-02T00:00:00-05:00")),
        queues: vec!["jobs".into()],
        bucket: Bucket::Hour,
        ..Query::default()
    };
    let report = Memory::of(rows).reports(options).queues(&asked).unwrap();
    let rows = report.rows.iter().filter(|row| row.queue == "jobs");
    let rows: Vec<_> = rows
        .map(|row| (row.bucket_start.as_str(), row.visits_offered))
        .collect();
    assert_eq!(
        rows,
        [
            ("2026-11-01T01:00:00-04:00", 1),
            ("2026-11-01T01:00:00-05:00", 2)
        ]
    );
}

#[test]
fn the_definitions_used_are_named_with_their_thresholds() {
    let report = day().reports(hotline()).queues(&query()).unwrap();
    let definition = |id| {
        let mut definitions = report.context.definitions.iter();
        definitions
            .find(|definition| definition.id == id)
            .map(|definition| &*definition.sentence)
    };
    let context = &report.context;
    assert_eq!(
        (context.service_level, context.short_abandon),
        (Some(seconds(20)), Some(seconds(5)))
    );
    assert_eq!(definition("T"), Some("T = 20 s"));
    assert_eq!(definition("s"), Some("s = 5 s"));
    assert!(definition("strict").is_some_and(|sentence| sentence.contains("within T")));
    assert_eq!(report.context.stored.0, 42);
    assert_eq!(report.context.sources.len(), 1);
}

#[test]
fn who_waits_is_decided_by_the_time_of_the_own_source() {
    let [entered, later] = ["10:00:00", "10:05:00"].map(samara);
    let rows = || {
        Memory::of(Selection {
            visits: vec![waiting("jobs", entered)],
            ..Selection::default()
        })
    };
    let decided = |asked: Asked| {
        let report = asked.queues(&query()).unwrap();
        report.rows.last().unwrap().counts.decided
    };
    assert_eq!(decided(rows().reports_at(hotline(), Some(later))), 1);
    let beside = |own, silent| rows().reports_beside_a_silent_source(hotline(), own, silent);
    assert_eq!(decided(beside(later, samara("08:00:00"))), 1);
    // The caller's own source is behind: nobody knows whether he still waits.
    assert_eq!(decided(beside(entered, later)), 0);
}
