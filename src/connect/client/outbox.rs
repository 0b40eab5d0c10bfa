//! What was sent and not yet acked, and what became of every event: pure, no socket.
//!
//! Every event offered is counted once: as a duplicate when the server knew it before this run, else as acked or as
//! rejected. All that is unacked is kept and sent again on the next connection, for only an ack is a promise; the server
//! takes what it has as duplicates, and this side knows better whose they are.
//!
//! An ack that was lost may have held rejections. Events that were sent on a broken connection and are known on the next
//! one are therefore *unsure* until GetSource has said which of them were rejected.

use std::collections::{BTreeMap, HashMap, VecDeque};

use prost::Message as _;

use super::digest::digest;
use crate::proto::v1::{Ack, EpochStatus, Event, EventRejection, Gap};

/// A batch is closed at this size, well below the 4 MiB that gRPC servers take in one message.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How many rejections GetSource lists, and how many are kept here to be shown.
const LISTED_MAX: usize = 100;

/// The reason under which a rejection is counted that the server counts and no longer lists.
const UNLISTED: &str = "unlisted";

/// What became of the events of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivered {
    /// Events that the server had not known.
    pub acked: u64,
    /// Events that it had known before this run.
    pub duplicates: u64,
    /// Events that it rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// The first of the rejections, as the server put them.
    pub rejections: Vec<EventRejection>,
}

impl Delivered {
    /// Events that the server rejected, in all.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// What the server knew of the epoch when this run began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// Its high-water mark when the first stream was opened.
    pub(super) mark: u64,
    /// The digest of the event at the mark, when it is one to compare with.
    pub(super) digest: Option<u64>,
    /// What it said was known when asked before that: up to here nothing is sent.
    pub(super) floor: u64,
    /// Numbers below the floor that never came, in order.
    pub(super) gaps: Vec<Gap>,
    /// How many events it had rejected.
    pub(super) rejected: u64,
}

impl Known {
    fn is_gap(&self, sequence: u64) -> bool {
        // The first gap that does not end before the number.
        let at = self.gaps.partition_point(|gap| gap.last < sequence);
        self.gaps.get(at).is_some_and(|gap| gap.first <= sequence)
    }

    fn is_held(&self, sequence: u64) -> bool {
        sequence <= self.mark && !self.is_gap(sequence)
    }
}

/// How much may be sent at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Events sent and not yet acked.
    pub(super) window_events: usize,
    /// Events of one batch.
    pub(super) batch_events: usize,
}

/// The events between their source and their ack.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    known: Known,
    /// In the order of their numbers; the first `sent` of them were sent on this connection.
    unacked: VecDeque<Event>,
    sent: usize,
    /// The highest number that is acked, or was known when the run began.
    acked_to: u64,
    /// Events up to here may have been handled on a connection whose acks were lost.
    unsure_to: u64,
    unsure: Vec<u64>,
    /// How many events counted as acked may be among the rejections that are no longer listed.
    unlisted_max: u64,
    delivered: Delivered,
}

impl Outbox {
    /// Takes note of what the server knew when the run began.
    pub(super) fn handle_known(&mut self, mut known: Known) {
        known.gaps.sort_unstable_by_key(|gap| gap.first);
        self.acked_to = known.floor;
        self.known = known;
    }

    /// Takes note of a further stream: everything unacked is to be sent again.
    ///
    /// # Errors
    /// In words, when the server no longer knows what it had acked.
    pub(super) fn handle_reopened(&mut self, mark: u64) -> Result<(), String> {
        if mark < self.acked_to {
            return Err(format!(
                "it had acked event {}, now it knows this epoch up to {mark}: its data are older \
                 than its acks; import again to fill the gap",
                self.acked_to
            ));
        }
        self.sent = 0;
        self.unsure_to = self.unsure_to.max(mark);
        Ok(())
    }

