//! Records and facts in a few words: everything that is not as it was made, so that nothing can change unseen.

use std::fmt::Write as _;
use std::time::Duration;

use crate::model::{CallRecord, Direction, Fact, Leg, Offer, Timestamp, Transfer, Visit};

/// Lines that say all of a record.
pub(super) fn record(record: &CallRecord) -> Vec<String> {
    let mut lines = Vec::new();
    if record.direction == Direction::Return {
        lines.push("return call".into());
    }
    if record.test {
        lines.push("test".into());
    }
    if record.arrived_at != Timestamp::from_micros(0) {
        lines.push(format!("arrived {}", moment(record.arrived_at)));
    }
    lines.extend(record.visits.iter().map(visit));
    lines.extend(record.offers.iter().map(|one| offer(one, record)));
    lines.extend(record.legs.iter().map(|one| leg(one, record)));
    lines.extend(record.transfers.iter().map(transfer));
    for failed in &record.failed_transfers {
        let target = failed.target.map_or("nobody", |target| target.as_str());
        lines.push(format!(
            "failed {} to {target} {} at {}",
            failed.method.as_str(),
            failed.cause.as_str(),
            moment(failed.at)
        ));
    }
    for reroute in &record.reroutes {
        lines.push(format!("reroute {} to {}", reroute.from, reroute.to));
    }
    for (count, what) in [
        (record.requeued, "requeued"),
        (record.consult_only, "consult_only"),
        (record.messages, "messages"),
        (record.tags.len() as u32, "tags"),
        (record.callbacks_promised.len() as u32, "promised"),
        (record.callbacks_tried.len() as u32, "tried"),
    ] {
        if count > 0 {
            lines.push(format!("{what} {count}"));
        }
    }
    for refusal in &record.refusals {
        let queue = refusal.queue.as_ref().map_or("-", |queue| queue.as_str());
        let (at, reason) = (moment(refusal.at), refusal.reason.as_str());
        lines.push(format!("refused {reason} {queue} at {at}"));
    }
    let outcome = record.outcome.map_or("open", |outcome| outcome.as_str());
    lines.push(match record.ended_at {
        Some(at) => format!(
            "{outcome}, ended by {} at {}",
            record.ended_by.as_str(),
            moment(at)
        ),
        None => outcome.into(),
    });
    let marks: Vec<&str> = record.marks.iter().map(|mark| mark.as_str()).collect();
    if !marks.is_empty() {
        lines.push(format!("marks {}", marks.join(" ")));
    }
    lines
}

fn visit(visit: &Visit) -> String {
    let exit = visit.exit.map_or("waiting", |exit| exit.as_str());
    let mut line = format!("visit {} {exit} {}", visit.queue, span(visit.wait));
    if let Some(talk) = visit.talk {
        let _ = write!(line, " talk {}", span(Some(talk)));
    }
    if visit.after_human {
        line.push_str(" after_human");
    }
    if visit.reentered {
        line.push_str(" reentered");
    }
    line
}

fn offer(offer: &Offer, record: &CallRecord) -> String {
    let result = offer.result.map_or("open", |result| result.as_str());
    let rang = offer.ended_at.and_then(|at| at.since(offer.offered_at));
    let queue = offer.queue.as_ref().map_or("-", |queue| queue.as_str());
    format!(
        "offer {} {queue}{} {result} {}",
        offer.agent,
        unless_of(queue, offer.visit, record),
        span(rang)
    )
}

fn leg(leg: &Leg, record: &CallRecord) -> String {
    let queue = leg.queue.as_ref().map_or("-", |queue| queue.as_str());
    let mut line = format!(
        "leg {} {queue}{} from {} talk {}",
        leg.agent,
        unless_of(queue, leg.visit, record),
        moment(leg.connected_at),
        span(leg.talk())
    );
    if !leg.hold.is_zero() {
        let _ = write!(line, " hold {}", span(Some(leg.hold)));
    }
    if !leg.consult.is_zero() {
        let _ = write!(line, " of that consult {}", span(Some(leg.consult)));
    }
    let _ = write!(line, " by {}", leg.released_by.as_str());
    line
}

/// The visit a queue's name stands for, unless it is the only one of that name.
fn unless_of(queue: &str, visit: Option<usize>, record: &CallRecord) -> String {
    let same = record
        .visits
        .iter()
        .filter(|one| one.queue.as_str() == queue);
    match visit {
        None if queue == "-" => String::new(),
        None => " (no visit)".into(),
        Some(_) if same.count() == 1 => String::new(),
        Some(visit) => format!(" (visit {})", visit + 1),
    }
}

fn transfer(transfer: &Transfer) -> String {
    let from_queue = transfer
        .from_queue
        .as_ref()
        .map_or("-", |queue| queue.as_str());
    let mut line = format!(
        "{} {}@{from_queue} to {} {} at {}: {}",
        transfer.method.as_str(),
        transfer.from_agent,
        transfer.target.as_str(),
        transfer.to,
        moment(transfer.at),
        transfer
            .outcome
            .map_or("pending", |outcome| outcome.as_str())
    );
    if !transfer.wait.is_zero() {
        let _ = write!(line, " after {}", span(Some(transfer.wait)));
    }
    if transfer.is_return {
        line.push_str(", return");
    }
    if !transfer.told {
        line.push_str(", inferred");
    }
    line
}

/// Facts of a live call, in a line; the settled record is shown apart.
pub(super) fn facts<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> String {
    let words = facts.into_iter().filter_map(|fact| {
        let said = match fact {
            Fact::CallArrived => "arrived".into(),
            Fact::VisitOffered { queue } => format!("offered {queue}"),
            Fact::VisitEnded {
                queue,
                exit,
                wait,
                within_target,
                short,
            } => {
                let within = if *within_target { " within" } else { "" };
                let short = if *short { " short" } else { "" };
                format!(
                    "ended {queue} {} {}{within}{short}",
                    exit.as_str(),
                    span(*wait)
                )
            }
            Fact::VisitDecided { queue } => format!("decided {queue}"),
            Fact::Corrected => "corrected".into(),
            Fact::WrapUp { queue, span: took } => format!("wrap_up {queue} {}", span(Some(*took))),
            Fact::Settled(_) => "settled".into(),
            Fact::Late { sequence, .. } => format!("late #{sequence}"),
            Fact::CallExists { sequence, .. } => format!("exists #{sequence}"),
            // Kept as they were told.
            Fact::AgentTold { .. } | Fact::LineTold { .. } => return None,
        };
        Some(said)
    });
    let words: Vec<String> = words.collect();
    words.join("; ")
}

fn moment(at: Timestamp) -> String {
    format!("{}", at.as_micros() as f64 / 1e6)
}

fn span(span: Option<Duration>) -> String {
    span.map_or("?".into(), |span| format!("{}", span.as_secs_f64()))
}
