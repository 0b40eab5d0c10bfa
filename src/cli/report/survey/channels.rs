//! What forms said, and what letters and social networks named: tables of one channel, which is never the telephone.

use crate::proto::v1::{GetSurveyReportResponse, SurveyCauseRow, SurveyScoreRow};

use super::super::frame::Starts;
use super::super::lang::Lang;
use super::{bounds, interval_of, mean_grade, net_promoters, share};

/// What there is to show, if anything.
pub(super) fn tables(answer: &GetSurveyReportResponse, lang: Lang) -> String {
    let mut text = String::new();
    if !answer.scores.is_empty() {
        let starts = answer.scores.iter().map(|row| row.bucket_start.as_str());
        let starts = Starts::of(answer.context.as_ref(), starts);
        text += &scores(lang, &starts, &answer.scores);
    }
    if !answer.causes.is_empty() {
        text += &causes(lang, &answer.causes);
    }
    text
}

fn scores(lang: Lang, starts: &Starts, rows: &[SurveyScoreRow]) -> String {
    let mut header: Vec<_> = starts.header().into_iter().collect();
    header.extend(["Channel", "Survey", "Question"]);
    let words = header.len();
    header.extend([
        "Forms",
        "n",
        "Top box",
        "95 %",
        "Mean\ngrade",
        "NPS",
        "Settled",
    ]);
    let rows = rows.iter().map(|row| {
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend([
            lang.channel(&row.channel).to_owned(),
            format!("{} v{}", row.survey, row.version),
            row.question.clone(),
            row.asked.to_string(),
            row.n.to_string(),
            share(lang, row.top_box.as_ref()),
            bounds(lang, interval_of(row.top_box.as_ref())),
            mean_grade(lang, row),
            net_promoters(lang, row),
            share(lang, row.resolution.as_ref()),
        ]);
        cells
    });
    lang.table(&header, words, rows.collect())
}

fn causes(lang: Lang, rows: &[SurveyCauseRow]) -> String {
    let header = [
        "Month",
        "Channel",
        "Cause",
        "Named",
        "of the\nmonth's",
        "95 %",
    ];
    let rows = rows.iter().map(|row| {
        vec![
            row.month.clone(),
            lang.channel(&row.channel).to_owned(),
            lang.say(&row.cause).to_owned(),
            row.count.to_string(),
            share(lang, row.share.as_ref()),
            bounds(lang, interval_of(row.share.as_ref())),
        ]
    });
    lang.table(&header, 3, rows.collect())
}
