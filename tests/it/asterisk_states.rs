//! What agents do, from a PBX's words to the boards' metrics.

use dozvon::connect::asterisk::interpreter::instant;

use crate::asterisk::{Connector, recording, until};
use crate::harness::Server;
use crate::pbx::Pbx;

/// Waits until so many agents of the queue are in each of these states.
async fn until_agents(server: &Server, queue: &str, expected: &[(&str, u32)]) {
    let series = |(state, count): &(&str, u32)| {
        format!("dozvon_queue_agents{{queue=\"{queue}\",state=\"{state}\"}} {count}\n")
    };
    let lines: Vec<String> = expected.iter().map(series).collect();
    let are_there = || async {
        let text = server.metrics().await;
        lines
            .iter()
            .all(|line| text.contains(line.as_str()))
            .then_some(())
    };
    until(are_there, &lines.concat()).await;
}

/// The last time that a recording names.
fn end_of(folder: &std::path::Path) -> f64 {
    let text = std::fs::read(folder.join("ami.log")).unwrap();
    let text = String::from_utf8_lossy(&text);
    let stamps = text.lines().filter_map(|line| {
        let at = line.strip_prefix("Timestamp: ")?;
        Some(instant(at.trim())?.as_micros() as f64 / 1e6)
    });
    stamps.fold(0.0, f64::max)
}

fn member(at: f64, event: &str, agent: &str, more: &str) -> Vec<u8> {
    let text = format!(
        "Event: {event}\r\nTimestamp: {at:.6}\r\nQueue: hotline\r\nMemberName: x\r\nInterface: PJSIP/{agent}\r\nStatus: 1\r\n{more}\r\n"
    );
    text.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_a_queue_are_counted_by_what_they_do() {
    let Some(folder) = recording("answered") else {
        return;
    };
    let server = Server::start().await;
    let pbx = Pbx::start(&folder).await;
    let more = "desk_reasons = [\"desk\"]\nwrap_up = { hotline = \"30s\" }\n";
    let mut connector = Connector::start_with(pbx.address(), &server.grpc_addr(), more);
    connector.until_said("listening").await;
    until_agents(&server, "hotline", &[("available", 3), ("talking", 0)]).await;

    pbx.play(0.0, 1.0, 1_000.0).await;
    let worked = || async {
        let text = server.metrics().await;
        let line = "dozvon_agent_wrap_up_seconds_sum{queue=\"hotline\"} 30\n";
        text.contains(line).then_some(())
    };
    until(worked, "30 s of work after the call").await;
    until_agents(&server, "hotline", &[("available", 3), ("wrap_up", 0)]).await;

    // The recording's player ends a minute after it.
    let now = end_of(&folder) + 50.0;
    let desk = "Paused: 1\r\nPausedReason: Desk\r\n";
    pbx.say(&member(now, "QueueMemberPause", "102", desk));
    let lunch = "Paused: 1\r\nPausedReason: обід\r\n";
    pbx.say(&member(now + 1.0, "QueueMemberPause", "101", lunch));
    pbx.say(&member(now + 2.0, "QueueMemberRemoved", "103", ""));
    let expected = [
        ("available", 0),
        ("desk", 1),
        ("paused", 1),
        ("logged_out", 1),
    ];
    until_agents(&server, "hotline", &expected).await;
    let text = server.metrics().await;
    assert!(text.contains("dozvon_agents{state=\"desk\"} 1\n"), "{text}");

    // A connector that begins anew believes the list: nobody is paused in it, and nobody is counted twice.
    connector.kill();
    connector.restart();
    let expected = [("available", 3), ("desk", 0), ("paused", 0)];
    until_agents(&server, "hotline", &expected).await;
}
