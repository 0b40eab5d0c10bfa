//! Settled calls as they are kept, read column by column: what is made again is compared with all that is written of a
//! call, so that a column which a later version fills is filled by making the call again.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::database::{Columns, Fetch};
use crate::model::{CallId, EpochIndex, Exit, Marks, Mode, Position, Settled, SourceId, Timestamp};

use super::from_row::word;
use super::rows::{Error, Period, failed};
use super::stored::Place;
use super::table::{self, Kind, Table, Value};
use super::write::{self, Ids, SettledCall};

/// A settled call, its rows, and what was told of it too late.
#[derive(Clone, Debug)]
pub struct KeptCall {
    /// The number of its rows.
    pub row: i64,
    /// Its place in the order of calls.
    pub place: Place,
    /// Whose call it is.
    pub source: SourceId,
    /// The epoch it came in.
    pub epoch: EpochIndex,
    /// Live or history.
    pub mode: Mode,
    /// The last position of the journal row that settled it.
    pub position: Position,
    /// What was odd.
    pub marks: Marks,
    /// Everything told of it.
    pub told: Vec<u8>,
    /// Its rows in `calls`, `visits` and `transfers`.
    pub rows: CallValues,
    /// What was told of it too late, in the order of telling.
    pub late: Vec<LateEvent>,
}

/// An event that came after its call was settled, and is not in its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateEvent {
    /// The last position of the journal row that holds it.
    pub position: Position,
    /// Its number.
    pub sequence: u64,
    /// Itself; `None` = the journal alone has it.
    pub told: Option<Vec<u8>>,
}

/// All that is written of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallValues {
    call: Vec<Value<'static>>,
    visits: Vec<Value<'static>>,
    transfers: Vec<Value<'static>>,
}

/// A visit or transfer, as far as figures of a change go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A visit: its queue, how it ended, its wait in µs.
    Visit(String, Option<Exit>, Option<i64>),
    /// A transfer: the queue it came from.
    Transfer(Option<String>),
}

impl CallValues {
    /// All that is written of a call under this number.
    pub(super) fn of(row: i64, call: &SettledCall, ids: &Ids) -> Self {
        let one = || std::iter::once((row, call));
        let owned = |rows: table::Rows<'_>| rows.values.into_iter().map(Value::owned).collect();
        Self {
            call: owned(write::calls(one(), ids)),
            visits: owned(write::visits(one())),
            transfers: owned(write::transfers(one())),
        }
    }

    /// Visits and transfers; none of a test call.
    pub fn happened(&self) -> Vec<Happened> {
        if cell(&table::CALLS, &self.call, "test").int() == Some(1) {
            return Vec::new();
        }
        let text = |value: &Value<'_>| value.text().map(str::to_owned);
        let visits = self.visits.chunks(table::VISITS.columns.len());
        let visits = visits.map(|visit| {
            let exit = cell(&table::VISITS, visit, "exit").int();
            let exit = exit.and_then(|code| Exit::from_code(u8::try_from(code).ok()?));
            let queue = text(cell(&table::VISITS, visit, "queue")).unwrap_or_default();
            Happened::Visit(queue, exit, cell(&table::VISITS, visit, "wait").int())
        });
        let transfers = self.transfers.chunks(table::TRANSFERS.columns.len());
        let transfers = transfers.map(|transfer| {
            Happened::Transfer(text(cell(&table::TRANSFERS, transfer, "from_queue")))
        });
        visits.chain(transfers).collect()
    }

    /// The instants at which its figures stand: the call's arrival, its visits' entries.
    pub fn instants(&self) -> Vec<Timestamp> {
        let arrived = cell(&table::CALLS, &self.call, "arrived_at").int();
        let visits = self.visits.chunks(table::VISITS.columns.len());
        let entered = visits.filter_map(|visit| cell(&table::VISITS, visit, "entered_at").int());
        let all = arrived.into_iter().chain(entered);
        all.map(Timestamp::from_micros).collect()
    }
}

/// A value by its column's name.
fn cell<'a>(table: &Table, values: &'a [Value<'static>], name: &str) -> &'a Value<'static> {
    const NULL: &Value<'static> = &Value::Null;
    let place = table.columns.iter().position(|(column, _)| *column == name);
    place.and_then(|place| values.get(place)).unwrap_or(NULL)
}

/// A table's columns, each with its table's name, as a statement lists them.
fn columns(table: &Table) -> String {
    let names = table.columns.iter();
    let names = names.map(|(column, _)| format!("{}.{column}", table.name));
    names.collect::<Vec<_>>().join(", ")
}

