//! What every SQLite file of ours has in common: how it is opened and brought up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row as _};

use super::{Migrations, OpenError};

/// The first SQLite in which a WAL reset cannot corrupt the database.
const SQLITE_LEAST: (u32, u32, u32) = (3, 51, 3);
/// SQLite's page size, which is never changed.
const PAGE_BYTES: u64 = 4096;

/// How a file is opened.
pub fn options(path: &Path, synchronous: SqliteSynchronous) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(Duration::from_secs(5))
        // What is deleted is gone from the file, too: who asks to be forgotten is.
        .pragma("secure_delete", "on")
        .disable_statement_logging()
}

/// Opens the one connection that writes, and brings the tables up to date.
///
/// # Errors
/// When the file cannot be opened, is newer than this dozvon, or SQLite is too old.
pub async fn open(
    path: &Path,
    options: &SqliteConnectOptions,
    migrations: &Migrations,
) -> Result<SqliteConnection, OpenError> {
    let failed = |source| {
        let path = path.to_owned();
        if super::is_full(&source) {
            return OpenError::DiskFull { path };
        }
        OpenError::Open { path, source }
    };
    let mut writer = SqliteConnection::connect_with(options)
        .await
        .map_err(failed)?;
    let row = sqlx::query("select sqlite_version()")
        .fetch_one(&mut writer)
        .await;
    let found: String = row.map_err(failed)?.get(0);
    if version(&found) < SQLITE_LEAST {
        return Err(OpenError::OldSqlite { found });
    }
    let migrator = super::migrator(migrations);
    let done = migrator.run_direct(None, &mut writer, false).await;
    let name = path.display().to_string();
    done.map_err(|error| super::not_migrated(name, error, failed))?;
    Ok(writer)
}

/// Copies the write-ahead log into the file, syncs that and cuts the log to nothing; false = a reader keeps it from that.
///
/// # Errors
/// When the database fails.
pub async fn cut_log(writer: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("pragma wal_checkpoint(truncate)");
    let row = row.fetch_one(writer).await?;
    Ok(row.get::<i64, _>(0) == 0)
}

/// Limits the file's size: the database then says "full" as a full disk would.
///
/// # Errors
/// When the database fails.
pub async fn limit(writer: &mut SqliteConnection, bytes: u64) -> Result<(), sqlx::Error> {
    let pages = bytes.div_ceil(PAGE_BYTES).max(1);
    let sql = format!("pragma max_page_count = {pages}");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .execute(writer)
        .await
        .map(|_| ())
}

fn version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_journal_syncs_fully_and_sqlite_is_new_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut writer = open(&path, &options(&path, SqliteSynchronous::Full), &[])
            .await
            .unwrap();
        let row = sqlx::query("select synchronous, sqlite_version() from pragma_synchronous");
        let row = row.fetch_one(&mut writer).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 2);
        assert!(version(&row.get::<String, _>(1)) >= SQLITE_LEAST);
    }

    #[tokio::test]
    async fn a_newer_database_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let options = options(&path, SqliteSynchronous::Full);
        let two = [("one", "create table a (b)"), ("two", "create table c (d)")];
        drop(open(&path, &options, &two).await.unwrap());
        let error = open(&path, &options, &two[..1]).await.unwrap_err();
        assert!(error.to_string().contains("newer dozvon"), "{error}");
    }

    #[tokio::test]
    async fn a_full_file_is_known_as_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let options = options(&path, SqliteSynchronous::Full);
        let one = [("one", "create table a (b blob)")];
        let mut writer = open(&path, &options, &one).await.unwrap();
        limit(&mut writer, 64 * 1024).await.unwrap();
        let query = sqlx::query("insert into a values (zeroblob(1000000))");
        let error = query.execute(&mut writer).await.unwrap_err();
        assert!(super::super::is_full(&error), "{error}");
    }
}
