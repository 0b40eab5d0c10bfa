//! Consultations and attended transfers.
//!
//! An agent asks another one by a second line, which is a call of its own until the two are joined, or by a feature code,
//! which moves the agent's channel between bridges. Either may go into a queue. A consultation is no call of a customer
//! and no visit; only the transfer that may follow makes it matter.

use crate::{
    model::Timestamp,
    proto::v1::{
        EndedBy, HoldEnded, HoldStarted, TransferCompleted, TransferMethod, call_event::Kind,
        transfer_target::Target,
    },
};

use super::{
    channels::{ChannelKey, Role},
    interpreter::Interpreter,
    message::Message,
    names,
    said::{Consulted, How, Note, Passed, What},
};

/// An agent who asks another one: by a second line, or by a feature code while the switch parks the customer.
#[derive(Debug)]
pub(super) struct Consult {
    pub(super) call: u64,
    pub(super) agent: String,
    /// The agent's channel in the consultation.
    pub(super) line: ChannelKey,
    pub(super) how: How,
    pub(super) start: Timestamp,
    pub(super) to: String,
    pub(super) queue: Option<String>,
    pub(super) answered: Option<(String, Timestamp)>,
    /// It was told that a transfer had begun.
    pub(super) told: bool,
}

impl Interpreter {
    /// An agent dials with a second line; a consultation if the first one talks with a customer.
    pub(super) fn second_line(&mut self, key: ChannelKey, at: Timestamp) {
        // Of a line that was not heard to begin it is asked again what it is.
        if self.consults.iter().any(|consult| consult.line == key) {
            return;
        }
        let Some(channel) = self.channels.get(key) else {
            return;
        };
        let agent = self.members.agent_of(&channel.device).to_owned();
        let to = channel.exten.clone();
        let mut calls = self.calls.iter();
        let of_agent = calls.find(|(_, call)| call.talks.iter().any(|talk| talk.agent == agent));
        let Some(call) = of_agent.map(|(call, _)| *call) else {
            return;
        };
        self.consults.push(Consult {
            call,
            agent,
            line: key,
            how: How::ReferReplaces,
            start: at,
            to,
            queue: None,
            answered: None,
            told: false,
        });
    }

    /// A way opened or closed around a channel: consultations begin, are answered, come to their end.
    pub(super) fn follow_consults(&mut self, key: ChannelKey, at: Timestamp) {
        self.begin_by_code(key, at);
        let reached = self.channels.reach(key);
        for index in 0..self.consults.len() {
            let Some(consult) = self.consults.get(index) else {
                return;
            };
            let customer = self.calls.get(&consult.call).map(|call| call.channel);
            let is_joined = customer.is_some_and(|customer| reached.contains(&customer));
            if consult.answered.is_some() || is_joined || !reached.contains(&consult.line) {
                continue;
            }
            let own = self.channels.get(consult.line).map(|one| &one.device);
            let other = reached.iter().find(|key| {
                let other = self.channels.get(**key);
                other.is_some_and(|one| one.role == Role::Phone && Some(&one.device) != own)
            });
            let Some(other) = other.and_then(|key| self.channels.get(*key)) else {
                continue;
            };
            let agent = self.members.agent_of(&other.device).to_owned();
            if let Some(consult) = self.consults.get_mut(index) {
                consult.answered = Some((agent, at));
            }
        }
    }

    /// An agent's telephone left the customer for a bridge with a Local half: a consultation by feature code.
    fn begin_by_code(&mut self, key: ChannelKey, at: Timestamp) {
        let Some(call) = self.call_of_phone(key) else {
            return;
        };
        let reached = self.channels.reach(key);
        let bridge = self.channels.get(key).and_then(|one| one.bridge.as_deref());
        let inside = bridge.map_or(&[][..], |bridge| self.channels.inside(bridge));
        let dialled = inside.iter().find_map(|other| {
            let name = &self.channels.get(*other)?.name;
            names::number_of_local(name).map(str::to_owned)
        });
        let customer = self.calls.get(&call).map(|call| call.channel);
        let with_customer = customer.is_none_or(|customer| reached.contains(&customer));
        let (Some(to), false) = (dialled, with_customer) else {
            return;
        };
        if self.consults.iter().any(|consult| consult.line == key) {
            return;
        }
        let Some(talk) = self.talk_of_phone(call, key) else {
            return;
        };
        let start = talk.parked_since.or(talk.away_since).unwrap_or(at);
        let agent = talk.agent.clone();
        let hold = HoldStarted {
            agent: agent.clone(),
            for_consultation: true,
        };
        self.say(call, start, What::Event(Kind::HoldStarted(hold)));
        self.consults.push(Consult {
            call,
            agent,
            line: key,
            how: How::FeatureCode,
            start,
            to,
            queue: None,
            answered: None,
            told: false,
        });
        let inside = self.channels.reach(key);
        let waits = inside.iter().find_map(|key| self.waits.get(key));
        if let Some(queue) = waits.map(|wait| wait.queue.clone()) {
            self.consult_in_queue(key, &queue);
        }
    }

