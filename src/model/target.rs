//! What each queue is measured by, and since when.
//!
//! A changed rule is a new version: it counts from its first instant on, and what came before is measured as before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::calendar::Calendar;
use super::headline::Headline;
use super::ids::QueueId;
use super::text::Text;
use super::timestamp::Timestamp;

/// A queue's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTarget {
    /// T: answered within it counts for the service level.
    pub service_level: Duration,
    /// s: abandoned within it is a short abandon.
    pub short_abandon: Duration,
}

impl Default for QueueTarget {
    /// 20 s is the field's usual target; a misdial hangs up within 5 s.
    fn default() -> Self {
        Self {
            service_level: Duration::from_secs(20),
            short_abandon: Duration::from_secs(5),
        }
    }
}

/// T10's k when none is configured: being passed on twice is still bearable.
pub const EXCESSIVE_LIMIT_DEFAULT: u32 = 2;

/// Everything that a queue is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// Its thresholds.
    pub target: QueueTarget,
    /// The formula that stands for the queue.
    pub headline: Headline,
    /// k: a call with more transfers is passed on too often.
    pub excessive_limit: u32,
    /// The calendar by which it is open; `None` = always.
    pub calendar: Option<Text>,
}

impl Default for QueueRules {
    fn default() -> Self {
        QueueTarget::default().into()
    }
}

impl From<QueueTarget> for QueueRules {
    /// These thresholds, and the usual of everything else.
    fn from(target: QueueTarget) -> Self {
        Self {
            target,
            headline: Headline::default(),
            excessive_limit: EXCESSIVE_LIMIT_DEFAULT,
            calendar: None,
        }
    }
}

/// Rules, and their first instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesVersion {
    /// The first instant at which they count; `Timestamp::MIN` = from the beginning.
    pub since: Timestamp,
    /// What counts then.
    pub rules: QueueRules,
}

/// The versions of one queue's rules in order of time: the first counts from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline(Vec<RulesVersion>);

/// A stretch of time in which one version counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce<'a> {
    /// Its first instant.
    pub since: Timestamp,
    /// The first instant of the next version; `None` = none follows.
    pub until: Option<Timestamp>,
    /// What counts.
    pub rules: &'a QueueRules,
}

impl Timeline {
    /// The same rules at all times.
    pub fn always(rules: QueueRules) -> Self {
        let since = Timestamp::MIN;
        Self(vec![RulesVersion { since, rules }])
    }

    /// `first` from the beginning, then each change from its instant on; of two at one instant the later in the list
    /// counts.
    pub fn with_changes(first: QueueRules, mut changes: Vec<RulesVersion>) -> Self {
        changes.sort_by_key(|version| version.since);
        let mut timeline = Self::always(first);
        for version in changes {
            let versions = &mut timeline.0;
            if versions
                .last()
                .is_some_and(|last| last.since == version.since)
            {
                versions.pop();
            }
            if versions
                .last()
                .is_none_or(|last| last.rules != version.rules)
            {
                versions.push(version);
            }
        }
        timeline
    }

    /// The rules in force at an instant.
    pub fn at(&self, at: Timestamp) -> &QueueRules {
        let versions = &self.0;
        let after = versions.partition_point(|version| version.since <= at);
        &versions[after.max(1) - 1].rules
    }

    /// Every version, the first one first.
    pub fn versions(&self) -> &[RulesVersion] {
        &self.0
    }

    /// Each version with the time for which it counts.
    pub fn stretches(&self) -> impl Iterator<Item = InForce<'_>> {
        let nexts = self.0.iter().skip(1).map(|next| Some(next.since));
        let versions = self.0.iter().zip(nexts.chain([None]));
        versions.map(|(version, until)| InForce {
            since: version.since,
            until,
            rules: &version.rules,
        })
    }

    /// The versions that count at some instant of `[start, end)`; of an empty period the one at its start.
    pub fn within(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = InForce<'_>> {
        let end = end.max(Timestamp::from_micros(start.as_micros().saturating_add(1)));
        self.stretches()
            .filter(move |one| one.since < end && one.until.is_none_or(|until| until > start))
    }
}

impl From<QueueTarget> for Timeline {
    fn from(target: QueueTarget) -> Self {
        Self::always(target.into())
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::always(QueueRules::default())
    }
}

/// What every queue is measured by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// For a queue without its own.
    pub default: Timeline,
    /// Queues with their own.
    pub queues: HashMap<QueueId, Timeline>,
    /// The calendars that rules name.
    pub calendars: BTreeMap<Text, Calendar>,
}

impl Targets {
    /// The thresholds of a queue for whoever enters it at that instant.
    pub fn of(&self, queue: &QueueId, entered_at: Timestamp) -> QueueTarget {
        self.rules(queue, entered_at).target
    }

