//! Who calls: a population of numbers, and those of it who were not served and try again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::proto::v1::{Caller, caller};

use super::draw::Draw;
use super::moment::Moment;

/// People who remember at the same time that they must call again; beyond it somebody gives up. Bounds the memory.
const REDIALS_MAX: usize = 65_536;
/// Seven digits after each of ten mobile codes.
const NUMBERS_A_CODE: u32 = 10_000_000;
/// The most people there are numbers for.
const PEOPLE_MAX: u64 = 10 * NUMBERS_A_CODE as u64;
/// Mean time until the next try; within it lie the 30 minutes by which redials are one episode.
const REDIAL_MEAN: Duration = Duration::from_secs(12 * 60);

/// One person, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Person(u32);

/// Everybody who may call.
#[derive(Debug)]
pub(super) struct People {
    count: u32,
    withheld_share: f64,
    redials: BinaryHeap<Reverse<(Moment, Person)>>,
}

impl People {
    /// A population in which a caller is now and then one who called before.
    pub(super) fn new(calls: u64, withheld_share: f64) -> Self {
        let count = calls.saturating_mul(4).clamp(100, PEOPLE_MAX);
        Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            withheld_share,
            redials: BinaryHeap::new(),
        }
    }

    /// Who makes the next call: somebody who waits to try again, or anybody.
    pub(super) fn next(&mut self, now: Moment, draw: &mut Draw) -> Person {
        let is_due = self.redials.peek().is_some_and(|next| next.0.0 <= now);
        if is_due && let Some(Reverse((_, person))) = self.redials.pop() {
            return person;
        }
        Person(draw.below(self.count))
    }

    /// Somebody was not served and will try again.
    pub(super) fn will_redial(&mut self, person: Person, now: Moment, draw: &mut Draw) {
        if self.redials.len() < REDIALS_MAX {
            let at = now + draw.exponential(REDIAL_MEAN);
            self.redials.push(Reverse((at, person)));
        }
    }

    /// The caller as the switch shows it: withheld, or in one of the three ways in which Russian numbers are written.
    pub(super) fn caller(&self, person: Person, draw: &mut Draw) -> Caller {
        let id = if self.withholds(person) {
            caller::Id::Withheld(true)
        } else {
            let prefix = draw.one_of(["+7", "8", ""]);
            caller::Id::Number(format!("{prefix}{}", national(person)))
        };
        Caller { id: Some(id) }
    }

    /// A habit of the person, so that a redial is withheld too.
    fn withholds(&self, person: Person) -> bool {
        let mixed = person.0.wrapping_mul(2_654_435_769);
        f64::from(mixed) / f64::from(u32::MAX) < self.withheld_share
    }
}

/// Ten digits, different for different people: 7,654,321 has no factor in common with the power of ten.
fn national(person: Person) -> String {
    let code = 910 + person.0 / NUMBERS_A_CODE % 10;
    let within = u64::from(person.0 % NUMBERS_A_CODE);
    let number = (within * 7_654_321 + 1_234_567) % u64::from(NUMBERS_A_CODE);
    format!("{code}{number:07}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn people_have_numbers_of_their_own() {
        let some = (0..5_000).chain(NUMBERS_A_CODE..NUMBERS_A_CODE + 5_000);
        let numbers: BTreeSet<String> = some.map(|person| national(Person(person))).collect();
        assert_eq!(numbers.len(), 10_000);
        assert!(numbers.iter().all(|number| number.len() == 10));
    }

    #[test]
    fn whoever_was_not_served_is_the_next_caller_when_the_time_has_come() {
        let mut draw = Draw::from_seed(7);
        let mut people = People::new(250, 0.0);
        let person = Person(999);
        let now = Moment::default();
        people.will_redial(person, now, &mut draw);
        let later = now + Duration::from_secs(24 * 3_600);
        assert_eq!(people.next(later, &mut draw), person);
        assert!(people.redials.is_empty());
    }

    #[test]
    fn a_number_is_written_in_three_ways() {
        let mut draw = Draw::from_seed(7);
        let people = People::new(250, 0.0);
        let written: BTreeSet<String> = (0..100)
            .filter_map(|_| match people.caller(Person(0), &mut draw).id {
                Some(caller::Id::Number(number)) => Some(number),
                Some(caller::Id::Opaque(_) | caller::Id::Withheld(_)) | None => None,
            })
            .collect();
        let expected = ["+79101234567", "89101234567", "9101234567"].map(str::to_owned);
        assert_eq!(written, BTreeSet::from(expected));
    }

    #[test]
    fn the_share_of_withheld_numbers_is_kept() {
        let people = People::new(250, 0.2);
        let withheld = (0..10_000).filter(|&person| people.withholds(Person(person)));
        let count = withheld.count();
        assert!((1_900..2_100).contains(&count), "{count}");
    }
}
