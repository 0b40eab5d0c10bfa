//! How a queue is doing, in one word for every board.

use std::time::Duration;

use crate::model::Exit;

use super::picture::WindowPicture;

/// A caller who waits for so long while nobody is there has not just come.
const UNHEEDED_AFTER: Duration = Duration::from_secs(5);
/// Visits lost within five minutes that are no accident. Two may be one person who called twice.
const LOST_LEAST: u64 = 3;

/// How a queue is doing, and why it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// All is well.
    Good,
    /// Closed by its calendar, and nobody waits for long.
    Closed,
    /// A switch that tells of it is silent, and what the others tell is no reason to act.
    NotKnown,
    /// Somebody has waited longer than T.
    WaitsLong,
    /// Of the visits that ended in five minutes half or more were lost.
    ManyLost,
    /// Somebody waits and no agent is at the telephone.
    NobodyThere,
    /// Somebody waits longer than T, and nobody was answered for a minute.
    Unheeded,
    /// Somebody waits longer than 2 T.
    WaitsTwice,
    /// In five minutes visits were lost and none was answered, however short each of them was.
    NobodyAnswered,
}

impl QueueState {
    /// Whether somebody must act.
    pub(super) fn is_stuck(self) -> bool {
        match self {
            Self::NobodyThere | Self::Unheeded | Self::WaitsTwice | Self::NobodyAnswered => true,
            Self::Good | Self::Closed | Self::NotKnown | Self::WaitsLong | Self::ManyLost => false,
        }
    }

    /// The reason as a word of the contract; empty when all is well or the queue is closed.
    pub fn because(self) -> &'static str {
        match self {
            Self::Good | Self::Closed => "",
            Self::NotKnown => "silent",
            Self::WaitsLong => "waits_long",
            Self::ManyLost => "many_lost",
            Self::NobodyThere => "nobody_there",
            Self::Unheeded => "unheeded",
            Self::WaitsTwice => "waits_twice",
            Self::NobodyAnswered => "nobody_answered",
        }
    }
}

/// What the state follows from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) is_open: bool,
    pub(super) target: Duration,
    pub(super) waiting: u64,
    pub(super) oldest_wait: Duration,
    pub(super) is_nobody_there: bool,
    /// The last minute.
    pub(super) minute: &'a WindowPicture,
    /// The last five.
    pub(super) five: &'a WindowPicture,
}

impl Seen<'_> {
    /// The worst that can be said. The oldest wait alone would not do: where everybody gives up before T nobody ever waits
    /// for long, and a queue in which nobody is answered would stay green.
    pub(super) fn state(self) -> QueueState {
        let (waits, oldest, target) = (self.waiting > 0, self.oldest_wait, self.target);
        let (answered, lost) = (self.five.exits.of(Exit::Answered), lost(self.five));
        // After closing time the last callers are sent away; nobody is to be called for that.
        let loses = lost >= LOST_LEAST && (self.is_open || waits);
        if waits && self.is_nobody_there && oldest > UNHEEDED_AFTER {
            QueueState::NobodyThere
        } else if loses && answered == 0 {
            QueueState::NobodyAnswered
        } else if waits && oldest > target && self.minute.exits.of(Exit::Answered) == 0 {
            QueueState::Unheeded
        } else if waits && oldest > target * 2 {
            QueueState::WaitsTwice
        } else if waits && oldest > target {
            QueueState::WaitsLong
        } else if loses && lost >= answered {
            QueueState::ManyLost
        } else if self.is_open {
            QueueState::Good
        } else {
            QueueState::Closed
        }
    }
}

/// Visits that ended with the caller gone or sent away. Short abandons are misdials; who chose a key, a person or a call
/// back is not lost.
fn lost(window: &WindowPicture) -> u64 {
    let sent_away = [Exit::Timeout, Exit::LeftEmpty, Exit::Error];
    let sent_away: u64 = sent_away.iter().map(|exit| window.exits.of(*exit)).sum();
    let gave_up = window.level.abandoned;
    sent_away + gave_up.saturating_sub(window.level.abandoned_short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::{ExitCounts, LevelCounts};

    fn window(exits: &[(Exit, u64)], abandoned_short: u64) -> WindowPicture {
        let mut counts = ExitCounts::default();
        for (exit, count) in exits {
            counts.add(*exit, *count);
        }
        let abandoned = counts.of(Exit::AbandonedWaiting) + counts.of(Exit::AbandonedRinging);
        WindowPicture {
            exits: counts,
            level: LevelCounts {
                abandoned,
                abandoned_short,
                ..LevelCounts::default()
            },
            ..WindowPicture::default()
        }
    }

    /// A queue with T = 20 s in which the oldest has waited for so many seconds, and so many were answered in a minute.
    fn waited(oldest: u64, answered: u64, is_nobody_there: bool) -> QueueState {
        let minute = window(&[(Exit::Answered, answered)], 0);
        let seen = Seen {
            is_open: true,
            target: Duration::from_secs(20),
            waiting: u64::from(oldest > 0),
            oldest_wait: Duration::from_secs(oldest),
            is_nobody_there,
            minute: &minute,
            five: &minute,
        };
        seen.state()
    }

    #[test]
    fn a_queue_is_stuck_when_nobody_is_answered_though_one_waits_beyond_the_threshold() {
        for (oldest, answered, state) in [
            (0, 0, QueueState::Good),
            (20, 0, QueueState::Good),
            (21, 0, QueueState::Unheeded),
            (21, 3, QueueState::WaitsLong),
            (41, 3, QueueState::WaitsTwice),
        ] {
            let is = waited(oldest, answered, false);
            assert_eq!(is, state, "{oldest} s, {answered}");
        }
    }

    #[test]
    fn a_caller_is_unheeded_where_all_agents_are_away() {
        assert_eq!(waited(5, 3, true), QueueState::Good);
        assert_eq!(waited(6, 3, true), QueueState::NobodyThere);
        assert_eq!(waited(6, 3, false), QueueState::Good);
    }

    #[test]
    fn a_queue_where_everybody_gives_up_in_time_is_no_green_one() {
        use Exit::{AbandonedRinging, AbandonedWaiting, Answered, Callback, KeyExit, Timeout};
        let none = window(&[], 0);
        for (exits, short, state) in [
            (&[(AbandonedWaiting, 2)][..], 0, QueueState::Good),
            (&[(AbandonedWaiting, 3)], 0, QueueState::NobodyAnswered),
            // Misdials are nobody's fault.
            (&[(AbandonedWaiting, 3)], 1, QueueState::Good),
            (
                &[(AbandonedWaiting, 1), (AbandonedRinging, 1), (Timeout, 1)],
                0,
                QueueState::NobodyAnswered,
            ),
            // Who chose something else is not lost.
            (&[(KeyExit, 5), (Callback, 5)], 0, QueueState::Good),
            (
                &[(Answered, 3), (AbandonedWaiting, 3)],
                0,
                QueueState::ManyLost,
            ),
            (&[(Answered, 4), (AbandonedWaiting, 3)], 0, QueueState::Good),
        ] {
            let five = window(exits, short);
            let seen = |is_open, waiting| Seen {
                is_open,
                target: Duration::from_secs(20),
                waiting,
                oldest_wait: Duration::from_secs(waiting),
                is_nobody_there: false,
                minute: &none,
                five: &five,
            };
            // Whether or not somebody waits at this very moment.
            assert_eq!(seen(true, 0).state(), state, "{exits:?} {short}");
            assert_eq!(seen(true, 1).state(), state, "{exits:?} {short}");
            assert_eq!(seen(false, 0).state(), QueueState::Closed);
        }
    }
}
