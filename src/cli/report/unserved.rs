//! The report of the unserved: its columns and its table.

use crate::proto::v1::{GetUnservedReportResponse, UnservedPerson, UnservedSummary};

use super::columns::Columns;
use super::frame;
use super::grid::Grid;
use super::lang::Lang;
use super::text::when;

/// The report's name.
pub(super) const TITLE: &str = "Unserved";

/// People that a table shows; the other formats have all.
const PEOPLE_SHOWN: usize = 30;

/// The part that sums the people up: what is compared with another period.
pub(super) const SUMMARY: usize = 1;

/// The people, and the sums.
pub(super) fn parts(answer: &GetUnservedReportResponse) -> Vec<Grid> {
    let summary = answer.summary.unwrap_or_default();
    vec![
        Grid::of(TITLE, &columns(), &answer.rows),
        Grid::of("Summary", &summary_columns(), &[summary]),
    ]
}

/// The report's columns.
fn columns() -> Columns<UnservedPerson> {
    let mut columns = Columns::<UnservedPerson>::new();
    columns
        .text("caller", |row| &row.caller)
        .count("attempts", |row| row.attempts)
        .instant("first_try", |row| &row.first_try)
        .instant("last_try", |row| &row.last_try)
        .text("last_queue", |row| &row.last_queue)
        .text("last_outcome", |row| &row.last_outcome)
        .instant("callback_due", |row| &row.callback_due)
        .count("callbacks_tried", |row| row.callbacks_tried);
    columns
}

fn summary_columns() -> Columns<UnservedSummary> {
    let mut columns = Columns::<UnservedSummary>::new();
    columns
        .count("calls", |sums| sums.calls)
        .count("calls_anonymous", |sums| sums.calls_anonymous)
        .count("people", |sums| sums.people)
        .count("people_spoken_since", |sums| sums.people_spoken_since)
        .count("callbacks_promised", |sums| sums.callbacks_promised)
        .count("callbacks_tried", |sums| sums.callbacks_tried)
        .count("callbacks_reached", |sums| sums.callbacks_reached)
        .count("callbacks_kept", |sums| sums.callbacks_kept);
    columns
}

/// Sets the report as a table, with its period above and its definitions below.
pub fn unserved_table(answer: &GetUnservedReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    let sums = answer.summary.unwrap_or_default();
    if context.is_some_and(|context| context.calls + context.calls_test == 0) {
        return text + &frame::nothing(lang, context);
    }
    if sums.calls + sums.calls_anonymous + sums.callbacks_promised == 0 {
        return text
            + lang.say("Nobody who tried was left unserved.\n")
            + &frame::footnotes(lang, context);
    }
    let people = [
        sums.calls,
        sums.calls_anonymous,
        sums.people,
        sums.people_spoken_since,
    ];
    let people = people.map(|count| count.to_string());
    text += &lang.fill(
        "Unserved calls: {}, and {} without a number\nPeople: {}, spoken to since {}\n",
        &people.each_ref().map(String::as_str),
    );
    let callbacks = [
        sums.callbacks_promised,
        sums.callbacks_tried,
        sums.callbacks_reached,
        sums.callbacks_kept,
    ];
    let callbacks = callbacks.map(|count| count.to_string());
    text += &lang.fill(
        "Callbacks promised {}: tried {}, reached {}, in time {}\n",
        &callbacks.each_ref().map(String::as_str),
    );
    if !answer.rows.is_empty() {
        let header = [
            "Caller",
            "Last queue",
            "Ended",
            "Attempts",
            "First try",
            "Last try",
        ];
        let rows = answer.rows.iter().take(PEOPLE_SHOWN).map(|row| {
            vec![
                // Whole: with less nobody finds the caller's calls.
                row.caller.clone(),
                row.last_queue.clone(),
                lang.say(&row.last_outcome).to_owned(),
                row.attempts.to_string(),
                when(&row.first_try),
                when(&row.last_try),
            ]
        });
        text += &lang.table(&header, 3, rows.collect());
    }
    let more = answer.rows.len().saturating_sub(PEOPLE_SHOWN);
    if more > 0 {
        text += &lang.fill("and {} more: --output csv has all\n", &[&more.to_string()]);
    }
    text + &frame::footnotes(lang, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::ReportContext;

    #[test]
    fn nobody_unserved_is_not_nobody_called() {
        let mut answer = GetUnservedReportResponse {
            context: Some(ReportContext::default()),
            ..GetUnservedReportResponse::default()
        };
        let text = unserved_table(&answer, Lang::En);
        assert!(text.contains("No data in this period."), "{text}");
        answer.context.get_or_insert_default().calls = 1;
        let text = unserved_table(&answer, Lang::En);
        assert!(
            text.contains("Nobody who tried was left unserved."),
            "{text}"
        );
    }

    #[test]
    fn a_caller_is_shown_whole() {
        let caller = "0123456789abcdef".repeat(2);
        let answer = GetUnservedReportResponse {
            context: Some(ReportContext {
                calls: 1,
                ..ReportContext::default()
            }),
            summary: Some(UnservedSummary {
                calls: 1,
                ..UnservedSummary::default()
            }),
            rows: vec![UnservedPerson {
                caller: caller.clone(),
                ..UnservedPerson::default()
            }],
            ..GetUnservedReportResponse::default()
        };
        let text = unserved_table(&answer, Lang::En);
        assert!(text.contains(&caller), "{text}");
    }
}
