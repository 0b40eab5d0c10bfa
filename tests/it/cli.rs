//! What `import` and `report` say when something is wrong, and with which exit code.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use calamine::{Data, Reader as _, Xlsx};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{Said, Server, dozvon, run};
use crate::sender::all_queues;

const HEADER: &str = "vru+line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,\
    q_time,outcome,ser_start,ser_exit,ser_time,server";

/// A made-up row: an answered call in minute `minute` of a morning.
fn row(minute: u32) -> String {
    format!(
        "ZZ0907,{minute},12345,0,PS,990317,9:{minute:02}:00,9:{minute:02}:05,5,9:{minute:02}:05,9:{minute:02}:09,4,\
         AGENT,9:{minute:02}:09,9:{minute:02}:39,30,NOBODY"
    )
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

struct Desk {
    server: Server,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        Self {
            server: Server::start().await,
            folder: TempDir::new().unwrap(),
        }
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn import(&self, format: &str, file: &Path) -> Said {
        import(&self.server.grpc_addr(), format, file).await
    }

    async fn report(&self, args: &[&str]) -> Said {
        let mut command = dozvon();
        command.arg("report").args(args);
        command.args(["--server", &self.server.grpc_addr()]);
        run(command).await
    }
}

async fn import(server: &str, format: &str, file: &Path) -> Said {
    let mut command = dozvon();
    command.args(["import", format, "--server", server, "--retry-for", "1s"]);
    command.arg(file);
    run(command).await
}

/// The summary: the last line on stdout.
fn summary(said: &Said) -> Value {
    let line = said.stdout.lines().last();
    serde_json::from_str(line.unwrap_or_else(|| panic!("no summary: {}", said.stderr))).unwrap()
}

#[track_caller]
fn says(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}", said.stderr);
    for word in words {
        assert!(said.stderr.contains(word), "{word:?} in: {}", said.stderr);
    }
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}

#[tokio::test]
async fn broken_rows_are_named_and_counted_and_the_rest_goes_on() {
    let desk = Desk::new().await;
    let alien = row(4).replace("AGENT", "WIZARD");
    let no_number = row(5).replace(",4,AGENT", ",four,AGENT");
    let no_day = row(6).replace("990317", "990231");
    let rows = [
        row(1),
        "torn,row".to_owned(),
        row(3),
        alien,
        no_number,
        no_day,
        row(7),
    ];
    let mut bytes = table(&rows).into_bytes();
    let no_text = row(8).into_bytes();
    let name = no_text.len() - "NOBODY".len();
    bytes.extend([&no_text[..name], b"\xff\xfe\n"].concat());
    bytes.extend(row(9).bytes());
    let file = desk.put("rows.csv", bytes);
    let said = desk.import("anonymous-bank", &file).await;
    says(
        &said,
        5,
        &[
            "rows.csv",
            "row 2 (line 3): field_count",
            "row 4 (line 5), column outcome",
            "WIZARD",
        ],
    );
    says(
        &said,
        5,
        &[
            "row 5 (line 6), column q_time: bad_number",
            "row 6 (line 7), column date: bad_date",
            "row 8 (line 9)",
            "not_utf8",
        ],
    );
    let summary = summary(&said);
    assert_eq!(summary["rows"], 9, "{summary}");
    let rejected = json!({
        "field_count": 1, "unknown_outcome": 1, "bad_number": 1, "bad_date": 1, "not_utf8": 1,
    });
    assert_eq!(summary["rejected"], rejected);
    assert_eq!(all_queues(&desk.server).await.answered, 4, "{summary}");
}

#[tokio::test]
async fn a_file_that_breaks_off_is_taken_until_there() {
    let desk = Desk::new().await;
    let rows: Vec<String> = (0..50).map(row).collect();
    let whole = gzip(&table(&rows));
    let cut = desk.put("cut.csv.gz", &whole[..whole.len() - 20]);
    let said = desk.import("anonymous-bank", &cut).await;
    says(&said, 5, &["cut.csv.gz", "truncated_gzip"]);
    assert_eq!(summary(&said)["rejected"]["truncated_gzip"], 1);
    let half = &table(&rows[..2])[..HEADER.len() + 1 + row(0).len() + 30];
    let torn = desk.put("torn.csv", half);
    let said = desk.import("anonymous-bank", &torn).await;
    says(&said, 5, &["torn.csv", "row 2", "field_count"]);

    // A log may be written just now: its last line waits for the next time.
    let line = r#"{"occurredAt":"2024-03-01T08:00:00Z","call":{"callId":"c1","ended":{}}}"#;
    let log = format!(
        "{{\"dozvon_events\":1}}\n{line}\n{{\"oops\":1}}\n{}",
        &line[..20]
    );
    let log = desk.put("log.jsonl", log);
    let said = desk.import("events", &log).await;
    says(&said, 5, &["log.jsonl", "row 2 (line 3)", "bad_json"]);
    let summary = summary(&said);
    assert_eq!(
        (&summary["rows"], &summary["acked"]),
        (&json!(2), &json!(1)),
        "{summary}"
    );
}

