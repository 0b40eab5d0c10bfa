//! Repeat calls (R1–R7): what one caller's calls, in order of time, say together.
//!
//! A repeat looks back to the caller's previous call, whatever its queue. Our own return calls are neither demand nor a
//! repeat; one that reached the caller closes the episode.

use std::time::Duration;

use crate::model::Timestamp;

use super::share::share;

/// Windows of R1–R4 when none are asked for.
pub const REPEAT_WINDOWS: [Duration; 3] = [
    Duration::from_secs(24 * 3_600),
    Duration::from_secs(72 * 3_600),
    Duration::from_secs(7 * 24 * 3_600),
];

/// R7: redials no further apart are one episode.
pub const EPISODE_GAP: Duration = Duration::from_secs(30 * 60);

/// R5: the slots of attempts until the first answer: 1, 2, 3 and more.
pub const ATTEMPT_SLOTS: usize = 4;

/// One contact of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When it began.
    pub at: Timestamp,
    /// What it was.
    pub kind: ContactKind,
}

/// What a contact was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// The caller called.
    Call {
        /// A human answered.
        served: bool,
    },
    /// We called back.
    Return {
        /// The caller was spoken to.
        reached: bool,
    },
}

impl Contact {
    /// Whether the caller called.
    pub const fn is_call(self) -> bool {
        matches!(self.kind, ContactKind::Call { .. })
    }

    /// Whether caller and human spoke.
    pub const fn is_spoken(self) -> bool {
        matches!(
            self.kind,
            ContactKind::Call { served: true } | ContactKind::Return { reached: true }
        )
    }
}

/// The place of the caller's call before one, returns left out.
pub fn previous_call(contacts: &[Contact], index: usize) -> Option<usize> {
    contacts[..index].iter().rposition(|one| one.is_call())
}

/// The place of the caller's call after one, returns left out.
pub fn next_call(contacts: &[Contact], index: usize) -> Option<usize> {
    let after = contacts[index + 1..].iter().position(|one| one.is_call());
    after.map(|after| index + 1 + after)
}

/// What a call adds to R1–R4 within one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// R1.
    pub is_repeat: bool,
    /// R3.
    pub is_redial: bool,
    /// R4: whether it is known what came after it.
    pub is_mature: bool,
    /// R4: mature, and called again.
    pub is_called_again: bool,
}

/// What a call of a caller adds to R1–R4 within a window, when calls are known up to `horizon`.
pub fn repeated(
    contacts: &[Contact],
    index: usize,
    window: Duration,
    horizon: Timestamp,
) -> Repeated {
    let at = contacts[index].at;
    let contact = |index: usize| contacts[index];
    let previous = previous_call(contacts, index).map(contact);
    let next = next_call(contacts, index).map(contact);
    let is_mature = is_mature(at, window, horizon);
    Repeated {
        is_repeat: is_repeat(previous, at, window),
        is_redial: is_redial(previous, at, window),
        is_mature,
        is_called_again: is_mature && is_called_again(next, at, window),
    }
}

/// R1: whether the caller had called no longer than the window before.
pub fn is_repeat(previous: Option<Contact>, at: Timestamp, window: Duration) -> bool {
    previous
        .and_then(|previous| at.since(previous.at))
        .is_some_and(|gap| gap <= window)
}

/// R2: repeats ÷ calls with a known caller.
pub fn repeat_rate(repeats: u64, calls_with_caller: u64) -> Option<f64> {
    share(repeats, calls_with_caller)
}

/// R3: whether it is a repeat whose previous call was not served.
pub fn is_redial(previous: Option<Contact>, at: Timestamp, window: Duration) -> bool {
    is_repeat(previous, at, window) && previous.is_some_and(|previous| !previous.is_spoken())
}

/// R4: whether the caller calls again no longer than the window after.
pub fn is_called_again(next: Option<Contact>, at: Timestamp, window: Duration) -> bool {
    next.and_then(|next| next.at.since(at))
        .is_some_and(|gap| gap <= window)
}

/// R4: whether the window after a call lies within what is known, up to `horizon`; else it is immature.
pub fn is_mature(at: Timestamp, window: Duration, horizon: Timestamp) -> bool {
    at.plus(window) <= horizon
}

/// R5: people who spoke to someone ÷ people who tried.
pub fn got_through(spoke: u64, tried: u64) -> Option<f64> {
    share(spoke, tried)
}

