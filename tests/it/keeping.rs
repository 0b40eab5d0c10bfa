//! Keeping no longer than wanted: a caller erased, the journal trimmed, calls and callers beyond their time; and what stays.

use std::process::Command;
use std::time::Duration;

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{
    CallArrived, CallSummary, Caller, Event, ListCallsRequest, QueueReportRow, ReportQuery, caller,
};
use serde_json::Value;

use crate::dialog::{ASK_ALL, Dialog, TWO_QUESTIONS, open, put};
use crate::folded::folded;
use crate::forms::{QUESTIONNAIRE, SKILLS, form, submit};
use crate::harness::{Said, Server, dozvon, run};
use crate::rows::{Part, Rows};
use crate::sender::{
    SECOND, Sender, all_queues, answered, event, history, live, now, queue_report, source, stored,
    time, until,
};
use crate::start::{refused, remove_store, serve};

const DAY: i64 = 86_400 * SECOND;
/// Who is to be erased, in two spellings, and somebody else.
const THEIRS: [&str; 2] = ["+7 912 345-67-89", "8 (912) 345 67 89"];
const OTHER: &str = "+7 912 000-00-00";

fn from(number: &str, channel: &str) -> Kind {
    Kind::Arrived(CallArrived {
        caller: Some(Caller {
            id: Some(caller::Id::Number(number.into())),
        }),
        channel: channel.into(),
        ..CallArrived::default()
    })
}

/// An answered call of somebody.
pub(crate) fn call_of(first: u64, call: &str, at: i64, number: &str) -> Vec<Event> {
    let mut events = answered(first, call, at);
    events[0] = event(first, at, call, from(number, &format!("trunk-of-{call}")));
    events
}

/// A hundred calls of history, of them two of the one who is to be erased, and an open one of theirs that is live; a late
/// event of the first.
async fn told(server: &Server) -> Vec<Event> {
    let at = now() - 2 * DAY;
    let mut past = Sender::open(server, history("file", 1)).await.unwrap();
    let calls = (0..100).map(|call| {
        let number = match call {
            17 => THEIRS[0].to_owned(),
            71 => THEIRS[1].to_owned(),
            other => format!("+7 912 000-00-{other:02}"),
        };
        let id = format!("file-{call:03}");
        call_of(call * 4 + 1, &id, at + call as i64 * SECOND, &number)
    });
    let events: Vec<Event> = calls.flatten().collect();
    for batch in events.chunks(20) {
        past.batch(batch.to_vec()).await;
    }
    let ack = past.finish(true).await;
    stored(server, "file", ack.position).await;
    let mut present = Sender::open(server, live("pbx")).await.unwrap();
    let at = now() - 60 * SECOND;
    let waiting = &call_of(1, "live-000", at, THEIRS[0])[..2];
    present.batch(waiting.to_vec()).await;
    present.batch(call_of(3, "live-001", at, OTHER)).await;
    let mut late = Sender::open(server, history("file", 1)).await.unwrap();
    let straggler = event(
        401,
        now() - DAY,
        "file-017",
        from(THEIRS[0], "trunk-of-late"),
    );
    let ack = late.batch(vec![straggler]).await;
    stored(server, "file", ack.position).await;
    events
}

async fn calls(server: &Server) -> Vec<CallSummary> {
    let query = ReportQuery {
        start: Some(time(0)),
        end: Some(time(now() + DAY)),
        ..ReportQuery::default()
    };
    let request = ListCallsRequest {
        query: Some(query),
        page_size: 1_000,
        ..ListCallsRequest::default()
    };
    let answer = server.reports().await.list_calls(request).await;
    answer.unwrap().into_inner().calls
}

