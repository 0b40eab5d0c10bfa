//! Bad events and bad messages: what each gets, and that its neighbours and the server live on.

use dozvon::proto::v1::stream_events_request::Message as Request;
use dozvon::proto::v1::{
    AppendEventsRequest, CallEvent, CallRefused, Epoch, Event, EventBatch, GetSourceRequest,
    Heartbeat, LineStatus, Mode, QueueEntered, StreamOpen, call_event::Kind, event::Body,
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness::Server;
use crate::sender::{
    SECOND, Sender, answered, arrived, batch, event, history, live, newest, now, reason, request,
    retry_after, time,
};

const HOUR: i64 = 3_600 * SECOND;

/// A bad event, the reason and the field.
type Case = (Event, &'static str, &'static str);

fn bad_events(at: i64) -> Vec<Case> {
    let good = || event(0, at, "c", arrived());
    let kindless = Event {
        body: Some(Body::Call(CallEvent {
            call_id: "c".into(),
            kind: None,
        })),
        ..good()
    };
    let bodiless = Event {
        body: None,
        ..good()
    };
    let timeless = Event {
        occurred_at: None,
        ..good()
    };
    let no_time = Event {
        occurred_at: Some(pbjson_types::Timestamp {
            seconds: 1,
            nanos: -1,
        }),
        ..good()
    };
    let queue = |name: &str| {
        let queue = name.to_owned();
        let entered = QueueEntered {
            queue,
            ..QueueEntered::default()
        };
        event(0, at, "c", Kind::QueueEntered(entered))
    };
    let refused = |reason| {
        let refused = CallRefused {
            reason,
            ..CallRefused::default()
        };
        event(0, at, "c", Kind::Refused(refused))
    };
    let lineless = Event {
        body: Some(Body::LineStatus(LineStatus::default())),
        ..good()
    };
    let in_1989 = event(0, 631_152_000 * SECOND - 1, "c", arrived());
    let too_long = "ж".repeat(65);
    vec![
        (event(0, at, "", arrived()), "field_missing", "call.call_id"),
        (bodiless, "kind_missing", "body"),
        (kindless, "kind_missing", "call.kind"),
        (timeless, "time_missing", "occurred_at"),
        (no_time, "time_out_of_range", "occurred_at"),
        (in_1989, "time_out_of_range", "occurred_at"),
        (
            event(0, at, &too_long, arrived()),
            "too_long",
            "call.call_id",
        ),
        (
            event(0, at, "c\n1", arrived()),
            "control_character",
            "call.call_id",
        ),
        (
            event(0, at, "c\u{85}1", arrived()),
            "control_character",
            "call.call_id",
        ),
        (queue(""), "field_missing", "call.queue_entered.queue"),
        (
            queue(&"q".repeat(65)),
            "too_long",
            "call.queue_entered.queue",
        ),
        (
            queue("a\0b"),
            "control_character",
            "call.queue_entered.queue",
        ),
        (refused(0), "field_missing", "call.refused.reason"),
        (refused(99), "value_unknown", "call.refused.reason"),
        (lineless, "field_missing", "line_status.line"),
    ]
}

#[tokio::test]
async fn a_bad_event_is_rejected_by_reason_and_field_and_its_neighbours_are_kept() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let cases = bad_events(at);
    let mut events = Vec::new();
    let mut expected = Vec::new();
    for (mut bad, reason, field) in cases {
        events.push(event(events.len() as u64 + 1, at, "good", arrived()));
        bad.sequence = events.len() as u64 + 1;
        expected.push((bad.sequence, reason.to_owned(), field.to_owned()));
        events.push(bad);
    }
    let sent = events.len() as u64;
    // Without a number it can be told, and cannot be remembered.
    events.push(event(0, at, "c", arrived()));
    expected.push((0, "sequence_missing".to_owned(), "sequence".to_owned()));
    for (open, mode) in [(live("pbx"), "live"), (history("pbx", 1), "backfill")] {
        let mut sender = Sender::open(&server, open).await.unwrap();
        let ack = sender.batch(events.clone()).await;
        assert_eq!((ack.sequence, ack.accepted), (sent, sent / 2), "{mode}");
        let rejections = ack.rejections.iter();
        let said = rejections.map(|said| (said.sequence, said.reason.clone(), said.field.clone()));
        assert_eq!(said.collect::<Vec<_>>(), expected, "{mode}");
        for rejection in &ack.rejections {
            assert!(rejection.message.contains(' '), "no words: {rejection:?}");
        }
        let known = newest(&server, "pbx").await;
        assert_eq!((known.mark, known.rejected), (sent, sent / 2), "{mode}");
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_is_rejected_and_one_that_can_is_kept() {
    let server = Server::start().await;
    // (microseconds ahead of the clock, kept)
    let of_live = [
        (24 * HOUR + 60 * SECOND, false),
        (24 * HOUR - 60 * SECOND, true),
        (-9_000 * 24 * HOUR, true),
    ];
    let of_history = [(360 * SECOND, false), (240 * SECOND, true)];
    let runs = [
        (live("pbx"), &of_live[..]),
        (history("pbx", 1), &of_history[..]),
    ];
    for (open, times) in runs {
        let mut sender = Sender::open(&server, open).await.unwrap();
        for (sequence, &(ahead, kept)) in (1..).zip(times) {
            let call = format!("c{ahead}");
            let told = event(sequence, now() + ahead, &call, arrived());
            let ack = sender.batch(vec![told]).await;
            assert_eq!(ack.accepted == 1, kept, "{} s", ahead / SECOND);
            let reasons: Vec<_> = ack.rejections.iter().map(|said| &*said.reason).collect();
            let expected: &[&str] = if kept { &[] } else { &["time_out_of_range"] };
            assert_eq!(reasons, expected, "{} s", ahead / SECOND);
        }
    }
}

#[tokio::test]
async fn a_clock_of_the_source_that_cannot_be_ends_the_stream_and_names_the_field() {
    let server = Server::start().await;
    let beat = |sent_at| {
        Request::Heartbeat(Heartbeat {
            sent_at: Some(time(sent_at)),
        })
    };
    let ahead = now() + 25 * HOUR;
    let bad = [
        (batch(ahead, answered(1, "c", now())), "batch.sent_at"),
        (beat(ahead), "heartbeat.sent_at"),
        (beat(0), "heartbeat.sent_at"),
    ];
    for (message, field) in bad {
        let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
        sender.send(message).await;
        let refused = sender.refusal().await;
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(reason(&refused), "field_invalid");
        assert_eq!(violated(&refused), [field]);
    }
    assert_eq!(newest(&server, "pbx").await.mark, 0);
}

#[tokio::test]
async fn an_open_that_says_too_little_or_too_much_is_refused_with_its_field() {
    let server = Server::start().await;
    let long = "s".repeat(65);
    let with = |change: &dyn Fn(&mut StreamOpen)| {
        let mut open = live("pbx");
        change(&mut open);
        open
    };
    let short_hash = dozvon::proto::v1::epoch::Id::Content(vec![1; 31]);
    let cases = [
        (
            with(&|open| open.source.clear()),
            "field_missing",
            "open.source",
        ),
        (
            with(&|open| open.source = long.clone()),
            "field_invalid",
            "open.source",
        ),
        (
            with(&|open| open.source = "p\tbx".into()),
            "field_invalid",
            "open.source",
        ),
        (
            with(&|open| open.sender_id.clear()),
            "field_missing",
            "open.sender_id",
        ),
        (
            with(&|open| open.set_mode(Mode::Unspecified)),
            "field_missing",
            "open.mode",
        ),
        (
            with(&|open| open.epoch = None),
            "field_missing",
            "open.epoch",
        ),
        (
            with(&|open| open.epoch = Some(crate::sender::spool(0))),
            "field_invalid",
            "open.epoch",
        ),
        (
            with(&|open| {
                open.epoch = Some(Epoch {
                    id: Some(short_hash.clone()),
                })
            }),
            "field_invalid",
            "open.epoch",
        ),
    ];
    for (open, expected, field) in cases {
        let refused = Sender::open(&server, open).await.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert_eq!(
            (&*reason(&refused), violated(&refused)),
            (expected, vec![field.to_owned()])
        );
    }
    let unknown = GetSourceRequest {
        source: "nobody".into(),
        epoch: None,
    };
    let refused = server.ingest().await.get_source(unknown).await.unwrap_err();
    assert_eq!(
        (refused.code(), &*reason(&refused)),
        (Code::NotFound, "unknown_source")
    );
    assert!(refused.message().contains("none yet"), "{refused}");
}

#[tokio::test]
async fn a_batch_over_its_cap_is_refused_by_the_name_of_the_cap() {
    let server = Server::start_with("[ingest]\nbatch_events_max = 50\n").await;
    let at = now() - 600 * SECOND;
    let events = |count| (1..=count).map(|sequence| event(sequence, at, "c", arrived()));
    let over: Vec<Event> = events(51).collect();

    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let refused = sender.try_batch(over.clone()).await.unwrap_err();
    assert_too_many(&refused);
    let refused = append(&server, over).await.unwrap_err();
    assert_too_many(&refused);

    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    assert_eq!(sender.opened.mark, 0, "nothing of it was taken");
    assert_eq!(sender.batch(events(50).collect()).await.accepted, 50);
}

#[track_caller]
fn assert_too_many(refused: &Status) {
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(refused), "batch_too_large");
    assert!(refused.message().contains("batch_events_max"), "{refused}");
    assert!(refused.message().contains("50"), "{refused}");
    assert_eq!(retry_after(refused), None, "waiting does not help");
}

#[tokio::test]
async fn a_message_over_its_cap_is_refused_by_the_name_of_the_cap() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    // 3,000 events of 2 kB: fewer than a batch may hold, more bytes than a message may have.
    let call = "c".repeat(2_000);
    let over: Vec<Event> = (1..=3_000)
        .map(|sequence| event(sequence, at, &call, arrived()))
        .collect();
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let refused = sender.try_batch(over.clone()).await.unwrap_err();
    let unary = append(&server, over).await.unwrap_err();
    for refused in [refused, unary] {
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert_eq!(reason(&refused), "message_too_large");
        assert!(refused.message().contains("MESSAGE_BYTES"), "{refused}");
        assert!(refused.message().contains("4194304"), "{refused}");
    }
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    assert_eq!(sender.batch(answered(1, "c", at)).await.accepted, 4);
}

