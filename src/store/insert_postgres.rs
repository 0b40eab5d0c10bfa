//! Rows into PostgreSQL, and keys looked up: a column an array, so that any number of rows has one text.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe};

use crate::model::Position;

use super::table::{Kind, Rows, Table, Value, Verb};

/// Rows a statement: what one message carries stays within some megabytes.
const ROWS_A_STATEMENT: usize = 8_192;

/// A statement with its values, ready to be run.
pub(super) struct Made {
    text: Arc<str>,
    arguments: PgArguments,
}

impl Made {
    /// Runs it.
    pub(super) async fn run(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
        query.execute(connection).await.map(drop)
    }
}

/// What puts or removes rows.
pub(super) fn make(verb: Verb, rows: &Rows<'_>) -> Result<Vec<Made>, sqlx::Error> {
    let Table {
        name,
        columns,
        conflict,
        ..
    } = rows.table;
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let (names, arrays) = (names.join(", "), arrays(rows.table));
    let text = match verb {
        Verb::Insert => {
            format!("insert into {name} ({names}) select * from unnest({arrays}) {conflict}")
        }
        Verb::Delete => {
            format!("delete from {name} where ({names}) in (select * from unnest({arrays}))")
        }
    };
    let width = rows.table.columns.len();
    let text: Arc<str> = text.into();
    let chunks = rows.values.chunks(ROWS_A_STATEMENT * width);
    let made = chunks.map(|chunk| {
        let text = text.clone();
        arguments(rows.table, chunk).map(|arguments| Made { text, arguments })
    });
    made.collect()
}

/// The source, key and epoch of those of the keys that were settled before `position`.
pub(super) async fn settled(
    readers: &PgPool,
    keys: Rows<'_>,
    position: Position,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut arguments = arguments(keys.table, &keys.values)?;
    let bound = arguments.add(position.0 as i64);
    bound.map_err(sqlx::Error::Encode)?;
    // Key by key through the index. As a plain join the planner, by the statistics of a table that has grown since, may
    // read the whole table for some hundred keys: `offset 0` keeps the two apart.
    let text = format!(
        "select found.source_id, found.call_key, found.epoch_id
        from unnest({}) as asked (source_id, call_key)
        cross join lateral (
            select * from call_keys
            where call_keys.source_id = asked.source_id and call_keys.call_key = asked.call_key
            offset 0) as found
        where found.settled_position < $3",
        arrays(keys.table)
    );
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    query.fetch_all(readers).await
}

/// `$1::bigint[], $2::text[]`, one a column.
fn arrays(table: &Table) -> String {
    let mut text = String::new();
    for (place, (_, kind)) in (1..).zip(table.columns) {
        let kind = match kind {
            Kind::Int => "bigint",
            Kind::Text => "text",
            Kind::Blob => "bytea",
        };
        let comma = if place == 1 { "" } else { ", " };
        let _ = write!(text, "{comma}${place}::{kind}[]");
    }
    text
}

/// Row after row becomes column beside column.
fn arguments(table: &Table, values: &[Value<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    let width = table.columns.len();
    for (place, (_, kind)) in table.columns.iter().enumerate() {
        let column = values.iter().skip(place).step_by(width);
        let added = match kind {
            Kind::Int => arguments.add(column.map(Value::int).collect::<Vec<_>>()),
            Kind::Text => arguments.add(column.map(Value::text).collect::<Vec<_>>()),
            Kind::Blob => arguments.add(column.map(Value::blob).collect::<Vec<_>>()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
