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
    /// Its place in the telling: the first, if it was told more than once.
    pub(super) order: Order,
    /// The number under which it came in first: what is known of it stays known when an earlier copy comes late.
    pub(super) origin: Order,
    /// The switch's clock was ahead of ours.
    pub(super) ahead: bool,
    /// It was told again under another number.
    pub(super) twice: bool,
    /// What happened.
    pub(super) event: CallEvent,
}

impl Told {
    /// A thing as it comes in.
    pub(super) fn new(at: Timestamp, order: Order, ahead: bool, event: CallEvent) -> Self {
        Self {
            at,
            order,
            origin: order,
            ahead,
            twice: false,
            event,
        }
    }

    /// Whether this says the same as another, under another number.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        self.at == other.at && self.event == other.event
    }

    /// Takes in a copy of itself; says whether that may change the story.
    pub(super) fn repeat(&mut self, copy: &Self) -> bool {
        let before = (self.order, self.ahead);
        self.order = self.order.min(copy.order);
        self.ahead |= copy.ahead;
        self.twice = true;
        (self.order, self.ahead) != before
    }
}
