//! What each predictor says, from what a queue is like at one instant.
//!
//! Last to enter service and head of line: R. Ibrahim and W. Whitt, *Real-time delay estimation based on delay history*,
//! Manufacturing & Service Operations Management 11 (2009) 397–415.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::kpi::{WaitEnd, quantile_of_sorted};
use crate::model::{CallKey, Predictor, Timestamp};

use super::load::Load;

/// Waits that the curve is made of: the newest that ended, and as many of those that go on.
pub const WAITS_MAX: usize = 100;
/// Gaps between answers that are averaged.
const GAPS_MAX: usize = 20;
/// An answer that is longer ago says nothing of this moment.
const ANSWER_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// A wait that was said of a caller, and the range around it, if there were errors enough for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prediction {
    /// The wait; `None` = this predictor had nothing to go by.
    pub wait: Option<Duration>,
    /// From, to.
    pub range: Option<(Duration, Duration)>,
}

/// What was said of a caller on entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// The load then.
    pub(super) load: Load,
    /// By `Predictor::ALL`.
    pub(super) predictions: [Prediction; Predictor::ALL.len()],
    /// Whose prediction was given out.
    pub(super) given: Option<Predictor>,
}

/// A queue at the instant up to which things were taken in.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Who waits, in order of entry.
    pub(super) waiting: BTreeMap<(Timestamp, CallKey), Said>,
    /// The last answer, and how long that caller had waited.
    answered: Option<(Timestamp, Duration)>,
    /// How long the queue took for an answer while that caller was there to be answered.
    gaps: VecDeque<Duration>,
    /// The newest waits that ended.
    ended: VecDeque<(Duration, WaitEnd)>,
    /// The same by age.
    ended_by_age: Vec<(Duration, WaitEnd)>,
}

impl Line {
    /// Takes in an end of a wait.
    pub(super) fn leave(&mut self, entered_at: Timestamp, at: Timestamp, end: WaitEnd) {
        let Some(wait) = at.since(entered_at) else {
            return;
        };
        if self.ended.len() == WAITS_MAX
            && let Some(old) = self.ended.pop_front()
            && let Ok(place) = self.ended_by_age.binary_search(&old)
        {
            self.ended_by_age.remove(place);
        }
        self.ended.push_back((wait, end));
        let place = self
            .ended_by_age
            .partition_point(|known| *known < (wait, end));
        self.ended_by_age.insert(place, (wait, end));
        if end == WaitEnd::Censored {
            return;
        }
        let free_since = self.answered.map(|(before, _)| before.max(entered_at));
        let gap = at.since(free_since.unwrap_or(entered_at));
        if let Some(gap) = gap {
            if self.gaps.len() == GAPS_MAX {
                self.gaps.pop_front();
            }
            self.gaps.push_back(gap);
        }
        if self.answered.is_none_or(|(before, _)| before <= at) {
            self.answered = Some((at, wait));
        }
    }

    /// Whether somebody waits who came before this instant.
    pub(super) fn is_overtaken(&self, entered_at: Timestamp) -> bool {
        let first = self.waiting.first_key_value();
        first.is_some_and(|((first, _), _)| *first < entered_at)
    }

    /// What a predictor says of a caller who comes at this instant.
    pub(super) fn predict(&self, predictor: Predictor, at: Timestamp) -> Option<Duration> {
        match predictor {
            Predictor::LastAnswered => {
                let (answered_at, wait) = self.answered?;
                let age = at.since(answered_at).unwrap_or_default();
                (age <= ANSWER_AGE_MAX).then_some(wait)
            }
            Predictor::HeadOfLine => {
                let head = self.waiting.first_key_value();
                let age = head.and_then(|((entered_at, _), _)| at.since(*entered_at));
                Some(age.unwrap_or_default())
            }
            Predictor::QueueLength => {
                let gaps = u32::try_from(self.gaps.len()).ok().filter(|n| *n > 0)?;
                let sum: Duration = self.gaps.iter().sum();
                let places = u32::try_from(self.waiting.len() + 1).unwrap_or(u32::MAX);
                Some((sum / gaps).saturating_mul(places))
            }
            Predictor::KaplanMeier => self.median(at),
        }
    }

    /// The median of the curve of time to answer: of the newest waits that ended, and of those that go on, for what is known
    /// of them.
    fn median(&self, at: Timestamp) -> Option<Duration> {
        let mut ended = self.ended_by_age.iter().copied().peekable();
        if self.waiting.is_empty() {
            return quantile_of_sorted(50, ended.len(), ended);
        }
        // The newest is the youngest: both are in order of age.
        let newest = self.waiting.keys().rev().take(WAITS_MAX);
        let ages = newest.filter_map(|(entered_at, _)| at.since(*entered_at));
        let mut waiting = ages.map(|age| (age, WaitEnd::Censored)).peekable();
        let count = ended.len() + waiting.clone().count();
        let by_age = std::iter::from_fn(move || match (ended.peek(), waiting.peek()) {
            (Some((ended_age, _)), Some((age, _))) if age < ended_age => waiting.next(),
            (Some(_), _) => ended.next(),
            (None, _) => waiting.next(),
        });
        quantile_of_sorted(50, count, by_age)
    }
}
