//! Which calls of a period are listed.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::time::Duration;

use crate::kpi;
use crate::model::{AgentId, CallRecord, Caller, Direction, Exit, Mark, Marks, Outcome, QueueId};

use super::super::error::Error;
use super::super::nearest::{clipped, nearest};
use super::super::plan::{Plan, admit_queues};

/// The word for a visit that has not ended.
const WAITING: &str = "waiting";
/// The word for a call that has not ended.
const OPEN: &str = "open";
/// The word for a caller without a number.
const WITHHELD: &str = "withheld";

/// Agents noted to name the nearest: a hotline has no more.
const AGENTS_NOTED: usize = 10_000;

/// Which calls are listed: each filter that is set must be passed, by any of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// An agent who was connected or rung.
    pub agents: Vec<String>,
    /// How a visit to one of the queues asked for ended; `waiting` = it has not.
    pub exits: Vec<String>,
    /// How the call ended; `open` = it has not.
    pub outcomes: Vec<String>,
    /// The same visit waited longer than this.
    pub wait_over: Option<Duration>,
    /// The queue under which the queue report counts the call: the first it entered, else the one that turned it away.
    pub first_queues: Vec<String>,
    /// Who called whom: the queue report's outcomes are of inbound calls.
    pub directions: Vec<String>,
    /// More transfers than this.
    pub transfers_over: Option<u32>,
    /// Something was odd.
    pub marks: Vec<String>,
    /// The caller's pseudonym in hexadecimal digits, or `withheld`.
    pub callers: Vec<String>,
}

/// A checked filter.
#[derive(Clone, Debug, Hash)]
pub(super) struct Filter {
    agents: BTreeSet<AgentId>,
    exits: BTreeSet<Option<Exit>>,
    outcomes: BTreeSet<Option<Outcome>>,
    wait_over: Option<Duration>,
    first_queues: BTreeSet<QueueId>,
    directions: BTreeSet<Direction>,
    transfers_over: Option<u32>,
    marks: u32,
    callers: BTreeSet<Wanted>,
}

/// A caller asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Wanted {
    Withheld,
    /// Whichever key made the pseudonym.
    Known([u8; 16]),
}

impl Filter {
    /// Reads the words.
    pub(super) fn of(asked: &CallFilter) -> Result<Self, Error> {
        let exits = Exit::ALL.iter().map(|exit| (exit.as_str(), Some(*exit)));
        let exits: Vec<_> = exits.chain([(WAITING, None)]).collect();
        let outcomes = Outcome::ALL.iter();
        let outcomes = outcomes.map(|outcome| (outcome.as_str(), Some(*outcome)));
        let outcomes: Vec<_> = outcomes.chain([(OPEN, None)]).collect();
        let marks = Mark::ALL.map(|mark| (mark.as_str(), mark));
        let mut wanted = Marks::default();
        for mark in words("filter.marks", &asked.marks, &marks)? {
            wanted.add(mark);
        }
        let directions = Direction::ALL.iter();
        let directions: Vec<_> = directions.map(|one| (one.as_str(), *one)).collect();
        let agents = asked.agents.iter();
        let callers = asked.callers.iter().map(|caller| caller_of(caller));
        Ok(Self {
            agents: agents.map(|name| AgentId::new(name.as_str())).collect(),
            exits: words("filter.exits", &asked.exits, &exits)?.collect(),
            outcomes: words("filter.outcomes", &asked.outcomes, &outcomes)?.collect(),
            wait_over: asked.wait_over,
            first_queues: asked
                .first_queues
                .iter()
                .map(|name| QueueId::new(name.as_str()))
                .collect(),
            directions: words("filter.directions", &asked.directions, &directions)?.collect(),
            transfers_over: asked.transfers_over,
            marks: wanted.bits(),
            callers: callers.collect::<Result<_, _>>()?,
        })
    }

    /// Notes which agents there are, where agents are asked for: enough of them to name the nearest.
    pub(super) fn note_agents(&self, record: &CallRecord, seen: &mut BTreeSet<AgentId>) {
        if !self.agents.is_empty() && seen.len() < AGENTS_NOTED {
            seen.extend(agents(record).cloned());
        }
    }

    /// Refuses a first queue that was never seen.
    pub(super) fn admit_queues(&self, known: &[QueueId]) -> Result<(), Error> {
        admit_queues("filter.first_queues", &self.first_queues, known)
    }

    /// Refuses an agent whom no call of a period has that was looked through.
    pub(super) fn admit(&self, seen: &BTreeSet<AgentId>) -> Result<(), Error> {
        let unknown = self.agents.iter().find(|agent| !seen.contains(agent));
        let Some(agent) = unknown.filter(|_| seen.len() < AGENTS_NOTED) else {
            return Ok(());
        };
        match nearest(agent.as_str(), seen.iter().map(AgentId::as_str)) {
            Some(nearest) => Err(Error::UnknownAgent {
                agent: clipped(agent.as_str()),
                nearest: nearest.to_owned(),
            }),
            // Nobody has calls: an empty list says so.
            None => Ok(()),
        }
    }

