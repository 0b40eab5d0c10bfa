//! `dozvon report`: asks a running server for a report, and shows it as a table, as CSV, as a workbook or as JSON.
//!
//! Figures go to stdout or to a file, remarks about them to stderr. Nothing is worked out here but how a figure is written.

mod agents;
mod call;
mod calls;
mod chart;
mod client;
mod columns;
mod delimited;
mod frame;
mod lines;
mod output;
mod period;
mod queues;
mod repeats;
mod sheet;
mod text;
mod transfers;
mod unserved;
mod waits;
mod workbook;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::clock::Clock;
use crate::proto::v1;
use crate::reports::{Basis, Bucket, Lens, Zone};

use self::client::Client;
use self::output::{Answer, Output, Shown};
use self::period::Bound;
use super::failure::{Exit, Failure};
use crate::connect::client::Server;

pub use agents::agents_table;
pub use lines::lines_table;
pub use queues::queues_table;
pub use repeats::repeats_table;
pub use transfers::transfers_table;
pub use unserved::unserved_table;
pub use waits::waits_table;

/// Arguments of `dozvon report`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    report: Report,
}

/// Which report.
#[derive(Clone, Debug, clap::Subcommand)]
enum Report {
    /// Volume, waits, service level and abandonment by queue
    #[command(after_help = QUEUES_EXAMPLES)]
    Queues(Options),
    /// Transfers: how many calls, how often, of which kind and what came of them
    #[command(after_help = TRANSFERS_EXAMPLES)]
    Transfers(Options),
    /// The distribution of waits
    #[command(after_help = WAITS_EXAMPLES)]
    Waits(Options),
    /// Agents: offers, legs handled, where the time went
    #[command(after_help = AGENTS_EXAMPLES)]
    Agents(Options),
    /// Repeat calls: who had to call again, who got through, after how many attempts
    #[command(after_help = REPEATS_EXAMPLES)]
    Repeats(Options),
    /// The people who tried and were not served, and what became of callbacks
    #[command(after_help = UNSERVED_EXAMPLES)]
    Unserved(Options),
    /// Lines: refused demand, busy channels, measured and expected blocking
    #[command(after_help = LINES_EXAMPLES)]
    Lines(Options),
    /// The calls one by one, with filters
    #[command(after_help = CALLS_EXAMPLES, mut_args = of_calls)]
    Calls(Box<calls::ListOptions>),
    /// One call: its timeline, and where it is counted and why
    #[command(after_help = CALL_EXAMPLES, mut_args = of_call)]
    Call(Box<call::OneOptions>),
}

impl Report {
    fn options(&self) -> &Options {
        match self {
            Self::Queues(options)
            | Self::Transfers(options)
            | Self::Waits(options)
            | Self::Agents(options)
            | Self::Repeats(options)
            | Self::Unserved(options)
            | Self::Lines(options) => options,
            Self::Calls(calls) => &calls.common,
            Self::Call(call) => &call.common,
        }
    }
}

const QUEUES_EXAMPLES: &str = "\
Examples:
  dozvon report queues                                        # today, in the hotline's own zone
  dozvon report queues --from 2026-01 --to 2026-02            # January
  dozvon report queues --from 2026-01-12 --bucket 30m --output csv > monday.csv
  dozvon report queues --from 2026-01 --to 2026-02 --bucket day --out january.xlsx
  dozvon report queues --from 2026-01 --queue jobs --service-level 30s --wait-over 2min
  dozvon report queues --from 2026-01 --bucket hour-of-day --basis event   # at which hours are callers lost?
  dozvon report queues --from 2026-01 --lens journey          # each call once, whatever queues it went through";

const TRANSFERS_EXAMPLES: &str = "\
Examples:
  dozvon report transfers --from 2026-01 --to 2026-02         # January, with the paths most used
  dozvon report transfers --from 2026-01 --bucket week --queue jobs --excessive-limit 1
  dozvon report transfers --from 2026-01 --output json        # with every path";

