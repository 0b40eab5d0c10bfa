//! Passing a caller on: blind to a queue, an agent or outside, attended to an agent, with what can go wrong.

use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::transfer_target::Target;
use crate::proto::v1::{
    AgentOffered, AgentState, EndedBy, MissedReason, TransferCompleted, TransferFailed,
    TransferFailure, TransferMethod, TransferStarted, TransferTarget,
};

use super::call::{CameFrom, Passing, Slot, Stage};
use super::floor::{AgentNumber, QueueNumber, Status};
use super::ring::{RING_MAX, RING_MEDIAN};
use super::simulator::{Simulator, Step};
use super::talk::TalkStep;
use super::target::To;

/// An institution that callers are passed on to: the multifunctional centre of public services.
const OUTSIDE: &str = "mfc";
/// More is not tried: the hotline's own rule.
const TRANSFERS_MAX: u32 = 6;
/// Of those passed on to an agent, the ones the agent speaks to first.
const ATTENDED_SHARE: f64 = 0.45;

/// What becomes of a transfer to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransferStep {
    /// The other agent takes the caller.
    Taken,
    /// It fails; the caller is still there unless gone.
    Fails(TransferFailure),
    /// The first agent answers again.
    FallsBack,
}

impl Simulator {
    /// Passes the caller on, if the agent in hand cannot help and knows who can.
    pub(super) fn pass_on(&mut self, slot: Slot) -> bool {
        let call = &self.calls[slot as usize];
        let Some((agent, queue)) = call.leg() else {
            return false;
        };
        let behaviour = &self.options.behaviour;
        let share = if call.transfers == 0 {
            behaviour.transfer_share
        } else {
            behaviour.transfer_again_share
        };
        if call.stays || call.transfers >= TRANSFERS_MAX || !self.draw.chance(share) {
            return false;
        }
        match self.choose_target(slot, agent) {
            Some(To::Queue(to)) => self.pass_to_queue(slot, agent, queue, to),
            Some(To::Outside) => self.pass_outside(slot, agent, queue),
            Some(To::Agent(to)) if self.draw.chance(ATTENDED_SHARE) => {
                self.consult(slot, agent, queue, to);
            }
            Some(To::Agent(to)) => self.pass_to_agent(slot, agent, queue, to),
            None => return false,
        }
        true
    }

    fn pass_to_queue(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
        to: QueueNumber,
    ) {
        let target = Target::Queue(self.queue_name(Some(to)));
        self.say_started(slot, agent, TransferMethod::Blind, target);
        self.release(slot, agent, queue, EndedBy::Agent);
        let is_return = self.calls[slot as usize].visited.contains(&to);
        self.enter_queue(slot, to);
        self.conclude(slot, agent, queue, ("blind", "queue"), is_return);
        self.begin_wrap_up(agent);
        self.plan_wrap_up(agent);
        self.begin_waiting(slot);
    }

    fn pass_outside(&mut self, slot: Slot, agent: AgentNumber, queue: Option<QueueNumber>) {
        let target = Target::Outside(OUTSIDE.to_owned());
        self.say_started(slot, agent, TransferMethod::Blind, target);
        self.release(slot, agent, queue, EndedBy::Agent);
        let token = self.new_token();
        let call = self.call(slot);
        call.stage = Stage::Outside;
        call.token = token;
        self.conclude(slot, agent, queue, ("blind", "outside"), false);
        let talk = self.draw.log_normal(Duration::from_secs(120), 0.6);
        self.plan(talk, Step::Talk(slot, token, TalkStep::EndsOutside));
        self.begin_wrap_up(agent);
        self.plan_wrap_up(agent);
    }

    /// Drops the caller onto another agent, whose phone rings if it is free.
    fn pass_to_agent(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
        to: AgentNumber,
    ) {
        let target = Target::Agent(self.agent_name(to));
        self.say_started(slot, agent, TransferMethod::Blind, target);
        self.release(slot, agent, queue, EndedBy::Agent);
        self.begin_wrap_up(agent);
        let is_idle = self.floor.agents[to as usize].status == Status::Idle;
        if is_idle {
            self.set_status(to, Status::Busy);
            self.say_offered_directly(slot, to);
        }
        let passing = Passing {
            from: agent,
            from_queue: queue,
            to,
            to_is_taken: is_idle,
        };
        let step = self.draw_fate(is_idle);
        let span = if step == TransferStep::Fails(TransferFailure::NoAnswer) {
            RING_MAX
        } else {
            self.draw.log_normal(RING_MEDIAN, 0.4)
        };
        self.wait_for(slot, Stage::Passing(passing), span, step);
    }

