//! The bytes of one segment of a spool.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use prost::Message as _;

use super::carried::Carried;
use crate::proto::v1::Event;

const MAGIC: &[u8; 8] = b"dzspool1";
pub(super) const HEADER_BYTES: usize = 24;
const ENDING: &str = "spool";
/// Length and CRC, before each payload.
const PREFIX_BYTES: usize = 8;

/// Larger than any event the contract takes; a length beyond it is a damaged one.
const RECORD_BYTES_MAX: usize = 256 * 1024;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The numbering.
    pub(super) epoch: u64,
    /// When the spool was made, in microseconds since 1970: its name.
    pub(super) born: u64,
}

/// The segments of a folder, by the number of their first event, in order.
pub(super) fn list(folder: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let first = name.strip_suffix(&format!(".{ENDING}"));
        firsts.extend(first.and_then(|first| first.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{ENDING}"))
}

/// Makes a segment, synced with its name.
pub(super) fn create(
    folder: &Path,
    first: u64,
    header: Header,
    carried: &Carried,
) -> io::Result<(File, u64)> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&header.epoch.to_le_bytes());
    bytes.extend_from_slice(&header.born.to_le_bytes());
    for event in carried.events() {
        append(&mut bytes, true, event);
    }
    // One of this name is left when no event came into it before a crash.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path(folder, first))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok((file, bytes.len() as u64))
}

/// What an event takes as a record.
pub(super) fn record_bytes(event: &Event) -> u64 {
    // The kind goes before it.
    (PREFIX_BYTES + 1 + event.encoded_len()) as u64
}

/// Appends a record.
pub(super) fn append(bytes: &mut Vec<u8>, is_carried: bool, event: &Event) {
    let mut payload = vec![u8::from(is_carried)];
    payload.extend_from_slice(&event.encode_to_vec());
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    bytes.extend_from_slice(&payload);
}

/// The records of a segment, one after the other; what is appended later is read later.
#[derive(Debug)]
pub(super) struct Records {
    file: BufReader<File>,
    /// Where the next record begins.
    at: u64,
    payload: Vec<u8>,
}

impl Records {
    /// Opens a segment. `None` = it has no head.
    pub(super) fn open(path: &Path) -> io::Result<Option<(Header, Self)>> {
        let mut file = BufReader::new(File::open(path)?);
        let mut head = [0; HEADER_BYTES];
        if !fill(&mut file, &mut head)? || !head.starts_with(MAGIC) {
            return Ok(None);
        }
        let number = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[from..from + 8]);
            u64::from_le_bytes(bytes)
        };
        let header = Header {
            epoch: number(8),
            born: number(16),
        };
        let records = Self {
            file,
            at: HEADER_BYTES as u64,
            payload: Vec::new(),
        };
        Ok(Some((header, records)))
    }

    /// The bytes of what was read.
    pub(super) fn bytes(&self) -> u64 {
        self.at
    }

    /// The next record that is wanted, and whether it is carried over. `None` = there is none yet, it is damaged, or not
    /// wanted: the next time it is read again.
    pub(super) fn next_if(
        &mut self,
        is_wanted: impl FnOnce(bool, &Event) -> bool,
    ) -> io::Result<Option<(bool, Event)>> {
        if let Some((is_carried, event)) = self.read()?
            && is_wanted(is_carried, &event)
        {
            self.at += (PREFIX_BYTES + self.payload.len()) as u64;
            return Ok(Some((is_carried, event)));
        }
        // What lies in the buffer may have been appended to since.
        self.file.seek(SeekFrom::Start(self.at))?;
        Ok(None)
    }

    fn read(&mut self) -> io::Result<Option<(bool, Event)>> {
        let mut prefix = [0; PREFIX_BYTES];
        if !fill(&mut self.file, &mut prefix)? {
            return Ok(None);
        }
        let [a, b, c, d, crc @ ..] = prefix;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length == 0 || length > RECORD_BYTES_MAX {
            return Ok(None);
        }
        self.payload.resize(length, 0);
        let is_whole = fill(&mut self.file, &mut self.payload)?;
        if !is_whole || crc32c::crc32c(&self.payload) != u32::from_le_bytes(crc) {
            return Ok(None);
        }
        let event = Event::decode(&self.payload[1..]).ok();
        Ok(event.map(|event| (self.payload[0] == 1, event)))
    }
}

/// Fills a buffer; false = the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
