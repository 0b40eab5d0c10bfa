//! The calls as if they happened now: shuffled within `settle`, with the power cut, with counters that only rise.

use tempfile::TempDir;

use super::{Bank, Summary, bank, import_log};
use crate::harness::{self, Server, kill_during};
use crate::scrape::Scrape;

/// `calls.settle` as it comes: how long after a call's end its events are waited for.
const SETTLE_SECONDS: i64 = 30;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn live_events_shuffled_within_settle_come_to_the_expected_figures() {
    let Some(bank) = bank() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("shuffled.jsonl");
    let log = bank.log();
    let order = log.late_by_up_to(SETTLE_SECONDS);
    assert!(
        log.steps_back(&order) > log.len() / 10,
        "it is hardly shuffled"
    );
    log.write(&path, &order);

    let server = Server::start().await;
    let summary = import_log(&server, &path, &["--as-live"]).await;
    assert_eq!(summary.acked, log.len() as u64);
    bank.check(&server).await;
    let scrape = Scrape::of(&server).await;
    scrape.is_conserved();
    assert_eq!(scrape.sum("dozvon_ingest_late_events_total", &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn live_counters_rise_over_kills_and_come_to_the_expected_figures() {
    const KILLS: u64 = 6;
    let Some(bank) = bank() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("live.jsonl");
    let log = bank.log();
    log.write(&path, &log.by_time());
    log.append_sign_of_life(&path);

    let mut server = Server::start().await;
    let mut command = server.import("events");
    command.arg(&path).arg("--as-live");
    let import = tokio::spawn(harness::run(command));
    let mut last = Scrape::of(&server).await;
    for kill in 1..=KILLS {
        // Half-way to the next kill, and right after it.
        let events = log.len() as u64 * kill / (KILLS + 1);
        harness::until_taken(&server, "events", events - events / 20, &import).await;
        last = last.rises_to(Scrape::of(&server).await);
        kill_during(&mut server, "events", events, &import).await;
        last = last.rises_to(Scrape::of(&server).await);
    }
    let summary = Summary::of(&import.await.unwrap());
    assert_eq!(summary.acked, log.len() as u64 + 1);
    let whole = last.rises_to(Scrape::of(&server).await);
    counters_equal(&whole, bank);
    bank.check(&server).await;

    // A clean stop, and one without warning.
    assert!(server.terminate().await.success());
    server.restart().await;
    let stopped = Scrape::of(&server).await;
    stopped.equals(&whole);
    server.kill();
    server.restart().await;
    Scrape::of(&server).await.equals(&whole);
    bank.check(&server).await;
}

/// What Prometheus sees is what the reports show: every visit figure of the three months together.
#[track_caller]
fn counters_equal(scrape: &Scrape, bank: &Bank) {
    scrape.is_conserved();
    let column = |queue: &str, column: &str| {
        let rows = bank.expected.queues.0.iter();
        let rows = rows.filter(|(key, _)| key[1] == queue);
        rows.map(|(_, cells)| cells[column].parse::<f64>().unwrap())
            .sum::<f64>()
    };
    let arrived = scrape.sum("dozvon_calls_arrived_total", &[]);
    assert_eq!(arrived, column("ALL", "calls_arrived"), "calls_arrived");
    let ended = scrape.sum("dozvon_calls_ended_total", &[]);
    let open = scrape.sum("dozvon_calls_open", &[]);
    assert_eq!(
        (ended, open),
        (arrived, 0.0),
        "calls ended and open, of those arrived"
    );
    let left = scrape.sum("dozvon_calls_left_before_queue_total", &[]);
    assert_eq!(
        left,
        column("ALL", "left_before_queue"),
        "left_before_queue"
    );

    let queues = bank.expected.queues.0.keys().map(|key| key[1].as_str());
    let queues: std::collections::BTreeSet<&str> = queues.filter(|queue| *queue != "ALL").collect();
    assert_eq!(queues.len(), 6);
    for queue in queues {
        let of = ("queue", queue);
        let counters = [
            (
                "dozvon_queue_visits_offered_total",
                vec![of],
                "visits_offered",
            ),
            (
                "dozvon_queue_visits_ended_total",
                vec![of, ("exit", "answered")],
                "answered",
            ),
            (
                "dozvon_queue_visits_ended_total",
                vec![of, ("exit", "abandoned_waiting")],
                "abandoned",
            ),
            (
                "dozvon_queue_answered_within_target_total",
                vec![of],
                "answered_within_20s",
            ),
            (
                "dozvon_queue_service_level_decided_total",
                vec![of],
                "visits_offered",
            ),
            (
                "dozvon_queue_abandoned_short_total",
                vec![of],
                "abandoned_within_5s",
            ),
            (
                "dozvon_queue_wait_seconds_sum",
                vec![of, ("exit", "answered")],
                "wait_answered_sum_s",
            ),
            (
                "dozvon_queue_wait_seconds_sum",
                vec![of, ("exit", "abandoned")],
                "wait_abandoned_sum_s",
            ),
            ("dozvon_agent_talk_seconds_sum", vec![of], "talk_sum_s"),
        ];
        for (metric, labels, figure) in counters {
            let got = scrape.sum(metric, &labels);
            assert_eq!(got, column(queue, figure), "{metric} {labels:?} = {figure}");
        }
    }
    let mut edges = 0;
    for (key, cells) in &bank.expected.histograms.0 {
        let (queue, exit) = (key[1].as_str(), key[2].as_str());
        if key[0] != "january" || queue == "ALL" {
            continue;
        }
        for edge in cells.keys().filter_map(|column| column.strip_prefix("le_")) {
            let labels = [("queue", queue), ("exit", exit), ("le", edge)];
            let rows = bank.expected.histograms.0.iter();
            let same = rows.filter(|(other, _)| other[1..] == key[1..]);
            let count = same.map(|(_, cells)| cells[&format!("le_{edge}")].parse::<f64>().unwrap());
            let got = scrape.sum("dozvon_queue_wait_seconds_bucket", &labels);
            assert_eq!(got, count.sum::<f64>(), "{labels:?}");
            edges += 1;
        }
    }
    assert_eq!(edges, 6 * 2 * 18, "queues × exits × edges");
}
