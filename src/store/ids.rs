//! The numbers that stand for sources in the store's rows: given by the writer, read by look-ups.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::SourceId;

/// Which number stands for which source; clones share what they know.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceIds(Arc<RwLock<HashMap<SourceId, i64>>>);

impl SourceIds {
    /// The number of a source whose rows are stored.
    pub(super) fn of(&self, source: &SourceId) -> Option<i64> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(source).copied()
    }

    /// All that are known.
    pub(super) fn all(&self) -> HashMap<SourceId, i64> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Sources are stored under these numbers.
    pub(super) fn add(&self, stored: impl IntoIterator<Item = (SourceId, i64)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(stored);
    }
}
