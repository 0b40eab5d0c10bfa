//! Figures as the contract's messages: field by field, with nothing worked out.

mod agents;
mod callers;
mod calls;
mod lines;
mod queues;
mod survey;
mod transfers;

use std::time::Duration;

use crate::model::Timestamp;
use crate::proto::v1;
use crate::reports::{
    AgentReport, Basis, By, Context, Definition, Lens, LineReport, Quantiles, QueueReport,
    RepeatReport, RulesInForce, SourceCompleteness, UnservedReport, WaitCurve, WaitReport, WaitRow,
    WaitSummary,
};

pub(super) use calls::{call, page};
pub(super) use survey::survey;
pub(super) use transfers::transfers;

pub(super) fn queues(report: QueueReport) -> v1::GetQueueReportResponse {
    v1::GetQueueReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report.rows.into_iter().map(queues::row).collect(),
    }
}

pub(super) fn waits(report: WaitReport) -> v1::GetWaitDistributionResponse {
    let edges = report.edges;
    v1::GetWaitDistributionResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report
            .rows
            .into_iter()
            .map(|row| wait_row(row, &edges))
            .collect(),
        curves: report.curves.into_iter().map(curve).collect(),
    }
}

pub(super) fn agents(report: AgentReport) -> v1::GetAgentReportResponse {
    v1::GetAgentReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report.rows.into_iter().map(agents::row).collect(),
    }
}

pub(super) fn repeats(report: RepeatReport) -> v1::GetRepeatReportResponse {
    v1::GetRepeatReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report.rows.into_iter().map(callers::repeat_row).collect(),
        shared_numbers: report.shared.into_iter().map(callers::shared).collect(),
    }
}

pub(super) fn unserved(report: UnservedReport) -> v1::GetUnservedReportResponse {
    v1::GetUnservedReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        summary: Some(callers::summary(report.summary)),
        rows: report.people.into_iter().map(callers::person).collect(),
    }
}

pub(super) fn lines(report: LineReport) -> v1::GetLineReportResponse {
    v1::GetLineReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        rows: report.rows.into_iter().map(lines::row).collect(),
    }
}

fn context(context: Context) -> v1::ReportContext {
    v1::ReportContext {
        start: Some(instant(context.start)),
        end: Some(instant(context.end)),
        zone: context.zone,
        start_local: context.start_local,
        end_local: context.end_local,
        definitions: context.definitions.into_iter().map(definition).collect(),
        service_level: context.service_level.map(span),
        short_abandon: context.short_abandon.map(span),
        sources: context.sources.iter().map(source).collect(),
        calls_provisional: context.calls_provisional,
        calls_uncertain: context.calls_uncertain,
        calls_test: context.calls_test,
        calls: context.calls.map_or(0, |listed| listed.calls),
        calls_digest: context
            .calls
            .map_or_else(String::new, |listed| listed.to_string()),
        stored_position: context.stored.0,
        calls_kept_from: context.kept.calls.map(instant),
        rollups_kept_from: context.kept.rollups.map(instant),
        pseudonyms_kept_from: context.kept.pseudonyms.map(instant),
        cautions: context.cautions,
        lens: context.counting.map_or(0, |(lens, _)| self::lens(lens)),
        basis: context.counting.map_or(0, |(_, basis)| self::basis(basis)),
        rules: context.rules.into_iter().map(rules).collect(),
        hours: context.hours.map(|(name, open)| v1::HoursInForce {
            name,
            open: Some(span(open)),
        }),
        lines: context.lines,
        teams: context.teams,
        from_rollups: context.from_rollups,
        quantile_error: context.quantile_error,
        buckets: Vec::new(),
        by: match context.by {
            By::Queue => v1::Grouping::Unspecified.into(),
            By::Line => v1::Grouping::Line.into(),
            By::Team => v1::Grouping::Team.into(),
            By::Calendar => v1::Grouping::Calendar.into(),
        },
    }
}

