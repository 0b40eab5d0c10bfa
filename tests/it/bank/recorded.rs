//! The calls as a log of events, taken in as history: grown between two imports, and shuffled.

use std::fs;

use tempfile::TempDir;

use super::{bank, import_log};
use crate::harness::Server;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn half_a_log_and_then_the_grown_one_come_to_the_expected_figures() {
    let Some(bank) = bank() else { return };
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join("whole.jsonl");
    let growing = folder.path().join("growing.jsonl");
    let log = bank.log();
    log.write(&whole, &log.by_time());
    let bytes = fs::read(&whole).unwrap();
    // In the middle of a line: whoever writes the log is not done with it.
    let line_end = bytes[bytes.len() / 2..]
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap();
    let half = bytes.len() / 2 + line_end - 20;
    fs::write(&growing, &bytes[..half]).unwrap();

    let server = Server::start().await;
    let first = import_log(&server, &growing, &[]).await;
    let finished = bytes[..half].iter().filter(|&&byte| byte == b'\n').count() - 1;
    assert_eq!((first.acked, first.duplicates), (finished as u64, 0));

    fs::write(&growing, &bytes).unwrap();
    let second = import_log(&server, &growing, &[]).await;
    assert_eq!(second.events, log.len() as u64);
    assert_eq!(second.duplicates, first.acked);
    bank.check(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn history_shuffled_within_5000_events_comes_to_the_expected_figures() {
    let Some(bank) = bank() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("shuffled.jsonl");
    let log = bank.log();
    let order = log.shuffled_within(5_000);
    assert!(
        log.steps_back(&order) > log.len() / 4,
        "it is hardly shuffled"
    );
    log.write(&path, &order);

    let server = Server::start().await;
    let summary = import_log(&server, &path, &[]).await;
    assert_eq!(summary.acked, log.len() as u64);
    bank.check(&server).await;
}
