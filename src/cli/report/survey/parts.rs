//! The survey report's rows by part: of the telephone funnel, rates, scores, answers, coverage and steering; of forms scores
//! and answers; of letters and social networks causes.

use crate::model::AnswerChannel;
use crate::proto::v1::{
    GetSurveyReportResponse, Interval, SurveyAnswerCount, SurveyCauseRow, SurveyControl,
    SurveyCoverageRow, SurveyFunnelRow, SurveyScoreRow, SurveyShare, SurveySteeringRow,
};

use super::super::columns::{Cell, Columns};
use super::super::grid::Grid;
use super::TITLE;

/// The parts, in the order of `Part::of_survey`.
pub(in super::super) fn parts(
    answer: &GetSurveyReportResponse,
    channel: AnswerChannel,
) -> Vec<Grid> {
    let answers: Vec<_> = answer.scores.iter().flat_map(answers).collect();
    let answers = || Grid::of("Answers", &answer_columns(), &answers);
    match channel {
        AnswerChannel::Phone => {
            let funnel: Vec<_> = answer.funnel.iter().flat_map(steps).collect();
            vec![
                Grid::of(TITLE, &step_columns(), &funnel),
                Grid::of("Rates", &rate_columns(), &answer.funnel),
                Grid::of("Scores", &score_columns(), &answer.scores),
                answers(),
                Grid::of("Coverage", &coverage_columns(), &answer.coverage),
                Grid::of("Steering", &steering_columns(), &answer.steering),
            ]
        }
        AnswerChannel::Paper
        | AnswerChannel::Web
        | AnswerChannel::Exit
        | AnswerChannel::Window
        | AnswerChannel::Mystery => {
            vec![Grid::of(TITLE, &form_columns(), &answer.scores), answers()]
        }
        AnswerChannel::Appeal | AnswerChannel::Social => {
            vec![Grid::of(TITLE, &cause_columns(), &answer.causes)]
        }
    }
}

/// One way in which asking ended, or has not.
struct Step<'a> {
    row: &'a SurveyFunnelRow,
    disposition: &'a str,
    sessions: u64,
}

fn steps(row: &SurveyFunnelRow) -> impl Iterator<Item = Step<'_>> {
    let ends = row.dispositions.iter();
    let ends = ends.map(|one| (one.disposition.as_str(), one.sessions));
    let others = [
        ("open", row.sessions_open),
        ("without_session", row.without_session),
    ];
    ends.chain(others).map(move |(disposition, sessions)| Step {
        row,
        disposition,
        sessions,
    })
}

fn step_columns<'a>() -> Columns<Step<'a>> {
    let mut columns = Columns::<Step<'a>>::new();
    columns
        .instant("bucket_start", |step| &step.row.bucket_start)
        .text("group", |step| &step.row.group)
        .text("disposition", |step| step.disposition)
        .count("sessions", |step| step.sessions)
        .count("handled", |step| step.row.handled)
        .part(
            "share_of_handled",
            |step| (step.row.handled > 0).then(|| step.sessions as f64 / step.row.handled as f64),
            |step| (step.sessions, step.row.handled),
        );
    columns
}

/// Adds a share, its n and its interval.
fn add_share<R: 'static>(
    columns: &mut Columns<R>,
    name: &'static str,
    of: fn(&R) -> Option<&SurveyShare>,
) {
    let bound = move |row: &R, which: fn(&Interval) -> f64| {
        of(row).and_then(|share| share.interval.as_ref()).map(which)
    };
    columns
        .part(
            name,
            move |row| of(row).map(|share| share.share),
            move |row| of(row).map_or((0, 0), |share| (share.count, share.n)),
        )
        .count(format!("{name}_n"), move |row| of(row).map(|share| share.n))
        .share(format!("{name}_low"), move |row| {
            bound(row, |interval| interval.low)
        })
        .beside()
        .share(format!("{name}_high"), move |row| {
            bound(row, |interval| interval.high)
        })
        .beside();
}

