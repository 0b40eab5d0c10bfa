//! Stops of every kind: what was acked is there, nothing is there twice, and counters go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dozvon::proto::v1::StreamOpen;
use dozvon::proto::v1::stream_events_response::Message as Answer;

use crate::harness::Server;
use crate::sender::{
    SECOND, Sender, all_queues, answered, batch, live, metric, newest, now, reason, retry_after,
    stored,
};

/// Calls in one batch.
const CALLS: u64 = 25;
pub(crate) const EVENTS: u64 = CALLS * 4;

/// The batch that follows a mark: 25 answered calls.
pub(crate) fn following(mark: u64, at: i64) -> Vec<dozvon::proto::v1::Event> {
    let calls = (0..CALLS).map(|call| mark + 1 + call * 4);
    calls
        .flat_map(|first| answered(first, &format!("c{first}"), at))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_is_done_within_5_s_and_keeps_what_was_acked() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    // An idle stream stays open as well.
    let mut idle = Sender::open(&server, live("idle")).await.unwrap();
    let acked = Arc::new(AtomicU64::new(0));
    let told = acked.clone();
    let pushing = tokio::spawn(async move {
        let mut sent = 0;
        for _ in 0..10 {
            sender.send(batch(now(), following(sent, at))).await;
            sent += EVENTS;
        }
        loop {
            match sender.answer().await {
                Ok(Some(Answer::Ack(ack))) => told.store(ack.sequence, Ordering::SeqCst),
                Ok(other) => panic!("{other:?}"),
                Err(status) => return status,
            }
            sender.send(batch(now(), following(sent, at))).await;
            sent += EVENTS;
        }
    });
    crate::sender::until("some acks", || async {
        (acked.load(Ordering::SeqCst) > 20 * EVENTS).then_some(())
    })
    .await;

    let stopped = tokio::time::timeout(Duration::from_secs(5), server.terminate()).await;
    assert!(stopped.expect("it stops within 5 s").success());
    let ended = pushing.await.unwrap();
    assert_eq!(reason(&ended), "shutting_down", "{ended:?}");
    assert!(retry_after(&ended).is_some());
    assert_eq!(reason(&idle.refusal().await), "shutting_down");

    server.restart().await;
    let known = newest(&server, "pbx").await;
    assert!(known.mark >= acked.load(Ordering::SeqCst), "{known:?}");
    assert_eq!(known.gaps, []);
    counted(&server, known.mark).await;
}

/// Every event up to a mark is counted, and once: in the report, in the metrics.
pub(crate) async fn counted(server: &Server, mark: u64) {
    let row = all_queues(server).await;
    assert_eq!(row.visits_offered, (mark + 2) / 4, "of {mark} events");
    assert_eq!(row.conservation_residual, 0);
    let metrics = server.metrics().await;
    let applied = "dozvon_ingest_events_total{source=\"pbx\",result=\"applied\"}";
    assert_eq!(metric(&metrics, applied), mark as f64);
    let offered = metric(&metrics, "dozvon_queue_visits_offered_total");
    assert_eq!(offered, row.visits_offered as f64);
    let residual = metric(&metrics, "dozvon_queue_conservation_residual");
    assert_eq!(residual.abs(), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_acked_and_counts_nothing_twice() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut offered_before = 0.0;
    let mut last = (0, 0);
    for round in 0..12_u64 {
        let open = StreamOpen {
            last_acked_sequence: last.0,
            last_acked_digest: last.1,
            ..live("pbx")
        };
        let mut sender = Sender::open(&server, open).await.unwrap();
        let mark = sender.opened.mark;
        assert!(mark >= last.0, "acked {}, known {mark}", last.0);
        let offered = metric(&server.metrics().await, "dozvon_queue_visits_offered_total");
        assert!(
            offered >= offered_before,
            "a counter went back: {offered_before}, {offered}"
        );
        offered_before = offered;
        // Resume from what was acked, as a sender does that has not asked: the rest are duplicates.
        let resumed_at = last.0;
        let pushing = tokio::spawn(async move {
            let mut last = (resumed_at, last.1);
            let mut sent = resumed_at;
            for _ in 0..4 {
                sender.send(batch(now(), following(sent, at))).await;
                sent += EVENTS;
            }
            while let Ok(Some(Answer::Ack(ack))) = sender.answer().await {
                last = (ack.sequence, ack.digest);
                sender.send(batch(now(), following(sent, at))).await;
                sent += EVENTS;
            }
            last
        });
        // Any moment: some before the first commit, some in the midst of many.
        tokio::time::sleep(Duration::from_millis(round * round * 5)).await;
        server.kill();
        last = pushing.await.unwrap();
        server.restart().await;
    }
    let known = newest(&server, "pbx").await;
    assert!(known.mark >= last.0 && known.mark > 0, "{known:?}");
    assert_eq!(known.gaps, []);
    counted(&server, known.mark).await;

    // The same after an orderly stop, and in the same words.
    let of_facts = |text: String| -> Vec<String> {
        let lines = text.lines().map(str::to_owned);
        let facts = lines.filter(|line| {
            let names = ["dozvon_queue_visits", "dozvon_calls", "dozvon_queue_wait"];
            names.iter().any(|name| line.starts_with(name))
        });
        facts.collect()
    };
    let before = of_facts(server.metrics().await);
    assert!(server.terminate().await.success());
    server.restart().await;
    assert_eq!(of_facts(server.metrics().await), before);
    counted(&server, known.mark).await;
}

#[tokio::test]
async fn the_watermark_and_open_calls_survive_a_kill() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let waiting = &answered(1, "c1", at)[..2];
    let ack = sender.batch_at(at + SECOND, waiting.to_vec()).await;
    stored(&server, "pbx", ack.position).await;
    server.kill();
    server.restart().await;
    let row = all_queues(&server).await;
    assert_eq!((row.waiting, row.answered), (1, 0));
    let text = server.metrics().await;
    assert_eq!(metric(&text, "dozvon_queue_waiting"), 1.0);
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.batch(answered(1, "c1", at)[2..].to_vec()).await;
    let ack = sender.heartbeat(at + 200 * SECOND).await;
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(
        known.watermark,
        Some(crate::sender::time(at + 200 * SECOND))
    );
    let row = all_queues(&server).await;
    assert_eq!((row.waiting, row.answered, row.visits_offered), (0, 1, 1));
    assert_eq!(row.wait_answered.unwrap().sum.unwrap().seconds, 10);
}
