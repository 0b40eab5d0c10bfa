//! Transfers, inferred from legs; what the switch tells of them only refines method and cause.
//!
//! A transfer is done when an agent's leg ends while the caller lives on and becomes connected or queued elsewhere.
//! Being queued again by the same queue is no transfer unless the switch told one: the dialplan did it.

use std::time::Duration;

use crate::model::{
    AgentId, CallRecord, EndedBy, FailedTransfer, Mark, QueueId, TargetKind, Text, Timestamp,
    Transfer, TransferFailure, TransferMethod, TransferOutcome, TransferTarget,
};

use super::story::Story;

/// Transfers in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Passing {
    /// What the switch said was begun.
    begun: Option<Begun>,
    /// The last leg that ended while the caller lived on, until it is clear where to.
    handover: Option<usize>,
    /// Where each transfer stands among visits and legs.
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Begun {
    method: TransferMethod,
    from: AgentId,
    to: Option<TransferTarget>,
    completed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    visits_before: usize,
    legs_before: usize,
    /// Handed over to somebody already connected.
    connected: bool,
}

impl Passing {
    /// Whether the switch said that something was begun.
    pub(super) fn is_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// The switch says that an agent begins to pass the caller on.
    pub(super) fn begin(&mut self, method: TransferMethod, from: &AgentId, to: &TransferTarget) {
        let to = Some(to.clone());
        self.begun = Some(Begun {
            method,
            from: from.clone(),
            to,
            completed: false,
        });
    }

    /// What came of each transfer (T7), and the waits it cost (W4).
    pub(super) fn conclude(&self, record: &mut CallRecord) {
        for (index, place) in self.places.iter().enumerate() {
            let next = self.places.get(index + 1);
            let visits_end = next.map_or(record.visits.len(), |next| next.visits_before);
            let visits = record
                .visits
                .get(place.visits_before..visits_end)
                .unwrap_or_default();
            let wait: Duration = visits.iter().filter_map(|visit| visit.wait).sum();
            // The next transfer starts from a leg, so a human answered in between.
            let answered =
                place.connected || next.is_some() || record.legs.len() > place.legs_before;
            let transfer = &mut record.transfers[index];
            transfer.wait = wait;
            transfer.outcome = match (answered, transfer.is_return) {
                (true, true) => TransferOutcome::Returned,
                (true, false) => TransferOutcome::Answered,
                (false, _) => TransferOutcome::Abandoned,
            };
        }
    }
}

impl Story {
    /// A leg ended: notes the hand-over, or does it when it is already clear where the caller is.
    pub(super) fn pass_from_leg(&mut self, at: Timestamp, leg: usize, _by: EndedBy) {
        let released = &self.record.legs[leg];
        let from = released.agent.clone();
        let connected_at = released.connected_at;
        let staying = self
            .record
            .legs
            .iter()
            .position(|other| other.released_at.is_none());
        if let Some(staying) = staying {
            let other = &self.record.legs[staying];
            let came_first = (connected_at, leg) < (other.connected_at, staying);
            if !came_first {
                // The one who was consulted or joined left again: the first agent keeps the caller.
                self.record.consult_only += 1;
                self.passing.begun = None;
                return;
            }
            let to = other.agent.clone();
            let is_return = self.record.legs[..staying]
                .iter()
                .any(|leg| leg.agent == to);
            let begun = self.take_begun(&from);
            let told = begun.is_some();
            let method = begun.map_or(TransferMethod::Conference, |begun| begun.method);
            let target = (TargetKind::Agent, Story::text(to.as_str()));
            self.push_transfer(at, leg, method, target, told, is_return, true);
            return;
        }
        let queued_meanwhile = self.waiting.filter(|&visit| {
            self.record.visits[visit]
                .entered_at
                .since(connected_at)
                .is_some()
        });
        self.passing.handover = Some(leg);
        if let Some(visit) = queued_meanwhile {
            let queue = self.record.visits[visit].queue.clone();
            self.pass_to_queue(at, &queue);
        } else if matches!(
            &self.passing.begun,
            Some(Begun { from: begun, to: Some(TransferTarget::Outside(_)), completed: true, .. }) if *begun == from
        ) {
            self.complete_outside(at, leg);
        }
    }

    /// The caller is queued (its visit is the last): a transfer when an agent handed over.
    pub(super) fn pass_to_queue(&mut self, at: Timestamp, queue: &QueueId) {
        let Some(leg) = self.passing.handover.take() else {
            return;
        };
        let from = self.record.legs[leg].agent.clone();
        let begun = self.take_begun(&from);
        if begun.is_none() && self.record.legs[leg].queue.as_ref() == Some(queue) {
            self.record.requeued += 1;
            return;
        }
        let last = self.record.visits.len() - 1;
        let is_return = self.record.visits[..last]
            .iter()
            .any(|visit| visit.queue == *queue);
        let told = begun.is_some();
        let method = begun.map_or(TransferMethod::Blind, |begun| begun.method);
        let target = (TargetKind::Queue, Story::text(queue.as_str()));
        self.push_transfer(at, leg, method, target, told, is_return, false);
    }