fn rate_columns() -> Columns<SurveyFunnelRow> {
    let mut columns = Columns::<SurveyFunnelRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("group", |row| &row.group)
        .count("handled", |row| row.handled)
        .count("selected", |row| row.selected)
        .count("invited", |row| row.invited)
        .count("respondents", |row| row.respondents)
        .count("sessions_open", |row| row.sessions_open)
        .count("without_session", |row| row.without_session)
        .count("gave_up", |row| row.gave_up);
    add_share(&mut columns, "invitation_rate", |row| {
        row.invitation_rate.as_ref()
    });
    add_share(&mut columns, "response_rate_1", |row| {
        row.response_rate_1.as_ref()
    });
    add_share(&mut columns, "response_rate_2", |row| {
        row.response_rate_2.as_ref()
    });
    add_share(&mut columns, "cooperation_rate", |row| {
        row.cooperation_rate.as_ref()
    });
    columns
}

fn score_columns() -> Columns<SurveyScoreRow> {
    let mut columns = Columns::<SurveyScoreRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("group", |row| &row.group)
        .text("channel", |row| &row.channel)
        .text("survey", |row| &row.survey)
        .owned("version", |row| row.version.to_string())
        .text("question", |row| &row.question)
        .text("kind", |row| &row.kind)
        .count("asked", |row| row.asked)
        .count("answered", |row| row.n)
        .count("skipped", |row| row.skipped)
        .count("selected", |row| row.selected)
        .count("gave_up", |row| row.gave_up)
        .mixed("remark", |row| match row.suppressed {
            true => Cell::Text("too few to be shown".to_owned()),
            false => Cell::Empty,
        });
    add_share(&mut columns, "top_box", |row| row.top_box.as_ref());
    columns
        .share("bounds_low", |row| {
            row.bounds.as_ref().map(|bounds| bounds.low)
        })
        .beside()
        .share("bounds_high", |row| {
            row.bounds.as_ref().map(|bounds| bounds.high)
        })
        .beside();
    add_said(&mut columns);
    columns
        .share("weighted", |row| {
            row.weighted.as_ref().map(|weighted| weighted.share)
        })
        .number("weighted_effective_n", |row| {
            row.weighted.as_ref().map(|weighted| weighted.effective_n)
        })
        .share("weighted_per_person", |row| {
            let weighted = row.weighted_per_person.as_ref();
            weighted.map(|weighted| weighted.share)
        })
        .number("weighted_per_person_effective_n", |row| {
            let weighted = row.weighted_per_person.as_ref();
            weighted.map(|weighted| weighted.effective_n)
        });
    add_share(&mut columns, "break_off", |row| row.break_off.as_ref());
    columns
        .count("noinputs", |row| row.noinputs)
        .count("nomatches", |row| row.nomatches)
        .count("repeats", |row| row.repeats);
    columns
}

/// Of forms nobody was drawn, and nobody left at a question.
fn form_columns() -> Columns<SurveyScoreRow> {
    let mut columns = Columns::<SurveyScoreRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("channel", |row| &row.channel)
        .text("survey", |row| &row.survey)
        .owned("version", |row| row.version.to_string())
        .text("question", |row| &row.question)
        .text("kind", |row| &row.kind)
        .count("forms", |row| row.asked)
        .count("answered", |row| row.n);
    add_share(&mut columns, "top_box", |row| row.top_box.as_ref());
    add_said(&mut columns);
    columns
}

/// Adds what is worked out of answers, whoever gave them.
fn add_said(columns: &mut Columns<SurveyScoreRow>) {
    add_share(columns, "bottom_box", |row| row.bottom_box.as_ref());
    add_share(columns, "outside", |row| row.outside.as_ref());
    columns
        .number("nps", |row| row.net_promoters.as_ref().map(|net| net.value))
        .count("nps_n", |row| row.net_promoters.as_ref().map(|net| net.n))
        .mixed("nps_low", |row| net_bound(row, |interval| interval.low))
        .mixed("nps_high", |row| net_bound(row, |interval| interval.high))
        .number("mean_grade", |row| {
            row.mean_grade.as_ref().map(|grade| grade.mean)
        })
        .count("mean_grade_n", |row| {
            row.mean_grade.as_ref().map(|grade| grade.n)
        })
        .mixed("mean_grade_standard_error", |row| {
            let error = row
                .mean_grade
                .as_ref()
                .and_then(|grade| grade.standard_error);
            error.map_or(Cell::Empty, Cell::Number)
        });
    add_share(columns, "resolution", |row| row.resolution.as_ref());
}

