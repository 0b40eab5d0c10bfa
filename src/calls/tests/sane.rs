//! What makes a record sane, whatever was told: and the golden stories, each mutilated in every way.

use std::time::Duration;

use crate::model::{CallRecord, Exit, Mark, Outcome, Transfer};

use super::notation::Step;
use super::run::{self, Clock};
use super::stories;

/// What is true of every record that remains.
pub(super) fn check_record(record: &CallRecord) {
    let odd = |mark| record.marks.has(mark);
    let outcome = record.outcome.expect("a settled call has an outcome");
    let ended_at = record.ended_at.expect("a settled call has an end");
    for (index, visit) in record.visits.iter().enumerate() {
        let exit = visit.exit.expect("every visit ends");
        let legs = record
            .legs
            .iter()
            .filter(|leg| leg.visit == Some(index))
            .count();
        assert_eq!(
            legs,
            usize::from(exit == Exit::Answered),
            "answered by one leg"
        );
        assert!(visit.exited_at.is_some());
        assert!(visit.wait.is_some() || odd(Mark::NegativeSpan) || odd(Mark::AnswerMissing));
    }
    for leg in &record.legs {
        assert!(leg.released_at.is_some(), "every leg ends");
        assert!(leg.talk().is_some() || odd(Mark::NegativeSpan));
    }
    for offer in &record.offers {
        assert!(
            offer.ended_at.is_some() && offer.result.is_some(),
            "every offer ends"
        );
    }
    let human = matches!(outcome, Outcome::Served | Outcome::Direct);
    assert_eq!(human, !record.legs.is_empty());
    assert!(outcome != Outcome::Direct || record.visits.is_empty());
    assert!(outcome != Outcome::Refused || record.visits.is_empty());
    assert!(outcome != Outcome::Abandoned || record.visits.last().is_some());
    assert!(
        record.transfers.is_empty() || !record.legs.is_empty(),
        "a transfer has a leg"
    );
    assert!(odd(Mark::NegativeSpan) || ended_at >= record.arrived_at || odd(Mark::Contradiction));
    let done = |transfer: &Transfer| transfer.outcome.is_some();
    assert!(
        record.transfers.iter().all(done),
        "what came of it is known"
    );
    let shares = record.transfers.iter().map(|transfer| transfer.wait);
    let after_human = record.visits.iter().filter(|visit| visit.after_human);
    let waits = after_human.filter_map(|visit| visit.wait);
    assert!(
        shares.sum::<Duration>() <= waits.sum(),
        "no wait is counted twice"
    );
}

/// Runs a mutilated story in every way, and looks at what remains.
fn check(steps: &[Step]) -> CallRecord {
    let record = run::record(steps, Clock::StandsStill);
    check_record(&record);
    record
}

#[test]
fn a_story_without_one_of_its_events_is_sane() {
    for steps in stories::all() {
        for lost in 0..steps.len() {
            let mut steps = steps.clone();
            steps.remove(lost);
            if !steps.is_empty() {
                check(&steps);
            }
        }
    }
}

#[test]
fn a_story_without_two_of_its_events_is_sane() {
    for steps in stories::all() {
        for lost in 0..steps.len() {
            for next in lost + 1..steps.len() {
                let mut steps = steps.clone();
                steps.remove(next);
                steps.remove(lost);
                if !steps.is_empty() {
                    let facts = run::live(&steps, Clock::StandsStill);
                    check_record(&run::settled(&facts).record);
                }
            }
        }
    }
}

#[test]
fn any_prefix_of_a_story_is_sane() {
    for steps in stories::all() {
        for length in 1..steps.len() {
            check(&steps[..length]);
        }
    }
}

#[test]
fn a_story_with_neighbours_swapped_in_time_is_sane() {
    for steps in stories::all() {
        for first in 1..steps.len() {
            let mut steps = steps.clone();
            (steps[first - 1].at, steps[first].at) = (steps[first].at, steps[first - 1].at);
            check(&steps);
        }
    }
}

#[test]
fn a_story_with_neighbours_swapped_in_the_telling_is_the_same() {
    for steps in stories::all() {
        let record = run::record(&steps, Clock::StandsStill);
        let in_order = steps.windows(2).all(|pair| pair[0].at < pair[1].at);
        if !in_order || record.marks.has(Mark::Contradiction) || record.marks.has(Mark::ExitMissing)
        {
            continue;
        }
        for first in 1..steps.len() {
            let mut swapped = steps.clone();
            let (one, other) = (swapped[first - 1].sequence, swapped[first].sequence);
            (swapped[first - 1].sequence, swapped[first].sequence) = (other, one);
            let mut told = run::record(&swapped, Clock::StandsStill);
            assert!(told.marks.has(Mark::Reordered));
            told.marks = record.marks;
            assert_eq!(told, record);
        }
    }
}

#[test]
fn a_story_with_one_event_told_twice_is_the_same() {
    for steps in stories::all() {
        let record = run::record(&steps, Clock::StandsStill);
        for again in 0..steps.len() {
            let mut doubled = steps.clone();
            let sequence = 1_000 + again as u64;
            let copy = Step {
                sequence,
                ..steps[again].clone()
            };
            doubled.insert(again + 1, copy);
            let mut told = run::record(&doubled, Clock::StandsStill);
            assert!(told.marks.has(Mark::ToldTwice));
            told.marks = record.marks;
            assert_eq!(told, record);
        }
    }
}
