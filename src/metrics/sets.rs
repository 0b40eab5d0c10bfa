//! Which series belong together: those of all calls, of one queue, of what agents did for it, of one source.
//!
//! Making a set makes all its series exist, at 0 or as they were before a restart.

use std::array;
use std::collections::HashMap;

use super::name::Metric;
use super::series::{CounterId, HistogramId, Series};
use super::text::labels;
use crate::model::{
    Exit, ExitClass, OfferResult, Outcome, Predictor, RefusalReason, TargetKind, TransferMethod,
    TransferOutcome,
};

/// The place of a word in its list, by its stored code: codes of these lists count from 1 without holes.
pub(crate) fn at(code: u8) -> usize {
    usize::from(code) - 1
}

/// The series that have no name from outside in their labels.
#[derive(Debug)]
pub(crate) struct CallSeries {
    pub(crate) arrived: CounterId,
    pub(crate) refused: [CounterId; RefusalReason::ALL.len()],
    pub(crate) left_before_queue: CounterId,
    pub(crate) ended: [CounterId; Outcome::ALL.len()],
    pub(crate) transfers: HashMap<(TransferMethod, Option<TargetKind>, TransferOutcome), CounterId>,
    pub(crate) returns: CounterId,
}

impl CallSeries {
    /// Makes them exist.
    pub(crate) fn new(series: &mut Series) -> Self {
        let mut transfer_series = HashMap::new();
        for method in TransferMethod::ALL.iter().copied() {
            let mut begin = |target, outcome| {
                let id = transfers(series, method, target, outcome);
                transfer_series.insert((method, target, outcome), id);
            };
            begin(None, TransferOutcome::Failed);
            for target in TargetKind::ALL {
                for outcome in TransferOutcome::ALL {
                    begin(Some(*target), *outcome);
                }
            }
        }
        Self {
            arrived: series.counter(Metric::CallsArrived, ""),
            refused: array::from_fn(|i| {
                let reason = RefusalReason::ALL[i].as_str();
                series.counter(Metric::CallsRefused, &labels(&[("reason", reason)]))
            }),
            left_before_queue: series.counter(Metric::CallsLeftBeforeQueue, ""),
            ended: array::from_fn(|i| {
                let outcome = Outcome::ALL[i].as_str();
                series.counter(Metric::CallsEnded, &labels(&[("outcome", outcome)]))
            }),
            transfers: transfer_series,
            returns: series.counter(Metric::TransferReturns, ""),
        }
    }
}

/// The counter of one kind of transfer; a failed one may not say whom it was meant for.
pub(crate) fn transfers(
    series: &mut Series,
    method: TransferMethod,
    target: Option<TargetKind>,
    outcome: TransferOutcome,
) -> CounterId {
    let labels = labels(&[
        ("method", method.as_str()),
        ("target", target.map_or("unknown", TargetKind::as_str)),
        ("outcome", outcome.as_str()),
    ]);
    series.counter(Metric::Transfers, &labels)
}

/// The series of one queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueSeries {
    pub(crate) offered: CounterId,
    pub(crate) ended: [CounterId; Exit::ALL.len()],
    pub(crate) wait: [HistogramId; ExitClass::ALL.len()],
    pub(crate) within_target: CounterId,
    pub(crate) decided: CounterId,
    pub(crate) abandoned_short: CounterId,
    pub(crate) reroutes: CounterId,
    pub(crate) ewt_error: [HistogramId; Predictor::ALL.len()],
    pub(crate) legs: LegSeries,
}

impl QueueSeries {
    /// Makes them exist.
    pub(crate) fn new(series: &mut Series, queue: &str) -> Self {
        let plain = labels(&[("queue", queue)]);
        Self {
            offered: series.counter(Metric::VisitsOffered, &plain),
            ended: array::from_fn(|i| {
                let exit = Exit::ALL[i].as_str();
                let labels = labels(&[("queue", queue), ("exit", exit)]);
                series.counter(Metric::VisitsEnded, &labels)
            }),
            wait: array::from_fn(|i| {
                let exit = ExitClass::ALL[i].as_str();
                let labels = labels(&[("queue", queue), ("exit", exit)]);
                series.histogram(Metric::Wait, &labels)
            }),
            within_target: series.counter(Metric::AnsweredWithinTarget, &plain),
            decided: series.counter(Metric::ServiceLevelDecided, &plain),
            abandoned_short: series.counter(Metric::AbandonedShort, &plain),
            reroutes: series.counter(Metric::Reroutes, &plain),
            ewt_error: array::from_fn(|i| {
                let predictor = Predictor::ALL[i].as_str();
                let labels = labels(&[("queue", queue), ("predictor", predictor)]);
                series.histogram(Metric::EwtError, &labels)
            }),
            legs: LegSeries::new(series, queue),
        }
    }
}

/// The series of what agents did for one queue, or for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LegSeries {
    pub(crate) talk: HistogramId,
    pub(crate) hold: HistogramId,
    pub(crate) wrap_up: HistogramId,
    pub(crate) call_transfers: HistogramId,
    pub(crate) offers: [CounterId; OfferResult::ALL.len()],
}

impl LegSeries {
    /// Makes them exist.
    pub(crate) fn new(series: &mut Series, queue: &str) -> Self {
        let plain = labels(&[("queue", queue)]);
        Self {
            talk: series.histogram(Metric::Talk, &plain),
            hold: series.histogram(Metric::Hold, &plain),
            wrap_up: series.histogram(Metric::WrapUp, &plain),
            call_transfers: series.histogram(Metric::CallTransfers, &plain),
            offers: array::from_fn(|i| {
                let result = OfferResult::ALL[i].as_str();
                let labels = labels(&[("queue", queue), ("result", result)]);
                series.counter(Metric::Offers, &labels)
            }),
        }
    }
}

/// The series of one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceSeries {
    pub(crate) applied: CounterId,
    pub(crate) rejected: CounterId,
    pub(crate) late: CounterId,
    pub(crate) corrections: CounterId,
    pub(crate) gap: CounterId,
}

impl SourceSeries {
    /// Makes them exist.
    pub(crate) fn new(series: &mut Series, source: &str) -> Self {
        let plain = labels(&[("source", source)]);
        let mut events = |result| {
            let labels = labels(&[("source", source), ("result", result)]);
            series.counter(Metric::IngestEvents, &labels)
        };
        Self {
            applied: events("applied"),
            rejected: events("rejected"),
            late: series.counter(Metric::IngestLate, &plain),
            corrections: series.counter(Metric::IngestCorrections, &plain),
            gap: series.counter(Metric::IngestGap, &plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_place() {
        fn check<W: Copy>(all: &[W], code: fn(W) -> u8) {
            for (place, word) in all.iter().enumerate() {
                assert_eq!(at(code(*word)), place);
            }
        }
        check(RefusalReason::ALL, RefusalReason::code);
        check(Outcome::ALL, Outcome::code);
        check(Exit::ALL, Exit::code);
        check(ExitClass::ALL, ExitClass::code);
        check(OfferResult::ALL, OfferResult::code);
        check(Predictor::ALL, Predictor::code);
    }
}
