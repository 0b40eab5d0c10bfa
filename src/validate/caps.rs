//! Every limit on what comes in. Beyond one, the sender is told which and by how much.

use std::time::Duration;

/// The longest call id, bytes: longer than any switch's, short enough for a row.
pub const CALL_ID_BYTES: usize = 128;
/// The longest name of a queue, agent, line, source or sender, bytes.
pub const NAME_BYTES: usize = 64;
/// The longest free text (codes, causes, reasons, channels, recording ids), bytes.
pub const TEXT_BYTES: usize = 256;
/// The longest caller's number or id, bytes.
pub const CALLER_BYTES: usize = 64;
/// The most queues one agent serves.
pub const AGENT_QUEUES: usize = 100;
/// The most events one batch holds.
pub const BATCH_EVENTS: usize = 10_000;
/// The largest message, bytes: 10,000 events of 200 bytes, twice.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How far a live event may be ahead of our clock: a wrong time zone on the switch is kept and marked, no more.
pub const LIVE_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);
/// How far a live event may be ahead before it is marked: clocks under NTP agree better.
pub const LIVE_AHEAD_UNMARKED: Duration = Duration::from_secs(1);
/// How far history may be ahead of our clock.
pub const BACKFILL_AHEAD: Duration = Duration::from_secs(5 * 60);
/// 1990-01-01T00:00:00Z in microseconds: before it no switch of ours was built, so the clock was never set.
pub const EARLIEST_MICROS: i64 = 631_152_000_000_000;
/// The most names that one stream shares the memory of; further ones are kept each for itself.
pub const NAMES_SHARED: usize = 4_096;
/// The most callers whose pseudonym one stream remembers, to save computing it again.
pub const CALLERS_REMEMBERED: usize = 4_096;
