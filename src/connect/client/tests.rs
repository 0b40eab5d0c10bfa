//! The client against a door that cuts, refuses and stalls.

use pbjson_types::Timestamp;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    fake::{Act, Fake},
    *,
};
use crate::proto::v1::{CallEvent, Epoch, QueueEntered, call_event::Kind, epoch::Id, event::Body};

/// Far beyond what any of these tests takes: only a hang reaches it.
const HANG: Duration = Duration::from_secs(60);

fn epoch() -> Epoch {
    let id = Some(Id::Content(vec![7; 32]));
    Epoch { id }
}

fn event(sequence: u64) -> Event {
    let call = CallEvent {
        call_id: format!("call {sequence}"),
        kind: Some(Kind::QueueEntered(QueueEntered::default())),
    };
    Event {
        sequence,
        occurred_at: Some(Timestamp {
            seconds: 1_000_000 + sequence as i64,
            nanos: 0,
        }),
        body: Some(Body::Call(call)),
    }
}

fn options(server: Server) -> Options {
    Options {
        batch_events: 10,
        retry_for: Duration::from_secs(20),
        ..Options::new(server, "source", epoch(), Mode::Backfill)
    }
}

fn feed(server: Server) -> Feed {
    Feed::new(options(server))
}

/// Sends events 1 to `count` and the end, and says what became of them.
async fn deliver(feed: &mut Feed, count: u64) -> Result<(u64, u64, u64), Error> {
    let whole = async {
        feed.send_all(tokio_stream::iter((1..=count).map(event)))
            .await?;
        let position = feed.finish(true).await?;
        feed.wait_stored(position).await
    };
    timeout(HANG, whole).await.expect("no hang")?;
    Ok(counts(feed))
}

fn counts(feed: &Feed) -> (u64, u64, u64) {
    let delivered = feed.delivered();
    (
        delivered.acked,
        delivered.duplicates,
        delivered.rejected_total(),
    )
}

