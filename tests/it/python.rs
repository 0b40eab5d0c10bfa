//! A plain Python client, made from the proto files alone: it streams, is cut off, resumes and pulls the report.
//!
//! What it checks of the door itself stands in `tests/python/client.py`; the figures of its six calls stand here.

use std::{env, path::Path, process::Command};

use serde_json::{Value, json};

use crate::harness::{Server, dozvon, run};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with gRPC: run tests/run"]
async fn a_python_client_gets_back_the_transfer_it_told() {
    let server = Server::start().await;
    let address = server.grpc_addr();
    let answer = tokio::task::spawn_blocking(move || run_client(&address))
        .await
        .expect("the client's thread ends");

    holds(
        &answer["refusals"],
        json!({"second_sender": "source_in_use"}),
    );
    holds(
        &answer["source"]["epochs"][0],
        json!({"mark": "36", "gaps": [], "rejected": "1"}),
    );
    let report = &answer["report"];
    holds(
        &report["context"],
        json!({"zone": "Europe/Samara", "callsProvisional": "0", "callsTest": "0"}),
    );
    assert_eq!(
        report["context"]["sources"].as_array().map(Vec::len),
        Some(1)
    );
    holds(
        &report["context"]["sources"][0],
        json!({"source": "python-pbx", "gapEvents": "0", "lateEvents": "0", "rejectedEvents": "1"}),
    );

    assert_eq!(report["rows"].as_array().map(Vec::len), Some(3));
    let passed_on = json!({
        "transfers": "1",
        "callsTransferred": "1",
        "kinds": [{"method": "blind", "target": "queue", "count": "1"}],
        "afterAnswered": "1",
        // Queued for the specialists at second 51, answered at 63.
        "transferWaitSum": "12s",
        "wrongDoor": "1",
    });
    let first_line = &report["rows"][0];
    holds(
        first_line,
        json!({"queue": "first_line", "callsServed": "3", "transferredCallRate": 1.0 / 3.0}),
    );
    holds(first_line, passed_on.clone());
    let specialists = json!({
        "queue": "specialists",
        "callsServed": "1",
        "transfers": "0",
        "transferredCallRate": 0.0,
    });
    holds(&report["rows"][1], specialists);
    let all = json!({
        "bucketStart": "2025-03-03T09:00:00+04:00",
        "queue": "ALL",
        "callsServed": "4",
        "transferredCallRate": 0.25,
        "transfersPerCall": 0.25,
        "callsByTransfers": ["3", "1", "0", "0", "0", "0", "0"],
        "wrongDoorRate": 0.25,
        "returns": "0",
        "failed": "0",
        "failures": [],
        "afterAbandoned": "0",
        "afterReturned": "0",
        "excessive": "0",
        "reroutes": "0",
        "requeued": "0",
        "consultOnly": "0",
    });
    holds(&report["rows"][2], all);
    holds(&report["rows"][2], passed_on);

    assert_eq!(report["paths"].as_array().map(Vec::len), Some(1));
    let path =
        json!({"fromQueue": "first_line", "target": "queue", "to": "specialists", "count": "1"});
    holds(&report["paths"][0], path);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python with gRPC: run tests/run"]
async fn the_client_of_the_documents_says_what_the_report_says() {
    let folder = tempfile::TempDir::new().expect("a folder can be made");
    let path = folder.path().join("events.jsonl");
    let mut simulate = dozvon();
    simulate.args([
        "simulate",
        "--date",
        "2024-03-04",
        "--calls",
        "400",
        "--seed",
        "5",
        "--output",
    ]);
    simulate.arg(&path);
    assert_eq!(run(simulate).await.code, 0);
    let server = Server::start().await;
    let mut import = server.import("events");
    import.arg(&path);
    assert_eq!(run(import).await.code, 0);
    let period = ["2024-03-04T00:00:00Z", "2024-03-05T00:00:00Z"];
    let address = server.grpc_addr();
    let said = tokio::task::spawn_blocking(move || run_example(&address, period)).await;
    let said = said.expect("the client's thread ends");

    let asked = [
        "queues", "--from", period[0], "--to", period[1], "--output", "csv",
    ];
    let csv = server.report(&asked).await;
    let json = server
        .report(&[
            "queues", "--from", period[0], "--to", period[1], "--output", "json",
        ])
        .await;
    let context = serde_json::from_str::<Value>(&json).expect("JSON")["context"].take();
    let [calls, digest] =
        ["calls", "callsDigest"].map(|field| context[field].as_str().expect(field));
    let digest = format!("these are {calls} calls, digest {digest}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let columns = reader.headers().expect("a header").clone();
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert!(rows.len() > 1, "{csv}");
    for row in rows {
        let cell = |name: &str| {
            &row[columns
                .iter()
                .position(|column| column == name)
                .expect(name)]
        };
        let (queue, abandoned, offered) =
            (cell("queue"), cell("abandoned"), cell("visits_offered"));
        let line = format!("{queue}: {abandoned} of {offered} gave up, ");
        // The row of all queues is none that loses most.
        assert_eq!(said.contains(&line), queue != "ALL", "{line:?} in {said}");
    }
    assert!(
        said.contains(" passed on, ") && said.contains(&digest),
        "{said}"
    );
}

/// Runs the example of the documents; what it printed.
fn run_example(server: &str, [start, end]: [&str; 2]) -> String {
    let python = env::var_os("DOZVON_TEST_PYTHON").expect("DOZVON_TEST_PYTHON is set by tests/run");
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg(project.join("docs/report.py"))
        .arg(server)
        .arg(project.join("proto"))
        .args([start, end])
        .output()
        .expect("Python starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).expect("it prints text")
}

/// Runs the client to its end; what it printed.
fn run_client(server: &str) -> Value {
    let python = env::var_os("DOZVON_TEST_PYTHON").expect("DOZVON_TEST_PYTHON is set by tests/run");
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg(project.join("tests/python/client.py"))
        .args(["--server", server, "--protos"])
        .arg(project.join("proto"))
        .output()
        .expect("Python starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("the client prints one JSON object")
}

/// Every expected field is there with its value; fields that nobody expects may be there too.
#[track_caller]
fn holds(actual: &Value, expected: Value) {
    for (field, value) in expected.as_object().expect("fields are expected") {
        assert_eq!(&actual[field], value, "`{field}` of {actual:#}");
    }
}
