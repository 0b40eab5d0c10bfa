//! Rows in a real file: what is written is read, and what an older dozvon wrote gets what its rows can tell.

use std::time::Duration;

use sqlx::ConnectOptions as _;

use super::*;
use crate::calls::tests::settled;
use crate::database::{Columns as _, Fetch as _};
use crate::model::{
    CallId, CallRow, EpochIndex, Exit, Mode, Position, Settled, SourceId, Timestamp, VisitRow,
};
use crate::store::from_row::{moment, span};
use crate::store::{
    Gather, Part, Period, Rows as _, Selection, SettledCall, Write, add_open, fixture, project,
};

const STORIES: [&str; 4] = [
    "arrive 0; enter jobs 5; left jobs timeout 35; enter help 40; ring ann 41; miss ann busy 44; ring bob 45; answer bob help 50; hold bob 60; unhold bob 75; release bob caller 100; end caller 100",
    "arrive 1; enter jobs 1; answer ann jobs 4; begin ann blind queue help 50; done ann 50; release ann agent 50; enter help 50; end caller 90",
    "arrive 2; answer ann 3; release ann caller 9; end caller 9",
    "arrive 3; refuse closed jobs 3; end pbx 4",
];

/// Of an agent who was called directly, and of the agents to whom the caller was passed on.
const BEHIND_AGENTS: &str = "arrive 4; answer ann 5; begin ann blind queue help 20; done ann 20; release ann 20; enter help 20; answer bob help 30; begin bob blind agent carl 40; done bob 40; release bob 40; answer carl 45; end caller 60";

fn selected(calls: impl Iterator<Item = (CallId, crate::model::CallRecord)>) -> Selection {
    let mut selection = Selection::default();
    let ever = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
    for (id, record) in calls {
        let source = SourceId::new("pbx");
        add_open(&mut selection, source, id, &record, (ever[0], ever[1]));
    }
    // A settled call's rows are those of an open one, and final.
    selection
        .calls
        .iter_mut()
        .for_each(|call| call.provisional = false);
    selection
        .visits
        .iter_mut()
        .for_each(|visit| visit.provisional = false);
    selection
}

#[tokio::test]
async fn what_is_written_is_what_a_record_says() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut writer) = fixture::opened(&folder).await;
    let source = SourceId::new("pbx");
    let stories = STORIES.iter().chain([&BEHIND_AGENTS]).enumerate();
    let records = stories.map(|(number, story)| {
        let id = CallId::new(number.to_string());
        (id, settled(Timestamp::default(), story))
    });
    let records: Vec<_> = records.collect();
    let calls = records.iter().map(|(id, record)| SettledCall {
        source: source.clone(),
        position: Position(1),
        settled: Box::new(Settled {
            call: id.clone(),
            key: id.key(),
            epoch: EpochIndex(1),
            mode: Mode::Backfill,
            record: record.clone(),
            told: Vec::new(),
        }),
    });
    let write = Write {
        position: Position(1),
        settled: calls.collect(),
        sources: vec![fixture::source(source)],
        ..Write::default()
    };
    writer.write(&write).await.unwrap();

    let period = (Timestamp::default(), Timestamp::from_micros(i64::MAX));
    let read = rows_of(&store, period).await;
    let expected = selected(records.into_iter());
    let unnumbered = |calls: &[CallRow]| -> Vec<CallRow> {
        let calls = calls.iter().cloned();
        calls.map(|call| CallRow { row: 0, ..call }).collect()
    };
    assert_eq!(unnumbered(&read.calls), unnumbered(&expected.calls));
    // Each transfer has the number of its call, and is of the same queue as the call.
    for transfer in &read.transfers {
        let call = read.calls.iter().find(|call| call.row == transfer.call_row);
        let call = call.unwrap();
        assert_eq!(call.arrived_at, transfer.call_arrived_at);
        assert_eq!(call.first_answer_queue, transfer.first_answer_queue);
    }
    assert_eq!(read.transfers.len(), 3);
    let in_order = |mut visits: Vec<VisitRow>| {
        visits.sort_by_key(|visit| visit.entered_at);
        visits
    };
    assert_eq!(in_order(read.visits.clone()), in_order(expected.visits));
    // The stories have something of everything to lose.
    let sum = |of: fn(&CallRow) -> Duration| read.calls.iter().map(of).sum::<Duration>();
    assert!(sum(|call| call.hold) > Duration::ZERO);
    assert!(sum(|call| call.missed_offer_time) > Duration::ZERO);
    assert!(read.visits.iter().any(|visit| visit.after_transfer));
}

