//! The report service, as the command line asks it.

use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::proto::v1;
use crate::proto::v1::report_service_client::ReportServiceClient;

use super::super::at::At;
use super::super::failure::Failure;

/// A year of half hours by queue is some 100 MB.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A connection to the report service.
pub(in crate::cli) struct Client {
    at: At,
    service: ReportServiceClient<Channel>,
}

impl Client {
    /// Connects; fails as unreachable, with the address.
    pub(in crate::cli) async fn connect(at: &At) -> Result<Self, Failure> {
        let channel = at.channel().await?;
        Ok(Self {
            at: at.clone(),
            service: ReportServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX),
        })
    }

    /// The hotline's own zone: a report of no time at all says which one it is.
    pub(super) async fn zone(&mut self) -> Result<String, Failure> {
        let query = v1::ReportQuery {
            start: Some(pbjson_types::Timestamp::default()),
            end: Some(pbjson_types::Timestamp::default()),
            ..v1::ReportQuery::default()
        };
        let request = v1::GetWaitDistributionRequest {
            query: Some(query),
            edges: Vec::new(),
        };
        let answer = self.waits(request).await?;
        Ok(answer.context.unwrap_or_default().zone)
    }

    /// Asks for the queue report.
    pub(super) async fn queues(
        &mut self,
        request: v1::GetQueueReportRequest,
    ) -> Result<v1::GetQueueReportResponse, Failure> {
        let answer = self.service.get_queue_report(request).await;
        self.answered(answer)
    }

    /// Asks for the transfer report.
    pub(super) async fn transfers(
        &mut self,
        request: v1::GetTransferReportRequest,
    ) -> Result<v1::GetTransferReportResponse, Failure> {
        let answer = self.service.get_transfer_report(request).await;
        self.answered(answer)
    }

    /// Asks for the agent report.
    pub(super) async fn agents(
        &mut self,
        request: v1::GetAgentReportRequest,
    ) -> Result<v1::GetAgentReportResponse, Failure> {
        let answer = self.service.get_agent_report(request).await;
        self.answered(answer)
    }

    /// Asks for a page of calls.
    pub(super) async fn calls(
        &mut self,
        request: v1::ListCallsRequest,
    ) -> Result<v1::ListCallsResponse, Failure> {
        let answer = self.service.list_calls(request).await;
        self.answered(answer)
    }

    /// Asks for one call.
    pub(super) async fn call(
        &mut self,
        request: v1::GetCallRequest,
    ) -> Result<v1::GetCallResponse, Failure> {
        let answer = self.service.get_call(request).await;
        self.answered(answer)
    }

    /// Asks for the report of repeat calls.
    pub(super) async fn repeats(
        &mut self,
        request: v1::GetRepeatReportRequest,
    ) -> Result<v1::GetRepeatReportResponse, Failure> {
        let answer = self.service.get_repeat_report(request).await;
        self.answered(answer)
    }

    /// Asks for the report of the unserved.
    pub(super) async fn unserved(
        &mut self,
        request: v1::GetUnservedReportRequest,
    ) -> Result<v1::GetUnservedReportResponse, Failure> {
        let answer = self.service.get_unserved_report(request).await;
        self.answered(answer)
    }

    /// Asks for the report of lines.
    pub(super) async fn lines(
        &mut self,
        request: v1::GetLineReportRequest,
    ) -> Result<v1::GetLineReportResponse, Failure> {
        let answer = self.service.get_line_report(request).await;
        self.answered(answer)
    }

    /// Asks for the survey report.
    pub(super) async fn survey(
        &mut self,
        request: v1::GetSurveyReportRequest,
    ) -> Result<v1::GetSurveyReportResponse, Failure> {
        let answer = self.service.get_survey_report(request).await;
        self.answered(answer)
    }

    /// Asks for the wait distribution.
    pub(super) async fn waits(
        &mut self,
        request: v1::GetWaitDistributionRequest,
    ) -> Result<v1::GetWaitDistributionResponse, Failure> {
        let answer = self.service.get_wait_distribution(request).await;
        self.answered(answer)
    }

    fn answered<T>(&self, answer: Result<Response<T>, Status>) -> Result<T, Failure> {
        answer
            .map(Response::into_inner)
            .map_err(|status| self.at.failure(&status))
    }
}
