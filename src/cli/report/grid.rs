//! A table of cells, whatever rows it was made of: what CSV, a sheet and a plain table are written from.

use super::columns::{Cell, Columns, Kind};
use super::lang::Lang;
use super::text::{clock, percent, when};

/// A column's name, and what it ends in where cells are bare numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// What the column is for.
    pub(super) kind: Kind,
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
        let heads: Vec<_> = self.heads.iter().map(|head| spaced(&head.name)).collect();
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
        ("kind" | "target" | "from_kind" | "exit", Cell::Text(word)) => lang.say(word).to_owned(),
        ("queue" | "line" | "team", Cell::Text(name)) => lang.queue(name),
        _ => shown(cell),
    }
}

/// A column's name as people write it.
fn spaced(name: &str) -> String {
    name.replace('_', " ")
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
