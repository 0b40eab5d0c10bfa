//! Starts that are refused, each in one line that says which file or address and what to do; and starts that mend.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{PATIENCE, Said, Server, dozvon, run};
use crate::rows::{Part, Rows};
use crate::sender::{
    QUEUE, SECOND, Sender, all_queues, answered, event, live, now, queue_report, source, stored,
    until,
};

/// This `dozvon serve` on free ports, which is expected to end by itself.
pub(crate) async fn serve(mut command: Command, more: &[&str]) -> Said {
    if !more.contains(&"--grpc") {
        command.args(["--grpc", "127.0.0.1:0"]);
    }
    if !more.contains(&"--http") {
        command.args(["--http", "127.0.0.1:0"]);
    }
    command.args(more);
    run(ending(&command)).await
}

/// `dozvon serve` on files in this folder.
pub(crate) fn on_files(data: &Path) -> Command {
    let mut command = dozvon();
    command.arg("serve").arg("--data").arg(data);
    command
}

/// The command, ended after 30 s with code 124: a start that was to be refused and was not would go on for ever.
pub(crate) fn ending(command: &Command) -> Command {
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
pub(crate) fn refused(said: &Said, code: i32, words: &[&str]) {
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
        let data = on_files(&folder.path().join("data"));
        let said = serve(data, &[flag, &address]).await;
        refused(&said, 1, &[&address, "in use", flag]);
    }
    // Nor may it be reached from elsewhere without a word.
    let data = on_files(&folder.path().join("data"));
    let said = serve(data, &["--grpc", "0.0.0.0:0"]).await;
    refused(&said, 3, &["0.0.0.0:0", "plain_text_elsewhere"]);
}

#[tokio::test]
async fn a_standby_takes_over_from_one_that_dies() {
    let mut server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);

    let mut standby = server.serve();
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
pub(crate) async fn stopped() -> Server {
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

/// What a server tells of itself: the report, the counters, the source.
async fn told(server: &Server) -> (String, String, String) {
    let mut report = queue_report(server).await;
    let context = report.context.as_mut().unwrap();
    context.end = None;
    context.end_local.clear();
    let metrics = server.metrics().await;
    let of_facts = metrics.lines().filter(|line| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let of_process = [
            "commit_",
            "ingest_delay",
            "store_lag",
            "_skew_",
            "data_age",
            "oldest",
            "ewt_error",
        ];
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
    for part in Part::BOTH {
        let server = stopped().await;
        let rows = Rows::of(&server, part).await;
        let newer = format!(
            "insert into _sqlx_migrations
                (version, description, success, checksum, execution_time)
            values (99, 'newer', {}, {}, 0)",
            if server.database().is_some() {
                "true"
            } else {
                "1"
            },
            rows.bytes("00")
        );
        rows.change(&newer).await;
        let said = serve(server.serve(), &[]).await;
        let file = server.data().join(format!("{}.db", part.name()));
        let file = file.display().to_string();
        let name = server.database().map_or(&*file, |url| {
            url.rsplit(['/', '='])
                .find(|part| part.starts_with('t'))
                .unwrap()
        });
        refused(&said, 1, &[name, "newer dozvon", "upgrade"]);
    }
}

/// Damages the second row of the journal; its first and its last position.
async fn damage_a_row(server: &Server) -> (String, String) {
    let mut rows = Rows::of(server, Part::Journal).await;
    let query = "select cast(first_position as text), cast(last_position as text) from journal
        order by first_position limit 1 offset 1";
    let mut positions = rows.texts(query).await.remove(0);
    let (last, first) = (positions.pop().unwrap(), positions.pop().unwrap());
    let damage = format!(
        "update journal set body = substr(body, 1, 20) || {} || substr(body, 23)
        where first_position = {first}",
        rows.bytes("ffff")
    );
    rows.change(&damage).await;
    (first, last)
}

#[tokio::test]
async fn a_damaged_row_of_the_journal_is_refused_by_its_position() {
    let server = stopped().await;
    let (position, _) = damage_a_row(&server).await;
    remove_store(&server).await;
    let said = serve(server.serve(), &[]).await;
    let named = format!("position {position}");
    refused(&said, 1, &["journal", &named, "backup"]);
}

#[tokio::test]
async fn a_damaged_row_that_a_start_does_not_read_is_named_in_the_log() {
    let server = stopped().await;
    let (first, last) = damage_a_row(&server).await;
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command = server.serve();
    command
        .args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap());
    let mut serving = command.spawn().unwrap();
    let named = format!("the journal's row of positions {first} to {last} is damaged");
    until(&named, || async {
        let said = std::fs::read_to_string(&log).unwrap();
        said.contains(&named).then_some(())
    })
    .await;
    assert_eq!(serving.try_wait().unwrap(), None, "it goes on");
    serving.kill().unwrap();
    serving.wait().unwrap();
}

/// The store with all that is in it.
pub(crate) async fn remove_store(server: &Server) {
    if server.database().is_some() {
        let rows = Rows::of(server, Part::Store).await;
        return rows.drop_all().await;
    }
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        drop(std::fs::remove_file(server.data().join(name)));
    }
}

#[tokio::test]
async fn a_damaged_or_lost_store_is_made_again_from_the_journal() {
    let mut server = stopped().await;
    server.restart().await;
    let before = told(&server).await;
    assert_eq!(all_queues(&server).await.answered, 2);
    let damages = [
        ("update sources set state = ?", "0001020304"),
        (
            "update open_calls set state = substr(state, 1, length(state) - 1)",
            "",
        ),
        ("update counters set state = ? || substr(state, 2)", "ff"),
        // All of it is gone.
        ("", ""),
    ];
    for (damage, bytes) in damages {
        assert!(server.terminate().await.success());
        if damage.is_empty() {
            remove_store(&server).await;
        } else {
            let rows = Rows::of(&server, Part::Store).await;
            let damage = damage.replace('?', &rows.bytes(bytes));
            rows.change(&damage).await;
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
    let rows = Rows::of(&server, Part::Store).await;
    rows.change("update checkpoint set position = 999").await;
    let said = serve(server.serve(), &[]).await;
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
    let said = serve(server.serve(), &[]).await;
    let name = key.display().to_string();
    refused(&said, 1, &[&name, "backup"]);
    assert!(!key.exists(), "no other key was made");
    std::fs::write(&key, b"0123").unwrap();
    let said = serve(server.serve(), &[]).await;
    refused(&said, 1, &[&name, "64 hexadecimal"]);
    std::fs::write(&key, kept).unwrap();
    let mut server = server;
    server.restart().await;
}
