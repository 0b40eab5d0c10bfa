//! Gauges: what is true at the moment of the scrape.

use super::*;
use crate::metrics::gauges;
use crate::model::{
    AgentEvent, AgentState, Calendar, Hours, QueueNow, QueueRules, QueueTarget, RulesVersion,
    SourceNow, Timeline,
};

fn waiting(name: &str, visits: u64, entry: i64, journey: i64) -> QueueNow {
    QueueNow {
        queue: queue(name),
        waiting: visits,
        oldest_entry: (visits > 0).then_some(at(entry)),
        oldest_journey: (visits > 0).then_some(at(journey)),
    }
}

fn now(name: &str, sent: i64, received: i64, queues: Vec<QueueNow>) -> SourceNow {
    SourceNow {
        source: SourceId::new(name),
        sent_at: Some(at(sent)),
        received_at: at(received),
        watermark: Some(at(sent)),
        calls_open: 3,
        gap_events: 0,
        queues,
    }
}

fn value(board: &Board, scraped_at: Timestamp, name: &str) -> String {
    let text = board
        .render(scraped_at, &AgentsNow::default(), Format::Text)
        .to_string();
    let lines = samples(&text, name);
    assert_eq!(lines.len(), 1, "{name}: {lines:?}");
    lines[0].split(' ').next_back().unwrap().to_owned()
}

fn gauges_of(totals: &Totals) -> String {
    let gauges = gauges::render(totals, at(1_000), &AgentsNow::default());
    gauges.into_values().collect()
}

const WAIT: &str = "dozvon_queue_oldest_wait_seconds";
const JOURNEY: &str = "dozvon_queue_oldest_journey_seconds";

#[test]
fn the_oldest_wait_runs_by_the_sources_own_clock_and_freezes_in_silence() {
    // The source's clock is 100 s behind ours.
    let mut totals = totals("sales");
    totals.apply_now(now("pbx", 900, 1_000, vec![waiting("sales", 2, 890, 880)]));
    let board = Board::new(totals);
    let cases = [
        (1_000, "10", "20"),
        (1_005, "15", "25"),
        (1_015, "25", "35"),
        (1_600, "25", "35"),
    ];
    for (scraped, wait, journey) in cases {
        assert_eq!(value(&board, at(scraped), WAIT), wait, "at {scraped}");
        assert_eq!(value(&board, at(scraped), JOURNEY), journey, "at {scraped}");
    }
    assert_eq!(value(&board, at(990), WAIT), "10", "our clock was set back");
    assert_eq!(
        value(&board, at(1_000), "dozvon_ingest_skew_seconds"),
        "100"
    );
}

#[test]
fn who_waited_by_a_switch_that_is_gone_is_not_known_to_wait() {
    let mut totals = totals("sales");
    totals.apply(
        &source(),
        &Fact::VisitOffered {
            queue: queue("sales"),
        },
    );
    let told = now("pbx", 1_000, 1_000, vec![waiting("sales", 1, 990, 990)]);
    totals.apply_now(told);
    let board = Board::new(totals);
    let residual = "dozvon_queue_conservation_residual";
    for (scraped, visits, wait) in [(4_600, "1", "25"), (4_601, "0", "0")] {
        let of = |name| value(&board, at(scraped), name);
        assert_eq!(of("dozvon_queue_waiting"), visits, "{scraped}");
        assert_eq!([of(WAIT), of(residual)], [wait, "0"], "{scraped}");
        let open = if visits == "0" { "0" } else { "3" };
        assert_eq!(of("dozvon_calls_open"), open, "{scraped}");
    }
}

#[test]
fn a_queue_of_two_sources_is_summed_and_the_oldest_wins() {
    let mut totals = totals("sales");
    totals.apply_now(now(
        "pbx",
        1_000,
        1_000,
        vec![waiting("sales", 2, 990, 990)],
    ));
    totals.apply_now(now(
        "pbx2",
        1_000,
        1_000,
        vec![waiting("sales", 1, 960, 950)],
    ));
    let board = Board::new(totals);
    assert_eq!(value(&board, at(1_000), "dozvon_queue_waiting"), "3");
    assert_eq!(value(&board, at(1_000), WAIT), "40");
    assert_eq!(value(&board, at(1_000), JOURNEY), "50");
    assert_eq!(value(&board, at(1_000), "dozvon_calls_open"), "6");
}

