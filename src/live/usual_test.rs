//! What is usual, by the arithmetic of a few days.

use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{Calendar, Hours, QueueId, QueueRules, SourceId, Targets, Timeline, Timestamp};

use super::{EarlierDay, Live, Options, QuarterCounts, Quarters, UsualPicture, earlier_dates};

/// 2 March 2026, a Monday, 00:00 in UTC.
const MONDAY: i64 = 1_772_409_600_000_000;
const HOUR: i64 = 3_600_000_000;

fn at(hours: i64, minutes: i64) -> Timestamp {
    Timestamp::from_micros(MONDAY + hours * HOUR + minutes * HOUR / 60)
}

fn queue() -> QueueId {
    QueueId::new("jobs")
}

fn source() -> SourceId {
    SourceId::new("pbx")
}

/// So many visits begun in a quarter, half of them answered after 10 s and in time, a tenth given up.
fn counts(offered: u32) -> QuarterCounts {
    QuarterCounts {
        offered,
        answered: offered / 2,
        abandoned: offered / 10,
        answered_within: offered / 2,
        decided: offered,
        waits: offered / 2,
        wait_sum: Duration::from_secs(10) * (offered / 2),
    }
}

/// Days that lie whole weeks before, the first a week ago; each with visits by quarter.
fn days(of: &[&[(u8, u32)]]) -> Vec<EarlierDay> {
    let days = (1..).zip(of).map(|(week, quarters)| {
        let quarters: Quarters = quarters.iter().map(|(n, c)| (*n, counts(*c))).collect();
        let queues = match quarters.is_empty() {
            true => HashMap::new(),
            false => HashMap::from([(queue(), quarters)]),
        };
        let start = Timestamp::from_micros(MONDAY - week * 7 * 24 * HOUR);
        EarlierDay { start, queues }
    });
    days.collect()
}

fn usual(options: Options, days: Vec<EarlierDay>, now: Timestamp) -> Option<UsualPicture> {
    let mut live = Live::new(options);
    live.know(&queue());
    live.hear(&source(), (now, now), 0);
    let today = live.today(now).unwrap();
    live.set_usual(today, days);
    live.queue(&queue(), now, &live.agents(now)).usual
}

#[test]
fn it_is_the_median_up_to_this_time_and_the_rest_is_forecast_from_it() {
    // At 10:05 of four earlier Mondays: 9:00 (quarter 36) is over, of 10:00 (40) a third has passed, 11:00 (44) is to come.
    let days = days(&[
        &[(36, 20), (40, 30), (44, 40)],
        &[(36, 40), (40, 30), (44, 60)],
        &[(36, 60), (40, 30), (44, 20)],
        &[(36, 80), (40, 30), (44, 80)],
    ]);
    let usual = usual(Options::default(), days, at(10, 5)).unwrap();
    assert_eq!(usual.days, 4);
    // 20 + 10, 40 + 10, 60 + 10, 80 + 10: the middle of 50 and 70.
    assert!((usual.offered - 60.0).abs() < 1e-9, "{usual:?}");
    assert!((usual.answered - 30.0).abs() < 1e-9, "{usual:?}");
    assert!((usual.abandoned - 6.0).abs() < 1e-9, "{usual:?}");
    assert_eq!(usual.service_level, Some(0.5));
    assert_eq!(usual.asa, Some(Duration::from_secs(10)));
    // 90, 130, 110, 190.
    assert!((usual.offered_whole_day - 120.0).abs() < 1e-9, "{usual:?}");
    // Nobody has come today: the rests 60, 80, 40, 100 have the middle 70, × (0 + 10) ÷ (60 + 10).
    assert!((usual.offered_expected - 10.0).abs() < 1e-9, "{usual:?}");
}

