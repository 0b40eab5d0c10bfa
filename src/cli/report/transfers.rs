//! The transfer report: its columns, and its tables.
//!
//! From where to where callers were passed on has rows of its own kind: the table shows the paths most used, the JSON
//! every one, the columns none.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{TargetKind, TransferFailure, TransferMethod};
use crate::proto::v1::{GetTransferReportResponse, TransferReportRow};

use super::columns::Columns;
use super::frame::{self, Starts};
use super::text::{clock, percent};

/// Paths that a table shows; the rest is rare.
const PATHS_SHOWN: usize = 10;

/// The report's name.
pub(super) const TITLE: &str = "Transfers";

/// The columns of the report's rows.
pub(super) fn columns() -> Columns<TransferReportRow> {
    let mut columns = Columns::<TransferReportRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("queue", |row| &row.queue)
        .count("calls_served", |row| row.calls_served)
        .count("calls_transferred", |row| row.calls_transferred)
        .share("transferred_call_rate", |row| row.transferred_call_rate)
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
        .share("wrong_door_rate", |row| row.wrong_door_rate)
        .count("excessive", |row| row.excessive)
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
pub fn transfers_table(answer: &GetTransferReportResponse) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(context);
    }
    let starts = Starts::of(
        context,
        answer.rows.iter().map(|row| row.bucket_start.as_str()),
    );
    let mut header: Vec<&str> = starts.header().into_iter().chain(["Queue"]).collect();
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
        let mut cells: Vec<String> = starts.cell(&row.bucket_start).into_iter().collect();
        let mean = row
            .transfers_per_call
            .map_or_else(|| "–".to_owned(), |mean| format!("{mean:.2}"));
        cells.extend([
            queue_name(&row.queue),
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
    text += &frame::table(&header, words, answer.rows.iter().map(cells).collect());
    if let (Starts::Hidden, Some(all)) = (&starts, answer.rows.last()) {
        text += &of_all(all);
    }
    text += &paths(answer);
    text + &frame::footnotes(context)
}

/// How often calls were passed on, and why some could not be, for all queues of one interval.
fn of_all(row: &TransferReportRow) -> String {
    let slots = SLOTS.into_iter().enumerate();
    let calls: Vec<_> = slots
        .map(|(slot, name)| (name.replace("over_", ">"), with_transfers(row, slot)))
        .collect();
    let calls = calls.iter().filter(|(_, calls)| *calls > 0);
    let calls: Vec<_> = calls
        .map(|(name, calls)| format!("{name}: {calls}"))
        .collect();
    let mut text = format!(
        "Calls by number of transfers, {}: {}\n",
        row.queue,
        calls.join(" · ")
    );
    if !row.failures.is_empty() {
        let causes = row
            .failures
            .iter()
            .map(|failure| format!("{} {}", failure.cause, failure.count));
        let causes: Vec<_> = causes.collect();
        let _ = writeln!(text, "Failed, {}: {}", row.queue, causes.join(" · "));
    }
    text
}

/// The paths most used over the whole period.
fn paths(answer: &GetTransferReportResponse) -> String {
    let mut counts = BTreeMap::<_, u64>::new();
    for path in &answer.paths {
        *counts
            .entry((&path.from_queue, &path.to, &path.target))
            .or_default() += path.count;
    }
    if counts.is_empty() {
        return String::new();
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let hidden = counts.len().saturating_sub(PATHS_SHOWN);
    let cells = |((from, to, target), count): &((&String, &String, &String), u64)| {
        vec![
            queue_name(from),
            to.to_string(),
            target.to_string(),
            count.to_string(),
        ]
    };
    let rows = counts.iter().take(PATHS_SHOWN).map(cells).collect();
    let mut text = frame::table(&["From queue", "To", "which is", "Transfers"], 3, rows);
    if hidden > 0 {
        let _ = writeln!(text, "{hidden} further paths are in --output json");
    }
    text
}

fn queue_name(queue: &str) -> String {
    if queue.is_empty() {
        "(no queue)".to_owned()
    } else {
        queue.to_owned()
    }
}
