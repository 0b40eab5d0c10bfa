//! What a person sees of an import: how far it is, and the first of the rows that were not taken.

use std::{
    future::Future,
    io::{self, IsTerminal as _},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{MissedTickBehavior, interval};

/// How many rows, and how many events, are listed one by one; the rest is a count.
pub(super) const LISTED_MAX: usize = 20;

/// A bar moves smoothly; a line in a log is for whoever looks in now and then.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// One file's progress; clones are the same screen.
#[derive(Clone)]
pub(super) struct Screen {
    name: String,
    /// On a terminal only.
    bar: Option<ProgressBar>,
    bytes_done: Arc<AtomicU64>,
    bytes_total: u64,
    listed: Arc<AtomicU64>,
}

impl Screen {
    pub(super) fn new(name: String, bytes_total: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = "{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left";
            let style = ProgressStyle::with_template(style);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(bytes_total)
                .with_style(style)
                .with_message(name.clone())
        });
        Self {
            name,
            bar,
            bytes_done: Arc::default(),
            bytes_total,
            listed: Arc::default(),
        }
    }

    /// The counter of bytes of the file that are dealt with.
    pub(super) fn bytes_done(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_done)
    }

    /// Tells the progress as a share, for a file that was read whole beforehand.
    pub(super) fn handle_share(&self, done: usize, total: usize) {
        let share = done as f64 / total as f64;
        let bytes_done = (self.bytes_total as f64 * share) as u64;
        self.bytes_done.store(bytes_done, Ordering::Relaxed);
    }

    /// Shows how far it is while the work goes on.
    pub(super) async fn while_working<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut ticks = interval(match self.bar {
            Some(_) => BAR_INTERVAL,
            None => LINE_INTERVAL,
        });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once; there is nothing to say yet.
        ticks.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => self.show(),
            }
        }
    }

    fn show(&self) {
        let done = self.bytes_done.load(Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None => {
                let percent = done * 100 / self.bytes_total.max(1);
                eprintln!("{}: {percent} % read", self.name);
            }
        }
    }

    /// Says something between two pictures of the bar.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Lists a row that was not taken, if it is among the first.
    pub(super) fn list(&self, line: impl Fn() -> String) {
        if self.listed.fetch_add(1, Ordering::Relaxed) < LISTED_MAX as u64 {
            self.say(&line());
        }
    }

    /// Says how many were not listed.
    pub(super) fn close_list(&self) {
        let unlisted = self
            .listed
            .load(Ordering::Relaxed)
            .saturating_sub(LISTED_MAX as u64);
        if unlisted > 0 {
            self.say(&format!("{}: and {unlisted} more rows", self.name));
        }
    }

    /// Takes the bar away.
    pub(super) fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
