//! What is said of one call's repeats, and that all of it adds up to the report.

use proptest::prelude::*;

use super::*;
use crate::calls::tests::settled;
use crate::model::{CallRecord, Caller};
use crate::reports::callers_test::called_by;
use crate::reports::fixture::{Asked, Memory, hotline, query, samara};
use crate::reports::{CallAsked, Query};
use crate::store::Told;

const SERVED: &str =
    "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60";
const GAVE_UP: &str = "arrive 0; enter benefits 0; end caller 30";
const CALLED_BACK: &str = "arrive return 0; answer ann 5; release ann caller 60; end caller 60";
const CALLED_IN_VAIN: &str = "arrive return 0; end agent 30";
const PROMISED: &str = "arrive 0; enter jobs 0; promise jobs 20; left jobs callback 20; end caller 25; tried reached 90";
const TEST: &str = "arrive 0; tag test 0; enter jobs 0; end caller 4";

const DAY: i64 = 24 * 60;

fn memory(records: Vec<CallRecord>) -> (Vec<String>, Asked) {
    let names: Vec<_> = (0..records.len())
        .map(|number| format!("c{number}"))
        .collect();
    let records = names.iter().map(String::as_str).zip(records).collect();
    let reports = Memory::of_records(records, Told::default()).reports(hotline());
    (names, reports)
}

fn asked(call: &str, explain: &[&str]) -> CallAsked {
    CallAsked {
        call: call.to_owned(),
        explain: explain.iter().map(|id| (*id).to_owned()).collect(),
        windows: vec![Duration::from_secs(24 * 3600)],
        ..CallAsked::default()
    }
}

fn sentences(records: Vec<CallRecord>, asked: &CallAsked) -> Vec<String> {
    let said = memory(records).1.call(asked).unwrap().explanations;
    said.into_iter()
        .map(|said| format!("{} {}/{:?}: {}", said.id, said.adds, said.of, said.sentence))
        .collect()
}

#[test]
fn a_repeat_names_the_other_call_and_how_far_it_is() {
    let records = vec![
        called_by(1, 0, GAVE_UP),
        called_by(1, 20, SERVED),
        // The same person on the evening of the next day.
        called_by(1, DAY + 13 * 60, GAVE_UP),
        // Somebody else, a day later: so far calls are known.
        called_by(2, 2 * DAY + 13 * 60 + 30, GAVE_UP),
    ];
    let all = ["R1", "R2", "R3", "R4", "R5", "R6", "R7"];
    assert_eq!(
        sentences(records.clone(), &asked("c1", &all)),
        [
            "R1 1/None: call c0 of the caller came 20m before it, ≤ 24 h: counted",
            "R2 1/Some(1): call c0 of the caller came 20m before it, ≤ 24 h: in the numerator and the denominator",
            "R3 1/None: call c0 of the caller came 20m before it, ≤ 24 h, and no human answered that: counted",
            "R4 0/Some(1): call c2 of the caller came 1day 12h 40m after it, > 24 h: in the denominator alone",
            "R5 1/Some(0): call 2 of 2 of the caller on 2026-03-02, the first that a human answered; the person counts at \
             their first: in the numerator alone",
            "R6 0/None: call 2 of 2 of the caller on 2026-03-02, who spoke to somebody; the person counts at their first: \
             not counted",
            "R7 0/None: call c0 was not answered 20m before it, ≤ 30m, so the same episode goes on: not counted",
        ]
    );
    assert_eq!(
        sentences(records.clone(), &asked("c2", &all)),
        [
            "R1 0/None: call c1 of the caller came 1day 12h 40m before it, > 24 h: not counted",
            "R2 0/Some(1): call c1 of the caller came 1day 12h 40m before it, > 24 h: in the denominator alone",
            "R3 0/None: call c1 of the caller came 1day 12h 40m before it, > 24 h, and a human answered that: not counted",
            "R4 0/Some(1): the caller did not call again within 24 h after it: in the denominator alone",
            "R5 0/Some(1): call 1 of 1 of the caller on 2026-03-03, no human answered; the person counts at their first: \
             in the denominator alone",
            "R6 1/None: call 1 of 1 of the caller on 2026-03-03, who spoke to nobody and was not reached back; the person \
             counts at their first: counted",
            "R7 1/None: call c1 was answered 1day 12h 40m before it, so an episode begins: counted",
        ]
    );
    assert_eq!(
        sentences(records, &asked("c3", &["R1", "R4"])),
        [
            "R1 0/None: no call of the caller came within 24 h before it: not counted",
            "R4 0/Some(0): calls are known up to 2026-03-04T23:30:00+04:00 only, less than 24 h after it, so it is \
             immature: in neither numerator nor denominator",
        ]
    );
}

