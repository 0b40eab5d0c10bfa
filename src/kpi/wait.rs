//! Waits of visits: W1, W5–W7, W9 and W10.
//!
//! A wait that no clock can have is no wait: such a visit is counted, but its span is not among those given here.

use std::time::Duration;

use crate::model::Timestamp;

use super::share::share;

/// Thresholds of W10 when none are asked for.
pub const WAIT_OVER_DEFAULT: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(180)];

/// W1: exit − queue entry, ringing included; `None` when the clock stepped back in between.
pub fn wait(entered_at: Timestamp, exited_at: Timestamp) -> Option<Duration> {
    exited_at.since(entered_at)
}

/// Whether a visit ended before it began, as its clock has it. A wait can be unknown without that: the answer was lost.
pub fn is_span_negative(entered_at: Timestamp, exited_at: Option<Timestamp>) -> bool {
    exited_at.is_some_and(|exited_at| wait(entered_at, exited_at).is_none())
}

/// Σ W1, exact.
pub fn wait_sum(waits: &[Duration]) -> Duration {
    waits
        .iter()
        .fold(Duration::ZERO, |sum, wait| sum.saturating_add(*wait))
}

/// W5 (of answered visits: ASA) and W6 (of abandoned ones): Σ W1 ÷ their number, cut to whole nanoseconds.
pub fn mean_wait(sum: Duration, count: u64) -> Option<Duration> {
    let mean = sum.as_nanos().checked_div(u128::from(count))?;
    Some(Duration::from_nanos_u128(mean))
}

/// W7: the longest of sorted waits.
pub fn max_wait(sorted: &[Duration]) -> Option<Duration> {
    sorted.last().copied()
}

/// W9: the nearest-rank quantile of sorted waits, that is, element ⌈p·n⌉ of n, counted from 1.
///
/// The percentage is an integer, so that ⌈p·n⌉ does not depend on how a float is rounded.
pub fn nearest_rank(sorted: &[Duration], percent: usize) -> Option<Duration> {
    debug_assert!((1..=100).contains(&percent), "a percentage, and not p0");
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// The numerator of W10: how many of sorted waits are longer than x.
pub fn count_over(sorted: &[Duration], x: Duration) -> u64 {
    let up_to = sorted.partition_point(|wait| *wait <= x);
    (sorted.len() - up_to) as u64
}

/// W10: visits with W1 > x ÷ visits that ended.
pub fn share_over(over: u64, visits_ended: u64) -> Option<f64> {
    share(over, visits_ended)
}

/// W9 of some waits: nearest rank; `None` where there is no such wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Median.
    pub p50: Option<Duration>,
    /// 90th percentile.
    pub p90: Option<Duration>,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
}

impl Quantiles {
    /// Asks for each.
    pub fn by(quantile: impl Fn(u8) -> Option<Duration>) -> Self {
        Self {
            p50: quantile(50),
            p90: quantile(90),
            p95: quantile(95),
            p99: quantile(99),
        }
    }

    /// Of waits that are summed up.
    pub fn of(summary: &WaitSummary) -> Self {
        Self {
            p50: summary.p50,
            p90: summary.p90,
            p95: summary.p95,
            p99: summary.p99,
        }
    }
}

/// Waits summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitSummary {
    /// Number of waits.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
    /// Their mean; `None` without waits, as the following.
    pub mean: Option<Duration>,
    /// Median.
    pub p50: Option<Duration>,
    /// 90th percentile.
    pub p90: Option<Duration>,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
    /// The longest.
    pub max: Option<Duration>,
}

