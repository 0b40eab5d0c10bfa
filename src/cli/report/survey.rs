//! The survey report: what it is asked with, and its tables.
//!
//! The table shows how asking ended, who answered and what they said; `--part`, a workbook and JSON every row.

mod channels;
mod parts;

use crate::model::AnswerChannel;
use crate::proto::v1::{
    self, GetSurveyReportResponse, SurveyFunnelRow, SurveyScoreRow, SurveyShare,
};
use crate::reports::SurveyGrouping;

use super::frame::{self, Starts};
use super::lang::Lang;
use super::options::{Options, channels, survey_groupings};

pub(super) use parts::parts;

/// The report's name.
pub(super) const TITLE: &str = "Surveys";

/// What the survey report can be asked with.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SurveyOptions {
    #[command(flatten)]
    pub(super) common: Options,
    /// What rows are grouped by
    #[arg(long, default_value = "queue", value_parser = survey_groupings())]
    by: SurveyGrouping,
    /// Only sessions of this survey
    #[arg(long, value_name = "NAME", default_value = "")]
    survey: String,
    /// Only sessions of this version of it; 0 = all, each in rows of its own
    #[arg(long, value_name = "N", default_value = "0")]
    survey_version: u32,
    /// How it was answered; channels are never mixed
    #[arg(long, default_value = "phone", value_parser = channels())]
    pub(super) channel: AnswerChannel,
}

impl SurveyOptions {
    /// The request that the flags make.
    pub(super) fn request(&self, query: Option<v1::ReportQuery>) -> v1::GetSurveyReportRequest {
        let by = match self.by {
            SurveyGrouping::None => v1::SurveyGrouping::None,
            SurveyGrouping::Queue => v1::SurveyGrouping::Queue,
            SurveyGrouping::Agent => v1::SurveyGrouping::Agent,
            SurveyGrouping::Hour => v1::SurveyGrouping::Hour,
            SurveyGrouping::Transfers => v1::SurveyGrouping::Transfers,
            SurveyGrouping::Wait => v1::SurveyGrouping::Wait,
        };
        v1::GetSurveyReportRequest {
            query,
            by: by.into(),
            survey: self.survey.clone(),
            version: self.survey_version,
            channel: self.channel.as_str().to_owned(),
        }
    }
}

/// Sets the report as tables, with its period above and its definitions below.
pub fn survey_table(answer: &GetSurveyReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.funnel.is_empty() {
        let told = channels::tables(answer, lang);
        return match told.as_str() {
            "" => text + &frame::nothing(lang, context),
            told => text + told + &frame::footnotes(lang, context),
        };
    }
    let starts = answer.funnel.iter().map(|row| row.bucket_start.as_str());
    let starts = Starts::of(context, starts);
    if let (Starts::Hidden, Some(all)) = (&starts, answer.funnel.last()) {
        text += &funnel(lang, all);
    }
    text += &rates(lang, &starts, &answer.funnel);
    if answer.scores.is_empty() {
        text += lang.say("Nobody was asked anything.\n");
    } else {
        text += &scores(lang, &starts, &answer.scores);
    }
    text + &frame::footnotes(lang, context)
}

/// How asking ended, over all groups.
fn funnel(lang: Lang, row: &SurveyFunnelRow) -> String {
    let line = |name: &str, sessions: u64| {
        let share = (row.handled > 0).then(|| sessions as f64 / row.handled as f64);
        vec![
            lang.say(name).to_owned(),
            sessions.to_string(),
            lang.percent(share),
        ]
    };
    let mut rows: Vec<_> = row
        .dispositions
        .iter()
        .map(|one| line(&one.disposition, one.sessions))
        .collect();
    rows.push(line("(goes on)", row.sessions_open));
    rows.push(line("(nothing decided)", row.without_session));
    let header = ["How asking ended", "Calls", "of those handled"];
    lang.table(&header, 1, rows)
}

fn rates(lang: Lang, starts: &Starts, rows: &[SurveyFunnelRow]) -> String {
    let mut header: Vec<_> = starts.header().into_iter().chain(["Group"]).collect();
    let words = header.len();
    header.extend(["Handled", "To be\nasked", "Invited", "Answered"]);
    header.extend([
        "Q1\ninvited",
        "Q2\nRR1",
        "Q3\nRR2",
        "Q4 co-\noperation",
        "Gave up,\nnot asked",
    ]);
    let rows = rows.iter().map(|row| {
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.push(group_name(lang, &row.group));
        let counts = [row.handled, row.selected, row.invited, row.respondents];
        cells.extend(counts.map(|count| count.to_string()));
        let rates = [
            &row.invitation_rate,
            &row.response_rate_1,
            &row.response_rate_2,
            &row.cooperation_rate,
        ];
        cells.extend(rates.map(|rate| lang.percent(rate.as_ref().map(|rate| rate.share))));
        cells.push(row.gave_up.to_string());
        cells
    });
    lang.table(&header, words, rows.collect())
}

fn scores(lang: Lang, starts: &Starts, rows: &[SurveyScoreRow]) -> String {
    let mut header: Vec<_> = starts.header().into_iter().collect();
    header.extend(["Group", "Survey", "Question"]);
    let words = header.len();
    header.extend(["n", "Top box", "95 %", "if all others un-\nhappy … happy"]);
    header.extend([
        "Mean\ngrade",
        "NPS",
        "Settled",
        "Left\nat it",
        "Gave up,\nnot asked",
    ]);
    let rows = rows.iter().map(|row| {
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        let survey = format!("{} v{}", row.survey, row.version);
        cells.extend([
            group_name(lang, &row.group),
            survey,
            row.question.clone(),
            row.n.to_string(),
        ]);
        if row.suppressed {
            cells.push(lang.say("too few").to_owned());
        } else {
            cells.push(lang.percent(row.top_box.as_ref().map(|score| score.share)));
        }
        cells.push(bounds(lang, interval_of(row.top_box.as_ref())));
        cells.push(bounds(lang, row.bounds.as_ref()));
        cells.push(mean_grade(lang, row));
        cells.push(net_promoters(lang, row));
        cells.extend([
            share(lang, row.resolution.as_ref()),
            share(lang, row.break_off.as_ref()),
            row.gave_up.to_string(),
        ]);
        cells
    });
    lang.table(&header, words, rows.collect())
}

fn interval_of(score: Option<&SurveyShare>) -> Option<&v1::Interval> {
    score.and_then(|score| score.interval.as_ref())
}

fn bounds(lang: Lang, interval: Option<&v1::Interval>) -> String {
    match interval {
        Some(interval) => {
            let (low, high) = (interval.low * 100.0, interval.high * 100.0);
            lang.figure(&format!("{low:.1} … {high:.1} %"))
        }
        None => lang.percent(None),
    }
}

fn share(lang: Lang, score: Option<&SurveyShare>) -> String {
    lang.percent(score.map(|score| score.share))
}

fn mean_grade(lang: Lang, row: &SurveyScoreRow) -> String {
    row.mean_grade.as_ref().map_or_else(
        || lang.percent(None),
        |grade| lang.figure(&format!("{:.2}", grade.mean)),
    )
}

fn net_promoters(lang: Lang, row: &SurveyScoreRow) -> String {
    row.net_promoters.as_ref().map_or_else(
        || lang.percent(None),
        |net| format!("{:+.0}", net.value * 100.0),
    )
}

/// A group's name; a call may have none, as one that was answered without a queue.
fn group_name(lang: Lang, group: &str) -> String {
    if group.is_empty() {
        lang.say("(none)").to_owned()
    } else {
        group.to_owned()
    }
}
