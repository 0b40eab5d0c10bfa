//! The store in a PostgreSQL database: a session of its own writes, with a lock of its own.

use crate::database::postgres::{Part, Session};
use crate::database::{Db, Migrations, OpenError};

use super::read::{OpenReader, Store};
use super::write::StoreWriter;

/// Reports that may read at the same time.
const READERS: u32 = 4;

const MIGRATIONS: &Migrations = &[(
    "store",
    include_str!("../../migrations/postgres/store/0001_store.sql"),
)];

impl Store {
    /// Takes a session that holds the store's lock; the one writer and the readers beside it.
    ///
    /// # Errors
    /// When the tables are newer than this dozvon, or the database fails.
    pub async fn on_postgres(
        mut session: Session,
        open_reader: OpenReader,
    ) -> Result<(Self, StoreWriter), OpenError> {
        session.migrate(MIGRATIONS).await?;
        let readers = session.server().readers(Part::Store, READERS);
        let writer = StoreWriter::new(Db::Postgres(session));
        Ok((
            Self::new(Db::Postgres(readers), open_reader, &writer),
            writer,
        ))
    }
}
