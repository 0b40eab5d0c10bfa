//! One call in the survey report: what it adds is the report of that call alone.

use crate::model::{CallRecord, Disposition, QuestionId, SurveyText};
use crate::store::SurveyedCall;

use super::super::context::Counted;
use super::super::plan::Plan;
use super::gather::{Gathered, chance};
use super::{
    SurveyAsked, SurveyCoverageRow, SurveyFunnelRow, SurveyGrouping, SurveyScoreRow, coverage,
    scores,
};

/// What one call adds to the survey report.
pub(in crate::reports) struct OneCall {
    /// How asking ended; `None` = no human answered.
    pub(in crate::reports) funnel: Option<SurveyFunnelRow>,
    /// By question that was asked.
    pub(in crate::reports) scores: Vec<SurveyScoreRow>,
    /// By dimension.
    pub(in crate::reports) coverage: Vec<SurveyCoverageRow>,
    /// The questions with answers that count as satisfied, of the survey by which the caller was to be asked.
    pub(in crate::reports) scored: Vec<QuestionId>,
    /// The probability by which the call was drawn.
    pub(in crate::reports) chance: Option<f64>,
}

impl OneCall {
    /// Of a call, by the definitions that were put.
    pub(in crate::reports) fn of(
        plan: &Plan,
        texts: &[SurveyText],
        surveyed: &SurveyedCall,
        record: &CallRecord,
    ) -> Self {
        let asked = SurveyAsked {
            by: SurveyGrouping::None,
            ..SurveyAsked::default()
        };
        let mut gathered = Gathered::new(asked, Counted::default());
        gathered.definitions(texts);
        gathered.call(plan, surveyed, record);
        let mut scored = Vec::new();
        for tally in gathered.tallies.values() {
            for ((survey, version), sums) in &tally.surveys {
                let definition = gathered.known.definition(survey, *version);
                let questions = definition.map_or(&[][..], |definition| &definition.questions);
                if sums.dispositions.selected() > 0 {
                    let positive = questions
                        .iter()
                        .filter(|question| question.answers.iter().any(|answer| answer.positive));
                    scored.extend(positive.map(|question| question.code.clone()));
                }
            }
        }
        let (funnel, scores) = scores::rows(plan, &gathered);
        let session = surveyed.session.as_ref();
        Self {
            funnel: funnel.into_iter().find(|row| row.handled > 0),
            coverage: coverage::rows(plan, &gathered),
            chance: session.map(|session| chance(session.opened.rate)),
            scores,
            scored,
        }
    }

    /// Its disposition; `None` = it has none, or none yet.
    pub(in crate::reports) fn disposition(&self) -> Option<Disposition> {
        let counts = &self.funnel.as_ref()?.dispositions;
        let mut all = Disposition::ALL.iter();
        all.find(|one| counts.of(**one) > 0).copied()
    }
}
