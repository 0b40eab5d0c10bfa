//! `[retention]`: what may be asked of it.
//!
//! Whatever a class holds must not be held longer by another: else it would not be gone.

use std::time::Duration;

use super::check::Problem;
use super::tree::Retention;

/// A call is open for a day at the most (`call_deadline`'s usual); before that nothing of it is to be taken away.
const LEAST: Duration = Duration::from_secs(24 * 60 * 60);

/// The first thing that does not fit.
pub(super) fn check(retention: &Retention) -> Result<(), Problem> {
    let Retention {
        journal,
        calls,
        rollups,
        pseudonyms,
    } = *retention;
    for (name, span) in [
        ("journal", journal),
        ("calls", calls),
        ("rollups", rollups),
        ("pseudonyms", pseudonyms),
    ] {
        if span.is_some_and(|span| span < LEAST) {
            return Err(at(name, "must be a day or more".to_owned()));
        }
    }
    for (name, span) in [("calls", calls), ("pseudonyms", pseudonyms)] {
        let Some(span) = span else {
            continue;
        };
        let shown = humantime::format_duration(span);
        let fits = journal.is_some_and(|journal| journal <= span);
        if !fits {
            return Err(at(
                name,
                format!("the journal holds them as well: set retention.journal to {shown} or less"),
            ));
        }
    }
    if let Some(rollups) = rollups {
        // A sum that is gone while its calls are there would be made again from them.
        let shown = humantime::format_duration(rollups);
        let fault = match calls {
            None => format!("calls are kept longer: set retention.calls to {shown} or less"),
            Some(calls) if calls > rollups => {
                let calls = humantime::format_duration(calls);
                format!("must not be shorter than retention.calls, {calls}: calls have sums")
            }
            Some(_) => String::new(),
        };
        if !fault.is_empty() {
            return Err(at("rollups", fault));
        }
    }
    match (calls, pseudonyms) {
        (Some(calls), Some(pseudonyms)) if pseudonyms >= calls => {
            let calls = humantime::format_duration(calls);
            let fault =
                format!("must be shorter than retention.calls, {calls}: they go with the calls");
            Err(at("pseudonyms", fault))
        }
        _ => Ok(()),
    }
}

fn at(name: &str, message: String) -> Problem {
    Problem::at(["retention", name], message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        let days = |days: u64| (days > 0).then(|| Duration::from_secs(days * 24 * 60 * 60));
        let checked = |[journal, calls, pseudonyms, rollups]: [u64; 4]| {
            let retention = Retention {
                journal: days(journal),
                calls: days(calls),
                rollups: days(rollups),
                pseudonyms: days(pseudonyms),
            };
            check(&retention).err().map(|problem| problem.message)
        };
        for fine in [
            [0, 0, 0, 0],
            [30, 0, 0, 0],
            [30, 400, 0, 0],
            [30, 400, 90, 0],
            [90, 0, 90, 0],
            [1, 1, 0, 0],
            [30, 400, 90, 400],
            [30, 400, 0, 3650],
        ] {
            assert_eq!(checked(fine), None, "{fine:?}");
        }
        for (wrong, words) in [
            (
                [0, 400, 0, 0],
                "retention.calls: the journal holds them as well: set retention.journal to 1year 1month",
            ),
            ([500, 400, 0, 0], "retention.calls: the journal"),
            ([0, 0, 90, 0], "retention.pseudonyms: the journal"),
            (
                [30, 400, 400, 0],
                "retention.pseudonyms: must be shorter than retention.calls",
            ),
            (
                [30, 400, 0, 399],
                "retention.rollups: must not be shorter than retention.calls, 1year 1month",
            ),
            (
                [30, 0, 0, 1000],
                "retention.rollups: calls are kept longer: set retention.calls to 2years 8months",
            ),
        ] {
            let message = checked(wrong).unwrap();
            assert!(message.starts_with(words), "{message}");
        }
        let retention = Retention {
            journal: Some(Duration::from_secs(60)),
            ..Retention::default()
        };
        let message = check(&retention).unwrap_err().message;
        assert_eq!(message, "retention.journal: must be a day or more");
    }
}
