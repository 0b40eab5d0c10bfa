//! The figures that an independent script computed of the same rows, and the reports that must come to them.

use std::collections::BTreeSet;
use std::path::Path;

use super::MONTHS;
use super::table::{Cells, Table};
use crate::harness::Server;

/// The name of the row of all queues.
const ALL: &str = "ALL";

/// What the reports must say.
pub(super) struct Expected {
    /// By month and queue, as `report queues` shows them.
    pub(super) queues: Table,
    /// By local half hour and queue; queues only, none for all.
    half_hours: Table,
    /// By month, queue and exit, as `report waits` shows them.
    pub(super) histograms: Table,
    /// By month and agent.
    agents: Table,
    /// By month, each alone.
    repeats: Table,
}

impl Expected {
    /// Reads the figures and leaves out what a report does not show.
    pub(super) fn read(folder: &Path) -> Self {
        let table = |file, keys| {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            Table::read(&text, keys)
        };
        // A queue without a visit has a row only where a call of it arrived, to enter it in the next interval.
        let mut queues: Table =
            table("expected-queues.csv", 2).keep(|_, cells| cells["visits_offered"] != "0");
        // What happened before any queue belongs to none.
        for (key, cells) in &mut queues.0 {
            if key[1] != ALL {
                cells.insert("calls_arrived".to_owned(), String::new());
                cells.insert("left_before_queue".to_owned(), String::new());
            }
        }
        let histograms = table("expected-histograms.csv", 3);
        let with_visits: BTreeSet<Vec<String>> = queues.0.keys().cloned().collect();
        let histograms = histograms.keep(|key, _| with_visits.contains(&key[..2]));
        Self {
            queues,
            half_hours: table("expected-halfhours.csv", 2),
            histograms,
            agents: table("expected-agents.csv", 2),
            repeats: table("expected-repeats.csv", 1),
        }
    }

    /// Asks the server for each report and compares every cell.
    pub(super) async fn check(&self, server: &Server) {
        let by_month = report(server, "queues", "month", 2).await;
        balanced(&by_month);
        let visited = |cells: &Cells| cells["visits_offered"] != "0";
        let compared = by_month
            .rename(month)
            .keep(|_, cells| visited(cells))
            .check("queues by month", &self.queues);
        assert_eq!(compared, 21 * 30, "rows × columns");

        let by_half_hour = report(server, "queues", "30m", 2).await;
        balanced(&by_half_hour);
        let compared = by_half_hour
            .rename(local_start)
            .keep(|key, cells| key[1] != ALL && visited(cells))
            .check("queues by half hour", &self.half_hours);
        assert_eq!(compared, 8_517 * 6, "rows × columns");

        let waits = report(server, "waits", "month", 3).await;
        let compared = waits
            .rename(month)
            .check("waits by month", &self.histograms);
        assert_eq!(compared, 21 * 2 * 20, "rows × columns");

        let agents = report(server, "agents", "month", 2).await;
        // Whoever only told a state has handled nothing, and is not in the files.
        let compared = agents
            .rename(month)
            .keep(|_, cells| cells["handled"] != "0")
            .check("agents by month", &self.agents);
        assert_eq!(compared, 78 * 2, "rows × columns");

        // Nothing lies before the first month that repeats could look back to.
        self.check_repeats(server, MONTHS[0]).await;
    }

    /// Compares the repeats of a month before which nothing is known.
    pub(super) async fn check_repeats(&self, server: &Server, name: &str) {
        let repeats = report(server, "repeats", "month", 1).await;
        let of_month = |table: Table| table.keep(|key, _| key[0] == name);
        let wanted = of_month(self.repeats.clone());
        let got = of_month(repeats.rename(month));
        assert_eq!(got.check("repeats", &wanted), 7, "columns");
    }
}

async fn report(server: &Server, name: &str, bucket: &str, keys: usize) -> Table {
    let period = ["--from", "1999-01-01", "--to", "1999-04-01"];
    let shown = [
        "--zone",
        "Asia/Jerusalem",
        "--bucket",
        bucket,
        "--output",
        "csv",
    ];
    let args = [&[name], &period[..], &shown[..]].concat();
    Table::read(&server.report(&args).await, keys)
}

/// What was offered has ended: nobody waits, nobody is lost.
#[track_caller]
fn balanced(queues: &Table) {
    let open = |cells: &Cells| cells["conservation_residual"] != "0" || cells["waiting"] != "0";
    let open: Vec<_> = queues.0.iter().filter(|(_, cells)| open(cells)).collect();
    assert!(open.is_empty(), "visits that never ended: {open:?}");
}

/// The file's name for a report's month.
fn month(mut key: Vec<String>) -> Option<Vec<String>> {
    let month: usize = key[0][5..7].parse().unwrap();
    assert!(key[0].ends_with("-01T00:00:00+02:00"), "{key:?}");
    key[0] = MONTHS[month - 1].to_owned();
    Some(key)
}

/// The local time without its offset.
fn local_start(mut key: Vec<String>) -> Option<Vec<String>> {
    key[0] = key[0].strip_suffix("+02:00")?.to_owned();
    Some(key)
}
