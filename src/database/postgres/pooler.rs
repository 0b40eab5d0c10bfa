//! Whether a pooler stands between us and the server that lends its sessions by the transaction or by the statement.
//!
//! Such a pooler (PgBouncer with `pool_mode = transaction`) gives the session that was locked to whoever asks next, so that
//! a lock is held by nobody we know, and settings are those of somebody else. It is told by what cannot be on a server:
//! two connections of ours, neither of them in a transaction, that are one process there, or one that is another process
//! from statement to statement. A pooler in session mode passes, as it should.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::super::row::Columns as _;

/// How often is looked. A pooler that is idle lends the session that has just come back, so the first look finds it; one that
/// others use at the same time would have to give both connections their own sessions each time.
const LOOKS: usize = 8;

/// Whether sessions are not those of their connections.
pub(super) async fn lends_by_transaction(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let (mut one, mut other) = (options.connect().await?, options.connect().await?);
    let first = process(&mut one).await?;
    let mut is_lent = false;
    for _ in 0..LOOKS {
        is_lent |= process(&mut other).await? == first || process(&mut one).await? != first;
        if is_lent {
            break;
        }
    }
    for connection in [one, other] {
        // What was asked has been answered.
        drop(connection.close().await);
    }
    Ok(is_lent)
}

/// The server's process of a statement; asked without preparing, which such a pooler may not know.
async fn process(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let sql = "select pg_backend_pid()::bigint";
    let row = sqlx::raw_sql(sql).fetch_one(connection).await?;
    Ok(row.int(0))
}
