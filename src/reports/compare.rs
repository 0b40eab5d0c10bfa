//! The period that is set beside the one asked for, by the calendar of the zone.
//!
//! A month is compared with a month and a day with a day, however many hours they have. What a difference means is not for
//! here.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, SpanFieldwise, ToSpan as _};

use crate::model::{QueueId, Timestamp};

use super::bucket::Bucket;
use super::error::Error;
use super::measure::{RulesInForce, unlike_values, whose};
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

/// What is said where weeks or months are not all within a period.
const CUT_OFF: &str =
    "weeks and months that a period cuts off stand alone, unless the other has as many days";

/// The query of the period that is compared with, and what lines up with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The same query, of the other period.
    pub query: Query,
    /// The buckets of the period asked for, in order; empty where one of the other period has no partner.
    pub buckets: Vec<String>,
    /// Those of the other, each in the place of its partner.
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
    let shift = shift(start, end, query.compare).map_err(beyond)?;
    let [before_start, before_end] = bounds(start, end, query.compare, shift).map_err(beyond)?;
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
    let pairs = pairs([&plan, &before], query.bucket, shift);
    let name = |plan: &Plan, bucket: Option<usize>| {
        bucket.map_or_else(String::new, |bucket| plan.bucket_start(bucket))
    };
    let (buckets, buckets_before) = (plan.buckets.count(), before.buckets.count());
    if pairs.len() > buckets.max(buckets_before)
        && matches!(query.bucket, Bucket::Week | Bucket::Month)
    {
        cautions.push(CUT_OFF.to_owned());
    } else if pairs
        .iter()
        .any(|(now, then)| now.is_none() || then.is_none())
    {
        cautions.push(format!(
            "the periods have {buckets} and {buckets_before} intervals: those without a partner stand alone"
        ));
    }
    Ok(Some(Earlier {
        query: other,
        buckets: pairs.iter().map(|(now, _)| name(&plan, *now)).collect(),
        buckets_before: pairs.iter().map(|(_, then)| name(&before, *then)).collect(),
        cautions,
    }))
}

/// The numbers of buckets that belong together, in order; either may have no partner.
type Pairs = Vec<(Option<usize>, Option<usize>)>;

/// Which bucket goes with which: days and shorter ones by local time, so that an hour that is there twice or not at all
/// moves none of the others; the rest by place, as those that lie on another grid.
fn pairs([now, then]: [&Plan; 2], bucket: Bucket, shift: Span) -> Pairs {
    let whole = |minutes: i64| {
        let below = (
            shift.get_seconds(),
            shift.get_milliseconds(),
            shift.get_microseconds(),
        );
        shift.get_minutes() % minutes == 0 && below == (0, 0, 0)
    };
    let by_time = match bucket {
        Bucket::Minutes15 => whole(15),
        Bucket::Minutes30 => whole(30),
        Bucket::Hour => whole(60),
        Bucket::Day => true,
        Bucket::Total | Bucket::Week | Bucket::Month | Bucket::Weekday | Bucket::HourOfDay => false,
    };
    if !by_time {
        let pairs = by_place(now.buckets.count(), then.buckets.count());
        let may_be_cut_off = matches!(bucket, Bucket::Week | Bucket::Month);
        return match may_be_cut_off {
            true => alone_where_cut_off(pairs, [now, then], bucket),
            false => pairs,
        };
    }
    // Where a zone leaves out midnight a day begins later, and is that day all the same.
    let known_by = |local: DateTime| match bucket == Bucket::Day {
        true => local.date().into(),
        false => local,
    };
    let locals = |plan: &Plan| -> Vec<DateTime> {
        let starts = plan.buckets.starts().iter();
        let local = |at: &Timestamp| instant(*at).map(|at| plan.zone.rules().to_datetime(at));
        starts
            .map(|at| local(at).unwrap_or(DateTime::MIN))
            .collect()
    };
    let locals_then: Vec<_> = locals(then).into_iter().map(known_by).collect();
    let mut pairs = Pairs::new();
    let mut next = 0;
    for (index, local) in locals(now).into_iter().enumerate() {
        let wanted = moved(local, shift).map(known_by);
        // Only a repeated hour is out of order, and by less than a day.
        let last = wanted.and_then(|wanted| wanted.checked_add(1.day()).ok());
        let mut rest = locals_then[next..].iter();
        let place = rest
            .by_ref()
            .take_while(|local| last.is_some_and(|last| **local <= last))
            .position(|local| Some(*local) == wanted)
            .map(|beyond| next + beyond);
        if let Some(place) = place {
            pairs.extend((next..place).map(|alone| (None, Some(alone))));
            next = place + 1;
        }
        pairs.push((Some(index), place));
    }
    pairs.extend((next..locals_then.len()).map(|alone| (None, Some(alone))));
    pairs
}

