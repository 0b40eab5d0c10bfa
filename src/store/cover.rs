//! Which stretches of a period roll-ups stand for, and which are left to rows: arithmetic on instants.

use crate::model::Timestamp;

use super::rollups::{Level, Stale, quarter_after, quarter_of};
use super::rows::Period;

/// A period's stretches that nothing stands for yet.
#[derive(Debug)]
pub(super) struct Cover {
    /// In order, each within one interval of the period.
    open: Vec<Period>,
    /// In order of their starts.
    stale: Vec<Stale>,
    /// Quarters whose sums will not do: their rows must.
    by_rows: Vec<Timestamp>,
}

impl Cover {
    /// The intervals of a period that begin with `starts`.
    pub(super) fn new((start, end): Period, starts: &[Timestamp], mut stale: Vec<Stale>) -> Self {
        stale.sort_unstable_by_key(|stale| stale.start);
        let inner = starts.iter().filter(|at| **at > start && **at < end);
        let mut open = Vec::with_capacity(starts.len() + 1);
        let mut from = start;
        for at in inner.copied().chain([end]) {
            if from < at {
                open.push((from, at));
            }
            from = at;
        }
        Self {
            open,
            stale,
            by_rows: Vec::new(),
        }
    }

    /// Stretches without a gap in which roll-ups may be looked for; at most so many, so gaps that lie close together are
    /// one. `least` is how long an interval must be to hold one.
    pub(super) fn windows(&self, least: i64, most: usize) -> Vec<Period> {
        let mut windows: Vec<Period> = Vec::new();
        let long = |(start, end): &&Period| {
            let micros = end.as_micros().saturating_sub(start.as_micros());
            micros >= least && start < end
        };
        for (start, end) in self.open.iter().filter(long) {
            match windows.last_mut() {
                Some(last) if last.1 == *start => last.1 = *end,
                _ => windows.push((*start, *end)),
            }
        }
        while windows.len() > most {
            // Halve their number: each takes its neighbour in.
            windows = windows
                .chunks(2)
                .map(|pair| (pair[0].0, pair[pair.len() - 1].1))
                .collect();
        }
        windows
    }

    /// Whether an interval stands for its rows and lies within one open stretch; then that is open no longer. To be asked
    /// in order of time within a level.
    pub(super) fn take(&mut self, level: Level, (start, end): Period, usable: bool) -> bool {
        let Some(place) = self
            .place_of(start)
            .filter(|place| end <= self.open[*place].1)
        else {
            return false;
        };
        if self.is_stale(level, (start, end)) {
            return false;
        }
        if !usable {
            if level == Level::Quarter {
                self.by_rows.push(start);
            }
            return false;
        }
        let whole = self.open[place];
        // What is left may be nothing: it stays in its place, so that taking thousands in order moves nothing.
        self.open[place] = (end, whole.1);
        if whole.0 < start {
            self.open.insert(place, (whole.0, start));
        }
        true
    }