    /// Whether a call is listed.
    pub(super) fn passes(&self, plan: &Plan, record: &CallRecord) -> bool {
        let transfers = u32::try_from(record.transfers.len()).unwrap_or(u32::MAX);
        is_listed(plan, record)
            && any(&self.agents, agents(record))
            && self.passes_by_a_visit(plan, record)
            && (self.first_queues.is_empty() || self.counts_under_one(record))
            && any(&self.outcomes, [&record.outcome])
            && any(&self.directions, [&record.direction])
            && self
                .transfers_over
                .is_none_or(|limit| kpi::is_excessive(transfers, limit))
            && (self.marks == 0 || self.marks & record.marks.bits() != 0)
            && any(&self.callers, wanted(record.caller).as_ref())
    }

    /// Whether one and the same visit, to a queue asked for, is as is asked for: so it is in the figures of that queue.
    fn passes_by_a_visit(&self, plan: &Plan, record: &CallRecord) -> bool {
        if self.exits.is_empty() && self.wait_over.is_none() {
            return true;
        }
        let over = |wait: Option<Duration>| {
            let is_over = |x| wait.is_some_and(|wait| kpi::count_over(&[wait], x) > 0);
            self.wait_over.is_none_or(is_over)
        };
        let mut visits = record.visits.iter();
        visits.any(|visit| {
            plan.wants(Some(&visit.queue)) && any(&self.exits, [&visit.exit]) && over(visit.wait)
        })
    }

    /// Whether the queue report counts the call under one of the first queues asked for.
    fn counts_under_one(&self, record: &CallRecord) -> bool {
        let queue = record.counted_under();
        record.direction == Direction::Inbound
            && queue.is_some_and(|queue| self.first_queues.contains(queue))
    }
}

/// Whether a call is listed where no filter is set: by its queues, its line, its team and the hours asked for.
pub(in crate::reports) fn is_listed(plan: &Plan, record: &CallRecord) -> bool {
    plan.admits(record)
        && plan.is_open_at(record.arrived_at)
        && (plan.is_unfiltered() || touches(record, |queue| plan.wants(Some(queue))))
}

/// Whether a filter is not set, or has one of these.
fn any<'a, T: Ord + 'a>(wanted: &BTreeSet<T>, found: impl IntoIterator<Item = &'a T>) -> bool {
    wanted.is_empty() || found.into_iter().any(|found| wanted.contains(found))
}

/// Whether the call was in such a queue, was answered from it, or was turned away by it.
fn touches(record: &CallRecord, wants: impl Fn(&QueueId) -> bool) -> bool {
    let visited = record.visits.iter().map(|visit| &visit.queue);
    let answered = record.legs.iter().filter_map(|leg| leg.queue.as_ref());
    let refused = record.refusals.iter();
    let refused = refused.filter_map(|refusal| refusal.queue.as_ref());
    visited.chain(answered).chain(refused).any(wants)
}

fn agents(record: &CallRecord) -> impl Iterator<Item = &AgentId> {
    let connected = record.legs.iter().map(|leg| &leg.agent);
    connected.chain(record.offers.iter().map(|offer| &offer.agent))
}

fn wanted(caller: Caller) -> Option<Wanted> {
    match caller {
        Caller::Unknown => None,
        Caller::Withheld => Some(Wanted::Withheld),
        Caller::Known(pseudonym) => Some(Wanted::Known(pseudonym.hash)),
    }
}

/// What these words stand for.
fn words<T: Copy>(
    field: &'static str,
    asked: &[String],
    known: &[(&str, T)],
) -> Result<impl Iterator<Item = T>, Error> {
    let meant = |word: &String| {
        let found = known.iter().find(|(name, _)| name == word);
        found.map(|(_, meant)| *meant).ok_or_else(|| {
            let names = known.iter().map(|(name, _)| *name);
            Error::unknown_word(field, word, names)
        })
    };
    let meant: Vec<T> = asked.iter().map(meant).collect::<Result<_, _>>()?;
    Ok(meant.into_iter())
}

fn caller_of(text: &str) -> Result<Wanted, Error> {
    if text == WITHHELD {
        return Ok(Wanted::Withheld);
    }
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits.then(|| u128::from_str_radix(text, 16));
    match number {
        Some(Ok(number)) => Ok(Wanted::Known(number.to_be_bytes())),
        Some(Err(_)) | None => Err(Error::BadPseudonym {
            caller: clipped(text),
        }),
    }
}
