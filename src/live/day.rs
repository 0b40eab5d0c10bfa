//! The day: visits that began on a date, whenever they end.
//!
//! It is counted from midnight, as the report of the date is, though it is said to be since the queue opened: now and then
//! somebody waits before.

use jiff::tz::TimeZone;

use crate::model::{QueueId, Targets, Timestamp};

use super::seen::{Item, What};
use super::sums::Sums;

/// A stretch of time that is counted together.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    /// Its first instant, and the first after it; none before the first thing happened.
    span: Option<(Timestamp, Timestamp)>,
    /// The first thing in it.
    first_at: Option<Timestamp>,
    sums: Sums,
}

impl Day {
    /// Puts something in; a new day begins with the first thing of it, and what is of an older one is left out.
    pub(super) fn add(&mut self, item: &Item, of: impl Fn(Timestamp) -> (Timestamp, Timestamp)) {
        let at = item.cohort_at;
        if self.span.is_none_or(|(_, end)| at >= end) {
            self.span = Some(of(at));
            self.sums = Sums::default();
            self.first_at = None;
        }
        if self.holds(at) {
            self.sums.add(&item.what);
            self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
        }
    }

    /// Takes out what was put in, unless its day is gone.
    pub(super) fn remove(&mut self, item: &Item) {
        if self.holds(item.cohort_at) {
            self.sums.remove(&item.what);
        }
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.span
            .is_some_and(|(start, end)| start <= at && at < end)
    }

    /// The day that `now` lies in, as far as anything happened: its sums, and when the first of it happened.
    pub(super) fn at(
        &self,
        now: Timestamp,
        of: impl Fn(Timestamp) -> (Timestamp, Timestamp),
    ) -> (Sums, Option<Timestamp>) {
        match self.span == Some(of(now)) {
            true => (self.sums.clone(), self.first_at),
            false => (Sums::default(), None),
        }
    }
}

/// A visit that still waits is decided from its threshold on: what it adds to a day.
pub(super) fn decided_waiting(sums: &mut Sums, count: u64) {
    for _ in 0..count {
        sums.add(&What::Decided);
    }
}

/// When a queue opens for the first time on the date that an instant lies in, in the hotline's zone; at midnight without a
/// calendar, and on a date on which it stays closed.
pub(super) fn opens_at(
    queue: &QueueId,
    at: Timestamp,
    targets: &Targets,
    zone: &TimeZone,
) -> Timestamp {
    let (midnight, next) = date_of(at, zone);
    let name = targets.rules(queue, at).calendar.as_ref();
    let calendar = name.and_then(|name| targets.calendars.get(name));
    let spans = calendar.map(|calendar| calendar.open_spans(midnight, next));
    let first = spans.and_then(|spans| spans.first().map(|(opens, _)| *opens));
    first.unwrap_or(midnight)
}

/// The date that an instant lies in, from midnight to midnight.
pub(super) fn date_of(at: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let all_time = (Timestamp::MIN, Timestamp::from_micros(i64::MAX));
    let Ok(instant) = jiff::Timestamp::from_microsecond(at.as_micros()) else {
        return all_time;
    };
    let civil = instant.to_zoned(zone.clone());
    let midnight = civil.start_of_day();
    let next = midnight.as_ref().ok().and_then(|midnight| {
        let date = midnight.date().tomorrow().ok()?;
        date.to_zoned(zone.clone()).ok()
    });
    match midnight.ok().zip(next) {
        Some((midnight, next)) => {
            let micros = |at: jiff::Zoned| Timestamp::from_micros(at.timestamp().as_microsecond());
            (micros(midnight), micros(next))
        }
        None => all_time,
    }
}
