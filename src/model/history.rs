//! Which rules and hours of the past were changed after the fact, seen by comparing what was configured at each start.

use std::collections::BTreeSet;

use super::altered_hours::{AlteredHours, altered_hours};
use super::ids::QueueId;
use super::target::{QueueRules, Targets, Timeline};
use super::timestamp::Timestamp;

/// Rules of a time that was already past when they were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// The queue; `None` = all queues without their own.
    pub queue: Option<QueueId>,
    /// First instant of the time in question; `Timestamp::MIN` = from the beginning.
    pub since: Timestamp,
    /// First instant after it: no later than the change.
    pub until: Timestamp,
    /// When the change was first seen.
    pub at: Timestamp,
    /// What had counted.
    pub was: QueueRules,
    /// What counts since the change.
    pub is: QueueRules,
}

/// Everything of the past that was altered after the fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alterations {
    /// What queues are measured by.
    pub rules: Vec<Altered>,
    /// Hours of calendars.
    pub hours: Vec<AlteredHours>,
}

/// What was altered, given every configuration with the instant at which it was first seen, in order of time.
pub fn alterations(seen: &[(Timestamp, Targets)]) -> Alterations {
    let pairs = seen.iter().zip(seen.iter().skip(1));
    let rules = pairs.flat_map(|((_, before), (at, after))| between(before, after, *at));
    Alterations {
        rules: rules.collect(),
        hours: altered_hours(seen),
    }
}

/// What a configuration first seen at `at` alters of the one before.
pub fn between(before: &Targets, after: &Targets, at: Timestamp) -> Vec<Altered> {
    let mut altered = Vec::new();
    compare(None, &before.default, &after.default, at, &mut altered);
    let queues: BTreeSet<_> = before.queues.keys().chain(after.queues.keys()).collect();
    for queue in queues {
        let (before, after) = (before.timeline(queue), after.timeline(queue));
        compare(Some(queue), before, after, at, &mut altered);
    }
    altered
}

fn compare(
    queue: Option<&QueueId>,
    before: &Timeline,
    after: &Timeline,
    at: Timestamp,
    altered: &mut Vec<Altered>,
) {
    let versions = before.versions().iter().chain(after.versions());
    let begins: BTreeSet<_> = versions.map(|version| version.since).collect();
    let past: Vec<_> = begins.into_iter().filter(|since| *since < at).collect();
    for (index, since) in past.iter().enumerate() {
        let (was, is) = (before.at(*since), after.at(*since));
        if was != is {
            altered.push(Altered {
                queue: queue.cloned(),
                since: *since,
                until: past.get(index + 1).copied().unwrap_or(at),
                at,
                was: was.clone(),
                is: is.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{QueueTarget, RulesVersion};

    fn rules(seconds: u64) -> QueueRules {
        let target = QueueTarget {
            service_level: Duration::from_secs(seconds),
            ..QueueTarget::default()
        };
        target.into()
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// All queues by this timeline: `(since, T)`, the first from the beginning.
    fn targets(first: u64, changes: &[(i64, u64)]) -> Targets {
        let changes = changes.iter().map(|(since, seconds)| RulesVersion {
            since: at(*since),
            rules: rules(*seconds),
        });
        Targets {
            default: Timeline::with_changes(rules(first), changes.collect()),
            ..Targets::default()
        }
    }

    /// Since, until, what was, what is.
    fn brief(altered: &[Altered]) -> Vec<(i64, i64, u64, u64)> {
        let seconds = |rules: &QueueRules| rules.target.service_level.as_secs();
        let brief = |one: &Altered| {
            let (was, is) = (seconds(&one.was), seconds(&one.is));
            (one.since.as_micros(), one.until.as_micros(), was, is)
        };
        altered.iter().map(brief).collect()
    }

    #[test]
    fn a_change_that_is_still_to_come_alters_nothing() {
        let before = targets(20, &[]);
        assert_eq!(between(&before, &before, at(100)), []);
        assert_eq!(between(&before, &targets(20, &[(100, 15)]), at(100)), []);
    }

    #[test]
    fn what_was_past_is_altered_up_to_the_change() {
        let (before, whole) = (targets(20, &[]), targets(30, &[]));
        let altered = between(&before, &whole, at(100));
        assert_eq!(brief(&altered), [(i64::MIN, 100, 20, 30)]);
        // From 50 on, said at 100; and what was in force from 80 on is now from 60 on.
        let late = targets(20, &[(50, 15)]);
        assert_eq!(
            brief(&between(&before, &late, at(100))),
            [(50, 100, 20, 15)]
        );
        let (before, after) = (targets(20, &[(80, 15)]), targets(20, &[(60, 15)]));
        assert_eq!(
            brief(&between(&before, &after, at(100))),
            [(60, 80, 20, 15)]
        );
    }

    #[test]
    fn a_queue_that_gets_its_own_is_compared_with_what_it_had() {
        let jobs = QueueId::new("jobs");
        let before = targets(20, &[]);
        let mut after = before.clone();
        after
            .queues
            .insert(jobs.clone(), Timeline::always(rules(30)));
        let altered = between(&before, &after, at(100));
        assert_eq!(brief(&altered), [(i64::MIN, 100, 20, 30)]);
        assert_eq!(altered[0].queue, Some(jobs));

        let seen = [(at(0), before.clone()), (at(100), after), (at(200), before)];
        let altered = alterations(&seen).rules;
        let changes: Vec<_> = altered.iter().map(|one| one.at.as_micros()).collect();
        assert_eq!(changes, [100, 200]);
    }
}
