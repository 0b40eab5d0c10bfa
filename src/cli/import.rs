//! `dozvon import`: history or recordings, through the same door as everybody.
//!
//! Each file is read on a thread of its own and streamed as one epoch; run twice it changes nothing. What the person
//! sees goes to stderr; the last line on stdout is the summary, for programs.

mod asterisk;
mod preview;
mod reader;
mod screen;
mod summary;

use std::{
    fmt,
    io::{self, Write as _},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use tokio::task::spawn_blocking;

use self::{
    reader::{Numbered, Reader, Reading, Tally},
    screen::{LISTED_MAX, Screen},
    summary::Summary,
};
use super::at::At;
use super::failure::{Exit, Failure};
use crate::{
    connect::{
        client::{self, BATCH_EVENTS, Delivered, Feed, Options, SentAt},
        recording::{Format, Order, Recording},
        source_file,
    },
    proto::v1::{Epoch, EventRejection, Mode, epoch::Id},
};

/// The most events that one batch of the contract holds.
const BATCH_EVENTS_MAX: u16 = 10_000;

const EXAMPLES: &str = "Examples:
  dozvon import anonymous-bank january.csv.gz february.csv.gz
  dozvon import events calls.jsonl --source samara
  dozvon import events calls.jsonl --as-live --speed 60x
  dozvon import queue-log /var/log/asterisk/queue_log*
  dozvon import ami-log hour.log --preview

Exit codes: 0 all was taken, 1 a file is of another format or the server refuses, 4 no server, 5 some rows were not
taken (they are listed), everything else was.";

/// Arguments of `dozvon import`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the files are.
    #[arg(value_enum)]
    pub format: Input,
    /// Files to import, one after the other; plain or gzip. Those of `ami-log` are of one PBX and read as one.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) at: At,
    /// The source that the calls belong to [default: the format's name].
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// How fast: `max`, or so many times the pace at which it happened (`1x`, `60x`).
    #[arg(long, default_value_t = Speed::Max)]
    pub speed: Speed,
    /// Send as if it happened now, at its own time: to metrics and live views too, not only to reports.
    #[arg(long)]
    pub as_live: bool,
    /// Send nothing: print what dozvon concludes, as one JSON object `{"calls": […]}`
    /// (`ami-log`, `queue-log`).
    #[arg(long)]
    pub preview: bool,
    /// `ami-log`: the PBX's `queue_log`, whole or rotated; it knows why a caller left a queue.
    #[arg(long, value_name = "FILE")]
    pub queue_log: Vec<PathBuf>,
    /// `ami-log`: a dialplan context that customers come in by [default: every inbound call that is no agent's].
    #[arg(long, value_name = "CONTEXT")]
    pub trunk_context: Vec<String>,
    /// `ami-log`: a dialplan context in which the survey is asked.
    #[arg(long, value_name = "CONTEXT", default_value = "survey")]
    pub survey_context: Vec<String>,
    /// `queue-log`: the agent that a member's name in the log stands for.
    #[arg(long, value_name = "NAME=EXTENSION", value_parser = agent_name)]
    pub agent: Vec<(String, String)>,
    /// `ami-log`, `queue-log`: the work after a call of a queue, its `wrapuptime`, which neither tells.
    #[arg(long, value_name = "QUEUE=TIME", value_parser = wrap_up)]
    pub wrap_up: Vec<(String, Duration)>,
    /// `ami-log`, `queue-log`: the reason of a pause that is work with a client at the desk, in upper or lower case.
    #[arg(long, value_name = "REASON")]
    pub desk_reason: Vec<String>,
    /// `ami-log`: how many questions that survey has.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub survey_questions: u8,
    /// How long to look for a lost server, or to wait for a source that another sender holds.
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub retry_for: Duration,
    /// The most events sent in one batch.
    #[arg(long, default_value_t = BATCH_EVENTS as u16, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=i64::from(BATCH_EVENTS_MAX)))]
    pub batch: u16,
}

