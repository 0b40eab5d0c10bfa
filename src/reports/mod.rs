//! Reports: a typed query in, the rows of the period from the store, figures by `kpi` out.
//!
//! Everything is by cohort, unless the event basis is asked for and the report has one: a visit belongs to the interval of its queue entry, a call to that of its arrival, a
//! transfer to that of its call's arrival. Test calls are in no figure and are counted as left out; our own return
//! calls are no demand. A row for all queues ends each interval; it sums the queues' own counts, so a queue's own
//! threshold holds in the sum, too. A queue that is itself named `ALL` is listed under its name as any other: the row
//! for all is the last of its interval.
//!
//! Nothing here knows how a figure is asked for or shown.

mod agents;
mod bucket;
mod call;
mod calls;
mod choice;
mod compare;
mod contacts;
mod context;
mod error;
mod folding;
mod group;
mod lines;
mod making;
mod measure;
mod nearest;
mod plan;
mod queue_calls;
mod queues;
mod repeats;
mod service;
mod stays;
mod survey;
mod transfers;
mod unserved;
mod waits;
mod watched;
mod zone;

#[cfg(test)]
mod bank_test;
#[cfg(test)]
mod callers_test;
#[cfg(test)]
mod definitions_test;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod groups_test;
#[cfg(test)]
mod listed_test;

pub use crate::kpi::{
    CompatFigure, Definition, ExitCounts, MeanGrade, NetPromoters, Pack, Part, Quantiles, Score,
    ServiceLevel, WaitSummary, Weighted, Words, glossary, letters,
};
pub use agents::{AgentReport, AgentRow, OfferCounts};
pub use bucket::{BUCKETS_MAX, Bucket};
pub use call::{CallAsked, CallReport, Explanation};
pub use calls::{CallFilter, CallSummary, CallsPage, CallsQuery, PAGE_SIZE_MAX};
pub use choice::By;
pub use compare::{Compare, Earlier, unlike};
pub use context::{Context, SourceCompleteness};
pub use error::Error;
pub use folding::Folder;
pub use lines::{LineReport, LineRow};
pub use measure::RulesInForce;
pub(crate) use nearest::nearest;
pub use plan::{Query, THRESHOLDS_MAX};
pub use queue_calls::CallFigures;
pub use queues::{QueueReport, QueueRow, WaitOver};
pub use repeats::{RepeatReport, RepeatRow, RepeatWindow};
pub use service::{Options, Reports, Sources};
pub use stays::{Basis, Lens};
pub use survey::{
    Said, SurveyAnswerCount, SurveyAsked, SurveyCauseRow, SurveyControl, SurveyCoverageRow,
    SurveyFunnelRow, SurveyGrouping, SurveyReport, SurveyScoreRow, SurveySteeringRow, survey_rates,
};
pub use transfers::{
    LOOPS_MAX, TransferKind, TransferLoop, TransferPath, TransferReport, TransferReportRow,
    TransferStep,
};
pub use unserved::{UnservedPerson, UnservedReport, UnservedSummary};
pub use waits::{WaitCurve, WaitReport, WaitRow};
pub use zone::Zone;
