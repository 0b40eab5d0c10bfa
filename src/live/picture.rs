//! The board at one moment.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::kpi::{Curve, ExitCounts, LevelCounts, WaitEnd, WatchedWait, is_decided};
use crate::model::{AgentCounts, AgentsNow, QueueId, SourceId, Timestamp};

use super::agents::TooLong;
use super::board::{Live, Queue, Source};
use super::day::{decided_waiting, opens_at};
use super::estimate::{Estimate, NotGiven};
use super::heard::recent;
use super::seen::What;
use super::state::{QueueState, Seen};
use super::sums::Sums;
use super::usual::UsualPicture;

/// The windows, in seconds.
pub const WINDOWS: [u64; 4] = [60, 300, 900, 3600];
/// The quantiles, in percent.
const PERCENTS: [u64; 4] = [50, 90, 95, 99];

/// One queue at one moment.
#[derive(Clone, Debug)]
pub struct QueuePicture {
    /// The queue.
    pub queue: QueueId,
    /// How it is doing.
    pub state: QueueState,
    /// The sources that told of calls in it, but those that are gone.
    pub sources: Vec<SourceId>,
    /// Whether it is open by its calendar.
    pub is_open: bool,
    /// The threshold in force.
    pub service_level: Duration,
    /// Visits waiting.
    pub waiting: u64,
    /// Of them by callers who had called within a day before.
    pub repeat_waiting: u64,
    /// Since the earliest queue entry of those waiting.
    pub oldest_wait: Duration,
    /// Since the earliest first queue entry of the calls that wait here.
    pub oldest_journey: Duration,
    /// Calls with this queue that were passed on twice or more.
    pub second_transfer: u64,
    /// Its agents.
    pub agents: AgentCounts,
    /// Agents are told of, and none of this queue is at the telephone.
    pub is_nobody_there: bool,
    /// Agents who are to be there; `None` where no plan counts.
    pub agents_planned: Option<u64>,
    /// Of them those who have been in a state for too long.
    pub too_long: Vec<TooLong>,
    /// The windows, by `WINDOWS`.
    pub windows: [WindowPicture; 4],
    /// The first instant of its day: when it opened, or midnight when something happened before, or it has not opened.
    pub day_since: Timestamp,
    /// The day since then, by cohort.
    pub day: WindowPicture,
    /// How long whoever comes at this moment will wait.
    pub estimate: Estimate,
    /// What the same weekday was like up to this time of the day; `None` where too few such days are known.
    pub usual: Option<UsualPicture>,
}

/// What happened in some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowPicture {
    /// Visits begun.
    pub offered: u64,
    /// Visits ended, by exit.
    pub exits: ExitCounts,
    /// The counts of the service level; *decided* includes who waits longer than the threshold.
    pub level: LevelCounts,
    /// Transfers away from the queue.
    pub transfers: u64,
    /// Calls that the queue turned away.
    pub refused: u64,
    /// Visits answered while somebody who had come before still waited.
    pub overtaking: u64,
    /// V1: calls offered, under the first queue they entered.
    pub calls_offered: u64,
    /// Of them those that were lost (AB2).
    pub calls_lost: u64,
    /// W5.
    pub asa: Option<Duration>,
    /// W9 p50, p90, p95, p99 over all that ended.
    pub waits: [Option<Duration>; 4],
    /// W11, the same percentages, with those who still wait.
    pub censored: [Option<Duration>; 4],
}

/// What is of no single queue.
#[derive(Clone, Debug)]
pub struct HotlinePicture {
    /// Visits waiting, in all queues.
    pub waiting: u64,
    /// Since the earliest queue entry.
    pub oldest_wait: Duration,
    /// Since the earliest first queue entry.
    pub oldest_journey: Duration,
    /// Calls turned away, by `WINDOWS`.
    pub refused: [u64; 4],
    /// Calls turned away since midnight.
    pub refused_today: u64,
    /// Every source.
    pub sources: Vec<SourcePicture>,
    /// Its agents, each once.
    pub agents: AgentCounts,
    /// Agents who are to be there; `None` where no plan counts.
    pub agents_planned: Option<u64>,
}

/// How far the board may be believed as to one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePicture {
    /// The source.
    pub source: SourceId,
    /// Its own clock.
    pub now: Timestamp,
    /// Since it was last heard.
    pub data_age: Duration,
    /// Our clock − its, in microseconds.
    pub skew_micros: i64,
    /// Whether it was silent for so long that its clock stands still.
    pub is_silent: bool,
    /// Numbers that never came.
    pub gap_events: u64,
    /// Whether it has more agents than are followed.
    pub agents_left_out: bool,
}

