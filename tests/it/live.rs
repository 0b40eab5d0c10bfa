//! The supervisor's board: the same figures as the report and Prometheus, after a kill as before, and red when it must be.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use dozvon::event_file::{self, Line};
use dozvon::proto::v1::live_service_client::LiveServiceClient;
use dozvon::proto::v1::{
    Basis, Event, GetQueueReportRequest, GetQueuesRequest, GetQueuesResponse, QueueLive,
    ReportQuery, WatchQueuesRequest, WindowLive,
};
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::bad_input::violated;
use crate::harness::{Server, dozvon, run};
use crate::scrape::Scrape;
use crate::sender::{
    QUEUE, SECOND, Sender, arrived, entered, event, live, now, reason, stored, time, until,
};

const HOUR: i64 = 3600 * SECOND;

pub(crate) async fn client(server: &Server) -> LiveServiceClient<Channel> {
    LiveServiceClient::new(server.channel().await)
}

pub(crate) async fn board(server: &Server) -> GetQueuesResponse {
    let asked = GetQueuesRequest::default();
    let answer = client(server).await.get_queues(asked).await;
    answer.unwrap().into_inner()
}

fn micros(at: &pbjson_types::Timestamp) -> i64 {
    at.seconds * SECOND + i64::from(at.nanos) / 1_000
}

/// Offered, answered, abandoned, answered within the target.
fn counts(window: &WindowLive) -> [u64; 4] {
    [
        window.offered,
        window.answered,
        window.abandoned,
        window.answered_within_target,
    ]
}

