//! W11: how long one waits for an answer, when many do not stay for it.
//!
//! Who hangs up at 30 s has not been answered within 30 s; what would have been, nobody knows: the wait is *censored*.
//! To leave such waits out, or to take them for answers, makes a hotline look the better the more people it loses.
//! Kaplan and Meier's curve takes each wait for what is known of it. It holds as far as callers' patience does not
//! depend on the wait that they would have had.

use std::time::Duration;

/// How far rounding can take a product of quotients from what it stands for.
pub(super) const SURVIVAL_ERROR: f64 = 1e-12;

/// What became of a wait; of one age, an answer comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitEnd {
    /// The event in question: somebody answered.
    Answered,
    /// It ended otherwise, or goes on: all that is known is that nobody had answered by then.
    Censored,
}

/// A wait as far as it was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedWait {
    /// Its age when the watching began: 0, unless it is older than the period (left truncation).
    pub entered: Duration,
    /// Its age at its end, or at the end of the watching.
    pub time: Duration,
    /// How it ended.
    pub end: WaitEnd,
}

/// One time at which waits ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The age.
    pub time: Duration,
    /// Waits that were watched at this age and had not ended before.
    pub at_risk: u64,
    /// Of them answered at this age.
    pub answered: u64,
    /// Of them last seen at this age, unanswered.
    pub censored: u64,
    /// The estimated share of callers who would wait longer than this if all stayed.
    pub survival: f64,
}

/// The curve: one step for each age at which a wait ended, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Its steps.
    pub steps: Vec<Step>,
}

impl Curve {
    /// Estimates S(t) = Π (1 − answered ÷ at risk) over the ages up to t.
    ///
    /// At one age answers come before censorings, and a wait is at risk from the age at which it enters, that age
    /// included, as a period holds its first instant. What was over before it was watched is left out. E. L. Kaplan and
    /// P. Meier, *Nonparametric estimation from incomplete observations*, JASA 53 (1958) 457–481; left truncation as
    /// in J. P. Klein and M. L. Moeschberger, *Survival Analysis*, 2nd edition, section 4.6.
    pub fn of(waits: &[WatchedWait]) -> Self {
        let one_each = waits.iter().map(|wait| (*wait, 1));
        Self::of_counted(one_each)
    }

    /// The same of waits that are counted together where they are alike.
    pub fn of_counted(waits: impl IntoIterator<Item = (WatchedWait, u64)>) -> Self {
        let watched = waits.into_iter();
        let watched = watched.filter(|(wait, count)| wait.entered <= wait.time && *count > 0);
        let mut by_time: Vec<_> = watched.collect();
        by_time.sort_unstable_by_key(|(wait, _)| wait.time);
        let ages = by_time.iter().map(|(wait, count)| (wait.entered, *count));
        let mut entered: Vec<_> = ages.collect();
        entered.sort_unstable();
        let mut entering = entered.into_iter().peekable();

        let (mut entered_before, mut ended_before, mut survival) = (0, 0, 1.0);
        let mut steps = Vec::new();
        for ending in by_time.chunk_by(|(one, _), (other, _)| one.time == other.time) {
            let time = ending[0].0.time;
            while let Some((_, count)) = entering.next_if(|(age, _)| *age <= time) {
                entered_before += count;
            }
            let at_risk = entered_before - ended_before;
            let ended: u64 = ending.iter().map(|(_, count)| count).sum();
            let answers = ending.iter();
            let answers = answers.filter(|(wait, _)| wait.end == WaitEnd::Answered);
            let answered: u64 = answers.map(|(_, count)| count).sum();
            // Who ends at this age is at risk at it: the divisor is at least 1.
            survival *= (at_risk - answered) as f64 / at_risk as f64;
            steps.push(Step {
                time,
                at_risk,
                answered,
                censored: ended - answered,
                survival,
            });
            ended_before += ended;
        }
        Self { steps }
    }

