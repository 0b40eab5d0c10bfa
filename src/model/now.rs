//! What is true at this moment: the gauges' source, and a counter as the checkpoint keeps it.

use std::collections::HashMap;
use std::time::Duration;

use super::ids::{QueueId, SourceId};
use super::timestamp::Timestamp;
use super::words::AgentState;

/// After this much without a live event or heartbeat a source is silent: a heartbeat comes every 5 s, so three are
/// missing. Its clock then stands still, and nobody knows what became of its calls.
pub const SILENCE_MAX: Duration = Duration::from_secs(15);

/// A source that was not heard for so long is taken for gone: who waited there then, and which agents were there, is in no
/// sum any more.
pub const GONE_AFTER: Duration = Duration::from_secs(60 * 60);

/// Work after a call lasts too long beyond this, where nothing else is configured: a form is filled in within two minutes.
pub const WRAP_UP_MAX: Duration = Duration::from_secs(2 * 60);

/// One queue of one source at this moment, live calls only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueNow {
    /// The queue.
    pub queue: QueueId,
    /// Visits waiting.
    pub waiting: u64,
    /// The earliest queue entry of those waiting.
    pub oldest_entry: Option<Timestamp>,
    /// The earliest first queue entry of the calls that wait here.
    pub oldest_journey: Option<Timestamp>,
}

/// Who waits at this moment, over queues and sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingNow {
    /// Visits.
    pub visits: u64,
    /// W8: the age of the oldest.
    pub oldest: Duration,
    /// The same since the first queue entry of its call.
    pub oldest_journey: Duration,
}

impl WaitingNow {
    /// Adds so many visits, by the clock of their source; `earliest` are their first entry and their first journey. One later
    /// than that clock has not waited yet.
    pub fn add(&mut self, visits: u64, earliest: [Option<Timestamp>; 2], now: Timestamp) {
        let age = |since: Option<Timestamp>| since.and_then(|at| now.since(at)).unwrap_or_default();
        let [wait, journey] = earliest.map(age);
        self.visits += visits;
        self.oldest = self.oldest.max(wait);
        self.oldest_journey = self.oldest_journey.max(journey);
    }
}

/// One source at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNow {
    /// The source.
    pub source: SourceId,
    /// Its own clock when it last sent; `None` before its first live message.
    pub sent_at: Option<Timestamp>,
    /// Our clock when that came in.
    pub received_at: Timestamp,
    /// How far its time is known; `None` before its first live message.
    pub watermark: Option<Timestamp>,
    /// Live calls in progress: inbound, no tests, and of no end was told.
    pub calls_open: u64,
    /// Sequence numbers that never came, in all epochs.
    pub gap_events: u64,
    /// Its queues that changed since the last time this was told.
    pub queues: Vec<QueueNow>,
}

/// Agents by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentCounts([u64; AgentState::ALL.len()]);

impl AgentCounts {
    /// How many are in that state.
    pub fn of(&self, state: AgentState) -> u64 {
        self.0[usize::from(state.code()) - 1]
    }

    /// Counts one more.
    pub fn add(&mut self, state: AgentState) {
        self.0[usize::from(state.code()) - 1] += 1;
    }

    /// Whether none of them is at the telephone for the queue's callers: all are away, paused, at the desk or on other calls,
    /// or there are none. To be asked only where agents are told of.
    pub fn is_nobody_there(&self) -> bool {
        let there = [
            AgentState::Available,
            AgentState::Ringing,
            AgentState::Talking,
            AgentState::WrapUp,
        ];
        let there: u64 = there.into_iter().map(|state| self.of(state)).sum();
        there == 0
    }
}

/// The agents at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentsNow {
    /// Each once.
    pub all: AgentCounts,
    /// Those who serve a queue; an agent of two queues is in both. A queue that nobody serves is here with none, as long as
    /// agents are told of.
    pub queues: HashMap<QueueId, AgentCounts>,
}

/// One series of a fact metric as the checkpoint keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// Metric name and labels, as in the exposition format.
    pub series: String,
    /// Its value, versioned; `metrics` alone reads it.
    pub state: Vec<u8>,
}