fn cause_columns() -> Columns<SurveyCauseRow> {
    let mut columns = Columns::<SurveyCauseRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("channel", |row| &row.channel)
        .text("month", |row| &row.month)
        .text("cause", |row| &row.cause)
        .count("count", |row| row.count);
    add_share(&mut columns, "share_of_month", |row| row.share.as_ref());
    columns
}

fn net_bound(row: &SurveyScoreRow, which: fn(&Interval) -> f64) -> Cell {
    let interval = row
        .net_promoters
        .as_ref()
        .and_then(|net| net.interval.as_ref());
    interval.map_or(Cell::Empty, |interval| Cell::Number(which(interval)))
}

/// One answer to one question.
struct Answer<'a> {
    row: &'a SurveyScoreRow,
    answer: &'a SurveyAnswerCount,
}

fn answers(row: &SurveyScoreRow) -> impl Iterator<Item = Answer<'_>> {
    row.answers.iter().map(move |answer| Answer { row, answer })
}

fn answer_columns<'a>() -> Columns<Answer<'a>> {
    let mut columns = Columns::<Answer<'a>>::new();
    columns
        .instant("bucket_start", |one| &one.row.bucket_start)
        .text("group", |one| &one.row.group)
        .text("channel", |one| &one.row.channel)
        .text("survey", |one| &one.row.survey)
        .owned("version", |one| one.row.version.to_string())
        .text("question", |one| &one.row.question)
        .text("answer", |one| &one.answer.answer)
        .text("counts_as", |one| {
            match (one.answer.positive, one.answer.outside) {
                (true, _) => "positive",
                (false, true) => "outside",
                (false, false) => "",
            }
        })
        .count("count", |one| one.answer.count)
        .count("answered", |one| one.row.n)
        .part(
            "share",
            |one| one.answer.share,
            |one| (one.answer.count, one.row.n),
        );
    columns
}

fn coverage_columns() -> Columns<SurveyCoverageRow> {
    let mut columns = Columns::<SurveyCoverageRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("dimension", |row| &row.dimension)
        .text("value", |row| &row.value)
        .count("handled", |row| row.handled)
        .count("invited", |row| row.invited)
        .count("respondents", |row| row.respondents);
    add_share(&mut columns, "coverage", |row| row.coverage.as_ref());
    columns
        .share("share_of_respondents", |row| row.share_of_respondents)
        .share("share_of_handled", |row| row.share_of_handled);
    columns
}

fn steering_columns() -> Columns<SurveySteeringRow> {
    let mut columns = Columns::<SurveySteeringRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("agent", |row| &row.agent)
        .text("name", |row| &row.name)
        .beside()
        .count("handled", |row| row.handled)
        .count("selected", |row| row.selected)
        .count("invited", |row| row.invited)
        .count("not_handed_over", |row| row.not_handed_over)
        .count("respondents", |row| row.respondents);
    add_control(&mut columns, "selected_share", |row| {
        row.selected_share.as_ref()
    });
    add_control(&mut columns, "invited_share", |row| {
        row.invited_share.as_ref()
    });
    columns
}

/// Adds a share, the limits that chance leaves, and what lies outside them.
fn add_control(
    columns: &mut Columns<SurveySteeringRow>,
    name: &'static str,
    of: fn(&SurveySteeringRow) -> Option<&SurveyControl>,
) {
    let limit = move |row: &SurveySteeringRow, which: fn(&Interval) -> f64| {
        of(row)
            .and_then(|control| control.limits.as_ref())
            .map(which)
    };
    let share = move |row: &SurveySteeringRow| of(row).and_then(|control| control.share);
    columns
        .part(
            name,
            move |row| share(row).map(|share| share.share),
            move |row| share(row).map_or((0, 0), |share| (share.count, share.n)),
        )
        .share(format!("{name}_centre"), move |row| {
            of(row).map(|control| control.centre)
        })
        .beside()
        .share(format!("{name}_limit_low"), move |row| {
            limit(row, |limits| limits.low)
        })
        .beside()
        .share(format!("{name}_limit_high"), move |row| {
            limit(row, |limits| limits.high)
        })
        .beside()
        .mixed(format!("{name}_signal"), move |row| {
            let signal = of(row).map(|control| control.signal.clone());
            signal
                .filter(|signal| !signal.is_empty())
                .map_or(Cell::Empty, Cell::Text)
        });
}
