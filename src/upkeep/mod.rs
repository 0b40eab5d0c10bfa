//! What changes what is kept: calls made again, callers erased, and what was kept long enough.
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
mod person;
mod recompute;
mod retention;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::clock::Clock;
use crate::journal;
use crate::model::Position;
use crate::pipeline::{Forgetter, Status};
use crate::store::{Chores, Store};

pub use error::Error;
pub use figures::{Figures, QueueFigures};
pub use person::Person;
pub use recompute::{Asked, Progress, Recomputed};
pub use retention::Retention;

/// Does what is asked; cheap to clone.
#[derive(Clone, Debug)]
pub struct Upkeep {
    store: Store,
    chores: Chores,
    journal: journal::Reader,
    journal_chores: journal::Chores,
    forgetter: Forgetter,
    status: Status,
    stored: watch::Receiver<Position>,
    clock: Clock,
    turn: Arc<Mutex<()>>,
}

/// How long who asks waits for another's work to end.
const TURN_WITHIN: Duration = Duration::from_secs(5);

impl Upkeep {
    /// Works on this store and journal.
    pub fn new(
        (store, chores): (Store, Chores),
        (journal, journal_chores): (journal::Reader, journal::Chores),
        forgetter: Forgetter,
        status: Status,
        stored: watch::Receiver<Position>,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            chores,
            journal,
            journal_chores,
            forgetter,
            status,
            stored,
            clock,
            turn: Arc::default(),
        }
    }

    /// The right to work, one at a time.
    async fn take_turn(&self) -> Result<MutexGuard<'_, ()>, Error> {
        let turn = tokio::time::timeout(TURN_WITHIN, self.turn.lock()).await;
        turn.map_err(|_| Error::Busy)
    }

    async fn ask_journal(&self, chore: journal::Chore) -> Result<(), Error> {
        let done = self.journal_chores.ask(chore).await?;
        done.ok_or(Error::Stopped)
    }

    /// Waits until the rows hold everything that is acked by now.
    async fn catch_up(&self) -> Result<(), Error> {
        let committed = self.journal_chores.committed();
        let mut stored = self.stored.clone();
        let waited = stored.wait_for(|stored| *stored >= committed).await;
        waited.map(drop).map_err(|_| Error::Stopped)
    }
}