/// Agents of every queue, worked out once for a picture of all of them.
#[derive(Clone, Debug, Default)]
pub struct AgentsPicture {
    counts: AgentsNow,
    too_long: HashMap<QueueId, Vec<TooLong>>,
    second_transfers: HashMap<QueueId, u64>,
}

impl AgentsPicture {
    /// How many there are of each state.
    pub fn into_counts(self) -> AgentsNow {
        self.counts
    }
}

impl Live {
    /// Every queue that is shown, by name.
    pub fn queues(&self) -> BTreeSet<QueueId> {
        let seen = self
            .sources
            .values()
            .flat_map(|source| source.queues.keys().chain(&source.agents.queues));
        self.known.iter().chain(seen).cloned().collect()
    }

    /// What is of no single queue, at this moment of ours.
    pub fn hotline(&self, ours: Timestamp, agents: &AgentsPicture) -> HotlinePicture {
        let plans = &self.options.plans;
        let mut picture = HotlinePicture {
            waiting: 0,
            oldest_wait: Duration::ZERO,
            oldest_journey: Duration::ZERO,
            refused: [0; 4],
            refused_today: 0,
            sources: Vec::new(),
            agents: agents.counts.all,
            agents_planned: plans.planned(None, self.furthest(ours).unwrap_or(ours)),
        };
        for (name, source) in &self.sources {
            let (Some(now), Some((sent_at, received_at))) = (source.now(ours), source.heard) else {
                continue;
            };
            let data_age = ours.since(received_at).unwrap_or_default();
            for queue in source.queues.values() {
                let (wait, journey) = oldest(queue, now);
                picture.waiting += queue.waiting.len() as u64;
                picture.oldest_wait = picture.oldest_wait.max(wait);
                picture.oldest_journey = picture.oldest_journey.max(journey);
            }
            for (refused, window) in picture.refused.iter_mut().zip(WINDOWS) {
                *refused += sums(&source.hotline, now, window).0.refused;
            }
            let (day, _) = source.hotline.day.at(now, |at| self.options.date_of(at));
            picture.refused_today += day.refused;
            picture.sources.push(SourcePicture {
                source: name.clone(),
                now,
                data_age,
                skew_micros: received_at.as_micros().saturating_sub(sent_at.as_micros()),
                is_silent: source.is_silent(ours),
                gap_events: source.gap_events,
                agents_left_out: source.agents.is_full,
            });
        }
        picture
    }

    /// The agents of every queue, and calls passed on twice.
    pub fn agents(&self, ours: Timestamp) -> AgentsPicture {
        let mut picture = AgentsPicture::default();
        for source in self.sources.values() {
            let Some(now) = source.now(ours) else {
                continue;
            };
            source
                .agents
                .count(now, &mut picture.counts, &mut picture.too_long);
            let twice = source.open.values().filter(|call| call.transfers >= 2);
            for queue in twice.filter_map(|call| call.with.as_ref()) {
                *picture.second_transfers.entry(queue.clone()).or_default() += 1;
            }
        }
        self.count_nobody(&mut picture.counts);
        for named in picture.too_long.values_mut() {
            named.sort_by(|one, other| (&one.agent, one.span).cmp(&(&other.agent, other.span)));
        }
        picture
    }

    /// Where switches say which agents serve which queues, and none serves this one, nobody does: that is a count, too. Of a
    /// queue that also comes by a switch which does not say, nobody knows.
    fn count_nobody(&self, counts: &mut AgentsNow) {
        let all = self.sources.values();
        let (telling, others): (Vec<_>, Vec<_>) = all.partition(|source| source.agents.is_telling);
        if telling.is_empty() {
            return;
        }
        let theirs = telling.iter();
        let theirs = theirs.flat_map(|source| source.queues.keys().chain(&source.agents.queues));
        for queue in self.known.iter().chain(theirs) {
            let is_open_question = others
                .iter()
                .any(|source| source.queues.contains_key(queue));
            if !is_open_question && !counts.queues.contains_key(queue) {
                counts.queues.insert(queue.clone(), AgentCounts::default());
            }
        }
    }