    /// The curve with at most so many steps: neighbours are brought together until each takes survival down by that part
    /// of the whole. A step so made is at the last of its ages, with all that ended on the way; its risk set is that at
    /// the first.
    pub fn thinned(&self, steps_max: usize) -> Self {
        if self.steps.len() <= steps_max {
            return self.clone();
        }
        // The first step and the last may fall short of it.
        let least = 1.0 / (steps_max.saturating_sub(2).max(1)) as f64;
        let mut steps = Vec::<Step>::new();
        let mut shown = 1.0;
        let mut open: Option<Step> = None;
        for step in &self.steps {
            let mut merged = *step;
            if let Some(before) = open.take() {
                merged.at_risk = before.at_risk;
                merged.answered += before.answered;
                merged.censored += before.censored;
            }
            if shown - merged.survival >= least {
                shown = merged.survival;
                steps.push(merged);
            } else {
                open = Some(merged);
            }
        }
        steps.extend(open);
        Self { steps }
    }

    /// The smallest age by which so many percent would be answered; `None` when the curve does not go so far.
    pub fn quantile(&self, percent: u8) -> Option<Duration> {
        debug_assert!((1..=100).contains(&percent), "a percentage, and not p0");
        let left = f64::from(100 - percent.min(100)) / 100.0;
        let reached = |step: &&Step| step.survival <= left + SURVIVAL_ERROR;
        self.steps.iter().find(reached).map(|step| step.time)
    }
}

