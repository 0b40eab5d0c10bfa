//! What a cell, a window or a day holds: counts, and waits in the cells of an HDR histogram.

use std::time::Duration;

use crate::kpi::{ExitCounts, LevelCounts, cell_wait, mean_wait, wait_cell};
use crate::model::{Exit, ExitClass};

use super::seen::What;

/// Waits of one kind that are kept each for itself, in one stretch of time; more are put into cells, which take as much memory
/// as a queue's busiest day of this many.
const EACH_MAX: usize = 1_000;

/// Waits of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    held: Held,
    count: u64,
    sum: Duration,
}

/// Waits in order. In cells it is lost who of nearly the same age was answered before whom gave up, and at the thin end of a
/// curve that moves it by far more than a cell is wide.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    /// Each, in microseconds.
    Each(Vec<u64>),
    /// By HDR cell of 2 digits, and how many.
    Cells(Vec<(u16, u32)>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Held {
    /// Into cells, however few there are.
    fn into_cells(self) -> Vec<(u16, u32)> {
        match self {
            Self::Cells(cells) => cells,
            Self::Each(waits) => {
                let mut cells: Vec<(u16, u32)> = Vec::new();
                for wait in waits {
                    let cell = wait_cell(Duration::from_micros(wait));
                    match cells.last_mut() {
                        Some((last, count)) if *last == cell => *count += 1,
                        _ => cells.push((cell, 1)),
                    }
                }
                cells
            }
        }
    }
}

fn micros(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)
}

impl Waits {
    /// How many there are, and how long in all.
    pub(super) fn totals(&self) -> (u64, Duration) {
        (self.count, self.sum)
    }