    /// One queue at this moment of ours.
    pub fn queue(&self, queue: &QueueId, ours: Timestamp, agents: &AgentsPicture) -> QueuePicture {
        let sources = self.sources.values();
        let here: Vec<(&Source, &Queue, Timestamp)> = sources
            .filter_map(|source| Some((source, source.queues.get(queue)?, source.now(ours)?)))
            .collect();
        let heard = self.sources.iter().filter_map(|(name, source)| {
            source.queues.get(queue)?;
            Some((ours.since(source.heard?.1).unwrap_or_default(), name))
        });
        let heard = recent(heard).into_iter().map(|(_, name)| name.clone());
        let now = here.iter().map(|(.., now)| *now).max();
        let now = now.or_else(|| self.furthest(ours)).unwrap_or(ours);
        let targets = &self.options.targets;
        let windows = WINDOWS.map(|window| self.window(queue, &here, window));
        let (mut oldest_wait, mut oldest_journey) = (Duration::ZERO, Duration::ZERO);
        let mut repeat_waiting = 0;
        for (source, queue, now) in &here {
            let (wait, journey) = oldest(queue, *now);
            oldest_wait = oldest_wait.max(wait);
            oldest_journey = oldest_journey.max(journey);
            let calls = queue
                .waiting
                .keys()
                .filter_map(|(_, key)| source.open.get(key));
            repeat_waiting += calls.filter(|call| call.repeats).count() as u64;
        }
        let (day_since, day) = self.day(queue, &here, now);
        let is_open = targets.is_open(queue, now);
        let counts = agents.counts.queues.get(queue);
        let is_nobody_there = counts.is_some_and(AgentCounts::is_nobody_there);
        let counts = counts.copied().unwrap_or_default();
        let mut estimate = estimate(&here, ours);
        if !is_open {
            estimate.given = Err(NotGiven::Closed);
        } else if is_nobody_there {
            estimate.given = Err(NotGiven::NobodyThere);
        }
        let service_level = targets.of(queue, now).service_level;
        let waiting = here.iter().map(|(_, queue, _)| queue.waiting.len() as u64);
        let waiting = waiting.sum();
        let seen = Seen {
            is_open,
            target: service_level,
            waiting,
            oldest_wait,
            is_nobody_there,
            minute: &windows[0],
            five: &windows[1],
        };
        QueuePicture {
            state: seen.state(),
            sources: heard.collect(),
            usual: self.usual(queue, now, day_since, day.offered),
            queue: queue.clone(),
            is_open,
            service_level,
            waiting,
            repeat_waiting,
            oldest_wait,
            oldest_journey,
            second_transfer: agents
                .second_transfers
                .get(queue)
                .copied()
                .unwrap_or_default(),
            agents: counts,
            is_nobody_there,
            agents_planned: self.options.plans.planned(Some(queue), now),
            too_long: agents.too_long.get(queue).cloned().unwrap_or_default(),
            windows,
            day_since,
            day,
            estimate,
        }
    }

    /// The clock of the source that is furthest, at this moment of ours; `None` before the first live message.
    pub(super) fn furthest(&self, ours: Timestamp) -> Option<Timestamp> {
        let now = self.sources.values().filter_map(|source| source.now(ours));
        now.max()
    }

    fn window(
        &self,
        name: &QueueId,
        here: &[(&Source, &Queue, Timestamp)],
        window: u64,
    ) -> WindowPicture {
        let mut all = Sums::default();
        let mut watched = Vec::new();
        for (_, queue, now) in here {
            let (mut of_source, start) = sums(queue, *now, window);
            watch(queue, *now, window, &mut watched);
            for waiting in queue.waiting.values() {
                let target = self.options.targets.of(name, waiting.entered_at);
                let due = waiting.entered_at.plus(target.service_level);
                if start <= due && due <= *now {
                    of_source.add(&What::Decided);
                }
            }
            all.merge(&of_source);
        }
        all.settle();
        let curve = Curve::of_counted(watched);
        picture(&all, PERCENTS.map(|percent| curve.quantile(percent as u8)))
    }

    fn day(
        &self,
        name: &QueueId,
        here: &[(&Source, &Queue, Timestamp)],
        now: Timestamp,
    ) -> (Timestamp, WindowPicture) {
        let options = &self.options;
        let opens_at = opens_at(name, now, &options.targets, &options.zone);
        let mut since = opens_at.min(now);
        let mut all = Sums::default();
        let mut watched = Vec::new();
        for (_, queue, now) in here {
            let (midnight, _) = options.date_of(*now);
            let (mut of_source, first_at) = queue.day.at(*now, |at| options.date_of(at));
            since = since.min(first_at.unwrap_or(since));
            let today = queue.waiting.values();
            let today = today.filter(|one| one.entered_at >= midnight);
            let mut decided = 0;
            for waiting in today {
                let target = self.options.targets.of(name, waiting.entered_at);
                let read_at = Some(*now);
                let entered_at = waiting.entered_at;
                decided += u64::from(is_decided(false, entered_at, target.service_level, read_at));
                watched.extend(still_waiting(entered_at, midnight, *now));
            }
            decided_waiting(&mut of_source, decided);
            for (waits, end) in ends(&of_source) {
                let from_entry = |(time, count)| {
                    let entered = Duration::ZERO;
                    (WatchedWait { entered, time, end }, count)
                };
                watched.extend(waits.iter().map(from_entry));
            }
            all.merge(&of_source);
        }
        all.settle();
        let curve = Curve::of_counted(watched);
        let censored = PERCENTS.map(|percent| curve.quantile(percent as u8));
        // Before it opens, or when somebody came before: the whole date.
        let since = match since < opens_at {
            true => options.date_of(now).0,
            false => opens_at,
        };
        (since, picture(&all, censored))
    }
}