fn rules(version: RulesInForce) -> v1::RulesInForce {
    let rules = version.rules;
    let queue = version.queue.as_ref();
    v1::RulesInForce {
        queue: queue.map_or_else(String::new, |queue| queue.as_str().to_owned()),
        valid_from: version.since.unwrap_or_default(),
        valid_until: version.until.unwrap_or_default(),
        service_level: Some(span(rules.target.service_level)),
        short_abandon: Some(span(rules.target.short_abandon)),
        headline: rules.headline.as_str().to_owned(),
        excessive_limit: rules.excessive_limit,
        calendar: rules.calendar.map_or_else(String::new, String::from),
    }
}

fn lens(lens: Lens) -> i32 {
    match lens {
        Lens::Visit => v1::Lens::Visit.into(),
        Lens::Journey => v1::Lens::Journey.into(),
    }
}

fn basis(basis: Basis) -> i32 {
    match basis {
        Basis::Cohort => v1::Basis::Cohort.into(),
        Basis::Event => v1::Basis::Event.into(),
    }
}

fn definition(definition: Definition) -> v1::Definition {
    v1::Definition {
        id: definition.id.to_owned(),
        version: definition.version,
        sentence: definition.sentence.into_owned(),
    }
}

fn source(source: &SourceCompleteness) -> v1::SourceCompleteness {
    v1::SourceCompleteness {
        source: source.source.as_str().to_owned(),
        gap_events: source.gap_events,
        late_events: source.late_events,
        recomputed_events: source.recomputed_events,
        rejected_events: source.rejected_events,
        settled_until: source.settled_until.map(instant),
        silent_since: source.silent_since.map(instant),
    }
}

fn summary(waits: &WaitSummary) -> v1::WaitSummary {
    v1::WaitSummary {
        count: waits.count,
        sum: Some(span(waits.sum)),
        mean: waits.mean.map(span),
        p50: waits.p50.map(span),
        p90: waits.p90.map(span),
        p95: waits.p95.map(span),
        p99: waits.p99.map(span),
        max: waits.max.map(span),
    }
}

fn wait_row(row: WaitRow, edges: &[Duration]) -> v1::WaitDistributionRow {
    let buckets = edges
        .iter()
        .zip(&row.up_to)
        .map(|(edge, count)| v1::WaitBucket {
            edge: Some(span(*edge)),
            count: *count,
        });
    v1::WaitDistributionRow {
        buckets: buckets.collect(),
        bucket_start: row.bucket_start,
        queue: row.queue,
        exit: row.exit.as_str().to_owned(),
        count: row.count,
        sum: Some(span(row.sum)),
        quantiles: Some(quantiles(row.quantiles)),
        time_to_answer: row.time_to_answer.map(quantiles),
    }
}

fn quantiles(quantiles: Quantiles) -> v1::WaitQuantiles {
    v1::WaitQuantiles {
        p50: quantiles.p50.map(span),
        p90: quantiles.p90.map(span),
        p95: quantiles.p95.map(span),
        p99: quantiles.p99.map(span),
    }
}

fn curve(row: WaitCurve) -> v1::WaitCurve {
    let steps = row.curve.steps.iter().map(|step| v1::KmStep {
        time: Some(span(step.time)),
        at_risk: step.at_risk,
        answered: step.answered,
        censored: step.censored,
        survival: step.survival,
    });
    v1::WaitCurve {
        bucket_start: row.bucket_start,
        queue: row.queue,
        answered: row.answered,
        censored: row.censored,
        steps: steps.collect(),
        survival_error: row.survival_error,
    }
}

/// An interval as the contract has it.
fn interval((low, high): (f64, f64)) -> v1::Interval {
    v1::Interval { low, high }
}

fn span(span: Duration) -> pbjson_types::Duration {
    span.into()
}

fn instant(at: Timestamp) -> pbjson_types::Timestamp {
    let micros = at.as_micros();
    // The remainder is below a million, so that its nanoseconds are below 2³¹.
    let nanos = micros.rem_euclid(1_000_000) as i32 * 1000;
    pbjson_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos,
    }
}
