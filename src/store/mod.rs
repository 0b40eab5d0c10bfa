//! Facts at rest: calls, visits, transfers, counters, open calls and the checkpoint.

mod rows;

pub use rows::{Error, Rows, Selection};
