//! How right estimated waits are on three months of real calls: by queue and predictor the mean error without signs, the
//! bias, and the share of waits inside the range of 80 %; what would have been told callers is the last row of each queue.
//!
//! Each prediction is made from what was known when the caller entered, each range from errors known by then. The calls may
//! not lie in the repository. They are looked for under `DOZVON_SHARED`, else in `shared` beside the project; without them
//! the bench says loudly that it is left out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dozvon::calls::record_of_events;
use dozvon::connect::recording::{Format, Item, Order, Recording};
use dozvon::connect::row::Outcome;
use dozvon::live::{Live, Load, Options, Scored};
use dozvon::model::{Body, Mode, Predictor, QueueId, SourceId, Timestamp};
use dozvon::validate::{KEY_BYTES, Privacy, Validator};

const MONTHS: [&str; 3] = ["january.csv.gz", "february.csv.gz", "march.csv.gz"];
/// 1 January 2000: after all of these calls.
const RECEIVED_MICROS: i64 = 946_684_800_000_000;
/// Queues with fewer answers are left out of the table.
const ANSWERS_LEAST: u64 = 500;

fn main() {
    let Some(files) = files() else {
        println!(
            "\n*** LEFT OUT: no real calls (set DOZVON_SHARED); predictors were NOT measured ***\n"
        );
        return;
    };
    let source = SourceId::new("bank");
    let mut live = Live::new(Options::default());
    let mut calls = 0;
    for file in files {
        calls += learn(&mut live, &source, file);
    }
    let began = now();
    let scored = live.score(&source);
    let took = began.elapsed();
    println!(
        "{calls} calls, {} answers scored, {:.1} µs each\n",
        scored.len(),
        took.as_secs_f64() * 1e6 / scored.len() as f64
    );

    println!("| queue | predictor | answers | mean error | bias | inside 80 % |");
    println!("|---|---|---:|---:|---:|---:|");
    let mut by_queue = BTreeMap::<String, Vec<&Scored>>::new();
    for (queue, answer) in &scored {
        by_queue
            .entry(queue.as_str().to_owned())
            .or_default()
            .push(answer);
    }
    for (queue, answers) in &by_queue {
        if answers.len() as u64 >= ANSWERS_LEAST {
            rows(queue, answers);
        }
    }
    let all: Vec<&Scored> = scored.iter().map(|(_, answer)| answer).collect();
    rows("all", &all);

    println!("\n| load | predictor | answers | mean error | bias | inside 80 % |");
    println!("|---|---|---:|---:|---:|---:|");
    for load in Load::ALL {
        let under: Vec<&Scored> = all
            .iter()
            .copied()
            .filter(|answer| answer.load == load)
            .collect();
        rows(load.as_str(), &under);
    }
}

/// A bench measures time.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}

fn files() -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("DOZVON_SHARED").map_or(beside, PathBuf::from);
    let files = MONTHS.map(|month| shared.join("data/anonymous-bank").join(month));
    files
        .iter()
        .all(|file| file.is_file())
        .then(|| files.to_vec())
}

/// Tells the board the calls of a file, as a start does; how many there are.
fn learn(live: &mut Live, source: &SourceId, path: PathBuf) -> u64 {
    let privacy = Arc::new(Privacy::new(1, &[7; KEY_BYTES]));
    let mut validator = Validator::new(source.clone(), Mode::Live, None, privacy);
    let recording = Recording {
        path,
        format: Format::AnonymousBank,
        order: Order::AsWritten,
    };
    let identity = recording.identify().unwrap().unwrap();
    let mut calls = 0;
    let read = recording.read(&identity, Arc::default(), |item| {
        let Item::Row(row) = item else {
            panic!("{item:?}");
        };
        let Outcome::Events(events, _) = row.outcome else {
            return ControlFlow::Continue(());
        };
        let (mut id, mut told) = (None, Vec::new());
        for mut event in events {
            event.sequence = 1;
            let received_at = Timestamp::from_micros(RECEIVED_MICROS);
            let event = validator.check(event, received_at).unwrap();
            if let Body::Call { call, event: what } = event.body {
                id = Some(call);
                told.push((event.occurred_at, what));
            }
        }
        if let Some((id, record)) = id.zip(record_of_events(told)) {
            live.learn(source, (id.key(), &record), &QueueId::clone);
            calls += 1;
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    calls
}

/// Sums over answers.
#[derive(Default)]
struct Sums {
    answers: u64,
    absolute: Duration,
    signed_millis: i64,
    ranged: u64,
    inside: u64,
}

impl Sums {
    fn add(&mut self, wait: Duration, said: Duration, range: Option<(Duration, Duration)>) {
        self.answers += 1;
        self.absolute += wait.abs_diff(said);
        self.signed_millis += wait.as_millis() as i64 - said.as_millis() as i64;
        if let Some((low, high)) = range {
            self.ranged += 1;
            self.inside += u64::from(low <= wait && wait <= high);
        }
    }

    fn print(&self, of: &str, predictor: &str) {
        let n = self.answers as f64;
        println!(
            "| {of} | {predictor} | {} | {:.1} s | {:+.1} s | {:.1} % |",
            self.answers,
            self.absolute.as_secs_f64() / n,
            self.signed_millis as f64 / 1_000.0 / n,
            100.0 * self.inside as f64 / self.ranged as f64,
        );
    }
}

fn rows(of: &str, answers: &[&Scored]) {
    for (place, predictor) in Predictor::ALL.iter().enumerate() {
        let mut sums = Sums::default();
        for answer in answers {
            let prediction = answer.predictions[place];
            if let Some(said) = prediction.wait {
                sums.add(answer.wait, said, prediction.range);
            }
        }
        sums.print(of, predictor.as_str());
    }
    let mut given = Sums::default();
    for answer in answers {
        let best = Predictor::ALL
            .iter()
            .position(|one| Some(*one) == answer.given);
        let prediction = best.map(|place| answer.predictions[place]);
        if let Some((said, (low, high))) =
            prediction.and_then(|prediction| prediction.wait.zip(prediction.range))
        {
            given.add(answer.wait, said.clamp(low, high), Some((low, high)));
        }
    }
    given.print(of, "**given**");
}
