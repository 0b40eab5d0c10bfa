//! Who makes reports: rows from a store, completeness from whoever runs the sources.

use std::time::Duration;

use crate::kpi::EXCESSIVE_LIMIT_DEFAULT;
use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::model::{CallRecord, Targets, Timestamp};
use crate::store::{Period, Rows, Selection, StoredCall};

use super::agents::{AgentReport, Gathered};
use super::context::{Counted, SourceCompleteness};
use super::error::Error;
use super::plan::{Plan, Query, thresholds};
use super::queues::{self, QueueReport};
use super::transfers::{self, TransferReport};
use super::waits::{self, WaitReport};
use super::zone::Zone;

/// How far before a period is looked for calls that reach into it, and for states still in force: no call and no shift
/// is longer.
const LOOK_BACK: Duration = Duration::from_secs(24 * 60 * 60);
/// Parts of a period's calls that may wait to be worked on.
const PARTS_WAITING: usize = 4;

/// What the hotline is configured with, as far as reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The hotline's own zone.
    pub zone: Zone,
    /// Thresholds in force.
    pub targets: Targets,
}

/// Knows how complete the sources' parts are.
pub trait Sources: Clone + Send + Sync + 'static {
    /// Every source, by name. A watermark is not ahead of what the store holds: by it, waiting visits are decided.
    /// Who knows the time says which are silent.
    fn completeness(&self) -> Vec<SourceCompleteness>;
}

/// Makes reports; cheap to clone.
#[derive(Clone, Debug)]
pub struct Reports<R, S> {
    pub(super) rows: R,
    pub(super) sources: S,
    pub(super) options: Options,
}

impl<R: Rows, S: Sources> Reports<R, S> {
    /// Makes reports of these rows.
    pub fn new(rows: R, sources: S, options: Options) -> Self {
        Self {
            rows,
            sources,
            options,
        }
    }

    /// Volume, waits, service level and abandonment by queue; `wait_over` are the thresholds of W10, none = the usual.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn queues(
        &self,
        query: &Query,
        wait_over: &[Duration],
    ) -> Result<QueueReport, Error> {
        let over = thresholds("wait_over", wait_over)?;
        let work = move |plan: &Plan, rows: &Selection, sources| {
            queues::report(plan, rows, sources, &over)
        };
        self.make(query, work).await
    }

    /// Transfers; a call with more than `excessive_limit` is excessive, `None` = the usual limit.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn transfers(
        &self,
        query: &Query,
        excessive_limit: Option<u32>,
    ) -> Result<TransferReport, Error> {
        let limit = excessive_limit.unwrap_or(EXCESSIVE_LIMIT_DEFAULT);
        let work = move |plan: &Plan, rows: &Selection, sources| {
            transfers::report(plan, rows, sources, limit)
        };
        self.make(query, work).await
    }

    /// The distribution of waits on the fixed edges, each configured threshold, and `edges`.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn waits(&self, query: &Query, edges: &[Duration]) -> Result<WaitReport, Error> {
        let edges = thresholds("edges", edges)?;
        let work = move |plan: &Plan, rows: &Selection, sources| {
            waits::report(plan, rows, sources, &edges)
        };
        self.make(query, work).await
    }

    /// Agents: offers, legs, where the time went.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn agents(&self, query: &Query) -> Result<AgentReport, Error> {
        let plan = Plan::of(query, &self.options)?;
        let sources = self.sources.completeness();
        let head = self.head(&plan).await?;
        let wide = (plan.start.minus(LOOK_BACK), plan.end);
        let told = self.rows.told(wide).await;
        let told = told.map_err(|source| Error::Store { source })?;
        let gathered = Gathered::new(Counted::head(&head));
        let each = {
            let plan = plan.clone();
            move |gathered: &mut Gathered, call: &StoredCall, record: &CallRecord| {
                gathered.call(&plan, call, record);
            }
        };
        let gathered = self.follow(wide, gathered, each).await?;
        Ok(gathered.finish(&plan, told.agents, sources))
    }

    /// What is known before any call is read: queues, among which those asked for must be, and the position.
    pub(super) async fn head(&self, plan: &Plan) -> Result<Selection, Error> {
        let head = self.rows.select(plan.start, plan.start).await;
        let head = head.map_err(|source| Error::Store { source })?;
        plan.admit(&head.queues)?;
        Ok(head)
    }

    /// Checks the query, and works on the calls of a period one by one, off the threads that serve. `period` widens the
    /// one asked for, where a figure needs to look further.
    pub(super) async fn follow<T, F>(
        &self,
        period: Period,
        mut tally: T,
        mut each: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut T, &StoredCall, &CallRecord) + Send + 'static,
    {
        let (parts, mut received) = mpsc::channel::<Vec<StoredCall>>(PARTS_WAITING);
        let working = tokio::task::spawn_blocking(move || {
            while let Some(part) = received.blocking_recv() {
                for call in part {
                    let record = call.record()?;
                    each(&mut tally, &call, &record);
                }
            }
            Ok(tally)
        });
        let sent = self.rows.calls(period, None, parts).await;
        let done = joined(working.await)?;
        sent.and(done).map_err(|source| Error::Store { source })
    }

    /// Checks the query, reads the rows, and works on them where events and acks do not wait for it.
    async fn make<T, F>(&self, query: &Query, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Plan, &Selection, Vec<SourceCompleteness>) -> T + Send + 'static,
    {
        let mut plan = Plan::of(query, &self.options)?;
        // Before the rows, so that no watermark is ahead of them.
        let sources = self.sources.completeness();
        plan.read_at = slowest(&sources);
        let selected = self.rows.select(plan.start, plan.end).await;
        let selection = selected.map_err(|source| Error::Store { source })?;
        plan.admit(&selection.queues)?;
        let working = tokio::task::spawn_blocking(move || work(&plan, &selection, sources));
        joined(working.await)
    }
}

/// The slowest source's time: beyond it a visit that waits in the rows may have ended.
pub(super) fn slowest(sources: &[SourceCompleteness]) -> Option<Timestamp> {
    sources.iter().filter_map(|source| source.watermark).min()
}

/// What a task off the threads that serve came to.
pub(super) fn joined<T>(done: Result<T, JoinError>) -> Result<T, Error> {
    match done {
        Ok(report) => Ok(report),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(Error::Stopped),
    }
}
