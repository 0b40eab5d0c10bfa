//! Starts that are refused, each in one line that says which file or address and what to do; and starts that mend.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;

use crate::harness::{PATIENCE, Said, Server, dozvon, run};
use crate::sender::{
    QUEUE, SECOND, Sender, all_queues, answered, event, live, now, queue_report, source, stored,
};

/// `dozvon serve` on free ports, which is expected to end by itself.
async fn serve(data: &Path, more: &[&str]) -> Said {
    let mut command = dozvon();
    command.arg("serve").arg("--data").arg(data);
    if !more.contains(&"--grpc") {
        command.args(["--grpc", "127.0.0.1:0"]);
    }
    if !more.contains(&"--http") {
        command.args(["--http", "127.0.0.1:0"]);
    }
    command.args(more);
    run(ending(&command)).await
}

/// The command, ended after 30 s with code 124: a start that was to be refused and was not would go on for ever.
fn ending(command: &Command) -> Command {
    let mut ending = Command::new("timeout");
    ending.arg("30").arg(command.get_program());
    ending.args(command.get_args());
    for (name, _) in command.get_envs() {
        ending.env_remove(name);
    }
    ending
}

/// The last line on stderr is the failure: one line with these words.
#[track_caller]
fn refused(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}", said.stderr);
    assert_eq!(said.stdout, "", "it was never ready");
    let line = said.stderr.lines().last().unwrap_or_default();
    assert!(line.starts_with("dozvon: "), "{}", said.stderr);
    for word in words {
        assert!(line.contains(word), "{word:?} in: {line}");
    }
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--grpc", "--http"] {
        let said = serve(&folder.path().join("data"), &[flag, &address]).await;
        refused(&said, 1, &[&address, "in use", flag]);
    }
    // Nor may it be reached from elsewhere without a word.
    let said = serve(&folder.path().join("data"), &["--grpc", "0.0.0.0:0"]).await;
    refused(&said, 3, &["0.0.0.0:0", "plain_text_elsewhere"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    for data in [file.clone(), file.join("data"), "/proc/dozvon".into()] {
        let said = serve(&data, &[]).await;
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
    let said = serve(&data, &[]).await;
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
async fn a_standby_takes_over_from_one_that_dies() {
    let mut server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);

    let mut standby = dozvon();
    standby.arg("serve").arg("--data").arg(server.data());
    standby.args([
        "--standby",
        "--grpc",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
    ]);
    let mut standby = Killed(standby.stdout(Stdio::piped()).spawn().unwrap());
    let stdout = standby.0.stdout.take().unwrap();
    let mut ready = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line
    });
    let early = tokio::time::timeout(Duration::from_secs(11), &mut ready).await;
    assert!(
        early.is_err(),
        "the first one lives: the standby waits, longer than 10 s"
    );
    server.kill();
    let line = tokio::time::timeout(PATIENCE, ready).await;
    let line = line.expect("it takes over").unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = ready["grpc"].as_str().unwrap();
    let mut report = dozvon();
    report.args([
        "report",
        "queues",
        "--from",
        "2020-01-01",
        "--output",
        "json",
    ]);
    let said = run({
        report.args(["--server", address]);
        report
    })
    .await;
    let report: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(report["rows"][0]["queue"], QUEUE, "{report}");
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A stopped server that has taken three calls, one of them still open.
async fn stopped() -> Server {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.batch(answered(1, "c1", at)).await;
    sender.heartbeat(at + 200 * SECOND).await;
    sender.batch(answered(5, "c2", at + 150 * SECOND)).await;
    let open = &answered(9, "c3", at + 200 * SECOND)[..2];
    let ack = sender.batch(open.to_vec()).await;
    // One number is missing, and one event was rejected.
    let ack = ack.position.max(
        sender
            .batch(vec![event(12, at, "", crate::sender::arrived())])
            .await
            .position,
    );
    stored(&server, "pbx", ack).await;
    sender.close().await;
    assert!(server.terminate().await.success());
    server
}

async fn edit(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    options.connect().await.unwrap()
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = edit(path).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn remove_store(data: &Path) {
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
}

/// What a server tells of itself: the report, the counters, the source.
async fn told(server: &Server) -> (String, String, String) {
    let mut report = queue_report(server).await;
    let context = report.context.as_mut().unwrap();
    context.end = None;
    context.end_local.clear();
    let metrics = server.metrics().await;
    let of_facts = metrics.lines().filter(|line| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let of_process = ["commit_", "ingest_delay", "store_lag", "_skew_", "oldest"];
        !line.starts_with('#')
            && !line.contains("duplicate")
            && !of_process.iter().any(|part| name.contains(part))
    });
    let facts = of_facts.collect::<Vec<_>>().join("\n");
    let mut known = source(server, "pbx").await;
    known.leases.clear();
    (format!("{report:#?}"), facts, format!("{known:#?}"))
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    for name in ["journal.db", "store.db"] {
        let server = stopped().await;
        let path = server.data().join(name);
        let newer = "insert into _sqlx_migrations
            (version, description, success, checksum, execution_time) values (99, 'newer', 1, x'00', 0)";
        execute(&path, newer).await;
        let said = serve(&server.data(), &[]).await;
        let name = path.display().to_string();
        refused(&said, 1, &[&name, "newer dozvon", "upgrade"]);
    }
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
        let said = serve(&server.data(), &[]).await;
        let name = path.display().to_string();
        refused(&said, 1, &[&name, "not a database"]);
    }
}

