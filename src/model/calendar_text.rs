//! A calendar as text, so that what it held can be kept and compared with what it holds later.
//!
//! ```text
//! zone Europe/Samara
//! mon 08:00-12:00 13:00-17:00
//! sat
//! 2026-02-23
//! ```
//!
//! One line a thing: the zone, each weekday, each day with hours of its own; nothing behind a day = closed. Hours that go
//! on past midnight end earlier than they begin.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::calendar::{Calendar, DAY_MINUTES, Hours};

/// The days of the week, Monday first.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What stands before the zone.
const ZONE: &str = "zone";

impl Calendar {
    /// The calendar as text.
    pub fn text(&self) -> String {
        let mut text = format!("{ZONE} {}\n", self.zone_name());
        let weekly = WEEKDAYS.into_iter().zip(self.weekly());
        let weekly = weekly.map(|(name, hours)| (name.to_owned(), hours));
        let own = self.days().map(|(date, hours)| (date.to_string(), hours));
        for (day, hours) in weekly.chain(own) {
            text += &day;
            for span in hours.spans() {
                text += &format!(" {}", span_text(*span));
            }
            text.push('\n');
        }
        text
    }

    /// The calendar of a text; `zone_of` finds a zone by its name. `None` = no calendar is written so, or there is no such
    /// zone.
    pub fn read(text: &str, zone_of: impl Fn(&str) -> Option<TimeZone>) -> Option<Self> {
        let mut lines = text.lines();
        let zone = lines.next()?.strip_prefix(ZONE)?.trim();
        let mut weekly: [Hours; 7] = Default::default();
        let mut days: Vec<(Date, Hours)> = Vec::new();
        for line in lines {
            let mut words = line.split(' ');
            let day = words.next()?;
            let hours = Hours::new(words.map(span).collect::<Option<_>>()?);
            match WEEKDAYS.iter().position(|name| *name == day) {
                Some(weekday) => weekly[weekday] = hours,
                None => days.push((day.parse().ok()?, hours)),
            }
        }
        Some(Self::new(zone_of(zone)?, weekly, days))
    }
}

impl Hours {
    /// The hours in words: `08:00-12:00 and 13:00-17:00`, `closed`.
    pub fn words(&self) -> String {
        let spans: Vec<_> = self.spans().iter().map(|span| span_text(*span)).collect();
        match spans.is_empty() {
            true => "closed".to_owned(),
            false => spans.join(" and "),
        }
    }
}

fn span_text((from, to): (u16, u16)) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let past = if to > DAY_MINUTES { DAY_MINUTES } else { 0 };
    format!("{}-{}", time(from), time(to - past))
}

fn span(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour <= 24).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    let past = if to <= from { DAY_MINUTES } else { 0 };
    Some((from, to + past))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone_of(name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok()
    }

    #[test]
    fn a_calendar_reads_back_as_it_was_written() {
        let mut weekly: [Hours; 7] = Default::default();
        weekly[0] = Hours::new(vec![(780, 1020), (480, 720)]);
        // From Friday's evening into Saturday's morning; the whole Sunday.
        weekly[4] = Hours::new(vec![(1320, 1440 + 120)]);
        weekly[6] = Hours::new(vec![(0, 1440)]);
        let days = [
            (Date::constant(2026, 2, 23), Hours::default()),
            (Date::constant(2026, 2, 22), Hours::new(vec![(600, 720)])),
        ];
        let calendar = Calendar::new(zone_of("Europe/Samara").unwrap(), weekly, days);
        let text = "zone Europe/Samara\nmon 08:00-12:00 13:00-17:00\ntue\nwed\nthu\nfri 22:00-02:00\nsat\n\
            sun 00:00-24:00\n2026-02-22 10:00-12:00\n2026-02-23\n";
        assert_eq!(calendar.text(), text);
        assert_eq!(Calendar::read(text, zone_of), Some(calendar));
    }

    #[test]
    fn what_is_no_calendar_is_none() {
        for text in [
            "",
            "mon 08:00-12:00\n",
            "zone Europe/Nowhere\n",
            "zone Europe/Samara\nmonday\n",
            "zone Europe/Samara\nmon 08:00\n",
            "zone Europe/Samara\nmon 08:70-09:00\n",
        ] {
            assert_eq!(Calendar::read(text, zone_of), None, "{text:?}");
        }
    }
}
