//! The command against a door of the tests' own: counts, exit codes, what is said.

use std::fs;

use clap::Parser as _;
use tempfile::TempDir;

use super::*;
use crate::{
    connect::{
        anonymous_bank::COLUMN_NAMES,
        client::{
            Server,
            fake::{Act, Fake},
        },
        row::{Broken, Reason},
    },
    proto::v1::{Event, event::Body},
};

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn parse(line: &[&str]) -> Result<Args, clap::Error> {
    let line = Line::try_parse_from([&["import"], line].concat())?;
    Ok(line.args)
}

/// A folder of files to import, and the door to import them into.
struct Desk {
    folder: TempDir,
    server: Server,
}

impl Desk {
    fn new(fake: &Fake) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: fake.server(),
        }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Imports the files; gives the summary with the seconds taken out, and the exit code.
    async fn import(
        &self,
        format: &str,
        files: &[&str],
        options: &[&str],
    ) -> (String, Option<Exit>) {
        let paths = files.iter().map(|name| self.folder.path().join(name));
        let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
        let server = self.server.to_string();
        let mut line = vec![format, "--server", &server, "--batch", "7"];
        line.extend(options);
        line.extend(paths.iter().map(String::as_str));
        let (summary, result) = import(&parse(&line).unwrap()).await;
        let json = summary.to_json();
        let (counts, seconds) = json.rsplit_once(",\"seconds\":").unwrap();
        let seconds: f64 = seconds.trim_end_matches('}').parse().unwrap();
        assert!((0.0..600.0).contains(&seconds), "{json}");
        (counts.to_owned(), result.err().map(|failure| failure.exit))
    }
}

/// A row of the layout, made up: minute, customer, wait, outcome.
fn row(minute: usize, customer: &str, wait: &str, outcome: &str) -> String {
    format!(
        "ZZ0907,{minute},{customer},0,PS,990317,9:{minute:02}:00,9:{minute:02}:05,5,\
         9:{minute:02}:05,9:{minute:02}:09,{wait},{outcome},0:00:00,0:00:00,30,NOBODYSNAME"
    )
}

fn table(rows: &[String]) -> String {
    format!("{}\n{}\n", COLUMN_NAMES.join(","), rows.join("\n"))
}

fn answered(minutes: impl Iterator<Item = usize>) -> Vec<String> {
    minutes
        .map(|minute| row(minute, "12345", "4", "AGENT"))
        .collect()
}

fn log(count: usize) -> String {
    let line = |at: usize| {
        format!(
            r#"{{"occurredAt":"2024-03-01T08:{:02}:00Z","call":{{"callId":"c{at}","ended":{{}}}}}}"#,
            at % 60
        )
    };
    let lines: Vec<String> = (1..=count).map(line).collect();
    let header = r#"{"dozvon_events":1,"source":"pbx","zone":"UTC"}"#;
    format!("{header}\n{}\n", lines.join("\n"))
}

fn kept(fake: &Fake) -> Vec<Event> {
    let state = fake.state();
    let epochs = state.epochs.values();
    epochs
        .flat_map(|epoch| epoch.kept.values().cloned())
        .collect()
}

#[tokio::test]
async fn the_summary_counts_every_row_and_every_event() {
    let fake = Fake::start();
    fake.state().rejects = |event| match &event.body {
        Some(Body::Call(call)) if call.call_id.ends_with("-3") => Some("time_out_of_range"),
        _ => None,
    };
    let desk = Desk::new(&fake);
    let rows = [
        row(1, "12345", "4", "AGENT"),
        row(2, "2.8E+07", "-4", "HANG"),
        row(3, "0", "4", "HANG"),
        row(4, "0", "4", "PHANTOM"),
        row(5, "0", "4", "NOBODY"),
        row(6, "0", "four", "AGENT"),
        "torn,row".to_owned(),
    ];
    desk.put("a.csv", &table(&rows));
    let (summary, exit) = desk.import("anonymous-bank", &["a.csv"], &[]).await;
    let expected = "{\"rows\":7,\"events\":11,\"acked\":8,\"duplicates\":0,\
        \"rejected\":{\"bad_number\":1,\"field_count\":1,\"time_out_of_range\":3,\"unknown_outcome\":1},\
        \"skipped\":{\"phantom\":1},\
        \"warnings\":{\"caller_unreadable\":1,\"negative_span\":1}";
    assert_eq!(summary, expected);
    assert_eq!(exit, Some(Exit::Partial));
    let state = fake.state();
    assert_eq!(state.opens[0].source, "anonymous-bank");
    assert_eq!(state.opens[0].mode(), Mode::Backfill);
    assert_eq!(state.finishes, [true]);
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    desk.put("a.csv", &table(&answered(0..40)));
    let counts = |acked, duplicates| {
        let counts = format!(
            "{{\"rows\":40,\"events\":200,\"acked\":{acked},\"duplicates\":{duplicates},\
             \"rejected\":{{}},\"skipped\":{{}},\"warnings\":{{}}"
        );
        (counts, None)
    };
    let first = desk.import("anonymous-bank", &["a.csv"], &[]).await;
    assert_eq!(first, counts(200, 0));
    let second = desk.import("anonymous-bank", &["a.csv"], &[]).await;
    assert_eq!(second, counts(0, 200));
    assert_eq!(kept(&fake).len(), 200);
}

