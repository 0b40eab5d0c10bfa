//! Roll-ups of a running server: whatever is folded meanwhile, an answer says the same as the one out of every call.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Server, dozvon, run};
use crate::rows::{Part, Rows};
use crate::scrape::Scrape;
use crate::sender::until;

/// Stale quarters and roll-ups of one moment.
const STATE: &str = "select cast((select count(*) from rollup_stale where level = 1) as text),
    cast((select count(*) from rollups where level = 1) as text),
    cast((select count(*) from rollups where level = 3) as text)";

async fn state(server: &Server) -> [u64; 3] {
    let rows = Rows::of(server, Part::Store).await.texts(STATE).await;
    let counts = rows[0].iter().map(|count| count.parse().unwrap());
    counts.collect::<Vec<_>>().try_into().unwrap()
}

/// Waits until no quarter is stale; it goes on as long as that.
pub(crate) async fn folded(server: &Server) {
    let mut before = state(server).await[0];
    while before > 0 {
        before = until("quarters to be folded", async || {
            let stale = state(server).await[0];
            (stale < before).then_some(stale)
        })
        .await;
    }
}

/// A report as JSON, out of roll-ups or, with `--exact`, out of calls.
async fn asked(server: &Server, args: &[&str], from_rollups: bool) -> Value {
    let exact: &[&str] = if from_rollups { &[] } else { &["--exact"] };
    let args = [args, exact, &["--output", "json"]].concat();
    let mut answer: Value = serde_json::from_str(&server.report(&args).await).unwrap();
    let context = answer["context"].as_object_mut().unwrap();
    let said = context.remove("fromRollups").unwrap_or_default();
    assert_eq!(said.as_bool().unwrap_or(false), from_rollups, "{args:?}");
    context.remove("quantileError");
    // A source falls silent 15 s after it was heard, be it between two answers.
    context.remove("callsUncertain");
    for source in context["sources"].as_array_mut().unwrap() {
        source.as_object_mut().unwrap().remove("silentSince");
    }
    answer
}

/// Asserts that two answers are the same but for quantiles, which may differ by the error stated.
#[track_caller]
fn same(folded: &Value, exact: &Value, place: &str) {
    match (folded, exact) {
        (Value::Object(folded), Value::Object(exact)) => {
            let names = |object: &serde_json::Map<String, Value>| -> Vec<String> {
                object.keys().cloned().collect()
            };
            assert_eq!(names(folded), names(exact), "{place}");
            for (name, exact) in exact {
                same(&folded[name], exact, &format!("{place}.{name}"));
            }
        }
        (Value::Array(folded), Value::Array(exact)) => {
            assert_eq!(folded.len(), exact.len(), "{place}");
            for (index, (folded, exact)) in folded.iter().zip(exact).enumerate() {
                same(folded, exact, &format!("{place}[{index}]"));
            }
        }
        _ if [".p50", ".p90", ".p95", ".p99"]
            .iter()
            .any(|quantile| place.ends_with(quantile)) =>
        {
            let seconds = |value: &Value| -> f64 {
                value
                    .as_str()
                    .unwrap()
                    .trim_end_matches('s')
                    .parse()
                    .unwrap()
            };
            let (folded, exact) = (seconds(folded), seconds(exact));
            assert!(
                (folded - exact).abs() <= exact * 0.01,
                "{place}: {folded} for {exact}"
            );
        }
        _ => assert_eq!(folded, exact, "{place}"),
    }
}

const PERIOD: [&str; 4] = ["--from", "2026-10-12", "--to", "2026-11-02"];

/// Compares reports of every kind that roll-ups answer.
async fn check(server: &Server) {
    for more in [
        &["queues", "--bucket", "day"][..],
        &["queues", "--bucket", "hour", "--zone", "Asia/Kathmandu"],
        &["queues", "--bucket", "weekday", "--lens", "journey"],
        &[
            "queues",
            "--queue",
            "registration",
            "--service-level",
            "45s",
        ],
        &["transfers", "--bucket", "week"],
        &["transfers", "--bucket", "hour-of-day"],
    ] {
        let args = [more, &PERIOD].concat();
        let (folded, mut exact) = (
            asked(server, &args, true).await,
            asked(server, &args, false).await,
        );
        // Roll-ups do not know which calls of a queue they sum.
        if more.contains(&"--queue") && folded["context"]["callsDigest"].is_null() {
            for name in ["calls", "callsDigest"] {
                let known = exact["context"].as_object_mut().unwrap().remove(name);
                assert!(known.is_some(), "{name}");
            }
        }
        same(&folded, &exact, &more.join(" "));
        assert!(!exact["rows"].as_array().unwrap().is_empty(), "{more:?}");
    }
}

