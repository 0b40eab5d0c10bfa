//! Who may use whom: the arrows between modules point down only.

use crate::{
    clean,
    source::{Source, is_word, sources},
};

/// Which module may use which (`crate::name`); itself always. Arrows point down only.
const IMPORTS: [(&str, &[&str]); 23] = [
    ("proto", &[]),
    ("model", &[]),
    ("kpi", &["model"]),
    ("validate", &["model", "proto"]),
    ("calls", &["model"]),
    ("survey", &["model"]),
    ("simulate", &["proto"]),
    ("event_file", &["proto"]),
    ("config", &["model"]),
    ("clock", &["model"]),
    ("database", &[]),
    ("journal", &["model", "database", "clock"]),
    ("store", &["model", "database"]),
    ("metrics", &["model", "kpi", "clock"]),
    ("live", &["model", "kpi"]),
    ("wall", &["proto", "model", "kpi", "live", "clock"]),
    ("reports", &["model", "kpi", "survey", "store"]),
    (
        "wire",
        &[
            "proto", "model", "validate", "survey", "reports", "journal", "store", "metrics",
            "pipeline", "config", "clock", "upkeep", "wall",
        ],
    ),
    (
        "upkeep",
        &["model", "calls", "journal", "store", "pipeline", "clock"],
    ),
    (
        "connect",
        &["proto", "model", "validate", "event_file", "clock"],
    ),
    ("pipeline", EVERYONE),
    ("app", EVERYONE),
    ("cli", EVERYONE),
];

/// The right of the modules that wire the others together.
const EVERYONE: &[&str] = &["*"];

#[test]
fn imports_keep_to_the_table() {
    let all = sources();
    clean(all.iter().flat_map(|source| import_problems(source, &all)));
}

#[test]
fn a_forbidden_import_is_found() {
    let all = ["src/store/mod.rs", "src/wire/mod.rs", "src/wire/store.rs"]
        .map(|path| Source::new(path, ""));
    let found = |path: &str, text: &str| import_problems(&Source::new(path, text), &all);
    let line_2 = "use crate::model::Call;\nuse crate::{model::{CallId, QueueId}, store::Rows};";
    assert_eq!(
        found("src/calls/table.rs", line_2),
        ["src/calls/table.rs:2: `calls` may not use `store`; it may use: model"]
    );
    for bad in [
        "let rows = crate::store::rows();",
        "use crate::{\n    store,\n};",
        "use crate::{self as all};",
        "use crate::*;",
        "use super::super::store::Rows;",
        "use super::super::{table, store::Rows};",
        "pub(in crate::store) fn rows() {}",
    ] {
        assert_eq!(found("src/calls/table.rs", bad).len(), 1, "{bad}");
    }
    for good in [
        "pub(crate) fn table() {}",
        "use crate::calls::Table;",
        "use crate::{model::{store, Call}, calls};",
        "use super::store::Rows;",
        "let crate_store = 1;",
    ] {
        assert_eq!(found("src/calls/table.rs", good).len(), 0, "{good}");
    }
    let in_words = "use crate::calls::tests::settled;";
    assert_eq!(found("src/reports/agents_test.rs", in_words).len(), 0);
    assert_eq!(found("src/reports/agents.rs", in_words).len(), 1);
    assert_eq!(
        found("src/calls/mod.rs", "use super::store::Rows;").len(),
        1
    );
    assert_eq!(found("src/connect/mod.rs", "use super::wire;").len(), 1);
    assert_eq!(
        found("src/wire/mod.rs", "use super::store::Rows;").len(),
        0,
        "its own part"
    );
    assert_eq!(
        found("src/mystery.rs", "").len(),
        1,
        "a module without a row"
    );
    assert_eq!(found("src/app.rs", "use crate::{store, wire};").len(), 0);
}

/// Names what a file reaches for and may not; `all` tells modules from their parts.
fn import_problems(source: &Source, all: &[Source]) -> Vec<String> {
    let module = source.module();
    if ["lib", "main"].contains(&module) {
        return Vec::new();
    }
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == module) else {
        return vec![source.problem(0, &format!("`{module}` has no row in the import table"))];
    };
    let climbed_to_a_module = |path: &Reached| {
        let part = [".rs", "/mod.rs"].map(|end| format!("src/{module}/{}{end}", path.name));
        path.hops >= source.depth()
            && all.iter().any(|file| file.module() == path.name)
            && !all.iter().any(|file| part.contains(&file.path))
    };
    // Tests of rows and reports are told as calls are: in words.
    let in_words =
        source.path.ends_with("_test.rs") && ["store", "reports", "live"].contains(&module);
    let climbed = paths_after(&source.text, "super").into_iter();
    paths_after(&source.text, "crate")
        .into_iter()
        .chain(climbed.filter(climbed_to_a_module))
        .filter(|path| path.name != module && *allowed != EVERYONE)
        .filter(|path| !allowed.contains(&path.name.as_str()))
        .filter(|path| !(in_words && path.name == "calls"))
        .map(|path| {
            let rule = format!(
                "`{module}` may not use `{}`; it may use: {}",
                path.name,
                allowed.join(", ")
            );
            source.problem(path.offset, &rule)
        })
        .collect()
}

/// A name behind `crate::` or behind a number of `super::`.
struct Reached {
    offset: usize,
    hops: usize,
    name: String,
}

/// Finds what `word::` (or `word::word::…`) leads to, inside the braces of a `use` too.
fn paths_after(text: &str, word: &str) -> Vec<Reached> {
    let mut reached = Vec::new();
    let mut rest = 0;
    while let Some(found) = text[rest..].find(word) {
        let offset = rest + found;
        rest = offset + word.len();
        if text[..offset].ends_with(is_word) || text[rest..].starts_with(is_word) {
            continue;
        }
        let mut hops = 1;
        let mut tail = text[rest..].trim_start();
        while let Some(next) = tail.strip_prefix("::") {
            tail = next.trim_start();
            match tail.strip_prefix(word) {
                Some(after) if !after.starts_with(is_word) => {
                    hops += 1;
                    tail = after.trim_start();
                }
                _ => {
                    let names = first_names(tail).into_iter();
                    reached.extend(names.map(|(at, name)| Reached {
                        offset: text.len() - tail.len() + at,
                        hops,
                        name,
                    }));
                    break;
                }
            }
        }
        rest = rest.max(text.len() - tail.len());
    }
    reached
}

/// The first name of a path, or of each path of a braced group, with its place.
fn first_names(tail: &str) -> Vec<(usize, String)> {
    let name_at = |at: usize| {
        let name: String = tail[at..]
            .chars()
            .take_while(|c| is_word(*c) || *c == '*')
            .collect();
        (at, name)
    };
    if !tail.starts_with('{') {
        return vec![name_at(0)];
    }
    let mut names = Vec::new();
    let (mut depth, mut fresh) = (0, false);
    for (at, c) in tail.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match c {
            '{' | ',' => fresh = depth == 1,
            '}' if depth == 0 => break,
            c if fresh && !c.is_whitespace() => {
                names.push(name_at(at));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}
