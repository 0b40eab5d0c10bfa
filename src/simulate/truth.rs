//! What the simulated phones did, counted while they did it: what any report on the events must come to.
//!
//! Kept apart from everything that computes figures from events, by the definitions of the catalogue: a visit ends in
//! one way, a reroute (before any human) is no transfer, a transfer counts when the caller has become connected or queued
//! elsewhere, and calls tagged `test` are in no figure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::floor::QueueNumber;

/// The tally. Complete when the simulation has run dry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// Events told, those of test calls included.
    pub events: u64,
    /// Calls tagged `test`: in no other number here.
    pub calls_test: u64,
    /// Calls that reached our number.
    pub calls_arrived: u64,
    /// How they ended, by the words of the catalogue: `served`, `abandoned`, `refused` …; their sum is `calls_arrived`.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Refused calls by reason: `busy`, `closed`, `full`, `no_agents`.
    pub refused: BTreeMap<&'static str, u64>,
    /// What happened in each queue.
    pub queues: Vec<QueueTruth>,
    /// Transfers done, by method and target; only kinds that happened.
    pub transfers: Vec<TransferTruth>,
    /// Transfers begun and not done, by cause.
    pub transfers_failed: BTreeMap<&'static str, u64>,
    /// Transfers to somebody who had the call before.
    pub transfer_returns: u64,
    /// Served calls with 0, 1, 2, 3, 4, 5 and more than 5 transfers.
    pub calls_by_transfers: [u64; 7],
    /// Moves between queues before any human.
    pub reroutes: u64,
    /// Waits of visits that began after a human had answered, in microseconds.
    pub transfer_wait_sum_us: u64,
}

/// What happened in one queue; every visit offered is in exactly one of the exits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueTruth {
    /// The queue.
    pub queue: String,
    /// Calls whose first visit was here.
    pub calls_offered: u64,
    /// Calls that this queue turned away and that had no visit.
    pub calls_refused: u64,
    /// Visits begun.
    pub visits_offered: u64,
    /// VisitEnd: an agent connected.
    pub answered: u64,
    /// VisitEnd: the caller hung up while nobody rang.
    pub abandoned_waiting: u64,
    /// VisitEnd: the caller hung up while an agent rang.
    pub abandoned_ringing: u64,
    /// VisitEnd: waited as long as the queue allows.
    pub timeout: u64,
    /// VisitEnd: left by key.
    pub key_exit: u64,
    /// VisitEnd: the last agent went away.
    pub left_empty: u64,
    /// VisitEnd: moved by a person.
    pub withdrawn: u64,
    /// VisitEnd: accepted to be called back.
    pub callback: u64,
    /// VisitEnd: something broke.
    pub error: u64,
    /// Waits of answered visits, in microseconds.
    pub wait_answered_sum_us: u64,
    /// The longest of them.
    pub wait_answered_max_us: u64,
    /// Waits of abandoned visits, in microseconds.
    pub wait_abandoned_sum_us: u64,
    /// The longest of them.
    pub wait_abandoned_max_us: u64,
    /// Waits of all other visits, in microseconds.
    pub wait_other_sum_us: u64,
    /// The longest of them.
    pub wait_other_max_us: u64,
}

/// How often callers were passed on in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransferTruth {
    /// `blind` or `attended`.
    pub method: &'static str,
    /// `agent`, `queue` or `outside`.
    pub target: &'static str,
    /// How often.
    pub count: u64,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VisitEnd {
    Answered,
    AbandonedWaiting,
    AbandonedRinging,
    Timeout,
    KeyExit,
    LeftEmpty,
    Withdrawn,
    Callback,
    Error,
}

impl Truth {
    pub(super) fn new(queues: impl Iterator<Item = String>) -> Self {
        let queues = queues.map(|queue| QueueTruth {
            queue,
            ..QueueTruth::default()
        });
        Self {
            queues: queues.collect(),
            ..Self::default()
        }
    }

    /// Calls with an outcome of the catalogue, 0 where there was none.
    pub fn outcome(&self, outcome: &str) -> u64 {
        self.outcomes.get(outcome).copied().unwrap_or_default()
    }

    /// What happened in a queue.
    pub fn queue(&self, name: &str) -> Option<&QueueTruth> {
        self.queues.iter().find(|queue| queue.queue == name)
    }

    pub(super) fn visit_began(&mut self, queue: QueueNumber, is_first: bool) {
        let queue = &mut self.queues[queue as usize];
        queue.visits_offered += 1;
        queue.calls_offered += u64::from(is_first);
    }

    pub(super) fn visit_ended(&mut self, queue: QueueNumber, exit: VisitEnd, wait_us: u64) {
        self.queues[queue as usize].ended(exit, wait_us);
    }

    pub(super) fn call_refused(&mut self, reason: &'static str, queue: Option<QueueNumber>) {
        *self.refused.entry(reason).or_default() += 1;
        if let Some(queue) = queue {
            self.queues[queue as usize].calls_refused += 1;
        }
    }

    pub(super) fn call_ended(&mut self, outcome: &'static str, transfers: usize) {
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome == "served" {
            self.calls_by_transfers[transfers.min(6)] += 1;
        }
    }

    pub(super) fn transferred(&mut self, method: &'static str, target: &'static str) {
        let kind = self
            .transfers
            .iter_mut()
            .find(|kind| kind.method == method && kind.target == target);
        match kind {
            Some(kind) => kind.count += 1,
            None => self.transfers.push(TransferTruth {
                method,
                target,
                count: 1,
            }),
        }
    }

    pub(super) fn transfer_failed(&mut self, cause: &'static str) {
        *self.transfers_failed.entry(cause).or_default() += 1;
    }
}

impl QueueTruth {
    /// Visits abandoned, ringing or not.
    pub fn abandoned(&self) -> u64 {
        self.abandoned_waiting + self.abandoned_ringing
    }

    /// Visits that ended in any way.
    pub fn ended_visits(&self) -> u64 {
        let otherwise = [
            self.timeout,
            self.key_exit,
            self.left_empty,
            self.withdrawn,
            self.callback,
            self.error,
        ];
        self.answered + self.abandoned() + otherwise.iter().sum::<u64>()
    }

    fn ended(&mut self, exit: VisitEnd, wait_us: u64) {
        let count = match exit {
            VisitEnd::Answered => &mut self.answered,
            VisitEnd::AbandonedWaiting => &mut self.abandoned_waiting,
            VisitEnd::AbandonedRinging => &mut self.abandoned_ringing,
            VisitEnd::Timeout => &mut self.timeout,
            VisitEnd::KeyExit => &mut self.key_exit,
            VisitEnd::LeftEmpty => &mut self.left_empty,
            VisitEnd::Withdrawn => &mut self.withdrawn,
            VisitEnd::Callback => &mut self.callback,
            VisitEnd::Error => &mut self.error,
        };
        *count += 1;
        let (sum, max) = match exit {
            VisitEnd::Answered => (
                &mut self.wait_answered_sum_us,
                &mut self.wait_answered_max_us,
            ),
            VisitEnd::AbandonedWaiting | VisitEnd::AbandonedRinging => (
                &mut self.wait_abandoned_sum_us,
                &mut self.wait_abandoned_max_us,
            ),
            VisitEnd::Timeout
            | VisitEnd::KeyExit
            | VisitEnd::LeftEmpty
            | VisitEnd::Withdrawn
            | VisitEnd::Callback
            | VisitEnd::Error => (&mut self.wait_other_sum_us, &mut self.wait_other_max_us),
        };
        *sum += wait_us;
        *max = (*max).max(wait_us);
    }
}
