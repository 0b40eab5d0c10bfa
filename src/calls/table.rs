//! The table of one source's live calls.

use std::borrow::Cow;
use std::time::Duration;

use crate::model::{
    AgentEvent, Body, ByKey, CallId, CallKey, CallRecord, EpochIndex, Event, Fact, Mark, Mode,
    QueueNow, Targets, Timestamp,
};

use super::backfill::Backfill;
use super::crowd::{Crowd, Heard};
use super::deadlines::{Deadlines, Due};
use super::live::{LiveCall, Taken};
use super::news::{News, late};
use super::queues::Queues;
use super::told::{Order, Told};
use super::wrap_up::WrapUps;

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
    /// The most calls that are open or not settled yet; beyond it the one that was longest without news is closed, as its
    /// deadline would close it.
    pub open_calls_max: usize,
}

/// No hotline has so many calls at once: they are calls whose ends were lost, or history that nobody finished. They take
/// some hundred megabytes.
const OPEN_CALLS_MAX_DEFAULT: usize = 200_000;

impl Default for Options {
    fn default() -> Self {
        Self {
            targets: Targets::default(),
            settle: Duration::from_secs(30),
            settle_events: 10_000,
            call_deadline: Duration::from_secs(24 * 60 * 60),
            open_calls_max: OPEN_CALLS_MAX_DEFAULT,
        }
    }
}

impl Options {
    /// The first watermark at which a live call that ended then is settled: stragglers up to exactly `settle` late still
    /// count.
    pub(super) fn settles_at(&self, ended_at: Timestamp) -> Timestamp {
        ended_at.plus(self.settle).plus(Duration::from_micros(1))
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

/// One source's live calls.
#[derive(Debug)]
pub struct Calls {
    pub(super) options: Options,
    pub(super) calls: ByKey<Box<LiveCall>>,
    pub(super) deadlines: Deadlines,
    pub(super) backfill: Backfill,
    pub(super) crowd: Crowd,
    pub(super) queues: Queues,
    pub(super) wrap_ups: WrapUps,
    pub(super) watermark: Option<Timestamp>,
    pub(super) in_progress: u64,
    pub(super) dirty: Vec<CallKey>,
    pub(super) closed: Vec<CallKey>,
}

impl Calls {
    /// A source of which nothing is known.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            calls: ByKey::default(),
            deadlines: Deadlines::default(),
            backfill: Backfill::default(),
            crowd: Crowd::default(),
            queues: Queues::default(),
            wrap_ups: WrapUps::default(),
            watermark: None,
            in_progress: 0,
            dirty: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// Whether a call is live.
    pub fn is_live(&self, key: CallKey) -> bool {
        self.calls.contains_key(&key)
    }

    /// What is known of a live call so far, without its transfers.
    pub fn record(&self, key: CallKey) -> Option<&CallRecord> {
        self.calls.get(&key).map(|call| &call.story().record)
    }

    /// What is known so far, transfers included, of a call of which a source told live.
    pub fn live_record(&self, key: CallKey) -> Option<Cow<'_, CallRecord>> {
        let call = self.calls.get(&key);
        let call = call.filter(|call| call.mode == Mode::Live);
        call.map(|call| call.story().record_with_transfers())
    }

    /// Every such call that has not settled.
    pub fn live_records(&self) -> impl Iterator<Item = (CallKey, Cow<'_, CallRecord>)> {
        let calls = self.calls.iter();
        let live = calls.filter(|(_, call)| call.mode == Mode::Live);
        live.map(|(key, call)| (*key, call.story().record_with_transfers()))
    }

    /// The greatest live event time that deadlines fire from.
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    /// Live calls that callers are in, as reports count those open: not our own return calls, no tests, and none that has
    /// ended and waits for its stragglers.
    pub fn in_progress(&self) -> u64 {
        self.in_progress
    }

    /// The queues whose waiting changed since this was last asked.
    pub fn take_queues(&mut self) -> Vec<QueueNow> {
        self.queues.take_changed()
    }

    /// The earliest watermark at which something will happen by itself.
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.deadlines.next_at()
    }

