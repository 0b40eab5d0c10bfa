//! The report service: the contract's query to a typed one, figures to the contract's messages.
//!
//! Nothing is worked out here. A wrong query becomes a status in `status`.

mod answer;

use std::time::Duration;

use tonic::{Request, Response, Status};

use crate::model::{AnswerChannel, Headline, Timestamp};
use crate::proto::v1;
use crate::proto::v1::report_service_server::ReportService;
use crate::reports::{
    Basis, Bucket, By, CallAsked, CallFilter, CallsQuery, Compare, Error, Lens, Pack, Query,
    Reports, Sources, SurveyAsked, SurveyGrouping, unlike,
};
use crate::store::Rows;

use super::status;

/// Makes a report's answer, and that of the period which is set beside it, if one is asked for.
macro_rules! beside {
    ($service:ident, $asked:expr, $query:ident => $make:expr, $answer:path) => {{
        let $query = $asked;
        let mut report = $make;
        if let Some(earlier) = $service.0.earlier(&$query)? {
            let $query = earlier.query;
            let before = $make;
            let context = &mut report.context;
            context.cautions.extend(earlier.cautions);
            context
                .cautions
                .extend(unlike(&context.rules, &before.context.rules));
            let (mut answer, mut before) = ($answer(report), $answer(before));
            answer.context.get_or_insert_default().buckets = earlier.buckets;
            before.context.get_or_insert_default().buckets = earlier.buckets_before;
            answer.before = Some(Box::new(before));
            Ok(answer)
        } else {
            Ok($answer(report))
        }
    }};
}

/// Answers `ReportService` from reports.
#[derive(Clone, Debug)]
pub struct Service<R, S>(Reports<R, S>);

impl<R: Rows, S: Sources> Service<R, S> {
    /// Serves these reports.
    pub fn new(reports: Reports<R, S>) -> Self {
        Self(reports)
    }

    async fn queues(
        &self,
        asked: v1::GetQueueReportRequest,
    ) -> Result<v1::GetQueueReportResponse, Error> {
        let over = spans("wait_over", &asked.wait_over)?;
        let asked_for = Query {
            compat: packs(&asked.compat)?,
            ..query(asked.query)?
        };
        beside!(self, asked_for, query => self.0.queues(&query, &over).await?, answer::queues)
    }

    async fn transfers(
        &self,
        asked: v1::GetTransferReportRequest,
    ) -> Result<v1::GetTransferReportResponse, Error> {
        let limit = (asked.excessive_limit > 0).then_some(asked.excessive_limit);
        beside!(self, query(asked.query)?, query => self.0.transfers(&query, limit).await?, answer::transfers)
    }

    async fn waits(
        &self,
        asked: v1::GetWaitDistributionRequest,
    ) -> Result<v1::GetWaitDistributionResponse, Error> {
        let edges = spans("edges", &asked.edges)?;
        beside!(self, query(asked.query)?, query => self.0.waits(&query, &edges).await?, answer::waits)
    }

    async fn agents(
        &self,
        asked: v1::GetAgentReportRequest,
    ) -> Result<v1::GetAgentReportResponse, Error> {
        beside!(self, query(asked.query)?, query => self.0.agents(&query).await?, answer::agents)
    }

    async fn repeats(
        &self,
        asked: v1::GetRepeatReportRequest,
    ) -> Result<v1::GetRepeatReportResponse, Error> {
        let windows = spans("windows", &asked.windows)?;
        let shared_over = (asked.shared_over > 0).then_some(asked.shared_over);
        beside!(self, query(asked.query)?, query => self.0.repeats(&query, &windows, shared_over).await?, answer::repeats)
    }

    async fn unserved(
        &self,
        asked: v1::GetUnservedReportRequest,
    ) -> Result<v1::GetUnservedReportResponse, Error> {
        beside!(self, query(asked.query)?, query => self.0.unserved(&query).await?, answer::unserved)
    }

    async fn lines(
        &self,
        asked: v1::GetLineReportRequest,
    ) -> Result<v1::GetLineReportResponse, Error> {
        beside!(self, query(asked.query)?, query => self.0.lines(&query).await?, answer::lines)
    }