/// What is said of a caller who comes at this moment. Of a queue of several sources: by the one that promises least, among
/// those that are heard, for nobody knows by which of them the caller comes.
fn estimate(here: &[(&Source, &Queue, Timestamp)], ours: Timestamp) -> Estimate {
    let heard = here.iter().filter(|(source, ..)| !source.is_silent(ours));
    let estimates = heard.map(|(_, queue, now)| queue.estimator.estimate(*now));
    let longest = estimates.max_by_key(|estimate| estimate.given.map(|given| given.wait).ok());
    longest.unwrap_or_else(|| Estimate {
        given: Err(NotGiven::of_nothing(!here.is_empty())),
        ..Estimate::none()
    })
}

fn picture(sums: &Sums, censored: [Option<Duration>; 4]) -> WindowPicture {
    WindowPicture {
        offered: sums.offered,
        exits: sums.exits,
        level: sums.level,
        transfers: sums.transfers,
        refused: sums.refused,
        overtaking: sums.overtaking,
        calls_offered: sums.calls_offered,
        calls_lost: sums.calls_lost,
        asa: sums.asa(),
        waits: sums.quantiles(PERCENTS),
        censored,
    }
}

/// The ring that a window is read from, and of how many full cells.
fn ring(queue: &Queue, window: u64) -> (&super::ring::Ring, usize) {
    match window {
        ..=60 => (&queue.seconds, window as usize),
        _ => (&queue.tens, (window / 10) as usize),
    }
}

/// The sums of a window, and its first instant.
fn sums(queue: &Queue, now: Timestamp, window: u64) -> (Sums, Timestamp) {
    let (ring, full) = ring(queue, window);
    let mut sums = Sums::default();
    for (_, cell) in ring.window(now, full) {
        sums.merge(cell);
    }
    sums.settle();
    (sums, ring.start(now, full))
}

/// The waits of a window as they were watched: those that began before it from their age at its start on.
fn watch(queue: &Queue, now: Timestamp, window: u64, watched: &mut Vec<(WatchedWait, u64)>) {
    let (ring, full) = ring(queue, window);
    let start = ring.start(now, full);
    for (at, cell) in ring.window(now, full) {
        let passed = at.since(start).unwrap_or_default();
        for (waits, end) in ends(cell) {
            let wait = |(time, count): (Duration, u64)| {
                let entered = time.saturating_sub(passed);
                (WatchedWait { entered, time, end }, count)
            };
            watched.extend(waits.iter().map(wait));
        }
    }
    let waiting = queue.waiting.values();
    watched.extend(waiting.filter_map(|one| still_waiting(one.entered_at, start, now)));
}

fn ends(sums: &Sums) -> [(&super::sums::Waits, WaitEnd); 3] {
    [
        (&sums.answered, WaitEnd::Answered),
        (&sums.abandoned, WaitEnd::Censored),
        (&sums.other, WaitEnd::Censored),
    ]
}

fn still_waiting(
    entered_at: Timestamp,
    start: Timestamp,
    now: Timestamp,
) -> Option<(WatchedWait, u64)> {
    let wait = WatchedWait {
        entered: start.since(entered_at).unwrap_or_default(),
        time: now.since(entered_at)?,
        end: WaitEnd::Censored,
    };
    Some((wait, 1))
}

/// W8: the oldest wait of a queue, and the oldest journey.
fn oldest(queue: &Queue, now: Timestamp) -> (Duration, Duration) {
    let age = |since: Option<Timestamp>| since.and_then(|at| now.since(at)).unwrap_or_default();
    let entries = queue.waiting.keys().map(|(at, _)| *at);
    let journeys = queue.waiting.values().map(|one| one.journey_at);
    (age(entries.min()), age(journeys.min()))
}
