//! Abandonment: AB1, AB3, AB4 and AB6. AB2 is of calls, as AB5 is.

use std::time::Duration;

use crate::model::{Exit, ExitClass, VisitRow};

use super::share::share;

/// AB1: abandoned ÷ visits that ended, however they ended.
pub fn abandon_rate(abandoned: u64, visits_ended: u64) -> Option<f64> {
    share(abandoned, visits_ended)
}

/// AB3: whether an abandoned visit was a short one, with wait ≤ s. An unknown wait is not short.
pub fn is_abandoned_short(wait: Option<Duration>, s: Duration) -> bool {
    wait.is_some_and(|wait| wait <= s)
}

/// AB4: whether a caller gave up in a queue after somebody had passed the call on.
pub fn is_abandoned_after_transfer(visit: &VisitRow) -> bool {
    visit.after_transfer && visit.exit.map(Exit::class) == Some(ExitClass::Abandoned)
}

/// AB6: whether a talk was a short one, shorter than x. An unknown talk is not short.
pub fn is_answered_short(talk: Option<Duration>, x: Duration) -> bool {
    talk.is_some_and(|talk| talk < x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QueueId, Timestamp};

    #[test]
    fn giving_up_after_a_transfer_needs_both() {
        let visit = |exit, after_transfer| VisitRow {
            queue: QueueId::new("jobs"),
            entered_at: Timestamp::default(),
            exit,
            exited_at: None,
            wait: None,
            talk: None,
            first: false,
            provisional: false,
            missed_offer_time: Duration::ZERO,
            after_transfer,
            waits_at: None,
        };
        for (exit, after_transfer, expected) in [
            (Some(Exit::AbandonedWaiting), true, true),
            (Some(Exit::AbandonedRinging), true, true),
            (Some(Exit::AbandonedWaiting), false, false),
            (Some(Exit::Answered), true, false),
            (Some(Exit::Timeout), true, false),
            (None, true, false),
        ] {
            let visit = visit(exit, after_transfer);
            assert_eq!(is_abandoned_after_transfer(&visit), expected, "{exit:?}");
        }
    }

    #[test]
    fn a_short_talk_is_shorter_than_x() {
        let x = Duration::from_secs(10);
        for (micros, short) in [(0, true), (9_999_999, true), (10_000_000, false)] {
            let talk = Some(Duration::from_micros(micros));
            assert_eq!(is_answered_short(talk, x), short);
        }
        assert!(!is_answered_short(None, x));
    }

    #[test]
    fn the_rate_is_of_the_ended() {
        for (abandoned, ended, expected) in [
            (0, 0, None),
            (0, 8, Some(0.0)),
            (2, 8, Some(0.25)),
            // kpi.md's worked example: 60 ÷ (1000 + 60)
            (60, 1060, Some(60.0 / 1060.0)),
        ] {
            assert_eq!(abandon_rate(abandoned, ended), expected);
        }
    }

    #[test]
    fn short_is_up_to_s() {
        let s = Duration::from_secs(5);
        for (micros, short) in [(0, true), (5_000_000, true), (5_000_001, false)] {
            assert_eq!(
                is_abandoned_short(Some(Duration::from_micros(micros)), s),
                short
            );
        }
        assert!(!is_abandoned_short(None, s));
    }
}
