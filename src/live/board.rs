//! Everything that a supervisor looks at, source by source.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{
    AgentEvent, AgentPlans, ByKey, CallKey, CallRecord, GONE_AFTER, QueueId, SILENCE_MAX, SourceId,
    Targets, Timestamp, WRAP_UP_MAX,
};

use super::agents::Agents;
use super::call::{OpenCall, Waiting};
use super::callers::Callers;
use super::day::{Day, date_of};
use super::estimate::Estimator;
use super::heard::STALE_AFTER;
use super::ring::Ring;
use super::seen::{AHEAD_MAX, Item, items};
use super::usual::Usual;

/// What the board goes by.
#[derive(Clone, Debug)]
pub struct Options {
    /// Thresholds and calendars.
    pub targets: Targets,
    /// The hotline's zone: its midnight begins the day.
    pub zone: TimeZone,
    /// How many agents are to be there.
    pub plans: AgentPlans,
    /// Who works after a call for longer wants looking at.
    pub wrap_up_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            targets: Targets::default(),
            zone: TimeZone::UTC,
            plans: AgentPlans::default(),
            wrap_up_max: WRAP_UP_MAX,
        }
    }
}

/// The board.
#[derive(Debug)]
pub struct Live {
    pub(super) options: Options,
    pub(super) sources: BTreeMap<SourceId, Source>,
    /// Queues that are shown though nothing has happened in them.
    pub(super) known: BTreeSet<QueueId>,
    pub(super) usual: Usual,
    /// Who called, of all sources: somebody who reaches another switch the second time calls again.
    pub(super) callers: Callers,
}

/// What one source told.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its clock when it last sent, and ours then.
    pub(super) heard: Option<(Timestamp, Timestamp)>,
    pub(super) gap_events: u64,
    pub(super) queues: HashMap<QueueId, Queue>,
    /// What is of no single queue.
    pub(super) hotline: Queue,
    pub(super) open: ByKey<OpenCall>,
    pub(super) agents: Agents,
    /// Queues of which something was told that their estimators have not taken in.
    pub(super) told: BTreeSet<QueueId>,
}

/// One queue of one source.
#[derive(Debug)]
pub(super) struct Queue {
    /// A minute by seconds.
    pub(super) seconds: Ring,
    /// An hour by 10 seconds.
    pub(super) tens: Ring,
    pub(super) day: Day,
    /// Who waits, in order of entry.
    pub(super) waiting: BTreeMap<(Timestamp, CallKey), Waiting>,
    pub(super) estimator: Estimator,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            seconds: Ring::new(Duration::from_secs(1), 60),
            tens: Ring::new(Duration::from_secs(10), 360),
            day: Day::default(),
            waiting: BTreeMap::new(),
            estimator: Estimator::default(),
        }
    }
}

impl Source {
    /// The source's own clock at this moment of ours; it stands still in silence.
    pub(super) fn now(&self, ours: Timestamp) -> Option<Timestamp> {
        let (sent_at, received_at) = self.heard?;
        let passed = ours.since(received_at).unwrap_or_default();
        Some(sent_at.plus(passed.min(SILENCE_MAX)))
    }

    /// What its clock would say at this moment of ours if it went on in silence: the date it is there.
    pub(super) fn clock(&self, ours: Timestamp) -> Option<Timestamp> {
        let (sent_at, received_at) = self.heard?;
        Some(sent_at.plus(ours.since(received_at).unwrap_or_default()))
    }

    /// Since it was last heard; `None` before the first time.
    pub(super) fn age(&self, ours: Timestamp) -> Option<Duration> {
        let (_, received_at) = self.heard?;
        // Ours may have been set back.
        Some(ours.since(received_at).unwrap_or_default())
    }

    /// Whether it was not heard for so long that its clock stands still.
    pub(super) fn is_silent(&self, ours: Timestamp) -> bool {
        self.age(ours).is_some_and(|age| age >= SILENCE_MAX)
    }

    /// Whether it may be believed as to this moment.
    pub(super) fn is_current(&self, ours: Timestamp) -> bool {
        self.age(ours).is_some_and(|age| age <= STALE_AFTER)
    }

    /// Whether it was not heard for so long that what it told last says nothing of this moment.
    pub(super) fn is_gone(&self, ours: Timestamp) -> bool {
        self.age(ours).is_some_and(|age| age > GONE_AFTER)
    }
}

