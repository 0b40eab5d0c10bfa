//! The figures Prometheus scrapes: names, recording of facts, `/metrics`.
//!
//! ```text
//! facts ──▶ Totals (integers, one row a series) ──┐
//! SourceNow ──▶ gauges ───────────────────────────┼─▶ Board::render ──▶ /metrics
//! commits, delays ──▶ Process (crate `metrics`) ──┘
//! ```
//!
//! **Two kinds, two owners.** *Fact metrics* say what was concluded of calls. They are rendered from our own `Totals`:
//! integer counts and sums in microseconds, the very rows that the store's checkpoint keeps. So they are exact across
//! restarts at any size, a start costs O(series), and no raw sample is kept. The `metrics` crate was weighed for them
//! and left: it keeps sums as floats and raw samples until a scrape, and can be seeded after a restart only by
//! recording every old sample again. *Process metrics* (commit times and sizes, delays, duplicates, store lag) say how
//! this process runs, start at 0 with it, and go through the `metrics` crate, whose handles the writer may use
//! without waiting for a scrape.
//!
//! Errors of estimated waits (`EwtError`) are rendered from `Totals` and are of the process all the same: they depend on what
//! was known when.
//!
//! **Invariants.** Only what `Totals` was told is shown, and a batch is told under the lock that a scrape renders
//! under: no scrape sees half a batch. A label's value is configured, from a closed list, or admitted under a cap: never
//! a call, an agent or a number. Every series of a known queue exists, at 0 if need be. The order of lines is fixed, and the
//! text format and OpenMetrics have the same ones.
//!
//! This module draws no conclusions: what a fact is, `calls` decides; which fact moves which series, `totals`.

mod accept;
mod board;
mod checkpoint;
mod exposition;
mod gauges;
mod histogram;
mod http;
mod label;
mod lines;
mod name;
mod process;
mod series;
mod served;
mod sets;
#[cfg(test)]
mod tests;
mod text;
mod totals;

pub use board::Board;
pub use checkpoint::Error;
pub use exposition::Exposition;
pub use http::serve;
pub use label::{QUEUES_MAX, SOURCES_MAX};
pub use process::Process;
pub use text::Format;
pub use totals::Totals;
