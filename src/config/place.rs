//! The file: what it says, and where it says it.
//!
//! `toml` knows the place of an error; the words are ours, because a person reads them.

use std::cmp::Reverse;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::nearest::{nearest, suggestion};
use super::{Config, Error, Origin};

/// A configuration file that was read.
pub(crate) struct File {
    path: PathBuf,
    text: String,
}

impl File {
    /// Takes a file's text.
    pub(crate) fn new(path: &Path, text: String) -> Self {
        let path = path.to_owned();
        Self { path, text }
    }

    /// What it says, over the defaults.
    pub(crate) fn parse(&self) -> Result<Config, Error> {
        toml::from_str(&self.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let keys = self.keys();
            let around = keys.iter().filter(|(_, span)| span.contains(&offset));
            // The innermost; the first item of a list has the list's own span.
            let key = around.min_by_key(|(path, span)| (span.len(), Reverse(path.len())));
            let path: &[String] = key.map_or(&[], |(path, _)| path);
            Error::Wrong {
                origin: self.origin(offset),
                message: message(error.message(), path),
            }
        })
    }

    /// Where the file says a key; `None` when it does not.
    pub(crate) fn find(&self, path: &[String]) -> Option<Origin> {
        let keys = self.keys();
        let (_, span) = keys.iter().find(|(known, _)| known == path)?;
        Some(self.origin(span.start))
    }

    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let path = self.path.clone();
        Origin::File { path, line, column }
    }

    /// Every key and value with its place; nothing when the file is no TOML.
    fn keys(&self) -> Vec<(Vec<String>, Range<usize>)> {
        let mut keys = Vec::new();
        if let Ok(table) = DeTable::parse(&self.text) {
            collect(table.get_ref(), &mut Vec::new(), &mut keys);
        }
        keys
    }
}

fn collect(
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    keys: &mut Vec<(Vec<String>, Range<usize>)>,
) {
    for (key, value) in table.iter() {
        path.push(key.get_ref().to_string());
        keys.push((path.clone(), key.span()));
        keys.push((path.clone(), value.span()));
        if let DeValue::Table(table) = value.get_ref() {
            collect(table, path, keys);
        }
        if let DeValue::Array(items) = value.get_ref() {
            for (place, item) in items.iter().enumerate() {
                path.push(place.to_string());
                keys.push((path.clone(), item.span()));
                if let DeValue::Table(table) = item.get_ref() {
                    collect(table, path, keys);
                }
                path.pop();
            }
        }
        path.pop();
    }
}

/// An error in the words of a person who edits the file; `path` leads to the key at fault.
pub(crate) fn message(error: &str, path: &[String]) -> String {
    let quoted: Vec<&str> = error.split('`').skip(1).step_by(2).collect();
    let (said, known) = quoted.split_first().unwrap_or((&"", &[]));
    let near = || suggestion(nearest(said, known.iter().copied()));
    if error.starts_with("unknown field") {
        let parent = path.split_last().map_or(path, |(_, parent)| parent);
        return format!("unknown key \"{said}\" {}{}", section(parent), near());
    }
    let key = match spell(path) {
        key if key.is_empty() => key,
        key => key + ": ",
    };
    if error.starts_with("unknown variant") {
        let expected = known.join("\", \"");
        return format!(
            "{key}expected one of \"{expected}\", got \"{said}\"{}",
            near()
        );
    }
    if error.starts_with("missing field") {
        return format!("\"{said}\" is missing {}", section(path));
    }
    let wrong_kind = error
        .strip_prefix("invalid type: ")
        .or_else(|| error.strip_prefix("invalid value: "));
    let sentence = match wrong_kind.and_then(|kind| kind.split_once(", expected ")) {
        Some((got, expected)) => format!("expected {}, got {}", plain(expected), plain(got)),
        None => error.to_owned(),
    };
    format!("{key}{sentence}")
}

/// The words of serde in those of TOML.
fn plain(words: &str) -> String {
    if words.starts_with("struct ") {
        return "a table".to_owned();
    }
    match words {
        "u32" | "u64" => "a whole number",
        "a boolean" => "true or false",
        "path string" => "a path",
        "a sequence" => "a list of tables, each under its own [[…]]",
        "map" => "a table",
        "sequence" => "a list",
        words => words,
    }
    .to_owned()
}

/// A key as it is spelled in one line: `queue.0.target` is of the first `[[queue]]`.
fn spell(path: &[String]) -> String {
    let mut spelled = String::new();
    for part in path.iter().filter(|part| !is_place(part)) {
        if !spelled.is_empty() {
            spelled.push('.');
        }
        spelled.push_str(part);
    }
    spelled
}

fn section(path: &[String]) -> String {
    match path.last() {
        None => "at the top of the file".to_owned(),
        Some(last) if is_place(last) => format!("in [[{}]]", spell(path)),
        Some(_) => format!("in [{}]", spell(path)),
    }
}

fn is_place(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}
