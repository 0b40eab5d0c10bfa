//! Every numbering ever begun, as the writer knows it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{EpochIndex, EpochName, SourceId};

use super::database::Known;
use super::handle::{EpochState, Question, Refusal};
use super::marks::Numbering;

/// The most sources there may be.
const SOURCES_MAX: usize = 1_000;
/// The most numberings there may be: imports of a file a day for a century.
const EPOCHS_MAX: usize = 50_000;

/// Every numbering, by its index and by its name.
#[derive(Default)]
pub(super) struct Epochs {
    /// An epoch's index is its place.
    list: Vec<Known>,
    by_name: HashMap<(SourceId, EpochName), EpochIndex>,
    /// Each source's highest spool.
    highest: HashMap<SourceId, u64>,
}

impl Epochs {
    /// Adds the next numbering.
    pub(super) fn know(&mut self, known: Known) -> EpochIndex {
        let epoch = self.next();
        let highest = self.highest.entry(known.source.clone()).or_insert(0);
        if let EpochName::Spool(spool) = known.name {
            *highest = spool.max(*highest);
        }
        self.by_name
            .insert((known.source.clone(), known.name), epoch);
        self.list.push(known);
        epoch
    }

    /// The index of the next numbering.
    pub(super) fn next(&self) -> EpochIndex {
        EpochIndex(self.list.len() as u32)
    }

    /// The index of a numbering, or that it may be added (`None`).
    ///
    /// # Errors
    /// When its spool is over, or there are too many.
    pub(super) fn find(
        &self,
        source: &SourceId,
        name: EpochName,
    ) -> Result<Option<EpochIndex>, Refusal> {
        if let EpochName::Spool(spool) = name {
            let highest = self.highest.get(source).copied().unwrap_or(0);
            if spool < highest {
                return Err(Refusal::EpochLower { highest });
            }
        }
        if let Some(epoch) = self.by_name.get(&(source.clone(), name)) {
            return Ok(Some(*epoch));
        }
        let limit = |what, limit| Refusal::Limit { what, limit };
        if !self.highest.contains_key(source) && self.highest.len() >= SOURCES_MAX {
            return Err(limit("sources", SOURCES_MAX));
        }
        if self.list.len() >= EPOCHS_MAX {
            return Err(limit("epochs", EPOCHS_MAX));
        }
        Ok(None)
    }

    /// One numbering.
    pub(super) fn numbering(&self, epoch: EpochIndex) -> &Numbering {
        &self.list[epoch.0 as usize].numbering
    }

    /// One numbering, to be moved on.
    pub(super) fn numbering_mut(&mut self, epoch: EpochIndex) -> &mut Numbering {
        &mut self.list[epoch.0 as usize].numbering
    }

    /// Whether the database holds the very same.
    pub(super) fn are(&self, known: &[Known]) -> bool {
        self.list == known
    }

    /// Numbers that never came, of the sources of these epochs, over all their epochs.
    pub(super) fn missing(&self, changed: &[(EpochIndex, &Numbering)]) -> Vec<(SourceId, u64)> {
        let sources: BTreeSet<&SourceId> = changed
            .iter()
            .map(|(epoch, _)| &self.list[epoch.0 as usize].source)
            .collect();
        let missing = |source: &SourceId| {
            let ours = self.list.iter().filter(|epoch| epoch.source == *source);
            ours.fold(0, |sum: u64, epoch| {
                sum.saturating_add(epoch.numbering.missing())
            })
        };
        sources
            .into_iter()
            .map(|source| (source.clone(), missing(source)))
            .collect()
    }

    /// Answers what a source's numberings are. What is answered is committed: numberings move with their commit.
    pub(super) fn answer(&self, question: Question) {
        let Question { source, reply } = question;
        drop(reply.send(self.describe(&source)));
    }

    fn describe(&self, source: &SourceId) -> Option<Vec<EpochState>> {
        self.highest.get(source)?;
        let ours = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, epoch)| epoch.source == *source);
        let state = |(index, epoch): (usize, &Known)| EpochState {
            index: EpochIndex(index as u32),
            name: epoch.name,
            mark: epoch.numbering.mark,
            digest: epoch.numbering.digest,
            gaps: epoch.numbering.gaps().collect(),
            rejected: epoch.numbering.rejected,
        };
        Some(ours.rev().map(state).collect())
    }

    /// Every source with its missing and its rejected numbers.
    pub(super) fn summarize(&self) -> Vec<(SourceId, u64, u64)> {
        let mut sums: BTreeMap<SourceId, (u64, u64)> = BTreeMap::new();
        for epoch in &self.list {
            let (missing, rejected) = sums.entry(epoch.source.clone()).or_default();
            *missing = missing.saturating_add(epoch.numbering.missing());
            *rejected = rejected.saturating_add(epoch.numbering.rejected);
        }
        sums.into_iter()
            .map(|(source, (missing, rejected))| (source, missing, rejected))
            .collect()
    }
}
