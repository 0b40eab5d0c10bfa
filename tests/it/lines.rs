//! Channels in use: what `/metrics` counts while they are all busy is what the line report has of the same minutes.

use std::collections::BTreeMap;

use dozvon::proto::v1::{Event, LineStatus, event::Body};

use crate::harness::Server;
use crate::sender::{SECOND, Sender, live, metric, now, stored, time};

/// The switch says how many of a line's 30 channels are in use.
fn told(sequence: u64, at: i64, channels_busy: u32) -> Event {
    Event {
        sequence,
        occurred_at: Some(time(at)),
        body: Some(Body::LineStatus(LineStatus {
            line: "e1".into(),
            channels_busy,
            channels_total: 30,
        })),
    }
}

/// Seconds with all channels busy, by the metric and by the report of all time.
async fn all_busy(server: &Server) -> [f64; 2] {
    let counted = metric(
        &server.metrics().await,
        "dozvon_lines_all_busy_seconds_total{line=\"e1\"}",
    );
    let of_minutes = [
        "lines",
        "--from",
        "2020-01-01",
        "--to",
        "2100-01-01",
        "--output",
        "csv",
    ];
    let text = server.report(&of_minutes).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    let row = rows.map(Result::unwrap).find(|row| row["line"] == "e1");
    [counted, row.unwrap()["all_busy_s"].parse().unwrap()]
}

#[tokio::test]
async fn all_channels_busy_is_counted_while_it_lasts_as_the_report_has_it() {
    let mut server = Server::start().await;
    let at = now() - 300 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.batch_at(at, vec![told(1, at, 28)]).await;
    let full_at = at + 10 * SECOND;
    sender.batch_at(full_at, vec![told(2, full_at, 30)]).await;
    for (after, expected) in [(20, 10.0), (140, 130.0)] {
        let ack = sender.heartbeat(at + after * SECOND).await;
        stored(&server, "pbx", ack.position).await;
        assert_eq!(all_busy(&server).await, [expected; 2], "after {after} s");
    }
    // Another switch's signs of life say nothing of this one's channels.
    let mut other = Sender::open(&server, live("pbx2")).await.unwrap();
    let ack = other.heartbeat(now()).await;
    stored(&server, "pbx2", ack.position).await;
    assert_eq!(all_busy(&server).await, [130.0; 2]);

    // The power goes in the midst of it.
    server.kill();
    server.restart().await;
    assert_eq!(all_busy(&server).await, [130.0; 2]);
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.heartbeat(at + 200 * SECOND).await;
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_busy(&server).await, [190.0; 2]);
    let free_at = at + 210 * SECOND;
    let ack = sender.batch_at(free_at, vec![told(3, free_at, 29)]).await;
    stored(&server, "pbx", ack.position).await;
    sender.heartbeat(at + 250 * SECOND).await;
    assert_eq!(all_busy(&server).await, [200.0; 2]);
    let text = server.metrics().await;
    assert!(text.contains("dozvon_line_info{line=\"e1\",source=\"pbx\"} 1\n"));
}
