//! A real file, in which a byte of some row is another.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::super::commit::{Body, Commit};
use super::super::database::Database;
use super::super::{Entry, EntryKind};
use super::*;
use crate::model::{CodecError, EpochIndex, Mode, SourceId, Timestamp};

/// Rows of the file: more than are read at a time.
const ROWS: u64 = 200;

/// A journal whose rows hold two signs of life each.
async fn journal(path: &Path) -> Database {
    let mut database = Database::open(path).await.unwrap();
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let entry = Entry {
        source: SourceId::new("pbx"),
        epoch: EpochIndex(0),
        mode: Mode::Live,
        sent_at: at,
        received_at: at,
        kind: EntryKind::Heartbeat,
    };
    let bytes = record::encode(&[entry.clone(), entry]);
    for row in 0..ROWS {
        let body = Body {
            first: Position(row * 2 + 1),
            last: Position(row * 2 + 2),
            bytes: bytes.clone(),
        };
        let commit = Commit {
            body: Some(&body),
            committed_at: at,
            marks: Vec::new(),
            gaps: Vec::new(),
            rejected: &BTreeMap::new(),
        };
        database.commit(&commit).await.unwrap();
    }
    database
}

/// Changes the bytes of the row that begins at a position, behind the journal's back.
async fn change(path: &Path, first: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let body = sqlx::query_scalar("select body from journal where first_position = ?");
    let mut body: Vec<u8> = body
        .bind(first as i64)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    change(&mut body);
    let update = sqlx::query("update journal set body = ? where first_position = ?");
    let update = update.bind(body).bind(first as i64);
    update.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Looks over everything up to a position.
async fn look(database: &Database, until: u64) -> (Look, Vec<Damage>) {
    let mut look = Look::until(Position(until));
    let mut damages = Vec::new();
    while !look.is_done() {
        damages.extend(look.read_on(&database.reader()).await.unwrap());
    }
    (look, damages)
}

#[tokio::test]
async fn a_byte_that_changed_is_found_and_named_by_its_positions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let database = journal(&path).await;
    let (whole, damages) = look(&database, ROWS * 2).await;
    assert_eq!((whole.rows, whole.damaged, damages.len()), (ROWS, 0, 0));

    change(&path, 151, |body| body[9] ^= 1).await;
    let damage = Damage {
        first: Position(151),
        last: Position(152),
        why: RecordError::Checksum,
    };
    let (found, damages) = look(&database, ROWS * 2).await;
    assert_eq!((found.rows, found.damaged), (ROWS, 1));
    assert_eq!(damages, [damage]);
}

#[tokio::test]
async fn bytes_that_fit_their_checksum_must_be_a_row_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let database = journal(&path).await;
    // Behind magic, version and count stands the tag of the first entry.
    change(&path, 1, |body| {
        body[4] = 99;
        let sum = body.len() - 4;
        let checksum = crc32c::crc32c(&body[..sum]);
        body[sum..].copy_from_slice(&checksum.to_le_bytes());
    })
    .await;
    let (_, damages) = look(&database, ROWS * 2).await;
    assert_eq!(damages.len(), 1);
    assert_eq!(damages[0].why, RecordError::Malformed(CodecError::Code(99)));
}

#[tokio::test]
async fn only_what_the_store_holds_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let database = journal(&path).await;
    change(&path, 141, |body| body[9] ^= 1).await;
    let (before, damages) = look(&database, 140).await;
    assert_eq!((before.rows, damages.len()), (70, 0));
    let (with, damages) = look(&database, 142).await;
    assert_eq!((with.rows, damages.len()), (71, 1));
    let (none, _) = look(&database, 0).await;
    assert_eq!(none.rows, 0);
}

#[tokio::test]
async fn of_a_ruined_file_some_rows_are_named_and_all_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let database = journal(&path).await;
    for row in 0..NAMED_MAX + 5 {
        change(&path, row * 2 + 1, |body| body.truncate(3)).await;
    }
    let (ruined, damages) = look(&database, ROWS * 2).await;
    assert_eq!(ruined.damaged, NAMED_MAX + 5);
    assert_eq!(damages.len() as u64, NAMED_MAX);
}
