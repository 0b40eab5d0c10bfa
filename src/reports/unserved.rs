//! The people who tried and were not served: how many, who, how often, when last; and what became of callbacks.
//!
//! A person is listed when one of their calls of the period was unserved and nobody spoke to them since: neither in a
//! later call, nor by our calling back, however much later that was. Numbers that were withheld or never told are counted, for nobody can ring them
//! back.

use std::cmp::Reverse;

use crate::kpi::{Callback, Id};
use crate::model::{Outcome, QueueId, Timestamp};

use super::contacts::{CallerHash, Contacts, Known};
use super::context::{Context, SourceCompleteness};
use super::plan::Plan;

/// The report of the unserved.
#[derive(Clone, Debug, PartialEq)]
pub struct UnservedReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// Sums over the period.
    pub summary: UnservedSummary,
    /// Those nobody spoke to since, last try first.
    pub people: Vec<UnservedPerson>,
}

/// Sums over the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnservedSummary {
    /// Unserved calls of known callers.
    pub calls: u64,
    /// Unserved calls whose number was withheld or never told.
    pub calls_anonymous: u64,
    /// People with an unserved call.
    pub people: u64,
    /// Of them, spoken to since.
    pub people_spoken_since: u64,
    /// Calls in which a callback was promised.
    pub callbacks_promised: u64,
    /// Of them, tried.
    pub callbacks_tried: u64,
    /// Of them, the caller was reached.
    pub callbacks_reached: u64,
    /// Of them, not later than promised.
    pub callbacks_kept: u64,
}

/// One person whom nobody has spoken to since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnservedPerson {
    /// The pseudonym.
    pub caller: CallerHash,
    /// Unserved calls of the period since somebody spoke to them last.
    pub attempts: u64,
    /// The first of them, local.
    pub first_try: String,
    /// The last, local.
    pub last_try: String,
    /// The queue first entered by the last.
    pub last_queue: Option<QueueId>,
    /// How the last ended; `None` while it is open.
    pub last_outcome: Option<Outcome>,
    /// Until when a callback was promised, local; `None` without a promise or a time.
    pub callback_due: Option<String>,
    /// Tries to call back.
    pub callbacks_tried: u32,
}

/// Makes the report.
pub(super) fn report(
    plan: &Plan,
    mut contacts: Contacts,
    sources: Vec<SourceCompleteness>,
) -> UnservedReport {
    contacts.settle(plan, None);
    let mut summary = UnservedSummary::default();
    for call in &contacts.anonymous {
        summary.calls_anonymous += u64::from(call.unserved);
        summary.promise(call.callback);
    }
    let mut people = Vec::new();
    for (hash, known) in &contacts.callers {
        let asked = || known.iter().filter(|one| one.bucket.is_some());
        asked().for_each(|one| summary.promise(one.callback));
        let unserved = asked().filter(|one| one.unserved).count() as u64;
        let Some(last) = asked().rfind(|one| one.unserved) else {
            continue;
        };
        summary.calls += unserved;
        summary.people += 1;
        let spoken_since = is_spoken_since(known, last.contact.at);
        if spoken_since || contacts.later(hash).spoken {
            summary.people_spoken_since += 1;
            continue;
        }
        let spoken_at = spoken_at(known);
        let tries = asked().filter(|one| one.unserved && Some(one.contact.at) > spoken_at);
        people.push((
            last.contact.at,
            person(plan, *hash, &tries.collect::<Vec<_>>()),
        ));
    }
    people.sort_by_key(|(at, person)| (Reverse(*at), person.caller));
    UnservedReport {
        summary,
        people: people.into_iter().map(|(_, person)| person).collect(),
        context: Context::of(
            plan,
            contacts.counted,
            sources,
            vec![Id::Unserved.definition()],
        ),
    }
}

/// Whether anybody spoke to the caller after an unserved call.
fn is_spoken_since(known: &[Known], at: Timestamp) -> bool {
    known.iter().any(|one| {
        let later = one.contact.at > at && one.contact.is_spoken();
        later || one.callback.reached_at.is_some_and(|reached| reached >= at)
    })
}

/// When anybody spoke to the caller last.
fn spoken_at(known: &[Known]) -> Option<Timestamp> {
    let spoken = known.iter().filter(|one| one.contact.is_spoken());
    let reached = known.iter().filter_map(|one| one.callback.reached_at);
    spoken.map(|one| one.contact.at).chain(reached).max()
}

/// A person by their tries, in order of time.
fn person(plan: &Plan, caller: CallerHash, tries: &[&Known]) -> UnservedPerson {
    let local = |known: Option<&&Known>| {
        known.map_or_else(String::new, |known| plan.zone.local_text(known.contact.at))
    };
    let last = tries.last();
    let due = tries.iter().filter_map(|known| known.callback.due).max();
    UnservedPerson {
        caller,
        attempts: tries.len() as u64,
        first_try: local(tries.first()),
        last_try: local(last),
        last_queue: last.and_then(|last| last.queue.clone()),
        last_outcome: last.and_then(|last| last.outcome),
        callback_due: due.map(|due| plan.zone.local_text(due)),
        callbacks_tried: tries.iter().map(|known| known.callback.tried).sum(),
    }
}

impl UnservedSummary {
    fn promise(&mut self, callback: Callback) {
        if callback.promised {
            self.callbacks_promised += 1;
            self.callbacks_tried += u64::from(callback.tried > 0);
            self.callbacks_reached += u64::from(callback.reached_at.is_some());
            self.callbacks_kept += u64::from(callback.is_kept());
        }
    }
}

#[cfg(test)]
#[path = "unserved_test.rs"]
mod tests;
