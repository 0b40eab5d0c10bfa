//! Explanations by survey: whether the caller was to be asked, was, and what the answers add.
//!
//! Whom answers stand for (Q14 over people) depends on other calls of the same person: of one call only its own weight can be
//! said. Figures of questions stand under the question, those of coverage under a dimension and its value.

use crate::kpi::{Part, Score};
use crate::model::Disposition;
use crate::reports::SurveyScoreRow;

use super::super::survey::OneCall;
use super::super::transfers;
use super::case::{Case, count, halves};
use super::explain::Explanation;

/// What became of asking, in words.
fn became(one: &OneCall) -> String {
    let Some(row) = &one.funnel else {
        return "no human answered".to_owned();
    };
    match one.disposition() {
        Some(disposition) => format!("a human answered, the survey: {}", disposition.as_str()),
        None if row.open > 0 => "a human answered, the survey goes on".to_owned(),
        None => "a human answered, of the survey nothing was decided".to_owned(),
    }
}

/// A share of the funnel, under the queue at which the survey report has the call.
fn of_funnel(case: &Case<'_>, part: impl Fn(&OneCall) -> Part) -> Vec<Explanation> {
    let Some(one) = case.surveyed else {
        return Vec::new();
    };
    let part = part(one);
    let under = transfers::queue_of(&case.rows.call).map_or("", |queue| queue.as_str());
    let words = format!("{}: {}", became(one), halves(part));
    vec![Explanation::part(under, part, words)]
}

/// The call among those to be asked, those who were reached, those who answered the headline item, and those who answered all.
fn steps(one: &OneCall) -> [u64; 4] {
    let counts = one.funnel.as_ref().map(|row| row.dispositions);
    counts.map_or([0; 4], |counts| {
        [
            counts.selected(),
            counts.invited(),
            counts.respondents(),
            counts.of(Disposition::Complete),
        ]
    })
}

/// Q1.
pub(super) fn invitation(case: &Case<'_>) -> Vec<Explanation> {
    of_funnel(case, |one| {
        let [of, count, ..] = steps(one);
        Part { count, of }
    })
}

/// Q2.
pub(super) fn response_1(case: &Case<'_>) -> Vec<Explanation> {
    of_funnel(case, |one| {
        let [of, _, _, count] = steps(one);
        Part { count, of }
    })
}

/// Q3.
pub(super) fn response_2(case: &Case<'_>) -> Vec<Explanation> {
    of_funnel(case, |one| {
        let [of, _, count, _] = steps(one);
        Part { count, of }
    })
}

/// Q4.
pub(super) fn cooperation(case: &Case<'_>) -> Vec<Explanation> {
    of_funnel(case, |one| {
        let [_, of, count, _] = steps(one);
        Part { count, of }
    })
}

/// A sentence for each question that was asked; `None` of one to which the figure does not apply.
fn of_questions(
    case: &Case<'_>,
    explain: impl Fn(&SurveyScoreRow) -> Option<(Part, String)>,
) -> Vec<Explanation> {
    let rows = case.surveyed.map_or(&[][..], |one| &one.scores);
    let explained = rows.iter().filter_map(|row| {
        let (part, words) = explain(row)?;
        let question = row.question.as_str();
        let words = format!("question {question}: {words}: {}", halves(part));
        Some(Explanation::part(question, part, words))
    });
    explained.collect()
}

/// What was answered, in words; `None` when nothing was.
fn answer(row: &SurveyScoreRow) -> Option<String> {
    let given = row.said.answers.iter().find(|answer| answer.count > 0)?;
    let counts_as = match (given.positive, given.outside) {
        (true, _) => ", which counts as satisfied",
        (false, true) => ", which is outside the scale",
        (false, false) => "",
    };
    Some(format!("answered {}{counts_as}", given.answer))
}

/// A share of those who answered.
fn of_answered(row: &SurveyScoreRow, score: Option<Score>) -> Option<(Part, String)> {
    let Some(words) = answer(row) else {
        return Some((Part { count: 0, of: 0 }, "asked, not answered".to_owned()));
    };
    let score = score?;
    let part = Part {
        count: score.count,
        of: score.n,
    };
    Some((part, words))
}

/// Q5.
pub(super) fn break_off(case: &Case<'_>) -> Vec<Explanation> {
    of_questions(case, |row| {
        let left = row.break_off?;
        let part = Part {
            count: left.count,
            of: left.n,
        };
        let words = if left.count > 0 {
            "asked, and the caller left at it"
        } else {
            "asked, and the caller did not leave at it"
        };
        Some((part, words.to_owned()))
    })
}

