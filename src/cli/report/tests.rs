//! The command against a server of its own, and what it writes.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;

use super::*;
use crate::model::fixture::transfer as passed;
use crate::model::{
    CallRow, Exit as Left, QueueId, QueueTarget, TargetKind, TransferMethod, TransferRow, VisitRow,
};
use crate::proto::v1::report_service_server::ReportServiceServer;
use crate::reports::Options;
use crate::reports::fixture::{Memory, call, hotline, samara, seconds, visit};
use crate::store::Selection;
use crate::wire::report::Service;

fn matches(words: &str) -> Result<ArgMatches, clap::Error> {
    let command = Args::augment_args(Command::new("report"));
    command.try_get_matches_from(["report"].into_iter().chain(words.split_whitespace()))
}

fn args(words: &str) -> Args {
    Args::from_arg_matches(&matches(words).unwrap()).unwrap()
}

/// Three visits in jobs (one abandoned), one in benefits that ran out of time; a call passed on.
fn day() -> Memory {
    let jobs = QueueId::new("jobs");
    let answered = VisitRow {
        talk: Some(seconds(300)),
        ..visit("jobs", samara("10:00:00"), Left::Answered, 20)
    };
    let passed_on = CallRow {
        visits: 1,
        first_queue: Some(jobs.clone()),
        answered: true,
        first_answer_queue: Some(jobs.clone()),
        last_answer_queue: Some(jobs.clone()),
        transfers: 1,
        ..call(samara("10:00:00"))
    };
    let transfer = TransferRow {
        call_row: 0,
        call_arrived_at: samara("10:00:00"),
        method: TransferMethod::Attended,
        target: TargetKind::Agent,
        wait: seconds(7),
        spent: seconds(67),
        ..passed(Some("jobs"), "anna")
    };
    Memory::of(Selection {
        calls: vec![passed_on, call(samara("09:00:00"))],
        visits: vec![
            answered,
            visit("jobs", samara("10:30:00"), Left::Answered, 0),
            visit("jobs", samara("10:40:00"), Left::AbandonedWaiting, 4),
            visit("benefits", samara("10:50:00"), Left::Timeout, 90),
        ],
        transfers: vec![transfer],
    })
}

/// Serves the day; says where.
async fn serve() -> String {
    serve_with(hotline()).await
}

async fn serve_with(options: Options) -> String {
    serve_of(day(), options).await
}

/// Serves what a store holds; says where.
pub(super) async fn serve_of(memory: Memory, options: Options) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = ReportServiceServer::new(Service::new(memory.reports(options).0));
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address.to_string()
}

/// Asks for a report as if it were noon of that day.
async fn shown(words: &str) -> Result<Shown, Failure> {
    shown_by(&serve().await, words).await
}

pub(super) async fn shown_by(server: &str, words: &str) -> Result<Shown, Failure> {
    let args = args(&format!("{words} --server {server}"));
    let output = args.report.options().output.unwrap_or(Output::Csv);
    show(&args, output, &Clock::manual(samara("12:00:00"))).await
}

/// What was shown, and the remarks about it.
async fn asked(words: &str) -> Result<Asked, Failure> {
    let Shown {
        content, remarks, ..
    } = shown(words).await?;
    let text = String::from_utf8(content).unwrap();
    Ok(Asked { text, remarks })
}

#[derive(Debug)]
struct Asked {
    text: String,
    remarks: Vec<String>,
}

const HEADER: &str = "bucket_start,queue,calls_arrived,left_before_queue,visits_offered,answered,abandoned,\
    answered_within_20s,abandoned_within_20s,abandoned_within_5s,wait_answered_sum_s,wait_abandoned_sum_s,wait_max_s,\
    talk_sum_s,wait_answered_p50_s,wait_answered_p90_s,wait_answered_p95_s,wait_answered_p99_s,wait_abandoned_p50_s,\
    wait_abandoned_p90_s,wait_all_p50_s,wait_all_p90_s,wait_all_p95_s,wait_all_p99_s,wait_over_60s,wait_over_180s,\
    sl_strict,sl_short,sl_ignore_abandoned,sl_abandoned_met,sl_answered_only,abandon_rate,asa_s,\
    mean_time_to_abandon_s,decided,waiting,abandoned_ringing,timeout,key_exit,left_empty,withdrawn,callback,error,\
    calls_offered,calls_refused,demand,refused_rate,negative_spans,waits_unknown,conservation_residual,sl_amazon,\
    sl_journey,sl_access,callback_within_20s,journey_answered_within_20s,journey_decided,refused_closed,\
    outcome_served,outcome_self_served,outcome_left_before_queue,outcome_abandoned,outcome_dismissed,\
    outcome_callback_promised,outcome_message_left,outcome_refused,outcome_diverted,outcome_direct,\
    outcome_unknown,outcome_open,outcome_residual,journey_wait_count,journey_wait_sum_s,journey_wait_p50_s,\
    journey_wait_p90_s,journey_wait_max_s,journey_wait_censored_count,journey_wait_censored_sum_s,\
    journey_wait_censored_p50_s,journey_wait_censored_p90_s,journey_wait_censored_max_s,queue_wait_sum_s,\
    time_to_human_count,time_to_human_sum_s,time_to_human_p50_s,time_to_human_p90_s,time_to_human_max_s,\
    caller_burden_count,caller_burden_sum_s,caller_burden_p50_s,caller_burden_p90_s,caller_burden_max_s,\
    missed_offer_time_sum_s,abandoned_after_transfer,answered_short,lost,lost_rate,sl_strict_low,sl_strict_high,\
    abandon_rate_low,abandon_rate_high,lost_rate_low,lost_rate_high,headline,service_level,target_s,all_busy_s\n";

