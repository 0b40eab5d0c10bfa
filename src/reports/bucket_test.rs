//! Cutting periods, above all where clocks are set forward and back.

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
    let minutes = |count: i64| Timestamp::from_micros(start.as_micros() + count * MINUTE_MICROS);
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

/// What each bucket of a period is called, in order of its intervals.
fn names(zone: &str, from: &str, to: &str, bucket: Bucket) -> Vec<String> {
    let zone = Zone::find(zone).unwrap();
    let buckets = Buckets::cut(at(from), at(to), bucket, &zone).unwrap();
    let starts = buckets.starts.iter();
    let bucket = starts.map(|start| buckets.index_of(*start).unwrap());
    bucket.map(|index| buckets.name(index, &zone)).collect()
}

#[test]
fn weekdays_are_seven_however_long_the_period_is() {
    // 1 January 1999 was a Friday; 18 January a Monday.
    let days = names(
        "Asia/Jerusalem",
        "1999-01-01T12:00:00+02:00",
        "1999-01-19T00:00:00+02:00",
        Bucket::Weekday,
    );
    assert_eq!(days.len(), 18);
    assert_eq!(
        days[..5],
        ["friday", "saturday", "sunday", "monday", "tuesday"]
    );
    assert_eq!(days[17], "monday");
    let zone = Zone::find("Asia/Jerusalem").unwrap();
    let (start, end) = (
        at("1999-01-01T00:00:00+02:00"),
        at("2009-01-01T00:00:00+02:00"),
    );
    let decade = Buckets::cut(start, end, Bucket::Weekday, &zone).unwrap();
    // Monday is the first of them.
    assert_eq!(decade.index_of(at("2008-12-29T23:59:59+02:00")), Some(0));
    assert_eq!(decade.index_of(at("2008-12-28T23:59:59+02:00")), Some(6));
}

#[test]
fn hours_of_the_day_are_local_and_a_repeated_one_counts_in_one() {
    assert_eq!(
        names(
            "America/New_York",
            "2026-11-01T00:30:00-04:00",
            "2026-11-01T03:00:00-05:00",
            Bucket::HourOfDay
        ),
        ["00", "01", "01", "02"]
    );
    assert_eq!(
        names(
            "Europe/Berlin",
            "2026-03-28T23:00:00+01:00",
            "2026-03-29T04:00:00+02:00",
            Bucket::HourOfDay
        ),
        ["23", "00", "01", "03"]
    );
}

#[test]
fn a_stretch_is_cut_at_civil_hours_and_laid_together() {
    let zone = Zone::find("Europe/Samara").unwrap();
    let (start, end) = (
        at("2026-03-02T00:00:00+04:00"),
        at("2026-03-05T00:00:00+04:00"),
    );
    let hours = Buckets::cut(start, end, Bucket::HourOfDay, &zone).unwrap();
    // Monday 22:30 to Tuesday 01:15: half an hour, one hour, one hour, a quarter.
    let night = (
        at("2026-03-02T22:30:00+04:00"),
        at("2026-03-03T01:15:00+04:00"),
    );
    let minutes = |(bucket, _, span): (usize, Timestamp, Duration)| (bucket, span.as_secs() / 60);
    let parts: Vec<_> = hours.cut_up(night.0, night.1).map(minutes).collect();
    assert_eq!(parts, [(22, 30), (23, 60), (0, 60), (1, 15)]);
    let days = Buckets::cut(start, end, Bucket::Weekday, &zone).unwrap();
    let parts: Vec<_> = days.cut_up(night.0, night.1).map(minutes).collect();
    assert_eq!(parts, [(0, 90), (1, 75)]);
}

#[test]
fn too_long_a_period_is_refused_for_hours_of_the_day_too() {
    let zone = Zone::find("UTC").unwrap();
    let start = at("2000-01-01T00:00:00Z");
    let hours = |count: i64| Timestamp::from_micros(start.as_micros() + count * 60 * MINUTE_MICROS);
    assert!(Buckets::cut(start, hours(100_000), Bucket::HourOfDay, &zone).is_ok());
    let error = Buckets::cut(start, hours(100_001), Bucket::HourOfDay, &zone).unwrap_err();
    assert!(error.to_string().contains("hour-of-day"), "{error}");
}

#[test]
fn too_many_buckets_name_the_shortest_that_fits() {
    let zone = Zone::find("Europe/Samara").unwrap();
    let [start, end] = ["2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z"].map(at);
    let refused = |bucket, end| {
        let error = Buckets::cut(start, end, bucket, &zone).unwrap_err();
        error.to_string()
    };
    // 7 years are 245,472 quarters, 122,736 half hours and 61,368 hours.
    for bucket in [Bucket::Minutes15, Bucket::Minutes30] {
        let said = refused(bucket, end);
        assert!(said.ends_with("the shortest that fits is hour"), "{said}");
    }
    let said = refused(Bucket::Hour, at("9990-01-01T00:00:00Z"));
    assert!(said.ends_with("the shortest that fits is month"), "{said}");
    let said = refused(Bucket::HourOfDay, at("2040-01-01T00:00:00Z"));
    assert!(
        said.ends_with("the shortest that fits is weekday"),
        "{said}"
    );
}
