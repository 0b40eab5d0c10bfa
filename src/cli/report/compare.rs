//! `--compare`: a period's figures beside those of another, each with its difference, whatever the report.
//!
//! Rows belong together that are of the same queue, agent or line and stand in buckets of the same place: the first day
//! of one period goes with the first day of the other. Shares have Newcombe's 95 % interval of their difference; counts,
//! means and quantiles a plain difference, which says nothing about chance.

use std::collections::HashMap;

use crate::kpi::{Part, newcombe};
use crate::proto::v1::{FigureDifference, ReportContext};

use super::columns::{Cell, Kind};
use super::grid::{Grid, Head, in_words};
use super::lang::Lang;
use super::text::{percent, when};

/// What a person looks at first; the other formats have every figure.
const MAIN: [&str; 28] = [
    "visits_offered",
    "answered",
    "abandoned",
    "asa",
    "wait_answered_p90",
    "sl_strict",
    "abandon_rate",
    "lost_rate",
    "calls_served",
    "transferred_call_rate",
    "transfers_per_call",
    "returns",
    "wrong_door_rate",
    "handled",
    "handle_time",
    "answer_rate",
    "occupancy",
    "got_through",
    "blocked",
    "count",
    "calls",
    "calls_anonymous",
    "people",
    "people_spoken_since",
    "callbacks_promised",
    "callbacks_tried",
    "callbacks_reached",
    "callbacks_kept",
];
/// Lines of a table of differences; more is for a file.
const LINES_MAX: usize = 200;

/// Two periods of one report.
pub(super) struct Periods<'a> {
    /// What the report of the period asked for says of itself.
    pub(super) context: Option<&'a ReportContext>,
    /// What that of the other says.
    pub(super) before: Option<&'a ReportContext>,
}

/// A row with its partner: either may be missing.
struct Pair<'a> {
    row: Option<&'a [Cell]>,
    before: Option<&'a [Cell]>,
}

/// What a row is known by: the place of its bucket, and its names.
type Key = (Option<usize>, Vec<String>);

