//! The journal's database: what is read from it alike wherever it lies, and what its failures mean.
//!
//! Not here: how it is opened and written (`sqlite`, `postgres`).

use crate::database::postgres::Retake;
use crate::database::{self, Bind, Columns, Db, Fetch as _, OpenError, Readers, on};
use crate::model::{Digest, EpochIndex, EpochName, Position, SourceId, Timestamp};

use super::marks::{Gap, Numbering};
use super::{postgres, sqlite};

/// How many rows a replay reads at a time.
const REPLAY_ROWS: i64 = 64;
/// How many rows are trimmed at a time: some megabytes.
const TRIM_ROWS: i64 = 256;

/// Why the journal's database fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The connection to it is gone; what was being done may have been done.
    #[error("the journal's database was lost when it was to {doing}")]
    Lost {
        /// What was being done.
        doing: &'static str,
        /// What the connection said.
        #[source]
        source: sqlx::Error,
    },
    /// Another dozvon writes it now.
    #[error("another dozvon has taken the database over while this one had lost its connection")]
    TakenOver,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Somebody reads what is to be cleaned; trying again later helps.
    #[error("somebody reads the journal at this moment")]
    Busy,
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
        "the journal is damaged: its row at position {position} cannot be read; restore journal and store from one backup"
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

/// A source, an epoch and its numbering; its index is its place among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) source: SourceId,
    pub(super) name: EpochName,
    pub(super) numbering: Numbering,
}

/// The journal's database.
pub struct Database {
    pub(super) writer: database::Writer,
    pub(super) readers: Readers,
}

impl Database {
    /// Limits the file's size; the database then says "full" as a full disk would. 0 = no limit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn limit(&mut self, bytes: u64) -> Result<(), Error> {
        match &mut self.writer {
            Db::Sqlite(writer) if bytes > 0 => database::sqlite::limit(writer, bytes)
                .await
                .map_err(failed("set its limit")),
            Db::Sqlite(_) | Db::Postgres(_) => Ok(()),
        }
    }

    /// The last position written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&mut self) -> Result<Position, Error> {
        let sql = "select coalesce(max(last_position), 0) from journal";
        let rows = self.read(sql, &[], |row| Position(row.int(0) as u64));
        let rows = rows.await.map_err(failed("read its end"))?;
        let end = rows.first().copied().unwrap_or_default();
        Ok(end.max(self.trimmed().await?))
    }

    /// Rows up to here are gone: they were trimmed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trimmed(&mut self) -> Result<Position, Error> {
        let sql = "select position from trimmed";
        let rows = self.read(sql, &[], |row| Position(row.int(0) as u64));
        let rows = rows.await.map_err(failed("read where it begins"))?;
        Ok(rows.first().copied().unwrap_or_default())
    }

    /// Every numbering ever begun, in order of its index.
    pub(super) async fn known(&mut self) -> Result<Vec<Known>, Error> {
        let sql = "select e.epoch_id, s.name, e.spool, e.content, m.mark, m.digest, m.rejected
            from epochs e join sources s using (source_id) left join marks m using (epoch_id)
            order by e.epoch_id";
        let known = self.read(sql, &[], read_known).await;
        let mut known = known.map_err(failed("read marks"))?;
        let sql = "select epoch_id, first_sequence, last_sequence from gaps";
        let gaps = self.read(sql, &[], read_gap).await;
        for (epoch, gap) in gaps.map_err(failed("read gaps"))? {
            // Indexes rise by one from 0, so each stands at its own place.
            if let Some(known) = known.get_mut(epoch.0 as usize) {
                known.numbering.restore_gap(gap);
            }
        }
        Ok(known)
    }

    /// Reads with the writer's own connection.
    async fn read<T>(
        &mut self,
        sql: &'static str,
        values: &[Bind<'_>],
        one: impl Fn(&dyn Columns) -> T,
    ) -> Result<Vec<T>, sqlx::Error> {
        on!(self.writer.connection(), connection => {
            let rows = connection.fetch(sql, values).await?;
            Ok(rows.iter().map(|row| one(row)).collect())
        })
    }

    /// Notes a new epoch, and its source when that is new too.
    pub(super) async fn add_epoch(
        &mut self,
        source: &SourceId,
        epoch: EpochIndex,
        name: &EpochName,
    ) -> Result<(), Error> {
        let done = match &mut self.writer {
            Db::Sqlite(writer) => sqlite::add_epoch(writer, source, epoch, name).await,
            Db::Postgres(session) => postgres::add_epoch(session, source, epoch, name).await,
        };
        self.after(done, "note an epoch").await
    }

    /// The bytes of the row that begins at a position, and the journal's end.
    pub(super) async fn row_at(
        &mut self,
        first: Position,
    ) -> Result<(Option<Row>, Position), Error> {
        let sql = "select first_position, last_position, committed_at, body from journal
            where first_position = $1";
        let rows = self.read(sql, &[(first.0 as i64).into()], read_row).await;
        let row = rows.map_err(failed("read a row"))?.pop();
        Ok((row, self.end().await?))
    }

    /// Tries once to have the lost session back, with the lock; false = not yet.
    pub(super) async fn reconnect(&mut self) -> Result<bool, Error> {
        let Db::Postgres(session) = &mut self.writer else {
            return Ok(true);
        };
        match session.retake().await {
            Ok(()) => Ok(true),
            Err(Retake::Away(error)) => {
                tracing::debug!(%error, "the database is still away");
                Ok(false)
            }
            Err(Retake::Taken) => Err(Error::TakenOver),
            Err(Retake::Refused(error)) => Err(Error::Open(error)),
        }
    }

    /// Rolls back what failed, and says what kind of failure it was.
    pub(super) async fn after(
        &mut self,
        done: Result<(), sqlx::Error>,
        doing: &'static str,
    ) -> Result<(), Error> {
        let Err(source) = done else { return Ok(()) };
        // PostgreSQL's statements are transactions of their own: nothing of a failed one is left open.
        if let Db::Sqlite(writer) = &mut self.writer {
            database::roll_back(writer).await;
        }
        Err(failed(doing)(source))
    }

    /// Brings the write-ahead log's pages into the file; a PostgreSQL server does so by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint(&mut self) -> Result<(), Error> {
        let Db::Sqlite(writer) = &mut self.writer else {
            return Ok(());
        };
        let sql = "pragma wal_checkpoint(passive)";
        let done = sqlx::query(sql).execute(writer).await.map(drop);
        match self.after(done, "checkpoint").await {
            // The log stays longer; commits go on as long as there is room for it.
            Err(Error::DiskFull) => Ok(()),
            other => other,
        }
    }

    /// A reader of rows, beside the writer.
    pub fn reader(&self) -> Reader {
        Reader {
            readers: self.readers.clone(),
        }
    }
}

