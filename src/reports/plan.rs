//! A query, and the plan made of it: checked, with every default filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::kpi::{Pack, TALK_SHORT};
use crate::model::{Alterations, Floor, Headline, QueueId, SourceId, Targets, Timestamp};

use super::bucket::{Bucket, Buckets};
use super::choice::{By, Choice};
use super::compare::Compare;
use super::context::SourceCompleteness;
use super::error::Error;
use super::nearest::{clipped, nearest};
use super::service::Options;
use super::stays::{Basis, Lens};
use super::zone::{Zone, instant};

/// More thresholds or edges are not taken: each is a column.
pub const THRESHOLDS_MAX: usize = 100;

/// What every report is asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// First instant of the period.
    pub start: Option<Timestamp>,
    /// First instant after the period.
    pub end: Option<Timestamp>,
    /// IANA zone of the buckets; empty = the hotline's own.
    pub zone: String,
    /// How the period is cut.
    pub bucket: Bucket,
    /// Only these queues; none = all.
    pub queues: Vec<String>,
    /// T; `None` = as configured.
    pub service_level: Option<Duration>,
    /// s; `None` = as configured.
    pub short_abandon: Option<Duration>,
    /// x of short answered calls; `None` = the usual.
    pub short_answered: Option<Duration>,
    /// What a row of a queue counts.
    pub lens: Lens,
    /// To which interval something belongs.
    pub basis: Basis,
    /// The formula that stands for a queue; `None` = as configured.
    pub headline: Option<Headline>,
    /// The calendar outside which nothing is counted; empty = none.
    pub hours: String,
    /// Only calls of these lines, by name or number; none = all.
    pub lines: Vec<String>,
    /// Only calls that these teams answered first; none = all.
    pub teams: Vec<String>,
    /// Products whose figures are worked out, too.
    pub compat: Vec<Pack>,
    /// What the rows of the queue and the transfer report are of.
    pub by: By,
    /// Only from the calls themselves, however long the period: quantiles are exact then.
    pub exact: bool,
    /// Which period is set beside.
    pub compare: Compare,
}

/// Queues from a name on, before another; without a beginning also calls of no queue. All, unless said otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) from: Option<QueueId>,
    pub(super) before: Option<QueueId>,
}

impl Part {
    fn holds(&self, queue: Option<&QueueId>) -> bool {
        let Some(queue) = queue else {
            return self.from.is_none();
        };
        let is_behind = self.before.as_ref().is_some_and(|end| end <= queue);
        !is_behind && self.from.as_ref().is_none_or(|from| from <= queue)
    }
}

/// A checked query.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) zone: Zone,
    pub(super) buckets: Buckets,
    /// How far each live source's own time is known.
    watermarks: BTreeMap<SourceId, Timestamp>,
    /// x: a talk shorter than it is a short one.
    pub(super) short_answered: Duration,
    pub(super) lens: Lens,
    pub(super) basis: Basis,
    pub(super) choice: Choice,
    /// Products whose figures are worked out, each once.
    pub(super) compat: BTreeSet<Pack>,
    pub(super) floor: Arc<Floor>,
    /// No roll-ups.
    pub(super) exact: bool,
    queues: BTreeSet<QueueId>,
    part: Part,
    pub(super) targets: Targets,
    pub(super) altered: Arc<Alterations>,
    pub(super) service_level: Option<Duration>,
    pub(super) short_abandon: Option<Duration>,
    pub(super) headline: Option<Headline>,
}