fn assert_kept(fake: &Fake, sequences: impl Iterator<Item = u64>) {
    let state = fake.state();
    let kept = &state.epochs[&epoch()].kept;
    let expected: Vec<Event> = sequences.map(event).collect();
    assert_eq!(kept.values().cloned().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn everything_arrives_and_the_end_is_told() {
    let fake = Fake::start();
    let mut feed = feed(fake.server());
    let acked_to = feed.acked_to();
    assert_eq!(deliver(&mut feed, 95).await.unwrap(), (95, 0, 0));
    assert_eq!(*acked_to.borrow(), 95);
    assert_kept(&fake, 1..=95);
    let state = fake.state();
    assert!(state.batch_lens.iter().all(|&len| len <= 10));
    assert_eq!(state.finishes, [true]);
    assert!(state.store_asked > 3, "returned before the store was there");
    assert_eq!(state.opens.len(), 1);
    assert_eq!(state.opens[0].last_acked_sequence, 0);
}

#[tokio::test]
async fn no_more_is_sent_than_the_server_allows() {
    let fake = Fake::start();
    {
        let mut state = fake.state();
        state.window_events = 25;
        state.batch_events_max = 8;
        state.acks_when_idle = true;
    }
    let delivered = deliver(&mut feed(fake.server()), 120).await.unwrap();
    assert_eq!(delivered, (120, 0, 0));
    let state = fake.state();
    assert_eq!(state.unacked_max, 25, "the window is used, and kept");
    assert_eq!(state.batch_lens.iter().max(), Some(&8));
}

#[tokio::test]
async fn rejections_are_counted_by_reason_and_listed() {
    let fake = Fake::start();
    fake.state().rejects = |event| match event.sequence % 10 {
        3 => Some("no_time"),
        7 if event.sequence < 50 => Some("no_kind"),
        _ => None,
    };
    let mut feed = feed(fake.server());
    assert_eq!(deliver(&mut feed, 100).await.unwrap(), (85, 0, 15));
    let delivered = feed.delivered();
    let expected = [("no_kind".to_owned(), 5), ("no_time".to_owned(), 10)];
    assert_eq!(delivered.rejected, expected.into());
    assert_eq!(delivered.rejections.len(), 15);
    assert_eq!(delivered.rejections[0].sequence, 3);
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let fake = Fake::start();
    deliver(&mut feed(fake.server()), 60).await.unwrap();
    let batches = fake.state().batch_lens.len();
    assert_eq!(
        deliver(&mut feed(fake.server()), 60).await.unwrap(),
        (0, 60, 0)
    );
    assert_eq!(fake.state().batch_lens.len(), batches);
    assert_eq!(fake.state().finishes, [true, true]);
    // The file has grown: the rest is new.
    assert_eq!(
        deliver(&mut feed(fake.server()), 75).await.unwrap(),
        (15, 60, 0)
    );
    assert_kept(&fake, 1..=75);
}

#[tokio::test]
async fn gaps_are_filled_and_nothing_else() {
    let fake = Fake::start();
    let without_gaps = |at: u64| !(20..35).contains(&at) && at != 50;
    let first = tokio_stream::iter((1..=60).filter(|&at| without_gaps(at)).map(event));
    feed(fake.server()).send_all(first).await.unwrap();
    let sent = fake.state().batch_lens.iter().sum::<usize>();
    let delivered = deliver(&mut feed(fake.server()), 70).await.unwrap();
    // 15 + 1 numbers were missing, 10 are new.
    assert_eq!(delivered, (26, 44, 0));
    assert_eq!(fake.state().batch_lens.iter().sum::<usize>() - sent, 26);
    assert_kept(&fake, 1..=70);
}

#[tokio::test]
async fn lost_acks_make_no_duplicates_and_hide_no_rejections() {
    let fake = Fake::start();
    fake.state().rejects = |event| (event.sequence % 5 == 0).then_some("no_time");
    fake.state().on_batch = Box::new(|count| match count {
        2 | 5 | 6 => Act::TakeAndCut,
        9 => Act::Cut,
        _ => Act::Take,
    });
    let delivered = deliver(&mut feed(fake.server()), 200).await.unwrap();
    assert_eq!(delivered, (160, 0, 40));
    assert_kept(&fake, (1..=200).filter(|at| at % 5 != 0));
    let state = fake.state();
    assert!(state.opens.len() >= 4);
    // Each further stream names the last ack, with the digest that came with it.
    let resumed = state.opens.iter().skip(1);
    assert!(
        resumed
            .filter(|open| open.last_acked_sequence > 0)
            .all(|open| open.last_acked_digest == 77)
    );
}

#[tokio::test]
async fn twenty_kills_lose_nothing_and_count_nothing_twice() {
    let fake = Fake::start();
    fake.state().rejects = |event| (event.sequence % 97 == 0).then_some("no_time");
    fake.state().on_batch = Box::new(|count| match count % 12 {
        0 if count <= 240 && count % 24 == 0 => Act::TakeAndDie,
        0 if count <= 240 => Act::Die,
        _ => Act::Take,
    });
    let mut feed = feed(fake.server());
    let supervised = tokio::spawn(fake.supervise(20));
    let delivered = deliver(&mut feed, 5_000).await.unwrap();
    assert_eq!(delivered, (5_000 - 51, 0, 51));
    let fake = timeout(HANG, supervised)
        .await
        .expect("twenty deaths")
        .unwrap();
    assert_kept(&fake, (1..=5_000).filter(|at| at % 97 != 0));
}

#[tokio::test]
async fn a_finish_whose_answer_is_lost_is_told_again() {
    let fake = Fake::start();
    fake.state().on_finish = Box::new(|count| match count {
        1 => Act::Cut,
        2 => Act::Die,
        _ => Act::Take,
    });
    let mut feed = feed(fake.server());
    let supervised = tokio::spawn(fake.supervise(1));
    assert_eq!(deliver(&mut feed, 5).await.unwrap(), (5, 0, 0));
    let fake = timeout(HANG, supervised).await.expect("a death").unwrap();
    assert_eq!(fake.state().finishes, [true; 3]);
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut fake = Fake::start();
    fake.kill();
    let mut feed = feed(fake.server());
    let late = tokio::spawn(async move {
        sleep(Duration::from_millis(300)).await;
        fake.restart();
        fake
    });
    assert_eq!(deliver(&mut feed, 10).await.unwrap(), (10, 0, 0));
    assert_kept(&late.await.unwrap(), 1..=10);
}

#[tokio::test]
async fn a_server_that_never_comes_is_given_up_with_its_address() {
    let mut fake = Fake::start();
    fake.kill();
    let mut options = options(fake.server());
    options.retry_for = Duration::from_millis(300);
    let error = deliver(&mut Feed::new(options), 10).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(
        error.to_string().contains(&fake.server().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_web_server_is_no_dozvon() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server: Server = socket.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut request = [0; 24];
            let _ = stream.read_exact(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let began = crate::clock::instant();
    let error = deliver(&mut feed(server), 10).await.unwrap_err();
    assert!(matches!(error, Error::NotDozvon { .. }), "{error}");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it will not become one"
    );
}

#[tokio::test]
async fn a_mute_listener_is_given_a_moment_and_no_more() {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server: Server = socket.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move { while socket.accept().await.is_ok() {} });
    let began = crate::clock::instant();
    let error = deliver(&mut feed(server), 10).await.unwrap_err();
    assert!(matches!(error, Error::NotDozvon { .. }), "{error}");
    let took = began.elapsed();
    assert!((MUTE_MAX..2 * MUTE_MAX).contains(&took), "{took:?}");
}

#[tokio::test]
async fn another_grpc_server_is_no_dozvon() {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server: Server = socket.local_addr().unwrap().to_string().parse().unwrap();
    let (_reporter, health) = tonic_health::server::health_reporter();
    tokio::spawn(async move {
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(socket);
        let router = tonic::transport::Server::builder().add_service(health);
        router.serve_with_incoming(incoming).await
    });
    let error = deliver(&mut feed(server), 10).await.unwrap_err();
    assert!(matches!(error, Error::NotDozvon { .. }), "{error}");
}

fn refusal(code: Code, reason: &str) -> Status {
    Status::with_error_details(
        code,
        "words",
        ErrorDetails::with_error_info(reason, "dozvon", []),
    )
}

#[tokio::test]
async fn a_refusal_ends_with_the_servers_words() {
    let fake = Fake::start();
    fake.state().on_open = Box::new(|_| Some(refusal(Code::FailedPrecondition, "epoch_lower")));
    let error = deliver(&mut feed(fake.server()), 10).await.unwrap_err();
    let expected = format!(
        "the server at {} refuses: epoch_lower: words",
        fake.server()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(fake.state().opens.len(), 1);

    // In mid-stream too, though the sender is busy sending.
    let fake = Fake::start();
    fake.state().on_batch = Box::new(|count| match count {
        3 => Act::Refuse(refusal(Code::InvalidArgument, "batch_too_large")),
        _ => Act::Take,
    });
    let mut feed = feed(fake.server());
    let error = deliver(&mut feed, 1_000).await.unwrap_err();
    assert!(
        error.to_string().contains("batch_too_large: words"),
        "{error}"
    );
    assert_eq!(counts(&feed), (20, 0, 0), "what was acked is counted");
}

#[tokio::test]
async fn a_held_lease_is_waited_for() {
    let in_use = || refusal(Code::FailedPrecondition, "source_in_use");
    let fake = Fake::start();
    fake.state().on_open = Box::new(move |count| (count < 4).then(in_use));
    assert_eq!(
        deliver(&mut feed(fake.server()), 10).await.unwrap(),
        (10, 0, 0)
    );
    assert_eq!(fake.state().opens.len(), 4);

    fake.state().on_open = Box::new(move |_| Some(in_use()));
    let mut options = options(fake.server());
    options.retry_for = Duration::from_millis(250);
    let error = deliver(&mut Feed::new(options), 10).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("source_in_use"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_waited_for_as_told() {
    let fake = Fake::start();
    fake.state().on_batch = Box::new(|count| match count {
        2..=4 => {
            let mut details = ErrorDetails::with_error_info("disk_full", "dozvon", []);
            details.set_retry_info(Some(Duration::from_millis(20)));
            let status = Status::with_error_details(Code::ResourceExhausted, "words", details);
            Act::Refuse(status)
        }
        _ => Act::Take,
    });
    assert_eq!(
        deliver(&mut feed(fake.server()), 100).await.unwrap(),
        (100, 0, 0)
    );
    assert_kept(&fake, 1..=100);
}

#[tokio::test]
async fn another_file_under_the_same_name_is_a_conflict() {
    let fake = Fake::start();
    deliver(&mut feed(fake.server()), 20).await.unwrap();
    let other = |sequence| Event {
        occurred_at: Some(Timestamp::default()),
        ..event(sequence)
    };
    let mut feed = feed(fake.server());
    let sent = feed.send_all(tokio_stream::iter((1..=30).map(other))).await;
    let error = sent.unwrap_err();
    assert!(
        error.to_string().contains("sequence_conflict: event 20 "),
        "{error}"
    );
    assert_kept(&fake, 1..=20);
}

#[tokio::test]
async fn a_server_that_lost_what_it_acked_is_not_trusted() {
    let fake = Fake::start();
    fake.state().on_batch = Box::new(|count| match count {
        6 => Act::Cut,
        _ => Act::Take,
    });
    let mut feed = feed(fake.server());
    feed.send_all(tokio_stream::iter((1..=50).map(event)))
        .await
        .unwrap();
    fake.state().epochs.get_mut(&epoch()).unwrap().mark = 10;
    let source = tokio_stream::iter([event(51)]);
    let error = feed.send_all(source).await.unwrap_err();
    assert!(
        error.to_string().contains("it had acked event 50"),
        "{error}"
    );
}

#[tokio::test]
async fn a_live_replay_tells_its_own_time_while_nothing_happens() {
    let fake = Fake::start();
    let mut feed = Feed::new(Options {
        mode: Mode::Live,
        sent_at: SentAt::EventTime,
        speed: Some(100.0),
        ..options(fake.server())
    });
    let (events, source) = tokio::sync::mpsc::channel(10);
    events.send(event(1)).await.unwrap();
    let source = tokio_stream::wrappers::ReceiverStream::new(source);
    let sent = tokio::spawn(async move { feed.send_all(source).await.map(|()| counts(&feed)) });
    let told = async {
        while fake.state().heartbeats.len() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(HANG, told).await.expect("a heartbeat");
    drop(events);
    assert_eq!(sent.await.unwrap().unwrap(), (1, 0, 0));
    let state = fake.state();
    assert_eq!(state.opens[0].mode(), Mode::Live);
    let batch = state.sent_at[0].unwrap();
    assert!((1_000_001..1_000_600).contains(&batch.seconds), "{batch:?}");
    // At a hundred times the pace the interval of 200 ms is twenty seconds.
    let beat = state.heartbeats[0].unwrap();
    assert!(beat.seconds >= batch.seconds + 15, "{batch:?} {beat:?}");
}

#[tokio::test]
async fn a_replay_keeps_its_pace_and_what_is_known_costs_no_time() {
    let fake = Fake::start();
    deliver(&mut feed(fake.server()), 600).await.unwrap();
    // 600 known seconds at 20 times the pace would be half a minute; the ten that follow are half a second.
    let mut feed = Feed::new(Options {
        speed: Some(20.0),
        ..options(fake.server())
    });
    let began = crate::clock::instant();
    assert_eq!(deliver(&mut feed, 611).await.unwrap(), (11, 600, 0));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
}
