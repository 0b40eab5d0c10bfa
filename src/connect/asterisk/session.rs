//! One connection to the manager interface: banner, login, what is asked after it, and the bytes that come.
//!
//! A PBX drops a listener that is too slow, so the socket is read by a task of its own into a bounded buffer. When that is
//! full the connection is given up as a whole: a gap that is known is better than a message lost in the middle.

use std::time::Duration;

use md5::{Digest as _, Md5};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::model::Timestamp;

use super::codec::Decoder;
use super::message::text;

/// A PBX on the same network answers within milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What one reading of the socket takes, and how many wait: 16 MiB at most, some minutes of a busy PBX.
const READ_BYTES: usize = 16 * 1024;
const READS_WAITING: usize = 1_024;

/// A banner is one short line.
const BANNER_BYTES_MAX: usize = 256;

/// Where to connect, and as whom.
#[derive(Clone, Debug)]
pub struct Login {
    /// `host:port`.
    pub address: String,
    /// The user.
    pub user: String,
    /// The user's secret; never sent, and never printed.
    pub secret: Secret,
}

/// A secret that no log shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers.
    #[error("no PBX at {0}: {1}")]
    Unreachable(String, String),
    /// Something else answers.
    #[error("{0} is no manager interface: {1}; is it the port of manager.conf (5038)?")]
    NotAmi(String, String),
    /// The PBX does not let us in.
    #[error(
        "{address} refuses user \"{user}\": {why}; secret, permit and deny of [{user}] in manager.conf must let this machine in"
    )]
    Refused {
        /// The address.
        address: String,
        /// The user.
        user: String,
        /// The PBX's words.
        why: String,
    },
    /// It was lost.
    #[error("the connection to the PBX was lost: {0}")]
    Lost(String),
}

/// Bytes that came together, and when.
pub(super) type Chunk = (Vec<u8>, Timestamp);

/// An open session.
#[derive(Debug)]
pub(super) struct Session {
    chunks: mpsc::Receiver<Chunk>,
    writer: OwnedWriteHalf,
    decoder: Decoder,
    _reading: DropGuard,
}

/// A message in words of our own.
pub(super) type Owned = Vec<(String, String)>;

