//! The Grafana boards: they keep their rules, and what their panels say of a simulated day is what happened.
//!
//! No Grafana runs here; Python reads the boards' JSON, and a real Prometheus answers their queries. What is checked
//! stands in `tests/python/boards_test.py` and `tests/python/boards_truth.py`.

use std::{env, path::Path, process::Command};

#[test]
#[ignore = "needs Python with grafana-foundation-sdk: run tests/run"]
fn the_boards_are_what_their_table_says_and_keep_the_rules() {
    passes("boards_test.py", &[]);
}

#[test]
#[ignore = "needs Python with gRPC and Prometheus: run tests/run"]
fn every_panel_says_of_a_simulated_day_what_happened() {
    passes(
        "boards_truth.py",
        &["DOZVON_TEST_PROMETHEUS", "DOZVON_TEST_PROMTOOL"],
    );
}

/// Runs a Python test with the binary and the programs that these variables name.
pub(crate) fn passes(script: &str, programs: &[&str]) {
    let program =
        |name: &str| env::var_os(name).unwrap_or_else(|| panic!("{name} is set by tests/run"));
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(program("DOZVON_TEST_PYTHON"))
        .arg(project.join("tests/python").join(script))
        .arg(env!("CARGO_BIN_EXE_dozvon"))
        .args(programs.iter().map(|name| program(name)))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    // A run that found no tests passes, too.
    assert!(
        complaint.contains("Ran ") && !complaint.contains("Ran 0 "),
        "{complaint}"
    );
}
