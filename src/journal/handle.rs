//! The way to the writer: everybody's cheap handle, and what goes back and forth.

use tokio::sync::{mpsc, oneshot, watch};

use crate::model::{
    Digest, EpochIndex, EpochName, Mode, Position, SourceId, SurveyEvent, Timestamp,
};

use super::chore::{Asked, Chores};
use super::durable::Durable;
use super::marks::Gap;
use super::writer::Item;

/// Why the journal does not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The source has begun a newer spool.
    #[error(
        "the source has begun spool {highest}, a lower one is over: send under {highest} or a higher one"
    )]
    EpochLower {
        /// The highest spool known.
        highest: u64,
    },
    /// The sender's numbering is not the one known here.
    #[error(
        "event {sequence} is not the one known here (the mark is {mark}): the sender counts other events; let it begin a higher spool"
    )]
    SequenceConflict {
        /// The number in question.
        sequence: u64,
        /// The mark known here.
        mark: u64,
    },
    /// One more would be too many.
    #[error("the limit of {limit} {what} is reached")]
    Limit {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The disk is full; nothing was taken, trying again later helps.
    #[error("the server's disk is full: nothing was taken; send it again once there is room")]
    DiskFull,
    /// The database cannot be reached; trying again later helps.
    #[error(
        "the server has lost its database: nothing can be taken or read until it is back; try again then"
    )]
    DatabaseUnavailable,
    /// The journal has stopped.
    #[error("the journal has stopped: the server ends, send it again to the next one")]
    Stopped,
}

/// Asks where an epoch stands.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The source.
    pub source: SourceId,
    /// Its numbering.
    pub epoch: EpochName,
    /// The last number the sender knows to be acked; 0 = none.
    pub last_acked: u64,
    /// The digest that came with it.
    pub last_digest: Digest,
}

/// Where an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The epoch's index.
    pub epoch: EpochIndex,
    /// Its mark.
    pub mark: u64,
    /// Digest at the mark.
    pub digest: Digest,
}

/// One message of a sender.
#[derive(Debug)]
pub struct Submission {
    /// Who sent it.
    pub source: SourceId,
    /// In which numbering.
    pub epoch: EpochIndex,
    /// Live or history.
    pub mode: Mode,
    /// The source's clock.
    pub sent_at: Timestamp,
    /// Our clock.
    pub received_at: Timestamp,
    /// What it is.
    pub kind: SubmissionKind,
    /// Where the answer goes; a place for it is reserved, so that the writer never waits for a reader.
    pub reply: mpsc::OwnedPermit<Result<Durable<Acked>, Refusal>>,
}

/// What a sender sent.
#[derive(Debug)]
pub enum SubmissionKind {
    /// Events, taken or rejected by validation.
    Batch(Vec<Item>),
    /// A sign of life.
    Heartbeat,
    /// The epoch has no further events.
    Finish {
        /// Whether it is a whole file.
        complete: bool,
    },
}

/// Something that we ourselves say: it has no number, so whoever says it twice has said it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The source that it belongs to.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: SurveyEvent,
}

/// Who waits for notes to be safe.
pub(super) type Noted = oneshot::Sender<Result<Durable<Position>, Refusal>>;

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acked {
    /// Everything sent up to this number is handled.
    pub sequence: u64,
    /// Digest of the event there.
    pub digest: Digest,
    /// The last position of the commit.
    pub position: Position,
    /// Events kept.
    pub accepted: u64,
    /// Events known before.
    pub duplicates: u64,
}

/// One numbering, as known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochState {
    /// Its index.
    pub index: EpochIndex,
    /// Its name.
    pub name: EpochName,
    /// Its mark.
    pub mark: u64,
    /// Digest at the mark.
    pub digest: Digest,
    /// Numbers that never came.
    pub gaps: Vec<Gap>,
    /// Numbers that were rejected.
    pub rejected: u64,
}

pub(super) enum Command {
    Submit(Submission),
    Open(Opening, Asker),
    Note(Vec<Note>, Noted),
}

/// Who asks where an epoch stands; is answered once.
pub(super) struct Asker(Option<oneshot::Sender<Result<Opened, Refusal>>>);

impl Asker {
    /// Answers; an answer after the first is nobody's.
    pub(super) fn answer(&mut self, opened: Result<Opened, Refusal>) {
        if let Some(reply) = self.0.take() {
            // Whoever has gone need not know.
            drop(reply.send(opened));
        }
    }
}

/// Asks for a source's numberings. It goes its own way, past what waits for room.
pub(super) struct Question {
    pub(super) source: SourceId,
    pub(super) reply: oneshot::Sender<Option<Vec<EpochState>>>,
}

/// The way to the journal's writer.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    questions: mpsc::Sender<Question>,
    chores: mpsc::Sender<Asked>,
    end: watch::Receiver<Position>,
}

impl Handle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        questions: mpsc::Sender<Question>,
        chores: mpsc::Sender<Asked>,
        end: watch::Receiver<Position>,
    ) -> Self {
        Self {
            commands,
            questions,
            chores,
            end,
        }
    }

    /// Everything up to here is committed; never less than what an answer that has left says.
    pub fn committed(&self) -> Position {
        *self.end.borrow()
    }

    /// The way to the writer for chores alone, which does not keep it running.
    pub fn chores(&self) -> Chores {
        Chores::new(self.chores.clone(), self.end.clone())
    }

    /// Says where an epoch stands; an unknown source or epoch is noted.
    ///
    /// # Errors
    /// When the epoch is lower than the newest, or the sender's last ack is not known here.
    pub async fn open(&self, opening: Opening) -> Result<Opened, Refusal> {
        let (reply, answer) = oneshot::channel();
        let sent = self
            .commands
            .send(Command::Open(opening, Asker(Some(reply))))
            .await;
        sent.map_err(|_| Refusal::Stopped)?;
        answer.await.map_err(|_| Refusal::Stopped)?
    }

    /// Hands over a submission; waits while the journal is busy. The answer comes by the submission's own way.
    ///
    /// # Errors
    /// When the journal has stopped.
    pub async fn submit(&self, submission: Submission) -> Result<(), Refusal> {
        let sent = self.commands.send(Command::Submit(submission)).await;
        sent.map_err(|_| Refusal::Stopped)
    }

    /// Writes down what we ourselves say, all of it in one commit; returns when it is safe.
    ///
    /// # Errors
    /// When nothing of it was taken.
    pub async fn note(&self, notes: Vec<Note>) -> Result<Durable<Position>, Refusal> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Note(notes, reply)).await;
        sent.map_err(|_| Refusal::Stopped)?;
        answer.await.map_err(|_| Refusal::Stopped)?
    }

    /// The numberings of a source as they are committed, newest first; `None` = no such source.
    ///
    /// # Errors
    /// When the journal has stopped.
    pub async fn describe(&self, source: SourceId) -> Result<Option<Vec<EpochState>>, Refusal> {
        let (reply, answer) = oneshot::channel();
        let sent = self.questions.send(Question { source, reply }).await;
        sent.map_err(|_| Refusal::Stopped)?;
        answer.await.map_err(|_| Refusal::Stopped)
    }
}
