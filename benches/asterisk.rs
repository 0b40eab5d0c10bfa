//! Messages of a real Asterisk a second: bytes cut into messages, messages interpreted; beside it the lines of a
//! `queue_log`, parsed alone and imported by the program into a server on the same machine.
//!
//! The recordings kept for the tests, one after the other, again and again: each round is another PBX. For the import their
//! `queue_log`s follow each other in time, as the one log of one PBX.

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

use tokio::runtime::Runtime;

use support::{
    machine::{self, now},
    program::{Server, dozvon},
    sqlite,
};

/// Rounds of each figure; the median counts.
const ROUNDS: usize = 7;
/// How often the recordings are read in a round.
const REPEATS: usize = 40;
/// Lines that are imported.
const LINES: usize = 500_000;
/// How long before the recordings the imported log begins: all of it is over.
const BACK_SECONDS: i64 = 400 * 24 * 3600;

fn main() {
    println!("Machine: {}", machine::describe());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/asterisk");
    let mut recordings = Vec::new();
    let mut logs = Vec::new();
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
        logs.push(fs::read_to_string(scenario.join("queue_log")).unwrap());
    }
    let cut = median(|| read_all(&recordings, false));
    let whole = median(|| read_all(&recordings, true));
    let log = logs.concat().into_bytes();
    let lines = median(|| read_log(&log));
    let Imported {
        journaled,
        reported,
    } = import(&logs);
    println!("cut into messages:            {cut:>10.0} messages/s");
    println!("cut and interpreted:          {whole:>10.0} messages/s");
    println!("lines of queue_log, parsed:   {lines:>10.0} lines/s");
    println!("imported into the journal:    {journaled:>10.0} lines/s");
    println!("imported into reports:        {reported:>10.0} lines/s");
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

/// Lines a second of an import.
struct Imported {
    /// Until the last was in the journal.
    journaled: f64,
    /// Until the program had seen them in reports too, its own start with it.
    reported: f64,
}

/// Imports a long log into an empty server.
fn import(logs: &[String]) -> Imported {
    let folder = machine::folder();
    let path = folder.path().join("queue_log");
    let lines = write_long(logs, &path);
    let data = folder.path().join("data");
    let (server, _) = Server::start(&data);
    let mut import = dozvon();
    import.args(["import", "queue-log", "--source", "pbx", "--server"]);
    import.arg(&server.grpc).arg(&path);
    let began = now();
    let output = import.output().unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!(output.status.success(), "{output:?}");
    server.terminate();
    let journaled = Runtime::new().unwrap().block_on(sqlite::journaled(&data));
    Imported {
        journaled: lines as f64 / journaled.unwrap().took.as_secs_f64(),
        reported: lines as f64 / took,
    }
}

/// The logs one behind the other in time, again and again, each under ids of its own; how many lines.
fn write_long(logs: &[String], path: &Path) -> usize {
    let mut long = String::new();
    let mut lines = 0;
    let mut starts_at = None;
    for log in logs.iter().cycle() {
        if lines >= LINES {
            break;
        }
        let times = log.lines().filter_map(time);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            continue;
        };
        let start = *starts_at.get_or_insert(first - BACK_SECONDS);
        for line in log.lines() {
            let fields = line.split('|').map(|field| moved(field, start - first));
            long += &fields.collect::<Vec<_>>().join("|");
            long.push('\n');
            lines += 1;
        }
        starts_at = Some(start + last - first + 1);
    }
    fs::write(path, long).unwrap();
    lines
}

/// When a line was written.
fn time(line: &str) -> Option<i64> {
    line.split('|').next()?.parse().ok()
}

/// A time, or a channel's id, which begins with one, moved; anything else as it is.
fn moved(field: &str, later: i64) -> String {
    let (time, rest) = field.split_at(field.find('.').unwrap_or(field.len()));
    match time.parse::<i64>() {
        Ok(moved) if time.len() == 10 => format!("{}{rest}", moved + later),
        Ok(_) | Err(_) => field.to_owned(),
    }
}
