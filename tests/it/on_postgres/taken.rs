//! One writer: who comes second waits, and who has lost the database stops.

use std::time::Duration;

use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection};

use super::{end_sessions, own};
use crate::harness::{Server, signal};
use crate::sender::{SECOND, Sender, all_queues, answered, batch, live, newest, now, stored};
use crate::start::{refused, serve};

#[tokio::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_database_in_use_is_waited_for_10_s_and_then_named() {
    let (_server, database) = own(&[]);
    let server = Server::start_at_url(&database.url()).await;
    let began = dozvon::clock::instant();
    let said = serve(server.serve(), &[]).await;
    let waited = began.elapsed();
    refused(&said, 1, &["another dozvon", database.name(), "--standby"]);
    let about_10_s = Duration::from_secs(9)..Duration::from_secs(20);
    assert!(about_10_s.contains(&waited), "{waited:?}");
    // The first one is none the worse for it.
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", now() - 600 * SECOND)).await;
    assert_eq!(ack.accepted, 4);
}

/// A server that stood still while another took over writes nothing more, and says why it ends.
#[tokio::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn one_that_lost_its_database_to_another_stops_before_it_writes() {
    let (_server, database) = own(&[]);
    let mut first = Server::start_at_url(&database.url()).await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&first, live("pbx")).await.unwrap();
    sender.batch(answered(1, "c1", at)).await;
    signal(first.id(), Signal::STOP);
    // The server's machine forgets a client that does not answer.
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    end_sessions(&mut connection).await;

    let second = Server::start_beside(&first).await;
    let mut other = Sender::open(&second, live("pbx")).await.unwrap();
    assert_eq!(other.opened.mark, 4);
    let ack = other.batch(answered(5, "c2", at)).await;
    stored(&second, "pbx", ack.position).await;

    // What it is told when it wakes is never acked.
    sender.send(batch(now(), answered(5, "c3", at))).await;
    signal(first.id(), Signal::CONT);
    let ended = first.ended().await;
    assert_eq!(ended.code(), Some(1));
    assert!(sender.answer().await.is_err(), "no ack");
    assert_eq!(newest(&second, "pbx").await.mark, 8);
    assert_eq!(all_queues(&second).await.visits_offered, 2);
}
