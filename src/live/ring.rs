//! Cells of equal length, as many as a window needs, each filled again when its time comes round.

use std::time::Duration;

use crate::model::Timestamp;

use super::seen::What;
use super::sums::Sums;

/// A ring of cells. A window of it is the cell that is still filling and so many full ones before it.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    width: i64,
    /// The number of its cell since 1970, and what is in it; empty ones take a word.
    cells: Vec<Option<Box<(i64, Sums)>>>,
}

impl Ring {
    /// Cells of this width for a window of `full` of them.
    pub(super) fn new(width: Duration, full: usize) -> Self {
        Self {
            width: i64::try_from(width.as_micros()).unwrap_or(i64::MAX),
            cells: vec![None; full + 1],
        }
    }

    fn number(&self, at: Timestamp) -> i64 {
        at.as_micros().div_euclid(self.width)
    }

    fn place(&self, number: i64) -> usize {
        number.rem_euclid(self.cells.len() as i64) as usize
    }

    /// Puts something in at its instant; what is older than the ring is left out.
    pub(super) fn add(&mut self, at: Timestamp, what: &What) {
        let number = self.number(at);
        let place = self.place(number);
        let cell = &mut self.cells[place];
        if cell.as_ref().is_none_or(|cell| cell.0 < number) {
            *cell = Some(Box::new((number, Sums::default())));
        }
        if let Some(cell) = cell.as_mut().filter(|cell| cell.0 == number) {
            cell.1.add(what);
        }
    }

    /// Takes out what was put in, unless its cell is gone.
    pub(super) fn remove(&mut self, at: Timestamp, what: &What) {
        let number = self.number(at);
        let place = self.place(number);
        let cell = self.cells[place].as_mut();
        if let Some(cell) = cell.filter(|cell| cell.0 == number) {
            cell.1.remove(what);
        }
    }

    /// The first instant of the window of so many full cells before the one that `now` lies in.
    pub(super) fn start(&self, now: Timestamp, full: usize) -> Timestamp {
        let first = self.number(now).saturating_sub(full as i64);
        Timestamp::from_micros(first.saturating_mul(self.width))
    }

    /// The middle and the content of each cell of that window.
    pub(super) fn window(
        &self,
        now: Timestamp,
        full: usize,
    ) -> impl Iterator<Item = (Timestamp, &Sums)> {
        let last = self.number(now);
        let first = last.saturating_sub(full as i64);
        let cells = self.cells.iter().flatten();
        let within = cells.filter(move |cell| (first..=last).contains(&cell.0));
        within.map(|cell| {
            let middle = cell.0.saturating_mul(self.width) + self.width / 2;
            (Timestamp::from_micros(middle), &cell.1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn offered(ring: &Ring, now: i64, full: usize) -> u64 {
        ring.window(s(now), full)
            .map(|(_, sums)| sums.offered)
            .sum()
    }

    #[test]
    fn a_window_is_the_filling_cell_and_full_ones_before_it() {
        let mut ring = Ring::new(Duration::from_secs(10), 6);
        for at in [0, 5, 12, 59, 60, 69] {
            ring.add(s(at), &What::Offered);
        }
        // At 69 s: cells 0 to 6, of which the first holds 0 s and 5 s.
        assert_eq!(offered(&ring, 69, 6), 6);
        // One full cell: from 50 s on.
        assert_eq!(offered(&ring, 69, 1), 3);
        assert_eq!(ring.start(s(69), 1), s(50));
        // 70 s later the oldest two are out of the window, whether or not their cell was filled again.
        assert_eq!(offered(&ring, 70, 6), 4);
        ring.add(s(70), &What::Offered);
        assert_eq!(offered(&ring, 70, 6), 5);
        // Too late for its cell: it is left out, and taking it out again changes nothing.
        ring.add(s(1), &What::Offered);
        ring.remove(s(1), &What::Offered);
        assert_eq!(offered(&ring, 70, 6), 5);
        assert_eq!(offered(&ring, 1_000, 6), 0);
    }
}
