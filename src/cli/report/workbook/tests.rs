//! Workbooks read back: by a spreadsheet reader for what cells hold, from the XML for how they are shown.

use std::io::{Cursor, Read as _};
use std::time::Duration;

use calamine::{Data, Range, Reader as _, Xlsx};

use super::*;

struct Row {
    start: &'static str,
    queue: &'static str,
    calls: u64,
    rate: Option<f64>,
    wait: Option<Duration>,
}

fn row(start: &'static str, queue: &'static str, wait_ms: Option<u64>) -> Row {
    Row {
        start,
        queue,
        calls: 12_345,
        rate: wait_ms.map(|_| 0.25),
        wait: wait_ms.map(Duration::from_millis),
    }
}

/// The day on which Berlin has the hour from two to three twice.
const SUMMER: &str = "2026-10-25T02:00:00+02:00";
const WINTER: &str = "2026-10-25T02:00:00+01:00";

fn now() -> Timestamp {
    Timestamp::from_micros(1_792_900_000_000_000)
}

fn columns() -> Columns<Row> {
    let mut columns = Columns::new();
    columns
        .instant("bucket_start", |row: &Row| row.start)
        .text("queue", |row| row.queue)
        .count("calls", |row| row.calls)
        .count("residual", |_| -2_i64)
        .share("rate", |row| row.rate)
        .number("per_call", |row| row.rate.map(|rate| rate * 10.0))
        .span("wait", |row| row.wait.map(Into::into));
    columns
}

/// A workbook that was written and read back.
struct Written(Vec<u8>);

impl Written {
    fn of(rows: &[Row]) -> Self {
        Self(
            write(
                "Queues",
                &[Grid::of("Queues", &columns(), rows)],
                [None; 2],
                now(),
            )
            .unwrap(),
        )
    }

    fn sheet(&self, name: &str) -> Range<Data> {
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(self.0.clone())).unwrap();
        workbook.worksheet_range(name).unwrap()
    }

    fn header(&self, name: &str) -> Vec<String> {
        let sheet = self.sheet(name);
        let first = sheet.rows().next().unwrap();
        first.iter().map(ToString::to_string).collect()
    }

    /// A file of the archive.
    fn xml(&self, name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(&self.0)).unwrap();
        let mut text = String::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// The format element of a cell of the first sheet.
    fn format(&self, cell: &str) -> String {
        let sheet = self.xml("xl/worksheets/sheet1.xml");
        let style: usize = between(&sheet, &format!("<c r=\"{cell}\" s=\""), "\"")
            .parse()
            .unwrap();
        let styles = self.xml("xl/styles.xml");
        let formats = between(&styles, "<cellXfs", "</cellXfs>");
        let format = formats.split("<xf ").nth(style + 1).unwrap();
        format.to_owned()
    }

    /// The number format of a cell of the first sheet.
    fn shown_as(&self, cell: &str) -> String {
        let format = self.format(cell);
        let id = between(&format, "numFmtId=\"", "\"");
        let styles = self.xml("xl/styles.xml");
        let code = format!("<numFmt numFmtId=\"{id}\" formatCode=\"");
        match id {
            // Known to every reader, and not written down.
            "3" => "#,##0".to_owned(),
            "2" => "0.00".to_owned(),
            _ => between(&styles, &code, "\"").to_owned(),
        }
    }
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let Some((_, rest)) = text.split_once(before) else {
        panic!("no {before} in {text}");
    };
    rest.split_once(after).unwrap().0
}

/// A day's number in Excel's calendar, with its part of a day.
fn serial(civil: &str) -> f64 {
    let civil: jiff::civil::DateTime = civil.parse().unwrap();
    let days = civil.date() - jiff::civil::date(1899, 12, 30);
    let hours = f64::from(civil.hour()) + f64::from(civil.minute()) / 60.0;
    f64::from(days.get_days()) + (hours + f64::from(civil.second()) / 3600.0) / 24.0
}

