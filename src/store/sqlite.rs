//! The store's SQLite file: opened, read by reports, read at a start.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Row as _, Sqlite, Transaction};
use tokio::sync::mpsc;

use crate::database::{self, OpenError};
use crate::model::{
    CallId, CallKey, CallRow, Caller, CounterRow, Direction, EpochIndex, Exit, Marks, Outcome,
    Position, Pseudonym, QueueId, RefusalReason, SourceId, TargetKind, Timestamp, TransferFailure,
    TransferMethod, TransferOutcome, TransferRow, VisitRow,
};

use super::ids::SourceIds;
use super::insert::{self, STATEMENTS_KEPT, Statements};
use super::project;
use super::rows::{Error, Period, Rows, Selection, Told};
use super::stored::{Place, Readers, StoredCall};
use super::stream;
use super::table;
use super::write::{StoreWriter, unseal};

/// The tables, in the order in which they came to be.
pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    (
        "store",
        include_str!("../../migrations/sqlite/store/0001_store.sql"),
    ),
    (
        "agents_lines",
        include_str!("../../migrations/sqlite/store/0002_agents_lines.sql"),
    ),
    (
        "journeys",
        include_str!("../../migrations/sqlite/store/0003_journeys.sql"),
    ),
];
/// Pages of write-ahead log before they are copied into the file: the pages a stretch changes again and again (keys,
/// open calls, sources) are then copied once for many stretches. 8,000 pages are 32 MB.
const CHECKPOINT_PAGES: &str = "8000";
/// Memory for the writer's pages, in SQLite's words: 64 MB. A transaction that does not fit is written twice.
const CACHE_SIZE: &str = "-64000";
/// Reports that may read at the same time.
const READERS: u32 = 4;

/// A source as the checkpoint left it.
#[derive(Clone, Debug)]
pub struct StoredSource {
    /// The source.
    pub source: SourceId,
    /// Its state; `None` = damaged.
    pub state: Option<Vec<u8>>,
    /// Its clock and ours when it last sent live.
    pub heard: Option<(Timestamp, Timestamp)>,
    /// Events that came after their call was settled.
    pub late_events: u64,
    /// Events of calls known under another epoch.
    pub call_exists_events: u64,
    /// Its open calls; `None` = damaged.
    pub open: Vec<(CallKey, Option<Vec<u8>>)>,
}

/// Where a restart goes on.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Everything up to here is in the rows.
    pub position: Position,
    /// Sources with their open calls.
    pub sources: Vec<StoredSource>,
    /// Series; `None` = damaged.
    pub counters: Option<Vec<CounterRow>>,
    /// Every queue ever seen.
    pub queues: HashSet<QueueId>,
}

/// The store, for those who read.
#[derive(Clone, Debug)]
pub struct Store {
    readers: SqlitePool,
    reading: Readers,
    ids: SourceIds,
}

impl Store {
    /// Opens or makes the file; the one writer and the readers beside it.
    ///
    /// # Errors
    /// When it cannot be opened, is newer than this dozvon, or SQLite is too old.
    pub async fn open(path: &Path, reading: Readers) -> Result<(Self, StoreWriter), OpenError> {
        let options = database::options(path, SqliteSynchronous::Normal)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let writing = options.clone().pragma("cache_size", CACHE_SIZE);
        let connection = database::open(path, &writing, MIGRATIONS).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        let ids = SourceIds::default();
        let writer = StoreWriter {
            connection,
            statements: Statements::default(),
            ids: ids.clone(),
            next_row: 1,
        };
        Ok((
            Self {
                readers,
                reading,
                ids,
            },
            writer,
        ))
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        let begun = self.readers.begin().await;
        begun.map_err(failed("begin to read"))
    }

