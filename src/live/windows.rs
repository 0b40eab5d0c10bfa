//! Windows and days: the sums of what happened in some time, with those who still wait.

use std::time::Duration;

use crate::kpi::{Curve, WaitEnd, WatchedWait, is_decided};
use crate::model::{QueueId, SourceId, Timestamp};

use super::board::{Live, Queue, Source};
use super::day::{decided_waiting, opens_at};
use super::picture::WindowPicture;
use super::seen::What;
use super::sums::Sums;

/// The quantiles, in percent.
const PERCENTS: [u64; 4] = [50, 90, 95, 99];

/// A queue as one source tells of it, at that source's own clock.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) name: &'a SourceId,
    pub(super) source: &'a Source,
    pub(super) queue: &'a Queue,
    pub(super) now: Timestamp,
}

impl Live {
    /// A window up to this moment, of these sources.
    pub(super) fn window(&self, name: &QueueId, here: &[Here<'_>], window: u64) -> WindowPicture {
        let mut all = Sums::default();
        let mut watched = Vec::new();
        for Here { queue, now, .. } in here {
            let (mut of_source, start) = sums(queue, *now, window);
            watch(queue, *now, window, &mut watched);
            for waiting in queue.waiting.values() {
                let target = self.options.targets.of(name, waiting.entered_at);
                let due = waiting.entered_at.plus(target.service_level);
                if start <= due && due <= *now {
                    of_source.add(&What::Decided);
                }
            }
            all.merge(&of_source);
        }
        all.settle();
        let curve = Curve::of_counted(watched);
        picture(&all, PERCENTS.map(|percent| curve.quantile(percent as u8)))
    }

    /// The day, of these sources, and since when: the date of each by its own clock, which goes on in silence. So a switch that
    /// fell silent yesterday adds nothing to this day.
    pub(super) fn day(
        &self,
        name: &QueueId,
        here: &[Here<'_>],
        now: Timestamp,
        ours: Timestamp,
    ) -> (Timestamp, WindowPicture) {
        let options = &self.options;
        let opens_at = opens_at(name, now, &options.targets, &options.zone);
        let mut since = opens_at.min(now);
        let mut all = Sums::default();
        let mut watched = Vec::new();
        for Here {
            source, queue, now, ..
        } in here
        {
            let clock = source.clock(ours).unwrap_or(*now);
            let (midnight, _) = options.date_of(clock);
            let (mut of_source, first_at) = queue.day.at(clock, |at| options.date_of(at));
            since = since.min(first_at.unwrap_or(since));
            let today = queue.waiting.values();
            let today = today.filter(|one| one.entered_at >= midnight);
            let mut decided = 0;
            for waiting in today {
                let target = self.options.targets.of(name, waiting.entered_at);
                let read_at = Some(*now);
                let entered_at = waiting.entered_at;
                decided += u64::from(is_decided(false, entered_at, target.service_level, read_at));
                watched.extend(still_waiting(entered_at, midnight, *now));
            }
            decided_waiting(&mut of_source, decided);
            for (waits, end) in ends(&of_source) {
                let from_entry = |(time, count)| {
                    let entered = Duration::ZERO;
                    (WatchedWait { entered, time, end }, count)
                };
                watched.extend(waits.iter().map(from_entry));
            }
            all.merge(&of_source);
        }
        all.settle();
        let curve = Curve::of_counted(watched);
        let censored = PERCENTS.map(|percent| curve.quantile(percent as u8));
        // Before it opens, or when somebody came before: the whole date.
        let since = match since < opens_at {
            true => options.date_of(now).0,
            false => opens_at,
        };
        (since, picture(&all, censored))
    }
}

fn picture(sums: &Sums, censored: [Option<Duration>; 4]) -> WindowPicture {
    WindowPicture {
        offered: sums.offered,
        exits: sums.exits,
        level: sums.level,
        transfers: sums.transfers,
        refused: sums.refused,
        overtaking: sums.overtaking,
        calls_offered: sums.calls_offered,
        calls_lost: sums.calls_lost,
        asa: sums.asa(),
        waits: sums.quantiles(PERCENTS),
        censored,
    }
}

/// The ring that a window is read from, and of how many full cells.
fn ring(queue: &Queue, window: u64) -> (&super::ring::Ring, usize) {
    match window {
        ..=60 => (&queue.seconds, window as usize),
        _ => (&queue.tens, (window / 10) as usize),
    }
}

/// The sums of a window, and its first instant.
pub(super) fn sums(queue: &Queue, now: Timestamp, window: u64) -> (Sums, Timestamp) {
    let (ring, full) = ring(queue, window);
    let mut sums = Sums::default();
    for (_, cell) in ring.window(now, full) {
        sums.merge(cell);
    }
    sums.settle();
    (sums, ring.start(now, full))
}

/// The waits of a window as they were watched: those that began before it from their age at its start on.
fn watch(queue: &Queue, now: Timestamp, window: u64, watched: &mut Vec<(WatchedWait, u64)>) {
    let (ring, full) = ring(queue, window);
    let start = ring.start(now, full);
    for (at, cell) in ring.window(now, full) {
        let passed = at.since(start).unwrap_or_default();
        for (waits, end) in ends(cell) {
            let wait = |(time, count): (Duration, u64)| {
                let entered = time.saturating_sub(passed);
                (WatchedWait { entered, time, end }, count)
            };
            watched.extend(waits.iter().map(wait));
        }
    }
    let waiting = queue.waiting.values();
    watched.extend(waiting.filter_map(|one| still_waiting(one.entered_at, start, now)));
}

fn ends(sums: &Sums) -> [(&super::sums::Waits, WaitEnd); 3] {
    [
        (&sums.answered, WaitEnd::Answered),
        (&sums.abandoned, WaitEnd::Censored),
        (&sums.other, WaitEnd::Censored),
    ]
}

fn still_waiting(
    entered_at: Timestamp,
    start: Timestamp,
    now: Timestamp,
) -> Option<(WatchedWait, u64)> {
    let wait = WatchedWait {
        entered: start.since(entered_at).unwrap_or_default(),
        time: now.since(entered_at)?,
        end: WaitEnd::Censored,
    };
    Some((wait, 1))
}
