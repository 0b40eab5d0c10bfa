//! Who may send, and how fast: leases and the window.

use std::time::Duration;

use dozvon::proto::v1::stream_events_request::Message as Request;
use dozvon::proto::v1::stream_events_response::Message as Answer;
use dozvon::proto::v1::{Mode, StreamEventsRequest, StreamOpen};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Endpoint;

use crate::harness::{PATIENCE, Server};
use crate::sender::{
    SECOND, Sender, all_queues, answered, batch, event, history, live, newest, now, reason,
    request, retry_after, source, stored,
};

fn by(sender: &str) -> StreamOpen {
    StreamOpen {
        sender_id: sender.into(),
        ..live("pbx")
    }
}

#[tokio::test]
async fn a_sender_replaces_its_older_self() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut older = Sender::open(&server, by("a")).await.unwrap();
    older.batch(answered(1, "c1", at)).await;
    let mut newer = Sender::open(&server, by("a")).await.unwrap();
    assert_eq!(newer.opened.mark, 4);
    let ended = older.refusal().await;
    assert_eq!(ended.code(), Code::Aborted);
    assert_eq!(reason(&ended), "source_taken_over");
    assert_eq!(newer.batch(answered(5, "c2", at)).await.accepted, 4);
}

#[tokio::test]
async fn another_sender_is_refused_unless_it_takes_over() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut first = Sender::open(&server, by("a")).await.unwrap();
    first.batch(answered(1, "c1", at)).await;

    let refused = Sender::open(&server, by("b")).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(reason(&refused), "source_in_use");
    let wait = retry_after(&refused).expect("it says how long");
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(10),
        "{wait:?}"
    );
    assert!(refused.message().contains('a'), "{refused}");
    assert_eq!(first.batch(answered(5, "c2", at)).await.accepted, 4);

    let leases = source(&server, "pbx").await.leases;
    assert_eq!(leases.len(), 1);
    assert_eq!((leases[0].mode(), &*leases[0].sender_id), (Mode::Live, "a"));
    let history = Sender::open(
        &server,
        StreamOpen {
            sender_id: "b".into(),
            ..history("pbx", 1)
        },
    )
    .await;
    assert!(history.is_ok(), "history has a lease of its own");

    let take_over = StreamOpen {
        take_over: true,
        ..by("b")
    };
    let mut second = Sender::open(&server, take_over).await.unwrap();
    assert_eq!(reason(&first.refusal().await), "source_taken_over");
    assert_eq!(second.batch(answered(9, "c3", at)).await.accepted, 4);

    // Whoever ends its stream lets go at once.
    second.close().await;
    Sender::open(&server, by("c")).await.unwrap();
}

#[tokio::test]
async fn a_silent_sender_loses_its_source() {
    let server = Server::start_with("[ingest]\nlease = \"500ms\"\n").await;
    let mut first = Sender::open(&server, by("a")).await.unwrap();
    let refused = Sender::open(&server, by("b")).await.err().unwrap();
    tokio::time::sleep(retry_after(&refused).unwrap() + Duration::from_millis(50)).await;
    Sender::open(&server, by("b")).await.unwrap();
    assert_eq!(reason(&first.refusal().await), "source_taken_over");
}

/// Batches that a sender would push without looking at the answers: far more than fits in all buffers on the way.
const BATCHES: u64 = 20_000;
const BATCH_EVENTS: u64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_reads_no_acks_is_made_to_wait_and_nothing_is_lost() {
    let server = Server::start_with(
        "[ingest]\nwindow_events = 100\nbatch_events_max = 100\n[log]\nlevel = \"warn\"\n",
    )
    .await;
    // A client that takes hardly any answers before it reads them.
    let endpoint = Endpoint::from_shared(format!("http://{}", server.grpc_addr())).unwrap();
    let endpoint = endpoint
        .initial_stream_window_size(1_024)
        .initial_connection_window_size(65_535);
    let channel = endpoint.connect().await.unwrap();
    let mut client = dozvon::proto::v1::ingest_service_client::IngestServiceClient::new(channel);
    let (out, requests) = mpsc::channel::<StreamEventsRequest>(1);
    out.send(request(Request::Open(live("pbx")))).await.unwrap();
    let answers = client.stream_events(ReceiverStream::new(requests)).await;
    let mut answers = answers.unwrap().into_inner();

    let at = now() - 600 * SECOND;
    let message = move |number: u64| {
        let first = number * BATCH_EVENTS + 1;
        let events = (first..first + BATCH_EVENTS).map(|sequence| {
            let call = format!("c{}", sequence / 50);
            event(sequence, at, &call, crate::sender::arrived())
        });
        request(batch(at, events.collect()))
    };
    let mut sent = 0;
    let stuck = loop {
        let sending = out.send(message(sent));
        match tokio::time::timeout(Duration::from_secs(3), sending).await {
            Ok(done) => done.unwrap(),
            Err(_) => break true,
        }
        sent += 1;
        if sent == BATCHES {
            break false;
        }
    };
    assert!(stuck, "all {sent} batches were taken without one ack read");
    let taken = newest(&server, "pbx").await.mark;
    assert!(taken < sent * BATCH_EVENTS, "{taken} of {sent} batches");

    // Reading sets it going again.
    let last = sent + 10;
    let pushing = tokio::spawn(async move {
        for number in sent..last {
            out.send(message(number)).await.unwrap();
        }
    });
    let mut acked = 0;
    let mut accepted = 0;
    let position = loop {
        let answer = tokio::time::timeout(PATIENCE, answers.message()).await;
        let answer = answer.expect("an ack in time").unwrap().unwrap();
        let Some(Answer::Ack(ack)) = answer.message else {
            continue;
        };
        assert!(ack.sequence >= acked);
        acked = ack.sequence;
        accepted += ack.accepted;
        if acked == last * BATCH_EVENTS {
            break ack.position;
        }
    };
    pushing.await.unwrap();
    assert_eq!(accepted, last * BATCH_EVENTS);
    let known = newest(&server, "pbx").await;
    assert_eq!((known.mark, known.gaps.len()), (last * BATCH_EVENTS, 0));
    stored(&server, "pbx", position).await;
    let calls = all_queues(&server).await.calls_arrived;
    assert_eq!(
        calls,
        Some(last + 1),
        "events 50, 100, … begin the next call"
    );
}

#[tokio::test]
async fn small_batches_that_come_together_do_not_wait_for_a_window_they_cannot_have() {
    let server = Server::start_with("[ingest]\nwindow_events = 10\nbatch_events_max = 10\n").await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    // Three batches of 8 in the pipe at once: together more than the window.
    for first in (1..=800).step_by(8) {
        let mut events = answered(first, &format!("c{first}"), at);
        events.extend(answered(first + 4, &format!("d{first}"), at));
        sender.send(batch(now(), events)).await;
    }
    let mut accepted = 0;
    while accepted < 800 {
        let Some(Answer::Ack(ack)) = sender.answer().await.unwrap() else {
            panic!("no ack");
        };
        accepted += ack.accepted;
    }
    assert_eq!(newest(&server, "pbx").await.mark, 800);
}
