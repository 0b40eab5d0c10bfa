//! What is done to the journal beside commits: by the same one writer, a transaction each.
//!
//! Positions, marks, gaps and epochs stay whatever is done: a row is rewritten under the positions that it has, and what
//! was trimmed is known to have been there. When the connection is lost over a chore, who asked is told so and asks again:
//! every chore done twice is the same.

use sqlx::postgres::PgConnection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::database::{self, Bind, Db, Fetch as _};
use crate::model::Position;

use super::database::{Database, Error, failed};
use super::writer::Writer;

/// What the writer is asked to do.
#[derive(Debug)]
pub enum Chore {
    /// Write other bytes into the rows that begin at these positions; they hold as many positions as before.
    Rewrite(Vec<(Position, Vec<u8>)>),
    /// Remove the rows up to this one, which ends there.
    Trim(Position),
    /// Leave nothing of what was removed in SQLite's files (`Reader::vacuum` does what can be done on PostgreSQL).
    Clean,
}

/// A chore, and who waits for it.
#[derive(Debug)]
pub(super) struct Asked {
    chore: Chore,
    reply: oneshot::Sender<Result<(), Error>>,
}

/// The way to the journal's writer, for chores; cheap to clone. The writer ends when its other handles are gone.
#[derive(Clone, Debug)]
pub struct Chores {
    asked: mpsc::Sender<Asked>,
    end: watch::Receiver<Position>,
}

impl Chores {
    pub(super) fn new(asked: mpsc::Sender<Asked>, end: watch::Receiver<Position>) -> Self {
        Self { asked, end }
    }

    /// Everything up to here is committed.
    pub fn committed(&self) -> Position {
        *self.end.borrow()
    }

    /// Has a chore done; `None` = the writer has stopped.
    ///
    /// # Errors
    /// When the database fails, is full or is lost.
    pub async fn ask(&self, chore: Chore) -> Result<Option<()>, Error> {
        let (reply, answer) = oneshot::channel();
        if self.asked.send(Asked { chore, reply }).await.is_err() {
            return Ok(None);
        }
        answer.await.ok().transpose()
    }
}

impl Writer {
    /// Does a chore and tells who asked; a lost connection is waited for. False = everybody has gone meanwhile.
    pub(super) async fn serve(&mut self, asked: Asked) -> Result<bool, Error> {
        let done = self.database.perform(&asked.chore).await;
        let Err(lost @ Error::Lost { .. }) = done else {
            // Whoever has gone need not know.
            drop(asked.reply.send(done));
            return Ok(true);
        };
        let resumed = self.resume(&lost).await;
        drop(asked.reply.send(Err(lost)));
        resumed
    }
}

impl Database {
    async fn perform(&mut self, chore: &Chore) -> Result<(), Error> {
        match chore {
            Chore::Rewrite(rows) => {
                self.run("begin", &[]).await?;
                for (first, body) in rows {
                    let sql = "update journal set body = $1 where first_position = $2";
                    let values = [body.as_slice().into(), (first.0 as i64).into()];
                    self.run(sql, &values).await?;
                }
                self.run("commit", &[]).await
            }
            Chore::Trim(last) => {
                let last = [(last.0 as i64).into()];
                self.run("begin", &[]).await?;
                let sql = "delete from journal where first_position <= $1";
                self.run(sql, &last).await?;
                let sql = "update trimmed set position = $1";
                self.run(sql, &last).await?;
                self.run("commit", &[]).await
            }
            Chore::Clean => {
                let Db::Sqlite(writer) = &mut self.writer else {
                    return Ok(());
                };
                match database::sqlite::cut_log(writer).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(Error::Busy),
                    Err(error) => Err(failed("cut its log")(error)),
                }
            }
        }
    }

    /// Runs one statement of a chore; when it fails, what was begun is rolled back.
    async fn run(&mut self, sql: &'static str, values: &[Bind<'_>]) -> Result<(), Error> {
        let done = match &mut self.writer {
            Db::Sqlite(writer) => writer.fetch(sql, values).await.map(drop),
            Db::Postgres(session) => {
                let run = async |connection: &mut PgConnection| {
                    let done = connection.fetch(sql, values).await.map(drop);
                    if done.is_err() && sql != "begin" {
                        database::roll_back(connection).await;
                    }
                    done
                };
                session.answered(run).await
            }
        };
        if done.is_err()
            && let Db::Sqlite(writer) = &mut self.writer
        {
            database::roll_back(writer).await;
        }
        done.map_err(failed("look after its rows"))
    }
}
