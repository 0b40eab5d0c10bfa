//! What a report says about itself: the period as understood, the definitions, and what may be missing.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kpi::{CallsDigest, Definition, RollupHead};
use crate::model::{CallId, CallRecord, Position, QueueId, SourceId, Timestamp};
use crate::store::{Erased, Head, Kept, Selection, StoredCall};

use super::calls::is_listed;
use super::choice::By;
use super::measure::RulesInForce;
use super::plan::Plan;
use super::stays::{Basis, Lens};

/// How complete one source's part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCompleteness {
    /// The source.
    pub source: SourceId,
    /// Event numbers that never came.
    pub gap_events: u64,
    /// Events that came after their call was settled, and are not in its figures.
    pub late_events: u64,
    /// Events that came so late, and are in the figures since a recompute.
    pub recomputed_events: u64,
    /// Events that were rejected.
    pub rejected_events: u64,
    /// Calls that ended before this instant are settled; `None` before any live event.
    pub settled_until: Option<Timestamp>,
    /// How far the source's own time is known; `None` before any live event.
    pub watermark: Option<Timestamp>,
    /// Since when nothing was heard of it, neither event nor heartbeat; `None` while it is heard, and of a source that
    /// was never live.
    pub silent_since: Option<Timestamp>,
}

/// What a report says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// First instant of the period.
    pub start: Timestamp,
    /// First instant after the period.
    pub end: Timestamp,
    /// The zone as understood.
    pub zone: String,
    /// First instant, local.
    pub start_local: String,
    /// End, local.
    pub end_local: String,
    /// The definitions used.
    pub definitions: Vec<Definition>,
    /// T; `None` when the queues of the report differ in it.
    pub service_level: Option<Duration>,
    /// s; `None` when the queues of the report differ in it.
    pub short_abandon: Option<Duration>,
    /// What the rows count, and to which interval things belong; `None` where the report has one way only.
    pub counting: Option<(Lens, Basis)>,
    /// What was asked for and has no effect on this report, and what was changed after the fact, in words.
    pub cautions: Vec<String>,
    /// What may be missing.
    pub sources: Vec<SourceCompleteness>,
    /// Calls of the period, of whatever queue, that are open or not settled yet.
    pub calls_provisional: u64,
    /// Of them those of a silent source: nobody knows what became of them.
    pub calls_uncertain: u64,
    /// Calls of the period, of whatever queue, that were tests.
    pub calls_test: u64,
    /// The calls behind the report, those that a list of the same query has: how many, and a digest of which; `None` where
    /// sums answer for chosen queues, for they know no single calls of a queue.
    pub calls: Option<CallsDigest>,
    /// Journal position up to which the figures are.
    pub stored: Position,
    /// What the queues asked for are measured by, each version with its time; none where the report's figures do not
    /// depend on it.
    pub rules: Vec<RulesInForce>,
    /// The calendar asked for, and how long it is open in the period.
    pub hours: Option<(String, Duration)>,
    /// The lines asked for, by name or number.
    pub lines: Vec<String>,
    /// The teams asked for.
    pub teams: Vec<String>,
    /// What the rows are of.
    pub by: By,
    /// From where on calls, and callers of calls, are kept.
    pub kept: Kept,
    /// Roll-ups were used.
    pub from_rollups: bool,
    /// By which share quantiles may be off, since roll-ups were used; `None` = they are exact.
    pub quantile_error: Option<f64>,
}

/// What a report counts over the calls of its period; of whatever queue, but for those that are listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// The calls that are asked for, tests left out.
    pub(super) digest: CallsDigest,
    /// Calls tagged `test`.
    pub(super) test: u64,
    /// Calls that are open or not settled yet, by source.
    pub(super) provisional: BTreeMap<SourceId, u64>,
    /// Journal position up to which the figures are.
    pub(super) stored: Position,
    /// From where on things are kept.
    pub(super) kept: Kept,
    /// What is known of erased callers.
    pub(super) erased: Erased,
    /// Calls of erased callers in the period and as far around it as is looked; `None` = nobody counted them.
    pub(super) erased_around: Option<u64>,
    /// Queues ever seen.
    pub(super) queues: Vec<QueueId>,
    /// When the last settled call of all arrived.
    pub(super) last_arrival: Option<Timestamp>,
    /// Roll-ups were used.
    pub(super) from_rollups: bool,
    /// By which share quantiles may be off.
    pub(super) quantile_error: Option<f64>,
}

impl Counted {
    /// Nothing counted yet: what is known before the calls are.
    pub(super) fn head(head: Head) -> Self {
        Self {
            stored: head.stored,
            // Who reads every call misses no sum.
            kept: Kept {
                rollups: None,
                ..head.kept
            },
            queues: head.queues,
            last_arrival: head.last_arrival,
            erased: head.erased,
            ..Self::default()
        }
    }

