//! A steady load, open loop: each event has its time, fixed in advance, and its ack's latency counts from there.

use std::{
    array,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use dozvon::{
    app::Running,
    clock::Clock,
    proto::v1::{
        AgentConnected, CallArrived, CallEnded, CallEvent, Event, EventBatch, QueueEntered,
        StreamEventsRequest, call_event::Kind, event::Body, stream_events_request,
        stream_events_response::Message,
    },
};
use hdrhistogram::Histogram;
use pbjson_types::Timestamp;
use prost::{Message as _, bytes::Bytes};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{load, machine::now, service};

/// Sources that send in turn.
const SOURCES: u64 = 4;
/// Events of each made-up call.
pub(crate) const EVENTS_A_CALL: u64 = 4;
/// Kinds of time that acks are counted under.
pub(crate) const PHASES: usize = 3;
/// Whole microseconds up to a minute, 3 digits.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

/// Microseconds, to be added up.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX_MICROS, 3).expect("the bounds are in order")
}

/// A quantile in milliseconds.
pub(crate) fn millis(histogram: &Histogram<u64>, share: f64) -> f64 {
    histogram.value_at_quantile(share) as f64 / 1e3
}

/// The present moment as an event says it.
fn timestamp() -> Timestamp {
    let micros = Clock::system().now().as_micros();
    Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

/// One event of this moment.
pub(crate) fn event(sequence: u64, call: String, kind: Kind) -> Event {
    let kind = Some(kind);
    Event {
        sequence,
        occurred_at: Some(timestamp()),
        body: Some(Body::Call(CallEvent {
            call_id: call,
            kind,
        })),
    }
}

/// A call enters a queue.
pub(crate) fn entered(queue: String) -> Kind {
    Kind::QueueEntered(QueueEntered {
        queue,
        ..QueueEntered::default()
    })
}

/// One event as a message.
pub(crate) fn message(event: Event) -> Bytes {
    let batch = EventBatch {
        sent_at: event.occurred_at,
        events: vec![event],
    };
    let message = Some(stream_events_request::Message::Batch(batch));
    StreamEventsRequest { message }.encode_to_vec().into()
}

/// The event of this number: calls of four events, by queues in turn.
pub(crate) fn made_up(sequence: u64, queues: u64) -> Event {
    let call = (sequence - 1) / EVENTS_A_CALL;
    let queue = || format!("q{:03}", call % queues);
    let kind = match (sequence - 1) % EVENTS_A_CALL {
        0 => Kind::Arrived(CallArrived::default()),
        1 => entered(queue()),
        2 => Kind::AgentConnected(AgentConnected {
            agent: format!("a{}", call % 50),
            queue: queue(),
        }),
        _ => Kind::Ended(CallEnded::default()),
    };
    event(sequence, format!("c{call}"), kind)
}

/// When each event is due: the sources take turns.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    rate: u32,
}

impl Schedule {
    fn due(self, turn: u64) -> Instant {
        self.start + Duration::from_secs_f64(turn as f64 / f64::from(self.rate))
    }
}

/// A load that goes on until it is stopped.
pub(crate) struct Steady {
    stopping: Arc<AtomicBool>,
    phase: Arc<AtomicUsize>,
    pace: thread::JoinHandle<()>,
    receivers: Vec<JoinHandle<[Histogram<u64>; PHASES]>>,
}

impl Steady {
    /// Sends so many events a second, of so many queues.
    pub(crate) async fn start(running: &Running, rate: u32, queues: u64) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let phase = Arc::new(AtomicUsize::new(0));
        let start = now() + Duration::from_millis(500);
        let schedule = Schedule { start, rate };
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for source in 0..SOURCES {
            let channel = service::connect(running).await;
            // Unbounded: a service that is slow must not slow the schedule.
            let (sender, requests) = mpsc::unbounded_channel();
            let opened = sender.send(load::open(&format!("steady-{source}")));
            opened.expect("the receiver is held below");
            senders.push(sender);
            let requests = UnboundedReceiverStream::new(requests);
            let phase = phase.clone();
            receivers.push(tokio::spawn(async move {
                let answers = load::stream(channel, requests).await;
                let mut answers = answers.expect("the stream opens");
                let mut latency = array::from_fn(|_| histogram());
                let mut acked = 0;
                while let Ok(Some(answer)) = answers.message().await {
                    let Some(Message::Ack(ack)) = answer.message else {
                        continue;
                    };
                    for sequence in acked + 1..=ack.sequence {
                        let due = schedule.due((sequence - 1) * SOURCES + source);
                        let micros = now().saturating_duration_since(due).as_micros() as u64;
                        latency[phase.load(Ordering::Relaxed)].saturating_record(micros.max(1));
                    }
                    acked = ack.sequence;
                }
                latency
            }));
        }
        let stopped = stopping.clone();
        let pace = thread::spawn(move || {
            for turn in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(schedule.due(turn).saturating_duration_since(now()));
                let (source, sequence) = (turn % SOURCES, turn / SOURCES + 1);
                let bytes = message(made_up(sequence, queues));
                if senders[source as usize].send(bytes).is_err() {
                    return;
                }
            }
        });
        Self {
            stopping,
            phase,
            pace,
            receivers,
        }
    }

    /// From now on acks are counted under this phase.
    pub(crate) fn enter(&self, phase: usize) {
        self.phase.store(phase, Ordering::Relaxed);
    }

    /// Sends no more; the acks' latencies by phase.
    pub(crate) async fn stop(self) -> [Histogram<u64>; PHASES] {
        self.stopping.store(true, Ordering::Relaxed);
        let pace = tokio::task::spawn_blocking(move || self.pace.join());
        let paced = pace.await.expect("it is not cancelled");
        paced.expect("the pace goes on");
        let mut all = array::from_fn(|_| histogram());
        for receiver in self.receivers {
            let received = receiver.await.expect("a receiver goes on");
            for (all, received) in all.iter_mut().zip(received) {
                all.add(received).expect("all have the same bounds");
            }
        }
        all
    }
}