    /// Asks another agent while the caller is on hold.
    fn consult(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
        to: AgentNumber,
    ) {
        let target = Target::Agent(self.agent_name(to));
        self.say_started(slot, agent, TransferMethod::Attended, target);
        self.say_hold(slot, true);
        let is_idle = self.floor.agents[to as usize].status == Status::Idle;
        if is_idle {
            self.set_status(to, Status::Busy);
            self.say_agent(to, AgentState::OtherCall, "consult");
        }
        let passing = Passing {
            from: agent,
            from_queue: queue,
            to,
            to_is_taken: is_idle,
        };
        let step = self.draw_fate(is_idle);
        let span = if is_idle {
            self.draw.log_normal(Duration::from_secs(25), 0.5)
        } else {
            Duration::from_secs(4)
        };
        self.wait_for(slot, Stage::Consulting(passing), span, step);
    }

    fn draw_fate(&mut self, is_idle: bool) -> TransferStep {
        if !is_idle {
            return TransferStep::Fails(TransferFailure::Busy);
        }
        match self.draw.unit() {
            chance if chance < 0.67 => TransferStep::Taken,
            chance if chance < 0.79 => TransferStep::Fails(TransferFailure::NoAnswer),
            chance if chance < 0.90 => TransferStep::Fails(TransferFailure::Refused),
            _ => TransferStep::Fails(TransferFailure::CallerGone),
        }
    }

    fn wait_for(&mut self, slot: Slot, stage: Stage, span: Duration, step: TransferStep) {
        let token = self.new_token();
        let call = self.call(slot);
        call.stage = stage;
        call.token = token;
        self.plan(span, Step::Transfer(slot, token, step));
    }

    pub(super) fn go_on_passing(&mut self, slot: Slot, step: TransferStep) {
        match (self.calls[slot as usize].stage, step) {
            (Stage::Passing(passing), TransferStep::Taken) => self.hand_over(slot, passing),
            (Stage::Consulting(passing), TransferStep::Taken) => self.join(slot, passing),
            (Stage::Passing(passing), TransferStep::Fails(cause)) => {
                self.fail_blind(slot, passing, cause);
            }
            (Stage::Consulting(passing), TransferStep::Fails(cause)) => {
                self.fail_attended(slot, passing, cause);
            }
            (Stage::FallingBack(agent), TransferStep::FallsBack) => {
                self.connect(slot, agent, None);
                self.plan_talk(slot);
            }
            (
                Stage::Gone
                | Stage::Menu(_)
                | Stage::Waiting(_)
                | Stage::Recording
                | Stage::Talking(..)
                | Stage::Passing(_)
                | Stage::Consulting(_)
                | Stage::FallingBack(_)
                | Stage::Outside,
                _,
            ) => {}
        }
    }

    /// The other agent answers a blind transfer.
    fn hand_over(&mut self, slot: Slot, passing: Passing) {
        let Passing {
            from,
            from_queue,
            to,
            ..
        } = passing;
        let is_return = self.calls[slot as usize].talked.contains(&to);
        self.connect(slot, to, None);
        self.conclude(slot, from, from_queue, ("blind", "agent"), is_return);
        self.plan_wrap_up(from);
        self.plan_talk(slot);
    }

    /// The other agent takes over after a consultation: for an instant both are with the caller.
    fn join(&mut self, slot: Slot, passing: Passing) {
        let Passing {
            from,
            from_queue,
            to,
            ..
        } = passing;
        let is_return = self.calls[slot as usize].talked.contains(&to);
        self.call(slot).stage = Stage::Talking(from, from_queue);
        self.say_hold(slot, false);
        self.connect(slot, to, None);
        self.release(slot, from, from_queue, EndedBy::Agent);
        self.conclude(slot, from, from_queue, ("attended", "agent"), is_return);
        self.begin_wrap_up(from);
        self.plan_wrap_up(from);
        self.plan_talk(slot);
    }

