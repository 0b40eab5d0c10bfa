//! The simulated switch's clock: instants that only the simulation moves.

use std::ops::Add;
use std::time::Duration;

/// An instant: microseconds since 1970 UTC, the resolution in which a switch stamps its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// The next instant that can be told apart.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Microseconds since an earlier instant; 0 when that one is later, which one clock that only goes on cannot show.
    pub(super) fn micros_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }

    /// The span since an earlier instant, as [`Moment::micros_since`].
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.micros_since(earlier))
    }

    /// The instant as the contract writes it.
    pub(super) fn to_proto(self) -> pbjson_types::Timestamp {
        let micros = self.0.rem_euclid(1_000_000);
        pbjson_types::Timestamp {
            seconds: self.0.div_euclid(1_000_000),
            nanos: i32::try_from(micros * 1_000).unwrap_or(0),
        }
    }
}

impl From<jiff::Timestamp> for Moment {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_1970_keep_their_microseconds() {
        let written = Moment(-1).to_proto();
        assert_eq!((written.seconds, written.nanos), (-1, 999_999_000));
    }

    #[test]
    fn a_span_is_what_was_added() {
        let start = Moment(1_000_000);
        let end = start + Duration::from_millis(1_500);
        assert_eq!(end.micros_since(start), 1_500_000);
        assert_eq!(start.next().since(start), Duration::from_micros(1));
    }
}
