//! What the queue report says of calls, through both lenses and on both bases.

use super::*;
use crate::calls::tests::settled;
use crate::kpi::JourneyCounts;
use crate::model::{CallRow, Exit, Outcome, QueueId, Timestamp};
use crate::reports::fixture::{Memory, call, hotline, query, samara, seconds, visit};
use crate::reports::{Bucket, Query};
use crate::store::Told;

/// Memory of calls told in words, the seconds of which count from `start`.
fn told(start: Timestamp, stories: &[&str]) -> Memory {
    let ids: Vec<_> = (0..stories.len())
        .map(|number| number.to_string())
        .collect();
    let calls = ids.iter().zip(stories);
    let calls = calls.map(|(id, story)| (id.as_str(), settled(start, story)));
    Memory::of_records(calls.collect(), Told::default())
}

/// One call of every outcome, and some more.
fn every_outcome() -> Memory {
    told(
        samara("10:00:00"),
        &[
            // Jobs overflows to help: served, 45 s from the first queue to Ann, 15 s on hold.
            "arrive 0; enter jobs 5; left jobs timeout 35; enter help 40; ring ann 41; answer ann help 50; hold ann 60; unhold ann 75; release ann caller 100; end caller 100",
            // Bob misses 10 s of ringing, answers after 15 s, and talks 6 s.
            "arrive 10; enter jobs 10; ring bob 11; miss bob no_answer 21; ring bob 22; answer bob jobs 25; release bob caller 31; end caller 31",
            "arrive 20; enter jobs 20; end caller 28",
            "arrive 30; enter help 30; left help timeout 90; end pbx 95",
            "arrive 40; enter jobs 40; left jobs callback 50; end caller 50",
            "arrive 50; refuse busy 50; end pbx 51",
            "arrive 60; refuse closed jobs 60; end pbx 61",
            "arrive 70; end caller 75",
            "arrive 80; answer ann 83; release ann caller 99; end caller 99",
            // Ann passes on to help, where the caller gives up after 40 s.
            "arrive 100; enter jobs 100; answer ann jobs 104; begin ann blind queue help 150; done ann 150; release ann agent 150; enter help 150; end caller 190",
            "arrive 200; enter help 200; left help timeout 230; message 240; end caller 250",
            "arrive 300; tag self_served 310; end caller 320",
            "arrive 310; refuse diverted 311; end pbx 312",
            "arrive 320; enter jobs 320",
            "arrive 330; tag test 330; enter jobs 331; end caller 400",
        ],
    )
}

fn rows(memory: Memory, query: &Query) -> Vec<QueueRow> {
    memory.reports(hotline()).queues(query).unwrap().rows
}

fn of<'a>(rows: &'a [QueueRow], queue: &str) -> &'a QueueRow {
    rows.iter().rfind(|row| row.queue == queue).unwrap()
}

