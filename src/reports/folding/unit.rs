//! The intervals of roll-ups on the calendar: those into which reports cut their periods.

use std::time::Duration;

use crate::model::Timestamp;
use crate::reports::bucket::{Bucket, Buckets};
use crate::reports::zone::Zone;
use crate::store::{Level, Period, QUARTER_MICROS, quarter_of};

/// A quarter of an hour.
pub(super) const QUARTER: Duration = Duration::from_micros(QUARTER_MICROS.unsigned_abs());
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The interval of a level that holds an instant.
pub(super) fn unit_of(level: Level, at: Timestamp, zone: &Zone) -> Option<Period> {
    // Wide enough, so that the interval is neither the first nor the last of those cut.
    let (bucket, margin) = match level {
        Level::Quarter => {
            let start = quarter_of(at);
            return Some((start, start.plus(QUARTER)));
        }
        Level::Hour => (Bucket::Hour, 3 * HOUR),
        Level::Day => (Bucket::Day, 3 * DAY),
        Level::Month => (Bucket::Month, 70 * DAY),
    };
    let around = Buckets::cut(at.minus(margin), at.plus(margin), bucket, zone).ok()?;
    let starts = around.starts();
    let next = starts.partition_point(|start| *start <= at);
    Some((*starts.get(next.checked_sub(1)?)?, *starts.get(next)?))
}

/// The shortest longer interval that an interval lies within.
pub(super) fn above(level: Level, (start, end): Period, zone: &Zone) -> Option<(Level, Timestamp)> {
    let mut level = level;
    loop {
        level = level.above()?;
        if let Some(unit) = unit_of(level, start, zone)
            && unit.0 <= start
            && end <= unit.1
        {
            return Some((level, unit.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::at;

    fn unit(level: Level, instant: &str, zone: &str) -> (String, String) {
        let zone = Zone::find(zone).unwrap();
        let (start, end) = unit_of(level, at(instant), &zone).unwrap();
        (zone.local_text(start), zone.local_text(end))
    }

    #[test]
    fn intervals_are_those_of_the_calendar() {
        for (level, instant, zone, start, end) in [
            (
                Level::Hour,
                "2026-03-02T10:20:00+04:00",
                "Europe/Samara",
                "2026-03-02T10:00:00+04:00",
                "2026-03-02T11:00:00+04:00",
            ),
            (
                Level::Hour,
                "2026-03-02T10:20:00+05:45",
                "Asia/Kathmandu",
                "2026-03-02T10:00:00+05:45",
                "2026-03-02T11:00:00+05:45",
            ),
            // The second time that it is between two and three.
            (
                Level::Hour,
                "2026-10-25T02:20:00+01:00",
                "Europe/Berlin",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ),
            // Lord Howe's clocks go back by half an hour: an hour of half an hour.
            (
                Level::Hour,
                "2026-04-05T01:40:00+11:00",
                "Australia/Lord_Howe",
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T01:30:00+10:30",
            ),
            (
                Level::Hour,
                "2026-04-05T01:40:00+10:30",
                "Australia/Lord_Howe",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T02:00:00+10:30",
            ),
            (
                Level::Day,
                "2026-03-29T12:00:00+02:00",
                "Europe/Berlin",
                "2026-03-29T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00",
            ),
            (
                Level::Month,
                "2026-10-25T12:00:00+01:00",
                "Europe/Berlin",
                "2026-10-01T00:00:00+02:00",
                "2026-11-01T00:00:00+01:00",
            ),
        ] {
            assert_eq!(
                unit(level, instant, zone),
                (start.to_owned(), end.to_owned()),
                "{level:?} {instant}"
            );
        }
    }

    #[test]
    fn a_quarter_that_the_calendar_cuts_lies_in_what_holds_it() {
        // Amsterdam's own mean time was 19 min 32 s ahead: its hours begin within quarters.
        let zone = Zone::find("Europe/Amsterdam").unwrap();
        let cut = at("1930-01-02T00:30:00Z");
        let quarter = unit_of(Level::Quarter, cut, &zone).unwrap();
        let found = above(Level::Quarter, quarter, &zone).unwrap();
        let hour = unit_of(Level::Hour, cut, &zone).unwrap();
        assert!(hour.1 < quarter.1, "the hour ends within the quarter");
        assert_eq!(found.0, Level::Day);
        let samara = Zone::find("Europe/Samara").unwrap();
        let whole = unit_of(Level::Quarter, at("2026-03-02T00:30:00Z"), &samara).unwrap();
        let hour = at("2026-03-02T00:00:00Z");
        assert_eq!(
            above(Level::Quarter, whole, &samara),
            Some((Level::Hour, hour))
        );
        let month = unit_of(Level::Month, hour, &samara).unwrap();
        assert_eq!(above(Level::Month, month, &samara), None);
    }
}
