//! What surveys came to: as it is journaled, and as it is kept.

use super::form::{CaseStep, Form};
use super::ids::{AnswerCode, CallId, CallKey, FormId, QuestionId, SourceId, SurveyId};
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{Disposition, SurveyReason};

/// One thing that a survey came to, as it is journaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyEvent {
    /// A definition was put.
    Defined(SurveyText),
    /// A session of a call went on.
    Session {
        /// The call.
        call: CallId,
        /// How.
        event: SessionEvent,
        /// The interview's state with it, from which it goes on after a crash; empty when it has ended.
        state: Vec<u8>,
    },
    /// A form, or a count of a month, was taken in.
    Form(Form),
    /// A case went on.
    Case {
        /// The call of the interview or form.
        call: Option<CallId>,
        /// The form; none = the call's interview.
        form: Option<FormId>,
        /// How.
        step: CaseStep,
    },
}

/// A definition as it was put; a version never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyText {
    /// Its survey.
    pub survey: SurveyId,
    /// Its version.
    pub version: u32,
    /// When it was put.
    pub put_at: Timestamp,
    /// The file.
    pub text: Text,
}

/// How a session went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// It was decided whether the call is asked, and why.
    Opened(SessionOpened),
    /// The caller consented.
    Consented(SurveyConsent),
    /// A question was answered.
    Answered {
        /// The question.
        question: QuestionId,
        /// The answer.
        answer: AnswerCode,
        /// Whether it is one of the definition's codes; else a number, or the id of a recording.
        coded: bool,
    },
    /// A question was skipped by key.
    Skipped {
        /// The question.
        question: QuestionId,
    },
    /// The session ended.
    Ended(SessionEnded),
}

/// What was decided when a dialog was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOpened {
    /// The survey.
    pub survey: SurveyId,
    /// Its version.
    pub version: u32,
    /// The language it is asked in.
    pub language: Text,
    /// Why the call is asked, or not.
    pub reason: SurveyReason,
    /// The share of eligible calls that are drawn, in millionths: 1 ÷ it is the weight of the session.
    pub rate: u32,
}

/// What the caller agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyConsent {
    /// The question that it is for, when it is a recorded comment's own.
    pub question: Option<QuestionId>,
    /// Which text.
    pub text_id: Text,
    /// Which version of it.
    pub version: u32,
    /// SHA-256 of what was heard.
    pub audio: [u8; 32],
    /// Whether that is of the switch's recordings; else of the ids and texts of the prompts.
    pub audio_told: bool,
    /// The key that said yes; `None` = stayed on the line.
    pub key: Option<char>,
    /// When.
    pub at: Timestamp,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnded {
    /// In which way.
    pub disposition: Disposition,
    /// Whether not a single key was heard.
    pub no_dtmf: bool,
    /// What each question took that was asked.
    pub asked: Vec<QuestionAsked>,
}

/// What one question took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionAsked {
    /// The question.
    pub question: QuestionId,
    /// How often nothing was pressed in time.
    pub noinputs: u32,
    /// How often something else was pressed.
    pub nomatches: u32,
    /// How often the caller wished to hear it again.
    pub repeats: u32,
}

/// The session of one call, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveySession {
    /// Whose call.
    pub source: SourceId,
    /// The call.
    pub call: CallId,
    /// When the dialog was opened; `None` = it never was.
    pub opened_at: Option<Timestamp>,
    /// What was decided then, or when the call settled.
    pub opened: SessionOpened,
    /// What the caller agreed to.
    pub consents: Vec<SurveyConsent>,
    /// The questions that were asked, in order.
    pub questions: Vec<SurveyQuestion>,
    /// When and how it ended; `None` = it is open.
    pub ended: Option<(Timestamp, SessionEnded)>,
    /// Whether its call has settled.
    pub settled: bool,
    /// The interview's state while it is open.
    pub state: Vec<u8>,
}

/// A question of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyQuestion {
    /// The question.
    pub question: QuestionId,
    /// The answer; `None` = skipped, or left without one.
    pub answer: Option<AnswerCode>,
    /// Whether that is one of the definition's codes; else a number, or the id of a recording.
    pub coded: bool,
    /// When it was answered or skipped; `None` = neither.
    pub done_at: Option<Timestamp>,
    /// What it took.
    pub noinputs: u32,
    /// How often something else was pressed.
    pub nomatches: u32,
    /// How often the caller wished to hear it again.
    pub repeats: u32,
}

impl SurveyEvent {
    /// The key of the call that it is about.
    pub fn call_key(&self) -> Option<CallKey> {
        match self {
            Self::Defined(_) => None,
            Self::Session { call, .. } => Some(call.key()),
            Self::Form(form) => form.call.as_ref().map(CallId::key),
            Self::Case { call, .. } => call.as_ref().map(CallId::key),
        }
    }

    /// Forgets the call's id alone, of what is said of a call that was erased before.
    pub fn forget_call(&mut self) {
        let known = match self {
            Self::Defined(_) => return,
            Self::Session { call, .. } => Some(call),
            Self::Form(form) => form.call.as_mut(),
            Self::Case { call, .. } => call.as_mut(),
        };
        if let Some(call) = known {
            *call = CallId::erased(call.key());
        }
    }

    /// Forgets whose it is: the call's id, what was said in words or numbers, and the state that holds it.
    pub fn forget(&mut self) {
        match self {
            Self::Defined(_) => {}
            Self::Session { call, event, state } => {
                *call = CallId::erased(call.key());
                state.clear();
                if let SessionEvent::Answered {
                    answer,
                    coded: false,
                    ..
                } = event
                {
                    *answer = AnswerCode::new(ERASED_ANSWER);
                }
            }
            Self::Form(form) => form.forget(),
            Self::Case { call, step, .. } => {
                *call = call.as_ref().map(|call| CallId::erased(call.key()));
                step.forget();
            }
        }
    }
}

/// What stands in the place of an erased answer that was no code.
pub const ERASED_ANSWER: &str = "erased";

impl SurveySession {
    /// Forgets what the caller said in words or numbers.
    pub fn forget(&mut self) {
        self.call = CallId::erased(self.call.key());
        for question in self.questions.iter_mut().filter(|one| !one.coded) {
            if let Some(answer) = &mut question.answer {
                *answer = AnswerCode::new(ERASED_ANSWER);
            }
        }
    }

    /// Its question of that code; made when it is not there.
    pub fn question_mut(&mut self, question: &QuestionId) -> &mut SurveyQuestion {
        let found = self
            .questions
            .iter()
            .position(|one| one.question == *question);
        let place = found.unwrap_or_else(|| {
            self.questions.push(SurveyQuestion {
                question: question.clone(),
                answer: None,
                coded: false,
                done_at: None,
                noinputs: 0,
                nomatches: 0,
                repeats: 0,
            });
            self.questions.len() - 1
        });
        &mut self.questions[place]
    }
}

/// Something of a survey that moves a figure; said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyFact {
    /// A question was answered.
    Answered {
        /// The survey.
        survey: SurveyId,
        /// The question.
        question: QuestionId,
        /// The answer; `None` = no code, but a number or the id of a recording.
        answer: Option<AnswerCode>,
    },
    /// A served call has its disposition.
    Ended {
        /// The survey; `None` = none is configured for its line.
        survey: Option<SurveyId>,
        /// The disposition.
        disposition: Disposition,
    },
}
