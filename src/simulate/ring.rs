//! Ringing: which agent's phone rings for which caller, and how that ends.

use std::mem;
use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::{AgentOffered, AgentState, MissedReason, OfferMissed};

use super::call::{Slot, Stage};
use super::floor::{AgentNumber, QueueNumber, Status};
use super::shift::AgentStep;
use super::simulator::{Simulator, Step};
use super::truth::VisitEnd;
use super::wait::Departure;

/// A phone is picked up after some rings …
pub(super) const RING_MEDIAN: Duration = Duration::from_secs(5);
/// … or the switch gives up and tries another agent.
pub(super) const RING_MAX: Duration = Duration::from_secs(18);
/// A switch notices within this span that nobody serves the queue of a caller.
const EMPTY_NOTICED_MAX: Duration = Duration::from_secs(6);

/// How a ring ends at the agent's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RingEnd {
    Answered,
    NoAnswer,
    Busy,
    Rejected,
}

impl Simulator {
    /// Lets idle agents ring for a caller, the longest idle first.
    pub(super) fn offer(&mut self, slot: Slot, queue: QueueNumber) {
        if !self.floor.queues[queue as usize].is_served() {
            let token = self.calls[slot as usize].token;
            let noticed = self.draw.between(Duration::from_secs(1), EMPTY_NOTICED_MAX);
            self.plan(noticed, Step::Departure(slot, token, Departure::Empty));
            return;
        }
        for _ in 0..self.floor.queues[queue as usize].rings {
            let Some(agent) = self.floor.take_idle(queue) else {
                return;
            };
            self.ring(agent, slot, queue);
        }
    }

    fn ring(&mut self, agent: AgentNumber, slot: Slot, queue: QueueNumber) {
        let offered = AgentOffered {
            agent: self.agent_name(agent),
            queue: self.queue_name(Some(queue)),
        };
        self.say_call(slot, Kind::AgentOffered(offered));
        self.call(slot).ringing.push(agent);
        let token = self.set_status(agent, Status::Ringing(slot));
        let (after, end) = self.draw_ring();
        self.plan(after, Step::Ring(agent, token, end));
    }

    fn draw_ring(&mut self) -> (Duration, RingEnd) {
        if self.draw.chance(self.options.behaviour.missed_offer_share) {
            let end = self
                .draw
                .one_of([RingEnd::NoAnswer, RingEnd::Busy, RingEnd::Rejected]);
            let after = match end {
                RingEnd::Busy => Duration::from_millis(300),
                RingEnd::Rejected => self.draw.log_normal(RING_MEDIAN, 0.4).min(RING_MAX),
                RingEnd::NoAnswer | RingEnd::Answered => RING_MAX,
            };
            return (after, end);
        }
        let after = self.draw.log_normal(RING_MEDIAN, 0.5);
        if after < RING_MAX {
            (after, RingEnd::Answered)
        } else {
            (RING_MAX, RingEnd::NoAnswer)
        }
    }

    pub(super) fn end_ring(&mut self, agent: AgentNumber, end: RingEnd) {
        let Status::Ringing(slot) = self.floor.agents[agent as usize].status else {
            return;
        };
        let Stage::Waiting(queue) = self.calls[slot as usize].stage else {
            return;
        };
        let (reason, away) = match end {
            RingEnd::Answered => {
                self.answer(slot, agent, queue);
                return;
            }
            RingEnd::NoAnswer => (MissedReason::NoAnswer, "no_answer"),
            RingEnd::Busy => (MissedReason::Busy, ""),
            RingEnd::Rejected => (MissedReason::Rejected, "declined"),
        };
        self.say_missed(slot, agent, Some(queue), reason);
        self.call(slot).ringing.retain(|&ringing| ringing != agent);
        if end == RingEnd::Busy {
            self.go_away(agent, AgentState::OtherCall, away, Duration::from_secs(90));
        } else {
            // The switch pauses who does not answer, or it would ring there again at once.
            self.go_away(agent, AgentState::Paused, away, Duration::from_secs(60));
        }
        if self.calls[slot as usize].ringing.is_empty() {
            self.offer(slot, queue);
        }
    }

    fn answer(&mut self, slot: Slot, agent: AgentNumber, queue: QueueNumber) {
        self.floor.queues[queue as usize].remove(slot);
        let others = mem::take(&mut self.call(slot).ringing);
        let entered_at = self.calls[slot as usize].entered_at;
        let was_served = self.calls[slot as usize].is_served();
        let at = self.connect(slot, agent, Some(queue));
        let wait = at.micros_since(entered_at);
        self.count(slot, |truth| {
            truth.visit_ended(queue, VisitEnd::Answered, wait);
            truth.transfer_wait_sum_us += if was_served { wait } else { 0 };
        });
        for &other in others.iter().filter(|&&other| other != agent) {
            self.say_missed(slot, other, Some(queue), MissedReason::AnsweredElsewhere);
        }
        self.plan_talk(slot);
        for &other in others.iter().filter(|&&other| other != agent) {
            self.be_idle(other);
        }
    }

    pub(super) fn say_missed(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
        reason: MissedReason,
    ) {
        let missed = OfferMissed {
            agent: self.agent_name(agent),
            queue: self.queue_name(queue),
            reason: reason.into(),
        };
        self.say_call(slot, Kind::OfferMissed(missed));
    }

    /// Takes the caller who has waited longest in the agent's queues and for whom no phone rings.
    pub(super) fn seek_work(&mut self, agent: AgentNumber) {
        let next = self.next_caller(agent);
        if let Some((slot, queue)) = next {
            self.offer(slot, queue);
        }
    }

    /// The caller an agent would take.
    pub(super) fn next_caller(&self, agent: AgentNumber) -> Option<(Slot, QueueNumber)> {
        let queues = self.floor.agents[agent as usize].queues.iter();
        let heads = queues.filter_map(|&queue| {
            let waits = &self.floor.queues[queue as usize];
            let mut unrung = waits.waiting.iter();
            let slot = unrung.find(|&&slot| self.calls[slot as usize].ringing.is_empty())?;
            waits.staffed.then_some((*slot, queue))
        });
        heads.min_by_key(|&(slot, _)| {
            let call = &self.calls[slot as usize];
            (!call.is_served(), call.entered_at)
        })
    }

    /// Sets what an agent does; every plan for what they did before is void.
    pub(super) fn set_status(&mut self, agent: AgentNumber, status: Status) -> u64 {
        let token = self.new_token();
        let agent = &mut self.floor.agents[agent as usize];
        agent.status = status;
        agent.token = token;
        token
    }

    /// An agent is gone from the phone for a while.
    pub(super) fn go_away(
        &mut self,
        agent: AgentNumber,
        state: AgentState,
        reason: &str,
        median: Duration,
    ) {
        let token = self.set_status(agent, Status::Away);
        self.say_agent(agent, state, reason);
        let span = self.draw.log_normal(median, 0.3);
        self.plan(span, Step::Agent(agent, token, AgentStep::ComeBack));
    }
}
