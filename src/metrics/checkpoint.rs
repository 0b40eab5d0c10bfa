//! Series as the checkpoint keeps them: one row each, and back.
//!
//! ```text
//! row       := series "name{labels}" | state
//! state     := version 1 byte | body                                   version 1
//! counter   := value uint | level uint
//! histogram := edges uint n | n × Δ uint | (n + 1) × count uint | sum uint
//! uint      := LEB128, as in the event codec; edges and sum in millionths, counts not cumulative
//! ```
//!
//! Pure. The metric's kind says which body it is. A new body means a new version; the reader knows every version ever
//! written.

use super::histogram::Histogram;
use super::name::{Kind, Metric};
use super::series::{Counter, Series, Value};
use crate::model::{CodecError, CounterRow, Reader, put_uint};

const VERSION: u8 = 1;

/// No histogram ever had more edges; a greater number is no number that was written.
const EDGES_MAX: u64 = 1_000;

/// Why rows are no series.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes of a row end too early, or hold a number that does not fit.
    #[error("the counter row of {series} cannot be read")]
    Corrupt {
        /// The row's series.
        series: String,
        /// What is wrong with the bytes.
        #[source]
        source: CodecError,
    },
    /// A version that this program does not know wrote the row.
    #[error("the counter row of {series} has version {version}; this program reads up to 1")]
    Version {
        /// The row's series.
        series: String,
        /// Its version.
        version: u8,
    },
}

/// The row of a series.
pub(crate) fn row(metric: Metric, labels: &str, value: &Value) -> CounterRow {
    let name = metric.name();
    let series = if labels.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{labels}}}")
    };
    let mut state = vec![VERSION];
    match value {
        Value::Counter(counter) => {
            put_uint(&mut state, counter.value);
            put_uint(&mut state, counter.level);
        }
        Value::Histogram(histogram) => put_histogram(&mut state, histogram),
    }
    CounterRow { series, state }
}

fn put_histogram(state: &mut Vec<u8>, histogram: &Histogram) {
    let edges = histogram.edges().millionths();
    put_uint(state, edges.len() as u64);
    let mut before = 0;
    for edge in edges {
        put_uint(state, edge - before);
        before = *edge;
    }
    for count in histogram.counts() {
        put_uint(state, *count);
    }
    put_uint(state, histogram.sum());
}

/// Sets the series of a row to what it was; a metric that this version does not have any more is left out.
///
/// # Errors
/// When the row's bytes cannot be read.
pub(crate) fn restore(series: &mut Series, row: &CounterRow) -> Result<(), Error> {
    let (name, labels) = row.series.split_once('{').unwrap_or((&row.series, ""));
    let labels = labels.strip_suffix('}').unwrap_or(labels);
    let Some(metric) = Metric::from_name(name) else {
        tracing::warn!(series = row.series, "no such metric any more");
        return Ok(());
    };
    let value = value(series, metric, row)?;
    series.put(metric, labels, value);
    Ok(())
}

fn value(series: &Series, metric: Metric, row: &CounterRow) -> Result<Value, Error> {
    let corrupt = |source| Error::Corrupt {
        series: row.series.clone(),
        source,
    };
    let mut reader = Reader::new(&row.state);
    let version = reader.byte().map_err(corrupt)?;
    if version != VERSION {
        return Err(Error::Version {
            series: row.series.clone(),
            version,
        });
    }
    let value = match metric.kind() {
        Kind::Counter | Kind::Gauge => read_counter(&mut reader).map(Value::Counter),
        Kind::Histogram => read_histogram(&mut reader, series, metric).map(Value::Histogram),
    };
    let value = value.map_err(corrupt)?;
    if !reader.is_empty() {
        return Err(corrupt(CodecError::Overflow));
    }
    Ok(value)
}

fn read_counter(reader: &mut Reader<'_>) -> Result<Counter, CodecError> {
    Ok(Counter {
        value: reader.uint()?,
        level: reader.uint()?,
    })
}

