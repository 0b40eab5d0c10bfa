//! Durable events a second, end to end: senders, the gRPC door, the journal's sync, calls, metrics and rows, all in this
//! process; beside each the raw limit of the same SQLite for the same commits, and one row a commit.
//!
//! `DOZVON_BENCH_EVENTS=100000` makes every scenario that small; `cargo bench --bench ingest -- 64x1000` runs one.
//! `DOZVON_BENCH_DATABASE=postgres://…/bench` keeps the data in that database, which is emptied, and puts beside it what one
//! would write by hand: a row an event. CPU is the whole machine's then, so that the database server's own is in it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use support::{
    load::{self, Encoded},
    machine::{self, SyncProbe, cpu, cpu_of_all, now},
    postgres::{self, ByHand},
    service, sqlite,
};

/// How long each comparison writes at the most.
const COMPARISON: Duration = Duration::from_secs(4);
/// How often the store's lag is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// So many sources that send batches of so many events.
struct Scenario {
    name: &'static str,
    sources: u64,
    batch_events: usize,
    events: u64,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario::new("1x1000", 1, 1_000, 2_000_000),
    Scenario::new("8x1000", 8, 1_000, 4_000_000),
    Scenario::new("64x1000", 64, 1_000, 6_400_000),
    Scenario::new("64x1", 64, 1, 3_200_000),
];

impl Scenario {
    const fn new(name: &'static str, sources: u64, batch_events: usize, events: u64) -> Self {
        Self {
            name,
            sources,
            batch_events,
            events,
        }
    }

    /// Every source's messages.
    fn messages(&self) -> Vec<Vec<Encoded>> {
        let each = machine::events(self.events).div_ceil(self.sources);
        let encoded = |seed| load::encode(load::simulated(seed, each), self.batch_events);
        (1..=self.sources).map(encoded).collect()
    }
}

/// What one run came to.
struct Measured {
    events: u64,
    /// From the first event sent to the last ack.
    acked: Duration,
    /// From there until the store had everything.
    caught_up: Duration,
    cpu: Duration,
    lag_max: u64,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |scenario: &&Scenario| {
        let mut names = wanted
            .iter()
            .filter(|word| !word.starts_with('-'))
            .peekable();
        names.peek().is_none() || names.any(|name| name == scenario.name)
    };
    println!("Machine: {}", machine::describe());
    let scenarios = SCENARIOS.iter().filter(is_wanted);
    match std::env::var("DOZVON_BENCH_DATABASE") {
        Ok(url) => on_postgres(scenarios, &url),
        Err(_) => on_sqlite(scenarios),
    }
}

/// A table with these heads, numbers to the right.
fn table<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn on_sqlite<'a>(scenarios: impl Iterator<Item = &'a Scenario>) {
    let mut table = table([
        "sources x batch",
        "events",
        "acked/s",
        "stored/s",
        "catch-up s",
        "lag max",
        "CPU s/M",
        "rows/s",
        "events a commit",
        "same blobs/s",
        "ratio",
        "row a commit/s",
        "ratio",
    ]);
    for scenario in scenarios {
        table.add_row(run(scenario));
    }
    println!("{table}");
    println!(
        "acked/s: synced and acked. stored/s: until calls, metrics and rows had them too. CPU: senders and service, \
         until then.\nrows: calls, visits, transfers and call keys. same blobs: the run's own commits, written by the \
         same SQLite and library, nothing else running."
    );
}

fn on_postgres<'a>(scenarios: impl Iterator<Item = &'a Scenario>, url: &str) {
    let mut table = table([
        "sources x batch",
        "events",
        "acked/s",
        "stored/s",
        "catch-up s",
        "lag max",
        "CPU s/M",
        "rows/s",
        "events a commit",
    ]);
    let mut by_hand = self::table([
        "by hand, a row an event",
        "beside",
        "events/s",
        "CPU s/M",
        "acked ratio",
        "stored ratio",
        "CPU ratio",
    ]);
    for scenario in scenarios {
        let (ours, rows) = run_on_postgres(scenario, url);
        table.add_row(ours);
        by_hand.add_rows(rows);
    }
    println!("{table}\n{by_hand}");
    println!(
        "acked/s: synced and acked. stored/s: until calls, metrics and rows had them too. CPU: of the machine, senders, \
         service and database server, until then.\nrows: calls, visits, transfers and call keys. by hand: a row an event, \
         known ones passed over, 1,000 a commit, 8 connections; no call, no figure, no wire."
    );
}

/// Measures a scenario on PostgreSQL and what one would write by hand: a row of one table, and rows of the other.
fn run_on_postgres(scenario: &Scenario, url: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let folder = machine::folder();
    let messages = scenario.messages();
    let plain = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    plain.block_on(postgres::empty(url));
    let before = SyncProbe::run(folder.path()).unwrap();
    let measured = measure(folder.path(), Some(url), messages);
    let written = plain.block_on(postgres::written(url));
    let (commits, event_bytes, rows) = written.unwrap();
    let by_hand = [ByHand::Bare(event_bytes), ByHand::Asked].map(|form| {
        let written = plain.block_on(postgres::by_hand(url, form, COMPARISON));
        (form, written.unwrap())
    });
    let after = SyncProbe::run(folder.path()).unwrap();
    println!("{}: before {before}; after {after}", scenario.name);
    let events = measured.events as f64;
    let acked = events / measured.acked.as_secs_f64();
    let whole = measured.acked + measured.caught_up;
    let stored = events / whole.as_secs_f64();
    let cpu = measured.cpu.as_secs_f64() * 1e6 / events;
    let ours = vec![
        scenario.name.to_owned(),
        measured.events.to_string(),
        format!("{acked:.0}"),
        format!("{stored:.0}"),
        format!("{:.2}", measured.caught_up.as_secs_f64()),
        measured.lag_max.to_string(),
        format!("{cpu:.2}"),
        format!("{:.0}", rows as f64 / whole.as_secs_f64()),
        format!("{:.0}", events / commits as f64),
    ];
    let by_hand = by_hand.map(|(form, (rate, cpu_by_hand))| {
        let per_second = rate.per_second();
        let cpu_by_hand = cpu_by_hand.as_secs_f64() * 1e6 / rate.events as f64;
        vec![
            form.name().to_owned(),
            scenario.name.to_owned(),
            format!("{per_second:.0}"),
            format!("{cpu_by_hand:.2}"),
            format!("{:.2}", acked / per_second),
            format!("{:.2}", stored / per_second),
            format!("{:.2}", cpu / cpu_by_hand),
        ]
    });
    (ours, by_hand.into())
}