#[track_caller]
fn is_close(value: f64, expected: f64) {
    // A millisecond is 10⁻⁸ of a day.
    assert!((value - expected).abs() < 1e-9, "{value} for {expected}");
}

#[test]
fn times_are_local_dates_with_their_offset_beside() {
    let rows = [row(SUMMER, "jobs", None), row(WINTER, "jobs", None)];
    let written = Written::of(&rows);
    assert_eq!(
        written.header("Queues")[..3],
        ["bucket_start", "bucket_start_offset", "queue"]
    );
    let sheet = written.sheet("Queues");
    for (line, offset) in [(1, "+02:00"), (2, "+01:00")] {
        let Some(Data::DateTime(start)) = sheet.get((line, 0)) else {
            panic!("no date: {:?}", sheet.get((line, 0)));
        };
        assert!(start.is_datetime());
        is_close(start.as_f64(), serial("2026-10-25T02:00:00"));
        assert_eq!(sheet.get((line, 1)), Some(&Data::String(offset.into())));
    }
    assert_eq!(written.shown_as("A2"), "yyyy-mm-dd hh:mm");
}

#[test]
fn one_offset_needs_no_column() {
    for rows in [
        vec![],
        vec![row(SUMMER, "jobs", None), row(SUMMER, "ALL", None)],
    ] {
        let written = Written::of(&rows);
        let header = [
            "bucket_start",
            "queue",
            "calls",
            "residual",
            "rate",
            "per_call",
            "wait",
        ];
        assert_eq!(written.header("Queues"), header);
    }
}

#[test]
fn seconds_of_a_start_are_shown_when_there_are_any() {
    for (second, shown) in [
        ("2026-03-02T08:00:30+04:00", "yyyy-mm-dd hh:mm:ss"),
        ("2026-03-02T08:00:30.5+04:00", "yyyy-mm-dd hh:mm:ss.000"),
    ] {
        let whole = "2026-03-02T08:00:00+04:00";
        let rows = [row(whole, "jobs", None), row(second, "jobs", None)];
        let written = Written::of(&rows);
        assert_eq!(written.shown_as("A2"), shown);
        assert_eq!(written.shown_as("A3"), shown);
    }
}

#[test]
fn a_day_before_excel_s_calendar_stays_words() {
    let written = Written::of(&[row("1899-12-31T00:00:00+00:00", "jobs", None)]);
    let cell = written.sheet("Queues").get((1, 0)).cloned();
    assert_eq!(cell, Some(Data::String("1899-12-31T00:00:00+00:00".into())));
}

#[test]
fn spans_are_durations_beyond_a_day_too() {
    // 90 s; 30 h 0 min 1 s; no data.
    let rows = [90_000, 108_001_000].map(|millis| row(SUMMER, "jobs", Some(millis)));
    let mut rows = Vec::from(rows);
    rows.push(row(SUMMER, "jobs", None));
    let written = Written::of(&rows);
    let sheet = written.sheet("Queues");
    for (line, seconds) in [(1, 90.0), (2, 108_001.0)] {
        let Some(Data::DateTime(wait)) = sheet.get((line, 6)) else {
            panic!("no duration: {:?}", sheet.get((line, 6)));
        };
        assert!(wait.is_duration());
        is_close(wait.as_f64(), seconds / 86_400.0);
    }
    assert_eq!(sheet.get((3, 6)), Some(&Data::Empty));
    assert_eq!(written.shown_as("G2"), "[h]:mm:ss");
}

#[test]
fn parts_of_seconds_are_shown_in_the_whole_column_when_there_are_any() {
    let rows = [90_000, 12_500].map(|millis| row(SUMMER, "jobs", Some(millis)));
    let written = Written::of(&rows);
    assert_eq!(written.shown_as("G2"), "[h]:mm:ss.000");
    assert_eq!(written.shown_as("G3"), "[h]:mm:ss.000");
}

