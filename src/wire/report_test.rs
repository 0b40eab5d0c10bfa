//! The report service: what it takes, and what it answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::*;
use crate::model::{CallId, Exit, LineId, QueueId, SourceId, SurveyText, Targets, VisitRow};
use crate::reports::{Options, SourceCompleteness, Zone};
use crate::store::{self, Selection};

#[derive(Clone)]
struct OneVisit;

impl Rows for OneVisit {
    async fn calls_passed_around(
        &self,
        _: store::Period,
        _: mpsc::Sender<Vec<store::StoredCall>>,
    ) -> Result<(), store::Error> {
        Ok(())
    }

    async fn calls(
        &self,
        _: store::Period,
        _: Option<store::Place>,
        _: mpsc::Sender<Vec<store::StoredCall>>,
    ) -> Result<(), store::Error> {
        Ok(())
    }

    async fn has_line(&self, _: &LineId) -> Result<bool, store::Error> {
        Ok(false)
    }

    async fn spoken(
        &self,
        _: store::Period,
        _: mpsc::Sender<Vec<store::Spoken>>,
    ) -> Result<(), store::Error> {
        Ok(())
    }

    async fn calls_of_caller(
        &self,
        _: &[u8; 16],
        _: store::Period,
    ) -> Result<store::OfCaller, store::Error> {
        Ok(store::OfCaller::default())
    }

    async fn call(&self, _: &CallId) -> Result<Vec<store::StoredCall>, store::Error> {
        Ok(Vec::new())
    }

    async fn surveys(&self) -> Result<Vec<SurveyText>, store::Error> {
        Ok(Vec::new())
    }

    async fn told(&self, _: store::Period) -> Result<store::Told, store::Error> {
        Ok(store::Told::default())
    }

    async fn busy_lines(
        &self,
        _: store::Period,
        _: &BTreeSet<LineId>,
    ) -> Result<store::BusyLines, store::Error> {
        Ok(store::BusyLines::default())
    }

    async fn gather(
        &self,
        _: &store::Gather,
        parts: mpsc::Sender<store::Part>,
    ) -> Result<(), store::Error> {
        let visit = VisitRow {
            queue: QueueId::new("jobs"),
            entered_at: Timestamp::from_micros(5_000_000),
            exit: Some(Exit::Answered),
            exited_at: Some(Timestamp::from_micros(6_500_000)),
            wait: Some(Duration::from_millis(1_500)),
            talk: Some(Duration::from_secs(60)),
            first: true,
            provisional: false,
            missed_offer_time: Duration::from_secs(2),
            after_transfer: false,
            waits_at: None,
        };
        let rows = Selection {
            visits: vec![visit],
            ..Selection::default()
        };
        for part in [
            store::Part::Head(self.head().await?),
            store::Part::Rows(Box::new(rows)),
        ] {
            drop(parts.send(part).await);
        }
        Ok(())
    }

    async fn session(
        &self,
        _: &SourceId,
        _: &CallId,
    ) -> Result<Option<crate::model::SurveySession>, store::Error> {
        Ok(None)
    }

    async fn surveyed(
        &self,
        _: store::Period,
        _: mpsc::Sender<store::Surveyed>,
    ) -> Result<(), store::Error> {
        Ok(())
    }

    async fn forms(
        &self,
        _: store::FormsAsked,
        _: mpsc::Sender<store::Surveyed>,
    ) -> Result<(), store::Error> {
        Ok(())
    }

    async fn head(&self) -> Result<store::Head, store::Error> {
        Ok(store::Head {
            queues: vec![QueueId::new("jobs")],
            ..store::Head::default()
        })
    }
}

impl Sources for OneVisit {
    fn completeness(&self) -> Vec<SourceCompleteness> {
        vec![SourceCompleteness {
            source: SourceId::new("pbx"),
            gap_events: 1,
            late_events: 2,
            recomputed_events: 4,
            rejected_events: 3,
            settled_until: Some(Timestamp::from_micros(-1)),
            watermark: None,
            silent_since: Some(Timestamp::from_micros(2_000_000)),
        }]
    }
}

fn service() -> Service<OneVisit, OneVisit> {
    let options = Options {
        zone: Zone::find("Europe/Samara").unwrap(),
        targets: Targets::default(),
        floor: Arc::default(),
        altered: Arc::default(),
    };
    Service::new(Reports::new(OneVisit, OneVisit, options))
}

fn seconds(seconds: i64, nanos: i32) -> pbjson_types::Duration {
    pbjson_types::Duration { seconds, nanos }
}

fn ten_seconds() -> v1::ReportQuery {
    v1::ReportQuery {
        start: Some(pbjson_types::Timestamp::default()),
        end: Some(pbjson_types::Timestamp {
            seconds: 10,
            nanos: 0,
        }),
        ..v1::ReportQuery::default()
    }
}