#[test]
fn whose_source_is_silent_waits_uncertain_and_hides_no_growing_wait() {
    let mut totals = totals("sales");
    totals.apply_now(now("pbx", 900, 900, vec![waiting("sales", 2, 500, 400)]));
    let board = Board::new(totals);
    let told = |scraped: i64| {
        let names = [
            "dozvon_queue_waiting",
            "dozvon_queue_waiting_uncertain",
            WAIT,
            JOURNEY,
            "dozvon_ingest_data_age_seconds",
        ];
        names.map(|name| value(&board, at(scraped), name)).join(" ")
    };
    assert_eq!(told(914), "2 0 414 514 14");
    assert_eq!(told(915), "2 2 415 515 15");
    assert_eq!(told(4_400), "2 2 415 515 3500");
    // A caller by another switch, which lives: this wait grows, and is told.
    board.record(|totals| {
        totals.apply_now(now("pbx", 900, 900, Vec::new()));
        totals.apply_now(now(
            "pbx2",
            4_400,
            4_400,
            vec![waiting("sales", 1, 4_390, 4_380)],
        ));
    });
    let text = board
        .render(at(4_405), &AgentsNow::default(), Format::Text)
        .to_string();
    let ages = samples(&text, "dozvon_ingest_data_age_seconds");
    assert_eq!(ages, ["{source=\"pbx\"} 3505", "{source=\"pbx2\"} 5"]);
    let names = [
        "dozvon_queue_waiting",
        "dozvon_queue_waiting_uncertain",
        WAIT,
    ];
    let shown = names.map(|name| value(&board, at(4_405), name));
    assert_eq!(shown, ["3", "2", "15"]);
    // After an hour nobody takes them for waiting.
    assert_eq!(value(&board, at(4_501), "dozvon_queue_waiting"), "1");
    let residual = "dozvon_queue_conservation_residual";
    assert_eq!(value(&board, at(4_501), residual), "-3", "all are counted");
}

#[test]
fn agents_are_shown_only_where_every_source_says_whom_they_serve() {
    let mut agents = AgentsNow::default();
    let sales = agents.queues.entry(queue("sales")).or_default();
    sales.add(AgentState::Paused);
    let told = |queues: &[&str]| Fact::AgentTold {
        at: at(1),
        told: AgentEvent::StateChanged {
            agent: AgentId::new("a7"),
            state: AgentState::Available,
            reason: "".into(),
            queues: queues.iter().copied().map(queue).collect(),
        },
        mode: Mode::Live,
    };
    let offered = Fact::VisitOffered {
        queue: queue("sales"),
    };
    let mut totals = totals("sales");
    totals.apply(&source(), &told(&[]));
    totals.apply(&source(), &offered);
    totals.apply_now(now("pbx", 1_000, 1_000, Vec::new()));
    let board = Board::new(totals);
    let rows = |now: i64| {
        let text = board.render(at(now), &agents, Format::Text).to_string();
        samples(&text, "dozvon_queue_agents").len()
    };
    assert_eq!(rows(1_000), 0, "states alone");
    board.record(|totals| totals.apply(&source(), &told(&["sales"])));
    assert_eq!(rows(1_000), AgentState::ALL.len());
    // The queue's calls come by another switch, too, which tells of no queues; until that one is gone.
    let other = SourceId::new("pbx2");
    board.record(|totals| {
        totals.apply(&other, &offered);
        totals.apply_now(now("pbx2", 1_000, 1_000, Vec::new()));
    });
    assert_eq!(rows(1_000), 0);
    assert_eq!(rows(1_000 + 3_600), 0);
    assert_eq!(rows(1_000 + 3_601), AgentState::ALL.len());
}

#[test]
fn a_queue_not_told_stays_as_it_was_and_an_empty_one_waits_0() {
    let mut totals = totals("sales");
    totals.apply_now(now(
        "pbx",
        1_000,
        1_000,
        vec![waiting("sales", 1, 990, 990)],
    ));
    totals.apply_now(now("pbx", 1_002, 1_002, Vec::new()));
    let board = Board::new(totals);
    assert_eq!(value(&board, at(1_002), WAIT), "12");
    board.record(|totals| {
        totals.apply_now(now("pbx", 1_003, 1_003, vec![waiting("sales", 0, 0, 0)]))
    });
    assert_eq!(value(&board, at(1_003), WAIT), "0");
    assert_eq!(value(&board, at(1_003), "dozvon_queue_waiting"), "0");
}

#[test]
fn an_entry_ahead_of_the_clock_has_not_waited() {
    let mut totals = totals("sales");
    totals.apply_now(now(
        "pbx",
        1_000,
        1_000,
        vec![waiting("sales", 1, 1_060, 1_060)],
    ));
    let board = Board::new(totals);
    assert_eq!(value(&board, at(1_000), WAIT), "0");
    assert_eq!(value(&board, at(1_000), "dozvon_queue_waiting"), "1");
}

#[test]
fn agents_are_shown_by_state_and_not_at_all_where_none_was_told_of() {
    let mut agents = AgentsNow::default();
    agents.all.add(AgentState::Talking);
    agents.all.add(AgentState::Paused);
    let sales = agents.queues.entry(queue("sales")).or_default();
    sales.add(AgentState::Talking);
    let mut totals = totals("sales");
    totals.know_queue(&queue("jobs"));
    let board = Board::new(totals);
    let nobody = board
        .render(at(1_000), &AgentsNow::default(), Format::Text)
        .to_string();
    assert!(!nobody.contains("agents{"), "{nobody}");
    let text = board.render(at(1_000), &agents, Format::Text).to_string();
    assert_eq!(samples(&text, "dozvon_agents").len(), AgentState::ALL.len());
    let of_queues = samples(&text, "dozvon_queue_agents");
    assert_eq!(of_queues.len(), AgentState::ALL.len(), "{of_queues:?}");
    // Nobody has called this one yet.
    agents.queues.entry(queue("new")).or_default();
    let text = board.render(at(1_000), &agents, Format::Text).to_string();
    let of_queues = samples(&text, "dozvon_queue_agents");
    assert_eq!(of_queues.len(), 2 * AgentState::ALL.len(), "{of_queues:?}");
    let told = |series: &str| text.lines().any(|line| line == series);
    assert!(told("dozvon_agents{state=\"paused\"} 1"), "{text}");
    assert!(told(
        "dozvon_queue_agents{queue=\"sales\",state=\"talking\"} 1"
    ));
    assert!(told(
        "dozvon_queue_agents{queue=\"sales\",state=\"paused\"} 0"
    ));
}

