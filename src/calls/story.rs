//! One call's story: each thing told moves it on by one step.
//!
//! Anything may be told in any state; what does not fit is marked and counted as a contradiction, never refused. What
//! was never told is concluded from what followed, and what is told after that only refines the conclusion: switches
//! lose events, and tell what caused something after what it caused. The rules are those of the catalogue of
//! definitions ("Rules for the hard cases"); each part of the call has its file beside this one.

use std::borrow::Cow;

use crate::model::{
    CallEvent, CallRecord, CallbackTry, Caller, Direction, EndedBy, Exit, LineId, Mark, Marks,
    OfferResult, QueueId, Refusal, RefusalReason, Tag, TagKey, Timestamp,
};

use super::close;
use super::legs::LegNote;
use super::told::Told;
use super::transfers::Passing;
use super::visits::VisitNote;

/// A call's record in the making.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// What is known so far, without transfers and outcome.
    pub(super) record: CallRecord,
    /// What is known of each visit beside its record.
    pub(super) visits: Vec<VisitNote>,
    /// What is known of each leg beside its record.
    pub(super) legs: Vec<LegNote>,
    /// Offers whose end was concluded, not told.
    pub(super) implied_offers: Vec<bool>,
    /// The visit that waits.
    pub(super) waiting: Option<usize>,
    /// Transfers in the making.
    pub(super) passing: Passing,
    /// When the first thing told happened.
    pub(super) first_at: Timestamp,
    /// When the last thing told happened.
    pub(super) last_at: Timestamp,
    arrived: bool,
    ended: bool,
    contradictions: u32,
}