const WAITS_EXAMPLES: &str = "\
Examples:
  dozvon report waits --from 2026-01 --to 2026-02             # January, with a chart
  dozvon report waits --from 2026-01 --bucket day --queue jobs --output csv-ru --out waits.csv
  dozvon report waits --from 2026-01 --edges 40s,75s          # two further edges";

const AGENTS_EXAMPLES: &str = "\
Examples:
  dozvon report agents --from 2026-01 --to 2026-02            # January
  dozvon report agents --from 2026-01-12 --bucket hour --queue jobs --output csv
  dozvon report agents --from 2026-01 --output xlsx --out agents.xlsx";

const REPEATS_EXAMPLES: &str = "\
Examples:
  dozvon report repeats --from 2026-01 --to 2026-02           # January; looks back before it
  dozvon report repeats --from 2026-01 --bucket week --windows 30min,24h
  dozvon report repeats --from 2026-01 --shared-over 10       # numbers of institutions are left out";

const UNSERVED_EXAMPLES: &str = "\
Examples:
  dozvon report unserved --from 2026-01-12                    # who tried that day and was not served
  dozvon report unserved --from 2026-01 --queue jobs --output csv-ru --out unserved.csv";

const LINES_EXAMPLES: &str = "\
Examples:
  dozvon report lines --from 2026-01 --to 2026-02             # January, by line
  dozvon report lines --from 2026-01-12 --bucket hour --output csv";

const CALLS_EXAMPLES: &str = "\
Examples:
  dozvon report calls --from 2026-01-12                       # the first 50 since that day
  dozvon report calls --from 2026-01 --to 2026-02 --output csv > january.csv
  dozvon report calls --from 2026-01 --queue jobs --wait-over 5min --outcome abandoned
  dozvon report calls --from 2026-01 --transfers-over 2 --output xlsx --out passed-on.xlsx";

const CALL_EXAMPLES: &str = "\
Examples:
  dozvon report call 1767225600.17                            # everything told of it, and what was concluded
  dozvon report call 1767225600.17 --explain strict,T8        # where it is counted, and why
  dozvon report call 1767225600.17 --source pbx --explain all --output json";

/// What of the flags of all reports says something else, or nothing, in a list of calls.
fn of_calls(arg: clap::Arg) -> clap::Arg {
    const SILENT: [&str; 10] = [
        "bucket",
        "service_level",
        "short_abandon",
        "short_answered",
        "edges",
        "excessive_limit",
        "windows",
        "shared_over",
        "lens",
        "basis",
    ];
    match arg.get_id().as_str() {
        "wait_over" => arg.help("Only calls with a visit that waited longer than this"),
        "queue" => arg.help(
            "Only calls that visited this queue, were answered from it or turned away by it; may be given several times",
        ),
        id if SILENT.contains(&id) => arg.hide(true),
        _ => arg,
    }
}

/// What of the flags of all reports says nothing about one call.
fn of_call(arg: clap::Arg) -> clap::Arg {
    const SILENT: [&str; 9] = [
        "from",
        "to",
        "bucket",
        "queue",
        "edges",
        "windows",
        "shared_over",
        "lens",
        "basis",
    ];
    let is_silent = SILENT.contains(&arg.get_id().as_str());
    arg.hide(is_silent)
}

