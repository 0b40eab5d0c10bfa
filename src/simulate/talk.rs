//! Talking: the leg of an agent, with its hold, its tags, and its end.

use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::{
    AgentConnected, AgentReleased, AgentState, EndedBy, HoldEnded, HoldStarted, TagKey, TaggedBy,
};

use super::call::{Slot, Stage};
use super::floor::{AgentNumber, QueueNumber, Status, TOPICS};
use super::moment::Moment;
use super::shift::AgentStep;
use super::simulator::{Simulator, Step};

/// A caller who was passed on has told the story once and needs less time …
const LATER_LEG: f64 = 0.6;
/// … and one who fell back after a failed transfer less again.
const FALLEN_BACK_LEG: f64 = 0.25;
/// The shortest leg that is planned; below it people have not said good day.
const TALK_MIN: Duration = Duration::from_secs(3);
const HOLD_MEDIAN: Duration = Duration::from_secs(35);
/// Calls with a topic.
const TOPIC_SHARE: f64 = 0.8;

/// What happens within a leg.
#[derive(Clone, Copy, Debug)]
pub(super) enum TalkStep {
    HoldBegins,
    HoldEnds,
    Ends,
    /// The party outside and the caller have finished.
    EndsOutside,
}

impl Simulator {
    /// An agent and the caller hear each other.
    pub(super) fn connect(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
    ) -> Moment {
        let connected = AgentConnected {
            agent: self.agent_name(agent),
            queue: self.queue_name(queue),
        };
        let at = self.say_call(slot, Kind::AgentConnected(connected));
        let token = self.new_token();
        let call = self.call(slot);
        call.stage = Stage::Talking(agent, queue);
        call.token = token;
        if !call.talked.contains(&agent) {
            call.talked.push(agent);
        }
        self.set_status(agent, Status::Busy);
        at
    }

    /// Draws how the leg in hand goes on.
    pub(super) fn plan_talk(&mut self, slot: Slot) {
        let Some((agent, _)) = self.calls[slot as usize].leg() else {
            return;
        };
        self.say_agent(agent, AgentState::Talking, "");
        let call = &self.calls[slot as usize];
        let token = call.token;
        let factor = if call.stays {
            FALLEN_BACK_LEG
        } else if call.transfers > 0 {
            LATER_LEG
        } else {
            1.0
        };
        let median = self.options.behaviour.talk_median.mul_f64(factor);
        let talk = TALK_MIN + self.draw.log_normal(median, 0.75);
        let mut hold = Duration::ZERO;
        if self.draw.chance(self.options.behaviour.hold_share) {
            hold = self.draw.log_normal(HOLD_MEDIAN, 0.6);
            let after = talk.mul_f64(0.3 + 0.4 * self.draw.unit());
            self.plan(after, Step::Talk(slot, token, TalkStep::HoldBegins));
            self.plan(after + hold, Step::Talk(slot, token, TalkStep::HoldEnds));
        }
        self.plan(talk + hold, Step::Talk(slot, token, TalkStep::Ends));
    }

    pub(super) fn go_on_talking(&mut self, slot: Slot, step: TalkStep) {
        match step {
            TalkStep::HoldBegins => self.say_hold(slot, true),
            TalkStep::HoldEnds => self.say_hold(slot, false),
            TalkStep::Ends => {
                self.tag_talk(slot);
                if !self.pass_on(slot) {
                    self.hang_up(slot);
                }
            }
            TalkStep::EndsOutside => {
                self.say_ended(slot, EndedBy::Caller);
                self.close(slot, "served");
            }
        }
    }

    pub(super) fn say_hold(&mut self, slot: Slot, begins: bool) {
        let Some((agent, _)) = self.calls[slot as usize].leg() else {
            return;
        };
        let agent = self.agent_name(agent);
        let kind = if begins {
            Kind::HoldStarted(HoldStarted {
                agent,
                for_consultation: false,
            })
        } else {
            Kind::HoldEnded(HoldEnded { agent })
        };
        self.say_call(slot, kind);
    }

    /// What the first agent notes about the call.
    fn tag_talk(&mut self, slot: Slot) {
        let call = &self.calls[slot as usize];
        if call.talked.len() > 1 || call.stays {
            return;
        }
        let queue = call.leg().and_then(|(_, queue)| queue).unwrap_or_default();
        if self.draw.chance(TOPIC_SHARE) {
            let topic = TOPICS[queue as usize % TOPICS.len()];
            self.tag(slot, TagKey::Topic, topic, TaggedBy::Agent);
        }
        if self.draw.chance(0.2) {
            let stage = self.draw.one_of(["1", "2", "3", "4", "5", "6"]);
            self.tag(slot, TagKey::Stage, stage, TaggedBy::Agent);
        }
        if self.draw.chance(0.03) {
            self.tag(slot, TagKey::NeedsMoreTime, "", TaggedBy::Agent);
        }
        if self.draw.chance(0.02) {
            self.tag(slot, TagKey::Conflict, "", TaggedBy::Agent);
        }
    }

    /// The talk is over and with it the call.
    fn hang_up(&mut self, slot: Slot) {
        let Some((agent, queue)) = self.calls[slot as usize].leg() else {
            return;
        };
        let by = match self.draw.unit() {
            chance if chance < 0.70 => EndedBy::Caller,
            chance if chance < 0.95 => EndedBy::Agent,
            chance if chance < 0.97 => EndedBy::Pbx,
            _ => EndedBy::Unknown,
        };
        self.release(slot, agent, queue, by);
        self.say_ended(slot, by);
        self.close(slot, "served");
        self.begin_wrap_up(agent);
        self.plan_wrap_up(agent);
    }

    pub(super) fn release(
        &mut self,
        slot: Slot,
        agent: AgentNumber,
        queue: Option<QueueNumber>,
        by: EndedBy,
    ) {
        let released = AgentReleased {
            agent: self.agent_name(agent),
            queue: self.queue_name(queue),
            by: by.into(),
        };
        self.say_call(slot, Kind::AgentReleased(released));
    }

    /// The agent works on what the call left to do.
    pub(super) fn begin_wrap_up(&mut self, agent: AgentNumber) {
        self.set_status(agent, Status::WrapUp);
        self.say_agent(agent, AgentState::WrapUp, "");
    }

    /// Draws how long that work takes.
    pub(super) fn plan_wrap_up(&mut self, agent: AgentNumber) {
        let token = self.floor.agents[agent as usize].token;
        let median = self.options.behaviour.wrap_up_median;
        let span = self.draw.log_normal(median, 0.6);
        self.plan(span, Step::Agent(agent, token, AgentStep::WrapUpEnds));
    }
}
