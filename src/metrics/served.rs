//! Of which queues it is known who serves them.
//!
//! A switch may tell of its agents' states and not of their queues: then calls show by and by who serves what, and half of a
//! queue's agents look like all of them. So a queue's agents are shown only where every source of the queue says who serves
//! it. A source that was not heard for an hour is taken for gone, as on the board: a switch that was replaced does not
//! keep the next one's agents from being seen.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::SourceId;

/// What was told of serving, source by source.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// Sources that say which agents serve which queues.
    telling: HashSet<SourceId>,
    /// Whose calls a queue has, by the queue's label.
    sources: HashMap<Box<str>, BTreeSet<SourceId>>,
}

impl Served {
    /// A source said which queues an agent serves.
    pub(crate) fn tell(&mut self, source: &SourceId) {
        if !self.telling.contains(source) {
            self.telling.insert(source.clone());
        }
    }

    /// A call of that source entered a queue.
    pub(crate) fn enter(&mut self, source: &SourceId, label: &str) {
        if let Some(sources) = self.sources.get_mut(label) {
            if !sources.contains(source) {
                sources.insert(source.clone());
            }
        } else {
            self.sources.insert(label.into(), [source.clone()].into());
        }
    }

    /// Whether it is known who serves the queue; a queue without calls is served by whoever says so.
    pub(crate) fn is_known(&self, label: &str, is_gone: impl Fn(&SourceId) -> bool) -> bool {
        let mut sources = self.sources.get(label).into_iter().flatten();
        sources.all(|source| self.telling.contains(source) || is_gone(source))
    }
}
