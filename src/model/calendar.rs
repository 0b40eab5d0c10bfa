//! Business calendars: when a hotline is open, by the clock on its wall.
//!
//! Open is decided by local civil time alone: a repeated hour is open twice or closed twice, a missing one is neither.
//! Hours that go on past midnight belong to the day on which they begin; a day with an exception has the hours of the
//! exception and no others.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span as Length, ToSpan};

use super::timestamp::Timestamp;

/// Minutes of a day by the clock on the wall.
pub const DAY_MINUTES: u16 = 24 * 60;

const MINUTE_MICROS: i64 = 60_000_000;
const DAY_MICROS: i64 = DAY_MINUTES as i64 * MINUTE_MICROS;

/// How much of a long period is looked at at once: its openings fit into a few pages.
const AT_ONCE: Duration = Duration::from_micros(DAY_MICROS as u64 * 100);

/// How far ahead an opening is looked for: a calendar without one for so long is closed for good.
const AHEAD_DAYS: i64 = 400;

/// The hours of one day: minutes from its midnight, rising, apart; those past `DAY_MINUTES` are of the next morning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(Vec<(u16, u16)>);

impl Hours {
    /// These spans, half-open, in any order.
    pub fn new(mut spans: Vec<(u16, u16)>) -> Self {
        spans.sort_unstable();
        Self(spans)
    }

    /// The spans, rising.
    pub fn spans(&self) -> &[(u16, u16)] {
        &self.0
    }
}

/// A stretch of time, half-open.
pub type Span = (Timestamp, Timestamp);

/// Weekly hours with exceptions, in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    /// Monday first.
    weekly: [Hours; 7],
    /// Days that are not as their weekday, by their number since 1970.
    days: BTreeMap<i64, Hours>,
}

impl Calendar {
    /// These weekly hours, Monday first, but on the days that have hours of their own; a day with none is closed.
    pub fn new(
        zone: TimeZone,
        weekly: [Hours; 7],
        days: impl IntoIterator<Item = (Date, Hours)>,
    ) -> Self {
        let days = days
            .into_iter()
            .map(|(date, hours)| (day_number(date), hours));
        Self {
            zone,
            weekly,
            days: days.collect(),
        }
    }

