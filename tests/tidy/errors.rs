//! docs/errors.md lists every reason and every exit code that the code knows, and none that it does not.

use std::collections::BTreeSet;
use std::fs;

use dozvon::survey::FormReason;
use dozvon::validate::Reason;
use dozvon::wire::LetGoReason;

use crate::source::root;

#[test]
fn every_rejection_is_in_the_docs() {
    let known = Reason::ALL.map(|reason| reason.as_str().to_owned());
    assert_eq!(documented("Events that were not taken"), known.into());
}

#[test]
fn every_reason_to_let_a_caller_go_is_in_the_docs() {
    let known = LetGoReason::ALL.iter();
    let known: BTreeSet<_> = known.map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(documented("Dialogs that let the caller go"), known);
}

#[test]
fn every_reason_not_to_take_a_form_is_in_the_docs() {
    let known = FormReason::ALL.iter();
    let known: BTreeSet<_> = known.map(|reason| reason.as_str().to_owned()).collect();
    assert_eq!(documented("Forms that were not taken"), known);
}

#[test]
fn every_refusal_is_in_the_docs_with_its_code() {
    let text = fs::read_to_string(root().join("src/wire/status.rs")).unwrap();
    let code = refusals(&text);
    assert!(code.contains("disk_full"), "{code:?}");
    assert_eq!(documented("Requests that were refused"), code);
}

#[test]
fn a_refusal_is_found_over_two_lines() {
    let text = "E::A => (\n    Code::NotFound,\n    \"no_such\",\n), Code::Ok | Code::Internal";
    assert_eq!(refusals(text), BTreeSet::from(["no_such".to_owned()]));
}

#[test]
fn every_exit_code_is_in_the_docs() {
    let text = fs::read_to_string(root().join("src/cli/failure.rs")).unwrap();
    let lines = text.lines().filter_map(|line| {
        let (name, number) = line.trim().strip_suffix(',')?.split_once(" = ")?;
        Some(format!("{} {name}", number.parse::<u8>().ok()?))
    });
    let mut code: BTreeSet<String> = lines.collect();
    assert!(code.contains("5 Partial"), "{code:?}");
    code.insert("0".to_owned());
    let rows = rows("How a command ended");
    let docs = rows.iter().map(|row| format!("{} {}", row[0], row[1]));
    let docs: BTreeSet<String> = docs.map(|row| row.trim().to_owned()).collect();
    assert_eq!(docs, code);
}

#[test]
fn every_row_says_what_to_do() {
    let sections = [
        "Events that were not taken",
        "Requests that were refused",
        "Dialogs that let the caller go",
        "How a command ended",
    ];
    for section in sections {
        for row in rows(section) {
            let said = row.iter().skip(1).all(|cell| !cell.is_empty());
            assert!(said || row[0] == "0", "{section}: {row:?}");
        }
    }
}

/// The words that stand as a reason behind a code.
fn refusals(text: &str) -> BTreeSet<String> {
    let text: String = text.split_whitespace().collect();
    let behind_code = text.split("Code::").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once(',')?;
        let name = rest.strip_prefix('"')?.split('"').next()?;
        Some(name.to_owned())
    });
    behind_code.collect()
}

/// The reasons in a section's table.
fn documented(section: &str) -> BTreeSet<String> {
    let rows = rows(section);
    let reasons = rows.iter().map(|row| row[0].trim_matches('`').to_owned());
    let found: BTreeSet<String> = reasons.collect();
    assert_eq!(found.len(), rows.len(), "one row a reason");
    found
}

/// The cells of a section's table, its head left out.
fn rows(section: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/errors.md")).expect("the docs are there");
    let (_, rest) = text
        .split_once(&format!("## {section}"))
        .expect("the section is there");
    let lines = rest
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    let rows = lines.filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}
