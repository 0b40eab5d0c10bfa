//! The people who called, as a real database knows them: whom somebody spoke to later, and which lines were ever told of.

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{
    CallArrived, Event, GetQueueReportRequest, GetRepeatReportRequest, GetUnservedReportRequest,
    ReportQuery,
};

use crate::harness::Server;
use crate::keeping::call_of;
use crate::sender::{SECOND, Sender, event, live, now, reason, stored, time};

const DAY: i64 = 24 * 3_600 * SECOND;

/// A call of somebody who gives up.
fn given_up(first: u64, call: &str, at: i64, number: &str) -> Vec<Event> {
    let mut events = call_of(first, call, at, number);
    events.remove(2);
    events[2].sequence = first + 2;
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_somebody_spoke_to_weeks_later_is_owed_nothing() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let (then, later) = (now() - 30 * DAY, now() - 5 * DAY);
    let mut events = given_up(1, "lost", then, "+7 912 000-00-01");
    events.extend(given_up(4, "met", then + SECOND, "+7 912 000-00-02"));
    events.extend(given_up(7, "now", then + 2 * SECOND, "+7 912 000-00-03"));
    events.extend(call_of(10, "met again", later, "+7 912 000-00-02"));
    // On the line now, and spoken to: not settled yet.
    let talks = call_of(14, "talks", now() - 60 * SECOND, "+7 912 000-00-03");
    events.extend(talks.into_iter().take(3));
    let ack = sender.batch(events).await;
    stored(&server, "pbx", ack.position).await;

    let query = Some(ReportQuery {
        start: Some(time(then - DAY)),
        end: Some(time(then + DAY)),
        ..ReportQuery::default()
    });
    let asked = GetUnservedReportRequest {
        query: query.clone(),
    };
    let unserved = server.reports().await.get_unserved_report(asked).await;
    let unserved = unserved.unwrap().into_inner();
    let sums = unserved.summary.unwrap();
    assert_eq!((sums.people, sums.people_spoken_since), (3, 2));
    assert_eq!(unserved.rows.len(), 1);
    assert_eq!(unserved.rows[0].attempts, 1);
    // None of them was reached back: who got through by calling again was lost that day.
    let asked = GetRepeatReportRequest {
        query,
        ..GetRepeatReportRequest::default()
    };
    let repeats = server.reports().await.get_repeat_report(asked).await;
    assert_eq!(repeats.unwrap().into_inner().rows[0].lost_people, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_nobody_told_of_is_refused() {
    let server = Server::start_with("[[line]]\nnumber = \"100\"\nname = \"jobs\"\n").await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let arrived = |line: &str| {
        Kind::Arrived(CallArrived {
            line: line.to_owned(),
            ..CallArrived::default()
        })
    };
    let mut events = call_of(1, "settled", now() - 600 * SECOND, "+7 912 000-00-01");
    events[0] = event(1, now() - 600 * SECOND, "settled", arrived("200"));
    events.push(event(5, now() - SECOND, "open", arrived("300")));
    let ack = sender.batch(events).await;
    stored(&server, "pbx", ack.position).await;

    for (line, refused) in [
        ("100", false),
        ("200", false),
        ("300", false),
        ("101", true),
    ] {
        let query = Some(ReportQuery {
            start: Some(time(0)),
            end: Some(time(now() + DAY)),
            lines: vec![line.to_owned()],
            ..ReportQuery::default()
        });
        let asked = GetQueueReportRequest {
            query,
            ..GetQueueReportRequest::default()
        };
        let answer = server.reports().await.get_queue_report(asked).await;
        assert_eq!(answer.is_err(), refused, "{line}");
        if let Err(status) = answer {
            assert_eq!(reason(&status), "unknown_name");
            assert!(status.message().contains("\"100\""), "{status:?}");
        }
    }
}
