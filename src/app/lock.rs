//! One dozvon a database: the data folder is locked by the operating system, a PostgreSQL database by its server, so that
//! a crash leaves no lock behind.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::cli::failure::{Exit, Failure};
use crate::database::postgres::{Part, Server, Session};
use crate::database::{OpenError, is_lost};

/// How long a start waits for another dozvon to let go of its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// 10 s: long enough for one that is stopping.
    Short,
    /// For ever: to take over from one that dies.
    Standby,
}

/// How often the lock is tried.
const RETRY: Duration = Duration::from_millis(100);
/// Short patience.
const SHORT: Duration = Duration::from_secs(10);

/// Locks a data folder for as long as the returned file lives.
pub(super) async fn folder(folder: &Path, patience: Patience) -> Result<File, Failure> {
    let path = folder.join("lock");
    let failed = |error: std::io::Error| {
        let message = format!(
            "cannot write to {}: {error}; choose another folder with --data",
            folder.display()
        );
        Failure::new(Exit::Failure, message)
    };
    let file = File::create(&path).map_err(failed)?;
    let wait = async {
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !std::mem::replace(&mut said, true) {
                tracing::info!(folder = %folder.display(), "another dozvon has the data folder; waiting for it");
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    let locked = within(patience, wait).await.unwrap_or_else(|| {
        let message = format!(
            "another dozvon has {} open: stop it, choose another folder with --data, or start with --standby to take over when it ends",
            folder.display()
        );
        Err(Failure::new(Exit::Failure, message))
    });
    locked.map(|()| file)
}

/// Opens a session that writes a part of a PostgreSQL database, with its lock. A server that is just starting is waited
/// for as well.
pub(super) async fn session(
    server: &Server,
    part: Part,
    patience: Patience,
) -> Result<Session, Failure> {
    let mut away: Option<OpenError> = None;
    let wait = async {
        let mut said = false;
        let mut waiting: Option<Session> = None;
        loop {
            match attempt(&mut waiting, server, part).await {
                Ok(Some(session)) => return Ok(session),
                Ok(None) => away = None,
                Err(error) if error.is_lost() => away = Some(error),
                Err(error) => return Err(Failure::from(anyhow::Error::from(error))),
            }
            if !std::mem::replace(&mut said, true) {
                let database = server.name();
                match &away {
                    Some(_) => tracing::info!(database, "the database is away; waiting for it"),
                    None => {
                        tracing::info!(database, "another dozvon has the database; waiting for it")
                    }
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    if let Some(locked) = within(patience, wait).await {
        return locked;
    }
    Err(match away {
        Some(error) => Failure::from(anyhow::Error::from(error)),
        None => {
            let name = server.name();
            let message = format!(
                "another dozvon has the database {name} open: stop it, choose another with --database, or start with --standby to take over when it ends"
            );
            Failure::new(Exit::Failure, message)
        }
    })
}

/// One try: a session with the lock, or none because another has it; the session is kept for the next try.
async fn attempt(
    waiting: &mut Option<Session>,
    server: &Server,
    part: Part,
) -> Result<Option<Session>, OpenError> {
    let mut session = match waiting.take() {
        Some(session) => session,
        None => Session::open(server, part).await?,
    };
    match session.try_lock().await {
        Ok(true) => Ok(Some(session)),
        Ok(false) => {
            *waiting = Some(session);
            Ok(None)
        }
        // The server ended it: the next try opens another.
        Err(error) if is_lost(&error) => Ok(None),
        Err(source) => {
            let name = server.name();
            Err(OpenError::Unreachable { name, source })
        }
    }
}

async fn within<T>(patience: Patience, wait: impl Future<Output = T>) -> Option<T> {
    match patience {
        Patience::Standby => Some(wait.await),
        Patience::Short => tokio::time::timeout(SHORT, wait).await.ok(),
    }
}
