//! Events by chance: any event at any time, and calls as a switch would tell them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::{
    AgentId, CallEvent, CallbackResult, Caller, Direction, EndedBy, MissedReason, Pseudonym,
    QueueExit, QueueId, RefusalReason, TagKey, TaggedBy, Timestamp, TransferFailure,
    TransferMethod, TransferTarget,
};

use super::notation::{self, Step};

fn agent() -> impl Strategy<Value = AgentId> {
    select(vec!["ann", "bob", "cyd"]).prop_map(AgentId::new)
}

fn queue() -> impl Strategy<Value = QueueId> {
    select(vec!["q", "r", "s"]).prop_map(QueueId::new)
}

fn maybe_queue() -> impl Strategy<Value = Option<QueueId>> {
    prop_oneof![3 => queue().prop_map(Some), 1 => Just(None)]
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn target() -> impl Strategy<Value = TransferTarget> {
    prop_oneof![
        agent().prop_map(TransferTarget::Agent),
        queue().prop_map(TransferTarget::Queue),
        Just(TransferTarget::Outside("+7".into())),
    ]
}

/// Any event of a call.
pub(super) fn event() -> impl Strategy<Value = CallEvent> {
    let method = || word(TransferMethod::ALL);
    prop_oneof![
        1 => (word(Direction::ALL), any::<[u8; 16]>()).prop_map(|(direction, hash)| {
            CallEvent::Arrived {
                caller: Caller::Known(Pseudonym { key: 1, hash }),
                line: None,
                channel: None,
                direction,
            }
        }),
        1 => word(TagKey::ALL).prop_map(|key| CallEvent::Tagged {
            key,
            code: "".into(),
            by: TaggedBy::Menu,
        }),
        1 => (word(RefusalReason::ALL), maybe_queue()).prop_map(|(reason, queue)| {
            CallEvent::Refused {
                reason,
                line: None,
                queue,
            }
        }),
        4 => (queue(), 0..3u32).prop_map(|(queue, position)| CallEvent::QueueEntered {
            queue,
            position,
            priority: 0,
        }),
        2 => (queue(), word(QueueExit::ALL))
            .prop_map(|(queue, exit)| CallEvent::QueueLeft { queue, exit }),
        2 => (agent(), maybe_queue())
            .prop_map(|(agent, queue)| CallEvent::AgentOffered { agent, queue }),
        1 => (agent(), maybe_queue(), word(MissedReason::ALL)).prop_map(|(agent, queue, reason)| {
            CallEvent::OfferMissed {
                agent,
                queue,
                reason,
            }
        }),
        4 => (agent(), maybe_queue())
            .prop_map(|(agent, queue)| CallEvent::AgentConnected { agent, queue }),
        3 => (agent(), maybe_queue(), word(EndedBy::ALL))
            .prop_map(|(agent, queue, by)| CallEvent::AgentReleased { agent, queue, by }),
        1 => (agent(), any::<bool>()).prop_map(|(agent, for_consultation)| CallEvent::HoldStarted {
            agent,
            for_consultation,
        }),
        1 => agent().prop_map(|agent| CallEvent::HoldEnded { agent }),
        2 => (method(), agent(), target())
            .prop_map(|(method, from, to)| CallEvent::TransferStarted { method, from, to }),
        2 => (agent(), proptest::option::of(method()), proptest::option::of(target()))
            .prop_map(|(from, method, to)| CallEvent::TransferCompleted { from, method, to }),
        1 => (agent(), word(TransferFailure::ALL))
            .prop_map(|(from, cause)| CallEvent::TransferFailed { from, cause }),
        1 => Just(CallEvent::DigitPressed { digit: None }),
        1 => Just(CallEvent::CallbackPromised {
            due: None,
            queue: None,
        }),
        1 => word(CallbackResult::ALL).prop_map(|result| CallEvent::CallbackAttempted {
            result,
            agent: None,
        }),
        1 => Just(CallEvent::MessageLeft {
            recording: "1".into(),
        }),
        2 => word(EndedBy::ALL).prop_map(|by| CallEvent::Ended {
            by,
            cause: "".into(),
        }),
    ]
}

fn numbered(events: Vec<(CallEvent, i64, bool)>) -> Vec<Step> {
    let step = |(index, (event, half_seconds, ahead))| Step {
        at: Timestamp::from_micros(half_seconds * 500_000),
        sequence: index as u64 + 1,
        ahead,
        event,
    };
    events.into_iter().enumerate().map(step).collect()
}

/// Anything told of one call, many things at the same instant.
pub(super) fn anything() -> impl Strategy<Value = Vec<Step>> {
    vec((event(), 0..60i64, any::<bool>()), 1..25).prop_map(numbered)
}

/// A step of a call that a switch might make next: which way the dialplan and people go.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Ring,
    Miss,
    Answer,
    Hold,
    Leave,
    BlindToQueue,
    BlindToAgent,
    Attended,
    Conference,
    Release,
    End,
}

