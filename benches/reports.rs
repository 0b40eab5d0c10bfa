//! What a manager waits for: reports on a made year of a large hotline (2 M calls, 200 queues), and its calls listed page by
//! page while others come in; beside each report a plain SQL query over the same rows.
//!
//! `DOZVON_BENCH_EVENTS=100000` makes a year of so many calls instead; `DOZVON_BENCH_DATABASE=postgres://…/bench` keeps it in
//! that database, which is emptied. The clock runs from the request to the decoded answer. Roll-ups are folded first: how long
//! that took is said.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{
    collections::HashSet,
    future::Future,
    ops::RangeInclusive,
    path::Path,
    time::{Duration, Instant},
};

use comfy_table::{CellAlignment, Table, presets};
use dozvon::{
    app::Running,
    proto::v1::{
        Bucket, GetQueueReportRequest, GetTransferReportRequest, ListCallsRequest, ReportQuery,
        report_service_client::ReportServiceClient,
    },
    simulate::{Options, Simulator},
};
use jiff::{civil::Date, tz::TimeZone};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use support::{
    load,
    machine::{self, SyncProbe, now},
    postgres, service, sqlite,
};

const CALLS: u64 = 2_000_000;
const QUEUES: u32 = 200;
const DAYS: u32 = 365;
const FIRST_DAY: Date = Date::constant(2025, 1, 1);
/// Events made, encoded and sent at once: what a few hundred megabytes hold.
const EVENTS_A_PART: usize = 500_000;
const BATCH_EVENTS: usize = 1_000;
/// Times each report is asked for; the median counts.
const ROUNDS: usize = 5;
/// The source that goes on while calls are listed, and its events a second.
const OTHER: (&str, usize) = ("other", 2_000);
const PAGE: u32 = 1_000;
/// What is still to be folded; the hour, day and month in which the last call lies stay open.
const STALE: &str = "select count(*) from rollup_stale where level = 1 or exists (select 1 from rollup_stale as later
    where later.level = rollup_stale.level and later.starts_at > rollup_stale.starts_at)";
/// How often it is asked whether roll-ups are folded.
const ASK_EVERY: Duration = Duration::from_millis(500);

fn main() {
    println!("Machine: {}", machine::describe());
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = machine::folder();
    println!("{}", SyncProbe::run(folder.path()).unwrap());
    let url = std::env::var("DOZVON_BENCH_DATABASE").ok();
    runtime.block_on(run(folder.path(), url.as_deref()));
}

