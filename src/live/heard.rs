//! Whose silence counts.

use std::time::Duration;

use crate::model::GONE_AFTER;

/// A source that was not heard for so long is not to be believed: a heartbeat comes every 5 s, so two are missing.
pub const STALE_AFTER: Duration = Duration::from_secs(10);

/// The sources whose silence makes figures old: those heard within an hour, for a switch that was taken away long ago does
/// not make the others' figures old; when there is none, the one heard last.
pub fn recent<T>(sources: impl IntoIterator<Item = (Duration, T)>) -> Vec<(Duration, T)> {
    let (mut recent, gone): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|(age, _)| *age <= GONE_AFTER);
    if recent.is_empty() {
        recent.extend(gone.into_iter().min_by_key(|(age, _)| *age));
    }
    recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_gone_makes_nobody_old() {
        let left = |ages: &[u64]| -> Vec<u64> {
            let sources = ages.iter().map(|age| (Duration::from_secs(*age), ()));
            let recent = recent(sources).into_iter();
            recent.map(|(age, ())| age.as_secs()).collect()
        };
        assert_eq!(left(&[2, 3_600, 3_601]), [2, 3_600]);
        assert_eq!(left(&[7_200, 4_000]), [4_000]);
        assert_eq!(left(&[]), [0; 0]);
    }
}
