//! The transfer report: its columns, and its tables.
//!
//! Kinds, the matrix from where to where, and the ways of calls passed around have rows of their own kind: the table shows
//! those most used, `--part`, a workbook and JSON every one.

mod parts;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{TargetKind, TransferFailure, TransferMethod};
use crate::proto::v1::{GetTransferReportResponse, ReportContext, TransferPath, TransferReportRow};

use super::columns::{Columns, Rule};
use super::frame::{self, Starts};
use super::lang::Lang;
use super::sure::{self, Share, sure};
use super::text::{clock, percent, span};

pub(super) use parts::parts;
use parts::{mean, way};

/// Paths that a table shows; the rest is rare.
const PATHS_SHOWN: usize = 10;
/// Ways of calls passed around that a table shows.
const LOOPS_SHOWN: usize = 5;

/// The report's name.
pub(super) const TITLE: &str = "Transfers";

/// The columns of the report's rows.
pub(super) fn columns(context: Option<&ReportContext>) -> Columns<TransferReportRow> {
    let mut columns = Columns::<TransferReportRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text(frame::row_of(context), |row| &row.queue)
        .count("calls_served", |row| row.calls_served)
        .count("calls_transferred", |row| row.calls_transferred)
        .part(
            "transferred_call_rate",
            |row| row.transferred_call_rate,
            |row| (row.calls_transferred, row.calls_served),
        )
        .count("transfers", |row| row.transfers)
        .number("transfers_per_call", |row| row.transfers_per_call);
    for (slot, transfers) in SLOTS.into_iter().enumerate() {
        let name = format!("calls_with_{transfers}");
        columns.count(name, move |row| with_transfers(row, slot));
    }
    for method in TransferMethod::ALL {
        for target in TargetKind::ALL {
            let name = format!("{}_{}", method.as_str(), target.as_str());
            columns.count(name, |row| of_kind(row, *method, Some(*target)));
        }
    }
    columns
        .count("returns", |row| row.returns)
        .count("failed", |row| row.failed);
    for cause in TransferFailure::ALL {
        let name = format!("failed_{}", cause.as_str());
        columns.count(name, |row| failed_by(row, *cause));
    }
    columns
        .count("after_answered", |row| row.after_answered)
        .count("after_abandoned", |row| row.after_abandoned)
        .count("after_returned", |row| row.after_returned)
        .count("after_pending", |row| row.after_pending)
        .span("transfer_wait_sum", |row| row.transfer_wait_sum)
        .count("wrong_door", |row| row.wrong_door)
        .part(
            "wrong_door_rate",
            |row| row.wrong_door_rate,
            |row| (row.wrong_door, row.calls_served),
        )
        .count("excessive", |row| row.excessive)
        .rests_on(&[Rule::ExcessiveLimit])
        .count("reroutes", |row| row.reroutes)
        .count("requeued", |row| row.requeued)
        .count("consult_only", |row| row.consult_only)
        .interval("transferred_call_rate", |row| {
            row.transferred_call_rate_interval
        })
        .interval("wrong_door_rate", |row| row.wrong_door_rate_interval);
    columns
}

/// The slots of T4's histogram, by number of transfers.
const SLOTS: [&str; 7] = ["0", "1", "2", "3", "4", "5", "over_5"];

fn with_transfers(row: &TransferReportRow, slot: usize) -> u64 {
    row.calls_by_transfers
        .get(slot)
        .copied()
        .unwrap_or_default()
}

fn of_kind(row: &TransferReportRow, method: TransferMethod, target: Option<TargetKind>) -> u64 {
    let of_method = row
        .kinds
        .iter()
        .filter(|kind| kind.method == method.as_str());
    let of_kind =
        of_method.filter(|kind| target.is_none_or(|target| kind.target == target.as_str()));
    of_kind.map(|kind| kind.count).sum()
}

fn failed_by(row: &TransferReportRow, cause: TransferFailure) -> u64 {
    let by_cause = row
        .failures
        .iter()
        .filter(|failure| failure.cause == cause.as_str());
    by_cause.map(|failure| failure.count).sum()
}

/// Sets the report as a table, with its period above, the paths most used and its definitions below.
pub fn transfers_table(answer: &GetTransferReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(lang, context);
    }
    let starts = Starts::of(
        context,
        answer.rows.iter().map(|row| row.bucket_start.as_str()),
    );
    let mut header: Vec<&str> = starts
        .header()
        .into_iter()
        .chain([frame::head_of(context)])
        .collect();
    let words = header.len();
    header.extend([
        "Calls\nserved",
        "Trans-\nferred",
        "Rate",
        "Transfers",
        "Per\ncall",
    ]);
    header.extend(["Blind", "Attended", "Con-\nference", "Returns", "Failed"]);
    header.extend(["Wait\nafter", "Wrong\ndoor", "Exces-\nsive", "Reroutes"]);
    let cells = |row: &TransferReportRow| {
        let mut cells: Vec<String> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        let mean = row
            .transfers_per_call
            .map_or_else(|| "–".to_owned(), |mean| format!("{mean:.2}"));
        cells.extend([
            lang.queue(&row.queue),
            row.calls_served.to_string(),
            row.calls_transferred.to_string(),
            percent(row.transferred_call_rate),
            row.transfers.to_string(),
            mean,
        ]);
        cells.extend(
            TransferMethod::ALL
                .iter()
                .map(|method| of_kind(row, *method, None).to_string()),
        );
        cells.extend([row.returns, row.failed].map(|count| count.to_string()));
        cells.push(clock(row.transfer_wait_sum.as_ref()));
        cells.push(percent(row.wrong_door_rate));
        cells.extend([row.excessive, row.reroutes].map(|count| count.to_string()));
        cells
    };
    text += &lang.table(&header, words, answer.rows.iter().map(cells).collect());
    let rows = answer.rows.iter().map(|row| sure::Row {
        start: &row.bucket_start,
        name: lang.queue(&row.queue),
        shares: shares(row),
    });
    let heads = ["Trans-\nferred", "Wrong\ndoor"];
    text += &sure(lang, context, Some(frame::head_of(context)), heads, rows);
    if let (Starts::Hidden, Some(all)) = (&starts, answer.rows.last()) {
        text += &of_all(all, lang);
    }
    text += &paths("From queue", &answer.paths, lang);
    text += &paths("From agent", &answer.agent_paths, lang);
    text += &loops(answer, lang);
    text + &frame::footnotes(lang, context)
}

