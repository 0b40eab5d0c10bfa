//! Explanations by visit: volume, waits, service level, abandonment.

use std::time::Duration;

use crate::kpi::{self, LevelCounts, LevelFormula, Part, WaitEnd};
use crate::model::{Exit, ExitClass, QueueTarget, Timestamp, VisitRow};
use crate::store::Selection;

use super::super::stays;
use super::super::watched::watched;
use super::case::{Case, counted, halves, s, visit_words};
use super::explain::Explanation;

/// A sentence for each visit.
fn each(case: &Case<'_>, explain: impl Fn(&VisitRow, String) -> Explanation) -> Vec<Explanation> {
    let visits = case.rows.visits.iter().enumerate();
    visits
        .map(|(index, visit)| explain(visit, visit_words(index, visit)))
        .collect()
}

/// V2.
pub(super) fn begun(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, _| {
        let began = case.plan.zone.local_text(visit.entered_at);
        let words = format!("a visit of {} began at {began}: counted", visit.queue);
        Explanation::count(visit.queue.as_str(), 1, words)
    })
}

/// W1 and W7: the wait itself.
pub(super) fn wait(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let adds = u64::from(visit.wait.is_some());
        let why = unknown_words(visit);
        let words = format!("{words}{why}: {}", counted(adds));
        Explanation::count(visit.queue.as_str(), adds, words).with_span(visit.wait)
    })
}

/// Why a visit that ended has no wait.
fn unknown_words(visit: &VisitRow) -> &'static str {
    if visit.exit.is_none() || visit.wait.is_some() {
        ""
    } else if kpi::is_span_negative(visit.entered_at, visit.exited_at) {
        " (the clock stepped back)"
    } else {
        " (the answer was never told)"
    }
}

/// W5.
pub(super) fn wait_answered(case: &Case<'_>) -> Vec<Explanation> {
    mean(case, ExitClass::Answered)
}

/// W6.
pub(super) fn wait_abandoned(case: &Case<'_>) -> Vec<Explanation> {
    mean(case, ExitClass::Abandoned)
}

fn mean(case: &Case<'_>, class: ExitClass) -> Vec<Explanation> {
    each(case, |visit, words| {
        let of_class = visit.exit.is_some_and(|exit| exit.class() == class);
        let wait = visit.wait.filter(|_| of_class);
        let adds = u64::from(wait.is_some());
        let why = match wait {
            Some(wait) => format!("{} in the sum, 1 in the number", s(wait)),
            None if of_class => format!("not in the mean{}", unknown_words(visit)),
            None => format!("not {}, so not in the mean", class.as_str()),
        };
        let words = format!("{words}: {why}");
        Explanation::count(visit.queue.as_str(), adds, words).with_span(wait)
    })
}

/// W9.
pub(super) fn quantiles(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let adds = u64::from(visit.exit.is_some() && visit.wait.is_some());
        let among = match visit.exit.map(Exit::class) {
            _ if adds == 0 => format!("in no quantile{}", unknown_words(visit)),
            Some(class @ (ExitClass::Answered | ExitClass::Abandoned)) => {
                format!("in the quantiles of {} visits and of all", class.as_str())
            }
            Some(ExitClass::Other) | None => "in the quantiles of all visits".to_owned(),
        };
        let words = format!("{words}: {among}");
        Explanation::count(visit.queue.as_str(), adds, words).with_span(visit.wait)
    })
}

/// W11: how long each wait was watched for an answer.
pub(super) fn watched_waits(case: &Case<'_>) -> Vec<Explanation> {
    let rows = Selection {
        visits: case.rows.visits.clone(),
        ..Selection::default()
    };
    let stays = stays::stays(case.plan, &rows).enumerate();
    let said = stays.map(|(index, stay)| {
        let (queue, words) = (stay.visit.queue.as_str(), visit_words(index, &stay.visit));
        let Some((_, wait)) = watched(case.plan, &stay).pop() else {
            let why = unknown_words(&stay.visit);
            let words = format!("{words}: not watched{why}");
            return Explanation::part(queue, Part { count: 0, of: 0 }, words);
        };
        let part = Part {
            count: u64::from(wait.end == WaitEnd::Answered),
            of: 1,
        };
        let time = s(wait.time);
        let words = match wait.end {
            WaitEnd::Answered => {
                format!("{words}: at risk until {time}, and a step of the curve there")
            }
            WaitEnd::Censored => {
                format!(
                    "{words}: at risk until {time}, then censored: it may have had to wait longer"
                )
            }
        };
        Explanation::part(queue, part, words).with_span(Some(wait.time))
    });
    said.collect()
}

