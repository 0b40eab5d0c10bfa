//! The wiring: who gets which handle, in which order everything starts and stops.
//!
//! Start: lock, key, addresses, databases, checkpoint, the journal's tail, then *ready*. Stop: take nothing more, answer
//! what was taken, write the store, close. The only other place that may use `anyhow` is `main`.

mod bridges;
mod databases;
mod files;
mod key;
mod lock;
mod rules;
mod start;
mod surveys;
mod usual;
mod yielding;

pub use bridges::open_bridge;
pub use lock::Patience;
pub use start::{Running, start};
