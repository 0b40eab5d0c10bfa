//! Nanoseconds an event in the pure parts: decoded from the wire, validated, encoded for the journal, decoded in a
//! replay, applied by the machine of calls; beside them a hash map's insert and remove in the same minute.
//!
//! `DOZVON_BENCH_EVENTS=100000` takes that many events.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{collections::HashMap, hint::black_box, sync::Arc};

use comfy_table::{CellAlignment, Table, presets};
use dozvon::{
    calls::{Arrival, Calls, Options},
    journal::{self, Entry, EntryKind},
    model::{EpochIndex, Event, Mode, SourceId, Timestamp},
    proto::v1::{StreamEventsRequest, stream_events_request},
    validate::{Privacy, Validator, country_of},
};
use prost::Message as _;

use support::{
    load,
    machine::{self, now},
};

/// Rounds of each figure; the median counts.
const ROUNDS: usize = 7;
/// Events of one batch and of one row of the journal.
const BATCH_EVENTS: usize = 1_000;
/// Events after which the pipeline asks what changed, when the store keeps up.
const STORE_EVENTS: usize = 4_096;
/// How far shuffled events stray from their place: well within the settling of 30 s.
const STRAY_MICROS: u64 = 20_000_000;
/// Entries that the map of the comparison holds.
const PROBE_ENTRIES: u64 = 4_096;

fn main() {
    let count = machine::events(400_000);
    println!("Machine: {}", machine::describe());
    let said = load::simulated(1, count);
    let messages = load::encode(said, BATCH_EVENTS);
    let probe = median(|| probe(count));
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["what", "ns an event", "x hash map"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut add = |what: &str, nanos: f64| {
        let ratio = format!("{:.1}", nanos / probe);
        table.add_row([what.to_owned(), format!("{nanos:.0}"), ratio]);
    };
    add("hash map: insert and remove", probe);

    let nanos = |began: std::time::Instant| began.elapsed().as_nanos() as f64 / count as f64;
    let decoded = median(|| {
        let began = now();
        for message in &messages {
            black_box(StreamEventsRequest::decode(message.bytes.clone()).unwrap());
        }
        nanos(began)
    });
    add("decode from the wire", decoded);
    let validated = median(|| {
        let batches = messages.iter().map(batch).collect::<Vec<_>>();
        let mut validator = validator();
        let began = now();
        for batch in batches {
            for event in batch {
                black_box(validator.check(event, received_at()).unwrap());
            }
        }
        nanos(began)
    });
    add("validate", validated);

    let events = model_events(&messages);
    let entries: Vec<Entry> = events.chunks(BATCH_EVENTS).map(entry).collect();
    let rows = || entries.iter().map(std::slice::from_ref);
    let encoded = median(|| {
        let began = now();
        for row in rows() {
            black_box(journal::encode(row));
        }
        nanos(began)
    });
    add("encode for the journal", encoded);
    add("validate and encode", validated + encoded);
    let bodies: Vec<Vec<u8>> = rows().map(journal::encode).collect();
    let replayed = median(|| {
        let began = now();
        for body in &bodies {
            black_box(journal::decode(body).unwrap());
        }
        nanos(began)
    });
    add("decode from the journal", replayed);

    let shuffled = shuffled(&events);
    let calls = |events: &[Event], store: bool| {
        median(|| {
            let events = events.to_vec();
            let began = now();
            apply(events, store);
            nanos(began)
        })
    };
    add("calls, in order", calls(&events, false));
    add(
        "calls, shuffled within the settling",
        calls(&shuffled, false),
    );
    add(
        "calls, in order, changes taken for the store",
        calls(&events, true),
    );
    println!("{table}");
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!(
        "{count} events of a simulated hotline, LIVE; median of {ROUNDS} rounds; {} bytes an event in the journal",
        bytes / count as usize
    );
}

/// The median of some rounds.
fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// What a map of the standard library takes for one entry in and one out.
fn probe(count: u64) -> f64 {
    let key = |number: u64| u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 32;
    let mut map: HashMap<u128, [u64; 4]> = HashMap::new();
    let began = now();
    for number in 0..count {
        map.insert(key(number), [number; 4]);
        if let Some(old) = number.checked_sub(PROBE_ENTRIES) {
            black_box(map.remove(&key(old)));
        }
    }
    began.elapsed().as_nanos() as f64 / count as f64
}

/// Long after the simulated days.
fn received_at() -> Timestamp {
    Timestamp::from_micros(2_000_000_000_000_000)
}

fn source() -> SourceId {
    SourceId::new("bench")
}

fn validator() -> Validator {
    let privacy = Arc::new(Privacy::new(1, &[7; _]));
    Validator::new(source(), Mode::Live, country_of("RU"), privacy)
}

fn batch(message: &load::Encoded) -> Vec<dozvon::proto::v1::Event> {
    let request = StreamEventsRequest::decode(message.bytes.clone()).unwrap();
    let Some(stream_events_request::Message::Batch(batch)) = request.message else {
        panic!("only batches were encoded");
    };
    batch.events
}

fn model_events(messages: &[load::Encoded]) -> Vec<Event> {
    let mut validator = validator();
    let events = messages.iter().flat_map(batch);
    events
        .map(|event| validator.check(event, received_at()).unwrap())
        .collect()
}

fn entry(events: &[Event]) -> Entry {
    Entry {
        source: source(),
        epoch: EpochIndex(0),
        mode: Mode::Live,
        sent_at: events[events.len() - 1].occurred_at,
        received_at: received_at(),
        kind: EntryKind::Batch(events.to_vec()),
    }
}

/// The same events as a careless switch sends them: each late by some seconds.
fn shuffled(events: &[Event]) -> Vec<Event> {
    let stray = |event: &Event| {
        let noise = event.sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        event.occurred_at.as_micros() + (noise % STRAY_MICROS) as i64
    };
    let mut events = events.to_vec();
    events.sort_by_key(stray);
    events
}

/// Lets the machine have them; with `store`, also gives up the state of changed calls as the store would ask for it.
fn apply(events: Vec<Event>, store: bool) {
    let mut calls = Calls::new(Options::default());
    let mut facts = Vec::new();
    for (number, event) in (1..).zip(events) {
        let arrival = Arrival {
            epoch: EpochIndex(0),
            mode: Mode::Live,
            sent_at: event.occurred_at,
        };
        calls.handle_event(arrival, event, |_| None, &mut facts);
        black_box(&mut facts).clear();
        if store && number % STORE_EVENTS == 0 {
            black_box(calls.take_changes());
        }
    }
}
