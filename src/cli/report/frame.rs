//! What stands around a report's figures: heading, table, notes and definitions.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::proto::v1;

use super::behind::behind;
use super::lang::Lang;
use super::text::{local, span, when};

/// The report's title, period and zone.
pub(super) fn heading(lang: Lang, title: &str, context: Option<&v1::ReportContext>) -> String {
    let title = lang.say(title);
    let Some(context) = context else {
        return format!("{title}\n");
    };
    let (start, end) = (when(&context.start_local), when(&context.end_local));
    let mut text = lang.fill("{}: {} to {}, {}\n", &[title, &start, &end, &context.zone]);
    if context.lens() == v1::Lens::Journey {
        text += lang.say(
            "Each call once, under the first queue it entered, until its first human or its end\n",
        );
    }
    if context.basis() == v1::Basis::Event {
        text += lang.say("Each arrival, answer and exit in the interval in which it happened\n");
    }
    if let Some(hours) = &context.hours {
        let open = hours.open.as_ref().map(span).unwrap_or_default();
        let open = ((open.as_secs_f64() / 36.0).round() / 100.0).to_string();
        text += &lang.fill(
            "Only while the calendar {} is open: {} h of the period\n",
            &[&hours.name, &lang.figure(&open)],
        );
    }
    for (words, names) in [
        ("Only calls of the lines {}\n", &context.lines),
        ("Only calls of the teams {}\n", &context.teams),
    ] {
        if !names.is_empty() {
            text += &lang.fill(words, &[&names.join(", ")]);
        }
    }
    text
}

/// The column that says what rows are of: queues, lines, teams or calendars.
pub(super) fn row_of(context: Option<&v1::ReportContext>) -> &'static str {
    let by = context.map(v1::ReportContext::by).unwrap_or_default();
    match by {
        v1::Grouping::Unspecified | v1::Grouping::Queue => "queue",
        v1::Grouping::Line => "line",
        v1::Grouping::Team => "team",
        v1::Grouping::Calendar => "calendar",
    }
}

/// The same as a heading.
pub(super) fn head_of(context: Option<&v1::ReportContext>) -> &'static str {
    match row_of(context) {
        "line" => "Line",
        "team" => "Team",
        "calendar" => "Calendar",
        _ => "Queue",
    }
}

/// A table whose columns but the first `words` hold figures and are set to the right.
pub(in crate::cli) fn table(header: &[&str], words: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_header(header.iter().copied());
    // On a terminal that is too narrow, words are broken within their cells.
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if cfg!(test) {
        // Wide enough, so that a test does not depend on the terminal it runs in.
        table.set_width(200);
    }
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}

/// That there is nothing to show, in words.
pub(super) fn no_data(lang: Lang, context: Option<&v1::ReportContext>) -> String {
    let Some(context) = context else {
        return lang.say("no data").to_owned();
    };
    let (start, end) = (when(&context.start_local), when(&context.end_local));
    lang.fill("no data from {} to {}, {}", &[&start, &end, &context.zone])
}

/// What a table says when it has no rows.
pub(super) fn nothing(lang: Lang, context: Option<&v1::ReportContext>) -> String {
    let mut text = lang.say("No data in this period.\n").to_owned();
    for line in cautions(lang, context) {
        let _ = writeln!(text, "! {line}");
    }
    text
}

