//! T9 as rows: from where to where callers were passed on, most used first within an interval.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi::{Matrix, Passed, PassedTo};
use crate::model::{AgentId, QueueId, TargetKind, Text};

/// From where to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferPath {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue of the leg that passed on; `None` = it came from none, or the path is an agent's.
    pub from_queue: Option<QueueId>,
    /// The agent who passed on; `None` = the path is a queue's.
    pub from_agent: Option<AgentId>,
    /// Kind of target.
    pub target: TargetKind,
    /// The target's name.
    pub to: Text,
    /// How many.
    pub count: u64,
    /// Of them back to somebody who had the call before.
    pub returns: u64,
    /// W4: waits between them and the next human.
    pub wait_sum: Duration,
    /// Those waits, and the callers' time with agents until the next transfer or the end.
    pub spent_sum: Duration,
}

/// The paths from queues.
pub(super) fn from_queues(
    matrices: &BTreeMap<usize, Matrix>,
    start: impl Fn(usize) -> String,
) -> Vec<TransferPath> {
    let cells = |matrix: &Matrix| {
        let cells = matrix.queues.iter();
        let path = |((from, to), passed): (&(Option<QueueId>, PassedTo), &Passed)| TransferPath {
            from_queue: from.clone(),
            ..path(to, passed)
        };
        cells.map(path).collect()
    };
    by_interval(matrices, start, cells)
}

/// The paths from agents.
pub(super) fn from_agents(
    matrices: &BTreeMap<usize, Matrix>,
    start: impl Fn(usize) -> String,
) -> Vec<TransferPath> {
    let cells = |matrix: &Matrix| {
        let cells = matrix.agents.iter();
        let path = |((from, to), passed): (&(AgentId, PassedTo), &Passed)| TransferPath {
            from_agent: Some(from.clone()),
            ..path(to, passed)
        };
        cells.map(path).collect()
    };
    by_interval(matrices, start, cells)
}

/// A path of which the start is not said yet.
fn path((target, to): &PassedTo, passed: &Passed) -> TransferPath {
    TransferPath {
        bucket_start: String::new(),
        from_queue: None,
        from_agent: None,
        target: *target,
        to: to.clone(),
        count: passed.transfers,
        returns: passed.returns,
        wait_sum: passed.wait,
        spent_sum: passed.spent,
    }
}

fn by_interval(
    matrices: &BTreeMap<usize, Matrix>,
    start: impl Fn(usize) -> String,
    cells: impl Fn(&Matrix) -> Vec<TransferPath>,
) -> Vec<TransferPath> {
    let mut all = Vec::new();
    for (bucket, matrix) in matrices {
        let mut paths = cells(matrix);
        // Stable: paths used alike stay in the order of their names.
        paths.sort_by_key(|path| Reverse(path.count));
        all.extend(paths.into_iter().map(|path| TransferPath {
            bucket_start: start(*bucket),
            ..path
        }));
    }
    all
}
