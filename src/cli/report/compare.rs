//! `--compare`: a period's figures beside those of another, each with its difference, whatever the report.
//!
//! Shares have Newcombe's 95 % interval of their difference; counts, means and quantiles a plain difference, which says
//! nothing about chance. What a row is compared with is told beside it: the bucket, and the rules that it is measured by.

mod figure;
mod pairs;
mod rules;

use crate::proto::v1::{FigureDifference, ReportContext};

use super::columns::{Cell, Kind, Rule};
use super::grid::{Grid, Head, in_words};
use super::lang::Lang;
use super::text::when;

use figure::{Figure, number};
use pairs::{BUCKET, Pair, names, pairs, text};
use rules::Unlike;

/// What a person looks at first; the other formats have every figure.
const MAIN: [&str; 29] = [
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
    "paused",
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

/// One column that is compared.
struct Compared<'a> {
    name: &'a str,
    unit: &'static str,
    rests_on: &'static [Rule],
    is_share: bool,
    /// Its number, and that of the same column before.
    index: usize,
    before: Option<usize>,
}

impl Compared<'_> {
    fn figure(&self, pair: &Pair<'_>, unlike: &[Rule]) -> Figure {
        let cell = |cells: Option<&[Cell]>, index: Option<usize>| {
            let cell = cells.and_then(|cells| cells.get(index?));
            cell.cloned().unwrap_or(Cell::Empty)
        };
        Figure {
            now: cell(pair.row, Some(self.index)),
            before: cell(pair.before, self.before),
            is_alike: !self.rests_on.iter().any(|rule| unlike.contains(rule)),
        }
    }
}