/// What a reader must know before trusting the figures, a line each.
pub(super) fn cautions(lang: Lang, context: Option<&v1::ReportContext>) -> Vec<String> {
    let Some(context) = context else {
        return Vec::new();
    };
    let told = context.cautions.iter();
    let mut lines: Vec<_> = told.map(|words| lang.told(words)).collect();
    if let Some(error) = context.quantile_error {
        lines.push(lang.fill(
            "quantiles are within {} % of the exact ones; --exact reads every call",
            &[&lang.figure(&(error * 100.0).to_string())],
        ));
    }
    for (from, gone, lacking) in [
        (
            &context.calls_kept_from,
            "calls that arrived before {} are kept no more: {}",
            // What roll-ups answer still has the sums of calls that are gone.
            if context.from_rollups {
                "the figures have their sums, but of history that came in too late to be kept; they themselves are in no list and no way"
            } else {
                "all figures of that time lack them"
            },
        ),
        (
            &context.rollups_kept_from,
            "sums of calls that arrived before {} are kept no more either: {}",
            "all figures of that time lack them",
        ),
        (
            &context.pseudonyms_kept_from,
            "who made calls that arrived before {} is kept no more: {}",
            "figures of callers lack them",
        ),
    ] {
        let begins = context.start.as_ref();
        let reaches = |from: &&pbjson_types::Timestamp| {
            begins.is_none_or(|at| (at.seconds, at.nanos) < (from.seconds, from.nanos))
        };
        if let Some(from) = from.as_ref().filter(reaches) {
            let from = when(&local(from, &context.zone));
            lines.push(lang.fill(gone, &[&from, lang.say(lacking)]));
        }
    }
    if context.calls_provisional > 0 {
        lines.push(lang.fill(
            "calls open or not settled yet, counted, and may change: {}",
            &[&context.calls_provisional.to_string()],
        ));
    }
    if context.calls_uncertain > 0 {
        lines.push(lang.fill(
            "of them of a source that is silent, so that nobody knows what became of them: {}",
            &[&context.calls_uncertain.to_string()],
        ));
    }
    if context.calls_test > 0 {
        lines.push(lang.fill(
            "test calls, left out: {}",
            &[&context.calls_test.to_string()],
        ));
    }
    for source in &context.sources {
        if let Some(since) = silence(source, context) {
            lines.push(lang.fill(
                "source {} is silent since {}: what happened since then is not in the figures",
                &[&source.source, &since],
            ));
        }
        let counts = [
            (source.gap_events, "{} never came"),
            (
                source.late_events,
                "{} came late and are not in the figures",
            ),
            (
                source.recomputed_events,
                "{} came late and are in the figures since a recompute",
            ),
            (source.rejected_events, "{} were rejected"),
        ];
        let odd = counts.iter().filter(|(count, _)| *count > 0);
        let odd: Vec<_> = odd
            .map(|(count, what)| lang.fill(what, &[&count.to_string()]))
            .collect();
        if !odd.is_empty() {
            lines.push(lang.fill(
                "events of source {}, of whatever time: {}",
                &[&source.source, &odd.join(", ")],
            ));
        }
    }
    lines
}

/// Since when a source is silent, in the report's zone; `None` when that is no matter: the whole period was told before.
fn silence(source: &v1::SourceCompleteness, context: &v1::ReportContext) -> Option<String> {
    let since = source.silent_since?;
    let before_end = context
        .end
        .is_none_or(|end| (since.seconds, since.nanos) < (end.seconds, end.nanos));
    (before_end || context.calls_uncertain > 0).then(|| when(&local(&since, &context.zone)))
}

/// Cautions, what the figures rest on, and definitions below a table.
pub(super) fn footnotes(lang: Lang, context: Option<&v1::ReportContext>) -> String {
    let mut notes = String::new();
    for line in cautions(lang, context) {
        let _ = writeln!(notes, "! {line}");
    }
    for line in behind(lang, context) {
        let _ = writeln!(notes, "  {line}");
    }
    let definitions = context.map_or(&[][..], |context| &context.definitions);
    let widest = definitions
        .iter()
        .map(|definition| definition.id.len())
        .max()
        .unwrap_or(0);
    for definition in definitions {
        let (id, version) = (&definition.id, definition.version);
        let sentence = lang.definition(id, &definition.sentence);
        let _ = writeln!(notes, "  {id:widest$} v{version}  {sentence}");
    }
    notes
}

/// How the first instants of intervals are shown.
pub(super) enum Starts {
    /// One interval that begins with the period: the heading says when.
    Hidden,
    /// Whole days.
    Dates,
    /// Other instants.
    Times,
    /// Weekdays or hours of the day.
    Names,
}