impl Plan {
    /// Checks a query; whether its queues are known is for `admit` to say, when the rows are there.
    pub(super) fn of(query: &Query, options: &Options) -> Result<Self, Error> {
        let zone = match query.zone.as_str() {
            "" => options.zone.clone(),
            name => Zone::find(name)?,
        };
        let start = bound("query.start", query.start)?;
        let end = bound("query.end", query.end)?;
        if end < start {
            return Err(Error::PeriodReversed {
                start: zone.local_text(start),
                end: zone.local_text(end),
            });
        }
        let buckets = Buckets::cut(start, end, query.bucket, &zone)?;
        let plan = Self {
            start,
            end,
            zone,
            buckets,
            watermarks: BTreeMap::new(),
            short_answered: query.short_answered.unwrap_or(TALK_SHORT),
            lens: query.lens,
            basis: query.basis,
            exact: query.exact,
            queues: query
                .queues
                .iter()
                .map(|name| QueueId::new(name.as_str()))
                .collect(),
            part: Part::default(),
            choice: Choice::of(query, &options.targets, &options.floor)?,
            compat: query.compat.iter().copied().collect(),
            floor: options.floor.clone(),
            targets: options.targets.clone(),
            altered: options.altered.clone(),
            service_level: query.service_level,
            short_abandon: query.short_abandon,
            headline: query.headline,
        };
        plan.check_thresholds()?;
        Ok(plan)
    }

    /// Takes note of how far each source is: to be looked at before the rows, so that no watermark is ahead of them.
    pub(super) fn know(&mut self, sources: &[SourceCompleteness]) {
        let live = sources
            .iter()
            .filter_map(|one| Some((one.source.clone(), one.watermark?)));
        self.watermarks = live.collect();
    }

    /// How far the time of a source is known: who waits there is decided up to here. One that fell silent says nothing of
    /// the others.
    pub(super) fn read_at(&self, source: Option<&SourceId>) -> Option<Timestamp> {
        self.watermarks.get(source?).copied()
    }

    /// How far into the period anything is known of what a source tells: by its time, without one by how far it told.
    pub(super) fn known_until(&self, source: &SourceId, told: Option<Timestamp>) -> Timestamp {
        let known = self.read_at(Some(source)).or(told).unwrap_or(self.start);
        known.clamp(self.start, self.end)
    }

    /// Checks that the queues asked for are among those ever seen.
    pub(super) fn admit(&self, known: &[QueueId]) -> Result<(), Error> {
        admit_queues("query.queues", &self.queues, known)
    }

    /// The queues asked for; none = all.
    pub(super) fn queues(&self) -> &BTreeSet<QueueId> {
        &self.queues
    }

    /// What a bucket is called in its rows.
    pub(super) fn bucket_start(&self, bucket: usize) -> String {
        self.buckets.name(bucket, &self.zone)
    }

    /// What has no effect on a report that knows neither lens nor basis, in words.
    pub(super) fn without_effect(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.lens != Lens::default() {
            let lens = self.lens.as_str();
            words.push(format!("this report has no lens: {lens} has no effect"));
        }
        if self.basis != Basis::default() {
            let basis = self.basis.as_str();
            words.push(format!("this report has one basis: {basis} has no effect"));
        }
        words
    }

    /// Whether all queues are asked for.
    pub(super) fn is_unfiltered(&self) -> bool {
        self.queues.is_empty()
    }

    /// Whether figures of this queue, or of none, are asked for.
    pub(super) fn wants(&self, queue: Option<&QueueId>) -> bool {
        let asked = || queue.is_some_and(|queue| self.queues.contains(queue));
        self.part.holds(queue) && (self.is_unfiltered() || asked())
    }

    /// The same plan for a part of the queues.
    pub(super) fn of_part(&self, part: Part) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }

    /// The same by the queue's name.
    pub(super) fn wants_name(&self, queue: Option<&str>) -> bool {
        let mut queues = self.queues.iter();
        self.is_unfiltered() || queue.is_some_and(|name| queues.any(|queue| queue.as_str() == name))
    }

    /// Whether a short talk is what it usually is: roll-ups know no other.
    pub(super) fn is_short_answered_usual(&self) -> bool {
        self.short_answered == TALK_SHORT
    }

    /// The thresholds asked for.
    pub(super) fn asked_thresholds(&self) -> impl Iterator<Item = Duration> {
        [self.service_level, self.short_abandon]
            .into_iter()
            .flatten()
    }

    /// Every threshold that is configured for some time.
    pub(super) fn configured(&self) -> impl Iterator<Item = Duration> {
        self.targets.thresholds().into_iter()
    }

    /// The first instant of a bucket and the first one after it; of weekdays and hours of the day, of the whole period.
    pub(super) fn stretch_of(&self, bucket: usize) -> (Timestamp, Timestamp) {
        self.buckets
            .stretch_of(bucket)
            .unwrap_or((self.start, self.end))
    }
}

