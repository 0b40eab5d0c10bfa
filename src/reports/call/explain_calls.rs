//! Explanations by call and by transfer: what reached us, what was passed on.

use crate::kpi::{self, Part};
use crate::model::{CallRow, Direction, Outcome, TargetKind, TransferOutcome, TransferRow};

use super::super::{queue_calls, transfers};
use super::case::{Case, count, counted, halves, queue_words, s};
use super::explain::Explanation;

/// What speaks for and against a call as one of the queue report's.
fn offered_words(call: &CallRow) -> String {
    let visits = count(call.visits.into(), "visit");
    let refused = call.refused.as_ref().map(|(reason, _)| reason.as_str());
    match (call.direction, refused) {
        (Direction::Return, _) => format!("our own return call, {visits}"),
        (Direction::Inbound, Some(reason)) => format!("{visits}, refused ({reason})"),
        (Direction::Inbound, None) if call.visits == 0 => "no visit and no refusal".to_owned(),
        (Direction::Inbound, None) => visits,
    }
}

/// A sentence about the call, under the queue at which the queue report has it.
fn of_call(case: &Case<'_>, part: Part, is_share: bool, first: &str) -> Vec<Explanation> {
    let call = &case.rows.call;
    let queue = queue_calls::belongs_to(call);
    let under = queue.map_or("", |queue| queue.as_str());
    let words = offered_words(call);
    let at = format!("{first}{}", queue_words(queue));
    vec![if is_share {
        Explanation::part(under, part, format!("{words}, {at}: {}", halves(part)))
    } else {
        let said = counted(part.count);
        Explanation::count(under, part.count, format!("{words}, {at}: {said}"))
    }]
}

/// V1.
pub(super) fn offered(case: &Case<'_>) -> Vec<Explanation> {
    let adds = u64::from(kpi::is_offered(&case.rows.call));
    let part = Part { count: adds, of: 1 };
    of_call(case, part, false, "first entered or refused by ")
}

fn demand_of(call: &CallRow) -> Part {
    let [offered, refused] = [kpi::is_offered(call), kpi::is_refused(call)].map(u64::from);
    Part {
        count: refused,
        of: kpi::demand(offered, refused),
    }
}

/// V3.
pub(super) fn demand(case: &Case<'_>) -> Vec<Explanation> {
    let Part { of, .. } = demand_of(&case.rows.call);
    let part = Part { count: of, of };
    of_call(case, part, false, "first entered or refused by ")
}

/// The unserved.
pub(super) fn unserved(case: &Case<'_>) -> Vec<Explanation> {
    let (call, record) = (&case.rows.call, case.record);
    let adds = u64::from(kpi::is_unserved(record) && !call.test);
    let words = match record.outcome {
        None => "it is open",
        Some(_) if call.answered => "a human answered",
        Some(Outcome::SelfServed) => "the menu helped",
        Some(_) if adds > 0 => "nobody answered, and no kept callback made up for it",
        Some(_) if record.visits.is_empty() && record.refusals.is_empty() => {
            "it reached no queue and was not refused"
        }
        Some(_) => "a callback was kept, or it is in no figure",
    };
    let under = queue_calls::belongs_to(call).map_or("", |queue| queue.as_str());
    let words = format!("{}, {words}: {}", offered_words(call), counted(adds));
    vec![Explanation::count(under, adds, words)]
}

/// V4.
pub(super) fn refused(case: &Case<'_>) -> Vec<Explanation> {
    let part = demand_of(&case.rows.call);
    of_call(case, part, true, "first entered or refused by ")
}

/// A sentence about the call, under the queue at which the transfer report has it.
fn of_served(
    case: &Case<'_>,
    explain: impl FnOnce(&CallRow, &str) -> Explanation,
) -> Vec<Explanation> {
    let call = &case.rows.call;
    let under = transfers::queue_of(call).map_or("", |queue| queue.as_str());
    vec![explain(call, under)]
}

