//! Calls with everything told of them, in the order of their arrival, out of SQLite.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, CallId, LineEvent, LineId, LineTold, Marks,
    QueueId, SourceId, Timestamp,
};

use super::rows::{Error, Period, Told};
use super::sqlite::{failed, word};
use super::stored::{Place, Readers, StoredCall};
use super::write::unseal;

/// Calls handed over at once. The first part is smaller, and each next one twice as large: who wants a page of a long
/// period, and no more, does not wait for a thousand.
const CALLS_A_PART: usize = 1_000;
const CALLS_FIRST_PART: usize = 64;

/// Sends the calls that arrived in the period behind `after`, open ones among them; ends early when nobody listens.
pub(super) async fn calls(
    connection: &mut SqliteConnection,
    readers: Readers,
    (start, end): Period,
    after: Option<&Place>,
    parts: &mpsc::Sender<Vec<StoredCall>>,
) -> Result<(), Error> {
    let within = |place: &Place| {
        place.arrived_at >= start
            && place.arrived_at < end
            && after.is_none_or(|after| place > after)
    };
    let mut open = open_calls(connection, readers).await?;
    open.retain(|call| within(&call.place));
    open.sort_by(|one, other| one.place.cmp(&other.place));
    let mut open = open.into_iter().peekable();

    let sql =
        "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
        from calls join sources using (source_id)
        where calls.arrived_at >= ? and calls.arrived_at < ?
        order by calls.arrived_at, calls.source_id, calls.call_id";
    let from = after.map_or(start, |after| after.arrived_at.max(start));
    let query = sqlx::query(sql)
        .bind(from.as_micros())
        .bind(end.as_micros());
    let mut settled = query.fetch(connection);
    let mut part = Vec::new();
    let mut part_size = CALLS_FIRST_PART;
    while let Some(row) = settled.try_next().await.map_err(failed("read calls"))? {
        let place = place(&row);
        if !within(&place) {
            continue;
        }
        while let Some(earlier) = open.next_if(|call| call.place < place) {
            part.push(earlier);
        }
        part.push(settled_call(&row, place, readers));
        if part.len() >= part_size {
            if parts.send(std::mem::take(&mut part)).await.is_err() {
                return Ok(());
            }
            part_size = CALLS_A_PART.min(part_size * 2);
        }
    }
    part.extend(open);
    // Whoever does not listen any more has had enough.
    drop(parts.send(part).await);
    Ok(())
}

/// The settled or open calls with this id, of any source.
pub(super) async fn call(
    connection: &mut SqliteConnection,
    readers: Readers,
    id: &CallId,
) -> Result<Vec<StoredCall>, Error> {
    let mut found = open_calls(connection, readers).await?;
    found.retain(|call| call.place.call == *id);
    let key = id.key().to_bytes().to_vec();
    let sql =
        "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
        from sources join call_keys using (source_id) join calls using (call_row)
        where call_key = ? and calls.call_id = ?";
    let query = sqlx::query(sql).bind(key).bind(id.as_str().to_owned());
    let rows = query.fetch_all(connection).await;
    for row in rows.map_err(failed("find a call"))? {
        found.push(settled_call(&row, place(&row), readers));
    }
    Ok(found)
}

fn settled_call(row: &SqliteRow, place: Place, readers: Readers) -> StoredCall {
    let source = SourceId::new(row.get::<&str, _>(3));
    let marks = Marks::from_bits(row.get(5));
    StoredCall::of_told(place, source, row.get(4), marks, readers)
}

fn place(row: &SqliteRow) -> Place {
    Place {
        arrived_at: Timestamp::from_micros(row.get(0)),
        source: row.get(1),
        call: CallId::new(row.get::<&str, _>(2)),
    }
}

async fn open_calls(
    connection: &mut SqliteConnection,
    readers: Readers,
) -> Result<Vec<StoredCall>, Error> {
    let sql =
        "select open_calls.state, name, source_id from open_calls join sources using (source_id)";
    let rows = sqlx::query(sql).fetch_all(connection).await;
    let rows = rows.map_err(failed("read open calls"))?;
    rows.iter()
        .map(|row| {
            let source = (row.get(2), SourceId::new(row.get::<&str, _>(1)));
            unseal(row.get(0))
                .and_then(|state| StoredCall::of_open(state, source, readers))
                .ok_or(Error::Corrupt { what: "open call" })
        })
        .collect()
}

/// What was told of agents and lines in the period, in order of time.
pub(super) async fn told(
    connection: &mut SqliteConnection,
    (start, end): Period,
) -> Result<Told, Error> {
    let sql = "select name, at, agent, kind, agent_events.state, reason, queues
        from agent_events join sources using (source_id)
        where at >= ? and at < ? order by at, source_id, agent, kind, agent_events.state";
    let period = (start.as_micros(), end.as_micros());
    let rows = sqlx::query(sql).bind(period.0).bind(period.1);
    let rows = rows.fetch_all(&mut *connection).await;
    let agents = rows.map_err(failed("read agents' events"))?;
    let agents = agents.iter().map(agent).collect::<Result<_, _>>()?;
    let sql = "select name, at, line, busy, total from line_events join sources using (source_id)
        where at >= ? and at < ? order by at, source_id, line";
    let rows = sqlx::query(sql).bind(period.0).bind(period.1);
    let rows = rows.fetch_all(connection).await;
    let lines = rows.map_err(failed("read lines' events"))?;
    let lines = lines.iter().map(|row| LineTold {
        source: SourceId::new(row.get::<&str, _>(0)),
        at: Timestamp::from_micros(row.get(1)),
        told: LineEvent {
            line: LineId::new(row.get::<&str, _>(2)),
            busy: row.get(3),
            total: row.get(4),
        },
    });
    Ok(Told {
        agents,
        lines: lines.collect(),
    })
}

fn agent(row: &SqliteRow) -> Result<AgentTold, Error> {
    let agent = AgentId::new(row.get::<&str, _>(2));
    let told = if row.get::<i64, _>(3) == 0 {
        let queues: &str = row.get(6);
        AgentEvent::StateChanged {
            agent,
            state: word(row, 4, AgentState::from_code)?,
            reason: row.get::<&str, _>(5).into(),
            queues: queues.lines().map(QueueId::new).collect(),
        }
    } else {
        AgentEvent::WrapUpEnded { agent }
    };
    Ok(AgentTold {
        source: SourceId::new(row.get::<&str, _>(0)),
        at: Timestamp::from_micros(row.get(1)),
        told,
    })
}
