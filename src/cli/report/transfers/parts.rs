//! The transfer report's rows by part: figures, kinds, matrix and loops.

use std::time::Duration;

use crate::model::{TargetKind, TransferMethod};
use crate::proto::v1::{
    CallName, GetTransferReportResponse, ReportContext, TransferLoop, TransferPath,
    TransferReportRow,
};

use super::super::columns::Columns;
use super::super::frame;
use super::super::grid::Grid;
use super::super::text::span;
use super::{SLOTS, TITLE, columns, failed_by, of_kind};

/// The parts, in the order of `--part`.
pub(in super::super) fn parts(answer: &GetTransferReportResponse) -> Vec<Grid> {
    let kinds: Vec<_> = answer.rows.iter().flat_map(kinds).collect();
    let paths = [&answer.paths, &answer.agent_paths];
    let paths: Vec<_> = paths.into_iter().flatten().collect();
    vec![
        Grid::of(TITLE, &columns(answer.context.as_ref()), &answer.rows),
        Grid::of("Kinds", &kind_columns(answer.context.as_ref()), &kinds),
        Grid::of("Matrix", &path_columns(), &paths),
        Grid::of("Loops", &loop_columns(), &answer.loops),
    ]
}

/// One count of one row, by what it is of.
struct Kind<'a> {
    row: &'a TransferReportRow,
    definition: &'static str,
    kind: &'static str,
    target: &'static str,
    count: u64,
    wait: Option<pbjson_types::Duration>,
}

/// T1, T5, T6 and T7 of a row, a line each; what there is none of is 0.
fn kinds(row: &TransferReportRow) -> Vec<Kind<'_>> {
    let kind = |definition, kind, count| Kind {
        row,
        definition,
        kind,
        target: "",
        count,
        wait: None,
    };
    let mut kinds = Vec::new();
    for method in TransferMethod::ALL {
        for target in TargetKind::ALL {
            kinds.push(Kind {
                target: target.as_str(),
                ..kind("T1", method.as_str(), of_kind(row, *method, Some(*target)))
            });
        }
    }
    let depths = SLOTS.into_iter().zip(&row.calls_by_returns);
    kinds.extend(depths.map(|(depth, calls)| kind("T5", depth, *calls)));
    for cause in crate::model::TransferFailure::ALL {
        kinds.push(kind("T6", cause.as_str(), failed_by(row, *cause)));
    }
    for (outcome, count, wait) in [
        ("answered", row.after_answered, row.after_answered_wait),
        ("abandoned", row.after_abandoned, row.after_abandoned_wait),
        ("returned", row.after_returned, row.after_returned_wait),
        ("pending", row.after_pending, None),
    ] {
        kinds.push(Kind {
            wait,
            ..kind("T7", outcome, count)
        });
    }
    kinds
}

fn kind_columns<'a>(context: Option<&ReportContext>) -> Columns<Kind<'a>> {
    let mut columns = Columns::<Kind<'a>>::new();
    columns
        .instant("bucket_start", |kind| &kind.row.bucket_start)
        .text(frame::row_of(context), |kind| &kind.row.queue)
        .text("definition", |kind| kind.definition)
        .text("kind", |kind| kind.kind)
        .text("target", |kind| kind.target)
        .count("count", |kind| kind.count)
        .span("transfer_wait_sum", |kind| kind.wait);
    columns
}

fn path_columns<'a>() -> Columns<&'a TransferPath> {
    let mut columns = Columns::<&'a TransferPath>::new();
    columns
        .instant("bucket_start", |path| &path.bucket_start)
        .text("from_kind", |path| from(path).0)
        .text("from", |path| from(path).1)
        .text("target", |path| &path.target)
        .text("to", |path| &path.to)
        .count("transfers", |path| path.count)
        .count("returns", |path| path.returns)
        .span("transfer_wait_sum", |path| path.wait_sum)
        .span("caller_time_sum", |path| path.spent_sum);
    columns
}

/// Who passed on: `queue` or `agent`, and the name; without a name the leg came from no queue.
pub(super) fn from(path: &TransferPath) -> (&'static str, &str) {
    if path.from_agent.is_empty() {
        ("queue", &path.from_queue)
    } else {
        ("agent", &path.from_agent)
    }
}

fn loop_columns() -> Columns<TransferLoop> {
    let mut columns = Columns::<TransferLoop>::new();
    columns
        .owned("way", way)
        .count("calls", |one| one.calls)
        .count("transfers", |one| one.transfers)
        .count("returns", |one| one.returns)
        .span("caller_time_sum", |one| one.spent_sum)
        .span("caller_time_mean", mean)
        .owned("first_calls", |one| {
            let calls = one.first_calls.iter().map(named);
            calls.collect::<Vec<_>>().join(" ")
        })
        .beside();
    columns
}

/// A way in words: `jobs → benefits → jobs`.
pub(super) fn way(one: &TransferLoop) -> String {
    let steps = one.steps.iter().map(|step| step.name.as_str());
    steps.collect::<Vec<_>>().join(" → ")
}

/// A call as a person writes it down; ids are unique within a source.
fn named(call: &CallName) -> String {
    format!("{}/{}", call.source, call.call_id)
}

/// The caller's time spent by one call.
pub(super) fn mean(one: &TransferLoop) -> Option<pbjson_types::Duration> {
    let calls = u32::try_from(one.calls).ok().filter(|calls| *calls > 0)?;
    let sum: Duration = span(&one.spent_sum?);
    Some((sum / calls).into())
}