/// Whether a human answered, in words.
fn served_words(call: &CallRow) -> &'static str {
    if kpi::is_served(call) {
        "a human answered"
    } else {
        "no human answered"
    }
}

/// A share of served calls.
fn share(case: &Case<'_>, adds: u64, words: &str) -> Vec<Explanation> {
    of_served(case, |call, under| {
        let part = Part {
            count: adds,
            of: kpi::is_served(call).into(),
        };
        let words = format!("{}, {words}: {}", served_words(call), halves(part));
        Explanation::part(under, part, words)
    })
}

/// A number of things that only served calls have.
fn number(case: &Case<'_>, adds: u64, words: &str) -> Vec<Explanation> {
    of_served(case, |call, under| {
        let adds = if kpi::is_served(call) { adds } else { 0 };
        let words = format!("{}, {words}: adds {adds}", served_words(call));
        Explanation::count(under, adds, words)
    })
}

/// T3.
pub(super) fn transferred(case: &Case<'_>) -> Vec<Explanation> {
    let call = &case.rows.call;
    let words = count(call.transfers.into(), "transfer");
    share(case, kpi::is_transferred(call).into(), &words)
}

/// T4.
pub(super) fn transfers_per_call(case: &Case<'_>) -> Vec<Explanation> {
    let call = &case.rows.call;
    let slot = kpi::transfers_slot(call.transfers);
    let last = kpi::TRANSFERS_SLOTS - 1;
    let slot = if slot == last {
        format!("calls with more than {}", last - 1)
    } else {
        format!("calls with {slot}")
    };
    let words = count(call.transfers.into(), "transfer");
    of_served(case, |call, under| {
        let is_served = kpi::is_served(call);
        let part = Part {
            count: if is_served { call.transfers.into() } else { 0 },
            of: is_served.into(),
        };
        let words = if is_served {
            format!(
                "a human answered, {words}: adds {} to the sum and 1 to the number, among the {slot}",
                part.count
            )
        } else {
            "no human answered: in neither sum nor number".to_owned()
        };
        Explanation::part(under, part, words)
    })
}

/// T8.
pub(super) fn wrong_door(case: &Case<'_>) -> Vec<Explanation> {
    let call = &case.rows.call;
    let words = format!(
        "first from {}, last from {}",
        queue_words(call.first_answer_queue.as_ref()),
        queue_words(call.last_answer_queue.as_ref())
    );
    let planned = &case.plan.floor.routes;
    let doors = call
        .first_answer_queue
        .as_ref()
        .zip(call.last_answer_queue.as_ref());
    let led = doors.is_some_and(|(first, last)| first != last && planned.leads(first, last));
    let words = if led {
        format!("{words}, by a planned route")
    } else {
        words
    };
    share(case, kpi::is_wrong_door(call, planned).into(), &words)
}

/// T10.
pub(super) fn excessive(case: &Case<'_>) -> Vec<Explanation> {
    let planned = &case.plan.floor.routes;
    let along = case.rows.transfers.iter();
    let along = along.filter(|one| kpi::is_done(one) && kpi::is_planned(one, planned));
    let along = along.count() as u32;
    let transfers = case.rows.call.transfers.saturating_sub(along);
    let is_excessive = kpi::is_excessive(transfers, case.limit);
    let sign = if is_excessive { ">" } else { "≤" };
    let words = count(transfers.into(), "transfer");
    let left_out = match along {
        0 => String::new(),
        along => format!(" ({along} along planned routes not counted)"),
    };
    let words = format!("{words}{left_out} {sign} k = {}", case.limit);
    number(case, is_excessive.into(), &words)
}

/// T2.
pub(super) fn consult_only(case: &Case<'_>) -> Vec<Explanation> {
    let consulted = u64::from(case.rows.call.consult_only);
    let words = count(consulted, "consultation");
    number(case, consulted, &format!("{words} without a hand-over"))
}