/// Weeks and months that a period cuts off go with others of as many days only: more days hold more calls, which is no
/// change.
fn alone_where_cut_off(pairs: Pairs, [now, then]: [&Plan; 2], bucket: Bucket) -> Pairs {
    let [now, then] = [now, then].map(|plan| days_of(plan, bucket));
    let pairs = pairs.into_iter().flat_map(|pair| {
        let (Some(one), Some(other)) = pair else {
            return vec![pair];
        };
        let ((days, whole), (days_then, whole_then)) = (now[one], then[other]);
        match (whole && whole_then) || days == days_then {
            true => vec![pair],
            false => vec![(Some(one), None), (None, Some(other))],
        }
    });
    pairs.collect()
}

/// The local days that each week or month has within the period, and whether it is all there.
fn days_of(plan: &Plan, bucket: Bucket) -> Vec<(SpanFieldwise, bool)> {
    let local = |at: Timestamp| {
        let local = instant(at).map(|at| plan.zone.rules().to_datetime(at));
        local.unwrap_or(DateTime::MIN)
    };
    let begins = |at: DateTime| {
        let first = match bucket == Bucket::Week {
            true => at.weekday() == jiff::civil::Weekday::Monday,
            false => at.day() == 1,
        };
        first && at.time() == Time::midnight()
    };
    let starts = plan.buckets.starts();
    let ends = starts.iter().skip(1).chain([&plan.end]);
    let spans = starts.iter().zip(ends).map(|(start, end)| {
        let (start, end) = (local(*start), local(*end));
        let days = start
            .until((jiff::Unit::Day, end))
            .unwrap_or_default()
            .fieldwise();
        (days, begins(start) && begins(end))
    });
    spans.collect()
}

/// A local time so far back; `None` = the calendar has none: the 31st in a month of 30 days.
fn moved(local: DateTime, shift: Span) -> Option<DateTime> {
    let moved = local.checked_sub(shift).ok()?;
    let by_month = shift.get_months() != 0 || shift.get_years() != 0;
    (!by_month || moved.day() == local.day()).then_some(moved)
}

/// The first with the first, and so on.
fn by_place(now: usize, then: usize) -> Pairs {
    let there = |count: usize, place: usize| (place < count).then_some(place);
    let places = 0..now.max(then);
    places
        .map(|place| (there(now, place), there(then, place)))
        .collect()
}

/// How far back the other period lies, by the calendar.
fn shift(start: DateTime, end: DateTime, compare: Compare) -> Result<Span, jiff::Error> {
    match compare {
        Compare::Nothing => Ok(Span::new()),
        Compare::Previous => length(start, end),
        Compare::LastWeek => Ok(7.days()),
        Compare::LastYear => Ok(1.year()),
    }
}

/// The bounds of the other period, local: so far back.
fn bounds(
    start: DateTime,
    end: DateTime,
    compare: Compare,
    shift: Span,
) -> Result<[DateTime; 2], jiff::Error> {
    let start_before = start.checked_sub(shift)?;
    match compare {
        Compare::Nothing => Ok([start, end]),
        Compare::Previous => Ok([start_before, start]),
        Compare::LastWeek => Ok([start_before, end.checked_sub(shift)?]),
        Compare::LastYear => {
            let is_leap_day = end.month() == 2 && end.day() == 29;
            // Up to 29 February is all of the 28th, where the year has no other.
            let end = if is_leap_day && end.time() == Time::midnight() {
                end.checked_add(1.day())?
            } else {
                end
            };
            Ok([start_before, end.checked_sub(shift)?])
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

/// What queues are measured by in the one period and not in the other, a sentence each queue.
pub fn unlike(now: &[RulesInForce], before: &[RulesInForce]) -> Vec<String> {
    let mut queues: Vec<_> = now.iter().map(|version| version.queue.as_ref()).collect();
    queues.dedup();
    let of = |queue: Option<&QueueId>, all: &[RulesInForce]| -> Vec<_> {
        let own = all.iter().filter(|version| version.queue.as_ref() == queue);
        own.map(|version| version.rules.clone()).collect()
    };
    let sentences = queues.into_iter().filter_map(|queue| {
        let what = unlike_values(&of(queue, before), &of(queue, now));
        (!what.is_empty()).then(|| {
            format!(
                "{} differs between the two periods: {}; figures that rest on it have no difference",
                whose(queue),
                what.join(", ")
            )
        })
    });
    sentences.collect()
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
