//! The transfer report: how many calls, how often, of which kind, what came of them, from where to where.
//!
//! A call belongs to the interval of its arrival and to the first queue that answered it. One that no human answered
//! has none: it belongs to the first queue it entered, and only its reroutes are figures here. Our own return calls are
//! among the served: whoever is passed on twice does not care who dialled.

mod loops;
mod paths;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::kpi::{self, Id, Matrix, TRANSFERS_SLOTS, Threshold};
use crate::model::{
    CallRow, QueueId, TargetKind, TransferFailure, TransferMethod, TransferOutcome, TransferRow,
};
use crate::store::Selection;

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::plan::Plan;

pub(super) use loops::Loops;
pub use loops::{LOOPS_MAX, TransferLoop, TransferStep};
pub use paths::TransferPath;

/// The transfer report.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval, then queue; the one for all ends each interval.
    pub rows: Vec<TransferReportRow>,
    /// T9 by queue left: by interval, most used first.
    pub paths: Vec<TransferPath>,
    /// T9 by agent left, alike: the same transfers.
    pub agent_paths: Vec<TransferPath>,
    /// T10: ways of calls passed on twice or more, or sent back, over the whole period; worst first.
    pub loops: Vec<TransferLoop>,
    /// How many such ways there are; the report holds `LOOPS_MAX` at the most.
    pub loops_found: u64,
}

/// One queue, or all, in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransferReportRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = every call asked for; empty = answered without a queue.
    pub queue: String,
    /// Calls that a human answered.
    pub calls_served: u64,
    /// Of them with at least one transfer.
    pub calls_transferred: u64,
    /// T3.
    pub transferred_call_rate: Option<f64>,
    /// Its Wilson 95 % interval.
    pub transferred_call_rate_interval: Option<(f64, f64)>,
    /// Transfers done.
    pub transfers: u64,
    /// T4: the mean.
    pub transfers_per_call: Option<f64>,
    /// T4: served calls with 0, 1, 2, 3, 4, 5 and more transfers.
    pub calls_by_transfers: [u64; TRANSFERS_SLOTS],
    /// T1.
    pub kinds: Vec<TransferKind>,
    /// T5.
    pub returns: u64,
    /// T5: the depth: served calls with 0, 1, 2, 3, 4, 5 and more returns.
    pub calls_by_returns: [u64; TRANSFERS_SLOTS],
    /// T6.
    pub failed: u64,
    /// T6 by cause.
    pub failures: Vec<(TransferFailure, u64)>,
    /// T7: answered after.
    pub after_answered: u64,
    /// T7: abandoned after.
    pub after_abandoned: u64,
    /// T7: returned and answered.
    pub after_returned: u64,
    /// T7: W4 of those answered.
    pub after_answered_wait: Duration,
    /// T7: W4 of those abandoned.
    pub after_abandoned_wait: Duration,
    /// T7: W4 of those returned.
    pub after_returned_wait: Duration,
    /// Transfers of calls that live, answered by nobody yet: T7 does not know them.
    pub after_pending: u64,
    /// W4.
    pub transfer_wait_sum: Duration,
    /// T8: calls.
    pub wrong_door: u64,
    /// T8: rate.
    pub wrong_door_rate: Option<f64>,
    /// Its Wilson 95 % interval.
    pub wrong_door_rate_interval: Option<(f64, f64)>,
    /// T10.
    pub excessive: u64,
    /// T11.
    pub reroutes: u64,
    /// Queued again by the same queue within 5 s, with no transfer told.
    pub requeued: u64,
    /// T2.
    pub consult_only: u64,
}

/// Transfers of one method and target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferKind {
    /// How.
    pub method: TransferMethod,
    /// Kind of target.
    pub target: TargetKind,
    /// How many were done.
    pub count: u64,
}

pub(super) const DEFINITIONS: [Id; 12] = [
    Id::T1,
    Id::T2,
    Id::T3,
    Id::T4,
    Id::T5,
    Id::T6,
    Id::T7,
    Id::W4,
    Id::T8,
    Id::T9,
    Id::T10,
    Id::T11,
];

/// Makes the transfer report; a call with more than `limit` transfers is excessive, `None` = as configured.
pub(super) fn report(
    plan: &Plan,
    selection: &Selection,
    sources: Vec<SourceCompleteness>,
    limit: Option<u32>,
) -> TransferReport {
    let planned = planned(plan, selection);
    let mut tallies = Tallies::<Tally>::new();
    for call in selection.calls.iter().filter(|call| !call.test) {
        let queue = queue_of(call);
        if let Some(bucket) = plan.index_of(call.arrived_at)
            && plan.wants(queue)
        {
            let limit = limit.unwrap_or_else(|| plan.excessive_limit(queue, call.arrived_at));
            let along = planned.get(&call.row).copied().unwrap_or_default();
            let excessive = kpi::is_excessive(call.transfers.saturating_sub(along), limit);
            for group in [Group::of(queue), Group::All] {
                tallies
                    .entry((bucket, group))
                    .or_default()
                    .call(plan, call, excessive);
            }
        }
    }
    let mut matrices = BTreeMap::<usize, Matrix>::new();
    for transfer in selection
        .transfers
        .iter()
        .filter(|transfer| kpi::is_done(transfer))
    {
        let queue = transfer.first_answer_queue.as_ref();
        if let Some(bucket) = plan.index_of(transfer.call_arrived_at)
            && plan.wants(queue)
        {
            for group in [Group::of(queue), Group::All] {
                tallies
                    .entry((bucket, group))
                    .or_default()
                    .transfer(transfer);
            }
            matrices.entry(bucket).or_default().add(transfer);
        }
    }

    let start = |bucket| plan.bucket_start(bucket);
    let shown = tallies
        .into_iter()
        .filter(|((_, group), tally)| *group == Group::All || tally.is_shown());
    let rows = shown.map(|((bucket, group), tally)| tally.finish(start(bucket), group.name()));
    let known = &selection.queues;
    let k = match limit {
        Some(limit) => Threshold::ExcessiveLimit.definition(1, Some(&limit.to_string())),
        None => plan.letter(Threshold::ExcessiveLimit, known),
    };
    let definitions = DEFINITIONS.map(Id::definition).into_iter().chain([k]);
    let counted = Counted::of(plan, selection);
    TransferReport {
        context: Context::of(plan, counted, sources, definitions.collect()).measured(plan, known),
        rows: rows.collect(),
        paths: paths::from_queues(&matrices, start),
        agent_paths: paths::from_agents(&matrices, start),
        // Gathered from the calls themselves: their rows do not know the way as a whole.
        loops: Vec::new(),
        loops_found: 0,
    }
}

