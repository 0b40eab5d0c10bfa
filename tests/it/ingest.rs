//! The numbering of events: marks, duplicates, gaps, epochs of both kinds, and the check that both sides speak of the same
//! events. And what a batch does with an event that is not taken.

use dozvon::proto::v1::{
    AppendEventsRequest, Durability, EventBatch, Gap, GetSourceRequest, StreamOpen,
};
use sha2::{Digest as _, Sha256};
use tonic::Code;

use crate::harness::Server;
use crate::sender::{
    SECOND, Sender, all_queues, answered, arrived, content, event, history, live, metric, newest,
    now, queue_report, reason, retry_after, source, spool, stored, time,
};

#[tokio::test]
async fn an_ack_is_cumulative_synced_and_says_what_was_known() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    assert_eq!((sender.opened.mark, sender.opened.digest), (0, 0));
    assert_eq!(sender.opened.window_events, 65_536);
    assert_eq!(sender.opened.batch_events_max, 10_000);

    let first = sender.batch(answered(1, "c1", at)).await;
    assert_eq!(
        (first.sequence, first.accepted, first.duplicates),
        (4, 4, 0)
    );
    assert_eq!(first.durability(), Durability::Synced);
    // The event at the mark: the end of c1, as the contract describes its digest.
    let hash = Sha256::digest(format!("c1\0ended\0{}", at + 70 * SECOND));
    let digest = u64::from_be_bytes(hash[..8].try_into().unwrap());
    assert_eq!(first.digest, digest);

    let mut again = answered(1, "c1", at);
    again.extend(answered(5, "c2", at));
    let second = sender.batch(again).await;
    assert_eq!(
        (second.sequence, second.accepted, second.duplicates),
        (8, 4, 4)
    );
    assert!(second.position > first.position);
    sender.close().await;

    stored(&server, "pbx", second.position).await;
    let row = all_queues(&server).await;
    assert_eq!((row.calls_arrived, row.answered), (Some(2), 2), "each once");
    let metrics = server.metrics().await;
    let duplicates = "dozvon_ingest_events_total{source=\"pbx\",result=\"duplicate\"}";
    assert_eq!(metric(&metrics, duplicates), 4.0, "{metrics}");

    let known = newest(&server, "pbx").await;
    assert_eq!((known.mark, known.digest), (8, second.digest));
    let opened = Sender::open(&server, live("pbx")).await.unwrap().opened;
    assert_eq!((opened.mark, opened.digest), (8, second.digest));
}

#[tokio::test]
async fn what_was_acked_is_committed_for_whoever_asks_at_once() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut file = Sender::open(&server, history("file", 1)).await.unwrap();
    let mut pbx = Sender::open(&server, live("pbx")).await.unwrap();
    let mut client = server.ingest().await;
    for round in 0..200 {
        // What is applied next waits behind these.
        let calls = (0..50).map(|call| round * 50 + call);
        let many = calls.flat_map(|call| answered(1 + 4 * call, &format!("h{call}"), at));
        file.batch(many.collect()).await;
        let events = answered(1 + 4 * round, &format!("c{round}"), at);
        let ack = pbx.batch(events).await;
        let asked = GetSourceRequest {
            source: "pbx".into(),
            epoch: None,
        };
        let known = client.get_source(asked).await.unwrap().into_inner();
        assert!(
            known.committed_position >= ack.position,
            "round {round}: {known:?} after {ack:?}"
        );
        assert!(known.stored_position <= known.committed_position);
    }
}

