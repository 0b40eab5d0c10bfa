//! Rows and their columns, read alike from either database: whole numbers, texts and bytes are all that our tables hold.

use std::pin::Pin;

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Reads columns by their place. A column of another kind than the statement promises is a mistake in our own SQL.
pub trait Columns {
    /// A whole number.
    fn int(&self, column: usize) -> i64;
    /// A whole number that may be missing.
    fn maybe_int(&self, column: usize) -> Option<i64>;
    /// A text.
    fn text(&self, column: usize) -> &str;
    /// A text that may be missing.
    fn maybe_text(&self, column: usize) -> Option<&str>;
    /// Bytes.
    fn bytes(&self, column: usize) -> &[u8];
    /// Bytes that may be missing.
    fn maybe_bytes(&self, column: usize) -> Option<&[u8]>;
    /// A flag: 1 or 0.
    fn flag(&self, column: usize) -> bool {
        self.int(column) != 0
    }
}

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub enum Bind<'a> {
    /// A whole number.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<i64> for Bind<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Bind<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Bind<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

/// Rows one after the other.
pub type Stream<'a, R> =
    Pin<Box<dyn tokio_stream::Stream<Item = Result<R, sqlx::Error>> + Send + 'a>>;

/// Reads rows with one SQL text for either database; values are `$1`, `$2` …
pub trait Fetch: Send {
    /// Its rows.
    type Row: Columns + Send + Sync;

    /// All rows of a statement.
    fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Bind<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// The same rows as they come, for more than memory should hold.
    fn stream<'a>(&'a mut self, sql: &'static str, values: &[Bind<'a>]) -> Stream<'a, Self::Row>;
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {
        $values
            .iter()
            .fold(sqlx::query($sql), |query, value| match value {
                Bind::Int(value) => query.bind(*value),
                Bind::Text(value) => query.bind(*value),
                Bind::Bytes(value) => query.bind(*value),
            })
    };
}

macro_rules! columns {
    ($($connection:ty, $row:ty;)+) => {
        $(
            impl Fetch for $connection {
                type Row = $row;

                async fn fetch(
                    &mut self,
                    sql: &'static str,
                    values: &[Bind<'_>],
                ) -> Result<Vec<$row>, sqlx::Error> {
                    bound!(sql, values).fetch_all(self).await
                }

                fn stream<'a>(
                    &'a mut self,
                    sql: &'static str,
                    values: &[Bind<'a>],
                ) -> Stream<'a, $row> {
                    bound!(sql, values).fetch(self)
                }
            }

            impl Columns for $row {
                fn int(&self, column: usize) -> i64 {
                    self.get(column)
                }

                fn maybe_int(&self, column: usize) -> Option<i64> {
                    self.get(column)
                }

                fn text(&self, column: usize) -> &str {
                    self.get(column)
                }

                fn maybe_text(&self, column: usize) -> Option<&str> {
                    self.get(column)
                }

                fn bytes(&self, column: usize) -> &[u8] {
                    self.get(column)
                }

                fn maybe_bytes(&self, column: usize) -> Option<&[u8]> {
                    self.get(column)
                }

            }
        )+
    };
}

columns! {
    SqliteConnection, SqliteRow;
    PgConnection, PgRow;
}
