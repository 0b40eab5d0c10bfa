//! `dozvon connect asterisk --set`: settings of a PBX, read before and after they are changed.

use std::process::Output;

use crate::asterisk::recording;
use crate::harness::dozvon;
use crate::pbx::{Pbx, SECRET, USER};

async fn set(pbx: &Pbx, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "data_dir = {:?}\n[[asterisk]]\nsource = \"pbx-1\"\naddress = \"{}\"\nuser = \"{USER}\"\nsecret_variable = \"PBX_SECRET\"\n",
        folder.path().join("data"),
        pbx.address(),
    );
    let path = folder.path().join("dozvon.toml");
    std::fs::write(&path, config).unwrap();
    let mut command = dozvon();
    command
        .args(["connect", "asterisk", "--config"])
        .arg(path)
        .args(args)
        .env("PBX_SECRET", SECRET);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_the_rest_is_read_again() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    let all = [
        "--set",
        "penalty:hotline:PJSIP/101=2",
        "--set",
        "database:dozvon/wait_limit=180",
        "--set",
        "variable:OVERFLOW_AT=12",
    ];
    let dry = set(&pbx, &[&["--dry-run"][..], &all].concat()).await;
    assert!(dry.status.success(), "{dry:?}");
    assert_eq!(
        said(&dry),
        "would    penalty:hotline:PJSIP/101: 0 -> 2\n\
         would    database:dozvon/wait_limit: nothing -> 180\n\
         would    variable:OVERFLOW_AT: nothing -> 12\n"
    );
    assert_eq!(pbx.changes(), [""; 0]);

    let done = set(&pbx, &all).await;
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        said(&done),
        "set      penalty:hotline:PJSIP/101: 0 -> 2\n\
         set      database:dozvon/wait_limit: nothing -> 180\n\
         set      variable:OVERFLOW_AT: nothing -> 12\n"
    );
    assert_eq!(
        pbx.changes(),
        [
            "penalty PJSIP/101 2",
            "database dozvon/wait_limit 180",
            "variable OVERFLOW_AT 12"
        ]
    );

    let again = set(&pbx, &all).await;
    assert!(said(&again).starts_with("same     penalty:hotline:PJSIP/101: 2\n"));
    assert_eq!(pbx.changes().len(), 3, "what is so is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_set_is_said_and_the_rest_is_done() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let pbx = Pbx::start(&folder).await;
    let output = set(
        &pbx,
        &[
            "--set",
            "penalty:hotline:PJSIP/999=2",
            "--set",
            "ring_in_use:hotline:PJSIP/101=yes",
            "--set",
            "variable:OVERFLOW_AT=12",
        ],
    )
    .await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        said(&output),
        "refused  penalty:hotline:PJSIP/999: queue hotline has no member PJSIP/999\n\
         taken    ring_in_use:hotline:PJSIP/101: yes; this PBX does not tell what it is\n\
         set      variable:OVERFLOW_AT: nothing -> 12\n"
    );
    pbx.deny_lists();
    let output = set(&pbx, &["--set", "penalty:hotline:PJSIP/101=2"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("write = reporting,agent"),
        "{output:?}"
    );
    let output = set(&pbx, &["--set", "penalty:hotline=2"]).await;
    assert_eq!(output.status.code(), Some(2), "clap's own");
}
