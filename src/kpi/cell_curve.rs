//! W11 out of cells: the curve of time-to-answer of waits that are only known within `QUANTILE_ERROR`.
//!
//! Cells tell waits apart that differ by more than that. Of those in one cell nobody knows who was answered before whom
//! gave up, and the curve depends on it: who has gone is at risk no more. So there are two curves, between which the one of
//! the waits themselves lies at the end of each cell: *above* takes the answers of a cell first, as is done at one age;
//! *below* takes those first who did not stay. They differ by little where many wait, and at the thin end of a curve by more.

use std::time::Duration;

use super::cells::Cells;
use super::kaplan_meier::{Curve, Step};

/// A curve from above and from below, with the same steps: one a cell in which waits ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellCurve {
    /// The curve that is shown.
    pub above: Curve,
    /// The curve below which the exact one never is.
    pub below: Curve,
}

impl CellCurve {
    /// Of waits that were answered and of those that were not, on the same edges, each watched from its beginning.
    pub fn of(answered: &mut Cells, censored: &mut Cells) -> Self {
        let longest = answered.longest().max(censored.longest());
        let mut at_risk = answered.count() + censored.count();
        let (mut answers, mut others) = (
            answered.held().to_vec().into_iter().peekable(),
            censored.held().to_vec().into_iter().peekable(),
        );
        let mut curve = Self::default();
        let (mut above, mut below) = (1.0, 1.0);
        while let Some(key) = [answers.peek(), others.peek()]
            .into_iter()
            .flatten()
            .map(|(key, _)| *key)
            .min()
        {
            let of_cell = |(at, _): &(u32, u64)| *at == key;
            let answered_here = answers.next_if(of_cell).map_or(0, |(_, count)| count);
            let censored_here = others.next_if(of_cell).map_or(0, |(_, count)| count);
            let stay = |at_risk: u64| match answered_here {
                0 => 1.0,
                answered => (at_risk - answered) as f64 / at_risk as f64,
            };
            above *= stay(at_risk);
            below *= stay(at_risk - censored_here);
            let time = answered.stands_for(key);
            let step = |at_risk, survival| Step {
                time: longest.map_or(time, |longest| time.min(longest)),
                at_risk,
                answered: answered_here,
                censored: censored_here,
                survival,
            };
            curve.above.steps.push(step(at_risk, above));
            curve.below.steps.push(step(at_risk, below));
            at_risk -= answered_here + censored_here;
        }
        curve
    }

    /// How far the exact survival may be below the one shown, at the most.
    pub fn survival_error(&self) -> f64 {
        let both = self.above.steps.iter().zip(&self.below.steps);
        let errors = both.map(|(above, below)| above.survival - below.survival);
        errors.fold(0.0, f64::max)
    }

