//! The wait distribution: its columns, its table and its chart.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kpi::{WAIT_EDGES, seconds_text};
use crate::proto::v1::{
    GetWaitDistributionResponse, KmStep, WaitCurve, WaitDistributionRow, WaitQuantiles,
};

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

/// The report's rows, and the steps of the curves.
pub(super) fn parts(answer: &GetWaitDistributionResponse, asked: &[Duration]) -> Vec<Grid> {
    let steps = answer.curves.iter().flat_map(|curve| {
        let steps = curve.steps.iter();
        steps.map(move |step| Step { curve, step })
    });
    let steps: Vec<_> = steps.collect();
    vec![
        Grid::of(TITLE, &columns(answer, asked), &answer.rows),
        Grid::of("Curve", &step_columns(), &steps),
    ]
}

/// One age of a curve.
struct Step<'a> {
    curve: &'a WaitCurve,
    step: &'a KmStep,
}

/// Curves of two periods have steps at other ages: nothing of them is compared.
fn step_columns<'a>() -> Columns<Step<'a>> {
    let mut columns = Columns::<Step<'a>>::new();
    columns
        .instant("bucket_start", |one| &one.curve.bucket_start)
        .text("queue", |one| &one.curve.queue)
        .span("age", |one| one.step.time)
        .beside()
        .count("at_risk", |one| one.step.at_risk)
        .beside()
        .count("answered", |one| one.step.answered)
        .beside()
        .count("censored", |one| one.step.censored)
        .beside()
        .share("survival", |one| Some(one.step.survival))
        .beside();
    columns
}

/// The curves at the ages that a table shows: which share would be answered by then if all stayed.
fn curves(answer: &GetWaitDistributionResponse, starts: &Starts, lang: Lang) -> String {
    let mut header: Vec<String> = starts.header().into_iter().map(str::to_owned).collect();
    header.push("Queue".to_owned());
    let words = header.len();
    let ages = EDGES_SHOWN.map(Duration::from_secs);
    header.extend(ages.map(|age| {
        let age = lang.figure(&seconds_text(age));
        lang.fill("by {} s,\nif all stayed", &[&age])
    }));
    let rows = answer.curves.iter().map(|curve| {
        let mut cells: Vec<_> = starts.cell(lang, &curve.bucket_start).into_iter().collect();
        cells.push(lang.queue(&curve.queue));
        cells.extend(ages.map(|age| percent(answered_by(curve, age))));
        cells
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    lang.table(&header, words, rows)
}

/// The share answered by an age; nothing where nobody was watched for so long and some were not answered.
fn answered_by(curve: &WaitCurve, age: Duration) -> Option<f64> {
    let time = |step: &KmStep| step.time.as_ref().map(span).unwrap_or_default();
    let last = curve.steps.last()?;
    if time(last) < age && last.survival > 0.0 {
        return None;
    }
    let until = curve.steps.partition_point(|step| time(step) <= age);
    let survival = match until.checked_sub(1) {
        Some(index) => curve.steps[index].survival,
        None => 1.0,
    };
    Some(1.0 - survival)
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
    text += &curves(answer, &starts, lang);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_at_the_ages_of_the_table_and_has_every_step_in_its_part() {
        let step = |seconds: u64, survival: f64| KmStep {
            time: Some(Duration::from_secs(seconds).into()),
            survival,
            ..KmStep::default()
        };
        let curve = WaitCurve {
            queue: "jobs".into(),
            steps: vec![step(4, 0.75), step(20, 0.25), step(90, 0.25)],
            ..WaitCurve::default()
        };
        let shares = EDGES_SHOWN.map(|age| answered_by(&curve, Duration::from_secs(age)));
        assert_eq!(
            shares,
            [Some(0.0), Some(0.25), Some(0.75), Some(0.75), None, None,],
            "beyond 90 s nobody was watched"
        );
        let answer = GetWaitDistributionResponse {
            rows: vec![WaitDistributionRow::default()],
            curves: vec![curve],
            ..GetWaitDistributionResponse::default()
        };
        let text = waits_table(&answer, Lang::En);
        assert!(text.contains("if all stayed"), "{text}");
        assert!(text.contains("┆        75.0 % ┆             – ┆"), "{text}");
        assert_eq!(parts(&answer, &[])[1].rows.len(), 3);
    }
}