    /// The caller is connected without a visit (the leg is not pushed yet): a transfer when an agent handed over.
    pub(super) fn pass_to_agent(&mut self, at: Timestamp, agent: &AgentId) {
        let Some(leg) = self.passing.handover.take() else {
            return;
        };
        let from = self.record.legs[leg].agent.clone();
        let begun = self.take_begun(&from);
        if *agent == from {
            // Back with the same agent: what was begun, if anything, failed.
            if let Some(begun) = begun {
                self.push_failed(at, begun, TransferFailure::NoAnswer);
            }
            return;
        }
        let is_return = self.record.legs.iter().any(|leg| leg.agent == *agent);
        let told = begun.is_some();
        let method = begun.map_or(TransferMethod::Blind, |begun| begun.method);
        let target = (TargetKind::Agent, Story::text(agent.as_str()));
        self.push_transfer(at, leg, method, target, told, is_return, false);
    }

    /// The switch says that the caller was passed on.
    pub(super) fn complete_transfer(
        &mut self,
        at: Timestamp,
        from: &AgentId,
        method: Option<TransferMethod>,
        to: Option<&TransferTarget>,
    ) {
        let begun = self
            .passing
            .begun
            .as_mut()
            .filter(|begun| begun.from == *from);
        if let Some(begun) = begun {
            begun.completed = true;
            begun.method = method.unwrap_or(begun.method);
            begun.to = to.cloned().or(begun.to.take());
        } else if let Some(done) = self
            .record
            .transfers
            .last_mut()
            .filter(|done| done.from_agent == *from)
        {
            // The legs told first: the switch's word refines what was inferred.
            done.told = true;
            done.method = method.unwrap_or(done.method);
            return;
        } else {
            self.passing.begun = Some(Begun {
                method: method.unwrap_or(TransferMethod::Blind),
                from: from.clone(),
                to: to.cloned(),
                completed: true,
            });
        }
        let outside = matches!(
            &self.passing.begun,
            Some(Begun {
                to: Some(TransferTarget::Outside(_)),
                ..
            })
        );
        if let Some(leg) = self.passing.handover.filter(|_| outside) {
            self.complete_outside(at, leg);
        }
    }

    /// The switch says that the caller could not be passed on.
    pub(super) fn fail_transfer(&mut self, at: Timestamp, from: &AgentId, cause: TransferFailure) {
        let begun = self.take_begun(from).unwrap_or(Begun {
            method: TransferMethod::Blind,
            from: from.clone(),
            to: None,
            completed: false,
        });
        self.push_failed(at, begun, cause);
        // What follows is the fall-back, not a transfer.
        self.passing.handover = None;
    }

    /// The call ended: what was begun and never done failed, what was told as done is believed.
    pub(super) fn end_passing(&mut self, at: Timestamp, by: EndedBy) {
        let handover = self.passing.handover.take();
        let Some(begun) = self.passing.begun.take() else {
            return;
        };
        let leg = handover.or_else(|| {
            self.record
                .legs
                .iter()
                .rposition(|leg| leg.agent == begun.from)
        });
        match (begun.completed, leg, target_of(begun.to.as_ref())) {
            (true, Some(leg), Some(target)) => {
                if target.0 != TargetKind::Outside {
                    self.mark(Mark::TransferUnseen);
                }
                let connected = target.0 == TargetKind::Outside;
                self.push_transfer(at, leg, begun.method, target, true, false, connected);
            }
            _ => {
                let cause = match by {
                    EndedBy::Caller | EndedBy::Unknown => TransferFailure::CallerGone,
                    EndedBy::Agent | EndedBy::Pbx => TransferFailure::NoAnswer,
                };
                self.push_failed(at, begun, cause);
            }
        }
    }

    fn complete_outside(&mut self, at: Timestamp, leg: usize) {
        self.passing.handover = None;
        let Some(begun) = self.passing.begun.take() else {
            return;
        };
        if let Some(target) = target_of(begun.to.as_ref()) {
            self.push_transfer(at, leg, begun.method, target, true, false, true);
        }
    }

    fn take_begun(&mut self, from: &AgentId) -> Option<Begun> {
        self.passing.begun.take_if(|begun| begun.from == *from)
    }

    #[expect(clippy::too_many_arguments, reason = "a transfer has this many sides")]
    fn push_transfer(
        &mut self,
        at: Timestamp,
        leg: usize,
        method: TransferMethod,
        (target, to): (TargetKind, Text),
        told: bool,
        is_return: bool,
        connected: bool,
    ) {
        let visits = self.record.visits.len();
        let queued = usize::from(target == TargetKind::Queue && self.waiting.is_some());
        self.passing.places.push(Place {
            visits_before: visits - queued.min(visits),
            legs_before: self.record.legs.len(),
            connected,
        });
        let from = &self.record.legs[leg];
        self.record.transfers.push(Transfer {
            at,
            method,
            target,
            to,
            from_agent: from.agent.clone(),
            from_queue: from.queue.clone(),
            told,
            is_return,
            outcome: TransferOutcome::Abandoned,
            wait: Duration::ZERO,
        });
    }

    fn push_failed(&mut self, at: Timestamp, begun: Begun, cause: TransferFailure) {
        let target = target_of(begun.to.as_ref()).map(|(kind, _)| kind);
        self.record.failed_transfers.push(FailedTransfer {
            at,
            method: begun.method,
            target,
            cause,
        });
    }
}

fn target_of(to: Option<&TransferTarget>) -> Option<(TargetKind, Text)> {
    to.map(|to| match to {
        TransferTarget::Agent(agent) => (TargetKind::Agent, Story::text(agent.as_str())),
        TransferTarget::Queue(queue) => (TargetKind::Queue, Story::text(queue.as_str())),
        TransferTarget::Outside(number) => (TargetKind::Outside, number.clone()),
    })
}
