//! Those who look, behaving badly: thousands of connections, watchers without end, a Prometheus in a hurry; and clocks that
//! are ten minutes apart.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dozvon::proto::v1::live_service_client::LiveServiceClient;
use dozvon::proto::v1::{GetQueuesRequest, WatchQueuesRequest};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use crate::harness::Server;
use crate::prometheus::Prometheus;
use crate::scrape::Scrape;
use crate::sender::{
    QUEUE, SECOND, Sender, answered, arrived, connected, entered, event, live, now, reason, until,
};
use crate::start::on_files;

/// Connections to each port.
const CONNECTIONS: usize = 2_000;
/// Boards, and watchers, at the same time.
const PLACES: usize = 500;

/// A server that a shell started with its usual limit of open files.
struct Limited {
    child: Child,
    grpc: String,
    http: String,
    _folder: TempDir,
}

impl Limited {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let serve = on_files(&folder.path().join("data"));
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -Sn 1024; exec \"$0\" \"$@\""])
            .arg(serve.get_program())
            .args(serve.get_args())
            .args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the ready line is JSON");
        Self {
            child,
            grpc: ready["grpc"].as_str().unwrap().to_owned(),
            http: ready["http"].as_str().unwrap().to_owned(),
            _folder: folder,
        }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_idle_connections_keep_nobody_out() {
    let server = tokio::task::spawn_blocking(Limited::start).await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut half = TcpStream::connect(&server.http).await.unwrap();
        half.write_all(b"GET /metr").await.unwrap();
        idle.push(half);
        idle.push(TcpStream::connect(&server.grpc).await.unwrap());
    }
    let metrics = reqwest::get(format!("http://{}/metrics", server.http)).await;
    assert!(metrics.unwrap().status().is_success());
    let mut sender = Sender::open_at(&server.grpc, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_and_watchers_beyond_the_limit_are_told_so_and_places_are_free_again() {
    let server = Server::start().await;
    let watch = async |channel| {
        let mut client = LiveServiceClient::new(channel);
        client.watch_queues(WatchQueuesRequest::default()).await
    };
    let (mut watching, mut refused) = (Vec::new(), 0);
    for _ in 0..20 {
        let channel = server.channel().await;
        for _ in 0..CONNECTIONS / 20 {
            match watch(channel.clone()).await {
                // Nothing of it is ever read.
                Ok(stream) => watching.push(stream),
                Err(status) => {
                    assert_eq!(status.code(), Code::ResourceExhausted);
                    assert_eq!(reason(&status), "too_many_watchers");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((watching.len(), refused), (PLACES, CONNECTIONS - PLACES));

    let (mut boards, mut turned_away) = (Vec::new(), 0);
    for _ in 0..CONNECTIONS {
        let mut board = TcpStream::connect(server.http_addr()).await.unwrap();
        let request = b"GET /wall/events HTTP/1.1\r\nhost: wall\r\n\r\n";
        board.write_all(request).await.unwrap();
        let mut status = [0; 12];
        board.read_exact(&mut status).await.unwrap();
        match &status {
            b"HTTP/1.1 200" => boards.push(board),
            b"HTTP/1.1 503" => turned_away += 1,
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
    }
    assert_eq!((boards.len(), turned_away), (PLACES, CONNECTIONS - PLACES));

    // All of that is in nobody's way.
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);
    drop((watching, boards));
    until("a free place for a watcher", || async {
        watch(server.channel().await).await.ok()
    })
    .await;
    until("a free place for a board", || async {
        let asked = reqwest::get(format!("http://{}/wall/events", server.http_addr())).await;
        asked.unwrap().status().is_success().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Prometheus: run tests/run"]
async fn a_prometheus_in_a_hurry_gets_every_scrape_and_holds_up_no_ack() {
    let server = Server::start().await;
    let prometheus = Prometheus::start(&server.http_addr(), "100ms").await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now() - 600 * SECOND;
    let mut told = 0;
    let scraped = || async { prometheus.sum("count_over_time(up[1h])").await };
    while scraped().await < 50.0 {
        let events = answered(told + 1, &format!("c{told}"), at);
        told += events.len() as u64;
        let acked = tokio::time::timeout(Duration::from_secs(5), sender.batch(events));
        assert_eq!(acked.await.expect("acked in time").accepted, 4);
    }
    assert_eq!(prometheus.sum("min_over_time(up[1h])").await, 1.0);
    let applied = "dozvon_ingest_events_total{source=\"pbx\",result=\"applied\"}";
    until("the last events", || async {
        (prometheus.sum(applied).await == told as f64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_ten_minutes_apart_are_shown_and_move_no_window() {
    for offset in [-600, 600] {
        let server = Server::start().await;
        let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
        let theirs = now() + offset * SECOND;
        let ago = |seconds: i64| theirs - seconds * SECOND;
        let events = vec![
            // Answered within the last minute, after 10 s.
            event(1, ago(50), "c1", arrived()),
            event(2, ago(50), "c1", entered()),
            event(3, ago(40), "c1", connected()),
            // Waiting since half a minute; and a call of four minutes ago, by their clock.
            event(4, ago(30), "c2", entered()),
            event(5, ago(240), "c3", entered()),
            event(6, ago(200), "c3", connected()),
        ];
        sender.batch_at(theirs, events).await;
        let client = LiveServiceClient::new(server.channel().await);
        let shown = until("the board", || {
            let mut client = client.clone();
            async move {
                let asked = client.get_queues(GetQueuesRequest::default()).await;
                let shown = asked.unwrap().into_inner();
                let there = shown.queues.iter().any(|one| one.windows[3].offered == 3);
                there.then_some(shown)
            }
        })
        .await;
        let hotline = shown.hotline.unwrap();
        let source = &hotline.sources[0];
        let skew = source.skew.unwrap().seconds;
        assert!((-2..=2).contains(&(skew + offset)), "{skew}");
        assert!(source.data_age.unwrap().seconds < 5, "{source:?}");
        assert!(!source.silent);
        let queue = shown.queues.iter().find(|one| one.queue == QUEUE).unwrap();
        let oldest = queue.oldest_wait.unwrap().seconds;
        assert!((30..36).contains(&oldest), "{oldest}");
        let offered = queue.windows.iter().map(|window| window.offered);
        assert_eq!(offered.collect::<Vec<_>>(), [2, 3, 3, 3], "{offset}");
        let answered = queue.windows.iter().map(|window| window.answered);
        assert_eq!(answered.collect::<Vec<_>>(), [1, 2, 2, 2], "{offset}");

        let scrape = Scrape::of(&server).await;
        let of_queue = [("queue", QUEUE)];
        let oldest = scrape.sum("dozvon_queue_oldest_wait_seconds", &of_queue);
        assert!((30.0..36.0).contains(&oldest), "{oldest}");
        let skew = scrape.sum("dozvon_ingest_skew_seconds", &[]);
        assert!((skew + offset as f64).abs() < 2.0, "{skew}");
    }
}