/// How many transfers of each call go along planned routes, by the number of its row.
fn planned(plan: &Plan, selection: &Selection) -> HashMap<i64, u32> {
    let routes = &plan.floor.routes;
    let mut planned = HashMap::new();
    if !routes.is_empty() {
        let done = selection.transfers.iter().filter(|one| kpi::is_done(one));
        for transfer in done.filter(|one| kpi::is_planned(one, routes)) {
            *planned.entry(transfer.call_row).or_default() += 1;
        }
    }
    planned
}

/// The queue under which a call's figures stand here.
pub(super) fn queue_of(call: &CallRow) -> Option<&QueueId> {
    let queue = if kpi::is_served(call) {
        &call.first_answer_queue
    } else {
        &call.first_queue
    };
    queue.as_ref()
}

/// What one row is made of: the row itself, with kinds and causes still as maps.
#[derive(Default)]
struct Tally {
    row: TransferReportRow,
    kinds: BTreeMap<(TransferMethod, TargetKind), u64>,
    failures: BTreeMap<TransferFailure, u64>,
}

impl Tally {
    fn call(&mut self, plan: &Plan, call: &CallRow, excessive: bool) {
        let row = &mut self.row;
        row.reroutes += u64::from(call.reroutes);
        if !kpi::is_served(call) {
            return;
        }
        row.calls_served += 1;
        row.calls_transferred += u64::from(kpi::is_transferred(call));
        row.transfers += u64::from(call.transfers);
        row.calls_by_transfers[kpi::transfers_slot(call.transfers)] += 1;
        row.calls_by_returns[kpi::transfers_slot(call.returns)] += 1;
        row.failed += call.failed_transfers.len() as u64;
        row.transfer_wait_sum = row.transfer_wait_sum.saturating_add(call.transfer_wait);
        row.wrong_door += u64::from(kpi::is_wrong_door(call, &plan.floor.routes));
        row.excessive += u64::from(excessive);
        row.requeued += u64::from(call.requeued);
        row.consult_only += u64::from(call.consult_only);
        for cause in &call.failed_transfers {
            *self.failures.entry(*cause).or_default() += 1;
        }
    }

    fn transfer(&mut self, transfer: &TransferRow) {
        let row = &mut self.row;
        *self
            .kinds
            .entry((transfer.method, transfer.target))
            .or_default() += 1;
        row.returns += u64::from(kpi::is_return(transfer));
        let (count, wait) = match transfer.outcome {
            Some(TransferOutcome::Answered) => {
                (&mut row.after_answered, &mut row.after_answered_wait)
            }
            Some(TransferOutcome::Abandoned) => {
                (&mut row.after_abandoned, &mut row.after_abandoned_wait)
            }
            Some(TransferOutcome::Returned) => {
                (&mut row.after_returned, &mut row.after_returned_wait)
            }
            None => {
                row.after_pending += 1;
                return;
            }
            // Not done: T6 counts it by the call.
            Some(TransferOutcome::Failed) => return,
        };
        *count += 1;
        *wait = wait.saturating_add(transfer.wait);
    }

    /// Whether there is a figure to show.
    fn is_shown(&self) -> bool {
        self.row.calls_served > 0 || self.row.reroutes > 0
    }

    fn finish(self, bucket_start: String, queue: String) -> TransferReportRow {
        let kind = |((method, target), count)| TransferKind {
            method,
            target,
            count,
        };
        let row = self.row;
        let served = row.calls_served;
        let interval = |count| kpi::wilson(kpi::Part { count, of: served });
        TransferReportRow {
            transferred_call_rate_interval: interval(row.calls_transferred),
            wrong_door_rate_interval: interval(row.wrong_door),
            bucket_start,
            queue,
            transferred_call_rate: kpi::transferred_call_rate(row.calls_transferred, served),
            transfers_per_call: kpi::transfers_per_call(row.transfers, served),
            wrong_door_rate: kpi::wrong_door_rate(row.wrong_door, served),
            kinds: self.kinds.into_iter().map(kind).collect(),
            failures: self.failures.into_iter().collect(),
            ..row
        }
    }
}

#[cfg(test)]
#[path = "transfers_test.rs"]
mod tests;
