//! One figure in two periods, and what its difference is worth.

use crate::kpi::{Part, newcombe};

use super::super::columns::Cell;
use super::super::lang::Lang;
use super::super::text::percent;

/// One figure in both periods.
pub(super) struct Figure {
    pub(super) now: Cell,
    pub(super) before: Cell,
    /// Both are measured alike: otherwise nothing follows from their difference.
    pub(super) is_alike: bool,
}

impl Figure {
    /// The one less the other.
    pub(super) fn plain(&self) -> Option<f64> {
        let difference = number(&self.now)? - number(&self.before)?;
        self.is_alike.then_some(difference)
    }

    /// What the difference of two shares can well be.
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        let difference = newcombe(part(&self.now)?, part(&self.before)?)?;
        self.is_alike.then_some((difference.low, difference.high))
    }

    /// The difference as cells: two more for a share's interval.
    pub(super) fn difference(&self, is_share: bool) -> Vec<Cell> {
        let plain = match (&self.now, &self.before, self.plain()) {
            (_, _, None) => Cell::Empty,
            (Cell::Count(now), Cell::Count(before), Some(_)) => Cell::Count(now - before),
            (Cell::Share(..), _, Some(points)) => Cell::Share(points, None),
            (Cell::Span(_), _, Some(seconds)) => Cell::Seconds(seconds),
            (_, _, Some(number)) => Cell::Number(number),
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
    pub(super) fn words(&self, lang: Lang, is_share: bool) -> [String; 2] {
        let points = |share: f64| format!("{:+.1}", share * 100.0);
        let difference = match (&self.now, self.plain()) {
            (_, None) => percent(None),
            (Cell::Count(_), Some(count)) => format!("{count:+.0}"),
            (Cell::Span(_) | Cell::Seconds(_), Some(seconds)) => format!("{seconds:+.1} s"),
            (Cell::Share(..), Some(share)) => points(share),
            (_, Some(number)) => format!("{number:+.2}"),
        };
        if !self.is_alike {
            return [difference, lang.say("measured otherwise").to_owned()];
        }
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
pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(count) => Some(*count as f64),
        Cell::Share(value, _) | Cell::Number(value) | Cell::Seconds(value) => Some(*value),
        Cell::Span(span) => Some(span.as_secs_f64()),
        Cell::Empty | Cell::Text(_) | Cell::Instant(_) => None,
    }
}
