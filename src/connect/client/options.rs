//! How a feed is told to send, and how it says why it stopped.

use std::time::Duration;

use super::{
    address::Server,
    clock::{self, SentAt},
};
use crate::proto::v1::{Epoch, Mode};

/// A batch of the contract's own measured sweet spot: beyond it a commit grows slower than it gets faster.
pub const BATCH_EVENTS: usize = 1_000;

/// How long a lost server is looked for.
pub const RETRY_FOR: Duration = Duration::from_secs(60);

/// How a feed sends.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to.
    pub server: Server,
    /// The source's id.
    pub source: String,
    /// The numbering of the events.
    pub epoch: Epoch,
    /// Live or history.
    pub mode: Mode,
    /// Names this sender: a stream of the same name replaces the older one.
    pub sender_id: String,
    /// Whether to take the source over from a sender that still lives.
    pub take_over: bool,
    /// The most events of a batch; the server may ask for fewer.
    pub batch_events: usize,
    /// How long to look for a lost server, or to wait for a held lease, since the last success.
    pub retry_for: Duration,
    /// The clock that batches carry.
    pub sent_at: SentAt,
    /// How many seconds of events to send in a second; `None` = as fast as the server takes them.
    pub speed: Option<f64>,
}

impl Options {
    /// Everything by default: this machine's clock, no pace, a sender of its own.
    pub fn new(server: Server, source: impl Into<String>, epoch: Epoch, mode: Mode) -> Self {
        Self {
            server,
            source: source.into(),
            epoch,
            mode,
            sender_id: clock::unique_name(),
            take_over: false,
            batch_events: BATCH_EVENTS,
            retry_for: RETRY_FOR,
            sent_at: SentAt::Wall,
            speed: None,
        }
    }
}

/// Why a feed ended before its events did.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answered for as long as was to be tried.
    #[error("no dozvon server at {server}: {why}")]
    Unreachable {
        /// The address.
        server: Server,
        /// What the system or the server said last.
        why: String,
    },
    /// Something answered that is no dozvon.
    #[error("{server} is not a dozvon server: {why}")]
    NotDozvon {
        /// The address.
        server: Server,
        /// How it answered.
        why: String,
    },
    /// The server does not take what it is offered.
    #[error("the server at {server} refuses: {why}")]
    Refused {
        /// The address.
        server: Server,
        /// The server's words.
        why: String,
    },
    /// Everything is acked, but does not get into the reports.
    #[error("the store of {server} stands at position {stored}, this import ends at {wanted}")]
    NotStored {
        /// The address.
        server: Server,
        /// How far the store is.
        stored: u64,
        /// How far it was to be.
        wanted: u64,
    },
}
