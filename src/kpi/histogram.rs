//! The edges on which waits are counted, and the counting.

use std::time::Duration;

/// Edges of every wait histogram; each configured threshold is added to them. A call answered at once is a wait of 0.
pub const WAIT_EDGES: [Duration; 18] = [
    Duration::from_secs(0),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(20),
    Duration::from_secs(25),
    Duration::from_secs(30),
    Duration::from_secs(45),
    Duration::from_secs(60),
    Duration::from_secs(90),
    Duration::from_secs(120),
    Duration::from_secs(180),
    Duration::from_secs(240),
    Duration::from_secs(300),
    Duration::from_secs(600),
    Duration::from_secs(900),
    Duration::from_secs(1800),
    Duration::from_secs(3600),
];

/// For each edge, how many of sorted waits are no longer than it (cumulative).
pub(super) fn counts_up_to(sorted: &[Duration], edges: &[Duration]) -> Vec<u64> {
    let up_to = |edge: &Duration| sorted.partition_point(|wait| wait <= edge) as u64;
    edges.iter().map(up_to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_rise() {
        assert!(WAIT_EDGES.is_sorted_by(|low, high| low < high));
    }

    #[test]
    fn an_edge_holds_what_is_no_longer() {
        let waits =
            [0, 0, 4_999_999, 5_000_000, 5_000_001, 4_000_000_000].map(Duration::from_micros);
        let edges = [0, 5, 10, 3600].map(Duration::from_secs);
        // 2 of 0 s; 4.999999 s and 5 s; 5.000001 s; the last is beyond every edge.
        assert_eq!(counts_up_to(&waits, &edges), [2, 4, 5, 5]);
        assert_eq!(counts_up_to(&[], &edges), [0, 0, 0, 0]);
    }
}
