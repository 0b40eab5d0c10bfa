//! Who may send for a source: one sender at a time in each mode.
//!
//! A newer stream of the same sender replaces the older one. Another sender is refused while the first lives: while it
//! has sent anything within the lease's time. A stream that ended lets go at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::{Mode, SourceId};

use super::error::IngestError;

/// The leases of all sources; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Leases {
    holders: Arc<Mutex<HashMap<(SourceId, Mode), Holder>>>,
    span: Duration,
    clock: Clock,
}

#[derive(Debug)]
struct Holder {
    sender: String,
    stream: u64,
    replaced: CancellationToken,
    seen: Duration,
}

/// The right to send, until it is dropped or replaced.
#[derive(Debug)]
pub(super) struct Lease {
    leases: Leases,
    key: (SourceId, Mode),
    stream: u64,
    /// Cancelled when another stream has the source.
    pub(super) replaced: CancellationToken,
    lets_go: bool,
}

/// A lease as `GetSource` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) mode: Mode,
    pub(super) sender: String,
    pub(super) expires_in: Duration,
}

impl Leases {
    /// No leases yet; each lives this long after its holder's last message.
    pub(super) fn new(span: Duration, clock: Clock) -> Self {
        Self {
            holders: Arc::default(),
            span,
            clock,
        }
    }

    /// Takes the lease for a stream.
    pub(super) fn acquire(
        &self,
        source: &SourceId,
        mode: Mode,
        sender: &str,
        take_over: bool,
    ) -> Result<Lease, IngestError> {
        let now = self.clock.elapsed();
        let key = (source.clone(), mode);
        let mut holders = self.lock();
        let mut stream = 1;
        if let Some(holder) = holders.get(&key) {
            let wait = (holder.seen + self.span).saturating_sub(now);
            if holder.sender != sender && !take_over && !wait.is_zero() {
                let sender = holder.sender.clone();
                return Err(IngestError::SourceInUse { sender, wait });
            }
            holder.replaced.cancel();
            stream = holder.stream + 1;
        }
        let replaced = CancellationToken::new();
        let holder = Holder {
            sender: sender.into(),
            stream,
            replaced: replaced.clone(),
            seen: now,
        };
        holders.insert(key.clone(), holder);
        Ok(Lease {
            leases: self.clone(),
            key,
            stream,
            replaced,
            lets_go: true,
        })
    }

    /// Who holds a source's leases now.
    pub(super) fn of(&self, source: &SourceId) -> Vec<Held> {
        let now = self.clock.elapsed();
        let holders = self.lock();
        let held = [Mode::Live, Mode::Backfill].into_iter().filter_map(|mode| {
            let holder = holders.get(&(source.clone(), mode))?;
            let expires_in = (holder.seen + self.span).saturating_sub(now);
            Some(Held {
                mode,
                sender: holder.sender.clone(),
                expires_in,
            })
        });
        held.filter(|held| !held.expires_in.is_zero()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(SourceId, Mode), Holder>> {
        // Nothing in the lock can panic half-way: a poisoned map is whole.
        self.holders
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Lease {
    /// The holder has sent something.
    pub(super) fn touch(&self) {
        let now = self.leases.clock.elapsed();
        let mut holders = self.leases.lock();
        if let Some(holder) = holders.get_mut(&self.key)
            && holder.stream == self.stream
        {
            holder.seen = now;
        }
    }

    /// Keeps the source for the lease's time although nothing holds it: for calls that are no stream.
    pub(super) fn keep(mut self) {
        self.lets_go = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.lets_go {
            return;
        }
        let mut holders = self.leases.lock();
        if holders
            .get(&self.key)
            .is_some_and(|holder| holder.stream == self.stream)
        {
            holders.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn leases() -> (Leases, Clock) {
        let clock = Clock::manual(Timestamp::from_micros(0));
        (Leases::new(Duration::from_secs(10), clock.clone()), clock)
    }

    #[test]
    fn the_same_sender_replaces_itself() {
        let (leases, _) = leases();
        let pbx = SourceId::new("pbx");
        let first = leases.acquire(&pbx, Mode::Live, "a", false).unwrap();
        let second = leases.acquire(&pbx, Mode::Live, "a", false).unwrap();
        assert!(first.replaced.is_cancelled());
        drop(first);
        assert!(!second.replaced.is_cancelled());
        assert_eq!(
            leases.of(&pbx).len(),
            1,
            "the older stream's end takes nothing from the newer"
        );
    }

    #[test]
    fn another_sender_waits_until_the_first_is_silent_for_10_s() {
        let (leases, clock) = leases();
        let pbx = SourceId::new("pbx");
        let first = leases.acquire(&pbx, Mode::Live, "a", false).unwrap();
        clock.advance(Duration::from_secs(9));
        first.touch();
        clock.advance(Duration::from_secs(9));
        let refused = leases.acquire(&pbx, Mode::Live, "b", false).unwrap_err();
        let wait = Duration::from_secs(1);
        assert_eq!(
            refused,
            IngestError::SourceInUse {
                sender: "a".into(),
                wait
            }
        );
        assert!(
            leases.acquire(&pbx, Mode::Backfill, "b", false).is_ok(),
            "modes are apart"
        );
        clock.advance(Duration::from_secs(1));
        assert!(leases.acquire(&pbx, Mode::Live, "b", false).is_ok());
        assert!(first.replaced.is_cancelled());
    }

    #[test]
    fn taking_over_and_letting_go_need_no_waiting() {
        let (leases, _) = leases();
        let pbx = SourceId::new("pbx");
        let first = leases.acquire(&pbx, Mode::Live, "a", false).unwrap();
        let second = leases.acquire(&pbx, Mode::Live, "b", true).unwrap();
        assert!(first.replaced.is_cancelled());
        drop(second);
        assert!(leases.acquire(&pbx, Mode::Live, "c", false).is_ok());
    }
}
