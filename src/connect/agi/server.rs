//! The door for the switch: a listener, a bounded number of sessions, and a polite end for the rest.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dialog::Connections;
use super::options::Options;
use super::session::{self, Room};

/// Callers who may hear the goodbye at once because too many are asked; further ones are left to the dialplan.
const TURNED_AWAY_MAX: usize = 500;
/// Names of missing recordings that are remembered, so that each is told once.
const MISSING_MAX: usize = 1_000;
/// How long sessions may take to say goodbye when the bridge stops.
const PART_WITHIN: Duration = Duration::from_secs(8);
/// A listener that fails, as when no file handle is left, is asked again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// What every session works with.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) options: Arc<Options>,
    pub(super) connections: Connections,
    missing: Mutex<HashSet<String>>,
}

impl Desk {
    /// Says once that a recording is not there.
    pub(super) fn tell_missing(&self, file: &str) {
        let mut told = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MISSING_MAX && told.insert(file.to_owned()) {
            tracing::warn!(
                file,
                "a recording of the survey is missing on the switch: `dozvon survey render` makes it"
            );
        }
    }
}

/// Serves the switch until it is stopped; sessions then say goodbye.
///
/// # Errors
/// When the server's address cannot be one.
pub async fn run(
    listener: TcpListener,
    options: Options,
    stopping: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let room = Arc::new(Semaphore::new(options.sessions_max));
    let lobby = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    let desk = Arc::new(Desk {
        connections: Connections::new(&options.server, options.sessions_max)?,
        options: Arc::new(options),
        missing: Mutex::default(),
    });
    let sessions = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a channel could not connect to the survey bridge");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let place = Arc::clone(&room).try_acquire_owned();
        let (place, room) = match place {
            Ok(place) => (place, Room::Free),
            Err(_) => match Arc::clone(&lobby).try_acquire_owned() {
                Ok(place) => (place, Room::Full),
                Err(_) => continue,
            },
        };
        let (desk, stopping) = (Arc::clone(&desk), stopping.clone());
        sessions.spawn(async move {
            if room == Room::Full {
                tracing::warn!("more surveys at once than sessions_max allows");
            }
            if let Err(error) = session::run(&desk, stream, room, stopping).await {
                tracing::warn!(%error, "a survey by FastAGI broke off");
            }
            drop(place);
        });
    }
    sessions.close();
    drop(tokio::time::timeout(PART_WITHIN, sessions.wait()).await);
    Ok(())
}
