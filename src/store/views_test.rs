//! The views' words are those of the closed lists, their columns those that the document describes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Direction, Disposition, EndedBy, Exit, Mark, Outcome, RefusalReason, TargetKind,
    TransferMethod, TransferOutcome,
};

const SQLITE: &str = concat!(
    include_str!("../../migrations/sqlite/store/0017_views.sql"),
    include_str!("../../migrations/sqlite/store/0025_answers_agent.sql")
);
const POSTGRES: &str = concat!(
    include_str!("../../migrations/postgres/store/0017_views.sql"),
    include_str!("../../migrations/postgres/store/0025_answers_agent.sql")
);
const DOCUMENT: &str = include_str!("../../docs/views.md");

/// The views of a database: each column's expression by view and name.
fn views(sql: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let statements = sql.split("create view ").skip(1);
    let view = |statement: &str| {
        let (name, rest) = statement.split_once(" as select").unwrap();
        let (columns, _) = rest.split_once("\nfrom ").unwrap();
        let columns = columns.split(",\n").map(|column| {
            let words: Vec<_> = column.split_whitespace().collect();
            let expression = words.join(" ");
            let name = words.last().unwrap().rsplit('.').next().unwrap();
            (name.to_owned(), expression)
        });
        (name.to_owned(), columns.collect())
    };
    statements.map(view).collect()
}

/// A closed list as a view writes it out.
fn list<T: Copy>(
    column: &str,
    all: &[T],
    code: fn(T) -> u8,
    word: fn(T) -> &'static str,
) -> String {
    let name = column.rsplit('.').next().unwrap();
    let whens = all
        .iter()
        .map(|one| format!("when {} then '{}' ", code(*one), word(*one)));
    format!("case {column} {}end as {name}", whens.collect::<String>())
}

#[test]
fn codes_are_the_words_of_the_model() {
    macro_rules! list {
        ($column:literal, $list:ident) => {
            list($column, $list::ALL, $list::code, $list::as_str)
        };
    }
    let marks = Mark::ALL.map(|mark| {
        let (bit, word) = (mark as u32, mark.as_str());
        format!("case when marks & {bit} <> 0 then '{word} ' else '' end")
    });
    let marks = format!("trim( {} ) as marks", marks.join(" || "));
    for sql in [SQLITE, POSTGRES] {
        let views = views(sql);
        for (view, column, expected) in [
            ("v_calls", "ended_by", list!("ended_by", EndedBy)),
            ("v_calls", "outcome", list!("outcome", Outcome)),
            ("v_calls", "direction", list!("direction", Direction)),
            (
                "v_calls",
                "refused_reason",
                list!("refused_reason", RefusalReason),
            ),
            ("v_calls", "last_exit", list!("last_exit", Exit)),
            ("v_calls", "marks", marks.clone()),
            ("v_visits", "exit", list!("visits.exit", Exit)),
            (
                "v_transfers",
                "method",
                list!("transfers.method", TransferMethod),
            ),
            (
                "v_transfers",
                "target",
                list!("transfers.target", TargetKind),
            ),
            (
                "v_transfers",
                "outcome",
                list!("transfers.outcome", TransferOutcome),
            ),
            (
                "v_answers",
                "disposition",
                list!("survey_sessions.disposition", Disposition),
            ),
        ] {
            assert_eq!(views[view][column], expected, "{view}.{column}");
        }
    }
}

#[test]
fn both_databases_have_the_views_and_columns_that_the_document_describes() {
    let named = |sql: &str| -> BTreeSet<String> {
        let views = views(sql);
        let columns = views.iter().flat_map(|(view, columns)| {
            columns.keys().map(move |column| format!("{view}.{column}"))
        });
        columns.collect()
    };
    let mut described = BTreeSet::new();
    let mut view = "";
    for line in DOCUMENT.lines() {
        if let Some(name) = line
            .strip_prefix("## `")
            .and_then(|rest| rest.split('`').next())
        {
            view = name;
        }
        if let Some(rest) = line.strip_prefix("| `") {
            let column = rest.split('`').next().unwrap();
            described.insert(format!("{view}.{column}"));
        }
    }
    assert_eq!(named(SQLITE), described);
    assert_eq!(named(POSTGRES), described);
}
