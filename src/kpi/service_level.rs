//! The service level: one family of formulas over the same counts.
//!
//! Products differ in how they count who hung up, so the formula is always named. Asterisk alone shows two (its second
//! counts early abandons in both halves); Cisco lets the administrator choose between three.

use std::time::Duration;

use crate::model::{Exit, ExitClass, Headline, QueueTarget, Timestamp, VisitRow};

use super::abandonment::is_abandoned_short;
use super::interval::Part;
use super::journey::{self, JourneyCounts};
use super::share::share;
use super::wait::wait;

/// What every formula of the family is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts {
    /// A: visits answered.
    pub answered: u64,
    /// Aw: of them with wait ≤ T.
    pub answered_within: u64,
    /// B: visits abandoned.
    pub abandoned: u64,
    /// Bw: of them with wait ≤ T.
    pub abandoned_within: u64,
    /// Bs: of them with wait ≤ s.
    pub abandoned_short: u64,
    /// N: visits decided.
    pub decided: u64,
    /// Visits that left within T to be called back.
    pub callback_within: u64,
}

impl LevelCounts {
    /// What one visit counts, by its queue's thresholds.
    pub fn of_visit(visit: &VisitRow, target: QueueTarget, read_at: Option<Timestamp>) -> Self {
        let (ended, threshold) = (visit.exit.is_some(), target.service_level);
        Self {
            decided: is_decided(ended, visit.entered_at, threshold, read_at).into(),
            ..Self::of_end(visit, target)
        }
    }

    /// What the end of one visit counts: everything but whether it is decided.
    pub fn of_end(visit: &VisitRow, target: QueueTarget) -> Self {
        let class = visit.exit.map(Exit::class);
        let answered = class == Some(ExitClass::Answered);
        let abandoned = class == Some(ExitClass::Abandoned);
        let called_back = visit.exit == Some(Exit::Callback);
        let within = is_within(visit.wait, target.service_level);
        let short = is_abandoned_short(visit.wait, target.short_abandon);
        Self {
            answered: answered.into(),
            answered_within: (answered && within).into(),
            abandoned: abandoned.into(),
            abandoned_within: (abandoned && within).into(),
            abandoned_short: (abandoned && short).into(),
            decided: 0,
            callback_within: (called_back && within).into(),
        }
    }

    /// Adds the counts of others.
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.answered_within += other.answered_within;
        self.abandoned += other.abandoned;
        self.abandoned_within += other.abandoned_within;
        self.abandoned_short += other.abandoned_short;
        self.decided += other.decided;
        self.callback_within += other.callback_within;
    }

    /// Takes the counts of others out, which were added before.
    pub fn remove(&mut self, other: Self) {
        self.answered -= other.answered;
        self.answered_within -= other.answered_within;
        self.abandoned -= other.abandoned;
        self.abandoned_within -= other.abandoned_within;
        self.abandoned_short -= other.abandoned_short;
        self.decided -= other.decided;
        self.callback_within -= other.callback_within;
    }
}

/// Whether a wait is within the threshold; an unknown wait is not.
pub fn is_within(wait: Option<Duration>, threshold: Duration) -> bool {
    wait.is_some_and(|wait| wait <= threshold)
}

/// Whether a visit is decided at the instant of reading: ended, or waiting for T. Its instant is min(exit, entry + T).
///
/// Without an instant of reading only ended visits are decided.
pub fn is_decided(
    ended: bool,
    entered_at: Timestamp,
    threshold: Duration,
    read_at: Option<Timestamp>,
) -> bool {
    let waited = |read_at| wait(entered_at, read_at).is_some_and(|waited| waited >= threshold);
    ended || read_at.is_some_and(waited)
}

/// When a visit is decided: min(exit, entry + T). One whose clock stepped back is by its exit.
pub fn decided_at(
    entered_at: Timestamp,
    exited_at: Option<Timestamp>,
    threshold: Duration,
) -> Timestamp {
    let due = entered_at.plus(threshold);
    exited_at.map_or(due, |exited_at| exited_at.min(due))
}

