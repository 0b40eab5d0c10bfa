//! What is gathered while calls go by: counts by interval and group, bounded by groups, questions and answers.

use std::collections::{BTreeMap, HashMap};

use crate::kpi::{self, DispositionCounts, Part, QuestionCounts};
use crate::model::{
    AgentId, AnswerChannel, AnswerCode, CallRecord, CallRow, Caller, Direction, Disposition,
    Pseudonym, QuestionId, SurveyId, SurveyQuestion, SurveySession, SurveyText, TakenForm,
};
use crate::store::SurveyedCall;
use crate::survey::WHOLE;

use super::super::context::{Counted, SourceCompleteness};
use super::super::plan::Plan;
use super::coverage::{self, Cover, Dimension, Steer};
use super::group::{Group, group_of, last_agent};
use super::known::Known;
use super::submitted::{self, Submitted};
use super::{SurveyAsked, SurveyGrouping, SurveyReport, definitions, scores};
use crate::reports::context::Context;

/// More different numbers to one question are counted together.
const NUMBERS_MAX: usize = 100;
/// What stands for those beyond.
const MORE: &str = "more";
/// What stands for a spoken comment.
const RECORDED: &str = "recorded";

/// The survey report in the making.
#[derive(Default)]
pub(in crate::reports) struct Gathered {
    pub(super) asked: SurveyAsked,
    pub(super) known: Known,
    pub(super) counted: Counted,
    pub(super) tallies: BTreeMap<(usize, Group), Tally>,
    pub(super) cover: BTreeMap<(usize, Dimension, usize, String), Cover>,
    pub(super) steer: BTreeMap<(usize, AgentId), Steer>,
    submitted: Submitted,
}

/// One group in one interval.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) handled: u64,
    pub(super) dispositions: DispositionCounts,
    pub(super) open: u64,
    pub(super) without_session: u64,
    pub(super) gave_up: u64,
    pub(super) surveys: BTreeMap<(SurveyId, u32), SurveyTally>,
}

/// One version of one survey.
#[derive(Default)]
pub(super) struct SurveyTally {
    pub(super) dispositions: DispositionCounts,
    pub(super) questions: BTreeMap<QuestionId, QuestionTally>,
    /// How likely it was that none of a caller's calls would be drawn, of those among which was drawn.
    pub(super) passed_over: HashMap<Pseudonym, f64>,
}

/// One question.
#[derive(Default)]
pub(super) struct QuestionTally {
    pub(super) counts: QuestionCounts,
    pub(super) answered: u64,
    pub(super) skipped: u64,
    /// By answer, and by the rate at which calls were drawn.
    pub(super) answers: BTreeMap<AnswerCode, BTreeMap<u32, u64>>,
    /// Each caller's answers.
    pub(super) callers: BTreeMap<Pseudonym, BTreeMap<AnswerCode, u64>>,
    /// Those of withheld numbers, who are callers of their own, by answer and rate.
    pub(super) withheld: BTreeMap<(AnswerCode, u32), u64>,
}

impl Gathered {
    /// Nothing yet.
    pub(in crate::reports) fn new(asked: SurveyAsked, counted: Counted) -> Self {
        Self {
            asked,
            counted,
            ..Self::default()
        }
    }

    /// Takes the definitions; whether the survey asked for is among them, with the names of all, is for the caller to say.
    pub(in crate::reports) fn definitions(&mut self, texts: &[SurveyText]) {
        self.known = Known::of(texts);
    }

    /// The name asked for when no such survey was ever put, and those that were.
    pub(in crate::reports) fn unknown(&self) -> Option<(&str, Vec<&str>)> {
        let asked = self.asked.survey.as_str();
        let names: Vec<_> = self.known.names().collect();
        (!asked.is_empty() && !names.contains(&asked)).then_some((asked, names))
    }

    /// Takes one form of the channel asked for.
    pub(in crate::reports) fn form(&mut self, plan: &Plan, taken: &TakenForm) {
        self.submitted.add(plan, &self.asked, &taken.form);
    }

