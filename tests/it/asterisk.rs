//! `dozvon connect asterisk` from a PBX's words to the reports: every recording equal to what its telephones really did,
//! and whatever breaks on the way.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use dozvon::proto::v1::{
    GetCallRequest, GetCallResponse, GetSourceRequest, GetSourceResponse, ListCallsRequest,
    ReportQuery,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::harness::{PATIENCE, Server, dozvon, run, shared};
use crate::pbx::{Pbx, SECRET, USER};
use crate::sender::time;

pub(crate) const SOURCE: &str = "pbx-1";

/// A connector of its own, that can be killed and started again.
pub(crate) struct Connector {
    child: Option<Child>,
    folder: TempDir,
}

impl Connector {
    fn start(pbx: &str, server: &str) -> Self {
        Self::start_with(pbx, server, "")
    }

    pub(crate) fn start_with(pbx: &str, server: &str, more: &str) -> Self {
        Self::start_as(SOURCE, pbx, server, more)
    }

    fn start_as(source: &str, pbx: &str, server: &str, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "data_dir = {:?}\n[[asterisk]]\nsource = \"{source}\"\naddress = \"{pbx}\"\nuser = \"{USER}\"\nsecret_variable = \"PBX_SECRET\"\nserver = \"{server}\"\ntrunk_contexts = [\"from-trunk\"]\n{more}",
            folder.path().join("data")
        );
        fs::write(folder.path().join("dozvon.toml"), config).unwrap();
        let mut connector = Self {
            child: None,
            folder,
        };
        connector.restart();
        connector
    }

    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = dozvon();
        command
            .args(["connect", "asterisk", "--config"])
            .arg(self.folder.path().join("dozvon.toml"))
            .env("PBX_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn said(&self) -> String {
        let mut text = String::new();
        let mut file = fs::File::open(self.folder.path().join("log")).unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) async fn until_said(&self, words: &str) {
        until(
            || async { self.said().contains(words).then_some(()) },
            words,
        )
        .await;
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            eprintln!("the connector said:\n{}", self.said());
        }
    }
}

pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    mut asked: impl FnMut() -> F,
    what: &str,
) -> T {
    let waiting = async {
        loop {
            if let Some(found) = asked().await {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for: {what}"))
}

/// The recordings, those that were shared and those that a run of one's own has made.
fn recordings() -> Vec<PathBuf> {
    let Some(shared) = shared() else {
        return Vec::new();
    };
    let folder = shared.join("fixtures/asterisk");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .filter(|path| path.join("truth.json").is_file())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

pub(crate) fn recording(name: &str) -> Option<PathBuf> {
    Some(shared()?.join("fixtures/asterisk").join(name))
}

async fn known(server: &Server) -> GetSourceResponse {
    let asked = GetSourceRequest {
        source: SOURCE.into(),
        epoch: None,
    };
    let answer = server.ingest().await.get_source(asked).await;
    answer.map(tonic::Response::into_inner).unwrap_or_default()
}

/// Every call of the reports, by its arrival.
async fn calls(server: &Server) -> Vec<GetCallResponse> {
    let mut client = server.reports().await;
    let everything = ListCallsRequest {
        query: Some(ReportQuery {
            start: Some(time(0)),
            end: Some(time(4_000_000_000 * 1_000_000)),
            ..ReportQuery::default()
        }),
        page_size: 500,
        ..ListCallsRequest::default()
    };
    let Ok(listed) = client.list_calls(everything).await else {
        return Vec::new();
    };
    let mut calls = Vec::new();
    for call in listed.into_inner().calls {
        let asked = GetCallRequest {
            call_id: call.call_id,
            source: call.source,
            ..GetCallRequest::default()
        };
        calls.push(client.get_call(asked).await.unwrap().into_inner());
    }
    calls.sort_by_key(arrived);
    calls
}

fn arrived(call: &GetCallResponse) -> String {
    call.call.as_ref().unwrap().arrived_at.clone()
}

fn is_over(call: &GetCallResponse) -> bool {
    !call.call.as_ref().unwrap().ended_by.is_empty()
}

/// Waits until so many calls are there and all of them are over.
async fn until_over(server: &Server, count: usize) -> Vec<GetCallResponse> {
    let all_over = || async {
        let calls = calls(server).await;
        (calls.len() >= count && calls.iter().all(is_over)).then_some(calls)
    };
    until(all_over, "all calls and their ends").await
}

fn truth(recording: &Path) -> Vec<Value> {
    let text = fs::read_to_string(recording.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    let mut calls = truth["calls"].as_array().unwrap().clone();
    calls.sort_by(|one, other| {
        let at = |call: &Value| call["arrived_at"].as_f64().unwrap();
        at(one).total_cmp(&at(other))
    });
    calls
}

fn seconds(span: Option<&pbjson_types::Duration>) -> f64 {
    span.map_or(0.0, |span| {
        span.seconds as f64 + f64::from(span.nanos) / 1e9
    })
}

/// What differs between the reports' calls and what the telephones did. Of calls that came in the same moment the one is
/// set beside the other that it is most like.
fn differences(calls: &[GetCallResponse], truth: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    if calls.len() != truth.len() {
        wrong.push(format!("{} calls, really {}", calls.len(), truth.len()));
    }
    let mut left: Vec<&Value> = truth.iter().collect();
    for call in calls {
        let arrived: jiff::Timestamp = arrived(call).parse().unwrap();
        let arrived = arrived.as_millisecond() as f64 / 1e3;
        let near = left.iter().enumerate().filter(|(_, truth)| {
            let apart = truth["arrived_at"].as_f64().unwrap() - arrived;
            apart.abs() <= 0.5
        });
        let compared = near.map(|(at, truth)| (at, differs(call, truth)));
        match compared.min_by_key(|(_, wrong)| wrong.len()) {
            Some((at, differs)) => {
                left.remove(at);
                wrong.extend(differs);
            }
            None => wrong.push(format!("never came: {:?}", call.call)),
        }
    }
    wrong
}

/// What differs between one call and what its telephones did: visits, exits, waits, talks.
fn differs(call: &GetCallResponse, truth: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let id = &call.call.as_ref().unwrap().call_id;
    let caller = truth["caller"].as_str().unwrap();
    let visits = truth["visits"].as_array().unwrap();
    if call.visits.len() != visits.len() {
        wrong.push(format!(
            "{id} {caller}: {:?}, really {visits:?}",
            call.visits
        ));
    }
    for (visit, truth) in call.visits.iter().zip(visits) {
        let wait = truth["left_at"].as_f64().unwrap() - truth["entered_at"].as_f64().unwrap();
        let apart = (wait - seconds(visit.wait.as_ref())).abs();
        let exit = truth["exit"].as_str().unwrap();
        // The telephones tell whether one rang; the exit is the same.
        let exit = if exit.starts_with("abandoned") {
            "abandoned"
        } else {
            exit
        };
        if truth["queue"] != visit.queue.as_str() || !visit.exit.starts_with(exit) || apart > 0.3 {
            wrong.push(format!("{id} {caller}: {visit:?}, really {truth}"));
        }
    }
    let talks = truth["talks"].as_array().unwrap();
    if call.legs.len() != talks.len() {
        wrong.push(format!("{id} {caller}: {:?}, really {talks:?}", call.legs));
    }
    for (leg, talk) in call.legs.iter().zip(talks) {
        let length = talk["end"].as_f64().unwrap() - talk["start"].as_f64().unwrap();
        let ours = seconds(leg.talk.as_ref()) + seconds(leg.hold.as_ref());
        if talk["agent"] != leg.agent.as_str() || (length - ours).abs() > 0.7 {
            let agent = &leg.agent;
            wrong.push(format!(
                "{id} {caller}: {ours:.1} s with {agent}, really {talk}"
            ));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_played_live_tell_what_the_telephones_did() {
    for folder in recordings() {
        let server = Server::start().await;
        let pbx = Pbx::start(&folder).await;
        let connector = Connector::start(pbx.address(), &server.grpc_addr());
        connector.until_said("listening").await;
        pbx.play(0.0, 1.0, 1_000.0).await;
        let truth = truth(&folder);
        let calls = until_over(&server, truth.len()).await;
        let wrong = differences(&calls, &truth);
        assert!(
            wrong.is_empty(),
            "{}:\n{}\n{}",
            folder.display(),
            wrong.join("\n"),
            connector.said()
        );
        let known = known(&server).await;
        assert!(known.epochs[0].gaps.is_empty(), "nothing was missed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pbxs_that_use_the_same_ids_are_two_sources() {
    let (Some(folder), Some(other)) = (recording("busy-1"), recording("blind-transfer")) else {
        return;
    };
    let server = Server::start().await;
    let address = server.grpc_addr();
    // The first plays twice, so that every id of one of them is one of the other; the third has its own.
    let pbxs = [
        ("pbx-1", Pbx::start(&folder).await, truth(&folder)),
        ("pbx-2", Pbx::start(&folder).await, truth(&folder)),
        ("pbx-3", Pbx::start(&other).await, truth(&other)),
    ];
    let mut connectors = Vec::new();
    for (source, pbx, _) in &pbxs {
        let connector = Connector::start_as(source, pbx.address(), &address, "");
        connector.until_said("listening").await;
        connectors.push(connector);
    }
    tokio::join!(
        pbxs[0].1.play(0.0, 1.0, 500.0),
        pbxs[1].1.play(0.0, 1.0, 300.0),
        pbxs[2].1.play(0.0, 1.0, 200.0),
    );
    let expected = pbxs.iter().map(|(.., truth)| truth.len()).sum();
    let calls = until_over(&server, expected).await;
    assert_eq!(calls.len(), expected, "none is another's");
    for (source, _, truth) in &pbxs {
        let mut own = calls.clone();
        own.retain(|call| call.call.as_ref().unwrap().source == *source);
        let wrong = differences(&own, truth);
        assert!(wrong.is_empty(), "{source}: {}", wrong.join("\n"));
    }
}

/// How often something is killed in `killed_in_turn…`.
fn kills() -> usize {
    let said = std::env::var("DOZVON_TEST_KILLS");
    said.ok().and_then(|kills| kills.parse().ok()).unwrap_or(8)
}

fn ids(calls: &[GetCallResponse]) -> HashSet<String> {
    let ids = calls
        .iter()
        .map(|call| call.call.as_ref().unwrap().call_id.clone());
    ids.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_turn_connector_and_server_lose_and_double_nothing() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let mut server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let mut connector = Connector::start(pbx.address(), &server.grpc_addr());
    let kills = kills();
    let mut before = HashSet::new();
    for turn in 0..=kills {
        let logins = pbx.logins();
        let listening = || async {
            (connector.said().matches("listening").count() > turn.div_ceil(2)).then_some(())
        };
        until(listening, "the connector listens").await;
        let share = |turn: usize| turn as f64 / (kills + 1) as f64;
        pbx.play(share(turn), share(turn + 1), 400.0).await;
        if turn == kills {
            break;
        }
        let seen = || async {
            let seen = ids(&calls(&server).await);
            (!seen.is_empty()).then_some(seen)
        };
        before.extend(until(seen, "a call, before anything dies").await);
        if turn % 2 == 0 {
            connector.kill();
            connector.restart();
            until(
                || async { (pbx.logins() > logins).then_some(()) },
                "a login",
            )
            .await;
        } else {
            server.kill();
            server.restart().await;
        }
    }
    // What was on its way into a connector that was killed was heard by nobody; what was acked is there.
    let all = || async {
        let calls = calls(&server).await;
        let ids = ids(&calls);
        (before.is_subset(&ids) && calls.iter().all(is_over)).then_some(calls)
    };
    let calls = until(all, "what was acked, and the end of each call").await;
    assert!(calls.len() <= truth(&folder).len(), "no call twice");
    assert!(!before.is_empty());
    for call in &calls {
        let told = |kind: &str| call.events.iter().filter(|told| told.kind == kind).count();
        assert_eq!((told("arrived"), told("ended")), (1, 1), "{:?}", call.call);
        assert!(
            call.events.iter().all(|told| !told.told_twice),
            "{:?}",
            call.events
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_server_missed_comes_later_in_order() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let mut server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let connector = Connector::start(pbx.address(), &server.grpc_addr());
    connector.until_said("listening").await;
    pbx.play(0.0, 0.3, 1_000.0).await;
    server.kill();
    pbx.play(0.3, 1.0, 1_000.0).await;
    server.restart().await;
    let truth = truth(&folder);
    let calls = until_over(&server, truth.len()).await;
    let wrong = differences(&calls, &truth);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known(&server).await.epochs[0].gaps.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_pbx_is_found_again_and_what_nobody_heard_is_a_gap() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let connector = Connector::start(pbx.address(), &server.grpc_addr());
    connector.until_said("listening").await;
    pbx.play(0.0, 0.3, 1_000.0).await;
    pbx.refuse(true);
    pbx.cut();
    pbx.play(0.3, 0.6, 1_000.0).await;
    pbx.refuse(false);
    let back = || async { (pbx.logins() == 2).then_some(()) };
    until(back, "another login").await;
    connector.until_said("a gap is declared").await;
    pbx.play(0.6, 1.0, 1_000.0).await;
    let whole = truth(&folder);
    let calls = until(
        || async {
            let calls = calls(&server).await;
            (!calls.is_empty() && calls.iter().all(is_over)).then_some(calls)
        },
        "no call stays open",
    )
    .await;
    assert!(calls.len() < whole.len(), "some came and went unheard");
    assert!(
        !known(&server).await.epochs[0].gaps.is_empty(),
        "and that is said"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_that_begins_anew_in_mid_call_leaves_no_call_open() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let connector = Connector::start(pbx.address(), &server.grpc_addr());
    connector.until_said("listening").await;
    pbx.play(0.0, 0.5, 1_000.0).await;
    let open = || async {
        calls(&server)
            .await
            .iter()
            .any(|call| !is_over(call))
            .then_some(())
    };
    until(open, "a call is open").await;
    pbx.restart();
    let calls = until_over(&server, 1).await;
    let ends: Vec<&str> = calls
        .iter()
        .map(|call| call.call.as_ref().unwrap().ended_by.as_str())
        .collect();
    assert!(ends.contains(&"unknown"), "nobody knows how: {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connector_waits_and_takes_over() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let mut first = Connector::start(pbx.address(), &server.grpc_addr());
    first.until_said("listening").await;
    pbx.play(0.0, 0.2, 1_000.0).await;
    // What only the first has heard is told before it dies; one of the calls is in its survey by then.
    let truth = truth(&folder);
    let come = truth
        .iter()
        .map(|call| call["arrived_at"].as_f64().unwrap());
    let come = come.filter(|at| *at < pbx.moment(0.2)).count();
    let told = || async { (calls(&server).await.len() >= come).then_some(()) };
    until(told, "the first tells what it heard").await;
    let second = Connector::start(pbx.address(), &server.grpc_addr());
    second.until_said("source_in_use").await;
    // It asks for the source and logs in at the same time.
    second.until_said("listening").await;
    pbx.play(0.2, 0.6, 1_000.0).await;
    first.kill();
    // The lease of a dead stream is let go at once; the last minute is known to the second as well.
    let taken = || async {
        let known = known(&server).await;
        (known.epochs.len() == 2).then_some(())
    };
    until(taken, "the second has the source").await;
    pbx.play(0.6, 1.0, 1_000.0).await;
    let calls = until_over(&server, truth.len()).await;
    assert_eq!(calls.len(), truth.len(), "none twice, none missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_costs_at_most_the_message_it_stands_in() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let connector = Connector::start(pbx.address(), &server.grpc_addr());
    connector.until_said("listening").await;
    pbx.play(0.0, 0.4, 1_000.0).await;
    let mut header = b"Event: Newchannel\r\nCallerIDName: ".to_vec();
    header.resize(10 * 1024 * 1024, b'x');
    pbx.say(&header);
    pbx.say(b"\r\n\r\n\xff\xfe\x00 no colon\r\n\r\nEvent: \r\nEvent\r\n:\r\n\r\n");
    let repeated = "Event: Hold\r\n".repeat(10_000);
    pbx.say(format!("{repeated}\r\n").as_bytes());
    pbx.play(0.4, 1.0, 1_000.0).await;
    let truth = truth(&folder);
    let calls = until_over(&server, truth.len()).await;
    let wrong = differences(&calls, &truth);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_let_us_in_is_told_plainly() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    let nobody = "127.0.0.1:1";
    let mut connector = Connector::start(pbx.address(), nobody);
    connector.until_said("listening").await;
    connector.kill();
    let config = connector.folder.path().join("dozvon.toml");
    let right = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        right.replace("user = \"dozvon\"", "user = \"other\""),
    )
    .unwrap();
    connector.restart();
    connector
        .until_said("refuses user \"other\": Authentication failed")
        .await;
    connector.kill();

    let alien = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = alien.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = alien.accept().await {
            use tokio::io::AsyncWriteExt as _;
            drop(stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await);
        }
    });
    fs::write(&config, right.replace(pbx.address(), &address)).unwrap();
    connector.restart();
    connector
        .until_said("is no manager interface: it says \"SSH-2.0-OpenSSH_9.6\"")
        .await;
    connector.kill();

    pbx.deny_lists();
    fs::write(&config, right).unwrap();
    connector.restart();
    connector.until_said("write = reporting").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_what_is_wrong_and_the_line_to_write() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    let words = "queue_log = \"/nowhere\"\nqueues = { \"401\" = \"jobs\" }\nwrap_up = { \"hotline\" = \"3s\" }";
    let mut connector = Connector::start_with(pbx.address(), "127.0.0.1:1", words);
    connector.kill();
    let check = || {
        let mut command = dozvon();
        command
            .args(["connect", "asterisk", "--check", "--config"])
            .arg(connector.folder.path().join("dozvon.toml"))
            .env("PBX_SECRET", SECRET);
        command
    };
    let said = run(check()).await;
    assert_eq!(said.code, 1, "{}", said.stderr);
    for words in [
        "ok    pbx-1: user \"dozvon\" is let in",
        "queues that the PBX does not have: 401",
        "the PBX has benefits, evening, hotline",
        "the work after a call is not known for benefits, evening",
        "queue_log cannot be read",
        "timestampevents = yes",
        "the PBX's clock is",
    ] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    pbx.deny_lists();
    let said = run(check()).await;
    assert!(
        said.stdout
            .contains("manager.conf, [dozvon]: write = reporting"),
        "{}",
        said.stdout
    );
    let mut refused = check();
    refused.env("PBX_SECRET", "wrong");
    let said = run(refused).await;
    assert_eq!(said.code, 4);
    assert!(
        said.stderr.contains("Authentication failed"),
        "{}",
        said.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pbx_that_falls_silent_is_left_and_found_again() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    pbx.stall(true);
    let connector = Connector::start(pbx.address(), "127.0.0.1:1");
    connector.until_said("it does not answer").await;
    pbx.stall(false);
    connector.until_said("listening").await;
}
