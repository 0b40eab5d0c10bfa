//! The figures as pipeline and scrape share them: a batch is told whole, a scrape sees it whole.

use std::sync::{Arc, Mutex, MutexGuard};

use super::gauges;
use super::name::Metric;
use super::process::Process;
use super::text::{Format, with_points, write_header};
use super::totals::Totals;
use crate::model::{AgentsNow, Timestamp};

/// Bytes kept ready for what changed since the last scrape, and for gauges.
const ROOM: usize = 256 * 1024;

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

    /// Everything, with our clock's time and the agents at it; takes some milliseconds at 500 queues, so not on a thread of the
    /// runtime.
    pub fn render(&self, now: Timestamp, agents: &AgentsNow, format: Format) -> String {
        let mut totals = self.totals();
        let gauges = gauges::render(&totals, now, agents);
        let process = self.process.render();
        let mut text = String::with_capacity(totals.series.written() + ROOM);
        for metric in Metric::ALL {
            let start = text.len();
            write_header(&mut text, *metric, format);
            let samples = text.len();
            totals.series.write(&mut text, *metric);
            for others in [&gauges, &process] {
                text.push_str(others.get(metric).map_or("", String::as_str));
            }
            if text.len() == samples {
                text.truncate(start);
            }
        }
        if format == Format::OpenMetrics {
            text = with_points(&text);
        }
        text.push_str(format.end());
        text
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals
            .lock()
            .expect("a panic in the middle of a batch ends the process, so nobody is left to ask")
    }
}
