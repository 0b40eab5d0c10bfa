//! Lists of calls of a day that is told in words.

use super::*;
use crate::calls::tests::settled;
use crate::model::{Caller, Outcome, Pseudonym, SourceId};
use crate::reports::QueueRow;
use crate::reports::fixture::{Asked, Memory, at, hotline, query, samara, seconds, stored};
use crate::store::Told;

/// Ann passes a call from jobs to benefits, where Bob takes it; one is lost in jobs after 90 s; one is refused; one is a
/// test; one still waits.
fn day() -> Memory {
    let stories = [
        (
            "passed on",
            "arrive 0; enter jobs 5; ring ann 6; answer ann jobs 17; hold ann 20; unhold ann 30; begin ann blind queue benefits 50; release ann agent 50; enter benefits 50; answer bob benefits 80; release bob caller 100; end caller 100",
        ),
        (
            "lost",
            "arrive 60; enter jobs 60; ring cyd 61; miss cyd no_answer 76; end caller 150",
        ),
        ("refused", "arrive 120; refuse closed help 120; end pbx 121"),
        (
            "test",
            "arrive 180; tag test 180; enter jobs 180; end caller 200",
        ),
    ];
    let ten = samara("10:00:00");
    let calls = stories.map(|(id, story)| stored(id, settled(ten, story)));
    let (_, mut waits) = crate::calls::tests::open(ten, "arrive 240; enter jobs 240");
    waits.caller = Caller::Known(Pseudonym {
        key: 2,
        hash: [0xab; 16],
    });
    let waits = stored("waits", waits);
    Memory::of_calls(calls.into_iter().chain([waits]).collect())
}

fn asked(filter: CallFilter) -> CallsQuery {
    CallsQuery {
        query: query(),
        filter,
        ..CallsQuery::default()
    }
}

fn ids(page: &CallsPage) -> Vec<&str> {
    page.calls.iter().map(|call| call.call.as_str()).collect()
}

/// The calls that pass a filter.
fn listed(filter: CallFilter) -> Vec<String> {
    let page = day().reports(hotline()).list_calls(&asked(filter)).unwrap();
    ids(&page).into_iter().map(str::to_owned).collect()
}

