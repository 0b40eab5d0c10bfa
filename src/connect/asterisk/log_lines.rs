//! What `queue_log` says, as the same conclusions: alone for years of history, or inside a gap of the manager interface.
//!
//! A line may repeat what is known already, for a gap's edges are known to the microsecond and lines to the second: then
//! it says nothing. The log does not say when a call ends: one of which it says no more has ended with what it said last.

use std::collections::HashMap;
use std::time::Duration;

use crate::{
    model::Timestamp,
    proto::v1::{
        AgentOffered, EndedBy, MissedReason, OfferMissed, QueueLeft, TransferCompleted,
        TransferMethod, call_event::Kind,
    },
};

use super::{
    channels::ChannelKey,
    interpreter::{Due, Interpreter},
    log_halves::Halves,
    passing::Blind,
    queue_log::{LogLine, LoggedExit},
    said::{How, Note, Passed, What},
};

/// A call that left its queue and is in no other one after this is over, as far as the log knows: an announcement and a
/// transfer are done sooner.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// The log's clock is cut to the second.
const SECOND: Duration = Duration::from_secs(1);

/// A line bears its second, cut, by a clock that may be one behind: what it tells of may happen so much later.
const LINE_BEFORE: Duration = Duration::from_secs(2);

/// The most numbers that are remembered until their calls enter a queue.
const DIALLED_MAX: usize = 10_000;

/// What only the log knows.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// The number dialled, by channel, from `DID` lines.
    dialled: HashMap<String, (Timestamp, String)>,
    /// The last line of each call, and who would have ended it then.
    last: HashMap<u64, (Timestamp, EndedBy)>,
    /// Local members' far halves.
    pub(super) halves: Halves,
    /// Calls that began with a line of the gap's last moments.
    latest: HashMap<u64, Timestamp>,
}

impl Interpreter {
    /// Takes one line in, as the only word there is.
    pub fn handle_line(&mut self, line: &LogLine) {
        self.handle_time(line.at);
        if line.agent.contains('/') {
            // An interface: an agent's own line that waits is no customer's.
            self.members.add_agent(&line.agent);
        }
        if line.event == "QUEUESTART" {
            self.restarted(line.at);
            return;
        }
        let call = self.log_line(line, line.at);
        if let Some((call, by)) = call
            && self.calls.contains_key(&call)
        {
            self.logged.last.insert(call, (line.at, by));
            self.later(line.at, SILENT_MAX, Due::Silent(call, line.at));
        }
    }

    /// Takes in what the log says of a gap.
    pub(super) fn fill_gap(&mut self, from: Timestamp, to: Timestamp) {
        let lines = std::mem::take(&mut self.options.log);
        let inside = lines
            .iter()
            .filter(|line| line.at.plus(SECOND) > from && line.at <= to);
        for line in inside {
            let at = line.at.max(from);
            self.handle_time(at);
            let last = self.last_call;
            self.log_line(line, at);
            if self.last_call > last && line.at.plus(LINE_BEFORE) > to {
                self.logged.latest.insert(self.last_call, at);
            }
        }
        self.options.log = lines;
    }

    /// The PBX began anew: whatever was open is over, nobody knows how.
    fn restarted(&mut self, at: Timestamp) {
        let calls: Vec<u64> = self.calls.keys().copied().collect();
        for call in calls {
            let last = self.logged.last.remove(&call);
            let ended_at = last.map_or(at, |(at, _)| at);
            let channel = self.calls.get(&call).map(|live| live.channel);
            self.lose(call, ended_at);
            if let Some(channel) = channel {
                self.channels.remove(channel);
            }
        }
    }

    /// The log said no more of a call.
    pub(super) fn end_silent(&mut self, call: u64, since: Timestamp) {
        let last = self.logged.last.get(&call).copied();
        let Some((at, by)) = last.filter(|(at, _)| *at == since) else {
            return;
        };
        let Some(live) = self.calls.get(&call) else {
            self.logged.last.remove(&call);
            return;
        };
        let (key, talks) = (live.channel, !live.talks.is_empty());
        let waits = self.waits.values().any(|wait| wait.call == Some(call));
        if talks || waits {
            return;
        }
        self.logged.last.remove(&call);
        self.end_at(call, at, by, None);
        self.channels.remove(key);
    }

    /// A call that a log began, and that is not in the list of those who live: it did not come yet when the list was made, if
    /// its line is of the gap's last moments. Then nothing was said, and it will be told by itself.
    pub(super) fn begins_after_list(&mut self, call: u64) -> bool {
        if self.logged.latest.remove(&call).is_none() {
            return false;
        }
        let Some(live) = self.calls.remove(&call) else {
            return false;
        };
        self.said.retain(|said| said.call != live.id);
        self.waits.remove(&live.channel);
        self.log_done(call);
        self.channels.forget(live.channel);
        true
    }

