//! How long a caller will wait, what is usual of this weekday: after a kill as before, and as the reports have it.

use std::collections::BTreeMap;
use std::time::Duration;

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::event::Body;
use dozvon::proto::v1::{
    EstimateLive, EstimateWaitRequest, EstimateWaitResponse, Event, GetQueueReportRequest,
    QueueEntered, QueueLive, ReportQuery,
};
use tempfile::TempDir;

use crate::harness::{Server, dozvon, run};
use crate::live::{board, client, simulated};
use crate::scrape::Scrape;
use crate::sender::{SECOND, Sender, event, live, reason, stored, time, until};

const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
const PREDICTORS: [&str; 4] = [
    "last_answered",
    "head_of_line",
    "queue_length",
    "kaplan_meier",
];

async fn estimate(server: &Server, queue: &str) -> EstimateWaitResponse {
    let queue = queue.to_owned();
    let asked = EstimateWaitRequest { queue };
    let answer = client(server).await.estimate_wait(asked).await;
    answer.unwrap().into_inner()
}

/// How many callers the head of the line was scored by in all queues, as Prometheus has it.
fn scored(scrape: &Scrape) -> f64 {
    let labels = [("predictor", "head_of_line")];
    scrape.sum("dozvon_ewt_error_seconds_count", &labels)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_is_estimated_with_its_range_and_is_the_same_after_a_kill() {
    let folder = TempDir::new().unwrap();
    let mut events = simulated(&folder).await;
    // In the evening all agents log out, and then there is rightly no estimate: nothing is told of them.
    events.retain(|(_, event)| matches!(event.body, Some(Body::Call(_))));
    for (number, (_, event)) in (1..).zip(&mut events) {
        event.sequence = number;
    }
    let last = events.last().unwrap().0;
    let answers = events.iter().filter(|(_, event)| is_answer(event)).count();
    let mut server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    for part in events.chunk_by(|(one, _), (other, _)| one / HOUR == other / HOUR) {
        let end = part.last().unwrap().0;
        let events = part.iter().map(|(_, event)| event.clone()).collect();
        sender.batch_at(end, events).await;
    }
    let acked = sender.heartbeat(last + 60 * SECOND).await;
    stored(&server, "pbx", acked.position).await;

    let shown = board(&server).await;
    let estimates = |queues: &[QueueLive]| -> Vec<(String, Option<EstimateLive>)> {
        let of = |one: &QueueLive| (one.queue.clone(), one.estimate.clone());
        queues.iter().map(of).collect()
    };
    let mut given = 0;
    for queue in &shown.queues {
        let said = estimate(&server, &queue.queue).await;
        let names: Vec<&str> = said.predictors.iter().map(|one| &*one.predictor).collect();
        assert_eq!(names, PREDICTORS);
        let estimate = said.estimate.unwrap();
        if estimate.none_because.is_empty() {
            given += 1;
            let spans = [estimate.low, estimate.wait, estimate.high].map(Option::unwrap);
            let micros = spans.map(|span| span.seconds * SECOND + i64::from(span.nanos) / 1_000);
            assert!(micros.is_sorted(), "{estimate:?}");
            assert!(estimate.scored >= 20, "{estimate:?}");
        }
    }
    assert!(given > 0, "{:?}", estimates(&shown.queues));
    let before = Scrape::of(&server).await;
    let count = scored(&before);
    // Whoever was answered out of a queue is scored by the head of the line, which always says something.
    let waits = [("exit", "answered")];
    assert_eq!(count, before.sum("dozvon_queue_wait_seconds_count", &waits));
    assert!(count as usize > answers / 2, "{count} of {answers}");

    server.kill();
    server.restart().await;
    let again = board(&server).await;
    assert_eq!(estimates(&again.queues), estimates(&shown.queues));
    // What was scored to learn is not counted: the metric starts with the process.
    assert_eq!(scored(&Scrape::of(&server).await), 0.0);
}

fn is_answer(event: &Event) -> bool {
    let Some(Body::Call(call)) = &event.body else {
        return false;
    };
    matches!(call.kind, Some(Kind::AgentConnected(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_of_an_unknown_queue_is_refused_with_the_nearest_name() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = crate::sender::now();
    sender
        .batch(vec![event(1, at, "c", crate::sender::entered())])
        .await;
    until("the queue", || async {
        let shown = board(&server).await;
        (!shown.queues.is_empty()).then_some(())
    })
    .await;
    let asked = EstimateWaitRequest {
        queue: "frist_line".to_owned(),
    };
    let status = client(&server)
        .await
        .estimate_wait(asked)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "unknown_queue");
    assert!(status.message().contains("\"first_line\""), "{status:?}");
    // One caller waits and nobody was answered: no number is made up.
    let said = estimate(&server, "first_line").await;
    assert_eq!((said.ahead, said.load.as_str()), (1, "few"));
    let estimate = said.estimate.unwrap();
    assert_eq!((estimate.wait, &*estimate.none_because), (None, "too_few"));
}

/// Four weeks of a simulated hotline as history, then the Monday after them at 13 o'clock.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_is_the_median_of_the_same_weekdays_up_to_this_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history.jsonl");
    let mut simulate = dozvon();
    simulate
        .args(["simulate", "--date", "2024-02-05", "--days", "28"])
        .args(["--calls", "2800", "--seed", "11", "--output"])
        .arg(&path);
    assert_eq!(run(simulate).await.code, 0);
    let server = Server::start().await;
    let mut import = server.import("events");
    import.arg(&path);
    let said = run(import).await;
    assert_eq!(said.code, 0, "{}", said.stderr);

    // 4 March 2024, 13:00 in Samara; one caller has come.
    let now = 1_709_542_800 * SECOND;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let entered = Kind::QueueEntered(QueueEntered {
        queue: "info".to_owned(),
        ..QueueEntered::default()
    });
    sender
        .batch_at(now, vec![event(1, now - SECOND, "c", entered)])
        .await;
    let alive = tokio::spawn(async move {
        loop {
            sender.heartbeat(now).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    });
    let usual = until("what is usual", || async {
        let shown = board(&server).await;
        let queue = shown.queues.into_iter().find(|one| one.queue == "info")?;
        queue.usual
    })
    .await;

    let mut so_far = Vec::new();
    let mut whole = Vec::new();
    for week in 1..=4 {
        let midnight = now - 13 * HOUR - week * 7 * DAY;
        so_far.push(visits(&server, midnight, midnight + 13 * HOUR).await);
        whole.push(visits(&server, midnight, midnight + DAY).await);
    }
    let middle = |of: &dyn Fn(usize) -> u64| {
        let mut values: Vec<u64> = (0..4).map(of).collect();
        values.sort_unstable();
        (values[1] + values[2]) as f64 / 2.0
    };
    assert_eq!(usual.days, 4);
    assert_eq!(usual.offered, middle(&|week| so_far[week][0]));
    assert_eq!(usual.answered, middle(&|week| so_far[week][1]));
    assert_eq!(usual.abandoned, middle(&|week| so_far[week][2]));
    assert_eq!(usual.offered_whole_day, middle(&|week| whole[week][0]));
    assert!(usual.offered > 5.0, "{usual:?}");
    let rest = middle(&|week| whole[week][0] - so_far[week][0]);
    let expected = 1.0 + rest * (1.0 + 10.0) / (usual.offered + 10.0);
    assert!((usual.offered_expected - expected).abs() < 1e-9);
    assert!(usual.service_level.is_some() && usual.asa.is_some());
    alive.abort();
}

/// Offered, answered, abandoned of the queue `info` in a period, as the report has it.
async fn visits(server: &Server, start: i64, end: i64) -> [u64; 3] {
    let query = ReportQuery {
        start: Some(time(start)),
        end: Some(time(end)),
        ..ReportQuery::default()
    };
    let request = GetQueueReportRequest {
        query: Some(query),
        ..GetQueueReportRequest::default()
    };
    let answer = server.reports().await.get_queue_report(request).await;
    let rows = answer.unwrap().into_inner().rows.into_iter();
    let by_queue: BTreeMap<_, _> = rows
        .map(|row| {
            let counts = [row.visits_offered, row.answered, row.abandoned];
            (row.queue, counts)
        })
        .collect();
    by_queue.get("info").copied().unwrap_or_default()
}
