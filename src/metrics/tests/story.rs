//! What one fact after the other moves, and the whole text of a small morning.

use super::*;
use crate::model::{
    AgentEvent, AgentState, FailedTransfer, QueueNow, QueueTarget, Refusal, RefusalReason, Reroute,
    SourceNow, TransferFailure, Visit,
};

/// A served call with everything that can be counted at settling.
fn busy_call() -> CallRecord {
    let mut call = record(Outcome::Served);
    call.offers = vec![
        offer("sales", Some(OfferResult::NoAnswer)),
        offer("sales", Some(OfferResult::Answered)),
        offer("sales", None),
    ];
    call.legs = vec![
        leg(Some("sales"), 20, 120, millis(2_500)),
        leg(Some("tech"), 150, 180, Duration::ZERO),
        leg(None, 200, 210, Duration::ZERO),
    ];
    call.transfers = vec![
        transfer(TargetKind::Queue, TransferOutcome::Answered),
        transfer(TargetKind::Agent, TransferOutcome::Returned),
    ];
    call.failed_transfers = vec![FailedTransfer {
        at: at(110),
        method: TransferMethod::Attended,
        target: None,
        to: crate::model::Text::default(),
        from_agent: AgentId::new("ann"),
        from_queue: None,
        cause: TransferFailure::Busy,
    }];
    call.reroutes = vec![Reroute {
        from: queue("night"),
        to: queue("sales"),
    }];
    call
}

fn morning() -> Vec<Fact> {
    vec![
        Fact::CallArrived,
        Fact::VisitOffered {
            queue: queue("sales"),
        },
        ended("sales", Exit::Answered, millis(20_000)),
        Fact::VisitDecided {
            queue: queue("sales"),
        },
        settled(Mode::Live, busy_call()),
        Fact::WrapUp {
            queue: queue("sales"),
            span: millis(31_250),
        },
        Fact::CallArrived,
        Fact::VisitOffered {
            queue: queue("sales"),
        },
        ended("sales", Exit::AbandonedWaiting, millis(4_000)),
        Fact::VisitDecided {
            queue: queue("sales"),
        },
        settled(Mode::Live, record(Outcome::Abandoned)),
        Fact::CallArrived,
        settled(Mode::Live, refused_call()),
        Fact::CallArrived,
        settled(Mode::Live, record(Outcome::LeftBeforeQueue)),
        Fact::CallArrived,
        Fact::VisitOffered {
            queue: queue("sales"),
        },
        Fact::Corrected,
        late(),
    ]
}

/// Two queues turned it away, the second because it is closed: one call.
fn refused_call() -> CallRecord {
    let refusal = |reason, name| Refusal {
        at: at(1),
        reason,
        queue: Some(queue(name)),
    };
    CallRecord {
        refusals: vec![
            refusal(RefusalReason::Full, "jobs"),
            refusal(RefusalReason::Closed, "sales"),
        ],
        ..record(Outcome::Refused)
    }
}

fn late() -> Fact {
    Fact::Late {
        call: CallId::new("c0"),
        kind: "ended",
        sequence: 9,
        occurred_at: at(1),
        told: Vec::new(),
    }
}

fn told(facts: &[Fact]) -> Totals {
    let mut totals = totals("sales");
    for fact in facts {
        totals.apply(&source(), fact);
    }
    totals
}

fn now() -> SourceNow {
    SourceNow {
        source: source(),
        sent_at: Some(at(990)),
        received_at: at(995),
        watermark: Some(at(990)),
        calls_open: 1,
        gap_events: 2,
        queues: vec![QueueNow {
            queue: queue("sales"),
            waiting: 1,
            oldest_entry: Some(at(982)),
            oldest_journey: Some(at(970)),
        }],
    }
}

#[test]
fn a_call_that_was_turned_away_and_then_queued_is_no_refused_one() {
    let mut call = refused_call();
    call.visits = vec![Visit {
        queue: queue("sales"),
        entered_at: at(2),
        exit: Some(Exit::AbandonedWaiting),
        exited_at: Some(at(9)),
        wait: Some(millis(7_000)),
        after_human: false,
        reentered: false,
        talk: None,
    }];
    let text = render(told(&[settled(Mode::Live, call)]));
    let refused = samples(&text, "dozvon_calls_refused_total");
    assert!(
        refused.iter().all(|line| line.ends_with(" 0")),
        "{refused:?}"
    );
    let text = render(told(&[settled(Mode::Live, refused_call())]));
    let refused = samples(&text, "dozvon_calls_refused_total");
    assert_eq!(
        refused.iter().filter(|line| line.ends_with(" 1")).count(),
        1
    );
}

#[test]
fn a_queue_that_an_agent_serves_has_its_series_before_its_first_call() {
    let told_of = |mode| Fact::AgentTold {
        at: at(1),
        told: AgentEvent::StateChanged {
            agent: AgentId::new("a7"),
            state: AgentState::Available,
            reason: "".into(),
            queues: vec![queue("jobs")],
        },
        mode,
    };
    let has_series = |mode| render(told(&[told_of(mode)])).contains("{queue=\"jobs\"");
    assert_eq!([Mode::Live, Mode::Backfill].map(has_series), [true, false]);
}

