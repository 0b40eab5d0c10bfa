//! What was told of agents: a row holds all that a stretch of the journal told of one source within a quarter of an hour, a
//! line a telling; a second table, what each agent was told to be last.
//!
//! Agents' states are a third of all events. A row each, found by agent and by time, cost more than all else that is stored.
//! A line is JSON, `[at, kind, state, mode, "agent", "reason", "queues"]`, a queue a line in it: SQL could make it of older
//! rows, and people can read it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::database::{Columns, Fetch};
use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, Mode, QueueId, SourceId, Timestamp,
};

use super::rollups::quarter_of;
use super::rows::{Error, Period, failed};
use super::table::{AGENT_QUARTERS, AGENTS_LAST, Rows};
use super::write::{Ids, Write};

const STATE: u8 = 0;
const WRAP_UP_ENDED: u8 = 1;
const UNREADABLE: Error = Error::Corrupt {
    what: "telling of an agent",
};

/// A telling, as it stands in a row: instant, kind, state, mode; agent, reason, queues.
#[derive(Serialize, Deserialize)]
struct Line<'a>(
    i64,
    u8,
    u8,
    u8,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
);

impl<'a> Line<'a> {
    fn of(told: &'a AgentTold) -> Self {
        let (kind, state, reason, queues) = match &told.told {
            AgentEvent::StateChanged {
                state,
                reason,
                queues,
                ..
            } => {
                let queues: Vec<_> = queues.iter().map(QueueId::as_str).collect();
                (STATE, state.code(), &**reason, queues.join("\n"))
            }
            AgentEvent::WrapUpEnded { .. } => (WRAP_UP_ENDED, 0, "", String::new()),
        };
        Self(
            told.at.as_micros(),
            kind,
            state,
            told.mode.code(),
            told.told.agent().as_str().into(),
            reason.into(),
            queues.into(),
        )
    }

    fn into_told(self, source: &SourceId) -> Result<AgentTold, Error> {
        let Self(at, kind, state, mode, agent, reason, queues) = self;
        let agent = AgentId::new(&*agent);
        let told = match kind {
            STATE => AgentEvent::StateChanged {
                agent,
                state: AgentState::from_code(state).ok_or(UNREADABLE)?,
                reason: (*reason).into(),
                queues: queues.lines().map(QueueId::new).collect(),
            },
            _ => AgentEvent::WrapUpEnded { agent },
        };
        Ok(AgentTold {
            source: source.clone(),
            at: Timestamp::from_micros(at),
            told,
            mode: Mode::from_code(mode).ok_or(UNREADABLE)?,
        })
    }
}

/// The rows of a stretch: its tellings, and the last of each agent's that were live.
pub(super) fn rows<'a>(write: &'a Write, ids: &Ids) -> [Rows<'a>; 2] {
    let mut quarters = BTreeMap::<_, Vec<u8>>::new();
    let mut last = BTreeMap::<_, Line<'_>>::new();
    for told in &write.agents {
        let source = ids[&told.source];
        let line = Line::of(told);
        let lines = quarters.entry((quarter_of(told.at), source)).or_default();
        serde_json::to_writer(&mut *lines, &line).expect("numbers and texts are JSON");
        lines.push(b'\n');
        let key = (source, told.told.agent().as_str(), line.1);
        let is_newest = |known: &Line<'_>| (known.0, known.2) <= (line.0, line.2);
        if told.mode == Mode::Live && last.get(&key).is_none_or(is_newest) {
            last.insert(key, line);
        }
    }
    let mut told = Rows::of(&AGENT_QUARTERS, quarters.len());
    for ((quarter, source), lines) in quarters {
        let lines = String::from_utf8(lines).expect("JSON is UTF-8");
        let position = write.position.0 as i64;
        told.push([
            quarter.as_micros().into(),
            source.into(),
            position.into(),
            lines.into(),
        ]);
    }
    let mut latest = Rows::of(&AGENTS_LAST, last.len());
    for ((source, agent, kind), Line(at, _, state, _, _, reason, queues)) in last {
        latest.push([
            source.into(),
            agent.into(),
            kind.into(),
            at.into(),
            state.into(),
            reason.into_owned().into(),
            queues.into_owned().into(),
        ]);
    }
    [told, latest]
}

