//! Calendars beside a walk minute by minute.

use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_micros(at.as_microsecond())
}

fn hours(spans: &[(u16, u16)]) -> Hours {
    Hours::new(spans.to_vec())
}

/// Weekdays from 8 to 17, Friday a night shift from 22 to 6; 4 November closed, 31 December until 13.
fn office(name: &str) -> Calendar {
    let day = hours(&[(480, 1020)]);
    let weekly = [
        day.clone(),
        day.clone(),
        day.clone(),
        day,
        hours(&[(480, 1020), (1320, 1800)]),
        Hours::default(),
        Hours::default(),
    ];
    let date = |text: &str| text.parse::<Date>().unwrap();
    let days = [
        (date("2026-11-04"), Hours::default()),
        (date("2026-12-31"), hours(&[(480, 780)])),
    ];
    Calendar::new(zone(name), weekly, days)
}

#[test]
fn it_is_open_by_the_clock_on_the_wall() {
    let office = office("Europe/Samara");
    for (instant, open) in [
        ("2026-11-02T07:59:59.999999+04:00", false),
        ("2026-11-02T08:00:00+04:00", true),
        ("2026-11-02T16:59:59.999999+04:00", true),
        ("2026-11-02T17:00:00+04:00", false),
        // A holiday, a short day, a weekend.
        ("2026-11-04T10:00:00+04:00", false),
        ("2026-12-31T12:59:00+04:00", true),
        ("2026-12-31T13:00:00+04:00", false),
        ("2026-11-08T10:00:00+04:00", false),
        // Friday's night goes on until Saturday's morning.
        ("2026-11-06T22:00:00+04:00", true),
        ("2026-11-07T05:59:59+04:00", true),
        ("2026-11-07T06:00:00+04:00", false),
    ] {
        assert_eq!(office.is_open(at(instant)), open, "{instant}");
    }
    assert!(!office.is_open(Timestamp::from_micros(i64::MAX)));
}

#[test]
fn it_closes_in_the_time_that_is_left_of_the_opening() {
    let office = office("Europe/Samara");
    for (instant, minutes) in [
        ("2026-11-02T07:59:00+04:00", None),
        ("2026-11-02T08:00:00+04:00", Some(9 * 60)),
        ("2026-11-02T16:45:00+04:00", Some(15)),
        ("2026-11-02T17:00:00+04:00", None),
        ("2026-12-31T12:30:00+04:00", Some(30)),
        // Through midnight.
        ("2026-11-06T23:00:00+04:00", Some(7 * 60)),
    ] {
        let left = minutes.map(|minutes| Duration::from_secs(minutes * 60));
        assert_eq!(office.closes_in(at(instant)), left, "{instant}");
    }
    let always = Hours::new(vec![(0, 24 * 60)]);
    let always = Calendar::new(
        jiff::tz::TimeZone::UTC,
        [(); 7].map(|()| always.clone()),
        [],
    );
    assert_eq!(always.closes_in(at("2026-11-02T08:00:00Z")), None);
}

#[test]
fn the_next_opening_passes_over_holidays_and_nights() {
    let office = office("Europe/Samara");
    for (from, opens) in [
        ("2026-11-02T10:00:00+04:00", "2026-11-02T10:00:00+04:00"),
        ("2026-11-03T17:00:00+04:00", "2026-11-05T08:00:00+04:00"),
        ("2026-11-07T06:00:00+04:00", "2026-11-09T08:00:00+04:00"),
    ] {
        assert_eq!(office.next_opening(at(from)), Some(at(opens)), "{from}");
    }
    let never = Calendar::new(TimeZone::UTC, Default::default(), []);
    assert_eq!(never.next_opening(at("2026-11-02T10:00:00Z")), None);
}

