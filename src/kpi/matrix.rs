//! T9: from where to where callers are passed on, as sums that can be put together.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{AgentId, QueueId, TargetKind, Text, TransferRow};

use super::transfers::{is_done, is_return};

/// Transfers of one way: how many, and what they cost the callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Transfers done.
    pub transfers: u64,
    /// Of them back to somebody who had the call before.
    pub returns: u64,
    /// Waits between them and the next human.
    pub wait: Duration,
    /// Those waits, and the callers' time with agents, hold included, until the next transfer or the end.
    pub spent: Duration,
}

impl Passed {
    /// Counts one transfer that was done.
    pub fn add(&mut self, transfer: &TransferRow) {
        self.merge(&Self {
            transfers: 1,
            returns: is_return(transfer).into(),
            wait: transfer.wait,
            spent: transfer.spent,
        });
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        self.transfers += other.transfers;
        self.returns += other.returns;
        self.wait = self.wait.saturating_add(other.wait);
        self.spent = self.spent.saturating_add(other.spent);
    }
}

/// Where a caller was passed to: the kind of target, and its name.
pub type PassedTo = (TargetKind, Text);

/// From where to where, by the queue of the leg that passed on and by its agent: the same transfers twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// From queues; `None` = the leg came from no queue.
    pub queues: BTreeMap<(Option<QueueId>, PassedTo), Passed>,
    /// From agents.
    pub agents: BTreeMap<(AgentId, PassedTo), Passed>,
}

impl Matrix {
    /// Counts a transfer, if it was done.
    pub fn add(&mut self, transfer: &TransferRow) {
        if !is_done(transfer) {
            return;
        }
        let to = (transfer.target, transfer.to.clone());
        let from = (transfer.from_queue.clone(), to.clone());
        self.queues.entry(from).or_default().add(transfer);
        let from = (transfer.from_agent.clone(), to);
        self.agents.entry(from).or_default().add(transfer);
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        for (cell, passed) in &other.queues {
            self.queues.entry(cell.clone()).or_default().merge(passed);
        }
        for (cell, passed) in &other.agents {
            self.agents.entry(cell.clone()).or_default().merge(passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TransferOutcome, fixture};

    fn transfer(agent: &str, is_return: bool, wait: u64, spent: u64) -> TransferRow {
        TransferRow {
            from_agent: AgentId::new(agent),
            is_return,
            wait: Duration::from_secs(wait),
            spent: Duration::from_secs(spent),
            ..fixture::transfer(Some("jobs"), "benefits")
        }
    }

    #[test]
    fn a_way_is_summed_by_queue_and_by_agent() {
        let (mut matrix, mut half) = (Matrix::default(), Matrix::default());
        matrix.add(&transfer("anna", false, 10, 70));
        half.add(&transfer("boris", true, 20, 25));
        half.add(&transfer("anna", true, 1, 2));
        half.add(&TransferRow {
            outcome: Some(TransferOutcome::Failed),
            ..transfer("anna", false, 5, 5)
        });
        matrix.merge(&half);

        let sums = |passed: &Passed| {
            let [wait, spent] = [passed.wait, passed.spent].map(|span| span.as_secs());
            (passed.transfers, passed.returns, wait, spent)
        };
        let queues: Vec<_> = matrix.queues.values().map(sums).collect();
        // 10 + 20 + 1 and 70 + 25 + 2; the one that failed is in neither.
        assert_eq!(queues, [(3, 2, 31, 97)]);
        let agents = matrix.agents.iter();
        let agents: Vec<_> = agents
            .map(|((agent, _), passed)| (agent.as_str(), sums(passed)))
            .collect();
        assert_eq!(
            agents,
            [("anna", (2, 1, 11, 72)), ("boris", (1, 1, 20, 25))]
        );
    }
}
