//! Which hotline to simulate: its size, its hours and how its callers and agents behave.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// Most calls of one simulation.
pub const CALLS_MAX: u64 = 1_000_000_000;
/// Most days: ten years.
pub const DAYS_MAX: u32 = 3_653;
/// Most agents: each is a row in memory and some events a day.
pub const AGENTS_MAX: u32 = 200_000;
/// Most queues: twenty times what metrics keep apart by default.
pub const QUEUES_MAX: u32 = 10_000;
/// Longest prefix of a call id: with the day and the number an id stays far below its 128 bytes.
pub const CALL_PREFIX_BYTES_MAX: usize = 64;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same options with the same seed give the same events, byte for byte.
    pub seed: u64,
    /// Calls in all, redials and refused ones included.
    pub calls: u64,
    /// The first day.
    pub first_day: Date,
    /// Days; the hotline opens on each.
    pub days: u32,
    /// The zone of the days and hours.
    pub zone: TimeZone,
    /// Opening time.
    pub opens: Time,
    /// Closing time, later on the same day.
    pub closes: Time,
    /// Agents.
    pub agents: u32,
    /// Queues.
    pub queues: u32,
    /// Lines (DIDs); callers choose among them.
    pub lines: u32,
    /// Channels of each line: a caller who finds all of them taken hears the busy tone.
    pub channels: u32,
    /// Callers who may wait in one queue; the next is turned away.
    pub queue_max: u32,
    /// How long a queue lets a caller wait before the dialplan goes on.
    pub queue_timeout: Duration,
    /// Put before each call id (`<prefix><yyyymmdd>-<number>`), so that several simulated switches may share a source.
    pub call_prefix: String,
    /// Test calls a day (line checks), as far as the day has calls.
    pub test_calls: u32,
    /// How people behave.
    pub behaviour: Behaviour,
}

/// How callers and agents behave; shares are 0..1.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Median talk of a first leg.
    pub talk_median: Duration,
    /// Median work after a call.
    pub wrap_up_median: Duration,
    /// Mean patience of a caller who does not hang up at once.
    pub patience_mean: Duration,
    /// Callers who hang up within 5 s of queueing.
    pub short_abandon_share: f64,
    /// Callers who hang up in the menu.
    pub menu_exit_share: f64,
    /// Calls outside the opening hours.
    pub closed_share: f64,
    /// Numbers that are withheld.
    pub withheld_share: f64,
    /// Callers not served who try again.
    pub redial_share: f64,
    /// First legs that end in passing the caller on.
    pub transfer_share: f64,
    /// Later legs that do.
    pub transfer_again_share: f64,
    /// Of those the ones that go back to where the caller came from.
    pub return_share: f64,
    /// Legs with a hold.
    pub hold_share: f64,
    /// Rings that the agent does not answer: not there, busy on the phone, or declined.
    pub missed_offer_share: f64,
}

impl Default for Behaviour {
    /// Near what public hotlines report, with the rare things less rare, so that one day shows each of them.
    fn default() -> Self {
        Self {
            talk_median: Duration::from_secs(330),
            wrap_up_median: Duration::from_secs(75),
            patience_mean: Duration::from_secs(210),
            short_abandon_share: 0.04,
            menu_exit_share: 0.04,
            closed_share: 0.03,
            withheld_share: 0.03,
            redial_share: 0.6,
            transfer_share: 0.18,
            transfer_again_share: 0.3,
            return_share: 0.6,
            hold_share: 0.12,
            missed_offer_share: 0.1,
        }
    }
}

/// Why options cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A number beyond its bounds.
    #[error("{what} must be {least} to {most}, not {found}")]
    OutOfRange {
        /// Which.
        what: &'static str,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
        /// What was given.
        found: u64,
    },
    /// Closing is not after opening.
    #[error("closing time {closes} is not after opening time {opens}")]
    Hours {
        /// Opening.
        opens: Time,
        /// Closing.
        closes: Time,
    },
    /// A share that is none.
    #[error("{what} must be a share from 0 to 1")]
    Share {
        /// Which.
        what: &'static str,
    },
    /// The calendar ends before the last day.
    #[error("the last of {days} days from {first_day} is beyond the calendar")]
    Calendar {
        /// First day.
        first_day: Date,
        /// Days.
        days: u32,
    },
    /// The prefix of the call ids is too long or has control characters.
    #[error(
        "the prefix of the call ids must have at most {CALL_PREFIX_BYTES_MAX} bytes and no control characters"
    )]
    CallPrefix,
}

impl Options {
    /// The seed by default: one of those whose day of 250 calls shows every kind of story that there is.
    pub const SEED: u64 = 31;

    /// The hotline of the study: 6 specialists, 3 queues, 250 calls on one day, open 08:00 to 17:00.
    pub fn new(first_day: Date, zone: TimeZone) -> Self {
        Self::sized(first_day, zone, 1, 250, 3, None)
    }

