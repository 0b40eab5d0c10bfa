//! Who makes reports: rows from a store, completeness from whoever runs the sources.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::kpi::REPEAT_WINDOWS;
use crate::model::{Altered, CallRecord, Floor, Targets, Timestamp};
use crate::store::{Period, Rows, Selection, StoredCall};

use super::agents::{AgentReport, Gathered};
use super::contacts::Contacts;
use super::context::{Counted, SourceCompleteness};
use super::error::Error;
use super::lines::{self, LineReport};
use super::plan::{Plan, Query, thresholds};
use super::queues::{self, QueueReport};
use super::repeats::{self, RepeatReport};
use super::stays::Basis;
use super::transfers::{self, Loops, TransferReport};
use super::unserved::{self, UnservedReport};
use super::waits::{self, WaitReport};
use super::zone::Zone;

/// How far before a period is looked for calls that reach into it, and for states still in force: no call and no shift
/// is longer.
const LOOK_BACK: Duration = Duration::from_secs(24 * 60 * 60);
/// Parts of a period's calls that may wait to be worked on.
const PARTS_WAITING: usize = 4;

/// Which calls of a period are worked on.
#[derive(Clone, Copy, Debug)]
enum Calls {
    All,
    /// Passed on twice or more, or sent back.
    PassedAround,
}

