//! Spans as people and columns write them: seconds in plain decimals.

use std::time::Duration;

/// Digits of a nanosecond.
const NANO_DIGITS: usize = 9;

/// A span in seconds, exact, without trailing zeros: `20`, `12.5`.
pub fn seconds_text(span: Duration) -> String {
    let text = format!("{}.{:09}", span.as_secs(), span.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads what `seconds_text` writes; `None` for anything else.
pub fn read_seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > NANO_DIGITS {
        return None;
    }
    let nanos = format!("{part:0<NANO_DIGITS$}").parse().ok()?;
    Some(Duration::new(whole.parse().ok()?, nanos))
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
            assert_eq!(read_seconds(text), Some(span));
        }
    }

    #[test]
    fn other_text_is_no_span() {
        for text in [
            "",
            ".",
            "5.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "20s",
            "1.0000000001",
        ] {
            assert_eq!(read_seconds(text), None, "{text}");
        }
    }
}
