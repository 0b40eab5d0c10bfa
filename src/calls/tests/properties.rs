//! What holds for any events in any order.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::calls::{Calls, Options, record_of_open, record_of_told};
use crate::model::{CallKey, CallRecord, EpochIndex, Fact, Mark, Marks, Mode, Timestamp};

use super::chance::{anything, plausible};
use super::notation::Step;
use super::run::{self, EPOCH, all_settled, arrival};
use super::sane::check_record;

/// What was said of the queues, added up.
#[derive(Default)]
struct Ledger {
    offered: HashMap<String, i64>,
    ended: HashMap<String, i64>,
    decided: HashMap<String, i64>,
    waiting: HashMap<String, i64>,
}

impl Ledger {
    fn take(&mut self, facts: &[Fact], calls: &mut Calls) {
        for fact in facts {
            let (book, queue) = match fact {
                Fact::VisitOffered { queue } => (&mut self.offered, queue),
                Fact::VisitEnded { queue, .. } => (&mut self.ended, queue),
                Fact::VisitDecided { queue } => (&mut self.decided, queue),
                Fact::CallArrived
                | Fact::Corrected
                | Fact::WrapUp { .. }
                | Fact::AgentTold { .. }
                | Fact::LineTold { .. }
                | Fact::Settled(_)
                | Fact::Late { .. }
                | Fact::CallExists { .. } => continue,
            };
            *book.entry(queue.to_string()).or_default() += 1;
        }
        for now in calls.take_queues() {
            assert_eq!(now.oldest_entry.is_some(), now.waiting > 0);
            assert_eq!(now.oldest_journey.is_some(), now.waiting > 0);
            self.waiting
                .insert(now.queue.to_string(), now.waiting as i64);
        }
        for queue in ["q", "r", "s"] {
            let of = |book: &HashMap<String, i64>| book.get(queue).copied().unwrap_or(0);
            let (offered, ended) = (of(&self.offered), of(&self.ended));
            assert_eq!(offered, ended + of(&self.waiting), "conserved in {queue}");
            assert!(of(&self.decided) >= ended, "what ended is decided");
            assert!(of(&self.decided) <= offered, "decided once");
        }
    }

    fn is_closed(&self) -> bool {
        self.waiting.values().all(|waiting| *waiting == 0) && self.decided == self.ended
    }
}

/// Several calls' steps as one stream: which call, which step, and whether the watermark moves with it.
fn streams() -> impl Strategy<Value = Vec<(u8, Step, bool)>> {
    let mixed = prop_oneof![anything(), plausible()];
    let calls = proptest::collection::vec(mixed, 1..4).prop_map(|calls| {
        let all = calls.into_iter().enumerate();
        let steps =
            all.flat_map(|(call, steps)| steps.into_iter().map(move |step| (call as u8, step)));
        steps.collect::<Vec<_>>()
    });
    let ordered = calls.clone().prop_map(|mut all| {
        all.sort_by_key(|(_, step)| step.at);
        all
    });
    let mixed = prop_oneof![ordered, calls.prop_shuffle()];
    let with_clock = |all: Vec<(u8, Step)>| {
        let moves = proptest::collection::vec(any::<bool>(), all.len());
        (Just(all), moves)
    };
    mixed.prop_flat_map(with_clock).prop_map(|(all, moves)| {
        let numbered = all.into_iter().zip(moves).enumerate();
        numbered
            .map(|(index, ((call, mut step), moves))| {
                step.sequence = index as u64 + 1;
                (call, step, moves)
            })
            .collect()
    })
}

struct Live {
    calls: Calls,
    settled: HashMap<CallKey, EpochIndex>,
    facts: Vec<Fact>,
}

impl Live {
    fn new() -> Self {
        Self {
            calls: Calls::new(Options::default()),
            settled: HashMap::new(),
            facts: Vec::new(),
        }
    }

    /// Tells one step; returns how many facts there were before.
    fn tell(&mut self, (call, step, moves): &(u8, Step, bool)) -> usize {
        let sent_at = if *moves { step.at } else { Timestamp::MIN };
        let before = self.facts.len();
        let settled = |key| self.settled.get(&key).copied();
        let event = run::event(&call.to_string(), step);
        let arrival = arrival(Mode::Live, sent_at);
        self.calls
            .handle_event(arrival, event, settled, &mut self.facts);
        self.note(before);
        before
    }

    fn expire(&mut self) -> usize {
        let before = self.facts.len();
        self.calls.handle_clock(run::MUCH_LATER, &mut self.facts);
        self.note(before);
        before
    }

    fn note(&mut self, before: usize) {
        for settled in all_settled(&self.facts[before..]) {
            self.settled.insert(settled.key, EPOCH);
        }
    }
}

/// The record but for one mark.
fn without(mark: Mark, record: &CallRecord) -> CallRecord {
    let mut record = record.clone();
    record.marks = Marks::from_bits(record.marks.bits() & !(mark as u32));
    record
}

