//! From messages to the spool: what the interpreter concludes, in the hotline's words, numbered and synced.
//!
//! Until the first list of what is alive is whole nothing is spooled: a connector that begins anew hears of calls whose
//! beginning it told in an earlier life. While another connector has the source nothing is spooled either; the last
//! minute is kept, so that nothing is missing when this one takes over. What both told is one for the server.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::connect::client::SwitchTime;
use crate::connect::spool::carried::{call_event, event_at};
use crate::connect::spool::{Put, Spool};
use crate::model::Timestamp;
use crate::proto::v1::{Event, event::Body};

use super::codec::Decoder;
use super::counts::Counts;
use super::interpreter::{Interpreter, stamp};
use super::message::Message;
use super::queue_log::LogLine;
use super::said::What;
use super::words::Words;

/// What is kept while another connector has the source: longer than its lease lives after its last word.
const KEPT_FOR: Duration = Duration::from_secs(60);
const KEPT_EVENTS: usize = 20_000;

/// How long what was concluded may wait for more before it is synced: one sync for all that a PBX says of a moment. A
/// board is no older for it than a person can see.
const GATHER_FOR: Duration = Duration::from_millis(100);

/// A spool that two tasks use: one writes, the other removes what is acked.
pub(super) type SharedSpool = Arc<Mutex<Spool>>;

/// The spool, for a moment.
pub(super) fn lock(spool: &SharedSpool) -> MutexGuard<'_, Spool> {
    // A spool whose write failed is not used again.
    spool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ids of what is asked after each login, in order.
pub(super) const MEMBERS: &str = "dozvon-1";
pub(super) const CHANNELS: &str = "dozvon-2";
pub(super) const WAITING: &str = "dozvon-3";

/// Where the resync stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Lists are being told.
    Listing,
    /// Everything is known that can be.
    Synced,
}

/// What a PBX says, on its way to the spool.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) source: String,
    pub(super) time: SwitchTime,
    interpreter: Interpreter,
    words: Words,
    counts: Counts,
    spool: SharedSpool,
    synced: watch::Sender<u64>,
    phase: Phase,
    has_synced: bool,
    /// Calls of an earlier life.
    old_calls: HashSet<String>,
    gap_filled: bool,
    open_at_gap: usize,
    /// Numbers to leave out: what nobody heard.
    gap: u64,
    /// What was concluded and is not in the spool.
    held: Vec<Event>,
    /// Since when something waits there to be written.
    held_since: Option<Instant>,
    /// While another one has the source.
    kept: Option<VecDeque<(Instant, Event)>>,
    pub(super) refusals: Vec<String>,
}

impl Link {
    pub(super) fn new(
        source: &str,
        interpreter: Interpreter,
        words: Words,
        spool: SharedSpool,
    ) -> Self {
        let (old_calls, next) = {
            let spool = lock(&spool);
            let calls = spool.carried().calls().map(str::to_owned);
            (calls.collect(), spool.next())
        };
        Self {
            source: source.to_owned(),
            time: SwitchTime::default(),
            interpreter,
            words,
            counts: Counts::default(),
            spool,
            synced: watch::Sender::new(next - 1),
            phase: Phase::Listing,
            has_synced: false,
            old_calls,
            gap_filled: false,
            open_at_gap: 0,
            gap: 0,
            held: Vec::new(),
            held_since: None,
            kept: Some(VecDeque::new()),
            refusals: Vec::new(),
        }
    }

    /// Follows up to which number events are safe on the disk.
    pub(super) fn synced(&self) -> watch::Receiver<u64> {
        self.synced.subscribe()
    }

    /// The PBX's time.
    pub(super) fn pbx_time(&self, ours: Timestamp) -> Timestamp {
        let micros = ours.as_micros().saturating_add(self.time.offset());
        Timestamp::from_micros(micros)
    }

    /// Since when a new session has heard nothing: the last word heard in this life, or told in an earlier one.
    pub(super) fn heard_until(&self) -> Option<Timestamp> {
        match self.has_synced {
            true => Some(self.interpreter.now()),
            false => lock(&self.spool).carried().heard_at(),
        }
    }

