//! How a call comes in: arrival, refusal at the line, the menu, and how any call ends.

use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::event::Body;
use crate::proto::v1::{
    CallArrived, CallEnded, CallRefused, CallTagged, Caller, DigitPressed, Direction, EndedBy,
    LineStatus, RefusalReason, TagKey, TaggedBy,
};

use super::call::{Call, Slot, Stage};
use super::floor::{LineNumber, QueueNumber};
use super::moment::Moment;
use super::simulator::{Simulator, Step};

/// Greeting and choices, half of the callers faster, half slower.
const MENU_MEDIAN: Duration = Duration::from_secs(14);
/// Keys of a menu that choose a queue.
const MENU_KEYS: usize = 9;

/// A switch looks only now and then whether anybody serves a queue: some callers are let in all the same.
const UNNOTICED_SHARE: f64 = 0.3;

/// How a caller leaves the menu.
#[derive(Clone, Copy, Debug)]
pub(super) enum ArriveStep {
    /// By a choice.
    Choose(usize),
    /// By hanging up.
    HangUp,
}

impl Simulator {
    /// Puts the day's next arrival on the agenda.
    pub(super) fn plan_arrival(&mut self) {
        let arrivals = self.arrivals.as_mut();
        if let Some(at) = arrivals.and_then(|arrivals| arrivals.next(&mut self.draw)) {
            self.plan_at(at, Step::Arrival);
        }
    }

    /// A call reaches our number.
    pub(super) fn arrive(&mut self) {
        self.plan_arrival();
        self.calls_today += 1;
        self.note_call_begun();
        let line = self.draw.below(self.floor.lines.len() as u32);
        let slot = self.new_call(line);
        let (caller, channel) = self.caller_of(slot);
        let arrived = CallArrived {
            caller: Some(caller),
            line: self.floor.lines[line as usize].number.clone(),
            channel,
            direction: Direction::Inbound.into(),
        };
        let at = self.say_call(slot, Kind::Arrived(arrived));
        if self.calls[slot as usize].is_test {
            self.truth.calls_test += 1;
            self.tag(slot, TagKey::Test, "line_check", TaggedBy::Dialplan);
        } else {
            self.truth.calls_arrived += 1;
        }
        if self.calls[slot as usize].channel == 0 {
            self.refuse(slot, RefusalReason::Busy, None);
        } else if !self.is_open(at) {
            self.refuse(slot, RefusalReason::Closed, None);
        } else {
            self.enter_menu(slot);
        }
    }

    fn is_open(&self, at: Moment) -> bool {
        self.day.as_ref().is_some_and(|day| day.is_open(at))
    }

    fn new_call(&mut self, line: LineNumber) -> Slot {
        let label = self.day.as_ref().map_or("", |day| day.label.as_str());
        let id = format!(
            "{}{label}-{:06}",
            self.options.call_prefix, self.calls_today
        );
        let is_test = self.tests_today.contains(&self.calls_today);
        let person = self.people.next(self.now, &mut self.draw);
        let channel = self.take_channel(line);
        let token = self.new_token();
        let call = Call {
            id,
            person,
            line,
            channel,
            is_test,
            stage: Stage::Menu(0),
            token,
            entered_at: self.now,
            ringing: Vec::new(),
            visited: Vec::new(),
            talked: Vec::new(),
            moves: 0,
            transfers: 0,
            came_from: None,
            stays: false,
        };
        if let Some(slot) = self.free_slots.pop() {
            self.calls[slot as usize] = call;
            slot
        } else {
            self.calls.push(call);
            (self.calls.len() - 1) as Slot
        }
    }

    fn caller_of(&mut self, slot: Slot) -> (Caller, String) {
        let call = &self.calls[slot as usize];
        let caller = self.people.caller(call.person, &mut self.draw);
        let channel = match call.channel {
            0 => String::new(),
            channel => format!("trunk{}/{channel}", call.line + 1),
        };
        (caller, channel)
    }

    fn enter_menu(&mut self, slot: Slot) {
        let chance = self.draw.unit();
        let line = self.calls[slot as usize].line;
        let (queue, place) = self.floor.lines[line as usize].choose(chance);
        self.call(slot).stage = Stage::Menu(queue);
        let span = self.draw.log_normal(MENU_MEDIAN, 0.5);
        let token = self.calls[slot as usize].token;
        let step = if self.draw.chance(self.options.behaviour.menu_exit_share) {
            ArriveStep::HangUp
        } else {
            ArriveStep::Choose(place)
        };
        self.plan(span, Step::Menu(slot, token, step));
    }