/// Tells all steps while the watermark stands still, then lets the call settle.
fn record_of(steps: &[Step]) -> CallRecord {
    let mut live = Live::new();
    for step in steps {
        live.tell(&(0, step.clone(), false));
    }
    live.expire();
    run::settled(&live.facts).record.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_visit_is_conserved_after_every_event(stream in streams()) {
        let mut live = Live::new();
        let mut ledger = Ledger::default();
        for event in &stream {
            let before = live.tell(event);
            ledger.take(&live.facts[before..], &mut live.calls);
        }
        let before = live.expire();
        ledger.take(&live.facts[before..], &mut live.calls);
        prop_assert!(ledger.is_closed());
        prop_assert_eq!(live.calls.live_records().count(), 0);
        for settled in all_settled(&live.facts) {
            check_record(&settled.record);
            let again = record_of_told(&settled.told);
            prop_assert_eq!(again.as_ref(), Ok(&settled.record));
        }
    }

    #[test]
    fn a_restart_at_any_point_changes_no_fact(stream in streams(), restarts in proptest::collection::vec(any::<Index>(), 1..6)) {
        let mut through = Live::new();
        for event in &stream {
            through.tell(event);
        }
        through.expire();

        let mut stopped = Live::new();
        let mut kept = HashMap::new();
        let at: Vec<usize> = restarts.iter().map(|index| index.index(stream.len())).collect();
        for (index, event) in stream.iter().enumerate() {
            stopped.tell(event);
            if at.contains(&index) {
                let changes = stopped.calls.take_changes();
                kept.extend(changes.written.into_iter().map(|call| (call.key, call.state)));
                changes.closed.iter().for_each(|key| drop(kept.remove(key)));
                let source = stopped.calls.write_source();
                let restored = Calls::restore(Options::default(), Some(&source), kept.clone());
                stopped.calls = restored.expect("what was written can be read");
                prop_assert_eq!(stopped.calls.write_source(), source);
                for state in kept.values() {
                    prop_assert!(record_of_open(state).is_some());
                }
            }
        }
        stopped.expire();
        prop_assert_eq!(format!("{:?}", stopped.facts), format!("{:?}", through.facts));
    }

    #[test]
    fn the_order_of_coming_in_changes_no_record((steps, shuffled) in shuffled(anything())) {
        let record = record_of(&steps);
        prop_assert_eq!(record_of(&shuffled), record);
    }

    #[test]
    fn the_order_of_telling_changes_no_record_of_a_call_that_fits((steps, mut shuffled) in shuffled(plausible())) {
        let record = record_of(&steps);
        for (index, step) in shuffled.iter_mut().enumerate() {
            step.sequence = index as u64 + 1;
        }
        prop_assert_eq!(without(Mark::Reordered, &record_of(&shuffled)), record);
    }

    #[test]
    fn telling_twice_changes_no_record((steps, doubled) in doubled()) {
        let record = record_of(&steps);
        let told = record_of(&doubled);
        prop_assert!(told.marks.has(Mark::ToldTwice));
        prop_assert_eq!(without(Mark::ToldTwice, &told), without(Mark::ToldTwice, &record));
    }

    #[test]
    fn history_comes_to_the_same_as_live(steps in anything()) {
        let mut calls = Calls::new(Options::default());
        let mut facts = Vec::new();
        for step in &steps {
            calls.handle_event(arrival(Mode::Backfill, step.at), run::event("0", step), |_| None, &mut facts);
        }
        prop_assert!(facts.is_empty());
        calls.handle_finish(EPOCH, true, &mut facts);
        prop_assert_eq!(&run::settled(&facts).record, &record_of(&steps));
    }

    #[test]
    fn a_plausible_call_is_conserved(steps in plausible()) {
        let record = record_of(&steps);
        check_record(&record);
        prop_assert_eq!(record.marks.bits(), 0);
        // Between two legs in a row the caller was passed on, requeued, or came back.
        prop_assert!(record.transfers.len() + record.requeued as usize >= record.legs.len().saturating_sub(1) - back(&record));
        prop_assert_eq!(record.failed_transfers.len(), 0);
    }
}

fn back(record: &CallRecord) -> usize {
    let pairs = record.legs.windows(2);
    pairs.filter(|pair| pair[0].agent == pair[1].agent).count()
}

fn shuffled(
    steps: impl Strategy<Value = Vec<Step>>,
) -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    steps.prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle()))
}

/// Steps, and the same with some of them told again under new numbers, coming in in any order.
fn doubled() -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    let again = proptest::collection::vec(any::<Index>(), 1..8);
    let steps = prop_oneof![anything(), plausible()];
    (steps, again).prop_flat_map(|(steps, again)| {
        let mut all = steps.clone();
        for copy in again {
            let sequence = all.len() as u64 + 1;
            let copy = copy.get(&steps).clone();
            all.push(Step { sequence, ..copy });
        }
        (Just(steps), Just(all).prop_shuffle())
    })
}
