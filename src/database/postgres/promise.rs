//! What a server promises: looked at before anything is written, and held on to for the session.

use sqlx::postgres::PgConnection;

use super::super::row::Columns as _;
use super::Backend;

/// The first version that has all we use, as `server_version_num`.
const VERSION_LEAST: i64 = 140_000;

/// What was found out about a server.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) backend: Backend,
    /// It is a replica, or its sessions may only read.
    pub(super) read_only: bool,
    version: i64,
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    encoding: String,
}

impl Found {
    /// Asks the server.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let sql = "select current_setting('server_version_num')::bigint, current_setting('fsync'),
            current_setting('full_page_writes'), current_setting('synchronous_commit'),
            (pg_is_in_recovery() or current_setting('transaction_read_only') = 'on')::int::bigint,
            pg_backend_pid()::bigint,
            coalesce((select (extract(epoch from backend_start) * 1000000)::bigint
                from pg_stat_activity where pid = pg_backend_pid()), 0),
            current_setting('server_encoding')";
        let row = sqlx::query(sql).fetch_one(connection).await?;
        Ok(Self {
            version: row.int(0),
            fsync: row.text(1).to_owned(),
            full_page_writes: row.text(2).to_owned(),
            synchronous_commit: row.text(3).to_owned(),
            read_only: row.flag(4),
            backend: (row.int(5), row.int(6)),
            encoding: row.text(7).to_owned(),
        })
    }

    /// What forbids to promise durability, and what to do about it; `None` = nothing.
    pub(super) fn fault(&self) -> Option<String> {
        if self.version < VERSION_LEAST {
            let (major, minor) = (self.version / 10_000, self.version % 10_000);
            return Some(format!(
                "it is PostgreSQL {major}.{minor}; take 14 or newer"
            ));
        }
        for (name, value) in [
            ("fsync", &self.fsync),
            ("full_page_writes", &self.full_page_writes),
        ] {
            if value == "off" {
                return Some(format!(
                    "{name} is off, so a crash could lose what was acked; set {name} = on in postgresql.conf and reload"
                ));
            }
        }
        if self.synchronous_commit == "off" {
            return Some(
                "synchronous_commit is off, so a crash could lose what was acked; set it on, in postgresql.conf or \
                 where it was set for this database or user (alter database … or alter role … reset synchronous_commit)"
                    .to_owned(),
            );
        }
        if self.encoding != "UTF8" {
            let encoding = &self.encoding;
            return Some(format!(
                "its texts are {encoding}, which cannot hold every name; make it with encoding UTF8"
            ));
        }
        None
    }
}

/// Holds the session to the way of committing that was found: a change of the server's configuration meanwhile cannot
/// turn it off. A stronger one than `on` stays.
pub(super) async fn pin(connection: &mut PgConnection, found: &Found) -> Result<(), sqlx::Error> {
    let sql = "select set_config('synchronous_commit', $1, false)";
    let query = sqlx::query(sql).bind(&found.synchronous_commit);
    query.fetch_one(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe() -> Found {
        Found {
            backend: (1, 1),
            version: 140_000,
            fsync: "on".into(),
            full_page_writes: "on".into(),
            synchronous_commit: "on".into(),
            encoding: "UTF8".into(),
            read_only: false,
        }
    }

    #[test]
    fn a_safe_server_is_taken_and_a_stronger_one_too() {
        assert_eq!(safe().fault(), None);
        let synchronous_commit = "remote_apply".into();
        let stronger = Found {
            synchronous_commit,
            ..safe()
        };
        assert_eq!(stronger.fault(), None);
    }

    #[test]
    fn each_thing_that_forbids_the_promise_is_named_with_what_to_do() {
        let off = || "off".to_owned();
        let cases = [
            (
                Found {
                    version: 130_014,
                    ..safe()
                },
                "13.14; take 14",
            ),
            (
                Found {
                    fsync: off(),
                    ..safe()
                },
                "set fsync = on",
            ),
            (
                Found {
                    full_page_writes: off(),
                    ..safe()
                },
                "set full_page_writes = on",
            ),
            (
                Found {
                    synchronous_commit: off(),
                    ..safe()
                },
                "synchronous_commit is off",
            ),
            (
                Found {
                    encoding: "SQL_ASCII".into(),
                    ..safe()
                },
                "SQL_ASCII",
            ),
        ];
        for (found, words) in cases {
            let fault = found.fault().unwrap_or_default();
            assert!(fault.contains(words), "{words:?} in {fault:?}");
        }
    }
}
