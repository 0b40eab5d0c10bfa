//! Counts become rows: the funnel, and what was said to each question.

use std::collections::HashMap;

use crate::kpi::{self, AnswerCounts, Estimand, Part, Score, Weighted};
use crate::model::{AnswerCode, Pseudonym, QuestionId, Text};
use crate::survey::{Definition, Kind, Question};

use super::super::plan::Plan;
use super::gather::{Gathered, QuestionTally, SurveyTally, Tally, chance};
use super::group::{Group, SurveyGrouping};
use super::known::{RESOLUTION, grades, kind_word, place_of};
use super::{AGENT_MIN, Said, SurveyAnswerCount, SurveyFunnelRow, SurveyScoreRow};

/// Of a scale: its lowest two grades are its bottom.
const BOTTOM: usize = 2;

/// The funnel and the scores.
pub(super) fn rows(
    plan: &Plan,
    gathered: &Gathered,
) -> (Vec<SurveyFunnelRow>, Vec<SurveyScoreRow>) {
    let (mut funnel, mut scores) = (Vec::new(), Vec::new());
    for ((bucket, group), tally) in &gathered.tallies {
        let bucket_start = plan.bucket_start(*bucket);
        let is_agent = gathered.asked.by == SurveyGrouping::Agent && *group != Group::All;
        funnel.push(SurveyFunnelRow {
            bucket_start: bucket_start.clone(),
            group: group.name(),
            handled: tally.handled,
            dispositions: tally.dispositions,
            open: tally.open,
            without_session: tally.without_session,
            gave_up: tally.gave_up,
            suppressed: is_agent && tally.handled < AGENT_MIN,
        });
        questions(gathered, &bucket_start, group, is_agent, tally, &mut scores);
    }
    (funnel, scores)
}

fn questions(
    gathered: &Gathered,
    bucket_start: &str,
    group: &Group,
    is_agent: bool,
    tally: &Tally,
    rows: &mut Vec<SurveyScoreRow>,
) {
    for ((survey, version), sums) in &tally.surveys {
        let definition = gathered.known.definition(survey, *version);
        let selected = sums.dispositions.selected();
        for (place, code, tally_of) in placed(definition, sums) {
            let question = definition.and_then(|definition| definition.questions.get(place));
            let suppressed = is_agent && tally_of.answered < AGENT_MIN;
            rows.push(SurveyScoreRow {
                bucket_start: bucket_start.to_owned(),
                group: group.name(),
                survey: survey.clone(),
                version: *version,
                question: code.clone(),
                kind: question.map_or("", |question| kind_word(&question.kind)),
                headline: definition.is_some_and(|definition| definition.headline == place),
                counts: tally_of.counts,
                answered: tally_of.answered,
                skipped: tally_of.skipped,
                selected,
                gave_up: tally.gave_up,
                suppressed,
                break_off: kpi::break_off_rate(&tally_of.counts).filter(|_| !suppressed),
                said: if suppressed {
                    Said::default()
                } else {
                    let asked = Asked {
                        selected,
                        passed_over: &sums.passed_over,
                        is_agent,
                    };
                    said(question, tally_of, Some(&asked))
                },
            });
        }
    }
}

/// The questions of a survey in the definition's order, each with its place in it.
pub(super) fn placed<'a>(
    definition: Option<&Definition>,
    sums: &'a SurveyTally,
) -> Vec<(usize, &'a QuestionId, &'a QuestionTally)> {
    let placed = sums.questions.iter().map(|(code, tally)| {
        let place = definition.and_then(|definition| place_of(definition, code));
        (place.unwrap_or(usize::MAX), code, tally)
    });
    let mut placed: Vec<_> = placed.collect();
    placed.sort_by_key(|(place, code, _)| (*place, *code));
    placed
}

/// How those who answered came to be asked.
pub(super) struct Asked<'a> {
    /// How many were to be asked.
    selected: u64,
    /// How likely it was that none of a caller's calls would be drawn.
    passed_over: &'a HashMap<Pseudonym, f64>,
    /// Whether they are a single agent's.
    is_agent: bool,
}

