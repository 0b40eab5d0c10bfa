//! Rows into SQLite, and keys looked up: many a statement, of few different texts, so that each is prepared once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe};

use crate::model::Position;

use super::table::{Rows, Table, Value, Verb};

/// Rows a statement: below SQLite's 32,766 values at 37 a row. What remains goes by halves, so that a table has ten
/// texts.
const ROWS_A_STATEMENT: usize = 512;
/// Statements kept prepared: ten texts for each of ten tables, and some.
pub(super) const STATEMENTS_KEPT: usize = 128;

/// Statements written so far.
#[derive(Debug, Default)]
pub(super) struct Statements(HashMap<(Verb, &'static str, usize), Arc<str>>);

/// A statement with its values, ready to be run.
pub(super) struct Made {
    text: Arc<str>,
    arguments: SqliteArguments,
}

impl Made {
    /// Runs it.
    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
        query.execute(connection).await.map(drop)
    }
}

impl Statements {
    /// What puts or removes rows.
    pub(super) fn make(&mut self, verb: Verb, rows: Rows<'_>) -> Result<Vec<Made>, sqlx::Error> {
        let width = rows.table.columns.len();
        let mut left = rows.values.len() / width;
        let mut values = rows.values.into_iter();
        let mut made = Vec::new();
        while left > 0 {
            let chunk = (1 << left.ilog2()).min(ROWS_A_STATEMENT);
            let mut arguments = SqliteArguments::default();
            arguments.reserve(chunk * width, 0);
            for value in values.by_ref().take(chunk * width) {
                bind(&mut arguments, value)?;
            }
            let text = self.text(verb, rows.table, chunk);
            made.push(Made { text, arguments });
            left -= chunk;
        }
        Ok(made)
    }

    fn text(&mut self, verb: Verb, table: &Table, rows: usize) -> Arc<str> {
        let key = (verb, table.name, rows);
        let text = self.0.entry(key).or_insert_with(|| text(verb, table, rows));
        text.clone()
    }
}

/// The source, key and epoch of those of the keys that were settled before `position`.
pub(super) async fn settled(
    readers: &SqlitePool,
    keys: Rows<'_>,
    position: Position,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let width = keys.table.columns.len();
    let mut found = Vec::new();
    for chunk in keys.values.chunks(ROWS_A_STATEMENT * width) {
        // The last key is asked for again until the number is a power of two, so that there are few texts.
        let rows = (chunk.len() / width).next_power_of_two();
        let last = &chunk[chunk.len() - width..];
        let again = last.iter().cycle();
        let mut arguments = SqliteArguments::default();
        arguments.reserve(rows * width + 1, 0);
        for value in chunk.iter().chain(again).take(rows * width) {
            bind(&mut arguments, value.clone())?;
        }
        bind(&mut arguments, (position.0 as i64).into())?;
        let marks = vec!["(?, ?)"; rows].join(", ");
        let text = format!(
            "select source_id, call_key, epoch_id from call_keys
            where (source_id, call_key) in (values {marks}) and settled_position < ?"
        );
        let query = sqlx::query_with(AssertSqlSafe(text), arguments);
        found.extend(query.fetch_all(readers).await?);
    }
    Ok(found)
}

fn bind(arguments: &mut SqliteArguments, value: Value<'_>) -> Result<(), sqlx::Error> {
    let bound = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Int(value) => arguments.add(value),
        Value::Text(value) => arguments.add(value.into_owned()),
        Value::Blob(value) => arguments.add(value.into_owned()),
    };
    bound.map_err(sqlx::Error::Encode)
}

fn text(verb: Verb, table: &Table, rows: usize) -> Arc<str> {
    let columns: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let columns = columns.join(", ");
    let marks = vec!["?"; table.columns.len()].join(", ");
    let marks = vec![format!("({marks})"); rows].join(", ");
    let (name, conflict) = (table.name, table.conflict);
    let mut text = String::new();
    let _ = match verb {
        // Whoever inserts takes the whole transaction back when it fails. Told so, SQLite does not keep every page as it was
        // before the statement.
        Verb::Insert => {
            write!(
                text,
                "insert or fail into {name} ({columns}) values {marks} {conflict}"
            )
        }
        Verb::Delete => {
            write!(
                text,
                "delete from {name} where ({columns}) in (values {marks})"
            )
        }
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions as _, Row as _};

    use super::super::sqlite::MIGRATIONS;
    use super::super::table::{OPEN_CALL_KEYS, OPEN_CALLS};
    use super::*;

    async fn table() -> SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true);
        let mut connection = options.connect().await.unwrap();
        for (_, sql) in MIGRATIONS {
            sqlx::raw_sql(*sql).execute(&mut connection).await.unwrap();
        }
        connection
    }

    async fn run(connection: &mut SqliteConnection, made: Result<Vec<Made>, sqlx::Error>) {
        for statement in made.unwrap() {
            statement.run(connection).await.unwrap();
        }
    }

    fn keys(of: impl Iterator<Item = i64>) -> Rows<'static> {
        let mut rows = Rows::of(&OPEN_CALL_KEYS, 0);
        of.for_each(|key| rows.push([7_i64.into(), key.to_le_bytes().to_vec().into()]));
        rows
    }

    async fn count(connection: &mut SqliteConnection) -> (i64, i64) {
        let sql = "select count(*), coalesce(sum(length(state)), 0) from open_calls";
        let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
        (row.get(0), row.get(1))
    }

    #[tokio::test]
    async fn any_number_of_rows_is_put_and_removed() {
        let mut connection = table().await;
        let mut statements = Statements::default();
        // 1,531 = 2 × 512 + 256 + 128 + 64 + 32 + 16 + 8 + 2 + 1.
        for state in [vec![1], vec![1, 2, 3]] {
            let mut rows = Rows::of(&OPEN_CALLS, 1_531);
            for key in 0..1_531_i64 {
                let key = key.to_le_bytes().to_vec();
                rows.push([7_i64.into(), key.into(), state.as_slice().into()]);
            }
            run(&mut connection, statements.make(Verb::Insert, rows)).await;
            let all = (1_531, 1_531 * state.len() as i64);
            assert_eq!(count(&mut connection).await, all);
        }
        let odd = keys((0..1_531).filter(|key| key % 2 == 1));
        run(&mut connection, statements.make(Verb::Delete, odd)).await;
        assert_eq!(count(&mut connection).await.0, 766);
        run(&mut connection, statements.make(Verb::Delete, keys(0..0))).await;
        run(&mut connection, statements.make(Verb::Delete, keys(0..2))).await;
        assert_eq!(count(&mut connection).await.0, 765);
    }

    #[tokio::test]
    async fn a_removal_looks_keys_up_instead_of_reading_the_table() {
        let mut connection = table().await;
        let sql = format!(
            "explain query plan {}",
            text(Verb::Delete, &OPEN_CALL_KEYS, 2)
        );
        let query = sqlx::query(AssertSqlSafe(sql))
            .bind(1)
            .bind(2)
            .bind(3)
            .bind(4);
        let plan = query.fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let search = "SEARCH open_calls USING PRIMARY KEY (source_id=? AND call_key=?)";
        assert!(plan.iter().any(|step| step.contains(search)), "{plan:?}");
    }
}
