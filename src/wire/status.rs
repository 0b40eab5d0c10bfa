//! Our errors as gRPC statuses: the only file that knows codes.
//!
//! Every status carries an `ErrorInfo` with a reason for programs; a fault in the request names its field in a
//! `BadRequest`; where waiting helps a `RetryInfo` says how long. What went wrong inside is logged, not sent.
//!
//! The errors of `wire` itself are in `error`.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::journal::{self, Refusal};
use crate::reports;
use crate::store;
use crate::upkeep;
use crate::validate::caps;

use super::error::{IngestError, LiveError, RequestError, SurveyError, TuningError};

/// Whose reasons these are.
const DOMAIN: &str = "dozvon";
/// How long to wait where only time helps.
const RETRY: Duration = Duration::from_millis(200);
/// How long to wait for room on a disk.
const RETRY_FULL: Duration = Duration::from_secs(1);
/// How long to wait for another's work to end.
const RETRY_BUSY: Duration = Duration::from_secs(5);
/// How long to wait for a database that is away.
const RETRY_AWAY: Duration = Duration::from_secs(1);

/// The status of what any service refuses.
pub fn request(error: &RequestError) -> Status {
    use RequestError as E;
    let (code, reason, field, retry) = match error {
        E::Starting => (Code::Unavailable, "starting", None, Some(RETRY)),
        E::ShuttingDown => (Code::Unavailable, "shutting_down", None, Some(RETRY)),
        E::FieldMissing { field } => (Code::InvalidArgument, "field_missing", Some(*field), None),
        E::FieldInvalid { field, .. } => {
            (Code::InvalidArgument, "field_invalid", Some(*field), None)
        }
    };
    build(code, reason, &error.to_string(), field, retry)
}

impl From<RequestError> for Status {
    fn from(error: RequestError) -> Self {
        request(&error)
    }
}

/// The status of a refused request about surveys.
pub fn survey(error: &SurveyError) -> Status {
    use SurveyError as E;
    let message = error.to_string();
    let (code, reason, field) = match error {
        E::Request(error) => return request(error),
        E::Refused(refusal) => return ingest(&IngestError::Refused(refusal.clone())),
        E::DefinitionInvalid { .. } => (
            Code::InvalidArgument,
            "definition_invalid",
            Some("definition"),
        ),
        E::VersionExists { .. } => (
            Code::FailedPrecondition,
            "survey_version_exists",
            Some("definition"),
        ),
        E::UnknownSurvey { .. } => (Code::NotFound, "unknown_survey", Some("survey")),
        E::TooMany { .. } => (Code::ResourceExhausted, "limit_reached", None),
        E::TooManyForms { .. } => (Code::ResourceExhausted, "batch_too_large", Some("forms")),
        E::UnknownCase { .. } => (Code::NotFound, "unknown_case", Some("number")),
        E::CaseClosed { .. } => (Code::FailedPrecondition, "case_closed", Some("number")),
        E::CaseNotTaken { .. } => (Code::FailedPrecondition, "case_not_taken", Some("number")),
        E::PageToken => (
            Code::InvalidArgument,
            "page_token_invalid",
            Some("page_token"),
        ),
        E::Store(error) => {
            tracing::error!(%error, "a survey could not read the store");
            if let store::Error::Lost { .. } = &**error {
                return ingest(&IngestError::Refused(Refusal::DatabaseUnavailable));
            }
            (Code::Internal, "internal", None)
        }
    };
    build(code, reason, &message, field, None)
}

/// The status of a refused request to see the board.
pub fn live(error: &LiveError) -> Status {
    use LiveError as E;
    let (code, reason, field, retry) = match error {
        E::UnknownQueue { field, .. } => {
            (Code::InvalidArgument, "unknown_queue", Some(*field), None)
        }
        E::TooManyQueues { .. } => (
            Code::InvalidArgument,
            "too_many_queues",
            Some("queues"),
            None,
        ),
        E::BadRate { .. } => (Code::InvalidArgument, "bad_rate", Some("rate_max"), None),
        E::TooManyWatchers { .. } => (
            Code::ResourceExhausted,
            "too_many_watchers",
            None,
            Some(RETRY_BUSY),
        ),
    };
    build(code, reason, &error.to_string(), field, retry)
}

