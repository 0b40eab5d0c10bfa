//! The wait distribution: its columns, its table and its chart.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kpi::{WAIT_EDGES, seconds_text};
use crate::proto::v1::{GetWaitDistributionResponse, WaitDistributionRow, WaitQuantiles};

use super::chart;
use super::columns::Columns;
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::text::{clock, percent, span};

/// Edges that a table shows; the chart and the CSV have all.
const EDGES_SHOWN: [u64; 6] = [0, 5, 20, 60, 180, 600];

/// The report's name.
pub(super) const TITLE: &str = "Waits";

/// The report's rows, in one part.
pub(super) fn parts(answer: &GetWaitDistributionResponse, asked: &[Duration]) -> Vec<Grid> {
    vec![Grid::of(TITLE, &columns(answer, asked), &answer.rows)]
}

/// The report's columns; `asked` are the edges of `--edges`, for the names of columns without rows.
fn columns(
    answer: &GetWaitDistributionResponse,
    asked: &[Duration],
) -> Columns<WaitDistributionRow> {
    let edges: Vec<Duration> = match answer.rows.first() {
        Some(row) => edges(row).collect(),
        None => {
            let edges: BTreeSet<_> = WAIT_EDGES.iter().chain(asked).copied().collect();
            edges.into_iter().collect()
        }
    };
    let mut columns = Columns::<WaitDistributionRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("queue", |row| &row.queue)
        .text("exit", |row| &row.exit);
    for (index, edge) in edges.iter().enumerate() {
        let name = format!("le_{}", seconds_text(*edge));
        columns.count(name, move |row| up_to(row, index));
    }
    columns
        .count("count", |row| row.count)
        .span("sum", |row| row.sum);
    for (naive, quantile) in QUANTILES {
        columns.span(format!("wait_{naive}"), move |row| {
            row.quantiles.as_ref().and_then(quantile)
        });
    }
    for (name, quantile) in QUANTILES {
        columns.span(format!("time_to_answer_{name}"), move |row| {
            row.time_to_answer.as_ref().and_then(quantile)
        });
    }
    columns
}

/// One of the quantiles.
type Quantile = fn(&WaitQuantiles) -> Option<pbjson_types::Duration>;

const QUANTILES: [(&str, Quantile); 4] = [
    ("p50", |quantiles| quantiles.p50),
    ("p90", |quantiles| quantiles.p90),
    ("p95", |quantiles| quantiles.p95),
    ("p99", |quantiles| quantiles.p99),
];

/// By when so many percent are answered: of those who were, and if all had stayed (W11), side by side.
fn time_to_answer(answer: &GetWaitDistributionResponse, starts: &Starts, lang: Lang) -> String {
    let mut header: Vec<String> = starts.header().into_iter().map(str::to_owned).collect();
    header.extend(["Queue", "Time to\nanswer"].map(str::to_owned));
    let words = header.len();
    header.extend(["Waits", "Not\nanswered"].map(str::to_owned));
    header.extend(QUANTILES.map(|(name, _)| name.to_owned()));
    let answered = answer
        .rows
        .iter()
        .filter(|row| row.time_to_answer.is_some());
    let mut rows = Vec::new();
    // The rows of those answered and the curves are of the same intervals and queues, in the same order.
    for (row, curve) in answered.zip(&answer.curves) {
        let start = || starts.cell(lang, &row.bucket_start).into_iter();
        let cells =
            |what: &str, waits: u64, censored: u64, quantiles: &WaitQuantiles, none: &str| {
                let shown = QUANTILES.map(|(_, quantile)| match quantile(quantiles) {
                    Some(wait) => clock(Some(&wait)),
                    None => lang.say(none).to_owned(),
                });
                let mut cells: Vec<_> = start().collect();
                cells.extend([lang.queue(&row.queue), lang.say(what).to_owned()]);
                cells.extend([waits, censored].map(|count| count.to_string()));
                cells.extend(shown);
                cells
            };
        let naive = row.quantiles.unwrap_or_default();
        let curve_s = row.time_to_answer.unwrap_or_default();
        let all = curve.answered + curve.censored;
        rows.push(cells("of those answered", row.count, 0, &naive, "–"));
        rows.push(cells(
            "if all stayed (W11)",
            all,
            curve.censored,
            &curve_s,
            "not reached",
        ));
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    lang.table(&header, words, rows)
}

fn edges(row: &WaitDistributionRow) -> impl Iterator<Item = Duration> {
    row.buckets
        .iter()
        .map(|bucket| span(&bucket.edge.unwrap_or_default()))
}

fn up_to(row: &WaitDistributionRow, index: usize) -> u64 {
    row.buckets.get(index).map_or(0, |bucket| bucket.count)
}

/// Sets the report as a chart and a table, with its period above and its definitions below.
pub fn waits_table(answer: &GetWaitDistributionResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    let Some(first) = answer.rows.first() else {
        return text + &frame::nothing(lang, context);
    };
    let edges: Vec<_> = edges(first).collect();
    text += &chart::chart(lang, &edges, &of_all(&answer.rows));

    let shown = edges.iter().enumerate().filter(|(_, edge)| {
        EDGES_SHOWN
            .iter()
            .any(|shown| **edge == Duration::from_secs(*shown))
    });
    let shown: Vec<_> = shown
        .map(|(index, edge)| {
            (
                index,
                lang.fill("≤ {} s", &[&lang.figure(&seconds_text(*edge))]),
            )
        })
        .collect();
    let starts = Starts::of(
        context,
        answer.rows.iter().map(|row| row.bucket_start.as_str()),
    );
    let mut header: Vec<&str> = starts
        .header()
        .into_iter()
        .chain(["Queue", "Exit"])
        .collect();
    let words = header.len();
    header.extend(["Waits", "Mean"]);
    header.extend(shown.iter().map(|(_, name)| name.as_str()));
    let cells = |row: &WaitDistributionRow| {
        let mut cells: Vec<String> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend([
            lang.queue(&row.queue),
            lang.say(&row.exit).to_owned(),
            row.count.to_string(),
            clock(mean(row).as_ref()),
        ]);
        let share = |index| (row.count > 0).then(|| up_to(row, index) as f64 / row.count as f64);
        cells.extend(shown.iter().map(|(index, _)| percent(share(*index))));
        cells
    };
    text += &lang.table(&header, words, answer.rows.iter().map(cells).collect());
    text += &time_to_answer(answer, &starts, lang);
    text + &frame::footnotes(lang, context)
}

fn mean(row: &WaitDistributionRow) -> Option<pbjson_types::Duration> {
    let sum = span(row.sum.as_ref()?).as_nanos();
    let mean = sum.checked_div(u128::from(row.count))?;
    Some(Duration::from_nanos_u128(mean).into())
}

/// The rows for all queues: in each interval the last of each exit.
fn of_all(rows: &[WaitDistributionRow]) -> Vec<&WaitDistributionRow> {
    let is_last = |(index, row): &(usize, &WaitDistributionRow)| {
        let later = &rows[index + 1..];
        let same = |other: &WaitDistributionRow| {
            other.bucket_start == row.bucket_start && other.exit == row.exit
        };
        !later
            .iter()
            .take_while(|other| other.bucket_start == row.bucket_start)
            .any(same)
    };
    rows.iter()
        .enumerate()
        .filter(is_last)
        .map(|(_, row)| row)
        .collect()
}
