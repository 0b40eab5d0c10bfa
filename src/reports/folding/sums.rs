//! The sums of an interval: of rows, or of roll-ups within it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kpi::{
    self, CallTally, Counting, Edges, Held, RollupHead, Slots, Tally, TransferTally, VisitTally,
    WrittenTallies,
};
use crate::model::{Floor, PlannedRoutes, QueueId, Targets};
use crate::reports::bucket::Bucket;
use crate::reports::group::Group;
use crate::reports::making::{KnownSlots, Making};
use crate::reports::plan::{Part, Plan, Query};
use crate::reports::queue_calls;
use crate::reports::queues::Queues;
use crate::reports::service::Options;
use crate::reports::stays::Lens;
use crate::reports::transfers::Transfers;
use crate::reports::zone::Zone;
use crate::store::{Level, Period, Rollup, Selection};

/// Queues whose sums lie in memory at a time, 4 KiB each: names that somebody invents are no queues, but nobody knows.
pub(super) const QUEUES_AT_ONCE: usize = 2_000;

/// The sums of each quarter of a period in which something was, from the rows of settled calls, so many queues at a time.
pub(super) fn of_rows(
    period: Period,
    rows: &Selection,
    (counting, routes): (&Counting, &PlannedRoutes),
    at_once: usize,
) -> Vec<Rollup> {
    let plan = |lens| plan(period, lens, routes);
    let plans = plan(Lens::Visit).zip(plan(Lens::Journey));
    let Some((plan, as_visits)) = plans else {
        return Vec::new();
    };
    let mut made = BTreeMap::<usize, Sums>::new();
    for call in &rows.calls {
        let Some(bucket) = plan.buckets.index_of(call.arrived_at) else {
            continue;
        };
        let head = &mut made.entry(bucket).or_default().head;
        if call.test {
            head.test += 1;
        } else {
            head.digest.add(&call.source, &call.call);
        }
    }
    let held = Held::Cells(counting.edges.clone());
    for part in parts(rows, at_once) {
        let (plan, as_visits) = (plan.of_part(part.clone()), as_visits.of_part(part));
        add_part(&mut made, rows, &plan, &as_visits, &held);
    }
    let starts = plan.buckets.starts();
    let rollups = made.into_iter().filter_map(|(bucket, sums)| {
        let start = *starts.get(bucket)?;
        let end = starts.get(bucket + 1).copied().unwrap_or(period.1);
        Some(sums.rollup(Level::Quarter, (start, end), counting))
    });
    rollups.collect()
}

/// Adds the sums of a part of the queues, which lies behind those before.
fn add_part(
    made: &mut BTreeMap<usize, Sums>,
    rows: &Selection,
    plan: &Plan,
    as_visits: &Plan,
    held: &Held,
) {
    let mut queues = Queues::new(Vec::new(), held.clone());
    queues.rows(plan, rows);
    for ((bucket, group), mut tally) in queues.tallies() {
        let Some(queue) = queue(&group) else { continue };
        let sums = made.entry(bucket).or_default();
        // Rows of both reports begin where a call or a visit is; of transfers, where any call is.
        if tally.calls.arrived > 0 {
            sums.calls.put(queue, &mut tally.calls);
        }
        if tally.visits.offered > 0 {
            sums.visits.put(queue, &mut tally.visits);
        }
    }
    let mut queues = Queues::new(Vec::new(), held.clone());
    queues.rows(as_visits, rows);
    for ((bucket, group), mut tally) in queues.tallies() {
        let Some(queue) = queue(&group) else { continue };
        if tally.visits.offered > 0 {
            let journeys = &mut made.entry(bucket).or_default().journeys;
            journeys.put(queue, &mut tally.visits);
        }
    }
    let mut transfers = Transfers::new(None);
    transfers.rows(plan, rows);
    for ((bucket, group), mut tally) in transfers.tallies() {
        let Some(queue) = queue(&group) else { continue };
        let transfers = &mut made.entry(bucket).or_default().transfers;
        transfers.put(queue, &mut tally);
    }
}

