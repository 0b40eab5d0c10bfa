//! Which period is set beside which, over months, clock changes and leap days.

use std::time::Duration;

use super::*;
use crate::model::{Headline, QueueRules, QueueTarget};
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

/// The pairs of two periods, each as `local time of the one = local time of the other`, as far as asked.
fn paired(earlier: &Earlier, wanted: &str) -> Vec<String> {
    let both = earlier.buckets.iter().zip(&earlier.buckets_before);
    let both = both.map(|(now, then)| format!("{now} = {then}"));
    both.filter(|pair| pair.contains(wanted)).collect()
}

#[test]
fn days_go_with_the_same_days_of_another_month() {
    let march = ["2026-03-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Day);
    assert_eq!(
        paired(&earlier, "2026-03-28T"),
        ["2026-03-28T00:00:00+04:00 = 2026-02-28T00:00:00+04:00"]
    );
    let alone = "2026-03-31T00:00:00+04:00 = ";
    assert_eq!(paired(&earlier, "2026-03-31T"), [alone]);
    assert_eq!(earlier.buckets.len(), earlier.buckets_before.len());
    assert!(earlier.cautions[0].contains("31 and 28"));
    // Of two months the second goes with the second, however long the first is.
    let spring = ["2026-02-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", spring, Compare::Previous, Bucket::Day);
    assert_eq!(
        paired(&earlier, "2026-03-01T"),
        ["2026-03-01T00:00:00+04:00 = 2026-01-01T00:00:00+04:00"]
    );
    let leap = ["2024-02-01T00:00:00+00:00", "2024-04-01T00:00:00+00:00"];
    let (earlier, _) = compared("UTC", leap, Compare::LastYear, Bucket::Day);
    assert_eq!(
        paired(&earlier, "2024-03-01T"),
        ["2024-03-01T00:00:00+00:00 = 2023-03-01T00:00:00+00:00"]
    );
}

#[test]
fn a_repeated_hour_moves_none_of_the_others() {
    let long = ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"];
    let (earlier, _) = compared("Europe/Berlin", long, Compare::Previous, Bucket::Hour);
    assert_eq!(
        paired(&earlier, "10-25T02:"),
        [
            "2026-10-25T02:00:00+02:00 = 2026-10-24T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00 = ",
        ]
    );
    assert_eq!(
        paired(&earlier, "10-25T07:"),
        ["2026-10-25T07:00:00+01:00 = 2026-10-24T07:00:00+02:00"]
    );
    assert!(earlier.cautions[0].contains("25 and 24"), "{earlier:?}");
    let next = ["2026-10-26T00:00:00+01:00", "2026-10-27T00:00:00+01:00"];
    let (earlier, _) = compared("Europe/Berlin", next, Compare::Previous, Bucket::Minutes30);
    assert_eq!(
        paired(&earlier, "10-26T02:30"),
        ["2026-10-26T02:30:00+01:00 = 2026-10-25T02:30:00+02:00"]
    );
    assert_eq!(
        paired(&earlier, "10-25T02:30:00+01:00"),
        [" = 2026-10-25T02:30:00+01:00"]
    );
    assert_eq!(
        paired(&earlier, "10-26T23:30"),
        ["2026-10-26T23:30:00+01:00 = 2026-10-25T23:30:00+01:00"]
    );
    // An hour that is left out leaves one of the day before alone.
    let short = ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"];
    let (earlier, _) = compared("Europe/Berlin", short, Compare::Previous, Bucket::Hour);
    assert_eq!(paired(&earlier, "T02:"), [" = 2026-03-28T02:00:00+01:00"]);
    assert_eq!(
        paired(&earlier, "T03:"),
        ["2026-03-29T03:00:00+02:00 = 2026-03-28T03:00:00+01:00"]
    );
}

#[test]
fn what_has_no_time_of_its_own_goes_by_place_or_name() {
    let march = ["2026-03-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Weekday);
    assert_eq!(earlier.buckets, earlier.buckets_before);
    assert_eq!(earlier.buckets[6], "sunday");
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Week);
    assert_eq!(
        paired(&earlier, "2026-03-02T"),
        ["2026-03-02T00:00:00+04:00 = 2026-02-02T00:00:00+04:00"]
    );
    // Hours that lie on another grid than those of three and a half hours before.
    let odd = ["2026-03-02T08:30:00+04:00", "2026-03-02T12:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", odd, Compare::Previous, Bucket::Hour);
    assert_eq!(
        paired(&earlier, "T09:00"),
        ["2026-03-02T09:00:00+04:00 = 2026-03-02T06:00:00+04:00"]
    );
}

#[test]
fn weeks_and_months_go_with_as_many_days_or_alone() {
    // January 2026 begins on a Thursday, the December before it on a Monday.
    let january = ["2026-01-01T00:00:00+04:00", "2026-02-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", january, Compare::Previous, Bucket::Week);
    let pairs = |wanted: &str| paired(&earlier, wanted);
    assert_eq!(pairs("2026-01-01T"), ["2026-01-01T00:00:00+04:00 = "]);
    assert_eq!(pairs("2025-12-01T"), [" = 2025-12-01T00:00:00+04:00"]);
    assert_eq!(
        pairs("2026-01-05T"),
        ["2026-01-05T00:00:00+04:00 = 2025-12-08T00:00:00+04:00"]
    );
    assert_eq!(pairs("2026-01-26T"), ["2026-01-26T00:00:00+04:00 = "]);
    assert_eq!(earlier.cautions, [CUT_OFF]);
    // As many days go together, though neither is all there; a whole month goes with a whole one, however long.
    let cut = ["2026-03-10T00:00:00+04:00", "2026-03-18T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", cut, Compare::LastYear, Bucket::Month);
    assert_eq!(
        paired(&earlier, "2026-03-10T"),
        ["2026-03-10T00:00:00+04:00 = 2025-03-10T00:00:00+04:00"]
    );
    let march = ["2026-03-01T00:00:00+04:00", "2026-04-01T00:00:00+04:00"];
    let (earlier, _) = compared("Europe/Samara", march, Compare::Previous, Bucket::Month);
    assert_eq!((earlier.buckets.len(), earlier.cautions.len()), (1, 0));
}

#[test]
fn rules_that_differ_between_the_periods_are_said() {
    let rules = |queue: Option<&str>, seconds: u64, headline: Headline| RulesInForce {
        queue: queue.map(QueueId::new),
        since: None,
        until: None,
        rules: QueueRules {
            headline,
            ..QueueRules::from(QueueTarget {
                service_level: Duration::from_secs(seconds),
                ..QueueTarget::default()
            })
        },
    };
    let usual = rules(None, 20, Headline::Strict);
    let before = [usual.clone(), rules(Some("PS"), 20, Headline::Strict)];
    let now = [usual.clone(), rules(Some("PS"), 60, Headline::AnsweredOnly)];
    assert_eq!(
        unlike(&now, &before),
        [
            "what counts for queue PS differs between the two periods: T from 20 s to 60 s, headline from strict to \
             answered_only; figures that rest on it have no difference"
        ]
    );
    // Changed within the one period, it is not what it was in the other.
    let changing = [usual.clone(), rules(None, 30, Headline::Strict)];
    assert_eq!(
        unlike(&changing, std::slice::from_ref(&usual)),
        [
            "what counts for queues without their own differs between the two periods: T from 20 s to 20 s then 30 s; \
             figures that rest on it have no difference"
        ]
    );
    assert_eq!(unlike(&before, &before), [""; 0]);
}

#[test]
fn nothing_is_compared_unless_asked_for() {
    assert_eq!(earlier(&Query::default(), &hotline()).unwrap(), None);
}
