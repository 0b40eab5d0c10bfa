//! The zone in which a period is cut and written.

use jiff::tz::TimeZone;

use crate::model::Timestamp;

use super::error::Error;
use super::nearest::{clipped, nearest};

/// An IANA zone, by its proper name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

impl Zone {
    /// Finds a zone by name, upper and lower case alike.
    ///
    /// # Errors
    ///
    /// `UnknownZone`, with the nearest name.
    pub fn find(name: &str) -> Result<Self, Error> {
        if let Ok(tz) = TimeZone::get(name)
            && let Some(proper) = tz.iana_name()
        {
            let name = proper.to_owned();
            return Ok(Self { name, tz });
        }
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).unwrap_or("UTC");
        Err(Error::UnknownZone {
            zone: clipped(name),
            nearest: nearest.to_owned(),
        })
    }

    /// Its proper name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    pub fn rules(&self) -> &TimeZone {
        &self.tz
    }

    /// An instant in local time with offset (RFC 3339): `1999-01-01T06:30:00+02:00`.
    pub(super) fn local_text(&self, at: Timestamp) -> String {
        match instant(at) {
            Ok(at) => at.display_with_offset(self.tz.to_offset(at)).to_string(),
            // No calendar reaches it; rows and periods are checked before.
            Err(_) => at.to_string(),
        }
    }

    /// The local day of an instant; `None` where the calendar ends.
    pub(super) fn day_of(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let day = instant(at).ok()?.to_zoned(self.tz.clone()).date();
        let first = |day: jiff::civil::Date| {
            let first = day.to_zoned(self.tz.clone()).ok()?;
            Some(Timestamp::from_micros(first.timestamp().as_microsecond()))
        };
        Some((first(day)?, first(day.tomorrow().ok()?)?))
    }
}

/// An instant as the calendar knows it.
pub(super) fn instant(at: Timestamp) -> Result<jiff::Timestamp, jiff::Error> {
    jiff::Timestamp::from_microsecond(at.as_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_local_and_may_have_25_hours() {
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_micros(at.as_microsecond())
        };
        let moscow = Zone::find("Europe/Moscow").unwrap();
        assert_eq!(
            moscow.day_of(at("2014-10-26T12:00:00+03:00")),
            Some((
                at("2014-10-26T00:00:00+04:00"),
                at("2014-10-27T00:00:00+03:00")
            ))
        );
        assert_eq!(moscow.day_of(Timestamp::MIN), None);
    }

    #[test]
    fn a_zone_has_a_proper_name() {
        for (asked, name) in [
            ("Europe/Samara", "Europe/Samara"),
            ("europe/samara", "Europe/Samara"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(Zone::find(asked).unwrap().name(), name);
        }
    }

    #[test]
    fn an_unknown_zone_names_the_nearest() {
        for (asked, expected) in [
            ("Europe/Samra", "Europe/Samara"),
            ("Moscow", "Europe/Moscow"),
            ("", ""),
        ] {
            let Err(Error::UnknownZone { zone, nearest }) = Zone::find(asked) else {
                panic!("{asked:?} is no zone");
            };
            assert_eq!(zone, asked);
            assert!(
                expected.is_empty() || nearest == expected,
                "{asked} → {nearest}"
            );
        }
    }

    #[test]
    fn local_text_carries_the_offset() {
        let at = Timestamp::from_micros(915_165_000_000_000);
        for (zone, text) in [
            ("Asia/Jerusalem", "1999-01-01T06:30:00+02:00"),
            ("UTC", "1999-01-01T04:30:00+00:00"),
            ("America/New_York", "1998-12-31T23:30:00-05:00"),
        ] {
            assert_eq!(Zone::find(zone).unwrap().local_text(at), text);
        }
    }
}