#[tokio::test]
async fn a_server_that_dies_again_and_again_changes_no_count() {
    let fake = Fake::start();
    fake.state().on_batch = Box::new(|count| match count % 5 {
        0 if count <= 25 => Act::TakeAndDie,
        3 if count <= 23 => Act::Die,
        _ => Act::Take,
    });
    let desk = Desk::new(&fake);
    desk.put("a.csv", &table(&answered(0..60)));
    let supervised = tokio::spawn(fake.supervise(10));
    let (summary, exit) = desk.import("anonymous-bank", &["a.csv"], &[]).await;
    assert!(
        summary.contains("\"events\":300,\"acked\":300,\"duplicates\":0,"),
        "{summary}"
    );
    assert_eq!(exit, None);
    let fake = supervised.await.unwrap();
    assert_eq!(kept(&fake).len(), 300);
}

#[tokio::test]
async fn a_log_that_has_grown_goes_on_where_it_was() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    let (short, grown) = (log(20), log(50).replace("\"c30\"", "30"));
    desk.put("a.jsonl", &short[..short.len() - 5]);
    let (summary, _) = desk.import("events", &["a.jsonl"], &[]).await;
    assert!(
        summary.contains("\"rows\":19,\"events\":19,\"acked\":19,\"duplicates\":0,"),
        "{summary}"
    );
    desk.put("a.jsonl", &grown);
    let (summary, exit) = desk.import("events", &["a.jsonl"], &[]).await;
    assert!(
        summary.contains("\"rows\":50,\"events\":49,\"acked\":30,\"duplicates\":19,"),
        "{summary}"
    );
    assert!(
        summary.contains("\"rejected\":{\"bad_json\":1}"),
        "{summary}"
    );
    assert_eq!(exit, Some(Exit::Partial));
    assert_eq!(fake.state().finishes, [false, false]);
    assert_eq!(fake.state().epochs.len(), 1);
}

#[tokio::test]
async fn one_alien_among_the_files_does_not_stop_the_others() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    desk.put("a.csv", &table(&answered(0..2)));
    desk.put("b.csv", "another,table\n1,2\n");
    desk.put(
        "c.csv",
        &table(&[row(1, "0", "?", "AGENT"), row(2, "0", "4", "HANG")]),
    );
    let files = ["a.csv", "b.csv", "missing.csv", "c.csv"];
    let (summary, exit) = desk.import("anonymous-bank", &files, &[]).await;
    assert!(
        summary.contains("\"rows\":4,\"events\":13,\"acked\":13,"),
        "{summary}"
    );
    assert_eq!(exit, Some(Exit::Failure), "worse than rows not taken");
}

#[tokio::test]
async fn without_a_server_nothing_is_tried_twice() {
    let mut fake = Fake::start();
    fake.kill();
    let desk = Desk::new(&fake);
    desk.put("a.csv", &table(&answered(0..2)));
    let began = crate::clock::instant();
    let files = ["missing.csv", "a.csv", "a.csv", "a.csv"];
    let options = ["--retry-for", "300ms"];
    let (summary, exit) = desk.import("anonymous-bank", &files, &options).await;
    assert!(
        summary.contains("\"acked\":0,\"duplicates\":0,"),
        "{summary}"
    );
    assert_eq!(exit, Some(Exit::Unreachable));
    let took = began.elapsed();
    assert!(
        took < Duration::from_millis(700),
        "{took:?}: the first file's patience is all"
    );
}

