//! The text of `/metrics` taken apart: series and values, and how two scrapes may differ.

use std::collections::BTreeMap;

use crate::harness::Server;

/// These start at 0 with the process.
const OF_PROCESS: [&str; 5] = [
    "dozvon_journal_commit_seconds",
    "dozvon_journal_commit_events",
    "dozvon_ingest_delay_seconds",
    "dozvon_ewt_error_seconds",
    "result=\"duplicate\"",
];

/// These are read off a clock at the scrape.
const OF_CLOCK: [&str; 2] = [
    "dozvon_ingest_skew_seconds",
    "dozvon_ingest_data_age_seconds",
];

/// One answer of `/metrics`.
pub(crate) struct Scrape {
    text: String,
    series: BTreeMap<String, f64>,
}

impl Scrape {
    /// Scrapes a server that is ready.
    pub(crate) async fn of(server: &Server) -> Self {
        Self::read(server.metrics().await)
    }

    fn read(text: String) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let series = samples.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        let series = series.collect();
        Self { text, series }
    }

    /// The sum of a metric's series that have these labels; panics when there is none.
    #[track_caller]
    pub(crate) fn sum(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        let has_labels = |series: &str| {
            let mut labels = labels.iter();
            labels.all(|(name, value)| series.contains(&format!("{name}=\"{value}\"")))
        };
        let of_metric = |series: &str| series.split('{').next() == Some(metric);
        let series = self.series.iter();
        let found: Vec<f64> = series
            .filter(|(series, _)| of_metric(series) && has_labels(series))
            .map(|(_, value)| *value)
            .collect();
        assert!(!found.is_empty(), "no series {metric} {labels:?}");
        found.iter().sum()
    }

    /// Asserts that in every queue offered = ended + waiting.
    #[track_caller]
    pub(crate) fn is_conserved(&self) {
        let residual = "dozvon_queue_conservation_residual{";
        let residuals = self
            .series
            .iter()
            .filter(|(series, _)| series.starts_with(residual));
        let residuals: Vec<_> = residuals.collect();
        assert!(!residuals.is_empty(), "no queue");
        let off: Vec<_> = residuals
            .iter()
            .filter(|(_, value)| **value != 0.0)
            .collect();
        assert!(off.is_empty(), "{off:?}");
    }

    /// Asserts that no counter is gone or lower in the next scrape, and that the queues are balanced there; hands that on.
    #[track_caller]
    pub(crate) fn rises_to(&self, next: Self) -> Self {
        let counters = self
            .series
            .iter()
            .filter(|(series, _)| is_kept_counter(series));
        let fallen: Vec<String> = counters
            .filter_map(|(series, before)| {
                let after = next.series.get(series);
                let fell = after.is_none_or(|after| after < before);
                fell.then(|| format!("{series}: {before}, then {after:?}"))
            })
            .collect();
        assert!(
            fallen.is_empty(),
            "counters went back:\n{}",
            fallen.join("\n")
        );
        if !next.series.keys().any(|series| series.contains("queue=\"")) {
            return next;
        }
        next.is_conserved();
        next
    }

    /// Asserts that both say the same, but for what a process or a clock says.
    #[track_caller]
    pub(crate) fn equals(&self, other: &Self) {
        let kept = |scrape: &Self| {
            let lines = scrape.text.lines().map(str::to_owned);
            lines.filter(|line| !is_momentary(line)).collect::<Vec<_>>()
        };
        let (these, those) = (kept(self), kept(other));
        let differing = these.iter().zip(&those).find(|(this, that)| this != that);
        assert_eq!(differing, None);
        assert_eq!(these.len(), those.len());
    }
}

fn is_momentary(line: &str) -> bool {
    let mut names = OF_PROCESS.iter().chain(&OF_CLOCK);
    names.any(|name| line.contains(name))
}

fn is_kept_counter(series: &str) -> bool {
    let name = series.split('{').next().unwrap_or_default();
    let is_counter = ["_total", "_bucket", "_sum", "_count"]
        .iter()
        .any(|end| name.ends_with(end));
    is_counter && !is_momentary(series)
}

#[test]
fn two_scrapes_are_compared_series_by_series() {
    let text = |offered: u32, duplicates: u32| {
        Scrape::read(format!(
            "# TYPE dozvon_queue_visits_offered_total counter\n\
             dozvon_queue_visits_offered_total{{queue=\"a\"}} {offered}\n\
             dozvon_queue_visits_offered_total{{queue=\"b\"}} 1\n\
             dozvon_queue_conservation_residual{{queue=\"a\"}} 0\n\
             dozvon_ingest_events_total{{source=\"s\",result=\"duplicate\"}} {duplicates}\n"
        ))
    };
    let offered = "dozvon_queue_visits_offered_total";
    assert_eq!(text(2, 0).sum(offered, &[]), 3.0);
    assert_eq!(text(2, 0).sum(offered, &[("queue", "a")]), 2.0);
    text(2, 5).equals(&text(2, 0));
    text(2, 5).rises_to(text(3, 0));
    let panics = |compare: &dyn Fn()| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err()
    };
    assert!(panics(&|| text(2, 0).equals(&text(3, 0))));
    assert!(panics(&|| drop(text(3, 0).rises_to(text(2, 0)))));
    assert!(panics(&|| assert!(
        text(3, 0).sum("dozvon_queue_visits", &[]) >= 0.0
    )));
}
