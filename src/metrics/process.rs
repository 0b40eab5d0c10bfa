//! How this process runs: commits, delays, duplicates, store lag. They start at 0 with it.
//!
//! Kept in the `metrics` crate, whose cells need no lock of ours: the journal's writer counts a commit and sends its
//! acks while a scrape is being rendered.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

use super::label::{Names, OTHER};
use super::name::{Kind, Metric};
use crate::model::{Position, SourceId};

/// From a sync on a fast disk (0.1 ms) to one that hangs.
const COMMIT_SECONDS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Doublings, from an event by itself to a full batch.
const COMMIT_EVENTS: [f64; 14] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 10_000.0,
];

/// From a switch next door to a spool that catches up after an hour.
const DELAY_SECONDS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0, 3600.0,
];

const OF_PROCESS: [(Metric, &[f64]); 5] = [
    (Metric::CommitSeconds, &COMMIT_SECONDS),
    (Metric::CommitEvents, &COMMIT_EVENTS),
    (Metric::IngestDelay, &DELAY_SECONDS),
    (Metric::IngestEvents, &[]),
    (Metric::StoreLag, &[]),
];

const METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Records process metrics; cheap to clone, and never waits for a scrape.
#[derive(Clone, Debug)]
pub struct Process(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: PrometheusRecorder,
    names: Names,
    sources: Mutex<HashMap<Arc<str>, Source>>,
    commit_seconds: Histogram,
    commit_events: Histogram,
    lag: Gauge,
    journaled: AtomicU64,
    stored: AtomicU64,
}

#[derive(Clone, Debug)]
struct Source {
    delay: Histogram,
    duplicates: Counter,
}

impl Process {
    /// Everything at 0; sources get the same labels as from `names` elsewhere.
    pub(crate) fn new(names: Names) -> Self {
        let recorder = recorder();
        let plain = |metric: Metric| Key::from_name(metric.name());
        let commit_seconds = recorder.register_histogram(&plain(Metric::CommitSeconds), &METADATA);
        let commit_events = recorder.register_histogram(&plain(Metric::CommitEvents), &METADATA);
        let lag = recorder.register_gauge(&plain(Metric::StoreLag), &METADATA);
        Self(Arc::new(Inner {
            recorder,
            names,
            sources: Mutex::default(),
            commit_seconds,
            commit_events,
            lag,
            journaled: AtomicU64::new(0),
            stored: AtomicU64::new(0),
        }))
    }

    /// A group commit is done: how long it took and how many events it holds.
    pub fn committed(&self, span: Duration, events: usize) {
        self.0.commit_seconds.record(span.as_secs_f64());
        self.0.commit_events.record(events as f64);
    }

    /// Events of a source are committed: for each the time since it happened, the source's skew taken out.
    pub fn delays(&self, source: &SourceId, spans: impl IntoIterator<Item = Duration>) {
        let source = self.source(source.as_str());
        for span in spans {
            source.delay.record(span.as_secs_f64());
        }
    }

    /// Events came that were there already.
    pub fn duplicates(&self, source: &SourceId, count: u64) {
        let source = self.source(source.as_str());
        source.duplicates.increment(count);
    }

    /// The journal is committed up to here.
    pub fn journaled(&self, position: Position) {
        self.0.journaled.store(position.0, Ordering::Relaxed);
    }

    /// The store has taken in everything up to here.
    pub fn stored(&self, position: Position) {
        self.0.stored.store(position.0, Ordering::Relaxed);
    }

    /// Folds the samples kept since the last time into their buckets; to be called about once a second, or samples
    /// pile up between scrapes.
    pub fn upkeep(&self) {
        self.0.recorder.handle().run_upkeep();
    }

    /// The lines of every process metric, by metric.
    pub(crate) fn render(&self) -> BTreeMap<Metric, String> {
        let stored = self.0.stored.load(Ordering::Relaxed);
        let journaled = self.0.journaled.load(Ordering::Relaxed);
        self.0.lag.set(journaled.saturating_sub(stored) as f64);
        for name in self.0.names.all() {
            self.source(&name);
        }
        sorted(&self.0.recorder.handle().render())
    }

    fn source(&self, name: &str) -> Source {
        let name = if self.0.names.admit(name) {
            name
        } else {
            OTHER
        };
        // A map of handles is whole after each insert, so a panic elsewhere cannot have spoiled it.
        let mut sources = self
            .0
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = sources.get(name) {
            return source.clone();
        }
        let recorder = &self.0.recorder;
        let label = Label::new("source", half_escaped(name));
        let duplicate = Label::from_static_parts("result", "duplicate");
        let delay = Key::from_parts(Metric::IngestDelay.name(), vec![label.clone()]);
        let duplicates = Key::from_parts(Metric::IngestEvents.name(), vec![label, duplicate]);
        let source = Source {
            delay: recorder.register_histogram(&delay, &METADATA),
            duplicates: recorder.register_counter(&duplicates, &METADATA),
        };
        sources.insert(name.into(), source.clone());
        source
    }
}

