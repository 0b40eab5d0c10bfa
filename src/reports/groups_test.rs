//! Reports whose rows are of lines, teams or calendars.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calls::tests::settled;
use crate::model::{
    AgentEvent, AgentId, AgentState, AgentTold, CallRecord, Caller, LineId, Mode, Pseudonym,
    QueueId, QueueRules, SourceId, Text, Timeline,
};
use crate::store::Told;

use super::definitions_test::{
    calls, floor, of_line, of_team, on_line, records, rules, with_hours,
};
use super::fixture::{Memory, query, samara};
use super::{Bucket, By, Error, Query, RepeatRow};

#[test]
fn rows_may_be_of_lines_and_of_teams() {
    let by = |by| Query { by, ..query() };
    let queues = |by_what| {
        let report = calls().reports(floor()).queues(&by(by_what)).unwrap();
        let rows = report.rows.into_iter();
        let rows = rows.map(|row| (row.queue, row.calls_arrived, row.calls_offered));
        rows.collect::<Vec<_>>()
    };
    let row = |name: &str, calls| (name.to_owned(), Some(calls), calls);
    let lines = [row("200", 2), row("jobs line", 2), row("ALL", 4)];
    assert_eq!(queues(By::Line), lines);
    // The lost call is of no team.
    let teams = [row("", 1), row("first", 1), row("second", 2), row("ALL", 4)];
    assert_eq!(queues(By::Team), teams);

    let transfers = |query: &Query| calls().reports(floor()).transfers(query).unwrap();
    let served = |query: &Query| {
        let rows = transfers(query).rows.into_iter();
        let rows = rows.map(|row| (row.queue, row.calls_served, row.transfers));
        rows.collect::<Vec<_>>()
    };
    let row = |name: &str, served, transfers| (name.to_owned(), served, transfers);
    let lines = [row("200", 2, 0), row("jobs line", 1, 1), row("ALL", 3, 1)];
    assert_eq!(served(&by(By::Line)), lines);
    let teams = [row("first", 1, 1), row("second", 2, 0), row("ALL", 3, 1)];
    assert_eq!(served(&by(By::Team)), teams);
    // What all have together does not depend on it, nor from where to where they were passed on.
    let (whole, grouped) = (transfers(&query()), transfers(&by(By::Team)));
    assert_eq!(whole.rows.last(), grouped.rows.last());
    assert_eq!(whole.paths, grouped.paths);

    let waits = |by_what| {
        let report = calls().reports(floor()).waits(&by(by_what), &[]).unwrap();
        let mut waits = BTreeMap::<String, u64>::new();
        for row in report.rows {
            *waits.entry(row.queue).or_default() += row.count;
        }
        waits
    };
    let all = waits(By::Queue)["ALL"];
    for by_what in [By::Line, By::Team] {
        let mut rows = waits(by_what);
        assert_eq!(rows.remove("ALL"), Some(all));
        assert_eq!(rows.values().sum::<u64>(), all);
        assert!(rows.len() > 1, "{rows:?}");
    }

    let refused = |refused: Error, words: &str| {
        assert_eq!(refused.field(), Some("query.by"));
        assert_eq!(refused.to_string(), words);
    };
    let reports = calls().reports(floor());
    refused(
        reports.lines(&by(By::Team)).unwrap_err(),
        "only the queue, the transfer, the wait, the agent and the repeat report have rows by team",
    );
    refused(
        reports.agents(&by(By::Line)).unwrap_err(),
        "only the queue, the transfer, the wait and the repeat report have rows by line",
    );
}

#[test]
fn a_line_that_nobody_told_of_is_refused_and_one_that_nobody_configured_is_not() {
    let reports = calls().reports(floor());
    let report = reports.queues(&of_line("200")).unwrap();
    assert!(report.context.cautions[0].starts_with("no line 200 is configured"));
    let refused = reports.queues(&of_line("101")).unwrap_err();
    assert_eq!(refused.field(), Some("query.lines"));
    let words = "unknown line \"101\"; the nearest is \"100\"";
    assert_eq!(refused.to_string(), words);
}

#[test]
fn configured_queues_and_lines_that_nobody_called_have_a_row() {
    let mut options = floor();
    for queue in ["jobs", "idle"] {
        let always = Timeline::with_changes(rules(20), Vec::new());
        options.targets.queues.insert(QueueId::new(queue), always);
    }
    let mut floor = (*options.floor).clone();
    floor.lines.insert(LineId::new("109"), "idle line".into());
    options.floor = Arc::new(floor);
    let reports = calls().reports(options);
    let queues = |query: &Query| {
        let rows = reports.queues(query).unwrap().rows.into_iter();
        let rows = rows.map(|row| (row.queue, row.calls_offered));
        rows.collect::<Vec<_>>()
    };
    let row = |name: &str, calls| (name.to_owned(), calls);
    let all = [
        row("help", 0),
        row("idle", 0),
        row("jobs", 4),
        row("ALL", 4),
    ];
    assert_eq!(queues(&query()), all);
    let jobs = Query {
        queues: vec!["jobs".into()],
        ..query()
    };
    assert_eq!(queues(&jobs), all[2..]);
    // Hours would be many rows of nothing; a team has calls only.
    let hours = Query {
        bucket: Bucket::Hour,
        ..query()
    };
    assert!(!queues(&hours).contains(&row("idle", 0)));
    assert!(!queues(&of_team("first")).contains(&row("idle", 0)));
    let lines = reports.lines(&query()).unwrap().rows.into_iter();
    let lines: Vec<_> = lines.map(|row| (row.name, row.calls_arrived)).collect();
    assert_eq!(
        lines,
        [row("jobs line", 2), row("idle line", 0), row("", 2)]
    );
}