/// The queues of these rows, cut into parts of so many, in order.
fn parts(rows: &Selection, at_once: usize) -> Vec<Part> {
    let of_visits = rows.visits.iter().map(|visit| &visit.queue);
    let of_calls = rows.calls.iter().flat_map(|call| {
        let answered = call.first_answer_queue.as_ref();
        answered.into_iter().chain(queue_calls::belongs_to(call))
    });
    let names: BTreeSet<&QueueId> = of_visits.chain(of_calls).collect();
    let cuts = names.into_iter().step_by(at_once).skip(1);
    let mut parts = vec![Part::default()];
    for cut in cuts {
        let from = Some(cut.clone());
        if let Some(before) = parts.last_mut() {
            before.before.clone_from(&from);
        }
        parts.push(Part { from, before: None });
    }
    parts
}

/// The sums of an interval that these roll-ups make up; `None` = one is damaged, `Some(None)` = nothing was in it.
pub(super) fn of_rollups(
    level: Level,
    period: Period,
    within: &[Rollup],
    counting: &Counting,
) -> Option<Option<Rollup>> {
    if within.is_empty() {
        return Some(None);
    }
    let mut sum = RollupHead::default();
    for rollup in within {
        let head = RollupHead::read(&rollup.head)?;
        sum.digest.merge(head.digest);
        sum.test += head.test;
    }
    let slots = slots(within, &counting.edges)?;
    Some(Some(Rollup {
        level,
        period,
        edges: counting.write(),
        head: sum.write(),
        transfers: added(within, &slots, |of| &of.transfers, TransferTally::merge)?,
        calls: added(within, &slots, |of| &of.calls, CallTally::merge)?,
        visits: added(within, &slots, |of| &of.visits, VisitTally::merge)?,
        journeys: added(within, &slots, |of| &of.journeys, VisitTally::merge)?,
    }))
}

/// How each roll-up's waits are read on these edges; `None` = one's cannot be.
fn slots(within: &[Rollup], edges: &Edges) -> Option<Vec<Slots>> {
    let mut known = KnownSlots::default();
    let slots = within.iter().map(|rollup| {
        let read = known.of(&rollup.edges, edges)?;
        read.lacking.is_empty().then(|| read.slots.clone())
    });
    slots.collect()
}

/// The sums of one kind that roll-ups make up, as bytes; `None` = one is damaged.
fn added<T: Tally>(
    within: &[Rollup],
    slots: &[Slots],
    kind: fn(&Rollup) -> &[u8],
    merge: fn(&mut T, &T),
) -> Option<Vec<u8>> {
    let parts = within.iter().zip(slots);
    let parts = parts.map(|(rollup, slots)| (kind(rollup), slots.clone()));
    kpi::merge_tallies(&parts.collect::<Vec<_>>(), merge)
}

/// The sums of one interval, written queue by queue: of each kind those of one queue alone are in memory besides.
#[derive(Default)]
struct Sums {
    head: RollupHead,
    transfers: WrittenTallies,
    calls: WrittenTallies,
    visits: WrittenTallies,
    journeys: WrittenTallies,
}

impl Sums {
    fn rollup(self, level: Level, period: Period, counting: &Counting) -> Rollup {
        Rollup {
            level,
            period,
            edges: counting.write(),
            head: self.head.write(),
            transfers: self.transfers.finish(),
            calls: self.calls.finish(),
            visits: self.visits.finish(),
            journeys: self.journeys.finish(),
        }
    }
}

/// The queue of a group, or none; nothing for all of them.
fn queue(group: &Group) -> Option<Option<&str>> {
    match group {
        Group::Queue(queue) => Some(Some(queue.as_str())),
        Group::NoQueue => Some(None),
        Group::All => None,
    }
}

/// The period by quarters. Thresholds are of no matter: judged is when roll-ups are read. What routes leave out is not.
fn plan((start, end): Period, lens: Lens, routes: &PlannedRoutes) -> Option<Plan> {
    let query = Query {
        start: Some(start),
        end: Some(end),
        bucket: Bucket::Minutes15,
        lens,
        ..Query::default()
    };
    let options = Options {
        zone: Zone::find("UTC").ok()?,
        targets: Targets::default(),
        floor: Arc::new(Floor {
            routes: routes.clone(),
            ..Floor::default()
        }),
        altered: Arc::default(),
    };
    Plan::of(&query, &options).ok()
}