#[test]
fn whose_caller_is_not_one_person_is_in_none_of_these_figures() {
    let mut withheld = settled(samara("10:00:00"), GAVE_UP);
    withheld.caller = Caller::Withheld;
    let mut records = vec![
        withheld,
        settled(samara("10:00:00"), GAVE_UP),
        called_by(1, 0, CALLED_BACK),
    ];
    records.extend((0..4).map(|minute| called_by(9, minute, SERVED)));
    for (call, words) in [
        (
            "c0",
            "R1 0/None: the number was withheld, so nobody can say whose call it is: not counted",
        ),
        (
            "c1",
            "R1 0/None: no number was told, or it is kept no longer: not counted",
        ),
        (
            "c2",
            "R1 0/None: our own return call, neither demand nor a repeat: not counted",
        ),
        (
            "c4",
            "R1 0/None: more than 3 calls of this number on one day, so it is of many people and left out: not counted",
        ),
    ] {
        let asked = CallAsked {
            shared_over: Some(3),
            ..asked(call, &["R1"])
        };
        assert_eq!(sentences(records.clone(), &asked), [words]);
    }
}

fn call() -> impl Strategy<Value = CallRecord> {
    let story = prop::sample::select(vec![
        SERVED,
        GAVE_UP,
        GAVE_UP,
        CALLED_BACK,
        CALLED_IN_VAIN,
        PROMISED,
        TEST,
    ]);
    // Mostly the day in question, in steps so that some come at the same instant and some exactly a window apart.
    let minutes = prop_oneof![
        4 => (-120..168i64).prop_map(|step| step * 5),
        2 => (-9 * 24..9 * 24i64).prop_map(|hour| hour * 60),
    ];
    (0..6u8, minutes, story).prop_map(|(caller, minutes, story)| {
        let mut record = called_by(caller, minutes, story);
        match caller {
            4 => record.caller = Caller::Withheld,
            5 => record.caller = Caller::Unknown,
            _ => {}
        }
        record
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn explanations_of_repeats_add_up_to_the_report(
        records in prop::collection::vec(call(), 1..40),
        shared_over in prop::option::of(2..6u32),
    ) {
        let (names, reports) = memory(records);
        let day = query();
        let within = |call: &crate::reports::CallReport| {
            let at = Some(call.record.arrived_at);
            at >= day.start && at < day.end
        };
        let mut all = Vec::new();
        for name in &names {
            let asked = CallAsked {
                windows: Vec::new(),
                shared_over,
                ..asked(name, &["R1", "R2", "R3", "R4", "R5", "R6", "R7"])
            };
            let call = reports.call(&asked).unwrap();
            if within(&call) {
                all.extend(call.explanations);
            }
        }
        let sum = |id: &str, under: Option<&str>| {
            let all = all.iter().filter(|one| one.id == id);
            let all = all.filter(|one| under.is_none_or(|under| one.under == under));
            all.fold((0, 0), |sum, one| (sum.0 + one.adds, sum.1 + one.of.unwrap_or_default()))
        };
        for under in [None, Some("jobs"), Some("benefits")] {
            let queues = under.map(str::to_owned);
            let asked = Query { queues: queues.into_iter().collect(), ..day.clone() };
            // A queue that nobody has entered is not known.
            let Ok(report) = reports.repeats(&asked, shared_over) else { continue };
            let row = report.rows.into_iter().next().unwrap_or_default();
            let windows = row.windows.iter();
            let windows = windows.map(|window| {
                [window.repeats, window.redials, window.called_again, window.mature]
            });
            let windows = windows.fold([0; 4], |sum, one| std::array::from_fn(|at| sum[at] + one[at]));
            let [repeats, redials, called_again, mature] = windows;
            prop_assert_eq!(sum("R1", under), (repeats, 0));
            prop_assert_eq!(sum("R2", under), (repeats, 3 * row.calls_with_caller));
            prop_assert_eq!(sum("R3", under), (redials, 0));
            prop_assert_eq!(sum("R4", under), (called_again, mature));
            prop_assert_eq!(sum("R7", under), (row.episodes, 0));
            if under.is_none() {
                // People are counted by what they did on the whole day, whatever the queue.
                prop_assert_eq!(sum("R5", None), (row.callers_got_through, row.callers));
                prop_assert_eq!(sum("R6", None), (row.lost_people, 0));
            }
        }
    }
}
