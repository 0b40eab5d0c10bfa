//! XLSX: a report as a workbook with real dates, durations and percentages, its definitions and what it says of itself.

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use crate::model::Timestamp;
use crate::proto::v1;

use super::super::failure::{Exit, Failure};
use super::columns::{Cell, Columns};
use super::frame;
use super::grid::Grid;
use super::lang::Lang;
use super::sheet::sheet;
use super::text::{local, when};

/// Rows of a sheet below its header; Excel has no more.
const ROWS_MAX: usize = 1_048_575;

/// Writes the rows, part by part, the definitions used, and what else there is to know, also of the period before.
pub(super) fn write(
    title: &str,
    parts: &[Grid],
    [context, before]: [Option<&v1::ReportContext>; 2],
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let rows = parts.first().map_or(0, |part| part.rows.len());
    if rows > ROWS_MAX {
        let message = format!(
            "a sheet holds {ROWS_MAX} rows and this report has {rows}: ask for a shorter period, a longer --bucket, or CSV"
        );
        return Err(Failure::new(Exit::Failure, message));
    }
    workbook(title, parts, [context, before], now).map_err(|error| {
        let message = format!("the report cannot be written as a workbook: {error}");
        Failure::new(Exit::Failure, message)
    })
}

fn workbook(
    title: &str,
    parts: &[Grid],
    [context, before]: [Option<&v1::ReportContext>; 2],
    now: Timestamp,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    if let Ok(made) = jiff::Timestamp::from_microsecond(now.as_micros()) {
        let made = made.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    }
    // Without a part that is too long the figures are there all the same.
    let (fit, too_long): (Vec<_>, Vec<_>) =
        parts.iter().partition(|part| part.rows.len() <= ROWS_MAX);
    for part in fit {
        sheet(workbook.add_worksheet(), part)?;
    }

    let mut columns = Columns::<v1::Definition>::new();
    columns
        .text("id", |definition| &definition.id)
        .count("version", |definition| definition.version)
        .text("sentence", |definition| &definition.sentence);
    let definitions = context.map_or(&[][..], |context| &context.definitions);
    let definitions = Grid::of("Definitions", &columns, definitions);
    sheet(workbook.add_worksheet(), &definitions)?;

    let mut columns = Columns::<(String, Cell)>::new();
    columns
        .text("about", |(what, _)| what)
        .mixed("value", |(_, value)| value.clone());
    let mut lines = about(title, context);
    if before.is_some() {
        let earlier = about(title, before).into_iter().skip(1);
        lines.extend(earlier.map(|(what, value)| (format!("compared with: {what}"), value)));
    }
    lines.extend(too_long.iter().map(|part| {
        let words = format!(
            "{} rows are more than a sheet holds: --part and --output csv have them",
            part.rows.len()
        );
        (format!("left out: {}", part.title), Cell::Text(words))
    }));
    let about = Grid::of("About", &columns, &lines);
    sheet(workbook.add_worksheet(), &about)?;
    workbook.save_to_buffer()
}

/// Period, zone, completeness and cautions.
fn about(title: &str, context: Option<&v1::ReportContext>) -> Vec<(String, Cell)> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let mut lines = vec![("report".to_owned(), text(title))];
    let mut say = |what: &str, value: Cell| lines.push((what.to_owned(), value));
    if let Some(context) = context {
        say("period from", text(&when(&context.start_local)));
        say(
            "period until (not included)",
            text(&when(&context.end_local)),
        );
        say("zone", text(&context.zone));
        if !context.calls_digest.is_empty() {
            say("calls behind the figures", context.calls.into());
            say("digest of these calls", text(&context.calls_digest));
        }
        say(
            "figures up to journal position",
            context.stored_position.into(),
        );
        say(
            "calls open or not settled yet, counted, and may change",
            context.calls_provisional.into(),
        );
        say(
            "of them of a source that is silent",
            context.calls_uncertain.into(),
        );
        say("test calls, left out", context.calls_test.into());
        for source in &context.sources {
            let name = &source.source;
            for (what, at) in [
                ("calls are settled that ended before", &source.settled_until),
                ("silent since", &source.silent_since),
            ] {
                let at = at.as_ref().map(|at| when(&local(at, &context.zone)));
                let at = at.map_or(Cell::Empty, Cell::Text);
                say(&format!("source {name}: {what}"), at);
            }
            for (what, count) in [
                ("events that never came", source.gap_events),
                (
                    "events that came late and are not in the figures",
                    source.late_events,
                ),
                (
                    "events that came late and are in the figures since a recompute",
                    source.recomputed_events,
                ),
                ("events rejected", source.rejected_events),
            ] {
                say(&format!("source {name}: {what}"), count.into());
            }
        }
    }
    let cautions = frame::cautions(Lang::En, context);
    if cautions.is_empty() {
        say("cautions", text("none"));
    }
    for caution in cautions {
        say("caution", Cell::Text(caution));
    }
    lines
}

#[cfg(test)]
mod tests;
