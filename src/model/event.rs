//! What the switch said, after it passed `validate`.

use super::ids::{AgentId, CallId, LineId, QueueId};
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{
    AgentState, CallbackResult, Direction, EndedBy, MissedReason, QueueExit, RefusalReason, TagKey,
    TaggedBy, TransferFailure, TransferMethod,
};

/// One numbered thing that a source told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the source's epoch.
    pub sequence: u64,
    /// When it happened, by the switch's clock.
    pub occurred_at: Timestamp,
    /// Whether the switch's clock was ahead of ours when it arrived.
    pub ahead: bool,
    /// What it is about.
    pub body: Body,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A call.
    Call {
        /// Which call.
        call: CallId,
        /// What happened to it.
        event: CallEvent,
    },
    /// An agent.
    Agent(AgentEvent),
    /// A line.
    Line(LineEvent),
}

/// Who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Caller {
    /// Not said.
    #[default]
    Unknown,
    /// The number was withheld.
    Withheld,
    /// Known by pseudonym only.
    Known(Pseudonym),
}

/// A caller's number under a key that lies outside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym {
    /// Which key made it.
    pub key: u32,
    /// First 128 bits of HMAC-SHA-256.
    pub hash: [u8; 16],
}

/// Whom a caller is passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// Another agent.
    Agent(AgentId),
    /// A queue.
    Queue(QueueId),
    /// A number outside.
    Outside(Text),
}

/// Something that happened to a call; the kinds of `events.proto`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "events.proto documents each kind and field")]
pub enum CallEvent {
    Arrived {
        caller: Caller,
        line: Option<LineId>,
        channel: Option<Text>,
        direction: Direction,
    },
    Tagged {
        key: TagKey,
        code: Text,
        by: TaggedBy,
    },
    Refused {
        reason: RefusalReason,
        line: Option<LineId>,
        queue: Option<QueueId>,
    },
    QueueEntered {
        queue: QueueId,
        position: u32,
        priority: i32,
    },
    QueueLeft {
        queue: QueueId,
        exit: QueueExit,
    },
    AgentOffered {
        agent: AgentId,
        queue: Option<QueueId>,
    },
    OfferMissed {
        agent: AgentId,
        queue: Option<QueueId>,
        reason: MissedReason,
    },
    AgentConnected {
        agent: AgentId,
        queue: Option<QueueId>,
    },
    AgentReleased {
        agent: AgentId,
        queue: Option<QueueId>,
        by: EndedBy,
    },
    HoldStarted {
        agent: AgentId,
        for_consultation: bool,
    },
    HoldEnded {
        agent: AgentId,
    },
    TransferStarted {
        method: TransferMethod,
        from: AgentId,
        to: TransferTarget,
    },
    TransferCompleted {
        from: AgentId,
        method: Option<TransferMethod>,
        to: Option<TransferTarget>,
    },
    TransferFailed {
        from: AgentId,
        cause: TransferFailure,
    },
    /// The key itself is kept only while a survey is being asked.
    DigitPressed {
        digit: Option<u8>,
    },
    CallbackPromised {
        due: Option<Timestamp>,
        queue: Option<QueueId>,
    },
    CallbackAttempted {
        result: CallbackResult,
        agent: Option<AgentId>,
    },
    MessageLeft {
        recording: Text,
    },
    Ended {
        by: EndedBy,
        cause: Text,
    },
}

/// Something an agent did outside one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEvent {
    /// The state changed.
    StateChanged {
        /// The agent.
        agent: AgentId,
        /// The state from now on.
        state: AgentState,
        /// Why, for paused.
        reason: Text,
        /// The queues served.
        queues: Vec<QueueId>,
    },
    /// The work after a call ended.
    WrapUpEnded {
        /// The agent.
        agent: AgentId,
    },
}

/// Channels of a line in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEvent {
    /// The line.
    pub line: LineId,
    /// Channels in use.
    pub busy: u32,
    /// Channels in all; 0 = not said.
    pub total: u32,
}

impl Body {
    /// The kind's name as `events.proto` spells the field.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Call { event, .. } => event.kind(),
            Self::Agent(AgentEvent::StateChanged { .. }) => "agent_state_changed",
            Self::Agent(AgentEvent::WrapUpEnded { .. }) => "wrap_up_ended",
            Self::Line(_) => "line_status",
        }
    }
}

impl AgentEvent {
    /// Whose it is.
    pub fn agent(&self) -> &AgentId {
        match self {
            Self::StateChanged { agent, .. } | Self::WrapUpEnded { agent } => agent,
        }
    }
}

impl CallEvent {
    /// The kind's name as `events.proto` spells the field.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Arrived { .. } => "arrived",
            Self::Tagged { .. } => "tagged",
            Self::Refused { .. } => "refused",
            Self::QueueEntered { .. } => "queue_entered",
            Self::QueueLeft { .. } => "queue_left",
            Self::AgentOffered { .. } => "agent_offered",
            Self::OfferMissed { .. } => "offer_missed",
            Self::AgentConnected { .. } => "agent_connected",
            Self::AgentReleased { .. } => "agent_released",
            Self::HoldStarted { .. } => "hold_started",
            Self::HoldEnded { .. } => "hold_ended",
            Self::TransferStarted { .. } => "transfer_started",
            Self::TransferCompleted { .. } => "transfer_completed",
            Self::TransferFailed { .. } => "transfer_failed",
            Self::DigitPressed { .. } => "digit_pressed",
            Self::CallbackPromised { .. } => "callback_promised",
            Self::CallbackAttempted { .. } => "callback_attempted",
            Self::MessageLeft { .. } => "message_left",
            Self::Ended { .. } => "ended",
        }
    }
}
