//! `dozvon watch`: the board in the terminal.

mod planned;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use super::at::At;
use super::deliver::deliver;
use super::failure::{Exit, Failure};
use super::report::{frame, text};
use crate::proto::v1;
use crate::proto::v1::live_service_client::LiveServiceClient;

/// A board older than this is not to be believed.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// A caller who waits for so long while nobody is there has not just come.
const UNHEEDED_AFTER: Duration = Duration::from_secs(5);
/// How long a lost server is left alone before it is asked again.
const RETRY: Duration = Duration::from_secs(2);
/// Moves to the top left and clears what is below: a terminal that is cleared as a whole flickers.
const HOME: &str = "\x1b[H\x1b[J";

/// Shows the queues as they are at this moment: who waits, for how long, which agents are there, what today was like.
///
/// Laid out in the order in which it is looked at: in the first ten seconds who waits and who is there; in the first
/// minute what wants looking at; then the day. It is drawn again as things change and fits itself to the terminal.
/// Ctrl-C ends it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon watch                                  # all queues, until Ctrl-C
  dozvon watch --queue benefits --queue jobs
  dozvon watch --once                           # one look, for a script
  dozvon watch --once --output json | jq '.queues[] | {queue, waiting}'

Marks: ● all is well, ▲ somebody waits beyond the threshold, ■ stuck, ○ closed.
Next waits: four of five callers who come now wait so long. Usual: the median of this weekday up to
this time of the day. By evening: visits to be expected by the end of the day. As planned: agents
who are there, of those planned for this time; ▲ when they are fewer.
Exit codes: 0 ok, 1 refused or failed, 2 usage, 4 server unreachable.")]
pub struct Args {
    #[command(flatten)]
    at: At,
    /// Only this queue; may be given again [default: all]
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Look once and end; so it does when the output is no terminal
    #[arg(long)]
    once: bool,
    /// How to show one look
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    /// Looks a second at the most
    #[arg(long, value_name = "RATE", default_value = "1")]
    rate: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people
    Table,
    /// The answer of the contract in its JSON mapping
    Json,
}

/// Runs the command.
///
/// # Errors
/// When the server is not there at the start, refuses or fails, or stdout cannot be written.
pub async fn run(args: &Args) -> Result<(), Failure> {
    if args.once || args.output == Output::Json || !io::stdout().is_terminal() {
        let mut service = LiveServiceClient::new(args.at.channel().await?);
        let request = v1::GetQueuesRequest {
            queues: args.queues.clone(),
        };
        let answer = service.get_queues(request).await;
        let shown = answer.map_err(|status| args.at.failure(&status))?;
        let shown = shown.into_inner();
        let text = match args.output {
            Output::Table => drawn(&shown),
            Output::Json => {
                let text = serde_json::to_string_pretty(&shown);
                let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
                text.map_err(failed)? + "\n"
            }
        };
        return deliver(text.as_bytes(), None);
    }
    let mut seen = false;
    tokio::select! {
        ended = keep_watching(args, &mut seen) => ended,
        _ = tokio::signal::ctrl_c() => deliver(b"\n", None),
    }
}

