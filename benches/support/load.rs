//! A sender that costs little: messages encoded before the clock runs, one stream a source, as many events on the way as
//! the server's window allows.
//!
//! The events are those of the simulated hotline; each source lives its own days.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use dozvon::{
    proto::v1::{
        Epoch, Event, EventBatch, Mode, StreamEventsRequest, StreamEventsResponse, StreamOpen,
        epoch::Id, stream_events_request, stream_events_response,
    },
    simulate::{Options, Simulator},
};
use jiff::{civil::Date, tz::TimeZone};
use prost::{
    Message as _,
    bytes::{BufMut as _, Bytes, BytesMut},
};
use tokio_stream::Stream;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

/// Calls a day of one source: four hotlines of the study's size.
const CALLS_A_DAY: u64 = 1_000;
/// Fewer events than any thousand simulated calls have.
const EVENTS_A_CALL_MIN: u64 = 6;
const FIRST_DAY: Date = Date::constant(2026, 3, 2);

/// Events of a simulated hotline, as its switch says them: numbered from 1, in order of time.
pub(crate) fn simulated(seed: u64, events: u64) -> Vec<Event> {
    let days = events.div_ceil(CALLS_A_DAY * EVENTS_A_CALL_MIN) as u32;
    let calls = CALLS_A_DAY * u64::from(days);
    let zone = TimeZone::UTC;
    let sized = Options::sized(FIRST_DAY, zone, days, calls, 3, None);
    let options = Options { seed, ..sized };
    let simulator = Simulator::new(options).expect("the hotline can be simulated");
    let said: Vec<Event> = simulator.take(events as usize).collect();
    assert_eq!(said.len() as u64, events, "the days have enough calls");
    said
}

/// One message, ready for the wire.
#[derive(Clone)]
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    /// The number of its last event.
    pub(crate) last: u64,
}

/// Batches of so many events, encoded; the source's clock goes with its events.
pub(crate) fn encode(events: Vec<Event>, batch_events: usize) -> Vec<Encoded> {
    let mut bytes = BytesMut::new();
    let mut ends = Vec::new();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let events: Vec<Event> = events.by_ref().take(batch_events).collect();
        let (last, sent_at) = events
            .last()
            .map_or((0, None), |event| (event.sequence, event.occurred_at));
        let batch = EventBatch { sent_at, events };
        let message = Some(stream_events_request::Message::Batch(batch));
        let request = StreamEventsRequest { message };
        request.encode(&mut bytes).expect("memory suffices");
        ends.push((bytes.len(), last));
    }
    let bytes = bytes.freeze();
    let mut start = 0;
    let slice = |(end, last)| {
        let bytes = bytes.slice(start..end);
        start = end;
        Encoded { bytes, last }
    };
    ends.into_iter().map(slice).collect()
}

/// The first message of a stream.
pub(crate) fn open(source: &str) -> Bytes {
    let open = StreamOpen {
        source: source.to_owned(),
        epoch: Some(Epoch {
            id: Some(Id::Spool(1)),
        }),
        mode: Mode::Live.into(),
        sender_id: "bench".into(),
        ..StreamOpen::default()
    };
    let message = Some(stream_events_request::Message::Open(open));
    StreamEventsRequest { message }.encode_to_vec().into()
}

/// How far a stream's events are acked, and who waits for it.
#[derive(Default)]
struct Progress {
    /// The last number that may be sent: what is acked and the window.
    until: AtomicU64,
    sender: Mutex<Option<Waker>>,
}

impl Progress {
    fn allow(&self, until: u64) {
        self.until.store(until, Ordering::Release);
        let waker = self.sender.lock().expect("nobody panics with it").take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Messages, as fast as the window allows.
struct Sending {
    open: Option<Bytes>,
    messages: std::vec::IntoIter<Encoded>,
    progress: Arc<Progress>,
}

impl Stream for Sending {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(open) = self.open.take() {
            return Poll::Ready(Some(open));
        }
        let Some(next) = self.messages.as_slice().first() else {
            return Poll::Ready(None);
        };
        let may_go = |progress: &Progress| next.last <= progress.until.load(Ordering::Acquire);
        if !may_go(&self.progress) {
            let mut sender = self.progress.sender.lock().expect("nobody panics with it");
            *sender = Some(context.waker().clone());
            // An ack that came in between has found no waker.
            if !may_go(&self.progress) {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.messages.next().map(|message| message.bytes))
    }
}

/// What became of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    /// Events that were kept.
    pub(crate) accepted: u64,
    /// The position of the last ack.
    pub(crate) position: u64,
}

/// Sends all messages of a source; returns when the last is acked.
pub(crate) async fn send(
    channel: Channel,
    source: &str,
    messages: Vec<Encoded>,
) -> Result<Sent, Status> {
    let progress = Arc::new(Progress::default());
    let sending = Sending {
        open: Some(open(source)),
        messages: messages.into_iter(),
        progress: progress.clone(),
    };
    let mut answers = stream(channel, sending).await?;
    let (mut sent, mut window) = (Sent::default(), 0);
    while let Some(answer) = answers.message().await? {
        match answer.message {
            Some(stream_events_response::Message::Opened(opened)) => {
                window = u64::from(opened.window_events);
                progress.allow(opened.mark + window);
            }
            Some(stream_events_response::Message::Ack(ack)) => {
                sent.accepted += ack.accepted;
                sent.position = ack.position;
                progress.allow(ack.sequence + window);
            }
            Some(stream_events_response::Message::Finished(_)) | None => {}
        }
    }
    Ok(sent)
}

/// A stream of encoded requests and its answers.
pub(crate) async fn stream(
    channel: Channel,
    requests: impl Stream<Item = Bytes> + Send + 'static,
) -> Result<tonic::Streaming<StreamEventsResponse>, Status> {
    let mut client = Grpc::new(channel);
    let ready = client.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static("/dozvon.v1.IngestService/StreamEvents");
    let answered = client.streaming(Request::new(requests), path, Raw).await;
    answered.map(tonic::Response::into_inner)
}

/// Requests are bytes already; answers are read as usual.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = StreamEventsResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = StreamEventsResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let decoded = StreamEventsResponse::decode(buffer);
        let decoded = decoded.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(decoded))
    }
}
