//! Figures of calls before and after, queue by queue: enough to see what a recompute changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{Exit, ExitClass};
use crate::store::{CallValues, Happened};

/// What one queue's visits and transfers come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Visits begun.
    pub visits_offered: u64,
    /// Visits answered.
    pub answered: u64,
    /// Visits abandoned.
    pub abandoned: u64,
    /// Their waits, summed: of all visits.
    pub wait_sum: Duration,
    /// Transfers of calls that this queue had.
    pub transfers: u64,
}

/// Figures queue by queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    queues: BTreeMap<String, QueueFigures>,
    all: QueueFigures,
}

impl Figures {
    /// Adds a call; a test call adds nothing.
    pub(super) fn add(&mut self, call: &CallValues) {
        for happened in call.happened() {
            let queue = match &happened {
                Happened::Visit(queue, ..) => Some(queue),
                Happened::Transfer(queue) => queue.as_ref(),
            };
            if let Some(queue) = queue {
                self.queues.entry(queue.clone()).or_default().add(&happened);
            }
            self.all.add(&happened);
        }
    }

    /// Of all queues together, those of no queue included.
    pub fn all(&self) -> QueueFigures {
        self.all
    }

    /// Queues whose figures differ, each with its figures here and there.
    pub fn changed(&self, after: &Self) -> Vec<(String, QueueFigures, QueueFigures)> {
        let names: BTreeSet<&String> = self.queues.keys().chain(after.queues.keys()).collect();
        let of = |figures: &Self, name: &str| figures.queues.get(name).copied().unwrap_or_default();
        let both = names.into_iter();
        let both = both.map(|name| (name.clone(), of(self, name), of(after, name)));
        both.filter(|(_, before, after)| before != after).collect()
    }
}

impl QueueFigures {
    fn add(&mut self, happened: &Happened) {
        let Happened::Visit(_, exit, wait) = happened else {
            self.transfers += 1;
            return;
        };
        self.visits_offered += 1;
        match exit.map(Exit::class) {
            Some(ExitClass::Answered) => self.answered += 1,
            Some(ExitClass::Abandoned) => self.abandoned += 1,
            Some(ExitClass::Other) | None => {}
        }
        let wait = wait.and_then(|micros| u64::try_from(micros).ok());
        let wait = Duration::from_micros(wait.unwrap_or_default());
        self.wait_sum = self.wait_sum.saturating_add(wait);
    }
}
