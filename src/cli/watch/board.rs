//! The board in words and tables, in the order in which it is looked at: in the first ten seconds who waits and who is there;
//! in the first minute what wants looking at; then the day.

use std::time::Duration;

use crate::proto::v1;

use super::super::report::text;
use super::columns::{Column, parts, wrapped};
use super::planned::planned;
use super::screen::Board;

/// A source that was not heard for so long is not to be believed.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// A clock that is further off than this is an administrator's concern, as in the alert.
const SKEW_MAX: Duration = Duration::from_secs(30);
/// Between two facts of a line.
const BETWEEN: &str = " · ";

/// How a queue is marked.
fn mark(state: v1::QueueState) -> &'static str {
    match state {
        v1::QueueState::Stuck => "■",
        v1::QueueState::Beyond => "▲",
        v1::QueueState::NotKnown => "?",
        v1::QueueState::Closed => "○",
        v1::QueueState::Good | v1::QueueState::Unspecified => "●",
    }
}

/// The state in words.
fn because(queue: &v1::QueueLive) -> String {
    let why = match queue.state_because.as_str() {
        "" => "well",
        "silent" => "not known",
        "waits_long" => "wait too long",
        "many_lost" => "many are lost",
        "nobody_there" => "nobody there",
        "nobody_answered" => "nobody answered",
        // Unheeded, or waiting twice too long.
        _ => "stuck",
    };
    match (queue.open, queue.state()) {
        (false, v1::QueueState::Closed) => "closed".to_owned(),
        (false, v1::QueueState::Stuck | v1::QueueState::Beyond) => format!("closed, {why}"),
        (false, v1::QueueState::NotKnown | v1::QueueState::Good | v1::QueueState::Unspecified)
        | (true, _) => why.to_owned(),
    }
}

/// The worst first, among those whoever waits longest; else by name.
fn in_order(queues: &[v1::QueueLive]) -> Vec<v1::QueueLive> {
    let mut queues = queues.to_vec();
    queues.sort_by_key(|queue| {
        let urgency = match queue.state() {
            v1::QueueState::Stuck => 0,
            v1::QueueState::Beyond => 1,
            // Nobody can say more of it than that it wants asking after.
            v1::QueueState::NotKnown => 2,
            v1::QueueState::Good | v1::QueueState::Closed | v1::QueueState::Unspecified => 3,
        };
        let waited = queue.oldest_journey.as_ref().map(text::span);
        let waited = waited.filter(|_| urgency < 2).unwrap_or_default();
        (urgency, std::cmp::Reverse(waited))
    });
    queues
}

/// The board for a terminal of so many columns. `chosen`: of these queues alone, the figures of the head as well.
pub(super) fn board(shown: &v1::GetQueuesResponse, chosen: bool, columns: usize) -> Board {
    let queues = in_order(&shown.queues);
    let hotline = shown.hotline.clone().unwrap_or_default();
    let sources = sources(&hotline, &queues, chosen);
    let old: Vec<&v1::SourceLive> = sources.iter().copied().filter(|one| is_old(one)).collect();
    let mut board = Board {
        head: facts(&head(&hotline, &queues, chosen), columns),
        body: Vec::new(),
    };
    board.head.extend(
        doubt(&sources, &old)
            .iter()
            .flat_map(|line| wrapped(line, columns)),
    );
    let notes = notes(&sources);
    let notes = notes.iter().flat_map(|line| wrapped(line, columns));
    if queues.is_empty() {
        board.body.push("No queue is known yet.".to_owned());
        board.body.extend(notes);
        return board;
    }
    let mut tables = now(&queues, columns).into_iter();
    board.body.extend(tables.next().unwrap_or_default());
    let attention = attention(&queues);
    let attention = attention.iter().flat_map(|line| wrapped(line, columns));
    let lines: Vec<String> = notes.chain(attention).collect();
    let tables = tables.chain(day(&queues, columns));
    let paragraphs = std::iter::once(lines).chain(tables);
    for paragraph in paragraphs.filter(|lines| !lines.is_empty()) {
        board.body.push(String::new());
        board.body.extend(paragraph);
    }
    board
}