    fn consult_at(&self, key: ChannelKey) -> Option<usize> {
        let reached = self.channels.reach(key);
        let mut consults = self.consults.iter();
        consults.position(|consult| reached.contains(&consult.line))
    }

    /// A consultation waits in a queue.
    pub(super) fn consult_in_queue(&mut self, key: ChannelKey, queue: &str) {
        if let Some(index) = self.consult_at(key) {
            if let Some(consult) = self.consults.get_mut(index) {
                consult.queue = Some(queue.to_owned());
            }
            self.say_consult(index, Target::Queue(queue.to_owned()));
        }
    }

    pub(super) fn consult_dials(&mut self, origin: ChannelKey, device: &str) -> bool {
        let Some(index) = self.consult_at(origin) else {
            return false;
        };
        let in_queue = self
            .consults
            .get(index)
            .is_some_and(|one| one.queue.is_some());
        if !in_queue {
            let target = if self.trunks.contains(device) {
                let to = self.consults.get(index).map(|one| one.to.clone());
                Target::Outside(to.unwrap_or_default())
            } else {
                Target::Agent(self.members.agent_of(device).to_owned())
            };
            self.say_consult(index, target);
        }
        true
    }

    fn say_consult(&mut self, index: usize, target: Target) {
        let Some(consult) = self.consults.get_mut(index) else {
            return;
        };
        if std::mem::replace(&mut consult.told, true) {
            return;
        }
        let (call, start, agent) = (consult.call, consult.start, consult.agent.clone());
        self.say_started(call, start, TransferMethod::Attended, &agent, target);
    }

    /// An agent whom the queue found answers a consultation.
    pub(super) fn consult_answered(&mut self, key: ChannelKey, agent: &str, at: Timestamp) {
        if let Some(index) = self.consult_at(key)
            && let Some(consult) = self.consults.get_mut(index)
        {
            consult.answered.get_or_insert((agent.to_owned(), at));
        }
    }

    pub(super) fn attended_transfer(&mut self, message: &Message<'_>, at: Timestamp) {
        let by_code =
            message.get("OrigTransfererUniqueid") == message.get("SecondTransfererUniqueid");
        let key = |id: &str| message.text(id).and_then(|id| self.channels.find(&id));
        let (first, second) = (
            key("OrigTransfererUniqueid"),
            key("SecondTransfererUniqueid"),
        );
        let transferee = key("TransfereeUniqueid");
        // Either line may have asked for it.
        let passes = first.and_then(|key| self.who_passes(key));
        let passes = passes.or_else(|| second.and_then(|key| self.who_passes(key)));
        let Some((call, agent)) = passes else {
            return;
        };
        let ok = message
            .get("Result")
            .is_none_or(|result| result.eq_ignore_ascii_case(b"Success"));
        let mut consults = self.consults.iter();
        let index = consults.position(|one| one.call == call && one.agent == agent);
        if !ok {
            return;
        }
        let target = message.text("TransferTargetChannel");
        let target = target.map(|name| names::extension_of(names::device_of(&name)).to_owned());
        self.hand_over(call, &agent, index, target, by_code, at);
        if let (Some(bridge), Some(target)) = (
            message.get("DestBridgeUniqueid"),
            message
                .text("TransferTargetUniqueid")
                .and_then(|id| self.channels.find(&id)),
        ) {
            self.put_in_bridge(target, bridge, at);
        }
        // Into an application: the customer takes the place of the agent's line, which may wait in a queue.
        if message.get("DestType") == Some(b"App")
            && let (Some(line), Some(customer)) = (second, transferee)
        {
            self.move_wait(line, customer, at);
        }
    }