/// Q6.
pub(super) fn trouble(case: &Case<'_>) -> Vec<Explanation> {
    let rows = case.surveyed.map_or(&[][..], |one| &one.scores);
    let explained = rows.iter().map(|row| {
        let (question, counts) = (row.question.as_str(), &row.counts);
        let part = Part {
            count: counts.noinputs + counts.nomatches + counts.repeats,
            of: counts.asked,
        };
        let words = format!(
            "question {question}: {}, {}, {}: added up for the question",
            count(counts.noinputs, "silence"),
            count(counts.nomatches, "wrong key"),
            count(counts.repeats, "repeat"),
        );
        Explanation::part(question, part, words)
    });
    explained.collect()
}

/// Q7.
pub(super) fn top_box(case: &Case<'_>) -> Vec<Explanation> {
    of_questions(case, |row| of_answered(row, row.said.top_box))
}

/// Q8.
pub(super) fn net_promoters(case: &Case<'_>) -> Vec<Explanation> {
    of_questions(case, |row| {
        let net = row.said.net_promoters?;
        let kind = match (net.promoters, net.detractors) {
            (1.., _) => "a promoter",
            (_, 1..) => "a detractor",
            (0, 0) => "neither promoter nor detractor",
        };
        let part = Part {
            count: net.promoters,
            of: net.n,
        };
        Some((part, format!("{}, {kind}", answer(row)?)))
    })
}

/// Q9.
pub(super) fn effort(case: &Case<'_>) -> Vec<Explanation> {
    let rows = case.surveyed.map_or(&[][..], |one| &one.scores);
    let explained = rows.iter().filter_map(|row| {
        let (question, grade) = (row.question.as_str(), row.said.mean_grade?);
        let part = Part {
            count: grade.mean as u64,
            of: grade.n,
        };
        let words = format!(
            "question {question}: {}: adds {} to the sum of grades and 1 to the number",
            answer(row)?,
            part.count
        );
        Some(Explanation::part(question, part, words))
    });
    explained.collect()
}

/// Q10.
pub(super) fn resolution(case: &Case<'_>) -> Vec<Explanation> {
    of_questions(case, |row| {
        let settled = row.said.resolution?;
        let part = Part {
            count: settled.count,
            of: settled.n,
        };
        Some((part, answer(row)?))
    })
}

/// Q11: of every question of the survey, asked or not.
pub(super) fn bounds(case: &Case<'_>) -> Vec<Explanation> {
    let Some(one) = case.surveyed else {
        return Vec::new();
    };
    let explained = one.scored.iter().map(|question| {
        let row = one.scores.iter().find(|row| row.question == *question);
        let given = row.and_then(|row| Some((row.said.top_box?, answer(row)?)));
        let (count, words) = match given {
            Some((top, words)) => (top.count, format!("{words}, in both bounds")),
            None => (
                0,
                "not answered, unhappy in the lower bound and happy in the upper one".to_owned(),
            ),
        };
        let part = Part { count, of: 1 };
        Explanation::part(
            question.as_str(),
            part,
            format!("question {question}: {words}"),
        )
    });
    explained.collect()
}

/// Q12 and Q13: respondents among handled calls, by each dimension.
pub(super) fn coverage(case: &Case<'_>) -> Vec<Explanation> {
    let Some(one) = case.surveyed else {
        return Vec::new();
    };
    let explained = one.coverage.iter().map(|row| {
        let part = Part {
            count: row.respondents,
            of: row.handled,
        };
        let under = format!("{}={}", row.dimension, row.value);
        let words = format!("{}, {under}: {}", became(one), halves(part));
        Explanation::part(&under, part, words)
    });
    explained.collect()
}

/// Q14 over calls: as the top box, with the weight of the call.
pub(super) fn weighted(case: &Case<'_>) -> Vec<Explanation> {
    let chance = case.surveyed.and_then(|one| one.chance);
    let Some(chance) = chance.filter(|chance| *chance > 0.0) else {
        return Vec::new();
    };
    of_questions(case, |row| {
        let (part, words) = of_answered(row, row.said.top_box)?;
        let weight = 1.0 / chance;
        let words = format!("{words}; drawn with a probability of {chance}, it weighs {weight}");
        Some((part, words))
    })
}

#[cfg(test)]
#[path = "explain_surveys_test.rs"]
mod tests;
