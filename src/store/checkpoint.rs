//! Where a restart goes on: the checkpoint, its sources with their open calls, its counters.

use std::collections::HashSet;

use crate::database::{Columns as _, Fetch, on};
use crate::model::{CallKey, CounterRow, Position, QueueId, SourceId, Timestamp};

use super::from_row;
use super::rows::{Error, failed};
use super::survey::{self, StoredSurveys};
use super::write::unseal;
use super::writer::StoreWriter;

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
    /// Of the late ones, those that are in the figures by now.
    pub recomputed_events: u64,
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
    /// Survey sessions that may still change, and who was invited.
    pub surveys: StoredSurveys,
}

impl StoreWriter {
    /// Reads where a restart goes on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&mut self) -> Result<Checkpoint, Error> {
        let loaded = on!(self.connection.connection(), connection => load(connection).await);
        let (checkpoint, ids, next_row) = loaded?;
        let named = checkpoint.sources.iter().zip(ids);
        self.ids
            .add(named.map(|(stored, id)| (stored.source.clone(), id)));
        self.next_row = next_row;
        self.position = checkpoint.position;
        Ok(checkpoint)
    }
}

/// The checkpoint, the numbers of its sources, and the number of the next call.
async fn load(connection: &mut impl Fetch) -> Result<(Checkpoint, Vec<i64>, i64), Error> {
    let read = failed("read");
    let position = position(connection).await?;
    let sql = "select source_id, name, state, sent_at, received_at, late_events,
        call_exists_events, recomputed_events from sources order by source_id";
    let (mut ids, mut sources) = (Vec::new(), Vec::new());
    for row in connection.fetch(sql, &[]).await.map_err(&read)? {
        let heard = row.maybe_int(3).zip(row.maybe_int(4));
        ids.push(row.int(0));
        sources.push(StoredSource {
            source: SourceId::new(row.text(1)),
            state: unseal(row.bytes(2)).map(<[u8]>::to_vec),
            heard: heard.map(|(sent, received)| {
                (
                    Timestamp::from_micros(sent),
                    Timestamp::from_micros(received),
                )
            }),
            late_events: row.int(5) as u64,
            call_exists_events: row.int(6) as u64,
            recomputed_events: row.int(7) as u64,
            open: Vec::new(),
        });
    }
    let sql = "select source_id, call_key, state from open_calls";
    for row in connection.fetch(sql, &[]).await.map_err(&read)? {
        let state = unseal(row.bytes(2)).map(<[u8]>::to_vec);
        if let Ok(place) = ids.binary_search(&row.int(0)) {
            sources[place].open.push((from_row::key(&row, 1)?, state));
        }
    }
    let mut counters = Some(Vec::new());
    let sql = "select series, state from counters";
    for row in connection.fetch(sql, &[]).await.map_err(&read)? {
        let state = unseal(row.bytes(1)).map(<[u8]>::to_vec);
        counters = counters.zip(state).map(|(mut counters, state)| {
            let series = row.text(0).to_owned();
            counters.push(CounterRow { series, state });
            counters
        });
    }
    let queues = connection.fetch("select name from queues", &[]).await;
    let queues = queues.map_err(&read)?;
    let queues = queues.iter().map(|row| QueueId::new(row.text(0))).collect();
    let last = connection
        .fetch("select coalesce(max(call_row), 0) from calls", &[])
        .await;
    let next_row = last.map_err(&read)?.first().map_or(0, |row| row.int(0)) + 1;
    let checkpoint = Checkpoint {
        position,
        sources,
        counters,
        queues,
        surveys: survey::load(connection).await?,
    };
    Ok((checkpoint, ids, next_row))
}

/// The position that the rows stand for.
pub(super) async fn position(connection: &mut impl Fetch) -> Result<Position, Error> {
    let rows = connection
        .fetch("select position from checkpoint", &[])
        .await;
    let rows = rows.map_err(failed("read the checkpoint"))?;
    let row = rows.first().ok_or(Error::Corrupt { what: "checkpoint" })?;
    Ok(Position(row.int(0) as u64))
}
