//! One store transaction: what a stretch of the journal came to.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use crate::database;
use crate::model::{CallKey, Caller, CounterRow, Position, QueueId, Settled, SourceId, Timestamp};

use super::project;
use super::rows::Error;

/// Rows a statement: below SQLite's 32,766 values at 30 a row.
const ROWS_A_STATEMENT: usize = 500;

/// A call that settled.
#[derive(Clone, Debug)]
pub struct SettledCall {
    /// The source it belongs to.
    pub source: SourceId,
    /// The last position of the journal row that settled it.
    pub position: Position,
    /// The call.
    pub settled: Box<Settled>,
}

/// An event that is in the journal and not in the figures.
#[derive(Clone, Debug)]
pub struct Unapplied {
    /// The last position of the journal row that holds it.
    pub position: Position,
    /// Whose it is.
    pub source: SourceId,
    /// `late` or `call_exists`.
    pub reason: &'static str,
    /// The call.
    pub call: String,
    /// The event's number.
    pub sequence: u64,
    /// Its kind, for late ones.
    pub kind: Option<&'static str>,
    /// Its time, for late ones.
    pub occurred_at: Option<Timestamp>,
}

/// A source's state at the end of the stretch.
#[derive(Clone, Debug)]
pub struct SourceWrite {
    /// The source.
    pub source: SourceId,
    /// Its deadlines and counts.
    pub state: Vec<u8>,
    /// Its clock and ours when it last sent live.
    pub heard: Option<(Timestamp, Timestamp)>,
    /// Events that came after their call was settled, in all.
    pub late_events: u64,
    /// Events of calls known under another epoch, in all.
    pub call_exists_events: u64,
    /// Open calls to write: key and state.
    pub open: Vec<(CallKey, Vec<u8>)>,
    /// Open calls to remove.
    pub closed: Vec<CallKey>,
}

/// What a stretch of the journal came to.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// The stretch's last position, the end of a journal row.
    pub position: Position,
    /// Forget all open calls first: they are written anew.
    pub rebuild: bool,
    /// Calls that settled.
    pub settled: Vec<SettledCall>,
    /// Events left out of the figures.
    pub unapplied: Vec<Unapplied>,
    /// Sources that changed.
    pub sources: Vec<SourceWrite>,
    /// Series that changed.
    pub counters: Vec<CounterRow>,
    /// Queues not seen before.
    pub queues: Vec<QueueId>,
}

/// Writes the store: one connection, one transaction a stretch.
pub struct StoreWriter {
    pub(super) connection: SqliteConnection,
    pub(super) sources: HashMap<SourceId, i64>,
    pub(super) next_row: i64,
}

/// Whether a failed write may succeed later as it is.
fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| {
        if database::is_full(&source) {
            return Error::Full;
        }
        Error::Database { doing, source }
    }
}

/// A state with its checksum behind.
pub(super) fn seal(state: &[u8]) -> Vec<u8> {
    let mut sealed = state.to_vec();
    sealed.extend_from_slice(&crc32c::crc32c(state).to_le_bytes());
    sealed
}

/// A sealed state without its checksum; `None` = damaged.
pub(super) fn unseal(sealed: &[u8]) -> Option<&[u8]> {
    let (state, checksum) = sealed.split_at_checked(sealed.len().checked_sub(4)?)?;
    (crc32c::crc32c(state).to_le_bytes() == checksum).then_some(state)
}

fn micros(span: Duration) -> i64 {
    span.as_micros() as i64
}

impl StoreWriter {
    /// Writes a stretch, all of it or nothing.
    ///
    /// # Errors
    /// `Error::Full` when there is no room (try again), else when the database fails.
    pub async fn write(&mut self, write: &Write) -> Result<(), Error> {
        let next_row = self.next_row;
        let sources = self.sources.clone();
        let done = self.write_all(write).await;
        if done.is_err() {
            database::sqlite::roll_back(&mut self.connection).await;
            self.next_row = next_row;
            self.sources = sources;
        }
        done
    }

