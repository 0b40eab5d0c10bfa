//! The store in an SQLite file: WAL without a sync of its own, one connection that writes.

use std::path::Path;

use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};

use crate::database::{Db, Migrations, OpenError, sqlite};

use super::insert_sqlite::STATEMENTS_KEPT;
use super::log_sync::LogSync;
use super::read::{READERS, Store};
use super::stored::Readers;
use super::writer::StoreWriter;

/// Pages of write-ahead log before they are copied into the file: the pages a stretch changes again and again (keys,
/// open calls, sources) are then copied once for many stretches. 8,000 pages are 32 MB.
const CHECKPOINT_PAGES: &str = "8000";
/// Memory for the writer's pages, in SQLite's words: 64 MB. A transaction that does not fit is written twice.
const CACHE_SIZE: &str = "-64000";

/// The tables, in the order in which they came to be.
pub(super) const MIGRATIONS: &Migrations = &[
    (
        "store",
        include_str!("../../migrations/sqlite/store/0001_store.sql"),
    ),
    (
        "agents_lines",
        include_str!("../../migrations/sqlite/store/0002_agents_lines.sql"),
    ),
    (
        "journeys",
        include_str!("../../migrations/sqlite/store/0003_journeys.sql"),
    ),
    (
        "rollups",
        include_str!("../../migrations/sqlite/store/0004_rollups.sql"),
    ),
    (
        "recompute",
        include_str!("../../migrations/sqlite/store/0005_recompute.sql"),
    ),
    (
        "rules_seen",
        include_str!("../../migrations/sqlite/store/0006_rules_seen.sql"),
    ),
    (
        "passed_on",
        include_str!("../../migrations/sqlite/store/0007_passed_on.sql"),
    ),
    (
        "surveys",
        include_str!("../../migrations/sqlite/store/0008_surveys.sql"),
    ),
    (
        "keeping",
        include_str!("../../migrations/sqlite/store/0015_keeping.sql"),
    ),
    (
        "views",
        include_str!("../../migrations/sqlite/store/0017_views.sql"),
    ),
    (
        "answers",
        include_str!("../../migrations/sqlite/store/0020_answers.sql"),
    ),
    (
        "forms",
        include_str!("../../migrations/sqlite/store/0021_forms.sql"),
    ),
    (
        "cases",
        include_str!("../../migrations/sqlite/store/0022_cases.sql"),
    ),
    (
        "agents' mode",
        include_str!("../../migrations/sqlite/store/0023_agents_mode.sql"),
    ),
    (
        "calendars seen",
        include_str!("../../migrations/sqlite/store/0024_calendars_seen.sql"),
    ),
    (
        "answers' agents",
        include_str!("../../migrations/sqlite/store/0025_answers_agent.sql"),
    ),
    (
        "lines all busy",
        include_str!("../../migrations/sqlite/store/0026_lines_all_busy.sql"),
    ),
    (
        "agents' quarters",
        include_str!("../../migrations/sqlite/store/0027_agent_quarters.sql"),
    ),
];

impl Store {
    /// Opens or makes the file; the one writer and the readers beside it.
    ///
    /// # Errors
    /// When it cannot be opened, is newer than this dozvon, or SQLite is too old.
    pub async fn open(path: &Path, reading: Readers) -> Result<(Self, StoreWriter), OpenError> {
        let options = sqlite::options(path, SqliteSynchronous::Normal)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let writing = options.clone().pragma("cache_size", CACHE_SIZE);
        let connection = sqlite::open(path, &writing, MIGRATIONS).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        let writer = StoreWriter::new(Db::Sqlite(connection)).with_log_sync(LogSync::of(path));
        Ok((Self::new(Db::Sqlite(readers), reading, &writer), writer))
    }
}

#[cfg(test)]
#[path = "sqlite_test.rs"]
mod tests;
