//! The list of calls: its filters, its pages one after the other, its columns and its table.

use crate::proto::v1;
use crate::proto::v1::{CallSummary, ListCallsResponse};

use super::super::failure::{Exit, Failure};
use super::client::Client;
use super::columns::{Cell, Columns};
use super::frame;
use super::grid::Grid;
use super::lang::Lang;
use super::output::{Answer, Output, Shown};
use super::text::{clock, when};
use crate::model::Timestamp;

/// The report's name.
pub(super) const TITLE: &str = "Calls";

/// Calls asked for at once: as many as the server gives.
const PAGE_SIZE: u32 = crate::reports::PAGE_SIZE_MAX;
/// Calls in a table when no number is asked for: what a person looks through.
const TABLE_LIMIT: u64 = 50;
/// Digits of a pseudonym in a table: enough to see that two are one.
const PSEUDONYM_DIGITS: usize = 8;

/// What the list of calls can be asked with.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ListOptions {
    #[command(flatten)]
    pub(super) common: super::options::Options,
    /// Only calls with this agent, connected or rung; may be given several times, as the following
    #[arg(long, value_name = "NAME")]
    agent: Vec<String>,
    /// Only calls with a visit, to a queue asked for, that ended so: answered, abandoned_waiting, timeout …; `waiting` = it has
    /// not. With --wait-over one and the same visit is both
    #[arg(long, value_name = "WORD")]
    exit: Vec<String>,
    /// Only calls that ended so: served, abandoned, dismissed …; `open` = they have not
    #[arg(long, value_name = "WORD")]
    outcome: Vec<String>,
    /// Only calls that the queue report counts under this queue: the first entered, else the one that turned it away
    #[arg(long, value_name = "NAME")]
    first_queue: Vec<String>,
    /// Only calls in which this side called: `inbound`, as in calls that arrived and their outcomes, or `return`, our own
    /// return calls, whose visits and transfers are counted all the same
    #[arg(long, value_name = "WORD")]
    direction: Vec<String>,
    /// Only calls about which this was odd: end_missing, told_twice …
    #[arg(long, value_name = "WORD")]
    mark: Vec<String>,
    /// Only calls of this caller: the pseudonym that the list shows in CSV, or `withheld`
    #[arg(long, value_name = "PSEUDONYM")]
    caller: Vec<String>,
    /// Only calls with more transfers than this
    #[arg(long, value_name = "K")]
    transfers_over: Option<u32>,
    /// At most so many calls [default: 50 in a table, else all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Asks for the calls and writes them.
pub(super) async fn show(
    options: &ListOptions,
    client: &mut Client,
    query: Option<v1::ReportQuery>,
    output: Output,
    now: Timestamp,
) -> Result<Shown, Failure> {
    let waits = &options.common.wait_over;
    if waits.len() > 1 {
        let words = "one wait is enough: of several the shortest decides (--wait-over)";
        return Err(Failure::new(Exit::Usage, words));
    }
    let request = v1::ListCallsRequest {
        filter: Some(v1::CallFilter {
            agents: options.agent.clone(),
            exits: options.exit.clone(),
            outcomes: options.outcome.clone(),
            wait_over: waits.first().map(|wait| (*wait).into()),
            transfers_over: options.transfers_over,
            marks: options.mark.clone(),
            callers: options.caller.clone(),
            first_queues: options.first_queue.clone(),
            directions: options.direction.clone(),
        }),
        query: query.clone(),
        ..v1::ListCallsRequest::default()
    };
    let usual = if output == Output::Table {
        TABLE_LIMIT
    } else {
        u64::MAX
    };
    let answer = pages(client, request, options.limit.unwrap_or(usual)).await?;
    let lang = options.common.lang;
    let more = more(client, query, &answer, lang).await?;
    let answer = Answer {
        title: TITLE,
        lang,
        answer: &answer,
        context: answer.context.as_ref(),
        parts: vec![Grid::of(TITLE, &columns(), &answer.calls)],
        before: None,
        figures: 0,
        with_differences: |answer, _| answer.clone(),
        table: calls_table,
    };
    let mut shown = answer.shown(output, 0, now)?;
    match more {
        Some(more) if output == Output::Table => {
            shown.content.extend(format!("{more}\n").into_bytes());
        }
        more => shown.remarks.extend(more),
    }
    Ok(shown)
}

/// One answer of as many pages as are needed for so many calls.
async fn pages(
    client: &mut Client,
    mut request: v1::ListCallsRequest,
    limit: u64,
) -> Result<ListCallsResponse, Failure> {
    let mut all: Option<ListCallsResponse> = None;
    loop {
        let have = all.as_ref().map_or(0, |all| all.calls.len() as u64);
        let wanted = limit - have;
        request.page_size = u32::try_from(wanted).map_or(PAGE_SIZE, |wanted| wanted.min(PAGE_SIZE));
        let page = client.calls(request.clone()).await?;
        let all = match &mut all {
            Some(all) => {
                append(all, page);
                all
            }
            None => all.insert(page),
        };
        if all.next_page_token.is_empty() || all.calls.len() as u64 >= limit {
            return Ok(std::mem::take(all));
        }
        request.page_token.clone_from(&all.next_page_token);
    }
}

