//! The journal's SQLite file: WAL, `synchronous = FULL`, one connection that writes.

use std::path::Path;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use crate::database::{self, OpenError};
use crate::model::{Digest, EpochIndex, EpochName, Position, SourceId, Timestamp};

use super::marks::{Gap, Numbering};

/// How many rows a replay reads at a time.
const REPLAY_ROWS: i64 = 64;

/// Why the journal's database fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The database failed; what it holds can no longer be trusted without recovery.
    #[error("the journal failed to {doing}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A row is damaged.
    #[error(
        "the journal is damaged: its row at position {position} cannot be read; restore journal.db and store.db from one backup"
    )]
    Damaged {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: super::record::RecordError,
    },
}

/// One row as it lies in the database.
#[derive(Clone, Debug)]
pub struct Row {
    /// Position of its first entry.
    pub first: Position,
    /// Position of its last entry.
    pub last: Position,
    /// Our clock at the commit.
    pub committed_at: Timestamp,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A source, an epoch and its numbering, as the database holds them.
pub(super) struct Known {
    pub(super) source: SourceId,
    pub(super) epoch: EpochIndex,
    pub(super) name: EpochName,
    pub(super) numbering: Numbering,
}

/// The journal's database.
pub struct Database {
    pub(super) writer: SqliteConnection,
    readers: SqlitePool,
}

impl Database {
    /// Opens or makes the file, and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is newer than this dozvon, or SQLite is too old.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        // The writer itself checkpoints, in idle moments.
        let options =
            database::options(path, SqliteSynchronous::Full).pragma("wal_autocheckpoint", "0");
        let sql = include_str!("../../migrations/sqlite/journal/0001_journal.sql");
        let writer = database::open(path, &options, &[("journal", sql)]).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self { writer, readers })
    }

    /// Limits the file's size; the database then says "full" as a full disk would. 0 = no limit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn limit(&mut self, bytes: u64) -> Result<(), Error> {
        if bytes == 0 {
            return Ok(());
        }
        database::limit(&mut self.writer, bytes)
            .await
            .map_err(failed("set its limit"))
    }

    /// The last position written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&mut self) -> Result<Position, Error> {
        let sql = "select coalesce(max(last_position), 0) from journal";
        let row = sqlx::query(sql).fetch_one(&mut self.writer).await;
        row.map(|row| Position(row.get::<i64, _>(0) as u64))
            .map_err(failed("read its end"))
    }

    /// Every numbering ever begun, in order of its index.
    pub(super) async fn known(&mut self) -> Result<Vec<Known>, Error> {
        let sql = "select e.epoch_id, s.name, e.spool, e.content, m.mark, m.digest, m.rejected
            from epochs e join sources s using (source_id) left join marks m using (epoch_id)
            order by e.epoch_id";
        let rows = sqlx::query(sql)
            .fetch_all(&mut self.writer)
            .await
            .map_err(failed("read marks"))?;
        let mut known: Vec<Known> = rows.iter().map(read_known).collect();
        let sql = "select epoch_id, first_sequence, last_sequence from gaps";
        let gaps = sqlx::query(sql)
            .fetch_all(&mut self.writer)
            .await
            .map_err(failed("read gaps"))?;
        for gap in gaps {
            let epoch = EpochIndex(gap.get::<u32, _>(0));
            let gap = Gap {
                first: gap.get::<i64, _>(1) as u64,
                last: gap.get::<i64, _>(2) as u64,
            };
            if let Some(known) = known.iter_mut().find(|known| known.epoch == epoch) {
                known.numbering.restore_gap(gap);
            }
        }
        Ok(known)
    }

    /// Notes a new epoch, and its source when that is new too.
    pub(super) async fn add_epoch(
        &mut self,
        source: &SourceId,
        epoch: EpochIndex,
        name: &EpochName,
    ) -> Result<(), Error> {
        let (spool, content) = match name {
            EpochName::Spool(spool) => (Some(*spool as i64), None),
            EpochName::Content(content) => (None, Some(content.to_vec())),
        };
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
        let done = query.execute(&mut self.writer).await;
        self.after(done.map(|_| ()), "note an epoch").await
    }

    /// Rolls back what failed, and says what kind of failure it was.
    pub(super) async fn after(
        &mut self,
        done: Result<(), sqlx::Error>,
        doing: &'static str,
    ) -> Result<(), Error> {
        let Err(source) = done else { return Ok(()) };
        database::roll_back(&mut self.writer).await;
        if database::is_full(&source) {
            return Err(Error::DiskFull);
        }
        Err(Error::Failed { doing, source })
    }

    /// Brings the write-ahead log's pages into the file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint(&mut self) -> Result<(), Error> {
        let sql = "pragma wal_checkpoint(passive)";
        let done = sqlx::query(sql).execute(&mut self.writer).await.map(|_| ());
        match self.after(done, "checkpoint").await {
            // The log stays longer; commits go on as long as there is room for it.
            Err(Error::DiskFull) => Ok(()),
            other => other,
        }
    }

    /// A reader of rows, beside the writer.
    pub fn reader(&self) -> Reader {
        Reader {
            pool: self.readers.clone(),
        }
    }
}

/// Reads rows and rejections, beside the writer.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: SqlitePool,
}

impl Reader {
    /// The next rows that end after a position, in order; empty at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_after(&self, position: Position) -> Result<Vec<Row>, Error> {
        let sql = "select first_position, last_position, committed_at, body from journal
            where first_position > ? order by first_position limit ?";
        let query = sqlx::query(sql).bind(position.0 as i64).bind(REPLAY_ROWS);
        let rows = query
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read rows"))?;
        let row = |row: &sqlx::sqlite::SqliteRow| Row {
            first: Position(row.get::<i64, _>(0) as u64),
            last: Position(row.get::<i64, _>(1) as u64),
            committed_at: Timestamp::from_micros(row.get(2)),
            body: row.get(3),
        };
        Ok(rows.iter().map(row).collect())
    }

    /// The last rejections of an epoch: number, reason, field, message.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rejections(
        &self,
        epoch: EpochIndex,
        limit: u32,
    ) -> Result<Vec<(u64, String, String, String)>, Error> {
        let sql = "select sequence, reason, field, message from rejections
            where epoch_id = ? order by sequence desc limit ?";
        let query = sqlx::query(sql).bind(epoch.0).bind(limit);
        let rows = query
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read rejections"))?;
        let one = |row: &sqlx::sqlite::SqliteRow| {
            (
                row.get::<i64, _>(0) as u64,
                row.get(1),
                row.get(2),
                row.get(3),
            )
        };
        Ok(rows.iter().map(one).collect())
    }
}

pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Failed { doing, source }
}

fn read_known(row: &sqlx::sqlite::SqliteRow) -> Known {
    let content: Option<Vec<u8>> = row.get(3);
    let name = match content.and_then(|content| <[u8; 32]>::try_from(content).ok()) {
        Some(content) => EpochName::Content(content),
        None => EpochName::Spool(row.get::<Option<i64>, _>(2).unwrap_or(0) as u64),
    };
    let number = |column| row.get::<Option<i64>, _>(column).unwrap_or(0) as u64;
    Known {
        source: SourceId::new(row.get::<String, _>(1)),
        epoch: EpochIndex(row.get::<u32, _>(0)),
        name,
        numbering: Numbering::restored(number(4), Digest(number(5)), number(6)),
    }
}
