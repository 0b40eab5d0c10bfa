//! Ten thousand calls are told and asked over the real door; the report equals a count in plain Python.
//!
//! The stories are drawn from one seed. Each caller does what the story says; the count knows the stories alone.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use dozvon::proto::v1::conduct_survey_request::Message as Report;
use dozvon::proto::v1::{
    AgentConnected, AgentReleased, CallEnded, CallerHungUp, EndedBy, Event, QueueEntered,
    call_event::Kind,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::dialog::{ASK_ALL, Dialog, TWO_QUESTIONS, open, put, until_served};
use crate::harness::{PATIENCE, Server};
use crate::sender::{SECOND, Sender, arrived, event, live, now};

const STORIES: usize = 10_000;
/// Calls that are open at the same time.
const AT_ONCE: usize = 1_000;
/// Interviews at the same time.
const DIALOGS: usize = 600;
/// Longer than the span within which the same key again is the same press.
const SAME_PRESS: Duration = Duration::from_millis(600);
const SEED: u64 = 0x5eed_0004;

/// Splitmix64: the same stories each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// What happens to one call.
#[derive(Clone, Debug)]
struct Story {
    call: String,
    arrived_at: i64,
    wait: i64,
    queues: Vec<&'static str>,
    agents: Vec<&'static str>,
    end: &'static str,
    keys: [&'static str; 2],
}

impl Story {
    fn draw(draw: &mut Draw, number: usize, from: i64) -> Self {
        const QUEUES: [&str; 2] = ["jobs", "benefits"];
        let first = draw.below(2) as usize;
        let rare = draw.below(1_500) == 0;
        let last = if rare {
            "rare"
        } else {
            draw.pick(&["ann", "bob", "eve", "ida", "kim", "lev", "zoe"])
        };
        // One of them lets fewer callers stay.
        let ended = if last == "zoe" { 35 } else { 10 };
        let end = match draw.below(100) as i64 - ended {
            ..0 => "ended",
            0..15 => "left",
            15..20 => "short",
            20..23 => "lost",
            23..33 => "gave_up",
            33..38 => "refuses",
            38..42 => "silent",
            42..45 => "wrong_key",
            45..52 => "one_answer",
            _ => "two_answers",
        };
        let transfers = match draw.below(10) {
            _ if end == "short" || end == "lost" => 0,
            0..7 => 0,
            7..9 => 1,
            _ => 2,
        };
        let mut agents: Vec<_> = (0..transfers).map(|_| draw.pick(&["ann", "bob"])).collect();
        agents.push(last);
        if end == "gave_up" {
            agents.clear();
        }
        let visits = agents.len().max(1);
        Self {
            call: format!("call-{number}"),
            arrived_at: from + number as i64 * 7 * SECOND / 10,
            wait: draw.below(700) as i64,
            queues: (0..visits).map(|at| QUEUES[(first + at) % 2]).collect(),
            agents,
            end,
            keys: [
                draw.pick(&["5", "5", "5", "4", "4", "3", "2", "1"]),
                draw.pick(&["1", "1", "2"]),
            ],
        }
    }

    fn has_dialog(&self) -> bool {
        matches!(
            self.end,
            "refuses" | "silent" | "wrong_key" | "one_answer" | "two_answers"
        )
    }

    /// As the count reads it.
    fn told(&self) -> Value {
        let mut answers = json!({});
        if matches!(self.end, "one_answer" | "two_answers") {
            answers["satisfaction"] = json!(self.keys[0]);
        }
        if self.end == "two_answers" {
            let solved = if self.keys[1] == "1" { "yes" } else { "no" };
            answers["solved"] = json!(solved);
        }
        json!({
            "call": self.call, "arrived_us": self.arrived_at, "wait_s": self.wait,
            "queues": self.queues, "agents": self.agents, "end": self.end, "answers": answers,
        })
    }

    /// What the switch tells until the caller could be asked, or all of it, and when the call ends.
    fn events(&self, sequence: &mut u64) -> (Vec<Event>, i64) {
        let mut events = Vec::new();
        let mut tell = |at: i64, kind: Kind| {
            events.push(event(*sequence, at, &self.call, kind));
            *sequence += 1;
        };
        let mut at = self.arrived_at;
        tell(at, arrived());
        let queued = |queue: &str| {
            Kind::QueueEntered(QueueEntered {
                queue: queue.into(),
                ..QueueEntered::default()
            })
        };
        let talk = if self.end == "short" { 5 } else { 60 };
        for (place, queue) in self.queues.iter().enumerate() {
            tell(at, queued(queue));
            at += if place == 0 { self.wait } else { 7 } * SECOND;
            let Some(agent) = self.agents.get(place) else {
                continue;
            };
            let is_last = place + 1 == self.agents.len();
            let by = if is_last && self.end == "left" {
                EndedBy::Caller
            } else {
                EndedBy::Agent
            };
            tell(
                at,
                Kind::AgentConnected(AgentConnected {
                    agent: (*agent).into(),
                    queue: (*queue).into(),
                }),
            );
            at += talk * SECOND;
            tell(
                at,
                Kind::AgentReleased(AgentReleased {
                    agent: (*agent).into(),
                    queue: (*queue).into(),
                    by: by.into(),
                }),
            );
            at += SECOND;
        }
        if self.end == "lost" {
            let other = if self.queues[0] == "jobs" {
                "benefits"
            } else {
                "jobs"
            };
            tell(at, queued(other));
            at += 20 * SECOND;
        }
        if !self.has_dialog() {
            tell(at, self.ended());
        }
        (events, at)
    }

    fn ended(&self) -> Kind {
        let by = if self.end == "ended" || self.end == "short" {
            EndedBy::Agent
        } else {
            EndedBy::Caller
        };
        Kind::Ended(CallEnded {
            by: by.into(),
            ..CallEnded::default()
        })
    }

    /// Does in the interview what the story says.
    async fn be_asked(self, channel: Channel) {
        let mut dialog = Dialog::open(channel, open(&self.call)).await;
        let hang_up = || Report::HungUp(CallerHungUp {});
        if self.end == "refuses" {
            dialog.report(hang_up()).await;
            dialog.end().await;
            return;
        }
        dialog.question("satisfaction").await;
        match self.end {
            "silent" => {}
            "wrong_key" => {
                dialog.press("9").await;
                dialog.question("satisfaction").await;
            }
            _ => {
                dialog.press(self.keys[0]).await;
                dialog.question("solved").await;
                if self.end == "two_answers" {
                    if self.keys[0] == self.keys[1] {
                        tokio::time::sleep(SAME_PRESS).await;
                    }
                    dialog.press(self.keys[1]).await;
                    dialog.end().await;
                    return;
                }
            }
        }
        dialog.report(hang_up()).await;
        dialog.end().await;
    }
}

async fn be_asked(channels: &[Channel], stories: &[Story]) {
    let turns = Arc::new(Semaphore::new(DIALOGS));
    let mut asked = JoinSet::new();
    for (number, story) in stories
        .iter()
        .filter(|story| story.has_dialog())
        .enumerate()
    {
        let channel = channels[number % channels.len()].clone();
        let (story, turns) = (story.clone(), turns.clone());
        asked.spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            story.be_asked(channel).await;
        });
    }
    while let Some(done) = asked.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python: run tests/run"]
async fn the_report_on_ten_thousand_calls_equals_a_count_in_python() {
    let server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let from = now() - 4 * 3_600 * SECOND;
    let mut draw = Draw(SEED);
    let stories = (0..STORIES).map(|number| Story::draw(&mut draw, number, from));
    let stories: Vec<_> = stories.collect();
    let mut channels = Vec::new();
    for _ in 0..4 {
        channels.push(server.channel().await);
    }
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut sequence = 1;
    for some in stories.chunks(AT_ONCE) {
        let (mut events, mut ends) = (Vec::new(), Vec::new());
        for story in some {
            let (told, at) = story.events(&mut sequence);
            events.extend(told);
            if story.has_dialog() {
                ends.push((at, story));
            }
        }
        sender.batch(events).await;
        be_asked(&channels, some).await;
        let ends = ends.into_iter().map(|(at, story)| {
            sequence += 1;
            event(sequence - 1, at + 30 * SECOND, &story.call, story.ended())
        });
        let ends = ends.collect();
        sender.batch(ends).await;
    }
    sender.heartbeat(now()).await;
    let served = stories
        .iter()
        .filter(|story| story.end != "gave_up")
        .count();
    until_served(&server, served as u64).await;

    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("stories.jsonl");
    let lines = stories.iter().map(|story| format!("{}\n", story.told()));
    std::fs::write(&told, lines.collect::<String>()).unwrap();
    let local = |micros: i64| {
        jiff::Timestamp::from_microsecond(micros)
            .unwrap()
            .to_string()
    };
    let (from, to) = (local(from - SECOND), local(now()));
    let asked = async |by| {
        let mut words = vec!["survey", "--by", by, "--from", &from, "--to", &to];
        words.extend(["--zone", "Europe/Samara", "--output", "json"]);
        server.report(&words).await
    };
    // What became of a call's survey is decided a moment after the call is settled.
    let decided = tokio::time::timeout(PATIENCE, async {
        while !all_decided(&asked("none").await) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    decided.await.expect("every served call has a disposition");
    let mut count = Command::new(python());
    count.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/survey_count.py"));
    count.arg(&told);
    for by in ["none", "queue", "agent", "hour", "transfers", "wait"] {
        let path = folder.path().join(format!("{by}.json"));
        std::fs::write(&path, asked(by).await).unwrap();
        count.arg(format!("{by}={}", path.display()));
    }
    let counted = tokio::task::spawn_blocking(move || count.output().unwrap());
    let counted = counted.await.unwrap();
    let complaint = String::from_utf8_lossy(&counted.stderr);
    assert!(counted.status.success(), "seed {SEED:#x}: {complaint}");
    let counted: Value = serde_json::from_slice(&counted.stdout).unwrap();
    assert_eq!(counted["stories"], json!(STORIES));
    let at_least = [("figures", 1_000), ("intervals", 100)];
    for (what, least) in at_least {
        assert!(counted[what].as_u64().unwrap() > least, "{counted}");
    }
}

fn all_decided(report: &str) -> bool {
    let report: Value = serde_json::from_str(report).unwrap();
    let rows = report["funnel"].as_array().expect("a funnel");
    rows.iter()
        .all(|row| row["withoutSession"] == json!("0") || row["withoutSession"].is_null())
}

fn python() -> std::ffi::OsString {
    std::env::var_os("DOZVON_TEST_PYTHON").expect("DOZVON_TEST_PYTHON is set by tests/run")
}
