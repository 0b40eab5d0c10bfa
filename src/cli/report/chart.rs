//! The waits as bars: one a stretch between two edges, answered first, then abandoned, then the rest.

use std::fmt::Write as _;
use std::time::Duration;

use crate::kpi::seconds_text;
use crate::proto::v1::WaitDistributionRow;

use super::lang::Lang;

/// A bar that is shorter than half a character.
const THIN: char = '▏';

/// Characters of the longest bar.
const BAR_CHARS: u64 = 48;

/// Exits as they are told apart, with what their part of a bar is drawn in.
const PARTS: [(&str, char); 3] = [("answered", '█'), ("abandoned", '▒'), ("other", '░')];

/// Draws the waits of the rows taken together; empty without waits.
pub(super) fn chart(lang: Lang, edges: &[Duration], rows: &[&WaitDistributionRow]) -> String {
    let mut stretches = stretches(edges.len(), rows);
    while stretches.last().is_some_and(|stretch| total(stretch) == 0) {
        stretches.pop();
    }
    let most = stretches.iter().map(total).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let labels: Vec<_> = (0..stretches.len())
        .map(|index| label(lang, edges, index))
        .collect();
    let widest = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (label, stretch) in labels.iter().zip(&stretches) {
        let _ = writeln!(
            text,
            "{label:>widest$} │{} {}",
            bar(stretch, most),
            total(stretch)
        );
    }
    let legend = PARTS
        .map(|(exit, drawn)| format!("{drawn} {}", lang.say(exit)))
        .join("  ");
    let _ = writeln!(text, "{:>widest$}  {legend}", "");
    text
}

/// Waits in each stretch, by exit; the last stretch is beyond every edge.
fn stretches(edges: usize, rows: &[&WaitDistributionRow]) -> Vec<[u64; 3]> {
    let mut stretches = vec![[0; 3]; edges + 1];
    for row in rows {
        let Some(part) = PARTS.iter().position(|(exit, _)| *exit == row.exit) else {
            continue;
        };
        let mut before = 0;
        let counts = row
            .buckets
            .iter()
            .map(|bucket| bucket.count)
            .chain([row.count]);
        for (stretch, up_to) in stretches.iter_mut().zip(counts) {
            stretch[part] += up_to.saturating_sub(before);
            before = up_to;
        }
    }
    stretches
}

fn total(stretch: &[u64; 3]) -> u64 {
    stretch.iter().sum()
}

/// `0 s`, `5 – 10 s`, `over 3600 s`.
fn label(lang: Lang, edges: &[Duration], index: usize) -> String {
    let low = index
        .checked_sub(1)
        .and_then(|below| edges.get(below))
        .copied()
        .map(|edge| lang.figure(&seconds_text(edge)));
    let high = edges.get(index).copied();
    let high = high.map(|edge| lang.figure(&seconds_text(edge)));
    match (low, high) {
        (Some(low), Some(high)) => lang.fill("{} – {} s", &[&low, &high]),
        (None, Some(high)) => lang.fill("{} s", &[&high]),
        (Some(low), None) => lang.fill("over {} s", &[&low]),
        (None, None) => lang.say("any").to_owned(),
    }
}

/// A bar in proportion to the longest; a thin line for what would be too short to be seen.
fn bar(stretch: &[u64; 3], most: u64) -> String {
    let chars = |waits: u64| {
        let doubled = u128::from(waits) * u128::from(BAR_CHARS) * 2 / u128::from(most);
        doubled.div_ceil(2)
    };
    let mut bar = String::new();
    let (mut waits, mut drawn) = (0, 0);
    for (count, (_, part)) in stretch.iter().zip(PARTS) {
        waits += count;
        bar.extend((drawn..chars(waits)).map(|_| part));
        drawn = chars(waits);
    }
    if bar.is_empty() && waits > 0 {
        THIN.to_string()
    } else {
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::WaitBucket;

    fn row(exit: &str, up_to: [u64; 3], count: u64) -> WaitDistributionRow {
        let buckets = up_to.map(|count| WaitBucket { edge: None, count });
        WaitDistributionRow {
            exit: exit.into(),
            buckets: buckets.to_vec(),
            count,
            ..WaitDistributionRow::default()
        }
    }

    #[test]
    fn bars_are_in_proportion() {
        let edges = [0, 5, 10].map(Duration::from_secs);
        let rows = [
            row("answered", [12, 12, 18], 18),
            row("abandoned", [0, 0, 6], 7),
            row("other", [0; 3], 0),
        ];
        let rows: Vec<_> = rows.iter().collect();
        let drawn =
            |answered: usize, abandoned: usize| "█".repeat(answered) + &"▒".repeat(abandoned);
        let expected = [
            format!("      0 s │{} 12", drawn(48, 0)),
            "  0 – 5 s │ 0".to_owned(),
            format!(" 5 – 10 s │{} 12", drawn(24, 24)),
            format!("over 10 s │{} 1", drawn(0, 4)),
            "           █ answered  ▒ abandoned  ░ other\n".to_owned(),
        ];
        assert_eq!(chart(Lang::En, &edges, &rows), expected.join("\n"));
    }

    #[test]
    fn what_is_there_is_seen() {
        assert_eq!(bar(&[0, 1, 0], 1000), "▏");
        assert_eq!(bar(&[0, 0, 0], 1000), "");
        // 11 ÷ 1000 · 48 = 0.53, rounded to 1.
        assert_eq!(bar(&[0, 11, 0], 1000), "▒");
    }

    #[test]
    fn no_waits_are_no_chart() {
        let empty = row("answered", [0; 3], 0);
        assert_eq!(
            chart(Lang::En, &[0, 5, 10].map(Duration::from_secs), &[&empty]),
            ""
        );
    }
}
