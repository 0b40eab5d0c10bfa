//! The fact metrics: which fact moves which series.
//!
//! Who counts where: `calls_*` and transfers per call speak of calls that reached our number, so our own return calls
//! are left out of them; legs, offers, transfers and reroutes are counted whoever called. Nothing of a test call or of
//! history is counted when a call settles (facts about visits are of live calls already). Late events are counted in
//! both modes: they say how a source behaves, not what happened on the line.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::checkpoint::{self, Error};
use super::gauges::Moment;
use super::histogram::{Edges, micros};
use super::label::{GIVEN, NONE, Names, OTHER, QUEUES_MAX, SOURCES_MAX, SURVEYS_MAX};
use super::lines::Lines;
use super::name::Metric;
use super::series::{CounterId, Series};
use super::served::Served;
use super::sets::{self, CallSeries, LegSeries, QueueSeries, SourceSeries, at};
use super::text::{first_label, labels};
use crate::model::{
    AgentEvent, AnswerCode, CallRecord, CounterRow, Direction, Disposition, Fact, LineId, Mode,
    OfferResult, Outcome, Predictor, QueueId, Settled, SourceId, SourceNow, SurveyFact, SurveyId,
    TargetKind, Targets, TransferMethod, TransferOutcome,
};

/// Every figure that the checkpoint keeps, and the gauges beside them.
#[derive(Debug)]
pub struct Totals {
    pub(crate) series: Series,
    pub(crate) targets: Targets,
    pub(crate) moment: Moment,
    pub(crate) served: Served,
    calls: CallSeries,
    queues: HashMap<QueueId, QueueSeries>,
    other_queue: Option<QueueSeries>,
    no_queue: LegSeries,
    queue_names: Names,
    sources: HashMap<SourceId, SourceSeries>,
    other_source: Option<SourceSeries>,
    source_names: Names,
    survey_names: Names,
    lines: Lines,
}

impl Totals {
    /// Everything at 0; queues with thresholds of their own are known from the start.
    pub fn new(targets: &Targets) -> Self {
        Self::with_caps(targets, QUEUES_MAX, SOURCES_MAX)
    }

    pub(crate) fn with_caps(targets: &Targets, queues_max: usize, sources_max: usize) -> Self {
        Self::over(
            Series::new(Edges::seconds(targets)),
            targets,
            queues_max,
            sources_max,
        )
    }

    /// Everything as it was when these rows were taken; histograms under other thresholds than then keep what is
    /// known (see `Histogram::restored`).
    ///
    /// # Errors
    /// When a row's bytes are broken, or of a later version.
    pub fn restore(
        targets: &Targets,
        rows: impl IntoIterator<Item = CounterRow>,
    ) -> Result<Self, Error> {
        let mut series = Series::new(Edges::seconds(targets));
        for row in rows {
            checkpoint::restore(&mut series, &row)?;
        }
        let mut queues = BTreeSet::new();
        let mut sources = BTreeSet::new();
        let mut surveys = BTreeSet::new();
        let mut lines = BTreeSet::new();
        for labels in series.labels() {
            lines.extend(first_label(labels, "line"));
            surveys.extend(first_label(labels, "survey"));
            sources.extend(first_label(labels, "source"));
            queues.extend(first_label(labels, "queue").filter(|queue| queue != NONE));
        }
        let mut totals = Self::over(series, targets, QUEUES_MAX, SOURCES_MAX);
        for queue in queues {
            totals.know_queue(&QueueId::new(queue));
        }
        for source in sources {
            totals.know_source(&SourceId::new(source));
        }
        for line in lines {
            let line = LineId::new(line);
            totals.lines.know(&mut totals.series, &line);
        }
        totals.lines.know_tellers(&totals.series);
        surveys
            .iter()
            .for_each(|survey| totals.survey_names.know(survey));
        Ok(totals)
    }

    fn over(mut series: Series, targets: &Targets, queues_max: usize, sources_max: usize) -> Self {
        let calls = CallSeries::new(&mut series);
        let no_queue = LegSeries::new(&mut series, NONE);
        let mut totals = Self {
            series,
            targets: targets.clone(),
            moment: Moment::default(),
            served: Served::default(),
            calls,
            queues: HashMap::new(),
            other_queue: None,
            no_queue,
            queue_names: Names::new("queue", queues_max),
            sources: HashMap::new(),
            other_source: None,
            source_names: Names::new("source", sources_max),
            survey_names: Names::new("survey", SURVEYS_MAX),
            lines: Lines::default(),
        };
        for queue in targets.queues.keys() {
            totals.know_queue(queue);
        }
        totals
    }

