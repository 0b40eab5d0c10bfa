//! Values that are more than a number or a word: spans, addresses, zones, countries.
//!
//! Each is read from text, and says what it expected when the text is something else.

use std::fmt;
use std::marker::PhantomData;

use jiff::civil::Date;
use jiff::tz::{self, TimeZone};
use phonenumber::country;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::database::DatabaseUrl;
use super::nearest::{nearest, suggestion};
use crate::model::{self, Timestamp};

/// An IANA time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone for reckoning with.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Text for Zone {
    const EXPECTED: &'static str = "a time zone such as \"Europe/Samara\"";

    fn read(text: &str) -> Result<Self, String> {
        match TimeZone::get(text) {
            // A name is what is printed and looked up again.
            Ok(zone) if zone.iana_name().is_some() => Ok(Self(zone)),
            Ok(_) | Err(_) => Err(unknown_zone(text)),
        }
    }

    fn write(&self) -> String {
        self.name().to_owned()
    }
}

/// Whoever forgets the continent still means the city.
fn unknown_zone(text: &str) -> String {
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    let whole = nearest(text, names.iter().map(String::as_str));
    let near = whole.map(str::to_owned).or_else(|| {
        let cities = names.iter().filter_map(|name| name.rsplit('/').next());
        let city = nearest(text, cities)?;
        let of_city = |name: &&String| name.rsplit('/').next() == Some(city);
        names.iter().find(of_city).cloned()
    });
    format!(
        "unknown time zone \"{text}\"{}",
        suggestion(near.as_deref())
    )
}

/// A country, by its ISO 3166 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(country::Id);

impl Country {
    /// The country for reading telephone numbers with.
    pub fn id(self) -> country::Id {
        self.0
    }
}

impl Default for Country {
    fn default() -> Self {
        Self(country::RU)
    }
}

impl Text for Country {
    const EXPECTED: &'static str = "a country's two letters, such as \"RU\"";

    fn read(text: &str) -> Result<Self, String> {
        let country = text.parse().map(Self);
        country.map_err(|_| format!("unknown country \"{text}\", expected {}", Self::EXPECTED))
    }

    fn write(&self) -> String {
        self.0.as_ref().to_owned()
    }
}

/// A value that is written as text.
pub(super) trait Text: Sized {
    /// What the text should be.
    const EXPECTED: &'static str;

    fn read(text: &str) -> Result<Self, String>;

    fn write(&self) -> String;
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: Text> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

pub(super) fn read<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

pub(super) fn write<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.write())
}

/// Makes a text value known to serde.
macro_rules! as_text {
    ($($name:ident)+) => {
        $(
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    read(deserializer)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    write(self, serializer)
                }
            }
        )+
    };
}

as_text!(Zone Country DatabaseUrl Day ValidFrom Headline);

/// Makes a text value of another file known to serde.
macro_rules! text_value {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::config::value::read(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::config::value::write(self, serializer)
            }
        }
    };
}
pub(super) use text_value;

/// A day of the hotline's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(Date);

impl Day {
    /// The date.
    pub fn date(self) -> Date {
        self.0
    }
}

impl Text for Day {
    const EXPECTED: &'static str = "a date in quotes such as \"2026-10-01\"";

    fn read(text: &str) -> Result<Self, String> {
        // The library takes a date and time for a date, too.
        let date = text.parse().ok().filter(|_| text.len() == DATE_CHARS);
        let date = date.map(Self);
        date.ok_or_else(|| format!("expected {}, got \"{text}\"", Self::EXPECTED))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

const DATE_CHARS: usize = "2026-10-01".len();

/// From when on something counts: a day of the hotline's zone from its first instant on, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidFrom {
    /// A day.
    Day(Day),
    /// An instant.
    Instant(jiff::Timestamp),
}

impl ValidFrom {
    /// The first instant.
    pub fn at(self, zone: &TimeZone) -> Timestamp {
        let at = match self {
            Self::Instant(at) => Ok(at),
            // Where the clocks skip midnight, the day begins with the first instant after it.
            Self::Day(day) => zone.to_timestamp(day.0.at(0, 0, 0, 0)),
        };
        // A day at the very end of the calendar never comes.
        at.map_or(Timestamp::from_micros(i64::MAX), |at| {
            Timestamp::from_micros(at.as_microsecond())
        })
    }

    /// As it is written.
    pub fn text(self) -> String {
        self.write()
    }
}

impl Text for ValidFrom {
    const EXPECTED: &'static str =
        "a date in quotes such as \"2026-10-01\", or an instant such as \"2026-10-01T08:00+04:00\"";

    fn read(text: &str) -> Result<Self, String> {
        let day = Day::read(text).map(Self::Day);
        let either = day.or_else(|_| text.parse().map(Self::Instant));
        either.map_err(|_| format!("expected {}, got \"{text}\"", Self::EXPECTED))
    }

    fn write(&self) -> String {
        match self {
            Self::Day(day) => day.write(),
            Self::Instant(at) => at.to_string(),
        }
    }
}

/// A formula of the service-level family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headline(model::Headline);

impl Headline {
    /// The formula.
    pub fn of_family(self) -> model::Headline {
        self.0
    }
}

impl Text for Headline {
    const EXPECTED: &'static str = "a formula of the service level such as \"strict\"";

    fn read(text: &str) -> Result<Self, String> {
        let ids = model::Headline::ALL.map(model::Headline::as_str);
        let found = model::Headline::from_id(text).map(Self);
        found.ok_or_else(|| {
            let near = suggestion(nearest(text, ids));
            let known = ids.join("\", \"");
            format!("expected one of \"{known}\", got \"{text}\"{near}")
        })
    }

    fn write(&self) -> String {
        self.0.as_str().to_owned()
    }
}

/// Spans as `20s`, `1m 30s`, `24h`.
pub(crate) mod span {
    use std::time::Duration;

    use super::{Deserializer, Serializer, Text};

    impl Text for Duration {
        const EXPECTED: &'static str = "a span such as \"20s\" or \"1m 30s\"";

        fn read(text: &str) -> Result<Self, String> {
            let span = humantime::parse_duration(text);
            span.map_err(|_| format!("expected {}, got \"{text}\"", Self::EXPECTED))
        }

        fn write(&self) -> String {
            humantime::format_duration(*self).to_string()
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        super::read(deserializer)
    }

    pub(crate) fn serialize<S: Serializer>(
        span: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::write(span, serializer)
    }
}

/// Spans that may be left out.
pub(crate) mod optional_span {
    use std::time::Duration;

    use super::{Deserializer, Serializer, span};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        span::deserialize(deserializer).map(Some)
    }

    pub(crate) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => span::serialize(span, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// Addresses to listen on.
pub(crate) mod address {
    use std::net::SocketAddr;

    use super::{Deserializer, Serializer, Text};

    impl Text for SocketAddr {
        const EXPECTED: &'static str = "an address such as \"127.0.0.1:7440\"";

        fn read(text: &str) -> Result<Self, String> {
            let address = text.parse();
            address.map_err(|_| format!("expected {}, got \"{text}\"", Self::EXPECTED))
        }

        fn write(&self) -> String {
            self.to_string()
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SocketAddr, D::Error> {
        super::read(deserializer)
    }

    pub(crate) fn serialize<S: Serializer>(
        address: &SocketAddr,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::write(address, serializer)
    }
}
