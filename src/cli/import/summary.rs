//! The counts that an import ends with.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::reader::Tally;
use crate::connect::client::Delivered;

/// The last line on stdout; counts of all files together.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    /// Rows read, the header not counted.
    rows: u64,
    /// Events that the rows gave.
    events: u64,
    /// Events that the server had not known.
    acked: u64,
    /// Events that it had.
    duplicates: u64,
    /// Rows that could not be read and events that the server rejected, by reason.
    rejected: BTreeMap<String, u64>,
    /// Rows that are to be ignored, by reason.
    skipped: BTreeMap<String, u64>,
    /// What was odd and taken, by kind.
    warnings: BTreeMap<String, u64>,
    /// How long it took.
    seconds: f64,
}

impl Summary {
    /// Adds a file.
    pub(super) fn add(&mut self, tally: &Tally, delivered: &Delivered) {
        self.rows += tally.rows;
        self.events += tally.events;
        self.acked += delivered.acked;
        self.duplicates += delivered.duplicates;
        let broken = tally.broken.iter().map(|(at, count)| (at.name(), *count));
        add_all(&mut self.rejected, broken);
        let rejected = delivered.rejected.iter();
        add_all(
            &mut self.rejected,
            rejected.map(|(at, count)| (at.as_str(), *count)),
        );
        let skipped = tally.skipped.iter().map(|(at, count)| (at.name(), *count));
        add_all(&mut self.skipped, skipped);
        let warnings = tally.warnings.iter().map(|(at, count)| (at.name(), *count));
        add_all(&mut self.warnings, warnings);
    }

    pub(super) fn handle_end(&mut self, took: Duration) {
        // A thousandth is as fine as a reader wants it.
        self.seconds = (took.as_secs_f64() * 1e3).round() / 1e3;
    }

    /// In words, when something was not taken.
    pub(super) fn not_taken(&self) -> Option<String> {
        let by_reason: Vec<String> = self
            .rejected
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        let is_any = !by_reason.is_empty();
        is_any.then(|| format!("not taken: {}; everything else was", by_reason.join(", ")))
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("counts and names are JSON")
    }
}

fn add_all<'a>(counts: &mut BTreeMap<String, u64>, more: impl Iterator<Item = (&'a str, u64)>) {
    for (name, count) in more {
        *counts.entry(name.to_owned()).or_default() += count;
    }
}
