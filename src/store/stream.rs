//! Calls with everything told of them, in the order of their arrival, and what was told of agents and lines.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use tokio::sync::mpsc;

use crate::database::{Columns, Fetch};
use crate::model::{
    CallId, CallRecord, Caller, Direction, LineEvent, LineId, LineTold, Marks, Mode, SourceId,
    Timestamp,
};

use super::agents_told;
use super::project;
use super::rows::{BusyLines, Error, OfCaller, Period, Spoken, Told, failed};
use super::stored::{Place, Readers, StoredCall};
use super::write::unseal;

/// Calls read and handed over at once. The first part is smaller, and each next one twice as large: who wants a page of a
/// long period, and no more, does not wait for a thousand.
const CALLS_A_PART: usize = 1_000;
const CALLS_FIRST_PART: usize = 64;
/// The same of no more than who was spoken to.
const SPOKEN_A_PART: usize = 20_000;

/// Which calls of a period are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// All.
    All,
    /// Those passed on twice or more, or sent back.
    PassedAround,
}

/// The settled calls of a period, from a place on; written out for each choice, so that an index can serve it.
macro_rules! settled_calls {
    ($which:literal) => {
        concat!(
            "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
            from calls join sources using (source_id)
            where calls.arrived_at >= $1 and calls.arrived_at < $2
                and (calls.arrived_at, calls.source_id, calls.call_id) > ($1, $3, $4)",
            $which,
            " order by calls.arrived_at, calls.source_id, calls.call_id limit $5"
        )
    };
}

impl Which {
    fn sql(self) -> &'static str {
        match self {
            Self::All => settled_calls!(""),
            Self::PassedAround => settled_calls!(" and calls.transfers + calls.returns > 1"),
        }
    }

    /// Whether an open call is among them.
    fn has(self, record: &CallRecord) -> bool {
        let passed = record.transfers.len() as u32 + project::returns(record);
        self == Self::All || passed > 1
    }
}

/// The calls that arrived in a period behind a place, open ones among them, part by part.
///
/// Each part is a statement of its own that goes on behind the last place: a statement for all of them would, when
/// somebody has had enough, make a PostgreSQL server send the rest all the same.
pub(super) struct Walk {
    readers: Readers,
    which: Which,
    end: Timestamp,
    last: Place,
    open: Peekable<IntoIter<StoredCall>>,
    size: usize,
    is_over: bool,
}

impl Walk {
    /// Begins a walk: what is open is read at once.
    pub(super) async fn begin(
        connection: &mut impl Fetch,
        readers: Readers,
        which: Which,
        (start, end): Period,
        after: Option<&Place>,
    ) -> Result<Self, Error> {
        let before_all = Place {
            arrived_at: start,
            source: i64::MIN,
            call: CallId::new(""),
        };
        let last = match after {
            Some(after) => after.clone().max(before_all),
            None => before_all,
        };
        let mut open = open_calls(connection, readers).await?;
        open.retain(|call| call.place > last && call.place.arrived_at < end);
        let mut chosen = Vec::with_capacity(open.len());
        for call in open {
            if which.has(&*call.record()?) {
                chosen.push(call);
            }
        }
        chosen.sort_by(|one, other| one.place.cmp(&other.place));
        Ok(Self {
            readers,
            which,
            end,
            last,
            open: chosen.into_iter().peekable(),
            size: CALLS_FIRST_PART,
            is_over: false,
        })
    }

