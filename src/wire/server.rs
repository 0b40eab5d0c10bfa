//! The gRPC server: our services, health and reflection on one listener.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthReporter;

use crate::proto::DESCRIPTORS;
use crate::proto::v1::admin_service_server::{self, AdminServiceServer};
use crate::proto::v1::case_service_server::{self, CaseServiceServer};
use crate::proto::v1::ingest_service_server::{self, IngestServiceServer};
use crate::proto::v1::live_service_server::{self, LiveServiceServer};
use crate::proto::v1::report_service_server::{self, ReportServiceServer};
use crate::proto::v1::survey_service_server::{self, SurveyServiceServer};
use crate::proto::v1::tuning_service_server::{self, TuningServiceServer};
use crate::reports::{Reports, Sources};
use crate::store::Rows;
use crate::validate::caps;

use super::admin::Admin;
use super::ingest::Ingest;
use super::limits::Limits;
use super::live::Live;
use super::report;
use super::survey::Surveys;
use super::tuning::Tuning;

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

/// Names under which health is told.
const INGEST: &str = ingest_service_server::SERVICE_NAME;
const REPORTS: &str = report_service_server::SERVICE_NAME;
const ADMIN: &str = admin_service_server::SERVICE_NAME;
const LIVE: &str = live_service_server::SERVICE_NAME;
const SURVEYS: &str = survey_service_server::SERVICE_NAME;
const CASES: &str = case_service_server::SERVICE_NAME;
const TUNING: &str = tuning_service_server::SERVICE_NAME;

/// The health service as tonic makes it.
pub type HealthService = HealthServer<tonic_health::server::HealthService>;

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

/// What the health service says; it begins with NOT_SERVING.
#[derive(Clone)]
pub struct Health(HealthReporter);

impl Health {
    /// Everything is served from now on, or nothing any more: to be said before anything is closed.
    pub async fn say(&self, serving: bool) {
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        // The empty name stands for the server as a whole.
        for service in ["", INGEST, LIVE, REPORTS, ADMIN, SURVEYS, CASES, TUNING] {
            self.0.set_service_status(service, status).await;
        }
    }
}

/// The health service, and the way to tell it.
pub async fn health() -> (Health, HealthService) {
    let reporter = HealthReporter::new();
    let service = tonic_health::server::HealthService::from_health_reporter(reporter.clone());
    let service = HealthServer::new(service);
    let health = Health(reporter);
    health.say(false).await;
    (health, service)
}

/// The services on one listener.
pub struct Server<R, S> {
    /// Whether all is well.
    pub health: HealthService,
    /// The door for events.
    pub ingest: Ingest,
    /// The manager's desk.
    pub reports: Reports<R, S>,
    /// What is done to a running server.
    pub admin: Admin,
    /// The board.
    pub live: Live,
    /// The one who asks callers.
    pub surveys: Surveys,
    /// The way to the switches.
    pub tuning: Tuning,
}

impl<R: Rows, S: Sources> Server<R, S> {
    /// Serves until `stopping`.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stopping: CancellationToken,
    ) -> Result<(), ServerError> {
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
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
            .add_service(self.health)
            .add_service(reflection)
            .add_service(ingest)
            .add_service(reports)
            .add_service(AdminServiceServer::new(self.admin))
            .add_service(CaseServiceServer::new(self.surveys.clone()))
            .add_service(
                LiveServiceServer::new(self.live).send_compressed(CompressionEncoding::Gzip),
            )
            .add_service(SurveyServiceServer::new(self.surveys))
            .add_service(TuningServiceServer::new(self.tuning))
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener).map(without_delay),
                stopping.cancelled_owned(),
            )
            .await;
        Ok(served?)
    }
}

/// An ack is small and is to leave at once: the kernel must not hold it back until the sender's next packet.
fn without_delay(accepted: io::Result<TcpStream>) -> io::Result<TcpStream> {
    let stream = accepted?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
