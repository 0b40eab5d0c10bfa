//! One table of a definition file: its keys are taken one by one, and what nobody took is unknown.
//!
//! A wrong value is a finding and the default stands in, so that one reading finds everything that is wrong.

use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::nearest::{nearest, suggestion};

use super::finding::Findings;
use super::limits;

/// A text of the file and its place.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) at: usize,
}

/// A table, its name and its place.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    /// As it is written: `[[question]]`, or "the top of the file".
    name: String,
    pub(super) at: usize,
    asked: Vec<String>,
}

/// A value of the file.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A duration and what it may be.
pub(super) struct Span {
    /// How such a span is written.
    pub(super) example: &'static str,
    pub(super) default: Duration,
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, name: impl Into<String>, at: usize) -> Self {
        Self {
            table,
            name: name.into(),
            at,
            asked: Vec::new(),
        }
    }

    /// Every key with its value, in the file's order.
    pub(super) fn entries(&self) -> Vec<(Text, &'a Value<'a>)> {
        let entries = self.table.iter().map(|(key, value)| {
            let text = Text {
                value: key.get_ref().to_string(),
                at: key.span().start,
            };
            (text, value)
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|(key, _)| key.at);
        entries
    }

    /// Takes a key's value, if it is there.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Value<'a>> {
        self.asked.push(key.to_owned());
        self.table.get(key)
    }

    /// Whether a key is there; it is not taken by this.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Takes a text.
    pub(super) fn text(&mut self, key: &str, found: &mut Findings) -> Option<Text> {
        let value = self.take(key)?;
        text_of(value, key, found)
    }

    /// Takes a text that must be there.
    pub(super) fn text_needed(&mut self, key: &str, hint: &str, found: &mut Findings) -> Text {
        let value = self.take(key);
        let text = value.map(|value| text_of(value, key, found));
        text.unwrap_or_else(|| {
            self.missing(key, hint, found);
            None
        })
        .unwrap_or(Text {
            value: String::new(),
            at: self.at,
        })
    }

    /// Takes a name: letters, digits, `-` and `_`, and whatever `also` allows.
    pub(super) fn name_needed(&mut self, key: &str, hint: &str, found: &mut Findings) -> Text {
        let text = self.text_needed(key, hint, found);
        if !text.value.is_empty() {
            check_name(&text, key, "", found);
        }
        text
    }

    /// Says that a key is missing.
    pub(super) fn missing(&self, key: &str, hint: &str, found: &mut Findings) {
        let name = &self.name;
        found.error(self.at, format!("\"{key}\" is missing in {name}: {hint}"));
    }

    /// Takes a whole number within bounds.
    pub(super) fn number(
        &mut self,
        key: &str,
        bounds: (u64, u64),
        found: &mut Findings,
    ) -> Option<u64> {
        let value = self.take(key)?;
        let (least, most) = bounds;
        let number = value.get_ref().as_integer();
        let number = number.filter(|number| number.radix() == 10);
        let number: Option<u64> = number.and_then(|number| number.as_str().parse().ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let got = shown(value);
            let message =
                format!("{key}: expected a whole number from {least} to {most}, got {got}");
            found.error(value.span().start, message);
        }
        number
    }

    /// Takes true or false.
    pub(super) fn flag(&mut self, key: &str, found: &mut Findings) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            let got = shown(value);
            found.error(
                value.span().start,
                format!("{key}: expected true or false, got {got}"),
            );
        }
        flag
    }

    /// Takes a span such as "10s", within bounds.
    pub(super) fn span(&mut self, key: &str, span: &Span, found: &mut Findings) -> Duration {
        let Some(value) = self.take(key) else {
            return span.default;
        };
        let at = value.span().start;
        let Some(text) = text_of(value, key, found) else {
            return span.default;
        };
        let show = |span| humantime::format_duration(span);
        match humantime::parse_duration(&text.value) {
            Ok(given) if (span.least..=span.most).contains(&given) => return given,
            Ok(given) => found.error(
                at,
                format!(
                    "{key}: expected {} to {}, got {}",
                    show(span.least),
                    show(span.most),
                    show(given)
                ),
            ),
            Err(_) => {
                let (example, got) = (span.example, clipped(&text.value));
                found.error(
                    at,
                    format!("{key}: expected a span such as \"{example}\", got \"{got}\""),
                );
            }
        }
        span.default
    }

    /// Takes one of some words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&str, T)],
        found: &mut Findings,
    ) -> Option<T> {
        let text = self.text(key, found)?;
        word_of(&text, key, words, found)
    }

    /// Takes a list of texts; a single text is a list of one.
    pub(super) fn texts(&mut self, key: &str, found: &mut Findings) -> Option<Vec<Text>> {
        let value = self.take(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            return Some(text_of(value, key, found).into_iter().collect());
        };
        let texts = items.iter().filter_map(|item| text_of(item, key, found));
        Some(texts.collect())
    }

    /// Takes a table.
    pub(super) fn section(&mut self, key: &str, found: &mut Findings) -> Option<Self> {
        let value = self.take(key)?;
        let at = self.place_of(key);
        section_of(value, &format!("[{key}]"), at, found)
    }

    /// Takes a list of tables, each under its own `[[key]]` or in one line.
    pub(super) fn sections(
        &mut self,
        key: &str,
        most: usize,
        found: &mut Findings,
    ) -> Option<Vec<Self>> {
        let value = self.take(key)?;
        let at = self.place_of(key);
        let name = format!("[[{key}]]");
        let DeValue::Array(items) = value.get_ref() else {
            let got = shown(value);
            found.error(
                at,
                format!("{key}: expected a list of tables, each under its own {name}, got {got}"),
            );
            return Some(Vec::new());
        };
        if items.len() > most {
            let have = items.len();
            found.error(at, format!("{key}: {have} are too many, at most {most}"));
        }
        let sections = items
            .iter()
            .take(most)
            .filter_map(|item| section_of(item, &name, item.span().start, found));
        Some(sections.collect())
    }

    /// Where a key stands; the table's own place when it does not.
    pub(super) fn place_of(&self, key: &str) -> usize {
        self.table
            .get_key_value(key)
            .map_or(self.at, |(key, _)| key.span().start)
    }

    /// Names every key that nobody took.
    pub(super) fn finish(self, found: &mut Findings) {
        for (key, _) in self.entries() {
            if !self.asked.contains(&key.value) {
                let near = nearest(&key.value, self.asked.iter().map(String::as_str));
                let (name, near) = (&self.name, suggestion(near));
                let key_name = clipped(&key.value);
                found.error(
                    key.at,
                    format!("unknown key \"{key_name}\" in {name}{near}"),
                );
            }
        }
    }
}