impl Periods<'_> {
    /// The rows of one part with further columns for each figure: before, difference, and of shares its interval.
    pub(super) fn beside(&self, now: &Grid, before: &Grid) -> Grid {
        let figures: Vec<_> = figures(&now.heads).collect();
        let mut heads = now.heads.clone();
        for (index, is_share) in &figures {
            let Head { name, unit, .. } = &now.heads[*index];
            let endings = ["before", "difference", "difference_low", "difference_high"];
            let endings = &endings[..if *is_share { 4 } else { 2 }];
            heads.extend(endings.iter().map(|ending| Head {
                name: format!("{name}_{ending}"),
                unit,
                kind: Kind::Beside,
            }));
        }
        let rows = self.pairs(now, before).into_iter().map(|pair| {
            let mut cells = match (pair.row, pair.before) {
                (Some(row), _) => row.to_vec(),
                (None, Some(before)) => names_of(before),
                (None, None) => Vec::new(),
            };
            for (index, is_share) in &figures {
                let figure = Figure::of(&pair, *index);
                cells.push(figure.before.clone());
                cells.extend(figure.difference(*is_share));
            }
            cells
        });
        Grid {
            title: now.title,
            rows: rows.collect(),
            heads,
        }
    }

    /// Every figure of every row with its difference, for JSON.
    pub(super) fn differences(&self, now: &Grid, before: &Grid) -> Vec<FigureDifference> {
        let figures: Vec<_> = figures(&now.heads).collect();
        let mut all = Vec::new();
        for pair in self.pairs(now, before) {
            let start = |cells: Option<&[Cell]>| cells.and_then(instant).unwrap_or_default();
            let names = pair.row.or(pair.before).map(names).unwrap_or_default();
            for (index, _) in &figures {
                let figure = Figure::of(&pair, *index);
                let interval = figure.interval();
                all.push(FigureDifference {
                    bucket_start: start(pair.row),
                    bucket_start_before: start(pair.before),
                    row: names.clone(),
                    figure: now.heads[*index].name.clone(),
                    value: number(&figure.now),
                    before: number(&figure.before),
                    difference: figure.plain(),
                    low: interval.map(|(low, _)| low),
                    high: interval.map(|(_, high)| high),
                });
            }
        }
        all
    }

    /// The main figures, a line each, with what they were before.
    pub(super) fn table(&self, lang: Lang, now: &Grid, before: &Grid) -> String {
        let of = |context: Option<&ReportContext>| {
            context.map_or_else(String::new, |context| {
                let bounds = [&context.start_local, &context.end_local].map(|at| when(at));
                lang.fill("{} to {}", &[&bounds[0], &bounds[1]])
            })
        };
        let mut text = lang.fill("\nCompared with {}\n", &[&of(self.before)]);
        let main = figures(&now.heads)
            .filter(|(index, _)| MAIN.contains(&now.heads[*index].name.as_str()));
        let main: Vec<_> = main.collect();
        let mut lines = Vec::new();
        for pair in self.pairs(now, before) {
            let cells = pair.row.or(pair.before).unwrap_or_default();
            let bucket = instant(cells).map(|start| when(&start)).unwrap_or_default();
            let of = now.heads.iter().zip(cells);
            let of = of.filter(|(_, cell)| matches!(cell, Cell::Text(_)));
            let of: Vec<_> = of.map(|(head, cell)| in_words(lang, head, cell)).collect();
            for (index, is_share) in &main {
                let figure = Figure::of(&pair, *index);
                if (&figure.now, &figure.before) == (&Cell::Empty, &Cell::Empty) {
                    continue;
                }
                let mut line = vec![bucket.clone(), of.join(" ")];
                let figure_name = now.heads[*index].name.replace('_', " ");
                line.push(lang.say(&figure_name).to_owned());
                line.extend([&figure.now, &figure.before].map(super::grid::shown));
                line.extend(figure.words(lang, *is_share));
                lines.push(line);
            }
        }
        let hidden = lines.len().saturating_sub(LINES_MAX);
        lines.truncate(LINES_MAX);
        let header = [
            "From",
            "Of",
            "Figure",
            "Value",
            "Before",
            "Difference",
            "95 % interval",
        ];
        text += &lang.table(&header, 3, lines);
        if hidden > 0 {
            text += &lang.fill(
                "{} further lines: every figure of every row is in CSV and Excel\n",
                &[&hidden.to_string()],
            );
        }
        text += lang.say("Differences of shares are in points, with Newcombe's 95 % interval; the others are plain differences.\n");
        text
    }

    /// The rows in order, each with its partner; behind them those of the other period that have none.
    fn pairs<'g>(&self, now: &'g Grid, before: &'g Grid) -> Vec<Pair<'g>> {
        let places = |context: Option<&ReportContext>| -> HashMap<String, usize> {
            let buckets = context.map_or(&[][..], |context| &context.buckets);
            buckets.iter().cloned().zip(0..).collect()
        };
        let (places, places_before) = (places(self.context), places(self.before));
        let key = |cells: &[Cell], places: &HashMap<String, usize>| -> Key {
            let place = instant(cells).and_then(|start| places.get(&start).copied());
            (place, names(cells))
        };
        let mut partners: HashMap<Key, &[Cell]> = HashMap::new();
        for row in &before.rows {
            partners.entry(key(row, &places_before)).or_insert(row);
        }
        let mut pairs: Vec<_> = now
            .rows
            .iter()
            .map(|row| Pair {
                row: Some(row),
                before: partners.remove(&key(row, &places)),
            })
            .collect();
        let alone = before.rows.iter();
        let alone = alone.filter(|row| partners.remove(&key(row, &places_before)).is_some());
        pairs.extend(alone.map(|row| Pair {
            row: None,
            before: Some(row),
        }));
        pairs
    }
}

/// What is compared: the numbers of the columns that hold figures, and whether they are shares.
fn figures(heads: &[Head]) -> impl Iterator<Item = (usize, bool)> + '_ {
    let figures = heads.iter().enumerate();
    figures.filter_map(|(index, head)| match head.kind {
        Kind::Share => Some((index, true)),
        Kind::Figure => Some((index, false)),
        Kind::Words | Kind::Beside => None,
    })
}

