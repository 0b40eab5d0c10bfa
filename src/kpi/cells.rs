//! Waits summed up in cells, so that those of many intervals can be put together: counts, sum and longest are exact, and so
//! is how many are no longer than an edge; quantiles are within `QUANTILE_ERROR`.
//!
//! The cells are those of an HDR histogram of 2 significant digits over microseconds up to 24 h: as wide as a microsecond
//! up to 255 µs, then at most 1/128 of what lies in them. A cell that an edge cuts is two. Only cells that hold something
//! are kept: a quarter of an hour of one queue has a handful.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{CodecError, Reader, put_uint};

/// The most by which a quantile out of cells differs from the exact one, as a share of it: half a cell is 1/256, and it is
/// written with 3 digits.
pub const QUANTILE_ERROR: f64 = 0.01;

/// Beyond it waits share the last cell; no call is longer.
const LONGEST_MICROS: u64 = 24 * 60 * 60 * 1_000_000;
/// Cells as wide as a unit; each further doubling has half as many.
const FINE: u64 = 256;
const HALF: u64 = FINE / 2;
/// Cells that may wait to be sorted in.
const UNSORTED: usize = 64;

/// Edges on which counts are exact, rising.
pub type Edges = Arc<[Duration]>;

/// Waits by cell.
#[derive(Clone, Debug)]
pub struct Cells {
    edges: Edges,
    count: u64,
    sum: Duration,
    longest: Duration,
    /// Cell with the number of edges below, and how many waits; the first `sorted` rise, each once.
    held: Vec<(u32, u64)>,
    sorted: usize,
}

impl Cells {
    /// No waits yet.
    pub fn new(edges: Edges) -> Self {
        Self {
            edges,
            count: 0,
            sum: Duration::ZERO,
            longest: Duration::ZERO,
            held: Vec::new(),
            sorted: 0,
        }
    }

