//! Time and what is told late: modes, the watermark, settling, the end of an epoch, and events that are kept but not
//! counted.

use std::time::Duration;

use dozvon::proto::v1::stream_events_request::Message;
use dozvon::proto::v1::stream_events_response::Message as Answer;
use dozvon::proto::v1::{EventBatch, ReportContext, StreamOpen};

use crate::harness::Server;
use crate::rows::{Part, Rows};
use crate::sender::{
    QUEUE, SECOND, Sender, all_queues, answered, arrived, connected, content, ended, entered,
    event, history, live, metric, now, queue_report, source, stored, time,
};

/// Calls that count in `/metrics`.
async fn calls_counted(server: &Server) -> f64 {
    metric(&server.metrics().await, "dozvon_calls_arrived_total ")
}

async fn provisional(server: &Server) -> u64 {
    queue_report(server)
        .await
        .context
        .unwrap()
        .calls_provisional
}

#[tokio::test]
async fn a_silent_source_makes_its_open_calls_uncertain() {
    let mut server = Server::start().await;
    let at = now() - 60 * SECOND;
    let open = |call: &str| {
        vec![
            event(1, at, call, arrived()),
            event(2, at + SECOND, call, entered()),
        ]
    };
    let mut file = Sender::open(&server, history("file", 1)).await.unwrap();
    let ack = file.batch(open("h1")).await;
    stored(&server, "file", ack.position).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(open("c1")).await;
    stored(&server, "pbx", ack.position).await;
    let said = |context: ReportContext| {
        let silent = context
            .sources
            .iter()
            .filter(|one| one.silent_since.is_some());
        let silent: Vec<String> = silent.map(|one| one.source.clone()).collect();
        (context.calls_provisional, context.calls_uncertain, silent)
    };
    let context = queue_report(&server).await.context.unwrap();
    assert_eq!(said(context), (2, 0, vec![]), "heard a moment ago");

    // Neither event nor heartbeat for 15 s, over a restart. History is never silent: it was never live.
    server.kill();
    tokio::time::sleep(Duration::from_secs(16)).await;
    server.restart().await;
    let context = queue_report(&server).await.context.unwrap();
    assert_eq!(said(context), (2, 1, vec!["pbx".to_owned()]));

    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.heartbeat(now()).await;
    stored(&server, "pbx", ack.position).await;
    let context = queue_report(&server).await.context.unwrap();
    assert_eq!(said(context), (2, 0, vec![]), "heard again");
}

#[tokio::test]
async fn history_is_in_reports_and_not_in_the_metrics() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut past = Sender::open(&server, history("pbx", 1)).await.unwrap();
    past.batch(answered(1, "old", at - 86_400 * SECOND)).await;
    let finished = past.finish(true).await;
    stored(&server, "pbx", finished.position).await;
    assert_eq!(all_queues(&server).await.answered, 1);
    assert_eq!(calls_counted(&server).await, 0.0);
    assert_eq!(
        source(&server, "pbx").await.watermark,
        None,
        "history moves no clock"
    );

    let mut present = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = present.batch(answered(1, "new", at)).await;
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_queues(&server).await.answered, 2);
    assert_eq!(calls_counted(&server).await, 1.0);
}

#[tokio::test]
async fn heartbeats_move_the_watermark_and_settle_calls() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    // The source's clock, at which the events were sent, is what the watermark follows.
    let ack = sender
        .batch_at(at + 70 * SECOND, answered(1, "c1", at))
        .await;
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(known.watermark, Some(time(at + 70 * SECOND)));
    assert_eq!(provisional(&server).await, 1, "it may yet get stragglers");

    // 30 s after its end to the microsecond stragglers still count.
    let ack = sender.heartbeat(at + 100 * SECOND).await;
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(known.watermark, Some(time(at + 100 * SECOND)));
    assert_eq!(provisional(&server).await, 1);

    let ack = sender.heartbeat(at + 101 * SECOND).await;
    stored(&server, "pbx", ack.position).await;
    assert_eq!(provisional(&server).await, 0);
    let outcome = "dozvon_calls_ended_total{outcome=\"served\"}";
    assert_eq!(metric(&server.metrics().await, outcome), 1.0);

    // A clock that steps back moves nothing.
    let ack = sender.heartbeat(at).await;
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(known.watermark, Some(time(at + 101 * SECOND)));
}

