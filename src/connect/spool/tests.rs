//! A spool over crashes, acks, and beyond its cap.

use super::carried::call_event;
use super::*;
use crate::model::Timestamp;
use crate::proto::v1::{
    AgentConnected, AgentReleased, CallArrived, CallEnded, QueueEntered, call_event::Kind,
};

const MIB: u64 = 1024 * 1024;

fn event(call: &str, second: i64, kind: Kind) -> Event {
    call_event(call, Timestamp::from_micros(second * 1_000_000), kind)
}

fn arrived() -> Kind {
    Kind::Arrived(CallArrived::default())
}

fn ended() -> Kind {
    Kind::Ended(CallEnded::default())
}

fn entered(queue: &str) -> Kind {
    Kind::QueueEntered(QueueEntered {
        queue: queue.into(),
        ..QueueEntered::default()
    })
}

fn connected(agent: &str, queue: &str) -> Kind {
    let (agent, queue) = (agent.into(), queue.into());
    Kind::AgentConnected(AgentConnected { agent, queue })
}

fn numbers(folder: &Path, from: u64, synced: u64) -> Vec<u64> {
    let mut reader = Reader::new(folder, from);
    let mut numbers = Vec::new();
    loop {
        let events = reader.read(synced).unwrap();
        if events.is_empty() {
            return numbers;
        }
        numbers.extend(events.iter().map(|event| event.sequence));
    }
}

#[test]
fn what_is_synced_outlives_a_crash_and_a_torn_tail_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), MIB, 77).unwrap();
    assert!(spool.is_new());
    spool.put(event("a", 1, arrived())).unwrap();
    spool.put(event("a", 2, entered("q"))).unwrap();
    spool.sync().unwrap();
    spool.put(event("b", 3, arrived())).unwrap();
    let sender = spool.sender();
    drop(spool);
    // Half a record more, as a crash in mid-write leaves it.
    let path = segment::path(folder.path(), 1);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&[40, 0, 0, 0, 1, 2, 3, 4, 0, 9]).unwrap();
    let mut spool = Spool::open(folder.path(), MIB, 99).unwrap();
    assert!(!spool.is_new());
    assert_eq!((spool.epoch(), spool.next()), (77, 3));
    assert_eq!(spool.sender(), sender);
    assert_eq!(spool.carried().calls().collect::<Vec<_>>(), ["a"]);
    assert_eq!(spool.put(event("c", 4, arrived())).unwrap(), Put::Taken(3));
    spool.sync().unwrap();
    assert_eq!(numbers(folder.path(), 1, 3), [1, 2, 3]);
    assert_eq!(numbers(folder.path(), 2, 2), [2]);
}

#[test]
fn another_connector_is_told_that_the_spool_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let _spool = Spool::open(folder.path(), MIB, 1).unwrap();
    let second = Spool::open(folder.path(), MIB, 1).unwrap_err();
    assert!(matches!(second, Error::Locked(_)), "{second}");
}

#[test]
fn acked_segments_go_and_open_calls_are_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), MIB, 1).unwrap();
    spool.put(event("long", 1, arrived())).unwrap();
    spool.put(event("long", 1, connected("101", "q"))).unwrap();
    while segment::list(folder.path()).unwrap().len() < 3 {
        for _ in 0..1_000 {
            spool.put(event("x", 1, arrived())).unwrap();
            spool.put(event("x", 2, ended())).unwrap();
        }
        spool.sync().unwrap();
    }
    let last = *segment::list(folder.path()).unwrap().last().unwrap();
    spool.handle_ack(last - 2).unwrap();
    assert_eq!(
        segment::list(folder.path()).unwrap().len(),
        2,
        "not all of it is acked"
    );
    spool.handle_ack(last - 1).unwrap();
    assert_eq!(segment::list(folder.path()).unwrap(), [last]);
    drop(spool);
    let spool = Spool::open(folder.path(), MIB, 1).unwrap();
    let carried = spool.carried();
    assert_eq!(carried.calls().collect::<Vec<_>>(), ["long"]);
    assert!(carried.has(&event("long", 9, arrived())));
    assert!(carried.has(&event("long", 9, connected("101", "q"))));
    assert!(
        carried.has(&event("long", 2, entered("q"))),
        "it was answered since"
    );
    assert!(
        !carried.has(&event("long", 9, entered("q"))),
        "a second visit"
    );
    assert!(!carried.has(&event("long", 9, connected("102", ""))));
    let lost = carried.lose("long");
    assert_eq!(lost.len(), 2, "the agent's end and the call's: {lost:?}");
}

#[test]
fn what_the_queue_tells_when_all_is_over_is_known_already() {
    let mut carried = Carried::default();
    carried.follow(&event("a", 10, arrived()));
    carried.follow(&event("a", 11, connected("103", "q")));
    let released = AgentReleased {
        agent: "103".into(),
        ..AgentReleased::default()
    };
    carried.follow(&event("a", 19, Kind::AgentReleased(released)));
    // As a connector tells it that began in mid-talk: in whole seconds, and late.
    assert!(carried.has(&event("a", 10, entered("q"))));
    assert!(carried.has(&event("a", 11, connected("103", "q"))));
    assert!(
        !carried.has(&event("a", 20, entered("q"))),
        "a second visit"
    );
    assert!(
        !carried.has(&event("a", 20, connected("103", ""))),
        "and its talk"
    );
}

#[test]
fn a_full_spool_keeps_the_oldest_and_counts_the_newest_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), MIB, 1).unwrap();
    spool.put(event("old", 1, arrived())).unwrap();
    let mut full_at = 0;
    for number in 2_u64.. {
        let call = format!("call-{number}");
        match spool.put(event(&call, 1, arrived())).unwrap() {
            Put::Taken(at) => assert_eq!(at, number),
            Put::Full => {
                full_at = number;
                break;
            }
        }
    }
    // A call that began in time ends in time; one that did not is counted.
    let end = spool.put(event("old", 2, ended())).unwrap();
    assert_eq!(end, Put::Taken(full_at + 1));
    assert_eq!(spool.put(event("new", 2, arrived())).unwrap(), Put::Full);
    assert_eq!(spool.take_dropped(), 2);
    spool.sync().unwrap();
    // Acked: there is room again, and the numbers between are a gap.
    spool.handle_ack(full_at + 1).unwrap();
    let next = spool.put(event("next", 3, arrived())).unwrap();
    assert_eq!(next, Put::Taken(full_at + 3));
}

#[test]
fn another_numbering_carries_what_is_open_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), MIB, 5).unwrap();
    spool.put(event("a", 1, arrived())).unwrap();
    spool.renumber(9).unwrap();
    drop(spool);
    let mut spool = Spool::open(folder.path(), MIB, 5).unwrap();
    assert_eq!((spool.epoch(), spool.next()), (9, 2));
    assert!(spool.carried().has(&event("a", 1, arrived())));
    spool.put(event("b", 1, arrived())).unwrap();
    spool.sync().unwrap();
    assert_eq!(numbers(folder.path(), 1, 2), [2]);
}