    pub(super) fn leave_menu(&mut self, slot: Slot, step: ArriveStep) {
        let Stage::Menu(queue) = self.calls[slot as usize].stage else {
            return;
        };
        match step {
            ArriveStep::HangUp => {
                self.say_ended(slot, EndedBy::Caller);
                self.close(slot, "left_before_queue");
            }
            ArriveStep::Choose(place) => {
                // A longer menu asks for more than one key; the last of them says enough here.
                self.press(slot, &(place % MENU_KEYS + 1).to_string());
                let name = self.queue_name(Some(queue));
                self.tag(slot, TagKey::MenuChoice, &name, TaggedBy::Menu);
                self.knock(slot, queue);
            }
        }
    }

    /// Enters the queue, if it takes callers.
    fn knock(&mut self, slot: Slot, queue: QueueNumber) {
        let wanted = &self.floor.queues[queue as usize];
        if !wanted.is_served() && !self.draw.chance(UNNOTICED_SHARE) {
            self.refuse(slot, RefusalReason::NoAgents, Some(queue));
        } else if wanted.waiting.len() >= self.options.queue_max as usize {
            self.refuse(slot, RefusalReason::Full, Some(queue));
        } else {
            self.enter_queue(slot, queue);
            self.begin_waiting(slot);
        }
    }

    /// Turns a call away that was in no queue.
    fn refuse(&mut self, slot: Slot, reason: RefusalReason, queue: Option<QueueNumber>) {
        let line = self.calls[slot as usize].line;
        let by_line = queue.is_none();
        let refused = CallRefused {
            reason: reason.into(),
            line: if by_line {
                self.floor.lines[line as usize].number.clone()
            } else {
                String::new()
            },
            queue: self.queue_name(queue),
        };
        self.say_call(slot, Kind::Refused(refused));
        let word = match reason {
            RefusalReason::Busy => "busy",
            RefusalReason::Closed => "closed",
            RefusalReason::Full => "full",
            RefusalReason::NoAgents => "no_agents",
            RefusalReason::Diverted => "diverted",
            RefusalReason::Unspecified => "unspecified",
        };
        self.count(slot, |truth| truth.call_refused(word, queue));
        self.say_ended(slot, EndedBy::Pbx);
        self.close(slot, "refused");
    }

    pub(super) fn tag(&mut self, slot: Slot, key: TagKey, code: &str, by: TaggedBy) {
        let tagged = CallTagged {
            key: key.into(),
            code: code.to_owned(),
            by: by.into(),
        };
        self.say_call(slot, Kind::Tagged(tagged));
    }

    pub(super) fn press(&mut self, slot: Slot, digit: &str) {
        let pressed = DigitPressed {
            digit: digit.to_owned(),
        };
        self.say_call(slot, Kind::DigitPressed(pressed));
    }

    /// Says the end of a call; [`Simulator::close`] follows once the end is counted.
    pub(super) fn say_ended(&mut self, slot: Slot, by: EndedBy) -> Moment {
        let ended = CallEnded {
            by: by.into(),
            cause: "normal_clearing".to_owned(),
        };
        self.say_call(slot, Kind::Ended(ended))
    }

    /// Ends a call's record: outcome, channel, place; whoever was not served may try again.
    pub(super) fn close(&mut self, slot: Slot, outcome: &'static str) {
        let call = self.call(slot);
        call.stage = Stage::Gone;
        // No step has token 0.
        call.token = 0;
        let (person, line, channel) = (call.person, call.line, call.channel);
        let transfers = call.transfers as usize;
        self.count(slot, |truth| truth.call_ended(outcome, transfers));
        let wants_more = matches!(outcome, "abandoned" | "dismissed" | "refused");
        let now = self.now;
        if wants_more && self.draw.chance(self.options.behaviour.redial_share) {
            self.people.will_redial(person, now, &mut self.draw);
        }
        self.free_slots.push(slot);
        self.give_channel_back(line, channel);
    }

    /// A free channel of a line, from 1; 0 = all are taken.
    fn take_channel(&mut self, line: LineNumber) -> u32 {
        let free = &mut self.floor.lines[line as usize].free;
        let channel = free.pop().unwrap_or(0);
        if channel != 0 && free.is_empty() {
            self.say_line(line);
        }
        channel
    }

    fn give_channel_back(&mut self, line: LineNumber, channel: u32) {
        if channel == 0 {
            return;
        }
        let free = &mut self.floor.lines[line as usize].free;
        let was_full = free.is_empty();
        free.push(channel);
        if was_full {
            self.say_line(line);
        }
    }

    /// Says how many channels of a line are taken: when the last one is taken, when one is free again, and now and then.
    pub(super) fn say_line(&mut self, line: LineNumber) {
        let line = &self.floor.lines[line as usize];
        let status = LineStatus {
            line: line.number.clone(),
            channels_busy: line.busy(),
            channels_total: line.channels,
        };
        self.say(Body::LineStatus(status));
    }
}
