//! `dozvon simulate`: a hotline that does not exist, as an `events` file.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::failure::{Exit, Failure};
use crate::clock::Clock;
use crate::event_file::{self, Header};
use crate::simulate::{DAYS_MAX, Options, Simulator, Truth};

/// The source that a simulated switch calls itself.
const SOURCE: &str = "simulated";
/// The study's calls of one day.
const CALLS_A_DAY: u64 = 250;
/// Seldom enough to cost nothing, often enough to look alive.
const CALLS_A_PROGRESS: u64 = 64;

const EXAMPLES: &str = "\
Examples:
  dozvon simulate --output day.jsonl             # yesterday at a hotline of 6 specialists
  dozvon import events day.jsonl                 # … into a running server
  dozvon simulate --seed 7 | head -5             # another day; the same seed gives the same bytes
  dozvon simulate --days 365 --calls 2000000 --queues 200 --output year.jsonl --truth year.json";

/// Writes the events of a simulated hotline, with a fixed seed, as an `events` file.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Every random choice follows from it
    #[arg(long, value_name = "N", default_value_t = Options::SEED)]
    pub seed: u64,
    /// Calls in all [default: 250 a day]
    #[arg(long, value_name = "N")]
    pub calls: Option<u64>,
    /// Agents [default: as many as the calls need; 6 for 250 a day]
    #[arg(long, value_name = "N")]
    pub agents: Option<u32>,
    /// Queues
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub queues: u32,
    /// Days
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub days: u32,
    /// The first day [default: so that the last one is yesterday]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<Date>,
    /// IANA zone of the hotline
    #[arg(long, value_name = "ZONE", default_value = "Europe/Samara")]
    pub zone: String,
    /// Where to write; `-` is stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Write what the simulated phones really did here, as JSON, to compare reports with
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
}

/// Simulates and writes.
///
/// # Errors
/// Wrong numbers, an unknown zone, a file that cannot be written. A reader of stdout that has had enough is none.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = options(&args)?;
    let calls = options.calls;
    let simulator = Simulator::new(options).map_err(usage)?;
    let header = Header {
        source: SOURCE.to_owned(),
        zone: args.zone,
    };
    let truth = if args.output.as_os_str() == "-" {
        let out = BufWriter::new(io::stdout().lock());
        match write(out, &header, simulator, &ProgressBar::hidden()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| cannot_write(&args.output, &error))?,
        }
    } else {
        let path = &args.output;
        let file = File::create(path).map_err(|error| cannot_write(path, &error))?;
        let progress = progress(calls);
        let written = write(BufWriter::new(file), &header, simulator, &progress);
        progress.finish_and_clear();
        written.map_err(|error| cannot_write(path, &error))?
    };
    if let Some(path) = &args.truth {
        write_truth(path, &truth).map_err(|error| cannot_write(path, &error))?;
    }
    Ok(())
}

/// The simulation that the arguments ask for.
///
/// # Errors
/// An unknown zone, or a day before the calendar begins.
pub fn options(args: &Args) -> Result<Options, Failure> {
    let zone = zone(&args.zone)?;
    let first_day = match args.date {
        Some(date) => date,
        None => first_of(args.days, &zone).map_err(usage)?,
    };
    let a_day = CALLS_A_DAY.saturating_mul(args.days.into());
    let calls = args.calls.unwrap_or(a_day);
    let sized = Options::sized(first_day, zone, args.days, calls, args.queues, args.agents);
    Ok(Options {
        seed: args.seed,
        ..sized
    })
}

/// The time of day, as the calendar library has it.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Clock::system().now().as_micros()).unwrap_or_default()
}

/// The first of so many days that end with yesterday.
fn first_of(days: u32, zone: &TimeZone) -> Result<Date, jiff::Error> {
    let today = now().to_zoned(zone.clone()).date();
    // More days than can be simulated are refused with the other options.
    today.checked_sub(i64::from(days.min(DAYS_MAX)).days())
}

