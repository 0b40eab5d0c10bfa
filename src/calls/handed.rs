//! What came of passing the caller on: transfers, failures, returns, consultations.
//!
//! A transfer is done when an agent's leg ends while the caller lives on and becomes connected or queued elsewhere.
//! Queued again by the same queue at once is no transfer unless the switch told one: the dialplan did it. Later than
//! that somebody did it. Back with the agent who passed on, or in the agent's queue without that having been the target,
//! is the fall-back of a failure.

use std::time::Duration;

use crate::model::{
    CallRecord, EndedBy, FailedTransfer, QueueId, TargetKind, Text, Timestamp, Transfer,
    TransferFailure, TransferMethod, TransferOutcome, TransferTarget,
};

use super::story::Story;
use super::transfers::{Attempt, Destination};

/// A dialplan that takes a caller back does so at once; an announcement or a slow switch makes it seconds. Whoever is
/// queued again later than this was queued by somebody.
const REQUEUE_MAX: Duration = Duration::from_secs(5);

/// What came of it, as a record has it.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Transfers done, in order.
    pub(super) transfers: Vec<Transfer>,
    /// Transfers begun and not done.
    pub(super) failed_transfers: Vec<FailedTransfer>,
    /// Queued again by the same queue at once, with no transfer told.
    pub(super) requeued: u32,
    /// Consultations without hand-over.
    pub(super) consult_only: u32,
    /// A transfer was told as done, and nobody was seen to take the call.
    pub(super) unseen: bool,
}

impl Passed {
    /// Puts it into a record that has nothing of it yet.
    pub(super) fn put_into(self, record: &mut CallRecord) {
        record.transfers = self.transfers;
        record.failed_transfers = self.failed_transfers;
        record.requeued = self.requeued;
        record.consult_only = self.consult_only;
    }
}

/// Where a leg's caller went, as a transfer has it.
struct Reached {
    at: Timestamp,
    target: TargetKind,
    to: Text,
    had_the_call: bool,
    answered: bool,
    wait: Duration,
}

/// A place in the call: when, since when the caller is known to be queued there, and how many visits and legs there were
/// before.
#[derive(Clone, Copy)]
struct Place {
    at: Timestamp,
    queued_at: Option<Timestamp>,
    visits: usize,
    legs: usize,
}

/// What a hand-over was.
enum Handed {
    /// A transfer.
    Over(Reached),
    /// Queued again by the same queue at once, the dialplan's doing.
    Requeued,
    /// Back where the caller came from, at this instant: what was begun failed.
    Back(Timestamp),
    /// Nothing of the kind.
    No,
}

impl Story {
    /// Fills in what came of each attempt and each hand-over; what is still under way stays out until the call ends.
    pub(super) fn conclude_transfers(&self) -> Passed {
        let mut passed = Passed::default();
        let attempts = &self.passing.attempts;
        let mut spent = vec![false; attempts.len()];
        for (leg, agent) in &self.passing.joined {
            passed.consult_only += 1;
            let meant = |attempt: &Attempt| {
                let to = matches!(&attempt.to, Some(TransferTarget::Agent(to)) if to == agent);
                attempt.leg == *leg && to && attempt.failed.is_none()
            };
            if let Some(index) = attempts.iter().rposition(meant) {
                spent[index] = true;
            }
        }
        for leg in 0..self.record.legs.len() {
            let of_leg = |&index: &usize| attempts[index].leg == leg && !spent[index];
            let of_leg: Vec<usize> = (0..attempts.len()).filter(of_leg).collect();
            self.conclude_leg(leg, &of_leg, &mut passed);
        }
        passed
    }

    fn conclude_leg(&self, leg: usize, of_leg: &[usize], passed: &mut Passed) {
        let attempts = &self.passing.attempts;
        let last = of_leg.last().map(|&index| &attempts[index]);
        let mut led_to_it = of_leg
            .last()
            .filter(|&&index| attempts[index].failed.is_none());
        let attempt = led_to_it.map(|&index| &attempts[index]);
        let fell_back = last.is_some_and(|attempt| attempt.failed.is_some() && attempt.fell_back);
        let handed = if fell_back {
            Handed::No
        } else {
            self.handed(leg, attempt)
        };
        let mut back_at = None;
        match handed {
            Handed::Over(reached) => {
                let stayed = matches!(self.destination(leg), Some(Destination::Staying(_)));
                let shape = if stayed {
                    TransferMethod::Conference
                } else {
                    TransferMethod::Blind
                };
                let method = attempt.and_then(|attempt| attempt.method).unwrap_or(shape);
                self.push_transfer(leg, method, attempt.is_some(), reached, passed);
            }
            Handed::Requeued => passed.requeued += 1,
            Handed::Back(at) => {
                back_at = Some(at);
                led_to_it = None;
            }
            Handed::No => led_to_it = None,
        }
        for index in of_leg.iter().filter(|&index| Some(index) != led_to_it) {
            self.conclude_rest(leg, &attempts[*index], back_at, passed);
        }
    }