/// What every report can be asked with; what means nothing to one is ignored.
#[derive(Clone, Debug, clap::Args)]
struct Options {
    /// Where the server is: http://HOST:PORT, HOST:PORT or HOST
    #[arg(
        long,
        env = "DOZVON_SERVER",
        default_value = "http://127.0.0.1:7440",
        value_name = "URL"
    )]
    server: Server,
    /// First instant of the period: 2026-01-31, 2026-01, 2026-01-31T08:00 (all local), or 2026-01-31T08:00+04:00
    /// [default: the start of today]
    #[arg(long, value_name = "TIME")]
    from: Option<Bound>,
    /// First instant after the period, given alike: `--to 2026-02-01` leaves 1 February out [default: the start of
    /// tomorrow]
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<Bound>,
    /// IANA zone of dates and intervals [default: the hotline's own]
    #[arg(long)]
    zone: Option<String>,
    /// How the period is cut, in local time
    #[arg(long, default_value = "total", value_parser = buckets())]
    bucket: Bucket,
    /// Only this queue; may be given several times
    #[arg(long, value_name = "NAME")]
    queue: Vec<String>,
    /// T: answered within it counts for the service level, as 20s [default: as configured]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    service_level: Option<Duration>,
    /// s: abandoned within it is a short abandon, as 5s [default: as configured]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    short_abandon: Option<Duration>,
    /// x: a talk shorter than it is a short one [default: 10s]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    short_answered: Option<Duration>,
    /// What a queue's row counts: visits to it, or calls that entered it first, from there to their first human
    #[arg(long, default_value = "visit", value_parser = lenses())]
    lens: Lens,
    /// Where things belong: to the interval in which the visit began, or each to that in which it happened
    #[arg(long, default_value = "cohort", value_parser = bases())]
    basis: Basis,
    /// Count waits longer than this; several by commas or again [default: 60s,180s]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    wait_over: Vec<Duration>,
    /// Further edges of the wait distribution; several by commas or again
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    edges: Vec<Duration>,
    /// A call with more transfers than this is excessive [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    excessive_limit: Option<u32>,
    /// Windows of repeat calls; several by commas or again [default: 24h,72h,7d]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    windows: Vec<Duration>,
    /// A number with more calls than this on one day is shared by many people and left out of repeats [default: none is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    shared_over: Option<u32>,
    /// How to show it [default: what FILE ends in; else table on a terminal, else csv]
    #[arg(long, value_name = "FORMAT", value_enum)]
    output: Option<Output>,
    /// Write to this file instead of stdout; it is replaced when all is written
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The words of `--bucket`.
fn buckets() -> impl clap::builder::TypedValueParser<Value = Bucket> {
    words(Bucket::ALL, Bucket::as_str)
}

/// The words of `--lens`.
fn lenses() -> impl clap::builder::TypedValueParser<Value = Lens> {
    words(Lens::ALL, Lens::as_str)
}

/// The words of `--basis`.
fn bases() -> impl clap::builder::TypedValueParser<Value = Basis> {
    words(Basis::ALL, Basis::as_str)
}

fn words<T: Copy + Send + Sync + 'static, const N: usize>(
    all: [T; N],
    as_str: fn(T) -> &'static str,
) -> impl clap::builder::TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.map(as_str)).map(move |word| {
        let found = all.into_iter().find(|one| as_str(*one) == word);
        found.expect("the parser admits these words only")
    })
}

/// Asks for the report and writes it.
///
/// # Errors
///
/// The server is not there, or refuses, or the file or stdout cannot be written. A reader that has had enough is no
/// error.
pub async fn run(args: Args, clock: &Clock) -> Result<(), Failure> {
    let options = args.report.options();
    let out = options.out.as_deref();
    let output = Output::choose(options.output, out, io::stdout().is_terminal())?;
    let shown = show(&args, output, clock).await?;
    for remark in &shown.remarks {
        eprintln!("dozvon: {remark}");
    }
    output::deliver(&shown.content, out)
}

