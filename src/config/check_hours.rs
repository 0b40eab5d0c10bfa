//! What must fit together in the hours of a week and of days of their own, be they a calendar's or a plan's.

use std::collections::HashSet;

use super::check::Problem;
use super::check_tables::place;
use super::hours::{Exception, Stretch, Weekly};
use super::value::Day;
use crate::model::DAY_MINUTES;

/// The first thing that does not fit in the table at this key.
pub(super) fn check<T: Stretch>(
    table: &[String],
    weekly: &Weekly<T>,
    holidays: &[Day],
    exceptions: &[Exception<T>],
) -> Result<(), Problem> {
    let at = |path: &[&str]| [table, &place(path.iter().copied())].concat();
    let days = weekly.days();
    for (day, (name, spans)) in days.iter().enumerate() {
        let path = at(&["weekly", name]);
        apart(&path, spans)?;
        let (before, night) = days[(day + 6) % 7];
        let past = night.iter().map(|span| span.minutes().1).max();
        let past = past.unwrap_or_default().saturating_sub(DAY_MINUTES);
        let early = spans.iter().position(|span| span.minutes().0 < past);
        if let Some(early) = early {
            let path = [path, place([early.to_string().as_str()])].concat();
            let message = format!(
                "begins before the hours of {before} have ended, at {:02}:{:02}",
                past / 60,
                past % 60
            );
            return Err(Problem::new(path, message));
        }
    }
    let mut seen = HashSet::new();
    for (index, day) in holidays.iter().enumerate() {
        if !seen.insert(day.date()) {
            let path = at(&["holidays", &index.to_string()]);
            return Err(Problem::new(path, format!("{} is there twice", day.date())));
        }
    }
    for (index, one) in exceptions.iter().enumerate() {
        let index = index.to_string();
        if !seen.insert(one.date.date()) {
            let path = at(&["exceptions", &index, "date"]);
            let message = format!("{} is there twice", one.date.date());
            return Err(Problem::new(path, message));
        }
        apart(&at(&["exceptions", &index, "hours"]), &one.hours)?;
    }
    Ok(())
}

/// Hours of one day lie apart.
fn apart<T: Stretch>(path: &[String], spans: &[T]) -> Result<(), Problem> {
    for (index, span) in spans.iter().enumerate() {
        let (from, to) = span.minutes();
        let overlaps = spans[..index].iter().any(|other| {
            let other = other.minutes();
            from < other.1 && other.0 < to
        });
        if overlaps {
            let path = [path, &place([index.to_string().as_str()])].concat();
            return Err(Problem::new(path, "overlaps the hours before it"));
        }
    }
    Ok(())
}
