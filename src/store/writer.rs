//! One store transaction: a stretch's rows, all of them or nothing, on either database.

use std::iter::{once, once_with};

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use crate::database::postgres::{Retake, Session};
use crate::database::{self, Bind, Db, Fetch as _, on};
use crate::model::{Position, SourceId};

use super::agents_told;
use super::cases;
use super::checkpoint::position;
use super::forms;
use super::ids::SourceIds;
use super::insert_postgres;
use super::insert_sqlite::{self, Statements};
use super::log_sync::LogSync;
use super::rows::{Error, failed};
use super::survey;
use super::table::{Rows, Verb};
use super::write::{self, Ids, Write};

/// Writes the store: one connection, one transaction a stretch.
pub struct StoreWriter {
    pub(super) connection: database::Writer,
    statements: Statements,
    pub(super) ids: SourceIds,
    pub(super) next_row: i64,
    /// Everything up to here is written.
    pub(super) position: Position,
    /// Only SQLite's log needs it.
    log_sync: Option<LogSync>,
}

impl StoreWriter {
    /// Writes by this connection.
    pub(super) fn new(connection: database::Writer) -> Self {
        Self {
            connection,
            statements: Statements::default(),
            ids: SourceIds::default(),
            next_row: 1,
            position: Position(0),
            log_sync: None,
        }
    }

    /// Syncs the write-ahead log ahead of time.
    pub(super) fn with_log_sync(self, log_sync: LogSync) -> Self {
        Self {
            log_sync: Some(log_sync),
            ..self
        }
    }