    /// The series that changed since the last time this was asked, as the checkpoint keeps them.
    ///
    /// Series at 0 are no rows: they come to exist again with their queue. Errors of estimated waits are none either: they
    /// start at 0 with the process.
    pub fn take_changed(&mut self) -> Vec<CounterRow> {
        let mut rows = Vec::new();
        self.series.take_changed(|metric, labels, value| {
            // What is foretold depends on what was known at that moment: rows that are read again may score otherwise.
            if metric != Metric::EwtError {
                rows.push(checkpoint::row(metric, labels, value));
            }
        });
        rows
    }

    /// Makes every series of a queue exist, whatever the cap: for queues that are configured.
    pub fn know_queue(&mut self, queue: &QueueId) {
        self.queue_names.know(queue.as_str());
        self.queue(queue);
    }

    /// Makes every series of a source exist, whatever the cap: for sources that had them before a restart.
    pub fn know_source(&mut self, source: &SourceId) {
        self.source_names.know(source.as_str());
        self.source(source);
    }

    /// Makes the series of a survey's sessions exist: for surveys that are configured.
    pub fn know_survey(&mut self, survey: &SurveyId) {
        self.survey_names.know(survey.as_str());
        for disposition in Disposition::ALL {
            self.survey_session(survey.as_str(), *disposition);
        }
    }

    /// Moves what one fact of a survey moves.
    pub fn apply_survey(&mut self, fact: &SurveyFact) {
        let id = match fact {
            SurveyFact::Ended {
                survey,
                disposition,
            } => {
                let survey = survey
                    .as_ref()
                    .map_or(NONE, |survey| self.survey_label(survey));
                self.survey_session(survey, *disposition)
            }
            SurveyFact::Answered {
                survey,
                question,
                answer,
            } => {
                // Questions and codes are of definitions that were checked when they were put.
                let labels = labels(&[
                    ("survey", self.survey_label(survey)),
                    ("question", question.as_str()),
                    ("answer", answer.as_ref().map_or(GIVEN, AnswerCode::as_str)),
                ]);
                self.series.counter(Metric::SurveyAnswers, &labels)
            }
        };
        self.series.add(id, 1);
    }

