//! Cases as tables and as CSV, and the report of a month.

use comfy_table::{ContentArrangement, Table, presets};

use super::super::report::text;
use super::{Exit, Failure};
use crate::proto::v1;

const COLUMNS: [&str; 13] = [
    "number",
    "state",
    "overdue",
    "opened_at",
    "due_at",
    "survey",
    "channel",
    "said",
    "call_id",
    "form_id",
    "owner",
    "done",
    "cause",
];

fn cells(case: &v1::Case, zone: &str) -> [String; 13] {
    let at = |at: &Option<pbjson_types::Timestamp>| {
        at.as_ref()
            .map(|at| text::local(at, zone))
            .unwrap_or_default()
    };
    let state = match case.state() {
        v1::CaseState::Opened => "opened",
        v1::CaseState::Taken => "taken",
        v1::CaseState::Closed => "closed",
        v1::CaseState::Unspecified => "",
    };
    [
        case.number.to_string(),
        state.to_owned(),
        case.overdue.to_string(),
        at(&case.opened_at),
        at(&case.due_at),
        case.survey.clone(),
        case.channel.clone(),
        said(case),
        case.call_id.clone(),
        case.form_id.clone(),
        case.owner.clone(),
        case.done.clone(),
        case.cause.clone(),
    ]
}

fn said(case: &v1::Case) -> String {
    let said = case.said.iter();
    let said: Vec<_> = said
        .map(|one| format!("{} = {}", one.question, one.answer))
        .collect();
    said.join(", ")
}

pub(super) fn table(cases: &[v1::Case], zone: &str) -> String {
    if cases.is_empty() {
        return "no cases\n".to_owned();
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header([
            "case", "state", "due", "said", "of", "owner", "done", "cause",
        ]);
    for case in cases {
        let [
            number,
            state,
            overdue,
            _,
            due,
            _,
            channel,
            said,
            call,
            form,
            owner,
            done,
            cause,
        ] = cells(case, zone);
        let due = if overdue == "true" { due + " !" } else { due };
        let of = if form.is_empty() { call } else { form };
        let of = format!("{channel} {of}");
        table.add_row([number, state, due, said, of, owner, done, cause]);
    }
    format!("{table}\n")
}

pub(super) fn csv(cases: &[v1::Case], zone: &str) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(Exit::Failure, format!("no CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(COLUMNS)
        .map_err(|error| failed(&error))?;
    for case in cases {
        let cells = cells(case, zone).map(|cell| harmless(&cell));
        writer
            .write_record(&cells)
            .map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

pub(super) fn report(report: &v1::GetCaseReportResponse, month: &str) -> String {
    let mut text = format!(
        "Cases of {month}\n\
        opened            {}\n\
        taken             {}\n\
        answered in time  {}\n\
        overdue           {}\n\
        not due yet       {}\n\
        closed in {month} {}\n",
        report.opened,
        report.opened_taken,
        report.opened_closed_in_time,
        report.opened_overdue,
        report.opened_not_due,
        report.closed,
    );
    for cause in report.causes.iter().filter(|cause| cause.closed > 0) {
        let word = if cause.cause.is_empty() {
            "not said"
        } else {
            &cause.cause
        };
        text += &format!("  {word:<19} {}\n", cause.closed);
    }
    if !report.done.is_empty() {
        text += "\nYou said, we did\n";
    }
    for case in &report.done {
        text += &format!("  {} {}: {}\n", case.number, said(case), case.done);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let case = v1::Case {
            done: "=1+1".into(),
            ..v1::Case::default()
        };
        let text = csv(&[case], "UTC").unwrap();
        assert!(text.contains(",'=1+1,"), "{text}");
    }
}
