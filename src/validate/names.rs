//! Names said again and again share their memory.

use std::collections::HashSet;
use std::sync::Arc;

use super::caps;

/// Names of one stream.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashSet<Arc<str>>,
}

impl Names {
    /// The name, shared with earlier ones.
    pub(super) fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let shared: Arc<str> = name.into();
        if self.known.len() < caps::NAMES_SHARED {
            self.known.insert(shared.clone());
        }
        shared
    }
}
