//! An ingest door for the client's tests: it keeps marks as the contract says, and misbehaves as it is told.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use pbjson_types::Timestamp;
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming, transport};

use super::{Server, digest::digest};
use crate::proto::v1::{
    Ack, AppendEventsRequest, AppendEventsResponse, Durability, Epoch, EpochStatus, Event,
    EventBatch, EventRejection, Finished, Gap, GetSourceRequest, GetSourceResponse,
    StreamEventsRequest, StreamEventsResponse, StreamOpen, StreamOpened,
    ingest_service_server::{IngestService, IngestServiceServer},
    stream_events_request::Message,
    stream_events_response::Message as Answer,
};

/// What the door does with a batch or a finish.
pub(crate) enum Act {
    /// As it should.
    Take,
    /// Takes it, and the ack is lost with the stream.
    TakeAndCut,
    /// Loses it with the stream.
    Cut,
    /// Takes it, and the process dies.
    TakeAndDie,
    /// The process dies.
    Die,
    /// Ends the stream with this status.
    Refuse(Status),
}

type Script<T> = Box<dyn FnMut(usize) -> T + Send>;

/// What the door knows and has seen; survives its process.
pub(crate) struct State {
    pub(crate) window_events: u32,
    pub(crate) batch_events_max: u32,
    pub(crate) rejects: fn(&Event) -> Option<&'static str>,
    /// What to do with the n-th batch or finish, from 1, over all streams.
    pub(crate) on_batch: Script<Act>,
    pub(crate) on_finish: Script<Act>,
    pub(crate) on_open: Script<Option<Status>>,
    /// Acks only when nothing has come for a while.
    pub(crate) acks_when_idle: bool,

    pub(crate) epochs: HashMap<Epoch, Numbering>,
    pub(crate) opens: Vec<StreamOpen>,
    pub(crate) batch_lens: Vec<usize>,
    pub(crate) sent_at: Vec<Option<Timestamp>>,
    pub(crate) heartbeats: Vec<Option<Timestamp>>,
    pub(crate) finishes: Vec<bool>,
    pub(crate) unacked_max: usize,
    pub(crate) store_asked: usize,
}

/// One epoch's marks.
#[derive(Default)]
pub(crate) struct Numbering {
    pub(crate) mark: u64,
    pub(crate) kept: BTreeMap<u64, Event>,
    pub(crate) rejected: BTreeMap<u64, &'static str>,
}

impl Numbering {
    fn is_handled(&self, sequence: u64) -> bool {
        self.kept.contains_key(&sequence) || self.rejected.contains_key(&sequence)
    }

    fn gaps(&self) -> Vec<Gap> {
        let missing = (1..=self.mark).filter(|&sequence| !self.is_handled(sequence));
        let alone = |sequence| Gap {
            first: sequence,
            last: sequence,
        };
        missing.map(alone).collect()
    }

    fn digest(&self, source: &str) -> u64 {
        let last = self.kept.get(&self.mark);
        last.and_then(|event| digest(source, event))
            .unwrap_or_default()
    }
}

impl State {
    fn take(&mut self, epoch: &Epoch, batch: EventBatch) -> Ack {
        let rejects = self.rejects;
        let numbering = self.epochs.entry(epoch.clone()).or_default();
        let mut ack = Ack {
            durability: Durability::Synced.into(),
            ..Ack::default()
        };
        for event in batch.events {
            let sequence = event.sequence;
            numbering.mark = numbering.mark.max(sequence);
            if numbering.is_handled(sequence) {
                ack.duplicates += 1;
            } else if let Some(reason) = rejects(&event) {
                numbering.rejected.insert(sequence, reason);
                ack.rejections.push(rejection(sequence, reason));
            } else {
                numbering.kept.insert(sequence, event);
                ack.accepted += 1;
            }
        }
        ack.sequence = numbering.mark;
        ack.digest = 77;
        ack.position = numbering.mark;
        ack
    }
}

