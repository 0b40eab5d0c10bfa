//! From the spool to the server: who may send, under which numbering, and again after every trouble.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::connect::client::{self, Feed, Options, Server, SwitchTime};
use crate::connect::client::{Error as FeedError, SentAt};
use crate::connect::spool::Reader;
use crate::proto::v1::{Epoch, Event, Mode, epoch::Id};

use super::link::{SharedSpool, lock};

/// How often it is asked whether the other connector is gone.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How often the log says that nothing has changed.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// A lost server is looked for without end, in turns of this length.
const RETRY_FOR: Duration = Duration::from_secs(60 * 60);

/// Events read ahead of the server.
const EVENTS_AHEAD: usize = 2_048;

/// The right to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    /// The numbering to go on under.
    pub(super) epoch: u64,
    /// Another connector had the source until now, and told what happened.
    pub(super) took_over: bool,
}

/// Who is told, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) server: Server,
    pub(super) source: String,
    pub(super) folder: PathBuf,
    pub(super) spool: SharedSpool,
    pub(super) time: SwitchTime,
}

impl Sender {
    /// Returns when no other connector has the source, with the numbering to go on under. A server that does not answer
    /// does not hold the connector up: it will be told later.
    pub(super) async fn claim(&self) -> Claim {
        let (own, sender) = {
            let spool = lock(&self.spool);
            (spool.epoch(), spool.sender())
        };
        let mut said_at = None;
        loop {
            let known = match client::look(&self.server, &self.source).await {
                Ok(known) => known,
                Err(why) => {
                    let server = &self.server;
                    tracing::warn!(%server, why, "the server does not answer: events are spooled");
                    return Claim {
                        epoch: own,
                        took_over: false,
                    };
                }
            };
            let is_other = |lease: &&crate::proto::v1::Lease| {
                lease.mode() == Mode::Live && lease.sender_id != sender
            };
            let Some(other) = known.leases.iter().find(is_other) else {
                let taken = known.epochs.iter().filter_map(|status| {
                    match status.epoch.as_ref()?.id.as_ref()? {
                        Id::Spool(epoch) => Some(*epoch),
                        Id::Content(_) => None,
                    }
                });
                let highest = taken.max().unwrap_or(0);
                return Claim {
                    epoch: if highest > own { highest + 1 } else { own },
                    took_over: said_at.is_some(),
                };
            };
            let now = crate::clock::instant();
            if said_at.is_none_or(|at| now.duration_since(at) >= SAY_AGAIN) {
                said_at = Some(now);
                tracing::warn!(
                    source = self.source,
                    other = other.sender_id,
                    "source_in_use: another connector has this PBX; waiting until it is gone"
                );
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// Sends until it is stopped and all is acked, or the server refuses.
    pub(super) async fn send(
        self,
        synced: watch::Receiver<u64>,
        stop: CancellationToken,
    ) -> Option<FeedError> {
        loop {
            let (epoch, sender_id, first) = {
                let spool = lock(&self.spool);
                (spool.epoch(), spool.sender(), spool.first())
            };
            let epoch = Epoch {
                id: Some(Id::Spool(epoch)),
            };
            let mut options = Options::new(self.server.clone(), &self.source, epoch, Mode::Live);
            options.sender_id = sender_id;
            options.retry_for = RETRY_FOR;
            options.sent_at = SentAt::Switch(self.time.clone());
            let mut feed = Feed::new(options);
            let acks = tokio::spawn(follow(feed.acked_to(), self.spool.clone()));
            let (events, queued) = mpsc::channel(EVENTS_AHEAD);
            let reader = Reader::new(&self.folder, first);
            let reading = tokio::spawn(read(reader, synced.clone(), events, stop.clone()));
            let sent = feed.send_all(ReceiverStream::new(queued)).await;
            acks.abort();
            reading.abort();
            match sent {
                Err(error @ FeedError::Refused { .. }) => return Some(error),
                Err(error) => tracing::error!(%error, "nothing is lost: it is spooled"),
                Ok(()) if stop.is_cancelled() => return None,
                Ok(()) => tracing::error!("the spool cannot be read"),
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

/// Hands over what is synced, from the disk: it is there whether a second old or a day.
async fn read(
    mut reader: Reader,
    mut synced: watch::Receiver<u64>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    loop {
        let to = *synced.borrow_and_update();
        let read = tokio::task::spawn_blocking(move || {
            let read = reader.read(to);
            (reader, read)
        });
        let Ok((back, read)) = read.await else { return };
        reader = back;
        match read {
            Ok(read) if read.is_empty() => {
                tokio::select! {
                    changed = synced.changed() => if changed.is_err() { return },
                    () = stop.cancelled() => return,
                }
            }
            Ok(read) => {
                for event in read {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "the spool cannot be read");
                return;
            }
        }
    }
}

/// Removes what is acked.
async fn follow(mut acked: watch::Receiver<u64>, spool: SharedSpool) -> io::Result<()> {
    while acked.changed().await.is_ok() {
        let to = *acked.borrow_and_update();
        let spool = spool.clone();
        let removed = tokio::task::spawn_blocking(move || lock(&spool).handle_ack(to));
        if let Err(error) = removed.await.map_err(io::Error::other)? {
            tracing::warn!(%error, "what is acked stays in the spool");
        }
    }
    Ok(())
}
