//! Three months of real calls, from files or from a switch's log through the door, against figures that somebody else
//! computed: exact after every way of coming in, and after every way of being cut off.
//!
//! The rows may not lie in the repository: logs of events are made of the shared files in a temporary folder.

mod expected;
mod live;
mod log;
mod months;
mod recorded;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use self::expected::Expected;
use self::log::Log;
use crate::harness::{self, Said, Server};

/// The files, in order of time.
const MONTHS: [&str; 3] = ["january", "february", "march"];

/// The seed of every shuffle here: a failure can be had again.
const SEED: u64 = 1999;

/// The calls and the figures they must come to.
pub(crate) struct Bank {
    folder: PathBuf,
    expected: Expected,
}

impl Bank {
    /// The three files of calls.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let file = |month| self.folder.join(format!("{month}.csv.gz"));
        MONTHS.into_iter().map(file).collect()
    }

    /// All that a switch would have said, in the order of the files.
    pub(crate) fn log(&self) -> &'static Log {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| Log::of(&self.files()))
    }

    /// Compares every figure of the server's reports.
    pub(crate) async fn check(&self, server: &Server) {
        self.expected.check(server).await;
    }
}

/// The shared calls, read once; `None` is said loudly.
pub(crate) fn bank() -> Option<&'static Bank> {
    static BANK: OnceLock<Option<Bank>> = OnceLock::new();
    let bank = BANK.get_or_init(|| {
        let folder = harness::shared()?.join("data/anonymous-bank");
        let expected = Expected::read(&folder);
        Some(Bank { folder, expected })
    });
    bank.as_ref()
}

fn chance() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(SEED)
}

/// Runs `dozvon import anonymous-bank` with the three months.
async fn import_months(server: &Server, bank: &Bank) -> Summary {
    let mut command = server.import("anonymous-bank");
    command.args(bank.files());
    Summary::of(&harness::run(command).await)
}

/// Runs `dozvon import events` with one log.
async fn import_log(server: &Server, path: &Path, more: &[&str]) -> Summary {
    let mut command = server.import("events");
    command.arg(path).args(more);
    Summary::of(&harness::run(command).await)
}

/// The last line of an import that took everything.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Summary {
    rows: u64,
    events: u64,
    pub(crate) acked: u64,
    pub(crate) duplicates: u64,
    rejected: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
    warnings: BTreeMap<String, u64>,
}

impl Summary {
    #[track_caller]
    pub(crate) fn of(said: &Said) -> Self {
        assert_eq!(said.code, 0, "import: {}", said.stderr);
        let last = said.stdout.lines().last().unwrap_or_default();
        let summary: Self = serde_json::from_str(last).expect("the last line is JSON");
        assert_eq!(summary.rejected, BTreeMap::new());
        assert_eq!(summary.events, summary.acked + summary.duplicates);
        summary
    }
}