    /// Writes a stretch, all of it or nothing.
    ///
    /// # Errors
    /// `Error::Full` when there is no room (try again), `Error::Lost` when the connection is gone (`find_out` says what
    /// became of the stretch), else when the database fails.
    pub async fn write(&mut self, write: &Write) -> Result<(), Error> {
        let (ids, new) = self.number(write);
        match self.write_all(write, &ids).await {
            Ok(()) => {
                self.written(write, new);
                Ok(())
            }
            Err(lost @ Error::Lost { .. }) => Err(lost),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// After a lost connection: tries once to have it back, and says whether the stretch is in.
    ///
    /// # Errors
    /// `Error::Lost` when the database is still away; when another dozvon has it, or it fails otherwise.
    pub async fn find_out(&mut self, write: &Write) -> Result<bool, Error> {
        let Some(found) = self.retake().await? else {
            return Ok(false);
        };
        // A rebuild may end where the rows end already: written twice it is the same.
        if found == self.position {
            return Ok(false);
        }
        if found != write.position {
            return Err(Error::TakenOver);
        }
        let (_, new) = self.number(write);
        self.written(write, new);
        Ok(true)
    }

    /// After a connection was lost over something else than a stretch: tries once to have it back.
    ///
    /// # Errors
    /// As `find_out`.
    pub async fn reconnect(&mut self) -> Result<(), Error> {
        match self.retake().await? {
            Some(found) if found != self.position => Err(Error::TakenOver),
            Some(_) | None => Ok(()),
        }
    }

    /// Has a lost session back, and says where the rows stand; an SQLite file cannot go away.
    async fn retake(&mut self) -> Result<Option<Position>, Error> {
        let Db::Postgres(session) = &mut self.connection else {
            return Ok(None);
        };
        let doing = "connect again";
        session.retake().await.map_err(|error| match error {
            Retake::Away(source) => Error::Lost { doing, source },
            Retake::Taken => Error::TakenOver,
            Retake::Refused(error) => Error::Open(error),
        })?;
        Ok(Some(position(session.connection()).await?))
    }

    /// Takes back what is half done.
    pub(super) async fn roll_back(&mut self) {
        on!(self.connection.connection(), connection => database::roll_back(connection).await);
    }

    /// The numbers of sources, and those among them that this stretch brings.
    fn number(&self, write: &Write) -> (Ids, Vec<(SourceId, i64)>) {
        let mut ids = self.ids.all();
        let mut new = Vec::new();
        for source in &write.sources {
            if !ids.contains_key(&source.source) {
                let id = ids.len() as i64 + 1;
                ids.insert(source.source.clone(), id);
                new.push((source.source.clone(), id));
            }
        }
        (ids, new)
    }

    /// Takes note that a stretch is in.
    fn written(&mut self, write: &Write, new: Vec<(SourceId, i64)>) {
        self.next_row += write.settled.len() as i64;
        self.ids.add(new);
        self.position = write.position;
        if let Some(log_sync) = &mut self.log_sync {
            log_sync.handle_written();
        }
    }

    async fn write_all(&mut self, write: &Write, ids: &Ids) -> Result<(), Error> {
        self.begin().await?;
        if write.rebuild {
            let sql = "delete from open_calls";
            self.run(sql, &[], "forget open calls").await?;
        }
        self.delete(write::closed(write, ids)).await?;
        let first = self.next_row;
        let calls = (first..).step_by(write::CALLS_A_PART);
        let calls = calls.zip(write.settled.chunks(write::CALLS_A_PART));
        let calls = calls.flat_map(|(row, part)| write::settled_rows(part, ids, row));
        let keys = once_with(|| write::call_keys(&write.settled, ids, first));
        let others = once_with(|| {
            let rows = write::rows(write, ids).into_iter();
            let rows = rows.chain(agents_told::rows(write, ids));
            let rows = rows.chain(survey::rows(write, ids));
            rows.chain(forms::rows(write)).chain(cases::rows(write))
        });
        let rows = calls.chain(keys).chain(others.flatten());
        self.run_all(Verb::Insert, Box::new(rows)).await?;
        let sql = "update checkpoint set position = $1";
        self.run(sql, &[(write.position.0 as i64).into()], "commit")
            .await?;
        self.run("commit", &[], "commit").await
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        let begin = match &self.connection {
            Db::Sqlite(_) => "begin immediate",
            Db::Postgres(_) => "begin",
        };
        self.run(begin, &[], "begin").await
    }

    pub(super) async fn insert(&mut self, rows: Rows<'_>) -> Result<(), Error> {
        self.run_all(Verb::Insert, Box::new(once(rows))).await
    }

    pub(super) async fn delete(&mut self, keys: Rows<'_>) -> Result<(), Error> {
        self.run_all(Verb::Delete, Box::new(once(keys))).await
    }

    /// Puts or removes rows; the next are made while the database works on those before.
    async fn run_all(&mut self, verb: Verb, mut rows: AllRows<'_>) -> Result<(), Error> {
        match &mut self.connection {
            Db::Sqlite(connection) => {
                let make = || {
                    let rows = rows.next()?;
                    Some((rows.table.doing, self.statements.make(verb, rows)))
                };
                ahead(connection, make).await
            }
            Db::Postgres(session) => {
                let make = || {
                    let rows = rows.next()?;
                    Some((rows.table.doing, insert_postgres::make(verb, &rows)))
                };
                ahead(session, make).await
            }
        }
    }

    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        values: &[Bind<'_>],
        doing: &'static str,
    ) -> Result<(), Error> {
        let done = match &mut self.connection {
            Db::Sqlite(connection) => connection.fetch(sql, values).await.map(drop),
            Db::Postgres(session) => {
                let run = async |connection: &mut PgConnection| connection.fetch(sql, values).await;
                session.answered(run).await.map(drop)
            }
        };
        done.map_err(failed(doing))
    }
}

/// Rows of table after table, made one after the other.
type AllRows<'a> = Box<dyn Iterator<Item = Rows<'a>> + Send + 'a>;

/// Statements of one table, and what a failure of theirs is called.
type Made<M> = (&'static str, Result<Vec<M>, sqlx::Error>);

/// What statements are run on.
trait Runs: Send {
    /// A statement with its values.
    type Statement: Send;

    fn run(
        &mut self,
        statement: Self::Statement,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Runs for SqliteConnection {
    type Statement = insert_sqlite::Made;

    async fn run(&mut self, statement: Self::Statement) -> Result<(), sqlx::Error> {
        statement.run(self).await
    }
}

impl Runs for Session {
    type Statement = insert_postgres::Made;

    async fn run(&mut self, statement: Self::Statement) -> Result<(), sqlx::Error> {
        self.answered(async |connection: &mut _| statement.run(connection).await)
            .await
    }
}

/// Runs what is made, in order, and makes the next while the last of those made runs.
async fn ahead<D: Runs>(
    database: &mut D,
    mut make: impl FnMut() -> Option<Made<D::Statement>> + Send,
) -> Result<(), Error> {
    let mut next = make();
    while let Some((doing, made)) = next.take() {
        let mut made = made.map_err(failed(doing))?.into_iter().peekable();
        if made.peek().is_none() {
            next = make();
        }
        while let Some(statement) = made.next() {
            let is_last = made.peek().is_none();
            let making = async {
                if is_last {
                    next = make();
                }
            };
            let (done, ()) = tokio::join!(database.run(statement), making);
            done.map_err(failed(doing))?;
        }
    }
    Ok(())
}
