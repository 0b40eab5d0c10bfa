//! Folding: the sums of stale intervals are made again, a few at a time, quarters of an hour from their rows, then hours,
//! days and months of the hotline's zone from what lies within them.
//!
//! The sums of rows are those that reports add up (`Queues`, `Transfers`), so an answer out of roll-ups is the one out of
//! rows. What is still changing is left alone: a quarter is folded when it was marked no more for a while, an hour, day
//! or month when something later is there. Until then reports read rows, and say the same.
//!
//! One folder a store: marks tell whether rows changed while they were folded, and two would not see each other's.

mod sums;
mod unit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use crate::kpi::Counting;
use crate::model::{PlannedRoutes, Position, Timestamp};
use crate::store::{
    Chore, Chores, Error, Folding, Level, Period, RollupWrite, RollupsAsked, Rows as _, Stale,
    Store, Sums,
};

use super::service::Options;
use super::zone::Zone;

use unit::{above, unit_of};

/// How often is looked for what is stale; what was marked between two looks is still changing.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Stale intervals looked at in one go.
const LOOKED_AT: u32 = 2_000;
/// The most quarters folded in one go: a day's.
const QUARTERS_AT_ONCE: usize = 96;
/// Quarters folded first, while nobody knows how many calls are in them.
const QUARTERS_FIRST: usize = 4;
/// Calls that are about enough for one go: their rows and sums lie in memory meanwhile.
const CALLS_AT_ONCE: usize = 10_000;
/// More positions stored between two looks are an import, or a start that catches up: folding would take their time.
const BUSY_POSITIONS: u64 = 20_000;

/// Folds roll-ups; cheap to clone.
#[derive(Clone, Debug)]
pub struct Folder {
    store: Store,
    chores: Chores,
    zone: Zone,
    routes: PlannedRoutes,
    counting: Counting,
    /// Held while something is folded.
    alone: Arc<Mutex<()>>,
}

impl Folder {
    /// Folds what this store holds, for the zone, the thresholds and the routes configured; `chores` is the way to the store's writer.
    pub fn new(store: Store, chores: Chores, options: &Options) -> Self {
        Self {
            store,
            chores,
            zone: options.zone.clone(),
            routes: options.floor.routes.clone(),
            counting: Counting::of(options.targets.thresholds(), &options.floor.routes),
            alone: Arc::default(),
        }
    }

