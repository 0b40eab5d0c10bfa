//! The one task that writes the journal.
//!
//! It takes what has arrived, up to a limit, decides every number in order, commits all of it at once, hands it on to be
//! applied, and answers. There is no timer: a lone event is committed at once, and while a commit syncs the next group
//! gathers by itself.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::model::{Digest, Event, Position, SourceId, Timestamp};

use super::chore::Asked;
use super::database::{Database, Error, Known};
use super::epochs::Epochs;
use super::group::{Answer, Group};
use super::handle::{
    Asker, Command, Handle, Opened, Opening, Question, Refusal, Submission, SubmissionKind,
};
use super::marks::Numbering;
use super::outage::Outcome;
use super::record::{Entry, EntryKind};
use super::take;

/// How many submissions may wait for the writer.
const SUBMISSIONS_WAITING: usize = 1_024;
/// How many questions may wait for the writer.
const QUESTIONS_WAITING: usize = 64;
/// Bytes of write-ahead log after which an idle writer checkpoints: rarely enough that few acks wait for it, and soon
/// enough that the log is written over where it lies. A log that grows makes each sync wait for the file system's own log,
/// and so for whatever else is written to that disk.
const CHECKPOINT_IDLE_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of write-ahead log after which a busy writer checkpoints too.
const CHECKPOINT_BUSY_BYTES: u64 = 64 * 1024 * 1024;
/// What a commit adds to the log beside its body: the pages of marks and of the journal's tree.
pub(super) const LOG_BYTES_A_COMMIT: u64 = 3 * 4_096;
/// How often an idle writer looks whether it still has its database, and so the right to write.
const SESSION_CHECK: Duration = Duration::from_secs(1);

/// How the writer works.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most events one commit holds.
    pub commit_events_max: usize,
    /// The most positions that may be committed and not yet stored; beyond it the writer stops taking.
    pub store_lag_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            commit_events_max: 4_096,
            store_lag_max: 400_000,
        }
    }
}

/// One event as a sender sent it: taken, or rejected by validation.
#[derive(Clone, Debug)]
pub enum Item {
    /// To be kept.
    Event(Event),
    /// To be remembered as handled.
    Rejected(RejectedEvent),
}

/// One event that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedEvent {
    /// Its number.
    pub sequence: u64,
    /// Why, for programs.
    pub reason: &'static str,
    /// The field at fault.
    pub field: &'static str,
    /// Why, for people.
    pub message: String,
}

/// One commit, on its way to be applied.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Position of its first entry.
    pub first: Position,
    /// Position of its last entry.
    pub last: Position,
    /// Our clock at the commit.
    pub committed_at: Timestamp,
    /// How long the commit took; zero in a replay.
    pub took: Duration,
    /// What was committed.
    pub entries: Vec<Entry>,
    /// Events that were known before, by source.
    pub duplicates: Vec<(SourceId, u64)>,
    /// Numbers that never came, of the sources where they changed.
    pub missing: Vec<(SourceId, u64)>,
}

/// The journal's writer.
pub struct Writer {
    pub(super) database: Database,
    options: Options,
    pub(super) clock: Clock,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) questions: mpsc::Receiver<Question>,
    pub(super) committed: mpsc::Sender<Committed>,
    stored: watch::Receiver<Position>,
    pub(super) chores: mpsc::Receiver<Asked>,
    pub(super) epochs: Epochs,
    /// Moves with each commit, before its answers leave.
    pub(super) end: watch::Sender<Position>,
    pub(super) log_bytes: u64,
}

