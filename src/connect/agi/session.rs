//! One channel: bytes of the switch on one side, a dialog on the other, and the machine between them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;

use super::codec::{self, Answer, Answers, Command, Headers, Lines, Said};
use super::conductor::{Act, Conductor};
use super::dialog::{self, Heard, WAITING_MAX};
use super::request::Request;
use super::server::Desk;

/// How long a switch may take to say what it wants: it sends the headers at once.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// How long the switch may take to read a command.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// Why a session could not be held.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// What came is no FastAGI.
    #[error(transparent)]
    Protocol(#[from] codec::Error),
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[from] std::io::Error),
    /// The switch said nothing, or read nothing, in time.
    #[error("the switch is silent")]
    Silent,
}

/// Whether a session may ask, or only say goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It may.
    Free,
    /// Too many do.
    Full,
}

/// The connection to the switch.
struct Switch {
    stream: TcpStream,
    lines: Lines,
    answers: Answers,
}

impl Switch {
    /// The next line; `None` at the end of the connection. Safe to be given up and asked again.
    async fn line(&mut self) -> Result<Option<String>, Error> {
        loop {
            if let Some(line) = self.lines.next_line()? {
                return Ok(Some(line));
            }
            let mut bytes = [0; 2_048];
            let read = self.stream.read(&mut bytes).await?;
            if read == 0 {
                return Ok(None);
            }
            self.lines.feed(&bytes[..read]);
        }
    }

    /// What the switch says next.
    async fn said(&mut self) -> Result<Option<Said>, Error> {
        while let Some(line) = self.line().await? {
            if let Some(said) = self.answers.take(&line)? {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }

    async fn say(&mut self, command: &Command) -> Result<(), Error> {
        let line = command.line();
        let written = timeout(WRITE_WITHIN, self.stream.write_all(line.as_bytes())).await;
        Ok(written.map_err(|_| Error::Silent)??)
    }

    async fn headers(&mut self) -> Result<Request, Error> {
        let mut headers = Headers::default();
        while let Some(line) = self.line().await? {
            if headers.take(&line)? {
                return Ok(Request::read(&headers));
            }
        }
        Err(Error::Silent)
    }

    /// What a variable of the channel holds.
    async fn variable(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.say(&Command::Get(name)).await?;
        loop {
            match self.said().await? {
                // It is told again: a command is refused.
                Some(Said::HangUp) => {}
                Some(Said::Answer(Answer::Done { remark, .. })) => return Ok(remark),
                Some(Said::Answer(Answer::Dead | Answer::Refused(_))) => return Ok(None),
                None => return Err(Error::Silent),
            }
        }
    }

    /// Who is asked, and what.
    async fn request(&mut self) -> Result<Request, Error> {
        let mut request = self.headers().await?;
        for name in request.asks_for() {
            let value = self.variable(name).await?;
            request.named(value.as_deref());
        }
        Ok(request)
    }
}

/// Holds one session to its end.
pub(super) async fn run(
    desk: &Desk,
    stream: TcpStream,
    room: Room,
    stopping: CancellationToken,
) -> Result<(), Error> {
    let started = clock::instant();
    stream.set_nodelay(true)?;
    let mut switch = Switch {
        stream,
        lines: Lines::default(),
        answers: Answers::default(),
    };
    let request = timeout(HEADERS_WITHIN, switch.request()).await;
    let request = request.map_err(|_| Error::Silent)??;

    let (reports, reported) = mpsc::channel(WAITING_MAX);
    let (heard, mut orders) = mpsc::channel(WAITING_MAX);
    let mut acts = Vec::new();
    let options = Arc::clone(&desk.options);
    let mut conductor = Conductor::new(options, &request.uniqueid, Duration::ZERO, &mut acts);
    match (room, desk.connections.least_used()) {
        (Room::Free, Some(channel)) => {
            let open = wire::DialogOpen {
                source: desk.options.source.clone(),
                call_id: request.call_id().to_owned(),
                survey: request.survey.clone(),
                language: request.language.clone(),
                ..wire::DialogOpen::default()
            };
            tokio::spawn(dialog::run(channel, open, reported, heard));
        }
        (Room::Full | Room::Free, _) => {
            conductor.give_up("too_many_sessions", Duration::ZERO, &mut acts);
        }
    }
    let mut is_open = true;
    let mut has_stopped = false;
    loop {
        if perform(desk, &mut switch, &reports, &mut acts).await? {
            return Ok(());
        }
        let due = conductor.poll_deadline().map(|due| started + due);
        tokio::select! {
            biased;
            said = switch.said() => {
                let at = since(started);
                match said {
                    Ok(Some(Said::Answer(answer))) => conductor.handle_answer(&answer, at, &mut acts),
                    Ok(Some(Said::HangUp)) => conductor.hang_up(at, &mut acts),
                    Ok(None) | Err(Error::Connection(_)) => {
                        conductor.gone(at, &mut acts);
                        return finish(conductor, started, &reports, &mut orders, acts).await;
                    }
                    Err(error) => return Err(error),
                }
            }
            order = orders.recv(), if is_open => match order {
                Some(Heard::Order(order)) => conductor.handle_order(order, since(started), &mut acts),
                Some(Heard::Lost) => conductor.lost(since(started)),
                None => is_open = false,
            },
            () = until(due) => conductor.handle_deadline(since(started), &mut acts),
            () = stopping.cancelled(), if !has_stopped => {
                has_stopped = true;
                conductor.give_up("shutting_down", since(started), &mut acts);
            }
        }
    }
}

/// Does what is to be done; true when it is over.
async fn perform(
    desk: &Desk,
    switch: &mut Switch,
    reports: &mpsc::Sender<Message>,
    acts: &mut Vec<Act>,
) -> Result<bool, Error> {
    for act in acts.drain(..) {
        match act {
            Act::Say(command) => switch.say(&command).await?,
            Act::Report(message) => report(reports, message),
            Act::Missing(file) => desk.tell_missing(&file),
            Act::Over => return Ok(true),
        }
    }
    Ok(false)
}

/// A dialog that does not read loses reports: by then its orders are overdue as well.
fn report(reports: &mpsc::Sender<Message>, message: Message) {
    if reports.try_send(message).is_err() {
        tracing::debug!("a report to a survey dialog was lost");
    }
}

/// The switch is gone: the dialog is told, and may end.
async fn finish(
    mut conductor: Conductor,
    started: Instant,
    reports: &mpsc::Sender<Message>,
    orders: &mut mpsc::Receiver<Heard>,
    mut acts: Vec<Act>,
) -> Result<(), Error> {
    loop {
        for act in acts.drain(..) {
            match act {
                Act::Report(message) => report(reports, message),
                Act::Over => return Ok(()),
                Act::Say(_) | Act::Missing(_) => {}
            }
        }
        let due = conductor.poll_deadline().map(|due| started + due);
        tokio::select! {
            order = orders.recv() => match order {
                Some(Heard::Order(order)) => conductor.handle_order(order, since(started), &mut acts),
                Some(Heard::Lost) => {}
                None => return Ok(()),
            },
            () = until(due) => conductor.handle_deadline(since(started), &mut acts),
        }
    }
}

fn since(started: Instant) -> Duration {
    clock::instant().saturating_duration_since(started)
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
