//! One commit: what a group of submissions adds to the database.

use std::collections::BTreeMap;

use crate::database::Db;
use crate::model::{EpochIndex, Position, Timestamp};

use super::database::{Database, Error};
use super::marks::Numbering;
use super::writer::RejectedEvent;
use super::{postgres, sqlite};

/// One row of the journal.
pub(super) struct Body {
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) bytes: Vec<u8>,
}

/// What one commit writes.
pub(super) struct Commit<'a> {
    /// The row; `None` when only marks move.
    pub(super) body: Option<&'a Body>,
    pub(super) committed_at: Timestamp,
    /// Numberings that moved.
    pub(super) marks: Vec<(EpochIndex, &'a Numbering)>,
    /// Numberings whose gaps changed.
    pub(super) gaps: Vec<(EpochIndex, &'a Numbering)>,
    pub(super) rejected: &'a BTreeMap<EpochIndex, Vec<RejectedEvent>>,
}

impl Database {
    /// Writes a commit; when this returns well, it is synced.
    pub(super) async fn commit(&mut self, commit: &Commit<'_>) -> Result<(), Error> {
        let done = match &mut self.writer {
            Db::Sqlite(writer) => sqlite::commit(writer, commit).await,
            Db::Postgres(session) => postgres::commit(session, commit).await,
        };
        self.after(done, "commit").await
    }
}
