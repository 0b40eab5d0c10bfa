//! Why something was not done.

use crate::{journal, store};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something else is being done.
    #[error("another recompute or the like is under way: one is done at a time")]
    Busy,
    /// A bound of the period is missing.
    #[error("{field} is missing: a period has a start and an end")]
    PeriodMissing {
        /// Which bound.
        field: &'static str,
    },
    /// A bound of the period is no time.
    #[error("{field} is no time")]
    PeriodOutOfRange {
        /// Which bound.
        field: &'static str,
    },
    /// The period ends before it starts.
    #[error("the period ends before it starts")]
    PeriodReversed,
    /// No such source.
    #[error("no source is called {name:?}; known: {known}")]
    UnknownSource {
        /// The name asked for.
        name: String,
        /// The names known.
        known: String,
    },
    /// Nothing is known of this caller.
    #[error(
        "no call of this caller is known; a caller who was erased is unknown, too, and a number is found under the key it was taken in with"
    )]
    UnknownCaller,
    /// The caller is not named as one can be.
    #[error("{fault}")]
    BadCaller {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// What was told of a call cannot be read.
    #[error("what was told of call {call:?} cannot be read: restore the store from a backup")]
    Damaged {
        /// The call.
        call: String,
    },
    /// The server stops.
    #[error("the server is shutting down: what is done is done; ask again for the rest")]
    Stopped,
    /// The store cannot be read or written.
    #[error("the store failed")]
    Store(#[source] store::Error),
    /// The journal cannot be read.
    #[error("the journal failed")]
    Journal(#[from] journal::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        if let store::Error::Stopped = error {
            return Self::Stopped;
        }
        Self::Store(error)
    }
}

impl Error {
    /// The field of the request at fault.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::PeriodMissing { field } | Self::PeriodOutOfRange { field } => Some(field),
            Self::PeriodReversed => Some("end"),
            Self::UnknownSource { .. } => Some("source"),
            Self::BadCaller { field, .. } => Some(field),
            Self::Busy
            | Self::UnknownCaller
            | Self::Damaged { .. }
            | Self::Stopped
            | Self::Store(_)
            | Self::Journal(_) => None,
        }
    }
}
