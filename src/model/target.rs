//! The thresholds in force for each queue.

use std::collections::HashMap;
use std::time::Duration;

use super::ids::QueueId;

/// A queue's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTarget {
    /// T: answered within it counts for the service level.
    pub service_level: Duration,
    /// s: abandoned within it is a short abandon.
    pub short_abandon: Duration,
}

impl Default for QueueTarget {
    /// 20 s is the field's usual target; a misdial hangs up within 5 s.
    fn default() -> Self {
        Self {
            service_level: Duration::from_secs(20),
            short_abandon: Duration::from_secs(5),
        }
    }
}

/// The thresholds of every queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// For a queue without its own.
    pub default: QueueTarget,
    /// Queues with their own.
    pub queues: HashMap<QueueId, QueueTarget>,
}

impl Targets {
    /// The thresholds of a queue.
    pub fn of(&self, queue: &QueueId) -> QueueTarget {
        self.queues.get(queue).copied().unwrap_or(self.default)
    }
}
