//! Whom an agent passes a caller on to: back where the caller came from, or somewhere that has not had the call.

use super::call::{CameFrom, Slot};
use super::floor::{AgentNumber, QueueNumber, Status};
use super::simulator::Simulator;

/// Of those who are not sent back, the ones passed on to somebody outside …
const OUTSIDE_SHARE: f64 = 0.10;
/// … and to another queue; the others go to a colleague.
const QUEUE_SHARE: f64 = 0.40;
/// How many colleagues are looked at.
const GLANCE: u32 = 8;

/// Whom to pass on to.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    Queue(QueueNumber),
    Agent(AgentNumber),
    Outside,
}

impl Simulator {
    pub(super) fn choose_target(&mut self, slot: Slot, agent: AgentNumber) -> Option<To> {
        let came_from = self.calls[slot as usize].came_from;
        if let Some(came_from) = came_from
            && self.draw.chance(self.options.behaviour.return_share)
        {
            return match came_from {
                CameFrom::Queue(queue) => self.has_room(queue).then_some(To::Queue(queue)),
                CameFrom::Agent(back) => self.is_here(back).then_some(To::Agent(back)),
            }
            .filter(|to| !matches!(to, To::Agent(back) if *back == agent));
        }
        match self.draw.unit() {
            chance if chance < OUTSIDE_SHARE => Some(To::Outside),
            chance if chance < OUTSIDE_SHARE + QUEUE_SHARE => self.free_queue(slot).map(To::Queue),
            _ => self.colleague(slot, agent).map(To::Agent),
        }
    }

    /// An agent who is in the house and has not had the call; idle ones are seen first by a glance around.
    fn colleague(&mut self, slot: Slot, agent: AgentNumber) -> Option<AgentNumber> {
        let count = self.floor.agents.len() as u32;
        let first = self.draw.below(count);
        let call = &self.calls[slot as usize];
        let around = (first..first + count.min(GLANCE)).map(|number| number % count);
        let known = around.filter(|&other| {
            other != agent && self.is_here(other) && !call.talked.contains(&other)
        });
        let engaged =
            |other: &AgentNumber| self.floor.agents[*other as usize].status != Status::Idle;
        known.min_by_key(engaged)
    }

    fn is_here(&self, agent: AgentNumber) -> bool {
        self.floor.agents[agent as usize].status != Status::LoggedOut
    }
}