impl Starts {
    /// Looks at the intervals of a report.
    pub(super) fn of<'a>(
        context: Option<&v1::ReportContext>,
        starts: impl Iterator<Item = &'a str>,
    ) -> Self {
        let starts: Vec<_> = starts.collect();
        let period = context.map_or("", |context| context.start_local.as_str());
        if starts.iter().all(|start| *start == period) {
            Self::Hidden
        } else if !starts.iter().any(|start| start.contains('T')) {
            Self::Names
        } else if starts.iter().all(|start| start.contains("T00:00:00")) {
            Self::Dates
        } else {
            Self::Times
        }
    }

    /// The cell for an interval, where there is one.
    pub(super) fn cell(&self, lang: Lang, start: &str) -> Option<String> {
        match self {
            Self::Hidden => None,
            Self::Dates => Some(start.split('T').next().unwrap_or(start).to_owned()),
            Self::Times => Some(when(start)),
            Self::Names => Some(lang.say(start).to_owned()),
        }
    }

    /// The header above it.
    pub(super) fn header(&self) -> Option<&'static str> {
        match self {
            Self::Hidden => None,
            Self::Dates | Self::Times => Some("From"),
            Self::Names => Some("When"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::timestamp;
    use super::*;

    #[test]
    fn starts_are_as_short_as_they_may_be() {
        let (first, second) = ("2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00");
        let later = "2026-03-29T03:00:00+02:00";
        let context = v1::ReportContext {
            start_local: first.into(),
            ..v1::ReportContext::default()
        };
        for (starts, cell) in [
            (vec![first, first], None),
            (vec![first, second], Some("2026-03-29")),
            (vec![second, second], Some("2026-03-29")),
            (vec![first, second, later], Some("2026-03-29 00:00 +01:00")),
        ] {
            let starts = Starts::of(Some(&context), starts.into_iter());
            assert_eq!(starts.cell(Lang::En, second).as_deref(), cell);
        }
    }

    #[test]
    fn a_weekday_or_an_hour_is_its_name() {
        for name in ["monday", "00"] {
            let starts = Starts::of(Some(&v1::ReportContext::default()), [name].into_iter());
            assert_eq!(starts.cell(Lang::En, name).as_deref(), Some(name));
            assert_eq!(starts.header(), Some("When"));
        }
    }

    #[test]
    fn cautions_name_what_may_be_wrong_and_nothing_else() {
        let source = v1::SourceCompleteness {
            source: "pbx".into(),
            gap_events: 3,
            rejected_events: 1,
            ..v1::SourceCompleteness::default()
        };
        let context = v1::ReportContext {
            cautions: vec!["this report has no lens: journey has no effect".into()],
            calls_test: 2,
            sources: vec![v1::SourceCompleteness::default(), source],
            ..v1::ReportContext::default()
        };
        assert_eq!(
            cautions(Lang::En, Some(&context)),
            [
                "this report has no lens: journey has no effect",
                "test calls, left out: 2",
                "events of source pbx, of whatever time: 3 never came, 1 were rejected"
            ]
        );
        assert_eq!(
            cautions(Lang::En, Some(&v1::ReportContext::default())),
            [""; 0]
        );
    }

    #[test]
    fn calls_that_are_gone_are_lacking_but_in_sums_of_roll_ups() {
        let at = |text: &str| timestamp(text.parse().unwrap());
        let mut context = v1::ReportContext {
            start: Some(at("2026-01-01T00:00:00Z")),
            calls_kept_from: Some(at("2026-02-01T00:00:00Z")),
            zone: "UTC".into(),
            ..v1::ReportContext::default()
        };
        let gone = "calls that arrived before 2026-02-01 00:00 +00:00 are kept no more: ";
        let said = |context: &v1::ReportContext| cautions(Lang::En, Some(context)).concat();
        let lacking = format!("{gone}all figures of that time lack them");
        assert_eq!(said(&context), lacking);
        context.from_rollups = true;
        let summed = format!(
            "{gone}the figures have their sums, but of history that came in too late to be kept; they themselves are in no list and no way"
        );
        assert_eq!(said(&context), summed);
        context.start = context.calls_kept_from;
        assert_eq!(said(&context), "");
    }

    #[test]
    fn silence_is_a_caution_where_it_matters() {
        let at = |text: &str| timestamp(text.parse().unwrap());
        let mut context = v1::ReportContext {
            end: Some(at("2026-03-03T00:00:00+04:00")),
            zone: "Europe/Samara".into(),
            calls_provisional: 3,
            calls_uncertain: 2,
            sources: vec![v1::SourceCompleteness {
                source: "pbx".into(),
                silent_since: Some(at("2026-03-02T11:30:00.5+04:00")),
                ..v1::SourceCompleteness::default()
            }],
            ..v1::ReportContext::default()
        };
        let silent = "source pbx is silent since 2026-03-02 11:30 +04:00: what happened since then is not in the figures";
        assert_eq!(
            cautions(Lang::En, Some(&context)),
            [
                "calls open or not settled yet, counted, and may change: 3",
                "of them of a source that is silent, so that nobody knows what became of them: 2",
                silent,
            ]
        );
        (context.calls_provisional, context.calls_uncertain) = (0, 0);
        assert_eq!(cautions(Lang::En, Some(&context)), [silent]);
        // The period was over when it fell silent.
        context.end = Some(at("2026-03-02T11:30:00+04:00"));
        assert_eq!(cautions(Lang::En, Some(&context)), [""; 0]);
    }
}