/// The values of a row that begins with a table's columns.
fn values(table: &Table, row: &dyn Columns) -> Vec<Value<'static>> {
    let kinds = table.columns.iter().map(|(_, kind)| kind).enumerate();
    let value = kinds.map(|(place, kind)| match kind {
        Kind::Int => row.maybe_int(place).into(),
        Kind::Text => row.maybe_text(place).map(str::to_owned).into(),
        Kind::Blob => row.maybe_bytes(place).map(<[u8]>::to_vec).into(),
    });
    value.collect()
}

/// The calls of the page: those of the period, and of the source ($5, 0 = any), behind a place. What belongs to them is
/// selected by the same words, up to the page's last place.
const PAGE: &str = "calls.arrived_at >= $1 and calls.arrived_at < $2
    and (calls.arrived_at, calls.source_id, calls.call_id) > ($1, $3, $4)
    and ($5 = 0 or calls.source_id = $5)";
/// Up to the page's last place.
const UNTIL: &str = "(calls.arrived_at, calls.source_id, calls.call_id) <= ($2, $6, $7)";

static CALLS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {}, sources.name from calls join sources using (source_id) where {PAGE}
        order by calls.arrived_at, calls.source_id, calls.call_id limit $6",
        columns(&table::CALLS)
    )
});

static VISITS: LazyLock<String> = LazyLock::new(|| belonging(&table::VISITS, "visit"));
static TRANSFERS: LazyLock<String> = LazyLock::new(|| belonging(&table::TRANSFERS, "transfer"));

fn belonging(table: &Table, order: &str) -> String {
    let (columns, name) = (columns(table), table.name);
    let page = PAGE.replace("calls.arrived_at < $2", "calls.arrived_at <= $2");
    format!(
        "select {columns} from calls join {name} using (call_row) where {page} and {UNTIL}
        order by {name}.call_row, {name}.{order}"
    )
}

static LATE: LazyLock<String> = LazyLock::new(|| {
    let page = PAGE.replace("calls.arrived_at < $2", "calls.arrived_at <= $2");
    format!(
        "select calls.call_row, unapplied_events.position, unapplied_events.sequence,
            unapplied_events.told
        from calls join unapplied_events on unapplied_events.source_id = calls.source_id
            and unapplied_events.call_id = calls.call_id and unapplied_events.reason = 'late'
        where {page} and {UNTIL}
        order by calls.call_row, unapplied_events.position, unapplied_events.sequence"
    )
});

/// How many settled calls arrived in the period, of a source or (0) of all.
pub(super) async fn count(
    connection: &mut impl Fetch,
    (start, end): Period,
    source: i64,
) -> Result<u64, Error> {
    let sql = "select count(*) from calls
        where arrived_at >= $1 and arrived_at < $2 and ($3 = 0 or source_id = $3)";
    let period = [
        start.as_micros().into(),
        end.as_micros().into(),
        source.into(),
    ];
    let rows = connection.fetch(sql, &period).await;
    let rows = rows.map_err(failed("count calls"))?;
    Ok(rows.first().map_or(0, |row| row.int(0) as u64))
}

/// The next settled calls that arrived in the period, of a source or (0) of all, in the order of their places behind
/// `after`.
pub(super) async fn page(
    connection: &mut impl Fetch,
    (start, end): Period,
    source: i64,
    after: Option<&Place>,
    size: usize,
) -> Result<Vec<KeptCall>, Error> {
    let read = failed("read kept calls");
    let before_all = Place {
        arrived_at: start,
        source: i64::MIN,
        call: CallId::new(""),
    };
    let after = after
        .cloned()
        .map_or(before_all.clone(), |at| at.max(before_all));
    let begin = [
        after.arrived_at.as_micros().into(),
        end.as_micros().into(),
        after.source.into(),
        after.call.as_str().into(),
        source.into(),
    ];
    let mut bound = begin.to_vec();
    bound.push((size as i64).into());
    let rows = connection.fetch(CALLS.as_str(), &bound).await;
    let rows = rows.map_err(&read)?;
    let calls = rows.iter().map(|row| call(row));
    let mut calls = calls.collect::<Result<Vec<_>, _>>()?;
    let Some(last) = calls.last().map(|call| call.place.clone()) else {
        return Ok(calls);
    };
    let mut bound = begin.to_vec();
    bound[1] = last.arrived_at.as_micros().into();
    bound.push(last.source.into());
    bound.push(last.call.as_str().into());
    let places: BTreeMap<i64, usize> = calls.iter().map(|call| call.row).zip(0..).collect();
    for (sql, table, of) in [
        (
            VISITS.as_str(),
            &table::VISITS,
            visits_of as fn(&mut CallValues) -> &mut Vec<_>,
        ),
        (TRANSFERS.as_str(), &table::TRANSFERS, transfers_of),
    ] {
        for row in connection.fetch(sql, &bound).await.map_err(&read)? {
            // A call that settled meanwhile is none of this page.
            if let Some(place) = places.get(&row.int(0)) {
                of(&mut calls[*place].rows).extend(values(table, &row));
            }
        }
    }
    for row in connection
        .fetch(LATE.as_str(), &bound)
        .await
        .map_err(&read)?
    {
        if let Some(place) = places.get(&row.int(0)) {
            calls[*place].late.push(LateEvent {
                position: Position(row.int(1) as u64),
                sequence: row.int(2) as u64,
                told: row.maybe_bytes(3).map(<[u8]>::to_vec),
            });
        }
    }
    Ok(calls)
}