/// The events of a simulated day with the instant of each, in order of time.
pub(crate) async fn simulated(folder: &TempDir) -> Vec<(i64, Event)> {
    let path = folder.path().join("events.jsonl");
    let mut simulate = dozvon();
    simulate
        .args(["simulate", "--date", "2024-03-04", "--seed", "7"])
        .args(["--calls", "600", "--output"])
        .arg(&path);
    let said = run(simulate).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let mut lines = BufReader::new(std::fs::File::open(path).unwrap()).lines();
    let header = lines.next().unwrap().unwrap();
    event_file::parse_header(header.as_bytes()).unwrap();
    let mut events = Vec::new();
    for line in lines {
        if let Line::Event(event) = event_file::parse_line(line.unwrap().as_bytes()).unwrap() {
            events.push((micros(event.occurred_at.as_ref().unwrap()), *event));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    for (number, (_, event)) in (1..).zip(&mut events) {
        event.sequence = number;
    }
    events
}

/// The board while the source's clock still stands in the first 10 s after `at`.
async fn board_at(server: &Server, sender: &mut Sender, at: i64) -> (GetQueuesResponse, i64) {
    loop {
        sender.heartbeat(at).await;
        let shown = board(server).await;
        let hotline = shown.hotline.as_ref().unwrap();
        let now = micros(hotline.sources[0].now.as_ref().unwrap());
        if (at..at + 10 * SECOND).contains(&now) {
            return (shown, now);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_prometheus_and_report_agree_after_every_simulated_hour() {
    let folder = TempDir::new().unwrap();
    let events = simulated(&folder).await;
    let first = events[0].0.div_euclid(HOUR) * HOUR;
    let last = events.last().unwrap().0;
    let mut server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut rest = events.into_iter().peekable();
    let mut before = BTreeMap::<String, [f64; 5]>::new();
    let mut compared = 0;
    let mut shown = GetQueuesResponse::default();
    for hour in 1.. {
        let end = first + hour * HOUR;
        let mut part = Vec::new();
        while let Some((_, event)) = rest.next_if(|(at, _)| *at < end) {
            part.push(event);
        }
        if !part.is_empty() {
            sender.batch_at(end, part).await;
        }
        let acked = sender.heartbeat(end).await;
        stored(&server, "pbx", acked.position).await;
        let (live, now) = board_at(&server, &mut sender, end).await;
        shown = live;
        let reported = event_basis(&server, end - HOUR, now + 1).await;
        let scrape = Scrape::of(&server).await;
        for queue in &shown.queues {
            let name = queue.queue.as_str();
            let window = &queue.windows[3];
            let row = reported.get(name).copied().unwrap_or_default();
            assert_eq!(counts(window), row[..4], "{name}, hour {hour}: report");
            // Who still waits is decided by the watermark there and by the source's clock here.
            assert!(
                window.decided.abs_diff(row[4]) <= queue.waiting,
                "{name}, hour {hour}: {window:?} {row:?}"
            );
            let counters = counters(&scrape, name);
            let was = before.insert(name.to_owned(), counters);
            let was = was.unwrap_or_default();
            let passed: Vec<u64> = counters
                .iter()
                .zip(was)
                .map(|(now, was)| (now - was) as u64)
                .collect();
            assert_eq!(counts(window), passed[..4], "{name}, hour {hour}: scrape");
            compared += window.offered;
        }
        if end > last {
            break;
        }
    }
    assert!(compared > 300, "{compared} visits were compared");
    lost_today_is_lost_in_the_report(&server, &shown).await;

    // After a kill the board is as it was, but for what the clock moves: nobody waits any more.
    server.kill();
    server.restart().await;
    let again = board(&server).await;
    let figures = |shown: &GetQueuesResponse| {
        let queues = shown.queues.iter();
        let figures = queues.map(|one: &QueueLive| {
            let hour = one.windows[3];
            (one.queue.clone(), counts(&hour), hour.transfers, one.day)
        });
        figures.collect::<Vec<_>>()
    };
    assert_eq!(figures(&again), figures(&shown));
}

/// "Lost" is one thing: calls lost of calls offered, on the board as in the report of the same day.
async fn lost_today_is_lost_in_the_report(server: &Server, shown: &GetQueuesResponse) {
    let mut lost = 0;
    for queue in &shown.queues {
        let query = ReportQuery {
            start: queue.day_since,
            end: shown.hotline.as_ref().unwrap().sources[0].now,
            queues: vec![queue.queue.clone()],
            ..ReportQuery::default()
        };
        let request = GetQueueReportRequest {
            query: Some(query),
            ..GetQueueReportRequest::default()
        };
        let answer = server.reports().await.get_queue_report(request).await;
        let rows = answer.unwrap().into_inner().rows;
        let row = rows.iter().find(|row| row.queue == queue.queue);
        let row = row.map(|row| (row.calls_offered, row.lost, row.lost_rate));
        let day = queue.day.unwrap();
        let said = (day.calls_offered, day.calls_lost, day.lost_rate);
        assert_eq!(said, row.unwrap_or_default(), "{}", queue.queue);
        lost += day.calls_lost;
    }
    assert!(lost > 0, "nobody was lost all day");
}

/// Offered, answered, abandoned, within the target, decided by queue: what happened in a period, as the report has it.
async fn event_basis(server: &Server, start: i64, end: i64) -> BTreeMap<String, [u64; 5]> {
    let query = ReportQuery {
        start: Some(time(start)),
        end: Some(time(end)),
        basis: Basis::Event.into(),
        ..ReportQuery::default()
    };
    let request = GetQueueReportRequest {
        query: Some(query),
        ..GetQueueReportRequest::default()
    };
    let answer = server.reports().await.get_queue_report(request).await;
    let rows = answer.unwrap().into_inner().rows.into_iter();
    let rows = rows.map(|row| {
        let counts = [
            row.visits_offered,
            row.answered,
            row.abandoned,
            row.answered_within,
            row.decided,
        ];
        (row.queue, counts)
    });
    rows.collect()
}

/// The same as Prometheus has it, since the beginning.
fn counters(scrape: &Scrape, queue: &str) -> [f64; 5] {
    let of = |metric: &str, labels: &[(&str, &str)]| {
        let labels: Vec<_> = [("queue", queue)].iter().chain(labels).copied().collect();
        scrape.sum(&format!("dozvon_queue_{metric}_total"), &labels)
    };
    let abandoned = ["abandoned_waiting", "abandoned_ringing"];
    let abandoned = abandoned.map(|exit| of("visits_ended", &[("exit", exit)]));
    [
        of("visits_offered", &[]),
        of("visits_ended", &[("exit", "answered")]),
        abandoned.iter().sum(),
        of("answered_within_target", &[]),
        of("service_level_decided", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_queue_turns_red_for_whoever_watches_though_nobody_is_answered() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let asked = WatchQueuesRequest {
        queues: Vec::new(),
        rate_max: 4.0,
    };
    let watching = client(&server).await.watch_queues(asked).await;
    let mut watching = watching.unwrap().into_inner();
    let first = watching.message().await.unwrap().unwrap();
    assert!(first.full);

    // A caller has waited for 15 s of the 20 s; nothing more is told but that the source lives.
    let at = now() - 15 * SECOND;
    let events = vec![event(1, at, "c", arrived()), event(2, at, "c", entered())];
    sender.batch(events).await;
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let shown = watching.message().await.unwrap().unwrap();
            let queue = shown.queues.into_iter().find(|one| one.queue == QUEUE);
            if let Some(queue) = queue.filter(|queue| queue.windows[1].decided == 1) {
                return queue;
            }
        }
    });
    let queue = waited.await.expect("it turns red within 10 s");
    assert_eq!(
        (queue.waiting, queue.windows[1].service_level),
        (1, Some(0.0))
    );
    assert!(queue.oldest_wait.unwrap().seconds >= 20);
    assert_eq!(queue.windows[1].answered, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_what_is_not_there_is_told_so() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now();
    sender.batch(vec![event(1, at, "c", entered())]).await;
    until("the queue", || async {
        let shown = board(&server).await;
        shown
            .queues
            .iter()
            .any(|one| one.queue == QUEUE)
            .then_some(())
    })
    .await;
    let mut client = client(&server).await;
    let unknown = GetQueuesRequest {
        queues: vec!["frist_line".to_owned()],
    };
    let status = client.get_queues(unknown).await.unwrap_err();
    assert_eq!(reason(&status), "unknown_queue");
    assert_eq!(violated(&status), ["queues"]);
    assert!(status.message().contains("\"first_line\""), "{status:?}");
    for rate_max in [1_000.0, -1.0, f64::NAN] {
        let absurd = WatchQueuesRequest {
            queues: Vec::new(),
            rate_max,
        };
        let status = client.watch_queues(absurd).await.unwrap_err();
        assert_eq!(reason(&status), "bad_rate");
        assert_eq!(violated(&status), ["rate_max"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_is_one_page_that_needs_nothing_from_outside_and_names_nobody() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now();
    sender.batch(vec![event(1, at, "c", entered())]).await;
    let url = format!("http://{}/wall", server.http_addr());
    let page = reqwest::get(format!("{url}?lang=ru&queues={QUEUE}"))
        .await
        .unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let page = page.text().await.unwrap();
    for outside in ["http://", "https://", "//cdn", "@import"] {
        assert!(!page.contains(outside), "the page reaches for {outside}");
    }
    let mut events = reqwest::get(format!("{url}/events")).await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let mut told = Vec::new();
    let waiting = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(part) = events.chunk().await.unwrap() {
            told.extend_from_slice(&part);
            let text = String::from_utf8_lossy(&told);
            if text.contains(QUEUE) && text.ends_with("\n\n") {
                return text.into_owned();
            }
        }
        panic!("the events ended");
    });
    let text = waiting.await.expect("the wall is told of the queue");
    let last = text.trim_end().rsplit("data: ").next().unwrap();
    let shown: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(shown["queues"][0]["queue"], QUEUE);
    assert!(!last.contains("\"agent\""), "no agent has a name on a wall");
}
