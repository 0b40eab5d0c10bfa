//! CaseService: what bad answers opened, who takes it, what was done.
//!
//! Steps are decided one after the other against what is stored, journaled, and answered when the store holds them. How a case
//! is opened is in `case_opening`, what comes of all of them in `case_report`.

use tonic::{Request, Response, Status};

use crate::journal::Note;
use crate::model::nearest::{nearest, suggestion};
use crate::model::{CallId, CaseState, CaseStep, Cause, FormId, Position, SurveyEvent, Timestamp};
use crate::proto::v1 as wire;
use crate::proto::v1::case_service_server::CaseService;
use crate::store::{CasesAsked, StoredCase};
use crate::survey::limits;
use crate::validate::caps;

use super::super::error::{RequestError, SurveyError};
use super::super::source::timestamp;
use super::super::status;
use super::Surveys;

/// A page of cases, unless more are asked for, and at the most.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1_000;
/// Cases looked through for one page when most do not fit what is asked.
const LOOKED_MAX: u32 = 10_000;
/// How a page token of this version begins.
const TOKEN: &str = "c1-";

impl Surveys {
    async fn find_case(&self, number: u64) -> Result<StoredCase, SurveyError> {
        let asked = CasesAsked::Number(Position(number));
        let found = self.parts.store.cases(&asked).await?;
        let found = found.into_iter().next();
        found.ok_or(SurveyError::UnknownCase { number })
    }

    async fn take(self, asked: wire::TakeCaseRequest) -> Result<wire::Case, SurveyError> {
        let owner = person("owner", &asked.owner)?;
        let _turn = self.deciding.lock().await;
        let case = self.find_case(asked.number).await?;
        if case.closed.is_some() {
            return Err(SurveyError::CaseClosed {
                number: asked.number,
            });
        }
        // The same owner again changes nothing.
        if case
            .taken
            .as_ref()
            .is_none_or(|(known, _)| **known != *owner)
        {
            let owner = owner.into();
            self.step(&case, CaseStep::Taken { owner }).await?;
        }
        let case = self.find_case(asked.number).await?;
        Ok(told(&case, self.parts.clock.now()))
    }

    async fn close(self, asked: wire::CloseCaseRequest) -> Result<wire::Case, SurveyError> {
        let invalid = |field, fault: &str| RequestError::invalid(field, fault).into();
        if asked.done.trim().is_empty() {
            return Err(RequestError::FieldMissing { field: "done" }.into());
        }
        if asked.done.chars().count() > limits::TEXT_CHARS_MAX {
            return Err(invalid("done", "has more than 2,000 letters"));
        }
        if asked.done.contains(|c: char| c.is_control() && c != '\n') {
            return Err(invalid("done", "holds control characters"));
        }
        let cause = cause(&asked.cause)?;
        let _turn = self.deciding.lock().await;
        let case = self.find_case(asked.number).await?;
        let number = asked.number;
        let Some((owner, _)) = &case.taken else {
            return Err(SurveyError::CaseNotTaken { number });
        };
        let by = match &*asked.by {
            "" => owner.to_string(),
            by => person("by", by)?,
        };
        if let Some(closed) = &case.closed {
            let is_same = (&*closed.by, &*closed.done, closed.cause) == (&*by, &*asked.done, cause);
            if !is_same {
                return Err(SurveyError::CaseClosed { number });
            }
            return Ok(told(&case, self.parts.clock.now()));
        }
        let step = CaseStep::Closed {
            by: by.into(),
            done: asked.done.as_str().into(),
            cause,
        };
        self.step(&case, step).await?;
        let case = self.find_case(number).await?;
        Ok(told(&case, self.parts.clock.now()))
    }

    async fn step(&self, case: &StoredCase, step: CaseStep) -> Result<(), SurveyError> {
        let note = Note {
            source: case.subject.source.clone(),
            at: self.parts.clock.now(),
            event: SurveyEvent::Case {
                call: case.subject.call.clone(),
                form: case.subject.form.clone(),
                step,
            },
        };
        self.keep_until_stored(vec![note]).await.map(drop)
    }

    async fn list(
        &self,
        asked: &wire::ListCasesRequest,
    ) -> Result<wire::ListCasesResponse, SurveyError> {
        let state = asked.state();
        let size = match asked.page_size {
            0 => PAGE,
            size => size.min(PAGE_MAX),
        };
        let mut after = token(&asked.page_token)?;
        let now = self.parts.clock.now();
        let mut answer = wire::ListCasesResponse::default();
        let mut looked = 0;
        loop {
            let page = CasesAsked::Page {
                after,
                closed: state == wire::CaseState::Closed,
                open: state != wire::CaseState::Closed,
                at_most: PAGE_MAX,
            };
            let found = self.parts.store.cases(&page).await?;
            let is_last = found.len() < PAGE_MAX as usize;
            for case in &found {
                if answer.cases.len() >= size as usize {
                    answer.next_page_token = format!("{TOKEN}{:x}", after.0);
                    return Ok(answer);
                }
                after = case.number;
                looked += 1;
                let case = told(case, now);
                let fits = (state == wire::CaseState::Unspecified || case.state() == state)
                    && (asked.owner.is_empty() || case.owner == asked.owner)
                    && (!asked.overdue || case.overdue);
                if fits {
                    answer.cases.push(case);
                }
            }
            if is_last {
                return Ok(answer);
            }
            // A page may be short, or empty, and not the last.
            if looked >= LOOKED_MAX {
                answer.next_page_token = format!("{TOKEN}{:x}", after.0);
                return Ok(answer);
            }
        }
    }
}

