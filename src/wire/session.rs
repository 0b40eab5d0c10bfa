//! One stream of events: open, then batches as fast as the window allows, until either side ends it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio_stream::Stream;
use tonic::{Status, Streaming};

use crate::journal::{Item, RejectedEvent, Submission, SubmissionKind};
use crate::model::{EpochIndex, Timestamp};
use crate::proto::v1 as wire;
use crate::proto::v1::stream_events_request::Message;
use crate::validate::{Rejection, Validator, caps};

use super::ack::{self, Acker, Asked};
use super::error::{IngestError, RequestError};
use super::ingest::Ingest;
use super::lease::Lease;
use super::open::{self, Open};
use super::status;

/// Submissions of one stream that may wait for the journal.
const SUBMISSIONS_WAITING: usize = 64;
/// Events of small messages that are submitted together.
const EVENTS_TOGETHER: usize = 1_024;
/// How long a stream may be silent before it says who it is.
const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// Where answers go.
pub(super) type Out = mpsc::Sender<Result<wire::StreamEventsResponse, Status>>;

/// Serves one stream to its end.
pub(super) async fn run(
    ingest: Ingest,
    mut requests: Streaming<wire::StreamEventsRequest>,
    out: Out,
) {
    let stopping = ingest.stopping.clone();
    let opened = tokio::select! {
        opened = first(&mut requests) => opened,
        () = stopping.cancelled() => Err(status::request(&RequestError::ShuttingDown)),
    };
    let open = match opened {
        Ok(open) => open,
        Err(status) => return drop(out.send(Err(status)).await),
    };
    if let Err(error) = serve(&ingest, open, requests, &out).await {
        match error {
            End::Refused(error) => ack::end(&out, &error).await,
            End::Status(status) => drop(out.send(Err(status)).await),
        }
    }
}

/// Why a stream ends before its sender ends it.
enum End {
    Refused(IngestError),
    Status(Status),
}

impl From<RequestError> for End {
    fn from(error: RequestError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<IngestError> for End {
    fn from(error: IngestError) -> Self {
        Self::Refused(error)
    }
}

async fn first(requests: &mut Streaming<wire::StreamEventsRequest>) -> Result<Open, Status> {
    let fault = "the first message must be `open`";
    let protocol = || status::ingest(&IngestError::Protocol { fault });
    let message = tokio::time::timeout(OPEN_WITHIN, requests.message()).await;
    let message = message
        .map_err(|_| protocol())?
        .map_err(named)?
        .ok_or_else(protocol)?;
    match message.message {
        Some(Message::Open(open)) => open::check(open).map_err(|error| status::ingest(&error)),
        Some(Message::Batch(_) | Message::Heartbeat(_) | Message::Finish(_)) | None => {
            Err(protocol())
        }
    }
}

/// A fault of the transport under our own reason, where we have one.
fn named(status: Status) -> Status {
    status::undecoded(&status).unwrap_or(status)
}

async fn serve(
    ingest: &Ingest,
    open: Open,
    requests: Streaming<wire::StreamEventsRequest>,
    out: &Out,
) -> Result<(), End> {
    ingest.check_ready()?;
    let lease = ingest
        .leases
        .acquire(&open.source, open.mode, &open.sender, open.take_over)?;
    let opened = ingest
        .journal
        .open(open.opening())
        .await
        .map_err(IngestError::from)?;
    let hello = wire::StreamOpened {
        mark: opened.mark,
        digest: opened.digest.0,
        window_events: ingest.options.window_events,
        batch_events_max: ingest.options.batch_events_max,
    };
    let message = Some(wire::stream_events_response::Message::Opened(hello));
    drop(out.send(Ok(wire::StreamEventsResponse { message })).await);

    let window = Arc::new(Semaphore::new(ingest.options.window_events as usize));
    let (asked, asked_receiver) = mpsc::channel(SUBMISSIONS_WAITING);
    let (replies, replies_receiver) = mpsc::channel(SUBMISSIONS_WAITING);
    let acker = Acker {
        asked: asked_receiver,
        replies: replies_receiver,
        window: window.clone(),
        out: out.clone(),
    };
    let mut acker = tokio::spawn(acker.run());
    let validator = ingest.validator(&open.source, open.mode);
    let session = Session {
        ingest,
        open,
        epoch: opened.epoch,
        validator,
        lease,
        asked,
        replies,
        window,
    };
    let replaced = session.lease.replaced.clone();
    let read = tokio::select! {
        read = session.read(requests) => read,
        acked = &mut acker => return flatten(acked),
        () = replaced.cancelled() => return Err(IngestError::SourceTakenOver.into()),
        () = ingest.stopping.cancelled() => Err(RequestError::ShuttingDown.into()),
    };
    // Everything submitted is answered before the stream ends.
    flatten(acker.await)?;
    read
}

fn flatten(acked: Result<Result<(), IngestError>, tokio::task::JoinError>) -> Result<(), End> {
    match acked {
        Ok(acked) => acked.map_err(End::Refused),
        Err(error) => {
            tracing::error!(%error, "an acker failed");
            Err(End::Status(Status::internal("the server's log says why")))
        }
    }
}

struct Session<'a> {
    ingest: &'a Ingest,
    open: Open,
    epoch: EpochIndex,
    validator: Validator,
    lease: Lease,
    asked: mpsc::Sender<Asked>,
    replies: mpsc::Sender<
        Result<crate::journal::Durable<crate::journal::Acked>, crate::journal::Refusal>,
    >,
    window: Arc<Semaphore>,
}

/// Events of messages that came together.
#[derive(Default)]
struct Gathered {
    sent_at: Option<Timestamp>,
    items: Vec<Item>,
    rejections: Vec<Rejection>,
}

impl Session<'_> {
    /// Reads messages until the sender ends the stream. Small batches that are there already are submitted together,
    /// with the latest of their send times.
    async fn read(mut self, mut requests: Streaming<wire::StreamEventsRequest>) -> Result<(), End> {
        let mut gathered = Gathered::default();
        loop {
            let message = if gathered.items.is_empty() {
                Some(requests.message().await)
            } else if gathered.items.len() < EVENTS_TOGETHER {
                ready(&mut requests).await
            } else {
                None
            };
            let Some(message) = message else {
                self.submit_gathered(&mut gathered).await?;
                continue;
            };
            let message = message.map_err(|status| End::Status(named(status)))?;
            let Some(message) = message else {
                return self.submit_gathered(&mut gathered).await.map_err(End::from);
            };
            self.lease.touch();
            let received_at = self.ingest.clock.now();
            match message.message {
                Some(Message::Batch(batch)) => self.gather(batch, received_at, &mut gathered)?,
                Some(Message::Heartbeat(heartbeat)) => {
                    self.submit_gathered(&mut gathered).await?;
                    let said = heartbeat.sent_at.as_ref();
                    let sent_at = open::sent_at("heartbeat.sent_at", said, received_at)?;
                    self.submit(SubmissionKind::Heartbeat, sent_at, received_at, Vec::new())
                        .await?;
                }
                Some(Message::Finish(finish)) => {
                    self.submit_gathered(&mut gathered).await?;
                    let kind = SubmissionKind::Finish {
                        complete: finish.complete,
                    };
                    self.submit(kind, received_at, received_at, Vec::new())
                        .await?;
                }
                Some(Message::Open(_)) => {
                    let fault = "`open` may come only once";
                    return Err(IngestError::Protocol { fault }.into());
                }
                None => return Err(RequestError::FieldMissing { field: "message" }.into()),
            }
        }
    }

