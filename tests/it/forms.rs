//! Forms of other channels than the telephone: each is taken once, or refused by itself, and is there after a kill.

use std::fmt::Write as _;

use dozvon::proto::v1::submitted_form::Content;
use dozvon::proto::v1::survey_service_client::SurveyServiceClient;
use dozvon::proto::v1::{
    FormAnswer, FormAnswers, MonthlyCount, PutSurveyRequest, SubmitAnswersRequest,
    SubmitAnswersResponse, SubmittedForm,
};

use crate::harness::{Server, dozvon, run};
use crate::keeping::{call_of, erase, held};
use crate::sender::{SECOND, Sender, live, now, reason, stored};

pub(crate) const QUESTIONNAIRE: &str = include_str!("../../deploy/surveys/questionnaire.toml");

pub(crate) async fn questionnaire() -> Server {
    let server = Server::start().await;
    let mut client = SurveyServiceClient::new(server.channel().await);
    let definition = QUESTIONNAIRE.to_owned();
    client
        .put_survey(PutSurveyRequest { definition })
        .await
        .unwrap();
    server
}

pub(crate) fn form(id: &str, answers: &[(&str, &str)]) -> SubmittedForm {
    let answers = answers.iter().map(|(question, answer)| FormAnswer {
        question: (*question).into(),
        answer: (*answer).into(),
        ..FormAnswer::default()
    });
    let answers = FormAnswers {
        survey: "questionnaire".into(),
        answers: answers.collect(),
        ..FormAnswers::default()
    };
    SubmittedForm {
        form_id: id.into(),
        channel: "paper".into(),
        answered_at: Some(pbjson_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        content: Some(Content::Answers(answers)),
        ..SubmittedForm::default()
    }
}

fn count(month: &str, cause: &str, count: u32) -> SubmittedForm {
    let (month, cause) = (month.into(), cause.into());
    SubmittedForm {
        channel: "appeal".into(),
        content: Some(Content::Count(MonthlyCount {
            month,
            cause,
            count,
        })),
        ..SubmittedForm::default()
    }
}

pub(crate) async fn submit(server: &Server, forms: Vec<SubmittedForm>) -> SubmitAnswersResponse {
    let mut client = SurveyServiceClient::new(server.channel().await);
    let request = SubmitAnswersRequest {
        forms,
        check_only: false,
    };
    client.submit_answers(request).await.unwrap().into_inner()
}

fn reasons(answer: &SubmitAnswersResponse) -> Vec<(u32, &str)> {
    let refusals = answer.refusals.iter();
    refusals.map(|one| (one.place, &*one.reason)).collect()
}

pub(crate) const SKILLS: (&str, &str) = ("internet_skills", "not");

#[tokio::test(flavor = "multi_thread")]
async fn each_form_is_taken_once_or_refused_by_itself() {
    let mut server = questionnaire().await;
    let with = |change: fn(&mut SubmittedForm)| {
        let mut form = form("bad", &[SKILLS]);
        change(&mut form);
        form
    };
    let brought = vec![
        form("p-1", &[SKILLS]),
        form("p-2", &[("internet_skill", "not")]),
        count("2024-01", "long_waiting", 12),
        with(|form| form.channel = "phone".into()),
        with(|form| form.channel = "mail".into()),
        with(|form| form.answered_at.as_mut().unwrap().seconds = 9_000_000_000),
        with(|form| form.form_id.clear()),
        with(|form| (form.source, form.call_id) = ("nowhere".into(), "c".into())),
        count("2099-01", "long_waiting", 1),
        count("2024-01", "waiting", 1),
        form("p-1", &[("internet_skills", "alone")]),
        form("p-1", &[SKILLS]),
        form("p-3", &[SKILLS]),
    ];
    let answer = submit(&server, brought.clone()).await;
    assert_eq!((answer.accepted, answer.duplicates), (3, 1), "{answer:?}");
    let expected = [
        (1, "unknown_question"),
        (3, "channel_not_asked"),
        (4, "unknown_channel"),
        (5, "time_out_of_range"),
        (6, "field_missing"),
        (7, "unknown_source"),
        (8, "wrong_month"),
        (9, "unknown_cause"),
        (10, "form_conflict"),
    ];
    assert_eq!(reasons(&answer), expected);

    // What was answered is on disk: the store may be made again from the journal.
    server.kill();
    server.restart().await;
    let again = submit(&server, brought).await;
    assert_eq!((again.accepted, again.duplicates), (0, 4), "{again:?}");
    assert_eq!(reasons(&again), expected);
    let changed = submit(&server, vec![count("2024-01", "long_waiting", 13)]).await;
    assert_eq!(reasons(&changed), [(0, "form_conflict")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_mid_stream_loses_no_form_that_was_acked_and_takes_none_twice() {
    let mut server = questionnaire().await;
    let batch = |number: u32| -> Vec<_> {
        let forms = (0..20).map(|place| form(&format!("f-{number}-{place}"), &[SKILLS]));
        forms.collect()
    };
    let mut acked = Vec::new();
    for number in 0..3 {
        assert_eq!(submit(&server, batch(number)).await.accepted, 20);
        acked.push(number);
    }
    // One more is on its way when the server dies: it may be there or not, whole.
    let mut client = SurveyServiceClient::new(server.channel().await);
    let request = SubmitAnswersRequest {
        forms: batch(3),
        check_only: false,
    };
    let sent = tokio::spawn(async move { client.submit_answers(request).await });
    tokio::task::yield_now().await;
    server.kill();
    let was_acked = sent.await.unwrap().is_ok();
    server.restart().await;
    for number in acked {
        let answer = submit(&server, batch(number)).await;
        assert_eq!((answer.accepted, answer.duplicates), (0, 20));
    }
    let answer = submit(&server, batch(3)).await;
    let known = answer.duplicates;
    assert_eq!((answer.accepted + known, known % 20), (20, 0));
    assert!(!was_acked || known == 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_forms_at_once_are_refused_and_a_check_takes_nothing() {
    let server = questionnaire().await;
    let mut client = SurveyServiceClient::new(server.channel().await);
    let mut ask = async |many: usize, check_only| {
        let forms = (0..many).map(|number| form(&number.to_string(), &[SKILLS]));
        let forms = forms.collect();
        let asked = SubmitAnswersRequest { forms, check_only };
        client
            .submit_answers(asked)
            .await
            .map(tonic::Response::into_inner)
    };
    let refused = ask(1_001, true).await.unwrap_err();
    assert_eq!(reason(&refused), "batch_too_large");
    assert_eq!(ask(3, true).await.unwrap().accepted, 3);
    assert_eq!(ask(3, false).await.unwrap().accepted, 3);
    assert_eq!(ask(3, true).await.unwrap().duplicates, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_an_erased_caller_s_call_is_nobody_s() {
    let call = "the-call-of-the-form";
    let server = questionnaire().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let events = call_of(1, call, now() - 70 * SECOND, "+7 912 345-67-89");
    let ack = sender.batch(events).await;
    stored(&server, "pbx", ack.position).await;
    let mut bound = form("p-1", &[SKILLS]);
    (bound.source, bound.call_id) = ("pbx".into(), call.into());
    assert_eq!(submit(&server, vec![bound.clone()]).await.accepted, 1);
    sender.heartbeat(now() + 40 * SECOND).await;
    let said = run(erase(&server, &["--caller", "8 912 345-67-89", "--yes"])).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(held(&server, call.as_bytes()).await, 0);
    // It is known again, and does not bring the call back.
    assert_eq!(submit(&server, vec![bound]).await.duplicates, 1);
    assert_eq!(held(&server, call.as_bytes()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_spreadsheet_is_imported_once() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let command = |args: &[&str]| {
        let mut command = dozvon();
        command.arg("survey").args(args);
        command.args(["--server", &server.grpc_addr()]);
        command
    };
    let definition = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/deploy/surveys/questionnaire.toml"
    );
    let put = run(command(&["put", definition])).await;
    assert_eq!(
        (put.code, &*put.stdout),
        (0, "questionnaire, version 1: put\n")
    );
    let shown = run(command(&["show", "questionnaire"])).await;
    assert_eq!(shown.stdout, QUESTIONNAIRE);
    let listed = run(command(&["list"])).await;
    assert!(
        listed.stdout.contains("paper web exit"),
        "{}",
        listed.stdout
    );

    let mut text = String::from("form_id;answered_at;internet_skills;online_clear\r\n");
    for number in 0..1_200 {
        writeln!(text, "A{number};31.01.2024 14:05;not;unclear\r").unwrap();
    }
    text += "B;31.01.2024;maybe;\r\n";
    let path = folder.path().join("forms.csv");
    std::fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap();
    let rest = ["--survey", "questionnaire", "--channel", "web"];
    let import = |more: &[&str]| run(command(&[&["import", path], &rest[..], more].concat()));
    for (more, accepted, duplicates) in [
        (&["--dry-run"][..], 1_200, 0),
        (&[], 1_200, 0),
        (&[], 0, 1_200),
    ] {
        let said = import(more).await;
        assert_eq!(said.code, 5, "{}", said.stderr);
        assert!(said.stderr.contains("forms.csv:1202:"), "{}", said.stderr);
        let last = said.stdout.lines().last().unwrap();
        let last: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(last["rows"], 1_201);
        let counts = (&last["accepted"], &last["duplicates"]);
        assert_eq!(counts, (&accepted.into(), &duplicates.into()));
        assert_eq!(last["refused"]["unknown_answer"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_is_reported_by_itself_and_counts_by_month() {
    let server = questionnaire().await;
    // More than are read at once, all of one instant: parts end and begin in the middle of it.
    let on = |channel: &str, id: &str, answers: &[(&str, &str)]| SubmittedForm {
        channel: channel.into(),
        ..form(id, answers)
    };
    let good = [SKILLS, ("staff_rating", "5")];
    for some in 0..3 {
        let forms = (0..700).map(|number| on("paper", &format!("p-{some}-{number}"), &good));
        assert_eq!(submit(&server, forms.collect()).await.accepted, 700);
    }
    let rest = vec![
        on("paper", "p-bad", &[("staff_rating", "2")]),
        on("web", "w-1", &[("staff_rating", "1")]),
        count("2023-11", "long_waiting", 9),
        count("2023-11", "poor_service", 3),
        count("2023-12", "long_waiting", 1),
    ];
    assert_eq!(submit(&server, rest).await.accepted, 5);
    let asked = async |more: &[&str]| {
        let mut words = vec![
            "survey",
            "--from",
            "2023-11",
            "--to",
            "2023-12",
            "--channel",
        ];
        words.extend(more);
        server.report(&words).await
    };
    let scores = async |channel| {
        let told = asked(&[channel, "--output", "json"]).await;
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert!(
            told["funnel"].as_array().is_none_or(Vec::is_empty),
            "{told}"
        );
        let rows = told["scores"].as_array().cloned().unwrap_or_default();
        let row = |row: serde_json::Value| {
            let text = |name: &str| row[name].as_str().unwrap_or("0").to_owned();
            let top = row["topBox"]["count"].as_str().unwrap_or("0").to_owned();
            (
                text("channel"),
                text("question"),
                text("asked"),
                text("n"),
                top,
            )
        };
        rows.into_iter().map(row).collect::<Vec<_>>()
    };
    let row = |channel: &str, question: &str, figures: [&str; 3]| {
        let [asked, n, top] = figures.map(str::to_owned);
        (channel.to_owned(), question.to_owned(), asked, n, top)
    };
    let expected = [
        row("paper", SKILLS.0, ["2101", "2100", "0"]),
        row("paper", "staff_rating", ["2101", "2101", "2100"]),
    ];
    assert_eq!(scores("paper").await, expected);
    assert_eq!(
        scores("web").await,
        [row("web", "staff_rating", ["1", "1", "0"])]
    );
    assert_eq!(scores("phone").await, []);

    let counted = asked(&["appeal"]).await;
    let lines: Vec<_> = counted.lines().skip(1).collect();
    let begins: Vec<_> = lines
        .iter()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .collect();
    let told = begins.iter().map(|cells| (cells[2], cells[3], cells[4]));
    let told: Vec<_> = told.filter(|(.., count)| *count != "0").collect();
    assert_eq!(
        told,
        [
            ("2023-11", "long_waiting", "9"),
            ("2023-11", "poor_service", "3")
        ],
        "{counted}"
    );
    let answers = asked(&["paper", "--part", "answers", "--output", "csv"]).await;
    assert!(
        answers.contains("staff_rating,5,positive,2100,2101,"),
        "{answers}"
    );
    let table = asked(&["appeal", "--output", "table"]).await;
    assert!(
        table.contains("long_waiting") && table.contains("75.0 %"),
        "{table}"
    );
}
