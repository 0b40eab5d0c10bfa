//! `--from` and `--to`: dates, local times and instants, and the period they make.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::model::Timestamp;

use super::super::failure::{Exit, Failure};

/// A bound of the period, as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Bound {
    /// With an offset: it needs no zone.
    Instant(jiff::Timestamp),
    /// Without: local.
    Local(DateTime),
}

impl Bound {
    /// The instant, where no zone is needed to know it.
    pub(super) fn instant(self) -> Option<jiff::Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Local(_) => None,
        }
    }
}

impl FromStr for Bound {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MONTH_CHARS: usize = "2026-01".len();
        if text.len() == MONTH_CHARS
            && let Ok(first) = format!("{text}-01").parse::<Date>()
        {
            return Ok(Self::Local(first.into()));
        }
        let instant = text.parse().map(Self::Instant);
        let bound = instant.or_else(|_| text.parse().map(Self::Local));
        bound.map_err(|_| "give 2026-01-31, 2026-01, 2026-01-31T08:00, or with an offset 2026-01-31T08:00+04:00")
    }
}

/// First instant of the period and first one after it; by default today.
///
/// A local time that is there twice is the first, one that is missing is shifted forward.
pub(super) fn resolve(
    bounds: [Option<Bound>; 2],
    zone: &TimeZone,
    now: Timestamp,
) -> Result<[jiff::Timestamp; 2], Failure> {
    let beyond = |field: &'static str| {
        move |_| {
            let words = format!(
                "{field} is beyond the calendar, which goes from -9999-01-03 to 9999-12-29"
            );
            Failure::new(Exit::Usage, words)
        }
    };
    let today = jiff::Timestamp::from_microsecond(now.as_micros()).map_err(beyond("today"))?;
    let today = today.to_zoned(zone.clone()).date();
    let instant = |field, bound: Option<Bound>, usual: Date| match bound {
        Some(Bound::Instant(at)) => Ok(at),
        Some(Bound::Local(local)) => zone.to_timestamp(local).map_err(beyond(field)),
        None => zone.to_timestamp(usual.into()).map_err(beyond(field)),
    };
    let [from, to] = bounds;
    let tomorrow = today.tomorrow().map_err(beyond("today"))?;
    let [start, end] = [
        instant("--from", from, today)?,
        instant("--to", to, tomorrow)?,
    ];
    if to.is_none() && end < start {
        let start = start.to_zoned(zone.clone()).datetime();
        let words = format!(
            "--from {start} is after today, with which a period without --to ends: say --to as well"
        );
        return Err(Failure::new(Exit::Usage, words));
    }
    Ok([start, end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(zone: &str, from: Option<&str>, to: Option<&str>) -> [String; 2] {
        let bound = |text: &str| text.parse::<Bound>().unwrap();
        let now: jiff::Timestamp = "2026-03-02T21:30:00Z".parse().unwrap();
        let now = Timestamp::from_micros(now.as_microsecond());
        let zone = TimeZone::get(zone).unwrap();
        let period = resolve([from.map(bound), to.map(bound)], &zone, now).unwrap();
        period.map(|at| at.to_string())
    }

    #[test]
    fn bounds_are_local_unless_they_have_an_offset() {
        for (from, expected) in [
            ("2026-01-31", "2026-01-30T20:00:00Z"),
            ("2026-01", "2025-12-31T20:00:00Z"),
            ("2026-01-31T08:00", "2026-01-31T04:00:00Z"),
            ("2026-01-31 08:00:30", "2026-01-31T04:00:30Z"),
            ("2026-01-31T08:00+01:00", "2026-01-31T07:00:00Z"),
            ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
        ] {
            assert_eq!(
                resolved("Europe/Samara", Some(from), None)[0],
                expected,
                "{from}"
            );
        }
    }

    #[test]
    fn the_usual_period_is_today() {
        // 21:30 UTC is already 3 March in Samara, and still 2 March in New York.
        assert_eq!(
            resolved("Europe/Samara", None, None),
            ["2026-03-02T20:00:00Z", "2026-03-03T20:00:00Z"]
        );
        assert_eq!(
            resolved("America/New_York", None, None),
            ["2026-03-02T05:00:00Z", "2026-03-03T05:00:00Z"]
        );
        assert_eq!(
            resolved("Europe/Samara", Some("2026-02"), None),
            ["2026-01-31T20:00:00Z", "2026-03-03T20:00:00Z"]
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_flag() {
        let refused = |from: &str, to: Option<&str>| {
            let bound = |text: &str| text.parse::<Bound>().unwrap();
            let now: jiff::Timestamp = "2026-03-02T21:30:00Z".parse().unwrap();
            let now = Timestamp::from_micros(now.as_microsecond());
            let zone = TimeZone::get("Europe/Samara").unwrap();
            let failure = resolve([Some(bound(from)), to.map(bound)], &zone, now).unwrap_err();
            format!("{failure:?}")
        };
        for (from, to, words) in [
            (
                "0001-01-01",
                Some("9999-12-31T23:00"),
                "--to is beyond the calendar",
            ),
            (
                "-009999-01-01",
                Some("2026-01-01"),
                "--from is beyond the calendar",
            ),
            ("2027-03", None, "--from 2027-03-01T00:00:00 is after today"),
        ] {
            let said = refused(from, to);
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_doubtful_local_time_has_one_instant() {
        // 01:30 is there twice on 1 November, 02:30 not at all on 8 March.
        let [first, shifted] = resolved(
            "America/New_York",
            Some("2026-11-01T01:30"),
            Some("2026-03-08T02:30"),
        );
        assert_eq!(
            (&*first, &*shifted),
            ("2026-11-01T05:30:00Z", "2026-03-08T07:30:00Z")
        );
    }

    #[test]
    fn other_words_are_refused() {
        for text in [
            "",
            "yesterday",
            "2026",
            "2026-13",
            "2026-02-30",
            "31.01.2026",
            "2026-1-1",
            "2026-01-31T25:00",
        ] {
            assert!(text.parse::<Bound>().is_err(), "{text}");
        }
    }
}