#[test]
fn every_call_ends_in_one_way() {
    let rows = rows(every_outcome(), &query());
    let all = of(&rows, "ALL");
    let outcomes: Vec<_> = Outcome::ALL
        .iter()
        .map(|outcome| (outcome.as_str(), all.calls.outcomes.of(*outcome)))
        .collect();
    let expected = [
        ("served", 3),
        ("self_served", 1),
        ("left_before_queue", 1),
        ("abandoned", 1),
        ("dismissed", 1),
        ("callback_promised", 1),
        ("message_left", 1),
        ("refused", 2),
        ("diverted", 1),
        ("direct", 1),
        ("unknown", 1),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!((all.calls_arrived, all.calls.open), (Some(14), 0));
    for row in &rows {
        assert_eq!(
            (row.conservation_residual, row.calls.outcome_residual),
            (0, 0),
            "{}",
            row.queue
        );
    }
    // Eight calls were queued; busy, closed and diverted were refused.
    assert_eq!((all.calls_offered, all.calls_refused), (8, 3));
    assert_eq!((all.calls.demand, all.calls.refused_closed), (11, 1));
    assert_eq!(all.calls.refused_rate, Some(3.0 / 11.0));
}

#[test]
fn a_call_is_judged_by_its_first_queue() {
    let rows = rows(every_outcome(), &query());
    let [jobs, help, all] = ["jobs", "help", "ALL"].map(|queue| of(&rows, queue));
    let counts = |row: &QueueRow| {
        let JourneyCounts {
            answered_within,
            decided,
            refused,
        } = row.calls.journeys;
        (answered_within, decided, refused)
    };
    // Jobs: 45, 15 and 4 s until an answer; abandoned, called back and lost sight of: six.
    assert_eq!(counts(jobs), (2, 6, 1));
    assert_eq!(counts(help), (0, 2, 0));
    assert_eq!(counts(all), (2, 8, 3));
    assert_eq!(jobs.service_level.journey, Some(2.0 / 6.0));
    assert_eq!(jobs.service_level.access, Some(2.0 / 7.0));
    assert_eq!(all.service_level.access, Some(2.0 / 11.0));
    // Within 20 s of jobs' visits left: two by answer, one by giving up, one to be called back; of six.
    assert_eq!(jobs.service_level.amazon, Some(4.0 / 6.0));
    assert_eq!(jobs.service_level.strict, Some(2.0 / 6.0));

    let waits = |summary: &WaitSummary| (summary.count, summary.sum.as_secs());
    // 45 + 15 + 4; until the end 8, 10 and 0.
    assert_eq!(waits(&jobs.calls.journey_wait), (3, 64));
    assert_eq!(waits(&jobs.calls.journey_wait_censored), (3, 18));
    // 65 and 50 s until the call's end, though the queue's time was up earlier.
    assert_eq!(waits(&help.calls.journey_wait_censored), (2, 115));
    // 30 + 10, 15, 8, 10, 4 and 0 s in queues before any human.
    assert_eq!(jobs.calls.queue_wait_sum, seconds(77));
    // From arrival: 50, 15 and 4 s; 3 s without a queue.
    assert_eq!(waits(&jobs.calls.time_to_human), (3, 69));
    assert_eq!(waits(&all.calls.time_to_human), (4, 72));
    // 40 + 15 of hold, 15, 8, 10, 4 + 40 after the transfer, 0.
    assert_eq!(waits(&jobs.calls.caller_burden), (6, 132));
    // The two lost of eight: one of jobs' six, one of help's two.
    assert_eq!(
        (jobs.calls.lost, jobs.calls.lost_rate),
        (1, Some(1.0 / 6.0))
    );
    assert_eq!((help.calls.lost, help.calls.lost_rate), (1, Some(0.5)));
    assert_eq!((all.calls.lost, all.calls.lost_rate), (2, Some(0.25)));
    let interval = all.calls.lost_rate_interval;
    assert_eq!(interval, kpi::wilson(kpi::Part { count: 2, of: 8 }));
}

#[test]
fn visits_tell_what_rang_in_vain_and_what_came_after() {
    let rows = rows(every_outcome(), &query());
    let [jobs, help] = ["jobs", "help"].map(|queue| of(&rows, queue));
    assert_eq!(jobs.missed_offer_time, seconds(10));
    assert_eq!(help.missed_offer_time, seconds(0));
    assert_eq!(jobs.abandoned_after_transfer, Some(0));
    assert_eq!(help.abandoned_after_transfer, Some(1));
    // Bob's 6 s; 35, 46 s of the others are not short. With x = 40 s Ann's 35 s in help is.
    assert_eq!((jobs.answered_short, help.answered_short), (1, 0));
    let asked = Query {
        short_answered: Some(seconds(40)),
        ..query()
    };
    let report = every_outcome().reports(hotline()).queues(&asked).unwrap();
    assert_eq!(of(&report.rows, "help").answered_short, 1);
    let mut definitions = report.context.definitions.iter();
    let x = definitions.find(|definition| definition.id == "x");
    assert_eq!(x.map(|x| &*x.sentence), Some("x = 40 s"));
}

#[test]
fn through_the_lens_of_journeys_a_call_is_one_visit() {
    let asked = Query {
        lens: Lens::Journey,
        ..query()
    };
    let rows = rows(every_outcome(), &asked);
    let [jobs, help] = ["jobs", "help"].map(|queue| of(&rows, queue));
    assert_eq!((jobs.visits_offered, help.visits_offered), (6, 2));
    assert_eq!((jobs.counts.answered, jobs.counts.abandoned), (3, 1));
    let exits = [Exit::Timeout, Exit::Callback, Exit::Error].map(|exit| jobs.exits.of(exit));
    // The overflow to help is hidden in the wait, not in the exits.
    assert_eq!(exits, [0, 1, 1]);
    assert_eq!(help.exits.of(Exit::Timeout), 2);
    let wait = &jobs.wait_answered;
    assert_eq!((wait.sum, wait.max), (seconds(64), Some(seconds(45))));
    for row in &rows {
        assert_eq!(row.service_level.strict, row.service_level.journey);
        assert_eq!(row.conservation_residual, 0);
        assert_eq!(row.abandoned_after_transfer, None);
    }
    let filtered = Query {
        queues: vec!["help".into()],
        ..asked
    };
    let report = every_outcome().reports(hotline()).queues(&filtered);
    let report = report.unwrap();
    assert_eq!(of(&report.rows, "ALL").visits_offered, 2);
    assert_eq!(
        report.context.counting,
        Some((Lens::Journey, Basis::Cohort))
    );
    assert_eq!(report.context.cautions, [""; 0]);
}

/// One call enters jobs at 10:59:50 and is answered at 11:00:15; one gives up at 10:59:58; one waits from 10:30 to
/// 11:10; one is lost at 11:30.
fn around_eleven() -> Memory {
    told(
        samara("10:00:00"),
        &[
            "arrive 3585; enter jobs 3590; answer ann jobs 3615; release ann caller 3700; end caller 3700",
            "arrive 3590; enter jobs 3590; end caller 3598",
            "arrive 1800; enter jobs 1800; answer bob jobs 4200; release bob caller 4300; end caller 4300",
            "arrive 5400; enter jobs 5400; end caller 5430",
        ],
    )
}

#[test]
fn on_the_event_basis_each_thing_is_where_it_happened() {
    let asked = Query {
        bucket: Bucket::Hour,
        queues: vec!["jobs".into()],
        basis: Basis::Event,
        ..query()
    };
    let figures = |query: &Query| {
        let rows = rows(around_eleven(), query);
        let rows = rows.iter().filter(|row| row.queue == "jobs");
        let figures = rows.map(|row| {
            let counts = &row.counts;
            let calls = &row.calls;
            assert_eq!((row.conservation_residual, calls.outcome_residual), (0, 0));
            (
                row.bucket_start[11..13].to_owned(),
                [
                    row.visits_offered,
                    counts.decided,
                    counts.answered,
                    counts.abandoned,
                ],
                [
                    row.calls_offered,
                    calls.journeys.decided,
                    calls.journey_wait.count,
                    calls.lost,
                ],
            )
        });
        figures.collect::<Vec<_>>()
    };
    // Offered at 10:30, 10:59:50 twice, 11:30. Decided: at 10:30:20, at 11:00:10, by giving up at 10:59:58, and at
    // 11:30:20, ten seconds before giving up.
    let ten = ("10".to_owned(), [3, 2, 0, 1], [3, 2, 0, 1]);
    let eleven = ("11".to_owned(), [1, 2, 2, 1], [1, 2, 2, 1]);
    assert_eq!(figures(&asked), [ten, eleven.clone()]);
    // What began before the period ends in it.
    let from_eleven = Query {
        start: Some(samara("11:00:00")),
        ..asked.clone()
    };
    assert_eq!(figures(&from_eleven), [eleven]);
    let cohort = Query {
        basis: Basis::Cohort,
        ..from_eleven
    };
    assert_eq!(
        figures(&cohort),
        [("11".to_owned(), [1, 1, 0, 1], [1, 1, 0, 1])]
    );
}

#[test]
fn shares_on_the_event_basis_are_of_what_ended_there() {
    let asked = Query {
        start: Some(samara("11:00:00")),
        basis: Basis::Event,
        ..query()
    };
    let report = around_eleven().reports(hotline()).queues(&asked).unwrap();
    let jobs = of(&report.rows, "jobs");
    // Two answered, one gave up; three calls ended after eleven, one of them lost.
    assert_eq!(jobs.abandon_rate, Some(1.0 / 3.0));
    assert_eq!(
        (jobs.calls.lost, jobs.calls.lost_rate),
        (1, Some(1.0 / 3.0))
    );
    // Only the call that arrived in the period stands behind the figures.
    assert_eq!(report.context.calls.unwrap().calls, 1);
    assert_eq!(report.context.counting, Some((Lens::Visit, Basis::Event)));
}

#[test]
fn reports_that_know_no_lens_say_so() {
    let asked = Query {
        lens: Lens::Journey,
        basis: Basis::Event,
        ..query()
    };
    let report = around_eleven()
        .reports(hotline())
        .transfers(&asked)
        .unwrap();
    assert_eq!(report.context.counting, None);
    assert_eq!(
        report.context.cautions,
        [
            "this report has no lens: journey has no effect",
            "this report has one basis: event has no effect"
        ]
    );
    assert_eq!(report.context.calls.unwrap().calls, 4);
}

/// kpi.md's worked example: A 1000, Aw 860, B 60, Bw 20, Bs 10; each visit is a call of its own.
#[test]
fn the_worked_example() {
    let ten = samara("10:00:00");
    let mut rows = Selection::default();
    for (count, exit, wait) in [
        (860, Exit::Answered, 20),
        (140, Exit::Answered, 21),
        (10, Exit::AbandonedWaiting, 5),
        (10, Exit::AbandonedWaiting, 6),
        (40, Exit::AbandonedWaiting, 21),
    ] {
        let answered = exit == Exit::Answered;
        let left = ten.plus(seconds(wait));
        let call = CallRow {
            visits: 1,
            first_queue: Some(QueueId::new("jobs")),
            answered,
            outcome: Some(if answered {
                Outcome::Served
            } else {
                Outcome::Abandoned
            }),
            first_entered_at: Some(ten),
            first_answered_at: answered.then_some(left),
            last_exit: Some(exit),
            ended_at: Some(left),
            ..call(ten)
        };
        for _ in 0..count {
            rows.visits.push(visit("jobs", ten, exit, wait));
            rows.calls.push(call.clone());
        }
    }
    for lens in Lens::ALL {
        let asked = Query { lens, ..query() };
        let report = Memory::of(rows.clone()).reports(hotline()).queues(&asked);
        let report = report.unwrap();
        let row = of(&report.rows, "jobs");
        let level = &row.service_level;
        for (share, percent) in [
            (level.strict, "81.1"),
            (level.short, "81.9"),
            (level.ignore_abandoned, "82.7"),
            (level.abandoned_met, "83.0"),
            (level.answered_only, "86.0"),
            (level.amazon, "83.0"),
            (level.journey, "81.1"),
            (level.access, "81.1"),
            (row.abandon_rate, "5.7"),
            (row.calls.lost_rate, "5.7"),
        ] {
            assert_eq!(format!("{:.1}", share.unwrap() * 100.0), percent);
        }
        let part = kpi::Part {
            count: 860,
            of: 1060,
        };
        assert_eq!(row.strict_interval, kpi::wilson(part));
    }
}
