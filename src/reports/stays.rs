//! What a queue's row counts, and in which interval: visits, or each call once from its first queue to its first human.
//!
//! On the cohort basis everything about a stay belongs to the interval in which it began (of a call: in which it
//! arrived), so that rows are conserved. On the event basis each thing belongs to the interval in which it happened: a
//! stay is offered in one, decided in another, and ends in a third.

use std::borrow::Cow;

use crate::kpi;
use crate::model::{CallRow, Timestamp, VisitRow};
use crate::store::Selection;

use super::plan::Plan;

/// What a row of a queue counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lens {
    /// Stays in a queue, one after another.
    #[default]
    Visit,
    /// Calls, each once, under the first queue that it entered.
    Journey,
}

impl Lens {
    /// Every lens.
    pub const ALL: [Self; 2] = [Self::Visit, Self::Journey];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Journey => "journey",
        }
    }
}

/// To which interval something belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// To that in which its visit began or its call arrived.
    #[default]
    Cohort,
    /// To that in which it happened.
    Event,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 2] = [Self::Cohort, Self::Event];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cohort => "cohort",
            Self::Event => "event",
        }
    }
}

/// A visit, or a call as one.
pub(super) struct Stay<'a> {
    /// The visit; of a call the one from its first queue entry to its first answer or its end.
    pub(super) visit: Cow<'a, VisitRow>,
    /// Where it belongs on the cohort basis.
    cohort_at: Timestamp,
}

/// The stays in the queues asked for, as the lens has them.
pub(super) fn stays<'a>(
    plan: &'a Plan,
    selection: &'a Selection,
) -> Box<dyn Iterator<Item = Stay<'a>> + 'a> {
    match plan.lens {
        Lens::Visit => {
            let visits = selection.visits.iter();
            let wanted = visits.filter(move |visit| plan.wants(Some(&visit.queue)));
            Box::new(wanted.map(|visit| Stay {
                cohort_at: visit.entered_at,
                visit: Cow::Borrowed(visit),
            }))
        }
        Lens::Journey => {
            let journeys = selection.calls.iter().filter_map(journey);
            Box::new(journeys.filter(move |stay| plan.wants(Some(&stay.visit.queue))))
        }
    }
}

fn journey(call: &CallRow) -> Option<Stay<'_>> {
    let journey = kpi::journey_of(call)?;
    let visit = VisitRow {
        queue: call.first_queue.clone()?,
        entered_at: journey.entered_at,
        exit: journey.exit,
        exited_at: journey.exited_at,
        wait: journey.wait,
        // Of a call that goes on nobody knows how long the talk will be.
        talk: (call.answered && call.ended_at.is_some()).then_some(call.talk),
        first: true,
        provisional: call.provisional,
        missed_offer_time: call.missed_offer_time,
        after_transfer: false,
        waits_at: journey.exit.is_none().then(|| call.source.clone()),
    };
    Some(Stay {
        visit: Cow::Owned(visit),
        cohort_at: call.arrived_at,
    })
}

impl Stay<'_> {
    /// The bucket in which it is offered.
    pub(super) fn offered_in(&self, plan: &Plan) -> Option<usize> {
        plan.index_of(match plan.basis {
            Basis::Cohort => self.cohort_at,
            Basis::Event => self.visit.entered_at,
        })
    }

    /// The bucket in which it ends, if it has ended.
    pub(super) fn ended_in(&self, plan: &Plan) -> Option<usize> {
        self.visit.exit?;
        match plan.basis {
            Basis::Cohort => self.offered_in(plan),
            // Of some answers nobody knows when they were.
            Basis::Event => match self.visit.exited_at {
                Some(exited_at) => plan.index_of(exited_at),
                None => self.offered_in(plan),
            },
        }
    }

    /// The bucket in which it is decided, if it is.
    pub(super) fn decided_in(&self, plan: &Plan) -> Option<usize> {
        let (entered_at, ended) = (self.visit.entered_at, self.visit.exit.is_some());
        let threshold = plan.target(&self.visit.queue, entered_at).service_level;
        let read_at = plan.read_at(self.visit.waits_at.as_ref());
        if !kpi::is_decided(ended, entered_at, threshold, read_at) {
            return None;
        }
        match plan.basis {
            Basis::Cohort => self.offered_in(plan),
            Basis::Event => {
                let exited_at = self.visit.exited_at;
                let at = kpi::decided_at(entered_at, exited_at, threshold);
                plan.index_of(at)
            }
        }
    }
}
