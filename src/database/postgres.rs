//! A PostgreSQL database of ours: how its sessions are opened, what they hold, and how a lost one is taken up again.
//!
//! Each part writes through one session that holds an advisory lock of the server: a session that ends lets go of it,
//! whatever ended it, and nobody writes without it. So a second dozvon is kept out, one that lost its connection cannot
//! go on writing beside the one that took over, and whoever has the lock knows that nothing of the one before is still
//! under way.

mod pooler;
mod promise;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use super::row::Columns as _;
use super::{Migrations, OpenError, migrator, not_migrated};
use promise::Found;

/// The first half of our locks' keys: "dozv". The server keeps the locks of each database apart.
const LOCK_CLASS: i32 = i32::from_be_bytes(*b"dozv");
/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a statement may go unanswered before its connection is taken for lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a reader may wait for a connection.
const READER_WITHIN: Duration = Duration::from_secs(3);
/// How often the lock is asked for while our own lost session ends.
const RETRY: Duration = Duration::from_millis(50);
/// How often it is asked for at the most.
const TRIES: usize = 40;

/// What every session of ours is told. Limits that a server's owner sets for people must not end a writer's statement;
/// a machine that vanished must not keep the lock for hours, as the usual keepalive would let it.
const SETTINGS: [(&str, &str); 10] = [
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "5"),
    ("tcp_user_timeout", "10000"),
    ("client_min_messages", "warning"),
];

/// A part of dozvon in the database: its tables lie in a schema of their own, its writer has a lock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The journal.
    Journal = 1,
    /// The store.
    Store = 2,
}

impl Part {
    fn schema(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Store => "store",
        }
    }
}

/// Where a database is, and how to get in.
#[derive(Clone, Debug)]
pub struct Server {
    options: PgConnectOptions,
}

impl Server {
    /// Reads the database's URL.
    ///
    /// # Errors
    /// When it is no URL of PostgreSQL; what is said does not repeat it, for it may hold a password.
    pub fn new(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("dozvon")
            // We read no such numbers, and a pooler knows no such parameter.
            .extra_float_digits(None)
            .disable_statement_logging();
        Ok(Self { options })
    }

    /// Its name for people: where it is, without a password.
    pub fn name(&self) -> String {
        let options = &self.options;
        let database = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(socket) => format!("{database} at {}", socket.display()),
            None => format!(
                "{database} at {}:{}",
                options.get_host(),
                options.get_port()
            ),
        }
    }

    fn unreachable(&self, source: sqlx::Error) -> OpenError {
        OpenError::Unreachable {
            name: self.name(),
            source,
        }
    }

    /// Connections for reading a part's tables, opened as they are needed.
    pub fn readers(&self, part: Part, connections_max: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(READER_WITHIN)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    set(connection, part).await?;
                    let sql = "set default_transaction_read_only = on";
                    sqlx::query(sql).execute(connection).await.map(drop)
                })
            })
            .connect_lazy_with(self.options.clone())
    }
}

/// Who a session is to the server: its process and when that began.
type Backend = (i64, i64);

/// A session that writes: its connection, and what it takes to have another like it.
#[derive(Debug)]
pub struct Session {
    server: Server,
    part: Part,
    connection: PgConnection,
    backend: Backend,
}

/// Why a lost session is not taken up again.
#[derive(Debug)]
pub enum Retake {
    /// The server cannot be reached; trying again later helps.
    Away(sqlx::Error),
    /// Another dozvon has the lock.
    Taken,
    /// The server is no longer one to promise durability on.
    Refused(OpenError),
}

impl Session {
    /// Opens a session, after looking at whether it will be ours and at what the server promises. The lock is still to be
    /// taken.
    ///
    /// # Errors
    /// When the server cannot be reached, or is not one to promise durability on, or a pooler gives our session to others.
    pub async fn open(server: &Server, part: Part) -> Result<Self, OpenError> {
        let looking = pooler::lends_by_transaction(&server.options);
        let is_lent = within(CONNECT_WITHIN, looking).await;
        let is_lent = is_lent.map_err(|source| server.unreachable(source))?;
        if is_lent {
            let name = server.name();
            return Err(OpenError::Pooled { name });
        }
        Self::connect(server, part).await
    }

    /// Opens a session, after looking at what the server promises.
    async fn connect(server: &Server, part: Part) -> Result<Self, OpenError> {
        let unreachable = |source| server.unreachable(source);
        let connecting = PgConnection::connect_with(&server.options);
        let connection = within(CONNECT_WITHIN, connecting).await;
        let mut connection = connection.map_err(unreachable)?;
        let found = within(CONNECT_WITHIN, Found::read(&mut connection)).await;
        let found = found.map_err(unreachable)?;
        if let Some(fault) = found.fault() {
            let name = server.name();
            return Err(OpenError::Unsafe { name, fault });
        }
        if found.read_only {
            let name = server.name();
            return Err(OpenError::ReadOnly { name });
        }
        let set_up = async {
            set(&mut connection, part).await?;
            promise::pin(&mut connection, &found).await
        };
        within(CONNECT_WITHIN, set_up).await.map_err(unreachable)?;
        Ok(Self {
            server: server.clone(),
            part,
            connection,
            backend: found.backend,
        })
    }

