//! In which order the things told of a call happened.
//!
//! Events are folded by their own time. Things that share an instant (many switches stamp whole seconds) are taken in
//! the order in which they make sense: what ends something open comes before what begins anew, the arrival first, the
//! end last. When that order still contradicts itself and the order of telling contradicts itself less, the switch's
//! clock stepped: then the order of telling is believed, and spans that come out negative are marked, not counted.

use std::cmp::Ordering;

use crate::model::{CallEvent, Mark};

use super::story::Story;
use super::told::{Order, Told};

/// The most things of one instant that are put in the order that makes most sense; it costs their number squared, and a
/// clock that stands still for longer is no clock.
const TIES_MAX: usize = 100;

/// The rank of a call's end: last of its instant.
const END: u8 = 15;

/// The rank of ringing, as long as its visit has not ended in the same instant.
const OFFERED_BEFORE_LEFT: u8 = 5;

/// The rank of a queue entry when the same instant tells of leaving that queue.
const ENTERED_AND_LEFT: u8 = 9;

/// A story folded from what was told, which can be carried on as long as things are told in order.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    /// What came out.
    pub(super) story: Story,
    /// The clock is not believed: the story follows the order of telling.
    by_telling: bool,
    /// The order of telling is not that of the clock.
    reordered: bool,
    /// The last place in the telling.
    told_until: Order,
    /// What shares the last instant.
    tie: Tie,
}

/// What is known of things that share an instant, in the order in which they were taken.
#[derive(Clone, Copy, Debug)]
struct Tie {
    /// The highest rank among them.
    rank: u8,
    /// Each fitted when it was taken.
    fits: bool,
    /// How many they are.
    count: usize,
}

impl Tie {
    const NONE: Self = Self {
        rank: 0,
        fits: true,
        count: 0,
    };

    fn take(&mut self, story: &mut Story, told: &Told) {
        self.fits &= story.fits(&told.event);
        self.rank = self.rank.max(rank(&told.event));
        self.count += 1;
        story.apply(told);
    }

    /// Whether one more, told last, is also taken last: nothing taken before could have waited for it.
    fn ends_with(self, event: &CallEvent) -> bool {
        if self.count >= TIES_MAX {
            return false;
        }
        let least = if let CallEvent::AgentOffered { .. } = event {
            OFFERED_BEFORE_LEFT
        } else {
            rank(event)
        };
        least == END || (self.fits && least >= self.rank)
    }
}

impl Fold {
    /// Folds everything told of a call, at least one thing, each once, in any order.
    pub(super) fn of(told: &[Told]) -> Self {
        let mut by_time: Vec<&Told> = told.iter().collect();
        by_time.sort_unstable_by_key(|told| (told.at, told.order));
        let mut by_telling = by_time.clone();
        by_telling.sort_unstable_by_key(|told| told.order);

        let (story, tie) = fold_by_time(&by_time);
        let mut fold = Self {
            story,
            by_telling: false,
            reordered: by_telling.windows(2).any(|pair| pair[1].at < pair[0].at),
            told_until: by_telling[by_telling.len() - 1].order,
            tie,
        };
        if fold.reordered && fold.story.contradictions() > 0 {
            let mut story = Story::new(by_telling[0].at);
            by_telling.iter().for_each(|told| story.apply(told));
            if story.contradictions() < fold.story.contradictions() {
                fold.story = story;
                fold.by_telling = true;
            }
        }
        if fold.by_telling {
            fold.story.mark(Mark::NegativeSpan);
        } else if fold.reordered {
            fold.story.mark(Mark::Reordered);
        }
        fold
    }

    /// Whether the clock is not believed, and the order of telling is.
    pub(super) fn follows_telling(&self) -> bool {
        self.by_telling
    }

    /// The last place in the telling.
    pub(super) fn told_until(&self) -> Order {
        self.told_until
    }

    /// Carries the story on by one more thing told. Says no when that does not simply come last: then everything is to
    /// be folded again, and would come to the same if this had said yes.
    pub(super) fn carry_on(&mut self, told: &Told) -> bool {
        if self.by_telling || told.order < self.told_until {
            return false;
        }
        match told.at.cmp(&self.story.last_at) {
            Ordering::Less => return false,
            Ordering::Equal if !self.tie.ends_with(&told.event) => return false,
            Ordering::Equal => {}
            Ordering::Greater => self.tie = Tie::NONE,
        }
        self.told_until = told.order;
        self.tie.take(&mut self.story, told);
        !(self.reordered && self.story.contradictions() > 0)
    }
}

fn fold_by_time(by_time: &[&Told]) -> (Story, Tie) {
    let mut story = Story::new(by_time[0].at);
    let mut tie = Tie::NONE;
    for ties in by_time.chunk_by(|one, next| one.at == next.at) {
        tie = Tie::NONE;
        take_ties(&mut story, &mut tie, ties);
    }
    (story, tie)
}

/// Takes things of one instant in the order in which they make sense.
fn take_ties(story: &mut Story, tie: &mut Tie, ties: &[&Told]) {
    if let [only] = ties {
        tie.take(story, only);
        return;
    }
    let mut left = ties.to_vec();
    if left.len() > TIES_MAX {
        left.sort_by_key(|told| rank(&told.event));
        left.iter().for_each(|told| tie.take(story, told));
        return;
    }
    while !left.is_empty() {
        let key = |told: &Told| {
            let rank = rank_among(&told.event, &left);
            (rank == END, !story.fits(&told.event), rank, told.order)
        };
        let next = (0..left.len()).min_by_key(|&index| key(left[index]));
        let told = left.remove(next.unwrap_or(0));
        tie.take(story, told);
    }
}

/// What comes first among these things that fit equally well.
fn rank_among(event: &CallEvent, left: &[&Told]) -> u8 {
    if let CallEvent::AgentOffered { queue, .. } = event {
        let enters = |told: &&Told| {
            matches!(&told.event, CallEvent::QueueEntered { queue: entered, .. }
                if queue.as_ref().is_none_or(|queue| queue == entered))
        };
        if !left.iter().any(enters) {
            return OFFERED_BEFORE_LEFT;
        }
    }
    if let CallEvent::QueueEntered { queue, .. } = event {
        let leaves = |told: &&Told| matches!(&told.event, CallEvent::QueueLeft { queue: left, .. } if left == queue);
        if left.iter().any(leaves) {
            return ENTERED_AND_LEFT;
        }
    }
    rank(event)
}

fn rank(event: &CallEvent) -> u8 {
    match event {
        CallEvent::Arrived { .. } => 0,
        CallEvent::Tagged { .. } => 1,
        CallEvent::TransferStarted { .. } => 2,
        CallEvent::HoldEnded { .. } => 3,
        CallEvent::HoldStarted { .. } | CallEvent::OfferMissed { .. } => 4,
        CallEvent::QueueLeft { .. } => 6,
        CallEvent::AgentReleased { .. } => 7,
        CallEvent::TransferFailed { .. } => 8,
        CallEvent::Refused { .. } | CallEvent::QueueEntered { .. } => 10,
        CallEvent::AgentOffered { .. } => 11,
        CallEvent::AgentConnected { .. } => 12,
        CallEvent::TransferCompleted { .. } => 13,
        CallEvent::DigitPressed { .. }
        | CallEvent::CallbackPromised { .. }
        | CallEvent::CallbackAttempted { .. }
        | CallEvent::MessageLeft { .. } => 14,
        CallEvent::Ended { .. } => END,
    }
}
