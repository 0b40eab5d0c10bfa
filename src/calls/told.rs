//! One thing told of a call, with its place in the telling.

use crate::model::{CallEvent, EpochIndex, Timestamp};

/// Place of an event in the order of telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    /// The numbering.
    pub(super) epoch: EpochIndex,
    /// The number.
    pub(super) sequence: u64,
}

/// One thing told of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// When it happened.
    pub(super) at: Timestamp,
    /// Its place in the telling.
    pub(super) order: Order,
    /// The switch's clock was ahead of ours.
    pub(super) ahead: bool,
    /// What happened.
    pub(super) event: CallEvent,
}

impl Told {
    /// Whether this says the same as another, under another number.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.at == other.at && self.event == other.event
    }
}
