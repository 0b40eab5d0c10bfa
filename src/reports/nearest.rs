//! The nearest name: what somebody probably meant.

/// More of a name is neither compared nor repeated: it came from outside.
const NAME_CHARS_MAX: usize = 64;

/// The name most like the one asked for, upper and lower case alike; the first of several.
///
/// A path's last part counts as well as the whole, so that `Samara` finds `Europe/Samara`.
pub(crate) fn nearest<'a>(
    asked: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let asked = clipped(asked).to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for name in names {
        let whole = name.to_lowercase();
        let last = whole.rsplit('/').next().unwrap_or(&whole);
        let alike = strsim::normalized_damerau_levenshtein(&asked, &whole)
            .max(strsim::normalized_damerau_levenshtein(&asked, last));
        if best.is_none_or(|(score, _)| alike > score) {
            best = Some((alike, name));
        }
    }
    best.map(|(_, name)| name)
}

/// A name from outside, no longer than can be shown.
pub(super) fn clipped(name: &str) -> String {
    let mut chars = name.chars();
    let head: String = chars.by_ref().take(NAME_CHARS_MAX).collect();
    if chars.next().is_some() {
        head + "…"
    } else {
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_what_was_meant() {
        let zones = [
            "America/Panama",
            "Asia/Samarkand",
            "Europe/Samara",
            "Europe/Berlin",
        ];
        for (asked, expected) in [
            ("Europe/Samra", "Europe/Samara"),
            ("samara", "Europe/Samara"),
            ("EUROPE/BERLIN", "Europe/Berlin"),
            ("Berln", "Europe/Berlin"),
        ] {
            assert_eq!(nearest(asked, zones), Some(expected), "{asked}");
        }
        assert_eq!(nearest("anything", []), None);
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(clipped(&"я".repeat(64)), "я".repeat(64));
        assert_eq!(clipped(&"я".repeat(65)), "я".repeat(64) + "…");
    }
}
