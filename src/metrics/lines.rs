//! Channels in use by line, as the switch told last, and for how long no further call could reach us.
//!
//! All of it is kept like counters are, so that a restart changes nothing: a switch may not tell again for a long time. As in
//! the line report a value holds until the next is told, whichever switch tells it, and the last one as far as the watermark of
//! who told it; one that comes late changes nothing. So the time with all channels busy rises while it lasts, is the
//! report's, and stands still with a switch that fell silent. An end that is told later than the watermark passed it takes
//! nothing back: a counter that falls would be counted whole once more by whoever scrapes it.

use std::collections::HashMap;

use super::label::{LINES_MAX, Names};
use super::name::Metric;
use super::series::{Counter, CounterId, Series};
use super::text::{first_label, labels};
use crate::model::{LineEvent, LineId, SourceId, Timestamp};

/// Every line that was told of.
#[derive(Debug)]
pub(crate) struct Lines {
    names: Names,
    lines: HashMap<LineId, LineSeries>,
    /// Who told last of each, and the series that says so.
    tellers: HashMap<LineId, (SourceId, CounterId)>,
}

#[derive(Clone, Copy, Debug)]
struct LineSeries {
    /// Its level is the time of the last telling, in microseconds.
    busy: CounterId,
    total: CounterId,
    /// In microseconds; its level is up to when it is counted while all channels are busy, 0 when they are not.
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
            tellers: HashMap::new(),
        }
    }
}

impl Lines {
    /// Makes every series of a line exist, whatever the cap.
    pub(crate) fn know(&mut self, series: &mut Series, line: &LineId) {
        self.names.know(line.as_str());
        self.of(series, line);
    }

