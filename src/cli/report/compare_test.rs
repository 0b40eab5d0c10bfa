//! Two periods of a small report, line by line.

use std::time::Duration;

use super::super::columns::Columns;
use super::*;
use crate::kpi::Part;
use crate::proto::v1::RulesInForce;

#[derive(Clone, Copy)]
struct Row {
    start: &'static str,
    queue: &'static str,
    /// What may change about a queue without making it another.
    team: &'static str,
    target: u64,
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
        })
        .text("team", |row| row.team)
        .beside()
        .part("sl_strict", |_| Some(0.5), |_| (50, 100))
        .rests_on(&[Rule::ServiceLevel])
        .span("target", |row| {
            (row.target > 0).then(|| Duration::from_secs(row.target).into())
        })
        .says(Rule::ServiceLevel);
    Grid::of("Queues", &columns, rows)
}

fn row(start: &'static str, offered: u64, lost: u64, asa: impl Into<Option<u64>>) -> Row {
    Row {
        start,
        queue: "jobs",
        team: "first",
        target: 20,
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
    let (march, february) = (context(&["m1", "m2", "m3"]), context(&["f1", "f2", ""]));
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
            "team",
            "sl_strict",
            "target_s",
            "bucket_start_before",
            "target_before_s",
            "visits_offered_before",
            "visits_offered_difference",
            "abandon_rate_before",
            "abandon_rate_difference",
            "abandon_rate_difference_low",
            "abandon_rate_difference_high",
            "asa_before_s",
            "asa_difference_s",
            "sl_strict_before",
            "sl_strict_difference",
            "sl_strict_difference_low",
            "sl_strict_difference_high",
        ]
    );
}

