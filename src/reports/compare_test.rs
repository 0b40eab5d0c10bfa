//! Which period is set beside which, over months, clock changes and leap days.

use super::*;
use crate::reports::fixture::{at, hotline};
use crate::reports::{Bucket, Zone};

fn compared(
    zone: &str,
    period: [&str; 2],
    compare: Compare,
    bucket: Bucket,
) -> (Earlier, [String; 2]) {
    let options = Options {
        zone: Zone::find(zone).unwrap(),
        ..hotline()
    };
    let query = Query {
        start: Some(at(period[0])),
        end: Some(at(period[1])),
        bucket,
        compare,
        ..Query::default()
    };
    let earlier = earlier(&query, &options).unwrap().unwrap();
    let bounds = [earlier.query.start, earlier.query.end];
    let bounds = bounds.map(|at| options.zone.local_text(at.unwrap()));
    (earlier, bounds)
}

fn bounds(zone: &str, period: [&str; 2], compare: Compare) -> [String; 2] {
    compared(zone, period, compare, Bucket::Total).1
}

#[test]
fn a_month_goes_with_a_month_and_a_day_with_a_day() {
    for (period, expected) in [
        // March with February, though it is longer; a quarter with a quarter.
        (
            ["2026-03-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"],
            ["2026-02-01T00:00:00+04:00", "2026-03-01T00:00:00+04:00"],
        ),
        (
            ["2026-01-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"],
            ["2025-10-01T00:00:00+04:00", "2026-01-01T00:00:00+04:00"],
        ),
        (
            ["2026-03-02T00:00:00+04:00", "2026-03-03T00:00:00+04:00"],
            ["2026-03-01T00:00:00+04:00", "2026-03-02T00:00:00+04:00"],
        ),
        (
            ["2026-03-02T09:00:00+04:00", "2026-03-02T12:30:00+04:00"],
            ["2026-03-02T05:30:00+04:00", "2026-03-02T09:00:00+04:00"],
        ),
    ] {
        assert_eq!(bounds("Europe/Samara", period, Compare::Previous), expected);
    }
}

#[test]
fn a_day_of_23_hours_goes_with_a_day_of_24() {
    // The clock goes forward in Berlin on 29 March 2026.
    let short = ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"];
    assert_eq!(
        bounds("Europe/Berlin", short, Compare::Previous),
        ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00"]
    );
    assert_eq!(
        bounds("Europe/Berlin", short, Compare::LastWeek),
        ["2026-03-22T00:00:00+01:00", "2026-03-23T00:00:00+01:00"]
    );
}

#[test]
fn a_leap_day_goes_with_the_day_before_it_and_is_said() {
    for (period, expected, is_said) in [
        (
            ["2024-02-29T00:00:00+00:00", "2024-03-01T00:00:00+00:00"],
            ["2023-02-28T00:00:00+00:00", "2023-03-01T00:00:00+00:00"],
            true,
        ),
        (
            ["2024-02-28T00:00:00+00:00", "2024-02-29T00:00:00+00:00"],
            ["2023-02-28T00:00:00+00:00", "2023-03-01T00:00:00+00:00"],
            false,
        ),
        (
            ["2025-02-01T00:00:00+00:00", "2025-03-01T00:00:00+00:00"],
            ["2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"],
            true,
        ),
        (
            ["2026-05-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"],
            ["2025-05-01T00:00:00+00:00", "2025-06-01T00:00:00+00:00"],
            false,
        ),
    ] {
        let (earlier, bounds) = compared("UTC", period, Compare::LastYear, Bucket::Total);
        assert_eq!(bounds, expected);
        let said = earlier
            .cautions
            .iter()
            .any(|caution| caution.contains("29 February"));
        assert_eq!(said, is_said, "{period:?}");
    }
}

#[test]
fn buckets_line_up_by_position() {
    let march = ["2026-03-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Day);
    assert_eq!(
        (earlier.buckets.len(), earlier.buckets_before.len()),
        (31, 28)
    );
    assert_eq!(earlier.buckets[1], "2026-03-02T00:00:00+04:00");
    assert_eq!(earlier.buckets_before[1], "2026-02-02T00:00:00+04:00");
    assert!(earlier.cautions[0].contains("31 and 28"));
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Weekday);
    assert_eq!(earlier.buckets, earlier.buckets_before);
    assert_eq!(earlier.buckets[6], "sunday");
}

#[test]
fn nothing_is_compared_unless_asked_for() {
    assert_eq!(earlier(&Query::default(), &hotline()).unwrap(), None);
}