    /// Finds who told last of each line in the series that were kept.
    pub(crate) fn know_tellers(&mut self, series: &Series) {
        for (text, id) in series.counters(Metric::LineInfo) {
            let Some(line) = first_label(text, "line") else {
                continue;
            };
            let rest = text.get(labels(&[("line", &line)]).len() + 1..);
            let source = rest.and_then(|rest| first_label(rest, "source"));
            if let Some(source) = source.filter(|_| series.count(id) > 0) {
                let teller = (SourceId::new(source), id);
                self.tellers.insert(LineId::new(line), teller);
            }
        }
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

    /// A switch told how many channels of a line are in use; `label` is that of its source.
    pub(crate) fn tell(
        &mut self,
        series: &mut Series,
        (source, label): (&SourceId, &str),
        at: Timestamp,
        told: &LineEvent,
    ) {
        let (Some(line), Ok(at)) = (self.of(series, &told.line), u64::try_from(at.as_micros()))
        else {
            return;
        };
        if series.counter_of(line.busy).level > at {
            return;
        }
        series.change_counter(line.all_busy, |counter| {
            count_until(counter, at);
            let none_free = told.total > 0 && told.busy >= told.total;
            counter.level = if none_free { at.max(counter.level) } else { 0 };
        });
        let busy = Counter {
            value: told.busy.into(),
            level: at,
        };
        series.change_counter(line.busy, |counter| *counter = busy);
        if told.total > 0 {
            series.change_counter(line.total, |counter| counter.value = told.total.into());
        }
        self.set_teller(series, &told.line, (source, label));
    }

    fn set_teller(
        &mut self,
        series: &mut Series,
        line: &LineId,
        (source, label): (&SourceId, &str),
    ) {
        let before = self.tellers.get(line);
        if before.is_some_and(|(before, _)| before == source) {
            return;
        }
        if let Some((_, id)) = before {
            series.change_counter(*id, |counter| counter.value = 0);
        }
        let labels = labels(&[("line", line.as_str()), ("source", label)]);
        let id = series.counter(Metric::LineInfo, &labels);
        series.change_counter(id, |counter| counter.value = 1);
        self.tellers.insert(line.clone(), (source.clone(), id));
    }

    /// A source's time is known up to here: so long what it told last holds.
    pub(crate) fn pass(&mut self, series: &mut Series, source: &SourceId, watermark: Timestamp) {
        let Ok(watermark) = u64::try_from(watermark.as_micros()) else {
            return;
        };
        let told = self.tellers.iter();
        let theirs = told.filter(|(_, (teller, _))| teller == source);
        for line in theirs.filter_map(|(line, _)| self.lines.get(line)) {
            series.change_counter(line.all_busy, |counter| count_until(counter, watermark));
        }
    }
}

/// Counts the time up to an instant, if it is one with all channels busy.
fn count_until(counter: &mut Counter, at: u64) {
    let since = counter.level;
    if since > 0 && at > since {
        counter.value += at - since;
        counter.level = at;
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::{restore, row};
    use super::super::histogram::Edges;
    use super::*;

    fn told(busy: u32, total: u32) -> LineEvent {
        LineEvent {
            line: LineId::new("e1"),
            busy,
            total,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn shown(series: &mut Series) -> String {
        series.renew(series.stale());
        let metrics = [Metric::LinesBusy, Metric::Lines, Metric::LinesAllBusy];
        let lines = metrics.iter().flat_map(|metric| series.lines(*metric));
        let values = lines.filter_map(|line| line.trim_end().split(' ').next_back());
        values.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn no_channel_free_is_counted_from_one_telling_to_the_next() {
        let mut series = Series::new(Edges::new([]));
        let mut lines = Lines::default();
        let pbx = SourceId::new("pbx");
        // Full from 20 to 50 and from 60 on; what was true at 40 comes too late; at 55 nobody says how many there are.
        for (second, busy, total, expected) in [
            (10, 29, 30, "29 30 0"),
            (20, 30, 30, "30 30 0"),
            (50, 28, 30, "28 30 30"),
            (40, 30, 30, "28 30 30"),
            (55, 30, 0, "30 30 30"),
            (60, 31, 30, "31 30 30"),
            (61, 30, 30, "30 30 31"),
        ] {
            lines.tell(&mut series, (&pbx, "pbx"), at(second), &told(busy, total));
            assert_eq!(shown(&mut series), expected, "at {second}");
        }
    }

    #[test]
    fn time_without_a_free_channel_rises_while_it_lasts_by_the_clock_of_who_told() {
        let mut series = Series::new(Edges::new([]));
        let mut lines = Lines::default();
        let [pbx, other] = ["pbx", "other"].map(SourceId::new);
        let mut rows = Vec::new();
        lines.tell(&mut series, (&pbx, "pbx"), at(100), &told(30, 30));
        lines.pass(&mut series, &other, at(500));
        assert_eq!(shown(&mut series), "30 30 0", "another's clock");
        for (watermark, expected) in [(105, "30 30 5"), (110, "30 30 10"), (108, "30 30 10")] {
            lines.pass(&mut series, &pbx, at(watermark));
            assert_eq!(shown(&mut series), expected, "at {watermark}");
        }
        series.take_changed(|metric, labels, value| rows.push(row(metric, labels, value)));

        // A restart knows whose clock it is, and counts nothing twice.
        let mut series = Series::new(Edges::new([]));
        rows.iter()
            .for_each(|row| restore(&mut series, row).unwrap());
        let mut lines = Lines::default();
        lines.know(&mut series, &LineId::new("e1"));
        lines.know_tellers(&series);
        lines.pass(&mut series, &pbx, at(112));
        assert_eq!(shown(&mut series), "30 30 12");
        // Told a little later than it was: nothing is taken back.
        lines.tell(&mut series, (&pbx, "pbx"), at(111), &told(29, 30));
        lines.pass(&mut series, &pbx, at(200));
        assert_eq!(shown(&mut series), "29 30 12");
        // Whoever tells next has the line.
        lines.tell(&mut series, (&other, "other"), at(210), &told(30, 30));
        lines.pass(&mut series, &pbx, at(300));
        lines.pass(&mut series, &other, at(213));
        assert_eq!(shown(&mut series), "30 30 15");
        let tellers: String = series.lines(Metric::LineInfo).map(|line| &**line).collect();
        let expected = "dozvon_line_info{line=\"e1\",source=\"other\"} 1\n\
                        dozvon_line_info{line=\"e1\",source=\"pbx\"} 0\n";
        assert_eq!(tellers, expected);
    }

    #[test]
    fn lines_beyond_the_cap_are_not_shown() {
        let mut series = Series::new(Edges::new([]));
        let mut lines = Lines::default();
        for line in 0..=LINES_MAX {
            let line = LineId::new(format!("{line}"));
            let told = LineEvent { line, ..told(1, 2) };
            let pbx = SourceId::new("pbx");
            lines.tell(&mut series, (&pbx, "pbx"), at(1), &told);
        }
        series.renew(series.stale());
        assert_eq!(series.lines(Metric::LinesBusy).count(), LINES_MAX);
    }
}
