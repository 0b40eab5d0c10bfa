//! Which row of one period goes with which of the other: those of the same queue, agent or line in buckets that are
//! paired. What else a row says of itself, as an agent's team or a queue's formula, may have changed and decides nothing.

use std::collections::{HashMap, VecDeque};

use crate::proto::v1::ReportContext;

use super::super::columns::{Cell, Kind};
use super::super::grid::{Grid, Head};

/// The column of buckets, where a report has them.
pub(super) const BUCKET: &str = "bucket_start";
/// The column of months, where rows of several stand in one bucket.
const MONTH: &str = "month";

/// A row with its partner: either may be missing.
pub(super) struct Pair<'a> {
    pub(super) row: Option<&'a [Cell]>,
    pub(super) before: Option<&'a [Cell]>,
    /// The bucket, also where it has no such row; empty = there is none.
    pub(super) bucket: String,
    /// The bucket of the other period that is paired with it, alike.
    pub(super) bucket_before: String,
}

/// What a row is known by: the place of its bucket, and its names.
type Key = (Option<usize>, Vec<String>);

/// The rows in order, each with its partner; behind them those of the other period that have none.
pub(super) fn pairs<'g>(
    [now, before]: [&'g Grid; 2],
    contexts: [Option<&ReportContext>; 2],
) -> Vec<Pair<'g>> {
    let [places, places_before] = contexts.map(Places::of);
    let mut partners: HashMap<Key, VecDeque<usize>> = HashMap::new();
    for (index, row) in before.rows.iter().enumerate() {
        let key = places_before.key(&before.heads, row);
        partners.entry(key).or_default().push_back(index);
    }
    let mut alone = vec![true; before.rows.len()];
    let mut pairs = Vec::new();
    for row in &now.rows {
        let key = places.key(&now.heads, row);
        let partner = partners.get_mut(&key).and_then(VecDeque::pop_front);
        if let Some(index) = partner {
            alone[index] = false;
        }
        pairs.push(Pair {
            row: Some(row),
            before: partner.map(|index| &*before.rows[index]),
            bucket: bucket(row).to_owned(),
            bucket_before: places_before.name(key.0),
        });
    }
    let alone = before.rows.iter().zip(alone).filter(|(_, alone)| *alone);
    pairs.extend(alone.map(|(row, _)| Pair {
        row: None,
        before: Some(row),
        bucket: places.name(places_before.place(row)),
        bucket_before: bucket(row).to_owned(),
    }));
    pairs
}

/// The words that tell one row of a bucket from another.
pub(super) fn names(heads: &[Head], cells: &[Cell]) -> Vec<String> {
    let words = heads.iter().zip(cells);
    let words = words.filter(|(head, _)| head.kind == Kind::Words);
    words.filter_map(|(_, cell)| text(cell)).cloned().collect()
}

/// The words in a cell.
pub(super) fn text(cell: &Cell) -> Option<&String> {
    if let Cell::Text(text) = cell {
        return Some(text);
    }
    None
}

/// A row's bucket; empty where it has none.
fn bucket(cells: &[Cell]) -> &str {
    if let Some(Cell::Instant(start)) = cells.first() {
        return start;
    }
    ""
}

/// The buckets of a period, each in the place of its partner in the other.
struct Places<'a> {
    names: &'a [String],
    by_name: HashMap<&'a str, usize>,
    first_month: Option<i64>,
}

impl<'a> Places<'a> {
    fn of(context: Option<&'a ReportContext>) -> Self {
        let names = context.map_or(&[][..], |context| &context.buckets);
        let there = names
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty());
        Self {
            names,
            by_name: there.map(|(place, name)| (name.as_str(), place)).collect(),
            first_month: context.and_then(|context| month(&context.start_local)),
        }
    }

    fn key(&self, heads: &[Head], cells: &[Cell]) -> Key {
        let mut names = names(heads, cells);
        // February of the one period goes with January of the other as its first month, not by its name.
        let at = heads.iter().position(|head| head.name == MONTH);
        if let Some(told) = at.and_then(|at| cells.get(at)).and_then(text)
            && let (Some(month), Some(first)) = (month(told), self.first_month)
        {
            names.retain(|name| name != told);
            names.push((month - first).to_string());
        }
        (self.place(cells), names)
    }

    fn place(&self, cells: &[Cell]) -> Option<usize> {
        self.by_name.get(bucket(cells)).copied()
    }

    fn name(&self, place: Option<usize>) -> String {
        let name = place.and_then(|place| self.names.get(place));
        name.cloned().unwrap_or_default()
    }
}

/// A month as a number, of any text that begins with `2026-01`.
fn month(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let month: i64 = rest.get(..2)?.parse().ok()?;
    Some(year.parse::<i64>().ok()? * 12 + month)
}
