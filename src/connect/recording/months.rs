//! Three real months through the mapping, without a server: counts and sums against the rows themselves, taken apart in
//! the simplest way, and against the expected figures beside them. The rows are not ours to give away, so this test
//! needs the shared data.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Read as _, Write as _},
};

use flate2::read::MultiGzDecoder;

use super::*;
use crate::{
    connect::row::Warning,
    proto::v1::{CallEvent, Event, call_event::Kind, event::Body},
};

/// The month's file and the phantoms that its description counts.
const MONTHS: [(&str, u64); 3] = [("january", 240), ("february", 278), ("march", 407)];

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    rows: u64,
    events: u64,
    phantoms: u64,
    callers_unreadable: u64,
    negative_spans: u64,
    other_warnings: u64,
}

/// The figures of expected-queues.csv that rows alone give.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    calls_arrived: i64,
    left_before_queue: i64,
    answered: i64,
    abandoned: i64,
    wait_answered_sum_s: i64,
    wait_abandoned_sum_s: i64,
    wait_max_s: i64,
    talk_sum_s: i64,
}

fn folder() -> Option<PathBuf> {
    let shared = env::var_os("DOZVON_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = shared.unwrap_or(beside).join("data/anonymous-bank");
    folder.is_dir().then_some(folder)
}

#[test]
fn three_months_give_the_events_that_their_rows_ask_for() {
    let Some(folder) = folder() else {
        // Past the test runner's capture: that it was left out must be seen.
        let _ = writeln!(
            io::stderr(),
            "\n*** LEFT OUT: no shared data (set DOZVON_SHARED); three months were NOT checked ***"
        );
        return;
    };
    for (month, phantoms) in MONTHS {
        let path = folder.join(format!("{month}.csv.gz"));
        let (counts, figures) = mapped(&path);
        assert_eq!(counts, counted_in_the_simplest_way(&path), "{month}");
        assert_eq!(counts.phantoms, phantoms, "{month}");
        assert_eq!(figures, expected(&folder, month), "{month}");
    }
}

fn mapped(path: &Path) -> (Counts, Figures) {
    let recording = Recording {
        path: path.to_owned(),
        format: Format::AnonymousBank,
        order: Order::AsWritten,
    };
    let identity = recording.identify().unwrap().unwrap();
    let mut counts = Counts::default();
    let mut figures = Figures::default();
    let each = |item| {
        let Item::Row(row) = item else {
            panic!("{item:?}")
        };
        counts.rows += 1;
        match row.outcome {
            Outcome::Events(events, warnings) => {
                counts.events += events.len() as u64;
                add(&mut figures, &events);
                for warning in warnings {
                    match warning {
                        Warning::CallerUnreadable => counts.callers_unreadable += 1,
                        Warning::NegativeSpan => counts.negative_spans += 1,
                        Warning::AmbiguousTime | Warning::MissingTime | Warning::UnknownColumn => {
                            counts.other_warnings += 1;
                        }
                    }
                }
            }
            Outcome::Skipped(_) => counts.phantoms += 1,
            Outcome::Broken(broken) => panic!("row {}: {broken:?}", row.number),
        }
        ControlFlow::Continue(())
    };
    recording.read(&identity, Arc::default(), each).unwrap();
    (counts, figures)
}

fn add(figures: &mut Figures, events: &[Event]) {
    let at = |wanted: fn(&Kind) -> bool| {
        let event = events.iter().find(|event| match &event.body {
            Some(Body::Call(CallEvent {
                kind: Some(kind), ..
            })) => wanted(kind),
            other => panic!("{other:?}"),
        });
        event.map(|event| event.occurred_at.unwrap().seconds)
    };
    let queued = at(|kind| matches!(kind, Kind::QueueEntered(_)));
    let connected = at(|kind| matches!(kind, Kind::AgentConnected(_)));
    let released = at(|kind| matches!(kind, Kind::AgentReleased(_)));
    let ended = at(|kind| matches!(kind, Kind::Ended(_))).unwrap();
    figures.calls_arrived += 1;
    let Some(queued) = queued else {
        figures.left_before_queue += 1;
        return;
    };
    let wait = connected.unwrap_or(ended) - queued;
    figures.wait_max_s = figures.wait_max_s.max(wait);
    match connected {
        Some(connected) => {
            figures.answered += 1;
            figures.wait_answered_sum_s += wait;
            figures.talk_sum_s += released.unwrap() - connected;
        }
        None => {
            figures.abandoned += 1;
            figures.wait_abandoned_sum_s += wait;
        }
    }
}

fn counted_in_the_simplest_way(path: &Path) -> Counts {
    let mut text = String::new();
    let mut file = MultiGzDecoder::new(fs::File::open(path).unwrap());
    file.read_to_string(&mut text).unwrap();
    let mut counts = Counts::default();
    for line in text.lines().skip(1) {
        let field: Vec<&str> = line.split(',').collect();
        counts.rows += 1;
        if field[12] == "PHANTOM" {
            counts.phantoms += 1;
            continue;
        }
        let is_in_menu = field[9..12] == ["0:00:00", "0:00:00", "0"];
        counts.events += match (field[12], is_in_menu) {
            ("HANG", true) => 2,
            ("HANG", false) => 3,
            ("AGENT", _) => 5,
            other => panic!("{other:?}"),
        };
        counts.callers_unreadable += u64::from(field[2].contains('E'));
        // The source's own figure for a menu span that runs backwards.
        counts.negative_spans += u64::from(field[8].starts_with('-'));
    }
    counts
}

fn expected(folder: &Path, month: &str) -> Figures {
    let text = fs::read_to_string(folder.join("expected-queues.csv")).unwrap();
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',');
    let start = format!("{month},ALL,");
    let row = lines.find(|line| line.starts_with(&start)).unwrap();
    let cells: BTreeMap<&str, &str> = names.zip(row.split(',')).collect();
    let cell = |name| cells[name].parse().unwrap();
    Figures {
        calls_arrived: cell("calls_arrived"),
        left_before_queue: cell("left_before_queue"),
        answered: cell("answered"),
        abandoned: cell("abandoned"),
        wait_answered_sum_s: cell("wait_answered_sum_s"),
        wait_abandoned_sum_s: cell("wait_abandoned_sum_s"),
        wait_max_s: cell("wait_max_s"),
        talk_sum_s: cell("talk_sum_s"),
    }
}
