//! What an answer means for a sender: try again, wait, or stop; and for how long to try.
//!
//! The sender's counterpart of the server's mapping from errors to statuses: the only place in `connect` that knows
//! `tonic::Code`.

use std::{error::Error as _, time::Duration};

use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Error, address::Server};

/// Between two attempts: a restarted server is found again at once by a person's measure.
const PAUSE: Duration = Duration::from_millis(100);

/// However long the server asks us to wait, it is asked again after this.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The one reason that names a state which passes by itself, whatever its code.
const SOURCE_IN_USE: &str = "source_in_use";

/// What stands in the way.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nobody answers, the connection broke, or the server says that it is not there yet.
    Lost { why: String, wait: Option<Duration> },
    /// The server is there and asks for patience.
    Later { why: String, wait: Option<Duration> },
    /// The server refuses, and would again.
    Refused(String),
    /// Something answers that is no dozvon.
    Alien(String),
}

impl Trouble {
    /// A connection that is not to be trusted any more.
    pub(super) fn lost(why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Lost { why, wait: None }
    }

    /// What it is, when it may pass.
    pub(super) fn passing(&self) -> Option<&str> {
        match self {
            Self::Lost { why, .. } | Self::Later { why, .. } => Some(why),
            Self::Refused(_) | Self::Alien(_) => None,
        }
    }
}

impl From<tonic::transport::Error> for Trouble {
    fn from(error: tonic::transport::Error) -> Self {
        Self::lost(root_cause(&error))
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        // What the server says has no source; what broke on the way has one, with whatever code.
        if status.source().is_some() {
            return Self::lost(root_cause(&status));
        }
        let why = words(&status);
        let wait = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        let reason = status.get_details_error_info().map(|info| info.reason);
        if reason.as_deref() == Some(SOURCE_IN_USE) {
            return Self::Later { why, wait };
        }
        match status.code() {
            Code::Unavailable => Self::Lost { why, wait },
            // A stream replaced, a server stopping, an error inside: the next stream may do better.
            Code::Aborted
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unknown => Self::Later { why, wait },
            Code::Unimplemented => Self::Alien(why),
            Code::Ok
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::DataLoss
            | Code::Unauthenticated => match wait {
                Some(_) => Self::Later { why, wait },
                None => Self::Refused(why),
            },
        }
    }
}

/// How long to go on trying: `retry_for` since the last success.
#[derive(Debug)]
pub(super) struct Patience {
    retry_for: Duration,
    trouble_since: Option<Instant>,
}

impl Patience {
    pub(super) fn new(retry_for: Duration) -> Self {
        Self {
            retry_for,
            trouble_since: None,
        }
    }

    /// Whether something stood in the way since the last success.
    pub(super) fn is_tried(&self) -> bool {
        self.trouble_since.is_some()
    }

    pub(super) fn handle_success(&mut self) {
        self.trouble_since = None;
    }

    /// How long to wait before the next attempt.
    ///
    /// # Errors
    /// When there is to be none.
    pub(super) fn handle_trouble(
        &mut self,
        trouble: Trouble,
        server: &Server,
        now: Instant,
    ) -> Result<Duration, Error> {
        let since = *self.trouble_since.get_or_insert(now);
        let server = server.clone();
        let (why, wait, is_lost) = match trouble {
            Trouble::Refused(why) => return Err(Error::Refused { server, why }),
            Trouble::Alien(why) => return Err(Error::NotDozvon { server, why }),
            Trouble::Lost { why, wait } => (why, wait, true),
            Trouble::Later { why, wait } => (why, wait, false),
        };
        let wait = wait.unwrap_or(PAUSE).min(WAIT_MAX);
        if now.duration_since(since) + wait <= self.retry_for {
            return Ok(wait);
        }
        let tried_for = humantime::format_duration(self.retry_for);
        let why = format!("{why} (tried for {tried_for})");
        Err(match is_lost {
            true => Error::Unreachable { server, why },
            false => Error::Refused { server, why },
        })
    }
}

/// Whether the server says that there is no such thing.
pub(super) fn is_not_found(status: &Status) -> bool {
    status.code() == Code::NotFound
}