fn person(field: &'static str, name: &str) -> Result<String, RequestError> {
    let name = name.trim();
    let invalid = |fault: &str| RequestError::invalid(field, fault);
    if name.is_empty() {
        return Err(RequestError::FieldMissing { field });
    }
    if name.len() > caps::NAME_BYTES {
        return Err(invalid("is longer than 64 bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid("holds control characters"));
    }
    Ok(name.to_owned())
}

fn cause(word: &str) -> Result<Option<Cause>, RequestError> {
    if word.is_empty() {
        return Ok(None);
    }
    let known = Cause::ALL.iter();
    if let Some(cause) = known.clone().find(|cause| cause.as_str() == word) {
        return Ok(Some(*cause));
    }
    let words: Vec<_> = known.map(|cause| cause.as_str()).collect();
    let near = suggestion(nearest(word, words.iter().copied()));
    let fault = format!("is none of {}{near}", words.join(", "));
    Err(RequestError::invalid("cause", fault))
}

fn token(token: &str) -> Result<Position, SurveyError> {
    if token.is_empty() {
        return Ok(Position(0));
    }
    let number = token.strip_prefix(TOKEN);
    let number = number.and_then(|hex| u64::from_str_radix(hex, 16).ok());
    number.map(Position).ok_or(SurveyError::PageToken)
}

/// A case as the wire tells it; `now` decides whether it is overdue.
pub(super) fn told(case: &StoredCase, now: Timestamp) -> wire::Case {
    let state = match case.state() {
        CaseState::Opened => wire::CaseState::Opened,
        CaseState::Taken => wire::CaseState::Taken,
        CaseState::Closed => wire::CaseState::Closed,
    };
    let said = case
        .opened
        .said
        .iter()
        .map(|(question, answer)| wire::CaseAnswer {
            question: question.to_string(),
            answer: answer.to_string(),
        });
    let closed = case.closed.as_ref();
    let subject = &case.subject;
    wire::Case {
        number: case.number.0,
        state: state.into(),
        opened_at: Some(timestamp(case.opened_at)),
        due_at: Some(timestamp(case.opened.due_at)),
        overdue: closed.map_or(now, |closed| closed.at) > case.opened.due_at,
        survey: case.opened.survey.to_string(),
        version: case.opened.version,
        channel: case.opened.channel.as_str().to_owned(),
        said: said.collect(),
        source: subject.source.to_string(),
        call_id: subject
            .call
            .as_ref()
            .map(CallId::to_string)
            .unwrap_or_default(),
        form_id: subject
            .form
            .as_ref()
            .map(FormId::to_string)
            .unwrap_or_default(),
        owner: case
            .taken
            .as_ref()
            .map_or("", |(owner, _)| owner)
            .to_owned(),
        taken_at: case.taken.as_ref().map(|(_, at)| timestamp(*at)),
        closed_by: closed.map_or("", |closed| &closed.by).to_owned(),
        closed_at: closed.map(|closed| timestamp(closed.at)),
        done: closed.map_or("", |closed| &closed.done).to_owned(),
        cause: closed
            .and_then(|closed| closed.cause)
            .map_or("", Cause::as_str)
            .to_owned(),
    }
}

#[tonic::async_trait]
impl CaseService for Surveys {
    async fn list_cases(
        &self,
        request: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        let listed = self.list(request.get_ref()).await;
        Ok(Response::new(listed.map_err(refused)?))
    }

    async fn take_case(
        &self,
        request: Request<wire::TakeCaseRequest>,
    ) -> Result<Response<wire::TakeCaseResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        let done = tokio::spawn(self.clone().take(request.into_inner())).await;
        let done = done.map_err(|_| RequestError::ShuttingDown)?;
        let case = Some(done.map_err(refused)?);
        Ok(Response::new(wire::TakeCaseResponse { case }))
    }

    async fn close_case(
        &self,
        request: Request<wire::CloseCaseRequest>,
    ) -> Result<Response<wire::CloseCaseResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        let done = tokio::spawn(self.clone().close(request.into_inner())).await;
        let done = done.map_err(|_| RequestError::ShuttingDown)?;
        let case = Some(done.map_err(refused)?);
        Ok(Response::new(wire::CloseCaseResponse { case }))
    }

    async fn get_case_report(
        &self,
        request: Request<wire::GetCaseReportRequest>,
    ) -> Result<Response<wire::GetCaseReportResponse>, Status> {
        let refused = |error: SurveyError| status::survey(&error);
        self.check_ready()?;
        let made = self.case_report(request.get_ref()).await;
        Ok(Response::new(made.map_err(refused)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_another_kind_is_refused() {
        assert_eq!(token("").unwrap(), Position(0));
        assert_eq!(token("c1-1f").unwrap(), Position(31));
        for wrong in ["31", "c2-1f", "c1-", "c1-x"] {
            assert!(token(wrong).is_err(), "{wrong}");
        }
    }
}
