//! `dozvon demo`: the whole way in one command, with nothing to set up.
//!
//! It serves in a temporary folder, streams a simulated day through the gRPC door as live, and asks the reports by the
//! same door: what it shows is what any client would see.

use std::io::{IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonic::transport::Channel;

use crate::app::{self, Patience, Running};
use crate::clock::Clock;
use crate::config::{Config, Log, LogLevel, Overrides};
use crate::connect::client::{Feed, Options as FeedOptions, SentAt};
use crate::proto::v1 as wire;
use crate::proto::v1::report_service_client::ReportServiceClient;
use crate::simulate::{self, Simulator};

use super::failure::{Exit, Failure};
use super::{log, report, serve, simulate as simulate_command};

/// The source that the simulated switch calls itself.
const SOURCE: &str = "simulated";
/// How long the day takes by default: long enough to be seen, short enough to be waited for.
const DAY_SECONDS: f64 = 6.0;
/// Events a batch: a day of some 4,000 is to be seen arriving.
const BATCH_EVENTS: usize = 50;

/// Serves in a temporary folder, streams a simulated day of calls as live, speeded up, and prints the reports.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon demo              a day of 250 calls at a hotline of 6 specialists
  dozvon demo --stay       … and keep serving, to look at /metrics and ask for reports
  dozvon demo --seed 7     another day
  dozvon demo --lang ru    its tables in Russian")]
pub struct Args {
    /// Keep serving until Ctrl-C.
    #[arg(long)]
    stay: bool,
    /// Every random choice follows from it.
    #[arg(long, value_name = "N", default_value_t = simulate::Options::SEED)]
    seed: u64,
    /// Calls of the day.
    #[arg(long, value_name = "N", default_value_t = 250)]
    calls: u64,
    /// How many seconds of the day pass in a second [default: the day in 6 s].
    #[arg(long, value_name = "N")]
    speed: Option<f64>,
    /// The language of the tables.
    #[arg(long, value_enum, default_value_t)]
    lang: report::Lang,
    /// Where gRPC listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value_t = loopback())]
    grpc: SocketAddr,
    /// Where /metrics listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value_t = loopback())]
    http: SocketAddr,
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, format!("the demo failed: {error}"))
}

/// Runs the command.
///
/// # Errors
/// When the folder cannot be made or a part fails.
pub async fn run(args: Args) -> Result<(), Failure> {
    log::start(&Log {
        level: LogLevel::Warn,
        ..Log::default()
    });
    let signalled = serve::signalled()?;
    let options = simulation(&args)?;
    let folder = tempfile::tempdir().map_err(failed)?;
    let overrides = Overrides {
        data_dir: Some(folder.path().join("data")),
        database: None,
        grpc: Some(args.grpc),
        http: Some(args.http),
    };
    let zone = options.zone.iana_name().unwrap_or("UTC").to_owned();
    let config = Config::load(None, [("DOZVON_ZONE".to_owned(), zone)], &overrides)?;
    let running = app::start(&config, Clock::system(), Patience::Short).await?;
    let shown = tokio::select! {
        shown = show(&args, options, &running) => shown,
        () = signalled.cancelled() => Ok(()),
    };
    if shown.is_ok() && args.stay {
        say("\nServing until Ctrl-C.\n")?;
        signalled.cancelled().await;
    }
    let stopped = running.stop().await;
    shown.and(stopped)
}

fn simulation(args: &Args) -> Result<simulate::Options, Failure> {
    simulate_command::options(&simulate_command::Args {
        seed: args.seed,
        calls: Some(args.calls),
        agents: None,
        queues: 3,
        days: 1,
        date: None,
        zone: "Europe/Samara".into(),
        output: "-".into(),
        truth: None,
    })
}