/// Everything that is worked out of the answers to a question; nobody was drawn for a form, which says nothing of how its
/// answers came about.
pub(super) fn said(
    question: Option<&Question>,
    tally: &QuestionTally,
    asked: Option<&Asked<'_>>,
) -> Said {
    let Some(question) = question else {
        return Said {
            answers: distribution(None, tally),
            ..Said::default()
        };
    };
    let find = |code: &AnswerCode| question.answers.iter().find(|one| one.code == *code);
    let is_positive = |code: &AnswerCode| find(code).is_some_and(|one| one.positive);
    let is_outside = |code: &AnswerCode| find(code).is_some_and(|one| one.outside);
    let grades = grades(question);
    let lowest = &grades[grades.len().saturating_sub(BOTTOM)..];
    let is_bottom = |code: &AnswerCode| lowest.contains(&code) && !is_positive(code);
    let sum = |is_counted: &dyn Fn(&AnswerCode) -> bool| -> u64 {
        let counted = tally.answers.keys().filter(|code| is_counted(code));
        counted.map(|code| tally.of(code)).sum()
    };
    let (positive, outside) = (sum(&is_positive), sum(&is_outside));
    let counts = AnswerCounts {
        positive,
        outside,
        other: tally.answered - positive - outside,
        bottom: sum(&is_bottom),
    };
    let has_positive = question.answers.iter().any(|one| one.positive);
    let is_scale = question.kind == Kind::Scale;
    let widens = asked.is_some_and(|asked| asked.is_agent);
    let widened = |score: Score, is_counted: &dyn Fn(&AnswerCode) -> bool| {
        if widens {
            widened(score, tally, is_counted)
        } else {
            score
        }
    };
    let is_resolution = question.kind == Kind::YesNo && question.code.as_str() == RESOLUTION;
    let is_yes = |code: &AnswerCode| code.as_str() == "yes";
    Said {
        top_box: kpi::top_box(&counts)
            .filter(|_| has_positive)
            .map(|score| widened(score, &is_positive)),
        bottom_box: kpi::bottom_box(&counts)
            .filter(|_| is_scale)
            .map(|score| widened(score, &is_bottom)),
        outside: kpi::outside_share(&counts)
            .filter(|_| question.answers.iter().any(|one| one.outside))
            .map(|score| widened(score, &is_outside)),
        bounds: asked
            .filter(|_| has_positive)
            .and_then(|asked| kpi::bounds(&counts, asked.selected)),
        net_promoters: match question.kind {
            Kind::Nps => kpi::net_promoters(&std::array::from_fn(|value| {
                tally.of(&AnswerCode::new(value.to_string()))
            })),
            Kind::Choice | Kind::Scale | Kind::YesNo | Kind::Number(_) | Kind::VoiceNote(_) => None,
        },
        mean_grade: if is_scale {
            let rising: Vec<_> = grades.iter().rev().map(|code| tally.of(code)).collect();
            kpi::effort_score(&rising)
        } else {
            None
        },
        resolution: if is_resolution {
            let no = sum(&|code| code.as_str() == "no");
            kpi::resolution(sum(&is_yes), no).map(|score| widened(score, &is_yes))
        } else {
            None
        },
        weighted: asked
            .filter(|_| has_positive)
            .and_then(|_| weighted_per_call(tally, is_positive)),
        weighted_per_person: asked
            .filter(|_| has_positive)
            .and_then(|asked| weighted_per_person(tally, asked.passed_over, is_positive)),
        answers: distribution(Some(question), tally),
    }
}

/// Q14 over calls: each answer stands for the calls that were as likely to be drawn.
fn weighted_per_call(
    tally: &QuestionTally,
    is_positive: impl Fn(&AnswerCode) -> bool,
) -> Option<Weighted> {
    let answers = tally.answers.iter().flat_map(|(code, rates)| {
        let positive = f64::from(u8::from(is_positive(code)));
        rates
            .iter()
            .flat_map(move |(rate, count)| (0..*count).map(move |_| (chance(*rate), positive)))
    });
    kpi::weighted_share(Estimand::PerCall, answers)
}

/// Q14 over people: each stands for the people who were as likely to be drawn with any of their calls, and one who answered
/// several times counts with the share of those answers.
fn weighted_per_person(
    tally: &QuestionTally,
    passed_over: &HashMap<Pseudonym, f64>,
    is_positive: impl Fn(&AnswerCode) -> bool,
) -> Option<Weighted> {
    let known = tally.callers.iter().filter_map(|(caller, answers)| {
        let positive = answers.iter().filter(|(answer, _)| is_positive(answer));
        let part = Part {
            count: positive.map(|(_, count)| count).sum(),
            of: answers.values().sum(),
        };
        Some((1.0 - passed_over.get(caller)?, part.share()?))
    });
    let withheld = tally.withheld.iter().flat_map(|((answer, rate), count)| {
        let positive = f64::from(u8::from(is_positive(answer)));
        (0..*count).map(move |_| (chance(*rate), positive))
    });
    kpi::weighted_share(Estimand::PerPerson, known.chain(withheld))
}

/// A single agent's interval is widened by how far answers of the same caller hang together.
fn widened(score: Score, tally: &QuestionTally, is_counted: impl Fn(&AnswerCode) -> bool) -> Score {
    let part = Part {
        count: score.count,
        of: score.n,
    };
    match kpi::wilson_widened(part, tally.effect(is_counted)) {
        Some((low, high)) => Score { low, high, ..score },
        None => score,
    }
}

/// Every answer of the definition, also those that nobody gave; then the others that were given, numbers rising.
fn distribution(question: Option<&Question>, tally: &QuestionTally) -> Vec<SurveyAnswerCount> {
    let share = |count| {
        let of = tally.answered;
        Part { count, of }.share()
    };
    let declared = question.map_or(&[][..], |question| &question.answers);
    let mut answers: Vec<_> = declared
        .iter()
        .map(|answer| SurveyAnswerCount {
            answer: Text::from(answer.code.as_str()),
            count: tally.of(&answer.code),
            positive: answer.positive,
            outside: answer.outside,
            share: share(tally.of(&answer.code)),
        })
        .collect();
    let is_declared = |code: &AnswerCode| declared.iter().any(|answer| answer.code == *code);
    let mut others: Vec<_> = tally
        .answers
        .keys()
        .filter(|code| !is_declared(code))
        .collect();
    others.sort_by_key(|code| (code.as_str().parse::<u64>().unwrap_or(u64::MAX), *code));
    answers.extend(others.into_iter().map(|code| SurveyAnswerCount {
        answer: Text::from(code.as_str()),
        count: tally.of(code),
        positive: false,
        outside: false,
        share: share(tally.of(code)),
    }));
    answers
}
