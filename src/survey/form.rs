//! Filled forms against the definition they were filled from: what may be kept, and why not.
//!
//! On paper nobody can be kept to a path, so any of the survey's questions may be answered, each once. What is refused has
//! a reason for programs and words for people, with the nearest name where a name is wrong.

use crate::model::nearest::{nearest, suggestion};
use crate::model::{AnswerChannel, AnswerCode, FormAnswer, QuestionId};

use super::definition::{Channel, Definition, Kind, Question};
use super::limits;

/// Writes the list of reasons.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal,)+) => {
        /// Why a form is not taken, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FormReason { $($(#[$doc])* $name,)+ }

        impl FormReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

reasons! {
    /// A field is empty.
    FieldMissing "field_missing",
    /// A text is longer than it may be.
    TooLong "too_long",
    /// A text holds control characters.
    ControlCharacter "control_character",
    /// No such channel.
    UnknownChannel "unknown_channel",
    /// The channel does not go with what the form says.
    ChannelNotAsked "channel_not_asked",
    /// No such survey or version.
    UnknownSurvey "unknown_survey",
    /// The survey has no such question.
    UnknownQuestion "unknown_question",
    /// The question has no such answer.
    UnknownAnswer "unknown_answer",
    /// A question is answered twice.
    QuestionRepeated "question_repeated",
    /// The answer has no room for words.
    WordsNotAsked "words_not_asked",
    /// No such language.
    UnknownLanguage "unknown_language",
    /// A source that never sent anything.
    UnknownSource "unknown_source",
    /// The time cannot be.
    TimeOutOfRange "time_out_of_range",
    /// The month cannot be, or is not over.
    WrongMonth "wrong_month",
    /// No such cause.
    UnknownCause "unknown_cause",
    /// The count cannot be.
    CountOutOfRange "count_out_of_range",
    /// The id is that of another form.
    FormConflict "form_conflict",
}

/// Why a form is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormFault {
    /// For programs.
    pub reason: FormReason,
    /// The field, or the question's code.
    pub field: String,
    /// For people.
    pub message: String,
}

impl FormFault {
    /// A fault of a field.
    pub fn new(reason: FormReason, field: &str, message: impl Into<String>) -> Self {
        Self {
            reason,
            field: clipped(field),
            message: message.into(),
        }
    }
}

/// One answer as it stands on the form.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'a> {
    /// The question's code.
    pub question: &'a str,
    /// The answer's code, or the number.
    pub answer: &'a str,
    /// Words that were added.
    pub words: &'a str,
}

impl Definition {
    /// The answers of a form, as they are kept.
    ///
    /// # Errors
    /// The first thing that speaks against it.
    pub fn check_form<'a>(
        &self,
        channel: AnswerChannel,
        answers: impl Iterator<Item = Filled<'a>>,
    ) -> Result<Vec<FormAnswer>, FormFault> {
        self.check_channel(channel)?;
        let mut kept: Vec<FormAnswer> = Vec::new();
        for filled in answers {
            let answer = self.check_answer(filled)?;
            if kept.iter().any(|one| one.question == answer.question) {
                let message = format!("\"{}\" is answered twice", filled.question);
                let reason = FormReason::QuestionRepeated;
                return Err(FormFault::new(reason, filled.question, message));
            }
            kept.push(answer);
        }
        if kept.is_empty() {
            let message = "no question is answered: a blank form is not sent";
            return Err(FormFault::new(FormReason::FieldMissing, "answers", message));
        }
        Ok(kept)
    }

    fn check_channel(&self, channel: AnswerChannel) -> Result<(), FormFault> {
        let word = channel.as_str();
        if channel != AnswerChannel::Phone
            && Channel::ALL
                .iter()
                .any(|(known, one)| *known == word && self.channels.contains(one))
        {
            return Ok(());
        }
        let (survey, version) = (&self.survey, self.version);
        let asked = Channel::ALL.iter().filter(|(known, one)| {
            *known != AnswerChannel::Phone.as_str() && self.channels.contains(one)
        });
        let asked: Vec<_> = asked.map(|(known, _)| *known).collect();
        let message = match (channel, &asked[..]) {
            (AnswerChannel::Phone, _) => {
                "answers by phone come over ConductSurvey alone".to_owned()
            }
            (_, []) => format!(
                "{survey}, version {version}, is asked by phone alone: put a version whose channels name {word}"
            ),
            (_, asked) => format!(
                "{survey}, version {version}, is not asked by {word}, but by {}",
                asked.join(", ")
            ),
        };
        let reason = FormReason::ChannelNotAsked;
        Err(FormFault::new(reason, "channel", message))
    }

    fn check_answer(&self, filled: Filled<'_>) -> Result<FormAnswer, FormFault> {
        let fault = |reason, message: String| FormFault::new(reason, filled.question, message);
        let shown = clipped(filled.question);
        let asked = self.questions.iter();
        let Some(question) = asked
            .clone()
            .find(|question| question.code.as_str() == filled.question)
        else {
            let known = asked.map(|question| question.code.as_str());
            let near = suggestion(nearest(&shown, known));
            let message = format!("{} has no question \"{shown}\"{near}", self.survey);
            return Err(fault(FormReason::UnknownQuestion, message));
        };
        let answer = clipped(filled.answer);
        let coded = question.kind.number().is_none() || question.kind == Kind::Nps;
        let has_room = if question.kind.number().is_some() {
            let number = number(question, filled.answer);
            number.map_err(|message| fault(FormReason::UnknownAnswer, message))?;
            false
        } else {
            let known = question.answers.iter();
            let found = known
                .clone()
                .find(|known| known.code.as_str() == filled.answer);
            let Some(found) = found else {
                let codes: Vec<_> = known.map(|known| known.code.as_str()).collect();
                let message = match &codes[..] {
                    [] => format!("\"{shown}\" is spoken, and only by telephone"),
                    codes => format!(
                        "\"{shown}\" has no answer \"{answer}\"; it has {}",
                        codes.join(", ")
                    ),
                };
                return Err(fault(FormReason::UnknownAnswer, message));
            };
            found.free_text
        };
        if !filled.words.is_empty() && !has_room {
            let message = format!("the answer \"{answer}\" to \"{shown}\" has no room for words");
            return Err(fault(FormReason::WordsNotAsked, message));
        }
        if filled.words.chars().count() > limits::TEXT_CHARS_MAX {
            let most = limits::TEXT_CHARS_MAX;
            let message = format!("the words to \"{shown}\" have more than {most} letters");
            return Err(fault(FormReason::TooLong, message));
        }
        if filled.words.contains(|c: char| c.is_control() && c != '\n') {
            let message = format!("the words to \"{shown}\" hold control characters");
            return Err(fault(FormReason::ControlCharacter, message));
        }
        Ok(FormAnswer {
            question: QuestionId::new(filled.question),
            answer: AnswerCode::new(filled.answer),
            coded,
            words: filled.words.into(),
        })
    }
}

