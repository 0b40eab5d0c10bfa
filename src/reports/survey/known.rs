//! What the definitions say about questions and answers, as far as scores need it.

use std::collections::BTreeMap;

use crate::model::{AnswerCode, QuestionId, SurveyId, SurveyText, Timestamp};
use crate::survey::{Definition, Kind, Question};

/// The question whose answer says whether the matter is settled (Q10).
pub(super) const RESOLUTION: &str = "solved";

/// Every definition that was put.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(BTreeMap<SurveyId, BTreeMap<u32, Put>>);

#[derive(Clone, Debug)]
struct Put {
    at: Timestamp,
    /// `None` = this version cannot read it.
    definition: Option<Definition>,
}

impl Known {
    /// Reads the definitions.
    pub(super) fn of(texts: &[SurveyText]) -> Self {
        let mut known = Self::default();
        for text in texts {
            let put = Put {
                at: text.put_at,
                definition: Definition::parse(text.text.as_bytes()).ok(),
            };
            let versions = known.0.entry(text.survey.clone()).or_default();
            versions.insert(text.version, put);
        }
        known
    }

    /// The names of the surveys.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(SurveyId::as_str)
    }

    /// A version's definition.
    pub(super) fn definition(&self, survey: &SurveyId, version: u32) -> Option<&Definition> {
        self.0.get(survey)?.get(&version)?.definition.as_ref()
    }

    /// The version that was asked at an instant: the last one put by then, else the first; 0 when there is none.
    pub(super) fn version_at(&self, survey: &SurveyId, at: Timestamp) -> u32 {
        let Some(versions) = self.0.get(survey) else {
            return 0;
        };
        let mut by_then = versions.iter().filter(|(_, put)| put.at <= at);
        let found = by_then.next_back().or_else(|| versions.first_key_value());
        found.map_or(0, |(version, _)| *version)
    }
}

/// The place of a question in its definition.
pub(super) fn place_of(definition: &Definition, question: &QuestionId) -> Option<usize> {
    let mut questions = definition.questions.iter();
    questions.position(|one| one.code == *question)
}

/// The word for a kind.
pub(super) const fn kind_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Choice => "choice",
        Kind::Scale => "scale",
        Kind::YesNo => "yes_no",
        Kind::Number(_) => "number",
        Kind::Nps => "nps_0_10",
        Kind::VoiceNote(_) => "voice_note",
    }
}

/// Where the codes of a scale stand: the best first; empty of other kinds.
pub(super) fn grades(question: &Question) -> Vec<&AnswerCode> {
    if question.kind != Kind::Scale {
        return Vec::new();
    }
    let answers = question.answers.iter();
    answers
        .filter(|one| !one.outside)
        .map(|one| &one.code)
        .collect()
}
