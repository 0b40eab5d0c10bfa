//! One commit: what a group of submissions adds to the database, and how it is written in one trip.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite};

use crate::model::{EpochIndex, Position, Timestamp};

use super::marks::Numbering;
use super::sqlite::{Database, Error};
use super::writer::RejectedEvent;

/// What one commit writes.
pub(super) struct Commit<'a> {
    /// First and last position, and the row's bytes; `None` when only marks move.
    pub(super) row: Option<(Position, Position, Vec<u8>)>,
    pub(super) committed_at: Timestamp,
    /// Numberings that moved.
    pub(super) marks: Vec<(EpochIndex, &'a Numbering)>,
    /// Numberings whose gaps changed.
    pub(super) gaps: Vec<(EpochIndex, &'a Numbering)>,
    pub(super) rejected: &'a BTreeMap<EpochIndex, Vec<RejectedEvent>>,
}

impl Database {
    /// Writes a commit; when this returns well, it is synced.
    pub(super) async fn commit(&mut self, commit: Commit<'_>) -> Result<(), Error> {
        let mut sql = QueryBuilder::<Sqlite>::new("begin immediate; ");
        if let Some((first, last, body)) = commit.row {
            sql.push(
                "insert into journal (first_position, last_position, committed_at, body) values (",
            );
            sql.push_bind(first.0 as i64)
                .push(", ")
                .push_bind(last.0 as i64)
                .push(", ");
            sql.push_bind(commit.committed_at.as_micros())
                .push(", ")
                .push_bind(body)
                .push("); ");
        }
        if !commit.marks.is_empty() {
            sql.push("insert into marks (epoch_id, mark, digest, rejected) ");
            sql.push_values(commit.marks, |mut row, (epoch, numbering)| {
                row.push_bind(epoch.0)
                    .push_bind(numbering.mark as i64)
                    .push_bind(numbering.digest.0 as i64)
                    .push_bind(numbering.rejected as i64);
            });
            sql.push(
                " on conflict (epoch_id) do update set mark = excluded.mark, \
                 digest = excluded.digest, rejected = excluded.rejected; ",
            );
        }
        for (epoch, numbering) in commit.gaps {
            sql.push("delete from gaps where epoch_id = ")
                .push_bind(epoch.0)
                .push("; ");
            if numbering.missing() > 0 {
                sql.push("insert into gaps (epoch_id, first_sequence, last_sequence) ");
                sql.push_values(numbering.gaps(), |mut row, gap| {
                    row.push_bind(epoch.0)
                        .push_bind(gap.first as i64)
                        .push_bind(gap.last as i64);
                });
                sql.push("; ");
            }
        }
        for (epoch, rejected) in commit.rejected {
            for event in rejected {
                sql.push("insert or ignore into rejections values (")
                    .push_bind(epoch.0)
                    .push(", ");
                sql.push_bind(event.sequence as i64)
                    .push(", ")
                    .push_bind(event.reason)
                    .push(", ");
                sql.push_bind(event.field)
                    .push(", ")
                    .push_bind(event.message.clone())
                    .push("); ");
            }
        }
        sql.push("commit");
        let done = sql.build().execute(&mut self.writer).await.map(|_| ());
        self.after(done, "commit").await
    }
}