/// Checks that these queues are among those ever seen.
pub(super) fn admit_queues(
    field: &'static str,
    asked: &BTreeSet<QueueId>,
    known: &[QueueId],
) -> Result<(), Error> {
    let Some(unknown) = asked.iter().find(|queue| !known.contains(queue)) else {
        return Ok(());
    };
    let queue = clipped(unknown.as_str());
    Err(
        match nearest(unknown.as_str(), known.iter().map(QueueId::as_str)) {
            Some(name) => Error::UnknownQueue {
                field,
                queue,
                nearest: name.to_owned(),
            },
            None => Error::NoQueues { field, queue },
        },
    )
}

/// Thresholds or edges in rising order, each once.
pub(super) fn thresholds(field: &'static str, asked: &[Duration]) -> Result<Vec<Duration>, Error> {
    let count = asked.len();
    if count > THRESHOLDS_MAX {
        return Err(Error::TooManyThresholds {
            field,
            count,
            max: THRESHOLDS_MAX,
        });
    }
    let mut thresholds = asked.to_vec();
    thresholds.sort_unstable();
    thresholds.dedup();
    Ok(thresholds)
}

/// A bound of the period that is there and that the calendar knows.
fn bound(field: &'static str, at: Option<Timestamp>) -> Result<Timestamp, Error> {
    let at = at.ok_or(Error::PeriodMissing { field })?;
    match instant(at) {
        Ok(_) => Ok(at),
        Err(_) => Err(Error::PeriodOutOfRange { field }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineId, QueueTarget};
    use crate::reports::fixture::{hotline, query};

    fn refused(query: &Query) -> (Option<&'static str>, String) {
        let error = Plan::of(query, &hotline()).unwrap_err();
        (error.field(), error.to_string())
    }

    #[test]
    fn a_wrong_query_is_refused_in_words() {
        let whole = query();
        for (wrong, field, words) in [
            (
                Query {
                    start: None,
                    ..whole.clone()
                },
                "query.start",
                "the period has no start",
            ),
            (
                Query {
                    end: None,
                    ..whole.clone()
                },
                "query.end",
                "the period has no end",
            ),
            (
                Query {
                    end: Some(Timestamp::from_micros(i64::MAX)),
                    ..whole.clone()
                },
                "query.end",
                "the period's end is no time that can be written",
            ),
            (
                Query {
                    start: whole.end,
                    end: whole.start,
                    ..whole.clone()
                },
                "query.end",
                "the period starts at 2026-03-03T00:00:00+04:00, after its end 2026-03-02T00:00:00+04:00",
            ),
            (
                Query {
                    zone: "Europe/Samra".into(),
                    ..whole.clone()
                },
                "query.zone",
                "unknown zone \"Europe/Samra\"; the nearest is \"Europe/Samara\"",
            ),
        ] {
            assert_eq!(refused(&wrong), (Some(field), words.to_owned()));
        }
    }

    #[test]
    fn an_unknown_queue_names_the_nearest() {
        let asked = Query {
            queues: vec!["jobs".into(), "benefit".into()],
            ..query()
        };
        let plan = Plan::of(&asked, &hotline()).unwrap();
        let known = ["benefits", "jobs"].map(QueueId::new);
        let words = |known: &[QueueId]| plan.admit(known).unwrap_err().to_string();
        assert_eq!(
            words(&known),
            "unknown queue \"benefit\"; the nearest is \"benefits\""
        );
        assert_eq!(
            words(&[]),
            "unknown queue \"benefit\"; no queue is known yet"
        );
        assert!(Plan::of(&query(), &hotline()).unwrap().admit(&[]).is_ok());
    }

    #[test]
    fn a_threshold_is_asked_for_or_configured() {
        let [jobs, benefits] = ["jobs", "benefits"].map(QueueId::new);
        let known = [benefits.clone(), jobs.clone()];
        let mut options = hotline();
        let own = QueueTarget {
            service_level: Duration::from_secs(30),
            ..QueueTarget::default()
        };
        options.targets.queues.insert(benefits.clone(), own.into());

        let level = |query: &Query, known: &[QueueId]| {
            let plan = Plan::of(query, &options).unwrap();
            let target = |queue| plan.target(queue, plan.start).service_level.as_secs();
            let common = plan.common_target(known, (plan.start, plan.end));
            let common = common.map(|value| value.as_secs());
            (target(&jobs), target(&benefits), common)
        };
        let one = |queue: &str| Query {
            queues: vec![queue.into()],
            ..query()
        };
        let ten = Query {
            service_level: Some(Duration::from_secs(10)),
            ..query()
        };
        assert_eq!(level(&query(), &known), (20, 30, None));
        assert_eq!(level(&query(), &[]), (20, 30, Some(20)));
        assert_eq!(level(&one("benefits"), &known), (20, 30, Some(30)));
        assert_eq!(level(&ten, &known), (10, 10, Some(10)));
    }

    #[test]
    fn a_line_that_nobody_configured_is_named_with_the_nearest() {
        let mut options = hotline();
        let asked = Query {
            lines: vec!["+7846200000".into(), "+78462000000".into()],
            ..query()
        };
        let said = |options: &Options| {
            Plan::of(&asked, options)
                .unwrap()
                .about_unconfigured_lines()
        };
        assert_eq!(said(&options), [""; 0], "no line is configured at all");
        let lines = [("+78462000000", "jobs line"), ("+78462000099", "spare")];
        let lines = lines.map(|(number, name)| (LineId::new(number), name.into()));
        options.floor = Arc::new(Floor {
            lines: lines.into_iter().collect(),
            ..Floor::default()
        });
        assert_eq!(
            said(&options),
            [
                "no line +7846200000 is configured, and calls are looked for by that number; the nearest that is: \
                 +78462000000"
            ]
        );
    }

    #[test]
    fn s_is_shorter_than_t() {
        let mut options = hotline();
        let own = QueueTarget {
            service_level: Duration::from_secs(30),
            short_abandon: Duration::from_secs(15),
        };
        let own = own.into();
        options.targets.queues.insert(QueueId::new("jobs"), own);
        let seconds = |value: Option<u64>| value.map(Duration::from_secs);
        let asked = |queues: &[&str], level, short| Query {
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            service_level: seconds(level),
            short_abandon: seconds(short),
            ..query()
        };
        let refused = |query: &Query| {
            let error = Plan::of(query, &options).err()?;
            Some((error.field()?, error.to_string()))
        };
        for (query, field, words) in [
            (
                asked(&[], Some(5), Some(5)),
                "query.short_abandon",
                "s must be shorter than T, and s = 5 s is not shorter than T = 5 s; ask for a shorter s",
            ),
            (
                asked(&[], Some(0), None),
                "query.service_level",
                "s must be shorter than T, and s = 5 s is not shorter than T = 0 s; ask for a longer T, or for a shorter \
                 s as well",
            ),
            (
                asked(&["jobs"], Some(12), None),
                "query.service_level",
                "s must be shorter than T, and s = 15 s is not shorter than T = 12 s, in queue jobs; ask for a longer T, \
                 or for a shorter s as well",
            ),
        ] {
            assert_eq!(refused(&query), Some((field, words.to_owned())));
        }
        assert_eq!(refused(&asked(&["help"], Some(12), None)), None);
        assert_eq!(refused(&asked(&[], Some(12), Some(11))), None);
        assert_eq!(refused(&asked(&[], None, None)), None);
    }

    #[test]
    fn thresholds_rise_and_are_few() {
        let s = |values: &[u64]| -> Vec<_> {
            values.iter().copied().map(Duration::from_secs).collect()
        };
        assert_eq!(thresholds("wait_over", &s(&[9, 3, 9])).unwrap(), s(&[3, 9]));
        let many: Vec<_> = (0..=THRESHOLDS_MAX as u64).collect();
        let error = thresholds("wait_over", &s(&many)).unwrap_err();
        assert_eq!(error.field(), Some("wait_over"));
        assert_eq!(
            error.to_string(),
            "101 thresholds are too many: 100 may be asked for"
        );
    }
}
