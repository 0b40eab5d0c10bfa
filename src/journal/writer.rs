//! The one task that writes the journal.
//!
//! It takes what has arrived, up to a limit, decides every number in order, commits all of it at once, hands it on to be
//! applied, and answers. There is no timer: a lone event is committed at once, and while a commit syncs the next group
//! gathers by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::model::{Digest, EpochIndex, EpochName, Event, Position, SourceId, Timestamp};

use super::commit::Commit;
use super::durable::Durable;
use super::handle::{
    Acked, Command, EpochState, Handle, Opened, Opening, Question, Refusal, Submission,
    SubmissionKind,
};
use super::marks::Numbering;
use super::record::{self, Entry, EntryKind};
use super::sqlite::{Database, Error};
use super::take;

/// The most sources there may be.
const SOURCES_MAX: usize = 1_000;
/// The most numberings there may be: imports of a file a day for a century.
const EPOCHS_MAX: usize = 50_000;
/// How many submissions may wait for the writer.
const SUBMISSIONS_WAITING: usize = 1_024;
/// How many questions may wait for the writer.
const QUESTIONS_WAITING: usize = 64;
/// Bytes of write-ahead log after which an idle writer checkpoints.
const CHECKPOINT_IDLE_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of write-ahead log after which a busy writer checkpoints too.
const CHECKPOINT_BUSY_BYTES: u64 = 64 * 1024 * 1024;

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

struct Epoch {
    source: SourceId,
    name: EpochName,
    numbering: Numbering,
}

/// The journal's writer.
pub struct Writer {
    database: Database,
    options: Options,
    clock: Clock,
    commands: mpsc::Receiver<Command>,
    questions: mpsc::Receiver<Question>,
    committed: mpsc::Sender<Committed>,
    stored: watch::Receiver<Position>,
    epochs: Vec<Epoch>,
    by_name: HashMap<(SourceId, EpochName), EpochIndex>,
    sources: HashMap<SourceId, u64>,
    end: Position,
    log_bytes: u64,
}

/// What a group of submissions comes to, before it is committed.
#[derive(Default)]
struct Group {
    entries: Vec<Entry>,
    positions: u64,
    /// Numberings as they were, to be put back when the commit is refused.
    before: BTreeMap<EpochIndex, Numbering>,
    rejected: BTreeMap<EpochIndex, Vec<RejectedEvent>>,
    duplicates: Vec<(SourceId, u64)>,
    answers: Vec<Answer>,
}

