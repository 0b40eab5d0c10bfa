//! What is open, by what was told: the calls that a connector must end, should it not hear of them again.
//!
//! A fold over the events that went into the spool. It says what a connector that begins anew need not say again, and
//! which calls have ended meanwhile. How they ended is not invented.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::Timestamp;
use crate::proto::v1::{
    AgentReleased, CallEnded, CallEvent, EndedBy, Event, QueueExit, QueueLeft, call_event::Kind,
    event::Body,
};

/// The most calls that are kept: as many as one interpreter keeps channels.
const CALLS_MAX: usize = 20_000;

/// The most ended talks of a call that are remembered.
const PAST_MAX: usize = 16;

/// An answer in a gap is told in whole seconds.
const SECONDS: Duration = Duration::from_secs(2);

/// The calls that are open.
#[derive(Debug, Default)]
pub struct Carried {
    calls: BTreeMap<String, Open>,
}

/// One open call: the events that still hold.
#[derive(Debug, Default)]
struct Open {
    arrived: Option<Event>,
    /// By queue.
    waits: Vec<(String, Event)>,
    /// By agent.
    talks: Vec<(String, Event)>,
    /// Talks that ended: of an answer in a gap the queue tells its figures when all is over.
    past: Vec<Past>,
    heard_at: Option<Timestamp>,
}

/// A talk that ended.
#[derive(Debug)]
struct Past {
    agent: String,
    queue: String,
    connected_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
}

impl Carried {
    /// Follows one event.
    pub fn follow(&mut self, event: &Event) {
        let Some((call, kind)) = parts(event) else {
            return;
        };
        if let Kind::Ended(_) = kind {
            self.calls.remove(call);
            return;
        }
        if self.calls.len() >= CALLS_MAX && !self.calls.contains_key(call) {
            return;
        }
        let open = self.calls.entry(call.to_owned()).or_default();
        open.heard_at = open.heard_at.max(at(event));
        match kind {
            Kind::Arrived(_) => open.arrived = Some(event.clone()),
            Kind::QueueEntered(entered) => {
                open.waits.retain(|(queue, _)| *queue != entered.queue);
                open.waits.push((entered.queue.clone(), event.clone()));
            }
            Kind::QueueLeft(left) => open.waits.retain(|(queue, _)| *queue != left.queue),
            Kind::AgentConnected(connected) => {
                open.waits.retain(|(queue, _)| *queue != connected.queue);
                open.talks.push((connected.agent.clone(), event.clone()));
            }
            Kind::AgentReleased(released) => {
                let ended = open
                    .talks
                    .extract_if(.., |(agent, _)| *agent == released.agent);
                let past = ended.map(|(agent, talk)| Past {
                    agent,
                    queue: queue_of(&talk).to_owned(),
                    connected_at: at(&talk),
                    released_at: at(event),
                });
                open.past.extend(past);
                let surplus = open.past.len().saturating_sub(PAST_MAX);
                open.past.drain(..surplus);
            }
            Kind::Tagged(_)
            | Kind::Refused(_)
            | Kind::AgentOffered(_)
            | Kind::OfferMissed(_)
            | Kind::HoldStarted(_)
            | Kind::HoldEnded(_)
            | Kind::TransferStarted(_)
            | Kind::TransferCompleted(_)
            | Kind::TransferFailed(_)
            | Kind::DigitPressed(_)
            | Kind::CallbackPromised(_)
            | Kind::CallbackAttempted(_)
            | Kind::MessageLeft(_)
            | Kind::Ended(_) => {}
        }
    }

