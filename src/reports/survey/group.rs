//! What rows of the survey report are grouped by.

use std::time::Duration;

use crate::model::{AgentId, CallRecord, CallRow};

use super::super::plan::Plan;
use super::super::transfers::queue_of;

/// The row for all.
const ALL: &str = "ALL";

/// The edges of waits that are told apart, with the words for what lies below each.
const WAITS: [(u64, &str); 4] = [
    (20, "0-20s"),
    (60, "20-60s"),
    (180, "60-180s"),
    (600, "180-600s"),
];

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SurveyGrouping {
    /// Nothing.
    None,
    /// The first queue that answered.
    #[default]
    Queue,
    /// The agent who talked last.
    Agent,
    /// The local hour of arrival.
    Hour,
    /// The call's transfers.
    Transfers,
    /// The waits in queues before any human.
    Wait,
}

impl SurveyGrouping {
    /// Every grouping.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Queue,
        Self::Agent,
        Self::Hour,
        Self::Transfers,
        Self::Wait,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Queue => "queue",
            Self::Agent => "agent",
            Self::Hour => "hour",
            Self::Transfers => "transfers",
            Self::Wait => "wait",
        }
    }
}

/// A group, in the order of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// One of them: its rank, then its name.
    One(usize, String),
    /// All.
    All,
}

impl Group {
    /// The name in the row.
    pub(super) fn name(&self) -> String {
        match self {
            Self::One(_, name) => name.clone(),
            Self::All => ALL.to_owned(),
        }
    }
}

/// The agent who talked last: who hands the caller over to the survey, or does not.
pub(super) fn last_agent(record: &CallRecord) -> Option<&AgentId> {
    record.legs.last().map(|leg| &leg.agent)
}

/// The group of a call; `None` = there is none but all.
pub(super) fn group_of(
    by: SurveyGrouping,
    plan: &Plan,
    call: &CallRow,
    record: &CallRecord,
) -> Option<Group> {
    let (rank, name) = match by {
        SurveyGrouping::None => return None,
        SurveyGrouping::Agent => (0, last_agent(record)?.as_str().to_owned()),
        SurveyGrouping::Queue
        | SurveyGrouping::Hour
        | SurveyGrouping::Transfers
        | SurveyGrouping::Wait => value_of(by, plan, call),
    };
    Some(Group::One(rank, name))
}

/// The value of a call by queue, hour, transfers or wait, and its rank among values.
pub(super) fn value_of(by: SurveyGrouping, plan: &Plan, call: &CallRow) -> (usize, String) {
    match by {
        SurveyGrouping::None | SurveyGrouping::Agent => (0, String::new()),
        SurveyGrouping::Queue => {
            let queue = queue_of(call).map(|queue| queue.as_str().to_owned());
            (0, queue.unwrap_or_default())
        }
        SurveyGrouping::Hour => {
            // `2026-01-12T08:…`
            let local = plan.zone.local_text(call.arrived_at);
            (0, local.get(11..13).unwrap_or_default().to_owned())
        }
        SurveyGrouping::Transfers => match call.transfers {
            0 => (0, "0".to_owned()),
            1 => (1, "1".to_owned()),
            _ => (2, "2+".to_owned()),
        },
        SurveyGrouping::Wait => {
            let is_below = |(edge, _): &(u64, _)| call.queue_wait <= Duration::from_secs(*edge);
            match WAITS.iter().position(is_below) {
                Some(rank) => (rank, WAITS[rank].1.to_owned()),
                None => (WAITS.len(), "over_600s".to_owned()),
            }
        }
    }
}
