//! A hundred thousand queues that somebody invents: series and memory stay bounded, and it is said once.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use dozvon::proto::v1::QueueEntered;
use dozvon::proto::v1::call_event::Kind;
use serde_json::Value;
use tempfile::TempDir;

use crate::sender::{SECOND, Sender, ended, event, live, now, until};
use crate::start::on_files;

const NAMES: u64 = 100_000;
/// As many calls as names, so often, of a queue that is known.
const ROUNDS_BEFORE: u64 = 3;
/// Events of one batch.
const BATCH: u64 = 1_000;
/// Queues with a label of their own, the one that the others share, and the one of calls without a queue.
const LABELS_MAX: usize = 502;
/// Between two batches, by the sender's clock: so that all names come within half an hour.
const PAUSE: i64 = 9 * SECOND;
/// What all of it may cost at its worst, while roll-ups of sixty thousand queues are folded in a debug build. What a queue with a
/// label of its own keeps (windows, estimates) would be gigabytes for so many.
const PEAK_MIB: u64 = 128;
/// What all of it may cost when that is done.
const MEMORY_MIB: u64 = 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_invented_queues_are_500_series_and_one_warning() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut serve = on_files(&folder.path().join("data"));
    serve.args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    serve
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap());
    let mut child = serve.spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let mut line = String::new();
    tokio::task::block_in_place(|| BufReader::new(stdout).read_line(&mut line).unwrap());
    let ready: Value = serde_json::from_str(&line).expect("the ready line is JSON");
    let mut sender = Sender::open_at(ready["grpc"].as_str().unwrap(), live("pbx"))
        .await
        .unwrap();
    let http = ready["http"].as_str().unwrap();
    let metrics = || async {
        let answer = reqwest::get(format!("http://{http}/metrics")).await;
        answer.unwrap().text().await.unwrap()
    };
    // What calls take that enter a queue everybody knows is there before, the database's own caches among it.
    let mut told = 0;
    for _ in 0..ROUNDS_BEFORE {
        tell(&mut sender, &mut told, |_| "known".to_owned()).await;
    }
    let before = memory_mib(child.id());
    tell(&mut sender, &mut told, |call| format!("invented-{call}")).await;
    let text = until("all of them", || async {
        let text = metrics().await;
        let lines = text.lines();
        let offered = lines.filter(|line| line.starts_with("dozvon_queue_visits_offered_total{"));
        let offered = offered.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
        (offered.sum::<u64>() == (ROUNDS_BEFORE + 1) * NAMES).then_some(text)
    })
    .await;
    let peak = memory_mib(child.id());
    assert!(peak <= before + PEAK_MIB, "{before} MiB, then {peak} MiB");
    // Roll-ups are folded meanwhile; what that takes is given back.
    let after = until("memory that is given back", || async {
        let after = memory_mib(child.id());
        (after <= before + MEMORY_MIB).then_some(after)
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();

    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let queues: HashSet<&str> = samples
        .filter_map(|line| line.split_once("queue=\"")?.1.split('"').next())
        .collect();
    assert_eq!(queues.len(), LABELS_MAX);
    assert!(queues.contains("other"));
    let said = std::fs::read_to_string(log).unwrap();
    let warnings = said
        .lines()
        .filter(|line| line.contains("more names than labels"));
    assert_eq!(warnings.count(), 1, "{said}");
    eprintln!("memory: {before} MiB, then {peak} MiB, at last {after} MiB");
}

/// Calls, as many as names, that enter a queue and give up.
async fn tell(sender: &mut Sender, told: &mut u64, queue: impl Fn(u64) -> String) {
    let batches = 2 * (ROUNDS_BEFORE + 1) * NAMES / BATCH;
    let start = now() - batches as i64 * PAUSE;
    let until = *told + NAMES * 2;
    while *told < until {
        let at = start + *told as i64 / BATCH as i64 * PAUSE;
        let calls = (*told / 2..).take(BATCH as usize / 2);
        let events = calls.flat_map(|call| {
            let id = format!("c{call}");
            let entered = Kind::QueueEntered(QueueEntered {
                queue: queue(call),
                ..QueueEntered::default()
            });
            [
                event(call * 2 + 1, at - SECOND, &id, entered),
                event(call * 2 + 2, at, &id, ended()),
            ]
        });
        let ack = sender.batch_at(at, events.collect()).await;
        assert_eq!(ack.accepted, BATCH);
        *told += BATCH;
    }
}

/// Memory of a process that lies in RAM.
fn memory_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    kib / 1024
}
