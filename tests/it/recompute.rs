//! `dozvon recompute`: what was told too late gets into the figures, once, whatever ends it meanwhile.

use std::process::Command;

use dozvon::proto::v1::admin_service_client::AdminServiceClient;
use dozvon::proto::v1::recompute_response::Message;
use dozvon::proto::v1::{
    GetQueueReportRequest, QueueReportRow, RecomputeRequest, RecomputeResponse, ReportQuery,
};
use serde_json::Value;
use tonic::Streaming;

use crate::harness::{Said, Server, dozvon, run};
use crate::rows::{Part, Rows};
use crate::sender::{
    SECOND, Sender, all_queues, answered, arrived, connected, ended, entered, event, history, live,
    metric, now, queue_report, stored, time,
};

fn recompute(server: &Server) -> Command {
    let mut command = dozvon();
    command
        .args(["recompute", "--server", &server.grpc_addr()])
        .args(["--from", "2000-01-01", "--to", "2100-01-01"]);
    command
}

/// Runs it and returns what it says in JSON.
async fn changed(server: &Server) -> Value {
    let mut command = recompute(server);
    command.args(["--output", "json"]);
    let said = run(command).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    serde_json::from_str(&said.stdout).unwrap()
}

fn number(value: &Value, name: &str) -> u64 {
    // The JSON mapping leaves zeros out and writes 64 bits as text.
    value
        .get(name)
        .map_or(0, |number| number.as_str().unwrap().parse::<u64>().unwrap())
}

async fn ask(server: &Server, request: RecomputeRequest) -> Streaming<RecomputeResponse> {
    let mut client = AdminServiceClient::new(server.channel().await);
    client.recompute(request).await.unwrap().into_inner()
}

/// A call that waits for 20 s, hangs up and settles; that an agent took it after 5 s is told too late.
async fn with_a_late_answer(server: &Server) -> i64 {
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(server, live("pbx")).await.unwrap();
    let story = vec![
        event(1, at, "c1", arrived()),
        event(2, at, "c1", entered()),
        event(3, at + 20 * SECOND, "c1", ended()),
    ];
    sender.batch(story).await;
    sender.heartbeat(at + 200 * SECOND).await;
    let late = event(4, at + 5 * SECOND, "c1", connected());
    let ack = sender.batch(vec![late]).await;
    let known = stored(server, "pbx", ack.position).await;
    assert_eq!((known.late_events, known.recomputed_events), (1, 0));
    at
}

async fn outcome(server: &Server) -> (u64, u64, u64, u64) {
    let row = all_queues(server).await;
    let source = queue_report(server)
        .await
        .context
        .unwrap()
        .sources
        .remove(0);
    (
        row.answered,
        row.abandoned,
        source.late_events,
        source.recomputed_events,
    )
}

#[tokio::test]
async fn a_straggler_is_in_the_figures_afterwards_and_once() {
    let mut server = Server::start().await;
    with_a_late_answer(&server).await;
    assert_eq!(outcome(&server).await, (0, 1, 1, 0));
    let counted = server.metrics().await;

    let said = changed(&server).await;
    assert_eq!(number(&said, "callsChanged"), 1, "{said}");
    assert_eq!(number(&said, "lateEventsTaken"), 1, "{said}");
    let all = said["queues"].as_array().unwrap().last().unwrap();
    assert_eq!(all["queue"], "ALL");
    let answered = |side: &str| number(&all[side], "answered");
    assert_eq!((answered("before"), answered("after")), (0, 1), "{said}");
    // 20 s until the caller hung up were 5 s until the agent took the call.
    let wait = |side: &str| all[side]["waitSum"].as_str().unwrap().to_owned();
    assert_eq!((&*wait("before"), &*wait("after")), ("20s", "5s"));
    assert_eq!(outcome(&server).await, (1, 0, 0, 1));

    // Counters are of what was said at the time.
    let abandoned =
        "dozvon_queue_visits_ended_total{queue=\"first_line\",exit=\"abandoned_waiting\"}";
    let after = server.metrics().await;
    assert_eq!(metric(&after, abandoned), metric(&counted, abandoned));

    // Again, and after a crash: nothing more.
    let said = changed(&server).await;
    assert_eq!(number(&said, "calls"), 1, "{said}");
    assert_eq!(number(&said, "callsChanged"), 0, "{said}");
    server.kill();
    server.restart().await;
    assert_eq!(outcome(&server).await, (1, 0, 0, 1));
    assert_eq!(number(&changed(&server).await, "callsChanged"), 0);
    let known = stored(&server, "pbx", 1).await;
    assert_eq!((known.late_events, known.recomputed_events), (0, 1));
}

