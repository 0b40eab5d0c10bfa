//! The survey report: who was asked, what they said, and of whom that speaks.
//!
//! A session belongs to the interval in which its call arrived. Handled are inbound calls that a human answered; a call is of
//! the first queue that answered it, and of the agent who talked last, who alone can let the caller be asked. Who gave up is
//! of the first queue entered, and of no agent. Answers of sessions that go on are in no score. Figures of a single agent are
//! left out below ten, and nobody is ranked: rows are in the order of names.
//!
//! Of another channel than the telephone it says what forms say (`submitted`), and nothing of calls.

mod coverage;
mod gather;
mod group;
mod known;
mod one;
mod scores;
mod submitted;

use crate::kpi::{
    self, Definition, DispositionCounts, Id, MeanGrade, NetPromoters, QuestionCounts, Score,
    Weighted,
};
use crate::model::{AnswerChannel, QuestionId, SurveyId, Text};

use super::context::Context;

pub use coverage::{SurveyControl, SurveyCoverageRow, SurveySteeringRow};
pub(super) use gather::Gathered;
pub use group::SurveyGrouping;
pub(super) use one::OneCall;
pub use submitted::SurveyCauseRow;

/// A single agent's figures of fewer are not shown.
pub(super) const AGENT_MIN: u64 = 10;

/// What the survey report is asked with besides the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyAsked {
    /// How it was answered; channels are never mixed.
    pub channel: AnswerChannel,
    /// What rows are grouped by.
    pub by: SurveyGrouping,
    /// Only this survey; empty = all.
    pub survey: String,
    /// Only this version of it; 0 = all.
    pub version: u32,
}

impl Default for SurveyAsked {
    fn default() -> Self {
        Self {
            channel: AnswerChannel::Phone,
            by: SurveyGrouping::default(),
            survey: String::new(),
            version: 0,
        }
    }
}

/// The survey report.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyReport {
    /// How it was answered.
    pub channel: AnswerChannel,
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval, then group; the one for all ends each interval.
    pub funnel: Vec<SurveyFunnelRow>,
    /// By interval, group, survey, version and question.
    pub scores: Vec<SurveyScoreRow>,
    /// By interval, dimension and value.
    pub coverage: Vec<SurveyCoverageRow>,
    /// By interval and agent.
    pub steering: Vec<SurveySteeringRow>,
    /// By interval, month and cause; of letters and social networks alone.
    pub causes: Vec<SurveyCauseRow>,
}

/// How asking ended: one group in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyFunnelRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The group.
    pub group: String,
    /// Calls that a human answered.
    pub handled: u64,
    /// Their sessions that have ended.
    pub dispositions: DispositionCounts,
    /// Sessions that go on.
    pub open: u64,
    /// Calls for which nothing was decided.
    pub without_session: u64,
    /// Callers who were lost without a human, and never asked.
    pub gave_up: u64,
    /// A single agent's, and of few calls: its shares are not shown.
    pub suppressed: bool,
}

/// How often an answer was given.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyAnswerCount {
    /// The answer.
    pub answer: Text,
    /// How often.
    pub count: u64,
    /// Declared positive.
    pub positive: bool,
    /// Outside the scale.
    pub outside: bool,
    /// Its share of all who answered.
    pub share: Option<f64>,
}

/// Q1 to Q4 of a row; `None` of nothing, and of a single agent's few calls.
pub fn survey_rates(row: &SurveyFunnelRow) -> [Option<Score>; 4] {
    let counts = &row.dispositions;
    let rates = [
        kpi::invitation_rate(counts),
        kpi::response_rate_1(counts),
        kpi::response_rate_2(counts),
        kpi::cooperation_rate(counts),
    ];
    rates.map(|rate| rate.filter(|_| !row.suppressed))
}

/// One question in one group and interval.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyScoreRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The group.
    pub group: String,
    /// The survey.
    pub survey: SurveyId,
    /// Its version.
    pub version: u32,
    /// The question.
    pub question: QuestionId,
    /// The word for its kind; empty = the definition is not readable.
    pub kind: &'static str,
    /// Whether it is the headline.
    pub headline: bool,
    /// What it took.
    pub counts: QuestionCounts,
    /// Sessions in which it was answered.
    pub answered: u64,
    /// Sessions in which it was skipped.
    pub skipped: u64,
    /// Sessions to be asked this survey.
    pub selected: u64,
    /// Callers who were lost without a human, and never asked.
    pub gave_up: u64,
    /// Too few of a single agent: nothing below is there.
    pub suppressed: bool,
    /// Q5.
    pub break_off: Option<Score>,
    /// What was said of it; empty when suppressed.
    pub said: Said,
}

/// What was said to a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Q7.
    pub top_box: Option<Score>,
    /// Q7: the lowest two grades.
    pub bottom_box: Option<Score>,
    /// Q7: outside the scale.
    pub outside: Option<Score>,
    /// Q8.
    pub net_promoters: Option<NetPromoters>,
    /// Q9.
    pub mean_grade: Option<MeanGrade>,
    /// Q10.
    pub resolution: Option<Score>,
    /// Q11.
    pub bounds: Option<(f64, f64)>,
    /// Q14 over calls.
    pub weighted: Option<Weighted>,
    /// Q14 over people.
    pub weighted_per_person: Option<Weighted>,
    /// The distribution.
    pub answers: Vec<SurveyAnswerCount>,
}

const OF_ASKING: [Id; 6] = [Id::Q1, Id::Q2, Id::Q3, Id::Q4, Id::Q5, Id::Q6];
const OF_ANSWERS: [Id; 4] = [Id::Q7, Id::Q8, Id::Q9, Id::Q10];
const OF_THOSE_WHO_ANSWER: [Id; 4] = [Id::Q11, Id::Q12, Id::Q13, Id::Q14];

/// Whether a definition is a survey's, and says something of a single call.
pub(super) fn is_of_survey(id: Id) -> bool {
    let all = [&OF_ASKING[..], &OF_ANSWERS, &OF_THOSE_WHO_ANSWER];
    all.iter().any(|some| some.contains(&id))
}

/// What figures of a channel are made by.
fn definitions(channel: AnswerChannel) -> Vec<Definition> {
    let ids = match channel {
        AnswerChannel::Phone => [
            &OF_ASKING[..],
            &OF_ANSWERS,
            &OF_THOSE_WHO_ANSWER,
            &[Id::Steering, Id::Ab2],
        ]
        .concat(),
        AnswerChannel::Paper
        | AnswerChannel::Web
        | AnswerChannel::Exit
        | AnswerChannel::Window
        | AnswerChannel::Mystery => OF_ANSWERS.to_vec(),
        AnswerChannel::Appeal | AnswerChannel::Social => Vec::new(),
    };
    ids.into_iter().map(Id::definition).collect()
}

#[cfg(test)]
#[path = "survey_test.rs"]
pub(super) mod tests;
