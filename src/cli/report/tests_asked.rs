//! How a report may be asked for, and what is said when it cannot be had.

use super::*;
use crate::cli::failure::Exit;
use crate::model::{QueueRules, RulesVersion, Timeline};
use crate::reports::Bucket;

#[tokio::test]
async fn a_refusal_is_one_line_and_exit_1() {
    for (words, said) in [
        (
            "queues --queue job",
            "unknown queue \"job\"; the nearest is \"jobs\" (--queue)",
        ),
        (
            "waits --zone Europe/Samra",
            "unknown zone \"Europe/Samra\"; the nearest is \"Europe/Samara\" (--zone)",
        ),
        (
            "transfers --from 2026-02-01T00:00Z --to 2026-01-01T00:00Z",
            "the period starts at 2026-02-01T04:00:00+04:00, after its end 2026-01-01T04:00:00+04:00 (--to)",
        ),
    ] {
        let failure = asked(words).await.unwrap_err();
        assert_eq!((failure.exit, &*failure.message), (Exit::Failure, said));
    }
}

#[tokio::test]
async fn no_server_or_another_one_is_exit_4_with_the_address() {
    let clock = Clock::manual(samara("12:00:00"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let web = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = listener.local_addr().unwrap().to_string();
    let (_, health) = tonic_health::server::health_reporter();
    let server = tonic::transport::Server::builder().add_service(health);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    for address in [web, other, unused] {
        let args = args(&format!("queues --server {address}"));
        let failure = show(&args, Output::Csv, &clock).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable, "{failure}");
        assert!(
            failure.message.contains(&address) && !failure.message.contains('\n'),
            "{failure}"
        );
    }
}

#[test]
fn every_report_takes_every_flag() {
    Args::augment_args(Command::new("report")).debug_assert();
    for report in ["queues", "transfers", "waits"] {
        let words = "--server h:1 --from 2026-01 --to 2026-02 --zone UTC --bucket 30m --queue a --queue b,c \
            --service-level 20s --short-abandon 5s --wait-over 60s --edges 1s,2s --excessive-limit 1 --output csv-ru --out a.csv";
        let args = args(&format!("{report} {words}"));
        let options = args.report.options();
        assert_eq!(options.queue, ["a", "b,c"]);
        assert_eq!(
            (options.bucket, &*options.edges),
            (Bucket::Minutes30, &[seconds(1), seconds(2)][..])
        );
    }
}

#[test]
fn a_wrong_command_line_is_refused() {
    for words in [
        "",
        "agents-of-chaos",
        "queues --to 2026-01-01",
        "queues --from yesterday",
        "queues --bucket 20m",
        "queues --service-level 20",
        "queues --server https://hotline.example",
        "transfers --excessive-limit 0",
        "waits --output xls",
    ] {
        assert_eq!(matches(words).unwrap_err().exit_code(), 2, "{words}");
    }
}

#[tokio::test]
async fn lens_and_basis_are_asked_for_and_said() {
    let table = "--output table --lens journey --basis event";
    let queues = asked(&format!("queues {table}")).await.unwrap().text;
    for words in [
        "Each call once, under the first queue it entered",
        "Each arrival, answer and exit in the interval in which it happened",
    ] {
        assert!(queues.contains(words), "{words:?} in\n{queues}");
    }
    let remarks = asked("transfers --output csv --lens journey --basis event")
        .await
        .unwrap()
        .remarks;
    for caution in [
        "this report has no lens: journey has no effect",
        "this report has one basis: event has no effect",
    ] {
        assert!(
            remarks.iter().any(|remark| remark == caution),
            "{remarks:?}"
        );
    }
    assert!(matches("queues --lens call").is_err());
}

#[tokio::test]
async fn hours_of_the_day_are_named_in_every_report() {
    for report in ["queues", "waits", "transfers", "agents"] {
        let text = asked(&format!("{report} --output csv --bucket hour-of-day"))
            .await
            .unwrap()
            .text;
        let mut starts = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next());
        assert!(starts.all(|start| ["09", "10"].contains(&start)), "{text}");
    }
}