/// A recorder of our own, not the process's global one: tests do not meet in it.
fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for (metric, buckets) in OF_PROCESS {
        if metric.kind() == Kind::Histogram {
            let matcher = Matcher::Full(metric.name().to_owned());
            builder = builder
                .set_buckets_for_metric(matcher, buckets)
                .expect("every histogram above has buckets");
        }
    }
    let recorder = builder.build_recorder();
    for (metric, _) in OF_PROCESS {
        let (name, help) = (metric.name().into(), metric.help().into());
        match metric.kind() {
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Histogram => recorder.describe_histogram(name, None, help),
        }
    }
    recorder
}

/// The exporter takes a backslash for the beginning of an escape: with these two escaped already, it writes a value
/// as `text::escape` does.
fn half_escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The exporter's samples by metric and in order of labels; it renders both in the order of a hash map.
fn sorted(text: &str) -> BTreeMap<Metric, String> {
    let mut groups: BTreeMap<Metric, Vec<(String, String)>> = BTreeMap::new();
    let mut group = String::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        group.push_str(line);
        group.push('\n');
        // A histogram's lines come together and end with its count, whose labels are those of the series.
        let name = line.split(['{', ' ']).next().unwrap_or(line);
        let metric = match Metric::from_name(name) {
            Some(metric) => metric,
            None => match name.strip_suffix("_count").and_then(Metric::from_name) {
                Some(metric) => metric,
                None => continue,
            },
        };
        let lines = std::mem::take(&mut group);
        groups
            .entry(metric)
            .or_default()
            .push((line.to_owned(), lines));
    }
    let join = |mut series: Vec<(String, String)>| {
        series.sort();
        series.into_iter().map(|(_, lines)| lines).collect()
    };
    groups
        .into_iter()
        .map(|(metric, series)| (metric, join(series)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::labels;
    use super::*;

    #[test]
    fn the_exporters_lines_come_in_order_and_escaped_as_ours() {
        let names = Names::new("source", 10);
        let process = Process::new(names);
        let sources = [
            "b",
            "a\"quote",
            "a\\slash",
            "a\\nslash",
            "a\\\"both",
            "ends\\",
            "ends,le=",
        ];
        for source in sources {
            process.duplicates(&SourceId::new(source), 2);
        }
        let mut expected: Vec<String> = sources
            .iter()
            .map(|source| {
                let labels = labels(&[("source", source), ("result", "duplicate")]);
                format!("dozvon_ingest_events_total{{{labels}}} 2")
            })
            .collect();
        expected.sort();
        let rendered = process.render();
        let lines: Vec<&str> = rendered[&Metric::IngestEvents].lines().collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_histogram_keeps_its_lines_together() {
        let process = Process::new(Names::new("source", 10));
        process.committed(Duration::from_micros(250), 512);
        process.upkeep();
        process.committed(Duration::from_secs(9), 20_000);
        let rendered = process.render();
        let seconds = &rendered[&Metric::CommitSeconds];
        let values: Vec<&str> = seconds
            .lines()
            .filter_map(|line| line.split(' ').next_back())
            .collect();
        assert_eq!(
            values.join(" "),
            "0 1 1 1 1 1 1 1 1 1 1 1 1 1 2 9.00025 2",
            "14 buckets, +Inf, sum, count"
        );
        assert!(rendered[&Metric::CommitEvents].contains("{le=\"512\"} 1\n"));
    }

    #[test]
    fn the_stores_lag_is_the_way_between_both() {
        let process = Process::new(Names::new("source", 10));
        let lag = |process: &Process| process.render()[&Metric::StoreLag].clone();
        assert_eq!(lag(&process), "dozvon_store_lag_positions 0\n");
        process.journaled(Position(1_500));
        process.stored(Position(1_000));
        assert_eq!(lag(&process), "dozvon_store_lag_positions 500\n");
    }

    #[test]
    fn sources_beyond_the_cap_share_other() {
        let process = Process::new(Names::new("source", 1));
        for source in ["a", "b", "c"] {
            process.duplicates(&SourceId::new(source), 1);
        }
        let events = process.render()[&Metric::IngestEvents].clone();
        let expected = "\
dozvon_ingest_events_total{source=\"a\",result=\"duplicate\"} 1
dozvon_ingest_events_total{source=\"other\",result=\"duplicate\"} 2
";
        assert_eq!(events, expected);
    }
}
