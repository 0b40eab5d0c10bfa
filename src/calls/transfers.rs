//! Transfers, inferred from legs; what the switch tells of them only refines method and cause.
//!
//! Two things are noted while the story goes on: where the caller went when a leg ended (`Handover`), and what the
//! switch told of passing the caller on (`Attempt`). Which attempt led to which hand-over is concluded from both
//! together, so that it does not matter in which order they were told.

use crate::model::{
    AgentId, EndedBy, QueueId, Timestamp, TransferFailure, TransferMethod, TransferTarget,
};

use super::story::Story;

/// Transfers in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Passing {
    /// What the switch told, in order.
    pub(super) attempts: Vec<Attempt>,
    /// Where callers went, in order.
    pub(super) handovers: Vec<Handover>,
    /// Legs that left while an older one stayed: the older leg, and the agent who left.
    pub(super) joined: Vec<(usize, AgentId)>,
    /// The last leg that ended while the caller lived on, until it is clear where to.
    leaving: Option<usize>,
}

/// What the switch told of one attempt to pass the caller on.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// The leg of the agent who tried.
    pub(super) leg: usize,
    /// How.
    pub(super) method: Option<TransferMethod>,
    /// Whom to.
    pub(super) to: Option<TransferTarget>,
    /// When it was said to be done.
    pub(super) completed_at: Option<Timestamp>,
    /// When and why it was said to have failed.
    pub(super) failed: Option<(Timestamp, TransferFailure)>,
    /// It failed after the leg had ended: what followed is the fall-back.
    pub(super) fell_back: bool,
}

/// Where the caller went when a leg ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handover {
    /// The leg that ended.
    pub(super) leg: usize,
    /// Where to.
    pub(super) to: Destination,
}

/// Where a caller can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Into a queue.
    Visit(usize),
    /// To an agent, directly.
    Leg(usize),
    /// Nowhere: an agent who had joined stayed.
    Staying(usize),
}

impl Passing {
    /// Whether nobody tried to pass the caller on, and nobody was seen to.
    pub(super) fn is_untouched(&self) -> bool {
        self.attempts.is_empty() && self.handovers.is_empty() && self.joined.is_empty()
    }

    /// Whether the switch said that something was begun and not yet how it ended.
    pub(super) fn is_begun(&self) -> bool {
        let mut attempts = self.attempts.iter();
        attempts.any(|attempt| attempt.completed_at.is_none() && attempt.failed.is_none())
    }

    /// When the switch said that this leg's agent had passed the caller on.
    pub(super) fn completed_at(&self, leg: usize) -> Option<Timestamp> {
        let last = self.attempts.iter().rfind(|attempt| attempt.leg == leg)?;
        last.completed_at.filter(|_| last.failed.is_none())
    }

    /// The last attempt of a leg that has not failed.
    fn current(&mut self, leg: usize) -> Option<&mut Attempt> {
        let mut attempts = self.attempts.iter_mut();
        attempts.rfind(|attempt| attempt.leg == leg && attempt.failed.is_none())
    }

    fn push(&mut self, leg: usize, method: Option<TransferMethod>, to: Option<TransferTarget>) {
        self.attempts.push(Attempt {
            leg,
            method,
            to,
            completed_at: None,
            failed: None,
            fell_back: false,
        });
    }
}

impl Story {
    /// A leg ended: notes where the caller is, as far as it is clear.
    pub(super) fn pass_from_leg(&mut self, leg: usize) {
        if let Some(visit) = self.waiting
            && self.visits[visit].legs_before > leg
        {
            let to = Destination::Visit(visit);
            // Of agents who talked together the first to let go passed on.
            if self.passing.handovers.iter().all(|other| other.to != to) {
                self.passing.handovers.push(Handover { leg, to });
            }
            return;
        }
        let older = self.open_legs().find(|&other| other < leg);
        if let Some(older) = older {
            let agent = self.record.legs[leg].agent.clone();
            self.passing.joined.push((older, agent));
            return;
        }
        match self.staying(leg) {
            Some(other) => {
                let to = Destination::Staying(other);
                self.passing.handovers.push(Handover { leg, to });
            }
            None => self.passing.leaving = Some(leg),
        }
    }

    /// Who keeps the caller when this leg ends: whom it was to be passed on to, else who joined first.
    fn staying(&self, leg: usize) -> Option<usize> {
        let meant = self.passing.attempts.iter().rfind(|one| one.leg == leg);
        let meant = meant.and_then(|attempt| match &attempt.to {
            Some(TransferTarget::Agent(agent)) => self.open_leg(agent),
            Some(TransferTarget::Queue(_) | TransferTarget::Outside(_)) | None => None,
        });
        meant.or_else(|| self.open_legs().next())
    }