#[test]
fn the_whole_text_of_a_morning() {
    let mut totals = told(&morning());
    totals.applied(&source(), 25);
    totals.rejected(&source(), "time_out_of_range", 3);
    totals.apply_now(now());
    let board = Board::new(totals);
    board.process().duplicates(&source(), 4);
    board.process().delays(&source(), [millis(40)]);
    board.process().committed(millis(2), 25);
    let text = board
        .render(at(1_000), &AgentsNow::default(), Format::Text)
        .to_string();
    let open_metrics = board
        .render(at(1_000), &AgentsNow::default(), Format::OpenMetrics)
        .to_string();
    let samples = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let with_points = super::super::text::with_points(&text);
    assert!(
        samples(&open_metrics) == samples(&with_points),
        "{open_metrics}"
    );
    assert!(open_metrics.contains(",le=\"20.0\"} "), "{open_metrics}");
    assert!(open_metrics.ends_with("\n# EOF\n"), "{open_metrics}");
    let opening = "# HELP dozvon_calls_arrived Calls that reached our number.\n# TYPE dozvon_calls_arrived counter\ndozvon_calls_arrived_total 5\n";
    assert!(open_metrics.contains(opening), "{open_metrics}");
    let opening =
        "\n# TYPE dozvon_queue_wait_seconds histogram\n# UNIT dozvon_queue_wait_seconds seconds\n";
    assert!(open_metrics.contains(opening), "{open_metrics}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_configured_queue_has_every_series_from_the_first_scrape() {
    let text = render(totals("sales"));
    let exits = samples(&text, "dozvon_queue_visits_ended_total");
    assert_eq!(exits.len(), Exit::ALL.len());
    for (exit, line) in Exit::ALL.iter().zip(sorted_by_code(&exits)) {
        assert_eq!(
            line,
            format!("{{queue=\"sales\",exit=\"{}\"}} 0", exit.as_str())
        );
    }
    let results = samples(&text, "dozvon_agent_offers_total");
    let of_sales = results.iter().filter(|line| line.contains("sales"));
    assert_eq!(of_sales.count(), OfferResult::ALL.len());
    assert_eq!(samples(&text, "dozvon_queue_wait_seconds_count").len(), 3);
    assert_eq!(
        samples(&text, "dozvon_queue_oldest_wait_seconds"),
        ["{queue=\"sales\"} 0"]
    );
}

/// Exit lines in the order of the exits' codes.
fn sorted_by_code<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let find = |exit: &Exit| {
        let label = format!("exit=\"{}\"", exit.as_str());
        lines.iter().find(|line| line.contains(&label)).copied()
    };
    Exit::ALL.iter().filter_map(find).collect()
}

/// What a settled call moves, as differences of the text before and after.
fn moved(mode: Mode, call: CallRecord) -> Vec<String> {
    let before = render(totals("sales"));
    let after = render(told(&[settled(mode, call)]));
    let before: Vec<&str> = before.lines().collect();
    let moved = after.lines().filter(|line| !before.contains(line));
    let name = |line: &str| line.split(['{', ' ']).next().unwrap_or(line).to_owned();
    let mut names: Vec<String> = moved
        .filter(|line| !line.starts_with('#') && !line.ends_with(" 0"))
        .map(name)
        .filter(|name| !name.ends_with("_bucket") && !name.ends_with("_sum"))
        .collect();
    names.dedup();
    names
}

#[test]
fn who_is_counted_when_a_call_settles() {
    let all = [
        "dozvon_calls_ended_total",
        "dozvon_queue_service_level_target_seconds",
        "dozvon_queue_open",
        "dozvon_call_transfers_count",
        "dozvon_transfers_total",
        "dozvon_transfer_returns_total",
        "dozvon_reroutes_total",
        "dozvon_agent_talk_seconds_count",
        "dozvon_agent_hold_seconds_count",
        "dozvon_agent_offers_total",
    ];
    assert_eq!(moved(Mode::Live, busy_call()), all);
    assert!(
        moved(Mode::Backfill, busy_call()).is_empty(),
        "history is never shown"
    );

    let mut test_call = busy_call();
    test_call.test = true;
    assert!(
        moved(Mode::Live, test_call).is_empty(),
        "test calls are in no figure"
    );

    let mut return_call = busy_call();
    return_call.direction = Direction::Return;
    let of_calls = ["dozvon_calls_ended_total", "dozvon_call_transfers_count"];
    let rest: Vec<&str> = all
        .into_iter()
        .filter(|name| !of_calls.contains(name))
        .collect();
    assert_eq!(
        moved(Mode::Live, return_call),
        rest,
        "our own calls are no demand"
    );
}