    /// Where the caller went when a leg ended.
    fn destination(&self, leg: usize) -> Option<Destination> {
        let mut handovers = self.passing.handovers.iter();
        let handover = handovers.find(|handover| handover.leg == leg)?;
        Some(handover.to)
    }

    fn handed(&self, leg: usize, attempt: Option<&Attempt>) -> Handed {
        if let Some(attempt) = attempt
            && let (Some(at), Some(TransferTarget::Outside(to))) =
                (attempt.completed_at, &attempt.to)
        {
            return Handed::Over(self.outside(at, to));
        }
        match self.destination(leg) {
            None => Handed::No,
            Some(Destination::Visit(visit)) => {
                let visited = &self.record.visits[visit];
                let place = Place {
                    at: visited.entered_at,
                    queued_at: Some(visited.entered_at),
                    visits: visit,
                    legs: self.visits[visit].legs_before,
                };
                self.handed_to_queue(leg, attempt, &visited.queue, place)
            }
            Some(to @ (Destination::Leg(next) | Destination::Staying(next))) => {
                let taken = &self.record.legs[next];
                let released_at = self.record.legs[leg].released_at;
                let place = Place {
                    at: released_at
                        .unwrap_or(taken.connected_at)
                        .max(taken.connected_at),
                    queued_at: None,
                    visits: self.legs[next].visits_before,
                    legs: next,
                };
                if taken.agent == self.record.legs[leg].agent {
                    return Handed::Back(place.at);
                }
                // A leg that names a queue was queued for, though that was lost; unless it was meant for this agent.
                let told_to = attempt.and_then(|attempt| attempt.to.as_ref());
                let meant =
                    matches!(told_to, Some(TransferTarget::Agent(to)) if *to == taken.agent);
                match &taken.queue {
                    Some(queue) if !meant && to == Destination::Leg(next) => {
                        self.handed_to_queue(leg, attempt, queue, place)
                    }
                    _ => self.handed_to_agent(next, place),
                }
            }
        }
    }

    fn handed_to_agent(&self, next: usize, place: Place) -> Handed {
        let agent = &self.record.legs[next].agent;
        let mut before = self.record.legs[..next].iter();
        Handed::Over(Reached {
            at: place.at,
            target: TargetKind::Agent,
            to: agent.as_str().into(),
            had_the_call: before.any(|leg| leg.agent == *agent),
            answered: true,
            wait: Duration::ZERO,
        })
    }

    fn handed_to_queue(
        &self,
        leg: usize,
        attempt: Option<&Attempt>,
        queue: &QueueId,
        place: Place,
    ) -> Handed {
        if self.record.legs[leg].queue.as_ref() == Some(queue) {
            match attempt {
                None if self.queued_at_once(leg, place) => return Handed::Requeued,
                None => {}
                Some(attempt) => {
                    let meant = matches!(&attempt.to, None | Some(TransferTarget::Queue(_)));
                    if !meant && attempt.completed_at.is_none() {
                        return Handed::Back(place.at);
                    }
                }
            }
        }
        let (answered, wait) = self.until_human(place);
        Handed::Over(Reached {
            at: place.at,
            target: TargetKind::Queue,
            to: queue.as_str().into(),
            had_the_call: self.held(queue, place),
            answered,
            wait,
        })
    }

    /// Whether the caller may have been queued as soon after a leg as a dialplan does it. Where the queue entry was lost
    /// nothing speaks of anybody else; a release told after the entry is no gap at all.
    fn queued_at_once(&self, leg: usize, place: Place) -> bool {
        let released_at = self.record.legs[leg].released_at;
        let ends = place.queued_at.zip(released_at);
        let gap = ends.and_then(|(queued_at, released_at)| queued_at.since(released_at));
        gap.is_none_or(|gap| gap <= REQUEUE_MAX)
    }

    fn outside(&self, at: Timestamp, to: &Text) -> Reached {
        Reached {
            at,
            target: TargetKind::Outside,
            to: to.clone(),
            had_the_call: false,
            answered: true,
            wait: Duration::ZERO,
        }
    }

    /// Whether a queue held the call before a place.
    fn held(&self, queue: &QueueId, place: Place) -> bool {
        let mut visits = self.record.visits[..place.visits].iter();
        let mut legs = self.record.legs[..place.legs].iter();
        visits.any(|visit| visit.queue == *queue)
            || legs.any(|leg| leg.queue.as_ref() == Some(queue))
    }

