//! What an interview is told and what it orders.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AnswerCode, Disposition, QuestionId};

use super::definition::Then;
use super::key::Key;

/// What happened on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Press(Press),
    /// A play order is done; without its number the one that is playing.
    PromptEnded {
        /// `Order::Play::play`.
        play: Option<u32>,
    },
    /// A record is safe on disk.
    Recorded {
        /// `Order::Record::seq`.
        seq: u32,
    },
    /// The comment was recorded, under this id.
    VoiceNote {
        /// The recording's id.
        recording: String,
    },
    /// The caller hung up.
    HangUp,
    /// The caller cannot: no common language, no hearing, no tone dialling.
    Unable,
    /// The switch cannot go on.
    Failed,
    /// The service was restarted, and the caller is still there.
    Resumed,
}

/// A key that was pressed, as the switch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub key: Key,
    /// The switch's number of the press, rising; the same number again is the same press.
    pub input_seq: Option<u64>,
    /// How it was heard.
    pub heard: Heard,
}

/// How a key was heard. A switch may hear one press both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Not said.
    #[default]
    Unknown,
    /// As an event of its own (RFC 4733).
    Rfc4733,
    /// In the voice.
    Inband,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Play some prompts, one after the other; what was playing stops. Report their end.
    Play {
        /// The number of this order; `Input::PromptEnded` may name it.
        play: u32,
        /// The ids of the recordings.
        prompts: Vec<String>,
        /// The language's tag.
        language: String,
        /// Whether the first key stops them.
        barge_in: bool,
    },
    /// Report keys. The interview counts the time itself; the limits are for a switch that collects on its own.
    Collect {
        /// Which question is asked; `None`: whether the caller consents.
        question: Option<QuestionId>,
        /// How many digits an answer has at the most.
        digits_max: u32,
        /// What ends an answer of fewer.
        term: Option<Key>,
        /// From the prompts' end to the first key.
        first_digit_timeout: Duration,
        /// From one key to the next.
        inter_digit_timeout: Duration,
    },
    /// Record what the caller says, and report the recording's id.
    Listen {
        /// Which question it answers.
        question: QuestionId,
        /// For how long.
        seconds_max: Duration,
        /// The key that ends it.
        term: Key,
    },
    /// Write this down and sync it, and report `Input::Recorded`: only then the next question is ordered.
    Record {
        /// The number of this record in its session, from 1.
        seq: u32,
        /// What is written down.
        record: Record,
    },
    /// Let the caller go. It is the last order.
    End {
        /// How the session ended.
        disposition: Disposition,
        /// Whether not a single key was heard: perhaps a telephone that has no tones.
        no_dtmf: bool,
        /// Where the caller goes.
        next: Then,
    },
}

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The caller consented.
    Consent {
        /// To which text …
        text_id: String,
        /// … and which version of it.
        version: u32,
        /// The recordings in which it was heard.
        prompts: Vec<String>,
        /// The key that said yes; `None`: stayed on the line.
        key: Option<Key>,
    },
    /// A question was answered.
    Answer {
        /// Which.
        question: QuestionId,
        /// How. A number stands for itself, a comment is its recording's id.
        answer: AnswerCode,
    },
    /// A question was skipped by key.
    Skip {
        /// Which.
        question: QuestionId,
    },
    /// The caller consented to a recorded comment; it follows as an answer.
    NoteConsent {
        /// For which question.
        question: QuestionId,
        /// To which text …
        text_id: String,
        /// … and which version of it.
        version: u32,
        /// The key that said yes.
        key: Key,
    },
}
