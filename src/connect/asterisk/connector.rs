//! The connector of one PBX: a session after the other, and whatever happens to PBX, server or disk between them.
//!
//! Bytes → messages → conclusions → spool → server. Only the spool's sync stands between hearing and numbering, and only
//! an ack removes what was spooled, so neither the server's outage nor this process's death loses what was acked or
//! doubles it. The PBX never waits for any of it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt as _;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::connect::client::{Error as FeedError, Server};
use crate::connect::spool::{self, Spool};
use crate::model::Timestamp;

use super::agent_work::AgentWork;
use super::files::read_lines;
use super::interpreter::{self, Interpreter};
use super::link::{CHANNELS, Link, MEMBERS, Phase, SharedSpool, WAITING, lock};
use super::members::Members;
use super::queue_log::LogLine;
use super::sender::{Claim, Sender};
use super::session::{Error as SessionError, Login, Session};
use super::words::Words;

/// A PBX that says nothing is asked whether it lives; one that does not answer is gone.
const PING_EVERY: Duration = Duration::from_secs(10);
const SILENT_MAX: Duration = Duration::from_secs(30);

/// How long the lists after a login may take.
const LISTED_WITHIN: Duration = Duration::from_secs(30);

/// Between two attempts to connect: doubled each time, with a share of chance, so that many do not come at once.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// How long the server may take to ack the last events at the end; the spool keeps the rest.
const DRAIN_WITHIN: Duration = Duration::from_millis(1_500);

/// How far before a gap its lines of `queue_log` may stand: its clock is cut to the second.
const LOG_MARGIN: Duration = Duration::from_secs(2);

/// The most lines of a gap that are read.
const LOG_LINES_MAX: usize = 1_000_000;

/// How a PBX is connected.
#[derive(Clone, Debug)]
pub struct Options {
    /// The source that its calls belong to.
    pub source: String,
    /// Where it is, and as whom to log in.
    pub login: Login,
    /// Who is told.
    pub server: Server,
    /// The spool's folder.
    pub spool: PathBuf,
    /// How large it may grow.
    pub spool_bytes_max: u64,
    /// Contexts that customers come in by.
    pub trunk_contexts: Vec<String>,
    /// Contexts in which the survey is asked.
    pub survey_contexts: Vec<String>,
    /// The PBX's `queue_log`.
    pub queue_log: Option<PathBuf>,
    /// Interfaces that are known to be agents'.
    pub agents: Vec<String>,
    /// Agents' work after calls and at the desk.
    pub work: AgentWork,
    /// What queues and agents are called.
    pub words: Words,
}

/// Why a connector ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] spool::Error),
    /// The disk said no while it ran: what was heard since is not safe.
    #[error("the spool could not be written")]
    Disk(#[source] std::io::Error),
}

/// Connects a PBX until told to stop.
///
/// # Errors
/// When its spool is another connector's, or the disk says no; nothing else ends it.
pub async fn run(options: Options, clock: Clock, stop: CancellationToken) -> Result<(), Error> {
    let now = u64::try_from(clock.now().as_micros()).unwrap_or(1);
    let spool = Spool::open(&options.spool, options.spool_bytes_max, now)?;
    let spool: SharedSpool = Arc::new(Mutex::new(spool));
    let mut interpreter = Interpreter::new(
        interpreter::Options {
            trunk_contexts: options.trunk_contexts.clone(),
            survey_contexts: options.survey_contexts.clone(),
            work: options.work.clone(),
            ..interpreter::Options::default()
        },
        Members::default(),
    );
    for agent in &options.agents {
        interpreter.add_agent(agent);
    }
    let link = Link::new(
        &options.source,
        interpreter,
        options.words.clone(),
        Arc::clone(&spool),
    );
    let sender = Sender {
        server: options.server.clone(),
        source: options.source.clone(),
        folder: options.spool.clone(),
        spool,
        time: link.time.clone(),
    };
    let mut connector = Connector {
        options,
        clock,
        link,
        sender,
        work: Work::None,
        stop: stop.clone(),
    };
    connector.begin_claim();
    let mut pause = PAUSE_MIN;
    while !stop.is_cancelled() {
        connector.link.time.set_silent(true);
        let began = crate::clock::instant();
        match connector.session().await {
            ControlFlow::Break(error) => return Err(error),
            ControlFlow::Continue(None) => break,
            ControlFlow::Continue(Some(error)) => {
                if began.elapsed() > PAUSE_MAX {
                    pause = PAUSE_MIN;
                }
                let share = rand::rng().random_range(0.5..1.0);
                let wait = pause.mul_f64(share);
                pause = (pause * 2).min(PAUSE_MAX);
                let source = &connector.options.source;
                tracing::error!(source, "{error}; trying again");
                connector.link.time.set_silent(true);
                connector.rest(wait).await?;
            }
        }
    }
    connector.drain().await
}

