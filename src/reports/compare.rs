//! The period that is set beside the one asked for, by the calendar of the zone.
//!
//! A month is compared with a month and a day with a day, however many hours they have. What a difference means is not for
//! here.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan as _};

use crate::model::Timestamp;

use super::error::Error;
use super::plan::{Plan, Query};
use super::service::Options;
use super::zone::instant;

/// Which period is set beside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// None.
    #[default]
    Nothing,
    /// The one of the same length just before.
    Previous,
    /// The same hours seven days earlier.
    LastWeek,
    /// The same dates a year earlier.
    LastYear,
}

impl Compare {
    /// What can be asked for.
    pub const ALL: [Self; 3] = [Self::Previous, Self::LastWeek, Self::LastYear];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Previous => "previous",
            Self::LastWeek => "last-week",
            Self::LastYear => "last-year",
        }
    }
}

/// The query of the period that is compared with, and what lines up with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The same query, of the other period.
    pub query: Query,
    /// The buckets of the period asked for, in order.
    pub buckets: Vec<String>,
    /// Those of the other.
    pub buckets_before: Vec<String>,
    /// What a reader must know, in words.
    pub cautions: Vec<String>,
}

/// What a query is to be compared with; `None` = nothing was asked for.
pub(super) fn earlier(query: &Query, options: &Options) -> Result<Option<Earlier>, Error> {
    if query.compare == Compare::Nothing {
        return Ok(None);
    }
    let plan = Plan::of(query, options)?;
    let local = |at: Timestamp| instant(at).map(|at| plan.zone.rules().to_datetime(at));
    let beyond = |_| Error::PeriodOutOfRange {
        field: "query.start",
    };
    let (start, end) = (
        local(plan.start).map_err(beyond)?,
        local(plan.end).map_err(beyond)?,
    );
    let [before_start, before_end] = bounds(start, end, query.compare).map_err(beyond)?;
    let at = |local: DateTime| {
        let at = plan.zone.rules().to_timestamp(local).map_err(beyond)?;
        Ok::<_, Error>(Timestamp::from_micros(at.as_microsecond()))
    };
    // Just before ends where the period begins, also where that local time is there twice.
    let end_before = match query.compare {
        Compare::Previous => plan.start,
        Compare::Nothing | Compare::LastWeek | Compare::LastYear => at(before_end)?,
    };
    let other = Query {
        start: Some(at(before_start)?),
        end: Some(end_before),
        ..query.clone()
    };
    let before = Plan::of(&other, options)?;
    let mut cautions = Vec::new();
    if query.compare == Compare::LastYear
        && has_leap_day(start, end) != has_leap_day(before_start, before_end)
    {
        let words =
            "29 February is in one of the two periods only; a year away 28 February stands for it";
        cautions.push(words.to_owned());
    }
    let (buckets, buckets_before) = (plan.buckets.count(), before.buckets.count());
    if buckets != buckets_before {
        cautions.push(format!(
            "the periods have {buckets} and {buckets_before} intervals: those without a partner stand alone"
        ));
    }
    Ok(Some(Earlier {
        query: other,
        buckets: (0..buckets)
            .map(|bucket| plan.bucket_start(bucket))
            .collect(),
        buckets_before: (0..buckets_before)
            .map(|bucket| before.bucket_start(bucket))
            .collect(),
        cautions,
    }))
}

/// The bounds of the other period, local.
fn bounds(start: DateTime, end: DateTime, compare: Compare) -> Result<[DateTime; 2], jiff::Error> {
    match compare {
        Compare::Nothing => Ok([start, end]),
        Compare::Previous => Ok([start.checked_sub(length(start, end)?)?, start]),
        Compare::LastWeek => Ok([start.checked_sub(7.days())?, end.checked_sub(7.days())?]),
        Compare::LastYear => {
            let start = start.checked_sub(1.year())?;
            let is_leap_day = end.month() == 2 && end.day() == 29;
            // Up to 29 February is all of the 28th, where the year has no other.
            let end = if is_leap_day && end.time() == Time::midnight() {
                end.checked_add(1.day())?
            } else {
                end
            };
            Ok([start, end.checked_sub(1.year())?])
        }
    }
}

/// How long a period is: in months, in days, or else in hours of the clock.
fn length(start: DateTime, end: DateTime) -> Result<Span, jiff::Error> {
    let midnight = Time::midnight();
    let days = start.time() == midnight && end.time() == midnight;
    if days && start.day() == 1 && end.day() == 1 {
        let months = |at: DateTime| i32::from(at.year()) * 12 + i32::from(at.month());
        return Ok((months(end) - months(start)).months());
    }
    if days {
        return start.date().until(end.date());
    }
    start.until((jiff::Unit::Hour, end))
}

/// Whether a 29 February lies in a period.
fn has_leap_day(start: DateTime, end: DateTime) -> bool {
    (start.year()..=end.year()).any(|year| {
        let day = Date::new(year, 2, 29);
        day.is_ok_and(|day| {
            let next = day.tomorrow().map(DateTime::from);
            start < next.unwrap_or(DateTime::MAX) && DateTime::from(day) < end
        })
    })
}

/// That a report is compared with nothing, in words.
pub(super) fn without_effect(compare: Compare) -> Option<String> {
    let word = compare.as_str();
    (compare != Compare::Nothing)
        .then(|| format!("calls are not compared with others: {word} has no effect"))
}

#[cfg(test)]
#[path = "compare_test.rs"]
mod tests;