    async fn survey(
        &self,
        asked: v1::GetSurveyReportRequest,
    ) -> Result<v1::GetSurveyReportResponse, Error> {
        let of = SurveyAsked {
            channel: channel(&asked.channel)?,
            by: survey_grouping(asked.by)?,
            survey: asked.survey,
            version: asked.version,
        };
        beside!(self, query(asked.query)?, query => self.0.survey(&query, &of).await?, answer::survey)
    }

    async fn calls(&self, asked: v1::ListCallsRequest) -> Result<v1::ListCallsResponse, Error> {
        let filter = asked.filter.unwrap_or_default();
        let asked = CallsQuery {
            query: query(asked.query)?,
            filter: CallFilter {
                agents: filter.agents,
                exits: filter.exits,
                outcomes: filter.outcomes,
                wait_over: threshold("filter.wait_over", filter.wait_over)?,
                transfers_over: filter.transfers_over,
                marks: filter.marks,
                callers: filter.callers,
                first_queues: filter.first_queues,
                directions: filter.directions,
            },
            page_size: asked.page_size,
            page_token: asked.page_token,
        };
        Ok(answer::page(self.0.list_calls(&asked).await?))
    }

    async fn call(&self, asked: v1::GetCallRequest) -> Result<v1::GetCallResponse, Error> {
        let asked = CallAsked {
            query: query(asked.query)?,
            wait_over: spans("wait_over", &asked.wait_over)?,
            excessive_limit: (asked.excessive_limit > 0).then_some(asked.excessive_limit),
            call: asked.call_id,
            source: asked.source,
            explain: asked.explain,
            windows: spans("windows", &asked.windows)?,
            shared_over: (asked.shared_over > 0).then_some(asked.shared_over),
        };
        Ok(answer::call(self.0.call(&asked).await?))
    }
}

/// How a survey was answered, by its word.
fn channel(word: &str) -> Result<AnswerChannel, Error> {
    if word.is_empty() {
        return Ok(AnswerChannel::Phone);
    }
    let known = AnswerChannel::ALL.iter();
    let found = known.clone().find(|known| known.as_str() == word);
    found
        .copied()
        .ok_or_else(|| Error::unknown_word("channel", word, known.map(|known| known.as_str())))
}

#[tonic::async_trait]
impl<R: Rows, S: Sources> ReportService for Service<R, S> {
    async fn get_queue_report(
        &self,
        request: Request<v1::GetQueueReportRequest>,
    ) -> Result<Response<v1::GetQueueReportResponse>, Status> {
        answered(self.queues(request.into_inner()).await)
    }

    async fn get_transfer_report(
        &self,
        request: Request<v1::GetTransferReportRequest>,
    ) -> Result<Response<v1::GetTransferReportResponse>, Status> {
        answered(self.transfers(request.into_inner()).await)
    }

    async fn get_agent_report(
        &self,
        request: Request<v1::GetAgentReportRequest>,
    ) -> Result<Response<v1::GetAgentReportResponse>, Status> {
        answered(self.agents(request.into_inner()).await)
    }

    async fn list_calls(
        &self,
        request: Request<v1::ListCallsRequest>,
    ) -> Result<Response<v1::ListCallsResponse>, Status> {
        answered(self.calls(request.into_inner()).await)
    }

    async fn get_call(
        &self,
        request: Request<v1::GetCallRequest>,
    ) -> Result<Response<v1::GetCallResponse>, Status> {
        answered(self.call(request.into_inner()).await)
    }

    async fn get_repeat_report(
        &self,
        request: Request<v1::GetRepeatReportRequest>,
    ) -> Result<Response<v1::GetRepeatReportResponse>, Status> {
        answered(self.repeats(request.into_inner()).await)
    }

    async fn get_unserved_report(
        &self,
        request: Request<v1::GetUnservedReportRequest>,
    ) -> Result<Response<v1::GetUnservedReportResponse>, Status> {
        answered(self.unserved(request.into_inner()).await)
    }

