//! Calls with everything told of them, in the order of their arrival, and what was told of agents and lines.

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

use crate::database::{Columns, Fetch};
use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, CallId, LineEvent, LineId, LineTold, Marks,
    QueueId, SourceId, Timestamp,
};

use super::from_row::word;
use super::rows::{Error, Period, Told, failed};
use super::stored::{Place, Readers, StoredCall};
use super::write::unseal;

/// Calls handed over at once.
const CALLS_A_PART: usize = 1_000;

/// Sends the calls that arrived in the period behind `after`, open ones among them; ends early when nobody listens.
pub(super) async fn calls(
    connection: &mut impl Fetch,
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
        where calls.arrived_at >= $1 and calls.arrived_at < $2
        order by calls.arrived_at, calls.source_id, calls.call_id";
    let from = after.map_or(start, |after| after.arrived_at.max(start));
    let mut settled = connection.stream(sql, &[from.as_micros().into(), end.as_micros().into()]);
    let mut part = Vec::with_capacity(CALLS_A_PART);
    while let Some(row) = settled.try_next().await.map_err(failed("read calls"))? {
        let place = place(&row);
        if !within(&place) {
            continue;
        }
        while let Some(earlier) = open.next_if(|call| call.place < place) {
            part.push(earlier);
        }
        let source = SourceId::new(row.text(3));
        part.push(StoredCall::of_told(
            place,
            source,
            told_and_marks(&row),
            readers.told,
        ));
        if part.len() >= CALLS_A_PART && parts.send(std::mem::take(&mut part)).await.is_err() {
            return Ok(());
        }
    }
    part.extend(open);
    // Whoever does not listen any more has had enough.
    drop(parts.send(part).await);
    Ok(())
}

/// The settled or open calls with this id, of any source.
pub(super) async fn call(
    connection: &mut impl Fetch,
    readers: Readers,
    id: &CallId,
) -> Result<Vec<StoredCall>, Error> {
    let mut found = open_calls(connection, readers).await?;
    found.retain(|call| call.place.call == *id);
    let key = id.key().to_bytes().to_vec();
    let sql =
        "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
        from sources join call_keys using (source_id) join calls using (call_row)
        where call_key = $1 and calls.call_id = $2";
    let values = [key.as_slice().into(), id.as_str().into()];
    let rows = connection.fetch(sql, &values).await;
    for row in rows.map_err(failed("find a call"))? {
        let source = SourceId::new(row.text(3));
        found.push(StoredCall::of_told(
            place(&row),
            source,
            told_and_marks(&row),
            readers.told,
        ));
    }
    Ok(found)
}

fn told_and_marks(row: &dyn Columns) -> (Vec<u8>, Marks) {
    (row.bytes(4).to_vec(), Marks::from_bits(row.int(5) as u32))
}

fn place(row: &dyn Columns) -> Place {
    Place {
        arrived_at: Timestamp::from_micros(row.int(0)),
        source: row.int(1),
        call: CallId::new(row.text(2)),
    }
}

async fn open_calls(
    connection: &mut impl Fetch,
    readers: Readers,
) -> Result<Vec<StoredCall>, Error> {
    let sql =
        "select open_calls.state, name, source_id from open_calls join sources using (source_id)";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read open calls"))?;
    rows.iter()
        .map(|row| {
            let (call, record) = unseal(row.bytes(0))
                .and_then(readers.open)
                .ok_or(Error::Corrupt { what: "open call" })?;
            let place = Place {
                arrived_at: record.arrived_at,
                source: row.int(2),
                call,
            };
            let source = SourceId::new(row.text(1));
            Ok(StoredCall::of_record(place, source, true, record))
        })
        .collect()
}

/// What was told of agents and lines in the period, in order of time.
pub(super) async fn told(connection: &mut impl Fetch, (start, end): Period) -> Result<Told, Error> {
    let sql = "select name, at, agent, kind, agent_events.state, reason, queues
        from agent_events join sources using (source_id)
        where at >= $1 and at < $2 order by at, source_id, agent, kind, agent_events.state";
    let period = [start.as_micros().into(), end.as_micros().into()];
    let rows = connection.fetch(sql, &period).await;
    let agents = rows.map_err(failed("read agents' events"))?;
    let agents = agents
        .iter()
        .map(|row| agent(row))
        .collect::<Result<_, _>>()?;
    let sql = "select name, at, line, busy, total from line_events join sources using (source_id)
        where at >= $1 and at < $2 order by at, source_id, line";
    let rows = connection.fetch(sql, &period).await;
    let lines = rows.map_err(failed("read lines' events"))?;
    let lines = lines.iter().map(|row| LineTold {
        source: SourceId::new(row.text(0)),
        at: Timestamp::from_micros(row.int(1)),
        told: LineEvent {
            line: LineId::new(row.text(2)),
            busy: row.int(3) as u32,
            total: row.int(4) as u32,
        },
    });
    Ok(Told {
        agents,
        lines: lines.collect(),
    })
}

fn agent(row: &dyn Columns) -> Result<AgentTold, Error> {
    let agent = AgentId::new(row.text(2));
    let told = if row.int(3) == 0 {
        let queues = row.text(6);
        AgentEvent::StateChanged {
            agent,
            state: word(row, 4, AgentState::from_code)?,
            reason: row.text(5).into(),
            queues: queues.lines().map(QueueId::new).collect(),
        }
    } else {
        AgentEvent::WrapUpEnded { agent }
    };
    Ok(AgentTold {
        source: SourceId::new(row.text(0)),
        at: Timestamp::from_micros(row.int(1)),
        told,
    })
}
