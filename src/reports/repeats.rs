//! The repeat report: who had to call again, who got through, after how many attempts (R1–R7).
//!
//! A call belongs to the interval of its arrival, and under a queue filter to the first queue it entered; the calls
//! before and after it count whatever their queue. Callers are told apart by pseudonym: withheld and unknown numbers
//! are left out and counted. The rows look back before the period's start, and forward behind its end as far as calls
//! are known.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi::{self, ATTEMPT_SLOTS, Id, REPEAT_WINDOWS};

use super::contacts::{CallerHash, Contacts, Known};
use super::context::{Context, SourceCompleteness};
use super::error::Error;
use super::plan::{Plan, thresholds};

/// The repeat report.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval.
    pub rows: Vec<RepeatRow>,
    /// Callers left out because too many calls came from them on one day, with their calls of the period.
    pub shared: Vec<(CallerHash, u64)>,
}

/// One interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepeatRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// Calls with a known caller.
    pub calls_with_caller: u64,
    /// People who called.
    pub callers: u64,
    /// R1–R4 by window.
    pub windows: Vec<RepeatWindow>,
    /// R5: people who spoke to someone.
    pub callers_got_through: u64,
    /// R5: their share of the people who called.
    pub got_through: Option<f64>,
    /// Its Wilson 95 % interval.
    pub got_through_interval: Option<(f64, f64)>,
    /// R5: people by attempts until the first answer: 1, 2, 3, more.
    pub attempts: [u64; ATTEMPT_SLOTS],
    /// R6.
    pub lost_people: u64,
    /// R7.
    pub episodes: u64,
    /// Calls with a withheld number.
    pub withheld: u64,
    /// Calls of which no number was told.
    pub unknown: u64,
    /// Withheld calls ÷ all calls.
    pub withheld_share: Option<f64>,
    /// Calls left out with their shared numbers.
    pub shared: u64,
}

/// Repeats within one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RepeatWindow {
    /// The window.
    pub window: Duration,
    /// R1.
    pub repeats: u64,
    /// R2.
    pub repeat_rate: Option<f64>,
    /// R3.
    pub redials: u64,
    /// R4, of mature calls.
    pub called_again: u64,
    /// Calls whose window lies within what is known.
    pub mature: u64,
}

pub(super) const DEFINITIONS: [Id; 7] = [Id::R1, Id::R2, Id::R3, Id::R4, Id::R5, Id::R6, Id::R7];

/// Windows of R1–R4 in rising order, each once: those asked for, else the usual.
pub(super) fn windows(asked: &[Duration]) -> Result<Vec<Duration>, Error> {
    let windows = thresholds("windows", asked)?;
    Ok(match windows.is_empty() {
        true => REPEAT_WINDOWS.to_vec(),
        false => windows,
    })
}

/// How far around a period calls are looked for.
pub(super) fn reach(windows: &[Duration]) -> Duration {
    let windows = windows.iter().copied();
    windows.fold(kpi::EPISODE_GAP, Duration::max)
}

/// Makes the report.
pub(super) fn report(
    plan: &Plan,
    mut contacts: Contacts,
    sources: Vec<SourceCompleteness>,
    windows: &[Duration],
    shared_over: Option<u32>,
) -> RepeatReport {
    let mut rows = BTreeMap::<usize, RepeatRow>::new();
    let fresh = || RepeatRow {
        windows: windows
            .iter()
            .map(|window| RepeatWindow {
                window: *window,
                ..RepeatWindow::default()
            })
            .collect(),
        ..RepeatRow::default()
    };
    for call in &contacts.anonymous {
        let row = rows.entry(call.bucket).or_insert_with(fresh);
        if call.withheld {
            row.withheld += 1;
        } else {
            row.unknown += 1;
        }
    }
    let shared = contacts.settle(plan, shared_over);
    for bucket in shared.iter().flat_map(|(_, calls)| calls) {
        rows.entry(*bucket).or_insert_with(fresh).shared += 1;
    }
    for known in contacts.callers.values() {
        let sequence: Vec<_> = known.iter().map(|known| known.contact).collect();
        for (index, one) in known.iter().enumerate() {
            let Some(bucket) = one.bucket else { continue };
            let row = rows.entry(bucket).or_insert_with(fresh);
            row.calls_with_caller += 1;
            row.episodes += u64::from(kpi::begins_episode(&sequence, index));
            for window in &mut row.windows {
                let horizon = contacts.horizon;
                window.take(kpi::repeated(&sequence, index, window.window, horizon));
            }
        }
        for (bucket, person) in people(known) {
            let row = rows.entry(bucket).or_insert_with(fresh);
            row.callers += 1;
            row.lost_people += u64::from(person.is_lost());
            if let Some(attempts) = person.answered_after {
                row.callers_got_through += 1;
                row.attempts[kpi::attempt_slot(attempts)] += 1;
            }
        }
    }
    let rows = rows
        .into_iter()
        .map(|(bucket, row)| finish(row, plan.bucket_start(bucket)));
    let shared = shared
        .into_iter()
        .map(|(hash, calls)| (hash, calls.len() as u64));
    RepeatReport {
        rows: rows.collect(),
        shared: shared.collect(),
        context: Context::of(
            plan,
            contacts.counted,
            sources,
            DEFINITIONS.map(Id::definition).to_vec(),
        ),
    }
}

/// What one caller came to in one interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Person {
    pub(super) calls: usize,
    /// The number of the first call that a human answered.
    pub(super) answered_after: Option<usize>,
    /// We spoke to them later.
    pub(super) reached_back: bool,
}

impl Person {
    /// R6.
    pub(super) const fn is_lost(self) -> bool {
        self.answered_after.is_none() && !self.reached_back
    }
}

/// One caller in each interval in which they called.
pub(super) fn people(known: &[Known]) -> BTreeMap<usize, Person> {
    let mut people = BTreeMap::<usize, Person>::new();
    let last_return = known
        .iter()
        .rposition(|one| !one.contact.is_call() && one.contact.is_spoken());
    for (index, one) in known.iter().enumerate() {
        let Some(bucket) = one.bucket else { continue };
        let person = people.entry(bucket).or_default();
        person.calls += 1;
        if one.contact.is_spoken() && person.answered_after.is_none() {
            person.answered_after = Some(person.calls);
        }
        let returned = last_return.is_some_and(|last| last >= index);
        person.reached_back |= returned || one.callback.reached_at.is_some();
    }
    people
}

impl RepeatWindow {
    fn take(&mut self, call: kpi::Repeated) {
        self.repeats += u64::from(call.is_repeat);
        self.redials += u64::from(call.is_redial);
        self.mature += u64::from(call.is_mature);
        self.called_again += u64::from(call.is_called_again);
    }
}

fn finish(mut row: RepeatRow, bucket_start: String) -> RepeatRow {
    for window in &mut row.windows {
        window.repeat_rate = kpi::repeat_rate(window.repeats, row.calls_with_caller);
    }
    let spoke = kpi::Part {
        count: row.callers_got_through,
        of: row.callers,
    };
    RepeatRow {
        bucket_start,
        withheld_share: kpi::withheld_share(
            row.withheld,
            row.calls_with_caller + row.withheld + row.unknown + row.shared,
        ),
        got_through: kpi::got_through(row.callers_got_through, row.callers),
        got_through_interval: kpi::wilson(spoke),
        ..row
    }
}

#[cfg(test)]
#[path = "repeats_test.rs"]
mod tests;
