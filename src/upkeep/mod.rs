//! What changes what is kept: calls made again.
//!
//! Whatever is asked for is done piece by piece through the writers that everything else goes through, so events come in
//! meanwhile; each piece is one transaction. Whoever kills it loses what was not done yet, and asks again. One thing is
//! done at a time.
//!
//! Not here: who may ask (`wire`), how a row is written (`store`, `journal`).
//!
//! Invariants: nothing here is said to Prometheus or touches live calls; done twice is the same as done once.

mod error;
mod figures;
mod recompute;

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::journal;
use crate::model::Position;
use crate::pipeline::Status;
use crate::store::{Chores, Store};

pub use error::Error;
pub use figures::{Figures, QueueFigures};
pub use recompute::{Asked, Progress, Recomputed};

/// Does what is asked; cheap to clone.
#[derive(Clone, Debug)]
pub struct Upkeep {
    store: Store,
    chores: Chores,
    journal: journal::Reader,
    status: Status,
    stored: watch::Receiver<Position>,
    turn: Arc<Mutex<()>>,
}

impl Upkeep {
    /// Works on this store and journal.
    pub fn new(
        store: Store,
        chores: Chores,
        journal: journal::Reader,
        status: Status,
        stored: watch::Receiver<Position>,
    ) -> Self {
        Self {
            store,
            chores,
            journal,
            status,
            stored,
            turn: Arc::default(),
        }
    }

    /// The right to work, one at a time.
    fn take_turn(&self) -> Result<MutexGuard<'_, ()>, Error> {
        self.turn.try_lock().map_err(|_| Error::Busy)
    }

    /// Waits until the rows hold everything that is acked by now.
    async fn catch_up(&self) -> Result<(), Error> {
        let committed = self.status.committed();
        let mut stored = self.stored.clone();
        let waited = stored.wait_for(|stored| *stored >= committed).await;
        waited.map(drop).map_err(|_| Error::Stopped)
    }
}
