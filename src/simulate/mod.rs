//! A simulated hotline: a seed in, the events of its switch out, in order, as if they had happened.
//!
//! Not a set of independent stories but one floor: calls come by a Poisson process that follows the day, wait for agents
//! who are busy with others, and hang up when their patience ends (an M/G/n queue with patience). Waits, abandonment and
//! busy tones follow from that; nobody draws them. It serves `dozvon simulate`, `dozvon demo` and the benches.
//!
//! * Pure: no clock, no files, no threads; days, hours and zone are options. The same options give the same bytes.
//! * Events come out by `occurred_at`, no two at the same microsecond, with sequences 1, 2, 3 …
//! * Memory holds the open calls, the agents and the queues, never the history: millions of calls are just longer.
//! * It keeps a tally of its own, [`Truth`], of what the phones did; a report on the events must come to the same.
//!
//! Deliberately absent: conferences, surveys, our own return calls, lost or swapped events (a test that wants a bad
//! switch spoils a good one's events itself).
//!
//! ```text
//! options ─▶ calendar, floor, people ─▶ simulator: agenda ─▶ arrive ─▶ wait, ring ─▶ talk ⇄ transfer ─▶ events
//!                                                     └──── shift (agents' day) ────────────┘       └─▶ truth
//! ```

mod arrive;
mod calendar;
mod call;
mod draw;
mod floor;
mod moment;
mod options;
mod people;
mod ring;
mod shift;
mod simulator;
mod talk;
mod target;
#[cfg(test)]
mod tests;
mod transfer;
mod truth;
mod wait;

pub use options::{
    AGENTS_MAX, Behaviour, CALL_PREFIX_BYTES_MAX, CALLS_MAX, DAYS_MAX, Error, Options, QUEUES_MAX,
};
pub use simulator::Simulator;
pub use truth::{QueueTruth, TransferTruth, Truth};
