//! `dozvon connect asterisk --record`: what is recorded tells the same calls, and nobody's number.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::asterisk::{SOURCE, recording, until};
use crate::harness::{dozvon, run, signal};
use crate::pbx::{Pbx, SECRET, USER};

/// What is concluded from a recording, without the callers.
async fn concluded(path: &Path) -> Vec<Value> {
    let mut command = dozvon();
    command.args(["import", "ami-log", "--preview"]).arg(path);
    let said = run(command).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let mut told: Value = serde_json::from_str(&said.stdout).unwrap();
    let mut calls = std::mem::take(told["calls"].as_array_mut().unwrap());
    for call in &mut calls {
        for of_caller in ["caller", "name"] {
            call[of_caller] = json!(null);
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_tells_the_same_calls_and_nobody_s_number() {
    let Some(folder) = recording("busy-1") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    let own = TempDir::new().unwrap();
    let (config, tape) = (own.path().join("dozvon.toml"), own.path().join("tape.log"));
    let text = format!(
        "data_dir = {:?}\n[[asterisk]]\nsource = \"{SOURCE}\"\naddress = \"{}\"\nuser = \"{USER}\"\nsecret_variable = \"PBX_SECRET\"\n",
        own.path().join("data"),
        pbx.address()
    );
    fs::write(&config, text).unwrap();
    let record = || {
        let mut command = dozvon();
        command
            .args(["connect", "asterisk", "--config"])
            .arg(&config)
            .arg("--record")
            .arg(&tape)
            .env("PBX_SECRET", SECRET);
        command
    };
    let child = record().stdout(Stdio::piped()).spawn().unwrap();
    let size = || fs::metadata(&tape).map_or(0, |file| file.len());
    until(|| async { (size() > 1_000).then_some(()) }, "the lists").await;
    pbx.play(0.0, 1.0, 1_000.0).await;
    let whole = || async {
        let text = fs::read_to_string(&tape).unwrap();
        text.contains("Event: PeerStatus").then_some(text)
    };
    let text = until(whole, "the last message").await;
    signal(child.id(), Signal::INT);
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success());
    assert!(String::from_utf8_lossy(&said.stdout).contains("messages, "));

    assert!(text.starts_with("Recording: dozvon 1\r\n\r\n"));
    let truth = fs::read_to_string(folder.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    for call in truth["calls"].as_array().unwrap() {
        for of_caller in ["caller", "name"] {
            let known = call[of_caller].as_str().unwrap();
            assert!(!text.contains(known), "{known} is in the recording");
        }
    }
    let really = concluded(&folder.join("ami.log")).await;
    assert!(!really.is_empty());
    assert_eq!(concluded(&tape).await, really);

    // Another recording stays as it is.
    let again = run(record()).await;
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(again.stderr.contains("tape.log"), "{}", again.stderr);
}
