//! A part of a whole, when there is a whole.

/// The share of a part; `None` when there is nothing to divide by.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    // Both are counts far below 2⁵³, so that each is exact as a float and only the quotient is rounded.
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_nothing_is_no_data() {
        for (part, whole, expected) in [
            (0, 0, None),
            (3, 0, None),
            (0, 4, Some(0.0)),
            (1, 4, Some(0.25)),
            (4, 4, Some(1.0)),
        ] {
            assert_eq!(share(part, whole), expected, "{part} ÷ {whole}");
        }
    }
}