#[tokio::test]
async fn a_late_event_that_only_the_journal_has_is_read_there() {
    let server = Server::start().await;
    with_a_late_answer(&server).await;
    let rows = Rows::of(&server, Part::Store).await;
    rows.change("update unapplied_events set told = null").await;
    assert_eq!(number(&changed(&server).await, "lateEventsTaken"), 1);
    assert_eq!(outcome(&server).await, (1, 0, 0, 1));
}

#[tokio::test]
async fn a_late_call_is_taken_only_from_its_period_and_source() {
    let server = Server::start().await;
    let at = with_a_late_answer(&server).await;
    let mut other = Sender::open(&server, live("other")).await.unwrap();
    let ack = other.batch(vec![event(1, at, "c1", arrived())]).await;
    stored(&server, "other", ack.position).await;
    for (start, end, source) in [
        (at + SECOND, at + 60 * SECOND, ""),
        (at - 60 * SECOND, at, ""),
        (at, at + SECOND, "other"),
    ] {
        let request = RecomputeRequest {
            start: Some(time(start)),
            end: Some(time(end)),
            source: source.into(),
        };
        let mut answers = ask(&server, request).await;
        let mut result = None;
        while let Some(answer) = answers.message().await.unwrap() {
            if let Some(Message::Result(said)) = answer.message {
                result = Some((said.calls, said.calls_changed));
            }
        }
        assert_eq!(result, Some((0, 0)));
    }
    let known = stored(&server, "pbx", 1).await;
    assert_eq!((known.late_events, known.recomputed_events), (1, 0));
}

/// T from an instant on, and before it.
fn changed_at(at: i64, before: u64, after: u64) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap();
    format!(
        "[service_level]\ntarget = \"{before}s\"\n[[service_level.since]]\nvalid_from = \"{at}\"\ntarget = \"{after}s\"\n"
    )
}

