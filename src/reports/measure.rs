//! What the queues of a report are measured by, and what of it changed within the period or was changed after it.
//!
//! A visit is measured by what was in force when it began, so that a report over a change uses each version on its side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kpi::{Definition, Threshold, seconds_text};
use crate::model::{Altered, AlteredHours, Headline, QueueId, QueueRules, QueueTarget, Timestamp};

use super::error::Error;
use super::plan::Plan;

/// Changed hours named in one sentence: a calendar that was written anew has many.
const CHANGES_SHOWN: usize = 5;

/// What a queue was measured by for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesInForce {
    /// The queue; `None` = each without its own.
    pub queue: Option<QueueId>,
    /// First instant, local; `None` = from the beginning.
    pub since: Option<String>,
    /// First instant after it, local; `None` = until further notice.
    pub until: Option<String>,
    /// What counted; what the query asks for stands over it.
    pub rules: QueueRules,
}

impl Plan {
    /// The thresholds of a queue for whoever entered it at an instant: asked for, else configured.
    pub(super) fn target(&self, queue: &QueueId, entered_at: Timestamp) -> QueueTarget {
        self.asked_target(self.targets.of(queue, entered_at))
    }

    /// Checks that s is shorter than T in every queue asked for, when one of both is asked for: who hangs up within s was
    /// no caller to be answered within T yet. The configuration keeps to it by itself.
    pub(super) fn check_thresholds(&self) -> Result<(), Error> {
        let field = match (self.service_level, self.short_abandon) {
            (None, None) => return Ok(()),
            (_, Some(_)) => "query.short_abandon",
            (Some(_), None) => "query.service_level",
        };
        let own = self.targets.queues.iter();
        let own = own.filter(|(queue, _)| self.wants(Some(queue)));
        let own = own.map(|(queue, timeline)| (Some(queue), timeline));
        for (queue, timeline) in [(None, &self.targets.default)].into_iter().chain(own) {
            for version in timeline.within(self.start, self.end) {
                let target = self.asked_target(version.rules.target);
                if target.short_abandon >= target.service_level {
                    let of = |queue| format!(", in queue {queue}");
                    return Err(Error::ThresholdsCross {
                        field,
                        short: seconds_text(target.short_abandon),
                        level: seconds_text(target.service_level),
                        whose: queue.map(of).unwrap_or_default(),
                    });
                }
            }
        }
        Ok(())
    }

    /// T10's limit for a call that arrived at an instant and was answered by this queue, or by none.
    pub(super) fn excessive_limit(&self, queue: Option<&QueueId>, at: Timestamp) -> u32 {
        let rules = match queue {
            Some(queue) => self.targets.rules(queue, at),
            None => self.targets.default.at(at),
        };
        rules.excessive_limit
    }

    /// Every limit of T10 that may count, when this one is asked for.
    pub(super) fn excessive_limits(&self, asked: Option<u32>) -> impl Iterator<Item = u32> {
        let limits = match asked {
            Some(limit) => vec![limit],
            None => {
                let timelines = self.targets.queues.values().chain([&self.targets.default]);
                let versions = timelines.flat_map(|timeline| timeline.versions());
                versions
                    .map(|version| version.rules.excessive_limit)
                    .collect()
            }
        };
        limits.into_iter()
    }

    /// A queue's rules with what the query asks for over them.
    fn asked(&self, configured: &QueueRules) -> QueueRules {
        QueueRules {
            target: self.asked_target(configured.target),
            headline: self.headline.unwrap_or(configured.headline),
            ..configured.clone()
        }
    }

    fn asked_target(&self, configured: QueueTarget) -> QueueTarget {
        QueueTarget {
            service_level: self.service_level.unwrap_or(configured.service_level),
            short_abandon: self.short_abandon.unwrap_or(configured.short_abandon),
        }
    }

