//! Days and the arrivals of each: a Poisson process whose intensity follows the day, given its total.
//!
//! Given how many calls come in a day, the arrival times of a Poisson process are independent draws from its normalised
//! intensity, in order. They are drawn one after the other, already sorted, so a day of a million calls needs no memory.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::draw::Draw;
use super::moment::Moment;
use super::options::Options;

/// How the load goes through the opening hours, in equal parts of them: a peak in the morning, a dip at noon.
const PROFILE: [f64; 18] = [
    0.75, 1.0, 1.2, 1.35, 1.4, 1.35, 1.25, 1.1, 0.9, 0.8, 0.85, 1.0, 1.1, 1.15, 1.0, 0.85, 0.7,
    0.55,
];
/// Some call before the opening …
const BEFORE: Duration = Duration::from_secs(3_600);
/// … more after the close.
const AFTER: Duration = Duration::from_secs(2 * 3_600);
/// The share of the calls outside the hours that come after the close.
const AFTER_SHARE: f64 = 0.65;

/// One day of the hotline.
#[derive(Clone, Debug)]
pub(super) struct Day {
    /// `yyyymmdd`, for call ids.
    pub(super) label: String,
    /// 0, 1, 2 …
    pub(super) index: u32,
    pub(super) begins: Moment,
    pub(super) opens: Moment,
    pub(super) closes: Moment,
    pub(super) calls: u64,
    ends: Moment,
}

impl Day {
    /// Whether calls are taken at an instant.
    pub(super) fn is_open(&self, at: Moment) -> bool {
        self.opens <= at && at < self.closes
    }

    /// The instant at a fraction of the opening hours.
    pub(super) fn at(&self, fraction: f64) -> Moment {
        self.opens + self.closes.since(self.opens).mul_f64(fraction)
    }
}

/// The days still to come, and the calls to share among them.
#[derive(Debug)]
pub(super) struct Days {
    zone: TimeZone,
    opens: Time,
    closes: Time,
    next: Date,
    index: u32,
    count: u32,
    calls_left: u64,
    weight_left: f64,
}

impl Days {
    pub(super) fn new(options: &Options) -> Self {
        let mut days = Self {
            zone: options.zone.clone(),
            opens: options.opens,
            closes: options.closes,
            next: options.first_day,
            index: 0,
            count: options.days,
            calls_left: options.calls,
            weight_left: 0.0,
        };
        let mut weekday = options.first_day.weekday();
        for _ in 0..options.days {
            days.weight_left += weight(weekday);
            weekday = weekday.next();
        }
        days
    }

    /// The next day with its number of calls.
    pub(super) fn next(&mut self, draw: &mut Draw) -> Option<Day> {
        if self.index == self.count {
            return None;
        }
        let date = self.next;
        let is_last = self.index + 1 == self.count;
        let weight = weight(date.weekday());
        let calls = if is_last {
            self.calls_left
        } else {
            draw.binomial(self.calls_left, weight / self.weight_left)
        };
        self.calls_left -= calls;
        self.weight_left -= weight;
        let tomorrow = date
            .checked_add(1.day())
            .expect("Options::check has seen the end of the calendar");
        let day = Day {
            label: format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()),
            index: self.index,
            begins: self.instant(date, Time::midnight()),
            opens: self.instant(date, self.opens),
            closes: self.instant(date, self.closes),
            ends: self.instant(tomorrow, Time::midnight()),
            calls,
        };
        self.next = tomorrow;
        self.index += 1;
        Some(day)
    }

    fn instant(&self, date: Date, time: Time) -> Moment {
        // An hour that the clock repeats is the first, one that it leaps over is shifted on (kpi.md).
        let local = date.to_datetime(time);
        let instant = self.zone.to_ambiguous_timestamp(local).compatible();
        Moment::from(instant.expect("Options::check has seen the end of the calendar"))
    }
}

/// Load of a weekday against the mean working day.
fn weight(weekday: Weekday) -> f64 {
    match weekday {
        Weekday::Monday => 1.2,
        Weekday::Tuesday => 1.1,
        Weekday::Wednesday | Weekday::Thursday => 1.0,
        Weekday::Friday => 0.85,
        Weekday::Saturday => 0.4,
        Weekday::Sunday => 0.25,
    }
}

/// The arrivals of one day, in order.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// Instants, each with the share of the day's calls that come before it.
    edges: Vec<(Moment, f64)>,
    /// The piece between edges that the last arrival lay in.
    piece: usize,
    left: u64,
    /// 1 − the share of the day's intensity that is behind.
    ahead: f64,
}

