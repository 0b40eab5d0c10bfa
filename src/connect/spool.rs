//! The spool of a live connector: what was heard, synced to disk before it is sent, until the server has acked it.
//!
//! A file format of its own and no crate: what is needed is an append, a sync and the removal of whole files, and the
//! crates that do this bring an index, threads or a cleaning of their own. A folder holds segments, each named by the
//! number of its first event:
//!
//! ```text
//! segment  = "dzspool1" · epoch u64 · born u64 · record*         integers little-endian
//! record   = length u32 · CRC-32C of the payload u32 · payload
//! payload  = 0 · Event                                           an event, with its number
//!          | 1 · Event                                           at a segment's head: what is open, from older segments
//! ```
//!
//! Invariants: a number is given out once, and only an event that is synced is ever sent, so a crash at any moment
//! neither loses nor doubles what was acked; numbers rise, and one that is left out is a gap that the server declares. A
//! torn tail is cut off when the spool is opened. Callers' numbers lie here as the switch told them, until they are acked:
//! the folder is readable by its owner alone.

pub(crate) mod carried;
mod segment;

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::proto::v1::Event;

use self::carried::Carried;
use self::segment::{Header, Records};

/// A segment is closed at this size, or sooner where the spool is small.
const SEGMENT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The share of the cap that is kept for calls that began before it was full: they end as they did.
const RESERVE_SHARE: u64 = 8;

/// The most events that are read at once: what waits after an outage does not lie in memory as a whole.
const READ_EVENTS_MAX: usize = 1_024;

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another connector has it open.
    #[error("{} is open in another connector: give each its own `spool`", .0.display())]
    Locked(PathBuf),
    /// The disk says no.
    #[error("the spool {} cannot be used", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// One closed or open segment.
#[derive(Debug)]
struct Segment {
    first: u64,
    bytes: u64,
    /// What is carried over at its head.
    head_bytes: u64,
}

impl Segment {
    fn event_bytes(&self) -> u64 {
        self.bytes - self.head_bytes
    }
}

/// The spool of one source, open for writing.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    header: Header,
    bytes_max: u64,
    segments: VecDeque<Segment>,
    file: File,
    next: u64,
    carried: Carried,
    is_new: bool,
    dropped: u64,
    buffer: Vec<u8>,
    _lock: File,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It has this number; synced with the next `sync`.
    Taken(u64),
    /// The spool is full, and its call began after it was.
    Full,
}

impl Spool {
    /// Opens a spool, or makes one that is born now.
    ///
    /// # Errors
    /// When another connector has it, or the disk says no.
    pub fn open(folder: &Path, bytes_max: u64, now_micros: u64) -> Result<Self, Error> {
        let disk = |source| Error::Disk {
            path: folder.to_owned(),
            source,
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(disk)?;
        let lock = File::create(folder.join("lock")).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        Self::open_locked(folder, bytes_max, now_micros, lock).map_err(disk)
    }

    fn open_locked(folder: &Path, bytes_max: u64, now_micros: u64, lock: File) -> io::Result<Self> {
        let mut segments = VecDeque::new();
        let mut last = None;
        for first in segment::list(folder)? {
            let path = segment::path(folder, first);
            let mut carried = Carried::default();
            let mut next = first;
            let mut head_bytes = segment::HEADER_BYTES as u64;
            let Some((header, mut records)) = Records::open(&path)? else {
                // Its head was never synced: nothing of it was sent.
                fs::remove_file(&path)?;
                continue;
            };
            while let Some((is_carried, event)) = records.next_if(|_, _| true)? {
                carried.follow(&event);
                match is_carried {
                    true => head_bytes += segment::record_bytes(&event),
                    false => next = event.sequence + 1,
                }
            }
            let bytes = records.bytes();
            segments.push_back(Segment {
                first,
                bytes,
                head_bytes,
            });
            last = Some((header, next, carried));
        }
        let is_new = last.is_none();
        let (header, next, carried) = last.unwrap_or_else(|| {
            let born = Header {
                epoch: now_micros.max(1),
                born: now_micros,
            };
            (born, 1, Carried::default())
        });
        let file = match segments.back() {
            Some(segment) => {
                let path = segment::path(folder, segment.first);
                let file = fs::OpenOptions::new().append(true).open(path)?;
                file.set_len(segment.bytes)?;
                file.sync_all()?;
                file
            }
            None => {
                let (file, bytes) = segment::create(folder, next, header, &carried)?;
                segments.push_back(Segment {
                    first: next,
                    bytes,
                    head_bytes: bytes,
                });
                file
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            header,
            bytes_max,
            segments,
            file,
            next,
            carried,
            is_new,
            dropped: 0,
            buffer: Vec::new(),
            _lock: lock,
        })
    }

    /// Whether nobody spooled here before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The numbering's identity.
    pub fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// A name that this spool's sender keeps over restarts.
    pub fn sender(&self) -> String {
        format!("asterisk-{:x}", self.header.born)
    }

    /// What is open, by what was spooled.
    pub fn carried(&self) -> &Carried {
        &self.carried
    }

    /// The first number that is still here.
    pub fn first(&self) -> u64 {
        self.segments.front().map_or(self.next, |one| one.first)
    }

    /// The number that the next event gets.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Events that found no room since this was last asked.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Leaves numbers out: a gap, which the server declares with the next event.
    pub fn skip(&mut self, numbers: u64) {
        self.next += numbers;
    }

    /// Takes an event; it is safe after the next `sync`.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn put(&mut self, mut event: Event) -> io::Result<Put> {
        // Heads are not counted: what is open is told again in each, and would push its own end out.
        let used: u64 = self.segments.iter().map(Segment::event_bytes).sum();
        let used = used + self.buffer.len() as u64;
        let reserve = match self.carried.knows(&event) {
            true => self.bytes_max / RESERVE_SHARE,
            false => 0,
        };
        if used >= self.bytes_max + reserve {
            // Counted, and its number is never given to another.
            self.dropped += 1;
            self.next += 1;
            return Ok(Put::Full);
        }
        let limit = SEGMENT_BYTES_MAX.min(self.bytes_max / 4);
        let open_bytes = self.segments.back().map_or(0, Segment::event_bytes);
        if open_bytes + self.buffer.len() as u64 >= limit {
            self.sync()?;
            self.rotate()?;
        }
        event.sequence = self.next;
        self.next += 1;
        segment::append(&mut self.buffer, false, &event);
        self.carried.follow(&event);
        Ok(Put::Taken(event.sequence))
    }

