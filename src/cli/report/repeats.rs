//! The repeat report: its columns and its table.

use std::time::Duration;

use crate::kpi::REPEAT_WINDOWS;
use crate::proto::v1::{
    GetRepeatReportResponse, RepeatReportRow, RepeatWindow, ReportContext, SharedNumber,
};

use super::columns::Columns;
use super::frame::{self, Starts};
use super::grid::Grid;
use super::lang::Lang;
use super::sure::{self, Share, sure};
use super::text::{percent, span};

/// Shared numbers that a table shows.
const SHARED_SHOWN: usize = 10;

/// The row of all calls.
const ALL: &str = "ALL";

/// The report's name.
pub(super) const TITLE: &str = "Repeat calls";

/// The report's rows, and the numbers that were left out.
pub(super) fn parts(answer: &GetRepeatReportResponse, asked: &[Duration]) -> Vec<Grid> {
    let mut shared = Columns::<SharedNumber>::new();
    shared
        .text("caller", |shared| &shared.caller)
        .count("calls", |shared| shared.calls);
    vec![
        Grid::of(TITLE, &columns(answer, asked), &answer.rows),
        Grid::of("Shared numbers", &shared, &answer.shared_numbers),
    ]
}

/// The report's columns; `asked` are the windows of `--windows`, for the names of columns without rows.
fn columns(answer: &GetRepeatReportResponse, asked: &[Duration]) -> Columns<RepeatReportRow> {
    let windows = windows(answer, asked);
    let mut columns = Columns::<RepeatReportRow>::new();
    columns.instant("bucket_start", |row| &row.bucket_start);
    let context = answer.context.as_ref();
    if is_grouped(context) {
        columns.text(frame::row_of(context), |row| &row.queue);
    }
    columns
        .count("calls_with_caller", |row| row.calls_with_caller)
        .count("callers", |row| row.callers);
    for (index, window) in windows.iter().enumerate() {
        columns.count(format!("repeat_{}", name(*window)), move |row| {
            of(row, index).repeats
        });
    }
    for (index, window) in windows.iter().enumerate() {
        columns.count(format!("redial_{}", name(*window)), move |row| {
            of(row, index).redials
        });
    }
    columns.count("callers_got_through", |row| row.callers_got_through);
    for (index, window) in windows.iter().enumerate() {
        columns.part(
            format!("repeat_rate_{}", name(*window)),
            move |row| of(row, index).repeat_rate,
            move |row| (of(row, index).repeats, row.calls_with_caller),
        );
    }
    for (index, window) in windows.iter().enumerate() {
        let name = name(*window);
        columns
            .count(format!("called_again_{name}"), move |row| {
                of(row, index).called_again
            })
            .count(format!("mature_{name}"), move |row| of(row, index).mature);
    }
    columns
        .part(
            "got_through",
            |row| row.got_through,
            |row| (row.callers_got_through, row.callers),
        )
        .interval("got_through", |row| row.got_through_interval);
    for (slot, name) in ["1", "2", "3", "over_3"].into_iter().enumerate() {
        columns.count(format!("attempts_{name}"), move |row| {
            row.attempts.get(slot).copied().unwrap_or_default()
        });
    }
    columns
        .count("lost_people", |row| row.lost_people)
        .count("episodes", |row| row.episodes)
        .count("withheld", |row| row.withheld)
        .share("withheld_share", |row| row.withheld_share)
        .count("unknown", |row| row.unknown)
        .count("shared", |row| row.shared);
    for (index, window) in windows.iter().enumerate() {
        let name = name(*window);
        columns
            .part(
                format!("called_again_rate_{name}"),
                move |row| called_again(&of(row, index)),
                move |row| (of(row, index).called_again, of(row, index).mature),
            )
            .count(format!("immature_{name}"), move |row| immature(row, index));
    }
    columns
}

/// Whether rows are of something besides all calls.
fn is_grouped(context: Option<&ReportContext>) -> bool {
    frame::row_of(context) != "queue"
}