    /// The edges on which its counts are exact.
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Number of waits.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, exact.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest, exact.
    pub fn longest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.longest)
    }

    /// Adds a wait.
    pub fn add(&mut self, wait: Duration) {
        self.count += 1;
        self.sum = self.sum.saturating_add(wait);
        self.longest = self.longest.max(wait);
        let slot = self.edges.partition_point(|edge| *edge < wait);
        self.hold(cell_of(micros(wait)), slot, 1);
    }

    /// Adds all waits of another with the same edges.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.edges, other.edges, "read on the same edges");
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.longest = self.longest.max(other.longest);
        if self.held.is_empty() {
            self.sorted = other.sorted;
        }
        self.held.extend_from_slice(&other.held);
        self.settle_now_and_then();
    }

    /// How many are longer than x; exact where x is an edge, else by the middle of each cell.
    pub fn count_over(&self, x: Duration) -> u64 {
        match self.edges.binary_search(&x) {
            Ok(edge) => self.sum_of(|key| slot_of(key) > edge),
            Err(_) => self.sum_of(|key| Duration::from_micros(middle(cell_of_key(key))) > x),
        }
    }

    /// How many are no longer than x; exact where x is an edge.
    pub fn count_up_to(&self, x: Duration) -> u64 {
        self.count - self.count_over(x)
    }

    /// The nearest-rank quantiles of these percentages, rising; within `QUANTILE_ERROR`.
    pub fn quantiles<const N: usize>(&mut self, percents: [u64; N]) -> [Option<Duration>; N] {
        self.settle();
        let mut held = self.held.iter();
        let (mut below, mut at) = (0, 0);
        percents.map(|percent| {
            let rank = (self.count * percent).div_ceil(100).max(1);
            if rank >= self.count {
                return self.longest();
            }
            while below < rank {
                let (key, count) = held.next()?;
                below += count;
                at = rounded(middle(cell_of_key(*key)));
            }
            Some(Duration::from_micros(at).min(self.longest))
        })
    }

    /// Cells that hold something, rising, each with how many waits; they are named so that those of others can be set beside.
    pub(super) fn held(&mut self) -> &[(u32, u64)] {
        self.settle();
        &self.held
    }

    /// The wait that a cell of `held` stands for: within `QUANTILE_ERROR` of each in it, and on their side of every edge.
    pub(super) fn stands_for(&self, key: u32) -> Duration {
        let slot = slot_of(key);
        let below = slot.checked_sub(1).and_then(|slot| self.edges.get(slot));
        let least = below.map_or(Duration::ZERO, |edge| *edge + Duration::from_micros(1));
        let most = self.edges.get(slot).copied().unwrap_or(Duration::MAX);
        let middle = Duration::from_micros(rounded(middle(cell_of_key(key))));
        middle.clamp(least, most.max(least))
    }

    /// Appends its bytes; the edges go elsewhere, once for many.
    pub fn write(&mut self, out: &mut Vec<u8>) {
        put_uint(out, self.count);
        if self.count == 0 {
            return;
        }
        put_uint(out, micros(self.sum));
        if self.count == 1 {
            return;
        }
        self.settle();
        put_uint(out, micros(self.longest));
        put_uint(out, self.held.len() as u64);
        let (mut cell, mut slot) = (0, 0);
        for (key, count) in &self.held {
            let (to_cell, to_slot) = (cell_of_key(*key), slot_of(*key));
            put_uint(out, to_cell - cell);
            put_uint(out, (to_slot - slot) as u64);
            put_uint(out, *count);
            (cell, slot) = (to_cell, to_slot);
        }
    }

    /// Reads what `write` wrote of waits on other edges; exact on those of them that were counted on.
    ///
    /// # Errors
    /// When the bytes are none of `write`.
    pub fn read(reader: &mut Reader<'_>, slots: &Slots) -> Result<Self, CodecError> {
        let mut cells = Self::new(slots.edges.clone());
        let count = reader.uint()?;
        if count == 0 {
            return Ok(cells);
        }
        let sum = Duration::from_micros(reader.uint()?);
        if count == 1 {
            cells.add(sum);
            return Ok(cells);
        }
        cells.count = count;
        cells.sum = sum;
        cells.longest = Duration::from_micros(reader.uint()?);
        let held = reader.uint()?;
        let (mut cell, mut slot) = (0_u64, 0_u64);
        for _ in 0..held {
            cell = cell.saturating_add(reader.uint()?);
            slot = slot.saturating_add(reader.uint()?);
            let count = reader.uint()?;
            if cell > CELL_MAX {
                return Err(CodecError::Overflow);
            }
            let slot = slots.of(cell, slot).ok_or(CodecError::Overflow)?;
            // Slots that are one here make cells that are one.
            match cells.held.last_mut() {
                Some((last, sum)) if *last == key_of(cell, slot) => *sum += count,
                _ => cells.held.push((key_of(cell, slot), count)),
            }
        }
        cells.sorted = cells.held.len();
        Ok(cells)
    }

    fn hold(&mut self, cell: u64, slot: usize, count: u64) {
        self.held.push((key_of(cell, slot), count));
        self.settle_now_and_then();
    }

    fn settle_now_and_then(&mut self) {
        if self.held.len() > 2 * self.sorted + UNSORTED {
            self.settle();
        }
    }

    /// Brings the cells in order, each once.
    fn settle(&mut self) {
        if self.sorted == self.held.len() {
            return;
        }
        // It consists of runs that rise: a sort that looks for runs has little to do.
        self.held.sort_by_key(|(key, _)| *key);
        self.held.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        self.sorted = self.held.len();
    }

    fn sum_of(&self, counts: impl Fn(u32) -> bool) -> u64 {
        let held = self.held.iter().filter(|(key, _)| counts(*key));
        held.map(|(_, count)| count).sum()
    }
}

/// How slots between the edges that waits were counted on become slots between the edges they are read on.
#[derive(Clone, Debug)]
pub struct Slots {
    edges: Edges,
    /// The first and the last slot in which waits of a slot may be: two where an edge that was not counted on lies between.
    places: Vec<(usize, usize)>,
}

impl Slots {
    /// From the edges counted on to those read on; `None` when one of these is not among those.
    pub fn of_edges(counted: &[Duration], read: &Edges) -> Option<Self> {
        let known = |edge| counted.binary_search(edge).is_ok();
        read.iter().all(known).then(|| Self::nearest(counted, read))
    }

    /// The same where other edges than those counted on are read on, too: on these a whole cell is on the side of its
    /// middle, so waits that differ from such an edge by less than `QUANTILE_ERROR` may be on its wrong side.
    pub fn nearest(counted: &[Duration], read: &Edges) -> Self {
        let last = counted
            .iter()
            .map(|upper| read.partition_point(|edge| edge < upper));
        let first = counted
            .iter()
            .map(|lower| read.partition_point(|edge| edge <= lower));
        let places = [0].into_iter().chain(first);
        Self {
            places: places.zip(last.chain([read.len()])).collect(),
            edges: read.clone(),
        }
    }

