//! The word that was probably meant.

use strsim::damerau_levenshtein;

/// The candidate nearest to a word, if it is near: at most a third of the word's letters apart, and never more than
/// three.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = (word.chars().count() / 3).clamp(1, 3);
    let distances = candidates.into_iter().map(|candidate| {
        let distance = damerau_levenshtein(&word, &candidate.to_lowercase());
        (distance, candidate)
    });
    let (distance, candidate) = distances.min()?;
    (distance <= near).then_some(candidate)
}

/// The end of a sentence that names it.
pub(crate) fn suggestion(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!(", did you mean \"{near}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let keys = ["target", "short_abandon", "grpc", "http"];
        let cases = [
            ("targt", Some("target")),
            ("Target", Some("target")),
            ("traget", Some("target")),
            ("short_abandoned", Some("short_abandon")),
            ("gprc", Some("grpc")),
            ("limit", None),
            ("", None),
        ];
        for (word, meant) in cases {
            assert_eq!(nearest(word, keys), meant, "{word}");
        }
        assert_eq!(nearest("a", []), None);
    }
}
