//! Our errors as gRPC statuses: the only file that knows codes.
//!
//! Every status carries an `ErrorInfo` with a reason for programs; a fault in the request names its field in a
//! `BadRequest`; where waiting helps a `RetryInfo` says how long. What went wrong inside is logged, not sent.

use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::journal::{self, Refusal};
use crate::model::SurveyId;
use crate::reports;
use crate::store;
use crate::survey::Finding;
use crate::upkeep;
use crate::validate::caps;

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

/// Why the ingest door refuses a request or ends a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The journal's tail is still being applied.
    #[error("the server is starting: the journal's tail is being applied")]
    Starting,
    /// The server stops.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// A field is missing.
    #[error("{field} is missing")]
    FieldMissing {
        /// Which field.
        field: &'static str,
    },
    /// A field holds what it must not.
    #[error("{field} {fault}")]
    FieldInvalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// The stream's first message is no `open`, or `open` came twice.
    #[error("{fault}")]
    Protocol {
        /// What is wrong.
        fault: &'static str,
    },
    /// The message is larger than its limit.
    #[error("a message may have {limit} bytes (MESSAGE_BYTES): send smaller batches")]
    MessageTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The bytes are no message of the contract.
    #[error("the bytes are no Protobuf message of this contract: {why}")]
    MessageMalformed {
        /// What is wrong.
        why: String,
    },
    /// The batch holds more events than its limit.
    #[error("a batch of {events} events: it may hold {limit} (batch_events_max)")]
    BatchTooLarge {
        /// How many it holds.
        events: usize,
        /// The limit.
        limit: usize,
    },
    /// Another sender has the source.
    #[error("{sender} sends for this source and lives; it is let go {} s after its last message", wait.as_secs())]
    SourceInUse {
        /// Who.
        sender: String,
        /// How long until it is let go.
        wait: Duration,
    },
    /// A newer stream of the same sender, or one that took over, has the source.
    #[error("a newer stream has taken this source over")]
    SourceTakenOver,
    /// No such source.
    #[error("no source is called {name:?}; known: {known}")]
    UnknownSource {
        /// The name asked for.
        name: String,
        /// The names known.
        known: String,
    },
    /// The journal refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a request about surveys is refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SurveyError {
    /// The journal's tail is still being applied.
    #[error("the server is starting: the journal's tail is being applied")]
    Starting,
    /// The server stops.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// A definition cannot be asked.
    #[error("the definition cannot be asked: {}", lines(findings))]
    DefinitionInvalid {
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// The version is kept with another text.
    #[error(
        "{survey}, version {version}, is kept with another text: a version never changes; count it up"
    )]
    VersionExists {
        /// The survey.
        survey: SurveyId,
        /// Its version.
        version: u32,
    },
    /// No such survey, or version.
    #[error("no survey {survey:?}{} is kept; there are: {}", version_of(*version), known.join("; "))]
    UnknownSurvey {
        /// The name asked for.
        survey: String,
        /// The version asked for; 0 = the newest.
        version: u32,
        /// Those that are kept.
        known: Vec<String>,
    },
    /// One more would be too many.
    #[error("the limit of {limit} versions of surveys is reached")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// A request brings more forms than one may.
    #[error("a request of {forms} forms: it may bring {limit}; send them in several")]
    TooManyForms {
        /// How many it brings.
        forms: usize,
        /// The limit.
        limit: usize,
    },
    /// A field is missing.
    #[error("{field} is missing")]
    FieldMissing {
        /// Which field.
        field: &'static str,
    },
    /// A field holds what it must not.
    #[error("{field} {fault}")]
    FieldInvalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// No such case.
    #[error("there is no case {number}; `dozvon case list` shows those there are")]
    UnknownCase {
        /// The number asked for.
        number: u64,
    },
    /// The case is closed.
    #[error("case {number} is closed: what was done stays as it was said")]
    CaseClosed {
        /// The case.
        number: u64,
    },
    /// The case has no owner.
    #[error("nobody has taken case {number}: take it first, so that it is known whose it was")]
    CaseNotTaken {
        /// The case.
        number: u64,
    },
    /// The token of a page is none.
    #[error(
        "the page token is damaged: send next_page_token unchanged, or begin with the first page"
    )]
    PageToken,
    /// The store cannot be read.
    #[error("the store cannot be read; the server's log says why")]
    Store(Arc<store::Error>),
    /// The journal refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<store::Error> for SurveyError {
    fn from(error: store::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// So many findings stand in a message.
const FINDINGS_SAID: usize = 20;

fn lines(findings: &[Finding]) -> String {
    let said: Vec<_> = findings
        .iter()
        .take(FINDINGS_SAID)
        .map(ToString::to_string)
        .collect();
    said.join("; ")
}

fn version_of(version: u32) -> String {
    match version {
        0 => String::new(),
        version => format!(", version {version},"),
    }
}

/// The status of a refused request about surveys.
pub fn survey(error: &SurveyError) -> Status {
    use SurveyError as E;
    let message = error.to_string();
    let (code, reason, field) = match error {
        E::Starting => return ingest(&IngestError::Starting),
        E::ShuttingDown => return ingest(&IngestError::ShuttingDown),
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
        E::FieldMissing { field } => (Code::InvalidArgument, "field_missing", Some(*field)),
        E::FieldInvalid { field, .. } => (Code::InvalidArgument, "field_invalid", Some(*field)),
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

/// Why a request to see the board is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LiveError {
    /// No such queue.
    #[error("no queue {queue:?} is known; {}", is_nearest(nearest.as_deref()))]
    UnknownQueue {
        /// Where it was named.
        field: &'static str,
        /// The name asked for.
        queue: String,
        /// The nearest that is known.
        nearest: Option<String>,
    },
    /// More queues are named than may be.
    #[error("more than {limit} queues are named; name none to see all")]
    TooManyQueues {
        /// How many there may be.
        limit: usize,
    },
    /// Too often, or hardly ever.
    #[error("the rate is answers a second: above 0 and up to {most}; 0 stands for 1")]
    BadRate {
        /// The most.
        most: f64,
    },
    /// Too many watch already.
    #[error("{limit} watch already; end one of them, or ask with GetQueues")]
    TooManyWatchers {
        /// How many there may be.
        limit: usize,
    },
}

fn is_nearest(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("the nearest is {nearest:?}"),
        None => "there is none yet".to_owned(),
    }
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

/// Why a setting does not come to a switch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TuningError {
    /// A field is missing.
    #[error("{field} is missing")]
    FieldMissing {
        /// Which field.
        field: &'static str,
    },
    /// A field holds what it must not.
    #[error("{field} {fault}")]
    FieldInvalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// No connector takes settings for the source.
    #[error(
        "no connector takes settings for {source_id:?}: tune = true in its [[asterisk]], and it must be connected"
    )]
    NotWatched {
        /// The source.
        source_id: String,
    },
    /// Another connector watches the source, and lives.
    #[error("another connector takes settings for {source_id:?}")]
    Watched {
        /// The source.
        source_id: String,
    },
    /// Too many connectors watch.
    #[error("{limit} connectors take settings already")]
    TooManyWatchers {
        /// How many there may be.
        limit: usize,
    },
    /// Too much is on its way to one connector.
    #[error("{limit} settings are on their way to this connector already")]
    TooManySettings {
        /// How many there may be.
        limit: usize,
    },
    /// The connector said nothing in time, or is gone.
    #[error(
        "the connector of {source_id:?} has not said what became of it: look at the switch, it may be set"
    )]
    Unreported {
        /// The source.
        source_id: String,
    },
    /// Nobody waits for this report.
    #[error("nobody waits for a report on setting {id}")]
    UnknownSetting {
        /// The setting.
        id: u64,
    },
}

/// The status of a setting that did not come to its switch.
pub fn tuning(error: &TuningError) -> Status {
    use TuningError as E;
    let (code, reason, field, retry) = match error {
        E::FieldMissing { field } => (Code::InvalidArgument, "field_missing", Some(*field), None),
        E::FieldInvalid { field, .. } => {
            (Code::InvalidArgument, "field_invalid", Some(*field), None)
        }
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
        E::Starting => (Code::Unavailable, "starting", None, Some(RETRY)),
        E::ShuttingDown => (Code::Unavailable, "shutting_down", None, Some(RETRY)),
        E::FieldMissing { field } => (Code::InvalidArgument, "field_missing", Some(*field), None),
        E::FieldInvalid { field, .. } => {
            (Code::InvalidArgument, "field_invalid", Some(*field), None)
        }
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
        E::BadThreshold { .. } => (Code::InvalidArgument, "bad_threshold", None),
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
        E::UnknownMetric { .. } => (Code::InvalidArgument, "unknown_metric", None),
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
