//! The columns of a report, each with its name and what stands in it. How a cell is written is up to the format.

use std::time::Duration;

use crate::kpi::Part;
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
    /// A part of a whole, 0 to 1, or a difference of such; with the counts it is of, where they are known.
    Share(f64, Option<Part>),
    /// Any other figure.
    Number(f64),
    /// A span.
    Span(Duration),
    /// A difference of spans, in seconds.
    Seconds(f64),
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

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says what a row is of.
    Words,
    /// A count, a mean, a span.
    Figure,
    /// A share.
    Share,
    /// A bound of another column, or a remark.
    Beside,
}

/// What a queue is measured by, and what may differ between two periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// T, the threshold of the service level.
    ServiceLevel,
    /// s, the short threshold.
    ShortAbandon,
    /// The formula that stands for a queue.
    Headline,
    /// k, beyond which transfers are too many.
    ExcessiveLimit,
}

/// One column of rows of type `R`.
pub(super) struct Column<R> {
    /// Its name, without a unit.
    pub(super) name: String,
    /// What a name ends in where cells are bare numbers.
    pub(super) unit: &'static str,
    /// What it is for.
    pub(super) kind: Kind,
    /// What its figures mean something else by when it changes.
    pub(super) rests_on: &'static [Rule],
    /// The rule that it tells of each row.
    pub(super) says: Option<Rule>,
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
        self.add(name, "", Kind::Words, move |row| {
            Cell::Text(text(row).to_owned())
        })
    }

    /// Adds a column of words that are put together.
    pub(super) fn owned(
        &mut self,
        name: impl Into<String>,
        text: impl Fn(&R) -> String + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Words, move |row| Cell::Text(text(row)))
    }

    /// Adds a column of local instants with their offset.
    pub(super) fn instant(
        &mut self,
        name: impl Into<String>,
        local: impl Fn(&R) -> &str + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Words, move |row| {
            Cell::Instant(local(row).to_owned())
        })
    }

    /// Adds a column of counts.
    pub(super) fn count<C: Into<Cell>>(
        &mut self,
        name: impl Into<String>,
        count: impl Fn(&R) -> C + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Figure, move |row| count(row).into())
    }

    /// Adds a column of shares, 0 to 1.
    pub(super) fn share(
        &mut self,
        name: impl Into<String>,
        share: impl Fn(&R) -> Option<f64> + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Share, move |row| {
            share(row).map_or(Cell::Empty, |share| Cell::Share(share, None))
        })
    }

    /// Adds a column of shares of counts: so many of so many.
    pub(super) fn part(
        &mut self,
        name: impl Into<String>,
        share: impl Fn(&R) -> Option<f64> + 'static,
        counts: impl Fn(&R) -> (u64, u64) + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Share, move |row| {
            let Some(share) = share(row) else {
                return Cell::Empty;
            };
            let (count, of) = counts(row);
            // On another basis a share may be of other counts than the row shows.
            let part = Some(Part { count, of });
            let part = part.filter(|_| (share * of as f64 - count as f64).abs() < 1e-3);
            Cell::Share(share, part)
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
        .beside()
        .share(format!("{name}_high"), move |row| {
            interval(row).map(|interval| interval.high)
        })
        .beside()
    }

    /// Adds a column of other figures.
    pub(super) fn number(
        &mut self,
        name: impl Into<String>,
        number: impl Fn(&R) -> Option<f64> + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Figure, move |row| {
            number(row).map_or(Cell::Empty, Cell::Number)
        })
    }

    /// Adds a column of spans. Where they are bare seconds, `_s` is put after the name.
    pub(super) fn span(
        &mut self,
        name: impl Into<String>,
        value: impl Fn(&R) -> Option<pbjson_types::Duration> + 'static,
    ) -> &mut Self {
        self.add(name, "_s", Kind::Figure, move |row| {
            value(row).map_or(Cell::Empty, |value| Cell::Span(span(&value)))
        })
    }

    /// Adds a column whose cells are of several kinds.
    pub(super) fn mixed(
        &mut self,
        name: impl Into<String>,
        cell: impl Fn(&R) -> Cell + 'static,
    ) -> &mut Self {
        self.add(name, "", Kind::Beside, cell)
    }

    /// Says that the last column is no figure of its own: it is compared with nothing, and no row is known by it.
    pub(super) fn beside(&mut self) -> &mut Self {
        if let Some(last) = self.0.last_mut() {
            last.kind = Kind::Beside;
        }
        self
    }

    /// Says what the figures of the last column rest on: where it differs, they are not compared.
    pub(super) fn rests_on(&mut self, rules: &'static [Rule]) -> &mut Self {
        if let Some(last) = self.0.last_mut() {
            last.rests_on = rules;
        }
        self
    }

    /// Says that the last column is no figure, but tells a rule by which its row is measured.
    pub(super) fn says(&mut self, rule: Rule) -> &mut Self {
        if let Some(last) = self.0.last_mut() {
            last.kind = Kind::Beside;
            last.says = Some(rule);
        }
        self
    }

    fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        kind: Kind,
        cell: impl Fn(&R) -> Cell + 'static,
    ) -> &mut Self {
        self.0.push(Column {
            name: name.into(),
            unit,
            kind,
            rests_on: &[],
            says: None,
            cell: Box::new(cell),
        });
        self
    }
}
