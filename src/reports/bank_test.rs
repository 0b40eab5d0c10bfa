//! Three months of real calls against figures that somebody else computed: proves the formulas without a server.
//!
//! The rows may not lie in the repository. They are looked for under `DOZVON_SHARED`, else in `shared` beside the
//! project; without them the tests say loudly that they were left out. Rows become visits and calls by that folder's
//! own MAPPING.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::read::GzDecoder;
use jiff::civil::{Date, DateTime, Time};

use super::fixture::{Asked, Memory, at, call};
use super::{Bucket, Lens, Options, Query, QueueReport, QueueRow, WaitReport, WaitRow, Zone};
use crate::kpi::{QUANTILE_ERROR, seconds_text};
use crate::model::{CallRow, Exit, Outcome, QueueId, Targets, Timestamp, VisitRow};
use crate::store::Selection;

const ZONE: &str = "Asia/Jerusalem";
const MONTHS: [&str; 3] = ["january", "february", "march"];

/// Figures of one file by month or local time, then queue (and exit); each with its column's name.
type Figures = BTreeMap<Vec<String>, BTreeMap<String, String>>;

#[test]
fn months_by_queue_equal_exactly() {
    let Some(bank) = bank() else { return };
    let exact = Query {
        exact: true,
        ..bank.query(Bucket::Month)
    };
    months_equal(bank, &bank.reports().queues(&exact).unwrap(), true);
}

#[test]
fn months_by_queue_equal_but_for_quantiles_within_their_error() {
    let Some(bank) = bank() else { return };
    months_equal(bank, &bank.asked(Bucket::Month), false);
}