struct Answer {
    reply: mpsc::OwnedPermit<Result<Durable<Acked>, Refusal>>,
    epoch: EpochIndex,
    result: Result<(u64, u64), Refusal>,
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
        let end = database.end().await?;
        let mut writer = Self {
            options,
            clock,
            commands,
            questions,
            committed,
            stored,
            epochs: Vec::new(),
            by_name: HashMap::new(),
            sources: HashMap::new(),
            end,
            log_bytes: 0,
            database,
        };
        for known in writer.database.known().await? {
            writer.know(known.source, known.name, known.numbering);
        }
        Ok((writer, Handle::new(sender, question_sender)))
    }

    /// Writes until every handle is gone.
    ///
    /// # Errors
    /// When a commit fails for any reason but a full disk: nothing more is acked then.
    pub async fn run(mut self) -> Result<(), Error> {
        let mut waiting = Vec::new();
        loop {
            self.wait_for_store().await;
            let taken = tokio::select! {
                biased;
                Some(question) = self.questions.recv() => {
                    self.answer_question(question);
                    continue;
                }
                taken = self.commands.recv_many(&mut waiting, SUBMISSIONS_WAITING) => taken,
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
                            self.wait_for_store().await;
                        }
                        self.take(submission, &mut group);
                    }
                    // Answered after what was sent before it is safe.
                    Command::Open(opening, reply) => {
                        self.commit(std::mem::take(&mut group)).await?;
                        let opened = self.open(opening).await?;
                        drop(reply.send(opened));
                    }
                }
            }
            self.commit(group).await?;
            self.checkpoint().await?;
        }
    }

    /// Waits while too much is committed that reports do not hold yet; questions are answered meanwhile.
    async fn wait_for_store(&mut self) {
        let (end, lag_max) = (self.end.0, self.options.store_lag_max);
        let near = |stored: &Position| end.saturating_sub(stored.0) <= lag_max;
        loop {
            let question = tokio::select! {
                biased;
                // The sender lives as long as the pipeline; without it the next commit ends the writer.
                _ = self.stored.wait_for(near) => return,
                Some(question) = self.questions.recv() => question,
            };
            self.answer_question(question);
        }
    }

    /// What is answered is committed: numberings move with their commit.
    fn answer_question(&self, question: Question) {
        let Question { source, reply } = question;
        drop(reply.send(self.describe(&source)));
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
        let numbering = &mut self.epochs[epoch.0 as usize].numbering;
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

    /// Commits a group, hands it on, answers.
    async fn commit(&mut self, group: Group) -> Result<(), Error> {
        let started = self.clock.elapsed();
        let committed_at = self.clock.now();
        let first = Position(self.end.0 + 1);
        let last = Position(self.end.0 + group.positions);
        let changed: Vec<EpochIndex> = group.before.keys().copied().collect();
        let pairs = changed.iter().map(|epoch| {
            (
                *epoch,
                &self.epochs[epoch.0 as usize].numbering,
                &group.before[epoch],
            )
        });
        let marks: Vec<_> = pairs
            .clone()
            .filter(|(_, numbering, before)| numbering != before)
            .map(|(epoch, numbering, _)| (epoch, numbering))
            .collect();
        let gaps = pairs
            .filter(|(_, numbering, before)| !numbering.gaps().eq(before.gaps()))
            .map(|(epoch, numbering, _)| (epoch, numbering))
            .collect::<Vec<_>>();
        let missing = self.missing(&gaps);
        let row = (group.positions > 0).then(|| (first, last, record::encode(&group.entries)));
        let bytes = row.as_ref().map_or(0, |(_, _, body)| body.len() as u64);
        if row.is_some() || !marks.is_empty() {
            let rejected = &group.rejected;
            let commit = Commit {
                row,
                committed_at,
                marks,
                gaps,
                rejected,
            };
            match self.database.commit(commit).await {
                Ok(()) => {}
                Err(Error::DiskFull) => {
                    self.refuse(group);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.end = last;
        self.log_bytes += bytes;
        let took = self.clock.elapsed().saturating_sub(started);
        self.answer(group.answers, last);
        let committed = Committed {
            first,
            last,
            committed_at,
            took,
            entries: group.entries,
            duplicates: group.duplicates,
            missing,
        };
        let nothing = committed.entries.is_empty()
            && committed.duplicates.is_empty()
            && committed.missing.is_empty();
        if !nothing {
            // Fails only when the pipeline has stopped, and then the process is stopping.
            drop(self.committed.send(committed).await);
        }
        Ok(())
    }

    /// Numbers that never came, of the sources of these epochs, over all their epochs.
    fn missing(&self, changed: &[(EpochIndex, &Numbering)]) -> Vec<(SourceId, u64)> {
        let sources: BTreeSet<&SourceId> = changed
            .iter()
            .map(|(epoch, _)| &self.epochs[epoch.0 as usize].source)
            .collect();
        let missing = |source: &SourceId| {
            let ours = self.epochs.iter().filter(|epoch| epoch.source == *source);
            ours.fold(0, |sum: u64, epoch| {
                sum.saturating_add(epoch.numbering.missing())
            })
        };
        sources
            .into_iter()
            .map(|source| (source.clone(), missing(source)))
            .collect()
    }

    fn answer(&self, answers: Vec<Answer>, position: Position) {
        for answer in answers {
            let numbering = &self.epochs[answer.epoch.0 as usize].numbering;
            let result = answer.result.map(|(accepted, duplicates)| {
                Durable::after_commit(Acked {
                    sequence: numbering.mark,
                    digest: numbering.digest,
                    position,
                    accepted,
                    duplicates,
                })
            });
            answer.reply.send(result);
        }
    }

    /// The disk is full: marks and gaps are as before, and everybody is told to come again.
    fn refuse(&mut self, group: Group) {
        tracing::error!("the disk is full: nothing is taken in until there is room");
        for (epoch, before) in group.before {
            self.epochs[epoch.0 as usize].numbering = before;
        }
        for answer in group.answers {
            answer.reply.send(Err(Refusal::DiskFull));
        }
    }

    async fn open(&mut self, opening: Opening) -> Result<Result<Opened, Refusal>, Error> {
        let Opening {
            source,
            epoch: name,
            last_acked,
            last_digest,
        } = opening;
        if let EpochName::Spool(spool) = name {
            let highest = self.sources.get(&source).copied().unwrap_or(0);
            if spool < highest {
                return Ok(Err(Refusal::EpochLower { highest }));
            }
        }
        let key = (source, name);
        let epoch = match self.by_name.get(&key) {
            Some(epoch) => *epoch,
            None => {
                let (source, name) = key;
                if !self.sources.contains_key(&source) && self.sources.len() >= SOURCES_MAX {
                    return Ok(Err(Refusal::Limit {
                        what: "sources",
                        limit: SOURCES_MAX,
                    }));
                }
                if self.epochs.len() >= EPOCHS_MAX {
                    return Ok(Err(Refusal::Limit {
                        what: "epochs",
                        limit: EPOCHS_MAX,
                    }));
                }
                let epoch = EpochIndex(self.epochs.len() as u32);
                match self.database.add_epoch(&source, epoch, &name).await {
                    Ok(()) => {}
                    Err(Error::DiskFull) => return Ok(Err(Refusal::DiskFull)),
                    Err(error) => return Err(error),
                }
                self.know(source, name, Numbering::default())
            }
        };
        let numbering = &self.epochs[epoch.0 as usize].numbering;
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

    fn know(&mut self, source: SourceId, name: EpochName, numbering: Numbering) -> EpochIndex {
        let epoch = EpochIndex(self.epochs.len() as u32);
        let highest = self.sources.entry(source.clone()).or_insert(0);
        if let EpochName::Spool(spool) = name {
            *highest = spool.max(*highest);
        }
        self.by_name.insert((source.clone(), name), epoch);
        self.epochs.push(Epoch {
            source,
            name,
            numbering,
        });
        epoch
    }

    fn describe(&self, source: &SourceId) -> Option<Vec<EpochState>> {
        self.sources.get(source)?;
        let ours = self
            .epochs
            .iter()
            .enumerate()
            .filter(|(_, epoch)| epoch.source == *source);
        let state = |(index, epoch): (usize, &Epoch)| EpochState {
            index: EpochIndex(index as u32),
            name: epoch.name,
            mark: epoch.numbering.mark,
            digest: epoch.numbering.digest,
            gaps: epoch.numbering.gaps().collect(),
            rejected: epoch.numbering.rejected,
        };
        Some(ours.rev().map(state).collect())
    }

    /// Every source with its missing and its rejected numbers.
    pub fn summarize(&self) -> Vec<(SourceId, u64, u64)> {
        let mut sums: BTreeMap<SourceId, (u64, u64)> = BTreeMap::new();
        for epoch in &self.epochs {
            let (missing, rejected) = sums.entry(epoch.source.clone()).or_default();
            *missing = missing.saturating_add(epoch.numbering.missing());
            *rejected = rejected.saturating_add(epoch.numbering.rejected);
        }
        sums.into_iter()
            .map(|(source, (missing, rejected))| (source, missing, rejected))
            .collect()
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
