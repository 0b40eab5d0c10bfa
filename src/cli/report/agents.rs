//! The agent report: its columns and its table.

use crate::proto::v1::{
    AgentReportRow, AgentTime, GetAgentReportResponse, Grouping, OfferCounts, PauseTime,
    ReportContext,
};

use super::columns::Columns;
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::sure::{self, Share, sure};
use super::text::{clock, percent};

/// The report's name.
pub(super) const TITLE: &str = "Agents";

/// The report's rows, and the pauses by reason.
pub(super) fn parts(answer: &GetAgentReportResponse) -> Vec<Grid> {
    let pauses = answer.rows.iter().flat_map(|row| {
        let pauses = row.pauses.iter();
        pauses.map(move |pause| Pause { row, pause })
    });
    let pauses: Vec<_> = pauses.collect();
    let context = answer.context.as_ref();
    vec![
        Grid::of(TITLE, &columns(context), &answer.rows),
        Grid::of("Pauses", &pause_columns(context), &pauses),
    ]
}

/// Whether rows are of teams.
fn is_of_teams(context: Option<&ReportContext>) -> bool {
    context.is_some_and(|context| context.by() == Grouping::Team)
}

/// An agent's pauses for one reason.
struct Pause<'a> {
    row: &'a AgentReportRow,
    pause: &'a PauseTime,
}

fn pause_columns<'a>(context: Option<&ReportContext>) -> Columns<Pause<'a>> {
    let of_teams = is_of_teams(context);
    let mut columns = Columns::<Pause<'a>>::new();
    columns.instant("bucket_start", |one| &one.row.bucket_start);
    match of_teams {
        true => columns.text("team", |one| &one.row.team),
        false => columns.text("agent", |one| &one.row.agent),
    };
    columns
        .text("reason", |one| &one.pause.reason)
        .span("paused", |one| one.pause.time);
    if !of_teams {
        columns.text("name", |one| &one.row.name).beside();
    }
    columns
}

/// The report's columns.
fn columns(context: Option<&ReportContext>) -> Columns<AgentReportRow> {
    let of_teams = is_of_teams(context);
    let mut columns = Columns::<AgentReportRow>::new();
    columns.instant("bucket_start", |row| &row.bucket_start);
    match of_teams {
        true => columns.text("team", |row| &row.team),
        false => columns.text("agent", |row| &row.agent),
    };
    columns
        .count("handled", |row| row.handled)
        .span("talk_sum", |row| row.talk_sum)
        .span("hold_sum", |row| row.hold_sum)
        .span("consult_sum", |row| row.consult_sum)
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
        .span("logged_out", |row| time(row).logged_out);
    if !of_teams {
        columns
            .text("name", |row| &row.name)
            .beside()
            .text("team", |row| &row.team)
            .beside();
    }
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
    let head = head(context);
    header.extend([
        head,
        "Handled",
        "Talk",
        "Hold",
        "of it\nconsult",
        "Wrap-up",
        "AHT",
        "Answered",
        "Missed",
        "Rate",
        "Busy",
        "Out",
        "In",
        "Hung up\nfirst",
        "of them\nshort",
    ]);
    let rows = answer.rows.iter().map(|row| {
        let offers = offers(row);
        let missed = offers.no_answer + offers.busy + offers.rejected;
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend([
            named(row),
            row.handled.to_string(),
            clock(row.talk_sum.as_ref()),
            clock(row.hold_sum.as_ref()),
            clock(row.consult_sum.as_ref()),
            clock(row.wrap_up_sum.as_ref()),
            clock(row.handle_time.as_ref()),
            offers.answered.to_string(),
            missed.to_string(),
            percent(row.answer_rate),
            percent(row.occupancy),
            row.transfers_out.to_string(),
            row.transfers_in.to_string(),
            row.released_first.to_string(),
            row.released_first_short.to_string(),
        ]);
        cells
    });
    text += &lang.table(&header, words, rows.collect());
    text += &states(&answer.rows, head, &starts, lang);
    let rows = answer.rows.iter().map(|row| sure::Row {
        start: &row.bucket_start,
        name: named(row),
        shares: [Share {
            share: row.answer_rate,
            of: own_offers(row).1,
            interval: row.answer_rate_interval,
        }],
    });
    text += &sure(lang, context, Some(head), ["Rate"], rows);
    text += &pauses(&answer.rows, lang);
    text + &frame::footnotes(lang, context)
}

