//! The transfer report: how many calls, how often, of which kind, what came of them, from where to where.
//!
//! A call belongs to the interval of its arrival and to the first queue that answered it. One that no human answered
//! has none: it belongs to the first queue it entered, and only its reroutes are figures here. Our own return calls are
//! among the served: whoever is passed on twice does not care who dialled.

mod loops;
mod paths;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::kpi::{self, Id, Slots, TRANSFERS_SLOTS, Threshold, TransferTally};
use crate::model::{CallRow, QueueId, TargetKind, TransferFailure, TransferMethod};
use crate::store::{Rollup, Selection};

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::making::Making;
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

/// The transfer report in the making.
pub(super) struct Transfers {
    limit: Option<u32>,
    stands_in: Option<Group>,
    tallies: Tallies<TransferTally>,
}

impl Transfers {
    /// Nothing taken yet; a call with more than `limit` transfers is excessive, `None` = as configured.
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            stands_in: None,
            tallies: Tallies::new(),
        }
    }

    /// The sums of each row.
    pub(super) fn tallies(self) -> Tallies<TransferTally> {
        self.tallies
    }
}

impl Making for Transfers {
    type Report = TransferReport;

    fn stand_in(&mut self, group: Option<Group>) {
        self.stands_in = group;
    }

    fn rows(&mut self, plan: &Plan, rows: &Selection) {
        let own = self.stands_in.clone();
        let planned = planned(plan, rows);
        let tallies = &mut self.tallies;
        for call in rows.calls.iter().filter(|call| !call.test) {
            let queue = queue_of(call);
            if let Some(bucket) = plan.index_of(call.arrived_at)
                && plan.wants(queue)
            {
                let configured = || plan.excessive_limit(queue, call.arrived_at);
                let limit = self.limit.unwrap_or_else(configured);
                let along = planned.get(&call.row).copied().unwrap_or_default();
                let group = own.clone().unwrap_or_else(|| Group::of(queue));
                for group in [group, Group::All] {
                    let tally = tallies.entry((bucket, group)).or_default();
                    tally.add_call(call, &plan.floor.routes, along, limit);
                }
            }
        }
        let transfers = rows.transfers.iter();
        for transfer in transfers.filter(|transfer| kpi::is_done(transfer)) {
            let queue = transfer.first_answer_queue.as_ref();
            if let Some(bucket) = plan.index_of(transfer.call_arrived_at)
                && plan.wants(queue)
            {
                let group = own.clone().unwrap_or_else(|| Group::of(queue));
                for group in [group, Group::All] {
                    let tally = tallies.entry((bucket, group)).or_default();
                    tally.add_transfer(transfer);
                }
            }
        }
    }

    fn rollup(&mut self, plan: &Plan, bucket: usize, rollup: &Rollup, slots: &Slots) -> Option<()> {
        let wanted = |queue: Option<&str>| plan.wants_name(queue);
        let each = |queue: Option<&str>, mut tally: TransferTally| {
            let group = Group::named(queue);
            let own = match &group {
                Group::Queue(queue) => Some(queue),
                Group::NoQueue | Group::All => None,
            };
            let configured = || plan.excessive_limit(own, rollup.period.0);
            tally.judge(self.limit.unwrap_or_else(configured));
            for group in [group, Group::All] {
                let sums = self.tallies.entry((bucket, group)).or_default();
                sums.merge(&tally);
            }
        };
        kpi::read_tallies(&rollup.transfers, slots, wanted, each)
    }

    fn finish(
        self,
        plan: &Plan,
        counted: Counted,
        sources: Vec<SourceCompleteness>,
    ) -> TransferReport {
        let (mut rows, mut matrices) = (Vec::new(), BTreeMap::new());
        for ((bucket, group), tally) in self.tallies {
            if group == Group::All {
                matrices.insert(bucket, tally.matrix.clone());
            } else if tally.calls_served == 0 && tally.reroutes == 0 {
                // There is no figure to show.
                continue;
            }
            let bucket_start = plan.bucket_start(bucket);
            rows.push(TransferReportRow::of(tally, bucket_start, group.name()));
        }
        let start = |bucket| plan.bucket_start(bucket);
        let known = counted.queues.clone();
        let k = match self.limit {
            Some(limit) => Threshold::ExcessiveLimit.definition(1, Some(&limit.to_string())),
            None => plan.letter(Threshold::ExcessiveLimit, &known),
        };
        let definitions = DEFINITIONS.map(Id::definition).into_iter().chain([k]);
        let context = Context::of(plan, counted, sources, definitions.collect());
        TransferReport {
            context: context.measured(plan, &known),
            rows,
            paths: paths::from_queues(&matrices, start),
            agent_paths: paths::from_agents(&matrices, start),
            // Gathered from the calls themselves: their rows do not know the way as a whole.
            loops: Vec::new(),
            loops_found: 0,
        }
    }

    fn context(report: &mut TransferReport) -> &mut Context {
        &mut report.context
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

impl TransferReportRow {
    /// The figures of some calls and their transfers.
    fn of(tally: TransferTally, bucket_start: String, queue: String) -> Self {
        let kind = |((method, target), count)| TransferKind {
            method,
            target,
            count,
        };
        let served = tally.calls_served;
        let interval = |count| kpi::wilson(kpi::Part { count, of: served });
        Self {
            bucket_start,
            queue,
            calls_served: served,
            calls_transferred: tally.calls_transferred,
            transferred_call_rate: kpi::transferred_call_rate(tally.calls_transferred, served),
            transferred_call_rate_interval: interval(tally.calls_transferred),
            transfers: tally.transfers,
            transfers_per_call: kpi::transfers_per_call(tally.transfers, served),
            calls_by_transfers: tally.calls_by_transfers,
            returns: tally.returns,
            calls_by_returns: tally.calls_by_returns,
            failed: tally.failed(),
            after_answered: tally.after_answered,
            after_abandoned: tally.after_abandoned,
            after_returned: tally.after_returned,
            after_answered_wait: tally.after_answered_wait,
            after_abandoned_wait: tally.after_abandoned_wait,
            after_returned_wait: tally.after_returned_wait,
            after_pending: tally.after_pending,
            transfer_wait_sum: tally.transfer_wait_sum,
            wrong_door: tally.wrong_door,
            wrong_door_rate: kpi::wrong_door_rate(tally.wrong_door, served),
            wrong_door_rate_interval: interval(tally.wrong_door),
            excessive: tally.excessive,
            reroutes: tally.reroutes,
            requeued: tally.requeued,
            consult_only: tally.consult_only,
            kinds: tally.kinds.into_iter().map(kind).collect(),
            failures: tally.failures.into_iter().collect(),
        }
    }
}

#[cfg(test)]
#[path = "transfers_test.rs"]
mod tests;
