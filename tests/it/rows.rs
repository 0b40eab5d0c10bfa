//! The rows as they lie in the database, for tests that look at them or damage them.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::harness::Server;

/// One part's tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Journal,
    Store,
}

impl Part {
    pub(crate) const BOTH: [Self; 2] = [Self::Journal, Self::Store];

    /// Its SQLite file, or its schema in PostgreSQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Store => "store",
        }
    }
}

/// A connection beside the server's own.
pub(crate) enum Rows {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Rows {
    pub(crate) async fn of(server: &Server, part: Part) -> Self {
        if let Some(url) = server.database() {
            let options: PgConnectOptions = url.parse().unwrap();
            let options = options.options([("search_path", part.name())]);
            return Self::Postgres(options.connect().await.unwrap());
        }
        let path = server.data().join(format!("{}.db", part.name()));
        let options = SqliteConnectOptions::new().filename(path);
        Self::Sqlite(options.connect().await.unwrap())
    }

    /// Bytes, written as this database wants them.
    pub(crate) fn bytes(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Changes something, and is done with it.
    pub(crate) async fn change(mut self, sql: &str) {
        let changed = match &mut self {
            Self::Sqlite(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                query.execute(connection).await.unwrap().rows_affected()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                query.execute(connection).await.unwrap().rows_affected()
            }
        };
        assert!(changed > 0, "nothing changed by {sql}");
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }

    /// Removes a schema with all that is in it.
    pub(crate) async fn drop_all(self) {
        let Self::Postgres(mut connection) = self else {
            panic!("files are removed as files");
        };
        let sql = "drop schema store cascade";
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Rows of texts: every column is to be cast to one.
    pub(crate) async fn texts(&mut self, sql: &'static str) -> Vec<Vec<String>> {
        macro_rules! texts {
            ($connection:expr) => {{
                let rows = sqlx::query(sql).fetch_all($connection).await.unwrap();
                let texts = |row: &_| texts_of(row);
                rows.iter().map(texts).collect()
            }};
        }
        fn texts_of<R: sqlx::Row>(row: &R) -> Vec<String>
        where
            usize: sqlx::ColumnIndex<R>,
            for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        {
            (0..row.len()).map(|column| row.get(column)).collect()
        }
        match self {
            Self::Sqlite(connection) => texts!(connection),
            Self::Postgres(connection) => texts!(connection),
        }
    }
}
