//! A story's legs: agents connected to the caller, and their holds.

use std::time::Duration;

use crate::model::{AgentId, EndedBy, Exit, Leg, Mark, OfferResult, QueueId, Timestamp};

use super::story::Story;

/// What is known of a leg beside its record.
#[derive(Clone, Debug)]
pub(super) struct LegNote {
    /// How many visits there were before it, its own included.
    pub(super) visits_before: usize,
    /// Its connection was concluded, not told: how long the talk was is not known.
    pub(super) inferred: bool,
    /// Since when the caller is on hold.
    pub(super) held_since: Option<Timestamp>,
    /// That hold is for a consultation.
    pub(super) held_for_consultation: bool,
    /// The caller was on hold when it ended.
    pub(super) held_at_end: bool,
    /// Its release was concluded, not told.
    pub(super) implied: bool,
}

impl Story {
    /// The agent's leg that has not been released.
    pub(super) fn open_leg(&self, agent: &AgentId) -> Option<usize> {
        let open = |leg: &Leg| leg.released_at.is_none() && leg.agent == *agent;
        self.record.legs.iter().rposition(open)
    }

    /// The agent's last leg.
    pub(super) fn last_leg(&self, agent: &AgentId) -> Option<usize> {
        let of_agent = |leg: &Leg| leg.agent == *agent;
        self.record.legs.iter().rposition(of_agent)
    }