    /// The list is whole: whoever is in it has come.
    pub(super) fn forget_latest(&mut self) {
        self.logged.latest.clear();
    }

    /// A call has ended: nothing of it is waited for.
    pub(super) fn log_done(&mut self, call: u64) {
        self.logged.last.remove(&call);
        self.forget_halves(call);
    }

    /// One line; gives back the call it was about, and who ended it if nothing follows.
    fn log_line(&mut self, line: &LogLine, at: Timestamp) -> Option<(u64, EndedBy)> {
        let data = |index: usize| line.data.get(index).map_or("", String::as_str);
        self.member_line(line, at);
        if line.event == "DID" {
            if self.logged.dialled.len() < DIALLED_MAX {
                let dialled = (at, data(0).to_owned());
                self.logged.dialled.insert(line.id.clone(), dialled);
            }
            return None;
        }
        if line.event == "ENTERQUEUE" {
            let key = self.logged_channel(&line.id, data(1), at);
            let is_known = self
                .waits
                .get(&key)
                .is_some_and(|wait| wait.queue == line.queue);
            if !is_known {
                self.waits.remove(&key);
                let position = data(2).parse().unwrap_or(0);
                self.open_wait(key, &line.queue, position, at);
            }
            return Some((self.call_behind(key)?, EndedBy::Unknown));
        }
        let key = self.channels.find(&line.id)?;
        let call = self.call_behind(key)?;
        if let Some(channel) = self.channels.get_mut(key) {
            channel.heard_at = at;
        }
        let agent = self.members.agent_of_log(&line.agent);
        match line.event.as_str() {
            "CONNECT" => {
                self.log_connect(line, key, call, agent, at);
                Some((call, EndedBy::Unknown))
            }
            "RINGNOANSWER" => {
                self.log_missed(call, line, agent, MissedReason::NoAnswer, at);
                Some((call, EndedBy::Unknown))
            }
            "RINGCANCELED" => {
                self.log_missed(call, line, agent, MissedReason::CallerGone, at);
                Some((call, EndedBy::Unknown))
            }
            "COMPLETEAGENT" => {
                self.release_where(call, at, EndedBy::Agent, |talk| talk.agent == agent);
                Some((call, EndedBy::Agent))
            }
            // A Local member's line, which outlived the member: what the caller does by now stands in lines of its own.
            "COMPLETECALLER" if self.goes_on_without(call, &agent) => Some((call, EndedBy::Caller)),
            "COMPLETECALLER" => {
                self.end_logged(call, at);
                None
            }
            "BLINDTRANSFER" | "ATTENDEDTRANSFER" => {
                self.log_transfer(line, call, &agent, at);
                Some((call, EndedBy::Unknown))
            }
            event => match LoggedExit::of(event)? {
                LoggedExit::Abandoned => {
                    self.waits.remove(&key);
                    self.end_logged(call, at);
                    None
                }
                LoggedExit::Left(exit) => {
                    if self.waits.remove(&key).is_some() {
                        let left = QueueLeft {
                            queue: line.queue.clone(),
                            exit: exit.into(),
                        };
                        self.say(call, at, What::Event(Kind::QueueLeft(left)));
                    }
                    Some((call, EndedBy::Pbx))
                }
            },
        }
    }

    /// Whether the caller waits or talks, and not with this agent.
    fn goes_on_without(&self, call: u64, agent: &str) -> bool {
        let talks = self.calls.get(&call).map_or(&[][..], |live| &live.talks);
        let waits = self.waits.values().any(|wait| wait.call == Some(call));
        talks.iter().all(|talk| talk.agent != agent) && (waits || !talks.is_empty())
    }

    /// The caller hung up, as the log says.
    fn end_logged(&mut self, call: u64, at: Timestamp) {
        let channel = self.calls.get(&call).map(|live| live.channel);
        self.end_at(call, at, EndedBy::Caller, None);
        if let Some(channel) = channel {
            self.channels.remove(channel);
        }
    }

    /// The channel of a line; a customer's, unless an agent's own line waits.
    fn logged_channel(&mut self, id: &str, number: &str, at: Timestamp) -> ChannelKey {
        if let Some(key) = self.channels.find(id) {
            return key;
        }
        if let Some(key) = self.half_enters(id, number, at) {
            return key;
        }
        let (key, _) = self.channels.insert(id, "", at);
        let dialled = self.logged.dialled.remove(id);
        if let Some(channel) = self.channels.get_mut(key) {
            let is_known = !number.is_empty() && number != "unknown";
            channel.number = is_known.then(|| number.to_owned());
            if let Some((_, dialled)) = &dialled {
                dialled.clone_into(&mut channel.exten);
            }
        }
        if !self.members.is_agent(number) {
            let arrived_at = dialled.map_or(at, |(at, _)| at);
            self.arrive(key, None, arrived_at);
        }
        key
    }