#[tokio::test]
async fn messages_out_of_turn_are_refused() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let first = [
        Some(batch(at, answered(1, "c", at))),
        Some(Request::Heartbeat(Heartbeat::default())),
        None,
    ];
    for message in first {
        let message = message.map_or_else(Default::default, request);
        let stream = tokio_stream::iter([message]).chain(tokio_stream::pending());
        let answers = server.ingest().await.stream_events(stream).await.unwrap();
        let refused = answers.into_inner().message().await.unwrap_err();
        assert_eq!(
            (refused.code(), &*reason(&refused)),
            (Code::InvalidArgument, "protocol")
        );
        assert!(refused.message().contains("`open`"), "{refused}");
    }
    // Nothing at all, then the end.
    let answers = server
        .ingest()
        .await
        .stream_events(tokio_stream::empty())
        .await;
    let refused = answers.unwrap().into_inner().message().await.unwrap_err();
    assert_eq!(reason(&refused), "protocol");

    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.send(Request::Open(live("pbx"))).await;
    let refused = sender.refusal().await;
    assert_eq!(
        (refused.code(), &*reason(&refused)),
        (Code::InvalidArgument, "protocol")
    );
    assert!(refused.message().contains("once"), "{refused}");

    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    assert_eq!(sender.batch(answered(1, "c", at)).await.accepted, 4);
}

#[tokio::test]
async fn a_stream_that_never_says_who_it_is_is_ended() {
    let server = Server::start().await;
    let silent = server
        .ingest()
        .await
        .stream_events(tokio_stream::pending())
        .await;
    let refused = silent.unwrap().into_inner().message().await.unwrap_err();
    assert_eq!(
        (refused.code(), &*reason(&refused)),
        (Code::InvalidArgument, "protocol")
    );
    assert!(refused.message().contains("`open`"), "{refused}");
}

async fn append(server: &Server, events: Vec<Event>) -> Result<(), Status> {
    let batch = EventBatch {
        sent_at: None,
        events,
    };
    let request = AppendEventsRequest {
        open: Some(live("pbx")),
        batch: Some(batch),
    };
    let answer = server.ingest().await.append_events(request).await;
    answer.map(drop)
}

/// The fields that a status finds fault with.
pub(crate) fn violated(status: &Status) -> Vec<String> {
    let request = status.get_details_bad_request().into_iter();
    let violations = request.flat_map(|request| request.field_violations);
    violations.map(|violation| violation.field).collect()
}
