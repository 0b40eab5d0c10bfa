//! One thing told of a call, as its timeline shows it.

use super::event::CallEvent;
use super::source::EpochIndex;
use super::timestamp::Timestamp;

/// One thing told of a call, with its place in the telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldEvent {
    /// When it happened, by the switch's clock.
    pub at: Timestamp,
    /// The numbering it was told under.
    pub epoch: EpochIndex,
    /// Its number there: the first, if it was told more than once.
    pub sequence: u64,
    /// The switch's clock was ahead of ours.
    pub ahead: bool,
    /// It was told again under another number.
    pub twice: bool,
    /// What happened.
    pub event: CallEvent,
}
