//! How single figures are written: exactly for programs, briefly for people.

use std::time::Duration;

use crate::kpi::seconds_text;

/// Shown to people where there is no data.
const NONE: &str = "–";

/// A span of the contract; ours are never negative.
pub(in crate::cli) fn span(span: &pbjson_types::Duration) -> Duration {
    Duration::try_from(*span).unwrap_or_default()
}

/// An instant as the contract has it.
pub(super) fn timestamp(at: jiff::Timestamp) -> pbjson_types::Timestamp {
    let nanos = at.as_nanosecond();
    let second = nanos.div_euclid(1_000_000_000);
    pbjson_types::Timestamp {
        // The calendar's instants have seconds far below 2⁶³, and a remainder is below 10⁹.
        seconds: second as i64,
        nanos: (nanos - second * 1_000_000_000) as i32,
    }
}

/// An instant of the contract in local time with offset (RFC 3339), to the second; UTC where the zone is not known here.
pub(in crate::cli) fn local(at: &pbjson_types::Timestamp, zone: &str) -> String {
    let instant = jiff::Timestamp::from_second(at.seconds).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    instant
        .display_with_offset(zone.to_offset(instant))
        .to_string()
}

/// For programs: seconds in plain decimals; empty without data.
pub(in crate::cli) fn seconds(value: Option<&pbjson_types::Duration>) -> String {
    value
        .map(|value| seconds_text(span(value)))
        .unwrap_or_default()
}

/// For programs: a count; empty where the figure does not apply.
pub(super) fn count(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

/// For people: `54.4 %`. What is not all is never written as all, nor what is there as nothing.
pub(in crate::cli) fn percent(share: Option<f64>) -> String {
    // Shares of counts are exact at both ends; weighted ones may miss them by as little.
    const NEARLY: f64 = 1e-9;
    let Some(share) = share else {
        return NONE.to_owned();
    };
    let written = format!("{:.1} %", share * 100.0);
    match written.as_str() {
        "100.0 %" if share < 1.0 - NEARLY => "> 99.9 %".to_owned(),
        "0.0 %" if share > NEARLY => "< 0.1 %".to_owned(),
        _ => written,
    }
}

/// For people: minutes and seconds, from an hour on with hours; `1:51`, `2:03:00`.
pub(in crate::cli) fn clock(value: Option<&pbjson_types::Duration>) -> String {
    let Some(value) = value else {
        return NONE.to_owned();
    };
    let value = span(value);
    let seconds = value.as_secs() + u64::from(value.subsec_millis() >= 500);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// For people: `1999-01-01 06:30 +02:00` of `1999-01-01T06:30:00+02:00`, with seconds where there are any.
pub(super) fn when(local: &str) -> String {
    let parts = local.split_once('T').and_then(|(date, rest)| {
        let sign = rest.find(['+', '-'])?;
        let (time, offset) = rest.split_at(sign);
        // To the second: a microsecond is for programs.
        let time = time.split('.').next().unwrap_or(time);
        Some((date, time.strip_suffix(":00").unwrap_or(time), offset))
    });
    parts.map_or_else(
        || local.to_owned(),
        |(date, time, offset)| format!("{date} {time} {offset}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(value: u64) -> pbjson_types::Duration {
        Duration::from_millis(value).into()
    }

    #[test]
    fn programs_get_plain_decimals() {
        assert_eq!(seconds(Some(&millis(947_857_000))), "947857");
        assert_eq!(seconds(Some(&millis(12_500))), "12.5");
        assert_eq!(seconds(None), "");
        assert_eq!((count(Some(0)), count(None)), ("0".into(), String::new()));
    }

    #[test]
    fn people_get_minutes_and_percent() {
        for (value, text) in [
            (0, "0:00"),
            (499, "0:00"),
            (500, "0:01"),
            (59_500, "1:00"),
            (111_000, "1:51"),
            (3_599_499, "59:59"),
            (7_380_000, "2:03:00"),
        ] {
            assert_eq!(clock(Some(&millis(value))), text);
        }
        assert_eq!((clock(None), percent(None)), (NONE.into(), NONE.into()));
        assert_eq!(percent(Some(0.54381)), "54.4 %");
        for (count, text) in [
            (0, "0.0 %"),
            (1, "< 0.1 %"),
            (5, "0.1 %"),
            (9_994, "99.9 %"),
            (9_999, "> 99.9 %"),
            (10_000, "100.0 %"),
        ] {
            assert_eq!(percent(Some(f64::from(count) / 10_000.0)), text, "{count}");
        }
    }

    #[test]
    fn a_local_time_is_read_at_a_glance() {
        assert_eq!(when("1999-01-01T06:30:00+02:00"), "1999-01-01 06:30 +02:00");
        assert_eq!(
            when("2026-01-01T06:30:15.5-05:00"),
            "2026-01-01 06:30:15 -05:00"
        );
        assert_eq!(when("something else"), "something else");
    }

    #[test]
    fn an_instant_keeps_its_nanoseconds() {
        let at = timestamp("1969-12-31T23:59:59.5Z".parse().unwrap());
        assert_eq!((at.seconds, at.nanos), (-1, 500_000_000));
        let at = timestamp("1999-01-01T00:00:00.000000001+02:00".parse().unwrap());
        assert_eq!((at.seconds, at.nanos), (915_141_600, 1));
    }
}