impl Live {
    /// A board on which nothing has happened.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            sources: BTreeMap::new(),
            known: BTreeSet::new(),
            usual: Usual::default(),
            callers: Callers::default(),
        }
    }

    /// Shows a queue from the start.
    pub fn know(&mut self, queue: &QueueId) {
        if !self.known.contains(queue) {
            self.known.insert(queue.clone());
        }
    }

    /// A source sent something live: its clock and ours, and how many numbers of it are missing.
    pub fn hear(&mut self, source: &SourceId, heard: (Timestamp, Timestamp), gap_events: u64) {
        let source = self.source(source);
        source.heard = Some(heard);
        source.gap_events = gap_events;
    }

    /// Takes in what is known of a live call so far; `label` says under which name a queue is shown.
    pub fn tell(
        &mut self,
        source: &SourceId,
        key: CallKey,
        record: &CallRecord,
        label: &dyn Fn(&QueueId) -> QueueId,
    ) {
        self.change(source, key, record, label, false);
    }

    /// Takes in a live call of which nothing more is expected.
    pub fn settle(
        &mut self,
        source: &SourceId,
        key: CallKey,
        record: &CallRecord,
        label: &dyn Fn(&QueueId) -> QueueId,
    ) {
        self.change(source, key, record, label, true);
    }

    /// Takes in what was told of an agent.
    pub fn tell_agent(
        &mut self,
        source: &SourceId,
        at: Timestamp,
        told: &AgentEvent,
        label: &dyn Fn(&QueueId) -> QueueId,
    ) {
        self.source(source).agents.tell(at, told, label);
    }

    /// Forgets a caller, by the hash of the pseudonym.
    pub fn forget_caller(&mut self, caller: &[u8; 16]) {
        self.callers.forget(caller);
    }

    pub(super) fn source(&mut self, source: &SourceId) -> &mut Source {
        if !self.sources.contains_key(source) {
            self.sources.insert(source.clone(), Source::default());
        }
        self.sources.get_mut(source).expect("it was inserted above")
    }

    fn change(
        &mut self,
        name: &SourceId,
        key: CallKey,
        record: &CallRecord,
        label: &dyn Fn(&QueueId) -> QueueId,
        settles: bool,
    ) {
        self.source(name);
        let Self {
            options,
            sources,
            callers,
            ..
        } = self;
        let Some(source) = sources.get_mut(name) else {
            return;
        };
        let sent_at = source.heard.map(|(sent_at, _)| sent_at.plus(AHEAD_MAX));
        let known_until = sent_at.unwrap_or(Timestamp::from_micros(i64::MAX));
        let items = items(record, &options.targets, known_until, label);
        let after = OpenCall::of(record, items, label);
        let before = source.open.remove(&key);
        let caller = before.as_ref().and_then(|before| before.caller);
        callers.change((name, key), caller, after.caller);
        let known = before.as_ref().map_or(&[] as &[Item], |call| &call.items);
        source.tell_estimators(key, known, &after.items);
        if settles || record.ended_at.is_some() {
            source.forget_waiting(key, &after.items);
        }
        source.move_items(options, before.as_ref(), &after);
        source.move_waiting(key, before.as_ref(), &after);
        source.agents.change(key, before.as_ref(), &after);
        if settles {
            // What was told is all there is: a settled call waits nowhere and keeps nobody busy.
            source.move_waiting(key, Some(&after), &OpenCall::default());
            source.agents.release(key, &after);
        } else {
            source.open.insert(key, after);
        }
    }
}

impl Source {
    /// Whether it told of calls in a queue, or of agents of it.
    pub(super) fn tells_of(&self, queue: &QueueId) -> bool {
        self.queues.contains_key(queue) || self.agents.queues.contains(queue)
    }

    pub(super) fn queue(&mut self, queue: Option<&QueueId>) -> &mut Queue {
        match queue {
            None => &mut self.hotline,
            Some(queue) => {
                if !self.queues.contains_key(queue) {
                    self.queues.insert(queue.clone(), Queue::default());
                }
                self.queues.get_mut(queue).expect("it was inserted above")
            }
        }
    }

    /// Takes the old part out from where it differs, and puts the new one in.
    fn move_items(&mut self, options: &Options, before: Option<&OpenCall>, after: &OpenCall) {
        let old = before.map_or(&[] as &[Item], |before| &before.items);
        let alike = old
            .iter()
            .zip(&after.items)
            .take_while(|(old, new)| old == new);
        let alike = alike.count();
        for item in &old[alike..] {
            let queue = self.queue(item.queue.as_ref());
            queue.seconds.remove(item.at, &item.what);
            queue.tens.remove(item.at, &item.what);
            queue.day.remove(item);
        }
        for item in &after.items[alike..] {
            let queue = self.queue(item.queue.as_ref());
            queue.add(item, |at| options.date_of(at));
        }
    }

    fn move_waiting(&mut self, key: CallKey, before: Option<&OpenCall>, after: &OpenCall) {
        let old = before.and_then(|before| before.waiting.as_ref());
        if old == after.waiting.as_ref() {
            return;
        }
        if let Some(old) = old
            && let Some(queue) = self.queues.get_mut(&old.queue)
        {
            queue.waiting.remove(&(old.entered_at, key));
        }
        if let Some(new) = &after.waiting {
            let queue = self.queue(Some(&new.queue));
            queue.waiting.insert((new.entered_at, key), new.clone());
        }
    }
}

impl Queue {
    /// Counts something in the windows and the day.
    pub(super) fn add(
        &mut self,
        item: &Item,
        date_of: impl Fn(Timestamp) -> (Timestamp, Timestamp),
    ) {
        self.seconds.add(item.at, &item.what);
        self.tens.add(item.at, &item.what);
        self.day.add(item, date_of);
    }
}

impl Options {
    /// The date that an instant lies in, from midnight to midnight.
    pub(super) fn date_of(&self, at: Timestamp) -> (Timestamp, Timestamp) {
        date_of(at, &self.zone)
    }
}