/// Facts in as few lines as they fit in, each whole.
fn facts(facts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        let wide = |line: &String| (line.chars().count() + BETWEEN.len()) + fact.chars().count();
        match lines.last_mut() {
            Some(line) if wide(line) <= columns => {
                line.push_str(BETWEEN);
                line.push_str(fact);
            }
            _ => lines.extend(wrapped(fact, columns)),
        }
    }
    lines
}

/// The switches that matter: of the queues chosen, if any has told of them; those that are gone matter to nobody.
fn sources<'a>(
    hotline: &'a v1::HotlineLive,
    queues: &[v1::QueueLive],
    chosen: bool,
) -> Vec<&'a v1::SourceLive> {
    let all = hotline.sources.iter().filter(|source| !source.gone);
    let all: Vec<&v1::SourceLive> = all.collect();
    let told = |source: &&&v1::SourceLive| {
        let mut names = queues.iter().flat_map(|queue| &queue.sources);
        names.any(|name| *name == source.source)
    };
    let theirs: Vec<&v1::SourceLive> = all.iter().filter(told).copied().collect();
    if chosen && !theirs.is_empty() {
        theirs
    } else {
        all
    }
}

fn is_old(source: &v1::SourceLive) -> bool {
    let age = source.data_age.as_ref().map(text::span);
    age.unwrap_or_default() > STALE_AFTER
}

fn head(hotline: &v1::HotlineLive, queues: &[v1::QueueLive], chosen: bool) -> Vec<String> {
    let many = |state| queues.iter().filter(|queue| queue.state() == state).count();
    let is_open = queues.iter().any(|queue| queue.open);
    let worst = [
        (v1::QueueState::Stuck, "stuck"),
        (v1::QueueState::Beyond, "to look at"),
        (v1::QueueState::NotKnown, "not known"),
    ];
    let worst = worst.map(|(state, words)| (many(state), state, words));
    let line = match worst.into_iter().find(|(many, ..)| *many > 0) {
        Some((many, state, words)) => format!("{} {many} {words}", mark(state)),
        None if is_open => "● all is well".to_owned(),
        None => "○ closed".to_owned(),
    };
    let waiting: u64 = queues.iter().map(|queue| queue.waiting).sum();
    let oldest = queues.iter().filter_map(|queue| queue.oldest_journey);
    let oldest = oldest.max_by_key(text::span);
    let (five, today) = match chosen {
        // Of these queues: a line that was busy elsewhere is no concern of theirs.
        true => {
            let five = |queue: &v1::QueueLive| queue.windows.get(1).map_or(0, |one| one.refused);
            let day = |queue: &v1::QueueLive| queue.day.map_or(0, |day| day.refused);
            (
                queues.iter().map(five).sum(),
                queues.iter().map(day).sum::<u64>(),
            )
        }
        false => {
            let five = hotline.refused.get(1).map_or(0, |five| five.refused);
            (five, hotline.refused_today)
        }
    };
    let mut head = vec![
        line,
        match waiting {
            0 => "nobody waits".to_owned(),
            _ => format!(
                "{waiting} waiting, the oldest for {}",
                text::clock(oldest.as_ref())
            ),
        },
        format!("refused {five} in 5 min, {today} today"),
    ];
    let agents = planned(hotline.agents_there, hotline.agents_planned);
    let agents = agents.filter(|_| !chosen);
    head.extend(agents.map(|agents| format!("agents as planned: {agents}")));
    head
}