    /// A session begins: nothing was heard until now.
    pub(super) fn handle_session(&mut self, now: Timestamp, log: Vec<LogLine>) {
        self.gap_filled = !log.is_empty();
        self.open_at_gap = self.interpreter.open_calls();
        self.interpreter.set_log(log);
        let from = self.heard_until().unwrap_or(now).min(now);
        self.interpreter.handle_gap(from, now.max(from));
        self.phase = Phase::Listing;
        self.collect();
    }

    /// Bytes have come.
    pub(super) fn handle_bytes(&mut self, bytes: &[u8], at: Timestamp, decoder: &mut Decoder) {
        decoder.feed(bytes, |_, message| self.handle_message(&message, at));
        self.collect();
    }

    /// Time has passed.
    pub(super) fn handle_time(&mut self, now: Timestamp) {
        if self.phase == Phase::Synced {
            self.interpreter.handle_time(self.pbx_time(now));
            self.collect();
        }
    }

    /// When something is decided by itself, in our time.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        let at = self.interpreter.poll_deadline()?;
        Some(Timestamp::from_micros(
            at.as_micros().saturating_sub(self.time.offset()),
        ))
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    fn handle_message(&mut self, message: &Message<'_>, received_at: Timestamp) {
        if let Some(at) = stamp(message) {
            self.time
                .set_offset(at.as_micros() - received_at.as_micros());
        }
        self.counts.handle(message);
        let id = message.get("ActionID").unwrap_or_default();
        let of_ours = [MEMBERS, CHANNELS, WAITING].map(str::as_bytes);
        if message.event().is_none() {
            if message.get("Response") == Some(b"Error") && of_ours.contains(&id) {
                let why = message.text("Message").unwrap_or_default();
                self.refusals.push(why.into_owned());
                if id == WAITING.as_bytes() {
                    self.handle_listed();
                }
            }
            return;
        }
        let at = self.pbx_time(received_at);
        self.interpreter.handle(message, Some(at));
        if id == WAITING.as_bytes() && message.event() == Some(b"QueueStatusComplete") {
            self.handle_listed();
        }
    }

    /// What is alive is known: calls of an earlier life that are not there are over.
    fn handle_listed(&mut self) {
        let missed = self.counts.missed();
        self.collect();
        let is_first = !std::mem::replace(&mut self.has_synced, true);
        self.phase = Phase::Synced;
        let spool = lock(&self.spool);
        if is_first {
            let alive = self.interpreter.open_ids();
            let told: HashSet<&str> = self.held.iter().filter_map(call_of).collect();
            let carried = spool.carried();
            let over = carried
                .calls()
                .filter(|call| !alive.contains(*call) && !told.contains(*call));
            let lost: Vec<Event> = over.flat_map(|call| carried.lose(call)).collect();
            self.held.splice(0..0, lost);
        }
        let was_deaf = match is_first {
            // An earlier life may have ended at any moment.
            true => !spool.is_new(),
            false => missed > 0 || self.open_at_gap > 0,
        };
        if was_deaf && !self.gap_filled {
            self.gap += missed.max(1);
            tracing::warn!(
                source = self.source,
                missed_calls = missed,
                open_calls = self.open_at_gap,
                "nobody listened for a while, and no queue_log says what happened: a gap is declared"
            );
        }
    }

    /// Takes what was concluded.
    fn collect(&mut self) {
        let said: Vec<_> = self.interpreter.drain().collect();
        for said in said {
            let What::Event(mut kind) = said.what else {
                continue;
            };
            self.words.translate(&mut kind);
            let tag = self.words.test_tag(&kind);
            for kind in [Some(kind), tag].into_iter().flatten() {
                self.held.push(call_event(&said.call, said.at, kind));
            }
        }
        for mut said in self.interpreter.drain_agents() {
            self.words.translate_agent(&mut said);
            self.held.push(event_at(said.at, said.into_body()));
        }
        let refused = self.interpreter.take_refused();
        for why in &refused.reasons {
            tracing::warn!(source = self.source, "refused: {why}");
        }
        let unsaid = refused.count - refused.reasons.len() as u64;
        if unsaid > 0 {
            tracing::warn!(
                source = self.source,
                unsaid,
                "more words of the dialplan were refused"
            );
        }
    }

