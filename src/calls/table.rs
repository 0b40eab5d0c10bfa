//! The table of one source's live calls.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::model::{
    AgentEvent, AgentId, Body, CallEvent, CallId, CallKey, CallRecord, Direction, EpochIndex,
    Event, Fact, Mode, QueueId, QueueNow, Targets, Timestamp,
};

use super::backfill::Backfill;
use super::deadlines::{Deadlines, Due};
use super::live::{LiveCall, Taken};
use super::queues::Queues;
use super::state;
use super::told::{Order, Told};

/// The most agents whose last release is remembered for wrap-up.
const AGENTS_MAX: usize = 10_000;

/// How calls are closed and judged.
#[derive(Clone, Debug)]
pub struct Options {
    /// Thresholds in force.
    pub targets: Targets,
    /// LIVE: how long after its end a call waits for stragglers.
    pub settle: Duration,
    /// BACKFILL: how many further events of the epoch a call waits for stragglers.
    pub settle_events: u64,
    /// A call of which nothing was told for this long is closed as `unknown`.
    pub call_deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            targets: Targets::default(),
            settle: Duration::from_secs(30),
            settle_events: 10_000,
            call_deadline: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// How an event came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The numbering.
    pub epoch: EpochIndex,
    /// Live or history.
    pub mode: Mode,
    /// The source's clock when it was sent.
    pub sent_at: Timestamp,
}

/// A call that is open or not settled yet, as the store keeps it.
#[derive(Clone, Debug)]
pub struct OpenCall {
    /// Its key.
    pub key: CallKey,
    /// The record so far.
    pub record: CallRecord,
    /// Everything needed to go on with it after a restart; checksummed by the store.
    pub state: Vec<u8>,
}

/// What changed among the open calls since the store was last told.
#[derive(Clone, Debug, Default)]
pub struct OpenChanges {
    /// Calls to write.
    pub written: Vec<OpenCall>,
    /// Calls to remove.
    pub closed: Vec<CallKey>,
}

/// One source's live calls.
#[derive(Debug)]
pub struct Calls {
    options: Options,
    calls: HashMap<CallKey, LiveCall>,
    deadlines: Deadlines,
    backfill: Backfill,
    queues: Queues,
    /// The last leg each agent was released from, until the wrap-up ends.
    released: HashMap<AgentId, (Timestamp, QueueId)>,
    watermark: Option<Timestamp>,
    live_open: u64,
    dirty: Vec<CallKey>,
    closed: Vec<CallKey>,
}

impl Calls {
    /// A source of which nothing is known.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            calls: HashMap::new(),
            deadlines: Deadlines::default(),
            backfill: Backfill::default(),
            queues: Queues::default(),
            released: HashMap::new(),
            watermark: None,
            live_open: 0,
            dirty: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// Whether a call is live.
    pub fn is_live(&self, key: CallKey) -> bool {
        self.calls.contains_key(&key)
    }

    /// The greatest live event time that deadlines fire from.
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    /// Live calls open or not settled yet, our own return calls and test calls included.
    pub fn live_open(&self) -> u64 {
        self.live_open
    }

    /// The queues whose waiting changed since this was last asked.
    pub fn take_queues(&mut self) -> Vec<QueueNow> {
        self.queues.take_changed()
    }