/// What files are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Input {
    /// Calls of a bank's call centre, 1999: one CSV row a call.
    AnonymousBank,
    /// dozvon's own: JSON lines, as `dozvon simulate` writes them; the file may grow.
    Events,
    /// What a manager session (AMI) of Asterisk received, as it came; all files are of one PBX.
    AmiLog,
    /// Asterisk's own `queue_log`, whole or rotated; all files are of one PBX; the log may grow.
    QueueLog,
}

impl Input {
    /// The format, if each row of a file means something by itself.
    fn rows(self) -> Option<Format> {
        match self {
            Self::AnonymousBank => Some(Format::AnonymousBank),
            Self::Events => Some(Format::Events),
            Self::AmiLog | Self::QueueLog => None,
        }
    }

    /// The name on the command line, and of the source unless another is given.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnonymousBank => Format::AnonymousBank.name(),
            Self::Events => Format::Events.name(),
            Self::AmiLog => "ami-log",
            Self::QueueLog => "queue-log",
        }
    }
}

fn agent_name(text: &str) -> Result<(String, String), String> {
    let parts = text.rsplit_once('=');
    let parts = parts.filter(|(name, agent)| !name.is_empty() && !agent.is_empty());
    let owned = |(name, agent): (&str, &str)| (name.to_owned(), agent.to_owned());
    parts
        .map(owned)
        .ok_or_else(|| "give a name and an extension, as in \"Olena Koval=101\"".to_owned())
}

fn wrap_up(text: &str) -> Result<(String, Duration), String> {
    let parts = text.rsplit_once('=').filter(|(queue, _)| !queue.is_empty());
    let (queue, span) = parts.ok_or("give a queue and a time, as in hotline=30s")?;
    let span = humantime::parse_duration(span).map_err(|error| format!("{span}: {error}"))?;
    Ok((queue.to_owned(), span))
}

/// The pace of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as the server takes it.
    Max,
    /// So many seconds of calls in a second.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.strip_suffix('x').and_then(|times| times.parse().ok());
        let times = times.filter(|&times: &f64| times.is_finite() && times > 0.0);
        times
            .map(Self::Times)
            .ok_or_else(|| "give max, or a number and x, as in 1x or 60x".to_owned())
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Times(times) => write!(f, "{times}x"),
        }
    }
}

/// Imports the files; prints the summary whatever comes.
///
/// # Errors
/// The worst of what happened to any file: no server, then a file of another format or a refusal, then rows not taken.
pub async fn run(args: Args) -> Result<(), Failure> {
    if args.preview {
        return asterisk::preview(args).await;
    }
    let (summary, result) = import(&args).await;
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{}", summary.to_json()).and_then(|()| stdout.flush());
    written
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot write to stdout: {error}")))?;
    result
}

async fn import(args: &Args) -> (Summary, Result<(), Failure>) {
    let began = crate::clock::instant();
    let mut summary = Summary::default();
    let mut failures = Vec::new();
    match args.format.rows() {
        None => failures.extend(asterisk::import(args, &mut summary).await.err()),
        Some(format) => {
            for path in &args.files {
                let imported = import_file(args, format, path.clone(), &mut summary).await;
                let is_hopeless = imported
                    .as_ref()
                    .is_err_and(|failure| failure.exit == Exit::Unreachable);
                failures.extend(imported.err());
                if is_hopeless {
                    break;
                }
            }
        }
    }
    if let Some(not_taken) = summary.not_taken() {
        failures.push(Failure::new(Exit::Partial, not_taken));
    }
    summary.handle_end(began.elapsed());
    (summary, worst(failures))
}

/// The worst failure is the command's; the others are said here.
fn worst(mut failures: Vec<Failure>) -> Result<(), Failure> {
    let Some(at) =
        (0..failures.len()).max_by_key(|&at| (severity(failures[at].exit), usize::MAX - at))
    else {
        return Ok(());
    };
    let worst = failures.swap_remove(at);
    for other in failures {
        eprintln!("{other}");
    }
    Err(worst)
}

fn severity(exit: Exit) -> u8 {
    match exit {
        Exit::Unreachable => 2,
        Exit::Failure | Exit::Usage | Exit::Config | Exit::SyncFailed => 1,
        Exit::Partial => 0,
    }
}

