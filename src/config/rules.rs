//! What queues are measured by: `[service_level]` for all of them, `[[queue]]` for one, and under each `since`, the changes
//! with the date from which they count.
//!
//! A key that a change does not say stays as it was; a key that a queue never says is that of all queues, with their
//! changes. So each queue has one row of versions, worked out here.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::value::{self, Headline, ValidFrom};
use crate::model::{
    EXCESSIVE_LIMIT_DEFAULT, QueueRules, QueueTarget, RulesVersion, Timeline, Timestamp,
};

/// The word for no calendar: a queue that is open at all times though queues usually have one.
pub(crate) const ALWAYS: &str = "always";

/// What queues are measured by that say nothing of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceLevel {
    /// Answered within it counts for the service level.
    #[serde(with = "value::span")]
    pub target: Duration,
    /// Abandoned within it is a short abandon.
    #[serde(with = "value::span")]
    pub short_abandon: Duration,
    /// The formula that stands for a queue.
    pub headline: Headline,
    /// A call with more transfers is passed on too often.
    pub excessive_transfers: u32,
    /// The calendar by which queues are open; else always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Changes, each from its date on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<Since>,
}

impl Default for ServiceLevel {
    fn default() -> Self {
        let QueueTarget {
            service_level,
            short_abandon,
        } = QueueTarget::default();
        Self {
            target: service_level,
            short_abandon,
            headline: Headline::default(),
            excessive_transfers: EXCESSIVE_LIMIT_DEFAULT,
            calendar: None,
            since: Vec::new(),
        }
    }
}

/// A queue that is known from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name, as the switch says it.
    pub name: String,
    /// Its own target; else that of `[service_level]`, as of the others.
    #[serde(
        default,
        with = "value::optional_span",
        skip_serializing_if = "Option::is_none"
    )]
    pub target: Option<Duration>,
    /// Its own threshold of short abandons.
    #[serde(
        default,
        with = "value::optional_span",
        skip_serializing_if = "Option::is_none"
    )]
    pub short_abandon: Option<Duration>,
    /// The formula that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
    /// A call with more transfers is passed on too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excessive_transfers: Option<u32>,
    /// The calendar by which it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Changes, each from its date on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<Since>,
}

/// A change, and from when on it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The first day, or instant, on which it counts.
    pub valid_from: ValidFrom,
    /// The target from then on; what is not said stays as it was.
    #[serde(
        default,
        with = "value::optional_span",
        skip_serializing_if = "Option::is_none"
    )]
    pub target: Option<Duration>,
    /// The threshold of short abandons from then on.
    #[serde(
        default,
        with = "value::optional_span",
        skip_serializing_if = "Option::is_none"
    )]
    pub short_abandon: Option<Duration>,
    /// The formula from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
    /// The limit of transfers from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excessive_transfers: Option<u32>,
    /// The calendar from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// The keys that something says.
#[derive(Clone, Debug, Default)]
struct Said {
    target: Option<Duration>,
    short_abandon: Option<Duration>,
    headline: Option<Headline>,
    excessive_transfers: Option<u32>,
    calendar: Option<String>,
}

impl Said {
    /// What is said later over what was said before.
    fn or(self, before: &Self) -> Self {
        Self {
            target: self.target.or(before.target),
            short_abandon: self.short_abandon.or(before.short_abandon),
            headline: self.headline.or(before.headline),
            excessive_transfers: self.excessive_transfers.or(before.excessive_transfers),
            calendar: self.calendar.or_else(|| before.calendar.clone()),
        }
    }

    /// Rules, where nothing is said those of all queues.
    fn over(&self, all: &QueueRules) -> QueueRules {
        let calendar = match self.calendar.as_deref() {
            None => all.calendar.clone(),
            Some(ALWAYS) => None,
            Some(name) => Some(name.into()),
        };
        QueueRules {
            target: QueueTarget {
                service_level: self.target.unwrap_or(all.target.service_level),
                short_abandon: self.short_abandon.unwrap_or(all.target.short_abandon),
            },
            headline: self
                .headline
                .map_or(all.headline, |headline| headline.of_family()),
            excessive_limit: self.excessive_transfers.unwrap_or(all.excessive_limit),
            calendar,
        }
    }
}

impl From<&ServiceLevel> for Said {
    fn from(all: &ServiceLevel) -> Self {
        Self {
            target: Some(all.target),
            short_abandon: Some(all.short_abandon),
            headline: Some(all.headline),
            excessive_transfers: Some(all.excessive_transfers),
            calendar: all.calendar.clone(),
        }
    }
}

impl From<&Queue> for Said {
    fn from(queue: &Queue) -> Self {
        Self {
            target: queue.target,
            short_abandon: queue.short_abandon,
            headline: queue.headline,
            excessive_transfers: queue.excessive_transfers,
            calendar: queue.calendar.clone(),
        }
    }
}

impl From<&Since> for Said {
    fn from(since: &Since) -> Self {
        Self {
            target: since.target,
            short_abandon: since.short_abandon,
            headline: since.headline,
            excessive_transfers: since.excessive_transfers,
            calendar: since.calendar.clone(),
        }
    }
}

/// What is said from each instant on, the first from the beginning.
fn said(first: Said, since: &[Since], zone: &TimeZone) -> Vec<(Timestamp, Said)> {
    let mut all = vec![(Timestamp::MIN, first)];
    for change in since {
        let before = all.last().map(|(_, said)| said.clone()).unwrap_or_default();
        let at = change.valid_from.at(zone);
        all.push((at, Said::from(change).or(&before)));
    }
    all
}

impl ServiceLevel {
    /// The rules of queues without their own.
    pub(super) fn timeline(&self, zone: &TimeZone) -> Timeline {
        let usual = QueueRules::default();
        let mut versions = said(self.into(), &self.since, zone).into_iter();
        let first = versions.next().unwrap_or_default().1;
        let changes = versions.map(|(since, said)| RulesVersion {
            since,
            rules: said.over(&usual),
        });
        Timeline::with_changes(first.over(&usual), changes.collect())
    }
}

impl Queue {
    /// Its rules, over those of all queues.
    pub(super) fn timeline(&self, all: &Timeline, zone: &TimeZone) -> Timeline {
        let own = said(self.into(), &self.since, zone);
        let own_at = |at: Timestamp| {
            let after = own.partition_point(|(since, _)| *since <= at);
            &own[after.max(1) - 1].1
        };
        let changed = own.iter().map(|(since, _)| *since);
        let changed = changed.chain(all.versions().iter().map(|version| version.since));
        let versions = changed.map(|since| RulesVersion {
            since,
            rules: own_at(since).over(all.at(since)),
        });
        let first = own_at(Timestamp::MIN).over(all.at(Timestamp::MIN));
        Timeline::with_changes(first, versions.collect())
    }
}
