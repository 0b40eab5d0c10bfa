//! The surveys of a PBX: its FastAGI door, where the configuration has one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::failure::{Exit, Failure};
use crate::config::Asterisk;
use crate::connect::agi;
use crate::connect::client::Server;

use super::start::bind;

/// Opens the door for surveys of a PBX; nothing when it has none.
///
/// # Errors
/// When its address is taken.
pub async fn open_bridge(
    pbx: &Asterisk,
    server: Server,
    stopping: CancellationToken,
) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(configured) = &pbx.agi else {
        return Ok(None);
    };
    let listener = bind(configured.listen, "FastAGI").await?;
    let options = agi::Options {
        server,
        source: pbx.source.clone(),
        sounds: configured.sounds.clone(),
        goodbye: configured.goodbye.clone(),
        recordings: configured.recordings.clone(),
        deadline: configured.deadline,
        sessions_max: configured.sessions_max as usize,
    };
    let source = pbx.source.clone();
    tracing::info!(source, listen = %configured.listen, "surveys by FastAGI");
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = agi::run(listener, options, stopping).await {
            tracing::error!(source, %error, "no surveys by FastAGI");
        }
    })))
}

/// Our own server, as a bridge in the same process reaches it.
///
/// # Errors
/// Never: the address is one.
pub(super) fn own_server(grpc: SocketAddr) -> Result<Server, Failure> {
    let ip = match grpc.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    let address = SocketAddr::new(ip, grpc.port()).to_string();
    let server = address.parse();
    server.map_err(|error| Failure::new(Exit::Failure, format!("{address}: {error}")))
}