/// What `Curve::quantile` says of so many waits that were watched from their beginning and come in order of age, of one age
/// those that were answered first; for somebody who needs no curve: one pass, no memory.
pub fn quantile_of_sorted(
    percent: u8,
    count: usize,
    waits: impl Iterator<Item = (Duration, WaitEnd)>,
) -> Option<Duration> {
    debug_assert!((1..=100).contains(&percent), "a percentage, and not p0");
    let left = f64::from(100 - percent.min(100)) / 100.0;
    let mut survival = 1.0;
    for (at_risk, (time, end)) in (1..=count).rev().zip(waits) {
        // One after the other is the same as all of one age at once: (n − 1) ÷ n · (n − 2) ÷ (n − 1) = (n − 2) ÷ n.
        if end == WaitEnd::Answered {
            survival *= (at_risk - 1) as f64 / at_risk as f64;
            if survival <= left + SURVIVAL_ERROR {
                return Some(time);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::WaitEnd::{Answered, Censored};
    use super::*;
    use crate::model::fixture::Chance;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn curve(waits: &[(u64, u64, WaitEnd)]) -> Curve {
        let wait = |&(entered, time, end): &(u64, u64, WaitEnd)| WatchedWait {
            entered: s(entered),
            time: s(time),
            end,
        };
        Curve::of(&waits.iter().map(wait).collect::<Vec<_>>())
    }

    /// Compares (time, at risk, answered, censored, survival), the last as it was worked out by hand.
    #[track_caller]
    fn check(waits: &[(u64, u64, WaitEnd)], expected: &[(u64, u64, u64, u64, f64)]) {
        let curve = curve(waits);
        let steps = curve.steps.iter();
        let counts: Vec<_> = steps
            .clone()
            .map(|step| (step.time, step.at_risk, step.answered, step.censored))
            .collect();
        let by_hand: Vec<_> = expected
            .iter()
            .map(|&(time, at_risk, answered, censored, _)| (s(time), at_risk, answered, censored))
            .collect();
        assert_eq!(counts, by_hand);
        for (step, (.., survival)) in steps.zip(expected) {
            assert!(
                (step.survival - survival).abs() < SURVIVAL_ERROR,
                "{step:?}"
            );
        }
    }

    #[test]
    fn who_gives_up_leaves_the_risk_set_and_not_the_count() {
        // One answered at 10 s, one gave up at 20 s, two answered at 30 s, one is still waiting at 40 s.
        let waits = [
            (0, 30, Answered),
            (0, 10, Answered),
            (0, 20, Censored),
            (0, 40, Censored),
            (0, 30, Answered),
        ];
        check(
            &waits,
            &[
                (10, 5, 1, 0, 4.0 / 5.0),
                (20, 4, 0, 1, 4.0 / 5.0),
                (30, 3, 2, 0, 4.0 / 5.0 * 1.0 / 3.0),
                (40, 1, 0, 1, 4.0 / 5.0 * 1.0 / 3.0),
            ],
        );
        // 26.7 % are left at the end: 73 % are reached, 74 % are not.
        let curve = curve(&waits);
        let quantiles = [20, 21, 73, 74].map(|percent| curve.quantile(percent));
        assert_eq!(quantiles, [Some(s(10)), Some(s(30)), Some(s(30)), None]);
    }

    #[test]
    fn at_one_age_answers_come_first() {
        check(
            &[(0, 7, Censored), (0, 7, Answered), (0, 9, Answered)],
            &[(7, 3, 1, 1, 2.0 / 3.0), (9, 1, 1, 0, 0.0)],
        );
    }

    #[test]
    fn an_answer_at_once_counts() {
        check(
            &[(0, 0, Answered), (0, 0, Censored), (0, 5, Answered)],
            &[(0, 3, 1, 1, 2.0 / 3.0), (5, 1, 1, 0, 0.0)],
        );
    }

    #[test]
    fn an_older_wait_is_at_risk_from_its_age_on() {
        // The second is watched from 15 s on: it is not at risk at 10 s, and is at 15 s and 30 s.
        check(
            &[
                (0, 10, Answered),
                (15, 30, Answered),
                (0, 15, Answered),
                (0, 30, Censored),
            ],
            &[
                (10, 3, 1, 0, 2.0 / 3.0),
                (15, 3, 1, 0, 2.0 / 3.0 * 2.0 / 3.0),
                (30, 2, 1, 1, 2.0 / 3.0 * 2.0 / 3.0 * 1.0 / 2.0),
            ],
        );
    }

    #[test]
    fn what_was_over_before_is_left_out() {
        check(
            &[(20, 10, Answered), (0, 30, Answered)],
            &[(30, 1, 1, 0, 0.0)],
        );
        assert_eq!(curve(&[]), Curve::default());
        assert_eq!(curve(&[]).quantile(50), None);
    }

    #[test]
    fn a_long_curve_is_thinned_and_loses_nobody() {
        // 1000 answers, one a second, and 500 who give up at every other: 12 steps at the most.
        let answered = (1..=1000).map(|time| (0, time, Answered));
        let gave_up = (1..=500).map(|time| (0, 2 * time, Censored));
        let waits: Vec<_> = answered.chain(gave_up).collect();
        let whole = curve(&waits);
        assert_eq!(whole.thinned(1000), whole);
        let thin = whole.thinned(12);
        assert!(thin.steps.len() <= 12, "{}", thin.steps.len());
        let sum = |curve: &Curve, of: fn(&Step) -> u64| curve.steps.iter().map(of).sum::<u64>();
        for of in [|step: &Step| step.answered, |step: &Step| step.censored] {
            assert_eq!(sum(&thin, of), sum(&whole, of));
        }
        assert_eq!(thin.steps[0].at_risk, 1500);
        // Wherever it has a step it says what the whole curve says.
        for step in &thin.steps {
            let same = whole.steps.iter().find(|other| other.time == step.time);
            assert_eq!(same.map(|same| same.survival), Some(step.survival));
        }
        assert_eq!(thin.steps.last().map(|step| step.time), Some(s(1000)));
    }

    #[test]
    fn a_quantile_without_a_curve_is_that_of_the_curve() {
        // Ages from a small set, so that many are alike.
        let mut chance = Chance(7);
        for round in 0..500 {
            let mut waits: Vec<_> = (0..round % 60)
                .map(|_| {
                    let end = chance.of(&[Answered, Censored]);
                    (s(chance.below(20)), end)
                })
                .collect();
            waits.sort_unstable();
            let watched = waits.iter().map(|&(time, end)| WatchedWait {
                entered: Duration::ZERO,
                time,
                end,
            });
            let curve = Curve::of(&watched.collect::<Vec<_>>());
            for percent in 1..=100 {
                assert_eq!(
                    quantile_of_sorted(percent, waits.len(), waits.iter().copied()),
                    curve.quantile(percent),
                    "p{percent} of {waits:?}"
                );
            }
        }
    }

    #[test]
    fn without_censoring_quantiles_are_the_nearest_rank_ones() {
        let waits: Vec<_> = (1..=10).map(|time| (0, time, Answered)).collect();
        let curve = curve(&waits);
        let sorted: Vec<_> = (1..=10).map(s).collect();
        for percent in 1..=100 {
            assert_eq!(
                curve.quantile(percent),
                super::super::nearest_rank(&sorted, usize::from(percent)),
                "p{percent}"
            );
        }
    }
}