/// Whether it may be believed, and whose silence makes it doubtful.
fn doubt(sources: &[&v1::SourceLive], old: &[&v1::SourceLive]) -> Option<String> {
    if sources.is_empty() {
        return Some("no switch has told anything live yet".to_owned());
    }
    let silent = old.iter().map(|source| {
        let age = text::clock(source.data_age.as_ref());
        format!("{} for {age}", source.source)
    });
    let silent = silent.collect::<Vec<_>>().join(", ");
    match old.len() {
        0 => None,
        many if many == sources.len() => Some(format!("NOT CURRENT: no word from {silent}")),
        _ => Some(format!(
            "PARTLY NOT CURRENT: no word from {silent}; its queues are marked ?"
        )),
    }
}

/// What makes figures doubtful though they are not old.
fn notes(sources: &[&v1::SourceLive]) -> Vec<String> {
    let mut notes = Vec::new();
    for source in sources {
        let name = &source.source;
        if let Some(off) = source.skew.as_ref().and_then(off) {
            notes.push(format!("{name}: its clock is {off}"));
        }
        if source.gap_events > 0 {
            let gaps = source.gap_events;
            notes.push(format!(
                "{name}: {gaps} events never came, figures may be too low"
            ));
        }
        if source.agents_left_out {
            notes.push(format!("{name}: more agents than are followed"));
        }
    }
    notes
}

/// How far a clock is off, where that matters: ours less its own is above 0 when it is behind.
fn off(skew: &pbjson_types::Duration) -> Option<String> {
    let is_ahead = skew.seconds < 0;
    let span = pbjson_types::Duration {
        seconds: skew.seconds.saturating_abs(),
        nanos: skew.nanos.saturating_abs(),
    };
    let direction = if is_ahead { "ahead" } else { "behind" };
    let off = format!("{} {direction}", text::clock(Some(&span)));
    (text::span(&span) > SKEW_MAX).then_some(off)
}

fn column(
    title: &'static str,
    queues: &[v1::QueueLive],
    cell: impl Fn(&v1::QueueLive) -> String,
) -> Column {
    Column::new(title, queues.iter().map(cell))
}

/// The first ten seconds.
fn now(queues: &[v1::QueueLive], columns: usize) -> Vec<Vec<String>> {
    let agents = |title, of: fn(&v1::AgentsLive) -> u64| {
        column(title, queues, move |queue| {
            let agents = queue.agents.unwrap_or_default();
            // Nobody knows who is there: that is not nobody.
            queue
                .agents_there
                .map_or_else(none, |_| of(&agents).to_string())
        })
    };
    let quarter = |title, of: fn(&v1::WindowLive) -> String| {
        column(title, queues, move |queue| {
            of(&queue.windows.get(2).copied().unwrap_or_default())
        })
    };
    let within = |of: fn(&v1::WaitsLive) -> Option<pbjson_types::Duration>| {
        move |window: &v1::WindowLive| {
            text::clock(window.censored_waits.as_ref().and_then(of).as_ref())
        }
    };
    let (half, most) = (within(|waits| waits.p50), within(|waits| waits.p90));
    let all = vec![
        column("waiting", queues, |queue| queue.waiting.to_string()),
        column("oldest", queues, |queue| match queue.waiting {
            0 => none(),
            _ => text::clock(queue.oldest_journey.as_ref()),
        }),
        agents("free", |agents| agents.available),
        column("state", queues, because),
        quarter("in time 15 min", |window| {
            text::percent(window.service_level)
        }),
        agents("ringing", |agents| agents.ringing),
        agents("talking", |agents| agents.talking),
        agents("wrap-up", |agents| agents.wrap_up),
        agents("other", |agents| agents.other_call + agents.desk),
        agents("paused", |agents| agents.paused),
        column("next waits", queues, |queue| {
            next_waits(queue.estimate.as_ref())
        }),
        column("50 % within", queues, |queue| {
            half(&queue.windows.get(2).copied().unwrap_or_default())
        }),
        column("90 % within", queues, |queue| {
            most(&queue.windows.get(2).copied().unwrap_or_default())
        }),
    ];
    let marks = column("", queues, |queue| mark(queue.state()).to_owned());
    let names = column("queue", queues, |queue| queue.queue.clone());
    parts(marks, names, all, columns)
}

