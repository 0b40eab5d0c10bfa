//! A caller is asked over the real door: what was answered is there, none of it twice, whatever breaks.

use std::time::Duration;

use dozvon::app::{Patience, start};
use dozvon::clock::Clock;
use dozvon::config::{Config, Overrides};
use dozvon::model::Timestamp;
use dozvon::proto::v1::conduct_survey_request::Message as Report;
use dozvon::proto::v1::conduct_survey_response::Order;
use dozvon::proto::v1::survey_service_client::SurveyServiceClient;
use dozvon::proto::v1::{
    CallerHungUp, DialogOpen, GetSurveyRequest, ListSurveysRequest, PutSurveyRequest,
};
use tokio::sync::mpsc;
use tonic::Code;
use tonic::transport::Channel;

use crate::dialog::{
    ASK_ALL, Dialog, SURVEY, TWO_QUESTIONS, answers, open, put, sessions, surveys, talking,
    until_counted, until_served,
};
use crate::harness::{PATIENCE, Server, run};
use crate::keeping::{call_of, erase, held};
use crate::rows::{Part, Rows};
use crate::sender::{SECOND, Sender, answered, live, now, reason, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_asked_and_what_was_said_is_counted_once() {
    let (server, mut sender) = talking("c-1").await;
    let mut dialog = Dialog::open(server.channel().await, open("c-1")).await;
    match dialog.order().await {
        Order::Opened(opened) => {
            let said = (opened.survey.as_str(), opened.version, opened.resumed);
            assert_eq!(said, (SURVEY, 1, false));
            assert_eq!(opened.language, "ru");
        }
        other @ (Order::Play(_) | Order::Collect(_) | Order::Record(_) | Order::End(_)) => {
            panic!("{other:?} instead of the opening")
        }
    }
    dialog.question("satisfaction").await;
    // A press told twice is one: the second would be an answer to `solved`.
    dialog.press("4").await;
    dialog.pressed -= 1;
    dialog.press("4").await;
    dialog.question("solved").await;
    dialog.press("1").await;
    let end = dialog.end().await;
    let said = (end.disposition.as_str(), end.no_dtmf, end.reason.as_str());
    assert_eq!(said, ("complete", false, ""));

    until_counted(&server, "complete", 1).await;
    assert_eq!(answers(&server, "satisfaction", "4").await, 1);
    assert_eq!(answers(&server, "solved", "yes").await, 1);
    // The same call is asked once, and its end gives it no second disposition.
    let again = Dialog::open(server.channel().await, open("c-1"))
        .await
        .end()
        .await;
    assert_eq!(again.reason, "already_asked");
    let last = answered(1, "c-1", now() - 70 * SECOND).pop();
    sender.batch(last.into_iter().collect()).await;
    sender.heartbeat(now() + 40 * SECOND).await;
    until_served(&server, 1).await;
    let told = async || {
        let mut rows = Rows::of(&server, Part::Store).await;
        let sql = "select agent, question, answer from v_answers order by place";
        rows.texts(sql).await
    };
    let told = until("the answers to be in the view", || async {
        Some(told().await).filter(|told| !told.is_empty())
    });
    assert_eq!(
        told.await,
        [["anna", "satisfaction", "4"], ["anna", "solved", "yes"]]
    );
    let over = Dialog::open(server.channel().await, open("c-1"))
        .await
        .end()
        .await;
    assert!(
        ["already_asked", "call_over"].contains(&&*over.reason),
        "{over:?}"
    );
    for disposition in ["complete", "caller_left_first", "not_handed_over"] {
        let expected = u64::from(disposition == "complete");
        assert_eq!(
            sessions(&server, disposition).await,
            expected,
            "{disposition}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_every_step_loses_no_answer_and_counts_none_twice() {
    // Killed while the invitation plays; before the first key; before the second; while the goodbye plays; after the end.
    for step in 0..5 {
        let (mut server, _sender) = talking("c-1").await;
        let mut dialog = Dialog::open(server.channel().await, open("c-1")).await;
        if step == 0 {
            assert!(matches!(dialog.order().await, Order::Opened(_)));
        }
        if step >= 1 {
            dialog.question("satisfaction").await;
        }
        if step >= 2 {
            dialog.press("5").await;
            dialog.question("solved").await;
        }
        if step >= 3 {
            dialog.press("2").await;
            assert!(
                matches!(dialog.order().await, Order::Play(_)),
                "the goodbye"
            );
        }
        if step >= 4 {
            dialog.prompt_ended().await;
            assert_eq!(dialog.end().await.disposition, "complete");
        }
        server.kill();
        drop(dialog);
        server.restart().await;

        let mut dialog = Dialog::open(server.channel().await, open("c-1")).await;
        if step == 4 {
            assert_eq!(dialog.end().await.reason, "already_asked");
        } else {
            match dialog.order().await {
                Order::Opened(opened) => assert!(opened.resumed, "step {step}"),
                other @ (Order::Play(_) | Order::Collect(_) | Order::Record(_) | Order::End(_)) => {
                    panic!("step {step}: {other:?}")
                }
            }
            if step < 2 {
                dialog.question("satisfaction").await;
                dialog.press("5").await;
            }
            if step < 3 {
                dialog.question("solved").await;
                dialog.press("2").await;
            }
            let end = dialog.end().await;
            assert_eq!(end.disposition, "complete", "step {step}: {end:?}");
        }
        until_counted(&server, "complete", 1).await;
        assert_eq!(
            answers(&server, "satisfaction", "5").await,
            1,
            "step {step}"
        );
        assert_eq!(answers(&server, "solved", "no").await, 1, "step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_lets_the_caller_go_with_a_reason() {
    let (server, _sender) = talking("c-1").await;
    let channel = server.channel().await;
    let changed = |change: fn(&mut DialogOpen)| {
        let mut opening = open("c-1");
        change(&mut opening);
        opening
    };
    let cases = [
        (changed(|open| open.source.clear()), "field_missing", ""),
        (changed(|open| open.call_id.clear()), "field_missing", ""),
        (
            changed(|open| open.call_id = "x".repeat(129)),
            "field_invalid",
            "",
        ),
        (
            changed(|open| open.audio_sha256 = vec![1; 5]),
            "field_invalid",
            "",
        ),
        (
            changed(|open| (open.source, open.call_id) = ("elsewhere".into(), "x".into())),
            "unknown_source",
            "",
        ),
        (
            changed(|open| (open.survey, open.call_id) = ("other".into(), "u-1".into())),
            "unknown_survey",
            "technical_failure",
        ),
    ];
    for (opening, reason, disposition) in cases {
        let end = Dialog::open(channel.clone(), opening).await.end().await;
        assert_eq!((&*end.reason, &*end.disposition), (reason, disposition));
        assert!(!end.message.is_empty(), "{reason}");
    }
    let (out, requests) = mpsc::channel(1);
    let mut dialog = Dialog::over(channel.clone(), out, requests).await;
    dialog.press("1").await;
    assert_eq!(dialog.end().await.reason, "protocol");

    let mut first = Dialog::open(channel.clone(), open("c-1")).await;
    first.question("satisfaction").await;
    let second = Dialog::open(channel.clone(), open("c-1")).await.end().await;
    assert_eq!(second.reason, "being_asked");
    // What is no key of a telephone, and a second opening, do no harm.
    first.press("7x").await;
    first.report(Report::Open(open("c-1"))).await;
    first.press("3").await;
    first.question("solved").await;
    first.report(Report::HungUp(CallerHungUp {})).await;
    assert_eq!(first.end().await.disposition, "partial");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_which_nothing_was_told_is_asked_and_bound_later() {
    let (server, mut sender) = talking("c-1").await;
    let mut dialog = Dialog::open(server.channel().await, open("late")).await;
    dialog.question("satisfaction").await;
    dialog.press("5").await;
    dialog.question("solved").await;
    dialog.press("1").await;
    assert_eq!(dialog.end().await.disposition, "complete");
    sender.batch(answered(5, "late", now() - 80 * SECOND)).await;
    sender.heartbeat(now() + 40 * SECOND).await;
    until_served(&server, 1).await;
    until_counted(&server, "complete", 1).await;
    for disposition in ["caller_left_first", "not_handed_over", "not_eligible"] {
        assert_eq!(sessions(&server, disposition).await, 0, "{disposition}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_call_that_was_never_asked_has_its_disposition_when_it_settles() {
    let server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let began = now() - 200 * SECOND;
    // It talks for 60 s, and its caller hangs up.
    sender.batch(answered(1, "left", began)).await;
    // It talks for 5 s.
    let mut short = answered(5, "short", began);
    short.pop();
    let ended = crate::sender::event(8, began + 15 * SECOND, "short", crate::sender::ended());
    short.push(ended);
    sender.batch(short).await;
    // Nobody answers it: it is not served, and has none.
    let mut lost = answered(9, "lost", began);
    lost.remove(2);
    sender.batch(lost).await;
    sender.heartbeat(now()).await;
    until_counted(&server, "caller_left_first", 1).await;
    until_counted(&server, "not_eligible", 1).await;
    assert_eq!(sessions(&server, "not_handed_over").await, 0);
    let late = Dialog::open(server.channel().await, open("left"))
        .await
        .end()
        .await;
    assert_eq!(late.reason, "call_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_caller_s_session_stays_in_the_figures_and_is_nobody_s() {
    let call = "the-call-that-is-erased";
    let mut server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let events = call_of(1, call, now() - 70 * SECOND, "+7 912 345-67-89");
    sender.batch(events[..3].to_vec()).await;
    let mut dialog = Dialog::open(server.channel().await, open(call)).await;
    dialog.question("satisfaction").await;
    dialog.press("4").await;
    dialog.question("solved").await;
    dialog.report(Report::HungUp(CallerHungUp {})).await;
    assert_eq!(dialog.end().await.disposition, "partial");
    sender.batch(events[3..].to_vec()).await;
    sender.heartbeat(now() + 40 * SECOND).await;
    until_served(&server, 1).await;

    assert!(held(&server, call.as_bytes()).await > 0);
    let said = run(erase(&server, &["--caller", "8 912 345-67-89", "--yes"])).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(held(&server, call.as_bytes()).await, 0);
    server.kill();
    server.restart().await;
    assert_eq!(sessions(&server, "partial").await, 1);
    assert_eq!(answers(&server, "satisfaction", "4").await, 1);
    let again = Dialog::open(server.channel().await, open(call))
        .await
        .end()
        .await;
    assert_eq!(again.reason, "call_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_whose_caller_is_erased_meanwhile_goes_on_as_nobody_s() {
    let call = "the-call-that-is-erased-in-its-dialog";
    let mut server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let events = call_of(1, call, now() - 70 * SECOND, "+7 912 345-67-89");
    sender.batch(events[..3].to_vec()).await;
    let mut dialog = Dialog::open(server.channel().await, open(call)).await;
    dialog.question("satisfaction").await;
    let said = run(erase(&server, &["--caller", "8 912 345-67-89", "--yes"])).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(held(&server, call.as_bytes()).await, 0);
    dialog.press("4").await;
    dialog.question("solved").await;
    assert_eq!(
        held(&server, call.as_bytes()).await,
        0,
        "a step in the same dialog"
    );
    server.kill();
    drop(dialog);
    server.restart().await;
    // The switch knows the call by its own id; nothing of ours does.
    let mut dialog = Dialog::open(server.channel().await, open(call)).await;
    dialog.question("solved").await;
    dialog.press("1").await;
    assert_eq!(dialog.end().await.disposition, "complete");
    until_counted(&server, "complete", 1).await;
    assert_eq!(
        held(&server, call.as_bytes()).await,
        0,
        "a step after a restart"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_never_changes() {
    let server = Server::start().await;
    put(&server, TWO_QUESTIONS).await;
    let mut client = surveys(&server).await;
    let mut ask = async |definition: String| {
        let put = client.put_survey(PutSurveyRequest { definition }).await;
        put.map(|put| put.into_inner().added)
    };
    assert!(
        !ask(TWO_QUESTIONS.to_owned()).await.unwrap(),
        "it is kept already"
    );
    let other = TWO_QUESTIONS.replace("attempts = 3", "attempts = 2");
    let refused = ask(other.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "survey_version_exists");
    assert!(
        ask(other.replace("version = 1  ", "version = 2  "))
            .await
            .unwrap()
    );
    let refused = ask("survey = 3".to_owned()).await.unwrap_err();
    assert_eq!(reason(&refused), "definition_invalid");
    assert!(refused.message().contains("1:"), "{refused:?}");

    let mut client = surveys(&server).await;
    let survey = SURVEY.to_owned();
    let newest = GetSurveyRequest { survey, version: 0 };
    let newest = client.get_survey(newest).await.unwrap().into_inner();
    assert_eq!(newest.survey.unwrap().version, 2);
    assert!(newest.definition.contains("attempts = 2"));
    let all = client.list_surveys(ListSurveysRequest {}).await.unwrap();
    let all = all.into_inner().surveys;
    let all: Vec<_> = all.iter().map(|one| (&*one.survey, one.version)).collect();
    assert_eq!(all, [(SURVEY, 1), (SURVEY, 2)]);
    let survey = "two-question".to_owned();
    let unknown = GetSurveyRequest { survey, version: 0 };
    let refused = client.get_survey(unknown).await.unwrap_err();
    assert_eq!(reason(&refused), "unknown_survey");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with gRPC: run tests/run"]
async fn the_client_of_the_documents_conducts_a_survey() {
    let (server, _sender) = talking("c-1").await;
    let address = server.grpc_addr();
    let conduct = move |call: &str, keys: &str| {
        let python = std::env::var_os("DOZVON_TEST_PYTHON").expect("tests/run sets it");
        let client = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/survey_client.py");
        let mut command = std::process::Command::new(python);
        command.args([client, "--server", &address, "--source", "pbx"]);
        command.args(["--call", call, "--language", "en", "--keys", keys]);
        command
    };
    let said = run(conduct("c-1", "5,1")).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let lines = said.stdout.lines().map(serde_json::from_str);
    let lines: Vec<serde_json::Value> = lines.map(Result::unwrap).collect();
    let orders = lines.iter().map(|line| line["order"].as_str().unwrap());
    let orders: Vec<_> = orders.collect();
    // The invitation, both questions, the goodbye.
    let expected = [
        "opened", "play", "play", "collect", "play", "collect", "play", "end",
    ];
    assert_eq!(orders, expected, "{}", said.stdout);
    assert_eq!(lines[0]["language"], "en");
    assert_eq!(lines[7]["disposition"], "complete");
    assert_eq!(answers(&server, "satisfaction", "5").await, 1);
    assert_eq!(answers(&server, "solved", "yes").await, 1);
    let again = run(conduct("c-1", "1,2")).await;
    assert!(again.stdout.contains("already_asked"), "{}", again.stdout);
}

/// A server of our own process, whose clock is moved by hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_that_nobody_goes_on_with_ends_at_its_limit_with_what_was_answered() {
    let folder = tempfile::TempDir::new().unwrap();
    let overrides = Overrides {
        data_dir: Some(folder.path().join("data")),
        grpc: Some("127.0.0.1:0".parse().unwrap()),
        http: Some("127.0.0.1:0".parse().unwrap()),
        ..Overrides::default()
    };
    let config = Config::load(None, [], &overrides).unwrap();
    let clock = Clock::manual(Timestamp::from_micros(now()));
    let running = start(&config, clock.clone(), Patience::Standby)
        .await
        .unwrap();
    let endpoint = Channel::from_shared(format!("http://{}", running.grpc)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let definition = TWO_QUESTIONS.to_owned();
    let put = PutSurveyRequest { definition };
    let mut client = SurveyServiceClient::new(channel.clone());
    client.put_survey(put).await.unwrap();
    let address = running.grpc.to_string();
    let mut sender = Sender::open_at(&address, live("pbx")).await.unwrap();
    let mut events = answered(1, "c-1", now() - 70 * SECOND);
    events.pop();
    sender.batch(events).await;

    let survey = SURVEY.to_owned();
    let opening = DialogOpen {
        survey,
        ..open("c-1")
    };
    let mut dialog = Dialog::open(channel.clone(), opening).await;
    dialog.question("satisfaction").await;
    dialog.press("2").await;
    dialog.question("solved").await;
    drop(dialog);
    // The survey's limit is ten minutes.
    clock.advance(Duration::from_secs(601));
    let url = format!("http://{}/metrics", running.http);
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
            let partial = "disposition=\"partial\"} 1";
            if text.contains(partial) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let text = waited.await.expect("it ends in time");
    assert!(
        text.contains("question=\"satisfaction\",answer=\"2\"} 1"),
        "{text}"
    );
    running.stop().await.unwrap();
}