/// What stands in the last columns of a queue's row in which no call has ended: `amazon`, calls open, V1 that were lost,
/// and the intervals.
fn unended(amazon: &str, open: u64, lost_rate: &str, intervals: &str) -> String {
    let none = "0,0,,,";
    format!(
        "{amazon},,,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,{open},0,{none},{none},0,{none},{none},0,0,0,0,{lost_rate},{intervals}"
    )
}

#[tokio::test]
async fn queues_as_csv() {
    let shown = asked("queues --output csv").await.unwrap();
    let start = "2026-03-02T00:00:00+04:00";
    let expected = [
        HEADER.to_owned(),
        format!(
            "{start},benefits,,,1,0,0,0,0,0,0,0,90,0,,,,,,,90,90,90,90,1,0,0.000000000,0.000000000,,,,0.000000000,,,1,0,0,\
             1,0,0,0,0,0,0,0,0,,0,0,0,{},strict,0.000000000,20,\n",
            unended(
                "0.000000000",
                0,
                "",
                "0.000000000,0.793450686,0.000000000,0.793450686,,"
            )
        ),
        format!(
            "{start},jobs,,,3,2,1,2,1,1,20,4,20,300,0,20,20,20,4,4,4,20,20,20,0,0,0.666666667,1.000000000,1.000000000,\
             1.000000000,1.000000000,0.333333333,10,4,3,0,0,0,0,0,0,0,0,1,0,1,0.000000000,0,0,0,{},strict,0.666666667,20,\n",
            unended(
                "1.000000000",
                1,
                "0.000000000",
                "0.207659601,0.938508055,0.061491945,0.792340399,0.000000000,0.793450686"
            )
        ),
        format!(
            "{start},ALL,2,0,4,2,1,2,1,1,20,4,90,300,0,20,20,20,4,4,4,90,90,90,1,0,0.500000000,0.666666667,1.000000000,\
             1.000000000,1.000000000,0.250000000,10,4,4,0,0,1,0,0,0,0,0,1,0,1,0.000000000,0,0,0,{},strict,0.500000000,20,\n",
            unended(
                "0.750000000",
                2,
                "0.000000000",
                "0.150038989,0.849961011,0.045587261,0.699358157,0.000000000,0.793450686"
            )
        ),
    ];
    assert_eq!(shown.text, expected.concat());
    assert_eq!(shown.remarks, [""; 0]);
}

#[tokio::test]
async fn thresholds_asked_for_name_the_columns() {
    let words = "queues --output csv --service-level 12500ms --short-abandon 3s --wait-over 2min,30s --wait-over 1s";
    let text = asked(words).await.unwrap().text;
    let (header, _) = text.split_once('\n').unwrap();
    for name in [
        ",answered_within_12.5s,abandoned_within_12.5s,abandoned_within_3s,",
        ",wait_over_1s,wait_over_30s,wait_over_120s,sl_strict,",
    ] {
        assert!(header.contains(name), "{name} in {header}");
    }
    assert!(!header.contains("wait_over_60s"), "{header}");
}

#[tokio::test]
async fn thresholds_that_differ_between_queues_are_no_number() {
    let own = QueueTarget {
        service_level: seconds(30),
        ..QueueTarget::default()
    };
    let mut options = hotline();
    options
        .targets
        .queues
        .insert(QueueId::new("jobs"), own.into());
    let server = serve_with(options).await;
    for (words, columns) in [
        (
            "queues",
            ",answered_within_target,abandoned_within_target,abandoned_within_5s,",
        ),
        (
            "queues --queue jobs",
            ",answered_within_30s,abandoned_within_30s,abandoned_within_5s,",
        ),
    ] {
        let text = shown_by(&server, words).await.unwrap().content;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(columns), "{columns} in {text}");
    }
}

