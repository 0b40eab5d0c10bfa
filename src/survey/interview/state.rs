//! The state of an interview, and its bytes.
//!
//! ```text
//! state := version (1 byte) | JSON          version 1
//! ```
//!
//! JSON because a state is some hundred bytes, few, and read by people when something went wrong; a field that is added
//! has a default.

use serde::{Deserialize, Serialize};

use super::{Interview, Outcome};

/// The version that `encode` writes.
const VERSION: u8 = 1;

/// Where an interview stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The invitation plays, or the key that consents is awaited.
    Opening {
        is_playing: bool,
        noinputs: u32,
        nomatches: u32,
    },
    /// A question plays, or its answer is awaited.
    Asking(Asking),
    /// The caller speaks.
    Listening { question: usize },
    /// Something is being written down; what comes then.
    Recording { then: Place },
    /// The goodbye plays.
    Parting { outcome: Outcome },
    /// It is over.
    Ended { outcome: Outcome },
}

/// A question that is being asked.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asking {
    pub(super) question: usize,
    pub(super) is_playing: bool,
    pub(super) noinputs: u32,
    pub(super) nomatches: u32,
    pub(super) repeats: u32,
    /// The digits of a number so far.
    pub(super) digits: String,
}

impl Asking {
    pub(super) fn new(question: usize) -> Self {
        Self {
            question,
            is_playing: true,
            noinputs: 0,
            nomatches: 0,
            repeats: 0,
            digits: String::new(),
        }
    }

    /// Attempts that brought no answer.
    pub(super) fn failed(&self) -> u32 {
        self.noinputs + self.nomatches
    }
}

/// Digits are personal data: they are not shown.
impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking")
            .field("question", &self.question)
            .field("is_playing", &self.is_playing)
            .field("noinputs", &self.noinputs)
            .field("nomatches", &self.nomatches)
            .field("repeats", &self.repeats)
            .finish_non_exhaustive()
    }
}

/// What comes after a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    Question(usize),
    Note(usize),
    End,
}

/// A question that was answered, or skipped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) question: usize,
    /// `None`: skipped by key.
    pub(super) answer: Option<String>,
}

/// An answer is personal data: it is not shown.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("question", &self.question)
            .finish_non_exhaustive()
    }
}

/// What a question took that is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passed {
    pub(super) question: usize,
    pub(super) noinputs: u32,
    pub(super) nomatches: u32,
    pub(super) repeats: u32,
}

impl Passed {
    pub(super) fn of(asking: &Asking) -> Self {
        Self {
            question: asking.question,
            noinputs: asking.noinputs,
            nomatches: asking.nomatches,
            repeats: asking.repeats,
        }
    }
}

/// A disposition by its word.
pub(super) mod disposition {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::model::Disposition;

    pub(in super::super) fn serialize<S: Serializer>(
        value: &Disposition,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_str())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Disposition, D::Error> {
        let word = String::deserialize(from)?;
        let known = Disposition::ALL.iter().find(|known| known.as_str() == word);
        known
            .copied()
            .ok_or_else(|| D::Error::custom("unknown disposition"))
    }
}

/// Why bytes are no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// They were written by a version that is not known.
    #[error("the interview's state is of version {0}, which is not known")]
    Version(u8),
    /// They are damaged.
    #[error("the interview's state is damaged")]
    Damaged(#[source] serde_json::Error),
    /// There are none.
    #[error("the interview's state is empty")]
    Empty,
}

impl Interview {
    /// The state as it is journaled.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        serde_json::to_writer(&mut bytes, self).expect("a state of plain values is JSON");
        bytes
    }

    /// A state off the journal.
    ///
    /// # Errors
    /// When it was written by a version that is not known, or is damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        match bytes.split_first() {
            None => Err(StateError::Empty),
            Some((&VERSION, json)) => serde_json::from_slice(json).map_err(StateError::Damaged),
            Some((version, _)) => Err(StateError::Version(*version)),
        }
    }
}
