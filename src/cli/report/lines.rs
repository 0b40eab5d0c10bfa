//! The line report: its columns and its table.

use crate::proto::v1::{GetLineReportResponse, LineReportRow, RefusedCounts};

use super::columns::Columns;
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::text::{clock, percent};

/// The report's name.
pub(super) const TITLE: &str = "Lines";

/// The report's rows, in one part.
pub(super) fn parts(answer: &GetLineReportResponse) -> Vec<Grid> {
    vec![Grid::of(TITLE, &columns(), &answer.rows)]
}

/// The report's columns.
fn columns() -> Columns<LineReportRow> {
    let mut columns = Columns::<LineReportRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("line", |row| &row.line)
        .count("calls_arrived", |row| row.calls_arrived)
        .count("refused_busy", |row| refused(row).busy)
        .count("refused_closed", |row| refused(row).closed)
        .count("refused_full", |row| refused(row).full)
        .count("refused_no_agents", |row| refused(row).no_agents)
        .count("refused_diverted", |row| refused(row).diverted)
        .span("observed", |row| row.observed)
        .number("busy_mean", |row| row.busy_mean)
        .count("busy_max", |row| row.busy_max)
        .count("channels", |row| row.channels)
        .span("all_busy", |row| row.all_busy)
        .part(
            "blocked",
            |row| row.blocked,
            |row| (refused(row).busy, row.calls_arrived),
        )
        .share("erlang_b", |row| row.erlang_b)
        .text("name", |row| &row.name)
        .beside();
    columns
}

fn refused(row: &LineReportRow) -> RefusedCounts {
    row.refused.unwrap_or_default()
}

/// Sets the report as a table, with its period above and its definitions below.
pub fn lines_table(answer: &GetLineReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(lang, context);
    }
    let starts = answer.rows.iter().map(|row| row.bucket_start.as_str());
    let starts = Starts::of(context, starts);
    let mut header: Vec<_> = starts.header().into_iter().collect();
    let words = header.len() + 1;
    header.extend([
        "Line",
        "Arrived",
        "Busy",
        "Closed",
        "Full",
        "No agents",
        "Diverted",
        "Channels",
        "In use",
        "All busy",
        "Blocked",
        "Erlang-B",
    ]);
    let none = || "–".to_owned();
    let rows = answer.rows.iter().map(|row| {
        let refused = refused(row);
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend([
            match (row.line.as_str(), row.name.as_str()) {
                ("", _) => none(),
                (line, "") => line.to_owned(),
                (line, name) => format!("{name} ({line})"),
            },
            row.calls_arrived.to_string(),
            refused.busy.to_string(),
            refused.closed.to_string(),
            refused.full.to_string(),
            refused.no_agents.to_string(),
            refused.diverted.to_string(),
            row.channels
                .map_or_else(none, |channels| channels.to_string()),
            row.busy_mean.map_or_else(none, |mean| format!("{mean:.1}")),
            clock(row.all_busy.as_ref()),
            percent(row.blocked),
            percent(row.erlang_b),
        ]);
        cells
    });
    text += &lang.table(&header, words, rows.collect());
    text + &frame::footnotes(lang, context)
}