#[tokio::test]
async fn waits_as_csv() {
    let words = "waits --from 2026-03-02T10:30 --to 2026-03-02T11:00:00+04:00 --bucket 30m --edges 7s --output csv";
    let text = asked(words).await.unwrap().text;
    let start = "2026-03-02T10:30:00+04:00";
    let edges = "0,le_5,le_7,le_10,le_15,le_20,le_25,le_30,le_45,le_60,le_90,le_120,le_180,le_240,le_300,le_600,\
        le_900,le_1800,le_3600";
    let quantiles = "wait_p50_s,wait_p90_s,wait_p95_s,wait_p99_s,\
        time_to_answer_p50_s,time_to_answer_p90_s,time_to_answer_p95_s,time_to_answer_p99_s";
    let times = |cell: &str, count: usize| vec![cell; count].join(",");
    let [none, one] = [times("0", 19), times("1", 19)];
    let (four, ninety) = (
        format!("0,{}", times("1", 18)),
        format!("{},{}", times("0", 10), times("1", 9)),
    );
    let expected = [
        format!("bucket_start,queue,exit,le_{edges},count,sum_s,{quantiles}"),
        format!("{start},benefits,answered,{none},0,0,,,,,,,,"),
        format!("{start},benefits,abandoned,{none},0,0,,,,,,,,"),
        format!("{start},benefits,other,{ninety},1,90,90,90,90,90,,,,"),
        // Who gave up after 4 s might have waited longer: only the half is known to be answered at once.
        format!("{start},jobs,answered,{one},1,0,0,0,0,0,0,,,"),
        format!("{start},jobs,abandoned,{four},1,4,4,4,4,4,,,,"),
        format!("{start},ALL,answered,{one},1,0,0,0,0,0,,,,"),
        format!("{start},ALL,abandoned,{four},1,4,4,4,4,4,,,,"),
        format!("{start},ALL,other,{ninety},1,90,90,90,90,90,,,,\n"),
    ];
    assert_eq!(text, expected.join("\n"));
}

#[tokio::test]
async fn transfers_as_csv() {
    let text = asked("transfers --output csv --from 2026-03 --queue jobs")
        .await
        .unwrap()
        .text;
    let start = "2026-03-01T00:00:00+04:00";
    let figures = "1,1,1.000000000,1,1.000000000,0,1,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0.000000000,0,0,0,0,0.206549314,1.000000000,0.000000000,0.793450686";
    let expected = format!(
        "bucket_start,queue,calls_served,calls_transferred,transferred_call_rate,transfers,transfers_per_call,\
         calls_with_0,calls_with_1,calls_with_2,calls_with_3,calls_with_4,calls_with_5,calls_with_over_5,\
         blind_agent,blind_queue,blind_outside,attended_agent,attended_queue,attended_outside,\
         conference_agent,conference_queue,conference_outside,returns,failed,failed_no_answer,failed_busy,\
         failed_refused,failed_caller_gone,after_answered,after_abandoned,after_returned,after_pending,\
         transfer_wait_sum_s,wrong_door,wrong_door_rate,excessive,reroutes,requeued,consult_only,\
         transferred_call_rate_low,transferred_call_rate_high,wrong_door_rate_low,wrong_door_rate_high\n\
         {start},jobs,{figures}\n{start},ALL,{figures}\n"
    );
    assert_eq!(text, expected);
}

#[tokio::test]
async fn queues_as_russian_csv_have_the_same_columns() {
    let text = asked("queues --output csv-ru").await.unwrap().text;
    let mut lines = text.split("\r\n");
    let header = format!("\u{feff}{}", HEADER.trim_end().replace(',', ";"));
    assert_eq!(lines.next(), Some(&*header));
    let jobs = "2026-03-02T00:00:00+04:00;jobs;;;3;2;1;2;1;1;20;4;20;300;0;20;20;20;4;4;4;20;20;20;0;0;0,666666667;\
        1,000000000;1,000000000;1,000000000;1,000000000;0,333333333;10;4;3;0;0;0;0;0;0;0;0;1;0;1;0,000000000;0;0;0;1,000000000;;;0;";
    let line = lines.nth(1).unwrap();
    assert!(line.starts_with(jobs), "{line}");
    assert_eq!(lines.nth(1), Some(""), "the last line ends, too");
}

