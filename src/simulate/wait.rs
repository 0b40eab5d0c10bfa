//! Waiting: a visit from the entry to whatever ends it but an answer, and where the caller goes then.

use std::mem;
use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::{
    AgentState, CallbackPromised, EndedBy, MessageLeft, MissedReason, QueueEntered, QueueExit,
    QueueLeft,
};

use super::call::{Slot, Stage};
use super::floor::{AgentNumber, QueueNumber, Status};
use super::simulator::{Simulator, Step};
use super::truth::VisitEnd;

/// By then a misdial has hung up.
const SHORT_ABANDON_MAX: Duration = Duration::from_secs(5);
/// Callers to whom the queue itself offers another way, a key, a call back, or who are moved; most are answered first.
const OTHER_EXIT_SHARE: f64 = 0.2;
/// Of those who left by key, the ones who leave a message; the others want another queue.
const MESSAGE_SHARE: f64 = 0.5;
/// Until when a call back is promised.
const CALLBACK_WITHIN: Duration = Duration::from_secs(2 * 3_600);

/// How a caller leaves a queue without an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    HangUp,
    Timeout,
    /// Presses the key that leaves the queue.
    Key,
    /// Presses the key that asks for a call back.
    Callback,
    /// A supervisor moves the caller to another queue.
    Moved,
    /// The queue application breaks; the dialplan goes on to another queue.
    Broken,
    /// Nobody serves the queue any longer.
    Empty,
}

impl Simulator {
    /// Begins a visit. Who is passed on by an agent goes before those who have not spoken to anybody yet.
    pub(super) fn enter_queue(&mut self, slot: Slot, queue: QueueNumber) {
        let call = self.call(slot);
        let is_served = call.is_served();
        let is_first = call.visited.is_empty();
        call.visited.push(queue);
        let waiting = &mut self.floor.queues[queue as usize].waiting;
        let position = if is_served { 1 } else { waiting.len() + 1 };
        if is_served {
            waiting.push_front(slot);
        } else {
            waiting.push_back(slot);
        }
        let entered = QueueEntered {
            queue: self.queue_name(Some(queue)),
            position: position as u32,
            priority: i32::from(is_served),
        };
        let at = self.say_call(slot, Kind::QueueEntered(entered));
        let token = self.new_token();
        let call = self.call(slot);
        call.stage = Stage::Waiting(queue);
        call.token = token;
        call.entered_at = at;
        self.count(slot, |truth| truth.visit_began(queue, is_first));
    }

    /// Draws the caller's patience and lets agents ring.
    pub(super) fn begin_waiting(&mut self, slot: Slot) {
        let Stage::Waiting(queue) = self.calls[slot as usize].stage else {
            return;
        };
        let is_served = self.calls[slot as usize].is_served();
        let token = self.calls[slot as usize].token;
        let behaviour = &self.options.behaviour;
        let patience = if !is_served && self.draw.chance(behaviour.short_abandon_share) {
            self.draw
                .between(Duration::from_millis(600), SHORT_ABANDON_MAX)
        } else {
            SHORT_ABANDON_MAX + self.draw.exponential(behaviour.patience_mean)
        };
        let timeout = self.options.queue_timeout;
        self.plan(patience, Step::Departure(slot, token, Departure::HangUp));
        self.plan(timeout, Step::Departure(slot, token, Departure::Timeout));
        if !is_served && self.draw.chance(OTHER_EXIT_SHARE) {
            let how = self.draw.one_of([
                Departure::Key,
                Departure::Key,
                Departure::Callback,
                Departure::Moved,
                Departure::Broken,
            ]);
            let after = self
                .draw
                .between(Duration::from_secs(15), Duration::from_secs(75));
            self.plan(after, Step::Departure(slot, token, how));
        }
        self.offer(slot, queue);
    }

    /// A caller leaves a queue without an agent.
    pub(super) fn depart(&mut self, slot: Slot, why: Departure) {
        let queue = match self.calls[slot as usize].stage {
            Stage::Waiting(queue) => queue,
            Stage::Gone
            | Stage::Menu(_)
            | Stage::Recording
            | Stage::Talking(..)
            | Stage::Passing(_)
            | Stage::Consulting(_)
            | Stage::FallingBack(_)
            | Stage::Outside => return,
        };
        let other = self.other_queue(slot);
        if matches!(why, Departure::Moved | Departure::Broken) && other.is_none() {
            return;
        }
        if matches!(why, Departure::Key | Departure::Callback) {
            self.press(slot, if why == Departure::Key { "0" } else { "1" });
        }
        let freed = self.leave_queue(slot, queue, why);
        match why {
            Departure::HangUp => {}
            Departure::Key if self.draw.chance(MESSAGE_SHARE) => self.record(slot),
            Departure::Callback => self.promise_callback(slot, queue),
            Departure::Empty => self.dismiss(slot),
            Departure::Timeout | Departure::Key | Departure::Moved | Departure::Broken => {
                match other {
                    Some(other) => self.reroute(slot, other),
                    None => self.dismiss(slot),
                }
            }
        }
        for agent in freed {
            self.be_idle(agent);
        }
    }

