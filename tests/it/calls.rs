//! Lists of calls while events keep coming, and single calls, of a real server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dozvon::proto::v1::{
    CallSummary, Event, GetCallRequest, GetCallResponse, ListCallsRequest, ListCallsResponse,
    ReportQuery,
};
use tonic::{Code, Status};

use crate::harness::Server;
use crate::keeping::call_of;
use crate::sender::{
    SECOND, Sender, answered, arrived, ended, entered, event, history, live, now, reason, stored,
    time, until,
};

/// Numbers events.
struct Tape(u64);

impl Tape {
    /// A call in four events.
    fn whole(&mut self, call: &str, at: i64) -> Vec<Event> {
        self.0 += 4;
        answered(self.0 - 3, call, at)
    }

    /// A call that goes on to wait.
    fn waiting(&mut self, call: &str, at: i64) -> Vec<Event> {
        self.0 += 2;
        vec![
            event(self.0 - 1, at, call, arrived()),
            event(self.0, at, call, entered()),
        ]
    }

    /// The end of such a call.
    fn end(&mut self, call: &str, at: i64) -> Event {
        self.0 += 1;
        event(self.0, at, call, ended())
    }
}

fn everything() -> ListCallsRequest {
    ListCallsRequest {
        query: Some(ReportQuery {
            start: Some(time(0)),
            end: Some(time(now() + 3_600 * SECOND)),
            ..ReportQuery::default()
        }),
        page_size: 50,
        ..ListCallsRequest::default()
    }
}

