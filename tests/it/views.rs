//! The views for others' tools say what the reports say, on each database.

use std::collections::BTreeMap;

use sqlx::Connection as _;
use tempfile::TempDir;

use crate::harness::{Server, dozvon, run};
use crate::rows::{Part, Rows};

/// Cells by column and row's key.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// A server with a simulated day, all settled.
async fn with_a_day() -> Server {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.jsonl");
    let mut simulate = dozvon();
    simulate.args([
        "simulate",
        "--date",
        "2024-03-04",
        "--seed",
        "7",
        "--calls",
        "600",
    ]);
    simulate.arg("--output").arg(&path);
    let said = run(simulate).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let server = Server::start().await;
    let mut import = server.import("events");
    import.arg(&path);
    let said = run(import).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    server
}

async fn report(server: &Server, words: &str, key: &[&str]) -> Table {
    let period = "--from 2024-03-04 --to 2024-03-06 --zone Europe/Samara --output csv";
    let words = format!("{words} {period}");
    let text = server.report(&words.split(' ').collect::<Vec<_>>()).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| {
        let row = row.unwrap();
        let key: Vec<_> = key.iter().map(|column| row[*column].clone()).collect();
        (key.join(" "), row)
    })
    .collect()
}

/// Compares rows of a key and figures with a report's.
#[track_caller]
fn compare(rows: Vec<Vec<String>>, columns: &[&str], report: &Table) {
    assert!(!rows.is_empty(), "{columns:?}");
    for row in rows {
        let (key, figures) = row.split_first().unwrap();
        let expected = columns.iter().map(|column| &report[key][*column]);
        let expected: Vec<_> = expected.collect();
        assert_eq!(
            figures.iter().collect::<Vec<_>>(),
            expected,
            "{key}: {columns:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_sql_over_the_views_counts_what_the_reports_count() {
    let server = with_a_day().await;
    let mut rows = Rows::of(&server, Part::Store).await;

    let queues = report(&server, "queues", &["queue"]).await;
    let visits = rows
        .texts(
            "select queue, cast(count(*) as text),
            cast(sum(case when exit = 'answered' then 1 else 0 end) as text),
            cast(sum(case when exit like 'abandoned%' then 1 else 0 end) as text),
            cast(sum(case when exit = 'abandoned_ringing' then 1 else 0 end) as text),
            cast(sum(case when exit = 'timeout' then 1 else 0 end) as text),
            cast(sum(case when exit = 'key_exit' then 1 else 0 end) as text),
            cast(sum(case when exit = 'left_empty' then 1 else 0 end) as text),
            cast(sum(case when exit = 'answered' and wait_s <= 20 then 1 else 0 end) as text),
            cast(sum(case when wait_s > 60 then 1 else 0 end) as text)
            from v_visits where not test group by queue",
        )
        .await;
    let columns = [
        "visits_offered",
        "answered",
        "abandoned",
        "abandoned_ringing",
        "timeout",
        "key_exit",
        "left_empty",
        "answered_within_20s",
        "wait_over_60s",
    ];
    compare(visits, &columns, &queues);
    let calls = rows
        .texts(
            "select 'ALL', cast(count(*) as text),
            cast(sum(case when visits > 0 then 1 else 0 end) as text),
            cast(sum(case when outcome = 'served' then 1 else 0 end) as text),
            cast(sum(case when outcome = 'abandoned' then 1 else 0 end) as text),
            cast(sum(case when outcome = 'refused' then 1 else 0 end) as text)
            from v_calls where not test and direction = 'inbound'",
        )
        .await;
    let columns = [
        "calls_arrived",
        "calls_offered",
        "outcome_served",
        "outcome_abandoned",
        "outcome_refused",
    ];
    compare(calls, &columns, &queues);

    let transfers = report(&server, "transfers", &["queue"]).await;
    let served = rows
        .texts(
            "select first_answer_queue, cast(count(*) as text),
            cast(sum(case when transfers > 0 then 1 else 0 end) as text),
            cast(sum(transfers) as text), cast(sum(returns) as text),
            cast(sum(failed_transfers) as text), cast(sum(consult_only) as text)
            from v_calls where not test and answered and first_answer_queue is not null
            group by first_answer_queue",
        )
        .await;
    let columns = [
        "calls_served",
        "calls_transferred",
        "transfers",
        "returns",
        "failed",
        "consult_only",
    ];
    compare(served, &columns, &transfers);
    let matrix = report(
        &server,
        "transfers --part matrix",
        &["from_kind", "from", "target", "to"],
    )
    .await;
    let passed = rows
        .texts(
            "select 'agent ' || from_agent || ' ' || target || ' ' || to_name,
            cast(count(*) as text), cast(sum(case when is_return then 1 else 0 end) as text),
            cast(cast(round(sum(spent_s)) as bigint) as text)
            from v_transfers where not test group by from_agent, target, to_name",
        )
        .await;
    let whole = |seconds: &str| seconds.parse::<f64>().unwrap().round().to_string();
    for row in &passed {
        let cells = &matrix[&row[0]];
        let expected = [
            cells["transfers"].clone(),
            cells["returns"].clone(),
            whole(&cells["caller_time_sum_s"]),
        ];
        assert_eq!(row[1..], expected, "{}", row[0]);
    }
    let of_agents = matrix.keys().filter(|key| key.starts_with("agent "));
    assert_eq!(of_agents.count(), passed.len());

    // Test calls are there to be seen, and the first instant is that of the list of calls.
    let edges = rows
        .texts(
            "select cast(sum(case when test then 1 else 0 end) as text), cast(min(arrived_at_us) as text)
            from v_calls",
        )
        .await;
    assert_ne!(edges[0][0], "0", "the day has a test call");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_questions_of_the_document_are_answered() {
    let server = with_a_day().await;
    let document = include_str!("../../docs/views.md");
    let blocks: Vec<_> = document.split("```sql\n").skip(1).collect();
    let queries = blocks
        .iter()
        .map(|block| block.split("```").next().unwrap());
    let (grants, queries): (Vec<_>, Vec<_>) = queries.partition(|sql| sql.contains("grant "));
    assert_eq!((grants.len(), queries.len()), (1, 3));
    match Rows::of(&server, Part::Store).await {
        Rows::Sqlite(mut connection) => {
            for sql in queries {
                let sql = sqlx::AssertSqlSafe(sql.to_owned());
                sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            }
        }
        Rows::Postgres(mut connection) => {
            // As the role that was granted the views, and nothing else.
            let mut transaction = connection.begin().await.unwrap();
            let grants = sqlx::AssertSqlSafe(grants[0].to_owned());
            sqlx::raw_sql(grants)
                .execute(&mut *transaction)
                .await
                .unwrap();
            let role = "set local role dozvon_reader";
            sqlx::query(role).execute(&mut *transaction).await.unwrap();
            for sql in queries {
                let sql = sqlx::AssertSqlSafe(sql.to_owned());
                sqlx::query(sql).fetch_all(&mut *transaction).await.unwrap();
            }
            let table = sqlx::query("select count(*) from calls").fetch_all(&mut *transaction);
            assert!(table.await.is_err(), "the tables are nobody's business");
        }
    }
}
