//! What a database's failure means, by its own codes.

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// SQLITE_FULL: no room on the disk, or the file's own limit is reached.
const SQLITE_FULL: u32 = 13;
/// PostgreSQL's disk_full.
const POSTGRES_FULL: &str = "53100";

/// PostgreSQL's states that end a connection or a statement, or keep a new one out, and pass: the class "connection
/// exception", no memory, too many connections, a statement that somebody cancelled, a stop, a crash, a start, an idle
/// session ended, a server that has become a replica.
const POSTGRES_LOST: [&str; 10] = [
    "08", "53200", "53300", "57014", "57P01", "57P02", "57P03", "57P05", "25P03", "25006",
];

/// Whether the database says that there is no room.
pub fn is_full(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return error.code() == POSTGRES_FULL;
    }
    let code = error
        .try_downcast_ref::<SqliteError>()
        .and_then(|_| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_FULL)
}

/// Whether the connection is gone, or could not be had: trying again on another one may help.
pub fn is_lost(error: &sqlx::Error) -> bool {
    if let Some(error) = error.as_database_error() {
        let error = error.try_downcast_ref::<PgDatabaseError>();
        return error.is_some_and(|error| is_lost_state(error.code()));
    }
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
    )
}

fn is_lost_state(code: &str) -> bool {
    POSTGRES_LOST.iter().any(|lost| code.starts_with(lost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_stops_or_starts_is_lost_and_a_wrong_statement_is_not() {
        // 57014: a statement cancelled; 23505: a key that is there twice; 28P01: a wrong password; 53100: a full disk.
        for (code, lost) in [
            ("08006", true),
            ("57P03", true),
            ("57014", true),
            ("53100", false),
            ("23505", false),
            ("28P01", false),
        ] {
            assert_eq!(is_lost_state(code), lost, "{code}");
        }
        assert!(is_lost(&sqlx::Error::PoolTimedOut));
        assert!(!is_lost(&sqlx::Error::RowNotFound));
    }
}
