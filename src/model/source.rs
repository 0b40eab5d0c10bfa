//! A source's numbering: epochs, modes, positions, digests.

use sha2::{Digest as _, Sha256};

use super::ids::SourceId;
use super::timestamp::Timestamp;

/// A source's number in the journal's own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceIndex(pub u32);

/// An epoch's number in the journal's own table; rises with first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochIndex(pub u32);

/// What names one numbering of a source's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EpochName {
    /// A connector's spool, rising.
    Spool(u64),
    /// An importer's file, by hash.
    Content([u8; 32]),
}

/// What the events of a stream are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Happening.
    Live = 1,
    /// History.
    Backfill = 2,
}

impl Mode {
    /// The code it is stored under.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The mode of a stored code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Live),
            2 => Some(Self::Backfill),
            _ => None,
        }
    }

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Backfill => "backfill",
        }
    }
}

/// A place in the journal: every event, heartbeat and finish has one, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// 64 bits that tell two events apart without telling who called or which key was pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of an event: subject (call id, else source), kind and time, as `ingest.proto` writes it down.
    pub fn of(call: Option<&str>, source: &SourceId, kind: &str, occurred_at: Timestamp) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(call.unwrap_or(source.as_str()).as_bytes());
        hasher.update([0]);
        hasher.update(kind.as_bytes());
        hasher.update([0]);
        hasher.update(occurred_at.as_micros().to_string().as_bytes());
        let hash = hasher.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Self(u64::from_be_bytes(first))
    }
}