/// Reads rows and rejections, beside the writer.
#[derive(Clone, Debug)]
pub struct Reader {
    readers: Readers,
}

/// One rejection of an epoch: number, reason, field, message.
pub type Rejection = (u64, String, String, String);

impl Reader {
    /// The next rows that end after a position, in order; empty at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_after(&self, position: Position) -> Result<Vec<Row>, Error> {
        let sql = "select first_position, last_position, committed_at, body from journal
            where first_position > $1 order by first_position limit $2";
        let values = [(position.0 as i64).into(), REPLAY_ROWS.into()];
        let rows = self.read(sql, &values, read_row).await;
        rows.map_err(failed("read rows"))
    }

    /// On PostgreSQL: gives the room of row versions that are gone back, for others to write over. Their bytes stay until
    /// then, and in the server's own log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn vacuum(&self) -> Result<(), Error> {
        if let Db::Sqlite(_) = &self.readers {
            return Ok(());
        }
        let rows = self.read("vacuum journal", &[], |_| ()).await;
        rows.map(drop).map_err(failed("give room back"))
    }

    /// The position of the last row that was committed before an instant, and whose position is at most this; `None` =
    /// there is none such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_before(
        &self,
        instant: Timestamp,
        most: Position,
    ) -> Result<Option<Position>, Error> {
        // Rows are in the order of their commits, unless our clock stepped back: then the later row waits for the earlier.
        let sql =
            "select last_position, committed_at from journal order by first_position limit $1";
        let values = [TRIM_ROWS.into()];
        let one = |row: &dyn Columns| (Position(row.int(0) as u64), row.int(1));
        let rows = self.read(sql, &values, one).await;
        let rows = rows.map_err(failed("look for old rows"))?;
        let old = rows.into_iter().take_while(|(last, committed_at)| {
            *last <= most && *committed_at < instant.as_micros()
        });
        Ok(old.last().map(|(last, _)| last))
    }

    /// The row that ends at a position; `None` = there is none such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn row_ending_at(&self, last: Position) -> Result<Option<Row>, Error> {
        let sql = "select first_position, last_position, committed_at, body from journal
            where first_position <= $1 order by first_position desc limit 1";
        let rows = self.read(sql, &[(last.0 as i64).into()], read_row).await;
        let row = rows.map_err(failed("read a row"))?.pop();
        Ok(row.filter(|row| row.last == last))
    }

    /// The last rejections of an epoch.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rejections(&self, epoch: EpochIndex, limit: u32) -> Result<Vec<Rejection>, Error> {
        let sql = "select sequence, reason, field, message from rejections
            where epoch_id = $1 order by sequence desc limit $2";
        let values = [i64::from(epoch.0).into(), i64::from(limit).into()];
        let rows = self.read(sql, &values, read_rejection).await;
        rows.map_err(failed("read rejections"))
    }

    async fn read<T>(
        &self,
        sql: &'static str,
        values: &[Bind<'_>],
        one: impl Fn(&dyn Columns) -> T,
    ) -> Result<Vec<T>, sqlx::Error> {
        on!(&self.readers, readers => {
            let rows = readers.acquire().await?.fetch(sql, values).await?;
            Ok(rows.iter().map(|row| one(row)).collect())
        })
    }
}

pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| {
        if database::is_full(&source) {
            return Error::DiskFull;
        }
        if database::is_lost(&source) {
            return Error::Lost { doing, source };
        }
        Error::Failed { doing, source }
    }
}

fn read_row(row: &dyn Columns) -> Row {
    Row {
        first: Position(row.int(0) as u64),
        last: Position(row.int(1) as u64),
        committed_at: Timestamp::from_micros(row.int(2)),
        body: row.bytes(3).to_vec(),
    }
}

fn read_rejection(row: &dyn Columns) -> Rejection {
    let text = |column| row.text(column).to_owned();
    (row.int(0) as u64, text(1), text(2), text(3))
}

fn read_gap(row: &dyn Columns) -> (EpochIndex, Gap) {
    let gap = Gap {
        first: row.int(1) as u64,
        last: row.int(2) as u64,
    };
    (EpochIndex(row.int(0) as u32), gap)
}

fn read_known(row: &dyn Columns) -> Known {
    let content = row.maybe_bytes(3);
    let name = match content.and_then(|content| <[u8; 32]>::try_from(content).ok()) {
        Some(content) => EpochName::Content(content),
        None => EpochName::Spool(row.maybe_int(2).unwrap_or(0) as u64),
    };
    let number = |column| row.maybe_int(column).unwrap_or(0) as u64;
    Known {
        source: SourceId::new(row.text(1)),
        name,
        numbering: Numbering::restored(number(4), Digest(number(5)), number(6)),
    }
}