    /// A hotline of another size that lives in like circumstances: agents (unless given), lines, channels and room in
    /// the queues follow from the calls a day.
    pub fn sized(
        first_day: Date,
        zone: TimeZone,
        days: u32,
        calls: u64,
        queues: u32,
        agents: Option<u32>,
    ) -> Self {
        let behaviour = Behaviour::default();
        let opens = Time::constant(8, 0, 0, 0);
        let closes = Time::constant(17, 0, 0, 0);
        let open_seconds = f64::from(9 * 3_600);
        let calls_a_day = calls as f64 / f64::from(days.max(1));
        let work = behaviour.talk_median + behaviour.wrap_up_median;
        // A mean is some 1.2 medians of such a log-normal; a third more calls come at the peak than on average, and the
        // square root is what chance adds in a small hotline.
        let load = calls_a_day * work.as_secs_f64() * 1.2 / open_seconds;
        let agents = agents.unwrap_or_else(|| {
            let needed = (1.2 * load + 0.7 * load.sqrt()).ceil() as u32;
            needed.max(queues.saturating_mul(2)).min(AGENTS_MAX)
        });
        let lines = 1 + queues / 16;
        let agents_a_line = agents.div_ceil(lines);
        Self {
            seed: Self::SEED,
            calls,
            first_day,
            days,
            zone,
            opens,
            closes,
            agents,
            queues,
            lines,
            channels: agents_a_line + agents_a_line.div_ceil(3),
            queue_max: agents.div_ceil(queues.max(1)).max(2),
            queue_timeout: Duration::from_secs(180),
            call_prefix: String::new(),
            test_calls: 2,
            behaviour,
        }
    }

    /// Checks everything that a simulation relies on.
    ///
    /// # Errors
    /// Names the option at fault.
    pub fn check(&self) -> Result<(), Error> {
        let bounds = [
            ("calls", 1, CALLS_MAX, self.calls),
            ("days", 1, DAYS_MAX.into(), self.days.into()),
            ("agents", 1, AGENTS_MAX.into(), self.agents.into()),
            ("queues", 1, QUEUES_MAX.into(), self.queues.into()),
            ("lines", 1, QUEUES_MAX.into(), self.lines.into()),
            ("channels", 1, AGENTS_MAX.into(), self.channels.into()),
            ("queue_max", 1, AGENTS_MAX.into(), self.queue_max.into()),
        ];
        for (what, least, most, found) in bounds {
            if !(least..=most).contains(&found) {
                return Err(Error::OutOfRange {
                    what,
                    least,
                    most,
                    found,
                });
            }
        }
        if self.closes <= self.opens {
            return Err(Error::Hours {
                opens: self.opens,
                closes: self.closes,
            });
        }
        let prefix = &self.call_prefix;
        if prefix.len() > CALL_PREFIX_BYTES_MAX || prefix.chars().any(char::is_control) {
            return Err(Error::CallPrefix);
        }
        self.check_calendar()?;
        self.behaviour.check()
    }

    /// Both ends of the calendar: what lies between them is in it.
    fn check_calendar(&self) -> Result<(), Error> {
        let beyond = Error::Calendar {
            first_day: self.first_day,
            days: self.days,
        };
        let span = i64::from(self.days).days();
        let end = self.first_day.checked_add(span);
        // A day more, so that the evening of the last day exists in every zone.
        let after = end.and_then(|end| end.checked_add(1.day()));
        let ends = [Ok(self.first_day), after];
        for day in ends {
            let midnight = day.and_then(|day| day.to_zoned(self.zone.clone()));
            midnight.map_err(|_| beyond.clone())?;
        }
        Ok(())
    }
}

impl Behaviour {
    fn check(&self) -> Result<(), Error> {
        let shares = [
            ("short_abandon_share", self.short_abandon_share),
            ("menu_exit_share", self.menu_exit_share),
            ("closed_share", self.closed_share),
            ("withheld_share", self.withheld_share),
            ("redial_share", self.redial_share),
            ("transfer_share", self.transfer_share),
            ("transfer_again_share", self.transfer_again_share),
            ("return_share", self.return_share),
            ("hold_share", self.hold_share),
            ("missed_offer_share", self.missed_offer_share),
        ];
        for (what, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Share { what });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study() -> Options {
        Options::new(Date::constant(2026, 3, 2), TimeZone::UTC)
    }

    #[test]
    fn the_default_is_the_hotline_of_the_study() {
        let options = study();
        assert_eq!((options.agents, options.queues, options.calls), (6, 3, 250));
        assert_eq!(options.check(), Ok(()));
    }

    #[test]
    fn a_larger_hotline_has_more_agents_and_channels() {
        let day = Date::constant(2026, 3, 2);
        let large = Options::sized(day, TimeZone::UTC, 365, 2_000_000, 200, None);
        assert_eq!(large.check(), Ok(()));
        assert!(large.agents >= 400, "{}", large.agents);
        assert!(large.channels * large.lines > large.agents);
    }

    #[test]
    fn what_cannot_be_simulated_is_named() {
        let none = Options {
            queues: 0,
            ..study()
        };
        let said = none.check().unwrap_err().to_string();
        assert_eq!(said, "queues must be 1 to 10000, not 0");
        let night = Options {
            closes: Time::constant(7, 0, 0, 0),
            ..study()
        };
        assert!(matches!(night.check(), Err(Error::Hours { .. })));
        let late = Options {
            first_day: Date::constant(9999, 12, 30),
            ..study()
        };
        assert!(matches!(late.check(), Err(Error::Calendar { .. })));
        let mut odd = study();
        odd.behaviour.hold_share = f64::NAN;
        assert_eq!(odd.check(), Err(Error::Share { what: "hold_share" }));
        let long = Options {
            call_prefix: "x".repeat(65),
            ..study()
        };
        assert_eq!(long.check(), Err(Error::CallPrefix));
    }
}
