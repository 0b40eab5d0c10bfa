//! Explanations by call as the queue report follows it: how it ended, and how long its caller waited from the first queue
//! to the first human.

use std::time::Duration;

use crate::kpi::{self, JourneyCounts, Part};
use crate::model::{CallRow, Outcome};

use super::super::queue_calls;
use super::case::{Case, counted, halves, queue_words, s};
use super::explain::Explanation;

/// A sentence about a call, under the queue that it belongs to; one that somebody did not make to us is in none.
fn of_arrived(
    case: &Case<'_>,
    explain: impl FnOnce(&CallRow, &str) -> Explanation,
) -> Vec<Explanation> {
    let call = &case.rows.call;
    let queue = queue_calls::belongs_to(call);
    let under = queue.map_or("", |queue| queue.as_str());
    if !kpi::is_arrived(call) {
        let words = "our own return call: not counted".to_owned();
        return vec![Explanation::count(under, 0, words)];
    }
    vec![explain(call, under)]
}

fn outcome_words(call: &CallRow) -> &'static str {
    call.outcome.map_or("open", Outcome::as_str)
}

/// Calls by outcome.
pub(super) fn outcome(case: &Case<'_>) -> Vec<Explanation> {
    of_arrived(case, |call, under| {
        let adds = u64::from(call.outcome.is_some());
        let words = format!("the call is {}: counted as that", outcome_words(call));
        Explanation::count(under, adds, words)
    })
}

/// AB2.
pub(super) fn lost(case: &Case<'_>) -> Vec<Explanation> {
    of_arrived(case, |call, under| {
        let part = Part {
            count: kpi::is_lost(call).into(),
            of: kpi::is_offered(call).into(),
        };
        let words = format!(
            "the call is {}, with {} visits: {}",
            outcome_words(call),
            call.visits,
            halves(part)
        );
        Explanation::part(under, part, words)
    })
}

/// AB5.
pub(super) fn left_before_queue(case: &Case<'_>) -> Vec<Explanation> {
    of_arrived(case, |call, under| {
        let adds = u64::from(kpi::is_left_before_queue(call));
        let words = format!("the call is {}: {}", outcome_words(call), counted(adds));
        Explanation::count(under, adds, words)
    })
}

/// One span of the call.
fn of_span(
    case: &Case<'_>,
    what: &str,
    span: impl FnOnce(&CallRow) -> Option<Duration>,
) -> Vec<Explanation> {
    of_arrived(case, |call, under| {
        let span = span(call);
        let words = match span {
            Some(span) => format!("{what} {}: counted", s(span)),
            None => format!("no known {what}: not counted"),
        };
        Explanation::count(under, span.is_some().into(), words).with_span(span)
    })
}

/// W2; an unanswered call's wait is named, and stands apart.
pub(super) fn journey_wait(case: &Case<'_>) -> Vec<Explanation> {
    let censored = kpi::journey_wait_censored(&case.rows.call);
    if let Some(censored) = censored.filter(|_| case.rows.call.outcome.is_some()) {
        return of_arrived(case, |_, under| {
            let words = format!(
                "no answer until the end, {} after the first queue entry: among the unanswered, shown apart",
                s(censored)
            );
            Explanation::count(under, 0, words)
        });
    }
    of_span(
        case,
        "time from the first queue entry to the first answer",
        kpi::journey_wait,
    )
}

/// W2q.
pub(super) fn queue_wait(case: &Case<'_>) -> Vec<Explanation> {
    of_span(
        case,
        "waiting in queues before any human, of an ended call,",
        |call| call.outcome.map(|_| call.queue_wait),
    )
}

/// W3.
pub(super) fn time_to_human(case: &Case<'_>) -> Vec<Explanation> {
    of_span(
        case,
        "time from arrival to the first answer",
        kpi::time_to_human,
    )
}

/// W12.
pub(super) fn burden(case: &Case<'_>) -> Vec<Explanation> {
    of_span(
        case,
        "waiting and hold, of a call that ended after a queue or a human,",
        |call| kpi::burden(call).filter(|_| call.outcome.is_some()),
    )
}

/// `journey`.
pub(super) fn journey(case: &Case<'_>) -> Vec<Explanation> {
    level(case, kpi::journey_part)
}

/// `access`.
pub(super) fn access(case: &Case<'_>) -> Vec<Explanation> {
    level(case, kpi::access_part)
}

fn level(case: &Case<'_>, part: fn(&JourneyCounts) -> Part) -> Vec<Explanation> {
    of_arrived(case, |call, under| {
        let decided = queue_calls::decided_at(case.plan, call).is_some();
        let within = decided && queue_calls::is_within(case.plan, call);
        let part = part(&JourneyCounts {
            answered_within: within.into(),
            decided: decided.into(),
            refused: kpi::is_refused(call).into(),
        });
        let words = format!("{}: {}", level_words(case, call, within), halves(part));
        Explanation::part(under, part, words)
    })
}

/// How the call's wait for a human stands to the first queue's threshold, as it was counted.
fn level_words(case: &Case<'_>, call: &CallRow, within: bool) -> String {
    if kpi::is_refused(call) {
        return "refused, and no visit".to_owned();
    }
    let journey = kpi::journey_of(call).zip(call.first_queue.as_ref());
    let Some((journey, queue)) = journey else {
        return "never queued before a human answered".to_owned();
    };
    let t = s(case.plan.target(queue, journey.entered_at).service_level);
    let ended = match journey.exit {
        None => return format!("no human yet, by T = {t} of {queue}"),
        Some(exit) => exit.as_str(),
    };
    let sign = if within { "≤" } else { ">" };
    match (journey.wait, call.answered) {
        (Some(wait), true) => format!(
            "first human {} after the first queue entry {sign} T = {t} of {}",
            s(wait),
            queue_words(Some(queue))
        ),
        (Some(wait), false) => format!("{ended} after {}, no human", s(wait)),
        (None, _) => format!("{ended} after a wait that is not known"),
    }
}
