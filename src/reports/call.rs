//! One call: everything told of it, what was concluded, and where it is counted and why.

mod around;
mod case;
mod explain;
mod explain_calls;
mod explain_journeys;
mod explain_legs;
mod explain_repeats;
mod explain_surveys;
mod explain_visits;
mod told;

use std::sync::Arc;
use std::time::Duration;

use crate::kpi::{self, Id, Threshold};
use crate::model::{
    CallId, CallRecord, Caller, Position, QueueId, SurveySession, Timestamp, ToldEvent,
};
use crate::store::{OfCaller, Rows, StoredCall, SurveyedCall};

use super::bucket::Bucket;
use super::calls::CallSummary;
use super::context::{Context, Counted, SourceCompleteness};
use super::error::Error;
use super::nearest::clipped;
use super::plan::{Plan, Query, thresholds};
use super::repeats;
use super::service::{Reports, Sources, joined};
use super::stays::{Basis, Lens};
use super::survey::{self, OneCall};
use super::zone::Zone;

use around::Around;
use case::Case;

pub use explain::Explanation;

/// The metric that stands for all of them.
const ALL: &str = "all";

/// Which call, and what is to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallAsked {
    /// The call's id.
    pub call: String,
    /// Whose call; empty = there is one source only that has it.
    pub source: String,
    /// Zone and thresholds; the rest means nothing here.
    pub query: Query,
    /// Definitions, by id, or `all`.
    pub explain: Vec<String>,
    /// Thresholds of W10; none = the usual.
    pub wait_over: Vec<Duration>,
    /// T10's limit; `None` = as configured.
    pub excessive_limit: Option<u32>,
    /// Windows of R1–R4; none = the usual.
    pub windows: Vec<Duration>,
    /// Numbers with more calls on one day are left out of R1–R7; `None` = none is.
    pub shared_over: Option<u32>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct CallReport {
    /// Zone, definitions, completeness; its period is the call's own time.
    pub context: Context,
    /// The call in one row.
    pub summary: CallSummary,
    /// Everything told of it, in the order in which the record takes it.
    pub timeline: Vec<ToldEvent>,
    /// What was concluded.
    pub record: Arc<CallRecord>,
    /// Where it is counted and why; empty when nothing was to be explained.
    pub explanations: Vec<Explanation>,
    /// What came of asking the caller; `None` = nothing was decided.
    pub session: Option<SurveySession>,
    zone: Zone,
}

impl CallReport {
    /// An instant in the report's zone, with its offset (RFC 3339).
    pub fn local(&self, at: Timestamp) -> String {
        self.zone.local_text(at)
    }

    /// The fields of something told, by their names in the contract.
    pub fn fields(&self, told: &ToldEvent) -> Vec<(&'static str, String)> {
        told::fields(&told.event, &self.zone)
    }
}

impl<R: Rows, S: Sources> Reports<R, S> {
    /// One call.
    ///
    /// # Errors
    ///
    /// No source, or more than one, has it; something else in the request is wrong; or the store cannot be read.
    pub async fn call(&self, asked: &CallAsked) -> Result<CallReport, Error> {
        let ids = explain::ids(&asked.explain)?;
        let mut over = thresholds("wait_over", &asked.wait_over)?;
        if over.is_empty() {
            over.extend(kpi::WAIT_OVER_DEFAULT);
        }
        let windows = repeats::windows(&asked.windows)?;
        let limit = asked.excessive_limit;
        // A wrong zone is told before a wrong call.
        let nothing = (Timestamp::default(), Timestamp::default());
        let checked = plan(asked, &self.options, nothing)?;
        let sources = self.sources.completeness();
        let stored = self.head(&checked).await?.stored;
        let mut found = self.named(&asked.call).await?;
        if found.is_empty()
            && let Some((source, call)) = asked.call.split_once('/')
        {
            // As reports write a call beside those of other sources.
            found = self.named(call).await?;
            found.retain(|call| call.source.as_str() == source);
        }
        let call = only(found, asked)?;
        let session = self.rows.session(&call.source, &call.place.call).await;
        let session = session.map_err(|source| Error::Store { source })?;
        let is_of_caller = |id: &Id| repeats::DEFINITIONS.contains(id);
        let callers = match ids.iter().any(is_of_caller) {
            true => Some(self.callers_calls(asked, &windows, &call).await?),
            false => None,
        };
        let texts = if ids.iter().any(|id| survey::is_of_survey(*id)) {
            let texts = self.rows.surveys().await;
            Some(texts.map_err(|source| Error::Store { source })?)
        } else {
            None
        };
        let (asked, options) = (asked.clone(), self.options.clone());
        let working = tokio::task::spawn_blocking(move || {
            let read = |source| Error::Store { source };
            let (record, timeline) = (call.record().map_err(read)?, call.timeline().map_err(read)?);
            let mut plan = plan(&asked, &options, life(&record, &timeline))?;
            plan.know(&sources);
            let rows = call.rows(&record, 0);
            let queue = super::transfers::queue_of(&rows.call);
            let limit = limit.unwrap_or_else(|| plan.excessive_limit(queue, record.arrived_at));
            let around = callers.map(|(day, found)| {
                let call = (&call, &*record);
                Around::of(&day, &windows, asked.shared_over, call, &found)
            });
            let around = around.transpose().map_err(read)?;
            let surveyed = texts.map(|texts| {
                let surveyed = SurveyedCall {
                    call: call.clone(),
                    session: session.clone(),
                };
                OneCall::of(&plan, &texts, &surveyed, &record)
            });
            let case = Case {
                plan: &plan,
                record: &record,
                rows: &rows,
                over: &over,
                limit,
                around: around.as_ref(),
                surveyed: surveyed.as_ref(),
            };
            let explanations = ids.iter().flat_map(|id| explain::explain(*id, &case));
            Ok(CallReport {
                explanations: explanations.collect(),
                context: context(&plan, (&call, &record), sources, &ids, stored),
                summary: CallSummary::of(&plan.zone, &call, &record),
                zone: plan.zone.clone(),
                timeline,
                record,
                session,
            })
        });
        joined(working.await)?
    }
}

