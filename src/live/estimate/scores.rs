//! The last errors of one predictor under one load, and what they say of its next.

use std::collections::VecDeque;
use std::time::Duration;

/// Errors that are kept: enough for tenths, few enough to follow a line that changes within days.
pub const SCORES_MAX: usize = 200;
/// Errors without which there is no range: of 20 the second and the last but one enclose four fifths of those to come.
pub const SCORED_LEAST: usize = 20;

/// Errors, actual − predicted, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    /// In order of scoring, and whether each wait lay in the range that was said.
    kept: VecDeque<(i32, Option<bool>)>,
    sorted: Vec<i32>,
    sum: i64,
    sum_absolute: i64,
    ranged: u32,
    inside: u32,
}

impl Scores {
    /// Takes in an error, and whether the wait lay in the range that was said, if one was.
    pub(super) fn add(&mut self, error_millis: i32, inside: Option<bool>) {
        if self.kept.len() == SCORES_MAX
            && let Some((old, was_inside)) = self.kept.pop_front()
        {
            if let Ok(place) = self.sorted.binary_search(&old) {
                self.sorted.remove(place);
            }
            self.sum -= i64::from(old);
            self.sum_absolute -= i64::from(old.unsigned_abs());
            self.ranged -= u32::from(was_inside.is_some());
            self.inside -= u32::from(was_inside == Some(true));
        }
        self.kept.push_back((error_millis, inside));
        let place = self.sorted.partition_point(|known| *known < error_millis);
        self.sorted.insert(place, error_millis);
        self.sum += i64::from(error_millis);
        self.sum_absolute += i64::from(error_millis.unsigned_abs());
        self.ranged += u32::from(inside.is_some());
        self.inside += u32::from(inside == Some(true));
    }

    /// How many errors are kept.
    pub(super) fn count(&self) -> u64 {
        self.kept.len() as u64
    }

    /// The mean of the errors without their signs; `None` without errors.
    pub(super) fn mean_error(&self) -> Option<Duration> {
        let count = i64::try_from(self.kept.len()).ok().filter(|n| *n > 0)?;
        let micros = self.sum_absolute * 1_000 / count;
        Some(Duration::from_micros(micros.unsigned_abs()))
    }

    /// The mean error in microseconds: above 0 callers waited longer than was said.
    pub(super) fn bias_micros(&self) -> Option<i64> {
        let count = i64::try_from(self.kept.len()).ok().filter(|n| *n > 0)?;
        Some(self.sum * 1_000 / count)
    }

    /// The share of waits that lay in the range said for them.
    pub(super) fn inside(&self) -> Option<f64> {
        (self.ranged > 0).then(|| f64::from(self.inside) / f64::from(self.ranged))
    }

    /// The range of 80 % around what is predicted: from its error at rank ⌊(n + 1) ÷ 10⌋ to that at rank ⌈9 (n + 1) ÷ 10⌉,
    /// between which the next error of a like kind lies with a probability of at least 80 %. `None` below `SCORED_LEAST`.
    pub(super) fn range(&self, predicted: Duration) -> Option<(Duration, Duration)> {
        let count = self.sorted.len();
        if count < SCORED_LEAST {
            return None;
        }
        let low = (count + 1) / 10;
        let high = (9 * (count + 1)).div_ceil(10);
        let at = |rank: usize| moved(predicted, self.sorted[rank - 1]);
        Some((at(low), at(high)))
    }
}

/// A span longer or shorter by so many milliseconds; never below 0.
fn moved(span: Duration, millis: i32) -> Duration {
    let by = Duration::from_millis(u64::from(millis.unsigned_abs()));
    if millis < 0 {
        span.saturating_sub(by)
    } else {
        span.saturating_add(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn means_and_range_are_those_of_the_errors() {
        let mut scores = Scores::default();
        assert_eq!((scores.mean_error(), scores.bias_micros()), (None, None));
        for error in [-4_000, 10_000] {
            scores.add(error, None);
        }
        // (4 + 10) ÷ 2, and (10 − 4) ÷ 2.
        assert_eq!(scores.mean_error(), Some(s(7)));
        assert_eq!(scores.bias_micros(), Some(3_000_000));
        assert_eq!((scores.inside(), scores.range(s(30))), (None, None));
    }

    #[test]
    fn below_twenty_errors_there_is_no_range() {
        let mut scores = Scores::default();
        for error in 1..20 {
            scores.add(error * 1_000, None);
            assert_eq!(scores.range(s(10)), None);
        }
        scores.add(20_000, None);
        // Of 20 the ranks ⌊2.1⌋ = 2 and ⌈18.9⌉ = 19.
        assert_eq!(scores.range(s(10)), Some((s(12), s(29))));
        for _ in 0..5 {
            scores.add(-60_000, None);
        }
        assert_eq!(scores.range(s(10)).unwrap().0, s(0), "never below 0");
    }

    #[test]
    fn only_the_last_errors_count() {
        let mut scores = Scores::default();
        for _ in 0..SCORES_MAX {
            scores.add(90_000, Some(false));
        }
        for turn in 0..SCORES_MAX {
            assert_eq!(scores.count(), SCORES_MAX as u64, "turn {turn}");
            scores.add(1_000, Some(true));
        }
        assert_eq!(scores.mean_error(), Some(s(1)));
        assert_eq!(scores.inside(), Some(1.0));
        assert_eq!(scores.range(s(5)), Some((s(6), s(6))));
    }

    #[test]
    fn the_range_holds_four_fifths_of_what_comes() {
        // A fixed walk over a wide, skewed spread: square numbers in an order that mixes small and large.
        let errors = (0..4_000_u64).map(|turn| (turn * 7_919 % 1_009).pow(2) / 100);
        let mut scores = Scores::default();
        for error in errors {
            let actual = Duration::from_millis(error);
            let inside = scores.range(Duration::ZERO);
            let inside = inside.map(|(low, high)| low <= actual && actual <= high);
            scores.add(error as i32, inside);
        }
        let share = scores.inside().unwrap();
        assert!((0.75..0.9).contains(&share), "{share}");
    }
}