    fn gather(
        &mut self,
        batch: wire::EventBatch,
        received_at: Timestamp,
        gathered: &mut Gathered,
    ) -> Result<(), IngestError> {
        let sent_at = open::sent_at("batch.sent_at", batch.sent_at.as_ref(), received_at)?;
        gathered.sent_at = gathered.sent_at.max(Some(sent_at));
        check_batch(&batch, self.ingest.options.batch_events_max)?;
        let Gathered {
            items, rejections, ..
        } = gathered;
        validate(&mut self.validator, batch, received_at, items, rejections);
        Ok(())
    }

    async fn submit_gathered(&mut self, gathered: &mut Gathered) -> Result<(), IngestError> {
        let Gathered {
            sent_at,
            items,
            rejections,
        } = std::mem::take(gathered);
        if items.is_empty() {
            return Ok(());
        }
        let received_at = self.ingest.clock.now();
        let sent_at = sent_at.unwrap_or(received_at);
        self.submit(
            SubmissionKind::Batch(items),
            sent_at,
            received_at,
            rejections,
        )
        .await
    }

    async fn submit(
        &mut self,
        kind: SubmissionKind,
        sent_at: Timestamp,
        received_at: Timestamp,
        rejections: Vec<Rejection>,
    ) -> Result<(), IngestError> {
        let (events, finish) = match &kind {
            SubmissionKind::Batch(items) => (items.len() as u32, false),
            SubmissionKind::Heartbeat => (0, false),
            SubmissionKind::Finish { .. } => (0, true),
        };
        // Small batches that came together may be more than the window holds: such a submission waits for all of it.
        let events = events.min(self.ingest.options.window_events);
        let gone = |_| RequestError::ShuttingDown;
        let permits = self.window.acquire_many(events).await;
        permits.map_err(|_| RequestError::ShuttingDown)?.forget();
        self.asked
            .send(Asked {
                events,
                rejections,
                finish,
            })
            .await
            .map_err(gone)?;
        let reply = self.replies.clone().reserve_owned().await;
        let submission = Submission {
            source: self.open.source.clone(),
            epoch: self.epoch,
            mode: self.open.mode,
            sent_at,
            received_at,
            kind,
            reply: reply.map_err(|_| RequestError::ShuttingDown)?,
        };
        self.ingest
            .journal
            .submit(submission)
            .await
            .map_err(IngestError::from)
    }
}

/// The next message if it is there already; `None` = not yet.
async fn ready(
    requests: &mut Streaming<wire::StreamEventsRequest>,
) -> Option<Result<Option<wire::StreamEventsRequest>, Status>> {
    poll_fn(
        |context| match Pin::new(&mut *requests).poll_next(context) {
            Poll::Ready(next) => Poll::Ready(Some(next.transpose())),
            Poll::Pending => Poll::Ready(None),
        },
    )
    .await
}

/// Checks a batch's size.
pub(super) fn check_batch(batch: &wire::EventBatch, limit: u32) -> Result<(), IngestError> {
    let (events, limit) = (batch.events.len(), (limit as usize).min(caps::BATCH_EVENTS));
    if events > limit {
        return Err(IngestError::BatchTooLarge { events, limit });
    }
    Ok(())
}

/// Checks every event and puts it behind the items; a rejected one stays among them, so that its number is passed.
pub(super) fn validate(
    validator: &mut Validator,
    batch: wire::EventBatch,
    received_at: Timestamp,
    items: &mut Vec<Item>,
    rejections: &mut Vec<Rejection>,
) {
    items.reserve(batch.events.len());
    for event in batch.events {
        match validator.check(event, received_at) {
            Ok(event) => items.push(Item::Event(event)),
            Err(rejection) => {
                items.push(Item::Rejected(RejectedEvent {
                    sequence: rejection.sequence,
                    reason: rejection.reason.as_str(),
                    field: rejection.field,
                    message: rejection.message.clone(),
                }));
                rejections.push(rejection);
            }
        }
    }
}