    fn survey_label<'a>(&self, survey: &'a SurveyId) -> &'a str {
        if self.survey_names.admit(survey.as_str()) {
            survey.as_str()
        } else {
            OTHER
        }
    }

    fn survey_session(&mut self, survey: &str, disposition: Disposition) -> CounterId {
        let labels = labels(&[("survey", survey), ("disposition", disposition.as_str())]);
        self.series.counter(Metric::SurveySessions, &labels)
    }

    /// Moves what one fact of a source moves.
    pub fn apply(&mut self, source: &SourceId, fact: &Fact) {
        match fact {
            Fact::CallArrived => self.series.add(self.calls.arrived, 1),
            Fact::VisitOffered { queue } => {
                let series = self.queue(queue);
                self.series.add(series.offered, 1);
                self.served.enter(source, self.queue_label(queue));
            }
            Fact::VisitEnded {
                queue,
                exit,
                wait,
                within_target,
                short,
            } => {
                let queue = self.queue(queue);
                self.series.add(queue.ended[at(exit.code())], 1);
                if let Some(wait) = wait {
                    let of_exit = queue.wait[at(exit.class().code())];
                    self.series.observe(of_exit, micros(*wait));
                }
                self.series
                    .add(queue.within_target, u64::from(*within_target));
                self.series.add(queue.abandoned_short, u64::from(*short));
            }
            Fact::VisitDecided { queue } => {
                let queue = self.queue(queue);
                self.series.add(queue.decided, 1);
            }
            Fact::WrapUp { queue, span } => {
                let queue = self.queue(queue);
                self.series.observe(queue.legs.wrap_up, micros(*span));
            }
            Fact::Settled(settled) => self.settle(settled),
            Fact::Late { .. } => {
                let source = self.source(source);
                self.series.add(source.late, 1);
            }
            Fact::Corrected => {
                let source = self.source(source);
                self.series.add(source.corrections, 1);
            }
            // Whether the event was counted as applied is known to who counted it: see `rejected`.
            Fact::LineTold { at, told, mode } => {
                if *mode == Mode::Live {
                    self.source(source);
                    let label = self.source_label(source).to_owned();
                    let teller = (source, &*label);
                    self.lines.tell(&mut self.series, teller, *at, told);
                }
            }
            // Agents are counted from the journal; shown live elsewhere.
            Fact::AgentTold { told, mode, .. } => {
                if *mode == Mode::Live {
                    self.know_queues_of_agent(source, told);
                }
            }
            Fact::CallExists { .. } => {}
        }
    }

    /// Makes every series of the queues exist that an agent is told to serve, while there is room: the board shows them
    /// before their first call.
    pub fn know_queues_of_agent(&mut self, source: &SourceId, told: &AgentEvent) {
        if let AgentEvent::StateChanged { queues, .. } = told {
            if !queues.is_empty() {
                self.served.tell(source);
            }
            for queue in queues {
                self.queue(queue);
            }
        }
    }

    /// Takes note of the queues that a live call entered before this process began.
    pub fn know_queues_of_call(&mut self, source: &SourceId, record: &CallRecord) {
        for visit in &record.visits {
            self.served.enter(source, self.queue_label(&visit.queue));
        }
    }

    fn settle(&mut self, settled: &Settled) {
        let record = &settled.record;
        if settled.mode != Mode::Live || record.test {
            return;
        }
        if record.direction == Direction::Inbound {
            if let Some(outcome) = record.outcome {
                self.series.add(self.calls.ended[at(outcome.code())], 1);
                let left = outcome == Outcome::LeftBeforeQueue;
                self.series
                    .add(self.calls.left_before_queue, u64::from(left));
            }
            // A call that enters a queue after all is that queue's, and is in none of these.
            if let Some(refusal) = record.refusals.last().filter(|_| record.visits.is_empty()) {
                let reason = refusal.reason.code();
                self.series.add(self.calls.refused[at(reason)], 1);
            }
            if !record.legs.is_empty() {
                let legs = self.legs(record.first_answer_queue());
                let transfers = record.transfers.len() as u64;
                self.series
                    .observe(legs.call_transfers, transfers.saturating_mul(1_000_000));
            }
        }
        for transfer in &record.transfers {
            if let Some(outcome) = transfer.outcome {
                self.transfer(transfer.method, Some(transfer.target), outcome);
            }
            self.series
                .add(self.calls.returns, u64::from(transfer.is_return));
        }
        for failed in &record.failed_transfers {
            self.transfer(failed.method, failed.target, TransferOutcome::Failed);
        }
        for reroute in &record.reroutes {
            let queue = self.queue(&reroute.from);
            self.series.add(queue.reroutes, 1);
        }
        for leg in &record.legs {
            // A leg whose talk is not known (the clock stepped back) is in neither, so that both have one count.
            if let Some(talk) = leg.talk() {
                let legs = self.legs(leg.queue.as_ref());
                self.series.observe(legs.talk, micros(talk));
                self.series.observe(legs.hold, micros(leg.hold));
            }
        }
        for offer in &record.offers {
            let legs = self.legs(offer.queue.as_ref());
            let result = offer.result.unwrap_or(OfferResult::Error);
            self.series.add(legs.offers[at(result.code())], 1);
        }
    }

    fn transfer(
        &mut self,
        method: TransferMethod,
        target: Option<TargetKind>,
        outcome: TransferOutcome,
    ) {
        let id = self.calls.transfers.entry((method, target, outcome));
        let id = *id.or_insert_with(|| sets::transfers(&mut self.series, method, target, outcome));
        self.series.add(id, 1);
    }

    /// Counts by how much each predictor was wrong about a caller of a queue; in the order of `Predictor::ALL`, `None` = it
    /// had said nothing.
    pub fn foretold(&mut self, queue: &QueueId, errors: [Option<Duration>; Predictor::ALL.len()]) {
        let series = self.queue(queue).ewt_error;
        for (id, error) in series.into_iter().zip(errors) {
            if let Some(error) = error {
                self.series.observe(id, micros(error));
            }
        }
    }

    /// Counts events of a source that were committed and applied.
    pub fn applied(&mut self, source: &SourceId, count: u64) {
        let source = self.source(source);
        self.series.add(source.applied, count);
    }

    /// Counts events of a source that were not taken, for one reason of a closed list.
    pub fn rejected(&mut self, source: &SourceId, reason: &'static str, count: u64) {
        let source = self.source(source);
        self.series.add(source.rejected, count);
        let labels = labels(&[("reason", reason)]);
        let by_reason = self.series.counter(Metric::IngestRejected, &labels);
        self.series.add(by_reason, count);
    }

    /// Takes in what is true of a source at this moment; of its queues, those that changed.
    pub fn apply_now(&mut self, now: SourceNow) {
        for queue in &now.queues {
            self.queue(&queue.queue);
        }
        let series = self.source(&now.source);
        if let Some(watermark) = now.watermark {
            self.lines.pass(&mut self.series, &now.source, watermark);
        }
        let mut gap_events = now.gap_events;
        let shares_other = !self.sources.contains_key(&now.source);
        self.moment.merge(now);
        if shares_other {
            // One level for all of them. After a restart it is told source by source, so their gaps may count twice.
            let sources = &self.sources;
            gap_events = self
                .moment
                .gap_events(|source| !sources.contains_key(source));
        }
        self.series.follow(series.gap, gap_events);
    }

    /// The names that have a label of their own, shared with whoever labels by source as well.
    pub(crate) fn source_names(&self) -> &Names {
        &self.source_names
    }

    /// Every queue label with its series, sorted by label.
    pub(crate) fn queue_labels(&self) -> Vec<(Arc<str>, QueueSeries)> {
        let named = self
            .queues
            .iter()
            .map(|(queue, series)| (Arc::from(queue.as_str()), *series));
        let other = self
            .other_queue
            .iter()
            .map(|series| (OTHER.into(), *series));
        let mut all: Vec<(Arc<str>, QueueSeries)> = named.chain(other).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        all
    }

    /// The label a queue is shown under.
    pub(crate) fn queue_label<'a>(&self, queue: &'a QueueId) -> &'a str {
        if self.queues.contains_key(queue) {
            queue.as_str()
        } else {
            OTHER
        }
    }

    /// Takes a queue in among those with a label of their own, while there is room; else says which label it shares.
    pub(crate) fn admit_queue(&self, queue: &QueueId) -> Result<(), &'static str> {
        let name = queue.as_str();
        if name != NONE && (self.queues.contains_key(queue) || self.queue_names.admit(name)) {
            return Ok(());
        }
        Err(OTHER)
    }

    /// The label a source is shown under.
    pub(crate) fn source_label<'a>(&self, source: &'a SourceId) -> &'a str {
        if self.sources.contains_key(source) {
            source.as_str()
        } else {
            OTHER
        }
    }

    fn queue(&mut self, queue: &QueueId) -> QueueSeries {
        if let Some(series) = self.queues.get(queue) {
            return *series;
        }
        // A queue that is really called `none` may not be taken for no queue.
        if queue.as_str() == NONE || !self.queue_names.admit(queue.as_str()) {
            return self.other_queue();
        }
        let series = QueueSeries::new(&mut self.series, queue.as_str());
        self.queues.insert(queue.clone(), series);
        series
    }

    fn other_queue(&mut self) -> QueueSeries {
        let series = &mut self.series;
        *self
            .other_queue
            .get_or_insert_with(|| QueueSeries::new(series, OTHER))
    }

    fn legs(&mut self, queue: Option<&QueueId>) -> LegSeries {
        match queue {
            Some(queue) => self.queue(queue).legs,
            None => self.no_queue,
        }
    }

    fn source(&mut self, source: &SourceId) -> SourceSeries {
        if let Some(series) = self.sources.get(source) {
            return *series;
        }
        if !self.source_names.admit(source.as_str()) {
            return self.other_source();
        }
        let series = SourceSeries::new(&mut self.series, source.as_str());
        self.sources.insert(source.clone(), series);
        series
    }

    fn other_source(&mut self) -> SourceSeries {
        let series = &mut self.series;
        *self
            .other_source
            .get_or_insert_with(|| SourceSeries::new(series, OTHER))
    }
}