/// What the hotline is configured with, as far as reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The hotline's own zone.
    pub zone: Zone,
    /// What queues are measured by, and the calendars.
    pub targets: Targets,
    /// Lines, agents and routes by name.
    pub floor: Arc<Floor>,
    /// What queues were measured by and no longer are, for times that were over when it was changed.
    pub altered: Arc<[Altered]>,
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

    /// Transfers; a call with more than `excessive_limit` is excessive, `None` = as configured.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn transfers(
        &self,
        query: &Query,
        excessive_limit: Option<u32>,
    ) -> Result<TransferReport, Error> {
        let work = move |plan: &Plan, rows: &Selection, sources| {
            transfers::report(plan, rows, sources, excessive_limit)
        };
        let mut report = self.make(query, work).await?;
        let (plan, _) = self.plan(query)?;
        let loops = self
            .follow_those(
                Calls::PassedAround,
                &plan,
                (plan.start, plan.end),
                Loops::default(),
                Loops::call,
            )
            .await?;
        loops.finish(&mut report);
        Ok(report)
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
        let (plan, sources) = self.plan(query)?;
        let head = self.head(&plan).await?;
        let wide = (plan.start.minus(LOOK_BACK), plan.end);
        let told = self.rows.told(wide).await;
        let told = told.map_err(|source| Error::Store { source })?;
        let gathered = Gathered::new(Counted::head(&head));
        let gathered = self.follow(&plan, wide, gathered, Gathered::call).await?;
        let work = move || gathered.finish(&plan, told.agents, sources);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// Repeat calls in the windows asked for, none = 24 h, 72 h and 7 d; callers with more than `shared_over` calls on one
    /// day are left out as shared numbers, `None` = nobody is.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn repeats(
        &self,
        query: &Query,
        windows: &[Duration],
        shared_over: Option<u32>,
    ) -> Result<RepeatReport, Error> {
        let mut windows = thresholds("windows", windows)?;
        if windows.is_empty() {
            windows = REPEAT_WINDOWS.to_vec();
        }
        let widest = windows.last().copied().unwrap_or_default();
        let (plan, sources, contacts) = self.contacts(query, widest).await?;
        let work = move || repeats::report(&plan, contacts, sources, &windows, shared_over);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// The people who tried and were not served.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn unserved(&self, query: &Query) -> Result<UnservedReport, Error> {
        let widest = REPEAT_WINDOWS[REPEAT_WINDOWS.len() - 1];
        let (plan, sources, contacts) = self.contacts(query, widest).await?;
        let work = move || unserved::report(&plan, contacts, sources);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// Lines: what was refused, how busy the channels were.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn lines(&self, query: &Query) -> Result<LineReport, Error> {
        let (plan, sources) = self.plan(query)?;
        let head = self.head(&plan).await?;
        let told = self
            .rows
            .told((plan.start.minus(LOOK_BACK), plan.end))
            .await;
        let told = told.map_err(|source| Error::Store { source })?;
        let gathered = lines::Gathered::new(Counted::head(&head));
        let period = (plan.start, plan.end);
        let gathered = self
            .follow(&plan, period, gathered, lines::Gathered::call)
            .await?;
        let work = move || gathered.finish(&plan, told.lines, sources);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// Callers with their contacts in the period and as far around it as a window reaches.
    async fn contacts(
        &self,
        query: &Query,
        widest: Duration,
    ) -> Result<(Plan, Vec<SourceCompleteness>, Contacts), Error> {
        let (plan, sources) = self.plan(query)?;
        let head = self.head(&plan).await?;
        let contacts = Contacts::new(Counted::head(&head));
        let wide = (plan.start.minus(widest), plan.end.plus(widest));
        let contacts = self.follow(&plan, wide, contacts, Contacts::call).await?;
        Ok((plan, sources, contacts))
    }

    /// Checks the query, and looks how far the sources are: before the rows, so that no watermark is ahead of them.
    fn plan(&self, query: &Query) -> Result<(Plan, Vec<SourceCompleteness>), Error> {
        let mut plan = Plan::of(query, &self.options)?;
        let sources = self.sources.completeness();
        plan.read_at = slowest(&sources);
        Ok((plan, sources))
    }

    /// What is known before any call is read: queues, among which those asked for must be, and the position.
    pub(super) async fn head(&self, plan: &Plan) -> Result<Selection, Error> {
        let head = self.rows.select(plan.start, plan.start).await;
        let head = head.map_err(|source| Error::Store { source })?;
        plan.admit(&head.queues)?;
        Ok(head)
    }

    /// Works on the calls of a period one by one, off the threads that serve. `period` widens the one asked for, where a
    /// figure needs to look further.
    pub(super) async fn follow<T, F>(
        &self,
        plan: &Plan,
        period: Period,
        tally: T,
        each: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut T, &Plan, &StoredCall, &CallRecord) + Send + 'static,
    {
        self.follow_those(Calls::All, plan, period, tally, each)
            .await
    }

    /// Works on some of the calls of a period.
    async fn follow_those<T, F>(
        &self,
        which: Calls,
        plan: &Plan,
        period: Period,
        mut tally: T,
        mut each: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut T, &Plan, &StoredCall, &CallRecord) + Send + 'static,
    {
        let plan = plan.clone();
        let (parts, mut received) = mpsc::channel::<Vec<StoredCall>>(PARTS_WAITING);
        let working = tokio::task::spawn_blocking(move || {
            while let Some(part) = received.blocking_recv() {
                for call in part {
                    let record = call.record()?;
                    each(&mut tally, &plan, &call, &record);
                }
            }
            Ok(tally)
        });
        let sent = match which {
            Calls::All => self.rows.calls(period, None, parts).await,
            Calls::PassedAround => self.rows.calls_passed_around(period, parts).await,
        };
        let done = joined(working.await)?;
        sent.and(done).map_err(|source| Error::Store { source })
    }

    /// The rows of the calls that are asked for by line or team, from `from` to the period's end. Rows know neither, so
    /// they are made again from what was told of each call.
    async fn chosen(&self, plan: &Plan, from: Timestamp) -> Result<Selection, Error> {
        let selection = self.head(plan).await?;
        let each =
            |selection: &mut Selection, plan: &Plan, call: &StoredCall, record: &CallRecord| {
                if plan.admits(record) {
                    let rows = call.rows(record, selection.calls.len() as i64);
                    selection.calls.push(rows.call);
                    selection.visits.extend(rows.visits);
                    selection.transfers.extend(rows.transfers);
                }
            };
        // A visit of the period may be of a call that arrived before it.
        let wide = (from.minus(LOOK_BACK), plan.end);
        self.follow(plan, wide, selection, each).await
    }

    /// Checks the query, reads the rows, and works on them where events and acks do not wait for it.
    async fn make<T, F>(&self, query: &Query, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Plan, &Selection, Vec<SourceCompleteness>) -> T + Send + 'static,
    {
        let (plan, sources) = self.plan(query)?;
        let from = match plan.basis {
            Basis::Cohort => plan.start,
            // What ends in the period may have begun before it.
            Basis::Event => plan.start.minus(LOOK_BACK),
        };
        let selection = if plan.choice.needs_records() {
            self.chosen(&plan, from).await?
        } else {
            let selected = self.rows.select(from, plan.end).await;
            selected.map_err(|source| Error::Store { source })?
        };
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