/// W10, for each threshold.
pub(super) fn over(case: &Case<'_>) -> Vec<Explanation> {
    let of = |x: &Duration| {
        let x = *x;
        each(case, move |visit, words| {
            let over = visit.wait.map_or(0, |wait| kpi::count_over(&[wait], x));
            let part = Part {
                count: over,
                of: visit.exit.is_some().into(),
            };
            let than = match (visit.wait, over) {
                (None, _) => "",
                (Some(_), 0) => " ≤ ",
                (Some(_), _) => " > ",
            };
            let x = if than.is_empty() {
                format!(", x = {}", s(x))
            } else {
                format!("{than}x = {}", s(x))
            };
            let words = format!("{words}{x}: {}", halves(part));
            Explanation::part(visit.queue.as_str(), part, words)
        })
    };
    case.over.iter().flat_map(of).collect()
}

/// How far the time of the call's source is known.
fn read_at(case: &Case<'_>, visit: &VisitRow) -> Option<Timestamp> {
    case.plan.read_at(visit.waits_at.as_ref())
}

/// The service level, by one of its formulas.
pub(super) fn level(case: &Case<'_>, formula: LevelFormula) -> Vec<Explanation> {
    each(case, |visit, words| {
        let target = case.plan.target(&visit.queue, visit.entered_at);
        let counts = LevelCounts::of_visit(visit, target, read_at(case, visit));
        let part = formula.part(&counts);
        let compared = compared(visit, target, &counts, formula);
        let words = format!("{words}{compared}: {}", halves(part));
        Explanation::part(visit.queue.as_str(), part, words)
    })
}

/// How the wait stands to the thresholds, as it was counted.
fn compared(
    visit: &VisitRow,
    target: QueueTarget,
    counts: &LevelCounts,
    formula: LevelFormula,
) -> String {
    let t = s(target.service_level);
    if visit.exit.is_none() {
        return if counts.decided > 0 {
            format!(", for T = {t} or longer, so decided")
        } else {
            format!(", and not known to have waited for T = {t}, so not decided")
        };
    }
    if visit.wait.is_none() {
        return format!(", so not within T = {t}");
    }
    let sign = |within: bool| if within { "≤" } else { ">" };
    if formula == LevelFormula::Short && counts.abandoned > 0 {
        let short = sign(counts.abandoned_short > 0);
        return format!(" {short} s = {}", s(target.short_abandon));
    }
    let within = sign(kpi::is_within(visit.wait, target.service_level));
    format!(" {within} T = {t}")
}

/// AB1.
pub(super) fn abandoned(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let target = case.plan.target(&visit.queue, visit.entered_at);
        let counts = LevelCounts::of_visit(visit, target, read_at(case, visit));
        let part = Part {
            count: counts.abandoned,
            of: visit.exit.is_some().into(),
        };
        let words = format!("{words}: {}", halves(part));
        Explanation::part(visit.queue.as_str(), part, words)
    })
}

/// AB3.
pub(super) fn abandoned_short(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let target = case.plan.target(&visit.queue, visit.entered_at);
        let counts = LevelCounts::of_visit(visit, target, read_at(case, visit));
        let adds = counts.abandoned_short;
        let compared = if counts.abandoned == 0 {
            ", not abandoned".to_owned()
        } else {
            compared(visit, target, &counts, LevelFormula::Short)
        };
        let words = format!("{words}{compared}: {}", counted(adds));
        Explanation::count(visit.queue.as_str(), adds, words)
    })
}

/// AB4.
pub(super) fn abandoned_after_transfer(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let adds = u64::from(kpi::is_abandoned_after_transfer(visit));
        let began = if visit.after_transfer {
            "begun after a transfer"
        } else {
            "not begun after a transfer"
        };
        let words = format!("{words}, {began}: {}", counted(adds));
        Explanation::count(visit.queue.as_str(), adds, words)
    })
}

/// AB6.
pub(super) fn answered_short(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let x = case.plan.short_answered;
        let answered = visit.exit.map(Exit::class) == Some(ExitClass::Answered);
        let short = answered && kpi::is_answered_short(visit.talk, x);
        let sign = if short { "<" } else { "≥" };
        let talk = match visit.talk.filter(|_| answered) {
            Some(talk) => format!("talk of {} {sign} x = {}", s(talk), s(x)),
            None => "no known talk".to_owned(),
        };
        let words = format!("{words}, {talk}: {}", counted(short.into()));
        Explanation::count(visit.queue.as_str(), short.into(), words)
    })
}

/// W13.
pub(super) fn missed_offer_time(case: &Case<'_>) -> Vec<Explanation> {
    each(case, |visit, words| {
        let missed = visit.missed_offer_time;
        let words = format!(
            "{words}, {} of ringing that nobody answered: counted",
            s(missed)
        );
        Explanation::count(visit.queue.as_str(), 1, words).with_span(Some(missed))
    })
}