    /// The value of a rule in every queue asked for, at all times of a stretch; `None` when it differs.
    fn common_rule<T: PartialEq>(
        &self,
        known: &[QueueId],
        (start, end): (Timestamp, Timestamp),
        of: impl Fn(&QueueRules) -> T,
    ) -> Option<T> {
        let wanted = known.iter().filter(|queue| self.wants(Some(queue)));
        let mut timelines = wanted.map(|queue| self.targets.timeline(queue)).peekable();
        let none = timelines.peek().is_none().then_some(&self.targets.default);
        let mut values = timelines
            .chain(none)
            .flat_map(|timeline| timeline.within(start, end))
            .map(|version| of(&self.asked(version.rules)));
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// Every T and s by which a queue asked for is measured in a stretch.
    pub(super) fn thresholds_within(
        &self,
        known: &[QueueId],
        (start, end): (Timestamp, Timestamp),
    ) -> BTreeSet<Duration> {
        let wanted = known.iter().filter(|queue| self.wants(Some(queue)));
        let timelines = wanted.map(|queue| self.targets.timeline(queue));
        let versions = timelines.flat_map(|timeline| timeline.within(start, end));
        let targets = versions.map(|version| self.asked_target(version.rules.target));
        targets
            .flat_map(|target| [target.service_level, target.short_abandon])
            .collect()
    }

    /// T in every queue asked for, at all times of a stretch; `None` when it differs.
    pub(super) fn common_target(
        &self,
        known: &[QueueId],
        stretch: (Timestamp, Timestamp),
    ) -> Option<Duration> {
        self.common_rule(known, stretch, |rules| rules.target.service_level)
    }

    /// s in every queue asked for, at all times of a stretch; `None` when it differs.
    pub(super) fn common_short(
        &self,
        known: &[QueueId],
        stretch: (Timestamp, Timestamp),
    ) -> Option<Duration> {
        self.common_rule(known, stretch, |rules| rules.target.short_abandon)
    }

    /// The headline formula of every queue asked for, at all times of a stretch; `None` when it differs.
    pub(super) fn common_headline(
        &self,
        known: &[QueueId],
        stretch: (Timestamp, Timestamp),
    ) -> Option<Headline> {
        self.common_rule(known, stretch, |rules| rules.headline)
    }

    /// A letter of the catalogue with its value in force; where it changes within the period, with the instant.
    pub(super) fn letter(&self, letter: Threshold, known: &[QueueId]) -> Definition {
        if letter == Threshold::ShortAnswered {
            return letter.definition(1, Some(&in_seconds(self.short_answered)));
        }
        let of = |rules: &QueueRules| match letter {
            Threshold::ServiceLevel => in_seconds(rules.target.service_level),
            Threshold::ShortAbandon => in_seconds(rules.target.short_abandon),
            Threshold::ExcessiveLimit => rules.excessive_limit.to_string(),
            Threshold::ShortAnswered => in_seconds(self.short_answered),
        };
        let (version, words) = self.values(known, of);
        letter.definition(version, words.as_deref())
    }

    /// Which formula is the headline, as a definition of its own.
    pub(super) fn headline_definition(&self, known: &[QueueId]) -> Definition {
        let (version, words) = self.values(known, |rules| rules.headline.as_str().to_owned());
        let words = words.unwrap_or_else(|| "each queue has its own".to_owned());
        Definition {
            id: "headline",
            version,
            sentence: format!("the formula that stands for the queue: {words}").into(),
        }
    }

    /// The values of a rule in words, and how many there were up to the last; no words when queues differ.
    fn values(
        &self,
        known: &[QueueId],
        of: impl Fn(&QueueRules) -> String,
    ) -> (u32, Option<String>) {
        let wanted = known.iter().filter(|queue| self.wants(Some(queue)));
        let mut timelines: Vec<_> = wanted.map(|queue| self.targets.timeline(queue)).collect();
        if timelines.is_empty() {
            timelines.push(&self.targets.default);
        }
        let of_timeline = |timeline: &crate::model::Timeline| {
            let all = timeline.versions().iter();
            let mut values: Vec<(Timestamp, String)> = Vec::new();
            for version in all.take_while(|version| version.since < self.end.max(self.start)) {
                let value = of(&self.asked(&version.rules));
                if values.last().is_none_or(|(_, last)| *last != value) {
                    values.push((version.since, value));
                }
            }
            values
        };
        let all: Vec<_> = timelines.into_iter().map(of_timeline).collect();
        let version = all.iter().map(Vec::len).max().unwrap_or(1).max(1) as u32;
        let in_period = |values: &[(Timestamp, String)]| {
            let after = values.partition_point(|(since, _)| *since <= self.start);
            values[after.max(1) - 1..].to_vec()
        };
        let mut shown = all.iter().map(|values| {
            let values = in_period(values);
            let mut words = String::new();
            for (index, (since, value)) in values.iter().enumerate() {
                if index > 0 {
                    let since = self.zone.local_text(*since);
                    words += &format!(" until {since}, then ");
                }
                words += value;
            }
            words
        });
        let first = shown.next();
        let same = shown.all(|words| Some(&words) == first.as_ref());
        (version, first.filter(|_| same))
    }

    /// What the queues asked for are measured by in the period, each version with its time.
    pub(super) fn in_force(&self, known: &[QueueId]) -> Vec<RulesInForce> {
        let wanted = known.iter().filter(|queue| self.wants(Some(queue)));
        let (own, usual): (Vec<_>, Vec<_>) =
            wanted.partition(|queue| self.targets.queues.contains_key(*queue));
        let mut timelines: Vec<_> = own
            .into_iter()
            .map(|queue| (Some(queue), self.targets.timeline(queue)))
            .collect();
        if !usual.is_empty() || timelines.is_empty() {
            timelines.insert(0, (None, &self.targets.default));
        }
        let local = |at: Timestamp| self.zone.local_text(at);
        let of = timelines.into_iter().flat_map(|(queue, timeline)| {
            let versions = timeline.within(self.start, self.end);
            versions.map(move |version| RulesInForce {
                queue: queue.cloned(),
                since: (version.since > Timestamp::MIN).then(|| local(version.since)),
                until: version.until.map(local),
                rules: self.asked(version.rules),
            })
        });
        of.collect()
    }

    /// What changed within the period, and what of it was changed after the fact, a sentence each.
    pub(super) fn changes(&self, known: &[QueueId]) -> Vec<String> {
        let mut sentences = Vec::new();
        let versions = self.in_force(known);
        for (before, after) in versions.iter().zip(versions.iter().skip(1)) {
            if before.queue != after.queue || before.until.is_none() {
                continue;
            }
            let what = differences(&before.rules, &after.rules);
            if !what.is_empty() {
                sentences.push(format!(
                    "{} changed at {}: {}; what began before is measured as before",
                    whose(after.queue.as_ref()),
                    after.since.as_deref().unwrap_or_default(),
                    what.join(", ")
                ));
            }
        }
        let of_period = |one: &&Altered| {
            let queue = one.queue.as_ref();
            let wanted = match queue {
                Some(queue) => self.wants(Some(queue)),
                None => versions.iter().any(|version| version.queue.is_none()),
            };
            wanted && one.since < self.end && self.start < one.until
        };
        for one in self.altered.rules.iter().filter(of_period) {
            let (was, is) = (self.asked(&one.was), self.asked(&one.is));
            let what = differences(&was, &is);
            if !what.is_empty() {
                let changed = format!("{} changed", whose(one.queue.as_ref()));
                sentences.push(self.altered_sentence(&changed, (one.since, one.at), &what));
            }
        }
        // Those of the calendar asked for are said by every report.
        let asked = self.choice.hours.as_ref().map(|hours| hours.name.as_str());
        let named = versions
            .iter()
            .filter_map(|version| version.rules.calendar.as_deref());
        let named: BTreeSet<_> = named.filter(|name| Some(*name) != asked).collect();
        sentences.extend(
            named
                .into_iter()
                .flat_map(|name| self.altered_hours_of(name)),
        );
        sentences
    }

    /// What was changed after the fact of the hours outside which nothing is counted.
    pub(super) fn altered_hours(&self) -> Vec<String> {
        let hours = self.choice.hours.as_ref();
        hours.map_or_else(Vec::new, |hours| self.altered_hours_of(&hours.name))
    }

    /// What was changed after the fact of a calendar's hours in the period, a sentence each start that changed any.
    fn altered_hours_of(&self, calendar: &str) -> Vec<String> {
        let of_period = |one: &&AlteredHours| {
            &*one.calendar == calendar && one.since < self.end && self.start < one.until
        };
        let mut by_start = BTreeMap::<Timestamp, Vec<&AlteredHours>>::new();
        for one in self.altered.hours.iter().filter(of_period) {
            by_start.entry(one.at).or_default().push(one);
        }
        let sentences = by_start.into_iter().map(|(at, all)| {
            let since = all.iter().map(|one| one.since).min();
            let change = |one: &&AlteredHours| format!("{} from {} to {}", one.of, one.was, one.is);
            let mut what: Vec<_> = all.iter().take(CHANGES_SHOWN).map(change).collect();
            let left = all.len() - what.len();
            what.extend((left > 0).then(|| format!("and {left} more")));
            let whose = format!("the hours of calendar {calendar} changed");
            self.altered_sentence(&whose, (since.unwrap_or(Timestamp::MIN), at), &what)
        });
        sentences.collect()
    }

    fn altered_sentence(
        &self,
        changed: &str,
        (since, at): (Timestamp, Timestamp),
        what: &[String],
    ) -> String {
        let local = |at| self.zone.local_text(at);
        let since = if since == Timestamp::MIN {
            "the time before".to_owned()
        } else {
            format!("the time from {} on", local(since))
        };
        format!(
            "{changed} on {}, for {since}, which was over: {}; figures made before that differ",
            local(at),
            what.join(", ")
        )
    }
}

/// Whose rules are spoken of.
pub(super) fn whose(queue: Option<&QueueId>) -> String {
    match queue {
        Some(queue) => format!("what counts for queue {queue}"),
        None => "what counts for queues without their own".to_owned(),
    }
}

/// What rules say, by the name of each.
fn said(rules: &QueueRules) -> [(&'static str, String); 5] {
    [
        ("T", in_seconds(rules.target.service_level)),
        ("s", in_seconds(rules.target.short_abandon)),
        ("headline", rules.headline.as_str().to_owned()),
        ("k", rules.excessive_limit.to_string()),
        (
            "calendar",
            rules.calendar.as_deref().unwrap_or("always").to_owned(),
        ),
    ]
}

/// What is no longer as it was, in words.
fn differences(before: &QueueRules, after: &QueueRules) -> Vec<String> {
    unlike_values(std::slice::from_ref(before), std::slice::from_ref(after))
}

/// What is not one and the same in all these versions before and after, in words.
pub(super) fn unlike_values(before: &[QueueRules], after: &[QueueRules]) -> Vec<String> {
    let values = |versions: &[QueueRules], rule: usize| {
        let mut values: Vec<_> = versions
            .iter()
            .map(|rules| said(rules)[rule].1.clone())
            .collect();
        values.dedup();
        values.join(" then ")
    };
    let names = before.first().or(after.first()).map(said);
    let names = names.into_iter().flatten().map(|(name, _)| name);
    let both = names
        .enumerate()
        .map(|(rule, name)| (name, values(before, rule), values(after, rule)));
    let differ = both.filter(|(_, before, after)| before != after);
    differ
        .map(|(name, before, after)| format!("{name} from {before} to {after}"))
        .collect()
}

fn in_seconds(span: Duration) -> String {
    format!("{} s", seconds_text(span))
}