fn months_equal(bank: &Bank, report: &QueueReport, exact: bool) {
    let expected = bank.expected("expected-queues.csv", 2);
    let key = |row: &QueueRow| vec![month(&row.bucket_start), row.queue.clone()];
    let rows = report.rows.iter().filter(|row| row.visits_offered > 0);
    let rows: BTreeMap<_, _> = rows.map(|row| (key(row), row)).collect();
    same_keys(&with_visits(&expected), rows.keys());
    let mut compared = 0;
    for (key, row) in rows {
        for (column, value) in &expected[&key] {
            let figure = queue_figure(row, column);
            // Only the row for all has them.
            let absent =
                row.queue != "ALL" && ["calls_arrived", "left_before_queue"].contains(&&**column);
            let expected = if absent { "" } else { value };
            let is_quantile = ["_p50_s", "_p90_s", "_p95_s", "_p99_s"]
                .iter()
                .any(|end| column.ends_with(end));
            if exact || !is_quantile || expected.is_empty() {
                assert_eq!(figure, expected, "{key:?} {column}");
            } else {
                let [figure, expected] =
                    [&*figure, expected].map(|text| text.parse::<f64>().unwrap());
                let error = (figure - expected).abs();
                assert!(
                    error <= expected * 0.01,
                    "{key:?} {column}: {figure}, not {expected}"
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 21 * 30, "rows × columns");
}

#[test]
fn half_hours_equal_exactly() {
    let Some(bank) = bank() else { return };
    let expected = bank.expected("expected-halfhours.csv", 2);
    let report = bank.asked(Bucket::Minutes30);
    let queues = report
        .rows
        .iter()
        .filter(|row| row.queue != "ALL" && row.visits_offered > 0);
    let key = |row: &QueueRow| vec![local(row), row.queue.clone()];
    let rows: BTreeMap<_, _> = queues.map(|row| (key(row), row)).collect();
    same_keys(&expected, rows.keys());
    for (key, row) in rows {
        for (column, value) in &expected[&key] {
            assert_eq!(queue_figure(row, column), *value, "{key:?} {column}");
        }
    }
}

#[test]
fn calls_of_queues_add_up_in_every_interval() {
    let Some(bank) = bank() else { return };
    for bucket in [Bucket::Minutes15, Bucket::Hour, Bucket::Day, Bucket::Month] {
        let mut sums = BTreeMap::<&str, [[u64; 3]; 2]>::new();
        let report = bank.asked(bucket);
        for row in &report.rows {
            // A call that arrived just before the interval's end entered its queue in the next one.
            let figures = [row.calls_offered, row.calls.outcomes.sum(), row.calls.lost];
            let sums = sums.entry(&row.bucket_start).or_default();
            let sums = &mut sums[usize::from(row.queue == "ALL")];
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
        }
        for (start, [queues, all]) in sums {
            assert_eq!(
                (queues[0], queues[2]),
                (all[0], all[2]),
                "{bucket:?} {start}"
            );
            // Those that met no queue are in the row for all alone.
            assert!(queues[1] <= all[1], "{bucket:?} {start}");
        }
    }
}

#[test]
fn histograms_equal_exactly() {
    let Some(bank) = bank() else { return };
    let expected = bank.expected("expected-histograms.csv", 3);
    let report = bank
        .reports()
        .waits(&bank.query(Bucket::Month), &[])
        .unwrap();
    let key = |row: &WaitRow| {
        vec![
            month(&row.bucket_start),
            row.queue.clone(),
            row.exit.as_str().to_owned(),
        ]
    };
    let rows: BTreeMap<_, _> = report.rows.iter().map(|row| (key(row), row)).collect();
    same_keys(&with_waits(&expected), rows.keys());
    for (key, row) in rows {
        let edges = report
            .edges
            .iter()
            .map(|edge| format!("le_{}", seconds_text(*edge)));
        let counts = edges.zip(row.up_to.iter().map(u64::to_string));
        let sums = [
            ("count".to_owned(), row.count.to_string()),
            ("sum_s".to_owned(), seconds_text(row.sum)),
        ];
        let figures: BTreeMap<_, _> = counts.chain(sums).collect();
        assert_eq!(figures, expected[&key], "{key:?}");
    }
}

#[test]
fn time_to_answer_equals_the_virtual_waits() {
    let Some(bank) = bank() else { return };
    let expected = bank.expected("patience.csv", 3);
    let exact = Query {
        exact: true,
        ..bank.query(Bucket::Month)
    };
    let report = bank.reports().waits(&exact, &[]).unwrap();
    virtual_waits_equal(&expected, report, |figure, expected| figure == expected);
    // Out of cells within their error.
    let report = bank.reports().waits(&bank.query(Bucket::Month), &[]);
    virtual_waits_equal(&expected, report.unwrap(), |figure, expected| {
        let [figure, expected] = [figure, expected].map(|text| text.parse::<f64>().unwrap_or(-1.0));
        (figure - expected).abs() <= expected.abs() * QUANTILE_ERROR
    });
}

fn virtual_waits_equal(
    expected: &Figures,
    report: WaitReport,
    is_right: impl Fn(&str, &str) -> bool,
) {
    let mut compared = 0;
    for curve in report.curves {
        let queued = ["QUEUED".to_owned()];
        let names = [month(&curve.bucket_start), curve.queue.clone()];
        let Some(figures) = expected.get(&[&names[..], &queued].concat()) else {
            continue;
        };
        // The file is of those who were queued; at 0 s all others were answered.
        let steps = &curve.curve.steps;
        let at_once = steps.iter().find(|step| step.time.is_zero());
        let queued = at_once.map_or(1.0, |step| step.survival);
        let reached = |left: f64| {
            let step = steps
                .iter()
                .find(|step| !step.time.is_zero() && step.survival / queued <= left + 1e-12);
            step.map(|step| seconds_text(step.time)).unwrap_or_default()
        };
        for (column, left) in [("virtual_wait_q25_s", 0.75), ("virtual_wait_median_s", 0.5)] {
            let (figure, expected) = (reached(left), &figures[column]);
            assert!(
                is_right(&figure, expected),
                "{names:?} {column}: {figure}, not {expected}"
            );
            compared += 1;
        }
    }
    assert_eq!(
        compared,
        3 * 5 * 2,
        "months × queues of the file × quantiles"
    );
}

#[test]
fn one_visit_a_call_is_its_journey() {
    let Some(bank) = bank() else { return };
    let visits = bank.asked(Bucket::Month);
    let journeys = Query {
        lens: Lens::Journey,
        ..bank.query(Bucket::Month)
    };
    let journeys = bank.reports().queues(&journeys).unwrap();
    // Nobody of the bank's callers went from queue to queue. Only the cohorts differ: a call that arrived just before
    // midnight entered its queue after it.
    let rows = |report: &QueueReport| {
        let mut sums = BTreeMap::<String, [u64; 4]>::new();
        for row in &report.rows {
            let figures = [
                row.visits_offered,
                row.counts.answered,
                row.counts.answered_within,
                row.wait_all.sum.as_secs(),
            ];
            let sums = sums.entry(row.queue.clone()).or_default();
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
        }
        sums
    };
    assert_eq!(rows(&visits), rows(&journeys));
    for row in &visits.rows {
        assert_eq!(
            (row.conservation_residual, row.calls.outcome_residual),
            (0, 0)
        );
    }
}

#[test]
fn weekdays_and_hours_lay_the_months_together() {
    let Some(bank) = bank() else { return };
    let offered = |bucket| {
        let report = bank.asked(bucket);
        let all = report.rows.iter().filter(|row| row.queue == "ALL");
        let all: Vec<_> = all
            .map(|row| (row.visits_offered, row.counts.abandoned))
            .collect();
        let sum = all
            .iter()
            .fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        (all.len(), sum)
    };
    let (_, months) = offered(Bucket::Month);
    assert_eq!(offered(Bucket::Weekday), (7, months));
    assert_eq!(offered(Bucket::HourOfDay), (24, months));
}

/// One figure as the expected files write it.
fn queue_figure(row: &QueueRow, column: &str) -> String {
    let span = |span: Option<Duration>| span.map(seconds_text).unwrap_or_default();
    let share = |share: Option<f64>| share.map(|share| format!("{share:.9}")).unwrap_or_default();
    let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    match column {
        "calls_arrived" => count(row.calls_arrived),
        "left_before_queue" => count(row.left_before_queue),
        "visits_offered" => row.visits_offered.to_string(),
        "answered" => row.counts.answered.to_string(),
        "abandoned" => row.counts.abandoned.to_string(),
        "answered_within_20s" => row.counts.answered_within.to_string(),
        "abandoned_within_20s" => row.counts.abandoned_within.to_string(),
        "abandoned_within_5s" => row.counts.abandoned_short.to_string(),
        "wait_answered_sum_s" => seconds_text(row.wait_answered.sum),
        "wait_abandoned_sum_s" => seconds_text(row.wait_abandoned.sum),
        "wait_max_s" => span(row.wait_all.max),
        "talk_sum_s" => seconds_text(row.talk_sum),
        "wait_answered_p50_s" => span(row.wait_answered.p50),
        "wait_answered_p90_s" => span(row.wait_answered.p90),
        "wait_answered_p95_s" => span(row.wait_answered.p95),
        "wait_answered_p99_s" => span(row.wait_answered.p99),
        "wait_abandoned_p50_s" => span(row.wait_abandoned.p50),
        "wait_abandoned_p90_s" => span(row.wait_abandoned.p90),
        "wait_all_p50_s" => span(row.wait_all.p50),
        "wait_all_p90_s" => span(row.wait_all.p90),
        "wait_all_p95_s" => span(row.wait_all.p95),
        "wait_all_p99_s" => span(row.wait_all.p99),
        "wait_over_60s" => row.wait_over[0].count.to_string(),
        "wait_over_180s" => row.wait_over[1].count.to_string(),
        "sl_strict" => share(row.service_level.strict),
        "sl_short" => share(row.service_level.short),
        "sl_ignore_abandoned" => share(row.service_level.ignore_abandoned),
        "sl_abandoned_met" => share(row.service_level.abandoned_met),
        "sl_answered_only" => share(row.service_level.answered_only),
        "abandon_rate" => share(row.abandon_rate),
        other => panic!("a column that this test does not know: {other}"),
    }
}

/// The rows of queues that had a visit: the files have no others to compare.
fn with_visits(expected: &Figures) -> Figures {
    let visited = |figures: &BTreeMap<String, String>| figures["visits_offered"] != "0";
    expected
        .clone()
        .into_iter()
        .filter(|(_, figures)| visited(figures))
        .collect()
}

/// The rows of queues in which anybody waited, answered or abandoned.
fn with_waits(expected: &Figures) -> Figures {
    let waited = expected
        .iter()
        .filter(|(_, figures)| figures["count"] != "0");
    let queues: BTreeSet<Vec<String>> = waited.map(|(key, _)| key[..2].to_vec()).collect();
    expected
        .clone()
        .into_iter()
        .filter(|(key, _)| queues.contains(&key[..2]))
        .collect()
}

fn same_keys<'a>(expected: &Figures, keys: impl Iterator<Item = &'a Vec<String>>) {
    let keys: BTreeSet<_> = keys.collect();
    let expected: BTreeSet<_> = expected.keys().collect();
    let differing: Vec<_> = keys.symmetric_difference(&expected).collect();
    assert!(differing.is_empty(), "rows on one side only: {differing:?}");
}

fn month(bucket_start: &str) -> String {
    let month: usize = bucket_start[5..7].parse().unwrap();
    MONTHS[month - 1].to_owned()
}

/// The local time without its offset, as expected-halfhours.csv writes it.
fn local(row: &QueueRow) -> String {
    row.bucket_start[..19].to_owned()
}

/// The three months, read once; `None`, said loudly, where they are not.
fn bank() -> Option<&'static Bank> {
    static BANK: OnceLock<Option<Bank>> = OnceLock::new();
    BANK.get_or_init(|| {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
        let shared = std::env::var_os("DOZVON_SHARED").map_or(beside, PathBuf::from);
        let folder = shared.join("data/anonymous-bank");
        if !folder.is_dir() {
            // Past the capturing of tests' output: nobody shall take these tests for passed.
            let missing = folder.display();
            let words = format!(
                "\nLEFT OUT: no real calls in {missing}; name their folder by DOZVON_SHARED\n"
            );
            std::io::stderr().write_all(words.as_bytes()).unwrap();
            return None;
        }
        Some(Bank::read(&folder))
    })
    .as_ref()
}

struct Bank {
    folder: PathBuf,
    rows: Memory,
}

impl Bank {
    fn read(folder: &Path) -> Self {
        let mut rows = Selection::default();
        let zone = Zone::find(ZONE).unwrap();
        for month in MONTHS {
            let file = File::open(folder.join(format!("{month}.csv.gz"))).unwrap();
            let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
            for row in reader.deserialize() {
                map_row(&row.unwrap(), &zone, &mut rows);
            }
        }
        Self {
            folder: folder.to_owned(),
            rows: Memory::of(rows),
        }
    }

    /// The figures of a file; the first `keys` columns name a row.
    fn expected(&self, file: &str, keys: usize) -> Figures {
        let mut text = String::new();
        File::open(self.folder.join(file))
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let record = |record: csv::StringRecord| {
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            let figures = columns
                .iter()
                .cloned()
                .zip(cells.iter().cloned())
                .skip(keys);
            (cells[..keys].to_vec(), figures.collect())
        };
        reader.records().map(|row| record(row.unwrap())).collect()
    }

    fn query(&self, bucket: Bucket) -> Query {
        Query {
            start: Some(at("1999-01-01T00:00:00+02:00")),
            end: Some(at("1999-04-01T00:00:00+02:00")),
            bucket,
            ..Query::default()
        }
    }

    fn reports(&self) -> Asked {
        let options = Options {
            zone: Zone::find(ZONE).unwrap(),
            targets: Targets::default(),
            floor: Arc::default(),
            altered: Arc::default(),
        };
        self.rows.clone().reports(options)
    }

    fn asked(&self, bucket: Bucket) -> QueueReport {
        self.reports().queues(&self.query(bucket)).unwrap()
    }
}

/// The columns that matter here.
#[derive(serde::Deserialize)]
struct BankRow {
    r#type: String,
    date: String,
    vru_entry: String,
    vru_exit: String,
    q_start: String,
    q_exit: String,
    q_time: i64,
    outcome: String,
    ser_time: i64,
}

/// What MAPPING.md makes of a row.
fn map_row(row: &BankRow, zone: &Zone, rows: &mut Selection) {
    if row.outcome == "PHANTOM" {
        return;
    }
    let date = Date::strptime("%y%m%d", &row.date).unwrap();
    let entry = date.to_datetime(time(&row.vru_entry));
    let exit = left_menu(entry, date.to_datetime(time(&row.vru_exit)));
    let instant = |local: DateTime| {
        let instant = zone.rules().to_timestamp(local).unwrap();
        Timestamp::from_micros(instant.as_microsecond())
    };
    let arrived = call(instant(entry));
    let never_queued = [&row.q_start, &row.q_exit]
        .iter()
        .all(|time| *time == "0:00:00")
        && row.q_time == 0;
    if row.outcome == "HANG" && never_queued {
        rows.calls.push(CallRow {
            outcome: Some(Outcome::LeftBeforeQueue),
            ..arrived
        });
        return;
    }
    let queue = QueueId::new(row.r#type.trim());
    let span = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let answered = row.outcome == "AGENT";
    let how = if answered {
        Exit::Answered
    } else {
        Exit::AbandonedWaiting
    };
    let left = instant(exit).plus(span(row.q_time));
    rows.visits.push(VisitRow {
        queue: queue.clone(),
        entered_at: instant(exit),
        exit: Some(how),
        exited_at: Some(left),
        wait: Some(span(row.q_time)),
        talk: answered.then(|| span(row.ser_time)),
        first: true,
        provisional: false,
        missed_offer_time: Duration::ZERO,
        after_transfer: false,
        waits_at: None,
    });
    rows.calls.push(CallRow {
        outcome: Some(if answered {
            Outcome::Served
        } else {
            Outcome::Abandoned
        }),
        visits: 1,
        first_queue: Some(queue),
        answered,
        first_entered_at: Some(instant(exit)),
        first_answered_at: answered.then_some(left),
        last_exit: Some(how),
        ended_at: Some(left),
        ..arrived
    });
}

/// When the menu was left: the next day after midnight, never before it was entered.
fn left_menu(entry: DateTime, exit: DateTime) -> DateTime {
    let early = exit.duration_until(entry);
    if early.is_negative() || early.is_zero() {
        exit
    } else if early.as_hours() >= 12 {
        exit.tomorrow().unwrap()
    } else {
        entry
    }
}

fn time(text: &str) -> Time {
    let mut parts = text.split(':').map(|part| part.parse::<i8>().unwrap());
    let mut part = || parts.next().unwrap();
    Time::constant(part(), part(), part(), 0)
}