#[test]
fn a_repeated_hour_counts_twice_and_a_missing_one_not_at_all() {
    // From 1 to 4 every day.
    let night = std::array::from_fn(|_| hours(&[(60, 240)]));
    let berlin = Calendar::new(zone("Europe/Berlin"), night, []);
    let open = |day: &str, next: &str| berlin.open_time(at(day), at(next)).as_secs() / 3600;
    assert_eq!(
        open("2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00"),
        3
    );
    assert_eq!(
        open("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        2
    );
    assert_eq!(
        open("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        4
    );
}

#[test]
fn an_hour_that_ends_in_the_repeated_one_is_open_in_both() {
    // From 1:30 to 2:30; in Berlin 2:00 to 3:00 came twice on 25 October 2026.
    let hours = std::array::from_fn(|_| hours(&[(90, 150)]));
    let berlin = Calendar::new(zone("Europe/Berlin"), hours, []);
    let spans = berlin.open_spans(
        at("2026-10-25T00:00:00+02:00"),
        at("2026-10-26T00:00:00+01:00"),
    );
    let expected = [
        ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"),
    ];
    assert_eq!(spans, expected.map(|(from, to)| (at(from), at(to))));
}

/// The same question answered minute by minute with the calendar library alone.
fn is_open_by_minute(
    zone: &TimeZone,
    weekly: &[Hours; 7],
    days: &[(Date, Hours)],
    at: i64,
) -> bool {
    let at = jiff::Timestamp::from_second(at * 60).unwrap();
    let local = at.to_zoned(zone.clone());
    let minute = local.hour() as u16 * 60 + local.minute() as u16;
    let of = |date: Date| {
        let own = days.iter().rfind(|(day, _)| *day == date);
        own.map_or_else(
            || &weekly[Weekday::to_monday_zero_offset(date.weekday()) as usize],
            |(_, hours)| hours,
        )
    };
    let holds = |hours: &Hours, minute: u16| {
        let mut spans = hours.spans().iter();
        spans.any(|(from, to)| *from <= minute && minute < *to)
    };
    let today = local.date();
    holds(of(today), minute) || holds(of(today.yesterday().unwrap()), minute + DAY_MINUTES)
}

fn some_hours() -> impl Strategy<Value = Hours> {
    let span = (0..DAY_MINUTES, 1..DAY_MINUTES).prop_map(|(from, long)| (from, from + long));
    prop::collection::vec(span, 0..3).prop_map(Hours::new)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_walk_by_minutes_sees_the_same(
        name in prop::sample::select(vec![
            "UTC", "Europe/Samara", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
        ]),
        weekly in prop::collection::vec(some_hours(), 7),
        own in prop::collection::vec((0..6_i32, some_hours()), 0..3),
        // Around a change of the clocks in Berlin, in Lord Howe, and the day that Apia skipped.
        around in prop::sample::select(vec![29_578_500_i64, 29_883_000, 29_596_000, 22_088_000]),
        shift in -3_000..3_000_i64,
        long in 0..4_000_i64,
    ) {
        let tz = zone(name);
        let weekly: [Hours; 7] = weekly.try_into().unwrap();
        let start = around + shift;
        let first = jiff::Timestamp::from_second(start * 60).unwrap().to_zoned(tz.clone()).date();
        let days: Vec<(Date, Hours)> = own
            .into_iter()
            .map(|(day, hours)| (first.saturating_add(jiff::Span::new().days(day)), hours))
            .collect();
        let calendar = Calendar::new(tz.clone(), weekly.clone(), days.clone());
        let at = |minute: i64| Timestamp::from_micros(minute * 60_000_000);

        let mut open = 0;
        let mut first_open = None;
        for minute in start..start + long {
            let expected = is_open_by_minute(&tz, &weekly, &days, minute);
            prop_assert_eq!(calendar.is_open(at(minute)), expected);
            open += u64::from(expected);
            first_open = first_open.or(expected.then_some(minute));
        }
        let time = calendar.open_time(at(start), at(start + long));
        prop_assert_eq!(time, Duration::from_secs(open * 60));
        if let Some(first_open) = first_open {
            prop_assert_eq!(calendar.next_opening(at(start)), Some(at(first_open)));
        }
        let spans = calendar.open_spans(at(start), at(start + long));
        prop_assert!(spans.iter().all(|(from, to)| from < to));
    }
}
