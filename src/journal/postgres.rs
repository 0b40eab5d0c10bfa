//! The journal in a PostgreSQL database: the session that commits is the one that holds the lock.

use sqlx::postgres::PgConnection;

use crate::database::postgres::{Part, Session};
use crate::database::{Db, Migrations};
use crate::model::{EpochIndex, EpochName, SourceId};

use super::commit::Commit;
use super::database::{Database, Error, failed};
use super::sqlite::name_columns;

const MIGRATIONS: &Migrations = &[
    (
        "journal",
        include_str!("../../migrations/postgres/journal/0001_journal.sql"),
    ),
    (
        "trimmed",
        include_str!("../../migrations/postgres/journal/0002_trimmed.sql"),
    ),
];
/// Readers beside the writer.
const READERS: u32 = 2;

/// Row and marks: what nearly every commit is.
const COMMIT: &str = "
    with journaled as (
        insert into journal (first_position, last_position, committed_at, body)
        select $1, $2, $3, $4 where $1 is not null)
    insert into marks (epoch_id, mark, digest, rejected)
    select * from unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    on conflict (epoch_id) do update set mark = excluded.mark, digest = excluded.digest,
        rejected = excluded.rejected";

/// The same with gaps and rejections. No row is touched twice: a gap that stays is never removed first.
const COMMIT_ALL: &str = "
    with journaled as (
        insert into journal (first_position, last_position, committed_at, body)
        select $1, $2, $3, $4 where $1 is not null),
    given as (
        select * from unnest($10::bigint[], $11::bigint[], $12::bigint[])
            as given (epoch_id, first_sequence, last_sequence)),
    filled as (
        delete from gaps where epoch_id = any($9::bigint[]) and not exists (
            select from given where given.epoch_id = gaps.epoch_id
                and given.first_sequence = gaps.first_sequence)),
    opened as (
        insert into gaps (epoch_id, first_sequence, last_sequence) select * from given
        on conflict (epoch_id, first_sequence) do update
            set last_sequence = excluded.last_sequence),
    rejected as (
        insert into rejections (epoch_id, sequence, reason, field, message)
        select * from unnest($13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::text[])
        on conflict do nothing)
    insert into marks (epoch_id, mark, digest, rejected)
    select * from unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    on conflict (epoch_id) do update set mark = excluded.mark, digest = excluded.digest,
        rejected = excluded.rejected";

impl Database {
    /// Takes a session that holds the journal's lock, and brings the tables up to date.
    ///
    /// # Errors
    /// When they are newer than this dozvon, or the database fails.
    pub async fn on_postgres(mut session: Session) -> Result<Self, Error> {
        session.migrate(MIGRATIONS).await?;
        let readers = session.server().readers(Part::Journal, READERS);
        Ok(Self {
            writer: Db::Postgres(session),
            readers: Db::Postgres(readers),
        })
    }

    /// Asks whether the session that holds the lock still lives. An SQLite file cannot go away.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn check_session(&mut self) -> Result<(), Error> {
        let Db::Postgres(session) = &mut self.writer else {
            return Ok(());
        };
        let ask =
            async |connection: &mut PgConnection| sqlx::query("select 1").execute(connection).await;
        session
            .answered(ask)
            .await
            .map(drop)
            .map_err(failed("reach its database"))
    }
}

/// Writes a commit, in one trip: one statement, a transaction by itself.
pub(super) async fn commit(session: &mut Session, commit: &Commit<'_>) -> Result<(), sqlx::Error> {
    let all = !commit.gaps.is_empty() || commit.rejected.values().any(|of| !of.is_empty());
    let body = commit.body;
    let marks = &commit.marks;
    let mark = |value: fn(&super::marks::Numbering) -> u64| -> Vec<i64> {
        marks
            .iter()
            .map(|(_, numbering)| value(numbering) as i64)
            .collect()
    };
    let mut query = sqlx::query(if all { COMMIT_ALL } else { COMMIT })
        .bind(body.map(|body| body.first.0 as i64))
        .bind(body.map(|body| body.last.0 as i64))
        .bind(commit.committed_at.as_micros())
        .bind(body.map(|body| body.bytes.as_slice()))
        .bind(epochs(marks.iter().map(|(epoch, _)| epoch)))
        .bind(mark(|numbering| numbering.mark))
        .bind(mark(|numbering| numbering.digest.0))
        .bind(mark(|numbering| numbering.rejected));
    if all {
        let gaps: Vec<_> = commit
            .gaps
            .iter()
            .flat_map(|(epoch, numbering)| numbering.gaps().map(move |gap| (epoch, gap)))
            .collect();
        let rejected: Vec<_> = commit
            .rejected
            .iter()
            .flat_map(|(epoch, events)| events.iter().map(move |event| (epoch, event)))
            .collect();
        let number = |number: u64| number as i64;
        let of_gaps = gaps.iter().map(|(_, gap)| gap);
        let events = rejected.iter().map(|(_, event)| event);
        // What a sender wrote may hold the one character that PostgreSQL's texts cannot.
        let messages = events
            .clone()
            .map(|event| event.message.replace('\0', "\u{fffd}"));
        query = query
            .bind(epochs(commit.gaps.iter().map(|(epoch, _)| epoch)))
            .bind(epochs(gaps.iter().map(|(epoch, _)| *epoch)))
            .bind(
                of_gaps
                    .clone()
                    .map(|gap| number(gap.first))
                    .collect::<Vec<_>>(),
            )
            .bind(of_gaps.map(|gap| number(gap.last)).collect::<Vec<_>>())
            .bind(epochs(rejected.iter().map(|(epoch, _)| *epoch)))
            .bind(
                events
                    .clone()
                    .map(|event| number(event.sequence))
                    .collect::<Vec<_>>(),
            )
            .bind(events.clone().map(|event| event.reason).collect::<Vec<_>>())
            .bind(events.map(|event| event.field).collect::<Vec<_>>())
            .bind(messages.collect::<Vec<_>>());
    }
    let done =
        session.answered(async |connection: &mut PgConnection| query.execute(connection).await);
    done.await.map(drop)
}

fn epochs<'a>(epochs: impl Iterator<Item = &'a EpochIndex>) -> Vec<i64> {
    epochs.map(|epoch| i64::from(epoch.0)).collect()
}

/// Notes a new epoch, and its source when that is new too.
pub(super) async fn add_epoch(
    session: &mut Session,
    source: &SourceId,
    epoch: EpochIndex,
    name: &EpochName,
) -> Result<(), sqlx::Error> {
    let (spool, content) = name_columns(name);
    let sql = "
        with added as (
            insert into sources (name) values ($1) on conflict (name) do nothing
            returning source_id),
        owner as (
            select source_id from added union all select source_id from sources where name = $1),
        begun as (
            insert into epochs (epoch_id, source_id, spool, content)
            select $2, source_id, $3, $4 from owner returning epoch_id)
        insert into marks (epoch_id, mark, digest, rejected) select epoch_id, 0, 0, 0 from begun";
    let query = sqlx::query(sql)
        .bind(source.as_str())
        .bind(i64::from(epoch.0))
        .bind(spool)
        .bind(content);
    let done =
        session.answered(async |connection: &mut PgConnection| query.execute(connection).await);
    done.await.map(drop)
}
