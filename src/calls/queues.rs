//! Who waits where at this moment, of live calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{QueueId, QueueNow, Timestamp};

use super::told::Order;

/// One visit that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Queue entry.
    pub(super) entered_at: Timestamp,
    /// The call's first queue entry.
    pub(super) journey_at: Timestamp,
    /// The event that began it.
    pub(super) origin: Order,
}

/// Every queue's waiting visits, in order.
#[derive(Debug, Default)]
pub(super) struct Queues {
    queues: BTreeMap<QueueId, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: BTreeSet<(Timestamp, Order)>,
    journeys: BTreeSet<(Timestamp, Order)>,
    changed: bool,
}

impl Queues {
    /// A visit begins to wait.
    pub(super) fn show(&mut self, queue: &QueueId, waiting: Waiting) {
        let queue = self.queues.entry(queue.clone()).or_default();
        queue.entries.insert((waiting.entered_at, waiting.origin));
        queue.journeys.insert((waiting.journey_at, waiting.origin));
        queue.changed = true;
    }

    /// A visit waits no longer.
    pub(super) fn hide(&mut self, queue: &QueueId, waiting: Waiting) {
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.entries.remove(&(waiting.entered_at, waiting.origin));
            queue.journeys.remove(&(waiting.journey_at, waiting.origin));
            queue.changed = true;
        }
    }

    /// The queues that changed since this was last asked; one in which nobody waits any more is forgotten, so that names
    /// that were heard once take nothing.
    pub(super) fn take_changed(&mut self) -> Vec<QueueNow> {
        let changed = self.queues.iter_mut().filter(|(_, queue)| queue.changed);
        let told = changed.map(|(name, queue)| {
            queue.changed = false;
            QueueNow {
                queue: name.clone(),
                waiting: queue.entries.len() as u64,
                oldest_entry: queue.entries.first().map(|(at, _)| *at),
                oldest_journey: queue.journeys.first().map(|(at, _)| *at),
            }
        });
        let told = told.collect();
        self.queues.retain(|_, queue| !queue.entries.is_empty());
        told
    }
}