    async fn get_line_report(
        &self,
        request: Request<v1::GetLineReportRequest>,
    ) -> Result<Response<v1::GetLineReportResponse>, Status> {
        answered(self.lines(request.into_inner()).await)
    }

    async fn get_survey_report(
        &self,
        request: Request<v1::GetSurveyReportRequest>,
    ) -> Result<Response<v1::GetSurveyReportResponse>, Status> {
        answered(self.survey(request.into_inner()).await)
    }

    async fn get_wait_distribution(
        &self,
        request: Request<v1::GetWaitDistributionRequest>,
    ) -> Result<Response<v1::GetWaitDistributionResponse>, Status> {
        answered(self.waits(request.into_inner()).await)
    }
}

fn answered<T>(answer: Result<T, Error>) -> Result<Response<T>, Status> {
    answer
        .map(Response::new)
        .map_err(|error| status::report(&error))
}

/// A missing query is an empty one: the period is then what is missing.
fn query(asked: Option<v1::ReportQuery>) -> Result<Query, Error> {
    let asked = asked.unwrap_or_default();
    Ok(Query {
        start: instant("query.start", asked.start)?,
        end: instant("query.end", asked.end)?,
        bucket: bucket(asked.bucket)?,
        service_level: threshold("query.service_level", asked.service_level)?,
        short_abandon: threshold("query.short_abandon", asked.short_abandon)?,
        short_answered: threshold("query.short_answered", asked.short_answered)?,
        lens: lens(asked.lens)?,
        basis: basis(asked.basis)?,
        headline: headline(&asked.headline)?,
        compare: compare(asked.compare)?,
        zone: asked.zone,
        queues: asked.queues,
        hours: asked.hours,
        lines: asked.lines,
        teams: asked.teams,
        by: grouping(asked.by)?,
        compat: Vec::new(),
        exact: asked.exact,
    })
}

fn bucket(value: i32) -> Result<Bucket, Error> {
    match v1::Bucket::try_from(value) {
        Ok(v1::Bucket::Unspecified | v1::Bucket::Total) => Ok(Bucket::Total),
        Ok(v1::Bucket::Minutes15) => Ok(Bucket::Minutes15),
        Ok(v1::Bucket::Minutes30) => Ok(Bucket::Minutes30),
        Ok(v1::Bucket::Hour) => Ok(Bucket::Hour),
        Ok(v1::Bucket::Day) => Ok(Bucket::Day),
        Ok(v1::Bucket::Week) => Ok(Bucket::Week),
        Ok(v1::Bucket::Month) => Ok(Bucket::Month),
        Ok(v1::Bucket::Weekday) => Ok(Bucket::Weekday),
        Ok(v1::Bucket::HourOfDay) => Ok(Bucket::HourOfDay),
        Err(_) => Err(Error::UnknownBucket { value }),
    }
}

fn lens(value: i32) -> Result<Lens, Error> {
    match v1::Lens::try_from(value) {
        Ok(v1::Lens::Unspecified | v1::Lens::Visit) => Ok(Lens::Visit),
        Ok(v1::Lens::Journey) => Ok(Lens::Journey),
        Err(_) => Err(Error::UnknownChoice {
            field: "query.lens",
            value,
        }),
    }
}

fn grouping(value: i32) -> Result<By, Error> {
    match v1::Grouping::try_from(value) {
        Ok(v1::Grouping::Unspecified | v1::Grouping::Queue) => Ok(By::Queue),
        Ok(v1::Grouping::Line) => Ok(By::Line),
        Ok(v1::Grouping::Team) => Ok(By::Team),
        Ok(v1::Grouping::Calendar) => Ok(By::Calendar),
        Err(_) => Err(Error::UnknownChoice {
            field: "query.by",
            value,
        }),
    }
}

fn basis(value: i32) -> Result<Basis, Error> {
    match v1::Basis::try_from(value) {
        Ok(v1::Basis::Unspecified | v1::Basis::Cohort) => Ok(Basis::Cohort),
        Ok(v1::Basis::Event) => Ok(Basis::Event),
        Err(_) => Err(Error::UnknownChoice {
            field: "query.basis",
            value,
        }),
    }
}