    async fn write_all(&mut self, write: &Write) -> Result<(), Error> {
        self.run(QueryBuilder::new("begin immediate"), "begin")
            .await?;
        if write.rebuild {
            self.run(
                QueryBuilder::new("delete from open_calls"),
                "forget open calls",
            )
            .await?;
        }
        for source in &write.sources {
            self.write_source(source).await?;
        }
        self.write_settled(&write.settled).await?;
        self.write_unapplied(&write.unapplied).await?;
        self.write_counters(&write.counters).await?;
        for queues in write.queues.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new("insert or ignore into queues (name) ");
            sql.push_values(queues, |mut row, queue| {
                row.push_bind(queue.as_str());
            });
            self.run(sql, "write queues").await?;
        }
        let mut sql = QueryBuilder::new("update checkpoint set position = ");
        sql.push_bind(write.position.0 as i64).push("; commit");
        self.run(sql, "commit").await
    }

    async fn write_source(&mut self, write: &SourceWrite) -> Result<(), Error> {
        let next = self.sources.len() as i64 + 1;
        let id = *self.sources.entry(write.source.clone()).or_insert(next);
        let mut sql = QueryBuilder::new(
            "insert into sources (source_id, name, state, sent_at, received_at, late_events,
            call_exists_events) values (",
        );
        let mut values = sql.separated(", ");
        values.push_bind(id);
        values.push_bind(write.source.as_str());
        values.push_bind(seal(&write.state));
        values.push_bind(write.heard.map(|(sent_at, _)| sent_at.as_micros()));
        values.push_bind(write.heard.map(|(_, received_at)| received_at.as_micros()));
        values.push_bind(write.late_events as i64);
        values.push_bind(write.call_exists_events as i64);
        sql.push(
            ") on conflict (source_id) do update set state = excluded.state,
            sent_at = excluded.sent_at, received_at = excluded.received_at,
            late_events = excluded.late_events, call_exists_events = excluded.call_exists_events",
        );
        self.run(sql, "write a source").await?;
        for keys in write.closed.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new("delete from open_calls where source_id = ");
            sql.push_bind(id).push(" and call_key in (");
            let mut values = sql.separated(", ");
            for key in keys {
                values.push_bind(key.to_bytes().to_vec());
            }
            sql.push(")");
            self.run(sql, "remove open calls").await?;
        }
        for open in write.open.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new("insert into open_calls (source_id, call_key, state) ");
            sql.push_values(open, |mut row, (key, state)| {
                row.push_bind(id)
                    .push_bind(key.to_bytes().to_vec())
                    .push_bind(seal(state));
            });
            sql.push(" on conflict (source_id, call_key) do update set state = excluded.state");
            self.run(sql, "write open calls").await?;
        }
        Ok(())
    }

    async fn write_settled(&mut self, settled: &[SettledCall]) -> Result<(), Error> {
        let first = self.next_row;
        self.next_row += settled.len() as i64;
        let numbered: Vec<(i64, i64, &SettledCall)> = (first..)
            .zip(settled)
            .map(|(row, call)| (row, self.sources[&call.source], call))
            .collect();
        for calls in numbered.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new(
                "insert into calls (call_row, source_id, call_id, epoch_id, mode,
                settled_position, arrived_at, ended_at, ended_by, outcome, direction, test,
                caller_key, caller, line, visits, first_queue, refused_reason, refused_queue,
                answered, first_answer_queue, last_answer_queue, transfers, failed_transfers,
                reroutes, requeued, consult_only, transfer_wait, marks, told) ",
            );
            sql.push_values(calls, |row, call| push_call(row, call));
            self.run(sql, "write calls").await?;
            let mut sql = QueryBuilder::new(
                "insert or ignore into call_keys (source_id, call_key, epoch_id, settled_position) ",
            );
            sql.push_values(calls, |mut row, (_, source, call)| {
                row.push_bind(*source)
                    .push_bind(call.settled.key.to_bytes().to_vec())
                    .push_bind(call.settled.epoch.0)
                    .push_bind(call.position.0 as i64);
            });
            self.run(sql, "write call keys").await?;
        }
        self.write_visits(&numbered).await?;
        self.write_transfers(&numbered).await
    }

    async fn write_visits(&mut self, calls: &[(i64, i64, &SettledCall)]) -> Result<(), Error> {
        let visits: Vec<_> = calls
            .iter()
            .flat_map(|(row, _, call)| {
                let record = &call.settled.record;
                record
                    .visits
                    .iter()
                    .enumerate()
                    .map(move |visit| (*row, record.test, visit))
            })
            .collect();
        for visits in visits.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new(
                "insert into visits (call_row, visit, queue, entered_at, exit, exited_at, wait,
                talk, after_human, reentered, test) ",
            );
            sql.push_values(visits, |mut row, (call, test, (index, visit))| {
                let exited_at = visit.exited_at.unwrap_or(visit.entered_at);
                row.push_bind(*call)
                    .push_bind(*index as i64)
                    .push_bind(visit.queue.as_str())
                    .push_bind(visit.entered_at.as_micros())
                    .push_bind(visit.exit.map_or(0, |exit| exit.code()))
                    .push_bind(exited_at.as_micros())
                    .push_bind(visit.wait.map(micros))
                    .push_bind(visit.talk.map(micros))
                    .push_bind(visit.after_human)
                    .push_bind(visit.reentered)
                    .push_bind(*test);
            });
            self.run(sql, "write visits").await?;
        }
        Ok(())
    }

    async fn write_transfers(&mut self, calls: &[(i64, i64, &SettledCall)]) -> Result<(), Error> {
        let transfers: Vec<_> = calls
            .iter()
            .flat_map(|(row, _, call)| {
                let record = &call.settled.record;
                record
                    .transfers
                    .iter()
                    .enumerate()
                    .map(move |transfer| (*row, record, transfer))
            })
            .collect();
        for transfers in transfers.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new(
                "insert into transfers (call_row, transfer, call_arrived_at, first_answer_queue,
                at, method, target, to_name, from_agent, from_queue, told, is_return, outcome,
                wait, test) ",
            );
            sql.push_values(transfers, |mut row, (call, record, (index, transfer))| {
                let first_queue = record.legs.first().and_then(|leg| leg.queue.as_ref());
                row.push_bind(*call)
                    .push_bind(*index as i64)
                    .push_bind(record.arrived_at.as_micros())
                    .push_bind(first_queue.map(QueueId::as_str))
                    .push_bind(transfer.at.as_micros())
                    .push_bind(transfer.method.code())
                    .push_bind(transfer.target.code())
                    .push_bind(&*transfer.to)
                    .push_bind(transfer.from_agent.as_str())
                    .push_bind(transfer.from_queue.as_ref().map(QueueId::as_str))
                    .push_bind(transfer.told)
                    .push_bind(transfer.is_return)
                    .push_bind(transfer.outcome.code())
                    .push_bind(micros(transfer.wait))
                    .push_bind(record.test);
            });
            self.run(sql, "write transfers").await?;
        }
        Ok(())
    }

    async fn write_unapplied(&mut self, events: &[Unapplied]) -> Result<(), Error> {
        for events in events.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new(
                "insert into unapplied_events (position, source_id, reason, call_id, sequence,
                kind, occurred_at) ",
            );
            sql.push_values(events, |mut row, event| {
                row.push_bind(event.position.0 as i64)
                    .push_bind(self.sources[&event.source])
                    .push_bind(event.reason)
                    .push_bind(event.call.as_str())
                    .push_bind(event.sequence as i64)
                    .push_bind(event.kind)
                    .push_bind(event.occurred_at.map(Timestamp::as_micros));
            });
            self.run(sql, "write unapplied events").await?;
        }
        Ok(())
    }

    async fn write_counters(&mut self, counters: &[CounterRow]) -> Result<(), Error> {
        for counters in counters.chunks(ROWS_A_STATEMENT) {
            let mut sql = QueryBuilder::new("insert into counters (series, state) ");
            sql.push_values(counters, |mut row, counter| {
                row.push_bind(counter.series.as_str())
                    .push_bind(seal(&counter.state));
            });
            sql.push(" on conflict (series) do update set state = excluded.state");
            self.run(sql, "write counters").await?;
        }
        Ok(())
    }

    async fn run(
        &mut self,
        mut sql: QueryBuilder<Sqlite>,
        doing: &'static str,
    ) -> Result<(), Error> {
        let done = sql.build().execute(&mut self.connection).await;
        done.map(|_| ()).map_err(failed(doing))
    }
}

