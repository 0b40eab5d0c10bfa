//! Which names from outside have a label of their own.
//!
//! Names arrive from switches, so their number is not ours to trust: up to a cap each has its own label, the rest share
//! `other`. What is configured, or had a label before a restart, has one without asking the cap.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Queues with a label of their own: beyond some hundreds a board shows nothing, and each costs 150 lines a scrape.
pub const QUEUES_MAX: usize = 500;

/// Sources with a label of their own: the number of switches that one machine is built for.
pub const SOURCES_MAX: usize = 64;

/// Lines with a label of their own: a hotline has some tens of trunks.
pub(crate) const LINES_MAX: usize = 200;

/// Surveys with a label of their own: a hotline asks two or three.
pub(crate) const SURVEYS_MAX: usize = 50;

/// The label of an answer that has no code: a number, a recording.
pub(crate) const GIVEN: &str = "given";

/// The label that names beyond the cap share.
pub(crate) const OTHER: &str = "other";

/// The label of what has no queue: a call passed straight to an agent.
pub(crate) const NONE: &str = "none";

/// Hands out labels; clones share what they know, so that two owners give a name the same label.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    label: &'static str,
    max: usize,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    names: BTreeSet<Arc<str>>,
    overflowed: bool,
}

impl Names {
    /// Labels of that name for at most `max` names.
    pub(crate) fn new(label: &'static str, max: usize) -> Self {
        Self {
            label,
            max,
            known: Arc::default(),
        }
    }

    /// Gives a name its own label, whatever the cap.
    pub(crate) fn know(&self, name: &str) {
        self.with(|known| known.names.insert(name.into()));
    }

    /// Whether a name has its own label; takes it in while there is room, and says once when there is none.
    pub(crate) fn admit(&self, name: &str) -> bool {
        self.with(|known| {
            if known.names.contains(name) {
                return true;
            }
            if known.names.len() < self.max {
                known.names.insert(name.into());
                return true;
            }
            if !known.overflowed {
                known.overflowed = true;
                let (label, max) = (self.label, self.max);
                tracing::warn!(
                    label,
                    max,
                    "more names than labels: the rest share `other`, and lines are left out"
                );
            }
            false
        })
    }

    /// Every name with its own label, and `other` once it is needed; sorted.
    pub(crate) fn all(&self) -> Vec<Arc<str>> {
        self.with(|known| {
            let mut names = known.names.clone();
            if known.overflowed {
                names.insert(OTHER.into());
            }
            names.into_iter().collect()
        })
    }

    /// Held for a look-up only, never while a scrape is rendered.
    fn with<R>(&self, work: impl FnOnce(&mut Known) -> R) -> R {
        // A set of names is whole after each insert, so a panic elsewhere cannot have spoiled it.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_cap_names_share_other() {
        let names = Names::new("queue", 2);
        assert!(names.admit("a"));
        assert!(names.admit("b"));
        assert_eq!(names.all(), ["a".into(), "b".into()]);
        assert!(!names.admit("c"));
        assert!(names.admit("a"), "once in, always in");
        names.know("configured");
        assert!(names.admit("configured"));
        let all = names.all();
        assert_eq!(all.join(" "), "a b configured other");
    }
}