    /// Compares an event with the one that the server holds at its mark.
    ///
    /// # Errors
    /// In words, when they differ: the epoch's name is the same, its events are not.
    pub(super) fn check(&self, source: &str, event: &Event) -> Result<(), String> {
        let held = self
            .known
            .digest
            .filter(|_| event.sequence == self.known.mark);
        match held.zip(digest(source, event)) {
            Some((held, ours)) if held != ours => Err(format!(
                "sequence_conflict: event {} of this epoch is another one there; was the file \
                 rewritten, or another one imported under the same source?",
                event.sequence
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the server holds an event already, so that it need not be sent.
    pub(super) fn holds(&self, sequence: u64) -> bool {
        sequence <= self.known.floor && self.known.is_held(sequence)
    }

    /// Counts an event that is not sent.
    pub(super) fn handle_held(&mut self) {
        self.delivered.duplicates += 1;
    }

    /// Takes an event to be sent.
    pub(super) fn push(&mut self, event: Event) {
        debug_assert!(
            self.unacked
                .back()
                .is_none_or(|last| last.sequence < event.sequence)
        );
        self.unacked.push_back(event);
    }

    /// Events taken and not acked.
    pub(super) fn len(&self) -> usize {
        self.unacked.len()
    }

    /// Events taken and not sent on this connection.
    pub(super) fn unsent(&self) -> usize {
        self.unacked.len() - self.sent
    }

    /// Whether anything may be sent now.
    pub(super) fn can_send(&self, limits: Limits) -> bool {
        let Some(next) = self.unacked.get(self.sent) else {
            return false;
        };
        // An ack is cumulative, so it says nothing of a number far below it: what fills a gap goes alone, and the next
        // ack is its own.
        let fills_gap = self.known.is_gap(next.sequence);
        let gap_in_flight = self.sent > 0 && self.known.is_gap(self.unacked[0].sequence);
        let waits_for_gap = gap_in_flight || (fills_gap && self.sent > 0);
        !waits_for_gap && self.sent < limits.window_events
    }

    /// The next batch, when anything may be sent.
    pub(super) fn next_batch(&mut self, limits: Limits) -> Vec<Event> {
        let room = limits.window_events.saturating_sub(self.sent);
        let unsent = self.unacked.range(self.sent..);
        let mut unsent = unsent.take(room.min(limits.batch_events)).peekable();
        let fills_gap = unsent
            .peek()
            .is_some_and(|next| self.known.is_gap(next.sequence));
        let mut batch: Vec<Event> = Vec::with_capacity(unsent.len());
        let mut bytes = 0;
        for event in unsent {
            bytes += event.encoded_len();
            let fits = bytes <= BATCH_BYTES_MAX && self.known.is_gap(event.sequence) == fills_gap;
            // One event above the cap goes alone: refusing it is the server's business.
            if !fits && !batch.is_empty() {
                break;
            }
            batch.push(event.clone());
        }
        self.sent += batch.len();
        batch
    }

    /// Counts what an ack speaks of.
    pub(super) fn handle_ack(&mut self, ack: &Ack) {
        self.acked_to = self.acked_to.max(ack.sequence);
        let rejections: HashMap<u64, &EventRejection> = ack
            .rejections
            .iter()
            .map(|rejection| (rejection.sequence, rejection))
            .collect();
        let first_is_gap = |event: &Event| self.known.is_gap(event.sequence);
        let count = match self.unacked.front() {
            Some(first) if first_is_gap(first) => self.sent,
            // Beyond what was sent on this connection too: the ack says that all of it is safe.
            Some(_) | None => self
                .unacked
                .partition_point(|event| event.sequence <= ack.sequence),
        };
        for _ in 0..count {
            if let Some(event) = self.unacked.pop_front() {
                self.settle(event.sequence, rejections.get(&event.sequence).copied());
            }
        }
        self.sent = self.sent.saturating_sub(count);
    }

    fn settle(&mut self, sequence: u64, rejection: Option<&EventRejection>) {
        if self.known.is_held(sequence) {
            self.delivered.duplicates += 1;
        } else if let Some(rejection) = rejection {
            self.reject(rejection);
        } else if sequence <= self.unsure_to {
            self.unsure.push(sequence);
        } else {
            self.delivered.acked += 1;
        }
    }

    fn reject(&mut self, rejection: &EventRejection) {
        let count = self.delivered.rejected.entry(rejection.reason.clone());
        *count.or_default() += 1;
        if self.delivered.rejections.len() < LISTED_MAX {
            self.delivered.rejections.push(rejection.clone());
        }
    }

    /// Whether GetSource has to say what became of events whose acks were lost: all of them are safe by now.
    pub(super) fn is_unsure(&self) -> bool {
        let next = self.unacked.front();
        !self.unsure.is_empty() && next.is_none_or(|event| event.sequence > self.unsure_to)
    }

    /// Counts the events whose acks were lost.
    pub(super) fn handle_status(&mut self, status: &EpochStatus) {
        let listed: HashMap<u64, &EventRejection> = status
            .rejections
            .iter()
            .map(|rejection| (rejection.sequence, rejection))
            .collect();
        for sequence in std::mem::take(&mut self.unsure) {
            match listed.get(&sequence) {
                Some(rejection) => self.reject(rejection),
                None => {
                    self.delivered.acked += 1;
                    self.unlisted_max += u64::from(status.rejections.len() >= LISTED_MAX);
                }
            }
        }
    }

    /// Corrects the count by the server's own, for rejections that it no longer lists; asked when all is acked.
    pub(super) fn handle_final_status(&mut self, status: &EpochStatus) {
        let of_this_run = status.rejected.saturating_sub(self.known.rejected);
        let uncounted = of_this_run.saturating_sub(self.delivered.rejected_total());
        let unlisted = uncounted.min(self.unlisted_max);
        if unlisted > 0 {
            self.delivered.acked -= unlisted;
            self.unlisted_max -= unlisted;
            *self
                .delivered
                .rejected
                .entry(UNLISTED.to_owned())
                .or_default() += unlisted;
        }
    }

    pub(super) fn delivered(&self) -> &Delivered {
        &self.delivered
    }
}

#[cfg(test)]
mod tests;