/// The first instant of a row: its bucket.
fn instant(cells: &[Cell]) -> Option<String> {
    if let Some(Cell::Instant(start)) = cells.first() {
        return Some(start.clone());
    }
    None
}

/// The words of a row.
fn names(cells: &[Cell]) -> Vec<String> {
    let words = cells.iter().filter_map(|cell| {
        if let Cell::Text(text) = cell {
            return Some(text.clone());
        }
        None
    });
    words.collect()
}

/// A row of the other period of which only the names are kept: its figures are those before.
fn names_of(before: &[Cell]) -> Vec<Cell> {
    let is_name = |cell: &Cell| matches!(cell, Cell::Text(_));
    let cells = before.iter();
    let cells = cells.map(|cell| {
        if is_name(cell) {
            cell.clone()
        } else {
            Cell::Empty
        }
    });
    cells.collect()
}

/// One figure in both periods.
struct Figure {
    now: Cell,
    before: Cell,
}

impl Figure {
    fn of(pair: &Pair<'_>, index: usize) -> Self {
        let cell = |cells: Option<&[Cell]>| cells.map_or(Cell::Empty, |cells| cells[index].clone());
        Self {
            now: cell(pair.row),
            before: cell(pair.before),
        }
    }

    /// The one less the other.
    fn plain(&self) -> Option<f64> {
        Some(number(&self.now)? - number(&self.before)?)
    }

    /// What the difference of two shares can well be.
    fn interval(&self) -> Option<(f64, f64)> {
        let difference = newcombe(part(&self.now)?, part(&self.before)?)?;
        Some((difference.low, difference.high))
    }

    /// The difference as cells: two more for a share's interval.
    fn difference(&self, is_share: bool) -> Vec<Cell> {
        let plain = match (&self.now, &self.before) {
            (Cell::Count(now), Cell::Count(before)) => Cell::Count(now - before),
            _ => match (self.plain(), &self.now) {
                (None, _) => Cell::Empty,
                (Some(points), Cell::Share(..)) => Cell::Share(points, None),
                (Some(seconds), Cell::Span(_)) => Cell::Seconds(seconds),
                (Some(number), _) => Cell::Number(number),
            },
        };
        let mut cells = vec![plain];
        if is_share {
            let bound =
                |bound: Option<f64>| bound.map_or(Cell::Empty, |bound| Cell::Share(bound, None));
            let interval = self.interval();
            cells.push(bound(interval.map(|(low, _)| low)));
            cells.push(bound(interval.map(|(_, high)| high)));
        }
        cells
    }

    /// The difference and its interval as people read them.
    fn words(&self, lang: Lang, is_share: bool) -> [String; 2] {
        let points = |share: f64| format!("{:+.1}", share * 100.0);
        let difference = match (&self.now, self.plain()) {
            (_, None) => percent(None),
            (Cell::Count(_), Some(count)) => format!("{count:+.0}"),
            (Cell::Span(_) | Cell::Seconds(_), Some(seconds)) => format!("{seconds:+.1} s"),
            (Cell::Share(..), Some(share)) => points(share),
            (_, Some(number)) => format!("{number:+.2}"),
        };
        let interval = self.interval().filter(|_| is_share);
        let interval =
            interval.map(|(low, high)| lang.fill("{} to {}", &[&points(low), &points(high)]));
        [difference, interval.unwrap_or_default()]
    }
}

fn part(cell: &Cell) -> Option<Part> {
    if let Cell::Share(_, part) = cell {
        return *part;
    }
    None
}

/// The number in a cell; spans in seconds.
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(count) => Some(*count as f64),
        Cell::Share(value, _) | Cell::Number(value) | Cell::Seconds(value) => Some(*value),
        Cell::Span(span) => Some(span.as_secs_f64()),
        Cell::Empty | Cell::Text(_) | Cell::Instant(_) => None,
    }
}

#[cfg(test)]
#[path = "compare_test.rs"]
mod tests;