/// Draws what is told; once something was seen, a lost server is waited for.
async fn keep_watching(args: &Args, seen: &mut bool) -> Result<(), Failure> {
    loop {
        match watch(args, seen).await {
            Err(failure) if failure.exit != Exit::Unreachable || !*seen => return Err(failure),
            Err(failure) => {
                let text = format!("{HOME}{failure}\nIt is asked again every 2 s. Ctrl-C ends.\n");
                deliver(text.as_bytes(), None)?;
            }
            Ok(()) => {}
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Draws until the server ends the stream.
async fn watch(args: &Args, seen: &mut bool) -> Result<(), Failure> {
    let refused = |status| args.at.failure(&status);
    let mut service = LiveServiceClient::new(args.at.channel().await?);
    let request = v1::WatchQueuesRequest {
        queues: args.queues.clone(),
        rate_max: args.rate,
    };
    let answers = service.watch_queues(request).await.map_err(refused)?;
    let mut answers = answers.into_inner();
    let mut queues = BTreeMap::new();
    while let Some(answer) = answers.message().await.map_err(refused)? {
        *seen = true;
        let changed = answer.queues.into_iter();
        queues.extend(changed.map(|queue| (queue.queue.clone(), queue)));
        let shown = v1::GetQueuesResponse {
            at: answer.at,
            hotline: answer.hotline,
            queues: queues.values().cloned().collect(),
        };
        let text = format!("{HOME}{}Ctrl-C ends.\n", drawn(&shown));
        deliver(text.as_bytes(), None)?;
    }
    Ok(())
}

/// How a queue is doing, as the wallboard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    Beyond,
    Stuck,
    Closed,
}

impl State {
    fn of(queue: &v1::QueueLive) -> Self {
        let span = |of: &Option<pbjson_types::Duration>| of.as_ref().map(text::span);
        let oldest = span(&queue.oldest_wait).unwrap_or_default();
        let target = span(&queue.service_level_target).unwrap_or_default();
        let agents = queue.agents.unwrap_or_default();
        let there = agents.available + agents.ringing + agents.talking + agents.wrap_up;
        let known = there + agents.other_call + agents.desk + agents.paused + agents.logged_out;
        let answered = queue.windows.first().map_or(0, |minute| minute.answered);
        let nobody_there = known > 0 && there == 0;
        let unheeded = oldest > target && answered == 0;
        if queue.waiting > 0 {
            if oldest > target * 2 || unheeded || (nobody_there && oldest > UNHEEDED_AFTER) {
                return Self::Stuck;
            }
            if oldest > target {
                return Self::Beyond;
            }
        }
        if queue.open { Self::Good } else { Self::Closed }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Good => "●",
            Self::Beyond => "▲",
            Self::Stuck => "■",
            Self::Closed => "○",
        }
    }
}

fn drawn(shown: &v1::GetQueuesResponse) -> String {
    let mut drawn = head(shown.hotline.as_ref());
    if shown.queues.is_empty() {
        drawn.push_str("No queue is known yet.\n");
        return drawn;
    }
    drawn.push_str(&now(&shown.queues));
    drawn.push_str(&attention(&shown.queues));
    drawn.push_str(&day(&shown.queues));
    drawn
}

fn head(hotline: Option<&v1::HotlineLive>) -> String {
    let Some(hotline) = hotline else {
        return String::new();
    };
    let refused = hotline.refused.get(1).map_or(0, |five| five.refused);
    let mut head = format!(
        "{} waiting, the oldest for {}; refused {refused} in 5 min, {} today; ",
        hotline.waiting,
        text::clock(hotline.oldest_journey.as_ref()),
        hotline.refused_today,
    );
    match hotline.data_age.as_ref().map(text::span) {
        None => head.push_str("no switch has told anything live yet\n"),
        Some(age) if age > STALE_AFTER => {
            let age = text::clock(hotline.data_age.as_ref());
            // Writing to a text cannot fail.
            let _ = writeln!(head, "NOT CURRENT: the data is {age} old");
        }
        Some(_) => head.push_str("data is current\n"),
    }
    if let Some(agents) = planned::planned(hotline.agents.as_ref(), hotline.agents_planned) {
        let _ = writeln!(head, "agents as planned: {agents}");
    }
    for source in &hotline.sources {
        if source.gap_events > 0 {
            let (name, gaps) = (&source.source, source.gap_events);
            let _ = writeln!(
                head,
                "{name}: {gaps} events never came, figures may be too low"
            );
        }
        if source.agents_left_out {
            let _ = writeln!(head, "{}: more agents than are followed", source.source);
        }
    }
    head
}

/// The first ten seconds.
fn now(queues: &[v1::QueueLive]) -> String {
    let header = [
        "",
        "queue",
        "waiting",
        "oldest",
        "next waits",
        "free",
        "ringing",
        "talking",
        "wrap-up",
        "paused",
        "in time 15 min",
        "50 % within",
        "90 % within",
    ];
    let rows = queues.iter().map(|queue| {
        let agents = queue.agents.unwrap_or_default();
        let quarter = queue.windows.get(2).copied().unwrap_or_default();
        let waits = quarter.censored_waits.unwrap_or_default();
        vec![
            State::of(queue).mark().to_owned(),
            queue.queue.clone(),
            queue.waiting.to_string(),
            match queue.waiting {
                0 => text::clock(None),
                _ => text::clock(queue.oldest_journey.as_ref()),
            },
            next_waits(queue.estimate.as_ref()),
            agents.available.to_string(),
            agents.ringing.to_string(),
            agents.talking.to_string(),
            agents.wrap_up.to_string(),
            agents.paused.to_string(),
            text::percent(quarter.service_level),
            text::clock(waits.p50.as_ref()),
            text::clock(waits.p90.as_ref()),
        ]
    });
    frame::table(&header, 2, rows.collect())
}

/// What a caller who comes now may expect: four of five wait between these two.
fn next_waits(estimate: Option<&v1::EstimateLive>) -> String {
    let Some(estimate) = estimate else {
        return text::clock(None);
    };
    match estimate.none_because.as_str() {
        "" => {
            let (low, high) = (estimate.low.as_ref(), estimate.high.as_ref());
            format!("{}–{}", text::clock(low), text::clock(high))
        }
        "nobody_there" => "nobody there".to_owned(),
        "closed" => "closed".to_owned(),
        _ => text::clock(None),
    }
}

/// The first minute.
fn attention(queues: &[v1::QueueLive]) -> String {
    let mut lines = String::new();
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
                let _ = writeln!(lines, "{name}: {count} {what}");
            }
        }
        for agent in &queue.too_long {
            let span = text::clock(agent.span.as_ref());
            let _ = match (agent.missed, agent.reason.as_str()) {
                (0, "") => writeln!(lines, "{name}: {} {} for {span}", agent.agent, agent.state),
                (0, why) => {
                    writeln!(
                        lines,
                        "{name}: {} {} ({why}) for {span}",
                        agent.agent, agent.state
                    )
                }
                (missed, _) => {
                    writeln!(
                        lines,
                        "{name}: {} missed {missed} calls in a row",
                        agent.agent
                    )
                }
            };
        }
    }
    lines
}

