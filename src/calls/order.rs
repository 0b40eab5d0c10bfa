//! In which order the things told of a call happened.
//!
//! Events are folded by their own time. Things that share an instant (many switches stamp whole seconds) are taken in
//! the order in which they make sense: what ends something open comes before what begins anew, the arrival first, the
//! end last. When that order still contradicts itself and the order of telling contradicts itself less, the switch's
//! clock stepped: then the order of telling is believed, and spans that come out negative are marked, not counted.

use crate::model::{CallEvent, Mark};

use super::story::Story;
use super::told::Told;

/// A folded story and whether it follows the order of telling instead of the clock.
pub(super) struct Folded {
    /// What came out.
    pub(super) story: Story,
    /// Whether the clock was not believed.
    pub(super) by_telling: bool,
}

/// Folds everything told of a call; `told` need not be in any order.
pub(super) fn fold(told: &[Told]) -> Folded {
    let mut by_time: Vec<&Told> = told.iter().collect();
    by_time.sort_by_key(|told| (told.at, told.order));
    let all = by_time.len();
    drop_repeats(&mut by_time);
    let told_twice = by_time.len() < all;

    let mut by_telling = by_time.clone();
    by_telling.sort_by_key(|told| told.order);
    let reordered = by_telling.windows(2).any(|pair| pair[1].at < pair[0].at);

    let mut folded = Folded {
        story: fold_by_time(&by_time),
        by_telling: false,
    };
    if reordered && folded.story.contradictions() > 0 {
        let mut story = Story::new(by_telling[0].at);
        by_telling.iter().for_each(|told| story.apply(told));
        if story.contradictions() < folded.story.contradictions() {
            folded = Folded {
                story,
                by_telling: true,
            };
        }
    }
    if reordered && !folded.by_telling {
        folded.story.mark(Mark::Reordered);
    }
    if told_twice {
        folded.story.mark(Mark::ToldTwice);
    }
    folded
}

/// Leaves of things told twice only the first; `by_time` is in order of time, then of telling.
fn drop_repeats(by_time: &mut Vec<&Told>) {
    let mut kept: Vec<&Told> = Vec::with_capacity(by_time.len());
    for told in by_time.iter() {
        let same_instant = kept.iter().rev().take_while(|before| before.at == told.at);
        if !same_instant.into_iter().any(|before| before.repeats(told)) {
            kept.push(told);
        }
    }
    *by_time = kept;
}

fn fold_by_time(by_time: &[&Told]) -> Story {
    let mut story = Story::new(by_time[0].at);
    let mut rest = by_time;
    while let Some(first) = rest.first() {
        let same = rest.partition_point(|told| told.at == first.at);
        let (ties, later) = rest.split_at(same);
        apply_ties(&mut story, ties);
        rest = later;
    }
    story
}

/// Applies events of one instant in the order in which they make sense.
fn apply_ties(story: &mut Story, ties: &[&Told]) {
    if let [only] = ties {
        story.apply(only);
        return;
    }
    let mut left: Vec<&Told> = ties.to_vec();
    while !left.is_empty() {
        let next = left
            .iter()
            .enumerate()
            .min_by_key(|(_, told)| (!story.fits(&told.event), rank(&told.event), told.order))
            .map_or(0, |(index, _)| index);
        let told = left.remove(next);
        story.apply(told);
    }
}

/// What comes first among things that fit equally well.
fn rank(event: &CallEvent) -> u8 {
    match event {
        CallEvent::Arrived { .. } => 0,
        CallEvent::Tagged { .. } => 1,
        CallEvent::TransferStarted { .. } => 2,
        CallEvent::HoldEnded { .. } => 3,
        CallEvent::OfferMissed { .. } => 4,
        CallEvent::QueueLeft { .. } => 5,
        CallEvent::AgentReleased { .. } => 6,
        CallEvent::TransferFailed { .. } => 7,
        CallEvent::Refused { .. } | CallEvent::QueueEntered { .. } => 8,
        CallEvent::AgentOffered { .. } => 9,
        CallEvent::AgentConnected { .. } => 10,
        CallEvent::HoldStarted { .. } => 11,
        CallEvent::TransferCompleted { .. } => 12,
        CallEvent::DigitPressed { .. }
        | CallEvent::CallbackPromised { .. }
        | CallEvent::CallbackAttempted { .. }
        | CallEvent::MessageLeft { .. } => 13,
        CallEvent::Ended { .. } => 14,
    }
}
