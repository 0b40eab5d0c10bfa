//! The list of calls and one call, as they are written.

use serde_json::Value;

use super::super::tests::{serve_of, shown_by};
use super::*;
use crate::calls::tests::{settled, settled_told};
use crate::calls::{record_of_open, record_of_settled, timeline_of_open, timeline_of_settled};
use crate::model::{CallId, Marks, SourceId};
use crate::reports::fixture::{Memory, hotline, samara, seconds, stored};
use crate::store::{Place, Readers, StoredCall};

const HEADER: &str = "arrived_at,source,call,caller,direction,line,outcome,ended_by,queues,first_wait_s,wait_sum_s,\
    agents,talk_sum_s,hold_sum_s,transfers,failed_transfers,reroutes,marks,provisional\n";

const STORY: &str = "arrive 0; enter jobs 5; ring ann jobs 6; answer ann jobs 17; begin ann blind queue help 50; \
    release ann agent 50; enter help 50; answer bob help 80.5; release bob caller 100; end caller 100";

/// One call with everything told of it.
fn told() -> Memory {
    let place = Place {
        arrived_at: samara("10:00:00"),
        source: 1,
        call: CallId::new("=7"),
    };
    let readers = Readers {
        open: record_of_open,
        told: record_of_settled,
        open_timeline: timeline_of_open,
        told_timeline: timeline_of_settled,
    };
    let told = settled_told(place.arrived_at, STORY);
    let source = SourceId::new("pbx");
    Memory::of_calls(vec![StoredCall::of_told(
        place,
        source,
        told,
        Marks::default(),
        readers,
    )])
}

/// More calls than are on a page.
fn crowd() -> Memory {
    let call = |number: u64| {
        let at = samara("10:00:00").plus(seconds(number));
        stored(
            &number.to_string(),
            settled(at, "arrive 0; enter jobs 1; end caller 9"),
        )
    };
    Memory::of_calls((0..1_203).map(call).collect())
}

async fn written(memory: Memory, words: &str) -> (String, Vec<String>) {
    let server = serve_of(memory, hotline()).await;
    let shown = shown_by(&server, words).await.unwrap();
    (String::from_utf8(shown.content).unwrap(), shown.remarks)
}

#[tokio::test]
async fn calls_as_csv() {
    let (text, remarks) = written(told(), "calls --output csv").await;
    let rows = text.strip_prefix(HEADER).expect("the header");
    assert_eq!(
        rows,
        "2026-03-02T10:00:00+04:00,pbx,'=7,,inbound,,served,caller,jobs > help,12,42.5,ann > bob,52.5,0,1,0,0,,0\n"
    );
    assert_eq!(remarks, [""; 0]);
    let (text, _) = written(told(), "calls --output csv --wait-over 31s").await;
    assert_eq!(text, HEADER);
    let (text, _) = written(told(), "calls --output table --wait-over 31s").await;
    assert!(text.contains("No such calls"), "{text}");
}

#[tokio::test]
async fn all_pages_are_followed_and_add_up() {
    let (text, remarks) = written(crowd(), "calls --output csv").await;
    let calls: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(2).unwrap())
        .collect();
    let expected: Vec<_> = (0..1_203).map(|number| number.to_string()).collect();
    assert_eq!(calls, expected);
    assert_eq!(remarks, [""; 0]);

    let context = |text: String| -> Value {
        let answer: Value = serde_json::from_str(&text).unwrap();
        answer["context"].clone()
    };
    let server = serve_of(crowd(), hotline()).await;
    let notes = shown_by(&server, "queues --output csv")
        .await
        .unwrap()
        .notes;
    let listed = context(written(crowd(), "calls --output json").await.0);
    let digest = listed["callsDigest"].as_str().unwrap();
    let behind = format!("calls behind the figures: 1203, digest {digest}");
    assert_eq!(notes[0], behind);
    let (table, _) = written(crowd(), "waits --output table").await;
    assert!(table.contains(&behind), "{table}");
    let queues = context(written(crowd(), "queues --output json").await.0);
    assert_eq!(listed["calls"], "1203");
    assert_eq!(listed["callsDigest"], queues["callsDigest"]);
}

#[tokio::test]
async fn a_limit_says_that_there_may_be_more() {
    let (text, _) = written(crowd(), "calls --output table").await;
    assert!(
        text.contains("50 calls shown, up to 1153 more in this period"),
        "{text}"
    );
    let (text, remarks) = written(crowd(), "calls --output csv --limit 1001").await;
    assert_eq!(text.lines().count(), 1_002);
    assert!(remarks[0].contains("up to 202 more"), "{remarks:?}");
    let (text, remarks) = written(crowd(), "calls --output csv --limit 1203").await;
    assert_eq!((text.lines().count(), remarks.len()), (1_204, 0));
}

#[test]
fn a_caller_cut_short_is_said_to_be() {
    let list = |caller: &str| ListCallsResponse {
        calls: vec![CallSummary {
            caller: caller.into(),
            ..CallSummary::default()
        }],
        ..ListCallsResponse::default()
    };
    let text = calls_table(&list(&"0f".repeat(16)), Lang::En);
    assert!(
        text.contains("0f0f0f0f ┆") && text.contains("--caller wants all"),
        "{text}"
    );
    let text = calls_table(&list("withheld"), Lang::En);
    assert!(
        text.contains("withheld ┆") && !text.contains("--caller"),
        "{text}"
    );
}

#[tokio::test]
async fn one_call_as_a_table() {
    let (text, remarks) = written(told(), "call =7 --output table --explain strict,T5").await;
    assert_eq!(remarks, [""; 0]);
    for words in [
        "Call: 2026-03-02 10:00 +04:00",
        "=7 of pbx, inbound, served, ended by caller",
        "queue_entered",
        "queue=jobs",
        "method=blind from_agent=ann to_queue=help",
        "10:01:20.5 +04:00",
        "  strict: visit 1 of jobs: answered after 12 s ≤ T = 20 s: in the numerator and the denominator",
        "  T5: transfer 1, blind to queue help",
        "strict v1  service level",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let (text, remarks) = written(told(), "call =7 --output csv --explain all").await;
    assert!(
        text.starts_with("at,sequence,kind,fields,marks\n"),
        "{text}"
    );
    assert_eq!((text.lines().count(), remarks.len()), (11, 1));
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_flag() {
    let server = serve_of(told(), hotline()).await;
    for (words, flag) in [
        ("calls --exit abandond", "(--exit)"),
        ("calls --outcome serve", "(--outcome)"),
        ("calls --mark odd", "(--mark)"),
        ("calls --caller 12345", "(--caller)"),
        ("calls --queue job", "(--queue)"),
        ("calls --wait-over 5s,6s", "(--wait-over)"),
        ("call 8", "(ID)"),
        ("call =7 --source branch", "there is one of pbx"),
        ("call =7 --explain T99", "(--explain)"),
        ("call =7 --zone Samra", "(--zone)"),
    ] {
        let failure = shown_by(&server, words).await.unwrap_err();
        assert!(failure.message.contains(flag), "{words}: {failure}");
    }
}
