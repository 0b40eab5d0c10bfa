//! Exact histograms: integer counts on fixed edges, and an integer sum.
//!
//! Pure. Values, edges and sums are counted in millionths of the metric's unit, so a wait of 20.0004 s stays above the
//! edge of 20 s and a sum of a year is right to the microsecond.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::text::decimal;
use crate::kpi::WAIT_EDGES;
use crate::model::Targets;

/// The edges of transfers per call.
const TRANSFERS: [u64; 6] = [0, 1, 2, 3, 4, 5];

/// The edges of errors of estimated waits, in seconds: few, because each queue has them for each predictor.
const EWT_ERRORS: [u64; 6] = [5, 15, 30, 60, 120, 300];

const MILLION: u64 = 1_000_000;

/// A span in microseconds; stays at the end instead of wrapping.
pub(crate) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// The upper bounds of a histogram's buckets, rising; above the last one lies only `+Inf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edges(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    millionths: Vec<u64>,
    text: Vec<String>,
}

impl Edges {
    /// The edges of waits, talk, hold and wrap-up: those of the catalogue and each configured threshold.
    ///
    /// The same for all queues, because Prometheus can add up only histograms with the same edges. How many thresholds
    /// there may be, the configuration says.
    pub(crate) fn seconds(targets: &Targets) -> Self {
        let thresholds = targets.thresholds().into_iter().map(micros);
        let catalogue = WAIT_EDGES.into_iter().map(micros);
        Self::new(catalogue.chain(thresholds))
    }

    /// The edges of transfers per call.
    pub(crate) fn transfers() -> Self {
        Self::new(TRANSFERS.iter().map(|count| count * MILLION))
    }

    /// The edges of errors of estimated waits.
    pub(crate) fn ewt_errors() -> Self {
        Self::new(EWT_ERRORS.iter().map(|seconds| seconds * MILLION))
    }

    /// Edges in millionths, in any order.
    pub(crate) fn new(edges: impl IntoIterator<Item = u64>) -> Self {
        let millionths: Vec<u64> = BTreeSet::from_iter(edges).into_iter().collect();
        let text = millionths.iter().map(|at| decimal(*at)).collect();
        Self(Arc::new(Inner { millionths, text }))
    }

    /// The edges in millionths.
    pub(crate) fn millionths(&self) -> &[u64] {
        &self.0.millionths
    }

    /// The edges as label values.
    pub(crate) fn text(&self) -> &[String] {
        &self.0.text
    }
}

/// Counts by size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram {
    edges: Edges,
    /// One count a bucket, not cumulative; the last one is `+Inf`.
    counts: Vec<u64>,
    /// Sum of the values, in millionths.
    sum: u64,
}

impl Histogram {
    /// An empty histogram.
    pub(crate) fn new(edges: Edges) -> Self {
        let counts = vec![0; edges.millionths().len() + 1];
        Self {
            edges,
            counts,
            sum: 0,
        }
    }

    /// A histogram with what was counted before, perhaps on other edges.
    ///
    /// The rule: what is cumulative at an edge is what was cumulative at the greatest old edge that is not above it. So
    /// an old edge that still exists keeps its figure, count and sum keep theirs, and a scraper sees no reset; at an
    /// edge that was not there before, the old values between it and the old edge below are missing for ever, because
    /// nobody knows on which side of it they lay.
    pub(crate) fn restored(edges: Edges, old_edges: &[u64], old_counts: &[u64], sum: u64) -> Self {
        let mut histogram = Self::new(edges);
        histogram.sum = sum;
        for (bucket, count) in old_counts.iter().enumerate() {
            let new_bucket = match old_edges.get(bucket) {
                Some(edge) => histogram.bucket(*edge),
                None => histogram.counts.len() - 1,
            };
            histogram.counts[new_bucket] += count;
        }
        histogram
    }

    /// Counts one value, in millionths.
    pub(crate) fn observe(&mut self, millionths: u64) {
        let bucket = self.bucket(millionths);
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(millionths);
    }

    fn bucket(&self, millionths: u64) -> usize {
        self.edges
            .millionths()
            .partition_point(|edge| *edge < millionths)
    }

    /// The edges.
    pub(crate) fn edges(&self) -> &Edges {
        &self.edges
    }

    /// One count a bucket, not cumulative; the last one is `+Inf`.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Sum of the values, in millionths.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::model::{QueueId, QueueTarget};

    fn cumulative(histogram: &Histogram) -> Vec<u64> {
        let mut sum = 0;
        let add = |count: &u64| {
            sum += count;
            sum
        };
        histogram.counts().iter().map(add).collect()
    }

    fn filled(edges: &[u64], values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new(Edges::new(edges.iter().copied()));
        for value in values {
            histogram.observe(*value);
        }
        histogram
    }

    #[test]
    fn a_value_on_an_edge_lies_within_it() {
        let histogram = filled(&[0, 5, 20], &[0, 5, 6, 20, 21]);
        assert_eq!(cumulative(&histogram), [1, 2, 4, 5]);
        assert_eq!(histogram.sum(), 52);
    }

    #[test]
    fn thresholds_are_edges_once() {
        let mut targets = Targets::default();
        let own = QueueTarget {
            service_level: Duration::from_millis(12_500),
            short_abandon: Duration::from_secs(5),
        };
        targets.queues = HashMap::from([(QueueId::new("a"), own.into())]);
        let edges = Edges::seconds(&targets);
        let text = edges.text().join(" ");
        assert_eq!(
            text,
            "0 5 10 12.5 15 20 25 30 45 60 90 120 180 240 300 600 900 1800 3600"
        );
        assert_eq!(Edges::transfers().text().join(" "), "0 1 2 3 4 5");
    }

    #[test]
    fn other_edges_keep_what_is_known() {
        let values = [1, 4, 7, 12, 18, 30];
        let old = filled(&[5, 10, 20], &values);
        assert_eq!(cumulative(&old), [2, 3, 5, 6]);

        let restore = |edges: &[u64]| {
            Histogram::restored(
                Edges::new(edges.iter().copied()),
                old.edges().millionths(),
                old.counts(),
                old.sum(),
            )
        };
        assert_eq!(restore(&[5, 10, 20]), old);
        // 15 is a new edge: of the two between 10 and 20 none is known to lie below it.
        assert_eq!(cumulative(&restore(&[5, 10, 15, 20])), [2, 3, 3, 5, 6]);
        // 10 is gone: its counts show at the next edge.
        assert_eq!(cumulative(&restore(&[5, 20])), [2, 5, 6]);
        // Below the first old edge nothing is known; above the last, all that was below it.
        assert_eq!(cumulative(&restore(&[3, 25])), [0, 5, 6]);
        assert_eq!(restore(&[3, 25]).sum(), 72);
    }
}
