//! What a survey is: its questions, prompts, ways and words, as a definition file says them.
//!
//! A definition is only made by `read`, and is whole: every prompt has its audio and a text in every language, every
//! branch leads forward to the end, every key means one thing. So the interview has nothing to check. `at` is the place in
//! the file, in bytes, for those who speak of it.

use std::time::Duration;

use crate::model::{AnswerCode, QuestionId, SurveyId};

use super::key::Key;
use super::{limits, speech};

/// A versioned survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub survey: SurveyId,
    /// Rises with every change that changes what is asked.
    pub version: u32,
    /// SHA-256 of the file: two definitions with the same name and version and another digest are a mistake.
    pub digest: [u8; 32],
    /// Language tags; the first is the default.
    pub languages: Vec<String>,
    /// How it is asked.
    pub channels: Vec<Channel>,
    /// The word for the ground on which answers are kept, printed by the register.
    pub legal_basis: String,
    /// How long answers are kept.
    pub retention: Duration,
    /// The question whose answer makes an interview `partial` at least.
    pub headline: usize,
    /// How a caller leaves.
    pub leave: Leave,
    /// Whether `#` skips a question.
    pub skip: bool,
    /// How long a session may take, however it goes.
    pub session_max: Duration,
    /// How many prompts a session may order, the goodbye left out.
    pub plays_max: u32,
    /// What is said and asked before the first question; every survey by phone has it.
    pub opening: Option<Opening>,
    /// The last words; every survey by phone has them.
    pub goodbye: Option<PromptIndex>,
    /// Everything that is said.
    pub prompts: Vec<Prompt>,
    /// The questions, in the file's order.
    pub questions: Vec<Question>,
}

/// A prompt's place in `Definition::prompts`.
pub type PromptIndex = usize;

/// How a survey is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By keypad, at the end of a call.
    Phone,
    /// On paper.
    Paper,
    /// On a web page.
    Web,
    /// At the exit.
    Exit,
    /// At the specialist's window.
    Window,
    /// The mystery caller's score sheet.
    Mystery,
}

impl Channel {
    /// Every channel, with its word.
    pub const ALL: [(&'static str, Self); 6] = [
        ("phone", Self::Phone),
        ("paper", Self::Paper),
        ("web", Self::Web),
        ("exit", Self::Exit),
        ("window", Self::Window),
        ("mystery", Self::Mystery),
    ];
}

/// How a caller leaves before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leave {
    /// By which key.
    pub by: LeaveKey,
    /// Where to.
    pub to: Then,
}

/// The key that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveKey {
    /// `0`, which is no answer then.
    Zero,
    /// `**`, because the survey needs 0 as an answer.
    StarStar,
}

/// Where the caller goes when the survey is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nowhere: the call ends.
    HangUp,
    /// Back to a specialist.
    Specialist,
}

/// The invitation and the consent, said in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Who asks, how long it takes, how to stop.
    pub invitation: PromptIndex,
    /// What the caller agrees to.
    pub consent: Consent,
}

/// What the caller agrees to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Which text.
    pub text_id: String,
    /// Which version of it.
    pub version: u32,
    /// Its prompt, unless the invitation holds it.
    pub prompt: Option<PromptIndex>,
    /// The key that says yes; `None` when staying on the line does.
    pub key: Option<Key>,
    /// How long to wait for that key, after the prompt's end.
    pub first_digit_timeout: Duration,
    /// How often to ask for it.
    pub attempts: u32,
}

/// Something said: one recording, one text a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its name in the file.
    pub name: String,
    /// The id of its recording; the switch finds the language's own under it.
    pub audio: String,
    /// Its text and length, in the order of `Definition::languages`.
    pub said: Vec<Said>,
    /// Where it stands.
    pub at: usize,
}

/// A prompt in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub text: String,
    /// How long the recording takes, when the file says so.
    pub seconds: Option<Duration>,
    /// Where the text stands.
    pub at: usize,
}