    /// Where the database is.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The connection.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Runs a statement, or several; an answer that does not come is a lost connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answered<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        within(ANSWER_WITHIN, ask(&mut self.connection)).await
    }

    /// Takes the part's lock for as long as the session lives; false = another session has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_lock(&mut self) -> Result<bool, sqlx::Error> {
        let sql = "select pg_try_advisory_lock($1, $2)::int::bigint";
        let query = sqlx::query(sql).bind(LOCK_CLASS).bind(self.part as i32);
        let row = within(CONNECT_WITHIN, query.fetch_one(&mut self.connection)).await?;
        Ok(row.flag(0))
    }

    /// Brings the part's tables up to date.
    ///
    /// # Errors
    /// When they are newer than this dozvon, or the database fails.
    pub async fn migrate(&mut self, migrations: &Migrations) -> Result<(), OpenError> {
        let name = self.server.name();
        let failed = |source| OpenError::Unreachable {
            name: name.clone(),
            source,
        };
        let schema = self.part.schema();
        let sql = "select count(*) from pg_namespace where nspname = $1";
        let query = sqlx::query(sql).bind(schema);
        let there = query.fetch_one(&mut self.connection).await;
        if there.map_err(failed)?.int(0) == 0 {
            let sql = match self.part {
                Part::Journal => "create schema journal",
                Part::Store => "create schema store",
            };
            let made = sqlx::query(sql).execute(&mut self.connection).await;
            made.map_err(failed)?;
        }
        let done = migrator(migrations)
            .run_direct(None, &mut self.connection, false)
            .await;
        done.map_err(|error| not_migrated(name.clone(), error, failed))
    }

    /// Opens another session in the place of a lost one, and takes the lock again.
    ///
    /// What the lost session was still doing has come to its end when this returns well: only then is the lock free.
    ///
    /// # Errors
    /// When the server is away, another dozvon has the lock, or the server is no longer safe.
    pub async fn retake(&mut self) -> Result<(), Retake> {
        let refused = |error: OpenError| match error {
            OpenError::Unreachable { source, .. } => Retake::Away(source),
            read_only @ OpenError::ReadOnly { .. } => {
                Retake::Away(sqlx::Error::Protocol(read_only.to_string()))
            }
            other @ (OpenError::Open { .. }
            | OpenError::DiskFull { .. }
            | OpenError::Newer { .. }
            | OpenError::OldSqlite { .. }
            | OpenError::Unsafe { .. }
            | OpenError::Pooled { .. }) => Retake::Refused(other),
        };
        let mut session = Self::connect(&self.server, self.part)
            .await
            .map_err(refused)?;
        for _ in 0..TRIES {
            if session.try_lock().await.map_err(Retake::Away)? {
                *self = session;
                return Ok(());
            }
            match session.holder().await.map_err(Retake::Away)? {
                // The server has not noticed yet that our own connection is gone.
                Some(holder) if holder == self.backend => {
                    let end = sqlx::query("select pg_terminate_backend($1)");
                    let end = end.bind(self.backend.0 as i32);
                    let ended = within(CONNECT_WITHIN, end.execute(&mut session.connection));
                    ended.await.map_err(Retake::Away)?;
                }
                Some(_) => return Err(Retake::Taken),
                None => {}
            }
            tokio::time::sleep(RETRY).await;
        }
        Err(Retake::Away(timed_out()))
    }

    /// Who has the lock.
    async fn holder(&mut self) -> Result<Option<Backend>, sqlx::Error> {
        let sql = "select l.pid::bigint,
                coalesce((extract(epoch from a.backend_start) * 1000000)::bigint, 0)
            from pg_locks l left join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.granted and l.objsubid = 2
                and l.classid = $1::bigint::oid and l.objid = $2::bigint::oid
                and l.database = (select oid from pg_database where datname = current_database())";
        let query = sqlx::query(sql)
            .bind(i64::from(LOCK_CLASS))
            .bind(self.part as i64);
        let row = within(CONNECT_WITHIN, query.fetch_optional(&mut self.connection));
        Ok(row.await?.map(|row| (row.int(0), row.int(1))))
    }
}

/// Says where the part's tables are and how the session behaves. What an older server does not know is left out.
async fn set(connection: &mut PgConnection, part: Part) -> Result<(), sqlx::Error> {
    let (names, values): (Vec<&str>, Vec<&str>) = SETTINGS
        .into_iter()
        .chain([("search_path", part.schema())])
        .unzip();
    let sql = "select set_config(s.name, w.value, false)
        from unnest($1::text[], $2::text[]) as w (name, value) join pg_settings s using (name)";
    let query = sqlx::query(sql).bind(names).bind(values);
    query.fetch_all(connection).await.map(drop)
}

async fn within<T>(
    span: Duration,
    doing: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let done = tokio::time::timeout(span, doing).await;
    done.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_place_and_no_password() {
        let name = |url: &str| Server::new(url).unwrap().name();
        assert_eq!(
            name("postgres://u:secret@db.example:5433/calls"),
            "calls at db.example:5433"
        );
        assert_eq!(
            name("postgres://u@localhost/calls?host=/run/postgresql"),
            "calls at /run/postgresql"
        );
        // As everywhere, the database is the user's own when none is named.
        assert_eq!(
            name("postgres://u:secret@db.example:5433"),
            "u at db.example:5433"
        );
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        let error = Server::new("postgres://u:secret@host:port/db").unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
