//! Cutting a period into intervals of local civil time.
//!
//! Intervals lie on the civil grid; the first and the last are cut by the period. A repeated hour is two intervals and
//! a missing one none, so an interval of hours or less never spans a change of offset. A day may have 23 or 25 hours.

use jiff::ToSpan;
use jiff::civil::Date;
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
}

impl Bucket {
    /// Every bucket, the shortest last but for the whole.
    pub const ALL: [Self; 7] = [
        Self::Total,
        Self::Minutes15,
        Self::Minutes30,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
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
        }
    }
}

/// The intervals of a period, by their first instants.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    starts: Vec<Timestamp>,
    end: Timestamp,
}

impl Buckets {
    /// Cuts the period `[start, end)`.
    pub(super) fn cut(
        start: Timestamp,
        end: Timestamp,
        bucket: Bucket,
        zone: &Zone,
    ) -> Result<Self, Error> {
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
                Bucket::Hour => starts.clock(start, 60 * MINUTE_MICROS, zone.rules()),
                Bucket::Day => {
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
        match cut {
            Some(()) => Ok(Self {
                starts: starts.starts,
                end,
            }),
            None => Err(Error::TooManyBuckets {
                bucket,
                start: zone.local_text(start),
                end: zone.local_text(end),
                max: BUCKETS_MAX,
            }),
        }
    }

    /// The number of the interval that holds an instant; `None` outside the period.
    pub(super) fn index_of(&self, at: Timestamp) -> Option<usize> {
        if at >= self.end {
            return None;
        }
        self.starts
            .partition_point(|start| *start <= at)
            .checked_sub(1)
    }

    /// The first instant of an interval.
    pub(super) fn start_of(&self, index: usize) -> Timestamp {
        self.starts.get(index).copied().unwrap_or(self.end)
    }
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
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(at.as_microsecond())
    }

    fn cut(zone: &str, from: &str, to: &str, bucket: Bucket) -> Vec<String> {
        let zone = Zone::find(zone).unwrap();
        let buckets = Buckets::cut(at(from), at(to), bucket, &zone).unwrap();
        let text = |start: &Timestamp| zone.local_text(*start);
        assert!(buckets.starts.is_sorted_by(|early, late| early < late));
        buckets.starts.iter().map(text).collect()
    }

    #[test]
    fn a_missing_hour_is_none() {
        assert_eq!(
            cut(
                "Europe/Berlin",
                "2026-03-29T01:00:00+01:00",
                "2026-03-29T05:00:00+02:00",
                Bucket::Hour
            ),
            [
                "2026-03-29T01:00:00+01:00",
                "2026-03-29T03:00:00+02:00",
                "2026-03-29T04:00:00+02:00",
            ]
        );
    }

    #[test]
    fn a_repeated_hour_is_two() {
        assert_eq!(
            cut(
                "America/New_York",
                "2026-11-01T00:30:00-04:00",
                "2026-11-01T02:30:00-05:00",
                Bucket::Minutes30
            ),
            [
                "2026-11-01T00:30:00-04:00",
                "2026-11-01T01:00:00-04:00",
                "2026-11-01T01:30:00-04:00",
                "2026-11-01T01:00:00-05:00",
                "2026-11-01T01:30:00-05:00",
                "2026-11-01T02:00:00-05:00",
            ]
        );
    }

    #[test]
    fn days_may_have_23_or_25_hours() {
        let hours = |zone, from, to| {
            let zone = Zone::find(zone).unwrap();
            let days = Buckets::cut(at(from), at(to), Bucket::Day, &zone).unwrap();
            let bounds = days.starts.iter().copied().chain([at(to)]);
            let bounds: Vec<_> = bounds.collect();
            let span = |pair: &[Timestamp]| pair[1].since(pair[0]).unwrap().as_secs() / 3600;
            bounds.windows(2).map(span).collect::<Vec<_>>()
        };
        assert_eq!(
            hours(
                "America/New_York",
                "2026-03-07T00:00:00-05:00",
                "2026-03-10T00:00:00-04:00"
            ),
            [24, 23, 24]
        );
        assert_eq!(
            hours(
                "America/New_York",
                "2026-10-31T00:00:00-04:00",
                "2026-11-03T00:00:00-05:00"
            ),
            [24, 25, 24]
        );
        // Midnight itself is missing: the day begins at one.
        assert_eq!(
            hours(
                "America/Sao_Paulo",
                "2015-10-17T00:00:00-03:00",
                "2015-10-19T00:00:00-02:00"
            ),
            [24, 23]
        );
    }

