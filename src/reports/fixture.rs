//! For tests: a store in memory, rows as short words, and reports without an executor.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

pub(crate) use crate::model::fixture::call;
use crate::model::{
    CallId, CallRecord, Caller, Exit, Form, FormContent, LineId, LineTold, Mark, Position, QueueId,
    SourceId, SurveySession, SurveyText, TakenForm, Targets, Timestamp, VisitRow,
};
use crate::store::{
    self, BusyLines, Error, OfCaller, Part, Period, Place, Rows, Selection, Spoken, StoredCall,
    Told,
};

use super::{
    AgentReport, CallAsked, CallReport, CallsPage, CallsQuery, LineReport, Options, Query,
    QueueReport, RepeatReport, Reports, SourceCompleteness, Sources, SurveyAsked, SurveyReport,
    TransferReport, UnservedReport, WaitReport, Zone,
};

/// A hotline in Samara with the usual thresholds.
pub(crate) fn hotline() -> Options {
    Options {
        zone: Zone::find("Europe/Samara").unwrap(),
        targets: Targets::default(),
        floor: Arc::default(),
        altered: Arc::default(),
    }
}

/// The whole of 2 March 2026 in Samara.
pub(crate) fn query() -> Query {
    Query {
        start: Some(samara("00:00:00")),
        end: Some(at("2026-03-03T00:00:00+04:00")),
        ..Query::default()
    }
}

/// An instant by its RFC 3339 text.
pub(crate) fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_micros(at.as_microsecond())
}

/// A time of day on 2 March 2026 in Samara.
pub(crate) fn samara(time: &str) -> Timestamp {
    at(&format!("2026-03-02T{time}+04:00"))
}

/// Seconds as a span.
pub(crate) fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}

/// A visit that ended so after some seconds.
pub(crate) fn visit(queue: &str, entered_at: Timestamp, exit: Exit, wait: u64) -> VisitRow {
    VisitRow {
        queue: QueueId::new(queue),
        entered_at,
        exit: Some(exit),
        exited_at: Some(entered_at.plus(seconds(wait))),
        wait: Some(seconds(wait)),
        talk: None,
        first: true,
        provisional: false,
        missed_offer_time: Duration::ZERO,
        after_transfer: false,
        waits_at: None,
    }
}

/// A visit that waits.
pub(crate) fn waiting(queue: &str, entered_at: Timestamp) -> VisitRow {
    VisitRow {
        exit: None,
        exited_at: None,
        wait: None,
        provisional: true,
        waits_at: Some(SourceId::new("pbx")),
        ..visit(queue, entered_at, Exit::Answered, 0)
    }
}

/// A store in memory: gives the rows of the period asked for, as a database would.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    selection: Arc<Selection>,
    queues: Arc<[QueueId]>,
    records: Arc<Vec<StoredCall>>,
    told: Told,
    sessions: Arc<[SurveySession]>,
    surveys: Arc<[SurveyText]>,
    forms: Arc<[TakenForm]>,
}

impl Memory {
    /// Keeps surveys besides, and the sessions that calls had.
    pub(crate) fn with_surveys(
        self,
        surveys: Vec<SurveyText>,
        sessions: Vec<SurveySession>,
    ) -> Self {
        Self {
            surveys: surveys.into(),
            sessions: sessions.into(),
            ..self
        }
    }

    /// Keeps forms of other channels besides.
    pub(crate) fn with_forms(self, forms: Vec<TakenForm>) -> Self {
        Self {
            forms: forms.into(),
            ..self
        }
    }

