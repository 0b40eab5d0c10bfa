//! What the same weekday was like: medians over the last weeks, up to this time of the day.
//!
//! Days are laid beside one another by the clock on the wall, in quarters of an hour; of the quarter that is running, as much
//! counts as has passed of it. A visit counts in the quarter in which it began, however it ended: of today some of those may
//! still wait.
//!
//! Which days count, of the eight before: those on which any queue had a visit (else nothing was told that day); of a queue
//! from its first visit on, and not those on which its calendar keeps it closed. Below three there is nothing usual.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{QueueId, Timestamp};

use super::board::{Live, Options};
use super::day::date_of;

/// How many weeks back is looked: two months, so that one odd week moves nothing.
pub const USUAL_WEEKS: i64 = 8;
/// Fewer days have no middle.
const DAYS_LEAST: usize = 3;
/// Queues of which this is kept; each takes up to 35 KB.
const QUEUES_MAX: usize = 500;
/// Calls as usual that are added before today is set against the usual: the first calls of a morning say little.
const CALLS_ADDED: f64 = 10.0;

const QUARTER_MINUTES: f64 = 15.0;

/// What happened in a queue in a quarter of an hour, by visits that began in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuarterCounts {
    /// Visits begun.
    pub offered: u32,
    /// Of them answered.
    pub answered: u32,
    /// Of them abandoned.
    pub abandoned: u32,
    /// Of them answered within the threshold.
    pub answered_within: u32,
    /// Of them decided.
    pub decided: u32,
    /// Answers whose wait is known.
    pub waits: u32,
    /// Those waits, added up.
    pub wait_sum: Duration,
}

/// The quarters of a day that hold something, by their number since midnight.
pub type Quarters = BTreeMap<u8, QuarterCounts>;

/// One of the days before.
#[derive(Clone, Debug)]
pub struct EarlierDay {
    /// Its midnight.
    pub start: Timestamp,
    /// Its queues.
    pub queues: HashMap<QueueId, Quarters>,
}

/// What the same weekday was like, up to this time of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct UsualPicture {
    /// The days that are known.
    pub days: u64,
    /// Visits begun, as the following a median over them.
    pub offered: f64,
    /// Visits answered.
    pub answered: f64,
    /// Visits abandoned.
    pub abandoned: f64,
    /// The service level, `strict`.
    pub service_level: Option<f64>,
    /// W5.
    pub asa: Option<Duration>,
    /// Visits begun on the whole day.
    pub offered_whole_day: f64,
    /// Visits to be expected by the end of this day.
    pub offered_expected: f64,
}

/// The days before, of each queue.
#[derive(Debug, Default)]
pub(super) struct Usual {
    /// The date for which they were read.
    date: Option<Date>,
    queues: HashMap<QueueId, Vec<Quarters>>,
}

impl Live {
    /// The date at this moment of ours; `None` before the first live message. Days go by the switches' own clocks, so when no
    /// switch that is heard has our date it is theirs, that of the furthest.
    pub fn today(&self, ours: Timestamp) -> Option<Date> {
        let date = |at| self.options.clock(at).map(|(date, _)| date);
        let sources = self.sources.values();
        let heard = sources.filter(|source| source.heard.is_some());
        let mut heard = heard.peekable();
        heard.peek()?;
        let running = heard.filter(|source| !source.is_silent(ours));
        let dates: Vec<Date> = running
            .filter_map(|source| date(source.now(ours)?))
            .collect();
        let own = date(ours)?;
        let furthest = dates.iter().max().copied();
        Some(furthest.filter(|_| !dates.contains(&own)).unwrap_or(own))
    }

    /// Takes in the days that lie whole weeks before a date, in any order.
    pub fn set_usual(&mut self, date: Date, mut days: Vec<EarlierDay>) {
        days.retain(|day| !day.queues.is_empty());
        days.sort_unstable_by_key(|day| day.start);
        let mut queues: Vec<QueueId> = days
            .iter()
            .flat_map(|day| day.queues.keys().cloned())
            .collect();
        queues.sort_unstable();
        queues.dedup();
        queues.truncate(QUEUES_MAX);
        let options = &self.options;
        let of_queue = |queue: &QueueId| {
            let since_first = days
                .iter()
                .skip_while(|day| !day.queues.contains_key(queue));
            let open = since_first.filter(|day| !options.is_shut_on(queue, day.start));
            open.map(|day| day.queues.get(queue).cloned().unwrap_or_default())
                .collect()
        };
        let queues = queues.into_iter().map(|queue| {
            let days = of_queue(&queue);
            (queue, days)
        });
        self.usual = Usual {
            date: Some(date),
            queues: queues.collect(),
        };
    }