/// What a row is of, as a heading.
fn head(context: Option<&ReportContext>) -> &'static str {
    match is_of_teams(context) {
        true => "Team",
        false => "Agent",
    }
}

/// An agent's name and id; of a team its name.
fn named(row: &AgentReportRow) -> String {
    match (row.agent.as_str(), row.name.as_str()) {
        ("", _) => row.team.clone(),
        (agent, "") => agent.to_owned(),
        (agent, name) => format!("{name} ({agent})"),
    }
}

/// Where the time went, a state a column.
fn states(rows: &[AgentReportRow], head: &'static str, starts: &Starts, lang: Lang) -> String {
    let mut header: Vec<_> = starts.header().into_iter().chain([head]).collect();
    let words = header.len();
    header.extend([
        "Available",
        "Ringing",
        "Talking",
        "Wrap-up",
        "Other\ncall",
        "Desk",
        "Paused",
        "Logged\nout",
    ]);
    let rows = rows.iter().map(|row| {
        let time = time(row);
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.push(named(row));
        let states = [
            time.available,
            time.ringing,
            time.talking,
            time.wrap_up,
            time.other_call,
            time.desk,
            time.paused,
            time.logged_out,
        ];
        cells.extend(states.map(|state| clock(state.as_ref())));
        cells
    });
    lang.table(&header, words, rows.collect())
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
        let of = match row.agent.as_str() {
            "" => &row.team,
            _ => &row.agent,
        };
        lang.fill("Pauses of {}: {}\n", &[of, &pauses.join(" · ")])
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::columns::Cell;
    use super::*;

    fn minutes(minutes: u64) -> Option<pbjson_types::Duration> {
        Some(Duration::from_secs(minutes * 60).into())
    }

    #[test]
    fn a_table_says_where_the_time_went_and_a_part_has_the_pauses() {
        let pause = |reason: &str, time| PauseTime {
            reason: reason.into(),
            time: minutes(time),
        };
        let anna = AgentReportRow {
            agent: "s01".into(),
            name: "Anna".into(),
            wrap_up_sum: minutes(2),
            released_first: 7,
            released_first_short: 3,
            answer_rate: Some(0.9),
            answer_rate_interval: Some(crate::proto::v1::Interval {
                low: 0.6,
                high: 0.98,
            }),
            offers: Some(OfferCounts {
                answered: 9,
                no_answer: 1,
                caller_gone: 5,
                ..OfferCounts::default()
            }),
            time: Some(AgentTime {
                available: minutes(61),
                desk: minutes(4),
                logged_out: minutes(30),
                ..AgentTime::default()
            }),
            pauses: vec![pause("lunch", 30), pause("", 5)],
            ..AgentReportRow::default()
        };
        let answer = GetAgentReportResponse {
            rows: vec![anna],
            ..GetAgentReportResponse::default()
        };
        let text = agents_table(&answer, Lang::En);
        for words in [
            "Wrap-up",
            "Hung up",
            "1:01:00",
            "30:00",
            "4:00",
            "2:00",
            "60.0 – 98.0 ┆ 10",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
        let [_, pauses] = &parts(&answer)[..] else {
            panic!("two parts");
        };
        let cells: Vec<_> = pauses.rows.iter().map(|row| row[1..4].to_vec()).collect();
        let text = |text: &str| Cell::Text(text.into());
        let span = |minutes: u64| Cell::Span(Duration::from_secs(minutes * 60));
        assert_eq!(
            cells,
            [
                [text("s01"), text("lunch"), span(30)],
                [text("s01"), text(""), span(5)]
            ]
        );
    }
}