    /// Keeps the rows; knows the queues of its visits.
    pub(crate) fn of(rows: Selection) -> Self {
        let queues: BTreeSet<_> = rows
            .visits
            .iter()
            .map(|visit| visit.queue.clone())
            .collect();
        Self {
            selection: Arc::new(rows),
            queues: queues.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Knows these queues, too.
    pub(crate) fn knowing(mut self, queues: &[&str]) -> Self {
        let known = self.queues.iter().cloned();
        let all: BTreeSet<_> = known
            .chain(queues.iter().copied().map(QueueId::new))
            .collect();
        self.queues = all.into_iter().collect();
        self
    }

    /// Keeps calls of source `pbx` by their records, and what was told of agents and lines; knows the queues of their
    /// visits.
    pub(crate) fn of_records(records: Vec<(&str, CallRecord)>, told: Told) -> Self {
        let calls = records.into_iter().map(|(id, record)| stored(id, record));
        Self {
            told,
            ..Self::of_calls(calls.collect())
        }
    }

    /// Keeps stored calls, and the rows that follow from them; knows the queues of their visits.
    pub(crate) fn of_calls(mut calls: Vec<StoredCall>) -> Self {
        calls.sort_by(|one, other| one.place.cmp(&other.place));
        let mut selection = Selection::default();
        for call in &calls {
            let rows = call.rows(&call.record().unwrap(), selection.calls.len() as i64);
            selection.calls.push(rows.call);
            selection.visits.extend(rows.visits);
            selection.transfers.extend(rows.transfers);
        }
        Self {
            records: Arc::new(calls),
            ..Self::of(selection)
        }
    }

    /// These calls and others.
    pub(crate) fn with(&self, others: Vec<StoredCall>) -> Self {
        let calls = self.records.iter().cloned();
        Self::of_calls(calls.chain(others).collect())
    }

    /// Reports of these rows.
    pub(crate) fn reports(self, options: Options) -> Asked {
        self.reports_at(options, None)
    }

    /// Reports of these rows, with the one source's time known up to `watermark`.
    pub(crate) fn reports_at(self, options: Options, watermark: Option<Timestamp>) -> Asked {
        Asked(Reports::new(
            self,
            OneSource::known_until(watermark),
            options,
        ))
    }

    /// The same beside another source that has been silent since then.
    pub(crate) fn reports_beside_a_silent_source(
        self,
        options: Options,
        watermark: Timestamp,
        silent: Timestamp,
    ) -> Asked {
        let sources = OneSource {
            silent: Some(silent),
            ..OneSource::known_until(Some(watermark))
        };
        Asked(Reports::new(self, sources, options))
    }

    /// Reports of these rows, with the one source silent since then.
    pub(crate) fn reports_silent_since(self, options: Options, since: Timestamp) -> Asked {
        let source = OneSource {
            silent_since: Some(since),
            ..OneSource::known_until(Some(since))
        };
        Asked(Reports::new(self, source, options))
    }
}

/// A call of source `pbx` by its record.
pub(crate) fn stored(id: &str, record: CallRecord) -> StoredCall {
    let place = Place {
        arrived_at: record.arrived_at,
        source: 1,
        call: CallId::new(id),
    };
    let provisional = record.outcome.is_none();
    StoredCall::of_record(place, SourceId::new("pbx"), provisional, record)
}

impl Rows for Memory {
    async fn calls(
        &self,
        (start, end): Period,
        after: Option<Place>,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> Result<(), Error> {
        let within = |call: &&StoredCall| {
            let at = call.place.arrived_at;
            at >= start && at < end && after.as_ref().is_none_or(|after| call.place > *after)
        };
        let calls: Vec<_> = self.records.iter().filter(within).cloned().collect();
        // Several parts, so that nobody counts on one.
        for part in calls.chunks(2) {
            drop(parts.send(part.to_vec()).await);
        }
        Ok(())
    }

    async fn calls_passed_around(
        &self,
        period: Period,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> Result<(), Error> {
        let passed = |call: &&StoredCall| {
            let row = call.rows(&call.record().unwrap(), 0).call;
            row.transfers + row.returns > 1
        };
        let some = Self {
            records: Arc::new(self.records.iter().filter(passed).cloned().collect()),
            ..Self::default()
        };
        some.calls(period, None, parts).await
    }

    async fn has_line(&self, line: &LineId) -> Result<bool, Error> {
        let mut records = self.records.iter();
        let dialled = records.any(|call| call.record().unwrap().line.as_ref() == Some(line));
        let told = self.told.lines.iter().any(|told| told.told.line == *line);
        Ok(dialled || told)
    }

    async fn spoken(
        &self,
        (start, end): Period,
        parts: mpsc::Sender<Vec<Spoken>>,
    ) -> Result<(), Error> {
        let within = self.records.iter();
        let within = within.filter(|call| (start..end).contains(&call.place.arrived_at));
        let spoken = within.filter_map(|call| Spoken::of(&call.record().unwrap()));
        drop(parts.send(spoken.collect()).await);
        Ok(())
    }

    async fn calls_of_caller(
        &self,
        caller: &[u8; 16],
        (start, end): Period,
    ) -> Result<OfCaller, Error> {
        let held = |call: &&StoredCall| (start..end).contains(&call.place.arrived_at);
        let held: Vec<_> = self.records.iter().filter(held).collect();
        let theirs = held.iter().filter(|call| {
            let caller_of = call.record().unwrap().caller;
            matches!(caller_of, Caller::Known(known) if known.hash == *caller)
        });
        Ok(OfCaller {
            calls: theirs.map(|call| (*call).clone()).collect(),
            last_arrival: self.records.last().map(|call| call.place.arrived_at),
        })
    }

    async fn call(&self, id: &CallId) -> Result<Vec<StoredCall>, Error> {
        let calls = self.records.iter();
        Ok(calls
            .filter(|call| call.place.call == *id)
            .cloned()
            .collect())
    }

    async fn session(
        &self,
        source: &SourceId,
        call: &CallId,
    ) -> Result<Option<SurveySession>, Error> {
        let own = |one: &&SurveySession| one.source == *source && one.call == *call;
        Ok(self.sessions.iter().find(own).cloned())
    }

    async fn surveys(&self) -> Result<Vec<SurveyText>, Error> {
        Ok(self.surveys.to_vec())
    }

    async fn told(&self, (start, end): Period) -> Result<Told, Error> {
        let held = |at: Timestamp| at >= start && at < end;
        let mut told = self.told.clone();
        for one in &self.told.agents {
            told.agents_until
                .insert(one.source.clone(), one.at.min(end));
        }
        for one in &self.told.lines {
            told.lines_until.insert(one.source.clone(), one.at.min(end));
        }
        told.agents.retain(|told| held(told.at));
        told.lines.retain(|told| held(told.at));
        Ok(told)
    }

    async fn busy_lines(
        &self,
        period: Period,
        lines: &BTreeSet<LineId>,
    ) -> Result<BusyLines, Error> {
        let Told {
            lines: mut told,
            lines_until,
            ..
        } = self.told(period).await?;
        told.sort_by_key(|told| told.at);
        let is_of = |told: &&LineTold, line: &LineId| told.told.line == *line;
        let is_wanted = |told: &&LineTold| lines.is_empty() || lines.contains(&told.told.line);
        let is_busy = |told: &&LineTold| told.told.total > 0 && told.told.busy >= told.told.total;
        let busy = told.iter().filter(is_wanted).filter(is_busy);
        let until = |one: &LineTold| {
            let mut later = told.iter().filter(|told| told.at > one.at);
            let next = later.find(|told| is_of(told, &one.told.line) && told.source == one.source);
            next.map(|next| next.at)
        };
        Ok(BusyLines {
            stretches: busy
                .map(|one| (one.source.clone(), one.at, until(one)))
                .collect(),
            first_told: told.iter().find(is_wanted).map(|told| told.at),
            until: lines_until,
        })
    }

    async fn gather(&self, asked: &store::Gather, parts: mpsc::Sender<Part>) -> Result<(), Error> {
        let (start, end) = asked.period;
        let held = |at: &Timestamp| (start..end).contains(at);
        let mut rows = Selection::clone(&self.selection);
        rows.calls.retain(|call| held(&call.arrived_at));
        rows.visits.retain(|visit| held(&visit.entered_at));
        rows.transfers
            .retain(|transfer| held(&transfer.call_arrived_at));
        drop(parts.send(Part::Head(self.head().await?)).await);
        // Two parts, so that nobody counts on one; what belongs together lies in the same stretch of time.
        let mut times: Vec<_> = rows.calls.iter().map(|call| call.arrived_at).collect();
        times.extend(rows.visits.iter().map(|visit| visit.entered_at));
        times.sort_unstable();
        let half = times.get(times.len() / 2).copied().unwrap_or(end);
        let (calls, later_calls) = parted(rows.calls, |call| call.arrived_at < half);
        let (visits, later_visits) = parted(rows.visits, |visit| visit.entered_at < half);
        let (transfers, later_transfers) =
            parted(rows.transfers, |transfer| transfer.call_arrived_at < half);
        let later = Selection {
            calls: later_calls,
            visits: later_visits,
            transfers: later_transfers,
        };
        let earlier = Selection {
            calls,
            visits,
            transfers,
        };
        for rows in [later, earlier] {
            drop(parts.send(Part::Rows(Box::new(rows))).await);
        }
        Ok(())
    }

    async fn surveyed(
        &self,
        period: Period,
        parts: mpsc::Sender<store::Surveyed>,
    ) -> Result<(), Error> {
        let definitions = store::Surveyed::Definitions(self.surveys.to_vec());
        drop(parts.send(definitions).await);
        let (start, end) = period;
        let held = |call: &&StoredCall| (start..end).contains(&call.place.arrived_at);
        let calls = self.records.iter().filter(held).map(|call| {
            let own = |session: &&SurveySession| session.call == call.place.call;
            store::SurveyedCall {
                call: call.clone(),
                session: self.sessions.iter().find(own).cloned(),
            }
        });
        drop(parts.send(store::Surveyed::Calls(calls.collect())).await);
        Ok(())
    }

    async fn forms(
        &self,
        asked: store::FormsAsked,
        parts: mpsc::Sender<store::Surveyed>,
    ) -> Result<(), Error> {
        let definitions = store::Surveyed::Definitions(self.surveys.to_vec());
        drop(parts.send(definitions).await);
        let (start, end) = asked.period;
        let of_survey = |form: &Form| match &form.content {
            FormContent::Answers { survey, .. } => survey.as_str() == asked.survey,
            FormContent::Count { .. } => false,
        };
        let held = |taken: &&TakenForm| {
            let form = &taken.form;
            let is_of = asked.survey.is_empty() || of_survey(form);
            form.channel == asked.channel && (start..end).contains(&form.answered_at) && is_of
        };
        let forms: Vec<_> = self.forms.iter().filter(held).cloned().collect();
        // Several parts, so that nobody counts on one.
        for part in forms.chunks(2) {
            drop(parts.send(store::Surveyed::Forms(part.to_vec())).await);
        }
        Ok(())
    }

    async fn head(&self) -> Result<store::Head, Error> {
        Ok(store::Head {
            queues: self.queues.to_vec(),
            stored: Position(42),
            last_arrival: self.records.last().map(|call| call.place.arrived_at),
            erased: self.erased(),
            ..store::Head::default()
        })
    }
}

impl Memory {
    /// Of the calls with that mark, at noon.
    fn erased(&self) -> store::Erased {
        let is_erased = |call: &&StoredCall| call.record().unwrap().marks.has(Mark::Erased);
        let calls = self.records.iter().filter(is_erased).count() as u64;
        store::Erased {
            calls,
            last: (calls > 0).then(|| samara("12:00:00")),
        }
    }
}

/// Those for which this holds, and the others.
fn parted<T>(all: Vec<T>, holds: impl Fn(&T) -> bool) -> (Vec<T>, Vec<T>) {
    all.into_iter().partition(|one| holds(one))
}

/// One source whose time is known so far, and perhaps another that told nothing any more.
#[derive(Clone, Debug)]
pub(crate) struct OneSource {
    watermark: Option<Timestamp>,
    silent_since: Option<Timestamp>,
    silent: Option<Timestamp>,
}

impl OneSource {
    /// Its time is known so far, and it is heard.
    pub(crate) fn known_until(watermark: Option<Timestamp>) -> Self {
        Self {
            watermark,
            silent_since: None,
            silent: None,
        }
    }
}

impl Sources for OneSource {
    fn completeness(&self) -> Vec<SourceCompleteness> {
        let one = SourceCompleteness {
            source: SourceId::new("pbx"),
            gap_events: 0,
            late_events: 0,
            recomputed_events: 0,
            rejected_events: 0,
            settled_until: self.watermark,
            watermark: self.watermark,
            silent_since: self.silent_since,
        };
        let silent = self.silent.map(|since| SourceCompleteness {
            source: SourceId::new("old-pbx"),
            settled_until: Some(since),
            watermark: Some(since),
            silent_since: Some(since),
            ..one.clone()
        });
        [one].into_iter().chain(silent).collect()
    }
}

/// Reports that are waited for.
pub(crate) struct Asked(pub(crate) Reports<Memory, OneSource>);

impl Asked {
    /// The queue report with the usual thresholds of W10.
    pub(crate) fn queues(&self, query: &Query) -> Result<QueueReport, super::Error> {
        wait_for(self.0.queues(query, &[]))
    }

    /// The transfer report with the usual limit.
    pub(crate) fn transfers(&self, query: &Query) -> Result<TransferReport, super::Error> {
        wait_for(self.0.transfers(query, None))
    }

    /// The agent report.
    pub(crate) fn agents(&self, query: &Query) -> Result<AgentReport, super::Error> {
        wait_for(self.0.agents(query))
    }

    /// The repeat report with the usual windows.
    pub(crate) fn repeats(
        &self,
        query: &Query,
        shared_over: Option<u32>,
    ) -> Result<RepeatReport, super::Error> {
        wait_for(self.0.repeats(query, &[], shared_over))
    }

    /// The report of the unserved.
    pub(crate) fn unserved(&self, query: &Query) -> Result<UnservedReport, super::Error> {
        wait_for(self.0.unserved(query))
    }

    /// The line report.
    pub(crate) fn lines(&self, query: &Query) -> Result<LineReport, super::Error> {
        wait_for(self.0.lines(query))
    }

    /// The survey report.
    pub(crate) fn survey(
        &self,
        query: &Query,
        asked: &SurveyAsked,
    ) -> Result<SurveyReport, super::Error> {
        wait_for(self.0.survey(query, asked))
    }

    /// A page of calls.
    pub(crate) fn list_calls(&self, asked: &CallsQuery) -> Result<CallsPage, super::Error> {
        wait_for(self.0.list_calls(asked))
    }

    /// One call.
    pub(crate) fn call(&self, asked: &CallAsked) -> Result<CallReport, super::Error> {
        wait_for(self.0.call(asked))
    }

    /// The wait distribution.
    pub(crate) fn waits(
        &self,
        query: &Query,
        edges: &[Duration],
    ) -> Result<WaitReport, super::Error> {
        wait_for(self.0.waits(query, edges))
    }
}

pub(crate) fn wait_for<T>(report: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(report)
}
