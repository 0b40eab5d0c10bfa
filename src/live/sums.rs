//! What a cell, a window or a day holds: counts, and waits in the cells of an HDR histogram.

use std::time::Duration;

use crate::kpi::{ExitCounts, LevelCounts, cell_wait, mean_wait, wait_cell};
use crate::model::{Exit, ExitClass};

use super::seen::What;

/// Waits of one kind, by HDR cell of 2 digits; few, so a sorted list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    held: Vec<(u16, u32)>,
    count: u64,
    sum: Duration,
}

impl Waits {
    /// How many there are, and how long in all.
    pub(super) fn totals(&self) -> (u64, Duration) {
        (self.count, self.sum)
    }

    /// Each cell's wait, and how many lie in it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Duration, u64)> {
        let held = self.held.iter();
        held.map(|(cell, count)| (cell_wait(*cell), u64::from(*count)))
    }

    fn add(&mut self, wait: Duration) {
        let cell = wait_cell(wait);
        match self.held.binary_search_by_key(&cell, |(cell, _)| *cell) {
            Ok(place) => self.held[place].1 += 1,
            Err(place) => self.held.insert(place, (cell, 1)),
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(wait);
    }

    fn remove(&mut self, wait: Duration) {
        let cell = wait_cell(wait);
        let Ok(place) = self.held.binary_search_by_key(&cell, |(cell, _)| *cell) else {
            return;
        };
        self.held[place].1 -= 1;
        if self.held[place].1 == 0 {
            self.held.remove(place);
        }
        self.count -= 1;
        self.sum = self.sum.saturating_sub(wait);
    }

    fn merge(&mut self, other: &Self) {
        self.held.extend_from_slice(&other.held);
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// Brings merged cells in order, each once.
    fn settle(&mut self) {
        self.held.sort_unstable();
        self.held.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
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
