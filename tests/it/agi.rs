//! Surveys by FastAGI: a scripted Asterisk on one side of the bridge, a real server on the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dozvon::clock;
use dozvon::connect::agi::{self, Options, SESSIONS_MAX};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::dialog::{ASK_ALL, TWO_QUESTIONS, answers, put, until_counted};
use crate::harness::{PATIENCE, Server};
use crate::sender::{SECOND, Sender, answered, live, now};
use crate::survey::attempt;

/// One channel of a scripted Asterisk: it does what it is told, as quickly as it may.
struct Peer {
    lines: BufReader<OwnedReadHalf>,
    out: OwnedWriteHalf,
    variables: BTreeMap<String, String>,
}

impl Peer {
    async fn dial(bridge: &str, call: &str) -> Self {
        let (lines, out) = TcpStream::connect(bridge).await.unwrap().into_split();
        let mut peer = Self {
            lines: BufReader::new(lines),
            out,
            variables: BTreeMap::new(),
        };
        let headers = format!(
            "agi_network: yes\nagi_network_script: survey?queue=hotline\n\
             agi_request: agi://127.0.0.1:4573/survey?queue=hotline\nagi_channel: PJSIP/trunk-00000022\n\
             agi_language: uk\nagi_type: PJSIP\nagi_uniqueid: {call}\nagi_version: 22.10.1\n\n"
        );
        peer.send(&headers).await;
        peer
    }

    async fn send(&mut self, text: &str) {
        // A bridge that has closed reads nothing.
        drop(self.out.write_all(text.as_bytes()).await);
    }

    async fn answer(&mut self, line: &str) {
        self.send(&format!("{line}\n")).await;
    }

    /// The next command; empty when the bridge has closed.
    async fn command(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.lines.read_line(&mut line)).await;
        drop(read.expect("a command in time"));
        line.trim_end().to_owned()
    }

    /// Does as it is told.
    async fn comply(&mut self, command: &str) {
        if let Some(millis) = command.strip_prefix("WAIT FOR DIGIT ") {
            tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
            self.answer("200 result=0").await;
        } else if command.starts_with("STREAM FILE ") {
            self.answer("200 result=0 endpos=800").await;
        } else if command.starts_with("GET VARIABLE ") {
            self.answer("200 result=0").await;
        } else if let Some(said) = command.strip_prefix("SET VARIABLE ") {
            let (name, value) = said.split_once(' ').unwrap();
            let value = value.trim_matches('"').to_owned();
            self.variables.insert(name.to_owned(), value);
            self.answer("200 result=1").await;
        } else {
            panic!("{command:?} is no command of a survey");
        }
    }

    /// Does as it is told until something is ordered; that one is not done yet.
    async fn until(&mut self, what: &str) -> String {
        loop {
            let command = self.command().await;
            assert!(!command.is_empty(), "closed before {what:?}");
            if command.contains(what) {
                return command;
            }
            self.comply(&command).await;
        }
    }

    /// Presses a key into what runs.
    async fn press(&mut self, key: char) {
        self.answer(&format!("200 result={} endpos=400", key as u32))
            .await;
    }

    async fn hang_up(&mut self) {
        self.send("200 result=-1 endpos=400\nHANGUP\n").await;
    }

    /// Does as it is told to the end; the variables.
    async fn leave(mut self) -> BTreeMap<String, String> {
        loop {
            let command = self.command().await;
            if command.is_empty() {
                return self.variables;
            }
            self.comply(&command).await;
        }
    }
}

struct Bridge {
    address: String,
    _stop: DropGuard,
}

impl Bridge {
    async fn open(server: &str, change: impl FnOnce(&mut Options)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut options = Options {
            server: server.parse().unwrap(),
            source: "pbx".into(),
            sounds: "dozvon".into(),
            goodbye: "our-goodbye".into(),
            recordings: "notes".into(),
            deadline: Duration::from_secs(20),
            sessions_max: SESSIONS_MAX,
        };
        change(&mut options);
        let stop = CancellationToken::new();
        tokio::spawn(agi::run(listener, options, stop.clone()));
        let _stop = stop.drop_guard();
        Self { address, _stop }
    }