#[tokio::test]
async fn the_end_of_a_file_closes_its_calls_and_the_end_of_a_log_does_not() {
    let server = Server::start().await;
    let at = now() - 7_200 * SECOND;
    let open_call = vec![event(1, at, "c1", arrived()), event(2, at, "c1", entered())];
    let mut log = Sender::open(&server, history("log", 1)).await.unwrap();
    log.batch(open_call.clone()).await;
    let finished = log.finish(false).await;
    stored(&server, "log", finished.position).await;
    let row = all_queues(&server).await;
    assert_eq!((provisional(&server).await, row.waiting), (1, 1));
    log.close().await;

    // The grown log goes on with it.
    let mut log = Sender::open(&server, history("log", 1)).await.unwrap();
    log.batch(vec![
        event(3, at + 5 * SECOND, "c1", connected()),
        event(4, at + 9 * SECOND, "c1", ended()),
    ])
    .await;
    let finished = log.finish(false).await;
    stored(&server, "log", finished.position).await;
    let row = all_queues(&server).await;
    assert_eq!((provisional(&server).await, row.answered), (0, 1));

    let mut file = Sender::open(&server, history("file", 2)).await.unwrap();
    file.batch(open_call).await;
    let finished = file.finish(true).await;
    stored(&server, "file", finished.position).await;
    let row = all_queues(&server).await;
    assert_eq!(provisional(&server).await, 0, "closed as unknown");
    assert_eq!((row.calls_arrived, row.waiting), (Some(2), 0));
    assert_eq!(row.conservation_residual, 0);
}

#[tokio::test]
async fn a_broken_connection_settles_nothing() {
    let server = Server::start().await;
    let at = now() - 7_200 * SECOND;
    let mut file = Sender::open(&server, history("file", 1)).await.unwrap();
    let ack = file.batch(answered(1, "c1", at)).await;
    drop(file);
    stored(&server, "file", ack.position).await;
    assert_eq!(provisional(&server).await, 1);
    let mut file = Sender::open(&server, history("file", 1)).await.unwrap();
    let finished = file.finish(true).await;
    stored(&server, "file", finished.position).await;
    assert_eq!(provisional(&server).await, 0);
}

#[tokio::test]
async fn what_comes_after_settling_is_kept_counted_and_listed() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut story = answered(1, "c1", at);
    // The entry is missing, and comes when the call is settled.
    let straggler = story.remove(1);
    sender.batch(story).await;
    let ack = sender.heartbeat(at + 200 * SECOND).await;
    stored(&server, "pbx", ack.position).await;
    let before = all_queues(&server).await;
    let ack = sender.batch(vec![straggler]).await;
    assert_eq!((ack.accepted, ack.rejections.len()), (1, 0));
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(known.late_events, 1);
    let report = queue_report(&server).await;
    assert_eq!(report.context.unwrap().sources[0].late_events, 1);
    assert_eq!(
        all_queues(&server).await,
        before,
        "a late event changes no figure"
    );
    let late = "dozvon_ingest_late_events_total{source=\"pbx\"}";
    assert_eq!(metric(&server.metrics().await, late), 1.0);
    let listed = unapplied(&server).await;
    assert_eq!(listed, [("late".into(), "c1".into(), 2)]);
}

#[tokio::test]
async fn a_call_of_another_file_is_known_and_not_counted_again() {
    let mut server = Server::start().await;
    let at = now() - 7_200 * SECOND;
    let mut first = Sender::open(&server, history("bank", 1)).await.unwrap();
    first.batch(answered(1, "c1", at)).await;
    let finished = first.finish(true).await;
    stored(&server, "bank", finished.position).await;
    first.close().await;

    let mut second = Sender::open(&server, history("bank", 2)).await.unwrap();
    let mut events = answered(1, "c1", at);
    events.extend(answered(5, "c2", at));
    let ack = second.batch(events).await;
    assert_eq!(
        (ack.accepted, ack.rejections.len()),
        (8, 0),
        "acked all the same"
    );
    let finished = second.finish(true).await;
    let known = stored(&server, "bank", finished.position).await;
    assert_eq!(known.call_exists_events, 4);
    assert_eq!(all_queues(&server).await.answered, 2);
    let listed = unapplied(&server).await;
    let expected = (1..=4).map(|sequence| ("call_exists".to_owned(), "c1".to_owned(), sequence));
    assert_eq!(listed, expected.collect::<Vec<_>>());

    // Known for ever: after a restart, in a third file, from the same source only.
    second.close().await;
    server.kill();
    server.restart().await;
    let third = StreamOpen {
        epoch: Some(content(3)),
        ..history("bank", 3)
    };
    let mut third = Sender::open(&server, third).await.unwrap();
    third.batch(answered(1, "c2", at)).await;
    let finished = third.finish(true).await;
    let known = stored(&server, "bank", finished.position).await;
    assert_eq!(known.call_exists_events, 8);
    let mut other = Sender::open(&server, history("other", 3)).await.unwrap();
    other.batch(answered(1, "c2", at)).await;
    let finished = other.finish(true).await;
    stored(&server, "other", finished.position).await;
    assert_eq!(all_queues(&server).await.answered, 3);
}

