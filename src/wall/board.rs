//! The board as the pipeline and those who look at it share it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::live::Live;
use crate::model::{AgentsNow, Timestamp};

/// The board under its lock; cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveBoard {
    live: Arc<Mutex<Live>>,
    clock: Clock,
}

impl LiveBoard {
    /// Shares a board; `clock` is ours, by which silence is measured.
    pub fn new(live: Live, clock: Clock) -> Self {
        Self {
            live: Arc::new(Mutex::new(live)),
            clock,
        }
    }

    /// Does something with the board; to be short, since the pipeline waits for it.
    pub fn with<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        // A panic in the pipeline ends the process; one of a reader has changed nothing.
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut live)
    }

    /// The agents at a moment of our clock.
    pub fn agents_at(&self, now: Timestamp) -> AgentsNow {
        self.with(|live| live.agents(now)).into_counts()
    }

    /// Our clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
