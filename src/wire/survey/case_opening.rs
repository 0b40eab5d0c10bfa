//! How a case is opened: by which answers, and until when it is to be closed.
//!
//! It is opened in the commit that ends its interview, or takes its form in.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::journal::Note;
use crate::model::{
    AnswerChannel, AnswerCode, CallId, CaseOpened, CaseStep, FormId, QuestionId, SourceId,
    SurveyEvent, Timestamp,
};
use crate::survey::{Definition, Interview};

use super::Surveys;
use super::desk::Key;

/// By when cases are to be closed.
#[derive(Clone, Debug)]
pub struct CasePlan {
    /// The hotline's zone.
    pub zone: TimeZone,
    /// So many working days, Monday to Friday, after the day on which it was opened.
    pub days: u32,
}

impl CasePlan {
    /// The end of the last working day.
    pub(super) fn due_at(&self, opened_at: Timestamp) -> Timestamp {
        let due = || {
            let at = jiff::Timestamp::from_microsecond(opened_at.as_micros()).ok()?;
            let mut day = at.to_zoned(self.zone.clone()).date();
            let mut left = self.days;
            while left > 0 {
                day = day.tomorrow().ok()?;
                let is_off = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
                left -= u32::from(!is_off);
            }
            let end = day
                .checked_add(1.day())
                .ok()?
                .to_zoned(self.zone.clone())
                .ok()?;
            Some(Timestamp::from_micros(end.timestamp().as_microsecond()))
        };
        // Beyond the calendar's end nobody closes anything.
        due().unwrap_or_else(|| opened_at.plus(Duration::from_secs(86_400) * self.days))
    }
}

/// What a case is about, before it is opened.
pub(super) struct About<'a> {
    pub(super) source: &'a SourceId,
    pub(super) call: Option<&'a CallId>,
    pub(super) form: Option<&'a FormId>,
    pub(super) channel: AnswerChannel,
}

impl Surveys {
    /// The opening of a case, if the answers open one.
    pub(super) fn case<'a>(
        &self,
        definition: &Definition,
        about: &About<'_>,
        answers: impl Iterator<Item = (&'a str, &'a str)>,
        now: Timestamp,
    ) -> Option<Note> {
        let said: Vec<(QuestionId, AnswerCode)> = definition.case_of(answers);
        (!said.is_empty()).then(|| Note {
            source: about.source.clone(),
            at: now,
            event: SurveyEvent::Case {
                call: about.call.cloned(),
                form: about.form.cloned(),
                step: CaseStep::Opened(CaseOpened {
                    survey: definition.survey.clone(),
                    version: definition.version,
                    channel: about.channel,
                    due_at: self.parts.cases.due_at(now),
                    said,
                }),
            },
        })
    }

    /// The opening of an interview's case, if its answers open one.
    pub(super) fn case_of_interview(
        &self,
        definition: &Definition,
        (source, call): &Key,
        interview: &Interview,
        now: Timestamp,
    ) -> Option<Note> {
        let about = About {
            source,
            call: Some(call),
            form: None,
            channel: AnswerChannel::Phone,
        };
        let answers = interview.answers().filter_map(|(place, answer)| {
            let question = definition.questions.get(place)?;
            Some((question.code.as_str(), answer))
        });
        self.case(definition, &about, answers, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(at.as_microsecond())
    }

    #[test]
    fn a_case_is_due_at_the_end_of_the_last_working_day() {
        let zone = TimeZone::get("Europe/Samara").unwrap();
        let due = |days, opened: &str| {
            let zone = zone.clone();
            CasePlan { zone, days }.due_at(at(opened))
        };
        // Monday noon, three working days: Thursday's end, midnight in Samara (UTC+4).
        assert_eq!(due(3, "2026-01-12T08:00:00Z"), at("2026-01-15T20:00:00Z"));
        // Friday evening: Monday, Tuesday, Wednesday.
        assert_eq!(due(3, "2026-01-16T14:00:00Z"), at("2026-01-21T20:00:00Z"));
        // Saturday counts from Monday; the same day is none.
        assert_eq!(due(1, "2026-01-17T08:00:00Z"), at("2026-01-19T20:00:00Z"));
        assert_eq!(due(0, "2026-01-12T08:00:00Z"), at("2026-01-12T20:00:00Z"));
    }
}