async fn show(args: &Args, output: Output, clock: &Clock) -> Result<Shown, Failure> {
    let options = args.report.options();
    let mut client = Client::connect(&options.server).await?;
    let query = if let Report::Call(_) = &args.report {
        // A call is found by its id: when it was is for the answer to say.
        None
    } else {
        Some(query(options, &mut client, clock).await?)
    };
    match &args.report {
        Report::Queues(_) => {
            let wait_over = spans(&options.wait_over);
            let answer = client
                .queues(v1::GetQueueReportRequest { query, wait_over })
                .await?;
            let answer = Answer {
                title: queues::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: queues::columns(&answer, &options.wait_over),
                table: queues_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Transfers(_) => {
            let excessive_limit = options.excessive_limit.unwrap_or_default();
            let request = v1::GetTransferReportRequest {
                query,
                excessive_limit,
            };
            let answer = client.transfers(request).await?;
            let answer = Answer {
                title: transfers::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: transfers::columns(),
                table: transfers_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Agents(_) => {
            let answer = client.agents(v1::GetAgentReportRequest { query }).await?;
            let answer = Answer {
                title: agents::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: agents::columns(),
                table: agents_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Repeats(_) => {
            let request = v1::GetRepeatReportRequest {
                query,
                windows: spans(&options.windows),
                shared_over: options.shared_over.unwrap_or_default(),
            };
            let answer = client.repeats(request).await?;
            let answer = Answer {
                title: repeats::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: repeats::columns(&answer, &options.windows),
                table: repeats_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Unserved(_) => {
            let request = v1::GetUnservedReportRequest { query };
            let answer = client.unserved(request).await?;
            let answer = Answer {
                title: unserved::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: unserved::columns(),
                table: unserved_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Lines(_) => {
            let answer = client.lines(v1::GetLineReportRequest { query }).await?;
            let answer = Answer {
                title: lines::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: lines::columns(),
                table: lines_table,
            };
            answer.shown(output, clock.now())
        }
        Report::Calls(options) => {
            calls::show(options, &mut client, query, output, clock.now()).await
        }
        Report::Call(options) => call::show(options, &mut client, output, clock.now()).await,
        Report::Waits(_) => {
            let edges = spans(&options.edges);
            let answer = client
                .waits(v1::GetWaitDistributionRequest { query, edges })
                .await?;
            let answer = Answer {
                title: waits::TITLE,
                answer: &answer,
                context: answer.context.as_ref(),
                rows: &answer.rows,
                columns: waits::columns(&answer, &options.edges),
                table: waits_table,
            };
            answer.shown(output, clock.now())
        }
    }
}

async fn query(
    options: &Options,
    client: &mut Client,
    clock: &Clock,
) -> Result<v1::ReportQuery, Failure> {
    let bounds = [options.from, options.to];
    let mut period = bounds.map(|bound| bound.and_then(Bound::instant));
    if period.contains(&None) {
        let zone = match &options.zone {
            Some(zone) => zone.clone(),
            None => client.zone().await?,
        };
        let zone = Zone::find(&zone)
            .map_err(|error| Failure::new(Exit::Failure, format!("{error} (--zone)")))?;
        period = period::resolve(bounds, zone.rules(), clock.now())?.map(Some);
    }
    let [start, end] = period.map(|at| at.map(text::timestamp));
    Ok(v1::ReportQuery {
        start,
        end,
        zone: options.zone.clone().unwrap_or_default(),
        bucket: bucket(options.bucket).into(),
        queues: options.queue.clone(),
        service_level: options.service_level.map(Into::into),
        short_abandon: options.short_abandon.map(Into::into),
        short_answered: options.short_answered.map(Into::into),
        lens: lens(options.lens).into(),
        basis: basis(options.basis).into(),
    })
}

fn bucket(bucket: Bucket) -> v1::Bucket {
    match bucket {
        Bucket::Total => v1::Bucket::Total,
        Bucket::Minutes15 => v1::Bucket::Minutes15,
        Bucket::Minutes30 => v1::Bucket::Minutes30,
        Bucket::Hour => v1::Bucket::Hour,
        Bucket::Day => v1::Bucket::Day,
        Bucket::Week => v1::Bucket::Week,
        Bucket::Month => v1::Bucket::Month,
        Bucket::Weekday => v1::Bucket::Weekday,
        Bucket::HourOfDay => v1::Bucket::HourOfDay,
    }
}

fn lens(lens: Lens) -> v1::Lens {
    match lens {
        Lens::Visit => v1::Lens::Visit,
        Lens::Journey => v1::Lens::Journey,
    }
}

fn basis(basis: Basis) -> v1::Basis {
    match basis {
        Basis::Cohort => v1::Basis::Cohort,
        Basis::Event => v1::Basis::Event,
    }
}

fn spans(spans: &[Duration]) -> Vec<pbjson_types::Duration> {
    spans.iter().map(|span| (*span).into()).collect()
}

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
