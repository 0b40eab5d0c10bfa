//! Survey scores (Q1–Q14): counts of dispositions and answers in, shares with their n and interval out.
//!
//! A score speaks of those who answered; beside it belong how many did not (`bounds`) and who they were (`coverage`).

use crate::model::Disposition;

use super::interval::{Part, wilson};
use super::share::share;

/// Sessions by disposition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DispositionCounts([u64; Disposition::ALL.len()]);

impl DispositionCounts {
    /// Adds some sessions.
    pub fn add(&mut self, disposition: Disposition, sessions: u64) {
        // Codes are those of the list, from 1.
        self.0[usize::from(disposition.code()) - 1] += sessions;
    }

    /// Sessions that ended like this: one row of the funnel.
    pub fn of(&self, disposition: Disposition) -> u64 {
        self.0[usize::from(disposition.code()) - 1]
    }

    /// Every session.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    fn sum(&self, is_counted: impl Fn(Disposition) -> bool) -> u64 {
        let counted = Disposition::ALL.iter().filter(|one| is_counted(**one));
        counted.map(|one| self.of(*one)).sum()
    }

    /// Those who were to be asked: all but not eligible, in their quiet period, or not selected.
    pub fn selected(&self) -> u64 {
        self.sum(is_selected)
    }

    /// Those who were reached: the invitation began.
    pub fn invited(&self) -> u64 {
        self.sum(is_invited)
    }

    /// Those who answered the headline item, complete or not.
    pub fn respondents(&self) -> u64 {
        self.of(Disposition::Complete) + self.of(Disposition::Partial)
    }
}

/// Whether the caller was to be asked.
pub const fn is_selected(disposition: Disposition) -> bool {
    !matches!(
        disposition,
        Disposition::NotEligible | Disposition::QuietPeriod | Disposition::NotSelected
    )
}

/// Whether the invitation began. A failure of ours is told by the interview, and so comes after its beginning.
pub const fn is_invited(disposition: Disposition) -> bool {
    is_selected(disposition)
        && !matches!(
            disposition,
            Disposition::CallerLeftFirst | Disposition::NotHandedOver | Disposition::LostInTransfer
        )
}

/// Q1: of those to be asked, the invited.
pub fn invitation_rate(counts: &DispositionCounts) -> Option<Score> {
    score(counts.invited(), counts.selected())
}

/// Q2, RR1 of AAPOR: of those to be asked, the complete.
pub fn response_rate_1(counts: &DispositionCounts) -> Option<Score> {
    score(counts.of(Disposition::Complete), counts.selected())
}

/// Q3, RR2: of those to be asked, complete or partial.
pub fn response_rate_2(counts: &DispositionCounts) -> Option<Score> {
    score(counts.respondents(), counts.selected())
}

/// Q4: of the invited, complete or partial.
pub fn cooperation_rate(counts: &DispositionCounts) -> Option<Score> {
    score(counts.respondents(), counts.invited())
}

/// What one question took, summed over sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuestionCounts {
    /// Sessions in which it was asked.
    pub asked: u64,
    /// Sessions that ended at it, unanswered, before their end.
    pub broken_off: u64,
    /// Silences.
    pub noinputs: u64,
    /// Keys that were no answer.
    pub nomatches: u64,
    /// Wishes to hear it again.
    pub repeats: u64,
}

/// Q5: of those who were asked a question, those who left at it.
pub fn break_off_rate(counts: &QuestionCounts) -> Option<Score> {
    score(counts.broken_off, counts.asked)
}

/// Q6: silences, wrong keys and repeats for each time that a question was asked; may exceed 1, since one caller may need
/// several.
pub fn trouble_rates(counts: &QuestionCounts) -> Option<(f64, f64, f64)> {
    let rate = |count| share(count, counts.asked);
    Some((
        rate(counts.noinputs)?,
        rate(counts.nomatches)?,
        rate(counts.repeats)?,
    ))
}

/// A share with how many it speaks of and Wilson's 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// How many there are of the kind in question.
    pub count: u64,
    /// How many answered.
    pub n: u64,
    /// The one by the other.
    pub share: f64,
    /// The least that it can well be.
    pub low: f64,
    /// The most that it can well be.
    pub high: f64,
}

/// A share as a score; `None` of nothing.
pub fn score(count: u64, n: u64) -> Option<Score> {
    let (low, high) = wilson(Part { count, of: n })?;
    Some(Score {
        count,
        n,
        share: share(count, n)?,
        low,
        high,
    })
}