#[tokio::test]
async fn another_period_is_set_beside_in_every_format() {
    // The day before has nothing: what has no partner is empty.
    let day = "--from 2026-03-02 --to 2026-03-03 --compare previous";
    let Asked { text, .. } = asked(&format!("transfers {day}")).await.unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let heads = rows.headers().unwrap().clone();
    let all = rows.records().last().unwrap().unwrap();
    let cell = |name: &str| {
        let at = heads.iter().position(|head| head == name);
        &all[at.unwrap_or_else(|| panic!("no column {name}"))]
    };
    assert_eq!((cell("transfers"), cell("transfers_before")), ("1", ""));
    assert_eq!(cell("transferred_call_rate_difference_low"), "");
    // The period that holds the day is a week later: now nothing, before one transfer.
    let later = "--from 2026-03-09 --to 2026-03-10 --compare last-week";
    let Asked { text, .. } = asked(&format!("transfers {later} --output json"))
        .await
        .unwrap();
    let answer: v1::GetTransferReportResponse = serde_json::from_str(&text).unwrap();
    let before = answer.before.unwrap();
    assert_eq!(
        before.context.unwrap().start_local,
        "2026-03-02T00:00:00+04:00"
    );
    assert_eq!(before.rows.last().unwrap().transfers, 1);
    let of = |figure: &str| {
        let mut all = answer.differences.iter();
        all.rfind(|one| one.figure == figure).unwrap()
    };
    let transfers = of("transfers");
    assert_eq!((transfers.value, transfers.before), (None, Some(1.0)));
    assert_eq!(transfers.bucket_start_before, "2026-03-02T00:00:00+04:00");
    let table = asked(&format!("transfers {later} --output table"))
        .await
        .unwrap()
        .text;
    assert!(
        table.contains("Compared with 2026-03-02 00:00 +04:00 to 2026-03-03"),
        "{table}"
    );
    assert!(table.contains("transferred call rate"), "{table}");
    let wrong = matches("queues --compare yesterday")
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("last-week"), "{wrong}");
}

#[tokio::test]
async fn other_reports_have_parts_too() {
    let curve = asked("waits --queue jobs --part curve").await.unwrap().text;
    let start = "2026-03-02T00:00:00+04:00";
    assert!(
        curve.starts_with(
            "bucket_start,queue,age_s,at_risk,answered,censored,survival\n2026-03-02T00:00:00+04:00,jobs,0,3,1,0,0.666666667\n"
        ),
        "{curve}"
    );
    assert!(
        curve.contains(&format!("{start},jobs,4,2,0,1,0.666666667\n")),
        "{curve}"
    );
    let pauses = asked("agents --part pauses").await.unwrap().text;
    assert_eq!(pauses, "bucket_start,agent,reason,paused_s,name\n");
    let shared = asked("repeats --part shared").await.unwrap().text;
    assert_eq!(shared, "caller,calls\n");
    // A part of another report is none of this one.
    let agents = asked("agents --part curve").await.unwrap().text;
    assert!(
        agents.starts_with("bucket_start,agent,handled,"),
        "{agents}"
    );
}

#[tokio::test]
async fn the_transfer_report_has_parts() {
    let matrix = asked("transfers --part matrix").await.unwrap().text;
    assert_eq!(
        matrix,
        "bucket_start,from_kind,from,target,to,transfers,returns,transfer_wait_sum_s,caller_time_sum_s\n\
         2026-03-02T00:00:00+04:00,queue,jobs,agent,anna,1,0,7,67\n\
         2026-03-02T00:00:00+04:00,agent,ivan,agent,anna,1,0,7,67\n"
    );
    let kinds = asked("transfers --part kinds").await.unwrap().text;
    let there = |line: &str| kinds.lines().any(|one| one == line);
    assert!(there("2026-03-02T00:00:00+04:00,jobs,T1,attended,agent,1,"));
    assert!(there("2026-03-02T00:00:00+04:00,jobs,T5,0,,1,"));
    assert!(there("2026-03-02T00:00:00+04:00,jobs,T6,busy,,0,"));
    assert!(
        there("2026-03-02T00:00:00+04:00,jobs,T7,answered,,1,7"),
        "{kinds}"
    );
    // Nobody was passed around; a report of one part has no other.
    let loops = asked("transfers --part loops").await.unwrap().text;
    assert_eq!(
        loops,
        "way,calls,transfers,returns,caller_time_sum_s,caller_time_mean_s,first_calls\n"
    );
    let queues = asked("queues --part matrix").await.unwrap().text;
    assert!(queues.starts_with(HEADER), "{queues}");
    let table = asked("transfers --part matrix --output table")
        .await
        .unwrap()
        .text;
    assert!(table.contains("jobs") && table.contains("1:07"), "{table}");
}