    /// The edges read on.
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    fn of(&self, cell: u64, slot: u64) -> Option<usize> {
        let (first, last) = *self.places.get(usize::try_from(slot).ok()?)?;
        if first == last {
            return Some(first);
        }
        let middle = Duration::from_micros(middle(cell));
        let slot = self.edges.partition_point(|edge| *edge < middle);
        Some(slot.clamp(first, last))
    }
}

/// The last cell: that of `LONGEST_MICROS`, and of anything longer.
const CELL_MAX: u64 = cell_of(LONGEST_MICROS);

/// The cell of a wait, for those who keep cells of their own.
pub fn wait_cell(wait: Duration) -> u16 {
    // `CELL_MAX` is some thousands.
    cell_of(micros(wait)) as u16
}

/// The wait that a cell stands for, within `QUANTILE_ERROR`.
pub fn cell_wait(cell: u16) -> Duration {
    Duration::from_micros(rounded(middle(u64::from(cell))))
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

const fn cell_of(micros: u64) -> u64 {
    let value = if micros > LONGEST_MICROS {
        LONGEST_MICROS
    } else {
        micros
    };
    if value < FINE {
        return value;
    }
    let doublings = value.ilog2() as u64 - HALF.ilog2() as u64;
    doublings * HALF + (value >> doublings)
}

/// The least value of a cell, and how many values it holds.
const fn range(cell: u64) -> (u64, u64) {
    if cell < FINE {
        return (cell, 1);
    }
    let doublings = cell / HALF - 1;
    ((cell - doublings * HALF) << doublings, 1 << doublings)
}

fn middle(cell: u64) -> u64 {
    let (least, width) = range(cell);
    least + width / 2
}

/// A value with 3 significant digits, as people read it: 7 s, not 6.996 s.
fn rounded(value: u64) -> u64 {
    let unit = 10_u64.pow(value.checked_ilog10().unwrap_or(0).saturating_sub(2));
    (value + unit / 2) / unit * unit
}

/// Rises with the wait: first by cell, then by the edges below it.
fn key_of(cell: u64, slot: usize) -> u32 {
    (cell as u32) << 16 | (slot.min(usize::from(u16::MAX)) as u32)
}

fn cell_of_key(key: u32) -> u64 {
    u64::from(key >> 16)
}

fn slot_of(key: u32) -> usize {
    (key & 0xffff) as usize
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;
    use crate::kpi::{WAIT_EDGES, count_over, nearest_rank};

    fn edges(extra: &[u64]) -> Edges {
        let extra = extra.iter().copied().map(Duration::from_millis);
        let mut edges: Vec<_> = WAIT_EDGES.into_iter().chain(extra).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.into()
    }

    fn of(waits: &[Duration], edges: &Edges) -> Cells {
        let mut cells = Cells::new(edges.clone());
        waits.iter().for_each(|wait| cells.add(*wait));
        cells
    }

    fn written(mut cells: Cells) -> Vec<u8> {
        let mut bytes = Vec::new();
        cells.write(&mut bytes);
        bytes
    }

    fn read(bytes: &[u8], counted: &Edges, on: &Edges) -> Cells {
        let slots = Slots::of_edges(counted, on).unwrap();
        let mut reader = Reader::new(bytes);
        let cells = Cells::read(&mut reader, &slots).unwrap();
        assert!(reader.is_empty());
        cells
    }

    /// From microseconds to days, small ones as often as large ones; whole seconds lie on edges.
    fn waits() -> impl Strategy<Value = Vec<Duration>> {
        let any = (0_u32..37).prop_flat_map(|bits| 0..1_u64 << bits);
        let wait = prop_oneof![
            any.prop_map(Duration::from_micros),
            (0..4_000_u64).prop_map(Duration::from_secs)
        ];
        prop::collection::vec(wait, 0..200)
    }

    proptest! {
        #[test]
        fn merged_or_written_they_say_what_each_wait_says(
            parts in prop::collection::vec(waits(), 1..5),
        ) {
            let (counted, on) = (edges(&[17_000, 33_500]), edges(&[17_000]));
            let mut merged = Cells::new(on.clone());
            for part in &parts {
                merged.merge(&read(&written(of(part, &counted)), &counted, &on));
            }
            let mut all = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(merged.count(), all.len() as u64);
            prop_assert_eq!(merged.sum(), all.iter().sum::<Duration>());
            prop_assert_eq!(merged.longest(), all.last().copied());
            for edge in on.iter() {
                prop_assert_eq!(merged.count_over(*edge), count_over(&all, *edge), "{:?}", edge);
            }
            for (percent, got) in [50, 90, 95, 99].into_iter().zip(merged.quantiles([50, 90, 95, 99])) {
                let exact = nearest_rank(&all, percent).map(|wait| wait.as_secs_f64());
                let got = got.map(|wait| wait.as_secs_f64());
                prop_assert_eq!(got.is_some(), exact.is_some());
                let (got, exact) = (got.unwrap_or(0.0), exact.unwrap_or(0.0));
                prop_assert!((got - exact).abs() <= exact * QUANTILE_ERROR, "p{} {} {}", percent, got, exact);
            }
            prop_assert_eq!(written(merged.clone()), written(of(&all, &on)));
        }

        #[test]
        fn an_edge_that_was_not_counted_on_is_known_within_the_error(
            waits in waits(),
            threshold in 1_u64..4_000_000_000,
        ) {
            let threshold = Duration::from_micros(threshold);
            let (counted, on) = (edges(&[]), Edges::from(vec![Duration::from_secs(20), threshold.max(Duration::from_secs(21))]));
            let threshold = on[1];
            let slots = Slots::nearest(&counted, &on);
            let bytes = written(of(&waits, &counted));
            let cells = Cells::read(&mut Reader::new(&bytes), &slots).unwrap();
            let mut all = waits.clone();
            all.sort_unstable();
            prop_assert_eq!(cells.count_over(on[0]), count_over(&all, on[0]), "counted on");
            let [most, least] = [1.0 - QUANTILE_ERROR, 1.0 + QUANTILE_ERROR]
                .map(|share| count_over(&all, threshold.mul_f64(share)));
            let count = cells.count_over(threshold);
            prop_assert!(least <= count && count <= most, "{} ≤ {} ≤ {}", least, count, most);
            prop_assert_eq!(cells.count(), all.len() as u64);
        }

        #[test]
        fn cells_are_those_of_an_hdr_histogram(value in (0_u32..37).prop_flat_map(|bits| 1..=1_u64 << bits)) {
            let histogram = Histogram::<u8>::new_with_bounds(1, LONGEST_MICROS, 2).unwrap();
            let value = value.min(LONGEST_MICROS);
            let (least, width) = range(cell_of(value));
            prop_assert_eq!(least, histogram.lowest_equivalent(value));
            prop_assert_eq!(least + width - 1, histogram.highest_equivalent(value));
        }
    }

    #[test]
    fn what_is_no_edge_is_estimated() {
        let cells = of(&[10, 20, 30, 40].map(Duration::from_secs), &edges(&[]));
        assert_eq!(cells.count_over(Duration::from_secs(35)), 1);
        assert_eq!(cells.count_up_to(Duration::from_secs(20)), 2);
        let unknown: Edges = vec![Duration::from_secs(21)].into();
        assert!(Slots::of_edges(&edges(&[]), &unknown).is_none());
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let edges = edges(&[]);
        let slots = Slots::of_edges(&edges, &edges).unwrap();
        let bytes = written(of(&[1, 2, 3].map(Duration::from_secs), &edges));
        for end in 0..bytes.len() {
            assert!(Cells::read(&mut Reader::new(&bytes[..end]), &slots).is_err());
        }
        // A cell, or a slot, that no wait has.
        for wrong in [
            [2, 5, 3, 1, 0xff, 0xff, 0x7f, 0, 2],
            [2, 5, 3, 1, 1, 0x7f, 2, 0, 0],
        ] {
            assert!(Cells::read(&mut Reader::new(&wrong), &slots).is_err());
        }
    }

    #[test]
    fn a_day_is_in_the_last_cell_and_three_digits_are_shown() {
        assert_eq!(cell_of(LONGEST_MICROS), cell_of(u64::MAX));
        for (value, shown) in [
            (0, 0),
            (7, 7),
            (999, 999),
            (6_996_416, 7_000_000),
            (1_234_567, 1_230_000),
        ] {
            assert_eq!(rounded(value), shown);
        }
    }
}
