//! How a session ends for the dialplan: channel variables.

use std::collections::VecDeque;

use super::codec::Command;

/// What the dialplan does next, in `DOZVON_NEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// `hang_up`: a goodbye was heard.
    HangUp,
    /// `goodbye`: say one.
    Goodbye,
    /// `specialist`: the caller wishes to speak with one.
    Specialist,
}

/// What became of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The word of the catalogue; empty when there was no session.
    pub(super) disposition: String,
    /// Why the caller was not asked, or not to the end; empty = the interview took its course.
    pub(super) reason: String,
    /// Where the caller goes.
    pub(super) next: Next,
}

impl Ending {
    /// The variables, each a command.
    pub(super) fn commands(&self) -> VecDeque<Command> {
        let next = match self.next {
            Next::HangUp => "hang_up",
            Next::Goodbye => "goodbye",
            Next::Specialist => "specialist",
        };
        VecDeque::from([
            Command::Set("DOZVON_SURVEY", self.disposition.clone()),
            Command::Set("DOZVON_SURVEY_REASON", self.reason.clone()),
            Command::Set("DOZVON_NEXT", next.to_owned()),
        ])
    }
}

/// Reasons by which somebody decided that the caller is not asked: nothing failed, and nothing is said of it.
const DECISIONS: [&str; 11] = [
    "not_served",
    "talk_short",
    "test_call",
    "no_survey",
    "invited_before",
    "not_drawn",
    "declined",
    "no_key",
    "already_asked",
    "being_asked",
    "call_over",
];

/// Whether a reason is no failure.
pub(super) fn is_decision(reason: &str) -> bool {
    DECISIONS.contains(&reason)
}
