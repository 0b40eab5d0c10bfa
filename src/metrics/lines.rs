//! Channels in use by line, as the switch told last, and for how long no further call could reach us.
//!
//! Both are kept like counters are, so that a restart changes neither: a switch may not tell again for a long time. As in
//! the line report a value holds until the next is told, whichever switch tells it; one that comes late changes nothing.

use std::collections::HashMap;

use super::label::{LINES_MAX, Names};
use super::name::Metric;
use super::series::{Counter, CounterId, Series};
use super::text::labels;
use crate::model::{LineEvent, LineId, Timestamp};

/// Every line that was told of.
#[derive(Debug)]
pub(crate) struct Lines {
    names: Names,
    lines: HashMap<LineId, LineSeries>,
}

#[derive(Clone, Copy, Debug)]
struct LineSeries {
    /// Its level is the time of the last telling, in microseconds.
    busy: CounterId,
    total: CounterId,
    /// In microseconds; its level is since when all channels are busy and not counted yet, 0 when they are not.
    all_busy: CounterId,
}

impl LineSeries {
    /// Makes them exist.
    fn new(series: &mut Series, line: &str) -> Self {
        let labels = labels(&[("line", line)]);
        Self {
            busy: series.counter(Metric::LinesBusy, &labels),
            total: series.counter(Metric::Lines, &labels),
            all_busy: series.counter(Metric::LinesAllBusy, &labels),
        }
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            names: Names::new("line", LINES_MAX),
            lines: HashMap::new(),
        }
    }
}

impl Lines {
    /// Makes every series of a line exist, whatever the cap.
    pub(crate) fn know(&mut self, series: &mut Series, line: &LineId) {
        self.names.know(line.as_str());
        self.of(series, line);
    }

    fn of(&mut self, series: &mut Series, line: &LineId) -> Option<LineSeries> {
        if let Some(known) = self.lines.get(line) {
            return Some(*known);
        }
        // Levels of several lines are no level of one: those beyond the cap are not shown.
        if !self.names.admit(line.as_str()) {
            return None;
        }
        let new = LineSeries::new(series, line.as_str());
        self.lines.insert(line.clone(), new);
        Some(new)
    }

    /// A switch told how many channels of a line are in use.
    pub(crate) fn tell(&mut self, series: &mut Series, at: Timestamp, told: &LineEvent) {
        let (Some(line), Ok(at)) = (self.of(series, &told.line), u64::try_from(at.as_micros()))
        else {
            return;
        };
        if series.counter_of(line.busy).level > at {
            return;
        }
        series.change_counter(line.all_busy, |counter| {
            let since = counter.level;
            if since > 0 {
                counter.value += at - since;
            }
            let none_free = told.total > 0 && told.busy >= told.total;
            counter.level = if none_free { at } else { 0 };
        });
        let busy = Counter {
            value: told.busy.into(),
            level: at,
        };
        series.change_counter(line.busy, |counter| *counter = busy);
        if told.total > 0 {
            series.change_counter(line.total, |counter| counter.value = told.total.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Edges;
    use super::*;

    fn told(busy: u32, total: u32) -> LineEvent {
        LineEvent {
            line: LineId::new("e1"),
            busy,
            total,
        }
    }

    #[test]
    fn no_channel_free_is_counted_from_one_telling_to_the_next() {
        let mut series = Series::new(Edges::new([]));
        let mut lines = Lines::default();
        let mut shown = Vec::new();
        // Full from 20 to 50 and from 60 on; what was true at 40 comes too late; at 55 nobody says how many there are.
        for (at, busy, total) in [
            (10, 29, 30),
            (20, 30, 30),
            (50, 28, 30),
            (40, 30, 30),
            (55, 30, 0),
            (60, 31, 30),
            (61, 30, 30),
        ] {
            let at = Timestamp::from_micros(at * 1_000_000);
            lines.tell(&mut series, at, &told(busy, total));
            series.renew(series.stale());
            let metrics = [Metric::LinesBusy, Metric::Lines, Metric::LinesAllBusy];
            let lines = metrics.iter().flat_map(|metric| series.lines(*metric));
            let values = lines.filter_map(|line| line.trim_end().split(' ').next_back());
            shown.push(values.collect::<Vec<_>>().join(" "));
        }
        let expected = [
            "29 30 0", "30 30 0", "28 30 30", "28 30 30", "30 30 30", "31 30 30", "30 30 31",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn lines_beyond_the_cap_are_not_shown() {
        let mut series = Series::new(Edges::new([]));
        let mut lines = Lines::default();
        for line in 0..=LINES_MAX {
            let line = LineId::new(format!("{line}"));
            let told = LineEvent { line, ..told(1, 2) };
            lines.tell(&mut series, Timestamp::from_micros(1), &told);
        }
        series.renew(series.stale());
        assert_eq!(series.lines(Metric::LinesBusy).count(), LINES_MAX);
    }
}
