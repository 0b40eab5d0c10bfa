//! Cutting a period into intervals of local civil time.
//!
//! Intervals lie on the civil grid; the first and the last are cut by the period. A repeated hour is two intervals and
//! a missing one none, so an interval of hours or less never spans a change of offset. A day may have 23 or 25 hours.
//! Weekdays and hours of the day lay the days and hours of one name together, however long the period is.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::model::Timestamp;

use super::error::Error;
use super::zone::{Zone, instant};

/// More intervals are not worked out: no reader wants them, and each may have a row a queue.
pub const BUCKETS_MAX: usize = 100_000;

const MINUTE_MICROS: i64 = 60_000_000;

/// How a period is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bucket {
    /// The whole period.
    #[default]
    Total,
    /// Quarters of an hour.
    Minutes15,
    /// Half hours.
    Minutes30,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks from Monday on.
    Week,
    /// Months.
    Month,
    /// The days of the week, Monday first: seven, whatever the period.
    Weekday,
    /// The hours of the day: 24, whatever the period.
    HourOfDay,
}

impl Bucket {
    /// Every bucket.
    pub const ALL: [Self; 9] = [
        Self::Total,
        Self::Minutes15,
        Self::Minutes30,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Weekday,
        Self::HourOfDay,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Minutes15 => "15m",
            Self::Minutes30 => "30m",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Weekday => "weekday",
            Self::HourOfDay => "hour-of-day",
        }
    }

    /// The shortest longer one into which a period may be cut.
    fn longer_that_fits(self, start: Timestamp, end: Timestamp, zone: &Zone) -> Self {
        let longer: &[Self] = match self {
            Self::Minutes15 => &[
                Self::Minutes30,
                Self::Hour,
                Self::Day,
                Self::Week,
                Self::Month,
            ],
            Self::Minutes30 => &[Self::Hour, Self::Day, Self::Week, Self::Month],
            Self::Hour => &[Self::Day, Self::Week, Self::Month],
            Self::Day => &[Self::Week, Self::Month],
            Self::HourOfDay => &[Self::Weekday],
            Self::Week => &[Self::Month],
            Self::Month | Self::Weekday | Self::Total => &[],
        };
        let fits = |bucket: &&Self| Buckets::of(start, end, **bucket, zone).is_some();
        longer.iter().find(fits).copied().unwrap_or(Self::Total)
    }
}

/// The intervals of a period, by their first instants, and which of them are one bucket.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    starts: Vec<Timestamp>,
    end: Timestamp,
    /// For each interval the bucket it belongs to; empty = each is its own.
    turns: Vec<u8>,
    bucket: Bucket,
}

impl Buckets {
    /// Cuts the period `[start, end)`.
    pub(super) fn cut(
        start: Timestamp,
        end: Timestamp,
        bucket: Bucket,
        zone: &Zone,
    ) -> Result<Self, Error> {
        let too_many = || Error::TooManyBuckets {
            bucket,
            start: zone.local_text(start),
            end: zone.local_text(end),
            max: BUCKETS_MAX,
            fits: bucket.longer_that_fits(start, end, zone),
        };
        Self::of(start, end, bucket, zone).ok_or_else(too_many)
    }

    /// The same; `None` = they are too many.
    fn of(start: Timestamp, end: Timestamp, bucket: Bucket, zone: &Zone) -> Option<Self> {
        let mut starts = Starts {
            starts: Vec::new(),
            end,
        };
        let cut = if start >= end {
            Some(())
        } else {
            match bucket {
                Bucket::Total => starts.push(start),
                Bucket::Minutes15 => starts.clock(start, 15 * MINUTE_MICROS, zone.rules()),
                Bucket::Minutes30 => starts.clock(start, 30 * MINUTE_MICROS, zone.rules()),
                Bucket::Hour | Bucket::HourOfDay => {
                    starts.clock(start, 60 * MINUTE_MICROS, zone.rules())
                }
                Bucket::Day | Bucket::Weekday => {
                    starts.calendar(start, zone.rules(), Some, |day| day.tomorrow().ok())
                }
                Bucket::Week => starts.calendar(start, zone.rules(), monday, |day| {
                    day.checked_add(7.days()).ok()
                }),
                Bucket::Month => starts.calendar(
                    start,
                    zone.rules(),
                    |day| Some(day.first_of_month()),
                    |day| day.checked_add(1.month()).ok(),
                ),
            }
        };
        cut.map(|()| Self {
            turns: turns(&starts.starts, bucket, zone.rules()),
            starts: starts.starts,
            end,
            bucket,
        })
    }

    /// The first instants of the intervals, rising.
    pub(super) fn starts(&self) -> &[Timestamp] {
        &self.starts
    }

    /// The number of the bucket that holds an instant; `None` outside the period.
    pub(super) fn index_of(&self, at: Timestamp) -> Option<usize> {
        self.interval_of(at)
            .map(|interval| self.bucket_of(interval))
    }

    /// The number of the interval that holds an instant.
    fn interval_of(&self, at: Timestamp) -> Option<usize> {
        if at >= self.end {
            return None;
        }
        self.starts
            .partition_point(|start| *start <= at)
            .checked_sub(1)
    }

    fn bucket_of(&self, interval: usize) -> usize {
        self.turns
            .get(interval)
            .map_or(interval, |turn| usize::from(*turn))
    }

    /// The parts of a stretch by bucket in order of time, each with its first instant, as far as it lies in the period.
    pub(super) fn cut_up(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> impl Iterator<Item = (usize, Timestamp, Duration)> + '_ {
        let end = end.min(self.end);
        let first = self.starts.first().copied().unwrap_or(self.end);
        let mut at = start.max(first);
        std::iter::from_fn(move || {
            let interval = self.interval_of(at).filter(|_| at < end)?;
            let from = at;
            at = end.min(self.start_of(interval + 1));
            Some((self.bucket_of(interval), from, at.since(from)?))
        })
    }

