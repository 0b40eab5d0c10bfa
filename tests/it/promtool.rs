//! Prometheus' own checker reads what `/metrics` says: types, help, units and names as its conventions want them.

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
};

use crate::harness::Server;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool: run tests/run"]
async fn promtool_finds_nothing_in_the_metrics() {
    let server = Server::start().await;
    let text = server.metrics().await;
    assert!(text.contains("# TYPE dozvon_build_info gauge"), "{text}");
    assert_eq!(check_metrics(text).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool: run tests/run"]
async fn promtool_finds_a_counter_without_help() {
    let text = "# TYPE dozvon_calls counter\ndozvon_calls 1\n".to_owned();
    let complaint = check_metrics(text).await.expect_err("it is no good metric");
    assert!(complaint.contains("dozvon_calls"), "{complaint}");
}

/// Gives the text to `promtool check metrics`; what it complains of.
pub(crate) async fn check_metrics(text: String) -> Result<(), String> {
    let check = move || {
        let promtool =
            env::var_os("DOZVON_TEST_PROMTOOL").expect("DOZVON_TEST_PROMTOOL is set by tests/run");
        let mut promtool = Command::new(promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool starts");
        // It reads all of its input before it says anything; dropping the pipe ends the input.
        let mut input = promtool.stdin.take().expect("stdin is piped");
        input.write_all(text.as_bytes()).expect("promtool reads");
        drop(input);
        let output = promtool.wait_with_output().expect("promtool ends");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        if output.status.success() && said.is_empty() {
            Ok(())
        } else {
            Err(said)
        }
    };
    tokio::task::spawn_blocking(check)
        .await
        .expect("promtool's thread ends")
}
