//! What was said of a visit: offered once, ended once, decided once; waiting is shown exactly in between.

use std::time::Duration;

use crate::model::{Exit, ExitClass, Fact, QueueId, Targets, Timestamp, Visit};

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

    /// Says that it is decided.
    pub(super) fn decide(&mut self, queue: &QueueId, facts: &mut Vec<Fact>) {
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
        let now = visit.exit.map(|exit| (exit, visit.wait));
        match (self.ended, now) {
            (None, Some((exit, wait))) => {
                self.ended = now;
                let target = targets.of(&visit.queue);
                let within = |limit: Duration| wait.is_some_and(|wait| wait <= limit);
                facts.push(Fact::VisitEnded {
                    queue: visit.queue.clone(),
                    exit,
                    wait,
                    within_target: exit == Exit::Answered && within(target.service_level),
                    short: exit.class() == ExitClass::Abandoned && within(target.short_abandon),
                });
                self.decide(&visit.queue, facts);
            }
            (Some(said), Some(ended)) if said != ended => {
                self.ended = now;
                facts.push(Fact::Corrected);
            }
            (Some(_) | None, _) => {}
        }
        let waiting = Waiting {
            entered_at: visit.entered_at,
            journey_at,
            origin: self.origin,
        };
        let show = self.ended.is_none().then(|| (visit.queue.clone(), waiting));
        if self.shown != show {
            self.hide(queues);
            if let Some((queue, waiting)) = &show {
                queues.show(queue, *waiting);
            }
            self.shown = show;
        }
    }

    /// Shows it as waiting no longer.
    pub(super) fn hide(&mut self, queues: &mut Queues) {
        if let Some((queue, waiting)) = self.shown.take() {
            queues.hide(&queue, waiting);
        }
    }
}