/// Calls with a withheld number ÷ all calls: of so many nobody can say whether they are repeats.
pub fn withheld_share(withheld: u64, calls: u64) -> Option<f64> {
    share(withheld, calls)
}

/// R5: the slot of so many attempts until the first answer, counted from 1.
pub fn attempt_slot(attempts: usize) -> usize {
    attempts.clamp(1, ATTEMPT_SLOTS) - 1
}

/// R7: the place of the contact on which it depends whether a call begins an episode: a return that did not reach anybody
/// changes nothing.
pub fn before_episode(contacts: &[Contact], index: usize) -> Option<usize> {
    let mut before = contacts[..index].iter();
    before.rposition(|one| one.is_call() || one.is_spoken())
}

/// R7: whether a call begins an episode: no redial, or one after a longer gap, or after we reached the caller.
pub fn begins_episode(contacts: &[Contact], index: usize) -> bool {
    let at = contacts[index].at;
    let previous = before_episode(contacts, index).map(|before| contacts[before]);
    previous
        .is_none_or(|previous| previous.is_spoken() || !is_repeat(Some(previous), at, EPISODE_GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_micros(minutes * 60_000_000)
    }

    fn call(minutes: i64, served: bool) -> Contact {
        Contact {
            at: at(minutes),
            kind: ContactKind::Call { served },
        }
    }

    fn returned(minutes: i64, reached: bool) -> Contact {
        Contact {
            at: at(minutes),
            kind: ContactKind::Return { reached },
        }
    }

    #[test]
    fn a_repeat_looks_back_as_far_as_its_window() {
        let day = REPEAT_WINDOWS[0];
        for (previous, gap, repeat, redial) in [
            (None, 0, false, false),
            // Two calls at the same instant: the later in order is a repeat.
            (Some(call(0, false)), 0, true, true),
            (Some(call(0, false)), 24 * 60, true, true),
            (Some(call(0, true)), 24 * 60, true, false),
            (Some(call(0, false)), 24 * 60 + 1, false, false),
        ] {
            assert_eq!(is_repeat(previous, at(gap), day), repeat);
            assert_eq!(is_redial(previous, at(gap), day), redial);
        }
    }

    #[test]
    fn called_again_looks_forward_and_needs_time_to_be_known() {
        let day = REPEAT_WINDOWS[0];
        assert!(is_called_again(Some(call(24 * 60, true)), at(0), day));
        assert!(!is_called_again(Some(call(24 * 60 + 1, true)), at(0), day));
        assert!(!is_called_again(None, at(0), day));
        assert!(is_mature(at(0), day, at(24 * 60)));
        assert!(!is_mature(at(1), day, at(24 * 60)));
    }

    #[test]
    fn our_return_call_is_no_repeat() {
        let contacts = [call(0, false), returned(5, true), call(10, false)];
        assert_eq!(previous_call(&contacts, 2), Some(0));
        assert_eq!(next_call(&contacts, 0), Some(2));
        assert_eq!(previous_call(&contacts, 0), None);
        assert_eq!(next_call(&contacts, 2), None);
    }

    #[test]
    fn an_episode_lasts_while_redials_are_close() {
        let begins = |contacts: &[Contact]| -> Vec<bool> {
            let calls = (0..contacts.len()).filter(|index| contacts[*index].is_call());
            calls.map(|index| begins_episode(contacts, index)).collect()
        };
        // 30 min after the one before is still close, 31 is not.
        assert_eq!(
            begins(&[
                call(0, false),
                call(30, false),
                call(60, false),
                call(91, true)
            ]),
            [true, false, false, true]
        );
        // Served: what comes after is a new matter.
        assert_eq!(begins(&[call(0, true), call(5, false)]), [true, true]);
        assert_eq!(
            begins(&[call(0, false), returned(5, true), call(10, false)]),
            [true, true]
        );
        assert_eq!(
            begins(&[call(0, false), returned(5, false), call(10, false)]),
            [true, false]
        );
    }

    #[test]
    fn more_than_three_attempts_share_a_slot() {
        for (attempts, slot) in [(1, 0), (2, 1), (3, 2), (4, 3), (40, 3)] {
            assert_eq!(attempt_slot(attempts), slot);
        }
    }
}
