//! A sender of events in the hand of a test: one stream, its answers one by one.

use std::future::Future;
use std::time::Duration;

use dozvon::clock::Clock;
use dozvon::proto::v1::ingest_service_client::IngestServiceClient;
use dozvon::proto::v1::stream_events_request::Message as Request;
use dozvon::proto::v1::stream_events_response::Message as Answer;
use dozvon::proto::v1::{
    Ack, AgentConnected, CallArrived, CallEnded, CallEvent, EndedBy, Epoch, EpochStatus, Event,
    EventBatch, Finish, Finished, GetQueueReportRequest, GetQueueReportResponse, GetSourceRequest,
    GetSourceResponse, Heartbeat, Mode, QueueEntered, QueueReportRow, ReportQuery,
    StreamEventsRequest, StreamEventsResponse, StreamOpen, StreamOpened, call_event::Kind, epoch,
    event::Body,
};
use pbjson_types::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

use crate::harness::{PATIENCE, Server};

/// A second, in the microseconds that tests count in.
pub(crate) const SECOND: i64 = 1_000_000;
/// The queue of every made-up call.
pub(crate) const QUEUE: &str = "first_line";

/// This moment, microseconds since 1970.
pub(crate) fn now() -> i64 {
    Clock::system().now().as_micros()
}

/// A moment as the wire writes it.
pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp {
        seconds: micros.div_euclid(SECOND),
        nanos: (micros.rem_euclid(SECOND) * 1_000) as i32,
    }
}

/// A live stream of spool 1 by the sender `a`.
pub(crate) fn live(source: &str) -> StreamOpen {
    StreamOpen {
        source: source.into(),
        epoch: Some(spool(1)),
        mode: Mode::Live.into(),
        sender_id: "a".into(),
        ..StreamOpen::default()
    }
}

/// A stream of history: a file whose hash is this byte 32 times.
pub(crate) fn history(source: &str, file: u8) -> StreamOpen {
    StreamOpen {
        epoch: Some(content(file)),
        mode: Mode::Backfill.into(),
        ..live(source)
    }
}

/// A connector's spool.
pub(crate) fn spool(number: u64) -> Epoch {
    let id = Some(epoch::Id::Spool(number));
    Epoch { id }
}

/// An importer's file.
pub(crate) fn content(file: u8) -> Epoch {
    let id = Some(epoch::Id::Content(vec![file; 32]));
    Epoch { id }
}

/// One event of a call.
pub(crate) fn event(sequence: u64, at: i64, call: &str, kind: Kind) -> Event {
    let call_id = call.into();
    let kind = Some(kind);
    Event {
        sequence,
        occurred_at: Some(time(at)),
        body: Some(Body::Call(CallEvent { call_id, kind })),
    }
}

/// A call that arrives.
pub(crate) fn arrived() -> Kind {
    Kind::Arrived(CallArrived::default())
}

/// A call that enters the queue.
pub(crate) fn entered() -> Kind {
    Kind::QueueEntered(QueueEntered {
        queue: QUEUE.into(),
        ..QueueEntered::default()
    })
}

/// An agent who takes it.
pub(crate) fn connected() -> Kind {
    Kind::AgentConnected(AgentConnected {
        agent: "anna".into(),
        queue: QUEUE.into(),
    })
}

/// A call that ends.
pub(crate) fn ended() -> Kind {
    Kind::Ended(CallEnded {
        by: EndedBy::Caller.into(),
        ..CallEnded::default()
    })
}

/// A call in four events: it arrives, is queued, is answered after 10 s and ends after 60 s more.
pub(crate) fn answered(first: u64, call: &str, at: i64) -> Vec<Event> {
    vec![
        event(first, at, call, arrived()),
        event(first + 1, at, call, entered()),
        event(first + 2, at + 10 * SECOND, call, connected()),
        event(first + 3, at + 70 * SECOND, call, ended()),
    ]
}

/// An open stream.
pub(crate) struct Sender {
    out: mpsc::Sender<StreamEventsRequest>,
    answers: Streaming<StreamEventsResponse>,
    /// What the server said first.
    pub(crate) opened: StreamOpened,
}

impl Sender {
    /// Opens a stream; the status that it ends with when it is refused.
    pub(crate) async fn open(server: &Server, open: StreamOpen) -> Result<Self, Status> {
        Self::open_at(&server.grpc_addr(), open).await
    }

    /// The same, of the server at this address.
    pub(crate) async fn open_at(address: &str, open: StreamOpen) -> Result<Self, Status> {
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        let mut client = IngestServiceClient::new(endpoint.connect().await.unwrap());
        let (out, requests) = mpsc::channel(16);
        out.send(request(Request::Open(open))).await.unwrap();
        let requests = ReceiverStream::new(requests);
        let answers = client.stream_events(requests).await?;
        let mut answers = answers.into_inner();
        match next(&mut answers).await? {
            Some(Answer::Opened(opened)) => Ok(Self {
                out,
                answers,
                opened,
            }),
            other => panic!("the first answer is {other:?}"),
        }
    }

    /// Sends a message; nothing is awaited.
    pub(crate) async fn send(&self, message: Request) {
        // A stream that has ended takes nothing: its status says why.
        drop(self.out.send(request(message)).await);
    }