#[tokio::test]
async fn a_clock_that_runs_fast_is_marked_and_does_not_poison_the_watermark() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let sent_at = now();
    let ahead = sent_at + 3_600 * SECOND;
    // An hour ahead, though the source's clock is right: one event from the future.
    let ack = sender
        .batch_at(sent_at, vec![event(1, ahead, "c1", arrived())])
        .await;
    assert_eq!((ack.accepted, ack.rejections.len()), (1, 0));
    let known = stored(&server, "pbx", ack.position).await;
    assert_eq!(known.watermark, Some(time(sent_at)));

    // A source whose whole clock is an hour ahead shows its skew.
    let mut fast = Sender::open(&server, live("fast")).await.unwrap();
    let ahead = now() + 3_600 * SECOND;
    let mut call = answered(1, "c2", ahead - 70 * SECOND);
    call.push(event(5, ahead, "c3", arrived()));
    let ack = fast.batch_at(ahead, call).await;
    assert_eq!((ack.accepted, ack.rejections.len()), (5, 0));
    let skew = metric(
        &server.metrics().await,
        "dozvon_ingest_skew_seconds{source=\"fast\"}",
    );
    assert!((-3_601.0..-3_599.0).contains(&skew), "{skew}");
    let ack = fast.heartbeat(ahead + 101 * SECOND).await;
    stored(&server, "fast", ack.position).await;

    let query = "select call_id, cast(marks as text) from calls order by call_id";
    let marks = Rows::of(&server, Part::Store).await.texts(query).await;
    let source_ahead = dozvon::model::Mark::SourceAhead as u32;
    assert_eq!(marks.len(), 1, "c2 is settled: {marks:?}");
    assert_eq!(marks[0][0], "c2");
    let bits: u32 = marks[0][1].parse().unwrap();
    assert_ne!(bits & source_ahead, 0, "{marks:?}");
}

#[tokio::test]
async fn who_waits_beyond_the_target_by_a_clock_ahead_is_decided_though_the_switch_does_not_say_when_it_sends()
 {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ahead = 600 * SECOND;
    let decided = format!("dozvon_queue_service_level_decided_total{{queue=\"{QUEUE}\"}}");
    // A caller has waited for 30 s; others arrive, which shows the switch's clock.
    let first = now() + ahead - 30 * SECOND;
    let waiting = vec![
        event(1, first, "c1", arrived()),
        event(2, first, "c1", entered()),
    ];
    let mut batches = vec![waiting];
    for number in 3..6 {
        let call = format!("c{number}");
        batches.push(vec![event(number, now() + ahead, &call, arrived())]);
    }
    let mut shown = Vec::new();
    for events in batches {
        let sent_at = None;
        sender
            .send(Message::Batch(EventBatch { sent_at, events }))
            .await;
        let position = match sender.answer().await.unwrap() {
            Some(Answer::Ack(ack)) => ack.position,
            other => panic!("{other:?} instead of an ack"),
        };
        stored(&server, "pbx", position).await;
        shown.push(metric(&server.metrics().await, &decided));
    }
    assert_eq!(shown, [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(all_queues(&server).await.waiting, 1);
    // What settles by itself does so by the same clock.
    let known = source(&server, "pbx").await.watermark.unwrap();
    assert!(
        known.seconds * SECOND > now() + ahead - 60 * SECOND,
        "{known:?}"
    );
}

#[tokio::test]
async fn a_clock_that_stepped_back_is_marked_and_counted_and_no_wait() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut events = vec![
        event(1, at, "c1", arrived()),
        event(2, at, "c1", entered()),
        // Answered 30 s before it was queued, as told.
        event(3, at - 30 * SECOND, "c1", connected()),
        event(4, at + 60 * SECOND, "c1", ended()),
    ];
    events.extend(answered(5, "c2", at));
    sender.batch(events).await;
    let ack = sender.heartbeat(at + 200 * SECOND).await;
    stored(&server, "pbx", ack.position).await;
    let row = all_queues(&server).await;
    assert_eq!(row.negative_spans, 1, "{row:?}");
    assert_eq!((row.answered, row.visits_offered), (2, 2));
    let waits = row.wait_answered.unwrap();
    assert_eq!(waits.count, 1, "no negative wait, no silent zero");
    assert_eq!(waits.sum.unwrap().seconds, 10);
    let waited = format!("dozvon_queue_wait_seconds_count{{queue=\"{QUEUE}\"");
    assert_eq!(metric(&server.metrics().await, &waited), 1.0);
}

/// Events that are in the journal and not in the figures: reason, call, number.
async fn unapplied(server: &Server) -> Vec<(String, String, i64)> {
    let query = "select reason, call_id, cast(sequence as text) from unapplied_events
        order by sequence";
    let rows = Rows::of(server, Part::Store).await.texts(query).await;
    let one = |row: Vec<String>| {
        let [reason, call, sequence] = row.try_into().unwrap();
        (reason, call, sequence.parse().unwrap())
    };
    rows.into_iter().map(one).collect()
}