    fn fail_blind(&mut self, slot: Slot, passing: Passing, cause: TransferFailure) {
        let Passing {
            from,
            to,
            to_is_taken,
            ..
        } = passing;
        if to_is_taken {
            self.say_missed(slot, to, None, missed(cause));
        }
        self.say_failed(slot, from, cause);
        if cause == TransferFailure::CallerGone {
            self.say_ended(slot, EndedBy::Caller);
            self.close(slot, "served");
            self.plan_wrap_up(from);
        } else {
            // The caller is not dropped: the first agent's phone rings again.
            self.say_offered_directly(slot, from);
            self.set_status(from, Status::Busy);
            self.call(slot).stays = true;
            let span = self.draw.log_normal(Duration::from_secs(4), 0.4);
            let stage = Stage::FallingBack(from);
            self.wait_for(slot, stage, span, TransferStep::FallsBack);
        }
        if to_is_taken {
            self.be_idle(to);
        }
    }

    fn fail_attended(&mut self, slot: Slot, passing: Passing, cause: TransferFailure) {
        let Passing {
            from,
            from_queue,
            to,
            to_is_taken,
        } = passing;
        self.say_failed(slot, from, cause);
        if cause == TransferFailure::CallerGone {
            self.release(slot, from, from_queue, EndedBy::Caller);
            self.say_ended(slot, EndedBy::Caller);
            self.close(slot, "served");
            self.begin_wrap_up(from);
            self.plan_wrap_up(from);
        } else {
            let token = self.new_token();
            let call = self.call(slot);
            call.stage = Stage::Talking(from, from_queue);
            call.token = token;
            call.stays = true;
            self.say_hold(slot, false);
            self.plan_talk(slot);
        }
        if to_is_taken {
            self.become_available(to);
        }
    }

    fn say_started(&mut self, slot: Slot, from: AgentNumber, method: TransferMethod, to: Target) {
        let started = TransferStarted {
            method: method.into(),
            from_agent: self.agent_name(from),
            to: Some(TransferTarget { target: Some(to) }),
        };
        self.say_call(slot, Kind::TransferStarted(started));
    }

    fn say_failed(&mut self, slot: Slot, from: AgentNumber, cause: TransferFailure) {
        let failed = TransferFailed {
            from_agent: self.agent_name(from),
            cause: cause.into(),
        };
        self.say_call(slot, Kind::TransferFailed(failed));
        let word = match cause {
            TransferFailure::NoAnswer => "no_answer",
            TransferFailure::Busy => "busy",
            TransferFailure::Refused => "refused",
            TransferFailure::CallerGone => "caller_gone",
            TransferFailure::Unspecified => "unspecified",
        };
        self.count(slot, |truth| truth.transfer_failed(word));
    }

    fn say_offered_directly(&mut self, slot: Slot, agent: AgentNumber) {
        let offered = AgentOffered {
            agent: self.agent_name(agent),
            queue: String::new(),
        };
        self.say_call(slot, Kind::AgentOffered(offered));
    }

    /// The caller is with somebody else: says it and counts it.
    fn conclude(
        &mut self,
        slot: Slot,
        from: AgentNumber,
        from_queue: Option<QueueNumber>,
        (method, target): (&'static str, &'static str),
        is_return: bool,
    ) {
        let completed = TransferCompleted {
            from_agent: self.agent_name(from),
            method: TransferMethod::Unspecified.into(),
            to: None,
        };
        self.say_call(slot, Kind::TransferCompleted(completed));
        let call = self.call(slot);
        call.transfers += 1;
        call.came_from = Some(match from_queue {
            Some(queue) if target == "queue" => CameFrom::Queue(queue),
            Some(_) | None => CameFrom::Agent(from),
        });
        self.count(slot, |truth| {
            truth.transferred(method, target);
            truth.transfer_returns += u64::from(is_return);
        });
    }
}

/// How the ring at the other agent ended when the transfer failed.
fn missed(cause: TransferFailure) -> MissedReason {
    match cause {
        TransferFailure::NoAnswer | TransferFailure::Unspecified => MissedReason::NoAnswer,
        TransferFailure::Busy => MissedReason::Busy,
        TransferFailure::Refused => MissedReason::Rejected,
        TransferFailure::CallerGone => MissedReason::CallerGone,
    }
}
