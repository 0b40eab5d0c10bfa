//! The write-ahead log of an SQLite store, on its way to the disk bit by bit.
//!
//! Nothing promised depends on it: rows can be made again from the journal, and SQLite itself syncs the log before it copies
//! pages into the file. By then tens of megabytes would have gathered, and while a disk takes these at once no commit of the
//! journal is synced, so no event is acked. Synced every now and then they are a few hundred kilobytes at a time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Between two syncs.
const PAUSE: Duration = Duration::from_millis(50);

/// Syncs the log of one file, now and then.
pub(super) struct LogSync {
    log: PathBuf,
    under_way: Option<JoinHandle<()>>,
}

impl LogSync {
    /// Of the database in this file.
    pub(super) fn of(database: &Path) -> Self {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Self {
            log: log.into(),
            under_way: None,
        }
    }

    /// Something was written: it is synced beside what goes on, unless that was done a moment ago.
    pub(super) fn handle_written(&mut self) {
        let is_busy = |task: &JoinHandle<()>| !task.is_finished();
        if self.under_way.as_ref().is_some_and(is_busy) {
            return;
        }
        let log = self.log.clone();
        self.under_way = Some(tokio::spawn(async move {
            let synced = tokio::task::spawn_blocking(move || File::open(log)?.sync_data()).await;
            match synced.unwrap_or(Ok(())) {
                // It comes with the first write and goes with the last connection.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(%error, "the store's log was not synced ahead of time")
                }
                Ok(()) => {}
            }
            sleep(PAUSE).await;
        }));
    }
}
