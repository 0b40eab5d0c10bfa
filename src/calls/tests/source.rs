//! A source under test: the table of its calls, the calls settled before, and the facts since the last look.

use std::collections::HashMap;

use crate::calls::{Arrival, Calls, Options};
use crate::model::{AgentEvent, AgentId, Body, CallKey, EpochIndex, Event, Fact, Mode, Timestamp};

use super::notation::{self, at};
use super::render;
use super::run;

pub(super) struct Source {
    pub(super) calls: Calls,
    pub(super) settled: HashMap<CallKey, EpochIndex>,
    facts: Vec<Fact>,
}

impl Source {
    pub(super) fn new(options: Options) -> Self {
        Self {
            calls: Calls::new(options),
            settled: HashMap::new(),
            facts: Vec::new(),
        }
    }

    /// Tells steps of a call, each when it happens.
    pub(super) fn tell(&mut self, mode: Mode, epoch: u32, call: &str, story: &str) -> &mut Self {
        for step in notation::parse(story) {
            self.hear(mode, epoch, step.at, run::event(call, &step));
        }
        self
    }

    /// Tells live steps of the first epoch while the watermark stands still.
    pub(super) fn tell_late(&mut self, call: &str, story: &str) -> &mut Self {
        for step in notation::parse(story) {
            self.hear(Mode::Live, 1, Timestamp::MIN, run::event(call, &step));
        }
        self
    }

    /// Tells the end of an agent's wrap-up.
    pub(super) fn end_wrap_up(&mut self, agent: &str, seconds: &str) -> &mut Self {
        let agent = AgentId::new(agent);
        let event = Event {
            sequence: 0,
            occurred_at: at(seconds),
            ahead: false,
            body: Body::Agent(AgentEvent::WrapUpEnded { agent }),
        };
        self.hear(Mode::Live, 1, Timestamp::MIN, event);
        self
    }

    pub(super) fn hear(&mut self, mode: Mode, epoch: u32, sent_at: Timestamp, event: Event) {
        let arrival = Arrival {
            epoch: EpochIndex(epoch),
            mode,
            sent_at,
        };
        let settled = |key| self.settled.get(&key).copied();
        let told = self.facts.len();
        self.calls
            .handle_event(arrival, event, settled, &mut self.facts);
        self.note_settled(told);
    }

    pub(super) fn clock(&mut self, seconds: &str) -> &mut Self {
        let told = self.facts.len();
        self.calls.handle_clock(at(seconds), &mut self.facts);
        self.note_settled(told);
        self
    }

    pub(super) fn finish(&mut self, epoch: u32, complete: bool) -> &mut Self {
        let told = self.facts.len();
        self.calls
            .handle_finish(EpochIndex(epoch), complete, &mut self.facts);
        self.note_settled(told);
        self
    }

    fn note_settled(&mut self, told: usize) {
        for settled in run::all_settled(&self.facts[told..]) {
            self.settled.insert(settled.key, settled.epoch);
        }
    }

    /// The facts since the last look.
    pub(super) fn facts(&mut self) -> String {
        render::facts(&std::mem::take(&mut self.facts))
    }

    /// The calls settled since the last look, each by its lines.
    pub(super) fn records(&mut self) -> Vec<String> {
        let facts = std::mem::take(&mut self.facts);
        let settled = run::all_settled(&facts);
        settled
            .map(|settled| render::record(&settled.record).join("; "))
            .collect()
    }

    /// The timelines of the calls settled since the last look.
    pub(super) fn settled_told(&mut self) -> Vec<Vec<u8>> {
        let facts = std::mem::take(&mut self.facts);
        run::all_settled(&facts)
            .map(|settled| settled.told.clone())
            .collect()
    }
}
