//! The line report: demand that was refused, how busy the channels were, and what Erlang-B expects of such a load.
//!
//! A call belongs to the line it dialled; calls of which no line was told are one row without a name. Channels in use
//! are what the switch told, each value holding until the next; before the first told value nothing is known. A busy
//! tone that never reached the switch is in no count: the time with all channels busy tells of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi::{self, Id};
use crate::model::{CallRecord, Direction, LineEvent, LineId, LineTold, RefusalReason, SourceId};
use crate::store::{BusyLines, StoredCall, Told};

use super::context::{Context, Counted, SourceCompleteness};
use super::plan::Plan;

/// The line report.
#[derive(Clone, Debug, PartialEq)]
pub struct LineReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// By interval, then line.
    pub rows: Vec<LineRow>,
}

/// One line in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The line; empty = none was told.
    pub line: String,
    /// The line's name; empty = none is configured.
    pub name: String,
    /// Calls that arrived.
    pub calls_arrived: u64,
    /// Calls refused and with no visit, by reason, in the order of `RefusalReason::ALL`.
    refused: [u64; RefusalReason::ALL.len()],
    /// Time for which channels in use were told.
    pub observed: Duration,
    /// Mean channels in use over that time.
    pub busy_mean: Option<f64>,
    /// The most channels in use.
    pub busy_max: Option<u32>,
    /// Channels in all, as told last.
    pub channels: Option<u32>,
    /// Time with all channels busy.
    pub all_busy: Duration,
    /// The measured blocking: calls refused as busy ÷ calls that arrived.
    pub blocked: Option<f64>,
    /// Erlang-B of the mean load of the time observed, carried and refused, on these channels.
    pub erlang_b: Option<f64>,
}

impl LineRow {
    /// Calls refused so, and with no visit.
    pub fn refused(&self, reason: RefusalReason) -> u64 {
        self.refused[Self::slot(reason)]
    }

    fn add_refused(&mut self, reason: RefusalReason) {
        self.refused[Self::slot(reason)] += 1;
    }

    /// Codes count from 1 without a hole.
    fn slot(reason: RefusalReason) -> usize {
        usize::from(reason.code()) - 1
    }
}

/// What is gathered while calls go by.
#[derive(Default)]
pub(super) struct Gathered {
    counted: Counted,
    rows: BTreeMap<(usize, String), Tally>,
}

#[derive(Default)]
struct Tally {
    row: LineRow,
    /// Time that calls held the line, within the interval's calls.
    held: Duration,
    /// Σ channels in use × time, in channel-microseconds.
    busy: u128,
}

impl Gathered {
    pub(super) fn new(counted: Counted) -> Self {
        Self {
            counted,
            ..Self::default()
        }
    }

    /// Takes one call of the period.
    pub(super) fn call(&mut self, plan: &Plan, call: &StoredCall, record: &CallRecord) {
        if plan.admits_line(record) {
            self.counted.record(plan, call, record);
        }
        let Some(bucket) = plan.index_of(record.arrived_at) else {
            return;
        };
        if record.test || record.direction != Direction::Inbound || !plan.admits_line(record) {
            return;
        }
        let line = record.line.as_ref().map_or("", LineId::as_str).to_owned();
        let tally = self.rows.entry((bucket, line)).or_default();
        tally.row.calls_arrived += 1;
        if record.visits.is_empty()
            && let Some(refusal) = record.refusals.last()
        {
            tally.row.add_refused(refusal.reason);
        }
        let held = record
            .ended_at
            .and_then(|ended| ended.since(record.arrived_at));
        tally.held = tally.held.saturating_add(held.unwrap_or_default());
    }

