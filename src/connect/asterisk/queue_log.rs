//! The lines of `queue_log`: `epoch|uniqueid|queue|agent|EVENT|data…`, whole seconds.
//!
//! It has what the manager interface lacks, the reason why a caller left a queue, and it has no gaps. It knows no
//! channels, no bridges and no holds, and loses what a Local member does.

use std::collections::HashMap;
use std::time::Duration;

use crate::{model::Timestamp, proto::v1::QueueExit};

use super::message::text;

/// One line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, to the second; up to one second early, for Asterisk asks a coarse clock.
    pub at: Timestamp,
    /// The waiting channel; `NONE`, `MANAGER` and their like for what is about no call.
    pub id: String,
    /// The queue; `NONE` = all.
    pub queue: String,
    /// The interface or name of a member; `NONE` = nobody.
    pub agent: String,
    /// What happened.
    pub event: String,
    /// What else is said.
    pub data: Vec<String>,
}

impl LogLine {
    /// Takes a line apart; `None` when it is none.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = text(line.trim_ascii());
        let mut parts = line.split('|');
        let at = super::interpreter::instant(parts.next()?)?;
        let mut next = || parts.next().map(str::to_owned);
        let (id, queue, agent, event) = (next()?, next()?, next()?, next()?);
        let is_event = !event.is_empty() && event.bytes().all(|byte| byte.is_ascii_uppercase());
        is_event.then(|| Self {
            at,
            id,
            queue,
            agent,
            event,
            data: parts.map(str::to_owned).collect(),
        })
    }
}

/// How a visit ended, as a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedExit {
    /// The caller hung up.
    Abandoned,
    /// The caller left otherwise.
    Left(QueueExit),
}

impl LoggedExit {
    /// The exit that a line speaks of.
    pub fn of(event: &str) -> Option<Self> {
        let exit = match event {
            "ABANDON" => return Some(Self::Abandoned),
            "EXITWITHTIMEOUT" => QueueExit::Timeout,
            "EXITWITHKEY" => QueueExit::KeyExit,
            "EXITEMPTY" => QueueExit::LeftEmpty,
            "WITHDRAW" => QueueExit::Withdrawn,
            _ => return None,
        };
        Some(Self::Left(exit))
    }
}

/// Two clocks of one machine, both cut to the second.
const NEAR: Duration = Duration::from_secs(2);

/// The exits of a log, by waiting channel and queue.
#[derive(Debug, Default)]
pub struct Exits(HashMap<(String, String), Vec<(Timestamp, LoggedExit)>>);

impl Exits {
    /// Takes a line in.
    pub fn add(&mut self, line: &LogLine) {
        if let Some(exit) = LoggedExit::of(&line.event) {
            let of_visit = self.0.entry((line.id.clone(), line.queue.clone()));
            of_visit.or_default().push((line.at, exit));
        }
    }

    /// How the visit ended that a channel left at about this time.
    pub(super) fn near(&self, id: &str, queue: &str, at: Timestamp) -> Option<LoggedExit> {
        if self.0.is_empty() {
            return None;
        }
        let exits = self.0.get(&(id.to_owned(), queue.to_owned()))?;
        let is_near = |logged: Timestamp| {
            let gap = at.since(logged).or_else(|| logged.since(at));
            gap.is_some_and(|gap| gap <= NEAR)
        };
        let found = exits.iter().find(|(logged, _)| is_near(*logged));
        found.map(|(_, exit)| *exit)
    }
}
