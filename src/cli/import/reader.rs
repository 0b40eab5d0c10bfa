//! Reads a file on a thread of its own, numbers its events and hands them over in chunks.
//!
//! In the file's order no more is held than a few chunks; in the order of time all events are held, for the last row may
//! be the first call.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, atomic::AtomicU64},
    task::{Context, Poll, ready},
    vec,
};

use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};
use tokio_stream::Stream;

use super::screen::Screen;
use crate::{
    connect::{
        recording::{Item, Order, Recording},
        row::{Broken, Outcome, Reason, Row, Skip, Warning},
        source_file,
    },
    proto::v1::Event,
};

/// Chunks read ahead: while one is sent the next is read.
const CHUNKS_AHEAD: usize = 4;

/// What the rows came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) events: u64,
    pub(super) broken: BTreeMap<Reason, u64>,
    pub(super) skipped: BTreeMap<Skip, u64>,
    pub(super) warnings: BTreeMap<Warning, u64>,
}

/// The thread that reads: what it came to, and why it stopped if that was not the end.
pub(super) type Reading = JoinHandle<(Tally, Result<(), source_file::Error>)>;

/// A file to read.
pub(super) struct Reader {
    pub(super) recording: Recording,
    pub(super) identity: [u8; 32],
    pub(super) chunk_events: usize,
    pub(super) screen: Screen,
}

impl Reader {
    /// Starts reading; ends by itself when the events are no longer wanted.
    pub(super) fn start(self) -> (Numbered, Reading) {
        start(move |tally, chunks| {
            let read = match self.recording.order {
                Order::AsWritten => self.read_as_written(tally, chunks),
                Order::ByTime => self.read_by_time(tally, &chunks),
            };
            self.screen.close_list();
            read
        })
    }

    fn read_as_written(
        &self,
        tally: &mut Tally,
        chunks: mpsc::Sender<Vec<Event>>,
    ) -> Result<(), source_file::Error> {
        let mut chunker = Chunker::new(chunks, self.chunk_events);
        let bytes_read = self.screen.bytes_done();
        self.read(tally, bytes_read, |event| chunker.push(event))?;
        // Whether anybody still wants the last chunk is the feed's to tell.
        let _wanted = chunker.flush();
        Ok(())
    }

    fn read_by_time(
        &self,
        tally: &mut Tally,
        chunks: &mpsc::Sender<Vec<Event>>,
    ) -> Result<(), source_file::Error> {
        let mut events = Vec::new();
        self.read(tally, Arc::default(), |event| {
            events.push(event);
            ControlFlow::Continue(())
        })?;
        // Stable: what happened at one instant stays as the file has it.
        events.sort_by_key(|event| event.occurred_at.map(|at| (at.seconds, at.nanos)));
        let total = events.len();
        let mut chunker = Chunker::new(chunks.clone(), self.chunk_events);
        for (sent, event) in events.into_iter().enumerate() {
            if chunker.push(event).is_break() {
                return Ok(());
            }
            self.screen.handle_share(sent, total);
        }
        let _wanted = chunker.flush();
        Ok(())
    }

    fn read(
        &self,
        tally: &mut Tally,
        bytes_read: Arc<AtomicU64>,
        mut each: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<(), source_file::Error> {
        let path = self.recording.path.display();
        let item = |item| {
            match item {
                Item::Row(row) => {
                    tally.rows += 1;
                    for event in self.events_of(row, tally) {
                        tally.events += 1;
                        each(event)?;
                    }
                }
                Item::UnknownColumn(name) => {
                    *tally.warnings.entry(Warning::UnknownColumn).or_default() += 1;
                    let line = format!("{path}: column {name:?} is not known and passed over");
                    self.screen.say(&line);
                }
                Item::CutShort(broken) => {
                    *tally.broken.entry(broken.reason).or_default() += 1;
                    let Broken {
                        reason, message, ..
                    } = broken;
                    self.screen
                        .list(|| format!("{path}: {}: {message}", reason.name()));
                }
            }
            ControlFlow::Continue(())
        };
        self.recording.read(&self.identity, bytes_read, item)
    }

    fn events_of(&self, row: Row, tally: &mut Tally) -> Vec<Event> {
        match row.outcome {
            Outcome::Events(events, warnings) => {
                for warning in warnings {
                    *tally.warnings.entry(warning).or_default() += 1;
                }
                events
            }
            Outcome::Skipped(skip) => {
                *tally.skipped.entry(skip).or_default() += 1;
                Vec::new()
            }
            Outcome::Broken(broken) => {
                *tally.broken.entry(broken.reason).or_default() += 1;
                let path = self.recording.path.display();
                let place = || format!("{path}: {}", place(row.number, row.line, &broken));
                self.screen.list(place);
                Vec::new()
            }
        }
    }
}

/// Starts a thread that reads; ends by itself when the events are no longer wanted.
pub(super) fn start(
    read: impl FnOnce(&mut Tally, mpsc::Sender<Vec<Event>>) -> Result<(), source_file::Error>
    + Send
    + 'static,
) -> (Numbered, Reading) {
    let (chunks, received) = mpsc::channel(CHUNKS_AHEAD);
    let numbered = Numbered {
        chunks: received,
        chunk: Vec::new().into_iter(),
    };
    let reading = spawn_blocking(move || {
        let mut tally = Tally::default();
        let read = read(&mut tally, chunks);
        (tally, read)
    });
    (numbered, reading)
}

/// Where in the file, and what is wrong there.
pub(super) fn place(row: u64, line: u64, broken: &Broken) -> String {
    let Broken {
        reason,
        column,
        message,
    } = broken;
    let column = match column.as_str() {
        "" => String::new(),
        column => format!(", column {column}"),
    };
    format!(
        "row {row} (line {line}){column}: {}: {message}",
        reason.name()
    )
}

/// Numbers events 1, 2, 3 … and gathers them.
pub(super) struct Chunker {
    chunks: mpsc::Sender<Vec<Event>>,
    chunk_events: usize,
    chunk: Vec<Event>,
    numbered: u64,
}

impl Chunker {
    pub(super) fn new(chunks: mpsc::Sender<Vec<Event>>, chunk_events: usize) -> Self {
        Self {
            chunks,
            chunk_events,
            chunk: Vec::with_capacity(chunk_events),
            numbered: 0,
        }
    }

    pub(super) fn push(&mut self, event: Event) -> ControlFlow<()> {
        self.numbered += 1;
        let sequence = self.numbered;
        self.chunk.push(Event { sequence, ..event });
        match self.chunk.len() < self.chunk_events {
            true => ControlFlow::Continue(()),
            false => self.flush(),
        }
    }

    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        let next = Vec::with_capacity(self.chunk_events);
        let chunk = std::mem::replace(&mut self.chunk, next);
        match self.chunks.blocking_send(chunk) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// The events of a file, in order.
pub(super) struct Numbered {
    chunks: mpsc::Receiver<Vec<Event>>,
    chunk: vec::IntoIter<Event>,
}

impl Stream for Numbered {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(event) = self.chunk.next() {
                return Poll::Ready(Some(event));
            }
            match ready!(self.chunks.poll_recv(context)) {
                Some(chunk) => self.chunk = chunk.into_iter(),
                None => return Poll::Ready(None),
            }
        }
    }
}
