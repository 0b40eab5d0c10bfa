//! The store, for those who read: reports and the pipeline's look-ups.

use std::collections::HashMap;

use crate::database::{Columns, Db, Fetch, Readers, on};
use crate::model::{CallKey, CallRecord, EpochIndex, Position, SourceId, Timestamp};

use super::checkpoint::position;
use super::from_row::{self, Names};
use super::ids::SourceIds;
use super::project;
use super::rows::{Error, Rows, Selection, failed};
use super::write::{StoreWriter, unseal};
use super::{insert_postgres, insert_sqlite, table};

/// Reads the record out of an open call's state; `None` = damaged. Given from outside: the store knows no stories.
pub type OpenReader = fn(&[u8]) -> Option<CallRecord>;

/// The store, for those who read.
#[derive(Clone, Debug)]
pub struct Store {
    readers: Readers,
    open_reader: OpenReader,
    ids: SourceIds,
}

impl Store {
    /// Reads what the writer writes.
    pub(super) fn new(readers: Readers, open_reader: OpenReader, writer: &StoreWriter) -> Self {
        Self {
            readers,
            open_reader,
            ids: writer.ids.clone(),
        }
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
        let one = |row: &dyn Columns| {
            let source = names.get(&row.int(0));
            let source = source.ok_or(Error::Corrupt { what: "source" })?;
            let epoch = EpochIndex(row.int(2) as u32);
            Ok((source.clone(), from_row::key(row, 1)?, epoch))
        };
        match &self.readers {
            Db::Sqlite(readers) => {
                let rows = insert_sqlite::settled(readers, keys, position).await;
                let rows = rows.map_err(failed("look calls up"))?;
                rows.iter().map(|row| one(row)).collect()
            }
            Db::Postgres(readers) => {
                let rows = insert_postgres::settled(readers, keys, position).await;
                let rows = rows.map_err(failed("look calls up"))?;
                rows.iter().map(|row| one(row)).collect()
            }
        }
    }
}

impl Rows for Store {
    async fn select(&self, start: Timestamp, end: Timestamp) -> Result<Selection, Error> {
        // One read transaction: every table as of one position.
        let begin = match &self.readers {
            Db::Sqlite(_) => "begin",
            Db::Postgres(_) => "begin isolation level repeatable read, read only",
        };
        on!(&self.readers, readers => {
            let mut transaction = readers.begin_with(begin).await.map_err(failed("begin to read"))?;
            select(&mut *transaction, self.open_reader, start, end).await
        })
    }
}

async fn select(
    connection: &mut impl Fetch,
    open_reader: OpenReader,
    start: Timestamp,
    end: Timestamp,
) -> Result<Selection, Error> {
    let read = failed("read a period");
    let period = [start.as_micros(), end.as_micros()];
    let mut selection = Selection {
        stored: position(connection).await?,
        ..Selection::default()
    };
    let mut names = Names::default();

    let sql = "select arrived_at, outcome, direction, test, caller_key, caller, visits,
            first_queue, refused_reason, refused_queue, answered, first_answer_queue,
            last_answer_queue, transfers, failed_transfers, reroutes, requeued, consult_only,
            transfer_wait, marks from calls where arrived_at >= $1 and arrived_at < $2";
    for row in connection.fetch(sql, &period).await.map_err(&read)? {
        selection.calls.push(names.call(&row)?);
    }
    let sql = "select queue, entered_at, exit, wait, talk, visit from visits
            where entered_at >= $1 and entered_at < $2 and test = 0";
    for row in connection.fetch(sql, &period).await.map_err(&read)? {
        selection.visits.push(names.visit(&row)?);
    }
    let sql = "select call_arrived_at, first_answer_queue, method, target, to_name,
            from_queue, is_return, outcome from transfers
            where call_arrived_at >= $1 and call_arrived_at < $2 and test = 0";
    for row in connection.fetch(sql, &period).await.map_err(&read)? {
        selection.transfers.push(names.transfer(&row)?);
    }
    for row in connection
        .fetch("select state from open_calls", &[])
        .await
        .map_err(&read)?
    {
        let state = unseal(row.bytes(0)).and_then(open_reader);
        let record = state.ok_or(Error::Corrupt { what: "open call" })?;
        add_open(&mut selection, &record, start, end);
    }
    for row in connection
        .fetch("select name from queues order by name", &[])
        .await
        .map_err(&read)?
    {
        selection.queues.push(names.queue(row.text(0)));
    }
    Ok(selection)
}

fn add_open(selection: &mut Selection, record: &CallRecord, start: Timestamp, end: Timestamp) {
    let within = |at: Timestamp| at >= start && at < end;
    if within(record.arrived_at) {
        selection.calls.push(project::call_row(record, true));
    }
    if record.test {
        return;
    }
    let visits = project::visit_rows(record, true).filter(|visit| within(visit.entered_at));
    selection.visits.extend(visits);
    if within(record.arrived_at) {
        selection.transfers.extend(project::transfer_rows(record));
    }
}
