//! Writing roll-ups: by the store's one writer, each write a transaction of its own between two stretches.

use std::collections::BTreeSet;

use crate::model::Timestamp;

use super::chore::Done;
use super::keeping::ROLLUPS;
use super::rollups::{Folding, Level, Rollup, RollupWrite, quarter_of};
use super::rows::{Error, Period};
use super::table::{self, Rows};
use super::write::stale_rows;
use super::writer::StoreWriter;

/// Marks the quarters stale in which something of a period is. To be run in the transaction that changes the rows: once
/// before, and once after, when rows move to other quarters or go.
const MARK_STALE: &str = "insert into rollup_stale (level, starts_at, marks)
    select 1, quarter, 1 from (
        select arrived_at - ((arrived_at % 900000000) + 900000000) % 900000000 as quarter
        from calls where arrived_at >= $1 and arrived_at < $2
        union
        select entered_at - ((entered_at % 900000000) + 900000000) % 900000000
        from visits where entered_at >= $1 and entered_at < $2
    ) as quarters where true
    on conflict (level, starts_at) do update set marks = rollup_stale.marks + 1";

/// Roll-ups removed in one transaction: those of two days.
const ROLLUPS_A_PIECE: i64 = 200;

impl StoreWriter {
    /// Removes the oldest roll-ups of those before an instant whose calls are gone: by whole intervals, so that no day or
    /// month that stays has lost something of what it sums.
    pub(super) async fn remove_rollups(&mut self, before: Timestamp) -> Result<Done, Error> {
        let doing = "remove old roll-ups";
        let Some(until) = self.whole_until(before).await? else {
            return Ok(Done::default());
        };
        let mut rows = 0;
        self.begin().await?;
        for level in Level::ALL {
            let sql = "select starts_at from rollups where level = $1 and starts_at < $2
                order by starts_at limit $3";
            let values = [
                level.code().into(),
                until.as_micros().into(),
                (ROLLUPS_A_PIECE - rows).into(),
            ];
            let starts = self.fetch(sql, &values, |row| row.int(0)).await?;
            let (Some(first), Some(last)) = (starts.first(), starts.last()) else {
                continue;
            };
            let sql =
                "delete from rollups where level = $1 and starts_at >= $2 and starts_at <= $3";
            let values = [level.code().into(), (*first).into(), (*last).into()];
            self.run(sql, &values, doing).await?;
            rows += starts.len() as i64;
        }
        self.note(ROLLUPS, until).await?;
        self.run("commit", &[], "commit").await?;
        Ok(Done {
            rows: rows.unsigned_abs(),
            ..Done::default()
        })
    }

    /// How far roll-ups may be removed, up to an instant: no further than the calls that they sum are gone, and not into
    /// an interval that has a roll-up. `None` = no calls are gone.
    async fn whole_until(&mut self, before: Timestamp) -> Result<Option<Timestamp>, Error> {
        let sql = "select kept_from from kept where class = 'calls'";
        let gone = self.fetch(sql, &[], |row| row.int(0)).await?;
        let Some(gone) = gone.first().copied().map(Timestamp::from_micros) else {
            return Ok(None);
        };
        let mut until = quarter_of(before.min(gone)).as_micros();
        // A calendar may cut a quarter, so that what was moved back for one level lies within another's again.
        loop {
            let whole = until;
            for level in Level::ALL.into_iter().rev() {
                let sql = "select starts_at, ends_at from rollups
                    where level = $1 and starts_at < $2 order by starts_at desc limit 1";
                let values = [level.code().into(), until.into()];
                let last = self.fetch(sql, &values, |row| (row.int(0), row.int(1)));
                if let Some((start, end)) = last.await?.first().copied()
                    && end > until
                {
                    until = start;
                }
            }
            if until == whole {
                return Ok(Some(Timestamp::from_micros(until)));
            }
        }
    }

    /// Writes about roll-ups in one transaction. When the connection is lost over it, it may be written or not: to fold
    /// again is right in both cases.
    pub(super) async fn write_rollups(&mut self, write: &RollupWrite) -> Result<(), Error> {
        self.begin().await?;
        match write {
            RollupWrite::Fold(folding) => self.fold(folding).await?,
            RollupWrite::Rezone { zone, raised } => self.rezone(zone, raised).await?,
            RollupWrite::Recount { edges } => self.recount(edges).await?,
            RollupWrite::MarkStale(period) => self.mark_stale(*period).await?,
        }
        self.run("commit", &[], "commit").await
    }

    /// Marks the quarters of these instants stale, within a transaction that is begun: whoever changes what happened at
    /// them calls it.
    pub(super) async fn mark_instants_stale(
        &mut self,
        instants: &BTreeSet<Timestamp>,
    ) -> Result<(), Error> {
        let quarters: BTreeSet<_> = instants.iter().map(|at| quarter_of(*at)).collect();
        let quarters = quarters.into_iter().map(|start| (Level::Quarter, start));
        self.insert(stale_rows(quarters)).await
    }

    /// Marks the quarters of a period's rows stale, within a transaction that is begun.
    pub(super) async fn mark_stale(&mut self, (start, end): Period) -> Result<(), Error> {
        let values = [start.as_micros().into(), end.as_micros().into()];
        self.run(MARK_STALE, &values, "mark roll-ups stale").await
    }

    async fn fold(&mut self, folding: &Folding) -> Result<(), Error> {
        let mut rows = Rows::of(&table::ROLLUPS, folding.rollups.len());
        for rollup in &folding.rollups {
            let Rollup {
                level,
                period: (start, end),
                edges,
                head,
                transfers,
                calls,
                visits,
                journeys,
            } = rollup;
            rows.push([
                level.code().into(),
                start.as_micros().into(),
                end.as_micros().into(),
                edges.as_slice().into(),
                head.as_slice().into(),
                transfers.as_slice().into(),
                calls.as_slice().into(),
                visits.as_slice().into(),
                journeys.as_slice().into(),
            ]);
        }
        self.insert(rows).await?;
        let mut gone = Rows::of(&table::ROLLUP_KEYS, folding.gone.len());
        for (level, start) in &folding.gone {
            gone.push([level.code().into(), start.as_micros().into()]);
        }
        self.delete(gone).await?;
        let mut done = Rows::of(&table::ROLLUP_FOLDED, folding.done.len());
        for stale in &folding.done {
            done.push([
                stale.level.code().into(),
                stale.start.as_micros().into(),
                stale.marks.into(),
            ]);
        }
        self.delete(done).await?;
        self.insert(stale_rows(folding.raised.iter().copied()))
            .await
    }

    async fn rezone(&mut self, zone: &str, raised: &[(Level, Timestamp)]) -> Result<(), Error> {
        let doing = "forget another zone's roll-ups";
        self.run("delete from rollups where level > 1", &[], doing)
            .await?;
        self.run("delete from rollup_stale where level > 1", &[], doing)
            .await?;
        let sql = "update rollup_zone set zone = $1";
        self.run(sql, &[zone.into()], doing).await?;
        self.insert(stale_rows(raised.iter().copied())).await
    }

    async fn recount(&mut self, edges: &[u8]) -> Result<(), Error> {
        let sql = "insert into rollup_stale (level, starts_at, marks)
            select 1, starts_at, 1 from rollups
            where level = 1 and edges = $1 and (
                exists (select 1 from calls where arrived_at >= starts_at and arrived_at < ends_at)
                or exists (select 1 from visits where entered_at >= starts_at and entered_at < ends_at))
            on conflict (level, starts_at) do update set marks = rollup_stale.marks + 1";
        self.run(sql, &[edges.into()], "mark roll-ups stale").await
    }
}
