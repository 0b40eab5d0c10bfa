//! What was said of a visit: offered once, ended once, decided once; waiting is shown exactly in between.

use std::time::Duration;

use crate::model::{Exit, ExitClass, Fact, QueueId, QueueTarget, Targets, Timestamp, Visit};

use super::queues::{Queues, Waiting};
use super::told::Order;

/// What was said of one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SaidVisit {
    /// The event that began it.
    pub(super) origin: Order,
    /// The end as said, or as it would have to be said after a correction.
    pub(super) ended: Option<(Exit, Option<Duration>)>,
    /// Whether it was said to be decided.
    pub(super) decided: bool,
    /// How it is shown as waiting.
    pub(super) shown: Option<(QueueId, Waiting)>,
}

impl SaidVisit {
    /// A visit of which only the beginning is said.
    pub(super) fn new(origin: Order) -> Self {
        Self {
            origin,
            ended: None,
            decided: false,
            shown: None,
        }
    }

    /// Whether it is waiting and may still be decided.
    pub(super) fn awaits_decision(&self) -> bool {
        !self.decided && self.ended.is_none()
    }

    /// When it is decided, unless it ends before.
    pub(super) fn decided_at(&self, targets: &Targets) -> Option<Timestamp> {
        let (queue, waiting) = self.shown.as_ref()?;
        let target = targets.of(queue, waiting.entered_at).service_level;
        Some(waiting.entered_at.plus(target))
    }

    /// Says that it is decided if it has waited as long as its target.
    pub(super) fn decide_at(&mut self, now: Timestamp, targets: &Targets, facts: &mut Vec<Fact>) {
        if self.decided_at(targets).is_some_and(|due| due <= now)
            && let Some((queue, _)) = &self.shown
        {
            let queue = queue.clone();
            self.decide(&queue, facts);
        }
    }

    fn decide(&mut self, queue: &QueueId, facts: &mut Vec<Fact>) {
        if !self.decided {
            self.decided = true;
            facts.push(Fact::VisitDecided {
                queue: queue.clone(),
            });
        }
    }

    /// Says what is new, and shows it as waiting until its end is said.
    pub(super) fn say(
        &mut self,
        visit: &Visit,
        journey_at: Timestamp,
        targets: &Targets,
        queues: &mut Queues,
        facts: &mut Vec<Fact>,
    ) {
        if let Some(exit) = visit.exit {
            let target = targets.of(&visit.queue, visit.entered_at);
            self.say_end(&visit.queue, exit, visit.wait, target, facts);
        }
        if self.ended.is_some() {
            self.hide(queues);
        } else {
            self.show(visit, journey_at, queues);
        }
    }

    /// Shows it as waiting.
    pub(super) fn show(&mut self, visit: &Visit, journey_at: Timestamp, queues: &mut Queues) {
        let waiting = Waiting {
            entered_at: visit.entered_at,
            journey_at,
            origin: self.origin,
        };
        let known = self.shown.as_ref().map(|(_, shown)| shown);
        if known != Some(&waiting) {
            self.hide(queues);
            queues.show(&visit.queue, waiting);
            self.shown = Some((visit.queue.clone(), waiting));
        }
    }

    fn say_end(
        &mut self,
        queue: &QueueId,
        exit: Exit,
        wait: Option<Duration>,
        target: QueueTarget,
        facts: &mut Vec<Fact>,
    ) {
        match self.ended.replace((exit, wait)) {
            None => {
                let within = |limit: Duration| wait.is_some_and(|wait| wait <= limit);
                facts.push(Fact::VisitEnded {
                    queue: queue.clone(),
                    exit,
                    wait,
                    within_target: exit == Exit::Answered && within(target.service_level),
                    short: exit.class() == ExitClass::Abandoned && within(target.short_abandon),
                });
                self.decide(queue, facts);
            }
            Some(said) if said != (exit, wait) => facts.push(Fact::Corrected),
            Some(_) => {}
        }
    }

    /// A straggler shows that there was no such visit: it is said to have ended by error, and that this was a correction.
    pub(super) fn take_back(&mut self, queues: &mut Queues, facts: &mut Vec<Fact>) {
        let gone = (Exit::Error, None);
        if let Some((queue, _)) = self.shown.clone() {
            self.hide(queues);
            self.say_end(&queue, gone.0, gone.1, QueueTarget::default(), facts);
            facts.push(Fact::Corrected);
        } else if self.ended.replace(gone) != Some(gone) {
            facts.push(Fact::Corrected);
        }
    }

    /// The call turns out to be one that never counts: whoever was said to wait is said to have ended by error, so that
    /// nobody is shown as waiting while what was offered is what ended.
    pub(super) fn withdraw(&mut self, queues: &mut Queues, facts: &mut Vec<Fact>) {
        if self.ended.is_none()
            && let Some((queue, _)) = self.shown.clone()
        {
            self.hide(queues);
            self.say_end(&queue, Exit::Error, None, QueueTarget::default(), facts);
        }
    }

    /// Shows it as waiting no longer.
    pub(super) fn hide(&mut self, queues: &mut Queues) {
        if let Some((queue, waiting)) = self.shown.take() {
            queues.hide(&queue, waiting);
        }
    }
}
