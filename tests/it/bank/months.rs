//! The three files as they are: once, twice, and with the power cut twenty times on the way.

use super::{Bank, MONTHS, Summary, bank, import_months};
use crate::folded::folded;
use crate::harness::{self, Server, kill_during};

/// Rows of the three months, and those that are no calls.
const ROWS: u64 = 31_599 + 33_344 + 38_801;
const PHANTOMS: u64 = 240 + 278 + 407;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn three_months_come_to_the_expected_figures_and_a_second_import_changes_nothing() {
    let Some(bank) = bank() else { return };
    let server = Server::start().await;
    let first = import_months(&server, bank).await;
    all_rows(&first);
    assert_eq!((first.acked, first.duplicates), (first.events, 0));
    bank.check(&server).await;

    let second = import_months(&server, bank).await;
    all_rows(&second);
    assert_eq!((second.acked, second.duplicates), (0, first.events));
    bank.check(&server).await;

    // Out of roll-ups they are the same, the quantiles nearly.
    folded(&server).await;
    bank.check(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn each_month_alone_has_the_expected_repeats() {
    let Some(bank) = bank() else { return };
    for (name, file) in MONTHS.into_iter().zip(bank.files()) {
        let server = Server::start().await;
        let mut command = server.import("anonymous-bank");
        command.arg(file);
        Summary::of(&harness::run(command).await);
        bank.expected.check_repeats(&server, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ../shared: run tests/run"]
async fn twenty_kills_during_the_import_change_no_figure() {
    const KILLS: u64 = 20;
    let Some(bank) = bank() else { return };
    let mut server = Server::start().await;
    let mut command = server.import("anonymous-bank");
    command.args(bank.files());
    let import = tokio::spawn(harness::run(command));
    let events = total_events(bank);
    for kill in 1..=KILLS {
        // The last one is far from the end: a slow machine asks late.
        let mark = events * kill / (KILLS + 4);
        kill_during(&mut server, "anonymous-bank", mark, &import).await;
        let is_early = kill <= KILLS / 2;
        assert!(
            !(is_early && import.is_finished()),
            "kill {kill} came after the import"
        );
    }
    let summary = Summary::of(&import.await.unwrap());
    all_rows(&summary);
    assert_eq!((summary.acked, summary.duplicates), (events, 0));
    bank.check(&server).await;
}

/// Known beforehand, so that the kills are spread over the whole import.
fn total_events(bank: &Bank) -> u64 {
    bank.log().len() as u64
}

#[track_caller]
fn all_rows(summary: &Summary) {
    assert_eq!(summary.rows, ROWS);
    assert_eq!(summary.skipped["phantom"], PHANTOMS);
    // One more stands in a row that is no call.
    assert_eq!(summary.warnings["caller_unreadable"], 24 + 21 + 31 - 1);
    assert!(summary.warnings["negative_span"] > 0, "{summary:?}");
}
