//! Answers that came by another channel than the telephone, and counts of causes by month.
//!
//! A form belongs to the interval in which it was filled, a count to that in which its month begins. Nobody was drawn for a
//! form, and nobody let go: there are neither bounds nor weights, and forms are of no queue, agent or hour.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::kpi::{self, Score};
use crate::model::{AnswerChannel, Cause, Form, FormContent, SurveyId, Timestamp};
use crate::survey::WHOLE;

use super::super::plan::Plan;
use super::gather::SurveyTally;
use super::group::Group;
use super::known::{Known, kind_word};
use super::scores::{placed, said};
use super::{SurveyAsked, SurveyScoreRow};

/// What forms said.
#[derive(Default)]
pub(super) struct Submitted {
    answers: BTreeMap<(usize, SurveyId, u32), Filled>,
    causes: BTreeMap<(usize, u32), BTreeMap<Cause, u64>>,
}

/// Forms of one version of one survey.
#[derive(Default)]
struct Filled {
    forms: u64,
    said: SurveyTally,
}

/// How often a cause was named in a month, in letters or in social networks.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyCauseRow {
    /// The first instant of the interval in which the month begins, local.
    pub bucket_start: String,
    /// The month: `2026-01`.
    pub month: String,
    /// The cause.
    pub cause: Cause,
    /// How often, with the share of all that was counted in the month.
    pub counted: Score,
}

impl Submitted {
    /// Takes one form.
    pub(super) fn add(&mut self, plan: &Plan, asked: &SurveyAsked, form: &Form) {
        match &form.content {
            FormContent::Answers {
                survey,
                version,
                answers,
                ..
            } => {
                let is_asked_for = asked.version == 0 || asked.version == *version;
                let bucket = plan.buckets.index_of(form.answered_at);
                let Some(bucket) = bucket.filter(|_| is_asked_for) else {
                    return;
                };
                let key = (bucket, survey.clone(), *version);
                let filled = self.answers.entry(key).or_default();
                filled.forms += 1;
                for answer in answers {
                    let question = answer.question.clone();
                    let tally = filled.said.questions.entry(question).or_default();
                    tally.add_answer(&answer.answer, answer.coded, WHOLE);
                }
            }
            FormContent::Count {
                month,
                cause,
                count,
            } => {
                let begins = month_begins(*month, plan);
                if let Some(bucket) = begins.and_then(|at| plan.buckets.index_of(at)) {
                    let causes = self.causes.entry((bucket, *month)).or_default();
                    *causes.entry(*cause).or_default() += u64::from(*count);
                }
            }
        }
    }

    /// What was said to each question.
    pub(super) fn scores(&self, plan: &Plan, known: &Known) -> Vec<SurveyScoreRow> {
        let mut rows = Vec::new();
        for ((bucket, survey, version), filled) in &self.answers {
            let definition = known.definition(survey, *version);
            for (place, code, tally) in placed(definition, &filled.said) {
                let question = definition.and_then(|definition| definition.questions.get(place));
                rows.push(SurveyScoreRow {
                    bucket_start: plan.bucket_start(*bucket),
                    group: Group::All.name(),
                    survey: survey.clone(),
                    version: *version,
                    question: code.clone(),
                    kind: question.map_or("", |question| kind_word(&question.kind)),
                    headline: definition.is_some_and(|definition| definition.headline == place),
                    counts: kpi::QuestionCounts {
                        asked: filled.forms,
                        ..kpi::QuestionCounts::default()
                    },
                    answered: tally.answered,
                    skipped: 0,
                    selected: 0,
                    gave_up: 0,
                    suppressed: false,
                    break_off: None,
                    said: said(question, tally, None),
                });
            }
        }
        rows
    }