    fn has_news(&self) -> bool {
        self.phase == Phase::Synced && !self.held.is_empty()
    }

    /// When what was concluded is to be written.
    pub(super) fn poll_write(&self) -> Option<Instant> {
        let since = self.held_since.filter(|_| self.has_news())?;
        Some(since + GATHER_FOR)
    }

    /// Writes and syncs what was concluded, once it has been gathered.
    ///
    /// # Errors
    /// When the disk says no.
    pub(super) async fn write_gathered(&mut self, now: Instant) -> io::Result<()> {
        if !self.has_news() {
            return Ok(());
        }
        let since = *self.held_since.get_or_insert(now);
        match now.duration_since(since) < GATHER_FOR {
            true => Ok(()),
            false => self.write(now).await,
        }
    }

    /// Another connector has the source: from now on the last minute is kept and nothing is spooled.
    pub(super) fn stand_by(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// The source is ours: what was kept goes into the spool, before anything else.
    pub(super) fn take_up(&mut self, now: Instant, took_over: bool) {
        if took_over {
            // The other one listened.
            self.gap = 0;
        }
        let kept = self.kept.take().into_iter().flatten();
        let young = kept.filter(|(at, _)| now.duration_since(*at) <= KEPT_FOR);
        let young: Vec<Event> = young.map(|(_, event)| event).collect();
        self.held.splice(0..0, young);
    }

    /// Writes and syncs what was concluded.
    ///
    /// # Errors
    /// When the disk says no.
    pub(super) async fn write(&mut self, now: Instant) -> io::Result<()> {
        if !self.has_news() {
            return Ok(());
        }
        self.held_since = None;
        let events = std::mem::take(&mut self.held);
        if let Some(kept) = &mut self.kept {
            kept.extend(events.into_iter().map(|event| (now, event)));
            while kept.len() > KEPT_EVENTS
                || kept
                    .front()
                    .is_some_and(|(at, _)| now.duration_since(*at) > KEPT_FOR)
            {
                kept.pop_front();
            }
            return Ok(());
        }
        let spool = Arc::clone(&self.spool);
        let mut old_calls = std::mem::take(&mut self.old_calls);
        let gap = std::mem::take(&mut self.gap);
        // Syncing a disk may take long: messages wait in the session's buffer meanwhile.
        let written = tokio::task::spawn_blocking(move || {
            let mut spool = lock(&spool);
            spool.skip(gap);
            let mut last = None;
            for event in events {
                let is_old = call_of(&event).is_some_and(|call| old_calls.contains(call));
                if is_old && spool.carried().has(&event) {
                    continue;
                }
                if let Put::Taken(number) = spool.put(event)? {
                    last = Some(number);
                }
            }
            spool.sync()?;
            let carried: HashSet<&str> = spool.carried().calls().collect();
            old_calls.retain(|call| carried.contains(call.as_str()));
            Ok::<_, io::Error>((last, spool.take_dropped(), old_calls))
        });
        let (last, dropped, old_calls) = written.await.map_err(io::Error::other)??;
        self.old_calls = old_calls;
        if dropped > 0 {
            tracing::error!(
                source = self.source,
                dropped,
                "the spool is full: the newest events are counted as a gap, the oldest are kept"
            );
        }
        if let Some(last) = last {
            self.synced.send_replace(last);
        }
        Ok(())
    }
}

fn call_of(event: &Event) -> Option<&str> {
    match event.body.as_ref()? {
        Body::Call(call) => Some(&call.call_id),
        Body::AgentStateChanged(_) | Body::WrapUpEnded(_) | Body::LineStatus(_) => None,
    }
}
