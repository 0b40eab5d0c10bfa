//! The repeat report: who had to call again, who got through, after how many attempts (R1–R7).
//!
//! A call belongs to the interval of its arrival, and under a queue filter to the first queue it entered; the calls
//! before and after it count whatever their queue. Whom we reached back later, however late, is not lost. Callers are told apart by pseudonym: withheld and unknown numbers
//! are left out and counted. Rows may be of lines, teams or calendars besides: then each is the report of the calls of one
//! alone, as with a filter for it, and who tried on two lines is in both. The rows look back before the period's start, and forward behind its end as far as calls
//! are known.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kpi::{self, ATTEMPT_SLOTS, Id, REPEAT_WINDOWS};

use super::contacts::{CallerHash, Contacts, Known, Later};
use super::context::{Context, SourceCompleteness};
use super::error::Error;
use super::group::Group;
use super::plan::{Plan, thresholds};

/// The repeat report.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval; within it, where rows are of something, by what they are of, all calls last.
    pub rows: Vec<RepeatRow>,
    /// Callers left out because too many calls came from them on one day, with their calls of the period.
    pub shared: Vec<(CallerHash, u64)>,
}

/// One interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepeatRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The line, team or calendar; `ALL` of all calls, empty of those of none.
    pub queue: String,
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
    if windows.first().is_some_and(Duration::is_zero) {
        return Err(Error::BadThreshold {
            field: "windows",
            problem: "must be longer than nothing",
        });
    }
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
    let mut rows = Rows::new(windows);
    for call in &contacts.anonymous {
        rows.each(call.bucket, call.group.as_ref(), |row| {
            match call.withheld {
                true => row.withheld += 1,
                false => row.unknown += 1,
            }
        });
    }
    let shared = contacts.settle(plan, shared_over);
    for (bucket, group) in shared.iter().flat_map(|(_, calls)| calls) {
        rows.each(*bucket, group.as_ref(), |row| row.shared += 1);
    }
    for (hash, known) in &contacts.callers {
        let later = contacts.later(hash);
        let sequence: Vec<_> = known.iter().map(|known| known.contact).collect();
        for (index, one) in known.iter().enumerate() {
            let Some(bucket) = one.bucket else { continue };
            rows.each(bucket, one.group.as_ref(), |row| {
                row.calls_with_caller += 1;
                row.episodes += u64::from(kpi::begins_episode(&sequence, index));
                for window in &mut row.windows {
                    let horizon = contacts.horizon;
                    window.take(kpi::repeated(&sequence, index, window.window, horizon));
                }
            });
        }
        let groups: BTreeSet<_> = known.iter().filter_map(|one| one.group.as_ref()).collect();
        for group in groups.into_iter().chain([&Group::All]) {
            for (bucket, person) in people(known, group, later) {
                let row = rows.row(bucket, group);
                row.callers += 1;
                row.lost_people += u64::from(person.is_lost());
                if let Some(attempts) = person.answered_after {
                    row.callers_got_through += 1;
                    row.attempts[kpi::attempt_slot(attempts)] += 1;
                }
            }
        }
    }
    let rows = rows
        .rows
        .into_iter()
        .map(|((bucket, group), row)| finish(row, plan.bucket_start(bucket), &group));
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

/// Rows by interval and what they are of.
struct Rows<'a> {
    rows: BTreeMap<(usize, Group), RepeatRow>,
    windows: &'a [Duration],
}

impl<'a> Rows<'a> {
    const fn new(windows: &'a [Duration]) -> Self {
        Self {
            rows: BTreeMap::new(),
            windows,
        }
    }

    fn row(&mut self, bucket: usize, group: &Group) -> &mut RepeatRow {
        let fresh = |window: &Duration| RepeatWindow {
            window: *window,
            ..RepeatWindow::default()
        };
        let row = self.rows.entry((bucket, group.clone()));
        row.or_insert_with(|| RepeatRow {
            windows: self.windows.iter().map(fresh).collect(),
            ..RepeatRow::default()
        })
    }

    /// The rows that a call stands in: its group's, and that of all.
    fn each(&mut self, bucket: usize, group: Option<&Group>, mut then: impl FnMut(&mut RepeatRow)) {
        for group in group.into_iter().chain([&Group::All]) {
            then(self.row(bucket, group));
        }
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
    /// They are on the line: who knows.
    pub(super) on_the_line: bool,
}

impl Person {
    /// R6.
    pub(super) const fn is_lost(self) -> bool {
        self.answered_after.is_none() && !self.reached_back && !self.on_the_line
    }
}

/// One caller in each interval in which they called, by the calls of a group; `later` is what became of them after
/// these contacts.
pub(super) fn people(known: &[Known], group: &Group, later: Later) -> BTreeMap<usize, Person> {
    let mut people = BTreeMap::<usize, Person>::new();
    let last_return = known
        .iter()
        .rposition(|one| !one.contact.is_call() && one.contact.is_spoken());
    for (index, one) in known.iter().enumerate() {
        let Some(bucket) = one.bucket else { continue };
        if *group != Group::All && one.group.as_ref() != Some(group) {
            continue;
        }
        let person = people.entry(bucket).or_default();
        person.calls += 1;
        person.on_the_line |= one.open;
        if one.contact.is_spoken() && person.answered_after.is_none() {
            person.answered_after = Some(person.calls);
        }
        let returned = last_return.is_some_and(|last| last >= index);
        person.reached_back |= later.reached || returned || one.callback.reached_at.is_some();
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

fn finish(mut row: RepeatRow, bucket_start: String, group: &Group) -> RepeatRow {
    for window in &mut row.windows {
        window.repeat_rate = kpi::repeat_rate(window.repeats, row.calls_with_caller);
    }
    let spoke = kpi::Part {
        count: row.callers_got_through,
        of: row.callers,
    };
    RepeatRow {
        bucket_start,
        queue: group.name(),
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
