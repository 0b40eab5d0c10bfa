//! What no switch tells of agents' work: how long it lasts after a call, and which pauses are work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Agents' work, as the configuration or the command line tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentWork {
    /// The work after a call by queue, as the PBX names it.
    wrap_up: BTreeMap<String, Duration>,
    /// Reasons of a pause that mean work with a client at the desk, in lower case.
    desk_reasons: BTreeSet<String>,
}

impl AgentWork {
    /// Spans by queue, and reasons in upper or lower case.
    pub fn new(
        wrap_up: impl IntoIterator<Item = (String, Duration)>,
        desk_reasons: impl IntoIterator<Item: AsRef<str>>,
    ) -> Self {
        let reasons = desk_reasons.into_iter();
        Self {
            wrap_up: wrap_up.into_iter().collect(),
            desk_reasons: reasons.map(|one| one.as_ref().to_lowercase()).collect(),
        }
    }

    /// The work after a call of this queue; `None` = there is none, or it is not known.
    pub(super) fn after_call(&self, queue: &str) -> Option<Duration> {
        let span = self.wrap_up.get(queue).copied();
        span.filter(|span| !span.is_zero())
    }

    /// Whether a pause for this reason is work with a client.
    pub(super) fn is_desk(&self, reason: &str) -> bool {
        self.desk_reasons.contains(&reason.to_lowercase())
    }

    /// One line a thing, so that what is concluded with another one has another name.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let spans = self.wrap_up.iter();
        let spans = spans.map(|(queue, span)| format!("\0wrap_up\0{queue}\0{}", span.as_micros()));
        let reasons = self.desk_reasons.iter();
        spans.chain(reasons.map(|reason| format!("\0desk\0{reason}")))
    }
}
