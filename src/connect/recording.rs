//! A file to import as a numbering of rows: which format, which epoch, which rows.
//!
//! An epoch is named by SHA-256 over the mapping's version, the options that change the numbering, and the file's
//! decompressed bytes; of an append-only log over its first record instead, so that the grown log is the same epoch.
//! Reading never holds more than a line.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use sha2::{Digest as _, Sha256};

use super::{
    anonymous_bank::{self, Columns},
    events::{self, FirstLine},
    lines::{LINE_BYTES_MAX, Lines},
    row::{Broken, Outcome, Reason, Row},
    source_file::{Error, Packing, SourceFile},
};

/// What a spreadsheet puts before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Calls of a bank's call centre, 1999: one CSV row a call.
    AnonymousBank,
    /// dozvon's own: JSON lines, as `dozvon simulate` writes them; the file may grow.
    Events,
}

impl Format {
    /// The name on the command line, and of the source unless another is given.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnonymousBank => "anonymous-bank",
            Self::Events => "events",
        }
    }

    /// Whether a file may grow: then its end says nothing of the calls still open in it.
    pub fn is_append_only(self) -> bool {
        match self {
            Self::AnonymousBank => false,
            Self::Events => true,
        }
    }

    fn mapping(self) -> &'static str {
        match self {
            Self::AnonymousBank => anonymous_bank::MAPPING,
            Self::Events => events::MAPPING,
        }
    }

    fn expected(self) -> String {
        match self {
            Self::AnonymousBank => format!(
                "a header line with {} and comma-separated rows, plain or gzip",
                anonymous_bank::COLUMN_NAMES.join(",")
            ),
            Self::Events => "a first line {\"dozvon_events\":1,…} and one event in JSON a line, \
                             plain or gzip"
                .to_owned(),
        }
    }
}

/// In which order the rows' events are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the file has them.
    AsWritten,
    /// By the time at which they happened; where that is equal, as the file has them.
    ByTime,
}

/// A file and how it is to be read.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
    /// How its events are numbered.
    pub order: Order,
}

/// What reading a file brings up.
#[derive(Debug, PartialEq)]
pub enum Item {
    /// A row.
    Row(Row),
    /// The header names a column that the format does not know.
    UnknownColumn(String),
    /// The file breaks off; what was read until here counts.
    CutShort(Broken),
}

impl Recording {
    /// The epoch's content id; `None` while a log holds no finished record.
    ///
    /// # Errors
    /// When the file cannot be read, or is no file of the format.
    pub fn identify(&self) -> Result<Option<[u8; 32]>, Error> {
        let seed = self.seed();
        let (mut lines, begun) = self.begin(&seed, Arc::default())?;
        if !self.format.is_append_only() {
            let mut file = lines.into_input();
            let packing = file.packing();
            return match io::copy(&mut file, &mut io::sink()) {
                Err(error) if !packing.is_broken_by(&error) => Err(self.read_error(error)),
                Ok(_) | Err(_) => Ok(Some(file.sha256())),
            };
        }
        let first_record = match begun.first_record {
            Some(record) => Some(record),
            None => self.next_record(&mut lines)?,
        };
        let identity = |record| {
            let hasher = Sha256::new_with_prefix(&seed).chain_update(record);
            hasher.finalize().into()
        };
        Ok(first_record.map(identity))
    }

