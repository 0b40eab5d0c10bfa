//! The calls as a switch's log: what it would have said, in the order of the files, of time, or in disorder.

use std::fs::{self, OpenOptions};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dozvon::connect::recording::{Format, Item, Order, Recording};
use dozvon::connect::row::Outcome;
use dozvon::event_file::{self, Header};
use dozvon::proto::v1::event::Body;
use dozvon::proto::v1::{AgentState, AgentStateChanged, Event};
use rand::RngExt as _;

use super::chance;

/// Lines of an `events` file, without its header; each is an event.
pub(crate) struct Log {
    text: Vec<u8>,
    lines: Vec<Line>,
}

struct Line {
    /// When it happened: these switches know whole seconds.
    at_seconds: i64,
    place: Range<usize>,
}

impl Log {
    /// Maps the rows of these files.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let mut log = Self {
            text: Vec::new(),
            lines: Vec::new(),
        };
        for path in files {
            let recording = Recording {
                path: path.clone(),
                format: Format::AnonymousBank,
                order: Order::AsWritten,
            };
            let identity = recording.identify().unwrap().unwrap();
            let read = recording.read(&identity, Arc::default(), |item| {
                log.take(item);
                ControlFlow::Continue(())
            });
            read.unwrap();
        }
        log
    }

    fn take(&mut self, item: Item) {
        let Item::Row(row) = item else {
            panic!("{item:?}");
        };
        let events = match row.outcome {
            Outcome::Events(events, _) => events,
            Outcome::Skipped(_) => return,
            Outcome::Broken(broken) => panic!("row {}: {broken:?}", row.number),
        };
        for event in events {
            let start = self.text.len();
            event_file::write_event(&mut self.text, &event).unwrap();
            self.lines.push(Line {
                at_seconds: event.occurred_at.unwrap().seconds,
                place: start..self.text.len(),
            });
        }
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// By time; what happened in one second stays in the order of the files.
    pub(super) fn by_time(&self) -> Vec<usize> {
        self.sorted_by(|at| self.lines[at].at_seconds)
    }

    /// By time, each told up to so many seconds late.
    pub(super) fn late_by_up_to(&self, seconds: i64) -> Vec<usize> {
        let mut chance = chance();
        let millis = seconds * 1_000;
        let told = self.lines.iter();
        let told = told.map(|line| line.at_seconds * 1_000 + chance.random_range(0..millis));
        let told: Vec<i64> = told.collect();
        self.sorted_by(|at| told[at])
    }

    /// In the order of the files, each up to so many events away from its place.
    pub(super) fn shuffled_within(&self, events: usize) -> Vec<usize> {
        let mut chance = chance();
        let places = 0..self.len();
        let places: Vec<usize> = places
            .map(|at| at + chance.random_range(0..events))
            .collect();
        self.sorted_by(|at| places[at])
    }

    fn sorted_by<K: Ord>(&self, key: impl Fn(usize) -> K) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&at| key(at));
        order
    }

    /// How many events come right after one that happened later.
    pub(super) fn steps_back(&self, order: &[usize]) -> usize {
        let at = |line: usize| self.lines[line].at_seconds;
        order
            .windows(2)
            .filter(|pair| at(pair[1]) < at(pair[0]))
            .count()
    }

    /// Appends a sign of life a minute after the last call, by which a switch that speaks live lets all calls settle.
    pub(super) fn append_sign_of_life(&self, path: &Path) {
        let last = self.lines.iter().map(|line| line.at_seconds).max().unwrap();
        let event = Event {
            sequence: 0,
            occurred_at: Some(pbjson_types::Timestamp {
                seconds: last + 60,
                nanos: 0,
            }),
            body: Some(Body::AgentStateChanged(AgentStateChanged {
                agent: "night watch".to_owned(),
                state: AgentState::Available.into(),
                ..AgentStateChanged::default()
            })),
        };
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        event_file::write_event(&mut file, &event).unwrap();
    }

    /// Writes the events in this order.
    pub(super) fn write(&self, path: &Path, order: &[usize]) {
        let mut file = Vec::with_capacity(self.text.len() + 100);
        let header = Header {
            source: "bank".to_owned(),
            zone: "Asia/Jerusalem".to_owned(),
        };
        event_file::write_header(&mut file, &header).unwrap();
        for &line in order {
            file.extend_from_slice(&self.text[self.lines[line].place.clone()]);
        }
        fs::write(path, file).unwrap();
    }
}
