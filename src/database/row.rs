//! A row's columns, read alike from either database: whole numbers, texts, bytes and flags are all that our tables hold.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

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
    /// A flag.
    fn flag(&self, column: usize) -> bool;
}

macro_rules! columns {
    ($($row:ty)+) => {
        $(
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

                fn flag(&self, column: usize) -> bool {
                    self.get(column)
                }
            }
        )+
    };
}

columns!(SqliteRow PgRow);