    /// The earliest watermark at which something will happen by itself.
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.deadlines.next_at()
    }

    /// Applies one event. `settled` tells under which epoch a call that is not live was settled before.
    pub fn handle_event(
        &mut self,
        arrival: Arrival,
        event: Event,
        settled: impl Fn(CallKey) -> Option<EpochIndex>,
        facts: &mut Vec<Fact>,
    ) {
        let occurred_at = event.occurred_at;
        let counted = (arrival.mode == Mode::Backfill).then(|| self.backfill.count(arrival.epoch));
        match event.body {
            Body::Call { call, event: told } => {
                let order = Order {
                    epoch: arrival.epoch,
                    sequence: event.sequence,
                };
                let told = Told {
                    at: occurred_at,
                    order,
                    ahead: event.ahead,
                    event: told,
                };
                self.handle_call(arrival, call, told, settled, counted, facts);
            }
            Body::Agent(AgentEvent::WrapUpEnded { agent }) => {
                self.end_wrap_up(arrival.mode, occurred_at, &agent, facts);
            }
            Body::Agent(AgentEvent::StateChanged { .. }) | Body::Line(_) => {}
        }
        match arrival.mode {
            Mode::Live => self.handle_clock(occurred_at.min(arrival.sent_at), facts),
            Mode::Backfill => self.settle_backfill(arrival.epoch, facts),
        }
    }

    /// Moves the watermark, and does what is due by then. It never moves back.
    pub fn handle_clock(&mut self, watermark: Timestamp, facts: &mut Vec<Fact>) {
        if self.watermark.is_some_and(|known| known >= watermark) {
            return;
        }
        self.watermark = Some(watermark);
        while let Some((key, due)) = self.deadlines.pop(watermark) {
            let Some(call) = self.calls.get_mut(&key) else {
                continue;
            };
            match due {
                Due::Decide => {
                    call.say_decided(watermark, &self.options.targets, facts);
                    self.touch(key);
                }
                Due::Settle => {
                    let ended_at = call.story.record.ended_at;
                    if ended_at.is_some_and(|at| settle_at(at, &self.options) <= watermark) {
                        self.settle(key, facts);
                    }
                }
                Due::Expire => {
                    let expires_at = call.story.last_at.plus(self.options.call_deadline);
                    if expires_at > watermark {
                        self.deadlines.push(expires_at, key, Due::Expire);
                    } else {
                        self.close(key, facts);
                    }
                }
            }
        }
    }

    /// The epoch has no further events: ended calls settle; a whole file's open calls are closed as `unknown`.
    pub fn handle_finish(&mut self, epoch: EpochIndex, complete: bool, facts: &mut Vec<Fact>) {
        let ours = |(key, call): (&CallKey, &LiveCall)| {
            let done = call.mode == Mode::Backfill && call.story.is_ended();
            let first_at = call.story.first_at;
            (call.epoch == epoch && (complete || done)).then_some((first_at, *key))
        };
        let mut keys: Vec<_> = self.calls.iter().filter_map(ours).collect();
        keys.sort_unstable();
        for (_, key) in keys {
            self.close(key, facts);
        }
    }

    /// What changed among the open calls since this was last asked.
    pub fn take_changes(&mut self) -> OpenChanges {
        let mut changes = OpenChanges {
            written: Vec::new(),
            closed: std::mem::take(&mut self.closed),
        };
        for key in std::mem::take(&mut self.dirty) {
            let Some(call) = self.calls.get_mut(&key) else {
                continue;
            };
            call.dirty = false;
            call.stored = true;
            changes.written.push(OpenCall {
                key,
                record: call.story.conclude(false),
                state: state::write_call(call),
            });
        }
        changes
    }

    fn handle_call(
        &mut self,
        arrival: Arrival,
        call: CallId,
        told: Told,
        settled: impl Fn(CallKey) -> Option<EpochIndex>,
        counted: Option<u64>,
        facts: &mut Vec<Fact>,
    ) {
        let key = call.key();
        let sequence = told.order.sequence;
        let known = self.calls.get(&key);
        let epoch_before = known
            .map(|call| call.epoch)
            .or_else(|| if known.is_some() { None } else { settled(key) });
        let elsewhere = epoch_before.is_some_and(|epoch| epoch != arrival.epoch);
        let history =
            arrival.mode == Mode::Backfill || known.is_some_and(|call| call.mode == Mode::Backfill);
        if elsewhere && history {
            facts.push(Fact::CallExists { call, sequence });
            return;
        }
        if known.is_none() && epoch_before.is_some() {
            let kind = told.event.kind();
            facts.push(Fact::Late {
                call,
                kind,
                sequence,
                occurred_at: told.at,
            });
            return;
        }
        if arrival.mode == Mode::Live {
            self.note_release(&told);
        }
        let refused = if let CallEvent::Refused { reason, .. } = &told.event {
            Some(*reason)
        } else {
            None
        };
        let late = (told.event.kind(), told.at);
        let fresh = match self.calls.get_mut(&key) {
            Some(call) => {
                let repeated = told.at <= call.story.last_at
                    && call.told.iter().any(|before| before.repeats(&told));
                if call.tell(told) == Taken::Full {
                    let (kind, occurred_at) = late;
                    let call = call.id.clone();
                    facts.push(Fact::Late {
                        call,
                        kind,
                        sequence,
                        occurred_at,
                    });
                }
                !repeated
            }
            None => {
                let expires_at = told.at.plus(self.options.call_deadline);
                self.calls
                    .insert(key, LiveCall::new(call, arrival.mode, told));
                if arrival.mode == Mode::Live {
                    self.live_open += 1;
                    self.deadlines.push(expires_at, key, Due::Expire);
                }
                true
            }
        };
        self.follow_up(key, refused.filter(|_| fresh), counted, facts);
    }

    /// After a call changed: says what is new, sets its deadlines.
    fn follow_up(
        &mut self,
        key: CallKey,
        refused: Option<crate::model::RefusalReason>,
        counted: Option<u64>,
        facts: &mut Vec<Fact>,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let said_before = call.said.len();
        call.say(&self.options.targets, &mut self.queues, facts);
        let live = call.mode == Mode::Live;
        let counts =
            live && !call.story.record.test && call.story.record.direction == Direction::Inbound;
        if let Some(reason) = refused.filter(|_| counts) {
            facts.push(Fact::CallRefused { reason });
        }
        for said in &call.said[said_before..] {
            if let Some((queue, waiting)) = &said.shown {
                let due = waiting
                    .entered_at
                    .plus(self.options.targets.of(queue).service_level);
                self.deadlines.push(due, key, Due::Decide);
            }
        }
        if let Some(ended_at) = call.story.record.ended_at {
            if live {
                self.deadlines
                    .push(settle_at(ended_at, &self.options), key, Due::Settle);
            } else if let Some(counted) = counted
                && call.settle_after.is_none()
            {
                let after = counted + self.options.settle_events;
                call.settle_after = Some(after);
                self.backfill.push(call.epoch, after, key);
            }
        }
        self.touch(key);
    }

    fn settle_backfill(&mut self, epoch: EpochIndex, facts: &mut Vec<Fact>) {
        while let Some(key) = self.backfill.pop(epoch) {
            self.settle(key, facts);
        }
    }

    /// Closes a call of which no end was told, then settles it.
    fn close(&mut self, key: CallKey, facts: &mut Vec<Fact>) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.story.close_unknown();
            call.say(&self.options.targets, &mut self.queues, facts);
        }
        self.settle(key, facts);
    }

    fn settle(&mut self, key: CallKey, facts: &mut Vec<Fact>) {
        let Some(mut call) = self.calls.remove(&key) else {
            return;
        };
        for said in &mut call.said {
            said.hide(&mut self.queues);
        }
        if call.mode == Mode::Live {
            self.live_open -= 1;
        }
        if call.stored {
            self.closed.push(key);
        }
        facts.push(Fact::Settled(call.settle(key)));
    }

    fn touch(&mut self, key: CallKey) {
        if let Some(call) = self.calls.get_mut(&key)
            && !call.dirty
        {
            call.dirty = true;
            self.dirty.push(key);
        }
    }

    fn note_release(&mut self, told: &Told) {
        if let CallEvent::AgentReleased {
            agent,
            queue: Some(queue),
            ..
        } = &told.event
        {
            if self.released.len() >= AGENTS_MAX && !self.released.contains_key(agent) {
                return;
            }
            self.released
                .insert(agent.clone(), (told.at, queue.clone()));
        }
    }

    fn end_wrap_up(&mut self, mode: Mode, at: Timestamp, agent: &AgentId, facts: &mut Vec<Fact>) {
        if mode != Mode::Live {
            return;
        }
        if let Some((released_at, queue)) = self.released.remove(agent)
            && let Some(span) = at.since(released_at)
        {
            facts.push(Fact::WrapUp { queue, span });
        }
    }

    /// The source's own state beside its open calls, for the checkpoint.
    pub fn write_source(&self) -> Vec<u8> {
        let mut released: Vec<_> = self.released.iter().collect();
        released.sort_unstable();
        state::write_source(self.watermark, &self.backfill.counts(), &released)
    }

    /// A source as the checkpoint left it.
    ///
    /// # Errors
    /// When a state was written by a version that is not known, or is damaged.
    pub fn restore(
        options: Options,
        source: Option<&[u8]>,
        open: impl IntoIterator<Item = (CallKey, Vec<u8>)>,
    ) -> Result<Self, super::StateError> {
        let mut calls = Self::new(options);
        if let Some(bytes) = source {
            let read = state::read_source(bytes)?;
            calls.watermark = read.watermark;
            calls.released = read.released.into_iter().collect();
            for (epoch, events) in read.backfill {
                calls.backfill.restore(epoch, events);
            }
        }
        let mut seen = HashSet::new();
        for (key, bytes) in open {
            if seen.insert(key) {
                let call = state::read_call(&bytes)?;
                calls.restore_call(key, call);
            }
        }
        calls.backfill.sort();
        Ok(calls)
    }

    /// Takes a call back; what was said of it is kept, so showing it again says nothing.
    fn restore_call(&mut self, key: CallKey, mut call: LiveCall) {
        call.stored = true;
        let targets = &self.options.targets;
        let mut nothing = Vec::new();
        call.say(targets, &mut self.queues, &mut nothing);
        if call.mode == Mode::Live {
            self.live_open += 1;
            let expires_at = call.story.last_at.plus(self.options.call_deadline);
            self.deadlines.push(expires_at, key, Due::Expire);
            for (queue, waiting) in call.said.iter().filter_map(|said| said.shown.as_ref()) {
                let due = waiting.entered_at.plus(targets.of(queue).service_level);
                self.deadlines.push(due, key, Due::Decide);
            }
            if let Some(ended_at) = call.story.record.ended_at {
                self.deadlines
                    .push(settle_at(ended_at, &self.options), key, Due::Settle);
            }
        } else if let Some(after) = call.settle_after {
            self.backfill.push(call.epoch, after, key);
        }
        self.calls.insert(key, call);
    }
}

/// The first watermark at which a live call that ended then is settled: stragglers up to exactly `settle` late still
/// count.
fn settle_at(ended_at: Timestamp, options: &Options) -> Timestamp {
    ended_at.plus(options.settle).plus(Duration::from_micros(1))
}
