//! The columns of a report, each with its name and what stands in it. How a cell is written is up to the format.

use std::time::Duration;

use crate::proto::v1;

use super::text::span;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// No data, or not applicable.
    Empty,
    /// Words: whatever a switch or a configuration gave as a name.
    Text(String),
    /// A count, or a difference of counts.
    Count(i128),
    /// A part of a whole, 0 to 1.
    Share(f64),
    /// Any other figure.
    Number(f64),
    /// A span.
    Span(Duration),
    /// An instant in local time with its offset (RFC 3339).
    Instant(String),
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count.into())
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<i64> for Cell {
    fn from(count: i64) -> Self {
        Self::Count(count.into())
    }
}

impl<C: Into<Cell>> From<Option<C>> for Cell {
    fn from(value: Option<C>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// One column of rows of type `R`.
pub(super) struct Column<R> {
    /// Its name, without a unit.
    pub(super) name: String,
    /// What a name ends in where cells are bare numbers.
    pub(super) unit: &'static str,
    cell: Box<dyn Fn(&R) -> Cell>,
}

impl<R> Column<R> {
    /// What stands in it.
    pub(super) fn cell(&self, row: &R) -> Cell {
        (self.cell)(row)
    }
}

/// The columns of rows of type `R`, in order.
pub(super) struct Columns<R>(Vec<Column<R>>);

impl<R> Columns<R> {
    /// No columns yet.
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// The columns.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Column<R>> {
        self.0.iter()
    }

    /// Adds a column of words after the others.
    pub(super) fn text(
        &mut self,
        name: impl Into<String>,
        text: impl Fn(&R) -> &str + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| Cell::Text(text(row).to_owned()))
    }

    /// Adds a column of words that are put together.
    pub(super) fn owned(
        &mut self,
        name: impl Into<String>,
        text: impl Fn(&R) -> String + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| Cell::Text(text(row)))
    }

    /// Adds a column of local instants with their offset.
    pub(super) fn instant(
        &mut self,
        name: impl Into<String>,
        local: impl Fn(&R) -> &str + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| Cell::Instant(local(row).to_owned()))
    }

    /// Adds a column of counts.
    pub(super) fn count<C: Into<Cell>>(
        &mut self,
        name: impl Into<String>,
        count: impl Fn(&R) -> C + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| count(row).into())
    }

    /// Adds a column of shares, 0 to 1.
    pub(super) fn share(
        &mut self,
        name: impl Into<String>,
        share: impl Fn(&R) -> Option<f64> + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| {
            share(row).map_or(Cell::Empty, Cell::Share)
        })
    }

    /// Adds two columns behind the others: how low and how high a share may well be.
    pub(super) fn interval(
        &mut self,
        name: &str,
        interval: fn(&R) -> Option<v1::Interval>,
    ) -> &mut Self
    where
        R: 'static,
    {
        self.share(format!("{name}_low"), move |row| {
            interval(row).map(|interval| interval.low)
        })
        .share(format!("{name}_high"), move |row| {
            interval(row).map(|interval| interval.high)
        })
    }

    /// Adds a column of other figures.
    pub(super) fn number(
        &mut self,
        name: impl Into<String>,
        number: impl Fn(&R) -> Option<f64> + 'static,
    ) -> &mut Self {
        self.add(name, "", move |row| {
            number(row).map_or(Cell::Empty, Cell::Number)
        })
    }

    /// Adds a column of spans. Where they are bare seconds, `_s` is put after the name.
    pub(super) fn span(
        &mut self,
        name: impl Into<String>,
        value: impl Fn(&R) -> Option<pbjson_types::Duration> + 'static,
    ) -> &mut Self {
        self.add(name, "_s", move |row| {
            value(row).map_or(Cell::Empty, |value| Cell::Span(span(&value)))
        })
    }

    /// Adds a column whose cells are of several kinds.
    pub(super) fn mixed(
        &mut self,
        name: impl Into<String>,
        cell: impl Fn(&R) -> Cell + 'static,
    ) -> &mut Self {
        self.add(name, "", cell)
    }

    fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        cell: impl Fn(&R) -> Cell + 'static,
    ) -> &mut Self {
        self.0.push(Column {
            name: name.into(),
            unit,
            cell: Box::new(cell),
        });
        self
    }
}