    /// Forgets this caller, by the hash of the pseudonym: whose open calls they are, from now on nobody knows. Says which
    /// calls.
    pub fn forget_caller(&mut self, caller: &[u8; 16]) -> Vec<CallKey> {
        let theirs = self.calls.iter().filter(|(_, call)| call.is_of(caller));
        let keys: Vec<CallKey> = theirs.map(|(key, _)| *key).collect();
        for key in &keys {
            if let Some(call) = self.calls.get_mut(key) {
                call.forget(*key);
            }
            self.touch(*key);
        }
        keys
    }

    /// Applies one event. `settled` tells under which epoch a call that is not live was settled before.
    pub fn handle_event(
        &mut self,
        arrival: Arrival,
        event: Event,
        settled: impl Fn(CallKey) -> Option<EpochIndex>,
        facts: &mut Vec<Fact>,
    ) {
        let at = event.occurred_at;
        if arrival.mode == Mode::Backfill {
            self.backfill.count(arrival.epoch);
        }
        match event.body {
            Body::Call { call, event: told } => {
                let order = Order {
                    epoch: arrival.epoch,
                    sequence: event.sequence,
                };
                let told = Told::new(at, order, event.ahead, told);
                self.handle_call(arrival, call, told, settled, facts);
            }
            Body::Agent(told) => {
                if let (AgentEvent::WrapUpEnded { agent }, Mode::Live) = (&told, arrival.mode) {
                    self.wrap_ups.end(agent, at, facts);
                }
                facts.push(Fact::AgentTold {
                    at,
                    told,
                    mode: arrival.mode,
                });
            }
            Body::Line(told) => facts.push(Fact::LineTold {
                at,
                told,
                mode: arrival.mode,
            }),
        }
        match arrival.mode {
            Mode::Live => self.handle_clock(at.min(arrival.sent_at), facts),
            Mode::Backfill => self.settle_backfill(arrival.epoch, facts),
        }
    }

