//! What is delivered is counted once, whatever is lost on the way.

use super::*;

const LIMITS: Limits = Limits {
    window_events: 100,
    batch_events: 10,
};

fn event(sequence: u64) -> Event {
    Event {
        sequence,
        ..Event::default()
    }
}

fn outbox(known: Known, sequences: impl IntoIterator<Item = u64>) -> Outbox {
    let mut outbox = Outbox::default();
    outbox.handle_known(known);
    for sequence in sequences {
        match outbox.holds(sequence) {
            true => outbox.handle_held(),
            false => outbox.push(event(sequence)),
        }
    }
    outbox
}

fn send(outbox: &mut Outbox, limits: Limits) -> Vec<u64> {
    if !outbox.can_send(limits) {
        return Vec::new();
    }
    let batch = outbox.next_batch(limits);
    batch.iter().map(|event| event.sequence).collect()
}

fn ack(sequence: u64, rejected: &[(u64, &str)]) -> Ack {
    Ack {
        sequence,
        rejections: rejections(rejected),
        ..Ack::default()
    }
}

fn rejections(rejected: &[(u64, &str)]) -> Vec<EventRejection> {
    let rejection = |(sequence, reason): &(u64, &str)| EventRejection {
        sequence: *sequence,
        reason: (*reason).to_owned(),
        ..EventRejection::default()
    };
    rejected.iter().map(rejection).collect()
}

fn counts(outbox: &Outbox) -> (u64, u64, Vec<(&str, u64)>) {
    let delivered = outbox.delivered();
    let rejected = delivered.rejected.iter();
    let rejected = rejected.map(|(reason, count)| (reason.as_str(), *count));
    (delivered.acked, delivered.duplicates, rejected.collect())
}

#[test]
fn the_window_and_the_batch_bound_what_is_sent() {
    let mut outbox = outbox(Known::default(), 1..=30);
    let limits = Limits {
        window_events: 15,
        batch_events: 10,
    };
    assert_eq!(send(&mut outbox, limits), Vec::from_iter(1..=10));
    assert_eq!(send(&mut outbox, limits), Vec::from_iter(11..=15));
    assert!(!outbox.can_send(limits));
    outbox.handle_ack(&ack(4, &[]));
    assert_eq!(send(&mut outbox, limits), Vec::from_iter(16..=19));
    assert_eq!((outbox.len(), outbox.unsent()), (26, 11));
}

#[test]
fn a_batch_is_bounded_in_bytes_and_an_event_above_goes_alone() {
    use crate::proto::v1::{CallEvent, event::Body};
    let long = |sequence, bytes| Event {
        sequence,
        occurred_at: None,
        body: Some(Body::Call(CallEvent {
            call_id: "x".repeat(bytes),
            kind: None,
        })),
    };
    let mut outbox = outbox(Known::default(), []);
    outbox.push(long(1, BATCH_BYTES_MAX * 2));
    outbox.push(long(2, BATCH_BYTES_MAX / 2));
    outbox.push(long(3, BATCH_BYTES_MAX / 3));
    outbox.push(long(4, BATCH_BYTES_MAX / 3));
    assert_eq!(send(&mut outbox, LIMITS), [1]);
    assert_eq!(send(&mut outbox, LIMITS), [2, 3]);
    assert_eq!(send(&mut outbox, LIMITS), [4]);
}

#[test]
fn every_event_is_counted_once() {
    let mut outbox = outbox(Known::default(), 1..=20);
    send(&mut outbox, LIMITS);
    send(&mut outbox, LIMITS);
    outbox.handle_ack(&ack(10, &[(3, "no_call_id"), (7, "no_time")]));
    // An ack that says nothing of interest twice changes nothing.
    outbox.handle_ack(&ack(10, &[(3, "no_call_id")]));
    outbox.handle_ack(&ack(20, &[(11, "no_time")]));
    assert_eq!(outbox.len(), 0);
    assert_eq!(
        counts(&outbox),
        (17, 0, vec![("no_call_id", 1), ("no_time", 2)])
    );
}

#[test]
fn what_the_server_held_before_is_a_duplicate() {
    // Asked before, it knew 5; when the stream was opened another sender's last batch had come in: 8.
    let known = Known {
        mark: 8,
        floor: 5,
        ..Known::default()
    };
    let mut outbox = outbox(known, 1..=10);
    assert_eq!(send(&mut outbox, LIMITS), [6, 7, 8, 9, 10]);
    outbox.handle_ack(&ack(10, &[(7, "no_time"), (9, "no_time")]));
    assert_eq!(counts(&outbox), (1, 8, vec![("no_time", 1)]));
}

