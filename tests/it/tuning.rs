//! `dozvon tune`: a setting on its way over the server to the connector of its source, to the PBX, and back.

use std::process::Output;

use dozvon::proto::v1::tuning_service_client::TuningServiceClient;
use dozvon::proto::v1::{
    ProposeSettingRequest, ReportSettingRequest, Setting, SettingOutcome, SettingReport,
    WatchSettingsRequest,
};
use tonic::transport::Channel;

use crate::asterisk::{Connector, SOURCE, recording, until};
use crate::harness::{Server, dozvon};
use crate::pbx::Pbx;
use crate::sender::reason;

async fn tune(server: &Server, args: &[&str]) -> Output {
    let mut command = dozvon();
    command
        .args(["tune", "set", SOURCE, "--by", "anna", "--server"])
        .arg(server.grpc_addr())
        .args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn service(server: &Server) -> TuningServiceClient<Channel> {
    TuningServiceClient::new(server.channel().await)
}

fn wanted(source: &str, name: &str) -> ProposeSettingRequest {
    ProposeSettingRequest {
        source: source.to_owned(),
        setting: Some(Setting {
            name: name.to_owned(),
            value: "1".to_owned(),
        }),
        ..ProposeSettingRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_comes_to_the_pbx_and_what_became_of_it_back() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let mut connector = Connector::start_with(pbx.address(), &server.grpc_addr(), "tune = true\n");
    connector.until_said("settings are taken").await;

    let all = [
        "penalty:hotline:PJSIP/101=2",
        "database:dozvon/wait_limit=180",
        "penalty:hotline:PJSIP/999=2",
    ];
    let dry = tune(&server, &[&["--dry-run"][..], &all].concat()).await;
    assert_eq!(dry.status.code(), Some(1), "{dry:?}");
    assert_eq!(
        said(&dry),
        "would    penalty:hotline:PJSIP/101: 0 -> 2\n\
         would    database:dozvon/wait_limit: nothing -> 180\n\
         refused  penalty:hotline:PJSIP/999: queue hotline has no member PJSIP/999\n"
    );
    assert_eq!(pbx.changes(), [""; 0], "a dry run changes nothing");

    let done = tune(&server, &all[..2]).await;
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        said(&done),
        "set      penalty:hotline:PJSIP/101: 0 -> 2\n\
         set      database:dozvon/wait_limit: nothing -> 180\n"
    );
    assert_eq!(
        pbx.changes(),
        ["penalty PJSIP/101 2", "database dozvon/wait_limit 180"]
    );
    let again = tune(&server, &all[..1]).await;
    assert_eq!(said(&again), "same     penalty:hotline:PJSIP/101: 2\n");
    assert_eq!(pbx.changes().len(), 2, "what is so is not sent");
    connector.until_said("a setting was made").await;

    // What is no setting of this switch the connector refuses.
    let mut programs = service(&server).await;
    let alien = programs.propose_setting(wanted(SOURCE, "colour:wall"));
    let report = alien.await.unwrap().into_inner().report.unwrap();
    assert_eq!(report.outcome(), SettingOutcome::Refused);
    assert!(report.why.contains("is none of penalty"), "{report:?}");

    connector.kill();
    let gone = || async {
        let output = tune(&server, &all[..1]).await;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        words.contains("no connector takes settings").then_some(())
    };
    until(gone, "the connector's stream has ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_does_not_say_so_takes_no_settings() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let connector = Connector::start_with(pbx.address(), &server.grpc_addr(), "");
    connector.until_said("listening").await;
    let output = tune(&server, &["penalty:hotline:PJSIP/101=2"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(pbx.changes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let server = Server::start().await;
    let mut service = service(&server).await;
    let watched = WatchSettingsRequest {
        source: "pbx".to_owned(),
    };
    let _stream = service.watch_settings(watched.clone()).await.unwrap();
    let status = service.watch_settings(watched).await.unwrap_err();
    assert_eq!(reason(&status), "source_in_use");
    let status = service.propose_setting(wanted("other", "variable:A")).await;
    assert_eq!(reason(&status.unwrap_err()), "source_not_watched");
    for (source, name, why) in [
        ("", "variable:A", "field_missing"),
        ("pbx", "", "field_missing"),
        ("pbx", "a\nb", "field_invalid"),
        ("pbx", &"x".repeat(257), "field_invalid"),
    ] {
        let status = service.propose_setting(wanted(source, name)).await;
        assert_eq!(reason(&status.unwrap_err()), why, "{source} {name}");
    }
    let report = |outcome: SettingOutcome| ReportSettingRequest {
        source: "pbx".to_owned(),
        id: 1,
        report: Some(SettingReport {
            outcome: outcome.into(),
            ..SettingReport::default()
        }),
    };
    let status = service.report_setting(report(SettingOutcome::Unspecified));
    assert_eq!(reason(&status.await.unwrap_err()), "field_missing");
    let status = service.report_setting(report(SettingOutcome::Set));
    assert_eq!(reason(&status.await.unwrap_err()), "unknown_setting");
}
