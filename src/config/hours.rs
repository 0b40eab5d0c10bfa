//! Business calendars as a file says them: hours by weekday, holidays, days with hours of their own.
//!
//! Days of the week and days of their own are those of plans, too (`plan`), which say more of each stretch of hours.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::value::{Day, Text, text_value};
use crate::model::{Calendar, DAY_MINUTES, Hours};

/// A business calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarTable {
    /// Its name, for queues and for `--hours`.
    pub name: String,
    /// The usual hours of each day of the week; a day that is not said is closed.
    #[serde(default)]
    pub weekly: Weekly,
    /// Days on which it is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Day>,
    /// Days with hours of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// The usual hours of each day of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the days of every week")]
pub struct Weekly<T = FromTo> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<T>,
}

/// A day with hours of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception<T = FromTo> {
    /// The day.
    pub date: Day,
    /// Its hours; none = closed.
    pub hours: Vec<T>,
}

/// Something that a file says of a stretch of hours.
pub(super) trait Stretch {
    /// Minutes from the day's midnight; past `DAY_MINUTES` of the next morning.
    fn minutes(&self) -> (u16, u16);
}

/// Hours of a day: `08:00-17:00`. What ends no later than it begins ends on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FromTo {
    from: u16,
    to: u16,
}

impl Stretch for FromTo {
    fn minutes(&self) -> (u16, u16) {
        (self.from, self.to)
    }
}

impl Text for FromTo {
    const EXPECTED: &'static str = "hours such as \"08:00-17:00\"";

    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected {}, got \"{text}\"", Self::EXPECTED);
        let (from, to) = text.split_once(['-', '–']).ok_or_else(wrong)?;
        let from = minute(from.trim()).ok_or_else(wrong)?;
        let to = minute(to.trim()).ok_or_else(wrong)?;
        if from == DAY_MINUTES {
            let message = "begins at 24:00, which is 00:00 of the next day: say it there";
            return Err(format!("\"{text}\" {message}"));
        }
        if from == to {
            let message = "is no time at all; a whole day is \"00:00-24:00\"";
            return Err(format!("\"{text}\" {message}"));
        }
        let past = if to < from { DAY_MINUTES } else { 0 };
        Ok(Self {
            from,
            to: to + past,
        })
    }

    fn write(&self) -> String {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let to = if self.to > DAY_MINUTES {
            self.to - DAY_MINUTES
        } else {
            self.to
        };
        format!("{}-{}", time(self.from), time(to))
    }
}

text_value!(FromTo);

/// A time of day as `08:00`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str, most: usize| {
        let right = (1..=most).contains(&part.len());
        right && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(hour, 2) || minute.len() != 2 || !digits(minute, 2) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

// Without asking the same of what is said of the hours.
impl<T> Default for Weekly<T> {
    fn default() -> Self {
        Self {
            mon: Vec::new(),
            tue: Vec::new(),
            wed: Vec::new(),
            thu: Vec::new(),
            fri: Vec::new(),
            sat: Vec::new(),
            sun: Vec::new(),
        }
    }
}

impl<T> Weekly<T> {
    /// The days by their names, Monday first.
    pub(super) fn days(&self) -> [(&'static str, &Vec<T>); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }
}

impl CalendarTable {
    /// The calendar in the hotline's zone.
    pub(super) fn calendar(&self, zone: &TimeZone) -> Calendar {
        let closed = self
            .holidays
            .iter()
            .map(|day| (day.date(), Hours::default()));
        let own = self
            .exceptions
            .iter()
            .map(|one| (one.date.date(), hours(&one.hours)));
        let days: Vec<(Date, Hours)> = closed.chain(own).collect();
        let weekly = self.weekly.days().map(|(_, spans)| hours(spans));
        Calendar::new(zone.clone(), weekly, days)
    }
}

fn hours(spans: &[FromTo]) -> Hours {
    Hours::new(spans.iter().map(|span| span.minutes()).collect())
}
