//! Recordings of the manager interface as files: one or several of one PBX, plain or gzip, in any order.
//!
//! They are read twice: first for who is an agent and when each begins (`survey`), then to be interpreted. A session that
//! begins anew, in a file of its own or in mid-file, is a gap: what happened before it is lost.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, atomic::AtomicU64};

use sha2::{Digest as _, Sha256};

use crate::model::Timestamp;

use super::super::{
    lines::Lines,
    source_file::{Error, SourceFile},
};
use super::{
    agent_work::AgentWork,
    codec::{Decoder, Dropped},
    interpreter::{Interpreter, Options, instant, stamp},
    members::Members,
    message::Message,
    queue_log::LogLine,
    said::Conclusion,
    user_events::Refused,
};

/// The interpretation's version: part of the epoch, so that a changed one is another numbering.
const MAPPING: &str = "ami-log 3";

/// What is read at once.
const READ_BYTES: usize = 256 * 1024;

/// Recordings of one PBX.
#[derive(Clone, Debug)]
pub struct Recordings {
    /// What the manager interface said.
    pub logs: Vec<PathBuf>,
    /// Its `queue_log`, whole or rotated; may be empty.
    pub queue_logs: Vec<PathBuf>,
    /// Contexts that customers come in by.
    pub trunk_contexts: Vec<String>,
    /// Contexts in which the survey is asked.
    pub survey_contexts: Vec<String>,
    /// Agents' work after calls and at the desk.
    pub work: AgentWork,
}

impl Recordings {
    /// What names the numbering of their events: the bytes inside, and whatever changes what is concluded from them.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn identify(&self) -> Result<[u8; 32], Error> {
        let mut hasher = Sha256::new_with_prefix(MAPPING);
        let words = [&self.trunk_contexts, &self.survey_contexts];
        for word in words.into_iter().flatten() {
            hasher.update(word.len().to_be_bytes());
            hasher.update(word);
        }
        self.work.lines().for_each(|line| hasher.update(line));
        for path in self.logs.iter().chain(&self.queue_logs) {
            let mut of_file = Sha256::new();
            read_chunks(path, Arc::default(), |chunk| of_file.update(chunk))?;
            hasher.update(of_file.finalize());
        }
        Ok(hasher.finalize().into())
    }

    /// The size of the recordings on the disk.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn bytes_total(&self) -> Result<u64, Error> {
        let sizes = self
            .logs
            .iter()
            .map(|path| Ok(open(path, Arc::default())?.bytes_total()));
        sizes.sum()
    }
}

/// What reading came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages read.
    pub messages: u64,
    /// What was no message.
    pub dropped: Dropped,
    /// When nobody listened, and how many calls were open then.
    pub gaps: Vec<Gap>,
    /// Calls open at the end.
    pub open_calls: usize,
    /// What the dialplan said and nobody understood.
    pub refused: Refused,
}

/// A time in which nobody listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last thing heard before.
    pub from: Timestamp,
    /// The first thing heard after.
    pub to: Timestamp,
    /// Calls that were open.
    pub calls: usize,
}

/// A file, as the first reading found it.
struct Part {
    path: PathBuf,
    /// Receive times by offset, where a file beside the log has them.
    times: Vec<(u64, Timestamp)>,
    first: Timestamp,
    /// Where sessions begin in it, and the first time known from there on.
    sessions: Vec<(u64, Timestamp)>,
}

impl Recordings {
    /// Reads everything, and hands over what is concluded.
    ///
    /// # Errors
    /// When a file cannot be read, is no recording, or holds no time at all.
    pub fn read(
        &self,
        bytes_read: &Arc<AtomicU64>,
        mut each: impl FnMut(Conclusion),
    ) -> Result<Outcome, Error> {
        let mut members = Members::default();
        let mut outcome = Outcome::default();
        let mut parts = Vec::new();
        for path in &self.logs {
            parts.push(survey(path, &mut members)?);
        }
        parts.sort_by_key(|part| part.first);
        let mut options = Options {
            trunk_contexts: self.trunk_contexts.clone(),
            survey_contexts: self.survey_contexts.clone(),
            work: self.work.clone(),
            ..Options::default()
        };
        for path in &self.queue_logs {
            read_lines(path, Arc::default(), |line| {
                if let Some(line) = line {
                    options.exits.add(&line);
                    options.log.push(line);
                }
                ControlFlow::Continue(())
            })?;
        }
        options.log.sort_by_key(|line| line.at);
        let mut interpreter = Interpreter::new(options, members);
        if let Some(part) = parts.first() {
            // Lists bear no time: what a recording begins with was so when it began.
            interpreter.handle_time(part.first);
        }
        let mut decoder = Decoder::default();
        for (index, part) in parts.iter().enumerate() {
            let mut sessions = part.sessions.iter().copied().peekable();
            if index == 0 {
                sessions.next_if(|(offset, _)| *offset == 0);
            }
            if sessions.peek().is_some_and(|(offset, _)| *offset == 0) {
                decoder.reset();
            }
            let base = decoder.offset();
            let mut receive = Receive::new(&part.times);
            let mut take = |offset: u64, message: Message<'_>| {
                let offset = offset.saturating_sub(base);
                outcome.messages += 1;
                let mut at = receive.at(offset);
                if let Some((_, to)) = sessions.next_if(|(begins, _)| *begins <= offset) {
                    let to = at.unwrap_or(to);
                    outcome.gaps.push(Gap {
                        from: interpreter.now(),
                        to,
                        calls: interpreter.open_calls(),
                    });
                    interpreter.handle_gap(interpreter.now(), to);
                    at = at.or(Some(to));
                }
                interpreter.handle(&message, at);
                interpreter.drain_into(&mut each);
            };
            read_chunks(&part.path, Arc::clone(bytes_read), |chunk| {
                decoder.feed(chunk, &mut take);
            })?;
        }
        decoder.finish(|_, message| interpreter.handle(&message, None));
        interpreter.finish();
        interpreter.drain_into(&mut each);
        outcome.dropped = decoder.dropped();
        outcome.open_calls = interpreter.open_calls();
        outcome.refused = interpreter.take_refused();
        Ok(outcome)
    }
}

