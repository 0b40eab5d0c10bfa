//! The gRPC server: our services, health and reflection on one listener.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;

use crate::proto::DESCRIPTORS;
use crate::proto::v1::ingest_service_server::IngestServiceServer;
use crate::proto::v1::report_service_server::ReportServiceServer;
use crate::reports::{Reports, Sources};
use crate::store::Rows;
use crate::validate::caps;

use super::ingest::Ingest;
use super::limits::Limits;
use super::report;

/// Streams that one connection may have open.
const STREAMS_A_CONNECTION: u32 = 256;
/// How often a silent connection is asked whether it lives.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Bytes in flight of one stream: some batches.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes in flight of one connection.
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// What a message too large to be taken may still have, so that it is read and refused by name.
const DECODED_BYTES: usize = caps::MESSAGE_BYTES;

/// Why the server ends.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The transport failed.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
    /// Our own descriptors cannot be served.
    #[error("reflection cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The services on one listener.
pub struct Server<R, S> {
    /// The door for events.
    pub ingest: Ingest,
    /// The manager's desk.
    pub reports: Reports<R, S>,
}

impl<R: Rows, S: Sources> Server<R, S> {
    /// Serves until `stopping`; health follows `ready` and turns to NOT_SERVING before anything is closed.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        mut ready: watch::Receiver<bool>,
        stopping: CancellationToken,
    ) -> Result<(), ServerError> {
        let (health, health_service) = tonic_health::server::health_reporter();
        health
            .set_not_serving::<IngestServiceServer<Ingest>>()
            .await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
        let stopped = stopping.clone();
        let reporter = tokio::spawn(async move {
            let up = async { ready.wait_for(|ready| *ready).await.is_ok() };
            let up = tokio::select! {
                up = up => up,
                () = stopped.cancelled() => false,
            };
            if up {
                health.set_serving::<IngestServiceServer<Ingest>>().await;
                health
                    .set_serving::<ReportServiceServer<report::Service<R, S>>>()
                    .await;
            }
            stopped.cancelled().await;
            health
                .set_not_serving::<IngestServiceServer<Ingest>>()
                .await;
        });
        let ingest = IngestServiceServer::new(self.ingest)
            .max_decoding_message_size(DECODED_BYTES)
            .accept_compressed(CompressionEncoding::Gzip);
        let reports = ReportServiceServer::new(report::Service::new(self.reports))
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        let served = tonic::transport::Server::builder()
            .max_concurrent_streams(STREAMS_A_CONNECTION)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .layer(Limits)
            .add_service(health_service)
            .add_service(reflection)
            .add_service(ingest)
            .add_service(reports)
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener),
                stopping.cancelled_owned(),
            )
            .await;
        reporter.abort();
        Ok(served?)
    }
}
