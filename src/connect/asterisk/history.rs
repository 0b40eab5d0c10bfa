//! Years of `queue_log`: one file or several rotated ones of one PBX, plain or gzip, as one log that grows.
//!
//! The log grows between two imports, so its numbering is named by its first line, and nothing is concluded from its
//! end: a call that is open there may go on in what is written next.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, atomic::AtomicU64};

use sha2::{Digest as _, Sha256};

use super::super::source_file::Error;
use super::{
    agent_work::AgentWork,
    files::{open, read_lines},
    interpreter::{Interpreter, Options},
    members::Members,
    queue_log::LogLine,
    said::Conclusion,
};

/// The interpretation's version: part of the epoch, so that a changed one is another numbering.
const MAPPING: &str = "queue-log 3";

/// A file in whose first lines there is none of a log is no log; a rotated one may begin in mid-line.
const BROKEN_FIRST_MAX: u32 = 16;

/// The files of one PBX's log.
#[derive(Clone, Debug)]
pub struct QueueLogs {
    /// The files, in any order.
    pub logs: Vec<PathBuf>,
    /// Members' names in the log, and the agents they stand for.
    pub agents: Vec<(String, String)>,
    /// Agents' work after calls and at the desk.
    pub work: AgentWork,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Lines understood.
    pub lines: u64,
    /// Lines that are none.
    pub broken: u64,
    /// Calls open at the end.
    pub open_calls: usize,
}

impl QueueLogs {
    /// What names the numbering of their events; `None` while there is no line.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no line of a log.
    pub fn identify(&self) -> Result<Option<[u8; 32]>, Error> {
        let mut hasher = Sha256::new_with_prefix(MAPPING);
        for (name, agent) in &self.agents {
            hasher.update(format!("\0{name}\0{agent}"));
        }
        self.work.lines().for_each(|line| hasher.update(line));
        let first = self.in_order()?.into_iter().next();
        Ok(first.map(|(line, _)| hasher.chain_update(format!("{line:?}")).finalize().into()))
    }

    /// The size on the disk.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn bytes_total(&self) -> Result<u64, Error> {
        let sizes = self.logs.iter();
        let size = |path: &PathBuf| Ok(open(path, Arc::default())?.bytes_total());
        sizes.map(size).sum()
    }

    /// Reads everything, and hands over what is concluded. `is_whole` = nothing will be added to the log.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no line of a log.
    pub fn read(
        &self,
        bytes_read: &Arc<AtomicU64>,
        is_whole: bool,
        mut each: impl FnMut(Conclusion),
    ) -> Result<Read, Error> {
        let mut members = Members::default();
        for (name, agent) in &self.agents {
            members.add_name(name, agent);
        }
        let files = self.in_order()?;
        let options = Options {
            work: self.work.clone(),
            ..Options::default()
        };
        let mut interpreter = Interpreter::new(options, members);
        let mut read = Read::default();
        for (_, path) in files {
            read_lines(&path, Arc::clone(bytes_read), |line| {
                match line {
                    Some(line) => {
                        read.lines += 1;
                        interpreter.handle_line(&line);
                        interpreter.drain_into(&mut each);
                    }
                    None => read.broken += 1,
                }
                ControlFlow::Continue(())
            })?;
        }
        if is_whole {
            interpreter.finish();
            interpreter.drain_into(&mut each);
        }
        read.open_calls = interpreter.open_calls();
        Ok(read)
    }

    /// The files by their first lines; those without one are left out.
    fn in_order(&self) -> Result<Vec<(LogLine, PathBuf)>, Error> {
        let mut found = Vec::new();
        for path in &self.logs {
            if let Some(line) = first_line(path)? {
                found.push((line, path.clone()));
            }
        }
        found.sort_by_key(|(line, _)| line.at);
        Ok(found)
    }
}

/// The first line of a file; `None` = it is empty.
fn first_line(path: &Path) -> Result<Option<LogLine>, Error> {
    let mut first = None;
    let mut broken = 0;
    read_lines(path, Arc::default(), |line| {
        first = line;
        broken += u32::from(first.is_none());
        match first.is_none() && broken < BROKEN_FIRST_MAX {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })?;
    if first.is_none() && broken > 0 {
        return Err(Error::Alien {
            path: path.to_owned(),
            format: "queue-log",
            why: "its first lines are none of a queue_log".to_owned(),
            expected: "lines epoch|uniqueid|queue|agent|EVENT|…, as Asterisk writes them to its \
                       file queue_log"
                .to_owned(),
        });
    }
    Ok(first)
}