impl Story {
    /// A call of which nothing is known but that something happened at `at`.
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            record: CallRecord {
                arrived_at: at,
                ended_at: None,
                ended_by: EndedBy::Unknown,
                caller: Caller::Unknown,
                line: None,
                direction: Direction::Inbound,
                test: false,
                outcome: None,
                visits: Vec::new(),
                offers: Vec::new(),
                legs: Vec::new(),
                transfers: Vec::new(),
                failed_transfers: Vec::new(),
                reroutes: Vec::new(),
                requeued: 0,
                consult_only: 0,
                refusals: Vec::new(),
                tags: Vec::new(),
                callbacks_promised: Vec::new(),
                callbacks_tried: Vec::new(),
                messages: 0,
                marks: Marks::default(),
            },
            visits: Vec::new(),
            legs: Vec::new(),
            implied_offers: Vec::new(),
            waiting: None,
            passing: Passing::default(),
            first_at: at,
            last_at: at,
            arrived: false,
            ended: false,
            contradictions: 0,
        }
    }

    /// How often something was told that does not fit what was told before.
    pub(super) fn contradictions(&self) -> usize {
        let exits_missing = self.visits.iter().filter(|visit| visit.exit_missing());
        self.contradictions as usize + exits_missing.count()
    }

    /// Whether the call's end was told or concluded.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Marks the call.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.record.marks.add(mark);
    }

    /// Counts something that does not fit because what comes before it was lost.
    pub(super) fn miss_before(&mut self, mark: Mark) {
        self.contradictions += 1;
        self.mark(mark);
    }

    /// Counts something that does not fit.
    pub(super) fn contradict(&mut self) {
        self.miss_before(Mark::Contradiction);
        if self.ended {
            self.mark(Mark::AfterEnd);
        }
    }

    /// Whether an event makes sense right now.
    pub(super) fn fits(&self, event: &CallEvent) -> bool {
        match event {
            CallEvent::Arrived { .. } => !self.arrived,
            CallEvent::QueueEntered { .. } => self.waiting.is_none(),
            CallEvent::QueueLeft { queue, .. } => self.waits_in(queue),
            CallEvent::AgentOffered { queue, .. } => {
                queue.as_ref().is_none_or(|queue| self.waits_in(queue))
            }
            CallEvent::OfferMissed { agent, .. } => self.open_offer(agent).is_some(),
            CallEvent::AgentConnected { agent, queue } => {
                self.open_leg(agent).is_none()
                    && queue.as_ref().is_none_or(|queue| self.waits_in(queue))
            }
            CallEvent::AgentReleased { agent, .. }
            | CallEvent::TransferStarted { from: agent, .. } => self.open_leg(agent).is_some(),
            CallEvent::HoldStarted { agent, .. } => self
                .open_leg(agent)
                .is_some_and(|leg| self.legs[leg].held_since.is_none()),
            CallEvent::HoldEnded { agent } => self
                .open_leg(agent)
                .is_some_and(|leg| self.legs[leg].held_since.is_some()),
            CallEvent::TransferCompleted { .. } | CallEvent::TransferFailed { .. } => {
                self.passing.is_begun()
            }
            CallEvent::Refused { .. }
            | CallEvent::Tagged { .. }
            | CallEvent::DigitPressed { .. }
            | CallEvent::CallbackPromised { .. }
            | CallEvent::CallbackAttempted { .. }
            | CallEvent::MessageLeft { .. }
            | CallEvent::Ended { .. } => true,
        }
    }

    /// Moves on by one thing told.
    pub(super) fn apply(&mut self, told: &Told) {
        let at = told.at;
        self.first_at = self.first_at.min(at);
        self.last_at = self.last_at.max(at);
        if told.ahead {
            self.mark(Mark::SourceAhead);
        }
        if told.twice {
            self.mark(Mark::ToldTwice);
        }
        match &told.event {
            CallEvent::Arrived {
                caller,
                line,
                direction,
                channel: _,
            } => self.arrive(at, *caller, line.as_ref(), *direction),
            CallEvent::Tagged { key, code, by } => {
                self.record.test |= *key == TagKey::Test;
                self.record.tags.push(Tag {
                    key: *key,
                    code: code.clone(),
                    by: *by,
                });
            }
            CallEvent::Refused { reason, queue, .. } => self.refuse(at, *reason, queue.as_ref()),
            CallEvent::QueueEntered { queue, .. } => self.enter(at, told.origin, queue),
            CallEvent::QueueLeft { queue, exit } => self.leave(at, queue, Exit::from(*exit)),
            CallEvent::AgentOffered { agent, queue } => self.offer(at, agent, queue.as_ref()),
            CallEvent::OfferMissed { agent, reason, .. } => self.miss(at, agent, *reason),
            CallEvent::AgentConnected { agent, queue } => self.connect(at, agent, queue.as_ref()),
            CallEvent::AgentReleased { agent, queue, by } => {
                self.release(at, agent, queue.as_ref(), *by);
            }
            CallEvent::HoldStarted {
                agent,
                for_consultation,
            } => self.hold(at, agent, *for_consultation),
            CallEvent::HoldEnded { agent } => self.unhold(at, agent),
            CallEvent::TransferStarted { method, from, to } => {
                self.begin_transfer(at, from, *method, to);
            }
            CallEvent::TransferCompleted { from, method, to } => {
                self.complete_transfer(at, from, *method, to.as_ref());
            }
            CallEvent::TransferFailed { from, cause } => self.fail_transfer(at, from, *cause),
            CallEvent::DigitPressed { .. } => {}
            CallEvent::CallbackPromised { due, .. } => self.record.callbacks_promised.push(*due),
            CallEvent::CallbackAttempted { result, .. } => {
                self.record.callbacks_tried.push(CallbackTry {
                    at,
                    result: *result,
                });
            }
            CallEvent::MessageLeft { .. } => self.record.messages += 1,
            CallEvent::Ended { by, .. } => self.end(at, *by),
        }
    }

    fn arrive(&mut self, at: Timestamp, caller: Caller, line: Option<&LineId>, way: Direction) {
        if self.arrived {
            self.contradict();
            return;
        }
        let record = &self.record;
        let begun = record.visits.len() + record.offers.len() + record.legs.len();
        if begun + record.refusals.len() > 0 || self.ended {
            self.contradict();
        }
        self.arrived = true;
        self.record.arrived_at = at;
        self.record.caller = caller;
        self.record.line = line.cloned();
        self.record.direction = way;
    }

    fn refuse(&mut self, at: Timestamp, reason: RefusalReason, queue: Option<&QueueId>) {
        if self.ended {
            self.contradict();
            return;
        }
        self.record.refusals.push(Refusal {
            at,
            reason,
            queue: queue.cloned(),
        });
    }

    fn end(&mut self, at: Timestamp, by: EndedBy) {
        if self.ended {
            self.contradict();
            return;
        }
        self.record.ended_at = Some(at);
        self.record.ended_by = by;
        if let Some(visit) = self.waiting {
            let exit = self.exit_at_end(visit, at, by);
            self.exit(visit, exit, at);
            self.visits[visit].conclude_exit_at_end();
        }
        let missed = match by {
            EndedBy::Caller | EndedBy::Unknown => OfferResult::CallerGone,
            EndedBy::Agent | EndedBy::Pbx => OfferResult::Error,
        };
        self.let_go(at, by, missed);
    }

    /// Closes the call without a told end, at the last thing told: the least that is certain.
    pub(super) fn close_unknown(&mut self) {
        if self.ended {
            return;
        }
        let at = self.last_at;
        self.mark(Mark::EndMissing);
        self.record.ended_at = Some(at);
        if let Some(visit) = self.waiting {
            self.exit(visit, Exit::Error, at);
            self.visits[visit].conclude_exit_at_end();
        }
        self.let_go(at, EndedBy::Unknown, OfferResult::Error);
    }

    /// Nothing rings and nobody talks beyond the call's end.
    fn let_go(&mut self, at: Timestamp, by: EndedBy, missed: OfferResult) {
        for offer in 0..self.record.offers.len() {
            self.close_offer(offer, at, missed);
        }
        self.release_handed_over(None, at);
        self.release_everybody(at, by);
        self.ended = true;
    }

    /// The record as far as it is known; once the end was told, how the call ended is known too, though a straggler may
    /// still change it.
    pub(super) fn conclude(&self) -> CallRecord {
        let story = self.clone();
        if self.ended {
            story.settle()
        } else {
            story.into_record()
        }
    }

    /// The record that remains: nothing more is expected.
    pub(super) fn settle(self) -> CallRecord {
        let mut record = self.into_record();
        record.outcome = Some(close::outcome(&record));
        record
    }

    /// The record so far, its transfers among it. It is made anew only where somebody tried to pass the caller on: it is
    /// looked at after each thing told, and most calls are never passed on.
    pub(super) fn record_with_transfers(&self) -> Cow<'_, CallRecord> {
        if self.passing.is_untouched() {
            return Cow::Borrowed(&self.record);
        }
        let passed = self.conclude_transfers();
        let mut record = self.record.clone();
        passed.put_into(&mut record);
        Cow::Owned(record)
    }

    fn into_record(self) -> CallRecord {
        let passed = self.conclude_transfers();
        let mut record = self.record;
        if !self.arrived {
            record.arrived_at = self.first_at;
            record.marks.add(Mark::ArrivalMissing);
        }
        if self.legs.iter().any(|leg| leg.implied) {
            record.marks.add(Mark::ReleaseMissing);
        }
        if self.visits.iter().any(VisitNote::exit_missing) {
            record.marks.add(Mark::ExitMissing);
        }
        if passed.unseen {
            record.marks.add(Mark::TransferUnseen);
        }
        passed.put_into(&mut record);
        record
    }
}
