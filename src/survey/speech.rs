//! How words sound: how many there are, and how long they take.

use std::time::Duration;

use super::limits::WORDS_A_MINUTE;

/// The combining acute accent: how a text marks a stress.
pub(super) const STRESS: char = '\u{301}';

/// The words of a text, in small letters, without punctuation and stress marks.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != STRESS && c != '-')
        .map(|word| word.trim_matches('-'))
        .filter(|word| !word.is_empty())
        .map(|word| {
            let letters = word.chars().filter(|c| *c != STRESS);
            letters.flat_map(char::to_lowercase).collect()
        })
}

/// How long a text takes when it is read slowly; at least a second.
pub fn estimate(text: &str) -> Duration {
    let words = words(text).count() as u64;
    Duration::from_millis(words * 60_000 / WORDS_A_MINUTE).max(Duration::from_secs(1))
}

/// Seconds as a person says them: rounded up.
pub(super) fn seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_as_they_are_heard() {
        let of = |text: &str| words(text).collect::<Vec<_>>();
        assert_eq!(of("Да — нажмите пять."), ["да", "нажмите", "пять"]);
        assert_eq!(of("по-русски, бо\u{301}льшая"), ["по-русски", "большая"]);
        assert!(of(" … — !").is_empty());
    }

    #[test]
    fn a_hundred_and_ten_words_take_a_minute() {
        let text = "слово ".repeat(110);
        assert_eq!(estimate(&text), Duration::from_secs(60));
        assert_eq!(estimate("слово"), Duration::from_secs(1));
        // 11 of 110 are a tenth of a minute.
        assert_eq!(estimate(&"a ".repeat(11)), Duration::from_secs(6));
        assert_eq!(seconds(Duration::from_millis(6_001)), 7);
        assert_eq!(seconds(Duration::from_secs(6)), 6);
    }
}
