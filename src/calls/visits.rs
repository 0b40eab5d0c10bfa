//! A story's visits: entered, left, and how the last one ends with its call.

use std::time::Duration;

use crate::model::{EndedBy, Exit, Mark, OfferResult, QueueId, Reroute, Timestamp, Visit};

use super::story::Story;
use super::told::Order;

/// Left and entered again faster than this is the dialplan's own loop.
const REENTRY: Duration = Duration::from_secs(1);

/// What is known of a visit beside its record.
#[derive(Clone, Debug)]
pub(super) struct VisitNote {
    /// The event that began it: its identity under refolding.
    pub(super) origin: Order,
    /// How many legs there were before it.
    pub(super) legs_before: usize,
    concluded: Concluded,
}

/// What an exit was concluded from, so that an exit told afterwards refines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concluded {
    /// From nothing: it was told, or there is none yet.
    No,
    /// The caller was queued elsewhere.
    CallWentOn,
    /// The call ended.
    CallEnded,
}

impl VisitNote {
    /// Whether its exit was never told though the call went on.
    pub(super) fn exit_missing(&self) -> bool {
        self.concluded == Concluded::CallWentOn
    }

    /// Notes that the exit is that of the call.
    pub(super) fn conclude_exit_at_end(&mut self) {
        self.concluded = Concluded::CallEnded;
    }
}

impl Story {
    /// Whether the caller waits in this queue.
    pub(super) fn waits_in(&self, queue: &QueueId) -> bool {
        self.waiting
            .is_some_and(|visit| self.record.visits[visit].queue == *queue)
    }

    pub(super) fn enter(&mut self, at: Timestamp, origin: Order, queue: &QueueId) {
        if self.is_ended() {
            self.contradict();
            return;
        }
        if let Some(waiting) = self.waiting {
            self.exit(waiting, Exit::Error, at);
            self.visits[waiting].concluded = Concluded::CallWentOn;
        }
        let human = !self.record.legs.is_empty();
        let mut reentered = false;
        if let Some(before) = self.record.visits.last() {
            let gap = before.exited_at.and_then(|left| at.since(left));
            reentered = before.queue == *queue && gap.is_some_and(|gap| gap < REENTRY);
            if !human && before.queue != *queue {
                let from = before.queue.clone();
                self.record.reroutes.push(Reroute {
                    from,
                    to: queue.clone(),
                });
            }
        }
        self.record.visits.push(Visit {
            queue: queue.clone(),
            entered_at: at,
            exit: None,
            exited_at: None,
            wait: None,
            after_human: human,
            reentered,
            talk: None,
        });
        self.visits.push(VisitNote {
            origin,
            legs_before: self.record.legs.len(),
            concluded: Concluded::No,
        });
        let visit = self.record.visits.len() - 1;
        self.waiting = Some(visit);
        self.pass_to_visit(visit);
    }

    pub(super) fn leave(&mut self, at: Timestamp, queue: &QueueId, exit: Exit) {
        if let Some(visit) = self.waiting.filter(|_| self.waits_in(queue)) {
            self.exit(visit, exit, at);
            return;
        }
        // Told after what it led to: only the kind of exit is news.
        let concluded = self
            .record
            .visits
            .iter()
            .zip(&self.visits)
            .rposition(|(visit, note)| visit.queue == *queue && note.concluded != Concluded::No);
        match concluded {
            Some(visit) => {
                self.visits[visit].concluded = Concluded::No;
                self.record.visits[visit].exit = Some(exit);
                for offer in 0..self.record.offers.len() {
                    if self.record.offers[offer].visit == Some(visit) && self.implied_offers[offer]
                    {
                        self.record.offers[offer].result = Some(missed_by(exit));
                    }
                }
            }
            None => self.contradict(),
        }
    }

    /// Ends a visit and the offers that rang for it. Whoever talked before it has let go by now: nobody talks and waits.
    pub(super) fn exit(&mut self, visit: usize, exit: Exit, at: Timestamp) {
        self.release_before(visit);
        self.waiting = None;
        let ended = &mut self.record.visits[visit];
        ended.exit = Some(exit);
        ended.exited_at = Some(at);
        ended.wait = at.since(ended.entered_at);
        if ended.wait.is_none() {
            self.mark(Mark::NegativeSpan);
        }
        for offer in 0..self.record.offers.len() {
            if self.record.offers[offer].visit == Some(visit) {
                self.close_offer(offer, at, missed_by(exit));
            }
        }
    }

    /// How a waiting visit ends with its call.
    pub(super) fn exit_at_end(&self, visit: usize, at: Timestamp, by: EndedBy) -> Exit {
        match by {
            EndedBy::Pbx | EndedBy::Agent => Exit::Error,
            EndedBy::Caller | EndedBy::Unknown if self.rings_at_end(visit, at) => {
                Exit::AbandonedRinging
            }
            EndedBy::Caller | EndedBy::Unknown => Exit::AbandonedWaiting,
        }
    }
}

/// How ringing ended that a visit's exit cut off.
fn missed_by(exit: Exit) -> OfferResult {
    match exit {
        Exit::Answered => OfferResult::AnsweredElsewhere,
        Exit::Timeout => OfferResult::RingTimeout,
        Exit::AbandonedWaiting
        | Exit::AbandonedRinging
        | Exit::KeyExit
        | Exit::LeftEmpty
        | Exit::Withdrawn
        | Exit::Callback => OfferResult::CallerGone,
        Exit::Error => OfferResult::Error,
    }
}