    /// An agent passed the customer on after a consultation.
    fn hand_over(
        &mut self,
        call: u64,
        agent: &str,
        index: Option<usize>,
        target: Option<String>,
        by_code: bool,
        at: Timestamp,
    ) {
        let consult = index.map(|index| self.consults.remove(index));
        let to = consult
            .as_ref()
            .map_or(target.unwrap_or_default(), |consult| consult.to.clone());
        let how = if by_code {
            How::FeatureCode
        } else {
            How::ReferReplaces
        };
        let past = self.calls.get(&call).map(|live| &live.past);
        let mut past = past.into_iter().flatten();
        let released_at = past.rfind(|talk| talk.agent == agent).map(|talk| talk.at);
        let is_open = self.calls.get(&call).is_some_and(|live| {
            let mut talks = live.talks.iter();
            talks.any(|talk| talk.agent == agent)
        });
        if consult.is_none() && !is_open {
            // Told twice.
            return;
        }
        let passed_at = released_at
            .filter(|_| !is_open)
            .map_or(at, |released| released.min(at));
        if consult.as_ref().is_none_or(|consult| !consult.told) {
            let answered = consult.as_ref().and_then(|one| one.answered.clone());
            let target = match (answered, to.is_empty()) {
                (Some((agent, _)), _) => Target::Agent(agent),
                (None, true) => Target::Outside("unknown".to_owned()),
                (None, false) => self.target_of_number(&to),
            };
            let start = consult.as_ref().map_or(passed_at, |one| one.start);
            self.say_started(call, start, TransferMethod::Attended, agent, target);
        }
        let passed = Passed {
            method: TransferMethod::Attended,
            from: agent.to_owned(),
            to,
            how,
            ok: true,
        };
        self.say(call, passed_at, What::Note(Note::Passed(passed)));
        let completed = TransferCompleted {
            from_agent: agent.to_owned(),
            method: TransferMethod::Attended.into(),
            to: None,
        };
        self.say(
            call,
            passed_at,
            What::Event(Kind::TransferCompleted(completed)),
        );
        if let Some(consult) = consult {
            self.say_consulted(consult, passed_at, true);
        }
        self.release_where(call, at, EndedBy::Agent, |talk| talk.agent == agent);
        self.follow(call, at);
    }

    fn say_consulted(&mut self, consult: Consult, at: Timestamp, handed_over: bool) {
        let call = consult.call;
        let line = self.channels.get(consult.line);
        let line = line.filter(|_| consult.how == How::ReferReplaces);
        let consulted = Consulted {
            by: consult.agent,
            to: consult.to,
            queue: consult.queue,
            start: consult.start,
            pbx_answered: line.and_then(|line| line.up_at),
            answered_by: consult.answered.as_ref().map(|(agent, _)| agent.clone()),
            answered_at: consult.answered.map(|(_, at)| at),
            handed_over,
        };
        self.say(call, at, What::Note(Note::Consulted(consulted)));
    }

    /// The agent came back to the customer: nothing was handed over.
    pub(super) fn consult_returned(&mut self, call: u64, agent: &str, at: Timestamp) {
        let by_code =
            |one: &Consult| one.call == call && one.agent == agent && one.how == How::FeatureCode;
        if let Some(index) = self.consults.iter().position(by_code) {
            let consult = self.consults.remove(index);
            let back = HoldEnded {
                agent: agent.to_owned(),
            };
            self.say(call, at, What::Event(Kind::HoldEnded(back)));
            let came_to_nothing = (agent.to_owned(), consult.to.clone());
            if let Some(live) = self.calls.get_mut(&call) {
                live.came_to_nothing.push(came_to_nothing);
            }
            self.say_consulted(consult, at, false);
        }
    }

    /// An agent lets go: what was begun by feature code before, and came to nothing, is told as not done.
    pub(super) fn say_came_to_nothing(&mut self, call: u64, agent: &str, at: Timestamp) {
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let (of_agent, rest) = std::mem::take(&mut live.came_to_nothing)
            .into_iter()
            .partition(|(from, _)| from == agent);
        live.came_to_nothing = rest;
        let of_agent: Vec<(String, String)> = of_agent;
        for (from, to) in of_agent {
            let passed = Passed {
                method: TransferMethod::Attended,
                from,
                to,
                how: How::FeatureCode,
                ok: false,
            };
            self.say(call, at, What::Note(Note::Passed(passed)));
        }
    }

    /// A channel is gone: a consultation by second line is over.
    pub(super) fn consult_line_gone(&mut self, key: ChannelKey, at: Timestamp) {
        if let Some(index) = self.consults.iter().position(|one| one.line == key) {
            let consult = self.consults.remove(index);
            let call = consult.call;
            if !self.calls.contains_key(&call) {
                return;
            }
            if consult.how == How::FeatureCode {
                let to = (consult.agent.clone(), consult.to.clone());
                if let Some(live) = self.calls.get_mut(&call) {
                    live.came_to_nothing.push(to);
                }
                self.say_came_to_nothing(call, &consult.agent, at);
            }
            self.say_consulted(consult, at, false);
        }
    }

    /// The customer is gone: whoever consults for him consults for nothing.
    pub(super) fn end_consults(&mut self, call: u64, at: Timestamp) {
        while let Some(index) = self.consults.iter().position(|one| one.call == call) {
            let consult = self.consults.remove(index);
            if consult.how == How::FeatureCode {
                let passed = Passed {
                    method: TransferMethod::Attended,
                    from: consult.agent.clone(),
                    to: consult.to.clone(),
                    how: How::FeatureCode,
                    ok: false,
                };
                self.say(call, at, What::Note(Note::Passed(passed)));
            }
            self.say_consulted(consult, at, false);
        }
    }
}
