//! What makes a period up, part by part: roll-ups where they stand for the rows, rows for the rest, and the open calls.
//!
//! Everything is read in one transaction, so it is as of one position; and never is more than a day of rows in memory.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

use crate::database::{Bind, Columns, Fetch};
use crate::model::{QueueId, SourceId, Timestamp};

use super::checkpoint::position;
use super::cover::Cover;
use super::from_row::Names;
use super::rollups::{
    Gather, Level, Part, QUARTER_MICROS, Rollup, RollupState, RollupsAsked, Stale, Sums, Within,
    quarter_of,
};
use super::rows::{Error, Head, Period, Selection, failed};
use super::stored::Readers;
use super::write::unseal;
use super::{keeping, project, stream};

/// Rows are read by stretches of a day, or longer ones where those would be too many.
const STRETCH_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
const STRETCHES_MAX: i64 = 1_000;
/// Statements that look for roll-ups of one level: more gaps than that are looked through together.
const WINDOWS_MAX: usize = 32;
/// Roll-ups within the longest interval: no month has more quarters.
const PARTS_WITHIN: usize = 32 * 24 * 4;

/// Sends the parts; ends early when nobody listens.
pub(super) async fn gather(
    connection: &mut impl Fetch,
    reading: Readers,
    asked: &Gather,
    parts: &mpsc::Sender<Part>,
) -> Result<(), Error> {
    let head = head(connection).await?;
    if parts.send(Part::Head(head)).await.is_err() {
        return Ok(());
    }
    let rest = match &asked.rollups {
        None => vec![asked.period],
        Some(rollups) => match take_rollups(connection, asked, rollups, parts).await? {
            Some(cover) => cover.rest(),
            None => return Ok(()),
        },
    };
    let mut rows = Vec::new();
    if let (Some(known), false) = (known(connection).await?, rest.is_empty()) {
        rows = stretches(&rest, known);
    }
    let mut names = Names::default();
    let sources = sources(connection).await?;
    for stretch in rows {
        let selection = settled(connection, &mut names, &sources, stretch).await?;
        if parts.send(Part::Rows(Box::new(selection))).await.is_err() {
            return Ok(());
        }
    }
    let open = open(connection, reading, asked.period).await?;
    // Nobody may listen any more.
    drop(parts.send(Part::Rows(Box::new(open))).await);
    Ok(())
}

/// What is known before any call is read.
pub(super) async fn head(connection: &mut impl Fetch) -> Result<Head, Error> {
    let stored = position(connection).await?;
    let kept = keeping::kept(connection).await?;
    let queues = connection.fetch("select name from queues order by name", &[]);
    let queues = queues.await.map_err(failed("read queues"))?;
    let queues = queues.iter().map(|row| QueueId::new(row.text(0)));
    Ok(Head {
        queues: queues.collect(),
        stored,
        last_arrival: stream::last_arrival_of_all(connection).await?,
        kept,
        erased: keeping::erased(connection).await?,
    })
}