#[tokio::test]
async fn a_replay_is_sent_in_the_order_of_time_at_its_own_time() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    // As in the source's files: by line, so time runs backwards where the line changes.
    let rows = [answered(30..40), answered(10..20)].concat();
    desk.put("a.csv", &table(&rows));
    let options = ["--as-live", "--speed", "36000x", "--source", "bank"];
    let (summary, exit) = desk.import("anonymous-bank", &["a.csv"], &options).await;
    assert!(
        summary.contains("\"events\":100,\"acked\":100,"),
        "{summary}"
    );
    assert_eq!(exit, None);
    let times: Vec<i64> = kept(&fake)
        .iter()
        .map(|event| event.occurred_at.unwrap().seconds)
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    {
        let state = fake.state();
        assert_eq!(state.opens[0].mode(), Mode::Live);
        assert_eq!(state.opens[0].source, "bank");
        let sent_at: Vec<i64> = state.sent_at.iter().map(|at| at.unwrap().seconds).collect();
        assert!(sent_at.is_sorted(), "{sent_at:?}");
        // A slow machine sends later, at this pace by hours a second, never by years.
        let span = times[0]..times[0] + 365 * 86_400;
        assert!(sent_at.iter().all(|at| span.contains(at)), "{sent_at:?}");
    }
    // In another order the numbers mean other events: another epoch.
    desk.import("anonymous-bank", &["a.csv"], &["--source", "bank"])
        .await;
    assert_eq!(fake.state().epochs.len(), 2);
}

#[tokio::test]
async fn a_log_without_a_record_is_no_failure() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    desk.put("a.jsonl", &log(0).replace("\n\n", "\n"));
    let (summary, exit) = desk.import("events", &["a.jsonl"], &[]).await;
    assert!(summary.contains("\"rows\":0,\"events\":0,"), "{summary}");
    assert_eq!(exit, None);
}

#[tokio::test]
async fn agents_work_is_told_as_the_command_line_knows_it() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    let log = "\
        1795000000|NONE|jobs|PJSIP/101|ADDMEMBER|\n\
        1795000010|1795000010.1|jobs|NONE|ENTERQUEUE||050|1\n\
        1795000012|1795000010.1|jobs|PJSIP/101|CONNECT|2|1795000011.2|1\n\
        1795000020|1795000010.1|jobs|PJSIP/101|COMPLETECALLER|2|8|1\n\
        1795000060|NONE|jobs|PJSIP/101|PAUSE|Desk\n\
        1795000090|NONE|jobs|PJSIP/101|UNPAUSE|\n";
    desk.put("queue_log", log);
    let states = || {
        let told = kept(&fake).into_iter().filter_map(|event| {
            let seconds = event.occurred_at.unwrap().seconds - 1_795_000_000;
            match event.body {
                Some(Body::AgentStateChanged(one)) => Some((seconds, one.state().as_str_name())),
                Some(Body::WrapUpEnded(_)) => Some((seconds, "ended")),
                _ => None,
            }
        });
        told.collect::<Vec<_>>()
    };
    let options = ["--wrap-up", "jobs=30s", "--desk-reason", "desk"];
    let (_, exit) = desk.import("queue-log", &["queue_log"], &options).await;
    assert_eq!(exit, None);
    let known = [
        (0, "AGENT_STATE_AVAILABLE"),
        (20, "AGENT_STATE_WRAP_UP"),
        (50, "ended"),
        (50, "AGENT_STATE_AVAILABLE"),
        (60, "AGENT_STATE_DESK"),
    ];
    assert_eq!(states(), known);
    // What is concluded otherwise has a numbering of its own.
    desk.import("queue-log", &["queue_log"], &[]).await;
    assert_eq!(fake.state().epochs.len(), 2);
    assert!(states().contains(&(60, "AGENT_STATE_PAUSED")));
}

#[test]
fn the_command_line() {
    let args = parse(&["events", "a.jsonl", "b.jsonl"]).unwrap();
    assert_eq!(args.files.len(), 2);
    assert_eq!(args.speed, Speed::Max);
    assert_eq!(
        (args.batch, args.retry_for),
        (1_000, Duration::from_secs(60))
    );
    assert!(!args.as_live);
    let speed = |speed| parse(&["events", "a", "--speed", speed]).map(|args| args.speed);
    assert_eq!(speed("60x").unwrap(), Speed::Times(60.0));
    assert_eq!(speed("0.5x").unwrap(), Speed::Times(0.5));
    for wrong in ["60", "0x", "-1x", "fast", "x", "infx", "NaNx"] {
        assert!(speed(wrong).is_err(), "{wrong}");
    }
    let log = [
        "queue-log",
        "a",
        "--wrap-up",
        "q=1=30s",
        "--desk-reason",
        "Desk",
    ];
    let args = parse(&log).unwrap();
    assert_eq!(args.wrap_up, [("q=1".to_owned(), Duration::from_secs(30))]);
    for wrong in ["30s", "=30s", "q=30", "q="] {
        assert!(parse(&["queue-log", "a", "--wrap-up", wrong]).is_err());
    }
    assert!(parse(&["events"]).is_err());
    assert!(parse(&["excel", "a"]).is_err());
    assert!(parse(&["events", "a", "--batch", "0"]).is_err());
    assert!(parse(&["events", "a", "--batch", "10001"]).is_err());
    assert!(parse(&["events", "a", "--server", "https://hotline.example"]).is_err());
}

