//! The waits that a figure is made of: each by itself, or summed up in cells.
//!
//! Rows are held each by itself, as long as nothing summed up is added to them: then every figure is exact. With cells in
//! it quantiles are within `QUANTILE_ERROR`, and everything else is exact still.

use std::time::Duration;

use crate::model::{CodecError, Reader};

use super::cells::{Cells, Edges, Slots};
use super::histogram::counts_up_to;
use super::wait::{WaitSummary, count_over, mean_wait, wait_sum};

/// How waits are held.
#[derive(Clone, Debug)]
pub enum Held {
    /// Each by itself.
    Each,
    /// In cells, exact on these edges.
    Cells(Edges),
}

/// Some waits.
#[derive(Clone, Debug)]
pub enum Waits {
    /// Each by itself, in no order.
    Each(Vec<Duration>),
    /// In cells.
    Cells(Cells),
}

impl Waits {
    /// No waits yet.
    pub fn new(held: &Held) -> Self {
        match held {
            Held::Each => Self::Each(Vec::new()),
            Held::Cells(edges) => Self::Cells(Cells::new(edges.clone())),
        }
    }

    /// Adds a wait, if it is known.
    pub fn add(&mut self, wait: Option<Duration>) {
        let Some(wait) = wait else { return };
        match self {
            Self::Each(waits) => waits.push(wait),
            Self::Cells(cells) => cells.add(wait),
        }
    }

    /// Adds other waits.
    pub fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Each(waits), Self::Each(others)) => waits.extend_from_slice(others),
            (Self::Cells(cells), Self::Cells(others)) => cells.merge(others),
            (Self::Cells(cells), Self::Each(others)) => {
                others.iter().for_each(|wait| cells.add(*wait));
            }
            (Self::Each(waits), Self::Cells(others)) => {
                let mut cells = others.clone();
                waits.iter().for_each(|wait| cells.add(*wait));
                *self = Self::Cells(cells);
            }
        }
    }

    /// Appends their bytes; held each by itself they are written in cells on no edges.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Cells(cells) => cells.write(out),
            Self::Each(_) => {
                debug_assert!(false, "only what is held in cells is written");
                let mut cells = Self::new(&Held::Cells(Edges::default()));
                cells.merge(self);
                cells.write(out);
            }
        }
    }

    /// Reads what `write` wrote.
    pub(super) fn read(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        Cells::read(reader, slots).map(Self::Cells)
    }

    /// How many are longer than x.
    pub fn count_over(&mut self, x: Duration) -> u64 {
        match self {
            Self::Each(waits) => {
                sort(waits);
                count_over(waits, x)
            }
            Self::Cells(cells) => cells.count_over(x),
        }
    }

    /// How many are no longer than x.
    pub fn count_up_to(&mut self, x: Duration) -> u64 {
        self.count() - self.count_over(x)
    }

    /// For each edge, how many are no longer than it.
    pub fn counts_up_to(&mut self, edges: &[Duration]) -> Vec<u64> {
        match self {
            Self::Each(waits) => {
                sort(waits);
                counts_up_to(waits, edges)
            }
            Self::Cells(cells) => edges.iter().map(|edge| cells.count_up_to(*edge)).collect(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Each(waits) => waits.len() as u64,
            Self::Cells(cells) => cells.count(),
        }
    }

    /// Their sum.
    pub fn sum(&self) -> Duration {
        match self {
            Self::Each(waits) => wait_sum(waits),
            Self::Cells(cells) => cells.sum(),
        }
    }

    /// Sums them up.
    pub fn summary(&mut self) -> WaitSummary {
        match self {
            Self::Each(waits) => {
                sort(waits);
                WaitSummary::of(waits)
            }
            Self::Cells(cells) => {
                let [p50, p90, p95, p99] = cells.quantiles([50, 90, 95, 99]);
                WaitSummary {
                    count: cells.count(),
                    sum: cells.sum(),
                    mean: mean_wait(cells.sum(), cells.count()),
                    p50,
                    p90,
                    p95,
                    p99,
                    max: cells.longest(),
                }
            }
        }
    }
}

/// Many reports ask twice: what is in order already costs a look.
fn sort(waits: &mut [Duration]) {
    if !waits.is_sorted() {
        waits.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(held: &Held, seconds: &[u64]) -> Waits {
        let mut waits = Waits::new(held);
        waits.add(None);
        seconds
            .iter()
            .for_each(|wait| waits.add(Some(Duration::from_secs(*wait))));
        waits
    }

    #[test]
    fn however_they_are_held_they_say_the_same() {
        let edges: Edges = [5, 20].map(Duration::from_secs).to_vec().into();
        let cells = Held::Cells(edges);
        let (few, many) = ([33, 0], [7, 20, 0]);
        // 0 0 7 20 33: 60 s, 3 no longer than 7 s; ⌈2.5⌉ = the 3rd is 7 s, the 5th 33 s.
        for (one, other) in [
            (&Held::Each, &Held::Each),
            (&Held::Each, &cells),
            (&cells, &Held::Each),
            (&cells, &cells),
        ] {
            let mut waits = held(one, &few);
            waits.merge(&held(other, &many));
            let summary = waits.summary();
            let s = |value| Some(Duration::from_secs(value));
            assert_eq!((summary.count, summary.sum), (5, Duration::from_secs(60)));
            assert_eq!((summary.mean, summary.max), (s(12), s(33)));
            assert_eq!((summary.p50, summary.p90), (s(7), s(33)));
            assert_eq!(
                waits.counts_up_to(&[5, 20].map(Duration::from_secs)),
                [2, 4]
            );
            assert_eq!(waits.count_over(Duration::from_secs(5)), 3);
            assert_eq!(waits.count_up_to(Duration::from_secs(20)), 4);
        }
    }
}