impl Periods<'_> {
    /// The rows of one part with further columns: the bucket and the rules before, and for each figure what it was, the
    /// difference, and of shares its interval.
    pub(super) fn beside(&self, now: &Grid, before: &Grid) -> Grid {
        let figures = figures(now, before);
        if figures.is_empty() {
            return now.clone();
        }
        let has_buckets = has_buckets(now);
        let told: Vec<_> = (0..now.heads.len())
            .filter(|index| now.heads[*index].says.is_some())
            .collect();
        let mut heads = now.heads.clone();
        let mut add = |name: String, unit| {
            heads.push(Head {
                name,
                unit,
                kind: Kind::Beside,
                rests_on: &[],
                says: None,
            });
        };
        if has_buckets {
            add(format!("{BUCKET}_before"), "");
        }
        for index in &told {
            let Head { name, unit, .. } = &now.heads[*index];
            add(format!("{name}_before"), unit);
        }
        for figure in &figures {
            let endings = ["before", "difference", "difference_low", "difference_high"];
            let endings = &endings[..if figure.is_share { 4 } else { 2 }];
            for ending in endings {
                // Only what was is a span, which a workbook shows as one; a difference is a number, and names its unit.
                match *ending {
                    "before" => add(format!("{}_before", figure.name), figure.unit),
                    _ => add(format!("{}_{ending}{}", figure.name, figure.unit), ""),
                }
            }
        }
        let rules = self.unlike();
        let rows = self.pairs(now, before).into_iter().map(|pair| {
            let mut cells = match (pair.row, pair.before) {
                (Some(row), _) => row.to_vec(),
                (None, Some(before)) => names_of(&now.heads, before),
                (None, None) => Vec::new(),
            };
            if has_buckets {
                cells[0] = start(&pair.bucket);
                cells.push(start(&pair.bucket_before));
            }
            cells.extend(told.iter().map(|index| {
                let cell = pair.before.and_then(|before| before.get(*index));
                cell.cloned().unwrap_or(Cell::Empty)
            }));
            let unlike = rules.rules(&now.heads, &pair);
            for compared in &figures {
                let figure = compared.figure(&pair, &unlike);
                cells.push(figure.before.clone());
                cells.extend(figure.difference(compared.is_share));
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
        let figures = figures(now, before);
        let rules = self.unlike();
        let mut all = Vec::new();
        for pair in self.pairs(now, before) {
            let cells = pair.row.or(pair.before).unwrap_or_default();
            let names = names(&now.heads, cells);
            let unlike = rules.rules(&now.heads, &pair);
            for compared in &figures {
                let figure = compared.figure(&pair, &unlike);
                let interval = figure.interval();
                all.push(FigureDifference {
                    bucket_start: pair.bucket.clone(),
                    bucket_start_before: pair.bucket_before.clone(),
                    row: names.clone(),
                    figure: compared.name.to_owned(),
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
        let mut main = figures(now, before);
        main.retain(|figure| MAIN.contains(&figure.name));
        if main.is_empty() {
            return String::new();
        }
        let rules = self.unlike();
        let named = |bucket: &str| lang.say(&when(bucket)).to_owned();
        // Of one interval each the headings say from when to when.
        let several = self
            .context
            .is_some_and(|context| context.buckets.len() > 1);
        let mut lines = Vec::new();
        for pair in self.pairs(now, before) {
            let of = row_of(lang, &now.heads, &pair);
            let unlike = rules.rules(&now.heads, &pair);
            for compared in &main {
                let figure = compared.figure(&pair, &unlike);
                if (&figure.now, &figure.before) == (&Cell::Empty, &Cell::Empty) {
                    continue;
                }
                let mut line = vec![named(&pair.bucket)];
                line.extend(several.then(|| named(&pair.bucket_before)));
                line.push(of.clone());
                line.push(lang.say(&compared.name.replace('_', " ")).to_owned());
                line.extend([&figure.now, &figure.before].map(super::grid::shown));
                line.extend(figure.words(lang, compared.is_share));
                lines.push(line);
            }
        }
        let hidden = lines.len().saturating_sub(LINES_MAX);
        lines.truncate(LINES_MAX);
        let mut header = vec!["From"];
        header.extend(several.then_some("Compared\nwith"));
        header.extend([
            "Of",
            "Figure",
            "Value",
            "Before",
            "Difference",
            "95 % interval",
        ]);
        let words = header.len() - 4;
        text += &lang.table(&header, words, lines);
        if hidden > 0 {
            text += &lang.fill(
                "{} further lines: every figure of every row is in CSV and Excel\n",
                &[&hidden.to_string()],
            );
        }
        text += lang.say("Differences of shares are in points, with Newcombe's 95 % interval; the others are plain differences.\n");
        text
    }

    fn pairs<'g>(&self, now: &'g Grid, before: &'g Grid) -> Vec<Pair<'g>> {
        pairs([now, before], [self.context, self.before])
    }

    fn unlike(&self) -> Unlike<'_> {
        Unlike::of([self.context, self.before])
    }
}

/// What is compared: the columns that hold figures.
fn figures<'g>(now: &'g Grid, before: &Grid) -> Vec<Compared<'g>> {
    let figures = now.heads.iter().enumerate().filter_map(|(index, head)| {
        let is_share = match head.kind {
            Kind::Share => true,
            Kind::Figure => false,
            Kind::Words | Kind::Beside => return None,
        };
        Some(Compared {
            name: &head.name,
            unit: head.unit,
            rests_on: head.rests_on,
            is_share,
            index,
            // A period without rows may have fewer columns.
            before: before
                .heads
                .iter()
                .position(|other| other.name == head.name),
        })
    });
    figures.collect()
}

/// Whether rows stand in buckets: otherwise they are of the whole period.
fn has_buckets(grid: &Grid) -> bool {
    grid.heads.first().is_some_and(|head| head.name == BUCKET)
}

fn start(bucket: &str) -> Cell {
    match bucket {
        "" => Cell::Empty,
        bucket => Cell::Instant(bucket.to_owned()),
    }
}

/// A row of the other period of which only the names are kept: its figures are those before.
fn names_of(heads: &[Head], before: &[Cell]) -> Vec<Cell> {
    let cells = heads.iter().zip(before);
    let cells = cells.map(|(head, cell)| match head.kind {
        Kind::Words => cell.clone(),
        Kind::Beside if head.name == NAME => cell.clone(),
        Kind::Figure | Kind::Share | Kind::Beside => Cell::Empty,
    });
    cells.collect()
}

/// The name of an agent or a line, beside the id that it is known by.
const NAME: &str = "name";

/// What a row is of, for people.
fn row_of(lang: Lang, heads: &[Head], pair: &Pair<'_>) -> String {
    let cells = pair.row.or(pair.before).unwrap_or_default();
    let words = heads.iter().zip(cells);
    let words = words.filter(|(head, cell)| head.kind == Kind::Words && text(cell).is_some());
    let words: Vec<_> = words
        .map(|(head, cell)| in_words(lang, head, cell))
        .collect();
    let words = words.join(" ");
    let name = heads.iter().position(|head| head.name == NAME);
    let name = name.and_then(|at| cells.get(at)).and_then(text);
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} ({words})"),
        None => words,
    }
}

#[cfg(test)]
#[path = "compare_test.rs"]
mod tests;
