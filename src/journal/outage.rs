//! A lost connection to the database: waited out, then found out what of the last commit is there.
//!
//! The session that commits holds the lock. So a new session with the lock sees everything that the lost one did, and
//! nobody else has written meanwhile, or it shows: then this dozvon stops. Meanwhile senders wait; when it takes longer
//! they are told to come again.

use std::time::Duration;

use super::commit::Body;
use super::database::{Database, Error, Known};
use super::group::Group;
use super::handle::{Asker, Command, Refusal};
use super::writer::Writer;

/// How long senders wait for the database to come back before they are told to come again.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest pause between two tries to reach it.
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest.
const RETRY_LAST: Duration = Duration::from_secs(1);

/// What became of a commit whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It took place.
    Done,
    /// It did not.
    NotDone,
    /// Everybody has gone before the database came back.
    Unknown,
}

impl Writer {
    /// Waits until the database is back and says whether the group's commit took place. Meanwhile its numberings stand
    /// as before it.
    pub(super) async fn find_out(
        &mut self,
        lost: &Error,
        group: &mut Group,
        body: Option<&Body>,
    ) -> Result<Outcome, Error> {
        group.swap(&mut self.epochs);
        let outcome = loop {
            let mut refuse = || group.refuse(&Refusal::DatabaseUnavailable);
            if !self.outlast(lost, &mut refuse).await? {
                break Outcome::Unknown;
            }
            match self.outcome(group, body).await {
                Err(Error::Lost { .. }) => {}
                other => break other?,
            }
        };
        if outcome != Outcome::Done {
            group.swap(&mut self.epochs);
        }
        Ok(outcome)
    }

    /// Asks the database, which is back. After `Done` the numberings are those with the group.
    async fn outcome(&mut self, group: &mut Group, body: Option<&Body>) -> Result<Outcome, Error> {
        let known = self.database.known().await?;
        let done = match body {
            None => !self.epochs.are(&known),
            Some(body) => {
                let (row, end) = self.database.row_at(body.first).await?;
                match row {
                    None if end == self.end() => false,
                    Some(row) if end == body.last && row.body == body.bytes => true,
                    None | Some(_) => return Err(Error::TakenOver),
                }
            }
        };
        if done {
            group.swap(&mut self.epochs);
        }
        if !self.epochs.are(&known) {
            return Err(Error::TakenOver);
        }
        let outcome = if done {
            Outcome::Done
        } else {
            Outcome::NotDone
        };
        tracing::info!(
            ?outcome,
            "the database is back, and what became of the last commit is known"
        );
        Ok(outcome)
    }

    /// After the idle session was lost: waits for the database, and looks that all is as it was. False = everybody has
    /// gone.
    pub(super) async fn resume(&mut self, lost: &Error) -> Result<bool, Error> {
        loop {
            if !self.outlast(lost, &mut || {}).await? {
                return Ok(false);
            }
            match self.is_as_it_was().await {
                Err(Error::Lost { .. }) => {}
                Ok(true) => {
                    tracing::info!("the database is back");
                    return Ok(true);
                }
                Ok(false) => return Err(Error::TakenOver),
                Err(error) => return Err(error),
            }
        }
    }

    async fn is_as_it_was(&mut self) -> Result<bool, Error> {
        let end = self.database.end().await?;
        Ok(end == self.end() && self.epochs.are(&self.database.known().await?))
    }

    /// After a new numbering's note was lost: waits for the database, and says whether it is there. Who asked for it is
    /// told to come again when it takes longer.
    pub(super) async fn is_noted(
        &mut self,
        lost: &Error,
        new: &Known,
        asker: &mut Asker,
    ) -> Result<Outcome, Error> {
        loop {
            let mut refuse = || asker.answer(Err(Refusal::DatabaseUnavailable));
            if !self.outlast(lost, &mut refuse).await? {
                return Ok(Outcome::Unknown);
            }
            let mut known = match self.database.known().await {
                Err(Error::Lost { .. }) => continue,
                known => known?,
            };
            let noted = known.pop_if(|last| last == new).is_some();
            if !self.epochs.are(&known) {
                return Err(Error::TakenOver);
            }
            return Ok(if noted {
                Outcome::Done
            } else {
                Outcome::NotDone
            });
        }
    }

    /// Waits for a new session with the lock; questions are answered meanwhile. When it takes longer, `refuse` tells those
    /// who wait, and everybody else is refused. False = everybody has gone.
    async fn outlast(
        &mut self,
        lost: &Error,
        refuse: &mut (dyn FnMut() + Send),
    ) -> Result<bool, Error> {
        let why = std::error::Error::source(lost).map(ToString::to_string);
        tracing::error!(error = %lost, why, "senders wait for the database");
        let began = self.clock.elapsed();
        let mut refusing = false;
        let mut pause = RETRY_FIRST;
        loop {
            let attempt = reconnect(&mut self.database, pause);
            tokio::pin!(attempt);
            let back = loop {
                let waited = self.clock.elapsed().saturating_sub(began);
                let patience = PATIENCE.saturating_sub(waited);
                tokio::select! {
                    back = &mut attempt => break back?,
                    Some(question) = self.questions.recv() => self.epochs.answer(question),
                    () = tokio::time::sleep(patience), if !refusing => {
                        tracing::error!("the database is still away: nothing is taken in until it is back");
                        refusing = true;
                        refuse();
                    }
                    command = self.commands.recv(), if refusing => match command {
                        Some(command) => refuse_command(command),
                        None => return Ok(false),
                    },
                }
            };
            if back {
                break;
            }
            pause = (pause * 2).min(RETRY_LAST);
        }
        // What its sender sent before it heard of the refusal belongs behind what was refused.
        while let Some(command) = refusing.then(|| self.commands.try_recv().ok()).flatten() {
            refuse_command(command);
        }
        Ok(true)
    }
}

/// One try; a failed one takes its pause.
async fn reconnect(database: &mut Database, pause: Duration) -> Result<bool, Error> {
    let back = database.reconnect().await?;
    if !back {
        tokio::time::sleep(pause).await;
    }
    Ok(back)
}

fn refuse_command(command: Command) {
    let refusal = Refusal::DatabaseUnavailable;
    match command {
        Command::Submit(submission) => drop(submission.reply.send(Err(refusal))),
        Command::Open(_, mut asker) => asker.answer(Err(refusal)),
        Command::Note(_, reply) => drop(reply.send(Err(refusal))),
    }
}