    /// What is usual of a queue whose day began then and has brought so many visits.
    pub(super) fn usual(
        &self,
        queue: &QueueId,
        now: Timestamp,
        since: Timestamp,
        offered_today: u64,
    ) -> Option<UsualPicture> {
        let (date, minute) = self.options.clock(now)?;
        if self.usual.date != Some(date) {
            return None;
        }
        let days = self.usual.queues.get(queue)?;
        if days.len() < DAYS_LEAST {
            return None;
        }
        let (_, first_minute) = self.options.clock(since)?;
        let first = (first_minute / QUARTER_MINUTES) as u8;
        let until = minute / QUARTER_MINUTES;
        let parts: Vec<Parts> = days
            .iter()
            .map(|quarters| Parts::of(quarters, first, until))
            .collect();
        let middle = |of: &dyn Fn(&Parts) -> Option<f64>| median(parts.iter().filter_map(of));
        let count = |of: &dyn Fn(&Parts) -> f64| middle(&|parts| Some(of(parts)));
        let offered = count(&|parts| parts.offered)?;
        let rest = count(&|parts| parts.rest)?;
        let today = offered_today as f64;
        Some(UsualPicture {
            days: days.len() as u64,
            offered,
            answered: count(&|parts| parts.answered)?,
            abandoned: count(&|parts| parts.abandoned)?,
            service_level: middle(&|parts| {
                (parts.decided > 0.0).then(|| parts.answered_within / parts.decided)
            }),
            asa: middle(&|parts| (parts.waits > 0.0).then(|| parts.wait_seconds / parts.waits))
                .map(Duration::from_secs_f64),
            offered_whole_day: count(&|parts| parts.offered + parts.rest)?,
            offered_expected: today + rest * (today + CALLS_ADDED) / (offered + CALLS_ADDED),
        })
    }
}

/// One day up to a time of it, and the visits of its rest.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    offered: f64,
    answered: f64,
    abandoned: f64,
    answered_within: f64,
    decided: f64,
    waits: f64,
    wait_seconds: f64,
    rest: f64,
}

impl Parts {
    /// From a quarter on, up to a time in quarters since midnight.
    fn of(quarters: &Quarters, first: u8, until: f64) -> Self {
        let mut parts = Self::default();
        for (number, counts) in quarters.range(first..) {
            let share = (until - f64::from(*number)).clamp(0.0, 1.0);
            let part = |count: u32| f64::from(count) * share;
            parts.offered += part(counts.offered);
            parts.answered += part(counts.answered);
            parts.abandoned += part(counts.abandoned);
            parts.answered_within += part(counts.answered_within);
            parts.decided += part(counts.decided);
            parts.waits += part(counts.waits);
            parts.wait_seconds += counts.wait_sum.as_secs_f64() * share;
            parts.rest += f64::from(counts.offered) * (1.0 - share);
        }
        parts
    }
}

/// The middle one; of an even number the mean of both in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    Some(match values.len() % 2 {
        0 => (values[half - 1] + upper) / 2.0,
        _ => upper,
    })
}

impl Options {
    /// The date in the hotline's zone, and the whole minutes since midnight by the clock on the wall.
    fn clock(&self, at: Timestamp) -> Option<(Date, f64)> {
        let instant = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
        let civil = instant.to_zoned(self.zone.clone()).datetime();
        let minute = i32::from(civil.hour()) * 60 + i32::from(civil.minute());
        Some((civil.date(), f64::from(minute)))
    }

    /// Whether a queue's calendar keeps it closed on the whole date that begins then.
    fn is_shut_on(&self, queue: &QueueId, midnight: Timestamp) -> bool {
        let name = self.targets.rules(queue, midnight).calendar.as_ref();
        let calendar = name.and_then(|name| self.targets.calendars.get(name));
        let (start, end) = date_of(midnight, &self.zone);
        calendar.is_some_and(|calendar| calendar.open_spans(start, end).is_empty())
    }
}

/// The dates that lie whole weeks before a date, as periods from midnight to midnight.
pub fn earlier_dates(date: Date, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
    let weeks = (1..=USUAL_WEEKS).filter_map(|week| {
        let before = date.checked_sub(jiff::Span::new().weeks(week)).ok()?;
        let noon = before.at(12, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        let noon = Timestamp::from_micros(noon.timestamp().as_microsecond());
        Some(date_of(noon, zone))
    });
    weeks.collect()
}
