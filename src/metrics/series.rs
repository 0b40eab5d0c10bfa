//! The series of the fact metrics: a value each, found by metric and labels, and which of them changed.
//!
//! Hot paths keep an id and touch one cell; names and labels are spelled once, when a series comes to exist. A cell keeps its
//! lines as they were last written: of the thousands of series of a large house few change between two scrapes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::histogram::{Edges, Histogram};
use super::name::Metric;
use super::text::{decimal, write_sample};

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CounterId(usize);

/// One histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistogramId(usize);

/// What a series holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Of a counter.
    Counter(Counter),
    /// Of a histogram.
    Histogram(Histogram),
}

/// A count that only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    /// The count.
    pub(crate) value: u64,
    /// For a counter that is fed by a level (`Series::follow`): the level when it was last told.
    pub(crate) level: u64,
}

#[derive(Debug)]
struct Cell {
    metric: Metric,
    labels: Arc<str>,
    value: Value,
    /// Whether it is among those that changed.
    changed: bool,
    /// Its lines; none = it is among those that are stale.
    lines: Option<Arc<str>>,
}

/// Every series of the fact metrics.
#[derive(Debug)]
pub(crate) struct Series {
    cells: Vec<Cell>,
    places: BTreeMap<(Metric, Arc<str>), usize>,
    /// Places of the cells that changed.
    changed: Vec<usize>,
    /// Places of the cells whose lines are to be written anew.
    stale: Vec<usize>,
    seconds: Edges,
    transfers: Edges,
    ewt_errors: Edges,
}

impl Series {
    /// No series yet; histograms of spans will have these edges.
    pub(crate) fn new(seconds: Edges) -> Self {
        Self {
            cells: Vec::new(),
            places: BTreeMap::new(),
            changed: Vec::new(),
            stale: Vec::new(),
            seconds,
            transfers: Edges::transfers(),
            ewt_errors: Edges::ewt_errors(),
        }
    }

    /// The counter of that metric with these labels; begins at 0.
    pub(crate) fn counter(&mut self, metric: Metric, labels: &str) -> CounterId {
        CounterId(self.place(metric, labels, || Value::Counter(Counter::default())))
    }

    /// The histogram of that metric with these labels; begins empty.
    pub(crate) fn histogram(&mut self, metric: Metric, labels: &str) -> HistogramId {
        let edges = self.edges(metric).clone();
        HistogramId(self.place(metric, labels, || {
            Value::Histogram(Histogram::new(edges.clone()))
        }))
    }

    fn place(&mut self, metric: Metric, labels: &str, new: impl FnOnce() -> Value) -> usize {
        let labels: Arc<str> = labels.into();
        let (cells, stale) = (&mut self.cells, &mut self.stale);
        let place = self.places.entry((metric, labels.clone()));
        *place.or_insert_with(|| {
            cells.push(Cell {
                metric,
                labels,
                value: new(),
                changed: false,
                lines: None,
            });
            stale.push(cells.len() - 1);
            cells.len() - 1
        })
    }

    /// Takes note that a cell changed.
    fn note(&mut self, place: usize) {
        let cell = &mut self.cells[place];
        if cell.lines.take().is_some() {
            self.stale.push(place);
        }
        if !std::mem::replace(&mut cell.changed, true) {
            self.changed.push(place);
        }
    }

    /// The edges of a histogram metric.
    pub(crate) fn edges(&self, metric: Metric) -> &Edges {
        if metric == Metric::CallTransfers {
            &self.transfers
        } else if metric == Metric::EwtError {
            &self.ewt_errors
        } else {
            &self.seconds
        }
    }

    /// Adds to a counter.
    pub(crate) fn add(&mut self, id: CounterId, count: u64) {
        self.change_counter(id, |counter| counter.value += count);
    }

    /// Feeds a counter by a level: the count rises by as much as the level has risen, and stays where the level falls.
    pub(crate) fn follow(&mut self, id: CounterId, level: u64) {
        self.change_counter(id, |counter| {
            counter.value += level.saturating_sub(counter.level);
            counter.level = level;
        });
    }

