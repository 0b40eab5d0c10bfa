//! The board at one moment.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kpi::{ExitCounts, LevelCounts};
use crate::model::{AgentCounts, QueueId, SourceId, Timestamp, WaitingNow};

use super::agents::TooLong;
use super::board::{Live, Queue, Source};
use super::estimate::{Estimate, Load, NotGiven};
use super::heard::recent;
use super::state::{QueueState, Seen};
use super::there::{AgentsPicture, Of};
use super::usual::UsualPicture;
use super::windows::{Here, sums};

/// The windows, in seconds.
pub const WINDOWS: [u64; 4] = [60, 300, 900, 3600];

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
    /// Transfers of calls that the queue answered first.
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
        let mut waiting = WaitingNow::default();
        let mut picture = HotlinePicture {
            waiting: 0,
            oldest_wait: Duration::ZERO,
            oldest_journey: Duration::ZERO,
            refused: [0; 4],
            refused_today: 0,
            sources: Vec::new(),
            agents: agents.all(),
            agents_planned: plans.planned(None, ours),
        };
        for (name, source) in &self.sources {
            let (Some(now), Some(clock), Some((sent_at, received_at))) =
                (source.now(ours), source.clock(ours), source.heard)
            else {
                continue;
            };
            let data_age = ours.since(received_at).unwrap_or_default();
            if !source.is_gone(ours) {
                let queues = source.queues.values();
                queues.for_each(|queue| add_waiting(&mut waiting, queue, now));
                for (refused, window) in picture.refused.iter_mut().zip(WINDOWS) {
                    *refused += sums(&source.hotline, now, window).0.refused;
                }
            }
            let (day, _) = source.hotline.day.at(clock, |at| self.options.date_of(at));
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
        HotlinePicture {
            waiting: waiting.visits,
            oldest_wait: waiting.oldest,
            oldest_journey: waiting.oldest_journey,
            ..picture
        }
    }

    /// One queue at this moment of ours. Whether it is open, and how many agents are to be there, goes by our clock: offices open
    /// by the clock on their wall, whatever a switch takes the time for. What happened goes by each source's own.
    pub fn queue(&self, queue: &QueueId, ours: Timestamp, agents: &AgentsPicture) -> QueuePicture {
        let sources = self.sources.iter();
        let told: Vec<Here<'_>> = sources
            .filter_map(|(name, source)| {
                let (queue, now) = (source.queues.get(queue)?, source.now(ours)?);
                Some(Here {
                    name,
                    source,
                    queue,
                    now,
                })
            })
            .collect();
        let heard = self.sources.iter().filter_map(|(name, source)| {
            source.queues.get(queue)?;
            Some((source.age(ours)?, name))
        });
        let heard = recent(heard).into_iter().map(|(_, name)| name.clone());
        let here = told.iter().copied();
        let here: Vec<_> = here.filter(|here| !here.source.is_gone(ours)).collect();
        // A clock that stands still says of no day that it has begun.
        let running = here.iter().filter(|here| !here.source.is_silent(ours));
        let now = running.map(|here| here.now).max().unwrap_or(ours);
        let targets = &self.options.targets;
        let windows = WINDOWS.map(|window| self.window(queue, &here, window));
        let waiting = waiting(&here);
        let repeat_waiting = here.iter().map(|here| self.repeat_waiting(here)).sum();
        let (day_since, day) = self.day(queue, &told, now, ours);
        let is_open = targets.is_open(queue, ours);
        let is_nobody_there = self.is_nobody_there(queue, ours, Of::All(agents));
        let mut estimate = estimate(&here, !told.is_empty(), ours);
        if !is_open {
            estimate.given = Err(NotGiven::Closed);
        } else if is_nobody_there {
            estimate.given = Err(NotGiven::NobodyThere);
        }
        let seen = Seen {
            is_open,
            target: targets.of(queue, ours).service_level,
            waiting: waiting.visits,
            oldest_wait: waiting.oldest,
            is_nobody_there,
            minute: &windows[0],
            five: &windows[1],
        };
        QueuePicture {
            state: self.state(queue, ours, &here, (seen, agents)),
            sources: heard.collect(),
            usual: self.usual(queue, now, day_since, day.offered),
            queue: queue.clone(),
            is_open,
            service_level: seen.target,
            waiting: waiting.visits,
            repeat_waiting,
            oldest_wait: waiting.oldest,
            oldest_journey: waiting.oldest_journey,
            second_transfer: agents.second_transfers(queue),
            agents: agents.of(queue),
            is_nobody_there,
            agents_planned: self.options.plans.planned(Some(queue), ours),
            too_long: agents.too_long(queue),
            windows,
            day_since,
            day,
            estimate,
        }
    }

    /// Who waits and had called within a day before, by whichever switch.
    fn repeat_waiting(&self, here: &Here<'_>) -> u64 {
        let keys = here.queue.waiting.keys();
        let repeats = keys.filter(|(_, key)| {
            let call = here.source.open.get(key);
            let caller = call.and_then(|call| call.caller);
            caller.is_some_and(|caller| self.callers.is_repeat(caller, (here.name, *key)))
        });
        repeats.count() as u64
    }

    /// How a queue is doing, by what all its sources tell (`seen`), unless one of them is silent. What those that are heard tell
    /// alone may still be a reason to act: silence can only make it worse. Otherwise nobody knows.
    fn state(
        &self,
        queue: &QueueId,
        ours: Timestamp,
        here: &[Here<'_>],
        (seen, agents): (Seen<'_>, &AgentsPicture),
    ) -> QueueState {
        if self.is_known(queue, ours) {
            return seen.state();
        }
        let current = here.iter().copied();
        let current: Vec<_> = current
            .filter(|here| here.source.is_current(ours))
            .collect();
        if current.is_empty() {
            return QueueState::NotKnown;
        }
        let [minute, five] =
            [WINDOWS[0], WINDOWS[1]].map(|span| self.window(queue, &current, span));
        let waiting = waiting(&current);
        let alone = Seen {
            waiting: waiting.visits,
            oldest_wait: waiting.oldest,
            is_nobody_there: self.is_nobody_there(queue, ours, Of::Current(agents)),
            minute: &minute,
            five: &five,
            ..seen
        };
        let state = alone.state();
        if state.is_stuck() {
            state
        } else {
            QueueState::NotKnown
        }
    }

    /// Whether every source that tells of a queue may be believed as to this moment: those that told of calls in it, or else
    /// those that told of its agents, but for those that are gone while another tells. A queue of which nobody has told
    /// is known as long as any source is.
    fn is_known(&self, queue: &QueueId, ours: Timestamp) -> bool {
        let heard = || {
            let sources = self.sources.values();
            sources.filter(|source| source.heard.is_some())
        };
        let of_calls = || heard().filter(|source| source.queues.contains_key(queue));
        let of_agents = || heard().filter(|source| source.agents.queues.contains(queue));
        for tellers in [
            &mut of_calls() as &mut dyn Iterator<Item = &Source>,
            &mut of_agents(),
        ] {
            let mut there = tellers.filter(|source| !source.is_gone(ours)).peekable();
            if there.peek().is_some() {
                return there.all(|source| source.is_current(ours));
            }
        }
        let has_gone = heard().any(|source| source.tells_of(queue));
        let mut any = heard().peekable();
        !has_gone && (any.peek().is_none() || any.any(|source| source.is_current(ours)))
    }
}

/// What is said of a caller who comes at this moment. Of a queue of several sources: by the one that promises least, among
/// those that are heard, for nobody knows by which of them the caller comes.
fn estimate(here: &[Here<'_>], is_told_of: bool, ours: Timestamp) -> Estimate {
    let heard = here.iter().filter(|here| !here.source.is_silent(ours));
    let estimates = heard.map(|here| here.queue.estimator.estimate(here.now));
    let longest = estimates.max_by_key(|estimate| estimate.given.map(|given| given.wait).ok());
    longest.unwrap_or_else(|| {
        let ahead = waiting(here).visits;
        Estimate {
            given: Err(NotGiven::of_nothing(is_told_of)),
            ahead,
            load: Load::of(ahead),
            ..Estimate::none()
        }
    })
}

/// Who waits, over the queue of some sources.
fn waiting(here: &[Here<'_>]) -> WaitingNow {
    let mut all = WaitingNow::default();
    here.iter()
        .for_each(|Here { queue, now, .. }| add_waiting(&mut all, queue, *now));
    all
}

fn add_waiting(all: &mut WaitingNow, queue: &Queue, now: Timestamp) {
    let entries = queue.waiting.keys().map(|(at, _)| *at);
    let journeys = queue.waiting.values().map(|one| one.journey_at);
    let earliest = [entries.min(), journeys.min()];
    all.add(queue.waiting.len() as u64, earliest, now);
}
