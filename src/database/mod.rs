//! What journal and store have in common: how an SQLite file or a PostgreSQL database is opened, brought up to date, and
//! what its failures mean.
//!
//! SQL is written once where both databases take it, `on!` runs it on whichever it is, and `Columns` reads what comes
//! back. Not here: tables and rows (`journal`, `store`).

mod failure;
pub mod postgres;
mod row;
pub mod sqlite;

use std::path::PathBuf;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

pub use failure::{is_full, is_lost};
pub use row::{Bind, Columns, Fetch, Stream};

/// A thing of one database or the other.
#[derive(Clone, Debug)]
pub enum Db<S, P> {
    /// SQLite's.
    Sqlite(S),
    /// PostgreSQL's.
    Postgres(P),
}

/// Connections to read with, lent one by one.
pub type Readers = Db<SqlitePool, PgPool>;

/// The one connection that writes.
pub type Writer = Db<SqliteConnection, postgres::Session>;

/// Runs the same code on whichever database it is.
macro_rules! on {
    ($database:expr, $connection:ident => $code:expr) => {
        match $database {
            $crate::database::Db::Sqlite($connection) => $code,
            $crate::database::Db::Postgres($connection) => $code,
        }
    };
}
pub(crate) use on;

impl Writer {
    /// Its connection, to run statements on.
    pub fn connection(&mut self) -> Db<&mut SqliteConnection, &mut PgConnection> {
        match self {
            Self::Sqlite(connection) => Db::Sqlite(connection),
            Self::Postgres(session) => Db::Postgres(session.connection()),
        }
    }
}

/// Ends a transaction that failed half-way; without one, nothing changes.
pub async fn roll_back(connection: &mut impl Fetch) {
    if let Err(error) = connection.fetch("rollback", &[]).await {
        tracing::debug!(%error, "nothing to roll back");
    }
}

/// Tables in the order in which they came to be: name and SQL.
pub type Migrations = [(&'static str, &'static str)];

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The file cannot be made or brought up to date: there is no room for it.
    #[error("cannot open {}: the disk is full; make room and start again", path.display())]
    DiskFull {
        /// Which file.
        path: PathBuf,
    },
    /// A newer dozvon wrote it.
    #[error("{name} was written by a newer dozvon: upgrade this one, or restore a backup")]
    Newer {
        /// Which file or database.
        name: String,
    },
    /// The SQLite linked in is too old to be trusted.
    #[error("SQLite {found} is linked in, 3.51.3 or newer is needed")]
    OldSqlite {
        /// The version found.
        found: String,
    },
    /// The PostgreSQL server cannot be reached, or lets nobody in.
    #[error("cannot open the database {name}")]
    Unreachable {
        /// Where it should be.
        name: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The PostgreSQL server could lose what it says is written.
    #[error("cannot promise durability on the database {name}: {fault}")]
    Unsafe {
        /// Where it is.
        name: String,
        /// Which setting, and what to do.
        fault: String,
    },
    /// Sessions are lent by a pooler that gives them to others in between.
    #[error(
        "the database {name} is behind a pooler that lends sessions for a transaction or a statement only, where no lock \
         holds: name the PostgreSQL server itself, or set pool_mode = session in the pooler"
    )]
    Pooled {
        /// Where it is.
        name: String,
    },
    /// The PostgreSQL server only reads; it may be about to take over from the one that writes.
    #[error("the database {name} is read-only, as a replica is: name the server that writes")]
    ReadOnly {
        /// Where it is.
        name: String,
    },
}

impl OpenError {
    /// Whether waiting may help.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => is_lost(source),
            Self::ReadOnly { .. } => true,
            Self::Open { .. }
            | Self::DiskFull { .. }
            | Self::Newer { .. }
            | Self::OldSqlite { .. } => false,
            Self::Unsafe { .. } | Self::Pooled { .. } => false,
        }
    }
}

/// Migrations as `sqlx` takes them.
fn migrator(migrations: &Migrations) -> sqlx::migrate::Migrator {
    use sqlx::SqlSafeStr as _;
    use sqlx::migrate::{Migration, MigrationType, Migrator};
    let numbered = migrations.iter().zip(1..).map(|((name, sql), number)| {
        let kind = MigrationType::Simple;
        Migration::new(number, (*name).into(), kind, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(numbered.collect())
}

/// What a failed migration means; `name` is of the file or database.
fn not_migrated(
    name: String,
    error: sqlx::migrate::MigrateError,
    other: impl FnOnce(sqlx::Error) -> OpenError,
) -> OpenError {
    use sqlx::migrate::MigrateError::{VersionMismatch, VersionMissing};
    if matches!(error, VersionMissing(_) | VersionMismatch(_)) {
        return OpenError::Newer { name };
    }
    other(error.into())
}
