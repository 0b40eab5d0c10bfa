//! One open call, as the simulated switch knows it.

use super::floor::{AgentNumber, LineNumber, QueueNumber, Token};
use super::moment::Moment;
use super::people::Person;

/// The place of an open call; given again when the call is over.
pub(super) type Slot = u32;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Over; the place is free.
    Gone,
    /// Hears the menu, on the way to a queue.
    Menu(QueueNumber),
    /// Waits in a queue.
    Waiting(QueueNumber),
    /// Leaves a message.
    Recording,
    /// With an agent, by a queue or directly.
    Talking(AgentNumber, Option<QueueNumber>),
    /// Dropped by one agent onto another who rings.
    Passing(Passing),
    /// On hold while one agent asks another.
    Consulting(Passing),
    /// Rings again at the agent who could not pass it on.
    FallingBack(AgentNumber),
    /// With somebody outside.
    Outside,
}

/// One agent passes the caller on to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passing {
    pub(super) from: AgentNumber,
    /// The queue of the leg that passes on.
    pub(super) from_queue: Option<QueueNumber>,
    pub(super) to: AgentNumber,
    /// Whether the other agent rings or talks; false = was engaged from the beginning.
    pub(super) to_is_taken: bool,
}

/// Where a caller was passed on from, for those who are sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CameFrom {
    Agent(AgentNumber),
    Queue(QueueNumber),
}

/// One open call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) person: Person,
    pub(super) line: LineNumber,
    /// The trunk circuit it holds.
    pub(super) channel: u32,
    /// Tagged `test`: in no figure.
    pub(super) is_test: bool,
    pub(super) stage: Stage,
    /// Plans for an earlier stage have another token.
    pub(super) token: Token,
    /// When the visit began.
    pub(super) entered_at: Moment,
    /// Agents who ring for it.
    pub(super) ringing: Vec<AgentNumber>,
    /// Queues it was in.
    pub(super) visited: Vec<QueueNumber>,
    /// Agents it talked with.
    pub(super) talked: Vec<AgentNumber>,
    /// Visits before any human.
    pub(super) moves: u32,
    pub(super) transfers: u32,
    pub(super) came_from: Option<CameFrom>,
    /// A transfer came to nothing: this agent will not try again.
    pub(super) stays: bool,
}

impl Call {
    /// Whether a human answered.
    pub(super) fn is_served(&self) -> bool {
        !self.talked.is_empty()
    }

    /// Agent and queue of the leg in hand.
    pub(super) fn leg(&self) -> Option<(AgentNumber, Option<QueueNumber>)> {
        match self.stage {
            Stage::Talking(agent, queue) => Some((agent, queue)),
            Stage::Gone
            | Stage::Menu(_)
            | Stage::Waiting(_)
            | Stage::Recording
            | Stage::Passing(_)
            | Stage::Consulting(_)
            | Stage::FallingBack(_)
            | Stage::Outside => None,
        }
    }
}