    /// The caller is queued: a hand-over when a leg has just ended.
    pub(super) fn pass_to_visit(&mut self, visit: usize) {
        if let Some(leg) = self.passing.leaving.take() {
            let to = Destination::Visit(visit);
            self.passing.handovers.push(Handover { leg, to });
        }
    }

    /// The caller is connected without a visit: a hand-over when a leg has just ended.
    pub(super) fn pass_to_leg(&mut self, next: usize) {
        if let Some(leg) = self.passing.leaving.take() {
            let to = Destination::Leg(next);
            self.passing.handovers.push(Handover { leg, to });
        }
    }

    /// Whether a leg may name a queue though the caller did not wait there: the agent takes the caller back, was meant by
    /// the agent who passes on, or was reached by that agent through a queue (a consultation's wait is no visit).
    pub(super) fn brings_from(&self, agent: &AgentId, queue: &QueueId) -> bool {
        let back = self.passing.leaving.is_some_and(|leg| {
            let left = &self.record.legs[leg];
            left.agent == *agent && left.queue.as_ref() == Some(queue)
        });
        let meant = |attempt: &Attempt| match &attempt.to {
            Some(TransferTarget::Agent(to)) => to == agent,
            Some(TransferTarget::Queue(to)) => {
                to == queue && attempt.method == Some(TransferMethod::Attended)
            }
            Some(TransferTarget::Outside(_)) | None => false,
        };
        back || self.passing.attempts.iter().any(meant)
    }

    /// The switch says that an agent begins to pass the caller on.
    pub(super) fn begin_transfer(
        &mut self,
        at: Timestamp,
        from: &AgentId,
        method: TransferMethod,
        to: &TransferTarget,
    ) {
        let leg = self
            .open_leg(from)
            .or_else(|| self.infer_leg(at, from, None));
        let Some(leg) = leg.or(self.last_leg(from)).filter(|_| !self.is_ended()) else {
            self.contradict();
            return;
        };
        if let Some(done) = self
            .passing
            .current(leg)
            .filter(|one| one.completed_at.is_some())
        {
            // Told after it was done: news only where that said nothing.
            done.method.get_or_insert(method);
            done.to.get_or_insert(to.clone());
            return;
        }
        let again = |one: &Attempt| one.method == Some(method) && one.to.as_ref() == Some(to);
        if !self.passing.current(leg).is_some_and(|one| again(one)) {
            self.passing.push(leg, Some(method), Some(to.clone()));
        }
    }

    /// The switch says that the caller was passed on.
    pub(super) fn complete_transfer(
        &mut self,
        at: Timestamp,
        from: &AgentId,
        method: Option<TransferMethod>,
        to: Option<&TransferTarget>,
    ) {
        let Some(leg) = self.leg_of_attempt(at, from) else {
            self.contradict();
            return;
        };
        if self.passing.current(leg).is_none() {
            self.passing.push(leg, None, None);
        }
        if let Some(attempt) = self.passing.current(leg) {
            attempt.completed_at.get_or_insert(at);
            attempt.method = method.or(attempt.method);
            attempt.to = to.cloned().or(attempt.to.take());
        }
    }

    /// The switch says that the caller could not be passed on.
    pub(super) fn fail_transfer(&mut self, at: Timestamp, from: &AgentId, cause: TransferFailure) {
        let Some(leg) = self.leg_of_attempt(at, from) else {
            self.contradict();
            return;
        };
        if self.passing.current(leg).is_none() {
            if self.passing.attempts.iter().any(|one| one.leg == leg) {
                // It is known to have failed.
                self.contradict();
                return;
            }
            self.passing.push(leg, None, None);
        }
        let fell_back = self.record.legs[leg].released_at.is_some();
        if let Some(attempt) = self.passing.current(leg) {
            attempt.failed = Some((at, cause));
            attempt.fell_back = fell_back;
        }
    }

    /// The leg from which an agent tried what is told to have ended: that of the last attempt still open, else the last.
    fn leg_of_attempt(&mut self, at: Timestamp, from: &AgentId) -> Option<usize> {
        let open = self.passing.attempts.iter().rfind(|attempt| {
            let open = attempt.completed_at.is_none() && attempt.failed.is_none();
            open && self.record.legs[attempt.leg].agent == *from
        });
        if let Some(attempt) = open {
            return Some(attempt.leg);
        }
        let leg = self
            .open_leg(from)
            .or_else(|| self.infer_leg(at, from, None));
        leg.or_else(|| self.last_leg(from))
    }

    /// Whether the caller hung up while the agent of this leg was passing him on.
    pub(super) fn gone_meanwhile(&self, leg: usize) -> bool {
        let by = self.record.legs[leg].released_by;
        self.legs[leg].held_at_end && matches!(by, EndedBy::Caller | EndedBy::Unknown)
    }
}