/// R4 of the calls whose window is over.
fn called_again(window: &RepeatWindow) -> Option<f64> {
    (window.mature > 0).then(|| window.called_again as f64 / window.mature as f64)
}

/// Calls of which it is not known yet whether their callers call again.
fn immature(row: &RepeatReportRow, index: usize) -> u64 {
    let mature = of(row, index).mature;
    row.calls_with_caller.saturating_sub(mature)
}

fn of(row: &RepeatReportRow, index: usize) -> RepeatWindow {
    row.windows.get(index).copied().unwrap_or_default()
}

/// The windows, in the order of the columns.
fn windows(answer: &GetRepeatReportResponse, asked: &[Duration]) -> Vec<Duration> {
    if let Some(row) = answer.rows.first() {
        let windows = row.windows.iter();
        return windows
            .map(|window| span(&window.window.unwrap_or_default()))
            .collect();
    }
    let mut windows = if asked.is_empty() {
        REPEAT_WINDOWS.to_vec()
    } else {
        asked.to_vec()
    };
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// A window as names of columns have it: hours up to four days, then days; `24h`, `72h`, `7d`.
fn name(window: Duration) -> String {
    let seconds = window.as_secs();
    match seconds {
        _ if seconds.is_multiple_of(86_400) && seconds > 4 * 86_400 => {
            format!("{}d", seconds / 86_400)
        }
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}min", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// A window's name in a heading: `24h`, `24 ч`.
fn window_name(lang: Lang, name: &str) -> String {
    let unit = name.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = name.split_at(unit.unwrap_or(name.len()));
    lang.fill(&format!("{{}}{unit}"), &[number])
}

/// Sets the report as a table, with its period above and its definitions below.
pub fn repeats_table(answer: &GetRepeatReportResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if answer.rows.is_empty() {
        return text + &frame::nothing(lang, context);
    }
    let starts = answer.rows.iter().map(|row| row.bucket_start.as_str());
    let starts = Starts::of(context, starts);
    let windows = windows(answer, &[]).into_iter().map(name);
    let windows: Vec<_> = windows.map(|name| window_name(lang, &name)).collect();
    let of_windows = windows
        .iter()
        .map(|window| lang.fill("Again ≤ {}", &[window]))
        .chain(
            windows
                .iter()
                .map(|window| lang.fill("Redial ≤ {}", &[window])),
        )
        .chain(
            windows
                .iter()
                .map(|window| lang.fill("Called again\nwithin {}", &[window])),
        );
    let of_windows: Vec<_> = of_windows.collect();
    let mut header: Vec<_> = starts.header().into_iter().collect();
    let of = is_grouped(context).then(|| frame::head_of(context));
    header.extend(of);
    let words = header.len();
    header.extend(["Calls", "People"]);
    header.extend(of_windows.iter().map(String::as_str));
    header.extend([
        "Got through",
        "1st",
        "2nd",
        "3rd",
        "later",
        "Lost",
        "Withheld",
    ]);
    let rows = answer.rows.iter().map(|row| {
        let mut cells: Vec<_> = starts.cell(lang, &row.bucket_start).into_iter().collect();
        cells.extend(of.map(|_| row.queue.clone()));
        cells.extend([row.calls_with_caller.to_string(), row.callers.to_string()]);
        cells.extend(row.windows.iter().map(|window| percent(window.repeat_rate)));
        cells.extend(row.windows.iter().map(|window| window.redials.to_string()));
        cells.extend(row.windows.iter().enumerate().map(|(index, window)| {
            let mark = if immature(row, index) > 0 { " *" } else { "" };
            percent(called_again(window)) + mark
        }));
        cells.push(percent(row.got_through));
        cells.extend((0..4).map(|slot| {
            let people = row.attempts.get(slot).copied().unwrap_or_default();
            people.to_string()
        }));
        cells.extend([row.lost_people.to_string(), percent(row.withheld_share)]);
        cells
    });
    text += &lang.table(&header, words, rows.collect());
    text += &not_over(answer, &windows, lang);
    let rows = answer.rows.iter().map(|row| sure::Row {
        start: &row.bucket_start,
        name: of.map_or_else(String::new, |_| row.queue.clone()),
        shares: [Share {
            share: row.got_through,
            of: row.callers,
            interval: row.got_through_interval,
        }],
    });
    text += &sure(lang, context, of, ["Got through"], rows);
    text += &shared(answer, lang);
    text + &frame::footnotes(lang, context)
}

/// How many calls a share marked with a star leaves out, since their window is not over.
fn not_over(answer: &GetRepeatReportResponse, windows: &[String], lang: Lang) -> String {
    let grouped = is_grouped(answer.context.as_ref());
    let lines = windows.iter().enumerate().filter_map(|(index, window)| {
        let rows = answer
            .rows
            .iter()
            .filter(|row| !grouped || row.queue == ALL);
        let (calls, open) = rows.fold((0, 0), |(calls, open), row| {
            (calls + row.calls_with_caller, open + immature(row, index))
        });
        (open > 0).then(|| {
            lang.fill(
                "* within {}: of {} of {} calls it is not known yet, and they are left out\n",
                &[window, &open.to_string(), &calls.to_string()],
            )
        })
    });
    lines.collect()
}

/// Numbers that were left out, those with most calls, one a line.
fn shared(answer: &GetRepeatReportResponse, lang: Lang) -> String {
    let lines = answer.shared_numbers.iter().take(SHARED_SHOWN);
    let lines = lines.map(|shared| {
        lang.fill(
            "Shared number {}, left out: {} {:call|calls}\n",
            &[&shared.caller, &shared.calls.to_string()],
        )
    });
    let hidden = answer.shared_numbers.len().saturating_sub(SHARED_SHOWN);
    let more = (hidden > 0).then(|| {
        lang.fill(
            "{} further shared numbers are in --part shared\n",
            &[&hidden.to_string()],
        )
    });
    lines.chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::super::columns::Cell;
    use super::*;

    #[test]
    fn what_is_not_over_yet_is_marked_and_shared_numbers_are_few() {
        let window = |days: u64, mature| RepeatWindow {
            window: Some(Duration::from_secs(days * 86_400).into()),
            called_again: 25,
            mature,
            ..RepeatWindow::default()
        };
        let number = |number: u64| SharedNumber {
            caller: format!("{number:032x}"),
            calls: 100 - number,
        };
        let answer = GetRepeatReportResponse {
            rows: vec![RepeatReportRow {
                calls_with_caller: 100,
                windows: vec![window(1, 100), window(7, 50)],
                ..RepeatReportRow::default()
            }],
            shared_numbers: (0..12).map(number).collect(),
            ..GetRepeatReportResponse::default()
        };
        let text = repeats_table(&answer, Lang::En);
        assert!(text.contains("25.0 % ┆     50.0 % * ┆"), "{text}");
        assert!(
            text.contains("* within 7d: of 50 of 100 calls it is not known yet"),
            "{text}"
        );
        assert!(!text.contains("* within 24h"), "{text}");
        assert_eq!(text.matches("left out: ").count(), 10, "{text}");
        assert!(
            text.contains("2 further shared numbers are in --part shared"),
            "{text}"
        );
        let [rows, shared] = &parts(&answer, &[])[..] else {
            panic!("two parts");
        };
        assert_eq!(shared.rows.len(), 12);
        let at = |name: &str| {
            rows.heads
                .iter()
                .position(|head| head.name == name)
                .unwrap()
        };
        assert_eq!(rows.rows[0][at("immature_7d")], Cell::Count(50));
        let half = crate::kpi::Part { count: 25, of: 50 };
        assert_eq!(
            rows.rows[0][at("called_again_rate_7d")],
            Cell::Share(0.5, Some(half))
        );
    }

    #[test]
    fn windows_have_short_names() {
        for (seconds, expected) in [
            (24 * 3_600, "24h"),
            (72 * 3_600, "72h"),
            (7 * 86_400, "7d"),
            (90 * 60, "90min"),
            (45, "45s"),
        ] {
            assert_eq!(name(Duration::from_secs(seconds)), expected);
        }
    }
}
