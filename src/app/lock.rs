//! One dozvon a database: the data folder is locked by the operating system, so that a crash leaves no lock behind.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::cli::failure::{Exit, Failure};

/// How long a start waits for another dozvon to let go of the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// 10 s: long enough for one that is stopping.
    Short,
    /// For ever: to take over from one that dies.
    Standby,
}

/// How often the lock is tried.
const RETRY: Duration = Duration::from_millis(100);
/// How often it is tried with short patience: for 10 s.
const TRIES: u32 = 100;

/// Locks a data folder for as long as the returned file lives.
pub(super) async fn lock(folder: &Path, patience: Patience) -> Result<File, Failure> {
    let path = folder.join("lock");
    let failed = |error: std::io::Error| {
        let message = format!(
            "cannot write to {}: {error}; choose another folder with --data",
            folder.display()
        );
        Failure::new(Exit::Failure, message)
    };
    let file = File::create(&path).map_err(failed)?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        if tries == 0 {
            tracing::info!(folder = %folder.display(), "another dozvon has the data folder; waiting for it");
        }
        tries += 1;
        if patience == Patience::Short && tries >= TRIES {
            let message = format!(
                "another dozvon has {} open: stop it, choose another folder with --data, or start with --standby to take over when it ends",
                folder.display()
            );
            return Err(Failure::new(Exit::Failure, message));
        }
        tokio::time::sleep(RETRY).await;
    }
}