/// What goes on beside the session.
enum Work {
    None,
    Claiming(JoinHandle<Claim>),
    Sending(JoinHandle<Option<FeedError>>, CancellationToken),
}

struct Connector {
    options: Options,
    clock: Clock,
    link: Link,
    sender: Sender,
    work: Work,
    stop: CancellationToken,
}

/// What comes next.
enum Next {
    Stop,
    Tick,
    Claimed(Option<Claim>),
    Refused(Option<FeedError>),
}

impl Connector {
    fn begin_claim(&mut self) {
        self.link.stand_by();
        let sender = self.sender.clone();
        self.work = Work::Claiming(tokio::spawn(async move { sender.claim().await }));
    }

    /// One session from its login to its end; without an error it was told to stop.
    async fn session(&mut self) -> ControlFlow<Error, Option<SessionError>> {
        let opening = Session::open(&self.options.login, &self.clock);
        let stop = self.stop.clone();
        let opened = tokio::select! {
            opened = opening => opened,
            () = stop.cancelled() => return ControlFlow::Continue(None),
        };
        let mut session = match opened {
            Ok(session) => session,
            Err(error) => return ControlFlow::Continue(Some(error)),
        };
        let done = self.listen(&mut session).await;
        if done.is_continue()
            && let Err(error) = self.link.write(crate::clock::instant()).await
        {
            return ControlFlow::Break(Error::Disk(error));
        }
        done
    }

    async fn listen(&mut self, session: &mut Session) -> ControlFlow<Error, Option<SessionError>> {
        if let Err(error) = self.greet(session).await {
            return ControlFlow::Continue(Some(error));
        }
        self.link.time.set_silent(false);
        let began = crate::clock::instant();
        let mut heard_at = began;
        let mut asked_at = began;
        let mut was_synced = false;
        loop {
            let ping_at = asked_at + PING_EVERY;
            let due = self.due();
            let next = tokio::select! {
                biased;
                next = next_of(&mut self.work, &self.stop) => Ok(next),
                chunk = session.next() => match chunk {
                    Ok(((bytes, at), decoder)) => {
                        self.link.handle_bytes(&bytes, at, decoder);
                        heard_at = crate::clock::instant();
                        Ok(Next::Tick)
                    }
                    Err(error) => Err(error),
                },
                () = sleep_until(ping_at.min(due)) => Ok(Next::Tick),
            };
            let next = match next {
                Ok(next) => next,
                Err(error) => return ControlFlow::Continue(Some(error)),
            };
            if let Next::Stop = next {
                return ControlFlow::Continue(None);
            }
            if let Err(error) = self.turn(next).await {
                return ControlFlow::Break(error);
            }
            for why in self.link.refusals.drain(..) {
                let source = &self.options.source;
                tracing::error!(
                    source,
                    "the PBX refuses to say what is going on: {why}; the user needs `read = system,call,agent,user,dtmf,reporting` and `write = reporting`"
                );
            }
            let is_synced = self.link.phase() == Phase::Synced;
            if is_synced && !std::mem::replace(&mut was_synced, true) {
                tracing::info!(source = self.options.source, "listening");
            }
            let now = crate::clock::instant();
            if !is_synced && now.duration_since(began) > LISTED_WITHIN {
                let why = "it does not say what is going on".to_owned();
                return ControlFlow::Continue(Some(SessionError::Lost(why)));
            }
            if now.duration_since(heard_at) > SILENT_MAX {
                let why = format!("silent for {} s", SILENT_MAX.as_secs());
                return ControlFlow::Continue(Some(SessionError::Lost(why)));
            }
            if now >= ping_at {
                asked_at = now;
                if let Err(error) = session.send("Ping", "dozvon-p", &[]).await {
                    return ControlFlow::Continue(Some(error));
                }
            }
        }
    }

    /// Asks what is going on.
    async fn greet(&mut self, session: &mut Session) -> Result<(), SessionError> {
        // Its answer bears the PBX's clock.
        session.send("Ping", "dozvon-0", &[]).await?;
        let answer = session.answer("dozvon-0").await?;
        let now = self.clock.now();
        let at = super::session::value(&answer, "Timestamp").and_then(interpreter::instant);
        if let Some(at) = at {
            let offset = at.as_micros() - now.as_micros();
            self.link.time.set_offset(offset);
        }
        let to = self.link.pbx_time(now);
        let from = self.link.heard_until();
        let log = self.options.queue_log.clone().zip(from);
        let lines = match log {
            Some((path, from)) => tokio::task::spawn_blocking(move || lines_of(&path, from, to))
                .await
                .unwrap_or_default(),
            None => Vec::new(),
        };
        self.link.handle_session(to, lines);
        session.send("QueueStatus", MEMBERS, &[]).await?;
        session.send("CoreShowChannels", CHANNELS, &[]).await?;
        session.send("QueueStatus", WAITING, &[]).await
    }