/// Sends the roll-ups; what they leave, or `None` when nobody listens.
async fn take_rollups(
    connection: &mut impl Fetch,
    asked: &Gather,
    rollups: &RollupsAsked,
    parts: &mpsc::Sender<Part>,
) -> Result<Option<Cover>, Error> {
    let (start, end) = asked.period;
    let sql = "select level, starts_at, marks from rollup_stale
        where starts_at > $1 and starts_at < $2";
    let wide = start.as_micros().saturating_sub(QUARTER_MICROS);
    let values = [wide.into(), end.as_micros().into()];
    let stale = connection.fetch(sql, &values).await;
    let stale = stale.map_err(failed("read what is stale"))?;
    let stale = stale.iter().map(|row| of_stale(row));
    let mut stale: Vec<_> = stale.collect::<Result<_, _>>()?;
    stale.extend(asked.by_rows.iter().flat_map(|stretch| quarters(*stretch)));
    let mut cover = Cover::new(asked.period, &asked.starts, stale);
    let levels = Level::ALL.into_iter().rev();
    for level in levels.filter(|level| *level <= rollups.longest) {
        for (start, end) in cover.windows(least(level), WINDOWS_MAX) {
            let values = [
                level.code().into(),
                start.as_micros().into(),
                end.as_micros().into(),
            ];
            let mut rows = connection.stream(of_sums(rollups.sums), &values);
            while let Some(row) = rows.try_next().await.map_err(failed("read roll-ups"))? {
                let period = (
                    Timestamp::from_micros(row.int(0)),
                    Timestamp::from_micros(row.int(1)),
                );
                if !cover.take(level, period, (rollups.usable)(row.bytes(2), period)) {
                    continue;
                }
                let rollup = rollup(&row, level, period, rollups.sums);
                if parts.send(Part::Rollup(Box::new(rollup))).await.is_err() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(cover))
}

/// The quarters that a stretch lies in, as if they were stale.
fn quarters((start, end): Period) -> impl Iterator<Item = Stale> {
    let first = quarter_of(start).as_micros();
    let starts = (first..end.as_micros()).step_by(QUARTER_MICROS.unsigned_abs() as usize);
    starts.map(|start| Stale {
        level: Level::Quarter,
        start: Timestamp::from_micros(start),
        marks: 0,
    })
}

/// The shortest interval of a level: months have 28 days, days 23 hours, and some hours are half ones.
fn least(level: Level) -> i64 {
    let quarters = match level {
        Level::Quarter | Level::Hour => 1,
        Level::Day => 22 * 4,
        Level::Month => 27 * 24 * 4,
    };
    quarters * QUARTER_MICROS
}

macro_rules! rollups {
    ($sums:literal) => {
        concat!(
            "select starts_at, ends_at, edges, head, ",
            $sums,
            " from rollups where level = $1 and starts_at >= $2 and starts_at < $3 order by starts_at"
        )
    };
}

fn of_sums(sums: Sums) -> &'static str {
    match sums {
        Sums::Transfers => rollups!("transfers"),
        Sums::Visits => rollups!("calls, visits"),
        Sums::Journeys => rollups!("calls, journeys"),
        Sums::All => rollups!("transfers, calls, visits, journeys"),
    }
}

fn rollup(row: &dyn Columns, level: Level, period: Period, sums: Sums) -> Rollup {
    let bytes =
        |column: Option<usize>| column.map_or(Vec::new(), |column| row.bytes(column).to_vec());
    let [transfers, calls, visits, journeys] = match sums {
        Sums::Transfers => [Some(4), None, None, None],
        Sums::Visits => [None, Some(4), Some(5), None],
        Sums::Journeys => [None, Some(4), None, Some(5)],
        Sums::All => [Some(4), Some(5), Some(6), Some(7)],
    };
    Rollup {
        level,
        period,
        edges: bytes(Some(2)),
        head: bytes(Some(3)),
        transfers: bytes(transfers),
        calls: bytes(calls),
        visits: bytes(visits),
        journeys: bytes(journeys),
    }
}

/// The time that any call or visit is of: nothing need be looked for outside.
async fn known(connection: &mut impl Fetch) -> Result<Option<Period>, Error> {
    let sql = "select (select min(arrived_at) from calls), (select max(arrived_at) from calls),
        (select min(entered_at) from visits), (select max(entered_at) from visits)";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read a period"))?;
    let ends = rows
        .first()
        .map(|row| [0, 1, 2, 3].map(|column| row.maybe_int(column)));
    let ends = ends.unwrap_or_default();
    let (first, last) = (ends.iter().flatten().min(), ends.iter().flatten().max());
    let at = |micros: &i64, more| Timestamp::from_micros(micros.saturating_add(more));
    Ok(first
        .zip(last)
        .map(|(first, last)| (at(first, 0), at(last, 1))))
}

fn stretches(rest: &[Period], known: Period) -> Vec<Period> {
    let mut stretches = Vec::new();
    for (start, end) in rest {
        let (mut from, end) = ((*start).max(known.0), (*end).min(known.1));
        let micros = end.as_micros().saturating_sub(from.as_micros());
        let length = STRETCH_MICROS.max(micros / STRETCHES_MAX);
        while from < end {
            let until = Timestamp::from_micros(from.as_micros().saturating_add(length));
            stretches.push((from, until.min(end)));
            from = until.min(end);
        }
    }
    stretches
}

async fn sources(connection: &mut impl Fetch) -> Result<HashMap<i64, SourceId>, Error> {
    let sources = connection.fetch("select source_id, name from sources", &[]);
    let sources = sources.await.map_err(failed("read sources"))?;
    let sources = sources.iter();
    Ok(sources
        .map(|row| (row.int(0), SourceId::new(row.text(1))))
        .collect())
}

/// The rows of settled calls.
async fn settled(
    connection: &mut impl Fetch,
    names: &mut Names,
    sources: &HashMap<i64, SourceId>,
    (start, end): Period,
) -> Result<Selection, Error> {
    let period = [start.as_micros().into(), end.as_micros().into()];
    let mut selection = Selection::default();
    let sql = "select arrived_at, outcome, direction, test, caller_key, caller, visits,
            first_queue, refused_reason, refused_queue, answered, first_answer_queue,
            last_answer_queue, transfers, failed_transfers, reroutes, requeued, consult_only,
            transfer_wait, marks, source_id, call_id, ended_at, first_entered_at,
            first_answered_at, last_exit, queue_wait, talk, hold, missed_offer_time,
            returns, call_row from calls where arrived_at >= $1 and arrived_at < $2";
    let one = |row: &dyn Columns| names.call(row, sources);
    selection.calls = collect(connection, sql, &period, one).await?;
    let sql = "select queue, entered_at, exit, wait, talk, visit, exited_at,
            missed_offer_time, after_transfer from visits
            where entered_at >= $1 and entered_at < $2 and test = 0";
    let one = |row: &dyn Columns| names.visit(row);
    selection.visits = collect(connection, sql, &period, one).await?;
    let sql = "select call_arrived_at, first_answer_queue, method, target, to_name,
            from_queue, is_return, outcome, from_agent, wait, spent, call_row from transfers
            where call_arrived_at >= $1 and call_arrived_at < $2 and test = 0";
    let one = |row: &dyn Columns| names.transfer(row);
    selection.transfers = collect(connection, sql, &period, one).await?;
    Ok(selection)
}