/// All rows of a period in one.
async fn rows_of(store: &Store, period: Period) -> Selection {
    let (parts, mut received) = tokio::sync::mpsc::channel(9);
    let asked = Gather {
        period,
        starts: Vec::new(),
        by_rows: Vec::new(),
        rollups: None,
    };
    store.gather(&asked, parts).await.unwrap();
    let mut all = Selection::default();
    while let Some(part) = received.recv().await {
        if let Part::Rows(rows) = part {
            all.calls.extend(rows.calls);
            all.visits.extend(rows.visits);
            all.transfers.extend(rows.transfers);
        }
    }
    all
}

#[tokio::test]
async fn older_rows_get_what_visits_and_transfers_can_tell() {
    let options = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true);
    let mut connection = options.connect().await.unwrap();
    let (older, later) = MIGRATIONS.split_at(2);
    for (_, sql) in older {
        sqlx::raw_sql(*sql).execute(&mut connection).await.unwrap();
    }
    let records = STORIES.map(|story| settled(Timestamp::default(), story));
    for (number, record) in records.iter().enumerate() {
        let sql =
            "insert into calls (call_row, source_id, call_id, epoch_id, mode, settled_position,
            arrived_at, ended_by, outcome, direction, test, visits, answered, transfers,
            failed_transfers, reroutes, requeued, consult_only, transfer_wait, marks, told)
            values (?, 1, ?, 1, 1, 1, 0, 1, 1, 1, 0, ?, 1, 1, x'', 0, 0, 0, 0, 0, x'')";
        let insert = sqlx::query(sql)
            .bind(number as i64)
            .bind(number.to_string());
        let insert = insert.bind(record.visits.len() as i64);
        insert.execute(&mut connection).await.unwrap();
        for (index, visit) in record.visits.iter().enumerate() {
            let sql = "insert into visits values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)";
            let insert = sqlx::query(sql).bind(number as i64).bind(index as i64);
            let insert = insert
                .bind(visit.queue.as_str().to_owned())
                .bind(visit.entered_at.as_micros())
                .bind(visit.exit.unwrap().code())
                .bind(visit.exited_at.unwrap().as_micros())
                .bind(visit.wait.map(|wait| wait.as_micros() as i64))
                .bind(visit.talk.map(|talk| talk.as_micros() as i64))
                .bind(visit.after_human);
            insert.execute(&mut connection).await.unwrap();
        }
        for (index, transfer) in record.transfers.iter().enumerate() {
            let sql = "insert into transfers values (?, ?, 0, null, ?, 1, 1, '', '', null, 1, 1, 1, ?, 0)";
            let insert = sqlx::query(sql).bind(number as i64).bind(index as i64);
            let insert = insert.bind(transfer.at.as_micros());
            let insert = insert.bind(transfer.wait.as_micros() as i64);
            insert.execute(&mut connection).await.unwrap();
        }
    }
    for (_, sql) in later {
        sqlx::raw_sql(*sql).execute(&mut connection).await.unwrap();
    }

    let sql = "select first_entered_at, first_answered_at, last_exit, queue_wait, talk from calls";
    let rows = connection.fetch(sql, &[]).await.unwrap();
    for (number, (row, record)) in rows.iter().zip(&records).enumerate() {
        let told = (
            moment(row, 0),
            moment(row, 1),
            row.maybe_int(2)
                .and_then(|code| Exit::from_code(code as u8)),
            (span(row, 3), span(row, 4)),
        );
        // Rows do not hold when a call without a queue was answered, nor its talk.
        let queued = !record.visits.is_empty();
        let answered = project::first_answered_at(record).filter(|_| queued);
        let talk = Some(project::talk(record)).filter(|_| queued);
        let expected = (
            project::first_entered_at(record),
            answered,
            project::last_exit(record),
            (
                Some(project::queue_wait(record)),
                talk.or(Some(Duration::ZERO)),
            ),
        );
        assert_eq!(told, expected, "call {number}");
    }
    let sql = "select after_transfer from visits order by call_row, visit";
    let rows = connection.fetch(sql, &[]).await.unwrap();
    let after: Vec<bool> = rows.iter().map(|row| row.flag(0)).collect();
    assert_eq!(after, [false, false, false, true]);
    // Said to be a return; its wait, and the talk of the visit it led to.
    let sql = "select returns, spent from calls join transfers using (call_row)";
    let rows = connection.fetch(sql, &[]).await.unwrap();
    let passed = |record: &&crate::model::CallRecord| !record.transfers.is_empty();
    let passed: Vec<_> = records.iter().filter(passed).collect();
    assert_eq!((rows.len(), passed.len()), (1, 1));
    assert_eq!(rows[0].int(0), 1);
    assert_eq!(span(&rows[0], 1), Some(project::spent(passed[0], 0)));
}
