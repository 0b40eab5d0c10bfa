//! The comparison: the same SQLite, through the same library, without anything of ours around it.

use std::{path::Path, time::Duration};

use dozvon::database::sqlite as database;
use sqlx::{
    Row as _,
    sqlite::{SqliteConnection, SqliteSynchronous},
};

use super::machine::now;

/// Bytes after which the write-ahead log is brought into the file, as the journal does when it is busy.
const CHECKPOINT_BYTES: usize = 64 * 1024 * 1024;

/// A rate of the plain database.
#[derive(Default)]
pub(crate) struct Rate {
    pub(crate) events: u64,
    pub(crate) took: Duration,
}

impl Rate {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

/// From the first commit of a journal to its last, and the events in it, under the data folder of a dozvon that has stopped.
pub(crate) async fn journaled(data: &Path) -> Result<Rate, sqlx::Error> {
    let mut connection = open(&data.join("journal.db"), "select 1").await;
    let sql = "select max(last_position), max(committed_at) - min(committed_at) from journal";
    let row = sqlx::query(sql).fetch_one(&mut connection).await?;
    Ok(Rate {
        events: row.get::<i64, _>(0) as u64,
        took: Duration::from_micros(row.get::<i64, _>(1) as u64),
    })
}

/// A journal that was written: events and bytes of each commit.
pub(crate) struct Commits(Vec<(u64, usize)>);

impl Commits {
    /// Reads what a dozvon has committed under a folder; it must have stopped.
    pub(crate) async fn read(folder: &Path) -> Result<Self, sqlx::Error> {
        let path = folder.join("data/journal.db");
        let mut connection = open(&path, "select 1").await;
        let sql = "select last_position - first_position + 1, length(body) from journal";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await?;
        let commit = |row: &sqlx::sqlite::SqliteRow| (row.get::<i64, _>(0) as u64, size(row));
        Ok(Self(rows.iter().map(commit).collect()))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Bytes of one event in the journal, on average.
    pub(crate) fn event_bytes(&self) -> usize {
        let (events, bytes) = self.0.iter().fold((0, 0), |(events, bytes), commit| {
            (events + commit.0, bytes + commit.1)
        });
        bytes / events.max(1) as usize
    }

    /// Writes blobs of the same sizes, one a commit, for at most so long.
    pub(crate) async fn write_again(
        &self,
        folder: &Path,
        at_most: Duration,
    ) -> Result<Rate, sqlx::Error> {
        let table = "create table blobs (position integer primary key, body blob not null)";
        let mut connection = open(&folder.join("blobs.db"), table).await;
        let sql = "begin immediate; insert into blobs (body) values (?); commit";
        let largest = self.0.iter().map(|commit| commit.1).max().unwrap_or(0);
        let body = noise(largest);
        let (mut rate, mut log) = (Rate::default(), 0);
        let began = now();
        for (events, bytes) in &self.0 {
            let query = sqlx::query(sql).bind(body[..*bytes].to_vec());
            query.execute(&mut connection).await?;
            log += bytes;
            if log > CHECKPOINT_BYTES {
                let sql = "pragma wal_checkpoint(passive)";
                sqlx::query(sql).execute(&mut connection).await?;
                log = 0;
            }
            rate.events += events;
            if began.elapsed() > at_most {
                break;
            }
        }
        rate.took = began.elapsed();
        Ok(rate)
    }
}

/// One row an event, one commit a row, for so long.
pub(crate) async fn one_row_a_commit(
    folder: &Path,
    event_bytes: usize,
    at_most: Duration,
) -> Result<Rate, sqlx::Error> {
    let table = "create table events (source integer not null, sequence integer not null, body blob not null,
        primary key (source, sequence)) without rowid";
    let mut connection = open(&folder.join("rows.db"), table).await;
    let body = noise(event_bytes);
    let mut rate = Rate::default();
    let began = now();
    while began.elapsed() < at_most {
        let sql = "insert into events (source, sequence, body) values (1, ?, ?)";
        let query = sqlx::query(sql).bind(rate.events as i64).bind(body.clone());
        query.execute(&mut connection).await?;
        rate.events += 1;
    }
    rate.took = began.elapsed();
    Ok(rate)
}

/// The store that a running dozvon writes under a folder, to look into.
pub(crate) async fn store(folder: &Path) -> SqliteConnection {
    let options = database::options(&folder.join("data/store.db"), SqliteSynchronous::Normal);
    let connected = sqlx::ConnectOptions::connect(&options.read_only(true)).await;
    connected.expect("dozvon has made it")
}

/// Rows of a table of dozvon's store under a folder.
pub(crate) async fn rows_stored(folder: &Path) -> Result<u64, sqlx::Error> {
    let mut connection = open(&folder.join("data/store.db"), "select 1").await;
    let sql = "select (select count(*) from calls) + (select count(*) from visits)
        + (select count(*) from transfers) + (select count(*) from call_keys)";
    let row = sqlx::query(sql).fetch_one(&mut connection).await?;
    Ok(row.get::<i64, _>(0) as u64)
}

/// As the journal opens its own; it checkpoints by itself only when told.
async fn open(path: &Path, sql: &'static str) -> SqliteConnection {
    let options = database::options(path, SqliteSynchronous::Full);
    let options = options.pragma("wal_autocheckpoint", "0");
    let connect = sqlx::ConnectOptions::connect(&options).await;
    let mut connection = connect.expect("the folder can be written");
    let made = sqlx::query(sql).execute(&mut connection).await;
    made.expect("a table can be made");
    connection
}

fn size(row: &sqlx::sqlite::SqliteRow) -> usize {
    row.get::<i64, _>(1) as usize
}

/// Bytes that no compression of the disk makes smaller.
pub(crate) fn noise(bytes: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..bytes).map(|_| next()).collect()
}