/// The formulas of the family. Each is a sum over visits ÷ another, so that a single visit's counts say what it adds to
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelFormula {
    /// Aw ÷ N. The headline: who hung up and who still waits beyond T counts against us.
    Strict,
    /// Aw ÷ (N − Bs). As Talkdesk and RingCentral offer: short abandons are left out.
    Short,
    /// Aw ÷ (A + B − Bw). Cisco's "abandon ignored".
    IgnoreAbandoned,
    /// (Aw + Bw) ÷ (A + B). Cisco's "abandon positive", Asterisk's second figure.
    AbandonedMet,
    /// Aw ÷ A. Asterisk's first figure, Wazo's.
    AnsweredOnly,
    /// Left within T by answer, abandon or callback ÷ N. Amazon Connect's: whoever leaves in time is well served.
    Amazon,
}

impl LevelFormula {
    /// Numerator and denominator.
    pub fn part(self, counts: &LevelCounts) -> Part {
        let ended = counts.answered + counts.abandoned;
        let within = counts.answered_within;
        let (count, of) = match self {
            Self::Strict => (within, counts.decided),
            Self::Short => (
                within,
                counts.decided.saturating_sub(counts.abandoned_short),
            ),
            Self::IgnoreAbandoned => (within, ended.saturating_sub(counts.abandoned_within)),
            Self::AbandonedMet => (within + counts.abandoned_within, ended),
            Self::AnsweredOnly => (within, counts.answered),
            Self::Amazon => (
                within + counts.abandoned_within + counts.callback_within,
                counts.decided,
            ),
        };
        Part { count, of }
    }

    fn share(self, counts: &LevelCounts) -> Option<f64> {
        let Part { count, of } = self.part(counts);
        share(count, of)
    }
}

/// `strict`: Aw ÷ N.
pub fn strict(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::Strict.share(counts)
}

/// `short`: Aw ÷ (N − Bs).
pub fn short(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::Short.share(counts)
}

/// `ignore_abandoned`: Aw ÷ (A + B − Bw).
pub fn ignore_abandoned(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::IgnoreAbandoned.share(counts)
}

/// `abandoned_met`: (Aw + Bw) ÷ (A + B).
pub fn abandoned_met(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::AbandonedMet.share(counts)
}

/// `answered_only`: Aw ÷ A.
pub fn answered_only(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::AnsweredOnly.share(counts)
}

/// `amazon`: left within T by answer, abandon or callback ÷ N.
pub fn amazon(counts: &LevelCounts) -> Option<f64> {
    LevelFormula::Amazon.share(counts)
}

/// The family; a missing share means no data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServiceLevel {
    /// Aw ÷ N.
    pub strict: Option<f64>,
    /// Aw ÷ (N − Bs).
    pub short: Option<f64>,
    /// Aw ÷ (A + B − Bw).
    pub ignore_abandoned: Option<f64>,
    /// (Aw + Bw) ÷ (A + B).
    pub abandoned_met: Option<f64>,
    /// Aw ÷ A.
    pub answered_only: Option<f64>,
    /// Left within T by answer, abandon or callback ÷ N.
    pub amazon: Option<f64>,
    /// Calls answered within T of their first queue ÷ calls decided.
    pub journey: Option<f64>,
    /// The same ÷ (calls decided + refused).
    pub access: Option<f64>,
}

impl ServiceLevel {
    /// The whole family of some counts of visits, and of the calls that they are of.
    pub fn of(counts: &LevelCounts, calls: &JourneyCounts) -> Self {
        Self {
            strict: strict(counts),
            short: short(counts),
            ignore_abandoned: ignore_abandoned(counts),
            abandoned_met: abandoned_met(counts),
            answered_only: answered_only(counts),
            amazon: amazon(counts),
            journey: journey::journey(calls),
            access: journey::access(calls),
        }
    }

