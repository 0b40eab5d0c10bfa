//! A file to import: plain or gzip (told by its first bytes), hashed and counted as it is read.
//!
//! It is read twice (once for the identity, once for the rows), never held.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

/// The first two bytes of every gzip member (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a file cannot be read as what it was said to be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its bytes are not what its name or format promises.
    #[error("{} is no {format} file: {why}; expected {expected}", path.display())]
    Alien {
        /// The file.
        path: PathBuf,
        /// The format asked for.
        format: &'static str,
        /// What stands there instead.
        why: String,
        /// What should stand there.
        expected: String,
    },
    /// Reading failed half-way.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its bytes are not those that its epoch was computed from.
    #[error("{} changed while it was read: import it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As it is.
    Plain,
    /// gzip, one member or more.
    Gzip,
    /// Named as gzip, and is not.
    FalselyNamedGzip,
    /// Nothing in it.
    Empty,
}

impl Packing {
    /// Whether an error in reading means that the gzip stream is broken, rather than the disk.
    pub(crate) fn is_broken_by(self, error: &io::Error) -> bool {
        let is_of_content = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        );
        self == Self::Gzip && is_of_content
    }
}

/// An open file: the bytes inside, unpacked.
pub(crate) struct SourceFile {
    input: BufReader<Hashing<Unpacked>>,
    packing: Packing,
    bytes_total: u64,
}

impl SourceFile {
    /// Opens a file; what it hashes begins with `seed`, what it reads from the disk is added to `bytes_read`.
    pub(crate) fn open(path: &Path, seed: &[u8], bytes_read: Arc<AtomicU64>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut head = Vec::new();
        file.by_ref().take(2).read_to_end(&mut head)?;
        file.rewind()?;
        let is_named_gzip = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let packing = match (head.as_slice() == GZIP_MAGIC, is_named_gzip) {
            (true, _) => Packing::Gzip,
            (false, _) if head.is_empty() => Packing::Empty,
            (false, true) => Packing::FalselyNamedGzip,
            (false, false) => Packing::Plain,
        };
        let counted = BufReader::new(Counting {
            input: file,
            bytes_read,
        });
        let input = match packing {
            Packing::Gzip => Unpacked::Gzip(Box::new(MultiGzDecoder::new(counted))),
            Packing::Plain | Packing::FalselyNamedGzip | Packing::Empty => Unpacked::Plain(counted),
        };
        let hasher = Sha256::new_with_prefix(seed);
        Ok(Self {
            input: BufReader::with_capacity(64 * 1024, Hashing { input, hasher }),
            packing,
            bytes_total: metadata.len(),
        })
    }

    pub(crate) fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes on the disk.
    pub(crate) fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// SHA-256 of the seed and everything read so far; of the whole once the end was reached.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.input.get_ref().hasher.clone().finalize().into()
    }
}

impl Read for SourceFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl BufRead for SourceFile {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.input.consume(amount);
    }
}

enum Unpacked {
    Plain(BufReader<Counting>),
    Gzip(Box<MultiGzDecoder<BufReader<Counting>>>),
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(input) => input.read(buffer),
        }
    }
}

struct Counting {
    input: File,
    bytes_read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

struct Hashing<R> {
    input: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn open(name: &str, bytes: &[u8]) -> (SourceFile, Arc<AtomicU64>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let bytes_read = Arc::new(AtomicU64::new(0));
        let file = SourceFile::open(&path, b"", Arc::clone(&bytes_read)).unwrap();
        (file, bytes_read, folder)
    }

    fn read_all(file: &mut SourceFile) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn gzip_is_told_by_its_bytes_and_hashes_as_what_is_inside() {
        let (mut plain, ..) = open("calls", b"hello world");
        let (mut packed, bytes_read, _folder) = open("calls", &gzip(b"hello world"));
        assert_eq!(packed.packing(), Packing::Gzip);
        assert_eq!(read_all(&mut plain), b"hello world");
        assert_eq!(read_all(&mut packed), b"hello world");
        // `printf 'hello world' | sha256sum`
        let expected = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        let hex = |digest: [u8; 32]| digest.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hex(plain.sha256()), expected);
        assert_eq!(hex(packed.sha256()), expected);
        assert_eq!(bytes_read.load(Ordering::Relaxed), packed.bytes_total());
    }

    #[test]
    fn several_gzip_members_are_one_text() {
        let joined = [gzip(b"one\n"), gzip(b"two\n")].concat();
        let (mut file, ..) = open("calls.gz", &joined);
        assert_eq!(read_all(&mut file), b"one\ntwo\n");
    }

    #[test]
    fn a_name_alone_makes_no_gzip() {
        let packing = |name, bytes| open(name, bytes).0.packing();
        assert_eq!(packing("calls.csv.gz", b"a,b\n"), Packing::FalselyNamedGzip);
        assert_eq!(packing("calls.csv", b"a,b\n"), Packing::Plain);
        assert_eq!(packing("calls.csv.gz", b""), Packing::Empty);
    }

    #[test]
    fn a_cut_stream_is_told_from_a_failing_disk() {
        let whole = gzip(&vec![7_u8; 100_000]);
        let (mut file, ..) = open("calls.gz", &whole[..whole.len() / 2]);
        let error = file.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(file.packing().is_broken_by(&error), "{error}");
        assert!(!file.packing().is_broken_by(&io::Error::other("disk")));
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let opened = SourceFile::open(folder.path(), b"", Arc::default());
        assert!(opened.is_err());
    }
}
