//! The databases: SQLite files in the data folder, or a PostgreSQL server's, each with its lock.

use std::fs::File;

use tokio::runtime::Handle;

use crate::calls;
use crate::cli::failure::Failure;
use crate::config::Config;
use crate::database::postgres::{Part, Server};
use crate::journal;
use crate::store::{Readers, Store, StoreWriter};

use super::files::Files;
use super::lock::{self, Patience};

/// How the store reads records out of its bytes.
const READING: Readers = Readers {
    open: calls::record_of_open,
    told: calls::record_of_settled,
    open_timeline: calls::timeline_of_open,
    told_timeline: calls::timeline_of_settled,
};

/// Everything that is opened before a start goes on.
pub(super) struct Databases {
    pub(super) journal: journal::Database,
    pub(super) store: Store,
    pub(super) store_writer: StoreWriter,
    /// The data folder's lock; PostgreSQL's locks are held by the writers' own sessions.
    pub(super) lock: Option<File>,
}

/// Opens them, waiting for another dozvon to let go of them. The store's threads are those of what follows the ack.
pub(super) async fn open(
    config: &Config,
    patience: Patience,
    after_ack: &Handle,
) -> Result<Databases, Failure> {
    match &config.database {
        Some(url) => {
            let server = Server::new(url.secret()).map_err(failure)?;
            let key = config.key_file()?;
            if patience == Patience::Standby && !key.exists() {
                tracing::warn!(path = %key.display(), "a standby takes over only with the pseudonym key of the one before: copy its key file here");
            }
            on_postgres(&server, patience, after_ack).await
        }
        None => in_folder(Files::prepare(&config.data_dir)?, patience, after_ack).await,
    }
}

async fn in_folder(
    files: Files,
    patience: Patience,
    after_ack: &Handle,
) -> Result<Databases, Failure> {
    let lock = lock::folder(&files.folder, patience).await?;
    let journal = journal::Database::open(&files.journal()).await;
    let journal = journal.map_err(failure)?;
    let opening = after_ack.spawn(async move { Store::open(&files.store(), READING).await });
    let (store, store_writer) = opening.await.map_err(failure)?.map_err(failure)?;
    Ok(Databases {
        journal,
        store,
        store_writer,
        lock: Some(lock),
    })
}

/// The locks are taken before anything is read: what the one before was doing has ended then.
async fn on_postgres(
    server: &Server,
    patience: Patience,
    after_ack: &Handle,
) -> Result<Databases, Failure> {
    let session = lock::session(server, Part::Journal, patience).await?;
    let journal = journal::Database::on_postgres(session).await;
    let journal = journal.map_err(failure)?;
    // One that lost the journal may still hold the store, until it knows.
    let session = lock::session(server, Part::Store, patience).await?;
    let opening = after_ack.spawn(Store::on_postgres(session, READING));
    let (store, store_writer) = opening.await.map_err(failure)?.map_err(failure)?;
    tracing::info!(database = server.name(), "on PostgreSQL");
    Ok(Databases {
        journal,
        store,
        store_writer,
        lock: None,
    })
}

fn failure(error: impl Into<anyhow::Error>) -> Failure {
    Failure::from(error.into())
}
