//! GetCaseReport: how many cases a period opened, how they stand, and what was done about those it closed.

use crate::model::{Cause, Timestamp};
use crate::proto::v1 as wire;
use crate::store::{CasesAsked, StoredCase};

use super::super::error::{RequestError, SurveyError};
use super::super::report::first_micros;
use super::Surveys;
use super::cases::told;

impl Surveys {
    /// Answers GetCaseReport.
    pub(super) async fn case_report(
        &self,
        asked: &wire::GetCaseReportRequest,
    ) -> Result<wire::GetCaseReportResponse, SurveyError> {
        let instant = |field, at: &Option<pbjson_types::Timestamp>| {
            let at = at.as_ref().ok_or(RequestError::FieldMissing { field })?;
            let fault = "is no time that can be written";
            first_micros(at).ok_or_else(|| RequestError::invalid(field, fault))
        };
        let period = (instant("start", &asked.start)?, instant("end", &asked.end)?);
        if period.1 < period.0 {
            return Err(RequestError::invalid("end", "is before start").into());
        }
        let cases = self.parts.store.cases(&CasesAsked::Period(period)).await?;
        Ok(report(&cases, period, self.parts.clock.now()))
    }
}

/// The report of cases; `now` decides what is overdue.
fn report(
    cases: &[StoredCase],
    (start, end): (Timestamp, Timestamp),
    now: Timestamp,
) -> wire::GetCaseReportResponse {
    let within = |at: Timestamp| start <= at && at < end;
    let mut report = wire::GetCaseReportResponse::default();
    let mut causes = [0; Cause::ALL.len() + 1];
    for case in cases {
        if within(case.opened_at) {
            report.opened += 1;
            report.opened_taken += u64::from(case.taken.is_some());
            match &case.closed {
                Some(closed) if closed.at <= case.opened.due_at => {
                    report.opened_closed_in_time += 1;
                }
                Some(_) => report.opened_overdue += 1,
                None if now > case.opened.due_at => report.opened_overdue += 1,
                None => report.opened_not_due += 1,
            }
        }
        if let Some(closed) = case.closed.as_ref().filter(|closed| within(closed.at)) {
            report.closed += 1;
            let known = Cause::ALL
                .iter()
                .position(|cause| Some(*cause) == closed.cause);
            causes[known.unwrap_or(Cause::ALL.len())] += 1;
            report.done.push(told(case, now));
        }
    }
    let words = Cause::ALL.iter().map(|cause| cause.as_str()).chain([""]);
    let causes = words.zip(causes).map(|(cause, closed)| wire::CaseCause {
        cause: cause.to_owned(),
        closed,
    });
    report.causes = causes.collect();
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AnswerChannel, CaseOpened, CaseSubject, Position, SourceId, SurveyId};
    use crate::store::Closing;

    fn case(
        number: u64,
        opened: i64,
        due: i64,
        closed: Option<(i64, Option<Cause>)>,
    ) -> StoredCase {
        let at = Timestamp::from_micros;
        let closed = closed.map(|(closed, cause)| Closing {
            by: "a".into(),
            done: "b".into(),
            cause,
            at: at(closed),
        });
        StoredCase {
            number: Position(number),
            subject: CaseSubject {
                source: SourceId::new("pbx"),
                call: None,
                form: None,
            },
            opened_at: at(opened),
            opened: CaseOpened {
                survey: SurveyId::new("s"),
                version: 1,
                channel: AnswerChannel::Phone,
                due_at: at(due),
                said: Vec::new(),
            },
            taken: closed.is_some().then(|| ("a".into(), at(opened))),
            closed,
        }
    }

    #[test]
    fn the_report_counts_each_case_once_by_its_opening_and_once_by_its_closing() {
        let cases = [
            // Before the period, closed in it.
            case(1, 5, 20, Some((12, Some(Cause::LongWaiting)))),
            // In it: closed in time, closed late, overdue, not due.
            case(2, 10, 15, Some((15, None))),
            case(3, 10, 15, Some((16, Some(Cause::LongWaiting)))),
            case(4, 11, 29, None),
            case(5, 19, 31, None),
            // Closed after it.
            case(6, 19, 25, Some((25, None))),
        ];
        let period = (Timestamp::from_micros(10), Timestamp::from_micros(20));
        let report = report(&cases, period, Timestamp::from_micros(30));
        let opened = (
            report.opened,
            report.opened_taken,
            report.opened_closed_in_time,
        );
        assert_eq!(opened, (5, 3, 2));
        assert_eq!((report.opened_overdue, report.opened_not_due), (2, 1));
        assert_eq!(report.closed, 3);
        let causes: Vec<_> = report.causes.iter().map(|one| one.closed).collect();
        assert_eq!(causes, [0, 2, 0, 0, 0, 1]);
        let done: Vec<_> = report.done.iter().map(|one| one.number).collect();
        assert_eq!(done, [1, 2, 3]);
    }
}
