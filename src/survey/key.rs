//! A key of a telephone: what a caller says with a finger.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `0`–`9`, `*`, `#` or `A`–`D`. Its `Debug` is blind: what a caller presses is personal data and in no log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Key(u8);

impl Key {
    /// "Say it again", in every survey.
    pub const STAR: Self = Self(b'*');
    /// The termination digit, and the key to skip where a survey has one.
    pub const HASH: Self = Self(b'#');
    /// In Russia a person: the way out, unless a survey needs it as an answer.
    pub const ZERO: Self = Self(b'0');
    /// Yes, where a survey does not say otherwise.
    pub const ONE: Self = Self(b'1');
    /// No, where a survey does not say otherwise.
    pub const TWO: Self = Self(b'2');

    /// The key that a text names; `None` when it names none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let key = chars.next().and_then(|c| Self::try_from(c).ok())?;
        chars.next().is_none().then_some(key)
    }

    /// The key as it is written.
    pub const fn as_char(self) -> char {
        self.0 as char
    }

    /// The digit, when it is one.
    pub fn digit(self) -> Option<u32> {
        self.as_char().to_digit(10)
    }
}

impl TryFrom<char> for Key {
    type Error = NoKey;

    fn try_from(c: char) -> Result<Self, NoKey> {
        let key = c.to_ascii_uppercase();
        matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')
            .then_some(Self(key as u8))
            .ok_or(NoKey)
    }
}

impl From<Key> for char {
    fn from(key: Key) -> Self {
        key.as_char()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(•)")
    }
}

/// A character that no telephone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key of a telephone")]
pub struct NoKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteen_keys_of_a_telephone_are_keys() {
        for key in "0123456789*#ABCD".chars() {
            assert_eq!(
                Key::parse(&key.to_string()).map(Key::as_char),
                Some(key),
                "{key}"
            );
        }
        assert_eq!(Key::parse("a"), Key::parse("A"));
        for text in ["", "10", "x", "ж", " 1", "E"] {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Key::STAR), "Key(•)");
        assert_eq!(format!("{:?}", Key::ONE), format!("{:?}", Key::TWO));
    }
}