#[tokio::test]
async fn a_jump_opens_a_gap_that_is_shown_everywhere_and_fills_late() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let story = answered(1, "c1", at);
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let jumped = vec![story[0].clone(), story[3].clone()];
    let ack = sender.batch(jumped).await;
    assert_eq!((ack.sequence, ack.accepted), (4, 2));

    let gaps = |gaps: &[(u64, u64)]| -> Vec<Gap> {
        let gap = |&(first, last): &(u64, u64)| Gap { first, last };
        gaps.iter().map(gap).collect()
    };
    assert_eq!(newest(&server, "pbx").await.gaps, gaps(&[(2, 3)]));
    stored(&server, "pbx", ack.position).await;
    let completeness = queue_report(&server).await.context.unwrap().sources;
    assert_eq!(completeness[0].gap_events, 2, "{completeness:?}");
    let gap_events = |text: &str| metric(text, "dozvon_ingest_gap_events_total{source=\"pbx\"}");
    assert_eq!(gap_events(&server.metrics().await), 2.0);

    server.kill();
    server.restart().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let filled = sender.batch(vec![story[2].clone(), story[3].clone()]).await;
    assert_eq!((filled.accepted, filled.duplicates), (1, 1));
    assert_eq!(newest(&server, "pbx").await.gaps, gaps(&[(2, 2)]));
    let filled = sender.batch(vec![story[1].clone()]).await;
    assert_eq!((filled.sequence, filled.accepted), (4, 1));
    assert_eq!(newest(&server, "pbx").await.gaps, []);

    stored(&server, "pbx", filled.position).await;
    let report = queue_report(&server).await;
    assert_eq!(report.context.unwrap().sources[0].gap_events, 0);
    let all = report.rows.iter().find(|row| row.queue == "ALL").unwrap();
    assert_eq!((all.answered, all.visits_offered), (1, 1), "{all:?}");
    assert_eq!(
        gap_events(&server.metrics().await),
        2.0,
        "a counter does not go back"
    );
}

#[tokio::test]
async fn a_lower_spool_is_refused_and_a_higher_one_counts_anew() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let of_spool = |number| StreamOpen {
        epoch: Some(spool(number)),
        ..live("pbx")
    };
    let mut sender = Sender::open(&server, of_spool(7)).await.unwrap();
    sender.batch(answered(1, "c1", at)).await;
    sender.close().await;

    let refused = Sender::open(&server, of_spool(6)).await.err().unwrap();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "epoch_lower");
    assert!(refused.message().contains('7'), "{refused}");
    assert_eq!(retry_after(&refused), None, "waiting does not help");

    let mut sender = Sender::open(&server, of_spool(8)).await.unwrap();
    assert_eq!(sender.opened.mark, 0);
    let ack = sender.batch(answered(1, "c2", at)).await;
    assert_eq!((ack.sequence, ack.accepted), (4, 4));
    let epochs = source(&server, "pbx").await.epochs;
    let shown: Vec<_> = epochs.into_iter().map(|known| known.epoch).collect();
    assert_eq!(shown, [Some(spool(8)), Some(spool(7))], "newest first");
}

#[tokio::test]
async fn files_are_in_no_order_and_each_has_its_mark() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    for (file, calls) in [(2, 1..=3), (1, 4..=5)] {
        let mut sender = Sender::open(&server, history("bank", file)).await.unwrap();
        assert_eq!(sender.opened.mark, 0);
        let events = calls.zip((1..).step_by(4));
        let events = events.flat_map(|(call, first)| answered(first, &format!("c{call}"), at));
        sender.batch(events.collect()).await;
        sender.close().await;
    }
    for (file, mark) in [(1, 8), (2, 12), (1, 8)] {
        let opened = Sender::open(&server, history("bank", file)).await.unwrap();
        assert_eq!(opened.opened.mark, mark, "file {file}");
        opened.close().await;
        let asked = GetSourceRequest {
            source: "bank".into(),
            epoch: Some(content(file)),
        };
        let known = server.ingest().await.get_source(asked).await.unwrap();
        let epochs = known.into_inner().epochs;
        assert_eq!(epochs.len(), 1);
        assert_eq!(epochs[0].mark, mark);
    }
}

#[tokio::test]
async fn a_sender_that_counts_other_events_is_refused() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(answered(1, "c1", at)).await;
    sender.close().await;
    let resume = |sequence, digest| StreamOpen {
        last_acked_sequence: sequence,
        last_acked_digest: digest,
        ..live("pbx")
    };

    let another_digest = resume(4, ack.digest ^ 1);
    let above_the_mark = resume(5, 1);
    for open in [another_digest, above_the_mark] {
        let refused = Sender::open(&server, open).await.err().unwrap();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "sequence_conflict");
        assert!(refused.message().contains("mark"), "{refused}");
        assert_eq!(retry_after(&refused), None, "waiting does not help");
    }

    // The same number with another event, whatever the open said.
    let mut sender = Sender::open(&server, resume(4, ack.digest)).await.unwrap();
    let other = event(4, at + 71 * SECOND, "c1", arrived());
    let refused = sender.try_batch(vec![other]).await.unwrap_err();
    assert_eq!(reason(&refused), "sequence_conflict");

    let mut sender = Sender::open(&server, resume(4, ack.digest)).await.unwrap();
    assert_eq!(sender.batch(answered(5, "c2", at)).await.accepted, 4);
    // An ack older than the mark: the sender missed the last one, and that is no conflict.
    sender.close().await;
    let opened = Sender::open(&server, resume(4, ack.digest)).await.unwrap();
    assert_eq!(opened.opened.mark, 8);
}