/// The first hour.
fn day(queues: &[v1::QueueLive]) -> String {
    let mut header = vec![
        "today",
        "offered",
        "usual",
        "by evening",
        "answered",
        "lost",
        "in time",
        "usual",
        "lost share",
        "mean answer",
        "90 % within",
        "passed on",
    ];
    // Who has no plan needs no column for it.
    let has_plan = queues.iter().any(|queue| queue.agents_planned.is_some());
    if has_plan {
        header.push("agents as planned");
    }
    let rows = queues.iter().map(|queue| {
        let day = queue.day.unwrap_or_default();
        let waits = day.censored_waits.unwrap_or_default();
        let usual = |of: &dyn Fn(&v1::UsualLive) -> String| {
            queue.usual.as_ref().map_or_else(|| text::clock(None), of)
        };
        let mut row = vec![
            queue.queue.clone(),
            day.offered.to_string(),
            usual(&|usual| format!("{:.0}", usual.offered)),
            usual(&|usual| format!("{:.0}", usual.offered_expected)),
            day.answered.to_string(),
            day.abandoned.to_string(),
            text::percent(day.service_level),
            usual(&|usual| text::percent(usual.service_level)),
            text::percent(day.abandon_rate),
            text::clock(day.asa.as_ref()),
            text::clock(waits.p90.as_ref()),
            day.transfers.to_string(),
        ];
        if has_plan {
            let agents = planned::planned(queue.agents.as_ref(), queue.agents_planned);
            row.push(agents.unwrap_or_else(|| text::clock(None)));
        }
        row
    });
    frame::table(&header, 1, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Option<pbjson_types::Duration> {
        Some(Duration::from_secs(seconds).into())
    }

    /// A queue with a threshold of 20 s in which the oldest has waited for so long.
    fn queue(oldest: u64, answered: u64) -> v1::QueueLive {
        let minute = v1::WindowLive {
            answered,
            ..v1::WindowLive::default()
        };
        v1::QueueLive {
            queue: "jobs".to_owned(),
            open: true,
            service_level_target: s(20),
            waiting: u64::from(oldest > 0),
            oldest_wait: s(oldest),
            oldest_journey: s(oldest),
            windows: vec![minute],
            ..v1::QueueLive::default()
        }
    }

    #[test]
    fn a_queue_is_stuck_when_nobody_is_answered_though_one_waits_beyond_the_threshold() {
        for (oldest, answered, state) in [
            (0, 0, State::Good),
            (20, 0, State::Good),
            (21, 0, State::Stuck),
            (21, 3, State::Beyond),
            (41, 3, State::Stuck),
        ] {
            assert_eq!(
                State::of(&queue(oldest, answered)),
                state,
                "{oldest} s, {answered}"
            );
        }
        let closed = v1::QueueLive {
            open: false,
            ..queue(0, 0)
        };
        assert_eq!(State::of(&closed), State::Closed);
    }

    #[test]
    fn what_is_looked_at_first_stands_first() {
        let mut jobs = queue(83, 0);
        jobs.too_long = vec![v1::TooLongLive {
            agent: "anna".to_owned(),
            state: "talking".to_owned(),
            span: s(16 * 60),
            ..v1::TooLongLive::default()
        }];
        let hotline = v1::HotlineLive {
            waiting: 1,
            oldest_journey: s(83),
            data_age: s(12),
            ..v1::HotlineLive::default()
        };
        let text = drawn(&v1::GetQueuesResponse {
            hotline: Some(hotline),
            queues: vec![jobs],
            ..v1::GetQueuesResponse::default()
        });
        let place = |word: &str| {
            text.find(word)
                .unwrap_or_else(|| panic!("{word} in\n{text}"))
        };
        let words = [
            "1 waiting",
            "NOT CURRENT: the data is 0:12 old",
            "■",
            "anna talking for 16:00",
            "│ today",
        ];
        let places = words.map(place);
        assert!(places.is_sorted(), "{places:?}\n{text}");
    }

    #[test]
    fn the_next_callers_wait_is_a_range_or_the_reason_that_is_news() {
        let given = v1::EstimateLive {
            low: s(20),
            wait: s(50),
            high: s(100),
            ..v1::EstimateLive::default()
        };
        assert_eq!(next_waits(Some(&given)), "0:20–1:40");
        for (because, said) in [
            ("nobody_there", "nobody there"),
            ("closed", "closed"),
            ("too_few", "–"),
            ("silent", "–"),
        ] {
            let none = v1::EstimateLive {
                none_because: because.to_owned(),
                ..v1::EstimateLive::default()
            };
            assert_eq!(next_waits(Some(&none)), said);
        }
    }

    #[test]
    fn today_stands_beside_what_is_usual() {
        let mut jobs = queue(0, 0);
        jobs.day = Some(v1::WindowLive {
            offered: 84,
            ..v1::WindowLive::default()
        });
        jobs.usual = Some(v1::UsualLive {
            offered: 75.5,
            offered_expected: 190.2,
            ..v1::UsualLive::default()
        });
        let text = day(&[jobs]);
        let row = text.lines().find(|line| line.contains("jobs")).unwrap();
        let cells: Vec<&str> = row
            .split('┆')
            .map(|cell| cell.trim_matches(&[' ', '│'][..]))
            .collect();
        assert_eq!(cells[1..4], ["84", "76", "190"], "{text}");
    }

    #[test]
    fn agents_stand_beside_the_plan_where_there_is_one() {
        let agents = Some(v1::AgentsLive {
            available: 4,
            paused: 1,
            ..v1::AgentsLive::default()
        });
        let jobs = v1::QueueLive {
            agents,
            ..queue(0, 0)
        };
        let hotline = v1::HotlineLive {
            agents,
            ..v1::HotlineLive::default()
        };
        let text = |jobs: &v1::QueueLive, hotline: &v1::HotlineLive| {
            drawn(&v1::GetQueuesResponse {
                hotline: Some(hotline.clone()),
                queues: vec![jobs.clone(), queue(0, 0)],
                ..v1::GetQueuesResponse::default()
            })
        };
        let without = text(&jobs, &hotline);
        assert!(!without.contains("as planned"), "{without}");
        let jobs = v1::QueueLive {
            agents_planned: Some(6),
            ..jobs
        };
        let hotline = v1::HotlineLive {
            agents_planned: Some(5),
            ..hotline
        };
        let with = text(&jobs, &hotline);
        assert!(with.contains("\nagents as planned: 5 of 5\n"), "{with}");
        let last: Vec<&str> = with[with.find("│ today").unwrap()..]
            .lines()
            .filter_map(|row| row.rsplit('┆').next()?.strip_suffix('│'))
            .map(str::trim)
            .collect();
        assert_eq!(last, ["agents as planned", "▲ 5 of 6", "–"], "{with}");
    }
}
