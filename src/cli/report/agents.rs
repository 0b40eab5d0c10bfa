//! The agent report: its columns and its table.

use crate::proto::v1::{AgentReportRow, AgentTime, GetAgentReportResponse, OfferCounts};

use super::columns::Columns;
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::text::{clock, percent};

/// The report's name.
pub(super) const TITLE: &str = "Agents";

/// The report's rows, in one part.
pub(super) fn parts(answer: &GetAgentReportResponse) -> Vec<Grid> {
    vec![Grid::of(TITLE, &columns(), &answer.rows)]
}

/// The report's columns.
fn columns() -> Columns<AgentReportRow> {
    let mut columns = Columns::<AgentReportRow>::new();
    columns
        .instant("bucket_start", |row| &row.bucket_start)
        .text("agent", |row| &row.agent)
        .count("handled", |row| row.handled)
        .span("talk_sum", |row| row.talk_sum)
        .span("hold_sum", |row| row.hold_sum)
        .span("wrap_up_sum", |row| row.wrap_up_sum)
        .span("handle_time", |row| row.handle_time)
        .count("offers_answered", |row| offers(row).answered)
        .count("offers_no_answer", |row| offers(row).no_answer)
        .count("offers_busy", |row| offers(row).busy)
        .count("offers_rejected", |row| offers(row).rejected)
        .count("offers_caller_gone", |row| offers(row).caller_gone)
        .count("offers_ring_timeout", |row| offers(row).ring_timeout)
        .count("offers_answered_elsewhere", |row| {
            offers(row).answered_elsewhere
        })
        .count("offers_error", |row| offers(row).error)
        .part("answer_rate", |row| row.answer_rate, own_offers)
        .interval("answer_rate", |row| row.answer_rate_interval)
        .share("occupancy", |row| row.occupancy)
        .count("transfers_out", |row| row.transfers_out)
        .count("transfers_in", |row| row.transfers_in)
        .count("released_first", |row| row.released_first)
        .count("released_first_short", |row| row.released_first_short)
        .span("available", |row| time(row).available)
        .span("ringing", |row| time(row).ringing)
        .span("talking", |row| time(row).talking)
        .span("wrap_up", |row| time(row).wrap_up)
        .span("other_call", |row| time(row).other_call)
        .span("desk", |row| time(row).desk)
        .span("paused", |row| time(row).paused)
        .span("logged_out", |row| time(row).logged_out)
        .text("name", |row| &row.name)
        .beside()
        .text("team", |row| &row.team)
        .beside();
    columns
}

/// Offers answered, and those that say something about the agent.
fn own_offers(row: &AgentReportRow) -> (u64, u64) {
    let offers = offers(row);
    let missed = offers.no_answer + offers.busy + offers.rejected;
    (offers.answered, offers.answered + missed)
}

fn offers(row: &AgentReportRow) -> OfferCounts {
    row.offers.unwrap_or_default()
}

fn time(row: &AgentReportRow) -> AgentTime {
    row.time.unwrap_or_default()
}

/// Sets the report as a table, with its period above and its definitions below.
pub fn agents_table(answer: &GetAgentReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(lang, context);
    }
    let starts = answer.rows.iter().map(|row| row.bucket_start.as_str());
    let starts = Starts::of(context, starts);
    let mut header: Vec<_> = starts.header().into_iter().collect();
    let words = header.len() + 1;
    header.extend([
        "Agent", "Handled", "Talk", "Hold", "AHT", "Answered", "Missed", "Rate", "Busy", "Paused",
        "Out", "In",
    ]);
    let rows = answer.rows.iter().map(|row| {
        let offers = offers(row);
        let missed = offers.no_answer + offers.busy + offers.rejected;
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend([
            match row.name.as_str() {
                "" => row.agent.clone(),
                name => format!("{name} ({})", row.agent),
            },
            row.handled.to_string(),
            clock(row.talk_sum.as_ref()),
            clock(row.hold_sum.as_ref()),
            clock(row.handle_time.as_ref()),
            offers.answered.to_string(),
            missed.to_string(),
            percent(row.answer_rate),
            percent(row.occupancy),
            clock(time(row).paused.as_ref()),
            row.transfers_out.to_string(),
            row.transfers_in.to_string(),
        ]);
        cells
    });
    text += &lang.table(&header, words, rows.collect());
    text += &pauses(&answer.rows, lang);
    text + &frame::footnotes(lang, context)
}

/// Pauses by reason, an agent a line.
fn pauses(rows: &[AgentReportRow], lang: Lang) -> String {
    let lines = rows.iter().filter(|row| !row.pauses.is_empty()).map(|row| {
        let pauses = row.pauses.iter().map(|pause| {
            let reason = match pause.reason.as_str() {
                "" => lang.say("no reason told"),
                reason => reason,
            };
            format!("{reason} {}", clock(pause.time.as_ref()))
        });
        let pauses: Vec<_> = pauses.collect();
        lang.fill("Pauses of {}: {}\n", &[&row.agent, &pauses.join(" · ")])
    });
    lines.collect()
}
