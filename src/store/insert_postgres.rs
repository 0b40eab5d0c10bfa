//! Rows into PostgreSQL, and keys looked up: a column an array, so that any number of rows has one text; and many rows, of
//! which none can be there already, by `COPY`, which takes them by the page.

use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe};

use crate::model::Position;

use super::table::{Kind, Rows, Table, Value};

/// Rows a statement: what one message carries stays within some megabytes.
const ROWS_A_STATEMENT: usize = 8_192;

/// From so many rows on `COPY` pays for the answer it waits for before it begins.
const COPIED_ROWS: usize = 128;

/// What is gathered of a copy before it is sent.
const COPY_BYTES: usize = 256 * 1024;

/// Puts rows into their table.
pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: Rows<'_>,
) -> Result<(), sqlx::Error> {
    let Table {
        name,
        columns,
        conflict,
        ..
    } = rows.table;
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    if conflict.is_empty() && rows.values.len() >= COPIED_ROWS * columns.len() {
        let text = format!("copy {name} ({names}) from stdin with (format binary)");
        return copy(connection, &text, rows).await;
    }
    let arrays = arrays(rows.table);
    let text = format!("insert into {name} ({names}) select * from unnest({arrays}) {conflict}");
    run(connection, &text, rows).await
}

/// Removes the rows with these keys.
pub(super) async fn delete(
    connection: &mut PgConnection,
    keys: Rows<'_>,
) -> Result<(), sqlx::Error> {
    let Table { name, columns, .. } = keys.table;
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let (names, arrays) = (names.join(", "), arrays(keys.table));
    let text = format!("delete from {name} where ({names}) in (select * from unnest({arrays}))");
    run(connection, &text, keys).await
}

/// Sends rows in the binary format of `COPY`: what it begins with, then for each row the count of its fields and each one's
/// length and bytes, then a count of -1.
async fn copy(
    connection: &mut PgConnection,
    text: &str,
    rows: Rows<'_>,
) -> Result<(), sqlx::Error> {
    let width = rows.table.columns.len();
    let mut copying = connection.copy_in_raw(text).await?;
    let mut bytes = Vec::with_capacity(COPY_BYTES + COPY_BYTES / 4);
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in rows.values.chunks(width) {
        bytes.extend_from_slice(&(width as i16).to_be_bytes());
        for value in row {
            put_field(&mut bytes, value);
        }
        if bytes.len() >= COPY_BYTES {
            copying.send(bytes.as_slice()).await?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    copying.send(bytes).await?;
    copying.finish().await?;
    Ok(())
}

fn put_field(bytes: &mut Vec<u8>, value: &Value<'_>) {
    let mut put = |field: &[u8]| {
        // A field is far below what its length may be: a call's story has a cap.
        bytes.extend_from_slice(&(field.len() as i32).to_be_bytes());
        bytes.extend_from_slice(field);
    };
    match value {
        Value::Null => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        Value::Int(value) => put(&value.to_be_bytes()),
        Value::Text(value) => put(value.as_bytes()),
        Value::Blob(value) => put(value),
    }
}

async fn run(connection: &mut PgConnection, text: &str, rows: Rows<'_>) -> Result<(), sqlx::Error> {
    let width = rows.table.columns.len();
    for chunk in rows.values.chunks(ROWS_A_STATEMENT * width) {
        let arguments = arguments(rows.table, chunk)?;
        let query = sqlx::query_with(AssertSqlSafe(text), arguments);
        query.execute(&mut *connection).await?;
    }
    Ok(())
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
    let text = format!(
        "select source_id, call_key, epoch_id from call_keys
            join unnest({}) as asked (source_id, call_key) using (source_id, call_key)
        where settled_position < $3",
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
