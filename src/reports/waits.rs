//! The wait distribution: cumulative counts on fixed edges, answered and abandoned apart, and the curve of time-to-answer
//! that takes each wait for what is known of it.

use std::time::Duration;

use crate::kpi::{
    self, CellCurve, Curve, Held, Id, Quantiles, Slots, VisitTally, Waits, WatchedWait,
};
use crate::model::ExitClass;
use crate::store::{Rollup, Selection};

use super::context::{Context, Counted, SourceCompleteness};
use super::group::{Group, Tallies};
use super::making::Making;
use super::plan::Plan;
use super::stays::Lens;
use super::{stays, watched};

/// The wait distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitReport {
    /// Definitions, period, completeness.
    pub context: Context,
    /// The edges, rising.
    pub edges: Vec<Duration>,
    /// By interval, queue and exit.
    pub rows: Vec<WaitRow>,
    /// By interval and queue.
    pub curves: Vec<WaitCurve>,
}

/// W11 of one queue, or all.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitCurve {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = all asked for.
    pub queue: String,
    /// Waits that ended with an answer.
    pub answered: u64,
    /// Waits that ended otherwise, or go on.
    pub censored: u64,
    /// The curve, thinned to what can be drawn.
    pub curve: Curve,
    /// Out of roll-ups: how far the exact survival may be below the one shown, at the most; `None` = it is exact.
    pub survival_error: Option<f64>,
}

/// Steps of a curve that are shown: each is a thousandth of the callers at the least.
const STEPS_MAX: usize = 1_000;

/// Doubtful quantiles that are named.
const DOUBTS_SHOWN: usize = 5;

/// The waits of one queue, or all, that ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitRow {
    /// The interval's first instant, local.
    pub bucket_start: String,
    /// The queue; `ALL` = all asked for.
    pub queue: String,
    /// How the visits ended.
    pub exit: ExitClass,
    /// For each edge, how many waits are no longer than it.
    pub up_to: Vec<u64>,
    /// All waits.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
    /// W9 of these waits.
    pub quantiles: Quantiles,
    /// W11, in the row of those answered: `None` where the curve does not go so far.
    pub time_to_answer: Option<Quantiles>,
}

/// The wait distribution in the making. On the event basis the curve needs each wait with the age at which it entered; on
/// the cohort basis it is made of how long waits were, which roll-ups know.
pub(super) struct WaitsMade {
    edges: Vec<Duration>,
    held: Held,
    stands_in: Option<Group>,
    tallies: Tallies<Tally>,
}

impl WaitsMade {
    /// Nothing taken yet; `edges` come beside the fixed ones and the configured thresholds.
    pub(super) fn new(plan: &Plan, edges: &[Duration], held: Held) -> Self {
        let asked = edges.iter().copied().chain(plan.configured());
        Self {
            edges: kpi::wait_edges(asked).to_vec(),
            held,
            stands_in: None,
            tallies: Tallies::new(),
        }
    }

    /// The tallies of a queue and of all.
    fn at(&mut self, bucket: usize, group: Group, then: impl Fn(&mut Tally)) {
        for group in [group, Group::All] {
            let tally = self.tallies.entry((bucket, group));
            then(tally.or_insert_with(|| Tally::new(&self.held)));
        }
    }
}

impl Making for WaitsMade {
    type Report = WaitReport;

    fn stand_in(&mut self, group: Option<Group>) {
        self.stands_in = group;
    }

    fn rows(&mut self, plan: &Plan, rows: &Selection) {
        let own = self.stands_in.clone();
        for stay in stays::stays(plan, rows) {
            let group = || {
                own.clone()
                    .unwrap_or_else(|| Group::Queue(stay.visit.queue.clone()))
            };
            // A visit that waits makes the row, too: its queue is shown with what is known.
            if let Some(bucket) = stay.offered_in(plan) {
                self.at(bucket, group(), |_| ());
            }
            if let (Some(bucket), Some(exit)) = (stay.ended_in(plan), stay.visit.exit) {
                let wait = stay.visit.wait;
                self.at(bucket, group(), |tally| {
                    tally.waits[slot(exit.class())].add(wait);
                });
            }
            let goes_on = stay.visit.exit.is_none();
            for (bucket, watched) in watched::watched(plan, &stay) {
                self.at(bucket, group(), |tally| tally.watch(watched, goes_on));
            }
        }
    }

