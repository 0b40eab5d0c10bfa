//! The database goes away and comes back: acks wait, nothing acked is missing, nothing is counted twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dozvon::proto::v1::stream_events_response::Message as Answer;
use dozvon::proto::v1::{GetSourceRequest, StreamOpen};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::{end_sessions, own};
use crate::bank;
use crate::harness::{self, Server, until_taken};
use crate::postgres::SOCKET;
use crate::restart::{EVENTS, counted, following};
use crate::sender::{
    SECOND, Sender, answered, batch, live, newest, now, queue_report_of, reason, retry_after,
    stored, until,
};

/// What is sent while the database crashes.
const BATCHES: u64 = 400;

/// The power cut of a server that goes on by itself.
const CRASH: [&str; 2] = ["restart", "--mode=immediate"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn crashes_of_the_database_under_load_lose_nothing_acked_and_count_nothing_twice() {
    let (postgres, database) = own(&[]);
    let mut server = Server::start_at_url(&database.url()).await;
    let at = now() - 600 * SECOND;
    let acked = Arc::new(AtomicU64::new(0));
    let pushing = tokio::spawn(push(server.grpc_addr(), at, acked.clone()));
    for round in 1..=5 {
        until("more acks", || async {
            (acked.load(Ordering::SeqCst) >= round * 50 * EVENTS).then_some(())
        })
        .await;
        let before = acked.load(Ordering::SeqCst);
        postgres.control(&CRASH);
        let known = until("the server takes it up", || async {
            let known = source(&server).await.ok()?;
            Some(known.epochs[0].mark)
        })
        .await;
        assert!(known >= before, "acked {before}, known {known}");
    }
    pushing.await.unwrap();
    let sent = BATCHES * EVENTS;
    settled(&server, sent).await;
    // Killed as well, it comes to the same.
    server.kill();
    server.restart().await;
    settled(&server, sent).await;
}

/// Sends until all is acked; told to come again, it does, and resumes from what was acked.
async fn push(address: String, at: i64, acked: Arc<AtomicU64>) {
    let mut last = (0, 0);
    while last.0 < BATCHES * EVENTS {
        let open = StreamOpen {
            last_acked_sequence: last.0,
            last_acked_digest: last.1,
            ..live("pbx")
        };
        let Ok(mut sender) = Sender::open_at(&address, open).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut sent = sender.opened.mark;
        assert!(sent >= last.0, "acked {}, known {sent}", last.0);
        last = (sent, sender.opened.digest);
        loop {
            while sent < BATCHES * EVENTS && sent < last.0 + 4 * EVENTS {
                sender.send(batch(now(), following(sent, at))).await;
                sent += EVENTS;
            }
            match sender.answer().await {
                Ok(Some(Answer::Ack(ack))) => last = (ack.sequence, ack.digest),
                Ok(other) => panic!("{other:?}"),
                Err(status) => {
                    assert_eq!(reason(&status), "database_unavailable", "{status:?}");
                    break;
                }
            }
            acked.store(last.0, Ordering::SeqCst);
            if last.0 == BATCHES * EVENTS {
                break;
            }
        }
    }
}

async fn source(server: &Server) -> Result<dozvon::proto::v1::GetSourceResponse, tonic::Status> {
    let request = GetSourceRequest {
        source: "pbx".to_owned(),
        epoch: None,
    };
    let answer = server.ingest().await.get_source(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn settled(server: &Server, sent: u64) {
    let known = newest(server, "pbx").await;
    assert_eq!((known.mark, known.gaps.len()), (sent, 0));
    let position = source(server).await.unwrap().committed_position;
    stored(server, "pbx", position).await;
    counted(server, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn acks_wait_for_a_short_outage() {
    let (postgres, database) = own(&[]);
    let server = Server::start_at_url(&database.url()).await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.batch(answered(1, "c1", at)).await;
    // A server that really stops may take longer to start again than senders are let wait.
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let socket = postgres.folder().join(SOCKET);
    let aside = postgres.folder().join("aside");
    std::fs::rename(&socket, &aside).unwrap();
    end_sessions(&mut connection).await;
    sender.send(batch(now(), answered(5, "c2", at))).await;
    let early = tokio::time::timeout(Duration::from_secs(1), sender.answer()).await;
    assert!(early.is_err(), "no ack without the database: {early:?}");
    std::fs::rename(&aside, &socket).unwrap();
    match sender.answer().await {
        Ok(Some(Answer::Ack(ack))) => assert_eq!((ack.sequence, ack.accepted), (8, 4)),
        other => panic!("{other:?}"),
    }
    settled(&server, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_long_outage_is_told_to_senders_and_readers_and_heals() {
    let (postgres, database) = own(&[]);
    let server = Server::start_at_url(&database.url()).await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let acked = sender.batch(answered(1, "c1", at)).await;
    postgres.control(&["stop", "--mode=immediate"]);
    sender.send(batch(now(), answered(5, "c2", at))).await;
    let told = sender.refusal().await;
    let opened = Sender::open(&server, live("other")).await.err().unwrap();
    let asked = source(&server).await.unwrap_err();
    let reported = queue_report_of(&server).await.unwrap_err();
    for status in [told, opened, asked, reported] {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert_eq!(reason(&status), "database_unavailable");
        assert_eq!(retry_after(&status), Some(Duration::from_secs(1)));
    }
    postgres.control(&["start"]);
    let open = StreamOpen {
        last_acked_sequence: acked.sequence,
        last_acked_digest: acked.digest,
        ..live("pbx")
    };
    let mut sender = until("it heals", || async {
        Sender::open(&server, open.clone()).await.ok()
    })
    .await;
    // What was refused was not taken.
    assert_eq!(sender.opened.mark, 4);
    let ack = sender.batch(answered(5, "c2", at)).await;
    assert_eq!((ack.sequence, ack.accepted, ack.duplicates), (8, 4, 0));
    settled(&server, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and ../shared: run tests/run"]
async fn crashes_of_the_database_during_an_import_change_no_figure() {
    // While a crash is made the import goes on: the last mark is far from the end.
    const CRASHES: u64 = 5;
    let Some(bank) = bank::bank() else { return };
    let (postgres, database) = own(&[]);
    let mut server = Server::start_at_url(&database.url()).await;
    let mut command = server.import("anonymous-bank");
    command.args(bank.files());
    let import = tokio::spawn(harness::run(command));
    let events = bank.log().len() as u64;
    for crash in 1..=CRASHES {
        let mark = events * crash / (2 * CRASHES);
        until_taken(&server, "anonymous-bank", mark, &import).await;
        postgres.control(&CRASH);
        if crash == 3 {
            server.kill();
            server.restart().await;
        }
    }
    let summary = bank::Summary::of(&import.await.unwrap());
    assert_eq!((summary.acked, summary.duplicates), (events, 0));
    bank.check(&server).await;
}
