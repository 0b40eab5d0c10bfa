//! The journal in an SQLite file: WAL, `synchronous = FULL`, one connection that writes.

use std::path::Path;

use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{QueryBuilder, Sqlite};

use crate::database::{self, Db, sqlite};
use crate::model::{EpochIndex, EpochName, SourceId};

use super::commit::{Body, Commit};
use super::database::{Database, Error};

const MIGRATIONS: &database::Migrations = &[
    (
        "journal",
        include_str!("../../migrations/sqlite/journal/0001_journal.sql"),
    ),
    (
        "trimmed",
        include_str!("../../migrations/sqlite/journal/0002_trimmed.sql"),
    ),
];

impl Database {
    /// Opens or makes the file, and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is newer than this dozvon, or SQLite is too old.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        // The writer itself checkpoints, in idle moments.
        let options =
            sqlite::options(path, SqliteSynchronous::Full).pragma("wal_autocheckpoint", "0");
        let writer = sqlite::open(path, &options, MIGRATIONS).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self {
            writer: Db::Sqlite(writer),
            readers: Db::Sqlite(readers),
        })
    }
}

/// Writes a commit, in one trip: several statements that end with `commit`.
pub(super) async fn commit(
    writer: &mut SqliteConnection,
    commit: &Commit<'_>,
) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::<Sqlite>::new("begin immediate; ");
    if let Some(Body { first, last, bytes }) = commit.body {
        sql.push(
            "insert into journal (first_position, last_position, committed_at, body) values (",
        );
        sql.push_bind(first.0 as i64)
            .push(", ")
            .push_bind(last.0 as i64)
            .push(", ");
        sql.push_bind(commit.committed_at.as_micros())
            .push(", ")
            .push_bind(bytes.as_slice())
            .push("); ");
    }
    if !commit.marks.is_empty() {
        sql.push("insert into marks (epoch_id, mark, digest, rejected) ");
        sql.push_values(&commit.marks, |mut row, (epoch, numbering)| {
            row.push_bind(epoch.0)
                .push_bind(numbering.mark as i64)
                .push_bind(numbering.digest.0 as i64)
                .push_bind(numbering.rejected as i64);
        });
        sql.push(
            " on conflict (epoch_id) do update set mark = excluded.mark, \
             digest = excluded.digest, rejected = excluded.rejected; ",
        );
    }
    for (epoch, numbering) in &commit.gaps {
        sql.push("delete from gaps where epoch_id = ")
            .push_bind(epoch.0)
            .push("; ");
        if numbering.missing() > 0 {
            sql.push("insert into gaps (epoch_id, first_sequence, last_sequence) ");
            sql.push_values(numbering.gaps(), |mut row, gap| {
                row.push_bind(epoch.0)
                    .push_bind(gap.first as i64)
                    .push_bind(gap.last as i64);
            });
            sql.push("; ");
        }
    }
    for (epoch, rejected) in commit.rejected {
        for event in rejected {
            sql.push("insert or ignore into rejections values (")
                .push_bind(epoch.0)
                .push(", ");
            sql.push_bind(event.sequence as i64)
                .push(", ")
                .push_bind(event.reason)
                .push(", ");
            sql.push_bind(event.field)
                .push(", ")
                .push_bind(event.message.as_str())
                .push("); ");
        }
    }
    sql.push("commit");
    sql.build().execute(writer).await.map(drop)
}

/// Notes a new epoch, and its source when that is new too.
pub(super) async fn add_epoch(
    writer: &mut SqliteConnection,
    source: &SourceId,
    epoch: EpochIndex,
    name: &EpochName,
) -> Result<(), sqlx::Error> {
    let (spool, content) = name_columns(name);
    let sql = "begin immediate;
        insert into sources (name) values (?) on conflict (name) do nothing;
        insert into epochs (epoch_id, source_id, spool, content)
            select ?, source_id, ?, ? from sources where name = ?;
        insert into marks (epoch_id, mark, digest, rejected) values (?, 0, 0, 0);
        commit";
    let query = sqlx::query(sql)
        .bind(source.as_str())
        .bind(epoch.0)
        .bind(spool)
        .bind(content)
        .bind(source.as_str())
        .bind(epoch.0);
    query.execute(writer).await.map(drop)
}

/// An epoch's name as the tables hold it: the one or the other.
pub(super) fn name_columns(name: &EpochName) -> (Option<i64>, Option<&[u8]>) {
    match name {
        EpochName::Spool(spool) => (Some(*spool as i64), None),
        EpochName::Content(content) => (None, Some(content)),
    }
}
