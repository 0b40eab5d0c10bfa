//! Respondents against all handled calls (Q12, Q13), and whether agents let callers be asked.

use std::collections::BTreeMap;

use crate::kpi::{self, Part, Score};
use crate::model::{CallRecord, CallRow, Disposition, EndedBy};

use super::super::plan::Plan;
use super::AGENT_MIN;
use super::gather::Gathered;
use super::group::{SurveyGrouping, value_of};

/// By what calls are told apart, in the order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Transfers,
    HungUpFirst,
    Queue,
    Hour,
    Wait,
}

impl Dimension {
    const ALL: [Self; 5] = [
        Self::Transfers,
        Self::HungUpFirst,
        Self::Queue,
        Self::Hour,
        Self::Wait,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Transfers => "transfers",
            Self::HungUpFirst => "hung_up_first",
            Self::Queue => "queue",
            Self::Hour => "hour",
            Self::Wait => "wait",
        }
    }
}

/// Handled calls of one value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cover {
    handled: u64,
    invited: u64,
    respondents: u64,
}

/// Respondents against all handled calls, by one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyCoverageRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// By what.
    pub dimension: &'static str,
    /// Which of it.
    pub value: String,
    /// Handled calls.
    pub handled: u64,
    /// Of them reached.
    pub invited: u64,
    /// Of them who answered the headline item.
    pub respondents: u64,
    /// Q13.
    pub coverage: Option<Score>,
    /// Q12.
    pub mix: Option<kpi::Mix>,
}

/// A share with its control limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurveyControl {
    /// The agent's share.
    pub share: Score,
    /// The share of all agents.
    pub centre: f64,
    /// The limits for this many calls.
    pub limits: (f64, f64),
}

impl SurveyControl {
    /// Whether it lies outside the limits: `below`, `above`, or nothing.
    pub fn signal(&self) -> &'static str {
        let (low, high) = self.limits;
        match self.share.share {
            share if share < low => "below",
            share if share > high => "above",
            _ => "",
        }
    }
}

/// Whether an agent lets callers be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveySteeringRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The agent.
    pub agent: String,
    /// The agent's name; empty = none is configured.
    pub name: String,
    /// Handled calls in which the agent talked last.
    pub handled: u64,
    /// Of them to be asked.
    pub selected: u64,
    /// Of them reached.
    pub invited: u64,
    /// Of those to be asked, not handed over.
    pub not_handed_over: u64,
    /// Of them who answered the headline item.
    pub respondents: u64,
    /// selected ÷ handled; `None` below ten.
    pub selected_share: Option<SurveyControl>,
    /// invited ÷ selected; `None` below ten.
    pub invited_share: Option<SurveyControl>,
}

/// One agent's calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steer {
    handled: u64,
    selected: u64,
    invited: u64,
    not_handed_over: u64,
    respondents: u64,
}

impl Steer {
    pub(super) fn add(&mut self, disposition: Option<Disposition>) {
        let is = |counts: fn(Disposition) -> bool| u64::from(disposition.is_some_and(counts));
        self.handled += 1;
        self.selected += is(kpi::is_selected);
        self.invited += is(kpi::is_invited);
        self.not_handed_over += u64::from(disposition == Some(Disposition::NotHandedOver));
        self.respondents += is(is_respondent);
    }
}

const fn is_respondent(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Complete | Disposition::Partial)
}

/// Counts a handled call under each of its values.
pub(super) fn add(
    gathered: &mut Gathered,
    plan: &Plan,
    bucket: usize,
    row: &CallRow,
    record: &CallRecord,
    disposition: Option<Disposition>,
) {
    for dimension in Dimension::ALL {
        let (rank, value) = match dimension {
            Dimension::Transfers => value_of(SurveyGrouping::Transfers, plan, row),
            Dimension::Queue => value_of(SurveyGrouping::Queue, plan, row),
            Dimension::Hour => value_of(SurveyGrouping::Hour, plan, row),
            Dimension::Wait => value_of(SurveyGrouping::Wait, plan, row),
            Dimension::HungUpFirst => (0, hung_up_first(record).as_str().to_owned()),
        };
        let key = (bucket, dimension, rank, value);
        let cover = gathered.cover.entry(key).or_default();
        cover.handled += 1;
        cover.invited += u64::from(disposition.is_some_and(kpi::is_invited));
        cover.respondents += u64::from(disposition.is_some_and(is_respondent));
    }
}

/// Who ended the last talk: only after the agent's or the switch's release is there anybody to ask.
fn hung_up_first(record: &CallRecord) -> EndedBy {
    let last = record.legs.last().map(|leg| leg.released_by);
    let last = last.filter(|by| *by != EndedBy::Unknown);
    last.unwrap_or(record.ended_by)
}

/// Q12 and Q13.
pub(super) fn rows(plan: &Plan, gathered: &Gathered) -> Vec<SurveyCoverageRow> {
    let mut whole = BTreeMap::<_, Cover>::new();
    for ((bucket, dimension, ..), cover) in &gathered.cover {
        let sum = whole.entry((*bucket, *dimension)).or_default();
        sum.handled += cover.handled;
        sum.respondents += cover.respondents;
    }
    let row =
        |((bucket, dimension, _, value), cover): (&(usize, Dimension, usize, String), &Cover)| {
            let of = whole
                .get(&(*bucket, *dimension))
                .copied()
                .unwrap_or_default();
            let part = |count, of| Part { count, of };
            SurveyCoverageRow {
                bucket_start: plan.bucket_start(*bucket),
                dimension: dimension.as_str(),
                value: value.clone(),
                handled: cover.handled,
                invited: cover.invited,
                respondents: cover.respondents,
                coverage: kpi::coverage(cover.respondents, cover.handled),
                mix: kpi::mix(
                    part(cover.respondents, of.respondents),
                    part(cover.handled, of.handled),
                ),
            }
        };
    gathered.cover.iter().map(row).collect()
}

/// Who lets how many be asked.
pub(super) fn steering(plan: &Plan, gathered: &Gathered) -> Vec<SurveySteeringRow> {
    let mut whole = BTreeMap::<usize, Steer>::new();
    for ((bucket, _), steer) in &gathered.steer {
        let sum = whole.entry(*bucket).or_default();
        sum.handled += steer.handled;
        sum.selected += steer.selected;
        sum.invited += steer.invited;
    }
    let rows = gathered.steer.iter().map(|((bucket, agent), steer)| {
        let of = whole.get(bucket).copied().unwrap_or_default();
        let (name, _) = plan.named(agent, plan.stretch_of(*bucket));
        SurveySteeringRow {
            bucket_start: plan.bucket_start(*bucket),
            agent: agent.as_str().to_owned(),
            name,
            handled: steer.handled,
            selected: steer.selected,
            invited: steer.invited,
            not_handed_over: steer.not_handed_over,
            respondents: steer.respondents,
            selected_share: control((steer.selected, steer.handled), (of.selected, of.handled)),
            invited_share: control((steer.invited, steer.selected), (of.invited, of.selected)),
        }
    });
    rows.collect()
}

fn control((count, n): (u64, u64), (all, of): (u64, u64)) -> Option<SurveyControl> {
    if n < AGENT_MIN {
        return None;
    }
    let whole = Part { count: all, of };
    Some(SurveyControl {
        share: kpi::score(count, n)?,
        centre: whole.share()?,
        limits: kpi::control_limits(whole, n)?,
    })
}
