//! A call from its first queue to its first human: W2, W3, W12, and the service levels `journey` and `access`.
//!
//! Whoever is moved from queue to queue waits once, not three times for a short while: these figures follow the caller. A
//! call whose first queue came after a human had answered has no such wait; W4 knows what it waited.

use std::time::Duration;

use crate::model::{CallRow, Exit, Timestamp};

use super::interval::Part;
use super::service_level::is_within;
use super::share::share;
use super::volume::is_offered;
use super::wait::wait;

/// A call's wait for the first human.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The first queue entry.
    pub entered_at: Timestamp,
    /// How it ended: answered, or as the last visit did; `None` while the caller is there and nobody has answered.
    pub exit: Option<Exit>,
    /// The first answer, else the call's end; `None` while neither is known.
    pub exited_at: Option<Timestamp>,
    /// W2; of an unanswered call until its end, censored; `None` while it lasts, and when nobody knows.
    pub wait: Option<Duration>,
}

/// The journey of a call; `None` when it was never queued before a human answered.
pub fn journey_of(call: &CallRow) -> Option<Journey> {
    let entered_at = call.first_entered_at.filter(|_| is_offered(call))?;
    let (exit, exited_at) = if call.answered {
        (Some(Exit::Answered), call.first_answered_at)
    } else if call.ended_at.is_some() {
        // A caller who waits when the end is told has left by it.
        (Some(call.last_exit.unwrap_or(Exit::Error)), call.ended_at)
    } else {
        (None, None)
    };
    Some(Journey {
        entered_at,
        exit,
        exited_at,
        wait: exited_at.and_then(|exited_at| wait(entered_at, exited_at)),
    })
}

/// W2: first answer − first queue entry, gaps and announcements between queues included.
pub fn journey_wait(call: &CallRow) -> Option<Duration> {
    journey_of(call)
        .filter(|journey| journey.exit == Some(Exit::Answered))?
        .wait
}

/// W2 as far as it was watched, of a call that ended without an answer: censored.
pub fn journey_wait_censored(call: &CallRow) -> Option<Duration> {
    journey_of(call)
        .filter(|journey| journey.exit != Some(Exit::Answered))?
        .wait
}

/// W3: first answer − arrival, with or without a queue.
pub fn time_to_human(call: &CallRow) -> Option<Duration> {
    wait(call.arrived_at, call.first_answered_at?)
}

/// W12: all waits and holds of a call, the waits after a transfer among them.
pub fn caller_burden(call: &CallRow) -> Duration {
    call.queue_wait
        .saturating_add(call.transfer_wait)
        .saturating_add(call.hold)
}

/// What `journey` and `access` are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JourneyCounts {
    /// Calls with a first human answer within T of their first queue entry.
    pub answered_within: u64,
    /// Calls decided: answered, ended, or waiting for as long as T.
    pub decided: u64,
    /// Calls refused and with no visit.
    pub refused: u64,
}

/// Whether a journey ended with an answer within T of the first queue.
pub fn is_journey_within(journey: &Journey, threshold: Duration) -> bool {
    journey.exit == Some(Exit::Answered) && is_within(journey.wait, threshold)
}

/// Numerator and denominator of `journey`.
pub fn journey_part(counts: &JourneyCounts) -> Part {
    Part {
        count: counts.answered_within,
        of: counts.decided,
    }
}

/// Numerator and denominator of `access`.
pub fn access_part(counts: &JourneyCounts) -> Part {
    Part {
        count: counts.answered_within,
        of: counts.decided + counts.refused,
    }
}

/// `journey`: calls answered within T of their first queue entry ÷ calls decided. Overflow between queues hides nothing.
pub fn journey(counts: &JourneyCounts) -> Option<f64> {
    let Part { count, of } = journey_part(counts);
    share(count, of)
}