    /// The next part; `None` behind the last one.
    pub(super) async fn next(
        &mut self,
        connection: &mut impl Fetch,
    ) -> Result<Option<Vec<StoredCall>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let values = [
            self.last.arrived_at.as_micros().into(),
            self.end.as_micros().into(),
            self.last.source.into(),
            self.last.call.as_str().into(),
            (self.size as i64).into(),
        ];
        let rows = connection.fetch(self.which.sql(), &values).await;
        let rows = rows.map_err(failed("read calls"))?;
        let mut part = Vec::with_capacity(rows.len());
        for row in &rows {
            let place = place(row);
            while let Some(earlier) = self.open.next_if(|call| call.place < place) {
                part.push(earlier);
            }
            self.last = place.clone();
            part.push(settled_call(row, place, self.readers));
        }
        if rows.len() < self.size {
            self.is_over = true;
            part.extend(self.open.by_ref());
        }
        self.size = CALLS_A_PART.min(self.size * 2);
        Ok(Some(part))
    }
}

/// Sends the calls that arrived in the period behind `after`, open ones among them; ends early when nobody listens.
pub(super) async fn calls(
    connection: &mut impl Fetch,
    readers: Readers,
    which: Which,
    period: Period,
    after: Option<&Place>,
    parts: &mpsc::Sender<Vec<StoredCall>>,
) -> Result<(), Error> {
    let mut walk = Walk::begin(connection, readers, which, period, after).await?;
    while let Some(part) = walk.next(connection).await? {
        // Whoever does not listen any more has had enough.
        if parts.send(part).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Whether anything was ever told of a line. Calls have no index by line: one would cost each call, to answer a slip of the
/// pen.
pub(super) async fn has_line(
    connection: &mut impl Fetch,
    readers: Readers,
    line: &LineId,
) -> Result<bool, Error> {
    for sql in [
        "select 1 from calls where line = $1 limit 1",
        "select 1 from line_events where line = $1 limit 1",
    ] {
        let rows = connection.fetch(sql, &[line.as_str().into()]).await;
        if !rows.map_err(failed("look for a line"))?.is_empty() {
            return Ok(true);
        }
    }
    for call in open_calls(connection, readers).await? {
        if call.record()?.line.as_ref() == Some(line) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sends who was spoken to in calls of the period; ends early when nobody listens.
pub(super) async fn spoken(
    connection: &mut impl Fetch,
    readers: Readers,
    (start, end): Period,
    parts: &mpsc::Sender<Vec<Spoken>>,
) -> Result<(), Error> {
    let mut part = Vec::new();
    for call in open_calls(connection, readers).await? {
        if (start..end).contains(&call.place.arrived_at) {
            part.extend(Spoken::of(&*call.record()?));
        }
    }
    let sql = "select arrived_at, source_id, call_id, direction, caller from calls
        where arrived_at >= $1 and arrived_at < $2
            and (arrived_at, source_id, call_id) > ($1, $3, $4)
            and answered = 1 and test = 0 and length(caller) = 16
        order by arrived_at, source_id, call_id limit $5";
    let (mut at, mut source, mut id) = (start.as_micros(), i64::MIN, String::new());
    loop {
        let values = [
            at.into(),
            end.as_micros().into(),
            source.into(),
            id.as_str().into(),
            (SPOKEN_A_PART as i64).into(),
        ];
        let rows = connection.fetch(sql, &values).await;
        let rows = rows.map_err(failed("read who was spoken to"))?;
        for row in &rows {
            let direction = u8::try_from(row.int(3)).ok().and_then(Direction::from_code);
            if let (Ok(caller), Some(direction)) = (row.bytes(4).try_into(), direction) {
                part.push(Spoken { caller, direction });
            }
        }
        let over = rows.len() < SPOKEN_A_PART;
        if let Some(last) = rows.last() {
            (at, source, id) = (last.int(0), last.int(1), last.text(2).to_owned());
        }
        // Whoever does not listen any more has had enough.
        if parts.send(std::mem::take(&mut part)).await.is_err() || over {
            return Ok(());
        }
    }
}

/// The settled live calls of a source that arrived since an instant, none of them tests; the newest first, behind a place.
pub(super) async fn live_calls(
    connection: &mut impl Fetch,
    readers: Readers,
    source: i64,
    since: Timestamp,
    before: Option<&Place>,
    size: usize,
) -> Result<Vec<StoredCall>, Error> {
    let sql =
        "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
        from calls join sources using (source_id)
        where calls.arrived_at >= $1 and calls.arrived_at <= $2 and calls.source_id = $3
            and calls.mode = $4 and calls.test = 0
            and (calls.arrived_at < $2 or calls.call_id < $5)
        order by calls.arrived_at desc, calls.source_id desc, calls.call_id desc limit $6";
    // Without a place nothing is behind the end of time.
    let last = before.map_or(i64::MAX, |place| place.arrived_at.as_micros());
    let id = before.map_or("", |place| place.call.as_str());
    let values = [
        since.as_micros().into(),
        last.into(),
        source.into(),
        i64::from(Mode::Live.code()).into(),
        id.into(),
        (size as i64).into(),
    ];
    let rows = connection.fetch(sql, &values).await;
    let rows = rows.map_err(failed("read the last day's calls"))?;
    let calls = rows
        .iter()
        .map(|row| settled_call(row, place(row), readers));
    Ok(calls.collect())
}

/// When the last settled call of all arrived.
pub(super) async fn last_arrival_of_all(
    connection: &mut impl Fetch,
) -> Result<Option<Timestamp>, Error> {
    let sql = "select max(arrived_at) from calls";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read the last arrival"))?;
    let last = rows.first().and_then(|row| row.maybe_int(0));
    Ok(last.map(Timestamp::from_micros))
}

/// The calls of a caller that arrived in a period, open ones among them, and the last arrival of anybody's.
pub(super) async fn of_caller(
    connection: &mut impl Fetch,
    readers: Readers,
    caller: &[u8; 16],
    (start, end): Period,
) -> Result<OfCaller, Error> {
    let read = failed("read a caller's calls");
    let period = [start.as_micros().into(), end.as_micros().into()];
    let mut last_arrival = last_arrival_of_all(connection).await?;
    // Whose calls are read goes along the arrivals: the days around a call are few, and an index of callers would cost
    // every call that is ever stored.
    let sql =
        "select calls.arrived_at, calls.source_id, calls.call_id, name, calls.told, calls.marks
        from calls join sources using (source_id)
        where calls.arrived_at >= $1 and calls.arrived_at < $2 and calls.caller = $3";
    let values = [period[0], period[1], caller.as_slice().into()];
    let rows = connection.fetch(sql, &values).await.map_err(&read)?;
    let settled = rows
        .iter()
        .map(|row| settled_call(row, place(row), readers));
    let mut calls: Vec<_> = settled.collect();
    for call in open_calls(connection, readers).await? {
        let at = call.place.arrived_at;
        if at < start || at >= end {
            continue;
        }
        last_arrival = last_arrival.max(Some(at));
        if matches!(call.record()?.caller, Caller::Known(known) if known.hash == *caller) {
            calls.push(call);
        }
    }
    calls.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(OfCaller {
        calls,
        last_arrival,
    })
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
        found.push(settled_call(&row, place(&row), readers));
    }
    Ok(found)
}

fn settled_call(row: &dyn Columns, place: Place, readers: Readers) -> StoredCall {
    let source = SourceId::new(row.text(3));
    let marks = Marks::from_bits(row.int(5) as u32);
    StoredCall::of_told(place, source, row.bytes(4).to_vec(), marks, readers)
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
            let source = (row.int(2), SourceId::new(row.text(1)));
            unseal(row.bytes(0))
                .and_then(|state| StoredCall::of_open(state, source, readers))
                .ok_or(Error::Corrupt { what: "open call" })
        })
        .collect()
}

/// What was told of agents and lines in the period, in order of time.
pub(super) async fn told(connection: &mut impl Fetch, period: Period) -> Result<Told, Error> {
    let agents = agents_told::read(connection, period).await?;
    Ok(Told {
        agents_until: agents_told::until(connection, &agents, period.1).await?,
        agents,
        lines: told_of_lines(connection, period).await?,
        lines_until: lines_until(connection, period).await?,
    })
}

/// When all channels of lines were in use, by what was told in the period; of all lines when none is named.
pub(super) async fn busy_lines(
    connection: &mut impl Fetch,
    (start, end): Period,
    lines: &BTreeSet<LineId>,
) -> Result<BusyLines, Error> {
    let period = [start.as_micros().into(), end.as_micros().into()];
    let sql = "select told.line, told.at, (
            select min(later.at) from line_events later
            where later.source_id = told.source_id and later.line = told.line
                and later.at > told.at and later.at < $2), name
        from line_events told join sources using (source_id)
        where told.at >= $1 and told.at < $2 and told.total > 0 and told.busy >= told.total
        order by told.at, told.source_id, told.line";
    let rows = connection.fetch(sql, &period).await;
    let rows = rows.map_err(failed("read when lines were busy"))?;
    let wanted = rows.iter().filter(|row| {
        let line = row.text(0);
        lines.is_empty() || lines.contains(&LineId::new(line))
    });
    let stretches = wanted.map(|row| {
        let until = row.maybe_int(2).map(Timestamp::from_micros);
        let source = SourceId::new(row.text(3));
        (source, Timestamp::from_micros(row.int(1)), until)
    });
    let mut busy = BusyLines {
        stretches: stretches.collect(),
        ..BusyLines::default()
    };
    let sql = "select min(at) from line_events where at >= $1 and at < $2";
    let rows = connection.fetch(sql, &period).await;
    for row in rows.map_err(failed("read when lines were told of"))? {
        busy.first_told = row.maybe_int(0).map(Timestamp::from_micros);
    }
    busy.until = lines_until(connection, (start, end)).await?;
    if lines.is_empty() {
        return Ok(busy);
    }
    busy.first_told = None;
    for line in lines {
        let sql = "select min((select min(told.at) from line_events told
                where told.source_id = sources.source_id and told.line = $3 and told.at >= $1 and told.at < $2))
            from sources";
        let [start, end] = period;
        let rows = connection
            .fetch(sql, &[start, end, line.as_str().into()])
            .await;
        let rows = rows.map_err(failed("read when a line was told of"))?;
        let first = rows.first().and_then(|row| row.maybe_int(0));
        let first = first.map(Timestamp::from_micros);
        busy.first_told = [busy.first_told, first].into_iter().flatten().min();
    }
    Ok(busy)
}

