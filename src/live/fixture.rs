//! What stories of the board begin with.

use std::time::Duration;

use crate::model::{QueueId, SourceId, Timestamp};

use super::{Live, QueuePicture};

/// 2 March 2026, 10:00 in UTC.
pub(super) fn start() -> Timestamp {
    Timestamp::from_micros(1_772_445_600_000_000)
}

/// So many seconds after it.
pub(super) fn after(seconds: u64) -> Timestamp {
    start().plus(Duration::from_secs(seconds))
}

/// A source by its name.
pub(super) fn source(name: &str) -> SourceId {
    SourceId::new(name)
}

/// A queue under its own label.
pub(super) fn itself(queue: &QueueId) -> QueueId {
    queue.clone()
}

/// What the board shows of a queue.
pub(super) fn picture(live: &Live, queue: &str, now: Timestamp) -> QueuePicture {
    live.queue(&QueueId::new(queue), now, &live.agents(now))
}