    /// Takes one call of the period.
    pub(in crate::reports) fn call(
        &mut self,
        plan: &Plan,
        surveyed: &SurveyedCall,
        record: &CallRecord,
    ) {
        let call = &surveyed.call;
        if plan.buckets.index_of(record.arrived_at).is_none() {
            return;
        }
        if plan.admits_line(record) {
            self.counted.record(plan, call, record);
        }
        let row = call.rows(record, 0).call;
        let Some(bucket) = plan.index_of(row.arrived_at) else {
            return;
        };
        let is_asked_for = plan.admits(record)
            && plan.wants(super::super::transfers::queue_of(&row))
            && !row.test
            && row.direction == Direction::Inbound;
        if !is_asked_for {
            return;
        }
        if kpi::is_served(&row) {
            self.handled(plan, bucket, &row, record, surveyed.session.as_ref());
        } else if kpi::is_lost(&row) {
            let by = self.asked.by;
            let own = group_of(by, plan, &row, record).filter(|_| by != SurveyGrouping::Agent);
            for group in own.into_iter().chain([Group::All]) {
                self.tallies.entry((bucket, group)).or_default().gave_up += 1;
            }
        }
    }

    fn handled(
        &mut self,
        plan: &Plan,
        bucket: usize,
        row: &CallRow,
        record: &CallRecord,
        session: Option<&SurveySession>,
    ) {
        let session = session.filter(|session| self.is_asked_for(session, row));
        let ended = session.and_then(|session| Some((session, session.ended.as_ref()?)));
        let disposition = ended.map(|(_, (_, ended))| ended.disposition);
        coverage::add(self, plan, bucket, row, record, disposition);
        if let Some(agent) = last_agent(record) {
            let steer = self.steer.entry((bucket, agent.clone())).or_default();
            steer.add(disposition);
        }
        let version = ended.map(|(session, _)| self.version_of(session, row));
        let by = self.asked.by;
        let own = group_of(by, plan, row, record);
        for group in own.into_iter().chain([Group::All]) {
            let tally = self.tallies.entry((bucket, group)).or_default();
            tally.handled += 1;
            let Some((session, (_, ended))) = ended else {
                tally.open += u64::from(session.is_some());
                tally.without_session += u64::from(session.is_none());
                continue;
            };
            tally.dispositions.add(ended.disposition, 1);
            let of = (session.opened.survey.clone(), version.unwrap_or_default());
            let survey = tally.surveys.entry(of).or_default();
            survey.dispositions.add(ended.disposition, 1);
            survey.draw(ended.disposition, session.opened.rate, &record.caller);
            for (place, question) in session.questions.iter().enumerate() {
                let code = question.question.clone();
                let is_last = place + 1 == session.questions.len();
                let is_left = is_last && is_left_at(ended.disposition, question);
                let tally = survey.questions.entry(code).or_default();
                tally.add(question, is_left, session.opened.rate, &record.caller);
            }
        }
    }

    fn is_asked_for(&self, session: &SurveySession, row: &CallRow) -> bool {
        let asked = &self.asked;
        let is_survey = asked.survey.is_empty() || session.opened.survey.as_str() == asked.survey;
        is_survey && (asked.version == 0 || self.version_of(session, row) == asked.version)
    }

    /// The version of a session; one that never had a dialog is of the version then in force.
    fn version_of(&self, session: &SurveySession, row: &CallRow) -> u32 {
        let opened = &session.opened;
        if opened.version > 0 {
            return opened.version;
        }
        self.known.version_at(&opened.survey, row.arrived_at)
    }

    /// Makes the report.
    pub(in crate::reports) fn finish(
        self,
        plan: &Plan,
        sources: Vec<SourceCompleteness>,
    ) -> SurveyReport {
        let (funnel, mut scores) = scores::rows(plan, &self);
        scores.extend(self.submitted.scores(plan, &self.known));
        let coverage = coverage::rows(plan, &self);
        let steering = coverage::steering(plan, &self);
        let causes = self.submitted.causes(plan);
        let channel = self.asked.channel;
        let definitions = definitions(channel);
        let mut context = Context::of(plan, self.counted, sources, definitions);
        if channel != AnswerChannel::Phone {
            context.cautions = submitted::without_effect(plan, channel);
        }
        SurveyReport {
            channel,
            funnel,
            scores,
            coverage,
            steering,
            causes,
            context,
        }
    }
}

