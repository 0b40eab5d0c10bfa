//! Recording rules and alerts: each alert fires where it must and is silent where it must be, by Prometheus' own tool; each
//! says who acts, and has its page in the runbook.

use std::env;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn promtool(arguments: &[&str]) {
    let promtool =
        env::var_os("DOZVON_TEST_PROMTOOL").expect("DOZVON_TEST_PROMTOOL is set by tests/run");
    let output = Command::new(promtool)
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("promtool starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
}

#[test]
#[ignore = "needs promtool: run tests/run"]
fn prometheus_takes_its_configuration_and_rules() {
    promtool(&["check", "config", "deploy/prometheus/prometheus.yml"]);
}

#[test]
#[ignore = "needs promtool: run tests/run"]
fn every_alert_fires_and_is_silent_where_it_must_be() {
    promtool(&["test", "rules", "tests/prometheus/alerts.yml"]);
}

#[test]
#[ignore = "needs promtool: run tests/run"]
fn alerts_that_look_back_for_weeks_fire_and_are_silent_where_they_must() {
    promtool(&["test", "rules", "tests/prometheus/looking_back.yml"]);
}

/// The words after `key:` of each line that has it.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines().map(str::trim_start);
    let values = lines.filter_map(|line| line.trim_start_matches("- ").strip_prefix(key));
    values.map(str::trim).collect()
}

#[test]
fn every_alert_has_its_tests_and_its_page() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let alerts = read("deploy/prometheus/alerts.yml");
    let runbook = read("docs/runbook.md");
    let tests = read("tests/prometheus/alerts.yml") + &read("tests/prometheus/looking_back.yml");
    let names = values(&alerts, "alert:");
    assert!(names.len() >= 13, "{names:?}");
    for name in &names {
        assert!(
            runbook.contains(&format!("## {name}\n")),
            "docs/runbook.md says nothing of {name}"
        );
        assert!(
            tests.contains(&format!("alertname: {name}\n        exp_alerts:\n")),
            "{name} never fires"
        );
        assert!(
            tests.contains(&format!("alertname: {name}, exp_alerts: []")),
            "{name} is never silent"
        );
    }
    for key in ["summary:", "action:", "runbook:"] {
        assert_eq!(values(&alerts, key).len(), names.len(), "{key}");
    }
    let owners = values(&alerts, "labels:");
    assert_eq!(owners.len(), names.len());
    assert!(
        owners
            .iter()
            .all(|owner| owner.contains("for: supervisor") || owner.contains("for: administrator"))
    );
    // A stuck queue ends nobody: divided by ended visits its service level would look perfect.
    let rules = read("deploy/prometheus/rules.yml");
    for expression in values(&rules, "expr:") {
        assert!(
            !(expression.contains("answered_within_target") && expression.contains("visits_ended"))
        );
    }
}