async fn run(folder: &Path, url: Option<&str>) {
    if let Some(url) = url {
        postgres::empty(url).await;
    }
    let running = service::start_on(folder, url).await;
    let channel = service::connect(&running).await;
    let calls = machine::events(CALLS);
    load_year(&channel, calls).await;
    let mut rows = Rows::of(folder, url).await;
    let began = now();
    while rows.number(STALE).await > 0 {
        tokio::time::sleep(ASK_EVERY).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("roll-ups were up to date {seconds:.0} s after the last event");

    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["report", "ms", "plain SQL, ms", "ratio"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let months = month_starts();
    let (june, july) = (months[5], months[6]);
    let year = (months[0], months[12]);
    let queues = |period, bucket| queue_report(channel.clone(), period, bucket);
    let transfers = || transfer_report(channel.clone(), (june, july));
    let mut add = |what: &str, ours: Duration, plain: Duration| {
        let millis = |took: Duration| took.as_secs_f64() * 1e3;
        let ratio = millis(ours) / millis(plain);
        table.add_row([
            what.to_owned(),
            format!("{:.0}", millis(ours)),
            format!("{:.0}", millis(plain)),
            format!("{ratio:.3}"),
        ]);
    };
    let ours = median(async || queues((june, july), Bucket::Day).await).await;
    let plain = rows.by_queue(june, july, "entered_at / 86400000000").await;
    add("queues, a month by day", ours, plain);
    let ours = median(async || queues(year, Bucket::Month).await).await;
    let plain = rows
        .by_queue(year.0, year.1, "entered_at / 2628000000000")
        .await;
    add("queues, a year by month", ours, plain);
    let ours = median(async || transfers().await).await;
    let plain = rows.ways(june, july).await;
    add("transfers, a month", ours, plain);
    println!("{table}");
    println!(
        "plain SQL: counts, answered, sum and longest of waits by queue and interval (or transfers from queue to \
         queue), over the rows, on a connection of its own."
    );

    // Calls that are still open are listed, too, and are no rows yet.
    let ended = rows.calls(year.0, year.1).await;
    let open = rows.number("select count(*) from open_calls").await;
    let expected = ended..=ended + open;
    list_while_others_come(&running, &channel, year, expected).await;
    running.stop().await.unwrap();
}

/// The first instant of each month of the year, and of the next year, in microseconds.
fn month_starts() -> Vec<i64> {
    let start = |month: i64| {
        let date = FIRST_DAY + jiff::Span::new().months(month);
        let zoned = date.to_zoned(TimeZone::UTC).unwrap();
        zoned.timestamp().as_microsecond()
    };
    (0..=12).map(start).collect()
}

fn simulator(seed: u64, calls: u64) -> Simulator {
    let sized = Options::sized(FIRST_DAY, TimeZone::UTC, DAYS, calls, QUEUES, None);
    Simulator::new(Options { seed, ..sized }).expect("the hotline can be simulated")
}

/// Sends the year, part by part, as one switch told it, and waits until rows hold it.
async fn load_year(channel: &Channel, calls: u64) {
    let began = now();
    let mut simulator = simulator(1, calls);
    let (mut events, mut position) = (0, 0);
    loop {
        let part: Vec<_> = simulator.by_ref().take(EVENTS_A_PART).collect();
        if part.is_empty() {
            break;
        }
        events += part.len();
        let messages = load::encode(part, BATCH_EVENTS);
        let sent = load::send(channel.clone(), "year", messages).await.unwrap();
        position = sent.position;
    }
    service::wait_stored(channel, "year", position)
        .await
        .unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!("{calls} calls, {events} events made, sent and stored in {seconds:.0} s");
}

fn query((start, end): (i64, i64), bucket: Bucket) -> ReportQuery {
    let instant = |micros: i64| pbjson_types::Timestamp {
        seconds: micros / 1_000_000,
        nanos: 0,
    };
    ReportQuery {
        start: Some(instant(start)),
        end: Some(instant(end)),
        zone: "UTC".to_owned(),
        bucket: bucket.into(),
        ..ReportQuery::default()
    }
}

fn client(channel: Channel) -> ReportServiceClient<Channel> {
    ReportServiceClient::new(channel).max_decoding_message_size(usize::MAX)
}

async fn queue_report(channel: Channel, period: (i64, i64), bucket: Bucket) {
    let request = GetQueueReportRequest {
        query: Some(query(period, bucket)),
        ..GetQueueReportRequest::default()
    };
    let answer = client(channel).get_queue_report(request).await.unwrap();
    let answer = answer.into_inner();
    assert!(
        answer.rows.len() > QUEUES as usize,
        "a row a queue at least"
    );
    assert!(answer.context.is_some_and(|context| context.from_rollups));
}

async fn transfer_report(channel: Channel, period: (i64, i64)) {
    let request = GetTransferReportRequest {
        query: Some(query(period, Bucket::Total)),
        ..GetTransferReportRequest::default()
    };
    let answer = client(channel).get_transfer_report(request).await.unwrap();
    assert!(!answer.into_inner().rows.is_empty());
}

async fn median<F: Future<Output = ()>>(mut round: impl FnMut() -> F) -> Duration {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let began = now();
        round().await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[ROUNDS / 2]
}

/// The store's rows, for whoever asks in plain SQL.
enum Rows {
    Sqlite(sqlx::sqlite::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Rows {
    async fn of(folder: &Path, url: Option<&str>) -> Self {
        match url {
            None => Self::Sqlite(sqlite::store(folder).await),
            Some(url) => Self::Postgres(postgres::store(url).await),
        }
    }

    async fn number(&mut self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                query.fetch_one(connection).await.unwrap().get(0)
            }
            Self::Postgres(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                query.fetch_one(connection).await.unwrap().get(0)
            }
        }
    }

    /// Runs a query to its last row so many times; how long it takes.
    async fn time(&mut self, sql: &str) -> Duration {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let began = now();
            self.number(&format!("select count(*) from ({sql}) as rows"))
                .await;
            took.push(began.elapsed());
        }
        took.sort_unstable();
        took[ROUNDS / 2]
    }

    async fn by_queue(&mut self, start: i64, end: i64, interval: &str) -> Duration {
        let sql = format!(
            "select {interval} as interval_start, queue, count(*) as visits, sum(case when exit = 1 then 1 else 0 end)
                as answered, sum(wait) as wait, max(wait) as longest
            from visits where entered_at >= {start} and entered_at < {end} and test = 0 group by 1, 2"
        );
        self.time(&sql).await
    }

    async fn ways(&mut self, start: i64, end: i64) -> Duration {
        let sql = format!(
            "select from_queue, to_name, count(*) as transfers, sum(wait) as wait, sum(spent) as spent
            from transfers where call_arrived_at >= {start} and call_arrived_at < {end} and test = 0 group by 1, 2"
        );
        self.time(&sql).await
    }

    async fn calls(&mut self, start: i64, end: i64) -> i64 {
        let sql = format!(
            "select count(*) from calls where arrived_at >= {start} and arrived_at < {end} and test = 0"
        );
        self.number(&sql).await
    }
}

/// Pages through all calls of the year while another source tells of more of the same days.
async fn list_while_others_come(
    running: &Running,
    channel: &Channel,
    year: (i64, i64),
    expected: RangeInclusive<i64>,
) {
    let stop = CancellationToken::new();
    let sender = tokio::spawn(send_others(service::connect(running).await, stop.clone()));
    let mut client = client(channel.clone());
    let (mut token, mut took, mut seen, mut others) =
        (String::new(), Vec::new(), HashSet::new(), 0);
    let began = now();
    loop {
        let request = ListCallsRequest {
            query: Some(query(year, Bucket::Total)),
            page_size: PAGE,
            page_token: token,
            ..ListCallsRequest::default()
        };
        let asked = now();
        let page = client.list_calls(request).await.unwrap().into_inner();
        took.push(asked.elapsed());
        for call in page.calls {
            others += u64::from(call.source == OTHER.0);
            let first = seen.insert((call.source == OTHER.0, call.call_id));
            assert!(first, "a call is listed once");
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    stop.cancel();
    let sent = sender.await.unwrap();
    let of_year = seen.iter().filter(|(other, _)| !other).count();
    assert!(
        expected.contains(&(of_year as i64)),
        "no call is skipped: {of_year} of {expected:?}"
    );
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "listed {of_year} calls of the year and {others} that came meanwhile ({:.0} events/s) in {} pages, none twice, none \
         left out: {seconds:.0} s, a page p50 {:.1} ms, p99 {:.1} ms",
        sent as f64 / seconds,
        took.len(),
        at(0.5),
        at(0.99),
    );
}

/// Sends events of the same days at a steady rate until it is stopped; how many.
async fn send_others(channel: Channel, stop: CancellationToken) -> usize {
    let mut simulator = simulator(2, CALLS);
    let (began, mut sent) = (now(), 0);
    while !stop.is_cancelled() {
        let second: Vec<_> = simulator.by_ref().take(OTHER.1).collect();
        if second.is_empty() {
            break;
        }
        sent += second.len();
        let messages = load::encode(second, BATCH_EVENTS);
        load::send(channel.clone(), OTHER.0, messages)
            .await
            .unwrap();
        let due: Instant = began + Duration::from_secs_f64(sent as f64 / OTHER.1 as f64);
        tokio::time::sleep_until(due.into()).await;
    }
    sent
}
