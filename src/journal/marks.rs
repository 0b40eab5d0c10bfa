//! One epoch's numbering: how far it has come, what is missing, what was there before.
//!
//! Pure. The writer asks it about every number, in order; what it says holds once the commit is done, so a copy made
//! before the commit is put back when the commit is refused.

use std::collections::BTreeMap;

use crate::model::Digest;

/// The most gaps one epoch may have open: a sender with more has lost its way, and is told so.
pub(super) const GAPS_MAX: usize = 10_000;

/// Numbers that never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing number.
    pub first: u64,
    /// Last missing number.
    pub last: u64,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not seen before: to be taken.
    Fresh,
    /// Handled before: changes nothing.
    Duplicate,
    /// The number at the mark is now told with another event: the sender counts anew.
    Conflict,
    /// It would open a gap more than the limit.
    TooManyGaps,
}

/// One epoch's numbering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbering {
    /// The highest number handled.
    pub(super) mark: u64,
    /// Digest of the event at the mark; 0 for a rejected one, which has none.
    pub(super) digest: Digest,
    /// Numbers that were rejected.
    pub(super) rejected: u64,
    gaps: BTreeMap<u64, u64>,
}

impl Numbering {
    /// A numbering as the database holds it.
    pub(super) fn restored(mark: u64, digest: Digest, rejected: u64) -> Self {
        Self {
            mark,
            digest,
            rejected,
            gaps: BTreeMap::new(),
        }
    }

    /// Adds a gap from the database.
    pub(super) fn restore_gap(&mut self, gap: Gap) {
        self.gaps.insert(gap.first, gap.last);
    }

    /// What this number is; a fresh one is handled from now on. `digest` is asked only where it matters.
    pub(super) fn take(&mut self, sequence: u64, digest: impl Fn() -> Digest) -> Verdict {
        if sequence > self.mark {
            if sequence > self.mark + 1 {
                if self.gaps.len() >= GAPS_MAX {
                    return Verdict::TooManyGaps;
                }
                self.gaps.insert(self.mark + 1, sequence - 1);
            }
            self.mark = sequence;
            return Verdict::Fresh;
        }
        if let Some((&first, &last)) = self.gaps.range(..=sequence).next_back()
            && sequence <= last
        {
            self.gaps.remove(&first);
            if first < sequence {
                self.gaps.insert(first, sequence - 1);
            }
            if sequence < last {
                self.gaps.insert(sequence + 1, last);
            }
            return Verdict::Fresh;
        }
        if sequence == self.mark && self.digest != Digest(0) && self.digest != digest() {
            return Verdict::Conflict;
        }
        Verdict::Duplicate
    }

    /// Gaps in order.
    pub(super) fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.gaps.iter().map(|(&first, &last)| Gap { first, last })
    }

    /// How many numbers never came.
    pub(super) fn missing(&self) -> u64 {
        let sizes = self.gaps().map(|gap| gap.last - gap.first + 1);
        sizes.fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(numbering: &mut Numbering, sequence: u64) -> Verdict {
        numbering.take(sequence, || Digest(sequence))
    }

    fn gaps(numbering: &Numbering) -> Vec<(u64, u64)> {
        numbering.gaps().map(|gap| (gap.first, gap.last)).collect()
    }

    #[test]
    fn a_jump_opens_a_gap_and_a_late_number_closes_it() {
        let mut numbering = Numbering::default();
        assert_eq!(take(&mut numbering, 1), Verdict::Fresh);
        assert_eq!(take(&mut numbering, 7), Verdict::Fresh);
        assert_eq!(gaps(&numbering), [(2, 6)]);
        assert_eq!(take(&mut numbering, 4), Verdict::Fresh);
        assert_eq!(gaps(&numbering), [(2, 3), (5, 6)]);
        assert_eq!(take(&mut numbering, 4), Verdict::Duplicate);
        assert_eq!(take(&mut numbering, 2), Verdict::Fresh);
        assert_eq!(take(&mut numbering, 6), Verdict::Fresh);
        assert_eq!(gaps(&numbering), [(3, 3), (5, 5)]);
        assert_eq!(numbering.missing(), 2);
        assert_eq!(take(&mut numbering, 3), Verdict::Fresh);
        assert_eq!(take(&mut numbering, 5), Verdict::Fresh);
        assert_eq!(numbering.missing(), 0);
        assert_eq!(numbering.mark, 7);
    }

    #[test]
    fn another_event_at_the_mark_is_a_conflict() {
        let mut numbering = Numbering::restored(9, Digest(9), 0);
        assert_eq!(take(&mut numbering, 9), Verdict::Duplicate);
        assert_eq!(numbering.take(9, || Digest(1)), Verdict::Conflict);
        assert_eq!(numbering.take(8, || Digest(1)), Verdict::Duplicate);
    }

    #[test]
    fn gaps_have_a_limit() {
        let mut numbering = Numbering::default();
        for index in 1..=GAPS_MAX as u64 {
            assert_eq!(take(&mut numbering, index * 2), Verdict::Fresh);
        }
        let before = numbering.clone();
        assert_eq!(take(&mut numbering, u64::MAX), Verdict::TooManyGaps);
        assert_eq!(numbering, before);
    }

    #[test]
    fn the_greatest_number_is_a_number() {
        let mut numbering = Numbering::default();
        assert_eq!(take(&mut numbering, u64::MAX), Verdict::Fresh);
        assert_eq!(numbering.missing(), u64::MAX - 1);
        assert_eq!(take(&mut numbering, u64::MAX), Verdict::Duplicate);
    }
}