/// Words of a table that are no Russian: of names and ids they may be.
fn foreign(text: &str) -> Vec<&str> {
    let names = [
        "jobs", "benefits", "help", "anna", "ann", "ivan", "bob", "pbx", "Europe", "Samara",
        "asterisk", "SL", "SL2",
    ];
    let is_id = |word: &str| crate::kpi::glossary().any(|(definition, _)| definition.id == word);
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let words = words.filter(|word| word.chars().filter(char::is_ascii_alphabetic).count() > 1);
    words
        .filter(|word| !names.contains(word) && !is_id(word))
        .filter(|word| {
            ![
                "p50", "p90", "p95", "p99", "headline", "CSV", "Excel", "csv", "output",
            ]
            .contains(word)
        })
        .filter(|word| !["Asterisk", "part", "matrix", "loops"].contains(word))
        // A digest of calls.
        .filter(|word| !(word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit())))
        // Versions of definitions.
        .filter(|word| !(word.starts_with('v') && word[1..].parse::<u32>().is_ok()))
        .collect()
}

#[tokio::test]
async fn tables_of_queues_and_transfers_are_russian() {
    for report in [
        "queues",
        "queues --bucket weekday",
        "queues --lens journey --basis event",
        "queues --compare previous",
        "queues --compat asterisk",
        "transfers",
        "transfers --part kinds",
    ] {
        let text = asked(&format!("{report} --output table --lang ru"))
            .await
            .unwrap()
            .text;
        assert_eq!(foreign(&text), [""; 0], "{report}\n{text}");
        assert!(!text.contains("0.0"), "a decimal comma: {text}");
    }
    let text = asked("queues --output table --lang ru").await.unwrap().text;
    for words in [
        "Очереди: с 2026-03-02 00:00 +04:00",
        "66,7 %",
        "УС strict",
        "T = 20 с",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    // Programs' formats keep their names.
    let csv = asked("queues --output csv --lang ru").await.unwrap().text;
    assert!(csv.starts_with(HEADER));
}

#[tokio::test]
async fn a_period_that_was_measured_otherwise_is_no_yardstick() {
    let rules = |seconds_of_target: u64| -> QueueRules {
        let target = QueueTarget {
            service_level: seconds(seconds_of_target),
            ..QueueTarget::default()
        };
        target.into()
    };
    let change = RulesVersion {
        since: samara("10:35:00"),
        rules: rules(60),
    };
    let timeline = Timeline::with_changes(rules(20), vec![change]);
    let mut options = hotline();
    let jobs = QueueId::new("jobs");
    options.targets.queues.insert(jobs, timeline);
    let server = serve_with(options).await;
    let words =
        "queues --from 2026-03-02T10:35 --to 2026-03-02T11:10 --queue jobs --compare previous";
    let shown = shown_by(&server, words).await.unwrap();
    let said = "what counts for queue jobs differs between the two periods: T from 20 s to 60 s; figures that rest on it \
        have no difference";
    assert_eq!(shown.remarks, [said]);
    let mut rows = csv::Reader::from_reader(&*shown.content);
    let heads = rows.headers().unwrap().clone();
    let jobs = rows.records().next().unwrap().unwrap();
    let cell = |name: &str| {
        let at = heads.iter().position(|head| head == name);
        &jobs[at.unwrap_or_else(|| panic!("no column {name}"))]
    };
    assert_eq!(
        [
            "bucket_start",
            "bucket_start_before",
            "visits_offered_difference",
            "answered_within_target_before",
            "answered_within_target_difference",
            "sl_strict_difference",
            "sl_strict_difference_low",
            "target_s",
            "target_before_s",
        ]
        .map(cell),
        [
            "2026-03-02T10:35:00+04:00",
            "2026-03-02T10:00:00+04:00",
            "-1",
            "2",
            "",
            "",
            "",
            "60",
            "20",
        ]
    );
    let words = format!("{words} --service-level 20s");
    let shown = shown_by(&server, &words).await.unwrap();
    assert_eq!(shown.remarks, [""; 0], "asked for alike");
}