/// The status of a setting that did not come to its switch.
pub fn tuning(error: &TuningError) -> Status {
    use TuningError as E;
    let (code, reason, field, retry) = match error {
        E::Request(error) => return request(error),
        E::NotWatched { .. } => (
            Code::FailedPrecondition,
            "source_not_watched",
            Some("source"),
            None,
        ),
        E::Watched { .. } => (Code::Unavailable, "source_in_use", None, Some(RETRY_BUSY)),
        E::TooManyWatchers { .. } => (
            Code::ResourceExhausted,
            "too_many_watchers",
            None,
            Some(RETRY_BUSY),
        ),
        E::TooManySettings { .. } => (
            Code::ResourceExhausted,
            "too_many_settings",
            None,
            Some(RETRY_FULL),
        ),
        E::Unreported { .. } => (Code::DeadlineExceeded, "setting_unreported", None, None),
        E::UnknownSetting { .. } => (Code::NotFound, "unknown_setting", Some("id"), None),
    };
    build(code, reason, &error.to_string(), field, retry)
}

fn build(
    code: Code,
    reason: &str,
    message: &str,
    field: Option<&str>,
    retry: Option<Duration>,
) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, std::collections::HashMap::new());
    if let Some(field) = field {
        details.add_bad_request_violation(field, message);
    }
    if let Some(retry) = retry {
        details.set_retry_info(Some(retry));
    }
    Status::with_error_details(code, message, details)
}

/// The status of an ingest error.
pub fn ingest(error: &IngestError) -> Status {
    use IngestError as E;
    let message = error.to_string();
    let (code, reason, field, retry) = match error {
        E::Request(error) => return request(error),
        E::Protocol { .. } => (Code::InvalidArgument, "protocol", Some("message"), None),
        E::MessageTooLarge { .. } => (Code::ResourceExhausted, "message_too_large", None, None),
        E::MessageMalformed { .. } => (Code::InvalidArgument, "malformed_message", None, None),
        E::BatchTooLarge { .. } => (
            Code::ResourceExhausted,
            "batch_too_large",
            Some("batch.events"),
            None,
        ),
        E::SourceInUse { wait, .. } => (Code::Unavailable, "source_in_use", None, Some(*wait)),
        E::SourceTakenOver => (Code::Aborted, "source_taken_over", None, None),
        E::UnknownSource { .. } => (Code::NotFound, "unknown_source", Some("source"), None),
        E::Refused(refusal) => match refusal {
            Refusal::EpochLower { .. } => (
                Code::FailedPrecondition,
                "epoch_lower",
                Some("open.epoch"),
                None,
            ),
            Refusal::SequenceConflict { .. } => (
                Code::FailedPrecondition,
                "sequence_conflict",
                Some("open.last_acked_sequence"),
                None,
            ),
            Refusal::Limit { .. } => (Code::ResourceExhausted, "limit_reached", None, None),
            Refusal::DiskFull => (Code::Unavailable, "disk_full", None, Some(RETRY_FULL)),
            Refusal::DatabaseUnavailable => (
                Code::Unavailable,
                "database_unavailable",
                None,
                Some(RETRY_AWAY),
            ),
            Refusal::Stopped => (Code::Unavailable, "journal_stopped", None, Some(RETRY)),
        },
    };
    build(code, reason, &message, field, retry)
}

/// The status of a journal that cannot be read.
pub fn journal(error: &journal::Error) -> Status {
    tracing::error!(%error, "the journal cannot be read");
    if let journal::Error::Lost { .. } = error {
        return ingest(&IngestError::Refused(Refusal::DatabaseUnavailable));
    }
    build(
        Code::Internal,
        "internal",
        "the journal cannot be read; the server's log says why",
        None,
        None,
    )
}

/// Our answer to a message that could not be decoded, from what the transport says of it; `None` = it says something
/// else.
pub(super) fn undecoded(status: &Status) -> Option<Status> {
    let said = status.message();
    let is_too_large = said.contains("message length too large");
    if is_too_large && matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted) {
        let limit = caps::MESSAGE_BYTES;
        return Some(ingest(&IngestError::MessageTooLarge { limit }));
    }
    let why = said.strip_prefix("failed to decode Protobuf message: ");
    let is_malformed = why.is_some() && status.code() == Code::Internal;
    is_malformed.then(|| {
        let why = why.unwrap_or_default().to_owned();
        ingest(&IngestError::MessageMalformed { why })
    })
}

