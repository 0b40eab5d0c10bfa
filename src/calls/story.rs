//! One call's story: each thing told moves it on by one step.
//!
//! Anything may be told in any state; what does not fit is marked and counted as a contradiction, never refused. The
//! rules are those of the catalogue of definitions ("Rules for the hard cases").

use std::time::Duration;

use crate::model::{
    AgentId, CallEvent, CallRecord, CallbackTry, Caller, Direction, EndedBy, Exit, Leg, LineId,
    Mark, Marks, MissedReason, Offer, OfferResult, QueueId, Refusal, Reroute, Tag, TagKey, Text,
    Timestamp, Visit,
};

use super::close;
use super::told::{Order, Told};
use super::transfers::Passing;

/// Left and entered again faster than this is the dialplan's own loop.
const REENTRY: Duration = Duration::from_secs(1);

/// A call's record in the making.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// What is known so far.
    pub(super) record: CallRecord,
    /// The event that began each visit: its identity under refolding.
    pub(super) origins: Vec<Order>,
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
    /// Since when each leg is on hold.
    held_since: Vec<Option<Timestamp>>,
    /// Legs and offers whose end was concluded, not told.
    implied_legs: Vec<bool>,
    implied_offers: Vec<bool>,
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
            origins: Vec::new(),
            waiting: None,
            passing: Passing::default(),
            first_at: at,
            last_at: at,
            arrived: false,
            ended: false,
            held_since: Vec::new(),
            implied_legs: Vec::new(),
            implied_offers: Vec::new(),
            contradictions: 0,
        }
    }

    /// How often something was told that does not fit what was told before.
    pub(super) fn contradictions(&self) -> u32 {
        self.contradictions
    }

    /// Whether the call's end was told.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Marks the call.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.record.marks.add(mark);
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
            CallEvent::AgentReleased { agent, .. } => self.open_leg(agent).is_some(),
            CallEvent::HoldStarted { agent } => self
                .open_leg(agent)
                .is_some_and(|leg| self.held_since[leg].is_none()),
            CallEvent::HoldEnded { agent } => self
                .open_leg(agent)
                .is_some_and(|leg| self.held_since[leg].is_some()),
            CallEvent::TransferStarted { from, .. } => self.open_leg(from).is_some(),
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
        match &told.event {
            CallEvent::Arrived {
                caller,
                line,
                direction,
                channel: _,
            } => {
                self.arrive(at, *caller, line.as_ref(), *direction);
            }
            CallEvent::Tagged { key, code, by } => {
                self.record.test |= *key == TagKey::Test;
                self.record.tags.push(Tag {
                    key: *key,
                    code: code.clone(),
                    by: *by,
                });
            }
            CallEvent::DigitPressed { .. } => {}
            CallEvent::CallbackPromised { due, .. } => self.record.callbacks_promised.push(*due),
            CallEvent::CallbackAttempted { result, .. } => {
                self.record.callbacks_tried.push(CallbackTry {
                    at,
                    result: *result,
                });
            }
            CallEvent::MessageLeft { .. } => self.record.messages += 1,
            CallEvent::OfferMissed { agent, reason, .. } => self.miss(at, agent, *reason),
            CallEvent::AgentReleased { agent, by, .. } => self.release(at, agent, *by),
            CallEvent::Ended { by, .. } => self.end(at, *by),
            CallEvent::Refused { .. }
            | CallEvent::QueueEntered { .. }
            | CallEvent::QueueLeft { .. }
            | CallEvent::AgentOffered { .. }
            | CallEvent::AgentConnected { .. }
            | CallEvent::HoldStarted { .. }
            | CallEvent::HoldEnded { .. }
            | CallEvent::TransferStarted { .. }
            | CallEvent::TransferCompleted { .. }
            | CallEvent::TransferFailed { .. }
                if self.ended =>
            {
                self.mark(Mark::AfterEnd);
                self.contradict();
            }
            CallEvent::Refused { reason, queue, .. } => {
                self.record.refusals.push(Refusal {
                    at,
                    reason: *reason,
                    queue: queue.clone(),
                });
            }
            CallEvent::QueueEntered { queue, .. } => self.enter(at, told.order, queue),
            CallEvent::QueueLeft { queue, exit } => self.leave(at, queue, Exit::from(*exit)),
            CallEvent::AgentOffered { agent, queue } => self.offer(at, agent, queue.as_ref()),
            CallEvent::AgentConnected { agent, queue } => self.connect(at, agent, queue.as_ref()),
            CallEvent::HoldStarted { agent } => self.hold(at, agent),
            CallEvent::HoldEnded { agent } => self.unhold(at, agent),
            CallEvent::TransferStarted { method, from, to } => {
                self.passing.begin(*method, from, to);
            }
            CallEvent::TransferCompleted { from, method, to } => {
                self.complete_transfer(at, from, *method, to.as_ref());
            }
            CallEvent::TransferFailed { from, cause } => self.fail_transfer(at, from, *cause),
        }
    }

    /// Counts something that does not fit.
    pub(super) fn contradict(&mut self) {
        self.contradictions += 1;
        self.mark(Mark::Contradiction);
    }

    fn arrive(&mut self, at: Timestamp, caller: Caller, line: Option<&LineId>, way: Direction) {
        if self.arrived {
            self.contradict();
            return;
        }
        self.arrived = true;
        self.record.arrived_at = at;
        self.record.caller = caller;
        self.record.line = line.cloned();
        self.record.direction = way;
    }

    fn enter(&mut self, at: Timestamp, order: Order, queue: &QueueId) {
        if let Some(waiting) = self.waiting {
            self.mark(Mark::ExitMissing);
            self.contradict();
            self.exit(waiting, Exit::Withdrawn, at);
        }
        let human = !self.record.legs.is_empty();
        let before = self.record.visits.last();
        let left_at = before.and_then(|visit| visit.exited_at);
        let reentered = before.is_some_and(|visit| visit.queue == *queue)
            && left_at
                .and_then(|left| at.since(left))
                .is_some_and(|gap| gap < REENTRY);
        if let Some(before) = before
            && !human
            && before.queue != *queue
        {
            let from = before.queue.clone();
            self.record.reroutes.push(Reroute {
                from,
                to: queue.clone(),
            });
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
        self.origins.push(order);
        self.waiting = Some(self.record.visits.len() - 1);
        self.pass_to_queue(at, queue);
    }

    fn leave(&mut self, at: Timestamp, queue: &QueueId, exit: Exit) {
        match self.waiting {
            Some(visit) if self.record.visits[visit].queue == *queue => self.exit(visit, exit, at),
            _ => self.contradict(),
        }
    }

    /// Ends a visit and the offers that rang for it.
    fn exit(&mut self, visit: usize, exit: Exit, at: Timestamp) {
        self.waiting = None;
        let ended = &mut self.record.visits[visit];
        ended.exit = Some(exit);
        ended.exited_at = Some(at);
        ended.wait = at.since(ended.entered_at);
        if ended.wait.is_none() {
            self.mark(Mark::NegativeSpan);
        }
        let result = match exit {
            Exit::Answered => OfferResult::AnsweredElsewhere,
            Exit::Timeout => OfferResult::RingTimeout,
            Exit::AbandonedWaiting
            | Exit::AbandonedRinging
            | Exit::KeyExit
            | Exit::LeftEmpty
            | Exit::Withdrawn
            | Exit::Callback => OfferResult::CallerGone,
            Exit::Error => OfferResult::Error,
        };
        for offer in 0..self.record.offers.len() {
            if self.record.offers[offer].visit == Some(visit) {
                self.close_offer(offer, at, result);
            }
        }
    }

    fn offer(&mut self, at: Timestamp, agent: &AgentId, queue: Option<&QueueId>) {
        let visit = match queue {
            None => self.waiting,
            Some(queue) if self.waits_in(queue) => self.waiting,
            Some(_) => {
                self.contradict();
                None
            }
        };
        if let Some(ringing) = self.open_offer(agent) {
            self.close_offer(ringing, at, OfferResult::NoAnswer);
        }
        let queue = visit
            .map(|visit| self.record.visits[visit].queue.clone())
            .or(queue.cloned());
        self.record.offers.push(Offer {
            visit,
            agent: agent.clone(),
            queue,
            offered_at: at,
            ended_at: None,
            result: None,
        });
        self.implied_offers.push(false);
    }

    fn miss(&mut self, at: Timestamp, agent: &AgentId, reason: MissedReason) {
        let open = self.open_offer(agent);
        // Switches often tell the miss after what caused it: then it only refines what was concluded.
        let implied = || {
            let last = self
                .record
                .offers
                .iter()
                .rposition(|offer| offer.agent == *agent);
            last.filter(|&offer| self.implied_offers[offer])
        };
        match open.or_else(implied) {
            None => self.contradict(),
            Some(offer) => {
                self.implied_offers[offer] = false;
                let offer = &mut self.record.offers[offer];
                offer.ended_at = Some(offer.ended_at.unwrap_or(at));
                offer.result = Some(reason.into());
            }
        }
    }

    fn close_offer(&mut self, offer: usize, at: Timestamp, result: OfferResult) {
        let closed = &mut self.record.offers[offer];
        if closed.ended_at.is_none() {
            closed.ended_at = Some(at);
            closed.result = Some(result);
            self.implied_offers[offer] = true;
        }
    }

    fn connect(&mut self, at: Timestamp, agent: &AgentId, queue: Option<&QueueId>) {
        if self.open_leg(agent).is_some() {
            self.contradict();
            return;
        }
        if let Some(ringing) = self.open_offer(agent) {
            let offer = &mut self.record.offers[ringing];
            offer.ended_at = Some(at);
            offer.result = Some(OfferResult::Answered);
        }
        let visit = self.waiting;
        if let Some(visit) = visit {
            if queue.is_some_and(|queue| self.record.visits[visit].queue != *queue) {
                self.contradict();
            }
            self.exit(visit, Exit::Answered, at);
        } else if queue.is_some() {
            self.mark(Mark::VisitMissing);
            self.contradict();
        }
        let queue = visit
            .map(|visit| self.record.visits[visit].queue.clone())
            .or(queue.cloned());
        if visit.is_none() {
            self.pass_to_agent(at, agent);
        }
        self.record.legs.push(Leg {
            visit,
            agent: agent.clone(),
            queue,
            connected_at: at,
            released_at: None,
            released_by: EndedBy::Unknown,
            hold: Duration::ZERO,
        });
        self.held_since.push(None);
        self.implied_legs.push(false);
    }

    fn release(&mut self, at: Timestamp, agent: &AgentId, by: EndedBy) {
        if let Some(leg) = self.open_leg(agent) {
            self.close_leg(leg, at, by);
            self.pass_from_leg(at, leg, by);
            return;
        }
        let last = self.record.legs.iter().rposition(|leg| leg.agent == *agent);
        match last.filter(|&leg| self.implied_legs[leg]) {
            Some(leg) => {
                self.implied_legs[leg] = false;
                self.record.legs[leg].released_by = by;
            }
            None => self.contradict(),
        }
    }

    /// Ends a leg, its hold and its visit's talk.
    fn close_leg(&mut self, leg: usize, at: Timestamp, by: EndedBy) {
        if let Some(since) = self.held_since[leg].take() {
            self.add_hold(leg, since, at);
        }
        let closed = &mut self.record.legs[leg];
        closed.released_at = Some(at);
        closed.released_by = by;
        let talk = closed.talk();
        let visit = closed.visit;
        if talk.is_none() {
            self.mark(Mark::NegativeSpan);
        }
        if let Some(visit) = visit {
            self.record.visits[visit].talk = talk;
        }
    }

    fn hold(&mut self, at: Timestamp, agent: &AgentId) {
        match self.open_leg(agent) {
            Some(leg) if self.held_since[leg].is_none() => self.held_since[leg] = Some(at),
            _ => self.contradict(),
        }
    }

    fn unhold(&mut self, at: Timestamp, agent: &AgentId) {
        let leg = self.open_leg(agent);
        match leg.and_then(|leg| Some((leg, self.held_since[leg].take()?))) {
            Some((leg, since)) => self.add_hold(leg, since, at),
            None => self.contradict(),
        }
    }

    fn add_hold(&mut self, leg: usize, since: Timestamp, until: Timestamp) {
        match until.since(since) {
            Some(span) => self.record.legs[leg].hold += span,
            None => self.mark(Mark::NegativeSpan),
        }
    }

    fn end(&mut self, at: Timestamp, by: EndedBy) {
        if self.ended {
            self.contradict();
            return;
        }
        self.ended = true;
        self.record.ended_at = Some(at);
        self.record.ended_by = by;
        self.release_everything(at, by, Self::exit_at_end);
    }

    /// Closes the call without a told end, at the last thing told: the least that is certain.
    pub(super) fn close_unknown(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        self.mark(Mark::EndMissing);
        let at = self.last_at;
        self.record.ended_at = Some(at);
        self.record.ended_by = EndedBy::Unknown;
        self.release_everything(at, EndedBy::Unknown, |_, _, _| Exit::Error);
    }

    fn release_everything(
        &mut self,
        at: Timestamp,
        by: EndedBy,
        exit: fn(&Self, usize, EndedBy) -> Exit,
    ) {
        if let Some(visit) = self.waiting {
            let exit = exit(self, visit, by);
            self.exit(visit, exit, at);
        }
        for offer in 0..self.record.offers.len() {
            self.close_offer(offer, at, OfferResult::CallerGone);
        }
        for leg in 0..self.record.legs.len() {
            if self.record.legs[leg].released_at.is_none() {
                self.close_leg(leg, at, by);
                self.implied_legs[leg] = true;
            }
        }
        self.end_passing(at, by);
    }

    /// How a waiting visit ends with its call.
    fn exit_at_end(&self, visit: usize, by: EndedBy) -> Exit {
        let rings = |offer: &Offer| offer.visit == Some(visit) && offer.ended_at.is_none();
        match by {
            EndedBy::Pbx | EndedBy::Agent => Exit::Error,
            EndedBy::Caller | EndedBy::Unknown if self.record.offers.iter().any(rings) => {
                Exit::AbandonedRinging
            }
            EndedBy::Caller | EndedBy::Unknown => Exit::AbandonedWaiting,
        }
    }

    /// The record as far as it is known; final when the call is settled.
    pub(super) fn conclude(&self, settled: bool) -> CallRecord {
        let mut record = self.record.clone();
        if !self.arrived {
            record.arrived_at = self.first_at;
            record.marks.add(Mark::ArrivalMissing);
        }
        if self.implied_legs.contains(&true) {
            record.marks.add(Mark::ReleaseMissing);
        }
        self.passing.conclude(&mut record);
        if settled {
            record.outcome = Some(close::outcome(&record, self.ended));
        }
        record
    }

    fn waits_in(&self, queue: &QueueId) -> bool {
        self.waiting
            .is_some_and(|visit| self.record.visits[visit].queue == *queue)
    }

    fn open_offer(&self, agent: &AgentId) -> Option<usize> {
        let open = |offer: &Offer| offer.agent == *agent && offer.ended_at.is_none();
        self.record.offers.iter().rposition(open)
    }

    /// The agent's leg that has not been released.
    pub(super) fn open_leg(&self, agent: &AgentId) -> Option<usize> {
        let open = |leg: &Leg| leg.agent == *agent && leg.released_at.is_none();
        self.record.legs.iter().rposition(open)
    }

    /// A name as a record keeps it.
    pub(super) fn text(name: &str) -> Text {
        name.into()
    }
}
