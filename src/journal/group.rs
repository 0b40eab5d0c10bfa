//! A group of submissions: what it comes to, its one commit, its answers.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use crate::model::{EpochIndex, Mode, Position, SourceId, Timestamp};

use super::commit::{Body, Commit};
use super::database::Error;
use super::durable::Durable;
use super::epochs::Epochs;
use super::handle::{Acked, Note, Noted, Refusal};
use super::marks::Numbering;
use super::outage::Outcome;
use super::record::{self, Entry, EntryKind};
use super::writer::{Committed, LOG_BYTES_A_COMMIT, RejectedEvent, Writer};

/// What a group of submissions comes to, before it is committed.
#[derive(Default)]
pub(super) struct Group {
    pub(super) entries: Vec<Entry>,
    pub(super) positions: u64,
    /// Numberings as they were, to be put back when the commit is refused.
    pub(super) before: BTreeMap<EpochIndex, Numbering>,
    pub(super) rejected: BTreeMap<EpochIndex, Vec<RejectedEvent>>,
    pub(super) duplicates: Vec<(SourceId, u64)>,
    pub(super) answers: Vec<Answer>,
    pub(super) noted: Vec<Noted>,
}

/// Whom to answer, and what besides the mark.
pub(super) struct Answer {
    pub(super) reply: mpsc::OwnedPermit<Result<Durable<Acked>, Refusal>>,
    pub(super) epoch: EpochIndex,
    pub(super) result: Result<(u64, u64), Refusal>,
}

impl Group {
    /// Takes what we ourselves say.
    pub(super) fn take_notes(&mut self, notes: Vec<Note>, reply: Noted) {
        let entries = notes.into_iter().map(|note| Entry {
            source: note.source,
            // No numbering: nobody looks at it.
            epoch: EpochIndex(0),
            mode: Mode::Live,
            sent_at: note.at,
            received_at: note.at,
            kind: EntryKind::Survey(note.event),
        });
        let before = self.entries.len();
        self.entries.extend(entries);
        self.positions += (self.entries.len() - before) as u64;
        self.noted.push(reply);
    }

    /// What is to be written; nothing when nothing moved.
    fn commit<'a>(
        &'a self,
        epochs: &'a Epochs,
        body: Option<&'a Body>,
        committed_at: Timestamp,
    ) -> Option<Commit<'a>> {
        let pairs = self
            .before
            .iter()
            .map(|(epoch, before)| (*epoch, epochs.numbering(*epoch), before));
        let moved = |(epoch, numbering, _): (EpochIndex, &'a Numbering, _)| (epoch, numbering);
        let marks: Vec<_> = pairs
            .clone()
            .filter(|(_, numbering, before)| numbering != before)
            .map(moved)
            .collect();
        let gaps = pairs
            .filter(|(_, numbering, before)| !numbering.gaps().eq(before.gaps()))
            .map(moved)
            .collect();
        (body.is_some() || !marks.is_empty()).then_some(Commit {
            body,
            committed_at,
            marks,
            gaps,
            rejected: &self.rejected,
        })
    }

    /// Takes its numberings back to what they were before it, or on again to what they were with it.
    pub(super) fn swap(&mut self, epochs: &mut Epochs) {
        for (epoch, other) in &mut self.before {
            std::mem::swap(epochs.numbering_mut(*epoch), other);
        }
    }

    /// Tells everybody in it that nothing is promised.
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        for answer in self.answers.drain(..) {
            answer.reply.send(Err(refusal.clone()));
        }
        for reply in self.noted.drain(..) {
            // Whoever has gone need not know.
            drop(reply.send(Err(refusal.clone())));
        }
    }

    /// Whether somebody waits for its answer.
    fn is_awaited(&self) -> bool {
        !self.answers.is_empty() || !self.noted.is_empty()
    }
}

impl Writer {
    /// Commits a group, hands it on, answers.
    pub(super) async fn commit(&mut self, mut group: Group) -> Result<(), Error> {
        let started = self.clock.elapsed();
        let committed_at = self.clock.now();
        let end = self.end();
        let first = Position(end.0 + 1);
        let last = Position(end.0 + group.positions);
        let body = (group.positions > 0).then(|| Body {
            first,
            last,
            bytes: record::encode(&group.entries),
        });
        let mut missing = Vec::new();
        while let Some(commit) = group.commit(&self.epochs, body.as_ref(), committed_at) {
            missing = self.epochs.missing(&commit.gaps);
            match self.database.commit(&commit).await {
                Ok(()) => break,
                Err(Error::DiskFull) => {
                    tracing::error!("the disk is full: nothing is taken in until there is room");
                    group.swap(&mut self.epochs);
                    group.refuse(&Refusal::DiskFull);
                    return Ok(());
                }
                Err(lost @ Error::Lost { .. }) => {
                    match self.find_out(&lost, &mut group, body.as_ref()).await? {
                        Outcome::Done => break,
                        Outcome::NotDone if group.is_awaited() => {}
                        // Everybody was told to come again, or has gone: then nothing of it need be.
                        Outcome::NotDone | Outcome::Unknown => {
                            group.swap(&mut self.epochs);
                            return Ok(());
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        // Before the answers: whoever has one and asks how far the journal goes is not told less.
        self.end.send_replace(last);
        self.log_bytes += LOG_BYTES_A_COMMIT + body.map_or(0, |body| body.bytes.len() as u64);
        let took = self.clock.elapsed().saturating_sub(started);
        self.answer(group.answers, last);
        for reply in group.noted {
            drop(reply.send(Ok(Durable::after_commit(last))));
        }
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

    fn answer(&self, answers: Vec<Answer>, position: Position) {
        for answer in answers {
            let numbering = self.epochs.numbering(answer.epoch);
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
}

#[cfg(test)]
#[path = "group_test.rs"]
mod tests;