/// What open calls have in the period.
async fn open(
    connection: &mut impl Fetch,
    reading: Readers,
    period: Period,
) -> Result<Selection, Error> {
    let mut selection = Selection::default();
    let sql = "select open_calls.state, name from open_calls join sources using (source_id)";
    let rows = connection.fetch(sql, &[]).await;
    for row in rows.map_err(failed("read open calls"))? {
        let state = unseal(row.bytes(0)).and_then(reading.open);
        let (call, record) = state.ok_or(Error::Corrupt { what: "open call" })?;
        let source = SourceId::new(row.text(1));
        project::add_open(&mut selection, source, call, &record, period);
    }
    Ok(selection)
}

/// The rows of settled calls of a period.
pub(super) async fn all_settled(
    connection: &mut impl Fetch,
    period: Period,
) -> Result<Selection, Error> {
    let sources = sources(connection).await?;
    settled(connection, &mut Names::default(), &sources, period).await
}

/// The roll-ups that make an interval up.
pub(super) async fn within(
    connection: &mut impl Fetch,
    period: Period,
    rollups: RollupsAsked,
) -> Result<Within, Error> {
    // A month has fewer quarters: nobody need take parts out meanwhile.
    let (parts, mut received) = mpsc::channel(PARTS_WITHIN);
    let asked = Gather {
        period,
        starts: Vec::new(),
        by_rows: Vec::new(),
        rollups: None,
    };
    let Some(cover) = take_rollups(connection, &asked, &rollups, &parts).await? else {
        return Err(Error::Stopped);
    };
    let mut within = Within {
        rest: cover.rest(),
        is_stale: cover.is_stale(rollups.longest, period),
        rollups: Vec::new(),
    };
    drop(parts);
    while let Some(part) = received.recv().await {
        if let Part::Rollup(rollup) = part {
            within.rollups.push(*rollup);
        }
    }
    Ok(within)
}

/// The intervals that are stale and begin in a period, and the newest quarter known.
pub(super) async fn stale(
    connection: &mut impl Fetch,
    (start, end): Period,
    at_most: u32,
) -> Result<(Vec<Stale>, Option<Timestamp>), Error> {
    let read = failed("read what is stale");
    let sql = "select level, starts_at, marks from rollup_stale
        where starts_at >= $1 and starts_at < $2 order by level, starts_at limit $3";
    let values = [
        start.as_micros().into(),
        end.as_micros().into(),
        i64::from(at_most).into(),
    ];
    let rows = connection.fetch(sql, &values).await.map_err(&read)?;
    let stale = rows
        .iter()
        .map(|row| of_stale(row))
        .collect::<Result<_, _>>()?;
    let sql = "select (select max(starts_at) from rollups where level = 1),
        (select max(starts_at) from rollup_stale where level = 1)";
    let newest = connection.fetch(sql, &[]).await.map_err(&read)?;
    let newest = newest
        .first()
        .map(|row| [row.maybe_int(0), row.maybe_int(1)]);
    let newest = newest.into_iter().flatten().flatten().max();
    Ok((stale, newest.map(Timestamp::from_micros)))
}

fn of_stale(row: &dyn Columns) -> Result<Stale, Error> {
    let level = Level::from_code(row.int(0));
    Ok(Stale {
        level: level.ok_or(Error::Corrupt { what: "roll-up" })?,
        start: Timestamp::from_micros(row.int(1)),
        marks: row.int(2),
    })
}

/// What is known of all roll-ups.
pub(super) async fn state(connection: &mut impl Fetch) -> Result<RollupState, Error> {
    let read = failed("read roll-ups");
    let zone = connection.fetch("select zone from rollup_zone", &[]).await;
    let zone = zone.map_err(&read)?;
    let sql = "select distinct edges from rollups where level = 1";
    let edges = connection.fetch(sql, &[]).await.map_err(&read)?;
    let sql = "select starts_at from rollups where level = 1 order by starts_at";
    let quarters = connection.fetch(sql, &[]).await.map_err(&read)?;
    let start = quarters
        .iter()
        .map(|row| Timestamp::from_micros(row.int(0)));
    Ok(RollupState {
        zone: zone
            .first()
            .and_then(|row| row.maybe_text(0))
            .map(str::to_owned),
        edges: edges.iter().map(|row| row.bytes(0).to_vec()).collect(),
        quarters: start.collect(),
    })
}

/// Reads a statement's rows one by one, letting others have the thread now and then: there may be many.
async fn collect<T>(
    connection: &mut impl Fetch,
    sql: &'static str,
    values: &[Bind<'_>],
    mut one: impl FnMut(&dyn Columns) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut collected = Vec::new();
    let mut rows = connection.stream(sql, values);
    while let Some(row) = rows.try_next().await.map_err(failed("read a period"))? {
        collected.push(one(&row)?);
        tokio::task::coop::consume_budget().await;
    }
    Ok(collected)
}