fn read_histogram(
    reader: &mut Reader<'_>,
    series: &Series,
    metric: Metric,
) -> Result<Histogram, CodecError> {
    let length = reader.uint()?;
    if length > EDGES_MAX {
        return Err(CodecError::Overflow);
    }
    let mut edges = Vec::new();
    let mut edge = 0u64;
    for _ in 0..length {
        edge = edge
            .checked_add(reader.uint()?)
            .ok_or(CodecError::Overflow)?;
        edges.push(edge);
    }
    let mut counts = Vec::new();
    let mut total = 0u64;
    for _ in 0..=length {
        let count = reader.uint()?;
        total = total.checked_add(count).ok_or(CodecError::Overflow)?;
        counts.push(count);
    }
    let sum = reader.uint()?;
    let now = series.edges(metric).clone();
    Ok(Histogram::restored(now, &edges, &counts, sum))
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Edges;
    use super::*;

    fn rows(series: &mut Series) -> Vec<CounterRow> {
        let mut rows = Vec::new();
        series.take_changed(|metric, labels, value| rows.push(row(metric, labels, value)));
        rows
    }

    fn filled() -> Series {
        let mut series = Series::new(Edges::new([0, 5_000_000]));
        let arrived = series.counter(Metric::CallsArrived, "");
        series.add(arrived, 300);
        let wait = series.histogram(Metric::Wait, "queue=\"a\"");
        series.observe(wait, 1_000_000);
        series.observe(wait, 7_000_000);
        series
    }

    fn text(series: &mut Series) -> String {
        series.renew(series.stale());
        let lines = Metric::ALL.iter().flat_map(|metric| series.lines(*metric));
        lines.map(|lines| &**lines).collect()
    }

    /// Version 1, byte by byte: what a later version must still read.
    #[test]
    fn the_bytes_of_version_1() {
        let rows = rows(&mut filled());
        let expected = [
            ("dozvon_calls_arrived_total", "01 ac02 00"),
            (
                "dozvon_queue_wait_seconds{queue=\"a\"}",
                "01 02 00 c096b102 00 01 01 80a4e803",
            ),
        ];
        assert_eq!(rows.len(), expected.len());
        for (row, (series, state)) in rows.iter().zip(expected) {
            let bytes: String = row.state.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(row.series, series);
            assert_eq!(bytes, state.replace(' ', ""));
        }
    }

    #[test]
    fn rows_give_the_same_series_again() {
        let mut before = filled();
        let mut after = Series::new(Edges::new([0, 5_000_000]));
        for row in rows(&mut before) {
            restore(&mut after, &row).unwrap();
        }
        assert_eq!(text(&mut after), text(&mut before));
        assert!(rows(&mut after).is_empty(), "restoring is no change");
    }

    #[test]
    fn broken_rows_are_refused_in_words() {
        let good = rows(&mut filled());
        let mut series = Series::new(Edges::new([0]));
        for row in &good {
            for length in 0..row.state.len() {
                let cut = CounterRow {
                    series: row.series.clone(),
                    state: row.state[..length].to_vec(),
                };
                let error = restore(&mut series, &cut).unwrap_err();
                assert!(error.to_string().contains("cannot be read"), "{error}");
            }
            let mut longer = row.clone();
            longer.state.push(0);
            assert!(restore(&mut series, &longer).is_err());
            let mut newer = row.clone();
            newer.state[0] = 2;
            let error = restore(&mut series, &newer).unwrap_err();
            assert!(error.to_string().contains("has version 2"), "{error}");
        }
    }

    #[test]
    fn a_metric_that_is_gone_is_left_out() {
        let mut series = Series::new(Edges::new([0]));
        let gone = CounterRow {
            series: "dozvon_gone_total".into(),
            state: vec![9],
        };
        restore(&mut series, &gone).unwrap();
        assert_eq!(series.labels().count(), 0);
    }
}