#[tokio::test]
async fn an_event_that_the_server_rejects_is_named_and_counted() {
    let desk = Desk::new().await;
    let line = |call: &str| {
        format!(
            r#"{{"occurredAt":"2024-03-01T08:00:00Z","call":{{"callId":"{call}","ended":{{}}}}}}"#
        )
    };
    let log = format!("{{\"dozvon_events\":1}}\n{}\n{}\n", line("c1"), line(""));
    let file = desk.put("log.jsonl", log);
    let said = desk.import("events", &file).await;
    says(
        &said,
        5,
        &["log.jsonl: event 2, field call.call_id: field_missing"],
    );
    assert_eq!(summary(&said)["rejected"], json!({"field_missing": 1}));
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_with_what_was_expected() {
    let desk = Desk::new().await;
    let binary: Vec<u8> = (0..9_000_u32).map(|at| (at * at % 251) as u8).collect();
    let cases = [
        ("empty.csv", Vec::new(), "empty"),
        ("plain.csv.gz", table(&[row(1)]).into_bytes(), "gzip"),
        ("binary.csv", binary, "vru+line"),
        ("other.csv", b"name,phone\nanna,1\n".to_vec(), "vru+line"),
    ];
    for (name, bytes, word) in cases {
        let file = desk.put(name, bytes);
        let said = desk.import("anonymous-bank", &file).await;
        says(&said, 1, &[name, word, "expected"]);
        assert_eq!(summary(&said)["events"], 0);
    }
    let file = desk.put("other.jsonl", "{\"name\":\"anna\"}\n");
    let said = desk.import("events", &file).await;
    says(&said, 1, &["other.jsonl", "dozvon_events", "expected"]);

    let said = desk
        .import("anonymous-bank", &desk.folder.path().join("none.csv"))
        .await;
    says(&said, 1, &["none.csv", "No such file"]);
    let said = desk.import("anonymous-bank", desk.folder.path()).await;
    says(&said, 1, &["regular file"]);
    let said = desk.import("tea-leaves", &file).await;
    says(&said, 2, &["tea-leaves", "anonymous-bank", "events"]);
    assert_eq!(
        all_queues(&desk.server).await.answered,
        0,
        "nothing of it was taken"
    );
}

#[tokio::test]
async fn one_bad_file_does_not_keep_the_others_out() {
    let desk = Desk::new().await;
    let good = desk.put("good.csv", table(&[row(1)]));
    let bad = desk.put("bad.csv", "a,b\n");
    let mut command = dozvon();
    command.args([
        "import",
        "anonymous-bank",
        "--server",
        &desk.server.grpc_addr(),
    ]);
    command.args([&bad, &good]);
    let said = run(command).await;
    says(&said, 1, &["bad.csv", "expected"]);
    assert_eq!(summary(&said)["rows"], 1);
    assert_eq!(all_queues(&desk.server).await.answered, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_no_dozvon_is_named_by_its_address() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, table(&[row(1)])).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap().to_string();
    drop(free);

    // Something that speaks HTTP/1, and something that says nothing and hangs up.
    let web = listener(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let mute = listener(b"").await;
    let server = Server::start().await;
    let metrics = server.http_addr();
    for address in [nobody, web, mute, metrics] {
        let said = import(&address, "anonymous-bank", &file).await;
        says(&said, 4, &[&address]);
        let mut command = dozvon();
        command.args(["report", "queues", "--server", &address]);
        let said = run(command).await;
        says(&said, 4, &[&address]);
        assert_eq!(said.stdout, "");
    }
    let mut command = dozvon();
    command.args(["report", "queues", "--server", "https://a b"]);
    says(&run(command).await, 2, &["HOST:PORT"]);
}

/// Answers every connection with these bytes and hangs up.
async fn listener(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut asked = [0; 64];
            drop(socket.read(&mut asked).await);
            drop(socket.write_all(answer).await);
        }
    });
    address
}