/// Reads the lines of a `queue_log`, those that are none as `None`, until told to stop. The last one may be half
/// written: without its line break it is left for the next time.
pub(super) fn read_lines(
    path: &Path,
    bytes_read: Arc<AtomicU64>,
    mut each: impl FnMut(Option<LogLine>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut lines = Lines::new(open(path, bytes_read)?);
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(source) => return Err(read_error(path, source)),
        };
        let is_blank = line.text.is_some_and(|text| text.trim_ascii().is_empty());
        if line.is_finished && !is_blank && each(line.text.and_then(LogLine::parse)).is_break() {
            return Ok(());
        }
    }
}

/// The first reading of a file.
fn survey(path: &Path, members: &mut Members) -> Result<Part, Error> {
    let times = times_beside(path);
    let mut decoder = Decoder::default();
    let mut first = times.first().map(|(_, at)| *at);
    let mut begun: Vec<(u64, Option<Timestamp>)> = Vec::new();
    let mut messages = 0_u64;
    let mut events = 0_u64;
    let mut take = |offset: u64, message: Message<'_>| {
        messages += 1;
        members.learn(&message);
        events += u64::from(message.event().is_some());
        let begins = message.event() == Some(b"FullyBooted");
        if begins {
            // What stood before it in this file is of another session, unless nothing did.
            let offset = if messages == 1 { 0 } else { offset };
            begun.push((offset, None));
        }
        if let Some(at) = stamp(&message) {
            first.get_or_insert(at);
            for (_, since) in begun.iter_mut().rev() {
                if since.is_some() {
                    break;
                }
                *since = Some(at);
            }
        }
    };
    read_chunks(path, Arc::default(), |chunk| decoder.feed(chunk, &mut take))?;
    decoder.finish(&mut take);
    let alien = |why: &str, expected: &str| Error::Alien {
        path: path.to_owned(),
        format: "ami-log",
        why: why.to_owned(),
        expected: expected.to_owned(),
    };
    if events == 0 {
        return Err(alien(
            "there is no event in it",
            "what a manager session received: lines `Event: …`, an empty line after each event",
        ));
    }
    let first = first.ok_or_else(|| {
        alien(
            "it holds no time at all",
            "`Timestamp:` headers (`timestampevents = yes` in manager.conf, [general]), or beside it a file of receive \
             times with the ending .times, `offset epoch` a line",
        )
    })?;
    let mut receive = Receive::new(&times);
    let sessions = begun
        .into_iter()
        .map(|(offset, since)| (offset, receive.at(offset).or(since).unwrap_or(first)));
    Ok(Part {
        path: path.to_owned(),
        sessions: sessions.collect(),
        times: times.clone(),
        first,
    })
}

/// Receive times, looked up in the order of offsets.
struct Receive<'a> {
    times: &'a [(u64, Timestamp)],
    next: usize,
}

impl<'a> Receive<'a> {
    fn new(times: &'a [(u64, Timestamp)]) -> Self {
        Self { times, next: 0 }
    }

    fn at(&mut self, offset: u64) -> Option<Timestamp> {
        while self
            .times
            .get(self.next)
            .is_some_and(|(from, _)| *from <= offset)
        {
            self.next += 1;
        }
        let (_, at) = self.times.get(self.next.checked_sub(1)?)?;
        Some(*at)
    }
}

/// `ami.times` beside `ami.log` or `ami.log.gz`: at which offset a read returned at which time.
fn times_beside(path: &Path) -> Vec<(u64, Timestamp)> {
    let is_gzip = path.extension().is_some_and(|ending| ending == "gz");
    let log = if is_gzip {
        path.with_extension("")
    } else {
        path.to_owned()
    };
    let mut times = Vec::new();
    let Ok(file) = open(&log.with_extension("times"), Arc::default()) else {
        return times;
    };
    let mut lines = Lines::new(file);
    while let Ok(Some(line)) = lines.next_line() {
        let text = line.text.and_then(|text| std::str::from_utf8(text).ok());
        let parts = text.and_then(|text| text.trim().split_once(' '));
        if let Some((offset, at)) = parts
            && let (Ok(offset), Some(at)) = (offset.parse(), instant(at))
        {
            times.push((offset, at));
        }
    }
    times
}

pub(super) fn open(path: &Path, bytes_read: Arc<AtomicU64>) -> Result<SourceFile, Error> {
    SourceFile::open(path, &[], bytes_read).map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })
}

fn read_chunks(
    path: &Path,
    bytes_read: Arc<AtomicU64>,
    mut each: impl FnMut(&[u8]),
) -> Result<(), Error> {
    let mut file = open(path, bytes_read)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => each(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(read_error(path, source)),
        }
    }
}

fn read_error(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}
