//! What those who look cost, and what they see: from an event to `/metrics` and `WatchQueues`, scrapes of many queues,
//! wallboards and watchers that never read.
//!
//! `cargo bench --bench board -- latency` runs one of `latency`, `scrape`, `walls`; all of them in this process,
//! senders and readers as well. Readers of metrics and walls, which are other machines elsewhere, have threads of the lowest
//! priority.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{
    cell::Cell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use dozvon::{
    app::Running,
    proto::v1::{WatchQueuesRequest, WatchQueuesResponse, live_service_client::LiveServiceClient},
};
use hdrhistogram::Histogram;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::sleep,
};
use tokio_stream::wrappers::UnboundedReceiverStream;

use support::{
    load,
    machine::{self, memory_mib, now},
    service,
    steady::{self, Steady, histogram, millis},
};

/// Events of which each is looked for in metrics and board.
const PROBES: u64 = 150;
/// The queue that they enter.
const PROBED: &str = "probe";
/// Queues of a large house.
const QUEUES: u64 = 500;
/// Scrapes of each kind.
const SCRAPES: u32 = 200;
/// How long the load goes on with readers, and as long without, in turns.
const TURN: Duration = Duration::from_secs(5);
const TURNS: u32 = 6;
/// How long readers are given to come, or to be gone.
const COME: Duration = Duration::from_secs(1);
const WALLS: usize = 200;
const WATCHERS: usize = 100;

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&str> = wanted
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name);
    println!("Machine: {}", machine::describe());
    if is_wanted("latency") {
        for rate in [100, 5_000] {
            latency(rate).await;
        }
    }
    if is_wanted("scrape") {
        scrape().await;
    }
    if is_wanted("walls") {
        walls().await;
    }
}

/// A count that rises by one with each probe, as somebody saw it: when it first was so high.
#[derive(Default)]
struct Seen(Vec<Instant>);

impl Seen {
    fn see(&mut self, count: u64) {
        while (self.0.len() as u64) < count {
            self.0.push(now());
        }
    }

    fn since(&self, sent: &[Instant]) -> Histogram<u64> {
        let mut latency = histogram();
        for (seen, sent) in self.0.iter().zip(sent) {
            let micros = seen.saturating_duration_since(*sent).as_micros() as u64;
            latency.saturating_record(micros.max(1));
        }
        latency
    }
}

/// From an event to the figures, beside a load of so many events a second.
async fn latency(rate: u32) {
    let folder = machine::folder();
    let running = service::start(folder.path()).await;
    let load = Steady::start(&running, rate, 20).await;
    let address = format!("http://{}/metrics", running.http);
    let metrics = tokio::spawn(async move {
        let (client, mut seen) = (reqwest::Client::new(), Seen::default());
        let begins = format!("dozvon_queue_visits_offered_total{{queue=\"{PROBED}\"}} ");
        while (seen.0.len() as u64) < PROBES {
            let text = client.get(&address).send().await.unwrap();
            let text = text.text().await.unwrap();
            let count = text.lines().find_map(|line| line.strip_prefix(&begins));
            seen.see(count.map_or(0, |count| count.parse().unwrap()));
            sleep(Duration::from_millis(10)).await;
        }
        seen
    });
    let mut watching = watch(running.grpc, 10.0).await;
    let watched = tokio::spawn(async move {
        let mut seen = Seen::default();
        while (seen.0.len() as u64) < PROBES {
            let shown = watching.message().await.unwrap().unwrap();
            let probed = shown.queues.iter().find(|one| one.queue == PROBED);
            seen.see(probed.map_or(0, |one| one.waiting));
        }
        seen
    });

    let (sender, requests) = mpsc::unbounded_channel();
    sender.send(load::open("probe")).unwrap();
    let channel = service::connect(&running).await;
    let stream = load::stream(channel, UnboundedReceiverStream::new(requests));
    let mut answers = stream.await.unwrap();
    sleep(Duration::from_secs(2)).await;
    let mut sent = Vec::new();
    for number in 1..=PROBES {
        // At no fixed place of any second.
        sleep(Duration::from_millis(80 + number * 37 % 101)).await;
        let event = steady::event(number, format!("p{number}"), steady::entered(PROBED.into()));
        sent.push(now());
        sender.send(steady::message(event)).unwrap();
    }
    let seen = [("/metrics", metrics), ("WatchQueues", watched)];
    for (name, seen) in seen {
        let latency = seen.await.unwrap().since(&sent);
        println!(
            "{rate} events/s, event to {name}: p50 {:.0} ms, p95 {:.0} ms, most {:.0} ms",
            millis(&latency, 0.5),
            millis(&latency, 0.95),
            millis(&latency, 1.0)
        );
    }
    drop(sender);
    while answers.message().await.unwrap().is_some() {}
    let [acks, ..] = load.stop().await;
    println!(
        "{rate} events/s, event to ack: p50 {:.1} ms, p99 {:.1} ms",
        millis(&acks, 0.5),
        millis(&acks, 0.99)
    );
    running.stop().await.unwrap();
}

async fn watch(grpc: SocketAddr, rate_max: f64) -> tonic::Streaming<WatchQueuesResponse> {
    let mut client = LiveServiceClient::new(service::connect_to(grpc).await);
    let queues = Vec::new();
    let watching = client
        .watch_queues(WatchQueuesRequest { queues, rate_max })
        .await;
    watching.unwrap().into_inner()
}

