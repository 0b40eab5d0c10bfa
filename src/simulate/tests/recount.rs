//! Counts the events once more, from their words alone, by the catalogue's definitions.

use std::collections::{BTreeMap, BTreeSet};

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::event::Body;
use crate::proto::v1::transfer_target::Target;
use crate::proto::v1::{
    EndedBy, Event, MissedReason, QueueExit, RefusalReason, TagKey, TransferFailure, TransferMethod,
};

use super::super::truth::{Truth, VisitEnd};
use super::micros;

/// One call as its events tell it.
#[derive(Default)]
struct Told {
    arrived: bool,
    is_test: bool,
    visits: Vec<Visit>,
    refused: Option<(&'static str, String)>,
    /// Agents who are with the caller, and the last who left.
    legs: BTreeSet<String>,
    released: Option<String>,
    talked: BTreeSet<String>,
    /// Whether the agent who connected last had talked with the caller before.
    is_known: bool,
    started: Option<(&'static str, Option<Target>)>,
    transfers: Vec<(&'static str, &'static str, bool)>,
    failures: Vec<&'static str>,
    completed: usize,
    message: bool,
    callback: bool,
    ended: bool,
}

struct Visit {
    queue: String,
    entered_at: i64,
    after_human: bool,
    ringing: BTreeSet<String>,
    /// The last phone was silenced because the caller was gone.
    silenced: bool,
    exit: Option<(VisitEnd, i64)>,
}

/// The tally of the events; queue names and their order are taken from the simulation's own.
pub(super) fn recount(events: &[Event], names: &Truth) -> Truth {
    let mut calls: BTreeMap<String, Told> = BTreeMap::new();
    for event in events {
        if let Some(Body::Call(call)) = &event.body {
            let told = calls.entry(call.call_id.clone()).or_default();
            told.hear(micros(event), call.kind.as_ref().unwrap());
        }
    }
    let mut truth = Truth::new(names.queues.iter().map(|queue| queue.queue.clone()));
    truth.events = events.len() as u64;
    for told in calls.values() {
        told.count(&mut truth);
    }
    // The order of kinds is that of their first happening.
    let place = |method: &str, target: &str| {
        let mut kinds = names.transfers.iter();
        kinds.position(|kind| kind.method == method && kind.target == target)
    };
    truth
        .transfers
        .sort_by_key(|kind| place(kind.method, kind.target));
    truth
}

impl Told {
    fn hear(&mut self, at: i64, kind: &Kind) {
        assert!(!self.ended, "told after the end: {kind:?}");
        assert_eq!(self.arrived, !matches!(kind, Kind::Arrived(_)), "{kind:?}");
        match kind {
            Kind::Arrived(_) => self.arrived = true,
            Kind::Tagged(tagged) => self.is_test |= tagged.key() == TagKey::Test,
            Kind::Refused(refused) => {
                self.refused = Some((refusal(refused.reason()), refused.queue.clone()));
            }
            Kind::QueueEntered(entered) => {
                assert!(self.open_visit().is_none(), "in two queues");
                self.moved_on(None);
                self.visits.push(Visit {
                    queue: entered.queue.clone(),
                    entered_at: at,
                    after_human: !self.talked.is_empty(),
                    ringing: BTreeSet::new(),
                    silenced: false,
                    exit: None,
                });
            }
            Kind::QueueLeft(left) => {
                let visit = self.open_visit().expect("left no queue");
                assert_eq!(visit.queue, left.queue);
                visit.exit = Some((exit(left.exit()), at));
            }
            Kind::AgentOffered(offered) if offered.queue.is_empty() => {}
            Kind::AgentOffered(offered) => {
                let visit = self.open_visit().expect("offered in no queue");
                assert_eq!(visit.queue, offered.queue);
                assert!(visit.ringing.insert(offered.agent.clone()), "rings twice");
                visit.silenced = false;
            }
            Kind::OfferMissed(missed) if missed.queue.is_empty() => {}
            Kind::OfferMissed(missed) => {
                let visit = self.visits.last_mut().expect("missed in no queue");
                assert!(visit.ringing.remove(&missed.agent), "did not ring");
                visit.silenced = missed.reason() == MissedReason::CallerGone;
            }
            Kind::AgentConnected(connected) => {
                if !connected.queue.is_empty() {
                    let visit = self.open_visit().expect("answered in no queue");
                    assert_eq!(visit.queue, connected.queue);
                    assert!(visit.ringing.remove(&connected.agent), "did not ring");
                    visit.exit = Some((VisitEnd::Answered, at));
                }
                self.is_known = self.talked.contains(&connected.agent);
                self.moved_on(Some(&connected.agent));
                self.legs.insert(connected.agent.clone());
                self.talked.insert(connected.agent.clone());
            }
            Kind::AgentReleased(released) => {
                assert!(self.legs.remove(&released.agent), "was not connected");
                if let Some(stays) = self.legs.first().cloned() {
                    self.transferred(&Target::Agent(stays));
                } else {
                    self.released = Some(released.agent.clone());
                }
            }
            Kind::TransferStarted(started) => {
                let target = started.to.as_ref().and_then(|to| to.target.clone());
                self.started = Some((method(started.method()), target));
            }
            Kind::TransferCompleted(_) => {
                self.completed += 1;
                if let Some((_, Some(target @ Target::Outside(_)))) = self.started.clone() {
                    self.transferred(&target);
                }
            }
            Kind::TransferFailed(failed) => self.failures.push(failure(failed.cause())),
            Kind::MessageLeft(_) => self.message = true,
            Kind::CallbackPromised(_) => self.callback = true,
            Kind::Ended(ended) => {
                self.ended = true;
                let by = ended.by();
                if let Some(visit) = self.open_visit() {
                    let rings = visit.silenced || !visit.ringing.is_empty();
                    let exit = if by == EndedBy::Pbx {
                        VisitEnd::Error
                    } else if rings {
                        VisitEnd::AbandonedRinging
                    } else {
                        VisitEnd::AbandonedWaiting
                    };
                    visit.exit = Some((exit, at));
                }
            }
            Kind::HoldStarted(_)
            | Kind::HoldEnded(_)
            | Kind::DigitPressed(_)
            | Kind::CallbackAttempted(_) => {}
        }
    }

    fn open_visit(&mut self) -> Option<&mut Visit> {
        self.visits.last_mut().filter(|visit| visit.exit.is_none())
    }

    /// The caller, left by an agent, becomes queued, or connected to somebody else.
    fn moved_on(&mut self, to: Option<&str>) {
        let Some(from) = self.released.take() else {
            return;
        };
        if to == Some(from.as_str()) {
            return;
        }
        let (_, target) = self.started.clone().expect("moved on without a word");
        self.transferred(&target.unwrap());
    }

    fn transferred(&mut self, target: &Target) {
        let (method, _) = self.started.clone().unwrap();
        let (word, is_return) = match target {
            Target::Agent(_) => ("agent", self.is_known),
            Target::Queue(queue) => (
                "queue",
                self.visits.iter().any(|visit| visit.queue == *queue),
            ),
            Target::Outside(_) => ("outside", false),
        };
        self.transfers.push((method, word, is_return));
    }

    fn count(&self, truth: &mut Truth) {
        assert!(self.ended, "a call without an end");
        assert_eq!(self.transfers.len(), self.completed, "told and inferred");
        if self.is_test {
            truth.calls_test += 1;
            return;
        }
        truth.calls_arrived += 1;
        for (place, visit) in self.visits.iter().enumerate() {
            let place_of_queue = truth.queues.iter().position(|q| q.queue == visit.queue);
            let queue = place_of_queue.unwrap() as u32;
            let (exit, left_at) = visit.exit.unwrap();
            let wait = u64::try_from(left_at - visit.entered_at).unwrap();
            truth.visit_began(queue, place == 0);
            truth.visit_ended(queue, exit, wait);
            if visit.after_human {
                truth.transfer_wait_sum_us += wait;
            }
        }
        let before_human = self
            .visits
            .iter()
            .filter(|visit| !visit.after_human)
            .count();
        truth.reroutes += before_human.saturating_sub(1) as u64;
        if let Some((reason, queue)) = &self.refused {
            let queue = truth.queues.iter().position(|q| q.queue == *queue);
            truth.call_refused(reason, queue.map(|queue| queue as u32));
        }
        for &(method, target, is_return) in &self.transfers {
            truth.transferred(method, target);
            truth.transfer_returns += u64::from(is_return);
        }
        for cause in &self.failures {
            truth.transfer_failed(cause);
        }
        truth.call_ended(self.outcome(), self.transfers.len());
    }

    fn outcome(&self) -> &'static str {
        let last = self.visits.last().and_then(|visit| visit.exit);
        if !self.talked.is_empty() {
            "served"
        } else if self.refused.is_some() {
            assert!(self.visits.is_empty());
            "refused"
        } else if self.message {
            "message_left"
        } else if self.callback {
            "callback_promised"
        } else {
            match last {
                None => "left_before_queue",
                Some((VisitEnd::AbandonedWaiting | VisitEnd::AbandonedRinging, _)) => "abandoned",
                Some(_) => "dismissed",
            }
        }
    }
}

fn refusal(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Busy => "busy",
        RefusalReason::Closed => "closed",
        RefusalReason::Full => "full",
        RefusalReason::NoAgents => "no_agents",
        RefusalReason::Diverted | RefusalReason::Unspecified => panic!("{reason:?}"),
    }
}

fn exit(exit: QueueExit) -> VisitEnd {
    match exit {
        QueueExit::Timeout => VisitEnd::Timeout,
        QueueExit::KeyExit => VisitEnd::KeyExit,
        QueueExit::LeftEmpty => VisitEnd::LeftEmpty,
        QueueExit::Withdrawn => VisitEnd::Withdrawn,
        QueueExit::Callback => VisitEnd::Callback,
        QueueExit::Error => VisitEnd::Error,
        QueueExit::Unspecified => panic!("an exit without a name"),
    }
}

fn method(method: TransferMethod) -> &'static str {
    match method {
        TransferMethod::Blind => "blind",
        TransferMethod::Attended => "attended",
        TransferMethod::Conference | TransferMethod::Unspecified => panic!("{method:?}"),
    }
}

fn failure(cause: TransferFailure) -> &'static str {
    match cause {
        TransferFailure::NoAnswer => "no_answer",
        TransferFailure::Busy => "busy",
        TransferFailure::Refused => "refused",
        TransferFailure::CallerGone => "caller_gone",
        TransferFailure::Unspecified => panic!("a failure without a cause"),
    }
}