const TURNS: &[Turn] = &[
    Turn::Ring,
    Turn::Miss,
    Turn::Answer,
    Turn::Answer,
    Turn::Hold,
    Turn::Leave,
    Turn::BlindToQueue,
    Turn::BlindToAgent,
    Turn::Attended,
    Turn::Conference,
    Turn::Release,
    Turn::End,
];

/// A call as a switch tells it: each thing fits what was before, and each has an instant of its own.
pub(super) fn plausible() -> impl Strategy<Value = Vec<Step>> {
    let turns = vec((select(TURNS), 1..40u32, 0..3usize), 0..14);
    turns.prop_map(|turns| {
        let mut floor = Floor::default();
        floor.say("arrive");
        floor.say("enter q");
        for (turn, seconds, choice) in turns {
            floor.now += seconds;
            floor.take(turn, choice);
        }
        floor.now += 1;
        floor.take(Turn::End, 0);
        notation::parse(&floor.story)
    })
}

/// Where a plausible call is.
#[derive(Default)]
struct Floor {
    story: String,
    now: u32,
    told: u32,
    waits_in: Option<&'static str>,
    rings: Option<&'static str>,
    talks: Option<&'static str>,
    ended: bool,
}

impl Floor {
    fn say(&mut self, words: &str) {
        // A thousandth a step keeps instants apart.
        self.told += 1;
        self.story += &format!("{words} {}.{:03}; ", self.now, self.told);
        if words == "enter q" {
            self.waits_in = Some("q");
        }
    }

    fn take(&mut self, turn: Turn, choice: usize) {
        let agent = ["ann", "bob", "cyd"][choice];
        let queue = ["q", "r", "s"][choice];
        if self.ended {
            return;
        }
        match (turn, self.waits_in, self.talks) {
            (Turn::Ring, Some(waits), _) if self.rings.is_none() => {
                self.say(&format!("ring {agent} {waits}"));
                self.rings = Some(agent);
            }
            (Turn::Miss, Some(_), _) => {
                if let Some(rings) = self.rings.take() {
                    self.say(&format!("miss {rings} no_answer"));
                }
            }
            (Turn::Answer, Some(waits), _) => {
                let rings = self.rings.take().unwrap_or(agent);
                self.say(&format!("answer {rings} {waits}"));
                (self.waits_in, self.talks) = (None, Some(rings));
            }
            (Turn::Leave, Some(waits), _) => {
                self.rings = None;
                self.say(&format!("left {waits} timeout"));
                self.enter(queue);
            }
            (Turn::Hold, _, Some(talks)) => {
                self.say(&format!("hold {talks}"));
                self.now += 3;
                self.say(&format!("unhold {talks}"));
            }
            (Turn::BlindToQueue, _, Some(talks)) => {
                self.say(&format!("begin {talks} blind queue {queue}"));
                self.say(&format!("release {talks} agent"));
                self.talks = None;
                self.enter(queue);
            }
            (Turn::BlindToAgent, _, Some(talks)) if talks != agent => {
                self.say(&format!("release {talks} agent"));
                self.say(&format!("answer {agent}"));
                self.talks = Some(agent);
            }
            (Turn::Attended, _, Some(talks)) if talks != agent => {
                self.say(&format!("begin {talks} attended agent {agent}"));
                self.say(&format!("release {talks} agent"));
                self.say(&format!("answer {agent}"));
                self.say(&format!("done {talks}"));
                self.talks = Some(agent);
            }
            (Turn::Conference, _, Some(talks)) if talks != agent => {
                self.say(&format!("answer {agent}"));
                self.say(&format!("release {talks} agent"));
                self.talks = Some(agent);
            }
            (Turn::Release, _, Some(talks)) => {
                self.say(&format!("release {talks} agent"));
                self.talks = None;
            }
            (Turn::End, _, _) => {
                if let Some(talks) = self.talks {
                    self.say(&format!("release {talks} caller"));
                }
                self.say("end caller");
                self.ended = true;
            }
            _ => {}
        }
    }

    fn enter(&mut self, queue: &'static str) {
        self.say(&format!("enter {queue}"));
        self.waits_in = Some(queue);
    }
}