    /// Folds for ever; to be dropped at the end. `stored` says how fast rows come in.
    pub async fn run(self, stored: watch::Receiver<Position>) {
        let mut known = BTreeMap::new();
        let mut position = *stored.borrow();
        let mut is_prepared = false;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let before = std::mem::replace(&mut position, *stored.borrow());
            if position.0.saturating_sub(before.0) > BUSY_POSITIONS {
                continue;
            }
            if !is_prepared {
                match self.prepare().await {
                    Ok(()) => is_prepared = true,
                    Err(error) => {
                        tracing::warn!(%error, "roll-ups cannot be looked at; reports read rows");
                        continue;
                    }
                }
            }
            match self.look(&known).await {
                Ok(looked) => known = looked,
                Err(Error::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "roll-ups are not folded for now; reports read rows");
                }
            }
        }
    }

    /// Marks what does not fit the configuration stale: hours, days and months of another zone, and quarters that were
    /// counted without a threshold that is an edge now, or with other planned routes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prepare(&self) -> Result<(), Error> {
        let state = self.store.rollup_state().await?;
        for counted in state.edges {
            if !fits(&counted, &self.counting) {
                tracing::info!("thresholds or routes have changed: roll-ups are counted again");
                self.write(RollupWrite::Recount { edges: counted }).await?;
            }
        }
        if state.zone.as_deref() != Some(self.zone.name()) {
            let raised = state.quarters.into_iter().filter_map(|quarter| {
                let period = unit_of(Level::Quarter, quarter, &self.zone)?;
                above(Level::Quarter, period, &self.zone)
            });
            let raised: BTreeSet<_> = raised.collect();
            let zone = self.zone.name().to_owned();
            let raised = raised.into_iter().collect();
            self.write(RollupWrite::Rezone { zone, raised }).await?;
        }
        Ok(())
    }

    /// Marks stale what rows of a period are in; whoever changes rows does the same in that transaction.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_stale(&self, period: Period) -> Result<(), Error> {
        self.write(RollupWrite::MarkStale(period)).await
    }

    /// Folds everything in a period that can be folded, also what is still changing; rows may go after that.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fold_until_fresh(&self, period: Period) -> Result<(), Error> {
        let mut before = Vec::new();
        loop {
            let (stale, _) = self.store.stale(period, LOOKED_AT).await?;
            // What is left needs something outside the period.
            if stale.is_empty() || stale == before {
                return Ok(());
            }
            self.fold(stale.clone()).await?;
            before = stale;
        }
    }

    /// Folds what was stale before and has not changed since; what is stale now.
    async fn look(
        &self,
        known: &BTreeMap<(Level, Timestamp), i64>,
    ) -> Result<BTreeMap<(Level, Timestamp), i64>, Error> {
        let ever = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
        let (stale, newest) = self.store.stale((ever[0], ever[1]), LOOKED_AT).await?;
        let looked = stale
            .iter()
            .map(|stale| ((stale.level, stale.start), stale.marks));
        let looked = looked.collect();
        let is_over = |stale: &Stale| {
            let unit = unit_of(stale.level, stale.start, &self.zone);
            let over = unit
                .zip(newest)
                .is_some_and(|(unit, newest)| unit.1 <= newest);
            stale.level == Level::Quarter || over
        };
        let rests = |stale: &Stale| known.get(&(stale.level, stale.start)) == Some(&stale.marks);
        let stale: Vec<_> = stale
            .into_iter()
            .filter(|stale| rests(stale) && is_over(stale))
            .collect();
        self.fold(stale).await?;
        Ok(looked)
    }

    /// Folds these, in order.
    async fn fold(&self, stale: Vec<Stale>) -> Result<(), Error> {
        if stale.is_empty() {
            return Ok(());
        }
        let _alone = self.alone.lock().await;
        // What has gone from a quarter its roll-up alone knows: nothing may be counted anew there.
        let gone = self.store.head().await?.kept.calls;
        let is_gone = |stale: &Stale| {
            stale.level == Level::Quarter && gone.is_some_and(|from| stale.start < from)
        };
        let (gone, stale): (Vec<_>, Vec<_>) = stale.into_iter().partition(is_gone);
        if !gone.is_empty() {
            let done = Folding {
                done: gone,
                ..Folding::default()
            };
            self.write(RollupWrite::Fold(done)).await?;
        }
        let above = stale.partition_point(|stale| stale.level == Level::Quarter);
        let (quarters, above) = stale.split_at(above);
        let (mut rest, mut at_once) = (quarters, QUARTERS_FIRST);
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(run(rest, at_once));
            let calls = self.fold_quarters(run).await?;
            // As many as would have held so many calls.
            let enough = run.len() * CALLS_AT_ONCE / calls.max(1);
            at_once = enough.clamp(1, QUARTERS_AT_ONCE);
            rest = behind;
        }
        for stale in above {
            self.fold_unit(*stale).await?;
        }
        Ok(())
    }

    /// Folds quarters that follow one another from their rows; how many calls were in them.
    async fn fold_quarters(&self, run: &[Stale]) -> Result<usize, Error> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(0);
        };
        let Some((_, end)) = unit_of(Level::Quarter, last.start, &self.zone) else {
            return Ok(0);
        };
        let period = (first.start, end);
        let rows = self.store.settled(period).await?;
        let calls = rows.calls.len();
        let (counting, routes) = (self.counting.clone(), self.routes.clone());
        let at_once = sums::QUEUES_AT_ONCE;
        let working = move || sums::of_rows(period, &rows, (&counting, &routes), at_once);
        let working = tokio::task::spawn_blocking(working);
        let rollups = working.await.map_err(|_| Error::Stopped)?;
        let made: BTreeSet<_> = rollups.iter().map(|rollup| rollup.period.0).collect();
        let starts = run.iter().map(|stale| stale.start);
        let raised = starts.clone().filter_map(|start| {
            let quarter = unit_of(Level::Quarter, start, &self.zone)?;
            above(Level::Quarter, quarter, &self.zone)
        });
        let raised: BTreeSet<_> = raised.collect();
        let gone = starts.filter(|start| !made.contains(start));
        self.write(RollupWrite::Fold(Folding {
            gone: gone.map(|start| (Level::Quarter, start)).collect(),
            done: run.to_vec(),
            raised: raised.into_iter().collect(),
            rollups,
        }))
        .await?;
        Ok(calls)
    }

    /// Folds an hour, day or month from what lies within it.
    async fn fold_unit(&self, stale: Stale) -> Result<(), Error> {
        let Stale { level, start, .. } = stale;
        let mut folding = Folding {
            done: vec![stale],
            ..Folding::default()
        };
        let unit = unit_of(level, start, &self.zone).filter(|unit| unit.0 == start);
        let below = Level::from_code(level.code() - 1);
        let (Some(period), Some(longest)) = (unit, below) else {
            // Of another zone's calendar.
            folding.gone.push((level, start));
            return self.write(RollupWrite::Fold(folding)).await;
        };
        let wanted = self.counting.clone();
        let asked = RollupsAsked {
            sums: Sums::All,
            longest,
            usable: Arc::new(move |counted: &[u8], _| fits(counted, &wanted)),
        };
        let within = self.store.within(period, asked).await?;
        if within.is_stale {
            return Ok(());
        }
        let counting = self.counting.clone();
        let working = move || sums::of_rollups(level, period, &within.rollups, &counting);
        let made = tokio::task::spawn_blocking(working).await;
        match made.map_err(|_| Error::Stopped)? {
            // A quarter is cut by the hotline's calendar, or was counted otherwise and its rows are gone.
            _ if !within.rest.is_empty() => folding.gone.push((level, start)),
            Some(Some(rollup)) => {
                folding.raised.extend(above(level, period, &self.zone));
                folding.rollups.push(rollup);
            }
            Some(None) => folding.gone.push((level, start)),
            None => {
                tracing::error!("a roll-up is damaged; it is made again from its rows");
                self.write(RollupWrite::MarkStale(period)).await?;
                return Err(Error::Corrupt { what: "roll-up" });
            }
        }
        self.write(RollupWrite::Fold(folding)).await
    }

    async fn write(&self, write: RollupWrite) -> Result<(), Error> {
        self.chores.ask(Chore::Rollups(write)).await.map(drop)
    }
}

/// Whether sums that were counted so are what this would count, or can be read as it.
fn fits(counted: &[u8], wanted: &Counting) -> bool {
    Counting::read(counted).is_some_and(|counted| {
        counted.routes == wanted.routes && counted.lacking(&wanted.edges).next().is_none()
    })
}

/// How many of these quarters, at most so many, follow one another.
fn run(quarters: &[Stale], at_most: usize) -> usize {
    let follows = |pair: &&[Stale]| pair[1].start.since(pair[0].start) == Some(unit::QUARTER);
    let length = 1 + quarters.windows(2).take_while(follows).count();
    length.min(at_most)
}

#[cfg(test)]
#[path = "folding_test.rs"]
mod tests;
