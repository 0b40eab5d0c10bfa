//! What rows are grouped by: an interval, and in it a queue or all of them.

use std::collections::BTreeMap;

use crate::model::QueueId;

/// The row for all queues. No queue can be configured under this name.
const ALL: &str = "ALL";
/// The row of a queue that the switch calls so all the same.
const NAMED_ALL: &str = "ALL (queue)";

/// Whose figures a row holds; in the order of rows within an interval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Calls that no queue answered; calls of no line or team.
    NoQueue,
    /// One queue, or line, or team.
    Queue(QueueId),
    /// All queues asked for.
    All,
}

impl Group {
    /// The group of a queue that may be none.
    pub(super) fn of(queue: Option<&QueueId>) -> Self {
        queue.map_or(Self::NoQueue, |queue| Self::Queue(queue.clone()))
    }

    /// The group of a queue by its name, or of none.
    pub(super) fn named(queue: Option<&str>) -> Self {
        queue.map_or(Self::NoQueue, |name| Self::Queue(QueueId::new(name)))
    }

    /// The name in the row.
    pub(super) fn name(&self) -> String {
        match self {
            Self::NoQueue => String::new(),
            Self::Queue(queue) if queue.as_str() == ALL => NAMED_ALL.to_owned(),
            Self::Queue(queue) => queue.as_str().to_owned(),
            Self::All => ALL.to_owned(),
        }
    }
}

/// Tallies by interval and group, in the order of rows.
pub(super) type Tallies<T> = BTreeMap<(usize, Group), T>;
