//! What is about PostgreSQL: each test has a server of its own, made of the machine's binaries. `tests/run` runs these where
//! the data of all tests lie in PostgreSQL.

mod cut;
mod lost;
mod pooled;
mod refused;
mod taken;

use sqlx::PgConnection;

use crate::postgres::{Database, Postgres};

/// A server for this test alone, and a database there.
fn own(settings: &[&str]) -> (&'static Postgres, Database<'static>) {
    // Its process ends with ours; until then it costs little.
    let server: &'static Postgres = Box::leak(Box::new(Postgres::start(settings)));
    (server, server.database())
}

/// Ends every session of dozvon's, as a server that stops does.
async fn end_sessions(connection: &mut PgConnection) {
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'dozvon' and datname = current_database()";
    sqlx::query(end).execute(connection).await.unwrap();
}
