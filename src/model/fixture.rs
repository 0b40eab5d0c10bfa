//! For tests: rows of which only what matters is said.

use std::time::Duration;

use super::{CallId, CallRow, Caller, Direction, Marks, SourceId, Timestamp};

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
