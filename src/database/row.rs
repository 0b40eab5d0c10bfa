//! Rows and their columns, read alike from either database: whole numbers, texts and bytes are all that our tables hold.

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

/// Reads rows with one SQL text for either database; values are `$1`, `$2` … and whole numbers all.
pub trait Fetch: Send {
    /// Its rows.
    type Row: Columns + Send + Sync;

    /// All rows of a statement.
    fn fetch(
        &mut self,
        sql: &'static str,
        values: &[i64],
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;
}

macro_rules! columns {
    ($($connection:ty, $row:ty;)+) => {
        $(
            impl Fetch for $connection {
                type Row = $row;

                async fn fetch(
                    &mut self,
                    sql: &'static str,
                    values: &[i64],
                ) -> Result<Vec<$row>, sqlx::Error> {
                    let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(*value));
                    query.fetch_all(self).await
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