    /// Whether a human answered from a place on, and the waits until then (W4).
    fn until_human(&self, place: Place) -> (bool, Duration) {
        let next = self.legs.get(place.legs);
        let until = next.map_or(self.record.visits.len(), |next| next.visits_before);
        let visits = self
            .record
            .visits
            .get(place.visits..until)
            .unwrap_or_default();
        let wait = visits.iter().filter_map(|visit| visit.wait).sum();
        (next.is_some(), wait)
    }

    /// What came of an attempt that led to no hand-over.
    fn conclude_rest(
        &self,
        leg: usize,
        attempt: &Attempt,
        back_at: Option<Timestamp>,
        passed: &mut Passed,
    ) {
        if let Some((at, cause)) = attempt.failed {
            self.push_failed(at, attempt, cause, passed);
            return;
        }
        let Some(ended_at) = self.record.ended_at else {
            return;
        };
        if let Some(at) = attempt.completed_at {
            self.push_unseen(leg, at, attempt, passed);
        } else if let Some(at) = back_at {
            self.push_failed(at, attempt, TransferFailure::NoAnswer, passed);
        } else if matches!(
            attempt.method,
            Some(TransferMethod::Attended | TransferMethod::Conference)
        ) {
            if self.gone_meanwhile(leg) {
                self.push_failed(ended_at, attempt, TransferFailure::CallerGone, passed);
            } else {
                passed.consult_only += 1;
            }
        } else {
            let cause = match self.record.ended_by {
                EndedBy::Caller | EndedBy::Unknown => TransferFailure::CallerGone,
                EndedBy::Agent | EndedBy::Pbx => TransferFailure::NoAnswer,
            };
            self.push_failed(ended_at, attempt, cause, passed);
        }
    }

    fn push_failed(
        &self,
        at: Timestamp,
        attempt: &Attempt,
        cause: TransferFailure,
        passed: &mut Passed,
    ) {
        let from = &self.record.legs[attempt.leg];
        let to = attempt.to.as_ref().map(|to| match to {
            TransferTarget::Agent(agent) => (TargetKind::Agent, agent.as_str()),
            TransferTarget::Queue(queue) => (TargetKind::Queue, queue.as_str()),
            TransferTarget::Outside(number) => (TargetKind::Outside, &**number),
        });
        passed.failed_transfers.push(FailedTransfer {
            at,
            method: attempt.method.unwrap_or(TransferMethod::Blind),
            target: to.map(|(kind, _)| kind),
            to: to.map_or_else(Text::default, |(_, name)| name.into()),
            from_agent: from.agent.clone(),
            from_queue: from.queue.clone(),
            cause,
        });
    }

    /// The switch said that it was done, and nobody was seen to take the call: it is believed, and marked.
    fn push_unseen(&self, leg: usize, at: Timestamp, attempt: &Attempt, passed: &mut Passed) {
        let method = attempt.method.unwrap_or(TransferMethod::Blind);
        let (target, to, had_the_call) = match &attempt.to {
            Some(TransferTarget::Outside(to)) => {
                let reached = self.outside(at, to);
                self.push_transfer(leg, method, true, reached, passed);
                return;
            }
            Some(TransferTarget::Agent(to)) => {
                let had_the_call = self.last_leg(to).is_some();
                (TargetKind::Agent, to.as_str().into(), had_the_call)
            }
            Some(TransferTarget::Queue(to)) => {
                let had_the_call = self.held(
                    to,
                    Place {
                        at,
                        queued_at: None,
                        visits: self.record.visits.len(),
                        legs: self.record.legs.len(),
                    },
                );
                (TargetKind::Queue, to.as_str().into(), had_the_call)
            }
            None => {
                passed.unseen = true;
                return;
            }
        };
        passed.unseen = true;
        let reached = Reached {
            at,
            target,
            to,
            had_the_call,
            answered: false,
            wait: Duration::ZERO,
        };
        self.push_transfer(leg, method, true, reached, passed);
    }

    fn push_transfer(
        &self,
        leg: usize,
        method: TransferMethod,
        told: bool,
        reached: Reached,
        passed: &mut Passed,
    ) {
        let left = &self.record.legs[leg];
        passed.transfers.push(Transfer {
            at: reached.at,
            method,
            target: reached.target,
            to: reached.to,
            from_agent: left.agent.clone(),
            from_queue: left.queue.clone(),
            told,
            is_return: reached.had_the_call,
            outcome: match (reached.answered, reached.had_the_call) {
                (true, true) => Some(TransferOutcome::Returned),
                (true, false) => Some(TransferOutcome::Answered),
                // Somebody may yet answer until the call has ended.
                (false, _) => self.is_ended().then_some(TransferOutcome::Abandoned),
            },
            wait: reached.wait,
        });
    }
}
