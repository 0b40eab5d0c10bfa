//! Counts become rows: the funnel, and what was said to each question.

use crate::kpi::{self, AnswerCounts, Estimand, Part, Score};
use crate::model::{AnswerCode, Text};
use crate::survey::{Kind, Question, WHOLE};

use super::super::plan::Plan;
use super::gather::{Gathered, QuestionTally, Tally};
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
        let placed = sums.questions.iter().map(|(code, tally)| {
            let place = definition.and_then(|definition| place_of(definition, code));
            (place.unwrap_or(usize::MAX), code, tally)
        });
        let mut placed: Vec<_> = placed.collect();
        placed.sort_by_key(|(place, code, _)| (*place, *code));
        for (place, code, tally_of) in placed {
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
                    said(question, tally_of, selected)
                },
            });
        }
    }
}

/// Everything that is worked out of the answers to a question.
fn said(question: Option<&Question>, tally: &QuestionTally, selected: u64) -> Said {
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
    let weights = || {
        let answers = tally.answers.iter();
        answers.flat_map(|(code, rates)| {
            let is_positive = is_positive(code);
            rates.iter().flat_map(move |(rate, count)| {
                let probability = f64::from(*rate) / f64::from(WHOLE);
                (0..*count).map(move |_| (probability, is_positive))
            })
        })
    };
    let is_resolution = question.kind == Kind::YesNo && question.code.as_str() == RESOLUTION;
    let is_yes = |code: &AnswerCode| code.as_str() == "yes";
    Said {
        top_box: kpi::top_box(&counts)
            .filter(|_| has_positive)
            .map(|score| widened(score, tally, is_positive)),
        bottom_box: kpi::bottom_box(&counts)
            .filter(|_| is_scale)
            .map(|score| widened(score, tally, is_bottom)),
        outside: kpi::outside_share(&counts)
            .filter(|_| question.answers.iter().any(|one| one.outside))
            .map(|score| widened(score, tally, is_outside)),
        bounds: kpi::bounds(&counts, selected).filter(|_| has_positive),
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
            kpi::resolution(sum(&is_yes), no).map(|score| widened(score, tally, is_yes))
        } else {
            None
        },
        weighted: if has_positive {
            kpi::weighted_share(Estimand::PerCall, weights())
        } else {
            None
        },
        answers: distribution(Some(question), tally),
    }
}

/// A single agent's interval is widened by how far answers of the same caller hang together; callers are only gathered then.
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