#[tokio::test]
async fn every_report_is_a_workbook_with_its_definitions() {
    for (report, title, row_of_jobs, definition) in [
        ("queues", "Queues", 2, "V1"),
        ("transfers", "Transfers", 1, "T1"),
        ("waits", "Waits", 4, "W1"),
    ] {
        let shown = shown(&format!("{report} --output xlsx")).await.unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(shown.content)).unwrap();
        let parts: &[&str] = match report {
            "transfers" => &["Kinds", "Matrix", "Loops"],
            "waits" => &["Curve"],
            _ => &[],
        };
        let sheets = [&[title], parts, &["Definitions", "About"]].concat();
        assert_eq!(workbook.sheet_names(), sheets);
        let rows = workbook.worksheet_range(title).unwrap();
        let text = |cell: &str| Some(Data::String(cell.to_owned()));
        assert_eq!(rows.get((0, 0)).cloned(), text("bucket_start"));
        assert_eq!(
            rows.get((row_of_jobs, 1)).cloned(),
            text("jobs"),
            "{report}"
        );
        let definitions = workbook.worksheet_range("Definitions").unwrap();
        let ids: Vec<_> = definitions.rows().map(|row| row[0].to_string()).collect();
        assert!(ids.iter().any(|id| id == definition), "{ids:?}");
        let about = workbook.worksheet_range("About").unwrap();
        let about: Vec<_> = about.rows().map(|row| row[1].to_string()).collect();
        assert!(
            about.iter().any(|value| value == "Europe/Samara"),
            "{about:?}"
        );
        let is_digest = |value: &&String| {
            value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        assert_eq!(about.iter().filter(is_digest).count(), 1, "{about:?}");
    }
}

#[tokio::test]
async fn json_is_the_answer_in_the_contract_s_mapping() {
    let text = asked("queues --output json --zone Asia/Tokyo --from 2026-03-02 --to 2026-03-03")
        .await
        .unwrap()
        .text;
    let answer: v1::GetQueueReportResponse = serde_json::from_str(&text).unwrap();
    assert_eq!(
        answer.context.unwrap().start_local,
        "2026-03-02T00:00:00+09:00"
    );
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let jobs = &json["rows"][1];
    assert_eq!(
        (&jobs["queue"], &jobs["visitsOffered"], &jobs["talkSum"]),
        (&"jobs".into(), &"3".into(), &"300s".into())
    );
    assert_eq!(jobs["serviceLevel"]["threshold"], "20s");
}

#[tokio::test]
async fn a_period_without_data_is_a_header_and_a_remark() {
    let shown = asked("queues --output csv --from 2025-01-01 --to 2025-02-01")
        .await
        .unwrap();
    assert_eq!(shown.text, HEADER);
    assert_eq!(
        shown.remarks,
        ["no data from 2025-01-01 00:00 +04:00 to 2025-02-01 00:00 +04:00, Europe/Samara"]
    );
    for report in ["queues", "transfers", "waits", "unserved"] {
        let shown = asked(&format!(
            "{report} --output table --from 2025-01 --to 2025-02"
        ))
        .await
        .unwrap();
        assert!(
            shown.text.contains("No data in this period."),
            "{}",
            shown.text
        );
    }
}

#[tokio::test]
async fn tables_have_a_heading_figures_and_definitions() {
    for (report, words) in [
        (
            "queues",
            &[
                "Queues: 2026-03-02 00:00 +04:00 to 2026-03-03 00:00 +04:00, Europe/Samara\n",
                "strict SL",
                "66.7 %",
                "T = 20 s",
            ][..],
        ),
        (
            "transfers",
            &[
                "Transfers: ",
                "│ jobs       ┆ anna ┆ agent",
                "100.0 %",
                "T10 v1",
            ],
        ),
        (
            "waits",
            &[
                "Waits: ",
                " 0 – 5 s │▒",
                "█ answered",
                "│ benefits ┆ other",
                "│ jobs     ┆ if all stayed (W11) ┆     3 ┆        1 ┆",
                "not reached",
                "W1 ",
            ],
        ),
    ] {
        let text = asked(&format!("{report} --output table"))
            .await
            .unwrap()
            .text;
        for word in words {
            assert!(text.contains(word), "{word:?} in\n{text}");
        }
    }
}

#[path = "tests_asked.rs"]
mod asked;