/// How far each source told of lines: of one that told later too, to the period's end.
async fn lines_until(
    connection: &mut impl Fetch,
    (start, end): Period,
) -> Result<BTreeMap<SourceId, Timestamp>, Error> {
    let sql = "select name, (
            select min(later.at) from line_events later
            where later.source_id = sources.source_id and later.at >= $2
        ), (
            select told.at from line_events told
            where told.source_id = sources.source_id and told.at >= $1 and told.at < $2
            order by told.at desc limit 1
        )
        from sources where exists (
            select 1 from line_events ever where ever.source_id = sources.source_id)";
    let period = [start.as_micros().into(), end.as_micros().into()];
    let rows = connection.fetch(sql, &period).await;
    let rows = rows.map_err(failed("read how far lines were told of"))?;
    let until = rows.iter().filter_map(|row| {
        let later = row.maybe_int(1).map(|_| end);
        let until = later.or(row.maybe_int(2).map(Timestamp::from_micros))?;
        Some((SourceId::new(row.text(0)), until))
    });
    Ok(until.collect())
}

/// What was told of lines in the period, in order of time.
async fn told_of_lines(
    connection: &mut impl Fetch,
    (start, end): Period,
) -> Result<Vec<LineTold>, Error> {
    let period = [start.as_micros().into(), end.as_micros().into()];
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
    Ok(lines.collect())
}