fn number(question: &Question, answer: &str) -> Result<(), String> {
    let Some(asked) = question.kind.number() else {
        return Ok(());
    };
    let is_digits = !answer.is_empty() && answer.bytes().all(|byte| byte.is_ascii_digit());
    // One number is written in one way, so that one answer is one row of a report.
    let is_plain = answer == "0" || !answer.starts_with('0');
    let value = answer.parse::<u32>().ok().filter(|_| is_digits && is_plain);
    if value.is_some_and(|value| (asked.least..=asked.most).contains(&value)) {
        return Ok(());
    }
    Err(format!(
        "\"{}\" is answered by a number from {} to {}, not by \"{}\"",
        question.code,
        asked.least,
        asked.most,
        clipped(answer)
    ))
}

fn clipped(text: &str) -> String {
    text.chars().take(limits::NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONNAIRE: &str = include_str!("../../deploy/surveys/questionnaire.toml");

    fn check(channel: AnswerChannel, answers: &[(&str, &str, &str)]) -> Result<usize, FormFault> {
        let definition = Definition::parse(QUESTIONNAIRE.as_bytes()).unwrap();
        let answers = answers.iter().map(|(question, answer, words)| Filled {
            question,
            answer,
            words,
        });
        let kept = definition.check_form(channel, answers);
        kept.map(|kept| kept.len())
    }

    #[test]
    fn what_was_asked_is_kept_in_any_order() {
        let answers = [
            ("online_clear", "unclear", ""),
            ("internet_skills", "not", ""),
        ];
        assert_eq!(check(AnswerChannel::Paper, &answers), Ok(2));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_nearest() {
        let paper = AnswerChannel::Paper;
        let skills = ("internet_skills", "not", "");
        let cases = [
            (
                AnswerChannel::Phone,
                vec![skills],
                "channel_not_asked",
                "ConductSurvey",
            ),
            (
                AnswerChannel::Window,
                vec![skills],
                "channel_not_asked",
                "paper, web, exit",
            ),
            (
                paper,
                vec![("internet_skill", "not", "")],
                "unknown_question",
                "internet_skills",
            ),
            (
                paper,
                vec![("internet_skills", "no", "")],
                "unknown_answer",
                "alone, with_help, not",
            ),
            (paper, vec![skills, skills], "question_repeated", "twice"),
            (
                paper,
                vec![("internet_skills", "not", "x")],
                "words_not_asked",
                "no room",
            ),
            (paper, vec![], "field_missing", "blank"),
        ];
        for (channel, answers, reason, words) in cases {
            let fault = check(channel, &answers).unwrap_err();
            assert_eq!(fault.reason.as_str(), reason);
            assert!(fault.message.contains(words), "{}", fault.message);
        }
    }
}