    /// Moves the watermark, and does what is due by then. It never moves back.
    pub fn handle_clock(&mut self, watermark: Timestamp, facts: &mut Vec<Fact>) {
        let watermark = self
            .watermark
            .map_or(watermark, |known| known.max(watermark));
        self.watermark = Some(watermark);
        while let Some((at, key, due)) = self.deadlines.pop(watermark) {
            // Only what still holds, and only since then, so that the order of facts does not depend on what is void.
            let Some(call) = self.calls.get_mut(&key) else {
                continue;
            };
            match due {
                Due::Decide => {
                    if call.say_decided(at, &self.options.targets, facts) {
                        self.touch(key);
                    }
                }
                Due::Settle => {
                    if call.settles_at == Some(at) {
                        self.settle(key, facts);
                    }
                }
                Due::Expire => {
                    let expires_at = call.story().last_at.plus(self.options.call_deadline);
                    if expires_at > at {
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
        let ours = |call: &LiveCall| {
            let done = call.mode == Mode::Backfill && call.story().is_ended();
            call.epoch == epoch && (complete || done)
        };
        let calls = self.calls.iter().filter(|(_, call)| ours(call));
        let mut keys: Vec<_> = calls
            .map(|(key, call)| (call.story().first_at, *key))
            .collect();
        keys.sort_unstable();
        for (_, key) in keys {
            self.close(key, facts);
        }
        self.backfill.finish(epoch);
    }

    fn handle_call(
        &mut self,
        arrival: Arrival,
        id: CallId,
        told: Told,
        settled: impl Fn(CallKey) -> Option<EpochIndex>,
        facts: &mut Vec<Fact>,
    ) {
        let key = id.key();
        if let Some(call) = self.calls.get_mut(&key) {
            let history = arrival.mode == Mode::Backfill || call.mode == Mode::Backfill;
            if call.epoch != arrival.epoch && history {
                let sequence = told.order.sequence;
                facts.push(Fact::CallExists { call: id, sequence });
                return;
            }
            let news = News::of(&told);
            match call.tell(told) {
                Taken::Applied => self.follow_up(key, news, facts),
                Taken::Repeated => self.follow_up(key, News::default(), facts),
                Taken::Full(told) => facts.push(late(id, &told)),
            }
            return;
        }
        if let Some(epoch) = settled(key) {
            if epoch != arrival.epoch && arrival.mode == Mode::Backfill {
                let sequence = told.order.sequence;
                facts.push(Fact::CallExists { call: id, sequence });
            } else {
                facts.push(late(id, &told));
            }
            return;
        }
        while self.calls.len() >= self.options.open_calls_max.max(1) {
            self.let_one_go(facts);
        }
        if arrival.mode == Mode::Live {
            let expires_at = told.at.plus(self.options.call_deadline);
            self.deadlines.push(expires_at, key, Due::Expire);
        }
        let news = News::of(&told);
        let call = LiveCall::new(id, arrival.mode, arrival.epoch, vec![told]);
        self.calls.insert(key, Box::new(call));
        self.follow_up(key, news, facts);
    }

    /// Closes the call that was longest without news, to make room.
    fn let_one_go(&mut self, facts: &mut Vec<Fact>) {
        let calls = &self.calls;
        let heard = |key: CallKey| calls.get(&key).map(|call| Heard::of(key, call));
        let all = || calls.iter().map(|(key, call)| Heard::of(*key, call));
        let holds = |told: Heard| heard(told.key()) == Some(told);
        let Some(key) = self.crowd.pop(all, holds) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(&key)
            && !call.story().is_ended()
        {
            call.fold.story.mark(Mark::CrowdedOut);
        }
        self.close(key, facts);
    }

    /// After a call changed: says what is new, sets its deadlines.
    fn follow_up(&mut self, key: CallKey, news: News, facts: &mut Vec<Fact>) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        self.crowd.hear(Heard::of(key, call));
        count_in_progress(call, &mut self.in_progress);
        if !call.dirty {
            call.dirty = true;
            self.dirty.push(key);
        }
        let targets = &self.options.targets;
        let said_before = call.said.len();
        call.say(targets, &mut self.queues, facts);
        for said in &call.said[said_before..] {
            if let Some(due) = said.decided_at(targets) {
                self.deadlines.push(due, key, Due::Decide);
            }
        }
        if call.mode == Mode::Live {
            news.note(call, &mut self.wrap_ups);
            let ended_at = call.story().record.ended_at;
            let settles_at = ended_at.map(|ended_at| self.options.settles_at(ended_at));
            if let Some(at) = settles_at.filter(|_| settles_at != call.settles_at) {
                call.settles_at = settles_at;
                self.deadlines.push(at, key, Due::Settle);
            }
        } else if call.story().is_ended() && call.settle_after.is_none() {
            let after = self.backfill.counted(call.epoch) + self.options.settle_events;
            call.settle_after = Some(after);
            self.backfill.push(call.epoch, after, key);
        }
    }

    fn settle_backfill(&mut self, epoch: EpochIndex, facts: &mut Vec<Fact>) {
        while let Some(key) = self.backfill.pop(epoch) {
            self.settle(key, facts);
        }
    }

    /// Closes a call of which no end was told, then settles it.
    fn close(&mut self, key: CallKey, facts: &mut Vec<Fact>) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.fold.story.close_unknown();
        }
        self.settle(key, facts);
    }

    fn settle(&mut self, key: CallKey, facts: &mut Vec<Fact>) {
        let Some(mut call) = self.calls.remove(&key) else {
            return;
        };
        call.say(&self.options.targets, &mut self.queues, facts);
        self.in_progress -= u64::from(call.in_progress);
        if call.stored {
            self.closed.push(key);
        }
        facts.push(Fact::Settled(call.settle(key)));
        self.crowd
            .prune(self.calls.len(), self.options.open_calls_max);
        let calls = &self.calls;
        self.deadlines
            .prune(calls.len(), |key| calls.contains_key(&key));
    }

    fn touch(&mut self, key: CallKey) {
        if let Some(call) = self.calls.get_mut(&key)
            && !call.dirty
        {
            call.dirty = true;
            self.dirty.push(key);
        }
    }
}

/// Counts a call among those in progress, or no longer.
pub(super) fn count_in_progress(call: &mut LiveCall, count: &mut u64) {
    let is_in_progress = call.is_in_progress();
    let before = std::mem::replace(&mut call.in_progress, is_in_progress);
    *count = *count + u64::from(call.in_progress) - u64::from(before);
}
