//! What is removed from the store, and what is noted of it: calls beyond their time, callers that were erased.

use crate::database::{self, Bind, Columns, Db, Fetch, on};
use crate::model::{CallId, CallKey, ERASED_ANSWER, Position, SourceId, Timestamp};

use super::chore::{Done, Erasure, ForgottenEvent};
use super::rollups::quarter_of;
use super::rows::{Erased, Error, failed};
use super::survey;
use super::table::{CALL_ROWS, Rows};
use super::writer::StoreWriter;
use super::{cases, forms};

/// Names of classes in `kept`.
const CALLS: &str = "calls";
pub(super) const ROLLUPS: &str = "rollups";
pub(super) const PSEUDONYMS: &str = "pseudonyms";

/// Calls removed in one transaction.
const CALLS_A_PIECE: i64 = 500;
/// Of what agents and lines said, as much is removed in one transaction.
const TOLD_A_PIECE_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// From where on things are kept; `None` = nothing was removed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Calls, by arrival.
    pub calls: Option<Timestamp>,
    /// Sums of calls, by arrival.
    pub rollups: Option<Timestamp>,
    /// Callers of calls, by arrival.
    pub pseudonyms: Option<Timestamp>,
}

/// How much was erased: few acts, each with its number of calls.
pub(super) async fn erased(connection: &mut impl Fetch) -> Result<Erased, Error> {
    let sql = "select calls, begun_at from erasures";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read what was erased"))?;
    Ok(Erased {
        calls: rows.iter().map(|row| row.int(0).unsigned_abs()).sum(),
        last: rows
            .iter()
            .map(|row| Timestamp::from_micros(row.int(1)))
            .max(),
    })
}

/// From where on things are kept.
pub(super) async fn kept(connection: &mut impl Fetch) -> Result<Kept, Error> {
    let rows = connection
        .fetch("select class, kept_from from kept", &[])
        .await;
    let mut kept = Kept::default();
    for row in rows.map_err(failed("read what is kept"))? {
        let from = Some(Timestamp::from_micros(row.int(1)));
        match row.text(0) {
            CALLS => kept.calls = from,
            ROLLUPS => kept.rollups = from,
            PSEUDONYMS => kept.pseudonyms = from,
            _ => {}
        }
    }
    // Who called is not known of calls that are gone.
    kept.pseudonyms = kept
        .pseudonyms
        .filter(|from| kept.calls.is_none_or(|calls| *from > calls));
    Ok(kept)
}

/// The acts of erasing that are under way, each with its calls.
pub(super) async fn erasures(
    connection: &mut impl Fetch,
) -> Result<Vec<(Erasure, Vec<(SourceId, CallKey)>)>, Error> {
    let read = failed("read acts of erasing");
    let sql = "select erasure_id, begun_at, key_id, calls, calls_open, events, digest from erasures
        where finished_at is null order by erasure_id";
    let rows = connection.fetch(sql, &[]).await.map_err(&read)?;
    let act = |row: &dyn Columns| Erasure {
        number: row.int(0) as u64,
        begun_at: Timestamp::from_micros(row.int(1)),
        finished_at: None,
        key: row.maybe_int(2).map(|key| key as u32),
        calls: row.int(3) as u64,
        calls_open: row.int(4) as u64,
        events: row.int(5) as u64,
        digest: row.text(6).to_owned(),
    };
    let acts: Vec<Erasure> = rows.iter().map(|row| act(row)).collect();
    let mut all = Vec::new();
    for act in acts {
        let sql = "select name, call_key from erasing join sources using (source_id)
            where erasure_id = $1";
        let rows = connection.fetch(sql, &[(act.number as i64).into()]).await;
        let rows = rows.map_err(&read)?;
        let one = |row: &dyn Columns| {
            let key = super::from_row::key(row, 1)?;
            Ok((SourceId::new(row.text(0)), key))
        };
        let calls = rows.iter().map(|row| one(row));
        all.push((act, calls.collect::<Result<_, Error>>()?));
    }
    Ok(all)
}

