//! Control limits of a share (p-chart), and how much answers of the same caller widen an interval.

use super::interval::Part;

/// How many standard errors chance alone hardly ever leaves: the usual three.
const REACH: f64 = 3.0;

/// The limits between which chance alone leaves a share of `n`, when the share of all is `whole`; `None` of nothing.
///
/// p ∓ 3·√(p(1−p) ÷ n), cut at 0 and 1. D. C. Montgomery, *Introduction to Statistical Quality Control*, the p-chart with
/// variable sample size.
pub fn control_limits(whole: Part, n: u64) -> Option<(f64, f64)> {
    let share = whole.share().filter(|_| n > 0)?;
    // Counts are far below 2⁵³.
    let reach = REACH * (share * (1.0 - share) / n as f64).sqrt();
    Some(((share - reach).max(0.0), (share + reach).min(1.0)))
}

/// By how much callers who answered several times widen the variance of a share: 1 when each answered once, never less.
/// `callers` are each caller's answers, and how many of them are of the kind in question.
///
/// m ÷ (m−1) · Σ (y − p·n)² ÷ (N·p(1−p)), over m callers with n answers each, y of the kind, N answers in all: the
/// linearized variance of a ratio over that of a sample of independent ones. W. G. Cochran, *Sampling Techniques*, §6.3.
pub fn design_effect(callers: impl IntoIterator<Item = Part> + Clone) -> f64 {
    let (mut clusters, mut count, mut all) = (0_u64, 0, 0);
    for caller in callers.clone() {
        clusters += 1;
        count += caller.count;
        all += caller.of;
    }
    let whole = Part { count, of: all };
    let Some(share) = whole.share().filter(|share| *share > 0.0 && *share < 1.0) else {
        return 1.0;
    };
    if clusters < 2 || clusters == all {
        return 1.0;
    }
    let squares: f64 = callers
        .into_iter()
        .map(|caller| (caller.count as f64 - share * caller.of as f64).powi(2))
        .sum();
    let between = squares * clusters as f64 / (clusters - 1) as f64;
    (between / (all as f64 * share * (1.0 - share))).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_three_standard_errors_of_the_whole() {
        let whole = Part { count: 80, of: 100 };
        let (low, high) = control_limits(whole, 100).unwrap();
        // √(0.8 · 0.2 ÷ 100) = 0.04.
        assert!((low - 0.68).abs() < 1e-12 && (high - 0.92).abs() < 1e-12);
        // √(0.16 ÷ 16) = 0.1: 1.1 is cut.
        assert_eq!(control_limits(whole, 16).unwrap().1, 1.0);
        assert_eq!(control_limits(whole, 0), None);
        assert_eq!(control_limits(Part { count: 0, of: 0 }, 9), None);
    }

    #[test]
    fn callers_who_answer_alike_again_widen() {
        let part = |count, of| Part { count, of };
        // Two callers, twice each, one always yes, one never: p = ½, Σ = 1 + 1, 2 ÷ 1 · 2 ÷ (4 · ¼) = 4.
        assert_eq!(design_effect([part(2, 2), part(0, 2)]), 4.0);
        assert_eq!(design_effect([part(1, 1), part(0, 1)]), 1.0);
        // Halves within each caller are no less than independent ones.
        assert_eq!(design_effect([part(1, 2), part(1, 2)]), 1.0);
        assert_eq!(design_effect([]), 1.0);
    }
}