/// The headline service level of a period as roll-ups and rows have it, and what is said about rules.
async fn level(server: &Server, start: i64, end: i64) -> (Option<f64>, Vec<String>) {
    let of = async |exact| {
        let query = ReportQuery {
            start: Some(time(start)),
            end: Some(time(end)),
            exact,
            ..ReportQuery::default()
        };
        let request = GetQueueReportRequest {
            query: Some(query),
            ..GetQueueReportRequest::default()
        };
        let answer = server.reports().await.get_queue_report(request).await;
        let answer = answer.unwrap().into_inner();
        let all = answer.rows.iter().find(|row| row.queue == "ALL");
        let level = all.and_then(|row| row.service_level.as_ref()?.headline);
        (level, answer.context.unwrap().cautions)
    };
    let (folded, exact) = (of(false).await, of(true).await);
    assert_eq!(folded, exact);
    folded
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_count_from_their_date_before_a_recompute_and_after_it_and_whatever_ends_it() {
    let mut server = Server::start_with("[service_level]\ntarget = \"20s\"\n").await;
    // Three days ago a call that waited 10 s; some minutes ago another, and one whose answer after 5 s is told too late.
    let change = now() - 24 * 3_600 * SECOND;
    let earlier = change - 48 * 3_600 * SECOND;
    let mut past = Sender::open(&server, history("past", 1)).await.unwrap();
    past.batch(answered(1, "old", earlier)).await;
    let finished = past.finish(true).await;
    stored(&server, "past", finished.position).await;
    let mut other = Sender::open(&server, live("other")).await.unwrap();
    other.batch(answered(1, "new", now() - 600 * SECOND)).await;
    other.heartbeat(now() - 300 * SECOND).await;
    with_a_late_answer(&server).await;
    // Since 1970: long enough for roll-ups.
    let before = (0, change);
    let after = (change, now() + 72 * 3_600 * SECOND);
    assert_eq!(
        level(&server, before.0, before.1).await,
        (Some(1.0), vec![])
    );
    assert_eq!(level(&server, after.0, after.1).await.0, Some(0.5));

    // Since yesterday T is 6 s: 10 s are no longer within it, and nothing of the time before is touched.
    server.terminate().await;
    server.configure(&changed_at(change, 20, 6));
    server.restart().await;
    assert_eq!(level(&server, before.0, before.1).await.0, Some(1.0));
    assert_eq!(level(&server, after.0, after.1).await.0, Some(0.0));

    // Killed wherever it is, it is finished by the next run.
    let request = RecomputeRequest {
        start: Some(time(0)),
        end: Some(time(now())),
        source: String::new(),
    };
    drop(ask(&server, request).await.message().await.unwrap());
    server.kill();
    server.restart().await;
    let said = changed(&server).await;
    assert_eq!(number(&said, "calls"), 3, "{said}");
    let left = number(&said, "callsChanged");
    assert!(left <= 1, "{said}");
    assert_eq!(number(&said, "lateEventsTaken"), left, "{said}");
    // The one that was answered after all, within 5 s; what is from before the change stays as it was.
    assert_eq!(level(&server, before.0, before.1).await.0, Some(1.0));
    let (recomputed, cautions) = level(&server, after.0, after.1).await;
    assert_eq!(recomputed, Some(0.5));
    let over_the_change = level(&server, before.0, after.1).await;
    assert_eq!(over_the_change.0, Some(2.0 / 3.0));
    let [by_date, after_the_fact] = &over_the_change.1[..] else {
        panic!("{:?}", over_the_change.1);
    };
    assert!(
        by_date.contains(": T from 20 s to 6 s; what began before is measured as before"),
        "{by_date}"
    );
    // Yesterday was over when it was said.
    assert!(
        after_the_fact.contains(", which was over: T from 20 s to 6 s;"),
        "{after_the_fact}"
    );

    // Again: it says that nothing changed, and nothing has.
    let again = run(recompute(&server)).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    let first = again.stdout.lines().next().unwrap_or_default();
    assert_eq!(first, "0 of 3 calls changed; 0 late events taken in");
    assert!(!again.stdout.contains('→'), "{}", again.stdout);
    assert_eq!(
        level(&server, after.0, after.1).await,
        (recomputed, cautions)
    );

    // Rules that change the past itself count in reports at once, and a recompute has nothing to do with them: no call is
    // kept otherwise for another T.
    server.terminate().await;
    server.configure("[service_level]\ntarget = \"6s\"\n");
    server.restart().await;
    let altered = level(&server, before.0, before.1).await;
    assert_eq!(altered.0, Some(0.0));
    assert!(
        altered.1[0].contains(", which was over: T from 20 s to 6 s;"),
        "{altered:?}"
    );
    assert_eq!(number(&changed(&server).await, "callsChanged"), 0);
    assert_eq!(level(&server, before.0, before.1).await, altered);
    assert_eq!(level(&server, after.0, after.1).await.0, recomputed);
}

/// Calls that are three pages and a bit.
const CALLS: u64 = 1_700;

/// Everything of the row of all queues.
async fn figures(server: &Server) -> QueueReportRow {
    all_queues(server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_left_out_is_made_whole_whatever_ends_it_meanwhile() {
    let mut server = Server::start().await;
    let at = now() - 86_400 * SECOND;
    let mut sender = Sender::open(&server, history("pbx", 1)).await.unwrap();
    for call in 0..CALLS {
        let events = answered(call * 4 + 1, &format!("c{call}"), at + call as i64 * SECOND);
        sender.batch(events).await;
    }
    let finished = sender.finish(true).await;
    stored(&server, "pbx", finished.position).await;
    let whole = figures(&server).await;
    assert_eq!(whole.answered, CALLS);
    for damage in [
        "update visits set wait = null, talk = 7",
        "update calls set talk = 0, first_answered_at = null, queue_wait = 1",
    ] {
        let rows = Rows::of(&server, Part::Store).await;
        rows.change(damage).await;
    }
    assert_ne!(figures(&server).await, whole);

    // Killed when a page is done and others are not.
    let request = RecomputeRequest {
        start: Some(time(0)),
        end: Some(time(now())),
        source: "pbx".into(),
    };
    let mut answers = ask(&server, request).await;
    loop {
        let answer = answers.message().await.unwrap().unwrap();
        let Some(Message::Progress(progress)) = answer.message else {
            panic!("it was done before it was killed");
        };
        assert_eq!(progress.calls_in_all, CALLS);
        if progress.calls_done > 0 {
            break;
        }
    }
    server.kill();
    server.restart().await;
    let said = changed(&server).await;
    assert_eq!(number(&said, "calls"), CALLS);
    let left = number(&said, "callsChanged");
    assert!((1..CALLS).contains(&left), "{left} of {CALLS} were left");
    assert_eq!(figures(&server).await, whole);
    assert_eq!(number(&changed(&server).await, "callsChanged"), 0);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    with_a_late_answer(&server).await;
    let with = |args: &'static [&'static str]| {
        let mut command = dozvon();
        command
            .args(["recompute", "--server", &server.grpc_addr()])
            .args(args);
        run(command)
    };
    let refused = |said: Said, code: i32, words: &str| {
        assert_eq!(said.code, code, "{}", said.stderr);
        assert!(said.stderr.contains(words), "{words} in {}", said.stderr);
    };
    let period = ["--from", "2000-01", "--to", "2100-01"];
    let said = with(&["--from", "2000-01", "--to", "2100-01", "--source", "pbz"]).await;
    refused(
        said,
        1,
        "no source is called \"pbz\"; known: pbx (--source)",
    );
    let said = with(&["--from", "2000-02", "--to", "2000-01"]).await;
    refused(said, 1, "ends before it starts");
    let said = with(&["--from", "2000-02"]).await;
    refused(said, 2, "--to");
    let mut command = dozvon();
    command
        .args(["recompute", "--server", "127.0.0.1:1"])
        .args(period);
    refused(run(command).await, 4, "no server can be reached");
}
