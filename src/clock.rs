//! The only place that reads time.
//!
//! Everything else is given a `Clock` (at the edges) or the time itself (in the pure parts).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// A point of the runtime's own time, for waiting; tests may move it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads time"
)]
pub fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Tells the time: the system's, or one moved by hand.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System {
        started: Instant,
    },
    Manual {
        micros: Arc<AtomicI64>,
        started: i64,
    },
}

impl Clock {
    /// The system's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads time"
    )]
    pub fn system() -> Self {
        Self(Kind::System {
            started: Instant::now(),
        })
    }

    /// A clock that stands still until it is moved.
    pub fn manual(at: Timestamp) -> Self {
        let started = at.as_micros();
        Self(Kind::Manual {
            micros: Arc::new(AtomicI64::new(started)),
            started,
        })
    }

    /// The time of day, UTC; may step when the administrator sets the clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads time"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System { .. } => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Kind::Manual { micros, .. } => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Time since this clock was made; never steps.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Kind::System { started } => started.elapsed(),
            Kind::Manual { micros, started } => {
                let passed = micros.load(Ordering::SeqCst).saturating_sub(*started);
                Duration::from_micros(u64::try_from(passed).unwrap_or(0))
            }
        }
    }

    /// Moves a manual clock forward; the system's clock cannot be moved.
    pub fn advance(&self, span: Duration) {
        if let Kind::Manual { micros, .. } = &self.0 {
            let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(span, Ordering::SeqCst);
        }
    }
}
