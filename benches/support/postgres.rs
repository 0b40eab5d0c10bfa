//! The comparison on PostgreSQL: what a good engineer writes by hand, with nothing of ours around it.

use std::{sync::Arc, time::Duration};

use dozvon::proto::v1::{Event, event::Body};
use prost::Message as _;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::{
    load,
    machine::{cpu_of_all, now},
    sqlite::{Rate, noise},
};

/// Connections that write at the same time.
const CONNECTIONS: i64 = 8;
/// Events a commit.
const COMMIT_EVENTS: i64 = 1_000;
/// Sources, as the largest scenario has them.
const SOURCES: i64 = 64;

/// Empties a database for the next run.
///
/// # Panics
/// When its name does not say that it is for benches: all that dozvon keeps there is removed.
pub(crate) async fn empty(url: &str) {
    let mut connection = connect(url).await;
    let row = sqlx::query("select current_database()::text");
    let row = row.fetch_one(&mut connection).await;
    let name: String = row.expect("the database answers").get(0);
    assert!(
        name.contains("bench"),
        "{name} would be emptied: name a database for benches, with bench in its name"
    );
    let sql = "drop schema if exists journal cascade; drop schema if exists store cascade;
        drop table if exists by_hand; checkpoint";
    let done = sqlx::raw_sql(sql).execute(&mut connection).await;
    done.expect("the database is ours");
}

/// A connection that looks into the store.
pub(crate) async fn store(url: &str) -> PgConnection {
    let mut connection = connect(url).await;
    let done = sqlx::query("set search_path to store");
    let done = done.execute(&mut connection).await;
    done.expect("dozvon has made it");
    connection
}

/// Commits of the journal, bytes of an event there, and rows of the store.
pub(crate) async fn written(url: &str) -> Result<(u64, usize, u64), sqlx::Error> {
    let mut connection = connect(url).await;
    let sql =
        "select count(*), (sum(length(body)) / sum(last_position - first_position + 1))::bigint,
        (select count(*) from store.calls) + (select count(*) from store.visits)
        + (select count(*) from store.transfers) + (select count(*) from store.call_keys)
        from journal.journal";
    let row = sqlx::query(sql).fetch_one(&mut connection).await?;
    let number = |column| row.get::<i64, _>(column) as u64;
    Ok((number(0), number(1) as usize, number(2)))
}

/// What a row of one event holds, written by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ByHand {
    /// Source, number, and so many bytes: nothing can be asked of it.
    Bare(usize),
    /// The event as it came, and beside it the columns by which calls are put together: instant, kind, call.
    Asked,
}

impl ByHand {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare(_) => "source, number, bytes",
            Self::Asked => "the same, instant, kind, call",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Bare(_) => {
                "create table by_hand (source bigint not null, sequence bigint not null,
                body bytea not null, primary key (source, sequence))"
            }
            Self::Asked => {
                "create table by_hand (source bigint not null, sequence bigint not null,
                body bytea not null, at bigint not null, kind bigint not null, call_id text,
                primary key (source, sequence))"
            }
        }
    }
}

/// The columns of a commit's events, all but source and number.
struct Events {
    bodies: Vec<Vec<u8>>,
    instants: Vec<i64>,
    kinds: Vec<i64>,
    calls: Vec<Option<String>>,
}

impl Events {
    fn of(form: ByHand) -> Self {
        let events = load::simulated(1, COMMIT_EVENTS as u64);
        let instant = |event: &Event| event.occurred_at.map_or(0, |at| at.seconds * 1_000_000);
        let kind = |event: &Event| match &event.body {
            Some(Body::Call(_)) => 1,
            Some(Body::AgentStateChanged(_)) => 2,
            Some(Body::WrapUpEnded(_)) => 3,
            Some(Body::LineStatus(_)) | None => 4,
        };
        let call = |event: &Event| match &event.body {
            Some(Body::Call(call)) => Some(call.call_id.clone()),
            Some(Body::AgentStateChanged(_) | Body::WrapUpEnded(_) | Body::LineStatus(_))
            | None => None,
        };
        let body = |event: &Event| match form {
            ByHand::Bare(bytes) => noise(bytes),
            ByHand::Asked => event.encode_to_vec(),
        };
        Self {
            bodies: events.iter().map(body).collect(),
            instants: events.iter().map(instant).collect(),
            kinds: events.iter().map(kind).collect(),
            calls: events.iter().map(call).collect(),
        }
    }
}

/// One row an event, known ones passed over, 1,000 a commit, 8 connections, for so long; and the machine's CPU time.
pub(crate) async fn by_hand(
    url: &str,
    form: ByHand,
    at_most: Duration,
) -> Result<(Rate, Duration), sqlx::Error> {
    let mut connection = connect(url).await;
    let drop = sqlx::raw_sql("drop table if exists by_hand");
    drop.execute(&mut connection).await?;
    sqlx::raw_sql(form.table()).execute(&mut connection).await?;
    let written = Arc::new(Events::of(form));
    let (began, cpu_before) = (now(), cpu_of_all());
    let writers = (0..CONNECTIONS).map(|writer| {
        let (url, written) = (url.to_owned(), written.clone());
        tokio::spawn(async move {
            let mut connection = PgConnection::connect(&url).await?;
            let mut events: i64 = 0;
            while began.elapsed() < at_most {
                // Each connection has its share of the sources, and they take turns.
                let turn = events / COMMIT_EVENTS;
                let source = writer + CONNECTIONS * (turn % (SOURCES / CONNECTIONS));
                let first = turn / (SOURCES / CONNECTIONS) * COMMIT_EVENTS;
                let numbers: Vec<i64> = (first..first + COMMIT_EVENTS).collect();
                let Events {
                    bodies,
                    instants,
                    kinds,
                    calls,
                } = &*written;
                let query = match form {
                    ByHand::Bare(_) => sqlx::query(
                        "insert into by_hand (source, sequence, body)
                        select $1, * from unnest($2::bigint[], $3::bytea[])
                        on conflict do nothing",
                    ),
                    ByHand::Asked => sqlx::query(
                        "insert into by_hand (source, sequence, body, at, kind, call_id)
                        select $1, * from unnest($2::bigint[], $3::bytea[], $4::bigint[],
                            $5::bigint[], $6::text[])
                        on conflict do nothing",
                    ),
                };
                let query = query.bind(source).bind(numbers).bind(bodies);
                let query = match form {
                    ByHand::Bare(_) => query,
                    ByHand::Asked => query.bind(instants).bind(kinds).bind(calls),
                };
                let kept = query.execute(&mut connection).await?.rows_affected();
                assert_eq!(kept, COMMIT_EVENTS as u64, "every event was new");
                events += COMMIT_EVENTS;
            }
            Ok::<i64, sqlx::Error>(events)
        })
    });
    let mut rate = Rate::default();
    for writer in writers.collect::<Vec<_>>() {
        rate.events += writer.await.expect("a writer goes on")? as u64;
    }
    rate.took = began.elapsed();
    Ok((rate, cpu_of_all().saturating_sub(cpu_before)))
}

async fn connect(url: &str) -> PgConnection {
    let connected = PgConnection::connect(url).await;
    connected.expect("DOZVON_BENCH_DATABASE names a database that is there")
}
