//! The source's clock: days as `yymmdd`, times as `h:mm:ss`, in the civil time of Asia/Jerusalem.
//!
//! The zone's rules come with the program, not from the machine, so that a file gives the same instants everywhere.

use jiff::{
    ToSpan as _,
    civil::{self, Date},
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

use super::quoted;
use crate::connect::row::{Broken, Reason, Warning};

const ZONE: &str = "Asia/Jerusalem";

/// The study covers this year; another one is a damaged field.
const YEAR: i16 = 1999;

/// Turns civil times into instants.
#[derive(Clone, Debug)]
pub(super) struct LocalTime {
    zone: TimeZone,
}

impl LocalTime {
    pub(super) fn of_the_source() -> Result<Self, String> {
        let zone = TimeZoneDatabase::bundled().get(ZONE);
        let zone = zone.map_err(|error| format!("no rules for {ZONE}: {error}"))?;
        Ok(Self { zone })
    }

    /// Seconds since 1970 of a civil time: an ambiguous one is the first, a missing one is shifted forward.
    pub(super) fn instant(
        &self,
        day: Date,
        seconds_of_day: i64,
        warnings: &mut Vec<Warning>,
    ) -> Result<i64, Broken> {
        let midnight = day.to_datetime(civil::Time::midnight());
        let civil_time = midnight.checked_add(seconds_of_day.seconds());
        let out_of_range =
            |error: jiff::Error| Broken::new(Reason::OutOfRange, "date", error.to_string());
        let found = self
            .zone
            .to_ambiguous_timestamp(civil_time.map_err(out_of_range)?);
        match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => {}
            AmbiguousOffset::Gap { .. } => warnings.push(Warning::MissingTime),
            AmbiguousOffset::Fold { .. } => warnings.push(Warning::AmbiguousTime),
        }
        let instant = found.compatible().map_err(out_of_range)?;
        Ok(instant.as_second())
    }
}

/// Reads `yymmdd`.
pub(super) fn day(column: &str, text: &str) -> Result<Date, Broken> {
    let bad = || {
        Broken::new(
            Reason::BadDate,
            column,
            format!("{} is no yymmdd", quoted(text)),
        )
    };
    if text.len() != 6 {
        return Err(bad());
    }
    let part = |from: usize| two_digits(text.as_bytes().get(from..from + 2)?);
    let year = part(0).ok_or_else(bad)?;
    let month = part(2).ok_or_else(bad)?;
    let day = part(4).ok_or_else(bad)?;
    if i16::from(year) != YEAR % 100 {
        let message = format!("{} is not of {YEAR}", quoted(text));
        return Err(Broken::new(Reason::OutOfRange, column, message));
    }
    Date::new(YEAR, month, day).map_err(|_| bad())
}

/// The day after.
pub(super) fn next_day(day: Date) -> Result<Date, Broken> {
    let next = day.tomorrow();
    next.map_err(|error| Broken::new(Reason::OutOfRange, "date", error.to_string()))
}

/// Reads `h:mm:ss` as seconds since midnight.
pub(super) fn seconds_of_day(column: &str, text: &str) -> Result<i64, Broken> {
    let bad = || {
        Broken::new(
            Reason::BadTime,
            column,
            format!("{} is no h:mm:ss", quoted(text)),
        )
    };
    let mut parts = text.split(':');
    let (Some(hour), Some(minute), Some(second), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    let hour = match hour.len() {
        1 => two_digits(format!("0{hour}").as_bytes()),
        _ => two_digits(hour.as_bytes()),
    };
    let hour = hour.filter(|&hour| hour < 24).ok_or_else(bad)?;
    let minute = two_digits(minute.as_bytes());
    let minute = minute.filter(|&minute| minute < 60).ok_or_else(bad)?;
    let second = two_digits(second.as_bytes());
    let second = second.filter(|&second| second < 60).ok_or_else(bad)?;
    Ok(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

fn two_digits(text: &[u8]) -> Option<i8> {
    match text {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9'] => {
            let value = (tens - b'0') * 10 + (units - b'0');
            i8::try_from(value).ok()
        }
        _ => None,
    }
}
