//! Rows as reports read them: one a call, one a visit, one a transfer.

use std::time::Duration;

use super::event::{AgentEvent, Caller, LineEvent};
use super::ids::{AgentId, CallId, QueueId, SourceId};
use super::record::Marks;
use super::source::Mode;
use super::text::Text;
use super::timestamp::Timestamp;
use super::words::{
    Direction, Exit, Outcome, RefusalReason, TargetKind, TransferFailure, TransferMethod,
    TransferOutcome,
};

/// One call as reports read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// Its number among the rows read together: its transfers have the same.
    pub row: i64,
    /// Arrival.
    pub arrived_at: Timestamp,
    /// How it ended; `None` = still open.
    pub outcome: Option<Outcome>,
    /// Inbound or our own return call.
    pub direction: Direction,
    /// Tagged `test`: in no figure.
    pub test: bool,
    /// Open, or ended and not settled yet: may change.
    pub provisional: bool,
    /// Whose call it is.
    pub source: SourceId,
    /// Its id within the source.
    pub call: CallId,
    /// Who called.
    pub caller: Caller,
    /// Number of visits.
    pub visits: u32,
    /// The first queue entered.
    pub first_queue: Option<QueueId>,
    /// The last refusal's reason and queue.
    pub refused: Option<(RefusalReason, Option<QueueId>)>,
    /// Whether a human answered.
    pub answered: bool,
    /// The queue of the first leg.
    pub first_answer_queue: Option<QueueId>,
    /// The queue of the last leg.
    pub last_answer_queue: Option<QueueId>,
    /// Transfers done.
    pub transfers: u32,
    /// Of them back to somebody who had the call before.
    pub returns: u32,
    /// Reroutes.
    pub reroutes: u32,
    /// Queued again by the same queue within 5 s, with no transfer told.
    pub requeued: u32,
    /// Consultations without hand-over.
    pub consult_only: u32,
    /// Causes of failed transfers.
    pub failed_transfers: Vec<TransferFailure>,
    /// W4: waits of visits that began after a human answered.
    pub transfer_wait: Duration,
    /// When it ended; `None` = still open.
    pub ended_at: Option<Timestamp>,
    /// Entry of the first queue; `None` without one, and when a human had answered before it: nobody waited for the first
    /// human there.
    pub first_entered_at: Option<Timestamp>,
    /// The first human's answer; `None` without one, and when nobody knows when it was.
    pub first_answered_at: Option<Timestamp>,
    /// How the last visit ended; `None` without visits, and while the caller waits in it.
    pub last_exit: Option<Exit>,
    /// W2q: waits of visits that began before any human answered.
    pub queue_wait: Duration,
    /// Talk of all legs, hold left out.
    pub talk: Duration,
    /// Hold within them.
    pub hold: Duration,
    /// W13: ringing of its visits' offers that were not answered.
    pub missed_offer_time: Duration,
    /// What was odd.
    pub marks: Marks,
}

/// What was told of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentTold {
    /// Who told it.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: AgentEvent,
    /// Live or history.
    pub mode: Mode,
}

/// What was told of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTold {
    /// Who told it.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: LineEvent,
}

/// One visit as reports read it; visits of test calls are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitRow {
    /// The queue.
    pub queue: QueueId,
    /// Queue entry.
    pub entered_at: Timestamp,
    /// How it ended; `None` = waiting.
    pub exit: Option<Exit>,
    /// When it ended, as far as that is known; `None` = waiting.
    pub exited_at: Option<Timestamp>,
    /// W1; `None` while waiting, when the clock stepped back, and when the answer was never told.
    pub wait: Option<Duration>,
    /// Talk of its leg.
    pub talk: Option<Duration>,
    /// Whether it is its call's first visit.
    pub first: bool,
    /// Of a call that is open or not settled yet.
    pub provisional: bool,
    /// W13: ringing of its offers that were not answered.
    pub missed_offer_time: Duration,
    /// Whether it began after a transfer.
    pub after_transfer: bool,
    /// Whose call it is; `None` = it has ended, so that it no longer matters.
    pub waits_at: Option<SourceId>,
}

/// One transfer as reports read it; transfers of test calls are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRow {
    /// The number of its call's row.
    pub call_row: i64,
    /// Arrival of its call: the cohort it belongs to.
    pub call_arrived_at: Timestamp,
    /// The first queue that answered its call.
    pub first_answer_queue: Option<QueueId>,
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
    /// Whether the target had the call before.
    pub is_return: bool,
    /// What came of it; `None` while nobody has answered and the call lives.
    pub outcome: Option<TransferOutcome>,
    /// W4: waits between it and the next human.
    pub wait: Duration,
    /// T9: that wait, and the caller's time with agents after it until the next transfer or the end.
    pub spent: Duration,
}