    /// How many buckets there are; weekdays and hours of the day are all there, however short the period.
    pub(super) fn count(&self) -> usize {
        match self.bucket {
            Bucket::Weekday => WEEKDAYS.len(),
            Bucket::HourOfDay => 24,
            Bucket::Total
            | Bucket::Minutes15
            | Bucket::Minutes30
            | Bucket::Hour
            | Bucket::Day
            | Bucket::Week
            | Bucket::Month => self.starts.len(),
        }
    }

    /// What a bucket is called: its first instant in local time, the weekday, or the hour.
    pub(super) fn name(&self, bucket: usize, zone: &Zone) -> String {
        match self.bucket {
            Bucket::Weekday => WEEKDAYS.get(bucket).copied().unwrap_or_default().to_owned(),
            Bucket::HourOfDay => format!("{bucket:02}"),
            Bucket::Total
            | Bucket::Minutes15
            | Bucket::Minutes30
            | Bucket::Hour
            | Bucket::Day
            | Bucket::Week
            | Bucket::Month => zone.local_text(self.start_of(bucket)),
        }
    }

    /// The first instant of a bucket and the first one after it; `None` where several intervals are one bucket.
    pub(super) fn stretch_of(&self, bucket: usize) -> Option<(Timestamp, Timestamp)> {
        let own = self.turns.is_empty();
        own.then(|| (self.start_of(bucket), self.start_of(bucket + 1)))
    }

    /// The first instant of an interval.
    fn start_of(&self, interval: usize) -> Timestamp {
        self.starts.get(interval).copied().unwrap_or(self.end)
    }
}

/// The days of the week as buckets are called.
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Which bucket each interval belongs to, where several are one.
fn turns(starts: &[Timestamp], bucket: Bucket, tz: &TimeZone) -> Vec<u8> {
    let turn: fn(DateTime) -> i8 = match bucket {
        Bucket::Weekday => |local| local.weekday().to_monday_zero_offset(),
        Bucket::HourOfDay => DateTime::hour,
        Bucket::Total
        | Bucket::Minutes15
        | Bucket::Minutes30
        | Bucket::Hour
        | Bucket::Day
        | Bucket::Week
        | Bucket::Month => return Vec::new(),
    };
    let local = |start: &Timestamp| instant(*start).map(|at| tz.to_datetime(at));
    // Every start was made from an instant that the calendar knows, and no turn is negative.
    let turns = starts.iter().map(|start| local(start).map_or(0, turn));
    turns.map(|turn| turn.unsigned_abs()).collect()
}

/// First instants in rising order; `None` from its functions means that they became too many.
struct Starts {
    starts: Vec<Timestamp>,
    end: Timestamp,
}

impl Starts {
    fn push(&mut self, at: Timestamp) -> Option<()> {
        if self.starts.len() == BUCKETS_MAX {
            return None;
        }
        self.starts.push(at);
        Some(())
    }

    /// Cuts by the clock: stretches of one offset, each on the grid of its own civil time.
    fn clock(&mut self, start: Timestamp, unit: i64, tz: &TimeZone) -> Option<()> {
        let mut from = start;
        while from < self.end {
            self.push(from)?;
            let (offset, until) = offset_at(from, tz);
            let until = until.map_or(self.end, |until| until.min(self.end));
            let civil = from.as_micros().saturating_add(offset);
            let mut next = (civil.div_euclid(unit) + 1) * unit - offset;
            while next < until.as_micros() {
                self.push(Timestamp::from_micros(next))?;
                next += unit;
            }
            from = until;
        }
        Some(())
    }

    /// Cuts by the calendar: from the day that begins an interval to the day that begins the next.
    fn calendar(
        &mut self,
        start: Timestamp,
        tz: &TimeZone,
        first: impl Fn(Date) -> Option<Date>,
        next: impl Fn(Date) -> Option<Date>,
    ) -> Option<()> {
        self.push(start)?;
        let today = instant(start).ok().map(|at| at.to_zoned(tz.clone()).date());
        let mut day = today.and_then(first);
        // The calendar itself ends in the year 9999: then there is no next day, and the interval is the last.
        while let Some(begins) = day.and_then(&next) {
            let Ok(at) = tz.to_timestamp(begins.at(0, 0, 0, 0)) else {
                break;
            };
            let at = Timestamp::from_micros(at.as_microsecond());
            if at >= self.end {
                break;
            }
            // A day that a zone skipped begins when the following one does: one interval, not two.
            if self.starts.last().is_none_or(|last| *last < at) {
                self.push(at)?;
            }
            day = Some(begins);
        }
        Some(())
    }
}

/// The Monday on or before a day.
fn monday(day: Date) -> Option<Date> {
    let since = day.weekday().to_monday_zero_offset();
    day.checked_sub(i64::from(since).days()).ok()
}

/// The offset in force at an instant, in microseconds, and when it next changes.
fn offset_at(at: Timestamp, tz: &TimeZone) -> (i64, Option<Timestamp>) {
    let Ok(at) = instant(at) else {
        return (0, None);
    };
    let offset = tz.to_offset(at);
    // Some transitions change the name only.
    let changed = tz
        .following(at)
        .find(|transition| transition.offset() != offset);
    let until =
        changed.map(|transition| Timestamp::from_micros(transition.timestamp().as_microsecond()));
    (i64::from(offset.seconds()) * 1_000_000, until)
}

#[cfg(test)]
#[path = "bucket_test.rs"]
mod tests;