/// What was told in the period, in order of time. The same history told again, under another epoch or by a journal read from
/// its beginning, is there once: as it was told first.
pub(super) async fn read(
    connection: &mut impl Fetch,
    (start, end): Period,
) -> Result<Vec<AgentTold>, Error> {
    let sql = "select name, source_id, told from agent_quarters join sources using (source_id)
        where starts_at >= $1 and starts_at < $2 order by starts_at, source_id, position";
    let period = [quarter_of(start).as_micros().into(), end.as_micros().into()];
    let rows = connection.fetch(sql, &period).await;
    let rows = rows.map_err(failed("read what was told of agents"))?;
    let mut lines = Vec::new();
    let mut sources = BTreeMap::new();
    for row in &rows {
        let source = row.int(1);
        sources
            .entry(source)
            .or_insert_with(|| SourceId::new(row.text(0)));
        for line in serde_json::Deserializer::from_str(row.text(2)).into_iter::<Line<'_>>() {
            let line = line.map_err(|_| UNREADABLE)?;
            if (start.as_micros()..end.as_micros()).contains(&line.0) {
                lines.push((source, line));
            }
        }
    }
    fn key<'k>((source, line): &'k (i64, Line<'_>)) -> (i64, i64, &'k str, u8, u8) {
        let Line(at, kind, state, _, agent, ..) = line;
        (*at, *source, agent, *kind, *state)
    }
    lines.sort_by(|one, other| key(one).cmp(&key(other)));
    lines.dedup_by(|one, before| key(one) == key(before));
    let told = lines.into_iter();
    told.map(|(source, line)| line.into_told(&sources[&source]))
        .collect()
}

/// How far each source told of agents, by what it told in a period: of one that told in a later quarter too, to the period's end.
pub(super) async fn until(
    connection: &mut impl Fetch,
    told: &[AgentTold],
    end: Timestamp,
) -> Result<BTreeMap<SourceId, Timestamp>, Error> {
    let mut until = BTreeMap::new();
    // In order of time.
    for told in told {
        until.insert(told.source.clone(), told.at);
    }
    let sql = "select name from sources where exists (
        select 1 from agent_quarters later
        where later.source_id = sources.source_id and later.starts_at >= $1)";
    let rows = connection.fetch(sql, &[end.as_micros().into()]).await;
    for row in rows.map_err(failed("read whether agents were told of later"))? {
        until.insert(SourceId::new(row.text(0)), end);
    }
    Ok(until)
}

/// What was told last of each agent's state, live, and of the end of a wrap-up since then; in order of time.
pub(super) async fn last(
    connection: &mut impl Fetch,
    source: i64,
) -> Result<Vec<AgentTold>, Error> {
    let sql = "select name, told.agent, told.kind, told.at, told.state, told.reason, told.queues
        from agents_last told join sources using (source_id)
        left join agents_last changed on changed.source_id = told.source_id
            and changed.agent = told.agent and changed.kind = 0
        where told.source_id = $1 and (told.kind = 0 or told.at >= changed.at)
        order by told.at, told.agent, told.kind";
    let rows = connection.fetch(sql, &[source.into()]).await;
    let rows = rows.map_err(failed("read what agents were told to be"))?;
    let told = rows.iter().map(|row| {
        let code = |column| u8::try_from(row.int(column)).map_err(|_| UNREADABLE);
        let (kind, state, mode) = (code(2)?, code(4)?, Mode::Live.code());
        let text = |column| Cow::Borrowed(row.text(column));
        let line = Line(row.int(3), kind, state, mode, text(1), text(5), text(6));
        line.into_told(&SourceId::new(row.text(0)))
    });
    told.collect()
}
