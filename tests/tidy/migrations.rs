//! Every database has the same migrations, and they make the same tables, columns, indexes and views.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::clean;
use crate::source::{files_under, root};

/// What a folder of migrations says: each file with its tables, columns, indexes and views.
type Said = BTreeSet<String>;

#[test]
fn migrations_are_the_same_for_every_database() {
    let folders = fs::read_dir(root().join("migrations")).expect("migrations is there");
    let said = folders.map(|folder| {
        let folder = folder.expect("migrations is readable").path();
        let of_file = |file: &std::path::PathBuf| {
            let name = file.strip_prefix(&folder).expect("is inside");
            let text = fs::read_to_string(file).expect("a migration is text");
            said(&name.display().to_string(), &text)
        };
        let all = files_under(&folder).iter().flat_map(of_file).collect();
        (folder.display().to_string(), all)
    });
    let said: BTreeMap<String, Said> = said.collect();
    assert_eq!(said.len(), 2, "{:?}", said.keys());
    let first = said.values().next().expect("there are two");
    assert!(
        first.contains("journal/0001_journal.sql: journal.body"),
        "{first:?}"
    );
    clean(problems(&said));
}

#[test]
fn what_one_database_lacks_is_found() {
    let of = |postgres: &str| {
        let sqlite = "-- Calls.\ncreate table calls (\n    id integer primary key, -- own\n    \
            at integer,\n    unique (id, at)\n);\ncreate index by_at on calls (at);\n\
            create table queues (name text primary key) without rowid;\n\
            alter table calls add column mode integer;\n";
        BTreeMap::from([
            ("postgres".to_owned(), said("1.sql", postgres)),
            ("sqlite".to_owned(), said("1.sql", sqlite)),
        ])
    };
    let whole = "create table calls (\n    id bigint,\n    at bigint,\n    primary key (id)\n) with (fillfactor = 50);\n\
        create index by_at on calls (at);\ncreate table queues (name text collate \"C\" primary key);\n\
        alter table calls add column mode bigint not null default 0;\n";
    assert_eq!(problems(&of(whole)), [""; 0]);
    let less = whole
        .replace("    at bigint,\n", "")
        .replace("create index by_at on calls (at);\n", "")
        .replace("alter table calls add column mode", "-- ");
    assert_eq!(
        problems(&of(&less)),
        [
            "postgres: lacks 1.sql: calls.at",
            "postgres: lacks 1.sql: calls.mode",
            "postgres: lacks 1.sql: index by_at"
        ]
    );
}

fn said(file: &str, text: &str) -> Said {
    let mut said = Said::from([file.to_owned()]);
    let mut table = None;
    for line in text.lines() {
        let line = line.split("--").next().unwrap_or_default().trim();
        if let Some(rest) = line.strip_prefix("create index ") {
            let name = rest.split(' ').next().unwrap_or_default();
            said.insert(format!("{file}: index {name}"));
        }
        if let Some(rest) = line.strip_prefix("create view ") {
            let name = rest.split(' ').next().unwrap_or_default();
            said.insert(format!("{file}: view {name}"));
        }
        if let Some((table, rest)) = line
            .strip_prefix("alter table ")
            .and_then(|rest| rest.split_once(" add column "))
        {
            let column = rest.split(' ').next().unwrap_or_default();
            said.insert(format!("{file}: {table}.{column}"));
        }
        let mut columns = line;
        if let Some((name, rest)) = line
            .strip_prefix("create table ")
            .and_then(|rest| rest.split_once(" ("))
        {
            said.insert(format!("{file}: {name}"));
            table = Some(name);
            columns = rest;
        }
        let column = columns.split(' ').next().unwrap_or_default();
        let is_column = !column.is_empty()
            && !column.starts_with(')')
            && !["primary", "unique", "check", "foreign"].contains(&column);
        if let (Some(table), true) = (table, is_column) {
            said.insert(format!("{file}: {table}.{column}"));
        }
        if line.ends_with(';') {
            table = None;
        }
    }
    said
}

fn problems(folders: &BTreeMap<String, Said>) -> Vec<String> {
    let all: Said = folders.values().flatten().cloned().collect();
    let lacks = |(folder, said): (&String, &Said)| -> Vec<String> {
        let missing = all.difference(said);
        missing
            .map(|what| format!("{folder}: lacks {what}"))
            .collect()
    };
    folders.iter().flat_map(lacks).collect()
}