#[tokio::test]
async fn an_answer_holds_the_figures_and_their_context() {
    let request = v1::GetQueueReportRequest {
        query: Some(ten_seconds()),
        wait_over: vec![seconds(1, 0)],
        compat: Vec::new(),
    };
    let answer = service()
        .get_queue_report(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    let context = answer.context.unwrap();
    assert_eq!(
        (&*context.zone, &*context.start_local),
        ("Europe/Samara", "1970-01-01T04:00:00+04:00")
    );
    let settled = pbjson_types::Timestamp {
        seconds: -1,
        nanos: 999_999_000,
    };
    assert_eq!(context.sources[0].settled_until, Some(settled));
    let silent = pbjson_types::Timestamp {
        seconds: 2,
        nanos: 0,
    };
    assert_eq!(context.sources[0].silent_since, Some(silent));
    assert!(
        context
            .definitions
            .iter()
            .any(|definition| definition.id == "strict")
    );

    let [jobs, all] = &answer.rows[..] else {
        panic!("one queue and all of them: {:?}", answer.rows);
    };
    assert_eq!(
        (&*jobs.queue, jobs.answered, &*all.queue),
        ("jobs", 1, "ALL")
    );
    assert_eq!(
        jobs.wait_answered.unwrap().p50,
        Some(seconds(1, 500_000_000))
    );
    assert_eq!(
        (jobs.wait_over[0].count, jobs.talk_sum),
        (1, Some(seconds(60, 0)))
    );
    let level = jobs.service_level.as_ref().unwrap();
    assert_eq!(
        (level.threshold, level.strict),
        (Some(seconds(20, 0)), Some(1.0))
    );
}

#[tokio::test]
async fn every_report_is_served() {
    let query = Some(ten_seconds());
    let edges = vec![seconds(1, 500_000_000)];
    let request = v1::GetWaitDistributionRequest {
        query: query.clone(),
        edges,
    };
    let waits = service()
        .get_wait_distribution(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    let up_to: Vec<_> = waits.rows[0].buckets[..3]
        .iter()
        .map(|bucket| (bucket.edge.unwrap(), bucket.count))
        .collect();
    assert_eq!(
        up_to,
        [
            (seconds(0, 0), 0),
            (seconds(1, 500_000_000), 1),
            (seconds(5, 0), 1)
        ]
    );

    let request = v1::GetTransferReportRequest {
        query,
        excessive_limit: 0,
    };
    let transfers = service()
        .get_transfer_report(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(transfers.rows, []);
    assert!(
        transfers
            .context
            .unwrap()
            .definitions
            .iter()
            .any(|definition| definition.id == "T3")
    );
}

#[test]
fn a_wrong_field_is_named() {
    let wrong = |change: fn(&mut v1::ReportQuery)| {
        let mut query = ten_seconds();
        change(&mut query);
        super::query(Some(query)).unwrap_err()
    };
    for (error, field) in [
        (wrong(|query| query.bucket = 99), "query.bucket"),
        (
            wrong(|query| {
                query.start = Some(pbjson_types::Timestamp {
                    seconds: i64::MAX,
                    nanos: 0,
                })
            }),
            "query.start",
        ),
        (
            wrong(|query| {
                query.end = Some(pbjson_types::Timestamp {
                    seconds: 0,
                    nanos: -1,
                })
            }),
            "query.end",
        ),
        (
            wrong(|query| query.service_level = Some(seconds(-1, 0))),
            "query.service_level",
        ),
        (
            wrong(|query| query.short_abandon = Some(seconds(0, 1_000_000_000))),
            "query.short_abandon",
        ),
        (spans("edges", &[seconds(0, -1)]).unwrap_err(), "edges"),
    ] {
        assert_eq!(error.field(), Some(field), "{error}");
    }
    assert_eq!(super::query(None).unwrap(), Query::default());
}

#[test]
fn a_bound_between_microseconds_is_the_next() {
    let at = |seconds, nanos| {
        let at = pbjson_types::Timestamp { seconds, nanos };
        instant("query.start", Some(at))
            .unwrap()
            .unwrap()
            .as_micros()
    };
    assert_eq!(at(1, 0), 1_000_000);
    assert_eq!(at(1, 1), 1_000_001);
    assert_eq!(at(1, 1000), 1_000_001);
    assert_eq!(at(-1, 999_999_999), 0);
}

#[tokio::test]
async fn a_wrong_query_is_the_request_s_fault() {
    let request = v1::GetQueueReportRequest::default();
    let status = service()
        .get_queue_report(Request::new(request))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (tonic::Code::InvalidArgument, "the period has no start")
    );
}
