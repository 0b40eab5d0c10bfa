//! Which presses count: a trembling hand, a key heard two ways, a number told again are one press.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

use crate::survey::key::Key;
use crate::survey::limits;
use crate::survey::order::{Heard, Press};

/// What was heard of the keypad.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Keypad {
    last: Option<Last>,
    /// The highest number of a press.
    input_seq: u64,
    /// Whether any key was heard.
    pub(super) is_heard: bool,
    /// When `*` was pressed last.
    star_at: Option<Timestamp>,
    /// Keys that came while an answer was being written.
    ahead: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Last {
    key: Key,
    at: Timestamp,
    heard: Heard,
}

impl Keypad {
    /// The key of a press that counts; `None` of one that was counted already.
    pub(super) fn take(&mut self, press: &Press, at: Timestamp) -> Option<Key> {
        if let Some(number) = press.input_seq {
            if number <= self.input_seq {
                return None;
            }
            self.input_seq = number;
        }
        self.is_heard = true;
        let last = self.last.replace(Last {
            key: press.key,
            at,
            heard: press.heard,
        });
        let again = last.filter(|last| last.key == press.key);
        let is_same = again.is_some_and(|last| {
            let both_ways = last.heard != press.heard
                && last.heard != Heard::Unknown
                && press.heard != Heard::Unknown;
            let window = if both_ways {
                limits::TOLD_TWICE
            } else {
                limits::BOUNCE
            };
            at.since(last.at).is_some_and(|since| since <= window)
        });
        (!is_same).then_some(press.key)
    }

    /// Whether this `*` makes two in a row.
    pub(super) fn is_second_star(&mut self, at: Timestamp) -> bool {
        let before = self.star_at.replace(at);
        let since = before.and_then(|before| at.since(before));
        since.is_some_and(|since| since <= limits::STAR_STAR)
    }

    /// Keeps a key until the next question is asked.
    pub(super) fn keep(&mut self, key: Key) {
        if self.ahead.len() < limits::AHEAD_MAX {
            self.ahead.push(key);
        }
    }

    /// The keys that were kept.
    pub(super) fn take_ahead(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.ahead)
    }

    /// Forgets what was pressed before a crash; numbers go on.
    pub(super) fn forget(&mut self) {
        self.last = None;
        self.star_at = None;
        self.ahead.clear();
    }
}