/// What is not known.
fn none() -> String {
    text::clock(None)
}

/// What a caller who comes now may expect: four of five wait between these two.
fn next_waits(estimate: Option<&v1::EstimateLive>) -> String {
    let Some(estimate) = estimate else {
        return none();
    };
    match estimate.none_because.as_str() {
        "" => {
            let (low, high) = (estimate.low.as_ref(), estimate.high.as_ref());
            format!("{}–{}", text::clock(low), text::clock(high))
        }
        "nobody_there" => "nobody there".to_owned(),
        "closed" => "closed".to_owned(),
        _ => none(),
    }
}

/// The first minute.
fn attention(queues: &[v1::QueueLive]) -> Vec<String> {
    let mut lines = Vec::new();
    for queue in queues {
        let name = &queue.queue;
        let overtaking = queue.windows.get(3).map_or(0, |hour| hour.overtaking);
        for (count, what) in [
            (queue.second_transfer, "passed on twice or more"),
            (queue.repeat_waiting, "waiting again within 24 h"),
            (
                overtaking,
                "answered before somebody who had waited longer, in an hour",
            ),
        ] {
            if count > 0 {
                lines.push(format!("{name}: {count} {what}"));
            }
        }
        for one in &queue.paused_too_long {
            let agents = one.agents;
            let why = match one.reason.as_str() {
                "" => "without a reason",
                why => why,
            };
            let longest = text::clock(one.longest.as_ref());
            lines.push(format!(
                "{name}: {agents} paused for too long ({why}), the longest for {longest}"
            ));
        }
        for one in &queue.too_long {
            let (agent, state) = (&one.agent, &one.state);
            let span = text::clock(one.span.as_ref());
            lines.push(match (one.missed, one.reason.as_str()) {
                (0, "") => format!("{name}: {agent} {state} for {span}"),
                (0, why) => format!("{name}: {agent} {state} ({why}) for {span}"),
                (missed, _) => format!("{name}: {agent} missed {missed} calls in a row"),
            });
        }
    }
    lines
}

/// The first hour.
fn day(queues: &[v1::QueueLive], columns: usize) -> Vec<Vec<String>> {
    let today = |title, of: fn(&v1::WindowLive) -> String| {
        column(title, queues, move |queue| {
            of(&queue.day.unwrap_or_default())
        })
    };
    let usual = |title, of: fn(&v1::UsualLive) -> String| {
        column(title, queues, move |queue| {
            queue.usual.as_ref().map_or_else(none, of)
        })
    };
    let mut all = vec![
        today("entered", |day| day.offered.to_string()),
        usual("usual", |usual| format!("{:.0}", usual.offered)),
        usual("by evening", |usual| {
            format!("{:.0}", usual.offered_expected)
        }),
        today("answered", |day| day.answered.to_string()),
        today("in time", |day| text::percent(day.service_level)),
        usual("usual", |usual| text::percent(usual.service_level)),
        today("lost calls", |day| day.calls_lost.to_string()),
        today("lost share", |day| text::percent(day.lost_rate)),
        today("mean answer", |day| text::clock(day.asa.as_ref())),
        today("90 % within", |day| {
            let waits = day.censored_waits.unwrap_or_default();
            text::clock(waits.p90.as_ref())
        }),
        today("passed on", |day| day.transfers.to_string()),
    ];
    // Who has no plan needs no column for it.
    if queues.iter().any(|queue| queue.agents_planned.is_some()) {
        all.push(column("agents as planned", queues, |queue| {
            planned(queue.agents_there, queue.agents_planned).unwrap_or_else(none)
        }));
    }
    let marks = column("", queues, |_| " ".to_owned());
    let names = column("today", queues, |queue| queue.queue.clone());
    parts(marks, names, all, columns)
}

#[cfg(test)]
#[path = "board_test.rs"]
mod tests;
