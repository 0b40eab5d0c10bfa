//! Messages of a real Asterisk a second: bytes cut into messages, messages interpreted; beside it the lines of a
//! `queue_log`.
//!
//! The recordings kept for the tests, one after the other, again and again: each round is another PBX.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{fs, hint::black_box, io::Read as _, path::Path};

use dozvon::connect::asterisk::{
    codec::Decoder,
    interpreter::{Interpreter, Options},
    members::Members,
    queue_log::LogLine,
};

use support::machine::{self, now};

/// Rounds of each figure; the median counts.
const ROUNDS: usize = 7;
/// How often the recordings are read in a round.
const REPEATS: usize = 40;

fn main() {
    println!("Machine: {}", machine::describe());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/asterisk");
    let mut recordings = Vec::new();
    let mut log = Vec::new();
    for scenario in fs::read_dir(folder).unwrap() {
        let scenario = scenario.unwrap().path();
        if !scenario.is_dir() {
            continue;
        }
        let packed = fs::File::open(scenario.join("ami.log.gz")).unwrap();
        let mut bytes = Vec::new();
        let mut file = flate2::read::MultiGzDecoder::new(packed);
        file.read_to_end(&mut bytes).unwrap();
        recordings.push(bytes);
        log.extend(fs::read(scenario.join("queue_log")).unwrap());
    }
    let cut = median(|| read_all(&recordings, false));
    let whole = median(|| read_all(&recordings, true));
    let lines = median(|| read_log(&log));
    println!("cut into messages:            {cut:>10.0} messages/s");
    println!("cut and interpreted:          {whole:>10.0} messages/s");
    println!("lines of queue_log, parsed:   {lines:>10.0} lines/s");
}

fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut figures: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    figures.sort_by(f64::total_cmp);
    figures[ROUNDS / 2]
}

fn read_all(recordings: &[Vec<u8>], is_interpreted: bool) -> f64 {
    let began = now();
    let mut messages = 0_u64;
    for _ in 0..REPEATS {
        for bytes in recordings {
            let mut interpreter = Interpreter::new(Options::default(), Members::default());
            Decoder::default().feed(bytes, |_, message| {
                messages += 1;
                if is_interpreted {
                    interpreter.handle(&message, None);
                } else {
                    black_box(message.event());
                }
            });
            black_box(interpreter.drain().count());
        }
    }
    messages as f64 / began.elapsed().as_secs_f64()
}

fn read_log(log: &[u8]) -> f64 {
    let began = now();
    let mut lines = 0_u64;
    for _ in 0..REPEATS {
        for line in log.split(|byte| *byte == b'\n') {
            lines += u64::from(black_box(LogLine::parse(line)).is_some());
        }
    }
    lines as f64 / began.elapsed().as_secs_f64()
}