    /// Which of these calls were settled before `position`, and under which epoch.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settled(
        &self,
        asked: &[(SourceId, CallKey)],
        position: Position,
    ) -> Result<Vec<(SourceId, CallKey, EpochIndex)>, Error> {
        let mut names = HashMap::new();
        let mut keys = table::Rows::of(&table::CALL_KEYS_ASKED, asked.len());
        for (source, key) in asked {
            // A source that is not stored has settled nothing.
            if let Some(id) = self.ids.of(source) {
                names.entry(id).or_insert_with(|| source.clone());
                keys.push([id.into(), key.to_bytes().to_vec().into()]);
            }
        }
        let rows = insert::settled(&self.readers, keys, position).await;
        let rows = rows.map_err(failed("look calls up"))?;
        rows.iter()
            .map(|row| {
                let source = names.get(&row.get::<i64, _>(0));
                let source = source.ok_or(Error::Corrupt { what: "source" })?;
                let epoch = EpochIndex(row.get::<u32, _>(2));
                Ok((source.clone(), key(row, 1)?, epoch))
            })
            .collect()
    }
}

impl StoreWriter {
    /// Reads where a restart goes on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&mut self) -> Result<Checkpoint, Error> {
        let connection = &mut self.connection;
        let position = position(connection).await?;
        let sql = "select source_id, name, state, sent_at, received_at, late_events,
            call_exists_events from sources order by source_id";
        let mut sources = Vec::new();
        for row in all(connection, sql).await? {
            let id: i64 = row.get(0);
            let heard = row
                .get::<Option<i64>, _>(3)
                .zip(row.get::<Option<i64>, _>(4));
            let source = SourceId::new(row.get::<String, _>(1));
            self.ids.add([(source.clone(), id)]);
            sources.push((
                id,
                StoredSource {
                    source,
                    state: unseal(row.get::<&[u8], _>(2)).map(<[u8]>::to_vec),
                    heard: heard.map(|(sent, received)| {
                        (
                            Timestamp::from_micros(sent),
                            Timestamp::from_micros(received),
                        )
                    }),
                    late_events: row.get::<i64, _>(5) as u64,
                    call_exists_events: row.get::<i64, _>(6) as u64,
                    open: Vec::new(),
                },
            ));
        }
        for row in all(
            connection,
            "select source_id, call_key, state from open_calls",
        )
        .await?
        {
            let id: i64 = row.get(0);
            let state = unseal(row.get::<&[u8], _>(2)).map(<[u8]>::to_vec);
            if let Some((_, source)) = sources.iter_mut().find(|(other, _)| *other == id) {
                source.open.push((key(&row, 1)?, state));
            }
        }
        let mut counters = Some(Vec::new());
        for row in all(connection, "select series, state from counters").await? {
            let state = unseal(row.get::<&[u8], _>(1)).map(<[u8]>::to_vec);
            counters = counters.zip(state).map(|(mut counters, state)| {
                counters.push(CounterRow {
                    series: row.get(0),
                    state,
                });
                counters
            });
        }
        let queues = all(connection, "select name from queues").await?;
        let queues = queues
            .iter()
            .map(|row| QueueId::new(row.get::<String, _>(0)))
            .collect();
        let last = all(connection, "select coalesce(max(call_row), 0) from calls").await?;
        self.next_row = last.first().map_or(0, |row| row.get::<i64, _>(0)) + 1;
        let sources = sources.into_iter().map(|(_, source)| source).collect();
        Ok(Checkpoint {
            position,
            sources,
            counters,
            queues,
        })
    }
}