#[tokio::test]
async fn a_damaged_row_of_the_journal_is_refused_by_its_position() {
    let server = stopped().await;
    let path = server.data().join("journal.db");
    let mut connection = edit(&path).await;
    let query = "select first_position, body from journal order by first_position limit 1 offset 1";
    let row = sqlx::query(query).fetch_one(&mut connection).await.unwrap();
    let position: i64 = row.get(0);
    let mut body: Vec<u8> = row.get(1);
    let middle = body.len() / 2;
    body[middle] ^= 0x10;
    let update = "update journal set body = ? where first_position = ?";
    let update = sqlx::query(update).bind(body).bind(position);
    update.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    remove_store(&server.data());
    let said = serve(&server.data(), &[]).await;
    let named = format!("position {position}");
    refused(&said, 1, &["journal", &named, "backup"]);
}

#[tokio::test]
async fn a_damaged_or_lost_store_is_made_again_from_the_journal() {
    let mut server = stopped().await;
    server.restart().await;
    let before = told(&server).await;
    assert_eq!(all_queues(&server).await.answered, 2);
    let damages = [
        "update sources set state = x'0001020304'",
        "update open_calls set state = substr(state, 1, length(state) - 1)",
        "update counters set state = x'ff' || substr(state, 2)",
        // All of it is gone.
        "",
    ];
    for damage in damages {
        assert!(server.terminate().await.success());
        if damage.is_empty() {
            remove_store(&server.data());
        } else {
            execute(&server.data().join("store.db"), damage).await;
        }
        server.restart().await;
        assert_eq!(told(&server).await, before, "{damage}");
    }
    // It goes on from there, killed or not.
    server.kill();
    server.restart().await;
    assert_eq!(told(&server).await, before);
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    assert_eq!(sender.opened.mark, 12);
    let ack = sender.batch(answered(13, "c4", now() - 300 * SECOND)).await;
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_queues(&server).await.answered, 3);
}

#[tokio::test]
async fn a_store_ahead_of_its_journal_is_refused() {
    let server = stopped().await;
    execute(
        &server.data().join("store.db"),
        "update checkpoint set position = 999",
    )
    .await;
    let said = serve(&server.data(), &[]).await;
    refused(&said, 1, &["999", "store", "journal", "backup"]);
}

#[tokio::test]
async fn a_lost_key_is_not_made_anew_over_calls() {
    let server = stopped().await;
    let mut folder = server.data().into_os_string();
    folder.push("-key");
    let key = Path::new(&folder).join("pseudonym.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let said = serve(&server.data(), &[]).await;
    let name = key.display().to_string();
    refused(&said, 1, &[&name, "backup"]);
    assert!(!key.exists(), "no other key was made");
    std::fs::write(&key, b"0123").unwrap();
    let said = serve(&server.data(), &[]).await;
    refused(&said, 1, &[&name, "64 hexadecimal"]);
    std::fs::write(&key, kept).unwrap();
    let mut server = server;
    server.restart().await;
}
