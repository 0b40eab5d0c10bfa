//! What is done to the store beside the stretches of the journal: by the same one writer, a transaction each.
//!
//! A chore's channel holds one: who asks waits for the writer, and the writer takes stretches first. When the connection
//! is lost over a chore, who asked is told so and asks again: every chore done twice is the same.

use tokio::sync::{mpsc, oneshot};

use crate::model::{Position, SourceId};

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
    pub before: Vec<crate::model::Timestamp>,
    /// The late events that are part of it now: the position of each one's journal row, and its number.
    pub taken: Vec<(Position, u64)>,
}

/// What the writer is asked to do.
#[derive(Debug)]
pub enum Chore {
    /// Write calls again.
    Rewrite(Vec<Rewrite>),
}

/// What came of a chore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Late events that are in the figures by now, of the sources that the chore touched.
    pub recomputed: Vec<(SourceId, u64)>,
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