/// The answers to one question, by what the question's version declares of their codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// Declared positive.
    pub positive: u64,
    /// On the scale, and not positive.
    pub other: u64,
    /// Of `other`, the lowest two grades.
    pub bottom: u64,
    /// Outside the scale: "hard to say", an intention.
    pub outside: u64,
}

impl AnswerCounts {
    /// All who answered it.
    pub const fn answered(&self) -> u64 {
        self.positive + self.other + self.outside
    }
}

/// Q7: the positive among all who answered the question, in complete, partial and broken-off sessions alike. An answer
/// outside the scale is an answer, and not a positive one.
pub fn top_box(counts: &AnswerCounts) -> Option<Score> {
    score(counts.positive, counts.answered())
}

/// Q7: the lowest two grades among them; shown beside.
pub fn bottom_box(counts: &AnswerCounts) -> Option<Score> {
    score(counts.bottom, counts.answered())
}

/// Q7: those outside the scale among all who answered.
pub fn outside_share(counts: &AnswerCounts) -> Option<Score> {
    score(counts.outside, counts.answered())
}

/// Q8: promoters less detractors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetPromoters {
    /// How many answered.
    pub n: u64,
    /// 9 and 10.
    pub promoters: u64,
    /// 0 to 6.
    pub detractors: u64,
    /// The difference of their shares, −1 to 1.
    pub value: f64,
    /// The least that it can well be.
    pub low: f64,
    /// The most that it can well be.
    pub high: f64,
}

/// Q8 from the answers 0 to 10, with a 95 % interval from Wilson's bounds of both shares.
///
/// The two shares are of the same people and hang together, with r = −√(p₁p₂ ÷ ((1−p₁)(1−p₂))), −1 where nobody is between; the bounds are
/// d ∓ √(a² + b² − 2·r·a·b), where a and b are the distances to Wilson's bounds. G. Y. Zou and A. Donner, *Construction of
/// confidence limits about effect measures: a general approach*, Statistics in Medicine 27 (2008) 1693–1702.
pub fn net_promoters(answers: &[u64; 11]) -> Option<NetPromoters> {
    let n: u64 = answers.iter().sum();
    let detractors: u64 = answers[..=6].iter().sum();
    let promoters: u64 = answers[9..].iter().sum();
    let (one, two) = (score(promoters, n)?, score(detractors, n)?);
    let (p, d) = (one.share, two.share);
    let together = (1.0 - p) * (1.0 - d);
    let r = if together > 0.0 {
        -(p * d / together).sqrt()
    } else {
        -1.0
    };
    let reach = |a: f64, b: f64| (a * a + b * b - 2.0 * r * a * b).max(0.0).sqrt();
    let value = p - d;
    Some(NetPromoters {
        n,
        promoters,
        detractors,
        value,
        low: (value - reach(p - one.low, two.high - d)).max(-1.0),
        high: (value + reach(one.high - p, d - two.low)).min(1.0),
    })
}

/// Q9: the mean grade of an effort question, and how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanGrade {
    /// How many answered on the scale.
    pub n: u64,
    /// The mean.
    pub mean: f64,
    /// The standard error; `None` of a single answer.
    pub standard_error: Option<f64>,
}

/// Q9: the mean of grades; `counts[i]` answers gave grade i + 1. What is outside the scale is not among them.
pub fn effort_score(counts: &[u64]) -> Option<MeanGrade> {
    let n: u64 = counts.iter().sum();
    let grades = || (1_u64..).zip(counts.iter().copied());
    let sum: u64 = grades().map(|(grade, count)| grade * count).sum();
    let mean = share(sum, n)?;
    let squares: f64 = grades()
        .map(|(grade, count)| (grade as f64 - mean).powi(2) * count as f64)
        .sum();
    let standard_error = (n > 1).then(|| (squares / (n - 1) as f64 / n as f64).sqrt());
    Some(MeanGrade {
        n,
        mean,
        standard_error,
    })
}

/// Q10: of those who said whether their matter is settled, those who said yes.
pub fn resolution(yes: u64, no: u64) -> Option<Score> {
    score(yes, yes + no)
}

/// Q11: what the top box would be if all who were to be asked and did not answer were unhappy, or happy.
pub fn bounds(counts: &AnswerCounts, selected: u64) -> Option<(f64, f64)> {
    let missing = selected.checked_sub(counts.answered())?;
    Some((
        share(counts.positive, selected)?,
        share(counts.positive + missing, selected)?,
    ))
}

/// Q12: one group's share among the respondents and among all handled calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// Among those who answered.
    pub respondents: f64,
    /// Among all handled calls.
    pub handled: f64,
}