/// `access`: the numerator of `journey` ÷ (calls decided + calls refused). Nor does a busy tone.
pub fn access(counts: &JourneyCounts) -> Option<f64> {
    let Part { count, of } = access_part(counts);
    share(count, of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default().plus(s(seconds))
    }

    fn call() -> CallRow {
        CallRow {
            visits: 2,
            first_entered_at: Some(at(10)),
            ..fixture::call(at(0))
        }
    }

    #[test]
    fn a_journey_is_answered_ended_or_goes_on() {
        let answered = CallRow {
            answered: true,
            first_answered_at: Some(at(45)),
            last_exit: Some(Exit::Answered),
            ended_at: Some(at(100)),
            ..call()
        };
        let given_up = CallRow {
            last_exit: Some(Exit::AbandonedRinging),
            ended_at: Some(at(70)),
            ..call()
        };
        // The answer was never told: nobody knows the wait.
        let lost = CallRow {
            first_answered_at: None,
            ..answered.clone()
        };
        // An agent took the call before any queue.
        let direct_first = CallRow {
            first_entered_at: None,
            ..answered.clone()
        };
        let test = CallRow {
            test: true,
            ..answered.clone()
        };
        // (call, exit and wait, W2 answered, W2 censored, W3)
        for (call, journey, wait, censored, to_human) in [
            (
                &answered,
                Some((Some(Exit::Answered), Some(35))),
                Some(35),
                None,
                Some(45),
            ),
            (
                &given_up,
                Some((Some(Exit::AbandonedRinging), Some(60))),
                None,
                Some(60),
                None,
            ),
            (&lost, Some((Some(Exit::Answered), None)), None, None, None),
            (&call(), Some((None, None)), None, None, None),
            (&direct_first, None, None, None, Some(45)),
            (&test, None, None, None, Some(45)),
        ] {
            let found = journey_of(call);
            let brief =
                found.map(|journey| (journey.exit, journey.wait.map(|wait| wait.as_secs())));
            assert_eq!(brief, journey, "{call:?}");
            assert_eq!(journey_wait(call), wait.map(s));
            assert_eq!(journey_wait_censored(call), censored.map(s));
            assert_eq!(time_to_human(call), to_human.map(s));
        }
    }

    #[test]
    fn the_burden_counts_each_wait_once() {
        for (queue, transfer, hold, expected) in [(0, 0, 0, 0), (35, 0, 0, 35), (35, 20, 15, 70)] {
            let call = CallRow {
                queue_wait: s(queue),
                transfer_wait: s(transfer),
                hold: s(hold),
                ..call()
            };
            assert_eq!(caller_burden(&call), s(expected));
        }
    }

    #[test]
    fn within_is_of_answers_only() {
        let journey = |exit, wait: Option<u64>| Journey {
            entered_at: at(0),
            exit,
            exited_at: wait.map(at),
            wait: wait.map(s),
        };
        for (exit, wait, within) in [
            (Some(Exit::Answered), Some(20), true),
            (Some(Exit::Answered), Some(21), false),
            (Some(Exit::Answered), None, false),
            (Some(Exit::AbandonedWaiting), Some(5), false),
            (None, None, false),
        ] {
            assert_eq!(is_journey_within(&journey(exit, wait), s(20)), within);
        }
    }

    #[test]
    fn refusals_count_for_access_only() {
        // kpi.md's worked example, each visit a call of its own: 860 of 1060; with 140 busy tones 860 of 1200.
        for (answered_within, decided, refused, level, with_refused) in [
            (0, 0, 0, None, None),
            (0, 0, 3, None, Some(0.0)),
            (860, 1060, 0, Some(860.0 / 1060.0), Some(860.0 / 1060.0)),
            (860, 1060, 140, Some(860.0 / 1060.0), Some(860.0 / 1200.0)),
        ] {
            let counts = JourneyCounts {
                answered_within,
                decided,
                refused,
            };
            assert_eq!((journey(&counts), access(&counts)), (level, with_refused));
        }
    }
}
