//! Settling of history: files come in any order, so calls settle by events told, not by time.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{CallKey, EpochIndex};

/// How many events each history epoch has told, and which calls settle at which count.
#[derive(Debug, Default)]
pub(super) struct Backfill {
    epochs: BTreeMap<EpochIndex, Told>,
}

#[derive(Debug, Default)]
struct Told {
    events: u64,
    due: VecDeque<(u64, CallKey)>,
}

impl Backfill {
    /// One more event was told.
    pub(super) fn count(&mut self, epoch: EpochIndex) {
        self.epochs.entry(epoch).or_default().events += 1;
    }

    /// How many events were told.
    pub(super) fn counted(&self, epoch: EpochIndex) -> u64 {
        self.epochs.get(&epoch).map_or(0, |told| told.events)
    }

    /// A call will settle once that many events are told.
    pub(super) fn push(&mut self, epoch: EpochIndex, after: u64, key: CallKey) {
        let told = self.epochs.entry(epoch).or_default();
        told.due.push_back((after, key));
    }

    /// Every ended call of the epoch is settled: a log that grows counts anew.
    pub(super) fn finish(&mut self, epoch: EpochIndex) {
        self.epochs.remove(&epoch);
    }

    /// The next call whose count is reached.
    pub(super) fn pop(&mut self, epoch: EpochIndex) -> Option<CallKey> {
        let told = self.epochs.get_mut(&epoch)?;
        let (after, _) = told.due.front()?;
        if *after > told.events {
            return None;
        }
        told.due.pop_front().map(|(_, key)| key)
    }

    /// Counts per epoch, in order, for the checkpoint.
    pub(super) fn counts(&self) -> Vec<(EpochIndex, u64)> {
        let epochs = self.epochs.iter();
        epochs.map(|(epoch, told)| (*epoch, told.events)).collect()
    }

    /// Sets a count from the checkpoint.
    pub(super) fn restore(&mut self, epoch: EpochIndex, events: u64) {
        self.epochs.entry(epoch).or_default().events = events;
    }

    /// Puts the due calls in order after a restore.
    pub(super) fn sort(&mut self) {
        for told in self.epochs.values_mut() {
            told.due.make_contiguous().sort_unstable();
        }
    }
}