fn words(word: &str) -> Vec<String> {
    word.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_call_is_summed_up_in_a_row() {
    let asked = asked(CallFilter::default());
    let page = day().reports(hotline()).list_calls(&asked).unwrap();
    assert_eq!(ids(&page), ["passed on", "lost", "refused", "waits"]);
    let passed_on = &page.calls[0];
    assert_eq!(passed_on.arrived_at, "2026-03-02T10:00:00+04:00");
    let names: Vec<_> = passed_on
        .queues
        .iter()
        .map(|queue| queue.as_str())
        .collect();
    assert_eq!(names, ["jobs", "benefits"]);
    let names: Vec<_> = passed_on
        .agents
        .iter()
        .map(|agent| agent.as_str())
        .collect();
    assert_eq!(names, ["ann", "bob"]);
    // 17 − 5; 12 + (80 − 50).
    assert_eq!(
        (passed_on.first_wait, passed_on.wait_sum),
        (Some(seconds(12)), seconds(42))
    );
    // (50 − 17 − 10) + (100 − 80).
    assert_eq!(
        (passed_on.talk_sum, passed_on.hold_sum),
        (seconds(43), seconds(10))
    );
    assert_eq!((passed_on.transfers, passed_on.provisional), (1, false));
    let waits = &page.calls[3];
    assert_eq!(
        (waits.outcome, waits.ended_by, waits.first_wait),
        (None, None, None)
    );
    assert!(waits.provisional);
    assert_eq!(waits.caller, "ab".repeat(16));
    let context = &page.context;
    assert_eq!(
        (
            context.calls.unwrap().calls,
            context.calls_test,
            context.calls_provisional
        ),
        (4, 1, 1)
    );
    let queues = day().reports(hotline()).queues(&query()).unwrap();
    assert_eq!(
        context.calls, queues.context.calls,
        "the same calls as behind any report"
    );
}

#[test]
fn each_filter_finds_its_calls() {
    let all = CallFilter::default;
    for (filter, expected) in [
        (
            CallFilter {
                agents: words("bob"),
                ..all()
            },
            "passed on",
        ),
        (
            CallFilter {
                agents: words("cyd"),
                ..all()
            },
            "lost",
        ),
        (
            CallFilter {
                exits: words("abandoned_waiting"),
                ..all()
            },
            "lost",
        ),
        (
            CallFilter {
                exits: words("waiting answered"),
                ..all()
            },
            "passed on, waits",
        ),
        (
            CallFilter {
                outcomes: words("refused open"),
                ..all()
            },
            "refused, waits",
        ),
        // Waits of 12, 30 and 90 s: longer than, not as long as.
        (
            CallFilter {
                wait_over: Some(seconds(29)),
                ..all()
            },
            "passed on, lost",
        ),
        (
            CallFilter {
                wait_over: Some(seconds(30)),
                ..all()
            },
            "lost",
        ),
        (
            CallFilter {
                transfers_over: Some(0),
                ..all()
            },
            "passed on",
        ),
        (
            CallFilter {
                transfers_over: Some(1),
                ..all()
            },
            "",
        ),
        (
            CallFilter {
                marks: words("contradiction"),
                ..all()
            },
            "",
        ),
        (
            CallFilter {
                callers: vec!["AB".repeat(16)],
                ..all()
            },
            "waits",
        ),
        (
            CallFilter {
                callers: words("withheld"),
                ..all()
            },
            "",
        ),
        (
            CallFilter {
                agents: words("bob"),
                exits: words("abandoned_waiting"),
                ..all()
            },
            "",
        ),
    ] {
        assert_eq!(listed(filter.clone()).join(", "), expected, "{filter:?}");
    }
    let of = |queue: &str| {
        let mut asked = asked(CallFilter::default());
        asked.query.queues = vec![queue.to_owned()];
        let page = day().reports(hotline()).list_calls(&asked).unwrap();
        ids(&page).join(", ")
    };
    assert_eq!(of("jobs"), "passed on, lost, waits");
    assert_eq!(of("benefits"), "passed on");
}

#[test]
fn the_calls_behind_a_figure_are_those_of_that_figure() {
    let report = day().reports(hotline()).queues(&query()).unwrap();
    let figure = |queue: &str, of: fn(&QueueRow) -> u64| {
        let row = report.rows.iter().find(|row| row.queue == queue);
        row.map_or(0, of) as usize
    };
    let behind = |queue: &str, filter: CallFilter| {
        let mut asked = asked(filter);
        if asked.filter.first_queues.is_empty() {
            asked.query.queues = words(queue);
        }
        let page = day().reports(hotline()).list_calls(&asked).unwrap();
        page.calls.len()
    };
    let all = CallFilter::default;
    for queue in ["jobs", "benefits"] {
        // The call that was passed on waited 12 s in the one, 30 s in the other.
        let over = CallFilter {
            wait_over: Some(seconds(20)),
            exits: words("answered"),
            ..all()
        };
        let long = if queue == "jobs" { 0 } else { 1 };
        assert_eq!(behind(queue, over), long, "{queue}");
        let lost = CallFilter {
            exits: words("abandoned_waiting abandoned_ringing"),
            ..all()
        };
        let abandoned = figure(queue, |row| row.counts.abandoned);
        assert_eq!(behind(queue, lost), abandoned, "{queue}");
        let first = CallFilter {
            first_queues: words(queue),
            ..all()
        };
        let offered = figure(queue, |row| row.calls_offered);
        assert_eq!(behind(queue, first), offered, "{queue}");
        let abandoned = CallFilter {
            first_queues: words(queue),
            outcomes: words("abandoned"),
            ..all()
        };
        let outcomes = figure(queue, |row| row.calls.outcomes.of(Outcome::Abandoned));
        assert_eq!(behind(queue, abandoned), outcomes, "{queue}");
    }
    let nowhere = CallFilter {
        first_queues: words("job"),
        ..all()
    };
    let refused = day().reports(hotline()).list_calls(&asked(nowhere));
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("\"jobs\""), "{words}");
}

#[test]
fn our_own_return_calls_are_told_apart() {
    let served = "arrive 0; enter jobs 0; answer ann jobs 10; release ann caller 60; end caller 60";
    let records = vec![
        ("inbound", settled(samara("10:00:00"), served)),
        (
            "return",
            settled(
                samara("11:00:00"),
                &served.replace("arrive", "arrive return"),
            ),
        ),
    ];
    let reports = Memory::of_records(records, Told::default()).reports(hotline());
    let listed = |directions: &[&str]| {
        let page = reports.list_calls(&asked(CallFilter {
            directions: directions.iter().map(|word| (*word).to_owned()).collect(),
            outcomes: words("served"),
            ..CallFilter::default()
        }));
        ids(&page.unwrap()).join(" ")
    };
    assert_eq!(listed(&[]), "inbound return");
    assert_eq!(listed(&["return"]), "return");
    assert_eq!(listed(&["inbound"]), "inbound");
    let served = reports.queues(&query()).unwrap().rows.remove(1);
    assert_eq!(served.calls.outcomes.of(Outcome::Served), 1);
}

#[test]
fn a_wrong_word_names_the_nearest() {
    let refused = |filter| {
        let error = day()
            .reports(hotline())
            .list_calls(&asked(filter))
            .unwrap_err();
        (error.field(), error.to_string())
    };
    let all = CallFilter::default;
    for (filter, field, words) in [
        (
            CallFilter {
                exits: words("abandond"),
                ..all()
            },
            "filter.exits",
            "abandoned_waiting",
        ),
        (
            CallFilter {
                outcomes: words("Served"),
                ..all()
            },
            "filter.outcomes",
            "\"served\"",
        ),
        (
            CallFilter {
                marks: words("end_mising"),
                ..all()
            },
            "filter.marks",
            "end_missing",
        ),
        (
            CallFilter {
                agents: words("ann bbo"),
                ..all()
            },
            "filter.agents",
            "\"bob\"",
        ),
        (
            CallFilter {
                callers: words("+79991234567"),
                ..all()
            },
            "filter.callers",
            "hexadecimal",
        ),
    ] {
        let (at, said) = refused(filter);
        assert_eq!(at, Some(field));
        assert!(said.contains(words), "{said}");
    }
}