#[test]
fn the_residual_shows_a_visit_that_got_lost() {
    let mut totals = totals("sales");
    for _ in 0..3 {
        totals.apply(
            &source(),
            &Fact::VisitOffered {
                queue: queue("sales"),
            },
        );
    }
    totals.apply(&source(), &ended("sales", Exit::Answered, millis(1)));
    totals.apply_now(now(
        "pbx",
        1_000,
        1_000,
        vec![waiting("sales", 2, 990, 990)],
    ));
    let board = Board::new(totals);
    let residual = "dozvon_queue_conservation_residual";
    assert_eq!(value(&board, at(1_000), residual), "0");
    board.record(|totals| {
        totals.apply_now(now(
            "pbx",
            1_000,
            1_000,
            vec![waiting("sales", 1, 990, 990)],
        ))
    });
    assert_eq!(value(&board, at(1_000), residual), "1");
    board.record(|totals| {
        totals.apply_now(now(
            "pbx",
            1_000,
            1_000,
            vec![waiting("sales", 4, 990, 990)],
        ))
    });
    assert_eq!(value(&board, at(1_000), residual), "-2");
}

#[test]
fn gaps_that_fill_never_lower_the_counter_not_over_a_restart_either() {
    let gaps = |totals: &mut Totals, name: &str, level: u64| {
        let mut told = now(name, 1_000, 1_000, Vec::new());
        told.gap_events = level;
        totals.apply_now(told);
    };
    let mut before = totals("sales");
    let mut rows = Rows::default();
    gaps(&mut before, "pbx", 10);
    gaps(&mut before, "pbx", 4);
    rows.save(&mut before);
    let shown =
        |totals: Totals| samples(&render(totals), "dozvon_ingest_gap_events_total").join("");
    assert_eq!(shown(before), "{source=\"pbx\"} 10");
    let mut after = Totals::restore(&Targets::default(), rows.load()).unwrap();
    gaps(&mut after, "pbx", 6);
    assert_eq!(shown(after), "{source=\"pbx\"} 12");

    let mut shared = Totals::with_caps(&Targets::default(), 9, 0);
    for (name, level) in [("a", 5), ("b", 1), ("a", 5), ("b", 1), ("a", 6)] {
        gaps(&mut shared, name, level);
    }
    assert_eq!(shown(shared), "{source=\"other\"} 7");
}

#[test]
fn numbers_that_are_missing_now_fall_when_they_come() {
    let mut totals = Totals::with_caps(&Targets::default(), 9, 1);
    let mut shown = Vec::new();
    for (name, level) in [("a", 1), ("a", 0), ("b", 2), ("c", 3), ("b", 0)] {
        let mut told = now(name, 1_000, 1_000, Vec::new());
        told.gap_events = level;
        totals.apply_now(told);
        let text = gauges_of(&totals);
        shown.push(samples(&text, "dozvon_ingest_missing_events").join(" "));
    }
    let expected = [
        "{source=\"a\"} 1",
        "{source=\"a\"} 0",
        "{source=\"a\"} 0 {source=\"other\"} 2",
        "{source=\"a\"} 0 {source=\"other\"} 5",
        "{source=\"a\"} 0 {source=\"other\"} 3",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn the_target_and_the_hours_are_those_of_the_moment() {
    let version = RulesVersion {
        since: at(1_000),
        rules: QueueRules {
            calendar: Some("office".into()),
            ..QueueTarget {
                service_level: millis(10_000),
                ..QueueTarget::default()
            }
            .into()
        },
    };
    // Open for the first hour of each day of 1970.
    let weekly = std::array::from_fn(|_| Hours::new(vec![(0, 60)]));
    let calendar = Calendar::new(jiff::tz::TimeZone::UTC, weekly, []);
    let targets = Targets {
        default: Timeline::default(),
        queues: [(
            queue("sales"),
            Timeline::with_changes(QueueRules::default(), vec![version]),
        )]
        .into(),
        calendars: [("office".into(), calendar)].into(),
    };
    let board = Board::new(Totals::new(&targets));
    for (scraped, target, open) in [(999, "20", "1"), (1_000, "10", "1"), (3_600, "10", "0")] {
        let target_of = value(
            &board,
            at(scraped),
            "dozvon_queue_service_level_target_seconds",
        );
        let open_of = value(&board, at(scraped), "dozvon_queue_open");
        assert_eq!((&*target_of, &*open_of), (target, open), "at {scraped}");
    }
}
