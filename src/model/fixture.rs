//! For tests: rows of which only what matters is said.

use std::time::Duration;

use super::{
    AgentId, CallId, CallRow, Caller, Direction, Marks, QueueId, SourceId, TargetKind, Timestamp,
    TransferMethod, TransferOutcome, TransferRow,
};

/// An inbound call of which nothing else is known.
pub(crate) fn call(arrived_at: Timestamp) -> CallRow {
    CallRow {
        row: 0,
        arrived_at,
        outcome: None,
        direction: Direction::Inbound,
        test: false,
        provisional: false,
        source: SourceId::new("pbx"),
        call: CallId::new("1"),
        caller: Caller::Unknown,
        visits: 0,
        first_queue: None,
        refused: None,
        answered: false,
        first_answer_queue: None,
        last_answer_queue: None,
        transfers: 0,
        returns: 0,
        reroutes: 0,
        requeued: 0,
        consult_only: 0,
        failed_transfers: Vec::new(),
        transfer_wait: Duration::ZERO,
        ended_at: None,
        first_entered_at: None,
        first_answered_at: None,
        last_exit: None,
        queue_wait: Duration::ZERO,
        talk: Duration::ZERO,
        hold: Duration::ZERO,
        missed_offer_time: Duration::ZERO,
        marks: Marks::default(),
    }
}

/// Passed on blindly from one queue to another, and answered there at once.
pub(crate) fn transfer(from: Option<&str>, to: &str) -> TransferRow {
    TransferRow {
        call_row: 0,
        call_arrived_at: Timestamp::default(),
        first_answer_queue: from.map(QueueId::new),
        method: TransferMethod::Blind,
        target: TargetKind::Queue,
        to: to.into(),
        from_agent: AgentId::new("ivan"),
        from_queue: from.map(QueueId::new),
        is_return: false,
        outcome: Some(TransferOutcome::Answered),
        wait: Duration::ZERO,
        spent: Duration::ZERO,
    }
}

/// A linear congruential generator: each run is the same.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }

    /// One of all.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}