    /// Whether it was told in other words already: a connector that begins anew hears of a call as if it were new.
    pub fn has(&self, event: &Event) -> bool {
        let Some((call, kind)) = parts(event) else {
            return false;
        };
        let Some(open) = self.calls.get(call) else {
            return false;
        };
        let entered_before = |queue: &str| {
            let talks = open.talks.iter();
            let talks = talks.map(|(_, talk)| (queue_of(talk), at(talk)));
            let past = open.past.iter();
            let past = past.map(|talk| (talk.queue.as_str(), talk.connected_at));
            talks.chain(past).any(|(of, answered_at)| {
                of == queue && at(event) <= answered_at.map(|at| at.plus(SECONDS))
            })
        };
        match kind {
            Kind::Arrived(_) => open.arrived.is_some(),
            Kind::QueueEntered(entered) => {
                let waits = open.waits.iter().any(|(queue, _)| *queue == entered.queue);
                waits || entered_before(&entered.queue)
            }
            Kind::AgentConnected(connected) => {
                let mut talks = open.talks.iter();
                let mut past = open.past.iter();
                talks.any(|(agent, _)| *agent == connected.agent)
                    || past
                        .any(|talk| talk.agent == connected.agent && at(event) < talk.released_at)
            }
            Kind::Tagged(_)
            | Kind::Refused(_)
            | Kind::AgentOffered(_)
            | Kind::OfferMissed(_)
            | Kind::HoldStarted(_)
            | Kind::HoldEnded(_)
            | Kind::TransferStarted(_)
            | Kind::TransferCompleted(_)
            | Kind::TransferFailed(_)
            | Kind::DigitPressed(_)
            | Kind::CallbackPromised(_)
            | Kind::CallbackAttempted(_)
            | Kind::MessageLeft(_)
            | Kind::Ended(_)
            | Kind::QueueLeft(_)
            | Kind::AgentReleased(_) => false,
        }
    }

    /// Whether an event belongs to a call that is open here.
    pub fn knows(&self, event: &Event) -> bool {
        parts(event).is_some_and(|(call, _)| self.calls.contains_key(call))
    }

    /// The open calls.
    pub fn calls(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().map(String::as_str)
    }

    /// The latest time that was told of any of them.
    pub fn heard_at(&self) -> Option<Timestamp> {
        self.calls.values().filter_map(|open| open.heard_at).max()
    }

    /// The events that still hold, for a segment's head.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.calls.values().flat_map(|open| {
            let waits = open.waits.iter().map(|(_, event)| event);
            let talks = open.talks.iter().map(|(_, event)| event);
            open.arrived.iter().chain(waits).chain(talks)
        })
    }

    /// What is to be said of a call that is over, nobody knows how: neither abandoned nor answered.
    pub fn lose(&self, call: &str) -> Vec<Event> {
        let Some(open) = self.calls.get(call) else {
            return Vec::new();
        };
        let Some(heard_at) = open.heard_at else {
            return Vec::new();
        };
        let unknown = EndedBy::Unknown.into();
        let left = open.waits.iter().map(|(queue, _)| {
            Kind::QueueLeft(QueueLeft {
                queue: queue.clone(),
                exit: QueueExit::Error.into(),
            })
        });
        let released = open.talks.iter().map(|(agent, talk)| {
            let queue = queue_of(talk).to_owned();
            Kind::AgentReleased(AgentReleased {
                agent: agent.clone(),
                queue,
                by: unknown,
            })
        });
        let ended = Kind::Ended(CallEnded {
            by: unknown,
            ..CallEnded::default()
        });
        let kinds = left.chain(released).chain([ended]);
        kinds.map(|kind| call_event(call, heard_at, kind)).collect()
    }
}

/// An event of a call, not numbered yet.
pub(crate) fn call_event(call: &str, at: Timestamp, kind: Kind) -> Event {
    let call = CallEvent {
        call_id: call.to_owned(),
        kind: Some(kind),
    };
    event_at(at, Body::Call(call))
}

/// An event, not numbered yet.
pub(crate) fn event_at(at: Timestamp, body: Body) -> Event {
    let micros = at.as_micros();
    Event {
        sequence: 0,
        occurred_at: Some(pbjson_types::Timestamp {
            seconds: micros.div_euclid(1_000_000),
            // Below a thousand million.
            nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
        }),
        body: Some(body),
    }
}

fn parts(event: &Event) -> Option<(&str, &Kind)> {
    match event.body.as_ref()? {
        Body::Call(call) => Some((&call.call_id, call.kind.as_ref()?)),
        Body::AgentStateChanged(_) | Body::WrapUpEnded(_) | Body::LineStatus(_) => None,
    }
}

/// The queue that a talk came from; empty = none.
fn queue_of(talk: &Event) -> &str {
    match parts(talk) {
        Some((_, Kind::AgentConnected(connected))) => &connected.queue,
        Some(_) | None => "",
    }
}

fn at(event: &Event) -> Option<Timestamp> {
    let at = event.occurred_at?;
    let micros = at.seconds.checked_mul(1_000_000)?;
    Some(Timestamp::from_micros(
        micros.saturating_add(i64::from(at.nanos) / 1_000),
    ))
}
