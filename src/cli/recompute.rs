//! `dozvon recompute`: has a running server make the calls of a period again, and says what changed.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tonic::Streaming;

use super::at::At;
use super::deliver::deliver;
use super::failure::{Exit, Failure};
use super::report::client::Client;
use super::report::options::instants;
use super::report::period::Bound;
use super::report::{frame, text};
use crate::clock::Clock;
use crate::kpi::seconds_text;
use crate::proto::v1;
use crate::proto::v1::admin_service_client::AdminServiceClient;
use crate::proto::v1::recompute_response::Message;

/// Makes the settled calls of a period again from everything told of them, and says what changed.
///
/// What came after a call was settled is kept and left out of its figures: reports say how many events that are. This
/// takes them in. Calls that an earlier version of dozvon kept less of are made whole, too. Figures that nothing was told
/// about stay as they are, counters of /metrics always do. It goes on beside incoming events; killed, it is finished by
/// the next run, and run again it changes nothing.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon recompute --from 2026-01 --to 2026-02             # January, in the hotline's own zone
  dozvon recompute --from 2026-01-12 --to 2026-01-13 --source pbx-1
  dozvon recompute --from 2026-01 --to 2026-02 --output json > changed.json

Exit codes: 0 done, 1 refused or failed, 2 usage, 4 server unreachable.")]
pub struct Args {
    #[command(flatten)]
    at: At,
    /// Calls that arrived from here on: 2026-01-31, 2026-01, 2026-01-31T08:00 (all local), or 2026-01-31T08:00+04:00
    #[arg(long, value_name = "TIME")]
    from: Bound,
    /// And before this, given alike: `--to 2026-02-01` leaves 1 February out
    #[arg(long, value_name = "TIME")]
    to: Bound,
    /// IANA zone of the dates [default: the hotline's own]
    #[arg(long)]
    zone: Option<String>,
    /// Only calls of this source [default: of all]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// How to show what changed
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
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
/// When the server is not there, refuses or fails, or stdout cannot be written.
pub async fn run(args: &Args, clock: &Clock) -> Result<(), Failure> {
    let mut reports = Client::connect(&args.at).await?;
    let bounds = [Some(args.from), Some(args.to)];
    let [start, end] = instants(bounds, args.zone.as_deref(), &mut reports, clock).await?;
    let request = v1::RecomputeRequest {
        start,
        end,
        source: args.source.clone().unwrap_or_default(),
    };
    let refused = |status| args.at.failure(&status);
    let mut service = AdminServiceClient::new(args.at.channel().await?);
    let answers = service.recompute(request).await.map_err(refused)?;
    let result = follow(answers.into_inner()).await.map_err(refused)?;
    let result = result.ok_or_else(|| {
        let message = "the server ended without saying what came of it; run it again";
        Failure::new(Exit::Failure, message)
    })?;
    let text = match args.output {
        Output::Table => shown(&result),
        Output::Json => {
            let text = serde_json::to_string_pretty(&result);
            let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
            text.map_err(failed)? + "\n"
        }
    };
    deliver(text.as_bytes(), None)
}

/// Shows how far it is until there is a result.
async fn follow(
    mut answers: Streaming<v1::RecomputeResponse>,
) -> Result<Option<v1::RecomputeResult>, tonic::Status> {
    let bar = io::stderr().is_terminal().then(bar);
    let mut result = None;
    while let Some(answer) = answers.message().await? {
        match answer.message {
            Some(Message::Progress(progress)) => {
                if let Some(bar) = &bar {
                    bar.set_length(progress.calls_in_all);
                    bar.set_position(progress.calls_done);
                }
            }
            Some(Message::Result(said)) => result = Some(said),
            None => {}
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(result)
}

fn bar() -> ProgressBar {
    let style = "recompute {wide_bar} {pos} of {len} calls, {eta} left";
    let style = ProgressStyle::with_template(style);
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// What changed, for people.
fn shown(result: &v1::RecomputeResult) -> String {
    let mut text = format!(
        "{} of {} calls changed; {} late events taken in",
        result.calls_changed, result.calls, result.late_events_taken
    );
    if result.late_events_left > 0 {
        text += &format!(
            ", {} left out: their call has told more than is kept of one, or the journal has them no more",
            result.late_events_left
        );
    }
    text.push('\n');
    let rows = result.queues.iter().map(row);
    let header = [
        "Queue",
        "Visits offered",
        "Answered",
        "Abandoned",
        "Waits, s",
        "Transfers",
    ];
    text + &frame::table(&header, 1, rows.collect())
}

fn row(queue: &v1::RecomputedQueue) -> Vec<String> {
    let figures = |figures: &Option<v1::RecomputedFigures>| {
        let figures = figures.unwrap_or_default();
        let waits = figures.wait_sum.as_ref().map(text::span);
        [
            figures.visits_offered.to_string(),
            figures.answered.to_string(),
            figures.abandoned.to_string(),
            seconds_text(waits.unwrap_or_default()),
            figures.transfers.to_string(),
        ]
    };
    let both = figures(&queue.before)
        .into_iter()
        .zip(figures(&queue.after));
    let cells = both.map(|(before, after)| {
        if before == after {
            after
        } else {
            format!("{before} → {after}")
        }
    });
    std::iter::once(queue.queue.clone()).chain(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_stands_as_before_and_after() {
        let figures = |answered: u64, wait_s: u64| v1::RecomputedFigures {
            visits_offered: 3,
            answered,
            abandoned: 3 - answered,
            wait_sum: Some(Duration::from_millis(wait_s * 1000 + 500).into()),
            transfers: 0,
        };
        let result = v1::RecomputeResult {
            calls: 3,
            calls_changed: 1,
            late_events_taken: 2,
            late_events_left: 1,
            queues: vec![v1::RecomputedQueue {
                queue: "ALL".into(),
                before: Some(figures(1, 40)),
                after: Some(figures(2, 25)),
            }],
        };
        let text = shown(&result);
        for part in [
            "1 of 3 calls changed; 2 late events taken in, 1 left out",
            " 3 ",
            "1 → 2",
            "2 → 1",
            "40.5 → 25.5",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