    /// Everything that a queue is measured by at an instant.
    pub fn rules(&self, queue: &QueueId, at: Timestamp) -> &QueueRules {
        self.timeline(queue).at(at)
    }

    /// All versions of a queue's rules.
    pub fn timeline(&self, queue: &QueueId) -> &Timeline {
        self.queues.get(queue).unwrap_or(&self.default)
    }

    /// Whether a queue is open at an instant: by its calendar of that time; always without one.
    pub fn is_open(&self, queue: &QueueId, at: Timestamp) -> bool {
        let name = self.rules(queue, at).calendar.as_ref();
        let calendar = name.and_then(|name| self.calendars.get(name));
        calendar.is_none_or(|calendar| calendar.is_open(at))
    }

    /// For how long the queue stays open from then on; `None` while it is closed, or when it does not close within a day.
    pub fn closes_in(&self, queue: &QueueId, at: Timestamp) -> Option<Duration> {
        let name = self.rules(queue, at).calendar.as_ref();
        let calendar = name.and_then(|name| self.calendars.get(name));
        calendar?.closes_in(at)
    }

    /// The instants at which the rules of some queue change.
    pub fn changes(&self) -> impl Iterator<Item = Timestamp> {
        let timelines = self.queues.values().chain([&self.default]);
        let versions = timelines.flat_map(|timeline| timeline.versions().iter().skip(1));
        versions.map(|version| version.since)
    }

    /// Every threshold that counts at some time, rising.
    pub fn thresholds(&self) -> BTreeSet<Duration> {
        let timelines = self.queues.values().chain([&self.default]);
        let targets = timelines.flat_map(|timeline| timeline.versions());
        let both = |version: &RulesVersion| {
            let target = version.rules.target;
            [target.service_level, target.short_abandon]
        };
        targets.flat_map(both).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(service_level: u64) -> QueueRules {
        let target = QueueTarget {
            service_level: Duration::from_secs(service_level),
            ..QueueTarget::default()
        };
        target.into()
    }

    fn version(since: i64, service_level: u64) -> RulesVersion {
        RulesVersion {
            since: Timestamp::from_micros(since),
            rules: seconds(service_level),
        }
    }

    #[test]
    fn a_version_counts_from_its_instant_on() {
        let timeline =
            Timeline::with_changes(seconds(20), vec![version(200, 10), version(100, 15)]);
        for (at, expected) in [
            (i64::MIN, 20),
            (99, 20),
            (100, 15),
            (199, 15),
            (200, 10),
            (i64::MAX, 10),
        ] {
            let rules = timeline.at(Timestamp::from_micros(at));
            assert_eq!(rules, &seconds(expected), "{at}");
        }
    }

    #[test]
    fn a_change_that_changes_nothing_is_no_version() {
        let timeline = Timeline::with_changes(
            seconds(20),
            vec![
                version(100, 20),
                version(200, 15),
                version(200, 10),
                version(300, 10),
            ],
        );
        let since: Vec<_> = timeline
            .versions()
            .iter()
            .map(|version| version.since.as_micros())
            .collect();
        assert_eq!(since, [i64::MIN, 200]);
    }

    #[test]
    fn a_period_meets_the_versions_that_count_in_it() {
        let timeline =
            Timeline::with_changes(seconds(20), vec![version(100, 15), version(200, 10)]);
        let within = |start, end| -> Vec<u64> {
            let [start, end] = [start, end].map(Timestamp::from_micros);
            let versions = timeline.within(start, end);
            versions
                .map(|one| one.rules.target.service_level.as_secs())
                .collect()
        };
        assert_eq!(within(0, 100), [20]);
        assert_eq!(within(0, 101), [20, 15]);
        assert_eq!(within(100, 100), [15]);
        assert_eq!(within(150, 250), [15, 10]);
    }

    #[test]
    fn a_queue_without_its_own_has_the_default() {
        let jobs = QueueId::new("jobs");
        let targets = Targets {
            default: Timeline::with_changes(seconds(20), vec![version(100, 15)]),
            queues: HashMap::from([(jobs.clone(), Timeline::always(seconds(30)))]),
            ..Targets::default()
        };
        let level = |queue: &QueueId, at| {
            let target = targets.of(queue, Timestamp::from_micros(at));
            target.service_level.as_secs()
        };
        let other = QueueId::new("benefits");
        assert_eq!([level(&jobs, 0), level(&jobs, 100)], [30, 30]);
        assert_eq!([level(&other, 0), level(&other, 100)], [20, 15]);
        let all = targets.thresholds();
        let all: Vec<_> = all.iter().map(Duration::as_secs).collect();
        assert_eq!(all, [5, 15, 20, 30]);
    }
}
