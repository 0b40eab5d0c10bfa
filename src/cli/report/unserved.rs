//! The report of the unserved: its columns and its table.

use crate::proto::v1::{GetUnservedReportResponse, UnservedPerson};

use super::columns::Columns;
use super::frame;
use super::grid::Grid;
use super::text::when;

/// The report's name.
pub(super) const TITLE: &str = "Unserved";

/// People that a table shows; the other formats have all.
const PEOPLE_SHOWN: usize = 30;
/// Digits of a pseudonym that a table shows.
const DIGITS_SHOWN: usize = 12;

/// The report's rows, in one part.
pub(super) fn parts(answer: &GetUnservedReportResponse) -> Vec<Grid> {
    vec![Grid::of(TITLE, &columns(), &answer.rows)]
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

/// Sets the report as a table, with its period above and its definitions below.
pub fn unserved_table(answer: &GetUnservedReportResponse) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(TITLE, context);
    let sums = answer.summary.unwrap_or_default();
    if sums.calls + sums.calls_anonymous + sums.callbacks_promised == 0 {
        return text + "Nobody who tried was left unserved.\n" + &frame::footnotes(context);
    }
    text += &format!(
        "Unserved calls: {}, and {} without a number\nPeople: {}, spoken to since {}\n\
         Callbacks promised {}: tried {}, reached {}, in time {}\n",
        sums.calls,
        sums.calls_anonymous,
        sums.people,
        sums.people_spoken_since,
        sums.callbacks_promised,
        sums.callbacks_tried,
        sums.callbacks_reached,
        sums.callbacks_kept,
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
                row.caller.chars().take(DIGITS_SHOWN).collect(),
                row.last_queue.clone(),
                row.last_outcome.clone(),
                row.attempts.to_string(),
                when(&row.first_try),
                when(&row.last_try),
            ]
        });
        text += &frame::table(&header, 3, rows.collect());
    }
    let more = answer.rows.len().saturating_sub(PEOPLE_SHOWN);
    if more > 0 {
        text += &format!("and {more} more: --output csv has all\n");
    }
    text + &frame::footnotes(context)
}
