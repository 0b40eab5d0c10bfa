//! 2,000 interviews at the same time over the real door: how long after a key that is an answer the next order comes, which
//! is when the answer is on disk. Beside it the same one by one on an idle server, and a probe of `fdatasync` in the same
//! folder and minute.
//!
//! Open loop: each key has its time, fixed in advance, and its latency counts from there. Server and callers share the
//! machine. `DOZVON_BENCH_EVENTS=200` takes that many interviews.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use dozvon::clock::Clock;
use dozvon::proto::v1::{
    AgentConnected, AgentReleased, CallArrived, CallEvent, ConductSurveyRequest,
    ConductSurveyResponse, DialogOpen, EndedBy, Event, KeyPressed, PromptEnded, PutSurveyRequest,
    QueueEntered, call_event::Kind, conduct_survey_request::Message,
    conduct_survey_response::Order, event::Body, survey_service_client::SurveyServiceClient,
};
use hdrhistogram::Histogram;
use pbjson_types::Timestamp;
use tokio::{runtime::Builder, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

use support::{
    load,
    machine::{self, SyncProbe, now},
    service,
};

const INTERVIEWS: u64 = 2_000;
/// Interviews one by one on the idle server.
const ALONE: u64 = 100;
/// Callers answer a question within this, evenly: some eight seconds are usual.
const THINKS: Duration = Duration::from_secs(16);
/// Longer than the span within which the same key again is the same press.
const BETWEEN_KEYS: Duration = Duration::from_millis(600);
/// Dialogs on one connection; the server allows more.
const DIALOGS_A_CONNECTION: u64 = 200;
const SOURCE: &str = "pbx";
const SURVEY: &str = include_str!("../deploy/surveys/two-questions.toml");
/// Whole microseconds up to a minute, 3 digits.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

fn main() {
    println!("Machine: {}", machine::describe());
    let interviews = machine::events(INTERVIEWS);
    let folder = machine::folder();
    let server = Builder::new_multi_thread().enable_all().build().unwrap();
    let callers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let running = server.block_on(service::start_with(folder.path(), None, |config| {
        config.survey.survey = Some("two-questions".to_owned());
        config.survey.quiet_period = Duration::ZERO;
    }));
    let channels = callers.block_on(async {
        let mut channels = Vec::new();
        for _ in 0..interviews.div_ceil(DIALOGS_A_CONNECTION) {
            channels.push(service::connect(&running).await);
        }
        prepare(&channels[0], interviews + ALONE).await;
        channels
    });
    let before = SyncProbe::run(folder.path()).unwrap();
    let alone = callers.block_on(one_by_one(&channels[0], interviews));
    let together = callers.block_on(at_once(&channels, interviews));
    let after = SyncProbe::run(folder.path()).unwrap();
    server.block_on(running.stop()).unwrap();
    println!("before {before}; after {after}");
    let sync = |share| (millis(before.quantile(share)) + millis(after.quantile(share))) / 2.0;
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "interviews",
        "answers",
        "p50 ms",
        "p99 ms",
        "max ms",
        "p50 - sync p50",
        "p99 - sync p99",
    ]);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (name, latency) in [
        ("one by one".to_owned(), &alone),
        (format!("{interviews} at once"), &together),
    ] {
        let (p50, p99) = (at(latency, 0.5), at(latency, 0.99));
        let figures = [
            p50,
            p99,
            latency.max() as f64 / 1e3,
            p50 - sync(0.5),
            p99 - sync(0.99),
        ];
        let figures = figures.iter().map(|figure| format!("{figure:.2}"));
        let cells = [name, latency.len().to_string()].into_iter().chain(figures);
        table.add_row(cells.collect::<Vec<_>>());
    }
    println!("{table}");
    println!(
        "At once to one by one: p50 × {:.1}, p99 × {:.1}. Latency: from a key's due time to the next order, with the answer's sync in \
         between. fdatasync: 4 KiB, half of the probe before and half after.",
        at(&together, 0.5) / at(&alone, 0.5),
        at(&together, 0.99) / at(&alone, 0.99),
    );
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn at(latency: &Histogram<u64>, share: f64) -> f64 {
    latency.value_at_quantile(share) as f64 / 1e3
}

/// Puts the survey, and tells of calls whose agents have released a moment ago.
async fn prepare(channel: &Channel, calls: u64) {
    let mut surveys = SurveyServiceClient::new(channel.clone());
    let definition = SURVEY.to_owned();
    let put = surveys.put_survey(PutSurveyRequest { definition }).await;
    put.unwrap();
    let released = Clock::system().now().as_micros() / 1_000_000;
    let events = (0..calls).flat_map(|call| told(call, released)).collect();
    let messages = load::encode(events, 100);
    let sent = load::send(channel.clone(), SOURCE, messages).await.unwrap();
    service::wait_stored(channel, SOURCE, sent.position)
        .await
        .unwrap();
}

