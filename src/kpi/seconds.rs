//! Spans as people and columns write them: seconds in plain decimals.

use std::time::Duration;

/// A span in seconds, exact, without trailing zeros: `20`, `12.5`.
pub fn seconds_text(span: Duration) -> String {
    let text = format!("{}.{:09}", span.as_secs(), span.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_plain_decimals() {
        for (micros, text) in [
            (0, "0"),
            (500_000, "0.5"),
            (12_500_000, "12.5"),
            (20_000_000, "20"),
            (100_000_000, "100"),
            (947_857_000_000, "947857"),
            (1, "0.000001"),
        ] {
            let span = Duration::from_micros(micros);
            assert_eq!(seconds_text(span), text);
        }
    }
}