    /// Does what came next.
    async fn turn(&mut self, next: Next) -> Result<(), Error> {
        match next {
            Next::Stop | Next::Tick => {}
            Next::Claimed(claim) => self.begin_sending(claim).map_err(Error::Disk)?,
            Next::Refused(error) => {
                if let Some(error) = error {
                    tracing::error!(source = self.options.source, "{error}");
                }
                self.begin_claim();
            }
        }
        self.link.handle_time(self.clock.now());
        let written = self.link.write_gathered(crate::clock::instant()).await;
        written.map_err(Error::Disk)
    }

    fn begin_sending(&mut self, claim: Option<Claim>) -> std::io::Result<()> {
        {
            let mut spool = lock(&self.sender.spool);
            if let Some(claim) = claim.filter(|claim| claim.epoch != spool.epoch()) {
                spool.renumber(claim.epoch)?;
            }
        }
        let took_over = claim.is_some_and(|claim| claim.took_over);
        self.link.take_up(crate::clock::instant(), took_over);
        let stop = CancellationToken::new();
        let sending = self.sender.clone().send(self.link.synced(), stop.clone());
        self.work = Work::Sending(tokio::spawn(sending), stop);
        Ok(())
    }

    /// When the interpreter has something to decide, or there is something to write.
    fn due(&self) -> Instant {
        let now = self.clock.now();
        let wait = match self.link.poll_deadline() {
            Some(at) => at.since(now).unwrap_or_default(),
            None => PING_EVERY,
        };
        let decide_at = crate::clock::instant() + wait.clamp(Duration::from_millis(10), PING_EVERY);
        let write_at = self.link.poll_write().unwrap_or(decide_at);
        decide_at.min(write_at)
    }

    /// Waits, while claiming and sending go on.
    async fn rest(&mut self, wait: Duration) -> Result<(), Error> {
        let until = crate::clock::instant() + wait;
        loop {
            let next = tokio::select! {
                next = next_of(&mut self.work, &self.stop) => next,
                () = sleep_until(until) => return Ok(()),
            };
            if let Next::Stop = next {
                return Ok(());
            }
            self.turn(next).await?;
        }
    }

    /// The end: what is spooled is sent if the server takes it at once.
    async fn drain(&mut self) -> Result<(), Error> {
        let written = self.link.write(crate::clock::instant()).await;
        written.map_err(Error::Disk)?;
        if let Work::Sending(sending, stop) = std::mem::replace(&mut self.work, Work::None) {
            stop.cancel();
            let abort = sending.abort_handle();
            let _acked_or_late = timeout(DRAIN_WITHIN, sending).await;
            abort.abort();
        }
        Ok(())
    }
}

async fn next_of(work: &mut Work, stop: &CancellationToken) -> Next {
    let stopped = stop.cancelled();
    match work {
        Work::None => {
            stopped.await;
            Next::Stop
        }
        Work::Claiming(claiming) => tokio::select! {
            claim = claiming => Next::Claimed(claim.ok()),
            () = stopped => Next::Stop,
        },
        Work::Sending(sending, _) => tokio::select! {
            error = sending => Next::Refused(error.ok().flatten()),
            () = stopped => Next::Stop,
        },
    }
}

/// The lines of a log between two moments; none where it cannot be read, or does not reach back so far.
fn lines_of(path: &Path, from: Timestamp, to: Timestamp) -> Vec<LogLine> {
    let since = from.minus(LOG_MARGIN);
    let mut lines = Vec::new();
    let mut reaches_back = false;
    let read = read_lines(path, Arc::default(), |line| {
        if let Some(line) = line {
            reaches_back |= line.at <= since;
            if line.at >= since && line.at <= to.plus(LOG_MARGIN) && lines.len() < LOG_LINES_MAX {
                lines.push(line);
            }
        }
        ControlFlow::Continue(())
    });
    if let Err(error) = read {
        tracing::warn!(%error, "queue_log cannot be read: gaps are not filled");
        return Vec::new();
    }
    match reaches_back {
        true => lines,
        false => Vec::new(),
    }
}