#[tokio::test]
async fn a_report_without_data_says_so_and_a_wrong_question_gets_the_nearest_name() {
    let desk = Desk::new().await;
    let period = ["--from", "2026-01-01", "--to", "2026-02-01"];
    for report in ["queues", "transfers", "waits"] {
        for output in ["table", "csv", "json"] {
            let ask = [&[report, "--output", output], &period[..]].concat();
            let said = desk.report(&ask).await;
            assert_eq!(said.code, 0, "{report} {output}: {}", said.stderr);
            let told = format!("{}{}", said.stdout, said.stderr);
            assert!(
                told.to_lowercase().contains("no data"),
                "{report} {output}: {told}"
            );
            assert!(
                !said.stdout.contains("ALL"),
                "{report} {output}: {}",
                said.stdout
            );
        }
    }
    let ask = |more: [&'static str; 2]| [&["queues"], &period[..], &more].concat();
    let said = desk.report(&ask(["--zone", "Europe/Samra"])).await;
    says(&said, 1, &["Europe/Samra", "Europe/Samara", "zone"]);
    let said = desk.report(&ask(["--queue", "jobs"])).await;
    says(&said, 1, &["jobs", "no queue is known yet"]);

    let file = desk.put("a.csv", table(&[row(1)]));
    assert_eq!(desk.import("anonymous-bank", &file).await.code, 0);
    let said = desk.report(&ask(["--queue", "PSS"])).await;
    says(&said, 1, &["PSS", "\"PS\"", "nearest"]);
    assert_eq!(desk.report(&ask(["--queue", "PS"])).await.code, 0);

    let said = desk
        .report(&["queues", "--from", "2026-02-01", "--to", "2026-01-01"])
        .await;
    says(&said, 1, &["2026-02-01", "2026-01-01", "after its end"]);
    let said = desk.report(&["queues", "--from", "yesterday"]).await;
    says(&said, 2, &["yesterday", "2026-01-31"]);
    let said = desk.report(&["queues", "--to", "2026-01-31"]).await;
    says(&said, 2, &["--from"]);
    let long = [
        "queues",
        "--from",
        "1900-01-01",
        "--to",
        "2026-01-01",
        "--bucket",
        "15m",
    ];
    says(&desk.report(&long).await, 1, &["too long", "15m"]);
}

#[tokio::test]
async fn a_report_goes_to_a_file_whole_or_not_at_all() {
    let desk = Desk::new().await;
    let file = desk.put("a.csv", table(&[row(1)]));
    assert_eq!(desk.import("anonymous-bank", &file).await.code, 0);
    let out = desk.put("march.xlsx", "of yesterday");
    let out = out.to_str().unwrap();
    let ask = ["queues", "--from", "1999-03", "--to", "1999-04"];

    // A refusal leaves the old file, and a good answer takes its place.
    let refused = [&ask[..], &["--queue", "PSS", "--out", out]].concat();
    says(&desk.report(&refused).await, 1, &["PSS"]);
    assert_eq!(std::fs::read(out).unwrap(), b"of yesterday");
    let said = desk.report(&[&ask[..], &["--out", out]].concat()).await;
    assert_eq!((said.code, &*said.stdout), (0, ""), "{}", said.stderr);
    let mut workbook: Xlsx<_> = calamine::open_workbook(out).unwrap();
    let rows = workbook.worksheet_range("Queues").unwrap();
    assert_eq!(rows.get((1, 1)), Some(&Data::String("PS".into())));

    // A pipe is no terminal: it gets the workbook.
    let piped = [&ask[..], &["--output", "xlsx"]].concat();
    let said = desk.report(&piped).await;
    assert_eq!((said.code, &said.stdout[..2]), (0, "PK"), "{}", said.stderr);

    let nowhere = desk.folder.path().join("no such folder/march.csv");
    let nowhere = nowhere.to_str().unwrap();
    let said = desk.report(&[&ask[..], &["--out", nowhere]].concat()).await;
    says(&said, 1, &["cannot write", nowhere]);
}

#[tokio::test]
async fn a_held_source_is_waited_for_and_then_named() {
    let desk = Desk::new().await;
    let open = crate::sender::history("anonymous-bank", 9);
    let holder = crate::sender::Sender::open(&desk.server, open)
        .await
        .unwrap();
    let file = desk.put("a.csv", table(&[row(1)]));
    let said = desk.import("anonymous-bank", &file).await;
    says(&said, 1, &["source_in_use", &desk.server.grpc_addr()]);
    let mut command: Command = dozvon();
    command.args([
        "import",
        "anonymous-bank",
        "--server",
        &desk.server.grpc_addr(),
    ]);
    command.arg(&file);
    let waiting = tokio::spawn(run(command));
    tokio::time::sleep(Duration::from_millis(500)).await;
    holder.close().await;
    assert_eq!(waiting.await.unwrap().code, 0);
}