impl Writer {
    /// A writer over an open database, and the handle to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(
        mut database: Database,
        options: Options,
        clock: Clock,
        committed: mpsc::Sender<Committed>,
        stored: watch::Receiver<Position>,
    ) -> Result<(Self, Handle), Error> {
        let (sender, commands) = mpsc::channel(SUBMISSIONS_WAITING);
        let (question_sender, questions) = mpsc::channel(QUESTIONS_WAITING);
        let (chore_sender, chores) = mpsc::channel(1);
        let (end, committed_end) = watch::channel(database.end().await?);
        let mut writer = Self {
            options,
            clock,
            commands,
            questions,
            committed,
            stored,
            chores,
            epochs: Epochs::default(),
            end,
            log_bytes: 0,
            database,
        };
        for known in writer.database.known().await? {
            writer.epochs.know(known);
        }
        let handle = Handle::new(sender, question_sender, chore_sender, committed_end);
        Ok((writer, handle))
    }

    /// Writes until every handle is gone.
    ///
    /// # Errors
    /// When a commit fails for any reason but a full disk or a lost connection: nothing more is acked then. When another
    /// dozvon has taken the database over.
    pub async fn run(mut self) -> Result<(), Error> {
        let mut waiting = Vec::new();
        loop {
            if !self.wait_for_store().await? {
                return Ok(());
            }
            let taken = tokio::select! {
                biased;
                Some(question) = self.questions.recv() => {
                    self.epochs.answer(question);
                    continue;
                }
                // A chore is short, and who asks for many waits for each.
                Some(asked) = self.chores.recv() => {
                    if !self.serve(asked).await? {
                        return Ok(());
                    }
                    continue;
                }
                taken = self.commands.recv_many(&mut waiting, SUBMISSIONS_WAITING) => taken,
                () = tokio::time::sleep(SESSION_CHECK) => {
                    if !self.look_after_session().await? {
                        return Ok(());
                    }
                    continue;
                }
            };
            if taken == 0 {
                return self.database.checkpoint().await;
            }
            let mut group = Group::default();
            for command in waiting.drain(..) {
                match command {
                    Command::Submit(submission) => {
                        let events = submission_events(&submission);
                        if group.positions > 0
                            && group.positions + events > self.options.commit_events_max as u64
                        {
                            self.commit(std::mem::take(&mut group)).await?;
                            // What has arrived together may be many commits: the bound holds between them too.
                            if !self.wait_for_store().await? {
                                return Ok(());
                            }
                        }
                        self.take(submission, &mut group);
                    }
                    Command::Note(notes, reply) => group.take_notes(notes, reply),
                    // Answered after what was sent before it is safe.
                    Command::Open(opening, mut asker) => {
                        self.commit(std::mem::take(&mut group)).await?;
                        let opened = self.open(opening, &mut asker).await?;
                        asker.answer(opened);
                    }
                }
            }
            self.commit(group).await?;
            self.checkpoint().await?;
        }
    }

    /// Waits while too much is committed that reports do not hold yet; questions are answered meanwhile. False =
    /// everybody has gone while the database was away.
    async fn wait_for_store(&mut self) -> Result<bool, Error> {
        let (end, lag_max) = (self.end().0, self.options.store_lag_max);
        let near = |stored: &Position| end.saturating_sub(stored.0) <= lag_max;
        loop {
            tokio::select! {
                biased;
                // The sender lives as long as the pipeline; without it the next commit ends the writer.
                _ = self.stored.wait_for(near) => return Ok(true),
                Some(question) = self.questions.recv() => {
                    self.epochs.answer(question);
                    continue;
                }
                () = tokio::time::sleep(SESSION_CHECK) => {}
            }
            if !self.look_after_session().await? {
                return Ok(false);
            }
        }
    }

    /// Looks whether the database is there, and waits for it when it is not. False = everybody has gone meanwhile.
    async fn look_after_session(&mut self) -> Result<bool, Error> {
        match self.database.check_session().await {
            Err(lost @ Error::Lost { .. }) => self.resume(&lost).await,
            checked => checked.map(|()| true),
        }
    }

    /// Decides every number of a submission.
    fn take(&mut self, submission: Submission, group: &mut Group) {
        let Submission {
            source,
            epoch,
            mode,
            sent_at,
            received_at,
            kind,
            reply,
        } = submission;
        let numbering = self.epochs.numbering_mut(epoch);
        group
            .before
            .entry(epoch)
            .or_insert_with(|| numbering.clone());
        let mut kinds = Vec::new();
        let result = match kind {
            SubmissionKind::Batch(items) => {
                let rejected = group.rejected.entry(epoch).or_default();
                let taken = take::items(numbering, &source, items, rejected);
                if taken.duplicates > 0 {
                    group.duplicates.push((source.clone(), taken.duplicates));
                }
                let accepted = taken.events.len() as u64;
                if !taken.rejected.is_empty() {
                    kinds.push(EntryKind::Rejected(taken.rejected));
                }
                if accepted > 0 {
                    kinds.push(EntryKind::Batch(taken.events));
                }
                taken.refusal.map_or(Ok((accepted, taken.duplicates)), Err)
            }
            SubmissionKind::Heartbeat => {
                kinds.push(EntryKind::Heartbeat);
                Ok((0, 0))
            }
            SubmissionKind::Finish { complete } => {
                kinds.push(EntryKind::Finish { complete });
                Ok((0, 0))
            }
        };
        for kind in kinds {
            let entry = Entry {
                source: source.clone(),
                epoch,
                mode,
                sent_at,
                received_at,
                kind,
            };
            group.positions += entry.positions();
            group.entries.push(entry);
        }
        group.answers.push(Answer {
            reply,
            epoch,
            result,
        });
    }

    async fn open(
        &mut self,
        opening: Opening,
        asker: &mut Asker,
    ) -> Result<Result<Opened, Refusal>, Error> {
        let Opening {
            source,
            epoch: name,
            last_acked,
            last_digest,
        } = opening;
        let epoch = match self.epochs.find(&source, name) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(Some(epoch)) => epoch,
            Ok(None) => {
                let numbering = Numbering::default();
                let new = Known {
                    source,
                    name,
                    numbering,
                };
                if let Err(refusal) = self.note(&new, asker).await? {
                    return Ok(Err(refusal));
                }
                self.epochs.know(new)
            }
        };
        let numbering = self.epochs.numbering(epoch);
        let (mark, digest) = (numbering.mark, numbering.digest);
        let unknown = last_acked > mark;
        let differs = last_acked == mark
            && mark > 0
            && last_digest != Digest(0)
            && digest != Digest(0)
            && last_digest != digest;
        if unknown || differs {
            return Ok(Err(Refusal::SequenceConflict {
                sequence: last_acked,
                mark,
            }));
        }
        Ok(Ok(Opened {
            epoch,
            mark,
            digest,
        }))
    }

    /// Notes a new numbering.
    async fn note(&mut self, new: &Known, asker: &mut Asker) -> Result<Result<(), Refusal>, Error> {
        loop {
            let epoch = self.epochs.next();
            match self.database.add_epoch(&new.source, epoch, &new.name).await {
                Ok(()) => return Ok(Ok(())),
                Err(Error::DiskFull) => return Ok(Err(Refusal::DiskFull)),
                Err(lost @ Error::Lost { .. }) => match self.is_noted(&lost, new, asker).await? {
                    Outcome::Done => return Ok(Ok(())),
                    Outcome::NotDone => {}
                    Outcome::Unknown => return Ok(Err(Refusal::DatabaseUnavailable)),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// The last position committed.
    pub(super) fn end(&self) -> Position {
        *self.end.borrow()
    }

    /// Every source with its missing and its rejected numbers.
    pub fn summarize(&self) -> Vec<(SourceId, u64, u64)> {
        self.epochs.summarize()
    }

    async fn checkpoint(&mut self) -> Result<(), Error> {
        let idle = self.commands.is_empty();
        if (idle && self.log_bytes > CHECKPOINT_IDLE_BYTES)
            || self.log_bytes > CHECKPOINT_BUSY_BYTES
        {
            self.log_bytes = 0;
            return self.database.checkpoint().await;
        }
        Ok(())
    }
}

fn submission_events(submission: &Submission) -> u64 {
    match &submission.kind {
        SubmissionKind::Batch(items) => items.len() as u64,
        SubmissionKind::Heartbeat | SubmissionKind::Finish { .. } => 1,
    }
}
