//! Values that are more than a number or a word: spans, addresses, zones, countries.
//!
//! Each is read from text, and says what it expected when the text is something else.

use std::fmt;
use std::marker::PhantomData;

use jiff::tz::{self, TimeZone};
use phonenumber::country;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::database::DatabaseUrl;
use super::nearest::{nearest, suggestion};

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

fn read<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

fn write<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
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

as_text!(Zone Country DatabaseUrl);

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
