//! Records what a PBX says, for whoever is to find out what went wrong: `dozvon connect asterisk --record FILE`.
//!
//! A session of its own that only listens: neither the connector nor the PBX is disturbed. The file is a recording as
//! `import ami-log` reads it, and as people can: the messages in order, `Key: value` lines with an empty one after each.
//! Its first message is no event, and says which version of this format it is:
//!
//! ```text
//! Recording: dozvon 1
//! ```
//!
//! Callers are pseudonyms in it (`Mask`), so it may be sent to somebody else.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

use super::mask::Mask;
use super::message::Message;
use super::session::{self, Login, Session};

/// The first message of a recording.
const HEADER: &[u8] = b"Recording: dozvon 1\r\n\r\n";

/// A busy PBX says some 100 MB in a day; more is no hour that went wrong.
pub const RECORDING_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// What is asked first, so that the recording knows queues, members and calls that were there before it.
const ASKED_FIRST: [&str; 2] = ["QueueStatus", "CoreShowChannels"];

/// Why a recording ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no session, or no longer.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// The file cannot be written.
    #[error("the recording cannot be written: {0}")]
    File(#[from] io::Error),
    /// It is as large as one may be.
    #[error("the recording has {RECORDING_BYTES_MAX} bytes, the most that one may have")]
    Full,
}

/// How much was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Messages.
    pub messages: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Records until told to stop; `each` hears how much there is so far.
///
/// # Errors
/// When the file is there already or cannot be written, the PBX cannot be listened to, or the file is full. What was
/// recorded until then is in the file.
pub async fn record(
    login: &Login,
    path: &Path,
    clock: &Clock,
    stop: &CancellationToken,
    mut each: impl FnMut(Recorded),
) -> Result<Recorded, Error> {
    let mut session = Session::open(login, clock).await?;
    // Never over another recording; readable by its owner alone.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut tape = Tape::new(file)?;
    for action in ASKED_FIRST {
        session.send(action, action, &[]).await?;
    }
    while let Some(next) = stop.run_until_cancelled(session.next()).await {
        let ((bytes, _), decoder) = match next {
            Ok(next) => next,
            Err(error) => {
                tape.sync()?;
                return Err(error.into());
            }
        };
        let mut written = Ok(());
        decoder.feed(&bytes, |_, message| {
            if written.is_ok() {
                written = tape.write(&message);
            }
        });
        written?;
        tape.out.flush()?;
        each(tape.recorded);
        if tape.recorded.bytes >= RECORDING_BYTES_MAX {
            tape.sync()?;
            return Err(Error::Full);
        }
    }
    tape.sync()?;
    Ok(tape.recorded)
}

/// The file, and how callers are called in it.
struct Tape {
    out: BufWriter<File>,
    mask: Mask,
    recorded: Recorded,
    message: Vec<u8>,
}

impl Tape {
    fn new(file: File) -> io::Result<Self> {
        let mut out = BufWriter::new(file);
        out.write_all(HEADER)?;
        let recorded = Recorded {
            messages: 0,
            bytes: HEADER.len() as u64,
        };
        Ok(Self {
            out,
            mask: Mask::new(),
            recorded,
            message: Vec::new(),
        })
    }

    fn write(&mut self, message: &Message<'_>) -> io::Result<()> {
        self.message.clear();
        for (key, value) in message.headers() {
            self.message.extend_from_slice(key);
            self.message.extend_from_slice(b": ");
            self.mask.write(key, value, &mut self.message);
            self.message.extend_from_slice(b"\r\n");
        }
        self.message.extend_from_slice(b"\r\n");
        self.out.write_all(&self.message)?;
        self.recorded.messages += 1;
        self.recorded.bytes += self.message.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}
