//! T10: the ways of calls that were passed around, as sequences of queues, with the calls behind them.
//!
//! A call's way begins with the queue whose agent passed it on first (the agent, where the leg came from no queue), and
//! goes on with the target of each transfer. Ways over the whole period: cut into intervals, most would be there once.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi;
use crate::model::{CallId, CallRecord, SourceId, TargetKind, Text};
use crate::store::StoredCall;

use super::super::plan::Plan;
use super::TransferReport;

/// Ways that a report holds: further down the list they are those of single calls.
pub const LOOPS_MAX: usize = 100;
/// Different ways that are counted: memory for some ten megabytes. Where callers are passed around at random, no way is worth a look.
const WAYS_MAX: usize = 50_000;
/// Calls named with a way: enough to look into.
const CALLS_NAMED: usize = 5;

/// Where a call was on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferStep {
    /// What it is.
    pub kind: TargetKind,
    /// Its name.
    pub name: Text,
}

/// A way that calls went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferLoop {
    /// Where it led, in order.
    pub steps: Vec<TransferStep>,
    /// Calls that went this way.
    pub calls: u64,
    /// Their transfers.
    pub transfers: u64,
    /// Of them back to somebody who had the call before.
    pub returns: u64,
    /// Waits after these transfers, and the callers' time with agents.
    pub spent_sum: Duration,
    /// The first of these calls.
    pub first_calls: Vec<(SourceId, CallId)>,
}

/// Ways counted so far.
pub(in super::super) struct Loops {
    ways: BTreeMap<Vec<TransferStep>, TransferLoop>,
    ways_max: usize,
    /// Calls whose ways came when there were as many as are counted.
    calls_beyond: u64,
}

impl Default for Loops {
    fn default() -> Self {
        Self::up_to(WAYS_MAX)
    }
}

impl Loops {
    /// No ways yet, and never more than so many.
    fn up_to(ways_max: usize) -> Self {
        Self {
            ways: BTreeMap::new(),
            ways_max,
            calls_beyond: 0,
        }
    }

    /// Counts a call that was passed around.
    pub(in super::super) fn call(&mut self, plan: &Plan, call: &StoredCall, record: &CallRecord) {
        if plan.index_of(record.arrived_at).is_none() || !plan.admits(record) {
            return;
        }
        let rows = call.rows(record, 0).transfers;
        let done: Vec<_> = rows.iter().filter(|one| kpi::is_done(one)).collect();
        let Some(first) = done.first() else {
            return;
        };
        if !plan.wants(first.first_answer_queue.as_ref()) {
            return;
        }
        let from = match &first.from_queue {
            Some(queue) => TransferStep {
                kind: TargetKind::Queue,
                name: queue.as_str().into(),
            },
            None => TransferStep {
                kind: TargetKind::Agent,
                name: first.from_agent.as_str().into(),
            },
        };
        let to = done.iter().map(|transfer| TransferStep {
            kind: transfer.target,
            name: transfer.to.clone(),
        });
        let steps: Vec<_> = [from].into_iter().chain(to).collect();
        if self.ways.len() >= self.ways_max && !self.ways.contains_key(&steps) {
            self.calls_beyond += 1;
            return;
        }
        let way = self
            .ways
            .entry(steps)
            .or_insert_with_key(|steps| TransferLoop {
                steps: steps.clone(),
                calls: 0,
                transfers: 0,
                returns: 0,
                spent_sum: Duration::ZERO,
                first_calls: Vec::new(),
            });
        way.calls += 1;
        if way.first_calls.len() < CALLS_NAMED {
            let id = (call.source.clone(), call.place.call.clone());
            way.first_calls.push(id);
        }
        for transfer in done {
            way.transfers += 1;
            way.returns += u64::from(kpi::is_return(transfer));
            way.spent_sum = way.spent_sum.saturating_add(transfer.spent);
        }
    }

    /// Adds the worst ways to a report: most returns first, then most transfers, then most of the callers' time.
    pub(in super::super) fn finish(self, report: &mut TransferReport) {
        report.loops_found = self.ways.len() as u64;
        if self.calls_beyond > 0 {
            report.context.cautions.push(format!(
                "the worst ways are of the first {} different ones: calls of further ways are left out of them, {}",
                self.ways_max, self.calls_beyond
            ));
        }
        report.loops = self.ways.into_values().collect();
        // Stable: ways alike stay in the order of their names.
        report
            .loops
            .sort_by_key(|way| Reverse((way.returns, way.transfers, way.spent_sum)));
        report.loops.truncate(LOOPS_MAX);
    }
}

#[cfg(test)]
#[path = "loops_test.rs"]
mod tests;
