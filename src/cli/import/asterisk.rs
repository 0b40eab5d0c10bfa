//! `import ami-log` and `import queue-log`: what a real Asterisk told, recorded or logged.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::sync::{Arc, atomic::AtomicU64};

use tokio::task::spawn_blocking;

use super::{
    Args, Input, deliver, list_rejections, options,
    preview::Gathered,
    reader::{self, Chunker},
    screen::Screen,
    summary::Summary,
    thread_failed,
};
use crate::{
    cli::failure::{Exit, Failure},
    connect::{
        asterisk::{
            agent_work::AgentWork,
            files::{Gap, Outcome, Recordings},
            history::{QueueLogs, Read},
            said::{Conclusion, What},
        },
        client::Feed,
        source_file,
        spool::carried::{call_event, event_at},
    },
    proto::v1::{Epoch, Event, epoch::Id},
};

/// What files of a PBX are read as one.
#[derive(Clone, Debug)]
enum Files {
    Recordings(Recordings),
    QueueLogs(QueueLogs),
}

/// What reading them came to: how many messages or lines, and what was odd, in words.
type Came = (u64, Vec<String>);

impl Files {
    fn of(args: &Args) -> Option<Self> {
        let logs = args.files.clone();
        let work = AgentWork::new(args.wrap_up.clone(), &args.desk_reason);
        match args.format {
            Input::AmiLog => Some(Self::Recordings(Recordings {
                logs,
                queue_logs: args.queue_log.clone(),
                trunk_contexts: args.trunk_context.clone(),
                survey_contexts: args.survey_context.clone(),
                work,
            })),
            Input::QueueLog => {
                let agents = args.agent.clone();
                Some(Self::QueueLogs(QueueLogs { logs, agents, work }))
            }
            Input::AnonymousBank | Input::Events => None,
        }
    }

    fn identify(&self) -> Result<Option<[u8; 32]>, source_file::Error> {
        match self {
            Self::Recordings(recordings) => recordings.identify().map(Some),
            Self::QueueLogs(logs) => logs.identify(),
        }
    }

    fn bytes_total(&self) -> Result<u64, source_file::Error> {
        match self {
            Self::Recordings(recordings) => recordings.bytes_total(),
            Self::QueueLogs(logs) => logs.bytes_total(),
        }
    }

    fn read(
        &self,
        bytes_read: &Arc<AtomicU64>,
        is_whole: bool,
        each: impl FnMut(Conclusion),
    ) -> Result<Came, source_file::Error> {
        match self {
            Self::Recordings(recordings) => {
                let outcome = recordings.read(bytes_read, each)?;
                Ok((outcome.messages, of_recordings(&outcome)))
            }
            Self::QueueLogs(logs) => {
                let read = logs.read(bytes_read, is_whole, each)?;
                Ok((read.lines, of_logs(read)))
            }
        }
    }
}

/// Prints what the files come to; says on stderr what was odd about them.
///
/// # Errors
/// When a file cannot be read or is of another format, or stdout is closed.
pub(super) async fn preview(args: Args) -> Result<(), Failure> {
    let Some(files) = Files::of(&args) else {
        let message = format!(
            "--preview is for ami-log and queue-log, not for {}",
            args.format.name()
        );
        return Err(Failure::new(Exit::Usage, message));
    };
    let questions = usize::from(args.survey_questions);
    let read = spawn_blocking(move || {
        let mut gathered = Gathered::default();
        let (_, odd) = files.read(&Arc::default(), true, |concluded| gathered.add(concluded))?;
        Ok::<_, Failure>((gathered.preview(questions), odd))
    });
    let (preview, odd) = read.await.map_err(thread_failed)??;
    for line in odd {
        eprintln!("{line}");
    }
    let json = preview.to_json().map_err(io::Error::from);
    let mut stdout = io::stdout().lock();
    let written = json.and_then(|json| writeln!(stdout, "{json}").and_then(|()| stdout.flush()));
    written.map_err(|error| Failure::new(Exit::Failure, format!("cannot write to stdout: {error}")))
}

/// Streams what the files come to.
///
/// # Errors
/// As of any import.
pub(super) async fn import(args: &Args, summary: &mut Summary) -> Result<(), Failure> {
    let Some(files) = Files::of(args) else {
        return Ok(());
    };
    let identified = files.clone();
    let begun = spawn_blocking(move || {
        Ok::<_, source_file::Error>((identified.identify()?, identified.bytes_total()?))
    });
    let (identity, bytes_total) = begun.await.map_err(thread_failed)??;
    let name = args.files.iter().map(|path| path.display().to_string());
    let name = name.collect::<Vec<_>>().join(", ");
    let Some(identity) = identity else {
        tracing::info!(path = name, "the log holds no finished line yet");
        return Ok(());
    };
    let screen = Screen::new(name.clone(), bytes_total);
    let epoch = Epoch {
        id: Some(Id::Content(identity.to_vec())),
    };
    let mut feed = Feed::new(options(args, epoch));
    let (chunk_events, bytes_done) = (usize::from(args.batch), screen.bytes_done());
    let told = screen.clone();
    let (events, reading) = reader::start(move |tally, chunks| {
        let mut chunker = Chunker::new(chunks, chunk_events);
        let mut is_wanted = ControlFlow::Continue(());
        let (rows, odd) = files.read(&bytes_done, false, |concluded| {
            if let (Some(event), ControlFlow::Continue(())) = (event_of(concluded), is_wanted) {
                tally.events += 1;
                is_wanted = chunker.push(event);
            }
        })?;
        tally.rows = rows;
        // Whether anybody still wants the last chunk is the feed's to tell.
        let _wanted = chunker.flush();
        odd.iter().for_each(|line| told.say(line));
        Ok(())
    });
    // It may go on in what is written next: what is open at its end stays open.
    let work = deliver(&mut feed, events, reading, false);
    let (tally, result) = screen.while_working(work).await;
    screen.close();
    list_rejections(&name, feed.delivered());
    summary.add(&tally, feed.delivered());
    result
}

fn event_of(concluded: Conclusion) -> Option<Event> {
    let said = match concluded {
        Conclusion::Call(said) => said,
        Conclusion::Agent(said) => return Some(event_at(said.at, said.into_body())),
    };
    match said.what {
        What::Event(kind) => Some(call_event(&said.call, said.at, kind)),
        What::Note(_) => None,
    }
}

/// What was odd about recordings.
fn of_recordings(outcome: &Outcome) -> Vec<String> {
    let gap = |gap: &Gap| {
        format!(
            "nobody listened from {} to {}: {} calls were open, others may have come and gone",
            gap.from, gap.to, gap.calls
        )
    };
    let mut lines: Vec<String> = outcome.gaps.iter().map(gap).collect();
    let dropped = outcome.dropped.messages + outcome.dropped.lines_too_long;
    if dropped > 0 {
        lines.push(format!(
            "{dropped} messages or lines were too long and passed over"
        ));
    }
    let refused = &outcome.refused;
    if let Some(first) = refused.reasons.first() {
        let count = refused.count;
        lines.push(format!(
            "{count} words of the dialplan were refused, the first one: {first}"
        ));
    }
    lines.extend(open_at_end(outcome.open_calls));
    lines
}

/// What was odd about logs.
fn of_logs(read: Read) -> Vec<String> {
    let broken = (read.broken > 0).then(|| format!("{} lines are none of a log", read.broken));
    broken
        .into_iter()
        .chain(open_at_end(read.open_calls))
        .collect()
}

fn open_at_end(calls: usize) -> Option<String> {
    (calls > 0).then(|| format!("{calls} calls are open at the end"))
}