/// Late events with their bytes.
pub(super) async fn late(connection: &mut impl Fetch) -> Result<Vec<ForgottenEvent>, Error> {
    let sql = "select position, name, call_id, sequence, told
        from unapplied_events join sources using (source_id)";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("read unapplied events"))?;
    let one = |row: &dyn Columns| ForgottenEvent {
        position: Position(row.int(0) as u64),
        source: SourceId::new(row.text(1)),
        call: CallId::new(row.text(2)),
        sequence: row.int(3) as u64,
        told: row.maybe_bytes(4).map(<[u8]>::to_vec),
    };
    Ok(rows.iter().map(|row| one(row)).collect())
}

/// The position of the oldest late event that the journal alone has.
pub(super) async fn oldest_late_in_journal(
    connection: &mut impl Fetch,
) -> Result<Option<Position>, Error> {
    let sql = "select min(position) from unapplied_events where reason = 'late' and told is null";
    let rows = connection.fetch(sql, &[]).await;
    let rows = rows.map_err(failed("look for late events"))?;
    let first = rows.first().and_then(|row| row.maybe_int(0));
    Ok(first.map(|position| Position(position as u64)))
}

impl StoreWriter {
    /// Writes late events again, under the ids of erased calls.
    pub(super) async fn forget_late(&mut self, events: &[ForgottenEvent]) -> Result<Done, Error> {
        let ids = self.ids.all();
        self.begin().await?;
        for event in events {
            let erased = CallId::erased(event.call.key());
            let sql = "update unapplied_events set call_id = $1 where position = $2
                and source_id = $3 and call_id = $4 and sequence = $5";
            let key = [
                erased.as_str().into(),
                (event.position.0 as i64).into(),
                ids[&event.source].into(),
                event.call.as_str().into(),
                (event.sequence as i64).into(),
            ];
            self.run(sql, &key, "forget a late event").await?;
            if let Some(told) = &event.told {
                let sql = "update unapplied_events set told = $1 where position = $2
                    and source_id = $3 and call_id = $4 and sequence = $5";
                let key = [
                    told.as_slice().into(),
                    (event.position.0 as i64).into(),
                    ids[&event.source].into(),
                    erased.as_str().into(),
                    (event.sequence as i64).into(),
                ];
                self.run(sql, &key, "forget a late event").await?;
            }
        }
        self.run("commit", &[], "commit").await?;
        Ok(Done::default())
    }

    /// Writes survey sessions again that are nobody's: under the ids of erased calls, without what was said in words or
    /// numbers.
    pub(super) async fn forget_sessions(
        &mut self,
        calls: &[(SourceId, CallKey)],
    ) -> Result<Done, Error> {
        let doing = "forget whose a survey session is";
        let ids = self.ids.all();
        self.begin().await?;
        for (source, key) in calls {
            let (bytes, erased) = (key.to_bytes(), CallId::erased(*key));
            let name = source.as_str().into();
            let values = [
                erased.as_str().into(),
                name,
                bytes.as_slice().into(),
                ERASED_ANSWER.into(),
            ];
            for sql in forms::FORGET.into_iter().chain(cases::FORGET) {
                self.run(sql, &values, doing).await?;
            }
            let Some(source) = ids.get(source) else {
                continue;
            };
            let values = [
                erased.as_str().into(),
                (*source).into(),
                bytes.as_slice().into(),
            ];
            self.run(survey::FORGET_CALL, &values, doing).await?;
            let values = [
                ERASED_ANSWER.into(),
                (*source).into(),
                bytes.as_slice().into(),
            ];
            self.run(survey::FORGET_ANSWERS, &values, doing).await?;
        }
        self.run("commit", &[], "commit").await?;
        Ok(Done::default())
    }