#[test]
fn in_the_agent_report_everything_is_of_the_agent_s_own_team_at_the_time() {
    let handled = |asked: &Query| {
        let report = calls().reports(floor()).agents(asked).unwrap();
        let rows = report.rows.into_iter();
        let rows = rows.filter(|row| row.handled > 0);
        let rows = rows.map(|row| (row.name, row.team, row.handled));
        rows.collect::<Vec<_>>()
    };
    let row = |name: &str, team: &str, handled| (name.to_owned(), team.to_owned(), handled);
    assert_eq!(
        handled(&query()),
        [row("Anna", "first → second", 2), row("Boris", "second", 2)]
    );
    assert_eq!(
        handled(&of_team("first")),
        [row("Anna", "first → second", 1)]
    );
    assert_eq!(handled(&of_line("100")).len(), 2);
    assert_eq!(
        handled(&of_line("200")),
        [row("Anna", "first → second", 1), row("Boris", "second", 1)]
    );
}

#[test]
fn of_a_team_are_its_agents_doings_while_they_were_in_it() {
    let states = [
        ("09:59:00", AgentState::Available),
        ("11:30:00", AgentState::LoggedOut),
    ];
    let told = states.map(|(time, state)| AgentTold {
        source: SourceId::new("pbx"),
        at: samara(time),
        told: AgentEvent::StateChanged {
            agent: AgentId::new("ann"),
            state,
            reason: Text::default(),
            queues: Vec::new(),
        },
        mode: Mode::Live,
    });
    let told = Told {
        agents: told.to_vec(),
        ..Told::default()
    };
    let reports = Memory::of_records(records(), told).reports(floor());
    let by = |by| Query { by, ..query() };
    let rows = reports.agents(&by(By::Team)).unwrap().rows;
    let teams: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                &*row.agent,
                &*row.name,
                &*row.team,
                row.handled,
                row.transfers_out,
            )
        })
        .collect();
    assert_eq!(teams, [("", "", "first", 1, 1), ("", "", "second", 3, 0)]);
    // Ann is there until 11:00 for one team, until 11:30 for the other; talks are cut out of it.
    let available: Vec<_> = rows
        .iter()
        .map(|row| row.time_in(AgentState::Available).as_secs())
        .collect();
    assert_eq!(available, [61 * 60 - 45 - 4, 30 * 60 - 90]);
    // Each is what a filter for it gives.
    for row in &rows {
        let asked = Query {
            by: By::Team,
            ..of_team(&row.team)
        };
        assert_eq!(
            reports.agents(&asked).unwrap().rows,
            std::slice::from_ref(row)
        );
    }
}

#[test]
fn repeats_of_a_line_or_a_team_are_what_a_filter_for_it_gives() {
    let of = |hash, record: CallRecord| CallRecord {
        caller: Caller::Known(Pseudonym {
            key: 1,
            hash: [hash; 16],
        }),
        ..record
    };
    // One person tries both lines, another the one.
    let callers = [1, 1, 1, 2];
    let known = callers.into_iter().zip(records());
    let mut known: Vec<_> = known
        .map(|(hash, (id, call))| (id, of(hash, call)))
        .collect();
    let withheld = CallRecord {
        caller: Caller::Withheld,
        ..on_line("200", "arrive 90; enter jobs 90; end caller 95")
    };
    known.push(("withheld", withheld));
    let reports = Memory::of_records(known, Told::default()).reports(floor());
    let rows = |query: &Query| reports.repeats(query, None).unwrap().rows;
    let whole = rows(&query());
    assert_eq!((whole.len(), &*whole[0].queue), (1, "ALL"));
    for (by, names) in [
        (By::Line, &["200", "jobs line"][..]),
        (By::Team, &["", "first", "second"]),
    ] {
        let grouped = rows(&Query { by, ..query() });
        let of: Vec<_> = grouped.iter().map(|row| &*row.queue).collect();
        assert_eq!(of, [names, &["ALL"]].concat());
        assert_eq!(grouped.last(), whole.last());
        for row in &grouped {
            let asked = match (by, &*row.queue) {
                (_, "" | "ALL") => continue,
                (By::Line, name) => of_line(name),
                (_, name) => of_team(name),
            };
            let alone = RepeatRow {
                queue: row.queue.clone(),
                ..rows(&asked).remove(0)
            };
            assert_eq!(*row, alone);
        }
        let calls: u64 = grouped
            .iter()
            .map(|row| row.calls_with_caller + row.withheld)
            .sum();
        assert_eq!(calls, 2 * 5, "each call in one row, and in that of all");
    }
}

#[test]
fn a_call_is_of_its_first_queue_s_calendar_open_and_closed_apart() {
    // Open from 9 to 10 and from 11 to 12.
    let mut options = with_hours();
    let own = QueueRules {
        calendar: Some("office".into()),
        ..rules(20)
    };
    let always = Timeline::with_changes(own, Vec::new());
    options.targets.queues.insert(QueueId::new("jobs"), always);
    let mut known = records();
    let elsewhere = on_line(
        "200",
        "arrive 90; enter help 90; enter jobs 95; end caller 99",
    );
    known.push(("elsewhere", elsewhere));
    let night = settled(samara("23:00:00"), "arrive 0; enter jobs 0; end caller 5");
    known.push(("night", night));
    let reports = Memory::of_records(known, Told::default()).reports(options);
    let by = Query {
        by: By::Calendar,
        ..query()
    };
    let rows = reports.queues(&by).unwrap().rows;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (&*row.queue, row.calls_offered))
        .collect();
    assert_eq!(
        rows,
        [("", 1), ("office", 1), ("office (closed)", 4), ("ALL", 6)]
    );
}
