//! Whatever the facts, and wherever a restart falls among them, the text is the same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::{FailedTransfer, Reroute, TransferFailure};

fn any_queue() -> impl Strategy<Value = QueueId> {
    let names = vec!["sales", "tech", "none", "other", "a \"b\" \\ c", "ночь"];
    select(names).prop_map(queue)
}

fn any_span() -> impl Strategy<Value = Duration> {
    let on_edges = select(vec![0, 5, 20, 3_600]).prop_map(Duration::from_secs);
    prop_oneof![
        on_edges,
        (0..10_000_000_000u64).prop_map(Duration::from_micros)
    ]
}

fn any_leg() -> impl Strategy<Value = Leg> {
    let queue = prop::option::of(any_queue());
    (queue, 0..500i64, 0..500i64, any_span()).prop_map(|(queue, from, to, hold)| Leg {
        queue,
        ..leg(None, from, to, hold)
    })
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let result = prop::option::of(select(OfferResult::ALL));
    (prop::option::of(any_queue()), result).prop_map(|(queue, result)| Offer {
        queue,
        ..offer("", result)
    })
}

fn any_transfer() -> impl Strategy<Value = Transfer> {
    let outcome = select(TransferOutcome::ALL);
    (select(TargetKind::ALL), outcome).prop_map(|(target, outcome)| transfer(target, outcome))
}

fn any_failure() -> impl Strategy<Value = FailedTransfer> {
    let target = prop::option::of(select(TargetKind::ALL));
    (target, select(TransferMethod::ALL)).prop_map(|(target, method)| FailedTransfer {
        at: at(1),
        method,
        target,
        to: crate::model::Text::default(),
        from_agent: AgentId::new("ann"),
        from_queue: None,
        cause: TransferFailure::Busy,
    })
}

fn any_call() -> impl Strategy<Value = CallRecord> {
    let direction = select(Direction::ALL);
    let reroutes = vec((any_queue(), any_queue()), 0..3);
    let head = (select(Outcome::ALL), direction, any::<bool>(), reroutes);
    let parts = (
        vec(any_leg(), 0..4),
        vec(any_offer(), 0..4),
        vec(any_transfer(), 0..7),
        vec(any_failure(), 0..2),
    );
    (head, parts).prop_map(|(head, (legs, offers, transfers, failed_transfers))| {
        let (outcome, direction, test, reroutes) = head;
        let reroutes = reroutes.into_iter().map(|(from, to)| Reroute { from, to });
        CallRecord {
            direction,
            test,
            legs,
            offers,
            transfers,
            failed_transfers,
            reroutes: reroutes.collect(),
            ..record(outcome)
        }
    })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let visit = (any_queue(), select(Exit::ALL), prop::option::of(any_span()));
    let flags = (any::<bool>(), any::<bool>());
    prop_oneof![
        Just(Fact::CallArrived),
        Just(Fact::Corrected),
        any_queue().prop_map(|queue| Fact::VisitOffered { queue }),
        any_queue().prop_map(|queue| Fact::VisitDecided { queue }),
        (visit, flags).prop_map(|((queue, exit, wait), (within_target, short))| {
            Fact::VisitEnded {
                queue,
                exit,
                wait,
                within_target,
                short,
            }
        }),
        (any_queue(), any_span()).prop_map(|(queue, span)| Fact::WrapUp { queue, span }),
        (select(vec![Mode::Live, Mode::Backfill]), any_call())
            .prop_map(|(mode, call)| settled(mode, call)),
    ]
}

/// Applies the facts, with a restart wherever one is asked for.
fn run(facts: &[Fact], restarts: &[usize]) -> String {
    let mut rows = Rows::default();
    let mut totals = totals("sales");
    for (done, fact) in facts.iter().enumerate() {
        if restarts.contains(&done) {
            rows.save(&mut totals);
            totals = Totals::restore(&targets("sales"), rows.load()).unwrap();
        }
        totals.apply(&source(), fact);
    }
    render(totals)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn restarts_change_nothing(
        facts in vec(any_fact(), 1..40),
        restarts in vec(0..40usize, 1..4),
    ) {
        let (restarted, straight) = (run(&facts, &restarts), run(&facts, &[]));
        let mut lines = restarted.lines().zip(straight.lines());
        prop_assert_eq!(lines.find(|(restarted, straight)| restarted != straight), None);
        prop_assert_eq!(restarted.len(), straight.len());
    }
}