impl WaitSummary {
    /// Sums up sorted waits.
    pub fn of(sorted: &[Duration]) -> Self {
        let count = sorted.len() as u64;
        let sum = wait_sum(sorted);
        Self {
            count,
            sum,
            mean: mean_wait(sum, count),
            p50: nearest_rank(sorted, 50),
            p90: nearest_rank(sorted, 90),
            p95: nearest_rank(sorted, 95),
            p99: nearest_rank(sorted, 99),
            max: max_wait(sorted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(values: &[u64]) -> Vec<Duration> {
        values.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn a_wait_is_exit_less_entry() {
        let entry = Timestamp::from_micros(10_000_000);
        let later = entry.plus(Duration::from_micros(2_500_000));
        assert_eq!(wait(entry, later), Some(Duration::from_micros(2_500_000)));
        assert_eq!(wait(entry, entry), Some(Duration::ZERO));
        assert_eq!(wait(later, entry), None);
    }

    #[test]
    fn the_rank_is_rounded_up() {
        let to = |n| seconds(&(1..=n).collect::<Vec<_>>());
        // (n, percent) → ⌈percent · n ÷ 100⌉, which is also the value of that element.
        for (n, percent, rank) in [
            (1, 50, 1),
            (1, 99, 1),
            (2, 50, 1),
            (3, 50, 2),
            (4, 50, 2),
            (10, 90, 9),
            (11, 90, 10),
            (20, 95, 19),
            (100, 99, 99),
            (101, 99, 100),
            (7, 100, 7),
        ] {
            let expected = Some(Duration::from_secs(rank));
            assert_eq!(nearest_rank(&to(n), percent), expected, "p{percent} of {n}");
        }
        assert_eq!(nearest_rank(&[], 50), None);
    }

    #[test]
    fn a_summary_is_exact() {
        // 0 + 0 + 7 + 20 + 33 = 60; 60 ÷ 5 = 12; ⌈2.5⌉ = 3rd, ⌈4.5⌉ = 5th.
        let summary = WaitSummary::of(&seconds(&[0, 0, 7, 20, 33]));
        let s = |value| Some(Duration::from_secs(value));
        assert_eq!((summary.count, summary.sum), (5, Duration::from_secs(60)));
        assert_eq!(
            (summary.mean, summary.p50, summary.p90),
            (s(12), s(7), s(33))
        );
        assert_eq!(
            (summary.p95, summary.p99, summary.max),
            (s(33), s(33), s(33))
        );
    }

    #[test]
    fn quantiles_are_those_of_the_summary() {
        // ⌈50·101÷100⌉ = 51st, ⌈90.9⌉ = 91st, ⌈95.95⌉ = 96th, ⌈99.99⌉ = 100th.
        let waits = seconds(&(1..=101).collect::<Vec<_>>());
        let quantiles = Quantiles::of(&WaitSummary::of(&waits));
        let s = |value| Some(Duration::from_secs(value));
        assert_eq!(
            (quantiles.p50, quantiles.p90, quantiles.p95, quantiles.p99),
            (s(51), s(91), s(96), s(100))
        );
        assert_eq!(Quantiles::of(&WaitSummary::of(&[])), Quantiles::default());
    }

    #[test]
    fn no_waits_are_no_data() {
        assert_eq!(WaitSummary::of(&[]), WaitSummary::default());
        assert_eq!(WaitSummary::default().mean, None);
    }

    #[test]
    fn a_mean_is_cut_not_rounded() {
        // 10 s ÷ 3 = 3.333333333… s
        let mean = mean_wait(Duration::from_secs(10), 3);
        assert_eq!(mean, Some(Duration::new(3, 333_333_333)));
        assert_eq!(mean_wait(Duration::ZERO, 0), None);
    }

    #[test]
    fn over_is_longer_than() {
        let waits = seconds(&[0, 59, 60, 61, 180, 181]);
        let ended = waits.len() as u64;
        for (x, over) in [(0, 5), (59, 4), (60, 3), (180, 1), (181, 0)] {
            assert_eq!(count_over(&waits, Duration::from_secs(x)), over, "> {x} s");
            assert_eq!(share_over(over, ended), Some(over as f64 / 6.0));
        }
        assert_eq!(share_over(0, 0), None);
    }
}