    /// The one that stands for a queue.
    pub fn headline(&self, formula: Headline) -> Option<f64> {
        match formula {
            Headline::Strict => self.strict,
            Headline::Short => self.short,
            Headline::IgnoreAbandoned => self.ignore_abandoned,
            Headline::AbandonedMet => self.abandoned_met,
            Headline::AnsweredOnly => self.answered_only,
            Headline::Amazon => self.amazon,
            Headline::Journey => self.journey,
            Headline::Access => self.access,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tenths of a percent, as the catalogue prints its example.
    fn tenths(share: Option<f64>) -> Option<u32> {
        share.map(|share| (share * 1000.0).round() as u32)
    }

    #[test]
    fn the_worked_example() {
        let counts = LevelCounts {
            answered: 1000,
            answered_within: 860,
            abandoned: 60,
            abandoned_within: 20,
            abandoned_short: 10,
            decided: 1060,
            callback_within: 0,
        };
        // Each visit is a call of its own, and 140 callers met a busy tone.
        let calls = JourneyCounts {
            answered_within: 860,
            decided: 1060,
            refused: 140,
        };
        let level = ServiceLevel::of(&counts, &calls);
        for (share, quotient, expected) in [
            (level.strict, 860.0 / 1060.0, 811),
            (level.short, 860.0 / (1060.0 - 10.0), 819),
            (level.ignore_abandoned, 860.0 / (1000.0 + 60.0 - 20.0), 827),
            (level.abandoned_met, (860.0 + 20.0) / (1000.0 + 60.0), 830),
            (level.answered_only, 860.0 / 1000.0, 860),
            (level.amazon, (860.0 + 20.0) / 1060.0, 830),
            (level.journey, 860.0 / 1060.0, 811),
            (level.access, 860.0 / (1060.0 + 140.0), 717),
        ] {
            assert_eq!(share, Some(quotient));
            assert_eq!(tenths(share), Some(expected));
        }
    }

    #[test]
    fn other_exits_and_waiting_count_in_the_strict_ones_only() {
        // 10 answered (8 within), 2 abandoned (1 within, 1 short), 2 to be called back (1 within), 2 timed out, 4 waiting
        // beyond T: N = 20. Of 18 calls 7 were answered within T of their first queue; 2 were refused.
        let counts = LevelCounts {
            answered: 10,
            answered_within: 8,
            abandoned: 2,
            abandoned_within: 1,
            abandoned_short: 1,
            decided: 20,
            callback_within: 1,
        };
        let calls = JourneyCounts {
            answered_within: 7,
            decided: 18,
            refused: 2,
        };
        let expected = ServiceLevel {
            strict: Some(8.0 / 20.0),
            short: Some(8.0 / 19.0),
            ignore_abandoned: Some(8.0 / 11.0),
            abandoned_met: Some(9.0 / 12.0),
            answered_only: Some(8.0 / 10.0),
            amazon: Some(10.0 / 20.0),
            journey: Some(7.0 / 18.0),
            access: Some(7.0 / 20.0),
        };
        assert_eq!(ServiceLevel::of(&counts, &calls), expected);
    }

    #[test]
    fn nothing_is_no_data() {
        assert_eq!(
            ServiceLevel::of(&LevelCounts::default(), &JourneyCounts::default()),
            ServiceLevel::default()
        );
        // One short abandon and nothing else: 0 ÷ 1 is 0 %, but 0 ÷ (1 − 1) is no data.
        let one = LevelCounts {
            abandoned: 1,
            abandoned_within: 1,
            abandoned_short: 1,
            decided: 1,
            ..LevelCounts::default()
        };
        let expected = ServiceLevel {
            strict: Some(0.0),
            short: None,
            ignore_abandoned: None,
            abandoned_met: Some(1.0),
            answered_only: None,
            amazon: Some(1.0),
            journey: None,
            access: None,
        };
        assert_eq!(ServiceLevel::of(&one, &JourneyCounts::default()), expected);
    }

    #[test]
    fn within_is_up_to_the_threshold() {
        let threshold = Duration::from_secs(20);
        for (micros, within) in [(0, true), (20_000_000, true), (20_000_001, false)] {
            assert_eq!(
                is_within(Some(Duration::from_micros(micros)), threshold),
                within
            );
        }
        assert!(!is_within(None, threshold));
    }

    #[test]
    fn a_decision_falls_at_the_exit_or_at_the_threshold() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let threshold = Duration::from_secs(20);
        for (exited_at, decided) in [(Some(5), 5), (Some(20), 20), (Some(90), 20), (None, 20)] {
            let decided_at = decided_at(at(0), exited_at.map(at), threshold);
            assert_eq!(decided_at, at(decided), "{exited_at:?}");
        }
    }

    #[test]
    fn a_stuck_visit_is_decided_at_the_threshold() {
        let entered = Timestamp::from_micros(0);
        let threshold = Duration::from_secs(20);
        let at = |seconds: i64| Some(Timestamp::from_micros(seconds * 1_000_000));
        for (ended, read_at, decided) in [
            (true, None, true),
            (true, at(-5), true),
            (false, None, false),
            (false, at(-5), false),
            (false, at(19), false),
            (false, at(20), true),
            (false, at(21), true),
        ] {
            assert_eq!(
                is_decided(ended, entered, threshold, read_at),
                decided,
                "ended {ended}, read at {read_at:?}"
            );
        }
    }
}
