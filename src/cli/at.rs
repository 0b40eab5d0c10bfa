//! The server that is asked: where it is, and what its refusals mean for the exit code.

use std::error::Error as _;

use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::failure::{Exit, Failure};
use crate::connect::client::Server;

/// Where a command finds its server.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct At {
    /// Where the server is: http://HOST:PORT, HOST:PORT or HOST
    #[arg(
        long,
        global = true,
        env = "DOZVON_SERVER",
        default_value = "http://127.0.0.1:7440",
        value_name = "URL"
    )]
    pub(super) server: Server,
}

impl At {
    /// Connects; fails as unreachable, with the address.
    pub(super) async fn channel(&self) -> Result<Channel, Failure> {
        let server = &self.server;
        server.connect().await.map_err(|error| {
            let cause = innermost(&error);
            Failure::new(
                Exit::Unreachable,
                format!("no server can be reached at {server}: {cause}"),
            )
        })
    }

    /// What a refusal means: the server's words and the field, or that there is no dozvon.
    pub(super) fn failure(&self, status: &Status) -> Failure {
        failure(&self.server, status)
    }
}

fn failure(server: &Server, status: &Status) -> Failure {
    // What the connection itself met with has a cause; what a server said has none.
    if let Some(error) = status.source() {
        let cause = innermost(error);
        let message = format!("what answers at {server} is no dozvon, or is gone: {cause}");
        return Failure::new(Exit::Unreachable, message);
    }
    let words = one_line(status.message());
    // A dozvon gives each refusal a reason; one of these without it is somebody else's.
    let somebody_s = [
        Code::Unimplemented,
        Code::Unknown,
        Code::Internal,
        Code::Unavailable,
    ];
    if somebody_s.contains(&status.code()) && status.get_details_error_info().is_none() {
        let said = if words.is_empty() {
            "it does not know reports"
        } else {
            &words
        };
        let message =
            format!("what answers at {server} is no dozvon, or not of this version: {said}");
        return Failure::new(Exit::Unreachable, message);
    }
    let fields = violated(status);
    let named = if fields.is_empty() {
        String::new()
    } else {
        format!(" ({})", fields.join(", "))
    };
    Failure::new(Exit::Failure, format!("{words}{named}"))
}

/// The fields that the server finds wrong.
fn violated(status: &Status) -> Vec<String> {
    let request = status.get_details_bad_request();
    let violations = request
        .into_iter()
        .flat_map(|request| request.field_violations);
    violations
        .map(|violation| flag(&violation.field).to_owned())
        .collect()
}

/// The flag by which a person sets a field.
fn flag(field: &str) -> &str {
    match field {
        "query.zone" => "--zone",
        "query.queues" => "--queue",
        "query.start" => "--from",
        "query.end" => "--to",
        "query.bucket" => "--bucket",
        "query.service_level" => "--service-level",
        "query.short_abandon" => "--short-abandon",
        "query.short_answered" => "--short-answered",
        "query.lens" => "--lens",
        "query.basis" => "--basis",
        "query.headline" => "--headline",
        "compat" => "--compat",
        "by" => "--by",
        "survey" => "--survey",
        "channel" => "--channel",
        "query.hours" => "--hours",
        "query.lines" => "--line",
        "query.by" => "--by",
        "query.teams" => "--team",
        "query.compare" => "--compare",
        "wait_over" | "filter.wait_over" => "--wait-over",
        "filter.agents" => "--agent",
        "filter.exits" => "--exit",
        "filter.outcomes" => "--outcome",
        "filter.marks" => "--mark",
        "filter.callers" => "--caller",
        "source" => "--source",
        "explain" => "--explain",
        "call_id" => "ID",
        "edges" => "--edges",
        other => other,
    }
}

/// What is at the bottom of a chain of errors: the operating system's own words.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    one_line(&cause.to_string())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn server() -> Server {
        "hotline.example".parse().unwrap()
    }

    #[test]
    fn a_refusal_is_the_server_s_words_and_the_field() {
        let mut details = ErrorDetails::new();
        details.set_error_info("zone_unknown", "dozvon", HashMap::new());
        details.add_bad_request_violation("query.zone", "no such zone");
        let words = "unknown zone \"Europe/Samra\";\nthe nearest is \"Europe/Samara\"";
        let status = Status::with_error_details(Code::InvalidArgument, words, details);
        let failure = failure(&server(), &status);
        assert_eq!(failure.exit, Exit::Failure);
        assert_eq!(
            failure.message,
            "unknown zone \"Europe/Samra\"; the nearest is \"Europe/Samara\" (--zone)"
        );
    }

    #[test]
    fn a_fault_of_the_server_s_own_is_no_missing_server() {
        let mut details = ErrorDetails::new();
        details.set_error_info("store_unreadable", "dozvon", HashMap::new());
        let status =
            Status::with_error_details(Code::Internal, "the rows could not be read", details);
        assert_eq!(failure(&server(), &status).exit, Exit::Failure);
    }

    #[test]
    fn who_knows_no_reports_is_no_dozvon() {
        for code in [
            Code::Unimplemented,
            Code::Unknown,
            Code::Internal,
            Code::Unavailable,
        ] {
            let failure = failure(&server(), &Status::new(code, ""));
            assert_eq!(failure.exit, Exit::Unreachable, "{code:?}");
            assert!(
                failure.message.contains("hotline.example:7440"),
                "{failure}"
            );
        }
    }
}