#[test]
fn figures_are_numbers_and_no_data_is_empty() {
    let rows = [row(SUMMER, "jobs", Some(0)), row(SUMMER, "ALL", None)];
    let written = Written::of(&rows);
    let sheet = written.sheet("Queues");
    let numbers = [(2, 12_345.0), (3, -2.0), (4, 0.25), (5, 2.5)];
    for (column, expected) in numbers {
        assert_eq!(sheet.get((1, column)), Some(&Data::Float(expected)));
    }
    assert_eq!(sheet.get((2, 4)), Some(&Data::Empty));
    for (cell, shown) in [
        ("C2", "#,##0"),
        ("D2", "#,##0"),
        ("E2", "0.0%"),
        ("F2", "0.00"),
    ] {
        assert_eq!(written.shown_as(cell), shown, "{cell}");
    }
}

#[test]
fn words_are_never_a_formula() {
    let risky = [
        "=1+1",
        "+7 912",
        "-jobs",
        "@SUM(A1)",
        "\t=1",
        "=HYPERLINK(\"x\")",
    ];
    let rows: Vec<_> = risky
        .into_iter()
        .chain(["jobs"])
        .map(|queue| row(SUMMER, queue, None))
        .collect();
    let written = Written::of(&rows);
    let sheet = written.sheet("Queues");
    for (line, queue) in (1..).zip(risky) {
        // As it is, and a word.
        assert_eq!(sheet.get((line, 1)), Some(&Data::String(queue.into())));
        let format = written.format(&format!("B{}", line + 1));
        assert!(format.contains("quotePrefix=\"1\""), "{queue:?}: {format}");
    }
    let format = written.format(&format!("B{}", risky.len() + 2));
    assert!(!format.contains("quotePrefix"), "{format}");
    assert!(!written.xml("xl/worksheets/sheet1.xml").contains("<f>"));
}

#[test]
fn the_header_stays_in_sight_and_filters() {
    let written = Written::of(&[row(SUMMER, "jobs", None), row(SUMMER, "ALL", None)]);
    let xml = written.xml("xl/worksheets/sheet1.xml");
    let pane = between(&xml, "<pane ", "/>");
    assert!(
        pane.contains("ySplit=\"1\"") && pane.contains("state=\"frozen\""),
        "{pane}"
    );
    assert!(xml.contains("<autoFilter ref=\"A1:G3\"/>"), "{xml}");
    for sheet in ["sheet2", "sheet3"] {
        let xml = written.xml(&format!("xl/worksheets/{sheet}.xml"));
        assert!(xml.contains("state=\"frozen\""), "{sheet}");
    }
}

#[test]
fn a_column_is_as_wide_as_what_it_shows() {
    let long = "the queue of those who have waited for longer than anybody would believe";
    let written = Written::of(&[row(SUMMER, long, None)]);
    let xml = written.xml("xl/worksheets/sheet1.xml");
    let columns: Vec<_> = xml.split("<col ").skip(1).collect();
    let width =
        |column: usize| -> f64 { between(columns[column], "width=\"", "\"").parse().unwrap() };
    assert!(width(1) > long.len() as f64, "{}", width(1));
    assert!(width(0) > "2026-10-25 02:00".len() as f64, "{}", width(0));
    assert!(width(2) < 15.0, "{}", width(2));
}

