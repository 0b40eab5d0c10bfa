//! The bytes of roll-ups: what is written is read, what is damaged is not, and version 1 stays what it is.

use std::collections::BTreeMap;

use std::time::Duration;

use super::*;
use crate::kpi::{Counting, Edges, Held};
use crate::model::{
    CallId, Exit, Outcome, PlannedRoutes, QueueId, QueueTarget, SourceId, Timestamp,
    TransferFailure, TransferMethod, TransferOutcome, TransferRow, VisitRow, fixture,
};

const GOLDEN_V1: &str = include_str!("../../tests/golden/rollup-v1.hex");

/// The bytes of the sums of queues; those of no queue are under `None`.
fn write_tallies<'a, T: Tally + 'a>(
    tallies: impl IntoIterator<Item = (Option<&'a QueueId>, &'a mut T)>,
) -> Vec<u8> {
    let mut written = WrittenTallies::default();
    for (queue, tally) in tallies {
        written.put(queue.map(QueueId::as_str), tally);
    }
    written.finish()
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn counting() -> Counting {
    let own = [s(33), Duration::from_millis(17_500)];
    Counting::of(own, &PlannedRoutes::default())
}

fn edges() -> Edges {
    counting().edges
}

fn slots() -> Slots {
    Slots::of_edges(&edges(), &edges()).unwrap()
}

fn visits() -> VisitTally {
    let mut tally = VisitTally::new(&Held::Cells(edges()));
    let exits = Exit::ALL.iter().zip([0, 17, 33, 40, 40, 90, 90, 91, 4_000]);
    for (exit, wait) in exits {
        let entered_at = Timestamp::default();
        let visit = VisitRow {
            queue: QueueId::new("jobs"),
            entered_at,
            exit: Some(*exit),
            exited_at: Some(entered_at.plus(s(wait))),
            wait: Some(s(wait)),
            talk: (*exit == Exit::Answered).then_some(s(7)),
            first: true,
            provisional: false,
            missed_offer_time: s(3),
            after_transfer: *exit == Exit::AbandonedWaiting,
            waits_at: None,
        };
        tally.add_offered(&visit);
        tally.add_decided();
        tally.add_ended(&visit, QueueTarget::default(), s(10));
    }
    tally
}

fn calls() -> CallTally {
    let mut tally = CallTally::new(&Held::Cells(edges()));
    for (number, outcome) in (1..).zip(Outcome::ALL) {
        let arrived_at = Timestamp::default();
        let call = crate::model::CallRow {
            outcome: Some(*outcome),
            visits: 1,
            first_queue: Some(QueueId::new("jobs")),
            answered: *outcome == Outcome::Served,
            first_entered_at: Some(arrived_at.plus(s(2))),
            first_answered_at: (*outcome == Outcome::Served).then(|| arrived_at.plus(s(30))),
            ended_at: Some(arrived_at.plus(s(10 * number))),
            queue_wait: s(number),
            ..fixture::call(arrived_at)
        };
        tally.add_arrived(&call);
        tally.add_answered(&call);
        tally.add_decided(true);
        tally.add_ended(&call);
    }
    tally
}

fn transfers() -> TransferTally {
    let mut tally = TransferTally::default();
    for transfers in [0, 1, 2, 7] {
        let call = crate::model::CallRow {
            answered: true,
            visits: 1,
            transfers,
            returns: transfers / 2,
            reroutes: 1,
            requeued: 1,
            consult_only: 2,
            failed_transfers: vec![TransferFailure::Busy],
            transfer_wait: s(12),
            first_answer_queue: Some(QueueId::new("jobs")),
            last_answer_queue: Some(QueueId::new("help")),
            ..fixture::call(Timestamp::default())
        };
        tally.add_call(&call, &PlannedRoutes::default(), 0, 2);
    }
    for (outcome, from_queue) in [
        (TransferOutcome::Answered, Some("jobs")),
        (TransferOutcome::Abandoned, None),
        (TransferOutcome::Returned, Some("help")),
    ] {
        tally.add_transfer(&TransferRow {
            method: TransferMethod::Attended,
            from_queue: from_queue.map(QueueId::new),
            is_return: true,
            outcome: Some(outcome),
            wait: s(12),
            spent: s(50),
            ..fixture::transfer(Some("jobs"), "help")
        });
    }
    tally
}

fn head() -> RollupHead {
    let mut digest = CallsDigest::default();
    digest.add(&SourceId::new("pbx"), &CallId::new("1"));
    RollupHead { digest, test: 3 }
}

/// The sections of one roll-up, each with its name.
fn written() -> [(&'static str, Vec<u8>); 5] {
    let jobs = QueueId::new("jobs");
    [
        ("edges", counting().write()),
        ("head", head().write()),
        (
            "transfers",
            write_tallies([(Some(&jobs), &mut transfers())]),
        ),
        (
            "calls",
            write_tallies([(None, &mut calls()), (Some(&jobs), &mut calls())]),
        ),
        ("visits", write_tallies([(Some(&jobs), &mut visits())])),
    ]
}

fn by_queue<T: Tally>(bytes: &[u8], wanted: Option<&str>) -> Option<BTreeMap<Option<String>, T>> {
    let mut read = BTreeMap::new();
    let is_wanted = |queue: Option<&str>| wanted.is_none() || wanted == queue;
    read_tallies(bytes, &slots(), is_wanted, |queue, tally| {
        read.insert(queue.map(str::to_owned), tally);
    })?;
    Some(read)
}

#[test]
fn version_1_stays_what_it_is() {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let lines = written().map(|(name, bytes)| format!("{name} {}\n", hex(&bytes)));
    assert_eq!(lines.concat(), GOLDEN_V1);
}

#[test]
fn what_is_written_is_read() {
    let [
        (_, edges_bytes),
        (_, head_bytes),
        (_, transfers_bytes),
        (_, calls_bytes),
        (_, visits_bytes),
    ] = written();
    assert_eq!(Counting::read(&edges_bytes), Some(counting()));
    assert_eq!(RollupHead::read(&head_bytes), Some(head()));

    let mut read = by_queue::<TransferTally>(&transfers_bytes, None).unwrap();
    let mut read = read.remove(&Some("jobs".to_owned())).unwrap();
    // Of calls with 0, 1, 2 and 7 transfers two have more than one.
    for (limit, excessive) in [(0, 3), (1, 2), (2, 1), (5, 1)] {
        assert!(TransferTally::can_judge(limit));
        read.judge(limit);
        assert_eq!(read.excessive, excessive, "more than {limit}");
    }
    assert!(!TransferTally::can_judge(6));
    read.judge(2);
    assert_eq!(read, transfers());
    // Of the two transfers one went along a planned route.
    let call = crate::model::CallRow {
        answered: true,
        transfers: 2,
        ..fixture::call(Timestamp::default())
    };
    let mut along = transfers();
    along.add_call(&call, &PlannedRoutes::default(), 1, 2);
    let bytes = write_tallies([(Some(&QueueId::new("jobs")), &mut along.clone())]);
    let mut read = by_queue::<TransferTally>(&bytes, None).unwrap();
    let mut read = read.remove(&Some("jobs".to_owned())).unwrap();
    for (limit, excessive) in [(0, 4), (1, 2), (2, 1)] {
        read.judge(limit);
        assert_eq!(read.excessive, excessive, "more than {limit}");
    }
    assert_eq!(read, along);

    let read = by_queue::<CallTally>(&calls_bytes, None).unwrap();
    assert_eq!(read.len(), 2);
    for mut tally in read.into_values() {
        // Answered after 28 s: within 30 s and not within 20 s.
        tally.judge(s(20));
        assert_eq!(tally.journeys.answered_within, 0);
        tally.judge(s(30));
        assert_eq!(tally.journeys.answered_within, 1);
        let mut again = Vec::new();
        tally.write(&mut again);
        let mut first = Vec::new();
        calls().write(&mut first);
        assert_eq!(again, first);
        let all = calls();
        assert_eq!(
            (
                tally.arrived,
                tally.ended,
                tally.offered,
                tally.offered_ended
            ),
            (all.arrived, all.ended, all.offered, all.offered_ended)
        );
    }
    assert_eq!(
        by_queue::<CallTally>(&calls_bytes, Some("jobs"))
            .unwrap()
            .len(),
        1
    );

    let mut read = by_queue::<VisitTally>(&visits_bytes, None).unwrap();
    let mut read = read.remove(&Some("jobs".to_owned())).unwrap();
    read.judge(QueueTarget::default());
    let mut again = Vec::new();
    read.write(&mut again);
    let mut first = Vec::new();
    visits().write(&mut first);
    assert_eq!(again, first);
    let all = visits();
    assert_eq!(
        (read.offered, read.ended, read.waiting, read.counts),
        (all.offered, all.ended, 0, all.counts)
    );
}

#[test]
fn damage_is_found() {
    for (name, bytes) in written() {
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            let is_read = match name {
                "edges" => Counting::read(&damaged).is_some(),
                "head" => RollupHead::read(&damaged).is_some(),
                "transfers" => by_queue::<TransferTally>(&damaged, None).is_some(),
                "calls" => by_queue::<CallTally>(&damaged, None).is_some(),
                _ => by_queue::<VisitTally>(&damaged, None).is_some(),
            };
            assert!(!is_read, "{name} with byte {place} damaged");
            assert!(Counting::read(&bytes[..place]).is_none());
        }
    }
}

#[test]
fn roll_ups_are_added_up_queue_by_queue() {
    let names = [None, Some("a"), Some("b"), Some("jobs"), Some("ü")];
    let of = |queues: &[usize]| {
        let queues = queues.iter().map(|place| names[*place].map(QueueId::new));
        let mut tallies: BTreeMap<_, _> = queues.map(|queue| (queue, visits())).collect();
        let tallies = tallies.iter_mut();
        write_tallies(tallies.map(|(queue, tally)| (queue.as_ref(), tally)))
    };
    let parts = [of(&[0, 2, 4]), of(&[]), of(&[1, 2, 3]), of(&[0, 2])];
    let parts = parts.each_ref().map(|bytes| (bytes.as_slice(), slots()));
    let merged = merge_tallies(&parts, VisitTally::merge).unwrap();

    let times = |times: usize| {
        let mut sum = visits();
        (1..times).for_each(|_| sum.merge(&visits()));
        sum
    };
    let expected = [(0, 2), (1, 1), (2, 3), (3, 1), (4, 1)];
    let expected = expected.map(|(place, sum)| (names[place].map(QueueId::new), times(sum)));
    let mut expected: BTreeMap<_, _> = expected.into();
    let tallies = expected.iter_mut();
    let expected = write_tallies(tallies.map(|(queue, tally)| (queue.as_ref(), tally)));
    assert_eq!(merged, expected);

    // Nothing makes nothing up, and what is damaged or out of order is said to be.
    let nothing = merge_tallies::<VisitTally>(&[], VisitTally::merge);
    assert_eq!(nothing, Some(of(&[])));
    let mut damaged = of(&[1, 2]);
    damaged[7] ^= 1;
    let (b, a) = (QueueId::new("b"), QueueId::new("a"));
    let mut tallies = [(Some(&b), visits()), (Some(&a), visits())];
    let tallies = tallies.iter_mut().map(|(queue, tally)| (*queue, tally));
    for wrong in [damaged, write_tallies(tallies)] {
        let parts = [(wrong.as_slice(), slots())];
        assert_eq!(merge_tallies(&parts, VisitTally::merge), None);
    }
}
