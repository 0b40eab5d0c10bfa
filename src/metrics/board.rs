//! The figures as pipeline and scrape share them: a batch is told whole, a scrape sees it whole.

use std::sync::{Arc, Mutex, MutexGuard};

use super::exposition::{Exposition, rest};
use super::gauges;
use super::name::Metric;
use super::process::Process;
use super::text::{Format, header};
use super::totals::Totals;
use crate::model::{AgentsNow, Timestamp};

/// Series whose lines are written anew at a stretch: a tenth of a millisecond when they are histograms.
const RENEWED_AT_ONCE: usize = 64;

/// Totals under their lock, and the process metrics beside them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Board {
    totals: Arc<Mutex<Totals>>,
    process: Process,
}

impl Board {
    /// Shows these totals, fresh or restored.
    pub fn new(totals: Totals) -> Self {
        let process = Process::new(totals.source_names().clone());
        Self {
            totals: Arc::new(Mutex::new(totals)),
            process,
        }
    }

    /// Tells the totals what one batch moves; no scrape sees a part of it.
    pub fn record<R>(&self, batch: impl FnOnce(&mut Totals) -> R) -> R {
        batch(&mut self.totals())
    }

    /// The process metrics, which need not wait for a scrape.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Everything, with our clock's time and the agents at it; takes some milliseconds at 500 queues, and rests meanwhile, so
    /// not on a thread of the runtime.
    pub fn render(&self, now: Timestamp, agents: &AgentsNow, format: Format) -> Exposition {
        // Most of it beforehand, so that a batch waits for the rest only.
        let stretches = self.totals().series.stale() / RENEWED_AT_ONCE;
        for _ in 0..stretches {
            self.totals().series.renew(RENEWED_AT_ONCE);
            rest();
        }
        let mut totals = self.totals();
        let series = &mut totals.series;
        series.renew(series.stale());
        let mut gauges = gauges::render(&totals, now, agents);
        let mut process = self.process.render();
        let mut told = Exposition::new(format);
        for metric in Metric::ALL {
            let others = [gauges.remove(metric), process.remove(metric)];
            let others = others.into_iter().flatten().map(Arc::from);
            let of_series = totals.series.lines(*metric).cloned();
            let mut lines = of_series.chain(others).peekable();
            if lines.peek().is_some() {
                told.push(header(*metric, format).into());
                told.extend(lines);
            }
        }
        told
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals
            .lock()
            .expect("a panic in the middle of a batch ends the process, so nobody is left to ask")
    }
}
