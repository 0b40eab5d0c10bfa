//! What simulated phones really did against what the reports say of their events: taken in live and as history.
//!
//! The simulator counts while its phones ring and talk; everything from the door to the report sees its events only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Server, dozvon, run};
use crate::scrape::Scrape;

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_simulated_days_tell_the_truth() {
    for seed in ["1", "2", "3"] {
        tells_the_truth(&["--seed", seed, "--calls", "400"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_a_larger_simulated_hotline_tell_the_truth() {
    tells_the_truth(&["--seed", "4", "--calls", "5000", "--queues", "20"]).await;
}

/// Imports one simulation in both modes and compares every report with the truth.
async fn tells_the_truth(options: &[&str]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.jsonl");
    let truth = folder.path().join("truth.json");
    let mut simulate = dozvon();
    simulate
        .args(["simulate", "--date", "2024-03-04"])
        .args(options)
        .arg("--output")
        .arg(&path)
        .arg("--truth")
        .arg(&truth);
    let said = run(simulate).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let truth: Value = serde_json::from_slice(&fs::read(&truth).unwrap()).unwrap();

    let mut differing = Differing::default();
    for mode in [&["--as-live"][..], &[]] {
        differing.mode = mode.first().copied().unwrap_or("history");
        let server = Server::start().await;
        let mut import = server.import("events");
        import.arg(&path).args(mode);
        let said = run(import).await;
        assert_eq!(said.code, 0, "{}", said.stderr);
        let summary: Value = serde_json::from_str(said.stdout.trim()).unwrap();
        assert_eq!(summary["acked"], truth["events"]);

        let queues = report(&server, "queues").await;
        compare_queues(&truth, &queues, &mut differing);
        let transfers = report(&server, "transfers").await;
        compare_transfers(&truth, &transfers["ALL"], &mut differing);
        let context = server.report(&args("queues", "json")).await;
        let context: Value = serde_json::from_str(&context).unwrap();
        let left_out = context["context"]["callsTest"].as_str().unwrap();
        differing.compare("ALL", "calls_test", left_out, count(&truth["calls_test"]));
        if !mode.is_empty() {
            Scrape::of(&server).await.is_conserved();
        }
    }
    let cells = differing.cells.join("\n  ");
    assert!(cells.is_empty(), "dozvon simulate {options:?}:\n  {cells}");
}

/// The rows of a report by queue.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

fn args<'a>(name: &'a str, output: &'a str) -> [&'a str; 9] {
    let [from, to] = ["2024-03-04", "2024-03-06"];
    let zone = "Europe/Samara";
    [
        name, "--from", from, "--to", to, "--zone", zone, "--output", output,
    ]
}

async fn report(server: &Server, name: &str) -> Rows {
    let text = server.report(&args(name, "csv")).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| row.map(|row| (row["queue"].clone(), row)).unwrap())
        .collect()
}

fn compare_queues(truth: &Value, rows: &Rows, differing: &mut Differing) {
    let nobody = BTreeMap::new();
    let queues = truth["queues"].as_array().unwrap();
    let known = queues.iter().map(|queue| queue["queue"].as_str().unwrap());
    let known: BTreeSet<&str> = known.chain(["ALL"]).collect();
    let shown: BTreeSet<&str> = rows.keys().map(String::as_str).collect();
    assert!(shown.is_subset(&known), "{shown:?} of {known:?}");
    for queue in queues {
        let name = queue["queue"].as_str().unwrap();
        let row = rows.get(name).unwrap_or(&nobody);
        let mut check = |column: &str, want: String| differing.cell(name, row, column, want);
        for column in [
            "calls_offered",
            "calls_refused",
            "visits_offered",
            "answered",
        ] {
            check(column, count(&queue[column]));
        }
        for column in ["abandoned_ringing", "timeout", "key_exit", "left_empty"] {
            check(column, count(&queue[column]));
        }
        for column in ["withdrawn", "callback", "error"] {
            check(column, count(&queue[column]));
        }
        let abandoned = [&queue["abandoned_waiting"], &queue["abandoned_ringing"]];
        check("abandoned", sum(abandoned).to_string());
        check(
            "wait_answered_sum_s",
            seconds(&queue["wait_answered_sum_us"]),
        );
        check(
            "wait_abandoned_sum_s",
            seconds(&queue["wait_abandoned_sum_us"]),
        );
        let longest = [
            "wait_answered_max_us",
            "wait_abandoned_max_us",
            "wait_other_max_us",
        ];
        let longest = longest.into_iter().max_by_key(|max| queue[max].as_u64());
        let had_visits = queue["visits_offered"] != 0;
        let longest = longest
            .filter(|_| had_visits)
            .map(|max| seconds(&queue[max]));
        check("wait_max_s", longest.unwrap_or_default());
        check("waiting", "0".to_owned());
        check("conservation_residual", "0".to_owned());
    }
    let mut check = |column: &str, want: String| differing.cell("ALL", &rows["ALL"], column, want);
    check("calls_arrived", count(&truth["calls_arrived"]));
    check(
        "left_before_queue",
        count(&truth["outcomes"]["left_before_queue"]),
    );
    check("calls_refused", count(&truth["outcomes"]["refused"]));
    for column in ["calls_offered", "visits_offered", "answered", "error"] {
        check(
            column,
            sum(queues.iter().map(|queue| &queue[column])).to_string(),
        );
    }
}

fn compare_transfers(truth: &Value, row: &BTreeMap<String, String>, differing: &mut Differing) {
    let mut check = |column: &str, want: String| differing.cell("ALL", row, column, want);
    check("calls_served", count(&truth["outcomes"]["served"]));
    check("returns", count(&truth["transfer_returns"]));
    check("reroutes", count(&truth["reroutes"]));
    check(
        "transfer_wait_sum_s",
        seconds(&truth["transfer_wait_sum_us"]),
    );
    let done = truth["transfers"].as_array().unwrap();
    assert!(
        !done.is_empty(),
        "nobody was passed on: too small a simulation"
    );
    check(
        "transfers",
        sum(done.iter().map(|kind| &kind["count"])).to_string(),
    );
    for method in ["blind", "attended", "conference"] {
        for target in ["agent", "queue", "outside"] {
            let of_kind = |kind: &&Value| kind["method"] == method && kind["target"] == target;
            let kinds = done.iter().filter(of_kind);
            let want = sum(kinds.map(|kind| &kind["count"]));
            check(&format!("{method}_{target}"), want.to_string());
        }
    }
    let failed = truth["transfers_failed"].as_object().unwrap();
    check("failed", sum(failed.values()).to_string());
    for cause in ["no_answer", "busy", "refused", "caller_gone"] {
        check(
            &format!("failed_{cause}"),
            count(&truth["transfers_failed"][cause]),
        );
    }
    let by_transfers = truth["calls_by_transfers"].as_array().unwrap();
    for (slot, want) in ["0", "1", "2", "3", "4", "5", "over_5"]
        .iter()
        .zip(by_transfers)
    {
        check(&format!("calls_with_{slot}"), count(want));
    }
}

/// Cells that are not as they should be, in words.
#[derive(Default)]
struct Differing {
    mode: &'static str,
    cells: Vec<String>,
}

impl Differing {
    fn cell(&mut self, queue: &str, row: &BTreeMap<String, String>, column: &str, want: String) {
        // A queue without visits has no row.
        let got = row
            .get(column)
            .map_or_else(|| none(row, column), String::as_str);
        let want = if row.is_empty() && want.is_empty() {
            "0".to_owned()
        } else {
            want
        };
        self.compare(queue, column, got, want);
    }

    fn compare(&mut self, queue: &str, column: &str, got: &str, want: String) {
        if got != want {
            self.cells.push(format!(
                "{} {queue} {column}: got {got:?}, want {want:?}",
                self.mode
            ));
        }
    }
}

fn none(row: &BTreeMap<String, String>, column: &str) -> &'static str {
    assert!(row.is_empty(), "no column {column}");
    "0"
}

fn count(count: &Value) -> String {
    count.as_u64().unwrap_or_default().to_string()
}

fn sum<'a>(counts: impl IntoIterator<Item = &'a Value>) -> u64 {
    counts
        .into_iter()
        .map(|count| count.as_u64().unwrap())
        .sum()
}

/// Microseconds as reports write spans.
fn seconds(micros: &Value) -> String {
    let span = std::time::Duration::from_micros(micros.as_u64().unwrap());
    dozvon::kpi::seconds_text(span)
}
