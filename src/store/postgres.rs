//! The store in a PostgreSQL database: a session of its own writes, with a lock of its own.

use crate::database::postgres::{Part, Session};
use crate::database::{Db, Migrations, OpenError};

use super::read::{READERS, Store};
use super::stored::Readers;
use super::writer::StoreWriter;

/// The tables, in the order in which they came to be.
const MIGRATIONS: &Migrations = &[
    (
        "store",
        include_str!("../../migrations/postgres/store/0001_store.sql"),
    ),
    (
        "agents_lines",
        include_str!("../../migrations/postgres/store/0002_agents_lines.sql"),
    ),
    (
        "journeys",
        include_str!("../../migrations/postgres/store/0003_journeys.sql"),
    ),
    (
        "rollups",
        include_str!("../../migrations/postgres/store/0004_rollups.sql"),
    ),
    (
        "recompute",
        include_str!("../../migrations/postgres/store/0005_recompute.sql"),
    ),
    (
        "rules_seen",
        include_str!("../../migrations/postgres/store/0006_rules_seen.sql"),
    ),
    (
        "passed_on",
        include_str!("../../migrations/postgres/store/0007_passed_on.sql"),
    ),
    (
        "surveys",
        include_str!("../../migrations/postgres/store/0008_surveys.sql"),
    ),
    (
        "keeping",
        include_str!("../../migrations/postgres/store/0015_keeping.sql"),
    ),
    (
        "views",
        include_str!("../../migrations/postgres/store/0017_views.sql"),
    ),
    (
        "answers",
        include_str!("../../migrations/postgres/store/0020_answers.sql"),
    ),
    (
        "forms",
        include_str!("../../migrations/postgres/store/0021_forms.sql"),
    ),
    (
        "cases",
        include_str!("../../migrations/postgres/store/0022_cases.sql"),
    ),
    (
        "agents' mode",
        include_str!("../../migrations/postgres/store/0023_agents_mode.sql"),
    ),
    (
        "calendars seen",
        include_str!("../../migrations/postgres/store/0024_calendars_seen.sql"),
    ),
    (
        "answers' agents",
        include_str!("../../migrations/postgres/store/0025_answers_agent.sql"),
    ),
    (
        "lines all busy",
        include_str!("../../migrations/postgres/store/0026_lines_all_busy.sql"),
    ),
    (
        "agents' quarters",
        include_str!("../../migrations/postgres/store/0027_agent_quarters.sql"),
    ),
];

impl Store {
    /// Takes a session that holds the store's lock; the one writer and the readers beside it.
    ///
    /// # Errors
    /// When the tables are newer than this dozvon, or the database fails.
    pub async fn on_postgres(
        mut session: Session,
        reading: Readers,
    ) -> Result<(Self, StoreWriter), OpenError> {
        session.migrate(MIGRATIONS).await?;
        let readers = session.server().readers(Part::Store, READERS);
        let writer = StoreWriter::new(Db::Postgres(session));
        Ok((Self::new(Db::Postgres(readers), reading, &writer), writer))
    }
}
