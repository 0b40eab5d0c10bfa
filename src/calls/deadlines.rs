//! What happens by itself when the source's watermark passes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::{CallKey, Timestamp};

/// Fewer deadlines than this are not worth looking through for void ones.
const VOID_MIN: usize = 10_000;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A waiting visit passes its target.
    Decide,
    /// An ended call settles.
    Settle,
    /// A call of which nothing was told for too long is closed.
    Expire,
}

/// Deadlines of live calls. One that no longer holds stays until it fires and is then found to be void.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Timestamp, CallKey, Due)>>,
}

impl Deadlines {
    /// Something will be due.
    pub(super) fn push(&mut self, at: Timestamp, key: CallKey, due: Due) {
        self.heap.push(Reverse((at, key, due)));
    }

    /// The earliest instant at which something is due.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// How many are kept, void ones included.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The earliest thing that is due at `watermark`, and since when.
    pub(super) fn pop(&mut self, watermark: Timestamp) -> Option<(Timestamp, CallKey, Due)> {
        if self.next_at()? > watermark {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }

    /// Forgets what is due of calls that are no longer live, once that is most of what is kept.
    pub(super) fn prune(&mut self, live: usize, is_live: impl Fn(CallKey) -> bool) {
        if self.heap.len() > VOID_MIN + 4 * live {
            self.heap.retain(|Reverse((_, key, _))| is_live(*key));
        }
    }
}
