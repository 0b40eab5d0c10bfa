//! Why a dialog lets the caller go without asking: never an error of the call's, always a word in the docs.

use crate::model::{Disposition, SurveyReason};
use crate::proto::v1 as wire;
use crate::survey::disposition_of;

/// Writes the list of reasons.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal,)+) => {
        /// Why the caller is let go, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum LetGoReason { $($(#[$doc])* $name,)+ }

        impl LetGoReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

reasons! {
    /// The journal's tail is still being applied.
    Starting "starting",
    /// The server stops.
    ShuttingDown "shutting_down",
    /// The first message was no `open`, or none came.
    Protocol "protocol",
    /// The bytes are no message of the contract.
    MalformedMessage "malformed_message",
    /// A field is missing.
    FieldMissing "field_missing",
    /// A field holds what it must not.
    FieldInvalid "field_invalid",
    /// No such source.
    UnknownSource "unknown_source",
    /// No such survey or version.
    UnknownSurvey "unknown_survey",
    /// Another dialog asks the call.
    BeingAsked "being_asked",
    /// The call was asked.
    AlreadyAsked "already_asked",
    /// The call has settled.
    CallOver "call_over",
    /// The journal does not write.
    JournalStalled "journal_stalled",
    /// No human answered.
    NotServed "not_served",
    /// The talk was too short.
    TalkShort "talk_short",
    /// The call is a test.
    TestCall "test_call",
    /// No survey is configured for the line.
    NoSurvey "no_survey",
    /// The caller was invited not long ago.
    InvitedBefore "invited_before",
    /// Not drawn.
    NotDrawn "not_drawn",
    /// Said no before the queue.
    Declined "declined",
    /// Pressed nothing before the queue.
    NoKey "no_key",
    /// The session cannot go on from what was kept.
    StateUnreadable "state_unreadable",
}

/// The last order, without an interview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LetGo {
    pub(super) reason: LetGoReason,
    pub(super) message: String,
    pub(super) disposition: Option<Disposition>,
}

impl LetGo {
    pub(super) fn new(reason: LetGoReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            disposition: None,
        }
    }

    /// A call that is not asked for this reason.
    pub(super) fn not_asked(why: SurveyReason) -> Self {
        let (reason, message) = match why {
            SurveyReason::NotServed => (LetGoReason::NotServed, "no human answered the call"),
            SurveyReason::TalkShort => (LetGoReason::TalkShort, "the talk was too short"),
            SurveyReason::TestCall => (LetGoReason::TestCall, "a test call is not asked"),
            SurveyReason::NoSurvey => (
                LetGoReason::NoSurvey,
                "no survey is configured for the call's line: name one, or configure it under [survey]",
            ),
            SurveyReason::InvitedBefore => (
                LetGoReason::InvitedBefore,
                "the same caller was invited within the quiet period",
            ),
            SurveyReason::NotDrawn => (LetGoReason::NotDrawn, "the call was not drawn"),
            SurveyReason::Declined => (
                LetGoReason::Declined,
                "the caller said no when invited before the queue",
            ),
            SurveyReason::NoKey => (
                LetGoReason::NoKey,
                "the caller pressed nothing when invited before the queue",
            ),
            // Those of a call that is asked, or that ended without a dialog, never let go here.
            SurveyReason::UnknownSurvey
            | SurveyReason::Drawn
            | SurveyReason::Unbound
            | SurveyReason::CallerLeft
            | SurveyReason::NotHandedOver
            | SurveyReason::LostInTransfer => {
                (LetGoReason::UnknownSurvey, "the survey is not known")
            }
        };
        Self {
            reason,
            message: message.to_owned(),
            disposition: disposition_of(why),
        }
    }

    /// As it is told.
    pub(super) fn order(&self) -> wire::ConductSurveyResponse {
        let end = wire::EndDialog {
            disposition: self.disposition.map_or("", Disposition::as_str).to_owned(),
            no_dtmf: false,
            next: wire::DialogNext::HangUp.into(),
            reason: self.reason.as_str().to_owned(),
            message: self.message.clone(),
        };
        wire::ConductSurveyResponse {
            order: Some(wire::conduct_survey_response::Order::End(end)),
        }
    }
}