async fn page(server: &Server, request: &ListCallsRequest) -> Result<ListCallsResponse, Status> {
    let answer = server.reports().await.list_calls(request.clone()).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_neither_skip_nor_repeat_while_events_come_in() {
    const KNOWN: usize = 1_000;
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let start = now() - 3_600 * SECOND;
    let mut tape = Tape(0);
    let mut events = Vec::new();
    let mut open = Vec::new();
    for number in 0..KNOWN {
        // Three an instant; every fourth is open.
        let at = start + (number / 3) as i64 * SECOND;
        let call = format!("known-{number:04}");
        if number % 4 == 0 {
            events.extend(tape.waiting(&call, at));
            open.push(call);
        } else {
            events.extend(tape.whole(&call, at));
        }
    }
    let ack = sender.batch(events).await;
    stored(&server, "pbx", ack.position).await;

    let told = Arc::new(AtomicU64::new(0));
    let telling = told.clone();
    let streaming = tokio::spawn(async move {
        for number in 0_i64.. {
            // Some before every known call, some among them, some behind; and an open one ends.
            let mut events = Vec::new();
            for (name, at) in [("before", -60), ("among", 100), ("behind", 3_000)] {
                let call = format!("{name}-{number}");
                events.extend(tape.whole(&call, start + at * SECOND + number));
            }
            events.extend(open.pop().map(|call| tape.end(&call, now())));
            sender.batch(events).await;
            telling.fetch_add(1, Ordering::Relaxed);
        }
    });

    let mut request = everything();
    let mut calls: Vec<CallSummary> = Vec::new();
    let mut pages = 0;
    loop {
        let before = told.load(Ordering::Relaxed);
        let told = &told;
        until("further events", || async move {
            (told.load(Ordering::Relaxed) > before).then_some(())
        })
        .await;
        let page = page(&server, &request).await.unwrap();
        pages += 1;
        assert!(page.calls.len() <= 50);
        calls.extend(page.calls);
        request.page_token = page.next_page_token;
        // New calls come in behind the known ones, perhaps quicker than they are read.
        let last = calls.last().map_or("", |call| &call.call_id);
        if request.page_token.is_empty() || last.starts_with("behind") {
            break;
        }
    }
    streaming.abort();

    assert!(pages > KNOWN / 50, "{pages} pages");
    let mut seen = BTreeMap::<&str, usize>::new();
    for call in &calls {
        *seen.entry(&call.call_id).or_default() += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "listed again: {twice:?}");
    for number in 0..KNOWN {
        let call = format!("known-{number:04}");
        assert!(seen.contains_key(&*call), "{call} was skipped");
    }
    assert!(
        seen.keys().any(|call| call.starts_with("among")),
        "none came in between"
    );
    let order: Vec<_> = calls
        .iter()
        .map(|call| (&call.arrived_at, &call.call_id))
        .collect();
    assert!(
        order.is_sorted_by_key(|(at, _)| at.get(..19)),
        "in the order of arrival"
    );
}

async fn call(server: &Server, call: &str, source: &str) -> Result<GetCallResponse, Status> {
    let request = GetCallRequest {
        call_id: call.into(),
        source: source.into(),
        explain: vec!["strict".into()],
        ..GetCallRequest::default()
    };
    let answer = server.reports().await.get_call(request).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_found_settled_or_open_and_in_the_source_that_is_meant() {
    let server = Server::start().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let at = now() - 600 * SECOND;
    let mut tape = Tape(0);
    let mut events = tape.whole("twin", at);
    events.extend(tape.waiting("waits", at));
    let first = sender.batch(events).await.position;
    let mut branch = Sender::open(&server, live("branch")).await.unwrap();
    let second = branch.batch(answered(1, "twin", at)).await.position;
    stored(&server, "pbx", first.max(second)).await;

    let twin = call(&server, "twin", "branch").await.unwrap();
    assert_eq!(twin.call.unwrap().source, "branch");
    let kinds: Vec<_> = twin.events.iter().map(|told| &*told.kind).collect();
    assert_eq!(
        kinds,
        ["arrived", "queue_entered", "agent_connected", "ended"]
    );
    let said = &twin.explanations[0];
    assert_eq!((said.adds, said.of), (1, Some(1)), "{}", said.sentence);
    assert!(
        said.sentence.contains("answered after 10 s ≤ T = 20 s"),
        "{}",
        said.sentence
    );

    let waits = call(&server, "waits", "").await.unwrap();
    assert_eq!((waits.events.len(), &*waits.visits[0].exit), (2, ""));
    assert!(waits.call.unwrap().provisional);

    let status = call(&server, "twin", "").await.unwrap_err();
    assert_eq!(reason(&status), "call_ambiguous");
    assert!(status.message().contains("branch, pbx"), "{status:?}");
    let status = call(&server, "nobody", "").await.unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::NotFound, "unknown_call")
    );

    let mut request = everything();
    request.page_token = "page 2".into();
    let status = page(&server, &request).await.unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::InvalidArgument, "page_token_invalid")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_explained_by_the_other_call_settled_or_open() {
    const THEIRS: &str = "+7 912 345-67-89";
    let server = Server::start().await;
    let mut past = Sender::open(&server, history("file", 1)).await.unwrap();
    let at = now() - 3_600 * SECOND;
    let mut events = call_of(1, "first", at, THEIRS);
    events.extend(call_of(5, "other", at + 60 * SECOND, "+7 912 000-00-00"));
    past.batch(events).await;
    past.finish(true).await;
    // Another source, and a call that goes on.
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let again = call_of(1, "again", at + 1_800 * SECOND, THEIRS);
    let ack = sender.batch(again[..2].to_vec()).await;
    stored(&server, "pbx", ack.position).await;

    let said = async |call: &str| {
        let request = GetCallRequest {
            call_id: call.into(),
            explain: ["R1", "R3", "R4"].map(str::to_owned).to_vec(),
            windows: vec![
                Duration::from_secs(600).into(),
                Duration::from_secs(3_600).into(),
            ],
            ..GetCallRequest::default()
        };
        let answer = server.reports().await.get_call(request).await.unwrap();
        let said = answer.into_inner().explanations.into_iter();
        said.map(|said| said.sentence).collect::<Vec<_>>()
    };
    assert_eq!(
        said("again").await[..4],
        [
            "call first of the caller came 30m before it, > 10m: not counted",
            "call first of the caller came 30m before it, ≤ 1 h: counted",
            "call first of the caller came 30m before it, > 10m, and a human answered that: not counted",
            "call first of the caller came 30m before it, ≤ 1 h, and a human answered that: not counted",
        ]
    );
    let first = said("first").await;
    assert_eq!(
        first[4],
        "call again of the caller came 30m after it, > 10m: in the denominator alone"
    );
    assert!(first[5].contains("so it is immature"), "{first:?}");
    let shown = server
        .report(&[
            "call",
            "again",
            "--explain",
            "R1",
            "--windows",
            "1h",
            "--output",
            "table",
        ])
        .await;
    assert!(
        shown.contains("R1: call first of the caller came 30m before it, ≤ 1 h: counted"),
        "{shown}"
    );
}