/// T6.
pub(super) fn failed(case: &Case<'_>) -> Vec<Explanation> {
    let causes = &case.rows.call.failed_transfers;
    let names: Vec<_> = causes.iter().map(|cause| cause.as_str()).collect();
    let mut words = format!("{} that failed", count(causes.len() as u64, "transfer"));
    if !names.is_empty() {
        words += &format!(" ({})", names.join(", "));
    }
    number(case, causes.len() as u64, &words)
}

/// W4.
pub(super) fn transfer_wait(case: &Case<'_>) -> Vec<Explanation> {
    of_served(case, |call, under| {
        let is_served = kpi::is_served(call);
        let span = is_served.then_some(call.transfer_wait);
        let waited = s(call.transfer_wait);
        let words = format!(
            "{}, {waited} of waiting after it: {}",
            served_words(call),
            counted(is_served.into())
        );
        Explanation::count(under, is_served.into(), words).with_span(span)
    })
}

/// T11; of every call, answered or not.
pub(super) fn reroutes(case: &Case<'_>) -> Vec<Explanation> {
    of_served(case, |call, under| {
        let adds = u64::from(call.reroutes);
        let words = count(adds, "move");
        let words = format!("{words} between queues before any human: adds {adds}");
        Explanation::count(under, adds, words)
    })
}

/// A sentence for each transfer that was done, under the first queue that answered.
fn each(case: &Case<'_>, explain: impl Fn(&TransferRow) -> (u64, String)) -> Vec<Explanation> {
    let done = case.rows.transfers.iter().enumerate();
    let done = done.filter(|(_, transfer)| kpi::is_done(transfer));
    done.map(|(index, transfer)| {
        let queue = transfer.first_answer_queue.as_ref();
        let (adds, why) = explain(transfer);
        let words = format!(
            "transfer {}, {} to {} {}: {why}",
            index + 1,
            transfer.method.as_str(),
            transfer.target.as_str(),
            transfer.to
        );
        Explanation::count(queue.map_or("", |queue| queue.as_str()), adds, words)
    })
    .collect()
}

/// T1.
pub(super) fn kinds(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |transfer| {
        let (method, target) = (transfer.method.as_str(), transfer.target.as_str());
        (1, format!("counted as {method} × {target}"))
    })
}

/// T5.
pub(super) fn returns(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |transfer| {
        let adds = u64::from(kpi::is_return(transfer));
        let had = if adds > 0 { "had" } else { "had not had" };
        (
            adds,
            format!("the target {had} the call before: {}", counted(adds)),
        )
    })
}

/// T7.
pub(super) fn after(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |transfer| match transfer.outcome {
        None => (0, "the caller still waits: pending".to_owned()),
        Some(TransferOutcome::Answered) if transfer.target == TargetKind::Outside => {
            let words =
                "counted as answered after it: of an outside number nobody tells who answers";
            (1, words.to_owned())
        }
        Some(
            outcome @ (TransferOutcome::Answered
            | TransferOutcome::Abandoned
            | TransferOutcome::Returned
            | TransferOutcome::Failed),
        ) => (1, format!("counted as {} after it", outcome.as_str())),
    })
}

/// T9.
pub(super) fn paths(case: &Case<'_>) -> Vec<Explanation> {
    let done = case.rows.transfers.iter();
    let spent = done.filter(|transfer| kpi::is_done(transfer));
    let spent: Vec<_> = spent.map(|transfer| transfer.spent).collect();
    let explained = each(case, |transfer| {
        let from = queue_words(transfer.from_queue.as_ref());
        let to = format!("{} {}", transfer.target.as_str(), transfer.to);
        let (agent, wait, all) = (&transfer.from_agent, s(transfer.wait), s(transfer.spent));
        let words = format!(
            "counted on the path from {from}, and from agent {agent}, to {to}, with {wait} of wait in {all} of the caller's time"
        );
        (1, words)
    });
    let spent = explained.into_iter().zip(spent);
    spent
        .map(|(explanation, spent)| explanation.with_span(Some(spent)))
        .collect()
}
