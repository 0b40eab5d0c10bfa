//! Visits by the one way in which each ended.

use crate::model::Exit;

/// Visits ended, by exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitCounts([u64; Exit::ALL.len()]);

impl ExitCounts {
    /// How many ended so.
    pub fn of(&self, exit: Exit) -> u64 {
        self.0[Self::slot(exit)]
    }

    /// How many ended in all.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Counts so many more.
    pub fn add(&mut self, exit: Exit, count: u64) {
        self.0[Self::slot(exit)] += count;
    }

    /// Counts so many fewer, of those counted before.
    pub fn remove(&mut self, exit: Exit, count: u64) {
        self.0[Self::slot(exit)] -= count;
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(one, other)| *one += other);
    }

    /// Codes count from 1 without a hole.
    fn slot(exit: Exit) -> usize {
        usize::from(exit.code()) - 1
    }
}
