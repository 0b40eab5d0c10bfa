//! Starts on a PostgreSQL server that cannot promise durability, or is not there: one line that says which and what to do.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

use super::own;
use crate::start::{on_files, refused, serve};

async fn started_on(url: &str) -> crate::harness::Said {
    let folder = TempDir::new().unwrap();
    let mut command = on_files(&folder.path().join("data"));
    command.args(["--database", url]);
    serve(command, &[]).await
}

#[tokio::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn settings_that_lose_what_was_acked_are_refused_by_name() {
    for (setting, words) in [
        ("fsync", "set fsync = on"),
        ("full_page_writes", "set full_page_writes = on"),
        ("synchronous_commit", "set it on"),
    ] {
        let (_server, database) = own(&[&format!("{setting}=off")]);
        let said = started_on(&database.url()).await;
        refused(&said, 1, &[setting, "off", words]);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn settings_of_a_database_count_as_those_of_the_server() {
    let (_server, database) = own(&[]);
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    for (setting, words) in [
        ("synchronous_commit = off", "synchronous_commit is off"),
        ("default_transaction_read_only = on", "read-only"),
    ] {
        for (verb, accepted) in [("set", false), ("reset", true)] {
            let what = if accepted {
                setting.split(' ').next().unwrap()
            } else {
                setting
            };
            let sql = format!("alter database {} {verb} {what}", database.name());
            // A session whose default is read-only may still change that.
            let sql = format!("begin read write; {sql}; commit");
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut connection)
                .await
                .unwrap();
            if !accepted {
                refused(&started_on(&database.url()).await, 1, &[words]);
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_database_that_cannot_hold_every_name_is_refused() {
    let (_server, database) = own(&[]);
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let sql = "create database ascii encoding 'SQL_ASCII' template template0";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    let url = database.url().replace(database.name(), "ascii");
    refused(&started_on(&url).await, 1, &["SQL_ASCII", "UTF8"]);
    // A database that is not there is named, at once.
    let url = database.url().replace(database.name(), "nowhere");
    refused(&started_on(&url).await, 1, &["nowhere", "does not exist"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_and_no_password() {
    let began = dozvon::clock::instant();
    let said = started_on("postgres://u:s3cret@127.0.0.1:1/calls").await;
    let waited = began.elapsed().as_secs();
    refused(&said, 1, &["calls at 127.0.0.1:1", "refused"]);
    assert!(!said.stderr.contains("s3cret"), "{}", said.stderr);
    assert!((9..20).contains(&waited), "it may be starting: {waited} s");
    let said = started_on("mysql://u:s3cret@127.0.0.1/calls").await;
    refused(&said, 3, &["--database", "postgres://"]);
    assert!(!said.stderr.contains("s3cret"), "{}", said.stderr);
}
