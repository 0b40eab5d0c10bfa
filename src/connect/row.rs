//! What a row of an imported file comes to: events, or a reason why not.

use crate::proto::v1::Event;

/// What one row gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which row, 1 for the first after the header; blank lines are none.
    pub number: u64,
    /// Which line of the file, 1 for the first.
    pub line: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Events in the order in which they happened, not yet numbered, and what was odd about them.
    Events(Vec<Event>, Vec<Warning>),
    /// The format says that the row is to be ignored.
    Skipped(Skip),
    /// The row cannot be read.
    Broken(Broken),
}

/// Why a row gives no events though it is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// The source's own mark for calls that never were.
    Phantom,
}

impl Skip {
    /// The name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phantom => "phantom",
        }
    }
}

/// What was odd about a row whose events were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The customer number is no number; the caller counts as withheld.
    CallerUnreadable,
    /// A later clock reading lies before an earlier one; the span counts as nothing.
    NegativeSpan,
    /// A local time that happened twice; the first is taken.
    AmbiguousTime,
    /// A local time that never happened; it is moved on by the gap.
    MissingTime,
    /// A column that the format does not know; once a file.
    UnknownColumn,
}

impl Warning {
    /// The name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallerUnreadable => "caller_unreadable",
            Self::NegativeSpan => "negative_span",
            Self::AmbiguousTime => "ambiguous_time",
            Self::MissingTime => "missing_time",
            Self::UnknownColumn => "unknown_column",
        }
    }
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// For programs.
    pub reason: Reason,
    /// The column at fault; empty when it is the whole row.
    pub column: String,
    /// For people: what stands there.
    pub message: String,
}

impl Broken {
    /// Says what is wrong with a column.
    pub fn new(reason: Reason, column: &str, message: impl Into<String>) -> Self {
        Self {
            reason,
            column: column.to_owned(),
            message: message.into(),
        }
    }
}

/// Reasons for which a row is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// More or fewer fields than the header has.
    FieldCount,
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// Longer than a row can be.
    RowTooLong,
    /// A field that must say something is empty.
    MissingValue,
    /// Not a whole number.
    BadNumber,
    /// Not a time of day.
    BadTime,
    /// Not a day.
    BadDate,
    /// A number or day that cannot be true.
    OutOfRange,
    /// An outcome that the format does not know.
    UnknownOutcome,
    /// Not the JSON of an event.
    BadJson,
    /// The gzip stream breaks off; what stood before was read.
    TruncatedGzip,
}

impl Reason {
    /// The name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::FieldCount => "field_count",
            Self::NotUtf8 => "not_utf8",
            Self::RowTooLong => "row_too_long",
            Self::MissingValue => "missing_value",
            Self::BadNumber => "bad_number",
            Self::BadTime => "bad_time",
            Self::BadDate => "bad_date",
            Self::OutOfRange => "out_of_range",
            Self::UnknownOutcome => "unknown_outcome",
            Self::BadJson => "bad_json",
            Self::TruncatedGzip => "truncated_gzip",
        }
    }
}
