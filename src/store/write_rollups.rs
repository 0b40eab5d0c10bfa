//! Writing roll-ups: by the store's one writer, each write a transaction of its own between two stretches.

use std::collections::BTreeSet;

use crate::model::Timestamp;

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

impl StoreWriter {
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