    fn log_connect(
        &mut self,
        line: &LogLine,
        key: ChannelKey,
        call: u64,
        agent: String,
        at: Timestamp,
    ) {
        let talks = self.calls.get(&call).map(|live| &live.talks);
        if talks.is_none_or(|talks| talks.iter().any(|talk| talk.agent == agent)) {
            return;
        }
        let rings = self.rings_for(key, &agent);
        let entered_at = self.waits.get(&key).map(|wait| wait.entered_at);
        self.waits.remove(&key);
        let rang = line.data.get(2).and_then(|rang| rang.parse().ok());
        if let (false, Some(rang)) = (rings, rang) {
            let since = at.minus(Duration::from_secs(rang));
            let since = entered_at.map_or(since, |entered| since.max(entered));
            self.log_offered(call, &line.queue, &agent, since);
        }
        let member_id = line.data.get(1).map_or("", String::as_str);
        let phone = self.channels.find(member_id);
        let phone = phone.map(|key| self.phone_behind(key).unwrap_or(key));
        self.expect_half(call, &agent, member_id);
        self.connect(call, agent, phone, Some(line.queue.clone()), at);
    }

    /// Whether an agent is known to ring for a channel.
    fn rings_for(&self, key: ChannelKey, agent: &str) -> bool {
        let wait = self.waits.get(&key);
        wait.is_some_and(|wait| {
            let mut offers = wait.offers.iter();
            offers.any(|offer| offer.agent == agent && offer.is_open())
        })
    }

    fn log_offered(&mut self, call: u64, queue: &str, agent: &str, at: Timestamp) {
        let offered = AgentOffered {
            agent: agent.to_owned(),
            queue: queue.to_owned(),
        };
        self.say(call, at, What::Event(Kind::AgentOffered(offered)));
    }

    fn log_missed(
        &mut self,
        call: u64,
        line: &LogLine,
        agent: String,
        reason: MissedReason,
        at: Timestamp,
    ) {
        let key = self.channels.find(&line.id);
        let wait = key.and_then(|key| self.waits.get_mut(&key));
        let Some(wait) = wait else { return };
        let entered_at = wait.entered_at;
        let mut offers = wait.offers.iter_mut();
        let known = offers.rfind(|offer| offer.agent == agent);
        match known {
            Some(offer) if !offer.is_open() => return,
            Some(offer) => offer.close(at),
            None => {
                let rang = line.data.first().and_then(|rang| rang.parse().ok());
                let since = at.minus(Duration::from_millis(rang.unwrap_or(0)));
                self.log_offered(call, &line.queue, &agent, since.max(entered_at));
            }
        }
        let missed = OfferMissed {
            agent,
            queue: line.queue.clone(),
            reason: reason.into(),
        };
        self.say(call, at, What::Event(Kind::OfferMissed(missed)));
    }

    fn log_transfer(&mut self, line: &LogLine, call: u64, agent: &str, at: Timestamp) {
        let is_open = self
            .calls
            .get(&call)
            .is_some_and(|live| live.talks.iter().any(|talk| talk.agent == agent));
        if !is_open {
            return;
        }
        let is_blind = line.event == "BLINDTRANSFER";
        let (method, to) = match is_blind {
            true => (TransferMethod::Blind, line.data.first().cloned()),
            false => (TransferMethod::Attended, None),
        };
        let passed = Passed {
            method,
            from: agent.to_owned(),
            to: to.clone().unwrap_or_default(),
            how: match is_blind {
                true => How::Refer,
                false => How::ReferReplaces,
            },
            ok: true,
        };
        self.say(call, at, What::Note(Note::Passed(passed)));
        if is_blind {
            if let Some(live) = self.calls.get_mut(&call) {
                live.blinds.push(Blind {
                    from: agent.to_owned(),
                    at,
                    to: to.unwrap_or_default(),
                    told: false,
                    done: false,
                });
            }
        } else {
            let completed = TransferCompleted {
                from_agent: agent.to_owned(),
                method: method.into(),
                to: None,
            };
            self.say(call, at, What::Event(Kind::TransferCompleted(completed)));
        }
        self.release_where(call, at, EndedBy::Agent, |talk| talk.agent == agent);
    }
}