/// The server's words: reason, message, and the fields at fault.
fn words(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details
        .error_info()
        .map(|info| format!("{}: ", info.reason));
    let reason = reason.unwrap_or_default();
    let message = match status.message() {
        "" => status.code().description(),
        message => message,
    };
    let violations = details.bad_request().into_iter();
    let violations: String = violations
        .flat_map(|request| &request.field_violations)
        .map(|at| format!("; {}: {}", at.field, at.description))
        .collect();
    format!("{reason}{message}{violations}")
}

/// The innermost error, which alone says what the system said.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    fn server() -> Server {
        "localhost:7440".parse().unwrap()
    }

    /// What comes of a trouble that lasts: the wait at first, the error in the end.
    fn fate(trouble: impl Fn() -> Trouble) -> (Option<Duration>, Error) {
        let mut patience = Patience::new(TEN_SECONDS);
        let start = crate::clock::instant();
        let wait = patience.handle_trouble(trouble(), &server(), start).ok();
        let end = patience.handle_trouble(trouble(), &server(), start + TEN_SECONDS);
        (wait, end.unwrap_err())
    }

    fn refusal(code: Code, reason: &str, retry_after: Option<Duration>) -> Status {
        let mut details = ErrorDetails::with_error_info(reason, "dozvon", []);
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        Status::with_error_details(code, "words", details)
    }

    #[test]
    fn a_lost_server_is_tried_again_and_then_given_up() {
        let (wait, error) = fate(|| Trouble::lost("connection refused"));
        assert_eq!(wait, Some(PAUSE));
        assert!(matches!(error, Error::Unreachable { .. }));
        assert_eq!(
            error.to_string(),
            "no dozvon server at localhost:7440: connection refused (tried for 10s)"
        );
    }

    #[test]
    fn codes_that_pass_and_codes_that_stay() {
        for code in [Code::Unavailable, Code::Aborted, Code::Internal] {
            let (wait, _) = fate(|| Status::new(code, "words").into());
            assert_eq!(wait, Some(PAUSE), "{code:?}");
        }
        let stay = [
            Code::InvalidArgument,
            Code::FailedPrecondition,
            Code::ResourceExhausted,
        ];
        for code in stay {
            let (wait, error) = fate(|| refusal(code, "epoch_lower", None).into());
            assert_eq!(wait, None, "{code:?}");
            let expected = "the server at localhost:7440 refuses: epoch_lower: words";
            assert_eq!(error.to_string(), expected);
        }
        let (wait, error) = fate(|| Status::unimplemented("what?").into());
        assert_eq!(wait, None);
        assert!(matches!(error, Error::NotDozvon { .. }), "{error}");
    }

    #[test]
    fn a_held_lease_is_waited_for_whatever_its_code() {
        for code in [Code::FailedPrecondition, Code::Aborted, Code::AlreadyExists] {
            let (wait, error) = fate(|| refusal(code, SOURCE_IN_USE, None).into());
            assert_eq!(wait, Some(PAUSE), "{code:?}");
            let expected =
                "the server at localhost:7440 refuses: source_in_use: words (tried for 10s)";
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_server_that_asks_for_patience_is_asked_again_within_a_second() {
        let disk_full = |after| refusal(Code::ResourceExhausted, "disk_full", Some(after));
        let wait = |after| fate(|| disk_full(after).into()).0;
        let short = Duration::from_millis(300);
        assert_eq!(wait(short), Some(short));
        assert_eq!(wait(TEN_SECONDS), Some(WAIT_MAX));
    }

    #[test]
    fn success_restores_patience() {
        let mut patience = Patience::new(TEN_SECONDS);
        let start = crate::clock::instant();
        let mut lost_at = |seconds| {
            let now = start + Duration::from_secs(seconds);
            patience.handle_trouble(Trouble::lost(""), &server(), now)
        };
        lost_at(0).unwrap();
        lost_at(9).unwrap();
        lost_at(15).unwrap_err();
        patience.handle_success();
        assert!(!patience.is_tried());
        patience
            .handle_trouble(Trouble::lost(""), &server(), start + 2 * TEN_SECONDS)
            .unwrap();
    }

    #[test]
    fn fields_at_fault_are_named() {
        let details = ErrorDetails::with_bad_request_violation("open.source", "is empty");
        let status = Status::with_error_details(Code::InvalidArgument, "bad open", details);
        assert_eq!(words(&status), "bad open; open.source: is empty");
    }
}