    /// Whether it is open at an instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let Some((offset, _)) = self.offset(at) else {
            return false;
        };
        let civil = at.as_micros().saturating_add(offset);
        let (day, time) = (civil.div_euclid(DAY_MICROS), civil.rem_euclid(DAY_MICROS));
        let covers = |day, time: i64| {
            let mut spans = self.hours(day).spans().iter();
            spans.any(|(from, to)| (micros(*from)..micros(*to)).contains(&time))
        };
        covers(day, time) || covers(day - 1, time + DAY_MICROS)
    }

    /// The stretches of `[start, end)` in which it is open, rising, none touching the next.
    pub fn open_spans(&self, start: Timestamp, end: Timestamp) -> Vec<Span> {
        let mut spans = Vec::<Span>::new();
        let mut from = start;
        while from < end {
            let Some((offset, changes)) = self.offset(from) else {
                break;
            };
            let until = changes.map_or(end, |at| at.min(end));
            let first = (from.as_micros() + offset).div_euclid(DAY_MICROS) - 1;
            let last = (until.as_micros() + offset).div_euclid(DAY_MICROS);
            for day in first..=last {
                for (opens, closes) in self.hours(day).spans() {
                    let at = |minute| {
                        let micros = day * DAY_MICROS + micros(minute) - offset;
                        Timestamp::from_micros(micros).clamp(from, until)
                    };
                    add(&mut spans, (at(*opens), at(*closes)));
                }
            }
            from = until;
        }
        spans
    }

    /// How long it is open within `[start, end)`.
    pub fn open_time(&self, start: Timestamp, end: Timestamp) -> Duration {
        let (mut from, mut open) = (start, Duration::ZERO);
        // A stretch at a time: a period may be as long as the calendar itself.
        while from < end {
            let until = from.plus(AT_ONCE).min(end);
            let spans = self.open_spans(from, until).into_iter();
            open += spans
                .filter_map(|(from, to)| to.since(from))
                .sum::<Duration>();
            from = until;
        }
        open
    }

    /// The first instant from `at` on at which it is open; `None` when it stays closed for more than a year.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let day = Duration::from_micros(DAY_MICROS as u64);
        let mut from = at;
        for _ in 0..AHEAD_DAYS {
            let until = from.plus(day);
            if let Some((opens, _)) = self.open_spans(from, until).first() {
                return Some(*opens);
            }
            from = until;
        }
        None
    }

    /// For how long it stays open from now on; `None` while it is closed, or when it does not close within a day.
    pub fn closes_in(&self, at: Timestamp) -> Option<Duration> {
        let day = at.plus(Duration::from_micros(DAY_MICROS as u64));
        let (opens, closes) = *self.open_spans(at, day).first()?;
        (opens == at && closes < day).then(|| closes.since(at))?
    }

    /// Its zone's name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// The weekly hours, Monday first.
    pub fn weekly(&self) -> &[Hours; 7] {
        &self.weekly
    }

    /// The days with hours of their own, rising.
    pub fn days(&self) -> impl Iterator<Item = (Date, &Hours)> {
        let days = self.days.iter();
        days.filter_map(|(day, hours)| Some((date(*day)?, hours)))
    }

    /// The hours of a day.
    pub fn hours_of(&self, date: Date) -> &Hours {
        self.hours(day_number(date))
    }

    /// From a day's midnight to the next one, or as far as one of these hours of the day goes on; `None` where the years
    /// end.
    pub(super) fn stretch_of(&self, date: Date, hours: &[&Hours]) -> Option<Span> {
        let spans = hours.iter().flat_map(|hours| hours.spans());
        let last = spans.map(|(_, to)| *to).max().unwrap_or_default();
        let at = |minute: u16| {
            let time = date.to_datetime(Time::midnight());
            let time = time.checked_add(i64::from(minute).minutes()).ok()?;
            let at = time.to_zoned(self.zone.clone()).ok()?.timestamp();
            Some(Timestamp::from_micros(at.as_microsecond()))
        };
        Some((at(0)?, at(last.max(DAY_MINUTES))?))
    }

    fn hours(&self, day: i64) -> &Hours {
        // 1 January 1970 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as usize;
        self.days.get(&day).unwrap_or(&self.weekly[weekday])
    }

    /// The offset in force at an instant, in microseconds, and when it next changes; `None` beyond the calendar's years.
    fn offset(&self, at: Timestamp) -> Option<(i64, Option<Timestamp>)> {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
        let offset = self.zone.to_offset(at);
        // Some transitions change the name only.
        let mut following = self.zone.following(at);
        let changed = following.find(|transition| transition.offset() != offset);
        let changes = changed
            .map(|transition| Timestamp::from_micros(transition.timestamp().as_microsecond()));
        Some((i64::from(offset.seconds()) * 1_000_000, changes))
    }
}

fn micros(minute: u16) -> i64 {
    i64::from(minute) * MINUTE_MICROS
}

/// Adds a stretch to others; those of one day and the morning before it may touch or overlap.
fn add(spans: &mut Vec<Span>, (from, to): Span) {
    if from >= to {
        return;
    }
    match spans.last_mut() {
        Some((_, last)) if *last >= from => *last = (*last).max(to),
        _ => spans.push((from, to)),
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The day of a number.
fn date(day: i64) -> Option<Date> {
    let since = Length::new().try_days(day).ok()?;
    EPOCH.checked_add(since).ok()
}

/// Days since 1970.
fn day_number(date: Date) -> i64 {
    // Both are dates that the calendar knows.
    EPOCH
        .until(date)
        .map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
#[path = "calendar_test.rs"]
mod tests;