impl Said {
    /// How long it takes: the recording's length, or what the words need when they are read slowly.
    pub fn length(&self) -> Duration {
        self.seconds.unwrap_or_else(|| speech::estimate(&self.text))
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its code, under which answers are kept.
    pub code: QuestionId,
    /// What kind of answer it wants.
    pub kind: Kind,
    /// What it asks.
    pub prompt: PromptIndex,
    /// Said before it the first time: that the topic changes.
    pub intro: Option<PromptIndex>,
    /// Said after a silence, before the question is repeated: the first time, the second; the last one for all further.
    pub noinput: Vec<PromptIndex>,
    /// Said after a key that is no answer; the same way.
    pub nomatch: Vec<PromptIndex>,
    /// Its answers, best first; empty for numbers.
    pub answers: Vec<Answer>,
    /// What comes after it, unless the answer says otherwise.
    pub next: Next,
    /// How long to wait for the first key, after the prompt's end.
    pub first_digit_timeout: Duration,
    /// How long to wait for a further one.
    pub inter_digit_timeout: Duration,
    /// How often it is asked; repeats that the caller wishes are not counted.
    pub attempts: u32,
    /// Whether a key counts before the prompt has ended.
    pub barge_in: bool,
    /// What happens when the last attempt brought silence.
    pub after_noinput: After,
    /// What happens when the last attempt brought a wrong key.
    pub after_nomatch: After,
    /// Whether the file says which answers open a case.
    pub cases_said: bool,
    /// Whether a spoken comment opens a case.
    pub note_opens_case: bool,
    /// Where it stands.
    pub at: usize,
    /// Where its kind stands.
    pub kind_at: usize,
}

/// What kind of answer a question wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of some things, in no order.
    Choice,
    /// One of some grades, best first.
    Scale,
    /// Yes or no.
    YesNo,
    /// A number.
    Number(Number),
    /// "Would you recommend us", 0 to 10.
    Nps,
    /// A spoken comment; only the recording's id is kept.
    VoiceNote(VoiceNote),
}

impl Kind {
    /// The number that is asked for, when one is.
    pub const fn number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Nps => Some(Number {
                digits: 2,
                least: 0,
                most: 10,
            }),
            Self::Choice | Self::Scale | Self::YesNo | Self::VoiceNote(_) => None,
        }
    }

    /// Whether its answers have an order.
    pub const fn is_scale(&self) -> bool {
        matches!(self, Self::Scale | Self::Nps)
    }
}

/// Which numbers are answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// How many digits it has at the most; fewer are ended by `#` or by a pause.
    pub digits: u32,
    /// The least.
    pub least: u32,
    /// The greatest.
    pub most: u32,
}

/// How a comment is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceNote {
    /// The consent that it needs of its own: which text …
    pub text_id: String,
    /// … and which version of it.
    pub version: u32,
    /// Said before it: that it is recorded, that it is no official appeal, and how to make one.
    pub appeal: PromptIndex,
    /// How long it may be.
    pub seconds_max: Duration,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its key; on paper it needs none.
    pub key: Option<Key>,
    /// Its code.
    pub code: AnswerCode,
    /// Its words, in the order of `Definition::languages`; on the phone the prompt says them.
    pub labels: Vec<Option<String>>,
    /// Where it leads.
    pub next: Next,
    /// Whether it counts as satisfied.
    pub positive: bool,
    /// Whether it stands outside the scale: "hard to say", an intention.
    pub outside: bool,
    /// Whether it opens a case.
    pub opens_case: bool,
    /// Whether words may be added, on paper.
    pub free_text: bool,
    /// Where it stands.
    pub at: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A question.
    Question(usize),
    /// The end.
    End,
}

/// What happens after the last attempt; never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The next question is asked.
    GoOn,
    /// The survey says goodbye.
    End,
}

impl Definition {
    /// The place of a language; the default one for a tag that it does not have.
    pub fn language(&self, tag: &str) -> usize {
        let found = self.languages.iter().position(|known| known == tag);
        found.unwrap_or(0)
    }

    /// Whether it is asked by keypad.
    pub fn is_by_phone(&self) -> bool {
        self.channels.contains(&Channel::Phone)
    }

    /// The prompt of a recording.
    pub fn prompt_of(&self, audio: &str) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.audio == audio)
    }

    /// How long some prompts take, one after the other.
    pub fn length(&self, prompts: &[PromptIndex], language: usize) -> Duration {
        let said = prompts.iter().filter_map(|prompt| {
            let prompt = self.prompts.get(*prompt)?;
            prompt.said.get(language)
        });
        said.map(Said::length).sum()
    }

    /// When prompts whose end nobody reports are taken for over.
    pub fn length_at_most(&self, prompts: &[PromptIndex], language: usize) -> Duration {
        self.length(prompts, language) * 3 / 2 + limits::PROMPT_SLACK
    }
}