    fn rollup(&mut self, plan: &Plan, bucket: usize, rollup: &Rollup, slots: &Slots) -> Option<()> {
        let visits = match plan.lens {
            Lens::Visit => &rollup.visits,
            Lens::Journey => &rollup.journeys,
        };
        let wanted = |queue: Option<&str>| plan.wants_name(queue);
        kpi::read_tallies(visits, slots, wanted, |queue, visits: VisitTally| {
            self.at(bucket, Group::named(queue), |tally| {
                for (exit, waits) in [
                    (ExitClass::Answered, &visits.answered),
                    (ExitClass::Abandoned, &visits.abandoned),
                    (ExitClass::Other, &visits.called_back),
                    (ExitClass::Other, &visits.other),
                ] {
                    tally.waits[slot(exit)].merge(waits);
                }
            });
        })
    }

    fn finish(self, plan: &Plan, counted: Counted, sources: Vec<SourceCompleteness>) -> WaitReport {
        let (mut rows, mut curves, mut doubts) = (Vec::new(), Vec::new(), Vec::new());
        for ((bucket, group), mut tally) in self.tallies {
            let (bucket_start, queue) = (plan.bucket_start(bucket), group.name());
            let watched = tally.curve();
            doubts.extend(watched.doubts(&bucket_start, &queue));
            let (curve, survival_error) = watched.shown();
            for exit in ExitClass::ALL.iter().copied() {
                let waits = &mut tally.waits[slot(exit)];
                if exit == ExitClass::Other && waits.count() == 0 {
                    continue;
                }
                let time_to_answer = Quantiles::by(|percent| curve.quantile(percent));
                rows.push(WaitRow {
                    bucket_start: bucket_start.clone(),
                    queue: queue.clone(),
                    exit,
                    up_to: waits.counts_up_to(&self.edges),
                    count: waits.count(),
                    sum: waits.sum(),
                    quantiles: Quantiles::of(&waits.summary()),
                    time_to_answer: (exit == ExitClass::Answered).then_some(time_to_answer),
                });
            }
            let sum = |of: fn(&kpi::Step) -> u64| curve.steps.iter().map(of).sum();
            curves.push(WaitCurve {
                bucket_start,
                queue,
                answered: sum(|step| step.answered),
                censored: sum(|step| step.censored),
                curve: curve.thinned(STEPS_MAX),
                survival_error,
            });
        }
        let definitions = DEFINITIONS.map(Id::definition).to_vec();
        let mut context = Context::of(plan, counted, sources, definitions).following(plan);
        context.cautions.extend(doubts_words(doubts));
        WaitReport {
            context,
            edges: self.edges,
            rows,
            curves,
        }
    }

    fn context(report: &mut WaitReport) -> &mut Context {
        &mut report.context
    }
}

const DEFINITIONS: [Id; 4] = [Id::W1, Id::W2, Id::W9, Id::W11];

/// What the rows of one interval and queue are made of.
struct Tally {
    waits: [Waits; 3],
    /// Waits that the curve watches beside those: with cells the ones that go on, else each by itself.
    watched: Watched,
}

enum Watched {
    Each(Vec<WatchedWait>),
    GoOn(Waits),
}

/// The curve of a tally.
enum MadeCurve {
    Exact(Curve),
    OfCells(CellCurve),
}

impl Tally {
    fn new(held: &Held) -> Self {
        Self {
            waits: std::array::from_fn(|_| Waits::new(held)),
            watched: match held {
                Held::Each => Watched::Each(Vec::new()),
                Held::Cells(_) => Watched::GoOn(Waits::new(held)),
            },
        }
    }

    fn watch(&mut self, wait: WatchedWait, goes_on: bool) {
        match &mut self.watched {
            Watched::Each(watched) => watched.push(wait),
            // One that ended is among the waits already.
            Watched::GoOn(waits) => waits.add(goes_on.then_some(wait.time)),
        }
    }

    fn curve(&self) -> MadeCurve {
        let [answered, abandoned, other] = &self.waits;
        match &self.watched {
            Watched::Each(watched) => MadeCurve::Exact(Curve::of(watched)),
            Watched::GoOn(go_on) => {
                let mut censored = abandoned.clone();
                censored.merge(other);
                censored.merge(go_on);
                let curve = match (answered.clone(), censored) {
                    (Waits::Cells(mut answered), Waits::Cells(mut censored)) => {
                        CellCurve::of(&mut answered, &mut censored)
                    }
                    (Waits::Each(_), _) | (_, Waits::Each(_)) => {
                        debug_assert!(false, "all are held alike");
                        CellCurve::default()
                    }
                };
                MadeCurve::OfCells(curve)
            }
        }
    }
}

impl MadeCurve {
    /// The curve that is shown, and how far it may be off.
    fn shown(&self) -> (&Curve, Option<f64>) {
        match self {
            Self::Exact(curve) => (curve, None),
            Self::OfCells(curve) => (&curve.above, Some(curve.survival_error())),
        }
    }