/// How often the server's databases hold these bytes: SQLite's files as they lie, PostgreSQL's columns.
pub(crate) async fn held(server: &Server, bytes: &[u8]) -> usize {
    let count =
        |text: &[u8], part: &[u8]| text.windows(part.len()).filter(|at| *at == part).count();
    if server.database().is_none() {
        let files = std::fs::read_dir(server.data()).unwrap();
        let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        return files.map(|file| count(&file, bytes)).sum();
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found = 0;
    for (part, sql) in [
        (Part::Journal, "select encode(body, 'hex') from journal"),
        (
            Part::Store,
            "select coalesce(encode(caller, 'hex'), '') || ' ' || encode(told, 'hex') || ' '
                || encode(convert_to(call_id, 'UTF8'), 'hex') from calls",
        ),
        (Part::Store, "select encode(state, 'hex') from open_calls"),
        (
            Part::Store,
            "select coalesce(encode(told, 'hex'), '') || ' '
                || encode(convert_to(call_id, 'UTF8'), 'hex') from unapplied_events",
        ),
    ] {
        for row in Rows::of(server, part).await.texts(sql).await {
            found += count(row[0].as_bytes(), hex.as_bytes());
        }
    }
    found
}

/// The bytes of a pseudonym that is shown as digits.
fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

pub(crate) fn erase(server: &Server, args: &[&str]) -> Command {
    let mut command = dozvon();
    command
        .args(["erase", "--server", &server.grpc_addr()])
        .args(args);
    command
}

/// What the figures of all queues are, the open call's growing wait left out.
async fn figures(server: &Server) -> QueueReportRow {
    all_queues(server).await
}

/// Everything that may lead to the person: the pseudonym, ids and channels of their calls.
async fn traces(server: &Server) -> Vec<Vec<u8>> {
    let calls = calls(server).await;
    let theirs = calls
        .iter()
        .find(|call| call.call_id == "file-017")
        .unwrap();
    let mut traces = vec![bytes_of(&theirs.caller)];
    for call in ["file-017", "file-071", "live-000"] {
        traces.push(call.into());
        traces.push(format!("trunk-of-{call}").into());
    }
    traces.push(b"trunk-of-late".to_vec());
    traces
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_caller_is_nowhere_and_the_figures_stay() {
    let mut server = Server::start().await;
    let events = told(&server).await;
    let before = figures(&server).await;
    let traces = traces(&server).await;
    for trace in &traces {
        assert!(held(&server, trace).await > 0, "{}", trace.escape_ascii());
    }

    let said = run(erase(
        &server,
        &["--caller", "8 912 345-67-89", "--yes", "--output", "json"],
    ));
    let said = said.await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stdout.contains("912"), "no number in {}", said.stdout);
    let act: Value = serde_json::from_str(&said.stdout).unwrap();
    // Two of history and the open one; 4 + 4 + 1 late + 2 events.
    assert_eq!(act["calls"], "3", "{act}");
    assert_eq!(act["callsOpen"], "1", "{act}");
    assert_eq!(act["events"], "11", "{act}");
    assert_eq!(act["digest"].as_str().unwrap().len(), 64);

    for trace in &traces {
        assert_eq!(held(&server, trace).await, 0, "{}", trace.escape_ascii());
    }
    assert_eq!(figures(&server).await, before);
    nobody_s(&server).await;

    // Nobody of that number is known any more.
    let said = run(erase(&server, &["--caller", THEIRS[0], "--yes"])).await;
    refused(&said, 1, &["no call of this caller is known"]);

    // The open call goes on, over a crash too.
    server.kill();
    server.restart().await;
    assert_eq!(figures(&server).await, before);
    let mut present = Sender::open(&server, live("pbx")).await.unwrap();
    let ended = answered(1, "live-000", now() - 60 * SECOND)[2..].to_vec();
    let ended = ended.into_iter().zip([7, 8]);
    let ended = ended.map(|(event, sequence)| Event { sequence, ..event });
    let ack = present.batch(ended.collect()).await;
    stored(&server, "pbx", ack.position).await;
    let row = figures(&server).await;
    assert_eq!((row.waiting, row.answered), (0, before.answered + 1));

    // The same history from another file is known as it was: the calls have kept their keys.
    let mut again = Sender::open(&server, history("file", 2)).await.unwrap();
    for batch in events.chunks(100) {
        again.batch(batch.to_vec()).await;
    }
    let ack = again.finish(true).await;
    let known = stored(&server, "file", ack.position).await;
    assert_eq!(known.call_exists_events, 400);
    assert_eq!(figures(&server).await, row);
}

/// The three calls are there, without id and caller, and marked.
async fn nobody_s(server: &Server) {
    let calls = calls(server).await;
    assert_eq!(calls.len(), 102);
    let erased = calls
        .iter()
        .filter(|call| call.call_id.starts_with("erased:"));
    let erased: Vec<_> = erased.collect();
    assert_eq!(erased.len(), 3);
    for call in erased {
        assert_eq!(call.caller, "", "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_with_an_erased_caller_gives_the_same_figures_again() {
    let mut server = Server::start().await;
    told(&server).await;
    let before = figures(&server).await;
    let traces = traces(&server).await;
    let theirs: String = traces[0].iter().map(|byte| format!("{byte:02x}")).collect();
    let said = run(erase(&server, &["--pseudonym", &theirs, "--yes"])).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stdout.contains("! 1 of the calls are still open"),
        "{}",
        said.stdout
    );
    assert!(server.terminate().await.success());
    remove_store(&server).await;
    server.restart().await;
    assert_eq!(figures(&server).await, before);
    nobody_s(&server).await;
    for trace in &traces {
        assert_eq!(held(&server, trace).await, 0, "{}", trace.escape_ascii());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_killed_is_gone_on_with() {
    for delay_ms in [0, 5, 15, 30, 60] {
        let mut server = Server::start().await;
        told(&server).await;
        let before = figures(&server).await;
        let traces = traces(&server).await;
        let erasing = tokio::spawn(run(erase(&server, &["--caller", THEIRS[1], "--yes"])));
        // Any moment: before it is begun, in the midst, when it is done.
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        server.kill();
        erasing.await.unwrap();
        server.restart().await;
        // What was noted is gone on with by the start; what was not is asked for again.
        let again: Said = run(erase(&server, &["--caller", THEIRS[1], "--yes"])).await;
        assert!([0, 1].contains(&again.code), "{}", again.stderr);
        until("the files to hold nothing of it", || async {
            let mut found = 0;
            for trace in &traces {
                found += held(&server, trace).await;
            }
            (found == 0).then_some(())
        })
        .await;
        assert_eq!(figures(&server).await, before, "after {delay_ms} ms");
        nobody_s(&server).await;
    }
}

#[tokio::test]
async fn who_cannot_be_erased_is_told() {
    let server = Server::start().await;
    for (args, code, words) in [
        (
            &["--caller", OTHER, "--yes"][..],
            1,
            "no call of this caller is known",
        ),
        (&["--caller", OTHER], 2, "--yes"),
        (&["--pseudonym", "12", "--yes"], 1, "32 hexadecimal digits"),
        (&["--caller", "anna", "--yes"], 1, "no telephone number"),
        (
            &["--caller", OTHER, "--country", "Russia", "--yes"],
            1,
            "ISO 3166",
        ),
    ] {
        refused(&run(erase(&server, args)).await, code, &[words]);
    }
}

const KEEPING: &str = "[retention]\njournal = \"1d\"\ncalls = \"400d\"\npseudonyms = \"100d\"\n";

async fn rows(server: &Server, part: Part, sql: &'static str) -> u64 {
    let rows = Rows::of(server, part).await.texts(sql).await;
    rows[0][0].parse().unwrap()
}

async fn journal_rows(server: &Server) -> u64 {
    rows(
        server,
        Part::Journal,
        "select cast(count(*) as text) from journal",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trimmed_journal_is_not_missed_and_a_lost_store_then_is() {
    let mut server = Server::start_with(KEEPING).await;
    let events = told(&server).await;
    let before = figures(&server).await;
    let known = source(&server, "file").await;
    assert!(journal_rows(&server).await > 20);
    // All of it was committed long ago; killed while the task is at it.
    server.kill();
    let old = Rows::of(&server, Part::Journal).await;
    old.change("update journal set committed_at = 0").await;
    server.restart().await;
    server.kill();
    server.restart().await;
    until("the journal to be trimmed", || async {
        (journal_rows(&server).await == 0).then_some(())
    })
    .await;

    server.kill();
    server.restart().await;
    assert_eq!(figures(&server).await, before);
    // Sent again nothing changes: marks and keys are for ever.
    let mut again = Sender::open(&server, history("file", 1)).await.unwrap();
    assert_eq!(again.opened.mark, 401);
    let ack = again.batch(events[..20].to_vec()).await;
    assert_eq!((ack.accepted, ack.duplicates), (0, 20));
    again.close().await;
    let mut other = Sender::open(&server, history("file", 2)).await.unwrap();
    let ack = other.batch(events[..20].to_vec()).await;
    assert!(ack.position > known.stored_position, "positions go on");
    let now_known = stored(&server, "file", ack.position).await;
    assert_eq!(now_known.call_exists_events, 20);
    assert_eq!(figures(&server).await, before);
    // The late event is still taken in, though its row has gone.
    let mut command = dozvon();
    command
        .args(["recompute", "--server", &server.grpc_addr()])
        .args(["--from", "2000-01-01", "--to", "2100-01-01"]);
    let said = run(command).await;
    assert!(
        said.stdout.contains("1 late events taken in"),
        "{}",
        said.stdout
    );

    // What would need the journal's beginning is refused in words.
    assert!(server.terminate().await.success());
    let state = Rows::of(&server, Part::Store).await;
    let damage = format!("update sources set state = {}", state.bytes("00"));
    state.change(&damage).await;
    let said = serve(server.serve(), &[]).await;
    refused(&said, 1, &["damaged", "trimmed up to position", "backup"]);
    remove_store(&server).await;
    let said = serve(server.serve(), &[]).await;
    refused(
        &said,
        1,
        &["no further than position 0", "trimmed", "backup"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_callers_beyond_their_time_go_and_reports_say_so() {
    let mut server = Server::start_with(KEEPING).await;
    let mut past = Sender::open(&server, history("file", 1)).await.unwrap();
    let mut sequence = 1;
    // 600 calls beyond all, 600 whose callers are, 10 of yesterday.
    for (days, calls) in [(500, 600), (200, 600), (1, 10)] {
        let mut events = Vec::new();
        for call in 0..calls {
            let at = now() - days * DAY + call * SECOND;
            events.extend(call_of(sequence, &format!("d{days}-{call}"), at, THEIRS[0]));
            sequence += 4;
        }
        past.batch(events).await;
    }
    let ack = past.finish(true).await;
    stored(&server, "file", ack.position).await;
    assert_eq!(all_queues(&server).await.answered, 1_210);
    // Killed when the task has just begun, and again.
    for _ in 0..2 {
        server.kill();
        server.restart().await;
    }
    until("old calls and callers to go", || async {
        let answered = all_queues(&server).await.answered;
        let callers = "select cast(count(*) as text) from calls where caller_key is not null";
        let callers = rows(&server, Part::Store, callers).await;
        let noted = "select cast(count(*) as text) from kept";
        let held = rows(
            &server,
            Part::Store,
            "select cast(count(*) as text) from calls",
        )
        .await;
        (answered == 610
            && held == 610
            && callers == 10
            && rows(&server, Part::Store, noted).await == 2)
            .then_some(())
    })
    .await;
    let orphans = "select cast(count(*) as text) from visits where call_row not in
        (select call_row from calls)";
    assert_eq!(rows(&server, Part::Store, orphans).await, 0);
    let context = queue_report(&server).await.context.unwrap();
    let from =
        |at: Option<pbjson_types::Timestamp>| (now() / SECOND - at.unwrap().seconds) / 86_400;
    assert_eq!(from(context.calls_kept_from), 400);
    assert_eq!(from(context.pseudonyms_kept_from), 100);
    let mut report = dozvon();
    report
        .args([
            "report",
            "queues",
            "--server",
            &server.grpc_addr(),
            "--output",
            "table",
        ])
        .args(["--from", "2000-01-01", "--to", "2100-01-01"]);
    let said = run(report).await;
    for words in [
        "calls that arrived before",
        "are kept no more: the figures have their sums, but of history that came in too late",
        "figures of callers lack them",
    ] {
        assert!(said.stdout.contains(words), "{words} in {}", said.stdout);
    }
    // The timeline of a call whose caller went is whole but for that, and known again.
    let calls = calls(&server).await;
    assert!(
        calls
            .iter()
            .all(|call| call.caller.is_empty() == call.call_id.starts_with("d200"))
    );
    let mut again = Sender::open(&server, history("file", 2)).await.unwrap();
    again
        .batch(call_of(1, "d500-0", now() - 500 * DAY, THEIRS[0]))
        .await;
    let ack = again.finish(true).await;
    let known = stored(&server, "file", ack.position).await;
    assert_eq!(known.call_exists_events, 4);
    assert_eq!(all_queues(&server).await.answered, 610);
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_beyond_their_time_go_by_whole_intervals_and_reports_say_so() {
    let mut server = Server::start().await;
    let mut past = Sender::open(&server, history("file", 1)).await.unwrap();
    let mut sequence = 1;
    for (days, calls) in [(800, 50), (500, 50), (1, 10)] {
        let mut events = Vec::new();
        for call in 0..calls {
            let at = now() - days * DAY + call * 20 * 60 * SECOND;
            events.extend(call_of(sequence, &format!("d{days}-{call}"), at, THEIRS[0]));
            sequence += 4;
        }
        past.batch(events).await;
    }
    let ack = past.finish(true).await;
    stored(&server, "file", ack.position).await;
    folded(&server).await;
    assert_eq!(all_queues(&server).await.answered, 110);
    let held = "select cast(count(*) as text) from calls";
    let keep = |lines: &str| format!("[retention]\njournal = \"1d\"\n{lines}");

    // Calls go, their sums stay; then the oldest sums go as well. Killed when the task has just begun, and again.
    server.terminate().await;
    server.configure(&keep("calls = \"400d\"\n"));
    server.restart().await;
    until("old calls to go", || async {
        (rows(&server, Part::Store, held).await == 10).then_some(())
    })
    .await;
    assert_eq!(all_queues(&server).await.answered, 110);
    server.terminate().await;
    server.configure(&keep("calls = \"400d\"\nrollups = \"700d\"\n"));
    for _ in 0..2 {
        server.restart().await;
        server.kill();
    }
    server.restart().await;
    until("old sums to go", || async {
        (all_queues(&server).await.answered == 60).then_some(())
    })
    .await;
    let context = queue_report(&server).await.context.unwrap();
    let from = context.rollups_kept_from.unwrap().seconds * SECOND;
    // A month at the most is kept longer than was asked for, lest a month is left without some of its days.
    let oldest = now() - 700 * DAY;
    assert!(from <= oldest && from > oldest - 32 * DAY, "{from}");
    let straddling = "select cast(count(*) as text) from rollups
        where starts_at < (select kept_from from kept where class = 'rollups')";
    assert_eq!(rows(&server, Part::Store, straddling).await, 0);

    let shown = async |from: i64, to: i64| {
        let at = |micros| {
            jiff::Timestamp::from_microsecond(micros)
                .unwrap()
                .to_string()
        };
        let args = ["queues", "--output", "table"].map(str::to_owned);
        let period = ["--from".to_owned(), at(from), "--to".to_owned(), at(to)];
        let args = [&args[..], &period].concat();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        server.report(&args).await
    };
    let gone = "are kept no more either: all figures of that time lack them";
    let whole = shown(0, now()).await;
    assert!(whole.contains(gone), "{whole}");
    let short = shown(now() - 800 * DAY, now() - 799 * DAY).await;
    assert!(short.contains(gone), "{short}");
    // Where sums are kept, calls are missed and figures are not.
    let later = shown(now() - 600 * DAY, now()).await;
    assert!(later.contains("the figures have their sums"), "{later}");
    assert!(!later.contains(gone), "{later}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_known_call_goes_by_its_own_time() {
    let mut server = Server::start_with(&format!("{KEEPING}{ASK_ALL}")).await;
    put(&server, TWO_QUESTIONS).await;
    put(&server, QUESTIONNAIRE).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    sender.heartbeat(now()).await;
    // A caller of whose call nothing is ever told is asked, and opens a case.
    let mut dialog = Dialog::open(server.channel().await, open("ghost")).await;
    dialog.question("satisfaction").await;
    dialog.press("1").await;
    dialog.question("solved").await;
    dialog.press("2").await;
    assert_eq!(dialog.end().await.disposition, "complete");
    let mut bound = form("bound", &[SKILLS]);
    (bound.source, bound.call_id) = ("pbx".into(), "ghost".into());
    let mut recent = form("recent", &[SKILLS]);
    recent.answered_at.as_mut().unwrap().seconds = now() / SECOND - 86_400;
    let forms = vec![form("old", &[SKILLS]), bound, recent];
    assert_eq!(submit(&server, forms).await.accepted, 3);
    let held = async |server: &Server| {
        let mut held = Vec::new();
        for sql in [
            "select cast(count(*) as text) from survey_sessions",
            "select cast(count(*) as text) from survey_answers",
            "select cast(count(*) as text) from survey_consents",
            "select cast(count(*) as text) from cases",
            "select cast(count(*) as text) from survey_forms",
            "select cast(count(*) as text) from survey_form_answers",
        ] {
            held.push(rows(server, Part::Store, sql).await);
        }
        held
    };
    until("the session to be stored", || async {
        (held(&server).await == [1, 2, 1, 1, 3, 3]).then_some(())
    })
    .await;
    // As if all of it, but the recent form, had been long ago.
    server.kill();
    for sql in [
        "update survey_sessions set ended_at = 0",
        "update cases set opened_at = 0",
    ] {
        let store = Rows::of(&server, Part::Store).await;
        store.change(sql).await;
    }
    server.restart().await;
    until("it to go", || async {
        (held(&server).await == [0, 0, 0, 0, 1, 1]).then_some(())
    })
    .await;
}
