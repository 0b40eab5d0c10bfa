//! A queue's row as the contract has it.

use crate::model::{Exit, Outcome};
use crate::proto::v1;
use crate::reports::{CallFigures, CompatFigure, Pack, Part, QueueRow, WaitOver};

use super::{interval, span, summary};

pub(super) fn row(row: QueueRow) -> v1::QueueReportRow {
    let exits = &row.exits;
    let level = &row.service_level;
    let calls = &row.calls;
    v1::QueueReportRow {
        bucket_start: row.bucket_start,
        queue: row.queue,
        calls_arrived: row.calls_arrived,
        left_before_queue: row.left_before_queue,
        calls_offered: row.calls_offered,
        visits_offered: row.visits_offered,
        answered: row.counts.answered,
        abandoned: row.counts.abandoned,
        abandoned_ringing: exits.of(Exit::AbandonedRinging),
        exits: Some(v1::QueueExits {
            timeout: exits.of(Exit::Timeout),
            key_exit: exits.of(Exit::KeyExit),
            left_empty: exits.of(Exit::LeftEmpty),
            withdrawn: exits.of(Exit::Withdrawn),
            callback: exits.of(Exit::Callback),
            error: exits.of(Exit::Error),
        }),
        waiting: row.waiting,
        answered_within: row.counts.answered_within,
        abandoned_within: row.counts.abandoned_within,
        abandoned_short: row.counts.abandoned_short,
        decided: row.counts.decided,
        wait_answered: Some(summary(&row.wait_answered)),
        wait_abandoned: Some(summary(&row.wait_abandoned)),
        wait_all: Some(summary(&row.wait_all)),
        wait_over: row.wait_over.iter().map(wait_over).collect(),
        talk_sum: Some(row.talk_sum.into()),
        service_level: Some(v1::ServiceLevel {
            threshold: row.threshold.map(span),
            strict: level.strict,
            short: level.short,
            ignore_abandoned: level.ignore_abandoned,
            abandoned_met: level.abandoned_met,
            answered_only: level.answered_only,
            amazon: level.amazon,
            journey: level.journey,
            access: level.access,
            strict_interval: row.strict_interval.map(interval),
            headline_formula: row
                .headline
                .map_or_else(String::new, |formula| formula.as_str().to_owned()),
            headline: row.headline.and_then(|formula| level.headline(formula)),
        }),
        abandon_rate: row.abandon_rate,
        calls_refused: row.calls_refused,
        conservation_residual: row.conservation_residual,
        negative_spans: row.negative_spans,
        waits_unknown: row.waits_unknown,
        outcomes: Some(outcomes(calls)),
        outcome_residual: calls.outcome_residual,
        demand: calls.demand,
        refused_rate: calls.refused_rate,
        refused_closed: calls.refused_closed,
        journey_wait: Some(summary(&calls.journey_wait)),
        journey_wait_censored: Some(summary(&calls.journey_wait_censored)),
        queue_wait_sum: Some(span(calls.queue_wait_sum)),
        time_to_human: Some(summary(&calls.time_to_human)),
        caller_burden: Some(summary(&calls.caller_burden)),
        missed_offer_time: Some(span(row.missed_offer_time)),
        journey_answered_within: calls.journeys.answered_within,
        journey_decided: calls.journeys.decided,
        lost: calls.lost,
        lost_rate: calls.lost_rate,
        lost_rate_interval: calls.lost_rate_interval.map(interval),
        abandon_rate_interval: row.abandon_rate_interval.map(interval),
        abandoned_after_transfer: row.abandoned_after_transfer,
        answered_short: row.answered_short,
        callback_within: row.counts.callback_within,
        compat: row.compat.iter().map(compat).collect(),
    }
}

fn outcomes(calls: &CallFigures) -> v1::CallOutcomes {
    let of = |outcome| calls.outcomes.of(outcome);
    v1::CallOutcomes {
        served: of(Outcome::Served),
        self_served: of(Outcome::SelfServed),
        left_before_queue: of(Outcome::LeftBeforeQueue),
        abandoned: of(Outcome::Abandoned),
        dismissed: of(Outcome::Dismissed),
        callback_promised: of(Outcome::CallbackPromised),
        message_left: of(Outcome::MessageLeft),
        refused: of(Outcome::Refused),
        diverted: of(Outcome::Diverted),
        direct: of(Outcome::Direct),
        unknown: of(Outcome::Unknown),
        open: calls.open,
    }
}

fn compat((figure, part): &(CompatFigure, Part)) -> v1::CompatFigure {
    let mut packs = Pack::ALL.into_iter();
    let pack = packs.find(|pack| pack.figures().contains(figure));
    v1::CompatFigure {
        pack: pack.map_or_else(String::new, |pack| pack.as_str().to_owned()),
        name: figure.name().to_owned(),
        id: figure.id().definition().id.to_owned(),
        count: part.count,
        of: part.of,
        share: part.share(),
    }
}

fn wait_over(over: &WaitOver) -> v1::WaitOver {
    v1::WaitOver {
        threshold: Some(span(over.threshold)),
        count: over.count,
        share: over.share,
    }
}
