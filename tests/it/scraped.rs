//! `/metrics` as Prometheus takes it: in both forms, and through twenty power cuts.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dozvon::metrics::{Board, Format, Totals};
use dozvon::model::{AgentsNow, CounterRow, Targets, Timestamp};
use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{Event, QueueEntered};

use crate::harness::Server;
use crate::prometheus::{Labels, Prometheus};
use crate::restart::following;
use crate::rows::{Part, Rows};
use crate::sender::{
    SECOND, Sender, answered, arrived, batch, ended, event, live, now, stored, until,
};

/// Power cuts.
const KILLS: u64 = 20;

/// Batches acked one by one between two power cuts.
const COMMITS_SEEN: u64 = 5;
/// These begin anew with the process.
const OF_PROCESS: [&str; 3] = [
    "dozvon_journal_commit_",
    "dozvon_ingest_delay_",
    "result=\"duplicate\"",
];

/// A call that gives up at once in a queue of this name.
fn abandoned(first: u64, at: i64, queue: &str) -> Vec<Event> {
    let call = format!("odd-{first}");
    let entered = Kind::QueueEntered(QueueEntered {
        queue: queue.to_owned(),
        ..QueueEntered::default()
    });
    vec![
        event(first, at, &call, arrived()),
        event(first + 1, at, &call, entered),
        event(first + 2, at + 7 * SECOND, &call, ended()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with prometheus-client: run tests/run"]
async fn both_forms_are_read_by_prometheus_own_parsers_and_say_the_same() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now() - 600 * SECOND;
    let mut events = answered(1, "c1", at);
    for queue in ["say \"A\"", "back\\slash", "очередь 1", "a,le=\"5\"}"] {
        events.extend(abandoned(events.len() as u64 + 1, at, queue));
    }
    let count = events.len() as u64;
    let ack = sender.batch(events).await;
    assert_eq!(ack.accepted, count);
    stored(&server, "pbx", ack.position).await;
    let url = format!("http://{}/metrics", server.http_addr());
    let output = tokio::task::spawn_blocking(move || {
        let python = env::var_os("DOZVON_TEST_PYTHON");
        Command::new(python.expect("DOZVON_TEST_PYTHON is set by tests/run"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/open_metrics.py"))
            .arg(url)
            .output()
            .expect("Python starts")
    });
    let output = output.await.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
}

/// Asks for the metrics again and again; what was answered while there was an answer at all.
async fn knock(address: String, stopping: Arc<AtomicBool>) -> BTreeMap<u16, u64> {
    let mut answers = BTreeMap::new();
    while !stopping.load(Ordering::Relaxed) {
        if let Ok(answer) = reqwest::get(format!("http://{address}/metrics")).await {
            *answers.entry(answer.status().as_u16()).or_default() += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Prometheus: run tests/run"]
async fn twenty_power_cuts_reset_nothing_for_prometheus() {
    let mut server = Server::start().await;
    let prometheus = Prometheus::start(&server.http_addr(), "200ms").await;
    let stopping = Arc::new(AtomicBool::new(false));
    let knocking = tokio::spawn(knock(server.http_addr(), stopping.clone()));
    let applied = "dozvon_ingest_events_total{source=\"pbx\",result=\"applied\"}";
    let at = now() - 600 * SECOND;
    for round in 0..KILLS {
        let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
        let mut acked = sender.opened.mark;
        // As many commits that Prometheus sees as the next process has none of at first: its own counters fall.
        for _ in 0..COMMITS_SEEN {
            acked = sender.batch(following(acked, at)).await.sequence;
        }
        until("Prometheus to have seen what was acked", || async {
            (prometheus.sum(applied).await >= acked as f64).then_some(())
        })
        .await;
        // More is on its way when the power goes: here before the first commit, there in the midst of many.
        let mut sent = acked;
        for _ in 0..4 {
            let events = following(sent, at);
            sent += events.len() as u64;
            sender.send(batch(now(), events)).await;
        }
        tokio::time::sleep(Duration::from_millis(round * 5)).await;
        server.kill();
        server.restart().await;
    }
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(following(sender.opened.mark, at)).await;
    stored(&server, "pbx", ack.position).await;
    let quiet_at = now() as f64 / SECOND as f64;
    until("the last scrape", || async {
        let seen = prometheus.query("timestamp(dozvon_build_info)").await;
        seen.iter().any(|(_, at)| *at > quiet_at).then_some(())
    })
    .await;
    stopping.store(true, Ordering::Relaxed);
    let answers = knocking.await.unwrap();
    assert!(answers.keys().all(|status| [200, 503].contains(status)));
    assert!(
        answers.contains_key(&503),
        "nobody knocked during a replay: {answers:?}"
    );

    // It takes the form that it likes best, and knows the units from there.
    let asked = [("metric", "dozvon_queue_wait_seconds")];
    let meta = prometheus.ask("metadata", &asked).await;
    assert_eq!(
        meta["dozvon_queue_wait_seconds"][0]["unit"], "seconds",
        "{meta}"
    );

    let shown = prometheus.query("{job=\"dozvon\"}").await;
    let shown: BTreeMap<String, f64> = shown
        .into_iter()
        .map(|(labels, value)| (series(labels), value))
        .collect();
    assert!(server.terminate().await.success());
    let kept = of_checkpoint(&server).await;
    assert!(kept.len() > 50, "{} series in the checkpoint", kept.len());
    let differing: Vec<_> = kept
        .iter()
        .filter(|(series, value)| shown.get(*series) != Some(*value))
        .map(|(series, value)| format!("{series}: {value}, {:?}", shown.get(series)))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));

    let names: BTreeSet<&str> = kept
        .keys()
        .filter_map(|series| series.split('{').next())
        .collect();
    for name in names {
        let resets = prometheus.query(&format!("resets({name}[1h]) > 0")).await;
        let resets: Vec<_> = resets
            .into_iter()
            .map(|(labels, count)| (series(labels), count))
            .filter(|(series, _)| !OF_PROCESS.iter().any(|part| series.contains(part)))
            .collect();
        assert!(resets.is_empty(), "{name} went back: {resets:?}");
    }
    // It was there when the power was out, and would have seen a counter fall: one of the process did, at the latest at
    // the end, where there was one commit.
    let missed = "count_over_time(up[1h]) - sum_over_time(up[1h])";
    assert!(prometheus.sum(missed).await >= 1.0, "no scrape failed");
    let of_process = "resets(dozvon_journal_commit_seconds_count[1h])";
    assert!(prometheus.sum(of_process).await >= 1.0, "no restart seen");
}

/// A series' name and labels in one order, without what Prometheus adds.
fn series(mut labels: BTreeMap<String, String>) -> String {
    let name = labels.remove("__name__").unwrap_or_default();
    let labels = labels.iter();
    let labels = labels.filter(|(name, _)| !["job", "instance"].contains(&name.as_str()));
    // Prometheus takes OpenMetrics, where an edge has its point.
    let plain = |name: &str, value: &'_ str| match name {
        "le" => value.strip_suffix(".0").unwrap_or(value).to_owned(),
        _ => value.to_owned(),
    };
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}=\"{}\"", plain(name, value)))
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// What the counter rows of a stopped server come to: counters, and the lines of histograms.
async fn of_checkpoint(server: &Server) -> BTreeMap<String, f64> {
    let mut rows = Rows::of(server, Part::Store).await;
    let sql = if server.database().is_some() {
        "select series, encode(state, 'hex') from counters"
    } else {
        "select series, hex(state) from counters"
    };
    let rows = rows.texts(sql).await.into_iter().map(|row| {
        let hex = row[1].as_bytes().chunks(2);
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let mut state: Vec<u8> = hex.map(byte).collect();
        // A checksum ends it.
        state.truncate(state.len() - 4);
        CounterRow {
            series: row[0].clone(),
            state,
        }
    });
    let rows: Vec<CounterRow> = rows.collect();
    let names: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.series.split('{').next())
        .map(str::to_owned)
        .collect();
    let totals = Totals::restore(&Targets::default(), rows.iter().cloned()).unwrap();
    let now = Timestamp::from_micros(now());
    let text = Board::new(totals)
        .render(now, &AgentsNow::default(), Format::Text)
        .to_string();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.filter_map(|line| {
        let (found, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = found.split_once('{').unwrap_or((found, "}"));
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let of_row = names.contains(base.unwrap_or(name));
        if !of_row || OF_PROCESS.iter().any(|part| line.contains(part)) {
            return None;
        }
        let labels = labels.trim_end_matches('}').split("\",");
        let mut labels: Labels = labels
            .filter_map(|label| label.trim_end_matches('"').split_once("=\""))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        labels.insert("__name__".to_owned(), name.to_owned());
        Some((series(labels), value.parse().unwrap()))
    });
    samples.collect()
}
