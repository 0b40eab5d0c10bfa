//! Which hours of business calendars were changed for times that were over, seen by comparing what calendars held at each
//! start.
//!
//! A calendar has no versions: its weekly hours count for all times. So other weekly hours alter the whole past, and a day
//! of its own alters that day; a holiday that is still to come alters nothing. A calendar that nobody knew before alters
//! nothing either: no figure was made by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::calendar::{Calendar, Hours, Span};
use super::calendar_text::WEEKDAYS;
use super::target::Targets;
use super::text::Text;
use super::timestamp::Timestamp;

/// Hours of a time that was already past when they were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlteredHours {
    /// The calendar.
    pub calendar: Text,
    /// First instant of the time in question; `Timestamp::MIN` = from the beginning.
    pub since: Timestamp,
    /// First instant after it: no later than the change.
    pub until: Timestamp,
    /// When the change was first seen.
    pub at: Timestamp,
    /// Which hours: `mon`, `2026-02-23`, or `zone`.
    pub of: String,
    /// What had counted, in words.
    pub was: String,
    /// What counts since the change, in words.
    pub is: String,
}

/// What was altered, given every configuration with the instant at which it was first seen, in order of time.
pub(super) fn altered_hours(seen: &[(Timestamp, Targets)]) -> Vec<AlteredHours> {
    let mut altered = Vec::new();
    // What was last known of each calendar: one that is left out for a while comes back to what it was.
    let mut known = BTreeMap::<&Text, &Calendar>::new();
    for (at, targets) in seen {
        for (name, calendar) in &targets.calendars {
            if let Some(before) = known.insert(name, calendar) {
                compare(name, before, calendar, *at, &mut altered);
            }
        }
    }
    altered
}

fn compare(
    name: &Text,
    before: &Calendar,
    after: &Calendar,
    at: Timestamp,
    altered: &mut Vec<AlteredHours>,
) {
    let mut add = |(since, until): Span, of: String, [was, is]: [String; 2]| {
        altered.push(AlteredHours {
            calendar: name.clone(),
            since,
            until,
            at,
            of,
            was,
            is,
        });
    };
    let ever = (Timestamp::MIN, at);
    let zones = [before, after].map(|calendar| calendar.zone_name().to_owned());
    if zones[0] != zones[1] {
        add(ever, "zone".to_owned(), zones);
    }
    let weekly = before.weekly().iter().zip(after.weekly());
    for (day, (was, is)) in WEEKDAYS.into_iter().zip(weekly) {
        if was != is {
            add(ever, day.to_owned(), [was, is].map(Hours::words));
        }
    }
    let days = before.days().chain(after.days());
    let days: BTreeSet<Date> = days.map(|(date, _)| date).collect();
    for date in days {
        let hours = [before, after].map(|calendar| calendar.hours_of(date));
        let Some((since, until)) = after.stretch_of(date, &hours) else {
            continue;
        };
        let until = until.min(at);
        let spans = [before, after].map(|calendar| calendar.open_spans(since, until));
        if since < at && hours[0] != hours[1] && spans[0] != spans[1] {
            add((since, until), date.to_string(), hours.map(Hours::words));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    const OFFICE: &str = "zone Europe/Samara\nmon 09:00-18:00\ntue 09:00-18:00\n";

    fn calendar(text: &str) -> Calendar {
        Calendar::read(text, |name| TimeZone::get(name).ok()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(at.as_microsecond())
    }

    /// What starts saw of calendars: the instant, and names with their text.
    fn altered(seen: &[(&str, &[(&str, &str)])]) -> Vec<AlteredHours> {
        let seen = seen.iter().map(|(seen_at, calendars)| {
            let calendars = calendars
                .iter()
                .map(|(name, text)| ((*name).into(), calendar(text)));
            let targets = Targets {
                calendars: calendars.collect(),
                ..Targets::default()
            };
            (at(seen_at), targets)
        });
        altered_hours(&seen.collect::<Vec<_>>())
    }

    fn brief(one: &AlteredHours) -> String {
        format!("{} {}: {} → {}", one.calendar, one.of, one.was, one.is)
    }

    #[test]
    fn other_weekly_hours_alter_the_whole_past() {
        let earlier = OFFICE.replace("mon 09", "mon 08");
        // Monday, 2 March 2026.
        let noon = "2026-03-02T12:00:00+04:00";
        let all = altered(&[
            ("2026-03-01T12:00:00+04:00", &[("office", OFFICE)]),
            (noon, &[("office", &earlier), ("desk", OFFICE)]),
        ]);
        let briefly: Vec<_> = all.iter().map(brief).collect();
        assert_eq!(briefly, ["office mon: 09:00-18:00 → 08:00-18:00"]);
        assert_eq!((all[0].since, all[0].until), (Timestamp::MIN, at(noon)));
        let moved = OFFICE.replace("Samara", "Moscow");
        let all = altered(&[(noon, &[("office", OFFICE)]), (noon, &[("office", &moved)])]);
        assert_eq!(brief(&all[0]), "office zone: Europe/Samara → Europe/Moscow");
    }

    #[test]
    fn a_day_alters_itself_once_it_has_begun() {
        let with = |days: &str| format!("{OFFICE}{days}");
        let noon = "2026-03-02T12:00:00+04:00";
        let first = ("2026-02-01T12:00:00+04:00", &[("office", OFFICE)][..]);
        for (days, expected) in [
            // Next Monday is still to come; a closed Wednesday was closed.
            ("2026-03-09\n2026-02-25\n", None),
            // Today from the afternoon on: nothing of it was over.
            ("2026-03-02 09:00-15:00\n", None),
            (
                "2026-03-02 10:00-15:00\n",
                Some(("2026-03-02T00:00:00+04:00", noon, "10:00-15:00")),
            ),
            (
                "2026-02-23\n",
                Some((
                    "2026-02-23T00:00:00+04:00",
                    "2026-02-24T00:00:00+04:00",
                    "closed",
                )),
            ),
            // Into the morning of the next day.
            (
                "2026-02-23 09:00-02:00\n",
                Some((
                    "2026-02-23T00:00:00+04:00",
                    "2026-02-24T02:00:00+04:00",
                    "09:00-02:00",
                )),
            ),
        ] {
            let all = altered(&[first, (noon, &[("office", &with(days))])]);
            let found = all
                .first()
                .map(|one| (one.since, one.until, one.is.as_str()));
            let expected = expected.map(|(since, until, is)| (at(since), at(until), is));
            assert_eq!(found, expected, "{days}");
            assert!(all.iter().all(|one| one.was == "09:00-18:00"));
        }
    }

    #[test]
    fn a_calendar_that_was_left_out_is_compared_with_what_it_was() {
        let shorter = OFFICE.replace("18:00", "17:00");
        let all = altered(&[
            ("2026-03-01T12:00:00+04:00", &[("office", OFFICE)]),
            ("2026-03-02T12:00:00+04:00", &[]),
            ("2026-03-03T12:00:00+04:00", &[("office", &shorter)]),
        ]);
        let briefly: Vec<_> = all.iter().map(brief).collect();
        assert_eq!(
            briefly,
            [
                "office mon: 09:00-18:00 → 09:00-17:00",
                "office tue: 09:00-18:00 → 09:00-17:00"
            ]
        );
    }
}
