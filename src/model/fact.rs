//! What was concluded: the only thing that metrics, live views and the store are told.

use std::time::Duration;

use super::event::{AgentEvent, LineEvent};
use super::ids::{CallId, CallKey, QueueId};
use super::record::CallRecord;
use super::source::{EpochIndex, Mode};
use super::timestamp::Timestamp;
use super::words::Exit;

/// One conclusion. Facts about visits are said at once and once, of live calls only; the rest when a call settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A live call reached our number.
    CallArrived,
    /// A visit of a live call began.
    VisitOffered {
        /// The queue.
        queue: QueueId,
    },
    /// A visit of a live call ended.
    VisitEnded {
        /// The queue.
        queue: QueueId,
        /// How.
        exit: Exit,
        /// W1; `None` when the clock stepped back.
        wait: Option<Duration>,
        /// Answered with wait ≤ T.
        within_target: bool,
        /// Abandoned with wait ≤ s.
        short: bool,
    },
    /// A visit of a live call is decided: ended, or waiting longer than T.
    VisitDecided {
        /// The queue.
        queue: QueueId,
    },
    /// A straggler changed an exit that was already said.
    Corrected,
    /// An agent's work after a call ended.
    WrapUp {
        /// The queue of the call's leg.
        queue: QueueId,
        /// How long it took.
        span: Duration,
    },
    /// An agent's state changed, or a wrap-up ended; of history, too.
    AgentTold {
        /// When.
        at: Timestamp,
        /// What was told.
        told: AgentEvent,
        /// Live or history.
        mode: Mode,
    },
    /// Channels of a line are in use; of history, too.
    LineTold {
        /// When.
        at: Timestamp,
        /// What was told.
        told: LineEvent,
        /// Live or history.
        mode: Mode,
    },
    /// A call is settled: nothing more is expected of it.
    Settled(Box<Settled>),
    /// An event came after its call was settled: kept in the journal, not in the figures.
    Late {
        /// The call.
        call: CallId,
        /// The kind told.
        kind: &'static str,
        /// Its sequence.
        sequence: u64,
        /// Its time.
        occurred_at: Timestamp,
        /// The event, as everything told of a settled call is kept: the call can be made again with it.
        told: Vec<u8>,
    },
    /// An event of a call that is known under another epoch: not applied.
    CallExists {
        /// The call.
        call: CallId,
        /// Its sequence.
        sequence: u64,
    },
}

/// A settled call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The call.
    pub call: CallId,
    /// Its key within the source.
    pub key: CallKey,
    /// The epoch it came in.
    pub epoch: EpochIndex,
    /// Live or history.
    pub mode: Mode,
    /// What was concluded.
    pub record: CallRecord,
    /// What was told, as bytes of the event codec: the call's timeline, from which the record can be made again.
    pub told: Vec<u8>,
}
