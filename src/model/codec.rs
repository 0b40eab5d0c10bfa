//! The bytes of an event: what the journal and the store keep.
//!
//! ```text
//! event  := sequence ±Δ | occurred_at ±Δ | kind | [call id] | fields          version 1
//! kind   := 1 byte: 1–19 call events, 32 agent state, 33 wrap-up, 34 line; bit 7 = the source's clock was ahead
//! uint   := LEB128          ±Δ := zigzag LEB128 against the event before       word := 1 byte, its code
//! text   := uint length | UTF-8       option := 0 | 1 value       caller := 0 unknown | 1 withheld | 2 key hash[16]
//! ```
//!
//! Numbers and codes are never reused. A new field means a new version; the reader knows every version ever written.
//! Reading never panics, whatever the bytes.

mod read;
mod write;

pub use read::{Reader, read_event};
pub use write::{call_kind, put_call_fields, put_int, put_option, put_text, put_uint, write_event};

/// The version that `write_event` writes.
pub const EVENTS_VERSION: u8 = 1;

const AHEAD: u8 = 0x80;
const AGENT_STATE: u8 = 32;
const WRAP_UP: u8 = 33;
const LINE_STATUS: u8 = 34;

/// Why bytes are no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Short,
    /// A number does not fit.
    #[error("a number does not fit")]
    Overflow,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// A code that no version has.
    #[error("unknown code {0}")]
    Code(u8),
}

#[cfg(test)]
mod tests;