#[test]
fn days_that_say_nothing_do_not_count() {
    let quarters: &[(u8, u32)] = &[(36, 20)];
    let of = |days| usual(Options::default(), days, at(12, 0)).map(|usual| usual.days);
    assert_eq!(of(days(&[quarters; 2])), None, "two have no middle");
    assert_eq!(of(days(&[quarters; 3])), Some(3));
    assert_eq!(of(days(&[quarters, &[], quarters, quarters])), Some(3));
    // Another queue had calls six weeks ago, this one began five weeks ago and had none three weeks ago: that is a 0.
    let mut some = days(&[quarters, quarters, &[], quarters, quarters, &[]]);
    for day in [2, 5] {
        let other = Quarters::from([(40, counts(10))]);
        some[day].queues.insert(QueueId::new("other queue"), other);
    }
    assert_eq!(of(some), Some(5));
}

#[test]
fn a_day_on_which_the_queue_is_closed_does_not_count_and_the_day_begins_with_its_opening() {
    // Open on Mondays from 9 to 18, but not two weeks ago.
    let holiday = jiff::civil::date(2026, 2, 16);
    let mut week: [Hours; 7] = Default::default();
    week[0] = Hours::new(vec![(9 * 60, 18 * 60)]);
    let calendar = Calendar::new(TimeZone::UTC, week, [(holiday, Hours::default())]);
    let mut targets = Targets::default();
    targets.calendars.insert("office".into(), calendar);
    let rules = QueueRules {
        calendar: Some("office".into()),
        ..QueueRules::default()
    };
    targets.queues.insert(queue(), Timeline::always(rules));
    let options = Options {
        targets,
        ..Options::default()
    };
    // 8:00 (32) is before the opening.
    let quarters: &[(u8, u32)] = &[(32, 50), (36, 20)];
    let usual = usual(options, days(&[quarters; 4]), at(12, 0)).unwrap();
    assert_eq!((usual.days, usual.offered), (3, 20.0));
}

#[test]
fn what_was_read_for_another_day_is_not_shown() {
    let mut live = Live::new(Options::default());
    live.hear(&source(), (at(12, 0), at(12, 0)), 0);
    let yesterday = live.today(at(12, 0)).unwrap().yesterday().unwrap();
    let quarters: &[(u8, u32)] = &[(36, 20)];
    live.set_usual(yesterday, days(&[quarters; 4]));
    let now = at(12, 0);
    assert_eq!(live.queue(&queue(), now, &live.agents(now)).usual, None);
    assert_eq!(Live::new(Options::default()).today(now), None);
}

#[test]
fn today_is_that_of_the_switches_that_are_heard_ours_if_any_of_them_has_it() {
    let today = |clocks: &[(Timestamp, Timestamp)]| {
        let mut live = Live::new(Options::default());
        for (number, heard) in clocks.iter().enumerate() {
            live.hear(&SourceId::new(number.to_string()), *heard, 0);
        }
        live.today(at(12, 0)).unwrap().day()
    };
    let (now, long_ago) = (at(12, 0), at(11, 0));
    let (yesterday, tomorrow) = (at(-12, 0), at(24, 5));
    assert_eq!(today(&[(now, now)]), 2);
    assert_eq!(today(&[(yesterday, now), (tomorrow, now)]), 3);
    // One of several that is wrong, or was before it fell silent, moves nothing for the others.
    assert_eq!(today(&[(tomorrow, now), (now, now)]), 2);
    assert_eq!(today(&[(tomorrow, long_ago)]), 2);
}

#[test]
fn earlier_days_are_those_of_the_zone() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    // On 30 March 2026, a Monday after the clocks went forward: the Mondays before begin an hour later by UTC.
    let dates = earlier_dates(jiff::civil::date(2026, 3, 30), &zone);
    assert_eq!(dates.len(), 8);
    let (start, end) = dates[0];
    // 2026-03-22T23:00:00Z.
    assert_eq!(start, Timestamp::from_micros(1_774_220_400_000_000));
    assert_eq!(end.since(start), Some(Duration::from_secs(24 * 60 * 60)));
}
