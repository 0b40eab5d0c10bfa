//! `dozvon watch`: the board in the terminal.

mod board;
mod columns;
mod keys;
mod planned;
mod screen;
mod terminal;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::at::At;
use super::deliver::deliver;
use super::failure::{Exit, Failure};
use crate::proto::v1;
use crate::proto::v1::live_service_client::LiveServiceClient;

use board::board;
use keys::Key;
use screen::{Board, Scroll, Size, lines};
use terminal::Terminal;

/// How long a lost server is left alone before it is asked again.
const RETRY: Duration = Duration::from_secs(2);
/// As wide as a line may be where there is no terminal: a script wants each queue in one line.
const WIDE: usize = 1_000;

/// Shows the queues as they are at this moment: who waits, for how long, which agents are there, what today was like.
///
/// Laid out in the order in which it is looked at: in the first ten seconds who waits and who is there; in the first
/// minute what wants looking at; then the day. It is drawn again as things change and fits itself to the terminal: what
/// is too wide stands in a further table below. Arrows, PgUp and PgDn, Home and End scroll; q or Ctrl-C ends it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon watch                                  # all queues, until Ctrl-C
  dozvon watch --queue benefits --queue jobs
  dozvon watch --once                           # one look, for a script
  dozvon watch --once --output json | jq '.queues[] | {queue, waiting}'

Marks: ● all is well, ▲ look at it, ■ stuck, ○ closed, ? its switch is silent. The worst stand first.
Other: agents on another call or at the desk. Lost: calls whose callers gave up or were sent away
without a human, of calls offered (AB2), as in the report.
Next waits: four of five callers who come now wait so long. Usual: the median of this weekday up to
this time of the day. By evening: visits to be expected by the end of the day. As planned: agents
who are there, of those planned for this time; ▲ when they are fewer.
Exit codes: 0 ok, 1 refused or failed, 2 usage, 4 server unreachable.")]
pub struct Args {
    #[command(flatten)]
    at: At,
    /// Only this queue; may be given again [default: all]
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Look once and end; so it does when the output is no terminal
    #[arg(long)]
    once: bool,
    /// How to show one look
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    /// Looks a second at the most
    #[arg(long, value_name = "RATE", default_value = "1")]
    rate: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people
    Table,
    /// The answer of the contract in its JSON mapping
    Json,
}

/// Runs the command.
///
/// # Errors
/// When the server is not there at the start, refuses or fails, or stdout cannot be written.
pub async fn run(args: &Args) -> Result<(), Failure> {
    let size = terminal::size();
    if !args.once
        && args.output == Output::Table
        && let Some(size) = size
    {
        return keep_watching(args, size).await;
    }
    let mut service = LiveServiceClient::new(args.at.channel().await?);
    let request = v1::GetQueuesRequest {
        queues: args.queues.clone(),
    };
    let answer = service.get_queues(request).await;
    let shown = answer.map_err(|status| args.at.failure(&status))?;
    let shown = shown.into_inner();
    let text = match args.output {
        Output::Table => {
            let columns = size.map_or(WIDE, |size| size.columns);
            board(&shown, !args.queues.is_empty(), columns).whole()
        }
        Output::Json => {
            let text = serde_json::to_string_pretty(&shown);
            let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
            text.map_err(failed)? + "\n"
        }
    };
    deliver(text.as_bytes(), None)
}

/// What came from the server, or did not.
enum Told {
    Shown(Box<v1::GetQueuesResponse>),
    Lost(String),
}

/// Draws what is told until somebody has seen enough.
async fn keep_watching(args: &Args, mut size: Size) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::new(Exit::Failure, format!("cannot use the terminal: {error}"));
    let mut resized = signal(SignalKind::window_change()).map_err(failed)?;
    let mut ended = signal(SignalKind::terminate()).map_err(failed)?;
    let (out, mut told) = mpsc::channel(1);
    let telling = tell(args, out);
    tokio::pin!(telling);
    // A server that is not there at the start is said where the command was typed.
    let mut newest = tokio::select! {
        ended = &mut telling => return ended,
        _ = tokio::signal::ctrl_c() => return Ok(()),
        first = told.recv() => first,
    };
    let mut terminal = Terminal::enter().map_err(failed)?;
    let mut scroll = Scroll::default();
    loop {
        let drawn = match &newest {
            None => Board::default(),
            Some(Told::Shown(shown)) => board(shown, !args.queues.is_empty(), size.columns),
            Some(Told::Lost(text)) => Board::saying(text, size.columns),
        };
        scroll.keep_within(&drawn, size);
        terminal
            .show(&lines(&drawn, scroll, size))
            .map_err(failed)?;
        tokio::select! {
            ended = &mut telling => return ended,
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = ended.recv() => return Ok(()),
            _ = resized.recv() => size = terminal::size().unwrap_or(size),
            key = terminal.key() => match key {
                Key::End => return Ok(()),
                Key::Go(way) => scroll.go(way, &drawn, size),
            },
            Some(next) = told.recv() => newest = Some(next),
        }
    }
}

/// Tells what the server says; once something was seen, a lost server is waited for.
async fn tell(args: &Args, out: mpsc::Sender<Told>) -> Result<(), Failure> {
    let mut seen = false;
    loop {
        match watch(args, &out, &mut seen).await {
            Err(failure) if failure.exit != Exit::Unreachable || !seen => return Err(failure),
            Err(failure) => {
                let text = format!("NOT CURRENT: {failure}\nIt is asked again every 2 s.");
                // Whoever listened has gone: nothing is left to be told.
                drop(out.send(Told::Lost(text)).await);
            }
            Ok(()) => {}
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Tells until the server ends the stream.
async fn watch(args: &Args, out: &mpsc::Sender<Told>, seen: &mut bool) -> Result<(), Failure> {
    let refused = |status| args.at.failure(&status);
    let mut service = LiveServiceClient::new(args.at.channel().await?);
    let request = v1::WatchQueuesRequest {
        queues: args.queues.clone(),
        rate_max: args.rate,
    };
    let answers = service.watch_queues(request).await.map_err(refused)?;
    let mut answers = answers.into_inner();
    let mut queues = BTreeMap::new();
    while let Some(answer) = answers.message().await.map_err(refused)? {
        *seen = true;
        let changed = answer.queues.into_iter();
        queues.extend(changed.map(|queue| (queue.queue.clone(), queue)));
        let shown = v1::GetQueuesResponse {
            at: answer.at,
            hotline: answer.hotline,
            queues: queues.values().cloned().collect(),
        };
        drop(out.send(Told::Shown(Box::new(shown))).await);
    }
    Ok(())
}
