//! What was concluded about one call: the record that remains of it.

use std::time::Duration;

use super::event::Caller;
use super::ids::{AgentId, LineId, QueueId};
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{
    CallbackResult, Direction, EndedBy, Exit, OfferResult, Outcome, RefusalReason, TagKey,
    TaggedBy, TargetKind, TransferFailure, TransferMethod, TransferOutcome,
};

/// One call, from arrival to the caller's release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Arrival at our number, or the first thing told of the call.
    pub arrived_at: Timestamp,
    /// The caller's release; `None` while the call lives. Without a told end: the last thing told.
    pub ended_at: Option<Timestamp>,
    /// Who ended the call.
    pub ended_by: EndedBy,
    /// Who called.
    pub caller: Caller,
    /// The number dialled.
    pub line: Option<LineId>,
    /// Inbound or our own return call.
    pub direction: Direction,
    /// Tagged `test`: in no figure.
    pub test: bool,
    /// How the call ended; `None` until it is settled.
    pub outcome: Option<Outcome>,
    /// Stays in queues, in order.
    pub visits: Vec<Visit>,
    /// Ringings of agents, in order.
    pub offers: Vec<Offer>,
    /// Agents connected, in order.
    pub legs: Vec<Leg>,
    /// Transfers done, in order.
    pub transfers: Vec<Transfer>,
    /// Transfers begun and not done.
    pub failed_transfers: Vec<FailedTransfer>,
    /// Moves between queues before any human.
    pub reroutes: Vec<Reroute>,
    /// Queued again by the same queue within 5 s of an agent's leg, with no transfer told.
    pub requeued: u32,
    /// Consultations without hand-over.
    pub consult_only: u32,
    /// Times the call was turned away.
    pub refusals: Vec<Refusal>,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Promises to call back, with their due time.
    pub callbacks_promised: Vec<Option<Timestamp>>,
    /// Attempts to call back.
    pub callbacks_tried: Vec<CallbackTry>,
    /// Messages left.
    pub messages: u32,
    /// What was odd about what the switch told.
    pub marks: Marks,
}

impl CallRecord {
    /// The queue under which the call counts once: the first that it entered, else the one that turned it away last.
    pub fn counted_under(&self) -> Option<&QueueId> {
        let entered = self.visits.first().map(|visit| &visit.queue);
        let refused = self.refusals.last();
        entered.or(refused.and_then(|refusal| refusal.queue.as_ref()))
    }

    /// The queue that answered first. A leg without a queue, as that of an agent to whom the caller was passed, is no answer of
    /// a queue.
    pub fn first_answer_queue(&self) -> Option<&QueueId> {
        self.legs.iter().find_map(|leg| leg.queue.as_ref())
    }

    /// The queue that answered last.
    pub fn last_answer_queue(&self) -> Option<&QueueId> {
        self.legs.iter().rev().find_map(|leg| leg.queue.as_ref())
    }
}

/// One uninterrupted stay in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The queue.
    pub queue: QueueId,
    /// Queue entry.
    pub entered_at: Timestamp,
    /// How it ended; `None` = waiting.
    pub exit: Option<Exit>,
    /// When it ended.
    pub exited_at: Option<Timestamp>,
    /// W1; `None` while waiting, when the clock stepped back in between, and when the answer was never told.
    pub wait: Option<Duration>,
    /// Begun after a human had answered (counts for W4).
    pub after_human: bool,
    /// Left and entered again within a second by the dialplan's own loop.
    pub reentered: bool,
    /// Talk of the visit's leg; `None` without one, when the clock stepped back, and when the answer was never told.
    pub talk: Option<Duration>,
}

/// One ringing of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Index of the visit it belongs to.
    pub visit: Option<usize>,
    /// The agent.
    pub agent: AgentId,
    /// The queue that offered.
    pub queue: Option<QueueId>,
    /// When ringing began.
    pub offered_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub result: Option<OfferResult>,
}

/// One agent connected to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Index of the visit it answered.
    pub visit: Option<usize>,
    /// The agent.
    pub agent: AgentId,
    /// The queue it came from.
    pub queue: Option<QueueId>,
    /// Connection.
    pub connected_at: Timestamp,
    /// Release; `None` while talking.
    pub released_at: Option<Timestamp>,
    /// Who released.
    pub released_by: EndedBy,
    /// Time on hold within it, by the phone or by the switch.
    pub hold: Duration,
    /// The part of that in which the switch held the caller for a consultation by feature code.
    pub consult: Duration,
}

impl Leg {
    /// Talk without hold; `None` while talking, and when the clock stepped back in between.
    pub fn talk(&self) -> Option<Duration> {
        let connected = self.released_at?.since(self.connected_at)?;
        Some(connected.saturating_sub(self.hold))
    }
}