    /// Quantiles that may be earlier than they are shown, in words.
    fn doubts(&self, bucket_start: &str, queue: &str) -> Vec<String> {
        let Self::OfCells(curve) = self else {
            return Vec::new();
        };
        let doubt = |percent: u8| {
            let (from, to) = curve.quantile(percent);
            let from = from.filter(|from| Some(*from) != to)?;
            let from = kpi::seconds_text(from);
            let to = to.map_or_else(|| "none".to_owned(), kpi::seconds_text);
            Some(format!(
                "p{percent} of {queue} from {bucket_start} on: {from} to {to}"
            ))
        };
        [50, 90, 95, 99].into_iter().filter_map(doubt).collect()
    }
}

/// What roll-ups cannot tell, in a sentence.
fn doubts_words(mut doubts: Vec<String>) -> Option<String> {
    let left = doubts.len().saturating_sub(DOUBTS_SHOWN);
    doubts.truncate(DOUBTS_SHOWN);
    doubts.extend((left > 0).then(|| format!("and {left} more")));
    (!doubts.is_empty()).then(|| {
        format!(
            "sums do not tell answers from hang-ups that are closer than 1 %, so W11 is known between two ages, in \
             seconds: {}; --exact reads every call",
            doubts.join(", ")
        )
    })
}

fn slot(exit: ExitClass) -> usize {
    match exit {
        ExitClass::Answered => 0,
        ExitClass::Abandoned => 1,
        ExitClass::Other => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::WAIT_EDGES;
    use crate::model::{Exit, QueueId, QueueTarget};
    use crate::reports::fixture::{Memory, hotline, query, samara, seconds, visit, waiting};

    fn stored() -> Memory {
        let at = samara("10:00:00");
        Memory::of(Selection {
            visits: vec![
                visit("jobs", at, Exit::Answered, 0),
                visit("jobs", at, Exit::Answered, 7),
                visit("jobs", at, Exit::AbandonedRinging, 20),
                visit("benefits", at, Exit::Timeout, 90),
                waiting("help", at),
            ],
            ..Selection::default()
        })
    }

    /// Queue, exit, counts up to 0 s, 5 s, 10 s and 3600 s, count, sum in seconds.
    fn brief(report: &WaitReport) -> Vec<(&str, &str, [u64; 4], u64, u64)> {
        let column = |edge| {
            report
                .edges
                .iter()
                .position(|e| *e == seconds(edge))
                .unwrap()
        };
        let columns = [0, 5, 10, 3600].map(column);
        let row = |row: &WaitRow| columns.map(|column| row.up_to[column]);
        let rows = report.rows.iter();
        rows.map(|r| {
            (
                r.queue.as_str(),
                r.exit.as_str(),
                row(r),
                r.count,
                r.sum.as_secs(),
            )
        })
        .collect()
    }

    #[test]
    fn each_queue_with_a_visit_has_its_rows() {
        let report = stored().reports(hotline()).waits(&query(), &[]).unwrap();
        assert_eq!(
            brief(&report),
            [
                ("benefits", "answered", [0, 0, 0, 0], 0, 0),
                ("benefits", "abandoned", [0, 0, 0, 0], 0, 0),
                ("benefits", "other", [0, 0, 0, 1], 1, 90),
                ("help", "answered", [0, 0, 0, 0], 0, 0),
                ("help", "abandoned", [0, 0, 0, 0], 0, 0),
                ("jobs", "answered", [1, 1, 2, 2], 2, 7),
                ("jobs", "abandoned", [0, 0, 0, 1], 1, 20),
                ("ALL", "answered", [1, 1, 2, 2], 2, 7),
                ("ALL", "abandoned", [0, 0, 0, 1], 1, 20),
                ("ALL", "other", [0, 0, 0, 1], 1, 90),
            ]
        );
    }

    #[test]
    fn edges_are_fixed_configured_and_asked_for() {
        let mut options = hotline();
        let own = QueueTarget {
            service_level: seconds(33),
            short_abandon: seconds(3),
        };
        options
            .targets
            .queues
            .insert(QueueId::new("jobs"), own.into());
        let report = stored()
            .reports(options)
            .waits(&query(), &[seconds(22), seconds(20)])
            .unwrap();
        let mut expected = WAIT_EDGES.to_vec();
        expected.extend([3, 22, 33].map(seconds));
        expected.sort_unstable();
        assert_eq!(report.edges, expected);
        assert!(
            report
                .rows
                .iter()
                .all(|row| row.up_to.len() == expected.len())
        );
    }

    #[test]
    fn a_period_without_visits_has_no_rows() {
        let report = Memory::default()
            .reports(hotline())
            .waits(&query(), &[])
            .unwrap();
        assert_eq!(report.rows, []);
    }
}