impl<R: Rows, S: Sources> Reports<R, S> {
    /// The calls with this id.
    async fn named(&self, call: &str) -> Result<Vec<StoredCall>, Error> {
        if call.contains(char::is_control) {
            // No call has such an id, and a database may not take it for a text.
            return Ok(Vec::new());
        }
        let found = self.rows.call(&CallId::new(call)).await;
        found.map_err(|source| Error::Store { source })
    }

    /// The call's local day, and the calls of the same caller on it and around it; none where nobody knows who called.
    async fn callers_calls(
        &self,
        asked: &CallAsked,
        windows: &[Duration],
        call: &StoredCall,
    ) -> Result<(Plan, OfCaller), Error> {
        let record = call.record().map_err(|source| Error::Store { source })?;
        let at = record.arrived_at;
        let whole = plan(asked, &self.options, (at, at))?;
        let day = whole.zone.day_of(at).unwrap_or((at, at));
        let day = plan(asked, &self.options, day)?;
        let reach = repeats::reach(windows);
        // Whom we reached back, however late, was not lost.
        let period = (day.start.minus(reach), Timestamp::MAX);
        let found = match record.caller {
            Caller::Known(caller) => self.rows.calls_of_caller(&caller.hash, period).await,
            Caller::Withheld | Caller::Unknown => Ok(OfCaller::default()),
        };
        Ok((day, found.map_err(|source| Error::Store { source })?))
    }
}

/// The query of the call's own time.
fn plan(
    asked: &CallAsked,
    options: &super::service::Options,
    (start, end): (Timestamp, Timestamp),
) -> Result<Plan, Error> {
    let query = Query {
        start: Some(start),
        end: Some(end),
        bucket: Bucket::Total,
        queues: Vec::new(),
        lens: Lens::default(),
        basis: Basis::default(),
        hours: String::new(),
        lines: Vec::new(),
        teams: Vec::new(),
        ..asked.query.clone()
    };
    Plan::of(&query, options)
}

/// From the call's arrival to the first instant after everything told of it.
fn life(record: &CallRecord, timeline: &[ToldEvent]) -> (Timestamp, Timestamp) {
    let told = timeline.iter().map(|told| told.at);
    let last = told.chain(record.ended_at).max();
    let last = last.unwrap_or(record.arrived_at).max(record.arrived_at);
    (record.arrived_at, last.plus(Duration::from_micros(1)))
}

/// The call asked for, of those with its id.
fn only(mut found: Vec<StoredCall>, asked: &CallAsked) -> Result<StoredCall, Error> {
    let call = clipped(&asked.call);
    let names = |found: &[StoredCall]| {
        let mut names: Vec<_> = found.iter().map(|call| call.source.as_str()).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let elsewhere = names(&found);
    if !asked.source.is_empty() {
        found.retain(|call| call.source.as_str() == asked.source);
    }
    match found.len() {
        0 => {
            let source = clipped(&asked.source);
            let where_looked = match (&*source, &*elsewhere) {
                ("", _) => String::new(),
                (source, "") => format!(" of source {source:?}, nor of any other"),
                (source, others) => format!(" of source {source:?}; there is one of {others}"),
            };
            Err(Error::UnknownCall { call, where_looked })
        }
        1 => Ok(found.remove(0)),
        _ => Err(Error::AmbiguousCall {
            call,
            sources: names(&found),
        }),
    }
}

fn context(
    plan: &Plan,
    (call, record): (&StoredCall, &CallRecord),
    sources: Vec<SourceCompleteness>,
    ids: &[Id],
    stored: Position,
) -> Context {
    let mut counted = Counted {
        queues: queues(record),
        stored,
        ..Counted::default()
    };
    let (source, id) = (&call.source, &call.place.call);
    counted.add(source, id, call.provisional, record.test);
    let mut definitions: Vec<_> = ids.iter().map(|id| id.definition()).collect();
    if !definitions.is_empty() {
        let letters = [
            Threshold::ServiceLevel,
            Threshold::ShortAbandon,
            Threshold::ShortAnswered,
        ];
        definitions.extend(letters.map(|letter| plan.letter(letter, &counted.queues)));
    }
    Context::of(plan, counted, sources, definitions)
}

/// The queues that the call was in.
fn queues(record: &CallRecord) -> Vec<QueueId> {
    record
        .visits
        .iter()
        .map(|visit| visit.queue.clone())
        .collect()
}

#[cfg(test)]
#[path = "call_test.rs"]
mod tests;