async fn show(args: &Args, options: simulate::Options, running: &Running) -> Result<(), Failure> {
    let day = (options.first_day, options.zone.clone());
    stream(args, options, running).await?;
    let (start, end) = period(&day.0, &day.1)?;
    let query = wire::ReportQuery {
        start: Some(start),
        end: Some(end),
        zone: day.1.iana_name().unwrap_or_default().to_owned(),
        ..wire::ReportQuery::default()
    };
    let mut reports = connect(running).await?;
    let queues = wire::GetQueueReportRequest {
        query: Some(query.clone()),
        wait_over: Vec::new(),
        compat: Vec::new(),
    };
    let queues = reports
        .get_queue_report(queues)
        .await
        .map_err(failed)?
        .into_inner();
    let transfers = wire::GetTransferReportRequest {
        query: Some(query.clone()),
        excessive_limit: 0,
    };
    let transfers = reports
        .get_transfer_report(transfers)
        .await
        .map_err(failed)?
        .into_inner();
    let waits = wire::GetWaitDistributionRequest {
        query: Some(query),
        edges: Vec::new(),
    };
    let waits = reports
        .get_wait_distribution(waits)
        .await
        .map_err(failed)?
        .into_inner();

    say(&report::queues_table(&queues, args.lang))?;
    say(&format!(
        "\n{}",
        report::transfers_table(&transfers, args.lang)
    ))?;
    say(&format!("\n{}", report::waits_table(&waits, args.lang)))?;
    say(&format!(
        "\ngRPC     {}\nmetrics  http://{}/metrics\n\nNext: dozvon report --help, dozvon serve --help; your own calls: dozvon import --help\n",
        running.grpc, running.http
    ))
}

/// Streams the day as live, with the day's own clock.
async fn stream(args: &Args, options: simulate::Options, running: &Running) -> Result<(), Failure> {
    let hours = options.closes.duration_since(options.opens).as_secs_f64();
    let speed = args.speed.unwrap_or((hours / DAY_SECONDS).max(1.0));
    // Counted beforehand, so that the bar knows its end; a simulation is the same every time.
    let total = Simulator::new(options.clone()).map_err(failed)?.count() as u64;
    let events = Simulator::new(options).map_err(failed)?;
    let server = running.grpc.to_string().parse().map_err(failed)?;
    let epoch = wire::Epoch {
        id: Some(wire::epoch::Id::Spool(1)),
    };
    let mut feed = Feed::new(FeedOptions {
        sent_at: SentAt::EventTime,
        speed: Some(speed),
        batch_events: BATCH_EVENTS,
        ..FeedOptions::new(server, SOURCE, epoch, wire::Mode::Live)
    });
    let bar = progress(total);
    let mut acked = feed.acked_to();
    let shown = bar.clone();
    let watcher = tokio::spawn(async move {
        while acked.changed().await.is_ok() {
            shown.set_position(*acked.borrow());
        }
    });
    let sent = async {
        feed.send_all(tokio_stream::iter(events)).await?;
        let position = feed.finish(true).await?;
        feed.wait_stored(position).await
    };
    let sent: Result<(), crate::connect::client::Error> = sent.await;
    watcher.abort();
    bar.finish_and_clear();
    sent.map_err(Failure::from)
}

fn progress(total: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = "a simulated day, live {wide_bar} {pos}/{len} events acked, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
    bar
}

/// The day from midnight to midnight.
fn period(
    day: &jiff::civil::Date,
    zone: &jiff::tz::TimeZone,
) -> Result<(pbjson_types::Timestamp, pbjson_types::Timestamp), Failure> {
    let instant = |day: jiff::civil::Date| {
        let start = day.to_zoned(zone.clone()).map_err(failed)?;
        Ok::<_, Failure>(pbjson_types::Timestamp {
            seconds: start.timestamp().as_second(),
            nanos: start.timestamp().subsec_nanosecond(),
        })
    };
    Ok((instant(*day)?, instant(day.tomorrow().map_err(failed)?)?))
}

async fn connect(running: &Running) -> Result<ReportServiceClient<Channel>, Failure> {
    let endpoint = Channel::from_shared(format!("http://{}", running.grpc)).map_err(failed)?;
    Ok(ReportServiceClient::new(
        endpoint.connect().await.map_err(failed)?,
    ))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(failed)
}
