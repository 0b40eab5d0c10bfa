//! What is done to the store beside the stretches of the journal: by the same one writer, a transaction each.
//!
//! A chore's channel holds one: who asks waits for the writer, and the writer takes stretches first. When the connection
//! is lost over a chore, who asked is told so and asks again: every chore done twice is the same.

use tokio::sync::{mpsc, oneshot};

use crate::model::{CallId, CallKey, Position, SourceId, Timestamp};

use super::keeping::PSEUDONYMS;
use super::rollups::RollupWrite;
use super::rows::Error;
use super::write::SettledCall;
use super::writer::StoreWriter;

/// A settled call to be written again.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The number of its rows.
    pub row: i64,
    /// As it is from now on.
    pub call: SettledCall,
    /// Where its figures stood.
    pub before: Vec<Timestamp>,
    /// The late events that are part of it now: the position of each one's journal row, and its number.
    pub taken: Vec<(Position, u64)>,
}

/// What the writer is asked to do.
#[derive(Debug)]
pub enum Chore {
    /// Write calls again.
    Rewrite(Vec<Rewrite>),
    /// Write late events again, of calls whose person is to be forgotten.
    ForgetLate(Vec<ForgottenEvent>),
    /// Forget whose survey sessions those of these calls are.
    ForgetSessions(Vec<(SourceId, CallKey)>),
    /// Note an act of erasing, with the calls it is about.
    BeginErasure(Erasure, Vec<(SourceId, CallKey)>),
    /// Note that an act of erasing is done.
    EndErasure(Erasure),
    /// Remove the calls that arrived before an instant, some of them, with all that belongs to them.
    RemoveCalls(Timestamp),
    /// Remove the roll-ups before an instant, some of them, where the calls that they sum are gone.
    RemoveRollups(Timestamp),
    /// Note that pseudonyms of calls that arrived before an instant are gone.
    NoteForgotten(Timestamp),
    /// Bring everything written into the file, synced.
    Sync,
    /// Leave nothing of what was removed in SQLite's files.
    Clean,
    /// Write about roll-ups.
    Rollups(RollupWrite),
}

/// A late event that is to tell less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenEvent {
    /// The position of its journal row.
    pub position: Position,
    /// Whose it is.
    pub source: SourceId,
    /// The call that it names.
    pub call: CallId,
    /// Its number.
    pub sequence: u64,
    /// Itself, from now on.
    pub told: Option<Vec<u8>>,
}

/// An act of erasing one caller. Who it was is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Its number, from 1.
    pub number: u64,
    /// Our clock when it began.
    pub begun_at: Timestamp,
    /// Our clock when it was done; `None` = it is under way.
    pub finished_at: Option<Timestamp>,
    /// Which key made the pseudonym, where that is known.
    pub key: Option<u32>,
    /// Calls that are nobody's now.
    pub calls: u64,
    /// Of them those that were open then.
    pub calls_open: u64,
    /// Events of theirs in the journal.
    pub events: u64,
    /// SHA-256 of the calls' sources and keys, as hexadecimal digits.
    pub digest: String,
}

/// What came of a chore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Late events that are in the figures by now, of the sources that the chore touched.
    pub recomputed: Vec<(SourceId, u64)>,
    /// How many rows it found to do; a chore that is done piece by piece is done when it finds none.
    pub rows: u64,
    /// Everything up to here is synced in the file.
    pub synced: Option<Position>,
}

/// A chore, and who waits for it.
#[derive(Debug)]
pub struct Asked {
    chore: Chore,
    reply: oneshot::Sender<Result<Done, Error>>,
}

/// The way to the writer, for chores; cheap to clone.
#[derive(Clone, Debug)]
pub struct Chores(mpsc::Sender<Asked>);

/// A way to the writer, and its end there.
pub fn chores() -> (Chores, mpsc::Receiver<Asked>) {
    let (sender, receiver) = mpsc::channel(1);
    (Chores(sender), receiver)
}

impl Chores {
    /// Has a chore done.
    ///
    /// # Errors
    /// When the database fails or is lost, or the writer has stopped.
    pub async fn ask(&self, chore: Chore) -> Result<Done, Error> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(Asked { chore, reply }).await;
        sent.map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)?
    }
}

impl StoreWriter {
    /// Does a chore and tells who asked. Says whether the connection was lost over it: then `reconnect` is to be called.
    pub async fn serve(&mut self, asked: Asked) -> bool {
        let done = match &asked.chore {
            Chore::Rewrite(calls) => self.rewrite(calls).await,
            Chore::ForgetLate(events) => self.forget_late(events).await,
            Chore::ForgetSessions(calls) => self.forget_sessions(calls).await,
            Chore::BeginErasure(act, calls) => self.begin_erasure(act, calls).await,
            Chore::EndErasure(act) => self.end_erasure(act).await,
            Chore::RemoveCalls(before) => self.remove_calls(*before).await,
            Chore::RemoveRollups(before) => self.remove_rollups(*before).await,
            Chore::NoteForgotten(before) => self.note_kept(PSEUDONYMS, *before).await,
            Chore::Sync => self.sync().await,
            Chore::Clean => self.clean().await,
            Chore::Rollups(write) => self.write_rollups(write).await.map(|()| Done::default()),
        };
        let lost = matches!(done, Err(Error::Lost { .. }));
        if !lost && done.is_err() {
            self.roll_back().await;
        }
        // Whoever has gone need not know.
        drop(asked.reply.send(done));
        lost
    }
}