/// Measures a scenario and its comparisons; a row of the table.
fn run(scenario: &Scenario) -> Vec<String> {
    let folder = machine::folder();
    let messages = scenario.messages();
    let before = SyncProbe::run(folder.path()).unwrap();
    let measured = measure(folder.path(), None, messages);
    let plain = Builder::new_current_thread().enable_all().build().unwrap();
    let (commits, blobs, rows, naive) = plain.block_on(async {
        let commits = sqlite::Commits::read(folder.path()).await.unwrap();
        let blobs = commits.write_again(folder.path(), COMPARISON).await;
        let rows = sqlite::rows_stored(folder.path()).await.unwrap();
        let bytes = commits.event_bytes();
        let naive = sqlite::one_row_a_commit(folder.path(), bytes, COMPARISON).await;
        (commits, blobs.unwrap(), rows, naive.unwrap())
    });
    let after = SyncProbe::run(folder.path()).unwrap();
    println!("{}: before {before}; after {after}", scenario.name);
    let events = measured.events as f64;
    let acked = events / measured.acked.as_secs_f64();
    let whole = measured.acked + measured.caught_up;
    let stored = events / whole.as_secs_f64();
    vec![
        scenario.name.to_owned(),
        measured.events.to_string(),
        format!("{acked:.0}"),
        format!("{stored:.0}"),
        format!("{:.2}", measured.caught_up.as_secs_f64()),
        measured.lag_max.to_string(),
        format!("{:.2}", measured.cpu.as_secs_f64() * 1e6 / events),
        format!("{:.0}", rows as f64 / whole.as_secs_f64()),
        format!("{:.0}", events / commits.count() as f64),
        format!("{:.0}", blobs.per_second()),
        format!("{:.2}", stored / blobs.per_second()),
        format!("{:.0}", naive.per_second()),
        format!("{:.0}", stored / naive.per_second()),
    ]
}

/// Streams everything and waits until it is stored. Service and senders have threads of their own.
fn measure(
    folder: &std::path::Path,
    database: Option<&str>,
    messages: Vec<Vec<Encoded>>,
) -> Measured {
    let service = Builder::new_multi_thread().enable_all().build().unwrap();
    let running = service.block_on(service::start_on(folder, database));
    let senders = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    // A database server works in other processes.
    let cpu: fn() -> Duration = if database.is_some() { cpu_of_all } else { cpu };
    let measured = senders.block_on(stream(&senders, &running, messages, cpu));
    service.block_on(running.stop()).unwrap();
    measured
}

async fn stream(
    senders: &Runtime,
    running: &dozvon::app::Running,
    messages: Vec<Vec<Encoded>>,
    cpu: fn() -> Duration,
) -> Measured {
    let mut channels = Vec::new();
    for _ in &messages {
        channels.push(service::connect(running).await);
    }
    let ask = channels[0].clone();
    let events = messages
        .iter()
        .filter_map(|source| Some(source.last()?.last));
    let events: u64 = events.sum();
    let done = CancellationToken::new();
    let lag_max = Arc::new(AtomicU64::new(0));
    let looking = look_at_lag(ask.clone(), lag_max.clone());
    senders.spawn(done.clone().run_until_cancelled_owned(looking));

    let (began, cpu_before) = (now(), cpu());
    let streams = channels.into_iter().zip(messages).enumerate();
    let streams = streams.map(|(number, (channel, messages))| {
        senders.spawn(async move { load::send(channel, &name(number), messages).await })
    });
    let mut position = 0;
    let mut accepted = 0;
    for stream in streams.collect::<Vec<_>>() {
        let sent = stream.await.unwrap().unwrap();
        accepted += sent.accepted;
        position = position.max(sent.position);
    }
    let acked = began.elapsed();
    service::wait_stored(&ask, &name(0), position)
        .await
        .unwrap();
    let (whole, cpu) = (began.elapsed(), cpu().saturating_sub(cpu_before));
    done.cancel();
    assert_eq!(accepted, events, "every event was kept");
    Measured {
        events,
        acked,
        caught_up: whole - acked,
        cpu,
        lag_max: lag_max.load(Ordering::Relaxed),
    }
}

fn name(number: usize) -> String {
    format!("pbx-{number}")
}

/// Notes by how many positions the store lagged behind the journal at the worst.
async fn look_at_lag(channel: tonic::transport::Channel, lag_max: Arc<AtomicU64>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Ok(source) = service::source(&channel, &name(0)).await {
            let lag =
                source.committed_position - source.stored_position.min(source.committed_position);
            lag_max.fetch_max(lag, Ordering::Relaxed);
        }
    }
}
