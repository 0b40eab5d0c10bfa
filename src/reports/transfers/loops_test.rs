//! Ways of calls told in words.

use super::*;
use crate::calls::tests::settled;
use crate::model::{CallRecord, LineId};
use crate::reports::Query;
use crate::reports::fixture::{Memory, hotline, query, samara, seconds};
use crate::store::Told;

/// From jobs to benefits and back: 10 s of waits and 20 s of talk, then 5 s of wait and 15 s of talk.
const TO_AND_FRO: &str = "arrive 0; enter jobs 0; answer ann jobs 5; begin ann blind queue benefits 20; release ann 20; \
    enter benefits 20; answer bob benefits 30; begin bob blind queue jobs 50; release bob 50; enter jobs 50; \
    answer ann jobs 55; release ann 70; end caller 70";
/// Passed on once: no way to speak of.
const ONCE: &str = "arrive 0; enter jobs 0; answer ann jobs 5; begin ann blind queue benefits 20; release ann 20; \
    enter benefits 20; answer bob benefits 30; release bob 50; end caller 50";
/// To an agent, and on to a queue that is new to the call.
const ONWARD: &str = "arrive 0; enter jobs 0; answer ann jobs 5; begin ann blind agent eva 20; release ann 20; \
    answer eva 22; begin eva blind queue help 32; release eva 32; enter help 32; answer dan help 40; release dan 41; \
    end caller 41";

fn stories(stories: &[(&'static str, &str)]) -> Memory {
    let record = |story| -> CallRecord { settled(samara("10:00:00"), story) };
    let calls = stories.iter().map(|(id, story)| (*id, record(*story)));
    Memory::of_records(calls.collect(), Told::default())
}

fn day() -> Memory {
    let mut calls = vec![("once", ONCE), ("onward", ONWARD)];
    calls.extend(["a", "b", "c", "d", "e", "f"].map(|id| (id, TO_AND_FRO)));
    stories(&calls)
}

#[test]
fn calls_of_one_way_are_counted_together_and_the_first_five_named() {
    let report = day().reports(hotline()).transfers(&query()).unwrap();
    let brief = |way: &TransferLoop| {
        let steps: Vec<_> = way.steps.iter().map(|step| &*step.name).collect();
        let calls: Vec<_> = way.first_calls.iter().map(|(_, id)| id.as_str()).collect();
        let counts = [way.calls, way.transfers, way.returns];
        (steps.join(" → "), counts, way.spent_sum, calls.join(" "))
    };
    let ways: Vec<_> = report.loops.iter().map(brief).collect();
    assert_eq!(
        ways,
        [
            // Each of six: 10 + 20 + 5 + 15 s.
            (
                "jobs → benefits → jobs".to_owned(),
                [6, 12, 6],
                seconds(6 * 50),
                "a b c d e".to_owned()
            ),
            // 10 s with eva, then 8 s of wait and 1 s with dan.
            (
                "jobs → eva → help".to_owned(),
                [1, 2, 0],
                seconds(19),
                "onward".to_owned()
            ),
        ]
    );
    assert_eq!(report.loops_found, 2);
}

#[test]
fn a_way_is_filtered_by_the_first_queue_that_answered() {
    let asked = |queue: &str| {
        let query = Query {
            queues: vec![queue.into()],
            ..query()
        };
        let report = day().reports(hotline()).transfers(&query).unwrap();
        report.loops.len()
    };
    assert_eq!((asked("jobs"), asked("benefits")), (2, 0));
}

#[test]
fn a_way_is_filtered_by_line_as_the_rows_are() {
    let on_line = |line: &str, story: &str| CallRecord {
        line: Some(LineId::new(line)),
        ..settled(samara("10:00:00"), story)
    };
    let calls = vec![
        ("here", on_line("100", TO_AND_FRO)),
        ("there", on_line("200", TO_AND_FRO)),
        ("onward", on_line("200", ONWARD)),
    ];
    let reports = Memory::of_records(calls, Told::default()).reports(hotline());
    let asked = |line: &str| {
        let query = Query {
            lines: vec![line.into()],
            ..query()
        };
        let report = reports.transfers(&query).unwrap();
        let calls: u64 = report.loops.iter().map(|way| way.calls).sum();
        let all = report.rows.last().unwrap().transfers;
        let of_ways: u64 = report.loops.iter().map(|way| way.transfers).sum();
        assert_eq!(of_ways, all, "each of these calls is passed on twice");
        calls
    };
    assert_eq!((asked("100"), asked("200")), (1, 2));
}

#[test]
fn the_depth_of_returns_and_the_matrix_tell_of_the_same_transfers() {
    let report = day().reports(hotline()).transfers(&query()).unwrap();
    let all = report.rows.last().unwrap();
    // Six calls came back once, two never.
    assert_eq!(all.calls_by_returns, [2, 6, 0, 0, 0, 0, 0]);
    let after = [all.after_answered_wait, all.after_returned_wait];
    // Answered: seven times 10 s in benefits and 8 s in help; returned: six times 5 s.
    assert_eq!(after, [seconds(78), seconds(30)]);
    for paths in [&report.paths, &report.agent_paths] {
        let counts = paths.iter().map(|path| path.count).sum::<u64>();
        let spent = paths.iter().map(|path| path.spent_sum).sum::<Duration>();
        assert_eq!(counts, all.transfers);
        // The ways above, and 10 + 20 s of the call passed on once.
        assert_eq!(spent, seconds(6 * 50 + 19 + 30));
    }
    let ann: Vec<_> = report
        .agent_paths
        .iter()
        .filter(|path| {
            path.from_agent
                .as_ref()
                .is_some_and(|agent| agent.as_str() == "ann")
        })
        .map(|path| (path.target.as_str(), &*path.to, path.count))
        .collect();
    assert_eq!(ann, [("queue", "benefits", 7), ("agent", "eva", 1)]);
}

#[test]
fn more_different_ways_than_are_counted_are_said() {
    let mut report = day().reports(hotline()).transfers(&query()).unwrap();
    let plan = Plan::of(&query(), &hotline()).unwrap();
    let mut ways = Loops::up_to(1);
    for story in [ONWARD, TO_AND_FRO, ONWARD, TO_AND_FRO] {
        let record: CallRecord = settled(samara("10:00:00"), story);
        let call = crate::reports::fixture::stored("c", record.clone());
        ways.call(&plan, &call, &record);
    }
    ways.finish(&mut report);
    let counted: Vec<_> = report.loops.iter().map(|way| way.calls).collect();
    assert_eq!((counted, report.loops_found), (vec![2], 1));
    assert_eq!(
        report.context.cautions,
        [
            "the worst ways are of the first 1 different ones: calls of further ways are left out of them, 2"
        ]
    );
}
