//! The streaming client: events in, each of them acked, a duplicate, or rejected, whatever happens to the connection.
//!
//! A [`Feed`] sends one epoch of one source. It sends at most a window of events ahead of the acks and keeps them until
//! they are acked; when the server is lost it comes back and goes on where the server's mark is. Memory is bounded by
//! the window. What the events are and where they come from is the caller's business.

pub mod address;
mod clock;
mod digest;
mod intake;
mod options;
mod outbox;
mod retry;
mod session;

use std::{pin::pin, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_stream::Stream;

use self::{
    address::Listener,
    clock::Clock,
    intake::Intake,
    outbox::{Known, Outbox},
    retry::{Patience, Trouble},
    session::{Answer, Client, Session},
};
pub use self::{
    address::Server,
    clock::{SentAt, SwitchTime},
    options::{BATCH_EVENTS, Error, Options, RETRY_FOR},
    outbox::Delivered,
};
use crate::proto::v1::{
    Ack, EpochStatus, Event, EventBatch, Finish, GetSourceResponse, Heartbeat, Mode, StreamOpen,
    StreamOpened, stream_events_request::Message,
};

/// Between two questions whether the store has caught up.
const STORED_POLL: Duration = Duration::from_millis(20);

/// How long a mute listener may be a proxy whose server is starting.
const MUTE_MAX: Duration = Duration::from_secs(5);

/// Sends one epoch of one source.
#[derive(Debug)]
pub struct Feed {
    options: Options,
    outbox: Outbox,
    clock: Clock,
    patience: Patience,
    client: Option<Client>,
    session: Option<Session>,
    has_opened: bool,
    last_ack: Ack,
    /// Since when the server has heard nothing.
    silent_since: Instant,
    /// Since when what listens there has closed every connection without a word.
    mute_since: Option<Instant>,
    acked_to: watch::Sender<u64>,
}

impl Feed {
    /// Makes a feed; it connects when it has something to do.
    pub fn new(options: Options) -> Self {
        Self {
            outbox: Outbox::default(),
            clock: Clock::new(options.sent_at.clone(), options.speed),
            patience: Patience::new(options.retry_for),
            client: None,
            session: None,
            has_opened: false,
            last_ack: Ack::default(),
            silent_since: crate::clock::instant(),
            mute_since: None,
            acked_to: watch::Sender::new(0),
            options,
        }
    }

    /// Sends events, numbered upwards, and returns when every one of them is handled. Between events a live feed says
    /// that it lives.
    ///
    /// # Errors
    /// When the server refuses, or is lost for too long; what was delivered until then is in [`Feed::delivered`].
    pub async fn send_all(&mut self, events: impl Stream<Item = Event>) -> Result<(), Error> {
        let events = pin!(events);
        let mut intake = Intake::new(events);
        loop {
            let sent = match self.connect().await {
                Ok(()) => self.pump(&mut intake).await,
                Err(trouble) => Err(trouble),
            };
            match sent {
                Ok(()) => return Ok(()),
                Err(trouble) => self.recover(trouble).await?,
            }
        }
    }

    /// Says that the epoch has no further events; returns the position from which on reports hold all of them.
    /// `complete`: it never will have; calls still open are closed as unknown.
    ///
    /// # Errors
    /// As [`Feed::send_all`].
    pub async fn finish(&mut self, complete: bool) -> Result<u64, Error> {
        loop {
            let finished = match self.connect().await {
                Ok(()) => self.try_finish(complete).await,
                Err(trouble) => Err(trouble),
            };
            match finished {
                Ok(position) => return Ok(position),
                Err(trouble) => self.recover(trouble).await?,
            }
        }
    }

    /// Returns when the reports hold everything up to a position.
    ///
    /// # Errors
    /// [`Error::NotStored`] when they do not get any further; else as [`Feed::send_all`].
    pub async fn wait_stored(&mut self, position: u64) -> Result<(), Error> {
        let mut stored = 0;
        let mut moved_at = crate::clock::instant();
        loop {
            let known = match self.ask().await {
                Ok(known) => known,
                Err(trouble) => {
                    self.recover(trouble).await?;
                    continue;
                }
            };
            self.patience.handle_success();
            if known.stored_position >= position {
                let status = session::status_of(&known, &self.options.epoch);
                self.outbox.handle_final_status(&status.unwrap_or_default());
                return Ok(());
            }
            if known.stored_position > stored {
                stored = known.stored_position;
                moved_at = crate::clock::instant();
            } else if moved_at.elapsed() > self.options.retry_for {
                let server = self.options.server.clone();
                let wanted = position;
                return Err(Error::NotStored {
                    server,
                    stored,
                    wanted,
                });
            }
            sleep(STORED_POLL).await;
        }
    }

    /// What became of the events so far.
    pub fn delivered(&self) -> &Delivered {
        self.outbox.delivered()
    }

    /// Follows the acks: up to which number every event is safe.
    pub fn acked_to(&self) -> watch::Receiver<u64> {
        self.acked_to.subscribe()
    }

    /// Opens a stream unless one is open.
    async fn connect(&mut self) -> Result<(), Trouble> {
        if self.session.is_some() {
            return Ok(());
        }
        let status = match self.has_opened {
            true => None,
            false => session::status_of(&self.ask().await?, &self.options.epoch),
        };
        let client = self.client().await?;
        let open = StreamOpen {
            source: self.options.source.clone(),
            epoch: Some(self.options.epoch.clone()),
            mode: self.options.mode.into(),
            sender_id: self.options.sender_id.clone(),
            // Once: a sender that was replaced by another must not push that one out again.
            take_over: self.options.take_over && !self.has_opened,
            last_acked_sequence: self.last_ack.sequence,
            last_acked_digest: self.last_ack.digest,
        };
        let (session, opened) = Session::open(client, open, self.options.batch_events).await?;
        if self.has_opened {
            let reopened = self.outbox.handle_reopened(opened.mark);
            reopened.map_err(Trouble::Refused)?;
            tracing::info!(server = %self.options.server, mark = opened.mark, "the server is back");
        } else {
            self.outbox
                .handle_known(known_at_first(status.unwrap_or_default(), &opened));
            self.has_opened = true;
        }
        if self.outbox.len() == 0 {
            self.patience.handle_success();
        }
        self.session = Some(session);
        self.silent_since = crate::clock::instant();
        Ok(())
    }

    /// Moves events out and acks in until there are no more.
    async fn pump<S: Stream<Item = Event>>(
        &mut self,
        intake: &mut Intake<'_, S>,
    ) -> Result<(), Trouble> {
        let Some(session) = &mut self.session else {
            return Err(Trouble::lost("no stream is open"));
        };
        let is_live = self.options.mode == Mode::Live;
        loop {
            if self.outbox.is_unsure() {
                let known = session
                    .ask(&self.options.source, &self.options.epoch)
                    .await?;
                let status = session::status_of(&known, &self.options.epoch);
                self.outbox.handle_status(&status.unwrap_or_default());
            }
            if intake.is_ended() && self.outbox.len() == 0 {
                return Ok(());
            }
            let limits = session.limits();
            let room = (limits.window_events.saturating_sub(self.outbox.len()))
                .min(limits.batch_events.saturating_sub(self.outbox.unsent()));
            let can_take = room > 0 && !intake.is_ended();
            let can_send = self.outbox.can_send(limits);
            // A sign of life tells the time; where events wait to be sent it would tell it before them.
            let is_idle = self.outbox.unsent() == 0 && (can_take || intake.is_ended());
            let heartbeat_at = self.silent_since + self.clock.heartbeat_interval();
            let (answers, requests) = session.halves();
            // In this order: acks make room, and a batch is filled before it is sent.
            tokio::select! {
                biased;
                answer = answers.next() => match answer? {
                    Answer::Ack(ack) => {
                        self.outbox.handle_ack(&ack);
                        self.acked_to.send_replace(ack.sequence);
                        self.last_ack = ack;
                        self.patience.handle_success();
                    }
                    Answer::Finished(_) => {}
                },
                taken = intake.fill(room, &self.options.source, &mut self.outbox, &mut self.clock),
                    if can_take => taken?,
                permit = requests.reserve(), if can_send => {
                    let events = self.outbox.next_batch(limits);
                    self.clock.handle_sent(&events);
                    let sent_at = self.clock.now(crate::clock::instant());
                    match permit {
                        Ok(permit) => permit.send(Message::Batch(EventBatch { sent_at, events })),
                        Err(_) => return Err(answers.trouble().await),
                    }
                    self.silent_since = crate::clock::instant();
                },
                () = sleep_until(heartbeat_at), if is_live && is_idle => {
                    // A replay without a time of its own says nothing: the server would take its own clock.
                    if let Some(sent_at) = self.clock.now(crate::clock::instant()).filter(|_| !self.clock.is_silent()) {
                        let sent_at = Some(sent_at);
                        // A full queue is a sign of life itself.
                        let _full_or_closed = requests.try_send(Message::Heartbeat(Heartbeat { sent_at }));
                    }
                    self.silent_since = crate::clock::instant();
                },
            }
        }
    }

    async fn try_finish(&mut self, complete: bool) -> Result<u64, Trouble> {
        let Some(session) = &mut self.session else {
            return Err(Trouble::lost("no stream is open"));
        };
        let (answers, requests) = session.halves();
        let finish = Message::Finish(Finish { complete });
        if requests.send(finish).await.is_err() {
            return Err(answers.trouble().await);
        }
        loop {
            match answers.next().await? {
                Answer::Ack(ack) => self.last_ack = ack,
                Answer::Finished(position) => {
                    self.patience.handle_success();
                    return Ok(position);
                }
            }
        }
    }

    async fn ask(&mut self) -> Result<GetSourceResponse, Trouble> {
        let mut client = self.client().await?;
        session::ask(&mut client, &self.options.source, &self.options.epoch).await
    }

    async fn client(&mut self) -> Result<Client, Trouble> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = session::client(self.options.server.connect().await?);
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Says whether what broke the first connection can be a dozvon at all.
    async fn look_closer(&mut self, trouble: Trouble) -> Trouble {
        let why = match self.options.server.listener().await {
            Listener::Alien => "it does not speak HTTP/2",
            Listener::Mute => {
                let since = *self.mute_since.get_or_insert_with(crate::clock::instant);
                if since.elapsed() < MUTE_MAX {
                    return trouble;
                }
                "it closes every connection without a word; is it TLS?"
            }
            Listener::Http2 | Listener::Nobody => {
                self.mute_since = None;
                return trouble;
            }
        };
        Trouble::Alien(why.to_owned())
    }

    /// Waits before the next attempt, if there is to be one.
    async fn recover(&mut self, trouble: Trouble) -> Result<(), Error> {
        self.session = None;
        self.client = None;
        let trouble = match trouble {
            Trouble::Lost { .. } if !self.has_opened => self.look_closer(trouble).await,
            trouble @ (Trouble::Lost { .. }
            | Trouble::Later { .. }
            | Trouble::Refused(_)
            | Trouble::Alien(_)) => trouble,
        };
        let server = &self.options.server;
        if let (false, Some(why)) = (self.patience.is_tried(), trouble.passing()) {
            let retry_for = humantime::format_duration(self.options.retry_for);
            tracing::warn!(%server, "{why}; trying again for {retry_for}");
        }
        let wait = self
            .patience
            .handle_trouble(trouble, server, crate::clock::instant())?;
        sleep(wait).await;
        Ok(())
    }
}

/// Asks a server what it knows of a source, once.
///
/// # Errors
/// In words, when it does not answer.
pub async fn look(server: &Server, source: &str) -> Result<GetSourceResponse, String> {
    let channel = server.connect().await;
    let mut client = session::client(channel.map_err(|error| error.to_string())?);
    let known = session::ask_all(&mut client, source).await;
    known.map_err(|trouble| trouble.passing().unwrap_or("it refuses").to_owned())
}

/// What the server knew when a run began: what it had said before the stream was opened is surely safe; up to the mark
/// another sender's last batch may still be on its way to the disk.
fn known_at_first(status: EpochStatus, opened: &StreamOpened) -> Known {
    let is_rejected = |at: u64| {
        status
            .rejections
            .iter()
            .any(|rejection| rejection.sequence == at)
    };
    let has_digest = opened.mark > 0 && opened.digest != 0 && !is_rejected(opened.mark);
    Known {
        mark: opened.mark,
        digest: has_digest.then_some(opened.digest),
        floor: status.mark.min(opened.mark),
        gaps: status.gaps,
        rejected: status.rejected,
    }
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
