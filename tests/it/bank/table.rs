//! A table of figures by key, read from CSV, and the cells in which two of them differ.

use std::collections::{BTreeMap, BTreeSet};

/// Differing cells that a failure lists; the rest is counted.
const LISTED_MAX: usize = 30;

/// The figures of one row by column.
pub(super) type Cells = BTreeMap<String, String>;

/// Rows by the columns that name them.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) BTreeMap<Vec<String>, Cells>);

impl Table {
    /// Reads CSV of which the first `keys` columns name a row.
    pub(super) fn read(text: &str, keys: usize) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().unwrap().clone();
        let mut rows = BTreeMap::new();
        for record in reader.records() {
            let record = record.unwrap();
            let key: Vec<String> = record.iter().take(keys).map(str::to_owned).collect();
            let cells = columns.iter().zip(&record).skip(keys);
            let cells = cells.map(|(column, cell)| (column.to_owned(), cell.to_owned()));
            let double = rows.insert(key.clone(), cells.collect());
            assert!(double.is_none(), "row {key:?} is there twice");
        }
        Self(rows)
    }

    /// The table with other names of its rows; those that get none are left out.
    pub(super) fn rename(self, name: impl Fn(Vec<String>) -> Option<Vec<String>>) -> Self {
        let rows = self.0.into_iter();
        let named = rows.filter_map(|(key, cells)| name(key).map(|key| (key, cells)));
        Self(named.collect())
    }

    /// The rows for which this holds.
    pub(super) fn keep(self, holds: impl Fn(&[String], &Cells) -> bool) -> Self {
        let rows = self.0.into_iter();
        Self(rows.filter(|(key, cells)| holds(key, cells)).collect())
    }

    /// Asserts that every wanted cell is there and the same, and no row besides; further columns may be. Says how many
    /// cells were compared.
    #[track_caller]
    pub(super) fn check(&self, name: &str, wanted: &Self) -> usize {
        let mut differing = Vec::new();
        let mut compared = 0;
        let keys: BTreeSet<_> = self.0.keys().chain(wanted.0.keys()).collect();
        for key in keys {
            let row = key.join(" ");
            match (self.0.get(key), wanted.0.get(key)) {
                (Some(_), None) => differing.push(format!("{row}: a row that should not be")),
                (None, _) => differing.push(format!("{row}: no such row")),
                (Some(got), Some(wanted)) => {
                    compared += wanted.len();
                    let cells = wanted.iter().filter_map(|(column, want)| {
                        let got = got.get(column).map_or("no such column", String::as_str);
                        let differs = !is_same(column, got, want);
                        differs.then(|| format!("{row} {column}: got {got:?}, want {want:?}"))
                    });
                    differing.extend(cells);
                }
            }
        }
        let count = differing.len();
        differing.truncate(LISTED_MAX);
        let listed = differing.join("\n  ");
        assert!(
            count == 0,
            "{name}: {count} cells or rows differ:\n  {listed}"
        );
        compared
    }
}

/// Quantiles may differ by the error that a histogram states; nothing else may.
fn is_same(column: &str, got: &str, want: &str) -> bool {
    let is_quantile = ["_p50_s", "_p90_s", "_p95_s", "_p99_s"]
        .iter()
        .any(|quantile| column.ends_with(quantile));
    let values = (got.parse::<f64>(), want.parse::<f64>());
    match values {
        (Ok(got), Ok(want)) if is_quantile => (got - want).abs() <= want * 0.01,
        _ => got == want,
    }
}

#[test]
fn a_difference_names_row_column_and_both_values() {
    let wanted = Table::read("month,queue,answered,wait_p50_s\nmay,a,3,100\n", 2);
    let failure = |text: &str| {
        let got = Table::read(text, 2);
        let checked = std::panic::catch_unwind(|| got.check("queues", &wanted));
        checked.map_err(|said| *said.downcast::<String>().unwrap())
    };
    let header = "month,queue,answered,wait_p50_s,other\n";
    assert_eq!(failure(&format!("{header}may,a,3,101,7\n")), Ok(2));
    let said = failure(&format!("{header}may,a,4,102,7\nmay,b,0,0,0\n")).unwrap_err();
    for part in [
        "3 cells or rows differ",
        "may a answered: got \"4\", want \"3\"",
        "may a wait_p50_s: got \"102\", want \"100\"",
        "may b: a row that should not be",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(failure(header).unwrap_err().contains("may a: no such row"));
}