#[test]
fn what_was_not_taken_is_told_with_its_place() {
    let broken = Broken::new(Reason::BadNumber, "q_time", "\"4O\" is no whole number");
    assert_eq!(
        reader::place(3, 4, &broken),
        "row 3 (line 4), column q_time: bad_number: \"4O\" is no whole number"
    );
    let rejection = EventRejection {
        sequence: 17,
        reason: "time_out_of_range".to_owned(),
        field: "occurred_at".to_owned(),
        message: "before 1990".to_owned(),
    };
    assert_eq!(
        rejection_line(&rejection),
        "event 17, field occurred_at: time_out_of_range: before 1990"
    );
}

fn asterisk(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/asterisk")
        .join(name)
}

#[tokio::test]
async fn recordings_of_one_pbx_are_one_import_and_a_second_one_changes_nothing() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    for name in ["ami.log.gz", "ami-2.log.gz", "queue_log"] {
        let bytes = fs::read(asterisk("reconnect").join(name)).unwrap();
        fs::write(desk.folder.path().join(name), bytes).unwrap();
    }
    let log = desk.folder.path().join("queue_log").display().to_string();
    let files = ["ami-2.log.gz", "ami.log.gz"];
    let options = ["--queue-log", log.as_str()];
    let (first, exit) = desk.import("ami-log", &files, &options).await;
    assert_eq!(exit, None, "{first}");
    let told = kept(&fake);
    let ends = told.iter().filter(|event| match &event.body {
        Some(Body::Call(call)) => matches!(
            call.kind,
            Some(crate::proto::v1::call_event::Kind::Ended(_))
        ),
        _ => false,
    });
    assert_eq!(ends.count(), 7, "seven customers called");
    let acked = format!("\"acked\":{},\"duplicates\":0", told.len());
    assert!(first.contains(&acked), "{first}");
    let (second, exit) = desk.import("ami-log", &files, &options).await;
    let duplicates = format!("\"acked\":0,\"duplicates\":{}", told.len());
    assert_eq!(exit, None);
    assert!(second.contains(&duplicates), "{second}");
    assert_eq!(kept(&fake).len(), told.len());
    // The recording may go on in another file: its end ends nothing.
    assert_eq!(fake.state().finishes, [false, false]);
}

#[tokio::test]
async fn a_log_of_queues_that_grew_is_carried_on() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    let text = fs::read_to_string(asterisk("reconnect").join("queue_log")).unwrap();
    let half = text.match_indices('\n').nth(9).unwrap().0 + 1;
    desk.put("queue_log", &text[..half]);
    let (_, exit) = desk.import("queue-log", &["queue_log"], &[]).await;
    assert_eq!(exit, None);
    let before = kept(&fake).len();
    desk.put("queue_log", &text);
    let (summary, exit) = desk.import("queue-log", &["queue_log"], &[]).await;
    assert_eq!(exit, None);
    let added = kept(&fake).len() - before;
    let counts = format!("\"acked\":{added},\"duplicates\":{before}");
    assert!(added > 0 && summary.contains(&counts), "{summary}");
    assert_eq!(fake.state().epochs.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_recording_is_refused_in_words() {
    let fake = Fake::start();
    let desk = Desk::new(&fake);
    desk.put("ami.log", "calls,of,a\nbank,are,none\n");
    let (_, exit) = desk.import("ami-log", &["ami.log"], &[]).await;
    assert_eq!(exit, Some(Exit::Failure));
    let (_, exit) = desk.import("queue-log", &["ami.log"], &[]).await;
    assert_eq!(exit, Some(Exit::Failure));
    assert!(parse(&["queue-log", "x", "--agent", "nobody"]).is_err());
}