    /// Ends the visit: silences the phones, says the exit, counts it. Gives back who rang.
    fn leave_queue(&mut self, slot: Slot, queue: QueueNumber, why: Departure) -> Vec<AgentNumber> {
        self.floor.queues[queue as usize].remove(slot);
        let freed = mem::take(&mut self.call(slot).ringing);
        // A switch silences the phones before it says that the caller is gone: they rang at that instant all the same.
        let silenced = if why == Departure::Timeout {
            MissedReason::RingTimeout
        } else {
            MissedReason::CallerGone
        };
        for &agent in &freed {
            self.say_missed(slot, agent, Some(queue), silenced);
        }
        let left = |exit: QueueExit, name: String| {
            Kind::QueueLeft(QueueLeft {
                queue: name,
                exit: exit.into(),
            })
        };
        let name = self.queue_name(Some(queue));
        let (told, exit) = match why {
            Departure::HangUp if freed.is_empty() => (None, VisitEnd::AbandonedWaiting),
            Departure::HangUp => (None, VisitEnd::AbandonedRinging),
            Departure::Timeout => (Some(left(QueueExit::Timeout, name)), VisitEnd::Timeout),
            Departure::Key => (Some(left(QueueExit::KeyExit, name)), VisitEnd::KeyExit),
            Departure::Callback => (Some(left(QueueExit::Callback, name)), VisitEnd::Callback),
            Departure::Moved => (Some(left(QueueExit::Withdrawn, name)), VisitEnd::Withdrawn),
            Departure::Broken => (Some(left(QueueExit::Error, name)), VisitEnd::Error),
            Departure::Empty => (Some(left(QueueExit::LeftEmpty, name)), VisitEnd::LeftEmpty),
        };
        let is_told = told.is_some();
        let at = match told {
            Some(kind) => self.say_call(slot, kind),
            // Nobody tells that a caller abandoned; the call just ends. Some switches do not know who ended it.
            None if self.draw.chance(0.05) => self.say_ended(slot, EndedBy::Unknown),
            None => self.say_ended(slot, EndedBy::Caller),
        };
        let wait = at.micros_since(self.calls[slot as usize].entered_at);
        let was_served = self.calls[slot as usize].is_served();
        self.count(slot, |truth| {
            truth.visit_ended(queue, exit, wait);
            truth.transfer_wait_sum_us += if was_served { wait } else { 0 };
        });
        if !is_told {
            self.close(slot, if was_served { "served" } else { "abandoned" });
        }
        freed
    }

    /// Another queue for a caller who has not spoken to anybody and was not moved yet.
    fn other_queue(&mut self, slot: Slot) -> Option<QueueNumber> {
        let call = &self.calls[slot as usize];
        if call.is_served() || call.moves > 0 {
            return None;
        }
        self.free_queue(slot)
    }

    /// A queue that the call was not in, that is served and has room; `None` if a few tries find none.
    pub(super) fn free_queue(&mut self, slot: Slot) -> Option<QueueNumber> {
        let count = self.floor.queues.len() as u32;
        let first = self.draw.below(count);
        let call = &self.calls[slot as usize];
        (first..first + count.min(4))
            .map(|number| number % count)
            .find(|queue| !call.visited.contains(queue) && self.has_room(*queue))
    }

    pub(super) fn has_room(&self, queue: QueueNumber) -> bool {
        let queue = &self.floor.queues[queue as usize];
        queue.is_served() && queue.waiting.len() < self.options.queue_max as usize
    }

    fn reroute(&mut self, slot: Slot, queue: QueueNumber) {
        self.call(slot).moves += 1;
        self.count(slot, |truth| truth.reroutes += 1);
        self.enter_queue(slot, queue);
        self.begin_waiting(slot);
    }

    /// Sends a caller away.
    fn dismiss(&mut self, slot: Slot) {
        self.say_ended(slot, EndedBy::Pbx);
        let is_served = self.calls[slot as usize].is_served();
        self.close(slot, if is_served { "served" } else { "dismissed" });
    }

    fn record(&mut self, slot: Slot) {
        let token = self.new_token();
        let call = self.call(slot);
        call.stage = Stage::Recording;
        call.token = token;
        let span = self
            .draw
            .between(Duration::from_secs(8), Duration::from_secs(50));
        self.plan(span, Step::Recorded(slot, token));
    }

    pub(super) fn end_recording(&mut self, slot: Slot) {
        let message = MessageLeft {
            recording_id: format!("message-{}", self.calls[slot as usize].id),
        };
        self.say_call(slot, Kind::MessageLeft(message));
        self.say_ended(slot, EndedBy::Caller);
        self.close(slot, "message_left");
    }

    fn promise_callback(&mut self, slot: Slot, queue: QueueNumber) {
        let promised = CallbackPromised {
            due: Some((self.now + CALLBACK_WITHIN).to_proto()),
            queue: self.queue_name(Some(queue)),
        };
        self.say_call(slot, Kind::CallbackPromised(promised));
        self.say_ended(slot, EndedBy::Pbx);
        self.close(slot, "callback_promised");
    }

    /// Agents of a queue go to a meeting or come back; whoever waits is told that nobody is there.
    pub(super) fn staff(&mut self, queue: QueueNumber, staffed: bool) {
        self.floor.queues[queue as usize].staffed = staffed;
        let agents = self.floor.queues[queue as usize].agents.clone();
        for agent in agents {
            if self.floor.agents[agent as usize].status == Status::Idle {
                self.say_agent(agent, AgentState::Available, "");
            }
        }
        if !staffed {
            self.empty_queue(queue);
        }
    }

    /// Sends everybody away for whom no phone rings.
    pub(super) fn empty_queue(&mut self, queue: QueueNumber) {
        let waiting = &self.floor.queues[queue as usize].waiting;
        let unrung = |slot: &Slot| self.calls[*slot as usize].ringing.is_empty();
        let leaving: Vec<Slot> = waiting.iter().copied().filter(unrung).collect();
        for slot in leaving {
            self.depart(slot, Departure::Empty);
        }
    }
}