/// Q12: how a group's weight among respondents compares with its weight among all; parts are the group's and the whole's.
pub fn mix(respondents: Part, handled: Part) -> Option<Mix> {
    Some(Mix {
        respondents: share(respondents.count, respondents.of)?,
        handled: share(handled.count, handled.of)?,
    })
}

/// Q13: of a group's handled calls, those that answered. Groups are transfers 0, 1, 2+ and who hung up first.
pub fn coverage(respondents: u64, handled: u64) -> Option<Score> {
    score(respondents, handled)
}

/// Whom a weighted figure speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimand {
    /// Every call counts once.
    PerCall,
    /// Every person counts once, however often they call.
    PerPerson,
}

impl Estimand {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerCall => "per_call",
            Self::PerPerson => "per_person",
        }
    }
}

/// Q14: a share in which each answer stands for those who were as likely to be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted {
    /// Whom it speaks of.
    pub estimand: Estimand,
    /// Σ weights of the positive ÷ Σ weights.
    pub share: f64,
    /// How many equally weighted answers would say as much: (Σw)² ÷ Σw² (L. Kish, *Survey Sampling*, 1965).
    pub effective_n: f64,
}

/// Q14: each call (or person) that answered, with the probability by which it was selected and how much of its answers is
/// positive: 0 or 1 of a call. `None` of nothing, or when a probability is none.
pub fn weighted_share(
    estimand: Estimand,
    answers: impl IntoIterator<Item = (f64, f64)>,
) -> Option<Weighted> {
    let (mut sum, mut positive, mut squares) = (0.0, 0.0, 0.0);
    for (probability, share) in answers {
        if !(probability > 0.0 && probability <= 1.0) {
            return None;
        }
        let weight = 1.0 / probability;
        sum += weight;
        squares += weight * weight;
        positive += weight * share;
    }
    (sum > 0.0).then(|| Weighted {
        estimand,
        share: positive / sum,
        effective_n: sum * sum / squares,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} for {expected}");
    }

    /// A hundred served calls and more, one number a disposition.
    fn funnel() -> DispositionCounts {
        let mut counts = DispositionCounts::default();
        for (disposition, sessions) in [
            (Disposition::NotEligible, 30),
            (Disposition::QuietPeriod, 20),
            (Disposition::NotSelected, 50),
            (Disposition::CallerLeftFirst, 25),
            (Disposition::NotHandedOver, 10),
            (Disposition::LostInTransfer, 5),
            (Disposition::Refused, 12),
            (Disposition::NoInput, 6),
            (Disposition::Unable, 1),
            (Disposition::BreakOff, 4),
            (Disposition::Partial, 7),
            (Disposition::Complete, 28),
            (Disposition::TechnicalFailure, 2),
        ] {
            counts.add(disposition, sessions);
        }
        counts
    }

    #[test]
    fn rates_have_the_denominators_of_the_catalogue() {
        let counts = funnel();
        assert_eq!(counts.all(), 200);
        // 200 − 30 − 20 − 50 to be asked; 100 − 25 − 10 − 5 reached.
        assert_eq!((counts.selected(), counts.invited()), (100, 60));
        for (rate, count, n) in [
            (invitation_rate(&counts), 60, 100),
            (response_rate_1(&counts), 28, 100),
            (response_rate_2(&counts), 35, 100),
            (cooperation_rate(&counts), 35, 60),
        ] {
            let rate = rate.unwrap();
            assert_eq!((rate.count, rate.n), (count, n));
            close(rate.share, count as f64 / n as f64);
            assert!(rate.low < rate.share && rate.share < rate.high);
        }
    }

    #[test]
    fn nothing_of_nothing_is_no_data() {
        let none = DispositionCounts::default();
        assert_eq!(invitation_rate(&none), None);
        assert_eq!(cooperation_rate(&none), None);
        assert_eq!(top_box(&AnswerCounts::default()), None);
        assert_eq!(net_promoters(&[0; 11]), None);
        assert_eq!(effort_score(&[0; 5]), None);
        assert_eq!(effort_score(&[]), None);
        assert_eq!(resolution(0, 0), None);
        assert_eq!(bounds(&AnswerCounts::default(), 0), None);
        assert_eq!(break_off_rate(&QuestionCounts::default()), None);
        assert_eq!(trouble_rates(&QuestionCounts::default()), None);
        assert_eq!(weighted_share(Estimand::PerCall, []), None);
        assert_eq!(
            mix(Part { count: 0, of: 0 }, Part { count: 1, of: 2 }),
            None
        );
    }

    #[test]
    fn each_disposition_has_its_row() {
        for disposition in Disposition::ALL {
            let mut counts = DispositionCounts::default();
            counts.add(*disposition, 3);
            assert_eq!(counts.of(*disposition), 3);
            assert_eq!(counts.all(), 3);
            // Who was invited was to be asked.
            assert!(!is_invited(*disposition) || is_selected(*disposition));
        }
    }

    #[test]
    fn boxes_are_shares_of_all_who_answered() {
        let counts = AnswerCounts {
            positive: 30,
            other: 20,
            bottom: 5,
            outside: 10,
        };
        close(top_box(&counts).unwrap().share, 30.0 / 60.0);
        close(bottom_box(&counts).unwrap().share, 5.0 / 60.0);
        close(outside_share(&counts).unwrap().share, 10.0 / 60.0);
        // 150 to be asked, 60 answered: 30 ÷ 150, and (30 + 90) ÷ 150.
        let (low, high) = bounds(&counts, 150).unwrap();
        close(low, 0.2);
        close(high, 0.8);
        assert_eq!(bounds(&counts, 59), None, "more answers than people");
    }

    #[test]
    fn promoters_are_set_against_detractors() {
        //            0  1  2  3  4  5  6  7  8  9 10
        let answers = [1, 0, 0, 0, 0, 2, 2, 3, 2, 4, 6];
        let score = net_promoters(&answers).unwrap();
        assert_eq!((score.n, score.promoters, score.detractors), (20, 10, 5));
        close(score.value, 0.25);
        assert!(score.low < 0.25 && 0.25 < score.high);
        // Everybody one way: the bound is reached and left on the other side.
        let all = net_promoters(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]).unwrap();
        assert_eq!((all.value, all.high), (1.0, 1.0));
        assert!(all.low > 0.0 && all.low < 1.0);
        // Passives alone.
        let none = net_promoters(&[0, 0, 0, 0, 0, 0, 0, 5, 5, 0, 0]).unwrap();
        assert_eq!(none.value, 0.0);
        close(none.low, -none.high);
    }

    #[test]
    fn promoters_and_detractors_that_leave_nobody_between_are_one_share() {
        // p and 1 − p: the difference is 2p − 1, and so are its bounds of Wilson's: r = −1, so a + b.
        let score = net_promoters(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
        let (low, high) = wilson(Part { count: 7, of: 10 }).unwrap();
        close(score.low, 2.0 * low - 1.0);
        close(score.high, 2.0 * high - 1.0);
    }

    #[test]
    fn grades_have_a_mean() {
        // 1, 3, 3, 5: mean 3; squares 4 + 0 + 0 + 4 = 8; variance 8 ÷ 3; error √(8 ÷ 3 ÷ 4).
        let score = effort_score(&[1, 0, 2, 0, 1]).unwrap();
        assert_eq!(score.n, 4);
        close(score.mean, 3.0);
        close(score.standard_error.unwrap(), (2.0_f64 / 3.0).sqrt());
        assert_eq!(effort_score(&[0, 1]).unwrap().standard_error, None);
    }

    #[test]
    fn questions_and_groups_have_their_rates() {
        let counts = QuestionCounts {
            asked: 40,
            broken_off: 4,
            noinputs: 10,
            nomatches: 50,
            repeats: 2,
        };
        close(break_off_rate(&counts).unwrap().share, 0.1);
        assert_eq!(trouble_rates(&counts), Some((0.25, 1.25, 0.05)));
        close(resolution(9, 3).unwrap().share, 0.75);
        close(coverage(5, 20).unwrap().share, 0.25);
        let mix = mix(
            Part { count: 10, of: 40 },
            Part {
                count: 100,
                of: 200,
            },
        )
        .unwrap();
        assert_eq!((mix.respondents, mix.handled), (0.25, 0.5));
    }

    #[test]
    fn an_answer_stands_for_those_who_were_as_likely() {
        // One of four asked in one queue, all in the other: weights 4 and 1.
        let answers = [(0.25, 1.0), (1.0, 0.0), (1.0, 0.0)];
        let weighted = weighted_share(Estimand::PerCall, answers).unwrap();
        close(weighted.share, 4.0 / 6.0);
        close(weighted.effective_n, 36.0 / 18.0);
        for wrong in [0.0, -0.5, 1.5, f64::NAN] {
            assert_eq!(weighted_share(Estimand::PerPerson, [(wrong, 1.0)]), None);
        }
    }
}
