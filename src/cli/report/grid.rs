//! A table of cells, whatever rows it was made of: what CSV, a sheet and a plain table are written from.

use super::columns::{Cell, Columns, Kind, Rule};
use super::lang::Lang;
use super::text::{clock, percent, when};

/// Columns whose words are of closed lists.
const LISTED: [&str; 8] = [
    "kind",
    "target",
    "from_kind",
    "exit",
    "disposition",
    "cause",
    "dimension",
    "remark",
];

/// How columns are named that stand beside a figure.
const BESIDE: [&str; 9] = [
    "{} effective n",
    "{} n",
    "{} low",
    "{} high",
    "{} standard error",
    "{} centre",
    "{} limit low",
    "{} limit high",
    "{} signal",
];

/// A column's name, and what it ends in where cells are bare numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// What the column is for.
    pub(super) kind: Kind,
    /// What its figures mean something else by when it changes.
    pub(super) rests_on: &'static [Rule],
    /// The rule that it tells of each row.
    pub(super) says: Option<Rule>,
}

impl Head {
    /// The name where cells are bare numbers: `wait_max_s`.
    pub(super) fn with_unit(&self) -> String {
        format!("{}{}", self.name, self.unit)
    }
}

/// Cells by row, under their heads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// What it holds; the name of its sheet.
    pub(super) title: &'static str,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// The cells of rows.
    pub(super) fn of<R>(title: &'static str, columns: &Columns<R>, rows: &[R]) -> Self {
        let heads = columns.iter().map(|column| Head {
            name: column.name.clone(),
            unit: column.unit,
            kind: column.kind,
            rests_on: column.rests_on,
            says: column.says,
        });
        let row = |row: &R| columns.iter().map(|column| column.cell(row)).collect();
        Self {
            title,
            heads: heads.collect(),
            rows: rows.iter().map(row).collect(),
        }
    }

    /// Sets it as a table for people: every column, under its name.
    pub(super) fn table(&self, lang: Lang) -> String {
        let heads = self.heads.iter().map(|head| heading(lang, &head.name));
        let heads: Vec<_> = heads.collect();
        let heads: Vec<_> = heads.iter().map(String::as_str).collect();
        let words = self.heads.iter();
        let words = words.take_while(|head| head.kind == Kind::Words).count();
        let rows = self.rows.iter();
        let rows = rows.map(|row| {
            let cells = self.heads.iter().zip(row);
            cells
                .map(|(head, cell)| in_words(lang, head, cell))
                .collect()
        });
        lang.table(&heads, words, rows.collect())
    }
}

/// A cell as people read it; words of closed lists in their language, names as they are.
pub(super) fn in_words(lang: Lang, head: &Head, cell: &Cell) -> String {
    match (head.name.as_str(), cell) {
        ("counts_as", Cell::Text(word)) => lang.say(&spaced(word)).to_owned(),
        ("channel", Cell::Text(word)) => lang.channel(word).to_owned(),
        ("queue" | "line" | "team", Cell::Text(name)) => lang.queue(name),
        (name, Cell::Text(word)) if LISTED.contains(&name) || name.ends_with("_signal") => {
            lang.say(word).to_owned()
        }
        _ => shown(cell),
    }
}

/// A column's name in words. What stands beside a figure is named after it.
pub(super) fn heading(lang: Lang, name: &str) -> String {
    let name = spaced(name);
    let said = lang.say(&name);
    if said != name {
        return said.to_owned();
    }
    let beside = BESIDE.iter().find_map(|phrase| {
        let figure = name.strip_suffix(phrase.trim_start_matches("{}"))?;
        let said = lang.say(figure);
        (said != figure).then(|| lang.fill(phrase, &[said]))
    });
    beside.unwrap_or(name)
}

/// A column's name as people write it; `outside` alone would not say of what.
fn spaced(name: &str) -> String {
    let name = name.replace('_', " ");
    match name.strip_prefix("outside") {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
            format!("outside the scale{rest}")
        }
        _ => name,
    }
}

/// A cell as people read it.
pub(super) fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => percent(None),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Share(share, _) => percent(Some(*share)),
        Cell::Number(number) => format!("{number:.2}"),
        Cell::Seconds(seconds) => format!("{seconds:+.1} s"),
        Cell::Span(span) => clock(Some(&(*span).into())),
        Cell::Instant(local) => when(local),
    }
}