fn rejection(sequence: u64, reason: &str) -> EventRejection {
    EventRejection {
        sequence,
        reason: reason.to_owned(),
        ..EventRejection::default()
    }
}

/// The door, and the process that it lives in.
pub(crate) struct Fake {
    process: Option<Runtime>,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    dies: Arc<Notify>,
}

impl Fake {
    /// A door that behaves.
    pub(crate) fn start() -> Self {
        let state = State {
            window_events: 1_000,
            batch_events_max: 100,
            rejects: |_| None,
            on_batch: Box::new(|_| Act::Take),
            on_finish: Box::new(|_| Act::Take),
            on_open: Box::new(|_| None),
            acks_when_idle: false,
            epochs: HashMap::new(),
            opens: Vec::new(),
            batch_lens: Vec::new(),
            sent_at: Vec::new(),
            heartbeats: Vec::new(),
            finishes: Vec::new(),
            unacked_max: 0,
            store_asked: 0,
        };
        let mut fake = Self {
            process: None,
            address: own_address(),
            state: Arc::new(Mutex::new(state)),
            dies: Arc::default(),
        };
        fake.restart();
        fake
    }

    pub(crate) fn server(&self) -> Server {
        self.address.to_string().parse().unwrap()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// All connections break, and nobody listens.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.shutdown_background();
        }
    }

    /// Listens again where it did.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let process = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let door = Door {
            state: Arc::clone(&self.state),
            dies: Arc::clone(&self.dies),
        };
        let (bound, address) = std::sync::mpsc::channel();
        let wanted = self.address;
        process.spawn(async move {
            // The killed process's socket may live a moment longer.
            let listener = loop {
                match TcpListener::bind(wanted).await {
                    Ok(listener) => break listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            };
            bound.send(listener.local_addr().unwrap()).unwrap();
            transport::Server::builder()
                .add_service(IngestServiceServer::new(door))
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        self.address = address.recv().unwrap();
        self.process = Some(process);
    }

    /// Restarts the process as often as its script lets it die.
    pub(crate) async fn supervise(mut self, deaths: usize) -> Self {
        for _ in 0..deaths {
            self.dies.notified().await;
            self.kill();
            self.restart();
        }
        self
    }
}

/// An address that stays ours while the process is dead: the system gives a port of its own choice (32768 and above) to
/// whoever asks next.
fn own_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (std::process::id() * 61 + count) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port as u16));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Door {
    state: Arc<Mutex<State>>,
    dies: Arc<Notify>,
}

#[tonic::async_trait]
impl IngestService for Door {
    type StreamEventsStream = ReceiverStream<Result<StreamEventsResponse, Status>>;

