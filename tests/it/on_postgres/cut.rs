//! A connection is cut between the database's commit and its answer, or before the statement came: the writer finds out
//! which. The server meanwhile takes the cut session for alive, with the lock in its hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dozvon::proto::v1::stream_events_response::Message as Answer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::own;
use crate::harness::Server;
use crate::postgres::SOCKET;
use crate::rows::{Part, Rows};
use crate::sender::{
    SECOND, Sender, all_queues, answered, batch, live, newest, now, stored, until,
};

/// What the way between dozvon and its database does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Open,
    /// Statements go on, answers are lost.
    AnswersLost,
    /// Statements are lost.
    StatementsLost,
}

/// A way that can be cut.
struct Proxy {
    folder: TempDir,
    way: watch::Sender<Way>,
    cut: watch::Sender<()>,
    lost_bytes: Arc<AtomicU64>,
}

impl Proxy {
    fn to(socket: PathBuf) -> Self {
        let folder = TempDir::with_prefix_in("dozvon-pg-", "/tmp").unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let proxy = Self {
            folder,
            way: watch::Sender::new(Way::Open),
            cut: watch::Sender::new(()),
            lost_bytes: Arc::default(),
        };
        let (way, cut) = (proxy.way.clone(), proxy.cut.clone());
        let lost_bytes = proxy.lost_bytes.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                let (way, cut) = (way.subscribe(), cut.subscribe());
                tokio::spawn(carry(client, server, way, cut, lost_bytes.clone()));
            }
        });
        proxy
    }

    fn lose(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Returns once something was lost on the way.
    async fn has_lost(&self) {
        let lost = || async { (self.lost_bytes.load(Ordering::SeqCst) > 0).then_some(()) };
        until("something is lost", lost).await;
    }

    /// Closes the clients' side of every connection; the server's stays open. New ones are as good as any.
    fn cut(&self) {
        self.way.send_replace(Way::Open);
        self.cut.send_replace(());
    }
}

/// Carries bytes to and fro, until either side closes; after a cut keeps the server's side for ever.
async fn carry(
    client: UnixStream,
    server: UnixStream,
    way: watch::Receiver<Way>,
    mut cut: watch::Receiver<()>,
    lost_bytes: Arc<AtomicU64>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut statements, mut answers) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let (lost, bytes, to) = tokio::select! {
            _ = cut.changed() => break,
            read = from_client.read(&mut statements) => match read {
                Ok(bytes @ 1..) => (Way::StatementsLost, &statements[..bytes], &mut to_server),
                Ok(0) | Err(_) => return,
            },
            read = from_server.read(&mut answers) => match read {
                Ok(bytes @ 1..) => (Way::AnswersLost, &answers[..bytes], &mut to_client),
                Ok(0) | Err(_) => return,
            },
        };
        if *way.borrow() == lost {
            lost_bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        } else if to.write_all(bytes).await.is_err() {
            return;
        }
    }
    drop((from_client, to_client));
    std::future::pending::<()>().await;
    drop((from_server, to_server));
}

/// A server behind a proxy, one call acked, and the next one sent while the way loses what it does.
async fn lost(way: Way) -> (Server, Sender, Proxy) {
    let (postgres, database) = own(&[]);
    let proxy = Proxy::to(postgres.folder().join(SOCKET));
    let url = database.url().replace(
        &postgres.folder().display().to_string(),
        &proxy.folder.path().display().to_string(),
    );
    let server = Server::start_at_url(&url).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now() - 600 * SECOND;
    let ack = sender.batch(answered(1, "c1", at)).await;
    stored(&server, "pbx", ack.position).await;
    proxy.lose(way);
    sender.send(batch(now(), answered(5, "c2", at))).await;
    proxy.has_lost().await;
    // The database is left open behind a leaked server: it ends with this process.
    std::mem::forget(database);
    (server, sender, proxy)
}

/// The second call is acked, is there once, and is counted once.
async fn taken_once(server: &mut Server, mut sender: Sender) {
    match sender.answer().await {
        Ok(Some(Answer::Ack(ack))) => {
            assert_eq!((ack.sequence, ack.accepted, ack.duplicates), (8, 4, 0));
            stored(server, "pbx", ack.position).await;
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rows_of_journal(server).await, [["1", "4"], ["5", "8"]]);
    assert_eq!(all_queues(server).await.visits_offered, 2);
    drop(sender);
    server.kill();
    server.restart().await;
    assert_eq!(newest(server, "pbx").await.mark, 8);
    assert_eq!(all_queues(server).await.visits_offered, 2);
}

async fn rows_of_journal(server: &Server) -> Vec<Vec<String>> {
    let sql = "select cast(first_position as text), cast(last_position as text) from journal
        order by first_position";
    Rows::of(server, Part::Journal).await.texts(sql).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_commit_whose_answer_was_lost_is_found_and_acked_once() {
    let (mut server, sender, proxy) = lost(Way::AnswersLost).await;
    // It took place, though nobody has heard of it.
    proxy.cut();
    taken_once(&mut server, sender).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_commit_that_never_came_is_written_again() {
    let (mut server, sender, proxy) = lost(Way::StatementsLost).await;
    proxy.cut();
    taken_once(&mut server, sender).await;
}
