//! Forgetting a caller among the live calls.

use tokio::sync::{mpsc, oneshot};

use crate::model::{CallKey, SourceId};

use super::apply::Pipeline;

/// Who is to be forgotten, and who waits for it.
#[derive(Debug)]
pub struct Forgetting {
    caller: [u8; 16],
    reply: oneshot::Sender<Vec<(SourceId, CallKey)>>,
}

/// The way to the pipeline for those who have a caller forgotten; cheap to clone.
#[derive(Clone, Debug)]
pub struct Forgetter(mpsc::Sender<Forgetting>);

/// A way to the pipeline, and its end there.
pub fn forgetter() -> (Forgetter, mpsc::Receiver<Forgetting>) {
    let (sender, receiver) = mpsc::channel(1);
    (Forgetter(sender), receiver)
}

impl Forgetter {
    /// Forgets a caller, by the hash of the pseudonym, among the open calls, and says which those are; `None` = the pipeline
    /// has stopped. What this comes to is on its way to the store: a chore asked for afterwards comes after it.
    pub async fn forget(&self, caller: [u8; 16]) -> Option<Vec<(SourceId, CallKey)>> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Forgetting { caller, reply }).await.ok()?;
        answer.await.ok()
    }
}

impl Forgetting {
    /// Tells which calls they were; whoever has gone need not know.
    pub(super) fn answer(self, calls: Vec<(SourceId, CallKey)>) {
        drop(self.reply.send(calls));
    }
}

impl Pipeline {
    /// Forgets a caller among the open calls.
    pub(super) fn forget(&mut self, asked: &Forgetting) -> Vec<(SourceId, CallKey)> {
        let mut found = Vec::new();
        for (name, source) in &mut self.sources {
            let keys = source.calls.forget_caller(&asked.caller);
            if !keys.is_empty() {
                self.touched.insert(name.clone());
            }
            found.extend(keys.into_iter().map(|key| (name.clone(), key)));
        }
        self.sessions.forget(&asked.caller, &found);
        self.lookup.forget(&found);
        self.live.with(|live| live.forget_caller(&asked.caller));
        found
    }
}
