//! Which time a sender lives in: the wall's, or that of the events it replays.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use pbjson_types::Timestamp;
use tokio::time::Instant;

use crate::clock::Clock as SystemClock;
use crate::proto::v1::Event;

/// The contract's sign of life.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// The shortest interval of a replay's heartbeats: beyond it they would tell nobody anything.
const HEARTBEAT_INTERVAL_MIN: Duration = Duration::from_millis(200);

/// The clock that batches and heartbeats carry as `sent_at`.
#[derive(Clone, Debug)]
pub enum SentAt {
    /// This machine's clock: the events happen now.
    Wall,
    /// A switch's own clock, as its connector follows it.
    Switch(SwitchTime),
    /// The events' own: a replay, for which the time of the last event is now.
    EventTime,
}

/// The clock of a switch that speaks with us, as an offset to this machine's; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct SwitchTime(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    offset_micros: AtomicI64,
    is_silent: AtomicBool,
}

impl SwitchTime {
    /// Takes note of how far the switch's clock is ahead of ours.
    pub fn set_offset(&self, micros: i64) {
        self.0.offset_micros.store(micros, Ordering::Relaxed);
    }

    /// How far the switch's clock is ahead of ours, in microseconds.
    pub fn offset(&self) -> i64 {
        self.0.offset_micros.load(Ordering::Relaxed)
    }

    /// Says whether the switch is silent: then nobody may say that it lives.
    pub fn set_silent(&self, is_silent: bool) {
        self.0.is_silent.store(is_silent, Ordering::Relaxed);
    }
}

/// The sender's time; moved on by the events that pass, and between them by the pace.
#[derive(Debug)]
pub(super) struct Clock {
    sent_at: SentAt,
    /// How many seconds of events one second of ours is; `None` = as fast as can be.
    speed: Option<f64>,
    /// Our time and event time at which the replay began.
    began: Option<(Instant, i128)>,
    /// The latest event time that was sent.
    latest_nanos: Option<i128>,
}

impl Clock {
    pub(super) fn new(sent_at: SentAt, speed: Option<f64>) -> Self {
        Self {
            sent_at,
            speed,
            began: None,
            latest_nanos: None,
        }
    }

    /// When an event is to be sent, if that is not now.
    pub(super) fn due_later(&mut self, event: &Event) -> Option<Instant> {
        self.speed?;
        let now = crate::clock::instant();
        Some(self.due(event, now)).filter(|&due| due > now)
    }

    /// When an event is to be sent; the first one asked for begins the replay.
    fn due(&mut self, event: &Event, now: Instant) -> Instant {
        let (Some(speed), Some(at)) = (self.speed, event.occurred_at.map(nanos)) else {
            return now;
        };
        let (began, first) = *self.began.get_or_insert((now, at));
        let ahead_seconds = (at - first).max(0) as f64 / 1e9 / speed;
        // A replay slower than a century is a damaged time: the server has its own word for that.
        let ahead = Duration::try_from_secs_f64(ahead_seconds).unwrap_or_default();
        began.checked_add(ahead).unwrap_or(now)
    }

    /// Takes note of what is sent.
    pub(super) fn handle_sent(&mut self, events: &[Event]) {
        let latest = events
            .iter()
            .filter_map(|event| event.occurred_at)
            .map(nanos)
            .max();
        self.latest_nanos = self.latest_nanos.max(latest);
    }

    /// The time to put on a message; `None` when a replay has not begun.
    pub(super) fn now(&self, now: Instant) -> Option<Timestamp> {
        match &self.sent_at {
            SentAt::Wall => Some(wall_clock()),
            SentAt::Switch(time) => {
                let offset = i128::from(time.offset()) * 1_000;
                Some(timestamp(nanos(wall_clock()) + offset))
            }
            SentAt::EventTime => {
                let paced = self.began.zip(self.speed).map(|((began, first), speed)| {
                    let passed = now.saturating_duration_since(began).as_secs_f64() * speed;
                    first + (passed * 1e9) as i128
                });
                paced.max(self.latest_nanos).map(timestamp)
            }
        }
    }

    /// Whether a sign of life would be a lie: the switch itself is not heard.
    pub(super) fn is_silent(&self) -> bool {
        match &self.sent_at {
            SentAt::Wall | SentAt::EventTime => false,
            SentAt::Switch(time) => time.0.is_silent.load(Ordering::Relaxed),
        }
    }

    /// How long to be silent before a sign of life: five seconds of the sender's time, of ours at most.
    pub(super) fn heartbeat_interval(&self) -> Duration {
        let speed = match &self.sent_at {
            SentAt::Wall | SentAt::Switch(_) => 1.0,
            SentAt::EventTime => self.speed.unwrap_or(1.0).max(1.0),
        };
        HEARTBEAT_INTERVAL
            .div_f64(speed)
            .max(HEARTBEAT_INTERVAL_MIN)
    }
}

/// A name that no other sender has: process and moment.
pub(super) fn unique_name() -> String {
    let now = wall_clock();
    format!("dozvon-{}-{:x}-{:x}", process::id(), now.seconds, now.nanos)
}

fn wall_clock() -> Timestamp {
    timestamp(i128::from(SystemClock::system().now().as_micros()) * 1_000)
}

fn nanos(at: Timestamp) -> i128 {
    i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos)
}

fn timestamp(nanos: i128) -> Timestamp {
    const SECOND: i128 = 1_000_000_000;
    Timestamp {
        seconds: nanos.div_euclid(SECOND) as i64,
        nanos: nanos.rem_euclid(SECOND) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Event {
        let occurred_at = Some(Timestamp { seconds, nanos: 0 });
        Event {
            occurred_at,
            ..Event::default()
        }
    }

    #[test]
    fn a_replay_at_sixty_times_the_pace() {
        let start = crate::clock::instant();
        let mut clock = Clock::new(SentAt::EventTime, Some(60.0));
        assert_eq!(clock.now(start), None);
        assert_eq!(clock.due(&at(1_000), start), start);
        // 90 s of calls are 1.5 s of ours; what comes late is due at once.
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(clock.due(&at(1_090), after(10)), after(1_500));
        assert_eq!(clock.due(&at(900), after(20)), start);
        let now = clock.now(after(500)).unwrap();
        assert_eq!((now.seconds, now.nanos), (1_030, 0));
        assert_eq!(clock.heartbeat_interval(), HEARTBEAT_INTERVAL_MIN);
        assert_eq!(clock.due(&Event::default(), after(30)), after(30));
    }

    #[test]
    fn without_a_pace_the_latest_event_sent_is_now() {
        let start = crate::clock::instant();
        let mut clock = Clock::new(SentAt::EventTime, None);
        assert_eq!(clock.due(&at(1_000), start), start);
        clock.handle_sent(&[at(1_000), at(1_007), at(1_005)]);
        clock.handle_sent(&[at(1_002), Event::default()]);
        assert_eq!(clock.now(start).unwrap().seconds, 1_007);
        assert_eq!(clock.heartbeat_interval(), HEARTBEAT_INTERVAL);
    }

    #[test]
    fn damaged_times_are_due_at_once() {
        let start = crate::clock::instant();
        let mut clock = Clock::new(SentAt::EventTime, Some(0.001));
        clock.due(&at(0), start);
        assert!(clock.due(&at(i64::MAX / 2), start) <= start);
    }
}
