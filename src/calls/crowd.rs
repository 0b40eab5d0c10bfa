//! Which open call is let go when there are too many: the one that was longest without news.
//!
//! News is counted by the order of telling, which is in the calls themselves: so a restart lets the same calls go. What
//! history left open goes before any live call. Nothing is kept until the first time there are too many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::{CallKey, Mode};

use super::live::LiveCall;
use super::told::Order;

/// When a call was last told of, the longest ago first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    live: bool,
    last: Order,
    key: CallKey,
}

impl Heard {
    /// When this call was last told of.
    pub(super) fn of(key: CallKey, call: &LiveCall) -> Self {
        Self {
            live: call.mode == Mode::Live,
            last: call.fold.told_until(),
            key,
        }
    }

    /// The call.
    pub(super) fn key(self) -> CallKey {
        self.key
    }
}

/// The open calls by their last news, once there were too many. What no longer holds stays until it is met.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    longest_ago: Option<BinaryHeap<Reverse<Heard>>>,
}

impl Crowd {
    /// A call was told of.
    pub(super) fn hear(&mut self, heard: Heard) {
        if let Some(heap) = &mut self.longest_ago {
            heap.push(Reverse(heard));
        }
    }

    /// The call that was longest without news; `all` are those that are open.
    pub(super) fn pop<I: Iterator<Item = Heard>>(
        &mut self,
        all: impl Fn() -> I,
        holds: impl Fn(Heard) -> bool,
    ) -> Option<CallKey> {
        let heap = self
            .longest_ago
            .get_or_insert_with(|| all().map(Reverse).collect());
        while let Some(Reverse(heard)) = heap.pop() {
            if holds(heard) {
                return Some(heard.key);
            }
        }
        None
    }

    /// Forgets the order when it is of use no longer, or is mostly void: it can be made again from the calls.
    pub(super) fn prune(&mut self, open: usize, max: usize) {
        let kept = self.longest_ago.as_ref().map_or(0, BinaryHeap::len);
        if open < max / 2 || kept > 4 * max {
            self.longest_ago = None;
        }
    }
}
