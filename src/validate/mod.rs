//! From a message off the wire to an event one can trust, or a typed rejection.
//!
//! Pure: our time of receipt and the pseudonym key are given. After this module no caller's number exists in clear, and
//! no key pressed outside a survey. Not here: order, duplicates, gaps (`journal`), meaning (`calls`).

pub mod caps;
mod check;
mod kinds;
mod names;
mod privacy;
mod rejection;

pub use check::{Validator, instant};
pub use privacy::{KEY_BYTES, Privacy, country_of};
pub use rejection::{Reason, Rejection};