    /// A counter with its level.
    pub(crate) fn counter_of(&self, id: CounterId) -> Counter {
        match &self.cells[id.0].value {
            Value::Counter(counter) => *counter,
            Value::Histogram(_) => Counter::default(),
        }
    }

    /// Changes a counter with its level.
    pub(crate) fn change_counter(&mut self, id: CounterId, change: impl FnOnce(&mut Counter)) {
        let cell = &mut self.cells[id.0];
        if let Value::Counter(counter) = &mut cell.value {
            let before = *counter;
            change(counter);
            if *counter != before {
                self.note(id.0);
            }
        }
    }

    /// Counts a value, in millionths of the metric's unit.
    pub(crate) fn observe(&mut self, id: HistogramId, millionths: u64) {
        let cell = &mut self.cells[id.0];
        if let Value::Histogram(histogram) = &mut cell.value {
            histogram.observe(millionths);
            self.note(id.0);
        }
    }

    /// The counters of one metric, with their labels.
    pub(crate) fn counters(&self, metric: Metric) -> impl Iterator<Item = (&str, CounterId)> {
        let series = self.of_metric(metric);
        series.map(|(labels, place)| (labels, CounterId(place)))
    }

    /// The labels and places of one metric's series, in order.
    fn of_metric(&self, metric: Metric) -> impl Iterator<Item = (&str, usize)> {
        let series = self.places.range((metric, Arc::from(""))..);
        let series = series.take_while(move |((found, _), _)| *found == metric);
        series.map(|((_, labels), place)| (&**labels, *place))
    }

    /// A counter's count.
    pub(crate) fn count(&self, id: CounterId) -> u64 {
        self.counter_of(id).value
    }

    /// Sets a series to what it was before a restart.
    pub(crate) fn put(&mut self, metric: Metric, labels: &str, value: Value) {
        let place = self.place(metric, labels, || value.clone());
        let cell = &mut self.cells[place];
        cell.value = value;
        if cell.lines.take().is_some() {
            self.stale.push(place);
        }
    }

    /// The series that changed since the last time this was asked, in order.
    pub(crate) fn take_changed(&mut self, mut each: impl FnMut(Metric, &str, &Value)) {
        let mut changed = std::mem::take(&mut self.changed);
        let cells = &mut self.cells;
        changed.sort_unstable_by(|one, other| {
            let [one, other] = [one, other].map(|place| &cells[*place]);
            (one.metric, &one.labels).cmp(&(other.metric, &other.labels))
        });
        for place in changed {
            let cell = &mut cells[place];
            cell.changed = false;
            each(cell.metric, &cell.labels, &cell.value);
        }
    }

    /// The labels of every series.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(|(_, labels)| &**labels)
    }

    /// How many series are stale: changed since their lines were written.
    pub(crate) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// Writes anew the lines of so many stale series at the most.
    pub(crate) fn renew(&mut self, most: usize) {
        let mut lines = String::new();
        for place in self.stale.drain(self.stale.len().saturating_sub(most)..) {
            lines.clear();
            let cell = &mut self.cells[place];
            write_lines(&mut lines, cell);
            cell.lines = Some(lines.as_str().into());
        }
    }

    /// The lines of one metric, series by series; those that are stale have none.
    pub(crate) fn lines(&self, metric: Metric) -> impl Iterator<Item = &Arc<str>> {
        self.of_metric(metric)
            .filter_map(|(_, place)| self.cells[place].lines.as_ref())
    }
}

fn write_lines(out: &mut String, cell: &Cell) {
    let Cell { metric, labels, .. } = cell;
    match &cell.value {
        Value::Counter(counter) if *metric == Metric::LinesAllBusy => {
            write_sample(out, metric.name(), labels, &decimal(counter.value));
        }
        Value::Counter(counter) => {
            write_sample(out, metric.name(), labels, &counter.value.to_string());
        }
        Value::Histogram(histogram) => write_histogram(out, *metric, labels, histogram),
    }
}