    /// Counts over rows of the period; those around it may be among them, too.
    pub(super) fn rows(&mut self, plan: &Plan, selection: &Selection) {
        let calls = selection.calls.iter();
        for call in calls.filter(|call| plan.buckets.index_of(call.arrived_at).is_some()) {
            if plan.is_open_at(call.arrived_at) {
                self.add(&call.source, &call.call, call.provisional, call.test);
            } else {
                self.note(&call.source, call.provisional, call.test);
            }
        }
    }

    /// Counts what a roll-up of the period has counted.
    pub(super) fn rollup(&mut self, head: RollupHead) {
        self.digest.merge(head.digest);
        self.test += head.test;
    }

    /// That calls of erased callers are counted as nobody's, in a sentence.
    fn erased_words(&self, plan: &Plan) -> Vec<String> {
        let Some(last) = self.erased.last else {
            return Vec::new();
        };
        // To the second, as people note it.
        let micros = last.as_micros();
        let last = Timestamp::from_micros(micros - micros.rem_euclid(1_000_000));
        let last = plan.zone.local_text(last);
        let words = match self.erased_around {
            Some(0) => return Vec::new(),
            Some(calls) => format!(
                "callers were erased, last on {last}; their calls, {calls} of the period and around it, are counted as \
                 nobody's, and nobody knows who called again"
            ),
            None => format!(
                "callers were erased, last on {last}; their calls, {} of whatever time, are counted as nobody's",
                self.erased.calls
            ),
        };
        vec![words]
    }

    /// Counts one call of the period whose record is at hand: among those listed only if a list of the query has it.
    pub(super) fn record(&mut self, plan: &Plan, call: &StoredCall, record: &CallRecord) {
        if is_listed(plan, record) {
            self.add(
                &call.source,
                &call.place.call,
                call.provisional,
                record.test,
            );
        } else {
            self.note(&call.source, call.provisional, record.test);
        }
    }

    /// Counts one call that is asked for.
    pub(super) fn add(&mut self, source: &SourceId, call: &CallId, provisional: bool, test: bool) {
        if !test {
            self.digest.add(source, call);
        }
        self.note(source, provisional, test);
    }

    /// Counts what may be missing or is left out by one call of the period.
    fn note(&mut self, source: &SourceId, provisional: bool, test: bool) {
        if test {
            self.test += 1;
        } else if provisional {
            *self.provisional.entry(source.clone()).or_default() += 1;
        }
    }
}

impl Context {
    /// Describes a report.
    pub(super) fn of(
        plan: &Plan,
        counted: Counted,
        sources: Vec<SourceCompleteness>,
        definitions: Vec<Definition>,
    ) -> Self {
        let silent = |source: &SourceId| {
            let mut all = sources.iter();
            all.any(|one| one.source == *source && one.silent_since.is_some())
        };
        let provisional = counted.provisional.iter();
        let uncertain = provisional.filter(|(source, _)| silent(source));
        let whole = (plan.start, plan.end);
        let erased = counted.erased_words(plan);
        let knows_calls = !counted.from_rollups || plan.is_unfiltered();
        Self {
            start: plan.start,
            end: plan.end,
            zone: plan.zone.name().to_owned(),
            start_local: plan.zone.local_text(plan.start),
            end_local: plan.zone.local_text(plan.end),
            definitions,
            service_level: plan.common_target(&counted.queues, whole),
            short_abandon: plan.common_short(&counted.queues, whole),
            calls_provisional: counted.provisional.values().sum(),
            calls_uncertain: uncertain.map(|(_, calls)| calls).sum(),
            calls_test: counted.test,
            calls: knows_calls.then_some(counted.digest),
            stored: counted.stored,
            kept: counted.kept,
            from_rollups: counted.from_rollups,
            quantile_error: counted.quantile_error,
            sources,
            counting: None,
            cautions: [
                plan.without_effect(),
                plan.altered_hours(),
                plan.about_unconfigured_lines(),
                erased,
            ]
            .concat(),
            rules: Vec::new(),
            hours: plan.open_time(),
            lines: plan.choice.asked_lines.clone(),
            teams: plan.choice.teams.iter().cloned().collect(),
            by: plan.choice.by,
        }
    }

    /// Of a report whose figures follow what queues are measured by.
    pub(super) fn measured(mut self, plan: &Plan, known: &[QueueId]) -> Self {
        self.rules = plan.in_force(known);
        self.cautions.extend(plan.changes(known));
        self
    }

    /// Of a report that counts by the lens and on the basis asked for.
    pub(super) fn following(mut self, plan: &Plan) -> Self {
        let without_effect = plan.without_effect();
        self.cautions
            .retain(|words| !without_effect.contains(words));
        Self {
            counting: Some((plan.lens, plan.basis)),
            ..self
        }
    }
}