    /// Makes the report.
    pub(super) fn finish(
        mut self,
        plan: &Plan,
        told: Told,
        sources: Vec<SourceCompleteness>,
    ) -> LineReport {
        let mut lines = BTreeMap::<LineId, Vec<LineTold>>::new();
        for one in told.lines {
            lines.entry(one.told.line.clone()).or_default().push(one);
        }
        // A value holds until the next, the last as far as anything is known of its source.
        let known_until =
            |source: &SourceId| plan.known_until(source, told.lines_until.get(source).copied());
        let wanted = lines.into_iter().filter(|(line, _)| plan.wants_line(line));
        for (line, told) in wanted {
            for (
                index,
                LineTold {
                    source,
                    at,
                    told: event,
                },
            ) in told.iter().enumerate()
            {
                let next = told.get(index + 1).map(|next| next.at);
                let until = next.unwrap_or_else(|| known_until(source));
                for (bucket, _, time) in plan.cut_up(*at, until) {
                    let key = (bucket, line.as_str().to_owned());
                    self.rows.entry(key).or_default().hold(event, time);
                }
            }
        }
        if plan.buckets.count() == 1 && !self.rows.is_empty() {
            // That nobody dialled a line is a figure, too.
            let configured = plan.floor.lines.keys();
            for line in configured.filter(|line| plan.wants_line(line)) {
                self.rows.entry((0, line.as_str().to_owned())).or_default();
            }
        }
        let rows = self.rows.into_iter().map(|((bucket, line), tally)| {
            let row = tally.finish();
            LineRow {
                bucket_start: plan.bucket_start(bucket),
                name: plan.line_name(&line),
                line,
                ..row
            }
        });
        let definitions = vec![Id::V4.definition(), Id::Blocking.definition()];
        let mut context = Context::of(plan, self.counted, sources, definitions);
        if !plan.choice.teams.is_empty() {
            let words = "this report has no teams: calls that nobody answered belong to none";
            context.cautions.push(words.to_owned());
        }
        LineReport {
            rows: rows.collect(),
            context,
        }
    }
}

/// For how long all channels of a line were busy, by interval, all lines together; an interval is missing where nobody told
/// of channels.
pub(super) fn all_busy(plan: &Plan, told: &BusyLines) -> BTreeMap<String, Duration> {
    let mut busy = BTreeMap::<_, Duration>::new();
    // A value holds until the next, the last as far as anything is known of its source.
    let known_until = |source: &SourceId| plan.known_until(source, told.until.get(source).copied());
    let last = told.until.keys().map(known_until).max();
    if let (Some(first), Some(last)) = (told.first_told, last) {
        for (bucket, ..) in plan.cut_up(first, last) {
            busy.entry(plan.bucket_start(bucket)).or_default();
        }
    }
    for (source, at, until) in &told.stretches {
        let until = until.unwrap_or_else(|| known_until(source));
        for (bucket, _, time) in plan.cut_up(*at, until) {
            let sum = busy.entry(plan.bucket_start(bucket)).or_default();
            *sum = sum.saturating_add(time);
        }
    }
    busy
}

impl Tally {
    /// So many channels were in use for some time.
    fn hold(&mut self, event: &LineEvent, time: Duration) {
        let row = &mut self.row;
        row.observed = row.observed.saturating_add(time);
        row.busy_max = row.busy_max.max(Some(event.busy));
        self.busy += u128::from(event.busy) * time.as_micros();
        if event.total > 0 {
            row.channels = Some(event.total);
            if event.busy >= event.total {
                row.all_busy = row.all_busy.saturating_add(time);
            }
        }
    }

    fn finish(self) -> LineRow {
        let row = self.row;
        let busy = row.refused(RefusalReason::Busy);
        let observed = row.observed.as_micros();
        let busy_mean = (observed > 0).then(|| self.busy as f64 / observed as f64);
        // Refused calls would have brought as much load as those carried on average.
        let load = kpi::mean_load(self.held, row.calls_arrived, busy, row.observed);
        LineRow {
            busy_mean,
            blocked: kpi::blocked(busy, row.calls_arrived),
            erlang_b: row
                .channels
                .zip(load)
                .map(|(channels, load)| kpi::erlang_b(load, channels)),
            ..row
        }
    }
}

#[cfg(test)]
#[path = "lines_test.rs"]
mod tests;