    /// The ages between which the exact quantile lies, each within `QUANTILE_ERROR`; mostly they are one. `None` = the curve
    /// does not go so far.
    pub fn quantile(&self, percent: u8) -> (Option<Duration>, Option<Duration>) {
        (self.below.quantile(percent), self.above.quantile(percent))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cells::{Edges, QUANTILE_ERROR};
    use super::super::kaplan_meier::{SURVIVAL_ERROR, WaitEnd, WatchedWait};
    use super::*;

    fn cells(micros: &[u64]) -> Cells {
        let edges: Edges = [5, 20].map(Duration::from_secs).to_vec().into();
        let mut cells = Cells::new(edges);
        micros
            .iter()
            .for_each(|wait| cells.add(Duration::from_micros(*wait)));
        cells
    }

    fn curve(answered: &[u64], censored: &[u64]) -> CellCurve {
        CellCurve::of(&mut cells(answered), &mut cells(censored))
    }

    const S: u64 = 1_000_000;

    /// In whole seconds: a cell's age is near that of its waits.
    fn rounded(age: Duration) -> u64 {
        age.as_secs_f64().round() as u64
    }

    #[test]
    fn waits_that_are_apart_have_one_curve() {
        let apart = curve(&[10 * S, 30 * S], &[20 * S]);
        assert_eq!(apart.above, apart.below);
        let steps = apart.above.steps.iter();
        let steps: Vec<_> = steps
            .map(|step| {
                (
                    rounded(step.time),
                    step.at_risk,
                    step.answered,
                    step.survival,
                )
            })
            .collect();
        assert_eq!(
            steps,
            [
                (10, 3, 1, 2.0 / 3.0),
                (20, 2, 0, 2.0 / 3.0),
                (30, 1, 1, 0.0)
            ]
        );
        assert_eq!(apart.survival_error(), 0.0);
        let (from, to) = apart.quantile(50);
        assert_eq!((from.map(rounded), from), (Some(30), to));
    }

    #[test]
    fn of_waits_in_one_cell_either_may_be_first() {
        // Answered at 10.01 s; given up a hundredth before, or after: who knows.
        let near = curve(&[10_010_000], &[10_000_000]);
        assert_eq!(near.above.steps[0].survival, 0.5);
        assert_eq!(near.below.steps[0].survival, 0.0);
        assert_eq!(near.survival_error(), 0.5);
        let (from, to) = near.quantile(90);
        assert_eq!((from.map(rounded), to), (Some(10), None));
        // An edge keeps them apart.
        let apart = curve(&[5 * S + 1], &[5 * S]);
        assert_eq!(apart.survival_error(), 0.0);
        assert_eq!(apart.above.steps[0].time, Duration::from_secs(5));
        assert!(apart.above.steps[1].time > Duration::from_secs(5));
        assert_eq!(curve(&[], &[]), CellCurve::default());
    }

    /// Many close together, and some far away.
    fn waits() -> impl Strategy<Value = Vec<u64>> {
        let wait = prop_oneof![
            0..300 * S,
            (0..40u64).prop_map(|tenth| 10 * S + tenth * 20_000),
            (0..5u64).prop_map(|second| second * 5 * S),
        ];
        prop::collection::vec(wait, 0..60)
    }

    /// The last step at or before an age.
    fn at(curve: &Curve, age: Duration) -> f64 {
        let steps = curve.steps.iter().take_while(|step| step.time <= age);
        steps.last().map_or(1.0, |step| step.survival)
    }

    proptest! {
        #[test]
        fn the_exact_curve_lies_between_and_its_quantiles_do(answered in waits(), censored in waits()) {
            let watched = |waits: &[u64], end: WaitEnd| -> Vec<WatchedWait> {
                let waits = waits.iter().map(|wait| Duration::from_micros(*wait));
                waits.map(|time| WatchedWait { entered: Duration::ZERO, time, end }).collect()
            };
            let mut all = watched(&answered, WaitEnd::Answered);
            all.extend(watched(&censored, WaitEnd::Censored));
            let exact = Curve::of(&all);
            let folded = curve(&answered, &censored);
            let longer = |age: Duration| age.mul_f64(1.0 + QUANTILE_ERROR) + Duration::from_micros(1);
            let shorter = |age: Duration| age.mul_f64(1.0 - QUANTILE_ERROR);
            // What is said of an age holds within a hundredth of it.
            for step in &exact.steps {
                let (low, high) = (at(&folded.below, longer(step.time)), at(&folded.above, shorter(step.time)));
                let survival = step.survival;
                prop_assert!(low <= survival + SURVIVAL_ERROR, "{low} {survival} at {:?}", step.time);
                prop_assert!(survival <= high + SURVIVAL_ERROR, "{survival} {high} at {:?}", step.time);
            }
            let sum = |curve: &Curve| {
                let steps = curve.steps.iter();
                steps.fold((0, 0), |sum, step| (sum.0 + step.answered, sum.1 + step.censored))
            };
            prop_assert_eq!(sum(&folded.above), sum(&exact));
            // On an edge the counts up to it are the exact ones.
            for edge in [5, 20].map(Duration::from_secs) {
                let up_to = |curve: &Curve| {
                    let steps = curve.steps.iter().take_while(|step| step.time <= edge);
                    steps.map(|step| step.answered).sum::<u64>()
                };
                prop_assert_eq!(up_to(&folded.above), up_to(&exact));
            }
            for percent in 1..=99 {
                let (from, to) = folded.quantile(percent);
                let quantile = exact.quantile(percent);
                match quantile {
                    Some(quantile) => {
                        prop_assert!(from.is_some_and(|from| shorter(from) <= quantile), "{from:?} {quantile:?}");
                        prop_assert!(to.is_none_or(|to| quantile <= longer(to)), "{quantile:?} {to:?}");
                    }
                    None => prop_assert_eq!(to, None),
                }
            }
        }
    }
}