/// Kinds of time: nobody looks, readers look, readers come.
const ALONE: usize = 0;
const BESIDE: usize = 1;
const COMING: usize = 2;

/// Acks beside readers, and without them, in turns of one run. `readers` come, and look until they are dropped.
async fn in_turns<R, F: Future<Output = R>>(
    running: &Running,
    queues: u64,
    what: &str,
    aim: f64,
    mut readers: impl FnMut() -> F,
) {
    let load = Steady::start(running, 1_000, queues).await;
    sleep(Duration::from_secs(3)).await;
    for _ in 0..TURNS {
        load.enter(ALONE);
        sleep(TURN).await;
        load.enter(COMING);
        let looking = readers().await;
        sleep(COME).await;
        load.enter(BESIDE);
        sleep(TURN).await;
        load.enter(COMING);
        drop(looking);
        sleep(COME).await;
    }
    let latency = load.stop().await;
    let [alone, beside, coming] = latency.map(|took| (millis(&took, 0.5), millis(&took, 0.99)));
    println!(
        "1000 events/s, event to ack: p50 {:.1}, p99 {:.1} ms; with {what} p50 {:.1}, p99 {:.1} ms ({:+.0} %, aim {aim:+.0} %); \
         while they come and go p50 {:.1}, p99 {:.1} ms",
        alone.0,
        alone.1,
        beside.0,
        beside.1,
        (beside.1 / alone.1 - 1.0) * 100.0,
        coming.0,
        coming.1,
    );
}

/// A hotline of 500 queues is scraped.
async fn scrape() {
    let folder = machine::folder();
    let running = service::start(folder.path()).await;
    known_queues(&running).await;
    let url = format!("http://{}/metrics", running.http);
    for packing in ["identity", "gzip"] {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(packing))]);
        let client = reqwest::Client::builder().default_headers(headers).build();
        let client = client.unwrap();
        let (mut took, mut bytes) = (histogram(), 0);
        for _ in 0..SCRAPES {
            let began = now();
            bytes = client
                .get(&url)
                .send()
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap()
                .len();
            took.saturating_record(began.elapsed().as_micros() as u64);
        }
        println!(
            "scrape of {QUEUES} queues, {packing}: {bytes} bytes, p50 {:.1} ms, p99 {:.1} ms (aim 50 ms)",
            millis(&took, 0.5),
            millis(&took, 0.99)
        );
    }
    let client = reqwest::Client::new();
    let elsewhere = machine::elsewhere();
    in_turns(&running, QUEUES, "a scrape a second", 5.0, || {
        let (client, url) = (client.clone(), url.clone());
        let scraping = elsewhere.spawn(async move {
            loop {
                let asked = client.get(&url).header(ACCEPT_ENCODING, "gzip").send();
                asked.await.unwrap().bytes().await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        });
        async { Readers(vec![scraping]) }
    })
    .await;
    running.stop().await.unwrap();
}

/// Tasks that go on until they are dropped.
struct Readers(Vec<JoinHandle<()>>);

impl Drop for Readers {
    fn drop(&mut self) {
        for reader in &self.0 {
            assert!(!reader.is_finished(), "a reader was cut off");
            reader.abort();
        }
    }
}

/// A call to each queue, so that all of them are there.
async fn known_queues(running: &Running) {
    let events = (1..=QUEUES * steady::EVENTS_A_CALL).map(|number| steady::made_up(number, QUEUES));
    let channel = service::connect(running).await;
    let sent = load::send(
        channel.clone(),
        "first",
        load::encode(events.collect(), 500),
    )
    .await;
    let position = sent.unwrap().position;
    service::wait_stored(&channel, "first", position)
        .await
        .unwrap();
}

/// 200 wallboards that read and 100 watchers that never do.
async fn walls() {
    let folder = machine::folder();
    let running = service::start(folder.path()).await;
    let before = memory_mib();
    let most = Cell::new(before);
    let elsewhere = machine::elsewhere();
    let what = format!("{WALLS} wallboards and {WATCHERS} watchers that never read");
    // What a house shows on its walls; 500 queues are for no eye.
    in_turns(&running, 20, &what, 10.0, || async {
        let walls = (0..WALLS).map(|_| elsewhere.spawn(read_wall(running.http)));
        let watchers = (0..WATCHERS).map(|_| {
            let watching = watch(running.grpc, 10.0);
            elsewhere.spawn(async {
                let _held = watching.await;
                std::future::pending().await
            })
        });
        let looking = walls.chain(watchers).collect();
        (Readers(looking), Weighed(&most))
    })
    .await;
    println!(
        "memory: {before:.0} MiB before, {:.0} MiB at the most, load and readers included",
        most.get()
    );
    running.stop().await.unwrap();
}

/// Takes note of the memory when it is dropped.
struct Weighed<'a>(&'a Cell<f64>);

impl Drop for Weighed<'_> {
    fn drop(&mut self) {
        self.0.set(memory_mib().max(self.0.get()));
    }
}

async fn read_wall(address: SocketAddr) {
    let mut wall = TcpStream::connect(address).await.unwrap();
    let request = b"GET /wall/events HTTP/1.1\r\nhost: wall\r\n\r\n";
    wall.write_all(request).await.unwrap();
    let mut buffer = vec![0; 64 * 1024];
    while wall.read(&mut buffer).await.unwrap() > 0 {}
}
