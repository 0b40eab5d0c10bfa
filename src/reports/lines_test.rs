//! The line report of an hour whose calls and channels are told in words.

use super::*;
use crate::calls::tests::settled;
use crate::model::SourceId;
use crate::reports::fixture::{Memory, hotline, query, samara, seconds};
use crate::reports::{Bucket, Query};
use crate::store::Told;

fn channels(time: &str, busy: u32) -> LineTold {
    LineTold {
        source: SourceId::new("pbx"),
        at: samara(time),
        told: LineEvent {
            line: LineId::new("8800"),
            busy,
            total: 2,
        },
    }
}

fn hour() -> Query {
    Query {
        start: Some(samara("10:00:00")),
        end: Some(samara("11:00:00")),
        ..query()
    }
}

/// Two calls of half an hour each, one refused as busy, one as closed; two channels.
fn stored() -> Memory {
    let calls = [
        "arrive 0; enter jobs 5; answer ann jobs 10; release ann caller 1800; end caller 1800",
        "arrive 600; enter jobs 600; answer bob jobs 610; release bob caller 2400; end caller 2400",
        "arrive 700; refuse busy 700; end pbx 700",
        "arrive 800; refuse closed 800; end pbx 800",
        "arrive 900; tag test 900; refuse busy 900; end pbx 900",
    ];
    let names = ["1", "2", "3", "4", "5"];
    let calls = names.into_iter().zip(calls).map(|(name, story)| {
        let mut record = settled(samara("10:00:00"), story);
        record.line = Some(LineId::new("8800"));
        (name, record)
    });
    let lines = vec![
        channels("09:50:00", 0),
        channels("10:00:00", 1),
        channels("10:10:00", 2),
        channels("10:30:00", 1),
        channels("10:40:00", 0),
    ];
    Memory::of_records(
        calls.collect(),
        Told {
            lines,
            ..Told::default()
        },
    )
}

#[test]
fn refused_demand_and_busy_channels_are_side_by_side() {
    let known_until = Some(samara("11:00:00"));
    let report = stored()
        .reports_at(hotline(), known_until)
        .lines(&hour())
        .unwrap();
    let [row] = report.rows.as_slice() else {
        panic!("one line: {:?}", report.rows)
    };
    assert_eq!((row.line.as_str(), row.calls_arrived), ("8800", 4));
    assert_eq!(row.refused(RefusalReason::Busy), 1);
    assert_eq!(row.refused(RefusalReason::Closed), 1);
    assert_eq!(
        (row.observed, row.all_busy),
        (seconds(3_600), seconds(1_200))
    );
    // (10 min × 1 + 20 min × 2 + 10 min × 1) ÷ 60 min = 1.
    assert_eq!(
        (row.busy_mean, row.busy_max, row.channels),
        (Some(1.0), Some(2), Some(2))
    );
    assert_eq!(row.blocked, Some(0.25));
    // Load 3600 s ÷ 3600 s × 4 ÷ 3 = 4/3; B₁ = 4/7, B₂ = (16/21) ÷ (2 + 16/21) = 8/29.
    assert!((row.erlang_b.unwrap() - 8.0 / 29.0).abs() < 1e-12);
}

#[test]
fn an_interval_has_its_own_time_and_calls() {
    let halves = Query {
        bucket: Bucket::Minutes30,
        ..hour()
    };
    let report = stored().reports(hotline()).lines(&halves).unwrap();
    let brief = report
        .rows
        .iter()
        .map(|row| (row.calls_arrived, row.all_busy, row.busy_max));
    assert_eq!(
        brief.collect::<Vec<_>>(),
        [(4, seconds(1_200), Some(2)), (0, seconds(0), Some(1))]
    );
}

#[test]
fn without_told_channels_nothing_is_guessed() {
    let calls = vec![("1", settled(samara("10:00:00"), "arrive 0; end caller 60"))];
    let stored = Memory::of_records(calls, Told::default());
    let report = stored.reports(hotline()).lines(&hour()).unwrap();
    let row = &report.rows[0];
    assert_eq!((row.line.as_str(), row.calls_arrived), ("", 1));
    assert_eq!(
        (row.busy_mean, row.busy_max, row.channels, row.erlang_b),
        (None, None, None, None)
    );
    assert_eq!(row.blocked, Some(0.0));
}

#[test]
fn the_time_of_busy_channels_stands_beside_the_refused() {
    let reports = stored().reports_at(hotline(), Some(samara("11:00:00")));
    let rows = reports.queues(&hour()).unwrap().rows;
    let all = rows.last().unwrap();
    assert_eq!((all.calls_refused, all.all_busy), (2, Some(seconds(1_200))));
    assert!(
        rows[..rows.len() - 1]
            .iter()
            .all(|row| row.all_busy.is_none())
    );
    let of_jobs = Query {
        queues: vec!["jobs".into()],
        ..hour()
    };
    let rows = reports.queues(&of_jobs).unwrap().rows;
    assert!(rows.iter().all(|row| row.all_busy.is_none()));
}
