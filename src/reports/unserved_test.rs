//! The report of the unserved, of callers whose calls are told in words.

use super::*;
use crate::calls::tests::settled;
use crate::model::{CallRecord, Caller};
use crate::reports::callers_test::called_by as of;
use crate::reports::fixture::{Memory, hotline, query, samara};
use crate::store::Told;

fn report(records: Vec<CallRecord>) -> UnservedReport {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let stored = Memory::of_records(NAMES.into_iter().zip(records).collect(), Told::default());
    stored.reports(hotline()).unserved(&query()).unwrap()
}

#[test]
fn those_nobody_spoke_to_since_are_listed() {
    let served = "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60";
    let gave_up = "arrive 0; enter jobs 0; end caller 30";
    let mut withheld = settled(samara("10:00:00"), gave_up);
    withheld.caller = Caller::Withheld;
    let report = report(vec![
        // Tried twice.
        of(1, 0, gave_up),
        of(1, 30, "arrive 0; refuse closed 0; end pbx 0"),
        // Got through later; before is not since.
        of(2, 0, gave_up),
        of(2, 10, served),
        of(3, 0, served),
        of(3, 10, gave_up),
        // The menu helped; left before any queue: nobody was refused.
        of(
            4,
            0,
            "arrive 0; tag self_served office_hours 3; end caller 5",
        ),
        of(5, 0, "arrive 0; end caller 5"),
        // Called back.
        of(6, 0, gave_up),
        of(
            6,
            30,
            "arrive return 0; answer ann 5; release ann caller 60; end caller 60",
        ),
        withheld,
    ]);
    let brief = report.people.iter().map(|person| {
        let last = person.last_outcome.map(Outcome::as_str);
        (
            person.caller[0],
            person.attempts,
            &person.last_try[11..16],
            last,
        )
    });
    assert_eq!(
        brief.collect::<Vec<_>>(),
        [
            (1, 2, "10:30", Some("refused")),
            (3, 1, "10:10", Some("abandoned"))
        ]
    );
    assert_eq!(
        report.summary,
        UnservedSummary {
            calls: 5,
            calls_anonymous: 1,
            people: 4,
            people_spoken_since: 2,
            ..UnservedSummary::default()
        }
    );
}

#[test]
fn whoever_is_spoken_to_a_month_later_is_owed_nothing() {
    let gave_up = "arrive 0; enter jobs 0; end caller 30";
    let served = "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60";
    let returned = "arrive return 0; answer ann 5; release ann caller 60; end caller 60";
    let month = 30 * 24 * 60;
    let report = report(vec![
        of(1, 0, gave_up),
        of(1, month, served),
        of(2, 0, gave_up),
        of(2, month, returned),
        // Tried again in vain; a test is nobody's call.
        of(3, 0, gave_up),
        of(3, month, gave_up),
        of(
            3,
            month + 1,
            &served.replace("arrive 0", "arrive 0; tag test 0"),
        ),
    ]);
    let listed: Vec<_> = report
        .people
        .iter()
        .map(|person| person.caller[0])
        .collect();
    assert_eq!((listed, report.summary.people_spoken_since), (vec![3], 2));
}

#[test]
fn who_is_on_the_line_may_yet_be_served() {
    let (_, mut waits) = crate::calls::tests::open(samara("10:30:00"), "arrive 0; enter jobs 0");
    let gave_up = of(1, 0, "arrive 0; enter jobs 0; end caller 30");
    waits.caller = gave_up.caller;
    let mut other = waits.clone();
    other.caller = of(2, 0, "arrive 0; end caller 1").caller;
    let report = report(vec![gave_up, waits, other]);
    let listed: Vec<_> = report
        .people
        .iter()
        .map(|one| (one.caller[0], one.attempts))
        .collect();
    assert_eq!((listed, report.summary.calls), (vec![(1, 1)], 1));
}

#[test]
fn a_callback_counts_when_it_was_kept() {
    let promised = |then: &str| {
        format!(
            "arrive 0; enter jobs 0; promise jobs 20; left jobs callback 21; end caller 22{then}"
        )
    };
    let kept = "; tried no_answer 100; tried reached 200";
    let missed = "; tried no_answer 100";
    let report = report(vec![
        of(1, 0, &promised(kept)),
        of(2, 0, &promised(missed)),
        of(3, 0, &promised("")),
    ]);
    let summary = report.summary;
    assert_eq!(
        (
            summary.callbacks_promised,
            summary.callbacks_tried,
            summary.callbacks_reached,
            summary.callbacks_kept
        ),
        (3, 2, 1, 1)
    );
    let listed = report
        .people
        .iter()
        .map(|person| (person.caller[0], person.callbacks_tried));
    let mut listed: Vec<_> = listed.collect();
    listed.sort_unstable();
    assert_eq!(listed, [(2, 1), (3, 0)]);
}