fn write_histogram(out: &mut String, metric: Metric, labels: &str, histogram: &Histogram) {
    let name = metric.name();
    let comma = if labels.is_empty() { "" } else { "," };
    let edges = histogram.edges().text().iter().map(String::as_str);
    let mut total = 0;
    for (edge, count) in edges.chain(["+Inf"]).zip(histogram.counts()) {
        total += count;
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{edge}\"}} {total}");
    }
    let sum = decimal(histogram.sum());
    write_sample(out, &format!("{name}_sum"), labels, &sum);
    write_sample(out, &format!("{name}_count"), labels, &total.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series::new(Edges::new([0, 5_000_000]))
    }

    fn text(series: &Series, metrics: &[Metric]) -> String {
        let lines = metrics.iter().flat_map(|metric| series.lines(*metric));
        lines.map(|lines| &**lines).collect()
    }

    fn changed(series: &mut Series) -> Vec<String> {
        let mut found = Vec::new();
        series.take_changed(|metric, labels, _| found.push(format!("{}:{labels}", metric.name())));
        found
    }

    #[test]
    fn only_what_changed_is_taken_and_once() {
        let mut series = series();
        let b = series.counter(Metric::Reroutes, "queue=\"b\"");
        let a = series.counter(Metric::Reroutes, "queue=\"a\"");
        assert_eq!(series.counter(Metric::Reroutes, "queue=\"a\""), a);
        assert!(changed(&mut series).is_empty());
        series.add(b, 1);
        series.add(a, 0);
        assert_eq!(changed(&mut series), ["dozvon_reroutes_total:queue=\"b\""]);
        assert!(changed(&mut series).is_empty());
    }

    #[test]
    fn what_is_written_is_what_it_is_by_now() {
        let mut series = series();
        let a = series.counter(Metric::Reroutes, "queue=\"a\"");
        series.counter(Metric::Reroutes, "queue=\"b\"");
        let wait = series.histogram(Metric::Wait, "queue=\"a\"");
        let written = |series: &mut Series| {
            while series.stale() > 0 {
                series.renew(2);
            }
            text(series, &[Metric::Reroutes, Metric::Wait])
        };
        let before = written(&mut series);
        assert_eq!(written(&mut series), before);
        series.add(a, 2);
        series.observe(wait, 7_000_000);
        let after = written(&mut series);
        for (line, was) in [
            ("total{queue=\"a\"} 2", "total{queue=\"a\"} 0"),
            ("total{queue=\"b\"} 0", "total{queue=\"b\"} 0"),
            ("seconds_sum{queue=\"a\"} 7", "seconds_sum{queue=\"a\"} 0"),
        ] {
            assert!(
                before.contains(was) && after.contains(line),
                "{before}{after}"
            );
        }
        let restored = Value::Counter(Counter { value: 9, level: 0 });
        series.put(Metric::Reroutes, "queue=\"b\"", restored);
        assert!(written(&mut series).contains("total{queue=\"b\"} 9"));
    }

    #[test]
    fn a_counter_fed_by_a_level_never_falls() {
        let mut series = series();
        let gaps = series.counter(Metric::IngestGap, "");
        for (level, count) in [(0, 0), (3, 3), (1, 3), (1, 3), (4, 6), (0, 6)] {
            series.follow(gaps, level);
            assert_eq!(series.count(gaps), count, "at level {level}");
        }
    }

    #[test]
    fn a_histogram_is_written_cumulative_and_exact() {
        let mut series = series();
        let wait = series.histogram(Metric::Wait, "queue=\"a\"");
        for micros in [0, 5_000_000, 5_000_001] {
            series.observe(wait, micros);
        }
        series.renew(1);
        let expected = "\
dozvon_queue_wait_seconds_bucket{queue=\"a\",le=\"0\"} 1
dozvon_queue_wait_seconds_bucket{queue=\"a\",le=\"5\"} 2
dozvon_queue_wait_seconds_bucket{queue=\"a\",le=\"+Inf\"} 3
dozvon_queue_wait_seconds_sum{queue=\"a\"} 10.000001
dozvon_queue_wait_seconds_count{queue=\"a\"} 3
";
        assert_eq!(text(&series, &[Metric::Wait]), expected);
    }
}
