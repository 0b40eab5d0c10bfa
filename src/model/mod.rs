//! The words every other module speaks: ids, instants, what the switch said, what was concluded.
//!
//! Pure data and its bytes. Nothing here decides anything: checks live in `validate`, conclusions in `calls`, figures
//! in `kpi`. It imports nothing of ours.

mod agent_plan;
mod altered_hours;
mod calendar;
mod calendar_text;
mod codec;
mod event;
mod fact;
#[cfg(test)]
pub(crate) mod fixture;
mod floor;
mod form;
mod headline;
mod history;
mod ids;
mod keys;
pub(crate) mod nearest;
mod now;
mod record;
mod row;
mod source;
mod survey;
mod target;
mod text;
mod timestamp;
mod told;
mod words;

pub use agent_plan::{AgentPlan, AgentPlans, Shift};
pub use altered_hours::AlteredHours;
pub use calendar::{Calendar, DAY_MINUTES, Hours, Span};
pub use codec::{
    CodecError, EVENTS_VERSION, Reader, call_kind, put_call_fields, put_int, put_option, put_text,
    put_uint, read_event, write_event,
};
pub use event::{AgentEvent, Body, CallEvent, Caller, Event, LineEvent, Pseudonym, TransferTarget};
pub use fact::{Fact, Settled};
pub use floor::{Floor, PlannedRoutes, Post};
pub use form::{
    CaseOpened, CaseStep, CaseStepTaken, CaseSubject, Form, FormAnswer, FormContent, NOTE,
    TakenForm,
};
pub use headline::Headline;
pub use history::{Alterations, Altered, alterations, between};
pub use ids::{
    AgentId, AnswerCode, CallId, CallKey, FormId, LineId, QuestionId, QueueId, SourceId, SurveyId,
};
pub use keys::ByKey;
pub use now::{
    AgentCounts, AgentsNow, CounterRow, GONE_AFTER, QueueNow, SILENCE_MAX, SourceNow, WRAP_UP_MAX,
    WaitingNow,
};
pub use record::{
    CallRecord, CallbackTry, FailedTransfer, Leg, Mark, Marks, Offer, Refusal, Reroute, Tag,
    Transfer, Visit,
};
pub use row::{AgentTold, CallRow, LineTold, TransferRow, VisitRow};
pub use source::{Digest, EpochIndex, EpochName, Mode, Position, SourceIndex};
pub use survey::{
    ERASED_ANSWER, QuestionAsked, SessionEnded, SessionEvent, SessionOpened, SurveyConsent,
    SurveyEvent, SurveyFact, SurveyQuestion, SurveySession, SurveyText,
};
pub use target::{
    EXCESSIVE_LIMIT_DEFAULT, InForce, QueueRules, QueueTarget, RulesVersion, Targets, Timeline,
};
pub use text::Text;
pub use timestamp::Timestamp;
pub use told::ToldEvent;
pub use words::{
    AgentState, AnswerChannel, CallbackResult, CaseState, Cause, Direction, Disposition, EndedBy,
    Exit, ExitClass, MissedReason, OfferResult, Outcome, Predictor, QueueExit, RefusalReason,
    SurveyReason, TagKey, TaggedBy, TargetKind, TransferFailure, TransferMethod, TransferOutcome,
};