    /// Reads the rows in the file's order and hands each to `each`, until that says to stop.
    ///
    /// # Errors
    /// When the file cannot be read, or is not the one that was identified.
    pub fn read(
        &self,
        identity: &[u8; 32],
        bytes_read: Arc<AtomicU64>,
        mut each: impl FnMut(Item) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let (mut lines, begun) = self.begin(&self.seed(), bytes_read)?;
        let packing = lines.input().packing();
        let mut rows = 0;
        for name in begun.mapping.unknown_columns() {
            if each(Item::UnknownColumn(name.to_owned())).is_break() {
                return Ok(());
            }
        }
        if let Some(record) = begun.first_record {
            rows += 1;
            let row = Row {
                number: rows,
                line: 1,
                outcome: begun.mapping.map(&record),
            };
            if each(Item::Row(row)).is_break() {
                return Ok(());
            }
        }
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) if packing.is_broken_by(&error) => {
                    let message = format!("the gzip stream breaks off: {error}");
                    let broken = Broken::new(Reason::TruncatedGzip, "", message);
                    if each(Item::CutShort(broken)).is_break() {
                        return Ok(());
                    }
                    break;
                }
                Err(error) => return Err(self.read_error(error)),
            };
            let is_left_for_next_time = self.format.is_append_only() && !line.is_finished;
            if is_left_for_next_time || line.text.is_some_and(is_blank) {
                continue;
            }
            rows += 1;
            let outcome = line
                .text
                .map_or_else(too_long, |text| begun.mapping.map(text));
            let row = Row {
                number: rows,
                line: line.number,
                outcome,
            };
            if each(Item::Row(row)).is_break() {
                return Ok(());
            }
        }
        if !self.format.is_append_only() && lines.input().sha256() != *identity {
            let path = self.path.clone();
            return Err(Error::Changed { path });
        }
        Ok(())
    }

    /// The size on the disk.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn bytes_total(&self) -> Result<u64, Error> {
        Ok(self.open(&[], Arc::default())?.bytes_total())
    }

    fn seed(&self) -> Vec<u8> {
        let options = match self.order {
            Order::AsWritten => "",
            Order::ByTime => "order=time",
        };
        format!("{}\0{options}\0", self.format.mapping()).into_bytes()
    }

    fn open(&self, seed: &[u8], bytes_read: Arc<AtomicU64>) -> Result<SourceFile, Error> {
        SourceFile::open(&self.path, seed, bytes_read).map_err(|source| Error::Open {
            path: self.path.clone(),
            source,
        })
    }

    /// Opens the file and reads as much as tells that it is of the format.
    fn begin(
        &self,
        seed: &[u8],
        bytes_read: Arc<AtomicU64>,
    ) -> Result<(Lines<SourceFile>, Begun), Error> {
        let file = self.open(seed, bytes_read)?;
        let packing = file.packing();
        match packing {
            Packing::Plain | Packing::Gzip => {}
            Packing::FalselyNamedGzip => return Err(self.alien("it is named .gz and is not gzip")),
            Packing::Empty => return Err(self.alien("it is empty")),
        }
        let mut lines = Lines::new(file);
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Err(self.alien("it is empty inside")),
            Err(error) if packing.is_broken_by(&error) => {
                return Err(self.alien(format!("its gzip stream breaks off at once: {error}")));
            }
            Err(error) => return Err(self.read_error(error)),
        };
        let text = line.text.ok_or_else(|| {
            self.alien(format!(
                "its first line is longer than {LINE_BYTES_MAX} bytes"
            ))
        })?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let begun = match self.format {
            Format::AnonymousBank => {
                let columns = Columns::from_header(text).map_err(|why| self.alien(why))?;
                Begun::after_header(Mapping::AnonymousBank(Box::new(columns)))
            }
            // Half a header or half an event: a log that has just begun.
            Format::Events if !line.is_finished && text.starts_with(b"{") => {
                Begun::after_header(Mapping::Events)
            }
            Format::Events => match events::first_line(text).map_err(|why| self.alien(why))? {
                FirstLine::Header => Begun::after_header(Mapping::Events),
                FirstLine::Event => Begun {
                    mapping: Mapping::Events,
                    first_record: Some(text.to_vec()),
                },
            },
        };
        Ok((lines, begun))
    }

    fn next_record(&self, lines: &mut Lines<SourceFile>) -> Result<Option<Vec<u8>>, Error> {
        let packing = lines.input().packing();
        loop {
            match lines.next_line() {
                Ok(Some(line)) if !line.is_finished => {}
                Ok(Some(line)) => {
                    let text = line.text.unwrap_or_default();
                    if !is_blank(text) {
                        return Ok(Some(text.to_vec()));
                    }
                }
                Ok(None) => return Ok(None),
                Err(error) if packing.is_broken_by(&error) => return Ok(None),
                Err(error) => return Err(self.read_error(error)),
            }
        }
    }

    fn alien(&self, why: impl Into<String>) -> Error {
        Error::Alien {
            path: self.path.clone(),
            format: self.format.name(),
            why: why.into(),
            expected: self.format.expected(),
        }
    }

    fn read_error(&self, source: io::Error) -> Error {
        let path = Path::to_path_buf(&self.path);
        Error::Read { path, source }
    }
}

/// What the first line told.
struct Begun {
    mapping: Mapping,
    /// The first line, when it is a record itself.
    first_record: Option<Vec<u8>>,
}

impl Begun {
    fn after_header(mapping: Mapping) -> Self {
        Self {
            mapping,
            first_record: None,
        }
    }
}

/// How a row becomes events.
enum Mapping {
    AnonymousBank(Box<Columns>),
    Events,
}

impl Mapping {
    fn unknown_columns(&self) -> Vec<&str> {
        match self {
            Self::AnonymousBank(columns) => columns.unknown().collect(),
            Self::Events => Vec::new(),
        }
    }

    fn map(&self, line: &[u8]) -> Outcome {
        match self {
            Self::AnonymousBank(columns) => columns.map(line),
            Self::Events => match events::parse(line) {
                Ok(event) => Outcome::Events(vec![event], Vec::new()),
                Err(broken) => Outcome::Broken(broken),
            },
        }
    }
}

fn too_long() -> Outcome {
    let message = format!("longer than {LINE_BYTES_MAX} bytes");
    Outcome::Broken(Broken::new(Reason::RowTooLong, "", message))
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod months;
#[cfg(test)]
mod tests;
