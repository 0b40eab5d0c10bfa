//! Who is an agent, and whether a queue has anybody who could take a call.
//!
//! An endpoint that is, or becomes, a member of a queue is an agent; a file is read for that once before it is
//! interpreted (`learn`), so that an agent who logs in late was one before, too.

use std::collections::{HashMap, HashSet};

use crate::model::Timestamp;

use super::message::{Message, text};
use super::names;

/// The most endpoints and queues that are remembered: no hotline has as many.
const NAMES_MAX: usize = 10_000;

/// Device states of a member that cannot be called: invalid and unavailable.
const UNREACHABLE: [&[u8]; 2] = [b"4", b"5"];

/// What is known of a queue's members.
#[derive(Clone, Debug, Default)]
struct Queue {
    /// Members by interface, and whether they could take a call.
    members: HashMap<String, bool>,
    /// Since when nobody could.
    empty_since: Option<Timestamp>,
}

/// Everybody's queues.
#[derive(Clone, Debug, Default)]
pub struct Members {
    agents: HashSet<String>,
    /// Telephones that a member's Local channel rings, by their own extension: the member's.
    aliases: HashMap<String, String>,
    /// Interfaces by member name, where a name is one member's alone.
    names: HashMap<String, Option<String>>,
    queues: HashMap<String, Queue>,
}

impl Members {
    /// Learns the members that a message speaks of, whatever it is about.
    pub fn learn(&mut self, message: &Message<'_>) {
        let Some(event) = message.event() else { return };
        let interface = match event {
            b"QueueMember" => message.text("Location"),
            b"QueueMemberAdded"
            | b"QueueMemberRemoved"
            | b"QueueMemberStatus"
            | b"QueueMemberPause"
            | b"QueueMemberPaused"
            | b"AgentCalled"
            | b"AgentConnect"
            | b"AgentComplete"
            | b"AgentRingNoAnswer" => message.text("Interface"),
            _ => None,
        };
        // Asterisk 11 and older call it Location in every event.
        let Some(interface) = interface.or_else(|| message.text("Location")) else {
            return;
        };
        if self.agents.len() < NAMES_MAX {
            let extension = names::extension_of(&interface);
            if !self.agents.contains(extension) {
                self.agents.insert(extension.to_owned());
            }
        }
        let name = message.text("MemberName").or_else(|| message.text("Name"));
        if let Some(name) = name
            && self.names.len() < NAMES_MAX
        {
            match self.names.get_mut(&*name) {
                Some(known) if known.as_deref() != Some(&*interface) => {
                    let same = known.as_deref().map(names::extension_of)
                        == Some(names::extension_of(&interface));
                    if !same {
                        *known = None;
                    }
                }
                Some(_) => {}
                None => {
                    self.names
                        .insert(name.into_owned(), Some(interface.into_owned()));
                }
            }
        }
    }

    /// Says beforehand that somebody is an agent.
    pub fn add_agent(&mut self, interface: &str) {
        self.agents
            .insert(names::extension_of(interface).to_owned());
    }

    /// Says beforehand whom a member's name stands for.
    pub fn add_name(&mut self, name: &str, agent: &str) {
        self.add_agent(agent);
        self.names.insert(name.to_owned(), Some(agent.to_owned()));
    }

    /// Whether an extension is an agent's.
    pub(super) fn is_agent(&self, extension: &str) -> bool {
        self.agents.contains(extension) || self.aliases.contains_key(extension)
    }

    /// The agent whose telephone this is.
    pub(super) fn agent_of<'a>(&'a self, device: &'a str) -> &'a str {
        let extension = names::extension_of(device);
        self.aliases.get(extension).map_or(extension, |agent| agent)
    }

    /// The agent of a member's interface or name, as `queue_log` writes either.
    pub fn agent_of_log(&self, agent: &str) -> String {
        let by_name = self.names.get(agent).and_then(Option::as_deref);
        names::extension_of(by_name.unwrap_or(agent)).to_owned()
    }

    /// A member's Local channel rang this telephone: one person, under the member's name.
    pub(super) fn alias(&mut self, device: &str, agent: &str) {
        let extension = names::extension_of(device);
        if extension != agent && !self.agents.contains(extension) && self.aliases.len() < NAMES_MAX
        {
            self.aliases.insert(extension.to_owned(), agent.to_owned());
        }
    }

    /// Follows a queue's members.
    pub(super) fn handle(&mut self, event: &[u8], message: &Message<'_>, now: Timestamp) {
        self.learn(message);
        let interface = message
            .text("Interface")
            .or_else(|| message.text("Location"));
        let (Some(queue), Some(interface)) = (message.text("Queue"), interface) else {
            return;
        };
        if self.queues.len() >= NAMES_MAX && !self.queues.contains_key(&*queue) {
            return;
        }
        let queue = self.queues.entry(queue.into_owned()).or_default();
        if event == b"QueueMemberRemoved" {
            queue.members.remove(&*interface);
        } else {
            let paused = message.get("Paused") == Some(b"1");
            let status = message.get("Status").unwrap_or_default();
            let serves = !paused && !UNREACHABLE.contains(&status);
            queue.members.insert(interface.into_owned(), serves);
        }
        let serves = queue.members.values().any(|serves| *serves);
        match (serves, queue.empty_since) {
            (true, _) => queue.empty_since = None,
            (false, None) => queue.empty_since = Some(now),
            (false, Some(_)) => {}
        }
    }

    /// Since when a queue has had nobody who could take a call; `None` = somebody can, or nothing is known.
    pub(super) fn empty_since(&self, queue: &str) -> Option<Timestamp> {
        self.queues.get(queue)?.empty_since
    }
}

/// An agent, from an `Interface` as a message has it.
pub(super) fn agent_of_interface(interface: &[u8]) -> String {
    names::extension_of(&text(interface)).to_owned()
}