fn survey_grouping(value: i32) -> Result<SurveyGrouping, Error> {
    match v1::SurveyGrouping::try_from(value) {
        Ok(v1::SurveyGrouping::Unspecified | v1::SurveyGrouping::Queue) => {
            Ok(SurveyGrouping::Queue)
        }
        Ok(v1::SurveyGrouping::None) => Ok(SurveyGrouping::None),
        Ok(v1::SurveyGrouping::Agent) => Ok(SurveyGrouping::Agent),
        Ok(v1::SurveyGrouping::Hour) => Ok(SurveyGrouping::Hour),
        Ok(v1::SurveyGrouping::Transfers) => Ok(SurveyGrouping::Transfers),
        Ok(v1::SurveyGrouping::Wait) => Ok(SurveyGrouping::Wait),
        Err(_) => Err(Error::UnknownChoice { field: "by", value }),
    }
}

fn packs(words: &[String]) -> Result<Vec<Pack>, Error> {
    let pack = |word: &String| {
        let known = Pack::ALL.map(Pack::as_str);
        Pack::from_word(word).ok_or_else(|| Error::unknown_word("compat", word, known))
    };
    words.iter().map(pack).collect()
}

fn headline(id: &str) -> Result<Option<Headline>, Error> {
    if id.is_empty() {
        return Ok(None);
    }
    let known = Headline::ALL.map(Headline::as_str);
    let unknown = || Error::unknown_word("query.headline", id, known);
    Headline::from_id(id).map(Some).ok_or_else(unknown)
}

fn compare(value: i32) -> Result<Compare, Error> {
    match v1::Comparison::try_from(value) {
        Ok(v1::Comparison::Unspecified) => Ok(Compare::Nothing),
        Ok(v1::Comparison::Previous) => Ok(Compare::Previous),
        Ok(v1::Comparison::LastWeek) => Ok(Compare::LastWeek),
        Ok(v1::Comparison::LastYear) => Ok(Compare::LastYear),
        Err(_) => Err(Error::UnknownChoice {
            field: "query.compare",
            value,
        }),
    }
}

fn instant(
    field: &'static str,
    at: Option<pbjson_types::Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    let Some(at) = at else {
        return Ok(None);
    };
    match first_micros(&at) {
        Some(at) => Ok(Some(at)),
        None => Err(Error::PeriodOutOfRange { field }),
    }
}

/// The first microsecond that is not before the instant: events have no finer time, so a bound moved so cuts alike.
pub(super) fn first_micros(at: &pbjson_types::Timestamp) -> Option<Timestamp> {
    let nanos = u32::try_from(at.nanos).ok();
    let nanos = nanos.filter(|nanos| *nanos < 1_000_000_000)?;
    let whole = at.seconds.checked_mul(1_000_000)?;
    let micros = whole.checked_add(i64::from(nanos.div_ceil(1000)))?;
    Some(Timestamp::from_micros(micros))
}

fn threshold(
    field: &'static str,
    span: Option<pbjson_types::Duration>,
) -> Result<Option<Duration>, Error> {
    span.map(|span| span_of(field, &span)).transpose()
}

fn spans(field: &'static str, spans: &[pbjson_types::Duration]) -> Result<Vec<Duration>, Error> {
    spans.iter().map(|span| span_of(field, span)).collect()
}

fn span_of(field: &'static str, span: &pbjson_types::Duration) -> Result<Duration, Error> {
    let bad = |problem| Error::BadThreshold { field, problem };
    if span.seconds < 0 || span.nanos < 0 {
        return Err(bad("cannot be negative"));
    }
    match (u64::try_from(span.seconds), u32::try_from(span.nanos)) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 => Ok(Duration::new(seconds, nanos)),
        _ => Err(bad("has more than 999,999,999 nanoseconds")),
    }
}

#[cfg(test)]
#[path = "report_test.rs"]
mod tests;