impl Rows for Store {
    async fn calls(
        &self,
        period: Period,
        after: Option<Place>,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> Result<(), Error> {
        // One read transaction: open and settled calls as of one position.
        let mut transaction = self.begin().await?;
        stream::calls(
            &mut transaction,
            self.reading,
            period,
            after.as_ref(),
            &parts,
        )
        .await
    }

    async fn call(&self, id: &CallId) -> Result<Vec<StoredCall>, Error> {
        let mut transaction = self.begin().await?;
        stream::call(&mut transaction, self.reading, id).await
    }

    async fn told(&self, period: Period) -> Result<Told, Error> {
        let mut transaction = self.begin().await?;
        stream::told(&mut transaction, period).await
    }

    async fn select(&self, start: Timestamp, end: Timestamp) -> Result<Selection, Error> {
        // One read transaction: every table as of one position.
        let mut transaction = self.begin().await?;
        let connection = &mut *transaction;
        let stored = position(connection).await?;
        let period = (start.as_micros(), end.as_micros());
        let mut selection = Selection {
            stored,
            ..Selection::default()
        };
        let mut names = Names::default();
        let sources = all(connection, "select source_id, name from sources").await?;
        let sources = sources.iter();
        let sources = sources.map(|row| (row.get(0), SourceId::new(row.get::<&str, _>(1))));
        let sources: HashMap<i64, SourceId> = sources.collect();

        let sql = "select arrived_at, outcome, direction, test, caller_key, caller, visits,
            first_queue, refused_reason, refused_queue, answered, first_answer_queue,
            last_answer_queue, transfers, failed_transfers, reroutes, requeued, consult_only,
            transfer_wait, marks, source_id, call_id, ended_at, first_entered_at,
            first_answered_at, last_exit, queue_wait, talk, hold, missed_offer_time
            from calls where arrived_at >= ? and arrived_at < ?";
        for row in within(connection, sql, period).await? {
            selection.calls.push(names.call(&row, &sources)?);
        }
        let sql = "select queue, entered_at, exit, wait, talk, visit, exited_at,
            missed_offer_time, after_transfer from visits
            where entered_at >= ? and entered_at < ? and test = 0";
        for row in within(connection, sql, period).await? {
            selection.visits.push(names.visit(&row)?);
        }
        let sql = "select call_arrived_at, first_answer_queue, method, target, to_name,
            from_queue, is_return, outcome from transfers
            where call_arrived_at >= ? and call_arrived_at < ? and test = 0";
        for row in within(connection, sql, period).await? {
            selection.transfers.push(names.transfer(&row)?);
        }
        let sql = "select open_calls.state, name from open_calls join sources using (source_id)";
        for row in all(connection, sql).await? {
            let state = unseal(row.get(0)).and_then(self.reading.open);
            let (call, record) = state.ok_or(Error::Corrupt { what: "open call" })?;
            let source = SourceId::new(row.get::<&str, _>(1));
            project::add_open(&mut selection, source, call, &record, (start, end));
        }
        for row in all(connection, "select name from queues order by name").await? {
            selection.queues.push(names.queue(row.get(0)));
        }
        Ok(selection)
    }
}

pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Database { doing, source }
}

