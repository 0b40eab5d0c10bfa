//! How far a share can be trusted: Wilson's interval of one, Newcombe's of the difference of two (X1).
//!
//! Both keep within what a share can be and say something sensible of 0 of n and n of n, where the textbook's
//! p ± z·√(p(1−p)/n) says ±0. They take the calls for a sample of independent ones; where callers call again they are a
//! little too narrow.

/// Two-sided 95 %: the 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// How many there are of the kind in question.
    pub count: u64,
    /// How many there are in all.
    pub of: u64,
}

impl Part {
    /// The share; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        super::share::share(self.count, self.of)
    }
}

/// Wilson's score interval of a share, 95 %, without continuity correction; `None` of nothing.
///
/// (k + z²/2 ± z·√(k(1−k/n) + z²/4)) ÷ (n + z²). E. B. Wilson, *Probable inference, the law of succession, and
/// statistical inference*, JASA 22 (1927) 209–212.
pub fn wilson(part: Part) -> Option<(f64, f64)> {
    debug_assert!(part.count <= part.of, "a part is no more than the whole");
    wilson_widened(part, 1.0)
}

/// The same of answers that are not independent: as of so many times fewer (`design_effect`, 1 or more).
pub fn wilson_widened(part: Part, effect: f64) -> Option<(f64, f64)> {
    let share = part.share()?;
    // Counts are far below 2⁵³.
    let (k, n) = (part.count as f64 / effect, part.of as f64 / effect);
    let centre = k + Z * Z / 2.0;
    let spread = Z * (k * (1.0 - share) + Z * Z / 4.0).sqrt();
    let bound = |sum: f64| (sum / (n + Z * Z)).clamp(0.0, 1.0);
    // None and all are bounds of their own: rounding would miss them by 10⁻¹⁷.
    let low = if part.count == 0 {
        0.0
    } else {
        bound(centre - spread)
    };
    let high = if part.count == part.of {
        1.0
    } else {
        bound(centre + spread)
    };
    Some((low, high))
}

/// The difference of two shares with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The one share less the other.
    pub value: f64,
    /// The least that it can well be.
    pub low: f64,
    /// The most that it can well be.
    pub high: f64,
}

/// One share less another, with Newcombe's hybrid-score interval, 95 %; `None` when either is of nothing.
///
/// d − √((p₁−l₁)² + (u₂−p₂)²) to d + √((u₁−p₁)² + (p₂−l₂)²), where lᵢ and uᵢ are Wilson's bounds. R. G. Newcombe,
/// *Interval estimation for the difference between independent proportions*, Statistics in Medicine 17 (1998) 873–890,
/// method 10.
pub fn newcombe(one: Part, less: Part) -> Option<Difference> {
    let (p1, (l1, u1)) = (one.share()?, wilson(one)?);
    let (p2, (l2, u2)) = (less.share()?, wilson(less)?);
    let value = p1 - p2;
    Some(Difference {
        value,
        low: (value - (p1 - l1).hypot(u2 - p2)).max(-1.0),
        high: (value + (u1 - p1).hypot(p2 - l2)).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(count: u64, of: u64) -> Part {
        Part { count, of }
    }

    #[track_caller]
    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} for {expected}");
    }

    #[test]
    fn nothing_of_nothing_has_no_interval() {
        assert_eq!(wilson(part(0, 0)), None);
        assert_eq!(newcombe(part(0, 0), part(1, 2)), None);
        assert_eq!(newcombe(part(1, 2), part(0, 0)), None);
    }

    #[test]
    fn none_and_all_reach_the_bound_and_leave_it_on_the_other_side() {
        // z² = 3.841458820694. None of n: 0 to z² ÷ (n + z²); all of n: n ÷ (n + z²) to 1.
        let z2 = 3.841_458_820_694_124;
        for n in [1, 2, 10, 100, 1_000_000] {
            let of = n as f64;
            let (low, high) = wilson(part(0, n)).unwrap();
            assert_eq!(low, 0.0);
            close(high, z2 / (of + z2));
            let (low, high) = wilson(part(n, n)).unwrap();
            close(low, of / (of + z2));
            assert_eq!(high, 1.0);
        }
    }

    #[test]
    fn the_half_is_in_the_middle() {
        // 5 of 10: centre (5 + z²/2) ÷ (10 + z²) = 0.5; spread z·√(2.5 + z²/4) ÷ (10 + z²) = 3.645936 ÷ 13.841459.
        let (low, high) = wilson(part(5, 10)).unwrap();
        close(low + high, 1.0);
        close(high, 0.5 + 0.263_406_909_487_436);
    }

    #[test]
    fn a_measure_is_judged_by_the_check_values() {
        // kpi.md, 58 % before and 85 % (84 % of 50) after.
        for (before, after, value, low, high) in [
            (part(29, 50), part(42, 50), "26.0", "8.2", "41.8"),
            (part(58, 100), part(85, 100), "27.0", "14.6", "38.3"),
            (part(232, 400), part(340, 400), "27.0", "20.9", "32.8"),
        ] {
            let difference = newcombe(after, before).unwrap();
            let points = |share: f64| format!("{:.1}", share * 100.0);
            assert_eq!(points(difference.value), value);
            assert_eq!(points(difference.low), low, "{before:?}");
            assert_eq!(points(difference.high), high, "{before:?}");
            // The other way round everything is mirrored.
            let back = newcombe(before, after).unwrap();
            close(back.value, -difference.value);
            close(back.low, -difference.high);
            close(back.high, -difference.low);
        }
    }

    #[test]
    fn opposites_stay_within_what_a_difference_can_be() {
        let difference = newcombe(part(3, 3), part(0, 3)).unwrap();
        assert_eq!((difference.value, difference.high), (1.0, 1.0));
        // 1 − √2 · z² ÷ (3 + z²) = 1 − 1.414214 · 0.561497
        close(
            difference.low,
            1.0 - 2.0_f64.sqrt() * 3.841_458_820_694_124 / 6.841_458_820_694_124,
        );
    }
}