/// The shares that a queue is judged by.
fn shares(row: &TransferReportRow) -> [Share; 2] {
    let part = |share, interval| Share {
        share,
        of: row.calls_served,
        interval,
    };
    [
        part(
            row.transferred_call_rate,
            row.transferred_call_rate_interval,
        ),
        part(row.wrong_door_rate, row.wrong_door_rate_interval),
    ]
}

/// How often calls were passed on, and why some could not be, for all queues of one interval.
fn of_all(row: &TransferReportRow, lang: Lang) -> String {
    let queue = lang.queue(&row.queue);
    let mut text = lang.fill(
        "Calls by number of transfers, {}: {}\n",
        &[&queue, &by_number(&row.calls_by_transfers)],
    );
    if row.returns > 0 {
        let depths = by_number(&row.calls_by_returns);
        text += &lang.fill("Calls by number of returns, {}: {}\n", &[&queue, &depths]);
    }
    if row.transfers > 0 {
        let after = [
            ("answered", row.after_answered, &row.after_answered_wait),
            ("abandoned", row.after_abandoned, &row.after_abandoned_wait),
            ("returned", row.after_returned, &row.after_returned_wait),
        ];
        let mut after = after.map(|(outcome, transfers, wait)| {
            let transfers = transfers.to_string();
            lang.fill(
                "{} {} (wait {})",
                &[lang.counted(outcome), &transfers, &clock(wait.as_ref())],
            )
        });
        if row.after_pending > 0 {
            after[2] += &format!(" · {} {}", lang.counted("pending"), row.after_pending);
        }
        text += &lang.fill("After transfers, {}: {}\n", &[&queue, &after.join(" · ")]);
    }
    if !row.failures.is_empty() {
        let causes = row
            .failures
            .iter()
            .map(|failure| format!("{} {}", lang.counted(&failure.cause), failure.count));
        let causes: Vec<_> = causes.collect();
        text += &lang.fill("Failed, {}: {}\n", &[&queue, &causes.join(" · ")]);
    }
    text
}

/// Calls by number of something, without those numbers that none has.
fn by_number(calls: &[u64]) -> String {
    let calls = SLOTS.into_iter().zip(calls);
    let calls = calls.filter(|(_, calls)| **calls > 0);
    let calls = calls.map(|(name, calls)| format!("{}: {calls}", name.replace("over_", ">")));
    calls.collect::<Vec<_>>().join(" · ")
}

/// A way that callers were passed on: transfers, returns, the callers' time.
type PathSums = (u64, u64, Duration);

/// The paths most used over the whole period.
fn paths(from_header: &str, paths: &[TransferPath], lang: Lang) -> String {
    let mut sums = BTreeMap::<_, PathSums>::new();
    for path in paths {
        let (_, from) = parts::from(path);
        let sum = sums.entry((from, &path.to, &path.target)).or_default();
        sum.0 += path.count;
        sum.1 += path.returns;
        sum.2 += path.spent_sum.as_ref().map(span).unwrap_or_default();
    }
    if sums.is_empty() {
        return String::new();
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, (transfers, _, _))| Reverse(*transfers));
    let hidden = sums.len().saturating_sub(PATHS_SHOWN);
    let cells = |((from, to, target), (transfers, returns, spent)): &(
        (&str, &String, &String),
        PathSums,
    )| {
        vec![
            lang.queue(from),
            to.to_string(),
            lang.say(target).to_owned(),
            transfers.to_string(),
            returns.to_string(),
            clock(Some(&(*spent).into())),
        ]
    };
    let rows = sums.iter().take(PATHS_SHOWN).map(cells).collect();
    let header = [
        from_header,
        "To",
        "which is",
        "Transfers",
        "Returns",
        "Callers' time",
    ];
    let mut text = lang.table(&header, 3, rows);
    if hidden > 0 {
        text += &lang.fill(
            "{} further paths are in --part matrix\n",
            &[&hidden.to_string()],
        );
    }
    text
}

/// The worst ways of calls that were passed around.
fn loops(answer: &GetTransferReportResponse, lang: Lang) -> String {
    if answer.loops.is_empty() {
        return String::new();
    }
    let shown = answer.loops.iter().take(LOOPS_SHOWN);
    let rows = shown.map(|one| {
        vec![
            way(one),
            one.first_calls
                .first()
                .map(|call| call.call_id.clone())
                .unwrap_or_default(),
            one.calls.to_string(),
            one.transfers.to_string(),
            one.returns.to_string(),
            clock(one.spent_sum.as_ref()),
            clock(mean(one).as_ref()),
        ]
    });
    let header = [
        "Passed around",
        "First call",
        "Calls",
        "Transfers",
        "Returns",
        "Callers' time",
        "Per call",
    ];
    let mut text = lang.table(&header, 2, rows.collect());
    let hidden = answer.loops_found.saturating_sub(LOOPS_SHOWN as u64);
    if hidden > 0 {
        text += &lang.fill(
            "{} further ways; the worst are in --part loops\n",
            &[&hidden.to_string()],
        );
    }
    text
}
