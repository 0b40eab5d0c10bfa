//! Where the server is, and whether what listens there can be one.

use std::{fmt, io, str::FromStr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::transport::{Channel, Endpoint};

/// The port that `dozvon serve` takes by default.
const DEFAULT_PORT: u16 = 7440;

/// A server on the same network answers within milliseconds; beyond this the attempt is given up for the next one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A peer that does not answer a ping for this long is gone, though the connection still stands.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// How every HTTP/2 client begins (RFC 9113 section 3.4), followed by an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The length of a frame's header and the place and value of its type there (RFC 9113 sections 4.1 and 6.5).
const FRAME_HEADER_BYTES: usize = 9;
const FRAME_TYPE_AT: usize = 3;
const SETTINGS_FRAME: u8 = 4;

/// A server's address: `http://host:port`, `host:port` or `host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `host:port`.
    authority: String,
}

/// Why a text is no server's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The scheme asks for something this client does not do.
    #[error("{0}:// is not supported: give http://HOST:PORT or HOST:PORT")]
    Scheme(String),
    /// Not host and port.
    #[error("{0:?} is no address: give http://HOST:PORT or HOST:PORT")]
    Malformed(String),
}

impl FromStr for Server {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => return Err(Error::Scheme(scheme.to_owned())),
        };
        let malformed = || Error::Malformed(text.to_owned());
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let uri: tonic::transport::Uri = format!("http://{authority}")
            .parse()
            .map_err(|_| malformed())?;
        let has_more = uri.path() != "/" || uri.query().is_some() || authority.contains('@');
        let host = uri.host().filter(|host| !host.is_empty() && !has_more);
        let host = host.ok_or_else(malformed)?;
        let port = match uri.port_u16() {
            Some(port) => port,
            // A port that is none (`host:` or `host:99999`) parses as no port at all.
            None if authority.len() == host.len() => DEFAULT_PORT,
            None => return Err(malformed()),
        };
        let authority = format!("{host}:{port}");
        Ok(Self { authority })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority)
    }
}

/// What listens at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// Something that speaks HTTP/2.
    Http2,
    /// Something that speaks, and no HTTP/2.
    Alien,
    /// Something that closes the connection without a word: TLS, or a proxy whose server is not there yet.
    Mute,
    /// Nobody, or nobody who answers in time.
    Nobody,
}

impl Server {
    /// Opens a connection of its own.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn connect(&self) -> Result<Channel, tonic::transport::Error> {
        self.endpoint()?.connect().await
    }

    /// A connection of its own that is opened by its first call, and opened again by the next one when it broke.
    ///
    /// # Errors
    /// When the address can be none.
    pub fn connect_later(&self) -> Result<Channel, tonic::transport::Error> {
        Ok(self.endpoint()?.connect_lazy())
    }

    fn endpoint(&self) -> Result<Endpoint, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.authority))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        Ok(endpoint)
    }

    /// Looks at what listens: a web server or TLS answers the preface in its own way, and a gRPC client would only see
    /// a broken connection.
    pub(super) async fn listener(&self) -> Listener {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(&self.authority)).await;
        let Ok(Ok(mut stream)) = connected else {
            return Listener::Nobody;
        };
        let mut head = Vec::with_capacity(FRAME_HEADER_BYTES);
        let greeting = timeout(CONNECT_TIMEOUT, greet(&mut stream, &mut head)).await;
        match (greeting, head.get(FRAME_TYPE_AT)) {
            (_, Some(&SETTINGS_FRAME)) => Listener::Http2,
            (Err(_), None) if head.is_empty() => Listener::Nobody,
            (Ok(_), None) if head.is_empty() => Listener::Mute,
            (Ok(_) | Err(_), Some(_) | None) => Listener::Alien,
        }
    }
}

async fn greet(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<()> {
    stream.write_all(PREFACE).await?;
    while head.len() < FRAME_HEADER_BYTES && stream.read_buf(head).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn addresses() {
        let parsed = |text: &str| text.parse::<Server>().map(|server| server.to_string());
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(parsed("127.0.0.1:7440"), ok("127.0.0.1:7440"));
        assert_eq!(parsed("http://127.0.0.1:7440/"), ok("127.0.0.1:7440"));
        assert_eq!(parsed("hotline.example"), ok("hotline.example:7440"));
        assert_eq!(parsed("http://[::1]:99"), ok("[::1]:99"));
        assert_eq!(parsed("[::1]"), ok("[::1]:7440"));
        let tls = parsed("https://hotline.example:443");
        assert_eq!(tls, Err(Error::Scheme("https".to_owned())));
        for malformed in [
            "",
            "a b",
            "host:",
            "host:99999",
            "host/path",
            "host:1?x",
            "me@host:1",
        ] {
            let error = Error::Malformed(malformed.to_owned());
            assert_eq!(parsed(malformed), Err(error));
        }
    }

    /// Accepts one connection, answers what a server of that kind would, and closes.
    async fn answering(answer: &'static [u8]) -> Listener {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = socket.local_addr().unwrap().to_string().parse().unwrap();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut preface = [0; PREFACE.len()];
            stream.read_exact(&mut preface).await.unwrap();
            stream.write_all(answer).await.unwrap();
        });
        let listener = server.listener().await;
        peer.await.unwrap();
        listener
    }

    #[tokio::test]
    async fn a_listener_is_known_by_its_first_bytes() {
        let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
        assert_eq!(answering(settings).await, Listener::Http2);
        assert_eq!(
            answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
            Listener::Alien
        );
        // A TLS alert: unexpected message.
        assert_eq!(
            answering(b"\x15\x03\x01\0\x02\x02\x0a").await,
            Listener::Alien
        );
        assert_eq!(answering(b"").await, Listener::Mute);
        let nobody = "127.0.0.1:1".parse::<Server>().unwrap();
        assert_eq!(nobody.listener().await, Listener::Nobody);
    }
}
