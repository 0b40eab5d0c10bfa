//! Two periods of a small report, line by line.

use std::time::Duration;

use super::super::columns::Columns;
use super::*;

struct Row {
    start: &'static str,
    queue: &'static str,
    offered: u64,
    lost: u64,
    asa: Option<u64>,
}

fn grid(rows: &[Row]) -> Grid {
    let mut columns = Columns::<Row>::new();
    columns
        .instant("bucket_start", |row| row.start)
        .text("queue", |row| row.queue)
        .count("visits_offered", |row| row.offered)
        .part(
            "abandon_rate",
            |row| (row.offered > 0).then(|| row.lost as f64 / row.offered as f64),
            |row| (row.lost, row.offered),
        )
        .interval("abandon_rate", |_| None)
        .span("asa", |row| {
            row.asa.map(|seconds| Duration::from_secs(seconds).into())
        });
    Grid::of("Queues", &columns, rows)
}

fn row(start: &'static str, offered: u64, lost: u64, asa: impl Into<Option<u64>>) -> Row {
    Row {
        start,
        queue: "jobs",
        offered,
        lost,
        asa: asa.into(),
    }
}

fn context(buckets: &[&str]) -> ReportContext {
    ReportContext {
        buckets: buckets.iter().map(|&bucket| bucket.to_owned()).collect(),
        ..ReportContext::default()
    }
}

fn beside(now: &Grid, before: &Grid) -> Grid {
    let (march, february) = (context(&["m1", "m2", "m3"]), context(&["f1", "f2"]));
    let periods = Periods {
        context: Some(&march),
        before: Some(&february),
    };
    periods.beside(now, before)
}

#[test]
fn further_columns_stand_behind_those_of_the_report() {
    let grid = beside(&grid(&[]), &grid(&[]));
    let names: Vec<_> = grid.heads.iter().map(Head::with_unit).collect();
    assert_eq!(
        names,
        [
            "bucket_start",
            "queue",
            "visits_offered",
            "abandon_rate",
            "abandon_rate_low",
            "abandon_rate_high",
            "asa_s",
            "visits_offered_before",
            "visits_offered_difference",
            "abandon_rate_before",
            "abandon_rate_difference",
            "abandon_rate_difference_low",
            "abandon_rate_difference_high",
            "asa_before_s",
            "asa_difference_s",
        ]
    );
}

#[test]
fn a_difference_is_of_what_stands_in_the_same_place() {
    // The check values of kpi.md: 85 of 100 after 58 of 100 is +27 points, 14.6 to 38.3.
    let now = grid(&[row("m1", 100, 85, 30), row("m3", 5, 0, None)]);
    let before = grid(&[row("f1", 100, 58, 42), row("f2", 7, 7, None)]);
    let grid = beside(&now, &before);
    let cells = |row: usize| &grid.rows[row][7..];
    assert_eq!(cells(0)[..2], [Cell::Count(100), Cell::Count(0)]);
    let points = |cell: &Cell| format!("{:.1}", number(cell).unwrap() * 100.0);
    let share: Vec<_> = cells(0)[2..6].iter().map(points).collect();
    assert_eq!(share, ["58.0", "27.0", "14.6", "38.3"]);
    assert_eq!(
        cells(0)[6..],
        [Cell::Span(Duration::from_secs(42)), Cell::Seconds(-12.0)]
    );
    // The third day has no partner, nor has the second of the period before.
    assert_eq!(grid.rows.len(), 3);
    assert!(
        cells(1).iter().all(|cell| *cell == Cell::Empty),
        "{:?}",
        cells(1)
    );
    assert_eq!(grid.rows[2][1], Cell::Text("jobs".into()));
    assert_eq!(grid.rows[2][2], Cell::Empty);
    assert_eq!(cells(2)[..2], [Cell::Count(7), Cell::Empty]);
}

#[test]
fn a_share_of_other_counts_has_no_interval() {
    let now = Figure {
        now: Cell::Share(0.5, None),
        before: Cell::Share(0.25, Some(Part { count: 1, of: 4 })),
    };
    assert_eq!((now.plain(), now.interval()), (Some(0.25), None));
}