fn told(call: u64, released: i64) -> [Event; 4] {
    let queue = || "jobs".to_owned();
    let agent = || format!("agent-{}", call % 50);
    let kinds = [
        Kind::Arrived(CallArrived::default()),
        Kind::QueueEntered(QueueEntered {
            queue: queue(),
            ..QueueEntered::default()
        }),
        Kind::AgentConnected(AgentConnected {
            agent: agent(),
            queue: queue(),
        }),
        Kind::AgentReleased(AgentReleased {
            agent: agent(),
            queue: queue(),
            by: EndedBy::Agent.into(),
        }),
    ];
    let mut place = 0;
    kinds.map(|kind| {
        place += 1;
        let event = CallEvent {
            call_id: name(call),
            kind: Some(kind),
        };
        Event {
            sequence: call * 4 + place,
            occurred_at: Some(Timestamp {
                seconds: released - [0, 90, 90, 80, 0][place as usize],
                nanos: 0,
            }),
            body: Some(Body::Call(event)),
        }
    })
}

fn name(call: u64) -> String {
    format!("call-{call}")
}

/// The switch's side of one dialog.
struct Dialog {
    out: mpsc::Sender<ConductSurveyRequest>,
    orders: Streaming<ConductSurveyResponse>,
    /// The number of the last play order.
    play: u32,
}

impl Dialog {
    /// Opens a dialog and goes on to its first question.
    async fn open(channel: Channel, call: u64) -> Self {
        let (out, requests) = mpsc::channel(4);
        let mut client = SurveyServiceClient::new(channel);
        let open = DialogOpen {
            source: SOURCE.to_owned(),
            call_id: name(call),
            ..DialogOpen::default()
        };
        say(&out, Message::Open(open)).await;
        let orders = client.conduct_survey(ReceiverStream::new(requests)).await;
        let mut dialog = Self {
            out,
            orders: orders.unwrap().into_inner(),
            play: 0,
        };
        dialog.until(|order| matches!(order, Order::Play(_))).await;
        dialog.prompt_ended().await;
        dialog
            .until(|order| matches!(order, Order::Collect(_)))
            .await;
        dialog
    }

    async fn prompt_ended(&self) {
        // By its number: two ends a moment apart would else be taken for one that is told twice.
        let ended = PromptEnded { play: self.play };
        say(&self.out, Message::PromptEnded(ended)).await;
    }

    async fn until(&mut self, is_awaited: impl Fn(&Order) -> bool) -> Order {
        loop {
            let order = self.orders.message().await.unwrap();
            let order = order.expect("an order").order.unwrap();
            if let Order::Play(play) = &order {
                self.play = play.play;
            }
            if is_awaited(&order) {
                return order;
            }
        }
    }

    /// Presses a key at its time; how long the next order took from there.
    async fn answer(&mut self, key: &str, number: u64, due: Instant) -> Duration {
        tokio::time::sleep_until(due.into()).await;
        let key = KeyPressed {
            key: key.to_owned(),
            input_seq: number,
            ..KeyPressed::default()
        };
        say(&self.out, Message::Key(key)).await;
        self.until(|order| matches!(order, Order::Play(_))).await;
        now().saturating_duration_since(due)
    }

    /// Hears the goodbye out.
    async fn end(mut self) {
        self.prompt_ended().await;
        let end = self.until(|order| matches!(order, Order::End(_))).await;
        let Order::End(end) = end else {
            panic!("only the end is awaited");
        };
        assert_eq!(end.disposition, "complete", "{end:?}");
    }
}

async fn say(out: &mpsc::Sender<ConductSurveyRequest>, message: Message) {
    let message = Some(message);
    out.send(ConductSurveyRequest { message }).await.unwrap();
}

/// Interviews one after the other.
async fn one_by_one(channel: &Channel, first: u64) -> Histogram<u64> {
    let mut latency = histogram();
    for call in first..first + ALONE {
        let mut dialog = Dialog::open(channel.clone(), call).await;
        for (number, key) in [(1, "5"), (2, "1")] {
            let took = dialog.answer(key, number, now()).await;
            record(&mut latency, took);
        }
        dialog.end().await;
    }
    latency
}

/// All interviews at once: everybody is asked the first question before the first one answers.
async fn at_once(channels: &[Channel], interviews: u64) -> Histogram<u64> {
    let mut opened = JoinSet::new();
    for call in 0..interviews {
        let channel = channels[call as usize % channels.len()].clone();
        opened.spawn(async move { (call, Dialog::open(channel, call).await) });
    }
    let dialogs = opened.join_all().await;
    let begin = now() + BETWEEN_KEYS;
    let mut asked = JoinSet::new();
    for (call, mut dialog) in dialogs {
        // Spread by a multiplier that is coprime to any number of interviews below it: no two keys fall together.
        let turn = (call * 7_919 % interviews) as f64 / interviews as f64;
        let first = begin + THINKS.mul_f64(turn);
        asked.spawn(async move {
            let one = dialog.answer("5", 1, first).await;
            let second = first + THINKS / 2 + BETWEEN_KEYS;
            let two = dialog.answer("1", 2, second).await;
            dialog.end().await;
            [one, two]
        });
    }
    let mut latency = histogram();
    for took in asked.join_all().await.into_iter().flatten() {
        record(&mut latency, took);
    }
    latency
}

fn record(latency: &mut Histogram<u64>, took: Duration) {
    latency.saturating_record((took.as_micros() as u64).max(1));
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX_MICROS, 3).unwrap()
}
