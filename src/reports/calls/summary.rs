//! One call in one row.

use std::time::Duration;

use crate::kpi;
use crate::model::{
    AgentId, CallId, CallRecord, Caller, Direction, EndedBy, LineId, Marks, Outcome, QueueId,
    SourceId,
};
use crate::store::StoredCall;

use super::super::zone::Zone;

/// One call in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSummary {
    /// Arrival, local.
    pub arrived_at: String,
    /// Whose call it is.
    pub source: SourceId,
    /// Its id within the source.
    pub call: CallId,
    /// The caller's pseudonym in hexadecimal digits, `withheld`, or empty where nothing was said.
    pub caller: String,
    /// Inbound or our own return call.
    pub direction: Direction,
    /// The number dialled.
    pub line: Option<LineId>,
    /// How it ended; `None` = open.
    pub outcome: Option<Outcome>,
    /// Who ended it; `None` = it has not ended.
    pub ended_by: Option<EndedBy>,
    /// Queues visited, in order.
    pub queues: Vec<QueueId>,
    /// Wait of the first visit; `None` where it is not known.
    pub first_wait: Option<Duration>,
    /// Waits of all visits.
    pub wait_sum: Duration,
    /// Agents connected, in order.
    pub agents: Vec<AgentId>,
    /// Talk of all legs that ended, hold left out.
    pub talk_sum: Duration,
    /// Hold within them.
    pub hold_sum: Duration,
    /// Transfers done.
    pub transfers: u64,
    /// Transfers begun and not done.
    pub failed_transfers: u64,
    /// Moves between queues before any human.
    pub reroutes: u64,
    /// What was odd.
    pub marks: Marks,
    /// Open, or not settled yet: may change.
    pub provisional: bool,
}

impl CallSummary {
    /// Sums a call up.
    pub(in crate::reports) fn of(zone: &Zone, call: &StoredCall, record: &CallRecord) -> Self {
        let (visits, legs) = (&record.visits, &record.legs);
        let waits: Vec<Duration> = visits.iter().filter_map(|visit| visit.wait).collect();
        let talks: Vec<Duration> = legs.iter().filter_map(|leg| leg.talk()).collect();
        let holds: Vec<Duration> = legs.iter().map(|leg| leg.hold).collect();
        Self {
            arrived_at: zone.local_text(record.arrived_at),
            source: call.source.clone(),
            call: call.place.call.clone(),
            caller: caller_text(record.caller),
            direction: record.direction,
            line: record.line.clone(),
            outcome: record.outcome,
            ended_by: record.ended_at.map(|_| record.ended_by),
            queues: visits.iter().map(|visit| visit.queue.clone()).collect(),
            first_wait: visits.first().and_then(|visit| visit.wait),
            wait_sum: sum(&waits),
            agents: legs.iter().map(|leg| leg.agent.clone()).collect(),
            talk_sum: sum(&talks),
            hold_sum: sum(&holds),
            transfers: record.transfers.len() as u64,
            failed_transfers: record.failed_transfers.len() as u64,
            reroutes: record.reroutes.len() as u64,
            marks: record.marks,
            provisional: call.provisional,
        }
    }
}

fn sum(spans: &[Duration]) -> Duration {
    kpi::wait_sum(spans)
}

/// A caller as lists show one.
pub(in crate::reports) fn caller_text(caller: Caller) -> String {
    match caller {
        Caller::Unknown => String::new(),
        Caller::Withheld => "withheld".to_owned(),
        Caller::Known(pseudonym) => format!("{:032x}", u128::from_be_bytes(pseudonym.hash)),
    }
}
