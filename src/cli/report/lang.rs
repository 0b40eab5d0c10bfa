//! `--lang`: the language of tables and of what is said beside figures. CSV, JSON and workbooks keep their names, which
//! programs know.
//!
//! English is written where it is used, and is the key to the one table of other words (`russian`). A phrase has holes,
//! `{}` in order or `{0}` by number; `{:call|calls}` is the form of a word that goes with the number before it.

use super::{frame, russian, text};

/// The language of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    #[default]
    En,
    /// Russian
    Ru,
}

impl Lang {
    /// A heading, a word of a closed list, or a phrase; what has no other words stays as it is.
    pub(super) fn say(self, english: &str) -> &str {
        match self {
            Self::En => english,
            Self::Ru => russian::of(english).unwrap_or(english),
        }
    }

    /// A word of a closed list beside how many there are of it, which may be any number.
    pub(super) fn counted(self, english: &str) -> &str {
        match self {
            Self::En => english,
            Self::Ru => russian::counted(english).unwrap_or_else(|| self.say(english)),
        }
    }

    /// A phrase with its holes filled.
    pub(super) fn fill(self, english: &str, values: &[&str]) -> String {
        let mut rest = self.say(english);
        let mut text = String::new();
        let mut next = 0;
        while let Some((before, hole)) = rest.split_once('{') {
            text += before;
            let (hole, after) = hole.split_once('}').unwrap_or((hole, ""));
            let (number, forms) = match hole.split_once(':') {
                Some((number, forms)) => (number, Some(forms)),
                None => (hole, None),
            };
            let index = number.parse().unwrap_or_else(|_| match forms {
                Some(_) => next - 1,
                None => next,
            });
            next = index + 1;
            let value = values.get(index).copied().unwrap_or_default();
            text += forms.map_or(value, |forms| form(value, forms));
            rest = after;
        }
        text + rest
    }

    /// A sentence that the server said, by its phrase; one that is not known stays as it is.
    pub(super) fn told(self, sentence: &str) -> String {
        let known = match self {
            Self::En => None,
            Self::Ru => russian::TOLD
                .iter()
                .find_map(|(english, _)| Some((*english, holes(english, sentence)?))),
        };
        let Some((english, values)) = known else {
            return sentence.to_owned();
        };
        let lists = values.into_iter().map(|value| {
            let parts = value.split(", ").map(|part| self.told(part));
            parts.collect::<Vec<_>>().join(", ")
        });
        let values: Vec<_> = lists.collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        self.fill(english, &values)
    }

    /// What a definition says in one sentence.
    pub(super) fn definition(self, id: &str, sentence: &str) -> String {
        match self {
            Self::En => sentence.to_owned(),
            Self::Ru => {
                let words = crate::kpi::glossary().find(|(definition, _)| definition.id == id);
                words.map_or_else(
                    || self.told(sentence),
                    |(_, words)| words.russian.to_owned(),
                )
            }
        }
    }

    /// A queue's name as a row has it: of none, or of all, in words.
    pub(super) fn queue(self, queue: &str) -> String {
        match queue {
            "" => self.say("(none)").to_owned(),
            "ALL" => self.say("ALL").to_owned(),
            queue => queue.to_owned(),
        }
    }

    /// How answers to a survey came.
    pub(super) fn channel(self, channel: &str) -> &str {
        match self {
            Self::En => channel,
            Self::Ru => russian::channel(channel).unwrap_or(channel),
        }
    }

    /// A figure as it is written: Russian has a decimal comma, and its own seconds.
    pub(super) fn figure(self, written: &str) -> String {
        match self {
            Self::En => written.to_owned(),
            Self::Ru => {
                let written = written.replace('.', ",");
                match written.strip_suffix(" s") {
                    Some(number) => format!("{number} с"),
                    None => written,
                }
            }
        }
    }

    /// A share in percent.
    pub(super) fn percent(self, share: Option<f64>) -> String {
        self.figure(&text::percent(share))
    }

    /// A table: its headings in this language, and its figures, which begin behind the columns of `words`.
    pub(super) fn table(self, header: &[&str], words: usize, mut rows: Vec<Vec<String>>) -> String {
        let header: Vec<_> = header.iter().map(|head| self.say(head)).collect();
        for cell in rows.iter_mut().flat_map(|row| row.iter_mut().skip(words)) {
            *cell = self.figure(cell);
        }
        frame::table(&header, words, rows)
    }
}

/// The form of a word that goes with a number: of two the English ones, of three the Russian ones.
fn form<'a>(number: &str, forms: &'a str) -> &'a str {
    let forms: Vec<_> = forms.split('|').collect();
    let number: u64 = number.parse().unwrap_or_default();
    let index = match (number % 10, number % 100, forms.len()) {
        (_, _, 2) => usize::from(number != 1),
        (1, tens, _) if tens != 11 => 0,
        (2..=4, tens, _) if !(12..=14).contains(&tens) => 1,
        _ => 2,
    };
    forms.get(index).copied().unwrap_or_default()
}

/// What stands in a sentence where its phrase has holes; `None` when it is another's.
fn holes<'a>(phrase: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = phrase.split("{}");
    let mut rest = sentence.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let at = match pieces.peek() {
            Some(_) => rest.find(piece)?,
            None => rest.len().checked_sub(piece.len())?,
        };
        let (value, after) = rest.split_at_checked(at)?;
        values.push(value);
        rest = after.strip_prefix(piece)?;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
#[path = "lang_test.rs"]
mod tests;
