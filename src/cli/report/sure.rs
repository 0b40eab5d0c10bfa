//! How far shares can be trusted: each beside what it is of and its 95 % interval, a row a queue, line, team or agent.

use crate::proto::v1::{Interval, ReportContext};

use super::frame::Starts;
use super::lang::Lang;

/// One share of one row.
pub(super) struct Share {
    pub(super) share: Option<f64>,
    /// The number that it is of.
    pub(super) of: u64,
    pub(super) interval: Option<Interval>,
}

/// One row: its interval of time, its name, and its shares in the order of their heads.
pub(super) struct Row<'a, const N: usize> {
    pub(super) start: &'a str,
    pub(super) name: String,
    pub(super) shares: [Share; N],
}

/// Sets shares as a table; `head` says what the rows are of, `heads` what each share is.
pub(super) fn sure<'a, const N: usize>(
    lang: Lang,
    context: Option<&ReportContext>,
    head: Option<&'static str>,
    heads: [&'static str; N],
    rows: impl Iterator<Item = Row<'a, N>>,
) -> String {
    let rows: Vec<_> = rows.collect();
    if rows
        .iter()
        .flat_map(|row| &row.shares)
        .all(|share| share.share.is_none())
    {
        return String::new();
    }
    let starts = Starts::of(context, rows.iter().map(|row| row.start));
    let mut header: Vec<_> = starts.header().into_iter().chain(head).collect();
    let words = header.len();
    for head in heads {
        header.extend([head, "95 %", "n"]);
    }
    let cells = rows.iter().map(|row| {
        let mut cells: Vec<_> = starts.cell(lang, row.start).into_iter().collect();
        cells.extend(head.map(|_| row.name.clone()));
        for one in &row.shares {
            cells.extend([
                lang.percent(one.share),
                between(one.interval.as_ref()),
                one.of.to_string(),
            ]);
        }
        cells
    });
    lang.table(&header, words, cells.collect())
}

/// An interval; nothing where there is none.
fn between(interval: Option<&Interval>) -> String {
    interval.map_or_else(String::new, |interval| {
        let [low, high] = [interval.low, interval.high].map(|share| share * 100.0);
        format!("{low:.1} – {high:.1}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(count: u64, of: u64) -> Share {
        let part = crate::kpi::Part { count, of };
        let interval = crate::kpi::wilson(part);
        Share {
            share: (of > 0).then(|| count as f64 / of as f64),
            of,
            interval: interval.map(|(low, high)| Interval { low, high }),
        }
    }

    #[test]
    fn a_share_has_its_number_and_its_interval() {
        let row = |name: &str, shares| Row {
            start: "monday",
            name: name.into(),
            shares,
        };
        let rows = [
            row("jobs", [share(1, 3), share(0, 0)]),
            row("ALL", [share(50, 100), share(0, 0)]),
        ];
        let heads = ["Abandon\nrate", "Lost\nrate"];
        let text = sure(Lang::Ru, None, Some("Queue"), heads, rows.into_iter());
        let bare = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            bare.contains("понедельник ┆ jobs ┆ 33,3 % ┆ 6,1 – 79,2 ┆ 3 ┆ – ┆ ┆ 0"),
            "{bare}"
        );
        assert!(bare.contains("50,0 % ┆ 40,4 – 59,6 ┆ 100"), "{bare}");
        let none = [row("jobs", [share(0, 0), share(0, 0)])];
        assert_eq!(
            sure(Lang::En, None, Some("Queue"), heads, none.into_iter()),
            ""
        );
    }
}