async fn import_file(
    args: &Args,
    format: Format,
    path: PathBuf,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let recording = Recording {
        path,
        format,
        order: order(args, format),
    };
    let identified = recording.clone();
    let identity = spawn_blocking(move || identified.identify()).await;
    let Some(identity) = identity.map_err(thread_failed)?? else {
        tracing::info!(path = %recording.path.display(), "the log holds no finished record yet");
        return Ok(());
    };
    let screen = Screen::new(
        recording.path.display().to_string(),
        recording.bytes_total()?,
    );
    let epoch = Epoch {
        id: Some(Id::Content(identity.to_vec())),
    };
    let mut feed = Feed::new(options(args, epoch));
    let reader = Reader {
        recording: recording.clone(),
        identity,
        chunk_events: args.batch.into(),
        screen: screen.clone(),
    };
    let (events, reading) = reader.start();
    let work = deliver(&mut feed, events, reading, !format.is_append_only());
    let (tally, result) = screen.while_working(work).await;
    screen.close();
    list_rejections(&recording.path.display().to_string(), feed.delivered());
    summary.add(&tally, feed.delivered());
    result
}

/// Streams a file to its end. What was read is told whatever happens.
async fn deliver(
    feed: &mut Feed,
    events: Numbered,
    reading: Reading,
    is_complete: bool,
) -> (Tally, Result<(), Failure>) {
    // The events end with the reader, or the reader with them: their channel closes.
    let sent = feed.send_all(events).await;
    let (tally, read) = match reading.await {
        Ok(end) => end,
        Err(error) => return (Tally::default(), Err(thread_failed(error))),
    };
    let whole = async {
        sent?;
        // A file that cannot be read to its end has none to tell of.
        read?;
        let position = feed.finish(is_complete).await?;
        feed.wait_stored(position).await?;
        Ok(())
    };
    let result = whole.await;
    (tally, result)
}

fn options(args: &Args, epoch: Epoch) -> Options {
    let source = args.source.as_deref().unwrap_or(args.format.name());
    let (mode, sent_at) = match args.as_live {
        true => (Mode::Live, SentAt::EventTime),
        false => (Mode::Backfill, SentAt::Wall),
    };
    Options {
        batch_events: args.batch.into(),
        retry_for: args.retry_for,
        sent_at,
        speed: match args.speed {
            Speed::Max => None,
            Speed::Times(times) => Some(times),
        },
        ..Options::new(args.at.server.clone(), source, epoch, mode)
    }
}

/// A replay needs the order of time; a log is in the order in which it was told, and what it holds may yet grow.
fn order(args: &Args, format: Format) -> Order {
    let is_replay = args.as_live || args.speed != Speed::Max;
    match is_replay && !format.is_append_only() {
        true => Order::ByTime,
        false => Order::AsWritten,
    }
}

fn list_rejections(path: &str, delivered: &Delivered) {
    let listed = delivered.rejections.iter().take(LISTED_MAX);
    for rejection in listed {
        eprintln!("{path}: {}", rejection_line(rejection));
    }
    let unlisted = delivered.rejected_total().saturating_sub(LISTED_MAX as u64);
    if unlisted > 0 {
        eprintln!("{path}: and {unlisted} more events rejected");
    }
}

fn rejection_line(rejection: &EventRejection) -> String {
    let EventRejection {
        sequence,
        reason,
        field,
        message,
    } = rejection;
    let field = match field.as_str() {
        "" => String::new(),
        field => format!(", field {field}"),
    };
    format!("event {sequence}{field}: {reason}: {message}")
}

fn thread_failed(error: tokio::task::JoinError) -> Failure {
    Failure::new(Exit::Failure, format!("reading stopped: {error}"))
}

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Self {
        let exit = match &error {
            client::Error::Unreachable { .. } | client::Error::NotDozvon { .. } => {
                Exit::Unreachable
            }
            client::Error::Refused { .. } | client::Error::NotStored { .. } => Exit::Failure,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<source_file::Error> for Failure {
    fn from(error: source_file::Error) -> Self {
        Self::new(Exit::Failure, error.to_string())
    }
}

#[cfg(test)]
mod tests;
