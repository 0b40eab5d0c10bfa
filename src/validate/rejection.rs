//! Why one event was not taken. A rejection is an answer, not an error: its neighbours are kept.

use std::fmt;

/// The reason, for programs; the docs list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The event has no number.
    SequenceMissing,
    /// The event says nothing.
    KindMissing,
    /// A required field is missing or empty.
    FieldMissing,
    /// A field is longer than its limit.
    TooLong,
    /// A name or id holds control characters.
    ControlCharacter,
    /// A value is none of the known ones.
    ValueUnknown,
    /// The event has no time.
    TimeMissing,
    /// The time is too far ahead, too long ago, or no time at all.
    TimeOutOfRange,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::SequenceMissing,
        Self::KindMissing,
        Self::FieldMissing,
        Self::TooLong,
        Self::ControlCharacter,
        Self::ValueUnknown,
        Self::TimeMissing,
        Self::TimeOutOfRange,
    ];

    /// The word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SequenceMissing => "sequence_missing",
            Self::KindMissing => "kind_missing",
            Self::FieldMissing => "field_missing",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::ValueUnknown => "value_unknown",
            Self::TimeMissing => "time_missing",
            Self::TimeOutOfRange => "time_out_of_range",
        }
    }
}

/// One event that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The event's number; 0 = it had none.
    pub sequence: u64,
    /// Why, for programs.
    pub reason: Reason,
    /// The field at fault.
    pub field: &'static str,
    /// Why, for people.
    pub message: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "event {}: {}: {}",
            self.sequence, self.field, self.message
        )
    }
}