    /// Writes and syncs what was taken.
    ///
    /// # Errors
    /// When the disk says no: what was taken since the last sync may not be sent.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        if let Some(open) = self.segments.back_mut() {
            open.bytes += self.buffer.len() as u64;
        }
        self.buffer.clear();
        Ok(())
    }

    /// Removes what is acked, in whole segments.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn handle_ack(&mut self, acked: u64) -> io::Result<()> {
        while let (Some(first), Some(second)) = (self.segments.front(), self.segments.get(1)) {
            if second.first > acked + 1 {
                break;
            }
            fs::remove_file(segment::path(&self.folder, first.first))?;
            self.segments.pop_front();
        }
        Ok(())
    }

    /// Begins another numbering, above one that another spool has taken since: what is unacked here was heard by that
    /// one, so only what is open is carried over.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn renumber(&mut self, epoch: u64) -> io::Result<()> {
        self.sync()?;
        self.header.epoch = epoch;
        // The new one first: after a crash between the two what is open is still known.
        let old = std::mem::take(&mut self.segments);
        self.rotate()?;
        for segment in old.iter().filter(|old| old.first < self.next) {
            fs::remove_file(segment::path(&self.folder, segment.first))?;
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let (file, bytes) = segment::create(&self.folder, self.next, self.header, &self.carried)?;
        self.file = file;
        self.segments.push_back(Segment {
            first: self.next,
            bytes,
            head_bytes: bytes,
        });
        Ok(())
    }
}

/// Reads synced events, from a number on.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    next: u64,
    /// The segment that is read, by the number of its first event.
    open: Option<(u64, Records)>,
}

impl Reader {
    /// Begins with this number, or the first that is there.
    pub fn new(folder: &Path, next: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            next,
            open: None,
        }
    }

    /// The next events up to a number that is synced.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn read(&mut self, synced: u64) -> io::Result<Vec<Event>> {
        let mut events = Vec::new();
        while events.is_empty() && self.next <= synced {
            if let Some((_, records)) = &mut self.open {
                let is_synced = |is_carried, event: &Event| is_carried || event.sequence <= synced;
                while events.len() < READ_EVENTS_MAX
                    && let Some((is_carried, event)) = records.next_if(is_synced)?
                {
                    if !is_carried && event.sequence >= self.next {
                        events.push(event);
                    }
                }
            }
            if events.is_empty() && !self.open_next()? {
                break;
            }
        }
        if let Some(last) = events.last() {
            self.next = last.sequence + 1;
        }
        Ok(events)
    }

    /// Goes on to the segment after the one that is read; false = there is none.
    fn open_next(&mut self) -> io::Result<bool> {
        let firsts = segment::list(&self.folder)?;
        let mut at = match &self.open {
            Some((open, _)) => firsts.partition_point(|first| first <= open),
            None => firsts
                .partition_point(|first| *first <= self.next)
                .saturating_sub(1),
        };
        while let Some(first) = firsts.get(at) {
            at += 1;
            match Records::open(&segment::path(&self.folder, *first)) {
                Ok(Some((_, records))) => {
                    self.open = Some((*first, records));
                    return Ok(true);
                }
                Ok(None) => {}
                // Acked and removed since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