#[test]
fn what_fills_a_gap_is_sent_alone_and_only_its_own_ack_counts() {
    let known = Known {
        mark: 20,
        floor: 20,
        gaps: vec![Gap { first: 3, last: 14 }],
        ..Known::default()
    };
    let mut outbox = outbox(known, 1..=22);
    assert_eq!(send(&mut outbox, LIMITS), Vec::from_iter(3..=12));
    assert!(!outbox.can_send(LIMITS));
    // Cumulative: the mark is far above what was sent.
    outbox.handle_ack(&ack(20, &[(4, "no_time")]));
    assert_eq!(outbox.len(), 4);
    assert_eq!(send(&mut outbox, LIMITS), [13, 14]);
    assert!(!outbox.can_send(LIMITS));
    outbox.handle_ack(&ack(20, &[]));
    assert_eq!(send(&mut outbox, LIMITS), [21, 22]);
    outbox.handle_ack(&ack(22, &[]));
    assert_eq!(counts(&outbox), (13, 8, vec![("no_time", 1)]));
}

#[test]
fn what_was_sent_before_a_cut_is_sent_again_and_is_no_duplicate() {
    let mut outbox = outbox(Known::default(), 1..=30);
    send(&mut outbox, LIMITS);
    send(&mut outbox, LIMITS);
    outbox.handle_ack(&ack(5, &[]));
    outbox.handle_reopened(15).unwrap();
    assert_eq!(send(&mut outbox, LIMITS), Vec::from_iter(6..=15));
    outbox.handle_ack(&ack(15, &[]));
    // 6…15 were acked on the lost connection, perhaps with rejections: the server is asked.
    assert!(outbox.is_unsure());
    let status = EpochStatus {
        rejections: rejections(&[(2, "no_time"), (9, "no_call_id")]),
        rejected: 1,
        ..EpochStatus::default()
    };
    outbox.handle_status(&status);
    assert!(!outbox.is_unsure());
    while !send(&mut outbox, LIMITS).is_empty() {}
    outbox.handle_ack(&ack(30, &[]));
    outbox.handle_final_status(&status);
    assert_eq!(counts(&outbox), (29, 0, vec![("no_call_id", 1)]));
}

#[test]
fn an_ack_may_reach_beyond_what_was_sent_again() {
    let mut outbox = outbox(Known::default(), 1..=30);
    while !send(&mut outbox, LIMITS).is_empty() {}
    outbox.handle_reopened(30).unwrap();
    assert_eq!(send(&mut outbox, LIMITS), Vec::from_iter(1..=10));
    outbox.handle_ack(&ack(30, &[]));
    assert_eq!((outbox.len(), outbox.unsent()), (0, 0));
    outbox.handle_status(&EpochStatus::default());
    assert_eq!(counts(&outbox), (30, 0, vec![]));
}

#[test]
fn rejections_beyond_the_list_are_counted_by_the_server() {
    let known = Known {
        rejected: 7,
        ..Known::default()
    };
    let mut outbox = outbox(known, 1..=250);
    let limits = Limits {
        window_events: 250,
        batch_events: 250,
    };
    send(&mut outbox, limits);
    outbox.handle_reopened(250).unwrap();
    send(&mut outbox, limits);
    outbox.handle_ack(&ack(250, &[]));
    // All but one were rejected; the list holds the last hundred.
    let last: Vec<(u64, &str)> = (151..=250).map(|sequence| (sequence, "no_time")).collect();
    let status = EpochStatus {
        rejections: rejections(&last),
        rejected: 7 + 249,
        ..EpochStatus::default()
    };
    outbox.handle_status(&status);
    outbox.handle_final_status(&status);
    assert_eq!(
        counts(&outbox),
        (1, 0, vec![("no_time", 100), ("unlisted", 149)])
    );
}

#[test]
fn a_server_that_forgot_what_it_acked_is_told_so() {
    let mut outbox = outbox(Known::default(), 1..=10);
    send(&mut outbox, LIMITS);
    outbox.handle_ack(&ack(10, &[]));
    let error = outbox.handle_reopened(9).unwrap_err();
    assert!(
        error.contains("event 10") && error.contains("up to 9"),
        "{error}"
    );
    outbox.handle_reopened(10).unwrap();
}
