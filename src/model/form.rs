//! Answers that came by other ways than the telephone, and cases: as they are journaled, and as they are kept.

use super::ids::{AnswerCode, CallId, CallKey, FormId, QuestionId, SourceId, SurveyId};
use super::survey::ERASED_ANSWER;
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{AnswerChannel, Cause};

/// One filled form, or one count of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its id: the same form is taken once.
    pub form: FormId,
    /// How it came.
    pub channel: AnswerChannel,
    /// When it was filled; of a count, the month's first instant in UTC.
    pub answered_at: Timestamp,
    /// The call that it speaks of, if it speaks of one.
    pub call: Option<CallId>,
    /// What it says.
    pub content: FormContent,
}

/// What a form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormContent {
    /// Answers to a survey's questions.
    Answers {
        /// The survey.
        survey: SurveyId,
        /// Its version.
        version: u32,
        /// The language it was filled in.
        language: Text,
        /// The answers, in the form's order.
        answers: Vec<FormAnswer>,
    },
    /// How often a cause was named in a month.
    Count {
        /// Year × 12 + month, January being 0.
        month: u32,
        /// The cause.
        cause: Cause,
        /// How often.
        count: u32,
    },
}

/// One answer of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormAnswer {
    /// The question.
    pub question: QuestionId,
    /// The answer.
    pub answer: AnswerCode,
    /// Whether it is one of the definition's codes; else a number.
    pub coded: bool,
    /// Words that were added, where the answer has room for them; else empty.
    pub words: Text,
}

/// A form with what it belongs to, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenForm {
    /// The source of its call; empty without one.
    pub source: SourceId,
    /// When it was taken in.
    pub taken_at: Timestamp,
    /// The form.
    pub form: Form,
}

/// Which interview or form a case is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseSubject {
    /// The source of the call; empty without one.
    pub source: SourceId,
    /// The call, where it is known.
    pub call: Option<CallId>,
    /// The form; none = the call's interview by keypad.
    pub form: Option<FormId>,
}

impl CaseSubject {
    /// The key under which its one case is found; erasing the call does not change it.
    pub fn key(&self) -> CallKey {
        let told = match (&self.form, &self.call) {
            (Some(form), _) => format!("form\n{form}"),
            (None, call) => {
                let call = call.as_ref().map(|call| CallId::erased(call.key()));
                let call = call.as_ref().map_or("", CallId::as_str);
                format!("call\n{}\n{call}", self.source)
            }
        };
        CallId::new(told).key()
    }
}

/// A step of a case, as it is journaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseStep {
    /// It was opened.
    Opened(CaseOpened),
    /// Somebody took it.
    Taken {
        /// Who, by name.
        owner: Text,
    },
    /// It was closed.
    Closed {
        /// Who closed it, by name.
        by: Text,
        /// What was done.
        done: Text,
        /// What it came from; none = it was not found, or none of the list.
        cause: Option<Cause>,
    },
}

/// Why a case was opened, and until when it is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOpened {
    /// The survey.
    pub survey: SurveyId,
    /// Its version.
    pub version: u32,
    /// How it was answered.
    pub channel: AnswerChannel,
    /// The day's end by which it is to be closed.
    pub due_at: Timestamp,
    /// The answers that opened it.
    pub said: Vec<(QuestionId, AnswerCode)>,
}

/// A step of a case on its way to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseStepTaken {
    /// Its position in the journal; that of the opening is the case's number.
    pub position: super::source::Position,
    /// When.
    pub at: Timestamp,
    /// Of which case.
    pub subject: CaseSubject,
    /// What.
    pub step: CaseStep,
}

impl Form {
    /// Forgets whose call it was, and what was said in words or numbers.
    pub fn forget(&mut self) {
        self.call = self.call.as_ref().map(|call| CallId::erased(call.key()));
        if let FormContent::Answers { answers, .. } = &mut self.content {
            for answer in answers {
                if !answer.coded {
                    answer.answer = AnswerCode::new(ERASED_ANSWER);
                }
                if !answer.words.is_empty() {
                    answer.words = ERASED_ANSWER.into();
                }
            }
        }
    }
}

impl CaseStep {
    /// Forgets what could lead to the caller: the id of a recording, and what was written of the case.
    pub fn forget(&mut self) {
        match self {
            Self::Opened(opened) => {
                for (_, answer) in &mut opened.said {
                    // A code is short and from a list; anything else is a recording's id.
                    if answer.as_str().starts_with(NOTE) {
                        *answer = AnswerCode::new(format!("{NOTE}{ERASED_ANSWER}"));
                    }
                }
            }
            Self::Taken { .. } => {}
            Self::Closed { done, .. } => *done = ERASED_ANSWER.into(),
        }
    }
}

/// How the answer of a case begins that was opened by a recorded comment; its id stands behind.
pub const NOTE: &str = "recording:";