    /// What is left to rows: stale quarters, those whose sums will not do, and ends that are no quarters. All other
    /// quarters without a roll-up are empty.
    pub(super) fn rest(&self) -> Vec<Period> {
        let mut rest: Vec<Period> = Vec::new();
        let mut add = |start: Timestamp, end: Timestamp| match rest.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => rest.push((start, end)),
        };
        let quarters = self
            .stale
            .iter()
            .filter(|stale| stale.level == Level::Quarter);
        let mut needed: Vec<_> = quarters.map(|stale| stale.start).collect();
        needed.extend(&self.by_rows);
        let open = self.open.iter().filter(|(start, end)| start < end);
        let ends = open.clone().flat_map(|(start, end)| [*start, *end]);
        let cut = ends.filter(|at| *at != quarter_of(*at));
        needed.extend(cut.map(quarter_of));
        needed.sort_unstable();
        needed.dedup();
        for (start, end) in open {
            let first = needed.partition_point(|quarter| quarter_after(*quarter) <= *start);
            for quarter in needed[first..].iter().take_while(|quarter| *quarter < end) {
                add((*quarter).max(*start), quarter_after(*quarter).min(*end));
            }
        }
        rest
    }

    fn place_of(&self, start: Timestamp) -> Option<usize> {
        let place = self.open.partition_point(|(_, end)| *end <= start);
        (self.open.get(place)?.0 <= start).then_some(place)
    }

    /// Whether an interval, or something within, is stale.
    pub(super) fn is_stale(&self, level: Level, (start, end): Period) -> bool {
        let first = self
            .stale
            .partition_point(|stale| quarter_after(stale.start) <= start);
        let mut within = self.stale[first..]
            .iter()
            .take_while(|stale| stale.start < end);
        within.any(|stale| stale.level <= level)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rollups::QUARTER_MICROS;
    use super::*;

    /// An instant by quarters of an hour.
    fn at(quarters: i64) -> Timestamp {
        Timestamp::from_micros(quarters * QUARTER_MICROS)
    }

    fn stale(level: Level, quarter: i64) -> Stale {
        Stale {
            level,
            start: at(quarter),
            marks: 1,
        }
    }

    #[test]
    fn the_longest_stand_for_what_lies_within() {
        // Two hours; the quarters 2 and 5 are stale, and so is the hour from 4 on.
        let all = (at(0), at(8));
        let marked = vec![stale(Level::Quarter, 2), stale(Level::Hour, 4)];
        let mut cover = Cover::new(all, &[at(0), at(4)], marked);
        assert_eq!(cover.windows(4 * QUARTER_MICROS, 9), [all]);
        assert_eq!(cover.windows(5 * QUARTER_MICROS, 9), []);
        // One reaches from an interval into the next; each hour has something stale.
        assert!(!cover.take(Level::Day, (at(0), at(8)), true));
        assert!(!cover.take(Level::Hour, (at(0), at(4)), true));
        assert!(!cover.take(Level::Hour, (at(4), at(8)), true));
        for (quarter, usable, taken) in [
            (0, true, true),
            (2, true, false),
            (4, true, true),
            (5, false, false),
            (7, true, true),
        ] {
            let period = (at(quarter), at(quarter + 1));
            assert_eq!(
                cover.take(Level::Quarter, period, usable),
                taken,
                "{quarter}"
            );
        }
        // 1, 3 and 6 have no roll-up and are not stale: empty.
        assert_eq!(cover.rest(), [(at(2), at(3)), (at(5), at(6))]);
    }

    #[test]
    fn ends_that_are_no_quarters_are_left_to_rows() {
        let micro = |at: Timestamp, more: i64| Timestamp::from_micros(at.as_micros() + more);
        let all = (micro(at(-3), 7), micro(at(2), 5));
        let cover = Cover::new(all, &[all.0, micro(at(0), 1)], Vec::new());
        assert_eq!(
            cover.rest(),
            [(all.0, at(-2)), (at(0), at(1)), (at(2), all.1)]
        );
        // The cut at 1 µs behind 0 makes one quarter two stretches, which rows read as one.
        assert_eq!(Cover::new((at(3), at(3)), &[], Vec::new()).rest(), []);
    }

    #[test]
    fn gaps_are_looked_through_in_few_goes() {
        let mut cover = Cover::new((at(0), at(8)), &[], Vec::new());
        for taken in [1, 3, 5] {
            assert!(cover.take(Level::Quarter, (at(taken), at(taken + 1)), true));
        }
        let gaps = [(0, 1), (2, 3), (4, 5), (6, 8)];
        assert_eq!(
            cover.windows(0, 4),
            gaps.map(|(start, end)| (at(start), at(end)))
        );
        assert_eq!(cover.windows(0, 2), [(at(0), at(3)), (at(4), at(8))]);
    }
}