/// Three weeks, with the day of 25 hours in Berlin in it.
async fn simulated(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("events.jsonl");
    let mut simulate = dozvon();
    simulate
        .args([
            "simulate",
            "--date",
            "2026-10-12",
            "--days",
            "21",
            "--calls",
            "2100",
        ])
        .args(["--queues", "4", "--zone", "Europe/Berlin", "--output"])
        .arg(&path);
    let said = run(simulate).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    path
}

async fn import(server: &Server, path: &std::path::Path, more: &[&str]) {
    let mut import = server.import("events");
    import.arg(path).args(more);
    let said = run(import).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_before_while_and_after_everything_is_folded() {
    let folder = TempDir::new().unwrap();
    let path = simulated(&folder).await;
    let mut server = Server::start_with("zone = \"Europe/Berlin\"").await;
    import(&server, &path, &["--as-live"]).await;
    check(&server).await;
    until("the first quarters", async || {
        let [stale, folded, _] = state(&server).await;
        (folded > 0 || stale == 0).then_some(())
    })
    .await;
    // In the middle of it, or whenever it is.
    server.kill();
    server.restart().await;
    check(&server).await;
    folded(&server).await;
    until("the days", async || {
        (state(&server).await[2] >= 20).then_some(())
    })
    .await;
    check(&server).await;
    equals_the_metrics(&server).await;

    // The same calls again change nothing, and make nothing stale.
    let before = state(&server).await;
    import(&server, &path, &["--as-live"]).await;
    assert_eq!(state(&server).await, before);

    // Other thresholds than any was counted on; hours of another zone.
    let config = "zone = \"Australia/Lord_Howe\"\n[service_level]\ntarget = \"33s\"";
    assert!(server.terminate().await.success());
    server.reconfigure(config);
    server.restart().await;
    check(&server).await;
    folded(&server).await;
    check(&server).await;
}

/// Live counters, roll-ups and rows count the same.
async fn equals_the_metrics(server: &Server) {
    let scrape = Scrape::of(server).await;
    let args = [&["queues"][..], &PERIOD].concat();
    let report = asked(server, &args, true).await;
    let rows = report["rows"].as_array().unwrap();
    let rows: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["queue"].as_str().unwrap(), row))
        .collect();
    assert_eq!(rows.len(), 5, "four queues, and all");
    for (queue, row) in rows.iter().filter(|(queue, _)| **queue != "ALL") {
        let count = |figure: &str| {
            row[figure]
                .as_str()
                .map_or(0.0, |count| count.parse().unwrap())
        };
        for (metric, label, figure) in [
            ("dozvon_queue_visits_offered_total", None, "visitsOffered"),
            (
                "dozvon_queue_visits_ended_total",
                Some(("exit", "answered")),
                "answered",
            ),
            (
                "dozvon_queue_answered_within_target_total",
                None,
                "answeredWithin",
            ),
            ("dozvon_queue_abandoned_short_total", None, "abandonedShort"),
            ("dozvon_queue_service_level_decided_total", None, "decided"),
        ] {
            let labels: Vec<_> = [("queue", *queue)].into_iter().chain(label).collect();
            assert_eq!(
                scrape.sum(metric, &labels),
                count(figure),
                "{queue} {figure}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_roll_up_is_passed_over() {
    let folder = TempDir::new().unwrap();
    let path = simulated(&folder).await;
    let server = Server::start_with("zone = \"Europe/Berlin\"").await;
    import(&server, &path, &[]).await;
    folded(&server).await;
    let args = [&["queues"][..], &PERIOD].concat();
    let exact = asked(&server, &args, false).await;
    let rows = Rows::of(&server, Part::Store).await;
    let nothing = rows.bytes("00");
    rows.change(&format!("update rollups set visits = {nothing}"))
        .await;
    assert_eq!(asked(&server, &args, false).await, exact);
    let said = server
        .report(&[&args[..], &["--output", "json"]].concat())
        .await;
    let mut said: Value = serde_json::from_str(&said).unwrap();
    let context = said["context"].as_object_mut().unwrap();
    assert_eq!(context.get("fromRollups"), None, "made of rows");
    assert_eq!(said, exact);
    drop(fs::remove_file(path));
}
