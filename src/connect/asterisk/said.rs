//! What the interpreter concludes: events as every switch would tell them, and notes beside them that only people who
//! check a recording want to see.

use std::sync::Arc;

use crate::{
    model::Timestamp,
    proto::v1::{
        AgentState, AgentStateChanged, TransferMethod, WrapUpEnded, call_event::Kind, event::Body,
    },
};

/// One conclusion.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// About a call.
    Call(Said),
    /// About an agent.
    Agent(AgentSaid),
}

/// One conclusion about one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// When it happened, by the switch's clock.
    pub at: Timestamp,
    /// The call: the customer's channel.
    pub call: Arc<str>,
    /// What it is.
    pub what: What,
}

/// What was concluded.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An event of the contract.
    Event(Kind),
    /// A note: never sent anywhere.
    Note(Note),
}

/// One conclusion about one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSaid {
    /// When it happened, by the switch's clock.
    pub at: Timestamp,
    /// The agent.
    pub agent: String,
    /// What it is.
    pub what: AgentWhat,
}

/// What was concluded about an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentWhat {
    /// The agent does something else from now on.
    State {
        /// What.
        state: AgentState,
        /// Why, for a pause.
        reason: String,
        /// The queues that are served, as the PBX names them.
        queues: Vec<String>,
    },
    /// The work after a call is over.
    WrapUpEnded,
}

impl AgentSaid {
    /// As an event of the contract.
    pub fn into_body(self) -> Body {
        let agent = self.agent;
        match self.what {
            AgentWhat::State {
                state,
                reason,
                queues,
            } => Body::AgentStateChanged(AgentStateChanged {
                agent,
                state: state.into(),
                reason,
                queues,
            }),
            AgentWhat::WrapUpEnded => Body::WrapUpEnded(WrapUpEnded { agent }),
        }
    }
}

/// What the contract has no place for, and a preview shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The caller's number and name, as shown.
    Caller {
        /// The number; `None` = unknown.
        number: Option<String>,
        /// The name.
        name: Option<String>,
    },
    /// The switch answered.
    Answered,
    /// An agent passed the caller on, or tried to.
    Passed(Passed),
    /// An agent asked another one.
    Consulted(Consulted),
    /// The caller came into the survey.
    SurveyOffered,
    /// A key pressed in the survey.
    SurveyKey(char),
    /// The call was open while nobody listened: what it did meanwhile is not known.
    Uncertain,
    /// The call was over when somebody listened again: it ended in the gap, nobody knows how.
    LostInGap,
}

/// How a transfer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The phone said REFER.
    Refer,
    /// The phone joined its two lines: REFER with Replaces.
    ReferReplaces,
    /// The agent pressed keys.
    FeatureCode,
}

impl How {
    /// The word in a preview.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refer => "refer",
            Self::ReferReplaces => "refer_replaces",
            Self::FeatureCode => "feature_code",
        }
    }
}

/// A transfer as the switch saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Blind or attended.
    pub method: TransferMethod,
    /// The agent who passed on.
    pub from: String,
    /// The number that was dialled for it.
    pub to: String,
    /// How it was made.
    pub how: How,
    /// The switch accepted it; that says nothing of the target.
    pub ok: bool,
}

/// A consultation: no call of a customer, and no visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consulted {
    /// Who asked.
    pub by: String,
    /// The number that was dialled.
    pub to: String,
    /// The queue it went into.
    pub queue: Option<String>,
    /// When it began.
    pub start: Timestamp,
    /// When the switch answered the second line.
    pub pbx_answered: Option<Timestamp>,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub answered_at: Option<Timestamp>,
    /// Whether the caller was handed over.
    pub handed_over: bool,
}