    async fn stream_events(
        &self,
        request: Request<Streaming<StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let (answers, stream) = mpsc::channel(1_000);
        let state = Arc::clone(&self.state);
        let dies = Arc::clone(&self.dies);
        let requests = request.into_inner();
        tokio::spawn(async move {
            let served = serve(state, dies, requests, answers.clone()).await;
            if let Err(status) = served {
                let _gone = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn append_events(
        &self,
        _: Request<AppendEventsRequest>,
    ) -> Result<Response<AppendEventsResponse>, Status> {
        Err(Status::unimplemented("not used"))
    }

    async fn get_source(
        &self,
        request: Request<GetSourceRequest>,
    ) -> Result<Response<GetSourceResponse>, Status> {
        let request = request.into_inner();
        let epoch = request.epoch.unwrap();
        let mut state = self.state.lock().unwrap();
        let status = state.epochs.get(&epoch).map(|numbering| EpochStatus {
            epoch: Some(epoch),
            mark: numbering.mark,
            digest: numbering.digest(&request.source),
            gaps: numbering.gaps(),
            rejections: {
                let listed = numbering.rejected.iter().rev().take(100);
                listed.map(|(at, reason)| rejection(*at, reason)).collect()
            },
            rejected: numbering.rejected.len() as u64,
        });
        let epochs = Vec::from_iter(status);
        // The store needs three questions to get anywhere.
        state.store_asked += usize::from(!state.finishes.is_empty());
        let stored_position = if state.store_asked > 3 { u64::MAX } else { 0 };
        Ok(Response::new(GetSourceResponse {
            source: request.source,
            epochs,
            stored_position,
            ..GetSourceResponse::default()
        }))
    }
}

type Answers = mpsc::Sender<Result<StreamEventsResponse, Status>>;

async fn serve(
    state: Arc<Mutex<State>>,
    dies: Arc<Notify>,
    mut requests: Streaming<StreamEventsRequest>,
    answers: Answers,
) -> Result<(), Status> {
    let first = requests
        .message()
        .await?
        .and_then(|request| request.message);
    let Some(Message::Open(open)) = first else {
        return Err(Status::invalid_argument("the first message is not `open`"));
    };
    let epoch = open.epoch.clone().unwrap();
    let opened = {
        let mut state = state.lock().unwrap();
        let source = open.source.clone();
        state.opens.push(open);
        let count = state.opens.len();
        if let Some(status) = (state.on_open)(count) {
            return Err(status);
        }
        let numbering = state.epochs.entry(epoch.clone()).or_default();
        StreamOpened {
            mark: numbering.mark,
            digest: numbering.digest(&source),
            window_events: state.window_events,
            batch_events_max: state.batch_events_max,
        }
    };
    answer(&answers, Answer::Opened(opened)).await;
    let mut late: Vec<Ack> = Vec::new();
    let mut unacked = 0;
    loop {
        let idle = match late.is_empty() {
            true => Duration::from_secs(3600),
            false => Duration::from_millis(30),
        };
        let Ok(request) = timeout(idle, requests.message()).await else {
            for ack in late.drain(..) {
                answer(&answers, Answer::Ack(ack)).await;
            }
            unacked = 0;
            continue;
        };
        let Some(message) = request?.and_then(|request| request.message) else {
            return Ok(());
        };
        // A finish waits for its turn like a batch, so it speaks of all before it.
        let (act, reply) = {
            let mut state = state.lock().unwrap();
            match message {
                Message::Open(_) => return Err(Status::invalid_argument("open twice")),
                Message::Heartbeat(heartbeat) => {
                    state.heartbeats.push(heartbeat.sent_at);
                    continue;
                }
                Message::Finish(finish) => {
                    state.finishes.push(finish.complete);
                    let count = state.finishes.len();
                    let act = (state.on_finish)(count);
                    let position = state.epochs[&epoch].mark + 1;
                    (act, Some(Answer::Finished(Finished { position })))
                }
                Message::Batch(batch) => {
                    state.batch_lens.push(batch.events.len());
                    state.sent_at.push(batch.sent_at);
                    unacked += batch.events.len();
                    state.unacked_max = state.unacked_max.max(unacked);
                    let count = state.batch_lens.len();
                    let act = (state.on_batch)(count);
                    let takes = matches!(act, Act::Take | Act::TakeAndCut | Act::TakeAndDie);
                    let ack = takes.then(|| Answer::Ack(state.take(&epoch, batch)));
                    (act, ack)
                }
            }
        };
        let acks_when_idle = state.lock().unwrap().acks_when_idle;
        match (act, reply) {
            (Act::Take, Some(Answer::Ack(ack))) if acks_when_idle => late.push(ack),
            (Act::Take, Some(reply)) => {
                unacked = 0;
                answer(&answers, reply).await;
            }
            (Act::Take, None) => {}
            (Act::TakeAndCut | Act::Cut, _) => return Err(Status::unavailable("cut")),
            (Act::TakeAndDie | Act::Die, _) => {
                dies.notify_one();
                std::future::pending::<()>().await;
            }
            (Act::Refuse(status), _) => return Err(status),
        }
    }
}

async fn answer(answers: &Answers, message: Answer) {
    let message = Some(message);
    let _gone = answers.send(Ok(StreamEventsResponse { message })).await;
}