    /// Notes an act with its calls.
    pub(super) async fn begin_erasure(
        &mut self,
        act: &Erasure,
        calls: &[(SourceId, CallKey)],
    ) -> Result<Done, Error> {
        let doing = "note an act of erasing";
        let ids = self.ids.all();
        self.begin().await?;
        let sql = "insert into erasures (erasure_id, begun_at, key_id, calls, calls_open, events,
            digest) select coalesce(max(erasure_id), 0) + 1, $1, nullif($2, -1), $3, $4, $5, $6
            from erasures";
        let values = [
            act.begun_at.as_micros().into(),
            act.key.map_or(-1, i64::from).into(),
            (act.calls as i64).into(),
            (act.calls_open as i64).into(),
            (act.events as i64).into(),
            act.digest.as_str().into(),
        ];
        self.run(sql, &values, doing).await?;
        for (source, key) in calls {
            // A source whose rows are not stored has no calls here, but may have events in the journal.
            let Some(source) = ids.get(source) else {
                continue;
            };
            let sql = "insert into erasing (erasure_id, source_id, call_key)
                select max(erasure_id), $1, $2 from erasures";
            let key = key.to_bytes();
            let values = [(*source).into(), key.as_slice().into()];
            self.run(sql, &values, doing).await?;
        }
        self.run("commit", &[], "commit").await?;
        Ok(Done::default())
    }

    /// Notes that an act is done; its calls are noted no more.
    pub(super) async fn end_erasure(&mut self, act: &Erasure) -> Result<Done, Error> {
        let doing = "note an act of erasing as done";
        let finished = act.finished_at.unwrap_or(act.begun_at).as_micros();
        self.begin().await?;
        let sql = "update erasures set finished_at = $1, events = $2 where erasure_id = $3";
        let number = (act.number as i64).into();
        let values = [finished.into(), (act.events as i64).into(), number];
        self.run(sql, &values, doing).await?;
        let sql = "delete from erasing where erasure_id = $1";
        self.run(sql, &[number], doing).await?;
        self.run("commit", &[], "commit").await?;
        Ok(Done::default())
    }

    /// Removes the calls first to arrive, of those before an instant, with what agents and lines said at that time. One that
    /// entered a queue after it stays until that quarter goes as well: its visit is of a quarter whose rows are there.
    pub(super) async fn remove_calls(&mut self, before: Timestamp) -> Result<Done, Error> {
        let doing = "remove old calls";
        let before = self.folded_until(before).await?;
        let bound = [before.as_micros().into(), CALLS_A_PIECE.into()];
        let sql = "select call_row, source_id, call_id from calls where arrived_at < $1
            and not exists (select 1 from visits
                where visits.call_row = calls.call_row and visits.entered_at >= $1)
            order by arrived_at limit $2";
        let found = self.fetch(sql, &bound, |row| {
            (row.int(0), row.int(1), row.text(2).to_owned())
        });
        let found = found.await?;
        self.begin().await?;
        for table in &CALL_ROWS {
            let mut rows = Rows::of(table, found.len());
            found
                .iter()
                .for_each(|(row, ..)| rows.push([(*row).into()]));
            self.delete(rows).await?;
        }
        for (_, source, call) in &found {
            let sql = "delete from unapplied_events where source_id = $1 and call_id = $2";
            let values = [(*source).into(), call.as_str().into()];
            self.run(sql, &values, doing).await?;
            let key = CallId::new(call.as_str()).key().to_bytes();
            let values = [(*source).into(), key.as_slice().into()];
            let removals = survey::REMOVALS.into_iter().chain(forms::REMOVALS);
            for sql in removals.chain(cases::REMOVALS) {
                self.run(sql, &values, doing).await?;
            }
        }
        // What is of no call, or of one that nothing was ever told of, goes by its own time: no call takes it with it.
        let removals = survey::REMOVALS_UNBOUND.into_iter();
        let removals = removals.chain(forms::REMOVALS_UNBOUND);
        for sql in removals.chain(cases::REMOVALS_UNBOUND) {
            self.run(sql, &[before.as_micros().into()], doing).await?;
        }
        let last = "delete from agents_last where at < $1";
        self.run(last, &[before.as_micros().into()], doing).await?;
        let mut rows = found.len() as u64;
        for (first, delete) in [
            (
                "select min(starts_at) from agent_quarters where starts_at < $1",
                "delete from agent_quarters where starts_at < $1 and starts_at < $2",
            ),
            (
                "select min(at) from line_events where at < $1",
                "delete from line_events where at < $1 and at < $2",
            ),
        ] {
            let bound: Bind<'_> = before.as_micros().into();
            let first = self.fetch(first, &[bound], |row| row.maybe_int(0)).await?;
            if let Some(first) = first.into_iter().flatten().next() {
                let until = (first + TOLD_A_PIECE_MICROS).into();
                self.run(delete, &[bound, until], doing).await?;
                rows += 1;
            }
        }
        self.note(CALLS, before).await?;
        self.run("commit", &[], "commit").await?;
        Ok(Done {
            rows,
            ..Done::default()
        })
    }

    /// How far calls may be removed, up to an instant: whole quarters whose roll-ups stand for them.
    async fn folded_until(&mut self, before: Timestamp) -> Result<Timestamp, Error> {
        let before = quarter_of(before);
        // History that comes in later than it is kept is folded no more, and holds nothing up.
        let sql = "select min(starts_at) from rollup_stale where level = 1 and starts_at < $1
            and starts_at >= coalesce((select kept_from from kept where class = $2), starts_at)";
        let bound = [before.as_micros().into(), CALLS.into()];
        let stale = self.fetch(sql, &bound, |row| row.maybe_int(0)).await?;
        let stale = stale.into_iter().flatten().next();
        Ok(stale.map_or(before, Timestamp::from_micros))
    }

    /// Notes from where on a class is kept.
    pub(super) async fn note_kept(
        &mut self,
        class: &'static str,
        from: Timestamp,
    ) -> Result<Done, Error> {
        self.begin().await?;
        self.note(class, from).await?;
        self.run("commit", &[], "commit").await?;
        Ok(Done::default())
    }

    pub(super) async fn note(&mut self, class: &'static str, from: Timestamp) -> Result<(), Error> {
        let sql = "insert into kept (class, kept_from) values ($1, $2)
            on conflict (class) do update set kept_from = excluded.kept_from
            where excluded.kept_from > kept.kept_from";
        let values = [class.into(), from.as_micros().into()];
        self.run(sql, &values, "note what is kept").await
    }

    /// Brings everything written into the file and syncs it; on PostgreSQL each transaction is synced.
    pub(super) async fn sync(&mut self) -> Result<Done, Error> {
        let synced = match &mut self.connection {
            Db::Sqlite(connection) => {
                let cut = database::sqlite::cut_log(connection).await;
                cut.map_err(failed("sync"))?
            }
            Db::Postgres(_) => true,
        };
        Ok(Done {
            synced: synced.then_some(self.position),
            ..Done::default()
        })
    }

    /// Writes SQLite's file anew, without what was removed, and cuts the log.
    pub(super) async fn clean(&mut self) -> Result<Done, Error> {
        let Db::Sqlite(connection) = &mut self.connection else {
            return Ok(Done::default());
        };
        let doing = "write its file anew";
        connection
            .fetch("vacuum", &[])
            .await
            .map_err(failed(doing))?;
        match database::sqlite::cut_log(connection).await {
            Ok(true) => Ok(Done::default()),
            Ok(false) => Err(Error::Busy),
            Err(error) => Err(failed("cut its log")(error)),
        }
    }

    pub(super) async fn fetch<T>(
        &mut self,
        sql: &'static str,
        values: &[Bind<'_>],
        one: impl Fn(&dyn Columns) -> T,
    ) -> Result<Vec<T>, Error> {
        on!(self.connection.connection(), connection => {
            let rows = connection.fetch(sql, values).await;
            let rows = rows.map_err(failed("look for old rows"))?;
            Ok(rows.iter().map(|row| one(row)).collect())
        })
    }
}