/// The first value of a key.
pub(super) fn value<'a>(message: &'a Owned, key: &str) -> Option<&'a str> {
    let mut headers = message.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value.as_str())
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(login: &Login, clock: &Clock) -> Result<Self, Error> {
        let address = login.address.clone();
        let unreachable = |why: String| Error::Unreachable(address.clone(), why);
        let connected = timeout(ANSWER_WITHIN, TcpStream::connect(&login.address)).await;
        let mut stream = connected
            .map_err(|_| unreachable("no answer".to_owned()))?
            .map_err(|error| unreachable(error.to_string()))?;
        let rest = timeout(ANSWER_WITHIN, banner(&mut stream)).await;
        let rest = rest
            .unwrap_or_else(|_| Err("it says nothing".to_owned()))
            .map_err(|why| Error::NotAmi(address.clone(), why))?;
        let (reader, writer) = stream.into_split();
        let (sender, chunks) = mpsc::channel(READS_WAITING);
        let stop = CancellationToken::new();
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(read(reader, sender, clock.clone())),
        );
        let mut decoder = Decoder::default();
        decoder.feed(&rest, |_, _| {});
        let mut session = Self {
            chunks,
            writer,
            decoder,
            _reading: stop.drop_guard(),
        };
        session.log_in(login).await?;
        Ok(session)
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), Error> {
        let refused = |why: &str| Error::Refused {
            address: login.address.clone(),
            user: login.user.clone(),
            why: why.to_owned(),
        };
        self.send("Challenge", "dozvon-c", &[("AuthType", "MD5")])
            .await?;
        let answer = self.answer("dozvon-c").await?;
        let Some(challenge) = value(&answer, "Challenge") else {
            let why = value(&answer, "Message").unwrap_or("it gives no challenge");
            return Err(refused(why));
        };
        let mut hasher = Md5::new();
        hasher.update(challenge);
        hasher.update(&login.secret.0);
        let key: String = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let fields = [
            ("AuthType", "MD5"),
            ("Username", login.user.as_str()),
            ("Key", &key),
        ];
        self.send("Login", "dozvon-l", &fields).await?;
        let answer = self.answer("dozvon-l").await?;
        match value(&answer, "Response") {
            Some("Success") => Ok(()),
            _ => Err(refused(value(&answer, "Message").unwrap_or("no reason"))),
        }
    }

    /// Sends an action.
    pub(super) async fn send(
        &mut self,
        action: &str,
        id: &str,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let mut text = format!("Action: {action}\r\nActionID: {id}\r\n");
        for (key, value) in fields {
            // A line break in a value would begin a header of its own.
            let value = value.replace(['\r', '\n'], " ");
            text.push_str(&format!("{key}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let written = timeout(ANSWER_WITHIN, self.writer.write_all(text.as_bytes())).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::Lost(error.to_string())),
            Err(_) => Err(Error::Lost("it takes nothing".to_owned())),
        }
    }

    /// The next bytes, and what cuts them into messages. May be dropped at any point: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<(Chunk, &mut Decoder), Error> {
        match self.chunks.recv().await {
            Some(chunk) => Ok((chunk, &mut self.decoder)),
            None => Err(Error::Lost("it was closed".to_owned())),
        }
    }

    /// The answer to an action; what else comes meanwhile is passed over.
    pub(super) async fn answer(&mut self, id: &str) -> Result<Owned, Error> {
        let mut messages = self.answers(id, |_| true).await?;
        Ok(messages.pop().unwrap_or_default())
    }

    /// The messages that bear an action's id, up to the one that is the last.
    pub(super) async fn answers(
        &mut self,
        id: &str,
        is_last: impl Fn(&Owned) -> bool,
    ) -> Result<Vec<Owned>, Error> {
        let mut found: Vec<Owned> = Vec::new();
        let waiting = async {
            loop {
                let ((bytes, _), decoder) = self.next().await?;
                let mut is_whole = false;
                decoder.feed(&bytes, |_, message| {
                    let owned = |part: &[u8]| text(part).into_owned();
                    let message: Owned = message
                        .headers()
                        .map(|(key, value)| (owned(key), owned(value)))
                        .collect();
                    if value(&message, "ActionID") == Some(id) && !is_whole {
                        is_whole = is_last(&message);
                        found.push(message);
                    }
                });
                if is_whole {
                    return Ok(());
                }
            }
        };
        match timeout(ANSWER_WITHIN, waiting).await {
            Ok(done) => done.map(|()| found),
            Err(_) => Err(Error::Lost("it does not answer".to_owned())),
        }
    }
}

/// Reads the one line that every manager interface begins with; gives back what came after it.
async fn banner(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; BANNER_BYTES_MAX];
        let count = stream.read(&mut piece).await;
        let count = count.map_err(|error| error.to_string())?;
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let rest = bytes.split_off(end + 1);
            let line = text(&bytes);
            return match line.contains("Call Manager") {
                true => Ok(rest),
                false => Err(format!("it says {:?}", line.trim())),
            };
        }
        if count == 0 || bytes.len() > BANNER_BYTES_MAX {
            return Err("it does not say `Asterisk Call Manager`".to_owned());
        }
    }
}

async fn read(mut reader: OwnedReadHalf, chunks: mpsc::Sender<Chunk>, clock: Clock) {
    loop {
        let mut bytes = Vec::with_capacity(READ_BYTES);
        match reader.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if chunks.try_send((bytes, clock.now())).is_err() {
            tracing::error!("messages come faster than they are kept: the connection is given up");
            return;
        }
    }
}
