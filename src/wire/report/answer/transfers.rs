//! The transfer report as the contract has it.

use crate::proto::v1;
use crate::reports::{
    TransferKind, TransferLoop, TransferPath, TransferReport, TransferReportRow, TransferStep,
};

use super::{context, interval, span};

pub(in super::super) fn transfers(report: TransferReport) -> v1::GetTransferReportResponse {
    v1::GetTransferReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report.rows.into_iter().map(row).collect(),
        paths: report.paths.into_iter().map(path).collect(),
        agent_paths: report.agent_paths.into_iter().map(path).collect(),
        loops: report.loops.into_iter().map(way).collect(),
        loops_found: report.loops_found,
    }
}

fn row(row: TransferReportRow) -> v1::TransferReportRow {
    let failures = row
        .failures
        .iter()
        .map(|(cause, count)| v1::TransferFailureCount {
            cause: cause.as_str().to_owned(),
            count: *count,
        });
    v1::TransferReportRow {
        bucket_start: row.bucket_start,
        queue: row.queue,
        calls_served: row.calls_served,
        calls_transferred: row.calls_transferred,
        transferred_call_rate: row.transferred_call_rate,
        transfers: row.transfers,
        transfers_per_call: row.transfers_per_call,
        calls_by_transfers: row.calls_by_transfers.to_vec(),
        kinds: row.kinds.iter().map(kind).collect(),
        returns: row.returns,
        failed: row.failed,
        failures: failures.collect(),
        after_answered: row.after_answered,
        after_abandoned: row.after_abandoned,
        after_returned: row.after_returned,
        after_pending: row.after_pending,
        transfer_wait_sum: Some(span(row.transfer_wait_sum)),
        wrong_door: row.wrong_door,
        wrong_door_rate: row.wrong_door_rate,
        excessive: row.excessive,
        reroutes: row.reroutes,
        requeued: row.requeued,
        consult_only: row.consult_only,
        transferred_call_rate_interval: row.transferred_call_rate_interval.map(interval),
        wrong_door_rate_interval: row.wrong_door_rate_interval.map(interval),
        calls_by_returns: row.calls_by_returns.to_vec(),
        after_answered_wait: Some(span(row.after_answered_wait)),
        after_abandoned_wait: Some(span(row.after_abandoned_wait)),
        after_returned_wait: Some(span(row.after_returned_wait)),
    }
}

fn kind(kind: &TransferKind) -> v1::TransferKind {
    v1::TransferKind {
        method: kind.method.as_str().to_owned(),
        target: kind.target.as_str().to_owned(),
        count: kind.count,
    }
}

fn path(path: TransferPath) -> v1::TransferPath {
    v1::TransferPath {
        bucket_start: path.bucket_start,
        from_queue: path
            .from_queue
            .map_or_else(String::new, |queue| queue.as_str().to_owned()),
        target: path.target.as_str().to_owned(),
        to: path.to.into_string(),
        count: path.count,
        returns: path.returns,
        wait_sum: Some(span(path.wait_sum)),
        spent_sum: Some(span(path.spent_sum)),
        from_agent: path
            .from_agent
            .map_or_else(String::new, |agent| agent.as_str().to_owned()),
    }
}

fn way(way: TransferLoop) -> v1::TransferLoop {
    let calls = way.first_calls.into_iter();
    let calls = calls.map(|(source, call)| v1::CallName {
        source: source.as_str().to_owned(),
        call_id: call.as_str().to_owned(),
    });
    v1::TransferLoop {
        steps: way.steps.into_iter().map(step).collect(),
        calls: way.calls,
        transfers: way.transfers,
        returns: way.returns,
        spent_sum: Some(span(way.spent_sum)),
        first_calls: calls.collect(),
    }
}

fn step(step: TransferStep) -> v1::TransferStep {
    v1::TransferStep {
        kind: step.kind.as_str().to_owned(),
        name: step.name.into_string(),
    }
}