static OF_CALLER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {}, sources.name from calls join sources using (source_id) where calls.caller = $1",
        columns(&table::CALLS)
    )
});

static OF_KEY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {}, sources.name from calls join sources using (source_id)
            join call_keys on call_keys.call_row = calls.call_row
        where sources.name = $1 and call_keys.source_id = sources.source_id
            and call_keys.call_key = $2",
        columns(&table::CALLS)
    )
});

static WITH_CALLER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {}, sources.name from calls join sources using (source_id)
        where calls.arrived_at < $1 and calls.caller_key is not null
            and (calls.arrived_at, calls.call_row) > ($2, $3)
        order by calls.arrived_at, calls.call_row limit $4",
        columns(&table::CALLS)
    )
});

/// The settled calls of a caller, by the hash of the pseudonym, and those with these keys; without visits and transfers.
pub(super) async fn of_person(
    connection: &mut impl Fetch,
    caller: &[u8; 16],
    keys: &[(SourceId, crate::model::CallKey)],
) -> Result<Vec<KeptCall>, Error> {
    let read = failed("look for a caller's calls");
    let bound = [caller.as_slice().into()];
    let rows = connection.fetch(OF_CALLER.as_str(), &bound).await;
    let rows = rows.map_err(&read)?;
    let mut calls = BTreeMap::new();
    for row in &rows {
        let call = call(row)?;
        calls.insert(call.row, call);
    }
    for (source, key) in keys {
        let bytes = key.to_bytes();
        let bound = [source.as_str().into(), bytes.as_slice().into()];
        for row in connection
            .fetch(OF_KEY.as_str(), &bound)
            .await
            .map_err(&read)?
        {
            let call = call(&row)?;
            if call.place.call.key() == *key {
                calls.insert(call.row, call);
            }
        }
    }
    Ok(calls.into_values().collect())
}

/// Calls that arrived before an instant and whose caller is known, behind one that was read before.
pub(super) async fn with_caller(
    connection: &mut impl Fetch,
    before: Timestamp,
    after: (Timestamp, i64),
    size: usize,
) -> Result<Vec<KeptCall>, Error> {
    let bound = [
        before.as_micros().into(),
        after.0.as_micros().into(),
        after.1.into(),
        (size as i64).into(),
    ];
    let rows = connection.fetch(WITH_CALLER.as_str(), &bound).await;
    let rows = rows.map_err(failed("look for old pseudonyms"))?;
    rows.iter().map(|row| call(row)).collect()
}

fn visits_of(rows: &mut CallValues) -> &mut Vec<Value<'static>> {
    &mut rows.visits
}

fn transfers_of(rows: &mut CallValues) -> &mut Vec<Value<'static>> {
    &mut rows.transfers
}

fn call(row: &dyn Columns) -> Result<KeptCall, Error> {
    let columns = table::CALLS.columns;
    let at = |name: &str| columns.iter().position(|(column, _)| *column == name);
    let at = |name| at(name).ok_or(Error::Corrupt { what: "call" });
    Ok(KeptCall {
        row: row.int(at("call_row")?),
        place: Place {
            arrived_at: Timestamp::from_micros(row.int(at("arrived_at")?)),
            source: row.int(at("source_id")?),
            call: CallId::new(row.text(at("call_id")?)),
        },
        source: SourceId::new(row.text(columns.len())),
        epoch: EpochIndex(row.int(at("epoch_id")?) as u32),
        mode: word(row, at("mode")?, Mode::from_code)?,
        position: Position(row.int(at("settled_position")?) as u64),
        marks: Marks::from_bits(row.int(at("marks")?) as u32),
        told: row.bytes(at("told")?).to_vec(),
        rows: CallValues {
            call: values(&table::CALLS, row),
            ..CallValues::default()
        },
        late: Vec::new(),
    })
}

impl KeptCall {
    /// The same call with another record, or the same made again.
    pub fn with(&self, record: crate::model::CallRecord, told: Vec<u8>) -> SettledCall {
        SettledCall {
            source: self.source.clone(),
            position: self.position,
            settled: Box::new(Settled {
                call: self.place.call.clone(),
                key: self.place.call.key(),
                epoch: self.epoch,
                mode: self.mode,
                record,
                told,
            }),
        }
    }
}