/// The status of a report that could not be made: the request's fault, or ours.
pub fn report(error: &reports::Error) -> Status {
    use reports::Error as E;
    let field = error.field();
    let (code, reason, retry) = match error {
        E::Stopped => (Code::Unavailable, "shutting_down", Some(RETRY)),
        E::Store {
            source: store::Error::Lost { .. },
        } => {
            tracing::error!(%error, "a report could not reach the store");
            return ingest(&IngestError::Refused(Refusal::DatabaseUnavailable));
        }
        E::Store { source } => {
            tracing::error!(error = %source, "a report could not read the store");
            (Code::Internal, "internal", None)
        }
        E::UnknownZone { .. } => (Code::InvalidArgument, "unknown_zone", None),
        E::UnknownQueue { .. } | E::NoQueues { .. } => {
            (Code::InvalidArgument, "unknown_queue", None)
        }
        E::PeriodMissing { .. } => (Code::InvalidArgument, "period_missing", None),
        E::PeriodOutOfRange { .. } => (Code::InvalidArgument, "period_out_of_range", None),
        E::PeriodReversed { .. } => (Code::InvalidArgument, "period_reversed", None),
        E::UnknownBucket { .. } => (Code::InvalidArgument, "unknown_bucket", None),
        E::NotGrouped { .. } => (Code::InvalidArgument, "not_grouped", None),
        E::UnknownChoice { .. } => (Code::InvalidArgument, "unknown_choice", None),
        E::TooManyBuckets { .. } => (Code::InvalidArgument, "too_many_buckets", None),
        E::BadThreshold { .. } | E::ThresholdsCross { .. } => {
            (Code::InvalidArgument, "bad_threshold", None)
        }
        E::TooManyThresholds { .. } => (Code::InvalidArgument, "too_many_thresholds", None),
        E::UnknownName { .. } | E::NoneConfigured { .. } => {
            (Code::InvalidArgument, "unknown_name", None)
        }
        E::UnknownAgent { .. } => (Code::InvalidArgument, "unknown_agent", None),
        E::UnknownWord { .. } => (Code::InvalidArgument, "unknown_word", None),
        E::BadPseudonym { .. } => (Code::InvalidArgument, "bad_pseudonym", None),
        E::PageToken { .. } => (Code::InvalidArgument, "page_token_invalid", None),
        E::UnknownCall { .. } => (Code::NotFound, "unknown_call", None),
        E::AmbiguousCall { .. } => (Code::InvalidArgument, "call_ambiguous", None),
        E::UnknownMetric { .. } | E::NotExplained { .. } => {
            (Code::InvalidArgument, "unknown_metric", None)
        }
    };
    build(code, reason, &error.to_string(), field, retry)
}

/// The status of something that was asked of the upkeep and not done.
pub fn upkeep(error: &upkeep::Error) -> Status {
    use upkeep::Error as E;
    let field = error.field();
    let (code, reason, retry) = match error {
        E::Stopped => (Code::Unavailable, "shutting_down", Some(RETRY)),
        E::Busy => (Code::Unavailable, "upkeep_busy", Some(RETRY_BUSY)),
        E::PeriodMissing { .. } => (Code::InvalidArgument, "period_missing", None),
        E::PeriodOutOfRange { .. } => (Code::InvalidArgument, "period_out_of_range", None),
        E::PeriodReversed => (Code::InvalidArgument, "period_reversed", None),
        E::UnknownSource { .. } => (Code::NotFound, "unknown_source", None),
        E::UnknownCaller => (Code::NotFound, "unknown_caller", None),
        E::BadCaller { .. } => (Code::InvalidArgument, "bad_caller", None),
        E::Damaged { .. } => (Code::DataLoss, "call_damaged", None),
        E::Store(store::Error::Lost { .. }) => {
            tracing::error!(%error, "upkeep could not reach the store");
            return ingest(&IngestError::Refused(Refusal::DatabaseUnavailable));
        }
        E::Store(store::Error::Full) => {
            return ingest(&IngestError::Refused(Refusal::DiskFull));
        }
        E::Store(store::Error::Busy) | E::Journal(journal::Error::Busy) => {
            (Code::Unavailable, "upkeep_busy", Some(RETRY_BUSY))
        }
        E::Store(source) => {
            tracing::error!(error = %source, "upkeep could not use the store");
            (Code::Internal, "internal", None)
        }
        E::Journal(source) => return self::journal(source),
    };
    build(code, reason, &error.to_string(), field, retry)
}
