//! IngestService over the journal's handle.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use phonenumber::country::Id;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::clock::Clock;
use crate::journal::{self, Submission, SubmissionKind};
use crate::model::{Mode, Position, SourceId};
use crate::pipeline;
use crate::proto::v1 as wire;
use crate::proto::v1::ingest_service_server::IngestService;
use crate::validate::{Privacy, Validator};

use super::error::{IngestError, RequestError};
use super::lease::Leases;
use super::status;
use super::{ack, open, ready, session, source};

/// Answers of one stream that may wait for its sender.
const ANSWERS_WAITING: usize = 64;

/// How the door is kept.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// Events that a stream may have sent and not seen acked.
    pub window_events: u32,
    /// The most events of one batch.
    pub batch_events_max: u32,
    /// How long a silent sender keeps its source.
    pub lease: Duration,
    /// The country of each source's numbers.
    pub countries: HashMap<SourceId, Id>,
    /// The country of all other sources' numbers.
    pub country: Option<Id>,
}

/// IngestService; cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    pub(super) options: Arc<IngestOptions>,
    pub(super) journal: journal::Handle,
    pub(super) reader: journal::Reader,
    pub(super) status: pipeline::Status,
    pub(super) stored: watch::Receiver<Position>,
    pub(super) ready: watch::Receiver<bool>,
    pub(super) stopping: CancellationToken,
    pub(super) clock: Clock,
    pub(super) leases: Leases,
    privacy: Arc<Privacy>,
}

impl Ingest {
    /// The door to a journal.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a handle to another part"
    )]
    pub fn new(
        options: IngestOptions,
        journal: journal::Handle,
        reader: journal::Reader,
        status: pipeline::Status,
        stored: watch::Receiver<Position>,
        ready: watch::Receiver<bool>,
        stopping: CancellationToken,
        clock: Clock,
        privacy: Arc<Privacy>,
    ) -> Self {
        let leases = Leases::new(options.lease, clock.clone());
        let options = Arc::new(options);
        Self {
            options,
            journal,
            reader,
            status,
            stored,
            ready,
            stopping,
            clock,
            leases,
            privacy,
        }
    }

    /// A validator for one stream of a source.
    pub(super) fn validator(&self, source: &SourceId, mode: Mode) -> Validator {
        let country = self
            .options
            .countries
            .get(source)
            .copied()
            .or(self.options.country);
        Validator::new(source.clone(), mode, country, self.privacy.clone())
    }

    pub(super) fn check_ready(&self) -> Result<(), RequestError> {
        ready::check(&self.ready, &self.stopping)
    }

    async fn append(&self, request: wire::AppendEventsRequest) -> Result<wire::Ack, IngestError> {
        self.check_ready()?;
        let missing = |field| RequestError::FieldMissing { field };
        let open = open::check(request.open.ok_or_else(|| missing("open"))?)?;
        let batch = request.batch.ok_or_else(|| missing("batch"))?;
        session::check_batch(&batch, self.options.batch_events_max)?;
        let received_at = self.clock.now();
        let sent_at = open::sent_at("batch.sent_at", batch.sent_at.as_ref(), received_at)?;
        let lease = self
            .leases
            .acquire(&open.source, open.mode, &open.sender, open.take_over)?;
        let opened = self.journal.open(open.opening()).await?;
        let mut validator = self.validator(&open.source, open.mode);
        let (mut items, mut rejections) = (Vec::new(), Vec::new());
        session::validate(
            &mut validator,
            batch,
            received_at,
            &mut items,
            &mut rejections,
        );
        let (replies, mut answers) = mpsc::channel(1);
        let reply = replies
            .reserve_owned()
            .await
            .map_err(|_| RequestError::ShuttingDown)?;
        let submission = Submission {
            source: open.source,
            epoch: opened.epoch,
            mode: open.mode,
            sent_at,
            received_at,
            kind: SubmissionKind::Batch(items),
            reply,
        };
        self.journal.submit(submission).await?;
        let stopped = IngestError::Refused(journal::Refusal::Stopped);
        let acked = answers.recv().await.ok_or(stopped)??;
        lease.keep();
        let mut ack = None;
        ack::merge(&mut ack, &acked, &rejections);
        Ok(ack.unwrap_or_default())
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    type StreamEventsStream = ReceiverStream<Result<wire::StreamEventsResponse, Status>>;

    async fn stream_events(
        &self,
        request: Request<Streaming<wire::StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        self.check_ready()?;
        let (out, answers) = mpsc::channel(ANSWERS_WAITING);
        tokio::spawn(session::run(self.clone(), request.into_inner(), out));
        Ok(Response::new(ReceiverStream::new(answers)))
    }

    async fn append_events(
        &self,
        request: Request<wire::AppendEventsRequest>,
    ) -> Result<Response<wire::AppendEventsResponse>, Status> {
        let ack = self.append(request.into_inner()).await;
        let ack = ack.map_err(|error| status::ingest(&error))?;
        Ok(Response::new(wire::AppendEventsResponse { ack: Some(ack) }))
    }

    async fn get_source(
        &self,
        request: Request<wire::GetSourceRequest>,
    ) -> Result<Response<wire::GetSourceResponse>, Status> {
        source::get(self, &request.into_inner())
            .await
            .map(Response::new)
    }
}