async fn all(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Vec<SqliteRow>, Error> {
    sqlx::query(sql)
        .fetch_all(connection)
        .await
        .map_err(failed("read"))
}

async fn within(
    connection: &mut SqliteConnection,
    sql: &'static str,
    (start, end): (i64, i64),
) -> Result<Vec<SqliteRow>, Error> {
    let query = sqlx::query(sql).bind(start).bind(end);
    query
        .fetch_all(connection)
        .await
        .map_err(failed("read a period"))
}

async fn position(connection: &mut SqliteConnection) -> Result<Position, Error> {
    let query = sqlx::query("select position from checkpoint");
    let row = query
        .fetch_one(connection)
        .await
        .map_err(failed("read the checkpoint"))?;
    Ok(Position(row.get::<i64, _>(0) as u64))
}

fn key(row: &SqliteRow, column: usize) -> Result<CallKey, Error> {
    let bytes: &[u8] = row.get(column);
    let bytes = bytes
        .try_into()
        .map_err(|_| Error::Corrupt { what: "call key" })?;
    Ok(CallKey::from_bytes(bytes))
}

pub(super) fn word<T>(
    row: &SqliteRow,
    column: usize,
    from_code: fn(u8) -> Option<T>,
) -> Result<T, Error> {
    from_code(row.get::<u8, _>(column)).ok_or(Error::Corrupt { what: "code" })
}

fn span(row: &SqliteRow, column: usize) -> Option<std::time::Duration> {
    row.get::<Option<i64>, _>(column)
        .map(|micros| std::time::Duration::from_micros(micros as u64))
}

fn moment(row: &SqliteRow, column: usize) -> Option<Timestamp> {
    row.get::<Option<i64>, _>(column)
        .map(Timestamp::from_micros)
}

/// Queue names read again and again share their memory.
#[derive(Default)]
struct Names {
    known: HashSet<QueueId>,
}

impl Names {
    fn queue(&mut self, name: &str) -> QueueId {
        let queue = QueueId::new(name);
        match self.known.get(&queue) {
            Some(known) => known.clone(),
            None => {
                self.known.insert(queue.clone());
                queue
            }
        }
    }

    fn maybe_queue(&mut self, row: &SqliteRow, column: usize) -> Option<QueueId> {
        row.get::<Option<&str>, _>(column)
            .map(|name| self.queue(name))
    }

    fn call(
        &mut self,
        row: &SqliteRow,
        sources: &HashMap<i64, SourceId>,
    ) -> Result<CallRow, Error> {
        let caller = match (row.get::<Option<u32>, _>(4), row.get::<Option<&[u8]>, _>(5)) {
            (Some(key), Some(hash)) => {
                let hash = hash
                    .try_into()
                    .map_err(|_| Error::Corrupt { what: "pseudonym" })?;
                Caller::Known(Pseudonym { key, hash })
            }
            (_, Some(_)) => Caller::Withheld,
            (_, None) => Caller::Unknown,
        };
        let refused = match row.get::<Option<u8>, _>(8) {
            None => None,
            Some(_) => Some((
                word(row, 8, RefusalReason::from_code)?,
                self.maybe_queue(row, 9),
            )),
        };
        let failed = row.get::<&[u8], _>(14).iter();
        let failed = failed.map(|code| TransferFailure::from_code(*code));
        Ok(CallRow {
            arrived_at: Timestamp::from_micros(row.get(0)),
            outcome: Some(word(row, 1, Outcome::from_code)?),
            direction: word(row, 2, Direction::from_code)?,
            test: row.get(3),
            provisional: false,
            source: sources
                .get(&row.get(20))
                .cloned()
                .ok_or(Error::Corrupt { what: "source" })?,
            call: CallId::new(row.get::<&str, _>(21)),
            caller,
            visits: row.get(6),
            first_queue: self.maybe_queue(row, 7),
            refused,
            answered: row.get(10),
            first_answer_queue: self.maybe_queue(row, 11),
            last_answer_queue: self.maybe_queue(row, 12),
            transfers: row.get(13),
            failed_transfers: failed
                .collect::<Option<_>>()
                .ok_or(Error::Corrupt { what: "code" })?,
            reroutes: row.get(15),
            requeued: row.get(16),
            consult_only: row.get(17),
            transfer_wait: span(row, 18).unwrap_or_default(),
            marks: Marks::from_bits(row.get(19)),
            ended_at: moment(row, 22),
            first_entered_at: moment(row, 23),
            first_answered_at: moment(row, 24),
            last_exit: match row.get::<Option<u8>, _>(25) {
                None => None,
                Some(_) => Some(word(row, 25, Exit::from_code)?),
            },
            queue_wait: span(row, 26).unwrap_or_default(),
            talk: span(row, 27).unwrap_or_default(),
            hold: span(row, 28).unwrap_or_default(),
            missed_offer_time: span(row, 29).unwrap_or_default(),
        })
    }

    fn visit(&mut self, row: &SqliteRow) -> Result<VisitRow, Error> {
        Ok(VisitRow {
            queue: self.queue(row.get(0)),
            entered_at: Timestamp::from_micros(row.get(1)),
            exit: Some(word(row, 2, Exit::from_code)?),
            exited_at: Some(Timestamp::from_micros(row.get(6))),
            wait: span(row, 3),
            talk: span(row, 4),
            first: row.get::<i64, _>(5) == 0,
            provisional: false,
            missed_offer_time: span(row, 7).unwrap_or_default(),
            after_transfer: row.get(8),
        })
    }

    fn transfer(&mut self, row: &SqliteRow) -> Result<TransferRow, Error> {
        Ok(TransferRow {
            call_arrived_at: Timestamp::from_micros(row.get(0)),
            first_answer_queue: self.maybe_queue(row, 1),
            method: word(row, 2, TransferMethod::from_code)?,
            target: word(row, 3, TargetKind::from_code)?,
            to: row.get::<&str, _>(4).into(),
            from_queue: self.maybe_queue(row, 5),
            is_return: row.get(6),
            outcome: Some(word(row, 7, TransferOutcome::from_code)?),
        })
    }
}

#[cfg(test)]
#[path = "sqlite_test.rs"]
mod tests;
