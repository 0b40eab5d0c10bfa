//! A store in a file of its own, and sources that write to it.

use crate::model::{Position, SourceId};

use super::{Readers, SourceWrite, Store, StoreWriter, Write};

/// Those who tell.
pub(super) const SOURCES: [&str; 2] = ["north", "south"];

/// An empty store.
pub(super) async fn opened(folder: &tempfile::TempDir) -> (Store, StoreWriter) {
    let path = folder.path().join("store.db");
    Store::open(&path, Readers::OF_NOTHING).await.unwrap()
}

/// A source of which nothing is open.
pub(super) fn source(source: SourceId) -> SourceWrite {
    SourceWrite {
        source,
        state: Vec::new(),
        heard: None,
        late_events: 0,
        call_exists_events: 0,
        open: Vec::new(),
        closed: Vec::new(),
    }
}

/// A stretch that ends there and tells nothing yet, of all `SOURCES`.
pub(super) fn stretch(position: u64) -> Write {
    Write {
        position: Position(position),
        sources: SOURCES.map(|name| source(SourceId::new(name))).into(),
        ..Write::default()
    }
}