    /// Legs that have not been released, in order.
    pub(super) fn open_legs(&self) -> impl Iterator<Item = usize> + '_ {
        let legs = self.record.legs.iter().enumerate();
        legs.filter(|(_, leg)| leg.released_at.is_none())
            .map(|(index, _)| index)
    }

    pub(super) fn connect(&mut self, at: Timestamp, agent: &AgentId, queue: Option<&QueueId>) {
        if self.is_ended() || (self.waiting.is_none() && self.open_leg(agent).is_some()) {
            self.contradict();
            return;
        }
        if let Some(ringing) = self.open_offer(agent) {
            self.end_offer(ringing, at, OfferResult::Answered);
        }
        let visit = self.waiting;
        if let Some(visit) = visit {
            if queue.is_some_and(|queue| self.record.visits[visit].queue != *queue) {
                self.contradict();
            }
            self.exit(visit, Exit::Answered, at);
        } else if queue.is_some_and(|queue| !self.brings_from(agent, queue)) {
            self.mark(Mark::VisitMissing);
            self.contradict();
        }
        self.push_leg(at, agent, visit, queue);
    }

    fn push_leg(
        &mut self,
        at: Timestamp,
        agent: &AgentId,
        visit: Option<usize>,
        queue: Option<&QueueId>,
    ) -> usize {
        let of_visit = visit.map(|visit| self.record.visits[visit].queue.clone());
        self.record.legs.push(Leg {
            visit,
            agent: agent.clone(),
            queue: of_visit.or(queue.cloned()),
            connected_at: at,
            released_at: None,
            released_by: EndedBy::Unknown,
            hold: Duration::ZERO,
            consult: Duration::ZERO,
        });
        self.legs.push(LegNote {
            visits_before: self.record.visits.len(),
            inferred: false,
            held_since: None,
            held_for_consultation: false,
            held_at_end: false,
            implied: false,
        });
        let leg = self.record.legs.len() - 1;
        if visit.is_none() {
            self.pass_to_leg(leg);
        }
        leg
    }

    /// An agent does what only somebody connected can do, so the connection was lost on the way: the leg begins when the
    /// agent rang, the last that is known, and the visit's wait and talk stay unknown. Not while somebody else talks: then it is the
    /// doing of an agent who is consulted.
    pub(super) fn infer_leg(
        &mut self,
        at: Timestamp,
        agent: &AgentId,
        queue: Option<&QueueId>,
    ) -> Option<usize> {
        let rang = self.open_offer(agent);
        let known = rang.is_none() && self.last_leg(agent).is_some();
        let else_talks = self.waiting.is_none() && self.open_legs().next().is_some();
        if self.is_ended() || known || else_talks {
            return None;
        }
        self.miss_before(Mark::AnswerMissing);
        let since = rang.map_or(at, |offer| self.record.offers[offer].offered_at);
        if let Some(ringing) = rang {
            self.end_offer(ringing, since, OfferResult::Answered);
        }
        let visit = self
            .waiting
            .filter(|_| queue.is_none_or(|queue| self.waits_in(queue)));
        if let Some(visit) = visit {
            self.exit(visit, Exit::Answered, since);
            self.record.visits[visit].wait = None;
        } else if queue.is_some() {
            self.mark(Mark::VisitMissing);
        }
        let leg = self.push_leg(since, agent, visit, queue);
        self.legs[leg].inferred = true;
        Some(leg)
    }

    pub(super) fn release(
        &mut self,
        at: Timestamp,
        agent: &AgentId,
        queue: Option<&QueueId>,
        by: EndedBy,
    ) {
        if let Some(leg) = self.open_leg(agent) {
            self.release_handed_over(Some(leg), at);
            self.close_leg(leg, at, by);
            self.pass_from_leg(leg);
            return;
        }
        // Told after what it led to: only who released is news.
        let legs = self.record.legs.iter().zip(&self.legs);
        let implied = legs
            .into_iter()
            .position(|(leg, note)| leg.agent == *agent && note.implied);
        if let Some(leg) = implied {
            self.legs[leg].implied = false;
            self.record.legs[leg].released_by = by;
        } else if let Some(leg) = self.infer_leg(at, agent, queue) {
            self.close_leg(leg, at, by);
            self.pass_from_leg(leg);
        } else {
            self.contradict();
        }
    }

    /// Ends a leg, its hold and its visit's talk.
    fn close_leg(&mut self, leg: usize, at: Timestamp, by: EndedBy) {
        if let Some(since) = self.legs[leg].held_since.take() {
            self.legs[leg].held_at_end = true;
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
            self.record.visits[visit].talk = talk.filter(|_| !self.legs[leg].inferred);
        }
    }

    fn close_implied(&mut self, leg: usize, at: Timestamp, by: EndedBy) {
        // What was told of a hold after that instant is no talk either.
        self.legs[leg].held_since = self.legs[leg].held_since.map(|since| since.min(at));
        self.close_leg(leg, at, by);
        self.legs[leg].implied = true;
    }

    /// Legs older than a visit ended when the caller was queued, if nothing else was told by the visit's end.
    pub(super) fn release_before(&mut self, visit: usize) {
        let at = self.record.visits[visit].entered_at;
        for leg in 0..self.visits[visit].legs_before {
            if self.record.legs[leg].released_at.is_none() {
                self.close_implied(leg, at, EndedBy::Unknown);
                self.pass_from_leg(leg);
            }
        }
    }

    /// Legs whose agent was said to have passed the caller on ended when the next agent had the caller: with the next
    /// agent's release (`before` it), or with the call.
    pub(super) fn release_handed_over(&mut self, before: Option<usize>, at: Timestamp) {
        for leg in 0..before.unwrap_or(self.record.legs.len()) {
            let Some(completed_at) = self.passing.completed_at(leg) else {
                continue;
            };
            if self.record.legs[leg].released_at.is_some() {
                continue;
            }
            let next = self.open_legs().find(|&next| next > leg);
            if next.is_none() && before.is_some() {
                continue;
            }
            let next_at = next.map(|next| self.record.legs[next].connected_at);
            let connected_at = self.record.legs[leg].connected_at;
            let end = completed_at.max(next_at.unwrap_or(completed_at));
            self.close_implied(leg, end.max(connected_at).min(at), EndedBy::Unknown);
            if next.is_some() {
                self.pass_from_leg(leg);
            }
        }
    }

    /// Legs that nobody was said to have released end with the call.
    pub(super) fn release_everybody(&mut self, at: Timestamp, by: EndedBy) {
        for leg in 0..self.record.legs.len() {
            if self.record.legs[leg].released_at.is_none() {
                self.close_leg(leg, at, by);
                self.legs[leg].implied = true;
            }
        }
    }

    pub(super) fn hold(&mut self, at: Timestamp, agent: &AgentId, for_consultation: bool) {
        let leg = self
            .open_leg(agent)
            .or_else(|| self.infer_leg(at, agent, None));
        match leg {
            Some(leg) if self.legs[leg].held_since.is_none() => {
                self.legs[leg].held_since = Some(at);
                self.legs[leg].held_for_consultation = for_consultation;
            }
            _ => self.contradict(),
        }
    }

    pub(super) fn unhold(&mut self, at: Timestamp, agent: &AgentId) {
        let leg = self.open_leg(agent);
        match leg.and_then(|leg| Some((leg, self.legs[leg].held_since.take()?))) {
            Some((leg, since)) => self.add_hold(leg, since, at),
            None => self.contradict(),
        }
    }

    fn add_hold(&mut self, leg: usize, since: Timestamp, until: Timestamp) {
        match until.since(since) {
            Some(span) => {
                self.record.legs[leg].hold += span;
                if self.legs[leg].held_for_consultation {
                    self.record.legs[leg].consult += span;
                }
            }
            None => self.mark(Mark::NegativeSpan),
        }
    }
}
