//! Abandonment: AB1 and AB3.

use std::time::Duration;

use super::share::share;

/// AB1: abandoned ÷ visits that ended, however they ended.
pub fn abandon_rate(abandoned: u64, visits_ended: u64) -> Option<f64> {
    share(abandoned, visits_ended)
}

/// AB3: whether an abandoned visit was a short one, with wait ≤ s. An unknown wait is not short.
pub fn is_abandoned_short(wait: Option<Duration>, s: Duration) -> bool {
    wait.is_some_and(|wait| wait <= s)
}

#[cfg(test)]
mod tests {
    use super::*;

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
