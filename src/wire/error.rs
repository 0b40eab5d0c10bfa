//! Why a request is refused, in the words that its sender reads. Reports and upkeep have errors of their own.
//!
//! Not here: which code and which reason for programs each one is (`status`).

use std::sync::Arc;
use std::time::Duration;

use crate::journal::Refusal;
use crate::model::SurveyId;
use crate::store;
use crate::survey::Finding;

/// Why any service refuses a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
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
}

impl RequestError {
    /// A field holds what it must not.
    pub(super) fn invalid(field: &'static str, fault: impl Into<String>) -> Self {
        let fault = fault.into();
        Self::FieldInvalid { field, fault }
    }
}

/// Why the ingest door refuses a request or ends a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The server is not ready, or a field is wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
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
    /// The server is not ready, or a field is wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
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

/// Why a setting does not come to a switch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TuningError {
    /// The server is not ready, or a field is wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
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
