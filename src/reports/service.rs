//! Who makes reports: rows from a store, completeness from whoever runs the sources.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::kpi::{CallsDigest, Held, TransferTally};
use crate::model::{Alterations, AnswerChannel, CallRecord, Floor, LineId, Targets, Timestamp};
use crate::store::{FormsAsked, Period, Rows, Selection, Spoken, StoredCall, Sums, Surveyed};

use super::agents::{AgentReport, Gathered};
use super::choice::By;
use super::compare::{self, Earlier};
use super::contacts::Contacts;
use super::context::{Counted, SourceCompleteness};
use super::error::Error;
use super::lines::{self, LineReport};
use super::making::{self, ByRollups, Making};
use super::plan::{Plan, Query, thresholds};
use super::queues::{QueueReport, Queues};
use super::repeats::{self, RepeatReport};
use super::stays::Lens;
use super::survey::{self, SurveyAsked, SurveyReport};
use super::transfers::{Loops, TransferReport, Transfers};
use super::unserved::{self, UnservedReport};
use super::waits::{WaitReport, WaitsMade};
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
    /// What queues were measured by, and when calendars were open, and no longer are, for times that were over when it was
    /// changed.
    pub altered: Arc<Alterations>,
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

    /// The query of the period that is set beside, if one is asked for.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the calendar has no such period.
    pub fn earlier(&self, query: &Query) -> Result<Option<Earlier>, Error> {
        compare::earlier(query, &self.options)
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
        let over = Queues::over(thresholds("wait_over", wait_over)?);
        let (plan, sources) = self.grouped(query, &By::ALL)?;
        let kept = self.head(&plan).await?.kept;
        let by = ByRollups::of(&plan, of_visits(&plan), &over, kept);
        let queues = |held| Queues::new(over.clone(), held);
        let mut report = self.make(plan.clone(), sources, by, queues).await?;
        let around = (plan.start.minus(LOOK_BACK), plan.end);
        let busy = self.rows.busy_lines(around, plan.lines()).await;
        let busy = busy.map_err(|source| Error::Store { source })?;
        let mut busy = lines::all_busy(&plan, &busy);
        // What lines told goes with the calls: of an interval that lacks some of it nobody knows.
        for (bucket, ..) in plan.cut_up(plan.start, kept.calls.unwrap_or(plan.start)) {
            busy.remove(&plan.bucket_start(bucket));
        }
        report.set_all_busy(&busy);
        Ok(report)
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
        let (plan, sources) = self.grouped(query, &By::ALL)?;
        let kept = self.head(&plan).await?.kept;
        let by = ByRollups::of(&plan, Sums::Transfers, &[], kept);
        let by = by.filter(|_| {
            plan.excessive_limits(excessive_limit)
                .all(TransferTally::can_judge)
        });
        let transfers = |_| Transfers::new(excessive_limit);
        let mut report = self.make(plan.clone(), sources, by, transfers).await?;
        let period = (plan.start, plan.end);
        let ways = Loops::default();
        let loops = self.follow_those(Calls::PassedAround, &plan, period, ways, Loops::call);
        loops.await?.finish(&mut report);
        Ok(report)
    }

    /// The distribution of waits on the fixed edges, each configured threshold, and `edges`.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn waits(&self, query: &Query, edges: &[Duration]) -> Result<WaitReport, Error> {
        let edges = thresholds("edges", edges)?;
        let (plan, sources) = self.grouped(query, &By::ALL)?;
        let kept = self.head(&plan).await?.kept;
        // Each is a column.
        let columns: Vec<_> = edges.iter().copied().chain(plan.configured()).collect();
        let by = ByRollups::of(&plan, of_visits(&plan), &columns, kept);
        let waits = |held| WaitsMade::new(&plan, &edges, held);
        self.make(plan.clone(), sources, by, waits).await
    }

    /// Agents: offers, legs, where the time went.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn agents(&self, query: &Query) -> Result<AgentReport, Error> {
        let (plan, sources) = self.grouped(query, &[By::Queue, By::Team])?;
        let head = self.head(&plan).await?;
        let wide = (plan.start.minus(LOOK_BACK), plan.end);
        let told = self.rows.told(wide).await;
        let told = told.map_err(|source| Error::Store { source })?;
        let gathered = Gathered::new(head);
        let gathered = self.follow(&plan, wide, gathered, Gathered::call).await?;
        let work = move || gathered.finish(&plan, told, sources);
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
        let windows = repeats::windows(windows)?;
        let widest = repeats::reach(&windows);
        let (plan, sources, contacts) = self.contacts(query, &By::ALL, widest).await?;
        let work = move || repeats::report(&plan, contacts, sources, &windows, shared_over);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// The people who tried and were not served.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn unserved(&self, query: &Query) -> Result<UnservedReport, Error> {
        let none = Duration::ZERO;
        let (plan, sources, contacts) = self.contacts(query, &[By::Queue], none).await?;
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
        let gathered = lines::Gathered::new(head);
        let period = (plan.start, plan.end);
        let gathered = self
            .follow(&plan, period, gathered, lines::Gathered::call)
            .await?;
        let work = move || gathered.finish(&plan, told, sources);
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// Surveys: who was asked, what they said, of whom that speaks.
    ///
    /// # Errors
    ///
    /// The query is wrong, or the store cannot be read.
    pub async fn survey(&self, query: &Query, asked: &SurveyAsked) -> Result<SurveyReport, Error> {
        let (plan, sources) = self.plan(query)?;
        let head = self.head(&plan).await?;
        let mut gathered = survey::Gathered::new(asked.clone(), head);
        let (start, end) = (plan.start, plan.end);
        let (parts, mut received) = mpsc::channel(PARTS_WAITING);
        let working = tokio::task::spawn_blocking(move || {
            while let Some(part) = received.blocking_recv() {
                match part {
                    Surveyed::Definitions(texts) => {
                        gathered.definitions(&texts);
                        if let Some((asked, known)) = gathered.unknown() {
                            return Err(Error::unknown_word("survey", asked, known));
                        }
                    }
                    Surveyed::Calls(calls) => {
                        for call in calls {
                            let record = call.call.record();
                            let record = record.map_err(|source| Error::Store { source })?;
                            gathered.call(&plan, &call, &record);
                        }
                    }
                    Surveyed::Forms(forms) => {
                        for taken in &forms {
                            gathered.form(&plan, taken);
                        }
                    }
                }
            }
            Ok(gathered.finish(&plan, sources))
        });
        let period = match asked.channel {
            // Counts are kept under the month's beginning in UTC, which elsewhere is up to a day off.
            AnswerChannel::Appeal | AnswerChannel::Social => {
                (start.minus(LOOK_BACK), end.plus(LOOK_BACK))
            }
            AnswerChannel::Phone
            | AnswerChannel::Paper
            | AnswerChannel::Web
            | AnswerChannel::Exit
            | AnswerChannel::Window
            | AnswerChannel::Mystery => (start, end),
        };
        let sent = if asked.channel == AnswerChannel::Phone {
            self.rows.surveyed(period, parts).await
        } else {
            let forms = FormsAsked {
                channel: asked.channel,
                survey: asked.survey.clone(),
                period,
            };
            self.rows.forms(forms, parts).await
        };
        let done = joined(working.await);
        sent.map_err(|source| Error::Store { source })?;
        done?
    }

    /// Callers with their contacts in the period and as far around it as a window reaches, and who was spoken to later.
    async fn contacts(
        &self,
        query: &Query,
        by: &[By],
        widest: Duration,
    ) -> Result<(Plan, Vec<SourceCompleteness>, Contacts), Error> {
        let (plan, sources) = self.grouped(query, by)?;
        let head = self.head(&plan).await?;
        let contacts = Contacts::new(head);
        let wide = (plan.start.minus(widest), plan.end.plus(widest));
        let contacts = self.follow(&plan, wide, contacts, Contacts::call).await?;
        let contacts = self.later(contacts, wide.1).await?;
        Ok((plan, sources, contacts))
    }

    /// Adds who was spoken to from an instant on.
    async fn later(&self, mut contacts: Contacts, from: Timestamp) -> Result<Contacts, Error> {
        let (parts, mut received) = mpsc::channel::<Vec<Spoken>>(PARTS_WAITING);
        let working = tokio::task::spawn_blocking(move || {
            while let Some(part) = received.blocking_recv() {
                contacts.spoken_later(&part);
            }
            contacts
        });
        let sent = self.rows.spoken((from, Timestamp::MAX), parts).await;
        let contacts = joined(working.await);
        sent.map_err(|source| Error::Store { source })?;
        contacts
    }

    /// Checks the query, and looks how far the sources are: before the rows, so that no watermark is ahead of them.
    fn plan(&self, query: &Query) -> Result<(Plan, Vec<SourceCompleteness>), Error> {
        self.grouped(query, &[By::Queue])
    }

    /// The same, of a report whose rows may be of something else than queues.
    fn grouped(&self, query: &Query, by: &[By]) -> Result<(Plan, Vec<SourceCompleteness>), Error> {
        if !by.contains(&query.by) {
            return Err(Error::NotGrouped { by: query.by });
        }
        let mut plan = Plan::of(query, &self.options)?;
        let sources = self.sources.completeness();
        plan.know(&sources);
        Ok((plan, sources))
    }

    /// What is known before any call is read: queues, among which those asked for must be, and the position.
    pub(super) async fn head(&self, plan: &Plan) -> Result<Counted, Error> {
        let head = self.rows.head().await;
        let head = head.map_err(|source| Error::Store { source })?;
        plan.admit(&head.queues)?;
        for (asked, likest) in plan.unconfigured_lines() {
            let has_line = self.rows.has_line(&LineId::new(&**asked)).await;
            if !has_line.map_err(|source| Error::Store { source })? {
                return Err(Error::UnknownName {
                    field: "query.lines",
                    kind: "line",
                    name: asked.clone(),
                    nearest: likest.as_str().to_owned(),
                });
            }
        }
        Ok(Counted::head(head))
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

    /// Makes a report by roll-ups where they answer it, else by rows; `report` is told how to hold waits.
    async fn make<M: Making>(
        &self,
        plan: Plan,
        sources: Vec<SourceCompleteness>,
        by: Option<ByRollups>,
        report: impl Fn(Held) -> M,
    ) -> Result<M::Report, Error> {
        if let Some(by) = by {
            let folded = report(Held::Cells(by.counting.edges.clone()));
            let made = self.made(plan.clone(), sources.clone(), Some(by), folded);
            match made.await {
                Err(error) if making::is_damaged(&error) => {
                    tracing::error!(%error, "a roll-up is damaged: the report is made of rows");
                }
                made => return made,
            }
        }
        self.made(plan, sources, None, report(Held::Each)).await
    }

    /// Makes a report of what makes its period up, where events and acks do not wait for it.
    async fn made<M: Making>(
        &self,
        plan: Plan,
        sources: Vec<SourceCompleteness>,
        by: Option<ByRollups>,
        report: M,
    ) -> Result<M::Report, Error> {
        let asked = making::asked(&plan, by.as_ref(), LOOK_BACK);
        if plan.choice.needs_records() {
            return self.chosen(plan, asked.period.0, sources, report).await;
        }
        // Rows of visits do not say whose call they are of, so calls of chosen queues are looked for one by one.
        let listed = match by.is_none() && !plan.is_unfiltered() {
            true => Some(self.listed(&plan).await?),
            false => None,
        };
        let (parts, received) = mpsc::channel(PARTS_WAITING);
        let working = move || making::make(&plan, by, report, sources, received, listed);
        let working = tokio::task::spawn_blocking(working);
        let sent = self.rows.gather(&asked, parts).await;
        let done = joined(working.await);
        sent.map_err(|source| Error::Store { source })?;
        done?
    }

    /// Which calls of the period a list has.
    async fn listed(&self, plan: &Plan) -> Result<CallsDigest, Error> {
        let each = |counted: &mut Counted, plan: &Plan, call: &StoredCall, record: &CallRecord| {
            counted.record(plan, call, record);
        };
        let period = (plan.start, plan.end);
        let counted = self.follow(plan, period, Counted::default(), each);
        Ok(counted.await?.digest)
    }

    /// Makes a report of the calls that are asked for by line or team, of what happened from `from` to the period's end.
    /// Rows know neither, so they are made again from what was told of each call.
    async fn chosen<M: Making>(
        &self,
        plan: Plan,
        from: Timestamp,
        sources: Vec<SourceCompleteness>,
        report: M,
    ) -> Result<M::Report, Error> {
        let head = self.head(&plan).await?;
        let each =
            |made: &mut (Counted, M), plan: &Plan, call: &StoredCall, record: &CallRecord| {
                if plan.admits(record) {
                    let rows = call.rows(record, 0);
                    let rows = Selection {
                        calls: vec![rows.call],
                        visits: rows.visits,
                        transfers: rows.transfers,
                    };
                    if plan.buckets.index_of(record.arrived_at).is_some() {
                        made.0.record(plan, call, record);
                    }
                    made.1.stand_in(plan.group_of(record));
                    made.1.rows(plan, &rows);
                }
            };
        // A visit of the period may be of a call that arrived before it.
        let wide = (from.minus(LOOK_BACK), plan.end);
        let made = self.follow(&plan, wide, (head, report), each).await?;
        let work = move || made.1.finish(&plan, made.0, sources);
        joined(tokio::task::spawn_blocking(work).await)
    }
}

/// The sums of what the rows count.
fn of_visits(plan: &Plan) -> Sums {
    match plan.lens {
        Lens::Visit => Sums::Visits,
        Lens::Journey => Sums::Journeys,
    }
}

/// What a task off the threads that serve came to.
pub(super) fn joined<T>(done: Result<T, JoinError>) -> Result<T, Error> {
    match done {
        Ok(report) => Ok(report),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(Error::Stopped),
    }
}
