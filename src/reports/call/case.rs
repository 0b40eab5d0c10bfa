//! What an explanation is made from, and the words that several of them share.

use std::time::Duration;

use crate::kpi::{Part, seconds_text};
use crate::model::{CallRecord, QueueId, VisitRow};
use crate::store::CallRows;

use super::super::plan::Plan;
use super::super::survey::OneCall;
use super::around::Around;

/// A call to be explained.
pub(super) struct Case<'a> {
    pub(super) plan: &'a Plan,
    pub(super) record: &'a CallRecord,
    /// The rows that reports read of it.
    pub(super) rows: &'a CallRows,
    /// Thresholds of W10.
    pub(super) over: &'a [Duration],
    /// T10's limit.
    pub(super) limit: u32,
    /// What the caller did around it; `None` = nobody asked.
    pub(super) around: Option<&'a Around>,
    /// What it adds to the survey report; `None` when nothing of it is to be explained.
    pub(super) surveyed: Option<&'a OneCall>,
}

/// `12.5 s`.
pub(super) fn s(span: Duration) -> String {
    format!("{} s", seconds_text(span))
}

/// `1 visit`, `2 visits`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `jobs`, or that there is none.
pub(super) fn queue_words(queue: Option<&QueueId>) -> &str {
    queue.map_or("no queue", QueueId::as_str)
}

/// `visit 1 of jobs: answered after 12 s`.
pub(super) fn visit_words(index: usize, visit: &VisitRow) -> String {
    let head = format!("visit {} of {}", index + 1, visit.queue);
    match (visit.exit, visit.wait) {
        (None, _) => format!("{head}: still waiting"),
        (Some(exit), Some(wait)) => format!("{head}: {} after {}", exit.as_str(), s(wait)),
        (Some(exit), None) => format!("{head}: {} after a wait that is not known", exit.as_str()),
    }
}

/// Whether something is counted, in words.
pub(super) fn counted(adds: u64) -> &'static str {
    if adds > 0 { "counted" } else { "not counted" }
}

/// In which half of a share something is, in words.
pub(super) fn halves(part: Part) -> &'static str {
    match (part.count > 0, part.of > 0) {
        (true, true) => "in the numerator and the denominator",
        (true, false) => "in the numerator alone",
        (false, true) => "in the denominator alone",
        (false, false) => "in neither numerator nor denominator",
    }
}
