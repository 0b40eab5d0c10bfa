//! Starts on SQLite files and their folder that are refused, each in one line that names them and what to do.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{Server, dozvon, run};
use crate::sender::{SECOND, Sender, answered, live, now};
use crate::start::{ending, on_files, refused, serve, stopped};

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    for data in [file.clone(), file.join("data"), "/proc/dozvon".into()] {
        let said = serve(on_files(&data), &[]).await;
        let name = data.display().to_string();
        refused(&said, 1, &["cannot write to", &name, "--data"]);
    }
}

#[tokio::test]
#[ignore = "needs root, or user namespaces, to mount: run tests/run"]
async fn a_folder_that_is_read_only_is_named() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut command = Command::new("unshare");
    if !is_root() {
        command.arg("--map-root-user");
    }
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && \
        exec \"$0\" serve --data \"$1\" --grpc 127.0.0.1:0 --http 127.0.0.1:0";
    command.args(["--mount", "sh", "-c", script]);
    command.arg(dozvon().get_program()).arg(&data);
    let said = run(ending(&command)).await;
    let name = data.display().to_string();
    refused(&said, 1, &["cannot write to", &name, "--data", "Read-only"]);
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[tokio::test]
async fn a_folder_in_use_is_waited_for_10_s_and_then_named() {
    let server = Server::start().await;
    let data = server.data();
    let name = data.display().to_string();
    let began = dozvon::clock::instant();
    let said = serve(on_files(&data), &[]).await;
    let waited = began.elapsed();
    refused(&said, 1, &["another dozvon", &name, "--standby"]);
    let about_10_s = Duration::from_secs(9)..Duration::from_secs(15);
    assert!(about_10_s.contains(&waited), "{waited:?}");
    // The first one is none the worse for it.
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    for name in ["journal.db", "store.db"] {
        let server = stopped().await;
        let path = server.data().join(name);
        let junk: Vec<u8> = (0..16_384_u32).map(|at| (at * at % 251) as u8).collect();
        std::fs::write(&path, junk).unwrap();
        // The log beside it would hold all that the file has lost.
        drop(std::fs::remove_file(path.with_extension("db-wal")));
        let said = serve(server.serve(), &[]).await;
        let name = path.display().to_string();
        refused(&said, 1, &[&name, "not a database"]);
    }
}