/// Whether a session that ended so was left at its last question.
const fn is_left_at(disposition: Disposition, question: &SurveyQuestion) -> bool {
    question.done_at.is_none()
        && matches!(
            disposition,
            Disposition::BreakOff
                | Disposition::Partial
                | Disposition::Unable
                | Disposition::TechnicalFailure
        )
}

impl SurveyTally {
    /// Takes note of the chance that a call had, whether it was drawn or not.
    fn draw(&mut self, disposition: Disposition, rate: u32, caller: &Caller) {
        let was_drawn_among =
            kpi::is_selected(disposition) || disposition == Disposition::NotSelected;
        if let (true, Caller::Known(caller)) = (was_drawn_among, caller) {
            *self.passed_over.entry(*caller).or_insert(1.0) *= 1.0 - chance(rate);
        }
    }
}

/// The probability by which a call was drawn.
pub(super) fn chance(rate: u32) -> f64 {
    f64::from(rate) / f64::from(WHOLE)
}

impl QuestionTally {
    fn add(&mut self, question: &SurveyQuestion, is_left: bool, rate: u32, caller: &Caller) {
        self.counts.asked += 1;
        self.counts.broken_off += u64::from(is_left);
        self.counts.noinputs += u64::from(question.noinputs);
        self.counts.nomatches += u64::from(question.nomatches);
        self.counts.repeats += u64::from(question.repeats);
        let Some(answer) = &question.answer else {
            self.skipped += u64::from(question.done_at.is_some());
            return;
        };
        let answer = self.add_answer(answer, question.coded, rate);
        match caller {
            Caller::Known(caller) => {
                let own = self.callers.entry(*caller).or_default();
                *own.entry(answer).or_default() += 1;
            }
            Caller::Unknown | Caller::Withheld => {
                *self.withheld.entry((answer, rate)).or_default() += 1;
            }
        }
    }

    /// Counts an answer; under which it is counted.
    pub(super) fn add_answer(&mut self, answer: &AnswerCode, coded: bool, rate: u32) -> AnswerCode {
        self.answered += 1;
        let answer = self.counted_as(answer, coded);
        let by_rate = self.answers.entry(answer.clone()).or_default();
        *by_rate.entry(rate).or_default() += 1;
        answer
    }

    /// The answer under which it is counted: a recording's id is nobody's code, and numbers may be of any kind.
    fn counted_as(&self, answer: &AnswerCode, coded: bool) -> AnswerCode {
        let is_number = answer.as_str().bytes().all(|byte| byte.is_ascii_digit());
        if coded
            || answer.as_str() == crate::model::ERASED_ANSWER
            || self.answers.contains_key(answer)
        {
            answer.clone()
        } else if !is_number {
            AnswerCode::new(RECORDED)
        } else if self.answers.len() >= NUMBERS_MAX {
            AnswerCode::new(MORE)
        } else {
            answer.clone()
        }
    }

    /// How many gave an answer.
    pub(super) fn of(&self, answer: &AnswerCode) -> u64 {
        self.answers
            .get(answer)
            .map_or(0, |rates| rates.values().sum())
    }

    /// By how much answers of the same caller hang together, for those of a kind.
    pub(super) fn effect(&self, is_counted: impl Fn(&AnswerCode) -> bool) -> f64 {
        let part = |answers: &BTreeMap<AnswerCode, u64>| {
            let counted = answers.iter().filter(|(answer, _)| is_counted(answer));
            Part {
                count: counted.map(|(_, count)| count).sum(),
                of: answers.values().sum(),
            }
        };
        let mut callers: Vec<_> = self.callers.values().map(part).collect();
        for ((answer, _), count) in &self.withheld {
            let one = Part {
                count: u64::from(is_counted(answer)),
                of: 1,
            };
            callers.extend((0..*count).map(|_| one));
        }
        kpi::design_effect(callers)
    }
}