    /// What was counted, month by month.
    pub(super) fn causes(&self, plan: &Plan) -> Vec<SurveyCauseRow> {
        let mut rows = Vec::new();
        for ((bucket, month), causes) in &self.causes {
            let all = causes.values().sum();
            let counted = Cause::ALL.iter().filter_map(|cause| {
                let count = causes.get(cause).copied().unwrap_or_default();
                Some(SurveyCauseRow {
                    bucket_start: plan.bucket_start(*bucket),
                    month: format!("{:04}-{:02}", month / 12, month % 12 + 1),
                    cause: *cause,
                    counted: kpi::score(count, all)?,
                })
            });
            rows.extend(counted);
        }
        rows
    }
}

/// The first instant of a month in the report's zone; `None` = no calendar reaches it.
fn month_begins(month: u32, plan: &Plan) -> Option<Timestamp> {
    let (year, month) = (month / 12, month % 12 + 1);
    let first = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1);
    let begins = first.ok()?.to_zoned(plan.zone.rules().clone()).ok()?;
    Some(Timestamp::from_micros(begins.timestamp().as_microsecond()))
}

/// What was asked for and has no effect on forms, in words.
pub(super) fn without_effect(plan: &Plan, channel: AnswerChannel) -> Vec<String> {
    let is_narrowed = !plan.is_unfiltered()
        || plan.choice.hours.is_some()
        || !plan.choice.asked_lines.is_empty()
        || !plan.choice.teams.is_empty();
    let word = channel.as_str();
    let words = format!(
        "answers by {word} are of no queue, line, team or hours: such a choice has no effect"
    );
    is_narrowed.then_some(words).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AnswerCode, FormAnswer, FormId, QuestionId, SourceId, TakenForm};
    use crate::reports::fixture::{Memory, at, hotline, query, samara};
    use crate::reports::survey::tests::two_questions;
    use crate::reports::{Bucket, Query, SurveyReport};

    fn taken(form: Form) -> TakenForm {
        TakenForm {
            source: SourceId::new(""),
            taken_at: samara("23:00:00"),
            form,
        }
    }

    fn form(id: &str, channel: AnswerChannel, at: &str, answers: &[(&str, &str)]) -> TakenForm {
        let answers = answers.iter().map(|(question, answer)| FormAnswer {
            question: QuestionId::new(*question),
            answer: AnswerCode::new(*answer),
            coded: true,
            words: "".into(),
        });
        taken(Form {
            form: FormId::new(id),
            channel,
            answered_at: samara(at),
            call: None,
            content: FormContent::Answers {
                survey: SurveyId::new("two-questions"),
                version: 1,
                language: "ru".into(),
                answers: answers.collect(),
            },
        })
    }

    fn count(month: u32, cause: Cause, count: u32) -> TakenForm {
        taken(Form {
            form: FormId::new(format!("{month} {}", cause.as_str())),
            channel: AnswerChannel::Appeal,
            // The month's beginning in UTC, four hours after that in Samara.
            answered_at: at(&format!(
                "{:04}-{:02}-01T04:00:00+04:00",
                month / 12,
                month % 12 + 1
            )),
            call: None,
            content: FormContent::Count {
                month,
                cause,
                count,
            },
        })
    }

    fn report(forms: Vec<TakenForm>, channel: AnswerChannel, query: &Query) -> SurveyReport {
        let memory = Memory::default().with_surveys(vec![two_questions()], Vec::new());
        let asked = SurveyAsked {
            channel,
            ..SurveyAsked::default()
        };
        let reports = memory.with_forms(forms).reports(hotline());
        reports.survey(query, &asked).unwrap()
    }

    #[test]
    fn a_channel_has_the_answers_of_its_own_forms_alone() {
        let forms = vec![
            form(
                "1",
                AnswerChannel::Paper,
                "09:00:00",
                &[("satisfaction", "5"), ("solved", "yes")],
            ),
            form(
                "2",
                AnswerChannel::Paper,
                "10:00:00",
                &[("satisfaction", "2")],
            ),
            form("3", AnswerChannel::Paper, "11:00:00", &[("solved", "no")]),
            form(
                "4",
                AnswerChannel::Web,
                "09:00:00",
                &[("satisfaction", "1")],
            ),
        ];
        let paper = report(forms.clone(), AnswerChannel::Paper, &query());
        assert!(paper.funnel.is_empty() && paper.coverage.is_empty() && paper.causes.is_empty());
        let [satisfaction, solved] = &paper.scores[..] else {
            panic!("{:?}", paper.scores);
        };
        assert_eq!((satisfaction.counts.asked, satisfaction.answered), (3, 2));
        let said = &satisfaction.said;
        assert_eq!(said.top_box, kpi::score(1, 2));
        assert_eq!(said.mean_grade.map(|grade| grade.mean), Some(3.5));
        assert_eq!(
            (said.bounds, said.weighted, said.weighted_per_person),
            (None, None, None)
        );
        assert_eq!(solved.said.resolution, kpi::score(1, 2));
        let web = report(forms.clone(), AnswerChannel::Web, &query());
        assert_eq!(web.scores.iter().map(|row| row.answered).sum::<u64>(), 1);
        // No figure of the telephone has any of them.
        let phone = report(forms, AnswerChannel::Phone, &query());
        assert!(phone.scores.is_empty() && phone.funnel.is_empty());
    }

    #[test]
    fn causes_are_counted_by_the_month_in_the_reports_zone() {
        let january = 2026 * 12;
        let forms = vec![
            count(january, Cause::LongWaiting, 9),
            count(january, Cause::PoorService, 3),
            count(january + 1, Cause::LongWaiting, 1),
        ];
        let months = Query {
            start: Some(at("2026-01-01T00:00:00+04:00")),
            end: Some(at("2026-02-01T00:00:00+04:00")),
            bucket: Bucket::Month,
            ..query()
        };
        let brief = |report: SurveyReport| -> Vec<_> {
            let rows = report.causes.into_iter();
            rows.map(|row| (row.month, row.cause, row.counted.count, row.counted.n))
                .collect()
        };
        let told = brief(report(forms.clone(), AnswerChannel::Appeal, &months));
        let expected = [
            ("2026-01".to_owned(), Cause::LongWaiting, 9, 12),
            ("2026-01".to_owned(), Cause::PoorService, 3, 12),
        ];
        assert_eq!(
            told.iter()
                .filter(|row| row.2 > 0)
                .cloned()
                .collect::<Vec<_>>(),
            expected
        );
        // Every cause has its row, also one that nobody named.
        assert_eq!(told.len(), Cause::ALL.len());
        // West of Greenwich the month begins after its beginning in UTC.
        let west = Query {
            zone: "America/New_York".into(),
            start: Some(at("2026-01-01T00:00:00-05:00")),
            end: Some(at("2026-02-01T00:00:00-05:00")),
            ..months
        };
        assert_eq!(brief(report(forms, AnswerChannel::Appeal, &west)), told);
    }

    #[test]
    fn a_choice_that_forms_do_not_know_is_said_to_have_no_effect() {
        let forms = vec![form(
            "1",
            AnswerChannel::Exit,
            "09:00:00",
            &[("solved", "no")],
        )];
        let asked = Query {
            queues: vec!["jobs".into()],
            ..query()
        };
        let memory = Memory::default().knowing(&["jobs"]);
        let memory = memory.with_surveys(vec![two_questions()], Vec::new());
        let channel = AnswerChannel::Exit;
        let of = SurveyAsked {
            channel,
            ..SurveyAsked::default()
        };
        let report = memory.with_forms(forms).reports(hotline());
        let report = report.survey(&asked, &of).unwrap();
        let words =
            "answers by exit are of no queue, line, team or hours: such a choice has no effect";
        assert_eq!(report.context.cautions, [words]);
        assert_eq!(report.scores.len(), 1);
    }
}