/// One move of responsibility after a human answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// When the caller became connected or queued elsewhere.
    pub at: Timestamp,
    /// How.
    pub method: TransferMethod,
    /// Kind of target.
    pub target: TargetKind,
    /// The target's name.
    pub to: Text,
    /// The agent who passed on.
    pub from_agent: AgentId,
    /// The queue of the leg that passed on.
    pub from_queue: Option<QueueId>,
    /// Whether the switch told of it; else it was inferred from legs.
    pub told: bool,
    /// Whether the target had the call before (T5).
    pub is_return: bool,
    /// What came of it; `None` while nobody has answered and the call lives.
    pub outcome: Option<TransferOutcome>,
    /// W4: waits between it and the next human.
    pub wait: Duration,
}

/// A transfer that was begun and not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTransfer {
    /// When it failed.
    pub at: Timestamp,
    /// How it was begun.
    pub method: TransferMethod,
    /// Kind of whom it was meant for, if told.
    pub target: Option<TargetKind>,
    /// The name of whom it was meant for; empty = not told.
    pub to: Text,
    /// The agent who tried to pass on.
    pub from_agent: AgentId,
    /// The queue of the leg of that agent.
    pub from_queue: Option<QueueId>,
    /// Why it failed.
    pub cause: TransferFailure,
}

/// A move between queues before any human.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reroute {
    /// The queue left.
    pub from: QueueId,
    /// The queue entered.
    pub to: QueueId,
}

/// The call was turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RefusalReason,
    /// The queue that refused.
    pub queue: Option<QueueId>,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it speaks of.
    pub key: TagKey,
    /// The label.
    pub code: Text,
    /// Who set it.
    pub by: TaggedBy,
}

/// An attempt to call back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackTry {
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub result: CallbackResult,
}

/// One thing that was odd about what the switch told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Mark {
    /// The arrival was never told.
    ArrivalMissing = 1 << 0,
    /// No end was ever told.
    EndMissing = 1 << 1,
    /// A visit's exit was never told: it ended because the call went on.
    ExitMissing = 1 << 2,
    /// A leg named a queue that was never entered.
    VisitMissing = 1 << 3,
    /// A leg's release was never told.
    ReleaseMissing = 1 << 4,
    /// A span was negative: the clock stepped back.
    NegativeSpan = 1 << 5,
    /// Something was told after the end.
    AfterEnd = 1 << 6,
    /// The same thing was told twice under two numbers.
    ToldTwice = 1 << 7,
    /// Something was told that does not fit what was told before.
    Contradiction = 1 << 8,
    /// The switch's clock was ahead of ours.
    SourceAhead = 1 << 9,
    /// The events came in another order than they happened.
    Reordered = 1 << 10,
    /// A transfer was told as done, but nobody was seen to take the call.
    TransferUnseen = 1 << 11,
    /// More was told than is kept of one call.
    Truncated = 1 << 12,
    /// An agent's connection was never told: that there was one follows from what was told later, and its visit's wait is
    /// not known.
    AnswerMissing = 1 << 13,
    /// Closed before an end was told, because more calls of its source were open than are kept.
    CrowdedOut = 1 << 14,
    /// Its caller was erased: who called, and the call's own id, are not known any more.
    Erased = 1 << 15,
}

impl Mark {
    /// Every mark, in order of its bit.
    pub const ALL: [Self; 16] = [
        Self::ArrivalMissing,
        Self::EndMissing,
        Self::ExitMissing,
        Self::VisitMissing,
        Self::ReleaseMissing,
        Self::NegativeSpan,
        Self::AfterEnd,
        Self::ToldTwice,
        Self::Contradiction,
        Self::SourceAhead,
        Self::Reordered,
        Self::TransferUnseen,
        Self::Truncated,
        Self::AnswerMissing,
        Self::CrowdedOut,
        Self::Erased,
    ];

    /// The word for people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ArrivalMissing => "arrival_missing",
            Self::EndMissing => "end_missing",
            Self::ExitMissing => "exit_missing",
            Self::VisitMissing => "visit_missing",
            Self::ReleaseMissing => "release_missing",
            Self::NegativeSpan => "negative_span",
            Self::AfterEnd => "after_end",
            Self::ToldTwice => "told_twice",
            Self::Contradiction => "contradiction",
            Self::SourceAhead => "source_ahead",
            Self::Reordered => "reordered",
            Self::TransferUnseen => "transfer_unseen",
            Self::Truncated => "truncated",
            Self::AnswerMissing => "answer_missing",
            Self::CrowdedOut => "crowded_out",
            Self::Erased => "erased",
        }
    }
}

/// A set of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u32);

impl Marks {
    /// Adds a mark.
    pub fn add(&mut self, mark: Mark) {
        self.0 |= mark as u32;
    }

    /// Whether a mark is set.
    pub const fn has(self, mark: Mark) -> bool {
        self.0 & mark as u32 != 0
    }

    /// The set as stored.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// A stored set.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The marks set, in order.
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.has(*mark))
    }
}