impl Arrivals {
    pub(super) fn of_day(day: &Day, closed_share: f64) -> Self {
        let mut edges = vec![(day.opens, 0.0)];
        let profile_sum: f64 = PROFILE.iter().sum();
        let mut share = 0.0;
        if closed_share > 0.0 {
            let early = day.opens.since(day.begins).min(BEFORE);
            let begins = day.begins + (day.opens.since(day.begins) - early);
            share = closed_share * (1.0 - AFTER_SHARE);
            edges = vec![(begins, 0.0), (day.opens, share)];
        }
        for (number, part) in PROFILE.iter().enumerate() {
            share += (1.0 - closed_share) * part / profile_sum;
            let fraction = (number + 1) as f64 / PROFILE.len() as f64;
            edges.push((day.at(fraction), share));
        }
        if closed_share > 0.0 {
            let late = day.ends.since(day.closes).min(AFTER);
            edges.push((day.closes + late, 1.0));
        }
        Self {
            edges,
            piece: 0,
            left: day.calls,
            ahead: 1.0,
        }
    }

    /// The next arrival.
    pub(super) fn next(&mut self, draw: &mut Draw) -> Option<Moment> {
        if self.left == 0 {
            return None;
        }
        // The least of n uniform draws from (u, 1) is 1 − (1 − u) · V^(1/n).
        self.ahead *= draw.unit().powf(1.0 / self.left as f64);
        self.left -= 1;
        let share = 1.0 - self.ahead;
        while self.piece + 2 < self.edges.len() && self.edges[self.piece + 1].1 <= share {
            self.piece += 1;
        }
        let (start, share_start) = self.edges[self.piece];
        let (end, share_end) = self.edges[self.piece + 1];
        let within = (share - share_start) / (share_end - share_start);
        Some(start + end.since(start).mul_f64(within.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(calls: u64, days: u32) -> Options {
        let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        Options::sized(Date::constant(2026, 3, 7), zone, days, calls, 3, None)
    }

    #[test]
    fn every_call_falls_to_some_day() {
        let mut draw = Draw::from_seed(7);
        let mut days = Days::new(&options(10_000, 10));
        let counts: Vec<u64> = std::iter::from_fn(|| days.next(&mut draw))
            .map(|day| day.calls)
            .collect();
        assert_eq!(counts.len(), 10);
        assert_eq!(counts.iter().sum::<u64>(), 10_000);
        assert!(counts[1] < counts[2], "Sunday has fewer than Monday");
    }

    #[test]
    fn a_short_day_opens_at_eight_by_the_clock_on_the_wall() {
        let mut draw = Draw::from_seed(7);
        let mut days = Days::new(&options(100, 2));
        let winter = days.next(&mut draw).unwrap();
        let summer = days.next(&mut draw).unwrap();
        let day = Duration::from_secs(24 * 3_600);
        assert_eq!(
            summer.opens.since(winter.opens),
            day - Duration::from_secs(3_600)
        );
        assert_eq!(
            summer.closes.since(winter.closes),
            day - Duration::from_secs(3_600)
        );
    }

    #[test]
    fn arrivals_come_in_order_and_follow_the_profile() {
        let mut draw = Draw::from_seed(7);
        let mut days = Days::new(&options(20_000, 1));
        let day = days.next(&mut draw).unwrap();
        let mut arrivals = Arrivals::of_day(&day, 0.1);
        let times: Vec<Moment> = std::iter::from_fn(|| arrivals.next(&mut draw)).collect();
        assert_eq!(times.len(), 20_000);
        assert!(times.is_sorted());
        let count = |low: Moment, high: Moment| {
            let within = times.iter().filter(|&&time| low <= time && time < high);
            within.count() as f64
        };
        // 10 % ± 4 standard deviations of 0.2 %.
        let outside = 1.0 - count(day.opens, day.closes) / 20_000.0;
        assert!((0.092..0.108).contains(&outside), "{outside}");
        // The fifth part of the profile against the last: 1.4 ÷ 0.55 = 2.55.
        let peak = count(day.at(4.0 / 18.0), day.at(5.0 / 18.0));
        let evening = count(day.at(17.0 / 18.0), day.closes);
        assert!((2.2..2.95).contains(&(peak / evening)), "{peak} {evening}");
    }

    #[test]
    fn without_calls_outside_the_hours_there_are_none() {
        let mut draw = Draw::from_seed(7);
        let mut days = Days::new(&options(2_000, 1));
        let day = days.next(&mut draw).unwrap();
        let mut arrivals = Arrivals::of_day(&day, 0.0);
        let mut times = std::iter::from_fn(|| arrivals.next(&mut draw));
        assert!(times.all(|time| day.is_open(time)));
    }
}