fn zone(name: &str) -> Result<TimeZone, Failure> {
    TimeZone::get(name).map_err(|_| {
        let nearest = jiff::tz::db()
            .available()
            .map(|known| (strsim::jaro_winkler(name, known.as_str()), known))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let hint =
            nearest.map_or_else(String::new, |(_, known)| format!("; did you mean {known}?"));
        usage(format!("unknown time zone {name}{hint}"))
    })
}

fn usage(error: impl ToString) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let place = match path.to_str() {
        Some("-") => "stdout".to_owned(),
        _ => path.display().to_string(),
    };
    Failure::new(Exit::Failure, format!("cannot write {place}: {error}"))
}

/// A bar for a person who waits; nothing for anybody else.
fn progress(calls: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(calls);
    match ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} calls, {eta} left") {
        Ok(style) => bar.with_style(style),
        // The plain bar says as much in other words.
        Err(_) => bar,
    }
}

fn write(
    mut out: impl Write,
    header: &Header,
    mut simulator: Simulator,
    progress: &ProgressBar,
) -> io::Result<Truth> {
    event_file::write_header(&mut out, header)?;
    while let Some(event) = simulator.next() {
        event_file::write_event(&mut out, &event)?;
        let begun = simulator.calls_begun();
        if begun >= progress.position() + CALLS_A_PROGRESS {
            progress.set_position(begun);
        }
    }
    out.flush()?;
    Ok(simulator.truth().clone())
}

fn write_truth(path: &Path, truth: &Truth) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    serde_json::to_writer_pretty(&mut out, truth)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_file::Line;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        let words = std::iter::once(&"simulate").chain(words);
        Cli::try_parse_from(words).unwrap().args
    }

    #[test]
    fn the_file_holds_a_header_and_every_event_of_the_truth() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (output, truth) = (path("events.jsonl"), path("truth.json"));
        let words = ["--date", "2026-03-02", "--calls", "40"];
        let mut args = args(&words);
        args.output = output.clone().into();
        args.truth = Some(truth.clone().into());
        run(args).unwrap();

        let text = std::fs::read(&output).unwrap();
        let mut lines = text.split_inclusive(|&byte| byte == b'\n');
        let header = event_file::parse_header(lines.next().unwrap()).unwrap();
        assert_eq!(header.zone, "Europe/Samara");
        let mut sequence = 0;
        for line in lines {
            let Ok(Line::Event(event)) = event_file::parse_line(line) else {
                panic!("{}", String::from_utf8_lossy(line));
            };
            sequence += 1;
            assert_eq!(event.sequence, sequence);
        }
        let truth: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&truth).unwrap()).unwrap();
        assert_eq!(truth["events"], sequence);
        let arrived = truth["calls_arrived"].as_u64().unwrap();
        assert_eq!(arrived + truth["calls_test"].as_u64().unwrap(), 40);
    }

    #[test]
    fn without_a_date_the_last_day_is_yesterday() {
        let options = options(&args(&["--days", "3", "--zone", "UTC"])).unwrap();
        let today = now().to_zoned(TimeZone::UTC).date();
        // A test that runs over midnight may see either.
        let age = (today - options.first_day).get_days();
        assert!((3..=4).contains(&age), "{age}");
        assert_eq!(options.calls, 750);
    }

    #[test]
    fn wrong_arguments_are_usage_errors_that_say_what_to_do() {
        let unknown = run(args(&["--zone", "Europe/Samarra"])).unwrap_err();
        assert_eq!(unknown.exit, Exit::Usage);
        assert!(
            unknown.message.contains("did you mean Europe/Samara?"),
            "{unknown}"
        );
        let none = run(args(&["--queues", "0"])).unwrap_err();
        assert_eq!(none.exit, Exit::Usage);
        assert_eq!(none.message, "queues must be 1 to 10000, not 0");
        assert!(Cli::try_parse_from(["simulate", "--date", "yesterday"]).is_err());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = args(&["--calls", "1"]);
        args.output = folder.path().join("no/such/folder.jsonl");
        let failure = run(args).unwrap_err();
        assert_eq!(failure.exit, Exit::Failure);
        assert!(failure.message.contains("folder.jsonl"), "{failure}");
    }
}