/// Calls of two sources, many at the same instants.
fn crowd() -> Memory {
    let start = samara("10:00:00");
    let call = |number: u64| {
        let source = 1 + number % 2;
        let mut call = stored(
            &format!("{number:03}"),
            settled(
                start.plus(seconds(number / 10)),
                "arrive 0; enter jobs 1; end caller 9",
            ),
        );
        call.place.source = source as i64;
        call.source = SourceId::new(["pbx", "branch"][source as usize - 1]);
        call
    };
    Memory::of_calls((0..100).map(call).collect())
}

/// Every page, to the end.
fn pages(reports: &Asked, asked: &CallsQuery) -> Vec<CallsPage> {
    let mut asked = asked.clone();
    let mut pages = Vec::new();
    loop {
        let page = reports.list_calls(&asked).unwrap();
        asked.page_token.clone_from(&page.next_page_token);
        pages.push(page);
        if asked.page_token.is_empty() {
            return pages;
        }
        assert!(pages.len() <= 200, "the pages end");
    }
}

#[test]
fn pages_of_any_size_hold_every_call_once_in_order() {
    let reports = crowd().reports(hotline());
    let asked = asked(CallFilter::default());
    let whole = reports.list_calls(&CallsQuery {
        page_size: u32::MAX,
        ..asked.clone()
    });
    let whole = whole.unwrap();
    assert_eq!((whole.calls.len(), &*whole.next_page_token), (100, ""));
    for (size, number) in [(1, 100), (7, 15), (50, 2), (0, 2), (99, 2), (100, 1)] {
        let pages = pages(
            &reports,
            &CallsQuery {
                page_size: size,
                ..asked.clone()
            },
        );
        assert_eq!(pages.len(), number, "pages of {size}");
        let calls: Vec<_> = pages.iter().flat_map(|page| &page.calls).collect();
        assert_eq!(
            calls,
            whole.calls.iter().collect::<Vec<_>>(),
            "pages of {size}"
        );
    }
}

#[test]
fn a_token_is_of_one_query() {
    let reports = crowd().reports(hotline());
    let first = CallsQuery {
        page_size: 10,
        ..asked(CallFilter::default())
    };
    let token = reports.list_calls(&first).unwrap().next_page_token;
    let next = CallsQuery {
        page_token: token,
        page_size: 5,
        ..first
    };
    assert_eq!(
        ids(&reports.list_calls(&next).unwrap()).len(),
        5,
        "another size is no other query"
    );
    let changed = |change: fn(&mut CallsQuery)| {
        let mut asked = next.clone();
        change(&mut asked);
        let error = reports.list_calls(&asked).unwrap_err();
        assert_eq!(error.field(), Some("page_token"), "{error}");
        error.to_string()
    };
    for said in [
        changed(|asked| asked.query.zone = "UTC".into()),
        changed(|asked| asked.query.end = Some(at("2026-03-04T00:00:00+04:00"))),
        changed(|asked| asked.query.queues = vec!["jobs".into()]),
        changed(|asked| asked.filter.wait_over = Some(seconds(5))),
        changed(|asked| asked.filter.transfers_over = Some(0)),
        changed(|asked| asked.filter.agents = vec!["ann".into()]),
        changed(|asked| asked.filter.exits = vec!["answered".into()]),
        changed(|asked| asked.filter.outcomes = vec!["served".into()]),
        changed(|asked| asked.filter.marks = vec!["end_missing".into()]),
        changed(|asked| asked.filter.callers = vec!["withheld".into()]),
    ] {
        assert!(said.contains("another query"), "{said}");
    }
    assert!(changed(|asked| asked.page_token = "page 2".into()).contains("not one of ours"));
}

#[test]
fn calls_that_come_in_meanwhile_move_nothing() {
    let before = crowd();
    let asked = CallsQuery {
        page_size: 30,
        ..asked(CallFilter::default())
    };
    let first = before
        .clone()
        .reports(hotline())
        .list_calls(&asked)
        .unwrap();
    let early = stored(
        "early",
        settled(samara("09:00:00"), "arrive 0; end caller 1"),
    );
    let late = stored(
        "late",
        settled(samara("11:00:00"), "arrive 0; end caller 1"),
    );
    let after = before.with(vec![early, late]).reports(hotline());
    let next = CallsQuery {
        page_token: first.next_page_token.clone(),
        ..asked
    };
    let rest = pages(&after, &next);
    let seen: Vec<_> = ids(&first)
        .into_iter()
        .chain(rest.iter().flat_map(ids))
        .collect();
    let (late, known) = seen.split_last().unwrap();
    assert_eq!((*late, known.len()), ("late", 100));
    let mut once = known.to_vec();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), 100);
    assert!(!seen.contains(&"early"), "it is behind the place");
}
