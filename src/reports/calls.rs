//! Calls of a period one by one, in the order of their places, page by page.
//!
//! A page goes on behind the last call that the page before looked at, wherever that is by then: so calls that come in
//! meanwhile move nothing, and none is skipped or shown twice. Test calls are passed over and counted.

mod filter;
mod summary;
mod token;

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use crate::model::{AgentId, CallRecord};
use crate::store::{Place, Rows, StoredCall};

use super::compare;
use super::context::{Context, Counted};
use super::error::Error;
use super::plan::{Plan, Query};
use super::service::{Reports, Sources, joined};

use filter::Filter;
use token::QueryDigest;

pub use filter::CallFilter;
pub(super) use filter::is_listed;
pub use summary::CallSummary;
pub(super) use summary::caller_text;

/// Calls on a page when no number is asked for: what a person looks through.
const PAGE_SIZE_DEFAULT: u32 = 50;
/// The most calls on a page, however many are asked for: some 500 kB.
pub const PAGE_SIZE_MAX: u32 = 1_000;
/// The most calls looked at for a page: a filter that few calls pass must not keep a request busy for minutes. The page
/// is then shorter, and has a next one.
const LOOKED_AT_MAX: usize = 50_000;
/// Parts of calls that may wait to be looked at: a page needs one or two.
const PARTS_WAITING: usize = 1;

/// Which calls, and which page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallsQuery {
    /// Period, zone and queues; the rest means nothing here.
    pub query: Query,
    /// Only calls that pass it.
    pub filter: CallFilter,
    /// Calls on the page; 0 = the usual number, and never more than `PAGE_SIZE_MAX`.
    pub page_size: u32,
    /// Where the page goes on, as the page before said; empty = the first page.
    pub page_token: String,
}

/// A page of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct CallsPage {
    /// Period and completeness; what it counts, and its digest, are of this page alone.
    pub context: Context,
    /// In the order of their places.
    pub calls: Vec<CallSummary>,
    /// Where the next page goes on; empty = there are no more calls.
    pub next_page_token: String,
}

impl<R: Rows, S: Sources> Reports<R, S> {
    /// A page of the calls of a period.
    ///
    /// # Errors
    ///
    /// The query or the token is wrong, or the store cannot be read.
    pub async fn list_calls(&self, asked: &CallsQuery) -> Result<CallsPage, Error> {
        let plan = Plan::of(&asked.query, &self.options)?;
        let filter = Filter::of(&asked.filter)?;
        let digest = QueryDigest::of(&plan, &filter);
        let after = token::read(&asked.page_token, digest)?;
        let sources = self.sources.completeness();
        let head = self.head(&plan).await?;
        filter.admit_queues(&head.queues)?;

        let is_first = after.is_none();
        let mut page = Page::new(asked.page_size, head);
        let (parts, mut received) = mpsc::channel::<Vec<StoredCall>>(PARTS_WAITING);
        let period = (plan.start, plan.end);
        let working = tokio::task::spawn_blocking(move || {
            'page: while let Some(part) = received.blocking_recv() {
                for call in part {
                    if page.is_full() {
                        page.more = true;
                        break 'page;
                    }
                    page.take(&plan, &filter, &call, &*call.record()?);
                }
            }
            Ok((plan, page, filter))
        });
        let sent = self.rows.calls(period, after, parts).await;
        let done = joined(working.await)?;
        let (plan, page, filter) = sent.and(done).map_err(|source| Error::Store { source })?;
        // A page in between has not seen everybody.
        if is_first && !page.more {
            filter.admit(&page.agents)?;
        }
        let next = page.last.filter(|_| page.more);
        let mut context = Context::of(&plan, page.counted, sources, Vec::new());
        let cautions = compare::without_effect(asked.query.compare);
        context.cautions.extend(cautions);
        Ok(CallsPage {
            next_page_token: next.map_or_else(String::new, |place| token::write(&place, digest)),
            context,
            calls: page.calls,
        })
    }
}

/// A page that is being filled.
struct Page {
    size: usize,
    calls: Vec<CallSummary>,
    counted: Counted,
    looked_at: usize,
    /// Agents of the calls looked at.
    agents: BTreeSet<AgentId>,
    last: Option<Place>,
    more: bool,
}

impl Page {
    fn new(size: u32, counted: Counted) -> Self {
        let size = match size {
            0 => PAGE_SIZE_DEFAULT,
            size => size.min(PAGE_SIZE_MAX),
        };
        Self {
            size: size as usize,
            calls: Vec::new(),
            counted,
            looked_at: 0,
            agents: BTreeSet::new(),
            last: None,
            more: false,
        }
    }

    fn is_full(&self) -> bool {
        self.calls.len() >= self.size || self.looked_at >= LOOKED_AT_MAX
    }

    fn take(&mut self, plan: &Plan, filter: &Filter, call: &StoredCall, record: &CallRecord) {
        self.looked_at += 1;
        self.last = Some(call.place.clone());
        filter.note_agents(record, &mut self.agents);
        if !filter.passes(plan, record) {
            return;
        }
        let (source, id) = (&call.source, &call.place.call);
        self.counted.add(source, id, call.provisional, record.test);
        if !record.test {
            self.calls.push(CallSummary::of(&plan.zone, call, record));
        }
    }
}

#[cfg(test)]
#[path = "calls_test.rs"]
mod tests;