/// Adds a page; what pages say about themselves is added, too.
fn append(all: &mut ListCallsResponse, page: ListCallsResponse) {
    all.calls.extend(page.calls);
    all.next_page_token = page.next_page_token;
    let (Some(all), Some(page)) = (&mut all.context, page.context) else {
        return;
    };
    all.calls += page.calls;
    all.calls_test += page.calls_test;
    all.calls_provisional += page.calls_provisional;
    all.calls_uncertain += page.calls_uncertain;
    let sum = |digest: &str| u128::from_str_radix(digest, 16).unwrap_or_default();
    let sum = sum(&all.calls_digest).wrapping_add(sum(&page.calls_digest));
    all.calls_digest = format!("{sum:032x}");
    all.sources = page.sources;
}

/// That there may be more calls, and how many at most: those of the whole period that are not shown.
async fn more(
    client: &mut Client,
    query: Option<v1::ReportQuery>,
    answer: &ListCallsResponse,
    lang: Lang,
) -> Result<Option<String>, Failure> {
    if answer.next_page_token.is_empty() {
        return Ok(None);
    }
    let request = v1::GetWaitDistributionRequest {
        // Of chosen queues sums do not know how many calls there are.
        query: query.map(|query| v1::ReportQuery {
            queues: Vec::new(),
            ..query
        }),
        edges: Vec::new(),
    };
    let all = client.waits(request).await?;
    let all = all.context.map_or(0, |context| context.calls);
    let shown = answer.calls.len();
    let left = all.saturating_sub(shown as u64);
    Ok(Some(lang.fill(
        "{} calls shown, up to {} more in this period: raise --limit, or leave it out with --output csv",
        &[&shown.to_string(), &left.to_string()],
    )))
}

/// The report's columns.
fn columns() -> Columns<CallSummary> {
    let mut columns = Columns::<CallSummary>::new();
    columns
        .instant("arrived_at", |call| &call.arrived_at)
        .text("source", |call| &call.source)
        .text("call", |call| &call.call_id)
        .text("caller", |call| &call.caller)
        .text("direction", |call| &call.direction)
        .text("line", |call| &call.line)
        .text("outcome", |call| &call.outcome)
        .text("ended_by", |call| &call.ended_by)
        .mixed("queues", |call| Cell::Text(call.queues.join(" > ")))
        .span("first_wait", |call| call.first_wait)
        .span("wait_sum", |call| call.wait_sum)
        .mixed("agents", |call| Cell::Text(call.agents.join(" > ")))
        .span("talk_sum", |call| call.talk_sum)
        .span("hold_sum", |call| call.hold_sum)
        .count("transfers", |call| call.transfers)
        .count("failed_transfers", |call| call.failed_transfers)
        .count("reroutes", |call| call.reroutes)
        .mixed("marks", |call| Cell::Text(call.marks.join(" ")))
        .count("provisional", |call| u64::from(call.provisional));
    columns
}

/// Sets the list as a table.
fn calls_table(answer: &ListCallsResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let text = frame::heading(lang, TITLE, context);
    if answer.calls.is_empty() {
        return text
            + lang.say("No such calls in this period.\n")
            + &frame::footnotes(lang, context);
    }
    let header = [
        "Arrived",
        "Source",
        "Call",
        "Caller",
        "Outcome",
        "Queues",
        "Agents",
        "Marks",
        "1st wait",
        "Waits",
        "Talk",
        "Transfers",
    ];
    let row = |call: &CallSummary| {
        vec![
            when(&call.arrived_at),
            call.source.clone(),
            call.call_id.clone(),
            call.caller.chars().take(PSEUDONYM_DIGITS).collect(),
            lang.say(outcome(call)).to_owned(),
            call.queues.join(" > "),
            call.agents.join(" > "),
            call.marks.join(" "),
            clock(call.first_wait.as_ref()),
            clock(call.wait_sum.as_ref()),
            clock(call.talk_sum.as_ref()),
            call.transfers.to_string(),
        ]
    };
    let rows = answer.calls.iter().map(row).collect();
    let mut text = text + &lang.table(&header, 8, rows);
    if answer
        .calls
        .iter()
        .any(|call| call.caller.len() > PSEUDONYM_DIGITS)
    {
        text += &lang.fill(
            "Callers by the first {} digits of their pseudonym; --caller wants all of them, which --output csv has.\n",
            &[&PSEUDONYM_DIGITS.to_string()],
        );
    }
    text + &frame::footnotes(lang, context)
}

/// How a call ended, for people.
pub(super) fn outcome(call: &CallSummary) -> &str {
    match call.outcome.as_str() {
        "" => "open",
        outcome => outcome,
    }
}

#[cfg(test)]
#[path = "calls_test.rs"]
mod tests;
