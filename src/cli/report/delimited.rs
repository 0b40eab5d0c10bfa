//! CSV: as programs read it, and as a Russian spreadsheet does.

use csv::Terminator;

use crate::kpi::seconds_text;

use super::super::failure::{Exit, Failure};
use super::columns::Cell;
use super::grid::{Grid, Head};

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Commas, decimal points, line feeds.
    Plain,
    /// What a spreadsheet of Russian settings opens by a double click: semicolons, decimal commas, carriage return and
    /// line feed, and a byte order mark, without which it takes UTF-8 for another encoding.
    Russian,
}

/// What a spreadsheet takes for the beginning of a formula, or skips and then looks for one (OWASP, *CSV injection*).
const RISKY: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet may take words for a formula, which can run programs and send data away.
pub(super) fn is_risky(text: &str) -> bool {
    text.starts_with(RISKY)
}

/// Writes a header and the rows.
pub(super) fn write(grid: &Grid, dialect: Dialect) -> Result<Vec<u8>, Failure> {
    let mut builder = csv::WriterBuilder::new();
    let mut start = Vec::new();
    if dialect == Dialect::Russian {
        builder.delimiter(b';').terminator(Terminator::CRLF);
        start.extend("\u{feff}".bytes());
    }
    let mut writer = builder.from_writer(start);
    let header = grid.heads.iter().map(Head::with_unit);
    writer.write_record(header).map_err(unwritable)?;
    for row in &grid.rows {
        let cells = row.iter().map(|cell| text(cell, dialect));
        writer.write_record(cells).map_err(unwritable)?;
    }
    writer.into_inner().map_err(unwritable)
}

fn text(cell: &Cell, dialect: Dialect) -> String {
    let decimal = |text: String| match dialect {
        Dialect::Plain => text,
        Dialect::Russian => text.replace('.', ","),
    };
    match cell {
        Cell::Empty => String::new(),
        // The apostrophe makes a spreadsheet take the rest for words.
        Cell::Text(text) if is_risky(text) => format!("'{text}"),
        Cell::Text(text) | Cell::Instant(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Share(value, _) | Cell::Number(value) => decimal(format!("{value:.9}")),
        Cell::Seconds(value) => decimal(format!("{value:.6}")),
        Cell::Span(span) => decimal(seconds_text(*span)),
    }
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Failure,
        format!("the report cannot be written as CSV: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::columns::Columns;
    use super::*;

    struct Row {
        queue: &'static str,
        n: u64,
        share: Option<f64>,
        millis: Option<u64>,
    }

    fn written(rows: &[Row], dialect: Dialect) -> String {
        let mut columns = Columns::new();
        columns
            .instant("start", |_: &Row| "2026-03-02T00:00:00+04:00")
            .text("queue", |row| row.queue)
            .count("n", |row| row.n)
            .count("residual", |_| -2_i64)
            .share("rate", |row| row.share)
            .span("wait", |row| {
                row.millis
                    .map(|millis| std::time::Duration::from_millis(millis).into())
            });
        String::from_utf8(write(&Grid::of("", &columns, rows), dialect).unwrap()).unwrap()
    }

    const ROWS: [Row; 2] = [
        Row {
            queue: "jobs, \"new\"",
            n: 1234,
            share: Some(0.5),
            millis: Some(12_500),
        },
        Row {
            queue: "льготы; пенсии",
            n: 0,
            share: None,
            millis: None,
        },
    ];

    #[test]
    fn programs_get_commas_and_points() {
        assert_eq!(
            written(&ROWS, Dialect::Plain),
            "start,queue,n,residual,rate,wait_s\n\
             2026-03-02T00:00:00+04:00,\"jobs, \"\"new\"\"\",1234,-2,0.500000000,12.5\n\
             2026-03-02T00:00:00+04:00,льготы; пенсии,0,-2,,\n"
        );
        assert_eq!(
            written(&[], Dialect::Plain),
            "start,queue,n,residual,rate,wait_s\n"
        );
    }

    #[test]
    fn a_russian_spreadsheet_gets_semicolons_and_decimal_commas() {
        assert_eq!(
            written(&ROWS, Dialect::Russian),
            "\u{feff}start;queue;n;residual;rate;wait_s\r\n\
             2026-03-02T00:00:00+04:00;\"jobs, \"\"new\"\"\";1234;-2;0,500000000;12,5\r\n\
             2026-03-02T00:00:00+04:00;\"льготы; пенсии\";0;-2;;\r\n"
        );
        assert_eq!(
            written(&[], Dialect::Russian),
            "\u{feff}start;queue;n;residual;rate;wait_s\r\n"
        );
    }

    #[test]
    fn words_are_never_a_formula() {
        for (queue, cell) in [
            ("=1+1", "'=1+1"),
            ("+7 912", "'+7 912"),
            ("-jobs", "'-jobs"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("\n=1", "\"'\n=1\""),
            ("＝1", "'＝1"),
            ("－1", "'－1"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            // Harmless, and as they are.
            ("a=1", "a=1"),
            ("'=1", "'=1"),
            ("", ""),
        ] {
            for (dialect, comma, end) in
                [(Dialect::Plain, ',', "\n"), (Dialect::Russian, ';', "\r\n")]
            {
                let row = Row {
                    queue,
                    n: 7,
                    share: None,
                    millis: None,
                };
                let text = written(&[row], dialect);
                let line = ["2026-03-02T00:00:00+04:00", cell, "7", "-2", "", ""];
                let line = line.join(&comma.to_string()) + end;
                assert!(text.ends_with(&line), "{queue:?}: {text:?}");
            }
        }
    }
}