    /// The next answer; `None` = the stream ended well.
    pub(crate) async fn answer(&mut self) -> Result<Option<Answer>, Status> {
        next(&mut self.answers).await
    }

    async fn ack(&mut self) -> Result<Ack, Status> {
        match self.answer().await? {
            Some(Answer::Ack(ack)) => Ok(ack),
            other => panic!("{other:?} instead of an ack"),
        }
    }

    /// Sends a batch and awaits its ack.
    pub(crate) async fn try_batch(&mut self, events: Vec<Event>) -> Result<Ack, Status> {
        self.send(batch(now(), events)).await;
        self.ack().await
    }

    /// Sends a batch and awaits its ack; it is not refused.
    pub(crate) async fn batch(&mut self, events: Vec<Event>) -> Ack {
        self.try_batch(events).await.unwrap()
    }

    /// The same at another time of the source's clock.
    pub(crate) async fn batch_at(&mut self, sent_at: i64, events: Vec<Event>) -> Ack {
        self.send(batch(sent_at, events)).await;
        self.ack().await.unwrap()
    }

    /// Says that the source lives, at its own clock.
    pub(crate) async fn heartbeat(&mut self, sent_at: i64) -> Ack {
        let sent_at = Some(time(sent_at));
        self.send(Request::Heartbeat(Heartbeat { sent_at })).await;
        self.ack().await.unwrap()
    }

    /// Says that there is no more.
    pub(crate) async fn finish(&mut self, complete: bool) -> Finished {
        self.send(Request::Finish(Finish { complete })).await;
        match self.answer().await.unwrap() {
            Some(Answer::Finished(finished)) => finished,
            other => panic!("{other:?} instead of a finish"),
        }
    }

    /// The status that the server ends the stream with; acks before it are passed over.
    pub(crate) async fn refusal(&mut self) -> Status {
        loop {
            match self.answer().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended well"),
                Err(status) => return status,
            }
        }
    }

    /// Ends the stream and awaits the server's end of it.
    pub(crate) async fn close(self) {
        let Self {
            out, mut answers, ..
        } = self;
        drop(out);
        while next(&mut answers).await.unwrap().is_some() {}
    }
}

/// A message of the sender's.
pub(crate) fn request(message: Request) -> StreamEventsRequest {
    StreamEventsRequest {
        message: Some(message),
    }
}

/// A batch as a message.
pub(crate) fn batch(sent_at: i64, events: Vec<Event>) -> Request {
    let sent_at = Some(time(sent_at));
    Request::Batch(EventBatch { sent_at, events })
}

async fn next(answers: &mut Streaming<StreamEventsResponse>) -> Result<Option<Answer>, Status> {
    let message = tokio::time::timeout(PATIENCE, answers.message()).await;
    let message = message.expect("an answer in time")?;
    Ok(message.map(|answer| answer.message.expect("an answer says something")))
}

/// Everything known of a source.
pub(crate) async fn source(server: &Server, name: &str) -> GetSourceResponse {
    let request = GetSourceRequest {
        source: name.into(),
        epoch: None,
    };
    let answer = server.ingest().await.get_source(request).await;
    answer.unwrap().into_inner()
}

/// The newest numbering of a source.
pub(crate) async fn newest(server: &Server, name: &str) -> EpochStatus {
    source(server, name).await.epochs.remove(0)
}

/// Waits until reports hold everything up to a position.
pub(crate) async fn stored(server: &Server, name: &str, position: u64) -> GetSourceResponse {
    until("the store", || async {
        let known = source(server, name).await;
        (known.stored_position >= position).then_some(known)
    })
    .await
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// The queue report of everything, in one bucket.
pub(crate) async fn queue_report(server: &Server) -> GetQueueReportResponse {
    queue_report_of(server).await.unwrap()
}

/// The same, or why there is none.
pub(crate) async fn queue_report_of(server: &Server) -> Result<GetQueueReportResponse, Status> {
    let query = ReportQuery {
        start: Some(time(0)),
        end: Some(time(now() + 48 * 3600 * SECOND)),
        ..ReportQuery::default()
    };
    let request = GetQueueReportRequest {
        query: Some(query),
        ..GetQueueReportRequest::default()
    };
    let answer = server.reports().await.get_queue_report(request).await;
    answer.map(tonic::Response::into_inner)
}

/// The row of all queues; an empty one when there is none.
pub(crate) async fn all_queues(server: &Server) -> QueueReportRow {
    let rows = queue_report(server).await.rows;
    let all = rows.into_iter().find(|row| row.queue == "ALL");
    all.unwrap_or_default()
}

/// The reason that a status gives to programs.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map_or_else(|| format!("no reason in {status:?}"), |info| info.reason)
}

/// How long the server asks to wait.
pub(crate) fn retry_after(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// The sum of a metric's samples whose line begins so.
pub(crate) fn metric(text: &str, begins: &str) -> f64 {
    let lines = text.lines().filter(|line| line.starts_with(begins));
    let values = lines.filter_map(|line| line.rsplit_once(' '));
    values.map(|(_, value)| value.parse::<f64>().unwrap()).sum()
}
