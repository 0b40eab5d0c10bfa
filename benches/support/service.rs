//! A whole dozvon in this process, on free ports and a folder of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use dozvon::{
    app::{self, Patience, Running},
    clock::Clock,
    config::{Config, DatabaseUrl},
    proto::v1::{GetSourceRequest, GetSourceResponse, ingest_service_client::IngestServiceClient},
};
use tonic::{Status, transport::Channel};

/// How often it is asked whether the store has caught up.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Starts dozvon over a folder.
pub(crate) async fn start(folder: &Path) -> Running {
    start_on(folder, None).await
}

/// The same on a PostgreSQL database, where one is named; the folder has the key then.
pub(crate) async fn start_on(folder: &Path, database: Option<&str>) -> Running {
    start_with(folder, database, |_| {}).await
}

/// The same with another configuration.
pub(crate) async fn start_with(
    folder: &Path,
    database: Option<&str>,
    change: impl FnOnce(&mut Config),
) -> Running {
    let mut config = Config {
        data_dir: folder.join("data"),
        database: database.map(|url| DatabaseUrl::new(url).expect("it is a URL")),
        ..Config::default()
    };
    config.server.grpc = (Ipv4Addr::LOCALHOST, 0).into();
    config.server.http = (Ipv4Addr::LOCALHOST, 0).into();
    change(&mut config);
    let started = app::start(&config, Clock::system(), Patience::Short).await;
    started.expect("dozvon starts in an empty folder")
}

/// A connection to it.
pub(crate) async fn connect(running: &Running) -> Channel {
    connect_to(running.grpc).await
}

/// A connection to what listens there.
pub(crate) async fn connect_to(grpc: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{grpc}"));
    let endpoint = endpoint.expect("it is an address").tcp_nodelay(true);
    endpoint.connect().await.expect("dozvon listens")
}

/// What is known of a source.
pub(crate) async fn source(channel: &Channel, name: &str) -> Result<GetSourceResponse, Status> {
    let mut client = IngestServiceClient::new(channel.clone());
    let request = GetSourceRequest {
        source: name.to_owned(),
        epoch: None,
    };
    client
        .get_source(request)
        .await
        .map(tonic::Response::into_inner)
}

/// Waits until the store has everything up to a position.
pub(crate) async fn wait_stored(
    channel: &Channel,
    name: &str,
    position: u64,
) -> Result<(), Status> {
    while source(channel, name).await?.stored_position < position {
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(())
}