    /// Each wait, or where there are many that of each cell, and how many there are of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Duration, u64)> {
        let (each, cells) = match &self.held {
            Held::Each(waits) => (waits.as_slice(), &[][..]),
            Held::Cells(cells) => (&[][..], cells.as_slice()),
        };
        let each = each.iter().map(|wait| (Duration::from_micros(*wait), 1));
        let cells = cells.iter();
        each.chain(cells.map(|(cell, count)| (cell_wait(*cell), u64::from(*count))))
    }

    fn add(&mut self, wait: Duration) {
        match &mut self.held {
            Held::Each(waits) => {
                let wait = micros(wait);
                let place = waits.partition_point(|held| *held < wait);
                waits.insert(place, wait);
                if waits.len() > EACH_MAX {
                    let held = std::mem::take(&mut self.held);
                    self.held = Held::Cells(held.into_cells());
                }
            }
            Held::Cells(cells) => {
                let cell = wait_cell(wait);
                match cells.binary_search_by_key(&cell, |(cell, _)| *cell) {
                    Ok(place) => cells[place].1 += 1,
                    Err(place) => cells.insert(place, (cell, 1)),
                }
            }
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(wait);
    }

    fn remove(&mut self, wait: Duration) {
        match &mut self.held {
            Held::Each(waits) => {
                let Ok(place) = waits.binary_search(&micros(wait)) else {
                    return;
                };
                waits.remove(place);
            }
            Held::Cells(cells) => {
                let cell = wait_cell(wait);
                let Ok(place) = cells.binary_search_by_key(&cell, |(cell, _)| *cell) else {
                    return;
                };
                cells[place].1 -= 1;
                if cells[place].1 == 0 {
                    cells.remove(place);
                }
            }
        }
        self.count -= 1;
        self.sum = self.sum.saturating_sub(wait);
    }

    fn merge(&mut self, other: &Self) {
        match (&mut self.held, &other.held) {
            (Held::Each(waits), Held::Each(others)) => waits.extend_from_slice(others),
            (held, others) => {
                let mut cells = std::mem::take(held).into_cells();
                cells.extend(others.clone().into_cells());
                *held = Held::Cells(cells);
            }
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// Brings what was merged in order, each cell once.
    fn settle(&mut self) {
        match &mut self.held {
            Held::Each(waits) => waits.sort_unstable(),
            Held::Cells(cells) => {
                cells.sort_unstable();
                cells.dedup_by(|next, kept| {
                    let same = next.0 == kept.0;
                    if same {
                        kept.1 += next.1;
                    }
                    same
                });
            }
        }
    }
}

/// Sums over what happened in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Visits begun.
    pub offered: u64,
    /// Visits ended, by exit.
    pub exits: ExitCounts,
    /// The counts of the service level.
    pub level: LevelCounts,
    /// Transfers of calls that the queue answered first.
    pub transfers: u64,
    /// Calls turned away.
    pub refused: u64,
    /// Visits answered while somebody who had come before still waited.
    pub overtaking: u64,
    /// V1: calls offered, under their first queue.
    pub calls_offered: u64,
    /// Of them those that were lost (AB2).
    pub calls_lost: u64,
    pub(super) answered: Waits,
    pub(super) abandoned: Waits,
    pub(super) other: Waits,
}

impl Sums {
    /// Puts something in.
    pub(super) fn add(&mut self, what: &What) {
        match what {
            What::Offered => self.offered += 1,
            What::Decided => self.level.decided += 1,
            What::Transferred => self.transfers += 1,
            What::Refused => self.refused += 1,
            What::Overtook => self.overtaking += 1,
            What::CallOffered => self.calls_offered += 1,
            What::CallLost => self.calls_lost += 1,
            What::Ended { exit, wait, level } => {
                self.exits.add(*exit, 1);
                self.level.add(*level);
                if let Some(wait) = wait {
                    self.waits(*exit).add(*wait);
                }
            }
        }
    }

    /// Takes out what was put in.
    pub(super) fn remove(&mut self, what: &What) {
        match what {
            What::Offered => self.offered -= 1,
            What::Decided => self.level.decided -= 1,
            What::Transferred => self.transfers -= 1,
            What::Refused => self.refused -= 1,
            What::Overtook => self.overtaking -= 1,
            What::CallOffered => self.calls_offered -= 1,
            What::CallLost => self.calls_lost -= 1,
            What::Ended { exit, wait, level } => {
                self.exits.remove(*exit, 1);
                self.level.remove(*level);
                if let Some(wait) = wait {
                    self.waits(*exit).remove(*wait);
                }
            }
        }
    }

    /// Adds the sums of another time.
    pub(super) fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.exits.merge(&other.exits);
        self.level.add(other.level);
        self.transfers += other.transfers;
        self.refused += other.refused;
        self.overtaking += other.overtaking;
        self.calls_offered += other.calls_offered;
        self.calls_lost += other.calls_lost;
        self.answered.merge(&other.answered);
        self.abandoned.merge(&other.abandoned);
        self.other.merge(&other.other);
    }

    /// To be called after merging.
    pub(super) fn settle(&mut self) {
        self.answered.settle();
        self.abandoned.settle();
        self.other.settle();
    }

    /// W5: the mean wait of answered visits.
    pub fn asa(&self) -> Option<Duration> {
        let (count, sum) = self.answered.totals();
        mean_wait(sum, count)
    }

    /// The nearest-rank quantiles of the waits of all visits that ended.
    pub fn quantiles(&self, percents: [u64; 4]) -> [Option<Duration>; 4] {
        let mut all = Waits::default();
        for waits in [&self.answered, &self.abandoned, &self.other] {
            all.merge(waits);
        }
        all.settle();
        let mut held = all.iter();
        let (mut below, mut at) = (0, Duration::ZERO);
        percents.map(|percent| {
            let rank = (all.count * percent).div_ceil(100).max(1);
            while below < rank {
                let (wait, count) = held.next()?;
                below += count;
                at = wait;
            }
            Some(at)
        })
    }

    fn waits(&mut self, exit: Exit) -> &mut Waits {
        match exit.class() {
            ExitClass::Answered => &mut self.answered,
            ExitClass::Abandoned => &mut self.abandoned,
            ExitClass::Other => &mut self.other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit, wait: u64) -> What {
        What::Ended {
            exit,
            wait: Some(Duration::from_secs(wait)),
            level: LevelCounts::default(),
        }
    }

    #[test]
    fn what_is_taken_out_was_never_there() {
        let mut sums = Sums::default();
        sums.add(&ended(Exit::Answered, 10));
        let before = sums.clone();
        for what in [
            What::Offered,
            What::Decided,
            ended(Exit::Answered, 12),
            ended(Exit::Timeout, 10),
        ] {
            sums.add(&what);
            assert_ne!(sums, before);
            sums.remove(&what);
            assert_eq!(sums, before);
        }
    }

    #[test]
    fn many_waits_are_kept_in_cells_and_taken_out_of_them() {
        let mut sums = Sums::default();
        let all = 2 * EACH_MAX as u64;
        let mut merged = Sums::default();
        for wait in 1..=all {
            sums.add(&ended(Exit::Answered, wait));
            let mut one = Sums::default();
            one.add(&ended(Exit::Answered, wait));
            merged.merge(&one);
        }
        merged.merge(&sums);
        merged.settle();
        for (sums, all) in [(&sums, all), (&merged, 2 * all)] {
            let [half, most, ..] = sums.quantiles([50, 90, 95, 99]);
            for (got, exact) in [(half, 0.5), (most, 0.9)] {
                let exact = exact * 2.0 * EACH_MAX as f64;
                let got = got.unwrap().as_secs_f64();
                assert!((got - exact).abs() <= 0.01 * exact, "{got} {exact}");
            }
            assert_eq!(sums.answered.totals().0, all);
        }
        for wait in 1..=all {
            sums.remove(&ended(Exit::Answered, wait));
        }
        assert_eq!(sums.answered.iter().count(), 0);
        assert_eq!(sums.answered.totals(), (0, Duration::ZERO));
    }

    #[test]
    fn quantiles_are_of_all_who_ended_and_the_mean_of_those_answered() {
        let mut sums = Sums::default();
        for (exit, wait) in [
            (Exit::Answered, 10),
            (Exit::Answered, 30),
            (Exit::AbandonedWaiting, 50),
            (Exit::Timeout, 90),
        ] {
            sums.add(&ended(exit, wait));
        }
        // Of 4 the 2nd is p50, the 4th p90 and beyond; (10 + 30) ÷ 2 = 20.
        let quantiles = sums
            .quantiles([50, 90, 95, 99])
            .map(|wait| wait.map(|wait| wait.as_secs_f64()));
        for (got, exact) in quantiles.into_iter().zip([30.0, 90.0, 90.0, 90.0]) {
            assert!(
                (got.unwrap() - exact).abs() <= 0.01 * exact,
                "{got:?} {exact}"
            );
        }
        assert_eq!(sums.asa(), Some(Duration::from_secs(20)));
        assert_eq!(Sums::default().quantiles([50, 90, 95, 99]), [None; 4]);
        assert_eq!(Sums::default().asa(), None);
    }
}