/// The columns of one call, in the order of the statement.
fn push_call(
    mut row: Separated<'_, Sqlite, &str>,
    (number, source, call): &(i64, i64, &SettledCall),
) {
    let settled = &call.settled;
    let record = &settled.record;
    let one = project::call_row(record, false);
    let (caller_key, caller) = match record.caller {
        Caller::Unknown => (None, None),
        Caller::Withheld => (None, Some(Vec::new())),
        Caller::Known(known) => (Some(known.key), Some(known.hash.to_vec())),
    };
    let (refused, refused_queue) = one
        .refused
        .map_or((None, None), |(reason, queue)| (Some(reason), queue));
    let text = |queue: Option<QueueId>| queue.map(|queue| queue.as_str().to_owned());
    let failed: Vec<u8> = one
        .failed_transfers
        .iter()
        .map(|cause| cause.code())
        .collect();
    row.push_bind(*number)
        .push_bind(*source)
        .push_bind(settled.call.as_str().to_owned())
        .push_bind(settled.epoch.0)
        .push_bind(settled.mode.code())
        .push_bind(call.position.0 as i64)
        .push_bind(record.arrived_at.as_micros())
        .push_bind(record.ended_at.map(Timestamp::as_micros))
        .push_bind(record.ended_by.code())
        .push_bind(record.outcome.map_or(0, |outcome| outcome.code()))
        .push_bind(record.direction.code())
        .push_bind(record.test)
        .push_bind(caller_key)
        .push_bind(caller)
        .push_bind(record.line.as_ref().map(|line| line.as_str().to_owned()))
        .push_bind(one.visits)
        .push_bind(text(one.first_queue))
        .push_bind(refused.map(|reason| reason.code()))
        .push_bind(text(refused_queue))
        .push_bind(one.answered)
        .push_bind(text(one.first_answer_queue))
        .push_bind(text(one.last_answer_queue))
        .push_bind(one.transfers)
        .push_bind(failed)
        .push_bind(one.reroutes)
        .push_bind(one.requeued)
        .push_bind(one.consult_only)
        .push_bind(micros(one.transfer_wait))
        .push_bind(record.marks.bits())
        .push_bind(settled.told.clone());
}
