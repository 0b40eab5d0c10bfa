//! The repeat report of callers whose calls are told in words.

use super::*;
use crate::calls::tests::settled;
use crate::kpi::REPEAT_WINDOWS;
use crate::model::{CallRecord, Caller, Mark};
use crate::reports::callers_test::called_by as of;
use crate::reports::fixture::{Memory, hotline, query, samara};
use crate::reports::{Bucket, Query};
use crate::store::Told;

const SERVED: &str =
    "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60";
const GAVE_UP: &str = "arrive 0; enter jobs 0; end caller 30";
const CALLED_BACK: &str = "arrive return 0; answer ann 5; release ann caller 60; end caller 60";

fn report(records: Vec<CallRecord>, query: &Query, shared_over: Option<u32>) -> RepeatReport {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let stored = Memory::of_records(NAMES.into_iter().zip(records).collect(), Told::default());
    stored
        .reports(hotline())
        .repeats(query, shared_over)
        .unwrap()
}

/// Repeats and redials by window.
fn windows(row: &RepeatRow) -> Vec<(u64, u64)> {
    row.windows
        .iter()
        .map(|window| (window.repeats, window.redials))
        .collect()
}

#[test]
fn repeats_look_back_before_the_period() {
    let day = 24 * 60;
    let report = report(
        vec![
            // Two days before, given up; then served.
            of(1, -2 * day, GAVE_UP),
            of(1, 0, SERVED),
            // Given up, again within the hour, then served, then calls once more.
            of(2, 0, GAVE_UP),
            of(2, 40, GAVE_UP),
            of(2, 50, SERVED),
            of(2, 90, GAVE_UP),
            // Once, and never spoke.
            of(3, 5, GAVE_UP),
            // Never spoke, but was called back.
            of(4, 5, GAVE_UP),
            of(4, 60, CALLED_BACK),
        ],
        &query(),
        None,
    );
    let [row] = report.rows.as_slice() else {
        panic!("one row: {:?}", report.rows)
    };
    assert_eq!((row.calls_with_caller, row.callers), (7, 4));
    // 24 h: caller 2's second, third and fourth call; 72 h: caller 1's, too.
    assert_eq!(windows(row), [(3, 2), (4, 3), (4, 3)]);
    assert_eq!(row.windows[0].repeat_rate, Some(3.0 / 7.0));
    assert_eq!((row.callers_got_through, row.got_through), (2, Some(0.5)));
    // Caller 1 at the first attempt of the period, caller 2 at the third.
    assert_eq!(row.attempts, [1, 0, 1, 0]);
    assert_eq!(row.lost_people, 1, "caller 4 was reached back");
    // 40 min after the first is a new episode; 10 min after is not; after the answer is.
    assert_eq!(row.episodes, 1 + 3 + 1 + 1);
    assert_eq!(row.windows[0].window, REPEAT_WINDOWS[0]);
}

#[test]
fn called_again_counts_where_enough_is_known() {
    let day = 24 * 60;
    let report = report(
        vec![
            of(1, 0, SERVED),
            of(1, 10 * 60, SERVED),
            of(2, 2 * day, SERVED),
        ],
        &query(),
        None,
    );
    let row = &report.rows[0];
    // Known up to two days later: both calls of the day are mature for 24 h, none for 72 h.
    let brief = |window: &RepeatWindow| (window.mature, window.called_again);
    assert_eq!(
        row.windows.iter().map(brief).collect::<Vec<_>>(),
        [(2, 1), (0, 0), (0, 0)]
    );
}

#[test]
fn what_is_known_does_not_end_with_the_period_that_is_looked_at() {
    let month_later = 30 * 24 * 60;
    let calls = vec![of(1, 0, SERVED), of(2, month_later, SERVED)];
    let report = report(calls, &query(), None);
    let windows = report.rows[0].windows.iter();
    assert_eq!(
        windows.map(|window| window.mature).collect::<Vec<_>>(),
        [1, 1, 1]
    );
}

#[test]
fn unknown_callers_and_shared_numbers_are_left_out_and_counted() {
    let mut withheld = settled(samara("10:00:00"), SERVED);
    withheld.caller = Caller::Withheld;
    let unknown = settled(samara("10:00:00"), SERVED);
    let institution = (0..4).map(|minute| of(9, minute, SERVED));
    let mut records = vec![withheld, unknown, of(1, 0, SERVED)];
    records.extend(institution);
    let report = report(records, &query(), Some(3));
    let row = &report.rows[0];
    assert_eq!((row.withheld, row.unknown, row.shared), (1, 1, 4));
    assert_eq!((row.calls_with_caller, row.callers), (1, 1));
    assert_eq!(report.shared, [([9; 16], 4)]);
}

#[test]
fn whom_we_reach_back_a_month_later_is_not_lost() {
    let month = 30 * 24 * 60;
    let lost = |then: Vec<CallRecord>| {
        let records = [of(1, 0, GAVE_UP)].into_iter().chain(then);
        report(records.collect(), &query(), None).rows[0].lost_people
    };
    assert_eq!(lost(vec![of(1, month, CALLED_BACK)]), 0);
    // Who got through by calling again was lost that day; another person's return call changes nothing.
    assert_eq!(
        lost(vec![of(1, month, SERVED), of(2, month, CALLED_BACK)]),
        1
    );
}

#[test]
fn an_interval_has_its_own_people() {
    let hourly = Query {
        bucket: Bucket::Hour,
        ..query()
    };
    let report = report(vec![of(1, 0, GAVE_UP), of(1, 70, SERVED)], &hourly, None);
    let brief = |row: &RepeatRow| (row.callers, row.callers_got_through, windows(row)[0]);
    assert_eq!(
        report.rows.iter().map(brief).collect::<Vec<_>>(),
        [(1, 0, (0, 0)), (1, 1, (1, 1))]
    );
}

#[test]
fn who_is_shared_follows_from_the_period_and_not_from_the_windows() {
    let day = 24 * 60;
    let mut records = vec![of(1, 0, SERVED), of(1, 60, SERVED)];
    // Four calls on the day before: a shared number of that day.
    records.extend((0..4).map(|minute| of(1, minute - day, SERVED)));
    // Four on the day itself: a shared number of this one.
    records.extend((0..4).map(|minute| of(2, minute, SERVED)));
    const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let stored = Memory::of_records(NAMES.into_iter().zip(records).collect(), Told::default());
    let asked = stored.reports(hotline());
    for hours in [1, 24, 168] {
        let windows = [std::time::Duration::from_secs(hours * 3600)];
        let report =
            crate::reports::fixture::wait_for(asked.0.repeats(&query(), &windows, Some(3)));
        let report = report.unwrap();
        let row = &report.rows[0];
        assert_eq!((row.calls_with_caller, row.shared), (2, 4), "{hours} h");
        assert_eq!(report.shared, [([2; 16], 4)]);
    }
}

#[test]
fn calls_of_erased_callers_are_said() {
    let mut erased = settled(samara("10:00:00"), SERVED);
    erased.marks.add(Mark::Erased);
    let report = report(vec![erased, of(1, 0, SERVED)], &query(), None);
    assert_eq!(
        (report.rows[0].unknown, report.rows[0].calls_with_caller),
        (1, 1)
    );
    assert_eq!(
        report.context.cautions,
        [
            "callers were erased, last on 2026-03-02T12:00:00+04:00; their calls, 1 of the period and around it, are \
             counted as nobody's, and nobody knows who called again"
        ]
    );
}
