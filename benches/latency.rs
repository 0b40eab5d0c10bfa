//! How long an ack takes, open loop: each event has its time, fixed in advance, and its latency counts from there,
//! whether or not the sender or the service was ready. Beside it a probe of `fdatasync` in the same folder and minute.
//!
//! `DOZVON_BENCH_EVENTS=5000` takes that many events at each rate.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use comfy_table::{CellAlignment, Table, presets};
use dozvon::{app::Running, proto::v1::stream_events_response::Message};
use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tokio::{runtime::Builder, sync::mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Channel;

use support::{
    load,
    machine::{self, SyncProbe, now},
    service,
};

/// Events a second in all.
const RATES: [u32; 2] = [1_000, 5_000];
/// How long each rate is kept up, unless the number of events is given.
const SECONDS: u32 = 30;
/// Sources that send in turn.
const SOURCES: u32 = 8;
/// The first events are not counted: caches fill, tables grow.
const WARM_UP: Duration = Duration::from_secs(2);
/// Time to open all streams before the first event is due.
const LEAD: Duration = Duration::from_millis(500);
/// Whole microseconds up to a minute, 3 digits.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

fn main() {
    println!("Machine: {}", machine::describe());
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "events/s",
        "acked",
        "p50 ms",
        "p99 ms",
        "max ms",
        "sender late p99 ms",
        "fdatasync p50 ms",
        "p99 ms",
        "p50 - sync p50",
        "p99 - sync p99",
    ]);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for rate in RATES {
        table.add_row(run(rate));
    }
    println!("{table}");
    println!(
        "{SOURCES} sources in turn, one event a message. Latency: from an event's due time to the ack that covers it. \
         fdatasync: 4 KiB, half of the probe before and half after."
    );
}

fn run(rate: u32) -> Vec<String> {
    let folder = machine::folder();
    let before = SyncProbe::run(folder.path()).unwrap();
    let (latency, late) = measure(folder.path(), rate);
    let after = SyncProbe::run(folder.path()).unwrap();
    println!("{rate} events/s: before {before}; after {after}");
    let sync = |share| (millis(before.quantile(share)) + millis(after.quantile(share))) / 2.0;
    let at = |histogram: &Histogram<u64>, share| histogram.value_at_quantile(share) as f64 / 1e3;
    let (p50, p99) = (at(&latency, 0.5), at(&latency, 0.99));
    let cells = [
        p50,
        p99,
        latency.max() as f64 / 1e3,
        at(&late, 0.99),
        sync(0.5),
        sync(0.99),
        p50 - sync(0.5),
        p99 - sync(0.99),
    ];
    let cells = cells.iter().map(|cell| format!("{cell:.2}"));
    [rate.to_string(), latency.len().to_string()]
        .into_iter()
        .chain(cells)
        .collect()
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// When each event is due: the event of number n of a source, the sources in turn.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    rate: u32,
}

impl Schedule {
    fn due(self, turn: u64) -> Instant {
        self.start + Duration::from_secs_f64(turn as f64 / f64::from(self.rate))
    }

    fn due_of(self, source: u32, sequence: u64) -> Instant {
        self.due((sequence - 1) * u64::from(SOURCES) + u64::from(source))
    }
}

/// Latency from the due times, and how late the sender itself was, both in microseconds.
fn measure(folder: &Path, rate: u32) -> (Histogram<u64>, Histogram<u64>) {
    let events = machine::events(u64::from(rate * SECONDS)).div_ceil(SOURCES.into());
    let messages = |seed| load::encode(load::simulated(seed, events), 1);
    let messages: Vec<_> = (1..=u64::from(SOURCES)).map(messages).collect();
    let service = Builder::new_multi_thread().enable_all().build().unwrap();
    let running = service.block_on(service::start(folder));
    let client = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let start = now() + LEAD;
    let schedule = Schedule { start, rate };
    let channels = client.block_on(connect(&running));
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for (source, channel) in (0..).zip(channels) {
        // Unbounded: a service that is slow must not slow the schedule.
        let (sender, requests) = mpsc::unbounded_channel();
        sender.send(load::open(&format!("pbx-{source}"))).unwrap();
        senders.push(sender);
        receivers.push(client.spawn(receive(channel, requests, source, schedule)));
    }
    let pace = thread::spawn(move || send(schedule, messages, senders));
    let late = pace.join().unwrap();
    let mut latency = histogram();
    for receiver in receivers {
        let (received, acked) = client.block_on(receiver).unwrap();
        assert_eq!(acked, events, "every event was acked");
        latency.add(received).unwrap();
    }
    service.block_on(running.stop()).unwrap();
    (latency, late)
}

async fn connect(running: &Running) -> Vec<Channel> {
    let mut channels = Vec::new();
    for _ in 0..SOURCES {
        channels.push(service::connect(running).await);
    }
    channels
}

/// Sends each event when it is due; the streams end when all are sent.
fn send(
    schedule: Schedule,
    messages: Vec<Vec<load::Encoded>>,
    senders: Vec<mpsc::UnboundedSender<Bytes>>,
) -> Histogram<u64> {
    let mut late = histogram();
    let rounds = messages.first().map_or(0, Vec::len);
    let mut turn = 0;
    for round in 0..rounds {
        for (messages, sender) in messages.iter().zip(&senders) {
            let due = schedule.due(turn);
            thread::sleep(due.saturating_duration_since(now()));
            sender.send(messages[round].bytes.clone()).unwrap();
            record(&mut late, due);
            turn += 1;
        }
    }
    late
}

/// Records every event when the first ack that covers it comes; the histogram, and the last number acked.
async fn receive(
    channel: Channel,
    requests: mpsc::UnboundedReceiver<Bytes>,
    source: u32,
    schedule: Schedule,
) -> (Histogram<u64>, u64) {
    let requests = UnboundedReceiverStream::new(requests);
    let mut answers = load::stream(channel, requests).await.unwrap();
    let (mut latency, mut acked) = (histogram(), 0);
    while let Some(answer) = answers.message().await.unwrap() {
        if let Some(Message::Ack(ack)) = answer.message {
            for sequence in acked + 1..=ack.sequence {
                let due = schedule.due_of(source, sequence);
                if due > schedule.start + WARM_UP {
                    record(&mut latency, due);
                }
            }
            acked = ack.sequence;
        }
    }
    (latency, acked)
}

fn record(histogram: &mut Histogram<u64>, due: Instant) {
    let micros = now().saturating_duration_since(due).as_micros() as u64;
    histogram.saturating_record(micros.max(1));
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX_MICROS, 3).unwrap()
}