/// The table that a value is.
pub(super) fn section_of<'a>(
    value: &'a Value<'a>,
    name: &str,
    at: usize,
    found: &mut Findings,
) -> Option<Section<'a>> {
    if let DeValue::Table(table) = value.get_ref() {
        return Some(Section::new(table, name, at));
    }
    let got = shown(value);
    found.error(at, format!("{name}: expected a table, got {got}"));
    None
}

/// The text that a value is; never empty, never too long.
pub(super) fn text_of(value: &Value<'_>, key: &str, found: &mut Findings) -> Option<Text> {
    let at = value.span().start;
    let DeValue::String(text) = value.get_ref() else {
        let got = shown(value);
        found.error(at, format!("{key}: expected a text in quotes, got {got}"));
        return None;
    };
    let chars = text.chars().count();
    if text.trim().is_empty() {
        found.error(at, format!("{key}: the text is empty"));
        return None;
    }
    if chars > limits::TEXT_CHARS_MAX {
        let most = limits::TEXT_CHARS_MAX;
        found.error(
            at,
            format!("{key}: {chars} letters are too many, at most {most}"),
        );
        return None;
    }
    let value = text.to_string();
    Some(Text { value, at })
}

/// The meaning of a word.
pub(super) fn word_of<T: Copy>(
    text: &Text,
    key: &str,
    words: &[(&str, T)],
    found: &mut Findings,
) -> Option<T> {
    let meaning = words.iter().find(|(word, _)| *word == text.value);
    if meaning.is_none() {
        let expected: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let near = suggestion(nearest(&text.value, expected.iter().copied()));
        let (expected, got) = (expected.join("\", \""), clipped(&text.value));
        found.error(
            text.at,
            format!("{key}: expected one of \"{expected}\", got \"{got}\"{near}"),
        );
    }
    meaning.map(|(_, meaning)| *meaning)
}

/// Complains of a name that is none: letters, digits, `-`, `_` and what else is allowed.
pub(super) fn check_name(text: &Text, key: &str, also: &str, found: &mut Findings) {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c) || also.contains(c);
    let name = &text.value;
    if !name.chars().all(is_fit) || name.len() > limits::NAME_CHARS_MAX {
        let most = limits::NAME_CHARS_MAX;
        let name = clipped(name);
        found.error(
            text.at,
            format!(
                "{key}: \"{name}\" is no name: at most {most} Latin letters, digits, \"-\" and \"_\""
            ),
        );
    }
}

/// A value in the words of a message.
fn shown(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("\"{}\"", clipped(text)),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// As much of a text as a message can show.
pub(super) fn clipped(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(limits::NAME_CHARS_MAX).collect();
    match chars.next() {
        Some(_) => head + "…",
        None => head,
    }
}