#[test]
fn a_span_that_is_not_known_is_no_value() {
    let negative = Fact::VisitEnded {
        queue: queue("sales"),
        exit: Exit::Timeout,
        wait: None,
        within_target: false,
        short: false,
    };
    let mut call = record(Outcome::Served);
    call.legs = vec![leg(Some("sales"), 100, 90, millis(500))];
    let text = render(told(&[negative, settled(Mode::Live, call)]));
    let value = |name: &str, labels: &str| {
        let lines = samples(&text, name);
        let line = lines.iter().find(|line| line.starts_with(labels));
        line.and_then(|line| line.split(' ').next_back().map(str::to_owned))
    };
    let sales = "{queue=\"sales\"}";
    let timeout = "{queue=\"sales\",exit=\"timeout\"}";
    let other = "{queue=\"sales\",exit=\"other\"}";
    assert_eq!(
        value("dozvon_queue_visits_ended_total", timeout).as_deref(),
        Some("1")
    );
    assert_eq!(
        value("dozvon_queue_wait_seconds_count", other).as_deref(),
        Some("0")
    );
    assert_eq!(
        value("dozvon_agent_talk_seconds_count", sales).as_deref(),
        Some("0")
    );
    assert_eq!(
        value("dozvon_agent_hold_seconds_count", sales).as_deref(),
        Some("0")
    );
    assert_eq!(
        value("dozvon_call_transfers_count", sales).as_deref(),
        Some("1")
    );
}

#[test]
fn late_events_are_counted_by_source() {
    let text = render(told(&[late(), late(), Fact::Corrected]));
    let pbx = |count| vec![format!("{{source=\"pbx\"}} {count}")];
    assert_eq!(samples(&text, "dozvon_ingest_late_events_total"), pbx(2));
    assert_eq!(samples(&text, "dozvon_ingest_corrections_total"), pbx(1));
}

#[test]
fn a_restart_changes_no_line() {
    let mut before = told(&morning());
    before.rejected(&source(), "no_call_id", 1);
    let mut rows = Rows::default();
    rows.save(&mut before);
    assert!(before.take_changed().is_empty());
    let mut after = Totals::restore(&targets("sales"), rows.load()).unwrap();
    assert!(after.take_changed().is_empty());
    before.apply_now(now());
    after.apply_now(now());
    assert_eq!(render(after), render(before));
}

#[test]
fn a_new_threshold_keeps_what_was_counted() {
    let mut before = told(&[
        ended("sales", Exit::Answered, millis(18_000)),
        ended("sales", Exit::Answered, millis(20_000)),
    ]);
    let mut rows = Rows::default();
    rows.save(&mut before);
    let mut targets = targets("sales");
    let target = QueueTarget {
        service_level: millis(19_000),
        ..QueueTarget::default()
    };
    targets.default = target.into();
    let mut after = Totals::restore(&targets, rows.load()).unwrap();
    after.apply(&source(), &ended("sales", Exit::Answered, millis(18_500)));
    let text = render(after);
    let name = "dozvon_queue_wait_seconds_bucket";
    let bucket = |le: &str| {
        let labels = format!("{{queue=\"sales\",exit=\"answered\",le=\"{le}\"}} ");
        let lines = samples(&text, name);
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&*labels))
            .map(str::to_owned)
    };
    assert_eq!(bucket("15").as_deref(), Some("0"));
    assert_eq!(
        bucket("19").as_deref(),
        Some("1"),
        "of the two before, none is known to be below"
    );
    assert_eq!(bucket("20").as_deref(), Some("3"));
}

#[test]
fn queues_beyond_the_cap_share_other_and_go_on_after_a_restart() {
    let mut totals = Totals::with_caps(&Targets::default(), 2, 1);
    for name in ["a", "b", "c", "d", "a"] {
        totals.apply(&source(), &Fact::VisitOffered { queue: queue(name) });
    }
    totals.applied(&source(), 1);
    totals.applied(&SourceId::new("second"), 2);
    totals.applied(&SourceId::new("third"), 3);
    let mut rows = Rows::default();
    rows.save(&mut totals);
    let text = render(totals);
    let offered = "dozvon_queue_visits_offered_total";
    let expected = ["{queue=\"a\"} 2", "{queue=\"b\"} 1", "{queue=\"other\"} 2"];
    assert_eq!(samples(&text, offered), expected);
    let events = samples(&text, "dozvon_ingest_events_total");
    assert!(events.contains(&"{source=\"pbx\",result=\"applied\"} 1"));
    assert!(events.contains(&"{source=\"other\",result=\"applied\"} 5"));

    let restored = Totals::restore(&Targets::default(), rows.load()).unwrap();
    assert_eq!(samples(&render(restored), offered), expected);
}

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_to_say() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let mut totals = told(&morning());
    totals.applied(&source(), 25);
    totals.rejected(&source(), "time_out_of_range", 3);
    totals.apply_now(now());
    totals.know_queue(&queue("a \"quoted\" \\ queue"));
    totals.know_source(&SourceId::new("очередь\\n"));
    let board = Board::new(totals);
    board.process().delays(&source(), [millis(40)]);
    board.process().committed(millis(2), 25);
    let text = board
        .render(at(1_000), &AgentsNow::default(), Format::Text)
        .to_string();

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
