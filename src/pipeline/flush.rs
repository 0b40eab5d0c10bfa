//! The one task that writes the store.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::metrics::Process;
use crate::model::Position;
use crate::store::{Asked, Error, StoreWriter, Write};

/// How long a full disk is left alone before the write is tried again.
const FULL_RETRY: Duration = Duration::from_secs(1);
/// How often a database that is away is tried.
pub(super) const LOST_RETRY: Duration = Duration::from_millis(200);

/// Writes stretches in order and says how far the store has come; ends when nobody sends any more. Chores are done when no
/// stretch waits.
///
/// A full disk and a lost database are waited out: meanwhile the journal stops taking once the store lags too far behind.
///
/// # Errors
/// When the database fails for any other reason.
pub async fn store_task(
    mut writer: StoreWriter,
    mut writes: mpsc::Receiver<Write>,
    mut chores: mpsc::Receiver<Asked>,
    stored: watch::Sender<Position>,
    process: Process,
) -> Result<(), Error> {
    loop {
        let write = tokio::select! {
            biased;
            write = writes.recv() => match write {
                Some(write) => write,
                None => return Ok(()),
            },
            Some(asked) = chores.recv() => {
                serve(&mut writer, asked).await?;
                continue;
            }
        };
        loop {
            match writer.write(&write).await {
                Ok(()) => break,
                Err(Error::Full) => {
                    tracing::error!("the disk is full: reports stand still until there is room");
                    tokio::time::sleep(FULL_RETRY).await;
                }
                Err(error @ Error::Lost { .. }) => {
                    tracing::error!(%error, "reports stand still until the database is back");
                    if outlast(&mut writer, &write).await? {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        process.stored(write.position);
        stored.send_replace(write.position);
    }
}

/// Does a chore; a connection that is lost over it is waited for.
async fn serve(writer: &mut StoreWriter, asked: Asked) -> Result<(), Error> {
    if !writer.serve(asked).await {
        return Ok(());
    }
    tracing::error!("reports stand still until the database is back");
    loop {
        match writer.reconnect().await {
            Err(Error::Lost { .. }) => tokio::time::sleep(LOST_RETRY).await,
            done => return done,
        }
    }
}

/// Waits until the database is back, and says whether it holds the stretch.
async fn outlast(writer: &mut StoreWriter, write: &Write) -> Result<bool, Error> {
    loop {
        match writer.find_out(write).await {
            Err(Error::Lost { .. }) => tokio::time::sleep(LOST_RETRY).await,
            known => return known,
        }
    }
}