    #[test]
    fn half_an_hour_of_change_cuts_an_hour() {
        // Lord Howe Island: at 02:00+11:00 the clock goes back to 01:30+10:30.
        assert_eq!(
            cut(
                "Australia/Lord_Howe",
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T03:00:00+10:30",
                Bucket::Hour
            ),
            [
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T02:00:00+10:30",
            ]
        );
    }

    #[test]
    fn a_skipped_day_is_none() {
        // Samoa had no 30 December 2011.
        assert_eq!(
            cut(
                "Pacific/Apia",
                "2011-12-29T00:00:00-10:00",
                "2012-01-01T00:00:00+14:00",
                Bucket::Day
            ),
            ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_are_cut_by_the_period() {
        // 1 January 1999 was a Friday.
        assert_eq!(
            cut(
                "Asia/Jerusalem",
                "1999-01-01T00:00:00+02:00",
                "1999-01-18T00:00:00+02:00",
                Bucket::Week
            ),
            [
                "1999-01-01T00:00:00+02:00",
                "1999-01-04T00:00:00+02:00",
                "1999-01-11T00:00:00+02:00",
            ]
        );
    }

    #[test]
    fn months_are_of_the_calendar() {
        assert_eq!(
            cut(
                "Europe/Berlin",
                "2026-01-31T12:00:00+01:00",
                "2026-04-02T00:00:00+02:00",
                Bucket::Month
            ),
            [
                "2026-01-31T12:00:00+01:00",
                "2026-02-01T00:00:00+01:00",
                "2026-03-01T00:00:00+01:00",
                "2026-04-01T00:00:00+02:00",
            ]
        );
    }

    #[test]
    fn an_instant_is_in_one_interval() {
        let zone = Zone::find("UTC").unwrap();
        let (start, end) = (at("2026-01-01T00:10:00Z"), at("2026-01-01T01:00:00Z"));
        let buckets = Buckets::cut(start, end, Bucket::Minutes15, &zone).unwrap();
        for (text, index) in [
            ("2026-01-01T00:09:59.999999Z", None),
            ("2026-01-01T00:10:00Z", Some(0)),
            ("2026-01-01T00:14:59.999999Z", Some(0)),
            ("2026-01-01T00:15:00Z", Some(1)),
            ("2026-01-01T00:59:59.999999Z", Some(3)),
            ("2026-01-01T01:00:00Z", None),
        ] {
            assert_eq!(buckets.index_of(at(text)), index, "{text}");
        }
        let none = Buckets::cut(start, start, Bucket::Total, &zone).unwrap();
        assert_eq!(none.index_of(start), None);
    }

    #[test]
    fn too_many_are_refused() {
        let zone = Zone::find("Europe/Samara").unwrap();
        let start = at("2000-01-01T00:00:00+04:00");
        let minutes =
            |count: i64| Timestamp::from_micros(start.as_micros() + count * MINUTE_MICROS);
        // Samara moved its clock in those years, but always by whole quarters of an hour.
        assert!(Buckets::cut(start, minutes(15 * 100_000), Bucket::Minutes15, &zone).is_ok());
        let error =
            Buckets::cut(start, minutes(15 * 100_000 + 1), Bucket::Minutes15, &zone).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("15m") && text.contains("2000-01-01T00:00:00+04:00"),
            "{text}"
        );
    }

    #[test]
    fn the_end_of_the_calendar_is_an_end() {
        let days = cut(
            "UTC",
            "9999-12-29T00:00:00Z",
            "9999-12-30T22:00:00Z",
            Bucket::Day,
        );
        assert_eq!(
            days,
            ["9999-12-29T00:00:00+00:00", "9999-12-30T00:00:00+00:00"]
        );
    }
}