#[test]
fn definitions_and_what_may_be_missing_have_sheets() {
    let at = |seconds| pbjson_types::Timestamp { seconds, nanos: 0 };
    let context = v1::ReportContext {
        start_local: "2026-10-01T00:00:00+02:00".into(),
        end_local: "2026-11-01T00:00:00+01:00".into(),
        zone: "Europe/Berlin".into(),
        definitions: vec![v1::Definition {
            id: "V2".into(),
            version: 1,
            sentence: "visits_offered: visits begun".into(),
        }],
        sources: vec![v1::SourceCompleteness {
            source: "=pbx".into(),
            gap_events: 3,
            settled_until: Some(at(1_792_900_000)),
            silent_since: Some(at(1_792_900_020)),
            ..v1::SourceCompleteness::default()
        }],
        calls_provisional: 4,
        calls_uncertain: 2,
        stored_position: 99,
        ..v1::ReportContext::default()
    };
    let bytes = write(
        "Waits",
        &[Grid::of("Waits", &columns(), &[])],
        [Some(&context), None],
        now(),
    )
    .unwrap();
    let written = Written(bytes);
    let cells = |sheet: &str| -> Vec<Vec<String>> {
        let sheet = written.sheet(sheet);
        let line = |row: &[Data]| row.iter().map(ToString::to_string).collect();
        sheet.rows().skip(1).map(line).collect()
    };
    assert_eq!(written.header("Definitions"), ["id", "version", "sentence"]);
    assert_eq!(
        cells("Definitions"),
        [["V2", "1", "visits_offered: visits begun"]]
    );
    assert_eq!(
        cells("About"),
        [
            ["report", "Waits"],
            ["period from", "2026-10-01 00:00 +02:00"],
            ["period until (not included)", "2026-11-01 00:00 +01:00"],
            ["zone", "Europe/Berlin"],
            ["figures up to journal position", "99"],
            [
                "calls open or not settled yet, counted, and may change",
                "4"
            ],
            ["of them of a source that is silent", "2"],
            ["test calls, left out", "0"],
            [
                "source =pbx: calls are settled that ended before",
                "2026-10-25 04:46:40 +01:00"
            ],
            ["source =pbx: silent since", "2026-10-25 04:47 +01:00"],
            ["source =pbx: events that never came", "3"],
            [
                "source =pbx: events that came late and are not in the figures",
                "0"
            ],
            [
                "source =pbx: events that came late and are in the figures since a recompute",
                "0"
            ],
            ["source =pbx: events rejected", "0"],
            [
                "caution",
                "calls open or not settled yet, counted, and may change: 4"
            ],
            [
                "caution",
                "of them of a source that is silent, so that nobody knows what became of them: 2"
            ],
            [
                "caution",
                "source =pbx is silent since 2026-10-25 04:47 +01:00: what happened since then is not in the figures"
            ],
            [
                "caution",
                "events of source =pbx, of whatever time: 3 never came"
            ],
        ]
    );
}

#[test]
fn the_same_report_is_the_same_file() {
    let rows = || [row(SUMMER, "jobs", Some(12_500))];
    assert_eq!(Written::of(&rows()).0, Written::of(&rows()).0);
    let core = Written::of(&rows()).xml("docProps/core.xml");
    assert!(core.contains("2026-10-25T03:46:40Z"), "{core}");
}

#[test]
fn more_rows_than_a_sheet_has_are_refused() {
    let rows = vec![(); ROWS_MAX + 1];
    let failure = write(
        "Queues",
        &[Grid::of("Queues", &Columns::new(), &rows)],
        [None; 2],
        now(),
    )
    .unwrap_err();
    assert!(failure.message.contains("--bucket"), "{failure}");
    // Of a further part only that part is missing, and it is said.
    let figures = Grid::of("Waits", &columns(), &[]);
    let steps = Grid::of("Curve", &Columns::new(), &rows);
    let written = Written(write("Waits", &[figures, steps], [None; 2], now()).unwrap());
    let about = written.sheet("About");
    let said: Vec<_> = about.rows().map(|row| row[0].to_string()).collect();
    assert!(said.contains(&"left out: Curve".to_owned()), "{said:?}");
    let workbook: Xlsx<_> = Xlsx::new(Cursor::new(written.0)).unwrap();
    assert_eq!(workbook.sheet_names(), ["Waits", "Definitions", "About"]);
}