#[tokio::test]
async fn a_rejected_event_is_passed_and_listed_and_its_neighbours_are_kept() {
    let mut server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut events = answered(1, "c1", at);
    let mut nameless = event(5, at, "", arrived());
    events.push(nameless.clone());
    events.extend(answered(6, "c2", at));
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let ack = sender.batch(events).await;
    assert_eq!((ack.sequence, ack.accepted), (9, 8));
    let [rejection] = &ack.rejections[..] else {
        panic!("{ack:?}");
    };
    assert_eq!(rejection.sequence, 5);
    assert_eq!(rejection.reason, "field_missing");
    assert_eq!(rejection.field, "call.call_id");
    assert!(!rejection.message.is_empty());

    server.kill();
    server.restart().await;
    let known = newest(&server, "pbx").await;
    assert_eq!(known.mark, 9);
    assert_eq!(known.gaps, [], "its number is passed");
    assert_eq!(known.rejected, 1);
    assert_eq!(known.rejections, ack.rejections);
    let completeness = queue_report(&server).await.context.unwrap().sources;
    assert_eq!(completeness[0].rejected_events, 1);
    let counted = "dozvon_ingest_rejected_total{reason=\"field_missing\"}";
    assert_eq!(metric(&server.metrics().await, counted), 1.0);

    // Mended under the same number it comes too late: the number is handled.
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    nameless.body = answered(5, "c3", at)[0].body.clone();
    let ack = sender.batch(vec![nameless]).await;
    assert_eq!((ack.accepted, ack.duplicates), (0, 1));
}

#[tokio::test]
async fn a_batch_of_nothing_but_rejected_events_is_acked_whole() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let events = (1..=10_000).map(|sequence| event(sequence, at, "", arrived()));
    let ack = sender.batch(events.collect()).await;
    assert_eq!(
        (ack.sequence, ack.accepted, ack.rejections.len()),
        (10_000, 0, 10_000)
    );
    let known = newest(&server, "pbx").await;
    assert_eq!((known.rejected, known.rejections.len()), (10_000, 100));
    assert_eq!(known.rejections[0].sequence, 10_000, "the last ones");
    let ack = sender.batch(answered(10_001, "c1", at)).await;
    assert_eq!((ack.sequence, ack.accepted), (10_004, 4));
}

#[tokio::test]
async fn one_batch_can_be_a_call_of_its_own() {
    let server = Server::start().await;
    let at = now() - 600 * SECOND;
    let append = |open, events| {
        let batch = EventBatch {
            sent_at: Some(time(now())),
            events,
        };
        let request = AppendEventsRequest {
            open: Some(open),
            batch: Some(batch),
        };
        let server = &server;
        async move { server.ingest().await.append_events(request).await }
    };
    let mut events = answered(1, "c1", at);
    events.push(event(5, at, "c2\u{7}", arrived()));
    let answer = append(live("pbx"), events).await.unwrap();
    let ack = answer.into_inner().ack.unwrap();
    assert_eq!((ack.sequence, ack.accepted), (5, 4));
    assert_eq!(ack.durability(), Durability::Synced);
    assert_eq!(ack.rejections[0].reason, "control_character");

    let answer = append(live("pbx"), answered(1, "c1", at)).await.unwrap();
    let ack = answer.into_inner().ack.unwrap();
    assert_eq!(
        (ack.sequence, ack.accepted, ack.duplicates),
        (5, 0, 4),
        "{ack:?}"
    );
    stored(&server, "pbx", ack.position).await;
    assert_eq!(all_queues(&server).await.answered, 1);

    // The source stays with its sender for a while, as it would with a stream.
    let other = StreamOpen {
        sender_id: "b".into(),
        ..live("pbx")
    };
    let refused = append(other, answered(6, "c3", at)).await.unwrap_err();
    assert_eq!(reason(&refused), "source_in_use");
    assert!(retry_after(&refused).is_some());
}