#[test]
fn a_difference_is_of_what_stands_in_the_same_place() {
    // The check values of kpi.md: 85 of 100 after 58 of 100 is +27 points, 14.6 to 38.3.
    let now = grid(&[row("m1", 100, 85, 30), row("m3", 5, 0, None)]);
    let before = grid(&[row("f1", 100, 58, 42), row("f2", 7, 7, None)]);
    let grid = beside(&now, &before);
    let cells = |row: usize| &grid.rows[row][12..];
    assert_eq!(cells(0)[..2], [Cell::Count(100), Cell::Count(0)]);
    let points = |cell: &Cell| format!("{:.1}", number(cell).unwrap() * 100.0);
    let share: Vec<_> = cells(0)[2..6].iter().map(points).collect();
    assert_eq!(share, ["58.0", "27.0", "14.6", "38.3"]);
    assert_eq!(
        cells(0)[6..8],
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
    // Every row says which intervals are paired, also where the one has no such row.
    let starts = |row: &Vec<Cell>| [row[0].clone(), row[10].clone()];
    let named = |start: &str| Cell::Instant(start.into());
    let starts: Vec<_> = grid.rows.iter().map(starts).collect();
    assert_eq!(
        starts,
        [
            [named("m1"), named("f1")],
            [named("m3"), Cell::Empty],
            [named("m2"), named("f2")],
        ]
    );
}

#[test]
fn what_a_row_says_besides_its_name_makes_it_no_other() {
    let before = row("f1", 100, 58, 42);
    let now = Row {
        team: "second",
        ..row("m1", 100, 85, 30)
    };
    let grid = beside(&grid(&[now]), &grid(&[before]));
    assert_eq!(grid.rows.len(), 1);
    assert_eq!(grid.rows[0][12], Cell::Count(100));
    let table = table(&[now], &[before], &[]);
    assert!(table.contains("│ m1   ┆ f1       ┆ jobs ┆"), "{table}");
    assert!(!table.contains("second"), "{table}");
}

/// The rules of the queue in each period, by their T.
fn ruled(context: &mut ReportContext, queue: &str, seconds: &[u64]) {
    let version = |seconds: &u64| RulesInForce {
        queue: queue.into(),
        service_level: Some(Duration::from_secs(*seconds).into()),
        ..RulesInForce::default()
    };
    context.rules.extend(seconds.iter().map(version));
}

/// The table of differences; `rules` are T of a queue before and after.
fn table(now: &[Row], before: &[Row], rules: &[(&str, &[u64], &[u64])]) -> String {
    let (mut march, mut february) = (context(&["m1", "m2"]), context(&["f1", "f2"]));
    for (queue, t_before, t_now) in rules {
        ruled(&mut february, queue, t_before);
        ruled(&mut march, queue, t_now);
    }
    let periods = Periods {
        context: Some(&march),
        before: Some(&february),
    };
    periods.table(Lang::En, &grid(now), &grid(before))
}

#[test]
fn what_rests_on_a_changed_rule_has_no_difference() {
    let before = row("f1", 100, 58, 42);
    let now = Row {
        target: 60,
        ..row("m1", 100, 85, 30)
    };
    let lines = |now: Row, before: Row, rules: &[(&str, &[u64], &[u64])]| -> Vec<String> {
        let table = table(&[now], &[before], rules);
        let lines = table.lines().filter(|line| line.contains("sl strict"));
        let bare = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.map(bare).collect()
    };
    let alike = ["│ m1 ┆ f1 ┆ jobs ┆ sl strict ┆ 50.0 % ┆ 50.0 % ┆ +0.0 ┆ -13.6 to +13.6 │"];
    let unlike = ["│ m1 ┆ f1 ┆ jobs ┆ sl strict ┆ 50.0 % ┆ 50.0 % ┆ – ┆ measured otherwise │"];
    assert_eq!(lines(now, before, &[]), unlike, "the rows say so");
    // A bucket before the change is measured as the one before; the rows know better than the whole period.
    let early = Row { target: 20, ..now };
    let changed: &[(&str, &[u64], &[u64])] = &[("jobs", &[20], &[20, 60])];
    assert_eq!(lines(early, before, changed), alike);
    // Where the row does not say, its queue's rules do; the row of all queues rests on all of them.
    let silent = |queue: &'static str, of: Row| Row {
        target: 0,
        queue,
        ..of
    };
    let pair = |queue| (silent(queue, now), silent(queue, before));
    for (queue, rules, expected) in [
        ("jobs", changed, false),
        ("benefits", changed, true),
        ("ALL", changed, false),
        ("benefits", &[("", &[20][..], &[30][..])], false),
        ("jobs", &[("", &[20], &[30]), ("jobs", &[20], &[20])], true),
        ("ALL", &[("", &[20], &[20]), ("jobs", &[15], &[15])], true),
    ] {
        let (now, before) = pair(queue);
        let lines = lines(now, before, rules);
        assert_eq!(
            !lines[0].contains("otherwise"),
            expected,
            "{queue} {rules:?}"
        );
    }
    // In cells there is no difference either, and the rules stand beside.
    let grid = beside(&grid(&[now]), &grid(&[before]));
    let row = &grid.rows[0];
    assert_eq!(row[11], Cell::Span(Duration::from_secs(20)));
    assert_eq!(row[9], Cell::Span(Duration::from_secs(60)));
    assert!(row[21..].iter().all(|cell| *cell == Cell::Empty), "{row:?}");
}

#[test]
fn a_month_within_a_bucket_goes_with_the_month_of_the_same_number() {
    let grid = |months: &[&'static str]| {
        let mut columns = Columns::<&'static str>::new();
        columns
            .instant("bucket_start", |_| "p")
            .text("month", |month| month)
            .count("count", |month| month.len() as u64);
        Grid::of("Causes", &columns, months)
    };
    let of = |start: &str| ReportContext {
        start_local: start.into(),
        ..context(&["p"])
    };
    let (now, before) = (
        of("2026-03-01T00:00:00+04:00"),
        of("2025-12-01T00:00:00+04:00"),
    );
    let periods = Periods {
        context: Some(&now),
        before: Some(&before),
    };
    let pairs = periods.beside(
        &grid(&["2026-03", "2026-05"]),
        &grid(&["2025-12", "2026-01"]),
    );
    let months: Vec<_> = pairs.rows.iter().map(|row| row[4].clone()).collect();
    assert_eq!(months, [Cell::Count(7), Cell::Empty, Cell::Count(7)]);
}

#[test]
fn a_share_of_other_counts_has_no_interval() {
    let now = Figure {
        now: Cell::Share(0.5, None),
        before: Cell::Share(0.25, Some(Part { count: 1, of: 4 })),
        is_alike: true,
    };
    assert_eq!((now.plain(), now.interval()), (Some(0.25), None));
}