    async fn dial(&self, call: &str) -> Peer {
        Peer::dial(&self.address, call).await
    }
}

/// A server with calls that talk, 60 s by now, and a bridge to it.
async fn hotline(calls: &[&str]) -> (Server, Sender, Bridge) {
    let server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    for (place, call) in calls.iter().enumerate() {
        let mut events = answered(1 + 3 * place as u64, call, now() - 70 * SECOND);
        events.pop();
        sender.batch(events).await;
    }
    let bridge = Bridge::open(&server.grpc_addr(), |_| {}).await;
    (server, sender, bridge)
}

/// What a caller does.
#[derive(Clone, Copy)]
enum Does {
    /// Presses a key into a prompt.
    Into(&'static str, char),
    /// Hears a prompt out and presses a key.
    After(&'static str, char),
    /// Hangs up in a prompt.
    HangsUp(&'static str),
}

/// A caller, and the same story as `survey try` reads it.
const CALLERS: &[(&str, &[Does], &str)] = &[
    (
        "answers into the prompts",
        &[Does::Into("satisfaction", '4'), Does::Into("solved", '1')],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":9500,"digit":"4"}
           {"at_ms":11000,"digit":"1"}"#,
    ),
    (
        "answers after the prompts",
        &[Does::After("satisfaction", '2'), Does::After("solved", '1')],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":18000,"prompt_ended":true}
           {"at_ms":20000,"digit":"2"}
           {"at_ms":26000,"prompt_ended":true}
           {"at_ms":27000,"digit":"1"}"#,
    ),
    (
        "hangs up in the invitation",
        &[Does::HangsUp("invitation")],
        r#"{"at_ms":1000,"hangup":true}"#,
    ),
    (
        "hangs up at the first question",
        &[Does::HangsUp("satisfaction")],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":10000,"hangup":true}"#,
    ),
    (
        "hangs up after the first answer",
        &[
            Does::Into("satisfaction", '5'),
            Does::HangsUp("another-topic"),
        ],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":10000,"digit":"5"}
           {"at_ms":11000,"hangup":true}"#,
    ),
    (
        "presses a key into the invitation, which stops nothing, and hangs up",
        &[Does::Into("invitation", '5'), Does::HangsUp("satisfaction")],
        r#"{"at_ms":1000,"digit":"5"}
           {"at_ms":9000,"prompt_ended":true}
           {"at_ms":10000,"hangup":true}"#,
    ),
    (
        "hears it again and goes back to a specialist",
        &[
            Does::Into("satisfaction", '*'),
            Does::After("satisfaction", '3'),
            Does::Into("solved", '0'),
        ],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":10000,"digit":"*"}
           {"at_ms":18000,"prompt_ended":true}
           {"at_ms":19000,"digit":"3"}
           {"at_ms":20000,"digit":"0"}"#,
    ),
    (
        "a wrong key first",
        &[
            Does::Into("satisfaction", '9'),
            Does::After("satisfaction", '1'),
            Does::Into("solved", '2'),
        ],
        r#"{"at_ms":9000,"prompt_ended":true}
           {"at_ms":10000,"digit":"9"}
           {"at_ms":18000,"prompt_ended":true}
           {"at_ms":19000,"digit":"1"}
           {"at_ms":21000,"digit":"2"}"#,
    ),
];

async fn play(mut peer: Peer, story: &[Does]) -> BTreeMap<String, String> {
    for does in story {
        let (prompt, key) = match *does {
            Does::Into(prompt, key) | Does::After(prompt, key) => (prompt, Some(key)),
            Does::HangsUp(prompt) => (prompt, None),
        };
        let stream = peer.until(&format!("/ru/two-questions/{prompt}\"")).await;
        if matches!(does, Does::After(..)) {
            peer.comply(&stream).await;
            peer.until("WAIT FOR DIGIT").await;
        }
        match key {
            Some(key) => peer.press(key).await,
            None => peer.hang_up().await,
        }
    }
    peer.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_end_as_the_same_story_ends_on_paper() {
    let calls: Vec<String> = (0..CALLERS.len()).map(|n| format!("17954.{n}")).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let (server, _sender, bridge) = hotline(&calls).await;
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut given: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (call, (caller, story, script)) in calls.iter().zip(CALLERS) {
        let said = attempt(script, &[]).await;
        let end: Value = serde_json::from_str(said.stdout.lines().last().unwrap()).unwrap();
        let disposition = end["disposition"].as_str().unwrap();
        let variables = play(bridge.dial(call).await, story).await;
        assert_eq!(variables["DOZVON_SURVEY"], disposition, "{caller}");
        let leaves = matches!(story.last(), Some(Does::Into(_, '0')));
        let next = if leaves { "specialist" } else { "hang_up" };
        assert_eq!(variables["DOZVON_NEXT"], next, "{caller}");
        *ends.entry(disposition.to_owned()).or_default() += 1;
        for (question, answer) in end["answers"].as_object().unwrap() {
            let answer = answer.as_str().unwrap().to_owned();
            *given.entry((question.clone(), answer)).or_default() += 1;
        }
    }
    for (disposition, count) in &ends {
        until_counted(&server, disposition, *count).await;
    }
    for ((question, answer), count) in &given {
        assert_eq!(
            answers(&server, question, answer).await,
            *count,
            "{question}: {answer}"
        );
    }
    assert!(ends.len() >= 5 && given.len() >= 6, "{ends:?} {given:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interview_goes_on_when_the_server_comes_back_in_time() {
    let (mut server, _sender, bridge) = hotline(&["17954.1"]).await;
    let mut peer = bridge.dial("17954.1").await;
    peer.until("/satisfaction\"").await;
    peer.press('4').await;
    let solved = peer.until("/solved\"").await;
    server.kill();
    peer.comply(&solved).await;
    server.restart().await;
    // Asked again: the first answer is on disk.
    peer.until("/solved\"").await;
    peer.press('1').await;
    let variables = peer.leave().await;
    assert_eq!(variables["DOZVON_SURVEY"], "complete");
    until_counted(&server, "complete", 1).await;
    assert_eq!(answers(&server, "satisfaction", "4").await, 1);
    assert_eq!(answers(&server, "solved", "yes").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_a_goodbye_within_the_deadline_when_nobody_asks() {
    let deadline = Duration::from_secs(3);
    let silent = |variables: &BTreeMap<String, String>| {
        assert_eq!(variables["DOZVON_SURVEY_REASON"], "server_silent");
        assert_eq!(variables["DOZVON_NEXT"], "hang_up");
    };
    // Nobody is there.
    let bridge = Bridge::open("127.0.0.1:1", |options| options.deadline = deadline).await;
    let began = clock::instant();
    let mut peer = bridge.dial("17954.1").await;
    let goodbye = peer.until("STREAM FILE").await;
    assert_eq!(goodbye, "STREAM FILE \"our-goodbye\" \"\" 0");
    let took = clock::instant() - began;
    assert!(
        (deadline..deadline + Duration::from_secs(2)).contains(&took),
        "{took:?}"
    );
    peer.comply(&goodbye).await;
    silent(&peer.leave().await);

    // Somebody is, and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let bridge = Bridge::open(&address, |options| options.deadline = deadline).await;
    silent(&bridge.dial("17954.1").await.leave().await);

    // The server goes away in mid-interview, for good.
    let (mut server, _sender, _) = hotline(&["17954.1"]).await;
    let bridge = Bridge::open(&server.grpc_addr(), |options| options.deadline = deadline).await;
    let mut peer = bridge.dial("17954.1").await;
    peer.until("/satisfaction\"").await;
    server.kill();
    let began = clock::instant();
    peer.press('4').await;
    let goodbye = peer.until("STREAM FILE").await;
    assert!(goodbye.contains("our-goodbye"), "{goodbye}");
    let took = clock::instant() - began;
    assert!(took < deadline + Duration::from_secs(2), "{took:?}");
    peer.comply(&goodbye).await;
    silent(&peer.leave().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_port_harms_nobody() {
    let (server, _sender, bridge) = hotline(&["17954.1", "17954.4"]).await;
    let long = "x".repeat(100_000);
    let many = "agi_arg_1: x\n".repeat(1_000);
    for nonsense in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\n\n",
        "\u{fffd}\0\u{1}\n",
        &long,
        &many,
    ] {
        let (lines, mut out) = TcpStream::connect(&bridge.address)
            .await
            .unwrap()
            .into_split();
        drop(out.write_all(nonsense.as_bytes()).await);
        let mut answer = String::new();
        let mut lines = BufReader::new(lines);
        let read = tokio::time::timeout(PATIENCE, lines.read_line(&mut answer)).await;
        drop(read.expect("it is closed"));
        assert_eq!(answer, "");
    }
    // A switch that answers nonsense in mid-interview: its caller is let go, nobody else notices.
    let mut peer = bridge.dial("17954.1").await;
    peer.until("/satisfaction\"").await;
    peer.answer("what?").await;
    assert!(peer.leave().await.is_empty());
    let story = &[Does::Into("satisfaction", '5'), Does::Into("solved", '1')];
    let variables = play(bridge.dial("17954.4").await, story).await;
    assert_eq!(variables["DOZVON_SURVEY"], "complete");
    until_counted(&server, "complete", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_at_once_and_one_too_many() {
    let calls: Vec<String> = (0..200).map(|n| format!("17954.{n}")).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let (server, _sender, _) = hotline(&calls).await;
    let address = server.grpc_addr();
    let bridge = Bridge::open(&address, |options| {
        options.deadline = Duration::from_secs(30);
        options.sessions_max = 200;
    });
    let bridge = bridge.await;
    let meeting = Arc::new(Barrier::new(201));
    let asked = (0..200).map(|n| {
        let (address, meeting) = (bridge.address.clone(), Arc::clone(&meeting));
        tokio::spawn(async move {
            let mut peer = Peer::dial(&address, &format!("17954.{n}")).await;
            peer.until("/satisfaction\"").await;
            // All hear the question, and the last one is turned away.
            meeting.wait().await;
            meeting.wait().await;
            peer.press('5').await;
            peer.until("/solved\"").await;
            peer.press('1').await;
            peer.leave().await
        })
    });
    let asked: Vec<_> = asked.collect();
    meeting.wait().await;
    let over = bridge.dial("17954.200").await.leave().await;
    assert_eq!(over["DOZVON_SURVEY_REASON"], "too_many_sessions");
    assert_eq!(over["DOZVON_NEXT"], "hang_up");
    meeting.wait().await;
    for asked in asked {
        assert_eq!(asked.await.unwrap()["DOZVON_SURVEY"], "complete");
    }
    until_counted(&server, "complete", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_caller_is_asked_again_and_let_go() {
    let server = Server::start_with(ASK_ALL).await;
    put(
        &server,
        &TWO_QUESTIONS.replace("attempts = 3", "attempts = 2"),
    )
    .await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut events = answered(1, "17954.1", now() - 70 * SECOND);
    events.pop();
    sender.batch(events).await;
    let bridge = Bridge::open(&server.grpc_addr(), |_| {}).await;
    let mut peer = bridge.dial("17954.1").await;
    // 10 s, and then half as long again.
    peer.until("/two-questions/silence\"").await;
    peer.answer("200 result=0 endpos=800").await;
    let variables = peer.leave().await;
    assert_eq!(variables["DOZVON_SURVEY"], "noinput");
    until_counted(&server, "noinput", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_opens_the_door_that_is_configured() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s3cret").unwrap();
    let config = format!(
        "{ASK_ALL}[[asterisk]]\nsource = \"pbx\"\naddress = \"127.0.0.1:1\"\nuser = \"dozvon\"\n\
         secret_file = {secret:?}\nserve = true\n[asterisk.agi]\nlisten = \"{address}\"\ngoodbye = \"bye\"\n"
    );
    let server = Server::start_with(&config).await;
    // No such source has said anything yet, so the caller is let go, politely.
    let mut peer = Peer::dial(&address, "17954.1").await;
    let goodbye = peer.until("STREAM FILE").await;
    assert_eq!(goodbye, "STREAM FILE \"bye\" \"\" 0");
    peer.comply(&goodbye).await;
    assert_eq!(peer.leave().await["DOZVON_SURVEY_REASON"], "unknown_source");
    drop(server);
}
