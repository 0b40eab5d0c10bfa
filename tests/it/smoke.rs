//! Start, health, stop.

use std::time::{Duration, Instant};

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::Server;

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the stop itself is measured")]
async fn it_starts_serves_and_stops_within_5_s() {
    let mut server = Server::start().await;
    let mut health = HealthClient::new(server.channel().await);
    let asked = HealthCheckRequest {
        service: "dozvon.v1.IngestService".into(),
    };
    let answer = health.check(asked).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    assert!(server.metrics().await.contains("dozvon_build_info"));

    let started = Instant::now();
    let status = server.terminate().await;
    assert!(status.success(), "{status}");
    assert!(started.elapsed() < Duration::from_secs(5));
}
